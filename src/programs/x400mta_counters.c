#include "x400mta_counters.h"

#include <stdio.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "mta/counters.h"
#include "platform.h"

enum { INSTANCE_LIMIT = 1024 };

/* A connector that is shown. */
typedef struct shown_t {
    const char *name;
    uint64_t *values;
    unsigned round; /* in which it was there last */
} shown_t;

struct counters_show_t {
    apr_pool_t *pool; /* of the monitor */
    agent_t *agent;
    net_loop_t *loop;
    platform_monitor_t *monitor;
    platform_counter_set_t sets[COUNTER_SET_COUNT];
    uint64_t *of_mta;       /* NULL: not taken */
    apr_hash_t *connectors; /* shown_t by name */
    unsigned round;
    timers_item_t renew;
};

static void describe(const counter_set_t *set, platform_counter_set_t *described, apr_pool_t *pool)
{
    platform_counter_t *counters = apr_pcalloc(pool, set->count * sizeof(*counters));
    for (size_t i = 0; i < set->count; i++)
        counters[i] = (platform_counter_t){set->monitors[i].number, set->monitors[i].rate};
    *described = (platform_counter_set_t){
        .guid = set->guid, .instances = set->instances, .counters = counters, .count = set->count};
}

static void show_values(const counter_set_t *set, uint64_t *shown, const uint64_t *values)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->monitors[i].counter != COUNTER_NONE)
            shown[i] = values[set->monitors[i].counter];
}

/* The connector as it is shown; added if it is new; NULL if it cannot be. */
static shown_t *find_shown(counters_show_t *show, const char *name)
{
    shown_t *shown = apr_hash_get(show->connectors, name, APR_HASH_KEY_STRING);
    if (shown || apr_hash_count(show->connectors) >= INSTANCE_LIMIT)
        return shown;
    shown = apr_pcalloc(show->pool, sizeof(*shown));
    shown->name = apr_pstrdup(show->pool, name);
    shown->values = platform_monitor_add(show->monitor, COUNTER_SET_CONNECTIONS, name);
    apr_hash_set(show->connectors, shown->name, APR_HASH_KEY_STRING, shown);
    return shown;
}

static void show_connector(void *context, const char *name, const uint64_t values[COUNTER_COUNT])
{
    counters_show_t *show = context;
    shown_t *shown = find_shown(show, name);
    if (!shown)
        return;
    shown->round = show->round;
    if (!shown->values)
        shown->values = platform_monitor_add(show->monitor, COUNTER_SET_CONNECTIONS, name);
    if (shown->values)
        show_values(&counter_sets[COUNTER_SET_CONNECTIONS], shown->values, values);
}

/* Connectors that are there no more go from the monitor; their places are kept for when they come back. */
static void remove_gone(counters_show_t *show)
{
    for (apr_hash_index_t *i = apr_hash_first(NULL, show->connectors); i; i = apr_hash_next(i)) {
        shown_t *shown = apr_hash_this_val(i);
        if (shown->round == show->round || !shown->values)
            continue;
        platform_monitor_remove(show->monitor, shown->values);
        shown->values = NULL;
    }
}

static void renew(void *baton)
{
    counters_show_t *show = baton;
    uint64_t values[COUNTER_COUNT] = {0};
    counters_of_mta(show->agent, values);
    if (show->of_mta)
        show_values(&counter_sets[COUNTER_SET_MTA], show->of_mta, values);
    show->round++;
    counters_each_connector(show->agent, show_connector, show);
    remove_gone(show);
    timers_arm(net_loop_timers(show->loop), &show->renew, net_loop_now(show->loop) + TIME_SECONDS(1));
}

counters_show_t *counters_begin(agent_t *agent, net_loop_t *loop, apr_pool_t *pool)
{
    apr_pool_t *own;
    apr_pool_create(&own, pool);
    counters_show_t *show = apr_pcalloc(own, sizeof(*show));
    *show = (counters_show_t){.pool = own, .agent = agent, .loop = loop, .connectors = apr_hash_make(own)};
    for (int i = 0; i < COUNTER_SET_COUNT; i++)
        describe(&counter_sets[i], &show->sets[i], own);
    err_t *err =
        platform_monitor_open(counter_provider_guid, show->sets, COUNTER_SET_COUNT, &show->monitor, own);
    if (err)
        fprintf(stderr, "x400mta: %s\n", err_describe(own, err));
    if (!show->monitor) {
        apr_pool_destroy(own);
        return NULL;
    }
    show->of_mta = platform_monitor_add(show->monitor, COUNTER_SET_MTA, "x400mta");
    show->renew = (timers_item_t){.run = renew, .baton = show};
    renew(show);
    return show;
}

void counters_end(counters_show_t *show)
{
    if (!show)
        return;
    timers_cancel(net_loop_timers(show->loop), &show->renew);
    apr_pool_destroy(show->pool);
}
