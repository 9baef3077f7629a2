/* The X.225 session engine: connection, release and abort; and one against octets written here. */
#include "session_pair.h"

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
    connect = connect_with(filled(20001));
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
    expect_states("STA01", "STA01"); /* neither waits for the other's disconnect */
    CU_ASSERT_TRUE(a.disconnects == 2 && !a.await_peer);
    CU_ASSERT_TRUE(b.disconnects == 2 && !b.await_peer);
    expect(&a, S_CONNECT, true);
}

/* X.225 A.2, STA16: what crosses our abort is dropped, readable or not; AA ends the waiting. */
static void SE_04_abort_accept_ends_the_waiting(void)
{
    open_connection(&both);
    unsigned before = a.count;
    CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, BYTES_NONE));
    static const char *const crossing[] = {"01000102030405", "0100", "ffff", "0a00"};
    for (unsigned i = 0; i < sizeof(crossing) / sizeof(crossing[0]); i++) {
        session_input(a.session, hex(crossing[i]));
        CU_ASSERT_STRING_EQUAL(session_state_name(a.session), "STA16");
    }
    CU_ASSERT_TRUE(a.disconnects == 1 && a.await_peer);
    session_input(a.session, hex("1a00"));
    CU_ASSERT_STRING_EQUAL(session_state_name(a.session), "STA01");
    CU_ASSERT_TRUE(a.disconnects == 2 && !a.await_peer);
    session_input(a.session, hex("1a00"));
    CU_ASSERT_EQUAL(a.disconnects, 2);
    CU_ASSERT_EQUAL(a.count, before);
    CU_ASSERT_EQUAL(a.sent_count, a.taken + 1); /* the abort only */
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
    UNIT_TEST(SE_03_long_connect_data),
    UNIT_TEST(SE_03_long_connect_data_propose_version_two_only),
    UNIT_TEST(SE_03_overflow_past_the_limit_is_refused),
    UNIT_TEST(SE_03_overflow_aborted_in_the_middle),
    UNIT_TEST(SE_04_refuse_with_user_data),
    UNIT_TEST(SE_04_refuse_by_the_session),
    UNIT_TEST(SE_04_abort_in_every_state),
    UNIT_TEST(SE_04_aborts_that_cross),
    UNIT_TEST(SE_04_abort_accept_ends_the_waiting),
    UNIT_TEST(SE_04_abort_data_by_version),
    UNIT_TEST(SE_04_abort_that_keeps_the_transport_is_accepted),
    UNIT_TEST(SE_04_transport_loss_in_every_state),
    UNIT_TEST(release),
    UNIT_TEST(release_within_an_activity_is_refused),
    UNIT_TEST(version_one_limits_user_data),
};

UNIT_MAIN("osi/session", tests)
