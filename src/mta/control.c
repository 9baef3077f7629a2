#include "mta/control.h"

#include <stdarg.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/connector.h"
#include "mta/control_internal.h"
#include "mta/link_test.h"
#include "mta/plan.h"
#include "x411/oraddress_text.h"

void control_answer(const control_call_t *call, json_t *result)
{
    call->reply(call->context, 200, result ? result : json_object());
}

void control_refuse(const control_call_t *call, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = apr_pvsprintf(call->pool, format, arguments);
    va_end(arguments);
    call->reply(call->context, status, json_pack("{s:s}", "error", text));
}

const char *control_text(const control_call_t *call, const char *name)
{
    return json_string_value(json_object_get(call->arguments, name));
}

static connector_t *named_connector(control_call_t *call, const char *argument)
{
    const char *name = control_text(call, argument);
    if (!name) {
        control_refuse(call, 400, "the argument \"%s\" (the name of a connector) is missing", argument);
        return NULL;
    }
    connector_t *connector = agent_find_connector(call->agent, name);
    if (!connector || !connector->config) {
        control_refuse(call, 404, "there is no connector \"%s\"; x400ctl connectors lists them", name);
        return NULL;
    }
    return connector;
}

static void tell_command(control_call_t *call, const char *command, const char *words)
{
    event_raise(call->agent->services.events, EVENT_ID_OPERATOR_COMMAND, NULL, command, words);
}

static void connector_disable(control_call_t *call)
{
    connector_t *connector = named_connector(call, "name");
    if (!connector)
        return;
    connector_set_disabled(connector, true);
    tell_command(call, "connector disable", connector->destination.name);
    control_answer(call, NULL);
}

static void connector_enable(control_call_t *call)
{
    connector_t *connector = named_connector(call, "name");
    if (!connector)
        return;
    connector_set_disabled(connector, false);
    tell_command(call, "connector enable", connector->destination.name);
    control_answer(call, NULL);
}

static void link_test(control_call_t *call)
{
    connector_t *connector = named_connector(call, "connector");
    if (!connector)
        return;
    if (call->agent->stopping)
        control_refuse(call, 503, "the MTA is stopping");
    else if (!connector->config->remote_host || !*connector->config->remote_host)
        control_refuse(call, 409, "connector \"%s\" has no remote host: it waits for its peer to call",
                       connector->destination.name);
    else
        link_test_begin(connector, call->reply, call->context);
}

static json_t *candidate_json(const route_candidate_t *candidate)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:b, s:b, s:s}", "target", candidate->target.name, "kind",
                     candidate->target.kind == ROUTE_CONNECTOR ? "connector" : "mailbox", "pattern",
                     candidate->pattern ? candidate->pattern : "", "cost", candidate->cost, "matches",
                     candidate->matches ? 1 : 0, "chosen", candidate->chosen ? 1 : 0, "why",
                     candidate->why ? candidate->why : "");
}

/* Addresses of redirections and distribution lists are looked at before address spaces; true if answered. */
static bool explain_name(control_call_t *call, const x411_or_address_t *address)
{
    const names_t *names = call->agent->names;
    const names_redirect_t *redirect = names_find_redirect(names, address, call->pool);
    const names_list_t *list = redirect ? NULL : names_find_list(names, address, call->pool);
    if (!redirect && !list)
        return false;
    const char *why =
        redirect ? apr_psprintf(call->pool, "redirected to %s", x411_or_name_text(call->pool, &redirect->to))
                 : apr_psprintf(call->pool, "a distribution list with %u members", list->member_count);
    control_answer(call, json_pack("{s:s, s:b, s:s, s:s, s:s, s:[]}", "address",
                                   x411_or_address_text(call->pool, address), "found", 1, "target",
                                   redirect ? redirect->name : list->config->name, "kind",
                                   redirect ? "redirect" : "distribution-list", "why", why, "candidates"));
    return true;
}

void control_route_explain(control_call_t *call)
{
    const char *text = control_text(call, "address");
    if (!text) {
        control_refuse(call, 400, "the argument \"address\" (an O/R address) is missing");
        return;
    }
    x411_or_address_t address;
    err_t *err = x411_or_address_parse(call->pool, text, &address);
    if (err) {
        control_refuse(call, 400, "%s", err_describe(call->pool, err));
        return;
    }
    if (explain_name(call, &address))
        return;
    route_state_t state;
    plan_query_t query = {call->agent, &address, NULL, call->pool};
    plan_route_state(&query, &state);
    state.came_in_by = control_text(call, "from");
    route_choice_t choice;
    const route_candidate_t *candidates;
    size_t count;
    route_explain(call->agent->routes, &address, &state, call->pool, &choice, &candidates, &count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, candidate_json(&candidates[i]));
    control_answer(
        call,
        json_pack("{s:s, s:b, s:s, s:s, s:s, s:o}", "address", x411_or_address_text(call->pool, &address),
                  "found", choice.found ? 1 : 0, "target", choice.found ? choice.target.name : "", "kind",
                  choice.found && choice.target.kind == ROUTE_MAILBOX ? "mailbox" : "connector", "why",
                  choice.found      ? "chosen"
                  : choice.why_none ? choice.why_none
                                    : "no route",
                  "candidates", list));
}

static void reload(control_call_t *call)
{
    if (!call->agent->services.reload) {
        control_refuse(call, 404, "this MTA cannot reload its configuration");
        return;
    }
    bool ok = false;
    const char *findings = call->agent->services.reload(call->agent->services.context, &ok, call->pool);
    json_t *list = json_array();
    char *state;
    char *lines = apr_pstrdup(call->pool, findings ? findings : "");
    for (char *line = apr_strtok(lines, "\n", &state); line; line = apr_strtok(NULL, "\n", &state))
        json_array_append_new(list, json_string(line));
    control_answer(call, json_pack("{s:b, s:o}", "ok", ok ? 1 : 0, "findings", list));
}

static const struct {
    const char *name;
    void (*run)(control_call_t *call);
} operations[] = {
    {"status", control_status},
    {"bind", control_bind},
    {"connectors", control_connectors},
    {"connector.form", control_connector_form},
    {"associations", control_associations},
    {"metrics", control_metrics},
    {"queue", control_queue},
    {"queue.show", control_queue_show},
    {"queue.retry", control_queue_retry},
    {"queue.hold", control_queue_hold},
    {"queue.release", control_queue_release},
    {"queue.reroute", control_queue_reroute},
    {"queue.delete", control_queue_delete},
    {"queue.priority", control_queue_priority},
    {"route.explain", control_route_explain},
    {"send", control_send},
    {"events", control_events},
    {"diagnostics", control_diagnostics},
    {"diagnostics.set", control_diagnostics_set},
    {"trace.start", control_trace_start},
    {"trace.read", control_trace_read},
    {"trace.stop", control_trace_stop},
    {"link.test", link_test},
    {"connector.disable", connector_disable},
    {"connector.enable", connector_enable},
    {"reload", reload},
};

void control_request(agent_t *agent, const char *operation, const json_t *arguments, control_reply_t reply,
                     void *context)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    control_call_t call = {
        .agent = agent, .arguments = arguments, .pool = pool, .reply = reply, .context = context};
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(operations[i].name, operation) == 0) {
            operations[i].run(&call);
            apr_pool_destroy(pool);
            return;
        }
    }
    control_refuse(&call, 404, "there is no operation \"%s\"", operation);
    apr_pool_destroy(pool);
}
