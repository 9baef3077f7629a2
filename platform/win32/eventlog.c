/* The Event Log: each event with its ID, type, category and insertion strings over the message DLL that is
 * made from the catalogue (event/messages.h says what the strings are). */
#include "platform.h"
#include "wide.h"

#include <stdio.h>

#include <apr_strings.h>

#include "event/messages.h"

enum { STRING_SIZE = EVENT_VALUE_LIMIT + 1 };

static WORD type_of(const event_record_t *record)
{
    switch (record->definition->type) {
    case EVENT_ERROR: return EVENTLOG_ERROR_TYPE;
    case EVENT_WARNING: return EVENTLOG_WARNING_TYPE;
    case EVENT_INFORMATION: break;
    }
    return EVENTLOG_INFORMATION_TYPE;
}

static void write_record(void *context, const event_record_t *record)
{
    HANDLE source = context;
    const event_definition_t *definition = record->definition;
    char texts[EVENT_MESSAGE_STRINGS][STRING_SIZE];
    wchar_t wide[EVENT_MESSAGE_STRINGS][STRING_SIZE];
    const wchar_t *strings[EVENT_MESSAGE_STRINGS];
    unsigned count = event_message_strings(record, texts[0], STRING_SIZE);
    for (unsigned i = 0; i < count; i++) {
        wide_copy(wide[i], STRING_SIZE, texts[i]);
        strings[i] = wide[i];
    }
    ReportEventW(source, type_of(record), (WORD)definition->category, event_message_id(definition), NULL,
                 (WORD)count, 0, strings, NULL);
}

static apr_status_t close_source(void *data)
{
    DeregisterEventSource(data);
    return APR_SUCCESS;
}

err_t *platform_log_open(event_log_t *log, const char *source, apr_pool_t *pool)
{
    HANDLE handle = RegisterEventSourceW(NULL, wide_of_utf8(source, pool));
    if (!handle)
        return err_from_status(pool, apr_get_os_error(), "the Event Log cannot be opened as the source %s",
                               source);
    apr_pool_cleanup_register(pool, handle, close_source, apr_pool_cleanup_null);
    event_log_add_sink(log, write_record, handle);
    return NULL;
}
