#include "p1source_source.h"

#include <string.h>

#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_strings.h>

#include "x411/oraddress_text.h"
#include "x411/trace.h"

enum {
    FILL_PERIOD = 64,
    FILL_SIZE = 65536,
    HEAD_LIMIT = 4096,
    CONTEXT_DEFAULT = 5, /* presentation context of an EXTERNAL, as peers use */
    HOST_LIMIT = 128,
    RUN_OCTETS = 4
};

static const char fill_line[FILL_PERIOD + 1] =
    "The quick brown fox jumps over the lazy dog 0123456789 ABCDEF.\r\n";
static uint8_t fill[FILL_SIZE + FILL_PERIOD];

/* The least interpersonal message (X.420): an identifier and one IA5 text body part, up to the text. */
static bool write_content_head(buffer_t *out, size_t text_length)
{
    static const char identifier[] = "p1source";
    /* heading: SET { this-IPM [APPLICATION 11] SET { user-relative-identifier PrintableString } } */
    size_t id = sizeof(identifier) - 1;
    size_t this_ipm = ber_header_size(BER_PRINTABLE_STRING, id) + id;
    size_t heading = ber_header_size(BER_APPLICATION(11), this_ipm) + this_ipm;
    /* body, the same in P2 and P22: SEQUENCE OF ia5-text [0] { parameters SET {}, data IA5String } */
    size_t part = 2 + ber_header_size(BER_IA5_STRING, text_length) + text_length;
    size_t body = ber_header_size(BER_CONTEXT(0), part) + part;
    size_t message = ber_header_size(BER_SET, heading) + heading + ber_header_size(BER_SEQUENCE, body) + body;
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    ber_put_header(&writer, BER_CONTEXT(0), true, message);
    ber_put_header(&writer, BER_SET, true, heading);
    ber_put_header(&writer, BER_APPLICATION(11), true, this_ipm);
    ber_put_string(&writer, BER_PRINTABLE_STRING, identifier);
    ber_put_header(&writer, BER_SEQUENCE, true, body);
    ber_put_header(&writer, BER_CONTEXT(0), true, part);
    ber_put_header(&writer, BER_SET, true, 0);
    ber_put_header(&writer, BER_IA5_STRING, false, text_length);
    return !writer.failed;
}

/* The head such that head and text together have exactly the length asked for; nothing if that is too short
 * for an interpersonal message, or if no length of the text gives it (where a length field grows). */
static void make_content_head(source_maker_t *maker)
{
    const source_options_t *options = maker->options;
    size_t wanted = (size_t)options->content_length;
    bool ipm = options->content_type == X411_CONTENT_P2 || options->content_type == X411_CONTENT_P22;
    for (size_t head = 16; ipm && head < 64 && head <= wanted; head++) {
        buffer_clear(&maker->content_head);
        if (write_content_head(&maker->content_head, wanted - head) &&
            buffer_length(&maker->content_head) == head)
            return;
    }
    buffer_clear(&maker->content_head);
}

static err_t *read_addresses(source_maker_t *maker, apr_pool_t *pool)
{
    const source_options_t *options = maker->options;
    const char *text = options->originator;
    err_t *err = x411_or_name_parse(pool, text, &maker->originator);
    for (unsigned i = 0; !err && i < options->recipient_count; i++) {
        text = options->recipients[i];
        err = x411_or_name_parse(pool, text, &maker->recipients[i]);
    }
    return err ? err_wrap(pool, err, err->code, err->layer, "\"%s\" is not an O/R address", text) : NULL;
}

/* What stands for the host in the identifiers of this run: random, for runs that begin in the same second,
 * and in front, because a long name is cut at its end. */
static const char *make_run_name(apr_pool_t *pool)
{
    uint8_t random[RUN_OCTETS];
    char host[HOST_LIMIT] = "localhost";
    apr_gethostname(host, sizeof(host), pool);
    apr_status_t status = apr_generate_random_bytes(random, sizeof(random));
    const char *run =
        status == APR_SUCCESS
            ? bytes_to_hex(pool, bytes_make(random, sizeof(random)))
            : apr_psprintf(pool, "%08x", (unsigned)(timebase_utc(timebase_system()) & UINT32_MAX));
    return apr_pstrcat(pool, run, "-", host, NULL);
}

err_t *source_maker_init(source_maker_t *maker, const source_options_t *options, apr_pool_t *pool)
{
    *maker = (source_maker_t){.options = options, .pool = pool};
    maker->started = timebase_utc(timebase_system());
    maker->host = make_run_name(pool);
    buffer_init(&maker->content_head, pool, HEAD_LIMIT);
    for (size_t i = 0; i < sizeof(fill); i++)
        fill[i] = (uint8_t)fill_line[i % FILL_PERIOD];
    make_content_head(maker);
    err_t *err = read_addresses(maker, pool);
    if (err)
        return err;
    maker->domain.country = maker->originator.address.country;
    maker->domain.admd = maker->originator.address.admd;
    maker->domain.prmd = maker->originator.address.prmd;
    return NULL;
}

/* The address of message number: the first %d is replaced by it. */
static const char *expand(apr_pool_t *pool, const char *address, int64_t number)
{
    const char *place = strstr(address, "%d");
    if (!place)
        return address;
    return apr_psprintf(pool, "%.*s%" APR_INT64_T_FMT "%s", (int)(place - address), address, number + 1,
                        place + 2);
}

static err_t *fill_envelope(const source_maker_t *maker, int64_t number, apr_pool_t *pool, x411_apdu_t *apdu)
{
    const source_options_t *options = maker->options;
    utc_time_t now = timebase_utc(timebase_system());
    /* Two runs in one second must not look like repeats: the microsecond of the start is in the counter. */
    uint64_t counter =
        (uint64_t)(maker->started % TIME_SECONDS(1)) * SOURCE_MESSAGE_LIMIT + (uint64_t)number + 1;
    apdu->mts_id = x411_mts_id_make(pool, &maker->domain, maker->host, maker->started, counter);
    apdu->content_type = x411_content_type_make(options->content_type);
    unsigned ia5 = X411_EIT_IA5_TEXT;
    apdu->original_eits = x411_eits_make(pool, &ia5, 1);
    if (options->probe) {
        apdu->content_length_present = true;
        apdu->content_length = options->content_length;
    }
    err_t *err = NULL;
    apdu->originator = maker->originator;
    for (unsigned i = 0; !err && i < options->recipient_count; i++) {
        x411_recipient_t *recipient = x411_apdu_add_recipient(pool, apdu);
        if (!recipient)
            return err_create(pool, APR_ENOSPC, "P1", "too many recipients");
        recipient->number = i + 1;
        x411_mta_report_t mta =
            options->report == X411_USER_REPORT_ALL ? X411_MTA_REPORT_ALL : X411_MTA_REPORT_NON_DELIVERY;
        recipient->indicators = x411_recipient_indicators(true, mta, options->report);
        const char *text = expand(pool, options->recipients[i], number);
        if (text == options->recipients[i])
            recipient->name = maker->recipients[i];
        else
            err = x411_or_name_parse(pool, text, &recipient->name);
    }
    for (int64_t i = 0; !err && i < options->trace; i++) {
        x411_domain_t domain = maker->domain;
        if (i > 0) /* others than our own, each another one */
            domain = x411_domain_make("XX", " ", apr_psprintf(pool, "D%" APR_INT64_T_FMT, i));
        if (!x411_trace_stamp(pool, apdu, &domain, now, X411_RELAYED))
            err = err_create(pool, APR_ENOSPC, "P1", "no trace");
    }
    if (options->deferred && !options->probe)
        apdu->deferred_delivery = x411_time_from_utc(pool, now + options->deferred);
    return err;
}

/* A given APDU as the mode wants it: in normal mode inside an EXTERNAL (X.419). */
static bytes_t dress_given(const source_options_t *options, bytes_t given, buffer_t *out)
{
    static const uint8_t external = 0x28;
    if (options->mode != OSI_MODE_NORMAL || given.length == 0 || given.data[0] == external)
        return given;
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    size_t inner = 3 + ber_header_size(BER_CONTEXT(0), given.length) + given.length;
    ber_put_header(&writer, BER_EXTERNAL, true, inner);
    ber_put_integer(&writer, BER_INTEGER, CONTEXT_DEFAULT);
    ber_put_header(&writer, BER_CONTEXT(0), true, given.length);
    ber_put_raw(&writer, given);
    return buffer_bytes(out);
}

err_t *source_message_make(source_maker_t *maker, int64_t number, apr_pool_t *pool, buffer_t *out,
                           source_message_t *message)
{
    const source_options_t *options = maker->options;
    *message = (source_message_t){.number = number};
    buffer_clear(out);
    if (options->apdu_count > 0) {
        message->given = dress_given(options, options->apdus[number % options->apdu_count], out);
        message->length = message->given.length;
        return out->failed ? err_create(pool, APR_ENOSPC, "P1", "the APDU is too large") : NULL;
    }
    x411_apdu_t *apdu = x411_apdu_create(pool, options->probe ? X411_PROBE : X411_MESSAGE);
    err_t *err = fill_envelope(maker, number, pool, apdu);
    x411_encode_options_t how = {.mode = text_p1_mode(options->mode)};
    if (!err && options->probe) {
        err = x411_apdu_encode(pool, apdu, &how, BYTES_NONE, out);
        message->given = buffer_bytes(out);
        message->length = message->given.length;
        return err;
    }
    x411_framing_t framing;
    if (!err)
        err = x411_message_encode(pool, apdu, &how, (uint64_t)options->content_length, out, &framing);
    if (err)
        return err;
    message->prefix = framing.prefix;
    message->suffix = framing.suffix;
    message->length = framing.total_length;
    message->content_head = buffer_bytes(&maker->content_head);
    message->fill = (uint64_t)options->content_length - message->content_head.length;
    return NULL;
}

bytes_t source_message_octets(const source_message_t *message, uint64_t offset, size_t limit)
{
    if (message->given.length > 0)
        return bytes_slice(message->given, (size_t)offset, limit);
    if (offset < message->prefix.length)
        return bytes_slice(message->prefix, (size_t)offset, limit);
    offset -= message->prefix.length;
    if (offset < message->content_head.length)
        return bytes_slice(message->content_head, (size_t)offset, limit);
    offset -= message->content_head.length;
    if (offset < message->fill) {
        uint64_t left = message->fill - offset;
        size_t length = left < FILL_SIZE ? (size_t)left : FILL_SIZE;
        return bytes_make(fill + offset % FILL_PERIOD, length < limit ? length : limit);
    }
    offset -= message->fill;
    return bytes_slice(message->suffix, (size_t)offset, limit);
}
