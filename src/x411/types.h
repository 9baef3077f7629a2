/* What the P1 modules share: the modes of the protocol, attribute strings that remember their ASN.1 type,
 * error codes, and the upper bounds of X.411 (MTSUpperBounds) beside the limits of this implementation.
 *
 * Two kinds of trouble are kept apart. Octets that are not the BER of the type are malformed: a decoder
 * returns an err_t and no value. Values that only pass an upper bound or use a character they should not are
 * decoded; x411/bounds.h finds them, and the caller decides (take it, report invalid-arguments, refuse). */
#ifndef X411_TYPES_H
#define X411_TYPES_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/timebase.h"
#include "ber/reader.h"
#include "ber/writer.h"

/* The application contexts of P1 (X.419 clause 12; X.411-1984): how an APDU and a bind look. */
typedef enum x411_mode_t {
    X411_MODE_1984,      /* X.410-1984 mode, application protocol 1: 1984 envelopes */
    X411_MODE_X410_1988, /* X.410-1984 mode, application protocol 12: 1988 envelopes, no EXTERNAL */
    X411_MODE_NORMAL     /* normal mode, mts-transfer: 1988 envelopes, APDU inside an EXTERNAL */
} x411_mode_t;

/* Codes of the err_t (layer "P1") that this floor makes. */
typedef enum x411_error_t {
    X411_ERROR_MALFORMED =
        1,            /* not the encoding of the type: diagnostic content-syntax-error or protocol error */
    X411_ERROR_LIMIT, /* a limit of this implementation: too many or too long */
    X411_ERROR_VALUE, /* well-formed, but not a value that can be used (a date, an address text) */
    X411_ERROR_DOWNGRADE, /* cannot be said in 1984 P1 (unable-to-downgrade) */
    X411_ERROR_ENCODE,    /* the encoding does not fit the buffer given */
    X411_ERROR_UNKNOWN    /* well-formed so far, but neither a message nor a report nor a probe */
} x411_error_t;

/* The tag of what MTAs of this kind say to each other beyond the standard, where both have agreed to that. */
#define X411_TAG_OWN BER_PRIVATE(400)

/* Upper bounds of X.411 Annex B (MTSUpperBounds) and E.163-4. */
enum {
    X411_UB_ADDITIONAL_INFO = 1024,
    X411_UB_BILATERAL_INFO = 1024,
    X411_UB_BIT_OPTIONS = 16,
    X411_UB_BUILT_IN_CONTENT_TYPE = 32767,
    X411_UB_BUILT_IN_EITS = 32,
    X411_UB_COMMON_NAME = 64,
    X411_UB_CONTENT_CORRELATOR = 512,
    X411_UB_CONTENT_ID = 16,
    X411_UB_COUNTRY_ALPHA = 2,
    X411_UB_COUNTRY_NUMERIC = 3,
    X411_UB_DL_EXPANSIONS = 512,
    X411_UB_DDAS = 4,
    X411_UB_DDA_TYPE = 8,
    X411_UB_DDA_VALUE = 128,
    X411_UB_DOMAIN_NAME = 16,
    X411_UB_EITS = 1024,
    X411_UB_EXTENSION_ATTRIBUTES = 256,
    X411_UB_EXTENSION_TYPES = 256,
    X411_UB_E163_4_NUMBER = 15,
    X411_UB_E163_4_SUBADDRESS = 40,
    X411_UB_GENERATION = 3,
    X411_UB_GIVEN_NAME = 16,
    X411_UB_INITIALS = 5,
    X411_UB_LOCAL_ID = 32,
    X411_UB_MTA_NAME = 32,
    X411_UB_NUMERIC_USER_ID = 32,
    X411_UB_ORGANIZATION = 64,
    X411_UB_OU = 32,
    X411_UB_OUS = 4,
    X411_UB_ORIG_AND_DL_EXPANSIONS = 513,
    X411_UB_PASSWORD = 62,
    X411_UB_PDS_NAME = 16,
    X411_UB_PDS_PARAMETER = 30,
    X411_UB_PDS_LINES = 6,
    X411_UB_POSTAL_CODE = 16,
    X411_UB_RECIPIENTS = 32767,
    X411_UB_RECIPIENT_NUMBER_FOR_ADVICE = 32,
    X411_UB_REDIRECTIONS = 512,
    X411_UB_SUPPLEMENTARY_INFO = 256,
    X411_UB_SUPPLEMENTARY_INFO_1984 = 64,
    X411_UB_SURNAME = 40,
    X411_UB_TERMINAL_ID = 24,
    X411_UB_TRANSFERS = 512,
    X411_UB_UNFORMATTED_ADDRESS = 180,
    X411_UB_UNIVERSAL_GENERATION = 16,
    X411_UB_UNIVERSAL_GIVEN_NAME = 40,
    X411_UB_UNIVERSAL_INITIALS = 16,
    X411_UB_UNIVERSAL_SURNAME = 64,
    X411_UB_X121 = 16
};

/* Limits of this implementation: more than these in one place is refused with X411_ERROR_LIMIT. */
enum {
    X411_LIMIT_RECIPIENTS = X411_UB_RECIPIENTS, /* of a message, probe or report */
    X411_LIMIT_TRACE = 1024,                    /* elements of an external or internal trace (bound 512) */
    X411_LIMIT_BILATERAL = 512,                 /* elements of per-domain bilateral information */
    X411_LIMIT_EXTENSIONS = 256,                /* extension fields in one SET */
    X411_LIMIT_EXTENSION_ATTRIBUTES = 256,      /* of one O/R address */
    X411_LIMIT_OUS = 64,                        /* organizational units of one address (bound 4) */
    X411_LIMIT_DDAS = 64,                       /* domain-defined attributes of one address (bound 4) */
    X411_LIMIT_EITS = X411_UB_EITS,             /* extended encoded information types */
    X411_LIMIT_HISTORY = 1024,                  /* redirections or DL expansions (bound 512, 513) */
    X411_LIMIT_UNKNOWN = 64,                    /* elements of a SET that this text of X.411 does not know */
    X411_LIMIT_BIND = 65536                     /* octets of a bind argument, result or error */
};

/* A character string with the universal tag that says which string type it is (BER_PRINTABLE_STRING,
 * BER_NUMERIC_STRING, BER_TELETEX_STRING, BER_IA5_STRING, ...). type 0 = absent; present may be empty. The
 * octets are a range into the input, or in the pool if the encoding was constructed. */
typedef struct x411_string_t {
    bytes_t octets;
    ber_tag_t type;
} x411_string_t;

#define X411_ABSENT ((x411_string_t){BYTES_NONE, 0})

static inline bool x411_present(const x411_string_t *string)
{
    return string->type != 0;
}

static inline x411_string_t x411_string(ber_tag_t type, bytes_t octets)
{
    return (x411_string_t){octets, type};
}

static inline x411_string_t x411_printable(const char *text)
{
    return x411_string(BER_PRINTABLE_STRING, bytes_of_string(text));
}

/* A UniversalOrBMPString (X.411 Figure 2): octets big-endian, 2 or 4 per character by type
 * (BER_BMP_STRING or BER_UNIVERSAL_STRING); type 0 = absent. */
typedef struct x411_universal_t {
    bytes_t octets;
    ber_tag_t type;
    bytes_t language; /* iso-639-language-code; empty = absent */
} x411_universal_t;

/* True if every octet is of the repertoire of PrintableString (X.680) or NumericString. */
bool x411_is_printable(bytes_t text);
bool x411_is_numeric(bytes_t text);

/* Compares two attribute values as X.402 clause 18.4 has it: without regard to case (A to Z), leading and
 * trailing spaces dropped, runs of spaces equal to one. */
bool x411_text_equal(bytes_t a, bytes_t b);

/* Characters of a T.61 string as UTF-8 and back (T.61 graphic characters with combining accents, T.61/ISO
 * 6937 repertoire of Latin). An octet without a meaning becomes U+FFFD; from_utf8 returns BYTES_NONE for a
 * character that T.61 does not have (an empty text gives an empty range with data not NULL). In pool. */
bytes_t x411_utf8_from_t61(apr_pool_t *pool, bytes_t t61);
bytes_t x411_t61_from_utf8(apr_pool_t *pool, bytes_t utf8);
/* A universal string as UTF-8 (surrogates and lone octets become U+FFFD), and the shortest universal form
 * (BMP if every character fits) of UTF-8; type 0 if utf8 is not well-formed. In pool. */
bytes_t x411_utf8_from_universal(apr_pool_t *pool, const x411_universal_t *string);
x411_universal_t x411_universal_from_utf8(apr_pool_t *pool, bytes_t utf8);

#endif
