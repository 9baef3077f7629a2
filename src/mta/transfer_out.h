/* An entry of the queue on its way over an association: the envelope is written for the peer's mode in front
 * of the untouched content, which is read from the store as the window allows; when the peer has confirmed,
 * the entry goes. A transfer that the link broke after a confirmed checkpoint is kept for the recovery
 * timeout and resumed on the next association. */
#ifndef MTA_TRANSFER_OUT_H
#define MTA_TRANSFER_OUT_H

#include "mta/internal.h"

/* Starts to send entry (ready, of the association's connector) over an open association that has the turn. */
void transfer_out_begin(association_t *association, queue_entry_t *entry);
/* Resumes a transfer that waits for it, if there is one; true if it did. */
bool transfer_out_resume(association_t *association);
/* Gives the stack what it takes now. */
void transfer_out_feed(association_t *association);
void transfer_out_checkpoint(association_t *association, const stack_indication_t *indication);
/* The peer has it. */
void transfer_out_confirmed(association_t *association);
/* The peer refused it, or the stack gave it up. */
void transfer_out_failed(association_t *association, const stack_indication_t *indication);
/* The association is lost. */
void transfer_out_lost(association_t *association, const err_t *err);
/* The agent is destroyed: the entry is given back in memory, nothing is told to the store. */
void transfer_out_drop(association_t *association);
/* Puts the entries of transfers that wait to be resumed back into the queue. */
void transfer_out_forget_all(connector_t *connector);
const char *transfer_out_describe(const transfer_out_t *transfer, uint64_t *octets, uint64_t *total);

#endif
