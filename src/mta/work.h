/* A unit of work: what changes in the queue together, in one transaction: objects that come in with their
 * entries, entries that go. When it is durable the queue in memory follows and the destinations are told;
 * when it fails nothing has changed, entries that were to go are given back. */
#ifndef MTA_WORK_H
#define MTA_WORK_H

#include "mta/internal.h"

typedef struct work_t work_t;
typedef void (*work_done_t)(void *context, const err_t *err);

work_t *work_begin(agent_t *agent);
/* A pool that lives as long as the work. */
apr_pool_t *work_pool(work_t *work);
/* Adds object to the store: its record, its envelope, and its content if that is in memory (else its chunks
 * are there already). The work takes over one reference. */
void work_add_object(work_t *work, object_t *object);
/* Adds an entry of an object that was added before (or is there already), made by queue_entry_create;
 * size, arrival, expiry and class come from the object. due 0 = now. */
void work_add_entry(work_t *work, object_t *object, queue_entry_t *entry, utc_time_t due);
/* Removes an entry, which must be busy; the message goes with its last entry. */
void work_remove_entry(work_t *work, queue_entry_t *entry);
/* Moves a busy entry to another destination, for these recipients of it (count 0: as they are). */
void work_move_entry(work_t *work, queue_entry_t *entry, destination_t *destination,
                     const uint16_t *recipients, unsigned count);
/* Adds one more entry of a message that is in the store already. */
void work_add_sibling(work_t *work, object_t *object, queue_entry_t *entry);
/* Says in the store what a busy entry's attempts, state and due time are now. */
void work_update_entry(work_t *work, queue_entry_t *entry, utc_time_t due);
/* Remembers a digest with what is taken in. */
void work_add_mark(work_t *work, const uint8_t digest[STORE_DIGEST_SIZE]);
/* Remembers, changes and forgets a transfer on which reports are awaited. */
void work_watch(work_t *work, const store_watch_t *watch);
void work_update_watch(work_t *work, uint64_t id, bytes_t recipients);
void work_delete_watch(work_t *work, uint64_t id);
/* Says that the chunks of a content went ahead of this work: they go if it fails or is abandoned. */
void work_expect_chunks(work_t *work, uint64_t message_id);
/* Deletes the chunks of a content that was not taken in after all. */
void work_delete_chunks(work_t *work, uint64_t message_id);
/* The removals of this work, which does nothing else that matters, follow what the peer has confirmed: if the
 * store fails they are tried until they are done, and the message is not sent again meanwhile. */
void work_insist(work_t *work);
/* Forgets what waits for another try, when the agent is destroyed. */
void work_forget_all(agent_t *agent);
/* Commits and gives the work up; done (may be NULL) is called in the loop, later. */
void work_commit(work_t *work, work_done_t done, void *context);
/* Drops it: nothing of it happens. */
void work_abandon(work_t *work);

#endif
