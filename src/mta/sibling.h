/* Siblings: MTAs of this kind that tell each other which of their links are down (route/link_state.h). It is
 * offered in the bind, only by connectors that are configured `sibling`, and link-state goes only over an
 * association in which both offered it, in an APDU of its own, when there is no mail to send. A peer that
 * refuses it in any way, the bind with the offer, the APDU, or the association while it is told, gets no more
 * of it until the configuration is loaded again, and the mail goes on at once. */
#ifndef MTA_SIBLING_H
#define MTA_SIBLING_H

#include "mta/internal.h"

/* True if a bind of this connector, or the answer to one that offers it, is to offer link-state. */
bool sibling_offers(const connector_t *connector);
/* The association is open; both: each side offered it. */
void sibling_opened(association_t *association, bool both);
/* An open failed after the bind was sent. True if that may be because of the offer: the next call is made
 * without it, and this failure does not count. */
bool sibling_calls_again(association_t *association);

/* Tells the peer if there is something new, over an association that has nothing else to do. May open one. */
void sibling_tell(connector_t *connector);
/* What happens to an association that tells: it can take more; the peer has it all; the peer refused it; the
 * association broke; it is given back without further ado. Nothing, if it does not. */
void sibling_feed(association_t *association);
void sibling_told(association_t *association);
void sibling_refused(association_t *association, const err_t *err);
void sibling_lost(association_t *association, const stack_indication_t *indication);
void sibling_drop(association_t *association);

/* Takes link-state that came in. An error if it is malformed or the association is none of siblings. */
err_t *sibling_take(association_t *association, bytes_t octets);

/* A link of this MTA is up, or known to be down (after a failed open, a loss, or by the operator): the
 * siblings are told soon. */
void sibling_link_up(connector_t *connector);
void sibling_link_changed(connector_t *connector); /* disabled, or no more */
void sibling_link_down(connector_t *connector);

/* Puts what the sibling tells into facts. */
void sibling_route_facts(const connector_t *connector, route_facts_t *facts);
/* "off", "offered", "agreed", "refused", for operators. */
const char *sibling_state_name(const connector_t *connector);
/* After a change of the configuration: a peer that refused is asked again. */
void sibling_reset(connector_t *connector);
/* Forgets everything, before the end. */
void sibling_forget(connector_t *connector);

#endif
