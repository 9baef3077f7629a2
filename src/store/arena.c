#include "store/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 8192 - 64 };

struct arena_block_t {
    arena_block_t *next;
    size_t used;
    size_t capacity;
    alignas(max_align_t) uint8_t data[];
};

static arena_block_t *add_block(arena_t *arena, size_t capacity)
{
    arena_block_t *block = malloc(sizeof(*block) + capacity);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    block->used = 0;
    block->capacity = capacity;
    arena->octets += sizeof(*block) + capacity;
    /* A block made for one large request goes behind the one that still has room. */
    if (arena->blocks && capacity > BLOCK_SIZE) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

/* Memory that is not zeroed, aligned for any type. */
static uint8_t *take(arena_t *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size = (size + unit - 1) / unit * unit;
    arena_block_t *block = arena->blocks;
    if (!block || block->capacity - block->used < size) {
        block = add_block(arena, size > BLOCK_SIZE ? size : BLOCK_SIZE);
        if (!block)
            return NULL;
    }
    uint8_t *memory = block->data + block->used;
    block->used += size;
    return memory;
}

void *arena_allocate(arena_t *arena, size_t size)
{
    uint8_t *memory = take(arena, size);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

bytes_t arena_copy(arena_t *arena, bytes_t octets)
{
    if (octets.length == 0)
        return bytes_make("", 0);
    uint8_t *memory = take(arena, octets.length);
    if (!memory)
        return bytes_make("", 0);
    memcpy(memory, octets.data, octets.length);
    return bytes_make(memory, octets.length);
}

const char *arena_string(arena_t *arena, const char *text)
{
    bytes_t octets = bytes_of_string(text);
    uint8_t *memory = take(arena, octets.length + 1);
    if (!memory)
        return NULL;
    if (octets.length)
        memcpy(memory, octets.data, octets.length);
    memory[octets.length] = 0;
    return (const char *)memory;
}

void arena_release(arena_t *arena)
{
    for (arena_block_t *block = arena->blocks; block;) {
        arena_block_t *next = block->next;
        free(block);
        block = next;
    }
    *arena = (arena_t){0};
}
