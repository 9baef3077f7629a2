#include "mta/connector.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/association.h"
#include "mta/binding.h"
#include "mta/breach.h"
#include "mta/peer_events.h"
#include "mta/policy.h"
#include "mta/queue.h"
#include "mta/schedule.h"
#include "mta/sibling.h"
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

static void woken(void *baton)
{
    connector_t *connector = baton;
    schedule_poll(connector);
    connector_kick(connector);
}

static void take_configuration(connector_t *connector, const config_connector_t *config)
{
    connector->config = config;
    connector->policy = config ? policy_create(config, connector->destination.agent->route_pool) : NULL;
}

connector_t *connector_create(agent_t *agent, const config_connector_t *config)
{
    connector_t *connector = apr_pcalloc(agent->pool, sizeof(*connector));
    connector->destination.agent = agent;
    connector->destination.kind = ROUTE_CONNECTOR;
    connector->destination.name = apr_pstrdup(agent->pool, config->name);
    connector->retry.run = retry_due;
    connector->retry.baton = connector;
    connector->wake.run = woken;
    connector->wake.baton = connector;
    take_configuration(connector, config);
    schedule_begin(connector);
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

/* Associations that count against the limit: with two-way alternate both directions, for mail goes both ways
 * over each; with monologue each direction by itself. */
static unsigned count_against_limit(const connector_t *connector, bool outbound)
{
    unsigned count = connector_count(connector, outbound, false);
    return connector->config->two_way_alternate ? count + connector_count(connector, !outbound, false)
                                                : count;
}

/* The association of the peer's that has been quiet for longest, if that is long enough to take it for one
 * that the peer has forgotten: after a broken link it calls anew while its old sessions look alive here. */
static association_t *find_stale(const connector_t *connector)
{
    enum { STALE_SECONDS = 60 };
    association_t *stale = NULL;
    mono_time_t oldest = agent_now(connector->destination.agent) - TIME_SECONDS(STALE_SECONDS);
    for (association_t *a = connector->associations; a; a = a->next) {
        if (a->outbound || a->state != ASSOCIATION_OPEN || association_is_sending(a) || a->activity > oldest)
            continue;
        oldest = a->activity;
        stale = a;
    }
    return stale;
}

/* Both sides call at the same moment and the limit has room for one: the same rule at both ends says whose
 * call it is, or they would refuse each other for ever. */
static bool yields(const connector_t *connector)
{
    const config_connector_t *config = connector->config;
    bool calling = connector_count(connector, true, false) > connector_count(connector, true, true);
    return calling && strcmp(config->local_mta_name, config->remote_mta_name) < 0;
}

bool connector_takes_call(connector_t *connector)
{
    unsigned count = count_against_limit(connector, false);
    unsigned limit = connector->config->maximum_associations;
    if (count < limit || (count == limit && yields(connector)))
        return true;
    association_t *stale = find_stale(connector);
    if (!stale)
        return false;
    const char *name = connector->destination.name;
    event_subject_t subject = {.connector = name};
    event_raise(connector->destination.agent->services.events, EVENT_ID_ASSOCIATION_ERROR, &subject, name,
                "it was quiet and the peer calls anew; the old association gives way");
    association_abort(stale, STACK_ABORT_TEMPORARY_PROBLEM);
    stale->state = ASSOCIATION_OVER;
    return true;
}

void connector_tell_limit(connector_t *connector)
{
    if (connector->limit_told)
        return;
    connector->limit_told = true;
    char limit[16];
    const char *name = connector->destination.name;
    apr_snprintf(limit, sizeof(limit), "%u", connector->config->maximum_associations);
    event_subject_t subject = {.connector = name};
    event_raise(connector->destination.agent->services.events, EVENT_ID_ASSOCIATION_LIMIT, &subject, name,
                limit);
}

/* One association of several is kept for urgent mail and reports: the others may all be busy with large
 * messages. */
static bool is_kept_for_urgent(const connector_t *connector)
{
    unsigned limit = connector->config->maximum_associations;
    unsigned busy = 0;
    for (const association_t *a = connector->associations; a; a = a->next)
        busy += a->out && a->out_class != MTA_CLASS_URGENT;
    return limit > 1 && busy >= limit - 1;
}

queue_entry_t *connector_next_entry(connector_t *connector, const association_t *association)
{
    queue_entry_t *entry = queue_first(&connector->destination);
    if (!entry || !schedule_lets_send(connector, association, entry->queue_class))
        return NULL;
    return entry->queue_class != MTA_CLASS_URGENT && is_kept_for_urgent(connector) ? NULL : entry;
}

/* Gives the association something to send; false if there is nothing. */
static bool use(connector_t *connector, association_t *association)
{
    if (connector->broken && transfer_out_resume(association))
        return true;
    queue_entry_t *entry = connector_next_entry(connector, association);
    if (!entry)
        return false;
    transfer_out_begin(association, entry);
    return true;
}

static void use_idle_associations(connector_t *connector)
{
    association_t *next;
    for (association_t *association = connector->associations; association; association = next) {
        if (!connector->broken && !queue_first(&connector->destination))
            return; /* the rest of a long list need not be asked */
        next = association->next;
        if (association_can_send(association) && use(connector, association))
            association_pump(association);
    }
}

/* Associations that carry our mail now or soon: those that we opened, and with two-way alternate those of the
 * peer, unless it has kept the turn for too long after we asked. */
static unsigned count_usable(connector_t *connector)
{
    enum { TURN_PATIENCE = 10 };
    agent_t *agent = connector->destination.agent;
    unsigned count = connector_count(connector, true, false);
    for (const association_t *a = connector->associations; a; a = a->next) {
        if (a->outbound || a->state != ASSOCIATION_OPEN || !a->two_way_alternate)
            continue;
        mono_time_t end = a->turn_asked ? a->turn_asked_at + TIME_SECONDS(TURN_PATIENCE) : 0;
        if (osi_stack_has_turn(a->stack) || agent_now(agent) < end)
            count++;
        if (agent_now(agent) < end)
            schedule_wake(connector, end);
    }
    return count;
}

/* True if urgent mail waits and no association is at work on any. */
static bool urgent_wants_one(const connector_t *connector)
{
    if (!connector->destination.ready_count[MTA_CLASS_URGENT])
        return false;
    for (const association_t *a = connector->associations; a; a = a->next)
        if ((a->out && a->out_class == MTA_CLASS_URGENT) || a->state < ASSOCIATION_OPEN)
            return false;
    return true;
}

/* How many associations what is queued asks for: one, one more for each Threshold messages, and one for
 * urgent mail that would have to wait for a transfer to end. One of those allowed is kept for urgent mail and
 * reports. *limited tells whether more were wanted than the limit allows. */
static unsigned wanted(connector_t *connector, unsigned usable, bool *limited)
{
    const config_connector_t *config = connector->config;
    uint64_t ready = queue_ready(&connector->destination);
    *limited = false;
    if (!ready && !connector->broken)
        return connector->poll_wanted || connector->sibling.call_wanted ? 1 : 0;
    unsigned limit = config->maximum_associations;
    unsigned cap = limit > 1 ? limit - 1 : limit;
    uint64_t count = 1 + ready / (config->threshold ? config->threshold : 1);
    *limited = count > cap;
    if (count > cap)
        count = cap;
    if (count <= usable && usable < limit && urgent_wants_one(connector))
        count = usable + 1;
    return (unsigned)count;
}

static void ask_turns(connector_t *connector)
{
    const queue_entry_t *entry = queue_first(&connector->destination);
    int priority = entry ? entry->queue_class : MTA_CLASS_NORMAL;
    for (association_t *association = connector->associations; association; association = association->next)
        association_ask_turn(association, priority);
}

/* The limit of all sessions of this MTA. */
static bool is_mta_full(connector_t *connector)
{
    enum { AGAIN_SECONDS = 10 };
    agent_t *agent = connector->destination.agent;
    unsigned limit = agent->config->mta.maximum_associations;
    if (agent_sessions(agent, NULL, NULL) < limit) {
        connector->full_told = false;
        return false;
    }
    schedule_wake(connector, agent_now(agent) + TIME_SECONDS(AGAIN_SECONDS));
    if (connector->full_told)
        return true;
    connector->full_told = true;
    char number[16];
    apr_snprintf(number, sizeof(number), "%u", limit);
    event_subject_t subject = {.connector = connector->destination.name};
    event_raise(agent->services.events, EVENT_ID_NO_CONTROL_BLOCKS, &subject, "1", number,
                connector->destination.name);
    return true;
}

void connector_kick(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    if (connector->removed && !agent->paused)
        queue_drain_soon(&connector->destination, &connector->retry);
    if (!connector->config || connector->disabled || agent->paused)
        return;
    use_idle_associations(connector);
    sibling_tell(connector);
    if (!queue_ready(&connector->destination) && !connector->broken && !connector->poll_wanted &&
        !connector->sibling.call_wanted) {
        connector->limit_told = false;
        return;
    }
    if (queue_ready(&connector->destination) || connector->broken)
        ask_turns(connector);
    if (connector->waiting || agent->stopping || !schedule_allows_open(connector))
        return;
    unsigned usable = count_usable(connector);
    bool limited;
    unsigned want = wanted(connector, usable, &limited);
    if (usable >= want ||
        (connector_count(connector, true, false) && !connector_count(connector, true, true)))
        ; /* enough, or the first is still on its way: a dead peer is called once and not ten times */
    else if (count_against_limit(connector, true) >= connector->config->maximum_associations)
        limited = true;
    else if (agent_now(agent) < connector->hold_until)
        schedule_wake(connector, connector->hold_until); /* an earlier wake may have had nothing to send */
    else if (binding_lets_call(connector) && !is_mta_full(connector))
        association_open(connector, NULL);
    if (limited && usable + 1 >= connector->config->maximum_associations)
        connector_tell_limit(connector);
    else if (!limited)
        connector->limit_told = false;
}

void connector_opened(connector_t *connector, association_t *association)
{
    if (association->outbound || association->two_way_alternate) {
        connector->attempts = 0;
        connector->failures_untold = 0;
        connector->failure_told = 0;
        connector->waiting = false;
        connector->poll_wanted = false;
        connector->last_error[0] = '\0';
        timers_cancel(agent_timers(connector->destination.agent), &connector->retry);
        sibling_link_up(connector);
    } else if (connector->waiting) {
        connector_retry_early(connector);
    }
    connector_kick(connector);
}

static void tell_failures(connector_t *connector, const association_t *association, const char *words)
{
    agent_t *agent = connector->destination.agent;
    event_log_t *events = agent->services.events;
    const char *name = connector->destination.name;
    char counted[MTA_ERROR_TEXT + 64];
    apr_snprintf(counted, sizeof(counted), "%s (attempts that failed since the last event: %u)", words,
                 connector->failures_untold);
    connector->failure_told = agent_now(agent);
    connector->failures_untold = 0;
    event_subject_t subject = {.connector = name, .layer = "transport", .error_code = CODE_CONNECT};
    event_raise(events, EVENT_ID_CONNECT_ERROR, &subject, "8511", name, association->peer, counted);
    subject.error_code = CODE_TRANSPORT;
    event_raise(events, EVENT_ID_TRANSPORT_UNAVAILABLE, &subject, "8640", name, counted);
}

/* The first failure of an outage is told at once, the others once in each Open interval. The timer of the
 * retry may be a little early by the clock of the events, never by half an interval. */
static void tell_open_failed(connector_t *connector, const association_t *association, const err_t *err,
                             const char *words)
{
    agent_t *agent = connector->destination.agent;
    const char *name = connector->destination.name;
    mono_time_t now = agent_now(agent);
    mono_time_t interval = TIME_SECONDS(connector->config ? connector->config->open_interval : 0);
    connector->failures_untold++;
    if (connector->failure_told && now - connector->failure_told < interval - interval / 16)
        return;
    tell_failures(connector, association, words);
    event_subject_t subject = {.connector = name, .layer = "transport"};
    event_raise(agent->services.events, EVENT_ID_CONNECTION_NOT_OPENED, &subject, name, association->peer,
                words);
    event_raise(agent->services.events, EVENT_ID_LOCAL_ASSOCIATION_REFUSED, &subject, name, "transport", "0",
                association->peer, words);
    breach_tell(association, err);
    if (!err || !err->layer || strcmp(err->layer, "network") != 0)
        return;
    char code[16];
    subject.error_code = breach_socket_error(err->code);
    apr_snprintf(code, sizeof(code), "%d", subject.error_code);
    event_raise(agent->services.events, EVENT_ID_SOCKET_CONNECT_ERROR, &subject, code, name,
                association->peer, words);
}

/* Takes a batch of what has had its time out of the queue: each message waits here as long as all open
 * retries together take, however long the link was down before it came. True if there is more to do. */
static bool give_up(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    const config_connector_t *config = connector->config;
    mono_time_t patience = TIME_SECONDS((int64_t)config->open_interval) * config->max_open_retries;
    mono_time_t due = agent_now(agent) - patience;
    unsigned left = GIVE_UP_BATCH;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    err_t *err = err_create(pool, 0, "transport", "no association with %s could be opened: %s",
                            connector->destination.name, connector->last_error);
    for (int class = 0; class < MTA_CLASS_COUNT; class ++) {
        queue_entry_t *next;
        for (queue_entry_t *entry = connector->destination.ready[class].first; entry && left; entry = next) {
            next = entry->next;
            if (entry->since > due)
                continue;
            left--;
            queue_take(entry);
            trouble_t trouble = {
                .kind = TROUBLE_UNREACHABLE, .err = err, .entry = entry, .connector = connector};
            trouble_handle(agent, &trouble);
        }
    }
    apr_pool_destroy(pool);
    connector->poll_wanted = false;
    return left == 0;
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

/* True if an open association can carry our mail. */
static bool has_link(const connector_t *connector)
{
    for (const association_t *a = connector->associations; a; a = a->next)
        if (a->state == ASSOCIATION_OPEN && !a->test && (a->outbound || a->two_way_alternate))
            return true;
    return false;
}

/* The peer is there and takes no more associations: that is no failure of the link. It is asked for more
 * after the open interval. */
static void refused_beside_others(connector_t *connector, const association_t *association, const char *words)
{
    agent_t *agent = connector->destination.agent;
    connector->hold_until = agent_now(agent) + TIME_SECONDS(connector->config->open_interval);
    schedule_wake(connector, connector->hold_until);
    if (connector->limit_told)
        return;
    event_subject_t subject = {.connector = connector->destination.name, .layer = "RTSE"};
    event_raise(agent->services.events, EVENT_ID_LOCAL_ASSOCIATION_REFUSED, &subject,
                connector->destination.name, "RTSE", "0", association->peer, words);
    connector_tell_limit(connector);
}

void connector_open_failed(connector_t *connector, association_t *association, const err_t *err)
{
    agent_t *agent = connector->destination.agent;
    if (association->state == ASSOCIATION_OVER)
        return; /* told already */
    bool calls_again = sibling_calls_again(association);
    association->state = ASSOCIATION_OVER;
    const char *words = err ? err_describe(association->pool, err) : "the peer closed the connection";
    apr_cpystrn(connector->last_error, words, sizeof(connector->last_error));
    connector->failed_outbound++;
    connector->failure_reason =
        association->refuse_reason ? association->refuse_reason : (unsigned)CONNECTOR_NOT_REACHED;
    if (association->test || agent->stopping || agent->paused || !connector->config)
        return;
    if (calls_again) {
        connector_kick(connector);
        return;
    }
    if (has_link(connector)) {
        refused_beside_others(connector, association, words);
        return;
    }
    tell_open_failed(connector, association, err, words);
    sibling_link_down(connector);
    connector->attempts++;
    if (connector->attempts > connector->config->max_open_retries) {
        connector->attempts = connector->config->max_open_retries;
        if (give_up(connector)) { /* more in the next turn */
            connector->attempts--;
            connector->waiting = true;
            timers_arm(agent_timers(agent), &connector->retry, agent_now(agent) + TIME_MILLISECONDS(10));
            return;
        }
        if (!queue_ready(&connector->destination))
            connector->attempts = 0; /* what comes now has its own retries */
    }
    arm_retry(connector, connector->config->open_interval);
}

/* The network took the last of a link's open associations that carry our mail. What the peer opened for its
 * own mail says nothing: it may be a session that the peer has long forgotten. */
static bool is_link_lost(const association_t *association, const stack_indication_t *indication)
{
    const connector_t *connector = association->connector;
    if (!connector || !association->since || indication->by_peer || connector->failure_told)
        return false;
    const err_t *root = indication->err;
    while (root && root->cause)
        root = root->cause;
    bool network = !association->conn || (root && strcmp(root->layer ? root->layer : "", "network") == 0);
    if (!network)
        return false;
    for (const association_t *a = connector->associations; a; a = a->next)
        if (a != association && a->state == ASSOCIATION_OPEN && a->conn &&
            (a->outbound || a->two_way_alternate))
            return false;
    return true;
}

/* A link that went down with live associations, in the order that administrators know. */
static void tell_link_lost(connector_t *connector, const association_t *association, const char *words)
{
    event_log_t *events = association->agent->services.events;
    const char *name = connector->destination.name;
    char number[24];
    apr_snprintf(number, sizeof(number), "%" APR_UINT64_T_FMT, (apr_uint64_t)association->id);
    connector->failures_untold = 0;
    tell_failures(connector, association, words);
    event_subject_t subject = {.connector = name, .layer = "transport"};
    event_raise(events, EVENT_ID_LOST_CONNECTIONS, &subject, "0", name);
    subject.layer = "session";
    event_raise(events, EVENT_ID_SESSION_LPI_ERROR, &subject, number, "16", "64", name);
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
    if (is_link_lost(association, indication)) {
        apr_cpystrn(connector->last_error, words, sizeof(connector->last_error));
        tell_link_lost(connector, association, words);
        sibling_link_down(connector);
        return;
    }
    if (!indication->by_peer)
        breach_tell(association, indication->err);
    if (connector) {
        apr_cpystrn(connector->last_error, words, sizeof(connector->last_error));
        if (peer_events_count(agent->peer_events, EVENT_ID_ASSOCIATION_ABORTED, name))
            event_raise(agent->services.events, EVENT_ID_ASSOCIATION_ABORTED, &subject, name,
                        association->peer, words);
    }
}

void connector_retry_now(connector_t *connector)
{
    timers_cancel(agent_timers(connector->destination.agent), &connector->retry);
    connector->waiting = false;
    connector_kick(connector);
}

void connector_retry_early(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    int64_t least = TIME_SECONDS((int64_t)agent->config->mta.minimum_open_interval);
    if (agent_now(agent) - connector->last_attempt >= least)
        connector_retry_now(connector);
}

static void release_all(connector_t *connector)
{
    association_t *next;
    for (association_t *association = connector->associations; association; association = next) {
        next = association->next;
        association_release(association);
    }
}

static void tell_switched(const connector_t *connector, const char *state, const char *words)
{
    const agent_t *agent = connector->destination.agent;
    event_subject_t subject = {.connector = connector->destination.name};
    if (agent->started)
        event_raise(agent->services.events, EVENT_ID_CONNECTOR_SWITCHED, &subject,
                    connector->destination.name, state, words);
}

void connector_set_disabled(connector_t *connector, bool disabled)
{
    if (connector->disabled != disabled) {
        tell_switched(connector, disabled ? "disabled" : "enabled", "by an operator");
        sibling_link_changed(connector);
    }
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
    bool gone = connector->removed;
    take_configuration(connector, config);
    connector->removed = !config;
    connector->hold_until = 0;
    connector->limit_told = false;
    sibling_reset(connector);
    connector->address_awaited = false;
    connector->told_caller_count = 0;
    schedule_begin(connector);
    timers_cancel(agent_timers(agent), &connector->retry);
    connector->waiting = false;
    connector->retry.run = config ? retry_due : drain;
    if (config)
        return;
    if (!gone)
        tell_switched(connector, "removed", "it is not in the configuration any more");
    transfer_out_forget_all(connector);
    transfer_in_forget_all(connector);
    release_all(connector);
    timers_arm(agent_timers(agent), &connector->retry, agent_now(agent));
}

void connector_route_facts(const connector_t *connector, route_facts_t *facts)
{
    const config_connector_t *config = connector->config;
    int minutes = schedule_minutes(connector);
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
    sibling_route_facts(connector, facts);
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
