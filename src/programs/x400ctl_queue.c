/* The commands that look at queue entries and at the choice of routes. */
#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "x400ctl_ctl.h"
#include "x400ctl_table.h"

/* A positive decimal number; false with a complaint otherwise. */
static bool read_number(const char *what, const char *text, json_int_t *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9')
        return true;
    ctl_complain("%s is a number, not \"%s\"", what, text);
    return false;
}

static bool queue_arguments(const ctl_t *ctl, json_t *arguments)
{
    json_int_t limit;
    const char *text = ctl_option(ctl, 'n');
    if (text && !read_number("--limit", text, &limit))
        return false;
    if (text)
        json_object_set_new(arguments, "limit", json_integer(limit));
    if ((text = ctl_option(ctl, 'C')))
        json_object_set_new(arguments, "connector", json_string(text));
    if ((text = ctl_option(ctl, 'm')))
        json_object_set_new(arguments, "mts_id", json_string(text));
    return true;
}

static void show_queue(ctl_t *ctl, const json_t *result)
{
    static const char *const headings[] = {">ID",   "KIND", "DESTINATION", "PRIORITY", "STATE", ">TRIES",
                                           ">SIZE", ">AGE", ">NEXT TRY",   "MESSAGE",  NULL};
    apr_pool_t *pool = ctl->pool;
    table_t *table = table_create(pool, headings);
    json_t *entries = json_object_get(result, "entries");
    size_t index;
    json_t *entry;
    json_array_foreach(entries, index, entry)
    {
        const char *const cells[] = {text_of(pool, entry, "id"),
                                     text_of(pool, entry, "kind"),
                                     text_of(pool, entry, "destination"),
                                     text_of(pool, entry, "priority"),
                                     text_of(pool, entry, "state"),
                                     text_of(pool, entry, "attempts"),
                                     text_of_octets(pool, entry, "size"),
                                     text_of_seconds(pool, entry, "age_s"),
                                     text_of_seconds(pool, entry, "due_s"),
                                     text_of(pool, entry, "message")};
        table_row(table, cells);
    }
    table_print(table, "The queue is empty.", stdout);
    json_int_t count = json_integer_value(json_object_get(result, "count"));
    if (count > (json_int_t)json_array_size(entries))
        printf("%lld entries in all; --limit shows more.\n", (long long)count);
}

ctl_exit_t command_queue_list(ctl_t *ctl)
{
    json_t *arguments = json_object();
    if (queue_arguments(ctl, arguments))
        return ctl_ask(ctl, "queue", arguments, NULL, show_queue);
    json_decref(arguments);
    return CTL_USAGE;
}

/* A trace element: text, or an object whose members are printed one after the other. */
static const char *trace_text(apr_pool_t *pool, json_t *element)
{
    if (json_is_string(element))
        return text_harmless(pool, json_string_value(element));
    const char *line = "";
    const char *name;
    json_t *value;
    json_object_foreach(element, name, value)
    {
        if (!json_is_null(value) && !json_is_array(value) && !json_is_object(value))
            line = apr_psprintf(pool, "%s%s%s %s", line, line[0] ? ", " : "", name,
                                text_of(pool, element, name));
    }
    return line;
}

static void show_entry(ctl_t *ctl, const json_t *result)
{
    apr_pool_t *pool = ctl->pool;
    print_fact(stdout, "Entry", text_of(pool, result, "id"));
    print_fact(stdout, "Kind", text_of(pool, result, "kind"));
    print_fact(stdout, "MTS identifier", text_of(pool, result, "mts_id"));
    print_fact(stdout, "Originator", text_of(pool, result, "originator"));
    print_fact(stdout, "Destination", text_of(pool, result, "destination"));
    print_fact(stdout, "Priority", text_of(pool, result, "priority"));
    print_fact(stdout, "State", text_of(pool, result, "state"));
    print_fact(stdout, "Tries", text_of(pool, result, "attempts"));
    print_fact(stdout, "Size", text_of_octets(pool, result, "size"));
    print_fact(stdout, "Age", text_of_seconds(pool, result, "age_s"));
    print_fact(stdout, "Next try in", text_of_seconds(pool, result, "due_s"));
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "trace"), index, item)
        print_fact(stdout, index == 0 ? "Trace" : "and", trace_text(pool, item));
    static const char *const headings[] = {">NUMBER", "RESPONSIBLE", "RECIPIENT", NULL};
    table_t *table = table_create(pool, headings);
    json_array_foreach(json_object_get(result, "recipients"), index, item)
    {
        const char *const cells[] = {text_of(pool, item, "number"), text_of(pool, item, "responsibility"),
                                     text_of(pool, item, "address")};
        table_row(table, cells);
    }
    puts("");
    table_print(table, "No recipients.", stdout);
}

ctl_exit_t command_queue_show(ctl_t *ctl)
{
    json_int_t id;
    if (!read_number("ID", ctl->arguments[0], &id))
        return CTL_USAGE;
    return ctl_ask(ctl, "queue.show", json_pack("{s:I}", "id", id), NULL, show_entry);
}

static void show_retried(ctl_t *ctl, const json_t *result)
{
    printf("%s now.\n", text_of_count(ctl->pool, result, "count", "entry is tried", "entries are tried"));
}

ctl_exit_t command_queue_retry(ctl_t *ctl)
{
    json_t *arguments = json_object();
    const char *connector = ctl_option(ctl, 'C');
    if (connector)
        json_object_set_new(arguments, "connector", json_string(connector));
    json_int_t id;
    if (ctl->argument_count > 0) {
        if (connector)
            ctl_complain("name an entry or a connector, not both");
        if (connector || !read_number("ID", ctl->arguments[0], &id)) {
            json_decref(arguments);
            return CTL_USAGE;
        }
        json_object_set_new(arguments, "id", json_integer(id));
    }
    return ctl_ask(ctl, "queue.retry", arguments, NULL, show_retried);
}

/* The second word of "queue hold" and its like. */
static const char *order_of(const ctl_t *ctl)
{
    return strchr(ctl->command->name, ' ') + 1;
}

static void show_order(ctl_t *ctl, const json_t *result)
{
    printf("queue %s: %s.\n", order_of(ctl), text_of_count(ctl->pool, result, "count", "entry", "entries"));
}

ctl_exit_t command_queue_order(ctl_t *ctl)
{
    static const struct {
        int letter;
        const char *argument;
    } options[] = {{'m', "mts_id"}, {'r', "recipient"}, {'C', "connector"}, {'p', "priority"}};
    json_t *arguments = json_object();
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (ctl_option(ctl, options[i].letter))
            json_object_set_new(arguments, options[i].argument,
                                json_string(ctl_option(ctl, options[i].letter)));
    if (ctl_option(ctl, 'R'))
        json_object_set_new(arguments, "report", json_true());
    json_int_t id;
    if (ctl->argument_count > 0) {
        if (!read_number("ID", ctl->arguments[0], &id)) {
            json_decref(arguments);
            return CTL_USAGE;
        }
        json_object_set_new(arguments, "id", json_integer(id));
    }
    return ctl_ask(ctl, apr_pstrcat(ctl->pool, "queue.", order_of(ctl), NULL), arguments, "count",
                   show_order);
}

static void show_route(ctl_t *ctl, const json_t *result)
{
    apr_pool_t *pool = ctl->pool;
    print_fact(stdout, "Address", text_of(pool, result, "address"));
    if (json_is_true(json_object_get(result, "found")))
        print_fact(
            stdout, "Goes to",
            apr_psprintf(pool, "%s %s", text_of(pool, result, "kind"), text_of(pool, result, "target")));
    else
        print_fact(stdout, "Goes to", "nowhere");
    print_fact(stdout, "Because", text_of(pool, result, "why"));
    static const char *const headings[] = {"TARGET", "KIND", ">COST", "ADDRESS SPACE", "CHOSEN", "WHY", NULL};
    table_t *table = table_create(pool, headings);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "candidates"), index, item)
    {
        const char *const cells[] = {text_of(pool, item, "target"), text_of(pool, item, "kind"),
                                     text_of(pool, item, "cost"),   text_of(pool, item, "pattern"),
                                     text_of(pool, item, "chosen"), text_of(pool, item, "why")};
        table_row(table, cells);
    }
    puts("");
    table_print(table, "No address space is configured.", stdout);
}

ctl_exit_t command_route_explain(ctl_t *ctl)
{
    json_t *arguments = json_pack("{s:s}", "address", ctl->arguments[0]);
    const char *from = ctl_option(ctl, 'f');
    if (from)
        json_object_set_new(arguments, "from", json_string(from));
    return ctl_ask(ctl, "route.explain", arguments, "found", show_route);
}
