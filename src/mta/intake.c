#include "mta/intake.h"

#include <apr_md5.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "mta/awaited.h"
#include "mta/deferral.h"
#include "mta/object.h"
#include "mta/plan.h"
#include "mta/policy.h"
#include "mta/queue.h"
#include "mta/track.h"
#include "mta/trash.h"
#include "mta/work.h"
#include "x411/downgrade.h"
#include "x411/oraddress_text.h"

typedef struct intake_t intake_t;

/* One intake, while it is being secured; in the pool of its work. */
struct intake_t {
    struct intake_t *next;
    agent_t *agent;
    object_t *object;
    connector_t *source;
    uint64_t content_length;
    utc_time_t arrival;
    utc_time_t due;   /* deferred until then; 0 = not */
    bool list_report; /* a report for an own distribution list */
    uint8_t digest[STORE_DIGEST_SIZE];
    work_t *work;
    plan_t plan;
    intake_done_t done;
    void *context;
};

static void digest_range(apr_md5_ctx_t *md5, bytes_t range)
{
    uint32_t length = (uint32_t)range.length;
    apr_md5_update(md5, &length, sizeof(length));
    if (range.length)
        apr_md5_update(md5, range.data, range.length);
}

static void digest_domain(apr_md5_ctx_t *md5, const x411_domain_t *domain)
{
    digest_range(md5, domain->country.octets);
    digest_range(md5, domain->admd.octets);
    digest_range(md5, domain->prmd.octets);
}

/* What makes two transfers of one peer the same: kind, identifier, the way so far, the recipients that this
 * MTA is to answer for, and the length. A message that comes back after a loop has a longer way, a split one
 * other recipients. The internal trace is no part of it: the same message may come over an association of
 * 1984 the next time. */
static void make_digest(intake_t *intake)
{
    const x411_apdu_t *apdu = intake->object->apdu;
    apr_md5_ctx_t md5;
    apr_md5_init(&md5);
    digest_range(&md5, bytes_of_string(intake->source ? intake->source->destination.name : ""));
    apr_md5_update(&md5, &apdu->kind, sizeof(apdu->kind));
    digest_domain(&md5, &apdu->mts_id.domain);
    digest_range(&md5, apdu->mts_id.local.octets);
    for (unsigned i = 0; i < apdu->trace.count; i++) {
        digest_domain(&md5, &apdu->trace.elements[i].domain);
        digest_range(&md5, apdu->trace.elements[i].arrival.text);
    }
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        if (apdu->kind != X411_REPORT && !x411_responsible(&apdu->recipients[i]))
            continue;
        int64_t number = apdu->recipients[i].number;
        apr_md5_update(&md5, &number, sizeof(number));
        digest_range(&md5, apdu->recipients[i].name.raw);
    }
    apr_md5_update(&md5, &intake->content_length, sizeof(intake->content_length));
    apr_md5_final(intake->digest, &md5);
}

static bool is_being_secured(const intake_t *intake)
{
    for (const intake_t *other = intake->agent->intakes; other; other = other->next)
        if (memcmp(other->digest, intake->digest, STORE_DIGEST_SIZE) == 0)
            return true;
    return false;
}

static void forget(intake_t *intake)
{
    for (intake_t **place = &intake->agent->intakes; *place; place = &(*place)->next) {
        if (*place == intake) {
            *place = intake->next;
            return;
        }
    }
}

static const char *mts_id_text(const intake_t *intake)
{
    return x411_mts_id_text(intake->plan.pool, &intake->object->apdu->mts_id);
}

static const char *source_name(const intake_t *intake)
{
    return intake->source ? intake->source->destination.name : "local submission";
}

/* Bar P1 Originator: the message is dropped, or reported if the connector says so. */
static bool is_barred(intake_t *intake)
{
    plan_t *plan = &intake->plan;
    connector_t *source = intake->source;
    x411_apdu_t *apdu = intake->object->apdu;
    const char *rule = source && source->config ? policy_bars(source->policy, apdu, plan->pool) : NULL;
    if (!rule)
        return false;
    const char *mts_id = mts_id_text(intake);
    const char *name = source->destination.name;
    event_subject_t subject = {.mts_id = mts_id, .connector = name, .layer = "P1"};
    event_raise(intake->agent->services.events, EVENT_ID_ORIGINATOR_BARRED, &subject,
                x411_or_name_text(plan->pool, &apdu->originator), rule, name, mts_id);
    if (source->config->ndr_to_barred_originator)
        plan_fail_all(plan, X411_REASON_RESTRICTED_DELIVERY, X411_DIAG_NO_BILATERAL_AGREEMENT,
                      "the originator is barred");
    return true;
}

/* Event 209: told, and accepted. A report has the identifier of its subject elsewhere. */
static void tell_trace_mismatch(const intake_t *intake)
{
    const x411_apdu_t *apdu = intake->object->apdu;
    if (!intake->source || !apdu->trace.count ||
        x411_domain_equal(&apdu->trace.elements[0].domain, &apdu->mts_id.domain))
        return;
    const char *mts_id = mts_id_text(intake);
    event_subject_t subject = {.mts_id = mts_id, .connector = source_name(intake), .layer = "P1"};
    event_raise(intake->agent->services.events, EVENT_ID_TRACE_MISMATCH, &subject, mts_id,
                x411_domain_text(intake->plan.pool, &apdu->trace.elements[0].domain), source_name(intake));
}

static void tell_critical(const intake_t *intake, const x411_extension_t *extension)
{
    const char *mts_id = mts_id_text(intake);
    event_subject_t subject = {.mts_id = mts_id, .layer = "P1"};
    event_raise(intake->agent->services.events, EVENT_ID_CRITICAL_EXTENSION, &subject, mts_id,
                apr_psprintf(intake->plan.pool, "type %d", (int)extension->type), "unable-to-transfer",
                "unsupported-critical-function");
}

/* Checks that concern the APDU as a whole; true if one of them failed every recipient. */
static bool check_whole(intake_t *intake, utc_time_t expiry)
{
    agent_t *agent = intake->agent;
    plan_t *plan = &intake->plan;
    x411_apdu_t *apdu = intake->object->apdu;
    const char *mts_id = mts_id_text(intake);
    event_subject_t subject = {.mts_id = mts_id, .layer = "P1"};
    x411_domain_t domain = agent_domain(agent);
    if (apdu->trace.count >= X411_UB_TRANSFERS) {
        event_raise(agent->services.events, EVENT_ID_TOO_MUCH_TRACE, &subject, mts_id, "unable-to-transfer",
                    "size-constraint-violation");
        plan_fail_all(plan, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_SIZE_CONSTRAINT_VIOLATION,
                      "there is too much trace information");
        return true;
    }
    if (x411_loop_check(plan->pool, apdu, &domain, agent->config->mta.name) != X411_LOOP_NONE) {
        agent->loops_seen++;
        event_raise(agent->services.events, EVENT_ID_LOOP_DETECTED, &subject, mts_id, source_name(intake));
        plan_fail_all(plan, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_LOOP_DETECTED,
                      "this MTA is in the trace already");
        return true;
    }
    tell_trace_mismatch(intake);
    if (apdu->kind == X411_REPORT)
        return false;
    if (is_barred(intake))
        return true;
    if (expiry <= intake->arrival) {
        event_raise(agent->services.events, EVENT_ID_LATE_ON_ARRIVAL, &subject, mts_id,
                    apr_psprintf(plan->pool, "%" APR_INT64_T_FMT,
                                 (apr_int64_t)((intake->arrival - expiry) / 60000000)),
                    "unable-to-transfer", "maximum-time-expired");
        plan_fail_all(plan, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_MAXIMUM_TIME_EXPIRED, NULL);
        return true;
    }
    unsigned limit = agent->config->mta.maximum_message_size;
    if (limit && intake->content_length > (uint64_t)limit * 1024) {
        event_raise(agent->services.events, EVENT_ID_MESSAGE_TOO_LARGE, &subject, mts_id, source_name(intake),
                    apr_psprintf(plan->pool, "%" APR_UINT64_T_FMT, (apr_uint64_t)intake->content_length),
                    apr_psprintf(plan->pool, "%u KB", limit));
        plan_fail_all(plan, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_SIZE_CONSTRAINT_VIOLATION, NULL);
        return true;
    }
    bool customary = intake->source && intake->source->config &&
                     intake->source->config->quirks & CONFIG_QUIRK_CRITICALITY_CUSTOMARY;
    const x411_extension_t *extension = x411_extension_unsupported(&apdu->extensions, customary);
    if (extension) {
        tell_critical(intake, extension);
        plan_fail_all(plan, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_UNSUPPORTED_CRITICAL_FUNCTION,
                      apr_psprintf(plan->pool, "extension %d is not known here", (int)extension->type));
        return true;
    }
    return false;
}

static void tell_too_many(const intake_t *intake)
{
    const char *mts_id = mts_id_text(intake);
    event_subject_t subject = {.mts_id = mts_id, .connector = source_name(intake), .layer = "P1"};
    event_raise(intake->agent->services.events, EVENT_ID_TRANSFER_IN_ERROR, &subject, mts_id,
                source_name(intake), "unable-to-transfer", "too-many-recipients");
}

static bool check_recipient(intake_t *intake, unsigned index, unsigned answered)
{
    plan_t *plan = &intake->plan;
    const x411_recipient_t *recipient = &plan->apdu->recipients[index];
    bool customary = intake->source && intake->source->config &&
                     intake->source->config->quirks & CONFIG_QUIRK_CRITICALITY_CUSTOMARY;
    const x411_extension_t *extension = x411_extension_unsupported(&recipient->extensions, customary);
    if (extension) {
        tell_critical(intake, extension);
        plan_fail(plan, index, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_UNSUPPORTED_CRITICAL_FUNCTION,
                  apr_psprintf(plan->pool, "extension %d is not known here", (int)extension->type));
        return false;
    }
    unsigned limit = intake->agent->config->mta.maximum_recipients;
    if (limit && answered > limit) {
        if (answered == limit + 1)
            tell_too_many(intake);
        plan_fail(plan, index, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_TOO_MANY_RECIPIENTS, NULL);
        return false;
    }
    return true;
}

static void make_plan(intake_t *intake, utc_time_t expiry)
{
    plan_t *plan = &intake->plan;
    x411_apdu_t *apdu = intake->object->apdu;
    const char *source = intake->source ? intake->source->destination.name : NULL;
    if (check_whole(intake, expiry))
        return;
    if (apdu->kind == X411_REPORT &&
        names_find_list(intake->agent->names, &apdu->originator.address, plan->pool)) {
        intake->list_report = true; /* in its own stead go those that the list makes of it */
        return;
    }
    if (apdu->kind == X411_REPORT) {
        plan_route_all(plan, source, intake->content_length);
        return;
    }
    unsigned answered = 0;
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        if (!x411_responsible(&apdu->recipients[i]))
            continue;
        answered++;
        if (check_recipient(intake, i, answered))
            plan_route(plan, i, source, NULL, intake->content_length);
    }
}

/* Over a link of 1984 there is no internal trace: the external one then grows with each MTA of this domain
 * too, or a message that circles in it could not be told from one that is sent again. */
static bool came_without_internal_trace(const intake_t *intake, const x411_domain_t *domain)
{
    const x411_apdu_t *apdu = intake->object->apdu;
    const x411_trace_t *trace = &apdu->trace;
    return intake->source && trace->count &&
           x411_domain_equal(&trace->elements[trace->count - 1].domain, domain) &&
           !x411_extension_find(&apdu->extensions, X411_EXT_INTERNAL_TRACE);
}

static void stamp(intake_t *intake)
{
    x411_domain_t domain = agent_domain(intake->agent);
    const char *mta = intake->agent->config->mta.name;
    apr_pool_t *pool = intake->object->pool;
    x411_apdu_t *apdu = intake->object->apdu;
    /* There is room: a message that has more trace than the bound goes no further. */
    if (came_without_internal_trace(intake, &domain))
        x411_trace_add(pool, &apdu->trace, &domain, intake->arrival, X411_RELAYED);
    else
        x411_trace_stamp(pool, apdu, &domain, intake->arrival, X411_RELAYED);
    x411_internal_trace_stamp(pool, apdu, &domain, mta, intake->arrival, X411_RELAYED);
    if (intake->plan.redirected)
        x411_trace_other_action(pool, apdu, &domain, mta, X411_OTHER_REDIRECTED);
    if (intake->due)
        x411_trace_deferred(pool, apdu, &domain, intake->due);
}

static void add_entries(intake_t *intake)
{
    plan_t *plan = &intake->plan;
    object_t *object = intake->object;
    if (intake->due) {
        const char *mts_id = mts_id_text(intake);
        event_subject_t subject = {.mts_id = mts_id};
        event_raise(intake->agent->services.events, EVENT_ID_DEFERRED_STARTED, &subject, mts_id,
                    bytes_to_string(plan->pool, object->apdu->deferred_delivery.text));
    }
    for (plan_hop_t *hop = plan->hops; hop; hop = hop->next) {
        bool all = plan->hop_count == 1 && plan->result_count == 0;
        queue_entry_t *entry =
            queue_entry_create(hop->destination, store_new_id(intake->agent->services.store),
                               object->record.id, hop->recipients, all ? 0 : hop->count);
        work_add_entry(intake->work, object, entry, intake->due);
    }
}

/* The content that went ahead in chunks is not taken in after all. */
static void drop_chunks(const object_t *object)
{
    if (!object->content_here && object->record.id)
        trash_chunks(object->agent, object->record.id);
}

static void count_in(traffic_t *traffic, const intake_t *intake)
{
    const x411_apdu_t *apdu = intake->object->apdu;
    traffic->inbound_messages++;
    traffic->inbound_octets += intake->content_length;
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        traffic->inbound_recipients += apdu->kind == X411_REPORT || x411_responsible(&apdu->recipients[i]);
}

static void tell_received(const intake_t *intake)
{
    event_log_t *events = intake->agent->services.events;
    if (!event_log_wants(events, EVENT_ID_OBJECT_RECEIVED))
        return;
    const char *mts_id = mts_id_text(intake);
    const char *source = source_name(intake);
    event_subject_t subject = {.mts_id = mts_id, .connector = source};
    event_raise(events, EVENT_ID_OBJECT_RECEIVED, &subject, x411_kind_name(intake->object->apdu->kind),
                mts_id, source,
                apr_psprintf(intake->plan.pool, "%" APR_UINT64_T_FMT, (apr_uint64_t)intake->content_length));
}

static void tell_repeat(const intake_t *intake)
{
    agent_t *agent = intake->agent;
    agent->repeats_seen++;
    const char *mts_id = mts_id_text(intake);
    const char *name = intake->source->destination.name;
    event_subject_t subject = {.mts_id = mts_id, .connector = name};
    event_raise(agent->services.events, EVENT_ID_REPEAT_DROPPED, &subject, mts_id, name);
}

static void secured(void *baton, const err_t *err)
{
    intake_t *intake = baton;
    agent_t *agent = intake->agent;
    forget(intake);
    /* It came to another node of the store before. */
    bool repeat = err && err->code == STORE_REPEAT_CODE && intake->source;
    if (repeat)
        tell_repeat(intake);
    if (!err) {
        tell_received(intake);
        count_in(&agent->traffic, intake);
        count_in(intake->source ? &intake->source->traffic : &agent->submitted, intake);
        track_in(agent, intake->object->apdu, intake->content_length, intake->source);
        if (event_log_wants(agent->services.events, EVENT_ID_MESSAGE_ACCEPTED)) {
            const char *mts_id = mts_id_text(intake);
            const char *source = source_name(intake);
            event_subject_t subject = {.mts_id = mts_id, .connector = source};
            event_raise(
                agent->services.events, EVENT_ID_MESSAGE_ACCEPTED, &subject, mts_id, source,
                apr_psprintf(intake->plan.pool, "%" APR_UINT64_T_FMT, (apr_uint64_t)intake->content_length),
                apr_psprintf(intake->plan.pool, "%u", intake->object->apdu->recipient_count));
        }
    }
    if (err)
        drop_chunks(intake->object);
    intake->done(intake->context, repeat ? INTAKE_REPEAT : err ? INTAKE_FAILED : INTAKE_SECURED, err);
    object_release(intake->object);
}

/* Answers at once without securing anything new; chunks that went ahead are dropped. */
static void answer_now(intake_t *intake, intake_verdict_t verdict, const err_t *err)
{
    object_t *object = intake->object;
    intake_done_t done = intake->done;
    void *context = intake->context;
    work_t *work = intake->work;
    drop_chunks(object);
    work_abandon(work);
    done(context, verdict, err);
    object_release(object);
}

static bool is_repeat(intake_t *intake)
{
    agent_t *agent = intake->agent;
    utc_time_t since = intake->arrival - TIME_SECONDS((int64_t)agent->config->mta.repeat_memory);
    if (!intake->source || !repeat_known(agent->repeats, intake->digest, since))
        return false;
    tell_repeat(intake);
    return true;
}

static void settled(void *context, const err_t *err)
{
    intake_t *intake = context;
    object_t *object = intake->object;
    if (err) {
        forget(intake);
        answer_now(intake, INTAKE_FAILED, err);
        return;
    }
    if (intake->list_report)
        plan_send_report(intake->agent, intake->work, object->apdu);
    if (intake->plan.hops) {
        object_retain(object);
        work_add_object(intake->work, object);
        add_entries(intake);
    } else if (!object->content_here) {
        work_delete_chunks(intake->work, object->record.id);
    }
    if (intake->source)
        work_add_mark(intake->work, intake->digest);
    if (object->apdu->kind == X411_REPORT)
        awaited_report(intake->agent->awaited, intake->work, object->apdu);
    work_commit(intake->work, secured, intake);
}

/* What is not the peer's fault, and has been agreed with it. */
static void accommodate(intake_t *intake)
{
    x411_apdu_t *apdu = intake->object->apdu;
    const config_connector_t *config = intake->source ? intake->source->config : NULL;
    if (!config || !config->common_name_from_dda)
        return;
    apr_pool_t *pool = intake->object->pool;
    x411_or_name_upgrade(pool, &apdu->originator);
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        x411_or_name_upgrade(pool, &apdu->recipients[i].name);
}

void intake_begin(object_t *object, uint64_t content_length, connector_t *source, intake_done_t done,
                  void *context)
{
    agent_t *agent = object->agent;
    work_t *work = work_begin(agent);
    intake_t *intake = apr_pcalloc(work_pool(work), sizeof(*intake));
    *intake = (intake_t){.agent = agent,
                         .object = object,
                         .source = source,
                         .content_length = content_length,
                         .arrival = agent_utc(agent),
                         .work = work,
                         .done = done,
                         .context = context};
    plan_init(&intake->plan, agent, object->apdu, work_pool(work));
    intake->plan.apdu_pool = object->pool; /* the object may stay in memory when the work is done */
    make_digest(intake);
    if (is_repeat(intake)) {
        answer_now(intake, INTAKE_REPEAT, NULL);
        return;
    }
    if (source && is_being_secured(intake)) {
        answer_now(intake, INTAKE_BUSY, NULL);
        return;
    }
    accommodate(intake);
    bool agreed = !source || (source->config && source->config->deferred_delivery);
    intake->due = deferral_due(object->apdu, intake->arrival, agreed);
    utc_time_t expiry =
        deferral_expiry(&agent->config->mta, object->apdu, intake->arrival, intake->due, work_pool(work));
    make_plan(intake, expiry);
    stamp(intake);
    err_t *err = object_describe(object, object->apdu, content_length,
                                 source ? source->destination.name : NULL, intake->arrival, expiry);
    if (err) {
        answer_now(intake, INTAKE_FAILED, err);
        return;
    }
    intake->next = agent->intakes;
    agent->intakes = intake;
    plan_settle(&intake->plan, work, object, intake->arrival, settled, intake);
}
