/* Whether a message can be delivered to the user of a mailbox, as far as the envelope tells (X.411 14.4.1,
 * the checks before delivery): pure functions. A probe is judged as the message that it asks about. */
#ifndef MTA_RECIPIENT_H
#define MTA_RECIPIENT_H

#include "route/names.h"
#include "x411/report.h"

/* Why a recipient cannot be served. */
typedef struct recipient_fault_t {
    int64_t reason;     /* x411_reason_t */
    int64_t diagnostic; /* x411_diagnostic_t */
    const char *words;  /* supplementary information, NULL = none */
    bool restriction;   /* by a rule of the mailbox, which may be in test mode, not by the message */
} recipient_fault_t;

/* Octets of the content: of a probe, of the message that it asks about. */
uint64_t recipient_content_length(const x411_apdu_t *apdu, uint64_t content_length);

/* True if recipient `index` of apdu can have it; else *fault says why not. In test mode a restriction does
 * not count: *fault is filled (restriction set) and the answer is true. */
bool recipient_check(const names_abilities_t *abilities, const x411_apdu_t *apdu, unsigned index,
                     uint64_t content_length, apr_pool_t *pool, recipient_fault_t *fault);

/* Extensions of the message and of the recipient that must be performed at delivery and are not here
 * (diagnostic 18), an explicit conversion (8): what delivery would break whoever the user is. */
bool recipient_check_delivery(const x411_apdu_t *apdu, unsigned index, apr_pool_t *pool,
                              recipient_fault_t *fault);

#endif
