/* p1sink: takes messages over P1, counts and drops them; or fails in the ways that a test asks for. */
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_strings.h>

#include "p1tool_options.h"
#include "p1sink_sink.h"
#include "platform.h"

enum {
    OPT_ABORT_AFTER = P1TOOL_LONG_ONLY,
    OPT_BACKLOG,
    OPT_CALLED_T,
    OPT_CHECK_DUPLICATES,
    OPT_CHECKPOINT,
    OPT_CUT_AFTER_CHECKPOINT,
    OPT_DELAY,
    OPT_DUMP,
    OPT_FAIL_AFTER,
    OPT_FAIL_TIMES,
    OPT_JSON,
    OPT_LINK_STATE,
    OPT_MARK_EVERY,
    OPT_MARKS,
    OPT_PEER_NAME,
    OPT_PEER_PASSWORD,
    OPT_PORT_FILE,
    OPT_REFUSE,
    OPT_REFUSE_TRANSFERS,
    OPT_REFUSE_TWA,
    OPT_SLOW_READ,
    OPT_STOP_AFTER,
    OPT_STRICT,
    OPT_TPDU,
    OPT_WINDOW
};

enum { DEFAULT_PORT = 102, DEFAULT_CHECKPOINT = 30, DEFAULT_WINDOW = 5, DEFAULT_BACKLOG = 511 };
enum { TPDU_MINIMUM = 128, TPDU_MAXIMUM = 65531, HOST_LIMIT = 128 };

static const apr_getopt_option_t option_table[] = {
    {"mode", 'M', 1, "take only this mode: 1984, x410 or normal; may be repeated (all)"},
    {"name", 'n', 1, "our MTA name in the bind's result (none: no credentials)"},
    {"password", 'p', 1, "our password in the bind's result"},
    {"peer-name", OPT_PEER_NAME, 1, "take only this MTA (anybody)"},
    {"peer-password", OPT_PEER_PASSWORD, 1, "take only this password"},
    {"called-tsel", OPT_CALLED_T, 1, "serve only this T-selector, text or 0x hexadecimal (any)"},
    {"checkpoint", OPT_CHECKPOINT, 1, "largest checkpoint size in units of 1024 octets (30)"},
    {"window", OPT_WINDOW, 1, "largest window of checkpoints (5)"},
    {"tpdu", OPT_TPDU, 1, "largest TPDU, 128 to 65531 octets (65531)"},
    {"dump", OPT_DUMP, 1, "write each APDU as a file to this folder"},
    {"check-duplicates", OPT_CHECK_DUPLICATES, 0,
     "count MTS identifiers that came before (keeps them in memory)"},
    {"stop-after", OPT_STOP_AFTER, 1, "end after so many APDUs"},
    {"marks", OPT_MARKS, 1, "write the number of APDUs and the time (microseconds) to this file"},
    {"mark-every", OPT_MARK_EVERY, 1, "after each so many APDUs (1000)"},
    {"port-file", OPT_PORT_FILE, 1, "write the port to this file when listening (with port 0)"},
    {"backlog", OPT_BACKLOG, 1, "calls that may wait (511)"},
    {"delay", OPT_DELAY, 1, "seconds (or ms) before an APDU is accepted"},
    {"slow-read", OPT_SLOW_READ, 1, "octets per second that each association reads"},
    {"fail-after-octets", OPT_FAIL_AFTER, 1, "cut the connection after so many octets of an APDU"},
    {"cut-after-checkpoint", OPT_CUT_AFTER_CHECKPOINT, 1, "cut it after this checkpoint was confirmed"},
    {"fail-times", OPT_FAIL_TIMES, 1, "how often the connection is cut so (1)"},
    {"abort-after", OPT_ABORT_AFTER, 1, "abort an association after so many APDUs"},
    {"refuse", OPT_REFUSE, 0, "refuse every bind as busy"},
    {"refuse-transfers", OPT_REFUSE_TRANSFERS, 1, "refuse the first so many transfers"},
    {"refuse-twa", OPT_REFUSE_TWA, 0, "refuse two-way alternate"},
    {"strict", OPT_STRICT, 0, "cut the connection at the first octet that is not standard P1"},
    {"link-state", OPT_LINK_STATE, 1, "offer link-state, and take, refuse or abort it when it comes"},
    {"json", OPT_JSON, 0, "totals as JSON"},
    {"help", P1TOOL_HELP, 0, "this text"},
    {"version", P1TOOL_VERSION, 0, "the version"},
    {NULL, 0, 0, NULL},
};

typedef struct arguments_t {
    sink_options_t sink;
    const char *port_file;
} arguments_t;

static bool set_number(sink_options_t *options, int letter, const char *text)
{
    switch (letter) {
    case OPT_CHECKPOINT: return text_read_number(text, 0, 65535, &options->checkpoint_k);
    case OPT_WINDOW: return text_read_number(text, 1, 255, &options->window);
    case OPT_TPDU: return text_read_number(text, TPDU_MINIMUM, TPDU_MAXIMUM, &options->tpdu_size);
    case OPT_STOP_AFTER: return text_read_number(text, 0, INT64_MAX, &options->stop_after);
    case OPT_MARK_EVERY: return text_read_number(text, 1, INT64_MAX, &options->mark_every);
    case OPT_BACKLOG: return text_read_number(text, 1, 65535, &options->backlog);
    case OPT_DELAY: return text_read_duration(text, &options->delay);
    case OPT_SLOW_READ: return text_read_number(text, 1, INT64_C(1) << 40, &options->slow_read);
    case OPT_FAIL_AFTER: return text_read_number(text, 0, INT64_C(1) << 40, &options->fail_after_octets);
    case OPT_CUT_AFTER_CHECKPOINT:
        return text_read_number(text, 1, OSI_SYNC_NUMBER_LIMIT, &options->cut_after_checkpoint);
    case OPT_FAIL_TIMES: return text_read_number(text, 0, INT64_MAX, &options->fail_times);
    case OPT_ABORT_AFTER: return text_read_number(text, 0, INT64_MAX, &options->abort_after);
    case OPT_REFUSE_TRANSFERS: return text_read_number(text, 0, INT64_MAX, &options->refuse_transfers);
    default: return false;
    }
}

static bool add_mode(sink_options_t *options, const char *text)
{
    osi_mode_t mode;
    if (!text_read_mode(text, &mode))
        return false;
    options->modes[mode] = true;
    return true;
}

static bool set_sibling(sink_options_t *options, const char *text)
{
    static const char *const words[] = {
        [SINK_TAKES] = "take", [SINK_REFUSES] = "refuse", [SINK_ABORTS] = "abort"};
    for (int i = SINK_TAKES; i <= SINK_ABORTS; i++)
        if (strcmp(text, words[i]) == 0)
            options->sibling = (sink_sibling_t)i;
    return options->sibling != SINK_PLAIN;
}

static bool set_option(void *context, apr_pool_t *pool, int letter, const char *text)
{
    arguments_t *arguments = context;
    sink_options_t *options = &arguments->sink;
    switch (letter) {
    case 'M': return add_mode(options, text);
    case 'n': options->name = text; return true;
    case 'p': options->password = text; return true;
    case OPT_PEER_NAME: options->peer_name = text; return true;
    case OPT_PEER_PASSWORD: options->peer_password = text; return true;
    case OPT_CALLED_T: return text_read_selector(pool, text, OSI_TSEL_LIMIT, &options->called_tsel);
    case OPT_DUMP: options->dump = text; return true;
    case OPT_MARKS: options->marks = text; return true;
    case OPT_CHECK_DUPLICATES: options->check_duplicates = true; return true;
    case OPT_PORT_FILE: arguments->port_file = text; return true;
    case OPT_REFUSE: options->refuse = true; return true;
    case OPT_REFUSE_TWA: options->refuse_twa = true; return true;
    case OPT_STRICT: options->strict = true; return true;
    case OPT_LINK_STATE: return set_sibling(options, text);
    case OPT_JSON: options->json = true; return true;
    default: return set_number(options, letter, text);
    }
}

/* The exit status if the program ends here, else P1TOOL_GO_ON. */
static int read_options(arguments_t *arguments, int argc, const char *const *argv, apr_pool_t *pool)
{
    const options_program_t program = {
        .name = "p1sink",
        .operand = "[address:]port",
        .purpose = "Takes messages over P1, drops them, and prints how many there were when it ends.",
        .table = option_table,
        .set = set_option,
        .context = arguments};
    const char *place = NULL;
    int status = options_read(&program, argc, argv, &place, pool);
    if (status == P1TOOL_GO_ON &&
        !text_read_endpoint(pool, place, true, &arguments->sink.address, &arguments->sink.port))
        return options_refuse_operand(&program, place);
    return status;
}

static void print_json(const sink_totals_t *totals, double seconds)
{
    printf("{\"accepted\": %lld, \"octets\": %llu, \"seconds\": %.6f, \"messages_per_second\": %.1f, ",
           (long long)totals->accepted, (unsigned long long)totals->octets, seconds,
           seconds > 0 ? (double)totals->accepted / seconds : 0);
    printf("\"duplicates\": %lld, \"unreadable\": %lld, \"discarded\": %lld, \"interrupted\": %lld, "
           "\"resumed\": %lld, \"refused_transfers\": %lld, \"link_states\": %lld, \"foreign\": %lld, ",
           (long long)totals->duplicates, (long long)totals->unreadable, (long long)totals->discarded,
           (long long)totals->interrupted, (long long)totals->resumed, (long long)totals->transfers_refused,
           (long long)totals->link_states, (long long)totals->foreign);
    printf(
        "\"associations\": {\"connections\": %lld, \"opened\": %lld, \"refused\": %lld, \"released\": %lld, "
        "\"broken\": %lld}, \"trouble\": %lld}\n",
        (long long)totals->connections, (long long)totals->opened, (long long)totals->refused,
        (long long)totals->released, (long long)totals->broken, (long long)totals->trouble);
}

static void print_text(const sink_options_t *options, const sink_totals_t *totals, double seconds)
{
    printf("%lld accepted, %llu octets, in %.3f s: %.1f messages/s\n", (long long)totals->accepted,
           (unsigned long long)totals->octets, seconds, seconds > 0 ? (double)totals->accepted / seconds : 0);
    if (options->check_duplicates)
        printf("duplicates: %lld; without an identifier: %lld\n", (long long)totals->duplicates,
               (long long)totals->unreadable);
    printf("transfers discarded %lld, interrupted %lld, resumed %lld, refused %lld\n",
           (long long)totals->discarded, (long long)totals->interrupted, (long long)totals->resumed,
           (long long)totals->transfers_refused);
    printf("associations: %lld opened, %lld refused, %lld released, %lld broken, of %lld connections\n",
           (long long)totals->opened, (long long)totals->refused, (long long)totals->released,
           (long long)totals->broken, (long long)totals->connections);
    if (options->strict)
        printf("cut at what is not standard P1: %lld\n", (long long)totals->foreign);
    if (options->sibling)
        printf("link-state: %lld\n", (long long)totals->link_states);
    if (totals->trouble)
        printf("trouble: %lld\n", (long long)totals->trouble);
}

static void report(const sink_options_t *options, const sink_totals_t *totals)
{
    double seconds = (double)(totals->ended - totals->begun) / (double)TIME_SECONDS(1);
    if (options->json)
        print_json(totals, seconds);
    else
        print_text(options, totals, seconds);
}

static err_t *write_port(const char *path, uint16_t port, apr_pool_t *pool)
{
    apr_file_t *file = NULL;
    const char *other = apr_pstrcat(pool, path, ".new", NULL);
    apr_status_t status = apr_file_open(&file, other, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                                        APR_FPROT_OS_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        apr_file_printf(file, "%u\n", (unsigned)port);
        status = apr_file_close(file);
    }
    if (status == APR_SUCCESS)
        status = apr_file_rename(other, path, pool);
    return status == APR_SUCCESS ? NULL : err_from_status(pool, status, "cannot write %s", path);
}

static err_t *open_marks(sink_t *sink)
{
    apr_status_t status = apr_file_open(&sink->marks, sink->options->marks,
                                        APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                                        APR_FPROT_OS_DEFAULT, sink->pool);
    return status == APR_SUCCESS
               ? NULL
               : err_from_status(sink->pool, status, "cannot write %s", sink->options->marks);
}

static void stop(void *context)
{
    net_loop_stop(context);
}

static int run(const arguments_t *arguments, sink_t *sink, apr_pool_t *pool)
{
    net_listener_t *listener = NULL;
    platform_service_t service = {.stop = stop};
    err_t *err = net_loop_create(&sink->loop, pool);
    service.context = sink->loop;
    if (!err)
        err = platform_service_begin(&service, pool);
    if (!err)
        err = sink_listen(sink, &listener);
    if (!err && arguments->sink.marks)
        err = open_marks(sink);
    if (!err && arguments->port_file)
        err = write_port(arguments->port_file, net_listener_port(listener), pool);
    if (!err)
        err = net_loop_run(sink->loop);
    if (err) {
        fprintf(stderr, "p1sink: %s\n", err_describe(pool, err));
        return 2;
    }
    report(&arguments->sink, sink->totals);
    return sink->totals->trouble ? 1 : 0;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    arguments_t *arguments = apr_pcalloc(pool, sizeof(*arguments));
    sink_options_t *options = &arguments->sink;
    *options = (sink_options_t){.port = DEFAULT_PORT,
                                .backlog = DEFAULT_BACKLOG,
                                .checkpoint_k = DEFAULT_CHECKPOINT,
                                .window = DEFAULT_WINDOW,
                                .tpdu_size = TPDU_MAXIMUM,
                                .fail_after_octets = -1,
                                .fail_times = 1,
                                .mark_every = 1000};
    int status = read_options(arguments, argc, argv, pool);
    if (status != P1TOOL_GO_ON)
        return status;
    if (!options->modes[0] && !options->modes[1] && !options->modes[2])
        options->modes[0] = options->modes[1] = options->modes[2] = true;
    if (options->dump)
        apr_dir_make_recursive(options->dump, APR_FPROT_OS_DEFAULT, pool);
    sink_t *sink = apr_pcalloc(pool, sizeof(*sink)); /* its buffers are cleaned up with the pool */
    char *host = apr_pcalloc(pool, HOST_LIMIT);
    if (apr_gethostname(host, HOST_LIMIT, pool) != APR_SUCCESS)
        apr_cpystrn(host, "localhost", HOST_LIMIT);
    sink->options = options;
    sink->totals = apr_pcalloc(pool, sizeof(*sink->totals));
    sink->pool = pool;
    sink->fails_left = options->fail_times;
    sink->refuses_left = options->refuse_transfers;
    sink->host = host;
    sink->started = timebase_utc(timebase_system());
    sink->seen_pool = pool;
    sink->seen = apr_hash_make(pool);
    return run(arguments, sink, pool);
}
