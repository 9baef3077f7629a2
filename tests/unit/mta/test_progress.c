/* The stored form of a transfer's progress: it comes back as it was, and damaged ones are none. */
#include "unit.h"

#include <string.h>

#include "mta/progress.h"

static progress_t example(uint8_t fill)
{
    progress_t progress;
    memset(&progress, 0, sizeof(progress));
    progress.mode = X411_MODE_NORMAL;
    progress.serial = OSI_SYNC_NUMBER_LIMIT;
    progress.total = 0x0102030405060708;
    progress.length = 0x1112131415161718;
    progress.time = 1700000000000000;
    memset(progress.digest, 0xD1, sizeof(progress.digest));
    progress.activity.length = fill % (OSI_ACTIVITY_ID_LIMIT + 1);
    memset(progress.activity.octets, 0xA1, progress.activity.length);
    progress.connection.user.length = fill % (OSI_REFERENCE_LIMIT + 1);
    memset(progress.connection.user.octets, 0xC1, progress.connection.user.length);
    progress.connection.common.length = (uint8_t)(OSI_REFERENCE_LIMIT - progress.connection.user.length);
    memset(progress.connection.common.octets, 0xC2, progress.connection.common.length);
    progress.connection.additional_length = fill % (OSI_ADDITIONAL_REFERENCE_LIMIT + 1);
    memset(progress.connection.additional, 0xC3, progress.connection.additional_length);
    return progress;
}

static void RT_02_progress_comes_back_as_it_was(void)
{
    for (uint8_t fill = 0; fill < 200; fill++) {
        progress_t progress = example(fill);
        progress_t back;
        uint8_t octets[PROGRESS_LIMIT];
        size_t length = progress_encode(&progress, octets);
        CU_ASSERT_TRUE_FATAL(length <= PROGRESS_LIMIT);
        CU_ASSERT_TRUE_FATAL(progress_decode(bytes_make(octets, length), &back));
        CU_ASSERT_EQUAL(back.mode, progress.mode);
        CU_ASSERT_EQUAL(back.serial, progress.serial);
        CU_ASSERT_EQUAL(back.total, progress.total);
        CU_ASSERT_EQUAL(back.activity.length, progress.activity.length);
        uint8_t again[PROGRESS_LIMIT];
        CU_ASSERT_EQUAL_FATAL(progress_encode(&back, again), length);
        CU_ASSERT_EQUAL(memcmp(again, octets, length), 0);
    }
}

static void damaged_progress_is_none(void)
{
    progress_t progress = example(70);
    progress_t back;
    uint8_t octets[PROGRESS_LIMIT];
    size_t length = progress_encode(&progress, octets);
    for (size_t shorter = 0; shorter < length; shorter++)
        CU_ASSERT_FALSE(progress_decode(bytes_make(octets, shorter), &back));
    octets[0] ^= 0x40; /* of a later version */
    CU_ASSERT_FALSE(progress_decode(bytes_make(octets, length), &back));
    progress.serial = 0; /* nothing was confirmed */
    length = progress_encode(&progress, octets);
    CU_ASSERT_FALSE(progress_decode(bytes_make(octets, length), &back));
    progress = example(70);
    progress.total = progress.length + 1;
    length = progress_encode(&progress, octets);
    CU_ASSERT_FALSE(progress_decode(bytes_make(octets, length), &back));
    /* Lengths of parts that are longer than the parts can be. */
    progress = example(70);
    length = progress_encode(&progress, octets);
    for (size_t i = 2 + 4 * 8; i < length; i++) {
        uint8_t was = octets[i];
        octets[i] = 0xFF;
        (void)progress_decode(bytes_make(octets, length), &back);
        CU_ASSERT_TRUE(back.activity.length <= OSI_ACTIVITY_ID_LIMIT &&
                       back.connection.user.length <= OSI_REFERENCE_LIMIT &&
                       back.connection.common.length <= OSI_REFERENCE_LIMIT &&
                       back.connection.additional_length <= OSI_ADDITIONAL_REFERENCE_LIMIT);
        octets[i] = was;
    }
}

static void digest_tells_what_is_sent_and_where(void)
{
    uint8_t one[PROGRESS_DIGEST_SIZE];
    uint8_t two[PROGRESS_DIGEST_SIZE];
    progress_digest(bytes_make("envelope", 8), "NEXT", one);
    progress_digest(bytes_make("envelope", 8), "NEXT", two);
    CU_ASSERT_EQUAL(memcmp(one, two, sizeof(one)), 0);
    progress_digest(bytes_make("envelopf", 8), "NEXT", two);
    CU_ASSERT_NOT_EQUAL(memcmp(one, two, sizeof(one)), 0);
    progress_digest(bytes_make("envelope", 8), "OTHER", two);
    CU_ASSERT_NOT_EQUAL(memcmp(one, two, sizeof(one)), 0);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(RT_02_progress_comes_back_as_it_was),
    UNIT_TEST(damaged_progress_is_none),
    UNIT_TEST(digest_tells_what_is_sent_and_where),
};
UNIT_MAIN("progress", TESTS)
