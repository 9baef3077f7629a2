/* TPKT (RFC 1006, RFC 2126) and X.224 class 0 over a TCP stream: connection, refusal, segmentation and
 * reassembly of TSDUs. A pure engine: cotp_input takes what a socket read, octets to be written appear in
 * `out`, indications are calls of cotp_ops_t made before the call that caused them returns. */
#ifndef OSI_COTP_H
#define OSI_COTP_H

#include "osi/primitives.h"

typedef enum cotp_state_t {
    COTP_IDLE,          /* nothing sent or received yet */
    COTP_WAIT_CONFIRM,  /* CR sent */
    COTP_WAIT_RESPONSE, /* CR received, T-CONNECT response awaited */
    COTP_OPEN,
    COTP_CLOSED /* nothing more will be sent or taken: the TCP connection is to be closed when out is empty */
} cotp_state_t;

/* X.224 13.5.3 reasons of a DR that this engine sends or explains. */
typedef enum cotp_reason_t {
    COTP_REASON_NOT_SPECIFIED = 0,
    COTP_REASON_CONGESTION = 1,
    COTP_REASON_NOT_ATTACHED = 2,
    COTP_REASON_ADDRESS_UNKNOWN = 3,
    COTP_REASON_NORMAL = 128,
    COTP_REASON_REMOTE_CONGESTION = 129,
    COTP_REASON_NEGOTIATION_FAILED = 130,
    COTP_REASON_DUPLICATE_REFERENCE = 131,
    COTP_REASON_MISMATCHED_REFERENCES = 132,
    COTP_REASON_PROTOCOL_ERROR = 133,
    COTP_REASON_REFERENCE_OVERFLOW = 135,
    COTP_REASON_REFUSED_ON_NETWORK = 136,
    COTP_REASON_INVALID_LENGTH = 138
} cotp_reason_t;

typedef struct cotp_connect_t {
    bytes_t calling_tsel; /* absent = empty; at most OSI_TSEL_LIMIT octets of any value */
    bytes_t called_tsel;
    unsigned tpdu_size; /* octets; in force in indication and confirm, not looked at in a request */
} cotp_connect_t;

typedef struct cotp_ops_t {
    void (*connect_indication)(void *context, const cotp_connect_t *connect);
    void (*connect_confirm)(void *context, const cotp_connect_t *connect);
    /* One whole TSDU; the range is valid during the call only. */
    void (*data_indication)(void *context, bytes_t tsdu);
    /* The transport connection is over: by DR or ER of the peer, a protocol error (err says what), or the
     * network. err is never NULL; err->code is the DR reason if there was one. Called once. */
    void (*disconnect_indication)(void *context, const err_t *err);
} cotp_ops_t;

typedef struct cotp_config_t {
    unsigned tpdu_size; /* largest TPDU to offer or accept: 128, 256 ... 8192, or 65531 (RFC 2126) */
    size_t tsdu_limit;  /* largest TSDU to reassemble */
    uint16_t reference; /* our reference, not 0 */
} cotp_config_t;

typedef struct cotp_t {
    cotp_config_t config;
    const cotp_ops_t *ops;
    void *context;
    apr_pool_t *pool; /* of the connection; holds the error of a disconnect */
    cotp_state_t state;
    uint16_t peer_reference;
    unsigned tpdu_size; /* in force */
    bool size_offered;  /* which of the two size parameters the peer's CR had */
    bool preferred_size_offered;
    buffer_t in;   /* a TPKT that has not come whole */
    buffer_t tsdu; /* a TSDU that has not come whole */
    buffer_t *out; /* octets for the socket */
} cotp_t;

/* Prepares an engine; out is where octets for the peer go and outlives it. */
void cotp_init(cotp_t *cotp, const cotp_config_t *config, const cotp_ops_t *ops, void *context,
               apr_pool_t *pool, buffer_t *out);

void cotp_connect_request(cotp_t *cotp, const cotp_connect_t *connect);
/* Accepts (X.224 6.5): the CC carries the TPDU size and no selectors, as peers expect. */
void cotp_connect_response(cotp_t *cotp);
/* Refuses (DR with reason) or ends the connection; octets already in out stay there. There is no
 * disconnect_indication for it. */
void cotp_disconnect_request(cotp_t *cotp, cotp_reason_t reason);
/* Sends one TSDU, in as many DT TPDUs as its size asks for. If out has no room for it, out->failed is
 * latched and the connection is of no more use. No effect unless the state is COTP_OPEN. */
void cotp_data_request(cotp_t *cotp, const osi_parts_t *tsdu);

/* Takes octets of the stream; safe to call with any number of them, also after the engine closed. */
void cotp_input(cotp_t *cotp, bytes_t octets);
/* The TCP connection ended (err NULL: in order by the peer). */
void cotp_network_closed(cotp_t *cotp, const err_t *err);

/* The words for a DR reason. */
const char *cotp_reason_text(int reason);

#endif
