#include "osi/session_machine.h"

/* X.225 Annex A, tables: state, event, condition, next state, action. The states that see most
 * events come first. */
static const session_row_t rows[] = {
    /* data transfer */
    {STA713, SDTREQ, GUARD_DATA_OURS, STA_SAME, session_act_send},
    {STA713, SPDU_DT, GUARD_DATA_THEIRS, STA_SAME, session_act_data},
    {STA713, SSYNMREQ, GUARD_SYNC_OURS, STA_SAME, session_act_sync},
    {STA713, SPDU_MIP, GUARD_SYNC_THEIRS, STA_SAME, session_act_synced},
    {STA713, SSYNMRSP, GUARD_SYNC_CONFIRM_OURS, STA_SAME, session_act_sync_confirm},
    {STA713, SPDU_MIA, GUARD_SYNC_CONFIRM_THEIRS, STA_SAME, session_act_sync_confirmed},
    {STA713, SACTSREQ, GUARD_START_OURS, STA_SAME, session_act_start},
    {STA713, SPDU_AS, GUARD_START_THEIRS, STA_SAME, session_act_started},
    {STA713, SACTRREQ, GUARD_START_OURS, STA_SAME, session_act_start},
    {STA713, SPDU_AR, GUARD_START_THEIRS, STA_SAME, session_act_started},
    {STA713, SACTEREQ, GUARD_END_OURS, STA04B, session_act_end},
    {STA713, SPDU_AE, GUARD_END_THEIRS, STA10B, session_act_ended},
    {STA713, SACTIREQ, GUARD_STOP_OURS, STA05B, session_act_stop},
    {STA713, SPDU_AI, GUARD_STOP_THEIRS, STA11B, session_act_stopped},
    {STA713, SACTDREQ, GUARD_STOP_OURS, STA05C, session_act_stop},
    {STA713, SPDU_AD, GUARD_STOP_THEIRS, STA11C, session_act_stopped},
    {STA713, STDREQ, GUARD_TYPED, STA_SAME, session_act_send},
    {STA713, SPDU_TD, GUARD_TYPED, STA_SAME, session_act_typed_data},
    {STA713, SPTREQ, GUARD_PLEASE, STA_SAME, session_act_send},
    {STA713, SPDU_PT, GUARD_NONE, STA_SAME, session_act_please},
    {STA713, SGTREQ, GUARD_GIVE_OURS, STA_SAME, session_act_give},
    {STA713, SPDU_GT, GUARD_GIVE_THEIRS, STA_SAME, session_act_given},
    {STA713, SCGREQ, GUARD_CONTROL_OURS, STA18, session_act_control_give},
    {STA713, SPDU_GTC, GUARD_CONTROL_THEIRS, STA_SAME, session_act_control_given},
    {STA713, SUERREQ, GUARD_EXCEPTION_OURS, STA19, session_act_send},
    {STA713, SPDU_ED, GUARD_EXCEPTION_THEIRS, STA20, session_act_exception},
    {STA713, SPDU_ER, GUARD_EXCEPTION_THEIRS, STA20, session_act_exception_report},
    {STA713, SPDU_ER, GUARD_REPORT, STA_SAME, session_act_exception_report},
    {STA713, SRELREQ, GUARD_RELEASE_OURS, STA03, session_act_send},
    {STA713, SPDU_FN, GUARD_RELEASE_THEIRS, STA09, session_act_release_indication},

    /* the end of our activity awaits its confirmation */
    {STA04B, SPDU_MIA, GUARD_SYNC_CONFIRM_THEIRS, STA_SAME, session_act_sync_confirmed},
    {STA04B, SPDU_AEA, GUARD_END_CONFIRM, STA713, session_act_end_confirm},
    {STA04B, SPDU_ED, GUARD_EXCEPTION_THEIRS, STA20, session_act_exception},
    {STA04B, SPDU_ER, GUARD_REPORT, STA20, session_act_exception_report},
    {STA04B, SPDU_PT, GUARD_NONE, STA_SAME, session_act_please},
    {STA04B, SPDU_TD, GUARD_TYPED, STA_SAME, session_act_typed_data},
    {STA04B, SACTIREQ, GUARD_STOP_OURS, STA05B, session_act_stop},
    {STA04B, SACTDREQ, GUARD_STOP_OURS, STA05C, session_act_stop},

    /* the end of the peer's activity awaits our response */
    {STA10B, SSYNMRSP, GUARD_SYNC_CONFIRM_OURS, STA_SAME, session_act_sync_confirm},
    {STA10B, SACTERSP, GUARD_NONE, STA713, session_act_end_response},
    {STA10B, SUERREQ, GUARD_EXCEPTION_OURS, STA19, session_act_send},
    {STA10B, SPTREQ, GUARD_PLEASE, STA_SAME, session_act_send},
    {STA10B, STDREQ, GUARD_TYPED, STA_SAME, session_act_send},
    {STA10B, SPDU_AI, GUARD_STOP_THEIRS, STA11B, session_act_stopped},
    {STA10B, SPDU_AD, GUARD_STOP_THEIRS, STA11C, session_act_stopped},
    {STA10B, SPDU_ER, GUARD_REPORT, STA20, session_act_exception_report},

    /* interrupt and discard; what crossed them is dropped */
    {STA05B, SPDU_AIA, GUARD_NONE, STA713, session_act_stop_confirm},
    {STA05B, SPDU_MIA, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05B, SPDU_AEA, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05B, SPDU_PT, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05B, SPDU_TD, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05B, SPDU_ED, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05B, SPDU_ER, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05C, SPDU_ADA, GUARD_NONE, STA713, session_act_stop_confirm},
    {STA05C, SPDU_MIA, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05C, SPDU_AEA, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05C, SPDU_PT, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05C, SPDU_TD, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05C, SPDU_ED, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA05C, SPDU_ER, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA11B, SACTIRSP, GUARD_NONE, STA713, session_act_stop_response},
    {STA11C, SACTDRSP, GUARD_NONE, STA713, session_act_stop_response},

    /* control was given: a please that crossed it has been answered already */
    {STA18, SPDU_GTA, GUARD_NONE, STA713, session_act_ignore},
    {STA18, SPDU_PT, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA18, SPDU_TD, GUARD_TYPED, STA_SAME, session_act_typed_data},

    /* we reported an exception: all is dropped until the peer clears it (7.25.2) */
    {STA19, SPDU_DT, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA19, SPDU_TD, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA19, SPDU_PT, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA19, SPDU_ER, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA19, SPDU_MIP, GUARD_SYNC_THEIRS, STA_SAME, session_act_sync_lost},
    {STA19, SPDU_AE, GUARD_END_THEIRS, STA_SAME, session_act_sync_lost},
    {STA19, SPDU_GT, GUARD_RECOVER_THEIRS, STA713, session_act_given},
    {STA19, SPDU_AI, GUARD_STOP_THEIRS, STA11B, session_act_stopped},
    {STA19, SPDU_AD, GUARD_STOP_THEIRS, STA11C, session_act_stopped},

    /* an exception was reported to us: we, or if the tokens are the peer's, the peer, must clear it */
    {STA20, SACTIREQ, GUARD_STOP_OURS, STA05B, session_act_stop},
    {STA20, SACTDREQ, GUARD_STOP_OURS, STA05C, session_act_stop},
    {STA20, SGTREQ, GUARD_RECOVER_OURS, STA713, session_act_give},
    {STA20, SPDU_GT, GUARD_RECOVER_THEIRS, STA713, session_act_given},
    {STA20, SPDU_AI, GUARD_STOP_THEIRS, STA11B, session_act_stopped},
    {STA20, SPDU_AD, GUARD_STOP_THEIRS, STA11C, session_act_stopped},
    {STA20, SPDU_DT, GUARD_DATA_THEIRS, STA_SAME, session_act_ignore},
    {STA20, SPDU_MIP, GUARD_SYNC_THEIRS, STA_SAME, session_act_sync_lost},
    {STA20, SPDU_AE, GUARD_END_THEIRS, STA_SAME, session_act_sync_lost},
    {STA20, SPDU_MIA, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA20, SPDU_AEA, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA20, SPDU_PT, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA20, SPDU_TD, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA20, SPDU_ED, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA20, SPDU_ER, GUARD_NONE, STA_SAME, session_act_ignore},

    /* the connection is made */
    {STA01C, SCONREQ, GUARD_LONG_CONNECT, STA02B, session_act_connect_long},
    {STA01C, SCONREQ, GUARD_NONE, STA02A, session_act_connect},
    {STA01C, SPDU_CN, GUARD_NO_VERSION, STA16, session_act_refuse_version},
    {STA01C, SPDU_CN, GUARD_OVERFLOW, STA01D, session_act_accept_overflow},
    {STA01C, SPDU_CN, GUARD_NONE, STA08, session_act_connect_indication},
    {STA01D, SPDU_CDO, GUARD_OVERFLOW_TOO_LONG, STA16, session_act_refuse_restriction},
    {STA01D, SPDU_CDO, GUARD_OVERFLOW_LAST, STA08, session_act_overflow_last},
    {STA01D, SPDU_CDO, GUARD_NONE, STA_SAME, session_act_take_overflow},
    {STA02B, SPDU_OA, GUARD_NONE, STA02A, session_act_send_overflow},
    {STA02B, SPDU_RF, GUARD_NONE, STA01, session_act_refuse_confirm},
    {STA02A, SPDU_AC, GUARD_ACCEPTABLE, STA713, session_act_connect_confirm},
    {STA02A, SPDU_RF, GUARD_NONE, STA01, session_act_refuse_confirm},
    {STA08, SCONRSP_ACCEPT, GUARD_NONE, STA713, session_act_accept},
    {STA08, SCONRSP_REFUSE, GUARD_NONE, STA16, session_act_refuse},

    /* and released */
    {STA03, SPDU_DN, GUARD_NONE, STA01, session_act_release_confirm},
    {STA03, SPDU_PT, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA03, SPDU_TD, GUARD_TYPED, STA_SAME, session_act_typed_data},
    {STA09, SRELRSP, GUARD_NONE, STA16, session_act_release_response},
    {STA09, STDREQ, GUARD_TYPED, STA_SAME, session_act_send},

    /* its end, in every state */
    {STA16, SPDU_AA, GUARD_NONE, STA01, session_act_disconnect},
    {STA16, SPDU_AB, GUARD_NONE, STA01, session_act_disconnect},
    {STA16, SPDU_CN, GUARD_NONE, STA01, session_act_disconnect},
    {STA16, EVENT_ANY_SPDU, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA16, TDISIND, GUARD_NONE, STA01, session_act_ignore},
    {STA01, EVENT_ANY_SPDU, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA01, TDISIND, GUARD_NONE, STA_SAME, session_act_ignore},
    {STA_SAME, SUABREQ, GUARD_CONNECTED, STA16, session_act_abort},
    {STA_SAME, SPDU_AB, GUARD_NONE, STA01, session_act_aborted},
    {STA_SAME, TDISIND, GUARD_NONE, STA01, session_act_transport_lost},
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

/* A point that awaits its confirmation; the end of an activity is confirmed by AEA only. */
static bool serial_open(const session_t *session, const session_data_t *data)
{
    unsigned end = session->state == STA04B || session->state == STA10B;
    return data->spdu->serial >= session->v_a && data->spdu->serial + end < session->v_m;
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
    case GUARD_STOP_THEIRS: return has(session, SESSION_FU_ACTIVITY) && theirs(session, SESSION_TOKEN_MAJOR);
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
