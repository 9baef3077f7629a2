/* Connections over loopback: dialling, sending, closing, back-pressure, refusals. */
#include "unit.h"

#include <apr_strings.h>

#include "net/net.h"

enum { PATTERN = 251, BIG = 8 << 20, SMALL_TIMEOUT = 30000000 };

typedef struct side_t {
    net_conn_t *conn;
    buffer_t output;
    apr_pool_t *pool;
    unsigned connected, drained, closed;
    size_t received;
    bool intact;   /* all octets so far were the pattern */
    char *failure; /* words of closed's error */
    void (*on_input)(struct side_t *side, bytes_t octets);
    void (*on_connected)(struct side_t *side);
    void (*on_closed)(struct side_t *side);
    void (*on_drained)(struct side_t *side);
} side_t;

typedef struct scene_t {
    apr_pool_t *pool;
    net_loop_t *loop;
    net_listener_t *listener;
    side_t client;
    side_t server;
    timers_item_t deadline;
    bool late;
    unsigned accepted;
    void (*on_accepted)(struct scene_t *scene, net_conn_t *conn);
} scene_t;

static scene_t *scene;

static void side_connected(void *context)
{
    side_t *side = context;
    side->connected++;
    if (side->on_connected)
        side->on_connected(side);
}

static void side_input(void *context, bytes_t octets)
{
    side_t *side = context;
    for (size_t i = 0; i < octets.length; i++)
        if (octets.data[i] != (uint8_t)((side->received + i) % PATTERN))
            side->intact = false;
    side->received += octets.length;
    if (side->on_input)
        side->on_input(side, octets);
}

static void side_drained(void *context)
{
    side_t *side = context;
    side->drained++;
    if (side->on_drained)
        side->on_drained(side);
}

static void side_closed(void *context, const err_t *err)
{
    side_t *side = context;
    side->closed++;
    side->failure = err ? strdup(err_describe(side->pool, err)) : NULL;
    side->conn = NULL;
    if (side->on_closed)
        side->on_closed(side);
}

static const net_conn_ops_t side_ops = {side_connected, side_input, side_drained, side_closed};

static void stop_loop(side_t *side)
{
    (void)side;
    net_loop_stop(scene->loop);
}

static void too_late(void *baton)
{
    (void)baton;
    scene->late = true;
    net_loop_stop(scene->loop);
}

static void on_accepted(void *context, net_conn_t *conn)
{
    (void)context;
    scene->accepted++;
    if (scene->on_accepted) {
        scene->on_accepted(scene, conn);
        return;
    }
    scene->server.conn = conn;
    net_conn_attach(conn, &scene->server.output, &side_ops, &scene->server);
}

static void prepare_side(side_t *side)
{
    side->pool = scene->pool;
    side->intact = true;
    buffer_init(&side->output, scene->pool, BIG * 2);
}

static void begin(const char *address)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    scene = apr_pcalloc(pool, sizeof(*scene));
    scene->pool = pool;
    prepare_side(&scene->client);
    prepare_side(&scene->server);
    CU_ASSERT_PTR_NULL_FATAL(net_loop_create(&scene->loop, pool));
    net_listen_t listen = {.address = address, .port = 0, .backlog = 64};
    CU_ASSERT_PTR_NULL_FATAL(net_listen(&scene->listener, scene->loop, &listen, on_accepted, scene, pool));
    scene->deadline.run = too_late;
    timers_arm(net_loop_timers(scene->loop), &scene->deadline, net_loop_now(scene->loop) + TIME_SECONDS(60));
}

static void run(void)
{
    CU_ASSERT_PTR_NULL(net_loop_run(scene->loop));
    CU_ASSERT_FALSE(scene->late);
}

static void finish(void)
{
    free(scene->client.failure);
    free(scene->server.failure);
    apr_pool_destroy(scene->pool);
    scene = NULL;
}

static void dial_to(const char *host, uint16_t port, const char *local)
{
    net_dial_t dial = {.host = host, .port = port, .local_address = local, .timeout = SMALL_TIMEOUT};
    scene->client.conn = net_dial(scene->loop, &dial, &scene->client.output, &side_ops, &scene->client);
}

static void add_pattern(side_t *side, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buffer_append_octet(&side->output, (uint8_t)(i % PATTERN));
}

static void close_at_once(side_t *side)
{
    net_conn_close(side->conn, false);
    side->conn = NULL;
}

static void echo(side_t *side, bytes_t octets)
{
    buffer_append(&side->output, octets);
    net_conn_send(side->conn);
}

static void close_when_echoed(side_t *side, bytes_t octets)
{
    (void)octets;
    if (side->received == 1000)
        close_at_once(side);
}

static void octets_go_both_ways(void)
{
    begin("127.0.0.1");
    add_pattern(&scene->client, 1000);
    scene->server.on_input = echo;
    scene->client.on_input = close_when_echoed;
    scene->server.on_closed = stop_loop;
    dial_to("127.0.0.1", net_listener_port(scene->listener), NULL);
    run();
    CU_ASSERT_EQUAL(scene->client.connected, 1);
    CU_ASSERT_EQUAL(scene->client.received, 1000);
    CU_ASSERT_TRUE(scene->client.intact);
    CU_ASSERT_EQUAL(scene->client.closed, 0);
    CU_ASSERT_EQUAL(scene->server.closed, 1);
    CU_ASSERT_PTR_NULL(scene->server.failure);
    finish();
}

static const unit_test_t tests[] = {
    UNIT_TEST(octets_go_both_ways),
};

UNIT_MAIN("net/conn", tests)
