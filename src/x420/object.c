#include "x420/object.h"

/* The APDU inside the EXTERNAL of normal mode: octets unchanged if there is none. */
static bytes_t unwrap(bytes_t octets, bool *wrapped)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t external;
    ber_tlv_t tlv;
    ber_reader_init(&reader, octets, &fault);
    *wrapped = false;
    if (!ber_enter_optional(&reader, BER_EXTERNAL, &external))
        return octets;
    while (ber_more(&external) && ber_read(&external, &tlv)) {
        if (tlv.tag == BER_CONTEXT(0) && tlv.constructed) {
            *wrapped = true;
            return tlv.content;
        }
    }
    return octets;
}

/* True if octets begin as an interpersonal content does: [0] { SET { .. }, SEQUENCE } or [1] { .. } with an
 * IPM identifier [APPLICATION 11] where a P1 APDU has an MTS identifier [APPLICATION 4]. */
static bool looks_interpersonal(bytes_t octets)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t child;
    ber_reader_t heading;
    ber_tlv_t tlv;
    ber_reader_init(&reader, octets, &fault);
    if (ber_enter_optional(&reader, BER_CONTEXT(0), &child)) {
        if (!ber_enter(&child, BER_SET, &heading))
            return false;
        return ber_is(&child, BER_SEQUENCE) || ber_is(&heading, BER_APPLICATION(11));
    }
    if (!ber_enter_optional(&reader, BER_CONTEXT(1), &child))
        return false;
    while (ber_more(&child) && ber_read(&child, &tlv))
        if (tlv.tag == BER_APPLICATION(11))
            return true;
    return false;
}

static bool name_is_1988(const x411_or_name_t *name)
{
    return name->address.extensions_present || name->directory_name.length;
}

x411_mode_t x420_object_mode(const x411_apdu_t *apdu)
{
    bool later = apdu->extensions.present || name_is_1988(&apdu->originator) || apdu->content_type.oid.length;
    for (unsigned i = 0; i < apdu->recipient_count && !later; i++) {
        const x411_recipient_t *recipient = &apdu->recipients[i];
        later = recipient->extensions.present || recipient->indicators.count > 8 ||
                name_is_1988(&recipient->name);
    }
    if (apdu->report)
        later = later || apdu->report->extensions.present || apdu->report->content_type.present;
    return later ? X411_MODE_NORMAL : X411_MODE_1984;
}

err_t *x420_object_read(apr_pool_t *pool, bytes_t octets, x420_object_t *object)
{
    *object = (x420_object_t){0};
    if (looks_interpersonal(octets)) {
        object->kind = X420_OBJECT_CONTENT;
        return x420_content_decode(pool, octets, &object->interpersonal);
    }
    bytes_t apdu = unwrap(octets, &object->wrapped);
    object->kind = X420_OBJECT_APDU;
    err_t *err = x411_apdu_decode(pool, apdu, &object->apdu, &object->content);
    if (err)
        return err_wrap(pool, err, X420_ERROR_MALFORMED, "P2",
                        "neither a P1 APDU nor an interpersonal content");
    object->mode = object->wrapped ? X411_MODE_NORMAL : x420_object_mode(object->apdu);
    return NULL;
}
