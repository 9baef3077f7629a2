#include "replay_engine.h"

#include <apr_strings.h>
#include <stdio.h>

enum { APDUS = 4096, SENT_LIMIT = 256 << 20 };

typedef enum outcome_t { OUTCOME_NONE, OUTCOME_REFUSED, OUTCOME_CLOSED, OUTCOME_BROKEN } outcome_t;

/* The user of our stack. */
typedef struct player_t {
    transcript_t *transcript;
    const transcript_side_t *mine;
    osi_stack_t *stack;
    mono_time_t now;
    bool as_caller;
    size_t step;  /* the next step of ours to play */
    bool sending; /* the transfer of that step is in progress */
    size_t given; /* octets of its APDU that the stack has */
    bool opened;
    outcome_t outcome;
    const char *error;
    buffer_t *incoming;
    bytes_t apdu[APDUS];
    size_t apdus;
    unsigned confirmed;
    buffer_t *sent; /* all that our stack wrote */
} player_t;

/* --- Our user ------------------------------------------------------------------------------------------- */

static void answer_open(player_t *player)
{
    size_t from = 0;
    const transcript_step_t *step = transcript_find(player->mine, STEP_ACCEPT, &from);
    if (step) {
        osi_stack_open_accept(player->stack, step->user_data, player->now);
        player->opened = true;
        return;
    }
    from = 0;
    step = transcript_find(player->mine, STEP_REFUSE, &from);
    if (step) {
        osi_stack_open_refuse(player->stack,
                              step->reason < 0 ? STACK_REFUSE_REJECTED_BY_USER : (int)step->reason,
                              step->user_data, player->now);
        player->outcome = OUTCOME_REFUSED;
    }
}

static void end_incoming(player_t *player)
{
    if (player->apdus < APDUS)
        player->apdu[player->apdus++] = bytes_copy(player->transcript->pool, buffer_bytes(player->incoming));
    osi_stack_transfer_accept(player->stack, player->now);
}

static void on_indication(void *context, const stack_indication_t *indication)
{
    player_t *player = context;
    if (indication->err)
        player->error =
            err_describe(player->transcript->pool, err_copy(player->transcript->pool, indication->err));
    switch (indication->kind) {
    case STACK_OPEN_INDICATION: answer_open(player); break;
    case STACK_OPEN_CONFIRM: player->opened = true; break;
    case STACK_OPEN_REFUSED: player->outcome = OUTCOME_REFUSED; break;
    case STACK_TRANSFER_START: buffer_clear(player->incoming); break;
    case STACK_TRANSFER_DATA: buffer_append(player->incoming, indication->octets); break;
    case STACK_CHECKPOINT:
        osi_stack_checkpoint_confirm(player->stack, indication->serial, player->now);
        break;
    case STACK_TRANSFER_END: end_incoming(player); break;
    case STACK_TRANSFER_CONFIRM:
        player->confirmed++;
        player->sending = false;
        player->step++;
        break;
    case STACK_CLOSE_INDICATION:
    case STACK_CLOSE_CONFIRM: player->outcome = OUTCOME_CLOSED; break;
    case STACK_ABORTED: player->outcome = OUTCOME_BROKEN; break;
    default: break;
    }
}

/* Continues a transfer; an APDU that was not recorded to its end goes on with zeros and never ends. */
static void play_transfer(player_t *player, const transcript_step_t *step)
{
    static const uint8_t zeros[4096];
    if (!player->sending) {
        if (osi_stack_transfer_start(player->stack, player->now))
            return;
        player->sending = true;
        player->given = 0;
        if (step->complete && step->apdu.length == 0)
            osi_stack_transfer_end(player->stack, player->now);
    }
    size_t room;
    while (player->sending && (room = osi_stack_transfer_capacity(player->stack)) > 0) {
        bytes_t part = bytes_slice(step->apdu, player->given, room);
        if (part.length == 0 && step->complete)
            return;
        if (part.length == 0)
            part = bytes_make(zeros, room < sizeof(zeros) ? room : sizeof(zeros));
        player->given += part.length;
        if (osi_stack_transfer_data(player->stack, part, player->now))
            return;
        if (step->complete && player->given == step->apdu.length)
            osi_stack_transfer_end(player->stack, player->now);
        if (!step->complete && player->given > step->apdu.length + (1 << 20))
            return;
    }
}

/* Does what our side did next, as far as the stack lets it. */
static void play_steps(player_t *player)
{
    while (player->opened && player->outcome == OUTCOME_NONE && player->step < player->mine->step_count) {
        const transcript_step_t *step = &player->mine->steps[player->step];
        size_t before = player->step;
        switch (step->kind) {
        case STEP_TRANSFER: play_transfer(player, step); break;
        case STEP_PLEASE:
            if (osi_stack_has_turn(player->stack) ||
                !osi_stack_turn_please(player->stack, (int)step->reason, player->now))
                player->step++;
            break;
        case STEP_GIVE:
            if (!osi_stack_turn_give(player->stack, player->now))
                player->step++;
            break;
        case STEP_CLOSE:
            if (!osi_stack_close_request(player->stack, player->now))
                player->step++;
            break;
        case STEP_ABORT:
        case STEP_OTHER: return; /* when the other side had enough of us is not recorded */
        default: player->step++; break;
        }
        if (player->step == before)
            return;
    }
}

static void keep_output(player_t *player)
{
    buffer_t *out = osi_stack_output(player->stack);
    buffer_append(player->sent, buffer_bytes(out));
    buffer_consume(out, buffer_length(out));
}

/* --- The run and its judgement -------------------------------------------------------------------------- */

static void check(replay_result_t *result, bool passed, const char *what, const char *detail)
{
    if (passed) {
        result->passed++;
        return;
    }
    result->failed++;
    printf("  engine: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
}

static outcome_t recorded_outcome(const transcript_t *transcript)
{
    if (transcript_count(&transcript->side[1], STEP_REFUSE))
        return OUTCOME_REFUSED;
    if (transcript_count(&transcript->side[0], STEP_CLOSE))
        return OUTCOME_CLOSED;
    return OUTCOME_BROKEN;
}

/* The complete APDUs of a side, one after the other. */
static const transcript_step_t *next_apdu(const transcript_side_t *side, size_t *from)
{
    const transcript_step_t *step;
    do
        step = transcript_find(side, STEP_TRANSFER, from);
    while (step && !step->complete);
    return step;
}

static void judge(player_t *player, replay_result_t *result)
{
    static const char *const name[] = {"nothing", "refused", "closed", "broken"};
    transcript_t *transcript = player->transcript;
    const transcript_side_t *theirs = &transcript->side[player->as_caller ? 1 : 0];
    apr_pool_t *pool = transcript->pool;
    outcome_t expected = recorded_outcome(transcript);
    check(result, player->outcome == expected, "the conversation ended otherwise",
          apr_psprintf(pool, "%s, not %s (%s)", name[player->outcome], name[expected],
                       player->error ? player->error : "no error"));
    size_t from = 0;
    size_t count = 0;
    const transcript_step_t *step;
    while ((step = next_apdu(theirs, &from))) {
        bool same = count < player->apdus && bytes_equal(player->apdu[count], step->apdu);
        check(result, same, "an APDU did not arrive as it was sent",
              apr_psprintf(pool, "number %lu", (unsigned long)count));
        count++;
    }
    check(result, count == player->apdus, "APDUs arrived that were not sent", NULL);
    /* What our stack wrote, taken apart as the recorded side was. */
    transcript_t *ours = player->as_caller
                             ? transcript_make(pool, buffer_bytes(player->sent), theirs->octets, true)
                             : transcript_make(pool, theirs->octets, buffer_bytes(player->sent), true);
    unsigned failed = 0;
    for (int layer = 0; layer < LAYERS; layer++)
        failed += ours->failed[layer];
    check(result, failed == 0, "what our stack wrote cannot be read", NULL);
    size_t from_ours = 0;
    from = 0;
    while ((step = next_apdu(player->mine, &from))) {
        const transcript_step_t *again = next_apdu(&ours->side[player->as_caller ? 0 : 1], &from_ours);
        check(result, again && bytes_equal(again->apdu, step->apdu), "an APDU of ours did not leave", NULL);
    }
    check(result,
          transcript_count(&ours->side[player->as_caller ? 0 : 1], STEP_CONFIRM) ==
              transcript_count(player->mine, STEP_CONFIRM),
          "other activity ends were confirmed", NULL);
}

static unsigned checkpoint_of(const transcript_side_t *side)
{
    return side->checkpoint < 0 || side->checkpoint > 1024 ? 1024 : (unsigned)side->checkpoint;
}

void replay_engine(transcript_t *transcript, bool as_caller, replay_result_t *result)
{
    static const stack_ops_t ops = {.indicate = on_indication};
    player_t *player = apr_pcalloc(transcript->pool, sizeof(*player));
    player->transcript = transcript;
    player->as_caller = as_caller;
    player->mine = &transcript->side[as_caller ? 0 : 1];
    player->now = TIME_SECONDS(1);
    player->incoming = apr_palloc(transcript->pool, sizeof(*player->incoming));
    player->sent = apr_palloc(transcript->pool, sizeof(*player->sent));
    buffer_init(player->incoming, transcript->pool, TRANSCRIPT_APDU_LIMIT);
    buffer_init(player->sent, transcript->pool, SENT_LIMIT);
    stack_config_t config = {.tpdu_size = player->mine->tpdu_size ? player->mine->tpdu_size : 65531,
                             .checkpoint_size_k = checkpoint_of(player->mine),
                             .window_size = player->mine->window < 1 ? 3 : (unsigned)player->mine->window,
                             .rttr_limit = (unsigned)player->mine->rttr_size,
                             .two_way_alternate = transcript->side[0].two_way_alternate,
                             .transport_timeout = TIME_SECONDS(600),
                             .open_timeout = TIME_SECONDS(600),
                             .close_timeout = TIME_SECONDS(600),
                             .open_data_limit = 65536,
                             .host_name = "replay",
                             .started = TIME_SECONDS(1700000000),
                             .reference = player->mine->reference ? player->mine->reference : 1};
    player->stack = osi_stack_create(transcript->pool, &config, &ops, player, player->now);
    if (as_caller) {
        size_t from = 0;
        const transcript_step_t *step = transcript_find(player->mine, STEP_OPEN, &from);
        stack_open_t open = {.mode = transcript->mode,
                             .calling = player->mine->calling,
                             .called = player->mine->called,
                             .user_data = step ? step->user_data : BYTES_NONE};
        osi_stack_open_request(player->stack, &open, player->now);
    }
    const transcript_side_t *theirs = &transcript->side[as_caller ? 1 : 0];
    for (size_t i = 0; i < theirs->tpkt_count; i++) {
        play_steps(player);
        keep_output(player);
        player->now += TIME_MILLISECONDS(1);
        osi_stack_input(player->stack, theirs->tpkts[i], player->now);
    }
    play_steps(player);
    keep_output(player);
    if (player->outcome == OUTCOME_NONE)
        osi_stack_network_closed(player->stack, NULL, player->now);
    judge(player, result);
}
