#include "x420/ipm_read.h"

bool x420_count(const ber_reader_t *reader, const ber_tlv_t *tlv, unsigned limit, const char *what,
                unsigned *count)
{
    ber_reader_t child;
    ber_tlv_t element;
    *count = 0;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        if (*count == limit)
            return ber_fail(&child, what);
        if (ber_read(&child, &element))
            ++*count;
    }
    return ber_ok(reader);
}

static bool or_name_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                         x411_or_name_t **name)
{
    *name = apr_pcalloc(pool, sizeof(**name));
    return x411_or_name_read(reader, tlv, pool, *name);
}

bool x420_ipm_id_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x420_ipm_id_t *id)
{
    ber_reader_t child;
    *id = (x420_ipm_id_t){.present = true};
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        if (!ber_read(&child, &element))
            return false;
        if (element.tag == BER_APPLICATION(0)) {
            if (!or_name_read(&child, &element, pool, &id->user))
                return false;
        } else if (BER_TAG_CLASS(element.tag) == 0) {
            if (!x411_string_read(&child, &element, element.tag, pool, &id->local))
                return false;
        }
    }
    return ber_ok(reader);
}

bool x420_descriptor_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_descriptor_t *descriptor)
{
    ber_reader_t child;
    *descriptor = (x420_descriptor_t){0};
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        bool good = ber_read(&child, &element);
        if (good && element.tag == BER_APPLICATION(0))
            good = or_name_read(&child, &element, pool, &descriptor->formal);
        else if (good && element.tag == BER_CONTEXT(0))
            good = x411_string_read(&child, &element, BER_TELETEX_STRING, pool, &descriptor->free_form);
        else if (good && element.tag == BER_CONTEXT(1))
            good = x411_string_read(&child, &element, BER_PRINTABLE_STRING, pool, &descriptor->telephone);
        if (!good)
            return false;
    }
    return ber_ok(reader);
}

bool x420_extensions_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_extensions_t *extensions)
{
    ber_reader_t child;
    unsigned count = 0;
    *extensions = (x420_extensions_t){.present = true};
    if (!x420_count(reader, tlv, X420_LIMIT_EXTENSIONS, "too many extensions", &count) ||
        !ber_children(reader, tlv, &child))
        return false;
    extensions->items = apr_pcalloc(pool, (count + 1) * sizeof(*extensions->items));
    while (ber_more(&child)) {
        x420_extension_t *extension = &extensions->items[extensions->count++];
        ber_reader_t field;
        ber_tlv_t element;
        if (!ber_enter(&child, BER_SEQUENCE, &field) ||
            !ber_expect(&field, BER_OBJECT_IDENTIFIER, &element) ||
            !ber_value_primitive(&field, &element, &extension->oid))
            return false;
        if (ber_more(&field) && ber_read(&field, &element))
            extension->value = element.whole;
        if (!ber_ok(&field))
            return false;
    }
    return ber_ok(reader);
}

/* NotificationRequests as peers send them: also without the octet that counts the unused bits. */
static bool requests_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_recipient_t *recipient)
{
    recipient->requests_present = true;
    if (tlv->content.length == 0)
        return true;
    return ber_value_bits(reader, tlv, pool, &recipient->requests);
}

static bool recipient_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                           x420_recipient_t *recipient)
{
    ber_reader_t child;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        bool good = ber_read(&child, &element);
        if (good && element.tag == BER_CONTEXT(0)) {
            good = x420_descriptor_read(&child, &element, pool, &recipient->descriptor);
        } else if (good && element.tag == BER_CONTEXT(1)) {
            good = requests_read(&child, &element, pool, recipient);
        } else if (good && element.tag == BER_CONTEXT(2)) {
            recipient->reply_requested_present = true;
            good = ber_value_boolean(&child, &element, &recipient->reply_requested);
        } else if (good && element.tag == BER_CONTEXT(3)) {
            good = x420_extensions_read(&child, &element, pool, &recipient->extensions);
        }
        if (!good)
            return false;
    }
    return ber_ok(reader);
}

static bool recipients_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                            x420_recipients_t *recipients)
{
    ber_reader_t child;
    unsigned count = 0;
    *recipients = (x420_recipients_t){.present = true};
    if (!x420_count(reader, tlv, X420_LIMIT_RECIPIENTS, "too many recipients", &count) ||
        !ber_children(reader, tlv, &child))
        return false;
    recipients->items = apr_pcalloc(pool, (count + 1) * sizeof(*recipients->items));
    while (ber_more(&child)) {
        ber_tlv_t element;
        if (!ber_expect(&child, BER_SET, &element) ||
            !recipient_read(&child, &element, pool, &recipients->items[recipients->count]))
            return false;
        recipients->count++;
    }
    return ber_ok(reader);
}

static bool descriptors_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                             x420_descriptors_t *descriptors)
{
    ber_reader_t child;
    unsigned count = 0;
    *descriptors = (x420_descriptors_t){.present = true};
    if (!x420_count(reader, tlv, X420_LIMIT_RECIPIENTS, "too many names", &count) ||
        !ber_children(reader, tlv, &child))
        return false;
    descriptors->items = apr_pcalloc(pool, (count + 1) * sizeof(*descriptors->items));
    while (ber_more(&child)) {
        ber_tlv_t element;
        if (!ber_expect(&child, BER_SET, &element) ||
            !x420_descriptor_read(&child, &element, pool, &descriptors->items[descriptors->count]))
            return false;
        descriptors->count++;
    }
    return ber_ok(reader);
}

static bool ipm_ids_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                         x420_ipm_ids_t *ids)
{
    ber_reader_t child;
    unsigned count = 0;
    *ids = (x420_ipm_ids_t){.present = true};
    if (!x420_count(reader, tlv, X420_LIMIT_REFERENCES, "too many message references", &count) ||
        !ber_children(reader, tlv, &child))
        return false;
    ids->items = apr_pcalloc(pool, (count + 1) * sizeof(*ids->items));
    while (ber_more(&child)) {
        ber_tlv_t element;
        if (!ber_expect(&child, BER_APPLICATION(11), &element) ||
            !x420_ipm_id_read(&child, &element, pool, &ids->items[ids->count]))
            return false;
        ids->count++;
    }
    return ber_ok(reader);
}

/* replied-to-IPM [5] is IMPLICIT over [APPLICATION 11], so its contents are those of the identifier; a peer
 * that tags explicitly is read too. */
static bool reference_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                           x420_ipm_id_t *id)
{
    ber_reader_t child;
    ber_tlv_t inner;
    if (!ber_children(reader, tlv, &child))
        return false;
    if (ber_optional(&child, BER_APPLICATION(11), &inner))
        return x420_ipm_id_read(&child, &inner, pool, id);
    return ber_ok(reader) && x420_ipm_id_read(reader, tlv, pool, id);
}

/* subject [8] is explicit over a TeletexString. Peers have sent it empty, as NULL, and implicitly tagged. */
static bool subject_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                         x411_string_t *subject)
{
    ber_reader_t child;
    ber_tlv_t inner;
    if (!tlv->constructed || tlv->content.length == 0) {
        *subject = x411_string(BER_TELETEX_STRING, tlv->content);
        return true;
    }
    if (!ber_children(reader, tlv, &child) || !ber_read(&child, &inner))
        return false;
    *subject = x411_string(inner.tag == BER_NULL ? BER_TELETEX_STRING : inner.tag, BYTES_NONE);
    return ber_value_octets(&child, &inner, pool, &subject->octets) && ber_done(&child);
}

static bool heading_lists(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_heading_t *heading)
{
    switch (BER_TAG_NUMBER(tlv->tag)) {
    case 1: return descriptors_read(reader, tlv, pool, &heading->authorizing);
    case 2: return recipients_read(reader, tlv, pool, &heading->primary);
    case 3: return recipients_read(reader, tlv, pool, &heading->copy);
    case 4: return recipients_read(reader, tlv, pool, &heading->blind_copy);
    case 5: return reference_read(reader, tlv, pool, &heading->replied_to);
    case 6: return ipm_ids_read(reader, tlv, pool, &heading->obsoleted);
    case 7: return ipm_ids_read(reader, tlv, pool, &heading->related);
    case 11: return descriptors_read(reader, tlv, pool, &heading->reply_recipients);
    default: return x420_extensions_read(reader, tlv, pool, &heading->extensions);
    }
}

static bool heading_element(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                            x420_heading_t *heading)
{
    if (tlv->tag == BER_APPLICATION(11))
        return x420_ipm_id_read(reader, tlv, pool, &heading->this_ipm);
    if (BER_TAG_CLASS(tlv->tag) != 2 || BER_TAG_NUMBER(tlv->tag) > 15) {
        heading->unknown_count++;
        return true;
    }
    switch (BER_TAG_NUMBER(tlv->tag)) {
    case 0:
        heading->originator_present = true;
        return x420_descriptor_read(reader, tlv, pool, &heading->originator);
    case 8: return subject_read(reader, tlv, pool, &heading->subject);
    case 9: return x411_time_read_value(reader, tlv, pool, &heading->expiry_time);
    case 10: return x411_time_read_value(reader, tlv, pool, &heading->reply_time);
    case 12: heading->importance_present = true; return ber_value_integer(reader, tlv, &heading->importance);
    case 13:
        heading->sensitivity_present = true;
        return ber_value_integer(reader, tlv, &heading->sensitivity);
    case 14:
        heading->auto_forwarded_present = true;
        return ber_value_boolean(reader, tlv, &heading->auto_forwarded);
    default: return heading_lists(reader, tlv, pool, heading);
    }
}

bool x420_heading_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                       x420_heading_t *heading)
{
    ber_reader_t child;
    *heading = (x420_heading_t){0};
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        ber_tlv_t element;
        if (!ber_read(&child, &element) || !heading_element(&child, &element, pool, heading))
            return false;
    }
    return ber_ok(reader);
}
