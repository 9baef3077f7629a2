#include "net/internal.h"

#include <string.h>

#include <apr_strings.h>

enum { DEFAULT_BACKLOG = 511, PAUSE_MICROSECONDS = 100000 };

struct net_listener_t {
    net_source_t source; /* first */
    apr_socket_t *socket;
    net_inherited_t *inherited; /* whose socket it is; NULL: our own */
    apr_pool_t *owner;          /* ends the listener when it is cleared; NULL once that is settled */
    void (*accepted)(void *context, net_conn_t *conn);
    void (*trouble)(void *context, const err_t *err);
    void *context;
    bool troubled; /* the trouble has been told */
    timers_item_t pause;
    uint16_t port;
    char address[NET_ENDPOINT_TEXT];
};

static apr_status_t owner_ends(void *data)
{
    net_listener_t *listener = data;
    listener->owner = NULL;
    net_listener_close(listener);
    return APR_SUCCESS;
}

static void abandoned(net_source_t *source)
{
    net_listener_t *listener = (net_listener_t *)source;
    if (listener->owner)
        apr_pool_cleanup_kill(listener->owner, listener, owner_ends);
    listener->owner = NULL;
}

static void watch(net_listener_t *listener);

static void resume(void *baton)
{
    watch(baton);
}

/* The system cannot hand over a call: to try again at once would only burn the processor. */
static void back_off(net_listener_t *listener, apr_status_t status)
{
    net_source_watch(&listener->source, NULL, 0);
    listener->pause.run = resume;
    listener->pause.baton = listener;
    timers_arm(net_loop_timers(listener->source.loop), &listener->pause,
               timebase_mono(timebase_system()) + PAUSE_MICROSECONDS);
    if (listener->troubled || !listener->trouble)
        return;
    listener->troubled = true;
    apr_pool_t *pool = NULL;
    if (apr_pool_create(&pool, listener->source.pool) != APR_SUCCESS)
        return;
    err_t *err = err_from_status(pool, status, "calls to %s cannot be taken", listener->address);
    err->layer = NET_LAYER;
    listener->trouble(listener->context, err);
    apr_pool_destroy(pool);
}

static void watch(net_listener_t *listener)
{
    apr_status_t status = net_source_watch(&listener->source, listener->socket, APR_POLLIN);
    if (status != APR_SUCCESS)
        back_off(listener, status);
}

/* A caller that gave up before it was accepted is no trouble of ours. */
static bool is_callers_fault(apr_status_t status)
{
    return APR_STATUS_IS_ECONNABORTED(status) || APR_STATUS_IS_ECONNRESET(status) ||
           APR_STATUS_IS_EINTR(status) || APR_STATUS_IS_ENETUNREACH(status) ||
           APR_STATUS_IS_EHOSTUNREACH(status) || APR_STATUS_IS_ETIMEDOUT(status);
}

static void listener_ready(net_source_t *source, apr_int16_t events)
{
    net_listener_t *listener = (net_listener_t *)source;
    (void)events;
    for (int i = 0; i < NET_ACCEPTS_PER_TURN && !source->dead; i++) {
        net_conn_t *conn = net_conn_create(source->loop);
        apr_status_t status = apr_socket_accept(&conn->socket, listener->socket, conn->source.pool);
        if (status != APR_SUCCESS) {
            net_source_end(&conn->source);
            if (APR_STATUS_IS_EAGAIN(status))
                return;
            if (is_callers_fault(status))
                continue;
            back_off(listener, status);
            return;
        }
        listener->troubled = false;
        conn->state = CONN_ACCEPTED;
        net_conn_prepare_socket(conn->socket);
        net_conn_learn_addresses(conn);
        listener->accepted(listener->context, conn);
    }
}

/* A socket that listens at address, or the reason why not. */
static apr_status_t open_socket(net_listener_t *listener, apr_sockaddr_t *address, int backlog)
{
    apr_status_t status = apr_socket_create(&listener->socket, address->family, SOCK_STREAM, APR_PROTO_TCP,
                                            listener->source.pool);
    if (status != APR_SUCCESS) {
        listener->socket = NULL;
        return status;
    }
    apr_socket_timeout_set(listener->socket, 0);
    apr_socket_opt_set(listener->socket, APR_SO_NONBLOCK, 1);
#ifndef _WIN32 /* there it would let another program listen at the same port */
    apr_socket_opt_set(listener->socket, APR_SO_REUSEADDR, 1);
#endif
#if APR_HAVE_IPV6
    if (address->family == APR_INET6) /* "any" takes IPv4 as well; a given address only itself */
        apr_socket_opt_set(listener->socket, APR_IPV6_V6ONLY, strncmp(listener->address, "*", 1) != 0);
#endif
    status = apr_socket_bind(listener->socket, address);
    if (status == APR_SUCCESS)
        status = apr_socket_listen(listener->socket, backlog > 0 ? backlog : DEFAULT_BACKLOG);
    if (status != APR_SUCCESS)
        apr_socket_close(listener->socket);
    return status;
}

/* A socket that the service manager opened for this address, if there is one. */
static bool take_inherited(net_listener_t *listener, apr_sockaddr_t *address, uint16_t port)
{
    listener->inherited =
        net_inherited_take(listener->source.loop, address, port, &listener->socket, listener->source.pool);
    return listener->inherited != NULL;
}

static apr_status_t open_any(net_listener_t *listener, const net_listen_t *listen)
{
    apr_pool_t *pool = listener->source.pool;
    apr_sockaddr_t *address = NULL;
    apr_status_t status = APR_EGENERAL;
    apr_cpystrn(listener->address, "*", sizeof(listener->address));
    if (take_inherited(listener, NULL, listen->port))
        return APR_SUCCESS;
#if APR_HAVE_IPV6
    status = apr_sockaddr_info_get(&address, "::", APR_INET6, listen->port, 0, pool);
    if (status == APR_SUCCESS)
        status = open_socket(listener, address, listen->backlog);
    if (listener->socket) /* this system has IPv6 */
        return status;
#endif
    status = apr_sockaddr_info_get(&address, "0.0.0.0", APR_INET, listen->port, 0, pool);
    return status == APR_SUCCESS ? open_socket(listener, address, listen->backlog) : status;
}

static apr_status_t open_given(net_listener_t *listener, const net_listen_t *listen)
{
    apr_sockaddr_t *address = NULL;
    apr_status_t status =
        apr_sockaddr_info_get(&address, listen->address, APR_UNSPEC, listen->port, 0, listener->source.pool);
    if (status != APR_SUCCESS)
        return status;
    net_address_format(listener->address, sizeof(listener->address), address);
    if (take_inherited(listener, address, listen->port))
        return APR_SUCCESS;
    return open_socket(listener, address, listen->backlog);
}

err_t *net_listen(net_listener_t **created, net_loop_t *loop, const net_listen_t *listen,
                  void (*accepted)(void *context, net_conn_t *conn), void *context, apr_pool_t *pool)
{
    net_listener_t *listener = net_source_create(loop, sizeof(*listener));
    listener->source.ready = listener_ready;
    listener->source.abandoned = abandoned;
    listener->accepted = accepted;
    listener->trouble = listen->trouble;
    listener->context = context;
    bool any = !listen->address || !*listen->address || strcmp(listen->address, "*") == 0;
    apr_status_t status = any ? open_any(listener, listen) : open_given(listener, listen);
    if (status != APR_SUCCESS) {
        err_t *err = err_from_status(pool, status, "cannot listen on %s port %u", any ? "*" : listen->address,
                                     (unsigned)listen->port);
        err->layer = NET_LAYER;
        net_source_end(&listener->source);
        return err;
    }
    apr_sockaddr_t *bound = NULL;
    if (apr_socket_addr_get(&bound, APR_LOCAL, listener->socket) == APR_SUCCESS) {
        listener->port = bound->port;
        if (any)
            apr_snprintf(listener->address, sizeof(listener->address), "*:%u", (unsigned)bound->port);
        else
            net_address_format(listener->address, sizeof(listener->address), bound);
    }
    listener->owner = pool;
    apr_pool_cleanup_register(pool, listener, owner_ends, apr_pool_cleanup_null);
    watch(listener);
    *created = listener;
    return NULL;
}

void net_listener_close(net_listener_t *listener)
{
    net_loop_check_thread(listener->source.loop);
    if (listener->source.dead)
        return;
    abandoned(&listener->source);
    timers_cancel(net_loop_timers(listener->source.loop), &listener->pause);
    net_source_end(&listener->source);
    if (listener->inherited)
        net_inherited_give_back(listener->inherited);
    else
        apr_socket_close(listener->socket); /* the port is free now, not at the end of the turn */
}

uint16_t net_listener_port(const net_listener_t *listener)
{
    return listener->port;
}

const char *net_listener_address(const net_listener_t *listener)
{
    return listener->address;
}
