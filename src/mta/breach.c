#include "mta/breach.h"

#include <ctype.h>
#include <stdlib.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/peer_events.h"
#include "osi/rtse.h"

enum { CODE_INTERFACE = 8453 /* of event 4282 */ };

static bool is_layer(const err_t *err, const char *layer)
{
    return err->layer && strcmp(err->layer, layer) == 0;
}

/* Both sides think that they have the turn. */
static bool is_turn_confusion(const err_t *fault)
{
    int event = fault->cause ? fault->cause->code : -1;
    return event == RTSE_START || event == RTSE_RESUME || event == RTSE_GIVE;
}

unsigned breach_event(const err_t *err, const err_t **fault)
{
    for (; err; err = err->cause) {
        *fault = err;
        switch (err->code) {
        case OSI_FAULT_TPKT: return EVENT_ID_TPKT_ERROR;
        case OSI_FAULT_TPDU: return EVENT_ID_TRANSPORT_PROTOCOL_ERROR;
        case OSI_FAULT_LENGTH: return EVENT_ID_ILLEGAL_BUFFER;
        case OSI_FAULT_HANDLE: return EVENT_ID_RTSE_HANDLE_ERROR;
        case OSI_FAULT_PRIMITIVE: return EVENT_ID_RTSE_UNEXPECTED_SPDU;
        case OSI_FAULT_DECODE:
            return is_layer(err, "RTSE") ? EVENT_ID_RTSE_DECODE_ERROR : EVENT_ID_PRESENTATION_DECODE_ERROR;
        case OSI_FAULT_STATE:
            if (is_layer(err, "session"))
                return EVENT_ID_SESSION_STATE_ERROR;
            if (!is_layer(err, "RTSE"))
                return EVENT_ID_PRESENTATION_STATE_ERROR;
            return is_turn_confusion(err) ? EVENT_ID_TRANSFER_INTERNAL_ERROR : EVENT_ID_RTSE_STATE_ERROR;
        default: break;
        }
    }
    return 0;
}

/* What a fault's text ends with behind these words: a state. */
static const char *behind(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    return at ? at + strlen(words) : "";
}

/* The last number of a fault's text: an octet or a limit. */
static const char *number_of(apr_pool_t *pool, const char *text)
{
    const char *end = text + strlen(text);
    while (end > text && !isdigit((unsigned char)end[-1]))
        end--;
    const char *start = end;
    while (start > text && isdigit((unsigned char)start[-1]))
        start--;
    return apr_pstrmemdup(pool, start, (apr_size_t)(end - start));
}

typedef struct breach_t {
    event_log_t *events;
    apr_pool_t *pool;
    const event_subject_t *subject;
    const char *entity;
    const char *peer;
    const char *number;
    const char *words;
    const err_t *fault;
} breach_t;

static void raise_state(const breach_t *b, unsigned id)
{
    const char *what = b->fault->cause ? b->fault->cause->text : b->words;
    event_raise(b->events, id, b->subject, b->entity, behind(b->fault->text, " in state "), what, b->peer);
}

static void raise_breach(const breach_t *b, unsigned id)
{
    switch (id) {
    case EVENT_ID_TPKT_ERROR:
        event_raise(b->events, id, b->subject, "that is no TPKT", b->number, b->peer);
        break;
    case EVENT_ID_TRANSPORT_PROTOCOL_ERROR:
        event_raise(b->events, id, b->subject, apr_psprintf(b->pool, "%d", CODE_INTERFACE), b->peer,
                    b->words);
        break;
    case EVENT_ID_ILLEGAL_BUFFER:
        event_raise(b->events, id, b->subject, "1", number_of(b->pool, b->fault->text), b->peer);
        break;
    case EVENT_ID_RTSE_UNEXPECTED_SPDU:
        event_raise(b->events, id, b->subject, b->fault->text, b->words, b->entity);
        break;
    case EVENT_ID_RTSE_DECODE_ERROR:
    case EVENT_ID_PRESENTATION_DECODE_ERROR:
        event_raise(b->events, id, b->subject, b->entity, b->words, number_of(b->pool, b->fault->text),
                    b->peer);
        break;
    case EVENT_ID_RTSE_HANDLE_ERROR:
    case EVENT_ID_TRANSFER_INTERNAL_ERROR: event_raise(b->events, id, b->subject, b->entity, b->words); break;
    case EVENT_ID_SESSION_STATE_ERROR:
    case EVENT_ID_PRESENTATION_STATE_ERROR:
    case EVENT_ID_RTSE_STATE_ERROR: raise_state(b, id); break;
    default: break;
    }
}

/* The stack's own words for what is no breach: a timer, the end of the transport connection. */
static bool is_innocent(const err_t *err)
{
    for (; err; err = err->cause)
        if (err->code == APR_TIMEUP || is_layer(err, "network") || is_layer(err, "transport") ||
            is_layer(err, "system"))
            return true;
    return false;
}

void breach_tell(const association_t *association, const err_t *err)
{
    if (!err)
        return;
    const err_t *fault = err;
    unsigned id = breach_event(err, &fault);
    if (!id && is_innocent(err))
        return;
    const connector_t *connector = association->connector;
    const char *entity = connector ? connector->destination.name : association->peer;
    if (!peer_events_count(association->agent->peer_events, id ? id : EVENT_ID_PROTOCOL_VIOLATION, entity))
        return;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    event_subject_t subject = {.connector = connector ? connector->destination.name : NULL,
                               .layer = fault->layer};
    breach_t breach = {.events = association->agent->services.events,
                       .pool = pool,
                       .subject = &subject,
                       .entity = entity,
                       .peer = association->peer,
                       .number = apr_psprintf(pool, "%" APR_UINT64_T_FMT, (apr_uint64_t)association->id),
                       .words = err_describe(pool, err),
                       .fault = fault};
    if (id)
        raise_breach(&breach, id);
    else
        event_raise(breach.events, EVENT_ID_PROTOCOL_VIOLATION, &subject, breach.entity, breach.peer,
                    err->layer ? err->layer : "", breach.words);
    apr_pool_destroy(pool);
}

int breach_socket_error(apr_status_t status)
{
    if (APR_STATUS_IS_ECONNREFUSED(status))
        return 10061;
    if (APR_STATUS_IS_ETIMEDOUT(status) || APR_STATUS_IS_TIMEUP(status))
        return 10060;
    if (APR_STATUS_IS_ENETUNREACH(status))
        return 10051;
    if (APR_STATUS_IS_EHOSTUNREACH(status))
        return 10065;
    if (APR_STATUS_IS_ECONNRESET(status) || APR_STATUS_IS_EPIPE(status))
        return 10054;
    if (APR_STATUS_IS_ECONNABORTED(status))
        return 10053;
    if (APR_STATUS_IS_EINVAL(status))
        return 10022;
    return (int)APR_TO_OS_ERROR(status);
}

void breach_tell_closed(const association_t *association, const err_t *err)
{
    event_log_t *events = association->agent->services.events;
    const char *name = association->connector ? association->connector->destination.name : association->peer;
    char number[24];
    apr_snprintf(number, sizeof(number), "%" APR_UINT64_T_FMT, (apr_uint64_t)association->id);
    event_subject_t subject = {.connector = name, .layer = "network"};
    if (!err) {
        event_raise(events, EVENT_ID_RECEIVE_CLOSED, &subject, number, "0", association->peer);
        event_raise(events, EVENT_ID_TRANSPORT_DISCONNECTED, &subject, number, name, association->peer);
        return;
    }
    unsigned id = net_err_of_sending(err) ? EVENT_ID_SEND_ERROR : EVENT_ID_RECEIVE_ERROR;
    if (!peer_events_count(association->agent->peer_events, id, name))
        return;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    char code[16];
    subject.error_code = breach_socket_error(err->code);
    apr_snprintf(code, sizeof(code), "%d", subject.error_code);
    event_raise(events, id, &subject, code, number, association->peer, err_describe(pool, err));
    apr_pool_destroy(pool);
}
