#include "platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <apr_strings.h>

#include "event/document.h"
#include "journal.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-journal.h>
#endif

typedef struct log_sink_t {
    const char *source;
    bool journal;
} log_sink_t;

static int priority_of(const event_record_t *record)
{
    switch (record->definition->type) {
    case EVENT_ERROR: return LOG_ERR;
    case EVENT_WARNING: return LOG_WARNING;
    case EVENT_INFORMATION: break;
    }
    return LOG_INFO;
}

static void write_syslog(const event_record_t *record)
{
    const event_definition_t *definition = record->definition;
    syslog(priority_of(record), "%u %s: %s", definition->id, event_category_name(definition->category),
           record->text);
}

#ifdef HAVE_SYSTEMD
enum { FIELD_LIMIT = 16 + EVENT_PARAMETER_LIMIT, FIELD_NAME_LIMIT = 64 };

/* The fields of one entry, "NAME=value" each; freed together. */
typedef struct fields_t {
    struct iovec field[FIELD_LIMIT];
    int count;
} fields_t;

static void add_field(fields_t *fields, const char *name, const char *value)
{
    if (!value || fields->count == FIELD_LIMIT)
        return;
    char *text = NULL;
    int length = asprintf(&text, "%s=%s", name, value);
    if (length < 0)
        return;
    fields->field[fields->count++] = (struct iovec){.iov_base = text, .iov_len = (size_t)length};
}

static void add_number(fields_t *fields, const char *name, long number)
{
    char text[32];
    snprintf(text, sizeof(text), "%ld", number);
    add_field(fields, name, text);
}

static bool has_field(const fields_t *fields, const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < fields->count; i++) {
        const char *text = fields->field[i].iov_base;
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return true;
    }
    return false;
}

static void add_parameter(fields_t *fields, const char *parameter, const char *value)
{
    char name[FIELD_NAME_LIMIT];
    event_journal_field(name, sizeof(name), parameter);
    if (!has_field(fields, name)) /* the subject may have said it */
        add_field(fields, name, value);
}

static void add_subject(fields_t *fields, const event_subject_t *subject)
{
    if (!subject)
        return;
    add_field(fields, "X400_CONNECTOR", subject->connector);
    add_field(fields, "X400_MTS_ID", subject->mts_id);
    add_field(fields, "X400_LAYER", subject->layer);
    if (subject->error_code)
        add_number(fields, "X400_ERROR_CODE", subject->error_code);
}

static bool write_journal(const log_sink_t *sink, const event_record_t *record)
{
    const event_definition_t *definition = record->definition;
    fields_t fields = {.count = 0};
    char message_id[PLATFORM_MESSAGE_ID_SIZE];
    platform_message_id(message_id, definition->id);
    add_field(&fields, "MESSAGE", record->text);
    add_field(&fields, "MESSAGE_ID", message_id);
    add_number(&fields, "PRIORITY", priority_of(record));
    add_field(&fields, "SYSLOG_IDENTIFIER", sink->source);
    add_number(&fields, "SYSLOG_FACILITY", LOG_FAC(LOG_MAIL));
    add_number(&fields, "X400_EVENT_ID", (long)definition->id);
    add_field(&fields, "X400_CATEGORY", event_category_name(definition->category));
    add_subject(&fields, record->subject);
    for (unsigned i = 0; i < definition->parameter_count && i < EVENT_PARAMETER_LIMIT; i++)
        if (definition->parameters[i])
            add_parameter(&fields, definition->parameters[i], record->parameters[i]);
    bool taken = fields.count > 0 && sd_journal_sendv(fields.field, fields.count) == 0;
    for (int i = 0; i < fields.count; i++)
        free(fields.field[i].iov_base);
    return taken;
}

/* sd_journal_sendv says nothing if there is no journal: look for its socket. */
static bool journal_is_there(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool there = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return there;
}
#else
static bool write_journal(const log_sink_t *sink, const event_record_t *record)
{
    (void)sink;
    (void)record;
    return false;
}

static bool journal_is_there(void)
{
    return false;
}
#endif

void platform_message_id(char *text, unsigned event_id)
{
    event_journal_id(text, event_id);
}

static void write_record(void *context, const event_record_t *record)
{
    const log_sink_t *sink = context;
    if (!sink->journal || !write_journal(sink, record))
        write_syslog(record);
}

err_t *platform_log_open(event_log_t *log, const char *source, apr_pool_t *pool)
{
    log_sink_t *sink = apr_palloc(pool, sizeof(*sink));
    *sink = (log_sink_t){apr_pstrdup(pool, source), journal_is_there()};
    openlog(sink->source, LOG_PID | LOG_NDELAY, LOG_MAIL);
    event_log_add_sink(log, write_record, sink);
    return NULL;
}
