/* Byte ranges: a pointer and a length over octets that somebody else owns.
 * Every parser of the tree reads ranges and every value it finds is a range into its input. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_pools.h>

typedef struct bytes_t {
    const uint8_t *data; /* may be NULL if length is 0 */
    size_t length;       /* octets */
} bytes_t;

#define BYTES_NONE ((bytes_t){NULL, 0})
/* The octets of a string literal, without its terminator. */
#define BYTES_LITERAL(text) ((bytes_t){(const uint8_t *)(text), sizeof(text) - 1})

static inline bytes_t bytes_make(const void *data, size_t length)
{
    return (bytes_t){(const uint8_t *)data, length};
}

/* The octets of a terminated string, without the terminator; NULL gives the empty range. */
static inline bytes_t bytes_of_string(const char *text)
{
    return text ? bytes_make(text, strlen(text)) : BYTES_NONE;
}

static inline bool bytes_equal(bytes_t a, bytes_t b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* The part of range that begins at offset and has at most length octets; clipped to the range. */
static inline bytes_t bytes_slice(bytes_t range, size_t offset, size_t length)
{
    if (offset >= range.length)
        return BYTES_NONE;
    if (length > range.length - offset)
        length = range.length - offset;
    return bytes_make(range.data + offset, length);
}

/* A copy of range in pool, followed by a terminator that length does not count. */
bytes_t bytes_copy(apr_pool_t *pool, bytes_t range);

/* A copy of range in pool as a terminated string; octets are kept as they are (NUL too). */
const char *bytes_to_string(apr_pool_t *pool, bytes_t range);

/* The octets as lower-case hexadecimal digits, two each, without separators. */
const char *bytes_to_hex(apr_pool_t *pool, bytes_t range);

/* Reads hexadecimal digits (upper or lower case, an even number) into *out.
 * Returns false, and leaves *out alone, if text is anything else. */
bool bytes_from_hex(apr_pool_t *pool, const char *text, bytes_t *out);

#endif
