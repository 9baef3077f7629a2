/* The metrics of the admin interface: every counter, with the connector or the destination that it belongs
 * to. Traffic that belongs to no connector has series of its own with the connector "(local)", submitted
 * here, or "(refused)", callers without a name. */
#include "mta/control_internal.h"
#include "mta/counters.h"

static void add_metrics(json_t *list, counter_scope_t scope, const uint64_t values[COUNTER_COUNT],
                        const char *label, const char *value)
{
    for (int i = 0; i < COUNTER_COUNT; i++) {
        const counter_definition_t *definition = &counter_definitions[i];
        if (definition->scope != scope)
            continue;
        json_t *labels = json_object();
        if (label)
            json_object_set_new(labels, label, json_string(value));
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:o, s:I}", "name", definition->name, "help",
                                        definition->help, "type", definition->gauge ? "gauge" : "counter",
                                        "labels", labels, "value", (json_int_t)values[i]));
    }
}

static void add_connector(void *context, const char *name, const uint64_t values[COUNTER_COUNT])
{
    json_t *list = context;
    add_metrics(list, COUNTER_OF_CONNECTOR, values, "connector", name);
    add_metrics(list, COUNTER_OF_TRAFFIC, values, "connector", name);
}

static void add_traffic(json_t *list, const char *name, const traffic_t *traffic)
{
    uint64_t values[COUNTER_COUNT] = {0};
    counters_of_traffic(traffic, values);
    add_metrics(list, COUNTER_OF_TRAFFIC, values, "connector", name);
}

void control_metrics(control_call_t *call)
{
    agent_t *agent = call->agent;
    uint64_t values[COUNTER_COUNT] = {0};
    json_t *list = json_array();
    counters_of_mta(agent, values);
    add_metrics(list, COUNTER_OF_MTA, values, NULL, NULL);
    counters_each_connector(agent, add_connector, list);
    for (apr_hash_index_t *i = apr_hash_first(call->pool, agent->destinations); i; i = apr_hash_next(i)) {
        const destination_t *destination = apr_hash_this_val(i);
        if (destination->kind == ROUTE_CONNECTOR)
            continue;
        counters_of_local(destination, values);
        add_metrics(list, COUNTER_OF_LOCAL, values, "destination", destination->name);
    }
    add_traffic(list, "(local)", &agent->submitted);
    add_traffic(list, "(refused)", &agent->unnamed);
    control_answer(call, json_pack("{s:o}", "metrics", list));
}
