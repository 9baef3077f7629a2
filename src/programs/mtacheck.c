/* mtacheck: checks and repairs the store while the service is stopped. Named, switched and worded as
 * administrators of such MTAs know it. */
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "config/config.h"
#include "platform.h"
#include "store/check.h"
#include "store/database.h"
#include "x400_version.h"
#include "x411/message.h"

/* Exit status. */
enum { CLEAN = 0, REPAIRED = 1, FAILED = 2, USAGE = 3 };

typedef struct mtacheck_t {
    apr_pool_t *pool;
    const char *configuration;
    const char *log_path; /* /f */
    bool verbose;         /* /v */
    bool directory;       /* /rd */
    bool folders;         /* /rp */
    bool links;           /* /rl */
    FILE *log;
} mtacheck_t;

static void print(mtacheck_t *program, const char *line)
{
    puts(line);
    if (program->log)
        fprintf(program->log, "%s\n", line);
}

static void print_format(mtacheck_t *program, const char *format, ...) FORMAT_APR(2, 3);

static void print_format(mtacheck_t *program, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(program, apr_pvsprintf(program->pool, format, arguments));
    va_end(arguments);
}

static void say(void *context, bool detail, const char *line)
{
    mtacheck_t *program = context;
    if (!detail || program->verbose)
        print(program, line);
}

/* Says why an envelope is of no use, NULL if it is whole. */
static const char *judge(void *context, const store_message_t *message, bytes_t recipients, apr_pool_t *pool)
{
    (void)context;
    x411_apdu_t *apdu = NULL;
    err_t *err = x411_apdu_decode(pool, message->envelope, &apdu, NULL);
    if (err)
        return apr_psprintf(pool, "its envelope cannot be read: %s", err_describe(pool, err));
    for (size_t i = 0; i + 1 < recipients.length && apdu->kind != X411_REPORT; i += 2)
        if ((recipients.data[i] | (unsigned)recipients.data[i + 1] << 8) >= apdu->recipient_count)
            return "its queue entry names a recipient that it does not have";
    return NULL;
}

static void usage(FILE *out)
{
    fputs(
        "mtacheck - checks and repairs the queue of x400mta while the service is stopped\n\n"
        "Usage: mtacheck [-c FILE] [/v] [/f LOGFILE] [/rd] [/rp] [/rl]\n\n"
        "  -c FILE      the MTA's configuration file\n"
        "  /v, -v       say what is being checked, not only what is wrong\n"
        "  /f LOGFILE   write the report to this file too\n"
        "  /rd /rp /rl  remove directory replication, public folder replication and link monitor messages;\n"
        "               this MTA has none of them\n\n"
        "Broken objects are moved into MTACHECK.OUT in the data folder. One run is enough.\n"
        "Exit status: 0 clean, 1 repaired, 2 in use or not reconstructible, 3 wrong command line.\n",
        out);
}

/* Takes a switch, "/v" or "-v"; false if it is none. */
static bool take_switch(mtacheck_t *program, const char *text, const char *value, int *at)
{
    char name[16];
    apr_cpystrn(name, text + 1, sizeof(name));
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    if (strcmp(name, "v") == 0)
        program->verbose = true;
    else if (strcmp(name, "rd") == 0)
        program->directory = true;
    else if (strcmp(name, "rp") == 0)
        program->folders = true;
    else if (strcmp(name, "rl") == 0)
        program->links = true;
    else if ((strcmp(name, "f") == 0 || (strcmp(name, "c") == 0 && text[0] == '-')) && value) {
        *(name[0] == 'f' ? &program->log_path : &program->configuration) = value;
        ++*at;
    } else
        return false;
    return true;
}

static bool read_arguments(mtacheck_t *program, int argc, const char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        bool is_switch = argv[i][0] == '/' || argv[i][0] == '-';
        if (is_switch && take_switch(program, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &i))
            continue;
        fprintf(stderr, "mtacheck: \"%s\" is not a switch, or its value is missing\n\n", argv[i]);
        usage(stderr);
        return false;
    }
    return true;
}

static void print_removals(mtacheck_t *program)
{
    if (program->directory)
        print(program, "0 directory replication messages removed.");
    if (program->folders)
        print(program, "0 public folder replication messages removed.");
    if (program->links)
        print(program, "0 link monitor messages removed.");
}

static int print_result(mtacheck_t *program, const store_findings_t *findings, const err_t *err)
{
    if (err) {
        print(program, err_describe(program->pool, err));
        print(program, APR_STATUS_IS_EAGAIN(err->code)
                           ? "Stop the service, then run mtacheck again."
                           : "The database has serious errors and cannot be reconstructed.");
        return FAILED;
    }
    if (findings->values_missing)
        print(program, "Some objects of the boot environment were missing; they were made anew.");
    if (findings->leftovers)
        print_format(program, "%lu pieces of transfers that never ended were removed.",
                     (unsigned long)findings->leftovers);
    print_removals(program);
    print_format(program, "%lu queues required repair out of %lu detected.",
                 (unsigned long)findings->queues_repaired, (unsigned long)findings->queues);
    print_format(program, "%lu objects damaged out of %lu detected.",
                 (unsigned long)findings->objects_damaged, (unsigned long)findings->objects);
    if (!findings->rebuilt && !findings->objects_damaged) {
        print(program, "Database clean, no errors detected.");
        return CLEAN;
    }
    print(program, "Database repaired, some data may have been lost.");
    return REPAIRED;
}

static int check(mtacheck_t *program)
{
    config_findings_t wrong;
    const config_t *config = config_read_loosely(program->configuration, program->pool, &wrong);
    if (!config || !config->mta.data_folder) {
        fputs(config_findings_text(&wrong, program->pool), stderr);
        fprintf(stderr, "mtacheck: the configuration %s cannot be used; name another one with -c FILE\n",
                program->configuration);
        return USAGE;
    }
    if (program->log_path && !(program->log = fopen(program->log_path, "w"))) {
        fprintf(stderr, "mtacheck: %s cannot be written\n", program->log_path);
        return USAGE;
    }
    print_format(program, "mtacheck %s: %s", X400_VERSION,
                 database_label(config->store.parameters, program->pool));
    store_check_t options = {.driver = config->store.driver,
                             .parameters = config->store.parameters,
                             .lease = (int64_t)config->store.lease * 1000000,
                             .aside =
                                 apr_pstrcat(program->pool, config->mta.data_folder, "/MTACHECK.OUT", NULL),
                             .judge = judge,
                             .say = say,
                             .context = program};
    store_findings_t findings;
    err_t *err = store_check(&options, &findings, program->pool);
    int status = print_result(program, &findings, err);
    if (program->log)
        fclose(program->log);
    return status;
}

int main(int argc, const char *const *argv)
{
    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS)
        return FAILED;
    atexit(apr_terminate);
    mtacheck_t program = {.configuration = platform_default_configuration()};
    apr_pool_create(&program.pool, NULL);
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "/?") == 0)) {
        usage(stdout);
        return CLEAN;
    }
    if (!read_arguments(&program, argc, argv))
        return USAGE;
    return check(&program);
}
