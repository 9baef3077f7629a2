/* The newest events in memory, for operators who look from the admin interface: a sink that keeps the last
 * EVENT_RECENT_COUNT records, each under a number that rises by one, so that a reader can ask for what came
 * after the last one that it saw. */
#ifndef EVENT_RECENT_H
#define EVENT_RECENT_H

#include <stdint.h>

#include "event/event.h"

enum {
    EVENT_RECENT_COUNT = 512,
    EVENT_RECENT_TEXT = 1023, /* octets of the text that are kept; the rest is cut */
    EVENT_RECENT_NAME = 127,
    EVENT_RECENT_ID = 255
};

/* One kept record. The definition lives as long as the program. */
typedef struct event_kept_t {
    uint64_t number; /* 1 for the first event of the run */
    const event_definition_t *definition;
    utc_time_t time;
    int error_code;
    char connector[EVENT_RECENT_NAME + 1];
    char layer[32];
    char mts_id[EVENT_RECENT_ID + 1];
    char text[EVENT_RECENT_TEXT + 1];
} event_kept_t;

typedef struct event_recent_t event_recent_t;

/* Makes the sink and adds it to log; memory in pool, all of it at once. */
event_recent_t *event_log_add_recent(event_log_t *log, apr_pool_t *pool);
/* Calls each for every kept record with a number greater than `after`, oldest first, at most limit of them
 * (the newest ones if there are more and after is 0). Returns the number of the newest event of all, 0 if
 * none. kept is a copy, valid during the call. Any thread; each must not raise events. */
uint64_t event_recent_read(event_recent_t *recent, uint64_t after, size_t limit,
                           void (*each)(void *context, const event_kept_t *kept), void *context);

#endif
