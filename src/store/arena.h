/* Memory of one transaction or one read: malloc'd blocks that are given back together, so that nothing that
 * lives long grows with each message. A failure is latched; small requests share a block. */
#ifndef STORE_ARENA_H
#define STORE_ARENA_H

#include "base/bytes.h"

typedef struct arena_block_t arena_block_t;

typedef struct arena_t {
    arena_block_t *blocks; /* newest first */
    size_t octets;         /* allocated in all */
    bool failed;           /* memory ran out */
} arena_t;

/* Zeroed memory for any type, or NULL (and failed). */
void *arena_allocate(arena_t *arena, size_t size);
/* A copy of octets; data is never NULL, so that it can be bound to a statement. */
bytes_t arena_copy(arena_t *arena, bytes_t octets);
/* A copy of text (NULL counts as ""), or NULL (and failed). */
const char *arena_string(arena_t *arena, const char *text);
/* Gives all memory back. */
void arena_release(arena_t *arena);

#endif
