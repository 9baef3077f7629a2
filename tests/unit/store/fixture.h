/* A store in a folder of its own, and calls that wait for their completion. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <stdlib.h>

#include <apr_dbd.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdatomic.h>

#include "store/store.h"

/* With X400_PGSQL, the parameters of a PostgreSQL server, the store is there, each fixture in a schema of its
 * own (see tests/scenario/s_pgsql.sh); else in a file. */
typedef struct fixture_t {
    apr_pool_t *pool;
    const char *schema;
    bool taken; /* the end of a dead node's entries has come */
    void (*each)(void *context, const store_entry_t *entry);
    void *each_context;
    const char *folder;
    const char *path;
    store_t *store;
    atomic_int notified;
} fixture_t;

static inline void fixture_notify(void *context)
{
    fixture_t *fixture = context;
    atomic_fetch_add(&fixture->notified, 1);
}

static inline bool fixture_shared(void)
{
    return getenv("X400_PGSQL") != NULL;
}

static inline void fixture_sql(apr_pool_t *pool, const char *format, const char *name)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *handle = NULL;
    int rows = 0;
    apr_dbd_init(pool);
    CU_ASSERT_EQUAL_FATAL(apr_dbd_get_driver(pool, "pgsql", &driver), 0);
    CU_ASSERT_EQUAL_FATAL(apr_dbd_open(driver, pool, getenv("X400_PGSQL"), &handle), 0);
    CU_ASSERT_EQUAL(apr_dbd_query(driver, handle, &rows, apr_pstrcat(pool, format, name, NULL)), 0);
    apr_dbd_close(driver, handle);
}

static inline void fixture_taken(void *context, const store_entry_t *entry)
{
    fixture_t *fixture = context;
    if (!entry)
        fixture->taken = true;
    else if (fixture->each)
        fixture->each(fixture->each_context, entry);
}

static inline store_config_t fixture_config(fixture_t *fixture)
{
    return (store_config_t){
        .driver = fixture_shared() ? "pgsql" : "sqlite3",
        .parameters = fixture_shared() ? apr_pstrcat(fixture->pool, getenv("X400_PGSQL"),
                                                     " options='-c search_path=", fixture->schema, "'", NULL)
                                       : fixture->path,
        .notify = fixture_notify,
        .taken = fixture_taken,
        .notify_context = fixture};
}

static inline err_t *fixture_open(fixture_t *fixture)
{
    store_config_t config = fixture_config(fixture);
    fixture->store = NULL;
    return store_open(&fixture->store, &config, fixture->pool);
}

/* Waits until the store, which is shared, has what the node before left. */
static inline void fixture_await_heir(fixture_t *fixture)
{
    for (int i = 0; i < 300000 && !fixture->taken; i++) {
        store_drain(fixture->store);
        if (!fixture->taken)
            apr_sleep(100);
    }
    CU_ASSERT_TRUE(fixture->taken);
}

/* The entries that are there when the store was opened; in a store that is shared, those of the node before.
 */
static inline void fixture_scan(fixture_t *fixture, void (*each)(void *context, const store_entry_t *entry),
                                void *context)
{
    if (!fixture_shared()) {
        CU_ASSERT_PTR_NULL(store_scan_entries(fixture->store, each, context, fixture->pool));
        return;
    }
    fixture->each = each;
    fixture->each_context = context;
    fixture->taken = false;
    store_close(fixture->store);
    CU_ASSERT_PTR_NULL_FATAL(fixture_open(fixture));
    fixture_await_heir(fixture);
    fixture->each = NULL;
}

/* A new empty folder; the store is not opened yet. */
static inline void fixture_prepare(fixture_t *fixture)
{
    const char *temporary = NULL;
    apr_file_t *file = NULL;
    *fixture = (fixture_t){0};
    apr_pool_create(&fixture->pool, NULL);
    apr_temp_dir_get(&temporary, fixture->pool);
    char *name = apr_psprintf(fixture->pool, "%s/x400-store-XXXXXX", temporary);
    apr_file_mktemp(&file, name, 0, fixture->pool);
    apr_file_close(file);
    apr_file_remove(name, fixture->pool);
    apr_dir_make(name, APR_FPROT_OS_DEFAULT, fixture->pool);
    fixture->folder = name;
    fixture->path = apr_pstrcat(fixture->pool, name, "/queue.db", NULL);
    if (!fixture_shared())
        return;
    fixture->schema = apr_psprintf(fixture->pool, "t%" APR_TIME_T_FMT, apr_time_now());
    fixture_sql(fixture->pool, "CREATE SCHEMA ", fixture->schema);
}

static inline void fixture_begin(fixture_t *fixture)
{
    fixture_prepare(fixture);
    err_t *err = fixture_open(fixture);
    if (err)
        printf("%s\n", err_describe(fixture->pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
}

static inline void fixture_close(fixture_t *fixture)
{
    if (fixture->store)
        store_close(fixture->store);
    fixture->store = NULL;
}

static inline void fixture_reopen(fixture_t *fixture)
{
    fixture_close(fixture);
    fixture->taken = false;
    CU_ASSERT_PTR_NULL_FATAL(fixture_open(fixture));
    if (fixture_shared()) /* or there would be two nodes to inherit from later */
        fixture_await_heir(fixture);
}

/* Closes the store and removes the folder. */
static inline void fixture_end(fixture_t *fixture)
{
    fixture_close(fixture);
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".lock"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        apr_file_remove(apr_pstrcat(fixture->pool, fixture->path, suffixes[i], NULL), fixture->pool);
    apr_dir_remove(fixture->folder, fixture->pool);
    if (fixture_shared())
        fixture_sql(fixture->pool, "DROP SCHEMA ",
                    apr_pstrcat(fixture->pool, fixture->schema, " CASCADE", NULL));
    apr_pool_destroy(fixture->pool);
}

/* What a completion left behind. */
typedef struct fixture_result_t {
    bool done;
    bool found;
    int order; /* counted over all completions */
    char error[512];
    store_message_t message;
    char mts_id[256];
    char source[256];
    char envelope[256];
    uint8_t chunk[STORE_CHUNK_SIZE];
    size_t chunk_length;
} fixture_result_t;

static inline void fixture_keep_error(fixture_result_t *result, const err_t *err)
{
    static int order;
    result->done = true;
    result->order = ++order;
    result->error[0] = 0;
    if (!err)
        return;
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    apr_cpystrn(result->error, err_describe(pool, err), sizeof(result->error));
    apr_pool_destroy(pool);
}

static inline void fixture_committed(void *context, const err_t *err)
{
    fixture_keep_error(context, err);
}

static inline void fixture_chunk_read(void *context, const err_t *err, bytes_t chunk)
{
    fixture_result_t *result = context;
    fixture_keep_error(result, err);
    result->chunk_length = chunk.length;
    if (chunk.length)
        memcpy(result->chunk, chunk.data, chunk.length);
}

static inline void fixture_message_read(void *context, const err_t *err, const store_message_t *message,
                                        bytes_t first_chunk)
{
    fixture_result_t *result = context;
    fixture_chunk_read(context, err, first_chunk);
    result->found = message != NULL;
    if (!message)
        return;
    result->message = *message;
    apr_cpystrn(result->mts_id, message->mts_id, sizeof(result->mts_id));
    apr_cpystrn(result->source, message->source, sizeof(result->source));
    size_t length = message->envelope.length < sizeof(result->envelope) ? message->envelope.length
                                                                        : sizeof(result->envelope);
    memcpy(result->envelope, message->envelope.data, length);
}

/* Drains until the completion of result has run; false after half a minute. */
static inline bool fixture_wait(fixture_t *fixture, const fixture_result_t *result)
{
    for (int i = 0; i < 300000 && !result->done; i++) {
        store_drain(fixture->store);
        if (!result->done)
            apr_sleep(100);
    }
    return result->done;
}

/* Commits and waits; the words of the error, "" if it is durable. */
static inline const char *fixture_commit(fixture_t *fixture, store_txn_t *txn)
{
    fixture_result_t *result = apr_pcalloc(fixture->pool, sizeof(*result));
    store_txn_commit(txn, fixture_committed, result);
    if (!fixture_wait(fixture, result))
        return "the completion did not come";
    return result->error;
}

static inline fixture_result_t *fixture_read(fixture_t *fixture, uint64_t id)
{
    fixture_result_t *result = apr_pcalloc(fixture->pool, sizeof(*result));
    store_read_message(fixture->store, id, fixture_message_read, result);
    fixture_wait(fixture, result);
    return result;
}

static inline fixture_result_t *fixture_read_chunk(fixture_t *fixture, uint64_t id, unsigned number)
{
    fixture_result_t *result = apr_pcalloc(fixture->pool, sizeof(*result));
    store_read_chunk(fixture->store, id, number, fixture_chunk_read, result);
    fixture_wait(fixture, result);
    return result;
}

static inline store_message_t fixture_message(uint64_t id, size_t length)
{
    return (store_message_t){.id = id,
                             .kind = STORE_MESSAGE,
                             .priority = 2,
                             .arrival = 1000,
                             .expiry = 2000,
                             .content_length = length,
                             .mts_id = "[C=WW;A= ;P=test;1]",
                             .source = "PARTNER",
                             .envelope = BYTES_LITERAL("envelope")};
}

static inline store_entry_t fixture_entry(uint64_t id, uint64_t message_id, const char *destination)
{
    return (store_entry_t){.id = id,
                           .message_id = message_id,
                           .destination = destination,
                           .priority = 2,
                           .state = STORE_ENTRY_QUEUED,
                           .attempts = 3,
                           .due = 77,
                           .size = 2048,
                           .arrival = 1000,
                           .expiry = 2000,
                           .recipients = BYTES_LITERAL("\x00\x01\xff")};
}

#endif
