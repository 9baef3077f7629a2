/* The plan of an APDU: recipients go to the hops that routes give, or fail with their events. */
#include "scene.h"

#include "mta/plan.h"

#define LINK(name, prmd)                                                                                     \
    "connector " name " { general { remote-mta-name = " name " }\n"                                          \
    "stack { remote-host-name = localhost }\n"                                                               \
    "address-space = { \"C=GB;A= ;P=" prmd "\" } }\n"

static void recipients_of_one_hop_go_together(void)
{
    scene_t *scene = scene_begin(LINK("B", "B") LINK("C", "C"));
    x411_apdu_t *apdu = scene_message(scene, 5);
    apdu->recipients[1].name = procedures_name(scene->pool, "C=GB;A= ;P=C;S=X");
    apdu->recipients[3].name = procedures_name(scene->pool, "C=GB;A= ;P=C;S=Y");
    x411_indicator_set(&apdu->recipients[4].indicators, 0, false); /* somebody else answers for it */
    plan_t plan;
    plan_init(&plan, scene->agent, apdu, scene->pool);
    plan_route_all(&plan, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(plan.hop_count, 2);
    CU_ASSERT_EQUAL(plan.result_count, 0);
    for (const plan_hop_t *hop = plan.hops; hop; hop = hop->next) {
        bool to_b = strcmp(hop->destination->name, "B") == 0;
        CU_ASSERT_EQUAL_FATAL(hop->count, 2);
        CU_ASSERT_EQUAL(hop->recipients[0], to_b ? 0 : 1);
        CU_ASSERT_EQUAL(hop->recipients[1], to_b ? 2 : 3);
    }
    CU_ASSERT_STRING_EQUAL(scene->told, "");
    scene_end(scene);
}

static void P1_07_one_recipient_without_a_route_fails_alone(void)
{
    scene_t *scene = scene_begin(LINK("B", "B"));
    x411_apdu_t *apdu = scene_message(scene, 3);
    apdu->recipients[1].name = procedures_name(scene->pool, "C=FR;A= ;P=X;S=Y");
    plan_t plan;
    plan_init(&plan, scene->agent, apdu, scene->pool);
    plan_route_all(&plan, NULL, 0);
    CU_ASSERT_EQUAL(plan.hop_count, 1);
    CU_ASSERT_EQUAL(plan.hops->count, 2);
    CU_ASSERT_EQUAL_FATAL(plan.result_count, 1);
    CU_ASSERT_PTR_EQUAL(plan.results[0].recipient, &apdu->recipients[1]);
    CU_ASSERT_EQUAL(plan.results[0].reason, X411_REASON_UNABLE_TO_TRANSFER);
    CU_ASSERT_EQUAL(plan.results[0].diagnostic, X411_DIAG_UNRECOGNISED_OR_NAME);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "142|"));
    scene_end(scene);
}

static void OP_05_event_62_is_of_the_message_and_290_of_each_recipient(void)
{
    scene_t *scene = scene_begin(LINK("B", "B"));
    plan_t plan;
    plan_init(&plan, scene->agent, scene_message(scene, 3), scene->pool);
    plan_fail_all(&plan, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_LOOP_DETECTED, "in words");
    CU_ASSERT_EQUAL(plan.result_count, 3);
    unsigned failures = 0;
    unsigned reports = 0;
    for (const char *at = scene->told; *at; at = strchr(at, ';') ? strchr(at, ';') + 1 : "") {
        failures += strncmp(at, "62|", 3) == 0;
        reports += strncmp(at, "290|unable-to-transfer|loop-detected|", 37) == 0;
    }
    CU_ASSERT_EQUAL(failures, 1);
    CU_ASSERT_EQUAL(reports, 3);
    CU_ASSERT_EQUAL(strncmp(scene->told, "62|", 3), 0); /* it comes first */
    scene_end(scene);
}

static void P1_08_nothing_of_a_report_ever_fails(void)
{
    scene_t *scene = scene_begin(LINK("B", "B"));
    x411_apdu_t *apdu = scene_message(scene, 1);
    apdu->kind = X411_REPORT;
    plan_t plan;
    plan_init(&plan, scene->agent, apdu, scene->pool);
    plan_fail(&plan, 0, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_LOOP_DETECTED, NULL);
    CU_ASSERT_EQUAL(plan.result_count, 0);
    CU_ASSERT_STRING_EQUAL(scene->told, "");
    scene_end(scene);
}

static void what_came_in_by_a_link_does_not_go_back_by_it(void)
{
    scene_t *scene = scene_begin(LINK("B", "B"));
    x411_apdu_t *apdu = scene_message(scene, 1);
    plan_t plan;
    plan_init(&plan, scene->agent, apdu, scene->pool);
    CU_ASSERT_TRUE(plan_try(&plan, 0, &apdu->recipients[0].name, NULL, NULL, 0));
    plan_init(&plan, scene->agent, apdu, scene->pool);
    CU_ASSERT_FALSE(plan_try(&plan, 0, &apdu->recipients[0].name, "B", NULL, 0));
    const char *const tried[] = {"B", NULL};
    CU_ASSERT_FALSE(plan_try(&plan, 0, &apdu->recipients[0].name, NULL, tried, 0));
    scene_end(scene);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(recipients_of_one_hop_go_together),
    UNIT_TEST(P1_07_one_recipient_without_a_route_fails_alone),
    UNIT_TEST(OP_05_event_62_is_of_the_message_and_290_of_each_recipient),
    UNIT_TEST(P1_08_nothing_of_a_report_ever_fails),
    UNIT_TEST(what_came_in_by_a_link_does_not_go_back_by_it),
};
UNIT_MAIN("plan", TESTS)
