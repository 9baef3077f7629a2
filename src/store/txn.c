/* Builds transactions: each call copies what it is given into a step. */
#include <stdlib.h>

#include "store/internal.h"

static void complete_txn(job_t *job)
{
    store_txn_t *txn = (store_txn_t *)job;
    if (txn->done)
        txn->done(job->context, job->err);
    store_txn_abandon(txn);
}

store_txn_t *store_txn_begin(store_t *store)
{
    store_txn_t *txn = calloc(1, sizeof(*txn));
    if (!txn)
        abort(); /* as APR does when a pool cannot be made */
    txn->job.store = store;
    txn->job.complete = complete_txn;
    return txn;
}

void store_txn_abandon(store_txn_t *txn)
{
    if (txn->job.error_pool)
        apr_pool_destroy(txn->job.error_pool);
    arena_release(&txn->job.arena);
    free(txn);
}

static void refuse(store_txn_t *txn, const char *why)
{
    if (!txn->refused)
        txn->refused = why;
}

/* A new step at the end, NULL if memory ran out. */
static step_t *add_step(store_txn_t *txn, step_kind_t kind, uint64_t id)
{
    step_t *step = arena_allocate(&txn->job.arena, sizeof(*step));
    if (!step)
        return NULL;
    step->kind = kind;
    step->id = id;
    if (txn->last)
        txn->last->next = step;
    else
        txn->first = step;
    txn->last = step;
    return step;
}

/* The step of this kind for a message (and chunk 0, if it is a chunk), or NULL. */
static step_t *find_step(const store_txn_t *txn, step_kind_t kind, uint64_t id)
{
    for (step_t *step = txn->first; step; step = step->next)
        if (step->kind == kind && step->id == id && step->number == 0)
            return step;
    return NULL;
}

static void inline_chunk(step_t *message, step_t *chunk)
{
    if (!message || !chunk || message->content)
        return;
    message->content = chunk;
    chunk->inlined = true;
}

static bool name_fits(const char *name)
{
    return !name || strlen(name) <= STORE_NAME_LIMIT;
}

void store_txn_put_message(store_txn_t *txn, const store_message_t *message)
{
    if (!name_fits(message->source))
        refuse(txn, "The name of the source is too long");
    step_t *chunk = find_step(txn, STEP_PUT_CHUNK, message->id);
    step_t *step = add_step(txn, STEP_PUT_MESSAGE, message->id);
    store_message_t *copy = arena_allocate(&txn->job.arena, sizeof(*copy));
    if (!step || !copy)
        return;
    *copy = *message;
    copy->mts_id = arena_string(&txn->job.arena, message->mts_id);
    copy->source = arena_string(&txn->job.arena, message->source);
    copy->envelope = arena_copy(&txn->job.arena, message->envelope);
    step->of.message = copy;
    inline_chunk(step, chunk);
}

void store_txn_put_chunk(store_txn_t *txn, uint64_t message_id, unsigned number, bytes_t octets)
{
    if (octets.length > STORE_CHUNK_SIZE)
        refuse(txn, "A chunk is too long");
    step_t *message = number == 0 ? find_step(txn, STEP_PUT_MESSAGE, message_id) : NULL;
    step_t *step = add_step(txn, STEP_PUT_CHUNK, message_id);
    if (!step)
        return;
    step->number = number;
    step->octets = arena_copy(&txn->job.arena, octets);
    inline_chunk(message, step);
}

static void add_entry(store_txn_t *txn, step_kind_t kind, const store_entry_t *entry)
{
    if (!name_fits(entry->destination))
        refuse(txn, "The name of the destination is too long");
    step_t *step = add_step(txn, kind, entry->id);
    store_entry_t *copy = arena_allocate(&txn->job.arena, sizeof(*copy));
    if (!step || !copy)
        return;
    *copy = *entry;
    copy->destination = arena_string(&txn->job.arena, entry->destination);
    copy->recipients = arena_copy(&txn->job.arena, entry->recipients);
    step->of.entry = copy;
}

void store_txn_put_entry(store_txn_t *txn, const store_entry_t *entry)
{
    add_entry(txn, STEP_PUT_ENTRY, entry);
}

void store_txn_update_entry(store_txn_t *txn, const store_entry_t *entry)
{
    add_entry(txn, STEP_UPDATE_ENTRY, entry);
}

void store_txn_put_progress(store_txn_t *txn, uint64_t entry_id, bytes_t progress)
{
    step_t *step = add_step(txn, STEP_PUT_PROGRESS, entry_id);
    if (step)
        step->octets = arena_copy(&txn->job.arena, progress);
}

void store_txn_delete_entry(store_txn_t *txn, uint64_t entry_id)
{
    (void)add_step(txn, STEP_DELETE_ENTRY, entry_id);
}

void store_txn_delete_message_after(store_txn_t *txn, uint64_t message_id, const uint64_t *entries,
                                    unsigned count)
{
    step_t *step = add_step(txn, STEP_DELETE_MESSAGE, message_id);
    if (step && count)
        step->octets = arena_copy(&txn->job.arena, bytes_make(entries, count * sizeof(*entries)));
}

void store_txn_delete_chunks(store_txn_t *txn, uint64_t message_id)
{
    (void)add_step(txn, STEP_DELETE_CHUNKS, message_id);
}

void store_txn_put_mark(store_txn_t *txn, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time)
{
    step_t *step = add_step(txn, STEP_PUT_MARK, store_new_id(txn->job.store));
    if (!step)
        return;
    step->time = time;
    step->octets = arena_copy(&txn->job.arena, bytes_make(digest, STORE_DIGEST_SIZE));
}

void store_txn_purge_marks(store_txn_t *txn, utc_time_t time)
{
    step_t *step = add_step(txn, STEP_PURGE_MARKS, 0);
    if (step)
        step->time = time;
}

static void add_watch(store_txn_t *txn, step_kind_t kind, const store_watch_t *watch)
{
    step_t *step = add_step(txn, kind, watch->id);
    store_watch_t *copy = arena_allocate(&txn->job.arena, sizeof(*copy));
    if (!step || !copy)
        return;
    *copy = *watch;
    copy->mts_id = arena_string(&txn->job.arena, watch->mts_id);
    copy->destination = arena_string(&txn->job.arena, watch->destination);
    copy->recipients = arena_copy(&txn->job.arena, watch->recipients);
    step->of.watch = copy;
}

void store_txn_put_watch(store_txn_t *txn, const store_watch_t *watch)
{
    if (!name_fits(watch->destination))
        refuse(txn, "The name of the destination is too long");
    add_watch(txn, STEP_PUT_WATCH, watch);
}

void store_txn_update_watch(store_txn_t *txn, uint64_t id, bytes_t recipients)
{
    store_watch_t watch = {.id = id, .recipients = recipients};
    add_watch(txn, STEP_UPDATE_WATCH, &watch);
}

void store_txn_delete_watch(store_txn_t *txn, uint64_t id)
{
    (void)add_step(txn, STEP_DELETE_WATCH, id);
}

void store_txn_commit(store_txn_t *txn, store_done_t done, void *context)
{
    store_t *store = txn->job.store;
    txn->done = done;
    txn->job.context = context;
    atomic_fetch_add(&store->octets_waiting, txn->job.arena.octets);
    apr_thread_mutex_lock(store->mutex);
    job_list_add(&store->writes, &txn->job);
    store->writes_count++;
    bool wake = store_writer_is_due(store);
    apr_thread_mutex_unlock(store->mutex);
    if (wake)
        apr_thread_cond_signal(store->writer_wakes);
}
