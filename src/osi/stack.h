/* The OSI stack of a P1 association, TPKT to RTSE, as one pure engine with the RTSE service (X.218) on top.
 *
 * Octets from the socket go in by stack_input; octets for it are in stack_output until consumed. Indications
 * are calls of stack_ops_t.indicate made before the call that caused them returns; the user may call requests
 * and responses from within one, but must not destroy the stack there. All times are mono_time_t: the user
 * gives `now` to every entry point, and calls stack_tick at stack_deadline. An error that a request returns
 * or an indication carries is valid until the next call of the stack.
 *
 * The three application contexts differ below this line only, with two exceptions, for which x411 has the
 * encodings: the bind's tags (x411/bind.h), and that in normal mode the octets of an APDU are those of an
 * EXTERNAL whose indirect reference is the apdu_context of osi_stack_facts (x411/message.h). */
#ifndef OSI_STACK_H
#define OSI_STACK_H

#include "osi/primitives.h"

typedef struct osi_stack_t osi_stack_t;

/* X.228 8.? RTORJ / PRefuse reasons. */
typedef enum stack_refuse_t {
    STACK_REFUSE_RTS_BUSY = 0,
    STACK_REFUSE_CANNOT_RECOVER = 1,
    STACK_REFUSE_VALIDATION_FAILURE = 2,
    STACK_REFUSE_UNACCEPTABLE_DIALOGUE_MODE = 3,
    STACK_REFUSE_REJECTED_BY_USER = 4 /* normal mode: user data says why */
} stack_refuse_t;

/* X.228 abort reasons (RTAB, AbortInformation). */
typedef enum stack_abort_t {
    STACK_ABORT_LOCAL_SYSTEM_PROBLEM = 0,
    STACK_ABORT_INVALID_PARAMETER = 1,
    STACK_ABORT_UNRECOGNIZED_ACTIVITY = 2,
    STACK_ABORT_TEMPORARY_PROBLEM = 3,
    STACK_ABORT_PROTOCOL_ERROR = 4,
    STACK_ABORT_PERMANENT_PROBLEM = 5,
    STACK_ABORT_USER_ERROR = 6,
    STACK_ABORT_TRANSFER_COMPLETED = 7
} stack_abort_t;

typedef enum stack_indication_kind_t {
    /* The peer calls: answer with osi_stack_open_accept or osi_stack_open_refuse (at once or later).
     * mode, two_way_alternate, peer_initial_turn, selectors, user_data; recover (session connection id). */
    STACK_OPEN_INDICATION,
    /* Our call was accepted: user_data is the peer's. */
    STACK_OPEN_CONFIRM,
    /* Our call was refused or failed in a layer; err says which layer answered what; refuse_reason is a
     * stack_refuse_t or -1; user_data may carry a bind error. The stack is over. */
    STACK_OPEN_REFUSED,
    /* The peer begins an APDU: activity names it. */
    STACK_TRANSFER_START,
    /* The peer resumes an APDU on this association: old_activity and old_connection name the broken one,
     * serial the last checkpoint that the peer holds confirmed (it may be older than the last one that this
     * MTA confirmed, by up to the window: the confirmation can be lost). Answer with osi_stack_resume_accept
     * or osi_stack_resume_refuse before returning; no answer is STACK_RESUME_UNRECOGNIZED. */
    STACK_TRANSFER_RESUME,
    /* Octets of the APDU that is coming in (octets: valid during the call only). */
    STACK_TRANSFER_DATA,
    /* The peer set the checkpoint `serial` after `total` octets of the APDU; confirm with
     * osi_stack_checkpoint_confirm when they are secured as well as this MTA promises; the peer waits when
     * its window is full. Keep serial and total for a resume. */
    STACK_CHECKPOINT,
    /* The APDU is whole: osi_stack_transfer_accept when it is secured; or osi_stack_transfer_refuse. */
    STACK_TRANSFER_END,
    /* The peer gave the APDU up: discarded (forget it), or interrupted (it may be resumed, also on another
     * association; a lost association counts as interrupted). */
    STACK_TRANSFER_DISCARDED,
    STACK_TRANSFER_INTERRUPTED,
    /* Our APDU: the peer confirmed the checkpoint `serial`, `total` octets are safe there. */
    STACK_CHECKPOINT_CONFIRM,
    /* Our APDU is the peer's now. STACK_ABORTED follows at once if the peer told so by the abort reason
     * "transfer completed" in answer to our resume (X.228 RTAB). */
    STACK_TRANSFER_CONFIRM,
    /* The peer's exception report ended our transfer (err says why): the stack has discarded or interrupted
     * the activity; `resumable` tells which. */
    STACK_TRANSFER_FAILED,
    STACK_TURN_PLEASE,      /* the peer wants the turn, priority (0 highest) */
    STACK_TURN_GIVEN,       /* the turn is ours */
    STACK_CLOSE_INDICATION, /* answered by the stack itself; the association is over */
    STACK_CLOSE_CONFIRM,    /* our close is complete; the association is over */
    /* The association broke: by the peer's abort (by_peer), a protocol error or the network. err says in
     * words what, err->layer which layer; abort_reason is a stack_abort_t or -1. Also what an engine that is
     * called tells of a call that failed or was refused by the stack itself before STACK_OPEN_INDICATION.
     * Nothing more is indicated; go on feeding the stack until osi_stack_over. */
    STACK_ABORTED
} stack_indication_kind_t;

typedef struct stack_indication_t {
    stack_indication_kind_t kind;
    osi_mode_t mode;
    bool two_way_alternate;
    bool peer_initial_turn;
    bool recover;
    bool by_peer;
    bool resumable;
    osi_selectors_t calling;
    osi_selectors_t called;
    bytes_t user_data;
    bytes_t octets;
    uint64_t total;
    unsigned serial;
    int priority;
    int refuse_reason;
    int abort_reason;
    osi_activity_id_t activity;
    osi_activity_id_t old_activity;
    osi_connection_id_t old_connection;
    const err_t *err;
} stack_indication_t;

/* Why a resume is refused. */
typedef enum stack_resume_refusal_t {
    /* Nothing is known of it any more: the peer discards it and may send the APDU anew. */
    STACK_RESUME_UNRECOGNIZED,
    /* This MTA has the whole APDU and only its confirmation was lost: the association is aborted with the
     * reason "transfer completed"; the peer's stack takes that as the confirmation. */
    STACK_RESUME_COMPLETED
} stack_resume_refusal_t;

typedef struct stack_ops_t {
    void (*indicate)(void *context, const stack_indication_t *indication);
} stack_ops_t;

typedef struct stack_config_t {
    unsigned tpdu_size;         /* 128 .. 8192 or 65531; default 65531 where the peer takes it */
    unsigned checkpoint_size_k; /* units of 1024 octets; 0 = no checkpoints */
    unsigned window_size;       /* 1.. */
    bool two_way_alternate;     /* ask for it (initiator); refuse what differs is the user's matter */
    int64_t transport_timeout;  /* microseconds until CC, and for a slow TPDU to come whole */
    int64_t open_timeout;       /* microseconds for the whole open, either role */
    int64_t close_timeout;      /* microseconds to wait for the peer's disconnect ("Disconnect") */
    int64_t transfer_timeout;   /* microseconds without any progress of a transfer, 0 = none */
    size_t open_data_limit;     /* largest open user data */
    const char *host_name;      /* session reference: called or calling SS-user reference */
    utc_time_t started;         /* session reference: common reference */
    uint16_t reference;         /* transport reference, not 0 */
    unsigned rttr_limit; /* most octets of an APDU in one RTTR, for peers that want small ones; a checkpoint
                            follows each but the last. 0 = the checkpoint size */
} stack_config_t;

typedef struct stack_open_t {
    osi_mode_t mode;
    osi_selectors_t calling;
    osi_selectors_t called;
    bytes_t user_data;                  /* the bind argument as x411/bind.h encodes it for the mode */
    bool peer_initial_turn;             /* the called side gets the first turn (two-way alternate) */
    const osi_connection_id_t *recover; /* reserved for X.228 session connection recovery; normally NULL */
} stack_open_t;

/* An engine that calls: osi_stack_open_request sends the CR at once (the TCP connection is there). */
osi_stack_t *osi_stack_create(apr_pool_t *pool, const stack_config_t *config, const stack_ops_t *ops,
                              void *context, mono_time_t now);
err_t *osi_stack_open_request(osi_stack_t *stack, const stack_open_t *open, mono_time_t now);

/* What holds for a called engine once the bind has shown who calls: before the accept. Of config, checkpoint
 * and window size (what it will agree to at most) and the timeouts of transport, close and transfer are
 * taken. */
void osi_stack_set_limits(osi_stack_t *stack, const stack_config_t *config);

/* An engine that is called needs nothing but input. */
err_t *osi_stack_open_accept(osi_stack_t *stack, bytes_t user_data, mono_time_t now);
/* user_data: the bind error encoded for the mode, used in normal mode with STACK_REFUSE_REJECTED_BY_USER
 * (reason -1 leaves the reason out); ignored in the X.410 modes, which have the reason only. */
err_t *osi_stack_open_refuse(osi_stack_t *stack, int reason, bytes_t user_data, mono_time_t now);

/* Optional check of the called transport selector at the CR; false refuses with DR, address unknown. */
typedef bool (*osi_stack_transport_filter_t)(void *context, bytes_t called_tsel, bytes_t calling_tsel);
void osi_stack_set_transport_filter(osi_stack_t *stack, osi_stack_transport_filter_t filter);

/* Octets. */
void osi_stack_input(osi_stack_t *stack, bytes_t octets, mono_time_t now);
void osi_stack_network_closed(osi_stack_t *stack, const err_t *err, mono_time_t now);
buffer_t *osi_stack_output(osi_stack_t *stack); /* consume what the socket took */
mono_time_t osi_stack_deadline(const osi_stack_t *stack);
void osi_stack_tick(osi_stack_t *stack, mono_time_t now);
/* True when the association is over: write what is left in the output, then close the socket. The side that
 * sent the last session PDU first waits for the peer to disconnect, or to show that it saw the end,
 * close_timeout at most, so that the PDU is not lost in a TCP reset: this may turn true later than the
 * indication that ends the association. */
bool osi_stack_over(const osi_stack_t *stack);
/* True when the open is complete and no close or abort has begun. */
bool osi_stack_is_open(const osi_stack_t *stack);

/* RT-TRANSFER (X.218 7.3), sending. Needs the turn. One APDU at a time: start, data as the capacity allows,
 * end, then STACK_TRANSFER_CONFIRM. The stack sets checkpoints; capacity is how many octets it takes now
 * (0: window full or output waiting). */
err_t *osi_stack_transfer_start(osi_stack_t *stack, mono_time_t now);
/* Resumes an APDU that broke on this or an earlier association: `total` octets up to checkpoint `serial` were
 * confirmed; the user goes on with the octet after them. With serial 0 it is the standard's resume and
 * discard: after STACK_TRANSFER_FAILED the user starts afresh. */
err_t *osi_stack_transfer_resume(osi_stack_t *stack, const osi_activity_id_t *old_activity,
                                 const osi_connection_id_t *old_connection, unsigned serial, uint64_t total,
                                 mono_time_t now);
size_t osi_stack_transfer_capacity(const osi_stack_t *stack);
err_t *osi_stack_transfer_data(osi_stack_t *stack, bytes_t octets, mono_time_t now);
err_t *osi_stack_transfer_end(osi_stack_t *stack, mono_time_t now);
/* Gives our APDU up (activity discard, or interrupt so that it can be resumed); STACK_TRANSFER_FAILED tells
 * when the peer has confirmed that. Not after osi_stack_transfer_end. */
err_t *osi_stack_transfer_cancel(osi_stack_t *stack, bool resumable, mono_time_t now);
/* Names our transfer, for a later resume. */
const osi_activity_id_t *osi_stack_activity(const osi_stack_t *stack);
const osi_connection_id_t *osi_stack_connection_id(const osi_stack_t *stack);

/* RT-TRANSFER, receiving. */
err_t *osi_stack_checkpoint_confirm(osi_stack_t *stack, unsigned serial, mono_time_t now);
err_t *osi_stack_transfer_accept(osi_stack_t *stack, mono_time_t now);
/* Refuses the APDU that is coming in or complete (S-U-EXCEPTION-REPORT; the peer discards or interrupts). */
err_t *osi_stack_transfer_refuse(osi_stack_t *stack, bool temporary, mono_time_t now);
/* total as STACK_CHECKPOINT gave it for the serial that the peer resumes at (serial 0: 0). */
err_t *osi_stack_resume_accept(osi_stack_t *stack, uint64_t total, mono_time_t now);
err_t *osi_stack_resume_refuse(osi_stack_t *stack, stack_resume_refusal_t why, mono_time_t now);

/* Turn (X.218 7.4, 7.5). */
bool osi_stack_has_turn(const osi_stack_t *stack);
err_t *osi_stack_turn_please(osi_stack_t *stack, int priority, mono_time_t now);
err_t *osi_stack_turn_give(osi_stack_t *stack, mono_time_t now);

/* RT-CLOSE (the initiator's; needs the turn and no transfer) and RT-U-ABORT (any time; nothing more is
 * indicated). user_data goes with STACK_ABORT_USER_ERROR in normal mode only. */
err_t *osi_stack_close_request(osi_stack_t *stack, mono_time_t now);
void osi_stack_abort(osi_stack_t *stack, int abort_reason, bytes_t user_data, mono_time_t now);

/* What was negotiated, and the states of the layers in words, for operators ("session STA19, RTSE ..."). */
typedef struct stack_facts_t {
    osi_mode_t mode;
    unsigned tpdu_size;
    unsigned session_version;
    unsigned checkpoint_size_k;
    unsigned window_size;
    bool two_way_alternate;
    bool initiator;
    int64_t apdu_context; /* normal mode: presentation context of the APDUs, for their EXTERNAL; else 0 */
} stack_facts_t;
void osi_stack_facts(const osi_stack_t *stack, stack_facts_t *facts);
const char *osi_stack_state_text(const osi_stack_t *stack, apr_pool_t *pool);

/* "1984", "1988 X.410", "1988 normal": names of the modes for operators. */
const char *osi_mode_name(osi_mode_t mode);

#endif
