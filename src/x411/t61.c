/* T.61 and universal strings to UTF-8 and back. T.61 writes an accented letter as the accent's octet (0xC1 to
 * 0xCF) before the letter; the table below has each pair that Unicode has a letter for. */
#include "x411/types.h"

typedef struct t61_pair_t {
    uint16_t code;
    uint8_t accent;
    char letter;
} t61_pair_t;

/* Sorted by code point. */
static const t61_pair_t pairs[] = {
    {0x00C0, 0xC1, 'A'}, {0x00C1, 0xC2, 'A'}, {0x00C2, 0xC3, 'A'}, {0x00C3, 0xC4, 'A'}, {0x00C4, 0xC8, 'A'},
    {0x00C5, 0xCA, 'A'}, {0x00C7, 0xCB, 'C'}, {0x00C8, 0xC1, 'E'}, {0x00C9, 0xC2, 'E'}, {0x00CA, 0xC3, 'E'},
    {0x00CB, 0xC8, 'E'}, {0x00CC, 0xC1, 'I'}, {0x00CD, 0xC2, 'I'}, {0x00CE, 0xC3, 'I'}, {0x00CF, 0xC8, 'I'},
    {0x00D1, 0xC4, 'N'}, {0x00D2, 0xC1, 'O'}, {0x00D3, 0xC2, 'O'}, {0x00D4, 0xC3, 'O'}, {0x00D5, 0xC4, 'O'},
    {0x00D6, 0xC8, 'O'}, {0x00D9, 0xC1, 'U'}, {0x00DA, 0xC2, 'U'}, {0x00DB, 0xC3, 'U'}, {0x00DC, 0xC8, 'U'},
    {0x00DD, 0xC2, 'Y'}, {0x00E0, 0xC1, 'a'}, {0x00E1, 0xC2, 'a'}, {0x00E2, 0xC3, 'a'}, {0x00E3, 0xC4, 'a'},
    {0x00E4, 0xC8, 'a'}, {0x00E5, 0xCA, 'a'}, {0x00E7, 0xCB, 'c'}, {0x00E8, 0xC1, 'e'}, {0x00E9, 0xC2, 'e'},
    {0x00EA, 0xC3, 'e'}, {0x00EB, 0xC8, 'e'}, {0x00EC, 0xC1, 'i'}, {0x00ED, 0xC2, 'i'}, {0x00EE, 0xC3, 'i'},
    {0x00EF, 0xC8, 'i'}, {0x00F1, 0xC4, 'n'}, {0x00F2, 0xC1, 'o'}, {0x00F3, 0xC2, 'o'}, {0x00F4, 0xC3, 'o'},
    {0x00F5, 0xC4, 'o'}, {0x00F6, 0xC8, 'o'}, {0x00F9, 0xC1, 'u'}, {0x00FA, 0xC2, 'u'}, {0x00FB, 0xC3, 'u'},
    {0x00FC, 0xC8, 'u'}, {0x00FD, 0xC2, 'y'}, {0x00FF, 0xC8, 'y'}, {0x0100, 0xC5, 'A'}, {0x0101, 0xC5, 'a'},
    {0x0102, 0xC6, 'A'}, {0x0103, 0xC6, 'a'}, {0x0104, 0xCE, 'A'}, {0x0105, 0xCE, 'a'}, {0x0106, 0xC2, 'C'},
    {0x0107, 0xC2, 'c'}, {0x0108, 0xC3, 'C'}, {0x0109, 0xC3, 'c'}, {0x010A, 0xC7, 'C'}, {0x010B, 0xC7, 'c'},
    {0x010C, 0xCF, 'C'}, {0x010D, 0xCF, 'c'}, {0x010E, 0xCF, 'D'}, {0x010F, 0xCF, 'd'}, {0x0112, 0xC5, 'E'},
    {0x0113, 0xC5, 'e'}, {0x0114, 0xC6, 'E'}, {0x0115, 0xC6, 'e'}, {0x0116, 0xC7, 'E'}, {0x0117, 0xC7, 'e'},
    {0x0118, 0xCE, 'E'}, {0x0119, 0xCE, 'e'}, {0x011A, 0xCF, 'E'}, {0x011B, 0xCF, 'e'}, {0x011C, 0xC3, 'G'},
    {0x011D, 0xC3, 'g'}, {0x011E, 0xC6, 'G'}, {0x011F, 0xC6, 'g'}, {0x0120, 0xC7, 'G'}, {0x0121, 0xC7, 'g'},
    {0x0122, 0xCB, 'G'}, {0x0123, 0xCB, 'g'}, {0x0124, 0xC3, 'H'}, {0x0125, 0xC3, 'h'}, {0x0128, 0xC4, 'I'},
    {0x0129, 0xC4, 'i'}, {0x012A, 0xC5, 'I'}, {0x012B, 0xC5, 'i'}, {0x012C, 0xC6, 'I'}, {0x012D, 0xC6, 'i'},
    {0x012E, 0xCE, 'I'}, {0x012F, 0xCE, 'i'}, {0x0130, 0xC7, 'I'}, {0x0134, 0xC3, 'J'}, {0x0135, 0xC3, 'j'},
    {0x0136, 0xCB, 'K'}, {0x0137, 0xCB, 'k'}, {0x0139, 0xC2, 'L'}, {0x013A, 0xC2, 'l'}, {0x013B, 0xCB, 'L'},
    {0x013C, 0xCB, 'l'}, {0x013D, 0xCF, 'L'}, {0x013E, 0xCF, 'l'}, {0x0143, 0xC2, 'N'}, {0x0144, 0xC2, 'n'},
    {0x0145, 0xCB, 'N'}, {0x0146, 0xCB, 'n'}, {0x0147, 0xCF, 'N'}, {0x0148, 0xCF, 'n'}, {0x014C, 0xC5, 'O'},
    {0x014D, 0xC5, 'o'}, {0x014E, 0xC6, 'O'}, {0x014F, 0xC6, 'o'}, {0x0150, 0xCD, 'O'}, {0x0151, 0xCD, 'o'},
    {0x0154, 0xC2, 'R'}, {0x0155, 0xC2, 'r'}, {0x0156, 0xCB, 'R'}, {0x0157, 0xCB, 'r'}, {0x0158, 0xCF, 'R'},
    {0x0159, 0xCF, 'r'}, {0x015A, 0xC2, 'S'}, {0x015B, 0xC2, 's'}, {0x015C, 0xC3, 'S'}, {0x015D, 0xC3, 's'},
    {0x015E, 0xCB, 'S'}, {0x015F, 0xCB, 's'}, {0x0160, 0xCF, 'S'}, {0x0161, 0xCF, 's'}, {0x0162, 0xCB, 'T'},
    {0x0163, 0xCB, 't'}, {0x0164, 0xCF, 'T'}, {0x0165, 0xCF, 't'}, {0x0168, 0xC4, 'U'}, {0x0169, 0xC4, 'u'},
    {0x016A, 0xC5, 'U'}, {0x016B, 0xC5, 'u'}, {0x016C, 0xC6, 'U'}, {0x016D, 0xC6, 'u'}, {0x016E, 0xCA, 'U'},
    {0x016F, 0xCA, 'u'}, {0x0170, 0xCD, 'U'}, {0x0171, 0xCD, 'u'}, {0x0172, 0xCE, 'U'}, {0x0173, 0xCE, 'u'},
    {0x0174, 0xC3, 'W'}, {0x0175, 0xC3, 'w'}, {0x0176, 0xC3, 'Y'}, {0x0177, 0xC3, 'y'}, {0x0178, 0xC8, 'Y'},
    {0x0179, 0xC2, 'Z'}, {0x017A, 0xC2, 'z'}, {0x017B, 0xC7, 'Z'}, {0x017C, 0xC7, 'z'}, {0x017D, 0xCF, 'Z'},
    {0x017E, 0xCF, 'z'}, {0x01CD, 0xCF, 'A'}, {0x01CE, 0xCF, 'a'}, {0x01CF, 0xCF, 'I'}, {0x01D0, 0xCF, 'i'},
    {0x01D1, 0xCF, 'O'}, {0x01D2, 0xCF, 'o'}, {0x01D3, 0xCF, 'U'}, {0x01D4, 0xCF, 'u'}, {0x01E6, 0xCF, 'G'},
    {0x01E7, 0xCF, 'g'}, {0x01E8, 0xCF, 'K'}, {0x01E9, 0xCF, 'k'}, {0x01EA, 0xCE, 'O'}, {0x01EB, 0xCE, 'o'},
    {0x01F0, 0xCF, 'j'}, {0x01F4, 0xC2, 'G'}, {0x01F5, 0xC2, 'g'}, {0x01F8, 0xC1, 'N'}, {0x01F9, 0xC1, 'n'},
    {0x021E, 0xCF, 'H'}, {0x021F, 0xCF, 'h'}, {0x0226, 0xC7, 'A'}, {0x0227, 0xC7, 'a'}, {0x0228, 0xCB, 'E'},
    {0x0229, 0xCB, 'e'}, {0x022E, 0xC7, 'O'}, {0x022F, 0xC7, 'o'}, {0x0232, 0xC5, 'Y'}, {0x0233, 0xC5, 'y'},
    {0x1E02, 0xC7, 'B'}, {0x1E03, 0xC7, 'b'}, {0x1E0A, 0xC7, 'D'}, {0x1E0B, 0xC7, 'd'}, {0x1E10, 0xCB, 'D'},
    {0x1E11, 0xCB, 'd'}, {0x1E1E, 0xC7, 'F'}, {0x1E1F, 0xC7, 'f'}, {0x1E20, 0xC5, 'G'}, {0x1E21, 0xC5, 'g'},
    {0x1E22, 0xC7, 'H'}, {0x1E23, 0xC7, 'h'}, {0x1E26, 0xC8, 'H'}, {0x1E27, 0xC8, 'h'}, {0x1E28, 0xCB, 'H'},
    {0x1E29, 0xCB, 'h'}, {0x1E30, 0xC2, 'K'}, {0x1E31, 0xC2, 'k'}, {0x1E3E, 0xC2, 'M'}, {0x1E3F, 0xC2, 'm'},
    {0x1E40, 0xC7, 'M'}, {0x1E41, 0xC7, 'm'}, {0x1E44, 0xC7, 'N'}, {0x1E45, 0xC7, 'n'}, {0x1E54, 0xC2, 'P'},
    {0x1E55, 0xC2, 'p'}, {0x1E56, 0xC7, 'P'}, {0x1E57, 0xC7, 'p'}, {0x1E58, 0xC7, 'R'}, {0x1E59, 0xC7, 'r'},
    {0x1E60, 0xC7, 'S'}, {0x1E61, 0xC7, 's'}, {0x1E6A, 0xC7, 'T'}, {0x1E6B, 0xC7, 't'}, {0x1E7C, 0xC4, 'V'},
    {0x1E7D, 0xC4, 'v'}, {0x1E80, 0xC1, 'W'}, {0x1E81, 0xC1, 'w'}, {0x1E82, 0xC2, 'W'}, {0x1E83, 0xC2, 'w'},
    {0x1E84, 0xC8, 'W'}, {0x1E85, 0xC8, 'w'}, {0x1E86, 0xC7, 'W'}, {0x1E87, 0xC7, 'w'}, {0x1E8A, 0xC7, 'X'},
    {0x1E8B, 0xC7, 'x'}, {0x1E8C, 0xC8, 'X'}, {0x1E8D, 0xC8, 'x'}, {0x1E8E, 0xC7, 'Y'}, {0x1E8F, 0xC7, 'y'},
    {0x1E90, 0xC3, 'Z'}, {0x1E91, 0xC3, 'z'}, {0x1E97, 0xC8, 't'}, {0x1E98, 0xCA, 'w'}, {0x1E99, 0xCA, 'y'},
    {0x1EBC, 0xC4, 'E'}, {0x1EBD, 0xC4, 'e'}, {0x1EF2, 0xC1, 'Y'}, {0x1EF3, 0xC1, 'y'}, {0x1EF8, 0xC4, 'Y'},
    {0x1EF9, 0xC4, 'y'},
};

/* What the octets A0 to FF mean alone; 0 = nothing (accents, and places that T.61 leaves open). */
static const uint16_t upper[96] = {
    /* A0 */ 0x00A0, 0x00A1, 0x00A2, 0x00A3, 0x0024, 0x00A5, 0x0023, 0x00A7,
    /* A8 */ 0x00A4, 0,      0,      0x00AB, 0,      0,      0,      0,
    /* B0 */ 0x00B0, 0x00B1, 0x00B2, 0x00B3, 0x00D7, 0x00B5, 0x00B6, 0x00B7,
    /* B8 */ 0x00F7, 0,      0,      0x00BB, 0x00BC, 0x00BD, 0x00BE, 0x00BF,
    /* C0 */ 0,      0,      0,      0,      0,      0,      0,      0,
    /* C8 */ 0,      0,      0,      0,      0,      0,      0,      0,
    /* D0 */ 0,      0,      0,      0,      0,      0,      0,      0,
    /* D8 */ 0,      0,      0,      0,      0,      0,      0,      0,
    /* E0 */ 0x2126, 0x00C6, 0x00D0, 0x00AA, 0x0126, 0,      0x0132, 0x013F,
    /* E8 */ 0x0141, 0x00D8, 0x0152, 0x00BA, 0x00DE, 0x0166, 0x014A, 0x0149,
    /* F0 */ 0x0138, 0x00E6, 0x0111, 0x00F0, 0x0127, 0x0131, 0x0133, 0x0140,
    /* F8 */ 0x0142, 0x00F8, 0x0153, 0x00DF, 0x00FE, 0x0167, 0x014B, 0};

enum { REPLACEMENT = 0xFFFD };

static size_t put_utf8(uint8_t *p, uint32_t code)
{
    if (code < 0x80) {
        p[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        p[0] = (uint8_t)(0xC0 | code >> 6);
        p[1] = (uint8_t)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        p[0] = (uint8_t)(0xE0 | code >> 12);
        p[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
        p[2] = (uint8_t)(0x80 | (code & 0x3F));
        return 3;
    }
    p[0] = (uint8_t)(0xF0 | code >> 18);
    p[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
    p[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
    p[3] = (uint8_t)(0x80 | (code & 0x3F));
    return 4;
}

/* The code point at the front of text and its octets; 0 octets if it is not well-formed UTF-8. */
static size_t get_utf8(bytes_t text, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text.data[0];
    size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (size == 0 || size > text.length)
        return 0;
    *code = size == 1 ? first : first & (0xFFU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if (text.data[i] >> 6 != 2)
            return 0;
        *code = *code << 6 | (text.data[i] & 0x3F);
    }
    if (*code < least[size] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
        return 0;
    return size;
}

static uint32_t pair_code(uint8_t accent, uint8_t letter)
{
    if (accent == 0xC9) /* the umlaut of T.61, the same sign as C8 */
        accent = 0xC8;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].accent == accent && (uint8_t)pairs[i].letter == letter)
            return pairs[i].code;
    return 0;
}

bytes_t x411_utf8_from_t61(apr_pool_t *pool, bytes_t t61)
{
    uint8_t *text = apr_palloc(pool, t61.length * 3 + 1);
    size_t length = 0;
    for (size_t i = 0; i < t61.length; i++) {
        uint8_t octet = t61.data[i];
        uint32_t code = octet < 0x80 ? octet : octet >= 0xA0 ? upper[octet - 0xA0] : 0;
        if (octet >= 0xC1 && octet <= 0xCF && i + 1 < t61.length) {
            code = pair_code(octet, t61.data[i + 1]);
            if (code)
                i++;
        }
        length += put_utf8(text + length, code || octet == 0 ? code : REPLACEMENT);
    }
    return bytes_make(text, length);
}

static size_t put_t61(uint8_t *p, uint32_t code)
{
    if (code < 0x80) {
        p[0] = (uint8_t)code;
        return 1;
    }
    for (unsigned i = 0; i < 96; i++) {
        if (upper[i] == code) {
            p[0] = (uint8_t)(0xA0 + i);
            return 1;
        }
    }
    if (code == 0x03A9) { /* omega as a letter: the ohm sign of T.61 */
        p[0] = 0xE0;
        return 1;
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i].code == code) {
            p[0] = pairs[i].accent;
            p[1] = (uint8_t)pairs[i].letter;
            return 2;
        }
    }
    return 0;
}

bytes_t x411_t61_from_utf8(apr_pool_t *pool, bytes_t utf8)
{
    uint8_t *t61 = apr_palloc(pool, utf8.length + 2);
    size_t length = 0;
    for (size_t i = 0; i < utf8.length;) {
        uint32_t code = 0;
        size_t size = get_utf8(bytes_slice(utf8, i, SIZE_MAX), &code);
        size_t put = size ? put_t61(t61 + length, code) : 0;
        if (!put)
            return BYTES_NONE;
        length += put;
        i += size;
    }
    return bytes_make(t61, length);
}

bytes_t x411_utf8_from_universal(apr_pool_t *pool, const x411_universal_t *string)
{
    size_t width = string->type == BER_UNIVERSAL_STRING ? 4 : 2;
    size_t count = (string->octets.length + width - 1) / width;
    uint8_t *text = apr_palloc(pool, count * 4 + 1);
    size_t length = 0;
    for (size_t i = 0; i < string->octets.length; i += width) {
        uint32_t code = 0;
        if (string->octets.length - i < width) {
            code = REPLACEMENT;
        } else {
            for (size_t j = 0; j < width; j++)
                code = code << 8 | string->octets.data[i + j];
            if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
                code = REPLACEMENT;
        }
        length += put_utf8(text + length, code);
    }
    return bytes_make(text, length);
}

x411_universal_t x411_universal_from_utf8(apr_pool_t *pool, bytes_t utf8)
{
    size_t count = 0;
    bool wide = false;
    for (size_t i = 0; i < utf8.length; count++) {
        uint32_t code = 0;
        size_t size = get_utf8(bytes_slice(utf8, i, SIZE_MAX), &code);
        if (!size)
            return (x411_universal_t){BYTES_NONE, 0, BYTES_NONE};
        wide = wide || code > 0xFFFF;
        i += size;
    }
    size_t width = wide ? 4 : 2;
    uint8_t *octets = apr_palloc(pool, count * width + 1);
    size_t length = 0;
    for (size_t i = 0; i < utf8.length;) {
        uint32_t code = 0;
        i += get_utf8(bytes_slice(utf8, i, SIZE_MAX), &code);
        for (size_t j = width; j-- > 0;)
            octets[length++] = (uint8_t)(code >> (8 * j));
    }
    return (x411_universal_t){bytes_make(octets, length), wide ? BER_UNIVERSAL_STRING : BER_BMP_STRING,
                              BYTES_NONE};
}
