/* The configuration file as libConfuse understood it: sections with titles, options with the texts of their
 * values, each with its place. config/build.c makes the structures of config.h from it. */
#ifndef CONFIG_RAW_H
#define CONFIG_RAW_H

#include "config/schema.h"

typedef struct raw_value_t {
    const char *text;
    config_place_t place;
    struct raw_value_t *next;
} raw_value_t;

typedef struct raw_option_t {
    const schema_option_t *schema;
    config_place_t place;
    raw_value_t *values; /* in order of the file */
    raw_value_t *last;
    struct raw_option_t *next;
} raw_option_t;

typedef struct raw_section_t {
    const schema_section_t *schema;
    const char *title; /* NULL if the section has none */
    bool broken;       /* of the file itself: a syntax error ended it before its end */
    config_place_t place;
    raw_option_t *options;          /* in order of the file */
    struct raw_section_t *sections; /* likewise */
    struct raw_section_t *next;
} raw_section_t;

/* Reads text as the file path, with its includes. Everything is in pool. The result holds what
 * could be understood and is never NULL. */
raw_section_t *raw_read(const char *path, bytes_t text, apr_pool_t *pool, config_findings_t *findings);

/* What separates the last name of a path from its folder, on Windows one of two; NULL if nothing does. */
const char *raw_last_separator(const char *path);

/* A path as a file names it: a relative one is taken from the file's folder. */
const char *raw_path(const char *file, const char *path, apr_pool_t *pool);

/* Reads a file into pool; NULL and a finding at place if it cannot be read or is too large. */
const char *raw_load(const char *path, config_place_t place, apr_pool_t *pool, config_findings_t *findings,
                     size_t *length);

#endif
