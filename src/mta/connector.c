#include "mta/connector.h"

#include <apr_strings.h>
#include <apr_time.h>

#include "event/ids.h"
#include "mta/association.h"
#include "mta/queue.h"
#include "mta/transfer_in.h"
#include "mta/transfer_out.h"
#include "mta/trouble.h"

enum {
    CODE_CONNECT = 8511,   /* of event 4284 */
    CODE_TRANSPORT = 8640, /* of event 4287 */
    GIVE_UP_BATCH = 64     /* entries rerouted or reported in one go when the retries are used up */
};

static void retry_due(void *baton)
{
    connector_t *connector = baton;
    connector->waiting = false;
    connector_kick(connector);
}

connector_t *connector_create(agent_t *agent, const config_connector_t *config)
{
    connector_t *connector = apr_pcalloc(agent->pool, sizeof(*connector));
    connector->destination.agent = agent;
    connector->destination.kind = ROUTE_CONNECTOR;
    connector->destination.name = apr_pstrdup(agent->pool, config->name);
    connector->config = config;
    connector->retry.run = retry_due;
    connector->retry.baton = connector;
    return connector;
}

unsigned connector_count(const connector_t *connector, bool outbound, bool open_only)
{
    unsigned count = 0;
    for (const association_t *a = connector->associations; a; a = a->next)
        if (a->outbound == outbound && !a->test &&
            (open_only ? a->state == ASSOCIATION_OPEN : a->state <= ASSOCIATION_OPEN))
            count++;
    return count;
}

/* Gives the association something to send; false if there is nothing. */
static bool use(connector_t *connector, association_t *association)
{
    if (connector->broken && transfer_out_resume(association))
        return true;
    queue_entry_t *entry = queue_first(&connector->destination);
    if (!entry)
        return false;
    transfer_out_begin(association, entry);
    return true;
}

static void use_idle_associations(connector_t *connector)
{
    association_t *next;
    for (association_t *association = connector->associations; association; association = next) {
        next = association->next;
        if (!association_can_send(association))
            continue;
        if (!use(connector, association))
            return;
        association_pump(association);
    }
}

/* Minutes until the schedule lets this side open: 0 = now, -1 = never. */
static int minutes_until_active(const connector_t *connector)
{
    if (connector->config->activation == CONFIG_ACTIVATION_REMOTE_INITIATED)
        return -1;
    apr_time_exp_t local;
    apr_time_exp_lt(&local, agent_utc(connector->destination.agent));
    int minute = (local.tm_wday * 24 + local.tm_hour) * 60 + local.tm_min;
    return config_minutes_until_active(connector->config, (unsigned)minute);
}

/* True if an association may be opened now; if the schedule opens later, the connector is woken then. */
static bool may_open(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    if (!connector->config || connector->disabled || connector->waiting || agent->stopping)
        return false;
    int minutes = minutes_until_active(connector);
    if (minutes > 0 && !timers_armed(&connector->retry))
        timers_arm(agent_timers(agent), &connector->retry, agent_now(agent) + TIME_SECONDS(60) * minutes);
    return minutes == 0;
}

/* One association when there is something to send, one more for each Threshold queued messages; the first
 * must be open before there are others, so that a dead peer is called once and not ten times. One of the
 * allowed number is kept for urgent mail and reports. */
static unsigned wanted(const connector_t *connector)
{
    uint64_t ready = queue_ready(&connector->destination);
    if (!ready && !connector->broken)
        return 0;
    unsigned limit = connector->config->maximum_associations;
    uint64_t count = 1 + ready / (connector->config->threshold ? connector->config->threshold : 1);
    bool urgent = connector->destination.ready_count[MTA_CLASS_URGENT] > 0;
    unsigned cap = limit > 1 && !urgent ? limit - 1 : limit;
    return count > cap ? cap : (unsigned)count;
}

static void ask_turns(connector_t *connector)
{
    for (association_t *association = connector->associations; association; association = association->next)
        association_ask_turn(association);
}

void connector_kick(connector_t *connector)
{
    if (!connector->config || connector->disabled)
        return;
    use_idle_associations(connector);
    if (!queue_ready(&connector->destination) && !connector->broken)
        return;
    ask_turns(connector);
    if (!may_open(connector))
        return;
    unsigned open = connector_count(connector, true, true);
    unsigned all = connector_count(connector, true, false);
    unsigned want = wanted(connector);
    if (all >= want || (all && !open))
        return;
    association_open(connector, NULL);
}

void connector_opened(connector_t *connector, association_t *association)
{
    connector->attempts = 0;
    connector->failures_untold = 0;
    connector->failure_told = 0;
    connector->waiting = false;
    connector->last_error[0] = '\0';
    timers_cancel(agent_timers(connector->destination.agent), &connector->retry);
    (void)association;
    connector_kick(connector);
}

static void tell_open_failed(connector_t *connector, const association_t *association, const char *words)
{
    agent_t *agent = connector->destination.agent;
    event_log_t *events = agent->services.events;
    const char *name = connector->destination.name;
    mono_time_t now = agent_now(agent);
    mono_time_t interval = TIME_SECONDS(connector->config ? connector->config->open_interval : 0);
    connector->failures_untold++;
    if (connector->failure_told && now - connector->failure_told < interval)
        return;
    char counted[MTA_ERROR_TEXT + 64];
    apr_snprintf(counted, sizeof(counted), "%s (attempts that failed since the last event: %u)", words,
                 connector->failures_untold);
    connector->failure_told = now;
    connector->failures_untold = 0;
    event_subject_t subject = {.connector = name, .layer = "transport", .error_code = CODE_CONNECT};
    event_raise(events, EVENT_ID_CONNECT_ERROR, &subject, "8511", name, association->peer, counted);
    subject.error_code = CODE_TRANSPORT;
    event_raise(events, EVENT_ID_TRANSPORT_UNAVAILABLE, &subject, "8640", name, counted);
    subject.error_code = 0;
    event_raise(events, EVENT_ID_CONNECTION_NOT_OPENED, &subject, name, association->peer, words);
    event_raise(events, EVENT_ID_LOCAL_ASSOCIATION_REFUSED, &subject, name, "transport", "0",
                association->peer, words);
}

static void give_up(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    err_t *err = err_create(pool, 0, "transport", "no association with %s could be opened: %s",
                            connector->destination.name, connector->last_error);
    for (unsigned i = 0; i < GIVE_UP_BATCH; i++) {
        queue_entry_t *entry = queue_first(&connector->destination);
        if (!entry)
            break;
        queue_take(entry);
        trouble_t trouble = {.kind = TROUBLE_UNREACHABLE, .err = err, .entry = entry, .connector = connector};
        trouble_handle(agent, &trouble);
    }
    apr_pool_destroy(pool);
    if (!queue_first(&connector->destination))
        connector->attempts = 0; /* what comes now has its own retries */
}

static void arm_retry(connector_t *connector, unsigned seconds)
{
    agent_t *agent = connector->destination.agent;
    connector->waiting = true;
    timers_arm(agent_timers(agent), &connector->retry, agent_now(agent) + TIME_SECONDS(seconds));
    char text[16];
    apr_snprintf(text, sizeof(text), "%u", seconds);
    event_subject_t subject = {.connector = connector->destination.name};
    event_raise(agent->services.events, EVENT_ID_OPEN_RETRY, &subject, connector->destination.name, text);
}

void connector_open_failed(connector_t *connector, association_t *association, const err_t *err)
{
    agent_t *agent = connector->destination.agent;
    if (association->state == ASSOCIATION_OVER)
        return; /* told already */
    association->state = ASSOCIATION_OVER;
    const char *words = err ? err_describe(association->pool, err) : "the peer closed the connection";
    apr_cpystrn(connector->last_error, words, sizeof(connector->last_error));
    connector->failed_outbound++;
    if (association->test || agent->stopping || !connector->config)
        return;
    tell_open_failed(connector, association, words);
    if (connector_count(connector, true, true))
        return; /* the peer is there: it takes no more associations, which is no failure of the link */
    connector->attempts++;
    if (connector->attempts > connector->config->max_open_retries) {
        give_up(connector);
        if (connector->attempts) { /* more in the next turn */
            connector->waiting = true;
            timers_arm(agent_timers(agent), &connector->retry, agent_now(agent) + TIME_MILLISECONDS(10));
            return;
        }
    }
    arm_retry(connector, connector->config->open_interval);
}

/* Which event says that a layer broke off. */
static unsigned event_of_layer(const char *layer)
{
    static const struct {
        const char *layer;
        unsigned id;
    } events[] = {{"session", EVENT_ID_SESSION_STATE_ERROR},
                  {"presentation", EVENT_ID_PRESENTATION_STATE_ERROR},
                  {"ACSE", EVENT_ID_PRESENTATION_STATE_ERROR},
                  {"RTSE", EVENT_ID_RTSE_STATE_ERROR},
                  {"transport", EVENT_ID_TRANSPORT_PROTOCOL_ERROR}};
    for (size_t i = 0; layer && i < sizeof(events) / sizeof(events[0]); i++)
        if (strcmp(layer, events[i].layer) == 0)
            return events[i].id;
    return 0;
}

void connector_lost(association_t *association, const stack_indication_t *indication)
{
    agent_t *agent = association->agent;
    connector_t *connector = association->connector;
    const char *name = connector ? connector->destination.name : association->peer;
    const char *words = err_describe(association->pool, indication->err);
    const char *layer = indication->err ? indication->err->layer : "";
    event_subject_t subject = {
        .connector = connector ? name : NULL, .layer = layer, .error_code = indication->abort_reason};
    unsigned id = indication->by_peer ? 0 : event_of_layer(layer);
    if (id)
        event_raise(agent->services.events, EVENT_ID_PROTOCOL_VIOLATION, &subject, name, association->peer,
                    layer, words);
    if (connector) {
        apr_cpystrn(connector->last_error, words, sizeof(connector->last_error));
        event_raise(agent->services.events, EVENT_ID_ASSOCIATION_ABORTED, &subject, name, association->peer,
                    words);
    }
}

void connector_retry_now(connector_t *connector)
{
    timers_cancel(agent_timers(connector->destination.agent), &connector->retry);
    connector->waiting = false;
    connector_kick(connector);
}

static void release_all(connector_t *connector)
{
    association_t *next;
    for (association_t *association = connector->associations; association; association = next) {
        next = association->next;
        association_release(association);
    }
}

void connector_set_disabled(connector_t *connector, bool disabled)
{
    connector->disabled = disabled;
    if (disabled) {
        timers_cancel(agent_timers(connector->destination.agent), &connector->retry);
        connector->waiting = false;
        release_all(connector);
    } else {
        connector_kick(connector);
    }
}

/* The queue of a connector that is gone finds other ways, a batch in each turn. */
static void drain(void *baton)
{
    connector_t *connector = baton;
    agent_t *agent = connector->destination.agent;
    for (unsigned i = 0; i < GIVE_UP_BATCH; i++) {
        queue_entry_t *entry = queue_first(&connector->destination);
        if (!entry)
            return;
        queue_take(entry);
        trouble_t trouble = {.kind = TROUBLE_NO_ROUTE, .entry = entry};
        trouble_handle(agent, &trouble);
    }
    timers_arm(agent_timers(agent), &connector->retry, agent_now(agent) + TIME_MILLISECONDS(10));
}

void connector_configure(connector_t *connector, const config_connector_t *config)
{
    agent_t *agent = connector->destination.agent;
    connector->config = config;
    connector->removed = !config;
    timers_cancel(agent_timers(agent), &connector->retry);
    connector->waiting = false;
    connector->retry.run = config ? retry_due : drain;
    if (config)
        return;
    transfer_out_forget_all(connector);
    transfer_in_forget_all(connector);
    release_all(connector);
    timers_arm(agent_timers(agent), &connector->retry, agent_now(agent));
}

void connector_route_facts(const connector_t *connector, route_facts_t *facts)
{
    const config_connector_t *config = connector->config;
    int minutes = minutes_until_active(connector);
    route_activation_t activation = minutes == 0  ? ROUTE_ACTIVE_NOW
                                    : minutes > 0 ? ROUTE_ACTIVE_LATER
                                                  : ROUTE_NEVER_ACTIVE;
    if (config->activation == CONFIG_ACTIVATION_REMOTE_INITIATED)
        activation = ROUTE_REMOTE_INITIATED;
    *facts = (route_facts_t){.disabled = connector->disabled,
                             .retries_used_up = connector->attempts > config->max_open_retries,
                             .activation = activation,
                             .attempts = connector->attempts,
                             .waiting = connector->waiting,
                             .maximum_size = (uint64_t)config->maximum_message_size * 1024};
}

const char *connector_state_name(const connector_t *connector)
{
    if (connector->disabled)
        return "disabled";
    bool opening = false;
    for (const association_t *a = connector->associations; a; a = a->next) {
        if (a->state == ASSOCIATION_OPEN)
            return "open";
        opening = opening || a->state < ASSOCIATION_OPEN;
    }
    return opening ? "opening" : connector->waiting ? "waiting" : "idle";
}
