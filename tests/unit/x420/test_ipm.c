/* Contents of type P2 and P22: headings, every kind of body part, what peers get wrong. */
#include "support.h"

static void heading_without_anything(void)
{
    apr_pool_t *pool = test_pool();
    const x420_ipm_t *ipm = test_decode(pool, "", "");
    CU_ASSERT_FALSE(ipm->heading.this_ipm.present);
    CU_ASSERT_EQUAL(ipm->body_count, 0);
    CU_ASSERT_FALSE(x411_present(&ipm->heading.subject));
    apr_pool_destroy(pool);
}

/* Q194651: a subject that is empty, NULL, or holds a NUL; also tagged as peers do. */
static void P1_14_subject_empty_null_and_nul(void)
{
    apr_pool_t *pool = test_pool();
    static const struct {
        const char *hex;
        size_t length;
    } subjects[] = {{"A8021400", 0}, {"A800", 0},   {"A8020500", 0},
                    {"8800", 0},     {"880161", 1}, {"A80414024100", 2}};
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        const char *heading = apr_pstrcat(pool, TEST_ID, subjects[i].hex, NULL);
        const x420_ipm_t *ipm = test_decode(pool, heading, "");
        CU_ASSERT(x411_present(&ipm->heading.subject));
        CU_ASSERT_EQUAL(ipm->heading.subject.octets.length, subjects[i].length);
    }
    const x420_ipm_t *ipm = test_decode(pool, TEST_ID "A805 3403 040161", "");
    CU_ASSERT(test_text_is(ipm->heading.subject.octets, "a"));
    apr_pool_destroy(pool);
}

/* Q164528: notification requests without a bit, with and without the octet of unused bits. */
static void P1_14_notification_requests_without_bits(void)
{
    apr_pool_t *pool = test_pool();
    const x420_ipm_t *ipm =
        test_decode(pool, TEST_ID "A215 3104 A000 8100 3105 A000 810100 3106 A000 810206C0", "");
    CU_ASSERT_EQUAL_FATAL(ipm->heading.primary.count, 3);
    const x420_recipient_t *to = ipm->heading.primary.items;
    CU_ASSERT(to[0].requests_present && to[0].requests.count == 0);
    CU_ASSERT(to[1].requests_present && to[1].requests.count == 0);
    CU_ASSERT(ber_bit(&to[2].requests, X420_REQUEST_RN));
    CU_ASSERT(ber_bit(&to[2].requests, X420_REQUEST_NRN));
    CU_ASSERT_FALSE(ber_bit(&to[2].requests, X420_REQUEST_IPM_RETURN));
    apr_pool_destroy(pool);
}

/* Q166603: a free-form name longer than 64, and an O/R descriptor without an O/R name. */
static void P1_14_long_free_form_name(void)
{
    apr_pool_t *pool = test_pool();
    char digits[2 * 70 + 1];
    for (int i = 0; i < 70; i++)
        memcpy(digits + 2 * (size_t)i, "41", 3);
    const char *heading = apr_pstrcat(pool, TEST_ID "A04D 8046", digits, "8103 313233", NULL);
    const x420_ipm_t *ipm = test_decode(pool, heading, "");
    CU_ASSERT(ipm->heading.originator_present);
    CU_ASSERT_PTR_NULL(ipm->heading.originator.formal);
    CU_ASSERT_EQUAL(ipm->heading.originator.free_form.octets.length, 70);
    CU_ASSERT(test_text_is(ipm->heading.originator.telephone.octets, "123"));
    apr_pool_destroy(pool);
}

static void heading_fields(void)
{
    apr_pool_t *pool = test_pool();
    const x420_ipm_t *ipm = test_decode(pool,
                                        TEST_ID "A102 3100"                       /* authorizing */
                                                "A304 3102 A000 A404 3102 A000"   /* copy, blind copy */
                                                "A503 130179"                     /* replied to */
                                                "A605 6B0313017A A700"            /* obsoleted, related */
                                                "890D 3236303130313030303030305A" /* expiry */
                                                "8A00"                            /* reply time, empty */
                                                "AB02 3100 8C0102 8D0103 8E01FF" /* reply to, importance .. */
                                                "AF10 300E 06045601 0501 3106 1302 656E 1300" /* languages */
                                                "9F4001FF",                                   /* unknown */
                                        "");
    const x420_heading_t *heading = &ipm->heading;
    CU_ASSERT_EQUAL(heading->authorizing.count, 1);
    CU_ASSERT_EQUAL(heading->copy.count, 1);
    CU_ASSERT_EQUAL(heading->blind_copy.count, 1);
    CU_ASSERT(test_text_is(heading->replied_to.local.octets, "y"));
    CU_ASSERT_EQUAL_FATAL(heading->obsoleted.count, 1);
    CU_ASSERT(test_text_is(heading->obsoleted.items[0].local.octets, "z"));
    CU_ASSERT(heading->related.present && heading->related.count == 0);
    CU_ASSERT(test_text_is(heading->expiry_time.text, "260101000000Z"));
    CU_ASSERT(x411_time_present(&heading->reply_time));
    CU_ASSERT_EQUAL(heading->reply_recipients.count, 1);
    CU_ASSERT_EQUAL(heading->importance, 2);
    CU_ASSERT_EQUAL(heading->sensitivity, 3);
    CU_ASSERT(heading->auto_forwarded);
    CU_ASSERT_EQUAL(heading->unknown_count, 1);
    const x420_extension_t *languages = x420_extension_find(pool, &heading->extensions, "2.6.1.5.1");
    CU_ASSERT_PTR_NOT_NULL_FATAL(languages);
    CU_ASSERT_STRING_EQUAL(x420_extension_name(languages->oid), "languages");
    CU_ASSERT_EQUAL(languages->value.length, 8);
    apr_pool_destroy(pool);
}

static const x420_body_t *one_body(apr_pool_t *pool, const char *hex)
{
    const x420_ipm_t *ipm = test_decode(pool, TEST_ID, hex);
    CU_ASSERT_EQUAL_FATAL(ipm->body_count, 1);
    CU_ASSERT(bytes_equal(ipm->bodies[0].raw, test_hex(pool, hex)));
    return &ipm->bodies[0];
}

static void body_text_parts(void)
{
    apr_pool_t *pool = test_pool();
    bytes_t text;
    const x420_body_t *body = one_body(pool, "A007 3100 1603 616263");
    CU_ASSERT_EQUAL(body->type, X420_BODY_IA5);
    CU_ASSERT_EQUAL(body->repertoire, 5);
    CU_ASSERT(x420_body_text(pool, body, &text) && test_text_is(text, "abc"));
    body = one_body(pool, "A080 3103 800102 3680 160161 160162 0000 0000");
    CU_ASSERT_EQUAL(body->repertoire, 2);
    CU_ASSERT(test_text_is(body->octets, "ab"));
    body = one_body(pool, "A50F 3103 800102 3008 1402 C865 1402 0D62");
    CU_ASSERT_EQUAL(body->type, X420_BODY_TELETEX);
    CU_ASSERT_EQUAL(body->pages, 2);
    CU_ASSERT_EQUAL(body->octets.length, 4);
    CU_ASSERT(x420_body_text(pool, body, &text) && test_text_is(text, "\xC3\xAB\rb"));
    body = one_body(pool, "A608 3103 800101 1501 41");
    CU_ASSERT_EQUAL(body->type, X420_BODY_VIDEOTEX);
    CU_ASSERT_EQUAL(body->repertoire, 1);
    CU_ASSERT_FALSE(x420_body_text(pool, body, &text));
    apr_pool_destroy(pool);
}

static void body_other_parts(void)
{
    apr_pool_t *pool = test_pool();
    static const struct {
        const char *hex;
        x420_body_type_t type;
        const char *name;
    } parts[] = {{"8103 616263", X420_BODY_TELEX, "telex"},
                 {"A204 3100 0300", X420_BODY_VOICE, "voice"},
                 {"A30A 3103 800101 3003 030100", X420_BODY_G3, "g3-facsimile"},
                 {"A402 3000", X420_BODY_G4, "g4-class1"},
                 {"A703 020101", X420_BODY_NATIONAL, "nationally-defined"},
                 {"A804 3100 0300", X420_BODY_ENCRYPTED, "encrypted"},
                 {"AA02 3000", X420_BODY_SFD, "sfd"},
                 {"AB02 3000", X420_BODY_MIXED_MODE, "mixed-mode"},
                 {"8E00", X420_BODY_BILATERAL, "bilaterally-defined"},
                 {"AD02 3000", X420_BODY_UNKNOWN, "unknown"},
                 {"3003 020101", X420_BODY_UNKNOWN, "unknown"}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const x420_body_t *body = one_body(pool, parts[i].hex);
        CU_ASSERT_EQUAL(body->type, parts[i].type);
        CU_ASSERT_STRING_EQUAL(x420_body_type_name(body->type), parts[i].name);
        CU_ASSERT_PTR_NULL(body->fault);
    }
    apr_pool_destroy(pool);
}

/* Q193762, Q270695: an attachment of no octets; Q140974: constructed strings in a file transfer body part. */
static void body_attachments(void)
{
    apr_pool_t *pool = test_pool();
    bytes_t name;
    bytes_t octets;
    const x420_body_t *body = one_body(pool, "8E00");
    CU_ASSERT(x420_body_attachment(pool, body, &name, &octets));
    CU_ASSERT(octets.length == 0 && name.length == 0);
    body = one_body(pool, "AE80 0401 61 0402 6263 0000");
    CU_ASSERT(x420_body_attachment(pool, body, &name, &octets) && test_text_is(octets, "abc"));
    body = one_body(pool, "AF36"
                          "A01A 0604 56010B0C A012 3010 A40E A008 1901 43 1903 612E62 8D02 0000"
                          "2818 0604 5601040C A010 300E 280C 0605 28C27B0204 A103 0401 61");
    CU_ASSERT_EQUAL(body->extended, X420_EXTENDED_FILE);
    CU_ASSERT(x420_body_attachment(pool, body, &name, &octets));
    CU_ASSERT(test_text_is(name, "a.b"));
    CU_ASSERT(test_text_is(octets, "a"));
    apr_pool_destroy(pool);
}

static void body_general_text_character_sets(void)
{
    apr_pool_t *pool = test_pool();
    bytes_t text;
    static const struct {
        const char *set, *octets, *utf8;
    } texts[] = {{"020164", "02E561", "\x02\xC3\xA5\x61"}, {"020200C4", "C3A561", "\xC3\xA5\x61"},
                 {"020200CB", "A40A", "\xE2\x82\xAC\n"},   {"02020090", "D0", "\xD0\xB0"},
                 {"020166", "CA61", "\xC3\xA5"},           {"020200A2", "0061", "a"},
                 {"020106", "E561", "\xEF\xBF\xBD\x61"},   {"020164", "1B2D41E50F", "\xC3\xA5"}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bytes_t set = test_wrap(pool, BER_SET, test_hex(pool, texts[i].set));
        bytes_t oid = test_hex(pool, "0604 56010B0B");
        bytes_t parameters =
            test_wrap(pool, BER_CONTEXT(0), test_join(pool, oid, test_wrap(pool, BER_CONTEXT(0), set)));
        bytes_t value = test_hex(pool, texts[i].octets);
        bytes_t string =
            test_join(pool, test_hex(pool, apr_psprintf(pool, "1B%02X", (unsigned)value.length)), value);
        bytes_t data = test_wrap(
            pool, BER_EXTERNAL,
            test_join(pool, test_hex(pool, "0604 5601040B"), test_wrap(pool, BER_CONTEXT(0), string)));
        const char *hex =
            bytes_to_hex(pool, test_wrap(pool, BER_CONTEXT(15), test_join(pool, parameters, data)));
        const x420_body_t *body = one_body(pool, hex);
        CU_ASSERT_EQUAL(body->extended, X420_EXTENDED_GENERAL_TEXT);
        CU_ASSERT_EQUAL(body->charset_count, 1);
        CU_ASSERT(x420_body_text(pool, body, &text));
        CU_ASSERT(test_text_is(text, texts[i].utf8));
    }
    apr_pool_destroy(pool);
}

/* A body part that is not what its tag says is kept; the others are read. */
static void P1_14_malformed_body_part_is_kept(void)
{
    apr_pool_t *pool = test_pool();
    bytes_t text;
    const x420_ipm_t *ipm =
        test_decode(pool, TEST_ID, "A003 020101 A007 3100 1603 616263 AF02 3000 A904 3100 3100");
    CU_ASSERT_EQUAL_FATAL(ipm->body_count, 4);
    CU_ASSERT_PTR_NOT_NULL(ipm->bodies[0].fault);
    CU_ASSERT_EQUAL(ipm->bodies[0].raw.length, 5);
    CU_ASSERT_FALSE(x420_body_text(pool, &ipm->bodies[0], &text));
    CU_ASSERT(x420_body_text(pool, &ipm->bodies[1], &text));
    CU_ASSERT_PTR_NOT_NULL(ipm->bodies[2].fault);
    CU_ASSERT_PTR_NOT_NULL(ipm->bodies[3].fault);
    CU_ASSERT_PTR_NULL(ipm->bodies[3].message);
    apr_pool_destroy(pool);
}

/* Messages forwarded in messages: read down to the limit, no further, and without a fault. */
static void nesting_is_bounded(void)
{
    apr_pool_t *pool = test_pool();
    bytes_t heading = test_wrap(pool, BER_SET, test_hex(pool, TEST_ID));
    bytes_t body = BYTES_NONE;
    for (int i = 0; i < 40; i++) {
        bytes_t ipm =
            test_wrap(pool, BER_SEQUENCE, test_join(pool, heading, test_wrap(pool, BER_SEQUENCE, body)));
        body = test_wrap(pool, BER_CONTEXT(9), test_join(pool, test_hex(pool, "3100"), ipm));
    }
    const x420_ipm_t *ipm = test_decode(pool, TEST_ID, bytes_to_hex(pool, body));
    int depth = 0;
    while (ipm && ipm->body_count) {
        CU_ASSERT_PTR_NULL(ipm->bodies[0].fault);
        ipm = ipm->bodies[0].message;
        depth++;
    }
    CU_ASSERT_EQUAL(depth, X420_LIMIT_NESTING + 1);
    apr_pool_destroy(pool);
}

static void notifications(void)
{
    apr_pool_t *pool = test_pool();
    x420_content_t content;
    bytes_t inner = test_hex(pool, "800D 3236303130313030303030305A 8101 01");
    bytes_t choice = test_wrap(pool, BER_CONTEXT(0), test_wrap(pool, BER_CONTEXT(1), inner));
    bytes_t ipn =
        test_wrap(pool, BER_CONTEXT(1), test_join(pool, test_hex(pool, TEST_ID "A202 8100"), choice));
    CU_ASSERT_PTR_NULL_FATAL(x420_content_decode(pool, ipn, &content));
    CU_ASSERT_PTR_NOT_NULL_FATAL(content.ipn);
    CU_ASSERT_EQUAL(content.ipn->type, X420_RECEIPT);
    CU_ASSERT_EQUAL(content.ipn->acknowledgment, 1);
    CU_ASSERT(content.ipn->intended_recipient_present);
    CU_ASSERT(test_text_is(content.ipn->receipt_time.text, "260101000000Z"));
    inner = test_hex(pool, "8001 00 8101 01 8202 6869 A305 3103 0101FF");
    choice = test_wrap(pool, BER_CONTEXT(0),
                       test_wrap(pool, BER_CONTEXT(0), test_hex(pool, "8001 00 8101 01 8202 6869")));
    ipn = test_wrap(pool, BER_CONTEXT(1), test_join(pool, test_hex(pool, TEST_ID), choice));
    CU_ASSERT_PTR_NULL_FATAL(x420_content_decode(pool, ipn, &content));
    CU_ASSERT_EQUAL(content.ipn->type, X420_NON_RECEIPT);
    CU_ASSERT(content.ipn->discard_reason_present && content.ipn->discard_reason == 1);
    CU_ASSERT(test_text_is(content.ipn->comment.octets, "hi"));
    CU_ASSERT_STRING_EQUAL(x420_discard_name(1), "ipm-obsoleted");
    choice = test_wrap(pool, BER_CONTEXT(0), test_wrap(pool, BER_CONTEXT(0), inner));
    ipn = test_wrap(pool, BER_CONTEXT(1), test_join(pool, test_hex(pool, TEST_ID), choice));
    CU_ASSERT_PTR_NOT_NULL(x420_content_decode(pool, ipn, &content));
    apr_pool_destroy(pool);
}

static void malformed_contents_are_refused(void)
{
    apr_pool_t *pool = test_pool();
    static const char *const contents[] = {"",
                                           "00",
                                           "A000",
                                           "A002 3000",
                                           "A002 3100",
                                           "A004 3100 3100",
                                           "A204 3100 3000",
                                           "A104 3100 3000",
                                           "A006 3102 A301 3000",
                                           "A005 3100 3000 00",
                                           "A0803100300000"};
    x420_content_t content;
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        err_t *err = x420_content_decode(pool, test_hex(pool, contents[i]), &content);
        CU_ASSERT_PTR_NOT_NULL(err);
        CU_ASSERT_PTR_NULL(content.ipm);
        CU_ASSERT_PTR_NULL(content.ipn);
    }
    apr_pool_destroy(pool);
}

static void body_count_is_bounded(void)
{
    apr_pool_t *pool = test_pool();
    uint8_t *bodies = apr_palloc(pool, 2 * (X420_LIMIT_BODIES + 1));
    for (size_t i = 0; i <= X420_LIMIT_BODIES; i++)
        memcpy(bodies + 2 * i, "\x8E\x00", 2);
    const char *good = bytes_to_hex(pool, bytes_make(bodies, 2 * X420_LIMIT_BODIES));
    CU_ASSERT_EQUAL(test_decode(pool, TEST_ID, good)->body_count, X420_LIMIT_BODIES);
    x420_content_t content;
    const char *many = bytes_to_hex(pool, bytes_make(bodies, 2 * (X420_LIMIT_BODIES + 1)));
    err_t *err = x420_content_decode(pool, test_ipm(pool, TEST_ID, many), &content);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_EQUAL(err->code, X420_ERROR_LIMIT);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(heading_without_anything),
    UNIT_TEST(P1_14_subject_empty_null_and_nul),
    UNIT_TEST(P1_14_notification_requests_without_bits),
    UNIT_TEST(P1_14_long_free_form_name),
    UNIT_TEST(heading_fields),
    UNIT_TEST(body_text_parts),
    UNIT_TEST(body_other_parts),
    UNIT_TEST(body_attachments),
    UNIT_TEST(body_general_text_character_sets),
    UNIT_TEST(P1_14_malformed_body_part_is_kept),
    UNIT_TEST(nesting_is_bounded),
    UNIT_TEST(notifications),
    UNIT_TEST(malformed_contents_are_refused),
    UNIT_TEST(body_count_is_bounded),
};

UNIT_MAIN("x420 ipm", tests)
