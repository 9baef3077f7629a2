/* The peer of the MTA in the fuzz target of the whole engine: it takes and makes calls in the simulated
 * network through a stack of its own, and at each layer says what the input wants. */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "speech.h"
#include "world.h"

/* The node's "hostile", which node.c starts and ends. */
hostile_t *peer_create(node_t *node, apr_pool_t *pool);
/* One step of the input: a kind (low four bits) and its variant, then what the kind reads. */
void peer_step(hostile_t *peer, speech_t *speech, unsigned kind, unsigned variant);
/* Its stack's time has come, or it has something to say. */
void peer_tick(hostile_t *peer);
/* Hangs up and takes no more calls. */
void peer_leave(hostile_t *peer);

/* Kinds of steps. */
enum {
    PEER_RAW,     /* octets on the connection */
    PEER_TPDU,    /* octets in a TPKT */
    PEER_TSDU,    /* octets in a DT TPDU; variant 1: not the last */
    PEER_SPDU,    /* type, parameters */
    PEER_DATA,    /* an element as session data; variants: bare, in a presentation context */
    PEER_USER,    /* type of an SPDU, an element as its user data (CN, AC, RF, AB ...); variant 1: after a
                     connect item */
    PEER_APDU,    /* an element as an APDU through the whole stack; variant 1: not in its EXTERNAL */
    PEER_CONTENT, /* octets as an APDU likewise */
    PEER_ASK,     /* something of the stack's user: what is the variant */
    PEER_ALTER,   /* how the next output is changed: variant; where: an octet */
    PEER_MANNER,  /* how the stack's user answers */
    PEER_DIAL,    /* hangs up and calls; variant: mode (3: without a stack), credentials, two-way alternate */
    PEER_BIND,    /* an element as the bind of the next open, argument and result */
    PEER_KINDS
};

#endif
