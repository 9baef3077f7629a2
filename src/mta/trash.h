/* What is to go from the store beside the units of work: the chunks of contents that were not taken in, and
 * messages whose last entries went in transactions that were under way together. If the store cannot delete
 * it now, it is tried again. */
#ifndef MTA_TRASH_H
#define MTA_TRASH_H

#include "mta/internal.h"

/* Deletes the chunks of a content without a message. */
void trash_chunks(agent_t *agent, uint64_t message_id);
/* Deletes a message that no entry needs. */
void trash_message(agent_t *agent, uint64_t message_id);
/* Tries again what could not be deleted. */
void trash_empty(agent_t *agent);
/* Forgets it, when the agent is destroyed; chunks are found again at the next start. */
void trash_forget(agent_t *agent);

#endif
