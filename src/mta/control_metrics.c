/* The counters, as operators of such MTAs know them: of the MTA and of each connector, all of them there from
 * the start. What a connector's series count adds up to the MTA's: traffic that belongs to no connector has
 * series of its own with the connector "(local)", submitted here, or "(refused)", callers without a name. */
#include "event/tracking.h"
#include "mta/awaited.h"
#include "mta/connector.h"
#include "mta/control_internal.h"

typedef struct metric_t {
    const char *name;
    const char *help;
    const char *type;
    uint64_t value;
} metric_t;

uint64_t control_oldest_seconds(const destination_t *destination)
{
    utc_time_t oldest = INT64_MAX;
    for (int class = 0; class < MTA_CLASS_COUNT; class ++)
        if (destination->ready[class].first && destination->ready[class].first->arrival < oldest)
            oldest = destination->ready[class].first->arrival;
    if (oldest == INT64_MAX)
        return 0;
    return (uint64_t)(agent_utc(destination->agent) - oldest) / 1000000;
}

static void add_metric(json_t *list, const metric_t *metric, const char *label, const char *value)
{
    json_t *labels = json_object();
    if (label)
        json_object_set_new(labels, label, json_string(value));
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:I}", "name", metric->name, "help",
                                          metric->help, "type", metric->type, "labels", labels, "value",
                                          (json_int_t)metric->value));
}

#define ADD(list, metrics, label, value)                                                                     \
    for (size_t i_ = 0; i_ < sizeof(metrics) / sizeof((metrics)[0]); i_++)                                   \
    add_metric((list), &(metrics)[i_], (label), (value))

typedef struct totals_t {
    uint64_t count;
    uint64_t octets;
    uint64_t recipients;
    uint64_t deferred;
    uint64_t inbound_associations;
    uint64_t outbound_associations;
    uint64_t failed;
    uint64_t rejected;
} totals_t;

static uint64_t count_deferred(const destination_t *destination)
{
    uint64_t count = 0;
    for (const queue_entry_t *entry = destination->parked.first; entry; entry = entry->next)
        count += entry->state == STORE_ENTRY_DEFERRED;
    return count;
}

static void add_totals(totals_t *totals, const destination_t *destination)
{
    totals->count += destination->count;
    totals->octets += destination->octets;
    totals->recipients += destination->recipients;
    totals->deferred += count_deferred(destination);
    if (destination->kind != ROUTE_CONNECTOR)
        return;
    const connector_t *connector = (const connector_t *)destination;
    totals->inbound_associations += connector->cumulative_inbound;
    totals->outbound_associations += connector->cumulative_outbound;
    totals->failed += connector->failed_outbound;
    totals->rejected += connector->rejected_inbound;
}

static void mta_metrics(agent_t *agent, json_t *list, const totals_t *totals)
{
    store_figures_t store;
    store_figures(agent->services.store, &store);
    const traffic_t *traffic = &agent->traffic;
    const metric_t metrics[] = {
        {"x400mta_work_queue_length", "Messages queued for all destinations", "gauge", totals->count},
        {"x400mta_work_queue_bytes", "Content octets queued for all destinations", "gauge", totals->octets},
        {"x400mta_queued_recipients", "Recipients of these messages", "gauge", totals->recipients},
        {"x400mta_deferred_delivery_messages", "Messages that wait for their time", "gauge",
         totals->deferred},
        {"x400mta_adjacent_mta_associations", "Associations now, both directions", "gauge",
         agent_sessions(agent, NULL, NULL)},
        {"x400mta_inbound_associations_total", "Incoming associations accepted", "counter",
         totals->inbound_associations},
        {"x400mta_outbound_associations_total", "Outgoing associations begun", "counter",
         totals->outbound_associations},
        {"x400mta_failed_outbound_associations_total", "Outgoing associations failed", "counter",
         totals->failed},
        {"x400mta_inbound_rejected_total", "Incoming associations refused to known peers", "counter",
         totals->rejected},
        {"x400mta_inbound_messages_total", "Messages, probes and reports taken in", "counter",
         traffic->inbound_messages},
        {"x400mta_outbound_messages_total", "Messages, probes and reports transferred", "counter",
         traffic->outbound_messages},
        {"x400mta_inbound_bytes_total", "Content octets taken in", "counter", traffic->inbound_octets},
        {"x400mta_outbound_bytes_total", "Content octets transferred", "counter", traffic->outbound_octets},
        {"x400mta_inbound_recipients_total", "Recipients taken in", "counter", traffic->inbound_recipients},
        {"x400mta_outbound_recipients_total", "Recipients transferred", "counter",
         traffic->outbound_recipients},
        {"x400mta_tcp_receive_bytes_total", "Octets received over TCP/IP", "counter",
         traffic->received_octets},
        {"x400mta_tcp_transmit_bytes_total", "Octets sent over TCP/IP", "counter", traffic->sent_octets},
        {"x400mta_delivered_total", "Messages and reports delivered to mailboxes", "counter",
         agent->delivered},
        {"x400mta_reports_made_total", "Reports made here", "counter", agent->reports_made},
        {"x400mta_reports_awaited", "Transfers on which a report is to come", "gauge",
         awaited_count(agent->awaited)},
        {"x400mta_loops_detected_total", "Messages found to loop", "counter", agent->loops_seen},
        {"x400mta_repeats_total", "Repeated transfers recognised", "counter", agent->repeats_seen},
        {"x400mta_refused_associations_total", "Calls refused", "counter", agent->refused},
        {"x400mta_store_commits_total", "Commits of the store", "counter", store.commits},
        {"x400mta_store_transactions_total", "Transactions in these commits", "counter", store.transactions},
        {"x400mta_store_failures_total", "Transactions that failed", "counter", store.failures},
        {"x400mta_store_waiting_bytes", "Octets that wait for a commit", "gauge", store.octets_waiting},
        {"x400mta_memory_cached_bytes", "Messages kept in memory beside the store", "gauge", agent->cached},
        {"x400mta_tracking_dropped_total", "Records that the tracking log has lost", "counter",
         tracking_dropped(agent->services.tracking)},
        {"x400mta_start_time_seconds", "When the MTA started, in seconds since 1970", "gauge",
         (uint64_t)agent->started_utc / 1000000},
    };
    ADD(list, metrics, NULL, NULL);
}

/* The series that add up to the MTA's, for a connector or for what belongs to none. */
static void traffic_metrics(json_t *list, const char *name, const traffic_t *traffic)
{
    const metric_t metrics[] = {
        {"x400mta_connector_inbound_messages_total", "Messages taken in", "counter",
         traffic->inbound_messages},
        {"x400mta_connector_outbound_messages_total", "Messages transferred", "counter",
         traffic->outbound_messages},
        {"x400mta_connector_inbound_bytes_total", "Content octets taken in", "counter",
         traffic->inbound_octets},
        {"x400mta_connector_outbound_bytes_total", "Content octets transferred", "counter",
         traffic->outbound_octets},
        {"x400mta_connector_inbound_recipients_total", "Recipients taken in", "counter",
         traffic->inbound_recipients},
        {"x400mta_connector_outbound_recipients_total", "Recipients transferred", "counter",
         traffic->outbound_recipients},
        {"x400mta_connector_receive_bytes_total", "Octets received over TCP/IP", "counter",
         traffic->received_octets},
        {"x400mta_connector_transmit_bytes_total", "Octets sent over TCP/IP", "counter",
         traffic->sent_octets},
    };
    ADD(list, metrics, "connector", name);
}

static void connector_metrics(json_t *list, const connector_t *c, mono_time_t now)
{
    const destination_t *destination = &c->destination;
    const metric_t metrics[] = {
        {"x400mta_connector_queue_length", "Messages queued", "gauge", destination->count},
        {"x400mta_connector_queued_bytes", "Content octets queued", "gauge", destination->octets},
        {"x400mta_connector_queued_recipients", "Recipients queued", "gauge", destination->recipients},
        {"x400mta_connector_oldest_message_seconds", "Age of the oldest message queued", "gauge",
         control_oldest_seconds(destination)},
        {"x400mta_connector_current_inbound_associations", "Incoming associations now", "gauge",
         connector_count(c, false, true)},
        {"x400mta_connector_current_outbound_associations", "Outgoing associations now", "gauge",
         connector_count(c, true, true)},
        {"x400mta_connector_inbound_associations_total", "Incoming associations accepted", "counter",
         c->cumulative_inbound},
        {"x400mta_connector_outbound_associations_total", "Outgoing associations begun", "counter",
         c->cumulative_outbound},
        {"x400mta_connector_failed_outbound_associations_total", "Outgoing associations failed", "counter",
         c->failed_outbound},
        {"x400mta_connector_inbound_rejected_total", "Incoming associations refused", "counter",
         c->rejected_inbound},
        {"x400mta_connector_inbound_reject_reason",
         "Why the last incoming association was refused: 1 + RTS reason, 0 = none was", "gauge",
         c->reject_reason},
        {"x400mta_connector_outbound_failure_reason",
         "Why the last outgoing association failed: 1 + RTS reason, 100 = no answer of the peer's, 0 = none "
         "did",
         "gauge", c->failure_reason},
        {"x400mta_connector_failed_opens", "Failed opens in a row", "gauge", c->attempts},
        {"x400mta_connector_next_retry_seconds", "Seconds until the next attempt to open, 0 = none is due",
         "gauge", c->waiting && c->retry.due > now ? (uint64_t)(c->retry.due - now) / 1000000 : 0},
        {"x400mta_connector_last_inbound_time_seconds", "When the peer's last association was opened",
         "gauge", (uint64_t)c->last_inbound / 1000000},
        {"x400mta_connector_last_outbound_time_seconds", "When our last association was opened", "gauge",
         (uint64_t)c->last_outbound / 1000000},
    };
    ADD(list, metrics, "connector", destination->name);
    traffic_metrics(list, destination->name, &c->traffic);
}

static void mailbox_metrics(json_t *list, const destination_t *destination)
{
    const metric_t metrics[] = {
        {"x400mta_local_queue_length", "Messages queued for a mailbox or a list", "gauge",
         destination->count},
        {"x400mta_local_queued_recipients", "Recipients queued for a mailbox or a list", "gauge",
         destination->recipients},
        {"x400mta_local_queued_bytes", "Content octets queued for a mailbox or a list", "gauge",
         destination->octets},
    };
    ADD(list, metrics, "destination", destination->name);
}

void control_metrics(control_call_t *call)
{
    agent_t *agent = call->agent;
    json_t *list = json_array();
    totals_t totals = {0};
    for (apr_hash_index_t *i = apr_hash_first(call->pool, agent->destinations); i; i = apr_hash_next(i))
        add_totals(&totals, apr_hash_this_val(i));
    mta_metrics(agent, list, &totals);
    for (apr_hash_index_t *i = apr_hash_first(call->pool, agent->destinations); i; i = apr_hash_next(i)) {
        const destination_t *destination = apr_hash_this_val(i);
        if (destination->kind == ROUTE_CONNECTOR)
            connector_metrics(list, (const connector_t *)destination, agent_now(agent));
        else
            mailbox_metrics(list, destination);
    }
    traffic_metrics(list, "(local)", &agent->submitted);
    traffic_metrics(list, "(refused)", &agent->unnamed);
    control_answer(call, json_pack("{s:o}", "metrics", list));
}
