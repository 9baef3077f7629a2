/* Connections over loopback: dialling, sending, back-pressure, every way to end, refusals in words. */
#include "scene.h"

#ifndef _WIN32
#include <netinet/tcp.h>
#include <unistd.h>
#endif

#include "net/internal.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef _WIN32 /* only the growth needs so many, and it is not measured there */
enum { MANY = 500 };
#else
enum { MANY = 10000 };
#endif
enum { GROWTH_LIMIT = 2 << 20, PAUSED_TURN = 10000 };

static void echo(side_t *side, bytes_t octets)
{
    buffer_append(&side->output, octets);
    side_send(side);
}

static void close_at_1000(side_t *side, bytes_t octets)
{
    (void)octets;
    if (side->received == 1000)
        side_close(side, false);
}

static int socket_option(const net_conn_t *conn, int level, int option)
{
    apr_os_sock_t system_socket;
    int value = -1;
    socklen_t length = sizeof(value);
    CU_ASSERT_EQUAL(apr_os_sock_get(&system_socket, conn->socket), APR_SUCCESS);
    CU_ASSERT_EQUAL(getsockopt(system_socket, level, option, (void *)&value, &length), 0);
    return value;
}

static void expect_keepalive(const side_t *side)
{
    CU_ASSERT_NOT_EQUAL(socket_option(side->conn, SOL_SOCKET, SO_KEEPALIVE), 0);
#ifndef _WIN32 /* before Windows 10 they could only be set */
    int idle = socket_option(side->conn, IPPROTO_TCP, TCP_KEEPIDLE);
    int interval = socket_option(side->conn, IPPROTO_TCP, TCP_KEEPINTVL);
    int probes = socket_option(side->conn, IPPROTO_TCP, TCP_KEEPCNT);
    CU_ASSERT(idle > 0 && interval > 0 && probes > 1);
    CU_ASSERT(idle + interval * probes <= 300);
    /* A peer that only reads slowly is not to be cut off by it. */
    CU_ASSERT_EQUAL(socket_option(side->conn, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
#endif
}

/* Both the side that calls and the one that is called notice within five minutes that the other is gone. */
static void a_peer_that_is_gone_is_noticed_within_minutes(void)
{
    scene_begin("127.0.0.1");
    side_append(&scene->client, 0, 10);
    scene->server.on_input = stop_on_input;
    dial("127.0.0.1");
    scene_run();
    expect_keepalive(&scene->client);
    expect_keepalive(&scene->server);
    net_conn_doubt(scene->server.conn);
    expect_keepalive(&scene->server);
#ifndef _WIN32
    CU_ASSERT(socket_option(scene->server.conn, IPPROTO_TCP, TCP_KEEPIDLE) <= 15);
#endif
    side_close(&scene->client, false);
    scene_run_empty();
    scene_finish();
}

static void octets_go_both_ways(void)
{
    scene_begin("127.0.0.1");
    side_append(&scene->client, 0, 1000);
    scene->server.on_input = echo;
    scene->client.on_input = close_at_1000;
    scene->server.on_closed = stop_scene;
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(scene->client.connected, 1);
    CU_ASSERT_EQUAL(scene->client.received, 1000);
    CU_ASSERT_TRUE(scene->client.intact);
    CU_ASSERT_EQUAL(scene->client.closed, 0);
    CU_ASSERT_EQUAL(scene->server.closed, 1);
    CU_ASSERT_PTR_NULL(scene->server.failure);
    scene_finish();
}

static unsigned asked;

static bool closed_at_first(void *baton)
{
    (void)baton;
    CU_ASSERT_TRUE(scene->server.received == 0 || asked >= 5);
    return ++asked >= 5;
}

static void output_waits_while_the_gate_is_closed(void)
{
    asked = 0;
    scene_begin("127.0.0.1");
    net_loop_set_gate(scene->loop, closed_at_first, NULL);
    side_append(&scene->client, 0, 1000);
    scene->server.on_input = echo;
    scene->client.on_input = close_at_1000;
    scene->server.on_closed = stop_scene;
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(scene->client.received, 1000);
    CU_ASSERT_TRUE(scene->client.intact);
    CU_ASSERT_TRUE(asked >= 5);
    scene_finish();
}

static void a_refused_connect_is_told_in_words(void)
{
    scene_begin(NULL);
    uint16_t port = silent_port();
    scene->client.on_closed = stop_scene;
    dial_from("127.0.0.1", port, NULL, LONG_TIMEOUT);
    scene_run();
    char address[32];
    snprintf(address, sizeof(address), "127.0.0.1:%u", (unsigned)port);
    CU_ASSERT_EQUAL(scene->client.closed, 1);
    CU_ASSERT_EQUAL(scene->client.connected, 0);
    CU_ASSERT_TRUE(says(&scene->client, "no connection to 127.0.0.1 port "));
    CU_ASSERT_TRUE(says(&scene->client, address));
    CU_ASSERT_TRUE(says(&scene->client, "refused"));
    CU_ASSERT_EQUAL(net_loop_connections(scene->loop), 0);
    scene_finish();
}

static char peer_seen[80], local_seen[80];
static size_t octets_seen;

static void note_addresses(net_conn_t *conn)
{
    snprintf(peer_seen, sizeof(peer_seen), "%s", net_conn_peer_address(conn));
    snprintf(local_seen, sizeof(local_seen), "%s", net_conn_local_address(conn));
    octets_seen = net_conn_peer_octets(conn).length;
    net_conn_close(conn, false);
    net_loop_stop(scene->loop);
}

static void TP_06_the_source_address_is_as_configured(void)
{
    scene_begin("127.0.0.1");
    scene->on_accepted = note_addresses;
    dial_from("127.0.0.1", scene->port, "127.0.0.2", LONG_TIMEOUT);
    scene_run();
    CU_ASSERT_EQUAL(strncmp(peer_seen, "127.0.0.2:", 10), 0);
    CU_ASSERT_STRING_EQUAL(local_seen, net_listener_address(scene->listener));
    CU_ASSERT_EQUAL(octets_seen, 4);
    scene_finish();
}

static void TP_06_an_address_that_is_not_here_is_named(void)
{
    scene_begin("127.0.0.1");
    scene->client.on_closed = stop_scene;
    dial_from("127.0.0.1", scene->port, "192.0.2.77", LONG_TIMEOUT);
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "cannot call from 192.0.2.77"));
    dial_from("127.0.0.1", scene->port, "not.an.address", LONG_TIMEOUT);
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "\"not.an.address\" is not an IPv4 or IPv6 address"));
    dial_from("127.0.0.1", scene->port, "::1", LONG_TIMEOUT);
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "local address ::1"));
    CU_ASSERT_EQUAL(scene->client.closed, 3);
    CU_ASSERT_EQUAL(scene->accepted, 0);
    scene_finish();
}

static bool has_ipv6(void)
{
    apr_pool_t *pool;
    apr_sockaddr_t *address = NULL;
    apr_socket_t *socket = NULL;
    apr_pool_create(&pool, NULL);
    bool has = apr_sockaddr_info_get(&address, "::1", APR_UNSPEC, 0, 0, pool) == APR_SUCCESS &&
               apr_socket_create(&socket, address->family, SOCK_STREAM, APR_PROTO_TCP, pool) == APR_SUCCESS &&
               apr_socket_bind(socket, address) == APR_SUCCESS;
    apr_pool_destroy(pool);
    return has;
}

static void TP_06_ipv6(void)
{
    if (!has_ipv6())
        return;
    scene_begin("::1");
    scene->on_accepted = note_addresses;
    dial("::1");
    scene_run();
    CU_ASSERT_EQUAL(strncmp(peer_seen, "[::1]:", 6), 0);
    CU_ASSERT_STRING_EQUAL(local_seen, net_listener_address(scene->listener));
    CU_ASSERT_EQUAL(octets_seen, 16);
    scene_finish();
    scene_begin("*"); /* any: both kinds, and IPv4 callers look like IPv4 */
    scene->on_accepted = note_addresses;
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(strncmp(peer_seen, "127.0.0.1:", 10), 0);
    CU_ASSERT_EQUAL(octets_seen, 4);
    dial("::1");
    scene_run();
    CU_ASSERT_EQUAL(strncmp(peer_seen, "[::1]:", 6), 0);
    scene_finish();
}

static void resume_server(void *baton)
{
    (void)baton;
    /* The client could not get rid of everything while nobody read. */
    CU_ASSERT_TRUE(buffer_length(&scene->client.output) > 0);
    CU_ASSERT_EQUAL(scene->client.drained, 0);
    CU_ASSERT_EQUAL(scene->server.inputs, 1);
    net_conn_pause(scene->server.conn, false);
}

static void pause_once(side_t *side, bytes_t octets)
{
    (void)octets;
    if (side->inputs == 1) {
        net_conn_pause(side->conn, true);
        scene_arm(TIME_MILLISECONDS(30), resume_server);
    }
    if (side->received == BIG)
        net_loop_stop(scene->loop);
}

static void a_paused_reader_pushes_back_and_nothing_is_lost(void)
{
    scene_begin("127.0.0.1");
    side_append(&scene->client, 0, BIG);
    scene->server.on_input = pause_once;
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(scene->server.received, BIG);
    CU_ASSERT_TRUE(scene->server.intact);
    CU_ASSERT_EQUAL(buffer_length(&scene->client.output), 0);
    CU_ASSERT_EQUAL(scene->client.drained, 1);
    scene_finish();
}

static void linger_at_once(side_t *side)
{
    side_append(side, 0, BIG);
    side_close(side, true);
    /* The buffer is the user's again, at once. */
    CU_ASSERT_EQUAL(buffer_length(&side->output), 0);
    buffer_release(&side->output);
}

static void a_lingering_close_sends_the_rest(void)
{
    scene_begin("127.0.0.1");
    scene->client.on_connected = linger_at_once;
    scene->server.on_closed = stop_scene;
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(scene->server.received, BIG);
    CU_ASSERT_TRUE(scene->server.intact);
    CU_ASSERT_PTR_NULL(scene->server.failure);
    CU_ASSERT_EQUAL(scene->client.closed, 0);
    scene_run_empty();
    scene_finish();
}

static void attach_paused(net_conn_t *conn)
{
    scene->server.conn = conn;
    net_conn_attach(conn, &scene->server.output, &side_ops, &scene->server);
    net_conn_pause(conn, true);
}

static void close_paused_server(void *baton)
{
    (void)baton;
    if (net_loop_connections(scene->loop) > 1) {
        scene_arm(TIME_MILLISECONDS(10), close_paused_server);
        return;
    }
    side_close(&scene->server, false);
    net_loop_stop(scene->loop);
}

static void a_peer_that_never_closes_ends_a_lingering_close(void)
{
    scene_begin("127.0.0.1");
    scene->on_accepted = attach_paused;
    scene->client.on_connected = linger_at_once;
    scene_arm(TIME_MILLISECONDS(10), close_paused_server);
    dial("127.0.0.1");
    mono_time_t begun = timebase_mono(timebase_system());
    scene_run();
    CU_ASSERT_TRUE(timebase_mono(timebase_system()) - begun >= TIME_MILLISECONDS(1900));
    scene_finish();
}

/* A peer of plain sockets: sends one octet, shuts its side, reads to the end. */
static size_t plain_received;

static void *APR_THREAD_FUNC plain_half_close(apr_thread_t *thread, void *data)
{
    apr_pool_t *pool;
    apr_sockaddr_t *address = NULL;
    apr_socket_t *socket = NULL;
    char buffer[4096];
    (void)thread;
    (void)data;
    apr_pool_create(&pool, NULL);
    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, scene->port, 0, pool);
    apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool);
    if (apr_socket_connect(socket, address) == APR_SUCCESS) {
        apr_size_t length = 1;
        apr_socket_send(socket, "\0", &length);
        apr_socket_shutdown(socket, APR_SHUTDOWN_WRITE);
        do {
            length = sizeof(buffer);
            if (apr_socket_recv(socket, buffer, &length) != APR_SUCCESS && length == 0)
                break;
            plain_received += length;
        } while (length > 0);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void answer_big(side_t *side, bytes_t octets)
{
    (void)octets;
    side_append(side, 0, BIG);
    side_send(side);
}

static void a_peer_that_shuts_its_side_still_gets_the_answer(void)
{
    apr_thread_t *thread = NULL;
    apr_status_t status;
    scene_begin("127.0.0.1");
    plain_received = 0;
    scene->server.on_input = answer_big;
    scene->server.on_closed = stop_scene;
    apr_thread_create(&thread, NULL, plain_half_close, NULL, scene->pool);
    scene_run();
    CU_ASSERT_EQUAL(scene->server.closed, 1);
    CU_ASSERT_PTR_NULL(scene->server.failure);
    scene_run_empty();
    apr_thread_join(&status, thread);
    CU_ASSERT_EQUAL(plain_received, BIG);
    scene_finish();
}

static void close_unread(net_conn_t *conn)
{
    net_conn_close(conn, false); /* with octets unread: the client gets a reset */
}

static void send_more(void *baton)
{
    (void)baton;
    if (!scene->client.conn)
        return;
    side_append(&scene->client, 0, 1000);
    side_send(&scene->client);
    side_send(&scene->client);
    scene_arm(1000, send_more);
}

static void start_sending(side_t *side)
{
    (void)side;
    scene_arm(0, send_more);
}

static void a_broken_connection_is_told_once_and_never_from_within_a_call(void)
{
    scene_begin("127.0.0.1");
    scene->on_accepted = close_unread;
    scene->client.on_connected = start_sending;
    scene->client.on_closed = stop_scene;
    dial("127.0.0.1");
    scene_run();
    scene_run_empty();
    CU_ASSERT_EQUAL(scene->client.closed, 1);
    scene_finish();
}

static void last_words(net_conn_t *conn)
{
    scene->server.conn = conn;
    net_conn_attach(conn, &scene->server.output, &side_ops, &scene->server);
    net_conn_pause(conn, true);
    side_append(&scene->server, 0, 5000);
    side_send(&scene->server);
    side_close(&scene->server, false);
}

static void send_into_reset(void *baton)
{
    (void)baton;
    side_append(&scene->client, 0, 1000);
    side_send(&scene->client);
}

static void wait_then_send(side_t *side)
{
    net_conn_pause(side->conn, true);
    scene_arm(TIME_MILLISECONDS(20), send_into_reset);
}

static void drained_after_pause(void *baton)
{
    (void)baton;
    if (scene->client.conn)
        net_conn_pause(scene->client.conn, false);
}

static void unpause(side_t *side)
{
    (void)side;
    net_loop_stop(scene->loop);
}

static void what_the_peer_said_before_it_closed_is_heard(void)
{
    scene_begin("127.0.0.1");
    scene->on_accepted = last_words;
    scene->client.on_connected = wait_then_send;
    scene->client.on_closed = unpause;
    timers_item_t later = {.run = drained_after_pause};
    timers_arm(net_loop_timers(scene->loop), &later,
               timebase_mono(timebase_system()) + TIME_MILLISECONDS(20));
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(scene->client.closed, 1);
    CU_ASSERT_EQUAL(scene->client.received, 5000);
    timers_cancel(net_loop_timers(scene->loop), &later);
    scene_finish();
}

static void close_in_connected(side_t *side)
{
    side_close(side, false);
}

static void close_in_input(side_t *side, bytes_t octets)
{
    (void)octets;
    side_close(side, false);
}

static void close_is_safe_in_every_callback(void)
{
    scene_begin("127.0.0.1");
    scene->client.on_connected = close_in_connected;
    dial("127.0.0.1");
    scene_run_empty();
    scene->client.on_connected = NULL;
    scene->server.on_input = close_in_input;
    side_append(&scene->client, 0, BIG);
    dial("127.0.0.1");
    scene_run_empty();
    CU_ASSERT_TRUE(scene->server.received > 0);
    CU_ASSERT_EQUAL(scene->client.closed, 1);
    buffer_clear(&scene->client.output);
    /* In `drained`, and while it still connects. */
    scene->server.on_input = NULL;
    scene->client.on_drained = close_in_connected;
    side_append(&scene->client, 0, BIG);
    dial("127.0.0.1");
    scene_run_empty();
    dial("127.0.0.1");
    side_close(&scene->client, true);
    scene_run_empty();
    scene_finish();
}

static size_t resident(void)
{
    unsigned long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    if (fscanf(file, "%lu %lu", &size, &pages) != 2)
        pages = 0;
    fclose(file);
    return pages * 4096;
}

static unsigned rounds_left;

static void next_round(side_t *side)
{
    (void)side;
    if (rounds_left == 0) {
        net_loop_stop(scene->loop);
        return;
    }
    rounds_left--;
    dial_from("127.0.0.1", scene->port, NULL, LONG_TIMEOUT);
}

static void server_ends(side_t *side)
{
    side_close(side, true);
    next_round(side);
}

static void close_accepted(net_conn_t *conn)
{
    net_conn_close(conn, false);
}

static size_t growth_after(unsigned rounds)
{
    rounds_left = rounds / 10; /* first the pools and caches get their size */
    next_round(NULL);
    scene_run();
    scene_run_empty();
    size_t before = resident();
    rounds_left = rounds;
    next_round(NULL);
    scene_run();
    scene_run_empty();
    size_t after = resident();
    return after > before ? after - before : 0;
}

static void many_connections_leave_no_memory_behind(void)
{
    scene_begin("127.0.0.1");
    scene->on_accepted = close_accepted;
    scene->client.on_connected = server_ends;
    size_t growth = growth_after(MANY);
    CU_ASSERT_EQUAL(net_loop_connections(scene->loop), 0);
    CU_ASSERT_EQUAL(scene->client.connected, MANY + MANY / 10);
#ifndef SANITIZED
    CU_ASSERT_TRUE(growth < GROWTH_LIMIT);
#endif
    (void)growth;
    scene_finish();
}

static void many_refused_attempts_leave_no_memory_behind(void)
{
    scene_begin(NULL);
    scene->port = silent_port();
    scene->client.on_closed = next_round;
    size_t growth = growth_after(MANY);
    CU_ASSERT_EQUAL(scene->client.closed, MANY + MANY / 10);
#ifndef SANITIZED
    CU_ASSERT_TRUE(growth < GROWTH_LIMIT);
#endif
    (void)growth;
    scene_finish();
}

/* A port that takes no calls: its queue is full and nobody accepts. */
static void a_peer_that_does_not_answer_is_given_up_in_time(void)
{
    enum { CALLS = 4 };
    apr_sockaddr_t *address = NULL;
    apr_socket_t *listener = NULL;
    apr_socket_t *caller = NULL;
    scene_begin(NULL);
    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, scene->pool);
    apr_socket_create(&listener, APR_INET, SOCK_STREAM, APR_PROTO_TCP, scene->pool);
    apr_socket_bind(listener, address);
    apr_socket_listen(listener, 0);
    apr_socket_addr_get(&address, APR_LOCAL, listener);
    for (int i = 0; i < CALLS; i++) {
        apr_socket_create(&caller, APR_INET, SOCK_STREAM, APR_PROTO_TCP, scene->pool);
        apr_socket_timeout_set(caller, 0);
        apr_socket_connect(caller, address);
    }
    scene->client.on_closed = stop_scene;
    dial_from("127.0.0.1", address->port, NULL, TIME_MILLISECONDS(100));
    scene_run();
    CU_ASSERT_EQUAL(scene->client.connected, 0);
    CU_ASSERT_TRUE(says(&scene->client, "no answer in time"));
    scene_finish();
}

static const unit_test_t tests[] = {
    UNIT_TEST(a_peer_that_is_gone_is_noticed_within_minutes),
    UNIT_TEST(octets_go_both_ways),
    UNIT_TEST(output_waits_while_the_gate_is_closed),
    UNIT_TEST(a_refused_connect_is_told_in_words),
    UNIT_TEST(TP_06_the_source_address_is_as_configured),
    UNIT_TEST(TP_06_an_address_that_is_not_here_is_named),
    UNIT_TEST(TP_06_ipv6),
    UNIT_TEST(a_paused_reader_pushes_back_and_nothing_is_lost),
    UNIT_TEST(a_lingering_close_sends_the_rest),
    UNIT_TEST(a_peer_that_never_closes_ends_a_lingering_close),
    UNIT_TEST(a_peer_that_shuts_its_side_still_gets_the_answer),
    UNIT_TEST(a_broken_connection_is_told_once_and_never_from_within_a_call),
    UNIT_TEST(what_the_peer_said_before_it_closed_is_heard),
    UNIT_TEST(close_is_safe_in_every_callback),
    UNIT_TEST(many_connections_leave_no_memory_behind),
    UNIT_TEST(many_refused_attempts_leave_no_memory_behind),
    UNIT_TEST(a_peer_that_does_not_answer_is_given_up_in_time),
};

UNIT_MAIN("net/conn", tests)
