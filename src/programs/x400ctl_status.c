/* The commands that look at the MTA as a whole, its connectors and associations. */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "x400ctl_ctl.h"
#include "x400ctl_table.h"

static void show_status(ctl_t *ctl, const json_t *result)
{
    apr_pool_t *pool = ctl->pool;
    print_fact(stdout, "MTA", text_of(pool, result, "name"));
    print_fact(stdout, "Domain", text_of(pool, result, "domain"));
    print_fact(stdout, "Version", text_of(pool, result, "version"));
    print_fact(stdout, "Configuration", text_of(pool, result, "configuration"));
    print_fact(stdout, "Running since",
               apr_psprintf(pool, "%s (%s)", text_of(pool, result, "started"),
                            text_of_seconds(pool, result, "uptime_s")));
    size_t index;
    json_t *listener;
    json_array_foreach(json_object_get(result, "listeners"), index, listener) print_fact(
        stdout, "Listens on",
        apr_psprintf(pool, "%s (%s)", text_of(pool, listener, "address"), text_of(pool, listener, "name")));
    print_fact(stdout, "Queued",
               apr_psprintf(pool, "%s, %s", text_of_count(pool, result, "queued", "message", "messages"),
                            text_of_octets(pool, result, "queued_octets")));
    print_fact(stdout, "Associations",
               apr_psprintf(pool, "%s open, %s refused since the start",
                            text_of(pool, result, "associations"),
                            text_of(pool, result, "refused_associations")));
    print_fact(stdout, "Taken in",
               apr_psprintf(pool, "%s, %s, %s dropped",
                            text_of_count(pool, result, "inbound_messages", "message", "messages"),
                            text_of_octets(pool, result, "inbound_octets"),
                            text_of_count(pool, result, "repeats", "repeat", "repeats")));
    print_fact(stdout, "Transferred",
               apr_psprintf(pool, "%s, %s",
                            text_of_count(pool, result, "outbound_messages", "message", "messages"),
                            text_of_octets(pool, result, "outbound_octets")));
    print_fact(stdout, "Delivered", text_of(pool, result, "delivered"));
    print_fact(stdout, "Reports made", text_of(pool, result, "reports_made"));
    print_fact(stdout, "Reports awaited", text_of(pool, result, "reports_awaited"));
    json_t *store = json_object_get(result, "store");
    print_fact(stdout, "Store",
               apr_psprintf(pool, "%s, %s transactions in %s commits, %s failures",
                            text_of(pool, store, "driver"), text_of(pool, store, "transactions"),
                            text_of(pool, store, "commits"), text_of(pool, store, "failures")));
}

ctl_exit_t command_status(ctl_t *ctl)
{
    return ctl_ask(ctl, "status", NULL, NULL, show_status);
}

static void show_associations(ctl_t *ctl, const json_t *result)
{
    static const char *const headings[] = {">ID",       "CONNECTOR", "DIRECTION", "PEER",     "MODE", "STATE",
                                           ">MESSAGES", ">OCTETS",   ">IDLE",     "TRANSFER", NULL};
    apr_pool_t *pool = ctl->pool;
    table_t *table = table_create(pool, headings);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "associations"), index, item)
    {
        json_t *transfer = json_object_get(item, "transfer");
        const char *at = NULL;
        if (json_is_object(transfer))
            at = apr_psprintf(pool, "%s of %s, %s", text_of_octets(pool, transfer, "octets"),
                              text_of_octets(pool, transfer, "total"), text_of(pool, transfer, "mts_id"));
        const char *const cells[] = {text_of(pool, item, "id"),
                                     text_of(pool, item, "connector"),
                                     text_of(pool, item, "direction"),
                                     text_of(pool, item, "peer"),
                                     text_of(pool, item, "mode"),
                                     text_of(pool, item, "state"),
                                     text_of(pool, item, "messages"),
                                     text_of_octets(pool, item, "octets"),
                                     text_of_seconds(pool, item, "idle_s"),
                                     at};
        table_row(table, cells);
    }
    table_print(table, "No association is open.", stdout);
}

ctl_exit_t command_associations(ctl_t *ctl)
{
    return ctl_ask(ctl, "associations", NULL, NULL, show_associations);
}

/* Every member of one connector or mailbox, by the names that JSON has. */
static void print_members(apr_pool_t *pool, json_t *item)
{
    const char *name;
    json_t *value;
    json_object_foreach(item, name, value)
    {
        const char *text = text_of(pool, item, name);
        size_t length = strlen(name);
        if (json_is_array(value))
            text = text_of_list(pool, value);
        else if (strcmp(name, "queued_octets") == 0)
            text = text_of_octets(pool, item, name);
        else if (length > 2 && strcmp(name + length - 2, "_s") == 0)
            text = text_of_seconds(pool, item, name);
        char *words = apr_pstrdup(pool, name);
        if (length > 2 && strcmp(name + length - 2, "_s") == 0)
            words[length - 2] = '\0';
        for (char *at = words; *at; at++)
            if (*at == '_')
                *at = ' ';
        print_fact(stdout, words, text);
    }
}

static void print_connectors(apr_pool_t *pool, const json_t *result)
{
    static const char *const headings[] = {"CONNECTOR", "REMOTE MTA", "ADDRESS", "CONFORMANCE", "STATE",
                                           ">QUEUED",   ">OCTETS",    ">OLDEST", ">IN",         ">OUT",
                                           "NEXT TRY",  "LAST ERROR", NULL};
    table_t *table = table_create(pool, headings);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "connectors"), index, item)
    {
        const char *const cells[] = {
            text_of(pool, item, "name"),
            text_of(pool, item, "remote_mta"),
            text_of(pool, item, "address"),
            text_of(pool, item, "conformance"),
            text_of(pool, item, "state"),
            text_of(pool, item, "queued"),
            text_of_octets(pool, item, "queued_octets"),
            text_of_seconds(pool, item, "oldest_s"),
            text_of(pool, item, "inbound_messages"),
            text_of(pool, item, "outbound_messages"),
            text_of_seconds(pool, item, "next_retry_s"),
            text_of(pool, item, "last_error"),
        };
        table_row(table, cells);
    }
    table_print(table, "No connectors.", stdout);
}

static void print_mailboxes(apr_pool_t *pool, const json_t *result)
{
    static const char *const headings[] = {"MAILBOX", "FOLDER", ">QUEUED", ">DELIVERED", NULL};
    table_t *table = table_create(pool, headings);
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "mailboxes"), index, item)
    {
        const char *const cells[] = {text_of(pool, item, "name"), text_of(pool, item, "folder"),
                                     text_of(pool, item, "queued"), text_of(pool, item, "delivered")};
        table_row(table, cells);
    }
    puts("");
    table_print(table, "No mailboxes.", stdout);
}

static void show_connectors(ctl_t *ctl, const json_t *result)
{
    json_t *mailboxes = json_object_get(result, "mailboxes");
    if (ctl->argument_count == 0) {
        print_connectors(ctl->pool, result);
        if (json_array_size(mailboxes) > 0)
            print_mailboxes(ctl->pool, result);
        return;
    }
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(result, "connectors"), index, item) print_members(ctl->pool, item);
    json_array_foreach(mailboxes, index, item) print_members(ctl->pool, item);
    json_array_foreach(json_object_get(result, "lists"), index, item) print_members(ctl->pool, item);
}

ctl_exit_t command_connectors(ctl_t *ctl)
{
    json_t *arguments = ctl->argument_count > 0 ? json_pack("{s:s}", "name", ctl->arguments[0]) : NULL;
    return ctl_ask(ctl, "connectors", arguments, NULL, show_connectors);
}

static void show_disabled(ctl_t *ctl, const json_t *result)
{
    (void)result;
    printf("%s is disabled.\n", text_harmless(ctl->pool, ctl->arguments[0]));
}

ctl_exit_t command_connector_disable(ctl_t *ctl)
{
    return ctl_ask(ctl, "connector.disable", json_pack("{s:s}", "name", ctl->arguments[0]), NULL,
                   show_disabled);
}

static void show_enabled(ctl_t *ctl, const json_t *result)
{
    (void)result;
    printf("%s is enabled.\n", text_harmless(ctl->pool, ctl->arguments[0]));
}

ctl_exit_t command_connector_enable(ctl_t *ctl)
{
    return ctl_ask(ctl, "connector.enable", json_pack("{s:s}", "name", ctl->arguments[0]), NULL,
                   show_enabled);
}

static void show_link_test(ctl_t *ctl, const json_t *result)
{
    static const char *const headings[] = {"LAYER", "RESULT", "WHAT IT SAID", NULL};
    table_t *table = table_create(ctl->pool, headings);
    size_t index;
    json_t *step;
    json_array_foreach(json_object_get(result, "steps"), index, step)
    {
        const char *const cells[] = {text_of(ctl->pool, step, "layer"),
                                     json_is_true(json_object_get(step, "ok")) ? "ok" : "FAILED",
                                     text_of(ctl->pool, step, "text")};
        table_row(table, cells);
    }
    table_print(table, "No layer has answered.", stdout);
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(result, "negotiated"), name, value)
        print_fact(stdout, text_harmless(ctl->pool, name),
                   text_of(ctl->pool, json_object_get(result, "negotiated"), name));
    printf("The link to %s %s.\n", text_harmless(ctl->pool, ctl->arguments[0]),
           json_is_true(json_object_get(result, "ok")) ? "works" : "does not work");
}

ctl_exit_t command_link_test(ctl_t *ctl)
{
    return ctl_ask(ctl, "link.test", json_pack("{s:s}", "connector", ctl->arguments[0]), "ok",
                   show_link_test);
}

static void show_reload(ctl_t *ctl, const json_t *result)
{
    bool ok = json_is_true(json_object_get(result, "ok"));
    size_t index;
    json_t *finding;
    json_array_foreach(json_object_get(result, "findings"), index, finding)
        fprintf(ok ? stdout : stderr, "%s\n", text_harmless(ctl->pool, json_string_value(finding)));
    if (ok)
        puts("The configuration was reloaded.");
    else
        ctl_complain("the configuration has mistakes; the MTA goes on with the old one");
}

ctl_exit_t command_reload(ctl_t *ctl)
{
    return ctl_ask(ctl, "reload", NULL, "ok", show_reload);
}

ctl_exit_t command_metrics(ctl_t *ctl)
{
    if (!ctl->json) {
        const char *text;
        ctl_exit_t status = ctl_request_text(ctl, "/metrics", &text);
        if (status == CTL_OK)
            fputs(text, stdout);
        return status;
    }
    json_t *result;
    ctl_exit_t status = ctl_request(ctl, "metrics", NULL, &result);
    if (status != CTL_OK)
        return status;
    ctl_print_json(result);
    json_decref(result);
    return CTL_OK;
}
