/* What the files of src/net share: sources of events in a loop, connections, and their life. A source lives
 * in a pool of its own below the loop's and is given back at the end of the turn in which it ended, so that
 * nothing that the turn still holds points to freed memory. */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include <apr_network_io.h>
#include <apr_poll.h>
#include <apr_portable.h>

#include "net/net.h"
#include "net/resolver.h"

#define NET_LAYER "network"

enum {
    NET_READ_SIZE = 65536,      /* octets of the loop's read buffer */
    NET_READS_PER_TURN = 4,     /* reads of one connection before the others get their turn */
    NET_ACCEPTS_PER_TURN = 32,  /* connections taken from one listener in a turn */
    NET_POLLSET_SIZE = 4096,    /* events per turn; some systems hold no more sockets than this in a loop */
    NET_ENDPOINT_TEXT = 80,     /* "[address%zone]:port" with its terminator */
    NET_POOL_MAX_FREE = 1 << 20 /* octets that a loop's allocator keeps for the next connections */
};

typedef struct net_source_t net_source_t;
struct net_source_t {
    apr_pollfd_t pollfd; /* reqevents 0: not in the pollset */
    void (*ready)(net_source_t *source, apr_int16_t events);
    /* The loop is being destroyed: lets go of what is outside the loop's pool. May be NULL. */
    void (*abandoned)(net_source_t *source);
    net_loop_t *loop;
    apr_pool_t *pool; /* holds this structure */
    bool connection;
    bool dead;
    net_source_t *next, **link; /* all sources of the loop */
    net_source_t *next_dead;
};

/* Makes a zeroed source of size octets in a new pool. */
void *net_source_create(net_loop_t *loop, size_t size);
/* Sets which of APR_POLLIN and APR_POLLOUT to wait for on socket; 0 leaves the pollset. */
apr_status_t net_source_watch(net_source_t *source, apr_socket_t *socket, apr_int16_t events);
/* Ends the source: out of the pollset now, memory and socket at the end of the turn. */
void net_source_end(net_source_t *source);

/* Only the loop's own thread may be here (checked in debug builds). */
void net_loop_check_thread(const net_loop_t *loop);
uint8_t *net_loop_read_buffer(net_loop_t *loop);
/* Whether output may go to a socket now (net_loop_set_gate). */
bool net_loop_lets_out(net_loop_t *loop);

typedef enum conn_state_t {
    CONN_LOOKUP,     /* waits for the addresses of the name */
    CONN_CONNECTING, /* waits for the system's connect */
    CONN_ACCEPTED,   /* not attached yet */
    CONN_OPEN,
    CONN_CLOSING, /* `closed` will be called at the end of the turn */
    CONN_LINGER,  /* the user has let go; the rest of the output is on its way */
    CONN_OVER
} conn_state_t;

/* What dialling needs until the connection stands. */
typedef struct conn_dialling_t {
    const char *host;
    uint16_t port;
    const char *local_addresses[2];
    mono_time_t deadline;
    resolver_waiter_t waiter;
    resolver_addresses_t addresses;
    unsigned next;   /* index of the address to try next */
    err_t *attempts; /* why the addresses so far failed, the last first */
    apr_sockaddr_t *locals[2];
    const char *local_failed; /* the attempt at hand could not bind it */
} conn_dialling_t;

struct net_conn_t {
    net_source_t source; /* first */
    conn_state_t state;
    apr_socket_t *socket;
    buffer_t *output; /* the user's */
    buffer_t rest;    /* what was taken over from it at the end */
    const net_conn_ops_t *ops;
    void *context;
    net_tap_t tap; /* octets NULL: none */
    bool paused;
    apr_status_t write_failed; /* of a write whose failure is still to be told */
    bool waiting;              /* output is waiting for the socket */
    bool shut;                 /* linger: all is sent and our side is shut */
    timers_item_t timer;       /* dialling, lingering */
    const err_t *failure;      /* for `closed` */
    net_conn_t *next_closing;
    conn_dialling_t *dialling;
    char peer[NET_ENDPOINT_TEXT];
    char local[NET_ENDPOINT_TEXT];
    uint8_t peer_octets[16];
    uint8_t peer_octets_length;
    uint8_t local_octets[16];
    uint8_t local_octets_length;
};

net_conn_t *net_conn_create(net_loop_t *loop);
/* Options of a socket that carries associations, and the texts of its ends. */
void net_conn_prepare_socket(apr_socket_t *socket);
void net_conn_learn_addresses(net_conn_t *conn);
/* The connection stands: begins to read and to write what waits. */
void net_conn_begin(net_conn_t *conn);
/* Ends the connection with `closed` (failure in the connection's pool, NULL: in order) at the turn's end. */
void net_conn_fail(net_conn_t *conn, const err_t *failure);
/* Calls `closed` of a connection in CONN_CLOSING and gives it back. */
void net_conn_deliver_closed(net_conn_t *conn);
void net_conn_ready(net_source_t *source, apr_int16_t events);
/* dial.c: the system has an answer to connect; or the dial is given up. */
void net_dial_ready(net_conn_t *conn);
void net_dial_give_up(net_conn_t *conn);
/* Puts the connection in the loop's list of those whose `closed` is due. */
void net_loop_queue_closed(net_loop_t *loop, net_conn_t *conn);

/* inherit.c */
typedef struct net_inherited_t net_inherited_t;
/* The loop's list, and the pool that holds it. */
net_inherited_t **net_loop_inherited(net_loop_t *loop);
apr_pool_t *net_loop_pool(net_loop_t *loop);
/* Takes an inherited socket that listens at wanted (NULL: at any address) and port, until it is given back;
 * NULL if there is none. *socket is made in pool and is not to be closed: the loop's user owns what is
 * inherited. */
net_inherited_t *net_inherited_take(net_loop_t *loop, apr_sockaddr_t *wanted, uint16_t port,
                                    apr_socket_t **socket, apr_pool_t *pool);
void net_inherited_give_back(net_inherited_t *inherited);

/* address.c */
/* True if text is an IPv4 or IPv6 address (a zone may follow), so that reading it needs no look-up. */
bool net_address_is_numeric(const char *text);
/* Reads a numeric address. */
apr_status_t net_address_parse(apr_sockaddr_t **address, const char *text, uint16_t port, apr_pool_t *pool);
/* "192.0.2.1:102" or "[2001:db8::1]:102"; size >= NET_ENDPOINT_TEXT. */
void net_address_format(char *text, size_t size, apr_sockaddr_t *address);
/* The octets in network order, 4 (also of an IPv4 address inside IPv6) or 16; octets has room for 16. */
uint8_t net_address_octets(const apr_sockaddr_t *address, uint8_t *octets);

/* Has the system ask a silent peer whether it is still there, within minutes (keepalive.c). */
void net_keepalive_set(apr_socket_t *socket);

#endif
