/* The reader thread: serves reads with a connection of its own and copies what it finds into the job. */
#include <stdlib.h>

#include "store/internal.h"

typedef struct read_t {
    job_t job;  /* first, so that a job is a read */
    bool whole; /* the message, otherwise one chunk */
    uint64_t id;
    unsigned number;
    store_message_read_t message_done;
    store_chunk_read_t chunk_done;
    store_message_t *message; /* NULL: there is none */
    bytes_t chunk;
    bool found; /* the chunk */
} read_t;

static void complete_read(job_t *job)
{
    read_t *read = (read_t *)job;
    if (read->whole)
        read->message_done(job->context, job->err, read->message, read->message ? read->chunk : BYTES_NONE);
    else
        read->chunk_done(job->context, job->err, read->chunk);
    if (job->error_pool)
        apr_pool_destroy(job->error_pool);
    arena_release(&job->arena);
    free(read);
}

/* One column of octets of the row that a statement finds. */
static err_t *find_octets(store_t *store, sql_statement_t statement, const database_values_t *values,
                          read_t *read)
{
    database_rows_t rows;
    err_t *err = database_select(store->reader_database, statement, values, &rows, store->reader_pool);
    if (err)
        return err;
    while (database_next(&rows)) {
        read->found = true;
        read->chunk = arena_copy(&read->job.arena, database_octets(&rows, 0));
    }
    return NULL;
}

/* A chunk is in a row of its own, or (chunk 0) in the row of its message. */
static err_t *find_chunk(store_t *store, read_t *read, unsigned number)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)read->id);
    database_value_number(&values, number);
    return find_octets(store, SQL_READ_CHUNK, &values, read);
}

static err_t *read_chunk(store_t *store, read_t *read)
{
    err_t *err = find_chunk(store, read, read->number);
    if (!err && !read->found && read->number == 0) {
        database_values_t values = {.count = 0};
        database_value_number(&values, (int64_t)read->id);
        err = find_octets(store, SQL_READ_INLINE, &values, read);
    }
    if (!err && !read->found)
        err = err_create(store->reader_pool, APR_NOTFOUND, "store",
                         "There is no chunk %u of message %" APR_UINT64_T_FMT, read->number,
                         (apr_uint64_t)read->id);
    return err;
}

static err_t *read_message(store_t *store, read_t *read)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)read->id);
    database_rows_t rows;
    err_t *err =
        database_select(store->reader_database, SQL_READ_MESSAGE, &values, &rows, store->reader_pool);
    if (err)
        return err;
    while (database_next(&rows)) {
        store_message_t *message = arena_allocate(&read->job.arena, sizeof(*message));
        if (!message)
            break;
        message->id = read->id;
        message->kind = (store_kind_t)database_number(&rows, 0);
        message->priority = (int)database_number(&rows, 1);
        message->arrival = database_number(&rows, 2);
        message->expiry = database_number(&rows, 3);
        message->content_length = (uint64_t)database_number(&rows, 4);
        message->mts_id = arena_string(&read->job.arena, database_text(&rows, 5));
        message->source = arena_string(&read->job.arena, database_text(&rows, 6));
        message->envelope = arena_copy(&read->job.arena, database_octets(&rows, 7));
        read->chunk = arena_copy(&read->job.arena, database_octets(&rows, 8));
        read->message = message;
    }
    if (read->message && read->chunk.length == 0 && read->message->content_length > 0)
        err = find_chunk(store, read, 0);
    return err;
}

static err_t *serve(store_t *store, read_t *read)
{
    arena_release(&read->job.arena);
    read->message = NULL;
    read->chunk = BYTES_NONE;
    read->found = false;
    if (!store->reader_database) {
        err_t *err = database_open(&store->reader_database, store->config.driver, store->config.parameters,
                                   false, store->reader_pool);
        if (err)
            return err;
    }
    return read->whole ? read_message(store, read) : read_chunk(store, read);
}

/* Serves a read; a connection that fails is opened anew, once. */
static void serve_job(store_t *store, read_t *read)
{
    err_t *err = serve(store, read);
    if (err && err->code != APR_NOTFOUND) {
        database_close(store->reader_database);
        store->reader_database = NULL;
        err = serve(store, read);
    }
    if (!err && read->job.arena.failed)
        err = err_create(store->reader_pool, APR_ENOMEM, "store", "There was no memory to read a message");
    if (err) {
        read->message = NULL;
        read->chunk = BYTES_NONE;
        store_job_fail(&read->job, err);
    }
    apr_pool_clear(store->reader_pool);
}

void *APR_THREAD_FUNC store_reader_run(apr_thread_t *thread, void *data)
{
    (void)thread;
    store_t *store = data;
    for (;;) {
        apr_thread_mutex_lock(store->mutex);
        while (!store->reads.first && !store->closing)
            apr_thread_cond_wait(store->reader_wakes, store->mutex);
        job_t *job = store->reads.first;
        if (job) {
            store->reads.first = job->next;
            if (!store->reads.first)
                store->reads.last = NULL;
        }
        apr_thread_mutex_unlock(store->mutex);
        if (!job)
            return NULL;
        serve_job(store, (read_t *)job);
        job_list_t done = {0};
        job_list_add(&done, job);
        store_finish(store, &done);
    }
}

static void queue_read(store_t *store, read_t *read)
{
    apr_thread_mutex_lock(store->mutex);
    bool idle = !store->reads.first;
    job_list_add(&store->reads, &read->job);
    if (idle)
        apr_thread_cond_signal(store->reader_wakes);
    apr_thread_mutex_unlock(store->mutex);
}

static read_t *make_read(store_t *store, uint64_t message_id, void *context)
{
    read_t *read = calloc(1, sizeof(*read));
    if (!read)
        abort(); /* as APR does when a pool cannot be made */
    read->job.store = store;
    read->job.complete = complete_read;
    read->job.context = context;
    read->id = message_id;
    return read;
}

void store_read_message(store_t *store, uint64_t message_id, store_message_read_t done, void *context)
{
    read_t *read = make_read(store, message_id, context);
    read->whole = true;
    read->message_done = done;
    queue_read(store, read);
}

void store_read_chunk(store_t *store, uint64_t message_id, unsigned number, store_chunk_read_t done,
                      void *context)
{
    read_t *read = make_read(store, message_id, context);
    read->number = number;
    read->chunk_done = done;
    queue_read(store, read);
}
