/* The whole MTA against a peer that says anything: the real agent, its store, routing, queues and stack in a
 * simulated network of two nodes, where the other one is driven by the input (peer.h), as the one that calls
 * and as the one that is called. Whatever it says: when it has gone, no association, no connection and no
 * timer of it is left, each entry of the store was deleted once at most, and the MTA delivers mail.
 *
 * The first octet: bit 0 the peer calls at the start (bits 1 and 2 the mode), else the MTA has a message for
 * it. Then steps: the low four bits say what (peer.h, and below), the others in which variant. */
#include "../fuzz.h"

#include <stdlib.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "../../sim/judge.h"
#include "mta/control.h"
#include "mta/internal.h"
#include "peer.h"

enum { MTA, PEER, NODES, STEP_LIMIT = 64 };
enum { STEP_TIME = PEER_KINDS, STEP_SEND /* variant 15: anything that operators ask for */, STEP_CRASH };

/* In the place of the simulation's judge: counts what is delivered. */
struct judge_t {
    unsigned delivered;
};

void judge_delivered(judge_t *judge, node_t *node, unsigned user, const char *path, bytes_t content,
                     const char *envelope)
{
    (void)node, (void)user, (void)path, (void)envelope;
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < content.length; i++)
        sum = (uint8_t)(sum + content.data[i]);
    judge->delivered++;
}

void judge_event(judge_t *judge, node_t *node, const event_record_t *record)
{
    (void)judge, (void)node, (void)record;
}

static const char configuration[] =
    "mta { name = N0 password = secret country = GB admd = \" \" prmd = D0 data-folder = \"/sim/N0\"\n"
    "  minimum-open-interval = 1s }\n"
    "listener L { port = 102 }\n admin { port = 0 }\n"
    "connector PPA { general { remote-mta-name = PPA remote-mta-password = a-secret }\n"
    "  stack { remote-host-name = \"10.0.0.1\" }\n"
    "  override { open-interval = 5s transfer-interval = 5s recovery-timeout = 60s max-open-retries = 3\n"
    "    max-transfer-retries = 3 checkpoint-size = 2k window-size = 2 }\n"
    "  address-space = { \"C=GB\" } advanced { two-way-alternate = no } }\n"
    "connector SEND { general { remote-mta-name = SEND remote-mta-password = sendpw }\n"
    "  stack { remote-host-name = \"10.0.0.1\" }\n"
    "  address-space = { \"C=FR\", \"C=GB\" } advanced { mta-conformance = \"1984\" two-way-alternate = yes "
    "} }\n"
    "mailbox box0 { folder = \"/sim/N0/box0\" address-space = { \"C=GB;A= ;P=D0\", \"C=GB;A= ;P=ppb\" } }\n"
    "distribution-list team { address = \"C=GB;A= ;P=D0;S=team\" \n"
    "  members = { \"C=GB;A= ;P=D0;S=a\", \"C=GB;A= ;P=peer;S=b\" } }\n"
    "redirect r { address = \"C=GB;A= ;P=D0;S=old\" to = \"C=GB;A= ;P=peer;S=new\" }\n";

static const config_t *the_config(void)
{
    static const config_t *config;
    if (config)
        return config;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    config_findings_t findings;
    config_read_text("engine.conf", bytes_of_string(configuration), pool, &config, &findings);
    if (!config) {
        fprintf(stderr, "%s\n", config_findings_text(&findings, pool));
        abort();
    }
    return config;
}

static void answered(void *context, int status, json_t *result)
{
    bool *accepted = context;
    if (accepted)
        *accepted = status == 200;
    json_decref(result);
}

static void send_to(node_t *node, const char *recipient, unsigned variant, bool *accepted)
{
    static const char *const reports[] = {"none", "non-delivery", "delivery"};
    char content[2 * 1024 + 1];
    size_t length = variant & 4 ? sizeof(content) - 1 : 16;
    memset(content, 'Q', length);
    content[length] = '\0';
    json_t *arguments =
        json_pack("{s:s, s:[s], s:s, s:s, s:b}", "originator", "C=GB;A= ;P=D0;S=u0", "recipients", recipient,
                  "report", reports[variant % 3], "content", content, "probe", (variant & 8) != 0);
    if (!arguments)
        abort();
    sim_loop_enter(node->loop);
    control_request(node->agent, "send", arguments, answered, accepted);
    sim_loop_leave(node->loop);
    json_decref(arguments);
}

/* An operator asks for anything: an operation, arguments in JSON. */
static void request(node_t *node, speech_t *speech)
{
    static const char *const operations[] = {
        "status",        "connectors",   "connector.form",    "associations",     "metrics",
        "queue",         "queue.show",   "queue.retry",       "queue.hold",       "queue.release",
        "queue.reroute", "queue.delete", "queue.priority",    "route.explain",    "send",
        "events",        "diagnostics",  "diagnostics.set",   "trace.start",      "trace.read",
        "trace.stop",    "link.test",    "connector.disable", "connector.enable", "bind"};
    const char *operation = operations[speech_octet(speech) % (sizeof(operations) / sizeof(operations[0]))];
    bytes_t text = speech_octets(speech);
    json_t *arguments = json_loadb((const char *)text.data, text.length, JSON_ALLOW_NUL, NULL);
    sim_loop_enter(node->loop);
    control_request(node->agent, operation, arguments, answered, NULL);
    sim_loop_leave(node->loop);
    json_decref(arguments);
}

static void run_for(world_t *world, int64_t time)
{
    world_run(world, world->now + time);
    peer_tick(world->nodes[PEER].hostile);
}

static void step(world_t *world, speech_t *speech)
{
    node_t *mta = &world->nodes[MTA];
    uint8_t octet = speech_octet(speech);
    unsigned kind = octet & 15;
    unsigned variant = octet >> 4;
    switch (kind) {
    case STEP_TIME: run_for(world, variant * variant * variant * TIME_MILLISECONDS(250)); break;
    case STEP_SEND:
        send_to(mta, variant & 1 ? "C=FR;A= ;P=x;S=y" : "C=GB;A= ;P=peer;S=y", variant >> 1, NULL);
        break;
    case STEP_CRASH:
        node_kill(mta, variant & 1);
        run_for(world, TIME_SECONDS(1));
        node_start(mta);
        break;
    default: peer_step(world->nodes[PEER].hostile, speech, kind, variant); break;
    }
    run_for(world, TIME_MILLISECONDS(30));
}

static void demand(const world_t *world, bool holds, const char *words)
{
    if (holds && !world->violations)
        return;
    fprintf(stderr, "%s\n", holds ? world->first_violation : words);
    abort();
}

/* The peer is away: the MTA gives up what it had of it, and works. */
static void settle(world_t *world)
{
    node_t *mta = &world->nodes[MTA];
    request(mta, &(speech_t){BYTES_LITERAL("\x17\x0E{\"name\":\"PPA\"}")}); /* it may have been disabled */
    peer_leave(world->nodes[PEER].hostile);
    for (int i = 0; i < 60 && (i < 10 || mta->agent->associations); i++)
        run_for(world, TIME_SECONDS(60));
    demand(world, !mta->agent->associations, "an association is left an hour after the peer went");
    demand(world, net_loop_connections(mta->loop) == 0, "a connection is left");
    bool accepted = false;
    unsigned before = world->judge->delivered;
    send_to(mta, "C=GB;A= ;P=D0;S=u1", 0, &accepted);
    for (int i = 0; i < 60 && world->judge->delivered == before; i++)
        run_for(world, TIME_SECONDS(1));
    demand(world, accepted, "a message of a user is refused");
    demand(world, world->judge->delivered > before, "a message between users is not delivered");
    node_kill(mta, false);
    demand(world, true, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    if (!root) {
        setenv("TZ", "UTC", 1);
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size == 0)
        return 0;
    apr_pool_t *pool;
    apr_pool_create(&pool, root);
    judge_t judge = {0};
    world_t *world = world_create(1, NODES, pool);
    world->judge = &judge;
    world->trace = getenv("X400_TRACE") ? stderr : NULL;
    *world_way(world, MTA, PEER) = *world_way(world, PEER, MTA) =
        (way_t){.exists = true, .latency = TIME_MILLISECONDS(1), .bandwidth = 100000000};
    world->nodes[MTA].config = the_config();
    world->nodes[PEER].hostile = peer_create(&world->nodes[PEER], pool);
    node_start(&world->nodes[MTA]);
    node_start(&world->nodes[PEER]);
    speech_t speech = {bytes_make(data + 1, size - 1)};
    if (data[0] & 0x10)
        peer_step(world->nodes[PEER].hostile, &(speech_t){BYTES_LITERAL("\x80")}, PEER_MANNER, 0);
    if (data[0] & 1)
        peer_step(world->nodes[PEER].hostile, &speech, PEER_DIAL, data[0] >> 1);
    else
        send_to(&world->nodes[MTA], "C=GB;A= ;P=peer;S=z", 4, NULL);
    run_for(world, TIME_MILLISECONDS(30));
    for (int i = 0; i < STEP_LIMIT && speech.rest.length; i++)
        step(world, &speech);
    settle(world);
    world_destroy(world);
    apr_pool_destroy(pool);
    return 0;
}
