#include "mta/trouble.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/object.h"
#include "mta/plan.h"
#include "mta/queue.h"
#include "mta/work.h"

typedef enum action_t {
    RETRY_TRANSFER, /* after the transfer interval, as often as the connector's transfer retries say; then
                       report */
    RETRY_SOON,     /* the fault is ours: nothing is counted */
    SET_ASIDE,
    REPORT,
    REROUTE_OR_REPORT
} action_t;

typedef struct rule_t {
    action_t action;
    int64_t reason;
    int64_t diagnostic;
} rule_t;

/* Extent of a fault -> what happens (X.411 reason and diagnostic where it ends in non-delivery). */
static const rule_t rules[TROUBLE_KIND_COUNT] = {
    [TROUBLE_TRANSFER] = {RETRY_TRANSFER, X411_REASON_TRANSFER_FAILURE, X411_DIAG_MTS_CONGESTION},
    [TROUBLE_STORE] = {RETRY_SOON, 0, 0},
    [TROUBLE_UNUSABLE] = {SET_ASIDE, 0, 0},
    [TROUBLE_DOWNGRADE] = {REPORT, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_UNABLE_TO_DOWNGRADE},
    [TROUBLE_UNREACHABLE] = {REROUTE_OR_REPORT, X411_REASON_TRANSFER_FAILURE, X411_DIAG_MTS_CONGESTION},
    [TROUBLE_EXPIRED] = {REPORT, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_MAXIMUM_TIME_EXPIRED},
    [TROUBLE_MAILBOX] = {RETRY_SOON, 0, 0},
    [TROUBLE_NO_ROUTE] = {REROUTE_OR_REPORT, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_UNRECOGNISED_OR_NAME}};

enum { SOON_SECONDS = 30 };

/* An entry that is being rerouted or reported on, while its message is read. */
typedef struct case_t {
    agent_t *agent;
    queue_entry_t *entry;
    rule_t rule;
    char words[MTA_ERROR_TEXT];
} case_t;

static void retry_later(agent_t *agent, queue_entry_t *entry, unsigned seconds)
{
    utc_time_t due = agent_utc(agent) + TIME_SECONDS((int64_t)seconds);
    work_t *work = work_begin(agent);
    work_update_entry(work, entry, due);
    work_commit(work, NULL, NULL);
}

static void set_aside(agent_t *agent, queue_entry_t *entry, const char *why)
{
    char id[32];
    apr_snprintf(id, sizeof(id), "%" APR_UINT64_T_FMT, (apr_uint64_t)entry->message_id);
    const char *mts_id = entry->object ? entry->object->record.mts_id : id;
    event_subject_t subject = {.mts_id = mts_id, .connector = entry->destination->name};
    event_raise(agent->services.events, EVENT_ID_MESSAGE_SET_ASIDE, &subject, mts_id, why);
    entry->state = STORE_ENTRY_BAD;
    work_t *work = work_begin(agent);
    work_update_entry(work, entry, 0);
    work_commit(work, NULL, NULL);
}

/* Another next hop for recipient index, never the one that failed nor the one it came in by. */
static bool reroute(plan_t *plan, const case_t *c, unsigned index, const object_t *object)
{
    const char *tried[] = {c->entry->destination->name, NULL};
    const x411_or_name_t *name =
        plan->apdu->kind == X411_REPORT ? &plan->apdu->originator : &plan->apdu->recipients[index].name;
    return plan_try(plan, index, name, *object->record.source ? object->record.source : NULL, tried,
                    object->record.content_length);
}

static void tell_rerouted(const case_t *c, const object_t *object, const plan_hop_t *hop)
{
    event_subject_t subject = {.mts_id = object->record.mts_id, .connector = hop->destination->name};
    event_raise(c->agent->services.events, EVENT_ID_REROUTED, &subject, object->record.mts_id,
                hop->destination->name, c->entry->destination->name, c->words);
}

/* Replaces the entry by what the plan found: the first hop takes the entry over, others get new ones. */
static void apply(case_t *c, plan_t *plan, work_t *work, object_t *object)
{
    if (!plan->hops) {
        work_remove_entry(work, c->entry);
        return;
    }
    bool report = plan->apdu->kind == X411_REPORT;
    for (plan_hop_t *hop = plan->hops; hop; hop = hop->next) {
        tell_rerouted(c, object, hop);
        if (hop == plan->hops) {
            work_move_entry(work, c->entry, hop->destination, hop->recipients, report ? 0 : hop->count);
        } else {
            queue_entry_t *entry =
                queue_entry_create(hop->destination, store_new_id(c->agent->services.store),
                                   c->entry->message_id, hop->recipients, hop->count);
            work_add_sibling(work, object, entry);
        }
    }
}

static void resolve(void *context, object_t *object, const err_t *err)
{
    case_t *c = context;
    agent_t *agent = c->agent;
    err_t *broken = NULL;
    x411_apdu_t *apdu = object ? object_apdu(object, &broken) : NULL;
    if (!apdu) {
        if (err)
            retry_later(agent, c->entry, SOON_SECONDS);
        else
            set_aside(agent, c->entry, "the message cannot be read from the store");
        if (object)
            object_release(object);
        free(c);
        return;
    }
    work_t *work = work_begin(agent);
    plan_t plan;
    plan_init(&plan, agent, apdu, work_pool(work));
    bool try_others = c->rule.action == REROUTE_OR_REPORT;
    unsigned count = apdu->kind == X411_REPORT ? 1 : apdu->recipient_count;
    for (unsigned i = 0; i < count; i++) {
        bool ours =
            apdu->kind == X411_REPORT || queue_entry_has(c->entry, i, x411_responsible(&apdu->recipients[i]));
        if (!ours || (try_others && reroute(&plan, c, i, object)))
            continue;
        plan_fail(&plan, i, c->rule.reason, c->rule.diagnostic,
                  *c->words ? apr_pstrdup(work_pool(work), c->words) : NULL);
    }
    if (apdu->kind == X411_REPORT && !plan.hops) {
        event_subject_t subject = {.mts_id = object->record.mts_id};
        event_raise(agent->services.events, EVENT_ID_REPORT_NO_ROUTE, &subject, object->record.mts_id,
                    c->words);
    }
    plan_report(&plan, work, object, object->record.arrival);
    apply(c, &plan, work, object);
    work_commit(work, NULL, NULL);
    object_release(object);
    free(c);
}

static void settle(agent_t *agent, queue_entry_t *entry, const rule_t *rule, const char *words)
{
    case_t *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->agent = agent;
    c->entry = entry;
    c->rule = *rule;
    apr_cpystrn(c->words, words, sizeof(c->words));
    if (entry->object) {
        object_retain(entry->object);
        resolve(c, entry->object, NULL);
    } else {
        object_read(agent, entry->message_id, resolve, c);
    }
}

void trouble_handle(agent_t *agent, const trouble_t *trouble)
{
    queue_entry_t *entry = trouble->entry;
    const rule_t *rule = &rules[trouble->kind];
    const config_connector_t *config = trouble->connector ? trouble->connector->config : NULL;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *words = trouble->err ? err_describe(pool, trouble->err) : "";
    switch (rule->action) {
    case RETRY_TRANSFER:
        entry->attempts++;
        if (config && entry->attempts > config->max_transfer_retries)
            settle(agent, entry, rule, words);
        else
            retry_later(agent, entry, config ? config->transfer_interval : SOON_SECONDS);
        break;
    case RETRY_SOON: retry_later(agent, entry, SOON_SECONDS); break;
    case SET_ASIDE: set_aside(agent, entry, words); break;
    case REPORT:
    case REROUTE_OR_REPORT: settle(agent, entry, rule, words); break;
    }
    apr_pool_destroy(pool);
}
