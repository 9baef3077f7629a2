/* A connector at run time: its queue, its associations, when it opens one, and what happens when it cannot.
 */
#ifndef MTA_CONNECTOR_H
#define MTA_CONNECTOR_H

#include "mta/internal.h"

connector_t *connector_create(agent_t *agent, const config_connector_t *config);

/* Uses idle associations for what is queued and opens more if the queue asks for it. Call whenever there may
 * be something to do; does nothing if there is not. */
void connector_kick(connector_t *connector);
/* What the association may send next: urgent first, and only what the schedule and the association kept for
 * urgent mail leave to it. NULL if nothing. */
queue_entry_t *connector_next_entry(connector_t *connector, const association_t *association);
/* True if one more association of the peer's is within the limit, or one that it seems to have forgotten gave
 * way to it. */
bool connector_takes_call(connector_t *connector);
/* Raises event 57, once until the connector is below its limit again. */
void connector_tell_limit(connector_t *connector);
/* An association is open, either direction: the peer is there. */
void connector_opened(connector_t *connector, association_t *association);
/* An open attempt failed: events, retry timer, and after the last retry the queue is rerouted or
 * non-delivered. */
void connector_open_failed(connector_t *connector, association_t *association, const err_t *err);
/* An open association (or an incoming call that did not get that far) broke; connector may be NULL. */
void connector_lost(association_t *association, const stack_indication_t *indication);
/* Forgets the waiting time after failed opens and tries now. */
void connector_retry_now(connector_t *connector);
/* The same, unless it was tried just now: the peer shows that it is there by calling. */
void connector_retry_early(connector_t *connector);
/* Takes on a configuration (reload), or none: then nothing is sent and the queue is routed anew. */
void connector_configure(connector_t *connector, const config_connector_t *config);
void connector_set_disabled(connector_t *connector, bool disabled);

void connector_route_facts(const connector_t *connector, route_facts_t *facts);
/* Counted from the live associations. */
unsigned connector_count(const connector_t *connector, bool outbound, bool open_only);
/* idle, open, opening, waiting, disabled. */
const char *connector_state_name(const connector_t *connector);

#endif
