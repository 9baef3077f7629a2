#include "store/shared.h"

#include <stdlib.h>

#include <apr_strings.h>

enum { NODES_LIMIT = 256, HEIRS_LIMIT = 4096, PAGE = 1000, NAME_SIZE = 64 };
enum { LEFT = -1 }; /* the sign of life of a node that went in order */

typedef struct seen_t {
    int64_t node;
    int64_t beat;
    mono_time_t since;
} seen_t;

/* Used in the thread that watches, but for what is said otherwise. */
struct shared_t {
    store_t *store;
    apr_pool_t *pool; /* of one look */
    database_t *database;
    apr_thread_t *thread;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *wakes;
    bool ending;
    int64_t node;
    _Atomic int64_t beat; /* the last one tried; the writer's */
    _Atomic mono_time_t valid_until;
    seen_t seen[NODES_LIMIT];
    unsigned seen_count;
    mono_time_t last_look; /* that succeeded; 0 = none since the connection was made */
    int64_t loaded[HEIRS_LIMIT];
    unsigned loaded_count;
};

static mono_time_t now(void)
{
    return timebase_mono(timebase_system());
}

static err_t *run(database_t *database, apr_pool_t *pool, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static err_t *run(database_t *database, apr_pool_t *pool, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *sql = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    return database_run(database, sql, pool);
}

static err_t *one_number(database_t *database, const char *sql, int64_t *number, apr_pool_t *pool)
{
    database_rows_t rows;
    err_t *err = database_query(database, sql, &rows, pool);
    *number = 0;
    while (!err && database_next(&rows))
        *number = database_number(&rows, 0);
    return err;
}

/* The writer's side. */

static err_t *take_number(store_t *store, database_t *database, apr_pool_t *pool)
{
    shared_t *shared = store->shared;
    err_t *err = run(database, pool,
                     "INSERT INTO x400_value (name, value) VALUES ('nodes', 1)"
                     " ON CONFLICT (name) DO UPDATE SET value = x400_value.value + 1");
    if (!err)
        err = one_number(database, "SELECT value FROM x400_value WHERE name = 'nodes'", &shared->node, pool);
    return err ? err
               : run(database, pool,
                     "INSERT INTO x400_node (id, beat, heir) VALUES (%" APR_INT64_T_FMT ", 0, 0)",
                     (apr_int64_t)shared->node);
}

err_t *shared_join(store_t *store, apr_pool_t *pool)
{
    database_t *database = store->writer.database;
    shared_t *shared = apr_pcalloc(store->pool, sizeof(*shared));
    store->shared = shared;
    shared->store = store;
    shared->pool = store_thread_pool();
    if (!shared->pool)
        return err_create(pool, APR_ENOMEM, "store", "There is no memory for the store");
    mono_time_t began = now();
    err_t *err = database_begin(database, pool);
    if (!err) {
        err = take_number(store, database, pool);
        if (!err)
            err = database_run(database, SQL_COMMIT, pool);
        if (err)
            (void)database_run(database, SQL_ROLLBACK, pool);
    }
    store->first_id = ((uint64_t)shared->node << SHARED_NODE_SHIFT) + 1;
    shared_committed(store, began);
    return err;
}

err_t *shared_beat(store_t *store)
{
    shared_t *shared = store->shared;
    database_values_t values = {.count = 0};
    database_value_number(&values, atomic_fetch_add(&shared->beat, 1) + 1);
    database_value_number(&values, shared->node);
    int changed = 0;
    err_t *err = database_execute(store->writer.database, SQL_BEAT, &values, &changed, store->writer.pool);
    if (err || changed == 1)
        return err;
    atomic_store(&store->lost, true);
    return err_create(store->writer.pool, STORE_LOST_CODE, "store",
                      "Another node has taken over what this one had in the store");
}

uint64_t shared_last_beat(const store_t *store)
{
    return (uint64_t)atomic_load(&store->shared->beat);
}

void shared_committed(store_t *store, mono_time_t began)
{
    atomic_store(&store->shared->valid_until, began + store->config.lease / 4 * 3);
}

err_t *shared_was_committed(store_t *store, uint64_t beat, bool *done)
{
    int64_t kept = 0;
    apr_pool_t *pool = store->writer.pool;
    err_t *err = one_number(store->writer.database,
                            apr_psprintf(pool, "SELECT beat FROM x400_node WHERE id = %" APR_INT64_T_FMT,
                                         (apr_int64_t)store->shared->node),
                            &kept, pool);
    *done = !err && (uint64_t)kept >= beat;
    return err;
}

bool shared_valid(const store_t *store)
{
    return now() < atomic_load(&store->shared->valid_until);
}

/* The watcher: what belongs to a dead node. */

typedef struct taken_t {
    job_t job; /* first, so that a job is a page of entries */
    store_entry_t *entries;
    unsigned count;
    bool last;
} taken_t;

static void complete_taken(job_t *job)
{
    taken_t *taken = (taken_t *)job;
    const store_config_t *config = &job->store->config;
    for (unsigned i = 0; i < taken->count && config->taken; i++)
        config->taken(config->notify_context, &taken->entries[i]);
    if (taken->last && config->taken)
        config->taken(config->notify_context, NULL);
    arena_release(&job->arena);
    free(taken);
}

static taken_t *add_page(shared_t *shared, job_list_t *pages)
{
    taken_t *page = calloc(1, sizeof(*page));
    if (!page)
        abort(); /* as APR does when a pool cannot be made */
    page->job.store = shared->store;
    page->job.complete = complete_taken;
    page->entries = arena_allocate(&page->job.arena, PAGE * sizeof(*page->entries));
    job_list_add(pages, &page->job);
    return page;
}

static void drop_pages(job_list_t *pages)
{
    while (pages->first) {
        job_t *job = pages->first;
        pages->first = job->next;
        arena_release(&job->arena);
        free(job);
    }
}

static void keep_entry(void *context, const store_entry_t *entry)
{
    taken_t *page = context;
    if (!page->entries)
        return;
    store_entry_t *copy = &page->entries[page->count++];
    *copy = *entry;
    copy->destination = arena_string(&page->job.arena, entry->destination);
    copy->recipients = arena_copy(&page->job.arena, entry->recipients);
    copy->progress = arena_copy(&page->job.arena, entry->progress);
}

/* All entries with identifiers of a node, in pages. */
static err_t *load_entries(shared_t *shared, int64_t node, job_list_t *pages, uint64_t *count)
{
    int64_t after = node << SHARED_NODE_SHIFT;
    int64_t before = (node + 1) << SHARED_NODE_SHIFT;
    *count = 0;
    for (int found = PAGE; found == PAGE;) {
        taken_t *page = add_page(shared, pages);
        apr_pool_t *pool = NULL;
        apr_pool_create(&pool, shared->pool);
        err_t *err = store_scan_page(shared->database, &after, before, PAGE, &found, keep_entry, page, pool);
        err = err_copy(shared->pool, err);
        apr_pool_destroy(pool);
        if (!err && page->job.arena.failed)
            err = err_create(shared->pool, APR_ENOMEM, "store", "There is no memory for the queue of a node");
        if (err)
            return err;
        *count += page->count;
    }
    return NULL;
}

static void tell_the_end(shared_t *shared)
{
    job_list_t end = {0};
    add_page(shared, &end)->last = true;
    store_finish(shared->store, &end);
}

/* What a node that ended left without a message, and its row once nothing else is left of it. */
static err_t *clear_remains(shared_t *shared, int64_t node, uint64_t entries)
{
    apr_int64_t from = node << SHARED_NODE_SHIFT;
    apr_int64_t to = (node + 1) << SHARED_NODE_SHIFT;
    err_t *err =
        store_sweep_orphans(shared->store, shared->database, (uint64_t)from, (uint64_t)to, shared->pool);
    if (!err)
        err = run(shared->database, shared->pool,
                  "DELETE FROM x400_watch WHERE id > %" APR_INT64_T_FMT " AND id < %" APR_INT64_T_FMT, from,
                  to);
    if (!err && !entries)
        err = run(shared->database, shared->pool, "DELETE FROM x400_node WHERE id = %" APR_INT64_T_FMT,
                  (apr_int64_t)node);
    return err;
}

static bool is_loaded(const shared_t *shared, int64_t node)
{
    for (unsigned i = 0; i < shared->loaded_count; i++)
        if (shared->loaded[i] == node)
            return true;
    return false;
}

/* Takes into memory what this node is the heir of. A node that died may have been the heir of others: what
 * they all left belongs together. */
static err_t *load_inheritance(shared_t *shared)
{
    int64_t nodes[NODES_LIMIT];
    unsigned count = 0;
    bool any = false;
    database_rows_t rows;
    err_t *err =
        database_query(shared->database,
                       apr_psprintf(shared->pool, "SELECT id FROM x400_node WHERE heir = %" APR_INT64_T_FMT,
                                    (apr_int64_t)shared->node),
                       &rows, shared->pool);
    while (!err && database_next(&rows)) {
        int64_t node = database_number(&rows, 0);
        if (count < NODES_LIMIT && !is_loaded(shared, node))
            nodes[count++] = node;
    }
    for (unsigned i = 0; i < count && !err && shared->loaded_count < HEIRS_LIMIT; i++) {
        job_list_t pages = {0};
        uint64_t entries = 0;
        err = load_entries(shared, nodes[i], &pages, &entries);
        if (err) {
            drop_pages(&pages);
            break;
        }
        shared->loaded[shared->loaded_count++] = nodes[i];
        store_finish(shared->store, &pages);
        err = clear_remains(shared, nodes[i], entries);
        any = true;
    }
    if (any)
        tell_the_end(shared);
    return err;
}

/* Becomes the heir of a node, and of those whose heir that was, unless it lives or another was quicker. */
static err_t *inherit(shared_t *shared, const seen_t *dead)
{
    database_t *database = shared->database;
    apr_pool_t *pool = shared->pool;
    apr_int64_t self = shared->node;
    int64_t alive = 0;
    int64_t taken = 0;
    err_t *err = database_begin(database, pool);
    if (!err)
        err = one_number(database,
                         apr_psprintf(pool,
                                      "SELECT id FROM x400_node WHERE id = %" APR_INT64_T_FMT
                                      " AND heir = 0 FOR UPDATE",
                                      self),
                         &alive, pool);
    if (!err && alive)
        err = one_number(database,
                         apr_psprintf(pool,
                                      "UPDATE x400_node SET heir = %" APR_INT64_T_FMT
                                      " WHERE id = %" APR_INT64_T_FMT
                                      " AND heir = 0 AND beat = %" APR_INT64_T_FMT " RETURNING id",
                                      self, (apr_int64_t)dead->node, (apr_int64_t)dead->beat),
                         &taken, pool);
    if (!err && taken)
        err = run(database, pool,
                  "UPDATE x400_node SET heir = %" APR_INT64_T_FMT " WHERE heir = %" APR_INT64_T_FMT, self,
                  (apr_int64_t)dead->node);
    if (!err)
        return database_run(database, SQL_COMMIT, pool);
    (void)database_run(database, SQL_ROLLBACK, pool);
    return err;
}

/* Notes the sign of life of a node; true if it has had the same for the whole lease. */
static bool is_silent(shared_t *shared, int64_t node, int64_t beat, seen_t *seen)
{
    mono_time_t time = now();
    *seen = (seen_t){node, beat, time};
    if (beat == LEFT)
        return true;
    for (unsigned i = 0; i < shared->seen_count; i++) {
        seen_t *known = &shared->seen[i];
        if (known->node != node)
            continue;
        if (known->beat != beat)
            *known = *seen;
        return time - known->since >= shared->store->config.lease;
    }
    if (shared->seen_count < NODES_LIMIT)
        shared->seen[shared->seen_count++] = *seen;
    return false;
}

static err_t *look_at_nodes(shared_t *shared)
{
    seen_t dead[NODES_LIMIT];
    unsigned count = 0;
    database_rows_t rows;
    err_t *err = database_query(
        shared->database,
        apr_psprintf(shared->pool,
                     "SELECT id, beat FROM x400_node WHERE heir = 0 AND id <> %" APR_INT64_T_FMT,
                     (apr_int64_t)shared->node),
        &rows, shared->pool);
    while (!err && database_next(&rows)) {
        seen_t seen;
        if (is_silent(shared, database_number(&rows, 0), database_number(&rows, 1), &seen) &&
            count < NODES_LIMIT)
            dead[count++] = seen;
    }
    for (unsigned i = 0; i < count && !err; i++)
        err = inherit(shared, &dead[i]);
    return err ? err : load_inheritance(shared);
}

/* A node that could not look is no witness: what it saw before counts no more. */
static void look(shared_t *shared)
{
    const store_config_t *config = &shared->store->config;
    mono_time_t time = now();
    if (time - shared->last_look > config->lease / 2)
        shared->seen_count = 0;
    err_t *err = NULL;
    if (!shared->database)
        err = database_open(&shared->database, config->driver, config->parameters, false, shared->pool);
    if (!err)
        err = look_at_nodes(shared);
    if (err) {
        database_close(shared->database);
        shared->database = NULL;
        shared->seen_count = 0;
    } else {
        shared->last_look = now();
    }
    apr_pool_clear(shared->pool);
}

static void *APR_THREAD_FUNC watch(apr_thread_t *thread, void *data)
{
    (void)thread;
    shared_t *shared = data;
    apr_thread_mutex_lock(shared->mutex);
    while (!shared->ending && !atomic_load(&shared->store->lost)) {
        apr_thread_mutex_unlock(shared->mutex);
        look(shared);
        apr_thread_mutex_lock(shared->mutex);
        if (!shared->ending)
            apr_thread_cond_timedwait(shared->wakes, shared->mutex, SHARED_BEAT);
    }
    apr_thread_mutex_unlock(shared->mutex);
    return NULL;
}

err_t *shared_watch(store_t *store, apr_pool_t *pool)
{
    shared_t *shared = store->shared;
    apr_status_t status = apr_thread_mutex_create(&shared->mutex, APR_THREAD_MUTEX_DEFAULT, store->pool);
    if (!status)
        status = apr_thread_cond_create(&shared->wakes, store->pool);
    if (!status)
        status = apr_thread_create(&shared->thread, NULL, watch, shared, store->pool);
    return status ? err_from_status(pool, status, "The thread that watches the nodes cannot be started")
                  : NULL;
}

void shared_leave(store_t *store)
{
    shared_t *shared = store->shared;
    if (!shared)
        return;
    if (shared->thread) {
        apr_thread_mutex_lock(shared->mutex);
        shared->ending = true;
        apr_thread_cond_signal(shared->wakes);
        apr_thread_mutex_unlock(shared->mutex);
        apr_status_t result = APR_SUCCESS;
        apr_thread_join(&result, shared->thread);
    }
    database_close(shared->database);
    if (store->writer.database && shared->node && !atomic_load(&store->lost))
        (void)run(store->writer.database, shared->pool,
                  "UPDATE x400_node SET beat = %d WHERE id = %" APR_INT64_T_FMT " AND heir = 0", LEFT,
                  (apr_int64_t)shared->node);
    if (shared->pool)
        apr_pool_destroy(shared->pool);
}
