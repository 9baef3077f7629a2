/* Extended body parts (X.420 clause 7.3.12, Annex B): parameters and data as EXTERNALs. */
#include "x420/ipm_read.h"

static bool is_string_tag(ber_tag_t tag)
{
    switch (tag) {
    case BER_OCTET_STRING:
    case BER_UTF8_STRING:
    case BER_NUMERIC_STRING:
    case BER_PRINTABLE_STRING:
    case BER_TELETEX_STRING:
    case BER_VIDEOTEX_STRING:
    case BER_IA5_STRING:
    case BER_GRAPHIC_STRING:
    case BER_VISIBLE_STRING:
    case BER_GENERAL_STRING:
    case BER_UNIVERSAL_STRING:
    case BER_BMP_STRING: return true;
    default: return false;
    }
}

static bool external_value(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                           x420_external_t *external)
{
    ber_reader_t child;
    switch (BER_TAG_NUMBER(tlv->tag)) {
    case 0:
        external->encoding = X420_SINGLE_ASN1;
        if (!ber_children(reader, tlv, &child) || !ber_read(&child, &external->value))
            return false;
        external->octets = external->value.content;
        if (external->value.constructed && is_string_tag(external->value.tag))
            return ber_value_octets(&child, &external->value, pool, &external->octets);
        return true;
    case 1: external->encoding = X420_OCTET_ALIGNED; break;
    case 2: external->encoding = X420_ARBITRARY; break;
    default: return ber_fail_at(reader, tlv, "unknown encoding of an EXTERNAL");
    }
    return ber_value_octets(reader, tlv, pool, &external->octets);
}

/* The contents of an EXTERNAL (X.690 8.18); INSTANCE OF encodes the same way. */
static bool external_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_external_t *external)
{
    ber_reader_t child;
    ber_tlv_t element;
    *external = (x420_external_t){.present = true, .encoding = X420_NO_VALUE};
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        if (!ber_read(&child, &element))
            return false;
        if (element.tag == BER_OBJECT_IDENTIFIER) {
            if (!ber_value_primitive(&child, &element, &external->oid))
                return false;
        } else if (BER_TAG_CLASS(element.tag) == 2) {
            if (!external_value(&child, &element, pool, external))
                return false;
        } else if (element.tag != BER_INTEGER && element.tag != BER_OBJECT_DESCRIPTOR) {
            return ber_fail_at(&child, &element, "unexpected element in an EXTERNAL");
        }
    }
    return ber_ok(reader);
}

/* {2 6 1 4 n}: data of extended body part types. */
static const x420_extended_t extended_types[] = {
    [0] = X420_EXTENDED_IA5,
    [2] = X420_EXTENDED_G3,
    [3] = X420_EXTENDED_G4,
    [4] = X420_EXTENDED_TELETEX,
    [5] = X420_EXTENDED_VIDEOTEX,
    [6] = X420_EXTENDED_ENCRYPTED,
    [7] = X420_EXTENDED_MESSAGE,
    [8] = X420_EXTENDED_MIXED_MODE,
    [9] = X420_EXTENDED_BILATERAL,
    [10] = X420_EXTENDED_NATIONAL,
    [11] = X420_EXTENDED_GENERAL_TEXT,
    [12] = X420_EXTENDED_FILE,
    [14] = X420_EXTENDED_REPORT,
    [15] = X420_EXTENDED_NOTIFICATION,
    [16] = X420_EXTENDED_VOICE,
    [17] = X420_EXTENDED_CONTENT,
};

static x420_extended_t extended_type(bytes_t oid)
{
    /* {joint-iso-itu-t mhs(6) ipms(1) et(4)}; forwarded content appends the content type. */
    if (oid.length < 4 || memcmp(oid.data, "\x56\x01\x04", 3) != 0)
        return X420_EXTENDED_OTHER;
    uint8_t arc = oid.data[3];
    if (arc >= sizeof(extended_types) / sizeof(extended_types[0]) || (oid.length > 4 && arc != 17))
        return X420_EXTENDED_OTHER;
    return extended_types[arc];
}

static bool charsets_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_body_t *body)
{
    ber_reader_t child;
    unsigned count = 0;
    if (!x420_count(reader, tlv, X420_LIMIT_CHARSETS, "too many character sets", &count) ||
        !ber_children(reader, tlv, &child))
        return false;
    body->charsets = apr_pcalloc(pool, (count + 1) * sizeof(*body->charsets));
    while (ber_more(&child)) {
        ber_tlv_t element;
        if (!ber_read(&child, &element) ||
            !ber_value_integer(&child, &element, &body->charsets[body->charset_count]))
            return false;
        body->charset_count++;
    }
    return ber_ok(reader);
}

/* FileTransferData: SEQUENCE OF EXTERNAL, the values joined. */
static bool file_data_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                           bytes_t *joined)
{
    unsigned count = 0;
    ber_reader_t child;
    ber_tlv_t element;
    size_t total = 0;
    if (!x420_count(reader, tlv, X420_LIMIT_PAGES, "too many pieces of a file", &count) ||
        !ber_children(reader, tlv, &child))
        return false;
    bytes_t *pieces = apr_pcalloc(pool, (count + 1) * sizeof(*pieces));
    for (unsigned i = 0; ber_more(&child); i++) {
        x420_external_t external;
        if (!ber_expect(&child, BER_EXTERNAL, &element) || !external_read(&child, &element, pool, &external))
            return false;
        pieces[i] = external.octets;
        total += external.octets.length;
    }
    if (count == 1) {
        *joined = pieces[0];
        return ber_ok(reader);
    }
    uint8_t *octets = apr_palloc(pool, total + 1);
    total = 0;
    for (unsigned i = 0; i < count; i++) {
        if (pieces[i].length)
            memcpy(octets + total, pieces[i].data, pieces[i].length);
        total += pieces[i].length;
    }
    *joined = bytes_make(octets, total);
    return ber_ok(reader);
}

/* The last element of a SEQUENCE OF GraphicString. */
static bool last_string(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, bytes_t *text)
{
    ber_reader_t child;
    ber_tlv_t element;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child))
        if (!ber_read(&child, &element) || !ber_value_octets(&child, &element, pool, text))
            return false;
    return ber_ok(reader);
}

static bool file_environment(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                             x420_file_t *file)
{
    ber_reader_t child;
    ber_reader_t inner;
    ber_tlv_t element;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        if (!ber_read(&child, &element))
            return false;
        if (element.tag == BER_CONTEXT(0)) {
            ber_tlv_t choice;
            if (!ber_children(&child, &element, &inner) || !ber_read(&inner, &choice))
                return false;
            if (choice.tag == BER_CONTEXT(0))
                file->application = choice.content;
        } else if (element.tag == BER_CONTEXT(3) &&
                   !last_string(&child, &element, pool, &file->description)) {
            return false;
        }
    }
    return ber_ok(reader);
}

static bool file_attributes(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                            x420_file_t *file)
{
    ber_reader_t child;
    ber_tlv_t element;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        if (!ber_read(&child, &element))
            return false;
        if (element.tag == BER_CONTEXT(0) || element.tag == BER_CONTEXT(23)) {
            if (!last_string(&child, &element, pool, &file->name))
                return false;
        } else if (element.tag == BER_CONTEXT(5)) {
            ber_reader_t inner;
            ber_tlv_t time;
            if (!ber_children(&child, &element, &inner) || !ber_read(&inner, &time))
                return false;
            if (time.tag == BER_GENERALIZED_TIME || time.tag == BER_CONTEXT(1))
                file->modified = time.content;
        }
    }
    return ber_ok(reader);
}

static bool file_contents_type(const ber_reader_t *reader, const ber_tlv_t *tlv, x420_file_t *file)
{
    ber_reader_t child;
    ber_reader_t inner;
    ber_tlv_t name;
    if (!ber_children(reader, tlv, &child))
        return false;
    if (!ber_enter_optional(&child, BER_CONTEXT(0), &inner))
        return ber_ok(reader);
    return ber_expect(&inner, BER_OBJECT_IDENTIFIER, &name) &&
           ber_value_primitive(&inner, &name, &file->document_type);
}

static bool file_parameters_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                                 x420_file_t *file)
{
    ber_reader_t child;
    ber_tlv_t element;
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child)) {
        bool good = ber_read(&child, &element);
        if (good && element.tag == BER_CONTEXT(1))
            good = file_contents_type(&child, &element, file);
        else if (good && element.tag == BER_CONTEXT(2))
            good = file_environment(&child, &element, pool, file);
        else if (good && element.tag == BER_CONTEXT(3))
            file->compressed = true;
        else if (good && element.tag == BER_CONTEXT(4))
            good = file_attributes(&child, &element, pool, file);
        if (!good)
            return false;
    }
    return ber_ok(reader);
}

/* Parameters that are not what they should be are noted; the data are read all the same. */
static void parameters_read(const ber_reader_t *reader, apr_pool_t *pool, x420_body_t *body)
{
    ber_fault_t fault = {.base = reader->fault->base};
    ber_reader_t own = *reader;
    own.fault = &fault;
    if (!body->parameters.present || body->parameters.encoding != X420_SINGLE_ASN1)
        return;
    if (body->extended == X420_EXTENDED_GENERAL_TEXT)
        charsets_read(&own, &body->parameters.value, pool, body);
    else if (body->extended == X420_EXTENDED_FILE)
        file_parameters_read(&own, &body->parameters.value, pool, &body->file);
    body->fault = fault.what;
}

static bool extended_data_read(const ber_reader_t *reader, apr_pool_t *pool, unsigned nesting,
                               x420_body_t *body)
{
    const ber_tlv_t *value = &body->data.value;
    parameters_read(reader, pool, body);
    switch (body->extended) {
    case X420_EXTENDED_GENERAL_TEXT:
    case X420_EXTENDED_IA5:
    case X420_EXTENDED_BILATERAL:
    case X420_EXTENDED_VIDEOTEX: body->octets = body->data.octets; return true;
    case X420_EXTENDED_TELETEX: return x420_pages_join(reader, value, pool, &body->octets);
    case X420_EXTENDED_FILE: return file_data_read(reader, value, pool, &body->file.octets);
    case X420_EXTENDED_MESSAGE: {
        if (nesting >= X420_LIMIT_NESTING)
            return true;
        ber_reader_t fresh = *reader;
        fresh.depth = 0;
        x420_ipm_t *message = apr_pcalloc(pool, sizeof(*message));
        if (!x420_ipm_read(&fresh, value, pool, nesting + 1, message))
            return false;
        body->message = message;
        return true;
    }
    default: return true;
    }
}

bool x420_extended_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, unsigned nesting,
                        x420_body_t *body)
{
    ber_reader_t child;
    ber_tlv_t element;
    if (!ber_children(reader, tlv, &child))
        return false;
    if (ber_optional(&child, BER_CONTEXT(0), &element) &&
        !external_read(&child, &element, pool, &body->parameters))
        return false;
    if (!ber_expect(&child, BER_EXTERNAL, &element) || !external_read(&child, &element, pool, &body->data))
        return false;
    body->extended = extended_type(body->data.oid);
    if (body->data.encoding != X420_SINGLE_ASN1) {
        body->octets = body->data.octets;
        return true;
    }
    return extended_data_read(&child, pool, nesting, body);
}
