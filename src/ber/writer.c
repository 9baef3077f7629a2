#include "ber/writer.h"

#include <stdlib.h>

void ber_writer_init(ber_writer_t *writer, buffer_t *out)
{
    writer->out = out;
    writer->depth = 0;
    writer->failed = out->failed;
}

bool ber_writer_ok(const ber_writer_t *writer)
{
    return !writer->failed && !writer->out->failed && writer->depth == 0;
}

static size_t tag_size(ber_tag_t tag)
{
    size_t size = 1;
    if (BER_TAG_NUMBER(tag) >= 0x1F)
        for (uint32_t rest = BER_TAG_NUMBER(tag); rest; rest >>= 7)
            size++;
    return size;
}

static size_t length_size(size_t length)
{
    size_t size = 1;
    if (length >= 0x80)
        for (; length; length >>= 8)
            size++;
    return size;
}

size_t ber_header_size(ber_tag_t tag, size_t length)
{
    return tag_size(tag) + length_size(length);
}

static uint8_t *write_tag(uint8_t *p, ber_tag_t tag, bool constructed)
{
    uint32_t number = BER_TAG_NUMBER(tag);
    uint8_t first = (uint8_t)(BER_TAG_CLASS(tag) << 6 | (constructed ? 0x20U : 0U));
    if (number < 0x1F) {
        *p++ = (uint8_t)(first | number);
        return p;
    }
    *p++ = (uint8_t)(first | 0x1F);
    size_t octets = tag_size(tag) - 1;
    while (octets-- > 0)
        *p++ = (uint8_t)((number >> (7 * octets) & 0x7F) | (octets ? 0x80U : 0U));
    return p;
}

static uint8_t *write_length(uint8_t *p, size_t length)
{
    size_t octets = length_size(length) - 1;
    if (octets == 0) {
        *p++ = (uint8_t)length;
        return p;
    }
    *p++ = (uint8_t)(0x80 | octets);
    while (octets-- > 0)
        *p++ = (uint8_t)(length >> (8 * octets));
    return p;
}

void ber_put_header(ber_writer_t *writer, ber_tag_t tag, bool constructed, size_t length)
{
    buffer_t *out = writer->out;
    if (BER_TAG_NUMBER(tag) < 0x1F && length < 0x80 && !writer->failed && !out->failed &&
        out->capacity - out->end >= 2 && out->limit - buffer_length(out) >= 2) {
        uint8_t *place = out->data + out->end; /* nearly all headers are these two octets */
        place[0] = (uint8_t)(BER_TAG_CLASS(tag) << 6 | (constructed ? 0x20U : 0U) | BER_TAG_NUMBER(tag));
        place[1] = (uint8_t)length;
        out->end += 2;
        return;
    }
    size_t size = ber_header_size(tag, length);
    uint8_t *p = writer->failed ? NULL : buffer_reserve(writer->out, size);
    if (!p) {
        writer->failed = true;
        return;
    }
    write_length(write_tag(p, tag, constructed), length);
    buffer_commit(writer->out, size);
}

static void push(ber_writer_t *writer, bool indefinite)
{
    if (writer->depth == BER_DEPTH_LIMIT) {
        writer->failed = true;
        return;
    }
    writer->open[writer->depth].content = buffer_length(writer->out);
    writer->open[writer->depth].indefinite = indefinite;
    writer->depth++;
}

void ber_open(ber_writer_t *writer, ber_tag_t tag)
{
    /* One length octet is written now; ber_close makes it longer if the contents need it. */
    ber_put_header(writer, tag, true, 0);
    push(writer, false);
}

void ber_open_indefinite(ber_writer_t *writer, ber_tag_t tag)
{
    uint8_t *p = writer->failed ? NULL : buffer_reserve(writer->out, tag_size(tag) + 1);
    if (!p) {
        writer->failed = true;
        return;
    }
    *write_tag(p, tag, true) = 0x80;
    buffer_commit(writer->out, tag_size(tag) + 1);
    push(writer, true);
}

void ber_close(ber_writer_t *writer)
{
    if (writer->failed || writer->depth == 0) {
        writer->failed = true;
        return;
    }
    writer->depth--;
    if (writer->open[writer->depth].indefinite) {
        ber_put_raw(writer, BYTES_LITERAL("\0\0"));
        return;
    }
    size_t content = writer->open[writer->depth].content;
    size_t length = buffer_length(writer->out) - content;
    size_t more = length_size(length) - 1;
    if (more && !buffer_reserve(writer->out, more)) {
        writer->failed = true;
        return;
    }
    uint8_t *start = writer->out->data + writer->out->start + content;
    if (more) {
        memmove(start + more, start, length);
        buffer_commit(writer->out, more);
    }
    write_length(start - 1, length);
}

void ber_put_octets(ber_writer_t *writer, ber_tag_t tag, bytes_t value)
{
    ber_put_header(writer, tag, false, value.length);
    ber_put_raw(writer, value);
}

void ber_put_string(ber_writer_t *writer, ber_tag_t tag, const char *text)
{
    ber_put_octets(writer, tag, bytes_of_string(text));
}

void ber_put_integer(ber_writer_t *writer, ber_tag_t tag, int64_t value)
{
    uint8_t octets[sizeof(value)];
    for (size_t i = 0; i < sizeof(value); i++)
        octets[i] = (uint8_t)((uint64_t)value >> (8 * (sizeof(value) - 1 - i)));
    size_t skip = 0;
    while (skip < sizeof(value) - 1 && ((octets[skip] == 0x00 && !(octets[skip + 1] & 0x80)) ||
                                        (octets[skip] == 0xFF && (octets[skip + 1] & 0x80))))
        skip++;
    ber_put_octets(writer, tag, bytes_make(octets + skip, sizeof(value) - skip));
}

void ber_put_boolean(ber_writer_t *writer, ber_tag_t tag, bool value)
{
    ber_put_octets(writer, tag, value ? BYTES_LITERAL("\xFF") : BYTES_LITERAL("\0"));
}

void ber_put_null(ber_writer_t *writer, ber_tag_t tag)
{
    ber_put_octets(writer, tag, BYTES_NONE);
}

void ber_put_bits(ber_writer_t *writer, ber_tag_t tag, const uint8_t *octets, size_t count)
{
    size_t length = (count + 7) / 8;
    uint8_t unused = (uint8_t)(length * 8 - count);
    ber_put_header(writer, tag, false, length + 1);
    ber_put_raw(writer, bytes_make(&unused, 1));
    ber_put_raw(writer, bytes_make(octets, length));
}

void ber_put_raw(ber_writer_t *writer, bytes_t encoding)
{
    if (writer->failed || !buffer_append(writer->out, encoding))
        writer->failed = true;
}

static size_t put_arc(uint8_t *p, uint64_t arc)
{
    size_t octets = 1;
    for (uint64_t rest = arc >> 7; rest; rest >>= 7)
        octets++;
    for (size_t i = 0; i < octets; i++)
        p[i] = (uint8_t)((arc >> (7 * (octets - 1 - i)) & 0x7F) | (i + 1 < octets ? 0x80U : 0U));
    return octets;
}

bytes_t ber_oid_from_text(apr_pool_t *pool, const char *text)
{
    uint8_t *octets = apr_palloc(pool, strlen(text) * 2 + 10);
    size_t length = 0;
    uint64_t first = 0;
    unsigned index = 0;
    const char *p = text;
    for (;; index++) {
        char *stop = NULL;
        if (*p < '0' || *p > '9')
            return BYTES_NONE;
        uint64_t arc = strtoull(p, &stop, 10);
        if (index == 0)
            first = arc;
        else if (index == 1)
            length += put_arc(octets + length, first * 40 + arc);
        else
            length += put_arc(octets + length, arc);
        if ((index == 0 && arc > 2) || (index == 1 && first < 2 && arc > 39))
            return BYTES_NONE;
        if (*stop == '\0')
            break;
        if (*stop != '.')
            return BYTES_NONE;
        p = stop + 1;
    }
    return index == 0 ? BYTES_NONE : bytes_make(octets, length);
}
