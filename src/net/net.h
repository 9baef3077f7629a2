/* Event loops, connections, listeners and dialling over APR. Everything of one loop runs in the thread that
 * runs the loop, except net_loop_post and net_loop_stop, which any thread may call. Nothing here waits: names
 * are looked up by a small pool of threads, connections are made non-blocking. */
#ifndef NET_NET_H
#define NET_NET_H

#include <apr_portable.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/timers.h"

typedef struct net_loop_t net_loop_t;
typedef struct net_conn_t net_conn_t;
typedef struct net_listener_t net_listener_t;

err_t *net_loop_create(net_loop_t **loop, apr_pool_t *pool);
/* Runs until net_loop_stop; returns after the work at hand. */
err_t *net_loop_run(net_loop_t *loop);
void net_loop_stop(net_loop_t *loop);
/* Runs run(baton) in the loop's thread soon. Any thread. */
void net_loop_post(net_loop_t *loop, void (*run)(void *baton), void *baton);
/* The time of this turn of the loop. */
mono_time_t net_loop_now(const net_loop_t *loop);
const timebase_t *net_loop_time(const net_loop_t *loop);
/* The loop's timers: arm and cancel from the loop's thread. */
timers_t *net_loop_timers(net_loop_t *loop);
/* How many connections the loop holds now: open, dialling and lingering. Counted, not kept. */
size_t net_loop_connections(const net_loop_t *loop);
/* Called once at the end of each turn, after all input of that turn was given up (for work in batches). */
void net_loop_set_turn_end(net_loop_t *loop, void (*run)(void *baton), void *baton);

/* Asked before output goes to a socket: while open(baton) is false all output of the loop is held back. */
void net_loop_set_gate(net_loop_t *loop, bool (*open)(void *baton), void *baton);

typedef struct net_conn_ops_t {
    void (*connected)(void *context);             /* dialled connections only */
    void (*input)(void *context, bytes_t octets); /* octets that came; valid during the call */
    void (*drained)(void *context); /* all output is with the system, after a time when it was not */
    /* The connection is over: err NULL if the peer closed it in order. Called once, never from within a call
     * of net_conn_*; not called after net_conn_close. The connection may not be used any more. */
    void (*closed)(void *context, const err_t *err);
} net_conn_ops_t;

typedef struct net_dial_t {
    const char *host; /* name or address, IPv4 or IPv6 */
    uint16_t port;
    /* Source addresses to bind, at most one of each kind (IPv4, IPv6): the peer's addresses of a kind that
     * has none are left out. Both NULL = the system's choice. */
    const char *local_addresses[2];
    int64_t timeout; /* microseconds for look-up and connect together */
} net_dial_t;

/* Begins to connect. The ops are called for the outcome (`connected` or `closed` with err in words: which
 * address, what the system said); all addresses of the name are tried in turn. Memory of the connection is
 * its own and is given back after `closed` or net_conn_close. output: what is to be sent; the connection
 * consumes from it. */
net_conn_t *net_dial(net_loop_t *loop, const net_dial_t *dial, buffer_t *output, const net_conn_ops_t *ops,
                     void *context);
/* Takes over an accepted connection (see net_listen): to be called from the accept callback. */
void net_conn_attach(net_conn_t *conn, buffer_t *output, const net_conn_ops_t *ops, void *context);
/* Output was added: sends what the socket takes, the rest when it is ready. */
void net_conn_send(net_conn_t *conn);
/* Stops or resumes reading, to push back to the peer. */
void net_conn_pause(net_conn_t *conn, bool pause);
/* There is reason to think that the peer has lost this connection (it calls anew): from now on the system
 * asks a silent peer within seconds whether it still knows it, and the connection ends if not (keepalive of
 * RFC 1122 4.2.3.6). A peer that has lost a connection while octets were on their way to us need not send
 * anything. */
void net_conn_doubt(net_conn_t *conn);
/* Ends the connection: at once, or (linger) after the output is sent and the peer has closed, at most
 * 2 seconds; the context is not called any more, and the rest of the output is taken over. */
void net_conn_close(net_conn_t *conn, bool linger);
/* The peer's and our address as text "192.0.2.1:102", "[2001:db8::1]:102"; valid as long as the connection.
 */
const char *net_conn_peer_address(const net_conn_t *conn);
const char *net_conn_local_address(const net_conn_t *conn);
/* The peer's address without the port, its octets in network order (4 or 16), for 9301. */
bytes_t net_conn_peer_octets(const net_conn_t *conn);
/* The same of our own end. */
bytes_t net_conn_local_octets(const net_conn_t *conn);
/* True if the peer's address is this one ("192.0.2.1", "2001:db8::1") or begins with this prefix
 * ("192.0.2.0/24"); a text that is neither matches nothing. */
bool net_conn_peer_in(const net_conn_t *conn, const char *prefix);

/* True if err, as `closed` gave it (not a copy), came of sending and not of receiving. */
bool net_err_of_sending(const err_t *err);

/* Somebody who looks on: every octet that the socket gave or took, in order, and the end. */
typedef struct net_tap_t {
    void (*octets)(void *context, bool outgoing, bytes_t octets); /* valid during the call */
    void (*over)(void *context); /* the last call: the connection is given back */
    void *context;
} net_tap_t;
/* Sets the connection's tap (copied); at most one, for the life of the connection, lingering included. */
void net_conn_set_tap(net_conn_t *conn, const net_tap_t *tap);

typedef struct net_listen_t {
    const char *address; /* NULL or "*" = any, IPv4 and IPv6 */
    uint16_t port;       /* 0 = the system's choice */
    int backlog;         /* 0 = a usual one */
    /* The system cannot hand over calls (no descriptors or memory left): called once per episode; listening
     * goes on by itself after a pause. May be NULL. err is valid during the call. */
    void (*trouble)(void *context, const err_t *err);
} net_listen_t;

/* Gives the loop a socket that listens already, as a service manager hands it over: net_listen takes it when
 * it is to listen at that very address and port, instead of opening one, and gives it back when the listener
 * closes. The socket stays the caller's and must outlive the loop. False if it is no socket of IPv4 or IPv6,
 * or one too many. */
bool net_loop_inherit(net_loop_t *loop, apr_os_sock_t os_socket);
/* The address of the inherited socket number index (from 0) of those that no listener has taken; NULL after
 * the last one. */
const char *net_loop_unused_socket(net_loop_t *loop, size_t index);

/* Listens; reads no name that needs a look-up elsewhere than in the local hosts file, so give an address.
 * The listener ends with pool, with its loop, or by net_listener_close. accepted is called for each
 * connection: attach it (net_conn_attach) or close it before returning. */
err_t *net_listen(net_listener_t **listener, net_loop_t *loop, const net_listen_t *listen,
                  void (*accepted)(void *context, net_conn_t *conn), void *context, apr_pool_t *pool);
void net_listener_close(net_listener_t *listener);
uint16_t net_listener_port(const net_listener_t *listener);
const char *net_listener_address(const net_listener_t *listener);

#endif
