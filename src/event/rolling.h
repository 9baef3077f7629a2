/* Text logs that roll: NAME0.LOG is written; when it passes its limit, and at each start, it becomes
 * NAME1.LOG, the old NAME1.LOG becomes NAME2.LOG and so on, and the oldest goes. EV, AP and BF are such logs.
 * A log that cannot be written never stops anything: what does not fit on the disk is dropped. They may hold
 * mail, so only their owner can read them. */
#ifndef EVENT_ROLLING_H
#define EVENT_ROLLING_H

#include <stdbool.h>
#include <stddef.h>

#include <apr_pools.h>

enum { ROLLING_LIMIT = 5 * 1024 * 1024, ROLLING_KEPT = 9 };

typedef struct rolling_t rolling_t;

/* A log FOLDER/NAMEn.LOG; no file is touched before the first text is written. limit: octets from which it
 * rolls, 0 = never. Memory in pool; the file is closed with it. */
rolling_t *rolling_create(const char *folder, const char *name, size_t limit, apr_pool_t *pool);
/* Appends text, all of it to one file. Returns when the system has it, so that it survives a crash of this
 * program. False if it could not be written. Any thread. */
bool rolling_write(rolling_t *log, const char *text, size_t length);

#endif
