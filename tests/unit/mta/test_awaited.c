/* The missing-report watch: who is awaited, which report ends it, what is told when none comes, and its
 * bound. */
#include "unit.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "mta/awaited.h"
#include "mta/queue.h"

static apr_pool_t *pool;
static agent_t agent;
static config_t config;
static connector_t connector;
static char told[1024];
static const char *path;

static void note(void *context, const event_record_t *record)
{
    (void)context;
    size_t length = strlen(told);
    apr_snprintf(told + length, sizeof(told) - length, "%u", record->definition->id);
    for (unsigned i = 0; i < record->definition->parameter_count; i++) {
        length = strlen(told);
        apr_snprintf(told + length, sizeof(told) - length, "|%s", record->parameters[i]);
    }
}

static void open_agent(void)
{
    static char driver[] = "sqlite3";
    store_config_t store = {.driver = driver, .parameters = path};
    agent = (agent_t){.pool = pool, .config = &config, .started = true};
    CU_ASSERT_PTR_NULL_FATAL(net_loop_create(&agent.services.loop, pool));
    CU_ASSERT_PTR_NULL_FATAL(store_open(&agent.services.store, &store, pool));
    agent.services.events = event_log_create(pool, timebase_system());
    event_log_add_sink(agent.services.events, note, NULL);
    connector = (connector_t){.destination = {.agent = &agent, .kind = ROUTE_CONNECTOR, .name = "C"}};
    agent.awaited = awaited_create(&agent);
    CU_ASSERT_PTR_NULL_FATAL(awaited_load(agent.awaited, pool));
}

static void begin(unsigned seconds)
{
    const char *folder;
    apr_pool_create(&pool, NULL);
    apr_temp_dir_get(&folder, pool);
    char *name = apr_psprintf(pool, "%s/x400-awaited-XXXXXX", folder);
    apr_file_t *file;
    apr_file_mktemp(&file, name, 0, pool);
    apr_file_close(file);
    apr_file_remove(name, pool);
    path = name;
    config = (config_t){.pool = pool, .mta = {.missing_report_after = seconds}};
    told[0] = '\0';
    open_agent();
}

static void close_agent(void)
{
    awaited_destroy(agent.awaited);
    store_close(agent.services.store);
}

static void finish(void)
{
    static const char *const tails[] = {"", "-wal", "-shm", ".lock"};
    close_agent();
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
        apr_file_remove(apr_pstrcat(pool, path, tails[i], NULL), pool);
    apr_pool_destroy(pool);
}

static x411_apdu_t *message(unsigned number, unsigned recipients, x411_user_report_t request)
{
    x411_apdu_t *apdu = apr_pcalloc(pool, sizeof(*apdu));
    x411_domain_t domain = x411_domain_make("GB", " ", "A");
    apdu->kind = X411_MESSAGE;
    apdu->mts_id = x411_mts_id_make(pool, &domain, "A", 0, number);
    apdu->recipients = apr_pcalloc(pool, recipients * sizeof(*apdu->recipients));
    apdu->recipient_count = recipients;
    for (unsigned i = 0; i < recipients; i++) {
        apdu->recipients[i].number = i + 1;
        apdu->recipients[i].indicators =
            x411_recipient_indicators(true, X411_MTA_REPORT_NON_DELIVERY, request);
    }
    return apdu;
}

/* A report on subject for the recipients with these numbers. */
static x411_apdu_t *report_on(const x411_apdu_t *subject, int64_t first, int64_t second)
{
    x411_apdu_t *apdu = apr_pcalloc(pool, sizeof(*apdu));
    apdu->kind = X411_REPORT;
    apdu->report = apr_pcalloc(pool, sizeof(*apdu->report));
    apdu->report->subject_id = subject->mts_id;
    apdu->recipients = apr_pcalloc(pool, 2 * sizeof(*apdu->recipients));
    apdu->recipient_count = second ? 2 : 1;
    apdu->recipients[0].number = first;
    apdu->recipients[1].number = second;
    return apdu;
}

static void commit(work_t *work)
{
    uint64_t before = agent.works;
    work_commit(work, NULL, NULL);
    while (agent.works != before)
        store_drain(agent.services.store);
}

static void transfer(const x411_apdu_t *apdu)
{
    queue_entry_t *entry = queue_entry_create(&connector.destination, 1, 1, NULL, 0);
    work_t *work = work_begin(&agent);
    awaited_add(agent.awaited, work, apdu, entry);
    commit(work);
    queue_entry_free(entry);
}

static void take_report(const x411_apdu_t *report)
{
    work_t *work = work_begin(&agent);
    awaited_report(agent.awaited, work, report);
    commit(work);
}

static void only_who_asks_for_delivery_reports_is_awaited(void)
{
    begin(60);
    transfer(message(1, 2, X411_USER_REPORT_NON_DELIVERY));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 0);
    transfer(message(2, 2, X411_USER_REPORT_ALL));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 1);
    config.mta.missing_report_after = 0;
    transfer(message(3, 2, X411_USER_REPORT_ALL));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 1);
    finish();
}

static void reports_end_the_watch_recipient_by_recipient(void)
{
    begin(60);
    x411_apdu_t *first = message(1, 3, X411_USER_REPORT_ALL);
    x411_apdu_t *second = message(2, 1, X411_USER_REPORT_ALL);
    transfer(first);
    transfer(second);
    take_report(report_on(first, 1, 3));
    take_report(report_on(first, 1, 0)); /* once more: no difference */
    take_report(report_on(message(9, 1, X411_USER_REPORT_ALL), 1, 0));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 2);
    take_report(report_on(first, 2, 99));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 1);
    take_report(report_on(second, 1, 0));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 0);
    finish();
}

static void one_report_serves_all_transfers_of_a_message(void)
{
    begin(60);
    x411_apdu_t *apdu = message(1, 1, X411_USER_REPORT_ALL);
    transfer(apdu);
    transfer(apdu); /* a repeat after a commit that failed */
    transfer(apdu);
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 3);
    take_report(report_on(apdu, 1, 0));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 0);
    finish();
}

static void the_watch_survives_a_restart_and_tells_once(void)
{
    begin(3600);
    x411_apdu_t *apdu = message(1, 12, X411_USER_REPORT_ALL);
    transfer(apdu);
    take_report(report_on(apdu, 5, 0));
    close_agent();
    open_agent();
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 1);
    timers_t *timers = net_loop_timers(agent.services.loop);
    awaited_configure(agent.awaited);
    CU_ASSERT_NOT_EQUAL(timers_next(timers), MONO_NEVER);
    config.mta.missing_report_after = 1;
    apr_sleep(TIME_MILLISECONDS(1200));
    timers_run(timers, agent_now(&agent) + TIME_SECONDS(7200));
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "12081|"));
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "|C|1, 2, 3, 4, 6, 7, 8, 9 and 3 more|0"));
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 0);
    close_agent();
    open_agent();
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), 0);
    finish();
}

static void memory_is_bounded(void)
{
    begin(3600);
    queue_entry_t *entry = queue_entry_create(&connector.destination, 1, 1, NULL, 0);
    work_t *work = work_begin(&agent);
    /* The bound of recipients is met before that of transfers. */
    x411_apdu_t *apdu = message(1, 32767, X411_USER_REPORT_ALL);
    unsigned fit = AWAITED_RECIPIENT_LIMIT / 32767;
    for (unsigned i = 0; i < fit + 3; i++)
        awaited_add(agent.awaited, work, apdu, entry);
    CU_ASSERT_EQUAL(awaited_count(agent.awaited), fit);
    CU_ASSERT_STRING_EQUAL(told, apr_psprintf(pool, "12082|%u", fit));
    work_abandon(work);
    queue_entry_free(entry);
    finish();
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(only_who_asks_for_delivery_reports_is_awaited),
    UNIT_TEST(reports_end_the_watch_recipient_by_recipient),
    UNIT_TEST(one_report_serves_all_transfers_of_a_message),
    UNIT_TEST(the_watch_survives_a_restart_and_tells_once),
    UNIT_TEST(memory_is_bounded),
};
UNIT_MAIN("awaited", TESTS)
