#include "mta/schedule.h"

#include <apr_time.h>

#include "mta/queue.h"

enum { WEEK_MINUTES = 7 * 24 * 60, SLOT_MINUTES = 15, LONGEST_SLEEP_MINUTES = 60 };

static unsigned minute_of_week(const connector_t *connector)
{
    apr_time_exp_t local;
    apr_time_exp_lt(&local, agent_utc(connector->destination.agent));
    return (unsigned)((local.tm_wday * 24 + local.tm_hour) * 60 + local.tm_min);
}

int schedule_minutes(const connector_t *connector)
{
    const config_connector_t *config = connector->config;
    if (config->activation == CONFIG_ACTIVATION_REMOTE_INITIATED)
        return -1;
    if (config->activation != CONFIG_ACTIVATION_SELECTED)
        return config_minutes_until_active(config, 0);
    return config_minutes_until_active(config, minute_of_week(connector));
}

void schedule_wake(connector_t *connector, mono_time_t when)
{
    if (!timers_armed(&connector->wake) || connector->wake.due > when)
        timers_arm(agent_timers(connector->destination.agent), &connector->wake, when);
}

/* A wall clock may be set meanwhile, so a long wait is cut in pieces. */
static void wake_in_minutes(connector_t *connector, int minutes)
{
    if (minutes > LONGEST_SLEEP_MINUTES)
        minutes = LONGEST_SLEEP_MINUTES;
    agent_t *agent = connector->destination.agent;
    int64_t into_minute = agent_utc(agent) % TIME_SECONDS(60);
    schedule_wake(connector, agent_now(agent) + TIME_SECONDS(60) * minutes - into_minute);
}

static bool has_urgent(const connector_t *connector)
{
    return connector->destination.ready_count[MTA_CLASS_URGENT] > 0;
}

/* True if so much is queued that the link is worth opening. */
static bool reaches_thresholds(const connector_t *connector)
{
    const config_connector_t *config = connector->config;
    if (!config->content_length_threshold && !config->queue_length_threshold)
        return true;
    if (connector->poll_wanted || connector->broken ||
        (config->urgent_overrides_thresholds && has_urgent(connector)))
        return true;
    if (config->content_length_threshold &&
        connector->destination.octets >= (uint64_t)config->content_length_threshold * 1024)
        return true;
    return config->queue_length_threshold &&
           queue_ready(&connector->destination) >= config->queue_length_threshold;
}

bool schedule_allows_open(connector_t *connector)
{
    const config_connector_t *config = connector->config;
    int minutes = schedule_minutes(connector);
    if (minutes > 0)
        wake_in_minutes(connector, minutes);
    bool urgent = config->activation == CONFIG_ACTIVATION_SELECTED && config->urgent_ignores_schedule &&
                  has_urgent(connector);
    if (minutes != 0 && !urgent)
        return false;
    return reaches_thresholds(connector);
}

bool schedule_lets_send(const connector_t *connector, const association_t *association, uint8_t queue_class)
{
    const config_connector_t *config = connector->config;
    if (!association->outbound || config->activation != CONFIG_ACTIVATION_SELECTED)
        return true;
    if (queue_class == MTA_CLASS_URGENT && config->urgent_ignores_schedule)
        return true;
    return schedule_minutes(connector) == 0;
}

/* Minutes until a selected time begins, from the next minute on; -1 if none ever does. */
static int minutes_until_begin(const connector_t *connector)
{
    const config_connector_t *config = connector->config;
    unsigned now = minute_of_week(connector);
    for (unsigned m = SLOT_MINUTES - now % SLOT_MINUTES; m <= WEEK_MINUTES; m += SLOT_MINUTES) {
        unsigned start = (now + m) % WEEK_MINUTES;
        unsigned before = (start + WEEK_MINUTES - 1) % WEEK_MINUTES;
        if (config_minutes_until_active(config, start) == 0 &&
            config_minutes_until_active(config, before) != 0)
            return (int)m;
    }
    return -1;
}

static bool polls(const connector_t *connector)
{
    const config_connector_t *config = connector->config;
    return config && config->two_way_alternate &&
           (config->activation == CONFIG_ACTIVATION_SELECTED ||
            (config->activation == CONFIG_ACTIVATION_ALWAYS && config->poll_interval));
}

/* The time of the next poll: the next begin of a selected time, or the interval if that is sooner. */
static void plan_next(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    const config_connector_t *config = connector->config;
    connector->next_poll = MONO_NEVER;
    if (config->poll_interval)
        connector->next_poll = agent_now(agent) + TIME_SECONDS((int64_t)config->poll_interval);
    int minutes = config->activation == CONFIG_ACTIVATION_SELECTED ? minutes_until_begin(connector) : -1;
    if (minutes > 0) {
        mono_time_t begin =
            agent_now(agent) + TIME_SECONDS(60) * minutes - agent_utc(agent) % TIME_SECONDS(60);
        if (begin < connector->next_poll)
            connector->next_poll = begin;
        wake_in_minutes(connector, minutes);
    }
    if (connector->next_poll != MONO_NEVER)
        schedule_wake(connector, connector->next_poll);
}

void schedule_begin(connector_t *connector)
{
    timers_cancel(agent_timers(connector->destination.agent), &connector->wake);
    connector->poll_wanted = polls(connector) && schedule_minutes(connector) == 0;
    if (polls(connector))
        plan_next(connector);
}

void schedule_poll(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    if (!polls(connector))
        return;
    if (agent_now(agent) < connector->next_poll) {
        if (connector->config->poll_interval)
            schedule_wake(connector, connector->next_poll);
        else
            plan_next(connector); /* the wall clock may have been set */
        return;
    }
    bool linked = false;
    for (const association_t *a = connector->associations; a; a = a->next)
        linked = linked || a->state <= ASSOCIATION_OPEN;
    connector->poll_wanted = !linked && schedule_minutes(connector) == 0;
    plan_next(connector);
}
