#include "mta/transfer_out.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "event/textlogs.h"
#include "mta/association.h"
#include "mta/awaited.h"
#include "mta/connector.h"
#include "mta/object.h"
#include "mta/progress.h"
#include "mta/queue.h"
#include "mta/track.h"
#include "mta/trouble.h"
#include "mta/work.h"
#include "x411/downgrade.h"
#include "x411/extensions.h"

enum { PREFIX_LIMIT = MTA_ENVELOPE_LIMIT * 2, SMALL_PIECES = 2000, RESUMES_FORGIVEN = 3 };

/* How often the store is told of a transfer's progress: at slow links of each checkpoint, at fast ones so
 * that a peer that remembers some of them can still resume, but not so often that it costs. */
enum { KEEP_AFTER = TIME_SECONDS(1), KEEP_CHECKPOINTS = 64, KEEP_AT_MOST_AFTER = TIME_SECONDS(1) / 10 };

struct transfer_out_t {
    transfer_out_t *next; /* among the broken ones of the connector */
    agent_t *agent;
    connector_t *connector;
    association_t *association;
    queue_entry_t *entry;
    object_t *object;
    object_read_t *object_read;
    chunk_read_t *chunk_read;
    apr_pool_t *pool;
    buffer_t envelope; /* holds the framing's prefix */
    x411_framing_t framing;
    bool downgraded;     /* 1984 cannot say all of it */
    unsigned recipients; /* for which the peer becomes responsible, or of which a report speaks */
    uint16_t *failed;    /* recipients that the peer's protocol cannot carry: indices in the message */
    unsigned failed_count;
    unsigned reference; /* PDU dump reference in BF0.LOG, 0 = none */
    uint64_t position;  /* octets of the APDU given to the stack */
    uint8_t *chunk;     /* malloc: the chunk of content at hand */
    size_t chunk_length;
    unsigned chunk_number;
    bool started;
    bool ended;
    x411_mode_t mode;
    osi_activity_id_t activity;
    osi_connection_id_t connection;
    unsigned confirmed_serial;
    uint64_t confirmed_total;
    unsigned kept_serial; /* what the store knows */
    mono_time_t kept_at;
    bool former;          /* resumes what a former process began */
    uint64_t resumed_at;  /* octets that were confirmed when it was resumed last */
    unsigned stuck;       /* resumes in a row that brought it no further */
    timers_item_t expire; /* broken: until then it can be resumed */
    timers_item_t limit;  /* under way: until then the peer must have confirmed */
    mono_time_t began;
};

static transfer_out_t *create(association_t *association, queue_entry_t *entry)
{
    transfer_out_t *transfer = calloc(1, sizeof(*transfer));
    if (!transfer)
        abort();
    transfer->agent = association->agent;
    transfer->connector = association->connector;
    transfer->association = association;
    transfer->entry = entry;
    transfer->mode = association->mode;
    apr_pool_create(&transfer->pool, NULL);
    buffer_init(&transfer->envelope, transfer->pool, PREFIX_LIMIT);
    return transfer;
}

static void attach(transfer_out_t *transfer, association_t *association)
{
    transfer->association = association;
    association->out = transfer;
    association->out_class = transfer->entry->queue_class;
    association->activity = agent_now(association->agent);
}

static void release(transfer_out_t *transfer)
{
    timers_cancel(agent_timers(transfer->agent), &transfer->expire);
    timers_cancel(agent_timers(transfer->agent), &transfer->limit);
    if (transfer->association)
        transfer->association->out = NULL;
    if (transfer->object_read)
        object_read_forget(transfer->object_read);
    if (transfer->chunk_read)
        chunk_read_forget(transfer->chunk_read);
    if (transfer->object)
        object_release(transfer->object);
    free(transfer->chunk);
    apr_pool_destroy(transfer->pool);
    free(transfer);
}

/* The copy of the APDU for this next hop: it answers for the entry's recipients; the others stay in it, with
 * their numbers and without responsibility, if the originator discloses recipients. origins gets the index
 * that each has in apdu. */
static x411_apdu_t *copy_for_hop(transfer_out_t *transfer, const x411_apdu_t *apdu, uint16_t *origins)
{
    x411_apdu_t *copy = x411_apdu_clone(transfer->pool, apdu);
    if (copy->kind == X411_REPORT) {
        transfer->recipients = copy->recipient_count;
        return copy;
    }
    bool disclose = x411_indicator(&copy->flags, X411_FLAG_DISCLOSURE);
    unsigned kept = 0;
    for (unsigned i = 0; i < copy->recipient_count; i++) {
        x411_recipient_t recipient = copy->recipients[i];
        bool ours = queue_entry_has(transfer->entry, i, x411_responsible(&recipient));
        if (!ours && !disclose)
            continue;
        x411_indicator_set(&recipient.indicators, 0, ours);
        transfer->recipients += ours ? 1 : 0;
        origins[kept] = (uint16_t)i;
        copy->recipients[kept++] = recipient;
    }
    copy->recipient_count = kept;
    return copy;
}

static void apply_quirks(const transfer_out_t *transfer, x411_apdu_t *copy, x411_encode_options_t *options)
{
    unsigned quirks = transfer->connector->config->quirks;
    options->no_bilateral = quirks & CONFIG_QUIRK_NO_BILATERAL_INFORMATION;
    options->no_internal_trace = quirks & CONFIG_QUIRK_STRIP_INTERNAL_TRACE;
    options->extension_form =
        quirks & CONFIG_QUIRK_EXTENSION_TYPE_1988 ? X411_EXTENSION_FORM_1988 : X411_EXTENSION_FORM_LATER;
    if (quirks & CONFIG_QUIRK_SMALL_CONTENT_PIECES)
        options->content_segment = SMALL_PIECES;
    if (quirks & CONFIG_QUIRK_NO_CONTENT_RETURN && copy->kind != X411_REPORT)
        x411_indicator_set(&copy->flags, X411_FLAG_CONTENT_RETURN, false);
}

/* Makes copy fit for 1984. Recipients whom that cannot carry are noted: they are non-delivered, and the
 * others go. Those that are only disclosed are left out. */
static err_t *downgrade(transfer_out_t *transfer, x411_apdu_t *copy, const uint16_t *origins)
{
    bool *failed = apr_pcalloc(transfer->pool, copy->recipient_count + 1);
    err_t *err = x411_downgrade(transfer->pool, copy, failed);
    if (err)
        return err;
    transfer->failed = apr_palloc(transfer->pool, (copy->recipient_count + 1) * sizeof(*transfer->failed));
    unsigned kept = 0;
    unsigned answered = 0;
    for (unsigned i = 0; i < copy->recipient_count; i++) {
        bool ours = x411_responsible(&copy->recipients[i]);
        if (failed[i] && ours && copy->kind != X411_REPORT)
            transfer->failed[transfer->failed_count++] = origins[i];
        if (failed[i] && copy->kind != X411_REPORT)
            continue;
        answered += ours ? 1 : 0;
        copy->recipients[kept++] = copy->recipients[i];
    }
    copy->recipient_count = kept;
    if (transfer->failed_count)
        return err_create(transfer->pool, X411_ERROR_DOWNGRADE, "P1",
                          "the address of a recipient cannot be said in 1984 P1");
    if (copy->kind == X411_REPORT || answered)
        return NULL;
    return err_create(transfer->pool, X411_ERROR_DOWNGRADE, "P1", "no recipient is left for 1984 P1");
}

/* What an APDU says that 1984 may not have: extensions, and addresses that it puts another way. Internal
 * trace does not count, for every MTA adds its own. */
static unsigned count_said(const x411_apdu_t *apdu)
{
    enum { ATTRIBUTE = 1 << 16 };
    unsigned said = apdu->originator.address.dda_count * ATTRIBUTE;
    for (unsigned i = 0; i < apdu->extensions.count; i++)
        said += apdu->extensions.items[i].type != X411_EXT_INTERNAL_TRACE;
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        said += apdu->recipients[i].extensions.count + apdu->recipients[i].name.address.dda_count * ATTRIBUTE;
    return said;
}

static err_t *encode(transfer_out_t *transfer)
{
    err_t *err;
    x411_apdu_t *apdu = object_apdu(transfer->object, &err);
    if (!apdu)
        return err;
    uint16_t *origins = apr_palloc(transfer->pool, (apdu->recipient_count + 1) * sizeof(*origins));
    x411_apdu_t *copy = copy_for_hop(transfer, apdu, origins);
    stack_facts_t facts;
    osi_stack_facts(transfer->association->stack, &facts);
    x411_encode_options_t options = {.mode = transfer->mode, .presentation_context = facts.apdu_context};
    apply_quirks(transfer, copy, &options);
    if (transfer->mode == X411_MODE_1984) {
        unsigned said = count_said(copy);
        err = downgrade(transfer, copy, origins);
        if (err)
            return err;
        transfer->downgraded = count_said(copy) != said;
    }
    uint64_t length = transfer->object->record.content_length;
    if (copy->kind == X411_MESSAGE)
        return x411_message_encode(transfer->pool, copy, &options, length, &transfer->envelope,
                                   &transfer->framing);
    err = x411_apdu_encode(transfer->pool, copy, &options, BYTES_NONE, &transfer->envelope);
    transfer->framing = (x411_framing_t){.prefix = buffer_bytes(&transfer->envelope),
                                         .total_length = buffer_length(&transfer->envelope)};
    return err;
}

/* Ends the transfer because the message, or the message for some recipients, cannot be sent this way. The
 * others go when those are out of the entry. */
static void fail_message(transfer_out_t *transfer, const err_t *err)
{
    queue_entry_t *entry = transfer->entry;
    association_t *association = transfer->association;
    if (err->code == X411_ERROR_DOWNGRADE) {
        const char *mts_id = transfer->object->record.mts_id;
        const char *name = transfer->connector->destination.name;
        event_subject_t subject = {.mts_id = mts_id, .connector = name, .layer = "P1"};
        event_raise(transfer->agent->services.events, EVENT_ID_DOWNGRADE_FAILURE, &subject, mts_id, name,
                    "unable-to-transfer", "unable-to-downgrade");
    }
    trouble_t trouble = {.kind = err->code == X411_ERROR_DOWNGRADE ? TROUBLE_DOWNGRADE : TROUBLE_UNUSABLE,
                         .err = err,
                         .entry = entry,
                         .connector = transfer->connector,
                         .recipients = transfer->failed,
                         .recipient_count = transfer->failed_count};
    trouble_handle(transfer->agent, &trouble);
    release(transfer);
    association_next(association);
}

static void give_back(transfer_out_t *transfer, trouble_kind_t kind, const err_t *err)
{
    trouble_t trouble = {
        .kind = kind, .err = err, .entry = transfer->entry, .connector = transfer->connector};
    trouble_handle(transfer->agent, &trouble);
    release(transfer);
}

/* The peer did not confirm in time: an association on which nothing moves is worth nothing. */
static void timed_out(void *baton)
{
    transfer_out_t *transfer = baton;
    association_t *association = transfer->association;
    agent_t *agent = transfer->agent;
    const char *name = transfer->connector->destination.name;
    const char *mts_id = transfer->object->record.mts_id;
    const char *seconds = apr_psprintf(transfer->pool, "%" APR_INT64_T_FMT,
                                       (apr_int64_t)((agent_now(agent) - transfer->began) / TIME_SECONDS(1)));
    event_subject_t subject = {.connector = name, .mts_id = mts_id};
    event_raise(agent->services.events, EVENT_ID_TRANSFER_TIMED_OUT, &subject, mts_id, name, seconds);
    give_back(transfer, TROUBLE_TRANSFER,
              err_create(transfer->pool, 0, "RTSE", "the peer did not confirm the transfer within %s seconds",
                         seconds));
    association_abort(association, STACK_ABORT_TEMPORARY_PROBLEM);
}

/* Transfer timeouts: seconds for each KB of the APDU, by priority. */
static void arm_limit(transfer_out_t *transfer)
{
    const config_connector_t *config = transfer->connector->config;
    if (!config)
        return;
    const unsigned seconds[MTA_CLASS_COUNT] = {[MTA_CLASS_URGENT] = config->transfer_timeout_urgent,
                                               [MTA_CLASS_NORMAL] = config->transfer_timeout_normal,
                                               [MTA_CLASS_NON_URGENT] = config->transfer_timeout_non_urgent};
    int64_t kilobytes = (int64_t)(transfer->framing.total_length / 1024 + 1);
    transfer->began = agent_now(transfer->agent);
    transfer->limit.run = timed_out;
    transfer->limit.baton = transfer;
    timers_arm(agent_timers(transfer->agent), &transfer->limit,
               transfer->began + TIME_SECONDS(kilobytes * seconds[transfer->entry->queue_class]));
}

static void started_as(transfer_out_t *transfer)
{
    transfer->activity = *osi_stack_activity(transfer->association->stack);
    transfer->connection = *osi_stack_connection_id(transfer->association->stack);
    transfer->started = true;
    transfer->kept_at = agent_now(transfer->agent);
    transfer->kept_serial = transfer->confirmed_serial;
    arm_limit(transfer);
}

/* Resumes the activity that is named in transfer at its last checkpoint that was confirmed. */
static err_t *resume(transfer_out_t *transfer)
{
    osi_stack_t *stack = transfer->association->stack;
    err_t *err = osi_stack_transfer_resume(stack, &transfer->activity, &transfer->connection,
                                           transfer->confirmed_serial, transfer->confirmed_total,
                                           agent_now(transfer->agent));
    if (err)
        return err;
    transfer->position = transfer->resumed_at = transfer->confirmed_total;
    started_as(transfer);
    char octets[32];
    apr_snprintf(octets, sizeof(octets), "%" APR_UINT64_T_FMT, (apr_uint64_t)transfer->confirmed_total);
    const char *name = transfer->connector->destination.name;
    const char *mts_id = transfer->object->record.mts_id;
    event_subject_t subject = {.connector = name, .mts_id = mts_id};
    event_raise(transfer->agent->services.events, EVENT_ID_TRANSFER_RESUMED, &subject, mts_id, name, octets);
    return NULL;
}

/* Takes over what the store knows of a transfer that a former process began, if the peer's recovery timeout
 * is not over and the APDU is the same. It is tried once. */
static bool take_progress(transfer_out_t *transfer)
{
    progress_t *known = transfer->entry->progress;
    const config_connector_t *config = transfer->connector->config;
    if (!known)
        return false;
    transfer->entry->progress = NULL;
    uint8_t digest[PROGRESS_DIGEST_SIZE];
    progress_digest(transfer->framing.prefix, transfer->connector->destination.name, digest);
    utc_time_t age = agent_utc(transfer->agent) - known->time;
    bool same = config && age < TIME_SECONDS(config->recovery_timeout) && known->mode == transfer->mode &&
                known->length == transfer->framing.total_length &&
                memcmp(known->digest, digest, sizeof(digest)) == 0;
    if (same) {
        transfer->activity = known->activity;
        transfer->connection = known->connection;
        transfer->confirmed_serial = known->serial;
        transfer->confirmed_total = known->total;
        transfer->former = true;
    }
    free(known);
    return same;
}

/* Notes in the store how far the peer has confirmed the transfer. */
static void keep_progress(transfer_out_t *transfer)
{
    mono_time_t since = agent_now(transfer->agent) - transfer->kept_at;
    if (since < KEEP_AFTER &&
        (transfer->confirmed_serial - transfer->kept_serial < KEEP_CHECKPOINTS || since < KEEP_AT_MOST_AFTER))
        return;
    transfer->kept_at = agent_now(transfer->agent);
    transfer->kept_serial = transfer->confirmed_serial;
    progress_t progress = {.mode = transfer->mode,
                           .serial = transfer->confirmed_serial,
                           .total = transfer->confirmed_total,
                           .length = transfer->framing.total_length,
                           .time = agent_utc(transfer->agent),
                           .activity = transfer->activity,
                           .connection = transfer->connection};
    progress_digest(transfer->framing.prefix, transfer->connector->destination.name, progress.digest);
    uint8_t octets[PROGRESS_LIMIT];
    size_t length = progress_encode(&progress, octets);
    store_txn_t *txn = store_txn_begin(transfer->agent->services.store);
    store_txn_put_progress(txn, transfer->entry->id, bytes_make(octets, length));
    store_txn_commit(txn, NULL, NULL);
}

static void begin_sending(transfer_out_t *transfer)
{
    association_t *association = transfer->association;
    err_t *err = encode(transfer);
    if (err) {
        fail_message(transfer, err);
        return;
    }
    if (take_progress(transfer))
        err = resume(transfer);
    else
        err = osi_stack_transfer_start(association->stack, agent_now(transfer->agent));
    if (err) { /* the turn went, or the association is ending: not the message's fault */
        queue_give_back(transfer->entry, 0);
        release(transfer);
        return;
    }
    if (!transfer->started)
        started_as(transfer);
    transfer_out_feed(association);
}

static void object_came(void *context, object_t *object, const err_t *err)
{
    transfer_out_t *transfer = context;
    association_t *association = transfer->association;
    transfer->object_read = NULL;
    transfer->object = object;
    if (object) {
        begin_sending(transfer);
        association_pump(association); /* this comes from the store, and nothing else sends what was made */
        return;
    }
    queue_entry_t *entry = transfer->entry;
    trouble_t trouble = {
        .kind = err ? TROUBLE_STORE : TROUBLE_UNUSABLE,
        .err = err ? err : err_create(transfer->pool, 0, "store", "the message is not in the store"),
        .entry = entry,
        .connector = transfer->connector};
    trouble_handle(transfer->agent, &trouble);
    release(transfer);
    association_next(association);
    association_pump(association);
}

void transfer_out_begin(association_t *association, queue_entry_t *entry)
{
    queue_take(entry);
    transfer_out_t *transfer = create(association, entry);
    attach(transfer, association);
    if (entry->object) {
        transfer->object = entry->object;
        object_retain(transfer->object);
        begin_sending(transfer);
    } else {
        transfer->object_read = object_read(transfer->agent, entry->message_id, object_came, transfer);
    }
}

static void chunk_came(void *context, bytes_t chunk, const err_t *err)
{
    transfer_out_t *transfer = context;
    association_t *association = transfer->association;
    transfer->chunk_read = NULL;
    if (err || !chunk.length) {
        /* The content is not readable now: the transfer is given up and tried again later. */
        trouble_t trouble = {.kind = TROUBLE_STORE,
                             .err = err ? err : err_create(transfer->pool, 0, "store", "a chunk is missing"),
                             .entry = transfer->entry,
                             .connector = transfer->connector};
        osi_stack_transfer_cancel(association->stack, false, agent_now(transfer->agent));
        trouble_handle(transfer->agent, &trouble);
        release(transfer);
        association_pump(association);
        return;
    }
    transfer->chunk = malloc(chunk.length);
    if (!transfer->chunk)
        abort();
    memcpy(transfer->chunk, chunk.data, chunk.length);
    transfer->chunk_length = chunk.length;
    transfer_out_feed(association);
    association_pump(association);
}

/* Content octets from offset on; an empty range if they have to be read first. */
static bytes_t content_at(transfer_out_t *transfer, uint64_t offset)
{
    if (transfer->object->content_here)
        return bytes_slice(transfer->object->content, (size_t)offset, SIZE_MAX);
    unsigned number = (unsigned)(offset / STORE_CHUNK_SIZE);
    if (transfer->chunk && transfer->chunk_number == number)
        return bytes_slice(bytes_make(transfer->chunk, transfer->chunk_length),
                           (size_t)(offset % STORE_CHUNK_SIZE), SIZE_MAX);
    free(transfer->chunk);
    transfer->chunk = NULL;
    transfer->chunk_number = number;
    if (!transfer->chunk_read)
        transfer->chunk_read =
            chunk_read(transfer->agent, transfer->entry->message_id, number, chunk_came, transfer);
    return BYTES_NONE;
}

/* The octets of the segmented content at `inside` octets after the prefix: a header, or a part of a segment.
 * All segments but the last are equally long, so the place follows by division. */
static bytes_t segment_at(transfer_out_t *transfer, uint64_t inside, uint8_t header[16], size_t *limit)
{
    const x411_framing_t *framing = &transfer->framing;
    size_t full = 0;
    size_t header_length = x411_segment_header(framing, 0, header, &full);
    uint64_t number = inside / (header_length + full);
    uint64_t within = inside % (header_length + full);
    uint64_t offset = number * full;
    size_t length = 0;
    header_length = x411_segment_header(framing, offset, header, &length);
    if (!header_length)
        return BYTES_NONE;
    if (within < header_length) {
        *limit = header_length - (size_t)within;
        return bytes_make(header + within, *limit);
    }
    within -= header_length;
    *limit = length - (size_t)within;
    return bytes_slice(content_at(transfer, offset + within), 0, *limit);
}

/* The octets that come next; empty if they have to be read first. */
static bytes_t piece_at(transfer_out_t *transfer, uint8_t header[16])
{
    const x411_framing_t *framing = &transfer->framing;
    uint64_t position = transfer->position;
    uint64_t after = framing->total_length - framing->suffix.length;
    if (position < framing->prefix.length)
        return bytes_slice(framing->prefix, (size_t)position, SIZE_MAX);
    if (position >= after)
        return bytes_slice(framing->suffix, (size_t)(position - after), SIZE_MAX);
    uint64_t inside = position - framing->prefix.length;
    size_t limit = 0;
    if (framing->segment)
        return segment_at(transfer, inside, header, &limit);
    return content_at(transfer, inside);
}

static void dump(transfer_out_t *transfer, bytes_t piece)
{
    textlogs_t *logs = transfer->agent->services.textlogs;
    if (!transfer->reference)
        transfer->reference = textlogs_new_reference(logs);
    textlogs_dump(logs, transfer->reference,
                  apr_pstrcat(transfer->pool, "APDU to ", transfer->connector->destination.name, NULL),
                  transfer->position, piece);
}

void transfer_out_feed(association_t *association)
{
    transfer_out_t *transfer = association->out;
    if (!transfer || !transfer->started || transfer->ended)
        return;
    mono_time_t now = agent_now(transfer->agent);
    osi_stack_t *stack = association->stack;
    while (transfer->position < transfer->framing.total_length) {
        size_t capacity = osi_stack_transfer_capacity(stack);
        if (!capacity)
            return;
        uint8_t header[16];
        bytes_t piece = bytes_slice(piece_at(transfer, header), 0, capacity);
        if (!piece.length)
            return;
        if (textlogs_dumps(transfer->agent->services.textlogs))
            dump(transfer, piece);
        if (osi_stack_transfer_data(stack, piece, now))
            return; /* the association is ending; it says so itself */
        transfer->position += piece.length;
        association->octets += piece.length;
        association->activity = now;
        if (association->out != transfer)
            return;
    }
    transfer->ended = true;
    osi_stack_transfer_end(stack, now);
}

void transfer_out_checkpoint(association_t *association, const stack_indication_t *indication)
{
    transfer_out_t *transfer = association->out;
    if (!transfer)
        return;
    transfer->confirmed_serial = indication->serial;
    transfer->confirmed_total = indication->total;
    keep_progress(transfer);
    transfer_out_feed(association);
}

static void tell_transferred(const transfer_out_t *transfer)
{
    event_log_t *events = transfer->agent->services.events;
    if (!event_log_wants(events, EVENT_ID_MESSAGE_TRANSFERRED))
        return;
    const x411_apdu_t *apdu = transfer->object->apdu;
    const store_message_t *record = &transfer->object->record;
    const char *name = transfer->connector->destination.name;
    char octets[24];
    apr_snprintf(octets, sizeof(octets), "%" APR_UINT64_T_FMT, (apr_uint64_t)record->content_length);
    event_subject_t subject = {.connector = name, .mts_id = record->mts_id};
    event_raise(events, EVENT_ID_MESSAGE_TRANSFERRED, &subject, record->mts_id, name,
                apr_psprintf(transfer->pool, "%u", transfer->recipients));
    event_raise(events, EVENT_ID_OBJECT_SENT, &subject, apdu ? x411_kind_name(apdu->kind) : "object",
                record->mts_id, name, octets);
}

void transfer_out_confirmed(association_t *association)
{
    transfer_out_t *transfer = association->out;
    if (!transfer)
        return;
    agent_t *agent = transfer->agent;
    connector_t *connector = transfer->connector;
    tell_transferred(transfer);
    if (transfer->object->apdu)
        track_out(agent, transfer->object->apdu, transfer->object->record.content_length, connector,
                  transfer->entry);
    if (transfer->object->apdu && transfer->downgraded)
        track_apdu(agent, TRACKING_DOWNGRADE, transfer->object->apdu, transfer->object->record.content_length,
                   &connector->destination, transfer->entry);
    association->messages++;
    association->activity = agent_now(agent);
    connector->traffic.outbound_messages++;
    connector->traffic.outbound_recipients += transfer->recipients;
    agent->traffic.outbound_recipients += transfer->recipients;
    connector->traffic.outbound_octets += transfer->object->record.content_length;
    agent->traffic.outbound_messages++;
    agent->traffic.outbound_octets += transfer->object->record.content_length;
    work_t *work = work_begin(agent);
    if (transfer->object->apdu)
        awaited_add(agent->awaited, work, transfer->object->apdu, transfer->entry);
    work_remove_entry(work, transfer->entry);
    work_insist(work);
    work_commit(work, NULL, NULL);
    release(transfer);
    association_next(association);
}

static void unlink_broken(transfer_out_t *transfer)
{
    for (transfer_out_t **place = &transfer->connector->broken; *place; place = &(*place)->next) {
        if (*place == transfer) {
            *place = transfer->next;
            break;
        }
    }
    transfer->next = NULL;
    timers_cancel(agent_timers(transfer->agent), &transfer->expire);
}

static void recovery_over(void *baton)
{
    transfer_out_t *transfer = baton;
    unlink_broken(transfer);
    queue_give_back(transfer->entry, 0); /* from the start, as soon as there is an association */
    connector_t *connector = transfer->connector;
    release(transfer);
    connector_kick(connector);
}

void transfer_out_failed(association_t *association, const stack_indication_t *indication)
{
    transfer_out_t *transfer = association->out;
    if (!transfer)
        return;
    if (transfer->former && transfer->confirmed_total == transfer->resumed_at) {
        /* The peer does not know any more what a former process sent it: all of it goes again. */
        queue_give_back(transfer->entry, 0);
        release(transfer);
    } else
        give_back(transfer, TROUBLE_TRANSFER, indication->err);
    association_next(association);
}

void transfer_out_lost(association_t *association, const err_t *err)
{
    transfer_out_t *transfer = association->out;
    if (!transfer)
        return;
    connector_t *connector = transfer->connector;
    transfer->stuck = transfer->confirmed_total == transfer->resumed_at ? transfer->stuck + 1 : 0;
    if (!transfer->started || !transfer->confirmed_serial || !connector->config ||
        transfer->stuck > RESUMES_FORGIVEN || transfer->agent->stopping) {
        if (transfer->started)
            give_back(transfer, TROUBLE_LOST, err);
        else {
            queue_give_back(transfer->entry, 0);
            release(transfer);
        }
        return;
    }
    association->out = NULL;
    transfer->association = NULL;
    timers_cancel(agent_timers(transfer->agent), &transfer->limit);
    if (transfer->chunk_read) {
        chunk_read_forget(transfer->chunk_read);
        transfer->chunk_read = NULL;
    }
    free(transfer->chunk);
    transfer->chunk = NULL;
    transfer->ended = false;
    transfer->next = connector->broken;
    connector->broken = transfer;
    transfer->expire.run = recovery_over;
    transfer->expire.baton = transfer;
    timers_arm(agent_timers(transfer->agent), &transfer->expire,
               agent_now(transfer->agent) + TIME_SECONDS(connector->config->recovery_timeout));
}

void transfer_out_drop(association_t *association)
{
    queue_give_back(association->out->entry, 0);
    release(association->out);
}

bool transfer_out_resume(association_t *association)
{
    connector_t *connector = association->connector;
    transfer_out_t *transfer = connector->broken;
    while (transfer && transfer->mode != association->mode)
        transfer = transfer->next;
    if (!transfer)
        return false;
    unlink_broken(transfer);
    attach(transfer, association);
    err_t *err = resume(transfer);
    if (err) {
        queue_give_back(transfer->entry, 0);
        release(transfer);
        return false;
    }
    transfer_out_feed(association);
    return true;
}

void transfer_out_forget_all(connector_t *connector)
{
    transfer_out_t *next;
    for (transfer_out_t *transfer = connector->broken; transfer; transfer = next) {
        next = transfer->next;
        queue_give_back(transfer->entry, 0);
        release(transfer);
    }
    connector->broken = NULL;
}

const char *transfer_out_describe(const transfer_out_t *transfer, uint64_t *octets, uint64_t *total)
{
    *octets = transfer->position;
    *total = transfer->framing.total_length;
    return transfer->object ? transfer->object->record.mts_id : "";
}
