#include "net/internal.h"

#include <apr_portable.h>
#include <apr_strings.h>

static void try_next(net_conn_t *conn);

static err_t *network_error(apr_pool_t *pool, const err_t *cause, int code, const char *text)
{
    return err_wrap(pool, cause, code, NET_LAYER, "%s", text);
}

static const char *words_of(net_conn_t *conn, apr_status_t status)
{
    char words[256];
    if (APR_STATUS_IS_TIMEUP(status))
        return "no answer in time";
    return apr_pstrdup(conn->source.pool, err_status_words(status, words, sizeof(words)));
}

/* The dial has failed for good. */
static void fail(net_conn_t *conn, apr_status_t status, const char *why)
{
    conn_dialling_t *dialling = conn->dialling;
    apr_pool_t *pool = conn->source.pool;
    net_dial_give_up(conn);
    err_t *cause = dialling->attempts;
    if (why)
        cause = network_error(pool, cause, status, why);
    net_conn_fail(conn, network_error(pool, cause, status,
                                      apr_psprintf(pool, "no connection to %s port %u", dialling->host,
                                                   (unsigned)dialling->port)));
}

void net_dial_give_up(net_conn_t *conn)
{
    resolver_t *resolver = conn->dialling->waiter.request ? net_loop_resolver(conn->source.loop) : NULL;
    if (resolver)
        resolver_cancel(resolver, &conn->dialling->waiter);
}

/* Notes why an address failed and lets go of its socket. */
static void note_attempt(net_conn_t *conn, const char *address, apr_status_t status)
{
    conn_dialling_t *dialling = conn->dialling;
    apr_pool_t *pool = conn->source.pool;
    net_source_watch(&conn->source, NULL, 0);
    if (conn->socket)
        apr_socket_close(conn->socket);
    conn->socket = NULL;
    const char *words = words_of(conn, status);
    if (dialling->local_failed)
        words = apr_psprintf(pool, "cannot call from %s: %s", dialling->local_failed, words);
    dialling->local_failed = NULL;
    words = apr_psprintf(pool, "%s: %s", address, words);
    dialling->attempts = network_error(pool, dialling->attempts, status, words);
}

static void on_timeout(void *baton)
{
    net_conn_t *conn = baton;
    if (conn->state == CONN_LOOKUP) {
        fail(conn, APR_TIMEUP, "its address was not found in time");
        return;
    }
    note_attempt(conn, conn->peer, APR_TIMEUP);
    try_next(conn);
}

static void arm(net_conn_t *conn, mono_time_t due)
{
    conn->timer.run = on_timeout;
    conn->timer.baton = conn;
    timers_arm(net_loop_timers(conn->source.loop), &conn->timer, due);
}

/* Which of the source addresses a call to address is to have; false if they are all of the other kind. */
static bool find_local(const conn_dialling_t *dialling, const apr_sockaddr_t *address, int *index)
{
    bool any = true;
    for (int i = 0; i < 2; i++) {
        const apr_sockaddr_t *local = dialling->locals[i];
        any = any && !local;
        if (local && local->family == address->family) {
            *index = i;
            return true;
        }
    }
    *index = -1;
    return any;
}

/* Begins to connect to one address; APR_SUCCESS also while the answer is outstanding. */
static apr_status_t begin_attempt(net_conn_t *conn, apr_sockaddr_t *address, int local)
{
    conn_dialling_t *dialling = conn->dialling;
    apr_status_t status =
        apr_socket_create(&conn->socket, address->family, SOCK_STREAM, APR_PROTO_TCP, conn->source.pool);
    if (status != APR_SUCCESS) {
        conn->socket = NULL;
        return status;
    }
    net_conn_prepare_socket(conn->socket);
    if (local >= 0) {
        status = apr_socket_bind(conn->socket, dialling->locals[local]);
        if (status != APR_SUCCESS) {
            dialling->local_failed = dialling->local_addresses[local];
            return status;
        }
    }
    status = apr_socket_connect(conn->socket, address);
    if (status == APR_SUCCESS || APR_STATUS_IS_EINPROGRESS(status) || APR_STATUS_IS_EAGAIN(status))
        return net_source_watch(&conn->source, conn->socket, APR_POLLOUT);
    return status;
}

/* Tries the addresses that are left, each with its share of the time that is left. */
static void try_next(net_conn_t *conn)
{
    conn_dialling_t *dialling = conn->dialling;
    mono_time_t now = timebase_mono(timebase_system());
    while (dialling->next < dialling->addresses.count) {
        const char *text = dialling->addresses.text[dialling->next++];
        apr_sockaddr_t *address = NULL;
        apr_cpystrn(conn->peer, text, sizeof(conn->peer));
        apr_status_t status = net_address_parse(&address, text, dialling->port, conn->source.pool);
        if (status == APR_SUCCESS) {
            net_address_format(conn->peer, sizeof(conn->peer), address);
            conn->peer_octets_length = net_address_octets(address, conn->peer_octets);
            int local;
            if (!find_local(dialling, address, &local))
                continue;
            status = begin_attempt(conn, address, local);
        }
        if (status == APR_SUCCESS) {
            int64_t left = dialling->deadline - now;
            unsigned others = dialling->addresses.count - dialling->next;
            conn->state = CONN_CONNECTING;
            arm(conn, now + (left > 0 ? left : 0) / (int64_t)(others + 1));
            return;
        }
        note_attempt(conn, conn->peer, status);
    }
    if (dialling->attempts)
        fail(conn, dialling->attempts->code, NULL);
    else
        fail(conn, APR_EINVAL,
             apr_psprintf(conn->source.pool, "none of its addresses is of the kind of the local address %s",
                          dialling->local_addresses[dialling->local_addresses[0] ? 0 : 1]));
}

static void on_addresses(void *baton, const resolver_addresses_t *answer)
{
    net_conn_t *conn = baton;
    if (answer->status != APR_SUCCESS || answer->count == 0) {
        fail(conn, answer->status,
             apr_psprintf(conn->source.pool, "its address was not found: %s",
                          answer->status ? words_of(conn, answer->status) : "the name has no address"));
        return;
    }
    conn->dialling->addresses = *answer;
    try_next(conn);
}

/* What getsockopt has to say about the connect. */
static apr_status_t connect_result(apr_socket_t *socket)
{
    apr_os_sock_t descriptor;
    apr_status_t status = apr_os_sock_get(&descriptor, socket);
    if (status != APR_SUCCESS)
        return status;
    int error = 0;
    apr_socklen_t length = sizeof(error);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, (void *)&error, &length) != 0)
        return apr_get_netos_error();
    return error ? APR_FROM_OS_ERROR(error) : APR_SUCCESS;
}

/* Whether the call has reached itself: where nobody listens, a system that gives the call the very port that
 * it calls connects the socket with itself (RFC 9293 3.5, simultaneous open). */
static bool is_own_end(apr_socket_t *socket)
{
    apr_sockaddr_t *local = NULL;
    apr_sockaddr_t *remote = NULL;
    return apr_socket_addr_get(&local, APR_LOCAL, socket) == APR_SUCCESS &&
           apr_socket_addr_get(&remote, APR_REMOTE, socket) == APR_SUCCESS && local && remote &&
           local->port == remote->port && apr_sockaddr_equal(local, remote);
}

void net_dial_ready(net_conn_t *conn)
{
    apr_status_t status = connect_result(conn->socket);
    if (status == APR_SUCCESS && is_own_end(conn->socket))
        status = APR_ECONNREFUSED;
    if (status != APR_SUCCESS) {
        note_attempt(conn, conn->peer, status);
        try_next(conn);
        return;
    }
    timers_cancel(net_loop_timers(conn->source.loop), &conn->timer);
    net_conn_learn_addresses(conn);
    conn->state = CONN_OPEN;
    conn->ops->connected(conn->context);
    if (conn->state == CONN_OPEN)
        net_conn_begin(conn);
}

static void begin(net_conn_t *conn)
{
    conn_dialling_t *dialling = conn->dialling;
    apr_pool_t *pool = conn->source.pool;
    for (int i = 0; i < 2; i++) {
        const char *text = dialling->local_addresses[i];
        if (!text || !*text)
            continue;
        apr_status_t status = net_address_parse(&dialling->locals[i], text, 0, pool);
        if (status != APR_SUCCESS) {
            fail(conn, status,
                 apr_psprintf(pool, "\"%s\" is not an IPv4 or IPv6 address to call from", text));
            return;
        }
    }
    if (net_address_is_numeric(dialling->host)) {
        dialling->addresses.count = 1;
        apr_cpystrn(dialling->addresses.text[0], dialling->host, RESOLVER_TEXT_SIZE);
        try_next(conn);
        return;
    }
    arm(conn, dialling->deadline);
    resolver_t *resolver = net_loop_resolver(conn->source.loop);
    dialling->waiter.done = on_addresses;
    dialling->waiter.baton = conn;
    apr_status_t status = resolver ? resolver_ask(resolver, &dialling->waiter, dialling->host) : APR_ENOMEM;
    if (status != APR_SUCCESS)
        fail(conn, status,
             apr_psprintf(pool, "its address cannot be looked up: %s",
                          status == APR_ENOSPC ? "too many look-ups wait" : words_of(conn, status)));
}

net_conn_t *net_dial(net_loop_t *loop, const net_dial_t *dial, buffer_t *output, const net_conn_ops_t *ops,
                     void *context)
{
    net_conn_t *conn = net_conn_create(loop);
    conn_dialling_t *dialling = apr_pcalloc(conn->source.pool, sizeof(*dialling));
    dialling->host = apr_pstrdup(conn->source.pool, dial->host);
    dialling->port = dial->port;
    for (int i = 0; i < 2; i++)
        dialling->local_addresses[i] = apr_pstrdup(conn->source.pool, dial->local_addresses[i]);
    dialling->deadline = timebase_mono(timebase_system()) + dial->timeout;
    conn->dialling = dialling;
    conn->output = output;
    conn->ops = ops;
    conn->context = context;
    conn->state = CONN_LOOKUP;
    begin(conn);
    return conn;
}
