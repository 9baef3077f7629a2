/* Decoding of P1 APDUs (x411/message.h). */
#include "x411/message.h"

#include <apr_strings.h>

static bool read_indicators(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                            x411_indicators_t *indicators)
{
    ber_bits_t bits;
    if (!ber_value_bits(reader, tlv, pool, &bits))
        return false;
    *indicators = (x411_indicators_t){.present = true, .count = bits.count > 16 ? 16 : (uint8_t)bits.count};
    for (size_t i = 0; i < bits.octets.length && i < 2; i++)
        indicators->bits = (uint16_t)(indicators->bits | bits.octets.data[i] << (8 * (1 - i)));
    if (indicators->count < 16) /* unused bits may hold anything (X.690 8.6.2.4) */
        indicators->bits = (uint16_t)(indicators->bits & (uint16_t) ~(0xFFFFU >> indicators->count));
    return true;
}

/* Appends an element that is not known here to a list that doubles. */
static bool keep_unknown(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, bytes_t **list,
                         unsigned *count)
{
    if (*count == X411_LIMIT_UNKNOWN)
        return ber_fail_at(reader, tlv, "too many unknown elements");
    if ((*count & (*count - 1)) == 0) {
        bytes_t *longer = apr_palloc(pool, (size_t)(*count ? *count * 2 : 1) * sizeof(bytes_t));
        if (*count)
            memcpy(longer, *list, *count * sizeof(bytes_t));
        *list = longer;
    }
    (*list)[(*count)++] = tlv->whole;
    return true;
}

static bool read_content_type(const ber_reader_t *reader, const ber_tlv_t *tlv, x411_content_type_t *type)
{
    type->present = true;
    if (tlv->tag == BER_APPLICATION(6))
        return ber_value_integer(reader, tlv, &type->built_in);
    return ber_value_primitive(reader, tlv, &type->oid) &&
           (type->oid.length || ber_fail_at(reader, tlv, "empty object identifier"));
}

/* Counts the elements of a SEQUENCE OF that have this tag; anything else in it is a fault. */
static bool count_list(const ber_reader_t *reader, const ber_tlv_t *tlv, ber_tag_t tag, unsigned limit,
                       const char *too_many, ber_reader_t *list, unsigned *count)
{
    *count = 0;
    if (!ber_children(reader, tlv, list))
        return false;
    ber_reader_t scan = *list;
    ber_tlv_t item;
    while (ber_more(&scan) && ber_expect(&scan, tag, &item))
        if (++*count > limit)
            return ber_fail_at(reader, tlv, too_many);
    return ber_ok(reader);
}

/* BilateralDomain's choice: the ADMD, or a SEQUENCE of [0] ADMD and [1] private domain identifier. */
static bool read_bilateral_domain(ber_reader_t *sequence, apr_pool_t *pool, x411_domain_t *domain)
{
    ber_tlv_t item;
    ber_reader_t inner;
    ber_reader_t choice;
    if (ber_is(sequence, BER_SEQUENCE)) {
        if (!ber_enter(sequence, BER_SEQUENCE, &inner) || !ber_enter(&inner, BER_CONTEXT(0), &choice))
            return false;
        /* [0] stands for the [APPLICATION 2] of the type, or (implicit tagging of a CHOICE is explicit)
         * around it. */
        ber_reader_t admd = choice;
        if (ber_is(&choice, BER_APPLICATION(2)) && !ber_enter(&choice, BER_APPLICATION(2), &admd))
            return false;
        if (!ber_read(&admd, &item) || !x411_string_read_choice(&admd, &item, pool, &domain->admd) ||
            !ber_enter(&inner, BER_CONTEXT(1), &choice) || !ber_read(&choice, &item) ||
            !x411_string_read_choice(&choice, &item, pool, &domain->prmd))
            return false;
        return ber_done(&choice) && ber_done(&inner);
    }
    return ber_enter(sequence, BER_APPLICATION(2), &choice) && ber_read(&choice, &item) &&
           x411_string_read_choice(&choice, &item, pool, &domain->admd) && ber_done(&choice);
}

static bool read_bilateral(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                           x411_apdu_t *apdu)
{
    ber_reader_t list;
    ber_reader_t sequence;
    ber_reader_t choice;
    ber_tlv_t item;
    unsigned count;
    apdu->bilateral_present = true;
    if (!count_list(reader, tlv, BER_SEQUENCE, X411_LIMIT_BILATERAL, "too much bilateral information", &list,
                    &count))
        return false;
    apdu->bilateral = apr_pcalloc(pool, (count + 1) * sizeof(x411_bilateral_t));
    for (; apdu->bilateral_count < count; apdu->bilateral_count++) {
        x411_bilateral_t *bilateral = &apdu->bilateral[apdu->bilateral_count];
        if (!ber_read(&list, &item) || !ber_children(&list, &item, &sequence))
            return false;
        bilateral->raw = item.content;
        if (!ber_enter(&sequence, BER_APPLICATION(1), &choice) || !ber_read(&choice, &item) ||
            !x411_string_read_choice(&choice, &item, pool, &bilateral->domain.country) ||
            !read_bilateral_domain(&sequence, pool, &bilateral->domain) || !ber_read(&sequence, &item) ||
            !ber_done(&sequence))
            return false;
        bilateral->information = item.whole;
    }
    return ber_ok(reader);
}

/* One recipient of a message or probe. */
static bool read_recipient(ber_reader_t *list, apr_pool_t *pool, x411_recipient_t *recipient)
{
    ber_reader_t set;
    ber_tlv_t item;
    bool name = false;
    bool number = false;
    if (!ber_enter(list, BER_SET, &set))
        return false;
    while (ber_more(&set)) {
        if (!ber_read(&set, &item))
            return false;
        switch (item.tag) {
        case BER_APPLICATION(0): name = x411_or_name_read(&set, &item, pool, &recipient->name); break;
        case BER_CONTEXT(0): number = ber_value_integer(&set, &item, &recipient->number); break;
        case BER_CONTEXT(1): read_indicators(&set, &item, pool, &recipient->indicators); break;
        case BER_CONTEXT(2):
            recipient->conversion_present = ber_value_integer(&set, &item, &recipient->conversion);
            break;
        case BER_CONTEXT(3): x411_extensions_read(&set, &item, pool, &recipient->extensions); break;
        default: keep_unknown(&set, &item, pool, &recipient->unknown, &recipient->unknown_count); break;
        }
    }
    if (ber_ok(list) && (!name || !number || !recipient->indicators.present))
        return ber_fail(&set, "a recipient lacks a mandatory element");
    return ber_ok(list);
}

static bool read_recipients(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                            x411_apdu_t *apdu, bool (*read)(ber_reader_t *, apr_pool_t *, x411_recipient_t *))
{
    ber_reader_t list;
    unsigned count;
    if (!count_list(reader, tlv, BER_SET, X411_LIMIT_RECIPIENTS, "too many recipients", &list, &count))
        return false;
    apdu->recipients = apr_pcalloc(pool, (count + 1) * sizeof(x411_recipient_t));
    for (; apdu->recipient_count < count; apdu->recipient_count++)
        if (!read(&list, pool, &apdu->recipients[apdu->recipient_count]))
            return false;
    return ber_ok(reader);
}

/* What is noted while a SET is read: which mandatory elements were there. */
enum { HAS_ID = 1, HAS_ORIGINATOR = 2, HAS_TRACE = 4, HAS_RECIPIENTS = 8, HAS_CONTENT_TYPE = 16 };

static bool read_common_field(const ber_reader_t *set, const ber_tlv_t *item, apr_pool_t *pool,
                              x411_apdu_t *apdu, unsigned *has)
{
    switch (item->tag) {
    case BER_APPLICATION(4): *has |= HAS_ID; return x411_mts_id_read(set, item, pool, &apdu->mts_id);
    case BER_APPLICATION(0):
        *has |= HAS_ORIGINATOR;
        return x411_or_name_read(set, item, pool, &apdu->originator);
    case BER_APPLICATION(9): *has |= HAS_TRACE; return x411_trace_read(set, item, false, pool, &apdu->trace);
    default: return keep_unknown(set, item, pool, &apdu->unknown, &apdu->unknown_count);
    }
}

static bool read_envelope_field(const ber_reader_t *set, const ber_tlv_t *item, apr_pool_t *pool,
                                x411_apdu_t *apdu, unsigned *has)
{
    bool probe = apdu->kind == X411_PROBE;
    switch (item->tag) {
    case BER_APPLICATION(5): return x411_eits_read(set, item, pool, &apdu->original_eits);
    case BER_APPLICATION(6):
    case BER_OBJECT_IDENTIFIER:
        *has |= HAS_CONTENT_TYPE;
        return read_content_type(set, item, &apdu->content_type);
    case BER_APPLICATION(10):
        return x411_string_read(set, item, BER_PRINTABLE_STRING, pool, &apdu->content_id);
    case BER_APPLICATION(7):
        apdu->priority_present = true;
        return ber_value_integer(set, item, &apdu->priority);
    case BER_APPLICATION(8): return read_indicators(set, item, pool, &apdu->flags);
    case BER_CONTEXT(0):
        if (!probe)
            return x411_time_read_value(set, item, pool, &apdu->deferred_delivery);
        apdu->content_length_present = true;
        return ber_value_integer(set, item, &apdu->content_length);
    case BER_CONTEXT(1): return read_bilateral(set, item, pool, apdu);
    case BER_CONTEXT(2):
        *has |= HAS_RECIPIENTS;
        return read_recipients(set, item, pool, apdu, read_recipient);
    case BER_CONTEXT(3): return x411_extensions_read(set, item, pool, &apdu->extensions);
    default: return read_common_field(set, item, pool, apdu, has);
    }
}

/* The number of a field for the check against doubles: class and number packed into 64 bits. */
static bool seen_twice(uint64_t *seen, ber_tag_t tag)
{
    unsigned number = BER_TAG_NUMBER(tag);
    unsigned tag_class = BER_TAG_CLASS(tag);
    if (number > 15 || tag_class == 0)
        return false;
    uint64_t bit = UINT64_C(1) << (tag_class * 16 + number);
    bool twice = *seen & bit;
    *seen |= bit;
    return twice;
}

static bool read_envelope(ber_reader_t *set, apr_pool_t *pool, x411_apdu_t *apdu)
{
    unsigned has = 0;
    uint64_t seen = 0;
    ber_tlv_t item;
    while (ber_more(set)) {
        if (!ber_read(set, &item))
            return false;
        if (seen_twice(&seen, item.tag))
            return ber_fail_at(set, &item, "an element of the envelope is there twice");
        if (!read_envelope_field(set, &item, pool, apdu, &has))
            return false;
    }
    if (!ber_ok(set))
        return false;
    if (!(has & HAS_ID))
        return ber_fail(set, "no MTS identifier");
    if (!(has & HAS_ORIGINATOR))
        return ber_fail(set, "no originator name");
    if (!(has & HAS_TRACE))
        return ber_fail(set, "no trace information");
    if (!(has & HAS_CONTENT_TYPE))
        return ber_fail(set, "no content type");
    if (!(has & HAS_RECIPIENTS) || apdu->recipient_count == 0)
        return ber_fail(set, "no recipients");
    return true;
}

/* Reports. */

static bool read_report_type(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                             x411_outcome_t *outcome)
{
    ber_reader_t choice;
    ber_reader_t set;
    ber_tlv_t item;
    if (!ber_children(reader, tlv, &choice) || !ber_read(&choice, &item) || !ber_done(&choice))
        return false;
    if (item.tag != BER_CONTEXT(0) && item.tag != BER_CONTEXT(1))
        return ber_fail_at(reader, &item, "neither a delivery nor a non-delivery report");
    outcome->delivered = item.tag == BER_CONTEXT(0);
    bool mandatory = false;
    if (!ber_children(&choice, &item, &set))
        return false;
    while (ber_more(&set) && ber_read(&set, &item)) {
        if (item.tag == BER_CONTEXT(0)) {
            mandatory = outcome->delivered ? x411_time_read_value(&set, &item, pool, &outcome->delivery_time)
                                           : ber_value_integer(&set, &item, &outcome->reason);
        } else if (item.tag == BER_CONTEXT(1) && outcome->delivered) {
            outcome->user_type_present = ber_value_integer(&set, &item, &outcome->user_type);
        } else if (item.tag == BER_CONTEXT(1)) {
            outcome->diagnostic_present = ber_value_integer(&set, &item, &outcome->diagnostic);
        }
    }
    return ber_ok(reader) && (mandatory || ber_fail_at(reader, tlv, "a report lacks its time or reason"));
}

static bool read_last_trace(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                            x411_outcome_t *outcome)
{
    ber_reader_t set;
    ber_tlv_t item;
    bool type = false;
    if (!ber_children(reader, tlv, &set))
        return false;
    while (ber_more(&set) && ber_read(&set, &item)) {
        if (item.tag == BER_CONTEXT(0))
            x411_time_read_value(&set, &item, pool, &outcome->arrival);
        else if (item.tag == BER_CONTEXT(1))
            type = read_report_type(&set, &item, pool, outcome);
        else if (item.tag == BER_APPLICATION(5))
            x411_eits_read(&set, &item, pool, &outcome->converted);
    }
    return ber_ok(reader) && (type || ber_fail_at(reader, tlv, "a reported recipient lacks the report type"));
}

static bool read_reported_field(const ber_reader_t *set, const ber_tlv_t *item, apr_pool_t *pool,
                                x411_recipient_t *recipient, unsigned *has)
{
    x411_outcome_t *outcome = recipient->outcome;
    switch (item->tag) {
    case BER_CONTEXT(0): *has |= 1; return x411_or_name_read(set, item, pool, &recipient->name);
    case BER_CONTEXT(1): *has |= 2; return ber_value_integer(set, item, &recipient->number);
    case BER_CONTEXT(2): *has |= 4; return read_indicators(set, item, pool, &recipient->indicators);
    case BER_CONTEXT(3): *has |= 8; return read_last_trace(set, item, pool, outcome);
    case BER_CONTEXT(4):
        outcome->originally_intended = apr_pcalloc(pool, sizeof(x411_or_name_t));
        return x411_or_name_read(set, item, pool, outcome->originally_intended);
    case BER_CONTEXT(5):
        return x411_string_read(set, item, BER_PRINTABLE_STRING, pool, &outcome->supplementary);
    case BER_CONTEXT(6): return x411_extensions_read(set, item, pool, &recipient->extensions);
    default: return keep_unknown(set, item, pool, &recipient->unknown, &recipient->unknown_count);
    }
}

static bool read_reported(ber_reader_t *list, apr_pool_t *pool, x411_recipient_t *recipient)
{
    ber_reader_t set;
    ber_tlv_t item;
    unsigned has = 0;
    recipient->outcome = apr_pcalloc(pool, sizeof(x411_outcome_t));
    if (!ber_enter(list, BER_SET, &set))
        return false;
    while (ber_more(&set))
        if (!ber_read(&set, &item) || !read_reported_field(&set, &item, pool, recipient, &has))
            return false;
    return ber_ok(list) && (has == 15 || ber_fail(&set, "a reported recipient lacks a mandatory element"));
}

static bool read_report_envelope(ber_reader_t *reader, apr_pool_t *pool, x411_apdu_t *apdu)
{
    ber_reader_t set;
    ber_tlv_t item;
    unsigned has = 0;
    if (!ber_enter(reader, BER_SET, &set))
        return false;
    while (ber_more(&set)) {
        if (!ber_read(&set, &item))
            return false;
        if (item.tag == BER_CONTEXT(1) ? !x411_extensions_read(&set, &item, pool, &apdu->extensions)
                                       : !read_common_field(&set, &item, pool, apdu, &has))
            return false;
    }
    if (ber_ok(reader) && has != (HAS_ID | HAS_ORIGINATOR | HAS_TRACE))
        return ber_fail(&set, "the report envelope lacks a mandatory element");
    return ber_ok(reader);
}

static bool read_report_field(const ber_reader_t *set, const ber_tlv_t *item, apr_pool_t *pool,
                              x411_apdu_t *apdu, unsigned *has)
{
    x411_report_t *report = apdu->report;
    switch (item->tag) {
    case BER_APPLICATION(4): *has |= HAS_ID; return x411_mts_id_read(set, item, pool, &report->subject_id);
    case BER_APPLICATION(9):
        report->subject_trace_present = true;
        return x411_trace_read(set, item, false, pool, &report->subject_trace);
    case BER_APPLICATION(5): return x411_eits_read(set, item, pool, &report->original_eits);
    case BER_APPLICATION(6):
    case BER_OBJECT_IDENTIFIER: return read_content_type(set, item, &report->content_type);
    case BER_APPLICATION(10):
        return x411_string_read(set, item, BER_PRINTABLE_STRING, pool, &report->content_id);
    case BER_CONTEXT(0): *has |= HAS_RECIPIENTS; return read_recipients(set, item, pool, apdu, read_reported);
    case BER_CONTEXT(1):
        report->returned_content_present = true;
        return ber_value_octets(set, item, pool, &report->returned_content);
    case BER_CONTEXT(2):
        report->additional_information = item->content.data ? item->content : bytes_make("", 0);
        report->additional_constructed = item->constructed;
        return true;
    case BER_CONTEXT(3): return x411_extensions_read(set, item, pool, &report->extensions);
    default: return keep_unknown(set, item, pool, &report->unknown, &report->unknown_count);
    }
}

static bool read_report(ber_reader_t *reader, apr_pool_t *pool, x411_apdu_t *apdu)
{
    ber_reader_t set;
    ber_tlv_t item;
    unsigned has = 0;
    apdu->report = apr_pcalloc(pool, sizeof(x411_report_t));
    if (!read_report_envelope(reader, pool, apdu) || !ber_enter(reader, BER_SET, &set))
        return false;
    uint64_t seen = 0;
    while (ber_more(&set)) {
        if (!ber_read(&set, &item))
            return false;
        if (seen_twice(&seen, item.tag))
            return ber_fail_at(&set, &item, "an element of the report is there twice");
        if (!read_report_field(&set, &item, pool, apdu, &has))
            return false;
    }
    if (ber_ok(reader) && !(has & HAS_ID))
        return ber_fail(&set, "no subject identifier");
    /* A report without recipients has been seen and says nothing: it is the caller's to drop. */
    return ber_ok(reader) && ber_done(reader);
}

static err_t *malformed(apr_pool_t *pool, x411_kind_t kind, const ber_fault_t *fault)
{
    x411_error_t code = strncmp(fault->what, "too m", 5) == 0 ? X411_ERROR_LIMIT : X411_ERROR_MALFORMED;
    return err_create(pool, code, "P1", "malformed %s: %s at octet %" APR_SIZE_T_FMT, x411_kind_name(kind),
                      fault->what, fault->offset);
}

/* Reads an APDU whose outer tag has been entered (messages: up to the content). */
static bool read_body(ber_reader_t *reader, apr_pool_t *pool, x411_apdu_t *apdu)
{
    ber_reader_t set;
    switch (apdu->kind) {
    case X411_PROBE: return read_envelope(reader, pool, apdu);
    case X411_REPORT: return read_report(reader, pool, apdu);
    default: return ber_enter(reader, BER_SET, &set) && read_envelope(&set, pool, apdu);
    }
}

err_t *x411_envelope_decode(apr_pool_t *pool, x411_kind_t kind, bytes_t octets, x411_apdu_t **apdu)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t body;
    x411_apdu_t *result = x411_apdu_create(pool, kind);
    ber_reader_init(&reader, octets, &fault);
    bool ok = kind == X411_MESSAGE
                  ? read_body(&reader, pool, result)
                  : ber_enter(&reader, BER_CONTEXT(kind), &body) && read_body(&body, pool, result);
    if (!ok || !ber_done(&reader))
        return malformed(pool, kind, &fault);
    *apdu = result;
    return NULL;
}

err_t *x411_apdu_decode(apr_pool_t *pool, bytes_t octets, x411_apdu_t **apdu, bytes_t *content)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t body;
    ber_tlv_t tlv;
    ber_tag_t tag = BER_CONTEXT(0);
    ber_reader_init(&reader, octets, &fault);
    if (!ber_peek(&reader, &tag) || (tag != BER_CONTEXT(X411_MESSAGE) && tag != BER_CONTEXT(X411_REPORT) &&
                                     tag != BER_CONTEXT(X411_PROBE))) {
        ber_fail(&reader, "neither a message nor a report nor a probe");
        return malformed(pool, X411_MESSAGE, &fault);
    }
    x411_apdu_t *result = x411_apdu_create(pool, (x411_kind_t)BER_TAG_NUMBER(tag));
    bytes_t octets_of_content = BYTES_NONE;
    bool ok = ber_enter(&reader, tag, &body) && ber_done(&reader) && read_body(&body, pool, result);
    if (ok && result->kind == X411_MESSAGE)
        ok = ber_expect(&body, BER_OCTET_STRING, &tlv) &&
             ber_value_octets(&body, &tlv, pool, &octets_of_content) && ber_done(&body);
    if (!ok)
        return malformed(pool, result->kind, &fault);
    *apdu = result;
    if (content)
        *content = octets_of_content;
    return NULL;
}
