/* Callers whose calls end without an association: an address from which very many of them come within a
 * minute is told of (event 12150), once. Memory is bounded: the addresses with the fewest give way. */
#ifndef MTA_CALLERS_H
#define MTA_CALLERS_H

#include "mta/internal.h"

typedef struct callers_t callers_t;

/* In the agent's pool. */
callers_t *callers_create(agent_t *agent);
/* A call from peer ("ADDRESS:PORT") ended and never was an association. */
void callers_count(callers_t *callers, const char *peer);

#endif
