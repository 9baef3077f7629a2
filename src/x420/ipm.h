/* Interpersonal messages and notifications (X.420 clauses 7 and 8, Annexes A, B, E): the contents of type P2
 * (2, 1984 text) and P22 (22) as one decoded model. Octets are never lost: each body part keeps its whole
 * encoding, and one that is not what its tag says is kept and marked, while the rest of the message is read
 * on. Strings and lists are ranges into the input and arrays in the pool; the input must live as long as the
 * model. */
#ifndef X420_IPM_H
#define X420_IPM_H

#include "x411/fields.h"
#include "x411/oraddress.h"

/* Codes of the err_t (layer "P2") that this floor makes. */
typedef enum x420_error_t {
    X420_ERROR_MALFORMED = 1, /* not the encoding of the type */
    X420_ERROR_LIMIT,         /* a limit of this implementation */
    X420_ERROR_VALUE,         /* cannot be said in this content type */
    X420_ERROR_ENCODE         /* the encoding does not fit the buffer given */
} x420_error_t;

/* Upper bounds of X.420 Annex (IPMSUpperBounds). */
enum {
    X420_UB_SUBJECT = 128,
    X420_UB_LOCAL_ID = 64,
    X420_UB_FREE_FORM_NAME = 64,
    X420_UB_TELEPHONE = 32,
    X420_UB_AUTO_FORWARD_COMMENT = 256
};

/* Limits of this implementation. */
enum {
    X420_LIMIT_RECIPIENTS = X411_UB_RECIPIENTS, /* in one heading field */
    X420_LIMIT_REFERENCES = 4096,               /* obsoleted or related messages */
    X420_LIMIT_EXTENSIONS = 256,                /* in one field */
    X420_LIMIT_BODIES = 1024,                   /* body parts of one message */
    X420_LIMIT_PAGES = 65536,                   /* of a teletex body part; of a file transfer */
    X420_LIMIT_CHARSETS = 64,                   /* character set registrations of a general text */
    X420_LIMIT_NESTING = 16                     /* forwarded messages within one another */
};

/* IPMIdentifier. */
typedef struct x420_ipm_id_t {
    bool present;
    x411_or_name_t *user; /* NULL = absent */
    x411_string_t local;  /* PrintableString; may be empty, type 0 if a peer left it out */
} x420_ipm_id_t;

/* ORDescriptor. */
typedef struct x420_descriptor_t {
    x411_or_name_t *formal;  /* NULL = absent */
    x411_string_t free_form; /* TeletexString */
    x411_string_t telephone; /* PrintableString */
} x420_descriptor_t;

/* IPMSExtension: heading, recipient and notification extensions; in 1984 contents this field is absent. */
typedef struct x420_extension_t {
    bytes_t oid;   /* contents octets of the object identifier */
    bytes_t value; /* whole encoding of the value; empty = absent (NULL) */
} x420_extension_t;
typedef struct x420_extensions_t {
    bool present;
    unsigned count;
    x420_extension_t *items;
} x420_extensions_t;

/* NotificationRequests: bit numbers. */
enum { X420_REQUEST_RN = 0, X420_REQUEST_NRN = 1, X420_REQUEST_IPM_RETURN = 2 };

/* RecipientSpecifier. */
typedef struct x420_recipient_t {
    x420_descriptor_t descriptor;
    bool requests_present;
    ber_bits_t requests; /* may have no bits, also when sent as an empty element */
    bool reply_requested_present;
    bool reply_requested;
    x420_extensions_t extensions;
} x420_recipient_t;

typedef struct x420_recipients_t {
    bool present;
    unsigned count;
    x420_recipient_t *items;
} x420_recipients_t;
typedef struct x420_descriptors_t {
    bool present;
    unsigned count;
    x420_descriptor_t *items;
} x420_descriptors_t;
typedef struct x420_ipm_ids_t {
    bool present;
    unsigned count;
    x420_ipm_id_t *items;
} x420_ipm_ids_t;

typedef struct x420_heading_t {
    x420_ipm_id_t this_ipm;
    bool originator_present;
    x420_descriptor_t originator;
    x420_descriptors_t authorizing;
    x420_recipients_t primary;
    x420_recipients_t copy;
    x420_recipients_t blind_copy;
    x420_ipm_id_t replied_to;
    x420_ipm_ids_t obsoleted;
    x420_ipm_ids_t related;
    x411_string_t subject; /* TeletexString; type 0 = absent, may be empty */
    x411_time_t expiry_time;
    x411_time_t reply_time;
    x420_descriptors_t reply_recipients;
    bool importance_present;
    int64_t importance; /* 0 low, 1 normal, 2 high */
    bool sensitivity_present;
    int64_t sensitivity; /* 1 personal, 2 private, 3 company-confidential */
    bool auto_forwarded_present;
    bool auto_forwarded;
    x420_extensions_t extensions;
    unsigned unknown_count; /* elements of the SET that are not known here */
} x420_heading_t;

/* Kinds of body part; the number is the context tag. 1, 2 and 10 are of 1984 only. */
typedef enum x420_body_type_t {
    X420_BODY_IA5 = 0,
    X420_BODY_TELEX = 1,
    X420_BODY_VOICE = 2,
    X420_BODY_G3 = 3,
    X420_BODY_G4 = 4,
    X420_BODY_TELETEX = 5,
    X420_BODY_VIDEOTEX = 6,
    X420_BODY_NATIONAL = 7,
    X420_BODY_ENCRYPTED = 8,
    X420_BODY_MESSAGE = 9,
    X420_BODY_SFD = 10,
    X420_BODY_MIXED_MODE = 11,
    X420_BODY_BILATERAL = 14,
    X420_BODY_EXTERNAL = 15,
    X420_BODY_UNKNOWN = 255
} x420_body_type_t;

/* How the value of an EXTERNAL is encoded. */
typedef enum x420_encoding_t {
    X420_SINGLE_ASN1 = 0,
    X420_OCTET_ALIGNED = 1,
    X420_ARBITRARY = 2,
    X420_NO_VALUE = 3
} x420_encoding_t;

/* An EXTERNAL of an extended body part. */
typedef struct x420_external_t {
    bool present;
    bytes_t oid; /* direct reference: contents octets; empty = absent */
    x420_encoding_t encoding;
    ber_tlv_t value; /* SINGLE_ASN1: the value's element */
    bytes_t octets;  /* the octets inside the value: contents, segments of a string joined */
} x420_external_t;

/* What an extended body part is, by the object identifier of its data. */
typedef enum x420_extended_t {
    X420_EXTENDED_OTHER,
    X420_EXTENDED_IA5,
    X420_EXTENDED_G3,
    X420_EXTENDED_G4,
    X420_EXTENDED_TELETEX,
    X420_EXTENDED_VIDEOTEX,
    X420_EXTENDED_ENCRYPTED,
    X420_EXTENDED_MESSAGE,
    X420_EXTENDED_MIXED_MODE,
    X420_EXTENDED_BILATERAL,
    X420_EXTENDED_NATIONAL,
    X420_EXTENDED_GENERAL_TEXT,
    X420_EXTENDED_FILE,
    X420_EXTENDED_REPORT,
    X420_EXTENDED_NOTIFICATION,
    X420_EXTENDED_VOICE,
    X420_EXTENDED_CONTENT
} x420_extended_t;

/* A file transfer body part (X.420 Annex B / clause 7.4.12). */
typedef struct x420_file_t {
    bytes_t name;          /* last element of the pathname (GraphicString octets); empty = none */
    bytes_t application;   /* application reference of the environment: OID contents; empty = none */
    bytes_t description;   /* user visible string, first line; empty = none */
    bytes_t document_type; /* OID contents; empty = unstructured binary by default */
    bytes_t modified;      /* date and time of last modification: GeneralizedTime characters; empty = none */
    bool compressed;       /* a compression is named: octets are as they are */
    bytes_t octets;        /* file contents, joined */
} x420_file_t;

struct x420_ipm_t;

typedef struct x420_body_t {
    x420_body_type_t type;
    bytes_t raw;        /* whole encoding of the body part */
    const char *fault;  /* why it could not be read (a literal); NULL = read */
    int64_t repertoire; /* IA5: 5 (default) ia5, 2 ita2; videotex: syntax, -1 = absent */
    int64_t pages;      /* teletex, G3: number of pages, -1 = absent */
    bytes_t octets; /* text (IA5, telex, teletex: pages joined, videotex), bilaterally defined: the octets */
    /* Forwarded message. */
    const struct x420_ipm_t *message; /* NULL unless read, or nested deeper than X420_LIMIT_NESTING */
    x411_time_t delivery_time;
    bytes_t delivery_envelope; /* TLV; empty = absent */
    /* Externally defined. */
    x420_extended_t extended;
    x420_external_t parameters;
    x420_external_t data;
    unsigned charset_count;
    int64_t *charsets; /* general text: registration numbers */
    x420_file_t file;
} x420_body_t;

typedef struct x420_ipm_t {
    x420_heading_t heading;
    unsigned body_count;
    x420_body_t *bodies;
} x420_ipm_t;

/* IPN: a receipt, non-receipt or other notification. */
typedef enum x420_notification_t {
    X420_NON_RECEIPT = 0,
    X420_RECEIPT = 1,
    X420_OTHER_NOTIFICATION = 2
} x420_notification_t;

typedef struct x420_ipn_t {
    x420_notification_t type;
    x420_ipm_id_t subject_ipm;
    bool originator_present;
    x420_descriptor_t originator;
    bool intended_recipient_present;
    x420_descriptor_t intended_recipient;
    x411_eits_t conversion_eits;
    x420_extensions_t extensions;
    /* Non-receipt. */
    int64_t reason; /* 0 discarded, 1 auto-forwarded */
    bool discard_reason_present;
    int64_t discard_reason;
    x411_string_t comment;      /* auto-forward comment */
    const x420_ipm_t *returned; /* NULL = absent */
    /* Receipt. */
    x411_time_t receipt_time;
    int64_t acknowledgment; /* 0 manual, 1 automatic */
    x411_string_t supplementary;
    /* Extensions of the choice made (NRN, RN or the other notification's own). */
    x420_extensions_t type_extensions;
} x420_ipn_t;

/* A content of type P2 or P22. */
typedef struct x420_content_t {
    const x420_ipm_t *ipm; /* a message, or */
    const x420_ipn_t *ipn; /* a notification */
} x420_content_t;

/* True for P2 and P22, by number or by object identifier ({joint-iso-itu-t mhs(6) ipms(1) mct(10) 0 or 1}).
 */
bool x420_is_interpersonal(const x411_content_type_t *type);

/* Decodes a content. NULL, or what is malformed (heading, structure); faults inside a body part are in the
 * body part. Octets after the content are a fault. */
err_t *x420_content_decode(apr_pool_t *pool, bytes_t octets, x420_content_t *content);

/* "ia5-text", "forwarded"... : the names of X.420 for body part types ("message", "externally-defined"). */
const char *x420_body_type_name(x420_body_type_t type);
/* "general-text", "file-transfer", ...; NULL for X420_EXTENDED_OTHER. */
const char *x420_extended_name(x420_extended_t extended);
/* The name of a heading or recipient extension by its object identifier; NULL if unknown. */
const char *x420_extension_name(bytes_t oid);
const char *x420_importance_name(int64_t importance);   /* "low", "normal", "high"; NULL otherwise */
const char *x420_sensitivity_name(int64_t sensitivity); /* "personal", "private", ...; NULL otherwise */
const char *x420_non_receipt_name(int64_t reason); /* "ipm-discarded", "ipm-auto-forwarded"; NULL otherwise */
const char *x420_discard_name(int64_t reason);     /* "ipm-expired", ...; NULL otherwise */

/* The extension with this object identifier text ("2.6.1.5.1"), NULL if absent. */
const x420_extension_t *x420_extension_find(apr_pool_t *pool, const x420_extensions_t *extensions,
                                            const char *oid);

/* The text of a body part as UTF-8 in pool; false if it is not a text (its octets are data). Character sets:
 * IA5, T.61 (teletex), Latin alphabets 1 and 9 and UTF-8, UTF-16 and UCS by the registrations of a general
 * text; other general text shows what is not ASCII as U+FFFD. Line ends stay as they are. */
bool x420_body_text(apr_pool_t *pool, const x420_body_t *body, bytes_t *utf8);

/* The name and the octets of an attachment: a file transfer, or a bilaterally defined part (without a name).
 * false if the body part is none. *name is UTF-8, empty if there is none. */
bool x420_body_attachment(apr_pool_t *pool, const x420_body_t *body, bytes_t *name, bytes_t *octets);

#endif
