/* The queue in memory: entries by destination and class, identifiers only. What is in the store and what is
 * here change together: an entry is linked after the transaction that put it, and freed after the one that
 * deleted it. */
#ifndef MTA_QUEUE_H
#define MTA_QUEUE_H

#include "mta/internal.h"

/* The class of a priority; reports and probes travel as their priority says, reports like urgent ones. */
uint8_t queue_class(store_kind_t kind, int priority);

/* A new entry for destination, linked to nothing. recipients (indices) are copied; count 0 = all. */
queue_entry_t *queue_entry_create(destination_t *destination, uint64_t id, uint64_t message_id,
                                  const uint16_t *recipients, unsigned count);
/* The same from what the store holds. */
queue_entry_t *queue_entry_load(destination_t *destination, const store_entry_t *stored);
/* What the store is to hold of entry; valid as long as it. */
void queue_entry_record(const queue_entry_t *entry, utc_time_t due, store_entry_t *record);
/* Counts the recipients of an entry that is for all of apdu's for which this MTA answers; a report has one.
 */
void queue_entry_take_all(queue_entry_t *entry, const x411_apdu_t *apdu);
/* How many recipients the entry is for. */
unsigned queue_entry_recipients(const queue_entry_t *entry);
/* Exchanges the recipients of two entries. */
void queue_entry_swap_recipients(queue_entry_t *a, queue_entry_t *b);
/* Frees an entry that is not linked and gives back its object. */
void queue_entry_free(queue_entry_t *entry);

/* Counts entry in its destination and puts it where its state says: ready, held, or waiting until due. */
void queue_insert(queue_entry_t *entry, utc_time_t due);
/* Takes entry out of its destination altogether. */
void queue_remove(queue_entry_t *entry);
/* Marks entry busy: out of the ready list, still counted. */
void queue_take(queue_entry_t *entry);
/* Gives a busy entry back: ready at the front of its class, or waiting until due. */
void queue_give_back(queue_entry_t *entry, utc_time_t due);
/* Makes an entry that waits ready now. */
void queue_hurry(queue_entry_t *entry);

/* Frees every entry, when the agent is destroyed. */
void queue_forget_all(destination_t *destination);

/* The next entry that can go: urgent first, oldest first. NULL if none. */
/* Runs timer, which drains a destination that is gone, if it has entries that can go: what was under way or
 * waited for its time when the destination went comes back to it later. */
void queue_drain_soon(const destination_t *destination, timers_item_t *timer);
queue_entry_t *queue_first(const destination_t *destination);
uint64_t queue_ready(const destination_t *destination);

/* True if this recipient (index) is one of the entry's. */
bool queue_entry_has(const queue_entry_t *entry, unsigned index, bool responsible);

/* Messages with several entries: how many are left in the store, counted when entries are made or loaded, and
 * dropped when the removal of one is durable. */
void queue_shared_add(agent_t *agent, uint64_t message_id, unsigned entries);
/* One more entry of a message that had one or more. */
void queue_shared_extend(agent_t *agent, uint64_t message_id);
/* An entry is to go with a transaction. True if no other stays, so that the message can go with it, provided
 * that the *count entries *others are gone by then, whose transactions are under way (valid until the next
 * call). */
bool queue_shared_leave(agent_t *agent, uint64_t message_id, uint64_t entry_id, const uint64_t **others,
                        unsigned *count);
/* That transaction failed: the entry stays. */
void queue_shared_stay(agent_t *agent, uint64_t message_id, uint64_t entry_id);
/* It is durable: true if no entry is left now. */
bool queue_shared_drop(agent_t *agent, uint64_t message_id, uint64_t entry_id);
/* Forgets all of them, at the end. */
void queue_shared_free(agent_t *agent);

#endif
