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
    x411_apdu_t *apdu;
    plan_hop_t *hops;
    unsigned hop_count;
    x411_result_t *results; /* recipients that are done here: failed, or a probe that would be delivered */
    unsigned result_count;
    unsigned result_capacity;
} plan_t;

/* An empty plan for apdu in pool. */
void plan_init(plan_t *plan, agent_t *agent, x411_apdu_t *apdu, apr_pool_t *pool);
/* Says that recipient index fails. supplementary may be NULL. */
void plan_fail(plan_t *plan, unsigned index, int64_t reason, int64_t diagnostic, const char *supplementary);
/* Says that recipient index is delivered (or, for a probe, would be). */
void plan_deliver(plan_t *plan, unsigned index);
/* Says that every recipient for which this MTA answers fails. */
void plan_fail_all(plan_t *plan, int64_t reason, int64_t diagnostic, const char *supplementary);

/* Routes one recipient and adds it to its hop, or fails it. state says where the APDU came from. */
void plan_route(plan_t *plan, unsigned index, const char *came_in_by, const char *const *tried,
                uint64_t content_length);
/* Adds recipient index, whose name is given, to the hop that route choice finds; false if there is none. */
bool plan_try(plan_t *plan, unsigned index, const x411_or_name_t *name, const char *came_in_by,
              const char *const *tried, uint64_t content_length);
/* Routes all recipients for which this MTA answers; a report goes by its destination (recipient index 0 of
 * its hop stands for it). */
void plan_route_all(plan_t *plan, const char *came_in_by, uint64_t content_length);

/* Adds to work the report on the plan's results, if one is wanted and can be routed; a report that has no
 * route is dropped with event 141. subject: the object that the plan is about, for the content to return (may
 * be NULL), and when it arrived. */
void plan_report(plan_t *plan, work_t *work, const object_t *subject, utc_time_t arrival);

/* What route choice asks of connectors. */
void plan_route_state(agent_t *agent, route_state_t *state);

#endif
