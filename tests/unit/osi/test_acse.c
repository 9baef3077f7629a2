/* Association control: the codec, the machine, and what a wrong application context is answered. */
#include "osi/acse.h"
#include "stack_pair.h"

static void AC_01_an_unknown_application_context_is_rejected_with_its_diagnostic(void)
{
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = pair_create(&config, &config);
    pair->find = BYTES_LITERAL("\xA1\x06\x06\x04\x56\x00\x01\x06");
    pair->put = BYTES_LITERAL("\xA1\x06\x06\x04\x56\x00\x01\x07");
    pair_open(pair, OSI_MODE_NORMAL, PAIR_BIND, PAIR_RESULT);
    CU_ASSERT_EQUAL(pair->replaced, 1);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_OPEN_INDICATION], 0);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair->b.error, "2.6.0.1.7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(pair->b.error, "2.6.0.1.6"));
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
    CU_ASSERT_STRING_EQUAL(pair->a.error_layer, "ACSE");
    CU_ASSERT_PTR_NOT_NULL(strstr(pair->a.error, "application context name not supported"));
    CU_ASSERT_TRUE(osi_stack_over(pair->a.stack) && osi_stack_over(pair->b.stack));
    pair_destroy(pair);
}

static void AC_01_an_aarq_that_cannot_be_read_is_rejected(void)
{
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = pair_create(&config, &config);
    pair->find = BYTES_LITERAL("\xA1\x06\x06\x04\x56\x00\x01\x06");
    pair->put = BYTES_LITERAL("\xA1\x06\x04\x04\x56\x00\x01\x06");
    pair_open(pair, OSI_MODE_NORMAL, PAIR_BIND, PAIR_RESULT);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
    CU_ASSERT_STRING_EQUAL(pair->a.error_layer, "ACSE");
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
    pair_destroy(pair);
}

static bytes_t written(apr_pool_t *pool, const acse_apdu_t *apdu)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    ber_writer_t writer;
    buffer_init(out, pool, 1 << 16);
    ber_writer_init(&writer, out);
    acse_write(&writer, apdu);
    CU_ASSERT_TRUE(ber_writer_ok(&writer));
    return buffer_bytes(out);
}

static void apdus_are_read_as_they_were_written(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int kind = ACSE_AARQ; kind <= ACSE_ABRT; kind++)
        for (int with = 0; with <= 1; with++) {
            acse_apdu_t apdu;
            acse_apdu_t again;
            ber_fault_t fault;
            acse_apdu_init(&apdu, (acse_kind_t)kind);
            if (kind <= ACSE_AARE)
                apdu.application_context = BYTES_LITERAL("\x56\x00\x01\x06");
            if (kind == ACSE_AARE) {
                apdu.result = 1;
                apdu.source = ACSE_SOURCE_PROVIDER - with;
                apdu.diagnostic = 2;
            }
            if (kind == ACSE_RLRQ || kind == ACSE_RLRE)
                apdu.reason = with ? 0 : -1;
            if (kind == ACSE_ABRT) {
                apdu.source = with;
                apdu.diagnostic = with ? 1 : -1;
            }
            if (with) {
                apdu.has_information = true;
                apdu.context = 3;
                apdu.syntax = BYTES_LITERAL("\x51\x01");
                apdu.information = BYTES_LITERAL("\xB0\x00");
            }
            bytes_t octets = written(pool, &apdu);
            CU_ASSERT_TRUE(acse_read(octets, pool, &again, &fault));
            CU_ASSERT_EQUAL(again.kind, apdu.kind);
            CU_ASSERT_EQUAL(again.result, apdu.result);
            CU_ASSERT_EQUAL(again.source, apdu.source);
            CU_ASSERT_EQUAL(again.diagnostic, apdu.diagnostic);
            CU_ASSERT_EQUAL(again.reason, apdu.reason);
            CU_ASSERT_EQUAL(again.has_information, apdu.has_information);
            CU_ASSERT_EQUAL(again.context, apdu.context);
            CU_ASSERT_TRUE(bytes_equal(again.information, apdu.information));
            CU_ASSERT_TRUE(bytes_equal(written(pool, &again), octets));
        }
    apr_pool_destroy(pool);
}

static void titles_and_octet_aligned_information_are_taken(void)
{
    static const uint8_t aarq[] = {0x60, 0x1F, 0x80, 0x02, 0x07, 0x80, 0xA1, 0x06, 0x06, 0x04, 0x56,
                                   0x00, 0x01, 0x06, 0xA6, 0x03, 0x06, 0x01, 0x2A, 0xBE, 0x0C, 0x28,
                                   0x0A, 0x02, 0x01, 0x03, 0xA1, 0x05, 0x04, 0x01, 0xB0, 0x04, 0x00};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    acse_apdu_t apdu;
    ber_fault_t fault;
    CU_ASSERT_TRUE(acse_read(bytes_make(aarq, sizeof(aarq)), pool, &apdu, &fault));
    CU_ASSERT_TRUE(apdu.version_1);
    CU_ASSERT_EQUAL(apdu.context, 3);
    CU_ASSERT_EQUAL(apdu.information.length, 1);
    apr_pool_destroy(pool);
}

static void the_machine_allows_what_the_standard_allows(void)
{
    static const struct {
        acse_state_t from;
        acse_event_t event;
        acse_state_t to;
    } steps[] = {
        {ACSE_UNASSOCIATED, ACSE_EVENT_ASSOCIATE_REQUEST, ACSE_AWAITING_AARE},
        {ACSE_UNASSOCIATED, ACSE_EVENT_AARQ, ACSE_AWAITING_ANSWER},
        {ACSE_AWAITING_ANSWER, ACSE_EVENT_ACCEPT_RESPONSE, ACSE_ASSOCIATED},
        {ACSE_AWAITING_ANSWER, ACSE_EVENT_REJECT_RESPONSE, ACSE_UNASSOCIATED},
        {ACSE_AWAITING_AARE, ACSE_EVENT_AARE_ACCEPTED, ACSE_ASSOCIATED},
        {ACSE_AWAITING_AARE, ACSE_EVENT_AARE_REJECTED, ACSE_UNASSOCIATED},
        {ACSE_ASSOCIATED, ACSE_EVENT_RELEASE_REQUEST, ACSE_AWAITING_RLRE},
        {ACSE_ASSOCIATED, ACSE_EVENT_RLRQ, ACSE_AWAITING_RELEASE},
        {ACSE_AWAITING_RELEASE, ACSE_EVENT_RELEASE_RESPONSE, ACSE_UNASSOCIATED},
        {ACSE_AWAITING_RLRE, ACSE_EVENT_RLRE, ACSE_UNASSOCIATED},
    };
    unsigned allowed = 0;
    for (int from = 0; from < ACSE_STATES; from++)
        for (int event = 0; event < ACSE_EVENTS; event++) {
            acse_state_t state = (acse_state_t)from;
            bool stepped = acse_step(&state, (acse_event_t)event);
            bool expected = event == ACSE_EVENT_ABORT;
            acse_state_t to = stepped ? ACSE_UNASSOCIATED : (acse_state_t)from;
            for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
                if (steps[i].from == (acse_state_t)from && steps[i].event == (acse_event_t)event) {
                    expected = true;
                    to = steps[i].to;
                }
            CU_ASSERT_EQUAL(stepped, expected);
            CU_ASSERT_EQUAL(state, to);
            allowed += stepped;
        }
    CU_ASSERT_EQUAL(allowed, sizeof(steps) / sizeof(steps[0]) + ACSE_STATES);
}

static const unit_test_t tests[] = {
    UNIT_TEST(AC_01_an_unknown_application_context_is_rejected_with_its_diagnostic),
    UNIT_TEST(AC_01_an_aarq_that_cannot_be_read_is_rejected),
    UNIT_TEST(apdus_are_read_as_they_were_written),
    UNIT_TEST(titles_and_octet_aligned_information_are_taken),
    UNIT_TEST(the_machine_allows_what_the_standard_allows),
};

UNIT_MAIN("osi/acse", tests)
