/* The catalogue as the message table of the Windows Event Log. */
#include "unit.h"

#include <string.h>

#include "event/ids.h"
#include "event/messages.h"

static void the_number_has_type_and_id(void)
{
    CU_ASSERT_EQUAL(event_message_id(event_find(9298)), 0x40000000U | 9298);
    CU_ASSERT_EQUAL(event_message_id(event_find(4287)), 0x80000000U | 4287);
    CU_ASSERT_EQUAL(event_message_id(event_find(EVENT_ID_UNKNOWN_EVENT)) & 0xFFFF, EVENT_ID_UNKNOWN_EVENT);
}

static void every_id_fits_and_no_text_is_a_format(void)
{
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT(all[i].id < 0x10000);
        CU_ASSERT(all[i].id >= EVENT_CATEGORY_LIMIT); /* the numbers of the categories */
        for (const char *at = all[i].text; *at; at++)
            CU_ASSERT(!(at[0] == '%' && at[1] && at[2] == '!')); /* FormatMessage reads a format there */
    }
}

static unsigned count_of;
static char strings[EVENT_MESSAGE_STRINGS][EVENT_VALUE_LIMIT + 1];

static void take(void *context, const event_record_t *record)
{
    (void)context;
    count_of = event_message_strings(record, strings[0], sizeof(strings[0]));
}

static void strings_are_parameters_and_tag(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    event_log_t *log = event_log_create(pool, timebase_system());
    event_log_add_sink(log, take, NULL);
    event_raise(log, EVENT_ID_STARTED, NULL, "1.2", "a%1b");
    CU_ASSERT_EQUAL(count_of, 6);
    CU_ASSERT_STRING_EQUAL(strings[0], "1.2");
    CU_ASSERT_STRING_EQUAL(strings[1], "a%1b");
    CU_ASSERT_STRING_EQUAL(strings[2], "BASE IL MAIN BASE");
    CU_ASSERT_STRING_EQUAL(strings[4], "490");
    CU_ASSERT_STRING_EQUAL(strings[5], "14");
    static char longer[4 * EVENT_VALUE_LIMIT];
    memset(longer, 'x', sizeof(longer) - 1);
    event_raise(log, EVENT_ID_STARTED, NULL, longer, longer);
    CU_ASSERT(strlen(strings[0]) <= event_find(EVENT_ID_STARTED)->limits[0]);
    apr_pool_destroy(pool);
}

static void the_source_has_every_event(void)
{
    static char text[1 << 20];
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    event_messages_source(file);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = 0;
    fclose(file);
    size_t count;
    size_t messages = 0;
    event_catalogue(&count);
    for (const char *at = text; (at = strstr(at, "MessageId=")); at++)
        messages++;
    CU_ASSERT_EQUAL(messages, count + EVENT_CATEGORY_LIMIT - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "MessageId=9298\r\nSeverity=Informational\r\nFacility=System\r\n"
                                        "SymbolicName=EVENT_ID_STARTED\r\nLanguage=English\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "x400mta version %1 (build %2). [%3 %4 %5] (%6)\r\n.\r\n"));
}

static const unit_test_t tests[] = {
    UNIT_TEST(the_number_has_type_and_id),
    UNIT_TEST(every_id_fits_and_no_text_is_a_format),
    UNIT_TEST(strings_are_parameters_and_tag),
    UNIT_TEST(the_source_has_every_event),
};

UNIT_MAIN("event messages", tests)
