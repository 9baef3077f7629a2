/* The compiled address spaces, and the index by which only those that can match an address are looked at: a
 * pattern is filed under the exact values that it has of C, A, P and O. */
#ifndef ROUTE_TABLE_H
#define ROUTE_TABLE_H

#include <apr_hash.h>

#include "route/pattern.h"
#include "route/route.h"

typedef struct table_entry_t {
    pattern_t *pattern;
    route_target_t target;
    int cost;
    config_place_t place;
    struct table_entry_t *next; /* with the same key */
} table_entry_t;

enum { TABLE_MASKS = 16 };

struct route_table_t {
    const config_t *config;
    table_entry_t *entries; /* all, in order of the configuration: connectors, then mailboxes */
    size_t count;
    apr_hash_t *index[TABLE_MASKS]; /* by which of C, A, P, O are exact; NULL = no such pattern */
    table_entry_t *regexes;
};

/* Calls each for every entry that matches, in no order. text is subject_text of subject. */
void table_match(const route_table_t *table, const subject_t *subject, bytes_t text, apr_pool_t *pool,
                 void (*each)(void *context, const table_entry_t *entry), void *context);
/* The same by looking at every entry: what the index must equal. */
void table_scan(const route_table_t *table, const subject_t *subject, bytes_t text,
                void (*each)(void *context, const table_entry_t *entry), void *context);

#endif
