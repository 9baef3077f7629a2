/* Sockets that listened before this program began: the service manager opened them and hands them over. */
#include "net/internal.h"

#include <string.h>

#include <apr_strings.h>

enum { INHERITED_LIMIT = 64 };

struct net_inherited_t {
    net_inherited_t *next;
    apr_os_sock_t os_socket;
    apr_sockaddr_t *address;
    bool taken; /* now */
    char text[NET_ENDPOINT_TEXT];
};

/* The address that a system's structure holds; NULL if it is neither IPv4 nor IPv6. */
static apr_sockaddr_t *read_address(const struct sockaddr_storage *from, apr_pool_t *pool)
{
    apr_sockaddr_t *address = NULL;
    if (from->ss_family == AF_INET) {
        if (apr_sockaddr_info_get(&address, "0.0.0.0", APR_INET, 0, 0, pool) != APR_SUCCESS)
            return NULL;
        memcpy(&address->sa.sin, from, sizeof(address->sa.sin));
        address->port = ntohs(address->sa.sin.sin_port);
        return address;
    }
#if APR_HAVE_IPV6
    if (from->ss_family == AF_INET6) {
        if (apr_sockaddr_info_get(&address, "::", APR_INET6, 0, 0, pool) != APR_SUCCESS)
            return NULL;
        memcpy(&address->sa.sin6, from, sizeof(address->sa.sin6));
        address->port = ntohs(address->sa.sin6.sin6_port);
        return address;
    }
#endif
    return NULL;
}

bool net_loop_inherit(net_loop_t *loop, apr_os_sock_t os_socket)
{
    apr_pool_t *pool = net_loop_pool(loop);
    net_inherited_t **list = net_loop_inherited(loop);
    unsigned count = 0;
    for (const net_inherited_t *one = *list; one; one = one->next)
        count++;
    struct sockaddr_storage from;
    apr_socklen_t length = sizeof(from);
    memset(&from, 0, sizeof(from));
    if (count >= INHERITED_LIMIT || getsockname(os_socket, (struct sockaddr *)&from, &length) != 0)
        return false;
    apr_sockaddr_t *address = read_address(&from, pool);
    if (!address || address->port == 0)
        return false;
    net_inherited_t *inherited = apr_pcalloc(pool, sizeof(*inherited));
    inherited->os_socket = os_socket;
    inherited->address = address;
    net_address_format(inherited->text, sizeof(inherited->text), address);
    inherited->next = *list;
    *list = inherited;
    return true;
}

const char *net_loop_unused_socket(net_loop_t *loop, size_t index)
{
    for (const net_inherited_t *one = *net_loop_inherited(loop); one; one = one->next)
        if (!one->taken && index-- == 0)
            return one->text;
    return NULL;
}

/* Whether the socket listens where a listener is wanted; wanted NULL: at any address. */
static bool fits(net_inherited_t *inherited, apr_sockaddr_t *wanted, uint16_t port)
{
    if (inherited->taken || inherited->address->port != port)
        return false;
    return wanted ? apr_sockaddr_equal(inherited->address, wanted) != 0
                  : apr_sockaddr_is_wildcard(inherited->address) != 0;
}

net_inherited_t *net_inherited_take(net_loop_t *loop, apr_sockaddr_t *wanted, uint16_t port,
                                    apr_socket_t **socket, apr_pool_t *pool)
{
    net_inherited_t *one = *net_loop_inherited(loop);
    while (one && !fits(one, wanted, port))
        one = one->next;
    if (!one)
        return NULL;
    apr_os_sock_info_t info = {.os_sock = &one->os_socket,
                               .local = (struct sockaddr *)&one->address->sa,
                               .family = one->address->family,
                               .type = SOCK_STREAM,
                               .protocol = APR_PROTO_TCP};
    if (apr_os_sock_make(socket, &info, pool) != APR_SUCCESS)
        return NULL;
    apr_socket_timeout_set(*socket, 0);
    apr_socket_opt_set(*socket, APR_SO_NONBLOCK, 1);
    one->taken = true;
    return one;
}

void net_inherited_give_back(net_inherited_t *inherited)
{
    inherited->taken = false;
}
