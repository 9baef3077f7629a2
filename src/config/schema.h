/* The option table: every section and option of the configuration file with its type, unit, default, range,
 * place in the structures of config.h, the property that administrators of Exchange know it by, and its
 * explanation. The reader, the checker, the reference and the manual page all work from it. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/config.h"

typedef enum schema_type_t {
    SCHEMA_STRING,   /* const char *; range: length in octets */
    SCHEMA_PATH,     /* const char *; a relative path is taken from the folder of the file that names it */
    SCHEMA_NUMBER,   /* unsigned */
    SCHEMA_BOOLEAN,  /* bool */
    SCHEMA_WORD,     /* an enum: one of words */
    SCHEMA_WORDS,    /* unsigned: list, the words' values or-ed */
    SCHEMA_SELECTOR, /* bytes_t; range: octets */
    SCHEMA_STRINGS,  /* const char **, NULL-terminated list */
    SCHEMA_SPACES,   /* list of address spaces */
    SCHEMA_TIMES     /* list of times of the week: the slots of config_connector_t */
} schema_type_t;

typedef enum schema_unit_t { SCHEMA_COUNT, SCHEMA_SECONDS, SCHEMA_MINUTES, SCHEMA_KILOBYTES } schema_unit_t;

typedef struct schema_word_t {
    const char *word;
    unsigned value;
    const char *text; /* what it is for; NULL = the option's own text says so */
} schema_word_t;

typedef struct schema_option_t {
    const char *name; /* NULL ends a table */
    schema_type_t type;
    schema_unit_t unit;
    size_t offset;       /* of the member in the section's structure */
    const char *initial; /* the default as it would be written; NULL = none */
    unsigned minimum;
    unsigned maximum;
    bool mandatory;
    const schema_word_t *words;
    const char *property; /* Exchange's name, NULL if it had none */
    const char *text;
} schema_option_t;

typedef enum schema_target_t {
    SCHEMA_CONFIG, /* offsets are in config_t */
    SCHEMA_MTA,
    SCHEMA_LISTENER,
    SCHEMA_CONNECTOR,
    SCHEMA_MAILBOX,
    SCHEMA_REDIRECT,
    SCHEMA_LIST
} schema_target_t;

typedef struct schema_section_t {
    const char *name; /* unique in the whole table; NULL ends a list */
    bool titled;      /* has a title and may be there many times */
    bool mandatory;
    schema_target_t target;
    const schema_option_t *options;
    const struct schema_section_t *sections;
    const char *text;
} schema_section_t;

/* The file itself: a section without options. */
const schema_section_t *schema_root(void);
/* The section of this name, wherever it is; NULL if there is none. */
const schema_section_t *schema_find_section(const char *name);
const schema_option_t *schema_find_option(const schema_section_t *section, const char *name);
const schema_section_t *schema_find_subsection(const schema_section_t *section, const char *name);
bool schema_is_list(const schema_option_t *option);
/* "s", "min", "KB", "" */
const char *schema_unit_name(schema_unit_t unit);

/* What is wrong with a name that section does not have: which one is meant or where it belongs. */
const char *schema_explain_unknown(const schema_section_t *section, const char *name, apr_pool_t *pool);

#endif
