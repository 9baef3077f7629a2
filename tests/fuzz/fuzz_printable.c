/* Fuzz target: text of peers on its way into a log. What comes out is bounded, one line, and valid UTF-8. */
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "event/printable.h"

/* Well-formed UTF-8 (RFC 3629). */
static bool is_utf8(const unsigned char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        unsigned char first = text[i++];
        int more = first < 0x80                    ? 0
                   : first >= 0xC2 && first < 0xE0 ? 1
                   : first >= 0xE0 && first < 0xF0 ? 2
                   : first >= 0xF0 && first < 0xF5 ? 3
                                                   : -1;
        if (more < 0 || i + (size_t)more > length)
            return false;
        if ((first == 0xE0 && text[i] < 0xA0) || (first == 0xED && text[i] > 0x9F) ||
            (first == 0xF0 && text[i] < 0x90) || (first == 0xF4 && text[i] > 0x8F))
            return false;
        for (; more > 0; more--)
            if ((text[i++] & 0xC0) != 0x80)
                return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t room = (size_t)data[0] * 2 + 1;
    char *text = malloc(size);
    char *copy = malloc(room + 1);
    if (!text || !copy)
        abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    copy[room] = 0x55; /* nothing is written here */
    size_t length = printable_copy(copy, room, text);
    if (length >= room || copy[length] || strlen(copy) != length || copy[room] != 0x55)
        abort();
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7F)
            abort();
    if (!is_utf8((const unsigned char *)copy, length))
        abort();
    free(copy);
    free(text);
    return 0;
}
