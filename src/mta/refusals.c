#include "mta/refusals.h"

#include <apr_strings.h>

#include "event/ids.h"

enum { INTERVAL_SECONDS = 60, TOLD_SINGLY = 10 };

typedef struct count_t {
    unsigned told;
    uint64_t untold;
} count_t;

struct refusals_t {
    agent_t *agent;
    timers_item_t timer; /* end of the interval; armed while something was counted in it */
    mono_time_t since;
    count_t counts[REFUSAL_CAUSES];
};

const char *refusals_text(refusal_cause_t cause)
{
    static const char *const texts[REFUSAL_CAUSES] = {
        [REFUSAL_LIMIT] = "Session limit exceeded",
        [REFUSAL_CONNECTOR_LIMIT] = "Session limit exceeded for this connector",
        [REFUSAL_MALFORMED] = "the bind cannot be decoded",
        [REFUSAL_UNKNOWN] = "no connector has this remote MTA name",
        [REFUSAL_PASSWORD] = "wrong password",
        [REFUSAL_DIALOGUE] = "dialogue mode not supported",
        [REFUSAL_SUSPENDED] = "the connector is closed by its schedule or by the operator",
        [REFUSAL_SELECTOR] = "the selectors of the call are not those of the connector",
        [REFUSAL_ADDRESS] = "the address of the caller is not allowed",
        [REFUSAL_SELF] = "the caller has the name of this MTA itself",
        [REFUSAL_CROWDED_OUT] = "the call did not bind and gave way to newer ones"};
    return texts[cause];
}

/* How many of one cause are told by themselves in an interval. What says that this MTA is full says the same
 * each time. */
static unsigned singly(refusal_cause_t cause)
{
    if (cause == REFUSAL_CROWDED_OUT)
        return 0;
    return cause == REFUSAL_LIMIT || cause == REFUSAL_CONNECTOR_LIMIT ? 1 : TOLD_SINGLY;
}

static void tell_refusals(refusals_t *refusals)
{
    agent_t *agent = refusals->agent;
    char seconds[24];
    apr_snprintf(seconds, sizeof(seconds), "%" APR_INT64_T_FMT,
                 (apr_int64_t)((agent_now(agent) - refusals->since) / 1000000));
    for (int cause = 0; cause < REFUSAL_CAUSES; cause++) {
        count_t *count = &refusals->counts[cause];
        if (count->untold) {
            char number[24];
            apr_snprintf(number, sizeof(number), "%" APR_UINT64_T_FMT, (apr_uint64_t)count->untold);
            event_raise(agent->services.events, EVENT_ID_CALLS_REFUSED, NULL, number, seconds,
                        refusals_text((refusal_cause_t)cause));
        }
        *count = (count_t){0};
    }
}

static void interval_over(void *baton)
{
    tell_refusals(baton);
}

refusals_t *refusals_create(agent_t *agent)
{
    refusals_t *refusals = apr_pcalloc(agent->pool, sizeof(*refusals));
    refusals->agent = agent;
    refusals->timer.run = interval_over;
    refusals->timer.baton = refusals;
    return refusals;
}

bool refusals_count(refusals_t *refusals, refusal_cause_t cause)
{
    agent_t *agent = refusals->agent;
    count_t *count = &refusals->counts[cause];
    if (!timers_armed(&refusals->timer)) {
        refusals->since = agent_now(agent);
        timers_arm(agent_timers(agent), &refusals->timer, refusals->since + TIME_SECONDS(INTERVAL_SECONDS));
    }
    if (count->told < singly(cause)) {
        count->told++;
        return true;
    }
    count->untold++;
    return false;
}

void refusals_stop(refusals_t *refusals)
{
    tell_refusals(refusals);
    timers_cancel(agent_timers(refusals->agent), &refusals->timer);
}
