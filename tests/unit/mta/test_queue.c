/* The queue in memory: order by class and age, what is busy, held or waiting, and the count of entries that
 * share a message. */
#include "unit.h"

#include "mta/queue.h"

static apr_pool_t *pool;
static agent_t agent;
static connector_t connector; /* without a configuration: nothing is opened */
static destination_t *destination;

static void begin(void)
{
    apr_pool_create(&pool, NULL);
    static const config_t config; /* no alarms */
    agent = (agent_t){.pool = pool, .shared = apr_hash_make(pool), .config = &config};
    CU_ASSERT_PTR_NULL_FATAL(net_loop_create(&agent.services.loop, pool));
    connector = (connector_t){.destination = {.agent = &agent, .kind = ROUTE_CONNECTOR, .name = "C"}};
    destination = &connector.destination;
}

static void end(void)
{
    queue_forget_all(destination);
    CU_ASSERT_EQUAL(destination->count, 0);
    CU_ASSERT_EQUAL(destination->octets, 0);
    CU_ASSERT_EQUAL(timers_next(net_loop_timers(agent.services.loop)), MONO_NEVER);
    apr_pool_destroy(pool);
}

static queue_entry_t *put(uint64_t id, uint8_t class, utc_time_t due)
{
    queue_entry_t *entry = queue_entry_create(destination, id, id + 100, NULL, 0);
    entry->queue_class = class;
    entry->size = 10;
    queue_insert(entry, due);
    return entry;
}

static void P1_10_classes_follow_the_priority_and_reports_are_urgent(void)
{
    CU_ASSERT_EQUAL(queue_class(STORE_MESSAGE, X411_URGENT), MTA_CLASS_URGENT);
    CU_ASSERT_EQUAL(queue_class(STORE_MESSAGE, X411_NORMAL), MTA_CLASS_NORMAL);
    CU_ASSERT_EQUAL(queue_class(STORE_MESSAGE, X411_NON_URGENT), MTA_CLASS_NON_URGENT);
    CU_ASSERT_EQUAL(queue_class(STORE_PROBE, X411_NON_URGENT), MTA_CLASS_NON_URGENT);
    CU_ASSERT_EQUAL(queue_class(STORE_REPORT, X411_NON_URGENT), MTA_CLASS_URGENT);
}

static void P1_10_urgent_goes_first_and_the_oldest_of_a_class(void)
{
    begin();
    put(1, MTA_CLASS_NON_URGENT, 0);
    put(2, MTA_CLASS_NORMAL, 0);
    put(3, MTA_CLASS_URGENT, 0);
    put(4, MTA_CLASS_URGENT, 0);
    put(5, MTA_CLASS_NORMAL, 0);
    static const uint64_t order[] = {3, 4, 2, 5, 1};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        queue_entry_t *entry = queue_first(destination);
        CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
        CU_ASSERT_EQUAL(entry->id, order[i]);
        queue_take(entry);
        CU_ASSERT_TRUE(entry->busy);
    }
    CU_ASSERT_PTR_NULL(queue_first(destination));
    CU_ASSERT_EQUAL(queue_ready(destination), 0);
    CU_ASSERT_EQUAL(destination->count, 5);
    CU_ASSERT_EQUAL(destination->octets, 50);
    end();
}

static void entry_given_back_is_the_first_of_its_class_again(void)
{
    begin();
    queue_entry_t *first = put(1, MTA_CLASS_NORMAL, 0);
    put(2, MTA_CLASS_NORMAL, 0);
    queue_take(first);
    CU_ASSERT_EQUAL(queue_first(destination)->id, 2);
    queue_give_back(first, 0);
    CU_ASSERT_FALSE(first->busy);
    CU_ASSERT_EQUAL(queue_first(destination)->id, 1);
    CU_ASSERT_EQUAL(queue_ready(destination), 2);
    end();
}

static void entry_that_waits_is_not_ready_until_it_is_hurried(void)
{
    begin();
    queue_entry_t *entry = put(1, MTA_CLASS_NORMAL, agent_utc(&agent) + TIME_SECONDS(3600));
    CU_ASSERT_PTR_NULL(queue_first(destination));
    CU_ASSERT_EQUAL(destination->count, 1);
    CU_ASSERT_NOT_EQUAL(timers_next(net_loop_timers(agent.services.loop)), MONO_NEVER);
    queue_hurry(entry);
    CU_ASSERT_PTR_EQUAL(queue_first(destination), entry);
    CU_ASSERT_EQUAL(timers_next(net_loop_timers(agent.services.loop)), MONO_NEVER);
    end();
}

static void P1_09_entry_that_waits_is_ready_when_its_timer_fires(void)
{
    begin();
    queue_entry_t *entry = put(1, MTA_CLASS_NORMAL, agent_utc(&agent) + TIME_SECONDS(1));
    timers_t *timers = net_loop_timers(agent.services.loop);
    timers_item_t *timer = timers->heap[0];
    timers_cancel(timers, timer);
    /* The time of the loop stands still here: an entry that the clock says is not due yet waits on. */
    entry->delay->due = 0;
    timer->run(timer->baton);
    CU_ASSERT_PTR_EQUAL(queue_first(destination), entry);
    end();
}

static void held_and_bad_entries_never_become_ready(void)
{
    begin();
    for (uint64_t i = 1; i <= 2; i++) {
        queue_entry_t *entry = queue_entry_create(destination, i, i, NULL, 0);
        entry->state = i == 1 ? STORE_ENTRY_HELD : STORE_ENTRY_BAD;
        queue_insert(entry, 0);
        queue_hurry(entry);
    }
    CU_ASSERT_PTR_NULL(queue_first(destination));
    CU_ASSERT_EQUAL(destination->count, 2);
    end();
}

static void P1_07_entry_has_its_recipients_and_no_others(void)
{
    begin();
    const uint16_t recipients[] = {0, 2, 3, 255, 256, 32766};
    queue_entry_t *some = queue_entry_create(destination, 1, 1, recipients, 6);
    unsigned found = 0;
    for (unsigned i = 0; i < 32767; i++)
        found += queue_entry_has(some, i, true);
    CU_ASSERT_EQUAL(found, 6);
    for (unsigned i = 0; i < 6; i++)
        CU_ASSERT_TRUE(queue_entry_has(some, recipients[i], false));
    queue_entry_t *all = queue_entry_create(destination, 2, 1, NULL, 0);
    CU_ASSERT_TRUE(queue_entry_has(all, 5, true));
    CU_ASSERT_FALSE(queue_entry_has(all, 5, false));
    queue_entry_swap_recipients(some, all);
    CU_ASSERT_TRUE(queue_entry_has(some, 5, true));
    CU_ASSERT_FALSE(queue_entry_has(all, 5, true));
    queue_entry_free(some);
    queue_entry_free(all);
    end();
}

static void record_and_load_are_inverse(void)
{
    begin();
    const uint16_t recipients[] = {1, 300};
    queue_entry_t *entry = queue_entry_create(destination, 9, 8, recipients, 2);
    entry->priority = X411_URGENT;
    entry->attempts = 3;
    entry->size = 77;
    entry->arrival = 5;
    entry->expiry = 6;
    store_entry_t record;
    queue_entry_record(entry, 1234, &record);
    CU_ASSERT_EQUAL(record.due, 1234);
    queue_entry_t *loaded = queue_entry_load(destination, &record);
    CU_ASSERT_EQUAL(loaded->id, 9);
    CU_ASSERT_EQUAL(loaded->message_id, 8);
    CU_ASSERT_EQUAL(loaded->attempts, 3);
    CU_ASSERT_EQUAL(loaded->size, 77);
    CU_ASSERT_EQUAL(loaded->arrival, 5);
    CU_ASSERT_EQUAL(loaded->expiry, 6);
    CU_ASSERT_EQUAL(loaded->queue_class, MTA_CLASS_URGENT);
    CU_ASSERT_TRUE(queue_entry_has(loaded, 300, false));
    CU_ASSERT_FALSE(queue_entry_has(loaded, 2, true));
    queue_entry_free(entry);
    queue_entry_free(loaded);
    end();
}

static bool leave(uint64_t message_id, uint64_t entry_id, unsigned others)
{
    const uint64_t *list;
    unsigned count;
    bool goes = queue_shared_leave(&agent, message_id, entry_id, &list, &count);
    CU_ASSERT_EQUAL(count, others);
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_NOT_EQUAL(list[i], entry_id);
    return goes;
}

static void message_goes_with_its_last_entry(void)
{
    begin();
    CU_ASSERT_TRUE(leave(1, 10, 0)); /* one entry is not counted */
    CU_ASSERT_TRUE(queue_shared_drop(&agent, 1, 10));
    queue_shared_add(&agent, 2, 3);
    CU_ASSERT_FALSE(leave(2, 20, 0));
    CU_ASSERT_FALSE(queue_shared_drop(&agent, 2, 20));
    CU_ASSERT_FALSE(leave(2, 21, 0));
    CU_ASSERT_FALSE(queue_shared_drop(&agent, 2, 21));
    CU_ASSERT_TRUE(leave(2, 22, 0));
    queue_shared_stay(&agent, 2, 22); /* that failed */
    queue_shared_extend(&agent, 2);   /* rerouted over two next hops */
    CU_ASSERT_FALSE(leave(2, 22, 0));
    CU_ASSERT_FALSE(queue_shared_drop(&agent, 2, 22));
    CU_ASSERT_TRUE(leave(2, 23, 0));
    CU_ASSERT_TRUE(queue_shared_drop(&agent, 2, 23));
    queue_shared_extend(&agent, 3);
    CU_ASSERT_FALSE(queue_shared_drop(&agent, 3, 30));
    CU_ASSERT_TRUE(queue_shared_drop(&agent, 3, 31));
    CU_ASSERT_EQUAL(apr_hash_count(agent.shared), 0);
    end();
}

static void removals_under_way_together_take_the_message_along(void)
{
    begin();
    queue_shared_add(&agent, 2, 3);
    CU_ASSERT_FALSE(leave(2, 20, 0));
    CU_ASSERT_FALSE(leave(2, 21, 1));
    CU_ASSERT_TRUE(leave(2, 22, 2));
    queue_shared_stay(&agent, 2, 20); /* the first failed */
    CU_ASSERT_FALSE(queue_shared_drop(&agent, 2, 21));
    CU_ASSERT_FALSE(queue_shared_drop(&agent, 2, 22));
    CU_ASSERT_TRUE(leave(2, 20, 0));
    CU_ASSERT_TRUE(leave(2, 20, 0)); /* tried again */
    CU_ASSERT_TRUE(queue_shared_drop(&agent, 2, 20));
    queue_shared_add(&agent, 3, 40); /* more than are kept: the last ones are not told */
    for (unsigned i = 0; i < 40; i++)
        CU_ASSERT_FALSE(leave(3, 100 + i, i < 16 ? i : 0));
    for (unsigned i = 0; i < 40; i++)
        CU_ASSERT_EQUAL(queue_shared_drop(&agent, 3, 100 + i), i == 39);
    queue_shared_add(&agent, 4, 2);
    CU_ASSERT_FALSE(leave(4, 40, 0));
    queue_shared_free(&agent);
    CU_ASSERT_EQUAL(apr_hash_count(agent.shared), 0);
    end();
}

static const unit_test_t tests[] = {
    UNIT_TEST(P1_10_classes_follow_the_priority_and_reports_are_urgent),
    UNIT_TEST(P1_10_urgent_goes_first_and_the_oldest_of_a_class),
    UNIT_TEST(entry_given_back_is_the_first_of_its_class_again),
    UNIT_TEST(entry_that_waits_is_not_ready_until_it_is_hurried),
    UNIT_TEST(P1_09_entry_that_waits_is_ready_when_its_timer_fires),
    UNIT_TEST(held_and_bad_entries_never_become_ready),
    UNIT_TEST(P1_07_entry_has_its_recipients_and_no_others),
    UNIT_TEST(record_and_load_are_inverse),
    UNIT_TEST(message_goes_with_its_last_entry),
    UNIT_TEST(removals_under_way_together_take_the_message_along),
};

UNIT_MAIN("mta/queue", tests)
