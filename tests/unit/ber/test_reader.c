#include "ber/reader.h"

#include "unit.h"

static apr_pool_t *pool;

#define OCTETS(...) bytes_make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void P1_03_lengths_of_every_form(void)
{
    const bytes_t inputs[] = {OCTETS(0x30, 0x03, 0x02, 0x01, 0x2a),
                              OCTETS(0x30, 0x81, 0x03, 0x02, 0x01, 0x2a),
                              OCTETS(0x30, 0x84, 0, 0, 0, 0x03, 0x02, 0x01, 0x2a),
                              OCTETS(0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0x03, 0x02, 0x01, 0x2a),
                              OCTETS(0x30, 0x80, 0x02, 0x01, 0x2a, 0, 0)};
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        ber_reader_t reader;
        ber_reader_t child;
        ber_fault_t fault;
        ber_tlv_t tlv;
        int64_t value;
        ber_reader_init(&reader, inputs[i], &fault);
        CU_ASSERT_TRUE(ber_enter(&reader, BER_SEQUENCE, &child));
        CU_ASSERT_TRUE(ber_expect(&child, BER_INTEGER, &tlv));
        CU_ASSERT_TRUE(ber_value_integer(&child, &tlv, &value));
        CU_ASSERT_EQUAL(value, 42);
        CU_ASSERT_TRUE(ber_done(&child) && ber_done(&reader));
    }
}

static void P1_03_tags_above_30(void)
{
    ber_reader_t reader;
    ber_fault_t fault;
    ber_tlv_t tlv;
    ber_reader_init(&reader, OCTETS(0x9f, 0x1f, 0x00, 0xbf, 0x81, 0x00, 0x00, 0x5f, 0xff, 0x7f, 0x01, 'x'),
                    &fault);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv) && tlv.tag == BER_CONTEXT(31) && !tlv.constructed);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv) && tlv.tag == BER_CONTEXT(128) && tlv.constructed);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv) && tlv.tag == BER_APPLICATION(0x3fff));
    CU_ASSERT_EQUAL(tlv.whole.length, 5);
    CU_ASSERT_TRUE(ber_done(&reader));
    ber_reader_init(&reader, OCTETS(0x1f, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00), &fault);
    CU_ASSERT_FALSE(ber_read(&reader, &tlv));
    CU_ASSERT_STRING_EQUAL(fault.what, "tag number too large");
}

static void P1_03_constructed_strings_are_joined(void)
{
    ber_reader_t reader;
    ber_fault_t fault;
    ber_tlv_t tlv;
    bytes_t value;
    size_t length;
    ber_reader_init(
        &reader,
        OCTETS(0x24, 0x80, 0x04, 0x02, 'a', 'b', 0x24, 0x03, 0x04, 0x01, 'c', 0x04, 0x00, 0x00, 0x00),
        &fault);
    CU_ASSERT_TRUE(ber_expect(&reader, BER_OCTET_STRING, &tlv));
    CU_ASSERT_TRUE(ber_value_length(&reader, &tlv, &length));
    CU_ASSERT_EQUAL(length, 3);
    CU_ASSERT_TRUE(ber_value_octets(&reader, &tlv, pool, &value));
    CU_ASSERT_TRUE(bytes_equal(value, BYTES_LITERAL("abc")));
    ber_reader_init(&reader, OCTETS(0x23, 0x08, 0x03, 0x02, 0x00, 0xf0, 0x03, 0x02, 0x04, 0xa0), &fault);
    ber_bits_t bits;
    CU_ASSERT_TRUE(ber_read(&reader, &tlv) && ber_value_bits(&reader, &tlv, pool, &bits));
    CU_ASSERT_EQUAL(bits.count, 12);
    CU_ASSERT_TRUE(ber_bit(&bits, 3) && !ber_bit(&bits, 4) && ber_bit(&bits, 8) && !ber_bit(&bits, 9));
    CU_ASSERT_FALSE(ber_bit(&bits, 12));
}

static void faults_are_latched_with_their_place(void)
{
    static const struct {
        const char *input;
        size_t length;
        const char *what;
        size_t offset;
    } cases[] = {
        {"\x30\x05\x02\x01\x2a", 5, "element longer than what holds it", 0},
        {"\x30\x03\x02\x05\x2a", 5, "element longer than what holds it", 2},
        {"\x30\x80\x02\x01\x2a", 5, "no end-of-contents octets", 0},
        {"\x02\x80\x00\x00", 4, "indefinite length on a primitive element", 0},
        {"\x30\xff\x00", 3, "reserved length octet", 0},
        {"\x30\x89\x01\x02\x03\x04\x05\x06\x07\x08\x09", 11, "length too large", 0},
        {"\x30", 1, "truncated element", 0},
        {"\x30\x02\x00\x00", 4, "unexpected end-of-contents octets", 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ber_reader_t reader;
        ber_reader_t child;
        ber_fault_t fault;
        ber_tlv_t tlv;
        ber_reader_init(&reader, bytes_make(cases[i].input, cases[i].length), &fault);
        if (ber_read(&reader, &tlv) && ber_children(&reader, &tlv, &child))
            ber_skip_rest(&child);
        CU_ASSERT_PTR_NOT_NULL_FATAL(fault.what);
        CU_ASSERT_STRING_EQUAL(fault.what, cases[i].what);
        CU_ASSERT_EQUAL(fault.offset, cases[i].offset);
        CU_ASSERT_FALSE(ber_read(&reader, &tlv));
    }
}

static void nesting_ends_at_the_limit(void)
{
    uint8_t deep[400];
    for (size_t i = 0; i < sizeof(deep); i += 2) {
        deep[i] = 0x30;
        deep[i + 1] = 0x80;
    }
    ber_reader_t reader;
    ber_fault_t fault;
    ber_tlv_t tlv;
    ber_reader_init(&reader, bytes_make(deep, sizeof(deep)), &fault);
    CU_ASSERT_FALSE(ber_read(&reader, &tlv));
    CU_ASSERT_STRING_EQUAL(fault.what, "nested too deeply");
    bool malformed;
    CU_ASSERT_EQUAL(ber_element_length(bytes_make(deep, sizeof(deep)), &malformed), 0);
    CU_ASSERT_TRUE(malformed);
}

static void a_stream_is_told_how_long_its_element_is(void)
{
    bytes_t whole = OCTETS(0x30, 0x80, 0x30, 0x80, 0x02, 0x01, 0x2a, 0, 0, 0, 0, 0x99);
    bool malformed;
    for (size_t length = 0; length < 11; length++) {
        CU_ASSERT_EQUAL(ber_element_length(bytes_slice(whole, 0, length), &malformed), 0);
        CU_ASSERT_FALSE(malformed);
    }
    CU_ASSERT_EQUAL(ber_element_length(whole, &malformed), 11);
}

static void values_out_of_shape_are_refused(void)
{
    ber_reader_t reader;
    ber_fault_t fault;
    ber_tlv_t tlv;
    int64_t number;
    bool truth;
    ber_bits_t bits;
    ber_reader_init(&reader, OCTETS(0x02, 0x00), &fault);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv));
    CU_ASSERT_FALSE(ber_value_integer(&reader, &tlv, &number));
    ber_reader_init(&reader, OCTETS(0x02, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9), &fault);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv));
    CU_ASSERT_FALSE(ber_value_integer(&reader, &tlv, &number));
    ber_reader_init(&reader, OCTETS(0x02, 0x02, 0xff, 0x7f), &fault);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv) && ber_value_integer(&reader, &tlv, &number));
    CU_ASSERT_EQUAL(number, -129);
    ber_reader_init(&reader, OCTETS(0x01, 0x02, 0, 0), &fault);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv));
    CU_ASSERT_FALSE(ber_value_boolean(&reader, &tlv, &truth));
    ber_reader_init(&reader, OCTETS(0x03, 0x02, 0x08, 0xff), &fault);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv));
    CU_ASSERT_FALSE(ber_value_bits(&reader, &tlv, pool, &bits));
    ber_reader_init(&reader, OCTETS(0x03, 0x01, 0x00), &fault);
    CU_ASSERT_TRUE(ber_read(&reader, &tlv) && ber_value_bits(&reader, &tlv, pool, &bits));
    CU_ASSERT_EQUAL(bits.count, 0);
}

static void object_identifiers_as_text(void)
{
    CU_ASSERT_STRING_EQUAL(ber_oid_text(pool, OCTETS(0x56, 0x00, 0x01, 0x06)), "2.6.0.1.6");
    CU_ASSERT_STRING_EQUAL(ber_oid_text(pool, OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x05, 0x01)),
                           "1.2.840.113556.5.1");
    CU_ASSERT_PTR_NULL(ber_oid_text(pool, OCTETS(0x56, 0x80)));
    CU_ASSERT_PTR_NULL(ber_oid_text(pool, BYTES_NONE));
}

int main(void)
{
    static const unit_test_t tests[] = {UNIT_TEST(P1_03_lengths_of_every_form),
                                        UNIT_TEST(P1_03_tags_above_30),
                                        UNIT_TEST(P1_03_constructed_strings_are_joined),
                                        UNIT_TEST(faults_are_latched_with_their_place),
                                        UNIT_TEST(nesting_ends_at_the_limit),
                                        UNIT_TEST(a_stream_is_told_how_long_its_element_is),
                                        UNIT_TEST(values_out_of_shape_are_refused),
                                        UNIT_TEST(object_identifiers_as_text)};
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    return unit_run("ber/reader", tests, sizeof(tests) / sizeof(tests[0]));
}
