/* What may go over a connector, and who is barred from coming in by it. */
#include "procedures.h"

#include "mta/policy.h"

static const policy_t *policy_of(apr_pool_t *pool, const char *lines)
{
    const char *block = apr_pstrcat(pool,
                                    "connector B { general { remote-mta-name = B }\n"
                                    "stack { remote-host-name = localhost }\n"
                                    "address-space = { \"C=GB;A= ;P=B\" }\n",
                                    lines, "}\n", NULL);
    return policy_create(&procedures_config(pool, block)->connectors[0], pool);
}

static x411_apdu_t *from(apr_pool_t *pool, const char *originator, x411_priority_t priority)
{
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=B;S=JIM");
    apdu->originator = procedures_name(pool, originator);
    apdu->priority = priority;
    return apdu;
}

static void without_restrictions_everything_goes(void)
{
    apr_pool_t *pool = procedures_pool();
    const policy_t *policy = policy_of(pool, "");
    x411_apdu_t *apdu = from(pool, "C=GB;A= ;P=A;S=ANN", X411_NORMAL);
    CU_ASSERT_PTR_NULL(policy_forbids(policy, apdu, pool));
    CU_ASSERT_PTR_NULL(policy_bars(policy, apdu, pool));
    CU_ASSERT_PTR_NULL(policy_forbids(NULL, apdu, pool));
    apr_pool_destroy(pool);
}

static void priorities_are_disallowed(void)
{
    apr_pool_t *pool = procedures_pool();
    const policy_t *policy =
        policy_of(pool, "delivery-restrictions { disallow = { urgent, \"non-urgent\" } }");
    CU_ASSERT_PTR_NULL(policy_forbids(policy, from(pool, "C=GB;A= ;P=A;S=ANN", X411_NORMAL), pool));
    CU_ASSERT_PTR_NOT_NULL(policy_forbids(policy, from(pool, "C=GB;A= ;P=A;S=ANN", X411_URGENT), pool));
    CU_ASSERT_PTR_NOT_NULL(policy_forbids(policy, from(pool, "C=GB;A= ;P=A;S=ANN", X411_NON_URGENT), pool));
    x411_apdu_t *report = from(pool, "C=GB;A= ;P=A;S=ANN", X411_URGENT);
    report->kind = X411_REPORT;
    CU_ASSERT_PTR_NULL(policy_forbids(policy, report, pool));
    apr_pool_destroy(pool);
}

static void originators_are_accepted_and_rejected(void)
{
    apr_pool_t *pool = procedures_pool();
    const policy_t *policy = policy_of(pool, "delivery-restrictions { accept-from = { \"C=GB;A= ;P=A\" }\n"
                                             "reject-from = { \"S=EVE\", '/S=MALLORY$/' } }");
    CU_ASSERT_PTR_NULL(policy_forbids(policy, from(pool, "C=GB;A= ;P=A;S=ANN", X411_NORMAL), pool));
    const char *why = policy_forbids(policy, from(pool, "C=GB;A= ;P=A;S=EVE", X411_NORMAL), pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "reject-from"));
    why = policy_forbids(policy, from(pool, "C=FR;A= ;P=X;S=ANN", X411_NORMAL), pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "accept-from"));
    apr_pool_destroy(pool);
}

static void Q186581_barred_originators_are_named_by_their_rule(void)
{
    apr_pool_t *pool = procedures_pool();
    const policy_t *policy =
        policy_of(pool, "barred-originators { bar-p1-originator = { \"S=EVE\", \"C=FR\" } }");
    CU_ASSERT_PTR_NULL(policy_bars(policy, from(pool, "C=GB;A= ;P=A;S=ANN", X411_NORMAL), pool));
    CU_ASSERT_STRING_EQUAL(policy_bars(policy, from(pool, "C=GB;A= ;P=A;S=EVE", X411_NORMAL), pool), "S=EVE");
    CU_ASSERT_STRING_EQUAL(policy_bars(policy, from(pool, "C=FR;A= ;P=A;S=X", X411_NORMAL), pool), "C=FR");
    x411_apdu_t *report = from(pool, "C=FR;A= ;P=A;S=X", X411_NORMAL);
    report->kind = X411_REPORT;
    CU_ASSERT_PTR_NULL(policy_bars(policy, report, pool));
    apr_pool_destroy(pool);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(without_restrictions_everything_goes),
    UNIT_TEST(priorities_are_disallowed),
    UNIT_TEST(originators_are_accepted_and_rejected),
    UNIT_TEST(Q186581_barred_originators_are_named_by_their_rule),
};
UNIT_MAIN("policy", TESTS)
