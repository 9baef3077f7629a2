#include "mta/sibling.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/association.h"
#include "mta/connector.h"
#include "mta/schedule.h"
#include "route/link_state.h"

enum {
    GAP_SECONDS = 5,          /* at least, between two tellings to one sibling */
    DISABLED_SECONDS = 3600,  /* for which a link that the operator disabled is told to be down */
    MARGIN_SECONDS = 60,      /* beyond the next attempt to open the link */
    STRIKES = 5,              /* of a peer that took it before: then it counts as refused */
    TURN_PRIORITY_LOWEST = 2, /* as our queue classes */
    ENCODED_LIMIT = 2 * LINK_STATE_LIMIT
};

/* Link-state on its way to the peer. */
struct telling_t {
    apr_pool_t *pool;
    buffer_t *octets;
    size_t position;
    bool ended;
    uint64_t sequence;
};

bool sibling_offers(const connector_t *connector)
{
    const sibling_t *sibling = &connector->sibling;
    return connector->config && connector->config->sibling && !sibling->refused && !sibling->plain;
}

static void end_offer(association_t *association, const char *words)
{
    connector_t *connector = association->connector;
    const char *name = connector->destination.name;
    event_subject_t subject = {.connector = name, .layer = "bind"};
    connector->sibling.refused = true;
    event_raise(association->agent->services.events, EVENT_ID_SIBLING_REFUSED, &subject, name,
                association->peer, words);
}

/* One that took link-state before may have broken off for another reason. */
static void count_strike(association_t *association, const char *words)
{
    sibling_t *sibling = &association->connector->sibling;
    sibling->strikes++;
    if (!sibling->known || sibling->strikes >= STRIKES)
        end_offer(association, words);
}

void sibling_opened(association_t *association, bool both)
{
    connector_t *connector = association->connector;
    sibling_t *sibling = &connector->sibling;
    if (association->outbound && !association->test && sibling->plain) {
        sibling->plain = false;
        count_strike(association, "it takes a bind without the offer of link-state and not one with it");
    }
    if (association->outbound)
        sibling->called_for = association->agent->link_sequence;
    if (!both && association->outbound && association->offered && !association->test)
        sibling->known = false; /* the peer agrees no more: it is not called to be told */
    if (!both || !connector->config || !connector->config->sibling || sibling->refused)
        return;
    /* The peer may be another run of it than the one that was told. Told anew over what can carry it: were a
     * call of the peer's that cannot answered by one from here, the two would call each other for ever. */
    bool first = association->outbound || association->two_way_alternate;
    for (const association_t *a = connector->associations; a; a = a->next)
        first = first && (a == association || !a->sibling || a->state != ASSOCIATION_OPEN);
    if (first)
        sibling->told = 0;
    association->sibling = true;
    if (!sibling->known) {
        const char *name = connector->destination.name;
        event_subject_t subject = {.connector = name, .layer = "bind"};
        event_raise(association->agent->services.events, EVENT_ID_SIBLING_AGREED, &subject, name,
                    association->peer);
    }
    sibling->known = true;
}

bool sibling_calls_again(association_t *association)
{
    connector_t *connector = association->connector;
    if (association->test)
        return false;
    /* If it failed without the offer too, it was not the offer. */
    connector->sibling.plain = association->offered && connector->config && !association->agent->stopping;
    return connector->sibling.plain;
}

/* What there is to tell to one sibling: nothing of the link to itself. */
typedef struct query_t {
    const agent_t *agent;
    const connector_t *to;
} query_t;

static bool is_stopped(const connector_t *connector)
{
    return connector->disabled ||
           (connector->config && connector->config->activation == CONFIG_ACTIVATION_NEVER);
}

static unsigned ask_link(void *context, size_t index, const char **name)
{
    const query_t *query = context;
    const connector_t *connector = query->agent->connectors[index];
    mono_time_t now = agent_now(query->agent);
    if (connector == query->to)
        return LINK_STATE_SKIP;
    if (*connector->config->remote_mta_name)
        *name = connector->config->remote_mta_name;
    if (is_stopped(connector))
        return DISABLED_SECONDS;
    if (connector->down_until <= now)
        return 0;
    int64_t seconds = (connector->down_until - now) / TIME_SECONDS(1) + 1;
    return seconds < LINK_STATE_SECONDS ? (unsigned)seconds : LINK_STATE_SECONDS;
}

static void free_telling(association_t *association)
{
    if (association->telling)
        apr_pool_destroy(association->telling->pool);
    association->telling = NULL;
}

static void begin_telling(association_t *association)
{
    agent_t *agent = association->agent;
    sibling_t *sibling = &association->connector->sibling;
    query_t query = {agent, association->connector};
    stack_facts_t facts;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    struct telling_t *telling = apr_pcalloc(pool, sizeof(*telling));
    telling->pool = pool;
    telling->octets = buffer_create(pool, ENCODED_LIMIT);
    telling->sequence = agent->link_sequence;
    osi_stack_facts(association->stack, &facts);
    link_state_t *state = link_state_collect(agent->routes, ask_link, &query, pool);
    state->epoch = (uint64_t)agent->started_utc;
    state->sequence = agent->link_sequence;
    sibling->told_at = agent_now(agent);
    if (!link_state_encode(state, association->mode, facts.apdu_context, telling->octets)) {
        buffer_clear(telling->octets);
        state->count = 0; /* too much to tell: then it believes in no dead link */
        link_state_encode(state, association->mode, facts.apdu_context, telling->octets);
    }
    association->telling = telling;
    if (osi_stack_transfer_start(association->stack, agent_now(agent))) {
        free_telling(association); /* the turn went, or the association is ending */
        return;
    }
    sibling_feed(association);
    association_pump(association);
}

void sibling_feed(association_t *association)
{
    struct telling_t *telling = association->telling;
    mono_time_t now = agent_now(association->agent);
    if (!telling || telling->ended)
        return;
    bytes_t left = bytes_slice(buffer_bytes(telling->octets), telling->position, SIZE_MAX);
    while (left.length) {
        bytes_t piece = bytes_slice(left, 0, osi_stack_transfer_capacity(association->stack));
        if (!piece.length || osi_stack_transfer_data(association->stack, piece, now))
            return;
        telling->position += piece.length;
        left = bytes_slice(left, piece.length, SIZE_MAX);
        if (association->telling != telling)
            return;
    }
    telling->ended = true;
    osi_stack_transfer_end(association->stack, now);
}

/* An association that is to be told over as soon as the turn is here; or NULL. */
static association_t *find_waiting(const connector_t *connector)
{
    for (association_t *a = connector->associations; a; a = a->next)
        if (a->sibling && a->state == ASSOCIATION_OPEN && a->two_way_alternate && !a->releasing)
            return a;
    return NULL;
}

static bool has_association(const connector_t *connector)
{
    for (const association_t *a = connector->associations; a; a = a->next)
        if (a->state <= ASSOCIATION_OPEN && (a->outbound || a->two_way_alternate) && !a->test)
            return true;
    return false;
}

void sibling_tell(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    sibling_t *sibling = &connector->sibling;
    sibling->call_wanted = false;
    if (!sibling->known || !sibling_offers(connector) || sibling->told == agent->link_sequence ||
        agent->stopping)
        return;
    mono_time_t due = sibling->told_at ? sibling->told_at + TIME_SECONDS(GAP_SECONDS) : 0;
    if (agent_now(agent) < due) {
        schedule_wake(connector, due);
        return;
    }
    for (association_t *a = connector->associations; a; a = a->next) {
        if (a->telling)
            return;
        if (a->sibling && !a->releasing && association_can_send(a)) {
            begin_telling(a);
            return;
        }
    }
    association_t *waiting = find_waiting(connector);
    if (waiting)
        association_ask_turn(waiting, TURN_PRIORITY_LOWEST);
    else
        sibling->call_wanted = !has_association(connector) && !connector->attempts &&
                               sibling->called_for != agent->link_sequence;
}

void sibling_told(association_t *association)
{
    sibling_t *sibling = &association->connector->sibling;
    if (!association->telling)
        return;
    sibling->told = association->telling->sequence;
    sibling->strikes = 0;
    free_telling(association);
    association_next(association);
}

void sibling_refused(association_t *association, const err_t *err)
{
    if (!association->telling)
        return;
    end_offer(association, err ? err_describe(association->pool, err) : "it refused the transfer");
    free_telling(association);
    association_next(association);
}

void sibling_lost(association_t *association, const stack_indication_t *indication)
{
    if (!association->telling)
        return;
    const char *words = err_describe(association->pool, indication->err);
    if (indication->by_peer)
        end_offer(association, words);
    else
        count_strike(association, words);
    free_telling(association);
}

void sibling_drop(association_t *association)
{
    free_telling(association);
}

/* What comes in. */

typedef struct comparison_t {
    connector_t *connector;
    const link_told_t *other;
    unsigned event;
} comparison_t;

static void tell_difference(void *context, const char *link, unsigned seconds)
{
    const comparison_t *comparison = context;
    const connector_t *connector = comparison->connector;
    (void)seconds;
    if (comparison->other && link_told_has(comparison->other, link, agent_now(connector->destination.agent)))
        return;
    event_subject_t subject = {.connector = connector->destination.name, .layer = "routing"};
    event_raise(connector->destination.agent->services.events, comparison->event, &subject,
                connector->config->remote_mta_name, link);
}

static void tell_differences(connector_t *connector, const link_told_t *before, const link_told_t *after)
{
    mono_time_t now = agent_now(connector->destination.agent);
    comparison_t down = {connector, before, EVENT_ID_SIBLING_LINK_DOWN};
    comparison_t up = {connector, after, EVENT_ID_SIBLING_LINK_UP};
    link_told_each(after, now, tell_difference, &down);
    if (before)
        link_told_each(before, now, tell_difference, &up);
}

err_t *sibling_take(association_t *association, bytes_t octets)
{
    connector_t *connector = association->connector;
    sibling_t *sibling = &connector->sibling;
    link_state_t *state;
    apr_pool_t *pool;
    if (!connector->config)
        return NULL; /* it went with a reload: nobody asks any more */
    apr_pool_create(&pool, NULL);
    err_t *err = link_state_decode(pool, octets, &state);
    bool old = !err && sibling->heard && state->epoch == sibling->heard_epoch &&
               state->sequence <= sibling->heard_sequence;
    if (err)
        err = err_copy(association->pool, err);
    if (err || old) {
        apr_pool_destroy(pool);
        return err;
    }
    link_told_t *told =
        link_told_create(state, connector->config->remote_mta_name, agent_now(association->agent), pool);
    tell_differences(connector, sibling->heard, told);
    if (sibling->heard_pool)
        apr_pool_destroy(sibling->heard_pool);
    sibling->heard_pool = pool;
    sibling->heard = told;
    sibling->heard_epoch = state->epoch;
    sibling->heard_sequence = state->sequence;
    return NULL;
}

/* This MTA's own links. */

static void tell_all(void *baton)
{
    agent_t *agent = baton;
    bool stopped = false;
    for (size_t i = 0; i < agent->config->connector_count; i++)
        stopped = stopped || is_stopped(agent->connectors[i]);
    mono_time_t refresh = TIME_SECONDS(DISABLED_SECONDS / 2);
    if (stopped && agent_now(agent) - agent->link_changed >= refresh) {
        agent->link_changed = agent_now(agent);
        agent->link_sequence++;
    }
    if (stopped)
        timers_arm(agent_timers(agent), &agent->link_timer, agent->link_changed + refresh);
    for (size_t i = 0; i < agent->config->connector_count; i++)
        if (agent->connectors[i]->config->sibling)
            connector_kick(agent->connectors[i]);
}

/* The siblings are told in a turn of their own: this is called from within what happens to an association. */
static void changed(agent_t *agent)
{
    if (agent->destroying)
        return;
    agent->link_sequence++;
    agent->link_changed = agent_now(agent);
    agent->link_timer.run = tell_all;
    agent->link_timer.baton = agent;
    timers_arm(agent_timers(agent), &agent->link_timer, agent_now(agent));
}

void sibling_link_changed(connector_t *connector)
{
    changed(connector->destination.agent);
}

void sibling_link_up(connector_t *connector)
{
    if (!connector->down_until)
        return;
    connector->down_until = 0;
    changed(connector->destination.agent);
}

/* Believed until some time after the next attempt: if there is none, because no mail waits for the link here,
 * nobody knows, and the others may try. */
void sibling_link_down(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    if (!connector->config)
        return;
    int64_t seconds = (int64_t)connector->config->open_interval * 3 / 2 + MARGIN_SECONDS;
    connector->down_until = agent_now(agent) + TIME_SECONDS(seconds);
    changed(agent);
}

void sibling_route_facts(const connector_t *connector, route_facts_t *facts)
{
    facts->told = connector->sibling.heard;
    facts->now = agent_now(connector->destination.agent);
}

const char *sibling_state_name(const connector_t *connector)
{
    const sibling_t *sibling = &connector->sibling;
    if (!connector->config || !connector->config->sibling)
        return "off";
    return sibling->refused ? "refused" : sibling->known ? "agreed" : "offered";
}

void sibling_reset(connector_t *connector)
{
    sibling_t *sibling = &connector->sibling;
    if (connector->config && connector->config->sibling) { /* what it told stays good */
        sibling->refused = sibling->plain = false;
        sibling->strikes = 0;
        changed(connector->destination.agent); /* the address spaces may be others */
        return;
    }
    sibling_forget(connector);
}

void sibling_forget(connector_t *connector)
{
    sibling_t *sibling = &connector->sibling;
    if (sibling->heard_pool)
        apr_pool_destroy(sibling->heard_pool);
    *sibling = (sibling_t){.known = false};
}
