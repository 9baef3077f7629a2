/* The queue for operators: lists, one entry in full, and trying again now. */
#include <stdlib.h>

#include <apr_strings.h>

#include "mta/connector.h"
#include "mta/control_internal.h"
#include "mta/delivery.h"
#include "mta/envelope_json.h"
#include "mta/object.h"
#include "mta/queue.h"
#include "x411/oraddress_text.h"

enum { LIST_LIMIT = 10000, LIST_DEFAULT = 1000 };

typedef struct listing_t {
    const control_call_t *call;
    json_t *entries;
    uint64_t count;
    size_t limit;
    const char *connector;
    const char *mts_id; /* of entries that are in memory */
    uint64_t id;
    queue_entry_t *found;
} listing_t;

static const char *entry_state(const queue_entry_t *entry)
{
    if (entry->busy)
        return "transferring";
    if (entry->state == STORE_ENTRY_HELD)
        return "held";
    if (entry->state == STORE_ENTRY_BAD)
        return "set aside";
    if (entry->delay)
        return entry->state == STORE_ENTRY_DEFERRED ? "deferred" : "retry";
    return "queued";
}

static json_t *entry_json(const queue_entry_t *entry)
{
    static const char *const kinds[] = {
        [STORE_MESSAGE] = "message", [STORE_PROBE] = "probe", [STORE_REPORT] = "report"};
    agent_t *agent = entry->destination->agent;
    int64_t due = entry->delay ? (entry->delay->timer.due - agent_now(agent)) / 1000000 : 0;
    json_t *item =
        json_pack("{s:I, s:s, s:I, s:s, s:s, s:s, s:i, s:I, s:I, s:I, s:s}", "id", (json_int_t)entry->id,
                  "kind", kinds[entry->kind], "message", (json_int_t)entry->message_id, "destination",
                  entry->destination->name, "priority", x411_priority_name(entry->priority), "state",
                  entry_state(entry), "attempts", (int)entry->attempts, "size", (json_int_t)entry->size,
                  "age_s", (json_int_t)((agent_utc(agent) - entry->arrival) / 1000000), "due_s",
                  (json_int_t)due, "mts_id", entry->object ? entry->object->record.mts_id : "");
    return item;
}

static void each_of_list(listing_t *listing, queue_list_t *list, void (*each)(listing_t *, queue_entry_t *))
{
    queue_entry_t *next;
    for (queue_entry_t *entry = list->first; entry; entry = next) {
        next = entry->next;
        each(listing, entry);
    }
}

static void each_entry(listing_t *listing, void (*each)(listing_t *, queue_entry_t *))
{
    agent_t *agent = listing->call->agent;
    for (apr_hash_index_t *i = apr_hash_first(listing->call->pool, agent->destinations); i;
         i = apr_hash_next(i)) {
        destination_t *destination = apr_hash_this_val(i);
        if (listing->connector && strcmp(listing->connector, destination->name) != 0)
            continue;
        each_of_list(listing, &destination->busy, each);
        for (int class = 0; class < MTA_CLASS_COUNT; class ++)
            each_of_list(listing, &destination->ready[class], each);
        each_of_list(listing, &destination->parked, each);
    }
}

static void visit_list(queue_list_t *list, void (*each)(void *context, queue_entry_t *entry), void *context)
{
    queue_entry_t *next;
    for (queue_entry_t *entry = list->first; entry; entry = next) {
        next = entry->next;
        each(context, entry);
    }
}

void control_each_entry(agent_t *agent, const char *name, void (*each)(void *context, queue_entry_t *entry),
                        void *context)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (apr_hash_index_t *i = apr_hash_first(pool, agent->destinations); i; i = apr_hash_next(i)) {
        destination_t *destination = apr_hash_this_val(i);
        if (name && strcmp(name, destination->name) != 0)
            continue;
        visit_list(&destination->busy, each, context);
        for (int class = 0; class < MTA_CLASS_COUNT; class ++)
            visit_list(&destination->ready[class], each, context);
        visit_list(&destination->parked, each, context);
    }
    apr_pool_destroy(pool);
}

static void list_entry(listing_t *listing, queue_entry_t *entry)
{
    if (listing->mts_id && (!entry->object || strcmp(entry->object->record.mts_id, listing->mts_id) != 0))
        return;
    listing->count++;
    if (json_array_size(listing->entries) < listing->limit)
        json_array_append_new(listing->entries, entry_json(entry));
}

void control_queue(control_call_t *call)
{
    json_int_t limit = json_integer_value(json_object_get(call->arguments, "limit"));
    listing_t listing = {.call = call,
                         .entries = json_array(),
                         .limit = limit > 0 && limit <= LIST_LIMIT ? (size_t)limit : LIST_DEFAULT,
                         .connector = control_text(call, "connector"),
                         .mts_id = control_text(call, "mts_id")};
    if (listing.connector && !agent_find_destination(call->agent, listing.connector)) {
        json_decref(listing.entries);
        control_refuse(call, 404, "there is no connector or mailbox \"%s\"", listing.connector);
        return;
    }
    each_entry(&listing, list_entry);
    control_answer(call,
                   json_pack("{s:I, s:o}", "count", (json_int_t)listing.count, "entries", listing.entries));
}

static void find_entry(listing_t *listing, queue_entry_t *entry)
{
    if (entry->id == listing->id)
        listing->found = entry;
}

static queue_entry_t *named_entry(control_call_t *call)
{
    const json_t *id = json_object_get(call->arguments, "id");
    uint64_t value = json_is_integer(id)
                         ? (uint64_t)json_integer_value(id)
                         : (uint64_t)apr_atoi64(json_string_value(id) ? json_string_value(id) : "0");
    listing_t listing = {.call = call, .id = value};
    each_entry(&listing, find_entry);
    return listing.found;
}

typedef struct showing_t {
    agent_t *agent;
    uint64_t id;
    json_t *entry;
    control_reply_t reply;
    void *context;
} showing_t;

static json_t *recipients_json(const x411_apdu_t *apdu, apr_pool_t *pool)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        const x411_recipient_t *recipient = &apdu->recipients[i];
        json_array_append_new(list, json_pack("{s:s, s:I, s:b}", "address",
                                              x411_or_name_text(pool, &recipient->name), "number",
                                              (json_int_t)recipient->number, "responsibility",
                                              x411_responsible(recipient) ? 1 : 0));
    }
    return list;
}

static void shown(void *context, object_t *object, const err_t *err)
{
    showing_t *showing = context;
    err_t *broken = NULL;
    const x411_apdu_t *apdu = object ? object_apdu(object, &broken) : NULL;
    if (apdu) {
        apr_pool_t *pool = object->pool;
        json_t *entry = showing->entry;
        json_object_set_new(entry, "mts_id", json_string(object->record.mts_id));
        json_object_set_new(entry, "kind", json_string(x411_kind_name(apdu->kind)));
        json_object_set_new(entry, "came_in_by", json_string(object->record.source));
        json_object_set_new(entry, "originator", json_string(x411_or_name_text(pool, &apdu->originator)));
        json_object_set_new(entry, "recipients", recipients_json(apdu, pool));
        json_object_set_new(entry, "trace", envelope_json_trace(&apdu->trace, pool));
        showing->reply(showing->context, 200, entry);
    } else {
        json_decref(showing->entry);
        const char *words = broken ? broken->text
                            : err  ? err->text
                                   : "the message is not in the store any more";
        showing->reply(showing->context, 409, json_pack("{s:s}", "error", words));
    }
    if (object)
        object_release(object);
    free(showing);
}

void control_queue_show(control_call_t *call)
{
    queue_entry_t *entry = named_entry(call);
    if (!entry) {
        control_refuse(call, 404, "there is no such entry in the queue; x400ctl queue lists them by id");
        return;
    }
    showing_t *showing = calloc(1, sizeof(*showing));
    if (!showing)
        abort();
    *showing = (showing_t){.agent = call->agent,
                           .id = entry->id,
                           .entry = entry_json(entry),
                           .reply = call->reply,
                           .context = call->context};
    if (entry->object) {
        object_retain(entry->object);
        shown(showing, entry->object, NULL);
    } else {
        object_read(call->agent, entry->message_id, shown, showing);
    }
}

static void hurry(listing_t *listing, queue_entry_t *entry)
{
    if (listing->id && entry->id != listing->id)
        return;
    if (entry->delay)
        queue_hurry(entry);
    listing->count++;
}

void control_queue_retry(control_call_t *call)
{
    agent_t *agent = call->agent;
    listing_t listing = {.call = call, .connector = control_text(call, "connector")};
    if (listing.connector && !agent_find_destination(agent, listing.connector)) {
        control_refuse(call, 404, "there is no connector or mailbox \"%s\"", listing.connector);
        return;
    }
    if (json_object_get(call->arguments, "id")) {
        queue_entry_t *entry = named_entry(call);
        if (!entry) {
            control_refuse(call, 404, "there is no such entry in the queue; x400ctl queue lists them by id");
            return;
        }
        listing.id = entry->id;
        listing.connector = entry->destination->name;
    }
    each_entry(&listing, hurry);
    for (size_t i = 0; i < agent->config->connector_count; i++)
        if (!listing.connector || strcmp(listing.connector, agent->connectors[i]->destination.name) == 0)
            connector_retry_now(agent->connectors[i]);
    for (size_t i = 0; i < agent->config->mailbox_count; i++)
        delivery_kick(agent->mailboxes[i]);
    control_answer(call, json_pack("{s:I}", "count", (json_int_t)listing.count));
}
