/* What the agent reads at its start: entries, marks, and what a crash left behind. In pages, so that a large
 * queue costs no memory. */
#include <stdlib.h>

#include "store/internal.h"
#include "store/scan_sqlite.h"

enum { SCAN_PAGE = 1000 };

static err_t *open_for_scan(store_t *store, database_t **database, apr_pool_t *pool)
{
    return database_open(database, store->config.driver, store->config.parameters, false, pool);
}

err_t *store_scan_page(database_t *database, int64_t *after, int64_t before, int limit, int *found,
                       void (*each)(void *context, const store_entry_t *entry), void *context,
                       apr_pool_t *pool)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, *after);
    database_value_number(&values, before);
    database_value_number(&values, limit);
    database_rows_t rows;
    err_t *err = database_select(database, SQL_SCAN_ENTRIES, &values, &rows, pool);
    if (err)
        return err;
    for (*found = 0; database_next(&rows); (*found)++) {
        *after = database_number(&rows, 0);
        store_entry_t entry = {
            .id = (uint64_t)*after,
            .message_id = (uint64_t)database_number(&rows, 1),
            .destination = database_text(&rows, 2),
            .kind = SQL_KIND_OF(database_number(&rows, 3)),
            .recipient_count = SQL_COUNT_OF(database_number(&rows, 3)),
            .priority = SQL_PRIORITY_OF(database_number(&rows, 3)),
            .state = (store_entry_state_t)database_number(&rows, 4),
            .attempts = (unsigned)database_number(&rows, 5),
            .due = database_number(&rows, 6),
            .size = (uint64_t)database_number(&rows, 7),
            .arrival = database_number(&rows, 8),
            .expiry = database_number(&rows, 9),
            .recipients = database_octets(&rows, 10),
            .progress = database_octets(&rows, 11),
        };
        each(context, &entry);
    }
    return NULL;
}

err_t *store_scan_entries(store_t *store, void (*each)(void *context, const store_entry_t *entry),
                          void *context, apr_pool_t *pool)
{
    if (store->shared)
        return NULL;
#ifdef X400_SQLITE
    if (strcmp(store->config.driver, "sqlite3") == 0)
        return scan_sqlite_entries(store->config.parameters, each, context, pool);
#endif
    database_t *database = NULL;
    err_t *err = open_for_scan(store, &database, pool);
    if (err)
        return err;
    apr_pool_t *page = NULL;
    apr_pool_create(&page, pool);
    int64_t after = 0;
    int found = SCAN_PAGE;
    while (!err && found == SCAN_PAGE) {
        apr_pool_clear(page);
        err = store_scan_page(database, &after, INT64_MAX, SCAN_PAGE, &found, each, context, page);
    }
    err = err_copy(pool, err);
    apr_pool_destroy(page);
    database_close(database);
    return err;
}

static err_t *scan_watch_page(database_t *database, int64_t *after, int *found,
                              void (*each)(void *context, const store_watch_t *watch), void *context,
                              apr_pool_t *pool)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, *after);
    database_value_number(&values, SCAN_PAGE);
    database_rows_t rows;
    err_t *err = database_select(database, SQL_SCAN_WATCHES, &values, &rows, pool);
    if (err)
        return err;
    for (*found = 0; database_next(&rows); (*found)++) {
        *after = database_number(&rows, 0);
        store_watch_t watch = {.id = (uint64_t)*after,
                               .time = database_number(&rows, 1),
                               .mts_id = database_text(&rows, 2),
                               .destination = database_text(&rows, 3),
                               .recipients = database_octets(&rows, 4)};
        each(context, &watch);
    }
    return NULL;
}

err_t *store_scan_watches(store_t *store, void (*each)(void *context, const store_watch_t *watch),
                          void *context, apr_pool_t *pool)
{
    if (store->shared)
        return NULL;
    database_t *database = NULL;
    err_t *err = open_for_scan(store, &database, pool);
    if (err)
        return err;
    apr_pool_t *page = NULL;
    apr_pool_create(&page, pool);
    int64_t after = 0;
    int found = SCAN_PAGE;
    while (!err && found == SCAN_PAGE) {
        apr_pool_clear(page);
        err = scan_watch_page(database, &after, &found, each, context, page);
    }
    err = err_copy(pool, err);
    apr_pool_destroy(page);
    database_close(database);
    return err;
}

/* The identifier from which `limit` marks follow, 0 if there are fewer. */
static err_t *find_marks_start(database_t *database, size_t limit, int64_t *start, apr_pool_t *pool)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, (int64_t)limit - 1);
    database_rows_t rows;
    err_t *err = database_select(database, SQL_MARKS_START, &values, &rows, pool);
    *start = 0;
    while (!err && database_next(&rows))
        *start = database_number(&rows, 0);
    return err;
}

static err_t *scan_mark_page(database_t *database, int64_t *from, int *found,
                             void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE],
                                          utc_time_t time),
                             void *context, apr_pool_t *pool)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, *from);
    database_value_number(&values, SCAN_PAGE);
    database_rows_t rows;
    err_t *err = database_select(database, SQL_SCAN_MARKS, &values, &rows, pool);
    if (err)
        return err;
    for (*found = 0; database_next(&rows); (*found)++) {
        *from = database_number(&rows, 0) + 1;
        bytes_t digest = database_octets(&rows, 1);
        if (digest.length == STORE_DIGEST_SIZE)
            each(context, digest.data, database_number(&rows, 2));
    }
    return NULL;
}

err_t *store_scan_marks(store_t *store, size_t limit,
                        void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time),
                        void *context, apr_pool_t *pool)
{
    if (limit == 0)
        return NULL;
    database_t *database = NULL;
    err_t *err = open_for_scan(store, &database, pool);
    if (err)
        return err;
    apr_pool_t *page = NULL;
    apr_pool_create(&page, pool);
    int64_t from = 0;
    err = find_marks_start(database, limit, &from, page);
    int found = SCAN_PAGE;
#ifdef X400_SQLITE
    if (!err && strcmp(store->config.driver, "sqlite3") == 0) {
        err = scan_sqlite_marks(store->config.parameters, from, each, context, page);
        found = 0;
    }
#endif
    while (!err && found == SCAN_PAGE) {
        apr_pool_clear(page);
        err = scan_mark_page(database, &from, &found, each, context, page);
    }
    err = err_copy(pool, err);
    apr_pool_destroy(page);
    database_close(database);
    return err;
}

/* The next message after *id that has chunks; 0 if there is none. *known tells whether it is complete. */
static err_t *next_chunked(database_t *database, int64_t *id, bool *known, apr_pool_t *pool)
{
    database_values_t values = {.count = 0};
    database_value_number(&values, *id);
    database_rows_t rows;
    err_t *err = database_select(database, SQL_NEXT_CHUNKED, &values, &rows, pool);
    *id = 0;
    while (!err && database_next(&rows))
        *id = database_number(&rows, 0);
    if (err || *id == 0)
        return err;
    values.count = 0;
    database_value_number(&values, *id);
    err = database_select(database, SQL_HAS_MESSAGE, &values, &rows, pool);
    *known = false;
    while (!err && database_next(&rows))
        *known = true;
    return err;
}

static void sweep_orphan(store_t *store, int64_t id)
{
    sweep_t *sweep = calloc(1, sizeof(*sweep));
    if (!sweep)
        return; /* found again at the next start */
    sweep->id = (uint64_t)id;
    apr_thread_mutex_lock(store->mutex);
    sweep->next = store->orphans;
    store->orphans = sweep;
    apr_thread_cond_signal(store->writer_wakes);
    apr_thread_mutex_unlock(store->mutex);
}

err_t *store_sweep_orphans(store_t *store, database_t *database, uint64_t from, uint64_t to, apr_pool_t *pool)
{
    apr_pool_t *step = NULL;
    apr_pool_create(&step, pool);
    int64_t id = (int64_t)from;
    err_t *err = NULL;
    for (;;) {
        apr_pool_clear(step);
        bool known = false;
        err = next_chunked(database, &id, &known, step);
        if (err || id == 0 || (uint64_t)id >= to)
            break;
        if (!known)
            sweep_orphan(store, id);
    }
    err = err_copy(pool, err);
    apr_pool_destroy(step);
    return err;
}

err_t *store_purge_orphans(store_t *store, apr_pool_t *pool)
{
    if (store->shared)
        return NULL;
    database_t *database = NULL;
    err_t *err = open_for_scan(store, &database, pool);
    if (err)
        return err;
    err = store_sweep_orphans(store, database, 0, store->first_id, pool);
    database_close(database);
    return err;
}
