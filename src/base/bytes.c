#include "base/bytes.h"

bytes_t bytes_copy(apr_pool_t *pool, bytes_t range)
{
    uint8_t *copy = apr_palloc(pool, range.length + 1);
    if (range.length)
        memcpy(copy, range.data, range.length);
    copy[range.length] = 0;
    return bytes_make(copy, range.length);
}

const char *bytes_to_string(apr_pool_t *pool, bytes_t range)
{
    return (const char *)bytes_copy(pool, range).data;
}

const char *bytes_to_hex(apr_pool_t *pool, bytes_t range)
{
    static const char digits[] = "0123456789abcdef";
    char *text = apr_palloc(pool, range.length * 2 + 1);
    for (size_t i = 0; i < range.length; i++) {
        text[2 * i] = digits[range.data[i] >> 4];
        text[2 * i + 1] = digits[range.data[i] & 15];
    }
    text[range.length * 2] = '\0';
    return text;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool bytes_from_hex(apr_pool_t *pool, const char *text, bytes_t *out)
{
    size_t digits = strlen(text);
    if (digits % 2)
        return false;
    uint8_t *data = apr_palloc(pool, digits / 2 + 1);
    for (size_t i = 0; i < digits; i += 2) {
        int high = hex_value(text[i]);
        int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        data[i / 2] = (uint8_t)(high << 4 | low);
    }
    *out = bytes_make(data, digits / 2);
    return true;
}
