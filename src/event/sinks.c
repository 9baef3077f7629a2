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

typedef struct text_file_t {
    const char *path;
    apr_pool_t *pool; /* of the open file */
    apr_file_t *file;
    apr_finfo_t identity; /* of the open file */
} text_file_t;

static apr_status_t open_file(text_file_t *text)
{
    apr_status_t status = apr_file_open(
        &text->file, text->path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND | APR_FOPEN_BINARY,
        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD, text->pool);
    if (status == APR_SUCCESS)
        (void)apr_file_info_get(&text->identity, APR_FINFO_IDENT, text->file);
    else
        text->file = NULL;
    return status;
}

/* True if the path still leads to the open file; also if the system cannot tell. */
static bool is_in_place(const text_file_t *text)
{
    apr_finfo_t now;
    apr_status_t status = apr_stat(&now, text->path, APR_FINFO_IDENT, text->pool);
    if (APR_STATUS_IS_ENOENT(status))
        return false;
    if (status != APR_SUCCESS || (text->identity.valid & now.valid & APR_FINFO_IDENT) != APR_FINFO_IDENT)
        return true;
    return now.inode == text->identity.inode && now.device == text->identity.device;
}

static void write_file(void *context, const event_record_t *record)
{
    text_file_t *text = context;
    char line[LINE_LIMIT];
    size_t length = format_line(record, line, sizeof(line));
    /* Somebody rotates the log by renaming it: the next line begins the new file. */
    if (!text->file || !is_in_place(text)) {
        apr_pool_clear(text->pool);
        (void)open_file(text);
    }
    /* A log that cannot be written is no reason to stop, and there is no other place to say so. */
    if (text->file)
        (void)apr_file_write_full(text->file, line, length, NULL);
}

err_t *event_log_add_text_file(event_log_t *log, const char *path, apr_pool_t *pool)
{
    text_file_t *text = apr_pcalloc(pool, sizeof(*text));
    text->path = apr_pstrdup(pool, path);
    apr_status_t status = apr_pool_create(&text->pool, pool);
    if (status == APR_SUCCESS)
        status = open_file(text);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "The event log %s cannot be opened", path);
    event_log_add_sink(log, write_file, text);
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
