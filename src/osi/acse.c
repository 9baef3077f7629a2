#include "osi/acse.h"

#include <apr_strings.h>

#define USER_INFORMATION BER_CONTEXT(30)

void acse_apdu_init(acse_apdu_t *apdu, acse_kind_t kind)
{
    *apdu = (acse_apdu_t){
        .kind = kind, .version_1 = true, .source = 0, .diagnostic = -1, .reason = -1, .context = -1};
}

/* EXTERNAL ::= [UNIVERSAL 8] SEQUENCE { direct, indirect, descriptor, encoding } */
static bool read_external(ber_reader_t *list, apr_pool_t *pool, acse_apdu_t *apdu)
{
    ber_reader_t reader;
    ber_tlv_t tlv;
    if (!ber_enter(list, BER_EXTERNAL, &reader))
        return false;
    if (ber_optional(&reader, BER_OBJECT_IDENTIFIER, &tlv))
        apdu->syntax = tlv.content;
    if (ber_optional(&reader, BER_INTEGER, &tlv))
        ber_value_integer(&reader, &tlv, &apdu->context);
    ber_optional(&reader, BER_OBJECT_DESCRIPTOR, &tlv);
    if (ber_optional(&reader, BER_CONTEXT(0), &tlv)) {
        if (!tlv.constructed)
            return ber_fail_at(&reader, &tlv, "primitive single-ASN1-type");
        apdu->information = tlv.content;
    } else if (ber_optional(&reader, BER_CONTEXT(1), &tlv)) {
        ber_value_octets(&reader, &tlv, pool, &apdu->information);
    } else {
        return ber_fail(&reader, "user information in an unknown encoding");
    }
    apdu->has_information = true;
    return ber_done(&reader);
}

static bool read_information(ber_reader_t *reader, apr_pool_t *pool, acse_apdu_t *apdu)
{
    ber_reader_t list;
    if (!ber_enter(reader, USER_INFORMATION, &list))
        return false;
    if (ber_more(&list))
        read_external(&list, pool, apdu);
    ber_skip_rest(&list); /* further EXTERNALs: nothing of RTSE's */
    return ber_ok(reader);
}

/* Integer inside an explicit tag. */
static bool read_explicit_integer(const ber_reader_t *reader, const ber_tlv_t *wrapper, int64_t *value)
{
    ber_reader_t child;
    ber_tlv_t tlv;
    return ber_children(reader, wrapper, &child) && ber_expect(&child, BER_INTEGER, &tlv) &&
           ber_value_integer(&child, &tlv, value);
}

static bool read_diagnostic(const ber_reader_t *reader, const ber_tlv_t *wrapper, acse_apdu_t *apdu)
{
    ber_reader_t child;
    ber_tlv_t tlv;
    if (!ber_children(reader, wrapper, &child) || !ber_read(&child, &tlv))
        return false;
    if (tlv.tag != BER_CONTEXT(ACSE_SOURCE_USER) && tlv.tag != BER_CONTEXT(ACSE_SOURCE_PROVIDER))
        return ber_fail_at(&child, &tlv, "unknown source of a diagnostic");
    apdu->source = BER_TAG_NUMBER(tlv.tag);
    return read_explicit_integer(&child, &tlv, &apdu->diagnostic);
}

static bool read_element(ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, acse_apdu_t *apdu)
{
    bool associate = apdu->kind == ACSE_AARQ || apdu->kind == ACSE_AARE;
    bool release = apdu->kind == ACSE_RLRQ || apdu->kind == ACSE_RLRE;
    ber_reader_t child;
    ber_tlv_t inner;
    ber_bits_t bits;
    switch (tlv->tag) {
    case BER_CONTEXT(0):
        if (associate) {
            if (!ber_value_bits(reader, tlv, pool, &bits))
                return false;
            apdu->version_1 = ber_bit(&bits, 0);
            return true;
        }
        return ber_value_integer(reader, tlv, release ? &apdu->reason : &apdu->source);
    case BER_CONTEXT(1):
        if (apdu->kind == ACSE_ABRT)
            return ber_value_integer(reader, tlv, &apdu->diagnostic);
        if (!associate)
            return true;
        if (!ber_children(reader, tlv, &child) || !ber_expect(&child, BER_OBJECT_IDENTIFIER, &inner))
            return false;
        apdu->application_context = inner.content;
        return true;
    case BER_CONTEXT(2): return apdu->kind != ACSE_AARE || read_explicit_integer(reader, tlv, &apdu->result);
    case BER_CONTEXT(3): return apdu->kind != ACSE_AARE || read_diagnostic(reader, tlv, apdu);
    default: return true; /* titles, qualifiers, invocation identifiers, extensions (X.227 7.1.6) */
    }
}

bool acse_read(bytes_t input, apr_pool_t *pool, acse_apdu_t *apdu, ber_fault_t *fault)
{
    ber_reader_t outer;
    ber_reader_t reader;
    ber_tlv_t tlv;
    acse_apdu_init(apdu, ACSE_AARQ);
    ber_reader_init(&outer, input, fault);
    if (!ber_read(&outer, &tlv))
        return false;
    if (tlv.tag < BER_APPLICATION(ACSE_AARQ) || tlv.tag > BER_APPLICATION(ACSE_ABRT))
        return ber_fail_at(&outer, &tlv, "not an APDU of association control");
    apdu->kind = (acse_kind_t)BER_TAG_NUMBER(tlv.tag);
    if (!ber_children(&outer, &tlv, &reader))
        return false;
    while (ber_more(&reader)) {
        if (ber_is(&reader, USER_INFORMATION))
            read_information(&reader, pool, apdu);
        else if (ber_read(&reader, &tlv))
            read_element(&reader, &tlv, pool, apdu);
    }
    if (ber_ok(&reader) && apdu->kind <= ACSE_AARE && apdu->application_context.length == 0)
        ber_fail(&outer, "no application context name");
    return ber_ok(&outer);
}

static void write_explicit_integer(ber_writer_t *writer, ber_tag_t tag, int64_t value)
{
    ber_open(writer, tag);
    ber_put_integer(writer, BER_INTEGER, value);
    ber_close(writer);
}

static void write_information(ber_writer_t *writer, const acse_apdu_t *apdu)
{
    ber_open(writer, USER_INFORMATION);
    ber_open(writer, BER_EXTERNAL);
    if (apdu->syntax.length)
        ber_put_oid(writer, BER_OBJECT_IDENTIFIER, apdu->syntax);
    if (apdu->context >= 0)
        ber_put_integer(writer, BER_INTEGER, apdu->context);
    ber_open(writer, BER_CONTEXT(0));
    ber_put_raw(writer, apdu->information);
    ber_close(writer);
    ber_close(writer);
    ber_close(writer);
}

void acse_write(ber_writer_t *writer, const acse_apdu_t *apdu)
{
    ber_open(writer, BER_APPLICATION(apdu->kind));
    if (apdu->kind == ACSE_AARQ || apdu->kind == ACSE_AARE) {
        ber_open(writer, BER_CONTEXT(1));
        ber_put_oid(writer, BER_OBJECT_IDENTIFIER, apdu->application_context);
        ber_close(writer);
    }
    if (apdu->kind == ACSE_AARE) {
        write_explicit_integer(writer, BER_CONTEXT(2), apdu->result);
        ber_open(writer, BER_CONTEXT(3));
        write_explicit_integer(writer, BER_CONTEXT((unsigned)apdu->source), apdu->diagnostic);
        ber_close(writer);
    }
    if (apdu->kind == ACSE_ABRT) {
        ber_put_integer(writer, BER_CONTEXT(0), apdu->source);
        if (apdu->diagnostic >= 0)
            ber_put_integer(writer, BER_CONTEXT(1), apdu->diagnostic);
    } else if (apdu->reason >= 0) {
        ber_put_integer(writer, BER_CONTEXT(0), apdu->reason);
    }
    if (apdu->has_information)
        write_information(writer, apdu);
    ber_close(writer);
}

static const char *user_diagnostic_text(int64_t diagnostic)
{
    static const char *const text[] = {"no diagnostic",
                                       "no reason given",
                                       "application context name not supported",
                                       "calling AP title not recognized",
                                       "calling AP invocation identifier not recognized",
                                       "calling AE qualifier not recognized",
                                       "calling AE invocation identifier not recognized",
                                       "called AP title not recognized",
                                       "called AP invocation identifier not recognized",
                                       "called AE qualifier not recognized",
                                       "called AE invocation identifier not recognized",
                                       "authentication mechanism name not recognized",
                                       "authentication mechanism name required",
                                       "authentication failure",
                                       "authentication required"};
    if (diagnostic < 0 || diagnostic >= (int64_t)(sizeof(text) / sizeof(text[0])))
        return "unknown diagnostic";
    return text[diagnostic];
}

const char *acse_rejection_text(apr_pool_t *pool, const acse_apdu_t *aare)
{
    bool user = aare->source != ACSE_SOURCE_PROVIDER;
    const char *diagnostic = user ? user_diagnostic_text(aare->diagnostic) : "no reason given";
    if (!user && aare->diagnostic == ACSE_PROVIDER_NO_COMMON_VERSION)
        diagnostic = "no common ACSE version";
    return apr_psprintf(pool, "%s, by the %s: %s",
                        aare->result == ACSE_REJECTED_TRANSIENT ? "transient" : "permanent",
                        user ? "user" : "provider", diagnostic);
}

/* State after an event; NO where the event is not allowed (X.227 annex A, tables A.4 to A.7). */
enum { NO = ACSE_STATES };
#define U ACSE_UNASSOCIATED
static const uint8_t next_state[ACSE_EVENTS][ACSE_STATES] = {
    /*                                STA0                 STA1  STA2  STA3  STA4  STA5 */
    [ACSE_EVENT_ASSOCIATE_REQUEST] = {ACSE_AWAITING_AARE, NO, NO, NO, NO, NO},
    [ACSE_EVENT_AARQ] = {ACSE_AWAITING_ANSWER, NO, NO, NO, NO, NO},
    [ACSE_EVENT_ACCEPT_RESPONSE] = {NO, NO, ACSE_ASSOCIATED, NO, NO, NO},
    [ACSE_EVENT_REJECT_RESPONSE] = {NO, NO, U, NO, NO, NO},
    [ACSE_EVENT_AARE_ACCEPTED] = {NO, ACSE_ASSOCIATED, NO, NO, NO, NO},
    [ACSE_EVENT_AARE_REJECTED] = {NO, U, NO, NO, NO, NO},
    [ACSE_EVENT_RELEASE_REQUEST] = {NO, NO, NO, NO, NO, ACSE_AWAITING_RLRE},
    [ACSE_EVENT_RLRQ] = {NO, NO, NO, NO, NO, ACSE_AWAITING_RELEASE},
    [ACSE_EVENT_RELEASE_RESPONSE] = {NO, NO, NO, NO, U, NO},
    [ACSE_EVENT_RLRE] = {NO, NO, NO, U, NO, NO},
    [ACSE_EVENT_ABORT] = {U, U, U, U, U, U},
};
#undef U

bool acse_step(acse_state_t *state, acse_event_t event)
{
    uint8_t next = next_state[event][*state];
    if (next == NO)
        return false;
    *state = (acse_state_t)next;
    return true;
}

const char *acse_state_name(acse_state_t state)
{
    static const char *const name[] = {"unassociated",  "awaiting AARE",        "awaiting the answer",
                                       "awaiting RLRE", "awaiting the release", "associated"};
    return state < ACSE_STATES ? name[state] : "?";
}
