#include "outage.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "judge.h"
#include "mta/control.h"
#include "mta/internal.h"

enum {
    WARM_SECONDS = 300,  /* of traffic before the cut */
    REST_HOURS = 6,      /* after the last message */
    CONTENT = 20000,     /* octets of a message */
    OPEN_INTERVAL = 600, /* the default */
    TCP_TIMEOUT = 120,   /* seconds */
    ORDER = 4
};

typedef struct outage_case_t {
    const char *name;
    int64_t seconds;
    int gap;     /* seconds between messages */
    bool resets; /* the callers' connections are reset, and the called side keeps its sessions: they are stale
                  */
    bool two_way;
} outage_case_t;

static const outage_case_t cases[] = {
    {"5-seconds", 5, 1, false, true},          {"5-seconds-monologue", 5, 1, false, false},
    {"5-seconds-stale", 5, 1, true, true},     {"5-seconds-stale-monologue", 5, 1, true, false},
    {"5-minutes", 300, 3, false, true},        {"5-minutes-monologue", 300, 3, false, false},
    {"5-minutes-stale", 300, 3, true, true},   {"5-minutes-stale-monologue", 300, 3, true, false},
    {"10-minutes", 600, 5, false, true},       {"10-minutes-stale", 600, 5, true, true},
    {"10-hours", 36000, 60, false, true},      {"10-hours-monologue", 36000, 60, false, false},
    {"10-hours-stale", 36000, 60, true, true}, {"10-hours-stale-monologue", 36000, 60, true, false}};

/* What an operator of one of the two sees. */
typedef struct view_t {
    unsigned first[ORDER]; /* the events of an outage, in the order in which each came first */
    unsigned seen;
    unsigned failures;     /* 4284 */
    mono_time_t delivered; /* first delivery after the link came back */
} view_t;

typedef struct outage_t {
    const outage_case_t *c;
    world_t *world;
    apr_pool_t *pool;
    timers_item_t send;
    bool sending;
    mono_time_t cut;
    mono_time_t healed;
    view_t views[2];
} outage_t;

static const unsigned order[ORDER] = {EVENT_ID_CONNECT_ERROR, EVENT_ID_TRANSPORT_UNAVAILABLE,
                                      EVENT_ID_LOST_CONNECTIONS, EVENT_ID_SESSION_LPI_ERROR};

static void on_event(void *context, const node_t *node, const event_record_t *record)
{
    outage_t *outage = context;
    view_t *view = &outage->views[node->index];
    unsigned id = record->definition->id;
    if (id == EVENT_ID_MESSAGE_DELIVERED && outage->healed && !view->delivered)
        view->delivered = outage->world->now;
    if (id == EVENT_ID_CONNECT_ERROR)
        view->failures++;
    for (unsigned i = 0; i < ORDER; i++) {
        bool known = id != order[i];
        for (unsigned k = 0; k < view->seen; k++)
            known = known || view->first[k] == id;
        if (!known)
            view->first[view->seen++] = id;
    }
}

static void answered(void *context, int status, json_t *result)
{
    sent_t *sent = context;
    if (status == 200)
        judge_accepted(sent, json_string_value(json_object_get(result, "mts_id")));
    else
        world_violate(sent->node->world, "the submission of message %u is refused", sent->number);
    json_decref(result);
}

static json_t *content_of(const sent_t *sent, apr_pool_t *pool)
{
    unsigned char *content = apr_palloc(pool, sent->size);
    char *text = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)sent->size) + 1);
    for (size_t i = 0; i < sent->size; i++)
        content[i] = judge_octet(sent->number, i);
    apr_base64_encode_binary(text, content, (int)sent->size);
    return json_string(text);
}

static void send_from(outage_t *outage, unsigned index)
{
    node_t *node = &outage->world->nodes[index];
    apr_pool_t *pool;
    apr_pool_create(&pool, outage->pool);
    sent_t *sent = judge_sent(outage->world->judge, node, 1);
    sent->size = CONTENT;
    sent->report = JUDGE_REPORT_NONE;
    sent->recipients[0].node = 1 - index;
    sent->recipients[0].user = 0;
    json_t *arguments = json_pack("{s:s, s:[s], s:s, s:s, s:o}", "originator",
                                  apr_psprintf(pool, "C=SM;A= ;P=D%u;O=N%u;S=u1", index, index), "recipients",
                                  apr_psprintf(pool, "C=SM;A= ;P=D%u;O=N%u;S=u0", 1 - index, 1 - index),
                                  "report", "none", "content_identifier",
                                  apr_psprintf(pool, "m%u", sent->number), "content", content_of(sent, pool));
    sim_loop_enter(node->loop);
    control_request(node->agent, "send", arguments, answered, sent);
    sim_loop_leave(node->loop);
    json_decref(arguments);
    apr_pool_destroy(pool);
}

static void send_due(void *baton)
{
    outage_t *outage = baton;
    if (!outage->sending)
        return;
    send_from(outage, 0);
    send_from(outage, 1);
    world_after(outage->world, &outage->send, TIME_SECONDS((int64_t)outage->c->gap));
}

/* Everything has its default, but for the names and the turn. */
static void configure(const outage_t *outage, node_t *node)
{
    unsigned self = node->index;
    unsigned peer = 1 - self;
    const char *text = apr_psprintf(
        outage->pool,
        "mta { name = N%u password = secret country = SM prmd = \"D%u\" data-folder = \"/sim/N%u\" }\n"
        "listener L { port = 102 }\nadmin { port = 0 }\n"
        "connector N%u { general { remote-mta-name = N%u remote-mta-password = secret }\n"
        "  stack { remote-host-name = \"10.0.0.%u\" }\n  address-space = { \"C=SM;A= ;P=D%u\" }\n"
        "  advanced { two-way-alternate = %s } }\n"
        "mailbox box0 { folder = \"/sim/N%u/box0\" address-space = { \"C=SM;A= ;P=D%u;O=N%u;S=u0\" } }\n",
        self, self, self, peer, peer, peer, peer, outage->c->two_way ? "on" : "off", self, self, self);
    config_findings_t findings;
    apr_pool_create(&node->config_pool, node->pool);
    config_read_text("outage.conf", bytes_of_string(text), node->config_pool, &node->config, &findings);
    if (!node->config) {
        fprintf(stderr, "%s\n", config_findings_text(&findings, node->config_pool));
        abort();
    }
}

static void set_cut(const outage_t *outage, bool cut)
{
    world_t *world = outage->world;
    world_trace(world, NULL, cut ? "the link is cut" : "the link is back");
    world_way(world, 0, 1)->cut = world_way(world, 1, 0)->cut = cut;
    if (cut && outage->c->resets)
        sim_net_reset_callers(world);
    sim_net_ways_changed(world);
}

static void begin(outage_t *outage)
{
    world_t *world = outage->world;
    world->judge = judge_create(world, outage->pool);
    world->tcp_timeout = TIME_SECONDS(TCP_TIMEOUT);
    world->on_event = on_event;
    world->on_event_context = outage;
    for (unsigned i = 0; i < 2; i++) {
        way_t *way = world_way(world, i, 1 - i);
        *way = (way_t){.exists = true, .latency = TIME_MILLISECONDS(20), .bandwidth = 1000000};
        configure(outage, &world->nodes[i]);
        node_start(&world->nodes[i]);
    }
    outage->sending = true;
    outage->send = (timers_item_t){.run = send_due, .baton = outage};
    world_after(world, &outage->send, TIME_SECONDS(1));
}

static void check_view(const outage_t *outage, unsigned index)
{
    const view_t *view = &outage->views[index];
    world_t *world = outage->world;
    const outage_case_t *c = outage->c;
    int64_t flows = view->delivered ? view->delivered - outage->healed : INT64_MAX;
    if (flows > TIME_SECONDS(OPEN_INTERVAL))
        world_violate(world, "%s: no mail came within one Open interval of the link's return", c->name);
    for (unsigned i = 0; i < view->seen; i++)
        if (view->first[i] != order[i])
            world_violate(world, "%s: N%u has event %u where %u is due", c->name, index, view->first[i],
                          order[i]);
    /* TCP bridges what is shorter than its timeout; else the one who called sees all four. */
    bool noticed = c->resets || c->seconds > 2 * TCP_TIMEOUT;
    if (!noticed && view->seen)
        world_violate(world, "%s: N%u has event %u, and nothing was lost", c->name, index, view->first[0]);
    bool told = outage->views[0].seen == ORDER || (c->two_way && outage->views[1].seen == ORDER);
    if (noticed && !told)
        world_violate(world, "%s: N%u has %u of the %d events of an outage", c->name, index, view->seen,
                      ORDER);
    if (view->failures > 2 + c->seconds / OPEN_INTERVAL)
        world_violate(world, "%s: N%u has 4284 %u times", c->name, index, view->failures);
    if (world->nodes[index].boots != 1)
        world_violate(world, "%s: N%u was started %u times", c->name, index, world->nodes[index].boots);
    disk_figures_t figures;
    sim_disk_figures(world->nodes[index].disk, &figures);
    if (figures.entries || figures.messages || figures.chunks)
        world_violate(world, "%s: N%u still holds %d entries", c->name, index, (int)figures.entries);
}

static void run_case(const outage_case_t *c, FILE *trace, apr_pool_t *parent, unsigned *passed,
                     unsigned *failed)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, parent);
    outage_t *outage = apr_pcalloc(pool, sizeof(*outage));
    world_t *world = world_create(1, 2, pool);
    world->trace = trace;
    outage->c = c;
    outage->world = world;
    outage->pool = pool;
    begin(outage);
    world_run(world, world->now + TIME_SECONDS(WARM_SECONDS));
    outage->cut = world->now;
    set_cut(outage, true);
    world_run(world, world->now + TIME_SECONDS(c->seconds));
    outage->healed = world->now;
    set_cut(outage, false);
    world_run(world, world->now + TIME_SECONDS(2 * OPEN_INTERVAL));
    outage->sending = false;
    world_run(world, world->now + TIME_SECONDS(3600 * (int64_t)REST_HOURS));
    for (unsigned i = 0; i < 2; i++)
        check_view(outage, i);
    judge_conclude(world->judge, false);
    judge_figures_t figures = *judge_figures(world->judge);
    if (figures.delivered != figures.accepted)
        world_violate(world, "%s: %d messages, %d deliveries", c->name, (int)figures.accepted,
                      (int)figures.delivered);
    unsigned violations = world->violations;
    printf("%s OP_03 outage %s: %d messages, flows again after %.1f s and %.1f s\n",
           violations ? "FAILED" : "ok    ", c->name, (int)figures.delivered,
           (double)(outage->views[0].delivered - outage->healed) / 1e6,
           (double)(outage->views[1].delivered - outage->healed) / 1e6);
    if (violations)
        printf("       %s\n", world->first_violation);
    *(violations ? failed : passed) += 1;
    timers_cancel(&world->events, &outage->send);
    world_destroy(world);
    apr_pool_destroy(pool);
}

void outage_run(const char *name, FILE *trace, apr_pool_t *pool, unsigned *passed, unsigned *failed)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (!*name || strcmp(name, cases[i].name) == 0)
            run_case(&cases[i], trace, pool, passed, failed);
}
