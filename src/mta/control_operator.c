/* What an operator does to what is queued: hold, release, reroute, delete, change the priority. The entries
 * are chosen by id, message, recipient pattern or destination; where that takes the envelope, messages are
 * read from the store one after the other, so that a long queue holds nothing up. An entry is taken out of
 * the queue only while it is at hand. */
#include <stdlib.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "mta/connector.h"
#include "mta/control_internal.h"
#include "mta/delivery.h"
#include "mta/object.h"
#include "mta/queue.h"
#include "mta/track.h"
#include "mta/trouble.h"
#include "mta/work.h"
#include "x411/oraddress_text.h"

typedef enum order_t { ORDER_HOLD, ORDER_RELEASE, ORDER_REROUTE, ORDER_DELETE, ORDER_PRIORITY } order_t;

enum { BATCH = 256, IDS_SHOWN = 1000 };

typedef struct ordering_t {
    agent_t *agent;
    apr_pool_t *pool;
    order_t order;
    const char *word;
    bool report;      /* delete: with a report */
    uint8_t priority; /* X.411 */
    const char *mts_id;
    const char *recipient; /* pattern */
    const char *destination;
    uint64_t id;
    uint64_t *ids; /* candidates, falling: each goes to the front again, so that their order stays */
    size_t count;
    size_t next;
    queue_entry_t
        *batch[BATCH]; /* those of ids[batch_first] and after; taken (busy), NULL = gone meanwhile */
    utc_time_t due[BATCH];
    size_t batch_first;
    size_t batch_count;
    queue_entry_t *entry; /* at hand */
    unsigned pending;     /* changes that are not durable yet */
    bool walked;          /* all candidates were looked at */
    uint64_t done;
    json_t *done_ids;
    control_reply_t reply;
    void *context;
} ordering_t;

static void go_on(ordering_t *ordering);

static bool can_be_taken(const ordering_t *ordering, const queue_entry_t *entry)
{
    bool waits = entry->delay || entry->state == STORE_ENTRY_HELD || entry->state == STORE_ENTRY_BAD;
    return !entry->busy && (ordering->order != ORDER_RELEASE || waits);
}

typedef struct gathering_t {
    ordering_t *ordering;
    apr_array_header_t *ids;
} gathering_t;

static void gather(void *context, queue_entry_t *entry)
{
    gathering_t *gathering = context;
    uint64_t id = gathering->ordering->id;
    if ((!id || id == entry->id) && can_be_taken(gathering->ordering, entry))
        APR_ARRAY_PUSH(gathering->ids, uint64_t) = entry->id;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Answers when everything was done and is durable. */
static void finish(ordering_t *ordering)
{
    agent_t *agent = ordering->agent;
    if (!ordering->walked || ordering->pending)
        return;
    event_raise(agent->services.events, EVENT_ID_OPERATOR_COMMAND, NULL,
                apr_pstrcat(ordering->pool, "queue ", ordering->word, NULL),
                apr_psprintf(ordering->pool, "%" APR_UINT64_T_FMT " %s", (apr_uint64_t)ordering->done,
                             ordering->done == 1 ? "entry" : "entries"));
    ordering->reply(ordering->context, 200,
                    json_pack("{s:I, s:o}", "count", (json_int_t)ordering->done, "ids", ordering->done_ids));
    agent->works--;
    apr_pool_destroy(ordering->pool);
    free(ordering);
    agent_check_stopped(agent);
}

static void move_on(ordering_t *ordering, bool done)
{
    if (done) {
        ordering->done++;
        if (json_array_size(ordering->done_ids) < IDS_SHOWN)
            json_array_append_new(ordering->done_ids,
                                  json_integer((json_int_t)ordering->ids[ordering->next]));
    }
    ordering->next++;
    ordering->entry = NULL;
}

static void durable(void *context, const err_t *err)
{
    ordering_t *ordering = context;
    if (err) /* the store has told its trouble; the entry is as it was */
        ordering->done--;
    ordering->pending--;
    finish(ordering);
}

static void update(ordering_t *ordering, queue_entry_t *entry)
{
    work_t *work = work_begin(ordering->agent);
    work_update_entry(work, entry, 0);
    ordering->pending++;
    work_commit(work, durable, ordering);
}

static void delete_silently(ordering_t *ordering, queue_entry_t *entry, object_t *object)
{
    agent_t *agent = ordering->agent;
    err_t *broken;
    const x411_apdu_t *apdu = object ? object_apdu(object, &broken) : NULL;
    if (apdu)
        track_deleted(agent, apdu, object->record.content_length, entry);
    work_t *work = work_begin(agent);
    work_remove_entry(work, entry);
    ordering->pending++;
    work_commit(work, durable, ordering);
}

static void give_to_trouble(agent_t *agent, queue_entry_t *entry, object_t *object, trouble_kind_t kind)
{
    err_t *broken;
    const x411_apdu_t *apdu = object && kind == TROUBLE_DELETED ? object_apdu(object, &broken) : NULL;
    if (apdu)
        track_deleted(agent, apdu, object->record.content_length, entry);
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    trouble_t trouble = {.kind = kind,
                         .err =
                             err_create(pool, 0, "operator",
                                        kind == TROUBLE_DELETED ? "deleted by an operator"
                                                                : "another route asked for by an operator"),
                         .entry = entry};
    trouble_handle(agent, &trouble);
    apr_pool_destroy(pool);
}

/* Does it to the entry at hand, which is busy. */
static void do_order(ordering_t *ordering, object_t *object)
{
    agent_t *agent = ordering->agent;
    queue_entry_t *entry = ordering->entry;
    switch (ordering->order) {
    case ORDER_HOLD:
        entry->state = STORE_ENTRY_HELD;
        update(ordering, entry);
        break;
    case ORDER_RELEASE:
        entry->state = STORE_ENTRY_QUEUED;
        entry->attempts = 0;
        update(ordering, entry);
        break;
    case ORDER_PRIORITY: {
        entry->priority = ordering->priority;
        entry->queue_class = queue_class((store_kind_t)entry->kind, ordering->priority);
        update(ordering, entry);
        break;
    }
    case ORDER_REROUTE: give_to_trouble(agent, entry, object, TROUBLE_MOVED); break;
    case ORDER_DELETE: /* never a report on a report */
        if (ordering->report && !(object && object->record.kind == STORE_REPORT))
            give_to_trouble(agent, entry, object, TROUBLE_DELETED);
        else
            delete_silently(ordering, entry, object);
        break;
    }
}

static bool recipient_matches(const ordering_t *ordering, const x411_apdu_t *apdu)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, ordering->pool);
    bool found = false;
    for (unsigned i = 0; i < apdu->recipient_count && !found; i++) {
        bool ours = apdu->kind == X411_REPORT ||
                    queue_entry_has(ordering->entry, i, x411_responsible(&apdu->recipients[i]));
        found = ours && apr_fnmatch(ordering->recipient, x411_or_name_text(pool, &apdu->recipients[i].name),
                                    APR_FNM_CASE_BLIND) == APR_SUCCESS;
    }
    apr_pool_destroy(pool);
    return found;
}

static bool matches(const ordering_t *ordering, object_t *object)
{
    if (!ordering->mts_id && !ordering->recipient)
        return true;
    if (!object || (ordering->mts_id && strcmp(ordering->mts_id, object->record.mts_id) != 0))
        return false;
    err_t *broken;
    const x411_apdu_t *apdu = ordering->recipient ? object_apdu(object, &broken) : NULL;
    return !ordering->recipient || (apdu && recipient_matches(ordering, apdu));
}

static void judge(ordering_t *ordering, object_t *object)
{
    bool fits = matches(ordering, object);
    if (fits)
        do_order(ordering, object);
    else
        queue_give_back(ordering->entry, ordering->due[ordering->next - ordering->batch_first]);
    move_on(ordering, fits);
}

static void object_came(void *context, object_t *object, const err_t *err)
{
    (void)err;
    ordering_t *ordering = context;
    judge(ordering, object);
    if (object)
        object_release(object);
    go_on(ordering);
}

static void take(void *context, queue_entry_t *entry)
{
    ordering_t *ordering = context;
    const uint64_t *first = ordering->ids + ordering->batch_first;
    const uint64_t *found = bsearch(&entry->id, first, ordering->batch_count, sizeof(uint64_t), compare_ids);
    if (!found || !can_be_taken(ordering, entry))
        return;
    agent_t *agent = ordering->agent;
    ordering->due[found - first] =
        entry->delay ? agent_utc(agent) + (entry->delay->timer.due - agent_now(agent)) : 0;
    ordering->batch[found - first] = entry;
}

/* Takes the next entries out of the queue, as many as a batch has. */
static void take_batch(ordering_t *ordering)
{
    ordering->batch_first = ordering->next;
    size_t left = ordering->count - ordering->next;
    ordering->batch_count = left < BATCH ? left : (size_t)BATCH;
    memset(ordering->batch, 0, sizeof(ordering->batch));
    control_each_entry(ordering->agent, ordering->destination, take, ordering);
    for (size_t i = 0; i < ordering->batch_count; i++)
        if (ordering->batch[i])
            queue_take(ordering->batch[i]);
}

/* Goes on until an object has to be read, or all is done. */
static void go_on(ordering_t *ordering)
{
    while (ordering->next < ordering->count) {
        if (ordering->next == ordering->batch_first + ordering->batch_count)
            take_batch(ordering);
        queue_entry_t *entry = ordering->batch[ordering->next - ordering->batch_first];
        if (!entry) {
            move_on(ordering, false);
            continue;
        }
        ordering->entry = entry;
        bool look = ordering->mts_id || ordering->recipient || ordering->order == ORDER_DELETE;
        if (look && !entry->object) {
            object_read(ordering->agent, entry->message_id, object_came, ordering);
            return;
        }
        object_t *object = entry->object;
        if (object)
            object_retain(object);
        judge(ordering, object);
        if (object)
            object_release(object);
    }
    ordering->walked = true;
    finish(ordering);
}

static uint64_t id_argument(const control_call_t *call)
{
    const json_t *id = json_object_get(call->arguments, "id");
    if (json_is_integer(id))
        return json_integer_value(id) > 0 ? (uint64_t)json_integer_value(id) : 0;
    return json_is_string(id) ? (uint64_t)apr_atoi64(json_string_value(id)) : 0;
}

static bool read_priority(const char *text, uint8_t *priority)
{
    static const struct {
        const char *name;
        uint8_t priority;
    } names[] = {{"normal", X411_NORMAL}, {"non-urgent", X411_NON_URGENT}, {"urgent", X411_URGENT}};
    for (size_t i = 0; text && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i].name) == 0) {
            *priority = names[i].priority;
            return true;
        }
    }
    return false;
}

/* Refuses what cannot be meant; false then. */
static bool check_arguments(control_call_t *call, order_t order, uint8_t *priority)
{
    static const char *const choosing[] = {"id", "mts_id", "recipient", "connector"};
    bool any = false;
    for (size_t i = 0; i < sizeof(choosing) / sizeof(choosing[0]); i++)
        any = any || json_object_get(call->arguments, choosing[i]);
    const char *connector = control_text(call, "connector");
    if (!any)
        control_refuse(call, 400, "say which entries: \"id\", \"mts_id\", \"recipient\" or \"connector\"");
    else if (connector && !agent_find_destination(call->agent, connector))
        control_refuse(call, 404, "there is no connector or mailbox \"%s\"", connector);
    else if (order == ORDER_PRIORITY && !read_priority(control_text(call, "priority"), priority))
        control_refuse(call, 400, "the argument \"priority\" is normal, non-urgent or urgent");
    else
        return true;
    return false;
}

static void begin(control_call_t *call, order_t order, const char *word)
{
    agent_t *agent = call->agent;
    uint8_t priority = X411_NORMAL;
    if (!check_arguments(call, order, &priority))
        return;
    ordering_t *ordering = calloc(1, sizeof(*ordering));
    if (!ordering)
        abort();
    apr_pool_create(&ordering->pool, NULL);
    ordering->agent = agent;
    ordering->order = order;
    ordering->word = word;
    ordering->report = json_is_true(json_object_get(call->arguments, "report"));
    ordering->priority = priority;
    ordering->mts_id = apr_pstrdup(ordering->pool, control_text(call, "mts_id"));
    ordering->recipient = apr_pstrdup(ordering->pool, control_text(call, "recipient"));
    ordering->destination = apr_pstrdup(ordering->pool, control_text(call, "connector"));
    ordering->id = id_argument(call);
    ordering->done_ids = json_array();
    ordering->reply = call->reply;
    ordering->context = call->context;
    gathering_t gathering = {ordering, apr_array_make(ordering->pool, 64, sizeof(uint64_t))};
    control_each_entry(agent, ordering->destination, gather, &gathering);
    ordering->ids = (uint64_t *)gathering.ids->elts;
    ordering->count = (size_t)gathering.ids->nelts;
    qsort(ordering->ids, ordering->count, sizeof(uint64_t), compare_ids);
    agent->works++;
    go_on(ordering);
}

void control_queue_hold(control_call_t *call)
{
    begin(call, ORDER_HOLD, "hold");
}

void control_queue_release(control_call_t *call)
{
    begin(call, ORDER_RELEASE, "release");
}

void control_queue_reroute(control_call_t *call)
{
    begin(call, ORDER_REROUTE, "reroute");
}

void control_queue_delete(control_call_t *call)
{
    begin(call, ORDER_DELETE, "delete");
}

void control_queue_priority(control_call_t *call)
{
    begin(call, ORDER_PRIORITY, "priority");
}
