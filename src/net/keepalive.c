#include "net/internal.h"

#if APR_HAVE_NETINET_TCP_H
#include <netinet/tcp.h>
#endif

/* With what these give, a peer whose machine or way is gone is noticed after four and a half minutes of
 * silence. A system that lacks an option keeps its own time, two hours as a rule.
 *
 * TCP_USER_TIMEOUT stays as the system has it: on Linux it also ends a connection whose peer answers and only
 * reads slowly, with its window shut for long, and a slow peer is no fault. Octets that nobody acknowledges
 * end the connection after the system's retransmissions, a quarter of an hour. */
enum { IDLE_SECONDS = 120, DOUBT_SECONDS = 10, INTERVAL_SECONDS = 30, PROBES = 5 };

#if defined(TCP_KEEPIDLE) || defined(TCP_KEEPINTVL) || defined(TCP_KEEPCNT)
static void set_number(apr_os_sock_t system_socket, int option, int value)
{
    setsockopt(system_socket, IPPROTO_TCP, option, (const char *)&value, sizeof(value));
}
#endif

void net_conn_doubt(net_conn_t *conn)
{
#ifdef TCP_KEEPIDLE
    apr_os_sock_t system_socket;
    if (conn->socket && apr_os_sock_get(&system_socket, conn->socket) == APR_SUCCESS)
        set_number(system_socket, TCP_KEEPIDLE, DOUBT_SECONDS);
#else
    (void)conn;
#endif
}

void net_keepalive_set(apr_socket_t *socket)
{
    apr_os_sock_t system_socket;
    if (apr_socket_opt_set(socket, APR_SO_KEEPALIVE, 1) != APR_SUCCESS ||
        apr_os_sock_get(&system_socket, socket) != APR_SUCCESS)
        return;
#ifdef TCP_KEEPIDLE
    set_number(system_socket, TCP_KEEPIDLE, IDLE_SECONDS);
#endif
#ifdef TCP_KEEPINTVL
    set_number(system_socket, TCP_KEEPINTVL, INTERVAL_SECONDS);
#endif
#ifdef TCP_KEEPCNT
    set_number(system_socket, TCP_KEEPCNT, PROBES);
#endif
}
