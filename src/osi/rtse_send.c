/* The sender's actions of the RTSE machine (X.228 7.3, 7.6 to 7.8): pieces of the APDU as RTTRs, a minor
 * synchronization after each but the last, the window, and what ends an activity before its time. */
#include "osi/rtse_machine.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/format.h"

/* Keeps why the activity is stopped until the peer has confirmed that. */
static void note_stop(rtse_t *rtse, int code, const char *layer, const char *format, ...) FORMAT_PRINTF(4, 5);
static void note_stop(rtse_t *rtse, int code, const char *layer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rtse->stop_text, sizeof(rtse->stop_text), format, arguments);
    va_end(arguments);
    rtse->stop_error = (err_t){.code = code, .layer = layer, .text = rtse->stop_text};
}

static bool window_open(const rtse_t *rtse)
{
    return rtse->checkpoint_k == 0 || rtse->serial_sent - rtse->serial_confirmed < rtse->window;
}

static void begin(rtse_t *rtse, unsigned serial, uint64_t total)
{
    rtse->serial_sent = rtse->serial_confirmed = serial;
    rtse->total = total;
    rtse->totals[serial % RTSE_WINDOW_LIMIT] = total;
    rtse->ending = false;
    buffer_clear(&rtse->piece);
}

/* The activity identifier: an INTEGER that counts from 1 on each association (X.410 4.3.2, as peers do). */
static void name_activity(rtse_t *rtse)
{
    unsigned number = ++rtse->activities;
    unsigned length = number < 0x80 ? 1 : number < 0x8000 ? 2 : number < 0x800000 ? 3 : 4;
    rtse->activity.octets[0] = 0x02;
    rtse->activity.octets[1] = (uint8_t)length;
    for (unsigned i = 0; i < length; i++)
        rtse->activity.octets[2 + i] = (uint8_t)(number >> (8 * (length - 1 - i)));
    rtse->activity.length = (uint8_t)(2 + length);
}

static err_t *to_turn(rtse_t *rtse, err_t *err)
{
    rtse->state = RTSE_TURN;
    return err;
}

err_t *rtse_do_start(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    name_activity(rtse);
    err_t *err = session_activity_start_request(rtse->session, &rtse->activity);
    if (err)
        return to_turn(rtse, err);
    begin(rtse, 0, 0);
    rtse->resumed = false;
    return NULL;
}

err_t *rtse_do_resume(rtse_t *rtse, const rtse_input_t *input)
{
    name_activity(rtse);
    err_t *err = session_activity_resume_request(rtse->session, &rtse->activity, input->old_activity,
                                                 input->old_connection, input->serial);
    if (err)
        return to_turn(rtse, err);
    begin(rtse, input->serial, input->total);
    rtse->resumed = true;
    if (input->serial > 0)
        return NULL;
    /* Nothing was confirmed: the old activity is only taken up to be discarded (X.228 7.7.2). */
    rtse->state = RTSE_STOPPING;
    rtse->resumable = false;
    note_stop(rtse, 0, "RTSE", "the broken activity had no checkpoint and was discarded");
    return rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM,
                     session_activity_discard_request(rtse->session, SESSION_NO_SPECIFIC_REASON));
}

/* Sends the piece that was filled, with more octets after it, as one RTTR. */
static err_t *send_piece(rtse_t *rtse, bytes_t more)
{
    osi_parts_t parts = {.count = 0};
    if (buffer_length(&rtse->piece))
        osi_parts_add(&parts, buffer_bytes(&rtse->piece));
    if (more.length)
        osi_parts_add(&parts, more);
    err_t *err = rtse->lower->data(rtse->context, &parts);
    buffer_clear(&rtse->piece);
    return err;
}

/* A piece and the checkpoint after it; total is how much of the APDU is in front of the checkpoint. */
static err_t *send_checkpoint(rtse_t *rtse, bytes_t more, uint64_t total)
{
    err_t *err = send_piece(rtse, more);
    if (err || rtse->checkpoint_k == 0)
        return err;
    unsigned serial = 0;
    err = session_sync_minor_request(rtse->session, true, &serial);
    if (err)
        return err;
    rtse->serial_sent = serial;
    rtse->totals[serial % RTSE_WINDOW_LIMIT] = total;
    return NULL;
}

size_t rtse_capacity(const rtse_t *rtse)
{
    size_t waiting = rtse->lower->output_length(rtse->context);
    if (rtse->state != RTSE_SENDING || rtse->ending || waiting >= RTSE_OUTPUT_LIMIT)
        return 0;
    size_t room = rtse->piece_limit - buffer_length(&rtse->piece);
    if (rtse->checkpoint_k == 0)
        return RTSE_OUTPUT_LIMIT - waiting;
    room += (rtse->window - (rtse->serial_sent - rtse->serial_confirmed)) * rtse->piece_limit;
    return room < RTSE_OUTPUT_LIMIT - waiting ? room : RTSE_OUTPUT_LIMIT - waiting;
}

err_t *rtse_do_data(rtse_t *rtse, const rtse_input_t *input)
{
    bytes_t left = input->octets;
    if (left.length > rtse_capacity(rtse))
        return rtse_refuse_request(rtse, "more data than the window or the output lets through");
    while (left.length) {
        size_t held = buffer_length(&rtse->piece);
        size_t room = rtse->piece_limit - held;
        size_t take = left.length < room ? left.length : room;
        bytes_t part = bytes_slice(left, 0, take);
        rtse->total += take;
        left = bytes_slice(left, take, SIZE_MAX);
        if (take == room && left.length) {
            /* Full, and more follows: it goes as it is, without a copy. */
            err_t *err = send_checkpoint(rtse, part, rtse->total);
            if (err)
                return rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, err);
            if (rtse->state != RTSE_SENDING)
                return NULL;
        } else if (!buffer_append(&rtse->piece, part)) {
            return rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM,
                             rtse_refuse_request(rtse, "no memory for a piece of the APDU"));
        }
    }
    return NULL;
}

/* Sends what is left and the activity's end, when the window lets them go. */
static err_t *finish(rtse_t *rtse)
{
    err_t *err = NULL;
    if (!window_open(rtse))
        return NULL;
    rtse->ending = false;
    if (buffer_length(&rtse->piece))
        err = send_piece(rtse, BYTES_NONE);
    if (err)
        return err;
    unsigned serial = 0;
    rtse->state = RTSE_ENDING;
    return session_activity_end_request(rtse->session, &serial);
}

err_t *rtse_do_end(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    if (rtse->ending)
        return rtse_refuse_request(rtse, "the end was requested before");
    rtse->ending = true;
    return rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, finish(rtse));
}

err_t *rtse_on_sync_confirm(rtse_t *rtse, const rtse_input_t *input)
{
    if (input->serial <= rtse->serial_confirmed)
        return NULL; /* a confirmation covers all before it */
    if (input->serial > rtse->serial_sent)
        return rtse_fail(rtse, STACK_ABORT_PROTOCOL_ERROR,
                         err_create(rtse->lower->error_pool(rtse->context), OSI_FAULT_HANDLE, "RTSE",
                                    "the peer confirmed checkpoint %u but %u is the last one", input->serial,
                                    rtse->serial_sent));
    rtse->serial_confirmed = input->serial;
    rtse->resumed = false;
    stack_indication_t indication = {.kind = STACK_CHECKPOINT_CONFIRM,
                                     .serial = input->serial,
                                     .total = rtse->totals[input->serial % RTSE_WINDOW_LIMIT],
                                     .activity = rtse->activity,
                                     .abort_reason = -1};
    rtse->lower->indicate(rtse->context, &indication);
    if (rtse->state == RTSE_SENDING && rtse->ending)
        rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, finish(rtse));
    return NULL;
}

err_t *rtse_on_end_confirm(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    rtse->resumed = false;
    buffer_release(&rtse->piece);
    rtse_indicate(rtse, STACK_TRANSFER_CONFIRM);
    return NULL;
}

/* Interrupts the activity if that keeps something to resume, else discards it. */
static err_t *stop(rtse_t *rtse, bool resumable, int reason)
{
    rtse->resumable = resumable && rtse->serial_confirmed > 0;
    err_t *err = rtse->resumable ? session_activity_interrupt_request(rtse->session, reason)
                                 : session_activity_discard_request(rtse->session, reason);
    return rtse_fail(rtse, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, err);
}

err_t *rtse_do_cancel(rtse_t *rtse, const rtse_input_t *input)
{
    note_stop(rtse, 0, "RTSE", "this MTA gave the transfer up");
    return stop(rtse, input->flag, SESSION_LOCAL_USER_ERROR);
}

/* X.228 7.6.2: what the sender does depends on the receiver's reason. */
err_t *rtse_on_user_exception(rtse_t *rtse, const rtse_input_t *input)
{
    static const struct {
        session_exception_t reason;
        bool resumable;
        const char *text;
    } known[] = {
        {SESSION_NO_SPECIFIC_REASON, true, "no specific reason"},
        {SESSION_USER_RECEIVING_ABILITY_JEOPARDIZED, true, "its ability to receive is jeopardized"},
        {SESSION_USER_SEQUENCE_ERROR, false, "sequence error"},
        {SESSION_LOCAL_USER_ERROR, true, "local error"},
        {SESSION_UNRECOVERABLE_PROCEDURAL_ERROR, false, "unrecoverable procedural error"},
        {SESSION_DEMAND_DATA_TOKEN, true, "it demands the turn"},
    };
    size_t i = 0;
    while (i + 1 < sizeof(known) / sizeof(known[0]) && known[i].reason != (session_exception_t)input->number)
        i++;
    bool found = known[i].reason == (session_exception_t)input->number;
    note_stop(rtse, input->number, "RTSE", "the peer refused the APDU by an exception report: %s (%d)",
              found ? known[i].text : "unknown reason", input->number);
    return stop(rtse, found && known[i].resumable, SESSION_NO_SPECIFIC_REASON);
}

err_t *rtse_on_provider_exception(rtse_t *rtse, const rtse_input_t *input)
{
    note_stop(rtse, input->number, "session", "the session provider reported an exception (%d)",
              input->number);
    return stop(rtse, true, SESSION_NO_SPECIFIC_REASON);
}

static err_t *stopped(rtse_t *rtse)
{
    stack_indication_t indication = {.kind = STACK_TRANSFER_FAILED,
                                     .resumable = rtse->resumable,
                                     .activity = rtse->activity,
                                     .serial = rtse->serial_confirmed,
                                     .total = rtse->totals[rtse->serial_confirmed % RTSE_WINDOW_LIMIT],
                                     .err = &rtse->stop_error,
                                     .abort_reason = -1};
    rtse->resumed = false;
    buffer_release(&rtse->piece);
    rtse->lower->indicate(rtse->context, &indication);
    return NULL;
}

err_t *rtse_on_interrupt_confirm(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    return stopped(rtse);
}

err_t *rtse_on_discard_confirm(rtse_t *rtse, const rtse_input_t *input)
{
    (void)input;
    return stopped(rtse);
}
