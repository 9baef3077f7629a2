/* The limit of a connector's associations: what counts against it, and the old association that gives way. */
#include "scene.h"

#include "mta/association.h"

static const char LINK[] =
    "connector B { general { remote-mta-name = B } stack { remote-host-name = localhost }\n"
    "override { maximum-associations = 2 }\n"
    "address-space = { \"C=GB;A= ;P=B\" } }\n";

static void ignore(void *context, const stack_indication_t *indication)
{
    (void)context;
    (void)indication;
}

static void over(void *baton)
{
    (void)baton;
}

/* An open association of connector, without a connection, that was active so many seconds ago. */
static association_t *add(scene_t *scene, connector_t *connector, bool outbound, int64_t quiet)
{
    static const stack_ops_t ops = {ignore};
    stack_config_t config = {.tpdu_size = 2048, .host_name = "test", .reference = 1};
    association_t *association = apr_pcalloc(scene->pool, sizeof(*association));
    association->agent = scene->agent;
    association->pool = scene->pool;
    association->connector = connector;
    association->state = ASSOCIATION_OPEN;
    association->outbound = outbound;
    association->activity = agent_now(scene->agent) - TIME_SECONDS(quiet);
    association->stack = osi_stack_create(scene->pool, &config, &ops, association, agent_now(scene->agent));
    association->end.run = over;
    association->tick.run = over;
    association->next = connector->associations;
    connector->associations = association;
    return association;
}

static void forget(scene_t *scene, connector_t *connector)
{
    for (association_t *a = connector->associations; a; a = a->next) {
        timers_cancel(agent_timers(scene->agent), &a->end);
        timers_cancel(agent_timers(scene->agent), &a->tick);
    }
    connector->associations = NULL;
    scene_end(scene);
}

static void calls_are_taken_up_to_the_limit(void)
{
    scene_t *scene = scene_begin(LINK);
    connector_t *connector = agent_find_connector(scene->agent, "B");
    CU_ASSERT_TRUE(connector_takes_call(connector));
    add(scene, connector, false, 0);
    CU_ASSERT_TRUE(connector_takes_call(connector));
    add(scene, connector, true, 0); /* with two-way alternate both directions count */
    CU_ASSERT_FALSE(connector_takes_call(connector));
    CU_ASSERT_EQUAL(connector_count(connector, false, true), 1);
    CU_ASSERT_EQUAL(connector_count(connector, true, true), 1);
    CU_ASSERT_STRING_EQUAL(scene->told, "");
    forget(scene, connector);
}

static void OP_05_an_association_that_the_peer_forgot_gives_way(void)
{
    scene_t *scene = scene_begin(LINK);
    connector_t *connector = agent_find_connector(scene->agent, "B");
    association_t *quiet = add(scene, connector, false, 3600);
    association_t *quieter = add(scene, connector, false, 7200);
    CU_ASSERT_TRUE(connector_takes_call(connector));
    CU_ASSERT_EQUAL(quieter->state, ASSOCIATION_OVER);
    CU_ASSERT_EQUAL(quiet->state, ASSOCIATION_OPEN);
    CU_ASSERT_EQUAL(strncmp(scene->told, "1001|B|", 7), 0);
    forget(scene, connector);
}

static void OP_05_event_57_comes_once(void)
{
    scene_t *scene = scene_begin(LINK);
    connector_t *connector = agent_find_connector(scene->agent, "B");
    connector_tell_limit(connector);
    connector_tell_limit(connector);
    CU_ASSERT_STRING_EQUAL(scene->told, "57|B|2;");
    forget(scene, connector);
}

static void OP_05_a_connector_that_is_switched_says_so(void)
{
    scene_t *scene = scene_begin(LINK);
    connector_t *connector = agent_find_connector(scene->agent, "B");
    scene->agent->started = true;
    connector_set_disabled(connector, true);
    connector_set_disabled(connector, true);
    CU_ASSERT_STRING_EQUAL(connector_state_name(connector), "disabled");
    connector_set_disabled(connector, false);
    CU_ASSERT_STRING_EQUAL(scene->told, "12022|B|disabled|by an operator;12022|B|enabled|by an operator;");
    forget(scene, connector);
}

/* The peer takes no more associations for a while, and the one that there was is lost meanwhile: what waits
 * has a timer, also when the wake that was armed for the end of that while came early and found nothing to
 * send. */
static void OP_03_a_hold_ends_by_itself(void)
{
    scene_t *scene = scene_begin(LINK);
    connector_t *connector = agent_find_connector(scene->agent, "B");
    destination_t *destination = &connector->destination;
    scene->agent->stopping = false;
    connector->hold_until = agent_now(scene->agent) + TIME_SECONDS(3600);
    queue_insert(queue_entry_create(destination, 1, 1, NULL, 0), 0);
    CU_ASSERT_FALSE(timers_armed(&connector->wake));
    connector_kick(connector);
    CU_ASSERT_PTR_NULL(connector->associations);
    CU_ASSERT_TRUE(timers_armed(&connector->wake));
    CU_ASSERT_EQUAL(connector->wake.due, connector->hold_until);
    scene->agent->stopping = true;
    queue_entry_t *entry = queue_first(destination);
    queue_remove(entry);
    queue_entry_free(entry);
    forget(scene, connector);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(calls_are_taken_up_to_the_limit),
    UNIT_TEST(OP_05_an_association_that_the_peer_forgot_gives_way),
    UNIT_TEST(OP_05_event_57_comes_once),
    UNIT_TEST(OP_05_a_connector_that_is_switched_says_so),
    UNIT_TEST(OP_03_a_hold_ends_by_itself),
};
UNIT_MAIN("connector", TESTS)
