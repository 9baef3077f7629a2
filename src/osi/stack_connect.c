/* Opening an association: what rides on S-CONNECT in the three application contexts (X.419 clause 12), how a
 * responder recognises them, and what a refusal says in which layer. */
#include "osi/stack_internal.h"

#include <stdio.h>
#include <apr_time.h>

const bytes_t stack_abstract_syntax[STACK_CONTEXTS] = {
    [STACK_CONTEXT_ACSE] = {(const uint8_t *)"\x52\x01\x00\x01", 4}, /* 2.2.1.0.1 */
    [STACK_CONTEXT_RTSE] = {(const uint8_t *)"\x56\x00\x02\x0C", 4}, /* 2.6.0.2.12 */
    [STACK_CONTEXT_MTSE] = {(const uint8_t *)"\x56\x00\x02\x07", 4}, /* 2.6.0.2.7 */
};
const bytes_t stack_application_context = {(const uint8_t *)"\x56\x00\x01\x06", 4}; /* 2.6.0.1.6 */

static const char *const context_name[STACK_CONTEXTS] = {"ACSE", "RTSE", "MTSE"};

/* --- Encoding ------------------------------------------------------------------------------------------- */

/* The RTSE APDU of an open or a refusal: in normal mode tagged, else the contents of the SET. */
static bytes_t encode_rtse(osi_stack_t *stack, const rtse_apdu_t *apdu)
{
    ber_writer_t writer;
    ber_writer_init(&writer, &stack->encoding);
    if (stack_normal(stack))
        rtse_apdu_write(&writer, apdu);
    else
        rtse_apdu_write_contents(&writer, apdu);
    return stack_encoded(stack, stack->open_pool);
}

static bytes_t encode_acse(osi_stack_t *stack, const acse_apdu_t *apdu)
{
    ber_writer_t writer;
    ber_writer_init(&writer, &stack->encoding);
    acse_write(&writer, apdu);
    return stack_encoded(stack, stack->open_pool);
}

static bytes_t encode_presentation(osi_stack_t *stack, const presentation_ppdu_t *ppdu)
{
    ber_writer_t writer;
    ber_writer_init(&writer, &stack->encoding);
    presentation_write(&writer, ppdu);
    return stack_encoded(stack, stack->open_pool);
}

static void put_information(osi_stack_t *stack, acse_apdu_t *apdu, bytes_t information)
{
    apdu->has_information = information.length > 0;
    apdu->syntax = presentation_ber;
    apdu->context = stack->context_id[STACK_CONTEXT_RTSE];
    apdu->information = information;
}

static void put_acse(osi_stack_t *stack, presentation_ppdu_t *ppdu, bytes_t apdu)
{
    ppdu->user_data.count = 1;
    ppdu->user_data.pdv[0].id = stack->context_id[STACK_CONTEXT_ACSE];
    ppdu->user_data.pdv[0].value = apdu;
}

/* AARE around information (may be empty), for a CPA or a CPR. */
static bytes_t encode_aare(osi_stack_t *stack, int64_t result, int64_t source, int64_t diagnostic,
                           bytes_t information)
{
    acse_apdu_t aare;
    acse_apdu_init(&aare, ACSE_AARE);
    aare.application_context = stack_application_context;
    aare.result = result;
    aare.source = source;
    aare.diagnostic = diagnostic;
    if (information.length)
        put_information(stack, &aare, information);
    return encode_acse(stack, &aare);
}

/* --- Initiator: request --------------------------------------------------------------------------------- */

static bytes_t encode_normal_request(osi_stack_t *stack, bytes_t rtorq)
{
    acse_apdu_t aarq;
    presentation_ppdu_t cp;
    acse_apdu_init(&aarq, ACSE_AARQ);
    aarq.application_context = stack_application_context;
    put_information(stack, &aarq, rtorq);
    presentation_ppdu_init(&cp, PRESENTATION_CP, false);
    cp.calling_selector = stack->opening->calling.presentation;
    cp.called_selector = stack->opening->called.presentation;
    for (unsigned i = 0; i < STACK_CONTEXTS; i++) {
        presentation_context_t *context = &cp.context[cp.contexts++];
        *context = (presentation_context_t){
            .id = stack->context_id[i], .abstract_syntax = stack_abstract_syntax[i], .transfer_syntaxes = 1};
        context->transfer_syntax[0] = presentation_ber;
    }
    put_acse(stack, &cp, encode_acse(stack, &aarq));
    return encode_presentation(stack, &cp);
}

void stack_build_request(osi_stack_t *stack, const stack_open_t *open)
{
    rtse_apdu_t rtorq;
    rtse_apdu_init(&rtorq, RTSE_RTORQ);
    rtorq.checkpoint_size = rtse_negotiate_checkpoint(0, stack->config.checkpoint_size_k);
    rtorq.window_size = rtse_negotiate_window(RTSE_WINDOW_LIMIT, stack->config.window_size);
    rtorq.dialogue_mode = stack->config.two_way_alternate ? RTSE_TWO_WAY_ALTERNATE : RTSE_MONOLOGUE;
    rtorq.has_user_data = open->user_data.length > 0;
    rtorq.user_data = open->user_data;
    if (open->recover) {
        rtorq.recover = true;
        rtorq.connection_id = *open->recover;
    }
    for (unsigned i = 0; i < STACK_CONTEXTS; i++)
        stack->context_id[i] = 2 * (int64_t)i + 1;
    if (open->mode == OSI_MODE_X410_1984)
        rtorq.application_protocol = RTSE_PROTOCOL_1984;
    else if (open->mode == OSI_MODE_X410_1988)
        rtorq.application_protocol = RTSE_PROTOCOL_1988;
    stack->rtse.checkpoint_k = (unsigned)rtorq.checkpoint_size;
    stack->rtse.window = (unsigned)rtorq.window_size;
    stack->rtse.two_way_alternate = stack->config.two_way_alternate;
    bytes_t apdu = encode_rtse(stack, &rtorq);
    if (stack_normal(stack)) {
        stack->opening->request = encode_normal_request(stack, apdu);
        return;
    }
    presentation_ppdu_t cp;
    presentation_ppdu_init(&cp, PRESENTATION_CP, true);
    cp.parameters = apdu;
    stack->opening->request = encode_presentation(stack, &cp);
}

static void put_reference(osi_octets64_t *into, ber_tag_t tag, const char *text)
{
    size_t length = strlen(text);
    if (length > sizeof(into->octets) - 2)
        length = sizeof(into->octets) - 2;
    into->octets[0] = (uint8_t)tag;
    into->octets[1] = (uint8_t)length;
    memcpy(into->octets + 2, text, length);
    into->length = (uint8_t)(length + 2);
}

/* X.228 8.1.1.? session connection identifier: the host's name, the time, and two letters that tell
 * associations of one second apart. */
static void make_connection_id(const osi_stack_t *stack, osi_connection_id_t *id)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    apr_time_exp_t t;
    char when[32];
    *id = (osi_connection_id_t){.additional_length = 4};
    put_reference(&id->user, stack_normal(stack) ? BER_OCTET_STRING : BER_TELETEX_STRING,
                  stack->config.host_name ? stack->config.host_name : "");
    apr_time_exp_gmt(&t, stack->config.started);
    snprintf(when, sizeof(when), "%02d%02d%02d%02d%02d%02dZ", t.tm_year % 100, t.tm_mon + 1, t.tm_mday,
             t.tm_hour, t.tm_min, t.tm_sec);
    put_reference(&id->common, BER_UTC_TIME, when);
    id->additional[0] = BER_TELETEX_STRING;
    id->additional[1] = 2;
    id->additional[2] = (uint8_t)letters[stack->config.reference >> 6 & 63];
    id->additional[3] = (uint8_t)letters[stack->config.reference & 63];
}

err_t *stack_send_connect(osi_stack_t *stack)
{
    session_connect_t connect = {.requirements = SESSION_FU_RTSE,
                                 .our_tokens = stack->opening->our_turn ? SESSION_TOKEN_ALL : 0,
                                 .initial_serial = 1,
                                 .user_data = stack->opening->request};
    make_connection_id(stack, &connect.connection_id);
    if (stack_normal(stack)) {
        connect.calling_ssel = stack->opening->calling.session;
        connect.called_ssel = stack->opening->called.session;
    }
    return session_connect_request(stack->session, &connect);
}

/* --- Responder ------------------------------------------------------------------------------------------ */

/* Refuses a call that the user is not asked about, in the standard's way, and tells why. */
static void reject(osi_stack_t *stack, bytes_t answer, err_t *err)
{
    stack_indication_t indication = {.err = err, .abort_reason = -1, .refuse_reason = -1};
    acse_step(&stack->acse, ACSE_EVENT_ABORT);
    session_connect_refuse(stack->session, answer.length ? SESSION_REFUSE_USER_DATA : SESSION_REFUSE_BY_USER,
                           answer);
    stack_disconnect(stack, true);
    stack_failed(stack, &indication);
}

static bytes_t encode_refusal(osi_stack_t *stack, const rtse_apdu_t *rtorj, int64_t result, int64_t source,
                              int64_t diagnostic);

/* AARE with a rejection and nothing of RTSE's, in a CPR. */
static void reject_association(osi_stack_t *stack, int64_t source, int64_t diagnostic, err_t *err)
{
    reject(stack, encode_refusal(stack, NULL, ACSE_REJECTED_PERMANENT, source, diagnostic), err);
}

/* Chooses among the contexts of cp and writes the result list for the answer; false if one that the
 * application needs is not there. Where an abstract syntax is offered twice the first counts. */
static bool choose_contexts(osi_stack_t *stack, const presentation_ppdu_t *cp)
{
    presentation_ppdu_t *answer = &stack->opening->answer;
    presentation_ppdu_init(answer, PRESENTATION_CPA, false);
    for (unsigned i = 0; i < STACK_CONTEXTS; i++)
        stack->context_id[i] = 0;
    for (unsigned n = 0; n < cp->contexts; n++) {
        const presentation_context_t *offered = &cp->context[n];
        presentation_context_t *result = &answer->context[answer->contexts++];
        *result = (presentation_context_t){.result = PRESENTATION_PROVIDER_REJECTION,
                                           .reason = PRESENTATION_ABSTRACT_SYNTAX_NOT_SUPPORTED};
        unsigned which = 0;
        while (which < STACK_CONTEXTS && !bytes_equal(offered->abstract_syntax, stack_abstract_syntax[which]))
            which++;
        if (which == STACK_CONTEXTS)
            continue;
        result->reason = PRESENTATION_TRANSFER_SYNTAXES_NOT_SUPPORTED;
        for (unsigned s = 0; s < offered->transfer_syntaxes; s++) {
            if (!bytes_equal(offered->transfer_syntax[s], presentation_ber))
                continue;
            result->result = PRESENTATION_ACCEPTANCE;
            result->reason = -1;
            result->transfer_syntax[0] = presentation_ber;
            result->transfer_syntaxes = 1;
            if (stack->context_id[which] == 0)
                stack->context_id[which] = offered->id;
            break;
        }
    }
    answer->contexts_beyond = cp->contexts_beyond;
    return stack->context_id[STACK_CONTEXT_ACSE] && stack->context_id[STACK_CONTEXT_RTSE] &&
           stack->context_id[STACK_CONTEXT_MTSE];
}

static bool read_fault(osi_stack_t *stack, const char *layer, const char *what, const ber_fault_t *fault,
                       err_t **err)
{
    *err =
        err_create(stack_error_pool(stack), OSI_FAULT_DECODE, layer, "%s could not be read: %s at octet %lu",
                   what, fault->what, (unsigned long)fault->offset);
    return false;
}

static const bytes_t *find_value(const presentation_user_data_t *data, int64_t id)
{
    for (unsigned i = 0; i < data->count; i++)
        if (data->pdv[i].id == id)
            return &data->pdv[i].value;
    return NULL;
}

/* From a CP in normal mode to its RTORQ. False: the call was rejected here. */
static bool read_normal_request(osi_stack_t *stack, const presentation_ppdu_t *cp, rtse_apdu_t *rtorq)
{
    acse_apdu_t aarq;
    ber_fault_t fault;
    err_t *err = NULL;
    bool complete = choose_contexts(stack, cp);
    if (!complete) {
        for (unsigned i = 0; i < STACK_CONTEXTS && !err; i++)
            if (!stack->context_id[i])
                err = err_create(stack_error_pool(stack), 0, "presentation",
                                 "the peer offered no presentation context for %s that this MTA supports",
                                 context_name[i]);
        stack->opening->answer.provider_reason =
            stack->context_id[STACK_CONTEXT_ACSE] ? -1 : PRESENTATION_USER_DATA_NOT_READABLE;
        reject_association(stack, ACSE_SOURCE_USER, ACSE_USER_NO_REASON, err);
        return false;
    }
    const bytes_t *value = find_value(&cp->user_data, stack->context_id[STACK_CONTEXT_ACSE]);
    fault.what = "no APDU of association control";
    fault.offset = 0;
    if (!value || !acse_read(*value, stack->open_pool, &aarq, &fault) || aarq.kind != ACSE_AARQ) {
        if (!fault.what)
            fault.what = "another APDU";
        read_fault(stack, "ACSE", "AARQ", &fault, &err);
        reject_association(stack, ACSE_SOURCE_PROVIDER, ACSE_PROVIDER_NO_REASON, err);
        return false;
    }
    if (!aarq.version_1) {
        err = err_create(stack_error_pool(stack), 0, "ACSE", "the peer does not offer ACSE version 1");
        reject_association(stack, ACSE_SOURCE_PROVIDER, ACSE_PROVIDER_NO_COMMON_VERSION, err);
        return false;
    }
    if (!bytes_equal(aarq.application_context, stack_application_context)) {
        apr_pool_t *pool = stack_error_pool(stack);
        const char *name = ber_oid_text(pool, aarq.application_context);
        err = err_create(pool, 0, "ACSE",
                         "the peer called with the application context %s, this MTA has 2.6.0.1.6",
                         name ? name : "(malformed)");
        reject_association(stack, ACSE_SOURCE_USER, ACSE_USER_CONTEXT_NOT_SUPPORTED, err);
        return false;
    }
    if (!rtse_apdu_read(aarq.information, RTSE_RTORQ, stack->open_pool, rtorq, &fault)) {
        read_fault(stack, "RTSE", "RTORQ", &fault, &err);
        reject_association(stack, ACSE_SOURCE_USER, ACSE_USER_NO_REASON, err);
        return false;
    }
    return true;
}

static void reject_x410(osi_stack_t *stack, int reason, err_t *err)
{
    rtse_apdu_t rtorj;
    rtse_apdu_init(&rtorj, RTSE_RTORJ);
    rtorj.reason = reason;
    reject(stack, encode_refusal(stack, &rtorj, 0, 0, 0), err);
}

static bool read_x410_request(osi_stack_t *stack, const presentation_ppdu_t *cp, rtse_apdu_t *rtorq)
{
    ber_fault_t fault;
    err_t *err = NULL;
    if (!rtse_apdu_read_contents(cp->parameters, RTSE_RTORQ, stack->open_pool, rtorq, &fault)) {
        read_fault(stack, "RTSE", "PConnect", &fault, &err);
        reject_x410(stack, STACK_REFUSE_VALIDATION_FAILURE, err);
        return false;
    }
    switch (rtorq->application_protocol) {
    case -1: /* absent: X.410-1984 has the default 1 */
    case RTSE_PROTOCOL_1984: stack->mode = OSI_MODE_X410_1984; return true;
    case RTSE_PROTOCOL_1988:
    case RTSE_PROTOCOL_1988_SWAPPED: stack->mode = OSI_MODE_X410_1988; return true;
    default:
        err = err_create(stack_error_pool(stack), (int)rtorq->application_protocol, "RTSE",
                         "the peer called with application protocol %ld, this MTA has 1 and 12",
                         (long)rtorq->application_protocol);
        reject_x410(stack, STACK_REFUSE_VALIDATION_FAILURE, err);
        return false;
    }
}

void stack_connect_indication(osi_stack_t *stack, const session_indication_t *connect)
{
    stack_opening_t *opening = stack->opening;
    presentation_ppdu_t *cp = apr_palloc(stack->open_pool, sizeof(*cp));
    rtse_apdu_t rtorq;
    ber_fault_t fault;
    err_t *err = NULL;
    bytes_t user_data = bytes_copy(stack->open_pool, connect->user_data);
    stack->phase = STACK_ANSWERING;
    if ((connect->requirements & SESSION_FU_RTSE) != SESSION_FU_RTSE) {
        reject(stack, BYTES_NONE,
               err_create(stack_error_pool(stack), 0, "session",
                          "the peer does not offer the functional units of RTSE (0x%04x of 0x%04x)",
                          connect->requirements, (unsigned)SESSION_FU_RTSE));
        return;
    }
    if (!presentation_read_connect(user_data, PRESENTATION_CP, stack->open_pool, cp, &fault)) {
        read_fault(stack, "presentation", "CP", &fault, &err);
        reject(stack, BYTES_NONE, err);
        return;
    }
    stack->mode = cp->x410 ? OSI_MODE_X410_1984 : OSI_MODE_NORMAL;
    if (cp->x410 ? !read_x410_request(stack, cp, &rtorq) : !read_normal_request(stack, cp, &rtorq))
        return;
    if (rtorq.user_data.length > stack->config.open_data_limit) {
        err = err_create(stack_error_pool(stack), 0, "RTSE",
                         "the peer's open data has %lu octets, over the limit",
                         (unsigned long)rtorq.user_data.length);
        stack_refuse(stack, STACK_REFUSE_VALIDATION_FAILURE, BYTES_NONE);
        stack->ended = false;
        stack_failed(stack, &(stack_indication_t){.err = err, .abort_reason = -1, .refuse_reason = -1});
        return;
    }
    acse_step(&stack->acse, ACSE_EVENT_AARQ);
    opening->checkpoint = rtorq.checkpoint_size;
    opening->window = rtorq.window_size;
    opening->our_turn = (connect->initial_tokens & SESSION_TOKEN_ALL) == SESSION_TOKEN_ALL;
    opening->calling.session = bytes_copy(stack->open_pool, connect->calling_ssel);
    opening->called.session = bytes_copy(stack->open_pool, connect->called_ssel);
    opening->calling.presentation = cp->calling_selector;
    opening->called.presentation = cp->called_selector;
    stack->rtse.two_way_alternate = rtorq.dialogue_mode != RTSE_MONOLOGUE;
    stack_indication_t indication = {.kind = STACK_OPEN_INDICATION,
                                     .mode = stack->mode,
                                     .two_way_alternate = stack->rtse.two_way_alternate,
                                     .peer_initial_turn = !opening->our_turn,
                                     .recover = rtorq.recover,
                                     .old_connection = rtorq.connection_id,
                                     .calling = opening->calling,
                                     .called = opening->called,
                                     .user_data = rtorq.user_data,
                                     .refuse_reason = -1,
                                     .abort_reason = -1};
    stack_indicate(stack, &indication);
}

err_t *stack_accept(osi_stack_t *stack, bytes_t user_data)
{
    rtse_apdu_t rtoac;
    session_connect_t accept = {.requirements = SESSION_FU_RTSE, .initial_serial = 1};
    rtse_apdu_init(&rtoac, RTSE_RTOAC);
    stack->rtse.checkpoint_k =
        rtse_negotiate_checkpoint(stack->opening->checkpoint, stack->config.checkpoint_size_k);
    stack->rtse.window = rtse_negotiate_window(stack->opening->window, stack->config.window_size);
    rtoac.checkpoint_size = stack->rtse.checkpoint_k;
    rtoac.window_size = stack->rtse.window;
    rtoac.has_user_data = user_data.length > 0;
    rtoac.user_data = user_data;
    bytes_t apdu = encode_rtse(stack, &rtoac);
    if (stack_normal(stack)) {
        presentation_ppdu_t *cpa = &stack->opening->answer;
        cpa->kind = PRESENTATION_CPA;
        put_acse(stack, cpa, encode_aare(stack, ACSE_ACCEPTED, ACSE_SOURCE_USER, ACSE_USER_NULL, apdu));
        accept.user_data = encode_presentation(stack, cpa);
    } else {
        presentation_ppdu_t cpa;
        presentation_ppdu_init(&cpa, PRESENTATION_CPA, true);
        cpa.parameters = apdu;
        accept.user_data = encode_presentation(stack, &cpa);
    }
    accept.version = stack_normal(stack) ? 0 : 1; /* X.410 knows version 1 only */
    make_connection_id(stack, &accept.connection_id);
    accept.connection_id.common = session_connection_id(stack->session)->common;
    accept.connection_id.additional_length = 0;
    err_t *err = session_connect_accept(stack->session, &accept);
    if (err)
        return err;
    if (accept.version)
        stack->session_version = accept.version;
    acse_step(&stack->acse, ACSE_EVENT_ACCEPT_RESPONSE);
    stack_opened(stack, stack->opening->our_turn);
    return NULL;
}

/* The user data of an RF: CPR around AARE around rtorj (may be NULL), or PRefuse. */
static bytes_t encode_refusal(osi_stack_t *stack, const rtse_apdu_t *rtorj, int64_t result, int64_t source,
                              int64_t diagnostic)
{
    bytes_t apdu = rtorj ? encode_rtse(stack, rtorj) : BYTES_NONE;
    if (!stack_normal(stack)) {
        presentation_ppdu_t cpr;
        presentation_ppdu_init(&cpr, PRESENTATION_CPR, true);
        cpr.parameters = apdu;
        return encode_presentation(stack, &cpr);
    }
    presentation_ppdu_t *cpr = &stack->opening->answer;
    cpr->kind = PRESENTATION_CPR;
    if (stack->context_id[STACK_CONTEXT_ACSE])
        put_acse(stack, cpr, encode_aare(stack, result, source, diagnostic, apdu));
    return encode_presentation(stack, cpr);
}

err_t *stack_refuse(osi_stack_t *stack, int reason, bytes_t user_data)
{
    rtse_apdu_t rtorj;
    rtse_apdu_init(&rtorj, RTSE_RTORJ);
    if (stack_normal(stack)) {
        rtorj.reason = reason == STACK_REFUSE_REJECTED_BY_USER ? -1 : reason;
        rtorj.has_user_data = user_data.length > 0;
        rtorj.user_data = user_data;
    } else {
        /* X.410 has the reason only; a user's rejection is a validation failure there. */
        rtorj.reason = reason < 0 || reason > STACK_REFUSE_UNACCEPTABLE_DIALOGUE_MODE
                           ? STACK_REFUSE_VALIDATION_FAILURE
                           : reason;
    }
    bytes_t answer =
        encode_refusal(stack, &rtorj, ACSE_REJECTED_PERMANENT, ACSE_SOURCE_USER, ACSE_USER_NO_REASON);
    stack->ended = true;
    acse_step(&stack->acse, ACSE_EVENT_ABORT);
    err_t *err = session_connect_refuse(stack->session, SESSION_REFUSE_USER_DATA, answer);
    stack_disconnect(stack, true);
    return err;
}

/* --- Initiator: answers --------------------------------------------------------------------------------- */

/* Checks the result list against our three contexts, in their order. */
static bool check_results(osi_stack_t *stack, const presentation_ppdu_t *ppdu, err_t **err)
{
    for (unsigned i = 0; i < STACK_CONTEXTS && i < ppdu->contexts; i++) {
        const presentation_context_t *result = &ppdu->context[i];
        if (result->result == PRESENTATION_ACCEPTANCE)
            continue;
        *err = err_create(stack_error_pool(stack), (int)result->reason, "presentation",
                          "the peer rejected the presentation context of %s: %s", context_name[i],
                          presentation_result_text(result->result, result->reason));
        return false;
    }
    return true;
}

static bool read_aare(osi_stack_t *stack, const presentation_ppdu_t *ppdu, acse_apdu_t *aare, err_t **err)
{
    ber_fault_t fault = {.what = "no APDU of association control"};
    const bytes_t *value = find_value(&ppdu->user_data, stack->context_id[STACK_CONTEXT_ACSE]);
    if (!value || !acse_read(*value, stack->open_pool, aare, &fault))
        return read_fault(stack, "ACSE", "AARE", &fault, err);
    if (aare->kind != ACSE_AARE) {
        fault.what = "another APDU";
        return read_fault(stack, "ACSE", "AARE", &fault, err);
    }
    return true;
}

/* From a CPA to its RTOAC; false: *err says why not. */
static bool read_accept(osi_stack_t *stack, bytes_t user_data, rtse_apdu_t *rtoac, err_t **err)
{
    presentation_ppdu_t *cpa = apr_palloc(stack->open_pool, sizeof(*cpa));
    acse_apdu_t aare;
    ber_fault_t fault;
    if (!presentation_read_connect(user_data, PRESENTATION_CPA, stack->open_pool, cpa, &fault))
        return read_fault(stack, "presentation", "CPA", &fault, err);
    if (cpa->x410 == stack_normal(stack)) {
        *err = err_create(stack_error_pool(stack), 0, "presentation", "the peer answered in the %s mode",
                          cpa->x410 ? "X.410-1984" : "normal");
        return false;
    }
    if (cpa->x410) {
        if (!rtse_apdu_read_contents(cpa->parameters, RTSE_RTOAC, stack->open_pool, rtoac, &fault))
            return read_fault(stack, "RTSE", "PAccept", &fault, err);
        return true;
    }
    if (!check_results(stack, cpa, err) || !read_aare(stack, cpa, &aare, err))
        return false;
    if (aare.result != ACSE_ACCEPTED) {
        *err =
            err_create(stack_error_pool(stack), (int)aare.diagnostic, "ACSE",
                       "the peer rejected the association: %s", acse_rejection_text(stack->open_pool, &aare));
        return false;
    }
    if (!rtse_apdu_read(aare.information, RTSE_RTOAC, stack->open_pool, rtoac, &fault))
        return read_fault(stack, "RTSE", "RTOAC", &fault, err);
    return true;
}

void stack_connect_confirm(osi_stack_t *stack, const session_indication_t *connect)
{
    rtse_apdu_t rtoac;
    err_t *err = NULL;
    bytes_t user_data = bytes_copy(stack->open_pool, connect->user_data);
    if ((connect->requirements & SESSION_FU_RTSE) != SESSION_FU_RTSE)
        err = err_create(stack_error_pool(stack), 0, "session",
                         "the peer accepted without the functional units of RTSE (0x%04x)",
                         connect->requirements);
    if (err || !read_accept(stack, user_data, &rtoac, &err)) {
        stack_indication_t failed = {.err = err, .abort_reason = -1, .refuse_reason = -1};
        stack_send_abort(stack, STACK_ABORT_PROTOCOL_ERROR, BYTES_NONE);
        stack_failed(stack, &failed);
        return;
    }
    acse_step(&stack->acse, ACSE_EVENT_AARE_ACCEPTED);
    stack->rtse.checkpoint_k = rtse_effective_checkpoint(stack->rtse.checkpoint_k, rtoac.checkpoint_size);
    stack->rtse.window = rtse_negotiate_window(rtoac.window_size, stack->rtse.window);
    apr_pool_t *pool = stack->open_pool; /* holds the user data until it is indicated */
    stack->open_pool = NULL;
    stack_opened(stack, (session_tokens(stack->session) & SESSION_TOKEN_ALL) == SESSION_TOKEN_ALL);
    stack_indication_t indication = {.kind = STACK_OPEN_CONFIRM,
                                     .mode = stack->mode,
                                     .two_way_alternate = stack->rtse.two_way_alternate,
                                     .user_data = rtoac.user_data,
                                     .refuse_reason = -1,
                                     .abort_reason = -1};
    stack_indicate(stack, &indication);
    apr_pool_destroy(pool);
}

static err_t *refused_by_rtse(osi_stack_t *stack, const rtse_apdu_t *rtorj, stack_indication_t *refused)
{
    refused->refuse_reason = (int)rtorj->reason;
    if (rtorj->reason < 0 && rtorj->has_user_data)
        refused->refuse_reason = STACK_REFUSE_REJECTED_BY_USER;
    refused->user_data = rtorj->user_data;
    return err_create(stack_error_pool(stack), refused->refuse_reason, "RTSE",
                      "the peer refused the association: %s", rtse_refuse_text(refused->refuse_reason));
}

/* Says in words what of a refusal's user data answered, and picks out the RTORJ. */
static err_t *read_refusal(osi_stack_t *stack, bytes_t user_data, stack_indication_t *refused)
{
    presentation_ppdu_t *cpr = apr_palloc(stack->open_pool, sizeof(*cpr));
    acse_apdu_t aare;
    rtse_apdu_t rtorj;
    ber_fault_t fault;
    err_t *err = NULL;
    if (!presentation_read_connect(user_data, PRESENTATION_CPR, stack->open_pool, cpr, &fault)) {
        read_fault(stack, "presentation", "the refusal (CPR)", &fault, &err);
        return err;
    }
    if (cpr->x410) {
        if (rtse_apdu_read_contents(cpr->parameters, RTSE_RTORJ, stack->open_pool, &rtorj, &fault))
            return refused_by_rtse(stack, &rtorj, refused);
        read_fault(stack, "RTSE", "the refusal (PRefuse)", &fault, &err);
        return err;
    }
    if (!check_results(stack, cpr, &err))
        return err;
    if (cpr->provider_reason >= 0)
        return err_create(stack_error_pool(stack), (int)cpr->provider_reason, "presentation",
                          "the peer refused the presentation connection: %s",
                          presentation_refuse_text(cpr->provider_reason));
    if (!read_aare(stack, cpr, &aare, &err))
        return err;
    if (aare.has_information &&
        rtse_apdu_read(aare.information, RTSE_RTORJ, stack->open_pool, &rtorj, &fault))
        return refused_by_rtse(stack, &rtorj, refused);
    return err_create(stack_error_pool(stack), (int)aare.diagnostic, "ACSE",
                      "the peer rejected the association: %s", acse_rejection_text(stack->open_pool, &aare));
}

void stack_connect_refused(osi_stack_t *stack, const session_indication_t *refuse)
{
    stack_indication_t refused = {.refuse_reason = -1, .abort_reason = -1};
    bytes_t user_data = bytes_copy(stack->open_pool, refuse->user_data);
    acse_step(&stack->acse, ACSE_EVENT_AARE_REJECTED);
    if (user_data.length)
        refused.err = read_refusal(stack, user_data, &refused);
    else
        refused.err = err_create(stack_error_pool(stack), refuse->reason, "session",
                                 "the peer refused the session: %s", session_refuse_text(refuse->reason));
    refused.by_peer = true;
    stack_failed(stack, &refused);
}
