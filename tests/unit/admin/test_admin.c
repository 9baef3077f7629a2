/* The admin interface over real sockets, before an agent of the test's own. */
#include "admin/admin.h"

#include <apr_file_io.h>
#include <apr_network_io.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "admin/client.h"
#include "admin/token.h"
#include "mta/control.h"
#include "unit.h"

/* The loop: what is posted is run by a thread, one after the other. */
enum { POST_LIMIT = 256 };
struct net_loop_t {
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *changed;
    void (*run[POST_LIMIT])(void *baton);
    void *baton[POST_LIMIT];
    unsigned count;
    bool held; /* nothing is run */
    bool end;
    apr_thread_t *thread;
};

void net_loop_post(net_loop_t *loop, void (*run)(void *baton), void *baton)
{
    apr_thread_mutex_lock(loop->lock);
    if (loop->count < POST_LIMIT) {
        loop->run[loop->count] = run;
        loop->baton[loop->count++] = baton;
    }
    apr_thread_cond_signal(loop->changed);
    apr_thread_mutex_unlock(loop->lock);
}

static void *APR_THREAD_FUNC loop_run(apr_thread_t *thread, void *data)
{
    (void)thread;
    net_loop_t *loop = data;
    apr_thread_mutex_lock(loop->lock);
    while (!loop->end) {
        if (loop->count == 0 || loop->held) {
            apr_thread_cond_wait(loop->changed, loop->lock);
            continue;
        }
        void (*run)(void *) = loop->run[0];
        void *baton = loop->baton[0];
        loop->count--;
        memmove(loop->run, loop->run + 1, loop->count * sizeof(loop->run[0]));
        memmove(loop->baton, loop->baton + 1, loop->count * sizeof(loop->baton[0]));
        apr_thread_mutex_unlock(loop->lock);
        run(baton);
        apr_thread_mutex_lock(loop->lock);
    }
    apr_thread_mutex_unlock(loop->lock);
    return NULL;
}

/* The agent: echoes; keeps the replies of "later" until the test asks for them. */
struct agent_t {
    control_reply_t reply;
    void *context;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *came; /* a "later" is here */
};

void control_request(agent_t *agent, const char *operation, const json_t *arguments, control_reply_t reply,
                     void *context)
{
    if (strcmp(operation, "later") == 0) {
        apr_thread_mutex_lock(agent->lock);
        agent->reply = reply;
        agent->context = context;
        apr_thread_cond_signal(agent->came);
        apr_thread_mutex_unlock(agent->lock);
    } else if (strcmp(operation, "absent") == 0) {
        reply(context, 404, json_pack("{s:s}", "error", "no such operation"));
    } else if (strcmp(operation, "metrics") == 0) {
        reply(context, 200,
              json_pack("{s:[{s:s,s:s,s:s,s:{s:s},s:i},{s:s,s:s,s:s,s:{},s:f},{s:s,s:s,s:s,s:{s:s},s:i}]}",
                        "metrics", "name", "x400_queued", "help", "Messages \\ waiting\n", "type", "gauge",
                        "labels", "connector", "A \"quoted\"\\\n", "value", 7, "name", "x400_up", "help",
                        "Up", "type", "gauge", "labels", "value", 1.5, "name", "x400_queued", "help", "",
                        "type", "gauge", "labels", "connector", "B", "value", 8));
    } else if (strcmp(operation, "send") == 0) {
        reply(context, 200,
              json_pack("{s:i}", "length", (int)json_string_length(json_object_get(arguments, "content"))));
    } else {
        reply(context, 200, json_pack("{s:s,s:O}", "operation", operation, "arguments", arguments));
    }
}

typedef struct fixture_t {
    apr_pool_t *pool;
    agent_t agent;
    net_loop_t loop;
    config_t config;
    admin_t *admin;
    admin_client_t client;
} fixture_t;

static unsigned free_port(apr_pool_t *pool)
{
    apr_socket_t *socket;
    apr_sockaddr_t *address;
    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, pool);
    apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, pool);
    apr_socket_bind(socket, address);
    apr_socket_addr_get(&address, APR_LOCAL, socket);
    unsigned port = address->port;
    apr_socket_close(socket);
    return port;
}

static const char *temporary_path(apr_pool_t *pool, const char *name)
{
    const char *folder;
    static unsigned number;
    apr_temp_dir_get(&folder, pool);
    return apr_psprintf(pool, "%s/x400-admin-%ld-%u-%s", folder, (long)getpid(), number++, name);
}

static void fixture_begin(fixture_t *f)
{
    memset(f, 0, sizeof(*f));
#ifdef SIGPIPE
    apr_signal(SIGPIPE, SIG_IGN); /* the interface may refuse a request before it has read all of it */
#endif
    apr_pool_create(&f->pool, NULL);
    apr_thread_mutex_create(&f->loop.lock, APR_THREAD_MUTEX_DEFAULT, f->pool);
    apr_thread_cond_create(&f->loop.changed, f->pool);
    apr_thread_mutex_create(&f->agent.lock, APR_THREAD_MUTEX_DEFAULT, f->pool);
    apr_thread_cond_create(&f->agent.came, f->pool);
    apr_thread_create(&f->loop.thread, NULL, loop_run, &f->loop, f->pool);
    f->config.admin.address = "127.0.0.1";
    f->config.admin.port = free_port(f->pool);
    f->config.admin.token_file = temporary_path(f->pool, "token");
    CU_ASSERT_PTR_NULL_FATAL(admin_start(&f->admin, &f->agent, &f->loop, &f->config, NULL, f->pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->admin);
    f->client = (admin_client_t){"127.0.0.1", f->config.admin.port, NULL, TIME_SECONDS(120)};
    CU_ASSERT_PTR_NULL_FATAL(admin_token_read(f->config.admin.token_file, &f->client.token, f->pool));
}

static void fixture_end(fixture_t *f)
{
    admin_stop(f->admin);
    apr_thread_mutex_lock(f->loop.lock);
    f->loop.end = true;
    apr_thread_cond_signal(f->loop.changed);
    apr_thread_mutex_unlock(f->loop.lock);
    apr_status_t status;
    apr_thread_join(&status, f->loop.thread);
    apr_file_remove(f->config.admin.token_file, f->pool);
    apr_pool_destroy(f->pool);
}

/* Asks; returns the status, 0 without a response; *text is the body. */
static int ask(fixture_t *f, const char *method, const char *target, bytes_t body, const char **text)
{
    admin_response_t response;
    err_t *err = admin_client_request(&f->client, method, target, body, &response, f->pool);
    *text = err ? err_describe(f->pool, err) : bytes_to_string(f->pool, response.body);
    return err ? 0 : response.status;
}

static void test_post_and_get_reach_the_agent(void)
{
    fixture_t f;
    fixture_begin(&f);
    const char *text;
    CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/reload", BYTES_LITERAL("{\"a\":[1,2]}"), &text), 200);
    CU_ASSERT_STRING_EQUAL(text, "{\"operation\":\"reload\",\"arguments\":{\"a\":[1,2]}}");
    CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/status", BYTES_NONE, &text), 200);
    CU_ASSERT_STRING_EQUAL(text, "{\"operation\":\"status\",\"arguments\":{}}");
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/queue?limit=12&connector=A%20B&id=7x", BYTES_NONE, &text), 200);
    CU_ASSERT_STRING_EQUAL(
        text, "{\"operation\":\"queue\",\"arguments\":{\"limit\":12,\"connector\":\"A B\",\"id\":\"7x\"}}");
    fixture_end(&f);
}

static void test_bad_requests_are_refused_in_words(void)
{
    fixture_t f;
    fixture_begin(&f);
    const char *text;
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/reload", BYTES_NONE, &text), 405);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "use POST"));
    CU_ASSERT_EQUAL(ask(&f, "DELETE", "/v1/status", BYTES_NONE, &text), 405);
    CU_ASSERT_EQUAL(ask(&f, "POST", "/metrics", BYTES_NONE, &text), 405);
    CU_ASSERT_EQUAL(ask(&f, "GET", "/", BYTES_NONE, &text), 404);
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/", BYTES_NONE, &text), 404);
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/../etc", BYTES_NONE, &text), 404);
    CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/absent", BYTES_NONE, &text), 404);
    CU_ASSERT_STRING_EQUAL(text, "{\"error\":\"no such operation\"}");
    CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/status", BYTES_LITERAL("{\"a\""), &text), 400);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "not JSON"));
    CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/status", BYTES_LITERAL("[1]"), &text), 400);
    CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/status", BYTES_LITERAL("{\"a\":1,\"a\":2}"), &text), 400);
    fixture_end(&f);
}

static void test_only_the_token_opens(void)
{
    fixture_t f;
    fixture_begin(&f);
    const char *text;
    const char *token = f.client.token;
    CU_ASSERT_EQUAL(strlen(token), 2 * ADMIN_TOKEN_OCTETS);
    const char *const wrong[] = {"", "x", apr_pstrcat(f.pool, token, "0", NULL),
                                 apr_pstrmemdup(f.pool, token, strlen(token) - 1)};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        f.client.token = wrong[i];
        CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/status", BYTES_NONE, &text), 401);
        CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/status", BYTES_LITERAL("{}"), &text), 401);
        CU_ASSERT_EQUAL(ask(&f, "GET", "/metrics", BYTES_NONE, &text), 401);
        CU_ASSERT_EQUAL(ask(&f, "GET", "/nothing", BYTES_NONE, &text), 401);
    }
    f.client.token = token;
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/status", BYTES_NONE, &text), 200);
    fixture_end(&f);
}

static void test_metrics_are_prometheus_text(void)
{
    fixture_t f;
    fixture_begin(&f);
    const char *text;
    CU_ASSERT_EQUAL(ask(&f, "GET", "/metrics", BYTES_NONE, &text), 200);
    CU_ASSERT_STRING_EQUAL(text, "# HELP x400_queued Messages \\\\ waiting\\n\n"
                                 "# TYPE x400_queued gauge\n"
                                 "x400_queued{connector=\"A \\\"quoted\\\"\\\\\\n\"} 7\n"
                                 "x400_queued{connector=\"B\"} 8\n"
                                 "# HELP x400_up Up\n# TYPE x400_up gauge\nx400_up 1.5\n");
    fixture_end(&f);
}

static void test_bodies_are_bounded(void)
{
    fixture_t f;
    fixture_begin(&f);
    const char *text;
    size_t length = 3 * 1024 * 1024;
    char *body = apr_palloc(f.pool, length + 64);
    int head = snprintf(body, 64, "{\"content\":\"");
    memset(body + head, 'A', length);
    memcpy(body + head + length, "\"}", 2);
    bytes_t octets = bytes_make(body, (size_t)head + length + 2);
    CU_ASSERT_EQUAL(ask(&f, "POST", "/v1/send", octets, &text), 200);
    CU_ASSERT_STRING_EQUAL(text, "{\"length\":3145728}");
    int status = ask(&f, "POST", "/v1/status", octets, &text);
    CU_ASSERT(status == 413 || status == 0);
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/status", BYTES_NONE, &text), 200);
    fixture_end(&f);
}

typedef struct late_t {
    fixture_t *f;
    apr_pool_t *pool;
    int status;
    const char *text;
} late_t;

static void *APR_THREAD_FUNC ask_later(apr_thread_t *thread, void *data)
{
    (void)thread;
    late_t *late = data;
    admin_response_t response;
    err_t *err =
        admin_client_request(&late->f->client, "POST", "/v1/later", BYTES_NONE, &response, late->pool);
    late->status = err ? 0 : response.status;
    late->text = err ? err_describe(late->pool, err) : bytes_to_string(late->pool, response.body);
    return NULL;
}

static void wait_for_later(fixture_t *f)
{
    apr_thread_mutex_lock(f->agent.lock);
    while (!f->agent.reply)
        apr_thread_cond_wait(f->agent.came, f->agent.lock);
    apr_thread_mutex_unlock(f->agent.lock);
}

static void reply_now(void *baton)
{
    agent_t *agent = baton;
    agent->reply(agent->context, 200, json_pack("{s:b}", "late", 1));
}

static void test_an_answer_may_come_later(void)
{
    fixture_t f;
    fixture_begin(&f);
    late_t late = {.f = &f};
    apr_pool_create(&late.pool, NULL);
    apr_thread_t *thread;
    apr_thread_create(&thread, NULL, ask_later, &late, f.pool);
    wait_for_later(&f);
    const char *text; /* others are served meanwhile */
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/status", BYTES_NONE, &text), 200);
    net_loop_post(&f.loop, reply_now, &f.agent);
    apr_status_t status;
    apr_thread_join(&status, thread);
    CU_ASSERT_EQUAL(late.status, 200);
    CU_ASSERT_STRING_EQUAL(late.text, "{\"late\":true}");
    apr_pool_destroy(late.pool);
    fixture_end(&f);
}

static apr_socket_t *ask_and_go(fixture_t *f)
{
    apr_socket_t *socket;
    apr_sockaddr_t *address;
    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, (apr_port_t)f->config.admin.port, 0, f->pool);
    apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, f->pool);
    apr_socket_connect(socket, address);
    const char *request = apr_psprintf(
        f->pool,
        "POST /v1/later HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 2\r\n\r\n{}",
        f->client.token);
    apr_size_t length = strlen(request);
    apr_socket_send(socket, request, &length);
    return socket;
}

static void test_a_client_may_go_first(void)
{
    fixture_t f;
    fixture_begin(&f);
    apr_socket_t *socket = ask_and_go(&f);
    wait_for_later(&f);
    apr_socket_close(socket);
    net_loop_post(&f.loop, reply_now, &f.agent);
    const char *text;
    CU_ASSERT_EQUAL(ask(&f, "GET", "/v1/status", BYTES_NONE, &text), 200);
    fixture_end(&f);
}

static void test_stop_answers_those_who_wait(void)
{
    fixture_t f;
    fixture_begin(&f);
    late_t late = {.f = &f};
    apr_pool_create(&late.pool, NULL);
    apr_thread_t *thread;
    apr_thread_create(&thread, NULL, ask_later, &late, f.pool);
    wait_for_later(&f);
    admin_stop(f.admin);
    apr_status_t status;
    apr_thread_join(&status, thread);
    CU_ASSERT_EQUAL(late.status, 503);
    CU_ASSERT_PTR_NOT_NULL(strstr(late.text, "stopping"));
    net_loop_post(&f.loop, reply_now, &f.agent); /* the agent's answer has nowhere to go */
    apr_pool_destroy(late.pool);
    fixture_end(&f);
}

static void test_stop_with_an_agent_that_never_answers(void)
{
    fixture_t f;
    fixture_begin(&f);
    apr_socket_t *socket = ask_and_go(&f);
    wait_for_later(&f);
    fixture_end(&f); /* the request is given back with the pool */
    (void)socket;
}

static void test_token_file_rules(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *path = temporary_path(pool, "token");
    const char *token = NULL, *again = NULL;
    CU_ASSERT_PTR_NULL(admin_token_ensure(path, &token, pool));
    CU_ASSERT_PTR_NULL(admin_token_ensure(path, &again, pool));
    CU_ASSERT_STRING_EQUAL(token, again);
#ifndef _WIN32 /* there the file has the rights of its folder */
    apr_finfo_t info;
    apr_stat(&info, path, APR_FINFO_PROT, pool);
    CU_ASSERT_EQUAL(info.protection & 0x777, APR_FPROT_UREAD | APR_FPROT_UWRITE);
    apr_file_perms_set(path, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_WREAD);
    CU_ASSERT_PTR_NOT_NULL(admin_token_ensure(path, &again, pool));
    apr_file_perms_set(path, APR_FPROT_UREAD | APR_FPROT_UWRITE);
#endif
    apr_file_t *file;
    apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_TRUNCATE, APR_FPROT_OS_DEFAULT, pool);
    apr_file_close(file);
    CU_ASSERT_PTR_NOT_NULL(admin_token_read(path, &again, pool));
    CU_ASSERT_PTR_NULL(admin_token_ensure(path, &again, pool)); /* an empty file is made anew */
    CU_ASSERT_STRING_NOT_EQUAL(token, again);
    apr_file_remove(path, pool);
    CU_ASSERT_PTR_NOT_NULL(admin_token_read(path, &again, pool));
    CU_ASSERT_TRUE(admin_token_equal("abc", "abc"));
    CU_ASSERT_FALSE(admin_token_equal("abc", "abd"));
    CU_ASSERT_FALSE(admin_token_equal("abc", "abcabc"));
    CU_ASSERT_FALSE(admin_token_equal("abc", ""));
    apr_pool_destroy(pool);
}

static void test_addresses_that_are_not_loopback_are_refused(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    config_t config = {.admin = {.address = "0.0.0.0", .port = 1024}};
    config.admin.token_file = temporary_path(pool, "token");
    admin_t *admin;
    err_t *err = admin_start(&admin, NULL, NULL, &config, NULL, pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(err->text, "loopback"));
    apr_file_remove(config.admin.token_file, pool);
    config.admin.port = 0;
    CU_ASSERT_PTR_NULL(admin_start(&admin, NULL, NULL, &config, NULL, pool));
    CU_ASSERT_PTR_NULL(admin);
    apr_pool_destroy(pool);
}

/* Two that share a port would each get some of the orders meant for the other. */
static void test_a_port_in_use_is_refused(void)
{
    fixture_t f;
    fixture_begin(&f);
    admin_t *second;
    err_t *err = admin_start(&second, &f.agent, &f.loop, &f.config, NULL, f.pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(f.pool, err), "cannot listen"));
#ifdef _WIN32
    CU_ASSERT_EQUAL(err->code, APR_FROM_OS_ERROR(WSAEADDRINUSE));
#else
    CU_ASSERT_EQUAL(err->code, EADDRINUSE);
#endif
    fixture_end(&f);
}

static void test_client_reads_responses(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    admin_response_t r;
    bytes_t chunked =
        BYTES_LITERAL("HTTP/1.1 200 OK\r\ntransfer-encoding:  chunked \r\nContent-Type: a/b\r\n\r\n"
                      "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n");
    CU_ASSERT_PTR_NULL(admin_client_parse(chunked, &r, pool));
    CU_ASSERT_EQUAL(r.status, 200);
    CU_ASSERT_STRING_EQUAL(r.type, "a/b");
    CU_ASSERT_TRUE(bytes_equal(r.body, BYTES_LITERAL("abc0123456789")));
    for (size_t i = 0; i < chunked.length - 4; i++)
        CU_ASSERT_PTR_NOT_NULL(admin_client_parse(bytes_slice(chunked, 0, i), &r, pool));
    CU_ASSERT_PTR_NULL(
        admin_client_parse(BYTES_LITERAL("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}xx"), &r, pool));
    CU_ASSERT_EQUAL(r.status, 404);
    CU_ASSERT_TRUE(bytes_equal(r.body, BYTES_LITERAL("{}")));
    CU_ASSERT_PTR_NOT_NULL(
        admin_client_parse(BYTES_LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), &r, pool));
    CU_ASSERT_PTR_NOT_NULL(
        admin_client_parse(BYTES_LITERAL("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"), &r, pool));
    CU_ASSERT_PTR_NOT_NULL(
        admin_client_parse(BYTES_LITERAL("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                         "FFFFFFFFFFFFFFFFF\r\nab"),
                           &r, pool));
    CU_ASSERT_PTR_NOT_NULL(admin_client_parse(BYTES_LITERAL("SMTP\r\n\r\n"), &r, pool));
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_post_and_get_reach_the_agent),
    UNIT_TEST(test_bad_requests_are_refused_in_words),
    UNIT_TEST(test_only_the_token_opens),
    UNIT_TEST(test_metrics_are_prometheus_text),
    UNIT_TEST(test_bodies_are_bounded),
    UNIT_TEST(test_an_answer_may_come_later),
    UNIT_TEST(test_a_client_may_go_first),
    UNIT_TEST(test_stop_answers_those_who_wait),
    UNIT_TEST(test_stop_with_an_agent_that_never_answers),
    UNIT_TEST(test_token_file_rules),
    UNIT_TEST(test_addresses_that_are_not_loopback_are_refused),
    UNIT_TEST(test_a_port_in_use_is_refused),
    UNIT_TEST(test_client_reads_responses),
};

UNIT_MAIN("admin", tests)
