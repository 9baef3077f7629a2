#include "osi/rtse.h"

#include "osi/rtse_machine.h"

/* --- Helpers of all actions ----------------------------------------------------------------------------- */

err_t *rtse_refuse_request(rtse_t *rtse, const char *why)
{
    return err_create(rtse->lower->error_pool(rtse->context), 0, "RTSE", "%s", why);
}

err_t *rtse_fail(rtse_t *rtse, int reason, err_t *err)
{
    if (err)
        rtse->lower->abort(rtse->context, reason, err);
    return NULL;
}

void rtse_indicate(rtse_t *rtse, stack_indication_kind_t kind)
{
    stack_indication_t indication = {
        .kind = kind, .activity = rtse->activity, .total = rtse->total, .abort_reason = -1};
    rtse->lower->indicate(rtse->context, &indication);
}

/* --- Turn and close ------------------------------------------------------------------------------------- */

err_t *rtse_do_please(rtse_t *rtse, const rtse_input_t *input)
{
    if (!rtse->two_way_alternate)
        return rtse_refuse_request(rtse, "no turn to ask for on a monologue association");
    return rtse->lower->please(rtse->context, input->number);
}

err_t *rtse_do_give(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    if (!rtse->two_way_alternate) {
        rtse->state = RTSE_TURN;
        return rtse_refuse_request(rtse, "the turn stays with the initiator of a monologue association");
    }
    err_t *err = session_control_give_request(rtse->session);
    if (err)
        rtse->state = RTSE_TURN;
    return err;
}

err_t *rtse_do_close(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    err_t *err = NULL;
    if (!rtse->initiator)
        err = rtse_refuse_request(rtse, "only the initiator of an association closes it (X.218 7.2)");
    else
        err = rtse->lower->release(rtse->context);
    if (err)
        rtse->state = RTSE_TURN;
    return err;
}

err_t *rtse_on_please(rtse_t *rtse, const rtse_input_t *input)
{
    stack_indication_t indication = {
        .kind = STACK_TURN_PLEASE, .priority = input->number, .abort_reason = -1};
    rtse->lower->indicate(rtse->context, &indication);
    return NULL;
}

err_t *rtse_on_give(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    rtse_indicate(rtse, STACK_TURN_GIVEN);
    return NULL;
}

/* The stack answers a release and tells the user; here only the state changes. */
err_t *rtse_do_nothing(rtse_t *rtse, const rtse_input_t *input)
{
    (void)rtse;
    (void)input;
    return NULL;
}

/* --- Requests and events ---------------------------------------------------------------------------- */

static err_t *not_allowed(rtse_t *rtse, rtse_event_t event)
{
    return err_create(rtse->lower->error_pool(rtse->context), (int)event, "RTSE", "%s in state \"%s\"",
                      rtse_event_name(event), rtse_state_name(rtse->state));
}

/* The same of what came from the peer. */
static err_t *broken(rtse_t *rtse, rtse_event_t event)
{
    apr_pool_t *pool = rtse->lower->error_pool(rtse->context);
    err_t *what = err_create(pool, (int)event, "RTSE", "%s", rtse_event_name(event));
    return err_wrap(pool, what, OSI_FAULT_STATE, "RTSE", "the peer broke the transfer protocol in state %s",
                    rtse_state_name(rtse->state));
}

err_t *rtse_request(rtse_t *rtse, const rtse_input_t *input)
{
    const rtse_row_t *row = rtse_row_find(rtse->state, input->event);
    if (!row)
        return not_allowed(rtse, input->event);
    if (row->next != RTSE_STATES)
        rtse->state = row->next;
    return row->action(rtse, input);
}

void rtse_event(rtse_t *rtse, const rtse_input_t *input)
{
    const rtse_row_t *row = rtse_row_find(rtse->state, input->event);
    if (!row) {
        if (rtse->state != RTSE_CLOSED)
            rtse_fail(rtse, STACK_ABORT_PROTOCOL_ERROR, broken(rtse, input->event));
        return;
    }
    if (row->next != RTSE_STATES)
        rtse->state = row->next;
    row->action(rtse, input);
}

/* --- Life ----------------------------------------------------------------------------------------------- */

void rtse_init(rtse_t *rtse, const rtse_lower_t *lower, void *context, session_t *session, apr_pool_t *pool)
{
    *rtse = (rtse_t){.lower = lower, .context = context, .session = session, .state = RTSE_CLOSED};
    buffer_init(&rtse->piece, pool, (size_t)RTSE_CHECKPOINT_LIMIT_K * 1024);
}

void rtse_open(rtse_t *rtse, bool our_turn, size_t rttr_limit)
{
    rtse->state = our_turn ? RTSE_TURN : RTSE_NO_TURN;
    rtse->piece_limit =
        rtse->checkpoint_k ? (size_t)rtse->checkpoint_k * 1024 : (size_t)RTSE_PIECE_WITHOUT_CHECKPOINT;
    if (rttr_limit && rttr_limit < rtse->piece_limit)
        rtse->piece_limit = rttr_limit;
}

void rtse_over(rtse_t *rtse)
{
    rtse->state = RTSE_CLOSED;
    rtse->resume_asked = false;
    buffer_release(&rtse->piece);
}

bool rtse_waits_for_peer(const rtse_t *rtse)
{
    switch (rtse->state) {
    case RTSE_SENDING: return rtse->ending || rtse_capacity(rtse) == 0;
    case RTSE_RECEIVING: return rtse->serial_confirmed == rtse->serial_sent; /* else the user's move */
    case RTSE_ENDING:
    case RTSE_STOPPING:
    case RTSE_REFUSED: return true;
    default: return false;
    }
}

unsigned rtse_negotiate_checkpoint(int64_t proposed, unsigned ours)
{
    if (ours > RTSE_CHECKPOINT_LIMIT_K)
        ours = RTSE_CHECKPOINT_LIMIT_K;
    if (ours == 0 || proposed < 0)
        return 0;
    return proposed == 0 || proposed > ours ? ours : (unsigned)proposed;
}

unsigned rtse_effective_checkpoint(unsigned proposed, int64_t answered)
{
    if (answered <= 0)
        return 0;
    unsigned limit = proposed == 0 || proposed > RTSE_CHECKPOINT_LIMIT_K ? RTSE_CHECKPOINT_LIMIT_K : proposed;
    return answered > limit ? limit : (unsigned)answered;
}

unsigned rtse_negotiate_window(int64_t proposed, unsigned ours)
{
    unsigned window = ours == 0 ? 1 : ours;
    if (window > RTSE_WINDOW_LIMIT)
        window = RTSE_WINDOW_LIMIT;
    if (proposed < 1)
        return 1;
    return proposed < window ? (unsigned)proposed : window;
}

const char *rtse_state_name(rtse_state_t state)
{
    static const char *const name[] = {[RTSE_CLOSED] = "closed",
                                       [RTSE_TURN] = "idle, our turn",
                                       [RTSE_NO_TURN] = "idle, peer's turn",
                                       [RTSE_SENDING] = "sending",
                                       [RTSE_ENDING] = "awaiting the end's confirmation",
                                       [RTSE_STOPPING] = "awaiting the stop's confirmation",
                                       [RTSE_RECEIVING] = "receiving",
                                       [RTSE_RECEIVED] = "received",
                                       [RTSE_REFUSED] = "refused",
                                       [RTSE_CLOSING] = "closing"};
    return state < RTSE_STATES ? name[state] : "?";
}

const char *rtse_event_name(rtse_event_t event)
{
    static const char *const name[RTSE_EVENTS] = {
        [RTSE_START_REQUEST] = "transfer start request",
        [RTSE_RESUME_REQUEST] = "transfer resume request",
        [RTSE_DATA_REQUEST] = "transfer data request",
        [RTSE_END_REQUEST] = "transfer end request",
        [RTSE_CANCEL_REQUEST] = "transfer cancel request",
        [RTSE_CHECKPOINT_RESPONSE] = "checkpoint confirmation",
        [RTSE_ACCEPT_RESPONSE] = "transfer acceptance",
        [RTSE_REFUSE_RESPONSE] = "transfer refusal",
        [RTSE_PLEASE_REQUEST] = "turn please request",
        [RTSE_GIVE_REQUEST] = "turn give request",
        [RTSE_CLOSE_REQUEST] = "close request",
        [RTSE_DATA] = "RTTR",
        [RTSE_SYNC] = "minor synchronization",
        [RTSE_SYNC_CONFIRM] = "confirmation of a minor synchronization",
        [RTSE_START] = "activity start",
        [RTSE_RESUME] = "activity resume",
        [RTSE_INTERRUPT] = "activity interrupt",
        [RTSE_INTERRUPT_CONFIRM] = "confirmation of an activity interrupt",
        [RTSE_DISCARD] = "activity discard",
        [RTSE_DISCARD_CONFIRM] = "confirmation of an activity discard",
        [RTSE_END] = "activity end",
        [RTSE_END_CONFIRM] = "confirmation of an activity end",
        [RTSE_USER_EXCEPTION] = "user exception report",
        [RTSE_PROVIDER_EXCEPTION] = "provider exception report",
        [RTSE_PLEASE] = "turn please (RTTP)",
        [RTSE_GIVE] = "turn give",
        [RTSE_CLOSE] = "release",
        [RTSE_CLOSE_CONFIRM] = "confirmation of a release"};
    return event < RTSE_EVENTS ? name[event] : "?";
}
