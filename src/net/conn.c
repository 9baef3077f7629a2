#include "net/internal.h"

#include <string.h>

#include <apr_strings.h>

enum { LINGER_MICROSECONDS = 2000000 };

net_conn_t *net_conn_create(net_loop_t *loop)
{
    net_conn_t *conn = net_source_create(loop, sizeof(*conn));
    conn->source.connection = true;
    conn->source.ready = net_conn_ready;
    return conn;
}

void net_conn_prepare_socket(apr_socket_t *socket)
{
    apr_socket_timeout_set(socket, 0);
    apr_socket_opt_set(socket, APR_SO_NONBLOCK, 1);
    apr_socket_opt_set(socket, APR_TCP_NODELAY, 1);
    net_keepalive_set(socket);
}

void net_conn_learn_addresses(net_conn_t *conn)
{
    apr_sockaddr_t *address = NULL;
    if (apr_socket_addr_get(&address, APR_REMOTE, conn->socket) == APR_SUCCESS && address) {
        net_address_format(conn->peer, sizeof(conn->peer), address);
        conn->peer_octets_length = net_address_octets(address, conn->peer_octets);
    }
    if (apr_socket_addr_get(&address, APR_LOCAL, conn->socket) == APR_SUCCESS && address) {
        net_address_format(conn->local, sizeof(conn->local), address);
        conn->local_octets_length = net_address_octets(address, conn->local_octets);
    }
}

static void end(net_conn_t *conn)
{
    timers_cancel(net_loop_timers(conn->source.loop), &conn->timer);
    conn->state = CONN_OVER;
    conn->output = NULL;
    if (conn->tap.over)
        conn->tap.over(conn->tap.context);
    conn->tap = (net_tap_t){NULL, NULL, NULL};
    net_source_end(&conn->source);
}

void net_conn_fail(net_conn_t *conn, const err_t *failure)
{
    if (conn->state == CONN_CLOSING || conn->state == CONN_OVER)
        return;
    if (conn->state == CONN_LINGER) {
        end(conn);
        return;
    }
    timers_cancel(net_loop_timers(conn->source.loop), &conn->timer);
    net_source_watch(&conn->source, NULL, 0);
    conn->state = CONN_CLOSING;
    conn->failure = failure;
    net_loop_queue_closed(conn->source.loop, conn);
}

/* Waits for what the state of the connection asks for. */
static void watch(net_conn_t *conn)
{
    apr_int16_t events = 0;
    if (!conn->paused)
        events |= APR_POLLIN;
    if (conn->waiting)
        events |= APR_POLLOUT;
    apr_status_t status = net_source_watch(&conn->source, conn->socket, events);
    if (status != APR_SUCCESS)
        net_conn_fail(conn,
                      err_from_status(conn->source.pool, status, "cannot wait for octets of %s", conn->peer));
}

/* Gives octets to the socket until it takes no more; *left tells whether some are left. */
static apr_status_t flush(net_conn_t *conn, buffer_t *output, bool *left)
{
    while (buffer_length(output) > 0 && net_loop_lets_out(conn->source.loop)) {
        bytes_t octets = buffer_bytes(output);
        apr_size_t length = octets.length;
        apr_status_t status = apr_socket_send(conn->socket, (const char *)octets.data, &length);
        if (length > 0 && conn->tap.octets)
            conn->tap.octets(conn->tap.context, true, bytes_make(octets.data, length));
        buffer_consume(output, length);
        if (APR_STATUS_IS_EAGAIN(status))
            break;
        if (status != APR_SUCCESS && !APR_STATUS_IS_EINTR(status))
            return status;
    }
    *left = buffer_length(output) > 0;
    return APR_SUCCESS;
}

typedef enum intake_t { INTAKE_MORE, INTAKE_EMPTY, INTAKE_STOPPED, INTAKE_END, INTAKE_FAILED } intake_t;

/* Reads once and gives the octets up. */
static intake_t take_in(net_conn_t *conn, apr_status_t *status)
{
    uint8_t *buffer = net_loop_read_buffer(conn->source.loop);
    apr_size_t length = NET_READ_SIZE;
    *status = apr_socket_recv(conn->socket, (char *)buffer, &length);
    if (length > 0 && conn->tap.octets)
        conn->tap.octets(conn->tap.context, false, bytes_make(buffer, length));
    if (length > 0 && conn->state == CONN_OPEN)
        conn->ops->input(conn->context, bytes_make(buffer, length));
    if (APR_STATUS_IS_EOF(*status))
        return INTAKE_END;
    if (APR_STATUS_IS_EAGAIN(*status) || APR_STATUS_IS_EINTR(*status))
        return INTAKE_EMPTY;
    if (*status != APR_SUCCESS)
        return INTAKE_FAILED;
    if (conn->state != CONN_OPEN && conn->state != CONN_LINGER)
        return INTAKE_STOPPED;
    if (conn->paused)
        return INTAKE_STOPPED;
    return length == NET_READ_SIZE ? INTAKE_MORE : INTAKE_EMPTY;
}

/* The layer of errors of sending: the same text as of others, at a place of its own. */
static const char SENDING[] = NET_LAYER;

bool net_err_of_sending(const err_t *err)
{
    return err && err->layer == SENDING;
}

static err_t *broken(net_conn_t *conn, apr_status_t status, const char *layer)
{
    err_t *err = err_from_status(conn->source.pool, status, "the connection with %s broke", conn->peer);
    err->layer = layer;
    return err;
}

/* A write failed: what the peer sent before (an abort with its reason) is worth more than the failure. */
static void fail_write(net_conn_t *conn, apr_status_t status)
{
    err_t *err = broken(conn, status, SENDING);
    conn->waiting = false;
    buffer_clear(conn->output);
    for (int i = 0; i < NET_READS_PER_TURN && conn->state == CONN_OPEN && !conn->paused; i++) {
        apr_status_t read_status = APR_SUCCESS;
        intake_t intake = take_in(conn, &read_status);
        if (intake != INTAKE_MORE && read_status != APR_SUCCESS)
            break;
    }
    if (conn->state == CONN_OPEN)
        net_conn_fail(conn, err);
}

/* The rest of the user's output becomes ours, without a copy. */
static void take_over_output(net_conn_t *conn)
{
    buffer_t *output = conn->output;
    if (!output || buffer_length(output) == 0)
        return;
    buffer_init(&conn->rest, conn->source.pool, output->limit);
    conn->rest.data = output->data;
    conn->rest.start = output->start;
    conn->rest.end = output->end;
    conn->rest.capacity = output->capacity;
    output->data = NULL;
    output->start = output->end = output->capacity = 0;
}

static void linger_timeout(void *baton)
{
    end(baton);
}

/* Sends what is left, then shuts our side and waits until the peer has closed as well. */
static void linger_go_on(net_conn_t *conn)
{
    bool left = false;
    if (!conn->shut) {
        if (flush(conn, &conn->rest, &left) != APR_SUCCESS) {
            end(conn);
            return;
        }
        conn->waiting = left;
        if (!left) {
            apr_socket_shutdown(conn->socket, APR_SHUTDOWN_WRITE);
            conn->shut = true;
            if (conn->paused) { /* the peer has closed already */
                end(conn);
                return;
            }
        }
    }
    watch(conn);
}

static void linger_begin(net_conn_t *conn, bool peer_closed)
{
    conn->output = NULL;
    conn->ops = NULL;
    conn->context = NULL;
    conn->state = CONN_LINGER;
    conn->paused = peer_closed;
    conn->timer.run = linger_timeout;
    conn->timer.baton = conn;
    timers_arm(net_loop_timers(conn->source.loop), &conn->timer,
               timebase_mono(timebase_system()) + LINGER_MICROSECONDS);
    linger_go_on(conn);
}

void net_conn_deliver_closed(net_conn_t *conn)
{
    if (conn->state != CONN_CLOSING)
        return;
    const net_conn_ops_t *ops = conn->ops;
    void *context = conn->context;
    const err_t *failure = conn->failure;
    /* The peer has closed its side only, perhaps: what it was to get still goes out. */
    if (conn->output)
        take_over_output(conn);
    if (!failure && buffer_length(&conn->rest) > 0)
        linger_begin(conn, true);
    else
        end(conn);
    if (ops)
        ops->closed(context, failure);
}

static void input_ready(net_conn_t *conn)
{
    for (int i = 0; i < NET_READS_PER_TURN; i++) {
        apr_status_t status = APR_SUCCESS;
        switch (take_in(conn, &status)) {
        case INTAKE_MORE: break;
        case INTAKE_EMPTY:
        case INTAKE_STOPPED: return;
        case INTAKE_END:
            if (conn->state == CONN_LINGER && !conn->shut)
                conn->paused = true; /* the rest still goes out */
            else
                net_conn_fail(conn, NULL);
            return;
        case INTAKE_FAILED: net_conn_fail(conn, broken(conn, status, NET_LAYER)); return;
        }
    }
}

static void output_ready(net_conn_t *conn)
{
    bool left = false;
    if (conn->write_failed == APR_SUCCESS)
        conn->write_failed = flush(conn, conn->output, &left);
    if (conn->write_failed != APR_SUCCESS) {
        fail_write(conn, conn->write_failed);
        return;
    }
    conn->waiting = left;
    if (!left && conn->ops->drained)
        conn->ops->drained(conn->context);
}

static void linger_ready(net_conn_t *conn, apr_int16_t events)
{
    if (events & ~APR_POLLOUT && !conn->paused)
        input_ready(conn);
    if (conn->state == CONN_LINGER)
        linger_go_on(conn);
}

void net_conn_ready(net_source_t *source, apr_int16_t events)
{
    net_conn_t *conn = (net_conn_t *)source;
    if (conn->state == CONN_CONNECTING) {
        net_dial_ready(conn);
        return;
    }
    if (conn->state == CONN_LINGER) {
        linger_ready(conn, events);
        return;
    }
    /* An error or hang-up shows itself to the read or the write that is waited for. */
    if (events & ~APR_POLLOUT && conn->state == CONN_OPEN && !conn->paused)
        input_ready(conn);
    if (events & ~APR_POLLIN && conn->state == CONN_OPEN && conn->waiting)
        output_ready(conn);
    if (conn->state == CONN_OPEN)
        watch(conn);
}

void net_conn_begin(net_conn_t *conn)
{
    conn->state = CONN_OPEN;
    net_conn_send(conn);
    if (conn->state == CONN_OPEN)
        watch(conn);
}

void net_conn_attach(net_conn_t *conn, buffer_t *output, const net_conn_ops_t *ops, void *context)
{
    net_loop_check_thread(conn->source.loop);
    conn->output = output;
    conn->ops = ops;
    conn->context = context;
    net_conn_begin(conn);
}

void net_conn_send(net_conn_t *conn)
{
    net_loop_check_thread(conn->source.loop);
    if (conn->state != CONN_OPEN || conn->waiting || buffer_length(conn->output) == 0)
        return;
    bool left = false;
    conn->write_failed = flush(conn, conn->output, &left);
    /* A failure is told later, from the loop, which the pollset wakes at once for a broken socket: the user
     * is in the middle of something. */
    conn->waiting = left || conn->write_failed != APR_SUCCESS;
    if (conn->waiting)
        watch(conn);
}

void net_conn_set_tap(net_conn_t *conn, const net_tap_t *tap)
{
    net_loop_check_thread(conn->source.loop);
    conn->tap = *tap;
}

void net_conn_pause(net_conn_t *conn, bool pause)
{
    net_loop_check_thread(conn->source.loop);
    if (conn->paused == pause)
        return;
    conn->paused = pause;
    if (conn->state == CONN_OPEN)
        watch(conn);
}

void net_conn_close(net_conn_t *conn, bool linger)
{
    net_loop_check_thread(conn->source.loop);
    switch (conn->state) {
    case CONN_LOOKUP:
    case CONN_CONNECTING:
        net_dial_give_up(conn);
        end(conn);
        break;
    case CONN_OPEN:
        if (!linger) {
            end(conn);
            break;
        }
        take_over_output(conn);
        linger_begin(conn, false);
        break;
    case CONN_CLOSING:
        conn->ops = NULL;
        if (linger)
            take_over_output(conn);
        conn->output = NULL;
        break;
    case CONN_ACCEPTED: end(conn); break;
    case CONN_LINGER:
    case CONN_OVER: break;
    }
}

const char *net_conn_peer_address(const net_conn_t *conn)
{
    return conn->peer;
}

const char *net_conn_local_address(const net_conn_t *conn)
{
    return conn->local;
}

bytes_t net_conn_local_octets(const net_conn_t *conn)
{
    return bytes_make(conn->local_octets, conn->local_octets_length);
}

bytes_t net_conn_peer_octets(const net_conn_t *conn)
{
    return bytes_make(conn->peer_octets, conn->peer_octets_length);
}

bool net_conn_peer_in(const net_conn_t *conn, const char *prefix)
{
    char text[RESOLVER_TEXT_SIZE];
    apr_cpystrn(text, prefix, sizeof(text));
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = 0;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    apr_sockaddr_t *address;
    bool inside = false;
    if (net_address_parse(&address, text, 0, pool) == APR_SUCCESS &&
        (size_t)address->ipaddr_len == conn->peer_octets_length) {
        size_t whole = conn->peer_octets_length * (size_t)8;
        size_t bits = slash ? (size_t)apr_atoi64(slash) : whole;
        const uint8_t *wanted = address->ipaddr_ptr;
        inside = bits <= whole && memcmp(wanted, conn->peer_octets, bits / 8) == 0 &&
                 (bits % 8 == 0 || (wanted[bits / 8] ^ conn->peer_octets[bits / 8]) >> (8 - bits % 8) == 0);
    }
    apr_pool_destroy(pool);
    return inside;
}
