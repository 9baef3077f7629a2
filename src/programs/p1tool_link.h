/* One association of p1source or p1sink: the OSI stack over a connection of the loop. It carries octets both
 * ways, runs the stack's timer, and says when it is over; what the association is for is the caller's. */
#ifndef PROGRAMS_P1TOOL_LINK_H
#define PROGRAMS_P1TOOL_LINK_H

#include "net/net.h"
#include "osi/stack.h"

typedef struct link_ops_t {
    void (*connected)(void *context); /* dialled: call osi_stack_open_request on link->stack */
    void (*indicate)(void *context, const stack_indication_t *indication);
    /* The stack is at rest and may take more of a transfer: true if something was given to it. May cut the
     * link (link_cut). May be NULL. */
    bool (*feed)(void *context);
    /* Octets came from the peer (before the stack gets them). May be NULL. */
    void (*heard)(void *context, size_t length);
    /* All is over and the connection let go; err says why if it never stood. The link's pool may be destroyed
     * here, if the caller that led here does not touch it afterwards: link_settle is always its last call. */
    void (*over)(void *context, const err_t *err);
} link_ops_t;

typedef struct link_t {
    net_loop_t *loop;
    apr_pool_t *pool;
    net_conn_t *conn;
    osi_stack_t *stack;
    const link_ops_t *ops;
    void *context;
    timers_item_t timer;
    bool stands; /* the connection was there */
    bool ended;
} link_t;

/* Calls the peer. The link lives in pool. */
void link_dial(link_t *link, net_loop_t *loop, const net_dial_t *dial, const stack_config_t *config,
               const link_ops_t *ops, void *context, apr_pool_t *pool);
/* Takes an accepted connection. */
void link_take(link_t *link, net_loop_t *loop, net_conn_t *conn, const stack_config_t *config,
               const link_ops_t *ops, void *context, apr_pool_t *pool);
/* To be called after requests to the stack that were not made within an indication: sends, feeds, sets the
 * timer, and ends the link if the stack is over. The last thing that a caller does. */
void link_settle(link_t *link);
/* Cuts the connection without a word to the peer, as a crash would; `over` is not called. */
void link_cut(link_t *link);
/* The time of this turn. */
mono_time_t link_now(const link_t *link);

#endif
