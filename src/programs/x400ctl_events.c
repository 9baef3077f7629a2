/* The event catalogue for operators; it is part of this program, so no MTA has to run. */
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "x400ctl_ctl.h"
#include "x400ctl_table.h"

static json_t *event_json(const event_definition_t *event)
{
    json_t *parameters = json_array();
    for (unsigned i = 0; i < event->parameter_count; i++)
        json_array_append_new(
            parameters, json_pack("{s:s,s:i}", "name", event->parameters[i], "limit", (int)event->limits[i]));
    return json_pack("{s:i,s:s,s:s,s:s,s:i,s:i,s:s?,s:s,s:o,s:s?,s:s?}", "id", (int)event->id, "symbol",
                     event->symbol, "category", event_category_name(event->category), "type",
                     event_type_name(event->type), "severity", event->severity, "level", (int)event->level,
                     "module", event->module, "text", event->text, "parameters", parameters, "cause",
                     event->cause, "action", event->action);
}

ctl_exit_t command_events_list(ctl_t *ctl)
{
    size_t count;
    const event_definition_t *events = event_catalogue(&count);
    if (ctl->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, event_json(&events[i]));
        json_t *result = json_pack("{s:o}", "events", list);
        ctl_print_json(result);
        json_decref(result);
        return CTL_OK;
    }
    static const char *const headings[] = {">ID", "TYPE", "CATEGORY", ">LEVEL", "TEXT", NULL};
    table_t *table = table_create(ctl->pool, headings);
    for (size_t i = 0; i < count; i++) {
        const char *const cells[] = {apr_psprintf(ctl->pool, "%u", events[i].id),
                                     event_type_name(events[i].type), event_category_name(events[i].category),
                                     apr_psprintf(ctl->pool, "%d", (int)events[i].level), events[i].text};
        table_row(table, cells);
    }
    table_print(table, "The catalogue is empty.", stdout);
    return CTL_OK;
}

ctl_exit_t command_events_explain(ctl_t *ctl)
{
    char *end;
    unsigned long id = strtoul(ctl->arguments[0], &end, 10);
    const event_definition_t *event = *end == '\0' && id <= 0xFFFF ? event_find((unsigned)id) : NULL;
    if (!event) {
        ctl_complain("there is no event %s; x400ctl events list shows all", ctl->arguments[0]);
        return CTL_FAILED;
    }
    if (ctl->json) {
        json_t *result = event_json(event);
        ctl_print_json(result);
        json_decref(result);
        return CTL_OK;
    }
    print_fact(stdout, "Event", apr_psprintf(ctl->pool, "%u (%s)", event->id, event->symbol));
    print_fact(stdout, "Type",
               apr_psprintf(ctl->pool, "%s, severity %d", event_type_name(event->type), event->severity));
    print_fact(stdout, "Category", event_category_name(event->category));
    print_fact(stdout, "Logged from level", apr_psprintf(ctl->pool, "%d", (int)event->level));
    print_fact(stdout, "Text", event->text);
    for (unsigned i = 0; i < event->parameter_count; i++)
        print_fact(stdout, apr_psprintf(ctl->pool, "  %%%u", i + 1),
                   apr_psprintf(ctl->pool, "%s (at most %u octets)", event->parameters[i], event->limits[i]));
    if (event->cause && event->cause[0])
        print_fact(stdout, "Meaning", event->cause);
    if (event->action && event->action[0])
        print_fact(stdout, "What to do", event->action);
    return CTL_OK;
}
