/* mta/worker.h in simulated time: jobs run one after the other, their completions a little later. */
#include <stdlib.h>

#include "mta/worker.h"
#include "world.h"

struct worker_t {
    net_loop_t *loop;
    worker_job_t *first;
    worker_job_t **last;
    timers_item_t item;
};

static void schedule(worker_t *worker)
{
    world_t *world = sim_loop_node(worker->loop)->world;
    if (worker->first && !timers_armed(&worker->item))
        world_after(world, &worker->item, world_between(world, 200, 8000));
}

static worker_job_t *take(worker_t *worker)
{
    worker_job_t *job = worker->first;
    if (job) {
        worker->first = job->next;
        if (!worker->first)
            worker->last = &worker->first;
    }
    return job;
}

static void run(void *baton)
{
    worker_t *worker = baton;
    worker_job_t *job = take(worker);
    if (!job)
        return;
    sim_loop_enter(worker->loop);
    job->run(job);
    job->done(job);
    sim_loop_leave(worker->loop);
    schedule(worker);
}

err_t *worker_create(worker_t **out, net_loop_t *loop, apr_pool_t *pool)
{
    worker_t *worker = apr_pcalloc(pool, sizeof(*worker));
    worker->loop = loop;
    worker->last = &worker->first;
    worker->item = (timers_item_t){.run = run, .baton = worker};
    sim_loop_set_worker(loop, worker);
    *out = worker;
    return NULL;
}

void worker_post(worker_t *worker, worker_job_t *job)
{
    job->next = NULL;
    job->loop = worker->loop;
    *worker->last = job;
    worker->last = &job->next;
    schedule(worker);
}

/* The process ends: the jobs are not run; their owners take their memory back. */
void sim_worker_kill(net_loop_t *loop)
{
    worker_t *worker = sim_loop_worker(loop);
    if (!worker)
        return;
    worker_job_t *job;
    while ((job = take(worker)) != NULL)
        job->done(job);
    timers_cancel(&sim_loop_node(loop)->world->events, &worker->item);
}

void worker_destroy(worker_t *worker)
{
    timers_cancel(&sim_loop_node(worker->loop)->world->events, &worker->item);
    sim_loop_set_worker(worker->loop, NULL);
}
