/* Messages, probes and reports: unknown extensions (P1-02), odd encodings (P1-03), bilateral information
 * (P1-06), many recipients (P1-07), malformed APDUs (P1-14), and inputs that broke other MTAs. */
#include <stdlib.h>

#include "x411/apdu_stream.h"
#include "x411/bounds.h"
#include "x411/extensions.h"
#include "x411/oraddress_text.h"

#include "support.h"

static const x411_domain_t own = {{{(const uint8_t *)"GB", 2}, BER_PRINTABLE_STRING},
                                  {{(const uint8_t *)" ", 1}, BER_PRINTABLE_STRING},
                                  {{(const uint8_t *)"ORG", 3}, BER_PRINTABLE_STRING}};

/* A message with so many recipients. */
static x411_apdu_t *make_message(apr_pool_t *pool, unsigned recipients)
{
    static const unsigned ia5[] = {X411_EIT_IA5_TEXT};
    x411_apdu_t *apdu = x411_apdu_create(pool, X411_MESSAGE);
    apdu->mts_id = x411_mts_id_make(pool, &own, "HOST", TIME_SECONDS(1795317265), 7);
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, "S=Sender;O=Org;C=GB;A= ;P=ORG", &apdu->originator));
    apdu->original_eits = x411_eits_make(pool, ia5, 1);
    apdu->content_type = x411_content_type_make(X411_CONTENT_P22);
    apdu->content_id = x411_printable("Subject");
    apdu->trace.count = 1;
    apdu->trace.elements = apr_pcalloc(pool, sizeof(*apdu->trace.elements));
    apdu->trace.elements[0].domain = own;
    apdu->trace.elements[0].arrival = x411_time_from_utc(pool, TIME_SECONDS(1795317265));
    for (unsigned i = 0; i < recipients; i++) {
        x411_recipient_t *recipient = x411_apdu_add_recipient(pool, apdu);
        char text[64];
        snprintf(text, sizeof(text), "S=R%u;O=Org;C=GB;A= ;P=PEER", i);
        CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, text, &recipient->name));
        recipient->number = (int64_t)i + 1;
        recipient->indicators =
            x411_recipient_indicators(true, X411_MTA_REPORT_NON_DELIVERY, X411_USER_REPORT_NON_DELIVERY);
    }
    return apdu;
}

static x411_apdu_t *decode(apr_pool_t *pool, bytes_t octets)
{
    x411_apdu_t *apdu = NULL;
    bytes_t content;
    err_t *err = x411_apdu_decode(pool, octets, &apdu, &content);
    if (err)
        printf("\n%s\n", err_describe(pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    return apdu;
}

static void test_P1_02_unknown_extensions_pass_unchanged(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = make_message(pool, 1);
    /* A value with indefinite and long-form lengths inside must come out as it went in. */
    bytes_t odd = support_hex(pool, "3080 04810161 0000");
    CU_ASSERT(x411_extension_set(pool, &apdu->extensions, 200, 0, odd));
    CU_ASSERT(
        x411_extension_set(pool, &apdu->recipients[0].extensions, 201, 1 << X411_CRITICAL_DELIVERY, odd));
    x411_extension_t *private = apr_pcalloc(pool, sizeof(*private));
    *private = (x411_extension_t){.type = -1, .oid = support_hex(pool, "2A864886F7140501"), .value = odd};
    apdu->extensions.items[apdu->extensions.count++] = *private; /* room for four was taken */
    static const x411_extension_form_t forms[] = {X411_EXTENSION_FORM_LATER, X411_EXTENSION_FORM_1988};
    for (unsigned i = 0; i < 2; i++) {
        x411_encode_options_t options = {.mode = X411_MODE_X410_1988, .extension_form = forms[i]};
        buffer_t *out = apr_palloc(pool, sizeof(*out));
        buffer_init(out, pool, 10000);
        CU_ASSERT_PTR_NULL_FATAL(x411_apdu_encode(pool, apdu, &options, BYTES_LITERAL("x"), out));
        x411_apdu_t *back = decode(pool, buffer_bytes(out));
        CU_ASSERT_EQUAL_FATAL(back->extensions.count, 2);
        CU_ASSERT_EQUAL(back->extensions.items[0].type, 200);
        CU_ASSERT_EQUAL(back->extensions.items[0].form, forms[i]);
        CU_ASSERT(bytes_equal(back->extensions.items[0].value, odd));
        CU_ASSERT_EQUAL(back->extensions.items[1].type, -1);
        CU_ASSERT(bytes_equal(back->extensions.items[1].oid, private->oid));
        CU_ASSERT(bytes_equal(back->recipients[0].extensions.items[0].value, odd));
        CU_ASSERT(x411_extension_critical(&back->recipients[0].extensions.items[0], X411_CRITICAL_DELIVERY));
        CU_ASSERT_PTR_NULL(x411_extension_unsupported(&back->extensions, false));
        CU_ASSERT_PTR_NOT_NULL(x411_extension_undeliverable(&back->recipients[0].extensions, false));
    }
    apr_pool_destroy(pool);
}

static void test_P1_02_critical_extensions(void)
{
    apr_pool_t *pool = support_pool();
    x411_extensions_t extensions = {0};
    bytes_t one = x411_value_number(pool, BER_ENUMERATED, 1);
    x411_extension_set(pool, &extensions, 3, 1 << X411_CRITICAL_TRANSFER, one); /* known */
    CU_ASSERT_PTR_NULL(x411_extension_unsupported(&extensions, false));
    x411_extension_set(pool, &extensions, 99, 1 << X411_CRITICAL_SUBMISSION, one);
    x411_extension_set(pool, &extensions, 98, 1 << X411_CRITICAL_DELIVERY, one);
    CU_ASSERT_PTR_NULL(x411_extension_unsupported(&extensions, false));
    CU_ASSERT_EQUAL(x411_extension_undeliverable(&extensions, false)->type, 98);
    x411_extension_set(pool, &extensions, 97, 1 << X411_CRITICAL_TRANSFER, BYTES_NONE);
    CU_ASSERT_EQUAL(x411_extension_unsupported(&extensions, false)->type, 97);
    CU_ASSERT(x411_extension_remove(&extensions, 97));
    CU_ASSERT_FALSE(x411_extension_remove(&extensions, 97));
    /* Absent criticality: none by the standard, the customary one as PP means it. */
    x411_extensions_t absent = {0};
    x411_extension_set(pool, &absent, X411_EXT_PHYSICAL_DELIVERY_MODES, 0, one);
    CU_ASSERT_PTR_NULL(x411_extension_undeliverable(&absent, false));
    CU_ASSERT_PTR_NOT_NULL(x411_extension_undeliverable(&absent, true));
    for (unsigned i = 0; i + 4 < X411_LIMIT_EXTENSIONS; i++)
        x411_extension_set(pool, &extensions, 1000 + i, 0, one);
    while (x411_extension_set(pool, &extensions, 5000 + extensions.count, 0, one))
        ;
    CU_ASSERT_EQUAL(extensions.count, X411_LIMIT_EXTENSIONS);
    apr_pool_destroy(pool);
}

/* Every optional field of the envelope: absent, then present. */
static void test_P1_02_each_optional_field(void)
{
    apr_pool_t *pool = support_pool();
    for (unsigned field = 0; field < 10; field++) {
        x411_apdu_t *apdu = make_message(pool, 2);
        bytes_t before = support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_LITERAL("x"));
        switch (field) {
        case 0: apdu->original_eits.present = false; break;
        case 1: apdu->content_id = X411_ABSENT; break;
        case 2: apdu->content_id = x411_printable(""); break;
        case 3: apdu->priority_present = true, apdu->priority = X411_URGENT; break;
        case 4: x411_indicator_set(&apdu->flags, X411_FLAG_CONTENT_RETURN, true); break;
        case 5: apdu->flags.present = true; break; /* empty */
        case 6: apdu->deferred_delivery = x411_time_from_utc(pool, 0); break;
        case 7: apdu->deferred_delivery.text = bytes_make("", 0); break;
        case 8: apdu->recipients[1].conversion_present = true, apdu->recipients[1].conversion = 8; break;
        default: apdu->content_type.oid = support_hex(pool, "56010A01"); break;
        }
        bytes_t octets = support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_LITERAL("x"));
        CU_ASSERT_FALSE(bytes_equal(octets, before));
        x411_apdu_t *back = decode(pool, octets);
        CU_ASSERT(bytes_equal(support_encode(pool, back, X411_MODE_NORMAL, BYTES_LITERAL("x")), octets));
        CU_ASSERT_EQUAL(back->original_eits.present, field != 0);
        CU_ASSERT_EQUAL(x411_present(&back->content_id), field != 1);
        CU_ASSERT_EQUAL(back->priority_present, field == 3);
        CU_ASSERT_EQUAL(back->flags.present, field == 4 || field == 5);
        CU_ASSERT_EQUAL(x411_time_present(&back->deferred_delivery), field == 6 || field == 7);
        CU_ASSERT_EQUAL(back->recipients[1].conversion, field == 8 ? 8 : 0);
        CU_ASSERT_EQUAL(x411_content_type_equal(&back->content_type, &apdu->content_type), true);
    }
    apr_pool_destroy(pool);
}

/* Rewrites octets with indefinite lengths everywhere, or with four length octets, or strings in pieces. */
static void distort(ber_writer_t *writer, ber_reader_t *reader, unsigned way)
{
    ber_tlv_t tlv;
    ber_reader_t child;
    while (ber_more(reader) && ber_read(reader, &tlv)) {
        bool string =
            tlv.tag == BER_IA5_STRING || tlv.tag == BER_PRINTABLE_STRING || tlv.tag == BER_OCTET_STRING;
        if (tlv.constructed && ber_children(reader, &tlv, &child)) {
            ber_open_indefinite(writer, tlv.tag);
            distort(writer, &child, way);
            ber_close(writer);
        } else if (string && way == 1) {
            ber_open_indefinite(writer, tlv.tag);
            for (size_t i = 0; i < tlv.content.length; i++)
                ber_put_octets(writer, BER_OCTET_STRING, bytes_slice(tlv.content, i, 1));
            ber_close(writer);
        } else if (way == 2 && BER_TAG_NUMBER(tlv.tag) < 31) {
            uint8_t header[6] = {tlv.whole.data[0],          0x84, 0, 0, (uint8_t)(tlv.content.length >> 8),
                                 (uint8_t)tlv.content.length};
            ber_put_raw(writer, bytes_make(header, 6));
            ber_put_raw(writer, tlv.content);
        } else {
            ber_put_octets(writer, tlv.tag, tlv.content);
        }
    }
}

static void test_P1_03_odd_encodings(void)
{
    static const char *const names[] = {"m88-ext-dlhistory", "m84-recips20",    "m88-report-reasons",
                                        "m88-probe2",        "m88-addr-postal", "m84-trace-converted"};
    for (unsigned i = 0; i < 18; i++) {
        apr_pool_t *pool = support_pool();
        bytes_t content = BYTES_NONE;
        x411_apdu_t *apdu = support_corpus(pool, names[i / 3], &content);
        x411_mode_t mode =
            names[i / 3][1] == '8' && names[i / 3][2] == '4' ? X411_MODE_1984 : X411_MODE_NORMAL;
        bytes_t plain = support_encode(pool, apdu, mode, content);
        buffer_t *out = apr_palloc(pool, sizeof(*out));
        ber_writer_t writer;
        ber_reader_t reader;
        ber_fault_t fault;
        buffer_init(out, pool, 1 << 20);
        ber_writer_init(&writer, out);
        ber_reader_init(&reader, plain, &fault);
        distort(&writer, &reader, i % 3);
        CU_ASSERT(ber_writer_ok(&writer));
        bytes_t again = BYTES_NONE;
        x411_apdu_t *odd = NULL;
        CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, buffer_bytes(out), &odd, &again));
        CU_ASSERT(bytes_equal(again, content));
        CU_ASSERT_EQUAL(odd->recipient_count, apdu->recipient_count);
        for (unsigned j = 0; j < odd->recipient_count; j++) {
            CU_ASSERT(
                x411_or_address_equal(&odd->recipients[j].name.address, &apdu->recipients[j].name.address));
            x411_or_name_changed(&odd->recipients[j].name);
        }
        CU_ASSERT(x411_mts_id_equal(&odd->mts_id, &apdu->mts_id));
        apr_pool_destroy(pool);
    }
}

/* An element with a tag over 30 where this text of X.411 knows none is kept. */
static void test_P1_03_high_tags_are_kept(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = make_message(pool, 1);
    bytes_t unknown = support_hex(pool, "BF8F7F 03 020105");
    apdu->unknown = apr_pmemdup(pool, &unknown, sizeof(unknown));
    apdu->unknown_count = 1;
    apdu->recipients[0].unknown = apdu->unknown;
    apdu->recipients[0].unknown_count = 1;
    x411_apdu_t *back = decode(pool, support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_NONE));
    CU_ASSERT_EQUAL_FATAL(back->unknown_count, 1);
    CU_ASSERT(bytes_equal(back->unknown[0], unknown));
    CU_ASSERT(bytes_equal(back->recipients[0].unknown[0], unknown));
    apr_pool_destroy(pool);
}

static void test_P1_06_bilateral_information(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = make_message(pool, 1);
    x411_bilateral_t list[2] = {{.domain = own, .information = support_hex(pool, "04026869")},
                                {.domain = own, .information = support_hex(pool, "3080 0000")}};
    list[1].domain.prmd = X411_ABSENT;
    apdu->bilateral_present = true;
    apdu->bilateral = list;
    apdu->bilateral_count = 2;
    bytes_t with = support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_LITERAL("x"));
    x411_apdu_t *back = decode(pool, with);
    CU_ASSERT_EQUAL_FATAL(back->bilateral_count, 2);
    CU_ASSERT(x411_domain_equal(&back->bilateral[0].domain, &own));
    CU_ASSERT_FALSE(x411_present(&back->bilateral[1].domain.prmd));
    CU_ASSERT(bytes_equal(back->bilateral[1].information, list[1].information));
    CU_ASSERT(bytes_equal(support_encode(pool, back, X411_MODE_NORMAL, BYTES_LITERAL("x")), with));
    x411_encode_options_t off = {.mode = X411_MODE_NORMAL, .bare = true, .no_bilateral = true};
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_init(out, pool, 10000);
    CU_ASSERT_PTR_NULL(x411_apdu_encode(pool, back, &off, BYTES_LITERAL("x"), out));
    CU_ASSERT_EQUAL(decode(pool, buffer_bytes(out))->bilateral_count, 0);
    apr_pool_destroy(pool);
}

static void test_P1_06_internal_trace_off(void)
{
    apr_pool_t *pool = support_pool();
    bytes_t content = BYTES_NONE;
    x411_apdu_t *apdu = support_corpus(pool, "m88-recips2", &content);
    CU_ASSERT_PTR_NOT_NULL(x411_extension_find(&apdu->extensions, X411_EXT_INTERNAL_TRACE));
    unsigned count = apdu->extensions.count;
    x411_encode_options_t off = {.mode = X411_MODE_NORMAL, .bare = true, .no_internal_trace = true};
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_init(out, pool, 10000);
    CU_ASSERT_PTR_NULL(x411_apdu_encode(pool, apdu, &off, content, out));
    x411_apdu_t *back = decode(pool, buffer_bytes(out));
    CU_ASSERT_PTR_NULL(x411_extension_find(&back->extensions, X411_EXT_INTERNAL_TRACE));
    CU_ASSERT_EQUAL(back->extensions.count, count - 1);
    apr_pool_destroy(pool);
}

static void test_P1_07_five_thousand_recipients(void)
{
    apr_pool_t *pool = support_pool();
    static const unsigned counts[] = {1, 100, 5000};
    for (unsigned i = 0; i < 3; i++) {
        x411_apdu_t *apdu = make_message(pool, counts[i]);
        x411_apdu_t *back = decode(pool, support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_LITERAL("x")));
        CU_ASSERT_EQUAL_FATAL(back->recipient_count, counts[i]);
        /* Two next hops: the others stay with their numbers, not this copy's responsibility. */
        x411_apdu_t *copy = x411_apdu_clone(pool, back);
        for (unsigned j = 0; j < copy->recipient_count; j += 2)
            x411_indicator_set(&copy->recipients[j].indicators, 0, false);
        back = decode(pool, support_encode(pool, copy, X411_MODE_1984, BYTES_LITERAL("x")));
        for (unsigned j = 0; j < counts[i]; j++) {
            CU_ASSERT_EQUAL(back->recipients[j].number, (int64_t)j + 1);
            CU_ASSERT_EQUAL(x411_responsible(&back->recipients[j]), j % 2 == 1);
            CU_ASSERT_EQUAL(x411_user_report(&back->recipients[j]), X411_USER_REPORT_NON_DELIVERY);
        }
    }
    apr_pool_destroy(pool);
}

static void test_P1_07_one_bad_recipient(void)
{
    apr_pool_t *pool = support_pool();
    x411_apdu_t *apdu = make_message(pool, 5000);
    static const char *const odd[] = {
        "C=GBR;A= ;S=x",  "C=GB;A=12345678901234567;S=x", "G=onlyGiven;C=GB;A= ",
        "S=;C=GB;A= ;P=", "S=a{000}b;C=GB;A= ",           "DDA:=;C=GB;A= ",
        "A= ;S=x"};
    for (unsigned i = 0; i < 7; i++)
        CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, odd[i], &apdu->recipients[100 * i].name));
    x411_apdu_t *back = decode(pool, support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_LITERAL("x")));
    CU_ASSERT_EQUAL(back->recipient_count, 5000);
    x411_violation_t list[64];
    size_t count = x411_bounds_check(pool, back, list, 64);
    CU_ASSERT(count >= 7 && count < 20);
    bool seen[7] = {false};
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL_FATAL(list[i].recipient % 100, 0);
        CU_ASSERT_FATAL(list[i].recipient <= 600);
        seen[list[i].recipient / 100] = true;
    }
    for (unsigned i = 0; i < 7; i++)
        CU_ASSERT(seen[i]);
    apr_pool_destroy(pool);
}

/* Inputs that broke other MTAs: each is refused or taken, none harms. */
static void test_robustness_list(void)
{
    apr_pool_t *pool = support_pool();
    x411_violation_t list[16];
    x411_apdu_t *apdu = make_message(pool, 1);
    apdu->content_id = x411_printable("");                              /* Q183014 */
    apdu->trace.elements[0].arrival.text = bytes_make("", 0);           /* Q248732 */
    apdu->mts_id.domain.prmd = x411_printable("");                      /* Q176952 */
    apdu->recipients[0].name.address.country = x411_printable("XYZZY"); /* Q145986 */
    apdu->content_type.oid = bytes_make(apr_pcalloc(pool, 400), 400);   /* Q231818 */
    x411_apdu_t *back = decode(pool, support_encode(pool, apdu, X411_MODE_NORMAL, BYTES_NONE));
    CU_ASSERT(x411_present(&back->content_id));
    CU_ASSERT(x411_time_present(&back->trace.elements[0].arrival));
    CU_ASSERT(x411_bounds_check(pool, back, list, 16) >= 4);
    back->trace.elements[0].arrival.text = BYTES_LITERAL("20261122031425Z"); /* KB329595 */
    CU_ASSERT(x411_bounds_check(pool, back, list, 16) >= 4);
    apr_pool_destroy(pool);
}

/* Every prefix of an APDU, and an APDU with one octet changed, decodes or fails; nothing else. */
static void test_P1_14_malformed_apdus(void)
{
    static const char *const names[] = {"m88-ext-redirection", "m84-report-hops", "x410-probe",
                                        "m88-report-ret"};
    for (unsigned i = 0; i < 4; i++) {
        apr_pool_t *pool = support_pool();
        char path[256];
        snprintf(path, sizeof(path), "wire/captures/corpus/%s.p1", names[i]);
        bytes_t octets = support_file(pool, path);
        CU_ASSERT_FATAL(octets.length > 0);
        for (size_t length = 0; length < octets.length; length++) {
            apr_pool_t *scratch;
            apr_pool_create(&scratch, pool);
            x411_apdu_t *apdu = NULL;
            bytes_t content;
            uint8_t *changed =
                malloc(octets.length); /* exactly as long, so that a reader beyond it is caught */
            memcpy(changed, octets.data, octets.length);
            CU_ASSERT_PTR_NOT_NULL(x411_apdu_decode(
                scratch, bytes_make(changed + octets.length - length, length), &apdu, &content));
            changed[length] = (uint8_t)(changed[length] ^ (1U << length % 8));
            if (!x411_apdu_decode(scratch, bytes_make(changed, octets.length), &apdu, &content)) {
                x411_violation_t list[4];
                x411_bounds_check(scratch, apdu, list, 4);
            }
            free(changed);
            apr_pool_destroy(scratch);
        }
        apr_pool_destroy(pool);
    }
}

static const char *stream_fault(apr_pool_t *pool, x411_mode_t mode, bytes_t octets, size_t limit)
{
    x411_stream_t *stream = apr_palloc(pool, sizeof(*stream));
    bytes_t range;
    x411_stream_event_t event;
    x411_stream_init(stream, pool, mode, limit);
    while ((event = x411_stream_next(stream, &octets, &range)) != X411_STREAM_MORE &&
           event != X411_STREAM_FAILED)
        ;
    err_t *err = x411_stream_finish(pool, stream);
    return err ? err->text : "";
}

static void test_P1_14_malformed_streams(void)
{
    apr_pool_t *pool = support_pool();
    static const struct {
        const char *hex;
        const char *fault;
    } cases[] = {
        {"", "breaks off after 0"},
        {"A080", "breaks off after 2"},
        {"A000", "no envelope"},
        {"A080 0000", "no envelope"},
        {"A080 3100 0000", "no content"},
        {"A080 3100 0500 0000", "not an OCTET STRING"},
        {"A080 3100 0400 0400 0000", "after the content"},
        {"A080 3100 0400 0000 00", "after the end"},
        {"A004 3100 0400 00", "after the end"},
        {"A080 3100 2480 0500 0000 0000", "wrong tag"},
        {"A005 3100 0402 6161", "longer than what holds it"},
        {"A006 3180 0000 0480", "indefinite length on a primitive"},
        {"A004 3180 0000", "no content"},
        {"A004 3180 0400 00", "no end-of-contents"},
        {"A080 3180 0001", "unexpected end-of-contents"},
        {"8000", "neither a message"},
        {"A300", "neither a message"},
        {"FF8310 03 020101", "neither a message"},
        {"0000", "unexpected end-of-contents"},
        {"A0FF", "reserved length"},
        {"A0 8A 0102030405060708090A", "length too large"},
        {"BF FFFFFFFFFF7F 00", "tag number too large"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fault = stream_fault(pool, X411_MODE_1984, support_hex(pool, cases[i].hex), 1000);
        if (!strstr(fault, cases[i].fault))
            printf("\n%s: %s\n", cases[i].hex, fault);
        CU_ASSERT_PTR_NOT_NULL(strstr(fault, cases[i].fault));
    }
    CU_ASSERT_STRING_EQUAL(stream_fault(pool, X411_MODE_1984, support_hex(pool, "A080 3100 0400 0000"), 100),
                           "");
    CU_ASSERT_STRING_EQUAL(stream_fault(pool, X411_MODE_NORMAL,
                                        support_hex(pool, "2880 020105 A080 A004 3100 2400 0000 0000"), 100),
                           "");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(stream_fault(pool, X411_MODE_NORMAL, support_hex(pool, "2880 0000"), 100), "holds no APDU"));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        stream_fault(pool, X411_MODE_NORMAL, support_hex(pool, "2880 8100 0000"), 100), "holds octets"));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        stream_fault(pool, X411_MODE_1984, support_hex(pool, "2880 020105 A080"), 100), "neither a message"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(stream_fault(pool, X411_MODE_1984, support_hex(pool, "A0803184FFFFFFFF"), 100),
               "longer than the limit"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(stream_fault(pool, X411_MODE_1984, support_hex(pool, "A0803180 0406616161616161"), 8),
               "longer than the limit"));
    /* Depth: content in content in content. */
    uint8_t deep[300] = {0xA0, 0x80, 0x31, 0x00};
    for (size_t i = 4; i + 1 < sizeof(deep); i += 2)
        memcpy(deep + i, "\x24\x80", 2);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(stream_fault(pool, X411_MODE_1984, bytes_make(deep, sizeof(deep)), 100), "nested too deeply"));
    apr_pool_destroy(pool);
}

static void test_mts_identifiers(void)
{
    apr_pool_t *pool = support_pool();
    x411_mts_id_t id = x411_mts_id_make(pool, &own, "SERVER", TIME_SECONDS(1795317265), 42);
    CU_ASSERT_STRING_EQUAL(x411_mts_id_text(pool, &id), "C=GB;A= ;P=ORG;L=SERVER-261122031425Z-42");
    x411_mts_id_t long_host =
        x411_mts_id_make(pool, &own, "a-very-long-host-name.example.org", TIME_SECONDS(1795317265), 123456);
    CU_ASSERT_EQUAL(long_host.local.octets.length, X411_UB_LOCAL_ID);
    static const char *const texts[] = {"C=GB;A= ;P=ORG;L=<x@y>", "C=840;A@=;L=a;;b", "C@=840;A#=1;P#=2;L=x",
                                        "C=DE;A=dbp;L={000}{255}"};
    for (unsigned i = 0; i < 4; i++) {
        x411_mts_id_t back;
        CU_ASSERT_PTR_NULL_FATAL(x411_mts_id_parse(pool, texts[i], &back));
        CU_ASSERT_STRING_EQUAL(x411_mts_id_text(pool, &back), texts[i]);
        CU_ASSERT(x411_mts_id_equal(&back, &back));
        CU_ASSERT_FALSE(x411_mts_id_equal(&back, &id));
    }
    x411_domain_t domain;
    CU_ASSERT_PTR_NULL(x411_domain_parse(pool, "C=gb;A=;P=org", &domain));
    CU_ASSERT(x411_domain_equal(&domain, &own));
    CU_ASSERT_PTR_NOT_NULL(x411_domain_parse(pool, "A=x", &domain));
    CU_ASSERT_PTR_NOT_NULL(x411_domain_parse(pool, "C=GB;L=1", &domain));
    CU_ASSERT_PTR_NOT_NULL(x411_mts_id_parse(pool, "C=GB;A= ", &id));
    x411_domain_t made = x411_domain_make("GB", "", "ORG");
    CU_ASSERT(x411_domain_equal(&made, &own));
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_P1_02_unknown_extensions_pass_unchanged),
    UNIT_TEST(test_P1_02_critical_extensions),
    UNIT_TEST(test_P1_02_each_optional_field),
    UNIT_TEST(test_P1_03_odd_encodings),
    UNIT_TEST(test_P1_03_high_tags_are_kept),
    UNIT_TEST(test_P1_06_bilateral_information),
    UNIT_TEST(test_P1_06_internal_trace_off),
    UNIT_TEST(test_P1_07_five_thousand_recipients),
    UNIT_TEST(test_P1_07_one_bad_recipient),
    UNIT_TEST(test_robustness_list),
    UNIT_TEST(test_P1_14_malformed_apdus),
    UNIT_TEST(test_P1_14_malformed_streams),
    UNIT_TEST(test_mts_identifiers),
};

UNIT_MAIN("x411/message", tests)
