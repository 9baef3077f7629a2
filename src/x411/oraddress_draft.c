#include "x411/oraddress_draft.h"

#include "x411/fields.h"
#include "x411/scratch.h"

static bool is_pds(int64_t type)
{
    return type >= X411_EA_PD_OFFICE_NAME && type <= X411_EA_LOCAL_POSTAL &&
           type != X411_EA_UNFORMATTED_POSTAL;
}

static bool is_universal(int64_t type)
{
    return type == X411_EA_UNIVERSAL_COMMON_NAME || type == X411_EA_UNIVERSAL_ORGANIZATION ||
           (type >= X411_EA_UNIVERSAL_PD_OFFICE_NAME && type <= X411_EA_UNIVERSAL_LOCAL_POSTAL);
}

/* Writing the values. */

static void write_universal(ber_writer_t *writer, ber_tag_t tag, const x411_universal_t *value)
{
    if (!value->type)
        return;
    ber_open(writer, tag);
    ber_put_octets(writer, value->type, value->octets);
    if (value->language.length)
        ber_put_octets(writer, BER_PRINTABLE_STRING, value->language);
    ber_close(writer);
}

static void write_typed(ber_writer_t *writer, const x411_string_t *value)
{
    if (x411_present(value))
        ber_put_octets(writer, value->type, value->octets);
}

static void write_t61_name(ber_writer_t *writer, const x411_personal_name_t *name)
{
    if (!x411_present(&name->surname) && !x411_present(&name->given_name) && !x411_present(&name->initials) &&
        !x411_present(&name->generation))
        return;
    ber_open(writer, BER_SET);
    x411_string_write(writer, BER_CONTEXT(0), &name->surname);
    x411_string_write(writer, BER_CONTEXT(1), &name->given_name);
    x411_string_write(writer, BER_CONTEXT(2), &name->initials);
    x411_string_write(writer, BER_CONTEXT(3), &name->generation);
    ber_close(writer);
}

static void write_universal_name(ber_writer_t *writer, const x411_universal_t name[4])
{
    if (!name[0].type && !name[1].type && !name[2].type && !name[3].type)
        return;
    ber_open(writer, BER_SET);
    for (unsigned i = 0; i < 4; i++)
        write_universal(writer, BER_CONTEXT(i), &name[i]);
    ber_close(writer);
}

static void write_lists(ber_writer_t *writer, const draft_t *draft, int64_t type)
{
    unsigned count = type == X411_EA_TELETEX_OUS      ? draft->t61_ou_count
                     : type == X411_EA_TELETEX_DDAS   ? draft->t61_dda_count
                     : type == X411_EA_UNIVERSAL_OUS  ? draft->universal_ou_count
                     : type == X411_EA_UNIVERSAL_DDAS ? draft->universal_dda_count
                                                      : 0;
    if (!count)
        return;
    ber_open(writer, BER_SEQUENCE);
    for (unsigned i = 0; i < count; i++) {
        bool pair = type == X411_EA_TELETEX_DDAS || type == X411_EA_UNIVERSAL_DDAS;
        if (pair)
            ber_open(writer, BER_SEQUENCE);
        if (type == X411_EA_TELETEX_OUS) {
            write_typed(writer, &draft->t61_ous[i]);
        } else if (type == X411_EA_UNIVERSAL_OUS) {
            write_universal(writer, BER_SET, &draft->universal_ous[i]);
        } else if (type == X411_EA_TELETEX_DDAS) {
            write_typed(writer, &draft->t61_ddas[i].type);
            write_typed(writer, &draft->t61_ddas[i].value);
        } else {
            write_universal(writer, BER_SET, &draft->universal_ddas[i].type);
            write_universal(writer, BER_SET, &draft->universal_ddas[i].value);
        }
        if (pair)
            ber_close(writer);
    }
    ber_close(writer);
}

static void write_unformatted(ber_writer_t *writer, const draft_t *draft)
{
    const x411_string_t *teletex = &draft->t61[X411_EA_UNFORMATTED_POSTAL];
    if (!draft->line_count && !x411_present(teletex))
        return;
    ber_open(writer, BER_SET);
    if (draft->line_count) {
        ber_open(writer, BER_SEQUENCE);
        for (unsigned i = 0; i < draft->line_count; i++)
            write_typed(writer, &draft->lines[i]);
        ber_close(writer);
    }
    write_typed(writer, teletex);
    ber_close(writer);
}

static void write_network(ber_writer_t *writer, const draft_t *draft)
{
    if (!x411_present(&draft->net_number))
        return;
    ber_open(writer, BER_SEQUENCE);
    x411_string_write(writer, BER_CONTEXT(0), &draft->net_number);
    x411_string_write(writer, BER_CONTEXT(1), &draft->net_subaddress);
    ber_close(writer);
}

/* The value of the attribute as draft has it; nothing if it is absent. */
static void write_value(ber_writer_t *writer, const draft_t *draft, int64_t type)
{
    if (type == X411_EA_COMMON_NAME) {
        write_typed(writer, &draft->cn);
    } else if (type == X411_EA_TELETEX_COMMON_NAME || type == X411_EA_TELETEX_ORGANIZATION) {
        write_typed(writer, &draft->t61[type]);
    } else if (type == X411_EA_TELETEX_PERSONAL_NAME) {
        write_t61_name(writer, &draft->t61_name);
    } else if (type >= X411_EA_PDS_NAME && type <= X411_EA_POSTAL_CODE) {
        write_typed(writer, &draft->plain[type]);
    } else if (is_pds(type)) {
        const x411_pds_t *pds = &draft->pds[type];
        if (x411_present(&pds->printable) || x411_present(&pds->teletex)) {
            ber_open(writer, BER_SET);
            write_typed(writer, &pds->printable);
            write_typed(writer, &pds->teletex);
            ber_close(writer);
        }
    } else if (type == X411_EA_UNFORMATTED_POSTAL) {
        write_unformatted(writer, draft);
    } else if (type == X411_EA_EXTENDED_NETWORK) {
        write_network(writer, draft);
    } else if (type == X411_EA_TERMINAL_TYPE) {
        if (draft->terminal_type_present)
            ber_put_integer(writer, BER_INTEGER, draft->terminal_type);
    } else if (type == X411_EA_UNIVERSAL_PERSONAL_NAME) {
        write_universal_name(writer, draft->universal_name);
    } else if (is_universal(type)) {
        write_universal(writer, BER_SET, &draft->universal[type]);
    } else {
        write_lists(writer, draft, type);
    }
}

/* Reading the values. */

static bool read_universal_ddas(apr_pool_t *pool, const x411_or_address_t *address, draft_t *draft)
{
    x411_universal_t *pairs;
    unsigned count;
    if (!x411_attribute_universal_ddas(address, pool, &pairs, &count))
        return false;
    draft->universal_ddas = apr_palloc(pool, (count + 1) * sizeof(*draft->universal_ddas));
    for (unsigned i = 0; i < count; i++)
        draft->universal_ddas[i] = (draft_universal_dda_t){pairs[2 * i], pairs[2 * i + 1]};
    draft->universal_dda_count = count;
    return true;
}

static bool read_attribute(apr_pool_t *pool, const x411_or_address_t *address, int64_t type, draft_t *draft)
{
    bytes_t psap;
    switch (type) {
    case X411_EA_COMMON_NAME: return x411_attribute_string(address, type, pool, &draft->cn);
    case X411_EA_TELETEX_COMMON_NAME:
    case X411_EA_TELETEX_ORGANIZATION: return x411_attribute_string(address, type, pool, &draft->t61[type]);
    case X411_EA_TELETEX_PERSONAL_NAME: return x411_attribute_personal_name(address, pool, &draft->t61_name);
    case X411_EA_TELETEX_OUS:
        return x411_attribute_strings(address, type, pool, &draft->t61_ous, &draft->t61_ou_count);
    case X411_EA_TELETEX_DDAS:
        return x411_attribute_ddas(address, pool, &draft->t61_ddas, &draft->t61_dda_count);
    case X411_EA_PDS_NAME:
    case X411_EA_PD_COUNTRY:
    case X411_EA_POSTAL_CODE: return x411_attribute_string(address, type, pool, &draft->plain[type]);
    case X411_EA_UNFORMATTED_POSTAL:
        return x411_attribute_unformatted(address, pool, &draft->lines, &draft->line_count,
                                          &draft->t61[type]);
    case X411_EA_EXTENDED_NETWORK:
        return x411_attribute_network(address, pool, &draft->net_number, &draft->net_subaddress, &psap) &&
               psap.length == 0;
    case X411_EA_TERMINAL_TYPE:
        draft->terminal_type_present = x411_attribute_terminal_type(address, &draft->terminal_type);
        return draft->terminal_type_present;
    case X411_EA_UNIVERSAL_PERSONAL_NAME:
        return x411_attribute_universal_personal_name(address, pool, draft->universal_name);
    case X411_EA_UNIVERSAL_OUS:
        return x411_attribute_universal_ous(address, pool, &draft->universal_ous, &draft->universal_ou_count);
    case X411_EA_UNIVERSAL_DDAS: return read_universal_ddas(pool, address, draft);
    default:
        if (is_pds(type))
            return x411_attribute_pds(address, type, pool, &draft->pds[type]);
        return is_universal(type) && x411_attribute_universal(address, type, pool, &draft->universal[type]);
    }
}

/* Takes what was read of the attribute out of draft again. */
static void forget_attribute(draft_t *draft, int64_t type)
{
    if (type < 1 || type >= DRAFT_ATTRIBUTES)
        return;
    draft->t61[type] = draft->plain[type] = X411_ABSENT;
    draft->pds[type] = (x411_pds_t){X411_ABSENT, X411_ABSENT};
    draft->universal[type] = (x411_universal_t){BYTES_NONE, 0, BYTES_NONE};
    switch (type) {
    case X411_EA_COMMON_NAME: draft->cn = X411_ABSENT; break;
    case X411_EA_TELETEX_PERSONAL_NAME: draft->t61_name = (x411_personal_name_t){0}; break;
    case X411_EA_TELETEX_OUS: draft->t61_ou_count = 0; break;
    case X411_EA_TELETEX_DDAS: draft->t61_dda_count = 0; break;
    case X411_EA_UNFORMATTED_POSTAL: draft->line_count = 0; break;
    case X411_EA_EXTENDED_NETWORK: draft->net_number = draft->net_subaddress = X411_ABSENT; break;
    case X411_EA_TERMINAL_TYPE: draft->terminal_type_present = false; break;
    case X411_EA_UNIVERSAL_PERSONAL_NAME:
        memset(draft->universal_name, 0, sizeof(draft->universal_name));
        break;
    case X411_EA_UNIVERSAL_OUS: draft->universal_ou_count = 0; break;
    case X411_EA_UNIVERSAL_DDAS: draft->universal_dda_count = 0; break;
    default: break;
    }
}

/* A universal string survives its way through UTF-8 if that way gives the same octets. */
static bool universal_survives(apr_pool_t *pool, const x411_universal_t *value)
{
    if (!value->type)
        return true;
    if (value->language.length && value->language.length != 2 && value->language.length != 5)
        return false;
    if (value->language.length && memchr(value->language.data, '}', value->language.length))
        return false;
    size_t width = value->type == BER_UNIVERSAL_STRING ? 4 : 2;
    if (value->octets.length % width)
        return false;
    for (size_t i = 0; i < value->octets.length; i += width) {
        uint32_t code = 0;
        for (size_t j = 0; j < width; j++)
            code = code << 8 | value->octets.data[i + j];
        if (code == 0xFFFD || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
            return false;
    }
    (void)pool;
    return true;
}

/* True if every string of the attribute has a written form: T.61 where T.61 belongs, universal without
 * oddities. */
static bool strings_survive(apr_pool_t *pool, const draft_t *draft, int64_t type)
{
    bool fine = true;
    for (unsigned i = 0; i < draft->t61_ou_count; i++)
        fine = fine && draft->t61_ous[i].type == BER_TELETEX_STRING;
    for (unsigned i = 0; i < draft->t61_dda_count; i++)
        fine = fine && draft->t61_ddas[i].type.type == BER_TELETEX_STRING &&
               draft->t61_ddas[i].value.type == BER_TELETEX_STRING &&
               bytes_equal(x411_t61_from_utf8(pool, x411_utf8_from_t61(pool, draft->t61_ddas[i].type.octets)),
                           draft->t61_ddas[i].type.octets);
    for (unsigned i = 0; i < draft->line_count; i++)
        fine = fine && draft->lines[i].type == BER_PRINTABLE_STRING;
    for (unsigned i = 0; i < 4; i++)
        fine = fine && universal_survives(pool, &draft->universal_name[i]);
    for (unsigned i = 0; i < draft->universal_ou_count; i++)
        fine = fine && universal_survives(pool, &draft->universal_ous[i]);
    for (unsigned i = 0; i < draft->universal_dda_count; i++) {
        const draft_universal_dda_t *dda = &draft->universal_ddas[i];
        fine = fine && universal_survives(pool, &dda->type) && universal_survives(pool, &dda->value) &&
               dda->type.type == dda->value.type && !dda->type.language.length;
    }
    const x411_string_t *plain = &draft->plain[type];
    return fine && (!x411_present(&draft->cn) || draft->cn.type == BER_PRINTABLE_STRING) &&
           (!x411_present(&draft->t61[type]) || draft->t61[type].type == BER_TELETEX_STRING) &&
           (!x411_present(plain) || plain->type == BER_PRINTABLE_STRING ||
            (plain->type == BER_NUMERIC_STRING && type != X411_EA_PDS_NAME)) &&
           (!x411_present(&draft->pds[type].printable) ||
            draft->pds[type].printable.type == BER_PRINTABLE_STRING) &&
           universal_survives(pool, &draft->universal[type]);
}

void draft_from_address(apr_pool_t *pool, const x411_or_address_t *address, draft_t *draft)
{
    memset(draft, 0, sizeof(*draft));
    draft->base = *address;
    if (address->extension_count)
        draft->others = apr_palloc(pool, address->extension_count * sizeof(*draft->others));
    for (unsigned i = 0; i < address->extension_count; i++) {
        const x411_extension_attribute_t *extension = &address->extensions[i];
        int64_t type = extension->type;
        bool same = x411_or_address_find(address, type) == extension && type > 0 && type < DRAFT_ATTRIBUTES &&
                    read_attribute(pool, address, type, draft) && strings_survive(pool, draft, type);
        if (same) {
            x411_scratch_t scratch;
            x411_scratch_init(&scratch, X411_SCRATCH_LIMIT);
            write_value(&scratch.writer, draft, type);
            same = scratch.buffer.data && bytes_equal(buffer_bytes(&scratch.buffer), extension->value);
            buffer_release(&scratch.buffer);
        }
        if (!same) {
            if (x411_or_address_find(address, type) == extension)
                forget_attribute(draft, type);
            draft->others[draft->other_count++] = *extension;
        }
    }
}

void draft_to_address(apr_pool_t *pool, const draft_t *draft, x411_or_address_t *address)
{
    *address = draft->base;
    address->extensions =
        apr_palloc(pool, (DRAFT_ATTRIBUTES + draft->other_count) * sizeof(*address->extensions));
    address->extension_count = 0;
    for (int64_t type = 1; type < DRAFT_ATTRIBUTES; type++) {
        x411_scratch_t scratch;
        x411_scratch_init(&scratch, X411_SCRATCH_LIMIT);
        write_value(&scratch.writer, draft, type);
        bytes_t value = x411_scratch_take(&scratch, pool);
        if (value.length)
            address->extensions[address->extension_count++] = (x411_extension_attribute_t){type, value};
    }
    for (unsigned i = 0; i < draft->other_count; i++)
        address->extensions[address->extension_count++] = draft->others[i];
    address->extensions_present = address->extension_count > 0;
}
