/* The X.225 session protocol machine as X.228 and X.410 use it: kernel, half-duplex, minor synchronize,
 * activity management, exceptions, typed data; versions 1 and 2; one connection per engine.
 *
 * A pure engine. TSDUs come in by session_input; TSDUs go out by ops->transmit; indications and confirms are
 * calls of ops->indicate, made after the state has changed, so that the user may call a request or a response
 * from within. A request that the state or the tokens do not allow returns an error and changes nothing; a
 * protocol error of the peer runs the standard's abort (ABORT SPDU, S-P-ABORT indication). */
#ifndef OSI_SESSION_H
#define OSI_SESSION_H

#include "osi/primitives.h"

/* Functional units (X.225 8.3.1.? user requirements): bits of the parameter. */
enum {
    SESSION_FU_HALF_DUPLEX = 0x0001,
    SESSION_FU_DUPLEX = 0x0002,
    SESSION_FU_EXPEDITED = 0x0004,
    SESSION_FU_MINOR_SYNC = 0x0008,
    SESSION_FU_MAJOR_SYNC = 0x0010,
    SESSION_FU_RESYNC = 0x0020,
    SESSION_FU_ACTIVITY = 0x0040,
    SESSION_FU_NEGOTIATED_RELEASE = 0x0080,
    SESSION_FU_CAPABILITY = 0x0100,
    SESSION_FU_EXCEPTIONS = 0x0200,
    SESSION_FU_TYPED_DATA = 0x0400,
    /* What RTSE needs: half-duplex, minor synchronize, activity management, exceptions. */
    SESSION_FU_RTSE = 0x0249
};

/* Tokens, as a set. Half-duplex with activities has these three. */
enum { SESSION_TOKEN_DATA = 1, SESSION_TOKEN_MINOR = 2, SESSION_TOKEN_MAJOR = 4, SESSION_TOKEN_ALL = 7 };

typedef enum session_primitive_t {
    S_CONNECT,            /* indication: accept or refuse with session_connect_response; confirm: accepted */
    S_CONNECT_REFUSE,     /* confirm: reason, user_data */
    S_DATA,               /* indication: user_data */
    S_TYPED_DATA,         /* indication */
    S_TOKEN_PLEASE,       /* indication: tokens, user_data (the X.228 priority) */
    S_TOKEN_GIVE,         /* indication: tokens */
    S_CONTROL_GIVE,       /* indication: all tokens are ours now */
    S_SYNC_MINOR,         /* indication: serial, explicit_confirm; confirm: serial */
    S_ACTIVITY_START,     /* indication: activity */
    S_ACTIVITY_RESUME,    /* indication: activity, old_activity, old_connection, serial */
    S_ACTIVITY_INTERRUPT, /* indication: reason (answer with the response); confirm */
    S_ACTIVITY_DISCARD,   /* indication: reason (answer with the response); confirm */
    S_ACTIVITY_END,       /* indication: serial (answer with the response); confirm: serial */
    S_U_EXCEPTION,        /* indication: reason, user_data */
    S_P_EXCEPTION,        /* indication: reason */
    S_RELEASE,            /* indication: user_data (answer with the response); confirm */
    S_U_ABORT,            /* indication: user_data; the connection is over */
    S_P_ABORT             /* indication: err; the connection is over (protocol error or transport) */
} session_primitive_t;

/* X.225 reason codes of S-U-EXCEPTION, interrupt and discard. */
typedef enum session_exception_t {
    SESSION_NO_SPECIFIC_REASON = 0,
    SESSION_USER_RECEIVING_ABILITY_JEOPARDIZED = 1,
    SESSION_USER_SEQUENCE_ERROR = 3,
    SESSION_LOCAL_USER_ERROR = 5,
    SESSION_UNRECOVERABLE_PROCEDURAL_ERROR = 6,
    SESSION_DEMAND_DATA_TOKEN = 128
} session_exception_t;

/* X.225 8.3.5.10 reason codes of a REFUSE (its first octet). */
typedef enum session_refuse_t {
    SESSION_REFUSE_BY_USER = 0,
    SESSION_REFUSE_CONGESTION = 1, /* of the called user, temporary */
    SESSION_REFUSE_USER_DATA = 2,  /* by the called user, user data may follow */
    SESSION_REFUSE_SELECTOR_UNKNOWN = 128 + 1,
    SESSION_REFUSE_USER_NOT_ATTACHED = 128 + 2,
    SESSION_REFUSE_SPM_CONGESTION = 128 + 3,
    SESSION_REFUSE_VERSION = 128 + 4,
    SESSION_REFUSE_NO_REASON = 128 + 5,
    SESSION_REFUSE_RESTRICTION = 128 + 6
} session_refuse_t;

typedef struct session_indication_t {
    session_primitive_t primitive;
    bool confirm;      /* a confirm, not an indication */
    bytes_t user_data; /* valid during the call only */
    /* S_CONNECT */
    unsigned requirements;   /* proposed, or in the confirm those in force */
    unsigned initial_tokens; /* tokens on our side at the start (S_CONNECT indication: as proposed;
                                tokens left to the acceptor's choice are in choice_tokens) */
    unsigned choice_tokens;
    unsigned initial_serial;
    unsigned version; /* in force: 1 or 2 */
    bytes_t calling_ssel;
    bytes_t called_ssel;
    osi_connection_id_t connection_id;
    /* the others */
    unsigned tokens;
    unsigned serial;
    bool explicit_confirm;
    osi_activity_id_t activity;
    osi_activity_id_t old_activity;
    osi_connection_id_t old_connection;
    int reason;
    const err_t *err; /* S_P_ABORT: what went wrong, in words; lives in the pool of the engine */
} session_indication_t;

typedef struct session_ops_t {
    void (*indicate)(void *context, const session_indication_t *indication);
    /* One TSDU for the transport. */
    void (*transmit)(void *context, const osi_parts_t *tsdu);
    /* The session is over and the transport connection with it, as soon as what was transmitted is gone.
     * await_peer: we sent DN, RF or AB, and the standard (timer TIM, X.225 6.6) lets the peer release the
     * transport connection first: wait for that a while, then release it. Otherwise release it now; this may
     * follow the other, when the peer has shown that it saw the end. */
    void (*disconnect)(void *context, bool await_peer);
} session_ops_t;

typedef struct session_config_t {
    unsigned versions;           /* bit 0: version 1, bit 1: version 2; what we propose or accept */
    size_t ssdu_limit;           /* largest user data to hold when segmented (overflow connect data) */
    unsigned tsdu_maximum;       /* TSDU maximum size that we propose, 0 = none; not below 64 otherwise */
    bool extended_concatenation; /* say that we take several category 2 SPDUs in a TSDU (X.225 6.3.7) */
} session_config_t;

typedef struct session_t session_t;

session_t *session_create(apr_pool_t *pool, const session_config_t *config, const session_ops_t *ops,
                          void *context);

/* X.225 7.1: what a connect request or an accepting response carries. */
typedef struct session_connect_t {
    bytes_t calling_ssel;
    bytes_t called_ssel;
    osi_connection_id_t connection_id;
    unsigned requirements;
    unsigned our_tokens; /* request: tokens that start with us; the others start with the acceptor.
                            response: of the tokens left to our choice, those that we take */
    unsigned initial_serial;
    unsigned version;  /* 1 or 2: propose or accept this one only; 0 = all that the configuration has
                          (request), the highest that both know (response) */
    bytes_t user_data; /* any length: version 1 takes 512 octets; longer ones go by the extended user data
                          (up to 10,240) or CONNECT DATA OVERFLOW of version 2 */
} session_connect_t;

err_t *session_connect_request(session_t *session, const session_connect_t *connect);
err_t *session_connect_accept(session_t *session, const session_connect_t *connect);
err_t *session_connect_refuse(session_t *session, session_refuse_t reason, bytes_t user_data);

/* user_data is sent as the parts of one SSDU. */
err_t *session_data_request(session_t *session, const osi_parts_t *user_data);
err_t *session_typed_data_request(session_t *session, const osi_parts_t *user_data);
err_t *session_token_please_request(session_t *session, unsigned tokens, bytes_t user_data);
err_t *session_token_give_request(session_t *session, unsigned tokens);
err_t *session_control_give_request(session_t *session);
/* Sends a minor synchronization point; *serial tells its number. */
err_t *session_sync_minor_request(session_t *session, bool explicit_confirm, unsigned *serial);
err_t *session_sync_minor_response(session_t *session, unsigned serial);
err_t *session_activity_start_request(session_t *session, const osi_activity_id_t *activity);
/* old_connection may be NULL: resumed on the connection that it began on. */
err_t *session_activity_resume_request(session_t *session, const osi_activity_id_t *activity,
                                       const osi_activity_id_t *old_activity,
                                       const osi_connection_id_t *old_connection, unsigned serial);
err_t *session_activity_interrupt_request(session_t *session, int reason);
err_t *session_activity_interrupt_response(session_t *session);
err_t *session_activity_discard_request(session_t *session, int reason);
err_t *session_activity_discard_response(session_t *session);
err_t *session_activity_end_request(session_t *session, unsigned *serial);
err_t *session_activity_end_response(session_t *session);
err_t *session_u_exception_request(session_t *session, int reason, bytes_t user_data);
err_t *session_release_request(session_t *session, bytes_t user_data);
err_t *session_release_response(session_t *session, bytes_t user_data);
/* Never refused for its data: what the version in force cannot carry (more than 9 octets in version 1 or
 * while it is not agreed) is left out. */
err_t *session_u_abort_request(session_t *session, bytes_t user_data);

/* One TSDU from the transport. */
void session_input(session_t *session, bytes_t tsdu);
/* The transport connection is over; gives S_P_ABORT unless the session was. */
void session_transport_closed(session_t *session, const err_t *err);

/* Our tokens now, the state's name (for events), and true while an activity is in progress. */
unsigned session_tokens(const session_t *session);
const char *session_state_name(const session_t *session);
bool session_in_activity(const session_t *session);
/* The connection identifier in force (ours as the request or the peer's as the indication gave it). */
const osi_connection_id_t *session_connection_id(const session_t *session);
/* The words for a refuse reason. */
const char *session_refuse_text(int reason);

#endif
