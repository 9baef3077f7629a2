#include "event/textlogs.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "event/rolling.h"

enum { EVENT_ROOM = EVENT_TEXT_LIMIT * 3, ROW = 16, ROW_TEXT = 96, HEAD_ROOM = 512, TRACE_LIMIT = 65536 };

struct textlogs_t {
    event_log_t *log;
    const timebase_t *time;
    rolling_t *events;
    rolling_t *interop;
    rolling_t *apdus;
    atomic_uint reference;
    char event_text[EVENT_ROOM]; /* used by the sink, one at a time */
};

static const char *class_words(event_category_t category)
{
    static const char *const words[EVENT_CATEGORY_LIMIT] = {
        [EVENT_X400_SERVICE] = "X.400 Service Event",
        [EVENT_RESOURCE] = "Resource Monitoring Event",
        [EVENT_SECURITY] = "Security Event",
        [EVENT_INTERFACE] = "Interface Event",
        [EVENT_FIELD_ENGINEERING] = "Field Engineering Event",
        [EVENT_MTA_ADMINISTRATION] = "MTA Administration Event",
        [EVENT_CONFIGURATION] = "Configuration Event",
        [EVENT_DIRECTORY_ACCESS] = "Directory Access Event",
        [EVENT_OPERATING_SYSTEM] = "Internal Operating System Error",
        [EVENT_INTERNAL_PROCESSING] = "Internal Processing Error",
        [EVENT_INTEROPERABILITY] = "Interoperability Event",
        [EVENT_APDU] = "APDU Event",
    };
    return words[category] ? words[category] : "Event";
}

/* "06-27-96 02:03:05pm" in local time, as the old logs have it. */
static void format_time(utc_time_t time, char *text, size_t size)
{
    apr_time_exp_t t;
    apr_time_exp_lt(&t, time);
    int hour = t.tm_hour % 12 ? t.tm_hour % 12 : 12;
    apr_snprintf(text, size, "%02d-%02d-%02d %02d:%02d:%02d%s", t.tm_mon + 1, t.tm_mday, t.tm_year % 100,
                 hour, t.tm_min, t.tm_sec, t.tm_hour < 12 ? "am" : "pm");
}

size_t textlogs_format_event(const event_record_t *record, char *text, size_t size)
{
    const event_definition_t *definition = record->definition;
    char time[32];
    format_time(record->time, time, sizeof(time));
    size_t used =
        (size_t)apr_snprintf(text, size, "message NMI%04u: %s, severity %d\n(%s(%u) Proc %u) %s\n%s\n",
                             definition->id, class_words(definition->category), definition->severity,
                             definition->module, record->thread, definition->procedure, time, record->text);
    for (unsigned i = 0; i < definition->parameter_count && used < size; i++)
        used += (size_t)apr_snprintf(text + used, size - used, "%s: %s\n", definition->parameters[i],
                                     record->parameters[i]);
    if (used < size)
        used += (size_t)apr_snprintf(text + used, size - used, "\n");
    return used < size ? used : size - 1;
}

static void write_event(void *context, const event_record_t *record)
{
    textlogs_t *logs = context;
    size_t length = textlogs_format_event(record, logs->event_text, sizeof(logs->event_text));
    rolling_write(logs->events, logs->event_text, length);
}

textlogs_t *textlogs_create(event_log_t *log, const timebase_t *time, const textlogs_config_t *config,
                            apr_pool_t *pool)
{
    textlogs_t *logs = apr_pcalloc(pool, sizeof(*logs));
    logs->log = log;
    logs->time = time;
    logs->interop =
        rolling_create(config->folder, "AP", config->unbounded_interop ? 0 : (size_t)ROLLING_LIMIT, pool);
    logs->apdus =
        rolling_create(config->folder, "BF", config->unbounded_apdu ? 0 : (size_t)ROLLING_LIMIT, pool);
    if (config->event_log) {
        logs->events =
            rolling_create(config->folder, "EV", config->unbounded_event ? 0 : (size_t)ROLLING_LIMIT, pool);
        event_log_add_sink(log, write_event, logs);
    }
    return logs;
}

static bool both_at_medium(const event_log_t *log, event_category_t a, event_category_t b)
{
    return event_log_level(log, a) >= EVENT_LEVEL_MEDIUM && event_log_level(log, b) >= EVENT_LEVEL_MEDIUM;
}

bool textlogs_traces(const textlogs_t *logs)
{
    return logs && both_at_medium(logs->log, EVENT_INTERFACE, EVENT_INTEROPERABILITY);
}

bool textlogs_dumps(const textlogs_t *logs)
{
    return logs && both_at_medium(logs->log, EVENT_X400_SERVICE, EVENT_APDU);
}

/* "00000010  61 82 ...  a..." and a line end; returns its length. */
static size_t format_row(uint64_t offset, bytes_t row, char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = (size_t)apr_snprintf(text, ROW_TEXT, "%08" APR_UINT64_T_HEX_FMT "  ", (apr_uint64_t)offset);
    for (size_t i = 0; i < ROW; i++) {
        bool here = i < row.length;
        text[used++] = here ? digits[row.data[i] >> 4] : ' ';
        text[used++] = here ? digits[row.data[i] & 15] : ' ';
        text[used++] = ' ';
    }
    text[used++] = ' ';
    for (size_t i = 0; i < row.length; i++)
        text[used++] = row.data[i] >= 0x20 && row.data[i] < 0x7F ? (char)row.data[i] : '.';
    text[used++] = '\n';
    return used;
}

/* Writes head and the octets in rows as one text; at most TRACE_LIMIT octets at once. */
static void write_rows(rolling_t *log, const char *head, uint64_t offset, bytes_t octets)
{
    size_t length = strlen(head);
    char *text = malloc(length + (octets.length / ROW + 1) * ROW_TEXT + 1);
    if (!text)
        return;                 /* a trace is not worth more than the service */
    memcpy(text, head, length); /* NOLINT(bugprone-not-null-terminated-result): rows follow */
    for (size_t at = 0; at < octets.length; at += ROW)
        length += format_row(offset + at, bytes_slice(octets, at, ROW), text + length);
    rolling_write(log, text, length);
    free(text);
}

static void write_octets(rolling_t *log, const char *head, uint64_t offset, bytes_t octets)
{
    do {
        bytes_t part = bytes_slice(octets, 0, TRACE_LIMIT);
        write_rows(log, head, offset, part);
        offset += part.length;
        octets = bytes_slice(octets, part.length, SIZE_MAX);
        head = "";
    } while (octets.length);
}

void textlogs_trace(textlogs_t *logs, const char *entity, const char *address, bool outgoing, bytes_t octets)
{
    if (!textlogs_traces(logs))
        return;
    char time[32];
    char head[HEAD_ROOM];
    format_time(timebase_utc(logs->time), time, sizeof(time));
    apr_snprintf(head, sizeof(head), "\n%s %s %s %s: %" APR_SIZE_T_FMT " octets\n", time,
                 outgoing ? "N-DATA request to" : "N-DATA indication from",
                 *entity ? entity : "(not known yet)", address, octets.length);
    write_octets(logs->interop, head, 0, octets);
}

unsigned textlogs_new_reference(textlogs_t *logs)
{
    return logs ? atomic_fetch_add(&logs->reference, 1) + 1 : 0;
}

void textlogs_dump(textlogs_t *logs, unsigned reference, const char *what, uint64_t offset, bytes_t octets)
{
    if (!textlogs_dumps(logs) || !reference)
        return;
    char time[32];
    char head[HEAD_ROOM] = "";
    format_time(timebase_utc(logs->time), time, sizeof(time));
    if (offset == 0)
        apr_snprintf(head, sizeof(head), "\nReference %u : %s %s\n", reference, what, time);
    else
        apr_snprintf(head, sizeof(head), "Reference %u continued\n", reference);
    write_octets(logs->apdus, head, offset, octets);
}
