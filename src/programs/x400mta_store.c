#include "x400mta_store.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#include "event/ids.h"

enum { ATTEMPTS_PER_LEASE = 16, LONGEST_PAUSE = 1000000, SHORTEST_PAUSE = 50000 };

struct opening_t {
    store_t **store;
    const config_t *config;
    opening_calls_t calls;
    net_loop_t *loop;
    event_log_t *events;
    apr_pool_t *pool;
    timers_item_t again;
    store_claim_t claim;
    bool told;
    mono_time_t since;
};

static int64_t lease_of(const config_t *config)
{
    return TIME_SECONDS((int64_t)config->store.lease);
}

static err_t *open_store(opening_t *opening, apr_pool_t *pool)
{
    const config_t *config = opening->config;
    apr_status_t status = apr_dir_make_recursive(
        config->mta.data_folder, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "cannot make the data folder %s (mta.data-folder)",
                               config->mta.data_folder);
    store_config_t store = {.driver = config->store.driver,
                            .parameters = config->store.parameters,
                            .notify = opening->calls.notify,
                            .taken = opening->calls.taken,
                            .notify_context = opening->calls.context,
                            .lease = lease_of(config),
                            .claim = config->store.wait ? &opening->claim : NULL};
    return store_open(opening->store, &store, pool);
}

static void tell_remark(const opening_t *opening)
{
    const char *path = opening->config->store.parameters;
    store_remark_t remark = store_remark(*opening->store);
    if (remark == STORE_PUT_BACK)
        event_raise(opening->events, EVENT_ID_STORE_PUT_BACK, NULL, path);
    else if (remark == STORE_COPIED)
        event_raise(opening->events, EVENT_ID_STORE_COPIED, NULL, path);
    if (opening->told)
        event_raise(opening->events, EVENT_ID_STORE_TAKEN_OVER, NULL, path, opening->claim.owner,
                    apr_psprintf(opening->pool, "%" APR_INT64_T_FMT,
                                 (apr_int64_t)((net_loop_now(opening->loop) - opening->since) / 1000000)));
}

static void try_again(void *baton);

/* Tries once; true if it has to be tried again. */
static bool attempt(opening_t *opening, err_t **err)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, opening->pool);
    *err = open_store(opening, pool);
    bool again = *err && opening->config->store.wait && APR_STATUS_IS_EAGAIN((*err)->code);
    *err = again ? NULL : err_copy(opening->pool, *err);
    apr_pool_destroy(pool);
    if (!again && !*err)
        tell_remark(opening);
    return again;
}

static void wait_for_owner(opening_t *opening)
{
    if (!opening->told) {
        opening->since = net_loop_now(opening->loop);
        event_raise(opening->events, EVENT_ID_STORE_WAITING, NULL, opening->config->store.parameters,
                    opening->claim.owner);
    }
    opening->told = true;
    int64_t pause = lease_of(opening->config) / ATTEMPTS_PER_LEASE;
    pause = pause > LONGEST_PAUSE ? LONGEST_PAUSE : pause < SHORTEST_PAUSE ? SHORTEST_PAUSE : pause;
    opening->again = (timers_item_t){.run = try_again, .baton = opening};
    timers_arm(net_loop_timers(opening->loop), &opening->again, net_loop_now(opening->loop) + pause);
}

static void try_again(void *baton)
{
    opening_t *opening = baton;
    err_t *err = NULL;
    if (attempt(opening, &err))
        wait_for_owner(opening);
    else if (err)
        opening->calls.failed(opening->calls.context, err);
    else
        opening->calls.opened(opening->calls.context);
}

void opening_begin(store_t **store, const config_t *config, const opening_calls_t *calls, net_loop_t *loop,
                   event_log_t *events, bool *waiting, apr_pool_t *pool)
{
    opening_t *opening = apr_pcalloc(pool, sizeof(*opening));
    *opening = (opening_t){
        .store = store, .config = config, .calls = *calls, .loop = loop, .events = events, .pool = pool};
    try_again(opening);
    *waiting = opening->told;
}

err_t *opening_lost(store_t *store, const config_t *config, event_log_t *events, apr_pool_t *pool)
{
    const char *by = NULL;
    if (!store_lost(store, &by))
        return NULL;
    event_raise(events, EVENT_ID_STORE_LOST, NULL, config->store.parameters, by);
    return err_create(pool, APR_EGENERAL, "store", "The store %s was taken over by %s",
                      config->store.parameters, by);
}
