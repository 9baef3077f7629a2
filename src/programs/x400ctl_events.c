/* The event catalogue for operators; it is part of this program, so no MTA has to run. */
#include <apr_strings.h>
#include <apr_time.h>
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

static json_t *reserved_json(void)
{
    size_t count;
    const event_reserved_t *reserved = event_reserved(&count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, json_pack("{s:i, s:s}", "id", (int)reserved[i].id, "subject", reserved[i].subject));
    return list;
}

/* Says what a reserved number was for; false if it is not reserved. */
static bool explain_reserved(const ctl_t *ctl, unsigned id)
{
    size_t count;
    const event_reserved_t *reserved = event_reserved(&count);
    for (size_t i = 0; i < count; i++) {
        if (reserved[i].id != id)
            continue;
        if (ctl->json) {
            json_t *result = json_pack("{s:i, s:s}", "id", (int)id, "reserved", reserved[i].subject);
            ctl_print_json(result);
            json_decref(result);
            return true;
        }
        print_fact(stdout, "Event", apr_psprintf(ctl->pool, "%u (reserved)", id));
        print_fact(
            stdout, "Meaning",
            apr_psprintf(ctl->pool, "never raised here; the old MTA used it for: %s", reserved[i].subject));
        return true;
    }
    return false;
}

ctl_exit_t command_events_list(ctl_t *ctl)
{
    size_t count;
    const event_definition_t *events = event_catalogue(&count);
    if (ctl->json) {
        json_t *list = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, event_json(&events[i]));
        json_t *result = json_pack("{s:o, s:o}", "events", list, "reserved", reserved_json());
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
    if (!event && *end == '\0' && explain_reserved(ctl, (unsigned)id))
        return CTL_OK;
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

static void print_events(ctl_t *ctl, const json_t *result)
{
    size_t index;
    json_t *event;
    json_array_foreach(json_object_get(result, "events"), index, event)
    {
        if (ctl->json) {
            json_dumpf(event, stdout, JSON_COMPACT);
            putchar('\n');
            continue;
        }
        apr_pool_t *pool = ctl->pool;
        printf("%s %s %s %s: %s\n", text_of(pool, event, "time"), text_of(pool, event, "id"),
               text_of(pool, event, "type"), text_of(pool, event, "category"), text_of(pool, event, "text"));
    }
    fflush(stdout);
}

enum { TAIL_PAUSE = 500000, TAIL_BATCH = 512 };

ctl_exit_t command_events_tail(ctl_t *ctl)
{
    bool follow = ctl_option(ctl, 'F') != NULL;
    const char *number = ctl_option(ctl, 'n');
    const char *connector = ctl_option(ctl, 'C');
    json_int_t after = 0;
    apr_pool_t *whole = ctl->pool;
    for (;;) {
        json_t *arguments = json_pack("{s:I}", "limit", (json_int_t)TAIL_BATCH);
        if (after)
            json_object_set_new(arguments, "after", json_integer(after));
        else
            json_object_set_new(arguments, "limit", json_integer(number ? strtol(number, NULL, 10) : 20));
        if (connector)
            json_object_set_new(arguments, "connector", json_string(connector));
        json_t *result;
        apr_pool_create(&ctl->pool, whole);
        ctl_exit_t status = ctl_request(ctl, "events", arguments, &result);
        if (status == CTL_OK) {
            print_events(ctl, result);
            after = json_integer_value(json_object_get(result, "last"));
            json_decref(result);
        }
        apr_pool_destroy(ctl->pool);
        ctl->pool = whole;
        if (status != CTL_OK || !follow)
            return status;
        apr_sleep(TAIL_PAUSE);
    }
}

static void show_diagnostics(ctl_t *ctl, const json_t *result)
{
    static const char *const headings[] = {">NUMBER", "CATEGORY", "LEVEL", NULL};
    table_t *table = table_create(ctl->pool, headings);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "categories"), index, item)
    {
        const char *const cells[] = {text_of(ctl->pool, item, "number"), text_of(ctl->pool, item, "category"),
                                     text_of(ctl->pool, item, "level")};
        table_row(table, cells);
    }
    table_print(table, "There are no categories.", stdout);
}

ctl_exit_t command_diagnostics(ctl_t *ctl)
{
    if (ctl->argument_count == 1) {
        ctl_complain("name a category and a level: x400ctl diagnostics apdu medium");
        return CTL_USAGE;
    }
    if (ctl->argument_count == 0)
        return ctl_ask(ctl, "diagnostics", NULL, NULL, show_diagnostics);
    json_t *arguments = json_pack("{s:s, s:s}", "category", ctl->arguments[0], "level", ctl->arguments[1]);
    return ctl_ask(ctl, "diagnostics.set", arguments, NULL, show_diagnostics);
}
