/* An APDU that comes in over an association: its envelope is collected and decoded, its content goes to the
 * store in chunks as it arrives, and it is confirmed when the intake has secured it. A transfer that the link
 * broke is kept for the recovery timeout, so that the peer can resume it on another association. */
#ifndef MTA_TRANSFER_IN_H
#define MTA_TRANSFER_IN_H

#include "mta/internal.h"

/* The indications of the stack, for the association's transfer. */
void transfer_in_start(association_t *association, const stack_indication_t *indication);
void transfer_in_resume(association_t *association, const stack_indication_t *indication);
void transfer_in_data(association_t *association, bytes_t octets);
void transfer_in_checkpoint(association_t *association, const stack_indication_t *indication);
void transfer_in_end(association_t *association);
/* The peer gave it up. */
void transfer_in_discarded(association_t *association);
/* The peer interrupted it, or the association is lost: it may be resumed. If it is one whose confirmation may
 * not have reached the peer, a resume is answered so. */
void transfer_in_interrupted(association_t *association);
/* The association ends in order: the peer has heard of everything that was confirmed. */
void transfer_in_forget_confirmed(association_t *association);
/* Frees what a connector keeps for resuming. */
void transfer_in_forget_all(connector_t *connector);
/* False while it is this MTA that has to do something. */
bool transfer_in_awaits_peer(const transfer_in_t *transfer);
/* MTS identifier ("" while unknown) and octets so far, for operators. */
const char *transfer_in_describe(const transfer_in_t *transfer, apr_pool_t *pool, uint64_t *octets);

#endif
