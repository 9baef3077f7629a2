/* The same scans by SQLite's own interface. apr_dbd hands every column over as text, which for a million
 * entries takes seconds; here a number stays a number. A build without SQLite's header, and another database,
 * scan by apr_dbd. */
#include "store/scan_sqlite.h"

#ifdef X400_SQLITE

#include <sqlite3.h>

#include <apr_strings.h>

static const char ENTRIES[] =
    "SELECT id, message, destination, priority, state, attempts, due, size, arrival, expiry, recipients,"
    " progress"
    " FROM x400_entry ORDER BY id";
static const char MARKS[] = "SELECT digest, time FROM x400_mark WHERE id >= ? ORDER BY id";
static const char NAMES[] = "SELECT id, name FROM x400_name";

enum { BUSY_MILLISECONDS = 10000 };

static err_t *failed(sqlite3 *handle, int code, apr_pool_t *pool)
{
    return err_create(pool, code, "store", "The queue cannot be read: %s",
                      handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

/* A connection that one thread uses, so it needs no locks of its own. */
static err_t *open_handle(sqlite3 **handle, const char *path, apr_pool_t *pool)
{
    int code = sqlite3_open_v2(path, handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(*handle, BUSY_MILLISECONDS);
    if (code == SQLITE_OK)
        return NULL;
    err_t *err = failed(*handle, code, pool);
    sqlite3_close(*handle);
    *handle = NULL;
    return err;
}

/* Runs a statement (with a number, if it takes one) to its end, row by row. */
static err_t *each_row(sqlite3 *handle, const char *sql, int64_t number,
                       void (*row)(void *context, sqlite3_stmt *statement), void *context, apr_pool_t *pool)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && sqlite3_bind_parameter_count(statement))
        code = sqlite3_bind_int64(statement, 1, number);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            row(context, statement);
    }
    err_t *err = code == SQLITE_DONE ? NULL : failed(handle, code, pool);
    sqlite3_finalize(statement);
    return err;
}

static bytes_t octets_of(sqlite3_stmt *statement, int column)
{
    const void *octets = sqlite3_column_blob(statement, column);
    return bytes_make(octets, octets ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

typedef struct entries_t {
    apr_pool_t *pool;
    apr_hash_t *names; /* identifier -> text */
    void (*each)(void *context, const store_entry_t *entry);
    void *context;
} entries_t;

static void take_name(void *context, sqlite3_stmt *statement)
{
    entries_t *entries = context;
    int64_t *id = apr_palloc(entries->pool, sizeof(*id));
    *id = sqlite3_column_int64(statement, 0);
    const char *name = (const char *)sqlite3_column_text(statement, 1);
    apr_hash_set(entries->names, id, sizeof(*id), apr_pstrdup(entries->pool, name ? name : ""));
}

static void take_entry(void *context, sqlite3_stmt *statement)
{
    entries_t *entries = context;
    int64_t destination = sqlite3_column_int64(statement, 2);
    const char *name = apr_hash_get(entries->names, &destination, sizeof(destination));
    store_entry_t entry = {
        .id = (uint64_t)sqlite3_column_int64(statement, 0),
        .message_id = (uint64_t)sqlite3_column_int64(statement, 1),
        .destination = name ? name : "",
        .kind = SQL_KIND_OF(sqlite3_column_int(statement, 3)),
        .recipient_count = SQL_COUNT_OF(sqlite3_column_int(statement, 3)),
        .priority = SQL_PRIORITY_OF(sqlite3_column_int(statement, 3)),
        .state = (store_entry_state_t)sqlite3_column_int(statement, 4),
        .attempts = (unsigned)sqlite3_column_int(statement, 5),
        .due = sqlite3_column_int64(statement, 6),
        .size = (uint64_t)sqlite3_column_int64(statement, 7),
        .arrival = sqlite3_column_int64(statement, 8),
        .expiry = sqlite3_column_int64(statement, 9),
        .recipients = octets_of(statement, 10),
        .progress = octets_of(statement, 11),
    };
    entries->each(entries->context, &entry);
}

err_t *scan_sqlite_entries(const char *path, void (*each)(void *context, const store_entry_t *entry),
                           void *context, apr_pool_t *pool)
{
    sqlite3 *handle = NULL;
    err_t *err = open_handle(&handle, path, pool);
    if (err)
        return err;
    entries_t entries = {.each = each, .context = context};
    apr_pool_create(&entries.pool, pool);
    entries.names = apr_hash_make(entries.pool);
    err = each_row(handle, NAMES, 0, take_name, &entries, pool);
    if (!err)
        err = each_row(handle, ENTRIES, 0, take_entry, &entries, pool);
    sqlite3_close(handle);
    apr_pool_destroy(entries.pool);
    return err;
}

typedef struct marks_t {
    void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time);
    void *context;
} marks_t;

static void take_mark(void *context, sqlite3_stmt *statement)
{
    const marks_t *marks = context;
    bytes_t digest = octets_of(statement, 0);
    if (digest.length == STORE_DIGEST_SIZE)
        marks->each(marks->context, digest.data, sqlite3_column_int64(statement, 1));
}

err_t *scan_sqlite_marks(const char *path, int64_t from,
                         void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE],
                                      utc_time_t time),
                         void *context, apr_pool_t *pool)
{
    sqlite3 *handle = NULL;
    err_t *err = open_handle(&handle, path, pool);
    if (err)
        return err;
    marks_t marks = {each, context};
    err = each_row(handle, MARKS, from, take_mark, &marks, pool);
    sqlite3_close(handle);
    return err;
}

#endif
