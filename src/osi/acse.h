/* X.227 association control: the five APDUs of the kernel and the protocol machine that orders them. The
 * codec is pure; the machine says whether an event is allowed and what follows, the stack does it. */
#ifndef OSI_ACSE_H
#define OSI_ACSE_H

#include "ber/reader.h"
#include "ber/writer.h"

typedef enum acse_kind_t {
    ACSE_AARQ = 0, /* the numbers are those of the application tags */
    ACSE_AARE = 1,
    ACSE_RLRQ = 2,
    ACSE_RLRE = 3,
    ACSE_ABRT = 4
} acse_kind_t;

/* Result of an AARE. */
enum { ACSE_ACCEPTED = 0, ACSE_REJECTED_PERMANENT = 1, ACSE_REJECTED_TRANSIENT = 2 };
/* Source of a result, and of an abort (ACSE_SOURCE_* - 1). */
enum { ACSE_SOURCE_USER = 1, ACSE_SOURCE_PROVIDER = 2 };
/* Diagnostics: service user; service provider. */
enum {
    ACSE_USER_NULL = 0,
    ACSE_USER_NO_REASON = 1,
    ACSE_USER_CONTEXT_NOT_SUPPORTED = 2,
    ACSE_PROVIDER_NULL = 0,
    ACSE_PROVIDER_NO_REASON = 1,
    ACSE_PROVIDER_NO_COMMON_VERSION = 2
};
enum { ACSE_ABORT_BY_USER = 0, ACSE_ABORT_BY_PROVIDER = 1 };
enum { ACSE_RELEASE_NORMAL = 0 };

typedef struct acse_apdu_t {
    acse_kind_t kind;
    bool version_1;              /* AARQ: version 1 is among the versions (it is the default) */
    bytes_t application_context; /* AARQ, AARE: contents octets of the object identifier */
    int64_t result;              /* AARE */
    int64_t source;              /* AARE: ACSE_SOURCE_*; ABRT: ACSE_ABORT_BY_* */
    int64_t diagnostic;          /* AARE; ABRT: -1 = absent */
    int64_t reason;              /* RLRQ, RLRE: -1 = absent */
    /* User information: the first EXTERNAL. */
    bool has_information;
    int64_t context;     /* indirect reference: presentation context identifier, -1 = absent */
    bytes_t syntax;      /* direct reference, empty = absent */
    bytes_t information; /* the encoding of its value */
} acse_apdu_t;

void acse_apdu_init(acse_apdu_t *apdu, acse_kind_t kind);
/* Reads one APDU (the encoding of a presentation data value). AP titles and the like are skipped. */
bool acse_read(bytes_t input, apr_pool_t *pool, acse_apdu_t *apdu, ber_fault_t *fault);
void acse_write(ber_writer_t *writer, const acse_apdu_t *apdu);

/* The words for a rejection: "permanent, by the user: application context name not supported". */
const char *acse_rejection_text(apr_pool_t *pool, const acse_apdu_t *aare);

/* The association control protocol machine (X.227 annex A, kernel). */
typedef enum acse_state_t {
    ACSE_UNASSOCIATED,     /* STA0 */
    ACSE_AWAITING_AARE,    /* STA1 */
    ACSE_AWAITING_ANSWER,  /* STA2: the user's A-ASSOCIATE response */
    ACSE_AWAITING_RLRE,    /* STA3 */
    ACSE_AWAITING_RELEASE, /* STA4: the user's A-RELEASE response */
    ACSE_ASSOCIATED,       /* STA5 */
    ACSE_STATES
} acse_state_t;

typedef enum acse_event_t {
    ACSE_EVENT_ASSOCIATE_REQUEST,
    ACSE_EVENT_AARQ,
    ACSE_EVENT_ACCEPT_RESPONSE,
    ACSE_EVENT_REJECT_RESPONSE,
    ACSE_EVENT_AARE_ACCEPTED,
    ACSE_EVENT_AARE_REJECTED,
    ACSE_EVENT_RELEASE_REQUEST,
    ACSE_EVENT_RLRQ,
    ACSE_EVENT_RELEASE_RESPONSE,
    ACSE_EVENT_RLRE,
    ACSE_EVENT_ABORT, /* either way, any source */
    ACSE_EVENTS
} acse_event_t;

/* Takes the step; false, and no change, if the event is not allowed in the state. */
bool acse_step(acse_state_t *state, acse_event_t event);
const char *acse_state_name(acse_state_t state);

#endif
