/* A short-lived buffer for one encoding: no cleanup is registered, the octets end in a pool. Private to x411.
 */
#ifndef X411_SCRATCH_H
#define X411_SCRATCH_H

#include "ber/writer.h"

typedef struct x411_scratch_t {
    buffer_t buffer;
    ber_writer_t writer;
} x411_scratch_t;

/* Starts an encoding of at most limit octets. */
static inline void x411_scratch_init(x411_scratch_t *scratch, size_t limit)
{
    scratch->buffer = (buffer_t){.limit = limit};
    ber_writer_init(&scratch->writer, &scratch->buffer);
}

/* Copies the encoding into pool and gives the buffer back; BYTES_NONE if it did not fit. */
static inline bytes_t x411_scratch_take(x411_scratch_t *scratch, apr_pool_t *pool)
{
    bytes_t result = BYTES_NONE;
    if (ber_writer_ok(&scratch->writer))
        result = bytes_copy(pool, buffer_bytes(&scratch->buffer));
    buffer_release(&scratch->buffer);
    return result;
}

enum { X411_SCRATCH_LIMIT = 1 << 24 };

#endif
