#include "speech.h"

enum { DEPTH_LIMIT = 24, TAG_LIMIT = 6 };

uint8_t speech_octet(speech_t *speech)
{
    if (speech->rest.length == 0)
        return 0;
    uint8_t octet = speech->rest.data[0];
    speech->rest = bytes_slice(speech->rest, 1, speech->rest.length);
    return octet;
}

bytes_t speech_octets(speech_t *speech)
{
    size_t length = speech_octet(speech);
    if (length & 0x80)
        length = (length & 0x7F) << 8 | speech_octet(speech);
    bytes_t octets = bytes_slice(speech->rest, 0, length);
    speech->rest = bytes_slice(speech->rest, octets.length, speech->rest.length);
    return octets;
}

static void append_length(buffer_t *out, size_t length)
{
    uint8_t octets[5];
    size_t count = 0;
    if (length < 0x80) {
        buffer_append_octet(out, (uint8_t)length);
        return;
    }
    for (size_t rest = length; rest; rest >>= 8)
        octets[count++] = (uint8_t)rest;
    buffer_append_octet(out, (uint8_t)(0x80 | count));
    while (count)
        buffer_append_octet(out, octets[--count]);
}

static void append_value(buffer_t *out, bytes_t value)
{
    append_length(out, value.length);
    buffer_append(out, value);
}

void speech_element(speech_t *speech, buffer_t *out, unsigned depth)
{
    uint8_t first = speech_octet(speech);
    buffer_append_octet(out, first);
    if ((first & 0x1F) == 0x1F) {
        uint8_t more = 0x80;
        for (int i = 0; i < TAG_LIMIT && (more & 0x80); i++)
            buffer_append_octet(out, more = speech_octet(speech));
    }
    if (!(first & 0x20) || depth >= DEPTH_LIMIT) {
        append_value(out, speech_octets(speech));
        return;
    }
    uint8_t count = speech_octet(speech);
    buffer_t inner = {.limit = SPEECH_LIMIT};
    for (unsigned i = 0; i < (count & 0x7Fu) && speech->rest.length; i++)
        speech_element(speech, &inner, depth + 1);
    if (count & 0x80) {
        buffer_append_octet(out, 0x80);
        buffer_append(out, buffer_bytes(&inner));
        buffer_append(out, BYTES_LITERAL("\0\0"));
    } else {
        append_value(out, buffer_bytes(&inner));
    }
    buffer_release(&inner);
}

void speech_tpkt(buffer_t *out, bytes_t tpdu)
{
    size_t length = tpdu.length + 4;
    uint8_t header[4] = {3, 0, (uint8_t)(length >> 8), (uint8_t)length};
    buffer_append(out, bytes_make(header, sizeof(header)));
    buffer_append(out, tpdu);
}

void speech_dt(buffer_t *out, bytes_t octets, bool last)
{
    size_t length = octets.length + 7;
    uint8_t header[7] = {3, 0, (uint8_t)(length >> 8), (uint8_t)length, 2, 0xF0, last ? 0x80 : 0};
    buffer_append(out, bytes_make(header, sizeof(header)));
    buffer_append(out, octets);
}

static void append_item(buffer_t *out, uint8_t type, bytes_t value)
{
    buffer_append_octet(out, type);
    if (value.length < 255) {
        buffer_append_octet(out, (uint8_t)value.length);
    } else {
        buffer_append_octet(out, 255);
        buffer_append_octet(out, (uint8_t)(value.length >> 8));
        buffer_append_octet(out, (uint8_t)value.length);
    }
    buffer_append(out, value);
}

void speech_spdu(buffer_t *out, uint8_t type, bytes_t parameters)
{
    append_item(out, type, parameters);
}

void speech_parameter(buffer_t *out, uint8_t type, bytes_t value)
{
    append_item(out, type, value);
}
