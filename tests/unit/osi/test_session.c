/* The X.225 session engine: two of them back to back, and one against octets written here. */
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

static void on_indicate(void *context, const session_indication_t *indication)
{
    end_t *end = context;
    CU_ASSERT_FATAL(end->count < LOG_LIMIT);
    end->log[end->count] = *indication;
    end->log[end->count++].user_data = bytes_copy(end->pool, indication->user_data);
}

static void on_transmit(void *context, const osi_parts_t *tsdu)
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

static void on_disconnect(void *context, bool await_peer)
{
    end_t *end = context;
    end->disconnects++;
    end->await_peer = await_peer;
}

static const session_ops_t ops = {on_indicate, on_transmit, on_disconnect};
static const session_config_t both = {.versions = 3, .ssdu_limit = 1 << 20};

static void end_open(end_t *end, const session_config_t *config)
{
    memset(end, 0, sizeof(*end));
    end->pool = pool;
    end->session = session_create(pool, config, &ops, end);
}

static void open_with(const session_config_t *calling, const session_config_t *called)
{
    if (!pool)
        apr_pool_create(&pool, NULL);
    apr_pool_clear(pool);
    end_open(&a, calling);
    end_open(&b, called);
}

/* Carries what was sent to the other side, until nothing is left. */
static void pump(void)
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

static void expect(const end_t *end, session_primitive_t primitive, bool confirm)
{
    CU_ASSERT_EQUAL(last(end)->primitive, primitive);
    CU_ASSERT_EQUAL(last(end)->confirm, confirm);
}

static void expect_states(const char *state_a, const char *state_b)
{
    CU_ASSERT_STRING_EQUAL(session_state_name(a.session), state_a);
    CU_ASSERT_STRING_EQUAL(session_state_name(b.session), state_b);
}

static void expect_hex(bytes_t octets, const char *hex)
{
    const char *is = bytes_to_hex(pool, octets);
    CU_ASSERT_STRING_EQUAL(is, hex);
    if (strcmp(is, hex) != 0)
        printf("\n  is  %s\n  not %s\n", is, hex);
}

static bytes_t hex(const char *text)
{
    bytes_t octets = BYTES_NONE;
    CU_ASSERT_FATAL(bytes_from_hex(pool, text, &octets));
    return octets;
}

static bytes_t filled(size_t length)
{
    uint8_t *octets = apr_palloc(pool, length + 1);
    for (size_t i = 0; i < length; i++)
        octets[i] = (uint8_t)(i * 7 + i / 251);
    return bytes_make(octets, length);
}

static const session_connect_t plain_connect = {.requirements = SESSION_FU_RTSE,
                                                .our_tokens = SESSION_TOKEN_ALL};

static session_connect_t connect_with(bytes_t user_data)
{
    session_connect_t connect = plain_connect;
    connect.user_data = user_data;
    return connect;
}

/* A connection with all tokens at a. */
static void open_connection(const session_config_t *config)
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

static void start_activity(void)
{
    CU_ASSERT_PTR_NULL_FATAL(session_activity_start_request(a.session, &activity_one));
    pump();
    expect(&b, S_ACTIVITY_START, false);
}

static void send_data(end_t *end, bytes_t octets)
{
    osi_parts_t parts = {.part = {octets}, .count = 1};
    CU_ASSERT_PTR_NULL(session_data_request(end->session, &parts));
}

static err_t *try_data(end_t *end)
{
    osi_parts_t parts = {.part = {BYTES_LITERAL("x")}, .count = 1};
    return session_data_request(end->session, &parts);
}

static osi_connection_id_t id_of_host(void)
{
    osi_connection_id_t id = {.user = {.length = 4}, .common = {.length = 15}};
    memcpy(id.user.octets, "\x14\x02vm", 4);
    memcpy(id.common.octets,
           "\x17\x0d"
           "261122040857Z",
           15);
    return id;
}

/* ---- connection ---- */

static void connect_has_the_octets_of_real_peers(void)
{
    static const session_config_t config = {.versions = 3, .ssdu_limit = 65536, .tsdu_maximum = 2041};
    open_with(&config, &both);
    session_connect_t connect = connect_with(hex("3126a003800100"));
    connect.connection_id = id_of_host();
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    expect_hex(a.sent[0], "0d370117"
                          "0a041402766d0b0f170d3236313132323034303835375a"
                          "050f130100150407f907f91601031a010014020249c1073126a003800100");
    pump();
    expect(&b, S_CONNECT, false);
    CU_ASSERT_EQUAL(last(&b)->requirements, 0x249);
    CU_ASSERT_EQUAL(last(&b)->version, 2);
    CU_ASSERT_EQUAL(last(&b)->initial_tokens, 0);
    CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, connect.user_data));
    CU_ASSERT_EQUAL(memcmp(&last(&b)->connection_id, &connect.connection_id, sizeof(osi_connection_id_t)), 0);
    connect.version = 1;
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &connect));
    expect_hex(b.sent[0], "0e310117"
                          "09041402766d0b0f170d3236313132323034303835375a"
                          "05091301001601011a010014020249c1073126a003800100");
    pump();
    expect(&a, S_CONNECT, true);
    CU_ASSERT_EQUAL(last(&a)->version, 1);
    CU_ASSERT_EQUAL(last(&a)->requirements, 0x249);
    CU_ASSERT_EQUAL(session_tokens(a.session), SESSION_TOKEN_ALL);
    CU_ASSERT_EQUAL(session_tokens(b.session), 0);
    CU_ASSERT_EQUAL(
        memcmp(session_connection_id(b.session), &connect.connection_id, sizeof(osi_connection_id_t)), 0);
}

static void tokens_start_where_asked(void)
{
    for (unsigned tokens = 0; tokens <= SESSION_TOKEN_ALL; tokens++) {
        open_with(&both, &both);
        session_connect_t connect = plain_connect;
        connect.our_tokens = tokens;
        CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
        pump();
        CU_ASSERT_EQUAL(last(&b)->initial_tokens, SESSION_TOKEN_ALL & ~tokens);
        CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &plain_connect));
        pump();
        CU_ASSERT_EQUAL(session_tokens(a.session), tokens);
        CU_ASSERT_EQUAL(session_tokens(b.session), SESSION_TOKEN_ALL & ~tokens);
    }
}

static void tokens_of_choice_are_taken(void)
{
    open_with(&both, &both);
    /* data: the acceptor's choice, minor: with the acceptor, major: the acceptor's choice */
    session_input(b.session, hex("0d0f"
                                 "0509"
                                 "130100"
                                 "160102"
                                 "1a0126"
                                 "14020249"));
    expect(&b, S_CONNECT, false);
    CU_ASSERT_EQUAL(last(&b)->choice_tokens, SESSION_TOKEN_DATA | SESSION_TOKEN_MAJOR);
    CU_ASSERT_EQUAL(last(&b)->initial_tokens, SESSION_TOKEN_MINOR);
    session_connect_t accept = plain_connect;
    accept.our_tokens = SESSION_TOKEN_MAJOR;
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &accept));
    CU_ASSERT_EQUAL(session_tokens(b.session), SESSION_TOKEN_MINOR | SESSION_TOKEN_MAJOR);
    expect_hex(b.sent[0], "0e0f"
                          "0509"
                          "130100"
                          "160102"
                          "1a0114"
                          "14020249");
}

/* Without the functional units parameter the default is 0x0349; without versions, version 1; without a token
 * setting, all tokens are the initiator's. */
static void SE_01_defaults_of_absent_parameters(void)
{
    open_with(&both, &both);
    session_input(b.session, hex("0d00"));
    expect(&b, S_CONNECT, false);
    CU_ASSERT_EQUAL(last(&b)->requirements, 0x349);
    CU_ASSERT_EQUAL(last(&b)->version, 1);
    CU_ASSERT_EQUAL(last(&b)->initial_tokens, 0);
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &plain_connect));
    expect_hex(b.sent[0], "0e0f"
                          "0509"
                          "130100"
                          "160101"
                          "1a0100"
                          "14020249");
    session_input(b.session, hex("01002d052903020101"));
    expect(&b, S_ACTIVITY_START, false);

    open_with(&both, &both);
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &plain_connect));
    session_input(a.session, hex("0e00"));
    expect(&a, S_CONNECT, true);
    CU_ASSERT_EQUAL(last(&a)->requirements, 0x249); /* 0x0349 and what was proposed */
    CU_ASSERT_EQUAL(last(&a)->version, 1);
    CU_ASSERT_EQUAL(session_tokens(a.session), SESSION_TOKEN_ALL);
}

static void SE_01_functional_units_are_the_intersection(void)
{
    open_with(&both, &both);
    session_connect_t connect = plain_connect;
    connect.requirements = SESSION_FU_RTSE | SESSION_FU_TYPED_DATA;
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    pump();
    CU_ASSERT_EQUAL(last(&b)->requirements, SESSION_FU_RTSE | SESSION_FU_TYPED_DATA);
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &plain_connect));
    pump();
    CU_ASSERT_EQUAL(last(&a)->requirements, SESSION_FU_RTSE);
    osi_parts_t parts = {.part = {BYTES_LITERAL("typed")}, .count = 1};
    CU_ASSERT_PTR_NOT_NULL(session_typed_data_request(a.session, &parts));

    /* An acceptor without half-duplex breaks what was proposed. */
    open_with(&both, &both);
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &plain_connect));
    session_input(a.session, hex("0e0414020002"));
    expect(&a, S_P_ABORT, false);
    expect_states("STA16", "STA01C");
}

static void typed_data_goes_without_tokens(void)
{
    open_with(&both, &both);
    session_connect_t connect = plain_connect;
    connect.requirements = SESSION_FU_RTSE | SESSION_FU_TYPED_DATA;
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    pump();
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &connect));
    pump();
    osi_parts_t parts = {.part = {BYTES_LITERAL("typed "), BYTES_LITERAL("data")}, .count = 2};
    CU_ASSERT_PTR_NULL(session_typed_data_request(b.session, &parts));
    expect_hex(b.sent[1], "21007479706564206461"
                          "7461");
    pump();
    expect(&a, S_TYPED_DATA, false);
    CU_ASSERT_TRUE(bytes_equal(last(&a)->user_data, BYTES_LITERAL("typed data")));
}

static void impossible_requests_are_refused(void)
{
    open_with(&both, &both);
    session_connect_t connect = plain_connect;
    connect.requirements = SESSION_FU_DUPLEX;
    CU_ASSERT_PTR_NOT_NULL(session_connect_request(a.session, &connect));
    connect = plain_connect;
    connect.called_ssel = BYTES_LITERAL("12345678901234567");
    CU_ASSERT_PTR_NOT_NULL(session_connect_request(a.session, &connect));
    connect = plain_connect;
    connect.version = 1;
    connect.user_data = filled(513);
    CU_ASSERT_PTR_NOT_NULL(session_connect_request(a.session, &connect));
    CU_ASSERT_PTR_NOT_NULL(session_connect_accept(a.session, &plain_connect));
    CU_ASSERT_PTR_NOT_NULL(session_u_abort_request(a.session, BYTES_NONE));
    CU_ASSERT_EQUAL(a.sent_count, 0);
    expect_states("STA01C", "STA01C");
    session_input(b.session, hex("0d05"
                                 "0503"
                                 "160101"));
    connect = plain_connect;
    connect.version = 2;
    CU_ASSERT_PTR_NOT_NULL(session_connect_accept(b.session, &connect));
    connect = connect_with(filled(513));
    CU_ASSERT_PTR_NOT_NULL(session_connect_accept(b.session, &connect));
    expect_states("STA01C", "STA08");
    CU_ASSERT_EQUAL(b.sent_count, 0);
}

static void selectors_reach_the_other_side(void)
{
    open_with(&both, &both);
    session_connect_t connect = plain_connect;
    connect.calling_ssel = bytes_make("\0calling", 8);
    connect.called_ssel = BYTES_LITERAL("0123456789abcdef");
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    pump();
    CU_ASSERT_TRUE(bytes_equal(last(&b)->calling_ssel, connect.calling_ssel));
    CU_ASSERT_TRUE(bytes_equal(last(&b)->called_ssel, connect.called_ssel));
    /* one of 17 octets is malformed */
    open_with(&both, &both);
    session_input(b.session, hex("0d13"
                                 "3411"
                                 "0000000000000000000000000000000000"));
    expect(&b, S_P_ABORT, false);
}

static void versions_without_a_common_one_are_refused(void)
{
    static const session_config_t first = {.versions = 1, .ssdu_limit = 65536};
    static const session_config_t second = {.versions = 2, .ssdu_limit = 65536};
    open_with(&second, &first);
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &plain_connect));
    pump();
    expect(&a, S_CONNECT_REFUSE, true);
    CU_ASSERT_EQUAL(last(&a)->reason, SESSION_REFUSE_VERSION);
    CU_ASSERT_EQUAL(a.disconnects, 1);
    CU_ASSERT_FALSE(a.await_peer);
    CU_ASSERT_EQUAL(b.disconnects, 1);
    CU_ASSERT_TRUE(b.await_peer);
    expect(&b, S_P_ABORT, false);
    expect_states("STA01", "STA16");
}

/* ---- long connect data ---- */

static void connect_data_of(size_t length, const session_config_t *config)
{
    open_with(config, config);
    session_connect_t connect = connect_with(filled(length));
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    pump();
    expect(&b, S_CONNECT, false);
    CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, connect.user_data));
    connect.user_data = filled(length + 1);
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &connect));
    pump();
    expect(&a, S_CONNECT, true);
    CU_ASSERT_TRUE(bytes_equal(last(&a)->user_data, connect.user_data));
    CU_ASSERT_EQUAL(last(&a)->version, 2);
}

static void SE_03_long_connect_data(void)
{
    static const size_t lengths[] = {0,     1,     253,   254,   255,   511,   512,   513,    514,
                                     10239, 10240, 10241, 65000, 65535, 75240, 75241, 200000, 1000000};
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        connect_data_of(lengths[i], &both);
}

static void SE_03_long_connect_data_propose_version_two_only(void)
{
    open_with(&both, &both);
    session_connect_t connect = connect_with(filled(513));
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    expect_hex(bytes_slice(a.sent[0], 0, 23), "0dff0214"
                                              "0509"
                                              "130100"
                                              "160102"
                                              "1a0100"
                                              "14020249"
                                              "c2ff0201");
}

static void SE_03_overflow_past_the_limit_is_refused(void)
{
    static const session_config_t small = {.versions = 3, .ssdu_limit = 20000};
    open_with(&both, &small);
    session_connect_t connect = connect_with(filled(20001));
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    pump();
    expect(&a, S_CONNECT_REFUSE, true);
    CU_ASSERT_EQUAL(last(&a)->reason, SESSION_REFUSE_RESTRICTION);
    expect_states("STA01", "STA16");
    static const session_config_t tiny = {.versions = 3, .ssdu_limit = 100};
    open_with(&both, &tiny);
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    pump();
    CU_ASSERT_EQUAL(last(&a)->reason, SESSION_REFUSE_RESTRICTION);
    CU_ASSERT_EQUAL(b.disconnects, 1);
}

static void SE_03_overflow_aborted_in_the_middle(void)
{
    open_with(&both, &both);
    session_connect_t connect = connect_with(filled(50000));
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    CU_ASSERT_STRING_EQUAL(session_state_name(a.session), "STA02B");
    session_input(b.session, a.sent[a.taken++]);
    CU_ASSERT_STRING_EQUAL(session_state_name(b.session), "STA01D");
    CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, BYTES_NONE));
    pump();
    expect_states("STA16", "STA01");
    expect(&b, S_U_ABORT, false);
}

/* ---- refusal ---- */

static void SE_04_refuse_with_user_data(void)
{
    open_with(&both, &both);
    session_connect_t connect = plain_connect;
    connect.connection_id = id_of_host();
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
    pump();
    CU_ASSERT_PTR_NULL(session_connect_refuse(b.session, SESSION_REFUSE_USER_DATA, hex("3103800102")));
    expect_hex(b.sent[0], "0c280117"
                          "09041402766d0b0f170d3236313132323034303835375a"
                          "110101"
                          "14020249"
                          "3206023103800102");
    pump();
    expect(&a, S_CONNECT_REFUSE, true);
    CU_ASSERT_EQUAL(last(&a)->reason, SESSION_REFUSE_USER_DATA);
    CU_ASSERT_TRUE(bytes_equal(last(&a)->user_data, hex("3103800102")));
    expect_states("STA01", "STA16");
    session_transport_closed(b.session, NULL);
    session_transport_closed(a.session, NULL);
    CU_ASSERT_EQUAL(b.count, 1);
    CU_ASSERT_EQUAL(a.count, 1);
}

static void SE_04_refuse_by_the_session(void)
{
    open_with(&both, &both);
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &plain_connect));
    pump();
    CU_ASSERT_PTR_NULL(session_connect_refuse(b.session, SESSION_REFUSE_SELECTOR_UNKNOWN, BYTES_NONE));
    pump();
    CU_ASSERT_EQUAL(last(&a)->reason, SESSION_REFUSE_SELECTOR_UNKNOWN);
    CU_ASSERT_EQUAL(last(&a)->user_data.length, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(session_refuse_text(last(&a)->reason), "selector"));
}

/* ---- activities ---- */

static void SE_02_activity_with_minor_synchronization(void)
{
    open_connection(&both);
    a.sent_count = a.taken = b.sent_count = b.taken = 0;
    start_activity();
    expect_hex(a.sent[0], "01002d05"
                          "2903020101");
    CU_ASSERT_TRUE(session_in_activity(a.session));
    CU_ASSERT_TRUE(session_in_activity(b.session));
    send_data(&a, BYTES_LITERAL("one"));
    expect_hex(a.sent[1], "01000100"
                          "6f6e65");
    unsigned serial;
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_EQUAL(serial, 1);
    expect_hex(a.sent[2], "0100"
                          "31032a0131");
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, false, &serial));
    CU_ASSERT_EQUAL(serial, 2);
    expect_hex(a.sent[3], "0100"
                          "3106"
                          "0f0101"
                          "2a0132");
    pump();
    CU_ASSERT_EQUAL(b.count, 5);
    CU_ASSERT_EQUAL(b.log[2].primitive, S_DATA);
    CU_ASSERT_TRUE(bytes_equal(b.log[2].user_data, BYTES_LITERAL("one")));
    CU_ASSERT_TRUE(b.log[3].explicit_confirm);
    CU_ASSERT_FALSE(b.log[4].explicit_confirm);
    CU_ASSERT_EQUAL(b.log[4].serial, 2);
    CU_ASSERT_PTR_NOT_NULL(session_sync_minor_response(b.session, 3));
    CU_ASSERT_PTR_NULL(session_sync_minor_response(b.session, 1));
    expect_hex(b.sent[0], "0200"
                          "32032a0131");
    CU_ASSERT_PTR_NOT_NULL(session_sync_minor_response(b.session, 1));
    CU_ASSERT_PTR_NULL(session_sync_minor_response(b.session, 2));
    pump();
    expect(&a, S_SYNC_MINOR, true);
    CU_ASSERT_EQUAL(last(&a)->serial, 2);
    CU_ASSERT_PTR_NULL(session_activity_end_request(a.session, &serial));
    CU_ASSERT_EQUAL(serial, 3);
    expect_hex(a.sent[4], "0100"
                          "29032a0133");
    pump();
    expect(&b, S_ACTIVITY_END, false);
    expect_states("STA04B", "STA10B");
    CU_ASSERT_PTR_NOT_NULL(try_data(&a));
    CU_ASSERT_PTR_NULL(session_activity_end_response(b.session));
    expect_hex(b.sent[2], "0200"
                          "2a032a0133");
    pump();
    expect(&a, S_ACTIVITY_END, true);
    CU_ASSERT_EQUAL(last(&a)->serial, 3);
    expect_states("STA713", "STA713");
    CU_ASSERT_FALSE(session_in_activity(a.session));
    /* the numbers begin again with the next activity */
    start_activity();
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_EQUAL(serial, 1);
    pump();
    CU_ASSERT_EQUAL(last(&b)->serial, 1);
}

static void SE_02_late_confirmations_cover_the_earlier(void)
{
    open_connection(&both);
    start_activity();
    unsigned serial = 0;
    for (unsigned i = 0; i < 12; i++)
        CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_EQUAL(serial, 12);
    pump();
    CU_ASSERT_PTR_NULL(session_sync_minor_response(b.session, 10));
    CU_ASSERT_PTR_NOT_NULL(session_sync_minor_response(b.session, 9));
    CU_ASSERT_PTR_NULL(session_activity_end_request(a.session, &serial));
    pump();
    CU_ASSERT_EQUAL(last(&a)->serial, 10);
    CU_ASSERT_PTR_NULL(session_sync_minor_response(b.session, 12));
    CU_ASSERT_PTR_NULL(session_activity_end_response(b.session));
    pump();
    expect(&a, S_ACTIVITY_END, true);
}

static void SE_02_turn_please_and_give(void)
{
    open_connection(&both);
    a.sent_count = a.taken = b.sent_count = b.taken = 0;
    CU_ASSERT_PTR_NOT_NULL(session_token_please_request(a.session, SESSION_TOKEN_DATA, BYTES_NONE));
    CU_ASSERT_PTR_NOT_NULL(session_control_give_request(b.session));
    CU_ASSERT_PTR_NOT_NULL(session_token_give_request(b.session, SESSION_TOKEN_DATA));
    CU_ASSERT_PTR_NULL(session_token_please_request(b.session, SESSION_TOKEN_DATA, hex("020105")));
    expect_hex(b.sent[0], "0208"
                          "100101"
                          "c103020105");
    pump();
    expect(&a, S_TOKEN_PLEASE, false);
    CU_ASSERT_EQUAL(last(&a)->tokens, SESSION_TOKEN_DATA);
    CU_ASSERT_TRUE(bytes_equal(last(&a)->user_data, hex("020105")));
    CU_ASSERT_PTR_NULL(session_control_give_request(a.session));
    expect_hex(a.sent[0], "1500");
    CU_ASSERT_EQUAL(session_tokens(a.session), 0);
    CU_ASSERT_STRING_EQUAL(session_state_name(a.session), "STA18");
    pump();
    expect_hex(b.sent[1], "1600");
    expect(&b, S_CONTROL_GIVE, false);
    CU_ASSERT_EQUAL(session_tokens(b.session), SESSION_TOKEN_ALL);
    expect_states("STA713", "STA713");
    CU_ASSERT_PTR_NULL(session_activity_start_request(b.session, &activity_one));
    send_data(&b, BYTES_LITERAL("back"));
    pump();
    CU_ASSERT_TRUE(bytes_equal(last(&a)->user_data, BYTES_LITERAL("back")));
    /* within an activity tokens go one by one, control not at all */
    CU_ASSERT_PTR_NOT_NULL(session_control_give_request(b.session));
    CU_ASSERT_PTR_NULL(session_token_give_request(b.session, SESSION_TOKEN_DATA));
    expect_hex(b.sent[4], "0103"
                          "100101");
    pump();
    expect(&a, S_TOKEN_GIVE, false);
    CU_ASSERT_EQUAL(session_tokens(a.session), SESSION_TOKEN_DATA);
    CU_ASSERT_EQUAL(session_tokens(b.session), SESSION_TOKEN_MINOR | SESSION_TOKEN_MAJOR);
}

/* A please that crosses the give is void. */
static void SE_02_please_crosses_give(void)
{
    open_connection(&both);
    CU_ASSERT_PTR_NULL(session_token_please_request(b.session, SESSION_TOKEN_DATA, BYTES_NONE));
    CU_ASSERT_PTR_NULL(session_control_give_request(a.session));
    unsigned before = a.count;
    pump();
    CU_ASSERT_EQUAL(a.count, before);
    expect_states("STA713", "STA713");
    CU_ASSERT_EQUAL(session_tokens(b.session), SESSION_TOKEN_ALL);
}

/* Both sides think that they have the turn: the one that is right aborts, and says which SPDU it was. */
static void SE_02_token_clash(void)
{
    static const char *const clashing[] = {"01002d052903020101", "010001004142", "010031032a0131",
                                           "010029032a0131",     "1500",         "0903110101",
                                           "0103100101"};
    for (unsigned i = 0; i < sizeof(clashing) / sizeof(clashing[0]); i++) {
        open_connection(&both);
        bytes_t octets = hex(clashing[i]);
        session_input(a.session, octets);
        expect(&a, S_P_ABORT, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(last(&a)->err);
        CU_ASSERT_PTR_NOT_NULL(strstr(last(&a)->err->text, "STA713"));
        CU_ASSERT_STRING_EQUAL(last(&a)->err->layer, "session");
        CU_ASSERT_EQUAL(a.disconnects, 1);
        CU_ASSERT_TRUE(a.await_peer);
        bytes_t abort = a.sent[a.sent_count - 1];
        CU_ASSERT_EQUAL(abort.data[0], 0x19);
        expect_hex(bytes_slice(abort, 2, 3), "110105");
        CU_ASSERT_EQUAL(abort.data[5], 0x31);
        size_t reflected = abort.data[6];
        CU_ASSERT_TRUE(reflected > 0 && reflected <= 9);
        bytes_t tail = bytes_slice(octets, octets.data[1] == 0 && octets.length > 2 ? 2 : 0, reflected);
        CU_ASSERT_TRUE(bytes_equal(bytes_slice(abort, 7, reflected), tail));
        pump();
        expect(&b, S_P_ABORT, false);
        CU_ASSERT_PTR_NOT_NULL(strstr(last(&b)->err->text, "protocol error"));
        expect_states("STA16", "STA01");
    }
}

static void SE_02_exception_then_discard(void)
{
    open_connection(&both);
    start_activity();
    send_data(&a, BYTES_LITERAL("bad"));
    pump();
    CU_ASSERT_PTR_NOT_NULL(session_u_exception_request(a.session, SESSION_LOCAL_USER_ERROR, BYTES_NONE));
    b.sent_count = b.taken = 0;
    CU_ASSERT_PTR_NULL(session_u_exception_request(b.session, SESSION_USER_RECEIVING_ABILITY_JEOPARDIZED,
                                                   BYTES_LITERAL("!")));
    expect_hex(b.sent[0], "02003006"
                          "320101"
                          "c10121");
    /* what the sender has on its way is dropped */
    unsigned serial;
    unsigned before = b.count;
    send_data(&a, BYTES_LITERAL("more"));
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_PTR_NULL(session_activity_end_request(a.session, &serial));
    pump();
    CU_ASSERT_EQUAL(b.count, before);
    expect(&a, S_U_EXCEPTION, false);
    CU_ASSERT_EQUAL(last(&a)->reason, SESSION_USER_RECEIVING_ABILITY_JEOPARDIZED);
    expect_states("STA20", "STA19");
    CU_ASSERT_PTR_NOT_NULL(try_data(&a));
    a.sent_count = a.taken = 0;
    CU_ASSERT_PTR_NULL(session_activity_discard_request(a.session, SESSION_LOCAL_USER_ERROR));
    expect_hex(a.sent[0], "01003903"
                          "320105");
    pump();
    expect(&b, S_ACTIVITY_DISCARD, false);
    CU_ASSERT_EQUAL(last(&b)->reason, SESSION_LOCAL_USER_ERROR);
    expect_states("STA05C", "STA11C");
    CU_ASSERT_PTR_NULL(session_activity_discard_response(b.session));
    expect_hex(b.sent[1], "0200"
                          "3a00");
    pump();
    expect(&a, S_ACTIVITY_DISCARD, true);
    expect_states("STA713", "STA713");
    CU_ASSERT_EQUAL(session_tokens(a.session), SESSION_TOKEN_ALL);
    start_activity();
}

static void SE_02_exception_cleared_by_giving_the_token(void)
{
    open_connection(&both);
    start_activity();
    CU_ASSERT_PTR_NULL(session_u_exception_request(b.session, SESSION_DEMAND_DATA_TOKEN, BYTES_NONE));
    unsigned serial;
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial)); /* dropped, but counted */
    pump();
    CU_ASSERT_PTR_NOT_NULL(session_token_give_request(a.session, SESSION_TOKEN_MINOR));
    CU_ASSERT_PTR_NULL(session_token_give_request(a.session, SESSION_TOKEN_DATA));
    pump();
    expect(&b, S_TOKEN_GIVE, false);
    expect_states("STA713", "STA713");
    send_data(&b, BYTES_LITERAL("mine"));
    CU_ASSERT_PTR_NULL(session_token_give_request(b.session, SESSION_TOKEN_DATA));
    pump();
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_EQUAL(serial, 2);
    pump();
    expect(&b, S_SYNC_MINOR, false);
    CU_ASSERT_EQUAL(last(&b)->serial, 2);
}

static void provider_exception_is_indicated(void)
{
    open_connection(&both);
    start_activity();
    session_input(b.session, hex("02000000"));
    expect(&b, S_P_EXCEPTION, false);
    CU_ASSERT_STRING_EQUAL(session_state_name(b.session), "STA20");
    CU_ASSERT_PTR_NULL(session_activity_interrupt_request(a.session, SESSION_USER_SEQUENCE_ERROR));
    pump();
    expect(&b, S_ACTIVITY_INTERRUPT, false);
    CU_ASSERT_PTR_NULL(session_activity_interrupt_response(b.session));
    pump();
    expect_states("STA713", "STA713");
}

static void SE_02_interrupt_and_resume(void)
{
    open_connection(&both);
    start_activity();
    unsigned serial;
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    pump();
    CU_ASSERT_PTR_NULL(session_sync_minor_response(b.session, 2)); /* crosses the interrupt */
    a.sent_count = a.taken = 0;
    CU_ASSERT_PTR_NULL(session_activity_interrupt_request(a.session, SESSION_NO_SPECIFIC_REASON));
    expect_hex(a.sent[0], "01001903"
                          "320100");
    pump();
    expect(&b, S_ACTIVITY_INTERRUPT, false);
    expect_states("STA05B", "STA11B");
    CU_ASSERT_PTR_NULL(session_activity_interrupt_response(b.session));
    expect_hex(b.sent[b.sent_count - 1], "02001a00");
    pump();
    expect(&a, S_ACTIVITY_INTERRUPT, true);
    CU_ASSERT_EQUAL(a.log[a.count - 2].primitive, S_CONNECT); /* no late S_SYNC_MINOR confirm */

    static const osi_activity_id_t two = {{2, 1, 2}, 3};
    osi_connection_id_t id = id_of_host();
    id.additional[0] = 0x80;
    id.additional_length = 1;
    a.sent_count = a.taken = 0;
    CU_ASSERT_PTR_NULL(session_activity_resume_request(a.session, &two, &activity_one, &id, 2));
    expect_hex(a.sent[0], "01001d29"
                          "2122"
                          "0a041402766d0b0f170d3236313132323034303835375a"
                          "0c0180"
                          "2903020101"
                          "2a0132"
                          "2903020102");
    pump();
    expect(&b, S_ACTIVITY_RESUME, false);
    CU_ASSERT_EQUAL(last(&b)->serial, 2);
    CU_ASSERT_EQUAL(memcmp(&last(&b)->activity, &two, sizeof(two)), 0);
    CU_ASSERT_EQUAL(memcmp(&last(&b)->old_activity, &activity_one, sizeof(two)), 0);
    CU_ASSERT_EQUAL(memcmp(&last(&b)->old_connection, &id, sizeof(id)), 0);
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_EQUAL(serial, 3);
    pump();
    CU_ASSERT_EQUAL(last(&b)->serial, 3);
    CU_ASSERT_PTR_NULL(session_sync_minor_response(b.session, 3));
    pump();
    expect(&a, S_SYNC_MINOR, true);

    /* without the old connection: it is this one */
    CU_ASSERT_PTR_NULL(session_activity_interrupt_request(a.session, SESSION_NO_SPECIFIC_REASON));
    pump();
    CU_ASSERT_PTR_NULL(session_activity_interrupt_response(b.session));
    pump();
    CU_ASSERT_PTR_NULL(session_activity_resume_request(a.session, &two, &activity_one, NULL, 0));
    expect_hex(a.sent[a.sent_count - 1], "01001d0f"
                                         "2108"
                                         "2903020101"
                                         "2a0130"
                                         "2903020102");
    pump();
    CU_ASSERT_EQUAL(last(&b)->old_connection.user.length, 0);
    CU_ASSERT_EQUAL(last(&b)->serial, 0);
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_EQUAL(serial, 1);
}

static void wrong_serial_numbers_abort(void)
{
    static const char *const wrong[] = {"010031032a0132", "010031032a0130", "010029032a0132",
                                        "010031042a023031"};
    for (unsigned i = 0; i < 4; i++) {
        open_connection(&both);
        start_activity();
        session_input(b.session, hex(wrong[i]));
        expect(&b, i < 3 ? S_P_ABORT : S_SYNC_MINOR, false); /* leading zeros are digits too */
    }
    open_connection(&both);
    start_activity();
    session_input(a.session, hex("020032032a0131"));
    expect(&a, S_P_ABORT, false);
}

/* ---- concatenation and segments ---- */

static void concatenation(void)
{
    /* a token that is given with a SPDU acts after it */
    open_connection(&both);
    start_activity();
    session_input(b.session, hex("010310010131032a0131"));
    CU_ASSERT_EQUAL(b.log[b.count - 2].primitive, S_SYNC_MINOR);
    expect(&b, S_TOKEN_GIVE, false);
    CU_ASSERT_EQUAL(session_tokens(b.session), SESSION_TOKEN_DATA);

    /* several category 2 SPDUs: only if we said so */
    static const session_config_t extended = {
        .versions = 3, .ssdu_limit = 65536, .extended_concatenation = true};
    open_connection(&extended);
    bytes_t several = hex("01002d052903020101"
                          "31032a0131"
                          "31032a0132"
                          "01004142");
    session_input(b.session, several);
    CU_ASSERT_EQUAL(b.count, 5);
    expect(&b, S_DATA, false);
    CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, BYTES_LITERAL("AB")));
    open_connection(&both);
    session_input(b.session, several);
    expect(&b, S_P_ABORT, false);

    /* category 1 SPDUs stand alone */
    open_connection(&both);
    session_input(b.session, hex("150009031101"
                                 "01"));
    expect(&b, S_P_ABORT, false);
    open_connection(&both);
    session_input(b.session, hex("01001500"));
    expect(&b, S_P_ABORT, false);

    /* tokens without an item ask for nothing */
    open_connection(&both);
    unsigned before = b.count;
    session_input(b.session, hex("0100"));
    session_input(b.session, hex("0200"));
    CU_ASSERT_EQUAL(b.count, before);
    expect_states("STA713", "STA713");
}

static void segments_by_the_tsdu_maximum(void)
{
    static const session_config_t narrow = {.versions = 3, .ssdu_limit = 65536, .tsdu_maximum = 200};
    static const session_config_t wide = {.versions = 3, .ssdu_limit = 65536, .tsdu_maximum = 2041};
    open_with(&wide, &narrow);
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &plain_connect));
    pump();
    session_connect_t accept = connect_with(filled(1000));
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &accept));
    CU_ASSERT_TRUE(b.sent_count > 4);
    pump();
    CU_ASSERT_TRUE(bytes_equal(last(&a)->user_data, accept.user_data));
    start_activity();
    for (size_t length = 0; length < 1000; length += 13) {
        a.sent_count = a.taken = 0;
        send_data(&a, filled(length));
        for (unsigned i = 0; i < a.sent_count; i++)
            CU_ASSERT_TRUE(a.sent[i].length <= 200);
        pump();
        expect(&b, S_DATA, false);
        CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, filled(length)));
        b.count = 1;
    }
    /* an exception between the segments: the rest of them is dropped */
    send_data(&a, filled(500));
    session_input(b.session, a.sent[a.taken++]);
    CU_ASSERT_PTR_NULL(session_u_exception_request(b.session, SESSION_LOCAL_USER_ERROR, BYTES_NONE));
    pump();
    expect_states("STA20", "STA19");
    CU_ASSERT_PTR_NULL(session_activity_discard_request(a.session, SESSION_LOCAL_USER_ERROR));
    pump();
    CU_ASSERT_PTR_NULL(session_activity_discard_response(b.session));
    pump();
    start_activity();
    send_data(&a, filled(500));
    pump();
    CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, filled(500)));
}

static void segments_without_a_beginning_abort(void)
{
    open_connection(&both);
    start_activity();
    session_input(b.session, hex("0100"
                                 "0103190102"
                                 "4142"));
    expect(&b, S_P_ABORT, false);

    static const session_config_t small = {.versions = 3, .ssdu_limit = 600};
    open_connection(&small);
    start_activity();
    uint8_t segment[512] = {1, 0, 1, 3, 0x19, 1, 1};
    session_input(b.session, bytes_make(segment, sizeof(segment)));
    segment[6] = 0;
    session_input(b.session, bytes_make(segment, sizeof(segment)));
    expect(&b, S_P_ABORT, false);
}

static void data_in_one_tsdu_are_not_copied(void)
{
    open_connection(&both);
    start_activity();
    bytes_t octets = filled(300000);
    send_data(&a, octets);
    CU_ASSERT_EQUAL(a.sent[a.sent_count - 1].length, 300004);
    pump();
    CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, octets));
}

/* ---- release and abort ---- */

static void release(void)
{
    open_connection(&both);
    CU_ASSERT_PTR_NOT_NULL(session_release_request(b.session, BYTES_NONE));
    a.sent_count = a.taken = b.sent_count = b.taken = 0;
    CU_ASSERT_PTR_NULL(session_release_request(a.session, hex("620380"
                                                              "0100")));
    expect_hex(a.sent[0], "090a"
                          "110101"
                          "c1056203800100");
    pump();
    expect(&b, S_RELEASE, false);
    CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, hex("6203800100")));
    expect_states("STA03", "STA09");
    CU_ASSERT_PTR_NULL(session_release_response(b.session, BYTES_NONE));
    expect_hex(b.sent[0], "0a00");
    CU_ASSERT_EQUAL(b.disconnects, 1);
    CU_ASSERT_TRUE(b.await_peer);
    pump();
    expect(&a, S_RELEASE, true);
    CU_ASSERT_EQUAL(a.disconnects, 1);
    CU_ASSERT_FALSE(a.await_peer);
    expect_states("STA01", "STA16");
    session_transport_closed(b.session, NULL);
    expect_states("STA01", "STA01");
    expect(&b, S_RELEASE, false);
    session_input(a.session, hex("0d00"));
    session_input(a.session, hex("ffff"));
    CU_ASSERT_PTR_NOT_NULL(session_connect_request(a.session, &plain_connect));
}

static void release_within_an_activity_is_refused(void)
{
    open_connection(&both);
    start_activity();
    CU_ASSERT_PTR_NOT_NULL(session_release_request(a.session, BYTES_NONE));
    session_input(b.session, hex("0903110101"));
    expect(&b, S_P_ABORT, false);
}

/* Brings the two engines to each state in turn; false when there is none with this number. */
static bool reach(unsigned number)
{
    unsigned serial;
    session_connect_t connect = plain_connect;
    open_with(&both, &both);
    switch (number) {
    case 0: /* STA02A STA01C */
        CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
        a.taken = a.sent_count - 1;
        session_input(b.session, a.sent[a.taken++]);
        return true;
    case 1: /* STA02B STA01D */
        connect.user_data = filled(20000);
        CU_ASSERT_PTR_NULL(session_connect_request(a.session, &connect));
        session_input(b.session, a.sent[a.taken++]);
        return true;
    default: open_connection(&both); break;
    }
    if (number == 2) /* STA713 */
        return true;
    if (number == 3) { /* STA18 */
        CU_ASSERT_PTR_NULL(session_control_give_request(a.session));
        a.taken = a.sent_count;
        return true;
    }
    if (number == 4) { /* STA03 STA09 */
        CU_ASSERT_PTR_NULL(session_release_request(a.session, BYTES_NONE));
        pump();
        return true;
    }
    start_activity();
    switch (number) {
    case 5: return true; /* in an activity */
    case 6: /* STA04B STA10B */ CU_ASSERT_PTR_NULL(session_activity_end_request(a.session, &serial)); break;
    case 7: CU_ASSERT_PTR_NULL(session_activity_interrupt_request(a.session, 0)); break; /* STA05B STA11B */
    case 8: CU_ASSERT_PTR_NULL(session_activity_discard_request(a.session, 0)); break;   /* STA05C STA11C */
    case 9:
        CU_ASSERT_PTR_NULL(session_u_exception_request(b.session, 5, BYTES_NONE));
        break; /* STA20 STA19 */
    default: return false;
    }
    pump();
    return true;
}

static void SE_04_abort_in_every_state(void)
{
    for (unsigned number = 0; reach(number); number++) {
        unsigned before = b.count;
        CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, hex("3103800104")));
        CU_ASSERT_TRUE(a.disconnects == 1 && a.await_peer);
        expect_hex(a.sent[a.sent_count - 1], "190a"
                                             "110103"
                                             "c1053103800104");
        CU_ASSERT_PTR_NOT_NULL(session_u_abort_request(a.session, BYTES_NONE));
        pump();
        expect(&b, S_U_ABORT, false);
        CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, hex("3103800104")));
        CU_ASSERT_EQUAL(b.count, before + 1);
        CU_ASSERT_TRUE(b.disconnects == 1 && !b.await_peer);
        expect_states("STA16", "STA01");
        session_transport_closed(a.session, NULL);
        session_transport_closed(b.session, NULL);
        expect_states("STA01", "STA01");
        CU_ASSERT_EQUAL(b.count, before + 1);

        CU_ASSERT_TRUE(reach(number)); /* and by the other side */
        if (strcmp(session_state_name(b.session), "STA01C") == 0)
            continue;
        CU_ASSERT_PTR_NULL(session_u_abort_request(b.session, BYTES_NONE));
        expect_hex(b.sent[b.sent_count - 1], "1903"
                                             "110103");
        pump();
        expect(&a, S_U_ABORT, false);
    }
}

static void SE_04_aborts_that_cross(void)
{
    open_connection(&both);
    CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, BYTES_NONE));
    CU_ASSERT_PTR_NULL(session_u_abort_request(b.session, BYTES_NONE));
    pump();
    expect_states("STA16", "STA16");
    expect(&a, S_CONNECT, true);
}

static void SE_04_abort_data_by_version(void)
{
    open_connection(&both);
    CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, filled(300)));
    pump();
    CU_ASSERT_EQUAL(last(&b)->user_data.length, 300);
    static const session_config_t first = {.versions = 1, .ssdu_limit = 65536};
    open_connection(&first);
    CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, filled(10)));
    pump();
    expect(&b, S_U_ABORT, false);
    CU_ASSERT_EQUAL(last(&b)->user_data.length, 0);
    open_connection(&first);
    CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, filled(9)));
    pump();
    CU_ASSERT_EQUAL(last(&b)->user_data.length, 9);
}

static void SE_04_abort_that_keeps_the_transport_is_accepted(void)
{
    open_connection(&both);
    b.sent_count = b.taken = 0;
    session_input(b.session, hex("1903110102"));
    expect(&b, S_U_ABORT, false);
    CU_ASSERT_EQUAL_FATAL(b.sent_count, 1);
    expect_hex(b.sent[0], "1a00");
    CU_ASSERT_EQUAL(b.disconnects, 1);
}

static void SE_04_transport_loss_in_every_state(void)
{
    for (unsigned number = 0; reach(number); number++) {
        err_t *err = err_create(pool, 7, "transport", "the cable is cut");
        session_transport_closed(a.session, err);
        session_transport_closed(b.session, NULL);
        expect(&a, S_P_ABORT, false);
        expect(&b, S_P_ABORT, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(last(&a)->err);
        CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(pool, last(&a)->err), "cable"));
        CU_ASSERT_EQUAL(a.disconnects, 0);
        expect_states("STA01", "STA01");
        CU_ASSERT_FALSE(session_in_activity(a.session));
    }
}

static void version_one_limits_user_data(void)
{
    static const session_config_t first = {.versions = 1, .ssdu_limit = 65536};
    open_connection(&first);
    CU_ASSERT_PTR_NOT_NULL(session_token_please_request(b.session, SESSION_TOKEN_DATA, filled(513)));
    CU_ASSERT_PTR_NULL(session_token_please_request(b.session, SESSION_TOKEN_DATA, filled(512)));
    pump();
    CU_ASSERT_EQUAL(last(&a)->user_data.length, 512);
    CU_ASSERT_PTR_NOT_NULL(session_release_request(a.session, filled(513)));
    CU_ASSERT_PTR_NULL(session_release_request(a.session, filled(512)));
    pump();
    CU_ASSERT_PTR_NULL(session_release_response(b.session, filled(512)));
    pump();
    expect(&a, S_RELEASE, true);
}

static const unit_test_t tests[] = {
    UNIT_TEST(connect_has_the_octets_of_real_peers),
    UNIT_TEST(tokens_start_where_asked),
    UNIT_TEST(tokens_of_choice_are_taken),
    UNIT_TEST(SE_01_defaults_of_absent_parameters),
    UNIT_TEST(SE_01_functional_units_are_the_intersection),
    UNIT_TEST(typed_data_goes_without_tokens),
    UNIT_TEST(impossible_requests_are_refused),
    UNIT_TEST(selectors_reach_the_other_side),
    UNIT_TEST(versions_without_a_common_one_are_refused),
    UNIT_TEST(SE_02_activity_with_minor_synchronization),
    UNIT_TEST(SE_02_late_confirmations_cover_the_earlier),
    UNIT_TEST(SE_02_turn_please_and_give),
    UNIT_TEST(SE_02_please_crosses_give),
    UNIT_TEST(SE_02_token_clash),
    UNIT_TEST(SE_02_exception_then_discard),
    UNIT_TEST(SE_02_exception_cleared_by_giving_the_token),
    UNIT_TEST(SE_02_interrupt_and_resume),
    UNIT_TEST(SE_03_long_connect_data),
    UNIT_TEST(SE_03_long_connect_data_propose_version_two_only),
    UNIT_TEST(SE_03_overflow_past_the_limit_is_refused),
    UNIT_TEST(SE_03_overflow_aborted_in_the_middle),
    UNIT_TEST(SE_04_refuse_with_user_data),
    UNIT_TEST(SE_04_refuse_by_the_session),
    UNIT_TEST(SE_04_abort_in_every_state),
    UNIT_TEST(SE_04_aborts_that_cross),
    UNIT_TEST(SE_04_abort_data_by_version),
    UNIT_TEST(SE_04_abort_that_keeps_the_transport_is_accepted),
    UNIT_TEST(SE_04_transport_loss_in_every_state),
    UNIT_TEST(provider_exception_is_indicated),
    UNIT_TEST(wrong_serial_numbers_abort),
    UNIT_TEST(concatenation),
    UNIT_TEST(segments_by_the_tsdu_maximum),
    UNIT_TEST(segments_without_a_beginning_abort),
    UNIT_TEST(data_in_one_tsdu_are_not_copied),
    UNIT_TEST(release),
    UNIT_TEST(release_within_an_activity_is_refused),
    UNIT_TEST(version_one_limits_user_data),
};

UNIT_MAIN("osi/session", tests)
