#include "x420/ipm_read.h"

bool x420_pages_join(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, bytes_t *joined)
{
    unsigned count = 0;
    size_t total = 0;
    ber_reader_t child;
    ber_tlv_t page;
    if (!x420_count(reader, tlv, X420_LIMIT_PAGES, "too many pages", &count) ||
        !ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        size_t length = 0;
        if (!ber_read(&child, &page) || !ber_value_length(&child, &page, &length))
            return false;
        total += length;
    }
    uint8_t *octets = apr_palloc(pool, total + 1);
    size_t filled = 0;
    ber_children(reader, tlv, &child);
    while (ber_more(&child) && ber_read(&child, &page)) {
        bytes_t value;
        if (!ber_value_octets(&child, &page, pool, &value))
            return false;
        if (value.length)
            memcpy(octets + filled, value.data, value.length);
        filled += value.length;
    }
    *joined = bytes_make(octets, filled);
    return ber_ok(reader);
}

/* The integer parameter [0] of a body part's parameter SET: repertoire, number of pages or syntax. */
static bool first_parameter(const ber_reader_t *reader, const ber_tlv_t *tlv, int64_t *value)
{
    ber_reader_t child;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        if (!ber_read(&child, &element))
            return false;
        if (element.tag == BER_CONTEXT(0) && !ber_value_integer(&child, &element, value))
            return false;
    }
    return ber_ok(reader);
}

/* A body part of parameters and data: IA5 text, teletex, videotex, voice, G3 facsimile. */
static bool parts_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x420_body_t *body)
{
    ber_reader_t child;
    ber_tlv_t element;
    int64_t first = -1;
    if (!ber_children(reader, tlv, &child) || !ber_expect(&child, BER_SET, &element) ||
        !first_parameter(&child, &element, &first) || !ber_read(&child, &element))
        return false;
    body->repertoire = -1;
    body->pages = -1;
    switch (body->type) {
    case X420_BODY_TELETEX:
        body->pages = first;
        return x420_pages_join(&child, &element, pool, &body->octets);
    case X420_BODY_G3: body->pages = first; return true;
    case X420_BODY_IA5:
        body->repertoire = first < 0 ? 5 : first;
        return ber_value_octets(&child, &element, pool, &body->octets);
    case X420_BODY_VIDEOTEX:
        body->repertoire = first;
        return ber_value_octets(&child, &element, pool, &body->octets);
    default: return true;
    }
}

static bool message_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, unsigned nesting,
                         x420_body_t *body)
{
    ber_reader_t child;
    ber_reader_t parameters;
    ber_tlv_t element;
    if (!ber_children(reader, tlv, &child) || !ber_enter(&child, BER_SET, &parameters))
        return false;
    while (ber_more(&parameters)) {
        if (!ber_read(&parameters, &element))
            return false;
        if (element.tag == BER_CONTEXT(0)) {
            if (!x411_time_read_value(&parameters, &element, pool, &body->delivery_time))
                return false;
        } else if (element.tag == BER_CONTEXT(1)) {
            body->delivery_envelope = element.whole;
        }
    }
    if (!ber_expect(&child, BER_SEQUENCE, &element))
        return false;
    if (nesting >= X420_LIMIT_NESTING)
        return true;
    x420_ipm_t *message = apr_pcalloc(pool, sizeof(*message));
    /* A fresh depth, so that messages forwarded many times stay readable: the nesting is bounded above. */
    ber_reader_t fresh = child;
    fresh.depth = 0;
    if (!x420_ipm_read(&fresh, &element, pool, nesting + 1, message))
        return false;
    body->message = message;
    return true;
}

static bool body_element(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, unsigned nesting,
                         x420_body_t *body)
{
    switch (body->type) {
    case X420_BODY_IA5:
    case X420_BODY_TELETEX:
    case X420_BODY_VIDEOTEX:
    case X420_BODY_VOICE:
    case X420_BODY_G3: return parts_read(reader, tlv, pool, body);
    case X420_BODY_BILATERAL:
    case X420_BODY_TELEX: return ber_value_octets(reader, tlv, pool, &body->octets);
    case X420_BODY_MESSAGE: return message_read(reader, tlv, pool, nesting, body);
    case X420_BODY_EXTERNAL: return x420_extended_read(reader, tlv, pool, nesting, body);
    default: return true;
    }
}

static x420_body_type_t body_type(const ber_tlv_t *tlv)
{
    uint32_t number = BER_TAG_NUMBER(tlv->tag);
    if (BER_TAG_CLASS(tlv->tag) != 2 || number > 15 || number == 12 || number == 13)
        return X420_BODY_UNKNOWN;
    return (x420_body_type_t)number;
}

void x420_body_read(apr_pool_t *pool, bytes_t whole, unsigned nesting, x420_body_t *body)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *body = (x420_body_t){.type = X420_BODY_UNKNOWN, .raw = whole, .repertoire = -1, .pages = -1};
    ber_reader_init(&reader, whole, &fault);
    if (ber_read(&reader, &tlv)) {
        body->type = body_type(&tlv);
        /* X.408 telex of 1984 has no fixed form: what does not read as a string is data. */
        if (!body_element(&reader, &tlv, pool, nesting, body) && body->type == X420_BODY_TELEX)
            return;
    }
    if (fault.what)
        body->fault = fault.what;
}

bool x420_ipm_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, unsigned nesting,
                   x420_ipm_t *ipm)
{
    ber_reader_t child;
    ber_reader_t bodies;
    ber_tlv_t element;
    unsigned count = 0;
    if (!ber_children(reader, tlv, &child) || !ber_expect(&child, BER_SET, &element) ||
        !x420_heading_read(&child, &element, pool, &ipm->heading) ||
        !ber_expect(&child, BER_SEQUENCE, &element) ||
        !x420_count(&child, &element, X420_LIMIT_BODIES, "too many body parts", &count) ||
        !ber_children(&child, &element, &bodies))
        return false;
    ipm->bodies = apr_pcalloc(pool, (count + 1) * sizeof(*ipm->bodies));
    while (ber_more(&bodies)) {
        ber_tlv_t part;
        if (!ber_read(&bodies, &part))
            return false;
        x420_body_read(pool, part.whole, nesting, &ipm->bodies[ipm->body_count++]);
    }
    ber_skip_rest(&child);
    return ber_ok(reader);
}
