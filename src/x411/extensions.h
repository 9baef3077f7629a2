/* The standard extensions of X.411 (clause 9.1, Table 27): names, recommended criticality, where each may be,
 * and the values that an MTA works with. Other values stay encodings and are passed on unchanged. */
#ifndef X411_EXTENSIONS_H
#define X411_EXTENSIONS_H

#include "x411/message.h"

typedef enum x411_extension_type_t {
    X411_EXT_RECIPIENT_REASSIGNMENT_PROHIBITED = 1,
    X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE = 2,
    X411_EXT_DL_EXPANSION_PROHIBITED = 3,
    X411_EXT_CONVERSION_WITH_LOSS_PROHIBITED = 4,
    X411_EXT_LATEST_DELIVERY_TIME = 5,
    X411_EXT_REQUESTED_DELIVERY_METHOD = 6,
    X411_EXT_PHYSICAL_FORWARDING_PROHIBITED = 7,
    X411_EXT_PHYSICAL_FORWARDING_ADDRESS_REQUEST = 8,
    X411_EXT_PHYSICAL_DELIVERY_MODES = 9,
    X411_EXT_REGISTERED_MAIL_TYPE = 10,
    X411_EXT_RECIPIENT_NUMBER_FOR_ADVICE = 11,
    X411_EXT_PHYSICAL_RENDITION_ATTRIBUTES = 12,
    X411_EXT_ORIGINATOR_RETURN_ADDRESS = 13,
    X411_EXT_PHYSICAL_DELIVERY_REPORT_REQUEST = 14,
    X411_EXT_ORIGINATOR_CERTIFICATE = 15,
    X411_EXT_MESSAGE_TOKEN = 16,
    X411_EXT_CONTENT_CONFIDENTIALITY = 17,
    X411_EXT_CONTENT_INTEGRITY_CHECK = 18,
    X411_EXT_MESSAGE_ORIGIN_AUTHENTICATION = 19,
    X411_EXT_MESSAGE_SECURITY_LABEL = 20,
    X411_EXT_PROOF_OF_SUBMISSION_REQUEST = 21,
    X411_EXT_PROOF_OF_DELIVERY_REQUEST = 22,
    X411_EXT_CONTENT_CORRELATOR = 23,
    X411_EXT_PROBE_ORIGIN_AUTHENTICATION = 24,
    X411_EXT_REDIRECTION_HISTORY = 25,
    X411_EXT_DL_EXPANSION_HISTORY = 26,
    X411_EXT_PHYSICAL_FORWARDING_ADDRESS = 27,
    X411_EXT_RECIPIENT_CERTIFICATE = 28,
    X411_EXT_PROOF_OF_DELIVERY = 29,
    X411_EXT_ORIGINATOR_AND_DL_HISTORY = 30,
    X411_EXT_REPORTING_DL_NAME = 31,
    X411_EXT_REPORTING_MTA_CERTIFICATE = 32,
    X411_EXT_REPORT_ORIGIN_AUTHENTICATION = 33,
    X411_EXT_ORIGINATING_MTA_CERTIFICATE = 34,
    X411_EXT_PROOF_OF_SUBMISSION = 35,
    X411_EXT_FORWARDING_REQUEST = 36,
    X411_EXT_TRACE_INFORMATION = 37,
    X411_EXT_INTERNAL_TRACE = 38,
    X411_EXT_REPORTING_MTA_NAME = 39,
    X411_EXT_MULTIPLE_ORIGINATOR_CERTIFICATES = 40,
    X411_EXT_BLIND_COPY_RECIPIENTS = 41,
    X411_EXT_DL_EXEMPTED_RECIPIENTS = 42,
    X411_EXT_BODY_PART_ENCRYPTION_TOKEN = 43,
    X411_EXT_FORWARDED_CONTENT_TOKEN = 44,
    X411_EXT_CERTIFICATE_SELECTORS = 45,
    X411_EXT_CERTIFICATE_SELECTORS_OVERRIDE = 46
} x411_extension_type_t;

/* Criticality: bit numbers, and masks for the table below. */
enum { X411_CRITICAL_SUBMISSION = 0, X411_CRITICAL_TRANSFER = 1, X411_CRITICAL_DELIVERY = 2 };

/* Where an extension may be. */
enum {
    X411_PLACE_MESSAGE = 1, /* per message */
    X411_PLACE_MESSAGE_RECIPIENT = 2,
    X411_PLACE_PROBE = 4,
    X411_PLACE_PROBE_RECIPIENT = 8,
    X411_PLACE_REPORT_ENVELOPE = 16,
    X411_PLACE_REPORT_CONTENT = 32,
    X411_PLACE_REPORT_RECIPIENT = 64
};

typedef struct x411_extension_info_t {
    const char *name; /* as in X.411 ("dl-expansion-prohibited") */
    int type;
    uint8_t criticality; /* recommended: mask 1 << X411_CRITICAL_... */
    uint8_t places;      /* mask of X411_PLACE_... */
} x411_extension_info_t;

/* The entry of a type, NULL if it is not a standard extension. */
const x411_extension_info_t *x411_extension_info(int64_t type);
/* Its name, NULL if unknown. */
const char *x411_extension_name(int64_t type);

/* The extension of this type, NULL if absent. */
const x411_extension_t *x411_extension_find(const x411_extensions_t *extensions, int64_t type);
/* True if criticality is there with this bit set (X411_CRITICAL_...). */
bool x411_extension_critical(const x411_extension_t *extension, unsigned bit);
/* The same, and an absent criticality counts as the recommended one: quirk of PP (wire facts, quirk 9). */
bool x411_extension_critical_customary(const x411_extension_t *extension, unsigned bit);

/* Adds or replaces an extension; value (TLV, NULL range = none) is copied into pool. criticality is a mask; 0
 * writes none. The list's own array is in pool too. false at X411_LIMIT_EXTENSIONS. */
bool x411_extension_set(apr_pool_t *pool, x411_extensions_t *extensions, int64_t type, uint8_t criticality,
                        bytes_t value);
/* Removes it; true if it was there. */
bool x411_extension_remove(x411_extensions_t *extensions, int64_t type);

/* The first extension that a transferring MTA must not pass over (X.411 9.1, 14.3.2): critical for transfer
 * and unknown here. extensions of the envelope when recipient is NULL. NULL if all is well.
 * customary: the peer leaves out recommended criticality. */
const x411_extension_t *x411_extension_unsupported(const x411_extensions_t *extensions, bool customary);
/* The same for delivery: critical for delivery and not among those this MTA performs. */
const x411_extension_t *x411_extension_undeliverable(const x411_extensions_t *extensions, bool customary);

/* Values. Each returns false (and leaves *value zeroed) if the extension is absent or its value is malformed.
 */
bool x411_extension_number(const x411_extension_t *extension, int64_t *value); /* INTEGER, ENUMERATED */
bool x411_extension_bits(const x411_extension_t *extension, apr_pool_t *pool, ber_bits_t *value);
bool x411_extension_time(const x411_extension_t *extension, apr_pool_t *pool, x411_time_t *value);
bool x411_extension_or_name(const x411_extension_t *extension, apr_pool_t *pool, x411_or_name_t *value);
bool x411_extension_or_address(const x411_extension_t *extension, apr_pool_t *pool, x411_or_address_t *value);
bool x411_extension_string(const x411_extension_t *extension, apr_pool_t *pool, x411_string_t *value);
bool x411_extension_trace(const x411_extension_t *extension, apr_pool_t *pool,
                          x411_trace_t *value); /* 38, 37 */

/* redirection-history (25): reason as X.411 RedirectionReason; dl-expansion-history (26) and
 * originator-and-DL-expansion-history (30): reason -1. */
typedef struct x411_history_element_t {
    x411_or_name_t name;
    x411_time_t time;
    int64_t reason;
} x411_history_element_t;
typedef struct x411_history_t {
    unsigned count;
    x411_history_element_t *elements;
} x411_history_t;
bool x411_extension_history(const x411_extension_t *extension, apr_pool_t *pool, x411_history_t *value);
/* reporting-MTA-name (39). */
bool x411_extension_reporting_mta(const x411_extension_t *extension, apr_pool_t *pool, x411_domain_t *domain,
                                  x411_string_t *mta);
/* requested-delivery-method (6): the preferences in order; *count at most 16. */
bool x411_extension_methods(const x411_extension_t *extension, int64_t methods[16], unsigned *count);

/* Value encodings in pool, for x411_extension_set. */
bytes_t x411_value_number(apr_pool_t *pool, ber_tag_t tag, int64_t value);
bytes_t x411_value_time(apr_pool_t *pool, utc_time_t utc);
bytes_t x411_value_or_name(apr_pool_t *pool, const x411_or_name_t *name);
bytes_t x411_value_trace(apr_pool_t *pool, const x411_trace_t *trace, bool internal);
bytes_t x411_value_history(apr_pool_t *pool, int64_t type, const x411_history_t *history);
bytes_t x411_value_reporting_mta(apr_pool_t *pool, const x411_domain_t *domain, bytes_t mta);

#endif
