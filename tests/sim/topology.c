#include "topology.h"

#include <stdarg.h>
#include <stdlib.h>

#include <apr_strings.h>

#include "base/format.h"
#include "judge.h"

enum { FAR = 0xFFFF, EXPLICIT_LIMIT = 80 };

const char *shape_name(shape_t shape)
{
    static const char *const names[] = {"chain", "star", "ring", "tree", "mesh"};
    return names[shape];
}

static uint8_t *link_of(const topology_t *topology, unsigned a, unsigned b)
{
    return &topology->linked[(size_t)a * topology->world->node_count + b];
}

static void link_nodes(topology_t *topology, unsigned a, unsigned b)
{
    world_t *world = topology->world;
    if (a == b || *link_of(topology, a, b))
        return;
    unsigned two_way = (unsigned)world_below(world, 2);
    *link_of(topology, a, b) = (uint8_t)(1 + world_below(world, 3) * 2 + two_way);
    *link_of(topology, b, a) = (uint8_t)(1 + world_below(world, 3) * 2 + two_way);
    world->links_1984 =
        world->links_1984 || topology_mode(topology, a, b) == 0 || topology_mode(topology, b, a) == 0;
    for (int back = 0; back < 2; back++) {
        way_t *way = back ? world_way(world, b, a) : world_way(world, a, b);
        *way = (way_t){.exists = true,
                       .latency = world_between(world, 200, TIME_MILLISECONDS(200)),
                       .bandwidth = (uint64_t)world_between(world, 8, 1000) * 1000};
        if (world_chance(world, 700))
            way->bandwidth *= 100;
    }
}

int topology_mode(const topology_t *topology, unsigned a, unsigned b)
{
    return (*link_of(topology, a, b) - 1) / 2;
}

bool topology_two_way(const topology_t *topology, unsigned a, unsigned b)
{
    return (*link_of(topology, a, b) - 1) % 2;
}

/* In some networks most of the links are configured as between siblings, on one side or both. */
static bool is_sibling(const topology_t *topology, unsigned node, unsigned peer)
{
    unsigned mix = topology->open_interval + node * 7 + peer * 13;
    return topology->open_interval % 3 == 0 && mix % 4 != 0;
}

static void draw(topology_t *topology)
{
    world_t *world = topology->world;
    unsigned n = world->node_count;
    for (unsigned i = 1; i < n; i++) {
        switch (topology->shape) {
        case SHAPE_CHAIN:
        case SHAPE_RING: link_nodes(topology, i - 1, i); break;
        case SHAPE_STAR: link_nodes(topology, 0, i); break;
        default: link_nodes(topology, (unsigned)world_below(world, i), i); break;
        }
    }
    if (topology->shape == SHAPE_RING && n > 2)
        link_nodes(topology, n - 1, 0);
    if (topology->shape == SHAPE_MESH)
        for (unsigned i = 0; i < n; i++)
            link_nodes(topology, (unsigned)world_below(world, n), (unsigned)world_below(world, n));
}

/* The fewest hops from every node to one, breadth first; hostile nodes carry nothing for others. */
static void find_ways_to(topology_t *topology, unsigned to, unsigned *queue)
{
    unsigned n = topology->world->node_count;
    for (unsigned i = 0; i < n; i++) {
        topology->distance[(size_t)i * n + to] = FAR;
        topology->next[(size_t)i * n + to] = FAR;
    }
    topology->distance[(size_t)to * n + to] = 0;
    unsigned first = 0;
    unsigned end = 0;
    queue[end++] = to;
    while (first < end) {
        unsigned at = queue[first++];
        if (at != to && topology->world->nodes[at].hostile)
            continue;
        for (unsigned i = 0; i < n; i++) {
            if (!*link_of(topology, i, at) || topology->distance[(size_t)i * n + to] != FAR)
                continue;
            topology->distance[(size_t)i * n + to] = (uint16_t)(topology->distance[(size_t)at * n + to] + 1);
            topology->next[(size_t)i * n + to] = (uint16_t)at;
            queue[end++] = i;
        }
    }
}

topology_t *topology_create(world_t *world, apr_pool_t *pool)
{
    topology_t *topology = apr_pcalloc(pool, sizeof(*topology));
    unsigned n = world->node_count;
    topology->world = world;
    topology->pool = pool;
    topology->shape = (shape_t)world_below(world, SHAPE_COUNT);
    topology->one_domain = world_chance(world, 300);
    topology->alternates = world_chance(world, 600);
    topology->short_timeouts = world_chance(world, 150);
    static const unsigned sizes[] = {0, 1, 4, 30, 30, 64};
    topology->checkpoint_size = sizes[world_below(world, 6)];
    topology->window_size = (unsigned)world_between(world, 1, 6);
    topology->open_interval = (unsigned)world_between(world, 15, 120);
    topology->max_open_retries = world_chance(world, 400) ? (unsigned)world_below(world, 6) : 144;
    topology->threshold = world_chance(world, 500) ? (unsigned)world_between(world, 1, 5) : 50;
    topology->maximum_associations = (unsigned)world_between(world, 1, 10);
    topology->linked = apr_pcalloc(pool, (size_t)n * n);
    topology->next = apr_pcalloc(pool, (size_t)n * n * sizeof(uint16_t));
    topology->distance = apr_pcalloc(pool, (size_t)n * n * sizeof(uint16_t));
    topology->aliases = apr_pcalloc(pool, n * sizeof(*topology->aliases));
    if (n > EXPLICIT_LIMIT)
        topology->shape = SHAPE_STAR;
    draw(topology);
    return topology;
}

const char *topology_address(const topology_t *topology, unsigned node, unsigned user, apr_pool_t *pool)
{
    unsigned domain = node < topology->world->node_count ? topology->world->nodes[node].domain : node;
    return apr_psprintf(pool, "C=SM;A= ;P=D%u;O=N%u;S=u%u", domain, node, user);
}

/* A text that grows. */
static void add(buffer_t *text, const char *format, ...) FORMAT_PRINTF(2, 3);

static void add(buffer_t *text, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    buffer_append(text, bytes_of_string(line));
}

/* The address spaces of node's connector to peer: the nodes to which it is the best way, and with alternates
 * those to which it is another one. */
static void add_spaces(topology_t *topology, unsigned node, unsigned peer, buffer_t *text)
{
    unsigned n = topology->world->node_count;
    bool any = false;
    add(text, "  address-space = { ");
    for (unsigned to = 0; to < n && n <= EXPLICIT_LIMIT; to++) {
        if (to == node)
            continue;
        bool best = topology->next[(size_t)node * n + to] == peer;
        bool hostile = topology->world->nodes[peer].hostile && to != peer;
        unsigned further = topology->distance[(size_t)peer * n + to];
        bool second = topology->alternates && !best && further != FAR &&
                      further <= topology->distance[(size_t)node * n + to];
        if (hostile || (!best && !second))
            continue;
        add(text, "%s\"C=SM;A= ;P=D%u;O=N%u;;%u\"", any ? ", " : "", topology->world->nodes[to].domain, to,
            best ? 1 : 5);
        any = true;
    }
    if (n > EXPLICIT_LIMIT) { /* a star of many: the hub knows all, the others the hub */
        if (node == 0)
            add(text, "\"C=SM;A= ;P=D%u;O=N%u\"", topology->world->nodes[peer].domain, peer);
        else
            add(text, "\"C=SM\"");
        any = true;
    }
    if (!any)
        add(text, "\"C=XX;P=N%u\"", peer); /* a link without traffic of its own from here */
    add(text, " }\n");
}

static void add_connector(topology_t *topology, unsigned node, unsigned peer, buffer_t *text)
{
    static const char *const modes[] = {"1984", "1988 X.410", "1988 normal"};
    add(text,
        "connector \"N%u\" {\n  general { remote-mta-name = \"N%u\" remote-mta-password = \"secret\" }\n",
        peer, peer);
    add(text, "  stack { remote-host-name = \"10.0.%u.%u\" }\n", peer >> 8, peer & 255);
    add(text,
        "  override { checkpoint-size = %uk window-size = %u recovery-timeout = 60s lifetime = 60s "
        "disconnect = 30s "
        "threshold = %u max-open-retries = %u max-transfer-retries = 3 open-interval = %us transfer-interval "
        "= 20s "
        "connect-timeout = 25s maximum-associations = %u transfer-timeout-urgent = 1s "
        "transfer-timeout-normal = 1s "
        "transfer-timeout-non-urgent = 2s }\n",
        topology->checkpoint_size, topology->window_size, topology->threshold, topology->max_open_retries,
        topology->open_interval, topology->maximum_associations);
    add_spaces(topology, node, peer, text);
    add(text, "  advanced { mta-conformance = \"%s\" two-way-alternate = %s sibling = %s }\n}\n",
        modes[topology_mode(topology, node, peer)], topology_two_way(topology, node, peer) ? "on" : "off",
        is_sibling(topology, node, peer) ? "on" : "off");
}

/* A user of a node that is not hostile. */
static user_t choose_user(topology_t *topology)
{
    world_t *world = topology->world;
    user_t user;
    do {
        user.node = (unsigned)world_below(world, world->node_count);
    } while (world->nodes[user.node].hostile);
    user.user = (unsigned)world_below(world, JUDGE_USERS);
    return user;
}

static void choose_aliases(topology_t *topology, unsigned node)
{
    world_t *world = topology->world;
    aliases_t *aliases = &topology->aliases[node];
    aliases->redirects = world_chance(world, 400);
    aliases->to = choose_user(topology);
    unsigned members = world_chance(world, 300) ? (unsigned)world_between(world, 1, TOPOLOGY_MEMBERS) : 0;
    for (unsigned i = 0; i < members; i++) {
        user_t user = choose_user(topology);
        bool again = false;
        for (unsigned k = 0; k < aliases->member_count; k++)
            again = again || (aliases->members[k].node == user.node && aliases->members[k].user == user.user);
        if (!again)
            aliases->members[aliases->member_count++] = user;
    }
}

static void add_aliases(topology_t *topology, const node_t *node, buffer_t *text)
{
    static const char *const reasons[] = {"recipient-assigned", "domain-assigned", "alias"};
    const aliases_t *aliases = &topology->aliases[node->index];
    apr_pool_t *pool = node->config_pool;
    if (aliases->redirects)
        add(text, "redirect R { address = \"%s\" to = \"%s\" reason = %s }\n",
            topology_address(topology, node->index, JUDGE_REDIRECTED_USER, pool),
            topology_address(topology, aliases->to.node, aliases->to.user, pool),
            reasons[world_below(topology->world, 3)]);
    if (!aliases->member_count)
        return;
    add(text, "distribution-list L { address = \"%s\" members = { ",
        topology_address(topology, node->index, JUDGE_LIST_USER, pool));
    for (unsigned i = 0; i < aliases->member_count; i++)
        add(text, "%s\"%s\"", i ? ", " : "",
            topology_address(topology, aliases->members[i].node, aliases->members[i].user, pool));
    add(text, " } }\n");
}

static void configure(topology_t *topology, node_t *node)
{
    apr_pool_create(&node->config_pool, node->pool);
    buffer_t *text = buffer_create(node->config_pool, 4 << 20);
    unsigned n = topology->world->node_count;
    add(text,
        "mta { name = \"%s\" password = \"secret\" country = SM prmd = \"D%u\" data-folder = \"/sim/%s\"\n",
        node->name, node->domain, node->name);
    if (topology->short_timeouts)
        add(text,
            "message-timeout-urgent = 10m message-timeout-normal = 20m message-timeout-non-urgent = 30m }\n");
    else
        add(text, "message-timeout-urgent = 120m message-timeout-normal = 240m message-timeout-non-urgent = "
                  "480m }\n");
    add(text, "listener L { port = 102 }\nadmin { port = 0 }\n");
    for (unsigned peer = 0; peer < n; peer++)
        if (*link_of(topology, node->index, peer))
            add_connector(topology, node->index, peer, text);
    for (unsigned user = 0; user < JUDGE_USERS; user++)
        add(text, "mailbox box%u { folder = \"/sim/%s/box%u\" address-space = { \"%s\" } }\n", user,
            node->name, user, topology_address(topology, node->index, user, node->config_pool));
    add_aliases(topology, node, text);
    config_findings_t findings;
    config_read_text("sim.conf", buffer_bytes(text), node->config_pool, &node->config, &findings);
    if (!node->config) {
        fprintf(stderr, "%s\n%.*s\n", config_findings_text(&findings, node->config_pool),
                (int)buffer_length(text), (const char *)buffer_bytes(text).data);
        abort();
    }
    buffer_release(text);
}

void topology_configure(topology_t *topology)
{
    world_t *world = topology->world;
    unsigned n = world->node_count;
    unsigned *queue = apr_palloc(topology->pool, n * sizeof(*queue));
    for (unsigned i = 0; i < n; i++)
        world->nodes[i].domain = topology->one_domain ? 0 : i;
    for (unsigned to = 0; to < n && n <= EXPLICIT_LIMIT; to++)
        find_ways_to(topology, to, queue);
    for (unsigned i = 0; i < n; i++)
        if (!world->nodes[i].hostile)
            choose_aliases(topology, i);
    for (unsigned i = 0; i < n; i++)
        if (!world->nodes[i].hostile)
            configure(topology, &world->nodes[i]);
}
