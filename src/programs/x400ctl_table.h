/* Text for people: tables with aligned columns, sizes, durations. What comes from the MTA may hold octets
 * that a terminal would obey; they are made harmless here. */
#ifndef PROGRAMS_X400CTL_TABLE_H
#define PROGRAMS_X400CTL_TABLE_H

#include <apr_pools.h>
#include <jansson.h>
#include <stdio.h>

typedef struct table_t table_t;

/* A table with columns: their headings ended by NULL; a heading that begins with '>' aligns right. */
table_t *table_create(apr_pool_t *pool, const char *const *headings);
/* One row: as many cells as columns; NULL is printed as "-". The texts must live until table_print. */
void table_row(table_t *table, const char *const *cells);
/* Headings and rows; only `empty` if there are no rows. */
void table_print(const table_t *table, const char *empty, FILE *out);

/* One line "name:   value", values aligned at column 24. */
void print_fact(FILE *out, const char *name, const char *value);

/* The member of an object as text: strings as they are, numbers in decimal, yes or no; "-" for null or
 * absent. */
const char *text_of(apr_pool_t *pool, const json_t *object, const char *name);
/* The member as a size ("2.0 KB") or a duration in seconds ("3 min 20 s"). */
const char *text_of_octets(apr_pool_t *pool, const json_t *object, const char *name);
/* The strings of an array, or address spaces with their costs, after each other; "-" if there are none. */
const char *text_of_list(apr_pool_t *pool, const json_t *list);
/* The member as a number of things: "1 message", "2 messages". */
const char *text_of_count(apr_pool_t *pool, const json_t *object, const char *name, const char *one,
                          const char *many);
const char *text_of_seconds(apr_pool_t *pool, const json_t *object, const char *name);
/* A copy in which control characters are replaced by '?'; NULL gives "-". */
const char *text_harmless(apr_pool_t *pool, const char *text);

#endif
