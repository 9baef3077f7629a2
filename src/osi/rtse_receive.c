/* The receiver's actions of the RTSE machine (X.228 7.3, 7.6 to 7.8). */
#include "osi/rtse_machine.h"

err_t *rtse_on_start(rtse_t *rtse, const rtse_input_t *input)
{
    rtse->activity = *input->activity;
    rtse->total = 0;
    rtse->serial_sent = rtse->serial_confirmed = 0;
    rtse_indicate(rtse, STACK_TRANSFER_START);
    return NULL;
}

/* Reports an exception and waits for the peer to end the activity. */
static err_t *refuse(rtse_t *rtse, session_exception_t reason)
{
    rtse->state = RTSE_REFUSED;
    return rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM,
                     session_u_exception_request(rtse->session, reason, BYTES_NONE));
}

err_t *rtse_on_data(rtse_t *rtse, const rtse_input_t *input)
{
    if (input->octets.length == 0)
        return NULL;
    rtse->total += input->octets.length;
    stack_indication_t indication = {.kind = STACK_TRANSFER_DATA,
                                     .activity = rtse->activity,
                                     .octets = input->octets,
                                     .total = rtse->total,
                                     .abort_reason = -1};
    rtse->lower->indicate(rtse->context, &indication);
    return NULL;
}

err_t *rtse_on_sync(rtse_t *rtse, const rtse_input_t *input)
{
    rtse->explicit_confirm = input->flag;
    rtse->serial_sent = input->serial;
    if (!input->flag)
        rtse->serial_confirmed = input->serial;
    stack_indication_t indication = {.kind = STACK_CHECKPOINT,
                                     .activity = rtse->activity,
                                     .serial = input->serial,
                                     .total = rtse->total,
                                     .abort_reason = -1};
    rtse->lower->indicate(rtse->context, &indication);
    return NULL;
}

err_t *rtse_do_checkpoint_response(rtse_t *rtse, const rtse_input_t *input)
{
    if (!rtse->explicit_confirm)
        return NULL;
    rtse->serial_confirmed = input->serial;
    return session_sync_minor_response(rtse->session, input->serial);
}

err_t *rtse_on_end(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    rtse_indicate(rtse, STACK_TRANSFER_END);
    return NULL;
}

err_t *rtse_do_accept(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    return rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, session_activity_end_response(rtse->session));
}

err_t *rtse_do_refuse(rtse_t *rtse, const rtse_input_t *input)
{
    return refuse(rtse, input->flag ? SESSION_USER_RECEIVING_ABILITY_JEOPARDIZED
                                    : SESSION_UNRECOVERABLE_PROCEDURAL_ERROR);
}

/* err: of our response; if there is one, the association is aborted. */
static bool is_answered(rtse_t *rtse, err_t *err)
{
    rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, err);
    return !err;
}

err_t *rtse_on_interrupt(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    if (is_answered(rtse, session_activity_interrupt_response(rtse->session)))
        rtse_indicate(rtse, STACK_TRANSFER_INTERRUPTED);
    return NULL;
}

err_t *rtse_on_discard(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    if (is_answered(rtse, session_activity_discard_response(rtse->session)))
        rtse_indicate(rtse, STACK_TRANSFER_DISCARDED);
    return NULL;
}

/* The transfer is complete here. The peer did not know it yet: it finds out when it resumes or repeats. */
err_t *rtse_on_late_interrupt(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    is_answered(rtse, session_activity_interrupt_response(rtse->session));
    return NULL;
}

err_t *rtse_on_late_discard(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    is_answered(rtse, session_activity_discard_response(rtse->session));
    return NULL;
}

err_t *rtse_on_resume(rtse_t *rtse, const rtse_input_t *input)
{
    const osi_connection_id_t *connection =
        input->old_connection ? input->old_connection : session_connection_id(rtse->session);
    rtse->activity = *input->activity;
    rtse->total = 0;
    rtse->resume_serial = input->serial;
    rtse->serial_sent = rtse->serial_confirmed = input->serial;
    rtse->resume_asked = true;
    stack_indication_t indication = {.kind = STACK_TRANSFER_RESUME,
                                     .activity = rtse->activity,
                                     .old_activity = *input->old_activity,
                                     .old_connection = *connection,
                                     .serial = input->serial,
                                     .abort_reason = -1};
    rtse->lower->indicate(rtse->context, &indication);
    if (rtse->resume_asked)
        rtse_resume_refuse(rtse, STACK_RESUME_UNRECOGNIZED);
    return NULL;
}

err_t *rtse_resume_accept(rtse_t *rtse, uint64_t total)
{
    if (!rtse->resume_asked)
        return rtse_refuse_request(rtse, "no resume to answer");
    if (rtse->resume_serial == 0 && total)
        return rtse_refuse_request(rtse, "a resume before the first checkpoint begins at 0");
    rtse->total = total;
    rtse->resume_asked = false;
    return NULL;
}

err_t *rtse_resume_refuse(rtse_t *rtse, stack_resume_refusal_t why)
{
    if (!rtse->resume_asked)
        return rtse_refuse_request(rtse, "no resume to answer");
    rtse->resume_asked = false;
    if (why == STACK_RESUME_COMPLETED) {
        err_t *err = rtse_refuse_request(rtse, "the peer resumed an APDU that this MTA has already");
        return rtse_fail(rtse, STACK_ABORT_TRANSFER_COMPLETED, err);
    }
    /* X.228 7.6.2: the sender discards, and may send the APDU anew. */
    return refuse(rtse, SESSION_UNRECOVERABLE_PROCEDURAL_ERROR);
}
