/* The admin interface: HTTP with JSON on a loopback address, guarded by a token file. It is the one way by
 * which x400ctl, a metrics collector and pages speak to a running MTA:
 *
 *   POST /v1/OPERATION              a JSON object of arguments; any operation of mta/control.h
 *   GET  /v1/OPERATION?name=value   operations that only read
 *   GET  /metrics                   the operation "metrics" as Prometheus text
 *
 * Every request carries `Authorization: Bearer TOKEN`. A request waits in a thread of libmicrohttpd,
 * suspended, while the agent's loop works on it; the loop never waits for a client. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "config/config.h"
#include "event/event.h"
#include "mta/agent.h"
#include "net/net.h"

typedef struct admin_t admin_t;

enum {
    ADMIN_TOKEN_OCTETS = 32,              /* random octets of a token made here; in the file as hex */
    ADMIN_TOKEN_LIMIT = 256,              /* characters of a token that is accepted */
    ADMIN_BODY_LIMIT = 96 * 1024 * 1024,  /* of "send": 64 MiB of content in base64, and the rest */
    ADMIN_BODY_LIMIT_SMALL = 1024 * 1024, /* of every other operation */
    ADMIN_CONNECTION_LIMIT = 32,          /* clients at once */
    ADMIN_CONNECTION_TIMEOUT = 60         /* seconds for which a client may say nothing */
};

/* Opens the interface at config->admin. The token file is made, readable for its owner only, if it is absent
 * or empty. With port 0 there is no interface: *admin is NULL and that is no error. agent and loop must live
 * until admin_stop; pool must outlive both the loop's last turn and the agent. An address that is not
 * loopback, a token file that others may read, and a port that is taken are errors. Either outcome raises its
 * event. */
err_t *admin_start(admin_t **admin, agent_t *agent, net_loop_t *loop, const config_t *config,
                   event_log_t *events, apr_pool_t *pool);

/* Closes the interface: clients that wait get 503, and what the agent answers later is dropped. Any thread
 * but those of the interface; NULL is allowed. */
void admin_stop(admin_t *admin);

/* Where clients find the token: config->admin.token_file, else admin.token in the data folder. */
const char *admin_token_path(const config_t *config, apr_pool_t *pool);

/* Reads the token of a file into *token. */
err_t *admin_token_read(const char *path, const char **token, apr_pool_t *pool);

#endif
