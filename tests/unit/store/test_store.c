/* The store from outside: what is committed can be read, scanned, changed and deleted. */
#include "unit.h"

#include "fixture.h"

static void message_is_read_as_it_was_put(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t id = store_new_id(fixture.store);
    store_message_t message = fixture_message(id, 5);
    store_entry_t entry = fixture_entry(store_new_id(fixture.store), id, "NEXT");
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_message(txn, &message);
    store_txn_put_chunk(txn, id, 0, BYTES_LITERAL("h\0llo"));
    store_txn_put_entry(txn, &entry);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    CU_ASSERT_TRUE(atomic_load(&fixture.notified) >= 1);

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
    fixture_end(&fixture);
}

static const unit_test_t TESTS[] = {UNIT_TEST(message_is_read_as_it_was_put)};
UNIT_MAIN("store", TESTS)
