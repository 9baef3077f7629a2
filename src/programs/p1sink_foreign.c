/* What is not standard P1, as a peer sees it that knows nothing else. */
#include "p1sink_sink.h"

#include "x411/apdu_stream.h"

/* Looks at every tag below reader; contents of primitives are not looked into. */
static bool has_private(ber_reader_t reader)
{
    ber_tlv_t tlv;
    while (ber_more(&reader) && ber_read(&reader, &tlv)) {
        ber_reader_t inner;
        if (BER_TAG_CLASS(tlv.tag) == 3)
            return true;
        if (tlv.constructed && ber_children(&reader, &tlv, &inner) && has_private(inner))
            return true;
    }
    return false;
}

bool foreign_bind(bytes_t argument)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_init(&reader, argument, &fault);
    return has_private(reader);
}

/* Reads as much as there is; *range gets the envelope, or the whole report or probe. */
static x411_stream_event_t read_envelope(const transfer_t *transfer, bool own_taken, x411_stream_t *stream,
                                         bytes_t *range)
{
    bytes_t input = buffer_bytes(&transfer->head);
    x411_stream_init(stream, transfer->pool, text_p1_mode(transfer->mode), TRANSFER_HEAD_LIMIT);
    stream->own_taken = own_taken;
    return x411_stream_next(stream, &input, range);
}

bool foreign_apdu(const transfer_t *transfer)
{
    x411_stream_t *stream = apr_palloc(transfer->pool, sizeof(*stream));
    ber_fault_t fault;
    ber_reader_t reader;
    bytes_t range;
    x411_stream_event_t event = read_envelope(transfer, false, stream, &range);
    bool foreign = event == X411_STREAM_FAILED && stream->fault_code == X411_ERROR_UNKNOWN;
    if (event == X411_STREAM_ENVELOPE || event == X411_STREAM_APDU) {
        ber_reader_init(&reader, range, &fault);
        foreign = has_private(reader);
    }
    x411_stream_destroy(stream);
    return foreign;
}

bool foreign_link_state(const transfer_t *transfer)
{
    x411_stream_t *stream = apr_palloc(transfer->pool, sizeof(*stream));
    bytes_t range;
    bool own = read_envelope(transfer, true, stream, &range) == X411_STREAM_OWN;
    x411_stream_destroy(stream);
    return own;
}
