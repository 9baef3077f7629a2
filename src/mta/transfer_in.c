#include "mta/transfer_in.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "event/textlogs.h"
#include "mta/association.h"
#include "mta/intake.h"
#include "mta/object.h"
#include "mta/peer_events.h"
#include "mta/sibling.h"
#include "mta/trash.h"
#include "mta/watch.h"

enum { INTERRUPTED_LIMIT = 64 }; /* transfers of one peer that are kept for a resume */

typedef struct checkpoint_t {
    unsigned serial;
    uint64_t total;
} checkpoint_t;

struct transfer_in_t {
    transfer_in_t *next; /* among the interrupted ones of the connector */
    agent_t *agent;
    connector_t *connector;
    association_t *association; /* NULL: interrupted */
    object_t *object;
    x411_stream_t *stream; /* in the object's pool, as is content */
    buffer_t *content;
    osi_activity_id_t activity;
    osi_connection_id_t connection;
    uint64_t received;  /* octets of the APDU taken */
    uint64_t skip;      /* octets that a resume sends again */
    unsigned reference; /* PDU dump reference in BF0.LOG, 0 = none */
    unsigned chunks;
    size_t waiting; /* octets of chunks that the store has not committed */
    bool paused;
    bool interrupted;
    bool ended; /* the peer has sent all of it */
    bool secured;
    bool refused;
    bool store_failed;
    bool in_intake;
    checkpoint_t checkpoints[MTA_CHECKPOINT_MEMORY]; /* a ring */
    unsigned checkpoint_count;
    bytes_t own; /* link-state, in the stream's buffer */
    mono_time_t activity_before;
    timers_item_t expire;
};

/* A chunk on its way to the store. */
typedef struct chunk_put_t {
    transfer_in_t *transfer;
    size_t length;
} chunk_put_t;

static transfer_in_t *create(association_t *association)
{
    transfer_in_t *transfer = calloc(1, sizeof(*transfer));
    if (!transfer)
        abort();
    object_t *object = object_create(association->agent);
    transfer->agent = association->agent;
    transfer->connector = association->connector;
    transfer->association = association;
    transfer->object = object;
    transfer->stream = apr_palloc(object->pool, sizeof(*transfer->stream));
    transfer->content = apr_palloc(object->pool, sizeof(*transfer->content));
    x411_stream_init(transfer->stream, object->pool, association->mode, MTA_ENVELOPE_LIMIT);
    buffer_init(transfer->content, object->pool, STORE_CHUNK_SIZE);
    return transfer;
}

static void delete_chunks(transfer_in_t *transfer)
{
    if (!transfer->chunks || transfer->in_intake)
        return;
    trash_chunks(transfer->agent, transfer->object->record.id);
}

static void unlink_interrupted(transfer_in_t *transfer)
{
    for (transfer_in_t **place = &transfer->connector->interrupted; *place; place = &(*place)->next) {
        if (*place == transfer) {
            *place = transfer->next;
            break;
        }
    }
    transfer->interrupted = false;
    transfer->next = NULL;
    timers_cancel(agent_timers(transfer->agent), &transfer->expire);
}

/* Frees the transfer unless the store or the intake will still call back; they free it then. */
static void release(transfer_in_t *transfer)
{
    if (transfer->interrupted)
        unlink_interrupted(transfer);
    transfer->association = NULL;
    transfer->refused = true;
    if (transfer->waiting || transfer->in_intake)
        return;
    if (transfer->object) {
        if (!transfer->secured)
            delete_chunks(transfer);
        object_release(transfer->object);
    }
    free(transfer);
}

/* The association goes on without it: also if it had stopped reading because this one's chunks waited. */
static void detach(transfer_in_t *transfer)
{
    if (transfer->paused && transfer->association && transfer->association->conn)
        net_conn_pause(transfer->association->conn, false);
    transfer->paused = false;
    if (transfer->association)
        transfer->association->in = NULL;
    transfer->association = NULL;
}

/* Ends the transfer and the association with it: the APDU cannot be taken, now or ever. */
static void fail(transfer_in_t *transfer, const char *what, uint64_t offset, const char *layer)
{
    association_t *association = transfer->association;
    agent_t *agent = transfer->agent;
    if (transfer->refused)
        return;
    transfer->refused = true;
    char place[32];
    apr_snprintf(place, sizeof(place), "%" APR_UINT64_T_FMT, (apr_uint64_t)offset);
    if (transfer->reference && transfer->object)
        what = apr_psprintf(transfer->object->pool, "%s (PDU dump reference %u)", what, transfer->reference);
    const char *name = transfer->connector->destination.name;
    event_subject_t subject = {.connector = name, .layer = layer};
    if (peer_events_count(agent->peer_events, EVENT_ID_DECODE_ERROR, name)) {
        event_raise(agent->services.events, EVENT_ID_DECODE_ERROR, &subject,
                    transfer->stream->kind_known ? x411_kind_name(transfer->stream->kind) : "APDU", name,
                    place, what);
        event_raise(agent->services.events, EVENT_ID_APDU_UNDECODABLE, &subject, name,
                    association ? association->peer : "", what, place);
    }
    if (association) {
        detach(transfer);
        release(transfer);
        association_abort(association, STACK_ABORT_USER_ERROR);
    }
}

/* Ends the transfer alone, for a reason that passes. */
static void refuse(transfer_in_t *transfer)
{
    association_t *association = transfer->association;
    if (association) {
        detach(transfer);
        osi_stack_transfer_refuse(association->stack, true, agent_now(association->agent));
        association_pump(association);
    }
    release(transfer);
}

/* Refuses for good an APDU that P1 does not know; the association and what else it carries go on. */
static void refuse_unknown(transfer_in_t *transfer, const char *what, uint64_t offset)
{
    association_t *association = transfer->association;
    const char *name = transfer->connector->destination.name;
    char place[32];
    if (transfer->refused)
        return;
    transfer->refused = true;
    apr_snprintf(place, sizeof(place), "%" APR_UINT64_T_FMT, (apr_uint64_t)offset);
    event_subject_t subject = {.connector = name, .layer = "P1"};
    if (peer_events_count(transfer->agent->peer_events, EVENT_ID_APDU_REFUSED, name))
        event_raise(transfer->agent->services.events, EVENT_ID_APDU_REFUSED, &subject, name,
                    association ? association->peer : "", what, place);
    if (association) {
        detach(transfer);
        osi_stack_transfer_refuse(association->stack, false, agent_now(association->agent));
        association_pump(association);
    }
    release(transfer);
}

/* Link-state: it is neither kept nor routed, and it is no reason to hold the association open. */
static void take_own(transfer_in_t *transfer)
{
    association_t *association = transfer->association;
    if (!association)
        return;
    err_t *err = sibling_take(association, transfer->own);
    if (err) {
        refuse_unknown(transfer, err_describe(transfer->object->pool, err), transfer->stream->offset);
        return;
    }
    association->activity = transfer->activity_before;
    detach(transfer);
    osi_stack_transfer_accept(association->stack, agent_now(association->agent));
    association_pump(association);
    release(transfer);
}

/* Tells the peer that the APDU is ours now. */
static void confirm(transfer_in_t *transfer)
{
    association_t *association = transfer->association;
    detach(transfer);
    association->messages++;
    association->activity = agent_now(association->agent);
    transfer_in_forget_confirmed(association);
    association->confirmed = transfer;
    osi_stack_transfer_accept(association->stack, agent_now(association->agent));
    association_pump(association);
    if (association->agent->stopping) /* a peer with more to send would go on and on */
        association_release(association);
}

static void answered(void *context, intake_verdict_t verdict, const err_t *err)
{
    (void)err;
    transfer_in_t *transfer = context;
    association_t *association = transfer->association;
    transfer->in_intake = false;
    transfer->object = NULL; /* the intake had the reference */
    if (verdict != INTAKE_SECURED && verdict != INTAKE_REPEAT) {
        refuse(transfer);
        return;
    }
    transfer->secured = true;
    if (transfer->interrupted)
        return; /* kept among the interrupted ones, to answer a resume */
    if (!association)
        release(transfer);
    else if (transfer->ended)
        confirm(transfer);
    /* else it was resumed meanwhile, and its end comes once more */
}

void transfer_in_forget_confirmed(association_t *association)
{
    if (association->confirmed)
        release(association->confirmed);
    association->confirmed = NULL;
}

static void take_in(transfer_in_t *transfer)
{
    apr_pool_t *pool = transfer->object->pool;
    err_t *err = x411_stream_finish(pool, transfer->stream);
    if (err) {
        fail(transfer, err_describe(pool, err), transfer->stream->offset, "P1");
        return;
    }
    if (transfer->stream->own) {
        take_own(transfer);
        return;
    }
    if (transfer->store_failed) {
        refuse(transfer);
        return;
    }
    if (!transfer->chunks) {
        transfer->object->content = buffer_bytes(transfer->content);
        transfer->object->content_here = true;
    }
    transfer->in_intake = true;
    intake_begin(transfer->object, transfer->stream->content_length, transfer->connector, answered, transfer);
}

static void set_paused(transfer_in_t *transfer, bool paused)
{
    if (transfer->paused == paused)
        return;
    transfer->paused = paused;
    if (transfer->association && transfer->association->conn)
        net_conn_pause(transfer->association->conn, paused);
}

/* Event 12023: more comes in than the disk can make durable, and later: it has caught up. */
static void tell_backpressure(agent_t *agent, bool busy)
{
    if (agent->backpressure == busy)
        return;
    agent->backpressure = busy;
    store_figures_t figures;
    store_figures(agent->services.store, &figures);
    char octets[24];
    apr_snprintf(octets, sizeof(octets), "%" APR_UINT64_T_FMT, (apr_uint64_t)figures.octets_waiting);
    event_raise(agent->services.events, EVENT_ID_BACKPRESSURE, NULL, busy ? "behind" : "up to date again",
                octets);
}

static void chunk_stored(void *context, const err_t *err)
{
    chunk_put_t *put = context;
    transfer_in_t *transfer = put->transfer;
    transfer->waiting -= put->length;
    free(put);
    if (err)
        transfer->store_failed = true;
    bool busy = store_busy(transfer->agent->services.store);
    tell_backpressure(transfer->agent, busy);
    if (!transfer->waiting || (!busy && transfer->waiting < MTA_CHUNKS_WAITING_LIMIT / 2))
        set_paused(transfer, false);
    if (transfer->waiting)
        return;
    if (transfer->refused)
        release(transfer);
    else if (transfer->ended && !transfer->in_intake)
        take_in(transfer);
}

static void put_chunk(transfer_in_t *transfer)
{
    bytes_t octets = buffer_bytes(transfer->content);
    if (!octets.length)
        return;
    chunk_put_t *put = malloc(sizeof(*put));
    if (!put)
        abort();
    *put = (chunk_put_t){transfer, octets.length};
    if (!transfer->object->record.id)
        transfer->object->record.id = store_new_id(transfer->agent->services.store);
    store_txn_t *txn = store_txn_begin(transfer->agent->services.store);
    store_txn_put_chunk(txn, transfer->object->record.id, transfer->chunks++, octets);
    transfer->waiting += octets.length;
    buffer_clear(transfer->content);
    bool busy = store_busy(transfer->agent->services.store);
    tell_backpressure(transfer->agent, busy);
    if (busy || transfer->waiting >= MTA_CHUNKS_WAITING_LIMIT)
        set_paused(transfer, true);
    store_txn_commit(txn, chunk_stored, put);
}

static void take_content(transfer_in_t *transfer, bytes_t octets)
{
    while (octets.length) {
        size_t room = STORE_CHUNK_SIZE - buffer_length(transfer->content);
        bytes_t part = bytes_slice(octets, 0, room);
        buffer_append(transfer->content, part);
        octets = bytes_slice(octets, part.length, SIZE_MAX);
        /* A chunk is stored when more is to come, so that a content of one chunk goes with its message. */
        if (octets.length && buffer_length(transfer->content) == STORE_CHUNK_SIZE)
            put_chunk(transfer);
    }
}

static bool decode(transfer_in_t *transfer, bytes_t range)
{
    object_t *object = transfer->object;
    err_t *err = x411_envelope_decode(object->pool, transfer->stream->kind, range, &object->apdu);
    if (err)
        fail(transfer, err_describe(object->pool, err), transfer->stream->offset, "P1");
    return !err;
}

/* Gives octets to the stream reader; false if the transfer is over. */
static bool feed(transfer_in_t *transfer, bytes_t octets)
{
    bytes_t range;
    for (;;) {
        switch (x411_stream_next(transfer->stream, &octets, &range)) {
        case X411_STREAM_MORE:
        case X411_STREAM_END:
            if (!octets.length)
                return true;
            break;
        case X411_STREAM_ENVELOPE:
        case X411_STREAM_APDU:
            if (!decode(transfer, range))
                return false;
            break;
        case X411_STREAM_OWN: transfer->own = range; break;
        case X411_STREAM_CONTENT:
            /* A full chunk waits in the buffer until this shows that more follows. */
            if (buffer_length(transfer->content) == STORE_CHUNK_SIZE)
                put_chunk(transfer);
            take_content(transfer, range);
            break;
        case X411_STREAM_FAILED:
            if (transfer->stream->fault_code == X411_ERROR_UNKNOWN)
                refuse_unknown(transfer, transfer->stream->fault, transfer->stream->fault_offset);
            else
                fail(transfer, transfer->stream->fault, transfer->stream->fault_offset, "P1");
            return false;
        }
    }
}

void transfer_in_start(association_t *association, const stack_indication_t *indication)
{
    if (association->in) { /* the stack ends one activity before the next: never both */
        transfer_in_t *old = association->in;
        detach(old);
        release(old);
    }
    transfer_in_forget_confirmed(association); /* the peer goes on, so it has heard */
    transfer_in_t *transfer = create(association);
    transfer->activity = indication->activity;
    transfer->connection = *osi_stack_connection_id(association->stack);
    transfer->stream->own_taken = association->sibling && sibling_offers(association->connector);
    transfer->activity_before = association->activity;
    association->in = transfer;
    association->activity = agent_now(association->agent);
    watch_in(association);
}

void transfer_in_data(association_t *association, bytes_t octets)
{
    transfer_in_t *transfer = association->in;
    if (!transfer || transfer->refused)
        return;
    if (transfer->skip) {
        size_t skipped = transfer->skip < octets.length ? (size_t)transfer->skip : octets.length;
        transfer->skip -= skipped;
        octets = bytes_slice(octets, skipped, SIZE_MAX);
    }
    if (!octets.length)
        return;
    if (transfer->in_intake || transfer->secured) {
        fail(transfer, "after a resume comes more than there was before", transfer->received, "P1");
        return;
    }
    /* Before it is decoded: what brings a decoder down is on disk. */
    if (textlogs_dumps(association->agent->services.textlogs)) {
        if (!transfer->reference)
            transfer->reference = textlogs_new_reference(association->agent->services.textlogs);
        textlogs_dump(
            association->agent->services.textlogs, transfer->reference,
            apr_pstrcat(transfer->object->pool, "APDU from ", transfer->connector->destination.name, NULL),
            transfer->received, octets);
    }
    transfer->received += octets.length;
    association->octets += octets.length;
    association->activity = agent_now(association->agent);
    feed(transfer, octets);
}

void transfer_in_checkpoint(association_t *association, const stack_indication_t *indication)
{
    transfer_in_t *transfer = association->in;
    if (transfer)
        transfer->checkpoints[transfer->checkpoint_count++ % MTA_CHECKPOINT_MEMORY] =
            (checkpoint_t){indication->serial, indication->total};
    /* What a checkpoint confirms may be lost in a crash, for the peer holds the whole APDU until its end is
     * confirmed; it then begins anew. */
    osi_stack_checkpoint_confirm(association->stack, indication->serial, agent_now(association->agent));
}

void transfer_in_end(association_t *association)
{
    transfer_in_t *transfer = association->in;
    if (!transfer || transfer->refused)
        return;
    transfer->ended = true;
    if (transfer->in_intake)
        return;
    if (transfer->secured) {
        confirm(transfer);
        return;
    }
    if (transfer->chunks && buffer_length(transfer->content))
        put_chunk(transfer);
    if (!transfer->waiting)
        take_in(transfer);
}

void transfer_in_discarded(association_t *association)
{
    transfer_in_t *transfer = association->in;
    if (!transfer)
        return;
    detach(transfer);
    release(transfer);
}

static void expired(void *baton)
{
    release(baton);
}

void transfer_in_interrupted(association_t *association)
{
    transfer_in_t *transfer = association->in;
    if (!transfer) {
        transfer = association->confirmed;
        association->confirmed = NULL;
    }
    if (!transfer)
        return;
    detach(transfer);
    connector_t *connector = transfer->connector;
    unsigned count = 0;
    for (const transfer_in_t *other = connector->interrupted; other; other = other->next)
        count++;
    bool useful = transfer->checkpoint_count || transfer->ended;
    if (transfer->refused || !useful || count >= INTERRUPTED_LIMIT || !connector->config) {
        release(transfer);
        return;
    }
    transfer->interrupted = true;
    transfer->paused = false;
    transfer->next = connector->interrupted;
    connector->interrupted = transfer;
    transfer->expire.run = expired;
    transfer->expire.baton = transfer;
    timers_arm(agent_timers(transfer->agent), &transfer->expire,
               agent_now(transfer->agent) + TIME_SECONDS(connector->config->recovery_timeout));
}

static bool same_octets(const osi_octets64_t *a, const osi_octets64_t *b)
{
    return a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

/* Associations of one second differ in the additional reference only, and each numbers its activities from 1:
 * a peer that names no additional reference has to be understood without. */
static bool is_named(const transfer_in_t *transfer, const stack_indication_t *indication)
{
    const osi_connection_id_t *own = &transfer->connection;
    const osi_connection_id_t *id = &indication->old_connection;
    return transfer->activity.length == indication->old_activity.length &&
           memcmp(transfer->activity.octets, indication->old_activity.octets, transfer->activity.length) ==
               0 &&
           same_octets(&own->user, &id->user) && same_octets(&own->common, &id->common) &&
           (!id->additional_length || (own->additional_length == id->additional_length &&
                                       memcmp(own->additional, id->additional, id->additional_length) == 0));
}

/* The peer may see the end of the old association, and call anew, before this side has seen it: what it
 * resumes is then still in progress there, and that association is over. */
static void interrupt_old(const association_t *association, const stack_indication_t *indication)
{
    for (association_t *old = association->connector->associations; old; old = old->next) {
        if (old == association || !old->in || !is_named(old->in, indication))
            continue;
        transfer_in_interrupted(old);
        association_abort(old, STACK_ABORT_TEMPORARY_PROBLEM);
        return;
    }
}

/* NULL also if several have that name: what comes anew is found out to be a repeat, what is taken for another
 * would be lost. */
static transfer_in_t *find_interrupted(connector_t *connector, const stack_indication_t *indication)
{
    transfer_in_t *found = NULL;
    for (transfer_in_t *transfer = connector->interrupted; transfer; transfer = transfer->next) {
        if (is_named(transfer, indication)) {
            if (found)
                return NULL;
            found = transfer;
        }
    }
    return found;
}

static const checkpoint_t *find_checkpoint(const transfer_in_t *transfer, unsigned serial)
{
    unsigned known = transfer->checkpoint_count < MTA_CHECKPOINT_MEMORY ? transfer->checkpoint_count
                                                                        : MTA_CHECKPOINT_MEMORY;
    for (unsigned back = 1; back <= known; back++) {
        const checkpoint_t *checkpoint =
            &transfer->checkpoints[(transfer->checkpoint_count - back) % MTA_CHECKPOINT_MEMORY];
        if (checkpoint->serial == serial)
            return checkpoint;
    }
    return NULL;
}

void transfer_in_resume(association_t *association, const stack_indication_t *indication)
{
    mono_time_t now = agent_now(association->agent);
    interrupt_old(association, indication);
    transfer_in_t *transfer = find_interrupted(association->connector, indication);
    if (!transfer) {
        osi_stack_resume_refuse(association->stack, STACK_RESUME_UNRECOGNIZED, now);
        return;
    }
    const checkpoint_t *checkpoint = find_checkpoint(transfer, indication->serial);
    if (!checkpoint) {
        osi_stack_resume_refuse(association->stack, STACK_RESUME_UNRECOGNIZED, now);
        return;
    }
    if (transfer->secured) {
        osi_stack_resume_refuse(association->stack, STACK_RESUME_COMPLETED, now);
        return;
    }
    transfer_in_forget_confirmed(association);
    unlink_interrupted(transfer);
    transfer->association = association;
    transfer->activity = indication->activity;
    transfer->connection = *osi_stack_connection_id(association->stack);
    transfer->ended = false;
    /* What came after that checkpoint comes again, the same octets: it is passed over. If all of it was here
     * and is being secured, that is all that is left to come. */
    transfer->skip = transfer->received - checkpoint->total;
    association->in = transfer;
    association->activity = now;
    watch_in(association);
    char octets[32];
    apr_snprintf(octets, sizeof(octets), "%" APR_UINT64_T_FMT, (apr_uint64_t)checkpoint->total);
    apr_pool_t *pool = transfer->object->pool;
    const char *mts_id =
        transfer->object->apdu ? x411_mts_id_text(pool, &transfer->object->apdu->mts_id) : "";
    event_subject_t subject = {.connector = transfer->connector->destination.name, .mts_id = mts_id};
    event_raise(association->agent->services.events, EVENT_ID_TRANSFER_RESUMED, &subject, mts_id,
                transfer->connector->destination.name, octets);
    osi_stack_resume_accept(association->stack, checkpoint->total, now);
}

void transfer_in_forget_all(connector_t *connector)
{
    while (connector->interrupted)
        release(connector->interrupted); /* takes it from the list; NOLINT(clang-analyzer-unix.Malloc) */
}

bool transfer_in_awaits_peer(const transfer_in_t *transfer)
{
    return !transfer->ended && !transfer->paused;
}

const char *transfer_in_describe(const transfer_in_t *transfer, apr_pool_t *pool, uint64_t *octets)
{
    *octets = transfer->received;
    return transfer->object && transfer->object->apdu
               ? x411_mts_id_text(pool, &transfer->object->apdu->mts_id)
               : "";
}
