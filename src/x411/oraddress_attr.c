/* The values of the extension attributes of an O/R address (X.411 Figure 2, ExtensionAttributeTable). */
#include "x411/oraddress.h"

#include "x411/fields.h"
#include "x411/scratch.h"

static const char *const names[] = {
    NULL,
    "common-name",
    "teletex-common-name",
    "teletex-organization-name",
    "teletex-personal-name",
    "teletex-organizational-unit-names",
    "teletex-domain-defined-attributes",
    "pds-name",
    "physical-delivery-country-name",
    "postal-code",
    "physical-delivery-office-name",
    "physical-delivery-office-number",
    "extension-OR-address-components",
    "physical-delivery-personal-name",
    "physical-delivery-organization-name",
    "extension-physical-delivery-address-components",
    "unformatted-postal-address",
    "street-address",
    "post-office-box-address",
    "poste-restante-address",
    "unique-postal-name",
    "local-postal-attributes",
    "extended-network-address",
    "terminal-type",
    "universal-common-name",
    "universal-organization-name",
    "universal-personal-name",
    "universal-organizational-unit-names",
    "universal-domain-defined-attributes",
    "universal-physical-delivery-office-name",
    "universal-physical-delivery-office-number",
    "universal-extension-OR-address-components",
    "universal-physical-delivery-personal-name",
    "universal-physical-delivery-organization-name",
    "universal-extension-physical-delivery-address-components",
    "universal-unformatted-postal-address",
    "universal-street-address",
    "universal-post-office-box-address",
    "universal-poste-restante-address",
    "universal-unique-postal-name",
    "universal-local-postal-attributes",
};

const char *x411_attribute_name(int64_t type)
{
    return type >= 1 && type < (int64_t)(sizeof(names) / sizeof(names[0])) ? names[type] : NULL;
}

const x411_extension_attribute_t *x411_or_address_find(const x411_or_address_t *address, int64_t type)
{
    for (unsigned i = 0; i < address->extension_count; i++)
        if (address->extensions[i].type == type)
            return &address->extensions[i];
    return NULL;
}

/* Starts reading the value of the attribute; false if it is absent. */
static bool open_value(const x411_or_address_t *address, int64_t type, ber_fault_t *fault,
                       ber_reader_t *reader, ber_tlv_t *tlv)
{
    const x411_extension_attribute_t *extension = x411_or_address_find(address, type);
    if (!extension || !extension->value.length)
        return false;
    ber_reader_init(reader, extension->value, fault);
    return ber_read(reader, tlv) && ber_done(reader);
}

bool x411_attribute_string(const x411_or_address_t *address, int64_t type, apr_pool_t *pool,
                           x411_string_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = X411_ABSENT;
    return open_value(address, type, &fault, &reader, &tlv) &&
           x411_string_read_choice(&reader, &tlv, pool, value);
}

bool x411_attribute_personal_name(const x411_or_address_t *address, apr_pool_t *pool,
                                  x411_personal_name_t *name)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t set;
    ber_tlv_t tlv;
    *name = (x411_personal_name_t){0};
    if (!open_value(address, X411_EA_TELETEX_PERSONAL_NAME, &fault, &reader, &tlv) || tlv.tag != BER_SET ||
        !ber_children(&reader, &tlv, &set))
        return false;
    x411_string_t *const part[4] = {&name->surname, &name->given_name, &name->initials, &name->generation};
    while (ber_more(&set)) {
        if (!ber_read(&set, &tlv) || BER_TAG_CLASS(tlv.tag) != 2 || BER_TAG_NUMBER(tlv.tag) > 3)
            return false;
        x411_string_read(&set, &tlv, BER_TELETEX_STRING, pool, part[BER_TAG_NUMBER(tlv.tag)]);
    }
    return ber_ok(&reader);
}

/* Counts the elements of a list value and starts list over it. */
static bool open_list(const x411_or_address_t *address, int64_t type, unsigned limit, ber_fault_t *fault,
                      ber_reader_t *list, unsigned *count)
{
    ber_reader_t reader;
    ber_tlv_t tlv;
    *count = 0;
    if (!open_value(address, type, fault, &reader, &tlv) || tlv.tag != BER_SEQUENCE ||
        !ber_children(&reader, &tlv, list))
        return false;
    ber_reader_t scan = *list;
    while (ber_more(&scan) && ber_read(&scan, &tlv))
        if (++*count > limit)
            return false;
    return ber_ok(&scan);
}

bool x411_attribute_strings(const x411_or_address_t *address, int64_t type, apr_pool_t *pool,
                            x411_string_t **values, unsigned *count)
{
    ber_fault_t fault;
    ber_reader_t list;
    ber_tlv_t item;
    unsigned total;
    *count = 0;
    *values = NULL;
    if (!open_list(address, type, X411_LIMIT_OUS, &fault, &list, &total))
        return false;
    *values = apr_palloc(pool, (total + 1) * sizeof(**values));
    for (unsigned i = 0; i < total; i++)
        if (!ber_read(&list, &item) || !x411_string_read_choice(&list, &item, pool, &(*values)[i]))
            return false;
    *count = total;
    return true;
}

bool x411_attribute_ddas(const x411_or_address_t *address, apr_pool_t *pool, x411_dda_t **ddas,
                         unsigned *count)
{
    ber_fault_t fault;
    ber_reader_t list;
    ber_reader_t pair;
    ber_tlv_t item;
    unsigned total;
    *count = 0;
    *ddas = NULL;
    if (!open_list(address, X411_EA_TELETEX_DDAS, X411_LIMIT_DDAS, &fault, &list, &total))
        return false;
    *ddas = apr_palloc(pool, (total + 1) * sizeof(**ddas));
    for (unsigned i = 0; i < total; i++)
        if (!ber_enter(&list, BER_SEQUENCE, &pair) || !ber_read(&pair, &item) ||
            !x411_string_read_choice(&pair, &item, pool, &(*ddas)[i].type) || !ber_read(&pair, &item) ||
            !x411_string_read_choice(&pair, &item, pool, &(*ddas)[i].value) || !ber_done(&pair))
            return false;
    *count = total;
    return true;
}

bool x411_attribute_pds(const x411_or_address_t *address, int64_t type, apr_pool_t *pool, x411_pds_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t set;
    ber_tlv_t tlv;
    *value = (x411_pds_t){X411_ABSENT, X411_ABSENT};
    if (!open_value(address, type, &fault, &reader, &tlv) || tlv.tag != BER_SET ||
        !ber_children(&reader, &tlv, &set))
        return false;
    while (ber_more(&set)) {
        x411_string_t string;
        if (!ber_read(&set, &tlv) || !x411_string_read_choice(&set, &tlv, pool, &string))
            return false;
        if (string.type == BER_TELETEX_STRING)
            value->teletex = string;
        else
            value->printable = string;
    }
    return ber_ok(&reader);
}

/* A UniversalOrBMPString SET that has been read. */
static bool read_universal(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                           x411_universal_t *value)
{
    ber_reader_t set;
    ber_tlv_t item;
    *value = (x411_universal_t){BYTES_NONE, 0, BYTES_NONE};
    if (!ber_children(reader, tlv, &set))
        return false;
    while (ber_more(&set) && ber_read(&set, &item)) {
        if (item.tag == BER_BMP_STRING || item.tag == BER_UNIVERSAL_STRING) {
            value->type = item.tag;
            ber_value_octets(&set, &item, pool, &value->octets);
        } else if (item.tag == BER_PRINTABLE_STRING) {
            ber_value_octets(&set, &item, pool, &value->language);
        } else {
            return ber_fail_at(&set, &item, "unexpected element in a universal string");
        }
    }
    return ber_ok(reader) && value->type != 0;
}

bool x411_attribute_universal(const x411_or_address_t *address, int64_t type, apr_pool_t *pool,
                              x411_universal_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = (x411_universal_t){BYTES_NONE, 0, BYTES_NONE};
    return open_value(address, type, &fault, &reader, &tlv) && tlv.tag == BER_SET &&
           read_universal(&reader, &tlv, pool, value);
}

bool x411_attribute_universal_personal_name(const x411_or_address_t *address, apr_pool_t *pool,
                                            x411_universal_t name[4])
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t set;
    ber_tlv_t tlv;
    for (unsigned i = 0; i < 4; i++)
        name[i] = (x411_universal_t){BYTES_NONE, 0, BYTES_NONE};
    if (!open_value(address, X411_EA_UNIVERSAL_PERSONAL_NAME, &fault, &reader, &tlv) || tlv.tag != BER_SET ||
        !ber_children(&reader, &tlv, &set))
        return false;
    while (ber_more(&set))
        if (!ber_read(&set, &tlv) || BER_TAG_CLASS(tlv.tag) != 2 || BER_TAG_NUMBER(tlv.tag) > 3 ||
            !read_universal(&set, &tlv, pool, &name[BER_TAG_NUMBER(tlv.tag)]))
            return false;
    return ber_ok(&reader);
}

static bool read_universal_item(ber_reader_t *list, apr_pool_t *pool, x411_universal_t *value)
{
    ber_tlv_t item;
    return ber_expect(list, BER_SET, &item) && read_universal(list, &item, pool, value);
}

bool x411_attribute_universal_ous(const x411_or_address_t *address, apr_pool_t *pool,
                                  x411_universal_t **values, unsigned *count)
{
    ber_fault_t fault;
    ber_reader_t list;
    unsigned total;
    *count = 0;
    *values = NULL;
    if (!open_list(address, X411_EA_UNIVERSAL_OUS, X411_LIMIT_OUS, &fault, &list, &total))
        return false;
    *values = apr_palloc(pool, (total + 1) * sizeof(**values));
    for (unsigned i = 0; i < total; i++)
        if (!read_universal_item(&list, pool, &(*values)[i]))
            return false;
    *count = total;
    return true;
}

bool x411_attribute_universal_ddas(const x411_or_address_t *address, apr_pool_t *pool,
                                   x411_universal_t **pairs, unsigned *count)
{
    ber_fault_t fault;
    ber_reader_t list;
    ber_reader_t pair;
    unsigned total;
    *count = 0;
    *pairs = NULL;
    if (!open_list(address, X411_EA_UNIVERSAL_DDAS, X411_LIMIT_DDAS, &fault, &list, &total))
        return false;
    *pairs = apr_palloc(pool, (2 * (size_t)total + 1) * sizeof(**pairs));
    for (unsigned i = 0; i < total; i++)
        if (!ber_enter(&list, BER_SEQUENCE, &pair) || !read_universal_item(&pair, pool, &(*pairs)[2 * i]) ||
            !read_universal_item(&pair, pool, &(*pairs)[2 * i + 1]) || !ber_done(&pair))
            return false;
    *count = total;
    return true;
}

bool x411_attribute_unformatted(const x411_or_address_t *address, apr_pool_t *pool, x411_string_t **lines,
                                unsigned *count, x411_string_t *teletex)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t set;
    ber_reader_t list;
    ber_tlv_t tlv;
    *lines = NULL;
    *count = 0;
    *teletex = X411_ABSENT;
    if (!open_value(address, X411_EA_UNFORMATTED_POSTAL, &fault, &reader, &tlv) || tlv.tag != BER_SET ||
        !ber_children(&reader, &tlv, &set))
        return false;
    while (ber_more(&set)) {
        if (!ber_read(&set, &tlv))
            return false;
        if (tlv.tag == BER_TELETEX_STRING) {
            x411_string_read_choice(&set, &tlv, pool, teletex);
            continue;
        }
        if (tlv.tag != BER_SEQUENCE || *lines || !ber_children(&set, &tlv, &list))
            return false;
        *lines = apr_palloc(pool, (size_t)X411_LIMIT_OUS * sizeof(**lines));
        while (ber_more(&list)) {
            if (*count == X411_LIMIT_OUS || !ber_read(&list, &tlv) ||
                !x411_string_read_choice(&list, &tlv, pool, &(*lines)[*count]))
                return false;
            ++*count;
        }
    }
    return ber_ok(&reader);
}

bool x411_attribute_terminal_type(const x411_or_address_t *address, int64_t *value)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    *value = 0;
    return open_value(address, X411_EA_TERMINAL_TYPE, &fault, &reader, &tlv) && tlv.tag == BER_INTEGER &&
           ber_value_integer(&reader, &tlv, value);
}

bool x411_attribute_network(const x411_or_address_t *address, apr_pool_t *pool, x411_string_t *number,
                            x411_string_t *subaddress, bytes_t *psap)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t sequence;
    ber_tlv_t tlv;
    *number = *subaddress = X411_ABSENT;
    *psap = BYTES_NONE;
    if (!open_value(address, X411_EA_EXTENDED_NETWORK, &fault, &reader, &tlv))
        return false;
    if (tlv.tag == BER_CONTEXT(0)) {
        *psap = tlv.whole;
        return true;
    }
    if (tlv.tag != BER_SEQUENCE || !ber_children(&reader, &tlv, &sequence) ||
        !ber_expect(&sequence, BER_CONTEXT(0), &tlv) ||
        !x411_string_read(&sequence, &tlv, BER_NUMERIC_STRING, pool, number))
        return false;
    if (ber_optional(&sequence, BER_CONTEXT(1), &tlv))
        x411_string_read(&sequence, &tlv, BER_NUMERIC_STRING, pool, subaddress);
    return ber_done(&sequence);
}

void x411_or_address_set_extension(apr_pool_t *pool, x411_or_address_t *address, int64_t type, bytes_t value)
{
    x411_extension_attribute_t *old = address->extensions;
    x411_extension_attribute_t *list = apr_palloc(pool, (address->extension_count + 1) * sizeof(*list));
    unsigned count = 0;
    bool placed = value.length == 0;
    for (unsigned i = 0; i < address->extension_count; i++) {
        if (old[i].type != type) {
            list[count++] = old[i];
        } else if (!placed) {
            list[count++] = (x411_extension_attribute_t){type, bytes_copy(pool, value)};
            placed = true;
        }
    }
    if (!placed)
        list[count++] = (x411_extension_attribute_t){type, bytes_copy(pool, value)};
    address->extensions = list;
    address->extension_count = count;
    address->extensions_present = count > 0;
}

void x411_or_address_set_common_name(apr_pool_t *pool, x411_or_address_t *address, bytes_t text)
{
    x411_scratch_t scratch;
    x411_scratch_init(&scratch, X411_SCRATCH_LIMIT);
    ber_put_octets(&scratch.writer, BER_PRINTABLE_STRING, text);
    x411_or_address_set_extension(pool, address, X411_EA_COMMON_NAME, x411_scratch_take(&scratch, pool));
}

x411_string_t x411_or_address_common_name(const x411_or_address_t *address, apr_pool_t *pool)
{
    x411_string_t name;
    if (address->extension_count && !x411_attribute_string(address, X411_EA_COMMON_NAME, pool, &name))
        x411_attribute_string(address, X411_EA_TELETEX_COMMON_NAME, pool, &name);
    return address->extension_count ? name : X411_ABSENT;
}
