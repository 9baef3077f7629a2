/* Rules for a 1984 peer (X.419 Annex B, "interworking with 1984 systems"): what becomes of a 1988 envelope,
 * and the little that an upgrade does. */
#ifndef X411_DOWNGRADE_H
#define X411_DOWNGRADE_H

#include "x411/extensions.h"

/* Makes apdu (a clone that may be changed) fit for 1984 P1, in pool:
 * - O/R names: common-name becomes a DDA of type COMMON, Teletex attributes with a printable counterpart are
 *   dropped; other extension attributes and directory names cannot be said: for a recipient that is an
 *   error of that recipient, for originator and report destination, and wherever they are only history, of
 * the APDU;
 * - extensions: those critical for transfer or delivery are an error of their recipient or of the message,
 * others are dropped; redirection of a recipient and the like are lost with them;
 * - content type by object identifier: an error, except those with a built-in number; P22 in a P1 of 1984 is
 * a number like another and passes;
 * - supplementary information is cut to 64 characters, per-recipient indicators are 8 bits, trace elements
 * lose other-actions. failed[i] is set for each recipient that cannot be carried (array of
 * apdu->recipient_count, cleared first); these recipients stay in the list. NULL, or X411_ERROR_DOWNGRADE if
 * the APDU as a whole cannot be carried. */
err_t *x411_downgrade(apr_pool_t *pool, x411_apdu_t *apdu, bool *failed);

/* Downgrades one address: false if it cannot be said in 1984. */
bool x411_or_name_downgrade(apr_pool_t *pool, x411_or_name_t *name);

/* A 1984 APDU on its way to a 1988 peer: a DDA of type COMMON becomes common-name if the name has none;
 * everything else is 1988 already. Only on request (connector option). */
void x411_or_name_upgrade(apr_pool_t *pool, x411_or_name_t *name);

#endif
