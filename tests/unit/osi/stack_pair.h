/* Two stacks back to back for tests: each side's output is the other's input, in pieces of any size, with a
 * user on each side that answers, sends an APDU of a pattern, and checks what comes. */
#ifndef TESTS_UNIT_OSI_STACK_PAIR_H
#define TESTS_UNIT_OSI_STACK_PAIR_H

#include "osi/stack.h"
#include "unit.h"

enum { SIDE_CHECKPOINTS = 2048, SIDE_KINDS = STACK_ABORTED + 1 };

typedef struct side_t {
    osi_stack_t *stack;
    mono_time_t *now;
    /* what the user answers */
    bool refuse_open;
    int refuse_reason;
    bytes_t answer;               /* user data of accept or refusal */
    const stack_config_t *limits; /* set before the accept */
    bool hold_checkpoints;        /* do not confirm checkpoints */
    bool hold_end;                /* do not accept at the end */
    bool refuse_transfer;         /* refuse at the end */
    bool refuse_at_start;         /* refuse at the first data */
    bool temporary;               /* the refusal is */
    bool give_on_please;
    bool ask_on_abort; /* asks for the turn when told of an abort, and looks at the reason after that */
    int resume_answer; /* 0 accept, 1 unrecognized, 2 completed, 3 none */
    /* what was seen */
    unsigned seen[SIDE_KINDS];
    osi_mode_t mode;
    bool two_way_alternate;
    bool peer_initial_turn;
    bool by_peer;
    bool resumable;
    int refuse_code;
    int abort_code;
    int priority;
    char user_data[256];
    size_t user_data_length;
    char error[512];
    char error_layer[32];
    osi_activity_id_t activity; /* of the incoming transfer */
    unsigned resume_serial;
    /* incoming APDU */
    uint8_t *apdu;
    size_t apdu_length;
    size_t apdu_capacity;
    struct {
        unsigned serial;
        uint64_t total;
    } checkpoint[SIDE_CHECKPOINTS];
    unsigned checkpoints;
    /* outgoing APDU */
    const uint8_t *data;
    size_t length;
    size_t sent;
    bool sending;
    unsigned confirmed_serial;
    uint64_t confirmed_total;
} side_t;

typedef struct pair_t {
    apr_pool_t *pool;
    mono_time_t now;
    side_t a;     /* calls */
    side_t b;     /* is called */
    size_t chunk; /* octets that are moved at once, 0 = all */
    bool cut;     /* nothing passes any more */
    bool closed;  /* the connection was closed by a side that was over */
    bytes_t find; /* octets to replace on the way from a to b (or b to a), once */
    bytes_t put;
    unsigned replaced;
} pair_t;

static inline void side_error(side_t *side, const stack_indication_t *indication)
{
    if (!indication->err)
        return;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    snprintf(side->error, sizeof(side->error), "%s", err_describe(pool, indication->err));
    snprintf(side->error_layer, sizeof(side->error_layer), "%s", indication->err->layer);
    apr_pool_destroy(pool);
}

static inline void side_opening(side_t *side, const stack_indication_t *indication)
{
    side->mode = indication->mode;
    side->two_way_alternate = indication->two_way_alternate;
    side->peer_initial_turn = indication->peer_initial_turn;
    size_t length = indication->user_data.length;
    side->user_data_length = length;
    if (length && length <= sizeof(side->user_data))
        memcpy(side->user_data, indication->user_data.data, length);
    if (indication->kind != STACK_OPEN_INDICATION)
        return;
    if (side->limits)
        osi_stack_set_limits(side->stack, side->limits);
    if (side->refuse_open)
        osi_stack_open_refuse(side->stack, side->refuse_reason, side->answer, *side->now);
    else
        osi_stack_open_accept(side->stack, side->answer, *side->now);
}

static inline void side_resume(side_t *side, const stack_indication_t *indication)
{
    side->resume_serial = indication->serial;
    if (side->resume_answer == 1 || side->resume_answer == 2) {
        osi_stack_resume_refuse(side->stack,
                                side->resume_answer == 1 ? STACK_RESUME_UNRECOGNIZED : STACK_RESUME_COMPLETED,
                                *side->now);
        return;
    }
    if (side->resume_answer == 3)
        return;
    uint64_t total = 0;
    unsigned kept = 0;
    for (unsigned i = 0; i < side->checkpoints; i++)
        if (side->checkpoint[i].serial <= indication->serial) {
            total = side->checkpoint[i].total;
            kept = i + 1;
        }
    side->checkpoints = kept;
    side->apdu_length = (size_t)total;
    CU_ASSERT_PTR_NULL(osi_stack_resume_accept(side->stack, total, *side->now));
}

static inline void side_incoming(side_t *side, const stack_indication_t *indication)
{
    switch (indication->kind) {
    case STACK_TRANSFER_START:
        side->activity = indication->activity;
        side->apdu_length = 0;
        side->checkpoints = 0;
        break;
    case STACK_TRANSFER_DATA:
        if (side->apdu_length + indication->octets.length > side->apdu_capacity) {
            side->apdu_capacity = (side->apdu_length + indication->octets.length) * 2;
            side->apdu = realloc(side->apdu, side->apdu_capacity);
        }
        memcpy(side->apdu + side->apdu_length, indication->octets.data, indication->octets.length);
        side->apdu_length += indication->octets.length;
        if (side->refuse_at_start)
            osi_stack_transfer_refuse(side->stack, side->temporary, *side->now);
        break;
    case STACK_CHECKPOINT:
        if (side->checkpoints < SIDE_CHECKPOINTS) {
            side->checkpoint[side->checkpoints].serial = indication->serial;
            side->checkpoint[side->checkpoints].total = indication->total;
            side->checkpoints++;
        }
        if (!side->hold_checkpoints)
            osi_stack_checkpoint_confirm(side->stack, indication->serial, *side->now);
        break;
    case STACK_TRANSFER_END:
        if (side->refuse_transfer)
            osi_stack_transfer_refuse(side->stack, side->temporary, *side->now);
        else if (!side->hold_end)
            CU_ASSERT_PTR_NULL(osi_stack_transfer_accept(side->stack, *side->now));
        break;
    default: break;
    }
}

static inline void side_indicate(void *context, const stack_indication_t *indication)
{
    side_t *side = context;
    side->seen[indication->kind]++;
    side_error(side, indication);
    side->by_peer = indication->by_peer;
    switch (indication->kind) {
    case STACK_OPEN_INDICATION:
    case STACK_OPEN_CONFIRM: side_opening(side, indication); break;
    case STACK_OPEN_REFUSED:
        side->refuse_code = indication->refuse_reason;
        side_opening(side, indication);
        break;
    case STACK_TRANSFER_RESUME: side_resume(side, indication); break;
    case STACK_CHECKPOINT_CONFIRM:
        side->confirmed_serial = indication->serial;
        side->confirmed_total = indication->total;
        break;
    case STACK_TRANSFER_CONFIRM: side->sending = false; break;
    case STACK_TRANSFER_FAILED:
        side->sending = false;
        side->resumable = indication->resumable;
        break;
    case STACK_TURN_PLEASE:
        side->priority = indication->priority;
        if (side->give_on_please)
            osi_stack_turn_give(side->stack, *side->now);
        break;
    case STACK_ABORTED:
        side->abort_code = indication->abort_reason;
        if (side->ask_on_abort) {
            CU_ASSERT_PTR_NOT_NULL(osi_stack_turn_please(side->stack, 0, *side->now));
            side_error(side, indication);
        }
        break;
    default: side_incoming(side, indication); break;
    }
}

static const stack_ops_t side_ops = {.indicate = side_indicate};

static inline stack_config_t pair_config(unsigned checkpoint, unsigned window)
{
    return (stack_config_t){.tpdu_size = 65531,
                            .checkpoint_size_k = checkpoint,
                            .window_size = window,
                            .transport_timeout = TIME_SECONDS(10),
                            .open_timeout = TIME_SECONDS(60),
                            .close_timeout = TIME_SECONDS(30),
                            .transfer_timeout = TIME_SECONDS(120),
                            .open_data_limit = 4096,
                            .host_name = "host.test",
                            .started = TIME_SECONDS(1700000000),
                            .reference = 7};
}

static inline pair_t *pair_create(const stack_config_t *a, const stack_config_t *b)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    pair_t *pair = apr_pcalloc(pool, sizeof(*pair));
    pair->pool = pool;
    pair->now = TIME_SECONDS(1000);
    pair->a.now = pair->b.now = &pair->now;
    pair->a.stack = osi_stack_create(pool, a, &side_ops, &pair->a, pair->now);
    pair->b.stack = osi_stack_create(pool, b, &side_ops, &pair->b, pair->now);
    return pair;
}

static inline void pair_destroy(pair_t *pair)
{
    free(pair->a.apdu);
    free(pair->b.apdu);
    apr_pool_destroy(pair->pool);
}

/* Lets the user of side send what the stack takes now. */
static inline void side_send(side_t *side)
{
    while (side->sending && side->sent < side->length) {
        size_t room = osi_stack_transfer_capacity(side->stack);
        if (room == 0)
            return;
        size_t take = side->length - side->sent < room ? side->length - side->sent : room;
        err_t *err =
            osi_stack_transfer_data(side->stack, bytes_make(side->data + side->sent, take), *side->now);
        CU_ASSERT_PTR_NULL(err);
        if (err)
            return;
        side->sent += take;
        if (side->sent == side->length)
            CU_ASSERT_PTR_NULL(osi_stack_transfer_end(side->stack, *side->now));
    }
}

static inline void pair_replace(pair_t *pair, uint8_t *octets, size_t length)
{
    if (pair->find.length == 0 || length < pair->find.length || pair->put.length != pair->find.length)
        return;
    for (size_t i = 0; i + pair->find.length <= length; i++)
        if (memcmp(octets + i, pair->find.data, pair->find.length) == 0) {
            memcpy(octets + i, pair->put.data, pair->put.length);
            pair->replaced++;
            pair->find = BYTES_NONE;
            return;
        }
}

/* Moves one piece of what from has for to; true if something moved. */
static inline bool pair_move(pair_t *pair, side_t *from, side_t *to)
{
    buffer_t *out = osi_stack_output(from->stack);
    size_t length = buffer_length(out);
    if (length == 0)
        return false;
    if (pair->chunk && length > pair->chunk)
        length = pair->chunk;
    bytes_t piece = bytes_slice(buffer_bytes(out), 0, length);
    uint8_t *copy = malloc(length);
    memcpy(copy, piece.data, length);
    buffer_consume(out, length);
    pair_replace(pair, copy, length);
    if (!pair->cut)
        osi_stack_input(to->stack, bytes_make(copy, length), pair->now);
    free(copy);
    return true;
}

/* A side that is over closes the connection when its octets are gone. */
static inline void pair_close(pair_t *pair)
{
    side_t *sides[2] = {&pair->a, &pair->b};
    for (int i = 0; i < 2 && !pair->closed; i++)
        if (osi_stack_over(sides[i]->stack) && buffer_length(osi_stack_output(sides[i]->stack)) == 0) {
            pair->closed = true;
            osi_stack_network_closed(sides[1 - i]->stack, NULL, pair->now);
        }
}

/* Until nothing moves any more. */
static inline void pair_run(pair_t *pair)
{
    bool moved = true;
    while (moved && !pair->cut) {
        side_send(&pair->a);
        side_send(&pair->b);
        moved = pair_move(pair, &pair->a, &pair->b);
        moved |= pair_move(pair, &pair->b, &pair->a);
    }
    if (!pair->cut)
        pair_close(pair);
}

/* The link goes away for both. */
static inline void pair_cut(pair_t *pair)
{
    pair->cut = true;
    osi_stack_network_closed(pair->a.stack, NULL, pair->now);
    osi_stack_network_closed(pair->b.stack, NULL, pair->now);
}

static inline void pair_open(pair_t *pair, osi_mode_t mode, bytes_t bind, bytes_t result)
{
    stack_open_t open = {.mode = mode, .user_data = bind};
    open.called.transport = BYTES_LITERAL("b");
    pair->b.answer = result;
    CU_ASSERT_PTR_NULL(osi_stack_open_request(pair->a.stack, &open, pair->now));
    pair_run(pair);
}

/* Octets that a fault would not leave alone. */
static inline uint8_t *pair_pattern(apr_pool_t *pool, size_t length)
{
    uint8_t *data = apr_palloc(pool, length + 1);
    uint32_t state = 12345;
    for (size_t i = 0; i < length; i++) {
        state = state * 1103515245U + 12345U;
        data[i] = i % 1024 > 1016 || i + 6 > length ? 0 : (uint8_t)(state >> 16);
    }
    if (length)
        data[0] = 0xA0;
    return data;
}

static inline void side_transfer(side_t *side, const uint8_t *data, size_t length)
{
    CU_ASSERT_PTR_NULL(osi_stack_transfer_start(side->stack, *side->now));
    side->data = data;
    side->length = length;
    side->sent = 0;
    side->sending = true;
    if (length == 0)
        CU_ASSERT_PTR_NULL(osi_stack_transfer_end(side->stack, *side->now));
}

#define PAIR_BIND                                                                                            \
    BYTES_LITERAL("\xA1\x08\x80\x03"                                                                         \
                  "PPA"                                                                                      \
                  "\x81\x01x")
#define PAIR_RESULT                                                                                          \
    BYTES_LITERAL("\xA1\x08\x80\x03"                                                                         \
                  "PPB"                                                                                      \
                  "\x81\x01y")

#endif
