/* When a connector may be opened from this side and what may go over it then: activation, selected times,
 * thresholds; and when the peer is called though nothing is queued. Selected times are in local time, which
 * is looked at anew at least once an hour; everything that waits, waits by the monotonic clock. */
#ifndef MTA_SCHEDULE_H
#define MTA_SCHEDULE_H

#include "mta/internal.h"

/* Minutes until the schedule lets this side open: 0 = now, -1 = never. */
int schedule_minutes(const connector_t *connector);
/* True if an association may be opened now for what is queued (or for a poll); if time alone will change the
 * answer the connector is woken then. */
bool schedule_allows_open(connector_t *connector);
/* True if mail of this class may go over the association now. What the peer opened carries everything. */
bool schedule_lets_send(const connector_t *connector, const association_t *association, uint8_t queue_class);
/* Wakes the connector at this time, or earlier if it is to be woken earlier. */
void schedule_wake(connector_t *connector, mono_time_t when);
/* A configuration was taken on: sets the next poll. */
void schedule_begin(connector_t *connector);
/* Sets poll_wanted if a poll is due now, and the time of the next. */
void schedule_poll(connector_t *connector);

#endif
