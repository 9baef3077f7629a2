/* The whole stack against a peer that does anything. Two stacks are back to back; the input is a series of
 * steps: their users ask for things, in or out of place, and the octets between them are passed, cut,
 * changed, repeated or replaced by octets of the input. Whatever happens, each stack makes at most one last
 * indication, holds no more than its limits, and its timers bring it to an end or to rest.
 *
 * The first octet: bits 0 and 1 the mode, bit 2 no second stack at all (every octet after it is what a peer
 * sends to the one that is called), bit 3 the same to the one that calls, bits 4 to 7 checkpoint and window.
 */
#include "fuzz.h"

#include "osi/stack.h"

#include <apr_general.h>
#include <stdlib.h>

enum { TRANSFER_OCTETS = 3000 };

typedef struct party_t {
    osi_stack_t *stack;
    mono_time_t *now;
    unsigned last;  /* last indications made */
    uint8_t manner; /* how its user answers */
    osi_activity_id_t activity;
} party_t;

static void answer(party_t *party, const stack_indication_t *indication)
{
    osi_stack_t *stack = party->stack;
    mono_time_t now = *party->now;
    switch (indication->kind) {
    case STACK_OPEN_INDICATION:
        if ((party->manner & 3) == 3)
            osi_stack_open_refuse(stack, party->manner >> 2 & 7, BYTES_LITERAL("\xB3\x01\x02"), now);
        else if ((party->manner & 3) != 2)
            osi_stack_open_accept(stack, BYTES_LITERAL("\xB1\x00"), now);
        break;
    case STACK_TRANSFER_RESUME:
        if (party->manner & 4)
            osi_stack_resume_accept(stack, indication->serial ? 1024 : 0, now);
        else if (party->manner & 8)
            osi_stack_resume_refuse(stack, (stack_resume_refusal_t)(party->manner >> 4 & 1), now);
        break;
    case STACK_TRANSFER_DATA:
        if ((party->manner & 0x60) == 0x60)
            osi_stack_transfer_refuse(stack, party->manner & 1, now);
        break;
    case STACK_CHECKPOINT:
        if (!(party->manner & 16))
            osi_stack_checkpoint_confirm(stack, indication->serial, now);
        break;
    case STACK_TRANSFER_END:
        if (party->manner & 0x80)
            osi_stack_transfer_refuse(stack, party->manner & 1, now);
        else
            osi_stack_transfer_accept(stack, now);
        break;
    case STACK_TURN_PLEASE:
        if (party->manner & 1)
            osi_stack_turn_give(stack, now);
        break;
    default: break;
    }
}

static void on_indication(void *context, const stack_indication_t *indication)
{
    party_t *party = context;
    bool last = indication->kind == STACK_OPEN_REFUSED || indication->kind == STACK_ABORTED ||
                indication->kind == STACK_CLOSE_CONFIRM || indication->kind == STACK_CLOSE_INDICATION;
    bool failed = indication->kind == STACK_OPEN_REFUSED || indication->kind == STACK_ABORTED;
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < indication->octets.length; i++)
        sum = (uint8_t)(sum + indication->octets.data[i]);
    if (party->last || (failed && (!indication->err || !indication->err->text || !indication->err->layer)))
        abort();
    party->last += last;
    answer(party, indication);
}

static void ask(party_t *party, unsigned what, mono_time_t now)
{
    static const uint8_t data[TRANSFER_OCTETS];
    static const osi_connection_id_t connection = {.user = {.octets = {0x14, 1, 'h'}, .length = 3}};
    osi_stack_t *stack = party->stack;
    size_t room;
    switch (what) {
    case 0: osi_stack_transfer_start(stack, now); break;
    case 1:
        room = osi_stack_transfer_capacity(stack);
        osi_stack_transfer_data(stack, bytes_make(data, room < sizeof(data) ? room : sizeof(data)), now);
        break;
    case 2: osi_stack_transfer_end(stack, now); break;
    case 3: osi_stack_transfer_cancel(stack, true, now); break;
    case 4: osi_stack_transfer_cancel(stack, false, now); break;
    case 5: party->activity = *osi_stack_activity(stack); break;
    case 6: osi_stack_transfer_resume(stack, &party->activity, NULL, 1, 1024, now); break;
    case 7: osi_stack_transfer_resume(stack, &party->activity, &connection, 0, 0, now); break;
    case 8: osi_stack_turn_please(stack, 3, now); break;
    case 9: osi_stack_turn_give(stack, now); break;
    case 10: osi_stack_close_request(stack, now); break;
    case 11: osi_stack_transfer_accept(stack, now); break;
    case 12: osi_stack_transfer_refuse(stack, true, now); break;
    case 13: osi_stack_checkpoint_confirm(stack, 1, now); break;
    case 14: osi_stack_open_accept(stack, BYTES_NONE, now); break;
    default:
        party->last++;
        osi_stack_abort(stack, STACK_ABORT_USER_ERROR, BYTES_LITERAL("\x05\x00"), now);
        break;
    }
}

/* Moves what from wrote; how: 0 all of it, else changed at a place, cut off or said twice. */
static void move(party_t *from, party_t *to, uint8_t how, uint8_t where, mono_time_t now)
{
    static uint8_t octets[1 << 17];
    buffer_t *out = osi_stack_output(from->stack);
    size_t length = buffer_length(out);
    if (length == 0)
        return;
    if (length > sizeof(octets))
        length = sizeof(octets);
    memcpy(octets, buffer_bytes(out).data, length);
    buffer_consume(out, length);
    size_t place = (size_t)where % length;
    switch (how) {
    case 1: octets[place] ^= 1; break;
    case 2: octets[place] = (uint8_t)(where >> 1); break;
    case 3: length = place; break;
    case 4: osi_stack_input(to->stack, bytes_make(octets, length), now); break;
    case 5: octets[place] = 0xFF; break;
    case 6:
        for (size_t i = 0; i < length; i++)
            osi_stack_input(to->stack, bytes_make(octets + i, 1), now);
        return;
    default: break;
    }
    osi_stack_input(to->stack, bytes_make(octets, length), now);
}

static void run_steps(party_t *a, party_t *b, bytes_t steps, mono_time_t *now)
{
    for (int i = 0; i < 3; i++) { /* the open itself, so that most inputs get somewhere */
        move(a, b, 0, 0, *now);
        move(b, a, 0, 0, *now);
    }
    for (size_t i = 0; i < steps.length; i++) {
        uint8_t step = steps.data[i];
        uint8_t more = i + 1 < steps.length ? steps.data[i + 1] : 0;
        party_t *party = step & 0x80 ? b : a;
        party_t *other = step & 0x80 ? a : b;
        switch (step >> 4 & 7) {
        case 0:
        case 1: ask(party, step & 15, *now); break;
        case 2:
        case 3: move(party, other, step & 7, more, *now); break;
        case 4: party->manner = more; break;
        case 5: {
            bytes_t octets = bytes_slice(steps, i + 1, step & 15);
            osi_stack_input(party->stack, octets, *now);
            i += octets.length;
            break;
        }
        case 6:
            *now += TIME_MILLISECONDS(700) * (step & 15);
            osi_stack_tick(party->stack, *now);
            break;
        default:
            move(a, b, 0, 0, *now);
            move(b, a, 0, 0, *now);
            break;
        }
    }
}

/* Nothing comes any more: the timers must end it, or it is at rest. */
static void settle(apr_pool_t *pool, party_t *party, mono_time_t *now)
{
    for (int i = 0; i < 8; i++) {
        buffer_t *out = osi_stack_output(party->stack);
        buffer_consume(out, buffer_length(out));
        if (out->failed)
            abort();
        mono_time_t deadline = osi_stack_deadline(party->stack);
        osi_stack_state_text(party->stack, pool);
        if (deadline == MONO_NEVER)
            break;
        if (i == 7)
            abort();
        if (deadline > *now)
            *now = deadline;
        osi_stack_tick(party->stack, *now);
    }
    osi_stack_network_closed(party->stack, NULL, *now);
    if (!osi_stack_over(party->stack) || osi_stack_deadline(party->stack) != MONO_NEVER)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const stack_ops_t ops = {.indicate = on_indication};
    static apr_pool_t *pool;
    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    if (size < 2)
        return 0;
    mono_time_t now = TIME_SECONDS(1);
    stack_config_t config = {.tpdu_size = data[0] & 0x10 ? 128 : 65531,
                             .checkpoint_size_k = data[0] >> 5 & 1,
                             .window_size = data[0] >> 6,
                             .two_way_alternate = data[1] & 1,
                             .transport_timeout = TIME_SECONDS(5),
                             .open_timeout = TIME_SECONDS(20),
                             .close_timeout = TIME_SECONDS(10),
                             .transfer_timeout = data[1] & 2 ? TIME_SECONDS(30) : 0,
                             .open_data_limit = 512,
                             .host_name = "h",
                             .started = TIME_SECONDS(1700000000),
                             .reference = 1};
    party_t a = {.now = &now};
    party_t b = {.now = &now, .manner = data[1] >> 2};
    a.stack = osi_stack_create(pool, &config, &ops, &a, now);
    b.stack = osi_stack_create(pool, &config, &ops, &b, now);
    stack_open_t open = {.mode = (osi_mode_t)((data[0] & 3) % 3), .user_data = BYTES_LITERAL("\xB0\x00")};
    osi_stack_open_request(a.stack, &open, now);
    bytes_t rest = bytes_make(data + 2, size - 2);
    if (data[0] & 4)
        osi_stack_input(b.stack, rest, now);
    else if (data[0] & 8)
        osi_stack_input(a.stack, rest, now);
    else
        run_steps(&a, &b, rest, &now);
    settle(pool, &a, &now);
    settle(pool, &b, &now);
    apr_pool_clear(pool);
    return 0;
}
