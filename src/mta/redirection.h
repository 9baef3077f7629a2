/* Redirection of one recipient (X.411 14.3.7, and the redirection history of 8.3.1.1.1.5): pure functions
 * over the envelope. */
#ifndef MTA_REDIRECTION_H
#define MTA_REDIRECTION_H

#include "x411/extensions.h"

enum {
    REDIRECTION_RECIPIENT_ASSIGNED = 0,
    REDIRECTION_ORIGINATOR_REQUESTED = 1,
    REDIRECTION_DOMAIN_ASSIGNED = 2
};

typedef enum redirection_verdict_t {
    REDIRECTION_DONE,
    REDIRECTION_PROHIBITED, /* recipient-reassignment-prohibited: diagnostic 26 */
    REDIRECTION_LOOP /* it was meant for that name before, or was redirected too often: diagnostic 27 */
} redirection_verdict_t;

/* Gives recipient `index` of apdu (a message or probe) the name `to`, and writes the one that it had, now and
 * the reason into its redirection history; number and indicators stay. Unless it says REDIRECTION_DONE
 * nothing is changed. The prohibition does not bind what the originator asked for. A request for an alternate
 * recipient goes with its use. All in pool; to is copied. */
redirection_verdict_t redirection_apply(apr_pool_t *pool, x411_apdu_t *apdu, unsigned index,
                                        const x411_or_name_t *to, int64_t reason, utc_time_t now);

/* The alternate recipient that the originator asked for (extension 2), NULL if none that can be read. */
const x411_or_name_t *redirection_requested(apr_pool_t *pool, const x411_recipient_t *recipient);

/* recipient-reassignment-prohibited (extension 1). */
bool redirection_prohibited(const x411_apdu_t *apdu);

#endif
