/* A look at a file before libConfuse reads it, for what libConfuse cannot say: text and comments that do not
 * end (which would also spoil its lexer for the next file), sections that are not closed, and every name that
 * is not in the option table, with its line. Comments and unknown options are blanked out in place, so that
 * libConfuse goes on behind them; lines stay where they are. */
#ifndef CONFIG_SCAN_H
#define CONFIG_SCAN_H

#include "config/schema.h"

enum { SCAN_SECTION_LIMIT = 20000 }; /* sections of one file */

typedef struct scan_result_t {
    const int *section_lines; /* where each section begins, in the order in which they end */
    size_t section_count;
    bool usable;   /* false: libConfuse must not see the text */
    bool confused; /* the structure was not understood: libConfuse says where */
    int line;      /* then: about here */
} scan_result_t;

/* text has length octets and a terminator behind them, and is changed. */
void scan_text(char *text, size_t length, const char *file, apr_pool_t *pool, config_findings_t *findings,
               scan_result_t *result);

#endif
