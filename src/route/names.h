/* Addresses that mean something here beside address spaces: distribution lists, redirections, and what the
 * users of mailboxes take. Made from a configuration, with every address, pattern and type understood; never
 * changes. Addresses are compared as routing compares them (route/subject.h). */
#ifndef ROUTE_NAMES_H
#define ROUTE_NAMES_H

#include "config/config.h"
#include "x411/fields.h"
#include "x411/oraddress.h"

typedef struct names_t names_t;

/* Patterns of addresses; none at all = nobody is named. */
typedef struct names_patterns_t {
    unsigned count;
    struct pattern_t **patterns;
} names_patterns_t;

typedef struct names_list_t {
    const config_list_t *config;
    size_t index; /* in config->lists */
    x411_or_name_t name;
    unsigned member_count;
    x411_or_name_t *members;
    const x411_or_name_t *owner; /* NULL = none */
    names_patterns_t submitters; /* none = everybody */
} names_list_t;

typedef struct names_redirect_t {
    const char *name; /* of the redirect, or of the mailbox */
    x411_or_name_t to;
    int64_t reason; /* RedirectionReason */
} names_redirect_t;

/* What a mailbox takes. */
typedef struct names_abilities_t {
    unsigned content_type_count; /* 0 = all */
    x411_content_type_t *content_types;
    bool encoded_types_limited;
    uint32_t encoded_types; /* mask of 1 << x411_eit_t */
    unsigned encoded_oid_count;
    bytes_t *encoded_oids;
    uint64_t maximum_size; /* octets, 0 = none */
    names_patterns_t accept;
    names_patterns_t reject;
    bool test; /* what would be refused is only told */
    const names_redirect_t *redirect;
    const names_redirect_t *alternate;
} names_abilities_t;

/* Makes the names in pool; config must live as long. The error names what cannot be understood. */
err_t *names_create(names_t **names, const config_t *config, apr_pool_t *pool);
/* Adds every such error to findings, with warnings of addresses that are given twice. */
void names_check(const config_t *config, apr_pool_t *pool, config_findings_t *findings);

/* By address, NULL if it is none. pool is for scratch. */
const names_list_t *names_find_list(const names_t *names, const x411_or_address_t *address, apr_pool_t *pool);
const names_redirect_t *names_find_redirect(const names_t *names, const x411_or_address_t *address,
                                            apr_pool_t *pool);
/* The list of this index in the configuration. */
const names_list_t *names_list(const names_t *names, size_t index);
/* Of the mailbox of this index in the configuration. */
const names_abilities_t *names_abilities(const names_t *names, size_t mailbox);
/* Where messages for addresses of this domain go that nobody has; NULL = nowhere. */
const names_redirect_t *names_domain_alternate(const names_t *names);

/* True if a pattern fits the address. */
bool names_match(const names_patterns_t *patterns, const x411_or_address_t *address, apr_pool_t *pool);
/* True if routing takes both for the same. */
bool names_same_address(const x411_or_address_t *a, const x411_or_address_t *b, apr_pool_t *pool);

#endif
