#include "admin/admin.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "admin/metrics.h"
#include "admin/request.h"
#include "admin/token.h"
#include "event/ids.h"
#include "mta/control.h"

typedef struct request_t request_t;

/* A request belongs to its connection (thread of libmicrohttpd) and, from being posted until it is answered,
 * to the loop as well; who lets go last frees it. Fields after `lock` in admin_t are guarded by that lock. */
struct request_t {
    admin_t *admin;
    apr_pool_t *pool;
    request_t *next, *previous; /* of admin->requests */
    struct MHD_Connection *connection;
    admin_target_t target;
    buffer_t body;
    json_t *arguments;
    json_t *result;
    int status;
    bool connected; /* the connection has it */
    bool in_loop;   /* the loop has it */
    bool suspended;
    bool answered;
    bool awaited; /* admin_stop waits until its answer is out */
};

struct admin_t {
    apr_pool_t *pool; /* of the requests too: they go in admin_cleanup, before it */
    agent_t *agent;
    net_loop_t *loop;
    const char *token;
    struct MHD_Daemon *daemon;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *quiet; /* a suspended request has gone */
    request_t *requests;
    unsigned waiting; /* requests resumed by admin_stop that are not through yet */
    bool stopping;
};

enum { STOP_PATIENCE = 2000000 }; /* microseconds for which admin_stop lets answers go out */

static void request_unlink(request_t *request)
{
    if (request->previous)
        request->previous->next = request->next;
    else
        request->admin->requests = request->next;
    if (request->next)
        request->next->previous = request->previous;
}

static void request_free(request_t *request)
{
    json_decref(request->arguments);
    json_decref(request->result);
    apr_pool_destroy(request->pool);
}

/* Lets go of the request for the connection or the loop; the lock is held. */
static void request_release(request_t *request)
{
    if (request->connected || request->in_loop)
        return;
    request_unlink(request);
    request_free(request);
}

static request_t *request_create(admin_t *admin, struct MHD_Connection *connection)
{
    apr_pool_t *pool;
    if (apr_pool_create(&pool, admin->pool) != APR_SUCCESS)
        return NULL;
    request_t *request = apr_pcalloc(pool, sizeof(*request));
    request->admin = admin;
    request->pool = pool;
    request->connection = connection;
    request->connected = true;
    buffer_init(&request->body, pool, ADMIN_BODY_LIMIT_SMALL);
    apr_thread_mutex_lock(admin->lock);
    request->next = admin->requests;
    if (request->next)
        request->next->previous = request;
    admin->requests = request;
    apr_thread_mutex_unlock(admin->lock);
    return request;
}

static enum MHD_Result send_octets(struct MHD_Connection *connection, unsigned status, const void *octets,
                                   size_t length, const char *type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)octets, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"x400mta\"");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, POST");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_json(struct MHD_Connection *connection, unsigned status, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    if (!text)
        return MHD_NO;
    enum MHD_Result result = send_octets(connection, status, text, strlen(text), "application/json");
    free(text);
    return result;
}

static enum MHD_Result send_error(struct MHD_Connection *connection, unsigned status, const char *text)
{
    json_t *json = json_pack("{s:s}", "error", text);
    enum MHD_Result result = json ? send_json(connection, status, json) : MHD_NO;
    json_decref(json);
    return result;
}

static enum MHD_Result send_answer(request_t *request)
{
    unsigned status = (unsigned)request->status;
    if (status != MHD_HTTP_OK || !request->target.prometheus)
        return send_json(request->connection, status, request->result);
    buffer_t *text = apr_palloc(request->pool, sizeof(*text));
    buffer_init(text, request->pool, ADMIN_METRICS_LIMIT);
    if (!admin_metrics_text(request->result, text))
        return send_error(request->connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "too many metrics");
    bytes_t octets = buffer_bytes(text);
    return send_octets(request->connection, status, octets.data, octets.length,
                       "text/plain; version=0.0.4; charset=utf-8");
}

/* control_request's reply, in the loop's thread. */
static void request_reply(void *context, int status, json_t *result)
{
    request_t *request = context;
    admin_t *admin = request->admin;
    apr_thread_mutex_lock(admin->lock);
    request->in_loop = false;
    if (request->connected && !request->answered) {
        request->status = status;
        request->result = result ? result : json_object();
        request->answered = true;
        request->suspended = false;
        MHD_resume_connection(request->connection);
    } else {
        json_decref(result);
        request_release(request);
    }
    apr_thread_mutex_unlock(admin->lock);
}

/* Posted to the loop: hands the request to the agent. */
static void request_run(void *baton)
{
    request_t *request = baton;
    admin_t *admin = request->admin;
    apr_thread_mutex_lock(admin->lock);
    bool stopping = admin->stopping;
    if (stopping) {
        request->in_loop = false;
        request_release(request);
    }
    apr_thread_mutex_unlock(admin->lock);
    if (!stopping)
        control_request(admin->agent, request->target.operation, request->arguments, request_reply, request);
}

static enum MHD_Result argument_from_query(void *context, enum MHD_ValueKind kind, const char *name,
                                           const char *value)
{
    (void)kind;
    admin_argument_set(context, name, value);
    return MHD_YES;
}

/* The arguments of a request whose body is complete; false with words in *error. */
static bool request_read_arguments(request_t *request, bool post, const char **error)
{
    if (!post) {
        request->arguments = json_object();
        MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, argument_from_query,
                                  request->arguments);
        return true;
    }
    bytes_t body = buffer_bytes(&request->body);
    if (body.length == 0) {
        request->arguments = json_object();
        return true;
    }
    json_error_t where;
    request->arguments = json_loadb((const char *)body.data, body.length, JSON_REJECT_DUPLICATES, &where);
    buffer_release(&request->body);
    if (!request->arguments) {
        *error = apr_psprintf(request->pool, "the body is not JSON: %s (line %d, column %d)", where.text,
                              where.line, where.column);
        return false;
    }
    if (!json_is_object(request->arguments)) {
        *error = "the body is to be a JSON object of arguments";
        return false;
    }
    return true;
}

/* The request is complete: suspends the connection and gives the request to the loop. */
static enum MHD_Result request_post(request_t *request)
{
    admin_t *admin = request->admin;
    apr_thread_mutex_lock(admin->lock);
    bool stopping = admin->stopping;
    if (!stopping) {
        request->suspended = true;
        request->in_loop = true;
        MHD_suspend_connection(request->connection);
        net_loop_post(admin->loop, request_run, request);
    }
    apr_thread_mutex_unlock(admin->lock);
    if (stopping)
        return send_error(request->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the MTA is stopping");
    return MHD_YES;
}

static bool request_is_allowed(const admin_t *admin, struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *header =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    return header && strncmp(header, scheme, sizeof(scheme) - 1) == 0 &&
           admin_token_equal(admin->token, header + sizeof(scheme) - 1);
}

/* The headers are here, the body is not: refuses what can be refused without reading it. */
static enum MHD_Result request_begin(admin_t *admin, struct MHD_Connection *connection, const char *url,
                                     admin_method_t method, void **slot)
{
    if (!request_is_allowed(admin, connection))
        return send_error(
            connection, MHD_HTTP_UNAUTHORIZED,
            "the token is missing or wrong; send Authorization: Bearer and the token file's text");
    request_t *request = request_create(admin, connection);
    if (!request)
        return MHD_NO;
    *slot = request;
    request->target = admin_target(method, url, request->pool);
    if (request->target.status != MHD_HTTP_OK)
        return send_error(connection, (unsigned)request->target.status, request->target.error);
    if (method == ADMIN_POST && strcmp(request->target.operation, "send") == 0)
        request->body.limit = ADMIN_BODY_LIMIT;
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length && apr_strtoi64(length, NULL, 10) > (apr_int64_t)request->body.limit)
        return send_error(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                          apr_psprintf(request->pool, "the body is longer than %" APR_SIZE_T_FMT " octets",
                                       request->body.limit));
    return MHD_YES;
}

static admin_method_t method_of(const char *method)
{
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        return ADMIN_GET;
    return strcmp(method, MHD_HTTP_METHOD_POST) == 0 ? ADMIN_POST : ADMIN_OTHER;
}

/* libmicrohttpd's access handler: called for the headers, for each piece of the body, at its end, and again
 * when a suspended connection is resumed. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method_name, const char *version, const char *upload,
                                  size_t *upload_size, void **slot)
{
    (void)version;
    admin_t *admin = context;
    admin_method_t method = method_of(method_name);
    request_t *request = *slot;
    if (!request)
        return request_begin(admin, connection, url, method, slot);
    if (*upload_size > 0) {
        buffer_append(&request->body, bytes_make(upload, *upload_size));
        *upload_size = 0;
        return MHD_YES;
    }
    apr_thread_mutex_lock(admin->lock);
    bool answered = request->answered;
    apr_thread_mutex_unlock(admin->lock);
    if (answered)
        return send_answer(request);
    if (request->body.failed)
        return send_error(connection, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long");
    const char *error = NULL;
    if (!request_read_arguments(request, method == ADMIN_POST, &error))
        return send_error(connection, MHD_HTTP_BAD_REQUEST, error);
    return request_post(request);
}

/* The connection is done with the request: answered, or the client has gone. */
static void on_completed(void *context, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    admin_t *admin = context;
    request_t *request = *slot;
    if (!request)
        return;
    *slot = NULL;
    apr_thread_mutex_lock(admin->lock);
    request->connected = false;
    request->connection = NULL;
    if (request->awaited && --admin->waiting == 0)
        apr_thread_cond_signal(admin->quiet);
    request_release(request);
    apr_thread_mutex_unlock(admin->lock);
}

static bool address_is_loopback(apr_sockaddr_t *address)
{
    char *text = NULL;
    if (apr_sockaddr_ip_get(&text, address) != APR_SUCCESS || !text)
        return false;
    return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}

static const char *admin_host(const config_t *config)
{
    return config->admin.address && config->admin.address[0] ? config->admin.address : "127.0.0.1";
}

static err_t *admin_open(admin_t *admin, const config_t *config, apr_pool_t *pool)
{
    const char *host = admin_host(config);
    apr_sockaddr_t *address;
    apr_status_t status =
        apr_sockaddr_info_get(&address, host, APR_UNSPEC, (apr_port_t)config->admin.port, 0, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "the address %s of the admin interface is not one", host);
    if (!address_is_loopback(address))
        return err_create(pool, APR_EINVAL, "admin",
                          "the admin interface speaks without encryption and therefore on a loopback address "
                          "only (127.0.0.1 or ::1), not on %s",
                          host);
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_AUTO;
    if (address->family != APR_INET)
        flags |= MHD_USE_IPv6;
    apr_set_netos_error(APR_SUCCESS);
    admin->daemon = MHD_start_daemon(flags, (uint16_t)config->admin.port, NULL, NULL, on_request, admin,
                                     MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address->sa,
                                     MHD_OPTION_CONNECTION_LIMIT, (unsigned)ADMIN_CONNECTION_LIMIT,
                                     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ADMIN_CONNECTION_TIMEOUT,
                                     MHD_OPTION_NOTIFY_COMPLETED, on_completed, admin, MHD_OPTION_END);
    status = apr_get_netos_error();
    if (!admin->daemon)
        return err_from_status(pool, status ? status : APR_EGENERAL,
                               "the admin interface cannot listen on %s port %u", host, config->admin.port);
    return NULL;
}

/* The pool is about to go: requests that a loop never ran, or that an agent never answered. */
static apr_status_t admin_cleanup(void *data)
{
    admin_t *admin = data;
    admin_stop(admin);
    while (admin->requests) {
        request_t *request = admin->requests;
        request_unlink(request);
        request_free(request);
    }
    return APR_SUCCESS;
}

err_t *admin_start(admin_t **result, agent_t *agent, net_loop_t *loop, const config_t *config,
                   event_log_t *events, apr_pool_t *pool)
{
    *result = NULL;
    if (config->admin.port == 0)
        return NULL;
    admin_t *admin = apr_pcalloc(pool, sizeof(*admin));
    admin->pool = pool;
    admin->agent = agent;
    admin->loop = loop;
    apr_status_t status = apr_thread_mutex_create(&admin->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS)
        status = apr_thread_cond_create(&admin->quiet, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "the admin interface cannot be made");
    apr_pool_pre_cleanup_register(pool, admin, admin_cleanup);
    const char *address = apr_psprintf(pool, strchr(admin_host(config), ':') ? "[%s]:%u" : "%s:%u",
                                       admin_host(config), config->admin.port);
    err_t *err = admin_token_ensure(admin_token_path(config, pool), &admin->token, pool);
    if (!err)
        err = admin_open(admin, config, pool);
    if (err) {
        event_raise(events, EVENT_ID_ADMIN_ERROR, NULL, address, err_describe(pool, err));
        return err;
    }
    event_raise(events, EVENT_ID_ADMIN_OPENED, NULL, address);
    *result = admin;
    return NULL;
}

void admin_stop(admin_t *admin)
{
    if (!admin)
        return;
    apr_thread_mutex_lock(admin->lock);
    struct MHD_Daemon *daemon = admin->daemon;
    admin->daemon = NULL;
    admin->stopping = true;
    for (request_t *request = admin->requests; request && daemon; request = request->next) {
        if (!request->suspended)
            continue;
        request->suspended = false;
        request->answered = true;
        request->status = MHD_HTTP_SERVICE_UNAVAILABLE;
        request->result = json_pack("{s:s}", "error", "the MTA is stopping");
        request->awaited = true;
        admin->waiting++;
        MHD_resume_connection(request->connection);
    }
    apr_status_t status = APR_SUCCESS;
    while (admin->waiting > 0 && status == APR_SUCCESS)
        status = apr_thread_cond_timedwait(admin->quiet, admin->lock, STOP_PATIENCE);
    apr_thread_mutex_unlock(admin->lock);
    if (daemon)
        MHD_stop_daemon(daemon);
}
