#include "mta/reissue.h"

#include "mta/content.h"
#include "mta/object.h"
#include "mta/queue.h"

typedef struct reissue_t {
    work_t *work;
    object_t *source;
    object_t *object; /* the new one */
    plan_t plan;
    reissue_done_t done;
    void *context;
} reissue_t;

static void add_entries(reissue_t *reissue)
{
    agent_t *agent = reissue->source->agent;
    bool all = reissue->plan.hop_count == 1 && reissue->plan.result_count == 0;
    for (plan_hop_t *hop = reissue->plan.hops; hop; hop = hop->next) {
        queue_entry_t *entry =
            queue_entry_create(hop->destination, store_new_id(agent->services.store),
                               reissue->object->record.id, hop->recipients, all ? 0 : hop->count);
        work_add_entry(reissue->work, reissue->object, entry, 0);
    }
}

static void reported(void *context, const err_t *err)
{
    reissue_t *reissue = context;
    object_t *object = reissue->object;
    if (err) {
        object_release(object);
    } else if (reissue->plan.hops) {
        work_add_object(reissue->work, object); /* takes the reference over */
        add_entries(reissue);
    } else {
        if (!object->content_here)
            work_delete_chunks(reissue->work, object->record.id);
        object_release(object);
    }
    reissue->done(reissue->context, err);
}

static void copied(void *context, const err_t *err)
{
    reissue_t *reissue = context;
    const store_message_t *record = &reissue->source->record;
    object_t *object = reissue->object;
    if (!err && !object->content_here)
        work_expect_chunks(reissue->work, object->record.id);
    if (!err)
        err = object_describe(object, reissue->plan.apdu, record->content_length,
                              *record->source ? record->source : NULL, record->arrival, record->expiry);
    if (err) {
        reported(reissue, err);
        return;
    }
    /* The envelope is decoded anew when it is needed: the model shares octets with source. */
    object->apdu = NULL;
    plan_settle(&reissue->plan, reissue->work, reissue->source, record->arrival, reported, reissue);
}

void reissue_begin(work_t *work, object_t *source, x411_apdu_t *apdu, unsigned other_action,
                   reissue_done_t done, void *context)
{
    agent_t *agent = source->agent;
    apr_pool_t *pool = work_pool(work);
    reissue_t *reissue = apr_pcalloc(pool, sizeof(*reissue));
    *reissue = (reissue_t){.work = work, .source = source, .done = done, .context = context};
    x411_domain_t domain = agent_domain(agent);
    x411_trace_other_action(pool, apdu, &domain, agent->config->mta.name, other_action);
    plan_init(&reissue->plan, agent, apdu, pool);
    plan_route_all(&reissue->plan, NULL, source->record.content_length);
    reissue->object = object_create(agent);
    content_copy(source, reissue->object, copied, reissue);
}
