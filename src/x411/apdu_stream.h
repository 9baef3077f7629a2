/* Reads an incoming P1 APDU as it arrives, in pieces of any size, without holding the content: it finds the
 * kind, collects the envelope (a probe or report: the whole) up to a limit, hands the content octets out as
 * ranges of the input, and at the end knows whether every element closed exactly. All length forms,
 * constructed content of any nesting, and in normal mode the EXTERNAL around it. Work and memory are linear
 * in the octets given. */
#ifndef X411_APDU_STREAM_H
#define X411_APDU_STREAM_H

#include "x411/message.h"

typedef enum x411_stream_event_t {
    X411_STREAM_MORE,     /* the input is used up and more is needed */
    X411_STREAM_ENVELOPE, /* message: *range = the envelope SET, for x411_envelope_decode; valid until
                             destroyed */
    X411_STREAM_CONTENT,  /* message: *range = the next content octets, a part of the input */
    X411_STREAM_APDU,     /* probe, report: *range = the whole APDU, for x411_envelope_decode; likewise */
    X411_STREAM_OWN,      /* own_taken: *range = the whole APDU [PRIVATE 400]; likewise */
    X411_STREAM_END,      /* everything is closed; once. Octets after it are a fault */
    X411_STREAM_FAILED    /* see fault; from now on always */
} x411_stream_event_t;

typedef struct x411_stream_frame_t {
    uint64_t end;    /* offset where the contents must end at the latest */
    bool indefinite; /* closed by end-of-contents octets */
    uint8_t role;    /* what the element is (private to apdu_stream.c) */
} x411_stream_frame_t;

typedef struct x411_stream_t {
    x411_mode_t mode;
    bool own_taken;   /* set by the caller: an APDU of ours, [PRIVATE 400], is taken; else it is unknown */
    bool own;         /* it is one */
    x411_kind_t kind; /* meaningful once kind_known */
    bool kind_known;
    uint64_t offset;         /* octets taken so far, from the start of the APDU */
    uint64_t content_length; /* content octets handed out so far */
    const char *fault;       /* what is wrong (a literal); NULL while all is well */
    uint64_t fault_offset;   /* where */
    x411_error_t fault_code; /* X411_ERROR_MALFORMED, X411_ERROR_LIMIT or X411_ERROR_UNKNOWN */
    /* private */
    bool ended;             /* everything is closed */
    bool end_said;          /* X411_STREAM_END was returned */
    bool collected_pending; /* an envelope or APDU is complete and not handed out yet */
    bool apdu_seen;         /* the APDU itself has begun */
    uint8_t parts;          /* of a message: 1 = envelope seen, 2 = content seen */
    uint8_t collect_depth;  /* frames that were open when collecting began */
    bool collecting;
    uint8_t bulk_kind;
    uint64_t bulk; /* octets of an element that follow as they are */
    uint8_t header_length;
    uint8_t header[20];
    uint8_t depth;
    buffer_t collected;
    x411_stream_frame_t frames[BER_DEPTH_LIMIT];
} x411_stream_t;

/* Prepares stream, which must live until pool is cleared; what it collects (at most envelope_limit octets) is
 * given back then, or by x411_stream_destroy. */
void x411_stream_init(x411_stream_t *stream, apr_pool_t *pool, x411_mode_t mode, size_t envelope_limit);
void x411_stream_destroy(x411_stream_t *stream);

/* Takes octets from the front of *input (which shrinks) until something is to be said. Call until it returns
 * X411_STREAM_MORE (or FAILED). */
x411_stream_event_t x411_stream_next(x411_stream_t *stream, bytes_t *input, bytes_t *range);

/* No more octets will come. NULL if X411_STREAM_END was reached, else what is wrong (truncated, or the
 * fault). */
err_t *x411_stream_finish(apr_pool_t *pool, const x411_stream_t *stream);

#endif
