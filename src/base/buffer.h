/* A growing octet buffer with a limit and a latched failure: octets are appended at the end and consumed
 * at the front. It holds what a socket has not taken yet, an APDU that is being assembled, or an encoding.
 * An append that would pass the limit changes nothing and latches `failed`, so a caller checks once. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/bytes.h"

typedef struct buffer_t {
    uint8_t *data;
    size_t start;    /* first octet not consumed */
    size_t end;      /* one past the last octet */
    size_t capacity; /* octets allocated */
    size_t limit;    /* most octets that may be held at once */
    bool failed;     /* an append did not fit; stays set until buffer_clear */
} buffer_t;

/* Prepares buffer; its memory (malloc) is given back when pool is cleared, so the buffer itself must live as
 * long as pool. limit is the most octets that it may hold; nothing is allocated yet. */
void buffer_init(buffer_t *buffer, apr_pool_t *pool, size_t limit);
/* A buffer that lives in pool. */
buffer_t *buffer_create(apr_pool_t *pool, size_t limit);

/* Gives the memory back at once; the buffer stays usable. */
void buffer_release(buffer_t *buffer);

/* Forgets the octets and the failure; keeps the memory. */
void buffer_clear(buffer_t *buffer);

static inline size_t buffer_length(const buffer_t *buffer)
{
    return buffer->end - buffer->start;
}

/* The octets held; valid until the next call that changes the buffer. */
static inline bytes_t buffer_bytes(const buffer_t *buffer)
{
    return bytes_make(buffer->data ? buffer->data + buffer->start : NULL, buffer->end - buffer->start);
}

/* Makes room for length more octets and returns where they go, NULL (and failed) if they do not fit.
 * The octets count only after buffer_commit. */
uint8_t *buffer_reserve(buffer_t *buffer, size_t length);
void buffer_commit(buffer_t *buffer, size_t length);

/* Appends octets; false if they do not fit. */
bool buffer_append(buffer_t *buffer, bytes_t octets);
bool buffer_append_octet(buffer_t *buffer, uint8_t octet);

/* Drops length octets (at most those held) from the front. */
void buffer_consume(buffer_t *buffer, size_t length);

/* Drops octets from the end, so that length remain (no effect if fewer are held). */
void buffer_truncate(buffer_t *buffer, size_t length);

#endif
