#include "osi/session.h"

#include "osi/session_machine.h"

enum {
    USER_DATA_VERSION_1 = 512,
    ABORT_DATA_VERSION_1 = 9,
    USER_DATA_UNSEGMENTED = 65000, /* of an SPDU that has no enclosure item */
    PARTS_OF_USER = 5,             /* one of osi_parts_t is for the head of the SPDU */
    UNITS_SUPPORTED = SESSION_FU_RTSE | SESSION_FU_TYPED_DATA
};

session_t *session_create(apr_pool_t *pool, const session_config_t *config, const session_ops_t *ops,
                          void *context)
{
    session_t *session = apr_pcalloc(pool, sizeof(*session));
    session->pool = pool;
    session->config = *config;
    session->ops = ops;
    session->context = context;
    session->state = STA01C;
    buffer_init(&session->assembly, pool, config->ssdu_limit);
    return session;
}

unsigned session_tokens(const session_t *session)
{
    return session->tokens;
}

const char *session_state_name(const session_t *session)
{
    return session_state_text(session->state);
}

bool session_in_activity(const session_t *session)
{
    return session->activity;
}

const osi_connection_id_t *session_connection_id(const session_t *session)
{
    return &session->connection_id;
}

const char *session_refuse_text(int reason)
{
    switch (reason) {
    case SESSION_REFUSE_BY_USER: return "rejected by the called user";
    case SESSION_REFUSE_CONGESTION: return "the called user is congested for the moment";
    case SESSION_REFUSE_USER_DATA: return "rejected by the called user, which says why in its data";
    case SESSION_REFUSE_SELECTOR_UNKNOWN: return "the session selector is unknown";
    case SESSION_REFUSE_USER_NOT_ATTACHED: return "no user is attached to the session selector";
    case SESSION_REFUSE_SPM_CONGESTION: return "the session entity is congested";
    case SESSION_REFUSE_VERSION: return "none of the proposed session protocol versions is supported";
    case SESSION_REFUSE_NO_REASON: return "rejected by the session entity without a reason";
    case SESSION_REFUSE_RESTRICTION: return "a restriction of the session implementation";
    default: return "unknown reason";
    }
}

static err_t *parameter_error(session_t *session, unsigned event, const char *what)
{
    return err_create(session->pool, 0, "session", "the %s has %s", session_event_name(event), what);
}

/* Runs a request; without a row for it nothing has changed. */
static err_t *request(session_t *session, unsigned event, session_spdu_t *spdu, const osi_parts_t *parts)
{
    session_data_t data = {.spdu = spdu, .parts = parts};
    if (session_dispatch(session, event, &data))
        return NULL;
    return err_create(session->pool, 0, "session", "the %s is not allowed in state %s (tokens %#x, %s)",
                      session_event_name(event), session_state_text(session->state), session->tokens,
                      session->activity ? "in an activity" : "no activity");
}

static err_t *request_plain(session_t *session, unsigned event, session_spdu_type_t type)
{
    session_spdu_t spdu = {.type = type};
    return request(session, event, &spdu, NULL);
}

/* A request with user data outside DT and TD. */
static err_t *request_with_data(session_t *session, unsigned event, session_spdu_t *spdu, bytes_t user_data)
{
    if (session->version == 1 && user_data.length > USER_DATA_VERSION_1)
        return parameter_error(session, event, "more user data than session version 1 carries");
    osi_parts_t parts = {.part = {user_data}, .count = 1};
    return request(session, event, spdu, &parts);
}

static bool put_selector(session_spdu_t *spdu, spdu_selector_t *selector, bytes_t octets, unsigned bit)
{
    if (octets.length > OSI_SSEL_LIMIT)
        return false;
    if (octets.length > 0) {
        memcpy(selector->octets, octets.data, octets.length);
        selector->length = (uint8_t)octets.length;
        spdu->present |= bit;
    }
    return true;
}

/* Puts a connection identifier, with the user's reference in *user, a field of spdu. */
static bool put_connection_id(session_spdu_t *spdu, osi_octets64_t *user, const osi_connection_id_t *id)
{
    if (id->user.length > OSI_REFERENCE_LIMIT || id->common.length > OSI_REFERENCE_LIMIT ||
        id->additional_length > OSI_ADDITIONAL_REFERENCE_LIMIT)
        return false;
    *user = id->user;
    spdu->common_reference = id->common;
    memcpy(spdu->additional, id->additional, sizeof(spdu->additional));
    spdu->additional_length = id->additional_length;
    if (id->user.length > 0 || id->common.length > 0 || id->additional_length > 0)
        spdu->present |= SPDU_HAS_CONNECTION_ID;
    return true;
}

/* X.225 7.1.1: a serial number is proposed where points may be set outside activities. */
static void put_initial_serial(session_spdu_t *spdu, unsigned requirements, unsigned serial)
{
    spdu->initial_serial = serial;
    if (requirements & SESSION_FU_MINOR_SYNC && !(requirements & SESSION_FU_ACTIVITY))
        spdu->present |= SPDU_HAS_INITIAL_SERIAL;
}

static const char *connect_fault(const session_connect_t *connect)
{
    if (!(connect->requirements & SESSION_FU_HALF_DUPLEX) ||
        connect->requirements & ~(unsigned)UNITS_SUPPORTED)
        return "functional units that are not supported";
    if (connect->initial_serial > OSI_SYNC_NUMBER_LIMIT)
        return "too large a serial number";
    if (connect->version > 2)
        return "an unknown version";
    return NULL;
}

/* The versions to propose: more than 512 octets of user data need version 2 (7.1.1). */
static unsigned versions_proposed(const session_t *session, const session_connect_t *connect)
{
    unsigned versions = session->config.versions & (SPDU_VERSION_1 | SPDU_VERSION_2);
    if (connect->version != 0)
        versions &= connect->version;
    if (connect->user_data.length > SPDU_USER_DATA_LIMIT)
        versions &= SPDU_VERSION_2;
    return versions;
}

err_t *session_connect_request(session_t *session, const session_connect_t *connect)
{
    const char *fault = connect_fault(connect);
    if (fault)
        return parameter_error(session, SCONREQ, fault);
    session_spdu_t spdu = {.type = SPDU_CN,
                           .present = SPDU_HAS_OPTIONS | SPDU_HAS_VERSION | SPDU_HAS_TOKEN_SETTING |
                                      SPDU_HAS_REQUIREMENTS,
                           .options = session->config.extended_concatenation,
                           .versions = (uint8_t)versions_proposed(session, connect),
                           .requirements = connect->requirements};
    if (spdu.versions == 0 || connect->user_data.length > session->config.ssdu_limit)
        return parameter_error(session, SCONREQ, "more user data than its versions carry");
    if (!put_selector(&spdu, &spdu.calling_ssel, connect->calling_ssel, SPDU_HAS_CALLING_SSEL) ||
        !put_selector(&spdu, &spdu.called_ssel, connect->called_ssel, SPDU_HAS_CALLED_SSEL))
        return parameter_error(session, SCONREQ, "a selector of more than 16 octets");
    if (!put_connection_id(&spdu, &spdu.calling_reference, &connect->connection_id))
        return parameter_error(session, SCONREQ, "too long a connection identifier");
    put_initial_serial(&spdu, connect->requirements, connect->initial_serial);
    /* SPDU_SETTING_ACCEPTOR is 1 in the lower bit of each pair, as a token item has it. */
    spdu.token_setting =
        session_item_of_tokens(session_tokens_available(connect->requirements) & ~connect->our_tokens);
    if (session->config.tsdu_maximum > 0) {
        unsigned most = session->config.tsdu_maximum < UINT16_MAX ? session->config.tsdu_maximum : UINT16_MAX;
        spdu.present |= SPDU_HAS_TSDU_MAXIMUM;
        spdu.tsdu_maximum_to_acceptor = (uint16_t)most;
        spdu.tsdu_maximum_to_initiator = (uint16_t)most;
    }
    osi_parts_t parts = {.part = {connect->user_data}, .count = 1};
    return request(session, SCONREQ, &spdu, &parts);
}

err_t *session_connect_accept(session_t *session, const session_connect_t *connect)
{
    const char *fault = connect_fault(connect);
    if (fault)
        return parameter_error(session, SCONRSP_ACCEPT, fault);
    unsigned versions = session_versions_common(session, &session->connect);
    if (connect->version != 0)
        versions &= connect->version;
    unsigned proposed = session->connect.present & SPDU_HAS_REQUIREMENTS ? session->connect.requirements
                                                                         : SPDU_REQUIREMENTS_DEFAULT;
    session_spdu_t spdu = {.type = SPDU_AC,
                           .present = SPDU_HAS_OPTIONS | SPDU_HAS_VERSION | SPDU_HAS_TOKEN_SETTING |
                                      SPDU_HAS_REQUIREMENTS,
                           .options = session->config.extended_concatenation,
                           .versions = versions & SPDU_VERSION_2 ? SPDU_VERSION_2 : (uint8_t)versions,
                           .requirements = connect->requirements & proposed,
                           .token_item = session_item_of_tokens(connect->our_tokens)};
    if (session->state == STA08 && spdu.versions == 0)
        return parameter_error(session, SCONRSP_ACCEPT, "a version that was not proposed");
    if (session->state == STA08 && !(spdu.requirements & SESSION_FU_HALF_DUPLEX))
        return parameter_error(session, SCONRSP_ACCEPT, "no functional units that were proposed");
    if (spdu.versions == SPDU_VERSION_1 && connect->user_data.length > USER_DATA_VERSION_1)
        return parameter_error(session, SCONRSP_ACCEPT, "more user data than session version 1 carries");
    if (!put_selector(&spdu, &spdu.called_ssel, connect->called_ssel, SPDU_HAS_CALLED_SSEL))
        return parameter_error(session, SCONRSP_ACCEPT, "a selector of more than 16 octets");
    if (!put_connection_id(&spdu, &spdu.called_reference, &connect->connection_id))
        return parameter_error(session, SCONRSP_ACCEPT, "too long a connection identifier");
    put_initial_serial(&spdu, spdu.requirements, connect->initial_serial);
    osi_parts_t parts = {.part = {connect->user_data}, .count = 1};
    return request(session, SCONRSP_ACCEPT, &spdu, &parts);
}

err_t *session_connect_refuse(session_t *session, session_refuse_t reason, bytes_t user_data)
{
    bool second = session_versions_common(session, &session->connect) & SPDU_VERSION_2;
    if (user_data.length > (second ? USER_DATA_UNSEGMENTED : USER_DATA_VERSION_1))
        return parameter_error(session, SCONRSP_REFUSE, "more user data than a REFUSE carries");
    session_spdu_t spdu = {.type = SPDU_RF, .reason = (uint8_t)reason};
    osi_parts_t parts = {.part = {user_data}, .count = 1};
    return request(session, SCONRSP_REFUSE, &spdu, &parts);
}

static err_t *request_data(session_t *session, unsigned event, session_spdu_type_t type,
                           const osi_parts_t *user_data)
{
    if (user_data->count > PARTS_OF_USER)
        return parameter_error(session, event, "too many parts");
    session_spdu_t spdu = {.type = type};
    return request(session, event, &spdu, user_data);
}

err_t *session_data_request(session_t *session, const osi_parts_t *user_data)
{
    return request_data(session, SDTREQ, SPDU_DT, user_data);
}

err_t *session_typed_data_request(session_t *session, const osi_parts_t *user_data)
{
    return request_data(session, STDREQ, SPDU_TD, user_data);
}

err_t *session_token_please_request(session_t *session, unsigned tokens, bytes_t user_data)
{
    session_spdu_t spdu = {
        .type = SPDU_PT, .present = SPDU_HAS_TOKEN_ITEM, .token_item = session_item_of_tokens(tokens)};
    return request_with_data(session, SPTREQ, &spdu, user_data);
}

err_t *session_token_give_request(session_t *session, unsigned tokens)
{
    session_spdu_t spdu = {
        .type = SPDU_GT, .present = SPDU_HAS_TOKEN_ITEM, .token_item = session_item_of_tokens(tokens)};
    return request(session, SGTREQ, &spdu, NULL);
}

err_t *session_control_give_request(session_t *session)
{
    return request_plain(session, SCGREQ, SPDU_GTC);
}

err_t *session_sync_minor_request(session_t *session, bool explicit_confirm, unsigned *serial)
{
    session_spdu_t spdu = {.type = SPDU_MIP, .present = SPDU_HAS_SERIAL};
    if (!explicit_confirm) {
        spdu.present |= SPDU_HAS_SYNC_TYPE;
        spdu.sync_type = SPDU_SYNC_NOT_EXPLICIT;
    }
    err_t *err = request(session, SSYNMREQ, &spdu, NULL);
    if (!err)
        *serial = spdu.serial;
    return err;
}

err_t *session_sync_minor_response(session_t *session, unsigned serial)
{
    session_spdu_t spdu = {.type = SPDU_MIA, .present = SPDU_HAS_SERIAL, .serial = serial};
    return request(session, SSYNMRSP, &spdu, NULL);
}

err_t *session_activity_start_request(session_t *session, const osi_activity_id_t *activity)
{
    if (activity->length == 0 || activity->length > OSI_ACTIVITY_ID_LIMIT)
        return parameter_error(session, SACTSREQ, "an activity identifier of impossible length");
    session_spdu_t spdu = {.type = SPDU_AS, .present = SPDU_HAS_ACTIVITY, .activity = *activity};
    return request(session, SACTSREQ, &spdu, NULL);
}

err_t *session_activity_resume_request(session_t *session, const osi_activity_id_t *activity,
                                       const osi_activity_id_t *old_activity,
                                       const osi_connection_id_t *old_connection, unsigned serial)
{
    if (activity->length == 0 || activity->length > OSI_ACTIVITY_ID_LIMIT || old_activity->length == 0 ||
        old_activity->length > OSI_ACTIVITY_ID_LIMIT)
        return parameter_error(session, SACTRREQ, "an activity identifier of impossible length");
    if (serial >= OSI_SYNC_NUMBER_LIMIT)
        return parameter_error(session, SACTRREQ, "too large a serial number");
    session_spdu_t spdu = {.type = SPDU_AR,
                           .present =
                               SPDU_HAS_ACTIVITY | SPDU_HAS_OLD_ACTIVITY | SPDU_HAS_LINKING | SPDU_HAS_SERIAL,
                           .activity = *activity,
                           .old_activity = *old_activity,
                           .serial = serial};
    if (old_connection && !put_connection_id(&spdu, &spdu.calling_reference, old_connection))
        return parameter_error(session, SACTRREQ, "too long a connection identifier");
    return request(session, SACTRREQ, &spdu, NULL);
}

static err_t *request_stop(session_t *session, unsigned event, session_spdu_type_t type, int reason)
{
    session_spdu_t spdu = {.type = type, .present = SPDU_HAS_REASON, .reason = (uint8_t)reason};
    return request(session, event, &spdu, NULL);
}

err_t *session_activity_interrupt_request(session_t *session, int reason)
{
    return request_stop(session, SACTIREQ, SPDU_AI, reason);
}

err_t *session_activity_interrupt_response(session_t *session)
{
    return request_plain(session, SACTIRSP, SPDU_AIA);
}

err_t *session_activity_discard_request(session_t *session, int reason)
{
    return request_stop(session, SACTDREQ, SPDU_AD, reason);
}

err_t *session_activity_discard_response(session_t *session)
{
    return request_plain(session, SACTDRSP, SPDU_ADA);
}

err_t *session_activity_end_request(session_t *session, unsigned *serial)
{
    session_spdu_t spdu = {.type = SPDU_AE, .present = SPDU_HAS_SERIAL};
    err_t *err = request(session, SACTEREQ, &spdu, NULL);
    if (!err)
        *serial = spdu.serial;
    return err;
}

err_t *session_activity_end_response(session_t *session)
{
    session_spdu_t spdu = {.type = SPDU_AEA, .present = SPDU_HAS_SERIAL};
    return request(session, SACTERSP, &spdu, NULL);
}

err_t *session_u_exception_request(session_t *session, int reason, bytes_t user_data)
{
    session_spdu_t spdu = {.type = SPDU_ED, .present = SPDU_HAS_REASON, .reason = (uint8_t)reason};
    return request_with_data(session, SUERREQ, &spdu, user_data);
}

err_t *session_release_request(session_t *session, bytes_t user_data)
{
    session_spdu_t spdu = {
        .type = SPDU_FN, .present = SPDU_HAS_DISCONNECT, .disconnect = SPDU_DISCONNECT_RELEASE};
    return request_with_data(session, SRELREQ, &spdu, user_data);
}

err_t *session_release_response(session_t *session, bytes_t user_data)
{
    session_spdu_t spdu = {.type = SPDU_DN};
    return request_with_data(session, SRELRSP, &spdu, user_data);
}

err_t *session_u_abort_request(session_t *session, bytes_t user_data)
{
    session_spdu_t spdu = {.type = SPDU_AB,
                           .present = SPDU_HAS_DISCONNECT,
                           .disconnect = SPDU_DISCONNECT_RELEASE | SPDU_DISCONNECT_USER};
    size_t most = session->version == 2 ? USER_DATA_UNSEGMENTED : ABORT_DATA_VERSION_1;
    osi_parts_t parts = {.part = {user_data}, .count = user_data.length <= most};
    return request(session, SUABREQ, &spdu, &parts);
}
