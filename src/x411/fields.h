/* The smaller types that messages, probes and reports share (X.411 Figures 2 and 4): encoded information
 * types, content types, trace information, extension fields; how each is read and written. Types keep the
 * contents octets they came with (raw) and are written from them until they are changed. */
#ifndef X411_FIELDS_H
#define X411_FIELDS_H

#include "x411/mts_id.h"
#include "x411/time.h"

/* BuiltInEncodedInformationTypes: bit numbers. */
typedef enum x411_eit_t {
    X411_EIT_UNKNOWN = 0,
    X411_EIT_TELEX = 1,
    X411_EIT_IA5_TEXT = 2,
    X411_EIT_G3_FACSIMILE = 3,
    X411_EIT_G4_CLASS_1 = 4,
    X411_EIT_TELETEX = 5,
    X411_EIT_VIDEOTEX = 6,
    X411_EIT_VOICE = 7,
    X411_EIT_SFD = 8,
    X411_EIT_MIXED_MODE = 9
} x411_eit_t;

/* EncodedInformationTypes. Non-basic parameters are in raw only. */
typedef struct x411_eits_t {
    bool present;
    ber_bits_t built_in;
    unsigned extended_count;
    bytes_t *extended; /* object identifiers (contents octets) */
    bytes_t raw;       /* contents octets as received; empty = made here */
} x411_eits_t;

/* ContentType: a number, or an object identifier. */
enum {
    X411_CONTENT_UNIDENTIFIED = 0,
    X411_CONTENT_EXTERNAL = 1,
    X411_CONTENT_P2 = 2,
    X411_CONTENT_P22 = 22,
    X411_CONTENT_EDI = 35,
    X411_CONTENT_VOICE = 40
};
typedef struct x411_content_type_t {
    bool present;
    int64_t built_in; /* meaningful if oid is empty */
    bytes_t oid;      /* contents octets of the object identifier; empty = built-in */
} x411_content_type_t;

typedef enum x411_action_t { X411_RELAYED = 0, X411_REROUTED = 1 } x411_action_t;

/* OtherActions: bit numbers. */
enum { X411_OTHER_REDIRECTED = 0, X411_OTHER_DL_OPERATION = 1 };

/* An element of TraceInformation (mta absent) or InternalTraceInformation (mta present). */
typedef struct x411_trace_element_t {
    x411_domain_t domain;
    x411_string_t mta; /* internal trace: MTA name */
    x411_time_t arrival;
    int64_t action; /* x411_action_t; other numbers are kept */
    bool attempted_present;
    x411_domain_t attempted;     /* attempted-domain; internal: country type 0 if an MTA was attempted */
    x411_string_t attempted_mta; /* internal trace: attempted MTA, type 0 = a domain */
    x411_time_t deferred;        /* deferred-time; absent = not deferred */
    x411_eits_t converted;
    ber_bits_t other_actions; /* redirected, dl-operation */
    bool other_actions_present;
    bytes_t raw; /* contents octets of the SEQUENCE as received; empty = made or changed here */
} x411_trace_element_t;

typedef struct x411_trace_t {
    unsigned count;
    unsigned capacity;
    x411_trace_element_t *elements; /* oldest first, as encoded */
} x411_trace_t;

/* An extension field (X.411 9.1). */
typedef enum x411_extension_form_t {
    X411_EXTENSION_FORM_LATER = 0,      /* type as `80 01 nn` (1994 text and later) */
    X411_EXTENSION_FORM_1988 = 1,       /* type as `A0 03 02 01 nn` */
    X411_EXTENSION_FORM_AS_RECEIVED = 2 /* for writing: each as it came */
} x411_extension_form_t;

typedef struct x411_extension_t {
    int64_t type; /* standard extension; -1 = private, see oid */
    bytes_t oid;  /* private extension: contents octets of its object identifier */
    bool criticality_present;
    ber_bits_t criticality; /* bits: x411/extensions.h */
    bytes_t value; /* whole encoding of the value (TLV inside [2]); empty = absent (NULL by default) */
    x411_extension_form_t form; /* as received */
} x411_extension_t;

typedef struct x411_extensions_t {
    bool present; /* the field was there, perhaps empty */
    unsigned count;
    unsigned capacity;
    x411_extension_t *items;
} x411_extensions_t;

/* Readers: over the contents of an element that the caller has read; false with the fault latched. */
bool x411_eits_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x411_eits_t *eits);
bool x411_trace_read(const ber_reader_t *reader, const ber_tlv_t *tlv, bool internal, apr_pool_t *pool,
                     x411_trace_t *trace);
bool x411_extensions_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x411_extensions_t *extensions);
bool x411_time_read_value(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x411_time_t *time);
/* A character string under an implicit tag; type is what it counts as. */
bool x411_string_read(const ber_reader_t *reader, const ber_tlv_t *tlv, ber_tag_t type, apr_pool_t *pool,
                      x411_string_t *string);
/* A CHOICE of string types: tlv carries the universal tag. */
bool x411_string_read_choice(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                             x411_string_t *string);

/* Writers; tag is the (implicit) tag of the element's place. Absent values write nothing. */
void x411_eits_write(ber_writer_t *writer, ber_tag_t tag, const x411_eits_t *eits);
void x411_content_type_write(ber_writer_t *writer, const x411_content_type_t *type);
void x411_trace_write(ber_writer_t *writer, ber_tag_t tag, const x411_trace_t *trace);
void x411_extensions_write(ber_writer_t *writer, ber_tag_t tag, const x411_extensions_t *extensions,
                           x411_extension_form_t form);
/* One extension field (a SEQUENCE). */
void x411_extension_write(ber_writer_t *writer, const x411_extension_t *extension,
                          x411_extension_form_t form);
void x411_string_write(ber_writer_t *writer, ber_tag_t tag, const x411_string_t *string);
void x411_time_write_value(ber_writer_t *writer, ber_tag_t tag, const x411_time_t *time);

/* EITs with these built-in bits (bit numbers); no trailing zero bits. In pool. */
x411_eits_t x411_eits_make(apr_pool_t *pool, const unsigned *bits, unsigned count);
x411_content_type_t x411_content_type_make(int64_t built_in);
/* "2", "22", or "2.6.1.10.0". */
const char *x411_content_type_text(apr_pool_t *pool, const x411_content_type_t *type);
bool x411_content_type_equal(const x411_content_type_t *a, const x411_content_type_t *b);

#endif
