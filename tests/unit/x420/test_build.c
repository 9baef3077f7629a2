/* Messages that are built here, read back. */
#include "support.h"
#include "x420/charset.h"
#include "x420/ipm_build.h"

enum { LIMIT = 1 << 20 };

static x420_spec_t plain_spec(apr_pool_t *pool)
{
    x420_to_t *to = apr_pcalloc(pool, 3 * sizeof(*to));
    to[0] = (x420_to_t){
        .name = test_name(pool, "S=Doe;O=Acme;P=Net;A= ;C=GB"), .receipt = true, .reply_requested = true};
    to[1] = (x420_to_t){.name = test_name(pool, "S=Copy;P=Net;A= ;C=GB"),
                        .role = X420_COPY,
                        .free_form = "Zo\xC3\xAB",
                        .non_receipt = true};
    to[2] = (x420_to_t){.name = test_name(pool, "S=Blind;P=Net;A= ;C=GB"), .role = X420_BLIND_COPY};
    return (x420_spec_t){.content_type = X411_CONTENT_P22,
                         .originator = test_name(pool, "CN=Room 1;O=Acme;P=Net;A= ;C=GB"),
                         .to = to,
                         .to_count = 3,
                         .subject = "Greetings",
                         .text = BYTES_LITERAL("one\ntwo\r\n"),
                         .local_id = "host 261122 1"};
}

static const x420_ipm_t *build(apr_pool_t *pool, const x420_spec_t *spec, x420_built_t *built)
{
    x420_content_t content;
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_init(out, pool, LIMIT);
    err_t *err = x420_ipm_build(pool, spec, out, built);
    if (err)
        printf("%s\n", err_describe(pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    CU_ASSERT_PTR_NULL_FATAL(x420_content_decode(pool, buffer_bytes(out), &content));
    CU_ASSERT_PTR_NOT_NULL_FATAL(content.ipm);
    for (unsigned i = 0; i < content.ipm->body_count; i++)
        CU_ASSERT_PTR_NULL(content.ipm->bodies[i].fault);
    return content.ipm;
}

static void plain_message(void)
{
    apr_pool_t *pool = test_pool();
    x420_spec_t spec = plain_spec(pool);
    x420_built_t built;
    spec.importance_given = true;
    spec.importance = 2;
    spec.sensitivity = 1;
    spec.in_reply_to = "earlier";
    const x420_ipm_t *ipm = build(pool, &spec, &built);
    const x420_heading_t *heading = &ipm->heading;
    CU_ASSERT_EQUAL(built.content_type.built_in, X411_CONTENT_P22);
    CU_ASSERT_FALSE(built.subject_replaced);
    CU_ASSERT(test_text_is(heading->this_ipm.local.octets, "host 261122 1"));
    CU_ASSERT(x411_or_address_equal(&heading->this_ipm.user->address, &spec.originator->address));
    CU_ASSERT(x411_or_address_equal(&heading->originator.formal->address, &spec.originator->address));
    CU_ASSERT_EQUAL_FATAL(heading->primary.count, 1);
    CU_ASSERT(ber_bit(&heading->primary.items[0].requests, X420_REQUEST_RN));
    CU_ASSERT(heading->primary.items[0].reply_requested);
    CU_ASSERT_EQUAL_FATAL(heading->copy.count, 1);
    CU_ASSERT_FALSE(ber_bit(&heading->copy.items[0].requests, X420_REQUEST_RN));
    CU_ASSERT(ber_bit(&heading->copy.items[0].requests, X420_REQUEST_NRN));
    CU_ASSERT(test_text_is(heading->copy.items[0].descriptor.free_form.octets, "Zo\xC8"
                                                                               "e"));
    CU_ASSERT_EQUAL(heading->blind_copy.count, 1);
    CU_ASSERT(test_text_is(heading->subject.octets, "Greetings"));
    CU_ASSERT(test_text_is(heading->replied_to.local.octets, "earlier"));
    CU_ASSERT_EQUAL(heading->importance, 2);
    CU_ASSERT_EQUAL(heading->sensitivity, 1);
    CU_ASSERT_FALSE(heading->extensions.present);
    CU_ASSERT_EQUAL_FATAL(ipm->body_count, 1);
    CU_ASSERT_EQUAL(ipm->bodies[0].type, X420_BODY_IA5);
    CU_ASSERT(test_text_is(ipm->bodies[0].octets, "one\r\ntwo\r\n"));
    CU_ASSERT(ber_bit(&built.eits.built_in, X411_EIT_IA5_TEXT));
    CU_ASSERT_EQUAL(built.eits.extended_count, 0);
    apr_pool_destroy(pool);
}

static void text_takes_the_smallest_set(void)
{
    apr_pool_t *pool = test_pool();
    x420_built_t built;
    bytes_t text;
    static const struct {
        const char *text;
        x420_body_type_t type;
        unsigned charsets;
        int64_t last;
    } texts[] = {{"plain\r\n", X420_BODY_IA5, 0, 0},
                 {"sm\xC3\xB8rbr\xC3\xB8"
                  "d\r\n",
                  X420_BODY_EXTERNAL, 3, 100},
                 {"\xE2\x82\xAC 5\r\n", X420_BODY_EXTERNAL, 1, 196}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        x420_spec_t spec = plain_spec(pool);
        spec.text = bytes_of_string(texts[i].text);
        const x420_ipm_t *ipm = build(pool, &spec, &built);
        const x420_body_t *body = &ipm->bodies[0];
        CU_ASSERT_EQUAL(body->type, texts[i].type);
        CU_ASSERT_EQUAL_FATAL(body->charset_count, texts[i].charsets);
        if (texts[i].charsets)
            CU_ASSERT_EQUAL(body->charsets[texts[i].charsets - 1], texts[i].last);
        CU_ASSERT_EQUAL(built.eits.extended_count, texts[i].charsets);
        CU_ASSERT(x420_body_text(pool, body, &text));
        CU_ASSERT(test_text_is(text, texts[i].text));
    }
    apr_pool_destroy(pool);
}

static void subject_outside_t61(void)
{
    apr_pool_t *pool = test_pool();
    x420_built_t built;
    x420_spec_t spec = plain_spec(pool);
    spec.subject = "\xC3\xA9\xD0\x96";
    const x420_ipm_t *ipm = build(pool, &spec, &built);
    CU_ASSERT(built.subject_replaced);
    CU_ASSERT(test_text_is(ipm->heading.subject.octets, "\xC2"
                                                        "e?"));
    const x420_extension_t *whole = x420_extension_find(pool, &ipm->heading.extensions, "2.6.1.5.8");
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    CU_ASSERT(bytes_equal(whole->value, test_hex(pool, "3106 1E04 00E90416")));
    char longer[400];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    spec.subject = longer;
    ipm = build(pool, &spec, &built);
    CU_ASSERT_EQUAL(ipm->heading.subject.octets.length, X420_UB_SUBJECT);
    spec.subject = "";
    ipm = build(pool, &spec, &built);
    CU_ASSERT(x411_present(&ipm->heading.subject) && ipm->heading.subject.octets.length == 0);
    spec.subject = NULL;
    CU_ASSERT_FALSE(x411_present(&build(pool, &spec, &built)->heading.subject));
    apr_pool_destroy(pool);
}

static void attachments_both_ways(void)
{
    apr_pool_t *pool = test_pool();
    x420_built_t built;
    bytes_t name;
    bytes_t octets;
    static const uint8_t data[] = {0, 1, 0xFF, 0, 0};
    x420_attachment_t attachments[] = {
        {"r\xC3\xA9sum\xC3\xA9.bin", bytes_make(data, sizeof(data)), TIME_SECONDS(1000000000)},
        {NULL, BYTES_NONE, 0}};
    x420_spec_t spec = plain_spec(pool);
    spec.text = BYTES_NONE;
    spec.attachments = attachments;
    spec.attachment_count = 2;
    const x420_ipm_t *ipm = build(pool, &spec, &built);
    CU_ASSERT_EQUAL_FATAL(ipm->body_count, 2);
    CU_ASSERT_EQUAL(ipm->bodies[0].extended, X420_EXTENDED_FILE);
    CU_ASSERT(x420_body_attachment(pool, &ipm->bodies[0], &name, &octets));
    CU_ASSERT(test_text_is(name, attachments[0].name));
    CU_ASSERT(bytes_equal(octets, attachments[0].octets));
    CU_ASSERT(test_text_is(ipm->bodies[0].file.modified, "20010909014640Z"));
    CU_ASSERT(x420_body_attachment(pool, &ipm->bodies[1], &name, &octets));
    CU_ASSERT(octets.length == 0 && name.length == 0);
    CU_ASSERT_EQUAL_FATAL(built.eits.extended_count, 1);
    CU_ASSERT_STRING_EQUAL(ber_oid_text(pool, built.eits.extended[0]), "2.6.1.12.0");
    spec.carriage = X420_BILATERAL;
    ipm = build(pool, &spec, &built);
    CU_ASSERT_EQUAL_FATAL(ipm->body_count, 2);
    CU_ASSERT_EQUAL(ipm->bodies[0].type, X420_BODY_BILATERAL);
    CU_ASSERT(bytes_equal(ipm->bodies[0].octets, attachments[0].octets));
    CU_ASSERT_EQUAL(ipm->bodies[1].octets.length, 0);
    CU_ASSERT(ber_bit(&built.eits.built_in, X411_EIT_UNKNOWN));
    apr_pool_destroy(pool);
}

/* A message of 1984: teletex where IA5 is not enough, no general text, a common name as a DDA. */
static void message_of_1984(void)
{
    apr_pool_t *pool = test_pool();
    x420_built_t built;
    x420_attachment_t attachment = {"a.txt", BYTES_LITERAL("abc"), 0};
    x420_spec_t spec = plain_spec(pool);
    spec.content_type = X411_CONTENT_P2;
    spec.text = BYTES_LITERAL("caf\xC3\xA9");
    spec.attachments = &attachment;
    spec.attachment_count = 1;
    const x420_ipm_t *ipm = build(pool, &spec, &built);
    CU_ASSERT_EQUAL(built.content_type.built_in, X411_CONTENT_P2);
    CU_ASSERT_EQUAL_FATAL(ipm->body_count, 2);
    CU_ASSERT_EQUAL(ipm->bodies[0].type, X420_BODY_TELETEX);
    CU_ASSERT(test_text_is(ipm->bodies[0].octets, "caf\xC2"
                                                  "e"));
    CU_ASSERT_EQUAL(ipm->bodies[1].type, X420_BODY_BILATERAL);
    CU_ASSERT(ber_bit(&built.eits.built_in, X411_EIT_TELETEX));
    CU_ASSERT_FALSE(ipm->heading.originator.formal->address.extensions_present);
    CU_ASSERT_EQUAL(ipm->heading.originator.formal->address.dda_count, 1);
    buffer_t out;
    buffer_init(&out, pool, LIMIT);
    spec.text = BYTES_LITERAL("\xD0\x96");
    err_t *err = x420_ipm_build(pool, &spec, &out, &built);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_EQUAL(err->code, X420_ERROR_VALUE);
    CU_ASSERT_EQUAL(buffer_length(&out), 0);
    apr_pool_destroy(pool);
}

static void what_cannot_be_built(void)
{
    apr_pool_t *pool = test_pool();
    x420_built_t built;
    buffer_t out;
    buffer_init(&out, pool, 64);
    x420_spec_t spec = plain_spec(pool);
    err_t *err = x420_ipm_build(pool, &spec, &out, &built);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_EQUAL(err->code, X420_ERROR_ENCODE);
    buffer_t room;
    buffer_init(&room, pool, LIMIT);
    for (int i = 0; i < 6; i++) {
        spec = plain_spec(pool);
        switch (i) {
        case 0: spec.originator = NULL; break;
        case 1: spec.local_id = ""; break;
        case 2: spec.local_id = "a@b"; break;
        case 3: spec.subject = "\xFF"; break;
        case 4: spec.text = BYTES_LITERAL("\xC3"); break;
        default: spec.content_type = 35; break;
        }
        err = x420_ipm_build(pool, &spec, &room, &built);
        CU_ASSERT_PTR_NOT_NULL_FATAL(err);
        CU_ASSERT_EQUAL(err->code, X420_ERROR_VALUE);
        CU_ASSERT_EQUAL(buffer_length(&room), 0);
    }
    apr_pool_destroy(pool);
}

static void local_identifiers(void)
{
    apr_pool_t *pool = test_pool();
    CU_ASSERT_STRING_EQUAL(x420_local_id_make(pool, "my_host.test", 0, 7), "my-host.test 700101000000Z 7");
    const char *longest =
        x420_local_id_make(pool, "0123456789012345678901234567890123456789012345", 0, UINT64_MAX);
    CU_ASSERT(strlen(longest) <= X420_UB_LOCAL_ID);
    apr_pool_destroy(pool);
}

static void notifications_round_trip(void)
{
    apr_pool_t *pool = test_pool();
    x420_content_t content;
    buffer_t out;
    buffer_init(&out, pool, LIMIT);
    x420_ipn_t ipn = {.type = X420_RECEIPT,
                      .subject_ipm = {.present = true, .local = x411_printable("id 1")},
                      .originator_present = true,
                      .receipt_time = x411_time_from_utc(pool, 0),
                      .acknowledgment = 1};
    ipn.originator.formal = (x411_or_name_t *)test_name(pool, "S=Doe;P=Net;A= ;C=GB");
    CU_ASSERT_PTR_NULL_FATAL(x420_ipn_build(pool, &ipn, &out));
    CU_ASSERT_PTR_NULL_FATAL(x420_content_decode(pool, buffer_bytes(&out), &content));
    CU_ASSERT_PTR_NOT_NULL_FATAL(content.ipn);
    CU_ASSERT_EQUAL(content.ipn->type, X420_RECEIPT);
    CU_ASSERT(test_text_is(content.ipn->receipt_time.text, "700101000000Z"));
    CU_ASSERT(test_text_is(content.ipn->subject_ipm.local.octets, "id 1"));
    buffer_clear(&out);
    ipn.type = X420_NON_RECEIPT;
    ipn.reason = 1;
    ipn.comment = x411_printable("moved");
    CU_ASSERT_PTR_NULL_FATAL(x420_ipn_build(pool, &ipn, &out));
    CU_ASSERT_PTR_NULL_FATAL(x420_content_decode(pool, buffer_bytes(&out), &content));
    CU_ASSERT_EQUAL(content.ipn->reason, 1);
    CU_ASSERT(test_text_is(content.ipn->comment.octets, "moved"));
    apr_pool_destroy(pool);
}

static void utf8_checks(void)
{
    apr_pool_t *pool = test_pool();
    CU_ASSERT(x420_utf8_is_valid(BYTES_LITERAL("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")));
    CU_ASSERT_FALSE(x420_utf8_is_valid(BYTES_LITERAL("\xC0\x80")));
    CU_ASSERT_FALSE(x420_utf8_is_valid(BYTES_LITERAL("\xED\xA0\x80")));
    CU_ASSERT_FALSE(x420_utf8_is_valid(BYTES_LITERAL("\xF4\x90\x80\x80")));
    CU_ASSERT_FALSE(x420_utf8_is_valid(BYTES_LITERAL("\xE2\x82")));
    CU_ASSERT(test_text_is(x420_utf8_clean(pool, BYTES_LITERAL("a\xFF"
                                                               "b")),
                           "a\xEF\xBF\xBD"
                           "b"));
    CU_ASSERT(test_text_is(x420_strip_escapes(pool, BYTES_LITERAL("\x1B%Ga\x0E"
                                                                  "b\x1B")),
                           "ab"));
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(plain_message),       UNIT_TEST(text_takes_the_smallest_set),
    UNIT_TEST(subject_outside_t61), UNIT_TEST(attachments_both_ways),
    UNIT_TEST(message_of_1984),     UNIT_TEST(what_cannot_be_built),
    UNIT_TEST(local_identifiers),   UNIT_TEST(notifications_round_trip),
    UNIT_TEST(utf8_checks),
};

UNIT_MAIN("x420 build", tests)
