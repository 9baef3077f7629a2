#include "x420/charset.h"

#include <string.h>

enum { REPLACEMENT = 0xFFFD, ESCAPE = 0x1B, SHIFT_OUT = 0x0E, SHIFT_IN = 0x0F };

size_t x420_utf8_put(uint32_t character, uint8_t *out)
{
    if (character < 0x80) {
        out[0] = (uint8_t)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (uint8_t)(0xC0 | character >> 6);
        out[1] = (uint8_t)(0x80 | (character & 0x3F));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (uint8_t)(0xE0 | character >> 12);
        out[1] = (uint8_t)(0x80 | (character >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (character & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | character >> 18);
    out[1] = (uint8_t)(0x80 | (character >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (character >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (character & 0x3F));
    return 4;
}

/* The character at the front and its length; length 0 if it is not well-formed. */
static uint32_t decode(bytes_t text, size_t *length)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text.data[0];
    size_t octets = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    *length = 0;
    if (octets == 0 || octets > text.length)
        return REPLACEMENT;
    uint32_t character = octets == 1 ? first : first & (0x7FU >> octets);
    for (size_t i = 1; i < octets; i++) {
        if ((text.data[i] & 0xC0) != 0x80)
            return REPLACEMENT;
        character = character << 6 | (text.data[i] & 0x3F);
    }
    if (character < lowest[octets] || character > 0x10FFFF || (character >= 0xD800 && character < 0xE000))
        return REPLACEMENT;
    *length = octets;
    return character;
}

uint32_t x420_utf8_next(bytes_t *text)
{
    size_t length = 0;
    uint32_t character = decode(*text, &length);
    *text = bytes_slice(*text, length ? length : 1, SIZE_MAX);
    return character;
}

bool x420_utf8_is_valid(bytes_t text)
{
    while (text.length) {
        size_t length = 0;
        decode(text, &length);
        if (!length)
            return false;
        text = bytes_slice(text, length, SIZE_MAX);
    }
    return true;
}

bytes_t x420_utf8_clean(apr_pool_t *pool, bytes_t text)
{
    if (x420_utf8_is_valid(text))
        return text;
    uint8_t *out = apr_palloc(pool, text.length * 3 + 1);
    size_t length = 0;
    while (text.length)
        length += x420_utf8_put(x420_utf8_next(&text), out + length);
    return bytes_make(out, length);
}

static uint32_t latin9(uint8_t octet)
{
    switch (octet) {
    case 0xA4: return 0x20AC;
    case 0xA6: return 0x160;
    case 0xA8: return 0x161;
    case 0xB4: return 0x17D;
    case 0xB8: return 0x17E;
    case 0xBC: return 0x152;
    case 0xBD: return 0x153;
    case 0xBE: return 0x178;
    default: return octet;
    }
}

static uint32_t cyrillic(uint8_t octet)
{
    if (octet <= 0xA0 || octet == 0xAD)
        return octet;
    if (octet == 0xF0)
        return 0x2116;
    if (octet == 0xFD)
        return 0xA7;
    return 0x401 + (octet - 0xA1U);
}

bytes_t x420_utf8_from_8bit(apr_pool_t *pool, bytes_t text, x420_charset_t charset)
{
    if (x420_is_ia5(text))
        return text;
    uint8_t *out = apr_palloc(pool, text.length * 3 + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t octet = text.data[i];
        uint32_t character = octet;
        if (charset == X420_ASCII && octet >= 0x80)
            character = REPLACEMENT;
        else if (charset == X420_LATIN9)
            character = latin9(octet);
        else if (charset == X420_CYRILLIC)
            character = cyrillic(octet);
        length += x420_utf8_put(character, out + length);
    }
    return bytes_make(out, length);
}

bool x420_latin1_from_utf8(apr_pool_t *pool, bytes_t utf8, bytes_t *latin1)
{
    uint8_t *out = apr_palloc(pool, utf8.length + 1);
    size_t length = 0;
    while (utf8.length) {
        uint32_t character = x420_utf8_next(&utf8);
        if (character > 0xFF)
            return false;
        out[length++] = (uint8_t)character;
    }
    *latin1 = bytes_make(out, length);
    return true;
}

bool x420_is_ia5(bytes_t text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] & 0x80)
            return false;
    return true;
}

bytes_t x420_strip_escapes(apr_pool_t *pool, bytes_t text)
{
    bool found = false;
    for (size_t i = 0; i < text.length && !found; i++)
        found = text.data[i] == ESCAPE || text.data[i] == SHIFT_OUT || text.data[i] == SHIFT_IN;
    if (!found)
        return text;
    uint8_t *out = apr_palloc(pool, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t octet = text.data[i];
        if (octet == ESCAPE) {
            while (i + 1 < text.length && text.data[i + 1] >= 0x20 && text.data[i + 1] <= 0x2F)
                i++;
            i++; /* the final octet */
        } else if (octet != SHIFT_OUT && octet != SHIFT_IN) {
            out[length++] = octet;
        }
    }
    return bytes_make(out, length);
}
