#include "x411/oraddress.h"

#include <apr_strings.h>

#include "x411/fields.h"

bool x411_or_name_is_empty(const x411_or_name_t *name)
{
    const x411_or_address_t *a = &name->address;
    return !x411_present(&a->country) && !x411_present(&a->admd) && !x411_present(&a->prmd) &&
           !x411_present(&a->x121) && !x411_present(&a->terminal_id) && !x411_present(&a->organization) &&
           !x411_present(&a->numeric_user_id) && !a->personal_name_present && !a->ous_present &&
           !a->ddas_present && !a->extensions_present;
}

/* A CHOICE of numeric and printable under an explicit tag. */
static bool read_choice(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                        x411_string_t *value)
{
    ber_reader_t child;
    ber_tlv_t item;
    return ber_children(reader, tlv, &child) && ber_read(&child, &item) &&
           x411_string_read_choice(&child, &item, pool, value) && ber_done(&child);
}

static bool read_personal_name(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                               x411_personal_name_t *name)
{
    ber_reader_t set;
    if (!ber_children(reader, tlv, &set))
        return false;
    x411_string_t *const part[4] = {&name->surname, &name->given_name, &name->initials, &name->generation};
    while (ber_more(&set)) {
        ber_tlv_t item;
        if (!ber_read(&set, &item))
            return false;
        unsigned index = BER_TAG_NUMBER(item.tag);
        if (BER_TAG_CLASS(item.tag) != 2 || index > 3)
            return ber_fail_at(&set, &item, "unexpected element in a personal name");
        if (x411_present(part[index]))
            return ber_fail_at(&set, &item, "a part of a personal name is there twice");
        x411_string_read(&set, &item, BER_PRINTABLE_STRING, pool, part[index]);
    }
    return ber_ok(reader);
}

/* The number of elements in a list, at most limit. */
static bool count_list(const ber_reader_t *reader, const ber_tlv_t *tlv, unsigned limit, const char *too_many,
                       ber_reader_t *list, unsigned *count)
{
    *count = 0;
    if (!ber_children(reader, tlv, list))
        return false;
    ber_reader_t scan = *list;
    ber_tlv_t item;
    while (ber_more(&scan) && ber_read(&scan, &item))
        if (++*count > limit)
            return ber_fail_at(reader, tlv, too_many);
    return ber_ok(reader);
}

static bool read_ous(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                     x411_or_address_t *address)
{
    ber_reader_t list;
    ber_tlv_t item;
    unsigned count;
    address->ous_present = true;
    if (!count_list(reader, tlv, X411_LIMIT_OUS, "too many organizational units", &list, &count))
        return false;
    address->ous = apr_palloc(pool, (count + 1) * sizeof(x411_string_t));
    for (; address->ou_count < count; address->ou_count++)
        if (!ber_read(&list, &item) ||
            !x411_string_read_choice(&list, &item, pool, &address->ous[address->ou_count]))
            return false;
    return ber_done(&list);
}

static bool read_standard_attribute(const ber_reader_t *sequence, const ber_tlv_t *item, apr_pool_t *pool,
                                    x411_or_address_t *address)
{
    x411_string_t *field = NULL;
    ber_tag_t type = 0; /* of an implicit string; 0 = a choice */
    switch (item->tag) {
    case BER_APPLICATION(1): field = &address->country; break;
    case BER_APPLICATION(2): field = &address->admd; break;
    case BER_CONTEXT(2): field = &address->prmd; break;
    case BER_CONTEXT(0):
        field = &address->x121;
        type = BER_NUMERIC_STRING;
        break;
    case BER_CONTEXT(1):
        field = &address->terminal_id;
        type = BER_PRINTABLE_STRING;
        break;
    case BER_CONTEXT(3):
        field = &address->organization;
        type = BER_PRINTABLE_STRING;
        break;
    case BER_CONTEXT(4):
        field = &address->numeric_user_id;
        type = BER_NUMERIC_STRING;
        break;
    case BER_CONTEXT(5):
        if (address->personal_name_present)
            break;
        address->personal_name_present = true;
        return read_personal_name(sequence, item, pool, &address->personal_name);
    case BER_CONTEXT(6):
        if (address->ous_present)
            break;
        return read_ous(sequence, item, pool, address);
    default: return ber_fail_at(sequence, item, "unexpected element in the standard attributes");
    }
    if (!field || x411_present(field))
        return ber_fail_at(sequence, item, "an attribute is there twice");
    return type ? x411_string_read(sequence, item, type, pool, field)
                : read_choice(sequence, item, pool, field);
}

static bool read_ddas(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                      x411_or_address_t *address)
{
    ber_reader_t list;
    ber_tlv_t item;
    unsigned count;
    address->ddas_present = true;
    if (!count_list(reader, tlv, X411_LIMIT_DDAS, "too many domain-defined attributes", &list, &count))
        return false;
    address->ddas = apr_palloc(pool, (count + 1) * sizeof(x411_dda_t));
    for (; address->dda_count < count; address->dda_count++) {
        x411_dda_t *dda = &address->ddas[address->dda_count];
        ber_reader_t pair;
        if (!ber_enter(&list, BER_SEQUENCE, &pair) || !ber_read(&pair, &item) ||
            !x411_string_read_choice(&pair, &item, pool, &dda->type) || !ber_read(&pair, &item) ||
            !x411_string_read_choice(&pair, &item, pool, &dda->value) || !ber_done(&pair))
            return false;
    }
    return ber_ok(reader);
}

static bool read_extension_attributes(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                                      x411_or_address_t *address)
{
    ber_reader_t list;
    ber_tlv_t item;
    unsigned count;
    address->extensions_present = true;
    if (!count_list(reader, tlv, X411_LIMIT_EXTENSION_ATTRIBUTES, "too many extension attributes", &list,
                    &count))
        return false;
    address->extensions = apr_palloc(pool, (count + 1) * sizeof(x411_extension_attribute_t));
    for (; address->extension_count < count; address->extension_count++) {
        x411_extension_attribute_t *extension = &address->extensions[address->extension_count];
        ber_reader_t pair;
        ber_reader_t value;
        if (!ber_enter(&list, BER_SEQUENCE, &pair) || !ber_expect(&pair, BER_CONTEXT(0), &item) ||
            !ber_value_integer(&pair, &item, &extension->type) || !ber_enter(&pair, BER_CONTEXT(1), &value) ||
            !ber_read(&value, &item) || !ber_done(&value) || !ber_done(&pair))
            return false;
        extension->value = item.whole;
    }
    return ber_ok(reader);
}

/* The elements that an ORAddress and an ORName begin with. */
static bool read_address(ber_reader_t *sequence, apr_pool_t *pool, x411_or_address_t *address)
{
    ber_reader_t attributes;
    ber_tlv_t item;
    if (!ber_more(sequence)) /* an empty name: nothing is there */
        return ber_ok(sequence);
    if (!ber_enter(sequence, BER_SEQUENCE, &attributes))
        return false;
    while (ber_more(&attributes))
        if (!ber_read(&attributes, &item) || !read_standard_attribute(&attributes, &item, pool, address))
            return false;
    if (ber_optional(sequence, BER_SEQUENCE, &item) && !read_ddas(sequence, &item, pool, address))
        return false;
    if (ber_optional(sequence, BER_SET, &item) && !read_extension_attributes(sequence, &item, pool, address))
        return false;
    return ber_ok(sequence);
}

bool x411_or_name_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                       x411_or_name_t *name)
{
    ber_reader_t sequence;
    *name = (x411_or_name_t){.raw = tlv->content};
    if (!ber_children(reader, tlv, &sequence) || !read_address(&sequence, pool, &name->address))
        return false;
    ber_reader_t directory;
    ber_tlv_t item;
    if (ber_enter_optional(&sequence, BER_CONTEXT(0), &directory)) {
        if (!ber_read(&directory, &item) || !ber_done(&directory))
            return false;
        name->directory_name = item.whole;
    }
    return ber_done(&sequence);
}

bool x411_or_address_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x411_or_address_t *address)
{
    ber_reader_t sequence;
    *address = (x411_or_address_t){0};
    return ber_children(reader, tlv, &sequence) && read_address(&sequence, pool, address) &&
           ber_done(&sequence);
}

err_t *x411_or_name_decode(apr_pool_t *pool, bytes_t octets, x411_or_name_t *name)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    ber_reader_init(&reader, octets, &fault);
    if (ber_expect(&reader, BER_APPLICATION(0), &tlv) && x411_or_name_read(&reader, &tlv, pool, name) &&
        ber_done(&reader))
        return NULL;
    return err_create(pool, X411_ERROR_MALFORMED, "P1", "malformed O/R name: %s at octet %" APR_SIZE_T_FMT,
                      fault.what, fault.offset);
}

/* Writing. */

static void write_choice(ber_writer_t *writer, ber_tag_t tag, const x411_string_t *value)
{
    if (!x411_present(value))
        return;
    ber_open(writer, tag);
    ber_put_octets(writer, value->type, value->octets);
    ber_close(writer);
}

static void write_standard_attributes(ber_writer_t *writer, const x411_or_address_t *address)
{
    ber_open(writer, BER_SEQUENCE);
    write_choice(writer, BER_APPLICATION(1), &address->country);
    write_choice(writer, BER_APPLICATION(2), &address->admd);
    x411_string_write(writer, BER_CONTEXT(0), &address->x121);
    x411_string_write(writer, BER_CONTEXT(1), &address->terminal_id);
    write_choice(writer, BER_CONTEXT(2), &address->prmd);
    x411_string_write(writer, BER_CONTEXT(3), &address->organization);
    x411_string_write(writer, BER_CONTEXT(4), &address->numeric_user_id);
    if (address->personal_name_present) {
        ber_open(writer, BER_CONTEXT(5));
        x411_string_write(writer, BER_CONTEXT(0), &address->personal_name.surname);
        x411_string_write(writer, BER_CONTEXT(1), &address->personal_name.given_name);
        x411_string_write(writer, BER_CONTEXT(2), &address->personal_name.initials);
        x411_string_write(writer, BER_CONTEXT(3), &address->personal_name.generation);
        ber_close(writer);
    }
    if (address->ous_present) {
        ber_open(writer, BER_CONTEXT(6));
        for (unsigned i = 0; i < address->ou_count; i++)
            ber_put_octets(writer, address->ous[i].type, address->ous[i].octets);
        ber_close(writer);
    }
    ber_close(writer);
}

void x411_or_address_write_contents(ber_writer_t *writer, const x411_or_address_t *address)
{
    write_standard_attributes(writer, address);
    if (address->ddas_present) {
        ber_open(writer, BER_SEQUENCE);
        for (unsigned i = 0; i < address->dda_count; i++) {
            ber_open(writer, BER_SEQUENCE);
            ber_put_octets(writer, address->ddas[i].type.type, address->ddas[i].type.octets);
            ber_put_octets(writer, address->ddas[i].value.type, address->ddas[i].value.octets);
            ber_close(writer);
        }
        ber_close(writer);
    }
    if (address->extensions_present) {
        ber_open(writer, BER_SET);
        for (unsigned i = 0; i < address->extension_count; i++) {
            ber_open(writer, BER_SEQUENCE);
            ber_put_integer(writer, BER_CONTEXT(0), address->extensions[i].type);
            ber_open(writer, BER_CONTEXT(1));
            ber_put_raw(writer, address->extensions[i].value);
            ber_close(writer);
            ber_close(writer);
        }
        ber_close(writer);
    }
}

void x411_or_name_write(ber_writer_t *writer, ber_tag_t tag, const x411_or_name_t *name)
{
    ber_open(writer, tag);
    if (name->raw.data) {
        ber_put_raw(writer, name->raw);
    } else {
        x411_or_address_write_contents(writer, &name->address);
        if (name->directory_name.length) {
            ber_open(writer, BER_CONTEXT(0));
            ber_put_raw(writer, name->directory_name);
            ber_close(writer);
        }
    }
    ber_close(writer);
}

/* Copies. */

static void copy_string(apr_pool_t *pool, x411_string_t *string)
{
    if (x411_present(string))
        string->octets = bytes_copy(pool, string->octets);
}

static void copy_address(apr_pool_t *pool, x411_or_address_t *a)
{
    x411_string_t *const strings[] = {&a->country,
                                      &a->admd,
                                      &a->prmd,
                                      &a->x121,
                                      &a->terminal_id,
                                      &a->organization,
                                      &a->numeric_user_id,
                                      &a->personal_name.surname,
                                      &a->personal_name.given_name,
                                      &a->personal_name.initials,
                                      &a->personal_name.generation};
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        copy_string(pool, strings[i]);
    if (a->ou_count)
        a->ous = apr_pmemdup(pool, a->ous, a->ou_count * sizeof(*a->ous));
    for (unsigned i = 0; i < a->ou_count; i++)
        copy_string(pool, &a->ous[i]);
    if (a->dda_count)
        a->ddas = apr_pmemdup(pool, a->ddas, a->dda_count * sizeof(*a->ddas));
    for (unsigned i = 0; i < a->dda_count; i++) {
        copy_string(pool, &a->ddas[i].type);
        copy_string(pool, &a->ddas[i].value);
    }
    if (a->extension_count)
        a->extensions = apr_pmemdup(pool, a->extensions, a->extension_count * sizeof(*a->extensions));
    for (unsigned i = 0; i < a->extension_count; i++)
        a->extensions[i].value = bytes_copy(pool, a->extensions[i].value);
}

x411_or_address_t *x411_or_address_copy(apr_pool_t *pool, const x411_or_address_t *address)
{
    x411_or_address_t *copy = apr_pmemdup(pool, address, sizeof(*address));
    copy_address(pool, copy);
    return copy;
}

x411_or_name_t *x411_or_name_copy(apr_pool_t *pool, const x411_or_name_t *name)
{
    x411_or_name_t *copy = apr_pmemdup(pool, name, sizeof(*name));
    copy_address(pool, &copy->address);
    if (copy->directory_name.length)
        copy->directory_name = bytes_copy(pool, copy->directory_name);
    if (copy->raw.data)
        copy->raw = bytes_copy(pool, copy->raw);
    return copy;
}
