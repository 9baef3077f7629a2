/* External and internal trace (X.411 clauses 12.2.1, 12.3.1, 14.3.1): what this MTA adds, and the loop check.
 */
#ifndef X411_TRACE_H
#define X411_TRACE_H

#include "x411/extensions.h"

/* Adds an element at the end of trace (its array and a copy of domain are in pool): domain, arrival, relayed
 * or rerouted. NULL if X411_LIMIT_TRACE is reached; else the new element, for attempted, deferred and the
 * like. */
x411_trace_element_t *x411_trace_add(apr_pool_t *pool, x411_trace_t *trace, const x411_domain_t *domain,
                                     utc_time_t arrival, x411_action_t action);

/* External trace of an APDU that enters this domain: adds one element (X.411 12.3.1: once per domain). If the
 * last element is this domain's already (the APDU came from another MTA of the domain), nothing is added
 * unless action is rerouted. false at the limit. */
bool x411_trace_stamp(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain, utc_time_t arrival,
                      x411_action_t action);

/* Internal trace (extension 38): adds this MTA's element; false at the limit. A malformed extension that came
 * in is left alone (false). */
bool x411_internal_trace_stamp(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain,
                               const char *mta, utc_time_t arrival, x411_action_t action);

/* Records on the last element (which must be this domain's; raw is cleared) that the APDU was rerouted after
 * an attempt towards attempted (NULL = unknown). Rerouting is said once, in the domain's one element. */
void x411_trace_rerouted(x411_trace_t *trace, const x411_domain_t *attempted);

/* Says of this domain's element of the external trace, and this MTA's of the internal trace, both of which
 * are the last ones, that the APDU was redirected or expanded (bit: X411_OTHER_REDIRECTED,
 * X411_OTHER_DL_OPERATION). Elements of others are left alone. */
void x411_trace_other_action(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain,
                             const char *mta, unsigned bit);

/* Says of the last element, if it is this domain's, that the APDU waited here until deferred. */
void x411_trace_deferred(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain,
                         utc_time_t deferred);

typedef enum x411_loop_t {
    X411_LOOP_NONE,
    X411_LOOP_EXTERNAL, /* this domain is in the trace, others after it, no redirection or DL expansion since
                         */
    X411_LOOP_INTERNAL  /* this MTA is in the internal trace, likewise */
} x411_loop_t;

/* Looks for a loop in an APDU as it came in, before this MTA's own elements are added (X.411 12.3.1, 14.3.1):
 * an element of own domain that is followed by another domain's and by no element with redirected or
 * dl-operation, relayed (a rerouted element of our own excuses the APDU's coming back once per element). mta
 * NULL: external trace only. */
x411_loop_t x411_loop_check(apr_pool_t *pool, const x411_apdu_t *apdu, const x411_domain_t *domain,
                            const char *mta);

/* How often own domain entered: the hop count of this domain, for a limit beside the loop rule. */
unsigned x411_trace_visits(const x411_trace_t *trace, const x411_domain_t *domain);

#endif
