#include "mta/association.h"

#include <string.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/bind.h"
#include "mta/binding.h"
#include "mta/breach.h"
#include "mta/callers.h"
#include "mta/connector.h"
#include "mta/link_test.h"
#include "mta/tap.h"
#include "mta/transfer_in.h"
#include "mta/refusals.h"
#include "mta/sibling.h"
#include "mta/transfer_out.h"
#include "mta/watch.h"

enum {
    OPEN_TIMEOUT_SECONDS = 120,
    TPDU_2K = 2048,
    TPDU_DEFAULT = 65531,
    TURN_MESSAGES = 10,      /* that may still be sent after the peer asked for the turn */
    TURN_PRIORITY_LOWEST = 2 /* as our queue classes: 0 is the highest */
};

static void indicate(void *context, const stack_indication_t *indication);
static const stack_ops_t stack_ops = {indicate};

static void tick(void *baton)
{
    association_t *association = baton;
    osi_stack_tick(association->stack, agent_now(association->agent));
    association_pump(association);
}

static void unlink_from_connector(association_t *association)
{
    if (!association->connector)
        return;
    for (association_t **place = &association->connector->associations; *place; place = &(*place)->next) {
        if (*place == association) {
            *place = association->next;
            break;
        }
    }
}

/* Event 316; the association is in no list any more. */
static void tell_freed(const association_t *association)
{
    agent_t *agent = association->agent;
    if (!event_log_wants(agent->services.events, EVENT_ID_ASSOCIATION_FREED))
        return;
    unsigned limit = agent->config->mta.maximum_associations;
    unsigned sessions = agent_sessions(agent, NULL, NULL);
    char number[24];
    char left[24];
    apr_snprintf(number, sizeof(number), "%" APR_UINT64_T_FMT, (apr_uint64_t)association->id);
    apr_snprintf(left, sizeof(left), "%u", sessions < limit ? limit - sessions : 0);
    event_raise(agent->services.events, EVENT_ID_ASSOCIATION_FREED, NULL, number, left);
}

/* Gives everything of the association back; outside of all callbacks of its stack and connection. */
static void destroy(association_t *association, bool linger)
{
    agent_t *agent = association->agent;
    timers_t *timers = agent_timers(agent);
    timers_cancel(timers, &association->tick);
    timers_cancel(timers, &association->idle);
    timers_cancel(timers, &association->end);
    timers_cancel(timers, &association->watch);
    if (!association->outbound && !association->since && !agent->destroying)
        callers_count(agent->callers, association->peer);
    if (association->conn)
        net_conn_close(association->conn, linger);
    unlink_from_connector(association);
    if (association->agent_previous)
        association->agent_previous->agent_next = association->agent_next;
    else
        agent->associations = association->agent_next;
    if (association->agent_next)
        association->agent_next->agent_previous = association->agent_previous;
    tell_freed(association);
    apr_pool_destroy(association->pool);
}

static void tell_closed(const association_t *association)
{
    char messages[48];
    apr_snprintf(messages, sizeof(messages), "%" APR_UINT64_T_FMT " %s passed",
                 (apr_uint64_t)association->messages, association->messages == 1 ? "message" : "messages");
    const char *name = association->connector ? association->connector->destination.name : "";
    event_subject_t subject = {.connector = name};
    event_raise(association->agent->services.events, EVENT_ID_ASSOCIATION_CLOSED, &subject, name,
                association->peer, messages);
}

static void end(void *baton)
{
    association_t *association = baton;
    agent_t *agent = association->agent;
    connector_t *connector = association->connector;
    if (association->in)
        transfer_in_interrupted(association);
    transfer_in_forget_confirmed(association);
    if (association->out)
        transfer_out_lost(association, NULL);
    sibling_drop(association);
    if (association->since)
        tell_closed(association);
    if (association->link_test)
        link_test_ended(association->link_test);
    destroy(association, true);
    if (connector)
        connector_kick(connector);
    agent_check_stopped(agent);
}

static void end_soon(association_t *association)
{
    association->state = ASSOCIATION_OVER;
    if (!timers_armed(&association->end))
        timers_arm(agent_timers(association->agent), &association->end, agent_now(association->agent));
}

void association_pump(association_t *association)
{
    if (association->conn && buffer_length(osi_stack_output(association->stack)))
        net_conn_send(association->conn);
    if (osi_stack_over(association->stack)) {
        end_soon(association);
        return;
    }
    mono_time_t deadline = osi_stack_deadline(association->stack);
    if (deadline == MONO_NEVER)
        timers_cancel(agent_timers(association->agent), &association->tick);
    else if (!timers_armed(&association->tick) || association->tick.due != deadline)
        timers_arm(agent_timers(association->agent), &association->tick, deadline);
}

static void idle(void *baton);

/* How long an association may have nothing to do; 0 = for ever. One that the peer opened is the peer's to
 * release: it may be quiet for long, and TCP finds out if the peer is gone. */
static int64_t idle_limit(const association_t *association)
{
    const config_connector_t *config = association->connector->config;
    return TIME_SECONDS((int64_t)(association->outbound ? config->lifetime : config->incoming_idle_limit));
}

static void arm_idle(association_t *association, int64_t after)
{
    timers_arm(agent_timers(association->agent), &association->idle, association->activity + after);
}

/* Lifetime: an association that had nothing to do for so long is released. A peer that does not give the turn
 * for the release in the time of Disconnect is cut off. */
static void idle(void *baton)
{
    association_t *association = baton;
    mono_time_t now = agent_now(association->agent);
    const config_connector_t *config = association->connector->config;
    if (association->state != ASSOCIATION_OPEN || !config)
        return;
    int64_t lifetime = idle_limit(association);
    if (!lifetime) /* since a reload */
        return;
    int64_t disconnect = TIME_SECONDS((int64_t)config->disconnect);
    if (association->in || association_is_sending(association))
        association->activity = now;
    int64_t quiet = now - association->activity;
    if (quiet < lifetime) {
        arm_idle(association, lifetime);
    } else if (association->releasing && quiet >= lifetime + disconnect) {
        association_abort(association, STACK_ABORT_TEMPORARY_PROBLEM);
    } else {
        association_release(association);
        if (association->state == ASSOCIATION_OPEN) /* the turn is to come first */
            arm_idle(association, lifetime + disconnect);
    }
}

/* Not 0; the numbers go on from another place after a restart: with the second of its connect it names the
 * association (X.228 session connection identifier), also to a peer that remembers those of the last run. */
static uint16_t association_reference(const agent_t *agent)
{
    uint64_t first = (uint64_t)(agent->started_utc / 1000);
    return (uint16_t)((first + agent->next_association) % UINT16_MAX + 1);
}

stack_config_t association_stack_config(const agent_t *agent, const config_connector_t *config)
{
    bool small = config && config->quirks & CONFIG_QUIRK_2K_TPDU;
    return (stack_config_t){.tpdu_size = small ? TPDU_2K : TPDU_DEFAULT,
                            .checkpoint_size_k = config ? config->checkpoint_size : 30,
                            .window_size = config ? config->window_size : 5,
                            .two_way_alternate = config && config->two_way_alternate,
                            .transport_timeout = TIME_SECONDS(config ? config->connect_timeout : 60),
                            .open_timeout = TIME_SECONDS(OPEN_TIMEOUT_SECONDS),
                            .close_timeout = TIME_SECONDS(config ? config->disconnect : 120),
                            .transfer_timeout = watch_stall_limit(config),
                            .open_data_limit = MTA_OPEN_DATA_LIMIT,
                            .host_name = agent->config->mta.name,
                            .started = agent_utc(agent),
                            .reference = association_reference(agent)};
}

static association_t *create(agent_t *agent, const config_connector_t *config)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    association_t *association = apr_pcalloc(pool, sizeof(*association));
    mono_time_t now = agent_now(agent);
    *association = (association_t){.agent = agent,
                                   .pool = pool,
                                   .id = ++agent->next_association,
                                   .activity = now,
                                   .tick = {.run = tick, .baton = association},
                                   .idle = {.run = idle, .baton = association},
                                   .watch = {.run = watch_expired, .baton = association},
                                   .end = {.run = end, .baton = association}};
    stack_config_t stack = association_stack_config(agent, config);
    association->stack = osi_stack_create(pool, &stack, &stack_ops, association, now);
    association->agent_next = agent->associations;
    if (agent->associations)
        agent->associations->agent_previous = association;
    agent->associations = association;
    return association;
}

/* The connection's side. */

/* Event 4258: what passes between network and transport. */
static void trace_primitive(const association_t *association, const char *primitive)
{
    event_log_t *events = association->agent->services.events;
    if (!event_log_wants(events, EVENT_ID_NSI_TRACE))
        return;
    char number[24];
    apr_snprintf(number, sizeof(number), "%" APR_UINT64_T_FMT, (apr_uint64_t)association->id);
    const char *name = association->connector ? association->connector->destination.name : association->peer;
    event_subject_t subject = {.connector = name, .layer = "network"};
    event_raise(events, EVENT_ID_NSI_TRACE, &subject, number, name, primitive);
}

/* The call reached this MTA itself: the connector has an address of this machine, in a cluster the virtual
 * one. */
static bool is_loop(association_t *association)
{
    connector_t *connector = association->connector;
    bytes_t peer = net_conn_peer_octets(association->conn);
    if (peer.length <= sizeof(connector->reached.octets)) {
        memcpy(connector->reached.octets, peer.data, peer.length);
        connector->reached.length = (uint8_t)peer.length;
    }
    if (!binding_is_own(association->agent, peer, connector->config->port))
        return false;
    const char *name = connector->destination.name;
    event_subject_t subject = {.connector = name, .layer = "transport"};
    event_raise(association->agent->services.events, EVENT_ID_OWN_ADDRESS_CALLED, &subject, name,
                association->peer, "remote-host-name leads to a listener of this MTA");
    const err_t *err = err_create(association->pool, 0, "transport", "%s is an address of this MTA itself",
                                  association->peer);
    if (association->link_test)
        link_test_failed(association->link_test, err);
    connector_open_failed(connector, association, err);
    end_soon(association);
    return true;
}

static void connected(void *context)
{
    association_t *association = context;
    const config_connector_t *config = association->connector->config;
    mono_time_t now = agent_now(association->agent);
    if (!config) { /* the connector went with a reload while the call was on its way */
        end_soon(association);
        return;
    }
    apr_cpystrn(association->peer, net_conn_peer_address(association->conn), sizeof(association->peer));
    if (is_loop(association))
        return;
    association->state = ASSOCIATION_OPENING;
    trace_primitive(association, "Connect Confirm");
    static const osi_mode_t modes[] = {[CONFIG_CONFORMANCE_1984] = OSI_MODE_X410_1984,
                                       [CONFIG_CONFORMANCE_1988_X410] = OSI_MODE_X410_1988,
                                       [CONFIG_CONFORMANCE_1988_NORMAL] = OSI_MODE_NORMAL};
    osi_mode_t mode = modes[config->conformance];
    association->mode = bind_mode(mode);
    tap_connected(association->tap, association->conn);
    tap_identify(association->tap, association->connector, association->mode);
    buffer_t *argument = buffer_create(association->pool, MTA_OPEN_DATA_LIMIT);
    bind_write_argument(association, argument);
    stack_open_t open = {.mode = mode,
                         .calling = {.transport = config->incoming_t_selector,
                                     .session = config->incoming_s_selector,
                                     .presentation = config->incoming_p_selector},
                         .called = {.transport = config->outgoing_t_selector,
                                    .session = config->outgoing_s_selector,
                                    .presentation = config->outgoing_p_selector},
                         .user_data = buffer_bytes(argument),
                         .peer_initial_turn = config->two_way_alternate && !config->local_initial_turn};
    if (association->link_test)
        link_test_connected(association->link_test, association->peer);
    err_t *err = osi_stack_open_request(association->stack, &open, now);
    if (err) {
        connector_open_failed(association->connector, association, err);
        end_soon(association);
    }
    buffer_release(argument);
    association_pump(association);
}

static void input(void *context, bytes_t octets)
{
    association_t *association = context;
    osi_stack_input(association->stack, octets, agent_now(association->agent));
    if (association->turn_ask_again)
        association_ask_turn(association, association->turn_asked_priority);
    association_pump(association);
}

static void drained(void *context)
{
    association_t *association = context;
    transfer_out_feed(association);
    sibling_feed(association);
    association_pump(association);
}

static void closed(void *context, const err_t *err)
{
    association_t *association = context;
    association->conn = NULL;
    trace_primitive(association, "Disconnect Indication");
    if (association->state == ASSOCIATION_OPEN)
        breach_tell_closed(association, err);
    if (association->link_test && !association->since)
        link_test_failed(association->link_test, err);
    if (association->state == ASSOCIATION_CONNECTING)
        connector_open_failed(association->connector, association, err);
    else
        osi_stack_network_closed(association->stack, err, agent_now(association->agent));
    end_soon(association);
}

void association_cut(association_t *association, const err_t *err)
{
    net_conn_close(association->conn, false);
    closed(association, err);
}

bool association_is_at(const association_t *association, const char *address)
{
    if (association->state != ASSOCIATION_CONNECTING)
        return bind_is_octets(address, net_conn_local_octets(association->conn));
    return bind_same_address(association->sources[0], address) ||
           bind_same_address(association->sources[1], address);
}

static const net_conn_ops_t conn_ops = {connected, input, drained, closed};

association_t *association_open(connector_t *connector, struct link_test_t *test)
{
    agent_t *agent = connector->destination.agent;
    const config_connector_t *config = connector->config;
    association_t *association = create(agent, config);
    association->connector = connector;
    association->outbound = true;
    association->two_way_alternate = config->two_way_alternate;
    association->link_test = test;
    association->test = test != NULL;
    association->state = ASSOCIATION_CONNECTING;
    association->next = connector->associations;
    connector->associations = association;
    connector->cumulative_outbound++;
    connector->last_attempt = agent_now(agent);
    net_dial_t dial = {.host = config->remote_host,
                       .port = (uint16_t)config->port,
                       .timeout = TIME_SECONDS(config->connect_timeout)};
    binding_set_sources(connector, &dial, association->pool);
    association->sources[0] = dial.local_addresses[0];
    association->sources[1] = dial.local_addresses[1];
    apr_snprintf(association->peer, sizeof(association->peer), "%s:%u", config->remote_host, config->port);
    association->conn =
        net_dial(agent->services.loop, &dial, osi_stack_output(association->stack), &conn_ops, association);
    association->tap = tap_attach(agent, association->conn, false, connector);
    return association;
}

/* A call for a transport selector that is not the listener's is answered with a disconnect, address unknown.
 */
static bool selector_is_ours(void *context, bytes_t called, bytes_t calling)
{
    association_t *association = context;
    (void)calling;
    if (!association->own_selector.length || bytes_equal(association->own_selector, called))
        return true;
    /* Somebody who calls again and again does not flood the log. */
    if (!refusals_count(association->agent->refusals, REFUSAL_SELECTOR))
        return false;
    event_log_t *events = association->agent->services.events;
    const char *selector = bytes_to_hex(association->pool, called);
    event_subject_t subject = {.layer = "transport"};
    event_raise(events, EVENT_ID_T_SELECTOR_UNKNOWN, &subject, selector, association->peer,
                association->listener);
    event_raise(events, EVENT_ID_TRANSPORT_REFUSED, &subject, association->peer, "the T-selector is unknown");
    return false;
}

/* Calls that have not bound are no sessions, and they are bounded by themselves: the oldest gives way, so
 * that callers who say nothing keep nobody out. An address that has its share of them already pushes out its
 * own, so that one flood does not even hurry the others. */
static void make_room(agent_t *agent, const net_conn_t *next)
{
    unsigned calls;
    agent_sessions(agent, NULL, &calls);
    if (calls < MTA_CALLS_LIMIT)
        return;
    bytes_t address = net_conn_peer_octets(next);
    unsigned of_address = 0;
    association_t *oldest = NULL;
    association_t *own = NULL;
    for (association_t *a = agent->associations; a; a = a->agent_next) {
        if (a->outbound || a->since)
            continue;
        oldest = a; /* the list has the newest first */
        if (a->conn && bytes_equal(net_conn_peer_octets(a->conn), address)) {
            own = a;
            of_address++;
        }
    }
    association_t *gives_way = of_address >= MTA_CALLS_SHARE ? own : oldest;
    if (!gives_way)
        return;
    agent->refused++;
    refusals_count(agent->refusals, REFUSAL_CROWDED_OUT);
    association_drop(gives_way);
}

void association_accept(agent_t *agent, net_conn_t *conn, const config_listener_t *listener)
{
    if (agent->stopping || agent->paused) {
        net_conn_close(conn, false);
        return;
    }
    make_room(agent, conn);
    association_t *association = create(agent, NULL);
    association->state = ASSOCIATION_OPENING;
    association->conn = conn;
    association->own_selector = bytes_copy(association->pool, listener->transport_selector);
    association->listener = apr_pstrdup(association->pool, listener->name);
    osi_stack_set_transport_filter(association->stack, selector_is_ours);
    apr_cpystrn(association->peer, net_conn_peer_address(conn), sizeof(association->peer));
    association->tap = tap_attach(agent, conn, true, NULL);
    trace_primitive(association, "Connect Indication");
    net_conn_attach(conn, osi_stack_output(association->stack), &conn_ops, association);
    association_pump(association); /* the stack's deadline ends a call that says nothing */
}

/* The stack's side. */

static void opened(association_t *association)
{
    connector_t *connector = association->connector;
    agent_t *agent = association->agent;
    association->state = ASSOCIATION_OPEN;
    association->since = agent_now(agent);
    association->activity = association->since;
    stack_facts_t facts;
    osi_stack_facts(association->stack, &facts);
    association->two_way_alternate = facts.two_way_alternate;
    const char *name = connector->destination.name;
    event_subject_t subject = {.connector = name};
    event_raise(agent->services.events, EVENT_ID_ASSOCIATION_OPENED, &subject, name, association->peer,
                association->outbound ? "outgoing" : "incoming", osi_mode_name(facts.mode));
    if (connector->config && idle_limit(association))
        arm_idle(association, idle_limit(association));
    if (association->link_test) {
        link_test_opened(association->link_test, association);
        association_release(association);
        return;
    }
    sibling_opened(association, association->sibling);
    connector_opened(connector, association);
}

/* A peer that calls may have lost the associations it had: its machine has come back, or its address. A
 * transfer that waits for its answer would not find out for minutes. */
static void doubt_others(const association_t *caller)
{
    for (association_t *other = caller->next; other; other = other->next) {
        if (other->conn)
            net_conn_doubt(other->conn);
    }
}

static void open_indication(association_t *association, const stack_indication_t *indication)
{
    association->mode = bind_mode(indication->mode);
    association->two_way_alternate = indication->two_way_alternate;
    connector_t *connector = bind_check_argument(association, indication);
    if (!connector)
        return; /* it was refused */
    association->connector = connector;
    tap_identify(association->tap, connector, association->mode);
    association->next = connector->associations;
    connector->associations = association;
    connector->cumulative_inbound++;
    connector->last_inbound = agent_utc(association->agent);
    doubt_others(association);
    opened(association);
}

static void open_confirm(association_t *association, const stack_indication_t *indication)
{
    err_t *err = bind_check_result(association, indication);
    if (err) {
        connector_open_failed(association->connector, association, err);
        if (association->link_test)
            link_test_failed(association->link_test, err);
        osi_stack_abort(association->stack, STACK_ABORT_USER_ERROR, BYTES_NONE,
                        agent_now(association->agent));
        return;
    }
    association->connector->last_outbound = agent_utc(association->agent);
    opened(association);
}

static void open_refused(association_t *association, const stack_indication_t *indication)
{
    const err_t *err = bind_explain_refusal(association, indication);
    if (indication->refuse_reason >= 0)
        association->refuse_reason = 1 + (unsigned)indication->refuse_reason;
    if (association->link_test)
        link_test_failed(association->link_test, err);
    connector_open_failed(association->connector, association, err);
}

static void aborted(association_t *association, const stack_indication_t *indication)
{
    bool was_open = association->since != 0;
    transfer_in_interrupted(association);
    if (association->out)
        transfer_out_lost(association, indication->err);
    sibling_lost(association, indication);
    if (!was_open && association->outbound) {
        if (association->link_test)
            link_test_failed(association->link_test, indication->err);
        if (association->state != ASSOCIATION_OVER)
            connector_open_failed(association->connector, association, indication->err);
    } else {
        connector_lost(association, indication);
    }
    association->state = ASSOCIATION_OVER;
}

static void turn_please(association_t *association, int priority)
{
    association->turn_wanted = true;
    association->turn_wanted_priority = priority;
    association->turn_sent = 0;
    association_next(association);
}

static void turn_given(association_t *association)
{
    association->turn_asked = association->turn_ask_again = false;
    association_next(association);
    if (association->releasing && association->state == ASSOCIATION_OPEN &&
        !association_is_sending(association))
        association_release(association);
}

/* Of our activity: a message, or what is told to a sibling. */

static void checkpoint_confirmed(association_t *association, const stack_indication_t *indication)
{
    if (association->telling)
        sibling_feed(association);
    else
        transfer_out_checkpoint(association, indication);
}

static void confirmed(association_t *association)
{
    if (association->telling)
        sibling_told(association);
    else
        transfer_out_confirmed(association);
}

static void failed(association_t *association, const stack_indication_t *indication)
{
    if (association->telling)
        sibling_refused(association, indication->err);
    else
        transfer_out_failed(association, indication);
}

static void indicate(void *context, const stack_indication_t *indication)
{
    association_t *association = context;
    switch (indication->kind) {
    case STACK_OPEN_INDICATION: open_indication(association, indication); break;
    case STACK_OPEN_CONFIRM: open_confirm(association, indication); break;
    case STACK_OPEN_REFUSED: open_refused(association, indication); break;
    case STACK_TRANSFER_START: transfer_in_start(association, indication); break;
    case STACK_TRANSFER_RESUME: transfer_in_resume(association, indication); break;
    case STACK_TRANSFER_DATA: transfer_in_data(association, indication->octets); break;
    case STACK_CHECKPOINT: transfer_in_checkpoint(association, indication); break;
    case STACK_TRANSFER_END: transfer_in_end(association); break;
    case STACK_TRANSFER_DISCARDED: transfer_in_discarded(association); break;
    case STACK_TRANSFER_INTERRUPTED: transfer_in_interrupted(association); break;
    case STACK_CHECKPOINT_CONFIRM: checkpoint_confirmed(association, indication); break;
    case STACK_TRANSFER_CONFIRM: confirmed(association); break;
    case STACK_TRANSFER_FAILED: failed(association, indication); break;
    case STACK_TURN_PLEASE: turn_please(association, indication->priority); break;
    case STACK_TURN_GIVEN: turn_given(association); break;
    case STACK_CLOSE_INDICATION:
    case STACK_CLOSE_CONFIRM: association->state = ASSOCIATION_CLOSING; break;
    case STACK_ABORTED: aborted(association, indication); break;
    }
}

/* What the MTA does with an open association. */

bool association_can_send(const association_t *association)
{
    return association->state == ASSOCIATION_OPEN && !association->agent->stopping &&
           !association_is_sending(association) && !association->in && !association->test &&
           osi_stack_is_open(association->stack) && osi_stack_has_turn(association->stack);
}

void association_ask_turn(association_t *association, int priority)
{
    if (association->state != ASSOCIATION_OPEN || !association->two_way_alternate ||
        osi_stack_has_turn(association->stack))
        return;
    if (association->turn_asked && priority >= association->turn_asked_priority)
        return;
    mono_time_t now = agent_now(association->agent);
    association->turn_ask_again = osi_stack_turn_please(association->stack, priority, now) != NULL;
    if (association->turn_ask_again) {
        association->turn_asked_priority = priority;
        return;
    }
    if (!association->turn_asked)
        association->turn_asked_at = now;
    association->turn_asked = true;
    association->turn_asked_priority = priority;
    association_pump(association);
}

/* The peer asked for the turn and is to have it: nothing is left to send here, or what it has is more urgent,
 * or it has waited for long enough. */
static bool peer_has_precedence(association_t *association)
{
    if (!association->turn_wanted || association_is_sending(association) ||
        !osi_stack_has_turn(association->stack))
        return false;
    const queue_entry_t *next = connector_next_entry(association->connector, association);
    return !next || next->queue_class > association->turn_wanted_priority ||
           association->turn_sent >= TURN_MESSAGES;
}

static void give_turn(association_t *association)
{
    association->turn_wanted = false;
    association->turn_asked = false;
    osi_stack_turn_give(association->stack, agent_now(association->agent));
}

void association_next(association_t *association)
{
    if (association->state == ASSOCIATION_OPEN && !association_is_sending(association)) {
        association->turn_sent++;
        if (peer_has_precedence(association))
            give_turn(association);
        connector_kick(association->connector);
        bool sends = association_is_sending(association) || association->state != ASSOCIATION_OPEN;
        if (sends)
            association->releasing = false;
        else if (association->agent->stopping || association->agent->paused)
            association_release(association);
    }
    association_pump(association);
}

void association_release(association_t *association)
{
    mono_time_t now = agent_now(association->agent);
    if (association->state == ASSOCIATION_CONNECTING) {
        end_soon(association);
        return;
    }
    if (association->state != ASSOCIATION_OPEN || association_is_sending(association) || association->in)
        return;
    if (!association->outbound) { /* the release is the caller's */
        association_abort(association, STACK_ABORT_TEMPORARY_PROBLEM);
        return;
    }
    if (!osi_stack_has_turn(association->stack)) {
        association->releasing = true;
        association_ask_turn(association, TURN_PRIORITY_LOWEST);
        return;
    }
    if (osi_stack_close_request(association->stack, now))
        osi_stack_abort(association->stack, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, BYTES_NONE, now);
    if (association->state == ASSOCIATION_OPEN)
        association->state = ASSOCIATION_CLOSING;
    association_pump(association);
}

void association_abort(association_t *association, int reason)
{
    osi_stack_abort(association->stack, reason, BYTES_NONE, agent_now(association->agent));
    association_pump(association);
}

void association_drop(association_t *association)
{
    association->link_test = NULL;
    if (association->in)
        transfer_in_discarded(association);
    transfer_in_forget_confirmed(association);
    if (association->out)
        transfer_out_drop(association);
    sibling_drop(association);
    destroy(association, false);
}

const char *association_state_name(const association_t *association)
{
    static const char *const names[] = {[ASSOCIATION_CONNECTING] = "connecting",
                                        [ASSOCIATION_OPENING] = "opening",
                                        [ASSOCIATION_OPEN] = "open",
                                        [ASSOCIATION_CLOSING] = "closing",
                                        [ASSOCIATION_OVER] = "over"};
    return names[association->state];
}
