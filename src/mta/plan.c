#include "mta/plan.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/connector.h"
#include "mta/object.h"
#include "mta/queue.h"
#include "x411/oraddress_text.h"

void plan_init(plan_t *plan, agent_t *agent, x411_apdu_t *apdu, apr_pool_t *pool)
{
    *plan = (plan_t){.agent = agent, .pool = pool, .apdu = apdu};
}

static x411_result_t *add_result(plan_t *plan, unsigned index)
{
    if (plan->result_count == plan->result_capacity) {
        unsigned capacity = plan->result_capacity ? plan->result_capacity * 2 : 8;
        x411_result_t *results = apr_pcalloc(plan->pool, capacity * sizeof(*results));
        if (plan->result_count)
            memcpy(results, plan->results, plan->result_count * sizeof(*results));
        plan->results = results;
        plan->result_capacity = capacity;
    }
    x411_result_t *result = &plan->results[plan->result_count++];
    result->recipient = &plan->apdu->recipients[index];
    return result;
}

static void tell_failure(plan_t *plan, const x411_result_t *result)
{
    const char *mts_id = x411_mts_id_text(plan->pool, &plan->apdu->mts_id);
    const char *reason = x411_reason_name(result->reason);
    const char *diagnostic = x411_diagnostic_name(result->diagnostic);
    event_subject_t subject = {.mts_id = mts_id, .layer = "P1"};
    event_raise(plan->agent->services.events, EVENT_ID_NON_DELIVERY_REPORT, &subject,
                reason ? reason : "unknown", diagnostic ? diagnostic : "none", mts_id,
                x411_or_name_text(plan->pool, &result->recipient->name),
                apr_psprintf(plan->pool, "%" APR_INT64_T_FMT, (apr_int64_t)result->recipient->number));
}

void plan_fail(plan_t *plan, unsigned index, int64_t reason, int64_t diagnostic, const char *supplementary)
{
    if (plan->apdu->kind == X411_REPORT)
        return; /* there is never a report on a report */
    x411_result_t *result = add_result(plan, index);
    result->reason = reason;
    result->diagnostic = diagnostic;
    result->supplementary = supplementary;
    tell_failure(plan, result);
}

void plan_deliver(plan_t *plan, unsigned index)
{
    x411_result_t *result = add_result(plan, index);
    result->delivered = true;
    result->delivery_time = agent_utc(plan->agent);
}

void plan_fail_all(plan_t *plan, int64_t reason, int64_t diagnostic, const char *supplementary)
{
    for (unsigned i = 0; i < plan->apdu->recipient_count; i++)
        if (x411_responsible(&plan->apdu->recipients[i]))
            plan_fail(plan, i, reason, diagnostic, supplementary);
}

static void add_to_hop(plan_t *plan, destination_t *destination, unsigned index)
{
    plan_hop_t *hop = plan->hops;
    while (hop && hop->destination != destination)
        hop = hop->next;
    if (!hop) {
        hop = apr_pcalloc(plan->pool, sizeof(*hop));
        hop->destination = destination;
        hop->next = plan->hops;
        plan->hops = hop;
        plan->hop_count++;
    }
    if (hop->count == hop->capacity) {
        unsigned capacity = hop->capacity ? hop->capacity * 2 : 8;
        uint16_t *recipients = apr_palloc(plan->pool, capacity * sizeof(*recipients));
        if (hop->count)
            memcpy(recipients, hop->recipients, hop->count * sizeof(*recipients));
        hop->recipients = recipients;
        hop->capacity = capacity;
    }
    hop->recipients[hop->count++] = (uint16_t)index;
}

static void connector_facts(void *context, size_t index, route_facts_t *facts)
{
    agent_t *agent = context;
    connector_route_facts(agent->connectors[index], facts);
}

void plan_route_state(agent_t *agent, route_state_t *state)
{
    *state = (route_state_t){.facts = connector_facts, .context = agent};
}

static destination_t *choose(plan_t *plan, const x411_or_name_t *name, const char *came_in_by,
                             const char *const *tried, uint64_t content_length, route_choice_t *choice)
{
    route_state_t state;
    plan_route_state(plan->agent, &state);
    state.came_in_by = came_in_by;
    state.tried = tried;
    state.content_length = content_length;
    route_choose(plan->agent->routes, &name->address, &state, plan->pool, choice);
    if (!choice->found)
        return NULL;
    return choice->target.kind == ROUTE_CONNECTOR
               ? &plan->agent->connectors[choice->target.index]->destination
               : &plan->agent->mailboxes[choice->target.index]->destination;
}

bool plan_try(plan_t *plan, unsigned index, const x411_or_name_t *name, const char *came_in_by,
              const char *const *tried, uint64_t content_length)
{
    route_choice_t choice;
    destination_t *destination = choose(plan, name, came_in_by, tried, content_length, &choice);
    if (destination)
        add_to_hop(plan, destination, index);
    return destination != NULL;
}

void plan_route(plan_t *plan, unsigned index, const char *came_in_by, const char *const *tried,
                uint64_t content_length)
{
    x411_recipient_t *recipient = &plan->apdu->recipients[index];
    route_choice_t choice;
    destination_t *destination = choose(plan, &recipient->name, came_in_by, tried, content_length, &choice);
    if (!destination) {
        const char *mts_id = x411_mts_id_text(plan->pool, &plan->apdu->mts_id);
        const char *address = x411_or_name_text(plan->pool, &recipient->name);
        event_subject_t subject = {.mts_id = mts_id, .layer = "routing"};
        /* Two MTAs that each take the other for the way there: a loop, found before it is entered. After
         * failed tries elsewhere the same is no loop but the lack of another way. */
        bool loop = choice.came_back && !tried;
        if (loop)
            event_raise(plan->agent->services.events, EVENT_ID_LOOP_DETECTED, &subject, mts_id, came_in_by);
        event_raise(plan->agent->services.events, EVENT_ID_RECIPIENT_NO_ROUTE, &subject, address, mts_id,
                    choice.why_none ? choice.why_none : "");
        plan_fail(plan, index, X411_REASON_UNABLE_TO_TRANSFER,
                  loop ? X411_DIAG_LOOP_DETECTED : X411_DIAG_UNRECOGNISED_OR_NAME, choice.why_none);
        return;
    }
    if (plan->apdu->kind == X411_PROBE && destination->kind == ROUTE_MAILBOX) {
        plan_deliver(plan, index); /* a probe is answered here */
        return;
    }
    add_to_hop(plan, destination, index);
}

void plan_route_all(plan_t *plan, const char *came_in_by, uint64_t content_length)
{
    if (plan->apdu->kind == X411_REPORT) {
        route_choice_t choice;
        destination_t *destination =
            choose(plan, &plan->apdu->originator, came_in_by, NULL, content_length, &choice);
        if (destination) {
            add_to_hop(plan, destination, 0);
            return;
        }
        const char *subject_id = x411_mts_id_text(plan->pool, &plan->apdu->report->subject_id);
        event_subject_t subject = {.mts_id = subject_id, .layer = "routing"};
        event_raise(plan->agent->services.events, EVENT_ID_REPORT_NO_ROUTE, &subject, subject_id,
                    x411_or_name_text(plan->pool, &plan->apdu->originator));
        return;
    }
    for (unsigned i = 0; i < plan->apdu->recipient_count; i++)
        if (x411_responsible(&plan->apdu->recipients[i]))
            plan_route(plan, i, came_in_by, NULL, content_length);
}

static void add_report(plan_t *plan, work_t *work, x411_apdu_t *report)
{
    agent_t *agent = plan->agent;
    plan_t route;
    plan_init(&route, agent, report, work_pool(work));
    plan_route_all(&route, NULL, 0);
    if (!route.hops)
        return;
    object_t *object = object_create(agent);
    utc_time_t now = agent_utc(agent);
    utc_time_t expiry = now + TIME_SECONDS((int64_t)agent->config->mta.message_timeout_normal * 60);
    err_t *err = object_describe(object, report, 0, NULL, now, expiry);
    const char *subject_id = x411_mts_id_text(plan->pool, &plan->apdu->mts_id);
    event_subject_t subject = {.mts_id = subject_id, .layer = "P1"};
    if (err) {
        event_raise(agent->services.events, EVENT_ID_MESSAGE_SET_ASIDE, &subject, subject_id,
                    err_describe(work_pool(work), err));
        object_release(object);
        return;
    }
    object->content_here = true;
    work_add_object(work, object);
    destination_t *destination = route.hops->destination;
    queue_entry_t *entry =
        queue_entry_create(destination, store_new_id(agent->services.store), object->record.id, NULL, 0);
    work_add_entry(work, object, entry, 0);
    agent->reports_made++;
    event_raise(agent->services.events, EVENT_ID_REPORT_MADE, &subject, object->record.mts_id, subject_id,
                x411_or_name_text(work_pool(work), &report->originator));
}

void plan_report(plan_t *plan, work_t *work, const object_t *subject, utc_time_t arrival)
{
    agent_t *agent = plan->agent;
    if (!plan->result_count)
        return;
    x411_report_spec_t spec = {.subject = plan->apdu,
                               .subject_arrival = arrival,
                               .results = plan->results,
                               .result_count = plan->result_count,
                               .id = agent_new_mts_id(agent, work_pool(work)),
                               .domain = agent_domain(agent),
                               .mta = agent->config->mta.name,
                               .now = agent_utc(agent),
                               .content = subject && subject->content_here ? subject->content : BYTES_NONE,
                               .return_content = true};
    x411_apdu_t *report = x411_report_build(work_pool(work), &spec);
    if (report)
        add_report(plan, work, report);
}
