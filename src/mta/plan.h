/* The plan for one APDU: which recipients go to which next hop, and which cannot go anywhere and why. Made by
 * the routing of an APDU that comes in, or of an entry whose route failed. */
#ifndef MTA_PLAN_H
#define MTA_PLAN_H

#include "mta/work.h"

typedef struct plan_hop_t {
    struct plan_hop_t *next;
    destination_t *destination;
    uint16_t *recipients; /* indices in the APDU, rising */
    unsigned count;
    unsigned capacity;
} plan_hop_t;

typedef struct plan_t {
    agent_t *agent;
    apr_pool_t *pool;
    apr_pool_t *apdu_pool; /* lives as long as the APDU: for what a redirection puts into it */
    apr_pool_t *scratch;   /* of the choice for one recipient: messages may have very many */
    x411_apdu_t *apdu;
    plan_hop_t *hops;
    unsigned hop_count;
    x411_result_t *results; /* recipients that are done here: failed, or a probe that would be delivered */
    unsigned result_count;
    unsigned result_capacity;
    bool failed;     /* a recipient has */
    bool redirected; /* a recipient was: this MTA's trace elements are to say so */
} plan_t;

/* An empty plan for apdu in pool; apdu_pool is pool too, unless the caller says otherwise. */
void plan_init(plan_t *plan, agent_t *agent, x411_apdu_t *apdu, apr_pool_t *pool);
/* Says that recipient index fails. supplementary may be NULL. */
void plan_fail(plan_t *plan, unsigned index, int64_t reason, int64_t diagnostic, const char *supplementary);
/* Says that recipient index is delivered (or, for a probe, would be). */
void plan_deliver(plan_t *plan, unsigned index);
/* Says that every recipient for which this MTA answers fails; a report is dropped. */
void plan_fail_all(plan_t *plan, int64_t reason, int64_t diagnostic, const char *supplementary);

/* Routes one recipient (resolve.c): redirections and distribution lists of this MTA, then address spaces;
 * where it cannot be delivered, alternate recipients. It is added to the hop of the way found, or it fails;
 * of a probe the result is what a message would have had. A redirection changes the APDU. */
void plan_route(plan_t *plan, unsigned index, const char *came_in_by, const char *const *tried,
                uint64_t content_length);
/* Adds recipient index, whose name is given, to the hop that route choice finds; false if there is none. */
bool plan_try(plan_t *plan, unsigned index, const x411_or_name_t *name, const char *came_in_by,
              const char *const *tried, uint64_t content_length);
/* Routes all recipients for which this MTA answers; a report goes by its destination (recipient index 0 of
 * its hop stands for it), else to the dead letter mailbox. */
void plan_route_all(plan_t *plan, const char *came_in_by, uint64_t content_length);
/* The end of a report that cannot be passed on, for there is never a report on a report: the dead letter
 * mailbox, unless there is none or it is not_to (may be NULL), else it is dropped with event 141. why: in
 * words, NULL if no address space leads to its destination. */
void plan_drop_report(plan_t *plan, const char *not_to, const char *why);

/* The steps of these: the destination by address space, NULL with *choice saying why; recipient index added
 * to its hop. */
destination_t *plan_choose(plan_t *plan, const x411_or_name_t *name, const char *came_in_by,
                           const char *const *tried, uint64_t content_length, route_choice_t *choice);
void plan_add(plan_t *plan, destination_t *destination, unsigned index);

/* Adds to work the report on the plan's results, if one is wanted and can be routed; a report that has no
 * route is dropped with event 141. subject: the object that the plan is about, for the content to return (may
 * be NULL), and when it arrived. */
void plan_report(plan_t *plan, work_t *work, const object_t *subject, utc_time_t arrival);
/* The same, after the content that the report is to return was read from the store. done is called once,
 * perhaps before the call returns; with err nothing was added. subject must stay until then. */
typedef void (*plan_settled_t)(void *context, const err_t *err);
void plan_settle(plan_t *plan, work_t *work, object_t *subject, utc_time_t arrival, plan_settled_t done,
                 void *context);

/* Adds a report to work: by way of own lists to where it goes, or to the dead letter mailbox, or nowhere
 * (event 141). */
void plan_send_report(agent_t *agent, work_t *work, x411_apdu_t *report);

/* What route choice asks of connectors, for an address and (may be NULL) the APDU that goes there. query must
 * live as long as state; pool is for scratch. */
typedef struct plan_query_t {
    agent_t *agent;
    const x411_or_address_t *address;
    const x411_apdu_t *apdu;
    apr_pool_t *pool;
} plan_query_t;
void plan_route_state(plan_query_t *query, route_state_t *state);

#endif
