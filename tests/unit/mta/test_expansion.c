/* P1-11, P1-08: distribution lists over envelopes, and the reports that come back to them. */
#include "mta/expansion.h"
#include "procedures.h"

static const char lists[] =
    "distribution-list ALL { address = \"C=GB;A= ;P=A;S=ALL\" owner = \"C=GB;A= ;P=A;S=OWN\" "
    "members = { \"C=GB;A= ;P=A;S=BOB\", \"C=GB;A= ;P=B;S=JIM\" } report-propagation = both }\n"
    "distribution-list INNER { address = \"C=GB;A= ;P=A;S=INNER\" members = { \"C=GB;A= ;P=A;S=BOB\" } "
    "member-reports = delivery }\n"
    "distribution-list CLOSED { address = \"C=GB;A= ;P=A;S=CLOSED\" members = { \"C=GB;A= ;P=A;S=BOB\" } "
    "submit-permission = { \"C=GB;P=A;S=ALL\" } report-propagation = none always-report-expansion = off }\n"
    "distribution-list LAX { address = \"C=GB;A= ;P=A;S=LAX\" members = { \"C=GB;A= ;P=A;S=BOB\" } "
    "submit-permission = { \"C=FR\" } test-restrictions = on }\n"
    "distribution-list CIRCLE { address = \"C=GB;A= ;P=A;S=CIRCLE\" members = { \"C=GB;A= ;P=A;S=BOB\" } "
    "owner = \"C=GB;A= ;P=A;S=CIRCLE\" report-propagation = owner }\n";

static const names_list_t *list_of(apr_pool_t *pool, const names_t *names, const char *surname)
{
    x411_or_name_t name = procedures_name(pool, apr_pstrcat(pool, "C=GB;A= ;P=A;S=", surname, NULL));
    const names_list_t *list = names_find_list(names, &name.address, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    return list;
}

static void P1_11_members_take_the_place_of_the_list(void)
{
    apr_pool_t *pool = procedures_pool();
    names_t *names = procedures_names(pool, lists);
    const char *recipients[] = {"C=GB;A= ;P=A;S=OTHER", "C=GB;A= ;P=A;S=ALL", NULL};
    x411_apdu_t *apdu = procedures_apdu(pool, X411_MESSAGE, recipients);
    x411_or_name_t other = procedures_name(pool, "C=FR;S=X");
    x411_extension_set(pool, &apdu->recipients[1].extensions, X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE, 0,
                       x411_value_or_name(pool, &other));
    procedures_set(pool, &apdu->recipients[1].extensions, X411_EXT_PHYSICAL_FORWARDING_PROHIBITED, 1);
    x411_apdu_t *back = procedures_transfer(
        pool, expansion_build(pool, list_of(pool, names, "ALL"), procedures_transfer(pool, apdu), 1, NOW));
    CU_ASSERT_EQUAL_FATAL(back->recipient_count, 2);
    CU_ASSERT(procedures_is(pool, &back->recipients[0].name, "C=GB;A= ;P=A;S=BOB"));
    CU_ASSERT(procedures_is(pool, &back->recipients[1].name, "C=GB;A= ;P=B;S=JIM"));
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT(x411_responsible(&back->recipients[i]));
        CU_ASSERT_EQUAL(back->recipients[i].number, 2);
        CU_ASSERT_EQUAL(x411_user_report(&back->recipients[i]), X411_USER_REPORT_NON_DELIVERY);
        CU_ASSERT_PTR_NULL(
            x411_extension_find(&back->recipients[i].extensions, X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE));
        CU_ASSERT_PTR_NOT_NULL(
            x411_extension_find(&back->recipients[i].extensions, X411_EXT_PHYSICAL_FORWARDING_PROHIBITED));
    }
    CU_ASSERT(x411_mts_id_equal(&back->mts_id, &apdu->mts_id));
    CU_ASSERT(procedures_is(pool, &back->originator, "C=GB;A= ;P=A;S=ANN"));
    const x411_or_name_t *destination = x411_report_destination(pool, back);
    CU_ASSERT(procedures_is(pool, destination, "C=GB;A= ;P=A;S=ALL"));
    apr_pool_destroy(pool);
}

static void P1_11_member_reports_follow_the_policy(void)
{
    apr_pool_t *pool = procedures_pool();
    names_t *names = procedures_names(pool, lists);
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=INNER");
    x411_apdu_t *expanded = expansion_build(pool, list_of(pool, names, "INNER"), apdu, 0, NOW);
    CU_ASSERT_EQUAL(x411_user_report(&expanded->recipients[0]), X411_USER_REPORT_ALL);
    CU_ASSERT_EQUAL(x411_mta_report(&expanded->recipients[0]), X411_MTA_REPORT_ALL);
    CU_ASSERT(expansion_reports_delivery(list_of(pool, names, "INNER")));
    CU_ASSERT(expansion_reports_delivery(list_of(pool, names, "CLOSED"))); /* it propagates none */
    apr_pool_destroy(pool);
}

static void P1_11_exempted_members_are_left_out(void)
{
    apr_pool_t *pool = procedures_pool();
    names_t *names = procedures_names(pool, lists);
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=ALL");
    x411_or_name_t bob = procedures_name(pool, "C=GB;A= ;P=A;S=BOB");
    bytes_t name = x411_value_or_name(pool, &bob);
    uint8_t *set = apr_palloc(pool, name.length + 2);
    CU_ASSERT_FATAL(name.length < 128);
    set[0] = 0x31;
    set[1] = (uint8_t)name.length;
    memcpy(set + 2, name.data, name.length);
    x411_extension_set(pool, &apdu->extensions, X411_EXT_DL_EXEMPTED_RECIPIENTS, 0,
                       bytes_make(set, name.length + 2));
    x411_apdu_t *expanded = expansion_build(pool, list_of(pool, names, "ALL"), apdu, 0, NOW);
    CU_ASSERT_EQUAL_FATAL(expanded->recipient_count, 1);
    CU_ASSERT(procedures_is(pool, &expanded->recipients[0].name, "C=GB;A= ;P=B;S=JIM"));
    apr_pool_destroy(pool);
}

static void P1_11_what_may_not_be_expanded(void)
{
    apr_pool_t *pool = procedures_pool();
    names_t *names = procedures_names(pool, lists);
    recipient_fault_t fault;
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=ALL");
    CU_ASSERT_EQUAL(expansion_check(list_of(pool, names, "ALL"), apdu, pool, &fault), EXPANSION_PERMITTED);
    CU_ASSERT_EQUAL(expansion_check(list_of(pool, names, "CLOSED"), apdu, pool, &fault), EXPANSION_REFUSED);
    CU_ASSERT_EQUAL(fault.reason, X411_REASON_UNABLE_TO_TRANSFER);
    CU_ASSERT_EQUAL(fault.diagnostic, X411_DIAG_NO_DL_SUBMIT_PERMISSION);
    CU_ASSERT_EQUAL(expansion_check(list_of(pool, names, "LAX"), apdu, pool, &fault), EXPANSION_PERMITTED);
    CU_ASSERT(fault.restriction);
    /* What the permitted list sends on is permitted, whoever its originator is. */
    x411_apdu_t *expanded = expansion_build(pool, list_of(pool, names, "ALL"), apdu, 0, NOW);
    CU_ASSERT_EQUAL(expansion_check(list_of(pool, names, "CLOSED"), expanded, pool, &fault),
                    EXPANSION_PERMITTED);
    CU_ASSERT_EQUAL(expansion_check(list_of(pool, names, "ALL"), expanded, pool, &fault), EXPANSION_LOOP);
    procedures_set(pool, &apdu->extensions, X411_EXT_DL_EXPANSION_PROHIBITED, 1);
    CU_ASSERT_EQUAL(expansion_check(list_of(pool, names, "ALL"), apdu, pool, &fault), EXPANSION_REFUSED);
    CU_ASSERT_EQUAL(fault.diagnostic, X411_DIAG_DL_EXPANSION_PROHIBITED);
    names_list_t empty = *list_of(pool, names, "INNER");
    empty.member_count = 0;
    procedures_set(pool, &apdu->extensions, X411_EXT_DL_EXPANSION_PROHIBITED, 0);
    CU_ASSERT_EQUAL(expansion_check(&empty, apdu, pool, &fault), EXPANSION_REFUSED);
    CU_ASSERT_EQUAL(fault.diagnostic, X411_DIAG_DL_EXPANSION_FAILURE);
    apr_pool_destroy(pool);
}

static void P1_08_a_report_goes_back_through_the_lists(void)
{
    apr_pool_t *pool = procedures_pool();
    names_t *names = procedures_names(pool, lists);
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=INNER");
    x411_domain_t domain = x411_domain_make("GB", " ", "A");
    x411_trace_stamp(pool, apdu, &domain, NOW, X411_RELAYED);
    x411_apdu_t *once = expansion_build(pool, list_of(pool, names, "INNER"), apdu, 0, NOW);
    x411_apdu_t *twice = expansion_build(pool, list_of(pool, names, "ALL"), once, 0, NOW);
    x411_apdu_t *report =
        procedures_transfer(pool, procedures_report(pool, procedures_transfer(pool, twice)));
    CU_ASSERT(procedures_is(pool, &report->originator, "C=GB;A= ;P=A;S=ALL"));
    unsigned count;
    x411_apdu_t **forwarded = expansion_forward_report(pool, names, report, &count);
    /* ALL gives it to its owner and, by way of INNER, to the originator. */
    CU_ASSERT_EQUAL_FATAL(count, 2);
    bool owner = false;
    bool originator = false;
    for (unsigned i = 0; i < count; i++) {
        bool named = x411_extension_find(&forwarded[i]->extensions, X411_EXT_REPORTING_DL_NAME) != NULL;
        owner = owner || (named && procedures_is(pool, &forwarded[i]->originator, "C=GB;A= ;P=A;S=OWN"));
        originator =
            originator || (!named && procedures_is(pool, &forwarded[i]->originator, "C=GB;A= ;P=A;S=ANN"));
        CU_ASSERT_EQUAL(forwarded[i]->recipient_count, 1);
    }
    CU_ASSERT(owner && originator);
    apr_pool_destroy(pool);
}

static void P1_08_a_report_may_end_at_the_list(void)
{
    apr_pool_t *pool = procedures_pool();
    names_t *names = procedures_names(pool, lists);
    unsigned count = 9;
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;A= ;P=A;S=CLOSED");
    x411_apdu_t *expanded = expansion_build(pool, list_of(pool, names, "CLOSED"), apdu, 0, NOW);
    expansion_forward_report(pool, names, procedures_report(pool, expanded), &count);
    CU_ASSERT_EQUAL(count, 0);
    /* An owner that is the list itself: it ends. */
    apdu = procedures_message(pool, "C=GB;A= ;P=A;S=CIRCLE");
    expanded = expansion_build(pool, list_of(pool, names, "CIRCLE"), apdu, 0, NOW);
    expansion_forward_report(pool, names, procedures_report(pool, expanded), &count);
    CU_ASSERT_EQUAL(count, 0);
    /* One for nobody's list stays as it is. */
    x411_apdu_t *report = procedures_report(pool, procedures_message(pool, "C=FR;S=X"));
    x411_apdu_t **forwarded = expansion_forward_report(pool, names, report, &count);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_PTR_EQUAL(forwarded[0], report);
    apr_pool_destroy(pool);
}

static void P1_08_there_is_no_report_on_a_report(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *report = procedures_report(pool, procedures_message(pool, "C=FR;S=X"));
    CU_ASSERT_PTR_NULL(x411_report_destination(pool, report));
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(P1_11_members_take_the_place_of_the_list),   UNIT_TEST(P1_11_member_reports_follow_the_policy),
    UNIT_TEST(P1_11_exempted_members_are_left_out),        UNIT_TEST(P1_11_what_may_not_be_expanded),
    UNIT_TEST(P1_08_a_report_goes_back_through_the_lists), UNIT_TEST(P1_08_a_report_may_end_at_the_list),
    UNIT_TEST(P1_08_there_is_no_report_on_a_report),
};

UNIT_MAIN("expansion", tests)
