#include "scenario.h"

#include <stdlib.h>

#include <apr_base64.h>
#include <apr_strings.h>

#include "hostile.h"
#include "mta/control.h"
#include "mta/internal.h"
#include "topology.h"

enum {
    SETTLE_STEP_SECONDS = 60,
    SETTLE_HOURS = 30,
    REST_HOURS = 4,
    LARGE_NODES = 80,
    LARGE_MESSAGES_PER_SECOND = 20,
    LARGE_FAULT_SECONDS = 1200, /* of each node: at most between two faults */
    LARGE_TOLD = 20000          /* messages after which a large run says how far it is */
};

typedef struct run_t {
    world_t *world;
    topology_t *topology;
    apr_pool_t *pool;
    unsigned messages; /* still to be sent */
    unsigned total;
    mono_time_t traffic_end;
    timers_item_t send;
    timers_item_t fault;
    timers_item_t watch;
    unsigned stopped;
    bool large;
} run_t;

/* Traffic. */

static void answered(void *context, int status, json_t *result)
{
    sent_t *sent = context;
    node_t *node = sent->node;
    const char *mts_id = json_string_value(json_object_get(result, "mts_id"));
    if (status == 200 && !node->dying) {
        world_trace(node->world, node, "accepts m%u as %s", sent->number, mts_id);
        judge_accepted(sent, mts_id);
    } else if (!node->dying) {
        sent->refused = true;
        world_trace(node->world, node, "refuses m%u: %s", sent->number,
                    json_string_value(json_object_get(result, "error")));
        if (status == 400)
            world_violate(node->world, "the submission of message %u is wrong", sent->number);
    }
    json_decref(result);
}

static size_t choose_size(const run_t *run)
{
    world_t *world = run->world;
    if (run->large && !world_chance(world, 5))
        return (size_t)world_between(world, 1, 3000);
    switch (world_below(world, 12)) {
    case 0: return 1;
    case 1: return (size_t)world_between(world, 250000, 270000); /* about one chunk */
    case 2: return world_chance(world, 200) ? (size_t)world_between(world, 1, 3000000) : 262144;
    case 3:
    case 4: return (size_t)world_between(world, 10000, 120000);
    default: return (size_t)world_between(world, 1, 3000);
    }
}

/* An address that its node redirects now and then. */
static void redirect(const topology_t *topology, judged_recipient_t *recipient)
{
    const aliases_t *aliases = &topology->aliases[recipient->node];
    if (!aliases->redirects)
        return;
    recipient->asked_user = JUDGE_REDIRECTED_USER;
    recipient->node = aliases->to.node;
    recipient->user = aliases->to.user;
}

static void choose_recipient(run_t *run, const sent_t *sent, unsigned index)
{
    world_t *world = run->world;
    judged_recipient_t *recipient = &sent->recipients[index];
    for (;;) { /* no one twice: the judge tells recipients by address */
        recipient->node = (unsigned)world_below(world, world->node_count);
        recipient->user = (unsigned)world_below(world, JUDGE_USERS);
        unsigned kind = (unsigned)world_below(world, 60);
        if (kind == 0)
            recipient->user = JUDGE_UNKNOWN_USER;
        if (kind == 1 || world->nodes[recipient->node].domain == JUDGE_NO_NODE)
            recipient->node = JUDGE_NO_NODE;
        if (world->nodes[0].hostile == NULL && recipient->node != JUDGE_NO_NODE &&
            world->nodes[recipient->node].hostile && world_chance(world, 700))
            continue;
        recipient->asked_node = recipient->node;
        recipient->asked_user = recipient->user;
        if (kind >= 2 && kind < 8 && recipient->node != JUDGE_NO_NODE)
            redirect(run->topology, recipient);
        bool again = false;
        for (unsigned i = 0; i < index; i++)
            again = again || (sent->recipients[i].node == recipient->node &&
                              sent->recipients[i].user == recipient->user);
        if (!again)
            return;
    }
}

static json_t *content_of(const sent_t *sent)
{
    unsigned char *content = malloc(sent->size + 1);
    char *text = malloc((size_t)apr_base64_encode_len((int)sent->size) + 1);
    if (!content || !text)
        abort();
    for (size_t i = 0; i < sent->size; i++)
        content[i] = judge_octet(sent->number, i);
    apr_base64_encode_binary(text, content, (int)sent->size);
    json_t *value = json_string(text);
    free(content);
    free(text);
    return value;
}

static json_t *describe(run_t *run, sent_t *sent, apr_pool_t *pool)
{
    static const char *const priorities[] = {"normal", "non-urgent", "urgent"};
    static const char *const reports[] = {"none", "non-delivery", "delivery"};
    world_t *world = run->world;
    json_t *arguments = json_object();
    json_t *recipients = json_array();
    for (unsigned i = 0; i < (sent->list ? 1 : sent->count); i++) {
        if (!sent->list)
            choose_recipient(run, sent, i);
        const judged_recipient_t *r = &sent->recipients[i];
        json_array_append_new(
            recipients, json_string(topology_address(run->topology, r->asked_node, r->asked_user, pool)));
    }
    json_object_set_new(arguments, "originator",
                        json_string(topology_address(run->topology, sent->node->index,
                                                     (unsigned)world_below(world, JUDGE_USERS), pool)));
    json_object_set_new(arguments, "recipients", recipients);
    json_object_set_new(arguments, "priority", json_string(priorities[world_below(world, 3)]));
    json_object_set_new(arguments, "report", json_string(reports[sent->report]));
    json_object_set_new(arguments, "content_identifier",
                        json_string(apr_psprintf(pool, "m%u", sent->number)));
    if (sent->probe) {
        json_object_set_new(arguments, "probe", json_true());
        json_object_set_new(arguments, "content_length", json_integer((json_int_t)sent->size));
    } else {
        json_object_set_new(arguments, "content", content_of(sent));
        if (world_chance(world, 300))
            json_object_set_new(arguments, "content_return", json_true());
    }
    if (!sent->probe && world_chance(world, 50)) {
        apr_time_exp_t t;
        apr_time_exp_gmt(&t,
                         node_utc(sent->node) + world_between(world, TIME_SECONDS(1), TIME_SECONDS(3600)));
        json_object_set_new(
            arguments, "deferred",
            json_string(apr_psprintf(pool, "%02d%02d%02d%02d%02d%02dZ", t.tm_year % 100, t.tm_mon + 1,
                                     t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec)));
    }
    return arguments;
}

static void send_one(run_t *run)
{
    world_t *world = run->world;
    node_t *node = &world->nodes[world_below(world, world->node_count)];
    if (!node->up || node->hostile)
        return;
    unsigned list_node = (unsigned)world_below(world, world->node_count);
    const aliases_t *aliases = &run->topology->aliases[list_node];
    bool list = aliases->member_count && world_chance(world, 150);
    unsigned count = world_chance(world, 300) ? (unsigned)world_between(world, 2, 12) : 1;
    unsigned most = world->node_count * JUDGE_USERS;
    sent_t *sent = judge_sent(world->judge, node, list ? aliases->member_count : count < most ? count : most);
    sent->list = list;
    for (unsigned i = 0; list && i < sent->count; i++)
        sent->recipients[i] = (judged_recipient_t){.node = aliases->members[i].node,
                                                   .user = aliases->members[i].user,
                                                   .asked_node = list_node,
                                                   .asked_user = JUDGE_LIST_USER};
    sent->probe = !list && world_chance(world, 80);
    sent->report = (judge_report_t)world_below(world, 3);
    sent->size = choose_size(run);
    sent->doomed = run->topology->short_timeouts;
    apr_pool_t *pool;
    apr_pool_create(&pool, run->pool);
    json_t *arguments = describe(run, sent, pool);
    world_trace(world, node, "sends m%u, %u recipients, %zu octets%s", sent->number, sent->count, sent->size,
                sent->probe ? ", probe" : "");
    sim_loop_enter(node->loop);
    control_request(node->agent, "send", arguments, answered, sent);
    sim_loop_leave(node->loop);
    json_decref(arguments);
    apr_pool_destroy(pool);
}

static void send_due(void *baton)
{
    run_t *run = baton;
    world_t *world = run->world;
    unsigned burst = world_chance(world, 100) ? (unsigned)world_between(world, 2, 30) : 1;
    for (; burst && run->messages; burst--, run->messages--) {
        send_one(run);
        if (run->large && run->messages % LARGE_TOLD == 0)
            fprintf(stderr, "seed %llu: %u of %u messages are still to be sent, %llu events\n",
                    (unsigned long long)world->seed, run->messages, run->total,
                    (unsigned long long)world->steps);
    }
    if (run->messages && world->now < run->traffic_end)
        world_after(
            world, &run->send,
            world_between(world, 0, 2 * (run->traffic_end - world->now) / (int64_t)(run->messages + 1)));
    else
        run->messages = 0;
}

/* Faults. */

typedef struct heal_t {
    timers_item_t item;
    run_t *run;
    unsigned a;
    unsigned b;
    node_t *node;
    bool *flag;
} heal_t;

static void heal_way(void *baton)
{
    heal_t *heal = baton;
    world_t *world = heal->run->world;
    world_way(world, heal->a, heal->b)->cut = false;
    world_way(world, heal->b, heal->a)->cut = false;
    world_trace(world, NULL, "the way between N%u and N%u is whole", heal->a, heal->b);
    sim_net_ways_changed(world);
}

static void heal_flag(void *baton)
{
    heal_t *heal = baton;
    *heal->flag = false;
    world_trace(heal->run->world, heal->node, "is well again");
}

static heal_t *heal_later(run_t *run, void (*heal_run)(void *baton))
{
    world_t *world = run->world;
    heal_t *heal = apr_pcalloc(run->pool, sizeof(*heal));
    heal->run = run;
    heal->item = (timers_item_t){.run = heal_run, .baton = heal};
    world_after(world, &heal->item,
                world_chance(world, 500) ? world_between(world, TIME_MILLISECONDS(10), TIME_SECONDS(20))
                                         : world_between(world, TIME_SECONDS(20), TIME_SECONDS(900)));
    return heal;
}

static void cut_way(run_t *run)
{
    world_t *world = run->world;
    for (int tries = 0; tries < 50; tries++) {
        unsigned a = (unsigned)world_below(world, world->node_count);
        unsigned b = (unsigned)world_below(world, world->node_count);
        if (!world_way(world, a, b)->exists)
            continue;
        bool one_way = world_chance(world, 300);
        world_way(world, a, b)->cut = true;
        world_way(world, b, a)->cut = !one_way;
        world->injected.links++;
        world_trace(world, NULL, "the way between N%u and N%u is cut%s", a, b,
                    one_way ? " in one direction" : "");
        heal_t *heal = heal_later(run, heal_way);
        heal->a = a;
        heal->b = b;
        return;
    }
}

static void crash(run_t *run, node_t *node)
{
    world_t *world = run->world;
    (void)run;
    if (world_chance(world, 500) && !node->hostile) {
        node->crash_in_steps = world_between(world, 1, 12);
        return;
    }
    node_kill(node, world_chance(world, 300));
    world_after(world, &node->restart, world_between(world, TIME_SECONDS(1), TIME_SECONDS(300)));
}

static void do_reload(node_t *node)
{
    world_trace(node->world, node, "reloads");
    node->world->injected.reloads++;
    sim_loop_enter(node->loop);
    agent_reload(node->agent, node->config);
    sim_loop_leave(node->loop);
}

static void fault_due(void *baton)
{
    run_t *run = baton;
    world_t *world = run->world;
    const faults_t *faults = &world->faults;
    node_t *node = &world->nodes[world_below(world, world->node_count)];
    unsigned kind = (unsigned)world_below(world, 8);
    if (kind <= 2 && faults->links) {
        cut_way(run);
    } else if (kind <= 4 && faults->crashes && node->up) {
        crash(run, node);
    } else if (kind == 5 && faults->full_disks && node->up) {
        bool *flag = world_chance(world, 500) ? &node->disk_full : &node->mailbox_broken;
        *flag = true;
        world_trace(world, node, "%s",
                    flag == &node->disk_full ? "disk full" : "mailboxes cannot be written");
        heal_t *heal = heal_later(run, heal_flag);
        heal->node = node;
        heal->flag = flag;
    } else if (kind == 6 && faults->clock_steps) {
        int64_t step = world_between(world, -TIME_SECONDS(1800), TIME_SECONDS(1800));
        node->utc_offset += step;
        world->injected.clocks++;
        world_trace(world, node, "clock steps by %d s", (int)(step / 1000000));
    } else if (kind == 7 && faults->reloads && node->up && !node->hostile) {
        do_reload(node);
    }
    int64_t apart = (run->traffic_end - world->now) / 8 + 1000000;
    if (run->large)
        apart = TIME_SECONDS(LARGE_FAULT_SECONDS) / world->node_count;
    if (world->now < run->traffic_end)
        world_after(world, &run->fault, world_between(world, 0, apart));
}

static void choose_faults(world_t *world, faults_t *faults, bool large)
{
    if (large) {
        *faults = (faults_t){.links = true,
                             .crashes = true,
                             .store = (unsigned)world_between(world, 20, 120),
                             .reads = (unsigned)world_between(world, 20, 120),
                             .mailboxes = (unsigned)world_between(world, 20, 120),
                             .full_disks = true,
                             .clock_steps = world_chance(world, 300),
                             .reloads = true};
        return;
    }
    if (world_chance(world, 120))
        return; /* a quiet world: then nothing may fail */
    faults->links = world_chance(world, 700);
    faults->crashes = world_chance(world, 600);
    faults->store = world_chance(world, 300) ? (unsigned)world_between(world, 1, 100) : 0;
    faults->reads = world_chance(world, 300) ? (unsigned)world_between(world, 1, 100) : 0;
    faults->mailboxes = world_chance(world, 300) ? (unsigned)world_between(world, 1, 200) : 0;
    faults->full_disks = world_chance(world, 400);
    faults->clock_steps = world_chance(world, 250);
    faults->reloads = world_chance(world, 200);
    if (world_chance(world, 350))
        faults->hostiles = (unsigned)world_between(world, 1, 2);
}

static bool any_fault(const faults_t *faults)
{
    return faults->links || faults->crashes || faults->store || faults->reads || faults->mailboxes ||
           faults->full_disks || faults->clock_steps || faults->reloads || faults->hostiles;
}

/* Checks. */

static uint64_t list_length(const queue_list_t *list)
{
    uint64_t count = 0;
    for (const queue_entry_t *entry = list->first; entry; entry = entry->next)
        count++;
    return count;
}

static uint64_t check_destination(const node_t *node, const destination_t *destination)
{
    uint64_t count = list_length(&destination->parked) + list_length(&destination->busy);
    for (int i = 0; i < MTA_CLASS_COUNT; i++) {
        uint64_t ready = list_length(&destination->ready[i]);
        if (ready != destination->ready_count[i])
            world_violate(node->world, "%s: %s has %d entries ready in class %d and counts %d", node->name,
                          destination->name, (int)ready, i, (int)destination->ready_count[i]);
        count += ready;
    }
    if (count != destination->count)
        world_violate(node->world, "%s: %s has %d entries and counts %d", node->name, destination->name,
                      (int)count, (int)destination->count);
    return count;
}

/* What must hold at any moment; returns how many entries are queued. */
static uint64_t check_node(const run_t *run, node_t *node)
{
    agent_t *agent = node->agent;
    uint64_t queued = 0;
    for (apr_hash_index_t *i = apr_hash_first(NULL, agent->destinations); i; i = apr_hash_next(i))
        queued += check_destination(node, apr_hash_this_val(i));
    if (node->world->now - node->dial_window >= TIME_SECONDS(60)) {
        uint64_t dials = sim_net_dials(node->loop);
        unsigned limit = 200 + 4 * run->total;
        if (dials > node->dials && dials - node->dials > limit)
            world_violate(node->world, "%s calls %d times within a minute", node->name,
                          (int)(dials - node->dials));
        node->dials = (unsigned)dials;
        node->dial_window = node->world->now;
    }
    return queued;
}

static void watch(void *baton)
{
    run_t *run = baton;
    world_t *world = run->world;
    for (unsigned i = 0; i < world->node_count; i++)
        if (world->nodes[i].agent)
            check_node(run, &world->nodes[i]);
    world_after(world, &run->watch, TIME_SECONDS(15));
}

static bool is_settled(const run_t *run, bool tell)
{
    world_t *world = run->world;
    for (unsigned i = 0; i < world->node_count; i++) {
        node_t *node = &world->nodes[i];
        if (node->hostile)
            continue;
        if (!node->up)
            return false;
        disk_figures_t figures;
        sim_disk_figures(node->disk, &figures);
        uint64_t queued = check_node(run, node);
        if (queued || figures.entries || node->agent->works || node->agent->deliveries) {
            if (tell)
                world_violate(
                    world,
                    "%s is not at rest %d hours after the last fault: %d entries queued, %d on disk, %d "
                    "works, %d deliveries",
                    node->name, SETTLE_HOURS, (int)queued, (int)figures.entries, (int)node->agent->works,
                    (int)node->agent->deliveries);
            return false;
        }
    }
    return true;
}

/* Nothing moves any more: nothing may be left. */
static void check_rest(const run_t *run, node_t *node)
{
    world_t *world = run->world;
    agent_t *agent = node->agent;
    disk_figures_t figures;
    sim_disk_figures(node->disk, &figures);
    uint64_t queued = check_node(run, node);
    if (queued || figures.entries)
        world_violate(world, "%s: %d entries in the queue, %d on disk, when all should be done", node->name,
                      (int)queued, (int)figures.entries);
    /* Also after crashes: the message goes in the transaction of its last entry. */
    if (figures.messages || figures.chunks || figures.watches)
        world_violate(world, "%s: %d messages, %d chunks and %d watches are left on disk", node->name,
                      (int)figures.messages, (int)figures.chunks, (int)figures.watches);
    if (agent->associations || net_loop_connections(node->loop))
        world_violate(world, "%s: %u associations and %d connections are left", node->name,
                      agent_sessions(agent, NULL, NULL), (int)net_loop_connections(node->loop));
    if (agent->cached || agent->works || agent->deliveries || agent->intakes)
        world_violate(world, "%s: %d octets cached, %d works, %d deliveries are left", node->name,
                      (int)agent->cached, (int)agent->works, (int)agent->deliveries);
    if (apr_hash_count(agent->shared))
        world_violate(world, "%s: %u shared messages are left", node->name, apr_hash_count(agent->shared));
    if (sim_loop_timers(node->loop) > 1)
        world_violate(world, "%s: %d timers are armed at rest", node->name, (int)sim_loop_timers(node->loop));
}

/* The phases. */

static void begin(run_t *run, const scenario_options_t *options)
{
    world_t *world = run->world;
    run->traffic_end = world->now + world_between(world, TIME_SECONDS(60), TIME_SECONDS(3600));
    run->total = run->messages =
        options->messages ? options->messages : (unsigned)world_between(world, 5, 120);
    if (run->large)
        run->traffic_end = world->now + TIME_SECONDS(60 + (int64_t)run->total / LARGE_MESSAGES_PER_SECOND);
    run->send = (timers_item_t){.run = send_due, .baton = run};
    run->fault = (timers_item_t){.run = fault_due, .baton = run};
    run->watch = (timers_item_t){.run = watch, .baton = run};
    for (unsigned i = 0; i < world->node_count; i++)
        node_start(&world->nodes[i]);
    world_after(world, &run->send, TIME_SECONDS(1));
    world_after(world, &run->watch, TIME_SECONDS(15));
    if (any_fault(&world->faults))
        world_after(world, &run->fault, world_between(world, 0, TIME_SECONDS(60)));
}

static void end_faults(run_t *run)
{
    world_t *world = run->world;
    world_trace(world, NULL, "the faults are over");
    world->faults_over = true;
    world->faults_ended = world->now;
    timers_cancel(&world->events, &run->fault);
    for (size_t i = 0; i < (size_t)world->node_count * world->node_count; i++)
        world->ways[i].cut = false;
    for (unsigned i = 0; i < world->node_count; i++) {
        node_t *node = &world->nodes[i];
        node->crash_in_steps = 0;
        node->disk_full = node->mailbox_broken = false;
        if (!node->up)
            node_start(node);
        node->powered = true;
    }
    sim_net_ways_changed(world);
}

static void settle(run_t *run)
{
    world_t *world = run->world;
    mono_time_t limit = world->now + TIME_SECONDS(3600 * (int64_t)SETTLE_HOURS);
    while (world->now < limit && !is_settled(run, false) && world->violations < 20)
        world_run(world, world->now + TIME_SECONDS(SETTLE_STEP_SECONDS));
    is_settled(run, true);
    for (unsigned i = 0; i < world->node_count; i++)
        if (world->nodes[i].hostile)
            node_kill(&world->nodes[i], false); /* what it held open goes with it */
    world_run(world, world->now + TIME_SECONDS(3600 * (int64_t)REST_HOURS));
}

static void stopped(void *context)
{
    ((run_t *)context)->stopped++;
}

static void stop_all(run_t *run)
{
    world_t *world = run->world;
    unsigned agents = 0;
    for (unsigned i = 0; i < world->node_count; i++) {
        node_t *node = &world->nodes[i];
        if (!node->agent)
            continue;
        agents++;
        node->agent->services.stopped = stopped;
        node->agent->services.context = run;
        sim_loop_enter(node->loop);
        agent_stop(node->agent, TIME_SECONDS(20));
        sim_loop_leave(node->loop);
    }
    world_run(world, world->now + TIME_SECONDS(300));
    if (run->stopped != agents)
        world_violate(world, "%u of %u agents stopped", run->stopped, agents);
}

static void choose_hostiles(run_t *run)
{
    world_t *world = run->world;
    if (world->node_count < 3 || world->node_count > LARGE_NODES)
        world->faults.hostiles = 0;
    for (unsigned i = 0; i < world->faults.hostiles; i++) {
        node_t *node = &world->nodes[world->node_count - 1 - i]; /* the last ones: they seldom cut the net */
        node->hostile = hostile_create(node, run->pool);
    }
    topology_configure(run->topology);
    for (unsigned i = 0; i < world->node_count; i++)
        for (unsigned k = 0; k < world->node_count && world->nodes[i].hostile; k++)
            if (world_way(world, i, k)->exists && !world->nodes[k].hostile)
                hostile_add_victim(world->nodes[i].hostile, k, topology_mode(run->topology, i, k),
                                   topology_two_way(run->topology, i, k));
}

static void fill_result(const run_t *run, scenario_result_t *result)
{
    const world_t *world = run->world;
    const faults_t *f = &world->faults;
    result->violations = world->violations;
    apr_cpystrn(result->first_violation, world->first_violation, sizeof(result->first_violation));
    result->figures = *judge_figures(world->judge);
    result->injected = world->injected;
    result->nodes = world->node_count;
    result->messages = run->total;
    result->events = world->steps;
    result->hash = world->trace_hash;
    result->simulated = (double)world->now / 1e6;
    apr_snprintf(
        result->shape, sizeof(result->shape), "%s%s%s%s%s%s%s%s%s%s%s", shape_name(run->topology->shape),
        run->topology->alternates ? " alternates" : "", run->topology->one_domain ? " one-domain" : "",
        run->topology->open_interval % 3 == 0 ? " siblings" : "", f->links ? " links" : "",
        f->crashes ? " crashes" : "", f->store || f->reads || f->mailboxes || f->full_disks ? " disks" : "",
        f->clock_steps ? " clocks" : "", f->reloads ? " reloads" : "", f->hostiles ? " hostile" : "",
        run->topology->short_timeouts ? " expiry" : "");
}

void scenario_run(const scenario_options_t *options, scenario_result_t *result, apr_pool_t *parent)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, parent);
    uint64_t scale = (options->seed * 0x9E3779B97F4A7C15u) >> 40;
    unsigned nodes = options->nodes ? options->nodes : scale % 10 < 7 ? 2 + scale % 7 : 2 + scale % 49;
    run_t *run = apr_pcalloc(pool, sizeof(*run));
    world_t *world = world_create(options->seed, nodes, pool);
    run->world = world;
    run->pool = pool;
    world->trace = options->trace;
    world->judge = judge_create(world, pool);
    run->topology = topology_create(world, pool);
    if (options->faults)
        choose_faults(world, &world->faults, options->large);
    run->large = options->large;
    world->tcp_timeout = world_between(world, TIME_SECONDS(15), TIME_SECONDS(600));
    choose_hostiles(run);
    world->impatient = run->topology->short_timeouts;
    begin(run, options);
    world_run(world, run->traffic_end);
    end_faults(run);
    settle(run);
    bool faults = any_fault(&world->faults);
    for (unsigned i = 0; i < nodes; i++)
        if (world->nodes[i].agent)
            check_rest(run, &world->nodes[i]);
    judge_conclude(world->judge, faults);
    timers_cancel(&world->events, &run->watch);
    stop_all(run);
    world_destroy(world);
    fill_result(run, result);
    apr_pool_destroy(pool);
}
