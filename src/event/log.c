/* Raising events: the level decides, parameters are bounded and made printable, sinks get the record. */
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "event/event.h"
#include "event/ids.h"
#include "event/printable.h"

typedef struct sink_t {
    event_sink_t call;
    void *context;
} sink_t;

struct event_log_t {
    const timebase_t *time;
    apr_thread_mutex_t *mutex; /* one record at a time */
    sink_t sinks[EVENT_SINK_LIMIT];
    size_t sink_count;
    _Atomic int levels[EVENT_CATEGORY_LIMIT];
};

event_log_t *event_log_create(apr_pool_t *pool, const timebase_t *time)
{
    event_log_t *log = apr_pcalloc(pool, sizeof(*log));
    log->time = time;
    apr_thread_mutex_create(&log->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    for (int i = 0; i < EVENT_CATEGORY_LIMIT; i++)
        atomic_init(&log->levels[i], EVENT_LEVEL_NONE);
    return log;
}

void event_log_add_sink(event_log_t *log, event_sink_t sink, void *context)
{
    if (log->sink_count == EVENT_SINK_LIMIT)
        return;
    log->sinks[log->sink_count++] = (sink_t){sink, context};
}

static bool is_category(event_category_t category)
{
    return (int)category > 0 && category < EVENT_CATEGORY_LIMIT;
}

void event_log_set_level(event_log_t *log, event_category_t category, event_level_t level)
{
    if (is_category(category))
        atomic_store(&log->levels[category], (int)level);
}

event_level_t event_log_level(const event_log_t *log, event_category_t category)
{
    return is_category(category) ? (event_level_t)atomic_load(&log->levels[category]) : EVENT_LEVEL_NONE;
}

bool event_log_wants(const event_log_t *log, unsigned id)
{
    const event_definition_t *definition = event_find(id);
    return log && definition && definition->level <= event_log_level(log, definition->category);
}

/* A small number of the calling thread, for the tag. */
static unsigned thread_number(void)
{
    static atomic_uint last;
    static _Thread_local unsigned own;
    if (own == 0)
        own = atomic_fetch_add(&last, 1) + 1;
    return own;
}

/* Appends text, as much as fits before the terminator. */
static size_t append(char *buffer, size_t size, size_t used, const char *text, size_t length)
{
    if (length > size - 1 - used)
        length = size - 1 - used;
    memcpy(buffer + used, text, length);
    buffer[used + length] = 0;
    return used + length;
}

/* The text of the definition with its parameters, and the tag. */
static void compose(const event_record_t *record, char *buffer, size_t size)
{
    const event_definition_t *definition = record->definition;
    size_t used = 0;
    buffer[0] = 0;
    for (const char *at = definition->text; *at; at++) {
        unsigned number = at[0] == '%' ? (unsigned)(at[1] - '0') : 0;
        if (number >= 1 && number <= definition->parameter_count) {
            const char *value = record->parameters[number - 1];
            used = append(buffer, size, used, value, strlen(value));
            at++;
        } else {
            used = append(buffer, size, used, at, 1);
        }
    }
    char tag[128];
    int length = apr_snprintf(tag, sizeof(tag), " [%s %u %u] (%d)", definition->module, record->thread,
                              definition->procedure, definition->severity);
    append(buffer, size, used, tag, (size_t)length);
}

static void raise_record(event_log_t *log, const event_definition_t *definition,
                         const event_subject_t *subject, const char *const values[])
{
    static const event_subject_t nothing;
    char space[EVENT_PARAMETER_LIMIT][EVENT_VALUE_LIMIT + 1];
    char text[EVENT_TEXT_LIMIT];
    event_record_t record = {.definition = definition,
                             .subject = subject ? subject : &nothing,
                             .thread = thread_number(),
                             .text = text};
    for (unsigned i = 0; i < definition->parameter_count; i++) {
        size_t limit = definition->limits[i] < EVENT_VALUE_LIMIT ? definition->limits[i] : EVENT_VALUE_LIMIT;
        printable_copy(space[i], limit + 1, values[i]);
        record.parameters[i] = space[i];
    }
    for (unsigned i = definition->parameter_count; i < EVENT_PARAMETER_LIMIT; i++)
        record.parameters[i] = "";
    compose(&record, text, sizeof(text));
    apr_thread_mutex_lock(log->mutex);
    record.time = timebase_utc(log->time);
    for (size_t i = 0; i < log->sink_count; i++)
        log->sinks[i].call(log->sinks[i].context, &record);
    apr_thread_mutex_unlock(log->mutex);
}

/* An event without definition is a mistake of this program; it is told as an event of its own. */
static void raise_unknown(event_log_t *log, unsigned id)
{
    char number[16];
    apr_snprintf(number, sizeof(number), "%u", id);
    const char *values[EVENT_PARAMETER_LIMIT] = {number};
    raise_record(log, event_find(EVENT_ID_UNKNOWN_EVENT), NULL, values);
}

static void take_values(const char *values[], unsigned count, va_list arguments)
{
    for (unsigned i = 0; i < count; i++)
        values[i] = va_arg(arguments, const char *);
}

void event_raise(event_log_t *log, unsigned id, const event_subject_t *subject, ...)
{
    const event_definition_t *definition = event_find(id);
    if (log && !definition)
        raise_unknown(log, id);
    if (!log || !definition || definition->level > event_log_level(log, definition->category))
        return;
    const char *values[EVENT_PARAMETER_LIMIT] = {0};
    va_list arguments;
    va_start(arguments, subject);
    take_values(values, definition->parameter_count, arguments);
    va_end(arguments);
    raise_record(log, definition, subject, values);
}
