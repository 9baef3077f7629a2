/* The RTSE machine, through two stacks: checkpoints and windows in all combinations, recovery after a cut at
 * every checkpoint, refusals, interrupts, the turn; and the codec of its APDUs. */
#include "osi/rtse.h"
#include "stack_pair.h"

static const osi_mode_t modes[] = {OSI_MODE_X410_1984, OSI_MODE_X410_1988, OSI_MODE_NORMAL};
enum { MODES = 3 };

static pair_t *opened(osi_mode_t mode, const stack_config_t *a, const stack_config_t *b)
{
    pair_t *pair = pair_create(a, b);
    pair_open(pair, mode, PAIR_BIND, PAIR_RESULT);
    CU_ASSERT_EQUAL(pair->a.seen[STACK_OPEN_CONFIRM], 1);
    return pair;
}

static bool arrived(const side_t *side, const uint8_t *data, size_t length)
{
    return side->apdu_length == length && (length == 0 || memcmp(side->apdu, data, length) == 0);
}

/* --- RT-01 ---------------------------------------------------------------------------------------------- */

static void RT_01_negotiation_follows_the_standard(void)
{
    CU_ASSERT_EQUAL(rtse_negotiate_checkpoint(0, 0), 0);
    CU_ASSERT_EQUAL(rtse_negotiate_checkpoint(0, 30), 30);
    CU_ASSERT_EQUAL(rtse_negotiate_checkpoint(30, 0), 0);
    CU_ASSERT_EQUAL(rtse_negotiate_checkpoint(63, 30), 30);
    CU_ASSERT_EQUAL(rtse_negotiate_checkpoint(1, 30), 1);
    CU_ASSERT_EQUAL(rtse_negotiate_checkpoint(-5, 30), 0);
    CU_ASSERT_EQUAL(rtse_negotiate_checkpoint(INT64_MAX, 5000), 1024);
    CU_ASSERT_EQUAL(rtse_effective_checkpoint(63, 1), 1);
    CU_ASSERT_EQUAL(rtse_effective_checkpoint(63, 100), 63);
    CU_ASSERT_EQUAL(rtse_effective_checkpoint(0, 30), 30);
    CU_ASSERT_EQUAL(rtse_effective_checkpoint(30, 0), 0);
    CU_ASSERT_EQUAL(rtse_effective_checkpoint(30, -1), 0);
    CU_ASSERT_EQUAL(rtse_negotiate_window(3, 5), 3);
    CU_ASSERT_EQUAL(rtse_negotiate_window(5, 3), 3);
    CU_ASSERT_EQUAL(rtse_negotiate_window(0, 3), 1);
    CU_ASSERT_EQUAL(rtse_negotiate_window(INT64_MAX, 1000), RTSE_WINDOW_LIMIT);
}

static void RT_01_data_survives_every_checkpoint_size_and_window(void)
{
    static const unsigned checkpoints[] = {0, 1, 30, 1024};
    static const unsigned windows[] = {1, 2, 3, 5, 64};
    enum { LENGTH = 1100000 };
    for (int m = 0; m < MODES; m++)
        for (int p = 0; p < 4; p++)
            for (int q = 0; q < 4; q++)
                for (int w = 0; w < 5; w++) {
                    stack_config_t a = pair_config(checkpoints[p], windows[w]);
                    stack_config_t b = pair_config(checkpoints[q], windows[(w + p) % 5]);
                    pair_t *pair = opened(modes[m], &a, &b);
                    uint8_t *data = pair_pattern(pair->pool, LENGTH);
                    stack_facts_t facts;
                    osi_stack_facts(pair->a.stack, &facts);
                    unsigned expected = checkpoints[q] == 0               ? 0
                                        : checkpoints[p] == 0             ? checkpoints[q]
                                        : checkpoints[p] < checkpoints[q] ? checkpoints[p]
                                                                          : checkpoints[q];
                    CU_ASSERT_EQUAL(facts.checkpoint_size_k, expected);
                    size_t length = expected == 1 ? 50000 : LENGTH;
                    side_transfer(&pair->a, data, length);
                    pair_run(pair);
                    CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
                    CU_ASSERT_TRUE(arrived(&pair->b, data, length));
                    if (expected == 0) {
                        CU_ASSERT_EQUAL(pair->b.seen[STACK_CHECKPOINT], 0);
                    } else {
                        CU_ASSERT_TRUE(pair->b.seen[STACK_CHECKPOINT] >= (length - 1) / 1024 / expected);
                    }
                    pair_destroy(pair);
                }
}

static void RT_01_the_window_stops_the_sender(void)
{
    for (unsigned window = 1; window <= 5; window++) {
        stack_config_t config = pair_config(1, window);
        pair_t *pair = opened(OSI_MODE_NORMAL, &config, &config);
        uint8_t *data = pair_pattern(pair->pool, 20000);
        pair->b.hold_checkpoints = true;
        side_transfer(&pair->a, data, 20000);
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->b.checkpoints, window);
        CU_ASSERT_EQUAL(osi_stack_transfer_capacity(pair->a.stack), 0);
        /* Confirming the last one of the window confirms all. */
        pair->b.hold_checkpoints = false;
        CU_ASSERT_PTR_NULL(osi_stack_checkpoint_confirm(pair->b.stack, window, pair->now));
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
        CU_ASSERT_TRUE(arrived(&pair->b, data, 20000));
        pair_destroy(pair);
    }
}

static void RT_01_memory_stays_bounded_when_the_socket_takes_nothing(void)
{
    stack_config_t config = pair_config(0, 3);
    pair_t *pair = opened(OSI_MODE_X410_1984, &config, &config);
    uint8_t *data = pair_pattern(pair->pool, 4000000);
    side_transfer(&pair->a, data, 4000000);
    side_send(&pair->a);
    CU_ASSERT_TRUE(buffer_length(osi_stack_output(pair->a.stack)) <= RTSE_OUTPUT_LIMIT + 70000);
    pair_run(pair);
    CU_ASSERT_TRUE(arrived(&pair->b, data, 4000000));
    pair_destroy(pair);
}

/* --- RT-02, RT-03 --------------------------------------------------------------------------------------- */

/* Sends until `confirmed` checkpoints are confirmed to the sender (the receiver may have more), cuts the
 * link, resumes on a new association with other parameters, and expects the APDU whole and once. */
/* The receiver asks for the turn at the very moment of the resume. */
static bool asks_for_the_turn;

static void cut_and_resume(osi_mode_t mode, unsigned cut_after, unsigned lost_confirms, unsigned first_k,
                           unsigned second_k, size_t length)
{
    stack_config_t one = pair_config(first_k, 3);
    one.two_way_alternate = asks_for_the_turn;
    pair_t *first = opened(mode, &one, &one);
    uint8_t *data = pair_pattern(first->pool, length);
    first->chunk = 500;
    side_transfer(&first->a, data, length);
    bool moved = true;
    while (moved && first->a.confirmed_serial < cut_after) {
        side_send(&first->a);
        first->chunk = 500;
        moved = pair_move(first, &first->a, &first->b);
        first->chunk = 5; /* so that one confirmation at a time arrives */
        while (first->a.confirmed_serial < cut_after && pair_move(first, &first->b, &first->a))
            moved = true;
    }
    first->chunk = 500;
    /* Let more checkpoints reach the receiver, whose confirmations are lost. */
    for (unsigned i = 0; i < lost_confirms * 8; i++) {
        side_send(&first->a);
        pair_move(first, &first->a, &first->b);
    }
    CU_ASSERT_EQUAL(first->a.confirmed_serial, cut_after);
    osi_activity_id_t activity = *osi_stack_activity(first->a.stack);
    osi_connection_id_t connection = *osi_stack_connection_id(first->a.stack);
    pair_cut(first);
    CU_ASSERT_EQUAL(first->a.seen[STACK_ABORTED], 1);

    stack_config_t two = pair_config(second_k, 2);
    two.started += TIME_SECONDS(30);
    two.two_way_alternate = asks_for_the_turn;
    pair_t *second = opened(mode, &two, &two);
    if (asks_for_the_turn)
        CU_ASSERT_PTR_NULL(osi_stack_turn_please(second->b.stack, 4, second->now));
    second->b.apdu = first->b.apdu;
    second->b.apdu_length = first->b.apdu_length;
    second->b.apdu_capacity = first->b.apdu_capacity;
    memcpy(second->b.checkpoint, first->b.checkpoint, sizeof(first->b.checkpoint));
    second->b.checkpoints = first->b.checkpoints;
    first->b.apdu = NULL;
    CU_ASSERT_PTR_NULL(osi_stack_transfer_resume(second->a.stack, &activity, &connection,
                                                 first->a.confirmed_serial, first->a.confirmed_total,
                                                 second->now));
    second->a.data = data;
    second->a.length = length;
    second->a.sent = (size_t)first->a.confirmed_total;
    second->a.sending = true;
    if (second->a.sent == length)
        osi_stack_transfer_end(second->a.stack, second->now);
    pair_run(second);
    CU_ASSERT_EQUAL(second->b.seen[STACK_TRANSFER_RESUME], 1);
    CU_ASSERT_EQUAL(second->b.resume_serial, cut_after);
    CU_ASSERT_EQUAL(second->a.seen[STACK_TRANSFER_CONFIRM], 1);
    CU_ASSERT_EQUAL(second->b.seen[STACK_TRANSFER_END], 1);
    CU_ASSERT_TRUE(arrived(&second->b, data, length));
    /* The association is of use afterwards. */
    side_transfer(&second->a, data, 3000);
    pair_run(second);
    CU_ASSERT_EQUAL(second->a.seen[STACK_TRANSFER_CONFIRM], 2);
    pair_destroy(second);
    pair_destroy(first);
}

static void RT_02_a_cut_after_every_checkpoint_is_resumed(void)
{
    for (int m = 0; m < MODES; m++)
        for (unsigned cut = 1; cut <= 11; cut++)
            for (unsigned lost = 0; lost <= 2; lost++)
                cut_and_resume(modes[m], cut, lost, 1, 1, 14000);
}

/* Q229643: both cross; the transfer goes on, and the wish for the turn is not lost. */
static void RT_04_a_resume_while_the_turn_is_asked_for(void)
{
    asks_for_the_turn = true;
    for (unsigned cut = 1; cut <= 4; cut++) {
        cut_and_resume(OSI_MODE_NORMAL, cut, 0, 1, 1, 5000);
        cut_and_resume(OSI_MODE_X410_1988, cut, 1, 1, 1, 5000);
    }
    asks_for_the_turn = false;
}

static void RT_02_another_checkpoint_size_at_the_resume_is_no_fault(void)
{
    for (int m = 0; m < MODES; m++) {
        cut_and_resume(modes[m], 2, 0, 1, 30, 300000); /* Q187929 */
        cut_and_resume(modes[m], 2, 1, 30, 1, 300000); /* Q246302: large, then small */
        cut_and_resume(modes[m], 3, 1, 2, 3, 40000);
    }
}

/* Every length around a checkpoint. */
static void RT_02_a_cut_just_before_the_end_is_resumed(void)
{
    for (int m = 0; m < MODES; m++)
        for (size_t length = 4 * 1024 - 20; length <= 4 * 1024 + 12; length++)
            cut_and_resume(modes[m], 3, 1, 1, 1, length);
}

static void RT_02_resume_on_the_same_association_after_an_interrupt(void)
{
    for (int m = 0; m < MODES; m++) {
        stack_config_t config = pair_config(1, 3);
        pair_t *pair = opened(modes[m], &config, &config);
        uint8_t *data = pair_pattern(pair->pool, 9000);
        pair->b.hold_checkpoints = true;
        side_transfer(&pair->a, data, 9000);
        pair_run(pair);
        pair->b.hold_checkpoints = false;
        osi_stack_checkpoint_confirm(pair->b.stack, 2, pair->now);
        pair_move(pair, &pair->b, &pair->a);
        CU_ASSERT_EQUAL(pair->a.confirmed_serial, 2);
        osi_activity_id_t activity = *osi_stack_activity(pair->a.stack);
        CU_ASSERT_PTR_NULL(osi_stack_transfer_cancel(pair->a.stack, true, pair->now));
        pair->a.sending = false;
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_FAILED], 1);
        CU_ASSERT_TRUE(pair->a.resumable);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_INTERRUPTED], 1);
        CU_ASSERT_PTR_NULL(
            osi_stack_transfer_resume(pair->a.stack, &activity, NULL, 2, pair->a.confirmed_total, pair->now));
        pair->a.sent = (size_t)pair->a.confirmed_total;
        pair->a.sending = true;
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
        CU_ASSERT_TRUE(arrived(&pair->b, data, 9000));
        pair_destroy(pair);
    }
}

static pair_t *resuming(osi_mode_t mode, int answer, unsigned serial)
{
    static const osi_activity_id_t activity = {.octets = {2, 1, 1}, .length = 3};
    static const osi_connection_id_t connection = {.user = {.octets = {0x14, 1, 'h'}, .length = 3},
                                                   .common = {.octets = {0x17, 1, '9'}, .length = 3}};
    stack_config_t config = pair_config(1, 3);
    pair_t *pair = opened(mode, &config, &config);
    pair->b.resume_answer = answer;
    CU_ASSERT_PTR_NULL(osi_stack_transfer_resume(pair->a.stack, &activity, &connection, serial,
                                                 serial ? 1017 : 0, pair->now));
    pair_run(pair);
    return pair;
}

static void RT_03_a_resume_of_what_is_not_known_is_restarted(void)
{
    for (int m = 0; m < MODES; m++)
        for (int answer = 1; answer <= 3; answer += 2) {
            pair_t *pair = resuming(modes[m], answer, 1);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_FAILED], 1);
            CU_ASSERT_FALSE(pair->a.resumable);
            uint8_t *data = pair_pattern(pair->pool, 5000);
            side_transfer(&pair->a, data, 5000);
            pair_run(pair);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
            CU_ASSERT_TRUE(arrived(&pair->b, data, 5000));
            pair_destroy(pair);
        }
}

static void RT_03_without_a_checkpoint_the_activity_is_discarded_and_restarted(void)
{
    for (int m = 0; m < MODES; m++) {
        pair_t *pair = resuming(modes[m], 0, 0);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_RESUME], 1);
        CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_DISCARDED], 1);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_FAILED], 1);
        uint8_t *data = pair_pattern(pair->pool, 5000);
        side_transfer(&pair->a, data, 5000);
        pair_run(pair);
        CU_ASSERT_TRUE(arrived(&pair->b, data, 5000));
        pair_destroy(pair);
    }
}

static void RT_02_a_resume_of_what_is_complete_counts_as_confirmed(void)
{
    for (int m = 0; m < MODES; m++)
        for (unsigned serial = 0; serial <= 1; serial++) {
            pair_t *pair = resuming(modes[m], 2, serial);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_ABORTED], 1);
            CU_ASSERT_EQUAL(pair->a.abort_code, STACK_ABORT_TRANSFER_COMPLETED);
            pair_destroy(pair);
        }
}

/* --- Exceptions ----------------------------------------------------------------------------------------- */

static void a_refused_transfer_is_interrupted_or_discarded(void)
{
    for (int m = 0; m < MODES; m++)
        for (int temporary = 0; temporary <= 1; temporary++)
            for (int at_start = 0; at_start <= 1; at_start++)
                for (int small = 0; small <= 1; small++) {
                    stack_config_t config = pair_config(1, 3);
                    pair_t *pair = opened(modes[m], &config, &config);
                    size_t length = small ? 500 : 10000;
                    uint8_t *data = pair_pattern(pair->pool, length);
                    pair->b.refuse_transfer = !at_start;
                    pair->b.refuse_at_start = at_start;
                    pair->b.temporary = temporary;
                    side_transfer(&pair->a, data, length);
                    pair_run(pair);
                    CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_FAILED], 1);
                    bool resumable = temporary && !at_start && !small;
                    CU_ASSERT_EQUAL(pair->a.resumable, resumable);
                    CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_INTERRUPTED], resumable);
                    CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_DISCARDED], !resumable);
                    pair->b.refuse_transfer = pair->b.refuse_at_start = false;
                    side_transfer(&pair->a, data, length);
                    pair_run(pair);
                    CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
                    CU_ASSERT_TRUE(arrived(&pair->b, data, length));
                    pair_destroy(pair);
                }
}

/* A whole TPKT with an EXCEPTION REPORT SPDU (X.225 8.3.28) of the other end's session provider. */
static void provider_reports(pair_t *pair, side_t *side)
{
    static const uint8_t report[] = {0x03, 0, 0, 11, 0x02, 0xF0, 0x80, 0x02, 0, 0, 0};
    osi_stack_input(side->stack, bytes_make(report, sizeof(report)), pair->now);
}

/* X.228 7.6.2: the sender interrupts what can be resumed and discards what cannot, also when its activity's
 * end is on its way: the receiver, which has the whole APDU then, gives it up. */
static void a_provider_exception_stops_a_transfer(void)
{
    for (int m = 0; m < MODES; m++)
        for (int ending = 0; ending <= 1; ending++)
            for (int small = 0; small <= ending; small++) {
                stack_config_t config = pair_config(1, 3);
                pair_t *pair = opened(modes[m], &config, &config);
                size_t length = small ? 500 : 10000;
                uint8_t *data = pair_pattern(pair->pool, length);
                pair->b.hold_checkpoints = !ending;
                pair->b.hold_end = ending;
                side_transfer(&pair->a, data, length);
                pair_run(pair);
                CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_END], (unsigned)ending);
                provider_reports(pair, &pair->a);
                pair_run(pair);
                bool resumable = ending && !small;
                CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_FAILED], 1);
                CU_ASSERT_EQUAL(pair->a.resumable, resumable);
                CU_ASSERT_PTR_NOT_NULL(strstr(pair->a.error, "the session provider reported an exception"));
                CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_INTERRUPTED], resumable);
                CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_DISCARDED], !resumable);
                CU_ASSERT_EQUAL(pair->a.seen[STACK_ABORTED] + pair->b.seen[STACK_ABORTED], 0);
                pair->b.hold_checkpoints = pair->b.hold_end = false;
                side_transfer(&pair->a, data, length);
                pair_run(pair);
                CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], 1);
                CU_ASSERT_TRUE(arrived(&pair->b, data, length));
                pair_destroy(pair);
            }
}

static void a_cancelled_transfer_is_discarded(void)
{
    for (int m = 0; m < MODES; m++) {
        stack_config_t config = pair_config(1, 3);
        pair_t *pair = opened(modes[m], &config, &config);
        uint8_t *data = pair_pattern(pair->pool, 10000);
        pair->b.hold_checkpoints = true;
        side_transfer(&pair->a, data, 10000);
        pair_run(pair);
        CU_ASSERT_PTR_NULL(osi_stack_transfer_cancel(pair->a.stack, true, pair->now));
        pair->a.sending = false;
        pair_run(pair);
        CU_ASSERT_FALSE(pair->a.resumable); /* no checkpoint was confirmed */
        CU_ASSERT_EQUAL(pair->b.seen[STACK_TRANSFER_DISCARDED], 1);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_FAILED], 1);
        pair_destroy(pair);
    }
}

/* --- RT-04 ---------------------------------------------------------------------------------------------- */

static void RT_04_the_turn_goes_to_and_fro(void)
{
    for (int m = 0; m < MODES; m++) {
        stack_config_t config = pair_config(1, 3);
        config.two_way_alternate = true;
        pair_t *pair = opened(modes[m], &config, &config);
        uint8_t *data = pair_pattern(pair->pool, 3000);
        CU_ASSERT_TRUE(pair->b.two_way_alternate);
        CU_ASSERT_TRUE(pair->b.peer_initial_turn);
        for (int round = 1; round <= 3; round++) {
            CU_ASSERT_PTR_NULL(osi_stack_turn_please(pair->b.stack, 200, pair->now));
            side_transfer(&pair->a, data, 3000);
            pair_run(pair);
            CU_ASSERT_EQUAL(pair->a.priority, 200);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_TURN_PLEASE], (unsigned)round);
            CU_ASSERT_EQUAL(pair->a.seen[STACK_TRANSFER_CONFIRM], (unsigned)round);
            CU_ASSERT_PTR_NULL(osi_stack_turn_give(pair->a.stack, pair->now));
            pair_run(pair);
            CU_ASSERT_EQUAL(pair->b.seen[STACK_TURN_GIVEN], (unsigned)round);
            CU_ASSERT_TRUE(osi_stack_has_turn(pair->b.stack));
            CU_ASSERT_PTR_NOT_NULL(osi_stack_transfer_start(pair->a.stack, pair->now));
            side_transfer(&pair->b, data, 2500);
            pair_run(pair);
            CU_ASSERT_TRUE(arrived(&pair->a, data, 2500));
            pair->b.give_on_please = true;
            CU_ASSERT_PTR_NULL(osi_stack_turn_please(pair->a.stack, 0, pair->now));
            pair_run(pair);
            CU_ASSERT_TRUE(osi_stack_has_turn(pair->a.stack));
        }
        CU_ASSERT_PTR_NULL(osi_stack_close_request(pair->a.stack, pair->now));
        pair_run(pair);
        CU_ASSERT_EQUAL(pair->a.seen[STACK_CLOSE_CONFIRM], 1);
        pair_destroy(pair);
    }
}

static void RT_04_please_in_the_middle_of_a_transfer(void)
{
    stack_config_t config = pair_config(1, 3);
    config.two_way_alternate = true;
    pair_t *pair = opened(OSI_MODE_NORMAL, &config, &config);
    uint8_t *data = pair_pattern(pair->pool, 30000);
    pair->chunk = 700;
    side_transfer(&pair->a, data, 30000);
    for (int i = 0; i < 20; i++) {
        side_send(&pair->a);
        pair_move(pair, &pair->a, &pair->b);
    }
    CU_ASSERT_PTR_NULL(osi_stack_turn_please(pair->b.stack, 5, pair->now));
    pair_run(pair);
    CU_ASSERT_EQUAL(pair->a.priority, 5);
    CU_ASSERT_TRUE(arrived(&pair->b, data, 30000));
    pair_destroy(pair);
}

/* Quirk 5 of wire.md: PP's RTTP comes in the presentation context of ACSE. */
static void RT_04_a_please_in_another_context_is_taken(void)
{
    stack_config_t config = pair_config(1, 3);
    config.two_way_alternate = true;
    pair_t *pair = opened(OSI_MODE_NORMAL, &config, &config);
    pair->find = BYTES_LITERAL("\x30\x08\x02\x01\x03\xA0\x03\x02\x01\x09");
    pair->put = BYTES_LITERAL("\x30\x08\x02\x01\x01\xA0\x03\x02\x01\x09");
    CU_ASSERT_PTR_NULL(osi_stack_turn_please(pair->b.stack, 9, pair->now));
    pair_run(pair);
    CU_ASSERT_EQUAL(pair->replaced, 1);
    CU_ASSERT_EQUAL(pair->a.priority, 9);
    pair_destroy(pair);
}

/* --- Codec ---------------------------------------------------------------------------------- */

static void apdus_are_read_as_they_were_written(void)
{
    static const rtse_kind_t kinds[] = {RTSE_RTORQ, RTSE_RTOAC, RTSE_RTORJ, RTSE_RTAB};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (int k = 0; k < 4; k++)
        for (int variant = 0; variant < 4; variant++) {
            rtse_apdu_t apdu;
            rtse_apdu_t again;
            rtse_apdu_init(&apdu, kinds[k]);
            bool opens = k < 2;
            if (opens) {
                apdu.checkpoint_size = variant * 21;
                apdu.window_size = variant + 2;
                apdu.dialogue_mode = k == 0 ? variant % 2 : 0;
                apdu.application_protocol = k == 0 && variant ? 12 : -1;
                apdu.recover = variant == 3;
            } else {
                apdu.reason = variant - 1;
                apdu.reflected = k == 3 && variant == 2 ? 0x40 : -1;
            }
            if (apdu.recover) {
                apdu.connection_id = (osi_connection_id_t){.user = {.octets = {0x14, 1, 'h'}, .length = 3},
                                                           .common = {.octets = {0x17, 1, '9'}, .length = 3},
                                                           .additional = {0x14, 2, 'A', 'B'},
                                                           .additional_length = 4};
            } else if (variant) {
                apdu.has_user_data = true;
                apdu.user_data = BYTES_LITERAL("\xB0\x00");
            }
            buffer_t *out = apr_palloc(pool, sizeof(*out));
            buffer_init(out, pool, 4096);
            ber_writer_t writer;
            ber_writer_init(&writer, out);
            rtse_apdu_write(&writer, &apdu);
            CU_ASSERT_TRUE(ber_writer_ok(&writer));
            ber_fault_t fault;
            CU_ASSERT_TRUE(rtse_apdu_read(buffer_bytes(out), kinds[k], pool, &again, &fault));
            CU_ASSERT_TRUE(bytes_equal(again.user_data, apdu.user_data));
            again.user_data = apdu.user_data;
            CU_ASSERT_EQUAL(again.checkpoint_size, apdu.checkpoint_size);
            CU_ASSERT_EQUAL(again.window_size, apdu.window_size);
            CU_ASSERT_EQUAL(again.dialogue_mode, apdu.dialogue_mode);
            CU_ASSERT_EQUAL(again.application_protocol, apdu.application_protocol);
            CU_ASSERT_EQUAL(again.recover, apdu.recover);
            CU_ASSERT_EQUAL(memcmp(&again.connection_id, &apdu.connection_id, sizeof(apdu.connection_id)), 0);
            CU_ASSERT_EQUAL(again.reason, apdu.reason);
            CU_ASSERT_EQUAL(again.reflected, apdu.reflected);
        }
    apr_pool_destroy(pool);
}

static void absent_parameters_have_their_defaults(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    rtse_apdu_t apdu;
    ber_fault_t fault;
    CU_ASSERT_TRUE(
        rtse_apdu_read_contents(BYTES_LITERAL("\xA3\x02\x80\x00"), RTSE_RTORQ, pool, &apdu, &fault));
    CU_ASSERT_EQUAL(apdu.checkpoint_size, 0);
    CU_ASSERT_EQUAL(apdu.window_size, 3);
    CU_ASSERT_EQUAL(apdu.dialogue_mode, RTSE_MONOLOGUE);
    CU_ASSERT_FALSE(apdu.has_user_data);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(RT_01_negotiation_follows_the_standard),
    UNIT_TEST(RT_01_data_survives_every_checkpoint_size_and_window),
    UNIT_TEST(RT_01_the_window_stops_the_sender),
    UNIT_TEST(RT_01_memory_stays_bounded_when_the_socket_takes_nothing),
    UNIT_TEST(RT_02_a_cut_after_every_checkpoint_is_resumed),
    UNIT_TEST(RT_02_another_checkpoint_size_at_the_resume_is_no_fault),
    UNIT_TEST(RT_02_a_cut_just_before_the_end_is_resumed),
    UNIT_TEST(RT_02_resume_on_the_same_association_after_an_interrupt),
    UNIT_TEST(RT_02_a_resume_of_what_is_complete_counts_as_confirmed),
    UNIT_TEST(RT_03_a_resume_of_what_is_not_known_is_restarted),
    UNIT_TEST(RT_03_without_a_checkpoint_the_activity_is_discarded_and_restarted),
    UNIT_TEST(a_refused_transfer_is_interrupted_or_discarded),
    UNIT_TEST(a_provider_exception_stops_a_transfer),
    UNIT_TEST(a_cancelled_transfer_is_discarded),
    UNIT_TEST(RT_04_the_turn_goes_to_and_fro),
    UNIT_TEST(RT_04_a_resume_while_the_turn_is_asked_for),
    UNIT_TEST(RT_04_please_in_the_middle_of_a_transfer),
    UNIT_TEST(RT_04_a_please_in_another_context_is_taken),
    UNIT_TEST(apdus_are_read_as_they_were_written),
    UNIT_TEST(absent_parameters_have_their_defaults),
};

UNIT_MAIN("osi/rtse", tests)
