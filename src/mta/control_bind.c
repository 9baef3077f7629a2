/* The bind plan for operators: which addresses are used, and why. */
#include "mta/binding.h"
#include "mta/control_internal.h"

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* The members that listeners and connectors share. */
static void set_point(json_t *item, const bind_point_t *point)
{
    json_object_set_new(item, "address", text_or_null(point->address ? point->address : point->wanted));
    json_object_set_new(item, "state", json_string(bind_state_name(point->state)));
    json_object_set_new(item, "by", json_string(bind_rank_name(point->rank)));
    json_object_set_new(item, "reason", json_string(point->reason));
}

static json_t *listeners_json(const agent_t *agent)
{
    json_t *list = json_array();
    const bind_plan_t *plan = binding_plan(agent);
    for (size_t i = 0; i < plan->listener_count; i++) {
        const bind_listener_t *listener = &plan->listeners[i];
        for (size_t j = 0; j < listener->count; j++) {
            json_t *item =
                json_pack("{s:s, s:i}", "name", listener->config->name, "port", (int)listener->config->port);
            set_point(item, &listener->points[j]);
            json_object_set_new(item, "open",
                                json_boolean(binding_is_open(agent, listener, &listener->points[j])));
            json_array_append_new(list, item);
        }
    }
    return list;
}

static json_t *connectors_json(const agent_t *agent)
{
    static const char *const kinds[BIND_KINDS] = {[BIND_IPV4] = "IPv4", [BIND_IPV6] = "IPv6"};
    json_t *list = json_array();
    const bind_plan_t *plan = binding_plan(agent);
    for (size_t i = 0; i < plan->source_count; i++) {
        const bind_source_t *source = &plan->sources[i];
        for (int kind = 0; kind < BIND_KINDS; kind++) {
            json_t *item = json_pack("{s:s, s:s, s:s}", "name", source->config->name, "remote_host",
                                     source->config->remote_host ? source->config->remote_host : "", "kind",
                                     kinds[kind]);
            set_point(item, &source->kinds[kind]);
            json_array_append_new(list, item);
        }
    }
    return list;
}

static json_t *present_json(const bind_facts_t *facts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < facts->present_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:b}", "address", facts->present[i].address, "usable",
                                              facts->present[i].usable ? 1 : 0));
    return list;
}

void control_bind(control_call_t *call)
{
    const agent_t *agent = call->agent;
    const bind_facts_t *facts = binding_facts(agent);
    json_t *addresses = json_array();
    for (const char *const *each = facts->virtual_addresses; each && *each; each++)
        json_array_append_new(addresses, json_string(*each));
    json_t *result = json_object();
    json_object_set_new(result, "cluster", json_boolean(binding_plan(agent)->on_cluster));
    json_object_set_new(result, "pending", json_boolean(facts->cluster_pending));
    json_object_set_new(result, "virtual_addresses", addresses);
    json_object_set_new(result, "source", text_or_null(facts->virtual_source));
    json_object_set_new(result, "present", present_json(facts));
    json_object_set_new(result, "listeners", listeners_json(agent));
    json_object_set_new(result, "connectors", connectors_json(agent));
    control_answer(call, result);
}
