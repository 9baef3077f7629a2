#include "mta/track.h"

#include "mta/queue.h"
#include "x411/oraddress_text.h"

bool track_wanted(const agent_t *agent)
{
    return agent->services.tracking != NULL;
}

static int track_priority(const x411_apdu_t *apdu)
{
    if (apdu->priority == X411_URGENT)
        return 1;
    return apdu->priority == X411_NON_URGENT ? -1 : 0;
}

static bool concerns(const x411_apdu_t *apdu, unsigned index, const queue_entry_t *entry)
{
    if (apdu->kind == X411_REPORT)
        return true;
    bool responsible = x411_responsible(&apdu->recipients[index]);
    return entry ? queue_entry_has(entry, index, responsible) : responsible;
}

static void write_record(agent_t *agent, tracking_event_t event, const x411_apdu_t *apdu, uint64_t octets,
                         const destination_t *destination, const tracking_recipient_t *recipients,
                         unsigned count, apr_pool_t *pool)
{
    const char *own_id = x411_mts_id_text(pool, &apdu->mts_id);
    const connector_t *connector =
        destination && destination->kind == ROUTE_CONNECTOR ? (const connector_t *)destination : NULL;
    tracking_record_t record = {
        .event = event,
        .time = agent_utc(agent),
        .mts_id = apdu->report ? x411_mts_id_text(pool, &apdu->report->subject_id) : own_id,
        .connector = destination ? destination->name : NULL,
        .partner = connector && connector->config ? connector->config->remote_mta_name : NULL,
        .originator = x411_or_name_text(pool, &apdu->originator),
        .priority = track_priority(apdu),
        .octets = octets,
        .subject_id = apdu->report ? own_id : NULL,
        .recipients = recipients,
        .recipient_count = count};
    tracking_write(agent->services.tracking, &record);
}

void track_apdu(agent_t *agent, tracking_event_t event, const x411_apdu_t *apdu, uint64_t octets,
                const destination_t *destination, const queue_entry_t *entry)
{
    if (!track_wanted(agent))
        return;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    tracking_recipient_t *recipients = apr_pcalloc(pool, (apdu->recipient_count + 1) * sizeof(*recipients));
    unsigned count = 0;
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        const x411_recipient_t *recipient = &apdu->recipients[i];
        if (concerns(apdu, i, entry))
            recipients[count++] =
                (tracking_recipient_t){x411_or_name_text(pool, &recipient->name),
                                       recipient->outcome != NULL && !recipient->outcome->delivered};
    }
    write_record(agent, event, apdu, octets, destination, recipients, count, pool);
    apr_pool_destroy(pool);
}

void track_redirected(agent_t *agent, const x411_apdu_t *apdu, const x411_or_name_t *to)
{
    if (!track_wanted(agent))
        return;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    tracking_recipient_t recipient = {x411_or_name_text(pool, to), false};
    write_record(agent, TRACKING_REDIRECTED, apdu, 0, NULL, &recipient, 1, pool);
    apr_pool_destroy(pool);
}

/* The event of a kind of APDU: message, probe, report. */
static tracking_event_t by_kind(const x411_apdu_t *apdu, tracking_event_t message, tracking_event_t probe,
                                tracking_event_t report)
{
    switch (apdu->kind) {
    case X411_MESSAGE: return message;
    case X411_PROBE: return probe;
    case X411_REPORT: return report;
    }
    return message;
}

void track_in(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const connector_t *source)
{
    tracking_event_t event =
        source ? by_kind(apdu, TRACKING_MESSAGE_IN, TRACKING_PROBE_IN, TRACKING_REPORT_IN)
               : by_kind(apdu, TRACKING_SUBMISSION, TRACKING_PROBE_SUBMISSION, TRACKING_REPORT_IN);
    track_apdu(agent, event, apdu, octets, source ? &source->destination : NULL, NULL);
}

void track_out(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const connector_t *connector,
               const queue_entry_t *entry)
{
    track_apdu(agent, by_kind(apdu, TRACKING_MESSAGE_OUT, TRACKING_PROBE_OUT, TRACKING_REPORT_OUT), apdu,
               octets, &connector->destination, entry);
}

void track_delivered(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const destination_t *mailbox,
                     const queue_entry_t *entry)
{
    track_apdu(agent, by_kind(apdu, TRACKING_DELIVERED, TRACKING_DELIVERED, TRACKING_REPORT_DELIVERED), apdu,
               octets, mailbox, entry);
}

void track_deleted(agent_t *agent, const x411_apdu_t *apdu, uint64_t octets, const queue_entry_t *entry)
{
    track_apdu(agent,
               by_kind(apdu, TRACKING_MESSAGE_DELETED, TRACKING_PROBE_DELETED, TRACKING_REPORT_DELETED), apdu,
               octets, entry->destination, entry);
}
