/* Encoding of P1 APDUs (x411/message.h): definite, minimal lengths, elements in the order of X.411 Figure 4.
 */
#include "x411/message.h"

#include "x411/extensions.h"

/* What the functions below need of the options. */
typedef struct encoder_t {
    ber_writer_t writer;
    const x411_encode_options_t *options;
    bool extensions; /* 1988 envelopes */
} encoder_t;

static void put_indicators(ber_writer_t *writer, ber_tag_t tag, const x411_indicators_t *indicators)
{
    uint8_t octets[2] = {(uint8_t)(indicators->bits >> 8), (uint8_t)indicators->bits};
    if (indicators->present)
        ber_put_bits(writer, tag, octets, indicators->count);
}

static void put_unknown(encoder_t *encoder, const bytes_t *unknown, unsigned count)
{
    for (unsigned i = 0; i < count && encoder->extensions; i++)
        ber_put_raw(&encoder->writer, unknown[i]);
}

static void put_extensions(encoder_t *encoder, ber_tag_t tag, const x411_extensions_t *extensions)
{
    if (!encoder->extensions)
        return;
    if (!encoder->options->no_internal_trace || !x411_extension_find(extensions, X411_EXT_INTERNAL_TRACE)) {
        x411_extensions_write(&encoder->writer, tag, extensions, encoder->options->extension_form);
        return;
    }
    /* All but the internal trace: written in runs around it. */
    if (extensions->count == 1)
        return;
    ber_open(&encoder->writer, tag);
    for (unsigned i = 0; i < extensions->count; i++)
        if (extensions->items[i].type != X411_EXT_INTERNAL_TRACE)
            x411_extension_write(&encoder->writer, &extensions->items[i], encoder->options->extension_form);
    ber_close(&encoder->writer);
}

static void put_choice(ber_writer_t *writer, ber_tag_t tag, const x411_string_t *value)
{
    ber_open(writer, tag);
    ber_put_octets(writer, value->type, value->octets);
    ber_close(writer);
}

static void put_bilateral(ber_writer_t *writer, const x411_bilateral_t *bilateral)
{
    ber_open(writer, BER_SEQUENCE);
    if (bilateral->raw.data) {
        ber_put_raw(writer, bilateral->raw);
    } else {
        put_choice(writer, BER_APPLICATION(1), &bilateral->domain.country);
        if (x411_present(&bilateral->domain.prmd)) {
            ber_open(writer, BER_SEQUENCE);
            put_choice(writer, BER_CONTEXT(0), &bilateral->domain.admd);
            put_choice(writer, BER_CONTEXT(1), &bilateral->domain.prmd);
            ber_close(writer);
        } else {
            put_choice(writer, BER_APPLICATION(2), &bilateral->domain.admd);
        }
        ber_put_raw(writer, bilateral->information);
    }
    ber_close(writer);
}

static void put_recipient(encoder_t *encoder, const x411_recipient_t *recipient)
{
    ber_writer_t *writer = &encoder->writer;
    ber_open(writer, BER_SET);
    x411_or_name_write(writer, BER_APPLICATION(0), &recipient->name);
    ber_put_integer(writer, BER_CONTEXT(0), recipient->number);
    put_indicators(writer, BER_CONTEXT(1), &recipient->indicators);
    if (recipient->conversion_present)
        ber_put_integer(writer, BER_CONTEXT(2), recipient->conversion);
    put_extensions(encoder, BER_CONTEXT(3), &recipient->extensions);
    put_unknown(encoder, recipient->unknown, recipient->unknown_count);
    ber_close(writer);
}

/* The elements of a message or probe envelope. */
static void put_envelope(encoder_t *encoder, const x411_apdu_t *apdu)
{
    ber_writer_t *writer = &encoder->writer;
    x411_mts_id_write(writer, BER_APPLICATION(4), &apdu->mts_id);
    x411_or_name_write(writer, BER_APPLICATION(0), &apdu->originator);
    x411_eits_write(writer, BER_APPLICATION(5), &apdu->original_eits);
    x411_content_type_write(writer, &apdu->content_type);
    x411_string_write(writer, BER_APPLICATION(10), &apdu->content_id);
    if (apdu->priority_present)
        ber_put_integer(writer, BER_APPLICATION(7), apdu->priority);
    if (apdu->content_length_present)
        ber_put_integer(writer, BER_CONTEXT(0), apdu->content_length);
    put_indicators(writer, BER_APPLICATION(8), &apdu->flags);
    x411_time_write_value(writer, BER_CONTEXT(0), &apdu->deferred_delivery);
    if (apdu->bilateral_count && !encoder->options->no_bilateral) {
        ber_open(writer, BER_CONTEXT(1));
        for (unsigned i = 0; i < apdu->bilateral_count; i++)
            put_bilateral(writer, &apdu->bilateral[i]);
        ber_close(writer);
    }
    x411_trace_write(writer, BER_APPLICATION(9), &apdu->trace);
    put_extensions(encoder, BER_CONTEXT(3), &apdu->extensions);
    ber_open(writer, BER_CONTEXT(2));
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        put_recipient(encoder, &apdu->recipients[i]);
    ber_close(writer);
    put_unknown(encoder, apdu->unknown, apdu->unknown_count);
}

static void put_outcome(encoder_t *encoder, const x411_recipient_t *recipient)
{
    ber_writer_t *writer = &encoder->writer;
    const x411_outcome_t *outcome = recipient->outcome;
    ber_open(writer, BER_CONTEXT(3));
    x411_time_write_value(writer, BER_CONTEXT(0), &outcome->arrival);
    x411_eits_write(writer, BER_APPLICATION(5), &outcome->converted);
    ber_open(writer, BER_CONTEXT(1));
    ber_open(writer, BER_CONTEXT(outcome->delivered ? 0 : 1));
    if (outcome->delivered) {
        x411_time_write_value(writer, BER_CONTEXT(0), &outcome->delivery_time);
        if (outcome->user_type_present)
            ber_put_integer(writer, BER_CONTEXT(1), outcome->user_type);
    } else {
        ber_put_integer(writer, BER_CONTEXT(0), outcome->reason);
        if (outcome->diagnostic_present)
            ber_put_integer(writer, BER_CONTEXT(1), outcome->diagnostic);
    }
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
    if (outcome->originally_intended)
        x411_or_name_write(writer, BER_CONTEXT(4), outcome->originally_intended);
    x411_string_write(writer, BER_CONTEXT(5), &outcome->supplementary);
}

static void put_reported(encoder_t *encoder, const x411_recipient_t *recipient)
{
    ber_writer_t *writer = &encoder->writer;
    ber_open(writer, BER_SET);
    x411_or_name_write(writer, BER_CONTEXT(0), &recipient->name);
    ber_put_integer(writer, BER_CONTEXT(1), recipient->number);
    put_indicators(writer, BER_CONTEXT(2), &recipient->indicators);
    if (recipient->outcome)
        put_outcome(encoder, recipient);
    put_extensions(encoder, BER_CONTEXT(6), &recipient->extensions);
    put_unknown(encoder, recipient->unknown, recipient->unknown_count);
    ber_close(writer);
}

static void put_report_content(encoder_t *encoder, const x411_apdu_t *apdu)
{
    ber_writer_t *writer = &encoder->writer;
    const x411_report_t *report = apdu->report;
    ber_open(writer, BER_SET);
    x411_mts_id_write(writer, BER_APPLICATION(4), &report->subject_id);
    if (report->subject_trace_present)
        x411_trace_write(writer, BER_APPLICATION(9), &report->subject_trace);
    if (encoder->extensions) { /* 1984 has neither in a report */
        x411_eits_write(writer, BER_APPLICATION(5), &report->original_eits);
        x411_content_type_write(writer, &report->content_type);
    }
    x411_string_write(writer, BER_APPLICATION(10), &report->content_id);
    if (report->returned_content_present)
        ber_put_octets(writer, BER_CONTEXT(1), report->returned_content);
    if (report->additional_information.data) {
        ber_put_header(writer, BER_CONTEXT(2), report->additional_constructed,
                       report->additional_information.length);
        ber_put_raw(writer, report->additional_information);
    }
    put_extensions(encoder, BER_CONTEXT(3), &report->extensions);
    ber_open(writer, BER_CONTEXT(0));
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        put_reported(encoder, &apdu->recipients[i]);
    ber_close(writer);
    put_unknown(encoder, report->unknown, report->unknown_count);
    ber_close(writer);
}

static void put_report(encoder_t *encoder, const x411_apdu_t *apdu)
{
    ber_writer_t *writer = &encoder->writer;
    ber_open(writer, BER_CONTEXT(X411_REPORT));
    ber_open(writer, BER_SET);
    x411_mts_id_write(writer, BER_APPLICATION(4), &apdu->mts_id);
    x411_or_name_write(writer, BER_APPLICATION(0), &apdu->originator);
    x411_trace_write(writer, BER_APPLICATION(9), &apdu->trace);
    put_extensions(encoder, BER_CONTEXT(1), &apdu->extensions);
    put_unknown(encoder, apdu->unknown, apdu->unknown_count);
    ber_close(writer);
    put_report_content(encoder, apdu);
    ber_close(writer);
}

static void encoder_init(encoder_t *encoder, const x411_encode_options_t *options, buffer_t *out)
{
    ber_writer_init(&encoder->writer, out);
    encoder->options = options;
    encoder->extensions = options->mode != X411_MODE_1984;
}

static err_t *does_not_fit(apr_pool_t *pool, const x411_apdu_t *apdu)
{
    return err_create(pool, X411_ERROR_ENCODE, "P1", "the %s does not fit the encoding buffer",
                      x411_kind_name(apdu->kind));
}

/* The element of the wrapper that the APDU is in, and what is in front of it inside the EXTERNAL. */
static size_t wrapper_size(const x411_encode_options_t *options, uint64_t inner, int64_t *context,
                           size_t *sizes)
{
    *context = options->presentation_context ? options->presentation_context : 5;
    size_t reference = 2;
    for (int64_t rest = *context; reference == 2 || rest > 0x7F || rest < -0x80; rest >>= 8)
        reference++;
    sizes[0] = ber_header_size(BER_CONTEXT(0), (size_t)inner);
    sizes[1] = ber_header_size(BER_EXTERNAL, (size_t)inner + sizes[0] + reference) + reference;
    sizes[2] = reference;
    return sizes[0] + sizes[1];
}

static bool is_wrapped(const x411_encode_options_t *options)
{
    return options->mode == X411_MODE_NORMAL && !options->bare;
}

/* Puts EXTERNAL and [0] headers for an APDU of length octets that follows. */
static void put_wrapper(ber_writer_t *writer, const x411_encode_options_t *options, uint64_t length)
{
    int64_t context;
    size_t sizes[3];
    wrapper_size(options, length, &context, sizes);
    ber_put_header(writer, BER_EXTERNAL, true, (size_t)length + sizes[0] + sizes[2]);
    ber_put_integer(writer, BER_INTEGER, context);
    ber_put_header(writer, BER_CONTEXT(0), true, (size_t)length);
}

/* Octets of the content element's contents: segments with their headers, or the content itself. */
static uint64_t segmented_length(uint64_t content_length, size_t segment)
{
    if (!segment)
        return content_length;
    uint64_t whole = content_length / segment;
    size_t last = (size_t)(content_length % segment);
    uint64_t length = content_length + whole * ber_header_size(BER_OCTET_STRING, segment);
    return last ? length + ber_header_size(BER_OCTET_STRING, last) : length;
}

/* The envelope is encoded at the end of out; then the headers that stand in front of it, whose lengths are
 * known only now, are encoded after it and the two are swapped. */
static void rotate(uint8_t *data, size_t first, size_t second)
{
    uint8_t small[96];
    memcpy(small, data + first, second);
    memmove(data + second, data, first);
    memcpy(data, small, second);
}

err_t *x411_message_encode(apr_pool_t *pool, const x411_apdu_t *apdu, const x411_encode_options_t *options,
                           uint64_t content_length, buffer_t *out, x411_framing_t *framing)
{
    encoder_t encoder;
    ber_writer_t *writer = &encoder.writer;
    size_t before = buffer_length(out);
    size_t segment = options->content_segment > UINT32_MAX ? UINT32_MAX : options->content_segment;
    if (content_length > SIZE_MAX / 4)
        return does_not_fit(pool, apdu);
    encoder_init(&encoder, options, out);
    ber_open(writer, BER_SET);
    put_envelope(&encoder, apdu);
    ber_close(writer);
    size_t envelope = buffer_length(out) - before;

    uint64_t inner = segmented_length(content_length, segment);
    uint64_t body = envelope + ber_header_size(BER_OCTET_STRING, (size_t)inner) + inner;
    uint64_t whole = ber_header_size(BER_CONTEXT(X411_MESSAGE), (size_t)body) + body;
    framing->total_length = whole;
    if (is_wrapped(options)) {
        int64_t context;
        size_t sizes[3];
        framing->total_length += wrapper_size(options, whole, &context, sizes);
        put_wrapper(writer, options, whole);
    }
    ber_put_header(writer, BER_CONTEXT(X411_MESSAGE), true, (size_t)body);
    size_t headers = buffer_length(out) - before - envelope;
    if (!ber_writer_ok(writer)) {
        buffer_truncate(out, before);
        return does_not_fit(pool, apdu);
    }
    rotate(out->data + out->start + before, envelope, headers);
    ber_put_header(writer, BER_OCTET_STRING, segment != 0, (size_t)inner);
    if (!ber_writer_ok(writer)) {
        buffer_truncate(out, before);
        return does_not_fit(pool, apdu);
    }
    framing->prefix = bytes_slice(buffer_bytes(out), before, SIZE_MAX);
    framing->suffix = BYTES_NONE;
    framing->content_length = content_length;
    framing->segment = segment;
    return NULL;
}

size_t x411_segment_header(const x411_framing_t *framing, uint64_t offset, uint8_t header[16], size_t *length)
{
    *length = 0;
    if (!framing->segment || offset >= framing->content_length)
        return 0;
    uint64_t left = framing->content_length - offset;
    *length = left < framing->segment ? (size_t)left : framing->segment;
    size_t size = ber_header_size(BER_OCTET_STRING, *length);
    header[0] = 0x04;
    if (size == 2) {
        header[1] = (uint8_t)*length;
    } else {
        header[1] = (uint8_t)(0x80 | (size - 2));
        for (size_t i = 2; i < size; i++)
            header[i] = (uint8_t)(*length >> (8 * (size - 1 - i)));
    }
    return size;
}

static err_t *encode_message(apr_pool_t *pool, const x411_apdu_t *apdu, const x411_encode_options_t *options,
                             bytes_t content, buffer_t *out)
{
    x411_framing_t framing = {0};
    size_t before = buffer_length(out);
    err_t *err = x411_message_encode(pool, apdu, options, content.length, out, &framing);
    if (err)
        return err;
    bool fits = true;
    if (!framing.segment) {
        fits = buffer_append(out, content);
    } else {
        for (size_t offset = 0; offset < content.length && fits;) {
            uint8_t header[16];
            size_t length;
            size_t size = x411_segment_header(&framing, offset, header, &length);
            fits = buffer_append(out, bytes_make(header, size)) &&
                   buffer_append(out, bytes_slice(content, offset, length));
            offset += length;
        }
    }
    if (fits)
        return NULL;
    buffer_truncate(out, before);
    return does_not_fit(pool, apdu);
}

err_t *x411_apdu_encode(apr_pool_t *pool, const x411_apdu_t *apdu, const x411_encode_options_t *options,
                        bytes_t content, buffer_t *out)
{
    if (apdu->kind == X411_MESSAGE)
        return encode_message(pool, apdu, options, content, out);
    encoder_t encoder;
    size_t before = buffer_length(out);
    encoder_init(&encoder, options, out);
    if (apdu->kind == X411_PROBE) {
        ber_open(&encoder.writer, BER_CONTEXT(X411_PROBE));
        put_envelope(&encoder, apdu);
        ber_close(&encoder.writer);
    } else {
        put_report(&encoder, apdu);
    }
    size_t length = buffer_length(out) - before;
    if (is_wrapped(options))
        put_wrapper(&encoder.writer, options, length);
    if (!ber_writer_ok(&encoder.writer)) {
        buffer_truncate(out, before);
        return does_not_fit(pool, apdu);
    }
    if (is_wrapped(options))
        rotate(out->data + out->start + before, length, buffer_length(out) - before - length);
    return NULL;
}
