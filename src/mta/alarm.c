#include "mta/alarm.h"

#include <apr_strings.h>

#include "event/ids.h"

/* An alarm that is on stays on until no more than `off` are left: half of `on`, if not configured. */
static bool is_over(bool alarmed, uint64_t count, unsigned on, unsigned off)
{
    if (!on)
        return false;
    unsigned limit = off ? off : on / 2;
    return alarmed ? count > limit : count >= on;
}

static void check_queue(destination_t *destination, const config_mta_t *mta)
{
    bool over = destination->kind == ROUTE_CONNECTOR &&
                is_over(destination->alarmed, destination->count, mta->outbound_queue_alarm_on,
                        mta->outbound_queue_alarm_off);
    if (over == destination->alarmed)
        return;
    destination->alarmed = over;
    event_log_t *events = destination->agent->services.events;
    event_subject_t subject = {.connector = destination->name};
    char count[24];
    char limit[24];
    apr_snprintf(count, sizeof(count), "%" APR_UINT64_T_FMT, (apr_uint64_t)destination->count);
    apr_snprintf(limit, sizeof(limit), "%u", mta->outbound_queue_alarm_on);
    if (over)
        event_raise(events, EVENT_ID_QUEUE_BACKLOGGED, &subject, destination->name, count, limit);
    else
        event_raise(events, EVENT_ID_QUEUE_SUBSIDED, &subject, destination->name, count);
}

static void check_work(agent_t *agent, const config_mta_t *mta)
{
    bool over =
        is_over(agent->work_alarmed, agent->queued, mta->work_queue_alarm_on, mta->work_queue_alarm_off);
    if (over == agent->work_alarmed)
        return;
    agent->work_alarmed = over;
    char count[24];
    char limit[24];
    apr_snprintf(count, sizeof(count), "%" APR_UINT64_T_FMT, (apr_uint64_t)agent->queued);
    apr_snprintf(limit, sizeof(limit), "%u", mta->work_queue_alarm_on);
    if (over)
        event_raise(agent->services.events, EVENT_ID_WORK_QUEUE_BACKLOGGED, NULL, count, limit);
    else
        event_raise(agent->services.events, EVENT_ID_WORK_QUEUE_SUBSIDED, NULL, count);
}

void alarm_check(destination_t *destination)
{
    agent_t *agent = destination->agent;
    check_queue(destination, &agent->config->mta);
    check_work(agent, &agent->config->mta);
}

void alarm_check_all(agent_t *agent)
{
    for (apr_hash_index_t *i = apr_hash_first(NULL, agent->destinations); i; i = apr_hash_next(i))
        check_queue(apr_hash_this_val(i), &agent->config->mta);
    check_work(agent, &agent->config->mta);
}
