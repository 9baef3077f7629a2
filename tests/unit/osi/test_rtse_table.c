/* Transitions of the RTSE machine that two well-behaved ends do not reach together: what crosses a request or
 * comes after it is taken, without an answer and without an abort. */
#include "osi/rtse_machine.h"
#include "unit.h"

static unsigned aborts, pleases, indications;

static err_t *send_please(void *context, int priority)
{
    (void)context;
    (void)priority;
    pleases++;
    return NULL;
}

static void on_abort(void *context, int reason, err_t *err)
{
    (void)context;
    (void)reason;
    (void)err;
    aborts++;
}

static void on_indicate(void *context, stack_indication_t *indication)
{
    (void)context;
    (void)indication;
    indications++;
}

static const rtse_lower_t lower = {.please = send_please, .abort = on_abort, .indicate = on_indicate};

static void expect(rtse_event_t event, rtse_state_t state, unsigned asked, unsigned told)
{
    rtse_t rtse = {.lower = &lower, .state = state, .two_way_alternate = true};
    rtse_input_t input = {.event = event};
    aborts = pleases = indications = 0;
    const err_t *err = NULL;
    if (event < RTSE_REQUESTS)
        err = rtse_request(&rtse, &input);
    else
        rtse_event(&rtse, &input);
    CU_ASSERT_PTR_NULL(err);
    CU_ASSERT_EQUAL(rtse.state, state);
    CU_ASSERT_EQUAL(aborts, 0);
    CU_ASSERT_EQUAL(pleases, asked);
    CU_ASSERT_EQUAL(indications, told);
}

static void what_crosses_a_stop_is_dropped(void)
{
    expect(RTSE_SYNC_CONFIRM, RTSE_STOPPING, 0, 0);
    expect(RTSE_USER_EXCEPTION, RTSE_STOPPING, 0, 0);
    expect(RTSE_PROVIDER_EXCEPTION, RTSE_STOPPING, 0, 0);
}

static void what_comes_after_a_refusal_is_dropped(void)
{
    expect(RTSE_DATA, RTSE_REFUSED, 0, 0);
    expect(RTSE_SYNC, RTSE_REFUSED, 0, 0);
    expect(RTSE_END, RTSE_REFUSED, 0, 0);
}

static void a_provider_exception_does_not_end_what_comes_in(void)
{
    expect(RTSE_PROVIDER_EXCEPTION, RTSE_RECEIVING, 0, 0);
    expect(RTSE_PROVIDER_EXCEPTION, RTSE_RECEIVED, 0, 0);
    expect(RTSE_PROVIDER_EXCEPTION, RTSE_REFUSED, 0, 0);
}

static void the_end_confirms_all_checkpoints(void)
{
    expect(RTSE_CHECKPOINT_RESPONSE, RTSE_RECEIVED, 0, 0);
}

static void RT_04_a_please_in_every_state(void)
{
    static const rtse_state_t ours[] = {RTSE_TURN, RTSE_SENDING, RTSE_ENDING, RTSE_STOPPING, RTSE_CLOSING};
    static const rtse_state_t theirs[] = {RTSE_NO_TURN, RTSE_RECEIVING, RTSE_RECEIVED, RTSE_REFUSED};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        expect(RTSE_PLEASE, ours[i], 0, 1);
    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
        expect(RTSE_PLEASE, theirs[i], 0, 0); /* it crossed the turn that we gave */
        expect(RTSE_PLEASE_REQUEST, theirs[i], 1, 0);
    }
}

static const unit_test_t tests[] = {
    UNIT_TEST(what_crosses_a_stop_is_dropped), UNIT_TEST(what_comes_after_a_refusal_is_dropped),
    UNIT_TEST(a_provider_exception_does_not_end_what_comes_in), UNIT_TEST(the_end_confirms_all_checkpoints),
    UNIT_TEST(RT_04_a_please_in_every_state)};

UNIT_MAIN("rtse_table", tests)
