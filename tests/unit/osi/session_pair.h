/* Two X.225 session engines back to back, and what their tests expect of them. a calls b; pump carries what
 * one sends to the other. */
#ifndef TESTS_OSI_SESSION_PAIR_H
#define TESTS_OSI_SESSION_PAIR_H

#include "osi/session.h"
#include "unit.h"

#include <apr_strings.h>

enum { LOG_LIMIT = 64, QUEUE_LIMIT = 64 };

typedef struct end_t {
    apr_pool_t *pool;
    session_t *session;
    session_indication_t log[LOG_LIMIT]; /* user_data copied into the pool */
    unsigned count;
    bytes_t sent[QUEUE_LIMIT]; /* TSDUs, taken by the peer one after the other */
    unsigned sent_count;
    unsigned taken;
    int disconnects;
    bool await_peer;
} end_t;

static apr_pool_t *pool;
static end_t a, b; /* a calls b */

static inline void on_indicate(void *context, const session_indication_t *indication)
{
    end_t *end = context;
    CU_ASSERT_FATAL(end->count < LOG_LIMIT);
    end->log[end->count] = *indication;
    end->log[end->count++].user_data = bytes_copy(end->pool, indication->user_data);
}

static inline void on_transmit(void *context, const osi_parts_t *tsdu)
{
    end_t *end = context;
    CU_ASSERT_FATAL(end->sent_count < QUEUE_LIMIT);
    uint8_t *octets = apr_palloc(end->pool, osi_parts_length(tsdu) + 1);
    size_t at = 0;
    for (unsigned i = 0; i < tsdu->count; i++) {
        if (tsdu->part[i].length)
            memcpy(octets + at, tsdu->part[i].data, tsdu->part[i].length);
        at += tsdu->part[i].length;
    }
    end->sent[end->sent_count++] = bytes_make(octets, at);
}

static inline void on_disconnect(void *context, bool await_peer)
{
    end_t *end = context;
    end->disconnects++;
    end->await_peer = await_peer;
}

static const session_ops_t ops = {on_indicate, on_transmit, on_disconnect};
static const session_config_t both = {.versions = 3, .ssdu_limit = 1 << 20};

static inline void end_open(end_t *end, const session_config_t *config)
{
    memset(end, 0, sizeof(*end));
    end->pool = pool;
    end->session = session_create(pool, config, &ops, end);
}

static inline void open_with(const session_config_t *calling, const session_config_t *called)
{
    if (!pool)
        apr_pool_create(&pool, NULL);
    apr_pool_clear(pool);
    end_open(&a, calling);
    end_open(&b, called);
}

/* Carries what was sent to the other side, until nothing is left. */
static inline void pump(void)
{
    while (a.taken < a.sent_count || b.taken < b.sent_count) {
        if (a.taken < a.sent_count)
            session_input(b.session, a.sent[a.taken++]);
        if (b.taken < b.sent_count)
            session_input(a.session, b.sent[b.taken++]);
    }
}

static const session_indication_t *last(const end_t *end)
{
    static const session_indication_t none = {.primitive = (session_primitive_t)-1};
    return end->count ? &end->log[end->count - 1] : &none;
}

static inline void expect(const end_t *end, session_primitive_t primitive, bool confirm)
{
    CU_ASSERT_EQUAL(last(end)->primitive, primitive);
    CU_ASSERT_EQUAL(last(end)->confirm, confirm);
}

static inline void expect_states(const char *state_a, const char *state_b)
{
    CU_ASSERT_STRING_EQUAL(session_state_name(a.session), state_a);
    CU_ASSERT_STRING_EQUAL(session_state_name(b.session), state_b);
}

static inline void expect_hex(bytes_t octets, const char *hex)
{
    const char *is = bytes_to_hex(pool, octets);
    CU_ASSERT_STRING_EQUAL(is, hex);
    if (strcmp(is, hex) != 0)
        printf("\n  is  %s\n  not %s\n", is, hex);
}

static inline bytes_t hex(const char *text)
{
    bytes_t octets = BYTES_NONE;
    CU_ASSERT_FATAL(bytes_from_hex(pool, text, &octets));
    return octets;
}

static inline bytes_t filled(size_t length)
{
    uint8_t *octets = apr_palloc(pool, length + 1);
    for (size_t i = 0; i < length; i++)
        octets[i] = (uint8_t)(i * 7 + i / 251);
    return bytes_make(octets, length);
}

static const session_connect_t plain_connect = {.requirements = SESSION_FU_RTSE,
                                                .our_tokens = SESSION_TOKEN_ALL};

static inline session_connect_t connect_with(bytes_t user_data)
{
    session_connect_t connect = plain_connect;
    connect.user_data = user_data;
    return connect;
}

/* A connection with all tokens at a. */
static inline void open_connection(const session_config_t *config)
{
    open_with(config, config);
    CU_ASSERT_PTR_NULL_FATAL(session_connect_request(a.session, &plain_connect));
    pump();
    CU_ASSERT_PTR_NULL_FATAL(session_connect_accept(b.session, &plain_connect));
    pump();
    expect(&a, S_CONNECT, true);
    expect_states("STA713", "STA713");
}

static const osi_activity_id_t activity_one = {{2, 1, 1}, 3};

static inline void start_activity(void)
{
    CU_ASSERT_PTR_NULL_FATAL(session_activity_start_request(a.session, &activity_one));
    pump();
    expect(&b, S_ACTIVITY_START, false);
}

static inline void send_data(end_t *end, bytes_t octets)
{
    osi_parts_t parts = {.part = {octets}, .count = 1};
    CU_ASSERT_PTR_NULL(session_data_request(end->session, &parts));
}

static inline err_t *try_data(end_t *end)
{
    osi_parts_t parts = {.part = {BYTES_LITERAL("x")}, .count = 1};
    return session_data_request(end->session, &parts);
}

static inline osi_connection_id_t id_of_host(void)
{
    osi_connection_id_t id = {.user = {.length = 4}, .common = {.length = 15}};
    memcpy(id.user.octets, "\x14\x02vm", 4);
    memcpy(id.common.octets,
           "\x17\x0d"
           "261122040857Z",
           15);
    return id;
}

#endif
