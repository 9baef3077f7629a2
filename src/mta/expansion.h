/* Distribution lists (X.411 14.3.10, and 14.3.11 for the reports that come back): pure functions over
 * envelopes. list.h does it with the queue. */
#ifndef MTA_EXPANSION_H
#define MTA_EXPANSION_H

#include "mta/recipient.h"

enum {
    EXPANSION_USER_TYPE = 3,    /* TypeOfMTSUser dl, in the report of an expansion */
    EXPANSION_REPORT_LIMIT = 64 /* reports that one report becomes on its way through own lists */
};

typedef enum expansion_verdict_t {
    EXPANSION_PERMITTED,
    EXPANSION_REFUSED, /* non-delivery: see the fault */
    EXPANSION_LOOP     /* the list is in the expansion history: it ends here, without a report */
} expansion_verdict_t;

/* Whether apdu may be expanded by list: dl-expansion-prohibited (28), submit permission of who sends it to
 * the list (29), members (30), recursion. fault->restriction is set for 29: in test mode of the list the
 * verdict is then EXPANSION_PERMITTED all the same. */
expansion_verdict_t expansion_check(const names_list_t *list, const x411_apdu_t *apdu, apr_pool_t *pool,
                                    recipient_fault_t *fault);

/* The message to the members, in pool: that of subject with the members in place of recipient `index` (whose
 * number and requests each gets, the latter as the list's policy says), and the list in the expansion
 * history. Members whom the originator exempted are left out; it may have no recipient then. What is not
 * changed is shared with subject. */
x411_apdu_t *expansion_build(apr_pool_t *pool, const names_list_t *list, const x411_apdu_t *subject,
                             unsigned index, utc_time_t now);

/* True if the list itself reports the delivery that recipient asked for. */
bool expansion_reports_delivery(const names_list_t *list);

/* A report that is addressed to an own list: where the list's policy sends it (through other own lists, if
 * they come next), as reports in pool that differ in their destination. *count is 0 if the policy ends it. A
 * report that is addressed to no own list is its own only result. */
x411_apdu_t **expansion_forward_report(apr_pool_t *pool, const names_t *names, x411_apdu_t *report,
                                       unsigned *count);

#endif
