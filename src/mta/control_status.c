/* Figures for operators: the MTA as a whole, its connectors and associations. */
#include <apr_strings.h>

#include "mta/association.h"
#include "mta/awaited.h"
#include "mta/connector.h"
#include "mta/control_internal.h"
#include "mta/counters.h"
#include "mta/queue.h"
#include "mta/sibling.h"
#include "mta/transfer_in.h"
#include "mta/transfer_out.h"
#include "x400_version.h"

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

const char *control_conformance_name(config_conformance_t conformance)
{
    static const char *const names[] = {[CONFIG_CONFORMANCE_1984] = "1984",
                                        [CONFIG_CONFORMANCE_1988_X410] = "1988 X.410",
                                        [CONFIG_CONFORMANCE_1988_NORMAL] = "1988 normal"};
    return names[conformance];
}

/* Every destination in turn: the configured ones, and those that are gone but still hold entries. */
static void each_destination(agent_t *agent, apr_pool_t *pool,
                             void (*each)(void *context, destination_t *destination), void *context)
{
    for (apr_hash_index_t *i = apr_hash_first(pool, agent->destinations); i; i = apr_hash_next(i))
        each(context, apr_hash_this_val(i));
}

typedef struct totals_t {
    uint64_t count;
    uint64_t octets;
} totals_t;

static void add_totals(void *context, destination_t *destination)
{
    totals_t *totals = context;
    totals->count += destination->count;
    totals->octets += destination->octets;
}

static json_t *store_json(agent_t *agent)
{
    store_figures_t figures;
    store_figures(agent->services.store, &figures);
    json_t *store = json_object();
    json_object_set_new(store, "driver", json_string(agent->config->store.driver));
    json_object_set_new(store, "commits", number(figures.commits));
    json_object_set_new(store, "transactions", number(figures.transactions));
    json_object_set_new(store, "failures", number(figures.failures));
    json_object_set_new(store, "failing", json_boolean(agent->store_failing));
    json_object_set_new(store, "octets_waiting", number(figures.octets_waiting));
    return store;
}

static json_t *listeners_json(agent_t *agent)
{
    json_t *listeners = json_array();
    const char *name;
    const char *address;
    for (size_t i = 0; (address = agent_listener_text(agent, i, &name)) != NULL; i++)
        json_array_append_new(listeners, json_pack("{s:s, s:s}", "name", name, "address", address));
    return listeners;
}

void control_status(control_call_t *call)
{
    agent_t *agent = call->agent;
    totals_t totals = {0};
    each_destination(agent, call->pool, add_totals, &totals);
    x411_domain_t domain = agent_domain(agent);
    json_t *status = json_object();
    json_object_set_new(status, "name", json_string(agent->config->mta.name));
    json_object_set_new(status, "version", json_string(X400_VERSION));
    json_object_set_new(status, "domain", json_string(x411_domain_text(call->pool, &domain)));
    json_object_set_new(status, "started", json_string(control_utc_text(call->pool, agent->started_utc)));
    json_object_set_new(status, "uptime_s",
                        number((uint64_t)(agent_now(agent) - agent->started_mono) / 1000000));
    json_object_set_new(status, "configuration", json_string(agent->config->path));
    json_object_set_new(status, "state",
                        json_string(agent->stopping ? "stopping"
                                    : agent->paused ? "paused"
                                                    : "running"));
    json_object_set_new(status, "queued", number(totals.count));
    json_object_set_new(status, "queued_octets", number(totals.octets));
    json_object_set_new(status, "associations", number(agent_sessions(agent, NULL, NULL)));
    json_object_set_new(status, "inbound_messages", number(agent->traffic.inbound_messages));
    json_object_set_new(status, "outbound_messages", number(agent->traffic.outbound_messages));
    json_object_set_new(status, "inbound_octets", number(agent->traffic.inbound_octets));
    json_object_set_new(status, "outbound_octets", number(agent->traffic.outbound_octets));
    json_object_set_new(status, "delivered", number(agent->delivered));
    json_object_set_new(status, "reports_made", number(agent->reports_made));
    json_object_set_new(status, "repeats", number(agent->repeats_seen));
    json_object_set_new(status, "loops", number(agent->loops_seen));
    json_object_set_new(status, "reports_awaited", number(awaited_count(agent->awaited)));
    json_object_set_new(status, "refused_associations", number(agent->refused));
    json_object_set_new(status, "store", store_json(agent));
    json_object_set_new(status, "listeners", listeners_json(agent));
    json_object_set_new(status, "connectors", number(agent->config->connector_count));
    json_object_set_new(status, "mailboxes", number(agent->config->mailbox_count));
    json_object_set_new(status, "lists", number(agent->config->list_count));
    control_answer(call, status);
}

static json_t *connector_json(connector_t *connector, apr_pool_t *pool)
{
    const config_connector_t *config = connector->config;
    const destination_t *destination = &connector->destination;
    agent_t *agent = destination->agent;
    json_t *item = json_object();
    json_object_set_new(item, "name", json_string(destination->name));
    json_object_set_new(item, "remote_mta", json_string(config->remote_mta_name));
    json_object_set_new(item, "address",
                        json_string(config->remote_host && *config->remote_host
                                        ? apr_psprintf(pool, "%s:%u", config->remote_host, config->port)
                                        : ""));
    json_object_set_new(item, "conformance", json_string(control_conformance_name(config->conformance)));
    json_object_set_new(item, "state", json_string(connector_state_name(connector)));
    json_object_set_new(item, "link_state", json_string(sibling_state_name(connector)));
    json_object_set_new(item, "queued", number(destination->count));
    json_object_set_new(item, "queued_octets", number(destination->octets));
    json_object_set_new(item, "urgent", number(destination->ready_count[MTA_CLASS_URGENT]));
    json_object_set_new(item, "normal", number(destination->ready_count[MTA_CLASS_NORMAL]));
    json_object_set_new(item, "non_urgent", number(destination->ready_count[MTA_CLASS_NON_URGENT]));
    json_object_set_new(item, "inbound_associations", number(connector_count(connector, false, true)));
    json_object_set_new(item, "outbound_associations", number(connector_count(connector, true, true)));
    json_object_set_new(item, "attempts", number(connector->attempts));
    json_object_set_new(item, "next_retry_s",
                        connector->waiting ? json_integer((connector->retry.due - agent_now(agent)) / 1000000)
                                           : json_null());
    json_object_set_new(item, "last_error", json_string(connector->last_error));
    json_object_set_new(item, "inbound_messages", number(connector->traffic.inbound_messages));
    json_object_set_new(item, "outbound_messages", number(connector->traffic.outbound_messages));
    json_object_set_new(item, "inbound_octets", number(connector->traffic.inbound_octets));
    json_object_set_new(item, "outbound_octets", number(connector->traffic.outbound_octets));
    json_object_set_new(item, "failed_outbound", number(connector->failed_outbound));
    json_object_set_new(item, "rejected_inbound", number(connector->rejected_inbound));
    json_object_set_new(item, "queued_recipients", number(destination->recipients));
    control_restrictions(item, config);
    json_object_set_new(item, "oldest_s", number(counters_oldest_seconds(destination)));
    return item;
}

static json_t *lists_json(const agent_t *agent, const char *name)
{
    json_t *lists = json_array();
    for (size_t i = 0; i < agent->config->list_count; i++) {
        const config_list_t *list = &agent->config->lists[i];
        json_int_t members = 0;
        for (const char *const *member = list->members; member && *member; member++)
            members++;
        if (!name || strcmp(name, list->name) == 0)
            json_array_append_new(lists, json_pack("{s:s, s:s, s:I, s:I}", "name", list->name, "address",
                                                   list->address, "members", members, "queued",
                                                   (json_int_t)agent->lists[i]->destination.count));
    }
    return lists;
}

void control_connectors(control_call_t *call)
{
    agent_t *agent = call->agent;
    const char *name = control_text(call, "name");
    json_t *connectors = json_array();
    json_t *mailboxes = json_array();
    for (size_t i = 0; i < agent->config->connector_count; i++)
        if (!name || strcmp(name, agent->config->connectors[i].name) == 0)
            json_array_append_new(connectors, connector_json(agent->connectors[i], call->pool));
    for (size_t i = 0; i < agent->config->mailbox_count; i++) {
        const mailbox_t *mailbox = agent->mailboxes[i];
        if (!name || strcmp(name, mailbox->destination.name) == 0)
            json_array_append_new(mailboxes,
                                  json_pack("{s:s, s:s, s:I, s:I}", "name", mailbox->destination.name,
                                            "folder", mailbox->config->folder, "queued",
                                            (json_int_t)mailbox->destination.count, "delivered",
                                            (json_int_t)mailbox->delivered));
    }
    json_t *lists = lists_json(agent, name);
    if (name && !json_array_size(connectors) && !json_array_size(mailboxes) && !json_array_size(lists)) {
        json_decref(connectors);
        json_decref(mailboxes);
        json_decref(lists);
        control_refuse(call, 404, "there is no connector, mailbox or list \"%s\"", name);
        return;
    }
    control_answer(
        call, json_pack("{s:o, s:o, s:o}", "connectors", connectors, "mailboxes", mailboxes, "lists", lists));
}

static json_t *transfer_json(association_t *association, apr_pool_t *pool)
{
    uint64_t octets = 0;
    uint64_t total = 0;
    const char *mts_id;
    if (association->out)
        mts_id = transfer_out_describe(association->out, &octets, &total);
    else if (association->in)
        mts_id = transfer_in_describe(association->in, pool, &octets);
    else
        return json_null();
    return json_pack("{s:s, s:I, s:I}", "mts_id", mts_id, "octets", (json_int_t)octets, "total",
                     (json_int_t)total);
}

void control_associations(control_call_t *call)
{
    json_t *list = json_array();
    for (association_t *a = call->agent->associations; a; a = a->agent_next) {
        stack_facts_t facts;
        osi_stack_facts(a->stack, &facts);
        json_t *item = json_object();
        json_object_set_new(item, "id", number(a->id));
        json_object_set_new(item, "connector",
                            json_string(a->connector ? a->connector->destination.name : ""));
        json_object_set_new(item, "direction", json_string(a->outbound ? "outgoing" : "incoming"));
        json_object_set_new(item, "peer", json_string(a->peer));
        json_object_set_new(item, "local", json_string(a->conn ? net_conn_local_address(a->conn) : ""));
        json_object_set_new(item, "mode", json_string(osi_mode_name(facts.mode)));
        json_object_set_new(item, "state", json_string(association_state_name(a)));
        json_object_set_new(item, "layers", json_string(osi_stack_state_text(a->stack, call->pool)));
        bool turn = a->state == ASSOCIATION_OPEN && osi_stack_has_turn(a->stack);
        json_object_set_new(item, "turn", json_string(turn ? "ours" : "peer's"));
        json_object_set_new(item, "checkpoint_k", number(facts.checkpoint_size_k));
        json_object_set_new(item, "window", number(facts.window_size));
        json_object_set_new(item, "tpdu", number(facts.tpdu_size));
        json_object_set_new(item, "messages", number(a->messages));
        json_object_set_new(item, "octets", number(a->octets));
        json_object_set_new(item, "idle_s",
                            number((uint64_t)(agent_now(call->agent) - a->activity) / 1000000));
        json_object_set_new(item, "transfer", transfer_json(a, call->pool));
        json_array_append_new(list, item);
    }
    control_answer(call, json_pack("{s:o}", "associations", list));
}
