/* The counters, as operators of such MTAs know them: of the MTA and of each connector, all of them there from
 * the start. One table (counters.def) says what there is; the metrics of the admin interface are made of it,
 * and so is what the Performance Monitor of Windows shows. */
#ifndef MTA_COUNTERS_H
#define MTA_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "mta/internal.h"

typedef enum counter_id_t {
    COUNTER_NONE = -1,
#define COUNTER(symbol, scope, name, kind, help) COUNTER_##symbol,
#define MONITOR(set, number, name, kind, symbol, words)
#include "mta/counters.def"
#undef COUNTER
#undef MONITOR
    COUNTER_COUNT
} counter_id_t;

typedef enum counter_scope_t {
    COUNTER_OF_MTA,
    COUNTER_OF_CONNECTOR,
    COUNTER_OF_TRAFFIC, /* of a connector, or of what belongs to none */
    COUNTER_OF_LOCAL    /* of a mailbox or a list */
} counter_scope_t;

typedef struct counter_definition_t {
    const char *name; /* of the series, "x400mta_..." */
    const char *help;
    counter_scope_t scope;
    bool gauge; /* else it only grows */
} counter_definition_t;

/* By counter_id_t. */
extern const counter_definition_t counter_definitions[COUNTER_COUNT];

/* What the Performance Monitor shows. */
typedef struct counter_monitor_t {
    unsigned number; /* in its set, from 1 */
    const char *name;
    bool rate;            /* shown as growth per second */
    counter_id_t counter; /* COUNTER_NONE: always 0 */
    const char *words;    /* what it is */
} counter_monitor_t;

typedef struct counter_set_t {
    const char *name; /* "MSExchangeMTA" */
    const char *uri;
    const char *guid;
    const char *words;
    bool instances; /* one for each connector; else one */
    const counter_monitor_t *monitors;
    size_t count;
} counter_set_t;

enum { COUNTER_SET_MTA, COUNTER_SET_CONNECTIONS, COUNTER_SET_COUNT };

extern const counter_set_t counter_sets[COUNTER_SET_COUNT];
/* Identifies the provider of these sets to Windows. */
extern const char counter_provider_guid[];

/* Writes the manifest by which Windows is told of the sets, and the texts that it refers to, as the source of
 * a resource. */
void counters_write_manifest(FILE *out);
void counters_write_resource(FILE *out);

/* Each sets the values of its scope and leaves all others; in the loop's thread. */
void counters_of_mta(agent_t *agent, uint64_t values[COUNTER_COUNT]);
void counters_of_connector(const connector_t *connector,
                           uint64_t values[COUNTER_COUNT]); /* with its traffic */
void counters_of_traffic(const traffic_t *traffic, uint64_t values[COUNTER_COUNT]);
void counters_of_local(const destination_t *destination, uint64_t values[COUNTER_COUNT]);

typedef void (*counters_each_t)(void *context, const char *name, const uint64_t values[COUNTER_COUNT]);
/* Calls each for every connector. */
void counters_each_connector(agent_t *agent, counters_each_t each, void *context);

/* Age of the oldest entry of a destination that can go now, 0 if there is none. */
uint64_t counters_oldest_seconds(const destination_t *destination);

#endif
