/* Reports (X.411 clauses 8.3.2, 14.3.4 "Report"): built from the envelope they are about and the outcome of
 * each recipient; the rules of where they go and when none is made; names of reasons and diagnostics. */
#ifndef X411_REPORT_H
#define X411_REPORT_H

#include "x411/trace.h"

/* NonDeliveryReasonCode. */
typedef enum x411_reason_t {
    X411_REASON_TRANSFER_FAILURE = 0,
    X411_REASON_UNABLE_TO_TRANSFER = 1,
    X411_REASON_CONVERSION_NOT_PERFORMED = 2,
    X411_REASON_PHYSICAL_RENDITION_NOT_PERFORMED = 3,
    X411_REASON_PHYSICAL_DELIVERY_NOT_PERFORMED = 4,
    X411_REASON_RESTRICTED_DELIVERY = 5,
    X411_REASON_DIRECTORY_OPERATION_UNSUCCESSFUL = 6
} x411_reason_t;

/* NonDeliveryDiagnosticCode: those that an MTA gives; all have names. -1 = none. */
typedef enum x411_diagnostic_t {
    X411_DIAG_NONE = -1,
    X411_DIAG_UNRECOGNISED_OR_NAME = 0,
    X411_DIAG_AMBIGUOUS_OR_NAME = 1,
    X411_DIAG_MTS_CONGESTION = 2,
    X411_DIAG_LOOP_DETECTED = 3,
    X411_DIAG_RECIPIENT_UNAVAILABLE = 4,
    X411_DIAG_MAXIMUM_TIME_EXPIRED = 5,
    X411_DIAG_EITS_UNSUPPORTED = 6,
    X411_DIAG_CONTENT_TOO_LONG = 7,
    X411_DIAG_CONVERSION_IMPRACTICAL = 8,
    X411_DIAG_IMPLICIT_CONVERSION_PROHIBITED = 9,
    X411_DIAG_INVALID_ARGUMENTS = 11,
    X411_DIAG_CONTENT_SYNTAX_ERROR = 12,
    X411_DIAG_SIZE_CONSTRAINT_VIOLATION = 13,
    X411_DIAG_PROTOCOL_VIOLATION = 14,
    X411_DIAG_CONTENT_TYPE_NOT_SUPPORTED = 15,
    X411_DIAG_TOO_MANY_RECIPIENTS = 16,
    X411_DIAG_NO_BILATERAL_AGREEMENT = 17,
    X411_DIAG_UNSUPPORTED_CRITICAL_FUNCTION = 18,
    X411_DIAG_RECIPIENT_REASSIGNMENT_PROHIBITED = 26,
    X411_DIAG_REDIRECTION_LOOP = 27,
    X411_DIAG_DL_EXPANSION_PROHIBITED = 28,
    X411_DIAG_NO_DL_SUBMIT_PERMISSION = 29,
    X411_DIAG_DL_EXPANSION_FAILURE = 30,
    X411_DIAG_SECURE_MESSAGING_ERROR = 46,
    X411_DIAG_UNABLE_TO_DOWNGRADE = 47
} x411_diagnostic_t;

/* "unable-to-transfer"; a number without a name gives NULL. */
const char *x411_reason_name(int64_t reason);
const char *x411_diagnostic_name(int64_t diagnostic);
/* RedirectionReason, type of MTS user ("public"). NULL likewise. */
const char *x411_redirection_reason_name(int64_t reason);
const char *x411_user_type_name(int64_t type);

/* What became of one recipient of the subject. */
typedef struct x411_result_t {
    const x411_recipient_t *recipient; /* of the subject */
    bool delivered;
    utc_time_t delivery_time;  /* delivered */
    int64_t user_type;         /* delivered: 0 public, 1 private ... */
    int64_t reason;            /* not delivered */
    int64_t diagnostic;        /* not delivered; X411_DIAG_NONE = leave it out */
    const char *supplementary; /* words for people, or NULL; characters outside PrintableString become '?' */
    bool converted;            /* original EITs were converted: not said by this MTA, reserved to gateways */
} x411_result_t;

/* True if this outcome is to be reported to the next MTA or the originator (X.411 14.3.4, Table 32): a
 * non-delivery unless both the originating MTA and the originator ask for nothing; a delivery if the MTA
 * request is report or audited-report, or the originator's is report. */
bool x411_report_wanted(const x411_recipient_t *recipient, bool delivered);

/* Where the report on subject goes: the last element of the DL expansion history if there is one, else the
 * originator (X.411 14.3.4). Never NULL for a message or probe; NULL for a report: there is no report on it.
 */
const x411_or_name_t *x411_report_destination(apr_pool_t *pool, const x411_apdu_t *subject);

typedef struct x411_report_spec_t {
    const x411_apdu_t *subject;
    utc_time_t subject_arrival; /* when the subject came to this MTA */
    const x411_result_t *results;
    unsigned result_count;
    x411_mts_id_t id;     /* of the report */
    x411_domain_t domain; /* this MTA's */
    const char *mta;      /* this MTA's name, for internal trace and reporting-MTA-name; NULL = neither */
    utc_time_t now;
    bytes_t content;     /* the subject's content, for return; empty = not at hand */
    bool return_content; /* policy allows returning content */
} x411_report_spec_t;

/* Builds the report on those results that are wanted. NULL if there is nothing to report: subject is a
 * report, has no result that is wanted, or no destination. Everything is in pool or shared with the subject.
 * The content is returned only if asked for (content-return-request), policy allows it, and one result at
 * least is non-delivery. */
x411_apdu_t *x411_report_build(apr_pool_t *pool, const x411_report_spec_t *spec);

#endif
