#include "mta/agent.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/alarm.h"
#include "mta/association.h"
#include "mta/awaited.h"
#include "mta/binding.h"
#include "mta/callers.h"
#include "mta/connector.h"
#include "mta/delivery.h"
#include "mta/list.h"
#include "mta/object.h"
#include "mta/queue.h"
#include "mta/peer_events.h"
#include "mta/refusals.h"
#include "mta/sibling.h"
#include "mta/tap.h"
#include "mta/transfer_in.h"
#include "mta/transfer_out.h"
#include "mta/trash.h"
#include "mta/trouble.h"
#include "mta/work.h"

enum { SWEEP_SECONDS = 60, EXPIRE_BATCH = 256 };

x411_domain_t agent_domain(const agent_t *agent)
{
    const config_mta_t *mta = &agent->config->mta;
    return x411_domain_make(mta->country, mta->admd, mta->prmd);
}

x411_mts_id_t agent_new_mts_id(agent_t *agent, apr_pool_t *pool)
{
    x411_domain_t domain = agent_domain(agent);
    /* The store's numbers are never given twice, also when the process starts twice within one second: a peer
     * would take the second message of an identifier for a repeat and drop it. */
    uint64_t number = store_new_id(agent->services.store);
    return x411_mts_id_make(pool, &domain, agent->config->mta.name, agent_utc(agent), number);
}

unsigned agent_sessions(const agent_t *agent, unsigned *incoming, unsigned *calls)
{
    unsigned sessions = 0;
    unsigned from_peers = 0;
    unsigned unbound = 0;
    for (const association_t *a = agent->associations; a; a = a->agent_next) {
        if (!a->outbound && !a->since) {
            unbound++;
            continue;
        }
        sessions++;
        from_peers += !a->outbound;
    }
    if (incoming)
        *incoming = from_peers;
    if (calls)
        *calls = unbound;
    return sessions;
}

destination_t *agent_find_destination(agent_t *agent, const char *name)
{
    return apr_hash_get(agent->destinations, name, APR_HASH_KEY_STRING);
}

connector_t *agent_find_connector(agent_t *agent, const char *name)
{
    destination_t *destination = agent_find_destination(agent, name);
    return destination && destination->kind == ROUTE_CONNECTOR ? (connector_t *)destination : NULL;
}

void agent_kick(destination_t *destination)
{
    switch (destination->kind) {
    case ROUTE_CONNECTOR: connector_kick((connector_t *)destination); break;
    case ROUTE_MAILBOX: delivery_kick((mailbox_t *)destination); break;
    case ROUTE_LIST: list_kick((list_t *)destination); break;
    }
}

/* Takes on a configuration, or none. */
static void configure(destination_t *destination, const void *config)
{
    switch (destination->kind) {
    case ROUTE_CONNECTOR: connector_configure((connector_t *)destination, config); break;
    case ROUTE_MAILBOX: delivery_configure((mailbox_t *)destination, config); break;
    case ROUTE_LIST: list_configure((list_t *)destination, config); break;
    }
}

static destination_t *make_destination(agent_t *agent, route_target_kind_t kind, const void *config)
{
    switch (kind) {
    case ROUTE_MAILBOX: return &mailbox_create(agent, config)->destination;
    case ROUTE_LIST: return &list_create(agent, config)->destination;
    default: return &connector_create(agent, config)->destination;
    }
}

/* The name is another kind of destination now: what waits at the old one is routed anew, and the old one
 * stays, for pointers to it, under a name that nobody asks for. */
static void retire(agent_t *agent, destination_t *destination)
{
    const char *key = apr_psprintf(agent->pool, "%s\n%u", destination->name, ++agent->retired);
    configure(destination, NULL);
    apr_hash_set(agent->destinations, key, APR_HASH_KEY_STRING, destination);
}

/* A destination of this kind and name: the one that was there before, or a new one. */
static destination_t *take_destination(agent_t *agent, route_target_kind_t kind, const void *config,
                                       const char *name)
{
    destination_t *destination = agent_find_destination(agent, name);
    if (destination && destination->kind == kind) {
        configure(destination, config);
        return destination;
    }
    if (destination)
        retire(agent, destination);
    destination = make_destination(agent, kind, config);
    apr_hash_set(agent->destinations, destination->name, APR_HASH_KEY_STRING, destination);
    return destination;
}

static bool is_configured(const agent_t *agent, const config_t *config, const destination_t *destination)
{
    if (apr_hash_get(agent->destinations, destination->name, APR_HASH_KEY_STRING) != destination)
        return false; /* another has its name */
    switch (destination->kind) {
    case ROUTE_CONNECTOR: return config_find_connector(config, destination->name) != NULL;
    case ROUTE_MAILBOX: return config_find_mailbox(config, destination->name) != NULL;
    case ROUTE_LIST: return config_find_list(config, destination->name) != NULL;
    }
    return false;
}

static void remove_others(agent_t *agent, const config_t *config)
{
    for (apr_hash_index_t *i = apr_hash_first(agent->route_pool, agent->destinations); i;
         i = apr_hash_next(i)) {
        destination_t *destination = apr_hash_this_val(i);
        if (!is_configured(agent, config, destination))
            configure(destination, NULL);
    }
}

/* Takes the routes and destinations of config over; on failure nothing has changed. */
static err_t *apply_configuration(agent_t *agent, const config_t *config)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, agent->pool);
    route_table_t *routes;
    names_t *names;
    err_t *err = route_table_create(&routes, config, pool);
    if (!err)
        err = names_create(&names, config, pool);
    if (err) {
        err = err_copy(agent->pool, err);
        apr_pool_destroy(pool);
        return err;
    }
    apr_pool_t *old = agent->route_pool;
    agent->route_pool = pool;
    agent->routes = routes;
    agent->names = names;
    agent->config = config;
    agent->connectors = apr_pcalloc(pool, (config->connector_count + 1) * sizeof(connector_t *));
    agent->mailboxes = apr_pcalloc(pool, (config->mailbox_count + 1) * sizeof(mailbox_t *));
    for (size_t i = 0; i < config->connector_count; i++)
        agent->connectors[i] = (connector_t *)take_destination(agent, ROUTE_CONNECTOR, &config->connectors[i],
                                                               config->connectors[i].name);
    for (size_t i = 0; i < config->mailbox_count; i++)
        agent->mailboxes[i] = (mailbox_t *)take_destination(agent, ROUTE_MAILBOX, &config->mailboxes[i],
                                                            config->mailboxes[i].name);
    agent->lists = apr_pcalloc(pool, (config->list_count + 1) * sizeof(list_t *));
    for (size_t i = 0; i < config->list_count; i++)
        agent->lists[i] =
            (list_t *)take_destination(agent, ROUTE_LIST, &config->lists[i], config->lists[i].name);
    remove_others(agent, config);
    if (old)
        apr_pool_destroy(old);
    return NULL;
}

static apr_status_t release_shared(void *data)
{
    agent_t *agent = data;
    queue_shared_free(agent);
    return APR_SUCCESS;
}

err_t *agent_create(agent_t **out, const config_t *config, const agent_services_t *services,
                    apr_pool_t *parent)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, parent);
    agent_t *agent = apr_pcalloc(pool, sizeof(*agent));
    agent->pool = pool;
    agent->services = *services;
    agent->destinations = apr_hash_make(pool);
    agent->shared = apr_hash_make(pool);
    agent->repeats = repeat_create(pool, MTA_REPEAT_LIMIT);
    agent->refusals = refusals_create(agent);
    agent->peer_events = peer_events_create(agent);
    agent->callers = callers_create(agent);
    agent->awaited = awaited_create(agent);
    agent->link_sequence = 1; /* told when a sibling agrees: it may remember an earlier run of this MTA */
    agent->binding = binding_create(agent);
    agent->started_utc = agent_utc(agent);
    agent->started_mono = agent_now(agent);
    apr_pool_cleanup_register(pool, agent, release_shared, apr_pool_cleanup_null);
    err_t *err = apply_configuration(agent, config);
    if (!err)
        err = worker_create(&agent->worker, services->loop, pool);
    if (err) {
        err = err_copy(parent, err);
        apr_pool_destroy(pool);
        return err;
    }
    *out = agent;
    return NULL;
}

/* Start-up: the queue. */

typedef struct held_entry_t {
    queue_entry_t *entry;
    utc_time_t due;
} held_entry_t;

typedef struct load_t {
    agent_t *agent;
    bool later; /* the entries are held until all are there: of one message they may be far apart */
    held_entry_t *held;
    size_t held_count;
    size_t held_capacity;
    uint64_t *messages; /* identifiers, one for each entry, to find those with several */
    size_t count;
    size_t capacity;
} load_t;

static void load_entry(void *context, const store_entry_t *stored)
{
    load_t *load = context;
    agent_t *agent = load->agent;
    if (load->count == load->capacity) {
        load->capacity = load->capacity ? load->capacity * 2 : 1024;
        load->messages = realloc(load->messages, load->capacity * sizeof(*load->messages));
        if (!load->messages)
            abort();
    }
    load->messages[load->count++] = stored->message_id;
    destination_t *destination = agent_find_destination(agent, stored->destination);
    if (!destination) { /* its destination went while the service was down: it is routed anew */
        config_connector_t *gone = apr_pcalloc(agent->pool, sizeof(*gone));
        gone->name = apr_pstrdup(agent->pool, stored->destination);
        connector_t *connector = connector_create(agent, gone);
        destination = &connector->destination;
        apr_hash_set(agent->destinations, destination->name, APR_HASH_KEY_STRING, destination);
        connector_configure(connector, NULL);
    }
    if (!load->later) {
        queue_insert(queue_entry_load(destination, stored), stored->due);
        return;
    }
    if (load->held_count == load->held_capacity) {
        load->held_capacity = load->held_capacity ? load->held_capacity * 2 : 1024;
        load->held = realloc(load->held, load->held_capacity * sizeof(*load->held));
        if (!load->held)
            abort();
    }
    load->held[load->held_count++] = (held_entry_t){queue_entry_load(destination, stored), stored->due};
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

static void count_shared(load_t *load)
{
    if (!load->count)
        return;
    qsort(load->messages, load->count, sizeof(*load->messages), compare_ids);
    size_t start = 0;
    for (size_t i = 1; i <= load->count; i++) {
        if (i < load->count && load->messages[i] == load->messages[start])
            continue;
        if (i - start > 1)
            queue_shared_add(load->agent, load->messages[start], (unsigned)(i - start));
        start = i;
    }
}

static void load_mark(void *context, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time)
{
    agent_t *agent = context;
    repeat_add(agent->repeats, digest, time);
}

static void drop_taken(agent_t *agent)
{
    load_t *load = agent->taken;
    agent->taken = NULL;
    if (!load)
        return;
    free(load->messages);
    free(load->held);
    free(load);
}

static void kick_all(agent_t *agent);

void agent_take_over(agent_t *agent, const store_entry_t *entry)
{
    if (!agent->taken) {
        agent->taken = calloc(1, sizeof(*agent->taken));
        if (!agent->taken)
            abort();
        agent->taken->agent = agent;
        agent->taken->later = true;
    }
    load_t *load = agent->taken;
    if (entry) {
        load_entry(load, entry);
        return;
    }
    count_shared(load);
    for (size_t i = 0; i < load->held_count; i++)
        queue_insert(load->held[i].entry, load->held[i].due);
    if (load->held_count) {
        char count[32];
        apr_snprintf(count, sizeof(count), "%lu", (unsigned long)load->held_count);
        event_raise(agent->services.events, EVENT_ID_QUEUE_INHERITED, NULL, count);
    }
    drop_taken(agent);
    kick_all(agent);
}

static err_t *load_queue(agent_t *agent)
{
    load_t load = {.agent = agent};
    apr_pool_t *pool;
    apr_pool_create(&pool, agent->pool);
    err_t *err = store_purge_orphans(agent->services.store, pool);
    if (!err)
        err = store_scan_entries(agent->services.store, load_entry, &load, pool);
    if (!err)
        err = store_scan_marks(agent->services.store, MTA_REPEAT_LIMIT, load_mark, agent, pool);
    if (!err)
        err = awaited_load(agent->awaited, pool);
    if (!err)
        count_shared(&load);
    free(load.messages);
    if (err)
        err = err_copy(agent->pool, err);
    apr_pool_destroy(pool);
    return err;
}

/* Expiry: what is too old is non-delivered. Every entry is looked at once in a while. */

static void expire_entry(queue_entry_t *entry)
{
    destination_t *destination = entry->destination;
    agent_t *agent = destination->agent;
    char id[32];
    char minutes[32];
    apr_snprintf(id, sizeof(id), "%" APR_UINT64_T_FMT, (apr_uint64_t)entry->message_id);
    apr_snprintf(minutes, sizeof(minutes), "%" APR_INT64_T_FMT,
                 (apr_int64_t)((agent_utc(agent) - entry->arrival) / 60000000));
    event_subject_t subject = {.connector = destination->name};
    event_raise(agent->services.events, EVENT_ID_MESSAGE_EXPIRED, &subject,
                entry->object ? entry->object->record.mts_id : id, destination->name, minutes);
    queue_take(entry);
    trouble_t trouble = {.kind = TROUBLE_EXPIRED, .entry = entry};
    trouble_handle(agent, &trouble);
}

/* Entries that can go, that wait for their time, and that are held, but not what is set aside: that could not
 * even be read for a report. */
static void expire_destination(destination_t *destination)
{
    utc_time_t now = agent_utc(destination->agent);
    unsigned left = EXPIRE_BATCH;
    queue_list_t *lists[MTA_CLASS_COUNT + 1] = {&destination->parked};
    for (int class = 0; class < MTA_CLASS_COUNT; class ++)
        lists[class + 1] = &destination->ready[class];
    for (int i = 0; i <= MTA_CLASS_COUNT; i++) {
        queue_entry_t *next;
        for (queue_entry_t *entry = lists[i]->first; entry && left; entry = next) {
            next = entry->next;
            if (entry->expiry > now || entry->state == STORE_ENTRY_BAD)
                continue;
            left--;
            expire_entry(entry);
        }
    }
}

static void sweep(void *baton)
{
    agent_t *agent = baton;
    apr_pool_t *pool;
    apr_pool_create(&pool, agent->pool);
    for (apr_hash_index_t *i = apr_hash_first(pool, agent->destinations); i; i = apr_hash_next(i))
        expire_destination(apr_hash_this_val(i));
    apr_pool_destroy(pool);
    store_txn_t *txn = store_txn_begin(agent->services.store);
    store_txn_purge_marks(txn, agent_utc(agent) - TIME_SECONDS((int64_t)agent->config->mta.repeat_memory));
    store_txn_commit(txn, NULL, NULL);
    trash_empty(agent);
    timers_arm(agent_timers(agent), &agent->sweep, agent_now(agent) + TIME_SECONDS(SWEEP_SECONDS));
}

static void kick_all(agent_t *agent)
{
    for (size_t i = 0; i < agent->config->connector_count; i++)
        connector_kick(agent->connectors[i]);
    for (size_t i = 0; i < agent->config->mailbox_count; i++)
        delivery_kick(agent->mailboxes[i]);
    for (size_t i = 0; i < agent->config->list_count; i++)
        list_kick(agent->lists[i]);
}

err_t *agent_start(agent_t *agent)
{
    err_t *err = load_queue(agent);
    if (!err) {
        err = binding_apply(agent, BINDING_START);
        if (err)
            event_raise(agent->services.events, EVENT_ID_TRANSPORT_BAD_CONFIGURATION, NULL,
                        err_describe(agent->pool, err));
    }
    if (err) {
        binding_close(agent);
        return err;
    }
    agent->started = true;
    awaited_configure(agent->awaited);
    agent->sweep.run = sweep;
    agent->sweep.baton = agent;
    timers_arm(agent_timers(agent), &agent->sweep, agent_now(agent) + TIME_SECONDS(SWEEP_SECONDS));
    event_raise(agent->services.events, EVENT_ID_CONFIGURATION_LOADED, NULL, agent->config->path);
    kick_all(agent);
    return NULL;
}

err_t *agent_reload(agent_t *agent, const config_t *config)
{
    err_t *err = apply_configuration(agent, config);
    if (err)
        return err;
    err = binding_apply(agent, BINDING_RELOAD);
    event_raise(agent->services.events, EVENT_ID_CONFIGURATION_RELOADED, NULL, config->path,
                err ? err_describe(agent->route_pool, err) : "all of it is in force");
    awaited_configure(agent->awaited);
    alarm_check_all(agent);
    kick_all(agent);
    return NULL; /* a listener that cannot be opened is told by its event; the rest works */
}

void agent_set_bind_facts(agent_t *agent, const bind_facts_t *facts)
{
    binding_set_facts(agent, facts);
}

void agent_store_ready(agent_t *agent)
{
    store_drain(agent->services.store);
}

/* Stop. */

static void check_paused(agent_t *agent)
{
    if (!agent->paused || agent->paused_told)
        return;
    agent->paused_told = true;
    if (agent->services.paused)
        agent->services.paused(agent->services.context);
}

void agent_check_stopped(agent_t *agent)
{
    if (agent->associations || agent->works || agent->deliveries)
        return;
    check_paused(agent);
    if (!agent->stopping || agent->stopped_told)
        return;
    agent->stopped_told = true;
    timers_cancel(agent_timers(agent), &agent->stop_timer);
    if (agent->services.stopped)
        agent->services.stopped(agent->services.context);
}

/* Ends what is idle; what is at work ends behind its transfer. */
static void release_all(agent_t *agent)
{
    association_t *next;
    for (association_t *association = agent->associations; association; association = next) {
        next = association->agent_next;
        if (association->state == ASSOCIATION_OPEN && !association->outbound && !association->in)
            association_abort(association, STACK_ABORT_TEMPORARY_PROBLEM);
        else
            association_release(association);
    }
}

static void patience_over(void *baton)
{
    agent_t *agent = baton;
    for (association_t *association = agent->associations; association; association = association->agent_next)
        association_abort(association, STACK_ABORT_LOCAL_SYSTEM_PROBLEM);
}

void agent_stop(agent_t *agent, int64_t patience)
{
    if (agent->stopping)
        return;
    agent->stopping = true;
    binding_close(agent);
    timers_cancel(agent_timers(agent), &agent->sweep);
    awaited_stop(agent->awaited);
    agent->stop_timer.run = patience_over;
    agent->stop_timer.baton = agent;
    timers_arm(agent_timers(agent), &agent->stop_timer, agent_now(agent) + patience);
    release_all(agent);
    agent_check_stopped(agent);
}

void agent_pause(agent_t *agent)
{
    if (agent->paused || agent->stopping)
        return;
    agent->paused = true;
    agent->paused_told = false;
    binding_close(agent);
    release_all(agent);
    agent_check_stopped(agent);
}

void agent_continue(agent_t *agent)
{
    if (!agent->paused || agent->stopping)
        return;
    agent->paused = false;
    err_t *err = binding_apply(agent, BINDING_CHANGE); /* told by its event */
    (void)err;
    kick_all(agent);
}

static void forget_destination(destination_t *destination)
{
    timers_t *timers = agent_timers(destination->agent);
    if (destination->kind == ROUTE_CONNECTOR) {
        connector_t *connector = (connector_t *)destination;
        transfer_out_forget_all(connector);
        transfer_in_forget_all(connector);
        sibling_forget(connector);
        timers_cancel(timers, &connector->retry);
        timers_cancel(timers, &connector->wake);
    } else if (destination->kind == ROUTE_MAILBOX) {
        delivery_forget((mailbox_t *)destination);
        timers_cancel(timers, &((mailbox_t *)destination)->retry);
    } else {
        timers_cancel(timers, &((list_t *)destination)->retry);
    }
    queue_forget_all(destination);
}

void agent_destroy(agent_t *agent)
{
    agent->stopping = true;
    agent->destroying = true;
    agent->stopped_told = true;
    binding_close(agent);
    while (agent->associations)
        association_drop(agent->associations);
    tap_forget_all(agent);
    timers_cancel(agent_timers(agent), &agent->sweep);
    timers_cancel(agent_timers(agent), &agent->link_timer);
    timers_cancel(agent_timers(agent), &agent->stop_timer);
    refusals_stop(agent->refusals);
    peer_events_stop(agent->peer_events);
    awaited_destroy(agent->awaited);
    worker_destroy(agent->worker);
    trash_forget(agent);
    work_forget_all(agent);
    for (size_t i = 0; agent->taken && i < agent->taken->held_count; i++)
        queue_entry_free(agent->taken->held[i].entry);
    drop_taken(agent);
    for (apr_hash_index_t *i = apr_hash_first(agent->pool, agent->destinations); i; i = apr_hash_next(i))
        forget_destination(apr_hash_this_val(i));
    apr_pool_destroy(agent->pool);
}
