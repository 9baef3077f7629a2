/* The links under this machine's addresses. An address stays when the cable is out or its interface is set
 * down, and associations over it would hang until their time limits. When a link has been down for
 * CARRIER_GRACE they are ended, and what they carried is resumed when it is up again; a link that only
 * flickers costs nothing. Listeners stay. */
#ifndef MTA_CARRIER_H
#define MTA_CARRIER_H

#include "mta/internal.h"

enum { CARRIER_GRACE = 3 }; /* seconds */

typedef struct carrier_t carrier_t;

/* Lives as long as the agent. */
carrier_t *carrier_create(agent_t *agent);
/* Takes in what is known of the addresses now; facts are copied as far as they matter. */
void carrier_follow(carrier_t *carrier, const bind_facts_t *facts);
/* The agent stops: nothing is told any more. */
void carrier_close(carrier_t *carrier);

#endif
