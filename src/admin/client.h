/* The other end of the admin interface: one HTTP request to a running MTA, for x400ctl and tests. */
#ifndef ADMIN_CLIENT_H
#define ADMIN_CLIENT_H

#include "base/buffer.h"
#include "base/error.h"

enum {
    ADMIN_CLIENT_HEADER_LIMIT = 64 * 1024,      /* octets of a response's head */
    ADMIN_CLIENT_BODY_LIMIT = 256 * 1024 * 1024 /* octets of a response's body */
};

typedef struct admin_client_t {
    const char *host; /* address or name */
    unsigned port;
    const char *token;
    int64_t timeout; /* microseconds for which the MTA may say nothing */
} admin_client_t;

typedef struct admin_response_t {
    int status;       /* of HTTP */
    const char *type; /* Content-Type, "" if none */
    bytes_t body;     /* in the pool */
} admin_response_t;

/* Sends method ("GET", "POST") and target ("/v1/status") with a body (may be empty; JSON) and reads the whole
 * response, whose memory belongs to pool. An error means that there was no response;
 * APR_STATUS_IS_ECONNREFUSED of its code says that nobody listens. */
err_t *admin_client_request(const admin_client_t *client, const char *method, const char *target,
                            bytes_t body, admin_response_t *response, apr_pool_t *pool);

/* Reads a response from octets that hold all of it (the peer closed after them): for tests and the fuzzer.
 * Content-Length and chunked bodies; without either the body runs to the end. */
err_t *admin_client_parse(bytes_t octets, admin_response_t *response, apr_pool_t *pool);

#endif
