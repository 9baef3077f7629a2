/* Does the steps of transactions in the writer's connection, and what is deleted behind them. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store/internal.h"

/* The identifier of a name; a new name gets the next one in the open transaction. */
static err_t *name_id(writer_t *writer, const char *name, int64_t *id)
{
    const int64_t *known = apr_hash_get(writer->names, name, APR_HASH_KEY_STRING);
    if (known) {
        *id = *known;
        return NULL;
    }
    database_rows_t rows;
    database_values_t find = {.count = 0};
    database_value_text(&find, name);
    err_t *err = database_select(writer->database, SQL_FIND_NAME, &find, &rows, writer->pool);
    if (err)
        return err;
    *id = 0;
    while (database_next(&rows))
        *id = database_number(&rows, 0);
    if (*id == 0) {
        err = database_execute(writer->database, SQL_PUT_NAME, &find, NULL, writer->pool);
        if (!err)
            err = database_select(writer->database, SQL_FIND_NAME, &find, &rows, writer->pool);
        while (!err && database_next(&rows))
            *id = database_number(&rows, 0);
        if (!err && *id == 0)
            err = err_create(writer->pool, APR_EGENERAL, "store", "A name cannot be kept");
        if (err)
            return err;
    }
    int64_t *kept = apr_palloc(writer->names_pool, sizeof(*kept));
    *kept = *id;
    apr_hash_set(writer->names, apr_pstrdup(writer->names_pool, name), APR_HASH_KEY_STRING, kept);
    return NULL;
}

/* Notes what is left to delete. Without memory for the note, chunks become orphans for the next start and
 * marks go with the next purge. */
static void add_sweep(writer_t *writer, sweep_t sweep)
{
    sweep_t *copy = malloc(sizeof(*copy));
    if (!copy)
        return;
    *copy = sweep;
    copy->next = writer->tentative;
    writer->tentative = copy;
}

void store_apply_accept(writer_t *writer)
{
    sweep_t **end = &writer->sweeps;
    while (*end)
        end = &(*end)->next;
    *end = writer->tentative;
    writer->tentative = NULL;
}

void store_apply_forget(writer_t *writer)
{
    apr_pool_clear(writer->names_pool);
    writer->names = apr_hash_make(writer->names_pool);
    while (writer->tentative)
        store_sweep_drop(&writer->tentative);
}

void store_sweep_drop(sweep_t **list)
{
    sweep_t *first = *list;
    *list = first->next;
    free(first);
}

static err_t *put_message(writer_t *writer, const step_t *step)
{
    const store_message_t *message = step->of.message;
    int64_t source = 0;
    err_t *err = name_id(writer, message->source, &source);
    if (err)
        return err;
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)message->id);
    database_value_number(&values, message->kind);
    database_value_number(&values, message->priority);
    database_value_number(&values, message->arrival);
    database_value_number(&values, message->expiry);
    database_value_number(&values, (int64_t)message->content_length);
    database_value_text(&values, message->mts_id);
    database_value_number(&values, source);
    database_value_octets(&values, message->envelope);
    database_value_octets(&values, step->content ? step->content->octets : BYTES_NONE);
    return database_execute(writer->database, SQL_PUT_MESSAGE, &values, NULL, writer->pool);
}

static err_t *put_chunk(writer_t *writer, const step_t *step)
{
    if (step->inlined)
        return NULL;
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)step->id);
    database_value_number(&values, step->number);
    database_value_octets(&values, step->octets);
    if (!writer->chunked_to || step->id < writer->chunked_from)
        writer->chunked_from = step->id;
    if (step->id > writer->chunked_to)
        writer->chunked_to = step->id;
    return database_execute(writer->database, SQL_PUT_CHUNK, &values, NULL, writer->pool);
}

/* False only if a message's content is in its own row for certain: most are small, and then nothing needs to
 * be looked for when they go. */
static bool may_have_chunks(const writer_t *writer, uint64_t id, uint64_t next_id)
{
    bool of_this_run = id >= writer->run_from && id < next_id;
    return !of_this_run || (id >= writer->chunked_from && id <= writer->chunked_to);
}

static err_t *put_entry(writer_t *writer, const store_entry_t *entry)
{
    int64_t destination = 0;
    err_t *err = name_id(writer, entry->destination, &destination);
    if (err)
        return err;
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)entry->id);
    database_value_number(&values, (int64_t)entry->message_id);
    database_value_number(&values, destination);
    database_value_number(&values, SQL_PRIORITY_PACK(entry->priority, entry->kind, entry->recipient_count));
    database_value_number(&values, entry->state);
    database_value_number(&values, entry->attempts);
    database_value_number(&values, entry->due);
    database_value_number(&values, (int64_t)entry->size);
    database_value_number(&values, entry->arrival);
    database_value_number(&values, entry->expiry);
    database_value_octets(&values, entry->recipients);
    return database_execute(writer->database, SQL_PUT_ENTRY, &values, NULL, writer->pool);
}

static err_t *update_entry(writer_t *writer, const store_entry_t *entry)
{
    int64_t destination = 0;
    err_t *err = name_id(writer, entry->destination, &destination);
    if (err)
        return err;
    database_values_t values = {.count = 0};
    database_value_number(&values, destination);
    database_value_number(&values, SQL_PRIORITY_PACK(entry->priority, entry->kind, entry->recipient_count));
    database_value_number(&values, entry->state);
    database_value_number(&values, entry->attempts);
    database_value_number(&values, entry->due);
    database_value_number(&values, entry->expiry);
    database_value_octets(&values, entry->recipients);
    database_value_number(&values, (int64_t)entry->id);
    int changed = 0;
    err = database_execute(writer->database, SQL_UPDATE_ENTRY, &values, &changed, writer->pool);
    if (!err && changed != 1)
        err = err_create(writer->pool, APR_NOTFOUND, "store", "There is no queue entry %" APR_UINT64_T_FMT,
                         (apr_uint64_t)entry->id);
    return err;
}

static err_t *put_progress(writer_t *writer, const step_t *step)
{
    database_values_t values = {.count = 0};
    database_value_octets(&values, step->octets);
    database_value_number(&values, (int64_t)step->id);
    return database_execute(writer->database, SQL_PUT_PROGRESS, &values, NULL, writer->pool);
}

static err_t *delete_row(writer_t *writer, sql_statement_t statement, uint64_t id)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)id);
    return database_execute(writer->database, statement, &values, NULL, writer->pool);
}

/* Deletes the chunks from number on, as many as one step may; *more tells whether there can be others. */
static err_t *delete_chunks(writer_t *writer, uint64_t id, unsigned number, bool *more)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)id);
    database_value_number(&values, number);
    database_value_number(&values, (int64_t)number + STORE_SWEEP_CHUNKS);
    int changed = 0;
    err_t *err = database_execute(writer->database, SQL_DELETE_CHUNKS, &values, &changed, writer->pool);
    /* Chunk 0 may be in the row of the message. */
    *more = !err && changed >= STORE_SWEEP_CHUNKS - 1;
    return err;
}

static err_t *delete_first_chunks(writer_t *writer, uint64_t id)
{
    bool more = false;
    err_t *err = delete_chunks(writer, id, 0, &more);
    if (more)
        add_sweep(writer, (sweep_t){.id = id, .number = STORE_SWEEP_CHUNKS});
    return err;
}

static err_t *delete_message(writer_t *writer, const step_t *step, uint64_t next_id)
{
    for (size_t at = 0; at < step->octets.length; at += sizeof(uint64_t)) {
        uint64_t entry_id;
        memcpy(&entry_id, step->octets.data + at, sizeof(entry_id));
        database_values_t values = {.count = 0};
        database_value_number(&values, (int64_t)entry_id);
        database_rows_t rows;
        err_t *err = database_select(writer->database, SQL_HAS_ENTRY, &values, &rows, writer->pool);
        if (err)
            return err;
        bool there = false;
        while (database_next(&rows))
            there = true;
        if (there)
            return NULL;
    }
    err_t *err = delete_row(writer, SQL_DELETE_MESSAGE, step->id);
    if (!err && may_have_chunks(writer, step->id, next_id))
        err = delete_first_chunks(writer, step->id);
    return err;
}

static err_t *put_mark(writer_t *writer, const step_t *step)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)step->id);
    database_value_octets(&values, step->octets);
    database_value_number(&values, step->time);
    int changed = 0;
    err_t *err = database_execute(writer->database, SQL_PUT_MARK, &values, &changed, writer->pool);
    if (!err && changed == 0)
        err = err_create(writer->pool, STORE_REPEAT_CODE, "store", "This transfer has come in before");
    return err;
}

/* Marks come in order of time, so those before the first that stays go; bound is past all if none stays. */
static err_t *purge_marks(writer_t *writer, utc_time_t time, uint64_t bound)
{
    if (writer->shared) /* marks of several nodes are in no order; there is an index */
        return database_run(writer->database,
                            apr_psprintf(writer->pool, "DELETE FROM x400_mark WHERE time < %" APR_INT64_T_FMT,
                                         (apr_int64_t)time),
                            writer->pool);
    database_values_t values = {.count = 0};
    database_value_number(&values, time);
    database_rows_t rows;
    err_t *err = database_select(writer->database, SQL_MARKS_BOUND, &values, &rows, writer->pool);
    if (err)
        return err;
    while (database_next(&rows))
        bound = (uint64_t)database_number(&rows, 0);
    add_sweep(writer, (sweep_t){.marks = true, .id = bound});
    return NULL;
}

static err_t *put_watch(writer_t *writer, const store_watch_t *watch)
{
    int64_t destination = 0;
    err_t *err = name_id(writer, watch->destination, &destination);
    if (err)
        return err;
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)watch->id);
    database_value_number(&values, watch->time);
    database_value_text(&values, watch->mts_id);
    database_value_number(&values, destination);
    database_value_octets(&values, watch->recipients);
    return database_execute(writer->database, SQL_PUT_WATCH, &values, NULL, writer->pool);
}

static err_t *update_watch(writer_t *writer, const store_watch_t *watch)
{
    database_values_t values = {.count = 0};
    database_value_octets(&values, watch->recipients);
    database_value_number(&values, (int64_t)watch->id);
    return database_execute(writer->database, SQL_UPDATE_WATCH, &values, NULL, writer->pool);
}

err_t *store_apply(writer_t *writer, const store_txn_t *txn, uint64_t next_id)
{
    if (txn->job.arena.failed)
        return err_create(writer->pool, APR_ENOMEM, "store", "There was no memory for the transaction");
    if (txn->refused)
        return err_create(writer->pool, APR_EINVAL, "store", "%s", txn->refused);
    err_t *err = NULL;
    for (const step_t *step = txn->first; step && !err; step = step->next) {
        switch (step->kind) {
        case STEP_PUT_MESSAGE: err = put_message(writer, step); break;
        case STEP_PUT_CHUNK: err = put_chunk(writer, step); break;
        case STEP_PUT_ENTRY: err = put_entry(writer, step->of.entry); break;
        case STEP_UPDATE_ENTRY: err = update_entry(writer, step->of.entry); break;
        case STEP_PUT_PROGRESS: err = put_progress(writer, step); break;
        case STEP_DELETE_ENTRY: err = delete_row(writer, SQL_DELETE_ENTRY, step->id); break;
        case STEP_DELETE_MESSAGE: err = delete_message(writer, step, next_id); break;
        case STEP_DELETE_CHUNKS: err = delete_first_chunks(writer, step->id); break;
        case STEP_PUT_MARK: err = put_mark(writer, step); break;
        case STEP_PURGE_MARKS: err = purge_marks(writer, step->time, next_id); break;
        case STEP_PUT_WATCH: err = put_watch(writer, step->of.watch); break;
        case STEP_UPDATE_WATCH: err = update_watch(writer, step->of.watch); break;
        case STEP_DELETE_WATCH: err = delete_row(writer, SQL_DELETE_WATCH, step->id); break;
        }
    }
    return err;
}

err_t *store_sweep_step(writer_t *writer, bool *finished)
{
    sweep_t *sweep = writer->sweeps;
    if (!sweep->marks) {
        bool more = false;
        err_t *err = delete_chunks(writer, sweep->id, sweep->number, &more);
        *finished = !more;
        return err;
    }
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)sweep->id);
    database_value_number(&values, STORE_SWEEP_MARKS);
    int changed = 0;
    err_t *err = database_execute(writer->database, SQL_DELETE_MARKS, &values, &changed, writer->pool);
    *finished = changed < STORE_SWEEP_MARKS;
    return err;
}
