/* EV0.LOG, AP0.LOG and BF0.LOG: their forms, their limits, and when they are written. */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "event/rolling.h"
#include "event/textlogs.h"

static char folder[64];
static apr_pool_t *run; /* of the logs: their files are closed before the folder goes */

static apr_pool_t *begin(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    snprintf(folder, sizeof(folder), "/tmp/x400-textlogs-%ld", (long)getpid());
    CU_ASSERT_EQUAL(apr_dir_make(folder, APR_FPROT_OS_DEFAULT, pool), APR_SUCCESS);
    apr_pool_create(&run, pool);
    return pool;
}

static const char *text_of(const char *name, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, 1 << 16);
    FILE *file = fopen(apr_psprintf(pool, "%s/%s.LOG", folder, name), "r");
    if (!file)
        return NULL;
    size_t length = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    text[length] = 0;
    return text;
}

static void clean(apr_pool_t *pool)
{
    apr_pool_destroy(run);
    static const char *const names[] = {"EV", "AP", "BF", "X"};
    for (unsigned i = 0; i < 4; i++)
        for (unsigned n = 0; n <= ROLLING_KEPT; n++)
            apr_file_remove(apr_psprintf(pool, "%s/%s%u.LOG", folder, names[i], n), pool);
    CU_ASSERT_EQUAL(apr_dir_remove(folder, pool), APR_SUCCESS);
    apr_pool_destroy(pool);
}

/* The log of another run of the program; the last one's is closed. */
static rolling_t *start_anew(size_t limit)
{
    apr_pool_clear(run);
    return rolling_create(folder, "X", limit, run);
}

static void logs_roll_at_their_limit_and_at_the_start(void)
{
    apr_pool_t *pool = begin();
    rolling_t *log = start_anew(10);
    CU_ASSERT_PTR_NULL(text_of("X0", pool));
    CU_ASSERT_TRUE(rolling_write(log, "123456", 6));
    CU_ASSERT_TRUE(rolling_write(log, "abcd", 4));
    CU_ASSERT_TRUE(rolling_write(log, "next", 4));
    CU_ASSERT_STRING_EQUAL(text_of("X0", pool), "next");
    CU_ASSERT_STRING_EQUAL(text_of("X1", pool), "123456abcd");
    log = start_anew(0); /* without limit now */
    for (unsigned i = 0; i < 8; i++)
        CU_ASSERT_TRUE(rolling_write(log, "unbounded ", 10));
    CU_ASSERT_EQUAL(strlen(text_of("X0", pool)), 80);
    CU_ASSERT_STRING_EQUAL(text_of("X1", pool), "next");
    CU_ASSERT_STRING_EQUAL(text_of("X2", pool), "123456abcd");
    log = start_anew(1);
    for (unsigned i = 0; i < 30; i++)
        CU_ASSERT_TRUE(rolling_write(log, "y", 1));
    CU_ASSERT_STRING_EQUAL(text_of("X9", pool), "y");
    CU_ASSERT_PTR_NULL(text_of("X10", pool));
    clean(pool);
}

static void events_have_the_old_form(void)
{
    apr_pool_t *pool = begin();
    event_log_t *log = event_log_create(pool, timebase_system());
    textlogs_config_t config = {.folder = folder, .event_log = true};
    textlogs_create(log, timebase_system(), &config, run);
    event_raise(log, EVENT_ID_ORIGINATOR_BARRED, NULL, "S=SPAM", "S=S*", "PARTNER", "C=GB;L=1");
    const char *text = text_of("EV0", pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_EQUAL(strstr(text, "message NMI0152: X.400 Service Event, severity 14\n(MTA XFER-IN("),
                        text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ") Proc 40) "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nrule: S=S*\nconnector: PARTNER\nmts_id: C=GB;L=1\n\n"));
    clean(pool);
}

static void octets_are_written_when_the_levels_ask_for_them(void)
{
    apr_pool_t *pool = begin();
    event_log_t *log = event_log_create(pool, timebase_system());
    textlogs_config_t config = {.folder = folder};
    textlogs_t *logs = textlogs_create(log, timebase_system(), &config, run);
    bytes_t octets = bytes_of_string("\x03\x01 sixteen octets and more");
    unsigned reference = textlogs_new_reference(logs);
    textlogs_dump(logs, reference, "P1 APDU", 0, octets);
    textlogs_trace(logs, "B", "192.0.2.1:102", true, octets);
    event_log_set_level(log, EVENT_APDU, EVENT_LEVEL_MEDIUM);
    event_log_set_level(log, EVENT_INTERFACE, EVENT_LEVEL_MAXIMUM);
    textlogs_dump(logs, reference, "P1 APDU", 0, octets);
    textlogs_trace(logs, "B", "192.0.2.1:102", true, octets);
    CU_ASSERT_PTR_NULL(text_of("BF0", pool));
    CU_ASSERT_PTR_NULL(text_of("AP0", pool));
    event_log_set_level(log, EVENT_X400_SERVICE, EVENT_LEVEL_MEDIUM);
    event_log_set_level(log, EVENT_INTEROPERABILITY, EVENT_LEVEL_MEDIUM);
    CU_ASSERT_TRUE(textlogs_dumps(logs) && textlogs_traces(logs));
    textlogs_dump(logs, reference, "P1 APDU", 0, octets);
    textlogs_dump(logs, reference, "P1 APDU", octets.length, bytes_of_string("end"));
    textlogs_trace(logs, "B", "192.0.2.1:102", true, octets);
    const char *text = text_of("BF0", pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nReference 1 : P1 APDU "));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        text,
        "\n00000000  03 01 20 73 69 78 74 65 65 6E 20 6F 63 74 65 74  .. sixteen octet\n00000010  73 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n0000001a  65 6E 64 "));
    text = text_of("AP0", pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "N-DATA request to B 192.0.2.1:102: 26 octets\n00000000  03 01 "));
    clean(pool);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(logs_roll_at_their_limit_and_at_the_start),
    UNIT_TEST(events_have_the_old_form),
    UNIT_TEST(octets_are_written_when_the_levels_ask_for_them),
};
UNIT_MAIN("text logs", TESTS)
