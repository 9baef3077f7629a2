#include "mta/awaited.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/queue.h"
#include "x411/report.h"

enum {
    CHECK_SECONDS = 60,  /* at most between two looks, should the clock be set */
    DUE_BATCH = 256,     /* told of in one go */
    NUMBERS_TOLD = 8,    /* recipients named in the event */
    NUMBER_LIMIT = 65535 /* of a recipient; the standard has 32,767 */
};

/* One transfer, in order of time. */
typedef struct awaited_t awaited_t;
struct awaited_t {
    awaited_t *next;
    awaited_t *previous;
    awaited_t *same; /* another transfer of the same message */
    uint64_t id;     /* in the store */
    utc_time_t sent;
    char *mts_id;
    char *connector;
    unsigned count;
    uint16_t numbers[]; /* originally specified recipient numbers */
};

struct awaited_list_t {
    agent_t *agent;
    apr_hash_t *by_id; /* text of the MTS identifier -> awaited_t, the first of those with it */
    awaited_t *first;
    awaited_t *last;
    size_t count;
    size_t recipients;
    timers_item_t timer;
    bool full_told;
    bool stopped;
};

static void look(void *baton);

awaited_list_t *awaited_create(agent_t *agent)
{
    awaited_list_t *list = apr_pcalloc(agent->pool, sizeof(*list));
    list->agent = agent;
    list->by_id = apr_hash_make(agent->pool);
    list->timer.run = look;
    list->timer.baton = list;
    return list;
}

size_t awaited_count(const awaited_list_t *list)
{
    return list->count;
}

static awaited_t *allocate(uint64_t id, utc_time_t sent, const char *mts_id, const char *connector,
                           const uint16_t *numbers, unsigned count)
{
    size_t id_size = strlen(mts_id) + 1;
    size_t name_size = strlen(connector) + 1;
    size_t numbers_size = (size_t)count * sizeof(*numbers);
    awaited_t *awaited = malloc(sizeof(*awaited) + numbers_size + id_size + name_size);
    if (!awaited)
        abort(); /* as APR does when a pool cannot be made */
    *awaited = (awaited_t){.id = id, .sent = sent, .count = count};
    memcpy(awaited->numbers, numbers, numbers_size);
    awaited->mts_id = (char *)(awaited->numbers + count);
    awaited->connector = awaited->mts_id + id_size;
    memcpy(awaited->mts_id, mts_id, id_size);
    memcpy(awaited->connector, connector, name_size);
    return awaited;
}

static void link_last(awaited_list_t *list, awaited_t *awaited)
{
    awaited->previous = list->last;
    if (list->last)
        list->last->next = awaited;
    else
        list->first = awaited;
    list->last = awaited;
    awaited_t *head = apr_hash_get(list->by_id, awaited->mts_id, APR_HASH_KEY_STRING);
    if (head) {
        awaited->same = head->same;
        head->same = awaited;
    } else {
        apr_hash_set(list->by_id, awaited->mts_id, APR_HASH_KEY_STRING, awaited);
    }
    list->count++;
    list->recipients += awaited->count;
}

static void unlink_same(awaited_list_t *list, awaited_t *awaited)
{
    awaited_t *head = apr_hash_get(list->by_id, awaited->mts_id, APR_HASH_KEY_STRING);
    if (head == awaited) {
        /* The key is in the one that goes: the next one brings its own. */
        apr_hash_set(list->by_id, awaited->mts_id, APR_HASH_KEY_STRING, NULL);
        if (awaited->same)
            apr_hash_set(list->by_id, awaited->same->mts_id, APR_HASH_KEY_STRING, awaited->same);
        return;
    }
    while (head && head->same != awaited)
        head = head->same;
    if (head)
        head->same = awaited->same;
}

static void forget(awaited_list_t *list, awaited_t *awaited)
{
    if (awaited->previous)
        awaited->previous->next = awaited->next;
    else
        list->first = awaited->next;
    if (awaited->next)
        awaited->next->previous = awaited->previous;
    else
        list->last = awaited->previous;
    unlink_same(list, awaited);
    list->count--;
    list->recipients -= awaited->count;
    if (list->count < AWAITED_LIMIT / 10 * 9 && list->recipients < AWAITED_RECIPIENT_LIMIT / 10 * 9)
        list->full_told = false;
    free(awaited);
}

void awaited_stop(awaited_list_t *list)
{
    list->stopped = true;
    timers_cancel(agent_timers(list->agent), &list->timer);
}

void awaited_destroy(awaited_list_t *list)
{
    awaited_stop(list);
    while (list->first)
        forget(list, list->first);
}

static int64_t patience(const awaited_list_t *list)
{
    return TIME_SECONDS((int64_t)list->agent->config->mta.missing_report_after);
}

/* The next look is when the oldest is due. */
static void arm(awaited_list_t *list)
{
    timers_cancel(agent_timers(list->agent), &list->timer);
    if (!list->first || list->stopped || !list->agent->started)
        return;
    int64_t wait = list->first->sent + patience(list) - agent_utc(list->agent);
    if (wait < 0)
        wait = 0;
    if (wait > TIME_SECONDS(CHECK_SECONDS))
        wait = TIME_SECONDS(CHECK_SECONDS);
    timers_arm(agent_timers(list->agent), &list->timer, agent_now(list->agent) + wait);
}

void awaited_configure(awaited_list_t *list)
{
    arm(list);
}

static const char *numbers_text(apr_pool_t *pool, const awaited_t *awaited)
{
    const char *text = "";
    unsigned told = awaited->count < NUMBERS_TOLD ? awaited->count : NUMBERS_TOLD;
    for (unsigned i = 0; i < told; i++)
        text = apr_psprintf(pool, "%s%s%u", text, i ? ", " : "", awaited->numbers[i]);
    return told < awaited->count ? apr_psprintf(pool, "%s and %u more", text, awaited->count - told) : text;
}

static void tell_missing(const awaited_list_t *list, const awaited_t *awaited)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    int64_t minutes = (agent_utc(list->agent) - awaited->sent) / TIME_SECONDS(60);
    event_subject_t subject = {.mts_id = awaited->mts_id, .connector = awaited->connector, .layer = "P1"};
    event_raise(list->agent->services.events, EVENT_ID_REPORT_MISSING, &subject, awaited->mts_id,
                awaited->connector, numbers_text(pool, awaited),
                apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)minutes));
    apr_pool_destroy(pool);
}

/* Tells of what is due. Without a configured time what was watched is let go in silence. */
static void look(void *baton)
{
    awaited_list_t *list = baton;
    int64_t wanted = patience(list);
    utc_time_t now = agent_utc(list->agent);
    store_txn_t *txn = NULL;
    for (unsigned left = DUE_BATCH; left && list->first; left--) {
        awaited_t *awaited = list->first;
        if (wanted && awaited->sent + wanted > now)
            break;
        if (wanted)
            tell_missing(list, awaited);
        if (!txn)
            txn = store_txn_begin(list->agent->services.store);
        store_txn_delete_watch(txn, awaited->id);
        forget(list, awaited);
    }
    if (txn)
        store_txn_commit(txn, NULL, NULL);
    arm(list);
}

/* Start-up. */

typedef struct loading_t {
    awaited_list_t *list;
    store_txn_t *txn; /* of what is over the bound, or cannot be used; NULL = nothing */
} loading_t;

static void load_one(void *context, const store_watch_t *stored)
{
    loading_t *loading = context;
    awaited_list_t *list = loading->list;
    size_t count = stored->recipients.length / 2;
    if (!count || list->count >= AWAITED_LIMIT || list->recipients + count > AWAITED_RECIPIENT_LIMIT) {
        if (!loading->txn)
            loading->txn = store_txn_begin(list->agent->services.store);
        store_txn_delete_watch(loading->txn, stored->id);
        return;
    }
    uint16_t *numbers = malloc(count * sizeof(*numbers));
    if (!numbers)
        abort();
    for (size_t i = 0; i < count; i++)
        numbers[i] = (uint16_t)(stored->recipients.data[2 * i] | stored->recipients.data[2 * i + 1] << 8);
    link_last(list, allocate(stored->id, stored->time, stored->mts_id, stored->destination, numbers,
                             (unsigned)count));
    free(numbers);
}

err_t *awaited_load(awaited_list_t *list, apr_pool_t *pool)
{
    loading_t loading = {.list = list};
    err_t *err = store_scan_watches(list->agent->services.store, load_one, &loading, pool);
    if (loading.txn)
        store_txn_commit(loading.txn, NULL, NULL);
    return err;
}

/* Transfers and reports. */

static bool is_expected(const x411_recipient_t *recipient)
{
    return recipient->number > 0 && recipient->number <= NUMBER_LIMIT && x411_report_wanted(recipient, true);
}

/* The numbers as the store has them: two octets each, the lower first. */
static bytes_t numbers_octets(apr_pool_t *pool, const awaited_t *awaited)
{
    uint8_t *octets = apr_palloc(pool, (size_t)awaited->count * 2 + 1);
    for (unsigned i = 0; i < awaited->count; i++) {
        octets[2 * i] = (uint8_t)awaited->numbers[i];
        octets[2 * i + 1] = (uint8_t)(awaited->numbers[i] >> 8);
    }
    return bytes_make(octets, (size_t)awaited->count * 2);
}

static bool is_full(awaited_list_t *list, unsigned more)
{
    if (list->count < AWAITED_LIMIT && list->recipients + more <= AWAITED_RECIPIENT_LIMIT)
        return false;
    char transfers[24];
    apr_snprintf(transfers, sizeof(transfers), "%u", (unsigned)list->count);
    if (!list->full_told)
        event_raise(list->agent->services.events, EVENT_ID_REPORT_WATCH_FULL, NULL, transfers);
    list->full_told = true;
    return true;
}

void awaited_add(awaited_list_t *list, work_t *work, const x411_apdu_t *apdu, const queue_entry_t *entry)
{
    if (!list->agent->config->mta.missing_report_after || apdu->kind == X411_REPORT)
        return;
    apr_pool_t *pool = work_pool(work);
    uint16_t *numbers = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        const x411_recipient_t *recipient = &apdu->recipients[i];
        if (!is_expected(recipient) || !queue_entry_has(entry, i, x411_responsible(recipient)))
            continue;
        if (!numbers)
            numbers = apr_palloc(pool, (apdu->recipient_count - i) * sizeof(*numbers));
        numbers[count++] = (uint16_t)recipient->number;
    }
    if (!count || is_full(list, count))
        return;
    awaited_t *awaited =
        allocate(store_new_id(list->agent->services.store), agent_utc(list->agent),
                 x411_mts_id_text(pool, &apdu->mts_id), entry->destination->name, numbers, count);
    store_watch_t record = {.id = awaited->id,
                            .time = awaited->sent,
                            .mts_id = awaited->mts_id,
                            .destination = awaited->connector,
                            .recipients = numbers_octets(pool, awaited)};
    work_watch(work, &record);
    /* At once: the report may come before the commit is heard of. */
    link_last(list, awaited);
    if (list->first == awaited)
        arm(list);
}

/* Takes the recipients of a report out, by the set of their numbers; false if none of them was in. */
static bool take_out(awaited_list_t *list, awaited_t *awaited, const uint8_t *reported)
{
    unsigned before = awaited->count;
    unsigned kept = 0;
    for (unsigned i = 0; i < before; i++) {
        unsigned number = awaited->numbers[i];
        if (!(reported[number / 8] >> number % 8 & 1))
            awaited->numbers[kept++] = awaited->numbers[i];
    }
    awaited->count = kept;
    list->recipients -= before - kept;
    return kept != before;
}

void awaited_report(awaited_list_t *list, work_t *work, const x411_apdu_t *report)
{
    if (!list->count || !report->report)
        return;
    apr_pool_t *pool = work_pool(work);
    const char *mts_id = x411_mts_id_text(pool, &report->report->subject_id);
    uint8_t *reported = apr_pcalloc(pool, NUMBER_LIMIT / 8 + 1);
    for (unsigned i = 0; i < report->recipient_count; i++) {
        int64_t number = report->recipients[i].number;
        if (number > 0 && number <= NUMBER_LIMIT)
            reported[number / 8] |= (uint8_t)(1u << number % 8);
    }
    awaited_t *next;
    for (awaited_t *awaited = apr_hash_get(list->by_id, mts_id, APR_HASH_KEY_STRING); awaited;
         awaited = next) {
        next = awaited->same;
        if (!take_out(list, awaited, reported))
            continue;
        if (awaited->count) {
            work_update_watch(work, awaited->id, numbers_octets(pool, awaited));
            continue;
        }
        work_delete_watch(work, awaited->id);
        forget(list, awaited);
    }
}
