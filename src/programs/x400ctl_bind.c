/* The command that shows the bind plan. */
#include <apr_strings.h>
#include <stdio.h>

#include "x400ctl_ctl.h"
#include "x400ctl_table.h"

/* An address of the plan; null is any address. */
static const char *address_of(apr_pool_t *pool, const json_t *item)
{
    return json_is_null(json_object_get(item, "address")) ? "*" : text_of(pool, item, "address");
}

static void print_cluster(apr_pool_t *pool, const json_t *result)
{
    if (!json_is_true(json_object_get(result, "cluster")))
        return;
    const char *text = "";
    size_t index;
    json_t *address;
    json_array_foreach(json_object_get(result, "virtual_addresses"), index, address) text =
        apr_pstrcat(pool, text, *text ? ", " : "", text_harmless(pool, json_string_value(address)), NULL);
    bool pending = json_is_true(json_object_get(result, "pending"));
    print_fact(stdout, "Cluster node", pending ? "yes; its cluster has not answered yet" : "yes");
    if (*text)
        print_fact(stdout, "Virtual addresses",
                   apr_psprintf(pool, "%s (by %s)", text, text_of(pool, result, "source")));
    puts("");
}

static void print_listeners(apr_pool_t *pool, const json_t *result)
{
    static const char *const headings[] = {"LISTENER", "ADDRESS", ">PORT", "STATE", "REASON", NULL};
    table_t *table = table_create(pool, headings);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "listeners"), index, item)
    {
        bool open = json_is_true(json_object_get(item, "open"));
        const char *const cells[] = {
            text_of(pool, item, "name"), address_of(pool, item), text_of(pool, item, "port"),
            open ? "open" : text_of(pool, item, "state"), text_of(pool, item, "reason")};
        table_row(table, cells);
    }
    table_print(table, "No listeners.", stdout);
}

static void print_sources(apr_pool_t *pool, const json_t *result)
{
    static const char *const headings[] = {"CONNECTOR", "CALLS TO", "COME FROM", "STATE", "REASON", NULL};
    table_t *table = table_create(pool, headings);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "connectors"), index, item)
    {
        const char *const cells[] = {text_of(pool, item, "name"), text_of(pool, item, "kind"),
                                     address_of(pool, item), text_of(pool, item, "state"),
                                     text_of(pool, item, "reason")};
        table_row(table, cells);
    }
    table_print(table, "No connectors.", stdout);
}

static void show_bind(ctl_t *ctl, const json_t *result)
{
    print_cluster(ctl->pool, result);
    print_listeners(ctl->pool, result);
    puts("");
    print_sources(ctl->pool, result);
}

ctl_exit_t command_bind(ctl_t *ctl)
{
    return ctl_ask(ctl, "bind", NULL, NULL, show_bind);
}
