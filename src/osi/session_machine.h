/* Inside of the session engine: its variables, the state table and what the files session*.c share. Only
 * they and their tests include this.
 *
 * X.225 Annex A as far as the functional units of X.228 reach: an event (a request or response of the user,
 * an SPDU, the transport's end) in a state selects the first row whose guard holds; the state becomes the
 * row's next state, then its action runs. For a request without a row the user gets an error; an SPDU without
 * a row is a protocol error (A.4.1). */
#ifndef OSI_SESSION_MACHINE_H
#define OSI_SESSION_MACHINE_H

#include "osi/session.h"
#include "osi/session_spdu.h"

typedef enum session_state_t {
    STA01,    /* no transport connection: the session is over */
    STA01C,   /* idle, transport connected */
    STA01D,   /* await CDO */
    STA02A,   /* await AC */
    STA02B,   /* await OA */
    STA03,    /* await DN */
    STA04B,   /* await AEA */
    STA05B,   /* await AIA */
    STA05C,   /* await ADA */
    STA08,    /* await S-CONNECT response */
    STA09,    /* await S-RELEASE response */
    STA10B,   /* await S-ACTIVITY-END response */
    STA11B,   /* await S-ACTIVITY-INTERRUPT response */
    STA11C,   /* await S-ACTIVITY-DISCARD response */
    STA16,    /* await T-DISCONNECT indication */
    STA18,    /* await GTA */
    STA19,    /* await recovery by the peer (we reported an exception) */
    STA20,    /* await recovery request (an exception was reported to us) */
    STA713,   /* data transfer */
    STA_SAME, /* as next state: stay; as the state of a row: all but STA01 and STA16 */
    STA_COUNT
} session_state_t;

/* Events: an SPDU has the number of its session_spdu_type_t. */
typedef enum session_event_t {
    EVENT_FIRST_REQUEST = SESSION_SPDU_TYPES,
    SCONREQ = EVENT_FIRST_REQUEST,
    SCONRSP_ACCEPT,
    SCONRSP_REFUSE,
    SDTREQ,
    STDREQ,
    SPTREQ,
    SGTREQ,
    SCGREQ,
    SSYNMREQ,
    SSYNMRSP,
    SACTSREQ,
    SACTRREQ,
    SACTIREQ,
    SACTIRSP,
    SACTDREQ,
    SACTDRSP,
    SACTEREQ,
    SACTERSP,
    SUERREQ,
    SRELREQ,
    SRELRSP,
    SUABREQ,
    TDISIND,
    EVENT_COUNT,
    EVENT_ANY_SPDU = EVENT_COUNT /* in a row: every SPDU */
} session_event_t;

/* Conditions over the variables and the parameters of the event; "ours" and "theirs" say whose tokens. */
typedef enum session_guard_t {
    GUARD_NONE,
    GUARD_LONG_CONNECT,      /* more user data than a CN takes */
    GUARD_NO_VERSION,        /* no protocol version in common */
    GUARD_OVERFLOW,          /* a CN whose user data go on in CDOs, and version 2 in common */
    GUARD_OVERFLOW_TOO_LONG, /* a CDO past the limit */
    GUARD_OVERFLOW_LAST,
    GUARD_ACCEPTABLE, /* AC: a version that was proposed, and half-duplex */
    GUARD_DATA_OURS,
    GUARD_DATA_THEIRS,
    GUARD_TYPED,
    GUARD_PLEASE,
    GUARD_GIVE_OURS,
    GUARD_GIVE_THEIRS,
    GUARD_CONTROL_OURS,
    GUARD_CONTROL_THEIRS,
    GUARD_SYNC_OURS,
    GUARD_SYNC_THEIRS,
    GUARD_SYNC_CONFIRM_OURS,   /* we confirm: V(M) > sn >= V(A), Vsc; not the number of an AE */
    GUARD_SYNC_CONFIRM_THEIRS, /* they confirm: V(M) > sn >= V(A), not Vsc */
    GUARD_START_OURS,
    GUARD_START_THEIRS,
    GUARD_STOP_OURS,
    GUARD_STOP_THEIRS, /* also of an activity that has ended here: our AEA crossed it */
    GUARD_END_OURS,
    GUARD_END_THEIRS,
    GUARD_END_CONFIRM,
    GUARD_EXCEPTION_OURS,
    GUARD_EXCEPTION_THEIRS,
    GUARD_REPORT,
    GUARD_RECOVER_OURS,
    GUARD_RECOVER_THEIRS,
    GUARD_RELEASE_OURS,
    GUARD_RELEASE_THEIRS,
    GUARD_CONNECTED,
    GUARD_COUNT
} session_guard_t;

/* What comes with an event. */
typedef struct session_data_t {
    session_spdu_t *spdu;     /* the SPDU received, or the one that a request wants to send */
    const osi_parts_t *parts; /* user data of a request; may be NULL */
    const err_t *err;         /* TDISIND: why; may be NULL */
} session_data_t;

typedef void (*session_action_t)(session_t *session, const session_data_t *data);

typedef struct session_row_t {
    session_state_t state;
    unsigned event; /* session_event_t or session_spdu_type_t */
    session_guard_t guard;
    session_state_t next;
    session_action_t action;
} session_row_t;

struct session_t {
    apr_pool_t *pool;
    session_config_t config;
    const session_ops_t *ops;
    void *context;
    session_state_t state;
    unsigned version;       /* in force; 0 until the connection is made */
    unsigned requirements;  /* in force */
    unsigned tokens;        /* ours */
    bool activity;          /* Vact */
    bool may_confirm;       /* Vsc: minor synchronization points are ours to confirm */
    unsigned v_a;           /* V(A): lowest serial number that is not confirmed */
    unsigned v_m;           /* V(M): next serial number */
    size_t tsdu_maximum;    /* of TSDUs that we send, 0 = any */
    session_spdu_t connect; /* the CN, sent or received, without user data */
    osi_connection_id_t connection_id;
    buffer_t assembly;        /* user data that are segmented, or wait for OA */
    session_spdu_t assembled; /* the first segment's SPDU */
    bool assembling;
};

/* session_table.c */
const session_row_t *session_table(size_t *count);
/* The row for an event; NULL if there is none. */
const session_row_t *session_row_find(const session_t *session, unsigned event, const session_data_t *data);
bool session_guard_holds(session_guard_t guard, const session_t *session, const session_data_t *data);
const char *session_event_name(unsigned event);
const char *session_state_text(session_state_t state);

/* session_machine.c */
/* Runs an event of the user or the transport; false if no row is there for it. */
bool session_dispatch(session_t *session, unsigned event, const session_data_t *data);
/* Sends an SPDU with the GT or PT that its category asks for, in segments where needed. */
void session_send(session_t *session, const session_spdu_t *spdu, const osi_parts_t *user_data);
/* Sends an SPDU without user data. */
void session_send_plain(session_t *session, session_spdu_type_t type);
void session_indicate(session_t *session, const session_indication_t *indication);
/* The standard's abort for a protocol error (A.4.1): AB, S-P-ABORT; spdu as received, for the reflection; the
 * words are "name what". */
void session_protocol_error(session_t *session, bytes_t spdu, const char *name, const char *what);
/* The tokens that exist with these requirements. */
unsigned session_tokens_available(unsigned requirements);
/* The tokens that a token item names. */
unsigned session_tokens_of_item(uint8_t item);
uint8_t session_item_of_tokens(unsigned tokens);
/* The versions that a CN and we have in common, as bits. */
unsigned session_versions_common(const session_t *session, const session_spdu_t *connect);

/* session_actions.c */
void session_act_ignore(session_t *session, const session_data_t *data);
void session_act_connect(session_t *session, const session_data_t *data);
void session_act_connect_long(session_t *session, const session_data_t *data);
void session_act_send_overflow(session_t *session, const session_data_t *data);
void session_act_refuse_version(session_t *session, const session_data_t *data);
void session_act_refuse_restriction(session_t *session, const session_data_t *data);
void session_act_accept_overflow(session_t *session, const session_data_t *data);
void session_act_take_overflow(session_t *session, const session_data_t *data);
void session_act_overflow_last(session_t *session, const session_data_t *data);
void session_act_connect_indication(session_t *session, const session_data_t *data);
void session_act_connect_confirm(session_t *session, const session_data_t *data);
void session_act_refuse_confirm(session_t *session, const session_data_t *data);
void session_act_accept(session_t *session, const session_data_t *data);
void session_act_refuse(session_t *session, const session_data_t *data);
void session_act_send(session_t *session, const session_data_t *data);
void session_act_data(session_t *session, const session_data_t *data);
void session_act_typed_data(session_t *session, const session_data_t *data);
void session_act_please(session_t *session, const session_data_t *data);
void session_act_give(session_t *session, const session_data_t *data);
void session_act_given(session_t *session, const session_data_t *data);
void session_act_control_give(session_t *session, const session_data_t *data);
void session_act_control_given(session_t *session, const session_data_t *data);
void session_act_sync(session_t *session, const session_data_t *data);
void session_act_synced(session_t *session, const session_data_t *data);
void session_act_sync_lost(session_t *session, const session_data_t *data);
void session_act_sync_confirm(session_t *session, const session_data_t *data);
void session_act_sync_confirmed(session_t *session, const session_data_t *data);
void session_act_start(session_t *session, const session_data_t *data);
void session_act_started(session_t *session, const session_data_t *data);
void session_act_stop(session_t *session, const session_data_t *data);
void session_act_stopped(session_t *session, const session_data_t *data);
void session_act_stop_response(session_t *session, const session_data_t *data);
void session_act_stop_confirm(session_t *session, const session_data_t *data);
void session_act_end(session_t *session, const session_data_t *data);
void session_act_ended(session_t *session, const session_data_t *data);
void session_act_end_response(session_t *session, const session_data_t *data);
void session_act_end_confirm(session_t *session, const session_data_t *data);
void session_act_exception(session_t *session, const session_data_t *data);
void session_act_exception_report(session_t *session, const session_data_t *data);
void session_act_release_indication(session_t *session, const session_data_t *data);
void session_act_release_response(session_t *session, const session_data_t *data);
void session_act_release_confirm(session_t *session, const session_data_t *data);
void session_act_abort(session_t *session, const session_data_t *data);
void session_act_disconnect(session_t *session, const session_data_t *data);
void session_act_aborted(session_t *session, const session_data_t *data);
void session_act_transport_lost(session_t *session, const session_data_t *data);

#endif
