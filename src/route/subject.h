/* An O/R address as routing compares it (X.402 clause 18.4): each attribute as UTF-8 in upper case, repeated
 * and outer blanks dropped; the printable form of an attribute, else its Teletex, else its universal form. An
 * ADMD that is absent, blank or "0" is the empty text: there is none. */
#ifndef ROUTE_SUBJECT_H
#define ROUTE_SUBJECT_H

#include "base/bytes.h"
#include "x411/oraddress.h"

typedef enum subject_key_t {
    SUBJECT_C,
    SUBJECT_A,
    SUBJECT_P,
    SUBJECT_X121,
    SUBJECT_TID,
    SUBJECT_NID,
    SUBJECT_O,
    SUBJECT_OU1,
    SUBJECT_OU2,
    SUBJECT_OU3,
    SUBJECT_OU4,
    SUBJECT_CN,
    SUBJECT_G,
    SUBJECT_I,
    SUBJECT_S,
    SUBJECT_Q,
    SUBJECT_KEYS
} subject_key_t;

enum { SUBJECT_DDAS = X411_LIMIT_DDAS, SUBJECT_TEXT_LIMIT = 8192 };

typedef struct subject_t {
    bytes_t values[SUBJECT_KEYS]; /* length 0 = absent or empty */
    unsigned dda_count;
    bytes_t dda_types[SUBJECT_DDAS];
    bytes_t dda_values[SUBJECT_DDAS];
} subject_t;

/* The address's subject, in pool. */
const subject_t *subject_create(const x411_or_address_t *address, apr_pool_t *pool);
/* Upper case, one blank for many, none outside. */
bytes_t subject_fold(bytes_t text, apr_pool_t *pool);
/* As subject_fold, with the rule for ADMDs: "0" is none. */
bytes_t subject_fold_admd(bytes_t text, apr_pool_t *pool);
/* The canonical text that regular expressions see: "C=GB;A= ;P=PPA;O=ACME", a ; or \ in a value with a
 * \ before it; cut at SUBJECT_TEXT_LIMIT octets. */
bytes_t subject_text(const subject_t *subject, apr_pool_t *pool);
/* "C", "OU1", "X.121" ... */
const char *subject_key_name(subject_key_t key);

#endif
