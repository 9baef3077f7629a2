#include "osi/session_machine.h"

/* X.225 Annex A, tables. The states that see most events come first. */
static const session_row_t rows[] = {
    /* data transfer */
    {STA713, SDTREQ, GUARD_DATA_OURS, session_act_send, STA_SAME},
    {STA713, SPDU_DT, GUARD_DATA_THEIRS, session_act_data, STA_SAME},
    {STA713, SSYNMREQ, GUARD_SYNC_OURS, session_act_sync, STA_SAME},
    {STA713, SPDU_MIP, GUARD_SYNC_THEIRS, session_act_synced, STA_SAME},
    {STA713, SSYNMRSP, GUARD_SYNC_CONFIRM_OURS, session_act_sync_confirm, STA_SAME},
    {STA713, SPDU_MIA, GUARD_SYNC_CONFIRM_THEIRS, session_act_sync_confirmed, STA_SAME},
    {STA713, SACTSREQ, GUARD_START_OURS, session_act_start, STA_SAME},
    {STA713, SPDU_AS, GUARD_START_THEIRS, session_act_started, STA_SAME},
    {STA713, SACTRREQ, GUARD_START_OURS, session_act_start, STA_SAME},
    {STA713, SPDU_AR, GUARD_START_THEIRS, session_act_started, STA_SAME},
    {STA713, SACTEREQ, GUARD_END_OURS, session_act_end, STA04B},
    {STA713, SPDU_AE, GUARD_END_THEIRS, session_act_ended, STA10B},
    {STA713, SACTIREQ, GUARD_STOP_OURS, session_act_stop, STA05B},
    {STA713, SPDU_AI, GUARD_STOP_THEIRS, session_act_stopped, STA11B},
    {STA713, SACTDREQ, GUARD_STOP_OURS, session_act_stop, STA05C},
    {STA713, SPDU_AD, GUARD_STOP_THEIRS, session_act_stopped, STA11C},
    {STA713, STDREQ, GUARD_TYPED, session_act_send, STA_SAME},
    {STA713, SPDU_TD, GUARD_TYPED, session_act_typed_data, STA_SAME},
    {STA713, SPTREQ, GUARD_PLEASE, session_act_send, STA_SAME},
    {STA713, SPDU_PT, GUARD_NONE, session_act_please, STA_SAME},
    {STA713, SGTREQ, GUARD_GIVE_OURS, session_act_give, STA_SAME},
    {STA713, SPDU_GT, GUARD_GIVE_THEIRS, session_act_given, STA_SAME},
    {STA713, SCGREQ, GUARD_CONTROL_OURS, session_act_control_give, STA18},
    {STA713, SPDU_GTC, GUARD_CONTROL_THEIRS, session_act_control_given, STA_SAME},
    {STA713, SUERREQ, GUARD_EXCEPTION_OURS, session_act_send, STA19},
    {STA713, SPDU_ED, GUARD_EXCEPTION_THEIRS, session_act_exception, STA20},
    {STA713, SPDU_ER, GUARD_REPORT, session_act_exception_report, STA20},
    {STA713, SRELREQ, GUARD_RELEASE_OURS, session_act_send, STA03},
    {STA713, SPDU_FN, GUARD_RELEASE_THEIRS, session_act_release_indication, STA09},

    /* the end of our activity awaits its confirmation */
    {STA04B, SPDU_MIA, GUARD_SYNC_CONFIRM_THEIRS, session_act_sync_confirmed, STA_SAME},
    {STA04B, SPDU_AEA, GUARD_END_CONFIRM, session_act_end_confirm, STA713},
    {STA04B, SPDU_ED, GUARD_EXCEPTION_THEIRS, session_act_exception, STA20},
    {STA04B, SPDU_ER, GUARD_REPORT, session_act_exception_report, STA20},
    {STA04B, SPDU_PT, GUARD_NONE, session_act_please, STA_SAME},
    {STA04B, STDREQ, GUARD_TYPED, session_act_send, STA_SAME},
    {STA04B, SPDU_TD, GUARD_TYPED, session_act_typed_data, STA_SAME},
    {STA04B, SACTIREQ, GUARD_STOP_OURS, session_act_stop, STA05B},
    {STA04B, SACTDREQ, GUARD_STOP_OURS, session_act_stop, STA05C},

    /* the end of the peer's activity awaits our response */
    {STA10B, SSYNMRSP, GUARD_SYNC_CONFIRM_OURS, session_act_sync_confirm, STA_SAME},
    {STA10B, SACTERSP, GUARD_NONE, session_act_end_response, STA713},
    {STA10B, SUERREQ, GUARD_EXCEPTION_OURS, session_act_send, STA19},
    {STA10B, SPTREQ, GUARD_PLEASE, session_act_send, STA_SAME},
    {STA10B, STDREQ, GUARD_TYPED, session_act_send, STA_SAME},
    {STA10B, SPDU_TD, GUARD_TYPED, session_act_typed_data, STA_SAME},
    {STA10B, SPDU_AI, GUARD_STOP_THEIRS, session_act_stopped, STA11B},
    {STA10B, SPDU_AD, GUARD_STOP_THEIRS, session_act_stopped, STA11C},
    {STA10B, SPDU_ER, GUARD_REPORT, session_act_exception_report, STA20},

    /* interrupt and discard; what crossed them is dropped */
    {STA05B, SPDU_AIA, GUARD_NONE, session_act_stop_confirm, STA713},
    {STA05B, SPDU_MIA, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05B, SPDU_AEA, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05B, SPDU_PT, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05B, SPDU_TD, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05B, SPDU_ED, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05B, SPDU_ER, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05C, SPDU_ADA, GUARD_NONE, session_act_stop_confirm, STA713},
    {STA05C, SPDU_MIA, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05C, SPDU_AEA, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05C, SPDU_PT, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05C, SPDU_TD, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05C, SPDU_ED, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA05C, SPDU_ER, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA11B, SACTIRSP, GUARD_NONE, session_act_stop_response, STA713},
    {STA11C, SACTDRSP, GUARD_NONE, session_act_stop_response, STA713},

    /* control was given: a please that crossed it has been answered already */
    {STA18, SPDU_GTA, GUARD_NONE, session_act_ignore, STA713},
    {STA18, SPDU_PT, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA18, SPDU_TD, GUARD_TYPED, session_act_typed_data, STA_SAME},

    /* we reported an exception: all is dropped until the peer clears it (7.25.2) */
    {STA19, SPDU_DT, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA19, SPDU_TD, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA19, SPDU_PT, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA19, SPDU_ER, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA19, SPDU_MIP, GUARD_SYNC_THEIRS, session_act_sync_lost, STA_SAME},
    {STA19, SPDU_AE, GUARD_END_THEIRS, session_act_sync_lost, STA_SAME},
    {STA19, SPDU_GT, GUARD_RECOVER_THEIRS, session_act_given, STA713},
    {STA19, SPDU_AI, GUARD_STOP_THEIRS, session_act_stopped, STA11B},
    {STA19, SPDU_AD, GUARD_STOP_THEIRS, session_act_stopped, STA11C},

    /* an exception was reported to us: we, or if the tokens are the peer's, the peer, must clear it */
    {STA20, SACTIREQ, GUARD_STOP_OURS, session_act_stop, STA05B},
    {STA20, SACTDREQ, GUARD_STOP_OURS, session_act_stop, STA05C},
    {STA20, SGTREQ, GUARD_RECOVER_OURS, session_act_give, STA713},
    {STA20, SPDU_GT, GUARD_RECOVER_THEIRS, session_act_given, STA713},
    {STA20, SPDU_AI, GUARD_STOP_THEIRS, session_act_stopped, STA11B},
    {STA20, SPDU_AD, GUARD_STOP_THEIRS, session_act_stopped, STA11C},
    {STA20, SPDU_DT, GUARD_DATA_THEIRS, session_act_ignore, STA_SAME},
    {STA20, SPDU_MIP, GUARD_SYNC_THEIRS, session_act_sync_lost, STA_SAME},
    {STA20, SPDU_AE, GUARD_END_THEIRS, session_act_sync_lost, STA_SAME},
    {STA20, SPDU_MIA, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA20, SPDU_AEA, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA20, SPDU_PT, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA20, SPDU_TD, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA20, SPDU_ED, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA20, SPDU_ER, GUARD_NONE, session_act_ignore, STA_SAME},

    /* the connection is made */
    {STA01C, SCONREQ, GUARD_LONG_CONNECT, session_act_connect_long, STA02B},
    {STA01C, SCONREQ, GUARD_NONE, session_act_connect, STA02A},
    {STA01C, SPDU_CN, GUARD_NO_VERSION, session_act_refuse_version, STA16},
    {STA01C, SPDU_CN, GUARD_OVERFLOW, session_act_accept_overflow, STA01D},
    {STA01C, SPDU_CN, GUARD_NONE, session_act_connect_indication, STA08},
    {STA01D, SPDU_CDO, GUARD_OVERFLOW_TOO_LONG, session_act_refuse_restriction, STA16},
    {STA01D, SPDU_CDO, GUARD_OVERFLOW_LAST, session_act_overflow_last, STA08},
    {STA01D, SPDU_CDO, GUARD_NONE, session_act_take_overflow, STA_SAME},
    {STA02B, SPDU_OA, GUARD_NONE, session_act_send_overflow, STA02A},
    {STA02B, SPDU_RF, GUARD_NONE, session_act_refuse_confirm, STA01},
    {STA02A, SPDU_AC, GUARD_ACCEPTABLE, session_act_connect_confirm, STA713},
    {STA02A, SPDU_RF, GUARD_NONE, session_act_refuse_confirm, STA01},
    {STA08, SCONRSP_ACCEPT, GUARD_NONE, session_act_accept, STA713},
    {STA08, SCONRSP_REFUSE, GUARD_NONE, session_act_refuse, STA16},

    /* and released */
    {STA03, SPDU_DN, GUARD_NONE, session_act_release_confirm, STA01},
    {STA03, SPDU_PT, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA03, SPDU_TD, GUARD_TYPED, session_act_typed_data, STA_SAME},
    {STA09, SRELRSP, GUARD_NONE, session_act_release_response, STA16},
    {STA09, STDREQ, GUARD_TYPED, session_act_send, STA_SAME},

    /* its end, in every state */
    {STA16, EVENT_ANY_SPDU, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA16, TDISIND, GUARD_NONE, session_act_ignore, STA01},
    {STA01, EVENT_ANY_SPDU, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA01, TDISIND, GUARD_NONE, session_act_ignore, STA_SAME},
    {STA_SAME, SUABREQ, GUARD_CONNECTED, session_act_abort, STA16},
    {STA_SAME, SPDU_AB, GUARD_NONE, session_act_aborted, STA01},
    {STA_SAME, TDISIND, GUARD_NONE, session_act_transport_lost, STA01},
};

const session_row_t *session_table(size_t *count)
{
    *count = sizeof(rows) / sizeof(rows[0]);
    return rows;
}

static bool row_matches(const session_row_t *row, session_state_t state, unsigned event)
{
    if (row->state != state && (row->state != STA_SAME || state == STA01 || state == STA16))
        return false;
    return row->event == event || (row->event == EVENT_ANY_SPDU && event < EVENT_FIRST_REQUEST);
}

const session_row_t *session_row_find(const session_t *session, unsigned event, const session_data_t *data)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (row_matches(&rows[i], session->state, event) && session_guard_holds(rows[i].guard, session, data))
            return &rows[i];
    return NULL;
}

static bool has(const session_t *session, unsigned units)
{
    return (session->requirements & units) == units;
}

/* All tokens of the set that exist are on our side, on the peer's side. */
static bool ours(const session_t *session, unsigned tokens)
{
    tokens &= session_tokens_available(session->requirements);
    return (session->tokens & tokens) == tokens;
}

static bool theirs(const session_t *session, unsigned tokens)
{
    return (session->tokens & tokens) == 0;
}

static bool serial_open(const session_t *session, const session_data_t *data)
{
    return data->spdu->serial >= session->v_a && data->spdu->serial < session->v_m;
}

static bool guard_connect(session_guard_t guard, const session_t *session, const session_data_t *data)
{
    const session_spdu_t *spdu = data->spdu;
    switch (guard) {
    case GUARD_LONG_CONNECT:
        return data->parts && osi_parts_length(data->parts) > SPDU_EXTENDED_USER_DATA_LIMIT;
    case GUARD_NO_VERSION: return session_versions_common(session, spdu) == 0;
    case GUARD_OVERFLOW:
        return spdu->present & SPDU_HAS_OVERFLOW && session_versions_common(session, spdu) & SPDU_VERSION_2;
    case GUARD_OVERFLOW_TOO_LONG:
        return spdu->user_data.length > session->config.ssdu_limit - buffer_length(&session->assembly);
    case GUARD_OVERFLOW_LAST: return spdu->enclosure & SPDU_ENCLOSURE_END;
    default: { /* GUARD_ACCEPTABLE */
        unsigned version = spdu->present & SPDU_HAS_VERSION ? spdu->versions : SPDU_VERSION_1;
        unsigned requirements =
            spdu->present & SPDU_HAS_REQUIREMENTS ? spdu->requirements : SPDU_REQUIREMENTS_DEFAULT;
        return (version & session->connect.versions & (SPDU_VERSION_1 | SPDU_VERSION_2)) != 0 &&
               (requirements & session->connect.requirements & SESSION_FU_HALF_DUPLEX) != 0;
    }
    }
}

static bool guard_activity(session_guard_t guard, const session_t *session, const session_data_t *data)
{
    const session_spdu_t *spdu = data->spdu;
    switch (guard) {
    case GUARD_SYNC_OURS:
        return has(session, SESSION_FU_MINOR_SYNC) && session->activity &&
               session->v_m <= OSI_SYNC_NUMBER_LIMIT &&
               ours(session, SESSION_TOKEN_DATA | SESSION_TOKEN_MINOR);
    case GUARD_SYNC_THEIRS:
        return has(session, SESSION_FU_MINOR_SYNC) && session->activity && spdu->serial == session->v_m &&
               theirs(session, SESSION_TOKEN_DATA | SESSION_TOKEN_MINOR);
    case GUARD_SYNC_CONFIRM_OURS: return session->may_confirm && serial_open(session, data);
    case GUARD_SYNC_CONFIRM_THEIRS: return !session->may_confirm && serial_open(session, data);
    case GUARD_START_OURS:
        return has(session, SESSION_FU_ACTIVITY) && !session->activity && ours(session, SESSION_TOKEN_ALL);
    case GUARD_START_THEIRS:
        return has(session, SESSION_FU_ACTIVITY) && !session->activity && theirs(session, SESSION_TOKEN_ALL);
    case GUARD_STOP_OURS: return session->activity && ours(session, SESSION_TOKEN_MAJOR);
    case GUARD_STOP_THEIRS: return session->activity && theirs(session, SESSION_TOKEN_MAJOR);
    case GUARD_END_OURS:
        return session->activity && session->v_m <= OSI_SYNC_NUMBER_LIMIT && ours(session, SESSION_TOKEN_ALL);
    case GUARD_END_THEIRS:
        return session->activity && spdu->serial == session->v_m && theirs(session, SESSION_TOKEN_ALL);
    default: return spdu->serial + 1 == session->v_m; /* GUARD_END_CONFIRM */
    }
}

static bool guard_tokens(session_guard_t guard, const session_t *session, const session_data_t *data)
{
    unsigned available = session_tokens_available(session->requirements);
    unsigned named = data->spdu ? session_tokens_of_item(data->spdu->token_item) : 0;
    bool known = named != 0 && (named & ~available) == 0;
    switch (guard) {
    case GUARD_PLEASE:
    case GUARD_GIVE_THEIRS: return known && theirs(session, named);
    case GUARD_GIVE_OURS: return known && ours(session, named);
    case GUARD_CONTROL_OURS:
    case GUARD_RELEASE_OURS: return !session->activity && ours(session, SESSION_TOKEN_ALL);
    case GUARD_CONTROL_THEIRS:
    case GUARD_RELEASE_THEIRS: return !session->activity && theirs(session, SESSION_TOKEN_ALL);
    case GUARD_RECOVER_OURS: return known && ours(session, named) && (named & SESSION_TOKEN_DATA) != 0;
    default: return known && theirs(session, named) && (named & SESSION_TOKEN_DATA) != 0; /* RECOVER_THEIRS */
    }
}

bool session_guard_holds(session_guard_t guard, const session_t *session, const session_data_t *data)
{
    switch (guard) {
    case GUARD_NONE: return true;
    case GUARD_CONNECTED: return session->state != STA01C;
    case GUARD_TYPED: return has(session, SESSION_FU_TYPED_DATA);
    case GUARD_DATA_OURS: return session->activity && ours(session, SESSION_TOKEN_DATA);
    case GUARD_DATA_THEIRS: return session->activity && theirs(session, SESSION_TOKEN_DATA);
    case GUARD_EXCEPTION_OURS:
        return has(session, SESSION_FU_EXCEPTIONS) && session->activity &&
               theirs(session, SESSION_TOKEN_DATA);
    case GUARD_EXCEPTION_THEIRS:
        return has(session, SESSION_FU_EXCEPTIONS) && session->activity && ours(session, SESSION_TOKEN_DATA);
    case GUARD_REPORT: return has(session, SESSION_FU_EXCEPTIONS) && session->activity;
    case GUARD_LONG_CONNECT:
    case GUARD_NO_VERSION:
    case GUARD_OVERFLOW:
    case GUARD_OVERFLOW_TOO_LONG:
    case GUARD_OVERFLOW_LAST:
    case GUARD_ACCEPTABLE: return guard_connect(guard, session, data);
    case GUARD_PLEASE:
    case GUARD_GIVE_OURS:
    case GUARD_GIVE_THEIRS:
    case GUARD_CONTROL_OURS:
    case GUARD_CONTROL_THEIRS:
    case GUARD_RECOVER_OURS:
    case GUARD_RECOVER_THEIRS:
    case GUARD_RELEASE_OURS:
    case GUARD_RELEASE_THEIRS: return guard_tokens(guard, session, data);
    default: return guard_activity(guard, session, data);
    }
}

const char *session_event_name(unsigned event)
{
    static const char *const names[] = {"S-CONNECT request",
                                        "S-CONNECT (accept) response",
                                        "S-CONNECT (reject) response",
                                        "S-DATA request",
                                        "S-TYPED-DATA request",
                                        "S-TOKEN-PLEASE request",
                                        "S-TOKEN-GIVE request",
                                        "S-CONTROL-GIVE request",
                                        "S-SYNC-MINOR request",
                                        "S-SYNC-MINOR response",
                                        "S-ACTIVITY-START request",
                                        "S-ACTIVITY-RESUME request",
                                        "S-ACTIVITY-INTERRUPT request",
                                        "S-ACTIVITY-INTERRUPT response",
                                        "S-ACTIVITY-DISCARD request",
                                        "S-ACTIVITY-DISCARD response",
                                        "S-ACTIVITY-END request",
                                        "S-ACTIVITY-END response",
                                        "S-U-EXCEPTION-REPORT request",
                                        "S-RELEASE request",
                                        "S-RELEASE response",
                                        "S-U-ABORT request",
                                        "T-DISCONNECT indication"};
    if (event < EVENT_FIRST_REQUEST)
        return session_spdu_name((session_spdu_type_t)event);
    return event < EVENT_COUNT ? names[event - EVENT_FIRST_REQUEST] : "any SPDU";
}

const char *session_state_text(session_state_t state)
{
    static const char *const names[] = {"STA01",  "STA01C", "STA01D", "STA02A", "STA02B", "STA03",  "STA04B",
                                        "STA05B", "STA05C", "STA08",  "STA09",  "STA10B", "STA11B", "STA11C",
                                        "STA16",  "STA18",  "STA19",  "STA20",  "STA713"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
