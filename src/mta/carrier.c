#include "mta/carrier.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/association.h"
#include "mta/binding.h"

/* An address whose link is down. */
typedef struct dead_link_t {
    struct dead_link_t *next;
    mono_time_t since;
    bool acted; /* its associations were ended */
    bool told;
    char address[64];
} dead_link_t;

struct carrier_t {
    agent_t *agent;
    dead_link_t *dead;
    timers_item_t timer;
};

static apr_status_t forget(void *data)
{
    carrier_t *carrier = data;
    while (carrier->dead) {
        dead_link_t *link = carrier->dead;
        carrier->dead = link->next;
        free(link);
    }
    return APR_SUCCESS;
}

static void act(carrier_t *carrier, dead_link_t *link)
{
    agent_t *agent = carrier->agent;
    link->acted = true;
    unsigned associations =
        binding_cut_associations(agent, link->address, "the link is down under the address ");
    if (!associations && !binding_uses(agent, link->address))
        return;
    link->told = true;
    char count[16];
    apr_snprintf(count, sizeof(count), "%u", associations);
    event_subject_t subject = {.layer = "network"};
    event_raise(agent->services.events, EVENT_ID_LINK_DOWN, &subject, link->address, count);
}

/* Acts on links that have been down for long enough, and waits for the next one. */
static void look(void *baton)
{
    carrier_t *carrier = baton;
    agent_t *agent = carrier->agent;
    mono_time_t next = 0;
    for (dead_link_t *link = carrier->dead; link; link = link->next) {
        mono_time_t due = link->since + TIME_SECONDS(CARRIER_GRACE);
        if (link->acted)
            continue;
        if (due <= agent_now(agent))
            act(carrier, link);
        else if (!next || due < next)
            next = due;
    }
    timers_cancel(agent_timers(agent), &carrier->timer);
    if (next)
        timers_arm(agent_timers(agent), &carrier->timer, next);
}

carrier_t *carrier_create(agent_t *agent)
{
    carrier_t *carrier = apr_pcalloc(agent->pool, sizeof(*carrier));
    carrier->agent = agent;
    carrier->timer.run = look;
    carrier->timer.baton = carrier;
    apr_pool_cleanup_register(agent->pool, carrier, forget, apr_pool_cleanup_null);
    return carrier;
}

/* An address that is here, and on no interface whose link is up. */
static bool is_down(const bind_facts_t *facts, const char *address)
{
    bool down = false;
    for (size_t i = 0; i < facts->present_count; i++) {
        if (strcmp(facts->present[i].address, address) != 0)
            continue;
        if (!facts->present[i].link_down)
            return false;
        down = true;
    }
    return down;
}

static bool is_here(const bind_facts_t *facts, const char *address)
{
    for (size_t i = 0; i < facts->present_count; i++)
        if (strcmp(facts->present[i].address, address) == 0)
            return true;
    return false;
}

static void drop_others(carrier_t *carrier, const bind_facts_t *facts)
{
    for (dead_link_t **place = &carrier->dead; *place;) {
        dead_link_t *link = *place;
        if (is_down(facts, link->address)) {
            place = &link->next;
            continue;
        }
        event_subject_t subject = {.layer = "network"};
        if (link->told && is_here(facts, link->address)) /* one that left has an event of its own */
            event_raise(carrier->agent->services.events, EVENT_ID_LINK_UP, &subject, link->address);
        *place = link->next;
        free(link);
    }
}

static void add(carrier_t *carrier, const char *address)
{
    for (const dead_link_t *link = carrier->dead; link; link = link->next)
        if (strcmp(link->address, address) == 0)
            return;
    dead_link_t *link = calloc(1, sizeof(*link));
    if (!link)
        abort();
    link->since = agent_now(carrier->agent);
    apr_cpystrn(link->address, address, sizeof(link->address));
    link->next = carrier->dead;
    carrier->dead = link;
}

void carrier_follow(carrier_t *carrier, const bind_facts_t *facts)
{
    drop_others(carrier, facts);
    for (size_t i = 0; i < facts->present_count; i++)
        if (facts->present[i].link_down && is_down(facts, facts->present[i].address))
            add(carrier, facts->present[i].address);
    look(carrier);
}

void carrier_close(carrier_t *carrier)
{
    timers_cancel(agent_timers(carrier->agent), &carrier->timer);
}
