/* Who calls and who answers: the MTA bind (X.411 12.1.1) of an association, both roles. A peer is who its
 * bind says, by MTA name and password; what it is refused for is said in events here and by the standard's
 * codes there. */
#ifndef MTA_BIND_H
#define MTA_BIND_H

#include "mta/internal.h"

x411_mode_t bind_mode(osi_mode_t mode);

/* Writes the bind argument of a call that association makes. */
void bind_write_argument(association_t *association, buffer_t *out);

/* An incoming call: finds the connector of the caller and accepts; or refuses, with its events, and returns
 * NULL. */
connector_t *bind_check_argument(association_t *association, const stack_indication_t *indication);

/* The peer accepted our call: NULL if its answer is who it should be, else what is wrong (event 48 is
 * logged). */
err_t *bind_check_result(association_t *association, const stack_indication_t *indication);

/* The peer refused our call: the error in words, with the bind error that came along. */
const err_t *bind_explain_refusal(association_t *association, const stack_indication_t *indication);

#endif
