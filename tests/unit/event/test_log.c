/* Raising events: levels, parameters, texts, sinks, threads. */
#include "unit.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "event/event.h"
#include "event/ids.h"

enum { TEMPORARY = APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_READ | APR_FOPEN_WRITE };

typedef struct seen_t {
    unsigned count;
    unsigned id;
    utc_time_t time;
    char connector[64];
    char parameters[EVENT_PARAMETER_LIMIT][EVENT_VALUE_LIMIT + 1];
    char text[EVENT_TEXT_LIMIT];
} seen_t;

static void remember(void *context, const event_record_t *record)
{
    seen_t *seen = context;
    seen->count++;
    seen->id = record->definition->id;
    seen->time = record->time;
    apr_cpystrn(seen->connector, record->subject->connector ? record->subject->connector : "",
                sizeof(seen->connector));
    for (unsigned i = 0; i < EVENT_PARAMETER_LIMIT; i++)
        apr_cpystrn(seen->parameters[i], record->parameters[i], sizeof(seen->parameters[i]));
    apr_cpystrn(seen->text, record->text, sizeof(seen->text));
}

static mono_time_t no_time(void *context)
{
    (void)context;
    return 0;
}

/* 2026-11-22 10:00:00 UTC */
static utc_time_t fixed_time(void *context)
{
    (void)context;
    return TIME_SECONDS(INT64_C(1795341600));
}

static const timebase_t FIXED_TIME = {.mono = no_time, .utc = fixed_time};

typedef struct fixture_t {
    apr_pool_t *pool;
    event_log_t *log;
    seen_t seen;
} fixture_t;

static void begin(fixture_t *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    apr_pool_create(&fixture->pool, NULL);
    fixture->log = event_log_create(fixture->pool, &FIXED_TIME);
    event_log_add_sink(fixture->log, remember, &fixture->seen);
}

static void OP_05_text_carries_peer_and_code_and_ends_with_the_tag(void)
{
    fixture_t fixture;
    begin(&fixture);
    event_subject_t subject = {.connector = "PARTNER", .error_code = 8511};
    event_raise(fixture.log, EVENT_ID_CONNECT_ERROR, &subject, "8511", "PARTNER", "192.0.2.7:102", "refused");
    CU_ASSERT_EQUAL(fixture.seen.count, 1);
    CU_ASSERT_EQUAL(fixture.seen.id, 4284);
    CU_ASSERT_EQUAL(fixture.seen.time, fixed_time(NULL));
    CU_ASSERT_STRING_EQUAL(fixture.seen.connector, "PARTNER");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[2], "192.0.2.7:102");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[4], "");
    const char *text = "An error has occurred during connection/disconnection. Error code=8511. "
                       "Connector PARTNER, address 192.0.2.7:102: refused. [POP4 POP4 DOWN ";
    CU_ASSERT_EQUAL(strncmp(fixture.seen.text, text, strlen(text)), 0);
    const char *end = strstr(fixture.seen.text, " 179] (14)");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    CU_ASSERT_STRING_EQUAL(end, " 179] (14)");
    apr_pool_destroy(fixture.pool);
}

static void every_event_can_be_raised(void)
{
    fixture_t fixture;
    begin(&fixture);
    for (int category = 1; category < EVENT_CATEGORY_LIMIT; category++)
        event_log_set_level(fixture.log, (event_category_t)category, EVENT_LEVEL_MAXIMUM);
    char value[2000];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = 0;
    size_t count = 0;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        event_raise(fixture.log, all[i].id, NULL, value, value, value, value, value, value, value, value,
                    value);
        CU_ASSERT_EQUAL(fixture.seen.id, all[i].id);
        CU_ASSERT_PTR_NULL(strchr(fixture.seen.text, '%'));
        char tag[32];
        apr_snprintf(tag, sizeof(tag), " %u] (%d)", all[i].procedure, all[i].severity);
        size_t length = strlen(fixture.seen.text);
        CU_ASSERT_TRUE_FATAL(length > strlen(tag));
        CU_ASSERT_STRING_EQUAL(fixture.seen.text + length - strlen(tag), tag);
        for (unsigned j = 0; j < all[i].parameter_count; j++)
            CU_ASSERT_EQUAL(strlen(fixture.seen.parameters[j]), all[i].limits[j]);
    }
    CU_ASSERT_EQUAL(fixture.seen.count, count);
    apr_pool_destroy(fixture.pool);
}

static void long_parameters_are_cut(void)
{
    fixture_t fixture;
    begin(&fixture);
    event_raise(fixture.log, EVENT_ID_WORK_QUEUE_SUBSIDED, NULL, "0123456789012345678901234567890123456789");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "012345678901234567890...");
    CU_ASSERT_EQUAL(strlen(fixture.seen.parameters[0]), event_find(667)->limits[0]);
    /* Not within a character: the limit of 24 octets falls into an a-umlaut. */
    event_raise(fixture.log, EVENT_ID_WORK_QUEUE_SUBSIDED, NULL,
                "01234567890123456789\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "01234567890123456789...");
    apr_pool_destroy(fixture.pool);
}

static void parameters_are_made_printable(void)
{
    fixture_t fixture;
    begin(&fixture);
    event_raise(fixture.log, EVENT_ID_ADMIN_OPENED, NULL, "a\r\nb\x1b[1m\x7f");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "a\\x0d\\x0ab\\x1b[1m\\x7f");
    /* Whole characters stay; octets that are none, overlong forms, surrogates and C1 controls do not. */
    event_raise(fixture.log, EVENT_ID_ADMIN_OPENED, NULL, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7");
    event_raise(fixture.log, EVENT_ID_ADMIN_OPENED, NULL, "\xff\xc0\xaf\xed\xa0\x80\xc2\x9b\xc3");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xc2\\x9b\\xc3");
    event_raise(fixture.log, EVENT_ID_ADMIN_OPENED, NULL,
                "\xe2\x80\xae"
                "abc");
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "\\xe2\\x80\\xae"
                                                       "abc");
    event_raise(fixture.log, EVENT_ID_ADMIN_OPENED, NULL, (const char *)NULL);
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "");
    event_raise(fixture.log, EVENT_ID_ADMIN_OPENED, NULL, "100%1 %s");
    CU_ASSERT_PTR_NOT_NULL(strstr(fixture.seen.text, "100%1 %s."));
    apr_pool_destroy(fixture.pool);
}

static void levels_decide(void)
{
    fixture_t fixture;
    begin(&fixture);
    const unsigned id = EVENT_ID_ASSOCIATION_CLOSED; /* X.400 Service, medium */
    CU_ASSERT_EQUAL(event_log_level(fixture.log, EVENT_X400_SERVICE), EVENT_LEVEL_NONE);
    CU_ASSERT_FALSE(event_log_wants(fixture.log, id));
    event_raise(fixture.log, id, NULL, "a", "b", "c");
    CU_ASSERT_EQUAL(fixture.seen.count, 0);
    event_log_set_level(fixture.log, EVENT_X400_SERVICE, EVENT_LEVEL_MINIMUM);
    event_raise(fixture.log, id, NULL, "a", "b", "c");
    CU_ASSERT_EQUAL(fixture.seen.count, 0);
    event_log_set_level(fixture.log, EVENT_X400_SERVICE, EVENT_LEVEL_MEDIUM);
    CU_ASSERT_TRUE(event_log_wants(fixture.log, id));
    event_raise(fixture.log, id, NULL, "a", "b", "c");
    CU_ASSERT_EQUAL(fixture.seen.count, 1);
    /* Another category keeps its level; what is logged always is logged at none. */
    CU_ASSERT_FALSE(event_log_wants(fixture.log, EVENT_ID_NSI_TRACE));
    event_log_set_level(fixture.log, EVENT_X400_SERVICE, EVENT_LEVEL_NONE);
    CU_ASSERT_TRUE(event_log_wants(fixture.log, EVENT_ID_CONNECT_ERROR));
    CU_ASSERT_FALSE(event_log_wants(fixture.log, 77777));
    CU_ASSERT_FALSE(event_log_wants(NULL, EVENT_ID_CONNECT_ERROR));
    event_log_set_level(fixture.log, (event_category_t)99, EVENT_LEVEL_MAXIMUM);
    CU_ASSERT_EQUAL(event_log_level(fixture.log, (event_category_t)99), EVENT_LEVEL_NONE);
    apr_pool_destroy(fixture.pool);
}

static void unknown_events_are_told(void)
{
    fixture_t fixture;
    begin(&fixture);
    event_raise(fixture.log, 77777, NULL, "a");
    CU_ASSERT_EQUAL(fixture.seen.id, 2004);
    CU_ASSERT_STRING_EQUAL(fixture.seen.parameters[0], "77777");
    event_raise(NULL, EVENT_ID_CONNECT_ERROR, NULL, "1", "2", "3", "4"); /* dropped */
    CU_ASSERT_EQUAL(fixture.seen.count, 1);
    apr_pool_destroy(fixture.pool);
}

static void text_file_has_one_line_per_event(void)
{
    fixture_t fixture;
    begin(&fixture);
    const char *folder = NULL;
    apr_temp_dir_get(&folder, fixture.pool);
    char *path = apr_pstrcat(fixture.pool, folder, "/x400-event-XXXXXX", NULL);
    apr_file_t *file = NULL;
    CU_ASSERT_EQUAL_FATAL(apr_file_mktemp(&file, path, TEMPORARY, fixture.pool), 0);
    CU_ASSERT_PTR_NULL_FATAL(event_log_add_text_file(fixture.log, path, fixture.pool));
    event_raise(fixture.log, EVENT_ID_CONNECT_ERROR, NULL, "8511", "PARTNER", "a\nb", "refused");
    event_raise(fixture.log, EVENT_ID_STOPPED, NULL, "1.0", "7");
    char text[4096];
    apr_size_t length = sizeof(text) - 1;
    apr_file_read(file, text, &length);
    text[length] = 0;
    const char *first = "2026-11-22 10:00:00Z 4284 Warning X.400 Service: An error has occurred";
    CU_ASSERT_EQUAL(strncmp(text, first, strlen(first)), 0);
    char *line = strchr(text, '\n');
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    const char *second = "2026-11-22 10:00:00Z 9299 Information X.400 Service: Service closedown complete";
    CU_ASSERT_EQUAL(strncmp(line + 1, second, strlen(second)), 0);
    line = strchr(line + 1, '\n');
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT_EQUAL(line[1], 0);
    apr_file_remove(path, fixture.pool);
    err_t *err = event_log_add_text_file(fixture.log, "/nowhere/at/all.log", fixture.pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(fixture.pool, err), "/nowhere/at/all.log"));
    apr_pool_destroy(fixture.pool);
}

/* Lines in a file; -1 if there is none. */
static int lines_of(const char *path, apr_pool_t *pool)
{
    apr_file_t *file = NULL;
    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BUFFERED, APR_FPROT_OS_DEFAULT, pool) !=
        APR_SUCCESS)
        return -1;
    int count = 0;
    char octet;
    while (apr_file_getc(&octet, file) == APR_SUCCESS)
        count += octet == '\n';
    apr_file_close(file);
    return count;
}

static void text_file_that_was_renamed_is_begun_anew(void)
{
    fixture_t fixture;
    begin(&fixture);
    const char *folder = NULL;
    apr_temp_dir_get(&folder, fixture.pool);
    char *path = apr_pstrcat(fixture.pool, folder, "/x400-event-XXXXXX", NULL);
    apr_file_t *file = NULL;
    CU_ASSERT_EQUAL_FATAL(apr_file_mktemp(&file, path, TEMPORARY, fixture.pool), 0);
    CU_ASSERT_PTR_NULL_FATAL(event_log_add_text_file(fixture.log, path, fixture.pool));
    event_raise(fixture.log, EVENT_ID_STOPPED, NULL, "1.0", "7");
    apr_file_close(file);
    const char *old = apr_pstrcat(fixture.pool, path, ".1", NULL);
    CU_ASSERT_EQUAL(apr_file_rename(path, old, fixture.pool), 0);
    event_raise(fixture.log, EVENT_ID_STOPPED, NULL, "1.0", "7");
    event_raise(fixture.log, EVENT_ID_STOPPED, NULL, "1.0", "7");
    CU_ASSERT_EQUAL(lines_of(old, fixture.pool), 1);
    CU_ASSERT_EQUAL(lines_of(path, fixture.pool), 2);
    /* Another file in its place, as `create` of logrotate puts it there. */
    apr_file_remove(old, fixture.pool);
    CU_ASSERT_EQUAL(apr_file_rename(path, old, fixture.pool), 0);
    CU_ASSERT_EQUAL(
        apr_file_open(&file, path, APR_FOPEN_CREATE | APR_FOPEN_WRITE, APR_FPROT_OS_DEFAULT, fixture.pool),
        0);
    event_raise(fixture.log, EVENT_ID_STOPPED, NULL, "1.0", "7");
    CU_ASSERT_EQUAL(lines_of(path, fixture.pool), 1);
    CU_ASSERT_EQUAL(lines_of(old, fixture.pool), 2);
    apr_file_remove(old, fixture.pool);
    apr_file_remove(path, fixture.pool);
    apr_pool_destroy(fixture.pool);
}

enum { THREADS = 4, EVENTS_EACH = 2000 };

static void *APR_THREAD_FUNC raise_many(apr_thread_t *thread, void *data)
{
    (void)thread;
    for (int i = 0; i < EVENTS_EACH; i++)
        event_raise(data, EVENT_ID_ASSOCIATION_LIMIT, NULL, "PARTNER", "9");
    return NULL;
}

static void events_come_from_any_thread(void)
{
    fixture_t fixture;
    begin(&fixture);
    apr_thread_t *threads[THREADS];
    apr_status_t result = 0;
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(apr_thread_create(&threads[i], NULL, raise_many, fixture.log, fixture.pool), 0);
    for (int i = 0; i < THREADS; i++)
        apr_thread_join(&result, threads[i]);
    CU_ASSERT_EQUAL(fixture.seen.count, THREADS * EVENTS_EACH);
    CU_ASSERT_EQUAL(strncmp(fixture.seen.text, "The limit on the number", 23), 0);
    apr_pool_destroy(fixture.pool);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(OP_05_text_carries_peer_and_code_and_ends_with_the_tag),
    UNIT_TEST(every_event_can_be_raised),
    UNIT_TEST(long_parameters_are_cut),
    UNIT_TEST(parameters_are_made_printable),
    UNIT_TEST(levels_decide),
    UNIT_TEST(unknown_events_are_told),
    UNIT_TEST(text_file_has_one_line_per_event),
    UNIT_TEST(text_file_that_was_renamed_is_begun_anew),
    UNIT_TEST(events_come_from_any_thread),
};
UNIT_MAIN("event log", TESTS)
