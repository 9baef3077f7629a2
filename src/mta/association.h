/* An association with a peer: the stack, its connection, the bind, the turn, and at most one transfer each
 * way. It lives in a pool of its own, which is given back as a whole when the association is over, whatever
 * ended it. */
#ifndef MTA_ASSOCIATION_H
#define MTA_ASSOCIATION_H

#include "mta/internal.h"

/* Calls the connector's peer. test is given what a link test wants to know, NULL otherwise. */
association_t *association_open(connector_t *connector, struct link_test_t *test);
/* Takes an incoming call (accept callback of a listener). */
void association_accept(agent_t *agent, net_conn_t *conn, const config_listener_t *listener);

/* What the stack is to do for the peer of a connector; config may be NULL (not known yet who calls). */
stack_config_t association_stack_config(const agent_t *agent, const config_connector_t *config);

/* Sends what the stack has to send, sets its timer, and ends the association if it is over. After every call
 * into the stack. */
void association_pump(association_t *association);
/* A transfer of ours ended: goes on with the next entry, gives the turn, or idles. */
void association_next(association_t *association);
/* True if a transfer of ours can begin. */
bool association_can_send(const association_t *association);
/* Asks for the turn, if the peer has it and may give it. priority: of what is to be sent, as queue classes.
 */
void association_ask_turn(association_t *association, int priority);
/* Releases in order as soon as no transfer is under way; at once, if none is. */
void association_release(association_t *association);
void association_abort(association_t *association, int reason);
/* Ends it without a word to the peer, with everything that belongs to it (destruction of the agent). */
void association_drop(association_t *association);

/* Ends it because its connection is of no use any more (err says why), as if the network had said so. Needs a
 * connection. */
void association_cut(association_t *association, const err_t *err);
/* True if its end here is address, or is to be while it is connecting. Needs a connection. */
bool association_is_at(const association_t *association, const char *address);

const char *association_state_name(const association_t *association);

#endif
