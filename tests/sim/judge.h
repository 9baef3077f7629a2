/* What was sent and what became of it. The judge sees what users see (mailbox files, answers to submissions)
 * and what operators see (events), and says at the end whether every promise was kept. */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "world.h"

enum {
    JUDGE_USERS = 2,           /* of each node: 0 and 1 */
    JUDGE_REDIRECTED_USER = 7, /* whose messages go to a user elsewhere */
    JUDGE_LIST_USER = 8,       /* a distribution list */
    JUDGE_UNKNOWN_USER = 9,
    JUDGE_NO_NODE = 0xFFFF
};

typedef enum judge_report_t { JUDGE_REPORT_NONE, JUDGE_REPORT_FAILURE, JUDGE_REPORT_ALL } judge_report_t;

typedef struct judged_recipient_t {
    unsigned node; /* where it is to come out; JUDGE_NO_NODE: nobody has a route */
    unsigned user;
    unsigned
        asked_node; /* to whom it was sent: the same, or an address that is redirected to the one above */
    unsigned asked_user;
    unsigned delivered; /* in distinct files */
    unsigned positive;  /* distinct reports that came back */
    unsigned negative;
} judged_recipient_t;

typedef struct sent_t {
    struct sent_t *next;
    unsigned number;
    node_t *node; /* the originator's */
    bool probe;
    bool list;     /* sent to a distribution list; recipients are its members */
    bool accepted; /* the submission was confirmed */
    bool refused;  /* it was refused by a process that lived on */
    bool seen;     /* something of it, or about it, came out */
    bool doomed;   /* too old or too large by design: failing is right */
    judge_report_t report;
    size_t size;
    const char *mts_id; /* NULL: not known */
    unsigned count;
    judged_recipient_t *recipients;
    const char **paths; /* files that it was delivered as */
    unsigned path_count;
    judge_t *judge;
} sent_t;

typedef struct judge_figures_t {
    uint64_t accepted;
    uint64_t delivered;
    uint64_t positive;
    uint64_t negative;
    uint64_t failed;
    uint64_t
        repeats; /* second deliveries and reports that the standard allows (rerouted after an unknown end) */
    uint64_t recognised; /* repeats that an MTA dropped */
    uint64_t ambiguous;  /* delivered and reported as failed: the end of a transfer was not known */
    uint64_t rerouted;
    uint64_t set_aside;
    uint64_t unreported; /* reports that could not be passed on: there is no report on a report */
} judge_figures_t;

judge_t *judge_create(world_t *world, apr_pool_t *pool);
/* A submission begins; the answer is given to judge_answered. */
sent_t *judge_sent(judge_t *judge, node_t *node, unsigned count);
void judge_accepted(sent_t *sent, const char *mts_id);
/* Octet i of the content of message number. */
uint8_t judge_octet(unsigned number, size_t i);
/* A file pair appeared in a mailbox. */
void judge_delivered(judge_t *judge, node_t *node, unsigned user, const char *path, bytes_t content,
                     const char *envelope);
void judge_event(judge_t *judge, node_t *node, const event_record_t *record);
/* Nothing moves any more: all promises must be kept. */
void judge_conclude(judge_t *judge, bool faults);
const judge_figures_t *judge_figures(const judge_t *judge);

#endif
