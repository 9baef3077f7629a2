/* What the files of the store share: the steps of a transaction, the queues of the two threads, and the list
 * of completions that wait for store_drain. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <stdatomic.h>

#include <apr_hash.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "store/arena.h"
#include "store/database.h"
#include "store/lease.h"
#include "store/store.h"

enum {
    STORE_GROUP_TRANSACTIONS = 1024,         /* most transactions of one commit */
    STORE_GROUP_OCTETS = 8 * 1024 * 1024,    /* no more is added to a group that has this many */
    STORE_SWEEP_CHUNKS = 16,                 /* chunks deleted at once; the rest goes with later groups */
    STORE_SWEEP_MARKS = 4096,                /* marks deleted at once */
    STORE_SWEEPS_AT_CLOSE = 1024,            /* what is left then is found as orphans at the next start */
    STORE_SHORTEST_LEASE = 3000000,          /* microseconds, of a store that is shared */
    STORE_IDS_RESERVED = 1 << 16,            /* identifiers that a restart may skip */
    STORE_DEFAULT_BACKLOG = 16 * 1024 * 1024 /* octets */
};

typedef struct shared_t shared_t;

typedef enum step_kind_t {
    STEP_PUT_MESSAGE,
    STEP_PUT_CHUNK,
    STEP_PUT_ENTRY,
    STEP_UPDATE_ENTRY,
    STEP_PUT_PROGRESS,
    STEP_DELETE_ENTRY,
    STEP_DELETE_MESSAGE,
    STEP_DELETE_CHUNKS,
    STEP_PUT_MARK,
    STEP_PURGE_MARKS,
    STEP_PUT_WATCH,
    STEP_UPDATE_WATCH,
    STEP_DELETE_WATCH
} step_kind_t;

typedef struct step_t step_t;
struct step_t {
    step_t *next;
    step_kind_t kind;
    uint64_t id;     /* of the message, entry, mark or watch */
    unsigned number; /* of the chunk */
    utc_time_t time;
    bytes_t octets; /* chunk, digest, progress; uint64_t identifiers of entries that a message goes after */
    bool inlined;   /* this chunk is kept in the row of its message */
    union {
        store_message_t *message;
        store_entry_t *entry;
        store_watch_t *watch;
    } of;
    step_t *content; /* of a message: the chunk that its row keeps, or NULL */
};

/* Something that a thread has finished or has to do; completion runs in store_drain and frees it. */
typedef struct job_t job_t;
struct job_t {
    job_t *next;
    void (*complete)(job_t *job);
    store_t *store;
    arena_t arena;
    apr_pool_t *error_pool; /* holds err, NULL if there is none */
    err_t *err;
    void *context;
};

typedef struct job_list_t {
    job_t *first;
    job_t *last;
} job_list_t;

struct store_txn_t {
    job_t job; /* first, so that a job is a transaction */
    store_done_t done;
    step_t *first;
    step_t *last;
    const char *refused; /* why it cannot be done, NULL if it can */
};

/* What is deleted in steps behind the transactions. */
typedef struct sweep_t sweep_t;
struct sweep_t {
    sweep_t *next;
    bool marks;      /* marks with smaller identifiers, otherwise chunks of the message */
    uint64_t id;     /* of the message, or the first mark that stays */
    unsigned number; /* next chunk to delete */
};

/* The writer's side of the database: used in its thread only. */
typedef struct writer_t {
    database_t *database; /* NULL while it cannot be opened again */
    apr_pool_t *pool;     /* cleared after each group */
    apr_pool_t *names_pool;
    apr_hash_t *names;      /* name -> int64_t identifier, as committed or in the open transaction */
    job_list_t doubtful;    /* of a commit during which the connection broke; shared stores only */
    uint64_t doubtful_beat; /* its sign of life */
    uint64_t reserved;      /* identifiers below this are known to the database as used */
    size_t group;           /* transactions of the last group */
    int64_t took;           /* microseconds, its commit */
    sweep_t *sweeps;        /* committed, oldest first */
    sweep_t *tentative;     /* of the open transaction */
    uint64_t run_from;      /* identifiers from this one on are of this run, up to the next new one */
    uint64_t chunked_from;  /* messages of this run that have chunks of their own are from this one */
    uint64_t chunked_to;    /* to this one; 0 = there is none */
    bool shared;
} writer_t;

struct store_t {
    store_config_t config;
    apr_pool_t *pool;
    lease_t *lease;   /* of a store in a file */
    shared_t *shared; /* of a store that several processes work on */
    uint64_t epoch;   /* owners that the store has had, this one included */
    atomic_bool lost; /* a commit found another owner */
    store_remark_t remark;
    uint64_t first_id; /* of this run */
    _Atomic uint64_t next_id;
    _Atomic uint64_t octets_waiting;
    _Atomic uint64_t commits;
    _Atomic uint64_t transactions;
    _Atomic uint64_t failures;

    apr_thread_mutex_t *mutex; /* guards the three lists and the flags */
    apr_thread_cond_t *writer_wakes;
    apr_thread_cond_t *reader_wakes;
    job_list_t writes;
    size_t writes_count;
    size_t writes_wanted; /* the writer gathers, and is woken early by so many; 0: it does not */
    job_list_t reads;
    job_list_t completions;
    sweep_t *orphans; /* for the writer to take over */
    bool notified;    /* since completions was last empty */
    bool closing;
    bool writer_waits; /* and nobody has woken it yet */
    unsigned draining; /* calls of store_drain: what they queue becomes one group, woken for at their end */

    writer_t writer;
    database_t *reader_database; /* used in the reader thread only */
    apr_pool_t *reader_pool;
    apr_thread_t *writer_thread;
    apr_thread_t *reader_thread;
};

static inline void job_list_add(job_list_t *list, job_t *job)
{
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static inline void job_list_append(job_list_t *list, job_list_t *more)
{
    if (!more->first)
        return;
    if (list->last)
        list->last->next = more->first;
    else
        list->first = more->first;
    list->last = more->last;
    *more = (job_list_t){0};
}

/* Becomes the owner in the store itself, whose former owners can commit nothing from then on; compares the
 * numbers kept beside it. The database of the writer is open. */
err_t *store_begin_epoch(store_t *store, apr_pool_t *pool);
/* Inside an open database transaction: an error with code STORE_LOST_CODE if this is the owner no more. */
enum { STORE_LOST_CODE = APR_EPROC_UNKNOWN };
err_t *store_check_epoch(store_t *store);

/* One page of entries: those after *after and before `before`, at most limit; *found is how many. */
err_t *store_scan_page(database_t *database, int64_t *after, int64_t before, int limit, int *found,
                       void (*each)(void *context, const store_entry_t *entry), void *context,
                       apr_pool_t *pool);
/* Has the chunks between these identifiers deleted that belong to no message. */
err_t *store_sweep_orphans(store_t *store, database_t *database, uint64_t from, uint64_t to,
                           apr_pool_t *pool);

/* Keeps a copy of err with the job. */
void store_job_fail(job_t *job, const err_t *err);
/* Hands finished jobs to store_drain and notifies the owner. */
void store_finish(store_t *store, job_list_t *jobs);
/* Whether the writer is to be woken for what waits; the caller, who holds the mutex, does so at once. */
bool store_writer_is_due(store_t *store);
/* A pool for one thread, with an allocator of its own; NULL if memory ran out. */
apr_pool_t *store_thread_pool(void);

/* Does the steps of a transaction inside an open database transaction; next_id is above all its identifiers.
 */
err_t *store_apply(writer_t *writer, const store_txn_t *txn, uint64_t next_id);
/* The open transaction was committed: what it leaves to be swept is taken up. Or it was rolled back: what the
 * writer learned in it is forgotten. */
void store_apply_accept(writer_t *writer);
void store_apply_forget(writer_t *writer);
/* Deletes the next part of what is to be swept, inside an open database transaction; *finished is set if the
 * first sweep is at its end and can be dropped once this is committed. */
err_t *store_sweep_step(writer_t *writer, bool *finished);
void store_sweep_drop(sweep_t **list);

void *APR_THREAD_FUNC store_writer_run(apr_thread_t *thread, void *data);
void *APR_THREAD_FUNC store_reader_run(apr_thread_t *thread, void *data);

#endif
