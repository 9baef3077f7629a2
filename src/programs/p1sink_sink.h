/* p1sink: takes associations and APDUs, counts and drops them, and fails on request. */
#ifndef PROGRAMS_P1SINK_SINK_H
#define PROGRAMS_P1SINK_SINK_H

#include <apr_file_io.h>
#include <apr_hash.h>

#include "p1tool_link.h"
#include "p1tool_text.h"
#include "x411/bind.h"
#include "x411/message.h"

/* Link-state: not offered; or offered, and then taken, refused, or the association aborted at it. */
typedef enum sink_sibling_t { SINK_PLAIN, SINK_TAKES, SINK_REFUSES, SINK_ABORTS } sink_sibling_t;

typedef struct sink_options_t {
    const char *address; /* NULL = any */
    uint16_t port;
    int64_t backlog;
    const char *name; /* ours, in the bind result; NULL = no credentials */
    const char *password;
    const char *peer_name; /* whom to take; NULL = anybody */
    const char *peer_password;
    bool modes[3];       /* osi_mode_t: which are taken */
    bytes_t called_tsel; /* the only one that is served; empty = any */
    int64_t checkpoint_k;
    int64_t window;
    int64_t tpdu_size;
    bool refuse_twa;
    const char *dump; /* folder for the APDUs, one file each; NULL = dropped */
    bool check_duplicates;
    bool json;
    int64_t stop_after; /* APDUs taken; 0 = run on */
    const char *marks;  /* file of marks; NULL = none */
    int64_t mark_every; /* APDUs */
    /* faults */
    int64_t delay;                /* microseconds before an APDU is accepted */
    int64_t slow_read;            /* octets per second of each association; 0 = as they come */
    int64_t fail_after_octets;    /* cut the connection after so many octets of an APDU; -1 = never */
    int64_t cut_after_checkpoint; /* cut after this checkpoint of an APDU was confirmed; 0 = never */
    int64_t fail_times;           /* how often the two above happen */
    int64_t abort_after;          /* abort an association after so many APDUs; 0 = never */
    bool refuse;                  /* refuse every bind: busy */
    int64_t refuse_transfers;     /* refuse so many transfers, as a temporary trouble */
    bool strict;                  /* cut the connection at what is not standard P1 */
    sink_sibling_t sibling;       /* what to do with link-state */
} sink_options_t;

typedef struct sink_totals_t {
    int64_t connections;
    int64_t opened;
    int64_t refused;
    int64_t broken;
    int64_t released;
    int64_t accepted; /* APDUs */
    int64_t transfers_refused;
    int64_t discarded;
    int64_t interrupted;
    int64_t resumed;
    int64_t duplicates;  /* of the APDUs accepted: those whose MTS identifier was there before */
    int64_t unreadable;  /* APDUs in which no identifier was found */
    int64_t link_states; /* APDUs of siblings, which are not counted otherwise */
    int64_t foreign;     /* cuts at what is not standard P1 */
    int64_t trouble;     /* of the system or this program */
    uint64_t octets;
    mono_time_t begun; /* first APDU */
    mono_time_t ended; /* last */
} sink_totals_t;

/* Names a transfer across associations. */
typedef struct transfer_key_t {
    osi_activity_id_t activity;
    osi_connection_id_t connection;
} transfer_key_t;

/* An APDU that is coming in, or that was interrupted and may be resumed. */
enum { TRANSFER_CHECKPOINTS = 256, TRANSFER_HEAD_LIMIT = 1 << 20 };
typedef struct transfer_t {
    struct transfer_t *next; /* among those interrupted */
    apr_pool_t *pool;
    osi_mode_t mode;
    transfer_key_t key;
    uint64_t total;
    unsigned serial; /* last checkpoint */
    struct {
        uint64_t total;                  /* octets before it */
    } checkpoints[TRANSFER_CHECKPOINTS]; /* checkpoint n is at n % TRANSFER_CHECKPOINTS */
    buffer_t head;                       /* the beginning, where the identifier is */
    apr_file_t *file;
    const char *path; /* of the file, while it is not whole */
} transfer_t;

enum { COMPLETED_LIMIT = 256 };

typedef struct sink_t {
    const sink_options_t *options;
    sink_totals_t *totals;
    net_loop_t *loop;
    apr_pool_t *pool;
    transfer_t *interrupted;
    unsigned interrupted_count;
    transfer_key_t completed[COMPLETED_LIMIT]; /* the last ones: their confirmation may have been lost */
    unsigned completed_next;
    apr_hash_t *seen; /* MTS identifiers */
    apr_pool_t *seen_pool;
    int64_t fails_left;
    int64_t refuses_left;
    int64_t file_number;
    buffer_t bind_results[3];    /* one for each mode */
    buffer_t sibling_results[3]; /* with the offer of link-state */
    const char *host;
    utc_time_t started;
    uint16_t reference;
    apr_file_t *marks;
} sink_t;

/* p1sink_transfer.c: the APDUs. */
transfer_t *transfer_create(sink_t *sink, osi_mode_t mode);
void transfer_data(sink_t *sink, transfer_t *transfer, bytes_t octets);
void transfer_checkpoint(transfer_t *transfer, const stack_indication_t *indication);
/* The APDU is whole and accepted: counted, written, looked at. Ends the transfer. */
void transfer_complete(sink_t *sink, transfer_t *transfer);
void transfer_drop(transfer_t *transfer);
/* Keeps it for a resume (the oldest goes when there are too many). */
void transfer_keep(sink_t *sink, transfer_t *transfer);
/* Takes the interrupted one back, cut to its checkpoint serial; NULL if there is none. */
transfer_t *transfer_resume(sink_t *sink, const transfer_key_t *key, unsigned serial);
/* True if this one was completed not long ago. */
bool transfer_was_completed(const sink_t *sink, const transfer_key_t *key);

/* p1sink_foreign.c: what is not standard P1. */
/* True if a bind argument has elements that X.411 does not know. */
bool foreign_bind(bytes_t argument);
/* True if what is here of the APDU is neither message nor report nor probe, or has a tag of the PRIVATE
 * class. */
bool foreign_apdu(const transfer_t *transfer);
/* True if the APDU is link-state. */
bool foreign_link_state(const transfer_t *transfer);

/* After so many APDUs: a line with their number and the time, microseconds of UTC, in the file of marks. */
void sink_mark(sink_t *sink);

/* p1sink_session.c */
err_t *sink_listen(sink_t *sink, net_listener_t **listener);

#endif
