/* Global domain identifiers and MTS identifiers (X.411 clauses 8.2.1.1.3, 8.5.15, Figure 2). */
#ifndef X411_MTS_ID_H
#define X411_MTS_ID_H

#include "x411/types.h"

typedef struct x411_domain_t {
    x411_string_t country; /* numeric or printable as received; absent only if a peer left it out */
    x411_string_t admd;
    x411_string_t prmd; /* type 0 = absent */
} x411_domain_t;

typedef struct x411_mts_id_t {
    x411_domain_t domain;
    x411_string_t local; /* IA5String */
} x411_mts_id_t;

/* A domain of terminated strings that must outlive it; digits only give NumericString for the country, all
 * else PrintableString. prmd NULL or "" = none; an admd NULL or "" is the single space. */
x411_domain_t x411_domain_make(const char *country, const char *admd, const char *prmd);

/* X.402 matching per part; a part that is absent equals only an absent one. */
bool x411_domain_equal(const x411_domain_t *a, const x411_domain_t *b);
/* Domains equal and local identifiers octet for octet. */
bool x411_mts_id_equal(const x411_mts_id_t *a, const x411_mts_id_t *b);

/* Contents of [APPLICATION 3] and [APPLICATION 4]; the caller has read the element. false: fault latched. */
bool x411_domain_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                      x411_domain_t *domain);
bool x411_mts_id_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x411_mts_id_t *id);
void x411_domain_write(ber_writer_t *writer, const x411_domain_t *domain);
void x411_mts_id_write(ber_writer_t *writer, ber_tag_t tag, const x411_mts_id_t *id);

/* Text for people, logs and keys: "C=US;A= ;P=ORG" and "C=US;A= ;P=ORG;L=SERVER-261122031425Z-7", with the
 * escapes of x411/oraddress_text.h; `#` after a key marks a NumericString, `@` a PrintableString of digits
 * where NumericString is usual (the country). And back: NULL or an err_t (X411_ERROR_VALUE). */
const char *x411_domain_text(apr_pool_t *pool, const x411_domain_t *domain);
const char *x411_mts_id_text(apr_pool_t *pool, const x411_mts_id_t *id);
err_t *x411_domain_parse(apr_pool_t *pool, const char *text, x411_domain_t *domain);
err_t *x411_mts_id_parse(apr_pool_t *pool, const char *text, x411_mts_id_t *id);

/* A new identifier in domain: HOST-YYMMDDhhmmssZ-n, host cut so that it fits X411_UB_LOCAL_ID. Unique as long
 * as (utc second, counter) is for this host name; the caller keeps counter across restarts of the same
 * second. domain's strings are copied into pool. */
x411_mts_id_t x411_mts_id_make(apr_pool_t *pool, const x411_domain_t *domain, const char *host,
                               utc_time_t utc, uint64_t counter);

/* Deep copies into pool. */
x411_domain_t x411_domain_copy(apr_pool_t *pool, const x411_domain_t *domain);
x411_mts_id_t x411_mts_id_copy(apr_pool_t *pool, const x411_mts_id_t *id);

#endif
