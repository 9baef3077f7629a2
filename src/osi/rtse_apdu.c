#include "osi/rtse_apdu.h"

#include "osi/stack.h"

void rtse_apdu_init(rtse_apdu_t *apdu, rtse_kind_t kind)
{
    *apdu = (rtse_apdu_t){.kind = kind,
                          .checkpoint_size = RTSE_DEFAULT_CHECKPOINT,
                          .window_size = RTSE_DEFAULT_WINDOW,
                          .dialogue_mode = RTSE_MONOLOGUE,
                          .application_protocol = -1,
                          .reason = -1,
                          .reflected = -1};
}

/* --- Reading -------------------------------------------------------------------------------------------- */

static bool keep_octets(const ber_reader_t *reader, const ber_tlv_t *tlv, osi_octets64_t *into)
{
    if (tlv->whole.length > sizeof(into->octets))
        return ber_fail_at(reader, tlv, "session connection identifier too long");
    memcpy(into->octets, tlv->whole.data, tlv->whole.length);
    into->length = (uint8_t)tlv->whole.length;
    return true;
}

static bool read_recover(const ber_reader_t *reader, const ber_tlv_t *tlv, rtse_apdu_t *apdu)
{
    ber_reader_t child;
    ber_tlv_t part;
    if (!ber_children(reader, tlv, &child))
        return false;
    if (!ber_read(&child, &part) || !keep_octets(&child, &part, &apdu->connection_id.user))
        return false;
    if (!ber_expect(&child, BER_UTC_TIME, &part) || !keep_octets(&child, &part, &apdu->connection_id.common))
        return false;
    if (ber_optional(&child, BER_CONTEXT(0), &part)) {
        size_t length = part.content.length;
        if (part.constructed || length + 2 > OSI_ADDITIONAL_REFERENCE_LIMIT)
            return ber_fail_at(&child, &part, "additional reference information too long");
        apdu->connection_id.additional[0] = BER_TELETEX_STRING;
        apdu->connection_id.additional[1] = (uint8_t)length;
        if (length)
            memcpy(apdu->connection_id.additional + 2, part.content.data, length);
        apdu->connection_id.additional_length = (uint8_t)(length + 2);
    }
    apdu->recover = true;
    return ber_ok(&child);
}

/* ConnectionData ::= CHOICE { open [0] ANY, recover [1] IMPLICIT SessionConnectionIdentifier } */
static bool read_connection_data(const ber_reader_t *reader, const ber_tlv_t *tlv, rtse_apdu_t *apdu)
{
    ber_reader_t child;
    ber_tlv_t choice;
    if (!ber_children(reader, tlv, &child) || !ber_read(&child, &choice))
        return false;
    if (choice.tag == BER_CONTEXT(1))
        return read_recover(&child, &choice, apdu);
    if (choice.tag != BER_CONTEXT(0))
        return ber_fail_at(&child, &choice, "connection data neither open nor recover");
    apdu->user_data = choice.content;
    apdu->has_user_data = choice.content.length > 0;
    return true;
}

static bool read_user_data(const ber_reader_t *reader, const ber_tlv_t *tlv, rtse_apdu_t *apdu)
{
    if (!tlv->constructed)
        return ber_fail_at(reader, tlv, "primitive user data");
    apdu->user_data = tlv->content;
    apdu->has_user_data = tlv->content.length > 0;
    return true;
}

static bool read_reflected(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                           rtse_apdu_t *apdu)
{
    ber_bits_t bits;
    if (!ber_value_bits(reader, tlv, pool, &bits))
        return false;
    if (bits.octets.length)
        apdu->reflected = bits.octets.data[0];
    return true;
}

/* Elements of one APDU by number; what is not listed is ignored (X.228 7.10). */
static bool read_element(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                         rtse_apdu_t *apdu)
{
    bool opens = apdu->kind == RTSE_RTORQ || apdu->kind == RTSE_RTOAC;
    switch (tlv->tag) {
    case BER_CONTEXT(0):
        return ber_value_integer(reader, tlv, opens ? &apdu->checkpoint_size : &apdu->reason);
    case BER_CONTEXT(1):
        if (opens)
            return ber_value_integer(reader, tlv, &apdu->window_size);
        if (apdu->kind == RTSE_RTORJ)
            return read_user_data(reader, tlv, apdu);
        return read_reflected(reader, tlv, pool, apdu);
    case BER_CONTEXT(2):
        if (apdu->kind == RTSE_RTORQ)
            return ber_value_integer(reader, tlv, &apdu->dialogue_mode);
        if (apdu->kind == RTSE_RTOAC)
            return read_connection_data(reader, tlv, apdu);
        return apdu->kind == RTSE_RTORJ || read_user_data(reader, tlv, apdu);
    case BER_CONTEXT(3): return apdu->kind != RTSE_RTORQ || read_connection_data(reader, tlv, apdu);
    case BER_CONTEXT(4):
        return apdu->kind != RTSE_RTORQ || ber_value_integer(reader, tlv, &apdu->application_protocol);
    default: return true;
    }
}

bool rtse_apdu_read_contents(bytes_t contents, rtse_kind_t kind, apr_pool_t *pool, rtse_apdu_t *apdu,
                             ber_fault_t *fault)
{
    ber_reader_t reader;
    ber_tlv_t tlv;
    rtse_apdu_init(apdu, kind);
    ber_reader_init(&reader, contents, fault);
    while (ber_more(&reader) && ber_read(&reader, &tlv))
        read_element(&reader, &tlv, pool, apdu);
    return ber_ok(&reader);
}

bool rtse_apdu_read(bytes_t input, rtse_kind_t kind, apr_pool_t *pool, rtse_apdu_t *apdu, ber_fault_t *fault)
{
    ber_reader_t reader;
    ber_tlv_t tlv;
    rtse_apdu_init(apdu, kind);
    ber_reader_init(&reader, input, fault);
    if (!ber_expect(&reader, BER_CONTEXT((unsigned)kind), &tlv))
        return false;
    if (!tlv.constructed)
        return ber_fail_at(&reader, &tlv, "primitive APDU");
    return rtse_apdu_read_contents(tlv.content, kind, pool, apdu, fault);
}

/* --- Writing -------------------------------------------------------------------------------------------- */

static void write_connection_data(ber_writer_t *writer, ber_tag_t tag, const rtse_apdu_t *apdu)
{
    const osi_connection_id_t *id = &apdu->connection_id;
    ber_open(writer, tag);
    if (apdu->recover) {
        ber_open(writer, BER_CONTEXT(1));
        ber_put_raw(writer, bytes_make(id->user.octets, id->user.length));
        ber_put_raw(writer, bytes_make(id->common.octets, id->common.length));
        if (id->additional_length > 2)
            ber_put_octets(writer, BER_CONTEXT(0),
                           bytes_make(id->additional + 2, (size_t)id->additional_length - 2));
        ber_close(writer);
    } else if (apdu->has_user_data) {
        ber_open(writer, BER_CONTEXT(0));
        ber_put_raw(writer, apdu->user_data);
        ber_close(writer);
    } else {
        ber_put_null(writer, BER_CONTEXT(0));
    }
    ber_close(writer);
}

static void write_user_data(ber_writer_t *writer, ber_tag_t tag, const rtse_apdu_t *apdu)
{
    if (!apdu->has_user_data)
        return;
    ber_open(writer, tag);
    ber_put_raw(writer, apdu->user_data);
    ber_close(writer);
}

static void write_open(ber_writer_t *writer, const rtse_apdu_t *apdu)
{
    bool request = apdu->kind == RTSE_RTORQ;
    if (!request || apdu->checkpoint_size != RTSE_DEFAULT_CHECKPOINT)
        ber_put_integer(writer, BER_CONTEXT(0), apdu->checkpoint_size);
    if (!request || apdu->window_size != RTSE_DEFAULT_WINDOW)
        ber_put_integer(writer, BER_CONTEXT(1), apdu->window_size);
    if (request)
        ber_put_integer(writer, BER_CONTEXT(2), apdu->dialogue_mode);
    write_connection_data(writer, BER_CONTEXT(request ? 3 : 2), apdu);
    if (request && apdu->application_protocol >= 0)
        ber_put_integer(writer, BER_CONTEXT(4), apdu->application_protocol);
}

void rtse_apdu_write_contents(ber_writer_t *writer, const rtse_apdu_t *apdu)
{
    if (apdu->kind == RTSE_RTORQ || apdu->kind == RTSE_RTOAC) {
        write_open(writer, apdu);
        return;
    }
    if (apdu->reason >= 0)
        ber_put_integer(writer, BER_CONTEXT(0), apdu->reason);
    if (apdu->kind == RTSE_RTORJ) {
        write_user_data(writer, BER_CONTEXT(1), apdu);
        return;
    }
    if (apdu->reflected >= 0) {
        uint8_t octet = (uint8_t)apdu->reflected;
        ber_put_bits(writer, BER_CONTEXT(1), &octet, 8);
    }
    write_user_data(writer, BER_CONTEXT(2), apdu);
}

void rtse_apdu_write(ber_writer_t *writer, const rtse_apdu_t *apdu)
{
    ber_open(writer, BER_CONTEXT((unsigned)apdu->kind));
    rtse_apdu_write_contents(writer, apdu);
    ber_close(writer);
}

const char *rtse_refuse_text(int64_t reason)
{
    switch (reason) {
    case STACK_REFUSE_RTS_BUSY: return "busy";
    case STACK_REFUSE_CANNOT_RECOVER: return "cannot recover";
    case STACK_REFUSE_VALIDATION_FAILURE: return "validation failure (name or password)";
    case STACK_REFUSE_UNACCEPTABLE_DIALOGUE_MODE: return "unacceptable dialogue mode";
    case STACK_REFUSE_REJECTED_BY_USER: return "rejected by the responder";
    default: return "unknown reason";
    }
}

const char *rtse_abort_text(int64_t reason)
{
    switch (reason) {
    case STACK_ABORT_LOCAL_SYSTEM_PROBLEM: return "local system problem";
    case STACK_ABORT_INVALID_PARAMETER: return "invalid parameter";
    case STACK_ABORT_UNRECOGNIZED_ACTIVITY: return "unrecognized activity";
    case STACK_ABORT_TEMPORARY_PROBLEM: return "temporary problem";
    case STACK_ABORT_PROTOCOL_ERROR: return "protocol error";
    case STACK_ABORT_PERMANENT_PROBLEM: return "permanent problem";
    case STACK_ABORT_USER_ERROR: return "user error";
    case STACK_ABORT_TRANSFER_COMPLETED: return "transfer completed";
    default: return "no reason";
    }
}
