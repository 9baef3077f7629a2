/* x400ctl: what its commands share. A command is one entry of a table; it reads its options and arguments
 * from a ctl_t, asks the MTA through ctl_request, and prints a table for people or JSON for programs. */
#ifndef PROGRAMS_X400CTL_CTL_H
#define PROGRAMS_X400CTL_CTL_H

#include <apr_getopt.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>
#include <stdbool.h>

#include "base/format.h"

/* Exit status. */
typedef enum ctl_exit_t {
    CTL_OK = 0,
    CTL_FAILED = 1,     /* the MTA refused, or the answer is no */
    CTL_USAGE = 2,      /* the command line is wrong */
    CTL_UNREACHABLE = 3 /* no MTA answers, or its token or configuration cannot be read */
} ctl_exit_t;

typedef struct ctl_t ctl_t;

typedef struct ctl_command_t {
    const char *name;                   /* one word or two: "status", "queue show" */
    const char *arguments;              /* for the usage line */
    const char *summary;                /* one line */
    const char *help;                   /* paragraphs, or NULL */
    const apr_getopt_option_t *options; /* of its own; NULL = none */
    int least, most;                    /* arguments */
    ctl_exit_t (*run)(ctl_t *ctl);
} ctl_command_t;

struct ctl_t {
    apr_pool_t *pool;
    const ctl_command_t *command;
    const char *configuration; /* -c */
    const char *admin;         /* --admin HOST:PORT; NULL = the configuration's */
    const char *token_file;    /* --token-file; NULL = the configuration's */
    bool json;
    apr_array_header_t *options; /* of ctl_option_t, in order */
    const char **arguments;
    int argument_count;
};

typedef struct ctl_option_t {
    int letter;
    const char *value;
} ctl_option_t;

/* The last value given for an option; NULL if it was not given. An option without a value has "". */
const char *ctl_option(const ctl_t *ctl, int letter);

/* Says what is wrong, on standard error, as "x400ctl: text". */
void ctl_complain(const char *format, ...) FORMAT_PRINTF(1, 2);

/* Asks the running MTA. arguments (NULL = none) is taken over. With CTL_OK *result is a JSON object, to be
 * json_decref'd; otherwise the reason was printed. */
ctl_exit_t ctl_request(ctl_t *ctl, const char *operation, json_t *arguments, json_t **result);
/* The same with GET /metrics: text. */
ctl_exit_t ctl_request_text(ctl_t *ctl, const char *target, const char **text);

/* The configuration, even if it has mistakes by now; NULL after a complaint. */
const struct config_t *ctl_configuration(ctl_t *ctl);

/* Prints result as JSON. */
void ctl_print_json(const json_t *result);

/* Asks the running MTA, and shows its answer: as JSON if that is wanted, else by show. arguments (NULL =
 * none) is taken over. verdict names the member of the answer that says whether all is well (true, or a
 * number above zero; else CTL_FAILED); NULL where an answer is always good. */
ctl_exit_t ctl_ask(ctl_t *ctl, const char *operation, json_t *arguments, const char *verdict,
                   void (*show)(ctl_t *ctl, const json_t *result));

/* The commands. */
ctl_exit_t command_status(ctl_t *ctl);
ctl_exit_t command_queue_list(ctl_t *ctl);
ctl_exit_t command_queue_show(ctl_t *ctl);
ctl_exit_t command_queue_retry(ctl_t *ctl);
ctl_exit_t command_queue_order(ctl_t *ctl); /* hold, release, reroute, delete, priority */
ctl_exit_t command_associations(ctl_t *ctl);
ctl_exit_t command_bind(ctl_t *ctl);
ctl_exit_t command_connectors(ctl_t *ctl);
ctl_exit_t command_connectors_show(ctl_t *ctl);
ctl_exit_t command_connector_disable(ctl_t *ctl);
ctl_exit_t command_connector_enable(ctl_t *ctl);
ctl_exit_t command_route_explain(ctl_t *ctl);
ctl_exit_t command_send(ctl_t *ctl);
ctl_exit_t command_show(ctl_t *ctl);
ctl_exit_t command_link_test(ctl_t *ctl);
ctl_exit_t command_reload(ctl_t *ctl);
ctl_exit_t command_metrics(ctl_t *ctl);
ctl_exit_t command_events_list(ctl_t *ctl);
ctl_exit_t command_events_explain(ctl_t *ctl);
ctl_exit_t command_events_tail(ctl_t *ctl);
ctl_exit_t command_diagnostics(ctl_t *ctl);
ctl_exit_t command_track(ctl_t *ctl);
ctl_exit_t command_trace(ctl_t *ctl);

extern const apr_getopt_option_t send_options[];

#endif
