/* A set of timers as a binary heap: arm, cancel, and run those that are due. The items belong to their
 * owners (embed one in the object that waits); the set allocates only its array of pointers. */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/timebase.h"

typedef struct timers_item_t {
    void (*run)(void *baton); /* called from timers_run when due; may arm or cancel any item */
    void *baton;
    mono_time_t due;
    size_t place; /* 1 + index in the heap; 0 = not armed. Zero the item before its first use */
} timers_item_t;

typedef struct timers_t {
    timers_item_t **heap;
    size_t count;
    size_t capacity;
} timers_t;

void timers_init(timers_t *timers);
/* Forgets all items (they count as not armed) and gives the memory back. */
void timers_destroy(timers_t *timers);

/* Arms item for the time due, or moves it there if it is armed. item->run and baton are set by the caller. */
void timers_arm(timers_t *timers, timers_item_t *item, mono_time_t due);
/* Disarms item; no effect if it is not armed. */
void timers_cancel(timers_t *timers, timers_item_t *item);
static inline bool timers_armed(const timers_item_t *item)
{
    return item->place != 0;
}

/* When the next item is due; MONO_NEVER if none is armed. */
mono_time_t timers_next(const timers_t *timers);

/* Runs every item due at or before now, earliest first; returns how many ran. */
size_t timers_run(timers_t *timers, mono_time_t now);

#endif
