/* What is configured of a connector, for programs and for the sheet that the two sides of a link exchange.
 * Passwords are not shown: only whether there is one. */
#include <ctype.h>

#include <apr_strings.h>

#include "mta/control_internal.h"
#include "mta/policy.h"
#include "x400_version.h"

/* A selector as text if it is readable, else in hexadecimal; "" = none. */
static json_t *selector_json(apr_pool_t *pool, bytes_t selector)
{
    bool readable = true;
    for (size_t i = 0; i < selector.length; i++)
        readable = readable && isgraph(selector.data[i]);
    if (readable)
        return json_string(bytes_to_string(pool, selector));
    return json_string(apr_pstrcat(pool, "0x", bytes_to_hex(pool, selector), NULL));
}

static json_t *selectors_json(apr_pool_t *pool, bytes_t t, bytes_t s, bytes_t p)
{
    json_t *item = json_object();
    json_object_set_new(item, "transport", selector_json(pool, t));
    json_object_set_new(item, "session", selector_json(pool, s));
    json_object_set_new(item, "presentation", selector_json(pool, p));
    return item;
}

static json_t *strings_json(const char *const *list)
{
    json_t *array = json_array();
    for (; list && *list; list++)
        json_array_append_new(array, json_string(*list));
    return array;
}

static json_t *listeners_json(const agent_t *agent)
{
    json_t *array = json_array();
    for (size_t i = 0; i < agent->config->listener_count; i++) {
        const config_listener_t *listener = &agent->config->listeners[i];
        char text[300];
        apr_snprintf(text, sizeof(text), "%s:%u", listener->address ? listener->address : "any",
                     listener->port);
        json_array_append_new(array, json_string(text));
    }
    return array;
}

static json_t *spaces_json(const config_address_space_t *spaces, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:i}", "pattern", spaces[i].pattern, "cost", spaces[i].cost));
    return array;
}

static json_t *disallowed_json(unsigned disallow)
{
    json_t *array = json_array();
    if (disallow & CONFIG_DISALLOW_URGENT)
        json_array_append_new(array, json_string("urgent"));
    if (disallow & CONFIG_DISALLOW_NORMAL)
        json_array_append_new(array, json_string("normal"));
    if (disallow & CONFIG_DISALLOW_NON_URGENT)
        json_array_append_new(array, json_string("non-urgent"));
    return array;
}

static json_t *quirks_json(unsigned quirks)
{
    json_t *array = json_array();
    for (unsigned bit = 0; bit < 32; bit++)
        if (quirks >> bit & 1 && config_quirk_name(1u << bit))
            json_array_append_new(array, json_string(config_quirk_name(1u << bit)));
    return array;
}

void control_restrictions(json_t *item, const config_connector_t *config)
{
    json_object_set_new(item, "address_spaces",
                        spaces_json(config->address_spaces, config->address_space_count));
    json_object_set_new(item, "allowed_callers", strings_json((const char *const *)config->allowed_callers));
    json_object_set_new(item, "accept_from", strings_json((const char *const *)config->accept_from));
    json_object_set_new(item, "reject_from", strings_json((const char *const *)config->reject_from));
    json_object_set_new(item, "disallow", disallowed_json(config->disallow));
    json_object_set_new(item, "bar_p1_originator",
                        strings_json((const char *const *)config->bar_p1_originator));
    json_object_set_new(item, "quirks", quirks_json(config->quirks));
}

/* The T-selector by which the peer has to call: the connector's, else the listener's. */
static bytes_t own_selector(const agent_t *agent, const config_connector_t *config)
{
    if (config->incoming_t_selector.length || !agent->config->listener_count)
        return config->incoming_t_selector;
    return agent->config->listeners[0].transport_selector;
}

static json_t *number(unsigned value)
{
    return json_integer((json_int_t)value);
}

static void add_side(json_t *form, const char *side, const char *name, bool password, const char *domain,
                     json_t *addresses, json_t *selectors)
{
    json_object_set_new(form, side,
                        json_pack("{s:s, s:b, s:s, s:o, s:o}", "mta_name", name, "password", password ? 1 : 0,
                                  "domain", domain, "addresses", addresses, "selectors", selectors));
}

static void add_values(json_t *form, const config_connector_t *config)
{
    static const char *const activations[] = {[CONFIG_ACTIVATION_NEVER] = "never",
                                              [CONFIG_ACTIVATION_SELECTED] = "selected times",
                                              [CONFIG_ACTIVATION_ALWAYS] = "always",
                                              [CONFIG_ACTIVATION_REMOTE_INITIATED] = "remote initiated"};
    json_object_set_new(form, "schedule", json_string(activations[config->activation]));
    json_object_set_new(form, "two_way_alternate", json_boolean(config->two_way_alternate));
    json_object_set_new(form, "first_turn", json_string(config->local_initial_turn ? "caller" : "called"));
    json_object_set_new(form, "checkpoint_size_k", number(config->checkpoint_size));
    json_object_set_new(form, "window_size", number(config->window_size));
    json_object_set_new(form, "recovery_timeout_s", number(config->recovery_timeout));
    json_object_set_new(form, "lifetime_s", number(config->lifetime));
    json_object_set_new(form, "disconnect_s", number(config->disconnect));
    json_object_set_new(form, "threshold", number(config->threshold));
    json_object_set_new(form, "maximum_associations", number(config->maximum_associations));
    json_object_set_new(form, "open_interval_s", number(config->open_interval));
    json_object_set_new(form, "maximum_message_size_k", number(config->maximum_message_size));
    json_object_set_new(form, "tpdu_size", number(config->quirks & CONFIG_QUIRK_2K_TPDU ? 2048 : 65531));
}

static const char *remote_domain(const config_connector_t *config, apr_pool_t *pool)
{
    if (!config->remote_country)
        return "";
    x411_domain_t domain = x411_domain_make(
        config->remote_country, config->remote_admd ? config->remote_admd : " ", config->remote_prmd);
    return x411_domain_text(pool, &domain);
}

void control_connector_form(control_call_t *call)
{
    const char *name = control_text(call, "name");
    connector_t *connector = name ? agent_find_connector(call->agent, name) : NULL;
    if (!connector || !connector->config) {
        control_refuse(call, 404, "there is no connector \"%s\"", name ? name : "");
        return;
    }
    const config_connector_t *config = connector->config;
    x411_domain_t own = agent_domain(call->agent);
    json_t *form = json_object();
    json_object_set_new(form, "name", json_string(connector->destination.name));
    json_object_set_new(form, "date", json_string(control_utc_text(call->pool, agent_utc(call->agent))));
    json_object_set_new(form, "software", json_string("x400mta " X400_VERSION));
    json_object_set_new(form, "context", json_string(control_conformance_name(config->conformance)));
    json_t *peer = json_array();
    if (config->remote_host && *config->remote_host)
        json_array_append_new(
            peer, json_string(apr_psprintf(call->pool, "%s:%u", config->remote_host, config->port)));
    add_side(form, "ours", config->local_mta_name, config->local_mta_password && *config->local_mta_password,
             x411_domain_text(call->pool, &own), listeners_json(call->agent),
             selectors_json(call->pool, own_selector(call->agent, config), config->incoming_s_selector,
                            config->incoming_p_selector));
    add_side(form, "theirs", config->remote_mta_name,
             config->remote_mta_password && *config->remote_mta_password, remote_domain(config, call->pool),
             peer,
             selectors_json(call->pool, config->outgoing_t_selector, config->outgoing_s_selector,
                            config->outgoing_p_selector));
    if (config->local_address)
        json_object_set_new(form, "calls_from", json_string(config->local_address));
    add_values(form, config);
    control_restrictions(form, config);
    control_answer(call, form);
}
