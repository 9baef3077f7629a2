/* Inside the RTSE machine: its table (rtse_table.c) and the actions in it. Each returns an error only as a
 * request; what fails in an event aborts the association by rtse_fail. */
#ifndef OSI_RTSE_MACHINE_H
#define OSI_RTSE_MACHINE_H

#include "osi/rtse.h"

typedef err_t *(*rtse_action_t)(rtse_t *rtse, const rtse_input_t *input);

#define RTSE_IN_STATE(state) (1U << (state))

/* A row of the table. The state changes to `next` (RTSE_STATES: it stays) before the action runs, so that an
 * indication made from it may be answered at once; an action that finds it cannot go there sets another. */
typedef struct rtse_row_t {
    rtse_event_t event;
    unsigned states; /* RTSE_IN_STATE of each */
    rtse_state_t next;
    rtse_action_t action;
} rtse_row_t;

/* All rows. */
const rtse_row_t *rtse_table(size_t *count);
/* The first row that fits, NULL if none does. */
const rtse_row_t *rtse_row_find(rtse_state_t state, rtse_event_t event);

err_t *rtse_refuse_request(rtse_t *rtse, const char *why);
/* Aborts because of err, unless err is NULL. Always returns NULL. */
err_t *rtse_fail(rtse_t *rtse, int reason, err_t *err);
void rtse_indicate(rtse_t *rtse, stack_indication_kind_t kind);

/* turn and close (rtse.c) */
err_t *rtse_do_please(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_give(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_close(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_please(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_give(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_nothing(rtse_t *rtse, const rtse_input_t *input);

/* sending (rtse_send.c) */
err_t *rtse_do_start(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_resume(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_data(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_end(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_cancel(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_sync_confirm(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_end_confirm(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_user_exception(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_provider_exception(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_interrupt_confirm(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_discard_confirm(rtse_t *rtse, const rtse_input_t *input);

/* receiving (rtse_receive.c) */
err_t *rtse_do_checkpoint_response(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_accept(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_do_refuse(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_start(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_resume(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_data(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_sync(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_end(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_interrupt(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_discard(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_late_interrupt(rtse_t *rtse, const rtse_input_t *input);
err_t *rtse_on_late_discard(rtse_t *rtse, const rtse_input_t *input);

#endif
