/* Who owns a store in a file. The owner holds a lock on PATH.lock, and the file says who it is; so a second
 * process of this machine waits as long as the first lives. Where a lock says too little (the owner hangs, or
 * runs on another machine that shares the disk), the file carries a conversation: who wants the store writes
 * a claim, an owner that lives answers it, and a claim that was not answered for the time of the lease gives
 * the store away. An owner that has not looked for half that time is none until it has looked again: it
 * neither confirms nor sends. What a former owner still has under way is stopped by the number of the owner
 * in the store itself, which each commit checks.
 *
 * Nothing here compares clocks of two machines. Lengths of time are read from the monotonic clock. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "base/error.h"
#include "store/store.h"

typedef struct lease_t lease_t;

/* Finds out whether this process may become the owner of the store at path. *lease is then in pool, and
 * lease_take is to follow. Code APR_EAGAIN: another process owns it; to be tried again with the same claim,
 * several times in each period. claim NULL: no waiting, a store that may belong to somebody is refused.
 * period: the lease in microseconds, 0 = whoever has the lock owns the store. */
err_t *lease_try(lease_t **lease, const char *path, int64_t period, store_claim_t *claim, apr_pool_t *pool);
/* Writes down that this process is the owner: from then on a former one that looks is none. */
err_t *lease_take(lease_t *lease, apr_pool_t *pool);
/* False if the former owner still has the lock of the file: it hangs, perhaps in the middle of a commit. */
bool lease_has_lock(const lease_t *lease);
/* Answers claims from now on, in a thread of its own; notify is called there once if the store is lost. */
err_t *lease_keep(lease_t *lease, void (*notify)(void *context), void *context, apr_pool_t *pool);
/* True while this process is the owner; looks into the file when the last look was too long ago. Any thread.
 */
bool lease_valid(lease_t *lease);
/* Looks into the file now, for who knows otherwise that the store is lost: lease_lost can then name the
 * owner. */
void lease_look(lease_t *lease);
/* True once another process has the store; *by (may be NULL) gets its name, valid as long as the lease. */
bool lease_lost(lease_t *lease, const char **by);
/* Numbers kept beside the store, to notice that the file was put back to an older state. */
typedef struct lease_numbers_t {
    uint64_t epoch; /* owners so far; 0 = not known */
    uint64_t ids;   /* identifiers below this may have been given out */
} lease_numbers_t;
void lease_numbers(const lease_t *lease, lease_numbers_t *numbers);
err_t *lease_set_numbers(lease_t *lease, const lease_numbers_t *numbers, apr_pool_t *pool);
/* Gives the store up, if it is still this process's, for the next one to take at once. */
void lease_release(lease_t *lease);

#endif
