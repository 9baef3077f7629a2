#include "sim_watch.h"

#include <stdlib.h>
#include <string.h>

static void *copy(const void *octets, size_t length)
{
    void *made = malloc(length + 1);
    if (!made)
        abort();
    if (length)
        memcpy(made, octets, length);
    ((char *)made)[length] = 0;
    return made;
}

static void drop(const store_watch_t *watch)
{
    free((void *)watch->mts_id);
    free((void *)watch->destination);
    free((void *)watch->recipients.data);
}

static store_watch_t *find(const watches_t *watches, uint64_t id)
{
    for (size_t i = 0; i < watches->count; i++)
        if (watches->items[i].id == id)
            return &watches->items[i];
    return NULL;
}

void watches_put(watches_t *watches, const store_watch_t *watch)
{
    if (watches->count == watches->capacity) {
        watches->capacity = watches->capacity ? watches->capacity * 2 : 16;
        watches->items = realloc(watches->items, watches->capacity * sizeof(*watches->items));
        if (!watches->items)
            abort();
    }
    watches->items[watches->count++] =
        (store_watch_t){.id = watch->id,
                        .time = watch->time,
                        .mts_id = copy(watch->mts_id, strlen(watch->mts_id)),
                        .destination = copy(watch->destination, strlen(watch->destination)),
                        .recipients = bytes_make(copy(watch->recipients.data, watch->recipients.length),
                                                 watch->recipients.length)};
}

void watches_update(watches_t *watches, uint64_t id, bytes_t recipients)
{
    store_watch_t *watch = find(watches, id);
    if (!watch)
        return;
    free((void *)watch->recipients.data);
    watch->recipients = bytes_make(copy(recipients.data, recipients.length), recipients.length);
}

void watches_delete(watches_t *watches, uint64_t id)
{
    store_watch_t *watch = find(watches, id);
    if (!watch)
        return;
    drop(watch);
    size_t index = (size_t)(watch - watches->items);
    memmove(watch, watch + 1, (watches->count - index - 1) * sizeof(*watch));
    watches->count--;
}

void watches_destroy(watches_t *watches)
{
    for (size_t i = 0; i < watches->count; i++)
        drop(&watches->items[i]);
    free(watches->items);
    *watches = (watches_t){0};
}
