#include "osi/session_machine.h"

void session_act_ignore(session_t *session, const session_data_t *data)
{
    (void)session;
    (void)data;
}

static void set_connection_id(session_t *session, const osi_octets64_t *user, const session_spdu_t *spdu)
{
    osi_connection_id_t *id = &session->connection_id;
    id->user = *user;
    id->common = spdu->common_reference;
    memcpy(id->additional, spdu->additional, sizeof(id->additional));
    id->additional_length = spdu->additional_length;
}

static bytes_t selector_bytes(const spdu_selector_t *selector)
{
    return bytes_make(selector->octets, selector->length);
}

/* The two bits of a token in a token setting item (X.225 8.3.1.15). */
static unsigned setting_of(uint8_t setting, unsigned token)
{
    unsigned shift = token == SESSION_TOKEN_DATA ? 0 : token == SESSION_TOKEN_MINOR ? 2 : 4;
    return setting >> shift & 3;
}

/* The tokens whose setting in a CN or AC is value; an absent item means all with the initiator. */
static unsigned tokens_set(const session_spdu_t *spdu, unsigned value)
{
    unsigned tokens = 0;
    for (unsigned token = SESSION_TOKEN_DATA; token <= SESSION_TOKEN_MAJOR; token <<= 1) {
        unsigned setting =
            spdu->present & SPDU_HAS_TOKEN_SETTING ? setting_of(spdu->token_setting, token) : 0;
        if (setting == value)
            tokens |= token;
    }
    return tokens;
}

static unsigned requirements_of(const session_spdu_t *spdu)
{
    return spdu->present & SPDU_HAS_REQUIREMENTS ? spdu->requirements : SPDU_REQUIREMENTS_DEFAULT;
}

/* ---- connection, the calling side ---- */

void session_act_connect(session_t *session, const session_data_t *data)
{
    session->connect = *data->spdu;
    set_connection_id(session, &data->spdu->calling_reference, data->spdu);
    session_send(session, data->spdu, data->parts);
}

void session_act_connect_long(session_t *session, const session_data_t *data)
{
    session->connect = *data->spdu;
    set_connection_id(session, &data->spdu->calling_reference, data->spdu);
    for (unsigned i = 0; i < data->parts->count; i++)
        buffer_append(&session->assembly, data->parts->part[i]);
    session_spdu_t connect = *data->spdu;
    connect.present |= SPDU_HAS_OVERFLOW;
    osi_parts_t first = {.count = 0};
    osi_parts_add(&first, bytes_slice(buffer_bytes(&session->assembly), 0, SPDU_EXTENDED_USER_DATA_LIMIT));
    session_send(session, &connect, &first);
}

/* OA: the rest goes in CONNECT DATA OVERFLOW SPDUs (7.3), as large as OA allows. */
void session_act_send_overflow(session_t *session, const session_data_t *data)
{
    enum { SMALLEST = 64, OVERHEAD = 16, LARGEST = 65000 };
    size_t most = data->spdu->tsdu_maximum_to_acceptor;
    size_t piece = most >= SMALLEST && most < LARGEST ? most - OVERHEAD : LARGEST;
    buffer_consume(&session->assembly, SPDU_EXTENDED_USER_DATA_LIMIT);
    while (buffer_length(&session->assembly) > 0) {
        bytes_t octets = bytes_slice(buffer_bytes(&session->assembly), 0, piece);
        session_spdu_t overflow = {.type = SPDU_CDO, .present = SPDU_HAS_ENCLOSURE};
        if (octets.length == buffer_length(&session->assembly))
            overflow.enclosure = SPDU_ENCLOSURE_END;
        osi_parts_t parts = {.count = 0};
        osi_parts_add(&parts, octets);
        session_send(session, &overflow, &parts);
        buffer_consume(&session->assembly, octets.length);
    }
    buffer_release(&session->assembly);
}

/* The smaller of two TSDU maximum sizes, of which 0 sets none. */
static uint16_t tsdu_smaller(uint16_t a, uint16_t b)
{
    if (a == 0 || b == 0)
        return a | b;
    return a < b ? a : b;
}

static void set_serials(session_t *session, unsigned serial)
{
    session->v_a = serial;
    session->v_m = serial;
}

void session_act_connect_confirm(session_t *session, const session_data_t *data)
{
    const session_spdu_t *accept = data->spdu;
    const session_spdu_t *connect = &session->connect;
    unsigned versions = accept->present & SPDU_HAS_VERSION ? accept->versions : SPDU_VERSION_1;
    session->version = versions & connect->versions & SPDU_VERSION_2 ? 2 : 1;
    session->requirements = requirements_of(accept) & connect->requirements;
    session->tokens =
        tokens_set(connect, SPDU_SETTING_INITIATOR) & session_tokens_available(session->requirements);
    if (accept->present & connect->present & SPDU_HAS_TSDU_MAXIMUM) /* 7.4.1: none unless both have it */
        session->tsdu_maximum =
            tsdu_smaller(connect->tsdu_maximum_to_acceptor, accept->tsdu_maximum_to_acceptor);
    set_serials(session,
                accept->present & SPDU_HAS_INITIAL_SERIAL ? accept->initial_serial : connect->initial_serial);
    session_indication_t indication = {.primitive = S_CONNECT,
                                       .confirm = true,
                                       .user_data = accept->user_data,
                                       .requirements = session->requirements,
                                       .initial_tokens = session->tokens,
                                       .initial_serial = session->v_m,
                                       .version = session->version,
                                       .called_ssel = selector_bytes(&accept->called_ssel),
                                       .tokens = session_tokens_of_item(accept->token_item)};
    indication.connection_id.user = accept->called_reference;
    indication.connection_id.common = accept->common_reference;
    memcpy(indication.connection_id.additional, accept->additional, OSI_ADDITIONAL_REFERENCE_LIMIT);
    indication.connection_id.additional_length = accept->additional_length;
    session_indicate(session, &indication);
}

void session_act_refuse_confirm(session_t *session, const session_data_t *data)
{
    session_indication_t indication = {
        .primitive = S_CONNECT_REFUSE,
        .confirm = true,
        .user_data = data->spdu->user_data,
        .reason = data->spdu->present & SPDU_HAS_REASON ? data->spdu->reason : SESSION_REFUSE_BY_USER};
    buffer_release(&session->assembly);
    session_indicate(session, &indication);
    session->ops->disconnect(session->context, false);
}

/* ---- connection, the called side ---- */

/* An RF for the CN in connect, with the reference that it had. */
static void send_refuse(session_t *session, const session_spdu_t *connect, unsigned reason,
                        const osi_parts_t *user_data)
{
    session_spdu_t refuse = {.type = SPDU_RF,
                             .present = (connect->present & SPDU_HAS_CONNECTION_ID) | SPDU_HAS_DISCONNECT |
                                        SPDU_HAS_REQUIREMENTS | SPDU_HAS_REASON,
                             .called_reference = connect->calling_reference,
                             .common_reference = connect->common_reference,
                             .additional_length = connect->additional_length,
                             .disconnect = SPDU_DISCONNECT_RELEASE,
                             .requirements =
                                 requirements_of(connect) & (SESSION_FU_RTSE | SESSION_FU_TYPED_DATA),
                             .reason = (uint8_t)reason};
    memcpy(refuse.additional, connect->additional, sizeof(refuse.additional));
    if (reason == SESSION_REFUSE_VERSION) {
        refuse.present |= SPDU_HAS_VERSION;
        refuse.versions = (uint8_t)session->config.versions;
    }
    session_send(session, &refuse, user_data);
}

/* The session refuses by itself; the user, who knows of no connection, hears of it as of an abort. */
static void refuse_alone(session_t *session, const session_spdu_t *connect, session_refuse_t reason)
{
    buffer_release(&session->assembly);
    send_refuse(session, connect, reason, NULL);
    session_indication_t indication = {.primitive = S_P_ABORT,
                                       .reason = reason,
                                       .err = err_create(session->pool, reason, "session",
                                                         "a session connection was refused: %s",
                                                         session_refuse_text(reason))};
    session_indicate(session, &indication);
    session->ops->disconnect(session->context, true);
}

void session_act_refuse_version(session_t *session, const session_data_t *data)
{
    refuse_alone(session, data->spdu, SESSION_REFUSE_VERSION);
}

void session_act_refuse_restriction(session_t *session, const session_data_t *data)
{
    (void)data; /* the CDO; the CN came before */
    refuse_alone(session, &session->connect, SESSION_REFUSE_RESTRICTION);
}

static void keep_connect(session_t *session, const session_spdu_t *connect)
{
    session->connect = *connect;
    session->connect.user_data = BYTES_NONE;
    set_connection_id(session, &connect->calling_reference, connect);
}

static void indicate_connect(session_t *session, bytes_t user_data)
{
    const session_spdu_t *connect = &session->connect;
    unsigned requirements = requirements_of(connect);
    unsigned available = session_tokens_available(requirements);
    session_indication_t indication = {
        .primitive = S_CONNECT,
        .user_data = user_data,
        .requirements = requirements,
        .initial_tokens = tokens_set(connect, SPDU_SETTING_ACCEPTOR) & available,
        .choice_tokens = tokens_set(connect, SPDU_SETTING_CHOICE) & available,
        .initial_serial = connect->initial_serial,
        .version = session_versions_common(session, connect) & SPDU_VERSION_2 ? 2 : 1,
        .calling_ssel = selector_bytes(&connect->calling_ssel),
        .called_ssel = selector_bytes(&connect->called_ssel),
        .connection_id = session->connection_id};
    session_indicate(session, &indication);
}

void session_act_connect_indication(session_t *session, const session_data_t *data)
{
    keep_connect(session, data->spdu);
    indicate_connect(session, data->spdu->user_data);
}

/* Takes user data of a CN or CDO; false if they pass the limit. */
static bool keep_overflow(session_t *session, bytes_t octets)
{
    if (buffer_append(&session->assembly, octets))
        return true;
    session->state = STA16;
    refuse_alone(session, &session->connect, SESSION_REFUSE_RESTRICTION);
    return false;
}

void session_act_accept_overflow(session_t *session, const session_data_t *data)
{
    keep_connect(session, data->spdu);
    if (!keep_overflow(session, data->spdu->user_data))
        return;
    session_spdu_t accept = {
        .type = SPDU_OA, .present = SPDU_HAS_TSDU_MAXIMUM | SPDU_HAS_VERSION, .versions = SPDU_VERSION_2};
    session_send(session, &accept, NULL);
}

void session_act_take_overflow(session_t *session, const session_data_t *data)
{
    keep_overflow(session, data->spdu->user_data);
}

void session_act_overflow_last(session_t *session, const session_data_t *data)
{
    if (!keep_overflow(session, data->spdu->user_data))
        return;
    indicate_connect(session, buffer_bytes(&session->assembly));
    buffer_release(&session->assembly);
}

void session_act_accept(session_t *session, const session_data_t *data)
{
    session_spdu_t *accept = data->spdu;
    const session_spdu_t *connect = &session->connect;
    session->version = accept->versions & SPDU_VERSION_2 ? 2 : 1;
    session->requirements = accept->requirements;
    unsigned available = session_tokens_available(session->requirements);
    unsigned choice = tokens_set(connect, SPDU_SETTING_CHOICE) & session_tokens_of_item(accept->token_item);
    session->tokens = (tokens_set(connect, SPDU_SETTING_ACCEPTOR) | choice) & available;
    for (unsigned token = SESSION_TOKEN_DATA; token <= SESSION_TOKEN_MAJOR; token <<= 1)
        if (session->tokens & token)
            accept->token_setting |= session_item_of_tokens(token); /* SPDU_SETTING_ACCEPTOR */
    set_serials(session, accept->initial_serial);
    if (connect->present & SPDU_HAS_TSDU_MAXIMUM && session->config.tsdu_maximum > 0) {
        uint16_t mine = (uint16_t)session->config.tsdu_maximum;
        accept->present |= SPDU_HAS_TSDU_MAXIMUM;
        accept->tsdu_maximum_to_acceptor = tsdu_smaller(connect->tsdu_maximum_to_acceptor, mine);
        accept->tsdu_maximum_to_initiator = tsdu_smaller(connect->tsdu_maximum_to_initiator, mine);
        session->tsdu_maximum = accept->tsdu_maximum_to_initiator;
    }
    session_send(session, accept, data->parts);
}

void session_act_refuse(session_t *session, const session_data_t *data)
{
    send_refuse(session, &session->connect, data->spdu->reason, data->parts);
    session->ops->disconnect(session->context, true);
}

/* ---- data and tokens ---- */

void session_act_send(session_t *session, const session_data_t *data)
{
    session_send(session, data->spdu, data->parts);
}

static void indicate_data(session_t *session, session_primitive_t primitive, const session_data_t *data)
{
    session_indication_t indication = {.primitive = primitive, .user_data = data->spdu->user_data};
    session_indicate(session, &indication);
}

void session_act_data(session_t *session, const session_data_t *data)
{
    indicate_data(session, S_DATA, data);
}

void session_act_typed_data(session_t *session, const session_data_t *data)
{
    indicate_data(session, S_TYPED_DATA, data);
}

/* A please for tokens that have left us meanwhile is void. */
void session_act_please(session_t *session, const session_data_t *data)
{
    unsigned tokens = session_tokens_of_item(data->spdu->token_item) & session->tokens;
    session_indication_t indication = {
        .primitive = S_TOKEN_PLEASE, .tokens = tokens, .user_data = data->spdu->user_data};
    if (tokens != 0)
        session_indicate(session, &indication);
}

void session_act_give(session_t *session, const session_data_t *data)
{
    session->tokens &= ~session_tokens_of_item(data->spdu->token_item);
    session_send(session, data->spdu, NULL);
}

void session_act_given(session_t *session, const session_data_t *data)
{
    unsigned tokens = session_tokens_of_item(data->spdu->token_item);
    session->tokens |= tokens;
    session_indication_t indication = {.primitive = S_TOKEN_GIVE, .tokens = tokens};
    session_indicate(session, &indication);
}

void session_act_control_give(session_t *session, const session_data_t *data)
{
    session->tokens = 0;
    session_send(session, data->spdu, NULL);
}

void session_act_control_given(session_t *session, const session_data_t *data)
{
    (void)data;
    session->tokens = session_tokens_available(session->requirements);
    session_send_plain(session, SPDU_GTA);
    session_indication_t indication = {.primitive = S_CONTROL_GIVE, .tokens = session->tokens};
    session_indicate(session, &indication);
}

/* ---- synchronization points and activities: the variables as in table A-4 ---- */

/* A synchronization point that we send (mine) or receive. */
static void advance_serials(session_t *session, bool mine)
{
    if (session->may_confirm == mine) /* the direction of the points has turned */
        session->v_a = session->v_m;
    session->v_m++;
}

void session_act_sync(session_t *session, const session_data_t *data)
{
    data->spdu->serial = session->v_m;
    advance_serials(session, true);
    session->may_confirm = false;
    session_send(session, data->spdu, NULL);
}

void session_act_synced(session_t *session, const session_data_t *data)
{
    advance_serials(session, false);
    session->may_confirm = true;
    session_indication_t indication = {.primitive = S_SYNC_MINOR,
                                       .serial = data->spdu->serial,
                                       .explicit_confirm = !(data->spdu->sync_type & SPDU_SYNC_NOT_EXPLICIT)};
    session_indicate(session, &indication);
}

/* A point in data that are dropped: only its number counts, so that both sides go on with the same. */
void session_act_sync_lost(session_t *session, const session_data_t *data)
{
    (void)data;
    advance_serials(session, false);
    session->may_confirm = true;
}

void session_act_sync_confirm(session_t *session, const session_data_t *data)
{
    session->v_a = data->spdu->serial + 1;
    session_send(session, data->spdu, NULL);
}

void session_act_sync_confirmed(session_t *session, const session_data_t *data)
{
    session->v_a = data->spdu->serial + 1;
    session_indication_t indication = {
        .primitive = S_SYNC_MINOR, .confirm = true, .serial = data->spdu->serial};
    session_indicate(session, &indication);
}

static void begin_activity(session_t *session, const session_spdu_t *spdu)
{
    session->activity = true;
    set_serials(session, spdu->type == SPDU_AR ? spdu->serial + 1 : 1);
}

void session_act_start(session_t *session, const session_data_t *data)
{
    begin_activity(session, data->spdu);
    session_send(session, data->spdu, NULL);
}

void session_act_started(session_t *session, const session_data_t *data)
{
    const session_spdu_t *spdu = data->spdu;
    begin_activity(session, spdu);
    session_indication_t indication = {.primitive = S_ACTIVITY_START, .activity = spdu->activity};
    if (spdu->type == SPDU_AR) {
        indication.primitive = S_ACTIVITY_RESUME;
        indication.old_activity = spdu->old_activity;
        indication.serial = spdu->serial;
        indication.old_connection.user =
            spdu->calling_reference.length > 0 ? spdu->calling_reference : spdu->called_reference;
        indication.old_connection.common = spdu->common_reference;
        memcpy(indication.old_connection.additional, spdu->additional, OSI_ADDITIONAL_REFERENCE_LIMIT);
        indication.old_connection.additional_length = spdu->additional_length;
    }
    session_indicate(session, &indication);
}

void session_act_stop(session_t *session, const session_data_t *data)
{
    session->assembling = false;
    session_send(session, data->spdu, NULL);
}

void session_act_stopped(session_t *session, const session_data_t *data)
{
    session->assembling = false;
    session_indication_t indication = {.primitive = data->spdu->type == SPDU_AI ? S_ACTIVITY_INTERRUPT
                                                                                : S_ACTIVITY_DISCARD,
                                       .reason = data->spdu->reason};
    session_indicate(session, &indication);
}

/* All tokens are with the side that interrupted or discarded (7.31.2, 7.33.2). */
void session_act_stop_response(session_t *session, const session_data_t *data)
{
    session->activity = false;
    session->tokens = 0;
    session_send(session, data->spdu, NULL);
}

void session_act_stop_confirm(session_t *session, const session_data_t *data)
{
    session->activity = false;
    session->tokens = session_tokens_available(session->requirements);
    session_indication_t indication = {.primitive = data->spdu->type == SPDU_AIA ? S_ACTIVITY_INTERRUPT
                                                                                 : S_ACTIVITY_DISCARD,
                                       .confirm = true};
    session_indicate(session, &indication);
}

void session_act_end(session_t *session, const session_data_t *data)
{
    data->spdu->serial = session->v_m;
    advance_serials(session, true);
    session->may_confirm = false;
    session_send(session, data->spdu, NULL);
}

void session_act_ended(session_t *session, const session_data_t *data)
{
    advance_serials(session, false);
    session->may_confirm = true;
    session_indication_t indication = {.primitive = S_ACTIVITY_END, .serial = data->spdu->serial};
    session_indicate(session, &indication);
}

void session_act_end_response(session_t *session, const session_data_t *data)
{
    data->spdu->serial = session->v_m - 1;
    session->v_a = session->v_m;
    session->activity = false;
    session_send(session, data->spdu, NULL);
}

void session_act_end_confirm(session_t *session, const session_data_t *data)
{
    session->v_a = session->v_m;
    session->activity = false;
    session_indication_t indication = {
        .primitive = S_ACTIVITY_END, .confirm = true, .serial = data->spdu->serial};
    session_indicate(session, &indication);
}

/* ---- exceptions, release, abort ---- */

void session_act_exception(session_t *session, const session_data_t *data)
{
    session_indication_t indication = {
        .primitive = S_U_EXCEPTION, .reason = data->spdu->reason, .user_data = data->spdu->user_data};
    session_indicate(session, &indication);
}

void session_act_exception_report(session_t *session, const session_data_t *data)
{
    session_indication_t indication = {.primitive = S_P_EXCEPTION, .reason = data->spdu->reason};
    session->assembling = false;
    session_indicate(session, &indication);
}

void session_act_release_indication(session_t *session, const session_data_t *data)
{
    session_indication_t indication = {.primitive = S_RELEASE, .user_data = data->spdu->user_data};
    session_indicate(session, &indication);
}

void session_act_release_response(session_t *session, const session_data_t *data)
{
    session_send(session, data->spdu, data->parts);
    session->ops->disconnect(session->context, true);
}

void session_act_release_confirm(session_t *session, const session_data_t *data)
{
    session_indication_t indication = {
        .primitive = S_RELEASE, .confirm = true, .user_data = data->spdu->user_data};
    session_indicate(session, &indication);
    session->ops->disconnect(session->context, false);
}

void session_act_abort(session_t *session, const session_data_t *data)
{
    session->activity = false;
    session_send(session, data->spdu, data->parts);
    session->ops->disconnect(session->context, true);
}

/* What an AB that is no user's says. */
static const err_t *abort_error(session_t *session, const session_spdu_t *spdu)
{
    const char *why = "no reason given";
    if (spdu->disconnect & SPDU_DISCONNECT_PROTOCOL_ERROR)
        why = "it found a protocol error";
    else if (spdu->disconnect & SPDU_DISCONNECT_RESTRICTION)
        why = "a restriction of its implementation";
    if (spdu->reflect_length == 0)
        return err_create(session->pool, 0, "session", "the peer's session layer aborted: %s", why);
    return err_create(session->pool, 0, "session", "the peer's session layer aborted: %s, at %s", why,
                      bytes_to_hex(session->pool, bytes_make(spdu->reflect, spdu->reflect_length)));
}

void session_act_aborted(session_t *session, const session_data_t *data)
{
    const session_spdu_t *spdu = data->spdu;
    session->activity = false;
    session->assembling = false;
    if (!(spdu->disconnect & SPDU_DISCONNECT_RELEASE)) /* it would use the transport connection again */
        session_send_plain(session, SPDU_AA);
    session_indication_t indication = {.primitive = S_U_ABORT, .user_data = spdu->user_data};
    if (!(spdu->disconnect & SPDU_DISCONNECT_USER)) {
        indication.primitive = S_P_ABORT;
        indication.err = abort_error(session, spdu);
    }
    session_indicate(session, &indication);
    session->ops->disconnect(session->context, false);
}

/* The peer has seen our last SPDU: nothing is to be awaited any more. */
void session_act_disconnect(session_t *session, const session_data_t *data)
{
    (void)data;
    session->ops->disconnect(session->context, false);
}

void session_act_transport_lost(session_t *session, const session_data_t *data)
{
    session->activity = false;
    session_indication_t indication = {.primitive = S_P_ABORT,
                                       .err = err_wrap(session->pool, data->err, 0, "session",
                                                       "the transport connection of the session ended")};
    session_indicate(session, &indication);
}
