/* One pattern of an address space, compiled: attributes with wildcards, or a regular expression over the
 * canonical text. */
#ifndef ROUTE_PATTERN_H
#define ROUTE_PATTERN_H

#include "route/subject.h"

enum {
    PATTERN_WILD = 1,     /* the octet that stands for `*` in a compiled value: no address text holds it */
    PATTERN_LIMIT = 1024, /* octets of a pattern */
    PATTERN_DDAS = 4
};

/* Kinds, in the order in which they win if nothing else tells. */
typedef enum pattern_kind_t { PATTERN_EMPTY, PATTERN_ALL, PATTERN_REGEX, PATTERN_ATTRIBUTES } pattern_kind_t;

typedef struct pattern_t {
    const char *text;
    pattern_kind_t kind;
    unsigned named; /* bit per subject_key_t: the pattern says something about it */
    bytes_t values[SUBJECT_KEYS];
    unsigned dda_count;
    bytes_t dda_types[PATTERN_DDAS];
    bytes_t dda_values[PATTERN_DDAS];
    struct pattern_regex_t *regex;
    /* the length of a match: the rank, compared in this order */
    unsigned attributes; /* named (not just by `*`); of a regular expression the `=` signs in its text */
    unsigned exact;      /* those without a wildcard */
    unsigned characters; /* that are not wildcards; of a regular expression the least that it matches */
} pattern_t;

/* Compiles text into *pattern, in pool. NULL, or an err_t with what is wrong and what would be right. */
err_t *pattern_create(pattern_t **pattern, const char *text, apr_pool_t *pool);

/* True if the subject fits. text is subject_text of it, needed for regular expressions only. A regular
 * expression that passes its limits on this subject does not fit. Not to be called for one pattern by two
 * threads at once. */
bool pattern_matches(const pattern_t *pattern, const subject_t *subject, bytes_t text);
/* Why it does not fit, in words: "P is PPB, not PPA". */
const char *pattern_explain(const pattern_t *pattern, const subject_t *subject, apr_pool_t *pool);

/* > 0 if a is the longer match. */
int pattern_compare(const pattern_t *a, const pattern_t *b);
/* True if both match the same addresses, as far as their texts say. */
bool pattern_equal(const pattern_t *a, const pattern_t *b);
/* True if the pattern says of this attribute exactly one value. */
bool pattern_is_exact(const pattern_t *pattern, subject_key_t key);

#endif
