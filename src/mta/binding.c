#include "mta/binding.h"

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/association.h"
#include "mta/breach.h"
#include "mta/carrier.h"
#include "mta/connector.h"

enum { LISTEN_BACKLOG = 512, AGAIN_SECONDS = 5 };

typedef struct listener_t {
    struct listener_t *next;
    agent_t *agent;
    apr_pool_t *pool;
    net_listener_t *net;
    const char *address; /* as planned, NULL = any */
    bool unlisted;       /* it could be bound though this machine is not known to have the address */
    config_listener_t config;
} listener_t;

struct binding_t {
    agent_t *agent;
    apr_pool_t *facts_pool;
    bind_facts_t facts;
    apr_pool_t *plan_pool;
    bind_plan_t plan;
    listener_t *listeners;
    apr_pool_t *told_pool;
    apr_hash_t *told; /* what waits or cannot be opened, and was told */
    timers_item_t again;
    carrier_t *carrier;
};

static void try_again(void *baton)
{
    binding_t *binding = baton;
    binding_apply(binding->agent, BINDING_CHANGE);
}

binding_t *binding_create(agent_t *agent)
{
    binding_t *binding = apr_pcalloc(agent->pool, sizeof(*binding));
    binding->agent = agent;
    apr_pool_create(&binding->facts_pool, agent->pool);
    apr_pool_create(&binding->plan_pool, agent->pool);
    apr_pool_create(&binding->told_pool, agent->pool);
    binding->told = apr_hash_make(binding->told_pool);
    binding->again.run = try_again;
    binding->again.baton = binding;
    binding->carrier = carrier_create(agent);
    return binding;
}

const bind_plan_t *binding_plan(const agent_t *agent)
{
    return &agent->binding->plan;
}

const bind_facts_t *binding_facts(const agent_t *agent)
{
    return &agent->binding->facts;
}

/* Events once. */

static bool tell_first(binding_t *binding, const char *what)
{
    if (apr_hash_get(binding->told, what, APR_HASH_KEY_STRING))
        return false;
    const char *key = apr_pstrdup(binding->told_pool, what);
    apr_hash_set(binding->told, key, APR_HASH_KEY_STRING, key);
    return true;
}

static void tell_again(binding_t *binding, const char *what)
{
    apr_hash_set(binding->told, what, APR_HASH_KEY_STRING, NULL);
}

static const char *endpoint(apr_pool_t *pool, const bind_point_t *point, unsigned port)
{
    const char *address = point->address ? point->address : point->wanted ? point->wanted : "*";
    return apr_psprintf(pool, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
}

static const char *key_of(apr_pool_t *pool, const char *listener, const bind_point_t *point, unsigned port)
{
    return apr_pstrcat(pool, "listener ", listener, " ", endpoint(pool, point, port), NULL);
}

static void tell_waits(binding_t *binding, const bind_listener_t *listener, const bind_point_t *point)
{
    apr_pool_t *pool = binding->plan_pool;
    if (!tell_first(binding, key_of(pool, listener->config->name, point, listener->config->port)))
        return;
    event_subject_t subject = {.layer = "transport"};
    event_raise(binding->agent->services.events, EVENT_ID_ADDRESS_AWAITED, &subject, listener->config->name,
                endpoint(pool, point, listener->config->port), bind_state_words(point->state), point->reason);
}

/* Listeners. */

static void accepted(void *context, net_conn_t *conn)
{
    listener_t *listener = context;
    association_accept(listener->agent, conn, &listener->config);
}

/* The system cannot hand calls over: event 9202. */
static void accept_trouble(void *context, const err_t *err)
{
    const listener_t *listener = context;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    int code = breach_socket_error(err->code);
    event_subject_t subject = {.layer = "network", .error_code = code};
    event_raise(listener->agent->services.events, EVENT_ID_ACCEPT_ERROR, &subject,
                apr_psprintf(pool, "%d", code), listener->config.name, err_describe(pool, err));
    apr_pool_destroy(pool);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_at(const listener_t *listener, const bind_listener_t *planned, const bind_point_t *point)
{
    return listener->config.port == planned->config->port &&
           strcmp(listener->config.name, planned->config->name) == 0 &&
           bytes_equal(listener->config.transport_selector, planned->config->transport_selector) &&
           same_text(listener->address, point->address);
}

/* True if the point can be bound, or is to be tried. */
static bool is_to_open(const binding_t *binding, const bind_point_t *point, binding_mode_t mode)
{
    if (point->state == BIND_READY)
        return true;
    return point->state == BIND_ABSENT && !binding->plan.on_cluster && mode != BINDING_CHANGE;
}

static bool is_planned(const binding_t *binding, const listener_t *listener)
{
    for (size_t i = 0; i < binding->plan.listener_count; i++) {
        const bind_listener_t *planned = &binding->plan.listeners[i];
        for (size_t j = 0; j < planned->count; j++)
            if (is_at(listener, planned, &planned->points[j]))
                return planned->points[j].state == BIND_READY || listener->unlisted;
    }
    return false;
}

static const listener_t *find_open(const binding_t *binding, const bind_listener_t *planned,
                                   const bind_point_t *point)
{
    const listener_t *listener = binding->listeners;
    while (listener && !is_at(listener, planned, point))
        listener = listener->next;
    return listener;
}

bool binding_is_open(const agent_t *agent, const bind_listener_t *planned, const bind_point_t *point)
{
    return find_open(agent->binding, planned, point) != NULL;
}

static listener_t *make_listener(binding_t *binding, const bind_listener_t *planned,
                                 const bind_point_t *point)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, binding->agent->pool);
    listener_t *listener = apr_pcalloc(pool, sizeof(*listener));
    listener->agent = binding->agent;
    listener->pool = pool;
    listener->address = apr_pstrdup(pool, point->address);
    listener->unlisted = point->state == BIND_ABSENT;
    listener->config = *planned->config;
    listener->config.transport_selector = bytes_copy(pool, planned->config->transport_selector);
    listener->config.name = apr_pstrdup(pool, planned->config->name);
    listener->config.address = listener->address;
    return listener;
}

static err_t *open_listener(binding_t *binding, const bind_listener_t *planned, const bind_point_t *point)
{
    agent_t *agent = binding->agent;
    listener_t *listener = make_listener(binding, planned, point);
    apr_pool_t *pool = listener->pool;
    const char *key = key_of(pool, listener->config.name, point, listener->config.port);
    net_listen_t listen = {.address = listener->address,
                           .port = (uint16_t)listener->config.port,
                           .backlog = LISTEN_BACKLOG,
                           .trouble = accept_trouble};
    err_t *err = net_listen(&listener->net, agent->services.loop, &listen, accepted, listener, pool);
    event_subject_t subject = {.layer = "transport"};
    if (err) {
        const char *address = endpoint(pool, point, listener->config.port);
        if (tell_first(binding, key))
            event_raise(agent->services.events, EVENT_ID_LISTENER_ERROR, &subject, listener->config.name,
                        address, err_describe(pool, err));
        err = err_wrap(agent->route_pool, err_copy(agent->route_pool, err), err->code, "transport",
                       "listener \"%s\" cannot be opened at %s", planned->config->name, address);
        apr_pool_destroy(pool);
        return err;
    }
    tell_again(binding, key);
    event_raise(agent->services.events, EVENT_ID_LISTENER_OPENED, &subject, listener->config.name,
                net_listener_address(listener->net));
    listener->next = binding->listeners;
    binding->listeners = listener;
    return NULL;
}

static void close_listener(listener_t *listener)
{
    net_listener_close(listener->net);
    apr_pool_destroy(listener->pool);
}

static void close_others(binding_t *binding)
{
    for (listener_t **place = &binding->listeners; *place;) {
        listener_t *listener = *place;
        if (is_planned(binding, listener)) {
            place = &listener->next;
            continue;
        }
        *place = listener->next;
        close_listener(listener);
    }
}

static err_t *open_missing(binding_t *binding, binding_mode_t mode)
{
    err_t *first = NULL;
    for (size_t i = 0; i < binding->plan.listener_count; i++) {
        const bind_listener_t *planned = &binding->plan.listeners[i];
        for (size_t j = 0; j < planned->count; j++) {
            const bind_point_t *point = &planned->points[j];
            if (find_open(binding, planned, point))
                continue;
            if (!is_to_open(binding, point, mode)) {
                tell_waits(binding, planned, point);
                continue;
            }
            err_t *err = open_listener(binding, planned, point);
            if (err && !first)
                first = err;
        }
    }
    return first;
}

static void make_plan(binding_t *binding)
{
    apr_pool_clear(binding->plan_pool);
    bind_plan_make(binding->agent->config, &binding->facts, binding->plan_pool, &binding->plan);
}

err_t *binding_apply(agent_t *agent, binding_mode_t mode)
{
    binding_t *binding = agent->binding;
    if (mode != BINDING_CHANGE) {
        apr_pool_clear(binding->told_pool);
        binding->told = apr_hash_make(binding->told_pool);
    }
    make_plan(binding);
    close_others(binding);
    err_t *err = agent->paused ? NULL : open_missing(binding, mode);
    timers_cancel(agent_timers(agent), &binding->again);
    if (err && mode != BINDING_START)
        timers_arm(agent_timers(agent), &binding->again, agent_now(agent) + TIME_SECONDS(AGAIN_SECONDS));
    return err;
}

void binding_close(agent_t *agent)
{
    binding_t *binding = agent->binding;
    timers_cancel(agent_timers(agent), &binding->again);
    carrier_close(binding->carrier);
    while (binding->listeners) {
        listener_t *listener = binding->listeners;
        binding->listeners = listener->next;
        close_listener(listener);
    }
}

const char *agent_listener_text(const agent_t *agent, size_t index, const char **name)
{
    const listener_t *listener = agent->binding->listeners;
    while (listener && index--)
        listener = listener->next;
    if (!listener)
        return NULL;
    *name = listener->config.name;
    return net_listener_address(listener->net);
}

/* Facts that change. */

static const char *const *copy_list(apr_pool_t *pool, const char *const *list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    const char **copy = apr_pcalloc(pool, (count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = apr_pstrdup(pool, list[i]);
    return copy;
}

static void copy_facts(apr_pool_t *pool, const bind_facts_t *from, bind_facts_t *to)
{
    *to = *from;
    bind_present_t *present = apr_pcalloc(pool, (from->present_count + 1) * sizeof(*present));
    bind_name_t *names = apr_pcalloc(pool, (from->name_count + 1) * sizeof(*names));
    for (size_t i = 0; i < from->present_count; i++)
        present[i] = (bind_present_t){apr_pstrdup(pool, from->present[i].address), from->present[i].usable,
                                      from->present[i].link_down};
    for (size_t i = 0; i < from->name_count; i++)
        names[i] =
            (bind_name_t){apr_pstrdup(pool, from->names[i].name), copy_list(pool, from->names[i].addresses)};
    to->present = present;
    to->names = names;
    to->virtual_addresses = copy_list(pool, from->virtual_addresses);
    to->virtual_source = apr_pstrdup(pool, from->virtual_source);
}

unsigned binding_cut_associations(agent_t *agent, const char *address, const char *why)
{
    unsigned count = 0;
    for (association_t *a = agent->associations; a; a = a->agent_next) {
        if (!a->conn || a->state == ASSOCIATION_OVER || !association_is_at(a, address))
            continue;
        association_cut(a, err_create(a->pool, 0, "network", "%s", apr_pstrcat(a->pool, why, address, NULL)));
        count++;
    }
    return count;
}

static unsigned count_listeners(const binding_t *binding, const char *address)
{
    unsigned count = 0;
    for (const listener_t *listener = binding->listeners; listener; listener = listener->next)
        count += listener->address && bind_same_address(listener->address, address);
    return count;
}

static bool is_in_plan(const bind_plan_t *plan, const char *address)
{
    for (size_t i = 0; i < plan->listener_count; i++)
        for (size_t j = 0; j < plan->listeners[i].count; j++)
            if (bind_same_address(plan->listeners[i].points[j].address, address))
                return true;
    for (size_t i = 0; i < plan->source_count; i++)
        for (int kind = 0; kind < BIND_KINDS; kind++)
            if (bind_same_address(plan->sources[i].kinds[kind].address, address))
                return true;
    return false;
}

bool binding_uses(const agent_t *agent, const char *address)
{
    return is_in_plan(&agent->binding->plan, address);
}

static const char *number(apr_pool_t *pool, unsigned value)
{
    return apr_psprintf(pool, "%u", value);
}

static void address_left(binding_t *binding, const char *address, unsigned listeners, apr_pool_t *pool)
{
    unsigned associations =
        binding_cut_associations(binding->agent, address, "this machine has no longer the address ");
    if (!listeners && !associations && !is_in_plan(&binding->plan, address))
        return;
    event_subject_t subject = {.layer = "transport"};
    event_raise(binding->agent->services.events, EVENT_ID_ADDRESS_LEFT, &subject, address,
                number(pool, listeners), number(pool, associations));
}

static void address_came(binding_t *binding, const char *address, apr_pool_t *pool)
{
    if (!is_in_plan(&binding->plan, address))
        return;
    event_subject_t subject = {.layer = "transport"};
    event_raise(binding->agent->services.events, EVENT_ID_ADDRESS_CAME, &subject, address,
                number(pool, count_listeners(binding, address)));
}

/* Those that wait after failed opens may have failed for want of an address. */
static void kick_connectors(agent_t *agent)
{
    for (size_t i = 0; i < agent->config->connector_count; i++) {
        connector_t *connector = agent->connectors[i];
        if (connector->waiting)
            connector_retry_early(connector);
        else
            connector_kick(connector);
    }
}

/* The addresses of facts by their texts, which the system writes in one way; of those that are not usable
 * only if `all`. */
static apr_hash_t *present_set(const bind_facts_t *facts, bool all, apr_pool_t *pool)
{
    apr_hash_t *set = apr_hash_make(pool);
    for (size_t i = 0; i < facts->present_count; i++)
        if (all || facts->present[i].usable)
            apr_hash_set(set, facts->present[i].address, APR_HASH_KEY_STRING, facts->present[i].address);
    return set;
}

static bool is_in(apr_hash_t *set, const char *address)
{
    return apr_hash_get(set, address, APR_HASH_KEY_STRING) != NULL;
}

static void follow_change(binding_t *binding, const bind_facts_t *old, apr_pool_t *pool)
{
    agent_t *agent = binding->agent;
    const bind_facts_t *new = &binding->facts;
    bool known = old->present_known && new->present_known;
    apr_hash_t *here = present_set(new, true, pool);
    apr_hash_t *usable_before = present_set(old, false, pool);
    unsigned *listeners = apr_pcalloc(pool, (old->present_count + 1) * sizeof(*listeners));
    for (size_t i = 0; known && i < old->present_count; i++)
        if (!is_in(here, old->present[i].address))
            listeners[i] = count_listeners(binding, old->present[i].address);
    binding_apply(agent, BINDING_CHANGE);
    for (size_t i = 0; known && i < old->present_count; i++)
        if (!is_in(here, old->present[i].address))
            address_left(binding, old->present[i].address, listeners[i], pool);
    for (size_t i = 0; known && i < new->present_count; i++)
        if (new->present[i].usable && !is_in(usable_before, new->present[i].address))
            address_came(binding, new->present[i].address, pool);
    kick_connectors(agent);
}

void binding_set_facts(agent_t *agent, const bind_facts_t *facts)
{
    binding_t *binding = agent->binding;
    bind_facts_t old = binding->facts;
    apr_pool_t *old_pool = binding->facts_pool;
    apr_pool_create(&binding->facts_pool, agent->pool);
    copy_facts(binding->facts_pool, facts, &binding->facts);
    if (agent->started && !agent->stopping)
        follow_change(binding, &old, old_pool);
    if (!agent->stopping)
        carrier_follow(binding->carrier, &binding->facts);
    apr_pool_destroy(old_pool);
}

/* Sources. */

static const bind_source_t *find_source(const connector_t *connector)
{
    const bind_plan_t *plan = &connector->destination.agent->binding->plan;
    for (size_t i = 0; i < plan->source_count; i++)
        if (plan->sources[i].config == connector->config)
            return &plan->sources[i];
    return NULL;
}

bool binding_lets_call(connector_t *connector)
{
    agent_t *agent = connector->destination.agent;
    const bind_source_t *source = connector->config ? find_source(connector) : NULL;
    if (!source)
        return true;
    const bind_point_t *point = bind_plan_source(source, connector->config->remote_host);
    bool tells =
        point->state == BIND_OTHER_KIND || (point->state == BIND_ABSENT && !agent->binding->plan.on_cluster);
    if (point->state == BIND_READY || tells) {
        connector->address_awaited = false;
        return true;
    }
    if (connector->address_awaited)
        return false;
    connector->address_awaited = true;
    const char *address = point->address  ? point->address
                          : point->wanted ? point->wanted
                                          : "(virtual address)";
    apr_snprintf(connector->last_error, sizeof(connector->last_error), "no call without the address %s: %s",
                 address, bind_state_words(point->state));
    event_subject_t subject = {.connector = connector->destination.name, .layer = "transport"};
    event_raise(agent->services.events, EVENT_ID_SOURCE_AWAITED, &subject, connector->destination.name,
                address, bind_state_words(point->state), point->reason);
    return false;
}

void binding_set_sources(connector_t *connector, net_dial_t *dial, apr_pool_t *pool)
{
    const bind_source_t *source = find_source(connector);
    if (!source)
        return;
    bool chosen = false;
    for (int kind = 0; kind < BIND_KINDS; kind++) {
        const bind_point_t *point = &source->kinds[kind];
        if (point->state != BIND_READY)
            continue;
        chosen = true;
        dial->local_addresses[kind] = apr_pstrdup(pool, point->address);
    }
    if (chosen)
        return;
    /* The attempt is to fail, and to say for want of which address. */
    const bind_point_t *point = bind_plan_source(source, dial->host);
    const char *text = point->address ? point->address : point->wanted;
    dial->local_addresses[0] = apr_pstrdup(pool, text ? text : "(the cluster's virtual address)");
}

bool binding_is_own(const agent_t *agent, bytes_t address, unsigned port)
{
    const binding_t *binding = agent->binding;
    const bind_facts_t *facts = &binding->facts;
    for (const listener_t *listener = binding->listeners; listener; listener = listener->next) {
        if (listener->config.port != port)
            continue;
        if (listener->address) {
            if (bind_is_octets(listener->address, address))
                return true;
            continue;
        }
        for (size_t i = 0; i < facts->present_count; i++)
            if (bind_is_octets(facts->present[i].address, address))
                return true;
    }
    return false;
}
