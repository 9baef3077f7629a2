#include "osi/rtse_machine.h"

#define IN_STATE RTSE_IN_STATE
#define SAME RTSE_STATES
enum {
    OUR_TURN = IN_STATE(RTSE_TURN) | IN_STATE(RTSE_SENDING) | IN_STATE(RTSE_ENDING) |
               IN_STATE(RTSE_STOPPING) | IN_STATE(RTSE_CLOSING),
    PEERS_TURN =
        IN_STATE(RTSE_NO_TURN) | IN_STATE(RTSE_RECEIVING) | IN_STATE(RTSE_RECEIVED) | IN_STATE(RTSE_REFUSED),
    INCOMING = IN_STATE(RTSE_RECEIVING) | IN_STATE(RTSE_RECEIVED) | IN_STATE(RTSE_REFUSED)
};

static const rtse_row_t table[] = {
    /* X.228 7.3 transfer, at the sender */
    {RTSE_DATA_REQUEST, IN_STATE(RTSE_SENDING), SAME, rtse_do_data},
    {RTSE_SYNC_CONFIRM, IN_STATE(RTSE_SENDING) | IN_STATE(RTSE_ENDING), SAME, rtse_on_sync_confirm},
    {RTSE_SYNC_CONFIRM, IN_STATE(RTSE_STOPPING), SAME, rtse_do_nothing}, /* crossed our request */
    {RTSE_START_REQUEST, IN_STATE(RTSE_TURN), RTSE_SENDING, rtse_do_start},
    {RTSE_RESUME_REQUEST, IN_STATE(RTSE_TURN), RTSE_SENDING, rtse_do_resume},
    {RTSE_END_REQUEST, IN_STATE(RTSE_SENDING), SAME, rtse_do_end},
    {RTSE_END_CONFIRM, IN_STATE(RTSE_ENDING), RTSE_TURN, rtse_on_end_confirm},
    /* 7.3, at the receiver */
    {RTSE_DATA, IN_STATE(RTSE_RECEIVING), SAME, rtse_on_data},
    {RTSE_DATA, IN_STATE(RTSE_REFUSED), SAME, rtse_do_nothing},
    {RTSE_SYNC, IN_STATE(RTSE_RECEIVING), SAME, rtse_on_sync},
    {RTSE_SYNC, IN_STATE(RTSE_REFUSED), SAME, rtse_do_nothing},
    {RTSE_CHECKPOINT_RESPONSE, IN_STATE(RTSE_RECEIVING), SAME, rtse_do_checkpoint_response},
    {RTSE_CHECKPOINT_RESPONSE, IN_STATE(RTSE_RECEIVED), SAME, rtse_do_nothing}, /* the end confirms all */
    {RTSE_START, IN_STATE(RTSE_NO_TURN), RTSE_RECEIVING, rtse_on_start},
    {RTSE_END, IN_STATE(RTSE_RECEIVING), RTSE_RECEIVED, rtse_on_end},
    {RTSE_END, IN_STATE(RTSE_REFUSED), SAME, rtse_do_nothing},
    {RTSE_ACCEPT_RESPONSE, IN_STATE(RTSE_RECEIVED), RTSE_NO_TURN, rtse_do_accept},
    /* 7.6, 7.7 exceptions, interrupt, discard */
    {RTSE_REFUSE_RESPONSE, IN_STATE(RTSE_RECEIVING) | IN_STATE(RTSE_RECEIVED), RTSE_REFUSED, rtse_do_refuse},
    {RTSE_USER_EXCEPTION, IN_STATE(RTSE_SENDING) | IN_STATE(RTSE_ENDING), RTSE_STOPPING,
     rtse_on_user_exception},
    {RTSE_USER_EXCEPTION, IN_STATE(RTSE_STOPPING), SAME, rtse_do_nothing},
    {RTSE_PROVIDER_EXCEPTION, IN_STATE(RTSE_SENDING) | IN_STATE(RTSE_ENDING), RTSE_STOPPING,
     rtse_on_provider_exception},
    {RTSE_PROVIDER_EXCEPTION, IN_STATE(RTSE_STOPPING) | INCOMING, SAME, rtse_do_nothing},
    {RTSE_CANCEL_REQUEST, IN_STATE(RTSE_SENDING), RTSE_STOPPING, rtse_do_cancel},
    {RTSE_INTERRUPT_CONFIRM, IN_STATE(RTSE_STOPPING), RTSE_TURN, rtse_on_interrupt_confirm},
    {RTSE_DISCARD_CONFIRM, IN_STATE(RTSE_STOPPING), RTSE_TURN, rtse_on_discard_confirm},
    {RTSE_INTERRUPT, INCOMING, RTSE_NO_TURN, rtse_on_interrupt},
    {RTSE_DISCARD, INCOMING, RTSE_NO_TURN, rtse_on_discard},
    {RTSE_INTERRUPT, IN_STATE(RTSE_NO_TURN), SAME, rtse_on_late_interrupt}, /* crossed our accepting it */
    {RTSE_DISCARD, IN_STATE(RTSE_NO_TURN), SAME, rtse_on_late_discard},
    /* 7.8 resume on this or another association */
    {RTSE_RESUME, IN_STATE(RTSE_NO_TURN), RTSE_RECEIVING, rtse_on_resume},
    /* 7.4, 7.5 turn please, turn give */
    {RTSE_PLEASE_REQUEST, PEERS_TURN, SAME, rtse_do_please},
    {RTSE_GIVE_REQUEST, IN_STATE(RTSE_TURN), RTSE_NO_TURN, rtse_do_give},
    {RTSE_PLEASE, OUR_TURN, SAME, rtse_on_please},
    {RTSE_PLEASE, PEERS_TURN, SAME, rtse_do_nothing}, /* crossed our giving it */
    {RTSE_GIVE, IN_STATE(RTSE_NO_TURN), RTSE_TURN, rtse_on_give},
    /* 7.2 release */
    {RTSE_CLOSE_REQUEST, IN_STATE(RTSE_TURN), RTSE_CLOSING, rtse_do_close},
    {RTSE_CLOSE, IN_STATE(RTSE_NO_TURN), RTSE_CLOSED, rtse_do_nothing},
    {RTSE_CLOSE_CONFIRM, IN_STATE(RTSE_CLOSING), RTSE_CLOSED, rtse_do_nothing},
};

const rtse_row_t *rtse_table(size_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}

const rtse_row_t *rtse_row_find(rtse_state_t state, rtse_event_t event)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].event == event && (table[i].states & IN_STATE(state)))
            return &table[i];
    return NULL;
}
