/* Fixed scenarios, by name: the link between two loaded MTAs is cut for 5 s, 5 min or 10 h of simulated time,
 * and comes back. The events come in their order, mail flows again within one Open interval, nothing is
 * restarted, nothing is lost and nothing comes twice (Q232602, OP-03). */
#ifndef SIM_OUTAGE_H
#define SIM_OUTAGE_H

#include "world.h"

/* Runs all of them, or the one of this name; each prints a line. Adds to *passed and *failed. */
void outage_run(const char *name, FILE *trace, apr_pool_t *pool, unsigned *passed, unsigned *failed);

#endif
