#include "mta/delivery.h"

#include <stdlib.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "event/ids.h"
#include "mta/envelope_json.h"
#include "mta/mailbox_file.h"
#include "mta/object.h"
#include "mta/plan.h"
#include "mta/queue.h"
#include "mta/recipient.h"
#include "mta/track.h"
#include "mta/trouble.h"
#include "mta/work.h"

enum { RETRY_SECONDS = 30, DRAIN_BATCH = 64 };

typedef struct delivery_t delivery_t;

/* One message on its way into a mailbox. The fields that run() uses are not touched by the loop meanwhile. */
struct delivery_t {
    worker_job_t job;
    agent_t *agent;
    mailbox_t *mailbox;
    queue_entry_t *entry;
    object_t *object;
    apr_pool_t *pool;
    mailbox_file_t file;
    const char *envelope_text;
    bytes_t octets; /* to be written next */
    void *chunk;    /* malloc: what octets are in, if read from the store */
    uint64_t written;
    bool last;
    bool complete;
    apr_status_t status;
    plan_t plan;  /* recipients and what became of them */
    work_t *work; /* with what came of it */
};

static void next_chunk(delivery_t *delivery);

static void wait_over(void *baton)
{
    mailbox_t *mailbox = baton;
    mailbox->waiting = false;
    delivery_kick(mailbox);
}

mailbox_t *mailbox_create(agent_t *agent, const config_mailbox_t *config)
{
    mailbox_t *mailbox = apr_pcalloc(agent->pool, sizeof(*mailbox));
    mailbox->destination.agent = agent;
    mailbox->destination.kind = ROUTE_MAILBOX;
    mailbox->destination.name = apr_pstrdup(agent->pool, config->name);
    mailbox->config = config;
    mailbox->retry.run = wait_over;
    mailbox->retry.baton = mailbox;
    return mailbox;
}

bool delivery_busy(const mailbox_t *mailbox)
{
    return mailbox->delivery != NULL;
}

/* In the worker's thread. */

static void run(worker_job_t *job)
{
    delivery_t *delivery = job->baton;
    delivery->status = mailbox_file_append(&delivery->file, delivery->octets);
    if (delivery->status == APR_SUCCESS && delivery->last) {
        delivery->status = mailbox_file_finish(&delivery->file, delivery->envelope_text);
        delivery->complete = delivery->status == APR_SUCCESS;
    }
}

/* In the loop's thread. */

static void release(delivery_t *delivery)
{
    mailbox_t *mailbox = delivery->mailbox;
    agent_t *agent = delivery->agent;
    mailbox->delivery = NULL;
    mailbox_file_close(&delivery->file);
    if (delivery->object)
        object_release(delivery->object);
    free(delivery->chunk);
    apr_pool_destroy(delivery->pool);
    /* The next one begins from the loop: a row of messages that fail at once is no recursion. */
    if (!mailbox->waiting && (mailbox->config || (mailbox->removed && !agent->destroying)))
        timers_arm(agent_timers(agent), &mailbox->retry, agent_now(agent));
    agent_check_stopped(agent);
}

void delivery_forget(mailbox_t *mailbox)
{
    if (!mailbox->delivery)
        return;
    mailbox->config = NULL; /* nothing begins any more */
    release(mailbox->delivery);
}

/* The mailbox cannot be written: what is queued waits; nothing is lost. */
static void mailbox_failed(delivery_t *delivery)
{
    mailbox_t *mailbox = delivery->mailbox;
    agent_t *agent = delivery->agent;
    err_t *err =
        err_from_status(delivery->pool, delivery->status, "cannot write %s", delivery->file.failed_path);
    const char *name = mailbox->destination.name;
    event_subject_t subject = {.connector = name, .mts_id = delivery->object->record.mts_id};
    event_raise(agent->services.events, EVENT_ID_MAILBOX_ERROR, &subject, name,
                delivery->object->record.mts_id, err_describe(delivery->pool, err));
    mailbox->waiting = true;
    timers_arm(agent_timers(agent), &mailbox->retry, agent_now(agent) + TIME_SECONDS(RETRY_SECONDS));
    queue_give_back(delivery->entry, 0);
    release(delivery);
}

static void settled(void *context, const err_t *err)
{
    delivery_t *delivery = context;
    (void)err; /* a report that could not be made whole is made without the content */
    work_remove_entry(delivery->work, delivery->entry);
    work_commit(delivery->work, NULL, NULL);
    release(delivery);
}

static void settle(delivery_t *delivery)
{
    delivery->work = work_begin(delivery->agent);
    plan_settle(&delivery->plan, delivery->work, delivery->object, delivery->object->record.arrival, settled,
                delivery);
}

static void done(worker_job_t *job)
{
    delivery_t *delivery = job->baton;
    agent_t *agent = delivery->agent;
    agent->deliveries--;
    delivery->written += delivery->octets.length;
    free(delivery->chunk);
    delivery->chunk = NULL;
    if (delivery->status != APR_SUCCESS) {
        mailbox_failed(delivery);
        return;
    }
    if (!delivery->complete) {
        next_chunk(delivery);
        return;
    }
    mailbox_t *mailbox = delivery->mailbox;
    const char *mts_id = delivery->object->record.mts_id;
    event_subject_t subject = {.connector = mailbox->destination.name, .mts_id = mts_id};
    event_raise(agent->services.events, EVENT_ID_MESSAGE_DELIVERED, &subject, mts_id,
                mailbox->destination.name, delivery->file.content_path);
    mailbox->delivered++;
    agent->delivered++;
    track_delivered(agent, delivery->object->apdu, delivery->object->record.content_length,
                    &mailbox->destination, delivery->entry);
    settle(delivery);
}

static void post(delivery_t *delivery, bytes_t octets, bool last)
{
    delivery->octets = octets;
    delivery->last = last;
    delivery->agent->deliveries++;
    delivery->job.run = run;
    delivery->job.done = done;
    delivery->job.baton = delivery;
    worker_post(delivery->agent->worker, &delivery->job);
}

static void give_up_now(delivery_t *delivery, trouble_kind_t kind, const err_t *err)
{
    trouble_t trouble = {.kind = kind, .err = err, .entry = delivery->entry};
    trouble_handle(delivery->agent, &trouble);
    release(delivery);
}

static void chunk_came(void *context, bytes_t chunk, const err_t *err)
{
    delivery_t *delivery = context;
    if (err || !chunk.length) {
        give_up_now(delivery, TROUBLE_STORE, err);
        return;
    }
    delivery->chunk = malloc(chunk.length);
    if (!delivery->chunk)
        abort();
    memcpy(delivery->chunk, chunk.data, chunk.length);
    post(delivery, bytes_make(delivery->chunk, chunk.length),
         delivery->written + chunk.length >= delivery->object->record.content_length);
}

static void next_chunk(delivery_t *delivery)
{
    chunk_read(delivery->agent, delivery->entry->message_id, (unsigned)(delivery->written / STORE_CHUNK_SIZE),
               chunk_came, delivery);
}

static void name_files(delivery_t *delivery, const x411_apdu_t *apdu)
{
    apr_pool_t *pool = delivery->pool;
    apr_time_exp_t t;
    apr_time_exp_gmt(&t, delivery->object->record.arrival);
    char *name = apr_psprintf(pool, "%04d%02d%02dT%02d%02d%02dZ-%08" APR_UINT64_T_HEX_FMT, t.tm_year + 1900,
                              t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
                              (apr_uint64_t)delivery->entry->message_id);
    mailbox_file_init(&delivery->file, pool, delivery->mailbox->config->folder, name,
                      delivery->agent->services.sync_folder);
    json_t *root = envelope_json(delivery->object, apdu, delivery->entry,
                                 apr_pstrcat(pool, name, ".content", NULL), pool);
    char *text = json_dumps(root, JSON_INDENT(1));
    delivery->envelope_text = apr_pstrcat(pool, text ? text : "{}", "\n", NULL);
    free(text);
    json_decref(root);
}

/* What delivery promises each recipient. The user's rules were looked at when it was routed; what the
 * envelope demands of delivery is looked at again, for it may have come here by another way. False if nobody
 * is left to deliver to. */
static bool plan_delivery(delivery_t *delivery, x411_apdu_t *apdu)
{
    plan_t *plan = &delivery->plan;
    plan_init(plan, delivery->agent, apdu, delivery->pool);
    if (apdu->kind == X411_REPORT)
        return true;
    bool late = delivery->object->record.expiry <= agent_utc(delivery->agent);
    bool any = false;
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        recipient_fault_t fault;
        if (!queue_entry_has(delivery->entry, i, x411_responsible(&apdu->recipients[i])))
            continue;
        if (late) {
            plan_fail(plan, i, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_MAXIMUM_TIME_EXPIRED, NULL);
        } else if (!recipient_check_delivery(apdu, i, delivery->pool, &fault)) {
            plan_fail(plan, i, fault.reason, fault.diagnostic, fault.words);
        } else {
            plan_deliver(plan, i);
            any = true;
        }
    }
    return any;
}

static void object_came(void *context, object_t *object, const err_t *err)
{
    delivery_t *delivery = context;
    delivery->object = object;
    if (!delivery->mailbox->config) {
        give_up_now(delivery, TROUBLE_NO_ROUTE, NULL);
        return;
    }
    if (!object) {
        give_up_now(delivery, err ? TROUBLE_STORE : TROUBLE_UNUSABLE, err);
        return;
    }
    err_t *broken;
    x411_apdu_t *apdu = object_apdu(object, &broken);
    if (!apdu) {
        give_up_now(delivery, TROUBLE_UNUSABLE, broken);
        return;
    }
    if (!plan_delivery(delivery, apdu)) {
        settle(delivery);
        return;
    }
    name_files(delivery, apdu);
    if (apdu->kind == X411_REPORT)
        post(delivery, apdu->report->returned_content, true);
    else if (object->content_here)
        post(delivery, object->content, true);
    else
        next_chunk(delivery);
}

static void begin(mailbox_t *mailbox, queue_entry_t *entry)
{
    agent_t *agent = mailbox->destination.agent;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    delivery_t *delivery = apr_pcalloc(pool, sizeof(*delivery));
    delivery->agent = agent;
    delivery->mailbox = mailbox;
    delivery->entry = entry;
    delivery->pool = pool;
    mailbox->delivery = delivery;
    queue_take(entry);
    if (entry->object) {
        object_retain(entry->object);
        object_came(delivery, entry->object, NULL);
    } else {
        object_read(agent, entry->message_id, object_came, delivery);
    }
}

void delivery_kick(mailbox_t *mailbox)
{
    if (mailbox->removed)
        queue_drain_soon(&mailbox->destination, &mailbox->retry);
    /* One at a time: the worker has one thread, and a mailbox keeps its order. */
    if (mailbox->delivery || mailbox->waiting || !mailbox->config || mailbox->destination.agent->stopping)
        return;
    queue_entry_t *entry = queue_first(&mailbox->destination);
    if (entry)
        begin(mailbox, entry);
}

static void drain(void *baton)
{
    mailbox_t *mailbox = baton;
    agent_t *agent = mailbox->destination.agent;
    for (unsigned i = 0; i < DRAIN_BATCH; i++) {
        queue_entry_t *entry = queue_first(&mailbox->destination);
        if (!entry)
            return;
        queue_take(entry);
        trouble_t trouble = {.kind = TROUBLE_NO_ROUTE, .entry = entry};
        trouble_handle(agent, &trouble);
    }
    timers_arm(agent_timers(agent), &mailbox->retry, agent_now(agent) + TIME_MILLISECONDS(10));
}

void delivery_configure(mailbox_t *mailbox, const config_mailbox_t *config)
{
    agent_t *agent = mailbox->destination.agent;
    mailbox->config = config;
    mailbox->removed = !config;
    timers_cancel(agent_timers(agent), &mailbox->retry);
    mailbox->waiting = false;
    mailbox->retry.run = config ? wait_over : drain;
    timers_arm(agent_timers(agent), &mailbox->retry, agent_now(agent));
}
