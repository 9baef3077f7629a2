#include "mta/counters.h"

enum { KIND_GAUGE = true, KIND_COUNTER = false, KIND_VALUE = false, KIND_RATE = true };

const counter_definition_t counter_definitions[COUNTER_COUNT] = {
#define COUNTER(symbol, scope_, name_, kind, help_)                                                          \
    [COUNTER_##symbol] = {                                                                                   \
        .name = "x400mta_" name_, .help = (help_), .scope = COUNTER_OF_##scope_, .gauge = KIND_##kind},
#define MONITOR(set, number, name, kind, symbol, words)
#include "mta/counters.def"
#undef COUNTER
#undef MONITOR
};

/* One set each. */
#define COUNTER(symbol, scope, name, kind, help)
#define MONITOR(set, number_, name_, kind, symbol, words_) MONITOR_##set(number_, name_, kind, symbol, words_)
#define ROW(number_, name_, kind, symbol, words_)                                                            \
    {(number_), (name_), KIND_##kind, COUNTER_##symbol, (words_)},

#define MONITOR_MTA(number, name, kind, symbol, words) ROW(number, name, kind, symbol, words)
#define MONITOR_CONNECTIONS(number, name, kind, symbol, words)
static const counter_monitor_t of_mta[] = {
#include "mta/counters.def"
};
#undef MONITOR_MTA
#undef MONITOR_CONNECTIONS

#define MONITOR_MTA(number, name, kind, symbol, words)
#define MONITOR_CONNECTIONS(number, name, kind, symbol, words) ROW(number, name, kind, symbol, words)
static const counter_monitor_t of_connections[] = {
#include "mta/counters.def"
};

const char counter_provider_guid[] = "{b0f21aab-f22e-432a-bcd9-37be0b7accff}";

const counter_set_t counter_sets[COUNTER_SET_COUNT] = {
    [COUNTER_SET_MTA] = {.name = "MSExchangeMTA",
                         .uri = "x400mta.mta",
                         .guid = "{5f6c4530-abf1-411c-9456-765b834ef714}",
                         .words = "The message transfer agent as a whole",
                         .monitors = of_mta,
                         .count = sizeof(of_mta) / sizeof(of_mta[0])},
    [COUNTER_SET_CONNECTIONS] = {.name = "MSExchangeMTA Connections",
                                 .uri = "x400mta.connections",
                                 .guid = "{6cb6c64d-0c76-4aaf-94d2-202a67c30c56}",
                                 .words = "Each connector of the message transfer agent",
                                 .instances = true,
                                 .monitors = of_connections,
                                 .count = sizeof(of_connections) / sizeof(of_connections[0])},
};
