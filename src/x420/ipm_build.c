#include "x420/ipm_build.h"

#include <apr_strings.h>
#include <apr_time.h>

#include "x411/downgrade.h"
#include "x420/charset.h"

/* Contents octets of object identifiers. */
#define OID_EXTENDED_SUBJECT BYTES_LITERAL("\x56\x01\x05\x08")
#define OID_PARAMETERS_GENERAL_TEXT BYTES_LITERAL("\x56\x01\x0B\x0B")
#define OID_GENERAL_TEXT BYTES_LITERAL("\x56\x01\x04\x0B")
#define OID_PARAMETERS_FILE BYTES_LITERAL("\x56\x01\x0B\x0C")
#define OID_FILE BYTES_LITERAL("\x56\x01\x04\x0C")
#define OID_EIT_FILE BYTES_LITERAL("\x56\x01\x0C\x00")
/* {iso standard 8571 abstract-syntax(2) unstructured-binary(4)} */
#define OID_UNSTRUCTURED_BINARY BYTES_LITERAL("\x28\xC2\x7B\x02\x04")

enum { REGISTRATION_C0 = 1, REGISTRATION_ASCII = 6, REGISTRATION_LATIN1 = 100, REGISTRATION_UTF8 = 196 };
enum { EIT_LIMIT = 8 };

typedef struct build_t {
    apr_pool_t *pool;
    const x420_spec_t *spec;
    ber_writer_t *writer;
    x420_built_t *built;
    bool p2;
    unsigned bits[EIT_LIMIT]; /* built-in encoded information types so far, and */
    unsigned bit_count;
    bytes_t extended[EIT_LIMIT]; /* those named by object identifiers */
    unsigned extended_count;
    err_t *err;
} build_t;

static void fail(build_t *build, const char *what)
{
    if (!build->err)
        build->err = err_create(build->pool, X420_ERROR_VALUE, "P2", "%s", what);
}

static void add_bit(build_t *build, unsigned bit)
{
    for (unsigned i = 0; i < build->bit_count; i++)
        if (build->bits[i] == bit)
            return;
    if (build->bit_count < EIT_LIMIT)
        build->bits[build->bit_count++] = bit;
}

static void add_extended(build_t *build, bytes_t oid)
{
    for (unsigned i = 0; i < build->extended_count; i++)
        if (bytes_equal(build->extended[i], oid))
            return;
    if (build->extended_count < EIT_LIMIT)
        build->extended[build->extended_count++] = bytes_copy(build->pool, oid);
}

/* {iso standard 10021 7 1 0 n}: the encoded information type of a character set registration. */
static void add_charset(build_t *build, int registration)
{
    const char *text = apr_psprintf(build->pool, "1.0.10021.7.1.0.%d", registration);
    add_extended(build, ber_oid_from_text(build->pool, text));
}

/* An O/R name; in P2 it must be one of 1984, where a common name is a domain-defined attribute. */
static void put_name(build_t *build, const x411_or_name_t *name)
{
    if (build->p2) {
        x411_or_name_t *older = x411_or_name_copy(build->pool, name);
        if (!x411_or_name_downgrade(build->pool, older))
            fail(build, "an address that a 1984 message cannot carry");
        name = older;
    }
    x411_or_name_write(build->writer, BER_APPLICATION(0), name);
}

static size_t character_length(bytes_t text)
{
    bytes_t rest = text;
    x420_utf8_next(&rest);
    return text.length - rest.length;
}

/* text in T.61, at most limit octets; *lost if characters had to be replaced or cut off. */
static bytes_t to_t61(apr_pool_t *pool, bytes_t text, size_t limit, bool *lost)
{
    uint8_t *out = apr_palloc(pool, limit + 1);
    size_t length = 0;
    while (text.length) {
        size_t octets = character_length(text);
        bytes_t t61 = x411_t61_from_utf8(pool, bytes_slice(text, 0, octets));
        if (!t61.data || !t61.length) {
            t61 = BYTES_LITERAL("?");
            *lost = true;
        }
        if (length + t61.length > limit) {
            *lost = true;
            break;
        }
        memcpy(out + length, t61.data, t61.length);
        length += t61.length;
        text = bytes_slice(text, octets, SIZE_MAX);
    }
    return bytes_make(out, length);
}

static void put_recipient(build_t *build, const x420_to_t *to)
{
    ber_writer_t *writer = build->writer;
    bool lost = false;
    ber_open(writer, BER_SET);
    ber_open(writer, BER_CONTEXT(0));
    put_name(build, to->name);
    if (to->free_form && *to->free_form)
        ber_put_octets(writer, BER_CONTEXT(0),
                       to_t61(build->pool, bytes_of_string(to->free_form), X420_UB_FREE_FORM_NAME, &lost));
    ber_close(writer);
    if (to->receipt || to->non_receipt) {
        uint8_t bits = (uint8_t)((to->receipt ? 0x80 : 0) | 0x40);
        ber_put_bits(writer, BER_CONTEXT(1), &bits, 2);
    }
    if (to->reply_requested)
        ber_put_boolean(writer, BER_CONTEXT(2), true);
    ber_close(writer);
}

static void put_recipients(build_t *build, x420_role_t role, ber_tag_t tag)
{
    bool open = false;
    for (unsigned i = 0; i < build->spec->to_count; i++) {
        const x420_to_t *to = &build->spec->to[i];
        if (to->role != role)
            continue;
        if (!open)
            ber_open(build->writer, tag);
        open = true;
        put_recipient(build, to);
    }
    if (open)
        ber_close(build->writer);
}

/* The subject in T.61; where that loses something a P22 says it whole in extended-subject. */
static void put_subject(build_t *build, bool *extended)
{
    const char *subject = build->spec->subject;
    if (!subject)
        return;
    bytes_t t61 = to_t61(build->pool, bytes_of_string(subject), X420_UB_SUBJECT, extended);
    build->built->subject_replaced = *extended;
    ber_open(build->writer, BER_CONTEXT(8));
    ber_put_octets(build->writer, BER_TELETEX_STRING, t61);
    ber_close(build->writer);
}

static void put_extended_subject(build_t *build)
{
    x411_universal_t wide = x411_universal_from_utf8(build->pool, bytes_of_string(build->spec->subject));
    if (!wide.type)
        return;
    ber_open(build->writer, BER_CONTEXT(15));
    ber_open(build->writer, BER_SEQUENCE);
    ber_put_oid(build->writer, BER_OBJECT_IDENTIFIER, OID_EXTENDED_SUBJECT);
    ber_open(build->writer, BER_SET);
    ber_put_octets(build->writer, wide.type, wide.octets);
    ber_close(build->writer);
    ber_close(build->writer);
    ber_close(build->writer);
}

static void put_ipm_id(build_t *build, ber_tag_t tag, const x411_or_name_t *user, const char *local)
{
    ber_open(build->writer, tag);
    if (user)
        put_name(build, user);
    ber_put_octets(build->writer, BER_PRINTABLE_STRING,
                   bytes_slice(bytes_of_string(local), 0, X420_UB_LOCAL_ID));
    ber_close(build->writer);
}

static void put_heading(build_t *build)
{
    const x420_spec_t *spec = build->spec;
    ber_writer_t *writer = build->writer;
    bool extended = false;
    ber_open(writer, BER_SET);
    put_ipm_id(build, BER_APPLICATION(11), spec->originator, spec->local_id);
    ber_open(writer, BER_CONTEXT(0));
    put_name(build, spec->originator);
    ber_close(writer);
    put_recipients(build, X420_PRIMARY, BER_CONTEXT(2));
    put_recipients(build, X420_COPY, BER_CONTEXT(3));
    put_recipients(build, X420_BLIND_COPY, BER_CONTEXT(4));
    if (spec->in_reply_to)
        put_ipm_id(build, BER_CONTEXT(5), NULL, spec->in_reply_to);
    put_subject(build, &extended);
    if (spec->importance_given)
        ber_put_integer(writer, BER_CONTEXT(12), spec->importance);
    if (spec->sensitivity)
        ber_put_integer(writer, BER_CONTEXT(13), spec->sensitivity);
    if (extended && !build->p2)
        put_extended_subject(build);
    ber_close(writer);
}

/* text with every line end as CRLF. */
static bytes_t with_crlf(apr_pool_t *pool, bytes_t text)
{
    size_t bare = 0;
    for (size_t i = 0; i < text.length; i++)
        bare += text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r');
    if (!bare)
        return text;
    uint8_t *out = apr_palloc(pool, text.length + bare);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r'))
            out[length++] = '\r';
        out[length++] = text.data[i];
    }
    return bytes_make(out, length);
}

static void put_general_text(build_t *build, bytes_t text, bool latin1)
{
    static const int latin1_sets[] = {REGISTRATION_C0, REGISTRATION_ASCII, REGISTRATION_LATIN1};
    static const int utf8_sets[] = {REGISTRATION_UTF8};
    const int *sets = latin1 ? latin1_sets : utf8_sets;
    unsigned count = latin1 ? 3 : 1;
    ber_writer_t *writer = build->writer;
    ber_open(writer, BER_CONTEXT(15));
    ber_open(writer, BER_CONTEXT(0));
    ber_put_oid(writer, BER_OBJECT_IDENTIFIER, OID_PARAMETERS_GENERAL_TEXT);
    ber_open(writer, BER_CONTEXT(0));
    ber_open(writer, BER_SET);
    for (unsigned i = 0; i < count; i++) {
        ber_put_integer(writer, BER_INTEGER, sets[i]);
        add_charset(build, sets[i]);
    }
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
    ber_open(writer, BER_EXTERNAL);
    ber_put_oid(writer, BER_OBJECT_IDENTIFIER, OID_GENERAL_TEXT);
    ber_open(writer, BER_CONTEXT(0));
    ber_put_octets(writer, BER_GENERAL_STRING, text);
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
}

static void put_teletex(build_t *build, bytes_t text)
{
    ber_writer_t *writer = build->writer;
    bytes_t t61 = x411_t61_from_utf8(build->pool, text);
    if (!t61.data) {
        fail(build, "a text with characters that a 1984 message cannot carry");
        return;
    }
    ber_open(writer, BER_CONTEXT(5));
    ber_open(writer, BER_SET);
    ber_put_integer(writer, BER_CONTEXT(0), 1);
    ber_close(writer);
    ber_open(writer, BER_SEQUENCE);
    ber_put_octets(writer, BER_TELETEX_STRING, t61);
    ber_close(writer);
    ber_close(writer);
    add_bit(build, X411_EIT_TELETEX);
}

static void put_text(build_t *build)
{
    ber_writer_t *writer = build->writer;
    bytes_t latin1;
    if (!build->spec->text.data)
        return;
    if (!x420_utf8_is_valid(build->spec->text)) {
        fail(build, "a text that is not UTF-8");
        return;
    }
    bytes_t text = with_crlf(build->pool, build->spec->text);
    if (x420_is_ia5(text)) {
        ber_open(writer, BER_CONTEXT(0));
        ber_open(writer, BER_SET);
        ber_put_integer(writer, BER_CONTEXT(0), 5);
        ber_close(writer);
        ber_put_octets(writer, BER_IA5_STRING, text);
        ber_close(writer);
        add_bit(build, X411_EIT_IA5_TEXT);
    } else if (build->p2) {
        put_teletex(build, text);
    } else if (x420_latin1_from_utf8(build->pool, text, &latin1)) {
        put_general_text(build, latin1, true);
    } else {
        put_general_text(build, text, false);
    }
}

/* FileAttributes: incomplete pathname, date of last modification, size. */
static void put_file_attributes(build_t *build, const x420_attachment_t *attachment)
{
    ber_writer_t *writer = build->writer;
    ber_open(writer, BER_CONTEXT(4));
    if (attachment->name && *attachment->name) {
        ber_open(writer, BER_CONTEXT(0));
        ber_put_string(writer, BER_GRAPHIC_STRING, attachment->name);
        ber_close(writer);
    }
    if (attachment->modified) {
        apr_time_exp_t when;
        apr_time_exp_gmt(&when, attachment->modified);
        const char *text =
            apr_psprintf(build->pool, "%04d%02d%02d%02d%02d%02dZ", when.tm_year + 1900, when.tm_mon + 1,
                         when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec);
        ber_open(writer, BER_CONTEXT(5));
        ber_put_string(writer, BER_CONTEXT(1), text);
        ber_close(writer);
    }
    ber_open(writer, BER_CONTEXT(13));
    ber_put_integer(writer, BER_CONTEXT(1), (int64_t)attachment->octets.length);
    ber_close(writer);
    ber_close(writer);
}

static void put_file(build_t *build, const x420_attachment_t *attachment)
{
    ber_writer_t *writer = build->writer;
    ber_open(writer, BER_CONTEXT(15));
    ber_open(writer, BER_CONTEXT(0));
    ber_put_oid(writer, BER_OBJECT_IDENTIFIER, OID_PARAMETERS_FILE);
    ber_open(writer, BER_CONTEXT(0));
    ber_open(writer, BER_SEQUENCE);
    put_file_attributes(build, attachment);
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
    ber_open(writer, BER_EXTERNAL);
    ber_put_oid(writer, BER_OBJECT_IDENTIFIER, OID_FILE);
    ber_open(writer, BER_CONTEXT(0));
    ber_open(writer, BER_SEQUENCE);
    ber_open(writer, BER_EXTERNAL);
    ber_put_oid(writer, BER_OBJECT_IDENTIFIER, OID_UNSTRUCTURED_BINARY);
    ber_put_octets(writer, BER_CONTEXT(1), attachment->octets);
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
    add_extended(build, OID_EIT_FILE);
}

static void put_attachments(build_t *build)
{
    for (unsigned i = 0; i < build->spec->attachment_count; i++) {
        const x420_attachment_t *attachment = &build->spec->attachments[i];
        if (build->p2 || build->spec->carriage == X420_BILATERAL) {
            ber_put_octets(build->writer, BER_CONTEXT(14), attachment->octets);
            add_bit(build, X411_EIT_UNKNOWN);
        } else {
            put_file(build, attachment);
        }
    }
}

static void finish_eits(build_t *build)
{
    x411_eits_t *eits = &build->built->eits;
    *eits = x411_eits_make(build->pool, build->bits, build->bit_count);
    eits->present = true;
    if (build->extended_count) {
        eits->extended_count = build->extended_count;
        eits->extended = apr_pmemdup(build->pool, build->extended, build->extended_count * sizeof(bytes_t));
    }
}

static const char *complaint(const x420_spec_t *spec)
{
    if (spec->content_type != X411_CONTENT_P2 && spec->content_type != X411_CONTENT_P22)
        return "a content type other than P2 and P22";
    if (!spec->originator || !spec->local_id || !*spec->local_id)
        return "no originator or no identifier";
    if (!x411_is_printable(bytes_of_string(spec->local_id)) ||
        (spec->in_reply_to && !x411_is_printable(bytes_of_string(spec->in_reply_to))))
        return "an identifier with characters outside PrintableString";
    if (spec->subject && !x420_utf8_is_valid(bytes_of_string(spec->subject)))
        return "a subject that is not UTF-8";
    if (spec->attachment_count > X420_LIMIT_BODIES - 1)
        return "too many attachments";
    return NULL;
}

err_t *x420_ipm_build(apr_pool_t *pool, const x420_spec_t *spec, buffer_t *out, x420_built_t *built)
{
    ber_writer_t writer;
    build_t build = {.pool = pool, .spec = spec, .writer = &writer, .built = built};
    const char *wrong = complaint(spec);
    *built = (x420_built_t){.content_type = x411_content_type_make(spec->content_type)};
    if (wrong)
        return err_create(pool, X420_ERROR_VALUE, "P2", "%s", wrong);
    build.p2 = spec->content_type == X411_CONTENT_P2;
    size_t before = buffer_length(out);
    ber_writer_init(&writer, out);
    ber_open(&writer, BER_CONTEXT(0));
    put_heading(&build);
    ber_open(&writer, BER_SEQUENCE);
    put_text(&build);
    put_attachments(&build);
    ber_close(&writer);
    ber_close(&writer);
    finish_eits(&build);
    if (!build.err && !ber_writer_ok(&writer))
        build.err = err_create(pool, X420_ERROR_ENCODE, "P2", "the message is larger than %lu octets",
                               (unsigned long)out->limit);
    if (build.err)
        buffer_truncate(out, before);
    return build.err;
}

const char *x420_local_id_make(apr_pool_t *pool, const char *host, utc_time_t utc, uint64_t counter)
{
    char stamp[X411_TIME_SIZE];
    x411_time_write(utc, stamp);
    char *id = apr_psprintf(pool, "%.29s %.*s %" APR_UINT64_T_FMT, host, X411_TIME_SIZE, stamp,
                            (apr_uint64_t)counter);
    for (char *p = id; *p; p++)
        if (!x411_is_printable(bytes_make(p, 1)))
            *p = '-';
    return id;
}
