/* The command lines of p1source and p1sink: options from a table, one operand, and complaints that name what
 * is wrong and what would be right. */
#ifndef PROGRAMS_P1TOOL_OPTIONS_H
#define PROGRAMS_P1TOOL_OPTIONS_H

#include <stdbool.h>

#include <apr_getopt.h>

/* Letters that mean the same in both tables; options without a letter are numbered from P1TOOL_LONG_ONLY. */
enum { P1TOOL_HELP = 'h', P1TOOL_VERSION = 'V', P1TOOL_LONG_ONLY = 256 };
/* The exit status of a wrong command line, and what options_read returns when the program is to go on. */
enum { P1TOOL_USAGE = 2, P1TOOL_GO_ON = -1 };

typedef struct options_program_t {
    const char *name;    /* of the program */
    const char *operand; /* what stands behind the options, for the usage line */
    const char *purpose; /* a line for --help */
    const apr_getopt_option_t *table;
    /* Takes an option and its text (NULL if it has none): true, or false if the text is no value for it. */
    bool (*set)(void *context, apr_pool_t *pool, int letter, const char *text);
    void *context;
} options_program_t;

/* Reads the command line. *operand is what stands behind the options. P1TOOL_GO_ON, or the status to exit
 * with: after --help and --version, or after a complaint on standard error. */
int options_read(const options_program_t *program, int argc, const char *const *argv, const char **operand,
                 apr_pool_t *pool);
/* Complains about the operand: P1TOOL_USAGE. */
int options_refuse_operand(const options_program_t *program, const char *operand);

#endif
