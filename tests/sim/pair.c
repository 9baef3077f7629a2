#include "pair.h"

#include <apr_base64.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "mta/connector.h"
#include "mta/control.h"

static void reset_callers(void *baton)
{
    sim_net_reset_callers(baton);
}

static void on_event(void *context, const node_t *node, const event_record_t *record)
{
    pair_t *pair = context;
    unsigned id = record->definition->id;
    pair->seen[node->index][0] += id == EVENT_ID_CONNECT_ERROR;
    pair->seen[node->index][1] += id == EVENT_ID_NON_DELIVERY_REPORT;
    if (id == EVENT_ID_TRANSFER_RESUMED && pair->breaks_resumes && !timers_armed(&pair->reset))
        world_after(pair->world, &pair->reset, TIME_MILLISECONDS(50));
    if (id != EVENT_ID_ASSOCIATION_OPENED)
        return;
    for (const association_t *a = node->agent->associations; a; a = a->agent_next) {
        if (!a->outbound || a->since != pair->world->now || a->state != ASSOCIATION_OPEN)
            continue;
        pair->opened[node->index]++;
        pair->turn_at_open[node->index] = osi_stack_has_turn(a->stack);
        return;
    }
}

pair_t *pair_create(const char *name, FILE *trace, apr_pool_t *parent)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, parent);
    pair_t *pair = apr_pcalloc(pool, sizeof(*pair));
    world_t *world = world_create(1, PAIR_NODES, pool);
    world->trace = trace;
    world->judge = judge_create(world, pool);
    world->tcp_timeout = TIME_SECONDS(60);
    world->on_event = on_event;
    world->on_event_context = pair;
    *pair =
        (pair_t){.world = world, .pool = pool, .name = name, .reset = {.run = reset_callers, .baton = world}};
    for (unsigned i = 0; i < PAIR_NODES; i++) {
        pair->blocks[i] = "";
        for (unsigned k = 0; k < PAIR_NODES; k++)
            *world_way(world, i, k) =
                (way_t){.exists = i != k, .latency = TIME_MILLISECONDS(20), .bandwidth = 1000000};
    }
    return pair;
}

void pair_link(pair_t *pair, unsigned node, unsigned peer, const char *spaces, const char *parts)
{
    pair->blocks[node] =
        apr_psprintf(pair->pool,
                     "%sconnector N%u { general { remote-mta-name = N%u remote-mta-password = secret }\n"
                     "  stack { remote-host-name = \"10.0.0.%u\" }\n  address-space = { %s }\n  %s }\n",
                     pair->blocks[node], peer, peer, peer, spaces, parts);
}

static void configure(pair_t *pair, node_t *node)
{
    unsigned self = node->index;
    const char *text = apr_psprintf(
        pair->pool,
        "mta { name = N%u password = secret country = SM prmd = \"D%u\" data-folder = \"/sim/N%u\" "
        "minimum-open-interval = 1s }\n"
        "listener L { port = 102 }\nadmin { port = 0 }\n%s"
        "mailbox box0 { folder = \"/sim/N%u/box0\" address-space = { \"C=SM;A= ;P=D%u\" } }\n",
        self, self, self, pair->blocks[self], self, self);
    config_findings_t findings;
    apr_pool_create(&node->config_pool, node->pool);
    config_read_text("pair.conf", bytes_of_string(text), node->config_pool, &node->config, &findings);
    if (!node->config) {
        fprintf(stderr, "%s\n%s\n", config_findings_text(&findings, node->config_pool), text);
        abort();
    }
}

void pair_start(pair_t *pair, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        configure(pair, &pair->world->nodes[i]);
        node_start(&pair->world->nodes[i]);
    }
}

void pair_reload(pair_t *pair, unsigned index)
{
    node_t *node = &pair->world->nodes[index];
    configure(pair, node);
    sim_loop_enter(node->loop);
    err_t *err = agent_reload(node->agent, node->config);
    sim_loop_leave(node->loop);
    pair_expect(pair, !err, "the configuration is taken");
}

static void answered(void *context, int status, json_t *result)
{
    sent_t *sent = context;
    if (status == 200)
        judge_accepted(sent, json_string_value(json_object_get(result, "mts_id")));
    else
        world_violate(sent->node->world, "a submission is refused: %s",
                      json_string_value(json_object_get(result, "error")));
    json_decref(result);
}

sent_t *pair_send(pair_t *pair, unsigned from, unsigned to, const char *priority, size_t size)
{
    node_t *node = &pair->world->nodes[from];
    sent_t *sent = judge_sent(pair->world->judge, node, 1);
    sent->size = size;
    sent->report = JUDGE_REPORT_FAILURE;
    sent->recipients[0].node = to;
    unsigned char *content = apr_palloc(pair->pool, size);
    char *text = apr_palloc(pair->pool, (apr_size_t)apr_base64_encode_len((int)size) + 1);
    for (size_t i = 0; i < size; i++)
        content[i] = judge_octet(sent->number, i);
    apr_base64_encode_binary(text, content, (int)size);
    json_t *arguments = json_pack("{s:s, s:[s], s:s, s:s, s:s, s:s}", "originator",
                                  apr_psprintf(pair->pool, "C=SM;A= ;P=D%u;O=N%u;S=u0", from, from),
                                  "recipients", apr_psprintf(pair->pool, "C=SM;A= ;P=D%u;O=N%u;S=u0", to, to),
                                  "priority", priority, "report", "non-delivery", "content_identifier",
                                  apr_psprintf(pair->pool, "m%u", sent->number), "content", text);
    sim_loop_enter(node->loop);
    control_request(node->agent, "send", arguments, answered, sent);
    sim_loop_leave(node->loop);
    json_decref(arguments);
    return sent;
}

void pair_run(pair_t *pair, int64_t seconds)
{
    world_run(pair->world, pair->world->now + TIME_SECONDS(seconds));
}

void pair_cut(pair_t *pair, unsigned a, unsigned b, bool cut)
{
    world_way(pair->world, a, b)->cut = world_way(pair->world, b, a)->cut = cut;
    world_trace(pair->world, NULL, "the way between N%u and N%u is %s", a, b, cut ? "cut" : "whole");
    sim_net_ways_changed(pair->world);
}

unsigned pair_associations(const pair_t *pair, unsigned node)
{
    unsigned count = 0;
    for (const association_t *a = pair->world->nodes[node].agent->associations; a; a = a->agent_next)
        count += a->state == ASSOCIATION_OPEN;
    return count;
}

uint64_t pair_queued(const pair_t *pair, unsigned node, const char *destination)
{
    return agent_find_destination(pair->world->nodes[node].agent, destination)->count;
}

const char *pair_clock(const pair_t *pair, int64_t minutes)
{
    apr_time_exp_t time;
    apr_time_exp_gmt(&time, node_utc(&pair->world->nodes[0]) + TIME_SECONDS(60) * minutes);
    return apr_psprintf(pair->pool, "%02d:%02d", time.tm_hour, time.tm_min - time.tm_min % 15);
}

void pair_expect(pair_t *pair, bool holds, const char *words)
{
    if (holds)
        return;
    pair->failures++;
    printf("       %s: it does not hold that %s\n", pair->name, words);
}

bool pair_end(pair_t *pair)
{
    world_t *world = pair->world;
    bool fine = !pair->failures && !world->violations;
    if (world->violations)
        printf("       %s: %s\n", pair->name, world->first_violation);
    printf("%s %s\n", fine ? "ok    " : "FAILED", pair->name);
    timers_cancel(&world->events, &pair->reset);
    world_destroy(world);
    apr_pool_destroy(pair->pool);
    return fine;
}
