#include "net/bind_plan.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "net/internal.h"

enum { IPV4_SIZE = 4, IPV6_SIZE = 16, LOOPBACK_NET = 127, ZONE_LIMIT = 80 };

typedef struct octets_t {
    uint8_t octets[IPV6_SIZE];
    uint8_t length; /* 0: no address */
} octets_t;

/* The octets of an address without its zone. */
static octets_t read_octets(const char *text)
{
    octets_t octets = {.length = 0};
    char plain[ZONE_LIMIT];
    if (!text)
        return octets;
    apr_cpystrn(plain, text, sizeof(plain));
    plain[strcspn(plain, "%")] = 0;
    apr_pool_t *pool;
    apr_sockaddr_t *address;
    apr_pool_create(&pool, NULL);
    if (net_address_parse(&address, plain, 0, pool) == APR_SUCCESS)
        octets.length = net_address_octets(address, octets.octets);
    apr_pool_destroy(pool);
    return octets;
}

static bool same_octets(const octets_t *a, const octets_t *b)
{
    return a->length && a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

bool bind_same_address(const char *a, const char *b)
{
    octets_t first = read_octets(a);
    octets_t second = read_octets(b);
    return same_octets(&first, &second);
}

bool bind_is_numeric(const char *text)
{
    return net_address_is_numeric(text);
}

bool bind_is_octets(const char *address, bytes_t octets)
{
    octets_t own = read_octets(address);
    return own.length && bytes_equal(bytes_make(own.octets, own.length), octets);
}

static bool is_loopback(const octets_t *address)
{
    static const uint8_t loopback6[IPV6_SIZE] = {[IPV6_SIZE - 1] = 1};
    if (address->length == IPV4_SIZE)
        return address->octets[0] == LOOPBACK_NET; /* the whole net is this machine */
    return address->length == IPV6_SIZE && memcmp(address->octets, loopback6, IPV6_SIZE) == 0;
}

/* One plan in the making. */
typedef struct maker_t {
    const config_t *config;
    const bind_facts_t *facts;
    octets_t *present;          /* of facts, read once: there may be many */
    apr_array_header_t *common; /* of all that have no address of their own; NULL: not made yet */
    apr_pool_t *pool;
} maker_t;

static bind_state_t state_of(const maker_t *maker, const octets_t *address)
{
    const bind_facts_t *facts = maker->facts;
    if (!facts->present_known || is_loopback(address))
        return BIND_READY;
    bind_state_t state = BIND_ABSENT;
    for (size_t i = 0; i < facts->present_count; i++) {
        if (!same_octets(&maker->present[i], address))
            continue;
        if (facts->present[i].usable)
            return BIND_READY;
        state = BIND_CHECKED;
    }
    return state;
}

static void add_address(const maker_t *maker, apr_array_header_t *points, const bind_point_t *like,
                        const char *address)
{
    octets_t octets = read_octets(address);
    if (!octets.length)
        return;
    for (int i = 0; i < points->nelts; i++)
        if (bind_same_address(APR_ARRAY_IDX(points, i, bind_point_t).address, address))
            return;
    bind_point_t *point = apr_array_push(points);
    *point = *like;
    point->address = address;
    point->state = state_of(maker, &octets);
}

static const bind_name_t *find_name(const bind_facts_t *facts, const char *name)
{
    for (size_t i = 0; i < facts->name_count; i++)
        if (strcmp(facts->names[i].name, name) == 0)
            return &facts->names[i];
    return NULL;
}

/* The points of one name or address. */
static void add_wanted(const maker_t *maker, apr_array_header_t *points, bind_rank_t rank, const char *wanted,
                       const char *reason)
{
    bind_point_t like = {.rank = rank, .wanted = wanted, .reason = reason};
    if (net_address_is_numeric(wanted)) {
        add_address(maker, points, &like, wanted);
        return;
    }
    const bind_name_t *name = find_name(maker->facts, wanted);
    if (name && name->addresses && name->addresses[0]) {
        like.reason = apr_psprintf(maker->pool, "%s (\"%s\")", reason, wanted);
        for (const char *const *each = name->addresses; *each; each++)
            add_address(maker, points, &like, *each);
        return;
    }
    like.state = name ? BIND_NAMELESS : BIND_LOOKUP;
    APR_ARRAY_PUSH(points, bind_point_t) = like;
}

static void add_any(apr_array_header_t *points, const char *reason)
{
    APR_ARRAY_PUSH(points, bind_point_t) =
        (bind_point_t){.state = BIND_READY, .rank = BIND_BY_ANY, .reason = reason};
}

static bool has(const char *const *list)
{
    return list && list[0];
}

static void add_list(const maker_t *maker, apr_array_header_t *points, bind_rank_t rank,
                     const char *const *wanted, const char *reason)
{
    for (; *wanted; wanted++)
        add_wanted(maker, points, rank, *wanted, reason);
}

/* What holds for whoever has no address of its own. */
static void add_common(const maker_t *maker, apr_array_header_t *points)
{
    const config_t *config = maker->config;
    const bind_facts_t *facts = maker->facts;
    if (config->cluster.use_any_address) {
        add_any(points, "use-any-address of cluster is on: the system chooses");
        return;
    }
    if (has(config->mta.addresses)) {
        add_list(maker, points, BIND_BY_MTA, config->mta.addresses, "addresses of mta");
        return;
    }
    if (has(facts->virtual_addresses)) {
        const char *source = facts->virtual_source ? facts->virtual_source : "the cluster";
        add_list(maker, points, BIND_BY_CLUSTER, facts->virtual_addresses,
                 apr_psprintf(maker->pool, "virtual address of the cluster group, by %s", source));
        return;
    }
    if (has(config->cluster.virtual_addresses)) {
        add_list(maker, points, BIND_BY_CLUSTER, config->cluster.virtual_addresses,
                 "virtual address of the cluster group, by virtual-addresses of cluster");
        return;
    }
    if (facts->cluster_pending)
        APR_ARRAY_PUSH(points, bind_point_t) =
            (bind_point_t){.state = BIND_PENDING,
                           .rank = BIND_BY_CLUSTER,
                           .reason = "this machine is a node of a cluster, whose answer is waited for"};
    else
        add_any(points,
                facts->on_cluster || config->cluster.node
                    ? "no address is configured, and the cluster has no virtual address for this service"
                    : "no address is configured, and no cluster runs this service");
}

static const apr_array_header_t *common_points(maker_t *maker)
{
    if (!maker->common) {
        maker->common = apr_array_make(maker->pool, 2, sizeof(bind_point_t));
        add_common(maker, maker->common);
    }
    return maker->common;
}

static void plan_listener(maker_t *maker, const config_listener_t *config, bind_listener_t *listener)
{
    apr_array_header_t *own = apr_array_make(maker->pool, 2, sizeof(bind_point_t));
    const apr_array_header_t *points = own;
    if (config->address && strcmp(config->address, "*") == 0)
        add_any(own, "address of the listener is \"*\"");
    else if (config->address)
        add_wanted(maker, own, BIND_BY_OWN, config->address, "address of the listener");
    else
        points = common_points(maker);
    *listener = (bind_listener_t){config, (const bind_point_t *)points->elts, (size_t)points->nelts};
}

/* How much a point is worth as a source: what is here comes first, then what may come soonest. */
static int worth(bind_state_t state)
{
    static const int worths[] = {
        [BIND_READY] = 6,   [BIND_CHECKED] = 5,  [BIND_ABSENT] = 4,    [BIND_LOOKUP] = 3,
        [BIND_PENDING] = 2, [BIND_NAMELESS] = 1, [BIND_OTHER_KIND] = 0};
    return worths[state];
}

static int kind_of(const char *address)
{
    return read_octets(address).length == IPV6_SIZE ? BIND_IPV6 : BIND_IPV4;
}

static bool is_of_kind(const bind_point_t *point, int kind)
{
    if (!point->address)
        return true; /* any, or what a name may turn out to be */
    return kind_of(point->address) == kind;
}

/* The best point of a kind; of several that are worth the same the first. */
static bind_point_t choose(const maker_t *maker, const apr_array_header_t *points, int kind)
{
    const bind_point_t *best = NULL;
    for (int i = 0; i < points->nelts; i++) {
        const bind_point_t *point = &APR_ARRAY_IDX(points, i, bind_point_t);
        if (is_of_kind(point, kind) && (!best || worth(point->state) > worth(best->state)))
            best = point;
    }
    if (best)
        return *best;
    bind_point_t none = APR_ARRAY_IDX(points, 0, bind_point_t);
    none.state = BIND_OTHER_KIND;
    none.address = NULL;
    none.reason =
        apr_psprintf(maker->pool, "%s: none is of %s", none.reason, kind == BIND_IPV6 ? "IPv6" : "IPv4");
    return none;
}

static void plan_source(maker_t *maker, const config_connector_t *config, bind_source_t *source)
{
    apr_array_header_t *own = apr_array_make(maker->pool, 2, sizeof(bind_point_t));
    const apr_array_header_t *points = own;
    if (config->local_address)
        add_wanted(maker, own, BIND_BY_OWN, config->local_address,
                   "stack-ip-address-override of the connector");
    else
        points = common_points(maker);
    source->config = config;
    for (int kind = 0; kind < BIND_KINDS; kind++)
        source->kinds[kind] = choose(maker, points, kind);
}

void bind_plan_make(const config_t *config, const bind_facts_t *facts, apr_pool_t *pool, bind_plan_t *plan)
{
    maker_t maker = {.config = config, .facts = facts, .pool = pool};
    maker.present = apr_pcalloc(pool, (facts->present_count + 1) * sizeof(*maker.present));
    for (size_t i = 0; i < facts->present_count; i++)
        maker.present[i] = read_octets(facts->present[i].address);
    *plan = (bind_plan_t){.listener_count = config->listener_count, .source_count = config->connector_count};
    plan->on_cluster = facts->on_cluster || config_is_cluster_node(config);
    plan->listeners = apr_pcalloc(pool, (plan->listener_count + 1) * sizeof(*plan->listeners));
    plan->sources = apr_pcalloc(pool, (plan->source_count + 1) * sizeof(*plan->sources));
    for (size_t i = 0; i < plan->listener_count; i++)
        plan_listener(&maker, &config->listeners[i], &plan->listeners[i]);
    for (size_t i = 0; i < plan->source_count; i++)
        plan_source(&maker, &config->connectors[i], &plan->sources[i]);
}

static void add_name(apr_array_header_t *names, const char *name)
{
    if (!name || strcmp(name, "*") == 0 || net_address_is_numeric(name))
        return;
    for (int i = 0; i < names->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return;
    APR_ARRAY_PUSH(names, const char *) = name;
}

const char *const *bind_plan_names(const config_t *config, const bind_facts_t *facts, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    const char *const *const lists[] = {config->mta.addresses, config->cluster.virtual_addresses,
                                        facts->virtual_addresses};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const char *const *each = lists[i]; each && *each; each++)
            add_name(names, *each);
    for (size_t i = 0; i < config->listener_count; i++)
        add_name(names, config->listeners[i].address);
    for (size_t i = 0; i < config->connector_count; i++)
        add_name(names, config->connectors[i].local_address);
    APR_ARRAY_PUSH(names, const char *) = NULL;
    return (const char *const *)names->elts;
}

const bind_point_t *bind_plan_source(const bind_source_t *source, const char *host)
{
    if (host && net_address_is_numeric(host))
        return &source->kinds[kind_of(host)];
    const bind_point_t *ipv4 = &source->kinds[BIND_IPV4];
    const bind_point_t *ipv6 = &source->kinds[BIND_IPV6];
    return worth(ipv6->state) > worth(ipv4->state) ? ipv6 : ipv4;
}

const char *bind_state_name(bind_state_t state)
{
    static const char *const names[] = {
        [BIND_READY] = "ready",           [BIND_ABSENT] = "absent",
        [BIND_CHECKED] = "being checked", [BIND_LOOKUP] = "being looked up",
        [BIND_NAMELESS] = "no such name", [BIND_PENDING] = "asking the cluster",
        [BIND_OTHER_KIND] = "none"};
    return names[state];
}

const char *bind_state_words(bind_state_t state)
{
    static const char *const words[] = {[BIND_READY] = "it is here",
                                        [BIND_ABSENT] = "it is not on this machine",
                                        [BIND_CHECKED] =
                                            "the system still checks that no other machine has it",
                                        [BIND_LOOKUP] = "the name has not been looked up yet",
                                        [BIND_NAMELESS] = "the name has no address",
                                        [BIND_PENDING] = "the cluster has not said the virtual address yet",
                                        [BIND_OTHER_KIND] = "no address of this kind is planned"};
    return words[state];
}

const char *bind_rank_name(bind_rank_t rank)
{
    static const char *const names[] = {
        [BIND_BY_OWN] = "own", [BIND_BY_MTA] = "mta", [BIND_BY_CLUSTER] = "cluster", [BIND_BY_ANY] = "any"};
    return names[rank];
}
