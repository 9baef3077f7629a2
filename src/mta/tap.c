#include "mta/tap.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/textlogs.h"
#include "mta/blank.h"
#include "net/pcapng.h"

/* The trace of one connector. */
struct trace_t {
    apr_pool_t *pool;
    agent_t *agent;
    connector_t *connector;
    bool blanked;
    buffer_t *packets;
    uint64_t dropped;
    timers_item_t abandoned;
};

/* What a caller sent before it was known who it is: direction and octets, in order. */
typedef struct early_t {
    struct early_t *next;
    bool outgoing;
    utc_time_t time;
    size_t length;
    uint8_t octets[];
} early_t;

struct tap_t {
    tap_t *next;
    tap_t *previous;
    agent_t *agent;
    net_conn_t *conn; /* lives longer than the tap */
    apr_pool_t *pool; /* of the part in a trace; NULL = not in one */
    connector_t *connector;
    bool inbound;
    bool fresh; /* nothing has passed yet */
    bool mode_known;
    x411_mode_t mode;
    char peer[64];
    pcapng_flow_t flow;
    blank_t blank[2];  /* incoming, outgoing; while a blanked trace runs */
    traffic_t unnamed; /* what passed before it was known who calls */
    early_t *early;
    early_t **early_last;
    size_t early_length;
};

/* The packets of one tap in a direction, on their way into a trace. */
typedef struct giving_t {
    tap_t *tap;
    bool outgoing;
    utc_time_t time;
} giving_t;

static void keep(void *context, bytes_t octets)
{
    const giving_t *giving = context;
    struct trace_t *trace = giving->tap->connector->trace;
    if (!pcapng_octets(trace->packets, &giving->tap->flow, giving->outgoing != giving->tap->inbound, octets,
                       giving->time))
        trace->dropped++;
}

static void trace_octets(tap_t *tap, bool outgoing, bytes_t octets, utc_time_t time)
{
    giving_t giving = {tap, outgoing, time};
    if (!tap->connector || !tap->connector->trace)
        return;
    if (tap->connector->trace->blanked)
        blank_octets(&tap->blank[outgoing], octets, keep, &giving);
    else
        keep(&giving, octets);
}

static void drop_early(tap_t *tap)
{
    while (tap->early) {
        early_t *early = tap->early;
        tap->early = early->next;
        free(early);
    }
    tap->early_last = &tap->early;
    tap->early_length = 0;
}

/* Takes the tap into the trace of its connector. */
static void join(tap_t *tap)
{
    struct trace_t *trace = tap->connector->trace;
    apr_pool_create(&tap->pool, trace->pool);
    for (int i = 0; i < 2; i++) {
        blank_init(&tap->blank[i], tap->pool);
        if (tap->mode_known)
            blank_set_mode(&tap->blank[i], tap->mode);
    }
    tap->flow.next[0] = tap->flow.next[1] = 1;
    if ((tap->fresh || tap->early) && !pcapng_open(trace->packets, &tap->flow, agent_utc(tap->agent)))
        trace->dropped++;
}

static void leave(tap_t *tap)
{
    if (tap->pool)
        apr_pool_destroy(tap->pool);
    tap->pool = NULL;
}

/* Keeps what a caller sends before its bind, as long as some trace could want it. */
static void keep_early(tap_t *tap, bool outgoing, bytes_t octets)
{
    if (!tap->agent->traces || tap->early_length + octets.length > TAP_EARLY_LIMIT)
        return;
    early_t *early = malloc(sizeof(*early) + octets.length);
    if (!early)
        return;
    *early = (early_t){.outgoing = outgoing, .time = agent_utc(tap->agent), .length = octets.length};
    memcpy(early->octets, octets.data, octets.length);
    *tap->early_last = early;
    tap->early_last = &early->next;
    tap->early_length += octets.length;
}

static void count(traffic_t *traffic, bool outgoing, uint64_t octets)
{
    *(outgoing ? &traffic->sent_octets : &traffic->received_octets) += octets;
}

static void passed(void *context, bool outgoing, bytes_t octets)
{
    tap_t *tap = context;
    count(&tap->agent->traffic, outgoing, octets.length);
    count(tap->connector ? &tap->connector->traffic : &tap->unnamed, outgoing, octets.length);
    textlogs_trace(tap->agent->services.textlogs, tap->connector ? tap->connector->destination.name : "",
                   tap->peer, outgoing, octets);
    if (tap->pool)
        trace_octets(tap, outgoing, octets, agent_utc(tap->agent));
    else if (!tap->connector)
        keep_early(tap, outgoing, octets);
    tap->fresh = false;
}

static void over(void *context)
{
    tap_t *tap = context;
    if (tap->pool)
        pcapng_close(tap->connector->trace->packets, &tap->flow, !tap->inbound, agent_utc(tap->agent));
    leave(tap);
    drop_early(tap);
    if (!tap->connector) {
        count(&tap->agent->unnamed, true, tap->unnamed.sent_octets);
        count(&tap->agent->unnamed, false, tap->unnamed.received_octets);
    }
    if (tap->previous)
        tap->previous->next = tap->next;
    else
        tap->agent->taps = tap->next;
    if (tap->next)
        tap->next->previous = tap->previous;
    free(tap);
}

static unsigned port_of(const char *address)
{
    const char *colon = strrchr(address, ':');
    return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

static void set_end(pcapng_end_t *end, bytes_t octets, const char *address)
{
    memset(end, 0, sizeof(*end));
    memcpy(end->address, octets.data, octets.length <= 16 ? octets.length : 16);
    end->length = octets.length == 16 ? 16 : 4;
    end->port = (uint16_t)port_of(address);
}

void tap_connected(tap_t *tap, const net_conn_t *conn)
{
    if (!tap)
        return;
    apr_cpystrn(tap->peer, net_conn_peer_address(conn), sizeof(tap->peer));
    pcapng_end_t *peer = tap->inbound ? &tap->flow.caller : &tap->flow.called;
    pcapng_end_t *own = tap->inbound ? &tap->flow.called : &tap->flow.caller;
    set_end(peer, net_conn_peer_octets(conn), net_conn_peer_address(conn));
    set_end(own, net_conn_local_octets(conn), net_conn_local_address(conn));
    if (peer->length != own->length) /* one of them is not known: let the packets be of one kind */
        own->length = peer->length;
    if (tap->connector && tap->connector->trace && !tap->pool)
        join(tap);
}

tap_t *tap_attach(agent_t *agent, net_conn_t *conn, bool inbound, connector_t *connector)
{
    tap_t *tap = calloc(1, sizeof(*tap));
    if (!tap)
        return NULL;
    tap->agent = agent;
    tap->conn = conn;
    tap->inbound = inbound;
    tap->connector = connector;
    tap->fresh = true;
    tap->early_last = &tap->early;
    tap->next = agent->taps;
    if (tap->next)
        tap->next->previous = tap;
    agent->taps = tap;
    if (inbound)
        tap_connected(tap, conn);
    net_tap_t hooks = {passed, over, tap};
    net_conn_set_tap(conn, &hooks);
    return tap;
}

void tap_identify(tap_t *tap, connector_t *connector, x411_mode_t mode)
{
    if (!tap)
        return;
    tap->mode = mode;
    tap->mode_known = true;
    bool met = !tap->connector;
    if (met) {
        count(&connector->traffic, true, tap->unnamed.sent_octets);
        count(&connector->traffic, false, tap->unnamed.received_octets);
    }
    tap->connector = connector;
    if (met && connector->trace && !tap->pool)
        join(tap);
    for (int i = 0; tap->pool && i < 2; i++)
        blank_set_mode(&tap->blank[i], mode);
    for (early_t *early = tap->early; tap->pool && early; early = early->next)
        trace_octets(tap, early->outgoing, bytes_make(early->octets, early->length), early->time);
    drop_early(tap);
}

static void trace_abandoned(void *baton)
{
    struct trace_t *trace = baton;
    tap_trace_end(trace->connector);
}

static void arm(struct trace_t *trace)
{
    timers_arm(agent_timers(trace->agent), &trace->abandoned,
               agent_now(trace->agent) + TIME_SECONDS(TAP_TRACE_ABANDONED));
}

bool tap_trace_begin(connector_t *connector, bool blanked)
{
    if (connector->trace)
        return false;
    agent_t *agent = connector->destination.agent;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    struct trace_t *trace = apr_pcalloc(pool, sizeof(*trace));
    trace->pool = pool;
    trace->agent = agent;
    trace->connector = connector;
    trace->blanked = blanked;
    trace->packets = buffer_create(pool, TAP_TRACE_LIMIT);
    trace->abandoned = (timers_item_t){.run = trace_abandoned, .baton = trace};
    connector->trace = trace;
    agent->traces++;
    pcapng_begin(trace->packets, apr_psprintf(pool, "connector %s of MTA %s%s", connector->destination.name,
                                              agent->config->mta.name, blanked ? ", contents blanked" : ""));
    arm(trace);
    for (tap_t *tap = agent->taps; tap; tap = tap->next)
        if (tap->connector == connector && tap->peer[0])
            join(tap);
    return true;
}

bool tap_trace_read(connector_t *connector, bytes_t *octets, uint64_t *dropped)
{
    struct trace_t *trace = connector->trace;
    if (!trace)
        return false;
    arm(trace);
    *octets = buffer_bytes(trace->packets);
    *dropped = trace->dropped;
    return true;
}

void tap_trace_taken(connector_t *connector, size_t length)
{
    struct trace_t *trace = connector->trace;
    buffer_consume(trace->packets, length);
    trace->packets->failed = false; /* there is room again */
}

void tap_trace_end(connector_t *connector)
{
    struct trace_t *trace = connector->trace;
    if (!trace)
        return;
    timers_cancel(agent_timers(trace->agent), &trace->abandoned);
    for (tap_t *tap = trace->agent->taps; tap; tap = tap->next)
        if (tap->connector == connector)
            leave(tap);
    trace->agent->traces--;
    connector->trace = NULL;
    apr_pool_destroy(trace->pool);
}

void tap_forget_all(agent_t *agent)
{
    for (apr_hash_index_t *i = apr_hash_first(agent->pool, agent->destinations); i; i = apr_hash_next(i)) {
        destination_t *destination = apr_hash_this_val(i);
        if (destination->kind == ROUTE_CONNECTOR)
            tap_trace_end((connector_t *)destination);
    }
    /* Connections that linger are the loop's and outlive the agent. */
    while (agent->taps) {
        tap_t *tap =
            agent->taps; /* over() takes it from the list. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        net_conn_set_tap(tap->conn, &(net_tap_t){NULL, NULL, NULL});
        over(tap);
    }
}
