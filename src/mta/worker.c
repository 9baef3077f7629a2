#include "mta/worker.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

struct worker_t {
    net_loop_t *loop;
    apr_thread_t *thread;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *wake;
    worker_job_t *first;
    worker_job_t **last;
    bool stop;
};

static void complete(void *baton)
{
    worker_job_t *job = baton;
    job->done(job);
}

static worker_job_t *next_job(worker_t *worker)
{
    apr_thread_mutex_lock(worker->mutex);
    while (!worker->first && !worker->stop)
        apr_thread_cond_wait(worker->wake, worker->mutex);
    worker_job_t *job = worker->first;
    if (job) {
        worker->first = job->next;
        if (!worker->first)
            worker->last = &worker->first;
    }
    apr_thread_mutex_unlock(worker->mutex);
    return job;
}

static void *APR_THREAD_FUNC worker_main(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    for (worker_job_t *job = next_job(worker); job; job = next_job(worker)) {
        job->run(job);
        net_loop_post(worker->loop, complete, job);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

err_t *worker_create(worker_t **out, net_loop_t *loop, apr_pool_t *pool)
{
    worker_t *worker = apr_pcalloc(pool, sizeof(*worker));
    worker->loop = loop;
    worker->last = &worker->first;
    apr_status_t status = apr_thread_mutex_create(&worker->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS)
        status = apr_thread_cond_create(&worker->wake, pool);
    if (status == APR_SUCCESS)
        status = apr_thread_create(&worker->thread, NULL, worker_main, worker, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "cannot start the worker thread");
    *out = worker;
    return NULL;
}

void worker_post(worker_t *worker, worker_job_t *job)
{
    job->next = NULL;
    job->loop = worker->loop;
    apr_thread_mutex_lock(worker->mutex);
    *worker->last = job;
    worker->last = &job->next;
    apr_thread_cond_signal(worker->wake);
    apr_thread_mutex_unlock(worker->mutex);
}

void worker_destroy(worker_t *worker)
{
    apr_thread_mutex_lock(worker->mutex);
    worker->stop = true;
    apr_thread_cond_signal(worker->wake);
    apr_thread_mutex_unlock(worker->mutex);
    apr_status_t status;
    apr_thread_join(&status, worker->thread);
}
