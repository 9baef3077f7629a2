#include "mta/content.h"

#include <stdlib.h>

#include "mta/object.h"
#include "mta/trash.h"

typedef struct content_job_t {
    object_t *from;
    object_t *to; /* NULL: it is read into from->returned */
    uint8_t *octets;
    uint64_t length;
    uint64_t position;
    unsigned number;
    content_done_t done;
    void *context;
} content_job_t;

static void step(content_job_t *job);

static void finish(content_job_t *job, const err_t *err)
{
    content_job_t copy = *job;
    free(job);
    if (err && copy.to)
        trash_chunks(copy.from->agent, copy.to->record.id);
    copy.done(copy.context, err);
}

static void chunk_stored(void *context, const err_t *err)
{
    content_job_t *job = context;
    job->from->agent->works--;
    if (err || job->position >= job->length)
        finish(job, err);
    else
        step(job);
}

static void chunk_came(void *context, bytes_t chunk, const err_t *err)
{
    content_job_t *job = context;
    if (err || !chunk.length || chunk.length > job->length - job->position) {
        finish(job, err ? err : err_create(job->from->pool, 0, "store", "a chunk is missing or too long"));
        return;
    }
    agent_t *agent = job->from->agent;
    uint64_t position = job->position;
    job->position += chunk.length;
    if (job->to) {
        store_txn_t *txn = store_txn_begin(agent->services.store);
        store_txn_put_chunk(txn, job->to->record.id, job->number++, chunk);
        agent->works++;
        store_txn_commit(txn, chunk_stored, job);
        return;
    }
    memcpy(job->octets + position, chunk.data, chunk.length);
    job->number++;
    if (job->position < job->length) {
        step(job);
        return;
    }
    job->from->returned = bytes_make(job->octets, (size_t)job->length);
    finish(job, NULL);
}

static void step(content_job_t *job)
{
    chunk_read(job->from->agent, job->from->record.id, job->number, chunk_came, job);
}

static content_job_t *begin(object_t *from, uint64_t length, content_done_t done, void *context)
{
    content_job_t *job = calloc(1, sizeof(*job));
    if (!job)
        abort();
    job->from = from;
    job->length = length;
    job->done = done;
    job->context = context;
    return job;
}

void content_copy(object_t *from, object_t *to, content_done_t done, void *context)
{
    uint64_t length = from->record.content_length;
    if (from->content_here || !length) {
        to->content = bytes_copy(to->pool, from->content);
        to->content_here = true;
        done(context, NULL);
        return;
    }
    content_job_t *job = begin(from, length, done, context);
    job->to = to;
    to->record.id = store_new_id(from->agent->services.store);
    step(job);
}

void content_load(object_t *object, uint64_t length, content_done_t done, void *context)
{
    if (object->content_here || object->returned.length || !length) {
        done(context, NULL);
        return;
    }
    content_job_t *job = begin(object, length, done, context);
    job->octets = apr_palloc(object->pool, (apr_size_t)length);
    step(job);
}
