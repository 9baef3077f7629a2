/* p1source: sends messages to an MTA over P1 and measures how fast they are taken. */
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "p1tool_options.h"
#include "p1source_source.h"
#include "platform.h"

enum {
    OPT_CALLED_T = P1TOOL_LONG_ONLY,
    OPT_CALLED_S,
    OPT_CALLED_P,
    OPT_CALLING_T,
    OPT_CALLING_S,
    OPT_CALLING_P,
    OPT_APDU,
    OPT_CHECKPOINT,
    OPT_CONTENT_TYPE,
    OPT_DEFERRED,
    OPT_JSON,
    OPT_LOCAL,
    OPT_PER_ASSOCIATION,
    OPT_PROBE,
    OPT_RATE,
    OPT_REPORT,
    OPT_RESUME,
    OPT_RETRIES,
    OPT_TIMEOUT,
    OPT_TPDU,
    OPT_TRACE,
    OPT_TWA,
    OPT_WINDOW
};

enum { DEFAULT_PORT = 102, DEFAULT_LENGTH = 2048, DEFAULT_WINDOW = 3, DEFAULT_TIMEOUT_SECONDS = 30 };
enum { TPDU_MINIMUM = 128, TPDU_MAXIMUM = 65531 };

static const apr_getopt_option_t option_table[] = {
    {"connections", 'c', 1, "associations at the same time (1)"},
    {"messages", 'm', 1, "messages in all (1)"},
    {"length", 'l', 1, "octets of the content (2048); k, m, g as units"},
    {"mode", 'M', 1, "1984, x410 or normal (normal)"},
    {"name", 'n', 1, "our MTA name in the bind (none: no credentials)"},
    {"password", 'p', 1, "our password in the bind"},
    {"from", 'f', 1, "originator (C=XX;A= ;P=SOURCE;S=source)"},
    {"recipient", 'r', 1, "recipient, %d is the message's number; may be given many times"},
    {"called-tsel", OPT_CALLED_T, 1, "called T-selector, text or 0x hexadecimal"},
    {"called-ssel", OPT_CALLED_S, 1, "called S-selector"},
    {"called-psel", OPT_CALLED_P, 1, "called P-selector"},
    {"calling-tsel", OPT_CALLING_T, 1, "calling T-selector"},
    {"calling-ssel", OPT_CALLING_S, 1, "calling S-selector"},
    {"calling-psel", OPT_CALLING_P, 1, "calling P-selector"},
    {"apdu", OPT_APDU, 1,
     "send the APDU in this file as it is (normal mode: in an EXTERNAL); may be repeated"},
    {"probe", OPT_PROBE, 0, "send probes"},
    {"content-type", OPT_CONTENT_TYPE, 1, "built-in content type (2 in 1984, else 22)"},
    {"report", OPT_REPORT, 1, "originator's report request: none, non-delivery or all (non-delivery)"},
    {"deferred", OPT_DEFERRED, 1, "seconds for which delivery is to be deferred (0: not)"},
    {"trace", OPT_TRACE, 1, "MTAs that the messages say to have passed (1)"},
    {"checkpoint", OPT_CHECKPOINT, 1, "checkpoint size in units of 1024 octets (0: none)"},
    {"window", OPT_WINDOW, 1, "window of checkpoints (3)"},
    {"tpdu", OPT_TPDU, 1, "largest TPDU, 128 to 65531 octets (65531)"},
    {"twa", OPT_TWA, 0, "two-way alternate"},
    {"rate", OPT_RATE, 1, "messages per second of all associations together (0: no limit)"},
    {"per-association", OPT_PER_ASSOCIATION, 1, "messages before an association is released (0: all)"},
    {"retries", OPT_RETRIES, 1, "failures in a row of an association that are tried again (0)"},
    {"resume", OPT_RESUME, 0, "resume a broken transfer at its last confirmed checkpoint"},
    {"timeout", OPT_TIMEOUT, 1, "seconds to connect and open (30)"},
    {"local-address", OPT_LOCAL, 1, "address to call from"},
    {"json", OPT_JSON, 0, "totals as JSON"},
    {"help", P1TOOL_HELP, 0, "this text"},
    {"version", P1TOOL_VERSION, 0, "the version"},
    {NULL, 0, 0, NULL},
};

static bool set_report(const char *text, x411_user_report_t *report)
{
    static const char *const names[] = {"none", "non-delivery", "all"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *report = (x411_user_report_t)i;
            return true;
        }
    }
    return false;
}

static bool set_number(source_options_t *options, int letter, const char *text)
{
    switch (letter) {
    case 'c': return text_read_number(text, 1, SOURCE_CONNECTION_LIMIT, &options->connections);
    case 'm': return text_read_number(text, 1, SOURCE_MESSAGE_LIMIT, &options->messages);
    case 'l': return text_read_number(text, 0, INT64_C(1) << 40, &options->content_length);
    case OPT_CHECKPOINT: return text_read_number(text, 0, 65535, &options->checkpoint_k);
    case OPT_WINDOW: return text_read_number(text, 1, 255, &options->window);
    case OPT_DEFERRED: return text_read_duration(text, &options->deferred);
    case OPT_TRACE: return text_read_number(text, 1, X411_UB_TRANSFERS, &options->trace);
    case OPT_TPDU: return text_read_number(text, TPDU_MINIMUM, TPDU_MAXIMUM, &options->tpdu_size);
    case OPT_CONTENT_TYPE: return text_read_number(text, 0, 32767, &options->content_type);
    case OPT_RATE: return text_read_number(text, 0, 1000000, &options->rate);
    case OPT_PER_ASSOCIATION:
        return text_read_number(text, 0, SOURCE_MESSAGE_LIMIT, &options->per_association);
    case OPT_RETRIES: return text_read_number(text, 0, SOURCE_MESSAGE_LIMIT, &options->retries);
    case OPT_TIMEOUT: return text_read_duration(text, &options->timeout);
    default: return false;
    }
}

static bool set_selector(source_options_t *options, apr_pool_t *pool, int letter, const char *text)
{
    switch (letter) {
    case OPT_CALLED_T: return text_read_selector(pool, text, OSI_TSEL_LIMIT, &options->called.transport);
    case OPT_CALLED_S: return text_read_selector(pool, text, OSI_SSEL_LIMIT, &options->called.session);
    case OPT_CALLED_P: return text_read_selector(pool, text, OSI_PSEL_LIMIT, &options->called.presentation);
    case OPT_CALLING_T: return text_read_selector(pool, text, OSI_TSEL_LIMIT, &options->calling.transport);
    case OPT_CALLING_S: return text_read_selector(pool, text, OSI_SSEL_LIMIT, &options->calling.session);
    case OPT_CALLING_P: return text_read_selector(pool, text, OSI_PSEL_LIMIT, &options->calling.presentation);
    default: return set_number(options, letter, text);
    }
}

static bool add_apdu(source_options_t *options, apr_pool_t *pool, const char *path)
{
    if (options->apdu_count == SOURCE_ADDRESS_LIMIT)
        return false;
    if (text_read_file(pool, path, &options->apdus[options->apdu_count++]))
        return true;
    fprintf(stderr, "p1source: the file \"%s\" cannot be read\n", path);
    return false;
}

static bool add_recipient(source_options_t *options, const char *address)
{
    if (options->recipient_count == SOURCE_ADDRESS_LIMIT)
        return false;
    options->recipients[options->recipient_count++] = address;
    return true;
}

static bool set_option(void *context, apr_pool_t *pool, int letter, const char *text)
{
    source_options_t *options = context;
    switch (letter) {
    case 'M': return text_read_mode(text, &options->mode);
    case 'n': options->name = text; return true;
    case 'p': options->password = text; return true;
    case 'f': options->originator = text; return true;
    case 'r': return add_recipient(options, text);
    case OPT_APDU: return add_apdu(options, pool, text);
    case OPT_REPORT: return set_report(text, &options->report);
    case OPT_PROBE: options->probe = true; return true;
    case OPT_TWA: options->two_way_alternate = true; return true;
    case OPT_RESUME: options->resume = true; return true;
    case OPT_JSON: options->json = true; return true;
    case OPT_LOCAL: options->local_address = text; return true;
    default: return set_selector(options, pool, letter, text);
    }
}

/* The exit status if the program ends here, else P1TOOL_GO_ON. */
static int read_options(source_options_t *options, int argc, const char *const *argv, apr_pool_t *pool)
{
    const options_program_t program = {
        .name = "p1source",
        .operand = "host[:port]",
        .purpose = "Sends messages over P1 and prints how many were accepted and how fast.",
        .table = option_table,
        .set = set_option,
        .context = options};
    const char *place = NULL;
    int status = options_read(&program, argc, argv, &place, pool);
    if (status == P1TOOL_GO_ON && !text_read_endpoint(pool, place, false, &options->host, &options->port))
        return options_refuse_operand(&program, place);
    return status;
}

static void stop(void *context)
{
    net_loop_stop(context);
}

static int run(const source_options_t *options, apr_pool_t *pool)
{
    net_loop_t *loop = NULL;
    source_totals_t totals = {.pool = pool};
    platform_service_t service = {.stop = stop};
    err_t *err = net_loop_create(&loop, pool);
    service.context = loop;
    if (!err)
        err = platform_service_begin(&service, pool);
    if (!err)
        err = source_run(options, &totals, loop, pool);
    if (err) {
        fprintf(stderr, "p1source: %s\n", err_describe(pool, err));
        return 2;
    }
    return source_report(options, &totals) ? 0 : 1;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    source_options_t *options = apr_pcalloc(pool, sizeof(*options));
    *options = (source_options_t){.mode = OSI_MODE_NORMAL,
                                  .port = DEFAULT_PORT,
                                  .trace = 1,
                                  .timeout = TIME_SECONDS(DEFAULT_TIMEOUT_SECONDS),
                                  .connections = 1,
                                  .messages = 1,
                                  .content_length = DEFAULT_LENGTH,
                                  .content_type = -1,
                                  .window = DEFAULT_WINDOW,
                                  .tpdu_size = TPDU_MAXIMUM,
                                  .originator = "C=XX;A= ;P=SOURCE;S=source",
                                  .report = X411_USER_REPORT_NON_DELIVERY};
    int status = read_options(options, argc, argv, pool);
    if (status != P1TOOL_GO_ON)
        return status;
    if (options->content_type < 0)
        options->content_type = options->mode == OSI_MODE_X410_1984 ? X411_CONTENT_P2 : X411_CONTENT_P22;
    if (options->recipient_count == 0)
        add_recipient(options, "C=XX;A= ;P=SINK;S=sink%d");
    return run(options, pool);
}
