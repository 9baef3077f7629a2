/* The store from outside: what is committed can be read, scanned, changed and deleted, and survives a
 * restart. */
#include "unit.h"

#include "fixture.h"

static uint64_t put_message(fixture_t *fixture, bytes_t content)
{
    uint64_t id = store_new_id(fixture->store);
    store_message_t message = fixture_message(id, content.length);
    store_txn_t *txn = store_txn_begin(fixture->store);
    store_txn_put_message(txn, &message);
    store_txn_put_chunk(txn, id, 0, content);
    CU_ASSERT_STRING_EQUAL(fixture_commit(fixture, txn), "");
    return id;
}

static void message_is_read_as_it_was_put(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t id = put_message(&fixture, BYTES_LITERAL("h\0llo"));
    /* The completion may be seen by a drain before the writer has come to tell of it. */
    for (int i = 0; i < 30000 && !atomic_load(&fixture.notified); i++)
        apr_sleep(1000);
    CU_ASSERT_TRUE(atomic_load(&fixture.notified) >= 1);
    for (int round = 0; round < 2; round++) {
        fixture_result_t *read = fixture_read(&fixture, id);
        CU_ASSERT_STRING_EQUAL(read->error, "");
        CU_ASSERT_TRUE_FATAL(read->found);
        CU_ASSERT_EQUAL(read->message.id, id);
        CU_ASSERT_EQUAL(read->message.kind, STORE_MESSAGE);
        CU_ASSERT_EQUAL(read->message.priority, 2);
        CU_ASSERT_EQUAL(read->message.arrival, 1000);
        CU_ASSERT_EQUAL(read->message.expiry, 2000);
        CU_ASSERT_EQUAL(read->message.content_length, 5);
        CU_ASSERT_STRING_EQUAL(read->mts_id, "[C=WW;A= ;P=test;1]");
        CU_ASSERT_STRING_EQUAL(read->source, "PARTNER");
        CU_ASSERT_EQUAL(read->message.envelope.length, 8);
        CU_ASSERT_EQUAL(memcmp(read->envelope, "envelope", 8), 0);
        CU_ASSERT_EQUAL(read->chunk_length, 5);
        CU_ASSERT_EQUAL(memcmp(read->chunk, "h\0llo", 5), 0);
        fixture_result_t *chunk = fixture_read_chunk(&fixture, id, 0);
        CU_ASSERT_EQUAL(chunk->chunk_length, 5);
        CU_ASSERT_STRING_EQUAL(chunk->error, "");
        fixture_reopen(&fixture);
    }
    fixture_end(&fixture);
}

static void empty_parts_are_kept(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    store_message_t message = {.id = store_new_id(fixture.store), .kind = STORE_REPORT};
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_message(txn, &message);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_result_t *read = fixture_read(&fixture, message.id);
    CU_ASSERT_STRING_EQUAL(read->error, "");
    CU_ASSERT_TRUE(read->found);
    CU_ASSERT_EQUAL(read->message.kind, STORE_REPORT);
    CU_ASSERT_STRING_EQUAL(read->mts_id, "");
    CU_ASSERT_STRING_EQUAL(read->source, "");
    CU_ASSERT_EQUAL(read->message.envelope.length, 0);
    CU_ASSERT_EQUAL(read->chunk_length, 0);
    fixture_end(&fixture);
}

static void absent_things_are_told(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    fixture_result_t *read = fixture_read(&fixture, 4711);
    CU_ASSERT_TRUE(read->done);
    CU_ASSERT_STRING_EQUAL(read->error, "");
    CU_ASSERT_FALSE(read->found);
    fixture_result_t *chunk = fixture_read_chunk(&fixture, 4711, 2);
    CU_ASSERT_STRING_EQUAL(chunk->error, "There is no chunk 2 of message 4711");
    CU_ASSERT_EQUAL(chunk->chunk_length, 0);
    store_entry_t entry = fixture_entry(99, 1, "NEXT");
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_update_entry(txn, &entry);
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture_commit(&fixture, txn), "There is no queue entry 99"));
    /* What is gone can be deleted again. */
    txn = store_txn_begin(fixture.store);
    store_txn_delete_entry(txn, 99);
    store_txn_delete_message(txn, 99);
    store_txn_delete_chunks(txn, 99);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_end(&fixture);
}

typedef struct seen_progress_t {
    uint64_t id;
    unsigned entries;
    char octets[16];
} seen_progress_t;

static void see_progress(void *context, const store_entry_t *entry)
{
    seen_progress_t *seen = context;
    seen->entries++;
    if (entry->id == seen->id && entry->progress.length < sizeof(seen->octets))
        memcpy(seen->octets, entry->progress.data, entry->progress.length);
    else if (entry->id != seen->id)
        CU_ASSERT_EQUAL(entry->progress.length, 0);
}

/* It outlives changes of the entry and goes with it. */
static void progress_of_a_transfer_is_kept_with_its_entry(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t ids[2];
    store_txn_t *txn = store_txn_begin(fixture.store);
    for (int i = 0; i < 2; i++) {
        uint64_t message_id = store_new_id(fixture.store);
        ids[i] = store_new_id(fixture.store);
        store_message_t message = fixture_message(message_id, 0);
        store_entry_t entry = fixture_entry(ids[i], message_id, "NEXT");
        store_txn_put_message(txn, &message);
        store_txn_put_entry(txn, &entry);
    }
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    txn = store_txn_begin(fixture.store);
    store_txn_put_progress(txn, ids[1], bytes_of_string("first"));
    store_txn_put_progress(txn, ids[1], bytes_of_string("second"));
    store_txn_put_progress(txn, 4711, bytes_of_string("of nobody"));
    store_entry_t entry = fixture_entry(ids[1], ids[1] - 1, "NEXT");
    entry.attempts = 3;
    store_txn_update_entry(txn, &entry);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    if (!fixture_shared()) /* whose scan is what the next node inherits */
        fixture_reopen(&fixture);
    seen_progress_t seen = {.id = ids[1]};
    fixture_scan(&fixture, see_progress, &seen);
    CU_ASSERT_EQUAL(seen.entries, 2);
    CU_ASSERT_STRING_EQUAL(seen.octets, "second");
    fixture_end(&fixture);
}

enum { CHUNKS = 40 };

static uint8_t chunk_octets[STORE_CHUNK_SIZE];

static bytes_t make_chunk(unsigned number)
{
    size_t length = number == CHUNKS - 1 ? 1000 : STORE_CHUNK_SIZE;
    for (size_t i = 0; i < length; i++)
        chunk_octets[i] = (uint8_t)(i * 7 + number + (i >> 8));
    return bytes_make(chunk_octets, length);
}

/* Chunks are committed as they come, the message last, as in a transfer. */
static uint64_t put_large_message(fixture_t *fixture)
{
    uint64_t id = store_new_id(fixture->store);
    for (unsigned i = 0; i < CHUNKS; i++) {
        store_txn_t *txn = store_txn_begin(fixture->store);
        store_txn_put_chunk(txn, id, i, make_chunk(i));
        if (i == CHUNKS - 1) {
            store_message_t message = fixture_message(id, (uint64_t)(CHUNKS - 1) * STORE_CHUNK_SIZE + 1000);
            store_txn_put_message(txn, &message);
        }
        CU_ASSERT_STRING_EQUAL(fixture_commit(fixture, txn), "");
    }
    return id;
}

static void RT_large_message_streams_in_chunks(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t id = put_large_message(&fixture);
    fixture_result_t *read = fixture_read(&fixture, id);
    CU_ASSERT_STRING_EQUAL(read->error, "");
    CU_ASSERT_TRUE(read->found);
    CU_ASSERT_TRUE(bytes_equal(bytes_make(read->chunk, read->chunk_length), make_chunk(0)));
    for (unsigned i = 0; i < CHUNKS; i++) {
        fixture_result_t *chunk = fixture_read_chunk(&fixture, id, i);
        CU_ASSERT_STRING_EQUAL(chunk->error, "");
        CU_ASSERT_TRUE(bytes_equal(bytes_make(chunk->chunk, chunk->chunk_length), make_chunk(i)));
    }
    fixture_end(&fixture);
}

/* Waits until a chunk is gone; false if it stays for half a minute. */
static bool chunk_goes(fixture_t *fixture, uint64_t id, unsigned number)
{
    for (int i = 0; i < 3000; i++) {
        if (fixture_read_chunk(fixture, id, number)->error[0])
            return true;
        apr_sleep(10000);
    }
    return false;
}

static void deleting_takes_all_chunks(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t id = put_large_message(&fixture);
    uint64_t other = put_large_message(&fixture);
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_delete_message(txn, id);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    CU_ASSERT_FALSE(fixture_read(&fixture, id)->found);
    for (unsigned i = 0; i < CHUNKS; i++)
        CU_ASSERT_TRUE(chunk_goes(&fixture, id, i));
    CU_ASSERT_STRING_EQUAL(fixture_read_chunk(&fixture, other, CHUNKS - 1)->error, "");
    /* At the end what is left is deleted, too. */
    txn = store_txn_begin(fixture.store);
    store_txn_delete_message(txn, other);
    store_txn_commit(txn, NULL, NULL);
    fixture_reopen(&fixture);
    for (unsigned i = 0; i < CHUNKS; i++)
        CU_ASSERT_STRING_NOT_EQUAL(fixture_read_chunk(&fixture, other, i)->error, "");
    fixture_end(&fixture);
}

static void a_message_goes_after_entries_unless_one_is_there(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t id = put_message(&fixture, BYTES_LITERAL("x"));
    uint64_t entries[2] = {store_new_id(fixture.store), store_new_id(fixture.store)};
    store_txn_t *txn = store_txn_begin(fixture.store);
    for (int i = 0; i < 2; i++) {
        store_entry_t entry = fixture_entry(entries[i], id, "NEXT");
        store_txn_put_entry(txn, &entry);
    }
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    for (int i = 0; i < 2; i++) {
        txn = store_txn_begin(fixture.store);
        store_txn_delete_entry(txn, entries[i]);
        store_txn_delete_message_after(txn, id, entries, 2);
        CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
        CU_ASSERT_EQUAL(fixture_read(&fixture, id)->found, i == 0);
    }
    fixture_end(&fixture);
}

static void small_and_large_messages_of_two_runs_go_alike(void)
{
    enum { SMALL = 3, LARGE = 4 };
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t small[SMALL];
    uint64_t large[LARGE];
    for (unsigned i = 0; i < LARGE; i++) {
        if (i == LARGE / 2)
            fixture_reopen(&fixture);
        large[i] = put_large_message(&fixture);
        if (i < SMALL)
            small[i] = put_message(&fixture, BYTES_LITERAL("x"));
    }
    static const unsigned order[LARGE] = {2, 0, 3, 1};
    for (unsigned i = 0; i < LARGE; i++) {
        store_txn_t *txn = store_txn_begin(fixture.store);
        if (i < SMALL)
            store_txn_delete_message(txn, small[i]);
        store_txn_delete_message(txn, large[order[i]]);
        CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    }
    for (unsigned i = 0; i < LARGE; i++) {
        CU_ASSERT_FALSE(fixture_read(&fixture, large[i])->found);
        for (unsigned number = 0; number < CHUNKS; number++)
            CU_ASSERT_TRUE(chunk_goes(&fixture, large[i], number));
        if (i < SMALL)
            CU_ASSERT_FALSE(fixture_read(&fixture, small[i])->found);
    }
    fixture_end(&fixture);
}

static void a_deletion_that_is_undone_keeps_the_chunks(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t id = put_large_message(&fixture);
    store_entry_t absent = fixture_entry(123456, id, "NEXT");
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_delete_message(txn, id);
    store_txn_update_entry(txn, &absent);
    CU_ASSERT_STRING_NOT_EQUAL(fixture_commit(&fixture, txn), "");
    put_message(&fixture, BYTES_LITERAL("x"));
    fixture_reopen(&fixture);
    CU_ASSERT_TRUE(fixture_read(&fixture, id)->found);
    for (unsigned i = 0; i < CHUNKS; i++)
        CU_ASSERT_STRING_EQUAL(fixture_read_chunk(&fixture, id, i)->error, "");
    fixture_end(&fixture);
}

static void OP_01_orphans_are_purged_at_the_start(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t whole = put_large_message(&fixture);
    uint64_t broken = store_new_id(fixture.store);
    for (unsigned i = 0; i < CHUNKS - 1; i++) {
        store_txn_t *txn = store_txn_begin(fixture.store);
        store_txn_put_chunk(txn, broken, i, make_chunk(i));
        CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    }
    fixture_reopen(&fixture);
    /* A transfer of this run is no orphan. */
    uint64_t coming = store_new_id(fixture.store);
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_chunk(txn, coming, 0, make_chunk(0));
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    CU_ASSERT_PTR_NULL(store_purge_orphans(fixture.store, fixture.pool));
    for (unsigned i = 0; i < CHUNKS - 1; i++)
        CU_ASSERT_TRUE(chunk_goes(&fixture, broken, i));
    CU_ASSERT_STRING_EQUAL(fixture_read_chunk(&fixture, coming, 0)->error, "");
    for (unsigned i = 0; i < CHUNKS; i++)
        CU_ASSERT_STRING_EQUAL(fixture_read_chunk(&fixture, whole, i)->error, "");
    fixture_end(&fixture);
}

typedef struct scanned_t {
    unsigned count;
    bool in_order;
    store_entry_t last;
    char destination[64];
    uint8_t recipients[16];
} scanned_t;

static void scan_entry(void *context, const store_entry_t *entry)
{
    scanned_t *scanned = context;
    scanned->in_order = scanned->count == 0 || (scanned->in_order && entry->id > scanned->last.id);
    scanned->count++;
    scanned->last = *entry;
    apr_cpystrn(scanned->destination, entry->destination, sizeof(scanned->destination));
    if (entry->recipients.length <= sizeof(scanned->recipients))
        memcpy(scanned->recipients, entry->recipients.data, entry->recipients.length);
}

static scanned_t scan(fixture_t *fixture)
{
    scanned_t scanned = {0};
    fixture_scan(fixture, scan_entry, &scanned);
    return scanned;
}

static void check_entry(const scanned_t *scanned, const store_entry_t *expected)
{
    CU_ASSERT_EQUAL(scanned->last.id, expected->id);
    CU_ASSERT_EQUAL(scanned->last.message_id, expected->message_id);
    CU_ASSERT_STRING_EQUAL(scanned->destination, expected->destination);
    CU_ASSERT_EQUAL(scanned->last.priority, expected->priority);
    CU_ASSERT_EQUAL(scanned->last.state, expected->state);
    CU_ASSERT_EQUAL(scanned->last.attempts, expected->attempts);
    CU_ASSERT_EQUAL(scanned->last.due, expected->due);
    CU_ASSERT_EQUAL(scanned->last.size, expected->size);
    CU_ASSERT_EQUAL(scanned->last.arrival, expected->arrival);
    CU_ASSERT_EQUAL(scanned->last.expiry, expected->expiry);
    CU_ASSERT_EQUAL(scanned->last.recipients.length, expected->recipients.length);
    CU_ASSERT_EQUAL(memcmp(scanned->recipients, expected->recipients.data, expected->recipients.length), 0);
}

static void entries_are_scanned_changed_and_deleted(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t message_id = put_message(&fixture, BYTES_LITERAL("x"));
    store_entry_t entry = fixture_entry(store_new_id(fixture.store), message_id, "NEXT");
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_entry(txn, &entry);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    scanned_t scanned = scan(&fixture);
    CU_ASSERT_EQUAL(scanned.count, 1);
    check_entry(&scanned, &entry);

    entry.destination = "OTHER";
    entry.state = STORE_ENTRY_DEFERRED;
    entry.attempts = 4;
    entry.due = TIME_SECONDS(4000000000);
    entry.priority = 1;
    entry.expiry = 3000;
    entry.recipients = BYTES_LITERAL("\x02");
    txn = store_txn_begin(fixture.store);
    store_txn_update_entry(txn, &entry);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_reopen(&fixture);
    scanned = scan(&fixture);
    CU_ASSERT_EQUAL(scanned.count, 1);
    check_entry(&scanned, &entry);

    txn = store_txn_begin(fixture.store);
    store_txn_delete_entry(txn, entry.id);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    CU_ASSERT_EQUAL(scan(&fixture).count, 0);
    fixture_end(&fixture);
}

/* In a store that is shared each opening is a node of its own, and the next one the heir of them all. */
static void what_former_runs_left_is_scanned_together(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t message_id = put_message(&fixture, BYTES_LITERAL("x"));
    for (unsigned run = 1; run <= 3; run++) {
        store_entry_t entry = fixture_entry(store_new_id(fixture.store), message_id, "NEXT");
        store_txn_t *txn = store_txn_begin(fixture.store);
        store_txn_put_entry(txn, &entry);
        CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
        CU_ASSERT_EQUAL(scan(&fixture).count, run);
    }
    fixture_end(&fixture);
}

static void OP_08_a_long_queue_is_scanned_in_order(void)
{
    enum { ENTRIES = 3500 };
    fixture_t fixture;
    fixture_begin(&fixture);
    for (int i = 0; i < ENTRIES; i++) {
        store_entry_t entry = fixture_entry(store_new_id(fixture.store), 1, i % 2 ? "A" : "B");
        store_txn_t *txn = store_txn_begin(fixture.store);
        store_txn_put_entry(txn, &entry);
        if (i < ENTRIES - 1)
            store_txn_commit(txn, NULL, NULL);
        else
            CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    }
    scanned_t scanned = scan(&fixture);
    CU_ASSERT_EQUAL(scanned.count, ENTRIES);
    CU_ASSERT_TRUE(scanned.in_order);
    CU_ASSERT_STRING_EQUAL(scanned.destination, "A");
    store_figures_t figures;
    store_figures(fixture.store, &figures);
    CU_ASSERT_TRUE(fixture_shared() || figures.transactions == ENTRIES);
    CU_ASSERT_TRUE(figures.commits <= ENTRIES);
    CU_ASSERT_EQUAL(figures.failures, 0);
    CU_ASSERT_EQUAL(figures.octets_waiting, 0);
    fixture_end(&fixture);
}

typedef struct watches_t {
    char text[256];
    unsigned count;
} watches_t;

static void note_watch(void *context, const store_watch_t *watch)
{
    watches_t *watches = context;
    size_t length = strlen(watches->text);
    apr_snprintf(watches->text + length, sizeof(watches->text) - length, "%d %s %s %.*s;", (int)watch->time,
                 watch->mts_id, watch->destination, (int)watch->recipients.length,
                 (const char *)watch->recipients.data);
    watches->count++;
}

static const char *scan_watches(fixture_t *fixture)
{
    watches_t *watches = apr_pcalloc(fixture->pool, sizeof(*watches));
    CU_ASSERT_PTR_NULL(store_scan_watches(fixture->store, note_watch, watches, fixture->pool));
    return watches->text;
}

static void watches_survive_a_restart(void)
{
    if (fixture_shared()) /* the watches of a node end with it */
        return;
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t ids[3];
    store_txn_t *txn = store_txn_begin(fixture.store);
    for (int i = 0; i < 3; i++) {
        ids[i] = store_new_id(fixture.store);
        store_watch_t watch = {.id = ids[i],
                               .time = 100 + i,
                               .mts_id = i == 1 ? "second" : "first",
                               .destination = "PARTNER",
                               .recipients = BYTES_LITERAL("abcd")};
        store_txn_put_watch(txn, &watch);
    }
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    txn = store_txn_begin(fixture.store);
    store_txn_update_watch(txn, ids[1], BYTES_LITERAL("cd"));
    store_txn_delete_watch(txn, ids[0]);
    store_txn_delete_watch(txn, 4711); /* one that is not there: no error */
    store_txn_update_watch(txn, 4712, BYTES_LITERAL("cd"));
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    CU_ASSERT_STRING_EQUAL(scan_watches(&fixture), "101 second PARTNER cd;102 first PARTNER abcd;");
    fixture_reopen(&fixture);
    CU_ASSERT_STRING_EQUAL(scan_watches(&fixture), "101 second PARTNER cd;102 first PARTNER abcd;");
    CU_ASSERT_TRUE(store_new_id(fixture.store) > ids[2]);
    fixture_end(&fixture);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(message_is_read_as_it_was_put),
    UNIT_TEST(empty_parts_are_kept),
    UNIT_TEST(absent_things_are_told),
    UNIT_TEST(progress_of_a_transfer_is_kept_with_its_entry),
    UNIT_TEST(RT_large_message_streams_in_chunks),
    UNIT_TEST(deleting_takes_all_chunks),
    UNIT_TEST(a_message_goes_after_entries_unless_one_is_there),
    UNIT_TEST(small_and_large_messages_of_two_runs_go_alike),
    UNIT_TEST(a_deletion_that_is_undone_keeps_the_chunks),
    UNIT_TEST(OP_01_orphans_are_purged_at_the_start),
    UNIT_TEST(entries_are_scanned_changed_and_deleted),
    UNIT_TEST(what_former_runs_left_is_scanned_together),
    UNIT_TEST(watches_survive_a_restart),
    UNIT_TEST(OP_08_a_long_queue_is_scanned_in_order),
};
UNIT_MAIN("store", TESTS)
