#include "base/timers.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 32 };

void timers_init(timers_t *timers)
{
    *timers = (timers_t){0};
}

void timers_destroy(timers_t *timers)
{
    for (size_t i = 0; i < timers->count; i++)
        timers->heap[i]->place = 0;
    free(timers->heap);
    *timers = (timers_t){0};
}

static void put(timers_t *timers, size_t index, timers_item_t *item)
{
    timers->heap[index] = item;
    item->place = index + 1;
}

static void sift_up(timers_t *timers, size_t index, timers_item_t *item)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (timers->heap[parent]->due <= item->due)
            break;
        put(timers, index, timers->heap[parent]);
        index = parent;
    }
    put(timers, index, item);
}

static void sift_down(timers_t *timers, size_t index, timers_item_t *item)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && timers->heap[child + 1]->due < timers->heap[child]->due)
            child++;
        if (item->due <= timers->heap[child]->due)
            break;
        put(timers, index, timers->heap[child]);
        index = child;
    }
    put(timers, index, item);
}

void timers_arm(timers_t *timers, timers_item_t *item, mono_time_t due)
{
    timers_cancel(timers, item);
    item->due = due;
    if (timers->count == timers->capacity) {
        size_t capacity = timers->capacity ? timers->capacity * 2 : FIRST_CAPACITY;
        timers_item_t **heap = realloc(timers->heap, capacity * sizeof(timers_item_t *));
        if (!heap)
            abort(); /* a timer that is not armed would leave work undone for ever */
        timers->heap = heap;
        timers->capacity = capacity;
    }
    sift_up(timers, timers->count++, item);
}

void timers_cancel(timers_t *timers, timers_item_t *item)
{
    if (!item->place)
        return;
    size_t index = item->place - 1;
    item->place = 0;
    timers_item_t *last = timers->heap[--timers->count];
    if (last == item)
        return;
    if (index > 0 && timers->heap[(index - 1) / 2]->due > last->due)
        sift_up(timers, index, last);
    else
        sift_down(timers, index, last);
}

mono_time_t timers_next(const timers_t *timers)
{
    return timers->count ? timers->heap[0]->due : MONO_NEVER;
}

size_t timers_run(timers_t *timers, mono_time_t now)
{
    size_t ran = 0;
    while (timers->count && timers->heap[0]->due <= now) {
        timers_item_t *item = timers->heap[0];
        timers_cancel(timers, item);
        item->run(item->baton);
        ran++;
    }
    return ran;
}
