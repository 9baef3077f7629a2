/* Blanks the content of messages in the octets of one direction of a link: everything of the protocols stays
 * (TPKT, TPDUs, SPDUs, envelopes), the octets of contents become X; of reports, which may return a content,
 * the whole APDU. What it cannot follow, because it began in
 * the midst of a transfer or the octets are not valid, is blanked altogether. Pure: octets in, octets out. */
#ifndef MTA_BLANK_H
#define MTA_BLANK_H

#include "base/buffer.h"
#include "x411/apdu_stream.h"

typedef struct blank_t {
    apr_pool_t *pool; /* of the stream at hand; NULL: no transfer was begun that can be followed */
    x411_stream_t *stream;
    x411_mode_t mode;
    bool lost;      /* of this transfer nothing is known: blank all of it */
    buffer_t *held; /* whole TPKTs of a TSDU that is not complete, and the beginning of the next TPKT */
    size_t seen;    /* octets of held that belong to whole TPKTs */
} blank_t;

enum { BLANK_HELD_LIMIT = 1 << 20 };

/* Prepares blank; memory in pool, which must outlive it. */
void blank_init(blank_t *blank, apr_pool_t *pool);
/* The mode of the association, as soon as it is known. */
void blank_set_mode(blank_t *blank, x411_mode_t mode);
/* Takes octets and calls give with what is ready to be shown, in order; it may be less for a while. */
void blank_octets(blank_t *blank, bytes_t octets, void (*give)(void *context, bytes_t octets), void *context);

#endif
