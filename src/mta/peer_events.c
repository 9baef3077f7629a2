#include "mta/peer_events.h"

#include <apr_strings.h>

#include "event/ids.h"

enum { INTERVAL_SECONDS = 60, OWN_LIMIT = 256, SHARED_LIMIT = 32, NAME_SIZE = 129 };

typedef struct count_t {
    unsigned id; /* 0: free */
    unsigned told;
    uint64_t untold;
    char peer[NAME_SIZE];
} count_t;

struct peer_events_t {
    agent_t *agent;
    timers_item_t timer; /* end of the interval; armed while something was counted in it */
    mono_time_t since;
    count_t own[OWN_LIMIT];       /* of one event and one peer */
    count_t shared[SHARED_LIMIT]; /* of one event and all peers that found no room */
};

static void tell_counted(peer_events_t *peer_events, count_t *count)
{
    agent_t *agent = peer_events->agent;
    char number[24];
    char id[16];
    char seconds[24];
    apr_snprintf(number, sizeof(number), "%" APR_UINT64_T_FMT, (apr_uint64_t)count->untold);
    apr_snprintf(id, sizeof(id), "%u", count->id);
    apr_snprintf(seconds, sizeof(seconds), "%" APR_INT64_T_FMT,
                 (apr_int64_t)((agent_now(agent) - peer_events->since) / TIME_SECONDS(1)));
    event_subject_t subject = {.connector = count->peer};
    event_raise(agent->services.events, EVENT_ID_PEER_EVENTS_UNTOLD, &subject, number, id, count->peer,
                seconds);
}

static void tell_all(peer_events_t *peer_events)
{
    count_t *lists[] = {peer_events->own, peer_events->shared};
    const size_t limits[] = {OWN_LIMIT, SHARED_LIMIT};
    for (size_t list = 0; list < 2; list++)
        for (size_t i = 0; i < limits[list] && lists[list][i].id; i++) {
            if (lists[list][i].untold)
                tell_counted(peer_events, &lists[list][i]);
            lists[list][i] = (count_t){0};
        }
}

static void interval_over(void *baton)
{
    tell_all(baton);
}

peer_events_t *peer_events_create(agent_t *agent)
{
    peer_events_t *peer_events = apr_pcalloc(agent->pool, sizeof(*peer_events));
    peer_events->agent = agent;
    peer_events->timer.run = interval_over;
    peer_events->timer.baton = peer_events;
    return peer_events;
}

/* The count of this event and peer, or a free one that becomes it; NULL if there is none. */
static count_t *find(count_t *list, size_t limit, unsigned id, const char *peer)
{
    for (size_t i = 0; i < limit; i++) {
        if (!list[i].id) {
            list[i].id = id;
            apr_cpystrn(list[i].peer, peer, sizeof(list[i].peer));
            return &list[i];
        }
        if (list[i].id == id && strcmp(list[i].peer, peer) == 0)
            return &list[i];
    }
    return NULL;
}

/* A caller has another port each time. */
static void cut_port(char name[NAME_SIZE], const char *peer)
{
    apr_cpystrn(name, peer, NAME_SIZE);
    char *port = strrchr(name, ':');
    if (port && port[1] && strspn(port + 1, "0123456789") == strlen(port + 1))
        *port = '\0';
}

bool peer_events_count(peer_events_t *peer_events, unsigned id, const char *peer)
{
    if (!peer_events || peer_events->agent->config->log.events_per_peer == 0)
        return true;
    agent_t *agent = peer_events->agent;
    char name[NAME_SIZE];
    cut_port(name, peer);
    count_t *count = find(peer_events->own, OWN_LIMIT, id, name);
    if (!count)
        count = find(peer_events->shared, SHARED_LIMIT, id, "other peers");
    if (!timers_armed(&peer_events->timer)) {
        peer_events->since = agent_now(agent);
        timers_arm(agent_timers(agent), &peer_events->timer,
                   peer_events->since + TIME_SECONDS(INTERVAL_SECONDS));
    }
    if (!count)
        return true; /* there are fewer events than SHARED_LIMIT */
    if (count->told < agent->config->log.events_per_peer) {
        count->told++;
        return true;
    }
    count->untold++;
    return false;
}

void peer_events_stop(peer_events_t *peer_events)
{
    tell_all(peer_events);
    timers_cancel(agent_timers(peer_events->agent), &peer_events->timer);
}
