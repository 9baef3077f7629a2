/* The newest events in memory. */
#include "unit.h"

#include <string.h>

#include "event/ids.h"
#include "event/recent.h"

typedef struct seen_t {
    size_t count;
    uint64_t first;
    uint64_t last;
    char text[EVENT_RECENT_TEXT + 1];
    char connector[EVENT_RECENT_NAME + 1];
} seen_t;

static void see(void *context, const event_kept_t *kept)
{
    seen_t *seen = context;
    if (!seen->count++)
        seen->first = kept->number;
    seen->last = kept->number;
    snprintf(seen->text, sizeof(seen->text), "%s", kept->text);
    snprintf(seen->connector, sizeof(seen->connector), "%s", kept->connector);
}

static void the_newest_are_kept_under_rising_numbers(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    event_log_t *log = event_log_create(pool, timebase_system());
    event_recent_t *recent = event_log_add_recent(log, pool);
    seen_t seen = {0};
    CU_ASSERT_EQUAL(event_recent_read(recent, 0, 10, see, &seen), 0);
    CU_ASSERT_EQUAL(seen.count, 0);
    event_subject_t subject = {.connector = "PARTNER"};
    for (unsigned i = 0; i < EVENT_RECENT_COUNT + 20; i++)
        event_raise(log, EVENT_ID_CONNECT_ERROR, &subject, "8511", "PARTNER", "192.0.2.1", "words");
    CU_ASSERT_EQUAL(event_recent_read(recent, 0, 1000, see, &seen), EVENT_RECENT_COUNT + 20);
    CU_ASSERT_EQUAL(seen.count, EVENT_RECENT_COUNT);
    CU_ASSERT_EQUAL(seen.first, 21);
    CU_ASSERT_EQUAL(seen.last, EVENT_RECENT_COUNT + 20);
    CU_ASSERT_STRING_EQUAL(seen.connector, "PARTNER");
    CU_ASSERT_PTR_NOT_NULL(strstr(seen.text, "Error code=8511"));
    seen = (seen_t){0};
    event_recent_read(recent, 0, 5, see, &seen); /* the newest five */
    CU_ASSERT_EQUAL(seen.count, 5);
    CU_ASSERT_EQUAL(seen.last, EVENT_RECENT_COUNT + 20);
    seen = (seen_t){0};
    event_recent_read(recent, 100, 5, see, &seen); /* the five after 100 */
    CU_ASSERT_EQUAL(seen.first, 101);
    CU_ASSERT_EQUAL(seen.last, 105);
    seen = (seen_t){0};
    event_recent_read(recent, EVENT_RECENT_COUNT + 20, 5, see, &seen);
    CU_ASSERT_EQUAL(seen.count, 0);
}

static const unit_test_t TESTS[] = {UNIT_TEST(the_newest_are_kept_under_rising_numbers)};
UNIT_MAIN("recent events", TESTS)
