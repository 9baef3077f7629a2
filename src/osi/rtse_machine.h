/* Inside the RTSE machine: the actions of its table. Each returns an error only as a request; what fails in
 * an event aborts the association by rtse_fail. */
#ifndef OSI_RTSE_MACHINE_H
#define OSI_RTSE_MACHINE_H

#include "osi/rtse.h"

typedef err_t *(*rtse_action_t)(rtse_t *rtse, const rtse_input_t *input);

err_t *rtse_refuse_request(rtse_t *rtse, const char *why);
/* Aborts because of err, unless err is NULL. Always returns NULL. */
err_t *rtse_fail(rtse_t *rtse, int reason, err_t *err);
void rtse_indicate(rtse_t *rtse, stack_indication_kind_t kind);

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

#endif
