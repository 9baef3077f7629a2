/* A node's process: it starts, it is killed at any moment or at a step of its store, it starts again. */
#include <stdlib.h>

#include <apr_strings.h>

#include "hostile.h"
#include "judge.h"
#include "mta/internal.h"
#include "world.h"

static utc_time_t event_utc(void *context)
{
    return node_utc(context);
}

static mono_time_t event_mono(void *context)
{
    return ((node_t *)context)->world->now;
}

static void sink(void *context, const event_record_t *record)
{
    node_t *node = context;
    if (node->dying)
        return; /* nobody sees what a process that ends would have said */
    world_trace(node->world, node, "event %u: %s", record->definition->id, record->text);
    judge_event(node->world->judge, node, record);
    if (node->world->on_event)
        node->world->on_event(node->world->on_event_context, node, record);
}

static void restart(void *baton)
{
    node_start(baton);
}

void node_start(node_t *node)
{
    world_t *world = node->world;
    if (node->up)
        return;
    apr_pool_create(&node->boot_pool, node->pool);
    node->up = node->powered = true;
    node->dying = false;
    node->boots++;
    timers_cancel(&world->events, &node->restart);
    node->restart = (timers_item_t){.run = restart, .baton = node};
    node->loop = sim_loop_create(node);
    world_trace(world, node, "starts");
    if (node->hostile) {
        hostile_start(node->hostile);
        return;
    }
    timebase_t *time = apr_palloc(node->boot_pool, sizeof(*time));
    *time = (timebase_t){event_mono, event_utc, node};
    node->events = event_log_create(node->boot_pool, time);
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        event_log_set_level(node->events, (event_category_t)i, EVENT_LEVEL_MAXIMUM);
    event_log_add_sink(node->events, sink, node);
    node->store = sim_store_create(node);
    agent_services_t services = {.loop = node->loop, .events = node->events, .store = node->store};
    sim_loop_enter(node->loop);
    err_t *err = agent_create(&node->agent, node->config, &services, node->boot_pool);
    if (!err)
        err = agent_start(node->agent);
    if (err) {
        world_violate(world, "%s does not start: %s", node->name, err_describe(node->boot_pool, err));
        abort();
    }
    sim_loop_leave(node->loop);
}

/* What the process holds is given back, so that a leak shows; nothing of it is seen outside. */
static void end_agent(node_t *node)
{
    sim_loop_enter(node->loop);
    for (int turns = 0; turns < 100; turns++) {
        sim_store_kill(node->store);
        sim_worker_kill(node->loop);
        if (sim_store_idle(node->store) && !node->agent->works && !node->agent->deliveries)
            break;
    }
    agent_destroy(node->agent);
    node->agent = NULL;
    sim_store_kill(node->store);
    if (sim_loop_timers(node->loop))
        world_violate(node->world, "%s: %d timers are left when the agent is destroyed", node->name,
                      (int)sim_loop_timers(node->loop));
}

void node_kill(node_t *node, bool power)
{
    if (!node->up)
        return;
    world_trace(node->world, node, power ? "loses power" : "is killed");
    node->world->injected.crashes += !node->world->faults_over && !node->hostile;
    if (power)
        node->powered = false;
    node->dying = true;
    if (node->hostile)
        hostile_end(node->hostile);
    else
        end_agent(node);
    node->dying = false; /* what follows is the kernel's */
    sim_loop_destroy(node->loop, !power);
    node->loop = NULL;
    node->store = NULL;
    node->events = NULL;
    node->up = false;
    apr_pool_destroy(node->boot_pool);
    node->boot_pool = NULL;
}

bool node_store_step(node_t *node, const char *what)
{
    if (node->crash_in_steps && --node->crash_in_steps == 0) {
        world_trace(node->world, node, "crashes at the store step \"%s\"", what);
        node_kill(node, world_chance(node->world, 300));
        world_after(node->world, &node->restart,
                    world_between(node->world, TIME_SECONDS(1), TIME_SECONDS(90)));
        return false;
    }
    return true;
}
