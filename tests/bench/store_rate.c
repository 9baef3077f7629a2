/* How many messages a second the store makes durable and forgets again.
 *
 * Each message of 2 KB is two transactions, as in a relay: one puts message, chunk, entry and mark; when that
 * is durable another deletes entry and message. So many messages are under way at a time; the commits of all
 * of them form the groups. Prints one line of JSON. Usage: store_rate [FOLDER [MESSAGES [UNDER_WAY]]] */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_time.h>

#include "store/store.h"

enum { CONTENT_LENGTH = 2048, ENVELOPE_LENGTH = 400, DEFAULT_MESSAGES = 100000, DEFAULT_UNDER_WAY = 10 };

typedef struct bench_t {
    store_t *store;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *wakes;
    bool woken;
    unsigned started;
    unsigned finished;
    unsigned failed;
    unsigned total;
    uint8_t octets[CONTENT_LENGTH];
} bench_t;

typedef struct flight_t {
    bench_t *bench;
    uint64_t message_id;
    uint64_t entry_id;
} flight_t;

static void notify(void *context)
{
    bench_t *bench = context;
    apr_thread_mutex_lock(bench->mutex);
    bench->woken = true;
    apr_thread_cond_signal(bench->wakes);
    apr_thread_mutex_unlock(bench->mutex);
}

static void start_message(flight_t *flight);

static void message_forgotten(void *context, const err_t *err)
{
    flight_t *flight = context;
    bench_t *bench = flight->bench;
    bench->failed += err != NULL;
    bench->finished++;
    if (bench->started < bench->total)
        start_message(flight);
}

static void message_durable(void *context, const err_t *err)
{
    flight_t *flight = context;
    flight->bench->failed += err != NULL;
    store_txn_t *txn = store_txn_begin(flight->bench->store);
    store_txn_delete_entry(txn, flight->entry_id);
    store_txn_delete_message(txn, flight->message_id);
    store_txn_commit(txn, message_forgotten, flight);
}

static void start_message(flight_t *flight)
{
    bench_t *bench = flight->bench;
    unsigned number = bench->started++;
    flight->message_id = store_new_id(bench->store);
    flight->entry_id = store_new_id(bench->store);
    char mts_id[64];
    apr_snprintf(mts_id, sizeof(mts_id), "[C=WW;A= ;P=bench;%u]", number);
    store_message_t message = {.id = flight->message_id,
                               .arrival = number,
                               .expiry = number,
                               .content_length = CONTENT_LENGTH,
                               .mts_id = mts_id,
                               .source = "IN",
                               .envelope = bytes_make(bench->octets, ENVELOPE_LENGTH)};
    store_entry_t entry = {.id = flight->entry_id,
                           .message_id = flight->message_id,
                           .destination = "OUT",
                           .size = CONTENT_LENGTH,
                           .recipients = BYTES_LITERAL("\x01")};
    uint8_t digest[STORE_DIGEST_SIZE] = {0};
    memcpy(digest, &number, sizeof(number));
    store_txn_t *txn = store_txn_begin(bench->store);
    store_txn_put_message(txn, &message);
    store_txn_put_chunk(txn, message.id, 0, bytes_make(bench->octets, CONTENT_LENGTH));
    store_txn_put_entry(txn, &entry);
    store_txn_put_mark(txn, digest, number);
    store_txn_commit(txn, message_durable, flight);
}

static void run(bench_t *bench, unsigned under_way, apr_pool_t *pool)
{
    flight_t *flights = apr_pcalloc(pool, under_way * sizeof(*flights));
    for (unsigned i = 0; i < under_way && bench->started < bench->total; i++) {
        flights[i].bench = bench;
        start_message(&flights[i]);
    }
    while (bench->finished < bench->total) {
        apr_thread_mutex_lock(bench->mutex);
        while (!bench->woken)
            apr_thread_cond_wait(bench->wakes, bench->mutex);
        bench->woken = false;
        apr_thread_mutex_unlock(bench->mutex);
        store_drain(bench->store);
    }
}

static void remove_files(const char *path, apr_pool_t *pool)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        apr_file_remove(apr_pstrcat(pool, path, suffixes[i], NULL), pool);
}

static unsigned number_argument(int argc, char **argv, int index, unsigned otherwise)
{
    unsigned long number = argc > index ? strtoul(argv[index], NULL, 10) : 0;
    return number > 0 && number < 1000000000 ? (unsigned)number : otherwise;
}

int main(int argc, char **argv)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const char *folder = argc > 1 ? argv[1] : ".";
    const char *path = apr_pstrcat(pool, folder, "/store_rate.db", NULL);
    remove_files(path, pool);
    bench_t *bench = apr_pcalloc(pool, sizeof(*bench));
    bench->total = number_argument(argc, argv, 2, DEFAULT_MESSAGES);
    unsigned under_way = number_argument(argc, argv, 3, DEFAULT_UNDER_WAY);
    for (size_t i = 0; i < sizeof(bench->octets); i++)
        bench->octets[i] = (uint8_t)(i * 131);
    apr_thread_mutex_create(&bench->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    apr_thread_cond_create(&bench->wakes, pool);
    store_config_t config = {
        .driver = "sqlite3", .parameters = path, .notify = notify, .notify_context = bench};
    err_t *err = store_open(&bench->store, &config, pool);
    if (err) {
        fprintf(stderr, "%s\n", err_describe(pool, err));
        return 1;
    }
    apr_time_t begin = apr_time_now();
    run(bench, under_way, pool);
    double seconds = (double)(apr_time_now() - begin) / (double)APR_USEC_PER_SEC;
    store_figures_t figures;
    store_figures(bench->store, &figures);
    store_close(bench->store);
    remove_files(path, pool);
    printf(
        "{\"bench\": \"store_rate\", \"messages\": %u, \"under_way\": %u, \"octets\": %d, \"seconds\": %.3f, "
        "\"messages_per_second\": %.0f, \"transactions_per_second\": %.0f, \"transactions_per_commit\": "
        "%.2f, "
        "\"commits_per_second\": %.0f, \"failed\": %u}\n",
        bench->total, under_way, CONTENT_LENGTH, seconds, bench->total / seconds,
        (double)figures.transactions / seconds, (double)figures.transactions / (double)figures.commits,
        (double)figures.commits / seconds, bench->failed);
    return bench->failed ? 1 : 0;
}
