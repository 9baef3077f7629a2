/* Queue alarms: on at their thresholds, off when the backlog has subsided, each once. */
#include "unit.h"

#include <string.h>

#include <apr_strings.h>

#include "mta/alarm.h"
#include "mta/queue.h"

static agent_t agent;
static connector_t connector;
static mailbox_t mailbox;
static config_t config;
static apr_pool_t *pool;
static char told[4096];

static void note(void *context, const event_record_t *record)
{
    (void)context;
    size_t length = strlen(told);
    apr_snprintf(told + length, sizeof(told) - length, "%u", record->definition->id);
    for (unsigned i = 0; i < record->definition->parameter_count; i++) {
        length = strlen(told);
        apr_snprintf(told + length, sizeof(told) - length, " %s", record->parameters[i]);
    }
    apr_cpystrn(told + strlen(told), ";", sizeof(told) - strlen(told));
}

static void begin(void)
{
    apr_pool_create(&pool, NULL);
    config = (config_t){.pool = pool};
    agent = (agent_t){
        .pool = pool, .shared = apr_hash_make(pool), .destinations = apr_hash_make(pool), .config = &config};
    CU_ASSERT_PTR_NULL_FATAL(net_loop_create(&agent.services.loop, pool));
    agent.services.events = event_log_create(pool, timebase_system());
    event_log_add_sink(agent.services.events, note, NULL);
    connector = (connector_t){.destination = {.agent = &agent, .kind = ROUTE_CONNECTOR, .name = "C"}};
    mailbox = (mailbox_t){.destination = {.agent = &agent, .kind = ROUTE_MAILBOX, .name = "M"}};
    apr_hash_set(agent.destinations, "C", APR_HASH_KEY_STRING, &connector.destination);
    apr_hash_set(agent.destinations, "M", APR_HASH_KEY_STRING, &mailbox.destination);
    told[0] = '\0';
}

static void finish(void)
{
    agent.destroying = true;
    queue_forget_all(&connector.destination);
    queue_forget_all(&mailbox.destination);
    apr_pool_destroy(pool);
}

static void put(destination_t *destination, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        queue_insert(queue_entry_create(destination, i + 1, i + 1, NULL, 0), 0);
}

static void take(destination_t *destination, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        queue_entry_t *entry = queue_first(destination);
        queue_remove(entry);
        queue_entry_free(entry);
    }
}

static void OP_05_a_queue_alarms_at_its_threshold_and_when_it_has_subsided(void)
{
    begin();
    config.mta.outbound_queue_alarm_on = 4;
    put(&connector.destination, 3);
    CU_ASSERT_STRING_EQUAL(told, "");
    put(&connector.destination, 3);
    CU_ASSERT_STRING_EQUAL(told, "659 C 4 4;");
    told[0] = '\0';
    take(&connector.destination, 3); /* three are left, more than half of four */
    CU_ASSERT_STRING_EQUAL(told, "");
    take(&connector.destination, 1);
    CU_ASSERT_STRING_EQUAL(told, "660 C 2;");
    told[0] = '\0';
    put(&connector.destination, 1);
    CU_ASSERT_STRING_EQUAL(told, "");
    put(&connector.destination, 1);
    CU_ASSERT_STRING_EQUAL(told, "659 C 4 4;");
    finish();
}

static void OP_05_all_queues_together_have_an_alarm(void)
{
    begin();
    config.mta.work_queue_alarm_on = 5;
    config.mta.work_queue_alarm_off = 1;
    put(&connector.destination, 3);
    put(&mailbox.destination, 2);
    CU_ASSERT_STRING_EQUAL(told, "666 5 5;");
    take(&connector.destination, 3);
    CU_ASSERT_STRING_EQUAL(told, "666 5 5;");
    take(&mailbox.destination, 1);
    CU_ASSERT_STRING_EQUAL(told, "666 5 5;667 1;");
    finish();
}

static void without_thresholds_nothing_is_told(void)
{
    begin();
    put(&connector.destination, 100);
    take(&connector.destination, 100);
    CU_ASSERT_STRING_EQUAL(told, "");
    finish();
}

static void thresholds_that_change_are_looked_at(void)
{
    begin();
    put(&connector.destination, 10);
    config.mta.outbound_queue_alarm_on = 8;
    alarm_check_all(&agent);
    CU_ASSERT_STRING_EQUAL(told, "659 C 10 8;");
    told[0] = '\0';
    config.mta.outbound_queue_alarm_on = 0;
    alarm_check_all(&agent);
    CU_ASSERT_STRING_EQUAL(told, "660 C 10;");
    finish();
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(OP_05_a_queue_alarms_at_its_threshold_and_when_it_has_subsided),
    UNIT_TEST(OP_05_all_queues_together_have_an_alarm),
    UNIT_TEST(without_thresholds_nothing_is_told),
    UNIT_TEST(thresholds_that_change_are_looked_at),
};
UNIT_MAIN("alarm", TESTS)
