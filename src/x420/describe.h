/* A decoded P1 APDU or interpersonal message as JSON, by attribute names of the standards: what `x400ctl show
 * --json` prints and what the wire tests compare. An absent key is an absent element. In the plain form
 * strings are their value octets mapped one to one to U+0000..U+00FF; in the readable form they are decoded
 * by their string type, and texts of body parts and names of numbers are added. */
#ifndef X420_DESCRIBE_H
#define X420_DESCRIBE_H

#include <jansson.h>

#include "x411/message.h"
#include "x420/ipm.h"

typedef struct x420_describe_t {
    apr_pool_t *pool; /* for values that are decoded on the way */
    bool readable;
    bool raw_values; /* "value_ber" of an extension field also beside a decoded "value" */
    /* A digest of octets as hexadecimal text in pool, for the keys "..._sha256"; NULL leaves them out. */
    const char *(*digest)(apr_pool_t *pool, bytes_t octets);
} x420_describe_t;

/* Each returns a new reference. */

/* The envelope (a report's content too). content is a message's content octets; NULL leaves it out. */
json_t *x420_describe_apdu(const x420_describe_t *how, const x411_apdu_t *apdu, const bytes_t *content);
/* Adds content_length, content_sha256 and, if type is P2 or P22 and it decodes, "ipm" or "ipn" to object. */
void x420_describe_content(const x420_describe_t *how, json_t *object, const x411_content_type_t *type,
                           bytes_t content);
json_t *x420_describe_ipm(const x420_describe_t *how, const x420_ipm_t *ipm);
json_t *x420_describe_ipn(const x420_describe_t *how, const x420_ipn_t *ipn);
json_t *x420_describe_or_name(const x420_describe_t *how, const x411_or_name_t *name);
json_t *x420_describe_or_address(const x420_describe_t *how, const x411_or_address_t *address);
json_t *x420_describe_domain(const x420_describe_t *how, const x411_domain_t *domain);
json_t *x420_describe_mts_id(const x420_describe_t *how, const x411_mts_id_t *id);
json_t *x420_describe_trace(const x420_describe_t *how, const x411_trace_t *trace);
json_t *x420_describe_eits(const x420_describe_t *how, const x411_eits_t *eits);
json_t *x420_describe_extensions(const x420_describe_t *how, const x411_extensions_t *extensions);
/* Octets one to one, UTF-8, a string by its type, a BIT STRING as "0101". */
json_t *x420_describe_octets(bytes_t octets);
json_t *x420_describe_utf8(const x420_describe_t *how, bytes_t utf8);
json_t *x420_describe_string(const x420_describe_t *how, const x411_string_t *string);
json_t *x420_describe_bits(const x420_describe_t *how, const ber_bits_t *bits);
json_t *x420_describe_hex(const x420_describe_t *how, bytes_t octets);
json_t *x420_describe_oid(const x420_describe_t *how, bytes_t oid);

#endif
