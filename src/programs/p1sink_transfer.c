#include "p1sink_sink.h"

#include <string.h>

#include <apr_strings.h>

#include "x411/apdu_stream.h"

enum { INTERRUPTED_LIMIT = 256 };

transfer_t *transfer_create(sink_t *sink, osi_mode_t mode)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, sink->pool);
    transfer_t *transfer = apr_pcalloc(pool, sizeof(*transfer));
    transfer->pool = pool;
    transfer->mode = mode;
    buffer_init(&transfer->head, pool, TRANSFER_HEAD_LIMIT);
    if (sink->options->dump) {
        transfer->path =
            apr_psprintf(pool, "%s/.part-%06" APR_INT64_T_FMT, sink->options->dump, ++sink->file_number);
        apr_status_t status = apr_file_open(&transfer->file, transfer->path,
                                            APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE |
                                                APR_FOPEN_BINARY | APR_FOPEN_BUFFERED,
                                            APR_FPROT_OS_DEFAULT, pool);
        if (status != APR_SUCCESS) {
            transfer->file = NULL;
            sink->totals->trouble++;
        }
    }
    return transfer;
}

void transfer_data(sink_t *sink, transfer_t *transfer, bytes_t octets)
{
    transfer->total += octets.length;
    size_t held = buffer_length(&transfer->head);
    bool wanted = sink->options->check_duplicates || sink->options->strict || sink->options->sibling;
    if (wanted && held < TRANSFER_HEAD_LIMIT)
        buffer_append(&transfer->head, bytes_slice(octets, 0, TRANSFER_HEAD_LIMIT - held));
    if (transfer->file &&
        apr_file_write_full(transfer->file, octets.data, octets.length, NULL) != APR_SUCCESS)
        sink->totals->trouble++;
}

void transfer_checkpoint(transfer_t *transfer, const stack_indication_t *indication)
{
    unsigned place = indication->serial % TRANSFER_CHECKPOINTS;
    transfer->serial = indication->serial;
    transfer->checkpoints[place].total = indication->total;
}

void transfer_drop(transfer_t *transfer)
{
    if (transfer->file) {
        apr_file_close(transfer->file);
        apr_file_remove(transfer->path, transfer->pool);
    }
    apr_pool_destroy(transfer->pool);
}

/* The MTS identifier at the beginning of an APDU as text in pool, or NULL. */
static const char *find_identifier(const transfer_t *transfer, apr_pool_t *pool)
{
    x411_stream_t *stream = apr_palloc(pool, sizeof(*stream));
    bytes_t input = buffer_bytes(&transfer->head);
    bytes_t range = BYTES_NONE;
    x411_apdu_t *apdu = NULL;
    const char *text = NULL;
    x411_stream_init(stream, pool, text_p1_mode(transfer->mode), TRANSFER_HEAD_LIMIT);
    for (;;) {
        x411_stream_event_t event = x411_stream_next(stream, &input, &range);
        if (event != X411_STREAM_ENVELOPE && event != X411_STREAM_APDU)
            break;
        if (!x411_envelope_decode(pool, stream->kind, range, &apdu))
            text = x411_mts_id_text(pool, &apdu->mts_id);
        break;
    }
    x411_stream_destroy(stream);
    return text;
}

static void look_for_duplicate(sink_t *sink, const transfer_t *transfer)
{
    const char *identifier = find_identifier(transfer, transfer->pool);
    if (!identifier) {
        sink->totals->unreadable++;
        return;
    }
    if (apr_hash_get(sink->seen, identifier, APR_HASH_KEY_STRING)) {
        sink->totals->duplicates++;
        return;
    }
    const char *kept = apr_pstrdup(sink->seen_pool, identifier);
    apr_hash_set(sink->seen, kept, APR_HASH_KEY_STRING, kept);
}

void transfer_complete(sink_t *sink, transfer_t *transfer)
{
    sink_totals_t *totals = sink->totals;
    totals->accepted++;
    totals->octets += transfer->total;
    totals->ended = timebase_mono(timebase_system());
    if (totals->begun == 0)
        totals->begun = totals->ended;
    sink->completed[sink->completed_next++ % COMPLETED_LIMIT] = transfer->key;
    if (sink->options->check_duplicates)
        look_for_duplicate(sink, transfer);
    if (transfer->file) {
        const char *path = apr_psprintf(transfer->pool, "%s/%06" APR_INT64_T_FMT ".%s", sink->options->dump,
                                        totals->accepted, text_mode(transfer->mode));
        if (apr_file_close(transfer->file) != APR_SUCCESS ||
            apr_file_rename(transfer->path, path, transfer->pool) != APR_SUCCESS)
            totals->trouble++;
    }
    apr_pool_destroy(transfer->pool);
}

void transfer_keep(sink_t *sink, transfer_t *transfer)
{
    transfer_t **last = &sink->interrupted;
    if (sink->interrupted_count == INTERRUPTED_LIMIT) {
        while ((*last)->next)
            last = &(*last)->next;
        transfer_drop(*last);
        *last = NULL;
        sink->interrupted_count--;
    }
    transfer->next = sink->interrupted;
    sink->interrupted = transfer;
    sink->interrupted_count++;
}

static bool same_octets(const osi_octets64_t *a, const osi_octets64_t *b)
{
    return a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

static bool same_key(const transfer_key_t *a, const transfer_key_t *b)
{
    const osi_connection_id_t *first = &a->connection;
    const osi_connection_id_t *second = &b->connection;
    return a->activity.length == b->activity.length &&
           memcmp(a->activity.octets, b->activity.octets, a->activity.length) == 0 &&
           same_octets(&first->user, &second->user) && same_octets(&first->common, &second->common) &&
           first->additional_length == second->additional_length &&
           memcmp(first->additional, second->additional, first->additional_length) == 0;
}

bool transfer_was_completed(const sink_t *sink, const transfer_key_t *key)
{
    for (unsigned i = 0; i < COMPLETED_LIMIT; i++)
        if (sink->completed[i].activity.length > 0 && same_key(&sink->completed[i], key))
            return true;
    return false;
}

/* Cuts what was received to the checkpoint; false if that is not possible any more. */
static bool rewind_to(transfer_t *transfer, unsigned serial)
{
    if (serial == 0 || serial > transfer->serial || transfer->serial - serial >= TRANSFER_CHECKPOINTS)
        return false;
    uint64_t total = transfer->checkpoints[serial % TRANSFER_CHECKPOINTS].total;
    if (total > transfer->total)
        return false;
    if (transfer->file) {
        apr_off_t offset = (apr_off_t)total;
        if (apr_file_flush(transfer->file) != APR_SUCCESS ||
            apr_file_trunc(transfer->file, offset) != APR_SUCCESS ||
            apr_file_seek(transfer->file, APR_SET, &offset) != APR_SUCCESS)
            return false;
    }
    if (total < buffer_length(&transfer->head))
        buffer_truncate(&transfer->head, (size_t)total);
    transfer->total = total;
    transfer->serial = serial;
    return true;
}

transfer_t *transfer_resume(sink_t *sink, const transfer_key_t *key, unsigned serial)
{
    for (transfer_t **link = &sink->interrupted; *link; link = &(*link)->next) {
        transfer_t *transfer = *link;
        if (!same_key(&transfer->key, key))
            continue;
        *link = transfer->next;
        sink->interrupted_count--;
        if (rewind_to(transfer, serial))
            return transfer;
        transfer_drop(transfer);
        return NULL;
    }
    return NULL;
}

void sink_mark(sink_t *sink)
{
    int64_t every = sink->options->mark_every;
    if (!sink->marks || every == 0 || sink->totals->accepted % every != 0)
        return;
    apr_file_printf(sink->marks, "%" APR_INT64_T_FMT " %" APR_INT64_T_FMT "\n", sink->totals->accepted,
                    timebase_utc(timebase_system()));
    if (apr_file_flush(sink->marks) != APR_SUCCESS)
        sink->totals->trouble++;
}
