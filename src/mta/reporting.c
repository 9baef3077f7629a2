/* Reports of this MTA: what a plan's results come to, with the content that they return, and the way there.
 */
#include <apr_strings.h>

#include "event/ids.h"
#include "mta/content.h"
#include "mta/expansion.h"
#include "mta/object.h"
#include "mta/plan.h"
#include "mta/queue.h"
#include "mta/track.h"
#include "x411/oraddress_text.h"

static void add_report(agent_t *agent, work_t *work, x411_apdu_t *report)
{
    apr_pool_t *pool = work_pool(work);
    plan_t route;
    plan_init(&route, agent, report, pool);
    plan_route_all(&route, NULL, 0);
    if (!route.hops)
        return;
    object_t *object = object_create(agent);
    utc_time_t now = agent_utc(agent);
    utc_time_t expiry = now + TIME_SECONDS((int64_t)agent->config->mta.message_timeout_normal * 60);
    err_t *err = object_describe(object, report, 0, NULL, now, expiry);
    const char *subject_id = x411_mts_id_text(pool, &report->report->subject_id);
    event_subject_t subject = {.mts_id = subject_id, .layer = "P1"};
    if (err) {
        event_raise(agent->services.events, EVENT_ID_MESSAGE_SET_ASIDE, &subject, subject_id,
                    err_describe(pool, err));
        object_release(object);
        return;
    }
    object->content_here = true;
    work_add_object(work, object);
    queue_entry_t *entry = queue_entry_create(route.hops->destination, store_new_id(agent->services.store),
                                              object->record.id, NULL, 0);
    work_add_entry(work, object, entry, 0);
    agent->reports_made++;
    track_apdu(agent, TRACKING_REPORT_MADE, report, 0, route.hops->destination, NULL);
    event_raise(agent->services.events, EVENT_ID_REPORT_MADE, &subject, object->record.mts_id, subject_id,
                x411_or_name_text(pool, &report->originator));
}

void plan_send_report(agent_t *agent, work_t *work, x411_apdu_t *report)
{
    apr_pool_t *pool = work_pool(work);
    unsigned count;
    x411_apdu_t **reports = expansion_forward_report(pool, agent->names, report, &count);
    const char *report_id = x411_mts_id_text(pool, &report->mts_id);
    const char *from = x411_or_name_text(pool, &report->originator);
    const char *subject_id = x411_mts_id_text(pool, &report->report->subject_id);
    event_subject_t subject = {.mts_id = report_id, .layer = "P1"};
    if (!count) {
        track_apdu(agent, TRACKING_REPORT_ABSORBED, report, 0, NULL, NULL);
        event_raise(agent->services.events, EVENT_ID_REPORT_ABSORBED, &subject, report_id, subject_id,
                    "the distribution list sends reports nowhere");
    }
    for (unsigned i = 0; i < count; i++) {
        if (reports[i] != report)
            event_raise(agent->services.events, EVENT_ID_LIST_REPORT, &subject, report_id, from,
                        x411_or_name_text(pool, &reports[i]->originator));
        add_report(agent, work, reports[i]);
    }
}

/* Octets of the content that the report returns; 0 = none. */
static uint64_t returned_length(const plan_t *plan, const object_t *subject)
{
    uint64_t limit = (uint64_t)plan->agent->config->mta.maximum_returned_content * 1024;
    const x411_apdu_t *apdu = plan->apdu;
    if (!subject || apdu->kind != X411_MESSAGE || !x411_indicator(&apdu->flags, X411_FLAG_CONTENT_RETURN))
        return 0;
    bool failed = false;
    for (unsigned i = 0; i < plan->result_count; i++)
        failed =
            failed || (!plan->results[i].delivered && x411_report_wanted(plan->results[i].recipient, false));
    uint64_t length = subject->content_here ? subject->content.length : subject->record.content_length;
    return failed && length <= limit ? length : 0;
}

void plan_report(plan_t *plan, work_t *work, const object_t *subject, utc_time_t arrival)
{
    agent_t *agent = plan->agent;
    if (!plan->result_count)
        return;
    bytes_t content = BYTES_NONE;
    if (returned_length(plan, subject))
        content = subject->content_here ? subject->content : subject->returned;
    x411_report_spec_t spec = {.subject = plan->apdu,
                               .subject_arrival = arrival,
                               .results = plan->results,
                               .result_count = plan->result_count,
                               .id = agent_new_mts_id(agent, work_pool(work)),
                               .domain = agent_domain(agent),
                               .mta = agent->config->mta.name,
                               .now = agent_utc(agent),
                               .content = content,
                               .return_content = content.length > 0};
    x411_apdu_t *report = x411_report_build(work_pool(work), &spec);
    if (plan->apdu->kind == X411_PROBE) {
        const char *mts_id = x411_mts_id_text(plan->pool, &plan->apdu->mts_id);
        event_subject_t probe = {.mts_id = mts_id, .layer = "P1"};
        event_raise(agent->services.events, EVENT_ID_PROBE_ANSWERED, &probe, mts_id,
                    apr_psprintf(plan->pool, "%u recipients are judged here", plan->result_count));
    }
    if (report)
        plan_send_report(agent, work, report);
}

typedef struct settling_t {
    plan_t *plan;
    work_t *work;
    object_t *subject;
    utc_time_t arrival;
    plan_settled_t done;
    void *context;
} settling_t;

static void loaded(void *context, const err_t *err)
{
    settling_t *settling = context;
    /* A content that cannot be read now is not worth holding the report up. */
    (void)err;
    plan_report(settling->plan, settling->work, settling->subject, settling->arrival);
    settling->done(settling->context, NULL);
}

void plan_settle(plan_t *plan, work_t *work, object_t *subject, utc_time_t arrival, plan_settled_t done,
                 void *context)
{
    settling_t *settling = apr_palloc(work_pool(work), sizeof(*settling));
    *settling = (settling_t){plan, work, subject, arrival, done, context};
    uint64_t length = returned_length(plan, subject);
    if (length && !subject->content_here)
        content_load(subject, length, loaded, settling);
    else
        loaded(settling, NULL);
}
