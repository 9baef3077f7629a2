#include "osi/presentation.h"

#define CONTEXT_LIST_TAG BER_CONTEXT(4)
#define RESULT_LIST_TAG BER_CONTEXT(5)
#define SIMPLY_ENCODED BER_APPLICATION(0)
#define FULLY_ENCODED BER_APPLICATION(1)

const bytes_t presentation_ber = {(const uint8_t *)"\x51\x01", 2};

void presentation_ppdu_init(presentation_ppdu_t *ppdu, presentation_kind_t kind, bool x410)
{
    *ppdu = (presentation_ppdu_t){.kind = kind, .x410 = x410, .provider_reason = -1, .event = -1};
}

/* --- User-data ------------------------------------------------------------------------------------------ */

static bool read_pdv(ber_reader_t *list, apr_pool_t *pool, presentation_pdv_t *pdv)
{
    ber_reader_t reader;
    ber_tlv_t tlv;
    if (!ber_enter(list, BER_SEQUENCE, &reader))
        return false;
    ber_optional(&reader, BER_OBJECT_IDENTIFIER, &tlv); /* transfer syntax: that of the context */
    if (!ber_expect(&reader, BER_INTEGER, &tlv) || !ber_value_integer(&reader, &tlv, &pdv->id))
        return false;
    if (pdv->id < 1 || pdv->id > PRESENTATION_ID_MAXIMUM)
        return ber_fail_at(&reader, &tlv, "presentation context identifier out of range");
    if (ber_optional(&reader, BER_CONTEXT(0), &tlv)) {
        if (!tlv.constructed)
            return ber_fail_at(&reader, &tlv, "primitive single-ASN1-type");
        pdv->value = tlv.content;
    } else if (ber_optional(&reader, BER_CONTEXT(1), &tlv)) {
        if (tlv.constructed && !pool)
            return ber_fail_at(&reader, &tlv, "octet-aligned value in segments");
        ber_value_octets(&reader, &tlv, pool, &pdv->value);
    } else {
        return ber_fail(&reader, "presentation data value in an unknown alternative");
    }
    return ber_done(&reader);
}

static bool read_user_data(ber_reader_t *reader, apr_pool_t *pool, presentation_user_data_t *data)
{
    ber_reader_t list;
    data->count = 0;
    if (ber_is(reader, SIMPLY_ENCODED))
        return ber_fail(reader, "simply encoded user data with several contexts (X.226 8.4.1)");
    if (!ber_enter(reader, FULLY_ENCODED, &list))
        return false;
    while (ber_more(&list)) {
        if (data->count == PRESENTATION_PDV_LIMIT)
            return ber_fail(&list, "too many presentation data values");
        if (!read_pdv(&list, pool, &data->pdv[data->count]))
            return false;
        data->count++;
    }
    return ber_ok(reader);
}

bool presentation_read_user_data(bytes_t input, apr_pool_t *pool, presentation_user_data_t *data,
                                 ber_fault_t *fault)
{
    ber_reader_t reader;
    ber_reader_init(&reader, input, fault);
    return read_user_data(&reader, pool, data) && ber_done(&reader);
}

void presentation_write_user_data(ber_writer_t *writer, const presentation_user_data_t *data)
{
    ber_open(writer, FULLY_ENCODED);
    for (unsigned i = 0; i < data->count; i++) {
        ber_open(writer, BER_SEQUENCE);
        ber_put_integer(writer, BER_INTEGER, data->pdv[i].id);
        ber_open(writer, BER_CONTEXT(0));
        ber_put_raw(writer, data->pdv[i].value);
        ber_close(writer);
        ber_close(writer);
    }
    ber_close(writer);
}

/* Writes an identifier octet and a length that end at p; returns where they begin. */
static uint8_t *put_header_before(uint8_t *p, uint8_t identifier, size_t length)
{
    if (length < 0x80) {
        *--p = (uint8_t)length;
    } else {
        uint8_t octets = 0;
        for (; length; length >>= 8, octets++)
            *--p = (uint8_t)length;
        *--p = (uint8_t)(0x80U | octets);
    }
    *--p = identifier;
    return p;
}

size_t presentation_data_header(uint8_t header[PRESENTATION_HEADER_SIZE], int64_t id, size_t length)
{
    uint8_t *end = header + PRESENTATION_HEADER_SIZE;
    uint8_t *p = put_header_before(end, 0xA0, length);
    if (id >= 0x80)
        *--p = (uint8_t)id, *--p = (uint8_t)(id >> 8), *--p = 2;
    else
        *--p = (uint8_t)id, *--p = 1;
    *--p = 0x02;
    p = put_header_before(p, 0x30, (size_t)(end - p) + length);
    p = put_header_before(p, 0x61, (size_t)(end - p) + length);
    size_t size = (size_t)(end - p);
    memmove(header, p, size);
    return size;
}

/* --- Lists of contexts ---------------------------------------------------------------------------------- */

static bool read_definition(ber_reader_t *list, presentation_context_t *context)
{
    ber_reader_t reader;
    ber_reader_t names;
    ber_tlv_t tlv;
    *context = (presentation_context_t){.reason = -1};
    if (!ber_enter(list, BER_SEQUENCE, &reader))
        return false;
    if (!ber_expect(&reader, BER_INTEGER, &tlv) || !ber_value_integer(&reader, &tlv, &context->id))
        return false;
    if (context->id < 1 || context->id > PRESENTATION_ID_MAXIMUM)
        return ber_fail_at(&reader, &tlv, "presentation context identifier out of range");
    if (!ber_expect(&reader, BER_OBJECT_IDENTIFIER, &tlv))
        return false;
    context->abstract_syntax = tlv.content;
    if (!ber_enter(&reader, BER_SEQUENCE, &names))
        return false;
    while (ber_more(&names)) {
        if (!ber_expect(&names, BER_OBJECT_IDENTIFIER, &tlv))
            return false;
        if (context->transfer_syntaxes < PRESENTATION_SYNTAX_LIMIT)
            context->transfer_syntax[context->transfer_syntaxes++] = tlv.content;
        else if (bytes_equal(tlv.content, presentation_ber))
            context->transfer_syntax[PRESENTATION_SYNTAX_LIMIT - 1] = tlv.content;
    }
    return ber_done(&reader);
}

static bool read_result(ber_reader_t *list, presentation_context_t *context)
{
    ber_reader_t reader;
    ber_tlv_t tlv;
    *context = (presentation_context_t){.reason = -1};
    if (!ber_enter(list, BER_SEQUENCE, &reader))
        return false;
    if (!ber_expect(&reader, BER_CONTEXT(0), &tlv) || !ber_value_integer(&reader, &tlv, &context->result))
        return false;
    if (ber_optional(&reader, BER_CONTEXT(1), &tlv)) {
        context->transfer_syntax[0] = tlv.content;
        context->transfer_syntaxes = 1;
    }
    if (ber_optional(&reader, BER_CONTEXT(2), &tlv))
        ber_value_integer(&reader, &tlv, &context->reason);
    return ber_done(&reader);
}

static bool read_identifier(ber_reader_t *list, presentation_context_t *context)
{
    ber_reader_t reader;
    ber_tlv_t tlv;
    *context = (presentation_context_t){.reason = -1};
    if (!ber_enter(list, BER_SEQUENCE, &reader))
        return false;
    if (!ber_expect(&reader, BER_INTEGER, &tlv) || !ber_value_integer(&reader, &tlv, &context->id))
        return false;
    if (!ber_expect(&reader, BER_OBJECT_IDENTIFIER, &tlv))
        return false;
    context->transfer_syntax[0] = tlv.content;
    context->transfer_syntaxes = 1;
    return ber_done(&reader);
}

static bool read_list(ber_reader_t *reader, ber_tag_t tag,
                      bool (*read_one)(ber_reader_t *list, presentation_context_t *context),
                      presentation_ppdu_t *ppdu)
{
    ber_reader_t list;
    presentation_context_t beyond;
    if (!ber_enter_optional(reader, tag, &list))
        return ber_ok(reader);
    while (ber_more(&list)) {
        if (ppdu->contexts < PRESENTATION_CONTEXT_LIMIT) {
            if (read_one(&list, &ppdu->context[ppdu->contexts]))
                ppdu->contexts++;
        } else if (ppdu->contexts_beyond >= PRESENTATION_CONTEXT_LIMIT) {
            return ber_fail(&list, "too many presentation contexts");
        } else if (read_one(&list, &beyond)) {
            ppdu->contexts_beyond++;
        }
    }
    return ber_ok(reader);
}

static void write_definitions(ber_writer_t *writer, const presentation_ppdu_t *ppdu)
{
    ber_open(writer, CONTEXT_LIST_TAG);
    for (unsigned i = 0; i < ppdu->contexts; i++) {
        const presentation_context_t *context = &ppdu->context[i];
        ber_open(writer, BER_SEQUENCE);
        ber_put_integer(writer, BER_INTEGER, context->id);
        ber_put_oid(writer, BER_OBJECT_IDENTIFIER, context->abstract_syntax);
        ber_open(writer, BER_SEQUENCE);
        for (unsigned n = 0; n < context->transfer_syntaxes; n++)
            ber_put_oid(writer, BER_OBJECT_IDENTIFIER, context->transfer_syntax[n]);
        ber_close(writer);
        ber_close(writer);
    }
    ber_close(writer);
}

static void write_results(ber_writer_t *writer, const presentation_ppdu_t *ppdu)
{
    ber_open(writer, RESULT_LIST_TAG);
    for (unsigned i = 0; i < ppdu->contexts + ppdu->contexts_beyond; i++) {
        static const presentation_context_t over_limit = {.result = PRESENTATION_PROVIDER_REJECTION,
                                                          .reason = PRESENTATION_LOCAL_LIMIT};
        const presentation_context_t *context = i < ppdu->contexts ? &ppdu->context[i] : &over_limit;
        ber_open(writer, BER_SEQUENCE);
        ber_put_integer(writer, BER_CONTEXT(0), context->result);
        if (context->transfer_syntaxes)
            ber_put_oid(writer, BER_CONTEXT(1), context->transfer_syntax[0]);
        if (context->reason >= 0)
            ber_put_integer(writer, BER_CONTEXT(2), context->reason);
        ber_close(writer);
    }
    ber_close(writer);
}

/* --- PPDUs ---------------------------------------------------------------------------------------------- */

static void skip_optional(ber_reader_t *reader, unsigned first, unsigned last)
{
    ber_tlv_t tlv;
    ber_tag_t tag;
    while (ber_peek(reader, &tag) && BER_TAG_CLASS(tag) == 2 && BER_TAG_NUMBER(tag) >= first &&
           BER_TAG_NUMBER(tag) <= last)
        ber_read(reader, &tlv);
}

static bool read_selector(ber_reader_t *reader, unsigned tag, apr_pool_t *pool, bytes_t *selector)
{
    ber_tlv_t tlv;
    if (!ber_optional(reader, BER_CONTEXT(tag), &tlv))
        return ber_ok(reader);
    if (!ber_value_octets(reader, &tlv, pool, selector))
        return false;
    if (selector->length > OSI_PSEL_LIMIT)
        return ber_fail_at(reader, &tlv, "presentation selector too long");
    return true;
}

/* The normal-mode parameters: those of the three connect PPDUs do not overlap, so one reader serves. */
static bool read_normal(ber_reader_t *reader, apr_pool_t *pool, presentation_ppdu_t *ppdu)
{
    bool cp = ppdu->kind == PRESENTATION_CP;
    ber_tlv_t tlv;
    skip_optional(reader, 0, 0); /* protocol version: version 1 is the only one */
    if (cp)
        read_selector(reader, 1, pool, &ppdu->calling_selector);
    read_selector(reader, cp ? 2 : 3, pool, &ppdu->called_selector);
    if (cp)
        read_list(reader, CONTEXT_LIST_TAG, read_definition, ppdu);
    else
        read_list(reader, RESULT_LIST_TAG, read_result, ppdu);
    skip_optional(reader, 6, 9); /* default context, requirements: no use with a list and the kernel */
    if (ppdu->kind == PRESENTATION_CPR && ber_optional(reader, BER_CONTEXT(10), &tlv))
        ber_value_integer(reader, &tlv, &ppdu->provider_reason);
    skip_optional(reader, 11, 14); /* options and extensions of later versions */
    if (ber_more(reader))
        read_user_data(reader, pool, &ppdu->user_data);
    ber_skip_rest(reader);
    return ber_ok(reader);
}

static bool read_mode(const ber_reader_t *reader, const ber_tlv_t *selector, int64_t *mode)
{
    ber_reader_t child;
    ber_tlv_t tlv;
    return ber_children(reader, selector, &child) && ber_expect(&child, BER_CONTEXT(0), &tlv) &&
           ber_value_integer(&child, &tlv, mode);
}

/* CP and CPA: SET { [0] mode-selector, [1] X.410 parameters, [2] normal-mode parameters } in any order; or
 * the X.410 parameters themselves, which begin with a primitive [0] or have no [0] at all. */
static bool read_set(ber_reader_t *outer, apr_pool_t *pool, presentation_ppdu_t *ppdu)
{
    ber_tlv_t set;
    ber_tlv_t tlv;
    ber_tlv_t normal = {0};
    ber_tlv_t x410 = {0};
    ber_reader_t reader;
    int64_t mode = -1;
    if (!ber_expect(outer, BER_SET, &set) || !ber_children(outer, &set, &reader))
        return false;
    while (ber_more(&reader) && ber_read(&reader, &tlv)) {
        if (tlv.tag == BER_CONTEXT(0) && tlv.constructed)
            read_mode(&reader, &tlv, &mode);
        else if (tlv.tag == BER_CONTEXT(1) && tlv.constructed)
            x410 = tlv;
        else if (tlv.tag == BER_CONTEXT(2) && tlv.constructed)
            normal = tlv;
    }
    if (!ber_ok(&reader))
        return false;
    if (mode < 0) {
        ppdu->x410 = true;
        ppdu->parameters = set.content;
        return true;
    }
    if (mode == 0) {
        ppdu->x410 = true;
        ppdu->parameters = x410.content;
        return x410.whole.length > 0 || ber_fail_at(outer, &set, "X.410 mode without its parameters");
    }
    if (mode != 1 || normal.whole.length == 0)
        return ber_fail_at(outer, &set, "unknown presentation mode");
    return ber_children(outer, &normal, &reader) && read_normal(&reader, pool, ppdu);
}

bool presentation_read_connect(bytes_t input, presentation_kind_t kind, apr_pool_t *pool,
                               presentation_ppdu_t *ppdu, ber_fault_t *fault)
{
    ber_reader_t reader;
    ber_tlv_t set;
    presentation_ppdu_init(ppdu, kind, false);
    ber_reader_init(&reader, input, fault);
    if (kind != PRESENTATION_CPR) {
        /* CPC-type values may follow a CP: other encodings of the same user data, of no use here. */
        return read_set(&reader, pool, ppdu);
    }
    if (ber_optional(&reader, BER_SET, &set)) {
        ppdu->x410 = true;
        ppdu->parameters = set.content;
        return set.constructed || ber_fail_at(&reader, &set, "primitive set");
    }
    ber_reader_t normal;
    return ber_enter(&reader, BER_SEQUENCE, &normal) && read_normal(&normal, pool, ppdu);
}

bool presentation_read_abort(bytes_t input, apr_pool_t *pool, presentation_ppdu_t *ppdu, ber_fault_t *fault)
{
    ber_reader_t reader;
    ber_reader_t child;
    ber_tlv_t tlv;
    presentation_ppdu_init(ppdu, PRESENTATION_ARU, false);
    ber_reader_init(&reader, input, fault);
    if (ber_optional(&reader, BER_SET, &tlv)) {
        ppdu->x410 = true;
        ppdu->parameters = tlv.content;
        return tlv.constructed || ber_fail_at(&reader, &tlv, "primitive set");
    }
    if (ber_enter_optional(&reader, BER_CONTEXT(0), &child)) {
        read_list(&child, BER_CONTEXT(0), read_identifier, ppdu);
        if (ber_more(&child))
            read_user_data(&child, pool, &ppdu->user_data);
        return ber_ok(&reader);
    }
    ppdu->kind = PRESENTATION_ARP;
    if (!ber_enter(&reader, BER_SEQUENCE, &child))
        return false;
    if (ber_optional(&child, BER_CONTEXT(0), &tlv))
        ber_value_integer(&child, &tlv, &ppdu->provider_reason);
    if (ber_optional(&child, BER_CONTEXT(1), &tlv))
        ber_value_integer(&child, &tlv, &ppdu->event);
    return ber_ok(&reader);
}

static void write_mode(ber_writer_t *writer, int64_t mode)
{
    ber_open(writer, BER_CONTEXT(0));
    ber_put_integer(writer, BER_CONTEXT(0), mode);
    ber_close(writer);
}

static void write_normal(ber_writer_t *writer, const presentation_ppdu_t *ppdu)
{
    bool cp = ppdu->kind == PRESENTATION_CP;
    if (cp && ppdu->calling_selector.length)
        ber_put_octets(writer, BER_CONTEXT(1), ppdu->calling_selector);
    if (ppdu->called_selector.length)
        ber_put_octets(writer, BER_CONTEXT(cp ? 2 : 3), ppdu->called_selector);
    if (cp && ppdu->contexts)
        write_definitions(writer, ppdu);
    else if (ppdu->contexts)
        write_results(writer, ppdu);
    if (ppdu->provider_reason >= 0)
        ber_put_integer(writer, BER_CONTEXT(10), ppdu->provider_reason);
    if (ppdu->user_data.count)
        presentation_write_user_data(writer, &ppdu->user_data);
}

static void write_connect(ber_writer_t *writer, const presentation_ppdu_t *ppdu)
{
    ber_open(writer, BER_SET);
    write_mode(writer, ppdu->x410 ? 0 : 1);
    if (ppdu->x410) {
        ber_open(writer, BER_CONTEXT(1));
        ber_put_raw(writer, ppdu->parameters);
    } else {
        ber_open(writer, BER_CONTEXT(2));
        write_normal(writer, ppdu);
    }
    ber_close(writer);
    ber_close(writer);
}

static void write_user_abort(ber_writer_t *writer, const presentation_ppdu_t *ppdu)
{
    ber_open(writer, BER_CONTEXT(0));
    if (ppdu->contexts) {
        ber_open(writer, BER_CONTEXT(0));
        for (unsigned i = 0; i < ppdu->contexts; i++) {
            ber_open(writer, BER_SEQUENCE);
            ber_put_integer(writer, BER_INTEGER, ppdu->context[i].id);
            ber_put_oid(writer, BER_OBJECT_IDENTIFIER, ppdu->context[i].transfer_syntax[0]);
            ber_close(writer);
        }
        ber_close(writer);
    }
    if (ppdu->user_data.count)
        presentation_write_user_data(writer, &ppdu->user_data);
    ber_close(writer);
}

void presentation_write(ber_writer_t *writer, const presentation_ppdu_t *ppdu)
{
    if (ppdu->kind == PRESENTATION_CP || ppdu->kind == PRESENTATION_CPA) {
        write_connect(writer, ppdu);
    } else if (ppdu->x410) {
        ber_open(writer, BER_SET);
        ber_put_raw(writer, ppdu->parameters);
        ber_close(writer);
    } else if (ppdu->kind == PRESENTATION_CPR) {
        ber_open(writer, BER_SEQUENCE);
        write_normal(writer, ppdu);
        ber_close(writer);
    } else if (ppdu->kind == PRESENTATION_ARU) {
        write_user_abort(writer, ppdu);
    } else {
        ber_open(writer, BER_SEQUENCE);
        if (ppdu->provider_reason >= 0)
            ber_put_integer(writer, BER_CONTEXT(0), ppdu->provider_reason);
        if (ppdu->event >= 0)
            ber_put_integer(writer, BER_CONTEXT(1), ppdu->event);
        ber_close(writer);
    }
}

/* --- Words ---------------------------------------------------------------------------------------------- */

const char *presentation_result_text(int64_t result, int64_t reason)
{
    if (result == PRESENTATION_ACCEPTANCE)
        return "accepted";
    if (result == PRESENTATION_USER_REJECTION)
        return "rejected by the user";
    switch (reason) {
    case PRESENTATION_ABSTRACT_SYNTAX_NOT_SUPPORTED: return "abstract syntax not supported";
    case PRESENTATION_TRANSFER_SYNTAXES_NOT_SUPPORTED: return "transfer syntax not supported";
    case PRESENTATION_LOCAL_LIMIT: return "too many contexts";
    default: return "rejected by the provider";
    }
}

const char *presentation_refuse_text(int64_t provider_reason)
{
    static const char *const text[] = {
        "reason not specified",           "temporary congestion",
        "local limit exceeded",           "called presentation address unknown",
        "protocol version not supported", "default context not supported",
        "user data not readable",         "no PSAP available"};
    if (provider_reason < 0 || provider_reason >= (int64_t)(sizeof(text) / sizeof(text[0])))
        return "unknown reason";
    return text[provider_reason];
}

const char *presentation_abort_text(int64_t reason)
{
    static const char *const text[] = {"reason not specified",
                                       "unrecognized PPDU",
                                       "unexpected PPDU",
                                       "unexpected session service primitive",
                                       "unrecognized PPDU parameter",
                                       "unexpected PPDU parameter",
                                       "invalid PPDU parameter value"};
    if (reason < 0 || reason >= (int64_t)(sizeof(text) / sizeof(text[0])))
        return "unknown reason";
    return text[reason];
}
