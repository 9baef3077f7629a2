#include "mta/trouble.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/object.h"
#include "mta/plan.h"
#include "mta/queue.h"
#include "mta/redirection.h"
#include "mta/reissue.h"
#include "mta/track.h"
#include "mta/work.h"
#include "x411/oraddress_text.h"

typedef enum action_t {
    RETRY_TRANSFER, /* after the transfer interval, as often as the connector's transfer retries say; then
                       report */
    RETRY_LINK, /* at once, as the link allows; a message at which the link breaks again and again is treated
                   as one whose transfers fail */
    RETRY_SOON, /* the fault is ours: nothing is counted */
    SET_ASIDE,
    REPORT,
    REPORT_ONLY, /* to no alternate recipient either */
    REROUTE_OR_REPORT,
    REROUTE_OR_STAY
} action_t;

typedef struct rule_t {
    action_t action;
    int64_t reason;
    int64_t diagnostic;
} rule_t;

/* Extent of a fault -> what happens (X.411 reason and diagnostic where it ends in non-delivery). */
static const rule_t rules[TROUBLE_KIND_COUNT] = {
    [TROUBLE_TRANSFER] = {RETRY_TRANSFER, X411_REASON_TRANSFER_FAILURE, X411_DIAG_MTS_CONGESTION},
    [TROUBLE_LOST] = {RETRY_LINK, X411_REASON_TRANSFER_FAILURE, X411_DIAG_MTS_CONGESTION},
    [TROUBLE_STORE] = {RETRY_SOON, 0, 0},
    [TROUBLE_UNUSABLE] = {SET_ASIDE, 0, 0},
    [TROUBLE_DOWNGRADE] = {REPORT, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_UNABLE_TO_DOWNGRADE},
    [TROUBLE_UNREACHABLE] = {REROUTE_OR_REPORT, X411_REASON_TRANSFER_FAILURE, X411_DIAG_MTS_CONGESTION},
    [TROUBLE_EXPIRED] = {REPORT, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_MAXIMUM_TIME_EXPIRED},
    [TROUBLE_MAILBOX] = {RETRY_SOON, 0, 0},
    [TROUBLE_NO_ROUTE] = {REROUTE_OR_REPORT, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_UNRECOGNISED_OR_NAME},
    [TROUBLE_DELETED] = {REPORT_ONLY, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_NONE},
    [TROUBLE_MOVED] = {REROUTE_OR_STAY, 0, 0}};

enum { SOON_SECONDS = 30, LOSSES_FORGIVEN = 8 };

/* An entry that is being rerouted or reported on, while its message is read and perhaps copied. */
typedef struct case_t {
    agent_t *agent;
    queue_entry_t *entry;
    rule_t rule;
    uint16_t *concerned; /* malloc: indices; NULL = all recipients of the entry */
    unsigned concerned_count;
    char words[MTA_ERROR_TEXT];
    object_t *object;
    work_t *work;
    plan_t plan;
    uint16_t *staying; /* recipients that stay with the entry */
    unsigned staying_count;
    x411_apdu_t *redirected; /* the message for those who were redirected; NULL = nobody was */
} case_t;

static void finish(case_t *c)
{
    if (c->object)
        object_release(c->object);
    free(c->concerned);
    free(c);
}

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

/* Another next hop for recipient index, never the one that failed, one that was tried before, nor the one it
 * came in by. */
static bool reroute(plan_t *plan, const case_t *c, unsigned index, const object_t *object)
{
    const char *tried[MTA_TRIED_LIMIT + 2] = {c->entry->destination->name};
    for (unsigned i = 0; c->entry->tried && c->entry->tried[i]; i++)
        tried[i + 1] = c->entry->tried[i]->name;
    const x411_or_name_t *name =
        plan->apdu->kind == X411_REPORT ? &plan->apdu->originator : &plan->apdu->recipients[index].name;
    return plan_try(plan, index, name, *object->record.source ? object->record.source : NULL, tried,
                    object->record.content_length);
}

/* Says of entry that it was where `from` is now, and wherever that was before. */
static void remember_tried(queue_entry_t *entry, const queue_entry_t *from)
{
    const destination_t **tried = calloc(MTA_TRIED_LIMIT + 1, sizeof(const destination_t *));
    if (!tried)
        abort();
    tried[0] = from->destination;
    for (unsigned i = 0; i + 1 < MTA_TRIED_LIMIT && from->tried && from->tried[i]; i++)
        tried[i + 1] = from->tried[i];
    free(entry->tried);
    entry->tried = tried;
}

static void tell_rerouted(const case_t *c, const object_t *object, const plan_hop_t *hop)
{
    event_subject_t subject = {.mts_id = object->record.mts_id, .connector = hop->destination->name};
    event_raise(c->agent->services.events, EVENT_ID_REROUTED, &subject, object->record.mts_id,
                hop->destination->name, c->entry->destination->name, c->words);
}

/* Replaces the entry by what the plan found. It stays where it is for those whom the trouble does not
 * concern; else the first hop takes it over. Other hops get new ones. */
static void apply(case_t *c)
{
    plan_t *plan = &c->plan;
    bool report = plan->apdu->kind == X411_REPORT;
    bool taken = c->staying_count > 0;
    bool moved = false;
    if (taken)
        work_move_entry(c->work, c->entry, c->entry->destination, c->staying, report ? 0 : c->staying_count);
    for (plan_hop_t *hop = plan->hops; hop; hop = hop->next) {
        tell_rerouted(c, c->object, hop);
        track_apdu(c->agent, TRACKING_REROUTED, plan->apdu, c->object->record.content_length,
                   hop->destination, c->entry);
        if (!taken) {
            work_move_entry(c->work, c->entry, hop->destination, hop->recipients, report ? 0 : hop->count);
            taken = moved = true;
        } else {
            queue_entry_t *entry =
                queue_entry_create(hop->destination, store_new_id(c->agent->services.store),
                                   c->entry->message_id, hop->recipients, hop->count);
            remember_tried(entry, c->entry);
            work_add_sibling(c->work, c->object, entry);
        }
    }
    if (!taken)
        work_remove_entry(c->work, c->entry);
    if (moved)
        remember_tried(c->entry, c->entry);
}

static void settled(void *context, const err_t *err)
{
    case_t *c = context;
    (void)err; /* a report that could not be made whole is made without the content */
    apply(c);
    work_commit(c->work, NULL, NULL);
    finish(c);
}

static void reissued(void *context, const err_t *err)
{
    case_t *c = context;
    if (err) { /* the store's trouble: nothing has changed */
        retry_later(c->agent, c->entry, SOON_SECONDS);
        work_abandon(c->work);
        finish(c);
        return;
    }
    plan_settle(&c->plan, c->work, c->object, c->object->record.arrival, settled, c);
}

static bool concerns(const case_t *c, unsigned index)
{
    if (!c->concerned)
        return true;
    for (unsigned i = 0; i < c->concerned_count; i++)
        if (c->concerned[i] == index)
            return true;
    return false;
}

/* Gives recipient `index` to the alternate that its originator asked for; false if there is none. */
static bool redirect(case_t *c, unsigned index)
{
    x411_apdu_t *apdu = c->plan.apdu;
    apr_pool_t *pool = work_pool(c->work);
    const x411_or_name_t *to = redirection_requested(pool, &apdu->recipients[index]);
    /* For what is too old the alternate is too late as well. */
    if (apdu->kind != X411_MESSAGE || !to || c->rule.diagnostic == X411_DIAG_MAXIMUM_TIME_EXPIRED)
        return false;
    x411_apdu_t *copy = c->redirected;
    if (!copy) {
        copy = x411_apdu_clone(pool, apdu);
        for (unsigned i = 0; i < copy->recipient_count; i++)
            x411_indicator_set(&copy->recipients[i].indicators, 0, false);
    }
    if (redirection_apply(pool, copy, index, to, REDIRECTION_ORIGINATOR_REQUESTED, agent_utc(c->agent)) !=
        REDIRECTION_DONE)
        return false;
    x411_indicator_set(&copy->recipients[index].indicators, 0, true);
    c->redirected = copy;
    track_redirected(c->agent, apdu, to);
    const char *mts_id = c->object->record.mts_id;
    event_subject_t subject = {.mts_id = mts_id, .layer = "routing"};
    event_raise(c->agent->services.events, EVENT_ID_REDIRECTED, &subject, mts_id,
                x411_or_name_text(pool, &apdu->recipients[index].name), x411_or_name_text(pool, to),
                x411_redirection_reason_name(REDIRECTION_ORIGINATOR_REQUESTED));
    return true;
}

static void plan_recipients(case_t *c, x411_apdu_t *apdu)
{
    bool stay = c->rule.action == REROUTE_OR_STAY;
    bool try_others = c->rule.action != REPORT && c->rule.action != REPORT_ONLY;
    c->staying = apr_palloc(work_pool(c->work), (apdu->recipient_count + 1) * sizeof(*c->staying));
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        if (!queue_entry_has(c->entry, i, x411_responsible(&apdu->recipients[i])))
            continue;
        if (!concerns(c, i) || (stay && !reroute(&c->plan, c, i, c->object)))
            c->staying[c->staying_count++] = (uint16_t)i;
        else if (!stay && !(try_others && reroute(&c->plan, c, i, c->object)) &&
                 (c->rule.action == REPORT_ONLY || !redirect(c, i)))
            plan_fail(&c->plan, i, c->rule.reason, c->rule.diagnostic,
                      *c->words ? apr_pstrdup(work_pool(c->work), c->words) : NULL);
    }
}

static void plan_for_report(case_t *c)
{
    bool stay = c->rule.action == REROUTE_OR_STAY;
    bool try_others = c->rule.action != REPORT && c->rule.action != REPORT_ONLY;
    const object_t *object = c->object;
    if (try_others && reroute(&c->plan, c, 0, object))
        return;
    if (stay) {
        c->staying_count = 1;
        return;
    }
    plan_drop_report(&c->plan, c->entry->destination->name,
                     *c->words ? c->words : "it cannot be transferred");
}

static void resolve(void *context, object_t *object, const err_t *err)
{
    case_t *c = context;
    agent_t *agent = c->agent;
    err_t *broken = NULL;
    x411_apdu_t *apdu = object ? object_apdu(object, &broken) : NULL;
    c->object = object;
    if (!apdu) {
        if (err)
            retry_later(agent, c->entry, SOON_SECONDS);
        else
            set_aside(agent, c->entry, "the message cannot be read from the store");
        finish(c);
        return;
    }
    c->work = work_begin(agent);
    plan_init(&c->plan, agent, apdu, work_pool(c->work));
    if (apdu->kind == X411_REPORT)
        plan_for_report(c);
    else
        plan_recipients(c, apdu);
    if (c->redirected)
        reissue_begin(c->work, object, c->redirected, X411_OTHER_REDIRECTED, reissued, c);
    else
        reissued(c, NULL);
}

static void settle(agent_t *agent, const trouble_t *trouble, const rule_t *rule, const char *words)
{
    queue_entry_t *entry = trouble->entry;
    case_t *c = calloc(1, sizeof(*c));
    if (!c)
        abort();
    c->agent = agent;
    c->entry = entry;
    c->rule = *rule;
    apr_cpystrn(c->words, words, sizeof(c->words));
    if (trouble->recipient_count) {
        c->concerned = malloc(trouble->recipient_count * sizeof(*c->concerned));
        if (!c->concerned)
            abort();
        memcpy(c->concerned, trouble->recipients, trouble->recipient_count * sizeof(*c->concerned));
        c->concerned_count = trouble->recipient_count;
    }
    if (entry->object) {
        object_retain(entry->object);
        resolve(c, entry->object, NULL);
    } else {
        object_read(agent, entry->message_id, resolve, c);
    }
}

/* Event 270: the peer does not take the object. */
static void tell_permanent(agent_t *agent, const queue_entry_t *entry, const char *words)
{
    static const char *const kinds[] = {
        [STORE_MESSAGE] = "message", [STORE_PROBE] = "probe", [STORE_REPORT] = "report"};
    char id[32];
    apr_snprintf(id, sizeof(id), "%" APR_UINT64_T_FMT, (apr_uint64_t)entry->message_id);
    const char *mts_id = entry->object ? entry->object->record.mts_id : id;
    const char *name = entry->destination->name;
    event_subject_t subject = {.mts_id = mts_id, .connector = name};
    event_raise(agent->services.events, EVENT_ID_PERMANENT_ERROR, &subject, name, "Adjacent-MTA",
                entry->object ? kinds[entry->object->record.kind] : "object", mts_id, words);
}

static void transfer_failed(agent_t *agent, const trouble_t *trouble, const rule_t *rule, const char *words)
{
    const config_connector_t *config = trouble->connector ? trouble->connector->config : NULL;
    queue_entry_t *entry = trouble->entry;
    entry->attempts++;
    if (config && entry->attempts > config->max_transfer_retries) {
        tell_permanent(agent, entry, words);
        settle(agent, trouble, rule, words);
    } else {
        retry_later(agent, entry, config ? config->transfer_interval : SOON_SECONDS);
    }
}

void trouble_handle(agent_t *agent, const trouble_t *trouble)
{
    queue_entry_t *entry = trouble->entry;
    const rule_t *rule = &rules[trouble->kind];
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *words = trouble->err ? err_describe(pool, trouble->err) : "";
    switch (rule->action) {
    case RETRY_TRANSFER: transfer_failed(agent, trouble, rule, words); break;
    case RETRY_LINK:
        if (entry->losses < LOSSES_FORGIVEN) {
            entry->losses++;
            queue_give_back(entry, 0);
        } else {
            transfer_failed(agent, trouble, rule, words);
        }
        break;
    case RETRY_SOON: retry_later(agent, entry, SOON_SECONDS); break;
    case SET_ASIDE: set_aside(agent, entry, words); break;
    case REPORT:
    case REPORT_ONLY:
    case REROUTE_OR_REPORT:
    case REROUTE_OR_STAY: settle(agent, trouble, rule, words); break;
    }
    apr_pool_destroy(pool);
}
