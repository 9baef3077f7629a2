#include "mta/object.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"

object_t *object_create(agent_t *agent)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    object_t *object = apr_pcalloc(pool, sizeof(*object));
    object->agent = agent;
    object->pool = pool;
    object->references = 1;
    return object;
}

void object_retain(object_t *object)
{
    object->references++;
}

void object_release(object_t *object)
{
    if (--object->references > 0)
        return;
    object->agent->cached -= object->cost;
    apr_pool_destroy(object->pool);
}

void object_settle(object_t *object)
{
    size_t cost = sizeof(*object) + object->record.envelope.length + object->content.length + 8192;
    object->agent->cached += cost - object->cost;
    object->cost = cost;
}

bool object_cache_full(const agent_t *agent)
{
    return agent->cached > MTA_CACHE_LIMIT;
}

x411_apdu_t *object_apdu(object_t *object, err_t **err)
{
    *err = NULL;
    if (!object->apdu)
        *err = x411_apdu_decode(object->pool, object->record.envelope, &object->apdu, NULL);
    return *err ? NULL : object->apdu;
}

err_t *object_describe(object_t *object, const x411_apdu_t *apdu, uint64_t content_length, const char *source,
                       utc_time_t arrival, utc_time_t expiry)
{
    /* Stored in the form of 1988, bare, around an empty content: what x411_apdu_decode takes back. */
    x411_encode_options_t options = {
        .mode = X411_MODE_NORMAL, .bare = true, .extension_form = X411_EXTENSION_FORM_AS_RECEIVED};
    buffer_t *out = buffer_create(object->pool, MTA_ENVELOPE_LIMIT * 2);
    err_t *err = x411_apdu_encode(object->pool, apdu, &options, BYTES_NONE, out);
    if (err)
        return err;
    static const store_kind_t kinds[] = {
        [X411_MESSAGE] = STORE_MESSAGE, [X411_REPORT] = STORE_REPORT, [X411_PROBE] = STORE_PROBE};
    uint64_t id = object->record.id ? object->record.id : store_new_id(object->agent->services.store);
    object->record =
        (store_message_t){.id = id,
                          .kind = kinds[apdu->kind],
                          .priority = apdu->kind == X411_REPORT ? X411_URGENT : (int)apdu->priority,
                          .arrival = arrival,
                          .expiry = expiry,
                          .content_length = content_length,
                          .mts_id = x411_mts_id_text(object->pool, &apdu->mts_id),
                          .source = apr_pstrdup(object->pool, source ? source : ""),
                          .envelope = buffer_bytes(out)};
    return NULL;
}

/* Event 2124: the disk of the queue could not read. */
static void tell_unreadable(agent_t *agent, uint64_t message_id, const err_t *err)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    event_subject_t subject = {.layer = "store", .error_code = err->code};
    event_raise(agent->services.events, EVENT_ID_STORE_IO_ERROR, &subject,
                apr_psprintf(pool, "%" APR_UINT64_T_FMT, (apr_uint64_t)message_id), err_describe(pool, err));
    apr_pool_destroy(pool);
}

struct object_read_t {
    agent_t *agent;
    uint64_t message_id;
    object_read_done_t done; /* NULL: forgotten */
    void *context;
};

static void object_was_read(void *baton, const err_t *err, const store_message_t *message, bytes_t chunk)
{
    object_read_t *read = baton;
    object_read_t copy = *read;
    free(read);
    copy.agent->works--;
    if (err)
        tell_unreadable(copy.agent, copy.message_id, err);
    if (!copy.done)
        return;
    if (!message) {
        copy.done(copy.context, NULL, err);
        return;
    }
    object_t *object = object_create(copy.agent);
    object->record = *message;
    object->record.mts_id = apr_pstrdup(object->pool, message->mts_id);
    object->record.source = apr_pstrdup(object->pool, message->source);
    object->record.envelope = bytes_copy(object->pool, message->envelope);
    if (message->content_length <= STORE_CHUNK_SIZE) {
        object->content = bytes_copy(object->pool, chunk);
        object->content_here = true;
    }
    object_settle(object);
    copy.done(copy.context, object, NULL);
}

object_read_t *object_read(agent_t *agent, uint64_t message_id, object_read_done_t done, void *context)
{
    object_read_t *read = calloc(1, sizeof(*read));
    if (!read)
        abort();
    *read = (object_read_t){.agent = agent, .message_id = message_id, .done = done, .context = context};
    agent->works++;
    store_read_message(agent->services.store, message_id, object_was_read, read);
    return read;
}

void object_read_forget(object_read_t *read)
{
    read->done = NULL;
}

struct chunk_read_t {
    agent_t *agent;
    uint64_t message_id;
    chunk_read_done_t done;
    void *context;
};

static void chunk_was_read(void *baton, const err_t *err, bytes_t chunk)
{
    chunk_read_t *read = baton;
    chunk_read_t copy = *read;
    free(read);
    copy.agent->works--;
    if (err)
        tell_unreadable(copy.agent, copy.message_id, err);
    if (copy.done)
        copy.done(copy.context, chunk, err);
}

chunk_read_t *chunk_read(agent_t *agent, uint64_t message_id, unsigned number, chunk_read_done_t done,
                         void *context)
{
    chunk_read_t *read = calloc(1, sizeof(*read));
    if (!read)
        abort();
    *read = (chunk_read_t){.agent = agent, .message_id = message_id, .done = done, .context = context};
    agent->works++;
    store_read_chunk(agent->services.store, message_id, number, chunk_was_read, read);
    return read;
}

void chunk_read_forget(chunk_read_t *read)
{
    read->done = NULL;
}
