#include "x411/apdu_stream.h"

/* What an open element is. */
enum {
    ROLE_EXTERNAL, /* the EXTERNAL of normal mode */
    ROLE_SINGLE,   /* its [0] single-ASN1-type */
    ROLE_MESSAGE,  /* [0] Message */
    ROLE_COLLECT,  /* of indefinite length, inside what is collected */
    ROLE_CONTENT   /* constructed OCTET STRING of the content */
};

/* What happens to the octets of an element that is not looked into. */
enum { BULK_SKIP, BULK_COLLECT, BULK_CONTENT };

typedef struct element_t {
    ber_tag_t tag;
    bool constructed;
    bool indefinite;
    uint64_t length;
} element_t;

void x411_stream_init(x411_stream_t *stream, apr_pool_t *pool, x411_mode_t mode, size_t envelope_limit)
{
    *stream = (x411_stream_t){.mode = mode};
    buffer_init(&stream->collected, pool, envelope_limit);
}

void x411_stream_destroy(x411_stream_t *stream)
{
    buffer_release(&stream->collected);
}

static bool fail(x411_stream_t *stream, x411_error_t code, const char *what)
{
    if (!stream->fault) {
        stream->fault = what;
        stream->fault_code = code;
        stream->fault_offset = stream->offset - stream->header_length;
    }
    return false;
}

static bool malformed(x411_stream_t *stream, const char *what)
{
    return fail(stream, X411_ERROR_MALFORMED, what);
}

/* Where the innermost open element must end. */
static uint64_t limit_of(const x411_stream_t *stream)
{
    return stream->depth ? stream->frames[stream->depth - 1].end : UINT64_MAX;
}

static bool collect(x411_stream_t *stream, bytes_t octets)
{
    return buffer_append(&stream->collected, octets) ||
           fail(stream, X411_ERROR_LIMIT, "the envelope is longer than the limit");
}

static bool push(x411_stream_t *stream, uint8_t role, const element_t *element)
{
    if (stream->depth == BER_DEPTH_LIMIT)
        return malformed(stream, "nested too deeply");
    uint64_t end = element->indefinite ? limit_of(stream) : stream->offset + element->length;
    stream->frames[stream->depth++] = (x411_stream_frame_t){end, element->indefinite, role};
    return true;
}

static void start_bulk(x411_stream_t *stream, uint8_t kind, uint64_t length)
{
    stream->bulk_kind = kind;
    stream->bulk = length;
}

/* Called when an element inside the collected part is complete: is it the whole part? */
static void check_collected(x411_stream_t *stream)
{
    if (stream->collecting && stream->depth == stream->collect_depth && stream->bulk == 0) {
        stream->collecting = false;
        stream->collected_pending = true;
    }
}

/* An element inside (or the root of) the collected part whose header has been read. */
static bool collect_element(x411_stream_t *stream, const element_t *element)
{
    if (!collect(stream, bytes_make(stream->header, stream->header_length)))
        return false;
    if (element->indefinite)
        return push(stream, ROLE_COLLECT, element);
    if (element->length > stream->collected.limit)
        return fail(stream, X411_ERROR_LIMIT, "the envelope is longer than the limit");
    start_bulk(stream, BULK_COLLECT, element->length);
    check_collected(stream);
    return true;
}

static bool start_collecting(x411_stream_t *stream, const element_t *element)
{
    stream->collecting = true;
    stream->collect_depth = stream->depth;
    return collect_element(stream, element);
}

/* Where the APDU itself belongs. */
static bool handle_apdu(x411_stream_t *stream, const element_t *element)
{
    if (stream->apdu_seen)
        return malformed(stream, "more than one APDU");
    bool standard = element->tag == BER_CONTEXT(X411_MESSAGE) || element->tag == BER_CONTEXT(X411_REPORT) ||
                    element->tag == BER_CONTEXT(X411_PROBE);
    stream->own = stream->own_taken && element->tag == X411_TAG_OWN;
    if (!element->constructed || !(standard || stream->own))
        return fail(stream, X411_ERROR_UNKNOWN, "neither a message nor a report nor a probe");
    stream->apdu_seen = true;
    if (stream->own)
        return start_collecting(stream, element);
    stream->kind = (x411_kind_t)BER_TAG_NUMBER(element->tag);
    stream->kind_known = true;
    if (stream->kind == X411_MESSAGE)
        return push(stream, ROLE_MESSAGE, element);
    return start_collecting(stream, element);
}

static bool handle_external(x411_stream_t *stream, const element_t *element)
{
    if (element->tag == BER_CONTEXT(0) && element->constructed && !stream->apdu_seen)
        return push(stream, ROLE_SINGLE, element);
    if (element->tag == BER_CONTEXT(1) || element->tag == BER_CONTEXT(2))
        return malformed(stream, "the EXTERNAL holds octets, not a single ASN.1 type");
    bool reference = element->tag == BER_INTEGER || element->tag == BER_OBJECT_IDENTIFIER ||
                     element->tag == BER_OBJECT_DESCRIPTOR;
    if (!reference || element->constructed || stream->apdu_seen)
        return malformed(stream, "unexpected element in the EXTERNAL");
    start_bulk(stream, BULK_SKIP, element->length);
    return true;
}

static bool handle_content(x411_stream_t *stream, const element_t *element)
{
    if (element->tag != BER_OCTET_STRING)
        return malformed(stream, stream->frames[stream->depth - 1].role == ROLE_CONTENT
                                     ? "a segment of the content has a wrong tag"
                                     : "the content is not an OCTET STRING");
    if (element->constructed)
        return push(stream, ROLE_CONTENT, element);
    start_bulk(stream, BULK_CONTENT, element->length);
    return true;
}

static bool handle_message_part(x411_stream_t *stream, const element_t *element)
{
    switch (stream->parts++) {
    case 0:
        if (element->tag != BER_SET || !element->constructed)
            return malformed(stream, "the message does not begin with its envelope");
        return start_collecting(stream, element);
    case 1: return handle_content(stream, element);
    default: return malformed(stream, "unexpected element after the content");
    }
}

/* The innermost element has ended. */
static bool close_frame(x411_stream_t *stream)
{
    uint8_t role = stream->frames[--stream->depth].role;
    if (role == ROLE_MESSAGE && stream->parts < 2)
        return malformed(stream,
                         stream->parts ? "the message has no content" : "the message has no envelope");
    if ((role == ROLE_EXTERNAL || role == ROLE_SINGLE) && !stream->apdu_seen)
        return malformed(stream, "the EXTERNAL holds no APDU");
    if (role == ROLE_COLLECT)
        check_collected(stream);
    return true;
}

static bool handle_element(x411_stream_t *stream, const element_t *element)
{
    uint64_t limit = limit_of(stream);
    if (element->tag == 0) {
        if (stream->depth == 0 || !stream->frames[stream->depth - 1].indefinite || element->constructed ||
            element->length != 0)
            return malformed(stream, "unexpected end-of-contents octets");
        return (!stream->collecting || collect(stream, BYTES_LITERAL("\0\0"))) && close_frame(stream);
    }
    if (!element->indefinite && element->length > limit - stream->offset)
        return malformed(stream, "element longer than what holds it");
    if (stream->depth == 0) {
        if (stream->mode == X411_MODE_NORMAL && element->tag == BER_EXTERNAL && element->constructed)
            return push(stream, ROLE_EXTERNAL, element);
        return handle_apdu(stream, element);
    }
    switch (stream->frames[stream->depth - 1].role) {
    case ROLE_EXTERNAL: return handle_external(stream, element);
    case ROLE_SINGLE: return handle_apdu(stream, element);
    case ROLE_MESSAGE: return handle_message_part(stream, element);
    case ROLE_CONTENT: return handle_content(stream, element);
    default: return collect_element(stream, element);
    }
}

typedef enum header_state_t { HEADER_SHORT, HEADER_DONE, HEADER_BAD } header_state_t;

/* Looks whether stream->header holds the identifier and length octets of an element. */
static header_state_t parse_header(x411_stream_t *stream, element_t *element)
{
    const uint8_t *header = stream->header;
    unsigned have = stream->header_length;
    unsigned used = 1;
    uint32_t number = header[0] & 0x1F;
    if (number == 0x1F) {
        number = 0;
        do {
            if (used == have)
                return HEADER_SHORT;
            if (number > BER_TAG_NUMBER_LIMIT >> 7) {
                malformed(stream, "tag number too large");
                return HEADER_BAD;
            }
            number = number << 7 | (header[used] & 0x7F);
        } while (header[used++] & 0x80);
    }
    element->tag = (ber_tag_t)(header[0] >> 6) << 30 | number;
    element->constructed = header[0] & 0x20;
    if (used == have)
        return HEADER_SHORT;
    uint8_t first = header[used++];
    element->indefinite = first == 0x80;
    element->length = first < 0x80 ? first : 0;
    if (first < 0x80 || (element->indefinite && element->constructed))
        return HEADER_DONE;
    if (element->indefinite || first == 0xFF) {
        malformed(stream,
                  element->indefinite ? "indefinite length on a primitive element" : "reserved length octet");
        return HEADER_BAD;
    }
    for (unsigned octets = first & 0x7F; octets > 0; octets--) {
        if (used == have)
            return used == sizeof(stream->header) ? (malformed(stream, "length too large"), HEADER_BAD)
                                                  : HEADER_SHORT;
        if (element->length > UINT64_MAX >> 10) {
            malformed(stream, "length too large");
            return HEADER_BAD;
        }
        element->length = element->length << 8 | header[used++];
    }
    return HEADER_DONE;
}

/* Takes octets of a header; false when more input is needed or on a fault. */
static bool take_header(x411_stream_t *stream, bytes_t *input)
{
    uint64_t limit = limit_of(stream);
    while (input->length) {
        if (stream->offset == limit)
            return malformed(stream, stream->header_length ? "truncated element"
                                                           : "no end-of-contents octets before the end");
        if (stream->header_length == sizeof(stream->header))
            return malformed(stream, "length too large");
        stream->header[stream->header_length++] = input->data[0];
        stream->offset++;
        *input = bytes_slice(*input, 1, SIZE_MAX);
        element_t element;
        header_state_t state = parse_header(stream, &element);
        if (state == HEADER_BAD)
            return false;
        if (state == HEADER_DONE) {
            if (!handle_element(stream, &element))
                return false;
            stream->header_length = 0;
            return true;
        }
    }
    return false;
}

/* Takes octets of an element that is not looked into. True if *range is content to hand out. */
static bool take_bulk(x411_stream_t *stream, bytes_t *input, bytes_t *range)
{
    size_t length = stream->bulk < input->length ? (size_t)stream->bulk : input->length;
    *range = bytes_slice(*input, 0, length);
    *input = bytes_slice(*input, length, SIZE_MAX);
    if (stream->bulk_kind == BULK_COLLECT && !collect(stream, *range))
        return false;
    stream->offset += length;
    stream->bulk -= length;
    if (stream->bulk_kind == BULK_COLLECT)
        check_collected(stream);
    if (stream->bulk_kind != BULK_CONTENT)
        return false;
    stream->content_length += length;
    return true;
}

/* Closes the definite elements that end here; true if that was all of them. */
static bool close_ended(x411_stream_t *stream)
{
    while (stream->depth && !stream->frames[stream->depth - 1].indefinite &&
           stream->frames[stream->depth - 1].end == stream->offset)
        if (!close_frame(stream))
            return false;
    return stream->depth == 0 && stream->apdu_seen;
}

x411_stream_event_t x411_stream_next(x411_stream_t *stream, bytes_t *input, bytes_t *range)
{
    *range = BYTES_NONE;
    while (!stream->fault) {
        if (stream->collected_pending) {
            stream->collected_pending = false;
            *range = buffer_bytes(&stream->collected);
            if (stream->own)
                return X411_STREAM_OWN;
            return stream->kind == X411_MESSAGE ? X411_STREAM_ENVELOPE : X411_STREAM_APDU;
        }
        if (stream->bulk > 0) {
            if (!input->length)
                return X411_STREAM_MORE;
            if (take_bulk(stream, input, range))
                return X411_STREAM_CONTENT;
            continue;
        }
        if (!stream->ended && stream->header_length == 0)
            stream->ended = close_ended(stream);
        if (stream->ended && !stream->end_said) {
            stream->end_said = true;
            *range = BYTES_NONE;
            return X411_STREAM_END;
        }
        if (stream->fault)
            break;
        if (!input->length)
            return X411_STREAM_MORE;
        if (stream->ended)
            malformed(stream, "octets after the end of the APDU");
        else
            take_header(stream, input);
    }
    *range = BYTES_NONE;
    return X411_STREAM_FAILED;
}

err_t *x411_stream_finish(apr_pool_t *pool, const x411_stream_t *stream)
{
    if (stream->fault)
        return err_create(pool, (int)stream->fault_code, "P1",
                          "malformed APDU: %s at octet %" APR_UINT64_T_FMT, stream->fault,
                          (apr_uint64_t)stream->fault_offset);
    if (!stream->ended)
        return err_create(pool, X411_ERROR_MALFORMED, "P1",
                          "the APDU breaks off after %" APR_UINT64_T_FMT " octets",
                          (apr_uint64_t)stream->offset);
    return NULL;
}
