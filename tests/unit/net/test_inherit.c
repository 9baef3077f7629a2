/* Listeners on sockets that a service manager opened. */
#include "scene.h"

#include <apr_portable.h>

/* A socket that listens at address, and its port. */
static apr_os_sock_t open_elsewhere(const char *address, uint16_t *port)
{
    apr_sockaddr_t *at = NULL;
    apr_socket_t *socket = NULL;
    apr_os_sock_t os_socket = 0;
    CU_ASSERT_EQUAL_FATAL(apr_sockaddr_info_get(&at, address, APR_UNSPEC, 0, 0, scene->pool), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(apr_socket_create(&socket, at->family, SOCK_STREAM, APR_PROTO_TCP, scene->pool),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(apr_socket_bind(socket, at), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(apr_socket_listen(socket, 5), APR_SUCCESS);
    apr_socket_addr_get(&at, APR_LOCAL, socket);
    *port = at->port;
    apr_os_sock_get(&os_socket, socket);
    return os_socket;
}

static err_t *listen_at(const char *address, uint16_t port)
{
    net_listen_t listen = {.address = address, .port = port};
    return net_listen(&scene->listener, scene->loop, &listen, scene_accepted, scene, scene->pool);
}

static void call_once(const char *address)
{
    unsigned before = scene->client.connected;
    scene->client.on_connected = stop_scene;
    dial(address);
    scene_run();
    CU_ASSERT_EQUAL(scene->client.connected, before + 1);
}

static void a_listener_takes_the_socket_of_its_address(void)
{
    scene_begin(NULL);
    uint16_t port = 0;
    apr_os_sock_t os_socket = open_elsewhere("127.0.0.1", &port);
    CU_ASSERT_PTR_NOT_NULL(listen_at("127.0.0.1", port)); /* the port is taken */
    CU_ASSERT_TRUE(net_loop_inherit(scene->loop, os_socket));
    const char *unused = net_loop_unused_socket(scene->loop, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(unused);
    CU_ASSERT_EQUAL(strncmp(unused, "127.0.0.1:", 10), 0);
    CU_ASSERT_PTR_NULL_FATAL(listen_at("127.0.0.1", port));
    CU_ASSERT_EQUAL(net_listener_port(scene->listener), port);
    CU_ASSERT_PTR_NULL(net_loop_unused_socket(scene->loop, 0));
    CU_ASSERT_PTR_NOT_NULL(listen_at("127.0.0.1", port)); /* one listener has it */
    scene->port = port;
    call_once("127.0.0.1");
    scene_finish();
}

static void a_closed_listener_gives_the_socket_back(void)
{
    scene_begin(NULL);
    uint16_t port = 0;
    apr_os_sock_t os_socket = open_elsewhere("127.0.0.1", &port);
    CU_ASSERT_TRUE(net_loop_inherit(scene->loop, os_socket));
    CU_ASSERT_PTR_NULL_FATAL(listen_at("127.0.0.1", port));
    net_listener_close(scene->listener);
    CU_ASSERT_PTR_NOT_NULL(net_loop_unused_socket(scene->loop, 0));
    CU_ASSERT_PTR_NULL_FATAL(listen_at("127.0.0.1", port)); /* as a reload does */
    scene->port = port;
    call_once("127.0.0.1");
    scene_finish();
}

static void other_addresses_and_ports_are_not_taken(void)
{
    scene_begin(NULL);
    uint16_t port = 0;
    apr_os_sock_t os_socket = open_elsewhere("127.0.0.1", &port);
    CU_ASSERT_TRUE(net_loop_inherit(scene->loop, os_socket));
    CU_ASSERT_PTR_NULL(listen_at("127.0.0.2", port)); /* a socket of its own */
    CU_ASSERT_PTR_NOT_NULL(net_loop_unused_socket(scene->loop, 0));
    CU_ASSERT_PTR_NULL(listen_at("127.0.0.1", 0));
    CU_ASSERT_PTR_NOT_NULL(net_loop_unused_socket(scene->loop, 0));
    CU_ASSERT_PTR_NULL(net_loop_unused_socket(scene->loop, 1));
    scene_finish();
}

static void a_socket_of_any_address_is_for_a_listener_of_any(void)
{
    scene_begin(NULL);
    uint16_t port = 0;
    apr_os_sock_t os_socket = open_elsewhere("0.0.0.0", &port);
    CU_ASSERT_TRUE(net_loop_inherit(scene->loop, os_socket));
    CU_ASSERT_PTR_NULL_FATAL(listen_at(NULL, port));
    CU_ASSERT_PTR_NULL(net_loop_unused_socket(scene->loop, 0));
    scene->port = port;
    call_once("127.0.0.2");
    scene_finish();
}

static void what_is_no_socket_is_refused(void)
{
    scene_begin(NULL);
    CU_ASSERT_FALSE(net_loop_inherit(scene->loop, (apr_os_sock_t)-1));
    CU_ASSERT_PTR_NULL(net_loop_unused_socket(scene->loop, 0));
    scene_finish();
}

static const unit_test_t tests[] = {
    UNIT_TEST(a_listener_takes_the_socket_of_its_address),
    UNIT_TEST(a_closed_listener_gives_the_socket_back),
    UNIT_TEST(other_addresses_and_ports_are_not_taken),
    UNIT_TEST(a_socket_of_any_address_is_for_a_listener_of_any),
    UNIT_TEST(what_is_no_socket_is_refused),
};

UNIT_MAIN("net/inherit", tests)
