#include "mta/work.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/object.h"
#include "mta/queue.h"
#include "mta/trash.h"

typedef enum step_kind_t { STEP_ADD, STEP_REMOVE, STEP_MOVE, STEP_UPDATE } step_kind_t;

typedef struct step_t {
    struct step_t *next;
    step_kind_t kind;
    queue_entry_t *entry;
    object_t *object;           /* STEP_ADD: a reference */
    destination_t *destination; /* STEP_MOVE: where to */
    utc_time_t due;
    queue_entry_t *recipients; /* STEP_MOVE: holds the new recipients, NULL = as they are */
    bool sibling;              /* STEP_ADD: the message was in the store before */
    bool message_goes;         /* STEP_REMOVE: the transaction deletes the message too */
} step_t;

typedef struct held_object_t {
    struct held_object_t *next;
    object_t *object;
    unsigned entries;
} held_object_t;

struct work_t {
    agent_t *agent;
    apr_pool_t *pool;
    store_txn_t *txn;
    step_t *first;
    step_t **last;
    held_object_t *objects;
    uint64_t chunks; /* of this message went ahead; 0 = none did */
    bool marked;
    uint8_t digest[STORE_DIGEST_SIZE];
    work_done_t done;
    void *context;
    bool insists;        /* the peer has the message: it is not sent again because the store fails */
    work_t *next_unsure; /* of the agent's list while it waits for another try */
    timers_item_t retry;
};

enum { AGAIN_SECONDS = 5 }; /* until what could not be committed is tried again */

work_t *work_begin(agent_t *agent)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    work_t *work = apr_pcalloc(pool, sizeof(*work));
    work->agent = agent;
    work->pool = pool;
    work->txn = store_txn_begin(agent->services.store);
    work->last = &work->first;
    return work;
}

apr_pool_t *work_pool(work_t *work)
{
    return work->pool;
}

static step_t *add_step(work_t *work, step_kind_t kind, queue_entry_t *entry)
{
    step_t *step = apr_pcalloc(work->pool, sizeof(*step));
    step->kind = kind;
    step->entry = entry;
    *work->last = step;
    work->last = &step->next;
    return step;
}

void work_add_object(work_t *work, object_t *object)
{
    held_object_t *held = apr_pcalloc(work->pool, sizeof(*held));
    held->object = object;
    held->next = work->objects;
    work->objects = held;
    store_txn_put_message(work->txn, &object->record);
    if (object->content_here && object->content.length)
        store_txn_put_chunk(work->txn, object->record.id, 0, object->content);
    object_settle(object);
}

void work_add_entry(work_t *work, object_t *object, queue_entry_t *entry, utc_time_t due)
{
    entry->size = object->record.content_length;
    entry->arrival = object->record.arrival;
    entry->expiry = object->record.expiry;
    entry->priority = (uint8_t)object->record.priority;
    entry->kind = (uint8_t)object->record.kind;
    queue_entry_take_all(entry, object->apdu);
    entry->queue_class = queue_class(object->record.kind, object->record.priority);
    entry->state = due ? STORE_ENTRY_DEFERRED : STORE_ENTRY_QUEUED;
    store_entry_t record;
    queue_entry_record(entry, due, &record);
    store_txn_put_entry(work->txn, &record);
    step_t *step = add_step(work, STEP_ADD, entry);
    step->object = object;
    step->due = due;
    object_retain(object);
    for (held_object_t *held = work->objects; held; held = held->next)
        if (held->object == object)
            held->entries++;
}

/* The message goes with its last entry. If removals of others are under way, it goes unless one of them
 * fails: then that one takes it along when it is tried again. */
static void remove_in_store(work_t *work, step_t *step)
{
    const queue_entry_t *entry = step->entry;
    const uint64_t *others;
    unsigned count;
    store_txn_delete_entry(work->txn, entry->id);
    step->message_goes = queue_shared_leave(work->agent, entry->message_id, entry->id, &others, &count);
    if (step->message_goes)
        store_txn_delete_message_after(work->txn, entry->message_id, others, count);
}

void work_remove_entry(work_t *work, queue_entry_t *entry)
{
    remove_in_store(work, add_step(work, STEP_REMOVE, entry));
}

void work_add_sibling(work_t *work, object_t *object, queue_entry_t *entry)
{
    step_t **place = work->last;
    work_add_entry(work, object, entry, 0);
    (*place)->sibling = true;
}

void work_move_entry(work_t *work, queue_entry_t *entry, destination_t *destination,
                     const uint16_t *recipients, unsigned count)
{
    step_t *step = add_step(work, STEP_MOVE, entry);
    step->destination = destination;
    store_entry_t record;
    queue_entry_record(entry, 0, &record);
    if (count) {
        step->recipients = queue_entry_create(destination, entry->id, entry->message_id, recipients, count);
        record.recipients = bytes_make(step->recipients->recipients, step->recipients->recipients_length);
        record.recipient_count = count;
    }
    record.destination = destination->name;
    record.attempts = 0;
    store_txn_update_entry(work->txn, &record);
}

void work_update_entry(work_t *work, queue_entry_t *entry, utc_time_t due)
{
    add_step(work, STEP_UPDATE, entry)->due = due;
    store_entry_t record;
    queue_entry_record(entry, due, &record);
    store_txn_update_entry(work->txn, &record);
}

void work_add_mark(work_t *work, const uint8_t digest[STORE_DIGEST_SIZE])
{
    memcpy(work->digest, digest, STORE_DIGEST_SIZE);
    work->marked = true;
    store_txn_put_mark(work->txn, digest, agent_utc(work->agent));
}

void work_watch(work_t *work, const store_watch_t *watch)
{
    store_txn_put_watch(work->txn, watch);
}

void work_update_watch(work_t *work, uint64_t id, bytes_t recipients)
{
    store_txn_update_watch(work->txn, id, recipients);
}

void work_delete_watch(work_t *work, uint64_t id)
{
    store_txn_delete_watch(work->txn, id);
}

void work_expect_chunks(work_t *work, uint64_t message_id)
{
    work->chunks = message_id;
}

void work_delete_chunks(work_t *work, uint64_t message_id)
{
    store_txn_delete_chunks(work->txn, message_id);
}

static void finish_step(work_t *work, step_t *step)
{
    queue_entry_t *entry = step->entry;
    destination_t *destination = entry->destination;
    switch (step->kind) {
    case STEP_ADD:
        if (object_cache_full(work->agent))
            object_release(step->object);
        else
            entry->object = step->object;
        if (step->sibling)
            queue_shared_extend(work->agent, entry->message_id);
        queue_insert(entry, step->due);
        break;
    case STEP_REMOVE:
        /* Very many entries of one message were under way together, or in another order than they were asked
         * for, so that none of them could take the message along. */
        if (queue_shared_drop(work->agent, entry->message_id, entry->id) && !step->message_goes)
            trash_message(work->agent, entry->message_id);
        queue_remove(entry);
        queue_entry_free(entry);
        break;
    case STEP_MOVE:
        queue_remove(entry);
        entry->destination = destination = step->destination;
        if (step->recipients)
            queue_entry_swap_recipients(entry, step->recipients);
        entry->attempts = 0;
        entry->losses = 0;
        entry->since = 0;
        entry->busy = false;
        queue_insert(entry, 0);
        break;
    case STEP_UPDATE: queue_give_back(entry, step->due); break;
    }
    agent_kick(destination);
}

/* The transaction failed: the store has what it had before, and so has the queue. */
static void undo_step(work_t *work, step_t *step)
{
    utc_time_t again = agent_utc(work->agent) + TIME_SECONDS(AGAIN_SECONDS);
    switch (step->kind) {
    case STEP_ADD:
        object_release(step->object);
        queue_entry_free(step->entry);
        break;
    case STEP_REMOVE:
        queue_shared_stay(work->agent, step->entry->message_id, step->entry->id);
        queue_give_back(step->entry, again);
        break;
    case STEP_MOVE:
    case STEP_UPDATE: queue_give_back(step->entry, again); break;
    }
}

static void tell_store_state(agent_t *agent, const err_t *err, apr_pool_t *pool)
{
    if (err && !agent->store_failing)
        event_raise(agent->services.events, EVENT_ID_STORE_FAILURE, NULL, "commit", err_describe(pool, err));
    else if (!err && agent->store_failing)
        event_raise(agent->services.events, EVENT_ID_STORE_RECOVERED, NULL,
                    apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                 (apr_int64_t)((agent_now(agent) - agent->store_failed) / 1000000)));
    if (err && !agent->store_failing)
        agent->store_failed = agent_now(agent);
    agent->store_failing = err != NULL;
}

static void committed(void *baton, const err_t *err);

/* Removals only: the transaction is made anew. */
static void remove_again(void *baton)
{
    work_t *work = baton;
    agent_t *agent = work->agent;
    for (work_t **place = &agent->unsure; *place; place = &(*place)->next_unsure) {
        if (*place == work) {
            *place = work->next_unsure;
            break;
        }
    }
    work->txn = store_txn_begin(agent->services.store);
    for (step_t *step = work->first; step; step = step->next)
        remove_in_store(work, step);
    work_commit(work, work->done, work->context);
}

static void try_later(work_t *work)
{
    agent_t *agent = work->agent;
    work->next_unsure = agent->unsure;
    agent->unsure = work;
    work->retry = (timers_item_t){.run = remove_again, .baton = work};
    timers_arm(agent_timers(agent), &work->retry, agent_now(agent) + TIME_SECONDS(AGAIN_SECONDS));
    agent_check_stopped(agent);
}

void work_forget_all(agent_t *agent)
{
    while (agent->unsure) {
        work_t *work = agent->unsure;
        agent->unsure = work->next_unsure;
        timers_cancel(agent_timers(agent), &work->retry);
        apr_pool_destroy(work->pool);
    }
}

void work_insist(work_t *work)
{
    work->insists = true;
}

static void committed(void *baton, const err_t *err)
{
    work_t *work = baton;
    agent_t *agent = work->agent;
    agent->works--;
    if (!err || err->code != STORE_REPEAT_CODE)
        tell_store_state(agent, err, work->pool);
    if (err && work->insists && !agent->destroying) {
        try_later(work);
        return;
    }
    for (held_object_t *held = work->objects; held && !err; held = held->next)
        if (held->entries > 1)
            queue_shared_add(agent, held->object->record.id, held->entries);
    if (work->marked && !err)
        repeat_add(agent->repeats, work->digest, agent_utc(agent));
    for (step_t *step = work->first; step; step = step->next) {
        if (err)
            undo_step(work, step);
        else
            finish_step(work, step);
        if (step->recipients)
            queue_entry_free(step->recipients);
    }
    for (held_object_t *held = work->objects; held; held = held->next)
        object_release(held->object);
    if (err && work->chunks)
        trash_chunks(agent, work->chunks);
    if (work->done)
        work->done(work->context, err);
    apr_pool_destroy(work->pool);
    agent_check_stopped(agent);
}

void work_commit(work_t *work, work_done_t done, void *context)
{
    work->done = done;
    work->context = context;
    work->agent->works++;
    store_txn_commit(work->txn, committed, work);
}

void work_abandon(work_t *work)
{
    for (step_t *step = work->first; step; step = step->next)
        undo_step(work, step);
    for (held_object_t *held = work->objects; held; held = held->next)
        object_release(held->object);
    if (work->chunks)
        trash_chunks(work->agent, work->chunks);
    store_txn_abandon(work->txn);
    apr_pool_destroy(work->pool);
}
