/* Presentation PDUs and the negotiation of contexts. */
#include "osi/presentation.h"
#include "stack_pair.h"

static const char *const syntax_name[] = {"ACSE", "RTSE", "MTSE"};
static const bytes_t syntaxes[] = {
    {(const uint8_t *)"\x06\x04\x52\x01\x00\x01", 6},
    {(const uint8_t *)"\x06\x04\x56\x00\x02\x0C", 6},
    {(const uint8_t *)"\x06\x04\x56\x00\x02\x07", 6},
};

static void PR_01_an_unknown_abstract_syntax_is_named_in_the_result_list(void)
{
    for (int i = 0; i < 3; i++) {
        stack_config_t config = pair_config(1, 3);
        pair_t *pair = pair_create(&config, &config);
        pair->find = syntaxes[i];
        pair->put = BYTES_LITERAL("\x06\x04\x2A\x03\x04\x05");
        pair_open(pair, OSI_MODE_NORMAL, PAIR_BIND, PAIR_RESULT);
        CU_ASSERT_EQUAL(pair->replaced, 1);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_OPEN_INDICATION], 0);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
        CU_ASSERT_STRING_EQUAL(pair->b.error_layer, "presentation");
        CU_ASSERT_PTR_NOT_NULL(strstr(pair->b.error, syntax_name[i]));
        CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
        CU_ASSERT_STRING_EQUAL(pair->a.error_layer, "presentation");
        CU_ASSERT_PTR_NOT_NULL(strstr(pair->a.error, syntax_name[i]));
        CU_ASSERT_PTR_NOT_NULL(strstr(pair->a.error, "abstract syntax not supported"));
        CU_ASSERT_TRUE(osi_stack_over(pair->a.stack) && osi_stack_over(pair->b.stack));
        pair_destroy(pair);
    }
}

static void PR_01_an_unknown_transfer_syntax_is_named_in_the_result_list(void)
{
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = pair_create(&config, &config);
    pair->find = BYTES_LITERAL("\x56\x00\x02\x0C\x30\x04\x06\x02\x51\x01");
    pair->put = BYTES_LITERAL("\x56\x00\x02\x0C\x30\x04\x06\x02\x51\x02");
    pair_open(pair, OSI_MODE_NORMAL, PAIR_BIND, PAIR_RESULT);
    CU_ASSERT_EQUAL(pair->replaced, 1);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair->a.error, "transfer syntax not supported"));
    pair_destroy(pair);
}

static void PR_01_any_odd_context_identifiers_will_do(void)
{
    /* The initiator of this pair has 1, 3, 5; on the way they become 1, 7, 9 wherever they stand. */
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = pair_create(&config, &config);
    stack_open_t open = {.mode = OSI_MODE_NORMAL, .user_data = PAIR_BIND};
    pair->b.answer = PAIR_RESULT;
    osi_stack_open_request(pair->a.stack, &open, pair->now);
    pair_move(pair, &pair->a, &pair->b);
    pair_move(pair, &pair->b, &pair->a);
    buffer_t *out = osi_stack_output(pair->a.stack);
    uint8_t *octets = out->data + out->start;
    size_t length = buffer_length(out);
    unsigned changed = 0;
    for (size_t i = 0; i + 3 < length; i++)
        if (octets[i] == 0x02 && octets[i + 1] == 0x01 &&
            ((octets[i + 2] == 3 && octets[i + 3] == 0x06) ||
             (octets[i + 2] == 3 && octets[i + 3] == 0xA0))) {
            octets[i + 2] = 7;
            changed++;
        }
    CU_ASSERT_EQUAL(changed, 2);
    pair_move(pair, &pair->a, &pair->b);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_OPEN_INDICATION], 1);
    CU_ASSERT_EQUAL(pair->b.user_data_length, PAIR_BIND.length);
    pair_destroy(pair);
}

static void X410_parameters_are_taken_without_the_mode_selector(void)
{
    static const uint8_t bare[] = {0x31, 0x0B, 0x80, 0x01, 0x1E, 0xA3, 0x03,
                                   0xA0, 0x01, 0x00, 0x84, 0x01, 0x01};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    presentation_ppdu_t cp;
    ber_fault_t fault;
    CU_ASSERT_TRUE(
        presentation_read_connect(bytes_make(bare, sizeof(bare)), PRESENTATION_CP, pool, &cp, &fault));
    CU_ASSERT_TRUE(cp.x410);
    CU_ASSERT_EQUAL(cp.parameters.length, 11);
    apr_pool_destroy(pool);
}

static void RT_application_protocols_are_told_apart(void)
{
    static const struct {
        uint8_t number;
        osi_mode_t mode;
        bool accepted;
    } cases[] = {
        {1, OSI_MODE_X410_1984, true}, {12, OSI_MODE_X410_1988, true}, {3, OSI_MODE_X410_1984, false}};
    for (int i = 0; i < 3; i++) {
        uint8_t put[] = {0x84, 0x01, cases[i].number};
        stack_config_t config = pair_config(1, 3);
        pair_t *pair = pair_create(&config, &config);
        pair->find = BYTES_LITERAL("\x84\x01\x01");
        pair->put = bytes_make(put, sizeof(put));
        pair_open(pair, OSI_MODE_X410_1984, PAIR_BIND, PAIR_RESULT);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_OPEN_INDICATION], cases[i].accepted);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], !cases[i].accepted);
        CU_ASSERT_TRUE(!cases[i].accepted || pair->b.mode == cases[i].mode);
        pair_destroy(pair);
    }
}

/* Quirk 1 of wire.md: 12 with its octets swapped. */
static void PP_s_application_protocol_3072_counts_as_12(void)
{
    static const uint8_t connect[] = {0x31, 0x15, 0xA0, 0x03, 0x80, 0x01, 0x00, 0xA1, 0x0E, 0x80, 0x01, 0x01,
                                      0xA3, 0x05, 0xA0, 0x03, 0xA1, 0x01, 0x00, 0x84, 0x02, 0x0C, 0x00};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    presentation_ppdu_t cp;
    ber_fault_t fault;
    CU_ASSERT_TRUE(
        presentation_read_connect(bytes_make(connect, sizeof(connect)), PRESENTATION_CP, pool, &cp, &fault));
    CU_ASSERT_TRUE(cp.x410);
    CU_ASSERT_EQUAL(cp.parameters.length, 14);
    apr_pool_destroy(pool);
}

static void the_header_of_a_value_is_user_data(void)
{
    static const size_t lengths[] = {0, 1, 100, 119, 120, 127, 128, 200, 255, 256, 65535, 65536, 1048576};
    static const int64_t ids[] = {1, 3, 127, 129, 32767};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    uint8_t *whole = apr_pcalloc(pool, 1048576 + PRESENTATION_HEADER_SIZE);
    for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
        for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
            presentation_user_data_t data;
            ber_fault_t fault;
            size_t size = presentation_data_header(whole, ids[i], lengths[l]);
            CU_ASSERT_TRUE(size <= PRESENTATION_HEADER_SIZE);
            CU_ASSERT_TRUE(
                presentation_read_user_data(bytes_make(whole, size + lengths[l]), NULL, &data, &fault));
            CU_ASSERT_EQUAL(data.count, 1);
            CU_ASSERT_EQUAL(data.pdv[0].id, ids[i]);
            CU_ASSERT_EQUAL(data.pdv[0].value.length, lengths[l]);
        }
    apr_pool_destroy(pool);
}

static bytes_t written(apr_pool_t *pool, const presentation_ppdu_t *ppdu)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    ber_writer_t writer;
    buffer_init(out, pool, 1 << 20);
    ber_writer_init(&writer, out);
    presentation_write(&writer, ppdu);
    CU_ASSERT_TRUE(ber_writer_ok(&writer));
    return buffer_bytes(out);
}

static void ppdus_are_read_as_they_were_written(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    presentation_ppdu_t ppdu;
    presentation_ppdu_t again;
    ber_fault_t fault;
    for (int kind = PRESENTATION_CP; kind <= PRESENTATION_ARP; kind++) {
        presentation_ppdu_init(&ppdu, (presentation_kind_t)kind, false);
        bool connects = kind <= PRESENTATION_CPR;
        if (connects)
            ppdu.called_selector = BYTES_LITERAL("called");
        if (kind == PRESENTATION_CP)
            ppdu.calling_selector = BYTES_LITERAL("\0\xFF");
        ppdu.contexts = kind == PRESENTATION_ARP ? 0 : 2;
        for (unsigned i = 0; i < ppdu.contexts; i++) {
            ppdu.context[i] = (presentation_context_t){.id = connects && kind ? 0 : 2 * i + 1, .reason = -1};
            if (kind == PRESENTATION_CP)
                ppdu.context[i].abstract_syntax = BYTES_LITERAL("\x52\x01");
            else if (connects && i) {
                ppdu.context[i].result = 2;
                ppdu.context[i].reason = 1;
            }
            if (!(connects && kind && i)) {
                ppdu.context[i].transfer_syntax[0] = presentation_ber;
                ppdu.context[i].transfer_syntaxes = 1;
            }
        }
        if (kind == PRESENTATION_CPR || kind == PRESENTATION_ARP)
            ppdu.provider_reason = 3;
        if (kind == PRESENTATION_ARP)
            ppdu.event = 7;
        else
            ppdu.user_data =
                (presentation_user_data_t){.pdv = {{1, {(const uint8_t *)"\x05\x00", 2}}}, .count = 1};
        bytes_t octets = written(pool, &ppdu);
        bool read = connects ? presentation_read_connect(octets, ppdu.kind, pool, &again, &fault)
                             : presentation_read_abort(octets, pool, &again, &fault);
        CU_ASSERT_TRUE(read);
        CU_ASSERT_EQUAL(again.kind, ppdu.kind);
        CU_ASSERT_EQUAL(again.contexts, ppdu.contexts);
        CU_ASSERT_EQUAL(again.provider_reason, ppdu.provider_reason);
        CU_ASSERT_EQUAL(again.event, ppdu.event);
        CU_ASSERT_TRUE(bytes_equal(again.calling_selector, ppdu.calling_selector));
        CU_ASSERT_TRUE(bytes_equal(again.called_selector, ppdu.called_selector));
        CU_ASSERT_TRUE(bytes_equal(written(pool, &again), octets));
    }
    apr_pool_destroy(pool);
}

static void malformed_ppdus_are_refused(void)
{
    static const bytes_t bad[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\x31", 1},
        {(const uint8_t *)"\x30\x00", 2},
        {(const uint8_t *)"\x31\x05\xA0\x03\x80\x01\x02", 7},                          /* unknown mode */
        {(const uint8_t *)"\x31\x05\xA0\x03\x80\x01\x01", 7},                          /* no parameters */
        {(const uint8_t *)"\x31\x05\xA0\x03\x80\x01\x00", 7},                          /* the same, X.410 */
        {(const uint8_t *)"\x31\x0B\xA0\x03\x80\x01\x01\xA2\x04\x60\x02\x05\x00", 13}, /* simply encoded */
    };
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        presentation_ppdu_t ppdu;
        ber_fault_t fault;
        CU_ASSERT_FALSE(presentation_read_connect(bad[i], PRESENTATION_CP, pool, &ppdu, &fault));
        CU_ASSERT_PTR_NOT_NULL(fault.what);
    }
    apr_pool_destroy(pool);
}

/* More contexts than are looked at: each has its result, the application's are found among the first. */
static void PR_01_many_contexts_each_get_a_result(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    presentation_ppdu_t cp;
    presentation_ppdu_t again;
    ber_fault_t fault;
    presentation_ppdu_init(&cp, PRESENTATION_CP, false);
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    ber_writer_t writer;
    buffer_init(out, pool, 1 << 16);
    ber_writer_init(&writer, out);
    ber_open(&writer, BER_SET);
    ber_open(&writer, BER_CONTEXT(0));
    ber_put_integer(&writer, BER_CONTEXT(0), 1);
    ber_close(&writer);
    ber_open(&writer, BER_CONTEXT(2));
    ber_open(&writer, BER_CONTEXT(4));
    for (int i = 0; i < 20; i++) {
        ber_open(&writer, BER_SEQUENCE);
        ber_put_integer(&writer, BER_INTEGER, 2 * i + 1);
        ber_put_oid(&writer, BER_OBJECT_IDENTIFIER, BYTES_LITERAL("\x52\x01"));
        ber_open(&writer, BER_SEQUENCE);
        ber_put_oid(&writer, BER_OBJECT_IDENTIFIER, presentation_ber);
        ber_close(&writer);
        ber_close(&writer);
    }
    ber_close(&writer);
    ber_close(&writer);
    ber_close(&writer);
    CU_ASSERT_TRUE(ber_writer_ok(&writer));
    CU_ASSERT_TRUE(presentation_read_connect(buffer_bytes(out), PRESENTATION_CP, pool, &cp, &fault));
    CU_ASSERT_EQUAL(cp.contexts, 16);
    CU_ASSERT_EQUAL(cp.contexts_beyond, 4);
    cp.kind = PRESENTATION_CPA;
    CU_ASSERT_TRUE(presentation_read_connect(written(pool, &cp), PRESENTATION_CPA, pool, &again, &fault));
    CU_ASSERT_EQUAL(again.contexts + again.contexts_beyond, 20);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(PR_01_an_unknown_abstract_syntax_is_named_in_the_result_list),
    UNIT_TEST(PR_01_an_unknown_transfer_syntax_is_named_in_the_result_list),
    UNIT_TEST(PR_01_any_odd_context_identifiers_will_do),
    UNIT_TEST(PR_01_many_contexts_each_get_a_result),
    UNIT_TEST(X410_parameters_are_taken_without_the_mode_selector),
    UNIT_TEST(RT_application_protocols_are_told_apart),
    UNIT_TEST(PP_s_application_protocol_3072_counts_as_12),
    UNIT_TEST(the_header_of_a_value_is_user_data),
    UNIT_TEST(ppdus_are_read_as_they_were_written),
    UNIT_TEST(malformed_ppdus_are_refused),
};

UNIT_MAIN("osi/presentation", tests)
