#include "world.h"

#include <stdarg.h>
#include <stdlib.h>

#include <apr_strings.h>

enum { STEPS_PER_SECOND_LIMIT = 400000, VIOLATION_LIMIT = 20 };

world_t *sim_world;

uint64_t world_random(world_t *world)
{
    /* SplitMix64 */
    uint64_t z = world->chance += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t world_below(world_t *world, uint64_t limit)
{
    return limit ? world_random(world) % limit : 0;
}

int64_t world_between(world_t *world, int64_t low, int64_t high)
{
    return high <= low ? low : low + (int64_t)world_below(world, (uint64_t)(high - low + 1));
}

bool world_chance(world_t *world, unsigned per_thousand)
{
    return per_thousand && world_below(world, 1000) < per_thousand;
}

bool world_disk_fails(world_t *world, bool broken, unsigned per_thousand)
{
    bool fails = !world->faults_over && (broken || world_chance(world, per_thousand));
    world->injected.disks += fails;
    return fails;
}

world_t *world_create(uint64_t seed, unsigned nodes, apr_pool_t *pool)
{
    world_t *world = apr_pcalloc(pool, sizeof(*world));
    world->seed = seed;
    world->chance = seed * 0xD1342543DE82EF95u + 1;
    world->pool = pool;
    world->now = TIME_SECONDS(1000);
    world->trace_hash = 0xCBF29CE484222325u;
    world->node_count = nodes;
    world->nodes = apr_pcalloc(pool, nodes * sizeof(node_t));
    world->ways = apr_pcalloc(pool, (size_t)nodes * nodes * sizeof(way_t));
    world->tcp_timeout = TIME_SECONDS(120);
    world->commit_time = TIME_MILLISECONDS(4);
    timers_init(&world->events);
    for (unsigned i = 0; i < nodes; i++) {
        node_t *node = &world->nodes[i];
        node->world = world;
        node->index = i;
        node->domain = i;
        apr_pool_create(&node->pool, pool);
        apr_snprintf(node->name, sizeof(node->name), "N%u", i);
        node->disk = sim_disk_create(node);
    }
    sim_world = world;
    return world;
}

void world_destroy(world_t *world)
{
    for (unsigned i = 0; i < world->node_count; i++) {
        if (world->nodes[i].up)
            node_kill(&world->nodes[i], false);
        timers_cancel(&world->events, &world->nodes[i].restart);
        sim_disk_destroy(world->nodes[i].disk);
    }
    sim_net_destroy(world);
    timers_destroy(&world->events);
    sim_world = NULL;
}

way_t *world_way(world_t *world, unsigned from, unsigned to)
{
    return &world->ways[(size_t)from * world->node_count + to];
}

utc_time_t node_utc(const node_t *node)
{
    return (utc_time_t)TIME_SECONDS(1795000000) + node->world->now + node->utc_offset;
}

void world_after(world_t *world, timers_item_t *item, int64_t delay)
{
    timers_arm(&world->events, item, world->now + (delay > 0 ? delay : 0));
}

void world_run(world_t *world, mono_time_t end)
{
    world->end = end;
    for (;;) {
        mono_time_t next = timers_next(&world->events);
        if (next == MONO_NEVER || next > end || world->violations >= VIOLATION_LIMIT)
            break;
        if (next > world->now)
            world->now = next;
        timers_item_t *item = world->events.heap[0];
        timers_cancel(&world->events, item);
        world->steps++;
        if (world->now - world->second >= TIME_SECONDS(1)) {
            world->second = world->now;
            world->steps_this_second = 0;
        } else if (++world->steps_this_second == STEPS_PER_SECOND_LIMIT) {
            world_violate(world, "the world does not come to rest: %d events within one second",
                          STEPS_PER_SECOND_LIMIT);
            break;
        }
        item->run(item->baton);
    }
    if (world->violations < VIOLATION_LIMIT && world->now < end)
        world->now = end;
}

static void vtrace(world_t *world, const node_t *node, const char *kind, const char *format,
                   va_list arguments) __attribute__((format(printf, 4, 0)));

static void vtrace(world_t *world, const node_t *node, const char *kind, const char *format,
                   va_list arguments)
{
    char text[EVENT_TEXT_LIMIT];
    vsnprintf(text, sizeof(text), format, arguments);
    char line[EVENT_TEXT_LIMIT + 64];
    int length = snprintf(line, sizeof(line), "%12.6f %-4s %s%s\n", (double)world->now / 1e6,
                          node ? node->name : "-", kind, text);
    for (int i = 0; i < length && i < (int)sizeof(line); i++)
        world->trace_hash = (world->trace_hash ^ (unsigned char)line[i]) * 0x100000001B3u;
    if (world->trace)
        fputs(line, world->trace);
}

void world_violate(world_t *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!world->violations++) {
        va_list copy;
        va_copy(copy, arguments);
        vsnprintf(world->first_violation, sizeof(world->first_violation), format, copy);
        va_end(copy);
    }
    vtrace(world, NULL, "VIOLATION: ", format, arguments);
    va_end(arguments);
}

void world_trace(world_t *world, const node_t *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vtrace(world, node, "", format, arguments);
    va_end(arguments);
}
