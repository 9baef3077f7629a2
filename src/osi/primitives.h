/* What the OSI engines have in common: the modes of the stack, addresses, and the values of the service
 * primitives. The engines are pure: octets, requests and the time go in; octets, indications and a deadline
 * come out. No socket, no file, no clock, no log. */
#ifndef OSI_PRIMITIVES_H
#define OSI_PRIMITIVES_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/timebase.h"

/* The application contexts of P1 (X.419 clause 7, 12; X.410-1984). */
typedef enum osi_mode_t {
    OSI_MODE_X410_1984, /* X.410-1984 mode, application protocol 1 */
    OSI_MODE_X410_1988, /* X.410-1984 mode, application protocol 12 (mts-transfer-protocol) */
    OSI_MODE_NORMAL     /* normal mode, application context mts-transfer 2.6.0.1.6 */
} osi_mode_t;

enum {
    OSI_TSEL_LIMIT = 32, /* octets of a transport selector */
    OSI_SSEL_LIMIT = 16, /* octets of a session selector */
    OSI_PSEL_LIMIT = 16, /* octets of a presentation selector */
    /* most octets of one TSDU that a peer may make us hold: the largest checkpoint and its headers */
    OSI_TSDU_LIMIT = (1 << 20) + 4096,
    OSI_SYNC_NUMBER_LIMIT = 999999
};

/* Codes of the errors by which a layer of the stack tells that the peer broke its protocol, apart from all
 * reasons and diagnostics that the Recommendations have. */
typedef enum osi_fault_t {
    OSI_FAULT_TPKT = 20001, /* transport: no TPKT */
    OSI_FAULT_TPDU,         /* transport: a TPDU that is not valid or not allowed */
    OSI_FAULT_LENGTH,       /* transport: more than is taken; the text ends with the limit and "octets" */
    OSI_FAULT_STATE,        /* session, RTSE: not allowed in the state; the text ends with " in state " and
                               the state, the cause says what came (its code: the event of RTSE) */
    OSI_FAULT_DECODE,       /* presentation, ACSE, RTSE: cannot be read; the text ends with the octet */
    OSI_FAULT_HANDLE,       /* RTSE: something that belongs to no transfer of ours */
    OSI_FAULT_PRIMITIVE     /* RTSE: a session service that transfers do not use */
} osi_fault_t;

/* The selectors of one end. An empty selector is not sent and, on the called side, not checked. */
typedef struct osi_selectors_t {
    bytes_t transport;
    bytes_t session;
    bytes_t presentation;
} osi_selectors_t;

/* Where an engine puts what goes down: the ranges are one unit (a TSDU, an SSDU) in order and are copied
 * before the call returns. */
typedef struct osi_parts_t {
    bytes_t part[6];
    unsigned count;
} osi_parts_t;

static inline void osi_parts_add(osi_parts_t *parts, bytes_t range)
{
    parts->part[parts->count++] = range;
}

static inline size_t osi_parts_length(const osi_parts_t *parts)
{
    size_t length = 0;
    for (unsigned i = 0; i < parts->count; i++)
        length += parts->part[i].length;
    return length;
}

/* An X.225 session connection identifier (reference): each part is an encoded value as it stands in the
 * SPDU parameter (in X.228 a T61String TLV and a UTCTime TLV; opaque to the session layer). */
enum { OSI_REFERENCE_LIMIT = 64, OSI_ADDITIONAL_REFERENCE_LIMIT = 4, OSI_ACTIVITY_ID_LIMIT = 6 };

typedef struct osi_octets64_t {
    uint8_t octets[OSI_REFERENCE_LIMIT];
    uint8_t length;
} osi_octets64_t;

typedef struct osi_connection_id_t {
    osi_octets64_t user;   /* calling or called SS-user reference */
    osi_octets64_t common; /* common reference */
    uint8_t additional[OSI_ADDITIONAL_REFERENCE_LIMIT];
    uint8_t additional_length;
} osi_connection_id_t;

typedef struct osi_activity_id_t {
    uint8_t octets[OSI_ACTIVITY_ID_LIMIT];
    uint8_t length;
} osi_activity_id_t;

#endif
