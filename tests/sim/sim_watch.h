/* The watches for missing reports on a simulated disk, in order of identifier. */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include "store/store.h"

typedef struct watches_t {
    store_watch_t *items; /* their texts and octets are malloc'ed */
    size_t count;
    size_t capacity;
} watches_t;

void watches_put(watches_t *watches, const store_watch_t *watch);
/* To change or delete one that is not there is no error. */
void watches_update(watches_t *watches, uint64_t id, bytes_t recipients);
void watches_delete(watches_t *watches, uint64_t id);
void watches_destroy(watches_t *watches);

#endif
