/* The memory of repeats: digests are known as long as they should be, the oldest is forgotten first, and the
 * table stays right while it grows and wraps. */
#include "unit.h"

#include <string.h>

#include "mta/repeat.h"

static apr_pool_t *pool;

static void digest_of(uint32_t number, uint8_t digest[STORE_DIGEST_SIZE])
{
    memset(digest, 0, STORE_DIGEST_SIZE);
    uint32_t mixed = number * 2654435761u;
    memcpy(digest, &mixed, sizeof(mixed));
    memcpy(digest + 8, &number, sizeof(number));
}

/* All of these have the same place in the table, so that probing and its repair are at work. */
static void crowded_digest(uint32_t number, uint8_t digest[STORE_DIGEST_SIZE])
{
    memset(digest, 0, STORE_DIGEST_SIZE);
    memcpy(digest + 8, &number, sizeof(number));
}

static void add(repeat_t *repeat, uint32_t number, utc_time_t time)
{
    uint8_t digest[STORE_DIGEST_SIZE];
    digest_of(number, digest);
    repeat_add(repeat, digest, time);
}

static bool knows(const repeat_t *repeat, uint32_t number, utc_time_t since)
{
    uint8_t digest[STORE_DIGEST_SIZE];
    digest_of(number, digest);
    return repeat_known(repeat, digest, since);
}

static void empty_memory_knows_nothing(void)
{
    apr_pool_create(&pool, NULL);
    repeat_t *repeat = repeat_create(pool, 10);
    uint8_t digest[STORE_DIGEST_SIZE];
    digest_of(1, digest);
    CU_ASSERT_FALSE(repeat_known(repeat, digest, 0));
    repeat_remove(repeat, digest);
    CU_ASSERT_EQUAL(repeat_count(repeat), 0);
    apr_pool_destroy(pool);
}

static void digest_is_known_from_its_time_on(void)
{
    apr_pool_create(&pool, NULL);
    repeat_t *repeat = repeat_create(pool, 10);
    add(repeat, 7, 1000);
    CU_ASSERT_TRUE(knows(repeat, 7, 1000));
    CU_ASSERT_FALSE(knows(repeat, 7, 1001));
    CU_ASSERT_FALSE(knows(repeat, 8, 0));
    apr_pool_destroy(pool);
}

static void oldest_makes_room_for_the_newest(void)
{
    apr_pool_create(&pool, NULL);
    repeat_t *repeat = repeat_create(pool, 3000);
    for (uint32_t i = 0; i < 10000; i++)
        add(repeat, i, i);
    CU_ASSERT_EQUAL(repeat_count(repeat), 3000);
    unsigned wrong = 0;
    for (uint32_t i = 0; i < 10000; i++)
        wrong += knows(repeat, i, 0) != (i >= 7000);
    CU_ASSERT_EQUAL(wrong, 0);
    apr_pool_destroy(pool);
}

static void same_digest_again_takes_the_newer_time(void)
{
    apr_pool_create(&pool, NULL);
    repeat_t *repeat = repeat_create(pool, 10);
    add(repeat, 1, 100);
    add(repeat, 1, 200);
    CU_ASSERT_EQUAL(repeat_count(repeat), 1);
    CU_ASSERT_TRUE(knows(repeat, 1, 200));
    apr_pool_destroy(pool);
}

static void digest_that_came_again_outlives_its_first_place(void)
{
    apr_pool_create(&pool, NULL);
    repeat_t *repeat = repeat_create(pool, 4);
    add(repeat, 1, 100);
    add(repeat, 2, 101);
    add(repeat, 1, 102);
    add(repeat, 3, 103);
    add(repeat, 4, 104); /* the ring is full: the place of the first digest 1 is taken */
    CU_ASSERT_TRUE(knows(repeat, 1, 102));
    apr_pool_destroy(pool);
}

static void removal_leaves_the_others_in_a_crowd(void)
{
    apr_pool_create(&pool, NULL);
    repeat_t *repeat = repeat_create(pool, 1000);
    uint8_t digest[STORE_DIGEST_SIZE];
    for (uint32_t i = 0; i < 500; i++) {
        crowded_digest(i, digest);
        repeat_add(repeat, digest, i);
    }
    for (uint32_t i = 0; i < 500; i += 2) {
        crowded_digest(i, digest);
        repeat_remove(repeat, digest);
    }
    CU_ASSERT_EQUAL(repeat_count(repeat), 250);
    unsigned wrong = 0;
    for (uint32_t i = 0; i < 500; i++) {
        crowded_digest(i, digest);
        wrong += repeat_known(repeat, digest, 0) != (i % 2 == 1);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(empty_memory_knows_nothing),
    UNIT_TEST(digest_is_known_from_its_time_on),
    UNIT_TEST(oldest_makes_room_for_the_newest),
    UNIT_TEST(same_digest_again_takes_the_newer_time),
    UNIT_TEST(digest_that_came_again_outlives_its_first_place),
    UNIT_TEST(removal_leaves_the_others_in_a_crowd),
};

UNIT_MAIN("mta/repeat", tests)
