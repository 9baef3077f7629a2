#include "base/buffer.h"

#include <stdlib.h>

enum { SMALLEST_CAPACITY = 256 };

static apr_status_t release_cleanup(void *data)
{
    buffer_release(data);
    return APR_SUCCESS;
}

void buffer_init(buffer_t *buffer, apr_pool_t *pool, size_t limit)
{
    *buffer = (buffer_t){.limit = limit};
    apr_pool_cleanup_register(pool, buffer, release_cleanup, apr_pool_cleanup_null);
}

buffer_t *buffer_create(apr_pool_t *pool, size_t limit)
{
    buffer_t *buffer = apr_palloc(pool, sizeof(*buffer));
    buffer_init(buffer, pool, limit);
    return buffer;
}

void buffer_release(buffer_t *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->start = buffer->end = buffer->capacity = 0;
}

void buffer_clear(buffer_t *buffer)
{
    buffer->start = buffer->end = 0;
    buffer->failed = false;
}

/* Makes the capacity at least start + held + length, moving the octets to the front if that is enough. */
static bool make_room(buffer_t *buffer, size_t length)
{
    size_t held = buffer_length(buffer);
    if (length > buffer->limit || held > buffer->limit - length)
        return false;
    if (buffer->capacity - buffer->end >= length)
        return true;
    if (buffer->start > 0 && buffer->start >= held) {
        memmove(buffer->data, buffer->data + buffer->start, held);
        buffer->start = 0;
        buffer->end = held;
        if (buffer->capacity - buffer->end >= length)
            return true;
    }
    size_t wanted = held + length;
    size_t capacity = buffer->capacity ? buffer->capacity : SMALLEST_CAPACITY;
    while (capacity < wanted)
        capacity *= 2;
    uint8_t *data = malloc(capacity);
    if (!data)
        return false;
    if (held)
        memcpy(data, buffer->data + buffer->start, held);
    free(buffer->data);
    buffer->data = data;
    buffer->start = 0;
    buffer->end = held;
    buffer->capacity = capacity;
    return true;
}

uint8_t *buffer_reserve(buffer_t *buffer, size_t length)
{
    if (buffer->failed || !make_room(buffer, length)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->data + buffer->end;
}

void buffer_commit(buffer_t *buffer, size_t length)
{
    buffer->end += length;
}

bool buffer_append(buffer_t *buffer, bytes_t octets)
{
    if (octets.length == 0)
        return !buffer->failed;
    uint8_t *place = buffer_reserve(buffer, octets.length);
    if (!place)
        return false;
    memcpy(place, octets.data, octets.length);
    buffer_commit(buffer, octets.length);
    return true;
}

bool buffer_append_octet(buffer_t *buffer, uint8_t octet)
{
    return buffer_append(buffer, bytes_make(&octet, 1));
}

void buffer_consume(buffer_t *buffer, size_t length)
{
    size_t held = buffer_length(buffer);
    if (length >= held) {
        buffer->start = buffer->end = 0;
        return;
    }
    buffer->start += length;
}

void buffer_truncate(buffer_t *buffer, size_t length)
{
    if (length < buffer_length(buffer))
        buffer->end = buffer->start + length;
}
