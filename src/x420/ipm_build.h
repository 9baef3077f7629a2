/* Builds an interpersonal message (X.420 clause 7) for submission: a content of type P22 or P2 from names, a
 * subject, a text and attachments given as UTF-8 and octets. The text goes as an IA5 body part if it fits,
 * else as general text in ISO 8859-1 or, if it does not fit that either, in UTF-8. */
#ifndef X420_IPM_BUILD_H
#define X420_IPM_BUILD_H

#include "x420/ipm.h"

typedef enum x420_role_t { X420_PRIMARY, X420_COPY, X420_BLIND_COPY } x420_role_t;

typedef struct x420_to_t {
    const x411_or_name_t *name;
    x420_role_t role;
    const char *free_form; /* UTF-8, cut to X420_UB_FREE_FORM_NAME; NULL = none */
    bool receipt;          /* asks for receipt notifications (implies non-receipt) */
    bool non_receipt;      /* asks for non-receipt notifications */
    bool reply_requested;
} x420_to_t;

/* How an attachment is carried. */
typedef enum x420_carriage_t {
    X420_FILE_TRANSFER, /* file transfer body part: externally defined (15), keeps name and date; P22 only */
    X420_BILATERAL      /* bilaterally defined (14): octets only; read by every peer. P2 always uses it */
} x420_carriage_t;

typedef struct x420_attachment_t {
    const char *name;    /* UTF-8 file name without folders; NULL or "" = none */
    bytes_t octets;      /* may be empty */
    utc_time_t modified; /* 0 = not said */
} x420_attachment_t;

typedef struct x420_spec_t {
    int64_t content_type; /* X411_CONTENT_P22 or X411_CONTENT_P2 */
    const x411_or_name_t *originator;
    const x420_to_t *to;
    unsigned to_count;
    const char *subject; /* UTF-8; NULL = none. Characters outside T.61 become '?', and a P22 carries the
                            whole in the heading extension extended-subject too. Cut to X420_UB_SUBJECT */
    bytes_t text;        /* UTF-8, line ends LF or CRLF (sent as CRLF); data NULL = no text body part */
    const x420_attachment_t *attachments;
    unsigned attachment_count;
    x420_carriage_t carriage;
    const char *local_id; /* of this IPM: PrintableString, cut to X420_UB_LOCAL_ID; see x420_local_id_make */
    const char *in_reply_to; /* local identifier of the IPM replied to; NULL = none */
    bool importance_given;
    int64_t importance;
    int64_t sensitivity; /* 0 = none */
} x420_spec_t;

/* What was built. */
typedef struct x420_built_t {
    x411_content_type_t content_type;
    x411_eits_t
        eits; /* original encoded information types for the envelope: IA5, general text, file transfer ... */
    bool subject_replaced; /* characters of the subject were not in T.61 */
} x420_built_t;

/* Appends the content to out. NULL and *built in pool, or X420_ERROR_VALUE (no originator, text that P2
 * cannot carry or is not UTF-8), or X420_ERROR_ENCODE. */
err_t *x420_ipm_build(apr_pool_t *pool, const x420_spec_t *spec, buffer_t *out, x420_built_t *built);

/* A local IPM identifier "HOST YYMMDDhhmmssZ n" of printable characters in pool. */
const char *x420_local_id_make(apr_pool_t *pool, const char *host, utc_time_t utc, uint64_t counter);

/* A receipt or non-receipt notification of the fields of ipn (its extensions and returned IPM are left out);
 * appends the content to out. NULL, X420_ERROR_VALUE (another kind of notification) or X420_ERROR_ENCODE. */
err_t *x420_ipn_build(apr_pool_t *pool, const x420_ipn_t *ipn, buffer_t *out);

#endif
