/* The tracking log: its layout, days, and that it never stops anything. */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "event/tracking.h"

static char folder[64];

static apr_pool_t *begin(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    snprintf(folder, sizeof(folder), "/tmp/x400-tracking-%ld", (long)getpid());
    return pool;
}

static const char *text_of_day(const char *day, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, 1 << 16);
    FILE *file = fopen(apr_psprintf(pool, "%s/%s.log", folder, day), "r");
    if (!file)
        return "";
    size_t length = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    text[length] = 0;
    return text;
}

static void clean(apr_pool_t *pool, const char *day)
{
    apr_file_remove(apr_psprintf(pool, "%s/%s.log", folder, day), pool);
    apr_dir_remove(folder, pool);
    apr_pool_destroy(pool);
}

/* 2026-11-22 23:59:59 UTC */
#define EVENING (INT64_C(1795391999) * 1000000)

static void records_have_the_known_fields(void)
{
    apr_pool_t *pool = begin();
    tracking_t *tracking = NULL;
    CU_ASSERT_PTR_NULL_FATAL(tracking_open(&tracking, folder, 0, NULL, pool));
    tracking_recipient_t recipients[] = {{"C=GB;A= ;P=B;S=JIM", false}, {"S=a\tb\nc", true}};
    tracking_record_t record = {.event = TRACKING_MESSAGE_OUT,
                                .time = EVENING,
                                .mts_id = "C=GB;A= ;P=A;L=X-1",
                                .connector = "B",
                                .partner = "MTA-B",
                                .originator = "C=GB;A= ;P=A;S=ANN",
                                .priority = -1,
                                .octets = 2048,
                                .recipients = recipients,
                                .recipient_count = 2};
    tracking_write(tracking, &record);
    record = (tracking_record_t){.event = TRACKING_REPORT_MADE,
                                 .time = EVENING + 1000000,
                                 .mts_id = "C=GB;A= ;P=A;L=X-1",
                                 .subject_id = "C=GB;A= ;P=B;L=R-1"};
    tracking_write(tracking, &record);
    tracking_close(tracking);
    CU_ASSERT_STRING_EQUAL(
        text_of_day("20261122", pool),
        "C=GB;A= ;P=A;L=X-1\t7\t2026.11.22 23:59:59\tB\tMTA-B\t\tC=GB;A= ;P=A;S=ANN\t-1\t2048"
        "\t0\t1\t\t2\nC=GB;A= ;P=B;S=JIM\t0\nS=a\\x09b\\x0ac\t1\n");
    CU_ASSERT_STRING_EQUAL(
        text_of_day("20261123", pool),
        "C=GB;A= ;P=A;L=X-1\t34\t2026.11.23 0:0:0\t\t\t\t\t0\t0\t0\t1\tC=GB;A= ;P=B;L=R-1\t0\n");
    apr_file_remove(apr_psprintf(pool, "%s/20261123.log", folder), pool);
    clean(pool, "20261122");
}

typedef struct told_t {
    unsigned failing;
    unsigned recovered;
} told_t;

static void take_event(void *context, const event_record_t *record)
{
    told_t *told = context;
    told->failing += record->definition->id == EVENT_ID_TRACKING_ERROR;
    told->recovered += record->definition->id == EVENT_ID_TRACKING_RECOVERED;
}

/* Q169701, Q200003, Q257348: a log that cannot be written is told once and costs nothing but its lines. */
static void a_log_that_cannot_be_written_stops_nothing(void)
{
    apr_pool_t *pool = begin();
    told_t told = {0};
    event_log_t *log = event_log_create(pool, timebase_system());
    event_log_add_sink(log, take_event, &told);
    apr_file_t *file; /* a file stands where the folder should be */
    CU_ASSERT_EQUAL(
        apr_file_open(&file, folder, APR_FOPEN_WRITE | APR_FOPEN_CREATE, APR_FPROT_OS_DEFAULT, pool),
        APR_SUCCESS);
    apr_file_close(file);
    tracking_t *tracking = NULL;
    CU_ASSERT_PTR_NULL_FATAL(tracking_open(&tracking, folder, 0, log, pool));
    tracking_record_t record = {.event = TRACKING_MESSAGE_IN, .time = EVENING, .mts_id = "ONE"};
    for (unsigned i = 0; i < 300000; i++)
        tracking_write(tracking, &record);
    CU_ASSERT_TRUE(tracking_dropped(tracking) > 0); /* the queue is bounded */
    while (!told.failing)
        apr_sleep(1000);
    apr_file_remove(folder, pool);
    while (!told.recovered)
        apr_sleep(1000);
    tracking_close(tracking);
    CU_ASSERT_EQUAL(told.failing, 1);
    CU_ASSERT_EQUAL(strncmp(text_of_day("20261122", pool), "ONE\t0\t", 6), 0);
    clean(pool, "20261122");
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(records_have_the_known_fields),
    UNIT_TEST(a_log_that_cannot_be_written_stops_nothing),
};
UNIT_MAIN("tracking log", TESTS)
