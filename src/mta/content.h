/* Content that is in the store as chunks: copied for a message made out of another, and read whole for a
 * report that returns it. One chunk is in memory at a time, or as much as a report may return. */
#ifndef MTA_CONTENT_H
#define MTA_CONTENT_H

#include "mta/internal.h"

/* Called once, perhaps before the call that began it returns; err is valid during the call. */
typedef void (*content_done_t)(void *context, const err_t *err);

/* Gives `to` (a new object) the content of `from`: in memory, or as chunks under an identifier that it gets.
 * If it fails nothing is left in the store. Both objects must stay until done. */
void content_copy(object_t *from, object_t *to, content_done_t done, void *context);

/* Reads the whole content of object into object->returned. */
void content_load(object_t *object, uint64_t length, content_done_t done, void *context);

#endif
