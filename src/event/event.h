/* Events: everything that an operator is told goes through the catalogue (catalogue.def), which gives each
 * event its ID, category, severity, parameters with their maximum lengths, and text. An event_log_t takes
 * events from any thread, drops those that their category's diagnostics level hides, bounds every parameter,
 * and hands them to its sinks (text, journald, the Windows Event Log, a test). */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include <apr_pools.h>

#include "base/error.h"
#include "base/timebase.h"

typedef enum event_category_t {
    EVENT_X400_SERVICE = 1,
    EVENT_RESOURCE = 2,
    EVENT_SECURITY = 3,
    EVENT_INTERFACE = 4,
    EVENT_FIELD_ENGINEERING = 5,
    EVENT_MTA_ADMINISTRATION = 6,
    EVENT_CONFIGURATION = 7,
    EVENT_DIRECTORY_ACCESS = 8,
    EVENT_OPERATING_SYSTEM = 9,
    EVENT_INTERNAL_PROCESSING = 10,
    EVENT_INTEROPERABILITY = 11,
    EVENT_APDU = 12,
    EVENT_CATEGORY_LIMIT = 13
} event_category_t;

/* Diagnostics levels, with the values that administrators know. Errors and important warnings have level
 * EVENT_LEVEL_NONE: they are logged always. */
typedef enum event_level_t {
    EVENT_LEVEL_NONE = 0,
    EVENT_LEVEL_MINIMUM = 1,
    EVENT_LEVEL_MEDIUM = 3,
    EVENT_LEVEL_MAXIMUM = 5
} event_level_t;

typedef enum event_type_t { EVENT_ERROR, EVENT_WARNING, EVENT_INFORMATION } event_type_t;

/* A parameter is at most EVENT_VALUE_LIMIT octets long, a text with everything in it EVENT_TEXT_LIMIT. */
enum { EVENT_PARAMETER_LIMIT = 10, EVENT_VALUE_LIMIT = 512, EVENT_TEXT_LIMIT = 4096 };

typedef struct event_definition_t {
    unsigned id;
    unsigned procedure; /* the last number of the tag: the place in the program */
    const char *symbol; /* "EVENT_ID_CONNECT_ERROR", see event/ids.h */
    event_category_t category;
    event_type_t type;
    int severity; /* 4 .. 16, the number in parentheses at the end */
    event_level_t level;
    const char *module; /* "BASE IL TCP/IP DRVR": component and process of the trailing tag */
    const char *text;   /* with %1 .. %9 */
    unsigned parameter_count;
    const char *parameters[EVENT_PARAMETER_LIMIT]; /* names, for journald fields and JSON */
    unsigned limits[EVENT_PARAMETER_LIMIT];        /* octets; longer values are cut */
    const char *cause;  /* what it means, for `events explain` and the documentation */
    const char *action; /* what to do */
} event_definition_t;

/* The definition of an ID, or NULL; and all of them, sorted by ID. */
const event_definition_t *event_find(unsigned id);
const event_definition_t *event_catalogue(size_t *count);

/* A number that is kept free: known from the old MTA, for something that this one does not have. */
typedef struct event_reserved_t {
    unsigned id;
    const char *subject;
} event_reserved_t;
/* All reserved numbers, sorted. */
const event_reserved_t *event_reserved(size_t *count);

const char *event_category_name(event_category_t category); /* "X.400 Service" ... */
const char *event_type_name(event_type_t type);
/* The category called so: its name ("X.400 Service", letter case and punctuation do not matter), its name in
 * the configuration ("x400-service") or its number; 0 if there is none. */
event_category_t event_category_find(const char *text);
/* "none", "minimum", "medium", "maximum"; and back, also from 0, 1, 3, 5. False if it is none of them. */
const char *event_level_name(event_level_t level);
bool event_level_find(const char *text, event_level_t *level);

/* What an event is about, for structured sinks; every member may be NULL or 0. */
typedef struct event_subject_t {
    const char *connector;
    const char *mts_id;
    const char *layer;
    int error_code;
} event_subject_t;

/* One event as a sink sees it; valid during the call only. */
typedef struct event_record_t {
    const event_definition_t *definition;
    const event_subject_t *subject;
    utc_time_t time;
    unsigned thread;                               /* a small number of the thread that raised it */
    const char *parameters[EVENT_PARAMETER_LIMIT]; /* bounded, made printable */
    const char *
        text; /* the text with its parameters and the tag "[component process thread procedure] (severity)" */
} event_record_t;

typedef void (*event_sink_t)(void *context, const event_record_t *record);

typedef struct event_log_t event_log_t;

enum { EVENT_SINK_LIMIT = 8 };

event_log_t *event_log_create(apr_pool_t *pool, const timebase_t *time);
/* Adds a sink; sinks are called one at a time, in the thread that raises, and must not raise events
 * themselves. To be done before events flow; at most EVENT_SINK_LIMIT. */
void event_log_add_sink(event_log_t *log, event_sink_t sink, void *context);
/* A sink that writes one line per event to a file: "2026-11-22 10:00:00Z 4284 Warning X.400 Service: text".
 */
err_t *event_log_add_text_file(event_log_t *log, const char *path, apr_pool_t *pool);
void event_log_add_standard_error(event_log_t *log);
void event_log_set_level(event_log_t *log, event_category_t category, event_level_t level);
event_level_t event_log_level(const event_log_t *log, event_category_t category);
/* True if an event of this category and level would be logged: for parameters that are costly to make. */
bool event_log_wants(const event_log_t *log, unsigned id);

/* Raises the event id (see event/ids.h) with its parameters: parameter_count strings (const char *, NULL
 * counts as empty). Each is cut to its limit; control characters and octets that are not UTF-8 appear as
 * \xNN. An id that is not in the catalogue raises event 2004 instead. subject may be NULL. Safe from any
 * thread; log may be NULL (dropped). Allocates nothing. */
void event_raise(event_log_t *log, unsigned id, const event_subject_t *subject, ...);

#endif
