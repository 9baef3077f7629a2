#include "ber/reader.h"

#include <apr_strings.h>

void ber_reader_init(ber_reader_t *reader, bytes_t input, ber_fault_t *fault)
{
    *fault = (ber_fault_t){.base = input.data};
    /* No arithmetic on a null pointer: an empty range may have one. */
    const uint8_t *start = input.data ? input.data : (const uint8_t *)"";
    *reader = (ber_reader_t){.next = start, .end = start + (input.data ? input.length : 0), .fault = fault};
}

static bool fail_here(const ber_reader_t *reader, const uint8_t *place, const char *what)
{
    ber_fault_t *fault = reader->fault;
    if (!fault->what) {
        fault->what = what;
        fault->offset = fault->base ? (size_t)(place - fault->base) : 0;
    }
    return false;
}

bool ber_fail(const ber_reader_t *reader, const char *what)
{
    return fail_here(reader, reader->next, what);
}

bool ber_fail_at(const ber_reader_t *reader, const ber_tlv_t *tlv, const char *what)
{
    return fail_here(reader, tlv->whole.data ? tlv->whole.data : reader->next, what);
}

/* What the identifier and length octets of one element say. */
typedef struct header_t {
    ber_tag_t tag;
    bool constructed;
    bool indefinite;
    size_t size;   /* of identifier and length octets */
    size_t length; /* of the contents, if definite */
} header_t;

typedef enum header_result_t { HEADER_OK, HEADER_SHORT, HEADER_BAD } header_result_t;

static header_result_t parse_tag(const uint8_t *start, const uint8_t *end, header_t *header,
                                 const char **what)
{
    uint8_t first = start[0];
    uint32_t number = first & 0x1F;
    const uint8_t *p = start + 1;
    if (number == 0x1F) {
        number = 0;
        for (;;) {
            if (p == end)
                return HEADER_SHORT;
            if (number > BER_TAG_NUMBER_LIMIT >> 7) {
                *what = "tag number too large";
                return HEADER_BAD;
            }
            number = number << 7 | (*p & 0x7F);
            if (!(*p++ & 0x80))
                break;
        }
    }
    header->tag = (ber_tag_t)(first >> 6) << 30 | number;
    header->constructed = first & 0x20;
    header->size = (size_t)(p - start);
    return HEADER_OK;
}

static header_result_t parse_header(const uint8_t *start, const uint8_t *end, header_t *header,
                                    const char **what)
{
    if (start == end)
        return HEADER_SHORT;
    header_result_t result = parse_tag(start, end, header, what);
    if (result != HEADER_OK)
        return result;
    const uint8_t *p = start + header->size;
    if (p == end)
        return HEADER_SHORT;
    uint8_t first = *p++;
    header->indefinite = first == 0x80;
    header->length = 0;
    if (first < 0x80) {
        header->length = first;
    } else if (header->indefinite) {
        if (!header->constructed) {
            *what = "indefinite length on a primitive element";
            return HEADER_BAD;
        }
    } else {
        unsigned octets = first & 0x7F;
        if (octets == 0x7F) {
            *what = "reserved length octet";
            return HEADER_BAD;
        }
        for (; octets > 0; octets--) {
            if (p == end)
                return HEADER_SHORT;
            if (header->length > SIZE_MAX >> 9) {
                *what = "length too large";
                return HEADER_BAD;
            }
            header->length = header->length << 8 | *p++;
        }
    }
    header->size = (size_t)(p - start);
    return HEADER_OK;
}

static bool is_end_of_contents(const uint8_t *p, const uint8_t *end)
{
    return end - p >= 2 && p[0] == 0 && p[1] == 0;
}

/* Finds the end of an element of indefinite length whose contents begin at start: the address of its
 * end-of-contents octets. Walks nested indefinite elements without recursion; definite ones are jumped.
 * Returns NULL with *what set if malformed, NULL with *what NULL if the input is too short. */
static const uint8_t *find_end_of_contents(const uint8_t *start, const uint8_t *end, unsigned depth,
                                           const char **what)
{
    unsigned open = 1;
    const uint8_t *p = start;
    *what = NULL;
    for (;;) {
        if (is_end_of_contents(p, end)) {
            if (--open == 0)
                return p;
            p += 2;
            continue;
        }
        header_t header;
        if (parse_header(p, end, &header, what) != HEADER_OK)
            return NULL;
        if (header.tag == 0) {
            *what = "end-of-contents octets with a length";
            return NULL;
        }
        if (header.indefinite) {
            if (++open + depth > BER_DEPTH_LIMIT) {
                *what = "nested too deeply";
                return NULL;
            }
            p += header.size;
        } else {
            if (header.length > (size_t)(end - p) - header.size)
                return NULL;
            p += header.size + header.length;
        }
    }
}

bool ber_peek(const ber_reader_t *reader, ber_tag_t *tag)
{
    if (!ber_more(reader))
        return false;
    header_t header;
    const char *what = NULL;
    if (parse_tag(reader->next, reader->end, &header, &what) != HEADER_OK)
        return false;
    *tag = header.tag;
    return true;
}

bool ber_is(const ber_reader_t *reader, ber_tag_t tag)
{
    ber_tag_t next;
    return ber_peek(reader, &next) && next == tag;
}

bool ber_read(ber_reader_t *reader, ber_tlv_t *tlv)
{
    *tlv = (ber_tlv_t){0};
    if (!ber_ok(reader))
        return false;
    if (reader->next == reader->end)
        return ber_fail(reader, "an element is missing");
    header_t header;
    const char *what = "truncated element";
    if (parse_header(reader->next, reader->end, &header, &what) != HEADER_OK)
        return ber_fail(reader, what);
    const uint8_t *start = reader->next;
    const uint8_t *content = start + header.size;
    size_t left = (size_t)(reader->end - content);
    size_t length = header.length;
    size_t trailer = 0;
    if (header.indefinite) {
        const uint8_t *stop = find_end_of_contents(content, reader->end, reader->depth, &what);
        if (!stop)
            return ber_fail(reader, what ? what : "no end-of-contents octets");
        length = (size_t)(stop - content);
        trailer = 2;
    } else if (length > left) {
        return ber_fail(reader, "element longer than what holds it");
    } else if (header.tag == 0) {
        return ber_fail(reader, "unexpected end-of-contents octets");
    }
    *tlv = (ber_tlv_t){.tag = header.tag,
                       .constructed = header.constructed,
                       .content = bytes_make(content, length),
                       .whole = bytes_make(start, header.size + length + trailer)};
    reader->next = start + tlv->whole.length;
    return true;
}

bool ber_expect(ber_reader_t *reader, ber_tag_t tag, ber_tlv_t *tlv)
{
    *tlv = (ber_tlv_t){0};
    if (!ber_ok(reader))
        return false;
    if (reader->next == reader->end)
        return ber_fail(reader, "a mandatory element is missing");
    if (!ber_is(reader, tag))
        return ber_fail(reader, "unexpected element");
    return ber_read(reader, tlv);
}

bool ber_optional(ber_reader_t *reader, ber_tag_t tag, ber_tlv_t *tlv)
{
    return ber_is(reader, tag) && ber_read(reader, tlv);
}

bool ber_children(const ber_reader_t *reader, const ber_tlv_t *tlv, ber_reader_t *child)
{
    *child = (ber_reader_t){.next = tlv->content.data,
                            .end = tlv->content.data + tlv->content.length,
                            .fault = reader->fault,
                            .depth = reader->depth + 1};
    if (!ber_ok(reader))
        return false;
    if (!tlv->constructed)
        return ber_fail_at(reader, tlv, "primitive element where a constructed one belongs");
    if (child->depth > BER_DEPTH_LIMIT)
        return ber_fail_at(reader, tlv, "nested too deeply");
    return true;
}

bool ber_enter(ber_reader_t *reader, ber_tag_t tag, ber_reader_t *child)
{
    ber_tlv_t tlv;
    if (!ber_expect(reader, tag, &tlv)) {
        *child = *reader;
        return false;
    }
    return ber_children(reader, &tlv, child);
}

bool ber_enter_optional(ber_reader_t *reader, ber_tag_t tag, ber_reader_t *child)
{
    return ber_is(reader, tag) && ber_enter(reader, tag, child);
}

void ber_skip_rest(ber_reader_t *reader)
{
    ber_tlv_t tlv;
    while (ber_more(reader))
        ber_read(reader, &tlv);
}

bool ber_done(const ber_reader_t *reader)
{
    if (ber_ok(reader) && reader->next != reader->end)
        return ber_fail(reader, "unexpected element at the end");
    return ber_ok(reader);
}

bool ber_value_integer(const ber_reader_t *reader, const ber_tlv_t *tlv, int64_t *value)
{
    *value = 0;
    if (!ber_ok(reader))
        return false;
    if (tlv->constructed || tlv->content.length == 0)
        return ber_fail_at(reader, tlv, "malformed integer");
    if (tlv->content.length > sizeof(int64_t))
        return ber_fail_at(reader, tlv, "integer too large");
    uint64_t bits = tlv->content.data[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < tlv->content.length; i++)
        bits = bits << 8 | tlv->content.data[i];
    *value = (int64_t)bits;
    return true;
}

bool ber_value_boolean(const ber_reader_t *reader, const ber_tlv_t *tlv, bool *value)
{
    *value = false;
    if (!ber_ok(reader))
        return false;
    if (tlv->constructed || tlv->content.length != 1)
        return ber_fail_at(reader, tlv, "malformed boolean");
    *value = tlv->content.data[0] != 0;
    return true;
}

bool ber_value_null(const ber_reader_t *reader, const ber_tlv_t *tlv)
{
    if (!ber_ok(reader))
        return false;
    if (tlv->constructed || tlv->content.length != 0)
        return ber_fail_at(reader, tlv, "malformed null");
    return true;
}

bool ber_value_primitive(const ber_reader_t *reader, const ber_tlv_t *tlv, bytes_t *value)
{
    *value = BYTES_NONE;
    if (!ber_ok(reader))
        return false;
    if (tlv->constructed)
        return ber_fail_at(reader, tlv, "constructed element where a primitive one belongs");
    *value = tlv->content;
    return true;
}

/* Adds up, and if into is not NULL copies, the primitive segments of a constructed string. The depth is
 * bounded by ber_children. A BIT STRING's segments begin with the number of unused bits (bits = true). */
static bool walk_segments(const ber_reader_t *reader, const ber_tlv_t *tlv, uint8_t *into, size_t *length,
                          unsigned *unused, bool bits)
{
    if (!tlv->constructed) {
        bytes_t segment = tlv->content;
        if (bits) {
            if (segment.length == 0 || segment.data[0] > 7 || (segment.length == 1 && segment.data[0]))
                return ber_fail_at(reader, tlv, "malformed bit string");
            if (*unused)
                return ber_fail_at(reader, tlv, "bit string segment with unused bits is not the last");
            *unused = segment.data[0];
            segment = bytes_slice(segment, 1, SIZE_MAX);
        }
        if (into && segment.length)
            memcpy(into + *length, segment.data, segment.length);
        *length += segment.length;
        return true;
    }
    ber_reader_t child;
    if (!ber_children(reader, tlv, &child))
        return false;
    ber_tag_t segment_tag = bits ? BER_BIT_STRING : BER_OCTET_STRING;
    while (ber_more(&child)) {
        ber_tlv_t segment;
        if (!ber_read(&child, &segment))
            return false;
        /* Some encoders repeat the string's own universal tag in its segments. */
        if (segment.tag != segment_tag && (bits || BER_TAG_CLASS(segment.tag) != 0))
            return ber_fail_at(&child, &segment, "segment of a constructed string has a wrong tag");
        if (!walk_segments(&child, &segment, into, length, unused, bits))
            return false;
    }
    return ber_ok(reader);
}

bool ber_value_length(const ber_reader_t *reader, const ber_tlv_t *tlv, size_t *length)
{
    unsigned unused = 0;
    *length = 0;
    return ber_ok(reader) && walk_segments(reader, tlv, NULL, length, &unused, false);
}

bool ber_value_octets(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, bytes_t *value)
{
    *value = BYTES_NONE;
    if (!ber_ok(reader))
        return false;
    if (!tlv->constructed) {
        *value = tlv->content;
        return true;
    }
    size_t length = 0;
    if (!ber_value_length(reader, tlv, &length))
        return false;
    uint8_t *joined = apr_palloc(pool, length + 1);
    unsigned unused = 0;
    length = 0;
    walk_segments(reader, tlv, joined, &length, &unused, false);
    *value = bytes_make(joined, length);
    return true;
}

bool ber_value_bits(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, ber_bits_t *bits)
{
    *bits = (ber_bits_t){BYTES_NONE, 0};
    if (!ber_ok(reader))
        return false;
    size_t length = 0;
    unsigned unused = 0;
    if (!walk_segments(reader, tlv, NULL, &length, &unused, true))
        return false;
    if (!tlv->constructed) {
        bits->octets = bytes_slice(tlv->content, 1, SIZE_MAX);
    } else {
        uint8_t *joined = apr_palloc(pool, length + 1);
        length = 0;
        unused = 0;
        walk_segments(reader, tlv, joined, &length, &unused, true);
        bits->octets = bytes_make(joined, length);
    }
    bits->count = length ? length * 8 - unused : 0;
    return true;
}

size_t ber_element_length(bytes_t input, bool *malformed)
{
    header_t header;
    const char *what = NULL;
    const uint8_t *end = input.data + input.length;
    *malformed = false;
    if (input.length == 0)
        return 0;
    header_result_t result = parse_header(input.data, end, &header, &what);
    if (result != HEADER_OK) {
        *malformed = result == HEADER_BAD;
        return 0;
    }
    if (!header.indefinite)
        return header.length > input.length - header.size ? 0 : header.size + header.length;
    const uint8_t *stop = find_end_of_contents(input.data + header.size, end, 0, &what);
    *malformed = !stop && what;
    return stop ? (size_t)(stop - input.data) + 2 : 0;
}

const char *ber_oid_text(apr_pool_t *pool, bytes_t oid)
{
    if (oid.length == 0 || oid.data[oid.length - 1] & 0x80)
        return NULL;
    const char *text = NULL;
    uint64_t value = 0;
    for (size_t i = 0; i < oid.length; i++) {
        if (value > UINT64_MAX >> 8)
            return NULL;
        value = value << 7 | (oid.data[i] & 0x7F);
        if (oid.data[i] & 0x80)
            continue;
        if (!text) {
            uint64_t first = value < 40 ? 0 : value < 80 ? 1 : 2;
            text = apr_psprintf(pool, "%u.%" APR_UINT64_T_FMT, (unsigned)first,
                                (apr_uint64_t)(value - first * 40));
        } else {
            text = apr_psprintf(pool, "%s.%" APR_UINT64_T_FMT, text, (apr_uint64_t)value);
        }
        value = 0;
    }
    return text;
}
