/* The writer thread: takes all transactions that wait as one group, commits it, and hands the completions
 * out. A transaction that fails does not take the others with it: the group is rolled back and each runs
 * alone. */
#include <stdlib.h>

#include "store/shared.h"

/* Microseconds. */
enum {
    RETRY_SWEEP_AFTER = 1000000, /* after a sweep that failed */
    GATHER_FROM = 1000,          /* commits that take less are not worth it */
    GATHER_MOST = 10000
};
enum { GATHER_PART = 4 }; /* of the time that the last commit took */

/* Begins a database transaction; a connection that cannot is opened anew, once. */
static err_t *connect_and_begin(store_t *store)
{
    writer_t *writer = &store->writer;
    if (writer->database) {
        err_t *err = database_begin(writer->database, writer->pool);
        if (!err)
            return NULL;
        database_close(writer->database);
        writer->database = NULL;
    }
    store_apply_forget(writer);
    err_t *err =
        database_open(&writer->database, store->config.driver, store->config.parameters, false, writer->pool);
    if (err)
        return err;
    return database_begin(writer->database, writer->pool);
}

static void count_result(store_t *store, job_t *job, const err_t *err)
{
    if (err) {
        err_t *wrapped = err_wrap(store->writer.pool, err, err->code, "store", "The store cannot commit");
        store_job_fail(job, wrapped);
        atomic_fetch_add(&store->failures, 1);
    } else {
        atomic_fetch_add(&store->transactions, 1);
    }
}

static void hand_out(store_t *store, job_list_t *group)
{
    uint64_t octets = 0;
    for (job_t *job = group->first; job; job = job->next)
        octets += job->arena.octets;
    atomic_fetch_sub(&store->octets_waiting, octets);
    store_finish(store, group);
}

static void finish_doubtful(store_t *store, const err_t *err)
{
    for (job_t *job = store->writer.doubtful.first; job; job = job->next)
        count_result(store, job, err);
    hand_out(store, &store->writer.doubtful);
}

/* The connection broke during a commit: with a new one, in a transaction, it can be known what became of it.
 */
static err_t *settle_doubt(store_t *store)
{
    bool done = false;
    err_t *err = shared_was_committed(store, store->writer.doubtful_beat, &done);
    if (err)
        return err;
    finish_doubtful(store, done ? NULL
                                : err_create(store->writer.pool, APR_ECONNABORTED, "store",
                                             "The connection with the database broke during the commit"));
    return NULL;
}

static err_t *begin(store_t *store)
{
    err_t *err = connect_and_begin(store);
    return err || !store->writer.doubtful.first ? err : settle_doubt(store);
}

/* What a store that is shared wants at the start of each transaction, and what one in a file does. */
static err_t *check_owner(store_t *store)
{
    if (store->shared)
        return shared_beat(store);
    return store->lease ? store_check_epoch(store) : NULL;
}

static void roll_back(writer_t *writer)
{
    if (writer->database)
        (void)database_run(writer->database, SQL_ROLLBACK, writer->pool);
    store_apply_forget(writer);
}

/* Before the identifiers given out reach what the database knows as used, it is told of more: they are never
 * given out again, even if all their rows are deleted. *reserved is what it knows after the commit. */
static err_t *reserve_ids(store_t *store, uint64_t *reserved)
{
    writer_t *writer = &store->writer;
    uint64_t next = atomic_load(&store->next_id);
    *reserved = writer->reserved;
    if (next + STORE_IDS_RESERVED / 2 <= writer->reserved)
        return NULL;
    *reserved = next + STORE_IDS_RESERVED;
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)*reserved);
    database_value_text(&values, SQL_VALUE_IDS);
    return database_execute(writer->database, SQL_SET_VALUE, &values, NULL, writer->pool);
}

/* Commits the jobs from first up to, not including, end. *alone is set if a step failed, which is no reason
 * for the others to fail; *doubtful if nobody knows whether the commit was done. */
static err_t *commit_jobs(store_t *store, const job_t *first, const job_t *end, bool *alone, bool *doubtful)
{
    *doubtful = false;
    writer_t *writer = &store->writer;
    *alone = false;
    mono_time_t began = timebase_mono(timebase_system());
    err_t *err = begin(store);
    if (err)
        return err;
    err = check_owner(store);
    uint64_t next_id = atomic_load(&store->next_id);
    for (const job_t *job = first; job != end && !err; job = job->next) {
        err = store_apply(writer, (const store_txn_t *)job, next_id);
        *alone = err != NULL;
    }
    uint64_t reserved = 0;
    if (!err && !store->shared)
        err = reserve_ids(store, &reserved);
    if (!err) {
        err = database_run(writer->database, SQL_COMMIT, writer->pool);
        *doubtful = err && store->shared;
    }
    if (err) {
        roll_back(writer);
        return err;
    }
    if (store->shared)
        shared_committed(store, began);
    if (store->lease && reserved != writer->reserved)
        (void)lease_set_numbers(store->lease, &(lease_numbers_t){store->epoch, reserved}, writer->pool);
    writer->reserved = reserved;
    store_apply_accept(writer);
    atomic_fetch_add(&store->commits, 1);
    return NULL;
}

static void run_group(store_t *store, job_list_t *group)
{
    writer_t *writer = &store->writer;
    bool alone = false;
    bool doubtful = false;
    mono_time_t began = timebase_mono(timebase_system());
    err_t *err = commit_jobs(store, group->first, NULL, &alone, &doubtful);
    writer->took = timebase_mono(timebase_system()) - began;
    if (doubtful && !writer->doubtful.first) {
        writer->doubtful = *group;
        writer->doubtful_beat = shared_last_beat(store);
        *group = (job_list_t){0};
    }
    bool several = group->first != group->last;
    for (job_t *job = group->first; job; job = job->next) {
        if (alone && several)
            err = commit_jobs(store, job, job->next, &(bool){false}, &doubtful);
        if (alone && !writer->database) /* the connection is gone: no other will do better */
            alone = false;
        count_result(store, job, err);
    }
    hand_out(store, group);
    apr_pool_clear(store->writer.pool);
}

/* A sign of life of a node that has nothing to commit. */
static void run_beat(store_t *store)
{
    writer_t *writer = &store->writer;
    mono_time_t began = timebase_mono(timebase_system());
    err_t *err = begin(store);
    if (!err) {
        err = shared_beat(store);
        if (!err)
            err = database_run(writer->database, SQL_COMMIT, writer->pool);
        if (err)
            roll_back(writer);
        else
            shared_committed(store, began);
    }
    apr_pool_clear(writer->pool);
}

/* Deletes the next part of what is to be swept in a transaction of its own; false if that failed. */
static bool run_sweep(store_t *store)
{
    writer_t *writer = &store->writer;
    bool finished = false;
    err_t *err = begin(store);
    if (!err) {
        err = check_owner(store);
        if (!err)
            err = store_sweep_step(writer, &finished);
        if (!err)
            err = database_run(writer->database, SQL_COMMIT, writer->pool);
        if (err)
            roll_back(writer);
    }
    apr_pool_clear(writer->pool);
    if (err)
        return false;
    if (finished)
        store_sweep_drop(&writer->sweeps);
    else
        writer->sweeps->number += STORE_SWEEP_CHUNKS;
    return true;
}

/* Moves the transactions that wait into group, as many as one commit takes. The mutex is held. */
static void take_group(store_t *store, job_list_t *group)
{
    size_t count = 0;
    size_t octets = 0;
    store->writes_wanted = 0;
    while (store->writes.first && count < STORE_GROUP_TRANSACTIONS && octets < STORE_GROUP_OCTETS) {
        job_t *job = store->writes.first;
        store->writes.first = job->next;
        if (!store->writes.first)
            store->writes.last = NULL;
        octets += job->arena.octets;
        count++;
        job_list_add(group, job);
    }
    store->writes_count -= count;
    store->writer.group = count;
}

/* The transactions of the last group were answered, and those who sent them will soon send the next, which
 * would just miss this commit and wait for two. On a slow disk it pays to wait for them, for a part of what a
 * commit takes: as many as were answered, and those that had come meanwhile. */
static void gather(store_t *store, size_t expected)
{
    writer_t *writer = &store->writer;
    if (writer->took < GATHER_FROM || store->writes_count >= expected)
        return;
    int64_t longest = writer->took / GATHER_PART;
    store->writes_wanted = expected;
    apr_thread_cond_timedwait(store->writer_wakes, store->mutex,
                              longest < GATHER_MOST ? longest : GATHER_MOST);
    store->writes_wanted = 0;
}

/* Waits for something to do; false at the end. sweeping tells whether sweeps may be done now. */
static bool wait_for_work(store_t *store, job_list_t *group, bool sweeping)
{
    apr_thread_mutex_lock(store->mutex);
    size_t expected = store->writer.group + store->writes_count;
    while (!store->writes.first && !store->closing && !store->orphans) {
        if (store->writer.sweeps && sweeping)
            break;
        store->writer_waits = true;
        if (store->shared) {
            apr_thread_cond_timedwait(store->writer_wakes, store->mutex, SHARED_BEAT);
            break;
        }
        if (!store->writer.sweeps) {
            apr_thread_cond_wait(store->writer_wakes, store->mutex);
        } else {
            apr_thread_cond_timedwait(store->writer_wakes, store->mutex, RETRY_SWEEP_AFTER);
            break;
        }
    }
    store->writer_waits = false;
    while (store->orphans) {
        sweep_t *orphan = store->orphans;
        store->orphans = orphan->next;
        orphan->next = store->writer.sweeps;
        store->writer.sweeps = orphan;
    }
    if (store->writes.first && !store->closing)
        gather(store, expected < STORE_GROUP_TRANSACTIONS ? expected : STORE_GROUP_TRANSACTIONS);
    take_group(store, group);
    bool more = group->first || !store->closing;
    apr_thread_mutex_unlock(store->mutex);
    return more;
}

void *APR_THREAD_FUNC store_writer_run(apr_thread_t *thread, void *data)
{
    (void)thread;
    store_t *store = data;
    bool sweeping = true;
    bool told = false; /* the owner, that the store is lost */
    job_list_t group = {0};
    while (wait_for_work(store, &group, sweeping)) {
        if (group.first)
            run_group(store, &group);
        else if (store->shared && !atomic_load(&store->lost))
            run_beat(store);
        group = (job_list_t){0};
        if (store->writer.sweeps)
            sweeping = run_sweep(store);
        if (!told && atomic_load(&store->lost)) {
            told = true;
            if (store->config.notify)
                store->config.notify(store->config.notify_context);
        }
    }
    if (store->writer.doubtful.first)
        run_beat(store);
    if (store->writer.doubtful.first)
        finish_doubtful(store, err_create(store->writer.pool, APR_ECONNABORTED, "store",
                                          "The connection with the database broke during the commit"));
    for (int i = 0; i < STORE_SWEEPS_AT_CLOSE && store->writer.sweeps && run_sweep(store); i++)
        ;
    while (store->writer.sweeps)
        store_sweep_drop(&store->writer.sweeps);
    return NULL;
}
