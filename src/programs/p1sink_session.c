#include "p1sink_sink.h"

#include <string.h>

#include <apr_strings.h>

enum {
    OPEN_DATA_LIMIT = 65536,
    SECONDS_30 = 30000000,
    PAUSE_MINIMUM = 1000 /* microseconds: shorter pauses add up first */
};

typedef struct session_t {
    sink_t *sink;
    apr_pool_t *pool;
    link_t link;
    osi_mode_t mode;
    transfer_t *transfer;
    bool complete;     /* the transfer awaits its acceptance (delay) */
    bool please_abort; /* after the indication at hand */
    bool please_cut;
    int64_t accepted;
    int64_t owed; /* microseconds to pause for the octets read */
    timers_item_t delay;
    timers_item_t pause;
} session_t;

static void give_back(void *baton)
{
    session_t *session = baton;
    apr_pool_destroy(session->pool);
}

/* Ends the session's memory when nothing of this turn needs it any more. */
static void release(session_t *session)
{
    timers_t *timers = net_loop_timers(session->sink->loop);
    timers_cancel(timers, &session->delay);
    timers_cancel(timers, &session->pause);
    if (session->transfer) {
        session->sink->totals->interrupted++;
        transfer_keep(session->sink, session->transfer);
        session->transfer = NULL;
    }
    net_loop_post(session->sink->loop, give_back, session);
}

static void cut(session_t *session)
{
    if (session->link.ended)
        return;
    session->sink->totals->broken++;
    link_cut(&session->link);
    release(session);
}

static mono_time_t now_of(const session_t *session)
{
    return link_now(&session->link);
}

static void request_failed(session_t *session, const err_t *err)
{
    if (!err)
        return;
    session->sink->totals->trouble++;
    fprintf(stderr, "p1sink: %s\n", err_describe(session->pool, err));
    osi_stack_abort(session->link.stack, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, BYTES_NONE, now_of(session));
}

static bool string_is(const x411_string_t *string, const char *text)
{
    return x411_present(string) && bytes_equal(string->octets, bytes_of_string(text));
}

static void refuse(session_t *session, int reason, int64_t bind_error)
{
    buffer_t *error = apr_palloc(session->pool, sizeof(*error));
    buffer_init(error, session->pool, OPEN_DATA_LIMIT);
    x411_bind_error_encode(text_p1_mode(session->mode), bind_error, error);
    session->sink->totals->refused++;
    if (session->mode == OSI_MODE_NORMAL)
        reason = STACK_REFUSE_REJECTED_BY_USER;
    request_failed(session,
                   osi_stack_open_refuse(session->link.stack, reason, buffer_bytes(error), now_of(session)));
}

static void opened(session_t *session, const stack_indication_t *indication)
{
    const sink_options_t *options = session->sink->options;
    x411_bind_t bind = {0};
    session->mode = indication->mode;
    err_t *err = x411_bind_decode(session->pool, text_p1_mode(session->mode), X411_BIND_ARGUMENT,
                                  indication->user_data, &bind);
    bool wrong = err || (options->peer_name && !string_is(&bind.name, options->peer_name)) ||
                 (options->peer_password && !string_is(&bind.password, options->peer_password));
    bool offered = bind.sibling && options->sibling != SINK_PLAIN;
    buffer_t *results = offered ? session->sink->sibling_results : session->sink->bind_results;
    if (options->strict && foreign_bind(indication->user_data)) {
        session->sink->totals->foreign++;
        session->please_cut = true;
    } else if (options->refuse)
        refuse(session, STACK_REFUSE_RTS_BUSY, X411_BIND_BUSY);
    else if (options->refuse_twa && indication->two_way_alternate)
        refuse(session, STACK_REFUSE_UNACCEPTABLE_DIALOGUE_MODE, X411_BIND_UNACCEPTABLE_DIALOGUE_MODE);
    else if (wrong || !options->modes[session->mode])
        refuse(session, STACK_REFUSE_VALIDATION_FAILURE, X411_BIND_AUTHENTICATION_ERROR);
    else {
        session->sink->totals->opened++;
        request_failed(session,
                       osi_stack_open_accept(session->link.stack, buffer_bytes(&results[session->mode]),
                                             now_of(session)));
    }
}

static void stop(void *baton)
{
    sink_t *sink = baton;
    net_loop_stop(sink->loop);
}

static void answer_link_state(session_t *session)
{
    sink_t *sink = session->sink;
    osi_stack_t *stack = session->link.stack;
    sink->totals->link_states++;
    transfer_drop(session->transfer);
    session->transfer = NULL;
    if (sink->options->sibling == SINK_REFUSES)
        request_failed(session, osi_stack_transfer_refuse(stack, false, now_of(session)));
    else if (sink->options->sibling == SINK_ABORTS)
        session->please_abort = true;
    else
        request_failed(session, osi_stack_transfer_accept(stack, now_of(session)));
}

static void accept_transfer(session_t *session)
{
    sink_t *sink = session->sink;
    session->complete = false;
    if (sink->options->strict && foreign_apdu(session->transfer)) {
        sink->totals->foreign++;
        session->please_cut = true;
        return;
    }
    if (sink->options->sibling && foreign_link_state(session->transfer)) {
        answer_link_state(session);
        return;
    }
    if (sink->refuses_left > 0) {
        sink->refuses_left--;
        sink->totals->transfers_refused++;
        request_failed(session, osi_stack_transfer_refuse(session->link.stack, true, now_of(session)));
        return;
    }
    transfer_complete(sink, session->transfer);
    session->transfer = NULL;
    session->accepted++;
    request_failed(session, osi_stack_transfer_accept(session->link.stack, now_of(session)));
    if (sink->options->abort_after > 0 && session->accepted >= sink->options->abort_after)
        session->please_abort = true;
    sink_mark(sink);
    /* The post runs when the confirmations of this turn are on their way. */
    if (sink->options->stop_after > 0 && sink->totals->accepted == sink->options->stop_after)
        net_loop_post(sink->loop, stop, sink);
}

static void on_delay(void *baton)
{
    session_t *session = baton;
    if (!session->complete || !osi_stack_is_open(session->link.stack))
        return;
    accept_transfer(session);
    link_settle(&session->link);
}

static void began(session_t *session, const stack_indication_t *indication)
{
    session->transfer = transfer_create(session->sink, session->mode);
    session->transfer->key.activity = indication->activity;
    const osi_connection_id_t *connection = osi_stack_connection_id(session->link.stack);
    if (connection)
        session->transfer->key.connection = *connection;
}

static void resumed(session_t *session, const stack_indication_t *indication)
{
    transfer_key_t key = {indication->old_activity, indication->old_connection};
    osi_stack_t *stack = session->link.stack;
    transfer_t *transfer = transfer_resume(session->sink, &key, indication->serial);
    if (!transfer) {
        stack_resume_refusal_t why =
            transfer_was_completed(session->sink, &key) ? STACK_RESUME_COMPLETED : STACK_RESUME_UNRECOGNIZED;
        request_failed(session, osi_stack_resume_refuse(stack, why, now_of(session)));
        return;
    }
    session->transfer = transfer;
    session->sink->totals->resumed++;
    request_failed(session, osi_stack_resume_accept(stack, transfer->total, now_of(session)));
}

static void received(session_t *session, bytes_t octets)
{
    sink_t *sink = session->sink;
    if (!session->transfer || session->please_cut)
        return;
    bool first = session->transfer->total == 0;
    transfer_data(sink, session->transfer, octets);
    if (first && sink->options->strict && foreign_apdu(session->transfer)) {
        sink->totals->foreign++;
        session->please_cut = true;
    }
    if (sink->options->fail_after_octets >= 0 && sink->fails_left > 0 &&
        session->transfer->total >= (uint64_t)sink->options->fail_after_octets) {
        sink->fails_left--;
        session->please_cut = true;
    }
}

static void checkpoint(session_t *session, const stack_indication_t *indication)
{
    sink_t *sink = session->sink;
    if (session->please_cut)
        return;
    if (session->transfer)
        transfer_checkpoint(session->transfer, indication);
    request_failed(session,
                   osi_stack_checkpoint_confirm(session->link.stack, indication->serial, now_of(session)));
    if (sink->options->cut_after_checkpoint > 0 && sink->fails_left > 0 &&
        indication->serial >= sink->options->cut_after_checkpoint) {
        sink->fails_left--;
        session->please_cut = true;
    }
}

static void ended(session_t *session)
{
    if (!session->transfer || session->please_cut)
        return;
    session->complete = true;
    if (session->sink->options->delay == 0) {
        accept_transfer(session);
        return;
    }
    session->delay.run = on_delay;
    session->delay.baton = session;
    timers_arm(net_loop_timers(session->sink->loop), &session->delay,
               now_of(session) + session->sink->options->delay);
}

static void given_up(session_t *session, bool resumable)
{
    session->complete = false;
    if (!session->transfer)
        return;
    if (resumable) {
        session->sink->totals->interrupted++;
        transfer_keep(session->sink, session->transfer);
    } else {
        session->sink->totals->discarded++;
        transfer_drop(session->transfer);
    }
    session->transfer = NULL;
}

static void indicate(void *context, const stack_indication_t *indication)
{
    session_t *session = context;
    switch (indication->kind) {
    case STACK_OPEN_INDICATION: opened(session, indication); break;
    case STACK_TRANSFER_START: began(session, indication); break;
    case STACK_TRANSFER_RESUME: resumed(session, indication); break;
    case STACK_TRANSFER_DATA: received(session, indication->octets); break;
    case STACK_CHECKPOINT: checkpoint(session, indication); break;
    case STACK_TRANSFER_END: ended(session); break;
    case STACK_TRANSFER_DISCARDED: given_up(session, false); break;
    case STACK_TRANSFER_INTERRUPTED: given_up(session, true); break;
    case STACK_CLOSE_INDICATION: session->sink->totals->released++; break;
    case STACK_TURN_GIVEN: /* nothing to send: the turn goes back */
        request_failed(session, osi_stack_turn_give(session->link.stack, now_of(session)));
        break;
    case STACK_ABORTED:
        session->sink->totals->broken++;
        if (!session->sink->options->json && indication->err)
            fprintf(stderr, "p1sink: association broke: %s\n", err_describe(session->pool, indication->err));
        break;
    default: break;
    }
}

/* The link settles: what an indication asked for and could not do itself. */
static bool feed(void *context)
{
    session_t *session = context;
    if (session->please_cut) {
        cut(session);
        return false;
    }
    if (!session->please_abort)
        return false;
    session->please_abort = false;
    session->sink->totals->broken++;
    osi_stack_abort(session->link.stack, STACK_ABORT_TEMPORARY_PROBLEM, BYTES_NONE, now_of(session));
    return true;
}

static void go_on_reading(void *baton)
{
    session_t *session = baton;
    net_conn_pause(session->link.conn, false);
}

static void heard(void *context, size_t length)
{
    session_t *session = context;
    int64_t rate = session->sink->options->slow_read;
    if (rate == 0)
        return;
    session->owed += (int64_t)length * TIME_SECONDS(1) / rate;
    if (session->owed < PAUSE_MINIMUM)
        return;
    net_conn_pause(session->link.conn, true);
    session->pause.run = go_on_reading;
    session->pause.baton = session;
    timers_arm(net_loop_timers(session->sink->loop), &session->pause, now_of(session) + session->owed);
    session->owed = 0;
}

static void over(void *context, const err_t *err)
{
    session_t *session = context;
    (void)err;
    release(session);
}

static const link_ops_t link_ops = {NULL, indicate, feed, heard, over};

static bool is_served(void *context, bytes_t called_tsel, bytes_t calling_tsel)
{
    const link_t *link = context;
    const session_t *session = link->context;
    (void)calling_tsel;
    return bytes_equal(session->sink->options->called_tsel, called_tsel);
}

static void accepted(void *context, net_conn_t *conn)
{
    sink_t *sink = context;
    const sink_options_t *options = sink->options;
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, sink->pool);
    session_t *session = apr_pcalloc(pool, sizeof(*session));
    session->sink = sink;
    session->pool = pool;
    sink->totals->connections++;
    stack_config_t config = {.tpdu_size = (unsigned)options->tpdu_size,
                             .checkpoint_size_k = (unsigned)options->checkpoint_k,
                             .window_size = (unsigned)options->window,
                             .two_way_alternate = true,
                             .transport_timeout = SECONDS_30,
                             .open_timeout = SECONDS_30,
                             .close_timeout = SECONDS_30,
                             .open_data_limit = OPEN_DATA_LIMIT,
                             .host_name = sink->host,
                             .started = sink->started,
                             .reference = ++sink->reference ? sink->reference : ++sink->reference};
    link_take(&session->link, sink->loop, conn, &config, &link_ops, session, pool);
    if (options->called_tsel.length > 0 && !session->link.ended)
        osi_stack_set_transport_filter(session->link.stack, is_served);
}

static void in_trouble(void *context, const err_t *err)
{
    sink_t *sink = context;
    sink->totals->trouble++;
    fprintf(stderr, "p1sink: %s: %s\n", err->text, err->cause ? err->cause->text : "");
}

err_t *sink_listen(sink_t *sink, net_listener_t **listener)
{
    const sink_options_t *options = sink->options;
    for (int mode = 0; mode < 3; mode++) {
        x411_bind_t bind = {0};
        if (options->name)
            bind =
                x411_bind_make((x411_mode_t)mode, options->name, options->password ? options->password : "");
        buffer_init(&sink->bind_results[mode], sink->pool, OPEN_DATA_LIMIT);
        if (!x411_bind_encode((x411_mode_t)mode, X411_BIND_RESULT, &bind, &sink->bind_results[mode]))
            return err_create(sink->pool, APR_ENOSPC, "P1", "the name and password are too long");
        bind.sibling = true;
        buffer_init(&sink->sibling_results[mode], sink->pool, OPEN_DATA_LIMIT);
        x411_bind_encode((x411_mode_t)mode, X411_BIND_RESULT, &bind, &sink->sibling_results[mode]);
    }
    net_listen_t listen = {.address = options->address,
                           .port = options->port,
                           .backlog = (int)options->backlog,
                           .trouble = in_trouble};
    return net_listen(listener, sink->loop, &listen, accepted, sink, sink->pool);
}
