/* Strings, identifiers, O/R names and trace as JSON. */
#include "x420/charset.h"
#include "x420/describe.h"

json_t *x420_describe_octets(bytes_t octets)
{
    size_t length = 0;
    char *text = malloc(octets.length * 2 + 1);
    if (!text)
        return json_null();
    for (size_t i = 0; i < octets.length; i++)
        length += x420_utf8_put(octets.data[i], (uint8_t *)text + length);
    json_t *string = json_stringn(text, length);
    free(text);
    return string;
}

json_t *x420_describe_utf8(const x420_describe_t *how, bytes_t utf8)
{
    utf8 = x420_utf8_clean(how->pool, utf8);
    return json_stringn(utf8.length ? (const char *)utf8.data : "", utf8.length);
}

json_t *x420_describe_string(const x420_describe_t *how, const x411_string_t *string)
{
    bytes_t utf8;
    if (!how->readable)
        return x420_describe_octets(string->octets);
    if (string->type == BER_TELETEX_STRING) {
        utf8 = x411_utf8_from_t61(how->pool, string->octets);
    } else if (string->type == BER_BMP_STRING || string->type == BER_UNIVERSAL_STRING) {
        x411_universal_t wide = {.octets = string->octets, .type = string->type};
        utf8 = x411_utf8_from_universal(how->pool, &wide);
    } else {
        return x420_describe_octets(string->octets);
    }
    return x420_describe_utf8(how, utf8);
}

json_t *x420_describe_bits(const x420_describe_t *how, const ber_bits_t *bits)
{
    char *text = apr_palloc(how->pool, bits->count + 1);
    for (size_t i = 0; i < bits->count; i++)
        text[i] = ber_bit(bits, i) ? '1' : '0';
    return json_stringn(text, bits->count);
}

json_t *x420_describe_hex(const x420_describe_t *how, bytes_t octets)
{
    return json_string(bytes_to_hex(how->pool, octets));
}

json_t *x420_describe_oid(const x420_describe_t *how, bytes_t oid)
{
    const char *text = ber_oid_text(how->pool, oid);
    return json_string(text ? text : bytes_to_hex(how->pool, oid));
}

static void put_string(const x420_describe_t *how, json_t *object, const char *key,
                       const x411_string_t *string)
{
    if (x411_present(string))
        json_object_set_new(object, key, x420_describe_string(how, string));
}

json_t *x420_describe_domain(const x420_describe_t *how, const x411_domain_t *domain)
{
    json_t *object = json_object();
    put_string(how, object, "country", &domain->country);
    put_string(how, object, "admd", &domain->admd);
    put_string(how, object, "prmd", &domain->prmd);
    return object;
}

json_t *x420_describe_mts_id(const x420_describe_t *how, const x411_mts_id_t *id)
{
    json_t *object = x420_describe_domain(how, &id->domain);
    put_string(how, object, "local", &id->local);
    return object;
}

static void put_personal_name(const x420_describe_t *how, json_t *object, const x411_personal_name_t *name)
{
    put_string(how, object, "surname", &name->surname);
    put_string(how, object, "given-name", &name->given_name);
    put_string(how, object, "initials", &name->initials);
    put_string(how, object, "generation-qualifier", &name->generation);
}

static json_t *strings(const x420_describe_t *how, const x411_string_t *list, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(array, x420_describe_string(how, &list[i]));
    return array;
}

static json_t *ddas(const x420_describe_t *how, const x411_dda_t *list, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *pair = json_array();
        json_array_append_new(pair, x420_describe_string(how, &list[i].type));
        json_array_append_new(pair, x420_describe_string(how, &list[i].value));
        json_array_append_new(array, pair);
    }
    return array;
}

static json_t *universal(const x420_describe_t *how, const x411_universal_t *value)
{
    bytes_t utf8 = x411_utf8_from_universal(how->pool, value);
    return x420_describe_utf8(how, utf8);
}

static json_t *universal_names(const x420_describe_t *how, const x411_or_address_t *address)
{
    static const char *const keys[] = {"surname", "given-name", "initials", "generation-qualifier"};
    x411_universal_t name[4];
    if (!x411_attribute_universal_personal_name(address, how->pool, name))
        return NULL;
    json_t *object = json_object();
    for (unsigned i = 0; i < 4; i++)
        if (name[i].type)
            json_object_set_new(object, keys[i], universal(how, &name[i]));
    return object;
}

static json_t *universal_list(const x420_describe_t *how, const x411_or_address_t *address, int64_t type)
{
    x411_universal_t *values = NULL;
    unsigned count = 0;
    json_t *array = json_array();
    if (type == X411_EA_UNIVERSAL_OUS && x411_attribute_universal_ous(address, how->pool, &values, &count)) {
        for (unsigned i = 0; i < count; i++)
            json_array_append_new(array, universal(how, &values[i]));
    } else if (type == X411_EA_UNIVERSAL_DDAS &&
               x411_attribute_universal_ddas(address, how->pool, &values, &count)) {
        for (unsigned i = 0; i < count; i++) {
            json_t *pair = json_array();
            json_array_append_new(pair, universal(how, &values[2 * i]));
            json_array_append_new(pair, universal(how, &values[2 * i + 1]));
            json_array_append_new(array, pair);
        }
    }
    return array;
}

static json_t *unformatted(const x420_describe_t *how, const x411_or_address_t *address)
{
    x411_string_t *lines = NULL;
    unsigned count = 0;
    x411_string_t teletex = X411_ABSENT;
    if (!x411_attribute_unformatted(address, how->pool, &lines, &count, &teletex))
        return NULL;
    json_t *object = json_object();
    if (count)
        json_object_set_new(object, "printable", strings(how, lines, count));
    put_string(how, object, "teletex", &teletex);
    return object;
}

static json_t *network_address(const x420_describe_t *how, const x411_or_address_t *address)
{
    x411_string_t number = X411_ABSENT;
    x411_string_t subaddress = X411_ABSENT;
    bytes_t psap = BYTES_NONE;
    if (!x411_attribute_network(address, how->pool, &number, &subaddress, &psap))
        return NULL;
    json_t *object = json_object();
    put_string(how, object, "number", &number);
    put_string(how, object, "sub-address", &subaddress);
    if (psap.length)
        json_object_set_new(object, "psap-address", x420_describe_hex(how, psap));
    return object;
}

/* The structured attributes; NULL if type is none of them or its value is malformed. */
static json_t *structured(const x420_describe_t *how, const x411_or_address_t *address, int64_t type)
{
    x411_personal_name_t name = {0};
    x411_string_t *list = NULL;
    x411_dda_t *pairs = NULL;
    unsigned count = 0;
    int64_t number = 0;
    switch (type) {
    case X411_EA_TELETEX_PERSONAL_NAME:
        if (x411_attribute_personal_name(address, how->pool, &name)) {
            json_t *object = json_object();
            put_personal_name(how, object, &name);
            return object;
        }
        return NULL;
    case X411_EA_TELETEX_OUS:
        return x411_attribute_strings(address, type, how->pool, &list, &count) ? strings(how, list, count)
                                                                               : NULL;
    case X411_EA_TELETEX_DDAS:
        return x411_attribute_ddas(address, how->pool, &pairs, &count) ? ddas(how, pairs, count) : NULL;
    case X411_EA_UNFORMATTED_POSTAL: return unformatted(how, address);
    case X411_EA_EXTENDED_NETWORK: return network_address(how, address);
    case X411_EA_TERMINAL_TYPE:
        return x411_attribute_terminal_type(address, &number) ? json_integer(number) : NULL;
    case X411_EA_UNIVERSAL_PERSONAL_NAME: return universal_names(how, address);
    case X411_EA_UNIVERSAL_OUS:
    case X411_EA_UNIVERSAL_DDAS: return universal_list(how, address, type);
    default: return NULL;
    }
}

static json_t *attribute(const x420_describe_t *how, const x411_or_address_t *address,
                         const x411_extension_attribute_t *extension)
{
    json_t *value = structured(how, address, extension->type);
    x411_string_t string;
    x411_universal_t wide;
    x411_pds_t pds;
    if (value)
        return value;
    if (x411_attribute_string(address, extension->type, how->pool, &string))
        return x420_describe_string(how, &string);
    if (x411_attribute_pds(address, extension->type, how->pool, &pds)) {
        value = json_object();
        put_string(how, value, "printable", &pds.printable);
        put_string(how, value, "teletex", &pds.teletex);
        return value;
    }
    if (x411_attribute_universal(address, extension->type, how->pool, &wide))
        return universal(how, &wide);
    return x420_describe_hex(how, extension->value);
}

static json_t *attributes(const x420_describe_t *how, const x411_or_address_t *address)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < address->extension_count; i++) {
        const x411_extension_attribute_t *extension = &address->extensions[i];
        char key[32];
        const char *name = x411_attribute_name(extension->type);
        snprintf(key, sizeof(key), "%lld", (long long)extension->type);
        json_object_set_new(object, name ? name : key, attribute(how, address, extension));
    }
    return object;
}

json_t *x420_describe_or_address(const x420_describe_t *how, const x411_or_address_t *address)
{
    json_t *object = json_object();
    put_string(how, object, "country", &address->country);
    put_string(how, object, "admd", &address->admd);
    put_string(how, object, "prmd", &address->prmd);
    put_string(how, object, "x121", &address->x121);
    put_string(how, object, "terminal-id", &address->terminal_id);
    put_string(how, object, "organization", &address->organization);
    put_string(how, object, "numeric-id", &address->numeric_user_id);
    put_personal_name(how, object, &address->personal_name);
    if (address->ous_present)
        json_object_set_new(object, "ou", strings(how, address->ous, address->ou_count));
    if (address->ddas_present)
        json_object_set_new(object, "dda", ddas(how, address->ddas, address->dda_count));
    if (address->extensions_present)
        json_object_set_new(object, "extension", attributes(how, address));
    return object;
}

json_t *x420_describe_or_name(const x420_describe_t *how, const x411_or_name_t *name)
{
    json_t *object = x420_describe_or_address(how, &name->address);
    if (name->directory_name.length)
        json_object_set_new(object, "directory_name_ber", x420_describe_hex(how, name->directory_name));
    return object;
}
