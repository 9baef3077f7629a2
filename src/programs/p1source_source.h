/* p1source: many associations to one peer, each sending messages one after the other, and what came of it. */
#ifndef PROGRAMS_P1SOURCE_SOURCE_H
#define PROGRAMS_P1SOURCE_SOURCE_H

#include "p1tool_link.h"
#include "p1tool_text.h"
#include "x411/bind.h"
#include "x411/message.h"

enum {
    SOURCE_CONNECTION_LIMIT = 10000,
    SOURCE_ADDRESS_LIMIT = 1000,
    SOURCE_REASON_LIMIT = 8,
    SOURCE_MESSAGE_LIMIT = 100000000
};

typedef struct source_options_t {
    osi_mode_t mode;
    uint16_t port;
    const char *host;
    const char *local_address;
    int64_t timeout; /* microseconds to connect and to open */
    int64_t connections;
    int64_t messages;
    int64_t per_association; /* messages before an association is released; 0 = no limit */
    int64_t content_length;
    int64_t content_type;
    int64_t rate; /* messages per second of all together; 0 = as fast as they go */
    int64_t retries;
    const char *name; /* MTA names and password of the bind; name NULL = no credentials */
    const char *password;
    osi_selectors_t calling;
    osi_selectors_t called;
    int64_t checkpoint_k;
    int64_t window;
    int64_t tpdu_size;
    const char *originator;
    const char *recipients[SOURCE_ADDRESS_LIMIT]; /* %d is the number of the message */
    x411_user_report_t report;
    unsigned recipient_count;
    bytes_t apdus[SOURCE_ADDRESS_LIMIT]; /* given APDUs, sent in turn instead of made ones */
    unsigned apdu_count;
    bool resume;
    bool two_way_alternate;
    int64_t deferred; /* microseconds until delivery is wanted; 0 = at once */
    int64_t trace;    /* elements of the external trace */
    bool probe;
    bool json;
} source_options_t;

/* What came of it. */
typedef struct source_totals_t {
    int64_t started;                          /* messages given to an association at least once */
    int64_t accepted;                         /* confirmed by the peer */
    int64_t failed;                           /* given up */
    int64_t repeated;                         /* tries after the first */
    int64_t resumed;                          /* of these, resumed at a checkpoint */
    int64_t received;                         /* APDUs that the peer sent when it had the turn */
    int64_t opened;                           /* associations */
    int64_t refused;                          /* associations that did not come about */
    int64_t broken;                           /* associations that broke */
    uint64_t octets;                          /* of the APDUs accepted */
    mono_time_t begun;                        /* first transfer */
    mono_time_t ended;                        /* last confirmation */
    int64_t *latencies;                       /* microseconds, one per accepted message */
    apr_pool_t *pool;                         /* of the next */
    const char *reasons[SOURCE_REASON_LIMIT]; /* words of the first different errors */
    int64_t reason_counts[SOURCE_REASON_LIMIT];
    unsigned reason_count;
} source_totals_t;

/* Prints totals; true if every message was accepted. */
bool source_report(const source_options_t *options, source_totals_t *totals);
/* Counts a reason (in words). */
void source_note(source_totals_t *totals, const char *words);

/* One message as octets that can be had from any offset, without holding its content. */
typedef struct source_message_t {
    int64_t number; /* from 0 */
    uint64_t length;
    bytes_t given; /* an APDU from a file: nothing else counts */
    bytes_t prefix;
    bytes_t content_head;
    uint64_t fill; /* octets of filling text after the head */
    bytes_t suffix;
} source_message_t;

/* Makes the messages of a run: one template that each message differs from in identifier and recipients. */
typedef struct source_maker_t {
    const source_options_t *options;
    utc_time_t started;
    const char *host; /* in the identifiers: names this run, too */
    buffer_t content_head;
    x411_domain_t domain;
    x411_or_name_t originator;
    x411_or_name_t recipients[SOURCE_ADDRESS_LIMIT]; /* those that are the same in each message */
    apr_pool_t *pool;
} source_maker_t;

err_t *source_maker_init(source_maker_t *maker, const source_options_t *options, apr_pool_t *pool);
/* Makes message number: in pool and out (cleared first). */
err_t *source_message_make(source_maker_t *maker, int64_t number, apr_pool_t *pool, buffer_t *out,
                           source_message_t *message);
/* The octets at offset, at most limit; fewer at a seam. Empty at the end. */
bytes_t source_message_octets(const source_message_t *message, uint64_t offset, size_t limit);

typedef struct source_t source_t;
/* Runs everything to the end (or until source_stop); options outlives it. */
err_t *source_run(const source_options_t *options, source_totals_t *totals, net_loop_t *loop,
                  apr_pool_t *pool);

#endif
