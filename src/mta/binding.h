/* Binding: the listeners of the agent and the source addresses of its calls, as the bind plan
 * (net/bind_plan.h) says, and what happens when addresses of this machine come and go: what waits for an
 * address is opened when it comes; when it goes its listeners close, its associations end, and their messages
 * are in the queue. */
#ifndef MTA_BINDING_H
#define MTA_BINDING_H

#include "mta/internal.h"
#include "net/bind_plan.h"

typedef enum binding_mode_t {
    BINDING_START,  /* what cannot be bound is an error, unless it is waited for */
    BINDING_RELOAD, /* the configuration is new */
    BINDING_CHANGE  /* addresses, names or the cluster have changed */
} binding_mode_t;

typedef struct binding_t binding_t;

/* With facts that know nothing: all addresses are taken to be here. */
binding_t *binding_create(agent_t *agent);
/* Takes facts over (copied). Before the agent has started nothing else happens; later the plan is made anew
 * and followed. */
void binding_set_facts(agent_t *agent, const bind_facts_t *facts);
/* Makes the plan anew, closes the listeners that it does not have, opens those that it has. Returns the first
 * failure of a listener, in the agent's route_pool; with BINDING_START it is to end the start. */
err_t *binding_apply(agent_t *agent, binding_mode_t mode);
void binding_close(agent_t *agent);

/* The plan in force; the facts that it was made of. */
const bind_plan_t *binding_plan(const agent_t *agent);
const bind_facts_t *binding_facts(const agent_t *agent);

/* True if a listener is open at this point of the plan. */
bool binding_is_open(const agent_t *agent, const bind_listener_t *planned, const bind_point_t *point);

/* True if the connector's calls have an address to come from, or the attempt would tell what is wrong. Else
 * the connector is to wait: it is kicked when that changes. The first time an event says for what. */
bool binding_lets_call(connector_t *connector);
/* Sets the source addresses of a call of the connector; texts live as long as pool. Never leaves the choice
 * to the system unless the plan does. */
void binding_set_sources(connector_t *connector, net_dial_t *dial, apr_pool_t *pool);
/* Ends the associations at an address of this machine; returns how many. Nothing of theirs is lost: the
 * system would only find out when their peers had been silent for long. why: words that the address follows.
 */
unsigned binding_cut_associations(agent_t *agent, const char *address, const char *why);
/* True if the plan has this address. */
bool binding_uses(const agent_t *agent, const char *address);
/* True if a call to address (4 or 16 octets) and port would reach a listener of this MTA. */
bool binding_is_own(const agent_t *agent, bytes_t address, unsigned port);

#endif
