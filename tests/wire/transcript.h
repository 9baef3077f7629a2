/* What a recorded conversation says, layer by layer: each side's octets are taken apart from TPKT to P1, each
 * PDU is encoded again and must decode to the same, and what the side did (opened, transferred, gave the turn
 * ...) becomes a list of steps that a user of the stack can play. */
#ifndef TESTS_WIRE_TRANSCRIPT_H
#define TESTS_WIRE_TRANSCRIPT_H

#include "osi/stack.h"

typedef enum transcript_layer_t {
    LAYER_TRANSPORT,
    LAYER_SESSION,
    LAYER_PRESENTATION,
    LAYER_ACSE,
    LAYER_RTSE,
    LAYER_BIND,
    LAYER_P1,
    LAYERS
} transcript_layer_t;

typedef enum transcript_step_kind_t {
    STEP_OPEN,     /* user_data: bind argument */
    STEP_ACCEPT,   /* user_data: bind result */
    STEP_REFUSE,   /* reason, user_data */
    STEP_TRANSFER, /* apdu; complete: it ended with an activity end */
    STEP_CONFIRM,  /* an activity end was confirmed */
    STEP_PLEASE,   /* reason: the priority */
    STEP_GIVE,
    STEP_CLOSE,
    STEP_ABORT,
    STEP_OTHER /* what ends or breaks an activity: exceptions, discard, interrupt, resume */
} transcript_step_kind_t;

typedef struct transcript_step_t {
    transcript_step_kind_t kind;
    bytes_t user_data;
    int64_t reason;
    bytes_t apdu;
    bool complete;
} transcript_step_t;

enum { TRANSCRIPT_STEPS = 4096, TRANSCRIPT_APDU_LIMIT = 64 << 20, TRANSCRIPT_TPKTS = 1 << 20 };

typedef struct transcript_side_t {
    bytes_t octets;
    const bytes_t *tpkts; /* whole TPKTs, in order */
    size_t tpkt_count;
    transcript_step_t *steps;
    size_t step_count;
    /* from the CR or CC */
    uint16_t reference;
    unsigned tpdu_size;
    osi_selectors_t calling;
    osi_selectors_t called;
    /* from RTORQ or RTOAC */
    int64_t checkpoint;
    int64_t window;
    bool two_way_alternate;
    size_t rttr_size; /* of the largest RTTR sent */
} transcript_side_t;

typedef struct transcript_t {
    apr_pool_t *pool;
    osi_mode_t mode;
    int64_t context_id[3];     /* ACSE, RTSE, MTSE */
    transcript_side_t side[2]; /* 0 called the other */
    unsigned passed[LAYERS];
    unsigned failed[LAYERS];
    unsigned opaque; /* APDUs that do not begin as one of P1: octets of a test program */
    bool quiet;      /* do not print failures */
} transcript_t;

/* Takes the octets of both sides apart; failures are counted and printed. */
transcript_t *transcript_make(apr_pool_t *pool, bytes_t caller, bytes_t called, bool quiet);

/* The first step of kind at or after *from (which moves behind it); NULL if there is none. */
const transcript_step_t *transcript_find(const transcript_side_t *side, transcript_step_kind_t kind,
                                         size_t *from);
size_t transcript_count(const transcript_side_t *side, transcript_step_kind_t kind);
const char *transcript_layer_name(transcript_layer_t layer);
const char *transcript_step_name(transcript_step_kind_t kind);

#endif
