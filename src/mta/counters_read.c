/* What the counters count now. What the series of connectors count adds up to the MTA's: traffic that belongs
 * to no connector has series of its own. */
#include "mta/counters.h"

#include "event/tracking.h"
#include "mta/awaited.h"
#include "mta/connector.h"
#include "mta/internal.h"

enum { MICROSECONDS = 1000000 };

uint64_t counters_oldest_seconds(const destination_t *destination)
{
    utc_time_t oldest = INT64_MAX;
    for (int class = 0; class < MTA_CLASS_COUNT; class ++)
        if (destination->ready[class].first && destination->ready[class].first->arrival < oldest)
            oldest = destination->ready[class].first->arrival;
    if (oldest == INT64_MAX)
        return 0;
    return (uint64_t)(agent_utc(destination->agent) - oldest) / MICROSECONDS;
}

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

static void count_all(agent_t *agent, totals_t *totals)
{
    *totals = (totals_t){0};
    for (apr_hash_index_t *i = apr_hash_first(NULL, agent->destinations); i; i = apr_hash_next(i))
        add_totals(totals, apr_hash_this_val(i));
}

void counters_of_mta(agent_t *agent, uint64_t values[COUNTER_COUNT])
{
    totals_t totals;
    store_figures_t store;
    const traffic_t *traffic = &agent->traffic;
    count_all(agent, &totals);
    store_figures(agent->services.store, &store);
    values[COUNTER_WORK_QUEUE_LENGTH] = totals.count;
    values[COUNTER_WORK_QUEUE_BYTES] = totals.octets;
    values[COUNTER_QUEUED_RECIPIENTS] = totals.recipients;
    values[COUNTER_DEFERRED_DELIVERY_MESSAGES] = totals.deferred;
    values[COUNTER_ADJACENT_MTA_ASSOCIATIONS] = agent_sessions(agent, NULL, NULL);
    values[COUNTER_INBOUND_ASSOCIATIONS_TOTAL] = totals.inbound_associations;
    values[COUNTER_OUTBOUND_ASSOCIATIONS_TOTAL] = totals.outbound_associations;
    values[COUNTER_FAILED_OUTBOUND_ASSOCIATIONS_TOTAL] = totals.failed;
    values[COUNTER_INBOUND_REJECTED_TOTAL] = totals.rejected;
    values[COUNTER_INBOUND_MESSAGES_TOTAL] = traffic->inbound_messages;
    values[COUNTER_OUTBOUND_MESSAGES_TOTAL] = traffic->outbound_messages;
    values[COUNTER_INBOUND_BYTES_TOTAL] = traffic->inbound_octets;
    values[COUNTER_OUTBOUND_BYTES_TOTAL] = traffic->outbound_octets;
    values[COUNTER_INBOUND_RECIPIENTS_TOTAL] = traffic->inbound_recipients;
    values[COUNTER_OUTBOUND_RECIPIENTS_TOTAL] = traffic->outbound_recipients;
    values[COUNTER_TCP_RECEIVE_BYTES_TOTAL] = traffic->received_octets;
    values[COUNTER_TCP_TRANSMIT_BYTES_TOTAL] = traffic->sent_octets;
    values[COUNTER_DELIVERED_TOTAL] = agent->delivered;
    values[COUNTER_REPORTS_MADE_TOTAL] = agent->reports_made;
    values[COUNTER_REPORTS_AWAITED] = awaited_count(agent->awaited);
    values[COUNTER_LOOPS_DETECTED_TOTAL] = agent->loops_seen;
    values[COUNTER_REPEATS_TOTAL] = agent->repeats_seen;
    values[COUNTER_REFUSED_ASSOCIATIONS_TOTAL] = agent->refused;
    values[COUNTER_STORE_COMMITS_TOTAL] = store.commits;
    values[COUNTER_STORE_TRANSACTIONS_TOTAL] = store.transactions;
    values[COUNTER_STORE_FAILURES_TOTAL] = store.failures;
    values[COUNTER_STORE_WAITING_BYTES] = store.octets_waiting;
    values[COUNTER_MEMORY_CACHED_BYTES] = agent->cached;
    values[COUNTER_TRACKING_DROPPED_TOTAL] = tracking_dropped(agent->services.tracking);
    values[COUNTER_START_TIME_SECONDS] = (uint64_t)agent->started_utc / 1000000;
}

/* Places of connectors in the configuration, as operators read them there. */
static uint64_t index_of(const connector_t *connector)
{
    const config_t *config = connector->destination.agent->config;
    const config_connector_t *own = connector->removed ? NULL : connector->config;
    for (size_t i = 0; i < config->connector_count; i++)
        if (own == &config->connectors[i])
            return i + 1;
    return 0;
}

void counters_of_connector(const connector_t *connector, uint64_t values[COUNTER_COUNT])
{
    const destination_t *destination = &connector->destination;
    mono_time_t now = agent_now(destination->agent);
    values[COUNTER_CONNECTOR_INDEX] = index_of(connector);
    values[COUNTER_CONNECTOR_QUEUE_LENGTH] = destination->count;
    values[COUNTER_CONNECTOR_QUEUED_BYTES] = destination->octets;
    values[COUNTER_CONNECTOR_QUEUED_RECIPIENTS] = destination->recipients;
    values[COUNTER_CONNECTOR_OLDEST_MESSAGE_SECONDS] = counters_oldest_seconds(destination);
    values[COUNTER_CONNECTOR_ASSOCIATIONS] =
        connector_count(connector, false, true) + connector_count(connector, true, true);
    values[COUNTER_CONNECTOR_CURRENT_INBOUND_ASSOCIATIONS] = connector_count(connector, false, true);
    values[COUNTER_CONNECTOR_CURRENT_OUTBOUND_ASSOCIATIONS] = connector_count(connector, true, true);
    values[COUNTER_CONNECTOR_INBOUND_ASSOCIATIONS_TOTAL] = connector->cumulative_inbound;
    values[COUNTER_CONNECTOR_OUTBOUND_ASSOCIATIONS_TOTAL] = connector->cumulative_outbound;
    values[COUNTER_CONNECTOR_FAILED_OUTBOUND_ASSOCIATIONS_TOTAL] = connector->failed_outbound;
    values[COUNTER_CONNECTOR_INBOUND_REJECTED_TOTAL] = connector->rejected_inbound;
    values[COUNTER_CONNECTOR_INBOUND_REJECT_REASON] = connector->reject_reason;
    values[COUNTER_CONNECTOR_OUTBOUND_FAILURE_REASON] = connector->failure_reason;
    values[COUNTER_CONNECTOR_FAILED_OPENS] = connector->attempts;
    values[COUNTER_CONNECTOR_NEXT_RETRY_SECONDS] = connector->waiting && connector->retry.due > now
                                                       ? (uint64_t)(connector->retry.due - now) / 1000000
                                                       : 0;
    values[COUNTER_CONNECTOR_LAST_INBOUND_TIME_SECONDS] = (uint64_t)connector->last_inbound / 1000000;
    values[COUNTER_CONNECTOR_LAST_OUTBOUND_TIME_SECONDS] = (uint64_t)connector->last_outbound / 1000000;
    counters_of_traffic(&connector->traffic, values);
}

void counters_of_traffic(const traffic_t *traffic, uint64_t values[COUNTER_COUNT])
{
    values[COUNTER_CONNECTOR_INBOUND_MESSAGES_TOTAL] = traffic->inbound_messages;
    values[COUNTER_CONNECTOR_OUTBOUND_MESSAGES_TOTAL] = traffic->outbound_messages;
    values[COUNTER_CONNECTOR_INBOUND_BYTES_TOTAL] = traffic->inbound_octets;
    values[COUNTER_CONNECTOR_OUTBOUND_BYTES_TOTAL] = traffic->outbound_octets;
    values[COUNTER_CONNECTOR_INBOUND_RECIPIENTS_TOTAL] = traffic->inbound_recipients;
    values[COUNTER_CONNECTOR_OUTBOUND_RECIPIENTS_TOTAL] = traffic->outbound_recipients;
    values[COUNTER_CONNECTOR_RECEIVE_BYTES_TOTAL] = traffic->received_octets;
    values[COUNTER_CONNECTOR_TRANSMIT_BYTES_TOTAL] = traffic->sent_octets;
}

void counters_of_local(const destination_t *destination, uint64_t values[COUNTER_COUNT])
{
    values[COUNTER_LOCAL_QUEUE_LENGTH] = destination->count;
    values[COUNTER_LOCAL_QUEUED_RECIPIENTS] = destination->recipients;
    values[COUNTER_LOCAL_QUEUED_BYTES] = destination->octets;
}

void counters_each_connector(agent_t *agent, counters_each_t each, void *context)
{
    uint64_t values[COUNTER_COUNT] = {0};
    for (apr_hash_index_t *i = apr_hash_first(NULL, agent->destinations); i; i = apr_hash_next(i)) {
        const destination_t *destination = apr_hash_this_val(i);
        if (destination->kind != ROUTE_CONNECTOR)
            continue;
        counters_of_connector((const connector_t *)destination, values);
        each(context, destination->name, values);
    }
}
