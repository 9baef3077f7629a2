#include "osi/session_machine.h"

enum {
    UNIT_HEAD = 4,        /* the largest identifier and length indicator of the user data */
    TSDU_USEFUL = 64,     /* a TSDU maximum size below this is not taken for one */
    ASSEMBLY_KEPT = 65536 /* octets of assembly memory that stay between SSDUs */
};

unsigned session_tokens_available(unsigned requirements)
{
    unsigned tokens = 0;
    if (requirements & SESSION_FU_HALF_DUPLEX)
        tokens |= SESSION_TOKEN_DATA;
    if (requirements & SESSION_FU_MINOR_SYNC)
        tokens |= SESSION_TOKEN_MINOR;
    if (requirements & SESSION_FU_ACTIVITY)
        tokens |= SESSION_TOKEN_MAJOR;
    return tokens;
}

unsigned session_tokens_of_item(uint8_t item)
{
    return (item & SPDU_TOKEN_DATA ? SESSION_TOKEN_DATA : 0U) |
           (item & SPDU_TOKEN_MINOR ? SESSION_TOKEN_MINOR : 0U) |
           (item & SPDU_TOKEN_MAJOR ? SESSION_TOKEN_MAJOR : 0U);
}

uint8_t session_item_of_tokens(unsigned tokens)
{
    return (uint8_t)((tokens & SESSION_TOKEN_DATA ? SPDU_TOKEN_DATA : 0) |
                     (tokens & SESSION_TOKEN_MINOR ? SPDU_TOKEN_MINOR : 0) |
                     (tokens & SESSION_TOKEN_MAJOR ? SPDU_TOKEN_MAJOR : 0));
}

unsigned session_versions_common(const session_t *session, const session_spdu_t *connect)
{
    unsigned proposed = connect->present & SPDU_HAS_VERSION ? connect->versions : SPDU_VERSION_1;
    return proposed & session->config.versions & (SPDU_VERSION_1 | SPDU_VERSION_2);
}

void session_indicate(session_t *session, const session_indication_t *indication)
{
    session->ops->indicate(session->context, indication);
}

/* The length octets from offset of parts, as parts. */
static void parts_slice(const osi_parts_t *parts, size_t offset, size_t length, osi_parts_t *out)
{
    for (unsigned i = 0; i < parts->count && length > 0; i++) {
        size_t here = parts->part[i].length;
        if (offset >= here) {
            offset -= here;
            continue;
        }
        bytes_t piece = bytes_slice(parts->part[i], offset, length);
        osi_parts_add(out, piece);
        length -= piece.length;
        offset = 0;
    }
}

/* One TSDU: GT or PT where the category asks for it, the SPDU's head, and a piece of the user data. */
static void send_one(session_t *session, const session_spdu_t *spdu, const osi_parts_t *user_data,
                     size_t offset, size_t length)
{
    uint8_t head[2 + SPDU_HEAD_LIMIT];
    size_t at = 0;
    if (session_spdu_category(spdu->type) == 2) {
        head[at++] = session_spdu_follows_please(spdu->type) ? 2 : 1;
        head[at++] = 0;
    }
    at += session_spdu_encode(spdu, length, head + at);
    osi_parts_t tsdu = {.count = 0};
    osi_parts_add(&tsdu, bytes_make(head, at));
    if (length > 0)
        parts_slice(user_data, offset, length, &tsdu);
    session->ops->transmit(session->context, &tsdu);
}

/* How many octets of user data fit into one SPDU of this kind. */
static size_t room(const session_t *session, const session_spdu_t *spdu)
{
    uint8_t head[SPDU_HEAD_LIMIT];
    size_t taken = session_spdu_encode(spdu, 0, head) + UNIT_HEAD + 2;
    bool information = spdu->type == SPDU_DT || spdu->type == SPDU_TD;
    size_t largest = information ? SIZE_MAX : SPDU_PARAMETERS_LIMIT - taken;
    if (session->tsdu_maximum >= TSDU_USEFUL && session->tsdu_maximum - 2 < largest) {
        size_t most = session->tsdu_maximum - 2; /* beside GT or PT */
        return most > taken ? most - taken : 1;
    }
    return largest;
}

/* Segmenting: X.225 6.3.5; in version 1 DT and TD only, which the requests see to. */
void session_send(session_t *session, const session_spdu_t *spdu, const osi_parts_t *user_data)
{
    size_t total = user_data ? osi_parts_length(user_data) : 0;
    if (total == 0 || total <= room(session, spdu)) {
        send_one(session, spdu, user_data, 0, total);
        return;
    }
    session_spdu_t segment = *spdu;
    segment.present |= SPDU_HAS_ENCLOSURE;
    segment.enclosure = SPDU_ENCLOSURE_BEGIN;
    for (size_t offset = 0; offset < total;) {
        size_t length = room(session, &segment);
        if (length >= total - offset) {
            length = total - offset;
            segment.enclosure |= SPDU_ENCLOSURE_END;
        }
        send_one(session, &segment, user_data, offset, length);
        offset += length;
        /* Only the first has the other parameters; a serial number and the like are not repeated. */
        segment = (session_spdu_t){.type = spdu->type, .present = SPDU_HAS_ENCLOSURE};
    }
}

void session_send_plain(session_t *session, session_spdu_type_t type)
{
    session_spdu_t spdu = {.type = type};
    session_send(session, &spdu, NULL);
}

void session_protocol_error(session_t *session, bytes_t spdu, const char *name, const char *what)
{
    session_state_t state = session->state;
    err_t *err =
        err_wrap(session->pool, err_create(session->pool, 0, "session", "%s %s", name, what), OSI_FAULT_STATE,
                 "session", "the peer broke the session protocol in state %s", session_state_text(state));
    bool connected = state != STA01C && state != STA01D;
    session->state = connected ? STA16 : STA01;
    session->activity = false;
    buffer_release(&session->assembly);
    if (connected) {
        session_spdu_t abort = {.type = SPDU_AB,
                                .present = SPDU_HAS_DISCONNECT,
                                .disconnect = SPDU_DISCONNECT_RELEASE | SPDU_DISCONNECT_PROTOCOL_ERROR};
        bytes_t reflect = bytes_slice(spdu, 0, SPDU_REFLECT_LIMIT);
        if (reflect.length > 0) {
            abort.present |= SPDU_HAS_REFLECT;
            abort.reflect_length = (uint8_t)reflect.length;
            memcpy(abort.reflect, reflect.data, reflect.length);
        }
        session_send(session, &abort, NULL);
    }
    session_indication_t indication = {.primitive = S_P_ABORT, .err = err};
    session_indicate(session, &indication);
    session->ops->disconnect(session->context, connected);
}

static bool run(session_t *session, unsigned event, const session_data_t *data)
{
    const session_row_t *row = session_row_find(session, event, data);
    if (!row)
        return false;
    if (row->next != STA_SAME)
        session->state = row->next;
    row->action(session, data);
    return true;
}

bool session_dispatch(session_t *session, unsigned event, const session_data_t *data)
{
    return run(session, event, data);
}

static bool is_over(const session_t *session)
{
    return session->state == STA01 || session->state == STA16;
}

static void dispatch_spdu(session_t *session, session_spdu_t *spdu, bytes_t raw)
{
    session_data_t data = {.spdu = spdu};
    if (run(session, spdu->type, &data))
        return;
    session_protocol_error(session, raw, session_spdu_name(spdu->type), "is not allowed here");
}

/* States in which what the peer had under way is dropped: the rest of a segmented SSDU too. */
static bool drops_segments(const session_t *session)
{
    return session->state == STA19 || session->state == STA20 || session->state == STA05B ||
           session->state == STA05C;
}

/* Puts segmented user data together (X.225 6.3.5). True if spdu is whole now. */
static bool assemble(session_t *session, session_spdu_t *spdu, bytes_t raw)
{
    unsigned enclosure = spdu->enclosure & (SPDU_ENCLOSURE_BEGIN | SPDU_ENCLOSURE_END);
    bool whole = enclosure == (SPDU_ENCLOSURE_BEGIN | SPDU_ENCLOSURE_END);
    if (!(spdu->present & SPDU_HAS_ENCLOSURE) || whole || spdu->type == SPDU_CDO)
        return true;
    if (enclosure & SPDU_ENCLOSURE_BEGIN) {
        session->assembled = *spdu;
        session->assembled.user_data = BYTES_NONE;
        session->assembling = true;
        buffer_clear(&session->assembly);
    } else if (!session->assembling || session->assembled.type != spdu->type) {
        if (!drops_segments(session))
            session_protocol_error(session, raw, "a segment", "does not follow its beginning");
        return false;
    }
    if (!buffer_append(&session->assembly, spdu->user_data)) {
        session_protocol_error(session, raw, "an SSDU in segments", "is longer than we take");
        return false;
    }
    if (!(enclosure & SPDU_ENCLOSURE_END))
        return false;
    *spdu = session->assembled;
    spdu->user_data = buffer_bytes(&session->assembly);
    spdu->present |= SPDU_HAS_USER_DATA;
    session->assembling = false;
    return true;
}

static void take_spdu(session_t *session, session_spdu_t *spdu, bytes_t raw)
{
    bool segmented = spdu->present & SPDU_HAS_ENCLOSURE && spdu->type != SPDU_CDO;
    if (!assemble(session, spdu, raw))
        return;
    dispatch_spdu(session, spdu, raw);
    if (!segmented)
        return;
    buffer_clear(&session->assembly);
    if (session->assembly.capacity > ASSEMBLY_KEPT)
        buffer_release(&session->assembly);
}

/* SPDUs are named raw from their first octet, for the reflection. False if it cannot be read. */
static bool decode(session_t *session, session_spdu_t *spdu, bytes_t *tsdu, bool leading)
{
    bytes_t raw = *tsdu;
    const char *wrong = session_spdu_decode(spdu, tsdu, leading);
    if (wrong)
        session_protocol_error(session, raw, "an SPDU is malformed:", wrong);
    return !wrong;
}

/* A token SPDU that leads a concatenation acts after those that follow it (X.225 6.3.7.2): its tokens are
 * needed for them. Without a token item it is there for the concatenation only. */
static void finish_tokens(session_t *session, session_spdu_t *spdu, bytes_t raw)
{
    bool named = spdu->present & SPDU_HAS_TOKEN_ITEM && spdu->token_item != 0;
    if (named && !is_over(session))
        take_spdu(session, spdu, raw);
}

/* While the transport's end is awaited: what cannot be read is dropped like the rest. */
static void take_last(session_t *session, bytes_t tsdu)
{
    session_spdu_t spdu;
    session_data_t data = {.spdu = &spdu};
    if (!session_spdu_decode(&spdu, &tsdu, true))
        run(session, spdu.type, &data);
}

void session_input(session_t *session, bytes_t tsdu)
{
    if (session->state == STA16)
        take_last(session, tsdu);
    if (is_over(session))
        return;
    bytes_t raw = tsdu;
    session_spdu_t first;
    if (!decode(session, &first, &tsdu, true))
        return;
    int category = session_spdu_category(first.type);
    if (category != 0) {
        /* Category 2 belongs behind a GT or PT; where its SI says what it is, one alone does no harm. */
        if (tsdu.length > 0)
            session_protocol_error(session, raw, session_spdu_name(first.type),
                                   "is followed by others that may not follow it");
        else
            take_spdu(session, &first, raw);
        return;
    }
    for (unsigned count = 0; tsdu.length > 0 && !is_over(session); count++) {
        bytes_t raw_next = tsdu;
        session_spdu_t next;
        if (!decode(session, &next, &tsdu, false))
            return;
        if (session_spdu_category(next.type) == 1 || (count > 0 && !session->config.extended_concatenation)) {
            session_protocol_error(session, raw_next, session_spdu_name(next.type),
                                   "may not be concatenated here");
            return;
        }
        if (session_spdu_category(next.type) == 0)
            finish_tokens(session, &next, raw_next);
        else
            take_spdu(session, &next, raw_next);
    }
    finish_tokens(session, &first, raw);
}

void session_transport_closed(session_t *session, const err_t *err)
{
    session_data_t data = {.err = err};
    run(session, TDISIND, &data);
}
