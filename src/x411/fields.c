#include "x411/fields.h"

#include <apr_strings.h>

bool x411_string_read(const ber_reader_t *reader, const ber_tlv_t *tlv, ber_tag_t type, apr_pool_t *pool,
                      x411_string_t *string)
{
    string->type = type;
    return ber_value_octets(reader, tlv, pool, &string->octets);
}

static bool is_string_type(ber_tag_t tag)
{
    return tag == BER_OCTET_STRING || tag == BER_UTF8_STRING ||
           (tag >= BER_NUMERIC_STRING && tag <= BER_IA5_STRING) ||
           (tag >= BER_GRAPHIC_STRING && tag <= BER_BMP_STRING);
}

bool x411_string_read_choice(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                             x411_string_t *string)
{
    if (!is_string_type(tlv->tag))
        return ber_fail_at(reader, tlv, "not a character string");
    return x411_string_read(reader, tlv, tlv->tag, pool, string);
}

void x411_string_write(ber_writer_t *writer, ber_tag_t tag, const x411_string_t *string)
{
    if (x411_present(string))
        ber_put_octets(writer, tag, string->octets);
}

bool x411_time_read_value(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x411_time_t *time)
{
    if (!ber_value_octets(reader, tlv, pool, &time->text))
        return false;
    if (!time->text.data) /* present, though empty */
        time->text = bytes_make("", 0);
    return true;
}

void x411_time_write_value(ber_writer_t *writer, ber_tag_t tag, const x411_time_t *time)
{
    if (x411_time_present(time))
        ber_put_octets(writer, tag, time->text);
}

/* Encoded information types. */

static bool read_extended_eits(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                               x411_eits_t *eits)
{
    ber_reader_t list;
    if (!ber_children(reader, tlv, &list))
        return false;
    ber_reader_t scan = list;
    unsigned count = 0;
    ber_tlv_t item;
    while (ber_more(&scan) && ber_expect(&scan, BER_OBJECT_IDENTIFIER, &item))
        count++;
    if (!ber_ok(reader))
        return false;
    if (count > X411_LIMIT_EITS)
        return ber_fail_at(reader, tlv, "too many encoded information types");
    eits->extended = apr_palloc(pool, (count + 1) * sizeof(bytes_t));
    for (unsigned i = 0; i < count; i++) {
        ber_read(&list, &item);
        eits->extended[i] = item.content;
    }
    eits->extended_count = count;
    return true;
}

bool x411_eits_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x411_eits_t *eits)
{
    *eits = (x411_eits_t){.present = true, .raw = tlv->content};
    ber_reader_t set;
    if (!ber_children(reader, tlv, &set))
        return false;
    while (ber_more(&set)) {
        ber_tlv_t item;
        if (!ber_read(&set, &item))
            return false;
        if (item.tag == BER_CONTEXT(0))
            ber_value_bits(&set, &item, pool, &eits->built_in);
        else if (item.tag == BER_CONTEXT(4))
            read_extended_eits(&set, &item, pool, eits);
    }
    return ber_ok(reader);
}

void x411_eits_write(ber_writer_t *writer, ber_tag_t tag, const x411_eits_t *eits)
{
    if (!eits->present)
        return;
    ber_open(writer, tag);
    if (eits->raw.data) {
        ber_put_raw(writer, eits->raw);
    } else {
        ber_put_bits(writer, BER_CONTEXT(0), eits->built_in.octets.data, eits->built_in.count);
        if (eits->extended_count) {
            ber_open(writer, BER_CONTEXT(4));
            for (unsigned i = 0; i < eits->extended_count; i++)
                ber_put_oid(writer, BER_OBJECT_IDENTIFIER, eits->extended[i]);
            ber_close(writer);
        }
    }
    ber_close(writer);
}

x411_eits_t x411_eits_make(apr_pool_t *pool, const unsigned *bits, unsigned count)
{
    uint8_t *octets = apr_pcalloc(pool, X411_UB_BUILT_IN_EITS / 8);
    size_t last = 0;
    for (unsigned i = 0; i < count; i++) {
        if (bits[i] >= X411_UB_BUILT_IN_EITS)
            continue;
        octets[bits[i] / 8] |= (uint8_t)(0x80 >> bits[i] % 8);
        if (bits[i] + 1 > last)
            last = bits[i] + 1;
    }
    return (x411_eits_t){.present = true, .built_in = {bytes_make(octets, (last + 7) / 8), last}};
}

/* Content types. */

x411_content_type_t x411_content_type_make(int64_t built_in)
{
    return (x411_content_type_t){.present = true, .built_in = built_in};
}

void x411_content_type_write(ber_writer_t *writer, const x411_content_type_t *type)
{
    if (!type->present)
        return;
    if (type->oid.length)
        ber_put_oid(writer, BER_OBJECT_IDENTIFIER, type->oid);
    else
        ber_put_integer(writer, BER_APPLICATION(6), type->built_in);
}

const char *x411_content_type_text(apr_pool_t *pool, const x411_content_type_t *type)
{
    if (!type->present)
        return "";
    if (!type->oid.length)
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)type->built_in);
    const char *text = ber_oid_text(pool, type->oid);
    return text ? text : bytes_to_hex(pool, type->oid);
}

bool x411_content_type_equal(const x411_content_type_t *a, const x411_content_type_t *b)
{
    if (a->present != b->present || a->oid.length != b->oid.length)
        return false;
    return a->oid.length ? bytes_equal(a->oid, b->oid) : !a->present || a->built_in == b->built_in;
}

/* Trace. */

static bool read_attempted(const ber_reader_t *set, const ber_tlv_t *item, bool internal, apr_pool_t *pool,
                           x411_trace_element_t *element)
{
    element->attempted_present = true;
    if (item->tag == BER_APPLICATION(3))
        return x411_domain_read(set, item, pool, &element->attempted);
    if (internal)
        return x411_string_read_choice(set, item, pool, &element->attempted_mta);
    return ber_fail_at(set, item, "unexpected element in a trace element");
}

/* DomainSuppliedInformation or MTASuppliedInformation, a SET. */
static bool read_supplied(const ber_reader_t *reader, const ber_tlv_t *tlv, bool internal, apr_pool_t *pool,
                          x411_trace_element_t *element)
{
    ber_reader_t set;
    if (!ber_children(reader, tlv, &set))
        return false;
    while (ber_more(&set)) {
        ber_tlv_t item;
        if (!ber_read(&set, &item))
            return false;
        switch (item.tag) {
        case BER_CONTEXT(0): x411_time_read_value(&set, &item, pool, &element->arrival); break;
        case BER_CONTEXT(1): x411_time_read_value(&set, &item, pool, &element->deferred); break;
        case BER_CONTEXT(2): ber_value_integer(&set, &item, &element->action); break;
        case BER_CONTEXT(3):
            element->other_actions_present = true;
            ber_value_bits(&set, &item, pool, &element->other_actions);
            break;
        case BER_APPLICATION(5): x411_eits_read(&set, &item, pool, &element->converted); break;
        default: read_attempted(&set, &item, internal, pool, element); break;
        }
    }
    return ber_ok(reader);
}

static bool read_trace_element(const ber_reader_t *list, const ber_tlv_t *tlv, bool internal,
                               apr_pool_t *pool, x411_trace_element_t *element)
{
    ber_reader_t sequence;
    ber_tlv_t item;
    element->raw = tlv->content;
    if (!ber_children(list, tlv, &sequence) || !ber_expect(&sequence, BER_APPLICATION(3), &item) ||
        !x411_domain_read(&sequence, &item, pool, &element->domain))
        return false;
    if (internal &&
        (!ber_read(&sequence, &item) || !x411_string_read_choice(&sequence, &item, pool, &element->mta)))
        return false;
    return ber_expect(&sequence, BER_SET, &item) &&
           read_supplied(&sequence, &item, internal, pool, element) && ber_done(&sequence);
}

/* The number of elements in a list; a fault if there are more than limit. */
static bool count_elements(const ber_reader_t *reader, const ber_tlv_t *tlv, unsigned limit,
                           const char *too_many, unsigned *count)
{
    ber_reader_t list;
    *count = 0;
    if (!ber_children(reader, tlv, &list))
        return false;
    ber_tlv_t item;
    while (ber_more(&list) && ber_read(&list, &item))
        if (++*count > limit)
            return ber_fail_at(reader, tlv, too_many);
    return ber_ok(reader);
}

bool x411_trace_read(const ber_reader_t *reader, const ber_tlv_t *tlv, bool internal, apr_pool_t *pool,
                     x411_trace_t *trace)
{
    unsigned count;
    *trace = (x411_trace_t){0};
    if (!count_elements(reader, tlv, X411_LIMIT_TRACE, "too many trace elements", &count))
        return false;
    trace->capacity = count + 2; /* room for what this MTA adds */
    trace->elements = apr_pcalloc(pool, trace->capacity * sizeof(x411_trace_element_t));
    ber_reader_t list;
    ber_tlv_t item;
    ber_children(reader, tlv, &list);
    for (; trace->count < count; trace->count++)
        if (!ber_expect(&list, BER_SEQUENCE, &item) ||
            !read_trace_element(&list, &item, internal, pool, &trace->elements[trace->count]))
            return false;
    return ber_ok(reader);
}

static void write_trace_element(ber_writer_t *writer, const x411_trace_element_t *element)
{
    ber_open(writer, BER_SEQUENCE);
    if (element->raw.data) {
        ber_put_raw(writer, element->raw);
        ber_close(writer);
        return;
    }
    x411_domain_write(writer, &element->domain);
    x411_string_write(writer, BER_IA5_STRING, &element->mta);
    ber_open(writer, BER_SET);
    x411_time_write_value(writer, BER_CONTEXT(0), &element->arrival);
    ber_put_integer(writer, BER_CONTEXT(2), element->action);
    if (x411_present(&element->attempted_mta))
        ber_put_octets(writer, element->attempted_mta.type, element->attempted_mta.octets);
    else if (element->attempted_present)
        x411_domain_write(writer, &element->attempted);
    x411_time_write_value(writer, BER_CONTEXT(1), &element->deferred);
    x411_eits_write(writer, BER_APPLICATION(5), &element->converted);
    if (element->other_actions_present)
        ber_put_bits(writer, BER_CONTEXT(3), element->other_actions.octets.data,
                     element->other_actions.count);
    ber_close(writer);
    ber_close(writer);
}

void x411_trace_write(ber_writer_t *writer, ber_tag_t tag, const x411_trace_t *trace)
{
    ber_open(writer, tag);
    for (unsigned i = 0; i < trace->count; i++)
        write_trace_element(writer, &trace->elements[i]);
    ber_close(writer);
}

/* Extension fields. */

/* The type of an extension: [0] INTEGER implicit, [0] around an INTEGER or an OBJECT IDENTIFIER (1988 text),
 * [3] OBJECT IDENTIFIER implicit or explicit. */
static bool read_extension_type(const ber_reader_t *sequence, const ber_tlv_t *tlv,
                                x411_extension_t *extension)
{
    ber_tlv_t inner = *tlv;
    bool integer = tlv->tag == BER_CONTEXT(0);
    if (tlv->tag != BER_CONTEXT(0) && tlv->tag != BER_CONTEXT(3))
        return ber_fail_at(sequence, tlv, "not an extension type");
    if (tlv->constructed) {
        ber_reader_t child;
        if (!ber_children(sequence, tlv, &child) || !ber_read(&child, &inner) || !ber_done(&child))
            return false;
        extension->form = tlv->tag == BER_CONTEXT(0) ? X411_EXTENSION_FORM_1988 : X411_EXTENSION_FORM_LATER;
        integer = inner.tag == BER_INTEGER;
        if (!integer && inner.tag != BER_OBJECT_IDENTIFIER)
            return ber_fail_at(sequence, tlv, "not an extension type");
    }
    if (integer) {
        if (!ber_value_integer(sequence, &inner, &extension->type))
            return false;
        return extension->type >= 0 || ber_fail_at(sequence, tlv, "negative extension type");
    }
    extension->type = -1;
    return ber_value_primitive(sequence, &inner, &extension->oid) &&
           (extension->oid.length || ber_fail_at(sequence, tlv, "empty extension type"));
}

static bool read_extension(const ber_reader_t *list, const ber_tlv_t *tlv, apr_pool_t *pool,
                           x411_extension_t *extension)
{
    ber_reader_t sequence;
    ber_tlv_t item;
    if (!ber_children(list, tlv, &sequence) || !ber_read(&sequence, &item) ||
        !read_extension_type(&sequence, &item, extension))
        return false;
    if (ber_optional(&sequence, BER_CONTEXT(1), &item)) {
        extension->criticality_present = true;
        if (!ber_value_bits(&sequence, &item, pool, &extension->criticality))
            return false;
    }
    ber_reader_t value;
    if (ber_enter_optional(&sequence, BER_CONTEXT(2), &value)) {
        if (!ber_read(&value, &item) || !ber_done(&value))
            return false;
        extension->value = item.whole;
    }
    return ber_done(&sequence);
}

bool x411_extensions_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x411_extensions_t *extensions)
{
    unsigned count;
    *extensions = (x411_extensions_t){.present = true};
    if (!count_elements(reader, tlv, X411_LIMIT_EXTENSIONS, "too many extensions", &count))
        return false;
    extensions->capacity = count;
    if (count)
        extensions->items = apr_pcalloc(pool, count * sizeof(x411_extension_t));
    ber_reader_t list;
    ber_tlv_t item;
    ber_children(reader, tlv, &list);
    for (; extensions->count < count; extensions->count++)
        if (!ber_expect(&list, BER_SEQUENCE, &item) ||
            !read_extension(&list, &item, pool, &extensions->items[extensions->count]))
            return false;
    return ber_ok(reader);
}

void x411_extension_write(ber_writer_t *writer, const x411_extension_t *extension, x411_extension_form_t form)
{
    if (form == X411_EXTENSION_FORM_AS_RECEIVED)
        form = extension->form;
    ber_open(writer, BER_SEQUENCE);
    if (form == X411_EXTENSION_FORM_1988) {
        ber_open(writer, BER_CONTEXT(0));
        if (extension->type >= 0)
            ber_put_integer(writer, BER_INTEGER, extension->type);
        else
            ber_put_oid(writer, BER_OBJECT_IDENTIFIER, extension->oid);
        ber_close(writer);
    } else if (extension->type >= 0) {
        ber_put_integer(writer, BER_CONTEXT(0), extension->type);
    } else {
        ber_put_oid(writer, BER_CONTEXT(3), extension->oid);
    }
    if (extension->criticality_present)
        ber_put_bits(writer, BER_CONTEXT(1), extension->criticality.octets.data,
                     extension->criticality.count);
    if (extension->value.length) {
        ber_open(writer, BER_CONTEXT(2));
        ber_put_raw(writer, extension->value);
        ber_close(writer);
    }
    ber_close(writer);
}

void x411_extensions_write(ber_writer_t *writer, ber_tag_t tag, const x411_extensions_t *extensions,
                           x411_extension_form_t form)
{
    /* An empty set is the default and left out: peers have been seen to stumble over one. */
    if (extensions->count == 0)
        return;
    ber_open(writer, tag);
    for (unsigned i = 0; i < extensions->count; i++)
        x411_extension_write(writer, &extensions->items[i], form);
    ber_close(writer);
}
