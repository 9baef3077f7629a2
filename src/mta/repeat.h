/* The memory by which a repeat of a transfer is recognised: digests of what peers transferred, newest first
 * forgotten last. The digests in the store (marks) are the durable side; this is their index. */
#ifndef MTA_REPEAT_H
#define MTA_REPEAT_H

#include "base/timebase.h"
#include "store/store.h"

typedef struct repeat_t repeat_t;

/* limit: most digests remembered; a new one then takes the place of the oldest. */
repeat_t *repeat_create(apr_pool_t *pool, size_t limit);
void repeat_add(repeat_t *repeat, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time);
/* Takes back the newest digest equal to this one (its transaction failed). */
void repeat_remove(repeat_t *repeat, const uint8_t digest[STORE_DIGEST_SIZE]);
/* True if digest was added at or after `since`. */
bool repeat_known(const repeat_t *repeat, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t since);
size_t repeat_count(const repeat_t *repeat);

#endif
