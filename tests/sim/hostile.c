#include "hostile.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "mta/bind.h"
#include "osi/stack.h"
#include "x411/bind.h"

enum { SAMPLE_LIMIT = 65536, OUTPUT_LIMIT = 8 << 20, SESSION_LIMIT = 40 };

typedef enum manner_t {
    MANNER_HONEST,
    MANNER_SILENT,        /* takes the call and says nothing at all */
    MANNER_GARBAGE,       /* octets that are no TPKT */
    MANNER_NEVER_CONFIRM, /* takes everything and confirms no transfer */
    MANNER_NO_CHECKPOINT, /* confirms no checkpoint */
    MANNER_ABORT,         /* aborts within a transfer */
    MANNER_REFUSE,        /* refuses transfers */
    MANNER_HANG_UP,       /* closes the connection at any moment */
    MANNER_ALTER,         /* alters, drops, doubles and cuts what its stack writes */
    MANNER_DOUBLE,        /* says everything twice: confirms twice */
    MANNER_NO_BIND,       /* answers no bind */
    MANNER_COUNT
} manner_t;

typedef struct victim_t {
    struct victim_t *next;
    hostile_t *hostile;
    unsigned node;
    osi_mode_t mode;
    bool two_way_alternate;
    timers_item_t call;
} victim_t;

typedef struct session_t {
    struct session_t *next;
    hostile_t *hostile;
    apr_pool_t *pool;
    net_conn_t *conn;
    osi_stack_t *stack;
    buffer_t wire;
    manner_t manner;
    bool outgoing;
    bool sending;
    const victim_t *victim;
    size_t to_send;
    timers_item_t tick;
    timers_item_t end;
    timers_item_t whim; /* something that it does after a while */
} session_t;

struct hostile_t {
    node_t *node;
    apr_pool_t *pool;
    victim_t *victims;
    session_t *sessions;
    unsigned session_count;
    net_listener_t *listener;
    uint8_t sample[SAMPLE_LIMIT]; /* an APDU that came: to be sent back, altered */
    size_t sample_length;
};

static world_t *world_of(const session_t *session)
{
    return session->hostile->node->world;
}

static mono_time_t now(const session_t *session)
{
    return net_loop_now(session->hostile->node->loop);
}

static timers_t *timers_of(const session_t *session)
{
    return net_loop_timers(session->hostile->node->loop);
}

static void destroy(session_t *session)
{
    hostile_t *hostile = session->hostile;
    timers_cancel(timers_of(session), &session->tick);
    timers_cancel(timers_of(session), &session->end);
    timers_cancel(timers_of(session), &session->whim);
    if (session->conn)
        net_conn_close(session->conn, false);
    for (session_t **place = &hostile->sessions; *place; place = &(*place)->next) {
        if (*place == session) {
            *place = session->next;
            break;
        }
    }
    hostile->session_count--;
    apr_pool_destroy(session->pool);
}

static void end(void *baton)
{
    destroy(baton);
}

static void end_soon(session_t *session)
{
    if (!timers_armed(&session->end))
        timers_arm(timers_of(session), &session->end, now(session));
}

/* One TPKT of the stack on its way out. */
static void send_unit(session_t *session, bytes_t unit)
{
    world_t *world = world_of(session);
    if (session->manner == MANNER_DOUBLE && world_chance(world, 300))
        buffer_append(&session->wire, unit);
    if (session->manner == MANNER_ALTER && world_chance(world, 250)) {
        uint8_t *copy = apr_pmemdup(session->pool, unit.data, unit.length);
        switch (world_below(world, 6)) {
        case 0: copy[world_below(world, unit.length)] ^= (uint8_t)(1u << world_below(world, 8)); break;
        case 1: copy[world_below(world, unit.length)] = (uint8_t)world_random(world); break;
        case 2: return; /* dropped */
        case 3: buffer_append(&session->wire, unit); break;
        case 4: unit.length = (size_t)world_below(world, unit.length); break;
        default:
            for (size_t i = 4; i < unit.length; i++) /* the header stays */
                if (world_chance(world, 30))
                    copy[i] = (uint8_t)world_random(world);
            break;
        }
        buffer_append(&session->wire, bytes_make(copy, unit.length));
        return;
    }
    buffer_append(&session->wire, unit);
}

static void pump(session_t *session)
{
    buffer_t *output = osi_stack_output(session->stack);
    for (;;) {
        bytes_t octets = buffer_bytes(output);
        if (octets.length < 4)
            break;
        size_t length = (size_t)octets.data[2] << 8 | octets.data[3];
        if (length < 4 || length > octets.length)
            break;
        if (session->manner != MANNER_SILENT)
            send_unit(session, bytes_slice(octets, 0, length));
        buffer_consume(output, length);
    }
    if (session->conn)
        net_conn_send(session->conn);
    if (osi_stack_over(session->stack)) {
        end_soon(session);
        return;
    }
    mono_time_t deadline = osi_stack_deadline(session->stack);
    if (deadline == MONO_NEVER)
        timers_cancel(timers_of(session), &session->tick);
    else
        timers_arm(timers_of(session), &session->tick, deadline);
}

static void tick(void *baton)
{
    session_t *session = baton;
    osi_stack_tick(session->stack, now(session));
    pump(session);
}

static void whim(void *baton)
{
    session_t *session = baton;
    if (session->manner == MANNER_HANG_UP)
        end_soon(session);
    else if (osi_stack_is_open(session->stack)) {
        osi_stack_abort(session->stack, (int)world_below(world_of(session), 8), BYTES_NONE, now(session));
        pump(session);
    }
}

static void answer_call(session_t *session, const stack_indication_t *indication)
{
    if (session->manner == MANNER_NO_BIND)
        return;
    x411_mode_t mode = bind_mode(indication->mode);
    const char *name = session->hostile->node->name;
    x411_bind_t bind = x411_bind_make(mode, name, "secret");
    buffer_t *out = buffer_create(session->pool, MTA_OPEN_DATA_LIMIT);
    x411_bind_encode(mode, X411_BIND_RESULT, &bind, out);
    if (world_chance(world_of(session), session->manner == MANNER_REFUSE ? 300 : 0))
        osi_stack_open_refuse(session->stack, (int)world_below(world_of(session), 5), BYTES_NONE,
                              now(session));
    else
        osi_stack_open_accept(session->stack, buffer_bytes(out), now(session));
}

/* Sends what it has as an APDU, or a part of it. */
static void feed(session_t *session)
{
    hostile_t *hostile = session->hostile;
    world_t *world = world_of(session);
    if (session->sending && session->to_send > hostile->sample_length) {
        end_soon(session); /* what it was sending was overwritten by what came on another call */
        return;
    }
    while (session->sending && session->to_send) {
        size_t capacity = osi_stack_transfer_capacity(session->stack);
        if (!capacity)
            return;
        size_t offset = hostile->sample_length - session->to_send;
        bytes_t piece = bytes_slice(bytes_make(hostile->sample + offset, session->to_send), 0,
                                    capacity < 700 ? capacity : 700);
        uint8_t altered[700];
        memcpy(altered, piece.data, piece.length);
        for (size_t i = 0; session->manner != MANNER_HONEST && i < piece.length; i++)
            if (world_chance(world, 8))
                altered[i] = (uint8_t)world_random(world);
        if (osi_stack_transfer_data(session->stack, bytes_make(altered, piece.length), now(session)))
            return;
        session->to_send -= piece.length;
        if (session->manner == MANNER_NEVER_CONFIRM && world_chance(world, 200))
            return; /* stays in the middle of it */
    }
    if (session->sending && !session->to_send) {
        session->sending = false;
        osi_stack_transfer_end(session->stack, now(session));
    }
}

static void begin_transfer(session_t *session)
{
    hostile_t *hostile = session->hostile;
    if (!hostile->sample_length || !osi_stack_has_turn(session->stack) || session->sending)
        return;
    if (osi_stack_transfer_start(session->stack, now(session)))
        return;
    session->sending = true;
    session->to_send = hostile->sample_length;
    feed(session);
}

/* The sample must not pass for the message that it was: the judge knows messages by "m12". */
static void rename_sample(hostile_t *hostile)
{
    for (size_t i = 2; i + 1 < hostile->sample_length; i++)
        if (hostile->sample[i] == 'm' && hostile->sample[i - 1] >= 2 && hostile->sample[i - 1] <= 8 &&
            hostile->sample[i + 1] >= '0' && hostile->sample[i + 1] <= '9')
            hostile->sample[i] = 'x';
}

static void take_sample(session_t *session, bytes_t octets)
{
    hostile_t *hostile = session->hostile;
    octets = bytes_slice(octets, 0, SAMPLE_LIMIT - hostile->sample_length);
    if (octets.length)
        memcpy(hostile->sample + hostile->sample_length, octets.data, octets.length);
    hostile->sample_length += octets.length;
}

static void transfer_ended(session_t *session)
{
    world_t *world = world_of(session);
    rename_sample(session->hostile);
    if (session->manner == MANNER_NEVER_CONFIRM)
        return;
    if (session->manner == MANNER_REFUSE && world_chance(world, 700))
        osi_stack_transfer_refuse(session->stack, world_chance(world, 500), now(session));
    else
        osi_stack_transfer_accept(session->stack, now(session));
}

static void indicate(void *context, const stack_indication_t *indication)
{
    session_t *session = context;
    world_t *world = world_of(session);
    switch (indication->kind) {
    case STACK_OPEN_INDICATION: answer_call(session, indication); break;
    case STACK_OPEN_CONFIRM: begin_transfer(session); break;
    case STACK_TRANSFER_START: session->hostile->sample_length = 0; break;
    case STACK_TRANSFER_RESUME:
        if (world_chance(world, 500))
            osi_stack_resume_refuse(
                session->stack, world_chance(world, 500) ? STACK_RESUME_UNRECOGNIZED : STACK_RESUME_COMPLETED,
                now(session));
        break;
    case STACK_TRANSFER_DATA: take_sample(session, indication->octets); break;
    case STACK_CHECKPOINT:
        if (session->manner != MANNER_NO_CHECKPOINT)
            osi_stack_checkpoint_confirm(session->stack, indication->serial, now(session));
        break;
    case STACK_TRANSFER_END: transfer_ended(session); break;
    case STACK_TURN_GIVEN: begin_transfer(session); break;
    case STACK_TURN_PLEASE:
        if (world_chance(world, 500))
            osi_stack_turn_give(session->stack, now(session));
        break;
    case STACK_CHECKPOINT_CONFIRM: feed(session); break;
    case STACK_TRANSFER_FAILED: session->sending = false; break;
    default: break;
    }
    if ((session->manner == MANNER_ABORT || session->manner == MANNER_HANG_UP) && world_chance(world, 300) &&
        !timers_armed(&session->whim))
        timers_arm(timers_of(session), &session->whim, now(session) + world_between(world, 0, 500000));
}

static const stack_ops_t stack_ops = {indicate};

static void connected(void *context)
{
    session_t *session = context;
    const victim_t *victim = session->victim;
    x411_mode_t mode = bind_mode(victim->mode);
    x411_bind_t bind = x411_bind_make(mode, session->hostile->node->name, "secret");
    buffer_t *out = buffer_create(session->pool, MTA_OPEN_DATA_LIMIT);
    x411_bind_encode(mode, X411_BIND_ARGUMENT, &bind, out);
    stack_open_t open = {.mode = victim->mode, .user_data = buffer_bytes(out)};
    err_t *err = osi_stack_open_request(session->stack, &open, now(session));
    if (err)
        end_soon(session);
    pump(session);
}

static void input(void *context, bytes_t octets)
{
    session_t *session = context;
    world_t *world = world_of(session);
    if (session->manner == MANNER_GARBAGE) {
        uint8_t noise[64];
        for (size_t i = 0; i < sizeof(noise); i++)
            noise[i] = (uint8_t)world_random(world);
        if (world_chance(world, 500)) { /* looks like a TPKT */
            noise[0] = 3;
            noise[1] = noise[2] = 0;
        }
        buffer_append(&session->wire, bytes_make(noise, sizeof(noise)));
        net_conn_send(session->conn);
        return;
    }
    if (session->manner == MANNER_SILENT)
        return;
    osi_stack_input(session->stack, octets, now(session));
    pump(session);
}

static void drained(void *context)
{
    session_t *session = context;
    feed(session);
    pump(session);
}

static void closed(void *context, const err_t *err)
{
    (void)err;
    session_t *session = context;
    session->conn = NULL;
    end_soon(session);
}

static const net_conn_ops_t conn_ops = {connected, input, drained, closed};

static session_t *create(hostile_t *hostile, bool two_way_alternate)
{
    world_t *world = hostile->node->world;
    apr_pool_t *pool;
    apr_pool_create(&pool, hostile->node->boot_pool);
    session_t *session = apr_pcalloc(pool, sizeof(*session));
    session->hostile = hostile;
    session->pool = pool;
    session->manner = world->faults_over ? MANNER_HONEST : (manner_t)world_below(world, MANNER_COUNT);
    buffer_init(&session->wire, pool, OUTPUT_LIMIT);
    session->tick = (timers_item_t){.run = tick, .baton = session};
    session->end = (timers_item_t){.run = end, .baton = session};
    session->whim = (timers_item_t){.run = whim, .baton = session};
    stack_config_t config = {.tpdu_size = 65531,
                             .checkpoint_size_k = (unsigned)world_below(world, 8),
                             .window_size = 3,
                             .two_way_alternate = two_way_alternate,
                             .transport_timeout = TIME_SECONDS(60),
                             .open_timeout = TIME_SECONDS(120),
                             .close_timeout = TIME_SECONDS(60),
                             .open_data_limit = MTA_OPEN_DATA_LIMIT,
                             .host_name = hostile->node->name,
                             .started = node_utc(hostile->node),
                             .reference = 1};
    session->stack = osi_stack_create(pool, &config, &stack_ops, session, net_loop_now(hostile->node->loop));
    session->next = hostile->sessions;
    hostile->sessions = session;
    hostile->session_count++;
    world->injected.hostile += session->manner != MANNER_HONEST;
    world_trace(world, hostile->node, "hostile session of manner %d", (int)session->manner);
    return session;
}

static void accepted(void *context, net_conn_t *conn)
{
    hostile_t *hostile = context;
    if (hostile->session_count >= SESSION_LIMIT) {
        net_conn_close(conn, false);
        return;
    }
    session_t *session = create(hostile, false);
    session->conn = conn;
    net_conn_attach(conn, &session->wire, &conn_ops, session);
}

static void call(void *baton)
{
    victim_t *victim = baton;
    hostile_t *hostile = victim->hostile;
    world_t *world = hostile->node->world;
    if (world->faults_over)
        return;
    if (hostile->session_count < SESSION_LIMIT) {
        session_t *session = create(hostile, victim->two_way_alternate);
        session->outgoing = true;
        session->victim = victim;
        char host[32];
        apr_snprintf(host, sizeof(host), "10.0.%u.%u", victim->node >> 8, victim->node & 255);
        net_dial_t dial = {.host = host, .port = 102, .timeout = TIME_SECONDS(60)};
        session->conn = net_dial(hostile->node->loop, &dial, &session->wire, &conn_ops, session);
    }
    timers_arm(net_loop_timers(hostile->node->loop), &victim->call,
               net_loop_now(hostile->node->loop) + world_between(world, TIME_SECONDS(5), TIME_SECONDS(120)));
}

void hostile_add_victim(hostile_t *hostile, unsigned node, int mode, bool two_way_alternate)
{
    victim_t *victim = apr_pcalloc(hostile->pool, sizeof(*victim));
    *victim = (victim_t){.next = hostile->victims,
                         .hostile = hostile,
                         .node = node,
                         .mode = (osi_mode_t)mode,
                         .two_way_alternate = two_way_alternate};
    hostile->victims = victim;
}

hostile_t *hostile_create(node_t *node, apr_pool_t *pool)
{
    hostile_t *hostile = apr_pcalloc(pool, sizeof(*hostile));
    hostile->node = node;
    hostile->pool = pool;
    return hostile;
}

void hostile_start(hostile_t *hostile)
{
    node_t *node = hostile->node;
    net_listen_t listen = {.port = 102};
    sim_loop_enter(node->loop);
    net_listen(&hostile->listener, node->loop, &listen, accepted, hostile, node->boot_pool);
    for (victim_t *victim = hostile->victims; victim; victim = victim->next) {
        victim->call = (timers_item_t){.run = call, .baton = victim};
        timers_arm(net_loop_timers(node->loop), &victim->call,
                   net_loop_now(node->loop) + world_between(node->world, TIME_SECONDS(1), TIME_SECONDS(60)));
    }
    sim_loop_leave(node->loop);
}

void hostile_end(hostile_t *hostile)
{
    sim_loop_enter(hostile->node->loop);
    for (victim_t *victim = hostile->victims; victim; victim = victim->next)
        timers_cancel(net_loop_timers(hostile->node->loop), &victim->call);
    while (hostile->sessions)
        destroy(hostile->sessions);
    net_listener_close(hostile->listener);
}
