/* What one very large message costs the store: it is put chunk by chunk, each made durable before the next as
 * with checkpoints, read back chunk by chunk, and deleted while small transactions go on. Prints one line of
 * JSON: rates, the slowest small transaction during the deletion, and (where /proc has it) the peak of
 * resident memory. Usage: store_large [FOLDER [MEBIBYTES]] */
#include <stdio.h>
#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "store/store.h"

enum { DEFAULT_MEBIBYTES = 1024, CHUNKS_PER_MEBIBYTE = 1024 * 1024 / STORE_CHUNK_SIZE, POLL = 20 };

typedef struct bench_t {
    store_t *store;
    apr_pool_t *pool;
    const char *path;
    unsigned chunks;
    bool done;
    unsigned failed;
    uint8_t octets[STORE_CHUNK_SIZE];
} bench_t;

static void committed(void *context, const err_t *err)
{
    bench_t *bench = context;
    bench->failed += err != NULL;
    bench->done = true;
}

static void chunk_read(void *context, const err_t *err, bytes_t chunk)
{
    bench_t *bench = context;
    bench->failed += err != NULL || chunk.length != STORE_CHUNK_SIZE;
    bench->done = true;
}

static void wait_done(bench_t *bench)
{
    while (!bench->done) {
        store_drain(bench->store);
        if (!bench->done)
            apr_sleep(POLL);
    }
    bench->done = false;
}

static void commit(bench_t *bench, store_txn_t *txn)
{
    store_txn_commit(txn, committed, bench);
    wait_done(bench);
}

static double seconds_since(apr_time_t begin)
{
    return (double)(apr_time_now() - begin) / (double)APR_USEC_PER_SEC;
}

static double put_all(bench_t *bench, uint64_t id)
{
    apr_time_t begin = apr_time_now();
    for (unsigned i = 0; i < bench->chunks; i++) {
        store_txn_t *txn = store_txn_begin(bench->store);
        store_txn_put_chunk(txn, id, i, bytes_make(bench->octets, sizeof(bench->octets)));
        commit(bench, txn);
    }
    store_message_t message = {.id = id, .content_length = (uint64_t)bench->chunks * STORE_CHUNK_SIZE};
    store_txn_t *txn = store_txn_begin(bench->store);
    store_txn_put_message(txn, &message);
    commit(bench, txn);
    return seconds_since(begin);
}

static double read_all(bench_t *bench, uint64_t id)
{
    apr_time_t begin = apr_time_now();
    for (unsigned i = 0; i < bench->chunks; i++) {
        store_read_chunk(bench->store, id, i, chunk_read, bench);
        wait_done(bench);
    }
    return seconds_since(begin);
}

static bool last_chunk_is_gone(bench_t *bench, uint64_t id)
{
    unsigned failed = bench->failed;
    store_read_chunk(bench->store, id, bench->chunks - 1, chunk_read, bench);
    wait_done(bench);
    bool gone = bench->failed > failed;
    bench->failed = failed;
    return gone;
}

/* Deletes the message; meanwhile small transactions go on. Returns the time until the last chunk is gone. */
static double delete_all(bench_t *bench, uint64_t id, double *slowest)
{
    apr_time_t begin = apr_time_now();
    store_txn_t *txn = store_txn_begin(bench->store);
    store_txn_delete_message(txn, id);
    commit(bench, txn);
    *slowest = seconds_since(begin);
    for (unsigned i = 0; !last_chunk_is_gone(bench, id); i++) {
        apr_time_t start = apr_time_now();
        uint8_t digest[STORE_DIGEST_SIZE] = {0};
        txn = store_txn_begin(bench->store);
        store_txn_put_mark(txn, digest, i);
        commit(bench, txn);
        double taken = seconds_since(start);
        *slowest = taken > *slowest ? taken : *slowest;
    }
    return seconds_since(begin);
}

/* Kibibytes, 0 if this system does not tell. */
static long peak_memory(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long peak = 0;
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (file)
        fclose(file);
    return peak;
}

static void remove_files(const bench_t *bench)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        apr_file_remove(apr_pstrcat(bench->pool, bench->path, suffixes[i], NULL), bench->pool);
}

int main(int argc, char **argv)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    bench_t *bench = apr_pcalloc(pool, sizeof(*bench));
    bench->pool = pool;
    bench->path = apr_pstrcat(pool, argc > 1 ? argv[1] : ".", "/store_large.db", NULL);
    unsigned long mebibytes = argc > 2 ? strtoul(argv[2], NULL, 10) : DEFAULT_MEBIBYTES;
    if (mebibytes == 0 || mebibytes > 1024UL * 1024)
        mebibytes = DEFAULT_MEBIBYTES;
    bench->chunks = (unsigned)mebibytes * CHUNKS_PER_MEBIBYTE;
    remove_files(bench);
    store_config_t config = {.driver = "sqlite3", .parameters = bench->path};
    err_t *err = store_open(&bench->store, &config, pool);
    if (err) {
        fprintf(stderr, "%s\n", err_describe(pool, err));
        return 1;
    }
    uint64_t id = store_new_id(bench->store);
    double slowest = 0;
    double put = put_all(bench, id);
    double read = read_all(bench, id);
    double deleted = delete_all(bench, id, &slowest);
    store_close(bench->store);
    remove_files(bench);
    printf("{\"bench\": \"store_large\", \"mebibytes\": %lu, \"put_mebibytes_per_second\": %.0f, "
           "\"read_mebibytes_per_second\": %.0f, \"delete_seconds\": %.3f, \"slowest_commit_milliseconds\": "
           "%.1f, "
           "\"peak_kibibytes\": %ld, \"failed\": %u}\n",
           mebibytes, (double)mebibytes / put, (double)mebibytes / read, deleted, slowest * 1000,
           peak_memory(), bench->failed);
    return bench->failed ? 1 : 0;
}
