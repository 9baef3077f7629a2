/* Lines of text, hex dumps: what both halves of show use. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/format.h"
#include "x420/charset.h"
#include "x420/show_internal.h"

enum { LABEL_WIDTH = 22, LINE_SIZE = 2048, HEX_PER_LINE = 16 };

static void append(buffer_t *out, const char *text, size_t length)
{
    buffer_append(out, bytes_make(text, length));
}

static void put_indent(buffer_t *out, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++)
        append(out, "  ", 2);
}

/* A character for a terminal: controls, and the C1 set, are shown as {octet}. */
static void put_character(buffer_t *out, uint32_t character)
{
    uint8_t octets[8];
    if (character < 0x20 || (character >= 0x7F && character < 0xA0)) {
        char shown[8];
        int length = snprintf(shown, sizeof(shown), "{x%02X}", (unsigned)character);
        append(out, shown, (size_t)length);
    } else {
        append(out, (const char *)octets, x420_utf8_put(character, octets));
    }
}

void show_clean(buffer_t *out, bytes_t utf8)
{
    while (utf8.length)
        put_character(out, x420_utf8_next(&utf8));
}

void x420_show_text(buffer_t *out, unsigned indent, bytes_t utf8)
{
    bool start = true;
    while (utf8.length) {
        uint32_t character = x420_utf8_next(&utf8);
        if (start)
            put_indent(out, indent);
        start = character == '\n';
        if (character == '\n' || character == '\t')
            append(out, character == '\n' ? "\n" : "\t", 1);
        else if (character != '\r' || !utf8.length || utf8.data[0] != '\n')
            put_character(out, character);
    }
    if (!start)
        append(out, "\n", 1);
}

void show_label(buffer_t *out, unsigned indent, const char *label)
{
    static const char spaces[] = "                                        ";
    size_t length = strlen(label);
    put_indent(out, indent);
    append(out, label, length);
    append(out, ":", 1);
    size_t used = length + 2 * (size_t)indent;
    append(out, spaces, used < LABEL_WIDTH ? LABEL_WIDTH - used : 1);
}

static void put_formatted(buffer_t *out, const char *format, va_list arguments) FORMAT_PRINTF(2, 0);

static void put_formatted(buffer_t *out, const char *format, va_list arguments)
{
    char line[LINE_SIZE];
    va_list again;
    va_copy(again, arguments);
    int needed = vsnprintf(line, sizeof(line), format, arguments);
    if (needed >= LINE_SIZE) {
        char *longer = malloc((size_t)needed + 1);
        if (longer) {
            vsnprintf(longer, (size_t)needed + 1, format, again);
            show_clean(out, bytes_of_string(longer));
            free(longer);
        }
    } else if (needed > 0) {
        show_clean(out, bytes_of_string(line));
    }
    va_end(again);
}

void x420_show_line(buffer_t *out, unsigned indent, const char *label, const char *format, ...)
{
    va_list arguments;
    show_label(out, indent, label);
    va_start(arguments, format);
    put_formatted(out, format, arguments);
    va_end(arguments);
    append(out, "\n", 1);
}

void show_title(buffer_t *out, unsigned indent, const char *title)
{
    put_indent(out, indent);
    append(out, title, strlen(title));
    append(out, "\n", 1);
}

void show_string(const show_t *show, unsigned indent, const char *label, const x411_string_t *string)
{
    if (!x411_present(string))
        return;
    bytes_t utf8 = string->type == BER_TELETEX_STRING
                       ? x411_utf8_from_t61(show->pool, string->octets)
                       : x420_utf8_from_8bit(show->pool, string->octets, X420_LATIN1);
    show_label(show->out, indent, label);
    show_clean(show->out, utf8);
    append(show->out, "\n", 1);
}

void x420_show_hex(bytes_t octets, unsigned indent, size_t limit, buffer_t *out)
{
    size_t shown = octets.length < limit ? octets.length : limit;
    for (size_t at = 0; at < shown; at += HEX_PER_LINE) {
        char line[96];
        int length = snprintf(line, sizeof(line), "%06lx ", (unsigned long)at);
        size_t count = shown - at < HEX_PER_LINE ? shown - at : HEX_PER_LINE;
        put_indent(out, indent);
        for (size_t i = 0; i < HEX_PER_LINE; i++) {
            if (i < count)
                length +=
                    snprintf(line + length, sizeof(line) - (size_t)length, " %02x", octets.data[at + i]);
            else
                length += snprintf(line + length, sizeof(line) - (size_t)length, "   ");
        }
        length += snprintf(line + length, sizeof(line) - (size_t)length, "  ");
        for (size_t i = 0; i < count; i++) {
            uint8_t octet = octets.data[at + i];
            line[length++] = octet >= 0x20 && octet < 0x7F ? (char)octet : '.';
        }
        line[length++] = '\n';
        append(out, line, (size_t)length);
    }
    if (shown < octets.length) {
        char rest[64];
        int length =
            snprintf(rest, sizeof(rest), "... %lu octets more\n", (unsigned long)(octets.length - shown));
        put_indent(out, indent);
        append(out, rest, (size_t)length);
    }
}
