#include "mta/list.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/expansion.h"
#include "mta/object.h"
#include "mta/queue.h"
#include "mta/reissue.h"
#include "mta/track.h"
#include "mta/trouble.h"
#include "mta/work.h"
#include "x411/oraddress_text.h"

enum { LIST_DRAIN_BATCH = 64 };

/* One message that is being expanded; in the pool of its work. */
typedef struct expanding_t {
    list_t *list;
    queue_entry_t *entry;
    object_t *object;
    work_t *work;
    plan_t plan; /* of the list itself as a recipient */
    unsigned members;
} expanding_t;

static void again(void *baton)
{
    list_kick(baton);
}

list_t *list_create(agent_t *agent, const config_list_t *config)
{
    list_t *list = apr_pcalloc(agent->pool, sizeof(*list));
    list->destination.agent = agent;
    list->destination.kind = ROUTE_LIST;
    list->destination.name = apr_pstrdup(agent->pool, config->name);
    list->config = config;
    list->retry.run = again;
    list->retry.baton = list;
    return list;
}

/* The next one begins from the loop: a long queue is no recursion. */
static void next(list_t *list)
{
    agent_t *agent = list->destination.agent;
    list->busy = false;
    if (list->config)
        timers_arm(agent_timers(agent), &list->retry, agent_now(agent));
    agent_check_stopped(agent);
}

static void give_up(list_t *list, queue_entry_t *entry, trouble_kind_t kind, const err_t *err)
{
    trouble_t trouble = {.kind = kind, .err = err, .entry = entry};
    trouble_handle(list->destination.agent, &trouble);
    next(list);
}

static void failed(expanding_t *expanding, const err_t *err)
{
    object_t *object = expanding->object;
    list_t *list = expanding->list;
    queue_entry_t *entry = expanding->entry;
    give_up(list, entry, TROUBLE_STORE, err);
    work_abandon(expanding->work);
    object_release(object);
}

static void settled(void *context, const err_t *err)
{
    expanding_t *expanding = context;
    object_t *object = expanding->object;
    list_t *list = expanding->list;
    if (err) {
        failed(expanding, err);
        return;
    }
    work_remove_entry(expanding->work, expanding->entry);
    work_commit(expanding->work, NULL, NULL);
    object_release(object);
    next(list);
}

static void tell_expanded(const expanding_t *expanding)
{
    agent_t *agent = expanding->list->destination.agent;
    const char *mts_id = expanding->object->record.mts_id;
    const char *name = expanding->list->destination.name;
    if (expanding->object->apdu)
        track_apdu(agent, TRACKING_LIST_EXPANSION, expanding->object->apdu,
                   expanding->object->record.content_length, &expanding->list->destination, expanding->entry);
    event_subject_t subject = {.mts_id = mts_id, .connector = name};
    event_raise(agent->services.events, EVENT_ID_LIST_EXPANDED, &subject, mts_id, name,
                apr_psprintf(work_pool(expanding->work), "%u", expanding->members));
}

static void reissued(void *context, const err_t *err)
{
    expanding_t *expanding = context;
    if (err) {
        failed(expanding, err);
        return;
    }
    tell_expanded(expanding);
    plan_settle(&expanding->plan, expanding->work, expanding->object, expanding->object->record.arrival,
                settled, expanding);
}

/* What becomes of the list as recipient `index`: true if it is to be expanded for it. */
static bool check(expanding_t *expanding, const names_list_t *names, unsigned index)
{
    agent_t *agent = expanding->list->destination.agent;
    apr_pool_t *pool = work_pool(expanding->work);
    recipient_fault_t fault;
    switch (expansion_check(names, expanding->plan.apdu, pool, &fault)) {
    case EXPANSION_PERMITTED:
        if (expansion_reports_delivery(names)) {
            plan_deliver(&expanding->plan, index);
            expanding->plan.results[expanding->plan.result_count - 1].user_type = EXPANSION_USER_TYPE;
        }
        return true;
    case EXPANSION_REFUSED:
        plan_fail(&expanding->plan, index, fault.reason, fault.diagnostic, fault.words);
        return false;
    case EXPANSION_LOOP: break;
    }
    const char *mts_id = expanding->object->record.mts_id;
    event_subject_t subject = {.mts_id = mts_id, .connector = names->config->name};
    event_raise(agent->services.events, EVENT_ID_LIST_LOOP, &subject, mts_id, names->config->name);
    return false;
}

static void expand(list_t *list, queue_entry_t *entry, object_t *object, x411_apdu_t *apdu)
{
    agent_t *agent = list->destination.agent;
    const names_list_t *names = names_list(agent->names, (size_t)(list->config - agent->config->lists));
    work_t *work = work_begin(agent);
    expanding_t *expanding = apr_pcalloc(work_pool(work), sizeof(*expanding));
    *expanding = (expanding_t){.list = list, .entry = entry, .object = object, .work = work};
    plan_init(&expanding->plan, agent, apdu, work_pool(work));
    x411_apdu_t *expanded = NULL;
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        if (!queue_entry_has(entry, i, x411_responsible(&apdu->recipients[i])))
            continue;
        /* The list is there twice only if others were redirected to it: its members get the message once. */
        if (check(expanding, names, i) && !expanded)
            expanded = expansion_build(work_pool(work), names, apdu, i, agent_utc(agent));
    }
    if (expanded && expanded->recipient_count) {
        expanding->members = expanded->recipient_count;
        reissue_begin(work, object, expanded, X411_OTHER_DL_OPERATION, reissued, expanding);
    } else {
        plan_settle(&expanding->plan, work, object, object->record.arrival, settled, expanding);
    }
}

static void object_came(void *context, object_t *object, const err_t *err)
{
    list_t *list = context;
    queue_entry_t *entry = list->entry;
    if (!object) {
        give_up(list, entry, err ? TROUBLE_STORE : TROUBLE_UNUSABLE, err);
        return;
    }
    err_t *broken;
    x411_apdu_t *apdu = object_apdu(object, &broken);
    if (apdu && list->config) {
        expand(list, entry, object, apdu);
        return;
    }
    give_up(list, entry, apdu ? TROUBLE_NO_ROUTE : TROUBLE_UNUSABLE, broken);
    object_release(object);
}

void list_kick(list_t *list)
{
    agent_t *agent = list->destination.agent;
    if (!list->config)
        queue_drain_soon(&list->destination, &list->retry);
    if (list->busy || !list->config || agent->stopping)
        return;
    queue_entry_t *entry = queue_first(&list->destination);
    if (!entry)
        return;
    list->busy = true;
    list->entry = entry;
    queue_take(entry);
    if (entry->object) {
        object_retain(entry->object);
        object_came(list, entry->object, NULL);
    } else {
        object_read(agent, entry->message_id, object_came, list);
    }
}

static void drain(void *baton)
{
    list_t *list = baton;
    agent_t *agent = list->destination.agent;
    for (unsigned i = 0; i < LIST_DRAIN_BATCH; i++) {
        queue_entry_t *entry = queue_first(&list->destination);
        if (!entry)
            return;
        queue_take(entry);
        trouble_t trouble = {.kind = TROUBLE_NO_ROUTE, .entry = entry};
        trouble_handle(agent, &trouble);
    }
    timers_arm(agent_timers(agent), &list->retry, agent_now(agent) + TIME_MILLISECONDS(10));
}

void list_configure(list_t *list, const config_list_t *config)
{
    agent_t *agent = list->destination.agent;
    list->config = config;
    timers_cancel(agent_timers(agent), &list->retry);
    list->retry.run = config ? again : drain;
    timers_arm(agent_timers(agent), &list->retry, agent_now(agent));
}
