/* The P1 APDU (X.411 clause 12.2, Figure 4): message, probe and report as one decoded model, and its encoder.
 *
 * Decoding: strings and lists are ranges into the input and arrays in the pool; the input must live as long
 * as the model. A message's content is not part of the model: it stays octets, wherever the caller keeps
 * them. Encoding a message makes a prefix and a suffix that go around the content; probes and reports are
 * encoded whole. To change a decoded APDU for the next hop, change the fields of the model (clearing `raw`
 * where a changed part has one) and encode; unchanged names, trace elements and extension values leave as the
 * octets they came as. */
#ifndef X411_MESSAGE_H
#define X411_MESSAGE_H

#include "x411/fields.h"
#include "x411/oraddress.h"

typedef enum x411_kind_t { X411_MESSAGE, X411_REPORT, X411_PROBE } x411_kind_t; /* = tags [0], [1], [2] */

typedef enum x411_priority_t { X411_NORMAL = 0, X411_NON_URGENT = 1, X411_URGENT = 2 } x411_priority_t;

/* PerMessageIndicators: bit numbers. */
enum {
    X411_FLAG_DISCLOSURE = 0,            /* disclosure-of-other-recipients */
    X411_FLAG_CONVERSION_PROHIBITED = 1, /* implicit-conversion-prohibited */
    X411_FLAG_ALTERNATE_ALLOWED = 2,     /* alternate-recipient-allowed */
    X411_FLAG_CONTENT_RETURN = 3,        /* content-return-request */
    X411_FLAG_SERVICE_MESSAGE = 7
};

/* originating-MTA report request: bits 1 and 2 of the per-recipient indicators. */
typedef enum x411_mta_report_t {
    X411_MTA_REPORT_NONE = 0, /* not allowed by the standard in messages and probes */
    X411_MTA_REPORT_NON_DELIVERY = 1,
    X411_MTA_REPORT_ALL = 2,
    X411_MTA_REPORT_AUDITED = 3
} x411_mta_report_t;
/* originator report request: bits 3 and 4. */
typedef enum x411_user_report_t {
    X411_USER_REPORT_NONE = 0,
    X411_USER_REPORT_NON_DELIVERY = 1,
    X411_USER_REPORT_ALL = 2
} x411_user_report_t;

enum {
    X411_INDICATORS_SIZE = 2
}; /* octets of per-recipient and per-message indicators that are kept: ub-bit-options */

/* A BIT STRING of up to 16 bits with its encoded number of bits. */
typedef struct x411_indicators_t {
    uint16_t bits; /* first bit = top bit */
    uint8_t count; /* bits encoded; 0 with present = empty */
    bool present;
} x411_indicators_t;

static inline bool x411_indicator(const x411_indicators_t *indicators, unsigned bit)
{
    return bit < 16 && (indicators->bits >> (15 - bit) & 1);
}
/* Sets or clears a bit; the count grows to hold it. */
void x411_indicator_set(x411_indicators_t *indicators, unsigned bit, bool value);

/* What a report says about one recipient (LastTraceInformation, Figure 4). */
typedef struct x411_outcome_t {
    x411_time_t arrival;
    x411_eits_t converted;
    bool delivered;            /* report-type: delivery, else non-delivery */
    x411_time_t delivery_time; /* delivered */
    bool user_type_present;
    int64_t user_type; /* delivered: type of MTS user, default public(0) */
    int64_t reason;    /* not delivered */
    bool diagnostic_present;
    int64_t diagnostic;
    x411_or_name_t *originally_intended; /* NULL = absent */
    x411_string_t supplementary;         /* PrintableString; type 0 = absent */
} x411_outcome_t;

typedef struct x411_recipient_t {
    x411_or_name_t name; /* recipient-name; report: actual-recipient-name */
    int64_t number;      /* originally-specified-recipient-number, from 1 */
    x411_indicators_t indicators;
    bool conversion_present;
    int64_t conversion; /* explicit-conversion */
    x411_extensions_t extensions;
    x411_outcome_t *outcome; /* reports only, else NULL */
    unsigned unknown_count;
    bytes_t *unknown; /* elements of the SET that are not known here (TLV), written back at its end */
} x411_recipient_t;

static inline bool x411_responsible(const x411_recipient_t *recipient)
{
    return x411_indicator(&recipient->indicators, 0);
}
x411_mta_report_t x411_mta_report(const x411_recipient_t *recipient);
x411_user_report_t x411_user_report(const x411_recipient_t *recipient);
/* Indicators in the customary length of mode: 8 bits in 1984, 8 in 1988 too (PP sends 9). */
x411_indicators_t x411_recipient_indicators(bool responsible, x411_mta_report_t mta, x411_user_report_t user);

/* PerDomainBilateralInformation. */
typedef struct x411_bilateral_t {
    x411_domain_t domain; /* prmd absent: the plain ADMD form */
    bytes_t information;  /* TLV */
    bytes_t raw;          /* contents octets as received; empty = made here */
} x411_bilateral_t;

/* ReportTransferContent, the fields that are not per recipient. */
typedef struct x411_report_t {
    x411_mts_id_t subject_id;
    bool subject_trace_present;
    x411_trace_t subject_trace; /* subject-intermediate-trace-information */
    x411_eits_t original_eits;
    x411_content_type_t content_type;
    x411_string_t content_id;
    bool returned_content_present;
    bytes_t returned_content;       /* octets, segments joined */
    bytes_t additional_information; /* contents octets of [2]; data NULL = absent */
    bool additional_constructed;    /* [2] was constructed */
    x411_extensions_t extensions;
    unsigned unknown_count;
    bytes_t *unknown;
} x411_report_t;

typedef struct x411_apdu_t {
    x411_kind_t kind;
    bool priority_present;
    bool content_length_present;
    bool bilateral_present;
    x411_indicators_t flags;
    x411_mts_id_t mts_id;      /* message, probe or report identifier */
    x411_or_name_t originator; /* report: report-destination-name */
    x411_eits_t original_eits; /* message, probe */
    x411_content_type_t content_type;
    x411_string_t content_id; /* content identifier (84: UA content id); type 0 = absent */
    int64_t priority;         /* x411_priority_t; other numbers are kept; absent = normal */
    x411_time_t deferred_delivery;
    int64_t content_length; /* probe */
    x411_bilateral_t *bilateral;
    x411_trace_t trace;
    x411_extensions_t extensions; /* of the (per-message) envelope */
    x411_recipient_t *recipients; /* message, probe: envelope; report: content */
    x411_report_t *report;        /* reports only, else NULL */
    bytes_t *unknown;             /* unknown elements of the envelope SET */
    unsigned bilateral_count;
    unsigned recipient_count;
    unsigned unknown_count;
} x411_apdu_t;

/* Decodes what x411/apdu_stream.h collected: for a message the envelope (the SET, without content), for a
 * probe or a report the whole APDU with its [2] or [1] tag. NULL and *apdu in pool, or what is malformed
 * (text with the offset). A recipient that is malformed makes the APDU malformed; values that only pass a
 * bound do not. */
err_t *x411_envelope_decode(apr_pool_t *pool, x411_kind_t kind, bytes_t octets, x411_apdu_t **apdu);

/* Decodes a whole APDU that is in memory (without EXTERNAL). For a message *content gets the content octets
 * (joined in pool if in segments); content may be NULL. */
err_t *x411_apdu_decode(apr_pool_t *pool, bytes_t octets, x411_apdu_t **apdu, bytes_t *content);

/* How to write an APDU. Zero is the default: 1984 mode must be asked for. */
typedef struct x411_encode_options_t {
    x411_mode_t mode;                     /* normal mode adds the EXTERNAL unless bare is set */
    bool bare;                            /* no EXTERNAL in normal mode (files, tests) */
    x411_extension_form_t extension_form; /* of extension types in 1988 envelopes */
    size_t content_segment; /* 0: content as one primitive OCTET STRING; else segments of so many octets (at
                               most 4 GiB - 1) inside a constructed one */
    bool no_bilateral;      /* leave per-domain bilateral information out */
    bool no_internal_trace; /* leave extension 38 out */
    int64_t presentation_context; /* indirect reference of the EXTERNAL; 0 = 5, as peers use */
} x411_encode_options_t;

/* How a message is framed: prefix, content octets (with a header before each segment if segmented), suffix.
 */
typedef struct x411_framing_t {
    bytes_t prefix;        /* in the buffer given; everything before the first content octet */
    bytes_t suffix;        /* everything after the last content octet (empty: lengths are definite) */
    uint64_t total_length; /* octets of the whole: what the receiver sees as one APDU */
    uint64_t content_length;
    size_t segment; /* 0 = one piece */
} x411_framing_t;

/* Encodes the envelope of a message for a content of content_length octets: appends the prefix to out, all
 * lengths definite and minimal. In 1984 mode fields that 1984 lacks must be gone (x411/downgrade.h);
 * extensions are left out. framing->prefix points into out until out changes. NULL or X411_ERROR_ENCODE. */
err_t *x411_message_encode(apr_pool_t *pool, const x411_apdu_t *apdu, const x411_encode_options_t *options,
                           uint64_t content_length, buffer_t *out, x411_framing_t *framing);
/* Segmented content: the header that goes before the segment at offset of the content (0 < result <= 10
 * octets into header) and the number of content octets of that segment in *length; 0 if framing is not
 * segmented. */
size_t x411_segment_header(const x411_framing_t *framing, uint64_t offset, uint8_t header[16],
                           size_t *length);

/* Encodes a probe or a report whole, or a message with its content in memory, after what out holds. */
err_t *x411_apdu_encode(apr_pool_t *pool, const x411_apdu_t *apdu, const x411_encode_options_t *options,
                        bytes_t content, buffer_t *out);

/* A shallow copy: a new x411_apdu_t with its own recipient array, trace and extension lists, sharing names,
 * strings and values with the original: what a fan-out to several next hops changes per copy. */
x411_apdu_t *x411_apdu_clone(apr_pool_t *pool, const x411_apdu_t *apdu);

/* An empty APDU of this kind in pool. */
x411_apdu_t *x411_apdu_create(apr_pool_t *pool, x411_kind_t kind);
/* Adds a recipient (zeroed) to an APDU that was created here; NULL at X411_LIMIT_RECIPIENTS. */
x411_recipient_t *x411_apdu_add_recipient(apr_pool_t *pool, x411_apdu_t *apdu);

const char *x411_kind_name(x411_kind_t kind);     /* "message", "report", "probe" */
const char *x411_priority_name(int64_t priority); /* "normal", "non-urgent", "urgent", else "priority" */

#endif
