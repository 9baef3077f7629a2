/* What the files of the control share. */
#ifndef MTA_CONTROL_INTERNAL_H
#define MTA_CONTROL_INTERNAL_H

#include "base/format.h"
#include "mta/control.h"
#include "mta/internal.h"

typedef struct control_call_t {
    agent_t *agent;
    const json_t *arguments;
    apr_pool_t *pool; /* of this call */
    control_reply_t reply;
    void *context;
} control_call_t;

/* Answers with status 200, or with an error text. */
void control_answer(const control_call_t *call, json_t *result);
void control_refuse(const control_call_t *call, int status, const char *format, ...) FORMAT_APR(3, 4);
/* The string argument of this name; NULL if absent or no string. */
const char *control_text(const control_call_t *call, const char *name);

/* "2026-11-22 10:00:00Z" in pool. */
const char *control_utc_text(apr_pool_t *pool, utc_time_t utc);

/* Calls each for every entry of the destination called name (NULL = of all). each may take the entry it is
 * called for out of its list, and no other. */
void control_each_entry(agent_t *agent, const char *name, void (*each)(void *context, queue_entry_t *entry),
                        void *context);

/* "1984", "1988 X.410", "1988 normal". */
const char *control_conformance_name(config_conformance_t conformance);
/* Adds to item the lists of a connector: address spaces, callers, restrictions, quirks. */
void control_restrictions(json_t *item, const config_connector_t *config);

void control_status(control_call_t *call);
void control_connector_form(control_call_t *call);
void control_bind(control_call_t *call);
void control_connectors(control_call_t *call);
void control_associations(control_call_t *call);
void control_metrics(control_call_t *call);
void control_queue(control_call_t *call);
void control_queue_show(control_call_t *call);
void control_queue_retry(control_call_t *call);
void control_route_explain(control_call_t *call);
void control_send(control_call_t *call);
void control_events(control_call_t *call);
void control_diagnostics(control_call_t *call);
void control_diagnostics_set(control_call_t *call);
void control_queue_hold(control_call_t *call);
void control_queue_release(control_call_t *call);
void control_queue_reroute(control_call_t *call);
void control_queue_delete(control_call_t *call);
void control_queue_priority(control_call_t *call);
void control_trace_start(control_call_t *call);
void control_trace_read(control_call_t *call);
void control_trace_stop(control_call_t *call);

#endif
