/* The stack as its user sees it: life, octets, timers, and the RTSE service. What comes from a layer goes on
 * from here: transport to session, session to what the phase and the mode ask for. */
#include "osi/stack_internal.h"

#include <apr_strings.h>

enum {
    OUTPUT_LIMIT = 64 << 20,    /* octets for the socket: far above what one call can add */
    ENCODING_LIMIT = 128 << 10, /* octets of one PDU with open data */
    MEMORY_KEPT = 4096,         /* octets that an empty buffer of an idle association keeps */
    SLOWEST_OCTET = 1000        /* microseconds that one octet of a large TSDU may take */
};

/* --- Pools, indications --------------------------------------------------------------------------------- */

static apr_pool_t *lazy_pool(apr_pool_t **pool, apr_pool_t *parent)
{
    if (!*pool)
        apr_pool_create(pool, parent);
    return *pool;
}

apr_pool_t *stack_scratch(osi_stack_t *stack)
{
    return lazy_pool(&stack->scratch_pool, stack->pool);
}

apr_pool_t *stack_error_pool(osi_stack_t *stack)
{
    if (stack->error_pool && !stack->indicating)
        apr_pool_clear(stack->error_pool);
    return lazy_pool(&stack->error_pool, stack->pool);
}

bytes_t stack_encoded(osi_stack_t *stack, apr_pool_t *pool)
{
    bytes_t encoded = bytes_copy(pool, buffer_bytes(&stack->encoding));
    buffer_clear(&stack->encoding);
    return encoded;
}

void stack_indicate(osi_stack_t *stack, stack_indication_t *indication)
{
    if (stack->ended)
        return;
    stack->indicating++;
    stack->ops->indicate(stack->context, indication);
    stack->indicating--;
}

void stack_failed(osi_stack_t *stack, stack_indication_t *indication)
{
    if (stack->ended)
        return;
    bool refused = stack->initiator && stack->opening;
    indication->kind = refused ? STACK_OPEN_REFUSED : STACK_ABORTED;
    stack_indicate(stack, indication);
    stack->ended = true;
}

void stack_opened(osi_stack_t *stack, bool our_turn)
{
    stack->opening = NULL;
    if (stack->open_pool)
        apr_pool_destroy(stack->open_pool);
    stack->open_pool = NULL;
    buffer_release(&stack->encoding);
    stack->phase = STACK_OPEN;
    stack->open_deadline = MONO_NEVER;
    stack->progress = stack->now;
    stack->rtse.initiator = stack->initiator;
    rtse_open(&stack->rtse, our_turn, stack->config.rttr_limit);
}

void stack_disconnect(osi_stack_t *stack, bool await_peer)
{
    if (stack->phase == STACK_OVER || (stack->phase == STACK_LINGER && await_peer))
        return;
    stack->open_deadline = stack->transport_deadline = MONO_NEVER;
    if (await_peer && stack->cotp.state == COTP_OPEN) {
        stack->phase = STACK_LINGER;
        stack->close_deadline = stack->now + stack->config.close_timeout;
        return;
    }
    stack->phase = STACK_OVER;
    stack->close_deadline = MONO_NEVER;
    if (stack->cotp.state != COTP_CLOSED && stack->cotp.state != COTP_IDLE)
        cotp_disconnect_request(&stack->cotp, COTP_REASON_NORMAL);
}

/* --- Session to the layers above ------------------------------------------------------------------------ */

/* Session primitives of the data phase that are events of RTSE as they are. */
static const struct {
    session_primitive_t primitive;
    bool confirm;
    rtse_event_t event;
} rtse_events[] = {
    {S_CONTROL_GIVE, false, RTSE_GIVE},
    {S_SYNC_MINOR, false, RTSE_SYNC},
    {S_SYNC_MINOR, true, RTSE_SYNC_CONFIRM},
    {S_ACTIVITY_START, false, RTSE_START},
    {S_ACTIVITY_RESUME, false, RTSE_RESUME},
    {S_ACTIVITY_INTERRUPT, false, RTSE_INTERRUPT},
    {S_ACTIVITY_INTERRUPT, true, RTSE_INTERRUPT_CONFIRM},
    {S_ACTIVITY_DISCARD, false, RTSE_DISCARD},
    {S_ACTIVITY_DISCARD, true, RTSE_DISCARD_CONFIRM},
    {S_ACTIVITY_END, false, RTSE_END},
    {S_ACTIVITY_END, true, RTSE_END_CONFIRM},
    {S_U_EXCEPTION, false, RTSE_USER_EXCEPTION},
    {S_P_EXCEPTION, false, RTSE_PROVIDER_EXCEPTION},
};

static void session_event(osi_stack_t *stack, const session_indication_t *indication)
{
    rtse_input_t input = {.serial = indication->serial,
                          .flag = indication->explicit_confirm,
                          .number = indication->reason,
                          .activity = &indication->activity,
                          .old_activity = &indication->old_activity,
                          .old_connection = &indication->old_connection};
    if (indication->old_connection.user.length == 0 && indication->old_connection.common.length == 0)
        input.old_connection = NULL;
    for (size_t i = 0; i < sizeof(rtse_events) / sizeof(rtse_events[0]); i++)
        if (rtse_events[i].primitive == indication->primitive &&
            rtse_events[i].confirm == indication->confirm) {
            input.event = rtse_events[i].event;
            rtse_event(&stack->rtse, &input);
            return;
        }
    stack_rtse_lower.abort(stack, STACK_ABORT_PROTOCOL_ERROR,
                           err_create(stack_error_pool(stack), OSI_FAULT_PRIMITIVE, "RTSE",
                                      "session primitive %d, which RTSE does not use",
                                      (int)indication->primitive));
}

static void session_provider_abort(osi_stack_t *stack, const err_t *err)
{
    stack_indication_t indication = {.err = err, .abort_reason = -1, .refuse_reason = -1};
    rtse_over(&stack->rtse);
    acse_step(&stack->acse, ACSE_EVENT_ABORT);
    stack_failed(stack, &indication); /* the session says next what becomes of the transport */
}

static void on_session(void *context, const session_indication_t *indication)
{
    osi_stack_t *stack = context;
    switch (indication->primitive) {
    case S_CONNECT:
        stack->session_version = indication->version;
        if (indication->confirm)
            stack_connect_confirm(stack, indication);
        else
            stack_connect_indication(stack, indication);
        return;
    case S_CONNECT_REFUSE: stack_connect_refused(stack, indication); return;
    case S_DATA: stack_session_data(stack, indication->user_data); return;
    case S_TOKEN_PLEASE: stack_session_please(stack, indication->user_data); return;
    case S_TOKEN_GIVE:
        /* Some give the turn with GIVE TOKENS; only all tokens together are a turn. */
        if (session_tokens(stack->session) == SESSION_TOKEN_ALL)
            rtse_event(&stack->rtse, &(rtse_input_t){.event = RTSE_GIVE});
        return;
    case S_RELEASE:
        if (indication->confirm)
            stack_session_release_confirm(stack);
        else
            stack_session_release(stack, indication);
        return;
    case S_U_ABORT: stack_session_user_abort(stack, indication->user_data); return;
    case S_P_ABORT: session_provider_abort(stack, indication->err); return;
    default: session_event(stack, indication); return;
    }
}

static void on_transmit(void *context, const osi_parts_t *tsdu)
{
    osi_stack_t *stack = context;
    cotp_data_request(&stack->cotp, tsdu);
}

static void on_session_disconnect(void *context, bool await_peer)
{
    stack_disconnect(context, await_peer);
}

const session_ops_t stack_session_ops = {
    .indicate = on_session, .transmit = on_transmit, .disconnect = on_session_disconnect};

/* --- Transport to session ------------------------------------------------------------------------------- */

static void on_transport_indication(void *context, const cotp_connect_t *connect)
{
    osi_stack_t *stack = context;
    if (stack->filter && !stack->filter(stack->context, connect->called_tsel, connect->calling_tsel)) {
        cotp_disconnect_request(&stack->cotp, COTP_REASON_ADDRESS_UNKNOWN);
        stack->phase = STACK_OVER;
        stack->open_deadline = MONO_NEVER;
        stack_indication_t failed = {.abort_reason = -1, .refuse_reason = -1};
        apr_pool_t *pool = stack_error_pool(stack);
        failed.err =
            err_create(pool, COTP_REASON_ADDRESS_UNKNOWN, "transport",
                       "the peer called the transport selector %s (hexadecimal), which is not here",
                       connect->called_tsel.length ? bytes_to_hex(pool, connect->called_tsel) : "(none)");
        stack_failed(stack, &failed);
        return;
    }
    stack->opening->calling.transport = bytes_copy(stack->open_pool, connect->calling_tsel);
    stack->opening->called.transport = bytes_copy(stack->open_pool, connect->called_tsel);
    stack->phase = STACK_TRANSPORT;
    cotp_connect_response(&stack->cotp);
}

static void on_transport_confirm(void *context, const cotp_connect_t *connect)
{
    osi_stack_t *stack = context;
    (void)connect;
    stack->transport_deadline = MONO_NEVER;
    stack->phase = STACK_CONNECTING;
    err_t *err = stack_send_connect(stack);
    if (err) {
        stack_indication_t failed = {.err = err, .abort_reason = -1, .refuse_reason = -1};
        stack_disconnect(stack, false);
        stack_failed(stack, &failed);
    }
}

static void on_transport_data(void *context, bytes_t tsdu)
{
    osi_stack_t *stack = context;
    stack->tsdu_came = true;
    session_input(stack->session, tsdu);
}

static void on_transport_disconnect(void *context, const err_t *err)
{
    osi_stack_t *stack = context;
    stack->open_deadline = stack->transport_deadline = stack->close_deadline = MONO_NEVER;
    if (stack->phase == STACK_CONNECTING || (stack->phase >= STACK_ANSWERING && stack->phase < STACK_LINGER))
        session_transport_closed(stack->session, err);
    stack->phase = STACK_OVER;
    rtse_over(&stack->rtse);
    stack_indication_t failed = {.err = err, .abort_reason = -1, .refuse_reason = -1};
    stack_failed(stack, &failed);
}

static const cotp_ops_t transport_ops = {.connect_indication = on_transport_indication,
                                         .connect_confirm = on_transport_confirm,
                                         .data_indication = on_transport_data,
                                         .disconnect_indication = on_transport_disconnect};

/* --- Life ----------------------------------------------------------------------------------------------- */

osi_stack_t *osi_stack_create(apr_pool_t *pool, const stack_config_t *config, const stack_ops_t *ops,
                              void *context, mono_time_t now)
{
    osi_stack_t *stack = apr_pcalloc(pool, sizeof(*stack));
    stack->pool = pool;
    stack->config = *config;
    stack->config.host_name = apr_pstrdup(pool, config->host_name ? config->host_name : "");
    stack->ops = ops;
    stack->context = context;
    stack->now = now;
    buffer_init(&stack->out, pool, OUTPUT_LIMIT);
    buffer_init(&stack->encoding, pool, ENCODING_LIMIT + config->open_data_limit);
    apr_pool_create(&stack->open_pool, pool);
    stack->opening = apr_pcalloc(stack->open_pool, sizeof(*stack->opening));
    cotp_config_t cotp = {
        .tpdu_size = config->tpdu_size, .tsdu_limit = OSI_TSDU_LIMIT, .reference = config->reference};
    cotp_init(&stack->cotp, &cotp, &transport_ops, stack, pool, &stack->out);
    session_config_t session = {.versions = 3, .ssdu_limit = OSI_TSDU_LIMIT, .tsdu_maximum = 0};
    stack->session = session_create(pool, &session, &stack_session_ops, stack);
    rtse_init(&stack->rtse, &stack_rtse_lower, stack, stack->session, pool);
    stack->transport_deadline = stack->close_deadline = MONO_NEVER;
    stack->tpdu_since = stack->tsdu_since = MONO_NEVER;
    stack->open_deadline = config->open_timeout > 0 ? now + config->open_timeout : MONO_NEVER;
    return stack;
}

static bytes_t keep(osi_stack_t *stack, bytes_t selector)
{
    return bytes_copy(stack->open_pool, selector);
}

err_t *osi_stack_open_request(osi_stack_t *stack, const stack_open_t *open, mono_time_t now)
{
    stack->now = now;
    if (stack->phase != STACK_NEW)
        return err_create(stack_error_pool(stack), 0, "RTSE", "the association was opened before");
    if (open->user_data.length > stack->config.open_data_limit)
        return err_create(stack_error_pool(stack), 0, "RTSE", "the open data is over the limit");
    stack->initiator = true;
    stack->mode = open->mode;
    stack->opening->our_turn = !open->peer_initial_turn;
    stack->opening->calling = (osi_selectors_t){.transport = keep(stack, open->calling.transport),
                                                .session = keep(stack, open->calling.session),
                                                .presentation = keep(stack, open->calling.presentation)};
    stack->opening->called = (osi_selectors_t){.transport = keep(stack, open->called.transport),
                                               .session = keep(stack, open->called.session),
                                               .presentation = keep(stack, open->called.presentation)};
    stack_build_request(stack, open);
    acse_step(&stack->acse, ACSE_EVENT_ASSOCIATE_REQUEST);
    stack->phase = STACK_TRANSPORT;
    if (stack->config.transport_timeout > 0)
        stack->transport_deadline = now + stack->config.transport_timeout;
    cotp_connect_t connect = {.calling_tsel = stack->opening->calling.transport,
                              .called_tsel = stack->opening->called.transport,
                              .tpdu_size = stack->config.tpdu_size};
    cotp_connect_request(&stack->cotp, &connect);
    return NULL;
}

static err_t *not_answering(osi_stack_t *stack)
{
    return err_create(stack_error_pool(stack), 0, "RTSE", "no call to answer");
}

err_t *osi_stack_open_accept(osi_stack_t *stack, bytes_t user_data, mono_time_t now)
{
    stack->now = now;
    if (stack->phase != STACK_ANSWERING || stack->ended)
        return not_answering(stack);
    return stack_accept(stack, user_data);
}

err_t *osi_stack_open_refuse(osi_stack_t *stack, int reason, bytes_t user_data, mono_time_t now)
{
    stack->now = now;
    if (stack->phase != STACK_ANSWERING || stack->ended)
        return not_answering(stack);
    return stack_refuse(stack, reason, user_data);
}

void osi_stack_set_transport_filter(osi_stack_t *stack, osi_stack_transport_filter_t filter)
{
    stack->filter = filter;
}

void osi_stack_abort(osi_stack_t *stack, int abort_reason, bytes_t user_data, mono_time_t now)
{
    stack->now = now;
    stack->ended = true;
    if (stack->phase < STACK_LINGER)
        stack_send_abort(stack, abort_reason, user_data);
}

/* --- Octets and time ------------------------------------------------------------------------------------ */

/* Follows how long a TPDU and a TSDU have been on their way. */
static void watch_partial(osi_stack_t *stack, size_t held_before, size_t came)
{
    size_t held = buffer_length(&stack->cotp.in);
    if (held == 0)
        stack->tpdu_since = MONO_NEVER;
    else if (stack->tpdu_since == MONO_NEVER || held != held_before + came)
        stack->tpdu_since = stack->now;
    if (buffer_length(&stack->cotp.tsdu) == 0)
        stack->tsdu_since = MONO_NEVER;
    else if (stack->tsdu_since == MONO_NEVER || stack->tsdu_came)
        stack->tsdu_since = stack->now;
    stack->tsdu_came = false;
}

static void trim_one(buffer_t *buffer)
{
    if (buffer_length(buffer) == 0 && buffer->capacity > MEMORY_KEPT && !buffer->failed)
        buffer_release(buffer);
}

/* An idle association keeps next to no memory. */
static void trim(osi_stack_t *stack)
{
    if (stack->rtse.state != RTSE_TURN && stack->rtse.state != RTSE_NO_TURN)
        return;
    trim_one(&stack->out);
    trim_one(&stack->encoding);
    trim_one(&stack->cotp.in);
    trim_one(&stack->cotp.tsdu);
}

void osi_stack_input(osi_stack_t *stack, bytes_t octets, mono_time_t now)
{
    stack->now = now;
    if (stack->phase == STACK_OVER || octets.length == 0)
        return;
    size_t held = buffer_length(&stack->cotp.in);
    stack->progress = now;
    cotp_input(&stack->cotp, octets);
    watch_partial(stack, held, octets.length);
    trim(stack);
}

void osi_stack_network_closed(osi_stack_t *stack, const err_t *err, mono_time_t now)
{
    stack->now = now;
    cotp_network_closed(&stack->cotp, err);
    stack->phase = STACK_OVER;
    rtse_over(&stack->rtse);
}

buffer_t *osi_stack_output(osi_stack_t *stack)
{
    return &stack->out;
}

bool osi_stack_over(const osi_stack_t *stack)
{
    return stack->phase == STACK_OVER;
}

bool osi_stack_is_open(const osi_stack_t *stack)
{
    return stack->phase == STACK_OPEN;
}

static mono_time_t earlier(mono_time_t a, mono_time_t b)
{
    return a < b ? a : b;
}

static mono_time_t slow_deadline(const osi_stack_t *stack)
{
    mono_time_t deadline = MONO_NEVER;
    if (stack->config.transport_timeout <= 0)
        return deadline;
    if (stack->tpdu_since != MONO_NEVER)
        deadline = stack->tpdu_since + stack->config.transport_timeout;
    if (stack->tsdu_since != MONO_NEVER)
        deadline = earlier(deadline, stack->tsdu_since + stack->config.transport_timeout +
                                         (int64_t)buffer_length(&stack->cotp.tsdu) * SLOWEST_OCTET);
    return deadline;
}

static mono_time_t transfer_deadline(const osi_stack_t *stack)
{
    if (stack->phase != STACK_OPEN || !rtse_waits_for_peer(&stack->rtse))
        return MONO_NEVER;
    bool stopping = stack->rtse.state == RTSE_STOPPING || stack->rtse.state == RTSE_REFUSED;
    int64_t timeout = stack->config.transfer_timeout;
    if (stopping && (timeout <= 0 || timeout > stack->config.close_timeout))
        timeout = stack->config.close_timeout;
    return timeout > 0 ? stack->progress + timeout : MONO_NEVER;
}

mono_time_t osi_stack_deadline(const osi_stack_t *stack)
{
    if (stack->phase == STACK_OVER)
        return MONO_NEVER;
    if (stack->phase == STACK_LINGER)
        return stack->close_deadline; /* how slowly the peer goes does not matter any more */
    mono_time_t deadline = earlier(stack->transport_deadline, stack->open_deadline);
    deadline = earlier(deadline, stack->close_deadline);
    deadline = earlier(deadline, slow_deadline(stack));
    return earlier(deadline, transfer_deadline(stack));
}

/* A timer ran out: the association ends. */
static void time_out(osi_stack_t *stack, const char *layer, const char *what, int64_t timeout)
{
    char *state = apr_pstrdup(stack_scratch(stack), osi_stack_state_text(stack, stack_scratch(stack)));
    err_t *err = err_create(stack_error_pool(stack), APR_TIMEUP, layer, "%s within %ld seconds (%s)", what,
                            (long)(timeout / TIME_SECONDS(1)), state);
    stack_indication_t failed = {
        .err = err, .abort_reason = STACK_ABORT_TEMPORARY_PROBLEM, .refuse_reason = -1};
    stack_send_abort(stack, STACK_ABORT_TEMPORARY_PROBLEM, BYTES_NONE);
    stack_failed(stack, &failed);
}

void osi_stack_tick(osi_stack_t *stack, mono_time_t now)
{
    stack->now = now;
    size_t waiting = buffer_length(&stack->out);
    if (waiting < stack->output_seen)
        stack->progress = now; /* the socket took some */
    stack->output_seen = waiting;
    trim(stack);
    if (stack->phase == STACK_OVER || now < osi_stack_deadline(stack))
        return;
    if (now >= stack->close_deadline) {
        if (stack->phase == STACK_LINGER) {
            stack->phase = STACK_OVER;
            return;
        }
        time_out(stack, "RTSE", "the peer did not confirm the release", stack->config.close_timeout);
        stack->phase = STACK_OVER;
    } else if (now >= stack->transport_deadline) {
        time_out(stack, "transport", "the peer did not answer the transport connection request",
                 stack->config.transport_timeout);
    } else if (now >= stack->open_deadline) {
        time_out(stack, "RTSE", "the association was not open", stack->config.open_timeout);
    } else if (now >= slow_deadline(stack)) {
        time_out(stack, "transport", "a TPDU or TSDU of the peer did not come whole",
                 stack->config.transport_timeout);
    } else {
        time_out(stack, "RTSE", "the transfer made no progress", stack->config.transfer_timeout);
    }
}

/* --- The RTSE service ----------------------------------------------------------------------------------- */

static err_t *request(osi_stack_t *stack, const rtse_input_t *input, mono_time_t now)
{
    stack->now = now;
    if (!rtse_waits_for_peer(&stack->rtse))
        stack->progress = now; /* what we wait for from here on begins now */
    return rtse_request(&stack->rtse, input);
}

err_t *osi_stack_transfer_start(osi_stack_t *stack, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_START_REQUEST}, now);
}

err_t *osi_stack_transfer_resume(osi_stack_t *stack, const osi_activity_id_t *old_activity,
                                 const osi_connection_id_t *old_connection, unsigned serial, uint64_t total,
                                 mono_time_t now)
{
    return request(stack,
                   &(rtse_input_t){.event = RTSE_RESUME_REQUEST,
                                   .old_activity = old_activity,
                                   .old_connection = old_connection,
                                   .serial = serial,
                                   .total = total},
                   now);
}

size_t osi_stack_transfer_capacity(const osi_stack_t *stack)
{
    return rtse_capacity(&stack->rtse);
}

err_t *osi_stack_transfer_data(osi_stack_t *stack, bytes_t octets, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_DATA_REQUEST, .octets = octets}, now);
}

err_t *osi_stack_transfer_end(osi_stack_t *stack, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_END_REQUEST}, now);
}

err_t *osi_stack_transfer_cancel(osi_stack_t *stack, bool resumable, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_CANCEL_REQUEST, .flag = resumable}, now);
}

const osi_activity_id_t *osi_stack_activity(const osi_stack_t *stack)
{
    return &stack->rtse.activity;
}

const osi_connection_id_t *osi_stack_connection_id(const osi_stack_t *stack)
{
    return session_connection_id(stack->session);
}

err_t *osi_stack_checkpoint_confirm(osi_stack_t *stack, unsigned serial, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_CHECKPOINT_RESPONSE, .serial = serial}, now);
}

err_t *osi_stack_transfer_accept(osi_stack_t *stack, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_ACCEPT_RESPONSE}, now);
}

err_t *osi_stack_transfer_refuse(osi_stack_t *stack, bool temporary, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_REFUSE_RESPONSE, .flag = temporary}, now);
}

err_t *osi_stack_resume_accept(osi_stack_t *stack, uint64_t total, mono_time_t now)
{
    stack->now = now;
    return rtse_resume_accept(&stack->rtse, total);
}

err_t *osi_stack_resume_refuse(osi_stack_t *stack, stack_resume_refusal_t why, mono_time_t now)
{
    stack->now = now;
    return rtse_resume_refuse(&stack->rtse, why);
}

bool osi_stack_has_turn(const osi_stack_t *stack)
{
    rtse_state_t state = stack->rtse.state;
    return state == RTSE_TURN || state == RTSE_SENDING || state == RTSE_ENDING || state == RTSE_STOPPING;
}

err_t *osi_stack_turn_please(osi_stack_t *stack, int priority, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_PLEASE_REQUEST, .number = priority}, now);
}

err_t *osi_stack_turn_give(osi_stack_t *stack, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_GIVE_REQUEST}, now);
}

err_t *osi_stack_close_request(osi_stack_t *stack, mono_time_t now)
{
    return request(stack, &(rtse_input_t){.event = RTSE_CLOSE_REQUEST}, now);
}

/* --- Facts for operators -------------------------------------------------------------------------------- */

void osi_stack_facts(const osi_stack_t *stack, stack_facts_t *facts)
{
    *facts = (stack_facts_t){.mode = stack->mode,
                             .tpdu_size = stack->cotp.tpdu_size,
                             .session_version = stack->session_version,
                             .checkpoint_size_k = stack->rtse.checkpoint_k,
                             .window_size = stack->rtse.window,
                             .two_way_alternate = stack->rtse.two_way_alternate,
                             .initiator = stack->initiator,
                             .apdu_context = stack_normal(stack) ? stack->context_id[STACK_CONTEXT_MTSE] : 0};
}

const char *osi_stack_state_text(const osi_stack_t *stack, apr_pool_t *pool)
{
    static const char *const phase[STACK_PHASES] = {[STACK_NEW] = "new",
                                                    [STACK_TRANSPORT] = "connecting the transport",
                                                    [STACK_CONNECTING] = "connecting the session",
                                                    [STACK_ANSWERING] = "called",
                                                    [STACK_OPEN] = "open",
                                                    [STACK_CLOSING] = "closing",
                                                    [STACK_LINGER] = "awaiting the peer's disconnect",
                                                    [STACK_OVER] = "over"};
    return apr_psprintf(
        pool, "%s: session %s, ACSE %s, RTSE %s", phase[stack->phase], session_state_name(stack->session),
        stack_normal(stack) ? acse_state_name(stack->acse) : "not used", rtse_state_name(stack->rtse.state));
}

const char *osi_mode_name(osi_mode_t mode)
{
    switch (mode) {
    case OSI_MODE_X410_1984: return "1984";
    case OSI_MODE_X410_1988: return "1988 X.410";
    case OSI_MODE_NORMAL: return "1988 normal";
    }
    return "?";
}

void osi_stack_set_limits(osi_stack_t *stack, const stack_config_t *config)
{
    stack->config.checkpoint_size_k = config->checkpoint_size_k;
    stack->config.window_size = config->window_size;
    stack->config.transport_timeout = config->transport_timeout;
    stack->config.close_timeout = config->close_timeout;
    stack->config.transfer_timeout = config->transfer_timeout;
}
