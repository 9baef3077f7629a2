#include "ber/writer.h"

#include "ber/reader.h"
#include "unit.h"

static apr_pool_t *pool;

static const char *hex(const buffer_t *out)
{
    return bytes_to_hex(pool, buffer_bytes(out));
}

static void values_in_their_shortest_form(void)
{
    static const struct {
        int64_t value;
        const char *hex;
    } cases[] = {
        {0, "020100"},    {127, "02017f"},    {128, "02020080"},     {-1, "0201ff"},
        {-128, "020180"}, {-129, "0202ff7f"}, {65535, "020300ffff"}, {INT64_MIN, "02088000000000000000"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buffer_t *out = buffer_create(pool, 100);
        ber_writer_t writer;
        ber_writer_init(&writer, out);
        ber_put_integer(&writer, BER_INTEGER, cases[i].value);
        CU_ASSERT_TRUE(ber_writer_ok(&writer));
        CU_ASSERT_STRING_EQUAL(hex(out), cases[i].hex);
    }
}

static void nested_elements_get_the_lengths_that_they_need(void)
{
    for (size_t length = 0; length < 70000; length = length * 2 + 1) {
        buffer_t *out = buffer_create(pool, 100000);
        ber_writer_t writer;
        ber_writer_init(&writer, out);
        ber_open(&writer, BER_CONTEXT(40));
        ber_open_indefinite(&writer, BER_SEQUENCE);
        ber_put_octets(&writer, BER_OCTET_STRING, bytes_make(apr_pcalloc(pool, length), length));
        ber_close(&writer);
        ber_put_null(&writer, BER_NULL);
        ber_close(&writer);
        CU_ASSERT_TRUE_FATAL(ber_writer_ok(&writer));
        ber_reader_t reader;
        ber_reader_t outer;
        ber_reader_t inner;
        ber_fault_t fault;
        ber_tlv_t tlv;
        ber_reader_init(&reader, buffer_bytes(out), &fault);
        CU_ASSERT_TRUE(ber_enter(&reader, BER_CONTEXT(40), &outer));
        CU_ASSERT_TRUE(ber_enter(&outer, BER_SEQUENCE, &inner));
        CU_ASSERT_TRUE(ber_expect(&inner, BER_OCTET_STRING, &tlv));
        CU_ASSERT_EQUAL(tlv.content.length, length);
        CU_ASSERT_EQUAL(tlv.whole.length, length + ber_header_size(BER_OCTET_STRING, length));
        CU_ASSERT_TRUE(ber_expect(&outer, BER_NULL, &tlv));
        CU_ASSERT_TRUE(ber_done(&inner) && ber_done(&outer) && ber_done(&reader));
    }
}

static void failure_is_latched(void)
{
    buffer_t *out = buffer_create(pool, 8);
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    ber_open(&writer, BER_SEQUENCE);
    ber_put_string(&writer, BER_IA5_STRING, "far too long for this buffer");
    ber_put_null(&writer, BER_NULL);
    ber_close(&writer);
    CU_ASSERT_FALSE(ber_writer_ok(&writer));
    out = buffer_create(pool, 1000);
    ber_writer_init(&writer, out);
    for (int i = 0; i <= BER_DEPTH_LIMIT; i++)
        ber_open(&writer, BER_SEQUENCE);
    CU_ASSERT_FALSE(ber_writer_ok(&writer));
    ber_writer_init(&writer, buffer_create(pool, 1000));
    ber_open(&writer, BER_SEQUENCE);
    CU_ASSERT_FALSE(ber_writer_ok(&writer));
    ber_close(&writer);
    CU_ASSERT_TRUE(ber_writer_ok(&writer));
    ber_close(&writer);
    CU_ASSERT_FALSE(ber_writer_ok(&writer));
}

static void bits_booleans_and_object_identifiers(void)
{
    buffer_t *out = buffer_create(pool, 100);
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    ber_put_bits(&writer, BER_BIT_STRING, (const uint8_t[]){0xa8, 0x80}, 9);
    ber_put_boolean(&writer, BER_BOOLEAN, true);
    ber_put_boolean(&writer, BER_CONTEXT(2), false);
    ber_put_oid(&writer, BER_OBJECT_IDENTIFIER, ber_oid_from_text(pool, "2.6.0.1.6"));
    ber_put_bits(&writer, BER_BIT_STRING, NULL, 0);
    CU_ASSERT_STRING_EQUAL(hex(out), "030307a880"
                                     "0101ff"
                                     "820100"
                                     "060456000106"
                                     "030100");
    CU_ASSERT_EQUAL(ber_oid_from_text(pool, "2.6..1").length, 0);
    CU_ASSERT_EQUAL(ber_oid_from_text(pool, "3.1").length, 0);
    CU_ASSERT_EQUAL(ber_oid_from_text(pool, "1.40").length, 0);
    CU_ASSERT_EQUAL(ber_oid_from_text(pool, "2").length, 0);
    CU_ASSERT_STRING_EQUAL(ber_oid_text(pool, ber_oid_from_text(pool, "2.999.3")), "2.999.3");
}

int main(void)
{
    static const unit_test_t tests[] = {
        UNIT_TEST(values_in_their_shortest_form), UNIT_TEST(nested_elements_get_the_lengths_that_they_need),
        UNIT_TEST(failure_is_latched), UNIT_TEST(bits_booleans_and_object_identifiers)};
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    return unit_run("ber/writer", tests, sizeof(tests) / sizeof(tests[0]));
}
