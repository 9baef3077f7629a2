/* Inside the stack: what stack.c (life, timers, service), stack_connect.c (opening and refusing in the three
 * modes) and stack_lower.c (data, release and abort in the three modes) share. */
#ifndef OSI_STACK_INTERNAL_H
#define OSI_STACK_INTERNAL_H

#include "osi/acse.h"
#include "osi/cotp.h"
#include "osi/presentation.h"
#include "osi/rtse.h"
#include "osi/stack.h"

typedef enum stack_phase_t {
    STACK_NEW,        /* nothing sent or received */
    STACK_TRANSPORT,  /* the transport connection is being made, or waits for the session's */
    STACK_CONNECTING, /* CN sent */
    STACK_ANSWERING,  /* CN received, the user has yet to answer */
    STACK_OPEN,
    STACK_CLOSING, /* release sent */
    STACK_LINGER,  /* we sent the last session PDU: the peer is to disconnect */
    STACK_OVER,
    STACK_PHASES
} stack_phase_t;

/* The presentation contexts of the application (X.419 clause 7): our identifiers as the initiator. */
enum { STACK_CONTEXT_ACSE, STACK_CONTEXT_RTSE, STACK_CONTEXT_MTSE, STACK_CONTEXTS };

/* What is needed only until the association is open; lives in open_pool. */
typedef struct stack_opening_t {
    bytes_t request;         /* initiator: user data of the CN */
    osi_selectors_t calling; /* as sent, or as the peer sent them */
    osi_selectors_t called;
    presentation_ppdu_t answer; /* responder, normal mode: the result list of the CPA or CPR */
    int64_t checkpoint;         /* responder: the proposals of the RTORQ */
    int64_t window;
    bool our_turn; /* responder */
} stack_opening_t;

struct osi_stack_t {
    apr_pool_t *pool;
    apr_pool_t *open_pool;    /* NULL once open */
    apr_pool_t *scratch_pool; /* cleared at each use; made when first needed */
    apr_pool_t *error_pool;   /* of the last error; made when first needed */
    unsigned indicating;      /* indications under way; what they carry stays in both pools */
    stack_config_t config;
    const stack_ops_t *ops;
    void *context;
    osi_stack_transport_filter_t filter;
    cotp_t cotp;
    session_t *session;
    rtse_t rtse;
    acse_state_t acse;
    stack_phase_t phase;
    osi_mode_t mode;
    bool initiator;
    bool ended; /* the user has been told, or has asked for it: nothing more is indicated */
    unsigned session_version;
    int64_t context_id[STACK_CONTEXTS];
    stack_opening_t *opening;
    buffer_t out;
    buffer_t encoding;
    mono_time_t now;
    mono_time_t transport_deadline;
    mono_time_t open_deadline;
    mono_time_t close_deadline;
    mono_time_t progress;   /* when octets moved last */
    mono_time_t tpdu_since; /* when the TPDU that is not whole began, MONO_NEVER: none */
    mono_time_t tsdu_since;
    size_t output_seen; /* octets in out when progress was looked at */
    bool tsdu_came;
};

/* stack.c */
apr_pool_t *stack_scratch(osi_stack_t *stack);
apr_pool_t *stack_error_pool(osi_stack_t *stack);
void stack_indicate(osi_stack_t *stack, stack_indication_t *indication);
/* The association failed: tells the user (once) STACK_OPEN_REFUSED or STACK_ABORTED with err. */
void stack_failed(osi_stack_t *stack, stack_indication_t *indication);
/* The association is open: gives back what only the opening needed. */
void stack_opened(osi_stack_t *stack, bool our_turn);
/* The transport is to go: at once, or (await_peer) after the peer's disconnect. */
void stack_disconnect(osi_stack_t *stack, bool await_peer);
extern const session_ops_t stack_session_ops;
extern const rtse_lower_t stack_rtse_lower;
/* Copies what the encoding buffer holds into pool and empties it. */
bytes_t stack_encoded(osi_stack_t *stack, apr_pool_t *pool);
static inline bool stack_normal(const osi_stack_t *stack)
{
    return stack->mode == OSI_MODE_NORMAL;
}

/* stack_connect.c */
void stack_build_request(osi_stack_t *stack, const stack_open_t *open);
err_t *stack_send_connect(osi_stack_t *stack);
void stack_connect_indication(osi_stack_t *stack, const session_indication_t *connect);
void stack_connect_confirm(osi_stack_t *stack, const session_indication_t *connect);
void stack_connect_refused(osi_stack_t *stack, const session_indication_t *refuse);
err_t *stack_accept(osi_stack_t *stack, bytes_t user_data);
err_t *stack_refuse(osi_stack_t *stack, int reason, bytes_t user_data);

/* stack_lower.c */
void stack_session_data(osi_stack_t *stack, bytes_t ssdu);
void stack_session_please(osi_stack_t *stack, bytes_t user_data);
void stack_session_release(osi_stack_t *stack, const session_indication_t *release);
void stack_session_release_confirm(osi_stack_t *stack);
void stack_session_user_abort(osi_stack_t *stack, bytes_t user_data);
/* Sends an abort with the reason (an RTAB where the mode and the state have one). */
void stack_send_abort(osi_stack_t *stack, int reason, bytes_t user_data);

/* Object identifiers of X.419, X.227: contents octets. */
extern const bytes_t stack_abstract_syntax[STACK_CONTEXTS];
extern const bytes_t stack_application_context;

#endif
