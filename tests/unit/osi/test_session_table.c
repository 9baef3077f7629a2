/* The state table of the session engine: every row is reached with an event that its guard lets through, and
 * leads to the state that it names; what has no row is refused or a protocol error. */
#include "osi/session_machine.h"
#include "unit.h"

#include <apr_strings.h>

static apr_pool_t *pool;
static unsigned indications, transmissions, disconnects;
static session_primitive_t last_primitive;

static void on_indicate(void *context, const session_indication_t *indication)
{
    (void)context;
    indications++;
    last_primitive = indication->primitive;
}

static void on_transmit(void *context, const osi_parts_t *tsdu)
{
    (void)context;
    CU_ASSERT_TRUE(osi_parts_length(tsdu) >= 2);
    transmissions++;
}

static void on_disconnect(void *context, bool await_peer)
{
    (void)context;
    (void)await_peer;
    disconnects++;
}

static const session_ops_t ops = {on_indicate, on_transmit, on_disconnect};

static session_t *engine_in(session_state_t state)
{
    static const session_config_t config = {.versions = 3, .ssdu_limit = 65536};
    if (!pool)
        apr_pool_create(&pool, NULL);
    apr_pool_clear(pool);
    session_t *session = session_create(pool, &config, &ops, NULL);
    session->state = state;
    session->version = 2;
    session->requirements = SESSION_FU_RTSE | SESSION_FU_TYPED_DATA;
    session->v_a = 3;
    session->v_m = 5;
    session->connect = (session_spdu_t){.type = SPDU_CN,
                                        .present = SPDU_HAS_VERSION | SPDU_HAS_REQUIREMENTS,
                                        .versions = 3,
                                        .requirements = SESSION_FU_RTSE};
    indications = transmissions = disconnects = 0;
    return session;
}

/* An SPDU with mandatory parameters that mean something in every state. */
static session_spdu_t spdu_of(unsigned type)
{
    session_spdu_t spdu = {.type = (session_spdu_type_t)type};
    switch (type) {
    case SPDU_CN:
    case SPDU_AC:
        spdu.versions = 2;
        spdu.requirements = SESSION_FU_RTSE;
        spdu.present = SPDU_HAS_VERSION | SPDU_HAS_REQUIREMENTS;
        break;
    case SPDU_OA:
        spdu.versions = 2;
        spdu.present = SPDU_HAS_VERSION;
        break;
    case SPDU_CDO: spdu.present = SPDU_HAS_ENCLOSURE; break;
    case SPDU_AB:
        spdu.disconnect = SPDU_DISCONNECT_RELEASE;
        spdu.present = SPDU_HAS_DISCONNECT;
        break;
    case SPDU_AS:
    case SPDU_AR:
        spdu.activity = spdu.old_activity = (osi_activity_id_t){{1}, 1};
        spdu.present = SPDU_HAS_ACTIVITY;
        if (type == SPDU_AR)
            spdu.present |= SPDU_HAS_OLD_ACTIVITY | SPDU_HAS_LINKING | SPDU_HAS_SERIAL;
        break;
    case SPDU_GT:
    case SPDU_PT:
        spdu.token_item = SPDU_TOKEN_DATA;
        spdu.present = SPDU_HAS_TOKEN_ITEM;
        break;
    case SPDU_MIP:
    case SPDU_AE:
        spdu.serial = 5;
        spdu.present = SPDU_HAS_SERIAL;
        break;
    case SPDU_MIA:
        spdu.serial = 3;
        spdu.present = SPDU_HAS_SERIAL;
        break;
    case SPDU_AEA:
        spdu.serial = 4;
        spdu.present = SPDU_HAS_SERIAL;
        break;
    case SPDU_ED: spdu.present = SPDU_HAS_REASON; break;
    default: break;
    }
    return spdu;
}

/* The SPDU that a request wants to send. */
static session_spdu_t spdu_of_request(unsigned event)
{
    static const struct {
        unsigned event;
        session_spdu_type_t type;
    } sends[] = {
        {SCONREQ, SPDU_CN},   {SCONRSP_ACCEPT, SPDU_AC}, {SCONRSP_REFUSE, SPDU_RF}, {SDTREQ, SPDU_DT},
        {STDREQ, SPDU_TD},    {SPTREQ, SPDU_PT},         {SGTREQ, SPDU_GT},         {SCGREQ, SPDU_GTC},
        {SSYNMREQ, SPDU_MIP}, {SSYNMRSP, SPDU_MIA},      {SACTSREQ, SPDU_AS},       {SACTRREQ, SPDU_AR},
        {SACTIREQ, SPDU_AI},  {SACTIRSP, SPDU_AIA},      {SACTDREQ, SPDU_AD},       {SACTDRSP, SPDU_ADA},
        {SACTEREQ, SPDU_AE},  {SACTERSP, SPDU_AEA},      {SUERREQ, SPDU_ED},        {SRELREQ, SPDU_FN},
        {SRELRSP, SPDU_DN},   {SUABREQ, SPDU_AB}};
    for (unsigned i = 0; i < sizeof(sends) / sizeof(sends[0]); i++)
        if (sends[i].event == event)
            return spdu_of(sends[i].type);
    return (session_spdu_t){.type = SPDU_OTHER};
}

/* Sets the variables so that the guard holds. */
static void satisfy(session_guard_t guard, session_t *session, session_spdu_t *spdu, osi_parts_t *parts)
{
    switch (guard) {
    case GUARD_LONG_CONNECT: parts->part[0] = bytes_make(apr_pcalloc(pool, 20000), 20000); break;
    case GUARD_NO_VERSION: spdu->versions = 4; break;
    case GUARD_OVERFLOW: spdu->present |= SPDU_HAS_OVERFLOW; break;
    case GUARD_OVERFLOW_TOO_LONG: spdu->user_data = bytes_make(apr_pcalloc(pool, 65537), 65537); break;
    case GUARD_OVERFLOW_LAST: spdu->enclosure = SPDU_ENCLOSURE_END; break;
    case GUARD_DATA_OURS:
    case GUARD_SYNC_OURS:
    case GUARD_STOP_OURS:
    case GUARD_END_OURS:
    case GUARD_EXCEPTION_THEIRS:
    case GUARD_RECOVER_OURS:
        session->activity = true;
        session->tokens = SESSION_TOKEN_ALL;
        break;
    case GUARD_GIVE_OURS:
    case GUARD_CONTROL_OURS:
    case GUARD_START_OURS:
    case GUARD_RELEASE_OURS: session->tokens = SESSION_TOKEN_ALL; break;
    case GUARD_SYNC_CONFIRM_OURS:
        session->activity = true;
        session->may_confirm = true;
        break;
    case GUARD_SYNC_CONFIRM_THEIRS:
        session->activity = true;
        session->tokens = SESSION_TOKEN_ALL;
        break;
    case GUARD_DATA_THEIRS:
    case GUARD_SYNC_THEIRS:
    case GUARD_STOP_THEIRS:
    case GUARD_END_THEIRS:
    case GUARD_EXCEPTION_OURS:
    case GUARD_RECOVER_THEIRS:
    case GUARD_REPORT: session->activity = true; break;
    default: break;
    }
}

static void every_row_is_walked(void)
{
    size_t count;
    const session_row_t *rows = session_table(&count);
    CU_ASSERT_TRUE(count > 100);
    for (size_t i = 0; i < count; i++) {
        const session_row_t *row = &rows[i];
        session_state_t state = row->state == STA_SAME ? STA713 : row->state;
        session_t *session = engine_in(state);
        unsigned event = row->event == EVENT_ANY_SPDU ? (unsigned)SPDU_DT : row->event;
        bool request = event >= EVENT_FIRST_REQUEST;
        session_spdu_t spdu = request ? spdu_of_request(event) : spdu_of(event);
        osi_parts_t parts = {.count = 1};
        satisfy(row->guard, session, &spdu, &parts);
        session_data_t data = {.spdu = event == TDISIND ? NULL : &spdu, .parts = request ? &parts : NULL};
        CU_ASSERT_TRUE(session_guard_holds(row->guard, session, &data));
        const session_row_t *found = session_row_find(session, event, &data);
        CU_ASSERT_PTR_EQUAL(found, row);
        if (found != row) {
            printf("\n  row %lu: %s %s is hidden\n", (unsigned long)i, session_state_text(state),
                   session_event_name(event));
            continue;
        }
        CU_ASSERT_TRUE(session_dispatch(session, event, &data));
        CU_ASSERT_EQUAL(session->state, row->next == STA_SAME ? state : row->next);
        CU_ASSERT_TRUE(disconnects <= 1);
        /* something happens, but in the rows that say that nothing does */
        bool silent = row->action == session_act_ignore || row->action == session_act_sync_lost ||
                      row->action == session_act_take_overflow || row->action == session_act_please ||
                      row->action == session_act_send_overflow || row->action == session_act_disconnect;
        CU_ASSERT_TRUE(silent || indications + transmissions > 0);
        CU_ASSERT_TRUE(row->action != session_act_ignore || indications + transmissions == 0);
        /* a session that is over has told the transport, but where the transport told it */
        if (row->next == STA01 && event != TDISIND)
            CU_ASSERT_EQUAL(disconnects, 1);
        if (row->next == STA16)
            CU_ASSERT_EQUAL(disconnects, 1);
    }
}

/* Without its guard no row of a request or SPDU acts: the request fails, the SPDU aborts. */
static void guards_guard(void)
{
    static const session_guard_t guards[] = {
        GUARD_ACCEPTABLE,     GUARD_DATA_OURS,          GUARD_DATA_THEIRS,    GUARD_TYPED,
        GUARD_PLEASE,         GUARD_GIVE_OURS,          GUARD_GIVE_THEIRS,    GUARD_CONTROL_OURS,
        GUARD_CONTROL_THEIRS, GUARD_SYNC_OURS,          GUARD_SYNC_THEIRS,    GUARD_SYNC_CONFIRM_OURS,
        GUARD_START_OURS,     GUARD_START_THEIRS,       GUARD_STOP_OURS,      GUARD_STOP_THEIRS,
        GUARD_END_OURS,       GUARD_END_THEIRS,         GUARD_EXCEPTION_OURS, GUARD_EXCEPTION_THEIRS,
        GUARD_REPORT,         GUARD_RECOVER_OURS,       GUARD_RECOVER_THEIRS, GUARD_RELEASE_OURS,
        GUARD_RELEASE_THEIRS, GUARD_SYNC_CONFIRM_THEIRS};
    size_t count;
    const session_row_t *rows = session_table(&count);
    for (size_t i = 0; i < count; i++) {
        bool listed = false;
        for (unsigned g = 0; g < sizeof(guards) / sizeof(guards[0]); g++)
            listed |= guards[g] == rows[i].guard;
        if (!listed)
            continue;
        session_t *session = engine_in(rows[i].state);
        /* tokens split, no activity, no functional units: nothing is allowed */
        session->tokens = SESSION_TOKEN_DATA;
        session->requirements = 0;
        session->v_a = session->v_m = 0;
        session->connect.versions = 0;
        bool request = rows[i].event >= EVENT_FIRST_REQUEST;
        session_spdu_t spdu = request ? spdu_of_request(rows[i].event) : spdu_of(rows[i].event);
        spdu.token_item = 0;
        spdu.serial = 77;
        if (rows[i].guard == GUARD_CONTROL_OURS || rows[i].guard == GUARD_RELEASE_OURS ||
            rows[i].guard == GUARD_START_OURS) {
            session->requirements = SESSION_FU_RTSE; /* and the two other tokens are missing */
        }
        session_data_t data = {.spdu = &spdu};
        CU_ASSERT_PTR_NULL(session_row_find(session, rows[i].event, &data));
        CU_ASSERT_FALSE(session_dispatch(session, rows[i].event, &data));
        CU_ASSERT_EQUAL(session->state, rows[i].state);
        CU_ASSERT_EQUAL(indications + transmissions + disconnects, 0);
    }
}

static bool table_has(session_state_t state, unsigned event)
{
    size_t count;
    const session_row_t *rows = session_table(&count);
    for (size_t i = 0; i < count; i++)
        if ((rows[i].state == state || (rows[i].state == STA_SAME && state != STA01 && state != STA16)) &&
            (rows[i].event == event || (rows[i].event == EVENT_ANY_SPDU && event < EVENT_FIRST_REQUEST)))
            return true;
    return false;
}

/* Each SPDU in each state: it has a row, or it is answered with the abort of a protocol error. */
static void SE_04_spdus_without_a_row_abort_in_every_state(void)
{
    for (unsigned state = STA01; state < STA_SAME; state++) {
        for (unsigned type = 0; type < SPDU_OTHER; type++) {
            if (table_has((session_state_t)state, type))
                continue;
            session_t *session = engine_in((session_state_t)state);
            session_spdu_t spdu = spdu_of(type);
            spdu.user_data = BYTES_NONE;
            uint8_t octets[2 + SPDU_HEAD_LIMIT] = {1, 0};
            size_t prefix = session_spdu_category(spdu.type) == 2 ? 2 : 0;
            size_t length = session_spdu_encode(&spdu, 0, octets + prefix);
            session_input(session, bytes_make(octets, prefix + length));
            CU_ASSERT_EQUAL(last_primitive, S_P_ABORT);
            CU_ASSERT_EQUAL(indications, 1);
            CU_ASSERT_EQUAL(disconnects, 1);
            bool none = state == STA01C || state == STA01D; /* no session that could be aborted */
            CU_ASSERT_EQUAL(transmissions, none ? 0 : 1);
            CU_ASSERT_EQUAL(session->state, none ? STA01 : STA16);
        }
    }
}

static void requests_without_a_row_change_nothing(void)
{
    for (unsigned state = STA01; state < STA_SAME; state++) {
        for (unsigned event = EVENT_FIRST_REQUEST; event < TDISIND; event++) {
            if (table_has((session_state_t)state, event))
                continue;
            session_t *session = engine_in((session_state_t)state);
            session->tokens = SESSION_TOKEN_ALL;
            session_spdu_t spdu = spdu_of_request(event);
            session_data_t data = {.spdu = &spdu};
            session_t before = *session;
            CU_ASSERT_FALSE(session_dispatch(session, event, &data));
            CU_ASSERT_EQUAL(memcmp(&before, session, sizeof(before)), 0);
            CU_ASSERT_EQUAL(indications + transmissions + disconnects, 0);
        }
    }
}

static void names_are_there(void)
{
    for (unsigned state = STA01; state < STA_SAME; state++)
        CU_ASSERT_EQUAL(strncmp(session_state_text((session_state_t)state), "STA", 3), 0);
    CU_ASSERT_STRING_EQUAL(session_state_text(STA713), "STA713");
    CU_ASSERT_STRING_EQUAL(session_state_text(STA_COUNT), "unknown");
    for (unsigned event = 0; event < EVENT_COUNT; event++)
        CU_ASSERT_PTR_NOT_NULL(session_event_name(event));
    CU_ASSERT_STRING_EQUAL(session_event_name(TDISIND), "T-DISCONNECT indication");
    CU_ASSERT_STRING_EQUAL(session_event_name(SPDU_CN), "CN");
}

static const unit_test_t tests[] = {
    UNIT_TEST(every_row_is_walked),
    UNIT_TEST(guards_guard),
    UNIT_TEST(SE_04_spdus_without_a_row_abort_in_every_state),
    UNIT_TEST(requests_without_a_row_change_nothing),
    UNIT_TEST(names_are_there),
};

UNIT_MAIN("osi/session_table", tests)
