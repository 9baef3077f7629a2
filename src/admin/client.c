#include "admin/client.h"

#include <apr_cstr.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <stdlib.h>

static const char HEAD_END[] = "\r\n\r\n";

static err_t *client_malformed(apr_pool_t *pool, const char *what)
{
    return err_create(pool, APR_EGENERAL, "admin", "the answer is not HTTP: %s", what);
}

/* The value of a header, without spaces around it; NULL if absent. head holds whole lines. */
static const char *client_header(const char *head, const char *name, apr_pool_t *pool)
{
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (apr_cstr_casecmpn(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *from = line + length + 1;
        const char *to = strstr(from, "\r\n");
        if (!to)
            to = from + strlen(from);
        while (from < to && (*from == ' ' || *from == '\t'))
            from++;
        while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
            to--;
        return apr_pstrmemdup(pool, from, (apr_size_t)(to - from));
    }
    return NULL;
}

/* One line of a chunked body: the chunk's size. Moves *at behind it. */
static bool client_chunk_size(bytes_t octets, size_t *at, size_t *size)
{
    size_t value = 0, digits = 0, i = *at;
    for (; i < octets.length; i++, digits++) {
        int c = octets.data[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            break;
        value = value * 16 + (size_t)digit;
        if (value > ADMIN_CLIENT_BODY_LIMIT)
            return false;
    }
    if (digits == 0)
        return false;
    for (; i + 1 < octets.length; i++)
        if (octets.data[i] == '\r' && octets.data[i + 1] == '\n') {
            *at = i + 2;
            *size = value;
            return true;
        }
    return false;
}

static bool client_read_chunks(bytes_t octets, buffer_t *body)
{
    size_t at = 0, size = 0;
    while (client_chunk_size(octets, &at, &size)) {
        if (size == 0)
            return true;
        if (octets.length - at < size + 2)
            return false;
        buffer_append(body, bytes_slice(octets, at, size));
        at += size;
        if (!bytes_equal(bytes_slice(octets, at, 2), BYTES_LITERAL("\r\n")))
            return false;
        at += 2;
    }
    return false;
}

err_t *admin_client_parse(bytes_t octets, admin_response_t *response, apr_pool_t *pool)
{
    size_t head_length = 0;
    if (!octets.data || octets.length == 0)
        return client_malformed(pool, "it is empty");
    while (head_length + 4 <= octets.length &&
           !bytes_equal(bytes_slice(octets, head_length, 4), BYTES_LITERAL(HEAD_END)))
        head_length++;
    if (head_length + 4 > octets.length)
        return client_malformed(pool, "its head has no end");
    if (head_length > ADMIN_CLIENT_HEADER_LIMIT)
        return client_malformed(pool, "its head is too long");
    const char *head = bytes_to_string(pool, bytes_slice(octets, 0, head_length));
    if (strncmp(head, "HTTP/1.", 7) != 0 || strlen(head) < 12 || head[8] != ' ')
        return client_malformed(pool, "it has no status line");
    response->status = (int)strtol(head + 9, NULL, 10);
    const char *type = client_header(head, "Content-Type", pool);
    response->type = type ? type : "";
    buffer_t *body = apr_palloc(pool, sizeof(*body));
    buffer_init(body, pool, ADMIN_CLIENT_BODY_LIMIT);
    bytes_t rest = bytes_slice(octets, head_length + 4, octets.length);
    const char *coding = client_header(head, "Transfer-Encoding", pool);
    const char *length_text = client_header(head, "Content-Length", pool);
    if (coding && apr_cstr_casecmp(coding, "chunked") == 0) {
        if (!client_read_chunks(rest, body))
            return client_malformed(pool, "its chunks are broken or cut");
    } else {
        apr_int64_t length = length_text ? apr_atoi64(length_text) : (apr_int64_t)rest.length;
        if (length < 0 || (apr_uint64_t)length > rest.length)
            return client_malformed(pool, "it is shorter than it says");
        buffer_append(body, bytes_slice(rest, 0, (size_t)length));
    }
    response->body = buffer_bytes(body);
    return body->failed ? client_malformed(pool, "its body is too long") : NULL;
}

static err_t *client_connect(const admin_client_t *client, apr_socket_t **socket, apr_pool_t *pool)
{
    apr_sockaddr_t *address;
    apr_status_t status =
        apr_sockaddr_info_get(&address, client->host, APR_UNSPEC, (apr_port_t)client->port, 0, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "the address %s of the admin interface is not one",
                               client->host);
    status = APR_EGENERAL;
    for (; address; address = address->next) {
        status = apr_socket_create(socket, address->family, SOCK_STREAM, APR_PROTO_TCP, pool);
        if (status != APR_SUCCESS)
            continue;
        apr_socket_timeout_set(*socket, client->timeout);
        status = apr_socket_connect(*socket, address);
        if (status == APR_SUCCESS)
            return NULL;
        apr_socket_close(*socket);
    }
    return err_from_status(pool, status, "no connection to the admin interface at %s port %u", client->host,
                           client->port);
}

static apr_status_t client_send(apr_socket_t *socket, bytes_t octets)
{
    while (octets.length > 0) {
        apr_size_t length = octets.length;
        apr_status_t status = apr_socket_send(socket, (const char *)octets.data, &length);
        if (status != APR_SUCCESS)
            return status;
        octets = bytes_slice(octets, length, octets.length);
    }
    return APR_SUCCESS;
}

static err_t *client_receive(apr_socket_t *socket, buffer_t *octets, apr_pool_t *pool)
{
    for (;;) {
        uint8_t *room = buffer_reserve(octets, 64 * 1024);
        if (!room)
            return client_malformed(pool, "it is too long");
        apr_size_t length = 64 * 1024;
        apr_status_t status = apr_socket_recv(socket, (char *)room, &length);
        buffer_commit(octets, length);
        if (APR_STATUS_IS_EOF(status))
            return NULL;
        if (status != APR_SUCCESS)
            return err_from_status(pool, status, "the MTA did not answer");
    }
}

err_t *admin_client_request(const admin_client_t *client, const char *method, const char *target,
                            bytes_t body, admin_response_t *response, apr_pool_t *pool)
{
    apr_socket_t *socket = NULL;
    err_t *err = client_connect(client, &socket, pool);
    if (err)
        return err;
    const char *head =
        apr_psprintf(pool,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n"
                     "Content-Type: application/json\r\nContent-Length: %" APR_SIZE_T_FMT "\r\n\r\n",
                     method, target, client->token, body.length);
    apr_status_t status = client_send(socket, bytes_of_string(head));
    if (status == APR_SUCCESS)
        status = client_send(socket, body);
    /* An MTA that refuses a body does so before it has read it: what it says counts more than the failed
     * write. */
    buffer_t *octets = apr_palloc(pool, sizeof(*octets));
    buffer_init(octets, pool, ADMIN_CLIENT_BODY_LIMIT + ADMIN_CLIENT_HEADER_LIMIT);
    err = client_receive(socket, octets, pool);
    apr_socket_close(socket);
    if (!err || buffer_length(octets) > 0)
        err = admin_client_parse(buffer_bytes(octets), response, pool);
    buffer_release(octets);
    if (err && status != APR_SUCCESS)
        err = err_from_status(pool, status, "the request could not be sent");
    return err;
}
