/* O/R addresses and O/R names (X.411 clause 8.5.5, Figure 2; X.402 clause 18): decoded attributes, every
 * attribute with its ASN.1 string type, extension attributes kept as encodings and read on demand. A name
 * that was decoded keeps its contents octets and is encoded from them, bit for bit, until it is changed. */
#ifndef X411_ORADDRESS_H
#define X411_ORADDRESS_H

#include "x411/types.h"

typedef struct x411_personal_name_t {
    x411_string_t surname; /* may be absent in what bad peers send */
    x411_string_t given_name;
    x411_string_t initials;
    x411_string_t generation;
} x411_personal_name_t;

typedef struct x411_dda_t {
    x411_string_t type;
    x411_string_t value;
} x411_dda_t;

/* ExtensionAttributeType (X.411 Figure 2). */
typedef enum x411_attribute_t {
    X411_EA_COMMON_NAME = 1,
    X411_EA_TELETEX_COMMON_NAME = 2,
    X411_EA_TELETEX_ORGANIZATION = 3,
    X411_EA_TELETEX_PERSONAL_NAME = 4,
    X411_EA_TELETEX_OUS = 5,
    X411_EA_TELETEX_DDAS = 6,
    X411_EA_PDS_NAME = 7,
    X411_EA_PD_COUNTRY = 8,
    X411_EA_POSTAL_CODE = 9,
    X411_EA_PD_OFFICE_NAME = 10,
    X411_EA_PD_OFFICE_NUMBER = 11,
    X411_EA_EXTENSION_OR_COMPONENTS = 12,
    X411_EA_PD_PERSONAL_NAME = 13,
    X411_EA_PD_ORGANIZATION = 14,
    X411_EA_EXTENSION_PD_COMPONENTS = 15,
    X411_EA_UNFORMATTED_POSTAL = 16,
    X411_EA_STREET = 17,
    X411_EA_PO_BOX = 18,
    X411_EA_POSTE_RESTANTE = 19,
    X411_EA_UNIQUE_POSTAL_NAME = 20,
    X411_EA_LOCAL_POSTAL = 21,
    X411_EA_EXTENDED_NETWORK = 22,
    X411_EA_TERMINAL_TYPE = 23,
    X411_EA_UNIVERSAL_COMMON_NAME = 24,
    X411_EA_UNIVERSAL_ORGANIZATION = 25,
    X411_EA_UNIVERSAL_PERSONAL_NAME = 26,
    X411_EA_UNIVERSAL_OUS = 27,
    X411_EA_UNIVERSAL_DDAS = 28,
    X411_EA_UNIVERSAL_PD_OFFICE_NAME = 29, /* 29 to 40: universal forms of 10 to 21 */
    X411_EA_UNIVERSAL_LOCAL_POSTAL = 40
} x411_attribute_t;

/* One extension attribute. value is the element inside the [1] tag; data NULL = made without a value. */
typedef struct x411_extension_attribute_t {
    int64_t type;
    bytes_t value; /* whole encoding (TLV) of the value */
} x411_extension_attribute_t;

typedef struct x411_or_address_t {
    x411_string_t country; /* BER_NUMERIC_STRING or BER_PRINTABLE_STRING, as received */
    x411_string_t admd;    /* likewise; a single space is a value */
    x411_string_t prmd;    /* likewise */
    x411_string_t x121;    /* network-address */
    x411_string_t terminal_id;
    x411_string_t organization;
    x411_string_t numeric_user_id;
    bool personal_name_present; /* an empty SET can be present */
    x411_personal_name_t personal_name;
    bool ous_present;
    unsigned ou_count;
    x411_string_t *ous; /* in encoded order: the first is the highest in rank */
    bool ddas_present;
    unsigned dda_count;
    x411_dda_t *ddas;
    bool extensions_present;
    unsigned extension_count;
    x411_extension_attribute_t *extensions;
} x411_or_address_t;

/* An O/R name: address and/or directory name. */
typedef struct x411_or_name_t {
    x411_or_address_t address;
    bytes_t directory_name; /* the Name inside [0] (TLV); empty = absent */
    bytes_t raw;            /* contents octets of the ORName as received; empty = made or changed here */
} x411_or_name_t;

/* True if the name has no address: attributes empty, no DDAs, no extension attributes (X.411 Figure 2 note).
 */
bool x411_or_name_is_empty(const x411_or_name_t *name);

/* Says that fields of name were changed, so that it is encoded from its fields. */
static inline void x411_or_name_changed(x411_or_name_t *name)
{
    name->raw = BYTES_NONE;
}

/* Reads the contents of an ORName element that the caller has read ([APPLICATION 0], or another implicit
 * tag). Lists and joined strings go to pool; everything else is ranges into the input. On a fault (latched in
 * reader) returns false and *name is not to be used. */
bool x411_or_name_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                       x411_or_name_t *name);
/* Reads an ORName with its [APPLICATION 0] tag from octets that hold just that; NULL, or what is malformed.
 */
err_t *x411_or_name_decode(apr_pool_t *pool, bytes_t octets, x411_or_name_t *name);
/* Reads a bare ORAddress SEQUENCE (universal 16), as in originator-return-address. */
bool x411_or_address_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x411_or_address_t *address);

/* Writes name under tag (BER_APPLICATION(0), or the implicit tag of its place): raw if it is there, else from
 * the fields, definite lengths, elements in the order of the standard. */
void x411_or_name_write(ber_writer_t *writer, ber_tag_t tag, const x411_or_name_t *name);
/* The contents of an ORAddress (without outer tag) from its fields. */
void x411_or_address_write_contents(ber_writer_t *writer, const x411_or_address_t *address);

/* A copy of name in pool that shares nothing with the input. */
x411_or_name_t *x411_or_name_copy(apr_pool_t *pool, const x411_or_name_t *name);
x411_or_address_t *x411_or_address_copy(apr_pool_t *pool, const x411_or_address_t *address);

/* The extension attribute of this type, NULL if absent. */
const x411_extension_attribute_t *x411_or_address_find(const x411_or_address_t *address, int64_t type);

/* Values of extension attributes; false if absent or not of the type's form (never a fault of the address).
 * - string: types 1, 2, 3, 7, and the choices 8 and 9 (type tells numeric from printable)
 * - personal name, organizational units, DDAs: Teletex forms 4, 5, 6
 * - pds: types 10 to 15 and 17 to 21: printable and/or teletex
 * - universal: types 24, 25, 29 to 34, 36 to 40, and 35 */
bool x411_attribute_string(const x411_or_address_t *address, int64_t type, apr_pool_t *pool,
                           x411_string_t *value);
bool x411_attribute_personal_name(const x411_or_address_t *address, apr_pool_t *pool,
                                  x411_personal_name_t *name);
bool x411_attribute_strings(const x411_or_address_t *address, int64_t type, apr_pool_t *pool,
                            x411_string_t **values, unsigned *count);
bool x411_attribute_ddas(const x411_or_address_t *address, apr_pool_t *pool, x411_dda_t **ddas,
                         unsigned *count);
typedef struct x411_pds_t {
    x411_string_t printable;
    x411_string_t teletex;
} x411_pds_t;
bool x411_attribute_pds(const x411_or_address_t *address, int64_t type, apr_pool_t *pool, x411_pds_t *value);
bool x411_attribute_universal(const x411_or_address_t *address, int64_t type, apr_pool_t *pool,
                              x411_universal_t *value);
/* universal-personal-name: surname, given name, initials, generation qualifier (type 0 where absent). */
bool x411_attribute_universal_personal_name(const x411_or_address_t *address, apr_pool_t *pool,
                                            x411_universal_t name[4]);
bool x411_attribute_universal_ous(const x411_or_address_t *address, apr_pool_t *pool,
                                  x411_universal_t **values, unsigned *count);
/* universal-domain-defined-attributes: pairs [2 * i] type and [2 * i + 1] value; *count is the number of
 * pairs. */
bool x411_attribute_universal_ddas(const x411_or_address_t *address, apr_pool_t *pool,
                                   x411_universal_t **pairs, unsigned *count);
/* unformatted-postal-address: lines (printable) and/or one teletex string. */
bool x411_attribute_unformatted(const x411_or_address_t *address, apr_pool_t *pool, x411_string_t **lines,
                                unsigned *count, x411_string_t *teletex);
/* terminal-type (23). */
bool x411_attribute_terminal_type(const x411_or_address_t *address, int64_t *value);
/* extended-network-address (22), E.163/E.164 form: number and optional subaddress; a PSAP address: psap TLV.
 */
bool x411_attribute_network(const x411_or_address_t *address, apr_pool_t *pool, x411_string_t *number,
                            x411_string_t *subaddress, bytes_t *psap);

/* Sets (or replaces, or with value empty removes) the extension attribute of this type; value is a TLV that
 * is copied into pool. */
void x411_or_address_set_extension(apr_pool_t *pool, x411_or_address_t *address, int64_t type, bytes_t value);
/* Sets common-name from a text of PrintableString characters. */
void x411_or_address_set_common_name(apr_pool_t *pool, x411_or_address_t *address, bytes_t text);
/* The common name: printable, else Teletex, else absent. */
x411_string_t x411_or_address_common_name(const x411_or_address_t *address, apr_pool_t *pool);

/* The name of an extension attribute type as in X.411 ("physical-delivery-office-name"); NULL if unknown. */
const char *x411_attribute_name(int64_t type);

/* The form of an address by its attributes (X.402 clause 18.5). */
typedef enum x411_form_t {
    X411_FORM_NONE, /* fits none (or no address at all) */
    X411_FORM_MNEMONIC,
    X411_FORM_NUMERIC,
    X411_FORM_POSTAL,
    X411_FORM_TERMINAL
} x411_form_t;
x411_form_t x411_or_address_form(const x411_or_address_t *address);

/* X.402 clause 18.4: equal attribute by attribute without regard to case and repeated spaces; a numeric and a
 * printable form of the same digits are equal; DDAs in any order; a Teletex or universal attribute equals its
 * printable counterpart only if both have the same variants. The order of extension attributes does not
 * count. */
bool x411_or_address_equal(const x411_or_address_t *a, const x411_or_address_t *b);
/* A hash that is equal for equal addresses. */
uint32_t x411_or_address_hash(const x411_or_address_t *address);

#endif
