#include "mta/callers.h"

#include <apr_strings.h>

#include "event/ids.h"

enum { ADDRESSES = 64, ADDRESS_SIZE = 64, INTERVAL_SECONDS = 60, MANY = 100 };

typedef struct caller_t {
    char address[ADDRESS_SIZE];
    unsigned calls;
} caller_t;

struct callers_t {
    agent_t *agent;
    mono_time_t since;
    caller_t list[ADDRESSES];
};

callers_t *callers_create(agent_t *agent)
{
    callers_t *callers = apr_pcalloc(agent->pool, sizeof(*callers));
    callers->agent = agent;
    return callers;
}

/* The slot of the address: its own, or that of the address with the fewest calls. */
static caller_t *find(callers_t *callers, const char *address)
{
    caller_t *fewest = &callers->list[0];
    for (size_t i = 0; i < ADDRESSES; i++) {
        caller_t *caller = &callers->list[i];
        if (strcmp(caller->address, address) == 0)
            return caller;
        if (caller->calls < fewest->calls)
            fewest = caller;
    }
    apr_cpystrn(fewest->address, address, sizeof(fewest->address));
    fewest->calls = 0;
    return fewest;
}

void callers_count(callers_t *callers, const char *peer)
{
    agent_t *agent = callers->agent;
    mono_time_t now = agent_now(agent);
    if (now - callers->since >= TIME_SECONDS(INTERVAL_SECONDS)) {
        memset(callers->list, 0, sizeof(callers->list));
        callers->since = now;
    }
    char address[ADDRESS_SIZE];
    apr_cpystrn(address, peer, sizeof(address));
    char *port = strrchr(address, ':');
    if (port)
        *port = 0;
    caller_t *caller = find(callers, address);
    if (++caller->calls != MANY)
        return;
    char calls[16];
    char seconds[24];
    apr_snprintf(calls, sizeof(calls), "%u", caller->calls);
    apr_snprintf(seconds, sizeof(seconds), "%" APR_INT64_T_FMT,
                 (apr_int64_t)((now - callers->since) / TIME_SECONDS(1) + 1));
    event_subject_t subject = {.layer = "transport"};
    event_raise(agent->services.events, EVENT_ID_CALLS_WITHOUT_BIND, &subject, address, calls, seconds);
}
