/* Traces of a connector's traffic: begun, fetched in pieces, ended. */
#include <apr_base64.h>
#include <apr_strings.h>

#include "event/ids.h"
#include "mta/control_internal.h"
#include "mta/tap.h"

enum { PIECE = 4 << 20 }; /* octets of one answer */

static connector_t *trace_connector(control_call_t *call)
{
    const char *name = control_text(call, "connector");
    connector_t *connector = name ? agent_find_connector(call->agent, name) : NULL;
    if (!name)
        control_refuse(call, 400, "the argument \"connector\" (the name of a connector) is missing");
    else if (!connector || !connector->config)
        control_refuse(call, 404, "there is no connector \"%s\"; x400ctl connectors lists them", name);
    return connector && connector->config ? connector : NULL;
}

void control_trace_start(control_call_t *call)
{
    connector_t *connector = trace_connector(call);
    if (!connector)
        return;
    bool blanked = json_is_true(json_object_get(call->arguments, "content_blanked"));
    if (!tap_trace_begin(connector, blanked)) {
        control_refuse(call, 409, "connector \"%s\" is being traced already", connector->destination.name);
        return;
    }
    event_raise(
        call->agent->services.events, EVENT_ID_OPERATOR_COMMAND, NULL, "trace",
        apr_pstrcat(call->pool, connector->destination.name, blanked ? ", contents blanked" : "", NULL));
    control_answer(call, NULL);
}

void control_trace_read(control_call_t *call)
{
    connector_t *connector = trace_connector(call);
    if (!connector)
        return;
    bytes_t octets;
    uint64_t dropped;
    if (!tap_trace_read(connector, &octets, &dropped)) {
        control_refuse(call, 409, "connector \"%s\" is not being traced", connector->destination.name);
        return;
    }
    bool more = octets.length > PIECE;
    octets = bytes_slice(octets, 0, PIECE);
    char *text = apr_palloc(call->pool, (apr_size_t)apr_base64_encode_len((int)octets.length));
    apr_base64_encode_binary(text, octets.data, (int)octets.length);
    tap_trace_taken(connector, octets.length);
    control_answer(call, json_pack("{s:s, s:b, s:I}", "octets", text, "more", more ? 1 : 0, "dropped",
                                   (json_int_t)dropped));
}

void control_trace_stop(control_call_t *call)
{
    connector_t *connector = trace_connector(call);
    if (!connector)
        return;
    tap_trace_end(connector);
    control_answer(call, NULL);
}
