/* Listeners: many calls at once, addresses in words, ends in every way, no descriptors left. */
#include "scene.h"

#include <apr_portable.h>

#ifndef _WIN32
#include <sys/resource.h>
#endif

enum { CALLS = 200 };

static void a_port_in_use_is_told_in_words(void)
{
    scene_begin("127.0.0.1");
    net_listener_t *second = NULL;
    net_listen_t listen = {.address = "127.0.0.1", .port = scene->port};
    err_t *err = net_listen(&second, scene->loop, &listen, scene_accepted, scene, scene->pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    const char *words = err_describe(scene->pool, err);
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "cannot listen on 127.0.0.1 port "));
#ifdef _WIN32
    char system[200];
    apr_strerror(APR_FROM_OS_ERROR(WSAEADDRINUSE), system, sizeof(system));
    CU_ASSERT_PTR_NOT_NULL(strstr(words, system));
#else
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "in use"));
#endif
    scene_finish();
}

static void TP_06_a_listener_is_bound_to_the_given_address(void)
{
    scene_begin("127.0.0.1");
    char address[40];
    snprintf(address, sizeof(address), "127.0.0.1:%u", (unsigned)scene->port);
    CU_ASSERT_STRING_EQUAL(net_listener_address(scene->listener), address);
    scene->client.on_closed = stop_scene;
    dial("127.0.0.2");
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "refused"));
    CU_ASSERT_EQUAL(scene->accepted, 0);
    net_listener_t *absent = NULL;
    net_listen_t listen = {.address = "192.0.2.77"};
    err_t *err = net_listen(&absent, scene->loop, &listen, scene_accepted, scene, scene->pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(scene->pool, err), "192.0.2.77"));
    scene_finish();
}

static void any_address_takes_them_all(void)
{
    scene_begin("*");
    scene->server.on_closed = stop_scene;
    CU_ASSERT_EQUAL(strncmp(net_listener_address(scene->listener), "*:", 2), 0);
    dial("127.0.0.2");
    scene->client.on_connected = stop_scene;
    scene_run();
    CU_ASSERT_EQUAL(scene->client.connected, 1);
    scene_finish();
}

static unsigned callers_gone;

static void reject(net_conn_t *conn)
{
    net_conn_close(conn, false);
}

static void caller_closed(void *context, const err_t *err)
{
    (void)context;
    (void)err;
    if (++callers_gone == CALLS)
        net_loop_stop(scene->loop);
}

static void nothing(void *context)
{
    (void)context;
}

static void no_input(void *context, bytes_t octets)
{
    (void)context;
    (void)octets;
}

static const net_conn_ops_t caller_ops = {nothing, no_input, NULL, caller_closed};

static void call_often(buffer_t *outputs)
{
    callers_gone = 0;
    for (int i = 0; i < CALLS; i++) {
        net_dial_t one = {.host = "127.0.0.1", .port = scene->port, .timeout = LONG_TIMEOUT};
        buffer_init(&outputs[i], scene->pool, 1000);
        net_dial(scene->loop, &one, &outputs[i], &caller_ops, NULL);
    }
}

static void many_calls_at_once_are_all_taken(void)
{
    static buffer_t outputs[CALLS];
    scene_begin("127.0.0.1");
    scene->on_accepted = reject;
    call_often(outputs);
    scene_run();
    CU_ASSERT_EQUAL(scene->accepted, CALLS);
    CU_ASSERT_EQUAL(callers_gone, CALLS);
    CU_ASSERT_EQUAL(net_loop_connections(scene->loop), 0);
    scene_finish();
}

static void close_listener(net_conn_t *conn)
{
    net_conn_close(conn, false);
    net_listener_close(scene->listener);
    net_listener_close(scene->listener); /* no effect */
}

static void a_listener_may_be_closed_where_it_calls(void)
{
    static buffer_t outputs[CALLS];
    scene_begin("127.0.0.1");
    scene->on_accepted = close_listener;
    call_often(outputs);
    scene_run();
    CU_ASSERT_EQUAL(scene->accepted, 1);
    /* The port is free at once. */
    net_listen_t listen = {.address = "127.0.0.1", .port = scene->port};
    CU_ASSERT_PTR_NULL(
        net_listen(&scene->listener, scene->loop, &listen, scene_accepted, scene, scene->pool));
    scene_finish();
}

static void a_listener_ends_with_its_pool(void)
{
    apr_pool_t *pool;
    net_listener_t *listener = NULL;
    scene_begin(NULL);
    apr_pool_create(&pool, NULL);
    net_listen_t listen = {.address = "127.0.0.1"};
    CU_ASSERT_PTR_NULL_FATAL(net_listen(&listener, scene->loop, &listen, scene_accepted, scene, pool));
    scene->port = net_listener_port(listener);
    apr_pool_destroy(pool);
    scene->client.on_closed = stop_scene;
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "refused"));
    /* The other way round: the loop goes first. */
    apr_pool_create(&pool, NULL);
    CU_ASSERT_PTR_NULL_FATAL(net_listen(&listener, scene->loop, &listen, scene_accepted, scene, pool));
    scene_finish();
    apr_pool_destroy(pool);
}

#ifndef _WIN32
static unsigned troubles;
static struct rlimit limit_before;

static void count_trouble(void *context, const err_t *err)
{
    (void)context;
    troubles++;
    CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(scene->pool, err), "calls to 127.0.0.1:"));
}

static void raise_limit(void *baton)
{
    (void)baton;
    CU_ASSERT_EQUAL(scene->accepted, 0);
    setrlimit(RLIMIT_NOFILE, &limit_before);
}

static void stop_on_accept(net_conn_t *conn)
{
    net_conn_close(conn, false);
    net_loop_stop(scene->loop);
}

static int descriptors_used(apr_pool_t *pool)
{
    apr_socket_t *socket = NULL;
    apr_os_sock_t descriptor = -1;
    apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool);
    apr_os_sock_get(&descriptor, socket);
    apr_socket_close(socket);
    return descriptor;
}

static void no_descriptors_left_is_told_once_and_passes(void)
{
    scene_begin(NULL);
    troubles = 0;
    net_listen_t listen = {.address = "127.0.0.1", .trouble = count_trouble};
    scene->on_accepted = stop_on_accept;
    CU_ASSERT_PTR_NULL_FATAL(
        net_listen(&scene->listener, scene->loop, &listen, scene_accepted, scene, scene->pool));
    scene->port = net_listener_port(scene->listener);
    getrlimit(RLIMIT_NOFILE, &limit_before);
    dial("127.0.0.1"); /* has its descriptor now; the call waits to be taken */
    struct rlimit none = limit_before;
    none.rlim_cur = (rlim_t)descriptors_used(scene->pool);
    setrlimit(RLIMIT_NOFILE, &none);
    scene_arm(TIME_MILLISECONDS(250), raise_limit);
    scene_run();
    CU_ASSERT_EQUAL(scene->accepted, 1);
    CU_ASSERT_EQUAL(troubles, 1);
    scene_finish();
}
#endif

static const unit_test_t tests[] = {
    UNIT_TEST(a_port_in_use_is_told_in_words),
    UNIT_TEST(TP_06_a_listener_is_bound_to_the_given_address),
    UNIT_TEST(any_address_takes_them_all),
    UNIT_TEST(many_calls_at_once_are_all_taken),
    UNIT_TEST(a_listener_may_be_closed_where_it_calls),
    UNIT_TEST(a_listener_ends_with_its_pool),
#ifndef _WIN32
    UNIT_TEST(no_descriptors_left_is_told_once_and_passes),
#endif
};

UNIT_MAIN("net/listener", tests)
