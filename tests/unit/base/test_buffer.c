#include "base/buffer.h"

#include "unit.h"

static apr_pool_t *pool;

static void octets_come_out_as_they_went_in(void)
{
    buffer_t *buffer = buffer_create(pool, 1000);
    for (int i = 0; i < 50; i++)
        CU_ASSERT_TRUE(buffer_append(buffer, BYTES_LITERAL("0123456789")));
    CU_ASSERT_EQUAL(buffer_length(buffer), 500);
    buffer_consume(buffer, 5);
    CU_ASSERT_TRUE(bytes_equal(bytes_slice(buffer_bytes(buffer), 0, 7), BYTES_LITERAL("5678901")));
    CU_ASSERT_TRUE(buffer_append_octet(buffer, 'x'));
    CU_ASSERT_EQUAL(buffer_bytes(buffer).data[495], 'x');
    buffer_consume(buffer, 10000);
    CU_ASSERT_EQUAL(buffer_length(buffer), 0);
}

static void the_limit_latches_and_changes_nothing(void)
{
    buffer_t *buffer = buffer_create(pool, 10);
    CU_ASSERT_TRUE(buffer_append(buffer, BYTES_LITERAL("12345678")));
    CU_ASSERT_FALSE(buffer_append(buffer, BYTES_LITERAL("abc")));
    CU_ASSERT_TRUE(buffer->failed);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(buffer), BYTES_LITERAL("12345678")));
    CU_ASSERT_FALSE(buffer_append_octet(buffer, 'y'));
    buffer_clear(buffer);
    CU_ASSERT_TRUE(buffer_append(buffer, BYTES_LITERAL("abc")));
    CU_ASSERT_PTR_NULL(buffer_reserve(buffer, SIZE_MAX));
}

static void consuming_makes_room_without_growing(void)
{
    buffer_t *buffer = buffer_create(pool, 4096);
    for (int i = 0; i < 10000; i++) {
        CU_ASSERT_TRUE_FATAL(buffer_append(buffer, BYTES_LITERAL("0123456789abcdef")));
        buffer_consume(buffer, 16);
    }
    CU_ASSERT_TRUE(buffer->capacity <= 4096);
}

static void truncation_and_release(void)
{
    buffer_t *buffer = buffer_create(pool, 100);
    buffer_append(buffer, BYTES_LITERAL("abcdef"));
    buffer_consume(buffer, 2);
    buffer_truncate(buffer, 2);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(buffer), BYTES_LITERAL("cd")));
    buffer_truncate(buffer, 5);
    CU_ASSERT_EQUAL(buffer_length(buffer), 2);
    buffer_release(buffer);
    CU_ASSERT_EQUAL(buffer_length(buffer), 0);
    CU_ASSERT_TRUE(buffer_append(buffer, BYTES_LITERAL("again")));
}

static void hexadecimal_digits_both_ways(void)
{
    bytes_t octets;
    CU_ASSERT_STRING_EQUAL(bytes_to_hex(pool, BYTES_LITERAL("\x00\xfe\x7f")), "00fe7f");
    CU_ASSERT_TRUE(bytes_from_hex(pool, "00Fe7F", &octets));
    CU_ASSERT_TRUE(bytes_equal(octets, BYTES_LITERAL("\x00\xfe\x7f")));
    CU_ASSERT_FALSE(bytes_from_hex(pool, "0", &octets));
    CU_ASSERT_FALSE(bytes_from_hex(pool, "0g", &octets));
    CU_ASSERT_TRUE(bytes_from_hex(pool, "", &octets));
    CU_ASSERT_EQUAL(octets.length, 0);
}

static void slices_stay_inside(void)
{
    bytes_t range = BYTES_LITERAL("abcdef");
    CU_ASSERT_TRUE(bytes_equal(bytes_slice(range, 2, 3), BYTES_LITERAL("cde")));
    CU_ASSERT_TRUE(bytes_equal(bytes_slice(range, 4, SIZE_MAX), BYTES_LITERAL("ef")));
    CU_ASSERT_EQUAL(bytes_slice(range, 6, 1).length, 0);
    CU_ASSERT_EQUAL(bytes_slice(BYTES_NONE, 0, 1).length, 0);
}

int main(void)
{
    static const unit_test_t tests[] = {
        UNIT_TEST(octets_come_out_as_they_went_in),      UNIT_TEST(the_limit_latches_and_changes_nothing),
        UNIT_TEST(consuming_makes_room_without_growing), UNIT_TEST(truncation_and_release),
        UNIT_TEST(hexadecimal_digits_both_ways),         UNIT_TEST(slices_stay_inside)};
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    return unit_run("base/buffer", tests, sizeof(tests) / sizeof(tests[0]));
}
