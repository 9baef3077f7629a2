#include "mta/repeat.h"

#include <stdlib.h>

/* A ring of digests in order of time and, over it, a hash table of ring places with linear probing. */
typedef struct mark_t {
    uint8_t digest[STORE_DIGEST_SIZE];
    utc_time_t time;
    bool used;
} mark_t;

enum { EMPTY = 0, FIRST_RING = 1024 };

struct repeat_t {
    mark_t *ring;
    size_t ring_size;
    size_t limit;
    size_t next;     /* place of the next digest */
    size_t count;    /* used places */
    uint32_t *table; /* 1 + place in the ring, EMPTY if none */
    size_t table_size;
};

static apr_status_t release(void *data)
{
    repeat_t *repeat = data;
    free(repeat->ring);
    free(repeat->table);
    return APR_SUCCESS;
}

repeat_t *repeat_create(apr_pool_t *pool, size_t limit)
{
    repeat_t *repeat = apr_pcalloc(pool, sizeof(*repeat));
    repeat->limit = limit ? limit : 1;
    apr_pool_cleanup_register(pool, repeat, release, apr_pool_cleanup_null);
    return repeat;
}

static size_t hash(const repeat_t *repeat, const uint8_t *digest)
{
    uint64_t bits; /* a digest is uniform: any eight octets serve */
    memcpy(&bits, digest, sizeof(bits));
    return (size_t)(bits & (repeat->table_size - 1));
}

static size_t find_slot(const repeat_t *repeat, const uint8_t *digest)
{
    size_t slot = hash(repeat, digest);
    while (repeat->table[slot] != EMPTY &&
           memcmp(repeat->ring[repeat->table[slot] - 1].digest, digest, STORE_DIGEST_SIZE) != 0)
        slot = (slot + 1) & (repeat->table_size - 1);
    return slot;
}

/* Empties a slot and moves back the ones behind it that probing would no longer find. */
static void empty_slot(repeat_t *repeat, size_t slot)
{
    size_t mask = repeat->table_size - 1;
    size_t hole = slot;
    for (size_t probe = (slot + 1) & mask; repeat->table[probe] != EMPTY; probe = (probe + 1) & mask) {
        size_t home = hash(repeat, repeat->ring[repeat->table[probe] - 1].digest);
        if (((probe - home) & mask) >= ((probe - hole) & mask)) {
            repeat->table[hole] = repeat->table[probe];
            hole = probe;
        }
    }
    repeat->table[hole] = EMPTY;
}

static void forget_place(repeat_t *repeat, size_t place)
{
    mark_t *mark = &repeat->ring[place];
    if (!mark->used)
        return;
    size_t slot = find_slot(repeat, mark->digest);
    if (repeat->table[slot] == place + 1)
        empty_slot(repeat, slot);
    mark->used = false;
    repeat->count--;
}

static void grow(repeat_t *repeat)
{
    size_t size = repeat->ring_size ? repeat->ring_size * 4 : FIRST_RING;
    if (size > repeat->limit)
        size = repeat->limit;
    mark_t *ring = calloc(size, sizeof(*ring));
    size_t table_size = FIRST_RING;
    while (table_size < size * 2)
        table_size *= 2;
    uint32_t *table = calloc(table_size, sizeof(*table));
    if (!ring || !table)
        abort(); /* without its memory the MTA could not keep the promise to recognise repeats */
    if (repeat->ring_size)
        memcpy(ring, repeat->ring, repeat->ring_size * sizeof(*ring));
    free(repeat->ring);
    free(repeat->table);
    repeat->next = repeat->ring_size;
    repeat->ring = ring;
    repeat->ring_size = size;
    repeat->table = table;
    repeat->table_size = table_size;
    for (size_t place = 0; place < repeat->next; place++)
        if (ring[place].used)
            table[find_slot(repeat, ring[place].digest)] = (uint32_t)place + 1;
}

void repeat_add(repeat_t *repeat, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time)
{
    if (repeat->next == repeat->ring_size) {
        if (repeat->ring_size < repeat->limit)
            grow(repeat);
        else
            repeat->next = 0;
    }
    size_t place = repeat->next++;
    forget_place(repeat, place);
    size_t slot = find_slot(repeat, digest);
    if (repeat->table[slot] != EMPTY) { /* known already: it moves here, or it would go with its old place */
        forget_place(repeat, repeat->table[slot] - 1);
        slot = find_slot(repeat, digest);
    }
    memcpy(repeat->ring[place].digest, digest, STORE_DIGEST_SIZE);
    repeat->ring[place].time = time;
    repeat->ring[place].used = true;
    repeat->table[slot] = (uint32_t)place + 1;
    repeat->count++;
}

void repeat_remove(repeat_t *repeat, const uint8_t digest[STORE_DIGEST_SIZE])
{
    if (!repeat->table_size)
        return;
    size_t slot = find_slot(repeat, digest);
    if (repeat->table[slot] != EMPTY)
        forget_place(repeat, repeat->table[slot] - 1);
}

bool repeat_known(const repeat_t *repeat, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t since)
{
    if (!repeat->table_size)
        return false;
    size_t slot = find_slot(repeat, digest);
    return repeat->table[slot] != EMPTY && repeat->ring[repeat->table[slot] - 1].time >= since;
}

size_t repeat_count(const repeat_t *repeat)
{
    return repeat->count;
}
