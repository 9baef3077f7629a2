#include "p1tool_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

enum { KILO = 1024, PORT_MAXIMUM = 65535, FILE_LIMIT = 1 << 30, PRINTABLE_FIRST = 0x20 };

static const char *const mode_names[] = {"1984", "x410", "normal"};

bool text_read_mode(const char *text, osi_mode_t *mode)
{
    for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
        if (strcmp(text, mode_names[i]) == 0) {
            *mode = (osi_mode_t)i;
            return true;
        }
    }
    return false;
}

const char *text_mode(osi_mode_t mode)
{
    return mode_names[mode];
}

bool text_read_selector(apr_pool_t *pool, const char *text, size_t limit, bytes_t *selector)
{
    if (strncmp(text, "0x", 2) == 0) {
        if (!bytes_from_hex(pool, text + 2, selector))
            return false;
    } else {
        *selector = bytes_of_string(apr_pstrdup(pool, text));
    }
    return selector->length <= limit;
}

bool text_read_endpoint(apr_pool_t *pool, const char *text, bool port_only, const char **host, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    const char *digits = NULL;
    if (*text == '[') {
        const char *end = strchr(text, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
        *host = apr_pstrmemdup(pool, text + 1, (apr_size_t)(end - text - 1));
        digits = end[1] ? end + 2 : NULL;
    } else if (colon && strchr(text, ':') == colon) {
        *host = apr_pstrmemdup(pool, text, (apr_size_t)(colon - text));
        digits = colon + 1;
    } else if (port_only && *text && strspn(text, "0123456789") == strlen(text)) {
        digits = text;
    } else {
        *host = apr_pstrdup(pool, text);
    }
    int64_t number = 0;
    if (digits && !text_read_number(digits, 0, PORT_MAXIMUM, &number))
        return false;
    if (digits)
        *port = (uint16_t)number;
    return true;
}

bool text_read_number(const char *text, int64_t minimum, int64_t maximum, int64_t *number)
{
    if (!isdigit((unsigned char)*text))
        return false;
    char *end;
    long long value = strtoll(text, &end, 10);
    long long factor = 1;
    switch (tolower((unsigned char)*end)) {
    case 'g': factor *= KILO; /* fall through */
    case 'm': factor *= KILO; /* fall through */
    case 'k':
        factor *= KILO;
        end++;
        break;
    default: break;
    }
    if (*end || value > maximum / factor || value * factor < minimum)
        return false;
    *number = value * factor;
    return true;
}

bool text_read_duration(const char *text, int64_t *microseconds)
{
    char *end;
    double value = strtod(text, &end);
    double factor = TIME_SECONDS(1);
    if (end == text || !(value >= 0) || value > 1e9)
        return false;
    if (strcmp(end, "ms") == 0)
        factor = TIME_MILLISECONDS(1);
    else if (*end && strcmp(end, "s") != 0)
        return false;
    *microseconds = (int64_t)(value * factor);
    return true;
}

void text_write_json(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        unsigned char octet = (unsigned char)*text;
        if (octet == '"' || octet == '\\')
            fprintf(file, "\\%c", octet);
        else if (octet < PRINTABLE_FIRST)
            fprintf(file, "\\u%04x", octet);
        else
            fputc(octet, file);
    }
    fputc('"', file);
}

bool text_read_file(apr_pool_t *pool, const char *path, bytes_t *octets)
{
    apr_file_t *file = NULL;
    apr_finfo_t info;
    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool) !=
        APR_SUCCESS)
        return false;
    bool good = apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS && info.size <= FILE_LIMIT;
    if (good) {
        uint8_t *data = apr_palloc(pool, (apr_size_t)info.size + 1);
        apr_size_t length = 0;
        apr_status_t status = apr_file_read_full(file, data, (apr_size_t)info.size, &length);
        good = (status == APR_SUCCESS || APR_STATUS_IS_EOF(status)) && length == (apr_size_t)info.size;
        *octets = bytes_make(data, length);
    }
    apr_file_close(file);
    return good;
}
