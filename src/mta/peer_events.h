/* Events that tell of a peer's faults, counted by event and peer: the first of an interval are told one by
 * one, those beyond in one event at its end, so that a peer that repeats its faults fills no log. */
#ifndef MTA_PEER_EVENTS_H
#define MTA_PEER_EVENTS_H

#include "mta/internal.h"

typedef struct peer_events_t peer_events_t;

/* In the agent's pool. */
peer_events_t *peer_events_create(agent_t *agent);
/* Counts an event id about the peer, a connector's name or an address ("host:port": the port does not count);
 * true if it is to be told by itself. The limit is log.events-per-peer of the configuration, 0: none. More
 * kinds and peers than a table of fixed size holds share the limit of the event. peer_events NULL: always
 * true. */
bool peer_events_count(peer_events_t *peer_events, unsigned id, const char *peer);
/* Tells what is untold and arms no timer any more. */
void peer_events_stop(peer_events_t *peer_events);

#endif
