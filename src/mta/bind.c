#include "mta/bind.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "mta/association.h"
#include "mta/connector.h"
#include "mta/refusals.h"
#include "mta/sibling.h"

x411_mode_t bind_mode(osi_mode_t mode)
{
    static const x411_mode_t modes[] = {[OSI_MODE_X410_1984] = X411_MODE_1984,
                                        [OSI_MODE_X410_1988] = X411_MODE_X410_1988,
                                        [OSI_MODE_NORMAL] = X411_MODE_NORMAL};
    return modes[mode];
}

void bind_write_argument(association_t *association, buffer_t *out)
{
    const config_connector_t *config = association->connector->config;
    x411_bind_t bind = x411_bind_make(association->mode, config->local_mta_name, config->local_mta_password);
    bind.sibling = association->offered = !association->test && sibling_offers(association->connector);
    x411_bind_encode(association->mode, X411_BIND_ARGUMENT, &bind, out);
}

/* Why a call is refused: what the operator is told and what the peer is told. */
typedef struct refusal_t {
    refusal_cause_t cause;
    int rts_reason; /* stack_refuse_t in the X.410 modes and where the standard has no bind error */
    int64_t bind_error;
} refusal_t;

static const refusal_t refuse_limit = {REFUSAL_LIMIT, STACK_REFUSE_RTS_BUSY, X411_BIND_BUSY};
static const refusal_t refuse_connector_limit = {REFUSAL_CONNECTOR_LIMIT, STACK_REFUSE_RTS_BUSY,
                                                 X411_BIND_BUSY};
static const refusal_t refuse_malformed = {REFUSAL_MALFORMED, STACK_REFUSE_VALIDATION_FAILURE,
                                           X411_BIND_AUTHENTICATION_ERROR};
static const refusal_t refuse_unknown = {REFUSAL_UNKNOWN, STACK_REFUSE_VALIDATION_FAILURE,
                                         X411_BIND_AUTHENTICATION_ERROR};
static const refusal_t refuse_password = {REFUSAL_PASSWORD, STACK_REFUSE_VALIDATION_FAILURE,
                                          X411_BIND_AUTHENTICATION_ERROR};
static const refusal_t refuse_dialogue = {REFUSAL_DIALOGUE, STACK_REFUSE_UNACCEPTABLE_DIALOGUE_MODE,
                                          X411_BIND_UNACCEPTABLE_DIALOGUE_MODE};
static const refusal_t refuse_suspended = {REFUSAL_SUSPENDED, STACK_REFUSE_RTS_BUSY, X411_BIND_BUSY};
static const refusal_t refuse_selector = {REFUSAL_SELECTOR, STACK_REFUSE_VALIDATION_FAILURE,
                                          X411_BIND_AUTHENTICATION_ERROR};
static const refusal_t refuse_address = {REFUSAL_ADDRESS, STACK_REFUSE_VALIDATION_FAILURE,
                                         X411_BIND_AUTHENTICATION_ERROR};

static const refusal_t refuse_self = {REFUSAL_SELF, STACK_REFUSE_VALIDATION_FAILURE,
                                      X411_BIND_AUTHENTICATION_ERROR};

static const char *presentation_address(const association_t *association,
                                        const stack_indication_t *indication, apr_pool_t *pool)
{
    return apr_psprintf(pool, "/t:0x%s/n:0x%s", bytes_to_hex(pool, indication->calling.transport),
                        bytes_to_hex(pool, net_conn_peer_octets(association->conn)));
}

/* An address with port without its port. */
static const char *plain_address(const char *endpoint, apr_pool_t *pool)
{
    const char *colon = strrchr(endpoint, ':');
    size_t bracket = endpoint[0] == '[';
    if (!colon)
        return endpoint;
    return apr_pstrmemdup(pool, endpoint + bracket, (size_t)(colon - endpoint) - 2 * bracket);
}

/* 9301, in which monitoring knows the form of the address and of the stack (article Q169113). */
static void tell_address(association_t *association, const event_subject_t *subject, const char *name,
                         const char *entity)
{
    apr_pool_t *pool = association->pool;
    const char *own = association->agent->config->mta.name;
    char *address = apr_pstrdup(pool, bytes_to_hex(pool, net_conn_peer_octets(association->conn)));
    for (char *digit = address; *digit; digit++)
        *digit = (char)apr_toupper(*digit);
    event_raise(association->agent->services.events, EVENT_ID_CALLER_UNKNOWN, subject, address,
                apr_psprintf(pool, "/cn=%s/cn=TCP (%s)", own, own),
                apr_psprintf(pool, "%s as \"%s\", at %s", association->peer, name,
                             net_conn_local_address(association->conn)),
                apr_psprintf(pool, "add \"%s\" to allowed-callers of connector %s",
                             plain_address(association->peer, pool), entity));
}

/* The event that says which rule the call broke; event 1293 follows. */
static void tell_cause(association_t *association, const stack_indication_t *indication,
                       connector_t *connector, const char *name, const refusal_t *refusal)
{
    event_log_t *events = association->agent->services.events;
    apr_pool_t *pool = association->pool;
    const char *why = refusals_text(refusal->cause);
    const char *entity = connector ? connector->destination.name : name;
    const char *address = association->conn ? presentation_address(association, indication, pool) : "";
    const char *number = apr_psprintf(pool, "%" APR_UINT64_T_FMT, (apr_uint64_t)association->id);
    event_subject_t subject = {.connector = entity, .layer = "bind", .error_code = (int)refusal->bind_error};
    switch (refusal->cause) {
    case REFUSAL_LIMIT:
        event_raise(events, EVENT_ID_SESSION_LIMIT, &subject, entity, association->peer,
                    apr_psprintf(pool, "%u", association->agent->config->mta.maximum_associations));
        break;
    case REFUSAL_CONNECTOR_LIMIT:
        if (connector)
            connector_tell_limit(connector);
        break;
    case REFUSAL_UNKNOWN: event_raise(events, EVENT_ID_UNKNOWN_MTA, &subject, name, address, number); break;
    case REFUSAL_PASSWORD:
        event_raise(events, EVENT_ID_CREDENTIALS_ERROR, &subject, entity, association->peer, why);
        break;
    case REFUSAL_DIALOGUE:
        event_raise(events, EVENT_ID_LINK_OPTION_MODE, &subject, entity, number, why);
        break;
    case REFUSAL_SUSPENDED:
        event_raise(events, EVENT_ID_ASSOCIATION_WHILE_SUSPENDED, &subject, entity, "(Adjacent-MTA)",
                    association->peer);
        break;
    case REFUSAL_SELECTOR:
        event_raise(events, EVENT_ID_T_SELECTOR_UNKNOWN, &subject,
                    bytes_to_hex(pool, indication->called.transport), association->peer, "");
        break;
    case REFUSAL_ADDRESS: tell_address(association, &subject, name, entity); break;
    case REFUSAL_SELF:
        event_raise(events, EVENT_ID_OWN_ADDRESS_CALLED, &subject, name, association->peer, why);
        break;
    default: break;
    }
}

static void tell_refused(association_t *association, const stack_indication_t *indication,
                         connector_t *connector, const char *name, const refusal_t *refusal)
{
    agent_t *agent = association->agent;
    if (!refusals_count(agent->refusals, refusal->cause))
        return;
    tell_cause(association, indication, connector, name, refusal);
    const char *entity = connector ? connector->destination.name : name;
    event_subject_t subject = {.connector = entity, .layer = "bind", .error_code = (int)refusal->bind_error};
    event_raise(agent->services.events, EVENT_ID_REMOTE_ASSOCIATION_REFUSED, &subject, entity, "RTSE",
                apr_psprintf(association->pool, "%d", refusal->rts_reason), association->peer,
                refusals_text(refusal->cause));
}

static connector_t *refuse(association_t *association, const stack_indication_t *indication,
                           connector_t *connector, const char *name, const refusal_t *refusal)
{
    agent_t *agent = association->agent;
    agent->refused++;
    if (connector) {
        connector->rejected_inbound++;
        connector->reject_reason = 1 + (unsigned)refusal->rts_reason;
    }
    tell_refused(association, indication, connector, name, refusal);
    buffer_t *error = buffer_create(association->pool, MTA_OPEN_DATA_LIMIT);
    x411_bind_error_encode(association->mode, refusal->bind_error, error);
    int reason = refusal->rts_reason;
    if (association->mode == X411_MODE_NORMAL && buffer_length(error) &&
        refusal->bind_error != X411_BIND_BUSY)
        reason = STACK_REFUSE_REJECTED_BY_USER;
    osi_stack_open_refuse(association->stack, reason, buffer_bytes(error), agent_now(agent));
    buffer_release(error);
    return NULL;
}

static bool text_is(const x411_string_t *string, const char *text)
{
    return bytes_equal(string->octets, bytes_of_string(text));
}

/* An empty password configured means that the peer sends none, or an empty one. */
static bool password_is_right(const x411_bind_t *bind, const char *password)
{
    if (bind->credentials == X411_CREDENTIALS_NONE)
        return !password || !*password;
    return bind->credentials == X411_CREDENTIALS_SIMPLE && text_is(&bind->password, password ? password : "");
}

static bool selector_is_right(bytes_t wanted, bytes_t got)
{
    return !wanted.length || bytes_equal(wanted, got);
}

static bool address_is_allowed(const association_t *association, const config_connector_t *config)
{
    const char *const *allowed = (const char *const *)config->allowed_callers;
    if (!allowed || !allowed[0] || !association->conn)
        return true;
    for (; *allowed; allowed++)
        if (net_conn_peer_in(association->conn, *allowed))
            return true;
    return false;
}

/* The connector that this bind names: the first whose name and password are right, else the first whose name
 * is, so that the refusal can say what is wrong. */
static connector_t *find_by_name(agent_t *agent, const x411_bind_t *bind)
{
    connector_t *by_name = NULL;
    for (size_t i = 0; i < agent->config->connector_count; i++) {
        connector_t *connector = agent->connectors[i];
        bool named = bind->authenticated ? text_is(&bind->name, connector->config->remote_mta_name)
                                         : !*connector->config->remote_mta_name;
        if (!named)
            continue;
        if (password_is_right(bind, connector->config->remote_mta_password))
            return connector;
        if (!by_name)
            by_name = connector;
    }
    return by_name;
}

/* The caller says that it is this MTA: it called its own address, in a cluster the virtual one. */
static bool names_us(const agent_t *agent, const x411_bind_t *bind)
{
    return bind->authenticated && text_is(&bind->name, agent->config->mta.name);
}

/* True if the peer is known to be at another address than it calls from. */
static bool calls_from_elsewhere(const association_t *association, const connector_t *connector)
{
    const config_connector_t *config = connector->config;
    if (config->allowed_callers && config->allowed_callers[0])
        return !address_is_allowed(association, config);
    if (!config->remote_host)
        return false;
    if (bind_is_numeric(config->remote_host))
        return !bind_is_octets(config->remote_host, net_conn_peer_octets(association->conn));
    const peer_address_t *reached = &connector->reached;
    return reached->length && !bytes_equal(bytes_make(reached->octets, reached->length),
                                           net_conn_peer_octets(association->conn));
}

/* Remembers an address; false if it was known, or there is no room. */
static bool note_caller(connector_t *connector, bytes_t address)
{
    for (unsigned i = 0; i < connector->told_caller_count; i++)
        if (bytes_equal(bytes_make(connector->told_callers[i].octets, connector->told_callers[i].length),
                        address))
            return false;
    if (connector->told_caller_count == MTA_CALLERS_TOLD ||
        address.length > sizeof(connector->reached.octets))
        return false;
    peer_address_t *told = &connector->told_callers[connector->told_caller_count++];
    memcpy(told->octets, address.data, address.length);
    told->length = (uint8_t)address.length;
    return true;
}

/* A peer that calls from another address than its own, as the node of a cluster does, is taken by its bind;
 * that is told once. */
static void tell_other_address(const association_t *association, connector_t *connector)
{
    if (!association->conn || !calls_from_elsewhere(association, connector) ||
        !note_caller(connector, net_conn_peer_octets(association->conn)))
        return;
    const config_connector_t *config = connector->config;
    bool listed = config->allowed_callers && config->allowed_callers[0];
    event_subject_t subject = {.connector = connector->destination.name, .layer = "bind"};
    event_raise(association->agent->services.events, EVENT_ID_CALLER_ELSEWHERE, &subject,
                connector->destination.name, plain_address(association->peer, association->pool),
                listed ? "allowed-callers" : config->remote_host);
}

static const refusal_t *judge(const association_t *association, const stack_indication_t *indication,
                              connector_t *connector, const x411_bind_t *bind)
{
    if (!connector)
        return names_us(association->agent, bind) ? &refuse_self : &refuse_unknown;
    const config_connector_t *config = connector->config;
    if (!password_is_right(bind, config->remote_mta_password))
        return &refuse_password;
    if (connector->disabled || config->activation == CONFIG_ACTIVATION_NEVER)
        return &refuse_suspended;
    if (!config->tell_other_callers && !address_is_allowed(association, config))
        return &refuse_address;
    if (!connector_takes_call(connector))
        return &refuse_connector_limit;
    bool normal = association->mode == X411_MODE_NORMAL;
    if (!selector_is_right(config->incoming_t_selector, indication->called.transport) ||
        (normal && !selector_is_right(config->incoming_s_selector, indication->called.session)) ||
        (normal && !selector_is_right(config->incoming_p_selector, indication->called.presentation)))
        return &refuse_selector;
    if (indication->two_way_alternate != config->two_way_alternate)
        return &refuse_dialogue;
    return NULL;
}

/* The session limit. One session is kept for calls of our own, so that peers who call cannot stop what is to
 * go out. */
static bool is_full(const agent_t *agent)
{
    unsigned limit = agent->config->mta.maximum_associations;
    unsigned incoming;
    unsigned sessions = agent_sessions(agent, &incoming, NULL);
    return sessions >= limit || (limit > 1 && incoming >= limit - 1);
}

connector_t *bind_check_argument(association_t *association, const stack_indication_t *indication)
{
    agent_t *agent = association->agent;
    apr_pool_t *pool = association->pool;
    x411_bind_t bind;
    err_t *err = x411_bind_decode(pool, association->mode, X411_BIND_ARGUMENT, indication->user_data, &bind);
    if (err)
        return refuse(association, indication, NULL, err_describe(pool, err), &refuse_malformed);
    const char *name = bind.authenticated ? bytes_to_string(pool, bind.name.octets) : "(unauthenticated)";
    if (is_full(agent))
        return refuse(association, indication, NULL, name, &refuse_limit);
    connector_t *connector = find_by_name(agent, &bind);
    const refusal_t *refusal = judge(association, indication, connector, &bind);
    if (refusal)
        return refuse(association, indication, connector, name, refusal);
    const config_connector_t *config = connector->config;
    x411_bind_t result =
        x411_bind_make(association->mode, config->local_mta_name, config->local_mta_password);
    if (!bind.authenticated)
        result = (x411_bind_t){.authenticated = false};
    association->sibling = result.sibling = result.authenticated && bind.sibling && sibling_offers(connector);
    buffer_t *encoded = buffer_create(pool, MTA_OPEN_DATA_LIMIT);
    x411_bind_encode(association->mode, X411_BIND_RESULT, &result, encoded);
    stack_config_t limits = association_stack_config(agent, config);
    osi_stack_set_limits(association->stack, &limits);
    err = osi_stack_open_accept(association->stack, buffer_bytes(encoded), agent_now(agent));
    buffer_release(encoded);
    if (!err)
        tell_other_address(association, connector);
    return err ? NULL : connector;
}

err_t *bind_check_result(association_t *association, const stack_indication_t *indication)
{
    const config_connector_t *config = association->connector->config;
    apr_pool_t *pool = association->pool;
    x411_bind_t bind;
    err_t *err = x411_bind_decode(pool, association->mode, X411_BIND_RESULT, indication->user_data, &bind);
    if (!err && bind.authenticated && !text_is(&bind.name, config->remote_mta_name))
        err = err_create(pool, X411_BIND_AUTHENTICATION_ERROR, "bind",
                         "the peer answers as \"%s\", the connector expects \"%s\" (remote-mta-name)",
                         bytes_to_string(pool, bind.name.octets), config->remote_mta_name);
    if (!err && bind.authenticated && !password_is_right(&bind, config->remote_mta_password))
        err = err_create(pool, X411_BIND_AUTHENTICATION_ERROR, "bind",
                         "the peer answers with a password that is not the connector's remote-mta-password");
    if (!err && !bind.authenticated && config->remote_mta_password && *config->remote_mta_password)
        err = err_create(pool, X411_BIND_AUTHENTICATION_ERROR, "bind",
                         "the peer answers without a name and a password");
    if (err) {
        event_subject_t subject = {.connector = association->connector->destination.name, .layer = "bind"};
        event_raise(association->agent->services.events, EVENT_ID_CREDENTIALS_ERROR, &subject,
                    association->connector->destination.name, association->peer, err_describe(pool, err));
    }
    association->sibling = !err && association->offered && bind.sibling;
    return err;
}

const err_t *bind_explain_refusal(association_t *association, const stack_indication_t *indication)
{
    apr_pool_t *pool = association->pool;
    int64_t code;
    if (!indication->user_data.length || x411_bind_error_decode(pool, indication->user_data, &code))
        return indication->err;
    const char *hint = code == X411_BIND_AUTHENTICATION_ERROR
                           ? "; check local-mta-name and local-mta-password against what the peer expects"
                           : "";
    return err_wrap(pool, indication->err, (int)code, "bind", "the peer refused the bind: %s%s",
                    x411_bind_error_text(code), hint);
}
