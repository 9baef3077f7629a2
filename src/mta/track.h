/* Message tracking: what the agent tells the tracking log about each message. Nothing here fails or waits;
 * without a tracking log nothing happens. */
#ifndef MTA_TRACK_H
#define MTA_TRACK_H

#include "event/tracking.h"
#include "mta/internal.h"

/* True if anything is to be written. */
bool track_wanted(const agent_t *agent);

/* Writes that event happened to apdu, of octets octets of content, at or by the destination (may be NULL) for
 * the recipients of entry (NULL: all for which this MTA answers). With a report as apdu the identifiers are
 * put as the log has them, and the recipients are those that the report speaks of. */
void track_apdu(agent_t *agent, tracking_event_t event, const x411_apdu_t *apdu, uint64_t octets,
                const destination_t *destination, const queue_entry_t *entry);

/* The same for what came in from a peer, or was submitted here (source NULL): events 0 to 5. */
void track_in(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const connector_t *source);
/* For what a peer has confirmed (6 to 8) and what lies in a mailbox (9, 10). */
void track_out(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const connector_t *connector,
               const queue_entry_t *entry);
void track_delivered(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const destination_t *mailbox,
                     const queue_entry_t *entry);
/* For a recipient that gets another name (28). */
void track_redirected(agent_t *agent, const x411_apdu_t *apdu, const x411_or_name_t *to);
/* For what an operator deleted: 50 to 52. */
void track_deleted(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const queue_entry_t *entry);

#endif
