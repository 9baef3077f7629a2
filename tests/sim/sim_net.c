/* net/net.h over a simulated network: TCP as far as an application sees it. Octets arrive in order after the
 * latency of the way and as fast as its bandwidth; while a way is cut they are tried again until the TCP
 * timeout; the end that waits for octets learns nothing of that until it sends, or until its keepalive does.
 * A process that ends has its connections closed by its kernel; a machine that is switched off has not. */
#include <stdlib.h>

#include <apr_strings.h>

#include "world.h"

enum {
    WINDOW = 256 * 1024,
    SEGMENT = 32 * 1024,
    KEEPALIVE_SECONDS = 120,
    DOUBT_SECONDS = 10,
    KEEPALIVE_GIVE_UP_SECONDS = 150
};

typedef enum segment_kind_t { SEGMENT_DATA, SEGMENT_FIN, SEGMENT_RESET } segment_kind_t;

typedef struct segment_t {
    struct segment_t *next;
    segment_kind_t kind;
    mono_time_t due;
    size_t length;
    uint8_t octets[];
} segment_t;

struct net_conn_t {
    net_conn_t *next; /* of the world */
    net_conn_t *previous;
    world_t *world;
    net_loop_t *loop; /* NULL: the application has closed it */
    net_conn_t *peer; /* NULL: there is nobody (any more) */
    unsigned from;
    unsigned to;
    uint16_t port;
    const net_conn_ops_t *ops;
    void *context;
    buffer_t *output;
    segment_t *first;
    segment_t **last;
    size_t in_flight;
    size_t dark; /* octets that arrived and whose acknowledgement does not come */
    bool dialling;
    bool paused;
    bool blocked; /* the peer does not read */
    bool want_drained;
    bool dead;
    bool doubted; /* net_conn_doubt */
    mono_time_t stalled;
    mono_time_t dial_end;
    timers_item_t deliver;
    timers_item_t ack;
    timers_item_t keepalive;
    timers_item_t dial;
    timers_item_t drained;
    timers_item_t reap;
    char peer_address[32];
    char local_address[32];
    uint8_t peer_octets[4];
    uint8_t local_octets[4];
    net_tap_t tap;
};

struct net_listener_t {
    net_listener_t *next;
    net_loop_t *loop;
    uint16_t port;
    void (*accepted)(void *context, net_conn_t *conn);
    void *context;
    char address[32];
};

typedef struct post_t {
    timers_item_t item;
    struct post_t *next;
    net_loop_t *loop;
    void (*run)(void *baton);
    void *baton;
} post_t;

struct net_loop_t {
    node_t *node;
    mono_time_t now;
    timers_t timers;
    timebase_t time;
    timers_item_t wake;
    net_listener_t *listeners;
    post_t *posts;
    struct worker_t *worker;
    void (*turn_end)(void *baton);
    void *turn_end_baton;
    uint64_t dials;
};

struct conn_list_t {
    net_conn_t *first;
};

/* The loop. */

static mono_time_t loop_mono(void *context)
{
    return ((net_loop_t *)context)->node->world->now;
}

static utc_time_t loop_utc(void *context)
{
    return node_utc(((net_loop_t *)context)->node);
}

void sim_loop_enter(net_loop_t *loop)
{
    loop->now = loop->node->world->now;
}

void sim_loop_leave(net_loop_t *loop)
{
    world_t *world = loop->node->world;
    if (loop->turn_end)
        loop->turn_end(loop->turn_end_baton);
    mono_time_t next = timers_next(&loop->timers);
    if (next == MONO_NEVER)
        timers_cancel(&world->events, &loop->wake);
    else
        timers_arm(&world->events, &loop->wake, next > world->now ? next : world->now);
}

static void wake(void *baton)
{
    net_loop_t *loop = baton;
    sim_loop_enter(loop);
    timers_run(&loop->timers, loop->now);
    sim_loop_leave(loop);
}

net_loop_t *sim_loop_create(node_t *node)
{
    net_loop_t *loop = calloc(1, sizeof(*loop));
    if (!loop)
        abort();
    loop->node = node;
    loop->time = (timebase_t){loop_mono, loop_utc, loop};
    loop->wake = (timers_item_t){.run = wake, .baton = loop};
    loop->now = node->world->now;
    timers_init(&loop->timers);
    return loop;
}

node_t *sim_loop_node(const net_loop_t *loop)
{
    return loop->node;
}

size_t sim_loop_timers(const net_loop_t *loop)
{
    return loop->timers.count;
}

void sim_loop_set_worker(net_loop_t *loop, struct worker_t *worker)
{
    loop->worker = worker;
}

struct worker_t *sim_loop_worker(net_loop_t *loop)
{
    return loop->worker;
}

uint64_t sim_net_dials(const net_loop_t *loop)
{
    return loop->dials;
}

mono_time_t net_loop_now(const net_loop_t *loop)
{
    return loop->now;
}

const timebase_t *net_loop_time(const net_loop_t *loop)
{
    return &loop->time;
}

timers_t *net_loop_timers(net_loop_t *loop)
{
    return &loop->timers;
}

static void run_post(void *baton)
{
    post_t *post = baton;
    net_loop_t *loop = post->loop;
    for (post_t **place = &loop->posts; *place; place = &(*place)->next) {
        if (*place == post) {
            *place = post->next;
            break;
        }
    }
    sim_loop_enter(loop);
    post->run(post->baton);
    free(post);
    sim_loop_leave(loop);
}

void net_loop_post(net_loop_t *loop, void (*run)(void *baton), void *baton)
{
    post_t *post = calloc(1, sizeof(*post));
    if (!post)
        abort();
    *post = (post_t){.next = loop->posts, .loop = loop, .run = run, .baton = baton};
    post->item = (timers_item_t){.run = run_post, .baton = post};
    loop->posts = post;
    world_after(loop->node->world, &post->item, 0);
}

void net_loop_set_turn_end(net_loop_t *loop, void (*run)(void *baton), void *baton)
{
    loop->turn_end = run;
    loop->turn_end_baton = baton;
}

/* Connections. */

static void end_tap(net_conn_t *conn)
{
    net_tap_t tap = conn->tap;
    conn->tap = (net_tap_t){NULL, NULL, NULL};
    if (tap.over)
        tap.over(tap.context);
}

static void drop_segments(net_conn_t *conn)
{
    while (conn->first) {
        segment_t *segment = conn->first;
        conn->first = segment->next;
        free(segment);
    }
    conn->last = &conn->first;
    conn->in_flight = conn->dark = 0;
}

static void reap(void *baton)
{
    net_conn_t *conn = baton;
    world_t *world = conn->world;
    timers_cancel(&world->events, &conn->deliver);
    timers_cancel(&world->events, &conn->ack);
    timers_cancel(&world->events, &conn->keepalive);
    timers_cancel(&world->events, &conn->dial);
    timers_cancel(&world->events, &conn->drained);
    timers_cancel(&world->events, &conn->reap);
    drop_segments(conn);
    if (conn->peer)
        conn->peer->peer = NULL;
    if (conn->previous)
        conn->previous->next = conn->next;
    else
        world->conns->first = conn->next;
    if (conn->next)
        conn->next->previous = conn->previous;
    free(conn);
}

static void reap_soon(net_conn_t *conn)
{
    if (!timers_armed(&conn->reap))
        world_after(conn->world, &conn->reap, 0);
}

/* The connection is over for this end: the application is told, the other end is not. */
static void fail(net_conn_t *conn, const char *why)
{
    if (conn->dead)
        return;
    conn->dead = true;
    drop_segments(conn);
    timers_cancel(&conn->world->events, &conn->deliver);
    net_loop_t *loop = conn->loop;
    conn->loop = NULL;
    if (conn->peer)
        conn->peer->peer = NULL;
    conn->peer = NULL;
    reap_soon(conn);
    end_tap(conn);
    if (!loop)
        return;
    sim_loop_enter(loop);
    err_t err = {.layer = "system", .text = why};
    conn->ops->closed(conn->context, why ? &err : NULL);
    sim_loop_leave(loop);
}

static void stall(net_conn_t *conn)
{
    world_t *world = conn->world;
    if (!conn->stalled)
        conn->stalled = world->now;
    if (world->now - conn->stalled >= world->tcp_timeout) {
        fail(conn, "Connection timed out");
        return;
    }
    int64_t passed = world->now - conn->stalled;
    world_after(world, &conn->deliver, passed < TIME_SECONDS(1) ? TIME_SECONDS(1) : passed / 2);
}

static void append(net_conn_t *conn, segment_kind_t kind, bytes_t octets)
{
    world_t *world = conn->world;
    way_t *way = world_way(world, conn->from, conn->to);
    segment_t *segment = malloc(sizeof(*segment) + octets.length);
    if (!segment)
        abort();
    mono_time_t start = way->busy > world->now ? way->busy : world->now;
    way->busy = start + (int64_t)(octets.length * 1000000 / way->bandwidth);
    *segment = (segment_t){.kind = kind, .due = way->busy + way->latency, .length = octets.length};
    if (octets.length)
        memcpy(segment->octets, octets.data, octets.length);
    *conn->last = segment;
    conn->last = &segment->next;
    conn->in_flight += octets.length;
    if (conn->first == segment && !conn->blocked)
        timers_arm(&world->events, &conn->deliver, segment->due);
}

static void pump(net_conn_t *conn)
{
    if (!conn->loop || conn->dialling || conn->dead)
        return;
    world_t *world = conn->world;
    while (buffer_length(conn->output) && conn->in_flight + conn->dark < WINDOW) {
        size_t most = SEGMENT;
        if (world_chance(world, 20)) /* a boundary where nobody expects one */
            most = (size_t)world_between(world, 1, 40);
        bytes_t part = bytes_slice(buffer_bytes(conn->output), 0, most);
        append(conn, SEGMENT_DATA, part);
        if (conn->tap.octets)
            conn->tap.octets(conn->tap.context, true, part);
        buffer_consume(conn->output, part.length);
    }
    if (buffer_length(conn->output))
        conn->want_drained = true;
    else if (conn->want_drained && !timers_armed(&conn->drained))
        world_after(world, &conn->drained, 0);
}

static void drained(void *baton)
{
    net_conn_t *conn = baton;
    if (!conn->loop || !conn->want_drained || buffer_length(conn->output))
        return;
    conn->want_drained = false;
    sim_loop_enter(conn->loop);
    net_loop_t *loop = conn->loop;
    conn->ops->drained(conn->context);
    sim_loop_leave(loop);
}

static bool way_is_cut(const net_conn_t *conn, bool back)
{
    way_t *way =
        back ? world_way(conn->world, conn->to, conn->from) : world_way(conn->world, conn->from, conn->to);
    return way->cut;
}

/* The segment came; true if the receiver has it. */
static bool arrive(net_conn_t *conn, net_conn_t *target, const segment_t *segment)
{
    net_loop_t *loop = target->loop;
    if (segment->kind == SEGMENT_DATA) {
        if (!loop)
            return false; /* its application has closed: the answer is a reset */
        sim_loop_enter(loop);
        if (target->tap.octets)
            target->tap.octets(target->tap.context, false, bytes_make(segment->octets, segment->length));
        target->ops->input(target->context, bytes_make(segment->octets, segment->length));
        sim_loop_leave(loop);
        return true;
    }
    fail(target, segment->kind == SEGMENT_RESET ? "Connection reset by peer" : NULL);
    conn->dead = true;
    reap_soon(conn);
    return true;
}

static void deliver(void *baton)
{
    net_conn_t *conn = baton;
    world_t *world = conn->world;
    segment_t *segment = conn->first;
    if (!segment || conn->dead)
        return;
    net_conn_t *target = conn->peer;
    bool machine = world->nodes[conn->to].powered;
    if (way_is_cut(conn, false) || (!target && (!machine || way_is_cut(conn, true)))) {
        stall(conn);
        return;
    }
    if (!target) {
        fail(conn, "Connection reset by peer");
        return;
    }
    if (target->dialling) {
        world_after(world, &conn->deliver, TIME_MILLISECONDS(1));
        return;
    }
    if (target->loop && target->paused) {
        conn->blocked = true;
        return;
    }
    conn->stalled = 0;
    conn->first = segment->next;
    if (!conn->first)
        conn->last = &conn->first;
    conn->in_flight -= segment->length;
    if (segment->kind == SEGMENT_DATA && way_is_cut(conn, true)) {
        conn->dark += segment->length;
        if (!timers_armed(&conn->ack))
            world_after(world, &conn->ack, world->tcp_timeout);
    }
    bool taken = arrive(conn, target, segment);
    free(segment);
    if (!taken)
        fail(conn, "Connection reset by peer");
    if (conn->dead)
        return;
    pump(conn);
    if (conn->first && !timers_armed(&conn->deliver))
        timers_arm(&world->events, &conn->deliver,
                   conn->first->due > world->now ? conn->first->due : world->now);
}

static void ack_late(void *baton)
{
    net_conn_t *conn = baton;
    if (conn->dark)
        fail(conn, "Connection timed out");
}

static void keepalive(void *baton)
{
    net_conn_t *conn = baton;
    world_t *world = conn->world;
    if (conn->dead || !conn->loop)
        return;
    bool reachable = !way_is_cut(conn, false) && !way_is_cut(conn, true) && world->nodes[conn->to].powered;
    if (reachable && conn->peer) {
        world_after(world, &conn->keepalive, TIME_SECONDS(conn->doubted ? DOUBT_SECONDS : KEEPALIVE_SECONDS));
        return;
    }
    if (reachable)
        fail(conn, "Connection reset by peer");
    else if (conn->stalled)
        world_after(world, &conn->keepalive, TIME_SECONDS(KEEPALIVE_GIVE_UP_SECONDS));
    else if (!conn->paused)
        fail(conn, "Connection timed out");
}

void net_conn_doubt(net_conn_t *conn)
{
    if (conn->dead || conn->dialling || conn->doubted)
        return;
    conn->doubted = true;
    world_after(conn->world, &conn->keepalive, TIME_SECONDS(DOUBT_SECONDS));
}

static void dial_step(void *baton);

static net_conn_t *create(world_t *world, unsigned from, unsigned to)
{
    net_conn_t *conn = calloc(1, sizeof(*conn));
    if (!conn)
        abort();
    if (!world->conns)
        world->conns = apr_pcalloc(world->pool, sizeof(struct conn_list_t));
    conn->world = world;
    conn->from = from;
    conn->to = to;
    conn->last = &conn->first;
    conn->deliver = (timers_item_t){.run = deliver, .baton = conn};
    conn->ack = (timers_item_t){.run = ack_late, .baton = conn};
    conn->keepalive = (timers_item_t){.run = keepalive, .baton = conn};
    conn->dial = (timers_item_t){.run = dial_step, .baton = conn};
    conn->drained = (timers_item_t){.run = drained, .baton = conn};
    conn->reap = (timers_item_t){.run = reap, .baton = conn};
    conn->peer_octets[0] = 10;
    conn->peer_octets[2] = (uint8_t)(to >> 8);
    conn->peer_octets[3] = (uint8_t)to;
    conn->local_octets[0] = 10;
    conn->local_octets[2] = (uint8_t)(from >> 8);
    conn->local_octets[3] = (uint8_t)from;
    apr_snprintf(conn->peer_address, sizeof(conn->peer_address), "10.0.%u.%u:102", to >> 8, to & 255);
    apr_snprintf(conn->local_address, sizeof(conn->local_address), "10.0.%u.%u:102", from >> 8, from & 255);
    conn->next = world->conns->first;
    if (conn->next)
        conn->next->previous = conn;
    world->conns->first = conn;
    return conn;
}

static void connected(net_conn_t *conn)
{
    net_loop_t *loop = conn->loop;
    conn->dialling = false;
    world_after(conn->world, &conn->keepalive, TIME_SECONDS(KEEPALIVE_SECONDS));
    sim_loop_enter(loop);
    conn->ops->connected(conn->context);
    sim_loop_leave(loop);
    pump(conn);
}

static void accept_call(net_conn_t *conn, net_listener_t *listener)
{
    net_conn_t *other = create(conn->world, conn->to, conn->from);
    other->loop = listener->loop;
    other->peer = conn;
    conn->peer = other;
    world_after(conn->world, &other->keepalive, TIME_SECONDS(KEEPALIVE_SECONDS));
    world_after(conn->world, &conn->dial, world_way(conn->world, conn->to, conn->from)->latency);
    sim_loop_enter(listener->loop);
    listener->accepted(listener->context, other);
    sim_loop_leave(listener->loop);
}

static void dial_step(void *baton)
{
    net_conn_t *conn = baton;
    world_t *world = conn->world;
    if (conn->dead || !conn->loop)
        return;
    node_t *node = conn->to < world->node_count ? &world->nodes[conn->to] : NULL;
    if (world->now >= conn->dial_end) {
        fail(conn, "Connection timed out");
        return;
    }
    bool reachable = node && node->powered && !way_is_cut(conn, false) && !way_is_cut(conn, true);
    if (!reachable || (conn->peer && conn->peer->dead)) {
        int64_t wait = TIME_SECONDS(3);
        if (world->now + wait > conn->dial_end)
            wait = conn->dial_end - world->now;
        world_after(world, &conn->dial, wait);
        return;
    }
    if (conn->peer) {
        connected(conn);
        return;
    }
    net_listener_t *listener = node->loop && node->up ? node->loop->listeners : NULL;
    while (listener && listener->port != conn->port)
        listener = listener->next;
    if (listener)
        accept_call(conn, listener);
    else
        fail(conn, "Connection refused");
}

net_conn_t *net_dial(net_loop_t *loop, const net_dial_t *dial, buffer_t *output, const net_conn_ops_t *ops,
                     void *context)
{
    node_t *node = loop->node;
    world_t *world = node->world;
    unsigned high = 0;
    unsigned low = 0;
    if (sscanf(dial->host, "10.0.%u.%u", &high, &low) != 2 || high * 256 + low >= world->node_count)
        abort(); /* the scenario's configurations name no other */
    net_conn_t *conn = create(world, node->index, high * 256 + low);
    conn->loop = loop;
    conn->port = dial->port;
    conn->output = output;
    conn->ops = ops;
    conn->context = context;
    conn->dialling = true;
    conn->dial_end = world->now + dial->timeout;
    loop->dials++;
    if (!node->dying)
        world_after(world, &conn->dial, world_way(world, conn->from, conn->to)->latency);
    return conn;
}

void net_conn_attach(net_conn_t *conn, buffer_t *output, const net_conn_ops_t *ops, void *context)
{
    conn->output = output;
    conn->ops = ops;
    conn->context = context;
}

void net_conn_send(net_conn_t *conn)
{
    if (conn->loop && !conn->loop->node->dying)
        pump(conn);
}

/* What breaks here is told by what would have come next. */
bool net_err_of_sending(const err_t *err)
{
    (void)err;
    return false;
}

void net_conn_pause(net_conn_t *conn, bool pause)
{
    conn->paused = pause;
    net_conn_t *other = conn->peer;
    if (!pause && other && other->blocked) {
        other->blocked = false;
        if (other->first)
            world_after(conn->world, &other->deliver, 0);
    }
}

void net_conn_close(net_conn_t *conn, bool linger)
{
    world_t *world = conn->world;
    bool dying = conn->loop && conn->loop->node->dying;
    if (linger && !dying && !conn->dialling)
        while (buffer_length(conn->output)) {
            bytes_t part = bytes_slice(buffer_bytes(conn->output), 0, SEGMENT);
            append(conn, SEGMENT_DATA, part);
            buffer_consume(conn->output, part.length);
        }
    net_conn_t *other = conn->peer;
    conn->loop = NULL;
    end_tap(conn);
    if (conn->dead || !other) {
        conn->dead = true;
        reap_soon(conn);
        return;
    }
    if (other->blocked) { /* what it holds for us finds nobody */
        other->blocked = false;
        world_after(world, &other->deliver, 0);
    }
    append(conn, !linger && world_chance(world, 300) ? SEGMENT_RESET : SEGMENT_FIN, BYTES_NONE);
    conn->dialling = false;
}

const char *net_conn_peer_address(const net_conn_t *conn)
{
    return conn->peer_address;
}

const char *net_conn_local_address(const net_conn_t *conn)
{
    return conn->local_address;
}

bytes_t net_conn_peer_octets(const net_conn_t *conn)
{
    return bytes_make(conn->peer_octets, sizeof(conn->peer_octets));
}

bytes_t net_conn_local_octets(const net_conn_t *conn)
{
    return bytes_make(conn->local_octets, sizeof(conn->local_octets));
}

void net_conn_set_tap(net_conn_t *conn, const net_tap_t *tap)
{
    conn->tap = *tap;
}

bool net_conn_peer_in(const net_conn_t *conn, const char *prefix)
{
    (void)conn;
    return prefix && strncmp(prefix, "10.", 3) == 0;
}

/* Listeners. */

err_t *net_listen(net_listener_t **out, net_loop_t *loop, const net_listen_t *listen,
                  void (*accepted)(void *context, net_conn_t *conn), void *context, apr_pool_t *pool)
{
    net_listener_t *listener = apr_pcalloc(pool, sizeof(*listener));
    *listener = (net_listener_t){.next = loop->listeners,
                                 .loop = loop,
                                 .port = listen->port,
                                 .accepted = accepted,
                                 .context = context};
    apr_snprintf(listener->address, sizeof(listener->address), "10.0.%u.%u:%u", loop->node->index >> 8,
                 loop->node->index & 255, listen->port);
    loop->listeners = listener;
    *out = listener;
    return NULL;
}

void net_listener_close(net_listener_t *listener)
{
    for (net_listener_t **place = &listener->loop->listeners; *place; place = &(*place)->next) {
        if (*place == listener) {
            *place = listener->next;
            return;
        }
    }
}

uint16_t net_listener_port(const net_listener_t *listener)
{
    return listener->port;
}

const char *net_listener_address(const net_listener_t *listener)
{
    return listener->address;
}

size_t net_loop_connections(const net_loop_t *loop)
{
    size_t count = 0;
    world_t *world = loop->node->world;
    for (net_conn_t *conn = world->conns ? world->conns->first : NULL; conn; conn = conn->next)
        count += conn->loop == loop;
    return count;
}

/* The world's side. */

void sim_net_reset_callers(world_t *world)
{
    net_conn_t *next;
    for (net_conn_t *conn = world->conns ? world->conns->first : NULL; conn; conn = next) {
        next = conn->next; /* what fails is freed later */
        if (conn->port && !conn->dead)
            fail(conn, "Connection reset by peer");
    }
}

void sim_net_ways_changed(world_t *world)
{
    for (net_conn_t *conn = world->conns ? world->conns->first : NULL; conn; conn = conn->next) {
        if (conn->dead)
            continue;
        if (conn->dark && !way_is_cut(conn, true)) {
            conn->dark = 0;
            timers_cancel(&world->events, &conn->ack);
            pump(conn);
        }
        if (conn->stalled && conn->first && !way_is_cut(conn, false))
            world_after(world, &conn->deliver, world_between(world, 0, TIME_SECONDS(1)));
    }
}

void sim_net_destroy(world_t *world)
{
    while (world->conns && world->conns->first)
        reap(world->conns->first);
}

static void vanish(net_conn_t *conn)
{
    conn->dead = true;
    conn->loop = NULL;
    drop_segments(conn);
    if (conn->peer)
        conn->peer->peer = NULL;
    conn->peer = NULL;
    reap_soon(conn);
}

void sim_loop_destroy(net_loop_t *loop, bool polite)
{
    world_t *world = loop->node->world;
    for (net_conn_t *conn = world->conns ? world->conns->first : NULL; conn; conn = conn->next) {
        if (!polite && conn->from == loop->node->index)
            vanish(conn); /* lingering ones too: the machine is gone */
        else if (conn->loop == loop)
            net_conn_close(conn, false);
    }
    while (loop->posts) {
        post_t *post = loop->posts;
        loop->posts = post->next;
        timers_cancel(&world->events, &post->item);
        free(post);
    }
    timers_cancel(&world->events, &loop->wake);
    timers_destroy(&loop->timers);
    free(loop);
}
