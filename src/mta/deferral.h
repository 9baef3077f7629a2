/* The times of a message: when it is given up, and until when it is deferred (X.411 8.2.1.1.1.17 and
 * 8.2.1.1.1.24, 14.3.1). Pure functions over the envelope. */
#ifndef MTA_DEFERRAL_H
#define MTA_DEFERRAL_H

#include "config/config.h"
#include "x411/extensions.h"

/* Until when apdu, which arrived at `arrival`, is held here; 0 = it is not. A message that was submitted here
 * is deferred as it asks; one that a peer transfers only by agreement (`agreed`). */
utc_time_t deferral_due(const x411_apdu_t *apdu, utc_time_t arrival, bool agreed);

/* When apdu is non-delivered for its age: by priority from its first trace element (or arrival) or from the
 * end of its deferral (due, 0 = none), which does not count; or at the latest delivery time that its
 * originator gave, if that is before. pool is for scratch. */
utc_time_t deferral_expiry(const config_mta_t *mta, const x411_apdu_t *apdu, utc_time_t arrival,
                           utc_time_t due, apr_pool_t *pool);

#endif
