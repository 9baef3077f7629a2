#include "x411/extensions.h"

#include <apr_strings.h>

#include "x411/scratch.h"

enum {
    SUBMISSION = 1 << X411_CRITICAL_SUBMISSION,
    DELIVERY = 1 << X411_CRITICAL_DELIVERY,
    M = X411_PLACE_MESSAGE,
    MR = X411_PLACE_MESSAGE_RECIPIENT,
    P = X411_PLACE_PROBE,
    PR = X411_PLACE_PROBE_RECIPIENT,
    RE = X411_PLACE_REPORT_ENVELOPE,
    RC = X411_PLACE_REPORT_CONTENT,
    RR = X411_PLACE_REPORT_RECIPIENT
};

/* By type; what is only in submission, delivery or other protocols has no place in P1. */
static const x411_extension_info_t table[] = {
    {"recipient-reassignment-prohibited", X411_EXT_RECIPIENT_REASSIGNMENT_PROHIBITED, DELIVERY, M | P},
    {"originator-requested-alternate-recipient", X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE, SUBMISSION,
     MR | PR},
    {"dl-expansion-prohibited", X411_EXT_DL_EXPANSION_PROHIBITED, DELIVERY, M | P},
    {"conversion-with-loss-prohibited", X411_EXT_CONVERSION_WITH_LOSS_PROHIBITED, DELIVERY, M | P},
    {"latest-delivery-time", X411_EXT_LATEST_DELIVERY_TIME, DELIVERY, M},
    {"requested-delivery-method", X411_EXT_REQUESTED_DELIVERY_METHOD, 0, MR | PR},
    {"physical-forwarding-prohibited", X411_EXT_PHYSICAL_FORWARDING_PROHIBITED, DELIVERY, MR},
    {"physical-forwarding-address-request", X411_EXT_PHYSICAL_FORWARDING_ADDRESS_REQUEST, DELIVERY, MR},
    {"physical-delivery-modes", X411_EXT_PHYSICAL_DELIVERY_MODES, DELIVERY, MR},
    {"registered-mail-type", X411_EXT_REGISTERED_MAIL_TYPE, DELIVERY, MR},
    {"recipient-number-for-advice", X411_EXT_RECIPIENT_NUMBER_FOR_ADVICE, DELIVERY, MR},
    {"physical-rendition-attributes", X411_EXT_PHYSICAL_RENDITION_ATTRIBUTES, DELIVERY, MR | PR},
    {"originator-return-address", X411_EXT_ORIGINATOR_RETURN_ADDRESS, 0, M},
    {"physical-delivery-report-request", X411_EXT_PHYSICAL_DELIVERY_REPORT_REQUEST, DELIVERY, MR},
    {"originator-certificate", X411_EXT_ORIGINATOR_CERTIFICATE, 0, M | P},
    {"message-token", X411_EXT_MESSAGE_TOKEN, DELIVERY, MR},
    {"content-confidentiality-algorithm-identifier", X411_EXT_CONTENT_CONFIDENTIALITY, DELIVERY, M},
    {"content-integrity-check", X411_EXT_CONTENT_INTEGRITY_CHECK, DELIVERY, MR},
    {"message-origin-authentication-check", X411_EXT_MESSAGE_ORIGIN_AUTHENTICATION, DELIVERY, M},
    {"message-security-label", X411_EXT_MESSAGE_SECURITY_LABEL, DELIVERY, M | P | RE},
    {"proof-of-submission-request", X411_EXT_PROOF_OF_SUBMISSION_REQUEST, SUBMISSION, 0},
    {"proof-of-delivery-request", X411_EXT_PROOF_OF_DELIVERY_REQUEST, DELIVERY, MR},
    {"content-correlator", X411_EXT_CONTENT_CORRELATOR, 0, M | P | RC},
    {"probe-origin-authentication-check", X411_EXT_PROBE_ORIGIN_AUTHENTICATION, DELIVERY, P},
    {"redirection-history", X411_EXT_REDIRECTION_HISTORY, 0, MR | PR | RE | RR},
    {"dl-expansion-history", X411_EXT_DL_EXPANSION_HISTORY, 0, M},
    {"physical-forwarding-address", X411_EXT_PHYSICAL_FORWARDING_ADDRESS, 0, RR},
    {"recipient-certificate", X411_EXT_RECIPIENT_CERTIFICATE, 0, MR | RR},
    {"proof-of-delivery", X411_EXT_PROOF_OF_DELIVERY, 0, RR},
    {"originator-and-DL-expansion-history", X411_EXT_ORIGINATOR_AND_DL_HISTORY, 0, RE},
    {"reporting-DL-name", X411_EXT_REPORTING_DL_NAME, 0, RE},
    {"reporting-MTA-certificate", X411_EXT_REPORTING_MTA_CERTIFICATE, DELIVERY, RE},
    {"report-origin-authentication-check", X411_EXT_REPORT_ORIGIN_AUTHENTICATION, DELIVERY, RE},
    {"originating-MTA-certificate", X411_EXT_ORIGINATING_MTA_CERTIFICATE, 0, 0},
    {"proof-of-submission", X411_EXT_PROOF_OF_SUBMISSION, 0, 0},
    {"forwarding-request", X411_EXT_FORWARDING_REQUEST, 0, 0},
    {"trace-information", X411_EXT_TRACE_INFORMATION, 0, 0},
    {"internal-trace-information", X411_EXT_INTERNAL_TRACE, 0, M | P | RE},
    {"reporting-MTA-name", X411_EXT_REPORTING_MTA_NAME, 0, RE},
    {"multiple-originator-certificates", X411_EXT_MULTIPLE_ORIGINATOR_CERTIFICATES, 0, M},
    {"blind-copy-recipients", X411_EXT_BLIND_COPY_RECIPIENTS, 0, MR},
    {"dl-exempted-recipients", X411_EXT_DL_EXEMPTED_RECIPIENTS, 0, M},
    {"body-part-encryption-token", X411_EXT_BODY_PART_ENCRYPTION_TOKEN, 0, MR},
    {"forwarded-content-token", X411_EXT_FORWARDED_CONTENT_TOKEN, 0, MR},
    {"certificate-selectors", X411_EXT_CERTIFICATE_SELECTORS, 0, M},
    {"certificate-selectors-override", X411_EXT_CERTIFICATE_SELECTORS_OVERRIDE, 0, MR},
};

const x411_extension_info_t *x411_extension_info(int64_t type)
{
    return type >= 1 && type <= (int64_t)(sizeof(table) / sizeof(table[0])) ? &table[type - 1] : NULL;
}

const char *x411_extension_name(int64_t type)
{
    const x411_extension_info_t *info = x411_extension_info(type);
    return info ? info->name : NULL;
}

const x411_extension_t *x411_extension_find(const x411_extensions_t *extensions, int64_t type)
{
    for (unsigned i = 0; i < extensions->count; i++)
        if (extensions->items[i].type == type)
            return &extensions->items[i];
    return NULL;
}

bool x411_extension_critical(const x411_extension_t *extension, unsigned bit)
{
    return extension->criticality_present && ber_bit(&extension->criticality, bit);
}

bool x411_extension_critical_customary(const x411_extension_t *extension, unsigned bit)
{
    if (extension->criticality_present)
        return ber_bit(&extension->criticality, bit);
    const x411_extension_info_t *info = x411_extension_info(extension->type);
    return info && bit < 8 && (info->criticality >> bit & 1);
}

/* Criticality by mask: a BIT STRING without trailing zero bits. */
static ber_bits_t criticality_bits(apr_pool_t *pool, uint8_t mask)
{
    uint8_t *octet = apr_pcalloc(pool, 1);
    size_t count = 0;
    for (unsigned bit = 0; bit < 8; bit++) {
        if (mask >> bit & 1) {
            *octet |= (uint8_t)(0x80 >> bit);
            count = bit + 1;
        }
    }
    return (ber_bits_t){bytes_make(octet, 1), count};
}

bool x411_extension_set(apr_pool_t *pool, x411_extensions_t *extensions, int64_t type, uint8_t criticality,
                        bytes_t value)
{
    unsigned index = 0;
    while (index < extensions->count && extensions->items[index].type != type)
        index++;
    if (index == X411_LIMIT_EXTENSIONS)
        return false;
    if (index == extensions->capacity) {
        unsigned capacity = extensions->capacity ? extensions->capacity * 2 : 4;
        x411_extension_t *items = apr_palloc(pool, capacity * sizeof(*items));
        if (extensions->count)
            memcpy(items, extensions->items, extensions->count * sizeof(*items));
        extensions->items = items;
        extensions->capacity = capacity;
    }
    if (index == extensions->count)
        extensions->count++;
    x411_extension_form_t form = index > 0 ? extensions->items[0].form : X411_EXTENSION_FORM_LATER;
    extensions->items[index] = (x411_extension_t){
        .type = type, .value = value.length ? bytes_copy(pool, value) : BYTES_NONE, .form = form};
    if (criticality) {
        extensions->items[index].criticality_present = true;
        extensions->items[index].criticality = criticality_bits(pool, criticality);
    }
    extensions->present = true;
    return true;
}

bool x411_extension_remove(x411_extensions_t *extensions, int64_t type)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < extensions->count; i++)
        if (extensions->items[i].type != type)
            extensions->items[kept++] = extensions->items[i];
    bool removed = kept < extensions->count;
    extensions->count = kept;
    return removed;
}

const x411_extension_t *x411_extension_unsupported(const x411_extensions_t *extensions, bool customary)
{
    for (unsigned i = 0; i < extensions->count; i++) {
        const x411_extension_t *extension = &extensions->items[i];
        bool critical = customary ? x411_extension_critical_customary(extension, X411_CRITICAL_TRANSFER)
                                  : x411_extension_critical(extension, X411_CRITICAL_TRANSFER);
        if (critical && !x411_extension_info(extension->type))
            return extension;
    }
    return NULL;
}

/* Extensions whose semantics this MTA performs at delivery, or that ask nothing of it there. */
static bool delivery_understands(int64_t type)
{
    switch (type) {
    case X411_EXT_RECIPIENT_REASSIGNMENT_PROHIBITED:
    case X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE:
    case X411_EXT_DL_EXPANSION_PROHIBITED:
    case X411_EXT_CONVERSION_WITH_LOSS_PROHIBITED:
    case X411_EXT_LATEST_DELIVERY_TIME:
    case X411_EXT_REQUESTED_DELIVERY_METHOD:
    case X411_EXT_ORIGINATOR_RETURN_ADDRESS:
    case X411_EXT_CONTENT_CORRELATOR:
    case X411_EXT_REDIRECTION_HISTORY:
    case X411_EXT_DL_EXPANSION_HISTORY:
    case X411_EXT_INTERNAL_TRACE:
    /* Handed to the user with the message; the user verifies. */
    case X411_EXT_ORIGINATOR_CERTIFICATE:
    case X411_EXT_MESSAGE_TOKEN:
    case X411_EXT_CONTENT_CONFIDENTIALITY:
    case X411_EXT_CONTENT_INTEGRITY_CHECK:
    case X411_EXT_MESSAGE_ORIGIN_AUTHENTICATION:
    case X411_EXT_MULTIPLE_ORIGINATOR_CERTIFICATES:
    case X411_EXT_CERTIFICATE_SELECTORS:
    case X411_EXT_CERTIFICATE_SELECTORS_OVERRIDE: return true;
    default: return false;
    }
}

const x411_extension_t *x411_extension_undeliverable(const x411_extensions_t *extensions, bool customary)
{
    for (unsigned i = 0; i < extensions->count; i++) {
        const x411_extension_t *extension = &extensions->items[i];
        bool critical = customary ? x411_extension_critical_customary(extension, X411_CRITICAL_DELIVERY)
                                  : x411_extension_critical(extension, X411_CRITICAL_DELIVERY);
        if (critical && !delivery_understands(extension->type))
            return extension;
    }
    return NULL;
}

/* Values. */

static bool open_value(const x411_extension_t *extension, ber_fault_t *fault, ber_reader_t *reader,
                       ber_tlv_t *tlv)
{
    if (!extension || !extension->value.length)
        return false;
    ber_reader_init(reader, extension->value, fault);
    return ber_read(reader, tlv) && ber_done(reader);
}

bool x411_extension_number(const x411_extension_t *extension, int64_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = 0;
    return open_value(extension, &fault, &reader, &tlv) &&
           (tlv.tag == BER_INTEGER || tlv.tag == BER_ENUMERATED) && ber_value_integer(&reader, &tlv, value);
}

bool x411_extension_bits(const x411_extension_t *extension, apr_pool_t *pool, ber_bits_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = (ber_bits_t){BYTES_NONE, 0};
    return open_value(extension, &fault, &reader, &tlv) && tlv.tag == BER_BIT_STRING &&
           ber_value_bits(&reader, &tlv, pool, value);
}

bool x411_extension_time(const x411_extension_t *extension, apr_pool_t *pool, x411_time_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = (x411_time_t){BYTES_NONE};
    return open_value(extension, &fault, &reader, &tlv) && tlv.tag == BER_UTC_TIME &&
           x411_time_read_value(&reader, &tlv, pool, value);
}

bool x411_extension_or_name(const x411_extension_t *extension, apr_pool_t *pool, x411_or_name_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = (x411_or_name_t){0};
    return open_value(extension, &fault, &reader, &tlv) && tlv.tag == BER_APPLICATION(0) &&
           x411_or_name_read(&reader, &tlv, pool, value);
}

bool x411_extension_or_address(const x411_extension_t *extension, apr_pool_t *pool, x411_or_address_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = (x411_or_address_t){0};
    return open_value(extension, &fault, &reader, &tlv) && tlv.tag == BER_SEQUENCE &&
           x411_or_address_read(&reader, &tlv, pool, value);
}

bool x411_extension_string(const x411_extension_t *extension, apr_pool_t *pool, x411_string_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = X411_ABSENT;
    return open_value(extension, &fault, &reader, &tlv) &&
           x411_string_read_choice(&reader, &tlv, pool, value);
}

bool x411_extension_trace(const x411_extension_t *extension, apr_pool_t *pool, x411_trace_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = (x411_trace_t){0};
    if (!open_value(extension, &fault, &reader, &tlv))
        return false;
    bool internal = extension->type == X411_EXT_INTERNAL_TRACE;
    return tlv.tag == (internal ? BER_SEQUENCE : BER_APPLICATION(9)) &&
           x411_trace_read(&reader, &tlv, internal, pool, value);
}

/* One element of a history: Redirection ::= { { name, time }, reason }, DLExpansion ::= { name, time }. */
static bool read_history_element(ber_reader_t *list, bool redirection, apr_pool_t *pool,
                                 x411_history_element_t *element)
{
    ber_reader_t outer;
    ber_reader_t pair;
    ber_tlv_t item;
    element->reason = -1;
    if (!ber_enter(list, BER_SEQUENCE, &outer))
        return false;
    pair = outer;
    if (redirection && !ber_enter(&outer, BER_SEQUENCE, &pair))
        return false;
    if (!ber_expect(&pair, BER_APPLICATION(0), &item) ||
        !x411_or_name_read(&pair, &item, pool, &element->name) || !ber_expect(&pair, BER_UTC_TIME, &item) ||
        !x411_time_read_value(&pair, &item, pool, &element->time) || !ber_done(&pair))
        return false;
    return !redirection || (ber_expect(&outer, BER_ENUMERATED, &item) &&
                            ber_value_integer(&outer, &item, &element->reason) && ber_done(&outer));
}

bool x411_extension_history(const x411_extension_t *extension, apr_pool_t *pool, x411_history_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t list;
    ber_tlv_t tlv;
    *value = (x411_history_t){0};
    if (!open_value(extension, &fault, &reader, &tlv) || tlv.tag != BER_SEQUENCE ||
        !ber_children(&reader, &tlv, &list))
        return false;
    ber_reader_t scan = list;
    unsigned count = 0;
    while (ber_more(&scan) && ber_read(&scan, &tlv))
        if (++count > X411_LIMIT_HISTORY)
            return false;
    if (!ber_ok(&reader))
        return false;
    x411_history_element_t *elements = apr_pcalloc(pool, (count + 1) * sizeof(*elements));
    for (unsigned i = 0; i < count; i++)
        if (!read_history_element(&list, extension->type == X411_EXT_REDIRECTION_HISTORY, pool, &elements[i]))
            return false;
    *value = (x411_history_t){count, elements};
    return true;
}

bool x411_extension_reporting_mta(const x411_extension_t *extension, apr_pool_t *pool, x411_domain_t *domain,
                                  x411_string_t *mta)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t sequence;
    ber_tlv_t tlv;
    *domain = (x411_domain_t){X411_ABSENT, X411_ABSENT, X411_ABSENT};
    *mta = X411_ABSENT;
    return open_value(extension, &fault, &reader, &tlv) && tlv.tag == BER_SEQUENCE &&
           ber_children(&reader, &tlv, &sequence) && ber_expect(&sequence, BER_APPLICATION(3), &tlv) &&
           x411_domain_read(&sequence, &tlv, pool, domain) && ber_read(&sequence, &tlv) &&
           x411_string_read_choice(&sequence, &tlv, pool, mta);
}

bool x411_extension_methods(const x411_extension_t *extension, int64_t methods[16], unsigned *count)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t list;
    ber_tlv_t tlv;
    *count = 0;
    if (!open_value(extension, &fault, &reader, &tlv) || tlv.tag != BER_SEQUENCE ||
        !ber_children(&reader, &tlv, &list))
        return false;
    while (ber_more(&list)) {
        if (*count == 16 || !ber_expect(&list, BER_INTEGER, &tlv) ||
            !ber_value_integer(&list, &tlv, &methods[*count])) {
            *count = 0;
            return false;
        }
        ++*count;
    }
    return ber_ok(&reader);
}

bytes_t x411_value_number(apr_pool_t *pool, ber_tag_t tag, int64_t value)
{
    x411_scratch_t scratch;
    x411_scratch_init(&scratch, 32);
    ber_put_integer(&scratch.writer, tag, value);
    return x411_scratch_take(&scratch, pool);
}

bytes_t x411_value_time(apr_pool_t *pool, utc_time_t utc)
{
    char text[X411_TIME_SIZE];
    x411_scratch_t scratch;
    x411_scratch_init(&scratch, 32);
    x411_time_write(utc, text);
    ber_put_octets(&scratch.writer, BER_UTC_TIME, bytes_make(text, sizeof(text)));
    return x411_scratch_take(&scratch, pool);
}

bytes_t x411_value_or_name(apr_pool_t *pool, const x411_or_name_t *name)
{
    x411_scratch_t scratch;
    x411_scratch_init(&scratch, X411_SCRATCH_LIMIT);
    x411_or_name_write(&scratch.writer, BER_APPLICATION(0), name);
    return x411_scratch_take(&scratch, pool);
}

bytes_t x411_value_trace(apr_pool_t *pool, const x411_trace_t *trace, bool internal)
{
    x411_scratch_t scratch;
    x411_scratch_init(&scratch, X411_SCRATCH_LIMIT);
    x411_trace_write(&scratch.writer, internal ? BER_SEQUENCE : BER_APPLICATION(9), trace);
    return x411_scratch_take(&scratch, pool);
}

bytes_t x411_value_history(apr_pool_t *pool, int64_t type, const x411_history_t *history)
{
    bool redirection = type == X411_EXT_REDIRECTION_HISTORY;
    x411_scratch_t scratch;
    ber_writer_t *writer = &scratch.writer;
    x411_scratch_init(&scratch, X411_SCRATCH_LIMIT);
    ber_open(writer, BER_SEQUENCE);
    for (unsigned i = 0; i < history->count; i++) {
        const x411_history_element_t *element = &history->elements[i];
        ber_open(writer, BER_SEQUENCE);
        if (redirection)
            ber_open(writer, BER_SEQUENCE);
        x411_or_name_write(writer, BER_APPLICATION(0), &element->name);
        x411_time_write_value(writer, BER_UTC_TIME, &element->time);
        if (redirection) {
            ber_close(writer);
            ber_put_integer(writer, BER_ENUMERATED, element->reason);
        }
        ber_close(writer);
    }
    ber_close(writer);
    return x411_scratch_take(&scratch, pool);
}

bytes_t x411_value_reporting_mta(apr_pool_t *pool, const x411_domain_t *domain, bytes_t mta)
{
    x411_scratch_t scratch;
    x411_scratch_init(&scratch, X411_SCRATCH_LIMIT);
    ber_open(&scratch.writer, BER_SEQUENCE);
    x411_domain_write(&scratch.writer, domain);
    ber_put_octets(&scratch.writer, BER_IA5_STRING, mta);
    ber_close(&scratch.writer);
    return x411_scratch_take(&scratch, pool);
}
