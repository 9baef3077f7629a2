/* A transfer inward may pause only so long: as one KB may take by the transfer timeout of the connector. Then
 * the association is aborted, and everything that belongs to it is given back; a peer that is gone without a
 * word holds nothing for ever. */
#ifndef MTA_WATCH_H
#define MTA_WATCH_H

#include "mta/internal.h"

/* How long a transfer may make no progress at all, in microseconds: as long as one KB may take, and long
 * enough for any line. config may be NULL (not known yet whose). */
int64_t watch_stall_limit(const config_connector_t *config);
/* A transfer inward begins. */
void watch_in(association_t *association);
/* The timer of an association (its baton). */
void watch_expired(void *baton);

#endif
