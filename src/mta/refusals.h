/* Calls that were refused, counted by cause: the first of a time are told one by one, those beyond in one
 * event for each interval, so that a caller that does not give up fills no log. */
#ifndef MTA_REFUSALS_H
#define MTA_REFUSALS_H

#include "mta/internal.h"

typedef struct refusals_t refusals_t;

typedef enum refusal_cause_t {
    REFUSAL_LIMIT, /* session limit exceeded */
    REFUSAL_CONNECTOR_LIMIT,
    REFUSAL_MALFORMED,
    REFUSAL_UNKNOWN,
    REFUSAL_PASSWORD,
    REFUSAL_DIALOGUE,
    REFUSAL_SUSPENDED,
    REFUSAL_SELECTOR,
    REFUSAL_ADDRESS,
    REFUSAL_SELF,
    REFUSAL_CROWDED_OUT, /* a call that did not bind gave way to newer ones */
    REFUSAL_CAUSES
} refusal_cause_t;

/* In words, "Session limit exceeded" for the first. */
const char *refusals_text(refusal_cause_t cause);

/* In the agent's pool. */
refusals_t *refusals_create(agent_t *agent);
/* Counts one; true if it is to be told by itself. */
bool refusals_count(refusals_t *refusals, refusal_cause_t cause);
/* Tells what is untold and arms no timer any more. */
void refusals_stop(refusals_t *refusals);

#endif
