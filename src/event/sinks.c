/* The sinks that are everywhere: a text file and standard error. */
#include <stdio.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "event/event.h"

enum { LINE_LIMIT = EVENT_TEXT_LIMIT + 128 };

/* One line: "2026-11-22 10:00:00Z 4284 Warning X.400 Service: text". Returns its length. */
static size_t format_line(const event_record_t *record, char *line, size_t size)
{
    apr_time_exp_t time;
    apr_time_exp_gmt(&time, record->time);
    const event_definition_t *definition = record->definition;
    int length = apr_snprintf(line, size, "%04d-%02d-%02d %02d:%02d:%02dZ %u %s %s: %s\n",
                              time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min,
                              time.tm_sec, definition->id, event_type_name(definition->type),
                              event_category_name(definition->category), record->text);
    return (size_t)length;
}

static void write_file(void *context, const event_record_t *record)
{
    char line[LINE_LIMIT];
    size_t length = format_line(record, line, sizeof(line));
    /* A log that cannot be written is no reason to stop, and there is no other place to say so. */
    (void)apr_file_write_full(context, line, length, NULL);
}

err_t *event_log_add_text_file(event_log_t *log, const char *path, apr_pool_t *pool)
{
    apr_file_t *file = NULL;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND | APR_FOPEN_BINARY,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD, pool);
    if (status)
        return err_from_status(pool, status, "The event log %s cannot be opened", path);
    event_log_add_sink(log, write_file, file);
    return NULL;
}

static void write_standard_error(void *context, const event_record_t *record)
{
    (void)context;
    char line[LINE_LIMIT];
    size_t length = format_line(record, line, sizeof(line));
    fwrite(line, 1, length, stderr);
}

void event_log_add_standard_error(event_log_t *log)
{
    event_log_add_sink(log, write_standard_error, NULL);
}
