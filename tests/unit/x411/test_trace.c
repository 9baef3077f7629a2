/* Trace and the loop check (P1-05), reports (P1-08 in part), the 1984 downgrade (P1-12 in part), extension
 * values. */
#include "x411/downgrade.h"
#include "x411/oraddress_text.h"
#include "x411/report.h"

#include "support.h"

static x411_domain_t domain_of(const char *prmd)
{
    return x411_domain_make("GB", " ", prmd);
}

static void add(apr_pool_t *pool, x411_apdu_t *apdu, const char *prmd, x411_action_t action)
{
    x411_domain_t domain = domain_of(prmd);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x411_trace_add(pool, &apdu->trace, &domain, TIME_SECONDS(1000), action));
}

static x411_loop_t check(apr_pool_t *pool, const x411_apdu_t *apdu, const char *prmd)
{
    x411_domain_t domain = domain_of(prmd);
    return x411_loop_check(pool, apdu, &domain, NULL);
}

static void test_P1_05_external_trace_is_added_once(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = support_corpus(pool, "m88-recips1", NULL);
    unsigned before = apdu->trace.count;
    x411_domain_t domain = domain_of("own");
    CU_ASSERT(x411_trace_stamp(pool, apdu, &domain, TIME_SECONDS(1795317265), X411_RELAYED));
    CU_ASSERT(x411_trace_stamp(pool, apdu, &domain, TIME_SECONDS(1795317266), X411_RELAYED));
    CU_ASSERT_EQUAL_FATAL(apdu->trace.count, before + 1);
    CU_ASSERT(bytes_equal(apdu->trace.elements[before].arrival.text, BYTES_LITERAL("261122031425Z")));
    x411_domain_t attempted = domain_of("peer");
    x411_trace_rerouted(&apdu->trace, &attempted);
    bytes_t octets = support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_LITERAL("x"));
    x411_apdu_t *back = NULL;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, octets, &back, NULL));
    CU_ASSERT_EQUAL_FATAL(back->trace.count, before + 1);
    CU_ASSERT_EQUAL(back->trace.elements[before].action, X411_REROUTED);
    CU_ASSERT(x411_domain_equal(&back->trace.elements[before].attempted, &attempted));
    CU_ASSERT_EQUAL(x411_trace_visits(&back->trace, &domain), 1);
    apr_pool_destroy(pool);
}

/* The own domain is of the configuration, which goes with a reload while messages are here. */
static void test_P1_05_trace_outlives_the_configuration(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = support_corpus(pool, "m88-recips1", NULL);
    unsigned before = apdu->trace.count;
    char country[] = "GB";
    char admd[] = "GOLD 400";
    char prmd[] = "OWN";
    x411_domain_t domain = x411_domain_make(country, admd, prmd);
    CU_ASSERT(x411_trace_stamp(pool, apdu, &domain, TIME_SECONDS(1795317265), X411_RELAYED));
    memset(country, 'x', sizeof(country) - 1);
    memset(admd, 'x', sizeof(admd) - 1);
    memset(prmd, 'x', sizeof(prmd) - 1);
    CU_ASSERT_EQUAL_FATAL(apdu->trace.count, before + 1);
    CU_ASSERT_STRING_EQUAL(x411_domain_text(pool, &apdu->trace.elements[before].domain),
                           "C=GB;A=GOLD 400;P=OWN");
    apr_pool_destroy(pool);
}

static void test_P1_05_internal_trace(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = support_corpus(pool, "m88-recips1", NULL);
    x411_trace_t trace;
    CU_ASSERT(
        x411_extension_trace(x411_extension_find(&apdu->extensions, X411_EXT_INTERNAL_TRACE), pool, &trace));
    unsigned before = trace.count;
    x411_domain_t domain = domain_of("own");
    CU_ASSERT(x411_internal_trace_stamp(pool, apdu, &domain, "MTA1", TIME_SECONDS(5), X411_RELAYED));
    CU_ASSERT(
        x411_extension_trace(x411_extension_find(&apdu->extensions, X411_EXT_INTERNAL_TRACE), pool, &trace));
    CU_ASSERT_EQUAL_FATAL(trace.count, before + 1);
    CU_ASSERT(bytes_equal(trace.elements[0].mta.octets, BYTES_LITERAL("a.test")));
    CU_ASSERT(bytes_equal(trace.elements[before].mta.octets, BYTES_LITERAL("MTA1")));
    CU_ASSERT_EQUAL(x411_loop_check(pool, apdu, &domain, "MTA1"), X411_LOOP_NONE);
    x411_domain_t other = domain_of("other");
    CU_ASSERT(x411_internal_trace_stamp(pool, apdu, &domain, "MTA2", TIME_SECONDS(6), X411_RELAYED));
    CU_ASSERT_EQUAL(x411_loop_check(pool, apdu, &domain, "mta1"), X411_LOOP_INTERNAL);
    CU_ASSERT_EQUAL(x411_loop_check(pool, apdu, &domain, "MTA3"), X411_LOOP_NONE);
    CU_ASSERT_EQUAL(x411_loop_check(pool, apdu, &other, "MTA1"), X411_LOOP_NONE);
    x411_apdu_t *fresh = x411_apdu_create(pool, X411_MESSAGE);
    CU_ASSERT(x411_internal_trace_stamp(pool, fresh, &domain, "MTA1", TIME_SECONDS(6), X411_RELAYED));
    CU_ASSERT_EQUAL(fresh->extensions.count, 1);
    apr_pool_destroy(pool);
}

static void test_P1_05_loops_of_two_and_three(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = x411_apdu_create(pool, X411_MESSAGE);
    CU_ASSERT_EQUAL(check(pool, apdu, "a"), X411_LOOP_NONE);
    add(pool, apdu, "a", X411_RELAYED);
    CU_ASSERT_EQUAL(check(pool, apdu, "a"), X411_LOOP_NONE); /* within the domain */
    add(pool, apdu, "b", X411_RELAYED);
    CU_ASSERT_EQUAL(check(pool, apdu, "a"), X411_LOOP_EXTERNAL);
    CU_ASSERT_EQUAL(check(pool, apdu, "b"), X411_LOOP_NONE);
    add(pool, apdu, "c", X411_RELAYED);
    CU_ASSERT_EQUAL(check(pool, apdu, "A"), X411_LOOP_EXTERNAL);
    CU_ASSERT_EQUAL(check(pool, apdu, "b"), X411_LOOP_EXTERNAL);
    /* A list was expanded at c: a may get it again. */
    apdu->trace.elements[2].other_actions_present = true;
    apdu->trace.elements[2].other_actions = (ber_bits_t){BYTES_LITERAL("\x40"), 2};
    CU_ASSERT_EQUAL(check(pool, apdu, "a"), X411_LOOP_NONE);
    add(pool, apdu, "a", X411_RELAYED);
    add(pool, apdu, "c", X411_RELAYED);
    CU_ASSERT_EQUAL(check(pool, apdu, "a"), X411_LOOP_EXTERNAL);
    apr_pool_destroy(pool);
}

static void test_P1_05_rerouted_is_excused_once(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = x411_apdu_create(pool, X411_MESSAGE);
    add(pool, apdu, "a", X411_REROUTED);
    add(pool, apdu, "b", X411_RELAYED);
    CU_ASSERT_EQUAL(check(pool, apdu, "a"), X411_LOOP_NONE);
    add(pool, apdu, "a", X411_RELAYED);
    add(pool, apdu, "b", X411_RELAYED);
    CU_ASSERT_EQUAL(check(pool, apdu, "a"), X411_LOOP_EXTERNAL);
    x411_domain_t a = domain_of("a");
    CU_ASSERT_EQUAL(x411_trace_visits(&apdu->trace, &a), 2);
    while (apdu->trace.count < X411_LIMIT_TRACE)
        add(pool, apdu, "z", X411_RELAYED);
    CU_ASSERT_PTR_NULL(x411_trace_add(pool, &apdu->trace, &a, 0, X411_RELAYED));
    apr_pool_destroy(pool);
}

static void test_corpus_loops(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = support_corpus(pool, "m88-trace-rerouted", NULL);
    x411_domain_t dbp = x411_domain_make("DE", "d400", NULL);
    CU_ASSERT_EQUAL(x411_loop_check(pool, apdu, &dbp, NULL), X411_LOOP_NONE); /* rerouted there */
    CU_ASSERT_EQUAL(check(pool, support_corpus(pool, "m88-relayed", NULL), "nowhere"), X411_LOOP_NONE);
    apr_pool_destroy(pool);
}

static x411_report_spec_t spec_of(const x411_apdu_t *subject, const x411_result_t *results, unsigned count)
{
    return (x411_report_spec_t){.subject = subject,
                                .subject_arrival = TIME_SECONDS(1000),
                                .results = results,
                                .result_count = count,
                                .domain = domain_of("own"),
                                .mta = "MTA1",
                                .now = TIME_SECONDS(2000),
                                .content = BYTES_LITERAL("content"),
                                .return_content = true};
}

static void test_P1_08_report(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *subject = support_corpus(pool, "m88-flags-contreturn", NULL);
    x411_result_t results[] = {{.recipient = &subject->recipients[0],
                                .reason = X411_REASON_UNABLE_TO_TRANSFER,
                                .diagnostic = X411_DIAG_UNRECOGNISED_OR_NAME,
                                .supplementary = "no route to \"x\"@y"}};
    x411_report_spec_t spec = spec_of(subject, results, 1);
    spec.id = x411_mts_id_make(pool, &spec.domain, "HOST", spec.now, 1);
    x411_apdu_t *report = x411_report_build(pool, &spec);
    CU_ASSERT_PTR_NOT_NULL_FATAL(report);
    bytes_t octets = support_encode(pool, report, X411_MODE_NORMAL, BYTES_NONE);
    x411_apdu_t *back = NULL;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, octets, &back, NULL));
    CU_ASSERT_EQUAL(back->kind, X411_REPORT);
    CU_ASSERT(x411_or_address_equal(&back->originator.address, &subject->originator.address));
    CU_ASSERT(x411_mts_id_equal(&back->report->subject_id, &subject->mts_id));
    CU_ASSERT(bytes_equal(back->report->returned_content, BYTES_LITERAL("content")));
    CU_ASSERT_EQUAL_FATAL(back->recipient_count, 1);
    const x411_outcome_t *outcome = back->recipients[0].outcome;
    CU_ASSERT_FALSE(outcome->delivered);
    CU_ASSERT_EQUAL(outcome->reason, 1);
    CU_ASSERT(outcome->diagnostic_present && outcome->diagnostic == 0);
    CU_ASSERT(bytes_equal(outcome->supplementary.octets, BYTES_LITERAL("no route to 'x'?y")));
    CU_ASSERT_PTR_NOT_NULL(x411_extension_find(&back->report->extensions, X411_EXT_CONTENT_CORRELATOR));
    x411_domain_t domain;
    x411_string_t mta;
    CU_ASSERT(x411_extension_reporting_mta(
        x411_extension_find(&back->extensions, X411_EXT_REPORTING_MTA_NAME), pool, &domain, &mta));
    CU_ASSERT(bytes_equal(mta.octets, BYTES_LITERAL("MTA1")));
    /* Not the content where the policy says no, or nothing failed, or nobody asked. */
    spec.return_content = false;
    CU_ASSERT_FALSE(x411_report_build(pool, &spec)->report->returned_content_present);
    spec.return_content = true;
    x411_indicator_set(&subject->flags, X411_FLAG_CONTENT_RETURN, false);
    CU_ASSERT_FALSE(x411_report_build(pool, &spec)->report->returned_content_present);
    /* Never a report on a report. */
    spec.subject = report;
    CU_ASSERT_PTR_NULL(x411_report_build(pool, &spec));
    apr_pool_destroy(pool);
}

static void test_P1_08_when_a_report_is_wanted(void)
{
    static const struct {
        x411_mta_report_t mta;
        x411_user_report_t user;
        bool delivered;
        bool wanted;
    } cases[] = {{X411_MTA_REPORT_NONE, X411_USER_REPORT_NONE, false, false},
                 {X411_MTA_REPORT_NON_DELIVERY, X411_USER_REPORT_NONE, false, true},
                 {X411_MTA_REPORT_NON_DELIVERY, X411_USER_REPORT_NON_DELIVERY, true, false},
                 {X411_MTA_REPORT_ALL, X411_USER_REPORT_NONE, true, true},
                 {X411_MTA_REPORT_AUDITED, X411_USER_REPORT_NON_DELIVERY, true, true},
                 {X411_MTA_REPORT_NON_DELIVERY, X411_USER_REPORT_ALL, true, true}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        x411_recipient_t recipient = {.indicators =
                                          x411_recipient_indicators(true, cases[i].mta, cases[i].user)};
        CU_ASSERT_EQUAL(x411_mta_report(&recipient), cases[i].mta);
        CU_ASSERT_EQUAL(x411_user_report(&recipient), cases[i].user);
        CU_ASSERT_EQUAL(x411_report_wanted(&recipient, cases[i].delivered), cases[i].wanted);
    }
}

static void test_P1_08_destination_is_the_last_list(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *subject = support_corpus(pool, "m88-ext-dlhistory", NULL);
    const x411_or_name_t *destination = x411_report_destination(pool, subject);
    CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, destination), "S=sublist;O=Lists;P=ppb;A= ;C=GB");
    x411_result_t result = {.recipient = &subject->recipients[0], .reason = 1, .diagnostic = X411_DIAG_NONE};
    x411_report_spec_t spec = spec_of(subject, &result, 1);
    x411_apdu_t *report = x411_report_build(pool, &spec);
    CU_ASSERT_FALSE(report->recipients[0].outcome->diagnostic_present);
    x411_history_t history;
    CU_ASSERT(x411_extension_history(
        x411_extension_find(&report->extensions, X411_EXT_ORIGINATOR_AND_DL_HISTORY), pool, &history));
    CU_ASSERT_EQUAL_FATAL(history.count, 3); /* the originator and two lists */
    CU_ASSERT(x411_or_address_equal(&history.elements[0].name.address, &subject->originator.address));
    CU_ASSERT(x411_or_address_equal(&history.elements[2].name.address, &destination->address));
    apr_pool_destroy(pool);
}

static void test_P1_08_redirected_recipient(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *subject = support_corpus(pool, "m88-ext-redirection", NULL);
    x411_history_t history;
    const x411_extension_t *extension =
        x411_extension_find(&subject->recipients[0].extensions, X411_EXT_REDIRECTION_HISTORY);
    CU_ASSERT(x411_extension_history(extension, pool, &history));
    CU_ASSERT_EQUAL_FATAL(history.count, 1);
    CU_ASSERT_EQUAL(history.elements[0].reason, 0);
    CU_ASSERT(bytes_equal(history.elements[0].time.text, BYTES_LITERAL("261122020000Z")));
    CU_ASSERT(
        bytes_equal(x411_value_history(pool, X411_EXT_REDIRECTION_HISTORY, &history), extension->value));
    x411_result_t result = {.recipient = &subject->recipients[0], .reason = 1, .diagnostic = 4};
    x411_report_spec_t spec = spec_of(subject, &result, 1);
    x411_apdu_t *report = x411_report_build(pool, &spec);
    CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, report->recipients[0].outcome->originally_intended),
                           "S=old;P=ppb;A= ;C=GB");
    apr_pool_destroy(pool);
}

static void test_P1_08_names_of_codes(void)
{
    for (int i = 0; i <= 47; i++)
        CU_ASSERT_PTR_NOT_NULL(x411_diagnostic_name(i));
    CU_ASSERT_STRING_EQUAL(x411_diagnostic_name(47), "unable-to-downgrade");
    CU_ASSERT_STRING_EQUAL(x411_diagnostic_name(5), "maximum-time-expired");
    CU_ASSERT_STRING_EQUAL(x411_reason_name(6), "directory-operation-unsuccessful");
    CU_ASSERT_PTR_NULL(x411_diagnostic_name(-1));
    CU_ASSERT_PTR_NULL(x411_diagnostic_name(79));
    CU_ASSERT_PTR_NULL(x411_reason_name(INT64_MAX));
    for (int i = 1; i <= 46; i++)
        CU_ASSERT_EQUAL(x411_extension_info(i)->type, i);
    CU_ASSERT_STRING_EQUAL(x411_extension_name(38), "internal-trace-information");
    CU_ASSERT_PTR_NULL(x411_extension_name(0));
}

static void test_P1_12_downgrade_of_names(void)
{
    apr_pool_t *pool = support_pool();
    static const struct {
        const char *before;
        const char *after; /* NULL = cannot be */
    } cases[] = {{"S=x;C=GB;A= ", "S=x;A= ;C=GB"},
                 {"CN=Room;C=GB;A= ;DDA:a=b", "A= ;C=GB;DDA:a=b;DDA:COMMON=Room"},
                 {"S=Mueller;S*=M\xC3\xBCller;C=GB;A= ", "S=Mueller;A= ;C=GB"},
                 {"S*=M\xC3\xBCller;C=GB;A= ", NULL},
                 {"CN=a;DDA:a=1;DDA:b=2;DDA:c=3;DDA:d=4;C=GB;A= ", NULL},
                 {"PD-C=GB;PD-PC=1;C=GB;A= ", NULL},
                 {"S=x;C=GB;A= ;DN=3000", "S=x;A= ;C=GB"},
                 {"DN=3000", NULL}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        x411_or_name_t name;
        CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, cases[i].before, &name));
        CU_ASSERT_EQUAL(x411_or_name_downgrade(pool, &name), cases[i].after != NULL);
        if (cases[i].after)
            CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, &name), cases[i].after);
    }
    x411_or_name_t name;
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, "C=GB;A= ;DDA:Common=Room;DDA:a=b", &name));
    x411_or_name_upgrade(pool, &name);
    CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, &name), "CN=Room;A= ;C=GB;DDA:a=b");
    apr_pool_destroy(pool);
}

static void test_P1_12_downgrade_of_apdus(void)
{
    apr_pool_t *pool = support_pool();
    static const char *const names[] = {"m88-addr-cn",    "m88-addr-postal",    "m88-ext-redirection",
                                        "m88-recips20",   "m88-report-reasons", "m88-report-altaccept",
                                        "m88-ext-latest", "m88-probe2"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        x411_apdu_t *apdu = x411_apdu_clone(pool, support_corpus(pool, names[i], NULL));
        bool failed[64];
        CU_ASSERT_PTR_NULL_FATAL(x411_downgrade(pool, apdu, failed));
        CU_ASSERT_EQUAL(failed[0], i == 1);
        x411_apdu_t *back = NULL;
        bytes_t octets = support_encode(pool, apdu, X411_MODE_1984, BYTES_LITERAL("x"));
        CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, octets, &back, NULL));
        CU_ASSERT_FALSE(back->extensions.present);
        for (unsigned j = 0; j < back->recipient_count; j++) {
            CU_ASSERT_EQUAL(back->recipients[j].indicators.count, 8);
            CU_ASSERT(failed[j] || !back->recipients[j].name.address.extensions_present);
        }
    }
    x411_apdu_t *apdu = support_corpus(pool, "m88-recips1", NULL);
    bool failed[1];
    x411_extension_set(pool, &apdu->extensions, 3, 1 << X411_CRITICAL_DELIVERY,
                       x411_value_number(pool, BER_ENUMERATED, 1));
    CU_ASSERT_EQUAL(x411_downgrade(pool, apdu, failed)->code, X411_ERROR_DOWNGRADE);
    apdu = support_corpus(pool, "m88-recips1", NULL);
    apdu->content_type.oid = support_hex(pool, "2A864886F7140501");
    CU_ASSERT_EQUAL(x411_downgrade(pool, apdu, failed)->code, X411_ERROR_DOWNGRADE);
    apr_pool_destroy(pool);
}

static void test_extension_values(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = support_corpus(pool, "m88-ext-physical", NULL);
    const x411_extensions_t *extensions = &apdu->recipients[0].extensions;
    int64_t number;
    ber_bits_t bits;
    CU_ASSERT(x411_extension_number(x411_extension_find(extensions, X411_EXT_REGISTERED_MAIL_TYPE), &number));
    CU_ASSERT_EQUAL(number, 1);
    CU_ASSERT(
        x411_extension_bits(x411_extension_find(extensions, X411_EXT_PHYSICAL_DELIVERY_MODES), pool, &bits));
    CU_ASSERT(bits.count == 8 && ber_bit(&bits, 2) && !ber_bit(&bits, 0));
    CU_ASSERT_FALSE(
        x411_extension_number(x411_extension_find(extensions, X411_EXT_PHYSICAL_DELIVERY_MODES), &number));
    CU_ASSERT_FALSE(x411_extension_number(x411_extension_find(extensions, 99), &number));
    x411_time_t time;
    apdu = support_corpus(pool, "m88-ext-latest", NULL);
    CU_ASSERT(x411_extension_time(x411_extension_find(&apdu->extensions, 5), pool, &time));
    CU_ASSERT(bytes_equal(time.text, BYTES_LITERAL("261225120000Z")));
    x411_or_name_t name;
    apdu = support_corpus(pool, "m88-ext-origreqalt", NULL);
    CU_ASSERT(x411_extension_or_name(x411_extension_find(&apdu->recipients[0].extensions, 2), pool, &name));
    CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, &name), "S=alternate;O=Acme;P=ppb;A= ;C=GB");
    CU_ASSERT(bytes_equal(x411_value_or_name(pool, &name), apdu->recipients[0].extensions.items[0].value));
    x411_extension_t methods = {.type = 6, .value = support_hex(pool, "3006 020102 020101")};
    int64_t list[16];
    unsigned count;
    CU_ASSERT(x411_extension_methods(&methods, list, &count));
    CU_ASSERT(count == 2 && list[0] == 2 && list[1] == 1);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_P1_05_external_trace_is_added_once),
    UNIT_TEST(test_P1_05_trace_outlives_the_configuration),
    UNIT_TEST(test_P1_05_internal_trace),
    UNIT_TEST(test_P1_05_loops_of_two_and_three),
    UNIT_TEST(test_P1_05_rerouted_is_excused_once),
    UNIT_TEST(test_corpus_loops),
    UNIT_TEST(test_P1_08_report),
    UNIT_TEST(test_P1_08_when_a_report_is_wanted),
    UNIT_TEST(test_P1_08_destination_is_the_last_list),
    UNIT_TEST(test_P1_08_redirected_recipient),
    UNIT_TEST(test_P1_08_names_of_codes),
    UNIT_TEST(test_P1_12_downgrade_of_names),
    UNIT_TEST(test_P1_12_downgrade_of_apdus),
    UNIT_TEST(test_extension_values),
};

UNIT_MAIN("x411/trace", tests)
