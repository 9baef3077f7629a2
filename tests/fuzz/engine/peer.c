#include "peer.h"

#include <stdlib.h>

#include "mta/bind.h"
#include "osi/stack.h"
#include "x411/bind.h"

#include "../../sim/hostile.h"

enum { OUTPUT_LIMIT = 16 << 20, DIAL_LIMIT = 12, CONNECT_ITEM = 5, USER_DATA = 0xC1 };

/* How the user of the peer's stack answers. */
enum {
    MANNER_REFUSE_OPEN = 1,
    MANNER_NO_OPEN = 2,
    MANNER_NO_CHECKPOINT = 4,
    MANNER_REFUSE_APDU = 8,
    MANNER_NO_CONFIRM = 16,
    MANNER_KEEP_TURN = 32,
    MANNER_REFUSE_RESUME = 64,
    MANNER_DEAF = 128 /* what comes is not given to its stack */
};

struct hostile_t {
    node_t *node;
    apr_pool_t *pool;
    net_listener_t *listener;
    net_conn_t *conn;
    buffer_t *wire;
    osi_stack_t *stack;
    stack_open_t open;
    buffer_t *bind; /* what the input gives instead of the right one */
    buffer_t *apdu; /* what waits for the turn and the window */
    bool sending;
    bool leaving;
    uint8_t manner;
    uint8_t alter;
    uint8_t where;
    unsigned dials;
    unsigned serial; /* of the last checkpoint that came */
    osi_activity_id_t activity;
};

static mono_time_t now(const hostile_t *peer)
{
    return peer->node->world->now;
}

static void send_wire(hostile_t *peer)
{
    if (peer->conn)
        net_conn_send(peer->conn);
    else
        buffer_clear(peer->wire);
}

/* Changes what the stack wrote, once. */
static void alter(hostile_t *peer, bytes_t octets)
{
    size_t place = (size_t)peer->where * 3 % octets.length;
    bytes_t front = bytes_slice(octets, 0, place);
    bytes_t back = bytes_slice(octets, place + 1, octets.length);
    uint8_t octet = octets.data[place];
    switch (peer->alter) {
    case 1: octet ^= 1; break;
    case 2: octet = 0xFF; break;
    case 3: octet++; break;
    case 4: back = BYTES_NONE; break;                 /* cut off */
    case 5: buffer_append(peer->wire, octets); break; /* twice */
    case 6: return;                                   /* lost */
    case 7: back = bytes_slice(back, 1, back.length); break;
    default: octet = peer->where; break;
    }
    buffer_append(peer->wire, front);
    buffer_append_octet(peer->wire, octet);
    buffer_append(peer->wire, back);
}

static void feed(hostile_t *peer)
{
    while (peer->sending && osi_stack_transfer_capacity(peer->stack)) {
        size_t capacity = osi_stack_transfer_capacity(peer->stack);
        bytes_t piece = bytes_slice(buffer_bytes(peer->apdu), 0, capacity);
        if (piece.length == 0 || osi_stack_transfer_data(peer->stack, piece, now(peer)))
            break;
        buffer_consume(peer->apdu, piece.length);
    }
    if (peer->sending && buffer_length(peer->apdu) == 0) {
        peer->sending = false;
        osi_stack_transfer_end(peer->stack, now(peer));
    }
}

static void pump(hostile_t *peer)
{
    if (!peer->stack)
        return;
    feed(peer);
    buffer_t *output = osi_stack_output(peer->stack);
    bytes_t octets = buffer_bytes(output);
    if (octets.length) {
        if (peer->alter)
            alter(peer, octets);
        else
            buffer_append(peer->wire, octets);
        peer->alter = 0;
        buffer_consume(output, octets.length);
    }
    send_wire(peer);
}

static void begin(hostile_t *peer)
{
    if (!peer->stack || peer->sending || buffer_length(peer->apdu) == 0)
        return;
    if (osi_stack_has_turn(peer->stack))
        peer->sending = !osi_stack_transfer_start(peer->stack, now(peer));
    else
        osi_stack_turn_please(peer->stack, 0, now(peer));
}

static void accept_open(hostile_t *peer, const stack_indication_t *indication)
{
    if (peer->manner & MANNER_REFUSE_OPEN) {
        osi_stack_open_refuse(peer->stack, peer->where & 7, buffer_bytes(peer->bind), now(peer));
    } else if (!(peer->manner & MANNER_NO_OPEN)) {
        x411_mode_t mode = bind_mode(indication->mode);
        x411_bind_t bind = x411_bind_make(mode, "PPA", "a-secret");
        buffer_t *right = buffer_create(peer->node->boot_pool, MTA_OPEN_DATA_LIMIT);
        x411_bind_encode(mode, X411_BIND_RESULT, &bind, right);
        osi_stack_open_accept(peer->stack, buffer_bytes(buffer_length(peer->bind) ? peer->bind : right),
                              now(peer));
    }
}

static void end_of_apdu(hostile_t *peer)
{
    if (peer->manner & MANNER_REFUSE_APDU)
        osi_stack_transfer_refuse(peer->stack, peer->where & 1, now(peer));
    else if (!(peer->manner & MANNER_NO_CONFIRM))
        osi_stack_transfer_accept(peer->stack, now(peer));
}

static void indicate(void *context, const stack_indication_t *indication)
{
    hostile_t *peer = context;
    switch (indication->kind) {
    case STACK_OPEN_INDICATION: accept_open(peer, indication); break;
    case STACK_TRANSFER_RESUME:
        if (peer->manner & MANNER_REFUSE_RESUME)
            osi_stack_resume_refuse(peer->stack, (stack_resume_refusal_t)(peer->where & 1), now(peer));
        else
            osi_stack_resume_accept(peer->stack, (uint64_t)indication->serial * 1024, now(peer));
        break;
    case STACK_CHECKPOINT:
        peer->serial = indication->serial;
        if (!(peer->manner & MANNER_NO_CHECKPOINT))
            osi_stack_checkpoint_confirm(peer->stack, indication->serial, now(peer));
        break;
    case STACK_TRANSFER_END: end_of_apdu(peer); break;
    case STACK_TURN_PLEASE:
        if (!(peer->manner & MANNER_KEEP_TURN))
            osi_stack_turn_give(peer->stack, now(peer));
        break;
    case STACK_OPEN_CONFIRM:
    case STACK_TURN_GIVEN: begin(peer); break;
    case STACK_TRANSFER_FAILED: peer->sending = false; break;
    default: break;
    }
}

static void make_stack(hostile_t *peer, bool two_way_alternate)
{
    static const stack_ops_t ops = {indicate};
    stack_config_t config = {.tpdu_size = peer->where & 1 ? 128 : 65531,
                             .checkpoint_size_k = peer->where >> 1 & 3,
                             .window_size = 1 + (peer->where >> 3 & 3),
                             .two_way_alternate = two_way_alternate,
                             .transport_timeout = TIME_SECONDS(60),
                             .open_timeout = TIME_SECONDS(120),
                             .close_timeout = TIME_SECONDS(60),
                             .open_data_limit = MTA_OPEN_DATA_LIMIT,
                             .host_name = "peer",
                             .started = node_utc(peer->node),
                             .reference = 1};
    peer->stack = osi_stack_create(peer->node->boot_pool, &config, &ops, peer, now(peer));
    peer->sending = false;
}

/* The connection. */

static void connected(void *context)
{
    hostile_t *peer = context;
    if (peer->stack) {
        osi_stack_open_request(peer->stack, &peer->open, now(peer));
        pump(peer);
    }
    send_wire(peer);
}

static void input(void *context, bytes_t octets)
{
    hostile_t *peer = context;
    if (!peer->stack || (peer->manner & MANNER_DEAF))
        return;
    osi_stack_input(peer->stack, octets, now(peer));
    pump(peer);
}

static void drained(void *context)
{
    pump(context);
}

static void closed(void *context, const err_t *err)
{
    hostile_t *peer = context;
    (void)err;
    peer->conn = NULL;
    if (peer->stack)
        osi_stack_network_closed(peer->stack, NULL, now(peer));
}

static const net_conn_ops_t conn_ops = {connected, input, drained, closed};

static void hang_up(hostile_t *peer)
{
    if (peer->conn)
        net_conn_close(peer->conn, false);
    peer->conn = NULL;
    buffer_clear(peer->wire);
}

static void accepted(void *context, net_conn_t *conn)
{
    hostile_t *peer = context;
    hang_up(peer); /* what it had before breaks */
    if (peer->dials >= DIAL_LIMIT) {
        net_conn_close(conn, false);
        return;
    }
    peer->dials++;
    make_stack(peer, false);
    peer->conn = conn;
    net_conn_attach(conn, peer->wire, &conn_ops, peer);
}

static void dial(hostile_t *peer, unsigned variant)
{
    hang_up(peer);
    if (peer->dials++ >= DIAL_LIMIT)
        return;
    osi_mode_t mode = (osi_mode_t)((variant & 3) % 3);
    x411_bind_t bind = variant & 4 ? x411_bind_make(bind_mode(mode), "SEND", "sendpw")
                                   : x411_bind_make(bind_mode(mode), "PPA", "a-secret");
    buffer_t *right = buffer_create(peer->node->boot_pool, MTA_OPEN_DATA_LIMIT);
    x411_bind_encode(bind_mode(mode), X411_BIND_ARGUMENT, &bind, right);
    if (buffer_length(peer->bind))
        right = peer->bind;
    make_stack(peer, variant & 8);
    if ((variant & 3) == 3)
        peer->stack = NULL;
    peer->open = (stack_open_t){.mode = mode, .user_data = buffer_bytes(right)};
    net_dial_t call = {.host = "10.0.0.0", .port = 102, .timeout = TIME_SECONDS(60)};
    peer->conn = net_dial(peer->node->loop, &call, peer->wire, &conn_ops, peer);
}

/* What the input says. */

static void say(hostile_t *peer, speech_t *speech, unsigned kind, unsigned variant)
{
    buffer_t inner = {.limit = SPEECH_LIMIT};
    buffer_t outer = {.limit = 2 * SPEECH_LIMIT};
    uint8_t type = kind == PEER_SPDU || kind == PEER_USER ? speech_octet(speech) : 0;
    switch (kind) {
    case PEER_RAW: buffer_append(peer->wire, speech_octets(speech)); break;
    case PEER_TPDU: speech_tpkt(peer->wire, speech_octets(speech)); break;
    case PEER_TSDU: speech_dt(peer->wire, speech_octets(speech), !variant); break;
    case PEER_SPDU:
        speech_spdu(&outer, type, speech_octets(speech));
        speech_dt(peer->wire, buffer_bytes(&outer), true);
        break;
    case PEER_DATA: {
        static const uint8_t context[] = {1, 3, 5, 7};
        uint8_t integer[3] = {2, 1, context[variant >> 1 & 3]};
        buffer_append(&outer, BYTES_LITERAL("\1\0\1\0"));
        if (variant & 1) { /* fully encoded data: one list of one value */
            buffer_append(&outer, BYTES_LITERAL("\x61\x80\x30\x80"));
            buffer_append(&outer, bytes_make(integer, sizeof(integer)));
            buffer_append(&outer, BYTES_LITERAL("\xA0\x80"));
            speech_element(speech, &outer, 0);
            buffer_append(&outer, BYTES_LITERAL("\0\0\0\0\0\0"));
        } else {
            speech_element(speech, &outer, 0);
        }
        speech_dt(peer->wire, buffer_bytes(&outer), true);
        break;
    }
    default: { /* PEER_USER */
        buffer_t parameters = {.limit = 2 * SPEECH_LIMIT};
        if (variant)
            speech_parameter(&parameters, CONNECT_ITEM, BYTES_LITERAL("\x13\1\0\x16\1\2\x14\2\3\xA9"));
        speech_element(speech, &inner, 0);
        speech_parameter(&parameters, USER_DATA, buffer_bytes(&inner));
        speech_spdu(&outer, type, buffer_bytes(&parameters));
        speech_dt(peer->wire, buffer_bytes(&outer), true);
        buffer_release(&parameters);
        break;
    }
    }
    buffer_release(&inner);
    buffer_release(&outer);
    send_wire(peer);
}

/* The EXTERNAL that an APDU has around it in normal mode. */
static void append_apdu(hostile_t *peer, bytes_t octets, bool bare)
{
    stack_facts_t facts;
    osi_stack_facts(peer->stack, &facts);
    bool wrapped = facts.apdu_context && !bare;
    uint8_t head[7] = {0x28, 0x80, 2, 1, (uint8_t)facts.apdu_context, 0xA0, 0x80};
    if (wrapped)
        buffer_append(peer->apdu, bytes_make(head, sizeof(head)));
    buffer_append(peer->apdu, octets);
    if (wrapped)
        buffer_append(peer->apdu, BYTES_LITERAL("\0\0\0\0"));
}

static void offer(hostile_t *peer, speech_t *speech, unsigned kind, unsigned variant)
{
    buffer_t octets = {.limit = SPEECH_LIMIT};
    if (kind == PEER_APDU)
        speech_element(speech, &octets, 0);
    else
        buffer_append(&octets, speech_octets(speech));
    if (peer->stack && !peer->sending) {
        buffer_clear(peer->apdu);
        append_apdu(peer, buffer_bytes(&octets), variant & 1);
        begin(peer);
        pump(peer);
    }
    buffer_release(&octets);
}

static void ask(hostile_t *peer, unsigned what)
{
    osi_stack_t *stack = peer->stack;
    if (!stack)
        return;
    switch (what) {
    case 0: osi_stack_transfer_start(stack, now(peer)); break;
    case 1: osi_stack_transfer_data(stack, BYTES_LITERAL("\x31\x80\x31\x80"), now(peer)); break;
    case 2: osi_stack_transfer_end(stack, now(peer)); break;
    case 3: osi_stack_transfer_cancel(stack, true, now(peer)); break;
    case 4: osi_stack_transfer_cancel(stack, false, now(peer)); break;
    case 5: peer->activity = *osi_stack_activity(stack); break;
    case 6: osi_stack_transfer_resume(stack, &peer->activity, NULL, 1, 1024, now(peer)); break;
    case 7:
        osi_stack_transfer_resume(stack, &peer->activity, osi_stack_connection_id(stack), 0, 0, now(peer));
        break;
    case 8: osi_stack_turn_please(stack, 3, now(peer)); break;
    case 9: osi_stack_turn_give(stack, now(peer)); break;
    case 10: osi_stack_close_request(stack, now(peer)); break;
    case 11: osi_stack_transfer_accept(stack, now(peer)); break;
    case 12: osi_stack_transfer_refuse(stack, true, now(peer)); break;
    case 13: osi_stack_checkpoint_confirm(stack, peer->serial, now(peer)); break;
    case 14: hang_up(peer); break;
    default: osi_stack_abort(stack, (int)(peer->where & 7), BYTES_LITERAL("\x05\x00"), now(peer)); break;
    }
    pump(peer);
}

void peer_step(hostile_t *peer, speech_t *speech, unsigned kind, unsigned variant)
{
    sim_loop_enter(peer->node->loop);
    switch (kind) {
    case PEER_APDU:
    case PEER_CONTENT: offer(peer, speech, kind, variant); break;
    case PEER_ASK: ask(peer, variant); break;
    case PEER_ALTER:
        peer->alter = (uint8_t)variant;
        peer->where = speech_octet(speech);
        break;
    case PEER_MANNER: peer->manner = speech_octet(speech); break;
    case PEER_DIAL: dial(peer, variant); break;
    case PEER_BIND:
        buffer_clear(peer->bind);
        speech_element(speech, peer->bind, 0);
        break;
    default: say(peer, speech, kind, variant); break;
    }
    sim_loop_leave(peer->node->loop);
}

void peer_tick(hostile_t *peer)
{
    if (!peer->stack)
        return;
    sim_loop_enter(peer->node->loop);
    if (osi_stack_deadline(peer->stack) <= now(peer))
        osi_stack_tick(peer->stack, now(peer));
    pump(peer);
    if (osi_stack_over(peer->stack) && peer->conn && peer->leaving)
        hang_up(peer);
    sim_loop_leave(peer->node->loop);
}

void peer_leave(hostile_t *peer)
{
    peer->leaving = true;
    sim_loop_enter(peer->node->loop);
    hang_up(peer);
    if (peer->listener)
        net_listener_close(peer->listener);
    peer->listener = NULL;
    sim_loop_leave(peer->node->loop);
}

hostile_t *peer_create(node_t *node, apr_pool_t *pool)
{
    hostile_t *peer = apr_pcalloc(pool, sizeof(*peer));
    *peer = (hostile_t){.node = node,
                        .pool = pool,
                        .wire = buffer_create(pool, OUTPUT_LIMIT),
                        .bind = buffer_create(pool, SPEECH_LIMIT),
                        .apdu = buffer_create(pool, 2 * SPEECH_LIMIT)};
    return peer;
}

void hostile_start(hostile_t *peer)
{
    net_listen_t listen = {.port = 102};
    sim_loop_enter(peer->node->loop);
    net_listen(&peer->listener, peer->node->loop, &listen, accepted, peer, peer->node->boot_pool);
    sim_loop_leave(peer->node->loop);
}

void hostile_end(hostile_t *peer)
{
    if (peer->listener)
        peer_leave(peer);
}
