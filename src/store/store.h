/* The durable queue: messages with their content, one queue entry per message and next hop, and the marks by
 * which a repeat is recognised. SQL through apr_dbd; SQLite (WAL, synchronous=FULL) is the embedded default.
 *
 * One writer thread owns the database and commits in groups: all transactions that wait when a commit starts
 * go into the next one. A reader thread serves reads with a connection of its own. Callers never wait: each
 * call queues work, and its completion runs inside store_drain, which the owner calls in its own thread after
 * store_config_t.notify was called (from any thread).
 *
 * A transaction whose completion reports success survives kill -9 and power loss. One that fails does not
 * fail the others of its group. While the disk is full or broken all of them fail, and the store works again
 * when the disk does. One process at a time owns a store in a file (store/lease.h): one that was replaced
 * while it hung can commit nothing any more, and is told. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/timebase.h"

typedef struct store_t store_t;
typedef struct store_txn_t store_txn_t;

struct store_entry_t;

/* An attempt to become the owner of a store that another process has; kept by the caller over its calls of
 * store_open, all zero at first. */
typedef struct store_claim_t {
    char owner[128]; /* who has the store, in words; set when store_open fails with APR_EAGAIN */
    uint64_t claimant;
    uint64_t token;
    uint64_t number;
    mono_time_t since;
} store_claim_t;

typedef struct store_config_t {
    const char *driver;            /* apr_dbd driver: "sqlite3" or "pgsql" */
    const char *parameters;        /* its connection parameters: for sqlite3 the path of the database file */
    void (*notify)(void *context); /* completions wait for store_drain; must be safe from any thread */
    void *notify_context;
    size_t backlog_limit; /* octets waiting for a commit from which store_busy says so; 0 = 16 MiB */
    int64_t lease; /* microseconds without a sign of life after which an owner has lost the store; 0 = the
                      lock of the file alone says who the owner is */
    /* Entries of a node that is no more, of a store that is shared: they are this process's now. Called in
     * store_drain with notify_context, one entry at a time, valid during the call, and with NULL when what
     * was found at one look, of one node or of several, is complete. */
    void (*taken)(void *context, const struct store_entry_t *entry);
    store_claim_t *claim; /* NULL: a store that may belong to another process is refused */
} store_config_t;

typedef enum store_kind_t { STORE_MESSAGE = 0, STORE_PROBE = 1, STORE_REPORT = 2 } store_kind_t;

typedef enum store_entry_state_t {
    STORE_ENTRY_QUEUED = 0,
    STORE_ENTRY_HELD = 1,     /* by the operator */
    STORE_ENTRY_DEFERRED = 2, /* until `due` */
    STORE_ENTRY_BAD = 3       /* set aside: it could not be handled */
} store_entry_state_t;

enum { STORE_CHUNK_SIZE = 256 * 1024, STORE_NAME_LIMIT = 255, STORE_DIGEST_SIZE = 16 };

typedef struct store_message_t {
    uint64_t id; /* from store_new_id */
    store_kind_t kind;
    int priority; /* 0 normal, 1 non-urgent, 2 urgent (X.411) */
    utc_time_t arrival;
    utc_time_t expiry; /* when it is non-delivered for age */
    uint64_t content_length;
    const char *mts_id; /* text form */
    const char *source; /* the connector it came by, "" if submitted here */
    bytes_t envelope;   /* as the agent encoded it; opaque here */
} store_message_t;

/* One next hop of a message. */
typedef struct store_entry_t {
    uint64_t id; /* from store_new_id */
    uint64_t message_id;
    const char *destination; /* connector or mailbox, by name */
    store_kind_t kind;       /* of the message */
    int priority;
    store_entry_state_t state;
    unsigned attempts;
    utc_time_t due; /* earliest next attempt; 0 = now */
    uint64_t size;  /* octets of the content, for queue figures */
    utc_time_t arrival;
    utc_time_t expiry;
    unsigned recipient_count; /* for queue figures; at most 65535 */
    bytes_t recipients;       /* which recipients of the envelope; opaque here */
    bytes_t progress; /* as store_txn_put_progress left it; opaque here. Read only: the steps that put and
                         change an entry do not write it */
} store_entry_t;

/* A transfer on which reports are awaited. */
typedef struct store_watch_t {
    uint64_t id; /* from store_new_id */
    utc_time_t time;
    const char *mts_id;
    const char *destination;
    bytes_t recipients; /* opaque here */
} store_watch_t;

/* Codes of errors. Of a transaction: what it takes in is there already, perhaps by another node. */
enum { STORE_REPEAT_CODE = APR_EEXIST };

/* Opens (and creates, if absent) the store and starts its threads. A store of a newer layout, a file that is
 * not a store, or one that another process holds is refused with words that say so. Code APR_EAGAIN: it
 * belongs to another process now. With a claim the call is to be repeated several times within the lease: it
 * succeeds when the owner has gone or has given no sign of life for that long. */
err_t *store_open(store_t **store, const store_config_t *config, apr_pool_t *pool);
/* Finishes all queued work, ends the threads and closes. Completions still waiting are run; what they queue
 * in turn fails. To be called in the owner's thread. */
void store_close(store_t *store);

/* True while this process may speak for the store: confirm what it has committed, send what is in it. False
 * when it hung so long that another may have the store, until that is known to be not so. Any thread; cheap.
 */
bool store_owns(store_t *store);
/* True once another process has the store: nothing can be committed here ever again. *by (may be NULL) gets
 * its name, valid as long as the store. notify is called when it turns out. */
bool store_lost(store_t *store, const char **by);

/* What was odd about the store when it was opened. */
typedef enum store_remark_t {
    STORE_AS_LEFT,
    STORE_PUT_BACK, /* to an older state than it had been in: identifiers go on where they were */
    STORE_COPIED    /* the file is another one than before: a copy, or restored from one */
} store_remark_t;
store_remark_t store_remark(const store_t *store);

/* A new identifier: unique for the life of the store, over restarts too, increasing, never 0. Any thread. */
uint64_t store_new_id(store_t *store);

/* Start-up: every entry in order of identifier, without envelope or content. entry is valid during the call.
 */
err_t *store_scan_entries(store_t *store, void (*each)(void *context, const store_entry_t *entry),
                          void *context, apr_pool_t *pool);
/* Start-up: the digests of the newest `limit` repeat marks, oldest first. */
err_t *store_scan_marks(store_t *store, size_t limit,
                        void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time),
                        void *context, apr_pool_t *pool);
/* Start-up: every watch in order of identifier; valid during the call. */
err_t *store_scan_watches(store_t *store, void (*each)(void *context, const store_watch_t *watch),
                          void *context, apr_pool_t *pool);
/* Start-up: finds chunks of former runs that belong to no message (transfers that a crash ended). They are
 * deleted behind the transactions. Nothing is found at the start of a store that is shared: what is there
 * comes with store_config_t.taken. */
err_t *store_purge_orphans(store_t *store, apr_pool_t *pool);

/* A transaction: its steps are copied as they are added and done in order, all or none. It belongs to one
 * thread until store_txn_commit. A name longer than STORE_NAME_LIMIT or a chunk longer than STORE_CHUNK_SIZE
 * makes the whole transaction fail. */
store_txn_t *store_txn_begin(store_t *store);
void store_txn_put_message(store_txn_t *txn, const store_message_t *message);
/* The content as chunks numbered from 0; all but the last have STORE_CHUNK_SIZE octets. Chunks may be
 * committed before their message. Chunk 0 in the transaction of its message costs least. */
void store_txn_put_chunk(store_txn_t *txn, uint64_t message_id, unsigned number, bytes_t octets);
void store_txn_put_entry(store_txn_t *txn, const store_entry_t *entry);
/* Changes destination, state, attempts, due, priority, expiry and recipients of the entry with this id; the
 * transaction fails if there is none. */
void store_txn_update_entry(store_txn_t *txn, const store_entry_t *entry);
/* Notes how far the transfer of an entry has come; nothing is done if there is no such entry. */
void store_txn_put_progress(store_txn_t *txn, uint64_t entry_id, bytes_t progress);
void store_txn_delete_entry(store_txn_t *txn, uint64_t entry_id);
/* Deletes a message and its chunks (the caller knows that no entry is left, but for these count entries: it
 * stays if one of them is there still. Their removals are in transactions before this one, which may fail
 * without it). Many chunks are deleted a few at a time behind the transactions; the identifier must not be
 * used again. Deleting what is not there is no error. */
void store_txn_delete_message_after(store_txn_t *txn, uint64_t message_id, const uint64_t *entries,
                                    unsigned count);
/* The same, where no other entry can be there. */
static inline void store_txn_delete_message(store_txn_t *txn, uint64_t message_id)
{
    store_txn_delete_message_after(txn, message_id, NULL, 0);
}
/* Deletes chunks without a message: an incoming transfer that was given up. */
void store_txn_delete_chunks(store_txn_t *txn, uint64_t message_id);
/* Remembers a digest by which a repeat of what this transaction takes in is recognised. */
void store_txn_put_mark(store_txn_t *txn, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time);
/* Forgets marks older than time, up to the first that is not: marks are expected in the order of time. */
void store_txn_purge_marks(store_txn_t *txn, utc_time_t time);
/* A watch comes, its recipients change, it goes. To change or delete one that is not there is no error. */
void store_txn_put_watch(store_txn_t *txn, const store_watch_t *watch);
void store_txn_update_watch(store_txn_t *txn, uint64_t id, bytes_t recipients);
void store_txn_delete_watch(store_txn_t *txn, uint64_t id);

/* Runs in store_drain, in the order of store_txn_commit: err is NULL when the transaction is durable;
 * otherwise nothing of it was done. err is valid during the call. */
typedef void (*store_done_t)(void *context, const err_t *err);
/* Queues the transaction and gives it up; done may be NULL. */
void store_txn_commit(store_txn_t *txn, store_done_t done, void *context);
/* Drops a transaction that was not queued. */
void store_txn_abandon(store_txn_t *txn);

/* Reads. The message, envelope and chunk are valid during the call only; message is NULL if err is not NULL
 * or there is none. first_chunk is chunk 0 (empty if there is no content). */
typedef void (*store_message_read_t)(void *context, const err_t *err, const store_message_t *message,
                                     bytes_t first_chunk);
void store_read_message(store_t *store, uint64_t message_id, store_message_read_t done, void *context);
typedef void (*store_chunk_read_t)(void *context, const err_t *err, bytes_t chunk);
void store_read_chunk(store_t *store, uint64_t message_id, unsigned number, store_chunk_read_t done,
                      void *context);

/* Runs the completions that wait, in the caller's thread. Transactions that they commit form one group. */
void store_drain(store_t *store);
/* True while the backlog of octets that wait for a commit is over the limit: callers stop taking more in. */
bool store_busy(const store_t *store);

/* Figures since the start, for counters and benchmarks. */
typedef struct store_figures_t {
    uint64_t commits;        /* groups */
    uint64_t transactions;   /* durable */
    uint64_t failures;       /* transactions that were not done */
    uint64_t octets_waiting; /* memory of the transactions that wait for a commit */
} store_figures_t;
void store_figures(const store_t *store, store_figures_t *figures);

#endif
