/* x400ctl: the operator's tool. It speaks to a running x400mta through the admin interface, and shows files
 * and the event catalogue without one. */
#include <apr_general.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "x400_version.h"
#include "x400ctl_ctl.h"

enum { OPTION_ADMIN = 256, OPTION_TOKEN_FILE, OPTION_VERSION };

static const apr_getopt_option_t common_options[] = {
    {"configuration", 'c', 1, "the MTA's configuration file"},
    {"json", 'j', 0, "print JSON for programs"},
    {"admin", OPTION_ADMIN, 1, "HOST:PORT of the admin interface, instead of the configuration's"},
    {"token-file", OPTION_TOKEN_FILE, 1, "the token file, instead of the configuration's"},
    {"help", 'h', 0, "print help"},
    {"version", OPTION_VERSION, 0, "print the version"},
    {NULL, 0, 0, NULL},
};

static const apr_getopt_option_t queue_list_options[] = {
    {"connector", 'C', 1, "only what waits for this connector or mailbox"},
    {"mts-id", 'm', 1, "only the message with this MTS identifier"},
    {"limit", 'n', 1, "at most so many entries (100)"},
    {NULL, 0, 0, NULL},
};
static const apr_getopt_option_t queue_retry_options[] = {
    {"connector", 'C', 1, "everything that waits for this connector"},
    {NULL, 0, 0, NULL},
};
static const apr_getopt_option_t route_options[] = {
    {"from", 'f', 1, "as if the message had come in by this connector"},
    {NULL, 0, 0, NULL},
};

static const apr_getopt_option_t tail_options[] = {
    {"follow", 'F', 0, "go on with the events as they come"},
    {"count", 'n', 1, "the newest so many (20; at most 512)"},
    {"connector", 'C', 1, "only those of this connector"},
    {NULL, 0, 0, NULL},
};

#define CHOOSE                                                                                               \
    {"message", 'm', 1, "the message with this MTS identifier"},                                             \
        {"recipient", 'r', 1, "messages for a recipient like this (* and ? stand for anything)"},            \
    {                                                                                                        \
        "connector", 'C', 1, "what waits for this connector or mailbox"                                      \
    }
static const apr_getopt_option_t order_options[] = {CHOOSE, {NULL, 0, 0, NULL}};
static const apr_getopt_option_t delete_options[] = {
    CHOOSE, {"report", 'R', 0, "make a non-delivery report"}, {NULL, 0, 0, NULL}};
static const apr_getopt_option_t priority_options[] = {
    CHOOSE, {"to", 'p', 1, "normal, non-urgent or urgent"}, {NULL, 0, 0, NULL}};
static const apr_getopt_option_t trace_options[] = {
    {"output", 'o', 1, "the file to write (pcapng)"},
    {"for", 'T', 1, "seconds; otherwise until interrupted"},
    {"content-blanked", 'B', 0, "make the contents of messages unreadable"},
    {NULL, 0, 0, NULL},
};

static const apr_getopt_option_t form_options[] = {
    {"form", 'F', 0, "the sheet of parameters agreed with the peer"},
    {"output", 'o', 1, "a file for the sheet"},
    {NULL, 0, 0, NULL},
};

static const ctl_command_t commands[] = {
    {"status", "", "what the MTA is and has done", NULL, NULL, 0, 0, command_status},
    {"queue", "[list]", "the messages that wait", "The same as queue list.", queue_list_options, 0, 0,
     command_queue_list},
    {"queue list", "", "the messages that wait", NULL, queue_list_options, 0, 0, command_queue_list},
    {"queue show", "ID", "one queue entry with its recipients and trace", NULL, NULL, 1, 1,
     command_queue_show},
    {"queue retry", "[ID]", "tries an entry, a connector's queue, or everything now",
     "Without ID and --connector, everything that waits for a retry is tried now.", queue_retry_options, 0, 1,
     command_queue_retry},
    {"queue hold", "[ID]", "keeps entries back until they are released", NULL, order_options, 0, 1,
     command_queue_order},
    {"queue release", "[ID]", "lets entries go that are held, set aside or wait", NULL, order_options, 0, 1,
     command_queue_order},
    {"queue reroute", "[ID]", "sends entries another way, if there is one", NULL, order_options, 0, 1,
     command_queue_order},
    {"queue delete", "[ID]", "deletes entries, with a report or without", NULL, delete_options, 0, 1,
     command_queue_order},
    {"queue priority", "[ID] --to PRIORITY", "changes the order in which entries go", NULL, priority_options,
     0, 1, command_queue_order},
    {"associations", "", "the associations that are open", NULL, NULL, 0, 0, command_associations},
    {"bind", "", "at which addresses the MTA listens, from which it calls, and why", NULL, NULL, 0, 0,
     command_bind},
    {"connectors", "[NAME]", "connectors and mailboxes, or one of them in full", NULL, NULL, 0, 1,
     command_connectors},
    {"connectors show", "NAME",
     "one of them in full, or as the sheet that both sides of a link exchange (--form)",
     "The form has the names, selectors, addresses, context and RTS values of the link as they are "
     "configured here,\n"
     "and room for what the other side has to say. It shows no password.",
     form_options, 1, 1, command_connectors_show},
    {"connectors disable", "NAME", "stops a connector: nothing goes out or comes in by it",
     "It is stopped until it is enabled or the service starts again, on whichever node. To stop it for\n"
     "longer, give its schedule the activation \"never\" in the configuration.",
     NULL, 1, 1, command_connector_disable},
    {"connectors enable", "NAME", "lets a disabled connector work again", NULL, NULL, 1, 1,
     command_connector_enable},
    {"route explain", "ADDRESS", "which connector takes an address, and why each other one does not",
     "ADDRESS is an O/R address: \"S=Doe;O=Acme;P=Net;A= ;C=GB\" or \"/S=Doe/O=Acme/PRMD=Net/ADMD= /C=GB/\".",
     route_options, 1, 1, command_route_explain},
    {"send", "-f ADDRESS -r ADDRESS... -s SUBJECT", "submits a message or a probe",
     "Without --content an interpersonal message is made of the subject, a text and files. --text-file - "
     "reads "
     "the\ntext from standard input. --deferred takes a UTC time (2026-12-24T18:00:00Z) or a delay (+90m; s, "
     "m, "
     "h, d).",
     send_options, 0, 0, command_send},
    {"show", "FILE", "prints a P1, P2 or P22 object readably", NULL, NULL, 1, 1, command_show},
    {"link test", "CONNECTOR", "opens an association, binds, says what each layer answered, releases", NULL,
     NULL, 1, 1, command_link_test},
    {"reload", "", "takes over the changed configuration file; associations stay", NULL, NULL, 0, 0,
     command_reload},
    {"metrics", "", "the counters as Prometheus text", NULL, NULL, 0, 0, command_metrics},
    {"events list", "", "the event catalogue; reserved numbers with --json", NULL, NULL, 0, 0,
     command_events_list},
    {"events explain", "ID", "what an event means and what to do (needs no running MTA)", NULL, NULL, 1, 1,
     command_events_explain},
    {"events tail", "", "the newest events of the running MTA, and those that come (--follow)", NULL,
     tail_options, 0, 0, command_events_tail},
    {"track", "MTS-ID", "everything that happened to a message, from the tracking log (needs no running MTA)",
     "MTS-ID is the identifier of a message or of a report on it; reports on a message are shown with it.",
     NULL, 1, 1, command_track},
    {"trace", "CONNECTOR -o FILE", "writes a connector's traffic to a file that Wireshark opens", NULL,
     trace_options, 1, 1, command_trace},
    {"diagnostics", "[CATEGORY LEVEL]",
     "how much is logged of each category; changes one, until the next reload",
     "CATEGORY is a name, a number or all; LEVEL is none, minimum, medium or maximum.", NULL, 0, 2,
     command_diagnostics},
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_options(const apr_getopt_option_t *options)
{
    for (; options && options->optch; options++) {
        char letter[8] = "   ";
        if (options->optch < 256)
            snprintf(letter, sizeof(letter), "-%c,", options->optch);
        char name[40];
        snprintf(name, sizeof(name), "--%s%s", options->name, options->has_arg ? " VALUE" : "");
        printf("  %s %-26s %s\n", letter, name, options->description);
    }
}

static void print_usage(void)
{
    puts("Usage: x400ctl [-c FILE] [--json] COMMAND [ARGUMENT...]\n\nCommands:");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char line[64];
        snprintf(line, sizeof(line), "%s %s", commands[i].name, commands[i].arguments);
        if (strcmp(commands[i].name, "send") == 0)
            snprintf(line, sizeof(line), "send -f A -r A... -s SUBJECT");
        printf("  %-29s %s\n", line, commands[i].summary);
    }
    puts("\nOptions of every command:");
    print_options(common_options);
    printf("\nThe configuration is %s unless -c names another one.\n"
           "Exit status: 0 done, 1 refused or failed, 2 wrong command line, 3 no MTA answers.\n"
           "x400ctl COMMAND --help says more about a command.\n",
           platform_default_configuration());
}

static void print_command_help(const ctl_command_t *command)
{
    printf("Usage: x400ctl %s %s\n\n%s.\n", command->name, command->arguments, command->summary);
    if (command->help)
        printf("\n%s\n", command->help);
    if (command->options) {
        puts("\nOptions:");
        print_options(command->options);
    }
    puts("\nOptions of every command:");
    print_options(common_options);
}

/* Letters to change to make b of a (Levenshtein); both shorter than the limit. */
static unsigned text_distance(const char *a, const char *b)
{
    enum { LIMIT = 40 };
    size_t length = strlen(b);
    unsigned row[LIMIT + 1];
    if (strlen(a) > LIMIT || length > LIMIT)
        return LIMIT;
    for (unsigned j = 0; j <= length; j++)
        row[j] = j;
    for (unsigned i = 1; *a; a++, i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            unsigned change = diagonal + (*a != b[j - 1]);
            diagonal = row[j];
            unsigned least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < least ? change : least;
        }
    }
    return row[length];
}

static void complain_unknown(const char *first, const char *second)
{
    char given[80];
    snprintf(given, sizeof(given), "%s%s%s", first, second ? " " : "", second ? second : "");
    const char *nearest = NULL;
    unsigned least = 4;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *name = commands[i].name;
        unsigned distance = text_distance(strchr(name, ' ') ? given : first, name);
        const char *space = strchr(name, ' ');
        if (space && strncmp(first, name, (size_t)(space - name)) == 0 &&
            strlen(first) == (size_t)(space - name))
            distance =
                distance > 3 ? 3 : distance; /* "route", "link x": the other word is missing or wrong */
        if (distance < least) {
            least = distance;
            nearest = name;
        }
    }
    if (nearest)
        ctl_complain("there is no command \"%s\"; did you mean \"%s\"?", given, nearest);
    else
        ctl_complain("there is no command \"%s\"; x400ctl --help lists them", first);
}

/* The command of the words at hand; *words is how many of them name it. */
static const ctl_command_t *find_command(const char *first, const char *second, int *words)
{
    const ctl_command_t *found = NULL;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *space = strchr(commands[i].name, ' ');
        size_t length = space ? (size_t)(space - commands[i].name) : strlen(commands[i].name);
        if (strlen(first) != length || strncmp(first, commands[i].name, length) != 0)
            continue;
        if (space && second && strcmp(second, space + 1) == 0) {
            *words = 2;
            return &commands[i];
        }
        if (!space) {
            *words = 1;
            found = &commands[i];
        }
    }
    return found;
}

/* Takes an option that every command has; false if it is one of the command's own. */
static bool take_common(ctl_t *ctl, int letter, const char *value, bool *help)
{
    switch (letter) {
    case 'c': ctl->configuration = value; return true;
    case 'j': ctl->json = true; return true;
    case OPTION_ADMIN: ctl->admin = value; return true;
    case OPTION_TOKEN_FILE: ctl->token_file = value; return true;
    case 'h': *help = true; return true;
    case OPTION_VERSION: puts("x400ctl " X400_VERSION); exit(CTL_OK);
    default: return false;
    }
}

/* Common options and the command's own, in one table. */
static const apr_getopt_option_t *merge_options(apr_pool_t *pool, const apr_getopt_option_t *own)
{
    apr_array_header_t *all = apr_array_make(pool, 32, sizeof(apr_getopt_option_t));
    for (const apr_getopt_option_t *option = common_options; option->optch; option++)
        APR_ARRAY_PUSH(all, apr_getopt_option_t) = *option;
    for (; own && own->optch; own++)
        APR_ARRAY_PUSH(all, apr_getopt_option_t) = *own;
    APR_ARRAY_PUSH(all, apr_getopt_option_t) = (apr_getopt_option_t){NULL, 0, 0, NULL};
    return (const apr_getopt_option_t *)all->elts;
}

/* Reads options: those before the command (stop at the first word), or the command's with its arguments. */
static bool read_options(ctl_t *ctl, apr_getopt_t *reader, const apr_getopt_option_t *options, bool *help)
{
    int letter;
    const char *value = NULL;
    apr_status_t status;
    while ((status = apr_getopt_long(reader, options, &letter, &value)) == APR_SUCCESS) {
        if (!take_common(ctl, letter, value, help))
            APR_ARRAY_PUSH(ctl->options, ctl_option_t) = (ctl_option_t){letter, value};
        value = NULL;
    }
    return APR_STATUS_IS_EOF(status);
}

/* Runs the command whose words are at argv[0]. */
static ctl_exit_t run_command(ctl_t *ctl, int argc, const char *const *argv, bool help)
{
    int words = 0;
    const char *second = argc > 1 ? argv[1] : NULL;
    ctl->command = find_command(argv[0], second, &words);
    if (!ctl->command) {
        complain_unknown(argv[0], second && second[0] != '-' ? second : NULL);
        return CTL_USAGE;
    }
    /* The words of the command give way to the program's name, with which getopt complains. */
    int count = argc - words + 1;
    const char **own = apr_pmemdup(ctl->pool, argv + words - 1, (size_t)count * sizeof(*own));
    own[0] = "x400ctl";
    apr_getopt_t *reader;
    apr_getopt_init(&reader, ctl->pool, count, own);
    reader->interleave = 1;
    if (!read_options(ctl, reader, merge_options(ctl->pool, ctl->command->options), &help)) {
        fprintf(stderr, "x400ctl %s --help lists its options\n", ctl->command->name);
        return CTL_USAGE;
    }
    if (help) {
        print_command_help(ctl->command);
        return CTL_OK;
    }
    ctl->arguments = reader->argv + reader->ind;
    ctl->argument_count = reader->argc - reader->ind;
    if (ctl->argument_count < ctl->command->least || ctl->argument_count > ctl->command->most) {
        if (ctl->argument_count > 0 && ctl->command->most == 0)
            complain_unknown(ctl->command->name, ctl->arguments[0]);
        else
            ctl_complain("usage: x400ctl %s %s", ctl->command->name, ctl->command->arguments);
        return CTL_USAGE;
    }
    return ctl->command->run(ctl);
}

int main(int argc, const char *const *argv)
{
    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS)
        return CTL_FAILED;
    atexit(apr_terminate);
#ifdef SIGPIPE
    apr_signal(SIGPIPE, SIG_IGN); /* the MTA may close before it has read everything */
#endif
    ctl_t ctl = {0};
    apr_pool_create(&ctl.pool, NULL);
    ctl.configuration = platform_default_configuration();
    ctl.options = apr_array_make(ctl.pool, 8, sizeof(ctl_option_t));
    apr_getopt_t *reader;
    apr_getopt_init(&reader, ctl.pool, argc, argv);
    bool help = false;
    if (!read_options(&ctl, reader, common_options, &help)) {
        fputs("x400ctl --help lists the options; those of a command stand behind it\n", stderr);
        return CTL_USAGE;
    }
    if (reader->ind >= argc) {
        if (!help)
            ctl_complain("no command given");
        print_usage();
        return help ? CTL_OK : CTL_USAGE;
    }
    ctl_exit_t status = run_command(&ctl, argc - reader->ind, argv + reader->ind, help);
    if (fflush(stdout) != 0 && status == CTL_OK)
        status = CTL_FAILED;
    return (int)status;
}
