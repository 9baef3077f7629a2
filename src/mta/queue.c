#include "mta/queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/ids.h"
#include "mta/alarm.h"
#include "mta/object.h"
#include "mta/progress.h"

typedef struct shared_t {
    uint64_t message_id; /* the key of the hash */
    unsigned entries;
    unsigned leaving_count;
    uint64_t *leaving; /* malloc, LEAVING_LIMIT: entries whose removal is under way; NULL = none */
} shared_t;

/* Of one message: if more are under way, it goes after them in a transaction of its own. */
enum { LEAVING_LIMIT = 16 };

uint8_t queue_class(store_kind_t kind, int priority)
{
    if (kind == STORE_REPORT || priority == X411_URGENT)
        return MTA_CLASS_URGENT;
    return priority == X411_NON_URGENT ? MTA_CLASS_NON_URGENT : MTA_CLASS_NORMAL;
}

static queue_entry_t *allocate(destination_t *destination)
{
    queue_entry_t *entry = calloc(1, sizeof(*entry));
    if (!entry)
        abort();
    entry->destination = destination;
    return entry;
}

static void set_recipients(queue_entry_t *entry, bytes_t recipients)
{
    if (!recipients.length)
        return;
    entry->recipients = malloc(recipients.length);
    if (!entry->recipients)
        abort();
    memcpy(entry->recipients, recipients.data, recipients.length);
    entry->recipients_length = (uint32_t)recipients.length;
}

queue_entry_t *queue_entry_create(destination_t *destination, uint64_t id, uint64_t message_id,
                                  const uint16_t *recipients, unsigned count)
{
    queue_entry_t *entry = allocate(destination);
    entry->id = id;
    entry->message_id = message_id;
    if (count) {
        entry->recipients = malloc((size_t)count * 2);
        if (!entry->recipients)
            abort();
        entry->recipients_length = count * 2;
        for (unsigned i = 0; i < count; i++) {
            entry->recipients[2 * i] = (uint8_t)recipients[i];
            entry->recipients[2 * i + 1] = (uint8_t)(recipients[i] >> 8);
        }
    }
    return entry;
}

static void set_progress(queue_entry_t *entry, bytes_t octets)
{
    progress_t progress;
    if (!progress_decode(octets, &progress))
        return;
    entry->progress = malloc(sizeof(progress));
    if (!entry->progress)
        abort();
    *entry->progress = progress;
}

queue_entry_t *queue_entry_load(destination_t *destination, const store_entry_t *stored)
{
    queue_entry_t *entry = allocate(destination);
    entry->id = stored->id;
    entry->message_id = stored->message_id;
    entry->size = stored->size;
    entry->arrival = stored->arrival;
    entry->expiry = stored->expiry;
    entry->attempts = (uint16_t)stored->attempts;
    entry->priority = (uint8_t)stored->priority;
    entry->kind = (uint8_t)stored->kind;
    entry->queue_class = queue_class(stored->kind, stored->priority);
    entry->state = (uint8_t)stored->state;
    entry->since = agent_now(destination->agent) - (agent_utc(destination->agent) - stored->arrival);
    set_recipients(entry, stored->recipients);
    set_progress(entry, stored->progress);
    if (!entry->recipients)
        entry->recipients_length = 2 * stored->recipient_count;
    return entry;
}

void queue_entry_record(const queue_entry_t *entry, utc_time_t due, store_entry_t *record)
{
    *record = (store_entry_t){
        .id = entry->id,
        .message_id = entry->message_id,
        .destination = entry->destination->name,
        .kind = (store_kind_t)entry->kind,
        .priority = entry->priority,
        .state = (store_entry_state_t)entry->state,
        .attempts = entry->attempts,
        .due = due,
        .size = entry->size,
        .arrival = entry->arrival,
        .expiry = entry->expiry,
        .recipient_count = queue_entry_recipients(entry),
        .recipients = bytes_make(entry->recipients, entry->recipients ? entry->recipients_length : 0)};
}

void queue_entry_take_all(queue_entry_t *entry, const x411_apdu_t *apdu)
{
    unsigned count = 0;
    for (unsigned i = 0; apdu && i < apdu->recipient_count && apdu->kind != X411_REPORT; i++)
        count += x411_responsible(&apdu->recipients[i]);
    if (!entry->recipients)
        entry->recipients_length = 2 * (count ? count : 1);
}

unsigned queue_entry_recipients(const queue_entry_t *entry)
{
    return entry->recipients_length / 2;
}

void queue_entry_swap_recipients(queue_entry_t *a, queue_entry_t *b)
{
    uint8_t *recipients = a->recipients;
    uint32_t length = a->recipients_length;
    a->recipients = b->recipients;
    a->recipients_length = b->recipients_length;
    b->recipients = recipients;
    b->recipients_length = length;
}

void queue_entry_free(queue_entry_t *entry)
{
    if (entry->object)
        object_release(entry->object);
    free(entry->recipients);
    free(entry->progress);
    free(entry->tried);
    free(entry);
}

static void link_into(queue_entry_t *entry, queue_list_t *list, bool front)
{
    entry->list = list;
    entry->previous = front ? NULL : list->last;
    entry->next = front ? list->first : NULL;
    if (entry->previous)
        entry->previous->next = entry;
    else
        list->first = entry;
    if (entry->next)
        entry->next->previous = entry;
    else
        list->last = entry;
}

static bool is_ready(const queue_entry_t *entry)
{
    return entry->list == &entry->destination->ready[entry->queue_class];
}

static void link_ready(queue_entry_t *entry, bool front)
{
    link_into(entry, &entry->destination->ready[entry->queue_class], front);
    entry->destination->ready_count[entry->queue_class]++;
}

static void unlink_entry(queue_entry_t *entry)
{
    queue_list_t *list = entry->list;
    if (!list)
        return;
    if (is_ready(entry))
        entry->destination->ready_count[entry->queue_class]--;
    if (entry->previous)
        entry->previous->next = entry->next;
    else
        list->first = entry->next;
    if (entry->next)
        entry->next->previous = entry->previous;
    else
        list->last = entry->previous;
    entry->next = entry->previous = NULL;
    entry->list = NULL;
}

static void drop_delay(queue_entry_t *entry)
{
    if (!entry->delay)
        return;
    timers_cancel(agent_timers(entry->destination->agent), &entry->delay->timer);
    free(entry->delay);
    entry->delay = NULL;
}

static void tell_due(const queue_entry_t *entry)
{
    char id[24];
    snprintf(id, sizeof(id), "%" PRIu64, entry->message_id);
    const char *mts_id = entry->object ? entry->object->record.mts_id : id;
    event_subject_t subject = {.mts_id = mts_id, .connector = entry->destination->name};
    event_raise(entry->destination->agent->services.events, EVENT_ID_DEFERRED_DUE, &subject, mts_id);
}

static void delay_over(void *baton)
{
    delay_t *delay = baton;
    queue_entry_t *entry = delay->entry;
    agent_t *agent = entry->destination->agent;
    utc_time_t left = delay->due - agent_utc(agent);
    /* The loop's time lags behind a little when it was armed, or the clock was put back: what is deferred
     * waits for UTC. Retries go by the time that has passed. */
    if (left > 0 && entry->state == STORE_ENTRY_DEFERRED) {
        timers_arm(agent_timers(agent), &delay->timer, agent_now(agent) + left);
        return;
    }
    entry->delay = NULL;
    free(delay);
    if (entry->state == STORE_ENTRY_DEFERRED)
        tell_due(entry);
    if (!entry->attempts && !entry->losses) /* it was deferred: its time here begins now */
        entry->since = agent_now(entry->destination->agent);
    entry->state = STORE_ENTRY_QUEUED;
    unlink_entry(entry);
    link_ready(entry, false);
    agent_kick(entry->destination);
}

static void place(queue_entry_t *entry, utc_time_t due, bool front)
{
    agent_t *agent = entry->destination->agent;
    if (entry->state == STORE_ENTRY_HELD || entry->state == STORE_ENTRY_BAD) {
        link_into(entry, &entry->destination->parked, false);
        return;
    }
    utc_time_t now = agent_utc(agent);
    if (due <= now) {
        entry->state = STORE_ENTRY_QUEUED;
        link_ready(entry, front);
        return;
    }
    delay_t *delay = calloc(1, sizeof(*delay));
    if (!delay)
        abort();
    delay->entry = entry;
    delay->due = due;
    link_into(entry, &entry->destination->parked, false);
    delay->timer.run = delay_over;
    delay->timer.baton = delay;
    entry->delay = delay;
    timers_arm(agent_timers(agent), &delay->timer, agent_now(agent) + (due - now));
}

void queue_insert(queue_entry_t *entry, utc_time_t due)
{
    if (!entry->since)
        entry->since = agent_now(entry->destination->agent);
    entry->destination->count++;
    entry->destination->octets += entry->size;
    entry->destination->recipients += queue_entry_recipients(entry);
    entry->destination->agent->queued++;
    place(entry, due, false);
    alarm_check(entry->destination);
}

void queue_remove(queue_entry_t *entry)
{
    unlink_entry(entry);
    drop_delay(entry);
    entry->destination->count--;
    entry->destination->octets -= entry->size;
    entry->destination->recipients -= queue_entry_recipients(entry);
    entry->destination->agent->queued--;
    if (!entry->destination->agent->destroying)
        alarm_check(entry->destination);
}

void queue_take(queue_entry_t *entry)
{
    unlink_entry(entry);
    drop_delay(entry);
    link_into(entry, &entry->destination->busy, false);
    entry->busy = true;
}

void queue_give_back(queue_entry_t *entry, utc_time_t due)
{
    unlink_entry(entry);
    entry->busy = false;
    place(entry, due, true);
}

void queue_hurry(queue_entry_t *entry)
{
    if (!entry->delay)
        return;
    drop_delay(entry);
    unlink_entry(entry);
    entry->state = STORE_ENTRY_QUEUED;
    link_ready(entry, false);
}

void queue_forget_all(destination_t *destination)
{
    queue_list_t *lists[MTA_CLASS_COUNT + 2] = {&destination->parked, &destination->busy};
    for (int i = 0; i < MTA_CLASS_COUNT; i++)
        lists[2 + i] = &destination->ready[i];
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        queue_entry_t *next;
        for (queue_entry_t *entry = lists[i]->first; entry; entry = next) {
            next = entry->next;
            queue_remove(entry);
            queue_entry_free(entry);
        }
    }
}

void queue_drain_soon(const destination_t *destination, timers_item_t *timer)
{
    agent_t *agent = destination->agent;
    if (!agent->stopping && queue_first(destination) && !timers_armed(timer))
        timers_arm(agent_timers(agent), timer, agent_now(agent));
}

queue_entry_t *queue_first(const destination_t *destination)
{
    for (int i = 0; i < MTA_CLASS_COUNT; i++)
        if (destination->ready[i].first)
            return destination->ready[i].first;
    return NULL;
}

uint64_t queue_ready(const destination_t *destination)
{
    uint64_t count = 0;
    for (int i = 0; i < MTA_CLASS_COUNT; i++)
        count += destination->ready_count[i];
    return count;
}

bool queue_entry_has(const queue_entry_t *entry, unsigned index, bool responsible)
{
    if (!entry->recipients)
        return responsible;
    /* The indices are in rising order. */
    size_t low = 0;
    size_t high = entry->recipients_length / 2;
    while (low < high) {
        size_t middle = (low + high) / 2;
        unsigned value = entry->recipients[2 * middle] | (unsigned)entry->recipients[2 * middle + 1] << 8;
        if (value == index)
            return true;
        if (value < index)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

void queue_shared_add(agent_t *agent, uint64_t message_id, unsigned entries)
{
    shared_t *shared = apr_hash_get(agent->shared, &message_id, sizeof(message_id));
    if (!shared) {
        shared = calloc(1, sizeof(*shared));
        if (!shared)
            abort();
        shared->message_id = message_id;
        apr_hash_set(agent->shared, &shared->message_id, sizeof(shared->message_id), shared);
    }
    shared->entries += entries; /* the hash holds it, by a pointer into it */
} /* NOLINT(clang-analyzer-unix.Malloc) */

void queue_shared_extend(agent_t *agent, uint64_t message_id)
{
    bool known = apr_hash_get(agent->shared, &message_id, sizeof(message_id)) != NULL;
    queue_shared_add(agent, message_id, known ? 1 : 2);
}

void queue_shared_free(agent_t *agent)
{
    for (apr_hash_index_t *i = apr_hash_first(NULL, agent->shared); i; i = apr_hash_next(i)) {
        shared_t *shared = apr_hash_this_val(i);
        apr_hash_set(agent->shared, &shared->message_id, sizeof(shared->message_id), NULL);
        free(shared->leaving);
        free(shared);
    }
}

static void forget_leaving(shared_t *shared, uint64_t entry_id)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < shared->leaving_count; i++)
        if (shared->leaving[i] != entry_id)
            shared->leaving[kept++] = shared->leaving[i];
    shared->leaving_count = kept;
    if (kept == 0) {
        free(shared->leaving);
        shared->leaving = NULL;
    }
}

bool queue_shared_leave(agent_t *agent, uint64_t message_id, uint64_t entry_id, const uint64_t **others,
                        unsigned *count)
{
    shared_t *shared = apr_hash_get(agent->shared, &message_id, sizeof(message_id));
    *others = NULL;
    *count = 0;
    if (!shared)
        return true;
    forget_leaving(shared, entry_id);
    if (shared->leaving_count == LEAVING_LIMIT)
        return false;
    if (!shared->leaving)
        shared->leaving = malloc(LEAVING_LIMIT * sizeof(*shared->leaving));
    if (!shared->leaving)
        abort();
    *others = shared->leaving;
    *count = shared->leaving_count;
    shared->leaving[shared->leaving_count++] = entry_id;
    return shared->leaving_count == shared->entries;
}

void queue_shared_stay(agent_t *agent, uint64_t message_id, uint64_t entry_id)
{
    shared_t *shared = apr_hash_get(agent->shared, &message_id, sizeof(message_id));
    if (shared)
        forget_leaving(shared, entry_id);
}

bool queue_shared_drop(agent_t *agent, uint64_t message_id, uint64_t entry_id)
{
    shared_t *shared = apr_hash_get(agent->shared, &message_id, sizeof(message_id));
    if (!shared)
        return true;
    forget_leaving(shared, entry_id);
    if (--shared->entries > 0)
        return false;
    apr_hash_set(agent->shared, &shared->message_id, sizeof(shared->message_id), NULL);
    free(shared);
    return true;
}
