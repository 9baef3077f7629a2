/* The number of the owner in the store itself, which every commit checks: whoever was replaced can change
 * nothing any more, whatever it still has under way. And what the store was like when it was opened: a file
 * that was put back to an older state, or that is a copy, is used, but the operator is told. */
#include <apr_file_info.h>
#include <apr_strings.h>

#include "store/shared.h"

static err_t *read_value(store_t *store, const char *name, uint64_t *value)
{
    writer_t *writer = &store->writer;
    database_values_t values = {.count = 0};
    database_value_text(&values, name);
    database_rows_t rows;
    err_t *err = database_select(writer->database, SQL_READ_VALUE, &values, &rows, writer->pool);
    *value = 0;
    while (!err && database_next(&rows))
        *value = (uint64_t)database_number(&rows, 0);
    return err;
}

static err_t *write_value(store_t *store, const char *name, uint64_t value)
{
    apr_pool_t *pool = store->writer.pool;
    return database_run(store->writer.database,
                        apr_psprintf(pool,
                                     "INSERT INTO x400_value (name, value) VALUES ('%s', %" APR_UINT64_T_FMT
                                     ") ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                     name, (apr_uint64_t)value),
                        pool);
}

static uint64_t file_number(const store_t *store)
{
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, store->config.parameters, APR_FINFO_INODE, store->writer.pool);
    return status == APR_SUCCESS && info.valid & APR_FINFO_INODE ? (uint64_t)info.inode & INT64_MAX : 0;
}

static err_t *step(store_t *store, uint64_t *former, uint64_t *file)
{
    err_t *err = read_value(store, SQL_VALUE_EPOCH, former);
    if (!err)
        err = read_value(store, SQL_VALUE_FILE, file);
    store->epoch = *former + 1;
    if (!err)
        err = write_value(store, SQL_VALUE_EPOCH, store->epoch);
    if (!err)
        err = write_value(store, SQL_VALUE_FILE, file_number(store));
    return err ? err : database_run(store->writer.database, SQL_COMMIT, store->writer.pool);
}

err_t *store_begin_epoch(store_t *store, apr_pool_t *pool)
{
    lease_numbers_t kept;
    lease_numbers(store->lease, &kept);
    uint64_t former = 0;
    uint64_t file = 0;
    err_t *err = database_begin(store->writer.database, store->writer.pool);
    if (err &&
        !lease_has_lock(store->lease)) /* the former owner hangs in a commit, which holds the database */
        err = err_wrap(store->writer.pool, err, APR_EAGAIN, "store",
                       "The store %s is in the middle of a commit of a process that hangs",
                       store->config.parameters);
    if (!err) {
        err = lease_take(store->lease, store->writer.pool);
        if (!err)
            err = step(store, &former, &file);
        if (err)
            (void)database_run(store->writer.database, SQL_ROLLBACK, store->writer.pool);
    }
    if (err) {
        err = err_copy(pool, err);
        apr_pool_clear(store->writer.pool);
        return err;
    }
    if (kept.epoch > former) {
        store->remark = STORE_PUT_BACK;
        store->epoch = store->epoch > kept.epoch ? store->epoch : kept.epoch + 1;
        err = write_value(store, SQL_VALUE_EPOCH, store->epoch);
        if (kept.ids > store->first_id)
            store->first_id = kept.ids;
    } else if (file && file != file_number(store)) {
        store->remark = STORE_COPIED;
    }
    if (!err) {
        kept.epoch = store->epoch;
        err = lease_set_numbers(store->lease, &kept, pool);
    }
    err = err_copy(pool, err);
    apr_pool_clear(store->writer.pool);
    return err;
}

err_t *store_check_epoch(store_t *store)
{
    uint64_t epoch = 0;
    if (atomic_load(&store->lost))
        return err_create(store->writer.pool, STORE_LOST_CODE, "store", "Another process owns the store now");
    err_t *err = read_value(store, SQL_VALUE_EPOCH, &epoch);
    if (err || epoch == store->epoch)
        return err;
    if (store->lease)
        lease_look(store->lease); /* whose it is, before it is told */
    atomic_store(&store->lost, true);
    return err_create(store->writer.pool, STORE_LOST_CODE, "store", "Another process owns the store now");
}

bool store_owns(store_t *store)
{
    if (atomic_load(&store->lost))
        return false;
    return store->shared ? shared_valid(store) : !store->lease || lease_valid(store->lease);
}

bool store_lost(store_t *store, const char **by)
{
    if (by)
        *by = store->shared ? "another node" : "another process";
    if (store->lease && lease_lost(store->lease, by))
        return true;
    return atomic_load(&store->lost);
}

store_remark_t store_remark(const store_t *store)
{
    return store->remark;
}
