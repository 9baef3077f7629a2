/* P1-08: what a mailbox takes; RO-05: restrictions in test mode. */
#include "mta/recipient.h"
#include "procedures.h"

static const char to[] = "C=GB;A= ;P=A;S=BOB";

/* Checks apdu against a mailbox with these options; the diagnostic, -2 if it is taken, -1 - 10 * reason if
 * there is none. */
static int64_t check(apr_pool_t *pool, const char *options, const x411_apdu_t *apdu, uint64_t length)
{
    names_t *names = procedures_names(
        pool, apr_pstrcat(pool, "mailbox M { folder = \"/tmp\" address-space = { \"C=GB\" } ", options,
                          " }\n", NULL));
    recipient_fault_t fault;
    if (recipient_check(names_abilities(names, 0), apdu, 0, length, pool, &fault))
        return -2;
    return fault.diagnostic >= 0 ? fault.reason * 100 + fault.diagnostic : -1 - 10 * fault.reason;
}

static void P1_08_content_types(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, to);
    CU_ASSERT_EQUAL(check(pool, "", apdu, 1), -2);
    CU_ASSERT_EQUAL(check(pool, "accept-content-types = { 2, 22 }", apdu, 1), -2);
    CU_ASSERT_EQUAL(check(pool, "accept-content-types = { 2 }", apdu, 1), 115);
    apdu->content_type = (x411_content_type_t){.present = true, .oid = ber_oid_from_text(pool, "2.6.1.10.1")};
    CU_ASSERT_EQUAL(check(pool, "accept-content-types = { 2 }", apdu, 1), 115);
    CU_ASSERT_EQUAL(check(pool, "accept-content-types = { 2, 2.6.1.10.1 }", apdu, 1), -2);
    apr_pool_destroy(pool);
}

static void P1_08_encoded_information_types(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, to);
    const char *text = "accept-encoded-information-types = { ia5-text, 1.2.3 }";
    CU_ASSERT_EQUAL(check(pool, text, apdu, 1), -2); /* it does not say */
    const unsigned ia5[] = {X411_EIT_IA5_TEXT};
    const unsigned both[] = {X411_EIT_IA5_TEXT, X411_EIT_G3_FACSIMILE};
    apdu->original_eits = x411_eits_make(pool, ia5, 1);
    CU_ASSERT_EQUAL(check(pool, text, apdu, 1), -2);
    apdu->original_eits = x411_eits_make(pool, both, 2);
    CU_ASSERT_EQUAL(check(pool, text, apdu, 1), 106);
    x411_indicator_set(&apdu->flags, X411_FLAG_CONVERSION_PROHIBITED, true);
    CU_ASSERT_EQUAL(check(pool, text, apdu, 1), 209);
    apdu->original_eits = x411_eits_make(pool, ia5, 1);
    bytes_t oid = ber_oid_from_text(pool, "1.2.4");
    apdu->original_eits.extended = &oid;
    apdu->original_eits.extended_count = 1;
    CU_ASSERT_EQUAL(check(pool, text, apdu, 1), 209);
    oid = ber_oid_from_text(pool, "1.2.3");
    CU_ASSERT_EQUAL(check(pool, text, apdu, 1), -2);
    oid = ber_oid_from_text(pool, "2.6.3.4.2"); /* id-eit-ia5-text: the same by another name */
    CU_ASSERT_EQUAL(check(pool, text, apdu, 1), -2);
    apr_pool_destroy(pool);
}

static void P1_08_size_of_messages_and_probes(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, to);
    CU_ASSERT_EQUAL(check(pool, "maximum-message-size = 10k", apdu, 10240), -2);
    CU_ASSERT_EQUAL(check(pool, "maximum-message-size = 10k", apdu, 10241), 107);
    const char *recipients[] = {to, NULL};
    x411_apdu_t *probe = procedures_apdu(pool, X411_PROBE, recipients);
    CU_ASSERT_EQUAL(check(pool, "maximum-message-size = 10k", probe, 0), -2);
    probe->content_length_present = true;
    probe->content_length = 10241;
    CU_ASSERT_EQUAL(check(pool, "maximum-message-size = 10k", probe, 0), 107);
    probe->content_length = -5;
    CU_ASSERT_EQUAL(check(pool, "maximum-message-size = 10k", probe, 0), -2);
    apr_pool_destroy(pool);
}

static void P1_08_originators(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, to);
    CU_ASSERT_EQUAL(check(pool, "accept-from = { \"C=GB;P=A\" }", apdu, 1), -2);
    CU_ASSERT_EQUAL(check(pool, "accept-from = { \"C=FR\" }", apdu, 1), -51);
    CU_ASSERT_EQUAL(check(pool, "accept-from = { \"C=GB\" } reject-from = { \"S=ANN\" }", apdu, 1), -51);
    apr_pool_destroy(pool);
}

static void RO_05_test_mode_tells_and_lets_pass(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, to);
    names_t *names = procedures_names(pool, "mailbox M { folder = \"/tmp\" address-space = { \"C=GB\" } "
                                            "accept-from = { \"C=FR\" } test-restrictions = on }\n");
    recipient_fault_t fault;
    CU_ASSERT(recipient_check(names_abilities(names, 0), apdu, 0, 1, pool, &fault));
    CU_ASSERT(fault.restriction);
    CU_ASSERT_EQUAL(fault.reason, X411_REASON_RESTRICTED_DELIVERY);
    apdu->originator = procedures_name(pool, "C=FR;S=X");
    CU_ASSERT(recipient_check(names_abilities(names, 0), apdu, 0, 1, pool, &fault));
    CU_ASSERT(!fault.restriction);
    /* What is no rule of the mailbox is not passed over. */
    apdu->recipients[0].conversion_present = true;
    CU_ASSERT(!recipient_check(names_abilities(names, 0), apdu, 0, 1, pool, &fault));
    CU_ASSERT_EQUAL(fault.diagnostic, X411_DIAG_CONVERSION_IMPRACTICAL);
    apr_pool_destroy(pool);
}

static void P1_02_critical_extensions_at_delivery(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, to);
    procedures_set(pool, &apdu->extensions, X411_EXT_LATEST_DELIVERY_TIME, 1);
    CU_ASSERT_EQUAL(check(pool, "", apdu, 1), -2);
    procedures_set(pool, &apdu->recipients[0].extensions, X411_EXT_REGISTERED_MAIL_TYPE, 1);
    CU_ASSERT_EQUAL(check(pool, "", apdu, 1), 118);
    x411_extension_remove(&apdu->recipients[0].extensions, X411_EXT_REGISTERED_MAIL_TYPE);
    procedures_set(pool, &apdu->extensions, 200, 1);
    CU_ASSERT_EQUAL(check(pool, "", apdu, 1), 118);
    apr_pool_destroy(pool);
}

static void names_that_cannot_be_understood_are_found(void)
{
    static const char *const bad[] = {
        "mailbox M { folder = \"/tmp\" address-space = { \"C=GB\" } accept-content-types = { P2 } }",
        "mailbox M { folder = \"/tmp\" address-space = { \"C=GB\" } accept-encoded-information-types = { x } "
        "}",
        "mailbox M { folder = \"/tmp\" address-space = { \"C=GB\" } redirect-to = \"NOWHERE\" }",
        "redirect R { address = \"C=GB;S=X\" to = \"=\" }",
        "distribution-list D { address = \"C=GB;S=X\" members = { \"S\" } }",
        "distribution-list D { address = \"C=GB;S=X\" members = { \"C=GB;S=Y\" } report-propagation = owner "
        "}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        apr_pool_t *pool = procedures_pool();
        config_findings_t findings = {.path = "procedures.conf"};
        names_check(procedures_config(pool, bad[i]), pool, &findings);
        CU_ASSERT_EQUAL(findings.errors, 1);
        apr_pool_destroy(pool);
    }
}

static const unit_test_t tests[] = {
    UNIT_TEST(P1_08_content_types),
    UNIT_TEST(P1_08_encoded_information_types),
    UNIT_TEST(P1_08_size_of_messages_and_probes),
    UNIT_TEST(P1_08_originators),
    UNIT_TEST(RO_05_test_mode_tells_and_lets_pass),
    UNIT_TEST(P1_02_critical_extensions_at_delivery),
    UNIT_TEST(names_that_cannot_be_understood_are_found),
};

UNIT_MAIN("recipient", tests)
