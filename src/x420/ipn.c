/* Notifications (X.420 clause 8) and the choice between message and notification. */
#include "x420/ipm_read.h"

static bool ipm_element(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                        const x420_ipm_t **ipm)
{
    x420_ipm_t *read = apr_pcalloc(pool, sizeof(*read));
    *ipm = read;
    return x420_ipm_read(reader, tlv, pool, 1, read);
}

static bool non_receipt_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                             x420_ipn_t *ipn)
{
    ber_reader_t child;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        bool good = ber_read(&child, &element);
        if (good && element.tag == BER_CONTEXT(0)) {
            good = ber_value_integer(&child, &element, &ipn->reason);
        } else if (good && element.tag == BER_CONTEXT(1)) {
            ipn->discard_reason_present = true;
            good = ber_value_integer(&child, &element, &ipn->discard_reason);
        } else if (good && element.tag == BER_CONTEXT(2)) {
            good = x411_string_read(&child, &element, BER_PRINTABLE_STRING, pool, &ipn->comment);
        } else if (good && element.tag == BER_CONTEXT(3)) {
            good = ipm_element(&child, &element, pool, &ipn->returned);
        } else if (good && element.tag == BER_CONTEXT(4)) {
            good = x420_extensions_read(&child, &element, pool, &ipn->type_extensions);
        }
        if (!good)
            return false;
    }
    return ber_ok(reader);
}

static bool receipt_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x420_ipn_t *ipn)
{
    ber_reader_t child;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        bool good = ber_read(&child, &element);
        if (good && element.tag == BER_CONTEXT(0))
            good = x411_time_read_value(&child, &element, pool, &ipn->receipt_time);
        else if (good && element.tag == BER_CONTEXT(1))
            good = ber_value_integer(&child, &element, &ipn->acknowledgment);
        else if (good && element.tag == BER_CONTEXT(2))
            good = x411_string_read(&child, &element, BER_PRINTABLE_STRING, pool, &ipn->supplementary);
        else if (good && element.tag == BER_CONTEXT(3))
            good = x420_extensions_read(&child, &element, pool, &ipn->type_extensions);
        if (!good)
            return false;
    }
    return ber_ok(reader);
}

static bool choice_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x420_ipn_t *ipn)
{
    ber_reader_t child;
    ber_tlv_t element;
    if (!ber_children(reader, tlv, &child) || !ber_read(&child, &element))
        return false;
    switch (element.tag) {
    case BER_CONTEXT(0): ipn->type = X420_NON_RECEIPT; return non_receipt_read(&child, &element, pool, ipn);
    case BER_CONTEXT(1): ipn->type = X420_RECEIPT; return receipt_read(&child, &element, pool, ipn);
    case BER_CONTEXT(2):
        ipn->type = X420_OTHER_NOTIFICATION;
        return x420_extensions_read(&child, &element, pool, &ipn->type_extensions);
    default: return ber_fail_at(&child, &element, "unknown kind of notification");
    }
}

bool x420_ipn_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x420_ipn_t *ipn)
{
    ber_reader_t child;
    bool chosen = false;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        bool good = ber_read(&child, &element);
        if (good && element.tag == BER_APPLICATION(11)) {
            good = x420_ipm_id_read(&child, &element, pool, &ipn->subject_ipm);
        } else if (good && element.tag == BER_CONTEXT(0)) {
            chosen = true;
            good = choice_read(&child, &element, pool, ipn);
        } else if (good && element.tag == BER_CONTEXT(1)) {
            ipn->originator_present = true;
            good = x420_descriptor_read(&child, &element, pool, &ipn->originator);
        } else if (good && element.tag == BER_CONTEXT(2)) {
            ipn->intended_recipient_present = true;
            good = x420_descriptor_read(&child, &element, pool, &ipn->intended_recipient);
        } else if (good && element.tag == BER_CONTEXT(3)) {
            good = x420_extensions_read(&child, &element, pool, &ipn->extensions);
        } else if (good && element.tag == BER_APPLICATION(5)) {
            good = x411_eits_read(&child, &element, pool, &ipn->conversion_eits);
        }
        if (!good)
            return false;
    }
    return chosen || ber_fail_at(reader, tlv, "a notification of no kind");
}

err_t *x420_content_decode(apr_pool_t *pool, bytes_t octets, x420_content_t *content)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *content = (x420_content_t){0};
    ber_reader_init(&reader, octets, &fault);
    if (ber_read(&reader, &tlv) && ber_done(&reader)) {
        if (tlv.tag == BER_CONTEXT(0)) {
            x420_ipm_t *ipm = apr_pcalloc(pool, sizeof(*ipm));
            if (x420_ipm_read(&reader, &tlv, pool, 0, ipm))
                content->ipm = ipm;
        } else if (tlv.tag == BER_CONTEXT(1)) {
            x420_ipn_t *ipn = apr_pcalloc(pool, sizeof(*ipn));
            if (x420_ipn_read(&reader, &tlv, pool, ipn))
                content->ipn = ipn;
        } else {
            ber_fail_at(&reader, &tlv, "neither a message nor a notification");
        }
    }
    if (!fault.what)
        return NULL;
    bool limit = strncmp(fault.what, "too many", 8) == 0;
    return err_create(pool, limit ? X420_ERROR_LIMIT : X420_ERROR_MALFORMED, "P2",
                      "content is no interpersonal message: %s at octet %lu", fault.what,
                      (unsigned long)fault.offset);
}
