/* P1-11: redirection of a recipient, its history, its prohibition, its loop. */
#include "mta/redirection.h"
#include "procedures.h"

static x411_history_t history_of(apr_pool_t *pool, const x411_recipient_t *recipient)
{
    x411_history_t history = {0};
    const x411_extension_t *extension =
        x411_extension_find(&recipient->extensions, X411_EXT_REDIRECTION_HISTORY);
    if (extension)
        CU_ASSERT(x411_extension_history(extension, pool, &history));
    return history;
}

static void P1_11_history_says_who_was_meant_when_and_why(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=ONE");
    x411_or_name_t two = procedures_name(pool, "C=GB;A= ;P=A;S=TWO");
    x411_or_name_t three = procedures_name(pool, "C=GB;A= ;P=A;S=THREE");
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &two, REDIRECTION_RECIPIENT_ASSIGNED, NOW),
                    REDIRECTION_DONE);
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &three, REDIRECTION_DOMAIN_ASSIGNED, NOW),
                    REDIRECTION_DONE);
    x411_apdu_t *back = procedures_transfer(pool, apdu);
    x411_history_t history = history_of(pool, &back->recipients[0]);
    CU_ASSERT_EQUAL_FATAL(history.count, 2);
    CU_ASSERT(procedures_is(pool, &history.elements[0].name, "C=GB;A= ;P=A;S=ONE"));
    CU_ASSERT(procedures_is(pool, &history.elements[1].name, "C=GB;A= ;P=A;S=TWO"));
    CU_ASSERT_EQUAL(history.elements[0].reason, REDIRECTION_RECIPIENT_ASSIGNED);
    CU_ASSERT_EQUAL(history.elements[1].reason, REDIRECTION_DOMAIN_ASSIGNED);
    CU_ASSERT(bytes_equal(history.elements[0].time.text, BYTES_LITERAL("261122031425Z")));
    CU_ASSERT(procedures_is(pool, &back->recipients[0].name, "C=GB;A= ;P=A;S=THREE"));
    CU_ASSERT_EQUAL(back->recipients[0].number, 1);
    CU_ASSERT(x411_responsible(&back->recipients[0]));
    apr_pool_destroy(pool);
}

static void P1_11_a_name_that_it_was_meant_for_is_a_loop(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=ONE");
    x411_or_name_t one = procedures_name(pool, "C=gb;P=a;S=One"); /* as routing compares */
    x411_or_name_t two = procedures_name(pool, "C=GB;A= ;P=A;S=TWO");
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &one, REDIRECTION_RECIPIENT_ASSIGNED, NOW),
                    REDIRECTION_LOOP);
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &two, REDIRECTION_RECIPIENT_ASSIGNED, NOW),
                    REDIRECTION_DONE);
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &one, REDIRECTION_RECIPIENT_ASSIGNED, NOW),
                    REDIRECTION_LOOP);
    CU_ASSERT(procedures_is(pool, &apdu->recipients[0].name, "C=GB;A= ;P=A;S=TWO"));
    apr_pool_destroy(pool);
}

static void P1_11_it_ends_at_a_limit(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=START");
    redirection_verdict_t verdict = REDIRECTION_DONE;
    unsigned times = 0;
    while (verdict == REDIRECTION_DONE && times < 1000) {
        x411_or_name_t to = procedures_name(pool, apr_psprintf(pool, "C=GB;A= ;P=A;S=U%u", times++));
        verdict = redirection_apply(pool, apdu, 0, &to, REDIRECTION_RECIPIENT_ASSIGNED, NOW);
    }
    CU_ASSERT_EQUAL(verdict, REDIRECTION_LOOP);
    CU_ASSERT(times <= X411_UB_REDIRECTIONS);
    apr_pool_destroy(pool);
}

static void P1_11_prohibited_reassignment_binds_all_but_the_originator(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=ONE");
    x411_or_name_t two = procedures_name(pool, "C=GB;A= ;P=A;S=TWO");
    procedures_set(pool, &apdu->extensions, X411_EXT_RECIPIENT_REASSIGNMENT_PROHIBITED, 1);
    CU_ASSERT(redirection_prohibited(apdu));
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &two, REDIRECTION_RECIPIENT_ASSIGNED, NOW),
                    REDIRECTION_PROHIBITED);
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &two, REDIRECTION_DOMAIN_ASSIGNED, NOW),
                    REDIRECTION_PROHIBITED);
    CU_ASSERT_EQUAL(history_of(pool, &apdu->recipients[0]).count, 0);
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &two, REDIRECTION_ORIGINATOR_REQUESTED, NOW),
                    REDIRECTION_DONE);
    procedures_set(pool, &apdu->extensions, X411_EXT_RECIPIENT_REASSIGNMENT_PROHIBITED, 0);
    CU_ASSERT(!redirection_prohibited(apdu));
    apr_pool_destroy(pool);
}

static void P1_11_the_requested_alternate_is_used_once(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=ONE");
    x411_or_name_t two = procedures_name(pool, "C=GB;A= ;P=A;S=TWO");
    CU_ASSERT_PTR_NULL(redirection_requested(pool, &apdu->recipients[0]));
    CU_ASSERT(x411_extension_set(pool, &apdu->recipients[0].extensions,
                                 X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE, 0, x411_value_or_name(pool, &two)));
    apdu = procedures_transfer(pool, apdu);
    const x411_or_name_t *requested = redirection_requested(pool, &apdu->recipients[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(requested);
    CU_ASSERT(procedures_is(pool, requested, "C=GB;A= ;P=A;S=TWO"));
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, requested, REDIRECTION_ORIGINATOR_REQUESTED, NOW),
                    REDIRECTION_DONE);
    CU_ASSERT_PTR_NULL(redirection_requested(pool, &apdu->recipients[0]));
    apr_pool_destroy(pool);
}

static void P1_11_a_malformed_history_or_request_does_no_harm(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=ONE");
    x411_or_name_t two = procedures_name(pool, "C=GB;A= ;P=A;S=TWO");
    x411_extension_set(pool, &apdu->recipients[0].extensions, X411_EXT_REDIRECTION_HISTORY, 0,
                       BYTES_LITERAL("\x02\x01\x05"));
    x411_extension_set(pool, &apdu->recipients[0].extensions, X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE, 0,
                       BYTES_LITERAL("\x02\x01\x05"));
    CU_ASSERT_PTR_NULL(redirection_requested(pool, &apdu->recipients[0]));
    CU_ASSERT_EQUAL(redirection_apply(pool, apdu, 0, &two, REDIRECTION_RECIPIENT_ASSIGNED, NOW),
                    REDIRECTION_DONE);
    CU_ASSERT_EQUAL(history_of(pool, &apdu->recipients[0]).count, 1);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(P1_11_history_says_who_was_meant_when_and_why),
    UNIT_TEST(P1_11_a_name_that_it_was_meant_for_is_a_loop),
    UNIT_TEST(P1_11_it_ends_at_a_limit),
    UNIT_TEST(P1_11_prohibited_reassignment_binds_all_but_the_originator),
    UNIT_TEST(P1_11_the_requested_alternate_is_used_once),
    UNIT_TEST(P1_11_a_malformed_history_or_request_does_no_harm),
};

UNIT_MAIN("redirection", tests)
