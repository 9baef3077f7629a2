/* A message made out of one that is in the queue: the copy of a distribution list for its members, or that
 * for recipients who are redirected after others failed. Its content is the same, its envelope another one.
 */
#ifndef MTA_REISSUE_H
#define MTA_REISSUE_H

#include "mta/plan.h"

/* Called once, perhaps before reissue_begin returns. err: nothing was added to the work. */
typedef void (*reissue_done_t)(void *context, const err_t *err);

/* Adds to work a message with the envelope apdu (in the work's pool; it may share with source's) and the
 * content of source, with its queue entries, for the recipients for which apdu makes this MTA responsible;
 * and the report on those that have no way. other_action (X411_OTHER_...) goes into its trace. Age and expiry
 * are those of source, which must stay until done. A probe cannot be reissued. */
void reissue_begin(work_t *work, object_t *source, x411_apdu_t *apdu, unsigned other_action,
                   reissue_done_t done, void *context);

#endif
