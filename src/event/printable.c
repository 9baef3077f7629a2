#include "event/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { ELLIPSIS_LENGTH = 3, ESCAPE_LENGTH = 4 };

/* The octets of the UTF-8 character at text (RFC 3629), 0 if it is none. A terminator is no continuation. */
static size_t character_length(const uint8_t *text, uint32_t *code)
{
    uint8_t first = text[0];
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    *code = first & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fU);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (*code < smallest[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return length;
}

/* Characters that would break a line, hide text or turn its direction. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

size_t printable_copy(char *buffer, size_t size, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = (const uint8_t *)(text ? text : "");
    size_t used = 0;
    /* Most text is ASCII; as long as "..." fits behind it, it is taken as it is. */
    while (*at >= 0x20 && *at < 0x7f && used + 1 + ELLIPSIS_LENGTH <= size - 1)
        buffer[used++] = (char)*at++;
    size_t cut = used; /* where "..." goes if the rest does not fit */
    while (*at) {
        uint32_t code = 0;
        size_t length = character_length(at, &code);
        bool escape = length == 0 || is_hidden(code);
        size_t taken = escape ? 1 : length;
        size_t needed = escape ? (size_t)ESCAPE_LENGTH : length;
        if (used + needed > size - 1)
            break;
        if (escape) {
            const char octet[ESCAPE_LENGTH] = {'\\', 'x', digits[*at >> 4], digits[*at & 15]};
            memcpy(buffer + used, octet, ESCAPE_LENGTH);
        } else {
            memcpy(buffer + used, at, length);
        }
        used += needed;
        at += taken;
        if (used + ELLIPSIS_LENGTH <= size - 1)
            cut = used;
    }
    if (*at && size - 1 >= ELLIPSIS_LENGTH) {
        memcpy(buffer + cut, "...", ELLIPSIS_LENGTH);
        used = cut + ELLIPSIS_LENGTH;
    }
    buffer[used] = 0;
    return used;
}
