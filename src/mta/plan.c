#include "mta/plan.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/connector.h"
#include "mta/object.h"
#include "mta/policy.h"
#include "mta/track.h"
#include "x411/oraddress_text.h"

void plan_init(plan_t *plan, agent_t *agent, x411_apdu_t *apdu, apr_pool_t *pool)
{
    *plan = (plan_t){.agent = agent, .pool = pool, .apdu_pool = pool, .apdu = apdu};
    apr_pool_create(&plan->scratch, pool);
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

/* Event 62 for the message, at its first recipient that fails, and event 290 for each. */
static void tell_failure(plan_t *plan, const x411_result_t *result)
{
    const char *mts_id = x411_mts_id_text(plan->pool, &plan->apdu->mts_id);
    const char *reason = x411_reason_name(result->reason);
    const char *diagnostic = x411_diagnostic_name(result->diagnostic);
    event_subject_t subject = {.mts_id = mts_id, .layer = "P1"};
    if (!plan->failed)
        event_raise(plan->agent->services.events, EVENT_ID_DELIVERY_FAILURE, &subject, mts_id,
                    reason ? reason : "unknown", diagnostic ? diagnostic : "none");
    plan->failed = true;
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
    if (plan->apdu->kind == X411_REPORT)
        plan_drop_report(plan, NULL, supplementary ? supplementary : x411_diagnostic_name(diagnostic));
    for (unsigned i = 0; i < plan->apdu->recipient_count; i++)
        if (x411_responsible(&plan->apdu->recipients[i]))
            plan_fail(plan, i, reason, diagnostic, supplementary);
}

void plan_add(plan_t *plan, destination_t *destination, unsigned index)
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
    const plan_query_t *query = context;
    const connector_t *connector = query->agent->connectors[index];
    connector_route_facts(connector, facts);
    if (query->apdu)
        facts->barred = policy_forbids(connector->policy, query->apdu, query->pool);
}

void plan_route_state(plan_query_t *query, route_state_t *state)
{
    *state = (route_state_t){.facts = connector_facts, .context = query};
}

destination_t *plan_choose(plan_t *plan, const x411_or_name_t *name, const char *came_in_by,
                           const char *const *tried, uint64_t content_length, route_choice_t *choice)
{
    route_state_t state;
    plan_query_t query = {plan->agent, &name->address, plan->apdu, plan->pool};
    plan_route_state(&query, &state);
    state.came_in_by = came_in_by;
    state.tried = tried;
    state.content_length = content_length;
    apr_pool_clear(plan->scratch);
    route_choose(plan->agent->routes, &name->address, &state, plan->scratch, choice);
    if (choice->why_none)
        choice->why_none = apr_pstrdup(plan->pool, choice->why_none);
    if (!choice->found)
        return NULL;
    return choice->target.kind == ROUTE_CONNECTOR
               ? &plan->agent->connectors[choice->target.index]->destination
               : &plan->agent->mailboxes[choice->target.index]->destination;
}

bool plan_try(plan_t *plan, unsigned index, const x411_or_name_t *name, const char *came_in_by,
              const char *const *tried, uint64_t content_length)
{
    agent_t *agent = plan->agent;
    const names_list_t *list = plan->apdu->kind == X411_MESSAGE
                                   ? names_find_list(agent->names, &name->address, plan->scratch)
                                   : NULL;
    route_choice_t choice;
    destination_t *destination = list ? &agent->lists[list->index]->destination
                                      : plan_choose(plan, name, came_in_by, tried, content_length, &choice);
    if (destination)
        plan_add(plan, destination, index);
    return destination != NULL;
}

static bool add_dead_letter(plan_t *plan, const char *not_to, const char *why)
{
    agent_t *agent = plan->agent;
    const char *name = agent->config->mta.dead_letter_mailbox;
    destination_t *mailbox =
        name && (!not_to || strcmp(name, not_to) != 0) ? agent_find_destination(agent, name) : NULL;
    if (!mailbox || mailbox->kind != ROUTE_MAILBOX)
        return false;
    const char *mts_id = x411_mts_id_text(plan->pool, &plan->apdu->mts_id);
    event_subject_t subject = {.mts_id = mts_id, .connector = name, .layer = "routing"};
    event_raise(agent->services.events, EVENT_ID_DEAD_LETTER, &subject, mts_id, name, why);
    plan_add(plan, mailbox, 0);
    return true;
}

void plan_drop_report(plan_t *plan, const char *not_to, const char *why)
{
    const char *originator = x411_or_name_text(plan->pool, &plan->apdu->originator);
    if (add_dead_letter(plan, not_to, why ? why : apr_psprintf(plan->pool, "no way leads to %s", originator)))
        return;
    track_apdu(plan->agent, TRACKING_REPORT_DISCARDED, plan->apdu, 0, NULL, NULL);
    const char *subject_id = x411_mts_id_text(plan->pool, &plan->apdu->report->subject_id);
    event_subject_t subject = {.mts_id = subject_id, .layer = "routing"};
    event_raise(plan->agent->services.events, EVENT_ID_REPORT_NO_ROUTE, &subject, subject_id,
                why ? apr_psprintf(plan->pool, "%s (%s)", originator, why) : originator);
}

static void route_report(plan_t *plan, const char *came_in_by, uint64_t content_length)
{
    if (!plan_try(plan, 0, &plan->apdu->originator, came_in_by, NULL, content_length))
        plan_drop_report(plan, NULL, NULL);
}

void plan_route_all(plan_t *plan, const char *came_in_by, uint64_t content_length)
{
    if (plan->apdu->kind == X411_REPORT) {
        route_report(plan, came_in_by, content_length);
        return;
    }
    for (unsigned i = 0; i < plan->apdu->recipient_count; i++)
        if (x411_responsible(&plan->apdu->recipients[i]))
            plan_route(plan, i, came_in_by, NULL, content_length);
}
