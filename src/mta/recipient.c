#include "mta/recipient.h"

#include <apr_strings.h>

#include "x411/extensions.h"

uint64_t recipient_content_length(const x411_apdu_t *apdu, uint64_t content_length)
{
    if (apdu->kind != X411_PROBE)
        return content_length;
    return apdu->content_length_present && apdu->content_length > 0 ? (uint64_t)apdu->content_length : 0;
}

static bool refuse(recipient_fault_t *fault, int64_t reason, int64_t diagnostic, const char *words)
{
    *fault = (recipient_fault_t){.reason = reason, .diagnostic = diagnostic, .words = words};
    return false;
}

bool recipient_check_delivery(const x411_apdu_t *apdu, unsigned index, apr_pool_t *pool,
                              recipient_fault_t *fault)
{
    const x411_recipient_t *recipient = &apdu->recipients[index];
    const x411_extension_t *extension = x411_extension_undeliverable(&apdu->extensions, false);
    if (!extension)
        extension = x411_extension_undeliverable(&recipient->extensions, false);
    if (extension)
        return refuse(fault, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_UNSUPPORTED_CRITICAL_FUNCTION,
                      apr_psprintf(pool, "extension %d is not performed here", (int)extension->type));
    if (recipient->conversion_present)
        return refuse(fault, X411_REASON_CONVERSION_NOT_PERFORMED, X411_DIAG_CONVERSION_IMPRACTICAL,
                      "explicit conversion is not performed here");
    return true;
}

static bool takes_content_type(const names_abilities_t *abilities, const x411_content_type_t *type)
{
    if (!abilities->content_type_count || !type->present)
        return true;
    for (unsigned i = 0; i < abilities->content_type_count; i++)
        if (x411_content_type_equal(&abilities->content_types[i], type))
            return true;
    return false;
}

/* id-eit (2.6.3.4) and the number of a built-in type: another way to say it. */
static bool takes_encoded_oid(const names_abilities_t *abilities, bytes_t oid)
{
    static const uint8_t arc[] = {0x56, 0x03, 0x04};
    if (oid.length == sizeof(arc) + 1 && memcmp(oid.data, arc, sizeof(arc)) == 0 && oid.data[3] < 32 &&
        abilities->encoded_types >> oid.data[3] & 1)
        return true;
    for (unsigned i = 0; i < abilities->encoded_oid_count; i++)
        if (bytes_equal(abilities->encoded_oids[i], oid))
            return true;
    return false;
}

/* A message that does not say its types is delivered: nothing is known against it. */
static bool takes_encoded_types(const names_abilities_t *abilities, const x411_eits_t *eits)
{
    if (!abilities->encoded_types_limited || !eits->present)
        return true;
    for (unsigned bit = 0; bit < 32 && bit < eits->built_in.count; bit++)
        if (ber_bit(&eits->built_in, bit) && !(abilities->encoded_types >> bit & 1))
            return false;
    for (unsigned i = 0; i < eits->extended_count; i++)
        if (!takes_encoded_oid(abilities, eits->extended[i]))
            return false;
    return true;
}

/* Nothing is converted here. What the originator prohibited would not have been converted anywhere, and the
 * report says that; else the types are simply not supported. */
static bool refuse_encoded_types(const x411_apdu_t *apdu, recipient_fault_t *fault)
{
    if (x411_indicator(&apdu->flags, X411_FLAG_CONVERSION_PROHIBITED))
        return refuse(fault, X411_REASON_CONVERSION_NOT_PERFORMED, X411_DIAG_IMPLICIT_CONVERSION_PROHIBITED,
                      NULL);
    return refuse(fault, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_EITS_UNSUPPORTED, NULL);
}

static bool takes_from(const names_abilities_t *abilities, const x411_or_name_t *originator, apr_pool_t *pool)
{
    if (names_match(&abilities->reject, &originator->address, pool))
        return false;
    return !abilities->accept.count || names_match(&abilities->accept, &originator->address, pool);
}

static bool check_rules(const names_abilities_t *abilities, const x411_apdu_t *apdu, uint64_t content_length,
                        apr_pool_t *pool, recipient_fault_t *fault)
{
    if (!takes_from(abilities, &apdu->originator, pool))
        return refuse(fault, X411_REASON_RESTRICTED_DELIVERY, X411_DIAG_NONE, NULL);
    if (!takes_content_type(abilities, &apdu->content_type))
        return refuse(fault, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_CONTENT_TYPE_NOT_SUPPORTED, NULL);
    if (!takes_encoded_types(abilities, &apdu->original_eits))
        return refuse_encoded_types(apdu, fault);
    if (abilities->maximum_size && recipient_content_length(apdu, content_length) > abilities->maximum_size)
        return refuse(fault, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_CONTENT_TOO_LONG, NULL);
    return true;
}

bool recipient_check(const names_abilities_t *abilities, const x411_apdu_t *apdu, unsigned index,
                     uint64_t content_length, apr_pool_t *pool, recipient_fault_t *fault)
{
    *fault = (recipient_fault_t){0};
    if (!recipient_check_delivery(apdu, index, pool, fault))
        return false;
    if (check_rules(abilities, apdu, content_length, pool, fault))
        return true;
    fault->restriction = true;
    return abilities->test;
}
