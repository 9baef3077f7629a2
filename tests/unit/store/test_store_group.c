/* Groups of transactions, marks, identifiers, limits, and the end of a store. */
#include "unit.h"

#include "fixture.h"
#include "store/internal.h"

static void one_failure_does_not_fail_its_group(void)
{
    enum { COUNT = 60, BAD = 31 };
    fixture_t fixture;
    fixture_begin(&fixture);
    fixture_result_t *results = apr_pcalloc(fixture.pool, COUNT * sizeof(*results));
    uint64_t ids[COUNT];
    for (int i = 0; i < COUNT; i++) {
        ids[i] = store_new_id(fixture.store);
        store_message_t message = fixture_message(i == BAD ? ids[0] : ids[i], 1);
        message.source = i == BAD + 1 ? "A NAME THAT IS NEW" : "PARTNER";
        store_entry_t entry = fixture_entry(ids[i] + 100000, ids[i], i == BAD ? "LOST NAME" : "NEXT");
        store_txn_t *txn = store_txn_begin(fixture.store);
        store_txn_put_entry(txn, &entry);
        store_txn_put_message(txn, &message); /* the same identifier twice: refused */
        store_txn_commit(txn, fixture_committed, &results[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        CU_ASSERT_TRUE_FATAL(fixture_wait(&fixture, &results[i]));
        CU_ASSERT_EQUAL(results[i].error[0] != 0, i == BAD);
        CU_ASSERT_TRUE(i == 0 || results[i].order > results[i - 1].order);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(results[BAD].error, "The store cannot commit"));
    CU_ASSERT_PTR_NOT_NULL(strstr(results[BAD].error, fixture_shared() ? "duplicate key" : "UNIQUE"));
    CU_ASSERT_STRING_EQUAL(fixture_read(&fixture, ids[BAD + 1])->source, "A NAME THAT IS NEW");
    store_figures_t figures;
    store_figures(fixture.store, &figures);
    CU_ASSERT_EQUAL(figures.transactions, COUNT - 1);
    CU_ASSERT_EQUAL(figures.failures, 1);
    fixture_end(&fixture);
}

static unsigned entry_count;

static void count_entry(void *context, const store_entry_t *entry)
{
    (void)context;
    (void)entry;
    entry_count++;
}

static void a_failed_transaction_leaves_nothing(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    store_entry_t entry = fixture_entry(store_new_id(fixture.store), 1, "NEXT");
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_entry(txn, &entry);
    store_txn_put_entry(txn, &entry);
    CU_ASSERT_STRING_NOT_EQUAL(fixture_commit(&fixture, txn), "");
    entry_count = 0;
    fixture_scan(&fixture, count_entry, NULL);
    CU_ASSERT_EQUAL(entry_count, 0);
    fixture_end(&fixture);
}

static void limits_are_kept(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    char name[STORE_NAME_LIMIT + 2];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    store_entry_t entry = fixture_entry(store_new_id(fixture.store), 1, name);
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_entry(txn, &entry);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_commit(&fixture, txn), "destination is too long"));
    store_message_t message = fixture_message(store_new_id(fixture.store), 1);
    message.source = name;
    txn = store_txn_begin(fixture.store);
    store_txn_put_message(txn, &message);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_commit(&fixture, txn), "source is too long"));
    static const uint8_t octets[STORE_CHUNK_SIZE + 1];
    txn = store_txn_begin(fixture.store);
    store_txn_put_chunk(txn, 1, 0, bytes_make(octets, sizeof(octets)));
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_commit(&fixture, txn), "chunk is too long"));
    name[STORE_NAME_LIMIT] = 0;
    txn = store_txn_begin(fixture.store);
    store_txn_put_entry(txn, &entry);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_end(&fixture);
}

static void names_are_data_not_sql(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    store_message_t message = fixture_message(store_new_id(fixture.store), 1);
    message.mts_id = "'); DROP TABLE x400_message; -- %s %n \xc3\xa4";
    message.source = "a'b\"c%d?";
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_message(txn, &message);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_result_t *read = fixture_read(&fixture, message.id);
    CU_ASSERT_STRING_EQUAL(read->mts_id, message.mts_id);
    CU_ASSERT_STRING_EQUAL(read->source, message.source);
    fixture_end(&fixture);
}

typedef struct marks_t {
    unsigned count;
    utc_time_t first;
    utc_time_t last;
    bool ascending;
    bool digests_fit;
} marks_t;

static void digest_of(unsigned number, uint8_t digest[STORE_DIGEST_SIZE])
{
    memset(digest, 0, STORE_DIGEST_SIZE);
    memcpy(digest, &number, sizeof(number));
}

static void each_mark(void *context, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time)
{
    marks_t *marks = context;
    uint8_t expected[STORE_DIGEST_SIZE];
    digest_of((unsigned)time, expected);
    if (marks->count == 0) {
        marks->first = time;
        marks->ascending = marks->digests_fit = true;
    } else {
        marks->ascending = marks->ascending && time > marks->last;
    }
    marks->digests_fit = marks->digests_fit && memcmp(digest, expected, STORE_DIGEST_SIZE) == 0;
    marks->last = time;
    marks->count++;
}

static marks_t scan_marks(fixture_t *fixture, size_t limit)
{
    marks_t marks = {0};
    CU_ASSERT_PTR_NULL(store_scan_marks(fixture->store, limit, each_mark, &marks, fixture->pool));
    return marks;
}

static void marks_are_kept_and_purged(void)
{
    enum { MARKS = 10000 };
    fixture_t fixture;
    fixture_begin(&fixture);
    CU_ASSERT_EQUAL(scan_marks(&fixture, 10).count, 0);
    store_txn_t *txn = store_txn_begin(fixture.store);
    for (unsigned i = 1; i <= MARKS; i++) {
        uint8_t digest[STORE_DIGEST_SIZE];
        digest_of(i, digest);
        store_txn_put_mark(txn, digest, i);
    }
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_reopen(&fixture);
    marks_t marks = scan_marks(&fixture, MARKS * 2);
    CU_ASSERT_EQUAL(marks.count, MARKS);
    CU_ASSERT_EQUAL(marks.first, 1);
    CU_ASSERT_TRUE(marks.ascending);
    CU_ASSERT_TRUE(marks.digests_fit);
    marks = scan_marks(&fixture, 2500);
    CU_ASSERT_EQUAL(marks.count, 2500);
    CU_ASSERT_EQUAL(marks.first, MARKS - 2500 + 1);
    CU_ASSERT_EQUAL(marks.last, MARKS);
    CU_ASSERT_EQUAL(scan_marks(&fixture, 0).count, 0);

    txn = store_txn_begin(fixture.store);
    store_txn_purge_marks(txn, 9001);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_reopen(&fixture); /* what is left to delete is done at the end */
    marks = scan_marks(&fixture, MARKS * 2);
    CU_ASSERT_EQUAL(marks.count, 1000);
    CU_ASSERT_EQUAL(marks.first, 9001);
    txn = store_txn_begin(fixture.store);
    store_txn_purge_marks(txn, MARKS + 1);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_reopen(&fixture);
    CU_ASSERT_EQUAL(scan_marks(&fixture, MARKS).count, 0);
    fixture_end(&fixture);
}

static void identifiers_are_never_given_twice(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t highest = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 100; i++) {
            uint64_t id = store_new_id(fixture.store);
            CU_ASSERT_TRUE(id > highest);
            highest = id;
        }
        /* The last one is put and deleted: no row tells of it after the restart. */
        store_entry_t entry = fixture_entry(highest, 1, "NEXT");
        store_txn_t *txn = store_txn_begin(fixture.store);
        store_txn_put_entry(txn, &entry);
        CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
        txn = store_txn_begin(fixture.store);
        store_txn_delete_entry(txn, highest);
        CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
        fixture_reopen(&fixture);
    }
    CU_ASSERT_TRUE(fixture_shared() || highest < 1000000);
    fixture_end(&fixture);
}

static void a_transaction_can_be_abandoned(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    store_message_t message = fixture_message(store_new_id(fixture.store), 1);
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_message(txn, &message);
    store_txn_abandon(txn);
    txn = store_txn_begin(fixture.store);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), ""); /* without steps */
    CU_ASSERT_FALSE(fixture_read(&fixture, message.id)->found);
    fixture_end(&fixture);
}

static unsigned commit_chunks(fixture_t *fixture, unsigned count)
{
    static const uint8_t octets[STORE_CHUNK_SIZE];
    unsigned busy = 0;
    uint64_t id = store_new_id(fixture->store);
    for (unsigned i = 0; i < count; i++) {
        store_txn_t *txn = store_txn_begin(fixture->store);
        store_txn_put_chunk(txn, id, i, bytes_make(octets, sizeof(octets)));
        store_txn_commit(txn, NULL, NULL);
        busy += store_busy(fixture->store);
    }
    return busy;
}

static void busy_while_much_waits(void)
{
    fixture_t fixture;
    fixture_prepare(&fixture);
    store_config_t config = fixture_config(&fixture);
    config.backlog_limit = STORE_CHUNK_SIZE - 1;
    CU_ASSERT_PTR_NULL_FATAL(store_open(&fixture.store, &config, fixture.pool));
    CU_ASSERT_FALSE(store_busy(fixture.store));
    CU_ASSERT_TRUE(commit_chunks(&fixture, 20) > 0);
    store_txn_t *txn = store_txn_begin(fixture.store);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    CU_ASSERT_FALSE(store_busy(fixture.store));
    fixture_end(&fixture);
}

typedef struct chain_t {
    store_t *store;
    unsigned left;
    unsigned errors;
    bool ended;
} chain_t;

static void chain_on(void *context, const err_t *err)
{
    chain_t *chain = context;
    chain->errors += err != NULL;
    if (chain->left == 0 || err) {
        chain->ended = true;
        return;
    }
    chain->left--;
    store_txn_commit(store_txn_begin(chain->store), chain_on, chain);
}

static void closing_runs_what_waits(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    fixture_result_t *results = apr_pcalloc(fixture.pool, 3 * sizeof(*results));
    uint64_t id = store_new_id(fixture.store);
    store_message_t message = fixture_message(id, 1);
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_message(txn, &message);
    store_txn_commit(txn, fixture_committed, &results[0]);
    store_read_message(fixture.store, 999, fixture_message_read, &results[1]);
    /* A completion that queues more when the threads have ended is told so. */
    chain_t chain = {.store = fixture.store, .left = 100000};
    store_txn_commit(store_txn_begin(fixture.store), chain_on, &chain);
    fixture_close(&fixture);
    CU_ASSERT_TRUE(results[0].done);
    CU_ASSERT_STRING_EQUAL(results[0].error, "");
    CU_ASSERT_TRUE(results[1].done);
    CU_ASSERT_TRUE(chain.ended);
    CU_ASSERT_EQUAL(chain.errors, 1);
    CU_ASSERT_PTR_NULL_FATAL(fixture_open(&fixture));
    CU_ASSERT_TRUE(fixture_read(&fixture, id)->found);
    fixture_end(&fixture);
}

/* As after a group that is in doubt as a whole: what comes next is told all the same. */
static void what_ends_after_an_empty_group_is_told(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    store_drain(fixture.store);
    atomic_store(&fixture.notified, 0);
    store_finish(fixture.store, &(job_list_t){0});
    CU_ASSERT_EQUAL(atomic_load(&fixture.notified), 0);
    fixture_result_t *result = apr_pcalloc(fixture.pool, sizeof(*result));
    store_txn_commit(store_txn_begin(fixture.store), fixture_committed, result);
    for (int i = 0; i < 30000 && !atomic_load(&fixture.notified); i++)
        apr_sleep(1000);
    CU_ASSERT_EQUAL(atomic_load(&fixture.notified), 1);
    store_drain(fixture.store);
    CU_ASSERT_TRUE(result->done);
    fixture_end(&fixture);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(one_failure_does_not_fail_its_group),
    UNIT_TEST(a_failed_transaction_leaves_nothing),
    UNIT_TEST(limits_are_kept),
    UNIT_TEST(names_are_data_not_sql),
    UNIT_TEST(marks_are_kept_and_purged),
    UNIT_TEST(identifiers_are_never_given_twice),
    UNIT_TEST(a_transaction_can_be_abandoned),
    UNIT_TEST(busy_while_much_waits),
    UNIT_TEST(closing_runs_what_waits),
    UNIT_TEST(what_ends_after_an_empty_group_is_told),
};
UNIT_MAIN("store groups", TESTS)
