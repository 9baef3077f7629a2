/* The whole stack, two engines back to back: open, transfer, refusal, abort, close, timers in the three
 * modes. */
#include "stack_pair.h"

static const osi_mode_t modes[] = {OSI_MODE_X410_1984, OSI_MODE_X410_1988, OSI_MODE_NORMAL};
enum { MODES = 3 };

static pair_t *opened(osi_mode_t mode, unsigned checkpoint, unsigned window)
{
    stack_config_t config = pair_config(checkpoint, window);
    pair_t *pair = pair_create(&config, &config);
    pair_open(pair, mode, PAIR_BIND, PAIR_RESULT);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_CONFIRM], 1);
    return pair;
}

static void transfer_whole(pair_t *pair, side_t *from, side_t *to, size_t length)
{
    uint8_t *data = pair_pattern(pair->pool, length);
    unsigned before = from->seen[STACK_TRANSFER_CONFIRM];
    side_transfer(from, data, length);
    pair_run(pair);
    CU_ASSERT_EQUAL(from->seen[STACK_TRANSFER_CONFIRM], before + 1);
    CU_ASSERT_EQUAL(to->apdu_length, length);
    CU_ASSERT_TRUE(to->apdu_length == length && memcmp(to->apdu, data, length) == 0);
}

static void open_transfer_close_in_three_modes(void)
{
    static const size_t lengths[] = {1, 2, 3, 1017, 1018, 1024, 1025, 2048, 5000, 200000};
    for (int m = 0; m < MODES; m++) {
        pair_t *pair = opened(modes[m], 1, 3);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_OPEN_INDICATION], 1);
        CU_ASSERT_EQUAL(pair->b.mode, modes[m]);
        CU_ASSERT_EQUAL(pair->b.user_data_length, PAIR_BIND.length);
        CU_ASSERT_EQUAL(memcmp(pair->b.user_data, PAIR_BIND.data, PAIR_BIND.length), 0);
        CU_ASSERT_EQUAL(memcmp(pair->a.user_data, PAIR_RESULT.data, PAIR_RESULT.length), 0);
        CU_ASSERT_TRUE(osi_stack_has_turn(pair->a.stack));
        CU_ASSERT_FALSE(osi_stack_has_turn(pair->b.stack));
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
            transfer_whole(pair, &pair->a, &pair->b, lengths[i]);
        stack_facts_t facts;
        osi_stack_facts(pair->b.stack, &facts);
        CU_ASSERT_EQUAL(facts.session_version, modes[m] == OSI_MODE_NORMAL ? 2 : 1);
        CU_ASSERT_EQUAL(facts.checkpoint_size_k, 1);
        CU_ASSERT_EQUAL(facts.window_size, 3);
        CU_ASSERT_TRUE(facts.tpdu_size >= 65408); /* in units of 128 octets on the wire */
        CU_ASSERT_PTR_NULL(osi_stack_close_request(pair->a.stack, pair->now));
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_CLOSE_INDICATION], 1);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_CLOSE_CONFIRM], 1);
        CU_ASSERT_TRUE(osi_stack_over(pair->a.stack));
        CU_ASSERT_TRUE(osi_stack_over(pair->b.stack));
        CU_ASSERT_EQUAL(pair->a.seen[STACK_ABORTED] + pair->b.seen[STACK_ABORTED], 0);
        pair_destroy(pair);
    }
}

static void pieces_of_any_size_make_no_difference(void)
{
    static const size_t chunks[] = {1, 2, 3, 5, 7, 13, 1000};
    for (int m = 0; m < MODES; m++)
        for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
            stack_config_t config = pair_config(1, 3);
            config.tpdu_size = i % 2 ? 128 : 2048;
            pair_t *pair = pair_create(&config, &config);
            pair->chunk = chunks[i];
            pair_open(pair, modes[m], PAIR_BIND, PAIR_RESULT);
            transfer_whole(pair, &pair->a, &pair->b, 4000);
            osi_stack_close_request(pair->a.stack, pair->now);
            pair_run(pair);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_CLOSE_CONFIRM], 1);
            pair_destroy(pair);
        }
}

static void selectors_go_only_where_the_mode_has_them(void)
{
    for (int m = 0; m < MODES; m++) {
        stack_config_t config = pair_config(1, 3);
        pair_t *pair = pair_create(&config, &config);
        stack_open_t open = {.mode = modes[m], .user_data = PAIR_BIND};
        open.called =
            (osi_selectors_t){BYTES_LITERAL("T\x00Q"), BYTES_LITERAL("S\xFF"), BYTES_LITERAL("Psel")};
        CU_ASSERT_PTR_NULL(osi_stack_open_request(pair->a.stack, &open, pair->now));
        pair_move(pair, &pair->a, &pair->b);
        pair_move(pair, &pair->b, &pair->a);
        bytes_t out = buffer_bytes(osi_stack_output(pair->a.stack));
        bool found = false;
        for (size_t i = 0; i + 4 <= out.length; i++)
            found |= memcmp(out.data + i, "Psel", 4) == 0;
        CU_ASSERT_EQUAL(found, modes[m] == OSI_MODE_NORMAL);
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_CONFIRM], 1);
        pair_destroy(pair);
    }
}

static void a_refusal_says_why_in_each_mode(void)
{
    for (int m = 0; m < MODES; m++)
        for (int reason = 0; reason <= 3; reason++) {
            stack_config_t config = pair_config(1, 3);
            pair_t *pair = pair_create(&config, &config);
            pair->b.refuse_open = true;
            pair->b.refuse_reason = reason;
            pair_open(pair, modes[m], PAIR_BIND, BYTES_NONE);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
            CU_ASSERT_EQUAL(pair->a.refuse_code, reason);
            CU_ASSERT_STRING_EQUAL(pair->a.error_layer, "RTSE");
            CU_ASSERT_TRUE(osi_stack_over(pair->a.stack) && osi_stack_over(pair->b.stack));
            CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED] + pair->b.seen[STACK_OPEN_REFUSED], 0);
            pair_destroy(pair);
        }
}

static void P1_01_a_bind_error_comes_through_in_normal_mode(void)
{
    /* [18] MTABindError 2, and the bare INTEGER that PP sends in its place. */
    static const bytes_t errors[] = {{(const uint8_t *)"\xB3\x03\x02\x01\x02", 5},
                                     {(const uint8_t *)"\x02\x01\x02", 3}};
    for (int i = 0; i < 2; i++) {
        stack_config_t config = pair_config(1, 3);
        pair_t *pair = pair_create(&config, &config);
        pair->b.refuse_open = true;
        pair->b.refuse_reason = STACK_REFUSE_REJECTED_BY_USER;
        pair_open(pair, OSI_MODE_NORMAL, PAIR_BIND, errors[i]);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
        CU_ASSERT_EQUAL(pair->a.refuse_code, STACK_REFUSE_REJECTED_BY_USER);
        CU_ASSERT_EQUAL(pair->a.user_data_length, errors[i].length);
        CU_ASSERT_EQUAL(memcmp(pair->a.user_data, errors[i].data, errors[i].length), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(pair->a.error, "refused"));
        pair_destroy(pair);
    }
}

static bool refuse_selector(void *context, bytes_t called, bytes_t calling)
{
    (void)context;
    (void)calling;
    return bytes_equal(called, BYTES_LITERAL("other"));
}

static void TP_04_an_unknown_selector_is_refused_with_its_reason(void)
{
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = pair_create(&config, &config);
    osi_stack_set_transport_filter(pair->b.stack, refuse_selector);
    pair_open(pair, OSI_MODE_NORMAL, PAIR_BIND, PAIR_RESULT);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
    CU_ASSERT_STRING_EQUAL(pair->a.error_layer, "transport");
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
    CU_ASSERT_TRUE(osi_stack_over(pair->b.stack));
    pair_destroy(pair);
}

static void an_abort_reaches_the_peer_in_each_mode(void)
{
    for (int m = 0; m < MODES; m++)
        for (int reason = 0; reason <= 7; reason++) {
            pair_t *pair = opened(modes[m], 1, 3);
            uint8_t *data = pair_pattern(pair->pool, 50000);
            pair->b.hold_checkpoints = true;
            side_transfer(&pair->a, data, 50000);
            pair_run(pair);
            osi_stack_abort(reason % 2 ? pair->a.stack : pair->b.stack, reason, BYTES_NONE, pair->now);
            side_t *other = reason % 2 ? &pair->b : &pair->a;
            pair_run(pair);
            CU_ASSERT_EQUAL(other->seen[STACK_ABORTED], 1);
            CU_ASSERT_TRUE(other->by_peer);
            bool lost = modes[m] != OSI_MODE_NORMAL && (reason == 5 || reason == 6);
            CU_ASSERT_EQUAL(other->abort_code, lost ? 0 : reason);
            CU_ASSERT_EQUAL((reason % 2 ? &pair->a : &pair->b)->seen[STACK_ABORTED], 0);
            CU_ASSERT_TRUE(osi_stack_over(pair->a.stack) && osi_stack_over(pair->b.stack));
            pair_destroy(pair);
        }
}

/* What goes on besides may ask for the turn of an association that is being told to have ended. */
static void a_request_during_an_abort_leaves_its_reason_alone(void)
{
    pair_t *pair = opened(OSI_MODE_NORMAL, 1, 3);
    pair->b.ask_on_abort = true;
    osi_stack_abort(pair->a.stack, STACK_ABORT_TEMPORARY_PROBLEM, BYTES_NONE, pair->now);
    pair_run(pair);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair->b.error, "the peer aborted the association"));
    pair_destroy(pair);
}

/* Cuts the link at every octet of an open, in both directions: both sides end, each told once. */
static void a_link_lost_at_any_octet_ends_both_sides(void)
{
    for (int m = 0; m < MODES; m++)
        for (size_t octets = 0; octets < 700; octets += 3) {
            stack_config_t config = pair_config(1, 3);
            pair_t *pair = pair_create(&config, &config);
            stack_open_t open = {.mode = modes[m], .user_data = PAIR_BIND};
            pair->chunk = 1;
            pair->b.answer = PAIR_RESULT;
            osi_stack_open_request(pair->a.stack, &open, pair->now);
            for (size_t i = 0; i < octets; i++) {
                if (!pair_move(pair, &pair->a, &pair->b) && !pair_move(pair, &pair->b, &pair->a))
                    break;
            }
            pair_cut(pair);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED] + pair->a.seen[STACK_ABORTED], 1);
            CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
            CU_ASSERT_TRUE(osi_stack_over(pair->a.stack) && osi_stack_over(pair->b.stack));
            CU_ASSERT_EQUAL(osi_stack_deadline(pair->a.stack), MONO_NEVER);
            pair_destroy(pair);
        }
}

/* --- Timers --------------------------------------------------------------------------------------------- */

/* Lets time pass until something happens at side's deadline; returns the seconds that passed. */
static int64_t wait_deadline(pair_t *pair, side_t *side)
{
    mono_time_t before = pair->now;
    mono_time_t deadline = osi_stack_deadline(side->stack);
    CU_ASSERT_NOT_EQUAL(deadline, MONO_NEVER);
    if (deadline == MONO_NEVER)
        return -1;
    osi_stack_tick(side->stack, deadline - 1);
    pair->now = deadline;
    osi_stack_tick(side->stack, pair->now);
    return (pair->now - before) / TIME_SECONDS(1);
}

static void a_peer_that_does_not_answer_is_given_up(void)
{
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = pair_create(&config, &config);
    stack_open_t open = {.mode = OSI_MODE_NORMAL, .user_data = PAIR_BIND};
    osi_stack_open_request(pair->a.stack, &open, pair->now);
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->a), 10);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
    CU_ASSERT_STRING_EQUAL(pair->a.error_layer, "transport");
    /* A caller that says nothing. */
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->b), 50);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
    CU_ASSERT_TRUE(osi_stack_over(pair->a.stack) && osi_stack_over(pair->b.stack));
    pair_destroy(pair);
}

static void a_session_that_is_not_answered_is_given_up(void)
{
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = pair_create(&config, &config);
    stack_open_t open = {.mode = OSI_MODE_NORMAL, .user_data = PAIR_BIND};
    osi_stack_open_request(pair->a.stack, &open, pair->now);
    pair_move(pair, &pair->a, &pair->b);
    pair_move(pair, &pair->b, &pair->a);
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->a), 60);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_REFUSED], 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair->a.error, "60 seconds"));
    wait_deadline(pair, &pair->a);
    CU_ASSERT_TRUE(osi_stack_over(pair->a.stack));
    pair_destroy(pair);
}

static void a_release_that_is_not_confirmed_ends_by_the_timer(void)
{
    pair_t *pair = opened(OSI_MODE_NORMAL, 1, 3);
    CU_ASSERT_EQUAL(osi_stack_deadline(pair->a.stack), MONO_NEVER);
    CU_ASSERT_EQUAL(osi_stack_deadline(pair->b.stack), MONO_NEVER);
    CU_ASSERT_PTR_NULL(osi_stack_close_request(pair->a.stack, pair->now));
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->a), 30);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_ABORTED], 1);
    CU_ASSERT_TRUE(osi_stack_over(pair->a.stack));
    pair_destroy(pair);
}

static void a_responder_lingers_for_the_peer_only_so_long(void)
{
    pair_t *pair = opened(OSI_MODE_X410_1984, 1, 3);
    CU_ASSERT_PTR_NULL(osi_stack_close_request(pair->a.stack, pair->now));
    pair_move(pair, &pair->a, &pair->b);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_CLOSE_INDICATION], 1);
    CU_ASSERT_FALSE(osi_stack_over(pair->b.stack));
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->b), 30);
    CU_ASSERT_TRUE(osi_stack_over(pair->b.stack));
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 0);
    pair_destroy(pair);
}

static void aborts_that_cross_end_at_once(void)
{
    pair_t *pair = opened(OSI_MODE_X410_1984, 1, 3);
    osi_stack_abort(pair->a.stack, STACK_ABORT_TEMPORARY_PROBLEM, BYTES_NONE, pair->now);
    osi_stack_abort(pair->b.stack, STACK_ABORT_TEMPORARY_PROBLEM, BYTES_NONE, pair->now);
    CU_ASSERT_FALSE(osi_stack_over(pair->a.stack) || osi_stack_over(pair->b.stack));
    pair_run(pair);
    CU_ASSERT_TRUE(osi_stack_over(pair->a.stack) && osi_stack_over(pair->b.stack));
    pair_destroy(pair);
}

/* An interrupt or discard that crossed the acceptance: answered, and the association lives on. */
static void a_late_interrupt_is_answered(void)
{
    static const char *const late[] = {"\x01\0\x19\x03\x32\x01\x05", "\x01\0\x39\x03\x32\x01\x05"};
    for (int i = 0; i < 2; i++) {
        pair_t *pair = opened(OSI_MODE_X410_1984, 1, 3);
        side_transfer(&pair->a, pair_pattern(pair->pool, 5000), 5000);
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_END], 1);
        uint8_t frame[14] = {3, 0, 0, 14, 2, 0xF0, 0x80};
        memcpy(frame + 7, late[i], 7);
        osi_stack_input(pair->b.stack, bytes_make(frame, sizeof(frame)), pair->now);
        static const uint8_t answers[2][2] = {{0x1A, 0}, {0x3A, 0}};
        bytes_t said = buffer_bytes(osi_stack_output(pair->b.stack));
        CU_ASSERT_EQUAL_FATAL(said.length, 11);
        CU_ASSERT_EQUAL(memcmp(said.data + 9, answers[i], 2), 0);
        buffer_clear(osi_stack_output(pair->b.stack));
        CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_INTERRUPTED] + pair->b.seen[STACK_TRANSFER_DISCARDED], 0);
        side_transfer(&pair->a, pair_pattern(pair->pool, 5000), 5000);
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_END], 2);
        pair_destroy(pair);
    }
}

static void limits_of_who_calls_hold_from_the_accept_on(void)
{
    stack_config_t own = pair_config(4, 5);
    stack_config_t of_caller = pair_config(2, 3);
    of_caller.transport_timeout = TIME_SECONDS(3);
    of_caller.close_timeout = TIME_SECONDS(7);
    of_caller.transfer_timeout = TIME_SECONDS(11);
    pair_t *pair = pair_create(&own, &own);
    pair->b.limits = &of_caller;
    pair_open(pair, OSI_MODE_X410_1984, PAIR_BIND, PAIR_RESULT);
    uint8_t *data = pair_pattern(pair->pool, 10000);
    side_transfer(&pair->a, data, 10000);
    pair_run(pair);
    CU_ASSERT_EQUAL(pair->b.apdu_length, 10000);
    CU_ASSERT_EQUAL(pair->b.checkpoints, 4); /* of 2048 octets */
    osi_stack_input(pair->b.stack, bytes_make("\3\0\0", 3), pair->now);
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->b), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(pair->b.error, "3 seconds"));
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->b), 7);
    CU_ASSERT_TRUE(osi_stack_over(pair->b.stack));
    pair_destroy(pair);
}

static void a_transfer_without_progress_ends(void)
{
    pair_t *pair = opened(OSI_MODE_NORMAL, 1, 1);
    uint8_t *data = pair_pattern(pair->pool, 5000);
    pair->b.hold_checkpoints = true;
    side_transfer(&pair->a, data, 5000);
    pair_run(pair);
    CU_ASSERT_EQUAL(osi_stack_deadline(pair->b.stack), MONO_NEVER); /* its user's move */
    CU_ASSERT_EQUAL(wait_deadline(pair, &pair->a), 120);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_ABORTED], 1);
    CU_ASSERT_EQUAL(pair->a.abort_code, STACK_ABORT_TEMPORARY_PROBLEM);
    pair_run(pair);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
    pair_destroy(pair);
}

static void TP_05_one_octet_a_second_times_out(void)
{
    for (int m = 0; m < MODES; m++) {
        stack_config_t config = pair_config(30, 3);
        pair_t *pair = pair_create(&config, &config);
        pair_open(pair, modes[m], PAIR_BIND, PAIR_RESULT);
        uint8_t *data = pair_pattern(pair->pool, 60000);
        side_transfer(&pair->a, data, 60000);
        side_send(&pair->a);
        pair->chunk = 1;
        int seconds = 0;
        while (!pair->b.seen[STACK_ABORTED] && seconds < 1000) {
            pair_move(pair, &pair->a, &pair->b);
            pair->now += TIME_SECONDS(1);
            osi_stack_tick(pair->b.stack, pair->now);
            seconds++;
        }
        CU_ASSERT_TRUE(seconds <= 40);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
        CU_ASSERT_STRING_EQUAL(pair->b.error_layer, "transport");
        pair_destroy(pair);
    }
}

/* A TSDU that never ends, in TPDUs that do: it may not last longer than the timer and a slow line. */
static void TP_05_a_tsdu_that_does_not_end_times_out(void)
{
    stack_config_t config = pair_config(30, 3);
    pair_t *pair = pair_create(&config, &config);
    pair_open(pair, OSI_MODE_X410_1984, PAIR_BIND, PAIR_RESULT);
    static const uint8_t dt[] = {3, 0, 0, 8, 2, 0xF0, 0, 'x'};
    int seconds = 0;
    while (!pair->b.seen[STACK_ABORTED] && seconds < 1000) {
        osi_stack_input(pair->b.stack, bytes_make(dt, sizeof(dt)), pair->now);
        pair->now += TIME_SECONDS(1);
        osi_stack_tick(pair->b.stack, pair->now);
        seconds++;
    }
    CU_ASSERT_TRUE(seconds >= 9 && seconds <= 12);
    pair_destroy(pair);
}

static void TP_05_a_slow_but_honest_line_is_no_fault(void)
{
    stack_config_t config = pair_config(30, 3);
    pair_t *pair = pair_create(&config, &config);
    pair_open(pair, OSI_MODE_NORMAL, PAIR_BIND, PAIR_RESULT);
    uint8_t *data = pair_pattern(pair->pool, 200000);
    side_transfer(&pair->a, data, 200000);
    pair->chunk = 9600;
    for (int i = 0; i < 2000 && pair->a.sending; i++) {
        side_send(&pair->a);
        pair_move(pair, &pair->a, &pair->b);
        pair_move(pair, &pair->b, &pair->a);
        pair->now += TIME_SECONDS(1);
        osi_stack_tick(pair->a.stack, pair->now);
        osi_stack_tick(pair->b.stack, pair->now);
    }
    CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
    CU_ASSERT_EQUAL(pair->b.apdu_length, 200000);
    pair_destroy(pair);
}

/* --- Faults of the peer --------------------------------------------------------------------------------- */

static void a_protocol_error_names_layer_state_and_event(void)
{
    /* An activity end that comes where none has begun. */
    static const uint8_t end[] = {3, 0, 0, 14, 2, 0xF0, 0x80, 1, 0, 0x29, 3, 0x2A, 1, '1'};
    pair_t *pair = opened(OSI_MODE_X410_1984, 1, 3);
    osi_stack_input(pair->b.stack, bytes_make(end, sizeof(end)), pair->now);
    CU_ASSERT_EQUAL(pair->b.seen[STACK_ABORTED], 1);
    CU_ASSERT_TRUE(strlen(pair->b.error) > 20);
    pair_run(pair);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_ABORTED], 1);
    pair_destroy(pair);
}

static void requests_out_of_place_change_nothing(void)
{
    for (int m = 0; m < MODES; m++) {
        pair_t *pair = opened(modes[m], 1, 3);
        osi_stack_t *a = pair->a.stack;
        osi_stack_t *b = pair->b.stack;
        CU_ASSERT_PTR_NOT_NULL(osi_stack_transfer_start(b, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_transfer_data(a, BYTES_LITERAL("x"), pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_transfer_end(a, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_transfer_cancel(a, true, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_transfer_accept(b, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_transfer_refuse(b, true, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_checkpoint_confirm(b, 1, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_resume_accept(b, 0, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_turn_please(b, 0, pair->now)); /* monologue */
        CU_ASSERT_PTR_NOT_NULL(osi_stack_turn_give(a, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_close_request(b, pair->now));
        CU_ASSERT_PTR_NOT_NULL(osi_stack_open_accept(b, BYTES_NONE, pair->now));
        CU_ASSERT_EQUAL(osi_stack_transfer_capacity(a), 0);
        transfer_whole(pair, &pair->a, &pair->b, 3000);
        pair_destroy(pair);
    }
}

static void states_are_told_in_words(void)
{
    pair_t *pair = opened(OSI_MODE_NORMAL, 1, 3);
    const char *text = osi_stack_state_text(pair->a.stack, pair->pool);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "associated"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "our turn"));
    CU_ASSERT_STRING_EQUAL(osi_mode_name(OSI_MODE_X410_1988), "1988 X.410");
    pair_destroy(pair);
}

static void many_messages_leave_no_memory_behind(void)
{
    pair_t *pair = opened(OSI_MODE_NORMAL, 30, 3);
    uint8_t *data = pair_pattern(pair->pool, 2000);
    for (int i = 0; i < 2000; i++) {
        side_transfer(&pair->a, data, 2000);
        pair_run(pair);
    }
    CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 2000);
    buffer_t *out = osi_stack_output(pair->a.stack);
    CU_ASSERT_TRUE(out->capacity <= 4096);
    pair_destroy(pair);
}

static const unit_test_t tests[] = {
    UNIT_TEST(open_transfer_close_in_three_modes),
    UNIT_TEST(pieces_of_any_size_make_no_difference),
    UNIT_TEST(selectors_go_only_where_the_mode_has_them),
    UNIT_TEST(a_refusal_says_why_in_each_mode),
    UNIT_TEST(P1_01_a_bind_error_comes_through_in_normal_mode),
    UNIT_TEST(TP_04_an_unknown_selector_is_refused_with_its_reason),
    UNIT_TEST(an_abort_reaches_the_peer_in_each_mode),
    UNIT_TEST(a_request_during_an_abort_leaves_its_reason_alone),
    UNIT_TEST(a_link_lost_at_any_octet_ends_both_sides),
    UNIT_TEST(a_peer_that_does_not_answer_is_given_up),
    UNIT_TEST(a_session_that_is_not_answered_is_given_up),
    UNIT_TEST(a_release_that_is_not_confirmed_ends_by_the_timer),
    UNIT_TEST(a_responder_lingers_for_the_peer_only_so_long),
    UNIT_TEST(aborts_that_cross_end_at_once),
    UNIT_TEST(a_late_interrupt_is_answered),
    UNIT_TEST(limits_of_who_calls_hold_from_the_accept_on),
    UNIT_TEST(a_transfer_without_progress_ends),
    UNIT_TEST(TP_05_one_octet_a_second_times_out),
    UNIT_TEST(TP_05_a_tsdu_that_does_not_end_times_out),
    UNIT_TEST(TP_05_a_slow_but_honest_line_is_no_fault),
    UNIT_TEST(a_protocol_error_names_layer_state_and_event),
    UNIT_TEST(requests_out_of_place_change_nothing),
    UNIT_TEST(states_are_told_in_words),
    UNIT_TEST(many_messages_leave_no_memory_behind),
};

UNIT_MAIN("osi/stack", tests)
