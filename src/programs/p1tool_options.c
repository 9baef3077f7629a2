#include "p1tool_options.h"

#include <stdio.h>
#include <string.h>

#include "x400_version.h"

static void print_help(const options_program_t *program)
{
    int width = 0;
    for (const apr_getopt_option_t *option = program->table; option->name; option++)
        width = (int)strlen(option->name) > width ? (int)strlen(option->name) : width;
    printf("usage: %s [options] %s\n%s\n\n", program->name, program->operand, program->purpose);
    for (const apr_getopt_option_t *option = program->table; option->name; option++) {
        if (option->optch < P1TOOL_LONG_ONLY)
            printf("  -%c, --%-*s  %s\n", option->optch, width, option->name, option->description);
        else
            printf("      --%-*s  %s\n", width, option->name, option->description);
    }
}

/* what may be "": then somebody else has said it. */
static int complain(const options_program_t *program, const char *what, const char *text)
{
    if (*what)
        fprintf(stderr, "%s: %s%s\n", program->name, what, text);
    fprintf(stderr, "usage: %s [options] %s (%s --help lists the options)\n", program->name, program->operand,
            program->name);
    return P1TOOL_USAGE;
}

static int refuse_value(const options_program_t *program, int letter, const char *text)
{
    const apr_getopt_option_t *option = program->table;
    while (option->name && option->optch != letter)
        option++;
    fprintf(stderr, "%s: --%s cannot be \"%s\": %s\n", program->name, option->name ? option->name : "?",
            text ? text : "", option->name ? option->description : "");
    return P1TOOL_USAGE;
}

int options_refuse_operand(const options_program_t *program, const char *operand)
{
    fprintf(stderr, "%s: \"%s\" is not %s\n", program->name, operand, program->operand);
    return P1TOOL_USAGE;
}

int options_read(const options_program_t *program, int argc, const char *const *argv, const char **operand,
                 apr_pool_t *pool)
{
    apr_getopt_t *getopt = NULL;
    apr_status_t status;
    int letter = 0;
    const char *text = NULL;
    apr_getopt_init(&getopt, pool, argc, argv);
    getopt->interleave = 1;
    while ((status = apr_getopt_long(getopt, program->table, &letter, &text)) == APR_SUCCESS) {
        if (letter == P1TOOL_HELP) {
            print_help(program);
            return 0;
        }
        if (letter == P1TOOL_VERSION) {
            printf("%s %s\n", program->name, X400_VERSION);
            return 0;
        }
        if (!program->set(program->context, pool, letter, text))
            return refuse_value(program, letter, text);
        text = NULL;
    }
    if (!APR_STATUS_IS_EOF(status)) /* getopt has said what is wrong */
        return complain(program, "", "");
    if (getopt->ind >= argc)
        return complain(program, "an operand is missing: ", program->operand);
    if (getopt->ind + 1 < argc)
        return complain(program, "one operand too many: ", getopt->argv[getopt->ind + 1]);
    *operand = getopt->argv[getopt->ind];
    return P1TOOL_GO_ON;
}
