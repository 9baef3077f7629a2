/* The services below RTSE that differ between the modes: data, turn please, release and abort are S-service
 * primitives with plain user data in the X.410 modes, and P- or A-service primitives in normal mode. */
#include "osi/stack_internal.h"

/* --- Requests ------------------------------------------------------------------------------------------- */

/* X.410: the octets themselves (X.410 4.3.2). Normal: User-data { PDV { RTTR OCTET STRING } } in front. */
static err_t *send_data(void *context, const osi_parts_t *rttr)
{
    osi_stack_t *stack = context;
    if (!stack_normal(stack))
        return session_data_request(stack->session, rttr);
    size_t length = osi_parts_length(rttr);
    uint8_t string[16];
    buffer_t into = {.data = string, .capacity = sizeof(string), .limit = sizeof(string)};
    ber_writer_t writer;
    ber_writer_init(&writer, &into);
    ber_put_header(&writer, BER_OCTET_STRING, false, length);
    size_t string_size = buffer_length(&into);
    uint8_t header[PRESENTATION_HEADER_SIZE];
    size_t header_size =
        presentation_data_header(header, stack->context_id[STACK_CONTEXT_RTSE], string_size + length);
    osi_parts_t parts = {.count = 0};
    osi_parts_add(&parts, bytes_make(header, header_size));
    osi_parts_add(&parts, bytes_make(string, string_size));
    for (unsigned i = 0; i < rttr->count; i++)
        osi_parts_add(&parts, rttr->part[i]);
    return session_data_request(stack->session, &parts);
}

/* One value in context which, as User-data; lives in the scratch pool. */
static bytes_t user_data_of(osi_stack_t *stack, unsigned which, bytes_t value)
{
    presentation_user_data_t data = {.count = 1};
    ber_writer_t writer;
    data.pdv[0].id = stack->context_id[which];
    data.pdv[0].value = value;
    ber_writer_init(&writer, &stack->encoding);
    presentation_write_user_data(&writer, &data);
    return stack_encoded(stack, stack_scratch(stack));
}

static err_t *send_please(void *context, int priority)
{
    osi_stack_t *stack = context;
    uint8_t octets[16];
    buffer_t into = {.data = octets, .capacity = sizeof(octets), .limit = sizeof(octets)};
    ber_writer_t writer;
    ber_writer_init(&writer, &into);
    ber_put_integer(&writer, BER_INTEGER, priority); /* RTTP */
    bytes_t user_data = buffer_bytes(&into);
    if (stack_normal(stack))
        user_data = user_data_of(stack, STACK_CONTEXT_RTSE, user_data);
    return session_token_please_request(stack->session, SESSION_TOKEN_DATA, user_data);
}

/* RLRQ or RLRE as the user data of a release; X.410: none. */
static bytes_t release_data(osi_stack_t *stack, acse_kind_t kind)
{
    acse_apdu_t apdu;
    ber_writer_t writer;
    if (!stack_normal(stack))
        return BYTES_NONE;
    acse_apdu_init(&apdu, kind);
    apdu.reason = ACSE_RELEASE_NORMAL;
    ber_writer_init(&writer, &stack->encoding);
    acse_write(&writer, &apdu);
    return user_data_of(stack, STACK_CONTEXT_ACSE, stack_encoded(stack, stack_scratch(stack)));
}

static err_t *send_release(void *context)
{
    osi_stack_t *stack = context;
    err_t *err = session_release_request(stack->session, release_data(stack, ACSE_RLRQ));
    if (err)
        return err;
    acse_step(&stack->acse, ACSE_EVENT_RELEASE_REQUEST);
    stack->phase = STACK_CLOSING;
    stack->close_deadline = stack->now + stack->config.close_timeout;
    return NULL;
}

/* X.410-1984 AbortInformation knows the reasons up to 4 and the later "transfer completed". */
static int x410_reason(int reason)
{
    if (reason == STACK_ABORT_PERMANENT_PROBLEM || reason == STACK_ABORT_USER_ERROR)
        return STACK_ABORT_LOCAL_SYSTEM_PROBLEM;
    return reason;
}

static bytes_t encode_rtab(osi_stack_t *stack, int reason, bytes_t user_data)
{
    rtse_apdu_t rtab;
    ber_writer_t writer;
    rtse_apdu_init(&rtab, RTSE_RTAB);
    rtab.reason = stack_normal(stack) ? reason : x410_reason(reason);
    if (stack_normal(stack) && reason == STACK_ABORT_USER_ERROR && user_data.length) {
        rtab.has_user_data = true;
        rtab.user_data = user_data;
    }
    ber_writer_init(&writer, &stack->encoding);
    if (stack_normal(stack))
        rtse_apdu_write(&writer, &rtab);
    else
        rtse_apdu_write_contents(&writer, &rtab);
    return stack_encoded(stack, stack_scratch(stack));
}

/* ARU { contexts, ABRT { RTAB } }, or in X.410 mode the AbortInformation. */
static bytes_t encode_abort(osi_stack_t *stack, int reason, bytes_t user_data)
{
    presentation_ppdu_t *aru = apr_palloc(stack_scratch(stack), sizeof(*aru));
    ber_writer_t writer;
    presentation_ppdu_init(aru, PRESENTATION_ARU, !stack_normal(stack));
    bytes_t rtab = encode_rtab(stack, reason, user_data);
    if (stack_normal(stack)) {
        acse_apdu_t abrt;
        acse_apdu_init(&abrt, ACSE_ABRT);
        abrt.source = ACSE_ABORT_BY_USER; /* RTSE is the user of association control */
        abrt.has_information = true;
        abrt.syntax = presentation_ber;
        abrt.context = stack->context_id[STACK_CONTEXT_RTSE];
        abrt.information = rtab;
        ber_writer_init(&writer, &stack->encoding);
        acse_write(&writer, &abrt);
        for (unsigned i = 0; i < 2; i++) { /* the contexts that the values are in (X.226 6.4.2.1) */
            aru->context[i] = (presentation_context_t){.id = stack->context_id[i], .transfer_syntaxes = 1};
            aru->context[i].transfer_syntax[0] = presentation_ber;
        }
        aru->contexts = 2;
        aru->user_data.count = 1;
        aru->user_data.pdv[0].id = stack->context_id[STACK_CONTEXT_ACSE];
        aru->user_data.pdv[0].value = stack_encoded(stack, stack_scratch(stack));
    } else {
        aru->parameters = rtab;
    }
    ber_writer_init(&writer, &stack->encoding);
    presentation_write(&writer, aru);
    return stack_encoded(stack, stack_scratch(stack));
}

void stack_send_abort(osi_stack_t *stack, int reason, bytes_t user_data)
{
    rtse_over(&stack->rtse);
    acse_step(&stack->acse, ACSE_EVENT_ABORT);
    if (stack->phase > STACK_TRANSPORT && stack->phase < STACK_LINGER) {
        if (stack->scratch_pool && !stack->indicating)
            apr_pool_clear(stack->scratch_pool);
        session_u_abort_request(stack->session, encode_abort(stack, reason, user_data));
    }
    if (stack->phase < STACK_LINGER) /* no session was there to say it */
        stack_disconnect(stack, false);
}

static void lower_abort(void *context, int reason, err_t *err)
{
    osi_stack_t *stack = context;
    stack_indication_t indication = {.err = err, .abort_reason = reason, .refuse_reason = -1};
    stack_send_abort(stack, reason, BYTES_NONE);
    stack_failed(stack, &indication);
}

static void lower_indicate(void *context, stack_indication_t *indication)
{
    indication->refuse_reason = -1;
    stack_indicate(context, indication);
}

static apr_pool_t *lower_error_pool(void *context)
{
    return stack_error_pool(context);
}

static size_t lower_output_length(void *context)
{
    osi_stack_t *stack = context;
    return buffer_length(&stack->out);
}

const rtse_lower_t stack_rtse_lower = {.data = send_data,
                                       .please = send_please,
                                       .release = send_release,
                                       .abort = lower_abort,
                                       .indicate = lower_indicate,
                                       .error_pool = lower_error_pool,
                                       .output_length = lower_output_length};

/* --- Indications ---------------------------------------------------------------------------------------- */

static void undecodable(osi_stack_t *stack, const char *layer, const char *what, const ber_fault_t *fault)
{
    lower_abort(stack, STACK_ABORT_PROTOCOL_ERROR,
                err_create(stack_error_pool(stack), OSI_FAULT_DECODE, layer,
                           "%s could not be read: %s at octet %lu", what, fault->what,
                           (unsigned long)fault->offset));
}

static void give_segment(osi_stack_t *stack, bytes_t octets)
{
    rtse_input_t input = {.event = RTSE_DATA, .octets = octets};
    rtse_event(&stack->rtse, &input);
}

/* The segments of an RTTR, primitive or constructed, without joining them. */
static void give_rttr(osi_stack_t *stack, ber_reader_t *reader, const ber_tlv_t *tlv)
{
    ber_reader_t child;
    ber_tlv_t segment;
    if (!tlv->constructed) {
        give_segment(stack, tlv->content);
        return;
    }
    if (!ber_children(reader, tlv, &child))
        return;
    while (ber_more(&child) && ber_expect(&child, BER_OCTET_STRING, &segment) && stack->phase == STACK_OPEN)
        give_rttr(stack, &child, &segment);
}

static bool read_values(osi_stack_t *stack, bytes_t ssdu, presentation_user_data_t *data, ber_fault_t *fault)
{
    if (presentation_read_user_data(ssdu, NULL, data, fault))
        return true;
    /* A string in segments needs memory to be joined in; nobody is known to send one. */
    if (stack->scratch_pool)
        apr_pool_clear(stack->scratch_pool);
    return presentation_read_user_data(ssdu, stack_scratch(stack), data, fault);
}

void stack_session_data(osi_stack_t *stack, bytes_t ssdu)
{
    presentation_user_data_t data;
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t rttr;
    if (!stack_normal(stack)) {
        give_segment(stack, ssdu);
        return;
    }
    if (!read_values(stack, ssdu, &data, &fault)) {
        undecodable(stack, "presentation", "P-DATA", &fault);
        return;
    }
    for (unsigned i = 0; i < data.count && stack->phase == STACK_OPEN; i++) {
        ber_reader_init(&reader, data.pdv[i].value, &fault);
        if (data.pdv[i].id != stack->context_id[STACK_CONTEXT_RTSE])
            ber_fail(&reader, "a value in a presentation context that is not RTSE's");
        while (ber_more(&reader) && ber_expect(&reader, BER_OCTET_STRING, &rttr))
            give_rttr(stack, &reader, &rttr);
        if (!ber_ok(&reader) && stack->phase == STACK_OPEN)
            undecodable(stack, "RTSE", "RTTR", &fault);
    }
}

void stack_session_please(osi_stack_t *stack, bytes_t user_data)
{
    presentation_user_data_t data = {.count = 1};
    ber_fault_t fault = {0};
    ber_reader_t reader;
    ber_tlv_t tlv;
    int64_t priority = 0;
    data.pdv[0].value = user_data;
    if (user_data.length && stack_normal(stack) && !read_values(stack, user_data, &data, &fault)) {
        undecodable(stack, "presentation", "P-TOKEN-PLEASE", &fault);
        return;
    }
    if (user_data.length && data.count) {
        /* The context is not looked at: PP puts the RTTP into that of ACSE. */
        ber_reader_init(&reader, data.pdv[0].value, &fault);
        if (!ber_expect(&reader, BER_INTEGER, &tlv) || !ber_value_integer(&reader, &tlv, &priority)) {
            undecodable(stack, "RTSE", "RTTP", &fault);
            return;
        }
    }
    rtse_input_t input = {.event = RTSE_PLEASE,
                          .number = priority < 0           ? 0
                                    : priority > INT32_MAX ? INT32_MAX
                                                           : (int)priority};
    rtse_event(&stack->rtse, &input);
}

void stack_session_release(osi_stack_t *stack, const session_indication_t *release)
{
    /* What the RLRQ says does not matter: a release can be confirmed only (no negotiated release). */
    (void)release;
    rtse_input_t input = {.event = RTSE_CLOSE};
    rtse_event(&stack->rtse, &input);
    if (stack->phase != STACK_OPEN)
        return;
    acse_step(&stack->acse, ACSE_EVENT_RLRQ);
    acse_step(&stack->acse, ACSE_EVENT_RELEASE_RESPONSE);
    session_release_response(stack->session, release_data(stack, ACSE_RLRE));
    stack_disconnect(stack, true);
    stack_indicate(stack, &(stack_indication_t){
                              .kind = STACK_CLOSE_INDICATION, .refuse_reason = -1, .abort_reason = -1});
    stack->ended = true;
}

void stack_session_release_confirm(osi_stack_t *stack)
{
    rtse_input_t input = {.event = RTSE_CLOSE_CONFIRM};
    rtse_event(&stack->rtse, &input);
    if (stack->phase != STACK_CLOSING)
        return;
    acse_step(&stack->acse, ACSE_EVENT_RLRE);
    stack_disconnect(stack, false);
    stack_indicate(
        stack, &(stack_indication_t){.kind = STACK_CLOSE_CONFIRM, .refuse_reason = -1, .abort_reason = -1});
    stack->ended = true;
}

/* Finds the RTAB in the user data of an abort; false: *err says which layer aborted why. */
static bool read_abort(osi_stack_t *stack, bytes_t user_data, rtse_apdu_t *rtab, err_t **err)
{
    apr_pool_t *pool = stack_scratch(stack);
    presentation_ppdu_t *aru = apr_palloc(pool, sizeof(*aru));
    acse_apdu_t abrt = {.kind = ACSE_ABRT};
    ber_fault_t fault;
    rtse_apdu_init(rtab, RTSE_RTAB);
    if (user_data.length == 0) {
        *err = err_create(stack_error_pool(stack), 0, "session", "the peer aborted the association");
        return false;
    }
    if (!presentation_read_abort(user_data, pool, aru, &fault)) {
        *err =
            err_create(stack_error_pool(stack), 0, "presentation",
                       "the peer aborted the association with data that could not be read: %s", fault.what);
        return false;
    }
    if (aru->kind == PRESENTATION_ARP) {
        *err = err_create(stack_error_pool(stack), (int)aru->provider_reason, "presentation",
                          "the peer's presentation layer aborted the association: %s",
                          presentation_abort_text(aru->provider_reason));
        return false;
    }
    if (aru->x410)
        return rtse_apdu_read_contents(aru->parameters, RTSE_RTAB, pool, rtab, &fault);
    bool found = false;
    for (unsigned i = 0; i < aru->user_data.count && !found; i++)
        found = acse_read(aru->user_data.pdv[i].value, pool, &abrt, &fault) && abrt.kind == ACSE_ABRT;
    if (found && abrt.has_information)
        return rtse_apdu_read(abrt.information, RTSE_RTAB, pool, rtab, &fault);
    *err = err_create(stack_error_pool(stack), (int)abrt.source, "ACSE",
                      "the peer aborted the association (by the ACSE %s)",
                      abrt.source == ACSE_ABORT_BY_PROVIDER ? "provider" : "user");
    return false;
}

void stack_session_user_abort(osi_stack_t *stack, bytes_t user_data)
{
    rtse_apdu_t rtab;
    err_t *err = NULL;
    stack_indication_t indication = {.by_peer = true, .abort_reason = -1, .refuse_reason = -1};
    if (stack->scratch_pool)
        apr_pool_clear(stack->scratch_pool);
    if (read_abort(stack, user_data, &rtab, &err) || !err) {
        indication.abort_reason = (int)rtab.reason;
        indication.user_data = rtab.user_data;
        err = err_create(stack_error_pool(stack), indication.abort_reason, "RTSE",
                         "the peer aborted the association: %s", rtse_abort_text(rtab.reason));
    }
    indication.err = err;
    bool completed = indication.abort_reason == STACK_ABORT_TRANSFER_COMPLETED && stack->rtse.resumed &&
                     (stack->rtse.state == RTSE_SENDING || stack->rtse.state == RTSE_ENDING ||
                      stack->rtse.state == RTSE_STOPPING);
    osi_activity_id_t activity = stack->rtse.activity;
    acse_step(&stack->acse, ACSE_EVENT_ABORT);
    rtse_over(&stack->rtse);
    if (completed)
        stack_indicate(stack, &(stack_indication_t){.kind = STACK_TRANSFER_CONFIRM,
                                                    .activity = activity,
                                                    .refuse_reason = -1,
                                                    .abort_reason = -1});
    stack_failed(stack, &indication);
}
