/* kill -9 at any moment: what was confirmed is there, whole; what was confirmed as deleted is gone; and
 * nothing is there in part. A child works on the store and reports through a pipe; the parent kills it and
 * looks. */
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

enum {
    ROUNDS = 60,
    SHARED_ROUNDS = 6, /* of a store that is shared: after each, a dead node's lease must run out */
    UNDER_WAY = 10,
    KEPT = 40,
    NUMBERS = 1 << 18,
    SMALL = 2000,
    LARGE = STORE_CHUNK_SIZE + 5000
};

typedef enum report_kind_t { PUT_DONE, DELETE_ASKED, DELETE_DONE, STORE_FAILED } report_kind_t;

typedef struct report_t {
    uint32_t kind;
    uint32_t number;
    uint64_t id;
} report_t;

static uint8_t pattern[LARGE];

/* One message in sixteen has two chunks. */
static bytes_t content_of(uint32_t number)
{
    size_t length = number % 16 == 0 ? LARGE : SMALL;
    for (size_t i = 0; i < length; i++)
        pattern[i] = (uint8_t)(i * 13 + number * 7 + (i >> 9));
    return bytes_make(pattern, length);
}

/* The child. */

typedef struct worker_t {
    store_t *store;
    int pipe;
    uint32_t next;
    uint64_t ids[KEPT]; /* of the last messages, by number modulo KEPT */
} worker_t;

typedef struct flight_t {
    worker_t *worker;
    uint32_t number;
    uint64_t id;
    uint64_t deleted_id;
} flight_t;

static void tell(const worker_t *worker, report_kind_t kind, uint32_t number, uint64_t id)
{
    report_t report = {(uint32_t)kind, number, id};
    if (write(worker->pipe, &report, sizeof(report)) != (ssize_t)sizeof(report))
        _exit(1);
}

static void put_next(flight_t *flight);

static void deleted(void *context, const err_t *err)
{
    flight_t *flight = context;
    tell(flight->worker, err ? STORE_FAILED : DELETE_DONE, flight->number - KEPT, flight->deleted_id);
    put_next(flight);
}

/* Each message that is confirmed sends the one KEPT before it away. */
static void was_put(void *context, const err_t *err)
{
    flight_t *flight = context;
    worker_t *worker = flight->worker;
    tell(worker, err ? STORE_FAILED : PUT_DONE, flight->number, flight->id);
    flight->deleted_id = worker->ids[flight->number % KEPT];
    worker->ids[flight->number % KEPT] = flight->id;
    if (!flight->deleted_id) {
        put_next(flight);
        return;
    }
    tell(worker, DELETE_ASKED, flight->number - KEPT, flight->deleted_id);
    store_txn_t *txn = store_txn_begin(worker->store);
    store_txn_delete_entry(txn, flight->deleted_id + 1);
    store_txn_delete_message(txn, flight->deleted_id);
    store_txn_commit(txn, deleted, flight);
}

static void put_next(flight_t *flight)
{
    worker_t *worker = flight->worker;
    flight->number = worker->next++;
    flight->id = store_new_id(worker->store);
    uint64_t entry_id = store_new_id(worker->store);
    bytes_t content = content_of(flight->number);
    char mts_id[32];
    apr_snprintf(mts_id, sizeof(mts_id), "%u", flight->number);
    store_message_t message = fixture_message(flight->id, content.length);
    message.mts_id = mts_id;
    store_entry_t entry = fixture_entry(entry_id, flight->id, "NEXT");
    uint8_t digest[STORE_DIGEST_SIZE] = {0};
    memcpy(digest, &flight->number, sizeof(flight->number));
    if (content.length > STORE_CHUNK_SIZE) {
        store_txn_t *early = store_txn_begin(worker->store);
        store_txn_put_chunk(early, flight->id, 0, bytes_slice(content, 0, STORE_CHUNK_SIZE));
        store_txn_commit(early, NULL, NULL);
    }
    store_txn_t *txn = store_txn_begin(worker->store);
    store_txn_put_message(txn, &message);
    if (content.length > STORE_CHUNK_SIZE)
        store_txn_put_chunk(txn, flight->id, 1, bytes_slice(content, STORE_CHUNK_SIZE, content.length));
    else
        store_txn_put_chunk(txn, flight->id, 0, content);
    store_txn_put_entry(txn, &entry);
    store_txn_put_mark(txn, digest, flight->number);
    store_txn_commit(txn, was_put, flight);
}

/* Works until it is killed. */
static void run_child(fixture_t *fixture, int pipe, uint32_t first)
{
    static worker_t worker;
    static flight_t flights[UNDER_WAY];
    if (fixture_open(fixture) || store_purge_orphans(fixture->store, fixture->pool))
        _exit(2);
    worker.store = fixture->store;
    worker.pipe = pipe;
    worker.next = first;
    for (int i = 0; i < UNDER_WAY; i++) {
        flights[i].worker = &worker;
        put_next(&flights[i]);
    }
    for (;;) {
        store_drain(fixture->store);
        apr_sleep(20);
    }
}

/* The parent. */

typedef struct known_t {
    bool put;
    bool delete_asked;
    bool deleted;
    uint64_t id;
} known_t;

static known_t known[NUMBERS];

typedef struct tally_t {
    uint32_t next; /* number for the next round */
    uint64_t highest_id;
    uint64_t highest_before; /* round */
    unsigned confirmed;
    unsigned lost;
    unsigned damaged;
    unsigned undead;
    unsigned reused;
    unsigned failed;
} tally_t;

static void take_report(tally_t *tally, const report_t *report)
{
    CU_ASSERT_TRUE_FATAL(report->number < NUMBERS);
    known_t *message = &known[report->number];
    message->id = report->id;
    switch ((report_kind_t)report->kind) {
    case PUT_DONE:
        message->put = true;
        tally->confirmed++;
        tally->reused += report->id <= tally->highest_before;
        if (report->id > tally->highest_id)
            tally->highest_id = report->id;
        if (report->number + 1 > tally->next)
            tally->next = report->number + 1;
        break;
    case DELETE_ASKED: message->delete_asked = true; break;
    case DELETE_DONE: message->deleted = true; break;
    case STORE_FAILED: tally->failed++; break;
    }
}

/* Reads reports until the child is gone; kills it so many microseconds after the first one. */
static void watch_child(tally_t *tally, pid_t child, int pipe, apr_time_t life)
{
    report_t report;
    apr_time_t end = 0;
    bool killed = false;
    while (read(pipe, &report, sizeof(report)) == (ssize_t)sizeof(report)) {
        take_report(tally, &report);
        end = end ? end : apr_time_now() + life;
        if (!killed && apr_time_now() >= end) {
            kill(child, SIGKILL);
            killed = true;
        }
    }
    int status = 0;
    waitpid(child, &status, 0);
    CU_ASSERT_TRUE(WIFSIGNALED(status));
}

static bool is_whole(fixture_t *fixture, uint32_t number, uint64_t id)
{
    bytes_t content = content_of(number);
    static fixture_result_t read;
    memset(&read, 0, offsetof(fixture_result_t, chunk));
    store_read_message(fixture->store, id, fixture_message_read, &read);
    fixture_wait(fixture, &read);
    bytes_t first = bytes_slice(content, 0, STORE_CHUNK_SIZE);
    if (!read.found || strtoul(read.mts_id, NULL, 10) != number ||
        !bytes_equal(bytes_make(read.chunk, read.chunk_length), first))
        return false;
    if (content.length <= STORE_CHUNK_SIZE)
        return true;
    memset(&read, 0, offsetof(fixture_result_t, chunk));
    store_read_chunk(fixture->store, id, 1, fixture_chunk_read, &read);
    fixture_wait(fixture, &read);
    return bytes_equal(bytes_make(read.chunk, read.chunk_length),
                       bytes_slice(content, STORE_CHUNK_SIZE, content.length));
}

typedef struct entries_t {
    unsigned count;
    uint64_t ids[4 * (ROUNDS * (KEPT + 2 * UNDER_WAY))];
} entries_t;

static entries_t entries;

static void take_entry(void *context, const store_entry_t *entry)
{
    entries_t *list = context;
    if (list->count < sizeof(list->ids) / sizeof(list->ids[0]))
        list->ids[list->count++] = entry->message_id;
}

static bool has_entry(uint64_t message_id)
{
    for (unsigned i = 0; i < entries.count; i++)
        if (entries.ids[i] == message_id)
            return true;
    return false;
}

/* Entries in the database of a store that is shared. */
static unsigned count_rows(fixture_t *fixture)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *handle = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, fixture->pool);
    CU_ASSERT_EQUAL_FATAL(apr_dbd_get_driver(pool, "pgsql", &driver), 0);
    CU_ASSERT_EQUAL_FATAL(apr_dbd_open(driver, pool, fixture_config(fixture).parameters, &handle), 0);
    CU_ASSERT_EQUAL(apr_dbd_select(driver, pool, handle, &results, "SELECT COUNT(*) FROM x400_entry", 0), 0);
    unsigned count = 0;
    while (results && apr_dbd_get_row(driver, pool, results, &row, -1) == 0)
        count = (unsigned)strtoul(apr_dbd_get_entry(driver, row, 0), NULL, 10);
    apr_dbd_close(driver, handle);
    apr_pool_destroy(pool);
    return count;
}

/* Opens the store that a process left. In one that is shared, its entries come when it is known to be dead.
 */
static void open_after(fixture_t *fixture)
{
    entries.count = 0;
    fixture->each = take_entry;
    fixture->each_context = &entries;
    CU_ASSERT_PTR_NULL_FATAL(fixture_open(fixture));
    if (!fixture_shared()) {
        CU_ASSERT_PTR_NULL_FATAL(store_scan_entries(fixture->store, take_entry, &entries, fixture->pool));
        return;
    }
    /* The server may still commit what the dead process asked for last. */
    for (int i = 0; i < 1200 && entries.count != count_rows(fixture); i++) {
        apr_sleep(50000);
        store_drain(fixture->store);
    }
    CU_ASSERT_EQUAL(entries.count, count_rows(fixture));
}

/* Looks at the messages from number first on, and at the entries of messages after identifier after. */
static void look(fixture_t *fixture, tally_t *tally, uint32_t first, uint64_t after)
{
    for (uint32_t number = first; number < tally->next; number++) {
        const known_t *message = &known[number];
        if (message->deleted)
            tally->undead += has_entry(message->id);
        else if (message->put && !message->delete_asked)
            tally->lost += !has_entry(message->id) || !is_whole(fixture, number, message->id);
    }
    /* What was not confirmed is there as a whole, or not at all. */
    for (unsigned i = 0; i < entries.count; i++) {
        if (entries.ids[i] <= after)
            continue;
        static fixture_result_t read;
        memset(&read, 0, offsetof(fixture_result_t, chunk));
        store_read_message(fixture->store, entries.ids[i], fixture_message_read, &read);
        fixture_wait(fixture, &read);
        uint32_t number = (uint32_t)strtoul(read.mts_id, NULL, 10);
        tally->damaged += !read.found || !is_whole(fixture, number, entries.ids[i]);
        if (number + 1 > tally->next)
            tally->next = number + 1;
        if (entries.ids[i] + 1 > tally->highest_id)
            tally->highest_id = entries.ids[i] + 1;
    }
}

static void OP_01_kill_at_random_moments_loses_nothing(void)
{
    fixture_t fixture;
    fixture_prepare(&fixture);
    tally_t tally = {0};
    uint32_t seed = 12345;
    int rounds = fixture_shared() ? SHARED_ROUNDS : ROUNDS;
    for (int round = 0; round < rounds; round++) {
        uint32_t first = tally.next;
        tally.highest_before = tally.highest_id;
        int ends[2];
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        fflush(stdout);
        pid_t child = fork();
        CU_ASSERT_TRUE_FATAL(child >= 0);
        if (child == 0) {
            close(ends[0]);
            fixture.each = NULL;
            run_child(&fixture, ends[1], first);
        }
        close(ends[1]);
        seed = seed * 1103515245U + 12345U;
        watch_child(&tally, child, ends[0], (apr_time_t)(seed >> 16) % 30000);
        close(ends[0]);
        open_after(&fixture);
        look(&fixture, &tally, first, tally.highest_before);
        fixture_close(&fixture);
    }
    open_after(&fixture);
    look(&fixture, &tally, 0, 0);
    printf("%u confirmed in %d rounds ", tally.confirmed, rounds);
    CU_ASSERT_TRUE(tally.confirmed >= (unsigned)rounds);
    CU_ASSERT_EQUAL(tally.lost, 0);
    CU_ASSERT_EQUAL(tally.damaged, 0);
    CU_ASSERT_EQUAL(tally.undead, 0);
    CU_ASSERT_EQUAL(tally.reused, 0);
    CU_ASSERT_EQUAL(tally.failed, 0);
    fixture_end(&fixture);
}

static const unit_test_t TESTS[] = {UNIT_TEST(OP_01_kill_at_random_moments_loses_nothing)};
UNIT_MAIN("store kill", TESTS)
