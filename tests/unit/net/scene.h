/* A loop with a listener and two sides, client and server, for the tests of src/net. Each side counts what
 * its connection tells it and checks that the octets are the expected pattern. */
#ifndef TESTS_UNIT_NET_SCENE_H
#define TESTS_UNIT_NET_SCENE_H

#include <string.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "net/net.h"
#include "unit.h"

enum { PATTERN_LENGTH = 251, BIG = 8 << 20, LONG_TIMEOUT = 60000000 };

typedef struct side_t {
    net_conn_t *conn;
    buffer_t output;
    unsigned connected, drained, closed;
    size_t received;
    unsigned inputs;
    bool intact; /* all octets so far were the pattern */
    bool inside; /* a call of net_conn_* is going on: no callback may come */
    bool surprised;
    char *failure; /* words of closed's error */
    void (*on_connected)(struct side_t *side);
    void (*on_input)(struct side_t *side, bytes_t octets);
    void (*on_drained)(struct side_t *side);
    void (*on_closed)(struct side_t *side);
} side_t;

typedef struct scene_t {
    apr_pool_t *pool;
    net_loop_t *loop;
    net_listener_t *listener;
    uint16_t port;
    side_t client;
    side_t server;
    timers_item_t deadline;
    timers_item_t later;
    bool late;
    unsigned accepted;
    void (*on_accepted)(net_conn_t *conn);
} scene_t;

static scene_t *scene;

static inline void side_connected(void *context)
{
    side_t *side = context;
    side->connected++;
    side->surprised |= side->inside;
    if (side->on_connected)
        side->on_connected(side);
}

static inline void side_input(void *context, bytes_t octets)
{
    side_t *side = context;
    side->surprised |= side->inside;
    side->inputs++;
    for (size_t i = 0; i < octets.length; i++)
        if (octets.data[i] != (uint8_t)((side->received + i) % PATTERN_LENGTH))
            side->intact = false;
    side->received += octets.length;
    if (side->on_input)
        side->on_input(side, octets);
}

static inline void side_drained(void *context)
{
    side_t *side = context;
    side->surprised |= side->inside;
    side->drained++;
    if (side->on_drained)
        side->on_drained(side);
}

static inline void side_closed(void *context, const err_t *err)
{
    side_t *side = context;
    side->surprised |= side->inside;
    side->closed++;
    free(side->failure);
    side->failure = err ? strdup(err_describe(scene->pool, err)) : NULL;
    side->conn = NULL;
    if (side->on_closed)
        side->on_closed(side);
}

static const net_conn_ops_t side_ops = {side_connected, side_input, side_drained, side_closed};

static inline void side_prepare(side_t *side)
{
    side->intact = true;
    buffer_init(&side->output, scene->pool, 2 * (size_t)BIG);
}

/* Appends the next length octets of the pattern, which begins with the first octet ever appended. */
static inline void side_append(side_t *side, size_t begin, size_t length)
{
    uint8_t *place = buffer_reserve(&side->output, length);
    for (size_t i = 0; place && i < length; i++)
        place[i] = (uint8_t)((begin + i) % PATTERN_LENGTH);
    buffer_commit(&side->output, length);
}

static inline void side_send(side_t *side)
{
    side->inside = true;
    net_conn_send(side->conn);
    side->inside = false;
}

static inline void side_close(side_t *side, bool linger)
{
    net_conn_t *conn = side->conn;
    side->conn = NULL;
    side->inside = true;
    net_conn_close(conn, linger);
    side->inside = false;
}

static inline void stop_scene(side_t *side)
{
    (void)side;
    net_loop_stop(scene->loop);
}

static inline void stop_on_input(side_t *side, bytes_t octets)
{
    (void)octets;
    stop_scene(side);
}

static inline void stop_on_timer(void *baton)
{
    (void)baton;
    net_loop_stop(scene->loop);
}

static inline void scene_too_late(void *baton)
{
    (void)baton;
    scene->late = true;
    net_loop_stop(scene->loop);
}

static inline void scene_accepted(void *context, net_conn_t *conn)
{
    (void)context;
    scene->accepted++;
    if (scene->on_accepted) {
        scene->on_accepted(conn);
        return;
    }
    scene->server.conn = conn;
    scene->server.inside = true;
    net_conn_attach(conn, &scene->server.output, &side_ops, &scene->server);
    scene->server.inside = false;
}

/* A loop, and a listener at address unless it is NULL. */
static inline void scene_begin(const char *address)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    scene = apr_pcalloc(pool, sizeof(*scene));
    scene->pool = pool;
    side_prepare(&scene->client);
    side_prepare(&scene->server);
    CU_ASSERT_PTR_NULL_FATAL(net_loop_create(&scene->loop, pool));
    if (address) {
        net_listen_t listen = {.address = address};
        CU_ASSERT_PTR_NULL_FATAL(
            net_listen(&scene->listener, scene->loop, &listen, scene_accepted, scene, pool));
        scene->port = net_listener_port(scene->listener);
    }
    scene->deadline.run = scene_too_late;
    timers_arm(net_loop_timers(scene->loop), &scene->deadline,
               timebase_mono(timebase_system()) + LONG_TIMEOUT);
}

static inline void scene_run(void)
{
    CU_ASSERT_PTR_NULL(net_loop_run(scene->loop));
    CU_ASSERT_FALSE(scene->late);
}

static inline void scene_arm(int64_t microseconds, void (*run)(void *baton))
{
    scene->later.run = run;
    timers_arm(net_loop_timers(scene->loop), &scene->later, timebase_mono(timebase_system()) + microseconds);
}

static inline void stop_when_empty(void *baton)
{
    (void)baton;
    if (net_loop_connections(scene->loop) == 0)
        net_loop_stop(scene->loop);
    else
        scene_arm(1000, stop_when_empty);
}

/* Runs until the loop holds no connection. */
static inline void scene_run_empty(void)
{
    scene_arm(0, stop_when_empty);
    scene_run();
}

static inline void scene_finish(void)
{
    CU_ASSERT_FALSE(scene->client.surprised);
    CU_ASSERT_FALSE(scene->server.surprised);
    free(scene->client.failure);
    free(scene->server.failure);
    apr_pool_destroy(scene->pool);
    scene = NULL;
}

static inline void dial_from(const char *host, uint16_t port, const char *local, int64_t timeout)
{
    net_dial_t dial = {.host = host, .port = port, .local_addresses = {local}, .timeout = timeout};
    scene->client.inside = true;
    scene->client.conn = net_dial(scene->loop, &dial, &scene->client.output, &side_ops, &scene->client);
    scene->client.inside = false;
}

static inline void dial(const char *host)
{
    dial_from(host, scene->port, NULL, LONG_TIMEOUT);
}

static inline bool says(const side_t *side, const char *words)
{
    return side->failure && strstr(side->failure, words) != NULL;
}

/* A port of the loopback where nobody listens: one that was free a moment ago. */
static inline uint16_t silent_port(void)
{
    apr_sockaddr_t *address = NULL;
    apr_socket_t *socket = NULL;
    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, scene->pool);
    apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, scene->pool);
    apr_socket_bind(socket, address);
    apr_socket_addr_get(&address, APR_LOCAL, socket);
    uint16_t port = address->port;
    apr_socket_close(socket);
    return port;
}

#endif
