/* A store that several processes work on at the same time, each called a node. Every node that was ever
 * started has a number and a row; the number is the upper part of each identifier that it gives out, so what
 * is whose is known from the identifiers. A node gives a sign of life in each commit, and every second when
 * it has nothing to commit; the others watch. Who gives none for the time of the lease gets an heir: another
 * node that takes over all that the row stands for. From then on the node can commit nothing, for each commit
 * begins with the sign of life in its own row, and only if that has no heir.
 *
 * The sign of life is a number that rises with each commit, so that after a connection that broke during a
 * commit it tells whether that commit was done. */
#ifndef STORE_SHARED_H
#define STORE_SHARED_H

#include "store/internal.h"

enum { SHARED_NODE_SHIFT = 40, SHARED_BEAT = 1000000 /* microseconds between signs of life */ };

/* Takes a number for this process, in the writer's database: first_id is set. */
err_t *shared_join(store_t *store, apr_pool_t *pool);
/* Starts to watch the other nodes, in a thread of its own. */
err_t *shared_watch(store_t *store, apr_pool_t *pool);
/* Inside an open database transaction of the writer: the sign of life. Code STORE_LOST_CODE: there is an
 * heir. */
err_t *shared_beat(store_t *store);
/* That of the last transaction. */
uint64_t shared_last_beat(const store_t *store);
/* The transaction that began at this time is committed. */
void shared_committed(store_t *store, mono_time_t began);
/* True if the commit with this sign of life was done; the writer has a connection. */
err_t *shared_was_committed(store_t *store, uint64_t beat, bool *done);
/* True while others take this node for alive. */
bool shared_valid(const store_t *store);
/* Ends the thread and, if nothing hinders, leaves: the others take over at once. */
void shared_leave(store_t *store);

#endif
