#include "mta/watch.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/association.h"
#include "mta/transfer_in.h"

int64_t watch_stall_limit(const config_connector_t *config)
{
    enum { LEAST = 300, UNKNOWN = 2000 };
    unsigned seconds = config ? config->transfer_timeout_normal : UNKNOWN;
    return TIME_SECONDS((int64_t)(seconds > LEAST ? seconds : LEAST));
}

static void arm(association_t *association, mono_time_t due)
{
    timers_arm(agent_timers(association->agent), &association->watch, due);
}

void watch_in(association_t *association)
{
    arm(association, agent_now(association->agent) + watch_stall_limit(association->connector->config));
}

static void tell_transfer(association_t *association, const char *mts_id, int64_t microseconds)
{
    const char *name = association->connector->destination.name;
    char seconds[24];
    apr_snprintf(seconds, sizeof(seconds), "%" APR_INT64_T_FMT, (apr_int64_t)(microseconds / 1000000));
    event_subject_t subject = {.connector = name, .mts_id = mts_id, .layer = "RTSE"};
    event_raise(association->agent->services.events, EVENT_ID_TRANSFER_TIMED_OUT, &subject,
                *mts_id ? mts_id : "(not known yet)", name, seconds);
}

/* What this MTA itself has to do (the store) does not count. */
void watch_expired(void *baton)
{
    association_t *association = baton;
    mono_time_t now = agent_now(association->agent);
    int64_t limit = watch_stall_limit(association->connector->config);
    if (!association->in)
        return;
    if (!transfer_in_awaits_peer(association->in))
        association->activity = now;
    if (now - association->activity < limit) {
        arm(association, association->activity + limit);
        return;
    }
    uint64_t octets;
    tell_transfer(association, transfer_in_describe(association->in, association->pool, &octets),
                  now - association->activity);
    association_abort(association, STACK_ABORT_TEMPORARY_PROBLEM);
}
