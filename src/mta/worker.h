/* A thread for work that waits (files of mailboxes), so that the loop does not: jobs run one after the other
 * in the worker's thread, their completions run in the loop's thread. */
#ifndef MTA_WORKER_H
#define MTA_WORKER_H

#include "net/net.h"

typedef struct worker_t worker_t;

typedef struct worker_job_t {
    struct worker_job_t *next;
    void (*run)(struct worker_job_t *job);  /* in the worker's thread */
    void (*done)(struct worker_job_t *job); /* in the loop's thread, after run */
    void *baton;
    net_loop_t *loop;
} worker_job_t;

err_t *worker_create(worker_t **worker, net_loop_t *loop, apr_pool_t *pool);
/* Queues job, which belongs to its owner and must stay until done was called. */
void worker_post(worker_t *worker, worker_job_t *job);
/* Runs the jobs that are queued to their end and ends the thread; completions that were not run yet are
 * still in the loop's hands. */
void worker_destroy(worker_t *worker);

#endif
