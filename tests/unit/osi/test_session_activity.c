/* The X.225 session engine: activities, tokens, exceptions, concatenation and segments. */
#include "session_pair.h"

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
    session_input(b.session, hex("02000000")); /* the side without the data token has nothing to recover */
    expect(&b, S_P_EXCEPTION, false);
    CU_ASSERT_STRING_EQUAL(session_state_name(b.session), "STA713");
    session_input(a.session, hex("02000000"));
    expect(&a, S_P_EXCEPTION, false);
    CU_ASSERT_STRING_EQUAL(session_state_name(a.session), "STA20");
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

/* The confirmation of the end crosses an interrupt, which comes in STA713 without an activity (p38, p40). */
static void SE_02_interrupt_crosses_the_end(void)
{
    for (int discard = 0; discard <= 1; discard++) {
        open_connection(&both);
        start_activity();
        unsigned serial;
        CU_ASSERT_PTR_NULL(session_activity_end_request(a.session, &serial));
        pump();
        expect(&b, S_ACTIVITY_END, false);
        CU_ASSERT_PTR_NULL(session_activity_end_response(b.session));
        CU_ASSERT_PTR_NULL(discard ? session_activity_discard_request(a.session, SESSION_LOCAL_USER_ERROR)
                                   : session_activity_interrupt_request(a.session, SESSION_LOCAL_USER_ERROR));
        unsigned before = a.count;
        pump();
        expect(&b, discard ? S_ACTIVITY_DISCARD : S_ACTIVITY_INTERRUPT, false);
        CU_ASSERT_EQUAL(a.count, before); /* AEA is dropped */
        CU_ASSERT_PTR_NULL(discard ? session_activity_discard_response(b.session)
                                   : session_activity_interrupt_response(b.session));
        pump();
        expect(&a, discard ? S_ACTIVITY_DISCARD : S_ACTIVITY_INTERRUPT, true);
        expect_states("STA713", "STA713");
        start_activity();
    }
}

/* The number of an AE is confirmed by AEA only. */
static void the_end_is_not_confirmed_as_a_minor_point(void)
{
    open_connection(&both);
    start_activity();
    unsigned serial;
    CU_ASSERT_PTR_NULL(session_sync_minor_request(a.session, true, &serial));
    CU_ASSERT_PTR_NULL(session_activity_end_request(a.session, &serial));
    CU_ASSERT_EQUAL(serial, 2);
    session_input(a.session, hex("0100"
                                 "32032a0131"));
    expect(&a, S_SYNC_MINOR, true);
    session_input(a.session, hex("0100"
                                 "32032a0132"));
    expect(&a, S_P_ABORT, false);
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
    static const char several[] = "01002d052903020101"
                                  "31032a0131"
                                  "31032a0132"
                                  "01004142";
    session_input(b.session, hex(several));
    CU_ASSERT_EQUAL(b.count, 5);
    expect(&b, S_DATA, false);
    CU_ASSERT_TRUE(bytes_equal(last(&b)->user_data, BYTES_LITERAL("AB")));
    open_connection(&both);
    session_input(b.session, hex(several));
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

/* Only the first segment has the parameters that must be there. */
static void an_abort_in_segments_arrives_whole(void)
{
    static const session_config_t narrow = {.versions = 3, .ssdu_limit = 65536, .tsdu_maximum = 200};
    static const session_config_t wide = {.versions = 3, .ssdu_limit = 65536, .tsdu_maximum = 2041};
    open_with(&wide, &narrow);
    CU_ASSERT_PTR_NULL(session_connect_request(a.session, &plain_connect));
    pump();
    CU_ASSERT_PTR_NULL(session_connect_accept(b.session, &plain_connect));
    pump();
    a.sent_count = a.taken = 0;
    CU_ASSERT_PTR_NULL(session_u_abort_request(a.session, filled(500)));
    CU_ASSERT_TRUE(a.sent_count > 2);
    pump();
    expect(&b, S_U_ABORT, false);
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
static const unit_test_t tests[] = {
    UNIT_TEST(SE_02_activity_with_minor_synchronization),
    UNIT_TEST(SE_02_late_confirmations_cover_the_earlier),
    UNIT_TEST(SE_02_turn_please_and_give),
    UNIT_TEST(SE_02_please_crosses_give),
    UNIT_TEST(SE_02_token_clash),
    UNIT_TEST(SE_02_exception_then_discard),
    UNIT_TEST(SE_02_exception_cleared_by_giving_the_token),
    UNIT_TEST(SE_02_interrupt_and_resume),
    UNIT_TEST(provider_exception_is_indicated),
    UNIT_TEST(SE_02_interrupt_crosses_the_end),
    UNIT_TEST(the_end_is_not_confirmed_as_a_minor_point),
    UNIT_TEST(wrong_serial_numbers_abort),
    UNIT_TEST(concatenation),
    UNIT_TEST(segments_by_the_tsdu_maximum),
    UNIT_TEST(an_abort_in_segments_arrives_whole),
    UNIT_TEST(segments_without_a_beginning_abort),
    UNIT_TEST(data_in_one_tsdu_are_not_copied),
};

UNIT_MAIN("osi/session_activity", tests)
