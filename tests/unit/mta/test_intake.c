/* Taking responsibility: what comes in is secured, recognised if it came before, and refused recipient by
 * recipient with the reason and the event that say why. */
#include "scene.h"

#include "mta/intake.h"

static const char LINKS[] =
    "connector B { general { remote-mta-name = B } stack { remote-host-name = localhost }\n"
    "address-space = { \"C=GB;A= ;P=B\" } }\n"
    "connector FROM { general { remote-mta-name = F } stack { remote-host-name = localhost }\n"
    "address-space = { \"C=GB;A= ;P=F\" } }\n";

static const char DEAD_LETTERS[] =
    "mailbox DEAD { folder = \"/nowhere\" address-space = \"C=GB;A= ;P=A;S=DEAD\" }\n";

typedef struct answer_t {
    bool done;
    intake_verdict_t verdict;
} answer_t;

static void answered(void *context, intake_verdict_t verdict, const err_t *err)
{
    answer_t *answer = context;
    (void)err;
    answer->done = true;
    answer->verdict = verdict;
}

/* A message of a peer's, as it came: with a trace of the peer's domain, decoded from its octets. */
static x411_apdu_t *came(const scene_t *scene, unsigned recipients, const char *first_domain)
{
    x411_apdu_t *apdu = scene_message(scene, recipients);
    x411_domain_t domain = x411_domain_make("GB", " ", "F");
    x411_domain_t traced = x411_domain_make("GB", " ", first_domain);
    apdu->mts_id = x411_mts_id_make(scene->pool, &domain, "F", agent_utc(scene->agent), 7);
    apdu->originator = procedures_name(scene->pool, "C=GB;A= ;P=F;S=ANN");
    x411_trace_add(scene->pool, &apdu->trace, &traced, agent_utc(scene->agent), X411_RELAYED);
    return apdu;
}

/* *traces: the trace elements that the message has when it goes on. */
static intake_verdict_t take_in_counting(scene_t *scene, const x411_apdu_t *apdu, const char *source,
                                         unsigned *traces)
{
    answer_t answer = {false, INTAKE_FAILED};
    object_t *object = object_create(scene->agent);
    x411_apdu_t *taken = procedures_transfer(scene->pool, apdu);
    object->apdu = taken;
    object->content = BYTES_LITERAL("content");
    object->content_here = true;
    scene->told[0] = '\0';
    intake_begin(object, 7, source ? agent_find_connector(scene->agent, source) : NULL, answered, &answer);
    scene_settle(scene);
    CU_ASSERT_TRUE(answer.done);
    *traces = taken->trace.count;
    return answer.verdict;
}

static intake_verdict_t take_in(scene_t *scene, const x411_apdu_t *apdu, const char *source)
{
    unsigned traces = 0;
    return take_in_counting(scene, apdu, source, &traces);
}

static void what_comes_is_secured_and_counted(void)
{
    scene_t *scene = scene_begin(LINKS);
    CU_ASSERT_EQUAL(take_in(scene, came(scene, 3, "F"), "FROM"), INTAKE_SECURED);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 1);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->recipients, 3);
    CU_ASSERT_EQUAL(agent_find_connector(scene->agent, "FROM")->traffic.inbound_recipients, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "12005|"));
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "|FROM|7|3;"));
    scene_end(scene);
}

static void OP_01_a_repeat_is_recognised_and_nothing_else_is(void)
{
    scene_t *scene = scene_begin(LINKS);
    x411_apdu_t *apdu = came(scene, 1, "F");
    CU_ASSERT_EQUAL(take_in(scene, apdu, "FROM"), INTAKE_SECURED);
    CU_ASSERT_EQUAL(take_in(scene, apdu, "FROM"), INTAKE_REPEAT);
    CU_ASSERT_EQUAL(strncmp(scene->told, "12007|", 6), 0);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 1);
    CU_ASSERT_EQUAL(take_in(scene, apdu, "B"), INTAKE_SECURED); /* from another peer it is none */
    x411_apdu_t *longer = came(scene, 1, "F");
    x411_domain_t passed = x411_domain_make("GB", " ", "G");
    x411_trace_add(scene->pool, &longer->trace, &passed, agent_utc(scene->agent), X411_RELAYED);
    CU_ASSERT_EQUAL(take_in(scene, longer, "FROM"), INTAKE_SECURED); /* it came by another way */
    scene_end(scene);
}

/* A circle of MTAs of one domain: with links of 1984 nothing but what this MTA adds makes the next round
 * differ.
 */
static void OP_01_what_circles_in_the_domain_is_no_repeat(void)
{
    scene_t *scene = scene_begin(LINKS);
    x411_domain_t domain = x411_domain_make("GB", " ", "A");
    x411_apdu_t *apdu = came(scene, 1, "A");
    unsigned traces = 0;
    for (unsigned round = 1; round <= 3; round++) {
        CU_ASSERT_EQUAL(take_in_counting(scene, apdu, "FROM", &traces), INTAKE_SECURED);
        CU_ASSERT_EQUAL(traces, 1 + round);
        CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, round);
        CU_ASSERT_EQUAL(take_in(scene, apdu, "FROM"), INTAKE_REPEAT);
        x411_trace_add(scene->pool, &apdu->trace, &domain, agent_utc(scene->agent), X411_RELAYED);
    }
    x411_apdu_t *traced = came(scene, 2, "A"); /* over a link of 1988: the way is in the internal trace */
    x411_internal_trace_stamp(scene->pool, traced, &domain, "OTHER", agent_utc(scene->agent), X411_RELAYED);
    CU_ASSERT_EQUAL(take_in_counting(scene, traced, "FROM", &traces), INTAKE_SECURED);
    CU_ASSERT_EQUAL(traces, 1);
    CU_ASSERT_TRUE(x411_extension_remove(&traced->extensions, X411_EXT_INTERNAL_TRACE));
    CU_ASSERT_EQUAL(take_in(scene, traced, "FROM"), INTAKE_REPEAT); /* and then over one of 1984 */
    scene_end(scene);
}

static void P1_05_a_loop_ends_in_a_report(void)
{
    scene_t *scene = scene_begin(LINKS);
    x411_apdu_t *apdu = came(scene, 2, "A"); /* it was here, and went on to F */
    x411_domain_t other = x411_domain_make("GB", " ", "F");
    x411_trace_add(scene->pool, &apdu->trace, &other, agent_utc(scene->agent), X411_RELAYED);
    CU_ASSERT_EQUAL(take_in(scene, apdu, "FROM"), INTAKE_SECURED);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 0);
    CU_ASSERT_EQUAL(scene_destination(scene, "FROM")->count, 1); /* the report, to the originator */
    CU_ASSERT_EQUAL(scene->agent->loops_seen, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "201|"));
    scene_end(scene);
}

/* A report that is caught in a loop ends as any that cannot be passed on: there is no report on it, but an
 * event, or the dead letter mailbox. */
static void P1_08_a_report_in_a_loop_does_not_end_unseen(void)
{
    for (int dead_letters = 0; dead_letters <= 1; dead_letters++) {
        scene_t *scene = scene_begin(dead_letters ? DEAD_LETTERS : LINKS);
        if (dead_letters)
            ((config_t *)scene->config)->mta.dead_letter_mailbox = "DEAD";
        x411_apdu_t *report = procedures_report(scene->pool, came(scene, 1, "F"));
        x411_domain_t here = x411_domain_make("GB", " ", "A");
        x411_domain_t other = x411_domain_make("GB", " ", "F");
        x411_trace_add(scene->pool, &report->trace, &here, agent_utc(scene->agent), X411_RELAYED);
        x411_trace_add(scene->pool, &report->trace, &other, agent_utc(scene->agent), X411_RELAYED);
        CU_ASSERT_EQUAL(take_in(scene, report, NULL), INTAKE_SECURED);
        CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "201|"));
        CU_ASSERT_EQUAL(strstr(scene->told, "141|") != NULL, !dead_letters);
        CU_ASSERT_EQUAL(strstr(scene->told, "12045|") != NULL, dead_letters);
        if (dead_letters)
            CU_ASSERT_EQUAL(scene_destination(scene, "DEAD")->count, 1);
        scene_end(scene);
    }
}

static void Q159566_another_domain_in_the_trace_is_told_and_taken(void)
{
    scene_t *scene = scene_begin(LINKS);
    CU_ASSERT_EQUAL(take_in(scene, came(scene, 1, "G"), "FROM"), INTAKE_SECURED);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "209|"));
    scene_end(scene);
}

static void P1_07_recipients_over_the_limit_fail_and_the_others_go(void)
{
    scene_t *scene = scene_begin(LINKS);
    ((config_t *)scene->config)->mta.maximum_recipients = 2;
    CU_ASSERT_EQUAL(take_in(scene, came(scene, 4, "F"), "FROM"), INTAKE_SECURED);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->recipients, 2);
    CU_ASSERT_EQUAL(scene_destination(scene, "FROM")->count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "211|"));
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "too-many-recipients"));
    scene_end(scene);
}

static void what_is_too_large_is_reported(void)
{
    scene_t *scene = scene_begin(LINKS);
    answer_t answer = {false, INTAKE_FAILED};
    ((config_t *)scene->config)->mta.maximum_message_size = 1;
    object_t *object = object_create(scene->agent);
    object->apdu = procedures_transfer(scene->pool, came(scene, 1, "F"));
    object->content = bytes_make(apr_pcalloc(object->pool, 2048), 2048);
    object->content_here = true;
    intake_begin(object, 2048, agent_find_connector(scene->agent, "FROM"), answered, &answer);
    scene_settle(scene);
    CU_ASSERT_EQUAL(answer.verdict, INTAKE_SECURED); /* we answer for the report */
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 0);
    CU_ASSERT_EQUAL(scene_destination(scene, "FROM")->count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "12026|"));
    scene_end(scene);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(what_comes_is_secured_and_counted),
    UNIT_TEST(OP_01_a_repeat_is_recognised_and_nothing_else_is),
    UNIT_TEST(OP_01_what_circles_in_the_domain_is_no_repeat),
    UNIT_TEST(P1_05_a_loop_ends_in_a_report),
    UNIT_TEST(P1_08_a_report_in_a_loop_does_not_end_unseen),
    UNIT_TEST(Q159566_another_domain_in_the_trace_is_told_and_taken),
    UNIT_TEST(P1_07_recipients_over_the_limit_fail_and_the_others_go),
    UNIT_TEST(what_is_too_large_is_reported),
};
UNIT_MAIN("intake", TESTS)
