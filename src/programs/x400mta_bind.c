#include "x400mta_bind.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "event/ids.h"
#include "net/resolver.h"
#include "platform.h"

enum { AGAIN_SECONDS = 30 };

/* A name that stands for an address of this machine. */
typedef struct name_t {
    struct name_t *next;
    bind_watch_t *watch;
    const char *name;
    resolver_waiter_t waiter;
    resolver_addresses_t answer;
    bool answered;
    bool fresh; /* looked up since the last reload */
    bool told;  /* that it has no address */
} name_t;

/* Addresses as the system told of them. */
typedef struct present_t {
    apr_pool_t *pool;
    bind_watch_t *watch;
    bind_present_t *list;
    size_t count;
} present_t;

/* One question to the cluster. */
typedef struct question_t {
    apr_pool_t *pool;
    bind_watch_t *watch;
    const char *resource;
    platform_cluster_t answer;
} question_t;

struct bind_watch_t {
    apr_pool_t *pool;
    apr_pool_t *follow_pool; /* ends the following of addresses */
    agent_t *agent;
    net_loop_t *loop;
    event_log_t *events;
    const config_t *config;
    bool begun;
    present_t *present;
    bool following;  /* the platform has told once */
    bool unfollowed; /* the system does not tell of addresses */
    apr_pool_t *names_pool;
    name_t *names;
    question_t *cluster;      /* answered */
    apr_thread_t *asking;     /* the cluster, NULL = not now */
    const char *cluster_told; /* what the last event about it said */
    timers_item_t again;
    timers_item_t ask_names;
};

/* The facts as they are now. */

static const char *const *copy_answer(const resolver_addresses_t *answer, apr_pool_t *pool)
{
    const char **list = apr_pcalloc(pool, (answer->count + 1) * sizeof(*list));
    for (unsigned i = 0; i < answer->count; i++)
        list[i] = answer->text[i];
    return list;
}

static void add_names(const bind_watch_t *watch, bind_facts_t *facts, apr_pool_t *pool)
{
    size_t count = 0;
    for (const name_t *name = watch->names; name; name = name->next)
        count++;
    bind_name_t *names = apr_pcalloc(pool, (count + 1) * sizeof(*names));
    for (const name_t *name = watch->names; name; name = name->next)
        if (name->answered)
            names[facts->name_count++] = (bind_name_t){name->name, copy_answer(&name->answer, pool)};
    facts->names = names;
}

static void add_cluster(const bind_watch_t *watch, bind_facts_t *facts)
{
    const platform_cluster_t *cluster = &watch->cluster->answer;
    bool silent = cluster->state == PLATFORM_CLUSTER_SILENT;
    facts->on_cluster = cluster->runs_us;
    facts->cluster_pending = silent && (cluster->runs_us || watch->config->cluster.node);
    if (cluster->state == PLATFORM_CLUSTER_FOUND) {
        facts->virtual_addresses = cluster->addresses;
        facts->virtual_source = cluster->source;
    }
}

static void collect(const bind_watch_t *watch, bind_facts_t *facts, apr_pool_t *pool)
{
    *facts = (bind_facts_t){.present_known = watch->present && !watch->unfollowed};
    if (facts->present_known) {
        facts->present = watch->present->list;
        facts->present_count = watch->present->count;
    }
    add_names(watch, facts, pool);
    if (watch->cluster)
        add_cluster(watch, facts);
}

static void tell_agent(bind_watch_t *watch)
{
    if (!watch->begun)
        return;
    apr_pool_t *pool;
    apr_pool_create(&pool, watch->pool);
    bind_facts_t facts;
    collect(watch, &facts, pool);
    agent_set_bind_facts(watch->agent, &facts);
    apr_pool_destroy(pool);
}

/* Addresses. */

static void take_present(void *baton)
{
    present_t *present = baton;
    bind_watch_t *watch = present->watch;
    if (watch->present)
        apr_pool_destroy(watch->present->pool);
    watch->present = present;
    tell_agent(watch);
}

/* In the platform's thread; the first time in the caller's. */
static void addresses_changed(void *context, const platform_address_t *addresses, size_t count)
{
    bind_watch_t *watch = context;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    present_t *present = apr_pcalloc(pool, sizeof(*present));
    present->pool = pool;
    present->watch = watch;
    present->list = apr_pcalloc(pool, (count + 1) * sizeof(*present->list));
    present->count = count;
    for (size_t i = 0; i < count; i++)
        present->list[i] = (bind_present_t){apr_pstrdup(pool, addresses[i].text), addresses[i].usable,
                                            addresses[i].link_down};
    if (watch->following) {
        net_loop_post(watch->loop, take_present, present);
        return;
    }
    watch->following = true; /* before there is a thread */
    take_present(present);
}

static void follow_addresses(bind_watch_t *watch)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    err_t *err = platform_follow_addresses(addresses_changed, watch, pool);
    watch->follow_pool = pool;
    if (!err)
        return;
    watch->unfollowed = true;
    event_raise(watch->events, EVENT_ID_ADDRESSES_UNKNOWN, NULL, err_describe(pool, err));
}

/* Names. */

static void come_again(bind_watch_t *watch)
{
    if (!timers_armed(&watch->again))
        timers_arm(net_loop_timers(watch->loop), &watch->again,
                   net_loop_now(watch->loop) + TIME_SECONDS(AGAIN_SECONDS));
}

static void tell_unknown(name_t *name, apr_status_t status)
{
    bind_watch_t *watch = name->watch;
    come_again(watch);
    if (name->told)
        return;
    name->told = true;
    char words[256];
    event_raise(watch->events, EVENT_ID_NAME_UNKNOWN, NULL, name->name,
                status ? err_status_words(status, words, sizeof(words)) : "the name has no address");
}

static void name_answered(void *baton, const resolver_addresses_t *answer)
{
    name_t *name = baton;
    bool lost = answer->count == 0;
    if (!lost || name->answer.count == 0) /* a name service that fails takes nothing away */
        name->answer = *answer;
    name->answered = true;
    name->fresh = true;
    if (lost)
        tell_unknown(name, answer->status);
    tell_agent(name->watch);
}

static void ask_names(void *baton)
{
    bind_watch_t *watch = baton;
    for (name_t *name = watch->names; name; name = name->next) {
        if (name->waiter.request || (name->fresh && name->answer.count))
            continue;
        resolver_t *resolver = net_loop_resolver(watch->loop);
        name->waiter.done = name_answered;
        name->waiter.baton = name;
        apr_status_t status = resolver ? resolver_ask(resolver, &name->waiter, name->name) : APR_ENOMEM;
        if (status != APR_SUCCESS)
            tell_unknown(name, status);
    }
}

static void forget_names(bind_watch_t *watch)
{
    for (name_t *name = watch->names; name; name = name->next)
        if (name->waiter.request)
            resolver_cancel(net_loop_resolver(watch->loop), &name->waiter);
    watch->names = NULL;
    apr_pool_clear(watch->names_pool);
}

static name_t *take_old(name_t *old, const char *name)
{
    while (old && strcmp(old->name, name) != 0)
        old = old->next;
    return old;
}

/* The names of the configuration and the cluster; what was known of them stays known until it is asked anew.
 */
static void take_names(bind_watch_t *watch)
{
    apr_pool_t *old_pool = watch->names_pool;
    name_t *old = watch->names;
    apr_pool_create(&watch->names_pool, watch->pool);
    bind_facts_t facts;
    collect(watch, &facts, watch->names_pool);
    const char *const *names = bind_plan_names(watch->config, &facts, watch->names_pool);
    name_t *taken = NULL;
    for (; *names; names++) {
        name_t *name = apr_pcalloc(watch->names_pool, sizeof(*name));
        const name_t *known = take_old(old, *names);
        if (known) {
            name->answer = known->answer;
            name->answered = known->answered;
            name->fresh = known->fresh;
        }
        name->watch = watch;
        name->name = apr_pstrdup(watch->names_pool, *names);
        name->next = taken;
        taken = name;
    }
    apr_pool_t *pool = watch->names_pool;
    watch->names_pool = old_pool;
    forget_names(watch);
    apr_pool_destroy(old_pool);
    watch->names_pool = pool;
    watch->names = taken;
    timers_arm(net_loop_timers(watch->loop), &watch->ask_names, net_loop_now(watch->loop));
}

/* The cluster. */

static void tell_cluster(bind_watch_t *watch)
{
    const platform_cluster_t *cluster = &watch->cluster->answer;
    const char *text = "";
    for (const char *const *each = cluster->addresses; *each; each++)
        text = apr_pstrcat(watch->cluster->pool, text, *text ? ", " : "", *each, NULL);
    bool silent = cluster->state == PLATFORM_CLUSTER_SILENT;
    const char *told =
        silent ? cluster->failure : apr_pstrcat(watch->cluster->pool, text, cluster->source, NULL);
    if (cluster->state == PLATFORM_CLUSTER_NONE ||
        (watch->cluster_told && strcmp(watch->cluster_told, told) == 0))
        return;
    watch->cluster_told = apr_pstrdup(watch->pool, told);
    if (silent)
        event_raise(watch->events, EVENT_ID_CLUSTER_SILENT, NULL, cluster->failure);
    else
        event_raise(watch->events, EVENT_ID_CLUSTER_FOUND, NULL, cluster->kind, *text ? text : "none",
                    cluster->source);
}

static void take_cluster(bind_watch_t *watch, question_t *question)
{
    if (watch->cluster)
        apr_pool_destroy(watch->cluster->pool);
    watch->cluster = question;
    tell_cluster(watch);
    if (question->answer.state == PLATFORM_CLUSTER_SILENT)
        come_again(watch);
    take_names(watch);
    tell_agent(watch);
}

static question_t *make_question(bind_watch_t *watch)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    question_t *question = apr_pcalloc(pool, sizeof(*question));
    question->pool = pool;
    question->watch = watch;
    question->resource = apr_pstrdup(pool, watch->config->cluster.resource);
    return question;
}

static void end_asking(bind_watch_t *watch)
{
    apr_status_t status;
    if (watch->asking)
        apr_thread_join(&status, watch->asking);
    watch->asking = NULL;
}

static void cluster_answered(void *baton)
{
    question_t *question = baton;
    end_asking(question->watch);
    take_cluster(question->watch, question);
}

static void *APR_THREAD_FUNC ask_cluster(apr_thread_t *thread, void *data)
{
    question_t *question = data;
    platform_find_cluster(question->resource, &question->answer, question->pool);
    net_loop_post(question->watch->loop, cluster_answered, question);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void begin_asking(bind_watch_t *watch)
{
    if (watch->asking)
        return;
    question_t *question = make_question(watch);
    if (apr_thread_create(&watch->asking, NULL, ask_cluster, question, watch->pool) != APR_SUCCESS) {
        watch->asking = NULL;
        apr_pool_destroy(question->pool);
        come_again(watch);
    }
}

static void come(void *baton)
{
    bind_watch_t *watch = baton;
    ask_names(watch);
    if (watch->cluster->answer.state == PLATFORM_CLUSTER_SILENT)
        begin_asking(watch);
}

bind_watch_t *bind_watch_begin(agent_t *agent, const config_t *config, net_loop_t *loop, event_log_t *events,
                               apr_pool_t *pool)
{
    bind_watch_t *watch = apr_pcalloc(pool, sizeof(*watch));
    *watch = (bind_watch_t){.pool = pool, .agent = agent, .loop = loop, .events = events, .config = config};
    watch->again = (timers_item_t){.run = come, .baton = watch};
    watch->ask_names = (timers_item_t){.run = ask_names, .baton = watch};
    apr_pool_create(&watch->names_pool, pool);
    follow_addresses(watch);
    question_t *question = make_question(watch);
    platform_find_cluster(question->resource, &question->answer, question->pool);
    take_cluster(watch, question);
    watch->begun = true;
    tell_agent(watch);
    return watch;
}

void bind_watch_reload(bind_watch_t *watch, const config_t *config)
{
    watch->config = config;
    for (name_t *name = watch->names; name; name = name->next)
        name->fresh = name->told = false;
    begin_asking(watch);
    take_names(watch);
}

void bind_watch_end(bind_watch_t *watch)
{
    if (!watch)
        return;
    watch->begun = false;
    timers_cancel(net_loop_timers(watch->loop), &watch->again);
    timers_cancel(net_loop_timers(watch->loop), &watch->ask_names);
    apr_pool_destroy(watch->follow_pool);
    end_asking(watch);
    forget_names(watch);
    if (watch->present)
        apr_pool_destroy(watch->present->pool);
    apr_pool_destroy(watch->cluster->pool);
}
