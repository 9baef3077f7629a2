/* `x400ctl trace CONNECTOR -o FILE`: a connector's traffic into a file that Wireshark opens. */
#include <apr_base64.h>
#include <apr_file_io.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "x400ctl_ctl.h"
#include "x400ctl_table.h"

enum { PAUSE = 250000 };

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

typedef struct tracing_t {
    ctl_t *ctl;
    const char *connector;
    const char *path;
    apr_file_t *file;
    size_t written;
    json_int_t dropped;
} tracing_t;

/* Fetches what there is and appends it to the file; *more if there is more at once. */
static ctl_exit_t fetch(tracing_t *tracing, bool *more)
{
    ctl_t *ctl = tracing->ctl;
    json_t *result;
    ctl_exit_t status =
        ctl_request(ctl, "trace.read", json_pack("{s:s}", "connector", tracing->connector), &result);
    if (status != CTL_OK)
        return status;
    const char *text = json_string_value(json_object_get(result, "octets"));
    char *octets = apr_palloc(ctl->pool, (apr_size_t)apr_base64_decode_len(text ? text : "") + 1);
    int length = apr_base64_decode(octets, text ? text : "");
    *more = json_is_true(json_object_get(result, "more"));
    tracing->dropped = json_integer_value(json_object_get(result, "dropped"));
    json_decref(result);
    apr_status_t written = apr_file_write_full(tracing->file, octets, (apr_size_t)length, NULL);
    if (written != APR_SUCCESS) {
        char words[160];
        ctl_complain("%s cannot be written: %s", tracing->path,
                     err_status_words(written, words, sizeof(words)));
        return CTL_FAILED;
    }
    tracing->written += (size_t)length;
    return CTL_OK;
}

static ctl_exit_t follow(tracing_t *tracing, apr_time_t end)
{
    apr_pool_t *whole = tracing->ctl->pool;
    ctl_exit_t status = CTL_OK;
    bool last = false;
    while (status == CTL_OK) {
        bool more = false;
        apr_pool_create(&tracing->ctl->pool, whole);
        status = fetch(tracing, &more);
        apr_pool_destroy(tracing->ctl->pool);
        tracing->ctl->pool = whole;
        if (status != CTL_OK || (last && !more))
            break;
        last = last || interrupted || (end && apr_time_now() >= end);
        if (!more && !last)
            apr_sleep(PAUSE);
    }
    return status;
}

ctl_exit_t command_trace(ctl_t *ctl)
{
    tracing_t tracing = {.ctl = ctl, .connector = ctl->arguments[0], .path = ctl_option(ctl, 'o')};
    const char *seconds = ctl_option(ctl, 'T');
    if (!tracing.path) {
        ctl_complain("name the file to write with -o FILE.pcapng");
        return CTL_USAGE;
    }
    if (seconds && (!*seconds || strspn(seconds, "0123456789") != strlen(seconds))) {
        ctl_complain("--for takes a number of seconds, not \"%s\"", seconds);
        return CTL_USAGE;
    }
    apr_status_t opened =
        apr_file_open(&tracing.file, tracing.path,
                      APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE | APR_FOPEN_BINARY,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE, ctl->pool);
    if (opened != APR_SUCCESS) {
        char words[160];
        ctl_complain("%s cannot be written: %s", tracing.path,
                     err_status_words(opened, words, sizeof(words)));
        return CTL_FAILED;
    }
    json_t *arguments = json_pack("{s:s, s:b}", "connector", tracing.connector, "content_blanked",
                                  ctl_option(ctl, 'B') ? 1 : 0);
    json_t *result;
    ctl_exit_t status = ctl_request(ctl, "trace.start", arguments, &result);
    if (status != CTL_OK)
        return status;
    json_decref(result);
    apr_signal(SIGINT, interrupt);
    apr_signal(SIGTERM, interrupt);
    apr_time_t end = seconds ? apr_time_now() + apr_time_from_sec(apr_atoi64(seconds)) : 0;
    status = follow(&tracing, end);
    if (ctl_request(ctl, "trace.stop", json_pack("{s:s}", "connector", tracing.connector), &result) == CTL_OK)
        json_decref(result);
    apr_file_close(tracing.file);
    if (ctl->json)
        printf("{\"file\": \"%s\", \"octets\": %lu, \"dropped\": %ld}\n", tracing.path,
               (unsigned long)tracing.written, (long)tracing.dropped);
    else
        printf("%s: %lu octets; open it with Wireshark and decode the port as TPKT if it is not 102.\n",
               tracing.path, (unsigned long)tracing.written);
    if (tracing.dropped)
        ctl_complain("%ld packets did not fit into memory and are missing", (long)tracing.dropped);
    return status;
}
