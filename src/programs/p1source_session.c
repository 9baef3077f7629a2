#include "p1source_source.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

enum {
    CHUNK_SIZE = 65536,
    OUT_LIMIT = 1 << 30,
    BIND_LIMIT = 4096,
    OPEN_DATA_LIMIT = 65536,
    REOPEN_MICROSECONDS = 200000
};

typedef enum session_state_t {
    SESSION_OPENING,
    SESSION_READY,   /* open, no transfer */
    SESSION_SENDING, /* octets are still to be given to the stack */
    SESSION_WAITING, /* for the confirmation */
    SESSION_CLOSING,
    SESSION_RESTING, /* no association; the timer opens the next */
    SESSION_ENDED
} session_state_t;

/* One association after the other, and the message in hand. */
typedef struct session_t {
    source_t *source;
    session_state_t state;
    apr_pool_t *association_pool;
    link_t link;
    timers_item_t timer; /* rate, and the pause before the next association */
    bool asked_for_turn;
    bool turn_wanted; /* by the peer */
    int64_t sent_here;
    int64_t failures; /* in a row */
    bool in_hand;
    bool tried;
    source_message_t message;
    apr_pool_t *message_pool;
    buffer_t out;
    uint64_t offset;
    mono_time_t begun;
    /* Where the message in hand may go on after a break. */
    unsigned serial;
    uint64_t safe;
    osi_activity_id_t activity;
    osi_connection_id_t connection;
} session_t;

struct source_t {
    const source_options_t *options;
    source_totals_t *totals;
    source_maker_t maker;
    net_loop_t *loop;
    apr_pool_t *pool;
    int64_t next; /* number of the next message */
    session_t *sessions;
    int64_t alive;
    buffer_t bind;
    uint8_t chunk[CHUNK_SIZE];
};

static void open_association(session_t *session);

static mono_time_t clock_now(void)
{
    return timebase_mono(timebase_system());
}

static void session_end(session_t *session)
{
    session->state = SESSION_ENDED;
    if (--session->source->alive == 0)
        net_loop_stop(session->source->loop);
}

static void note_error(session_t *session, const err_t *err)
{
    apr_pool_t *pool = session->message_pool;
    source_note(session->source->totals, err_describe(pool, err));
}

/* The message in hand did not get through this time. */
static void message_failed(session_t *session)
{
    if (!session->in_hand)
        return;
    session->failures++;
    if (session->failures <= session->source->options->retries)
        return;
    session->in_hand = false;
    session->source->totals->failed++;
}

/* When message number may start; 0 = now. */
static mono_time_t start_time(source_t *source, int64_t number)
{
    if (source->options->rate == 0 || source->totals->begun == 0)
        return 0;
    mono_time_t due = source->totals->begun + number * TIME_SECONDS(1) / source->options->rate;
    return due > clock_now() ? due : 0;
}

static void on_timer(void *baton)
{
    session_t *session = baton;
    if (session->state == SESSION_RESTING)
        open_association(session);
    else if (session->state != SESSION_ENDED)
        link_settle(&session->link);
}

/* Takes the next message in hand. False: there is none, or not yet (then *later). */
static bool take_message(session_t *session, bool *later)
{
    source_t *source = session->source;
    *later = false;
    if (session->in_hand)
        return true;
    int64_t limit = source->options->per_association;
    if (source->next >= source->options->messages || (limit > 0 && session->sent_here >= limit))
        return false;
    mono_time_t due = start_time(source, source->next);
    if (due) {
        timers_arm(net_loop_timers(source->loop), &session->timer, due);
        *later = true;
        return false;
    }
    apr_pool_clear(session->message_pool);
    err_t *err = source_message_make(&source->maker, source->next++, session->message_pool, &session->out,
                                     &session->message);
    if (err) {
        note_error(session, err);
        source->totals->failed++;
        return false;
    }
    source->totals->started++;
    session->in_hand = true;
    session->tried = false;
    session->serial = 0;
    session->failures = 0;
    return true;
}

static bool request_failed(session_t *session, const err_t *err)
{
    if (!err)
        return false;
    note_error(session, err);
    osi_stack_abort(session->link.stack, STACK_ABORT_LOCAL_SYSTEM_PROBLEM, BYTES_NONE,
                    link_now(&session->link));
    return true;
}

/* Asks for the turn once. True if something was done. */
static bool ask_for_turn(session_t *session)
{
    if (session->asked_for_turn)
        return false;
    session->asked_for_turn = true;
    request_failed(session, osi_stack_turn_please(session->link.stack, 0, link_now(&session->link)));
    return true;
}

static bool start_message(session_t *session)
{
    osi_stack_t *stack = session->link.stack;
    source_totals_t *totals = session->source->totals;
    mono_time_t now = link_now(&session->link);
    err_t *err;
    session->begun = clock_now();
    if (totals->begun == 0)
        totals->begun = session->begun;
    if (session->tried)
        totals->repeated++;
    session->tried = true;
    if (session->serial > 0 && session->source->options->resume) {
        session->offset = session->safe;
        totals->resumed++;
        err = osi_stack_transfer_resume(stack, &session->activity, &session->connection, session->serial,
                                        session->safe, now);
    } else {
        session->offset = 0;
        session->serial = 0;
        err = osi_stack_transfer_start(stack, now);
    }
    if (request_failed(session, err))
        return true;
    if (session->serial == 0) {
        session->activity = *osi_stack_activity(stack);
        session->connection = *osi_stack_connection_id(stack);
    }
    session->state = SESSION_SENDING;
    return true;
}

/* Open and without a transfer: the next message, the turn, or the end. True if something was done. */
static bool go_on(session_t *session)
{
    osi_stack_t *stack = session->link.stack;
    mono_time_t now = link_now(&session->link);
    bool later = false;
    if (!osi_stack_is_open(stack))
        return false;
    if (session->turn_wanted && osi_stack_has_turn(stack)) {
        session->turn_wanted = false;
        request_failed(session, osi_stack_turn_give(stack, now));
        return true;
    }
    bool more = take_message(session, &later);
    if (later)
        return false;
    if (!osi_stack_has_turn(stack))
        return ask_for_turn(session);
    if (more)
        return start_message(session);
    session->state = SESSION_CLOSING;
    request_failed(session, osi_stack_close_request(stack, now));
    return true;
}

/* Gives the stack as many octets of the message as it takes. */
static bool send_octets(session_t *session)
{
    osi_stack_t *stack = session->link.stack;
    mono_time_t now = link_now(&session->link);
    size_t room = osi_stack_transfer_capacity(stack);
    if (room > CHUNK_SIZE)
        room = CHUNK_SIZE;
    if (room == 0)
        return false;
    uint8_t *chunk = session->source->chunk;
    size_t length = 0;
    while (length < room && session->offset < session->message.length) {
        bytes_t octets = source_message_octets(&session->message, session->offset, room - length);
        memcpy(chunk + length, octets.data, octets.length);
        length += octets.length;
        session->offset += octets.length;
    }
    if (length > 0 && request_failed(session, osi_stack_transfer_data(stack, bytes_make(chunk, length), now)))
        return true;
    if (session->offset >= session->message.length) {
        session->state = SESSION_WAITING;
        request_failed(session, osi_stack_transfer_end(stack, now));
    }
    return true;
}

static bool feed(void *context)
{
    session_t *session = context;
    if (session->state == SESSION_SENDING)
        return send_octets(session);
    return session->state == SESSION_READY && go_on(session);
}

static void connected(void *context)
{
    session_t *session = context;
    const source_options_t *options = session->source->options;
    stack_open_t open = {.mode = options->mode,
                         .calling = options->calling,
                         .called = options->called,
                         .user_data = buffer_bytes(&session->source->bind)};
    request_failed(session, osi_stack_open_request(session->link.stack, &open, link_now(&session->link)));
}

static void refused(session_t *session, const stack_indication_t *indication)
{
    int64_t code = 0;
    apr_pool_t *pool = session->association_pool;
    session->source->totals->refused++;
    if (indication->user_data.length > 0 && !x411_bind_error_decode(pool, indication->user_data, &code))
        source_note(session->source->totals,
                    apr_psprintf(pool, "bind refused: %s", x411_bind_error_text(code)));
    else if (indication->err)
        note_error(session, indication->err);
}

static void confirmed(session_t *session)
{
    source_totals_t *totals = session->source->totals;
    totals->ended = clock_now();
    totals->latencies[totals->accepted++] = totals->ended - session->begun;
    totals->octets += session->message.length;
    session->in_hand = false;
    session->failures = 0;
    session->sent_here++;
    session->state = SESSION_READY;
}

static void transfer_failed(session_t *session, const stack_indication_t *indication)
{
    if (indication->err)
        note_error(session, indication->err);
    /* What was resumed and refused begins anew. */
    session->serial = 0;
    message_failed(session);
    session->state = SESSION_READY;
}

/* The peer has the turn and sends: its APDUs are taken and dropped. */
static void indicate_incoming(session_t *session, const stack_indication_t *indication)
{
    osi_stack_t *stack = session->link.stack;
    mono_time_t now = link_now(&session->link);
    switch (indication->kind) {
    case STACK_TRANSFER_RESUME:
        request_failed(session, osi_stack_resume_refuse(stack, STACK_RESUME_UNRECOGNIZED, now));
        break;
    case STACK_CHECKPOINT:
        request_failed(session, osi_stack_checkpoint_confirm(stack, indication->serial, now));
        break;
    case STACK_TRANSFER_END:
        session->source->totals->received++;
        request_failed(session, osi_stack_transfer_accept(stack, now));
        break;
    default: break;
    }
}

static void indicate(void *context, const stack_indication_t *indication)
{
    session_t *session = context;
    source_totals_t *totals = session->source->totals;
    switch (indication->kind) {
    case STACK_OPEN_CONFIRM:
        totals->opened++;
        session->state = SESSION_READY;
        break;
    case STACK_OPEN_REFUSED: refused(session, indication); break;
    case STACK_CHECKPOINT_CONFIRM:
        session->serial = indication->serial;
        session->safe = indication->total;
        break;
    case STACK_TRANSFER_CONFIRM: confirmed(session); break;
    case STACK_TRANSFER_FAILED: transfer_failed(session, indication); break;
    case STACK_CLOSE_INDICATION: session->state = SESSION_CLOSING; break;
    case STACK_TURN_PLEASE: session->turn_wanted = true; break;
    case STACK_TURN_GIVEN: session->asked_for_turn = false; break;
    case STACK_ABORTED:
        totals->broken++;
        session->state = SESSION_OPENING;
        if (indication->err)
            note_error(session, indication->err);
        break;
    default: indicate_incoming(session, indication); break;
    }
}

/* The association is gone: is another one wanted? */
static void over(void *context, const err_t *err)
{
    session_t *session = context;
    source_t *source = session->source;
    bool in_order = session->state == SESSION_CLOSING;
    if (err) {
        source->totals->refused++;
        note_error(session, err);
    }
    if (session->in_hand)
        message_failed(session);
    else if (!in_order)
        session->failures++;
    apr_pool_destroy(session->association_pool);
    session->association_pool = NULL;
    bool wanted = session->in_hand || source->next < source->options->messages;
    if (!wanted || (!in_order && session->failures > source->options->retries)) {
        session_end(session);
        return;
    }
    session->state = SESSION_RESTING;
    timers_arm(net_loop_timers(source->loop), &session->timer,
               clock_now() + (in_order ? 0 : REOPEN_MICROSECONDS));
}

static const link_ops_t link_ops = {connected, indicate, feed, NULL, over};

static void open_association(session_t *session)
{
    source_t *source = session->source;
    const source_options_t *options = source->options;
    apr_pool_create(&session->association_pool, source->pool);
    session->state = SESSION_OPENING;
    session->asked_for_turn = session->turn_wanted = false;
    session->sent_here = 0;
    net_dial_t dial = {.host = options->host,
                       .port = options->port,
                       .local_addresses = {options->local_address},
                       .timeout = options->timeout};
    stack_config_t config = {.tpdu_size = (unsigned)options->tpdu_size,
                             .checkpoint_size_k = (unsigned)options->checkpoint_k,
                             .window_size = (unsigned)options->window,
                             .two_way_alternate = options->two_way_alternate,
                             .transport_timeout = options->timeout,
                             .open_timeout = options->timeout,
                             .close_timeout = options->timeout,
                             .open_data_limit = OPEN_DATA_LIMIT,
                             .host_name = source->maker.host,
                             .started = source->maker.started,
                             .reference = (uint16_t)(session - source->sessions + 1)};
    link_dial(&session->link, source->loop, &dial, &config, &link_ops, session, session->association_pool);
}

static void begin_session(source_t *source, session_t *session)
{
    session->source = source;
    session->timer.run = on_timer;
    session->timer.baton = session;
    apr_pool_create(&session->message_pool, source->pool);
    buffer_init(&session->out, source->pool, OUT_LIMIT);
    open_association(session);
}

err_t *source_run(const source_options_t *options, source_totals_t *totals, net_loop_t *loop,
                  apr_pool_t *pool)
{
    source_t *source = apr_pcalloc(pool, sizeof(*source));
    source->options = options;
    source->totals = totals;
    source->loop = loop;
    source->pool = pool;
    totals->latencies = apr_palloc(pool, (apr_size_t)options->messages * sizeof(int64_t));
    err_t *err = source_maker_init(&source->maker, options, pool);
    if (err)
        return err;
    x411_mode_t mode = text_p1_mode(options->mode);
    x411_bind_t bind = {0};
    if (options->name)
        bind = x411_bind_make(mode, options->name, options->password ? options->password : "");
    buffer_init(&source->bind, pool, BIND_LIMIT);
    if (!x411_bind_encode(mode, X411_BIND_ARGUMENT, &bind, &source->bind))
        return err_create(pool, APR_ENOSPC, "P1", "the name and password are too long");
    int64_t count = options->connections < options->messages ? options->connections : options->messages;
    source->sessions = apr_pcalloc(pool, (apr_size_t)count * sizeof(session_t));
    source->alive = count;
    for (int64_t i = 0; i < count; i++)
        begin_session(source, &source->sessions[i]);
    return net_loop_run(loop);
}
