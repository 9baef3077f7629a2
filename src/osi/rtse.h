/* The X.228 reliable transfer protocol machine of one open association: turn, transfer with checkpoints,
 * exceptions, resume, close. It is a table of states and events; it drives the session machine for all that
 * is the same in the three modes and asks the stack (rtse_lower_t) for what is not. Opening and refusing,
 * where RTSE is only parameters of the open, belong to the stack. */
#ifndef OSI_RTSE_H
#define OSI_RTSE_H

#include "osi/rtse_apdu.h"
#include "osi/session.h"
#include "osi/stack.h"

enum {
    RTSE_WINDOW_LIMIT = 64,         /* largest window kept; a larger one of the peer counts as this */
    RTSE_CHECKPOINT_LIMIT_K = 1024, /* largest checkpoint size, so that one fits a TSDU */
    RTSE_PIECE_WITHOUT_CHECKPOINT = 60 * 1024, /* octets of an RTTR where no checkpoints are used */
    RTSE_STOP_TEXT_SIZE = 120,
    RTSE_OUTPUT_LIMIT = 256 * 1024 /* octets waiting for the socket beyond which no more data is taken */
};

typedef enum rtse_state_t {
    RTSE_CLOSED,    /* not open yet, or over */
    RTSE_TURN,      /* open, the turn is ours, no activity */
    RTSE_NO_TURN,   /* open, the turn is the peer's, no activity */
    RTSE_SENDING,   /* our activity is in progress */
    RTSE_ENDING,    /* its end awaits the peer's confirmation */
    RTSE_STOPPING,  /* its interrupt or discard awaits the peer's confirmation */
    RTSE_RECEIVING, /* the peer's activity is in progress */
    RTSE_RECEIVED,  /* it has ended, the user has yet to accept it */
    RTSE_REFUSED,   /* we reported an exception, the peer has to end the activity */
    RTSE_CLOSING,   /* our release awaits the peer's confirmation */
    RTSE_STATES
} rtse_state_t;

typedef enum rtse_event_t {
    /* requests of the user */
    RTSE_START_REQUEST,
    RTSE_RESUME_REQUEST,
    RTSE_DATA_REQUEST,
    RTSE_END_REQUEST,
    RTSE_CANCEL_REQUEST,
    RTSE_CHECKPOINT_RESPONSE,
    RTSE_ACCEPT_RESPONSE,
    RTSE_REFUSE_RESPONSE,
    RTSE_PLEASE_REQUEST,
    RTSE_GIVE_REQUEST,
    RTSE_CLOSE_REQUEST,
    RTSE_REQUESTS, /* the number of requests */
    /* what comes from below */
    RTSE_DATA = RTSE_REQUESTS,
    RTSE_SYNC,
    RTSE_SYNC_CONFIRM,
    RTSE_START,
    RTSE_RESUME,
    RTSE_INTERRUPT,
    RTSE_INTERRUPT_CONFIRM,
    RTSE_DISCARD,
    RTSE_DISCARD_CONFIRM,
    RTSE_END,
    RTSE_END_CONFIRM,
    RTSE_USER_EXCEPTION,
    RTSE_PROVIDER_EXCEPTION,
    RTSE_PLEASE,
    RTSE_GIVE,
    RTSE_CLOSE,
    RTSE_CLOSE_CONFIRM,
    RTSE_EVENTS
} rtse_event_t;

/* What the machine asks of the stack. */
typedef struct rtse_lower_t {
    /* P-DATA (S-DATA) of one RTTR. */
    err_t *(*data)(void *context, const osi_parts_t *rttr);
    /* P-TOKEN-PLEASE with the RTTP, A-RELEASE (S-RELEASE). */
    err_t *(*please)(void *context, int priority);
    err_t *(*release)(void *context);
    /* Aborts the association with an RTAB and indicates STACK_ABORTED with err. */
    void (*abort)(void *context, int reason, err_t *err);
    void (*indicate)(void *context, stack_indication_t *indication);
    /* Where errors are made: cleared when the next is. */
    apr_pool_t *(*error_pool)(void *context);
    /* Octets that wait for the socket. */
    size_t (*output_length)(void *context);
} rtse_lower_t;

typedef struct rtse_t {
    const rtse_lower_t *lower;
    void *context;
    session_t *session;
    rtse_state_t state;
    bool initiator;
    bool two_way_alternate;
    unsigned checkpoint_k;
    unsigned window;
    unsigned activities; /* begun by us */
    osi_activity_id_t activity;

    /* sending */
    buffer_t piece; /* octets of the RTTR that is being filled */
    size_t piece_limit;
    bool ending;      /* the user said end, the window does not let it go yet */
    bool resumed;     /* the activity is a resumed one and nothing of it was confirmed yet */
    bool resumable;   /* STOPPING: by an interrupt */
    err_t stop_error; /* STOPPING: why, for the indication */
    char stop_text[RTSE_STOP_TEXT_SIZE];
    uint64_t total;                     /* octets of the APDU taken from the user, or given to it */
    unsigned serial_sent;               /* the last checkpoint set, by us or by the peer */
    unsigned serial_confirmed;          /* the last one confirmed by the other side */
    uint64_t totals[RTSE_WINDOW_LIMIT]; /* by serial modulo the limit: octets up to that checkpoint */

    /* receiving */
    bool explicit_confirm;
    unsigned resume_serial;
    bool resume_asked; /* a resume indication awaits its answer */
} rtse_t;

void rtse_init(rtse_t *rtse, const rtse_lower_t *lower, void *context, session_t *session, apr_pool_t *pool);
/* The association is open. rttr_limit: most octets in one RTTR, 0 = no limit but the checkpoint size. */
void rtse_open(rtse_t *rtse, bool our_turn, size_t rttr_limit);
/* It is over, whatever the state: nothing more is sent or indicated. */
void rtse_over(rtse_t *rtse);

/* The values of a request or an event; each uses some. */
typedef struct rtse_input_t {
    rtse_event_t event;
    bytes_t octets;
    unsigned serial;
    uint64_t total;
    bool flag;  /* CANCEL: resumable; REFUSE: temporary; SYNC: explicit */
    int number; /* PLEASE: priority; exceptions, interrupt, discard: reason */
    const osi_activity_id_t *activity;
    const osi_activity_id_t *old_activity;
    const osi_connection_id_t *old_connection; /* NULL: this connection */
} rtse_input_t;

/* A request: an error, and nothing done, if the state does not allow it. */
err_t *rtse_request(rtse_t *rtse, const rtse_input_t *input);
/* An event from below: what the table does not allow aborts the association. */
void rtse_event(rtse_t *rtse, const rtse_input_t *input);

/* Answers to a resume, from within its indication. */
err_t *rtse_resume_accept(rtse_t *rtse, uint64_t total);
err_t *rtse_resume_refuse(rtse_t *rtse, stack_resume_refusal_t why);

size_t rtse_capacity(const rtse_t *rtse);
/* True while something is expected of the peer in a transfer. */
bool rtse_waits_for_peer(const rtse_t *rtse);
const char *rtse_state_name(rtse_state_t state);
const char *rtse_event_name(rtse_event_t event);

/* Negotiation of the checkpoint size (X.228 7.1): what the responder answers to a proposal, and what is in
 * force at the initiator. 0 = no checkpoints; a proposal of 0 leaves the size to the responder. */
unsigned rtse_negotiate_checkpoint(int64_t proposed, unsigned ours);
unsigned rtse_effective_checkpoint(unsigned proposed, int64_t answered);
unsigned rtse_negotiate_window(int64_t proposed, unsigned ours);

#endif
