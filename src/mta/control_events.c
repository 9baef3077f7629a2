/* Events for operators: the newest ones, and the diagnostics levels while the MTA runs. */
#include <apr_strings.h>
#include <apr_time.h>

#include "event/ids.h"
#include "event/recent.h"
#include "mta/control_internal.h"

enum { EVENTS_LIMIT = EVENT_RECENT_COUNT, EVENTS_DEFAULT = 50 };

typedef struct reading_t {
    json_t *list;
    const char *connector;
    unsigned id;
} reading_t;

const char *control_utc_text(apr_pool_t *pool, utc_time_t utc)
{
    apr_time_exp_t t;
    apr_time_exp_gmt(&t, utc);
    return apr_psprintf(pool, "%04d-%02d-%02d %02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                        t.tm_hour, t.tm_min, t.tm_sec);
}

/* Text that was cut in the midst of a character has no JSON string. */
static json_t *text_json(const char *text)
{
    size_t length = strlen(text);
    json_t *json = json_stringn(text, length);
    while (!json && length > 0)
        json = json_stringn(text, --length);
    return json ? json : json_string("");
}

static void add_event(void *context, const event_kept_t *kept)
{
    reading_t *reading = context;
    const event_definition_t *definition = kept->definition;
    if (reading->connector && strcmp(reading->connector, kept->connector) != 0)
        return;
    if (reading->id && reading->id != definition->id)
        return;
    apr_time_exp_t t;
    apr_time_exp_gmt(&t, kept->time);
    char time[40];
    apr_snprintf(time, sizeof(time), "%04d-%02d-%02d %02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1,
                 t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
    json_t *event = json_object();
    json_object_set_new(event, "number", json_integer((json_int_t)kept->number));
    json_object_set_new(event, "time", json_string(time));
    json_object_set_new(event, "id", json_integer((json_int_t)definition->id));
    json_object_set_new(event, "type", json_string(event_type_name(definition->type)));
    json_object_set_new(event, "category", json_string(event_category_name(definition->category)));
    json_object_set_new(event, "severity", json_integer(definition->severity));
    json_object_set_new(event, "connector", text_json(kept->connector));
    json_object_set_new(event, "mts_id", text_json(kept->mts_id));
    json_object_set_new(event, "layer", text_json(kept->layer));
    json_object_set_new(event, "error_code", json_integer(kept->error_code));
    json_object_set_new(event, "text", text_json(kept->text));
    json_array_append_new(reading->list, event);
}

/* A number given as a JSON integer or as text; 0 if it is neither. */
static uint64_t number_argument(const control_call_t *call, const char *name)
{
    const json_t *value = json_object_get(call->arguments, name);
    if (json_is_integer(value))
        return json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
    return json_is_string(value) ? (uint64_t)apr_atoi64(json_string_value(value)) : 0;
}

void control_events(control_call_t *call)
{
    if (!call->agent->services.recent) {
        control_refuse(call, 409, "this MTA keeps no events in memory");
        return;
    }
    uint64_t limit = number_argument(call, "limit");
    reading_t reading = {.list = json_array(),
                         .connector = control_text(call, "connector"),
                         .id = (unsigned)number_argument(call, "id")};
    uint64_t last = event_recent_read(call->agent->services.recent, number_argument(call, "after"),
                                      limit > 0 && limit <= EVENTS_LIMIT ? (size_t)limit : EVENTS_DEFAULT,
                                      add_event, &reading);
    size_t count = json_array_size(reading.list);
    /* A reader that follows goes on after the last one that it got. */
    json_int_t next = (json_int_t)last;
    if (count == limit && count > 0 && !reading.connector && !reading.id)
        next = json_integer_value(json_object_get(json_array_get(reading.list, count - 1), "number"));
    control_answer(call, json_pack("{s:I, s:o}", "last", next, "events", reading.list));
}

static json_t *levels_json(const agent_t *agent)
{
    json_t *list = json_array();
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        json_array_append_new(
            list, json_pack("{s:i, s:s, s:s}", "number", i, "category",
                            event_category_name((event_category_t)i), "level",
                            event_level_name(event_log_level(agent->services.events, (event_category_t)i))));
    return json_pack("{s:o}", "categories", list);
}

void control_diagnostics(control_call_t *call)
{
    control_answer(call, levels_json(call->agent));
}

void control_diagnostics_set(control_call_t *call)
{
    const char *category_text = control_text(call, "category");
    const char *level_text = control_text(call, "level");
    bool all = category_text && strcmp(category_text, "all") == 0;
    event_category_t category = category_text && !all ? event_category_find(category_text) : 0;
    event_level_t level;
    if (!all && category == 0) {
        control_refuse(
            call, 400,
            "the argument \"category\" is one of the twelve categories by name or number, or \"all\"; "
            "x400ctl diagnostics lists them");
        return;
    }
    if (!level_text || !event_level_find(level_text, &level)) {
        control_refuse(call, 400, "the argument \"level\" is none, minimum, medium or maximum (0, 1, 3, 5)");
        return;
    }
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        if (all || i == (int)category)
            event_log_set_level(call->agent->services.events, (event_category_t)i, level);
    event_raise(call->agent->services.events, EVENT_ID_OPERATOR_COMMAND, NULL, "diagnostics",
                apr_pstrcat(call->pool, all ? "all categories" : event_category_name(category), ": ",
                            event_level_name(level), NULL));
    control_answer(call, levels_json(call->agent));
}
