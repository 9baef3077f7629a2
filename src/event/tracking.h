/* The message tracking log: FOLDER/yyyymmdd.log, one file a day (GMT), one line for each thing that happened
 * to a message, tab-separated, in the known layout:
 *
 *   1 MTS identifier (of the message; for reports: of the message that the report is about)
 *   2 event number          3 date and time, GMT ("2026.11.22 10:00:00")
 *   4 connector or mailbox  5 remote MTA          6 remote identifier
 *   7 originator            8 priority: 0 normal, 1 urgent, -1 non-urgent
 *   9 content octets       10 seconds (0)        11 cost (1)
 *  12 subject identifier: for reports the MTS identifier of the report
 *  13 number of recipients, for each of which one more line follows:
 *     14 its address       15 report status: 0 delivered, 1 not
 *
 * Lines are written by a thread of its own behind a bounded queue, so that a slow or full disk costs the MTA
 * nothing but lines; event 2026 tells when lines are lost and event 12080 when they are written again. */
#ifndef EVENT_TRACKING_H
#define EVENT_TRACKING_H

#include <stdint.h>

#include "event/event.h"

typedef enum tracking_event_t {
    TRACKING_MESSAGE_IN = 0,
    TRACKING_PROBE_IN = 1,
    TRACKING_REPORT_IN = 2,
    TRACKING_SUBMISSION = 4,
    TRACKING_PROBE_SUBMISSION = 5,
    TRACKING_PROBE_OUT = 6,
    TRACKING_MESSAGE_OUT = 7,
    TRACKING_REPORT_OUT = 8,
    TRACKING_DELIVERED = 9,
    TRACKING_REPORT_DELIVERED = 10,
    TRACKING_LIST_EXPANSION = 26,
    TRACKING_REDIRECTED = 28,
    TRACKING_REROUTED = 29,
    TRACKING_DOWNGRADE = 31,
    TRACKING_REPORT_ABSORBED = 33,
    TRACKING_REPORT_MADE = 34,
    TRACKING_REPORT_DISCARDED = 43,
    TRACKING_MESSAGE_DELETED = 50,
    TRACKING_PROBE_DELETED = 51,
    TRACKING_REPORT_DELETED = 52
} tracking_event_t;

/* "message in", "report made" ...; "event" for a number that is not known. */
const char *tracking_event_name(int number);

typedef struct tracking_recipient_t {
    const char *address;
    bool failed; /* of a report: not delivered */
} tracking_recipient_t;

typedef struct tracking_record_t {
    tracking_event_t event;
    utc_time_t time;
    const char *mts_id;
    const char *connector; /* any text may be NULL */
    const char *partner;
    const char *remote_id;
    const char *originator;
    int priority;
    uint64_t octets;
    const char *subject_id;
    const tracking_recipient_t *recipients;
    unsigned recipient_count;
} tracking_record_t;

enum {
    TRACKING_BACKLOG = 8 * 1024 * 1024, /* octets that may wait for the disk; lines beyond are dropped */
    TRACKING_VALUE_LIMIT = 512          /* octets of one field */
};

typedef struct tracking_t tracking_t;

/* Starts the thread. keep_days: files older than so many days are deleted when a new one begins, 0 = never.
 * The folder is made if it is absent. log (for the events) must outlive the tracking; memory in pool. */
err_t *tracking_open(tracking_t **tracking, const char *folder, unsigned keep_days, event_log_t *log,
                     apr_pool_t *pool);
/* Writes what waits and ends the thread. NULL is allowed. */
void tracking_close(tracking_t *tracking);
/* Queues a record; values are made printable (a tab or line end becomes \xNN) and cut to their limit.
 * tracking NULL: nothing happens. Any thread; never waits for the disk. */
void tracking_write(tracking_t *tracking, const tracking_record_t *record);

/* Lines that were dropped since the start. */
uint64_t tracking_dropped(const tracking_t *tracking);

#endif
