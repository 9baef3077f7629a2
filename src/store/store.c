/* Opens and closes the store, gives out identifiers, and hands completions to their owner. */
#include "store/store.h"

#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "store/shared.h"
#include "store/sqlite.h"

enum { KEPT_MEMORY = 1024 * 1024 };

apr_pool_t *store_thread_pool(void)
{
    apr_allocator_t *allocator = NULL;
    apr_pool_t *pool = NULL;
    if (apr_allocator_create(&allocator))
        return NULL;
    apr_allocator_max_free_set(allocator, KEPT_MEMORY);
    if (apr_pool_create_ex(&pool, NULL, NULL, allocator)) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

void store_job_fail(job_t *job, const err_t *err)
{
    if (job->error_pool || apr_pool_create(&job->error_pool, NULL))
        return;
    job->err = err_copy(job->error_pool, err);
}

void store_finish(store_t *store, job_list_t *jobs)
{
    apr_thread_mutex_lock(store->mutex);
    job_list_append(&store->completions, jobs);
    bool notify = store->completions.first && !store->notified; /* jobs may be none: all are in doubt */
    store->notified = store->notified || notify;
    apr_thread_mutex_unlock(store->mutex);
    if (notify && store->config.notify)
        store->config.notify(store->config.notify_context);
}

bool store_writer_is_due(store_t *store)
{
    if (store->draining > 0 || !store->writes.first)
        return false;
    bool enough = store->writes_wanted > 0 && store->writes_count >= store->writes_wanted;
    if (!store->writer_waits && !enough)
        return false;
    store->writer_waits = false;
    store->writes_wanted = 0;
    return true;
}

void store_drain(store_t *store)
{
    apr_thread_mutex_lock(store->mutex);
    job_list_t done = store->completions;
    store->completions = (job_list_t){0};
    store->notified = false;
    store->draining++;
    apr_thread_mutex_unlock(store->mutex);
    while (done.first) {
        job_t *job = done.first;
        done.first = job->next;
        job->complete(job);
    }
    apr_thread_mutex_lock(store->mutex);
    store->draining--;
    bool wake = store_writer_is_due(store);
    apr_thread_mutex_unlock(store->mutex);
    if (wake)
        apr_thread_cond_signal(store->writer_wakes);
}

uint64_t store_new_id(store_t *store)
{
    return atomic_fetch_add(&store->next_id, 1);
}

bool store_busy(const store_t *store)
{
    return atomic_load(&store->octets_waiting) > store->config.backlog_limit;
}

void store_figures(const store_t *store, store_figures_t *figures)
{
    figures->commits = atomic_load(&store->commits);
    figures->transactions = atomic_load(&store->transactions);
    figures->failures = atomic_load(&store->failures);
    figures->octets_waiting = atomic_load(&store->octets_waiting);
}

/* Finds where identifiers go on: above all that are in use and all that a former run may have given out. */
static err_t *find_ids(store_t *store, apr_pool_t *pool)
{
    database_values_t none = {.count = 0};
    database_rows_t rows;
    err_t *err = database_select(store->writer.database, SQL_LAST_IDS, &none, &rows, pool);
    if (err)
        return err;
    uint64_t last = 0;
    while (database_next(&rows))
        for (int column = 0; column < 6; column++) {
            uint64_t id = (uint64_t)database_number(&rows, column);
            last = id > last ? id : last;
        }
    store->first_id = last + 1;
    return err;
}

static err_t *open_databases(store_t *store, apr_pool_t *pool)
{
    const store_config_t *config = &store->config;
    const sql_dialect_t *dialect = sql_dialect_find(config->driver);
    if (dialect && dialect->file)
        sqlite_set_up();
    err_t *err = dialect && dialect->file
                     ? lease_try(&store->lease, config->parameters, config->lease, config->claim, store->pool)
                     : NULL;
    if (err)
        return err_copy(pool, err);
    err = database_open(&store->writer.database, config->driver, config->parameters, true, pool);
    store->writer.shared = dialect && dialect->shared;
    if (!err)
        err = store->writer.shared ? shared_join(store, pool) : find_ids(store, pool);
    if (!err && store->lease)
        err = store_begin_epoch(store, pool);
    atomic_init(&store->next_id, store->first_id);
    store->writer.run_from = store->first_id;
    if (!err && store->lease)
        err = lease_keep(store->lease, config->notify, config->notify_context, pool);
    if (!err)
        err = database_open(&store->reader_database, config->driver, config->parameters, false, pool);
    return err;
}

static err_t *start_threads(store_t *store, apr_pool_t *pool)
{
    apr_status_t status = apr_thread_mutex_create(&store->mutex, APR_THREAD_MUTEX_DEFAULT, store->pool);
    if (!status)
        status = apr_thread_cond_create(&store->writer_wakes, store->pool);
    if (!status)
        status = apr_thread_cond_create(&store->reader_wakes, store->pool);
    if (!status)
        status = apr_thread_create(&store->writer_thread, NULL, store_writer_run, store, store->pool);
    if (!status)
        status = apr_thread_create(&store->reader_thread, NULL, store_reader_run, store, store->pool);
    return status ? err_from_status(pool, status, "The threads of the store cannot be started") : NULL;
}

static void end_threads(store_t *store)
{
    if (!store->mutex)
        return;
    apr_thread_mutex_lock(store->mutex);
    store->closing = true;
    if (store->writer_wakes)
        apr_thread_cond_signal(store->writer_wakes);
    if (store->reader_wakes)
        apr_thread_cond_signal(store->reader_wakes);
    apr_thread_mutex_unlock(store->mutex);
    apr_status_t result = APR_SUCCESS;
    if (store->writer_thread)
        apr_thread_join(&result, store->writer_thread);
    if (store->reader_thread)
        apr_thread_join(&result, store->reader_thread);
}

static bool is_shared(const char *driver)
{
    const sql_dialect_t *dialect = sql_dialect_find(driver);
    return dialect && dialect->shared;
}

err_t *store_open(store_t **out, const store_config_t *config, apr_pool_t *pool)
{
    apr_pool_t *own = store_thread_pool();
    if (!own)
        return err_create(pool, APR_ENOMEM, "store", "There is no memory for the store");
    store_t *store = apr_pcalloc(own, sizeof(*store));
    store->pool = own;
    store->config = *config;
    store->config.driver = apr_pstrdup(own, config->driver);
    store->config.parameters = apr_pstrdup(own, config->parameters);
    if (store->config.backlog_limit == 0)
        store->config.backlog_limit = STORE_DEFAULT_BACKLOG;
    if (store->config.lease < STORE_SHORTEST_LEASE && is_shared(config->driver))
        store->config.lease = STORE_SHORTEST_LEASE;
    store->writer.pool = store_thread_pool();
    store->reader_pool = store_thread_pool();
    err_t *err = NULL;
    store->writer.names_pool = store_thread_pool();
    if (store->writer.pool && store->reader_pool && store->writer.names_pool) {
        err = open_databases(store, pool);
    } else {
        err = err_create(pool, APR_ENOMEM, "store", "There is no memory for the store");
    }
    if (!err) {
        store_apply_forget(&store->writer);
        err = start_threads(store, pool);
    }
    if (!err && store->shared)
        err = shared_watch(store, pool);
    if (err) {
        store_close(store);
        return err;
    }
    *out = store;
    return NULL;
}

/* What completions queued after the threads had ended: nobody is there to do it. */
static void fail_rest(job_list_t *list)
{
    const err_t closed = {.code = APR_EOF, .layer = "store", .text = "The store is closed"};
    while (list->first) {
        job_t *job = list->first;
        list->first = job->next;
        if (!list->first)
            list->last = NULL;
        store_job_fail(job, &closed);
        job->complete(job);
    }
}

void store_close(store_t *store)
{
    end_threads(store);
    shared_leave(store);
    while (store->completions.first)
        store_drain(store);
    while (store->writes.first || store->reads.first) {
        fail_rest(&store->writes);
        fail_rest(&store->reads);
    }
    database_close(store->reader_database);
    database_close(store->writer.database);
    if (store->writer.pool)
        apr_pool_destroy(store->writer.pool);
    if (store->writer.names_pool)
        apr_pool_destroy(store->writer.names_pool);
    if (store->reader_pool)
        apr_pool_destroy(store->reader_pool);
    lease_release(store->lease);
    apr_pool_destroy(store->pool);
}
