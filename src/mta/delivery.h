/* Delivery to local mailboxes: each message becomes two files in the mailbox's folder, the content and the
 * envelope in JSON, written under other names and renamed when they are whole and on disk: first the content,
 * then the envelope, so that whoever sees NAME.json finds NAME.content complete beside it. The names follow
 * from the message, so that a delivery that a crash interrupted is repeated over itself and not twice. */
#ifndef MTA_DELIVERY_H
#define MTA_DELIVERY_H

#include "mta/internal.h"

mailbox_t *mailbox_create(agent_t *agent, const config_mailbox_t *config);
/* Delivers what is queued, one message at a time. */
void delivery_kick(mailbox_t *mailbox);
/* Takes on a configuration (reload), or none: then the queue is routed anew. */
void delivery_configure(mailbox_t *mailbox, const config_mailbox_t *config);
/* Gives back what is at hand, when the agent is destroyed: no job is with the worker then. */
void delivery_forget(mailbox_t *mailbox);
/* True while a job is with the worker. */
bool delivery_busy(const mailbox_t *mailbox);

#endif
