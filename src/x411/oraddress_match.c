/* The form of an O/R address and the comparison of two (X.402 clause 18). */
#include "x411/oraddress.h"

x411_form_t x411_or_address_form(const x411_or_address_t *a)
{
    if (!x411_present(&a->country) || !x411_present(&a->admd))
        return x411_present(&a->x121) || x411_or_address_find(a, X411_EA_EXTENDED_NETWORK)
                   ? X411_FORM_TERMINAL
                   : X411_FORM_NONE;
    if (x411_present(&a->numeric_user_id))
        return X411_FORM_NUMERIC;
    if (x411_or_address_find(a, X411_EA_PD_COUNTRY) && x411_or_address_find(a, X411_EA_POSTAL_CODE) &&
        !a->personal_name_present && !x411_present(&a->organization))
        return X411_FORM_POSTAL;
    static const int mnemonic[] = {X411_EA_COMMON_NAME,
                                   X411_EA_TELETEX_COMMON_NAME,
                                   X411_EA_TELETEX_ORGANIZATION,
                                   X411_EA_TELETEX_PERSONAL_NAME,
                                   X411_EA_TELETEX_OUS,
                                   X411_EA_UNIVERSAL_COMMON_NAME,
                                   X411_EA_UNIVERSAL_ORGANIZATION,
                                   X411_EA_UNIVERSAL_PERSONAL_NAME,
                                   X411_EA_UNIVERSAL_OUS};
    bool named = x411_present(&a->organization) || a->personal_name_present || a->ou_count > 0;
    for (size_t i = 0; i < sizeof(mnemonic) / sizeof(mnemonic[0]) && !named; i++)
        named = x411_or_address_find(a, mnemonic[i]) != NULL;
    if (named)
        return X411_FORM_MNEMONIC;
    if (x411_present(&a->x121) || x411_or_address_find(a, X411_EA_EXTENDED_NETWORK))
        return X411_FORM_TERMINAL;
    if (x411_or_address_find(a, X411_EA_PD_COUNTRY) || x411_or_address_find(a, X411_EA_UNFORMATTED_POSTAL))
        return X411_FORM_POSTAL;
    /* Country and ADMD with a PRMD or DDAs only: the mnemonic form needs one attribute more than those two.
     */
    return x411_present(&a->prmd) || a->dda_count > 0 ? X411_FORM_MNEMONIC : X411_FORM_NONE;
}

static bool string_equal(const x411_string_t *a, const x411_string_t *b)
{
    return x411_present(a) == x411_present(b) && (!x411_present(a) || x411_text_equal(a->octets, b->octets));
}

static bool personal_equal(const x411_or_address_t *a, const x411_or_address_t *b)
{
    return string_equal(&a->personal_name.surname, &b->personal_name.surname) &&
           string_equal(&a->personal_name.given_name, &b->personal_name.given_name) &&
           string_equal(&a->personal_name.initials, &b->personal_name.initials) &&
           string_equal(&a->personal_name.generation, &b->personal_name.generation);
}

/* DDAs in any order; the same pair twice must be there twice. */
static bool ddas_equal(const x411_or_address_t *a, const x411_or_address_t *b)
{
    uint64_t taken = 0;
    if (a->dda_count != b->dda_count || a->dda_count > X411_LIMIT_DDAS)
        return false;
    for (unsigned i = 0; i < a->dda_count; i++) {
        unsigned j = 0;
        while (j < b->dda_count &&
               ((taken >> j & 1) || !x411_text_equal(a->ddas[i].type.octets, b->ddas[j].type.octets) ||
                !x411_text_equal(a->ddas[i].value.octets, b->ddas[j].value.octets)))
            j++;
        if (j == b->dda_count)
            return false;
        taken |= UINT64_C(1) << j;
    }
    return true;
}

enum { COMPARE_DEPTH = 8, COMPARE_ROOM = 1024 };

static bool is_string(ber_tag_t tag)
{
    return tag == BER_OCTET_STRING || (tag >= BER_NUMERIC_STRING && tag <= BER_IA5_STRING) ||
           (tag >= BER_GRAPHIC_STRING && tag <= BER_BMP_STRING);
}

/* The octets of a string in one range: in room if it comes in segments. false if it does not fit. */
static bool flatten(const ber_reader_t *reader, const ber_tlv_t *tlv, uint8_t *room, size_t *length)
{
    ber_reader_t child;
    ber_tlv_t segment;
    if (!tlv->constructed) {
        if (tlv->content.length > COMPARE_ROOM - *length)
            return false;
        if (tlv->content.length)
            memcpy(room + *length, tlv->content.data, tlv->content.length);
        *length += tlv->content.length;
        return true;
    }
    if (!ber_children(reader, tlv, &child))
        return false;
    while (ber_more(&child))
        if (!ber_read(&child, &segment) || !flatten(&child, &segment, room, length))
            return false;
    return ber_ok(reader);
}

static bool strings_equal(const ber_reader_t *reader_a, const ber_tlv_t *a, const ber_reader_t *reader_b,
                          const ber_tlv_t *b)
{
    uint8_t room_a[COMPARE_ROOM];
    uint8_t room_b[COMPARE_ROOM];
    size_t length_a = 0;
    size_t length_b = 0;
    if (!a->constructed && !b->constructed)
        return x411_text_equal(a->content, b->content);
    return flatten(reader_a, a, room_a, &length_a) && flatten(reader_b, b, room_b, &length_b) &&
           x411_text_equal(bytes_make(room_a, length_a), bytes_make(room_b, length_b));
}

/* Two values of an extension attribute: the same tags, and strings that match; numeric and printable are one.
 * A constructed value is compared element by element (none of the types nests deeper than COMPARE_DEPTH). */
static bool value_equal(bytes_t a, bytes_t b, unsigned depth)
{
    if (bytes_equal(a, b))
        return true;
    if (depth == COMPARE_DEPTH)
        return false;
    ber_fault_t fault_a;
    ber_fault_t fault_b;
    ber_reader_t reader_a;
    ber_reader_t reader_b;
    ber_reader_init(&reader_a, a, &fault_a);
    ber_reader_init(&reader_b, b, &fault_b);
    while (ber_more(&reader_a) && ber_more(&reader_b)) {
        ber_tlv_t x;
        ber_tlv_t y;
        if (!ber_read(&reader_a, &x) || !ber_read(&reader_b, &y))
            return false;
        bool choice = (x.tag == BER_PRINTABLE_STRING || x.tag == BER_NUMERIC_STRING) &&
                      (y.tag == BER_PRINTABLE_STRING || y.tag == BER_NUMERIC_STRING);
        /* BMPString and UniversalString have no case that octets could be compared by. */
        bool text = is_string(x.tag) && x.tag != BER_BMP_STRING && x.tag != BER_UNIVERSAL_STRING;
        if (x.tag != y.tag && !choice)
            return false;
        if (text                             ? !strings_equal(&reader_a, &x, &reader_b, &y)
            : x.constructed && y.constructed ? !value_equal(x.content, y.content, depth + 1)
            : BER_TAG_CLASS(x.tag) == 2
                ? !strings_equal(&reader_a, &x, &reader_b, &y)
                : x.constructed != y.constructed || !bytes_equal(x.content, y.content))
            return false;
    }
    return ber_ok(&reader_a) && ber_ok(&reader_b) && !ber_more(&reader_a) && !ber_more(&reader_b);
}

static bool extensions_equal(const x411_or_address_t *a, const x411_or_address_t *b)
{
    if (a->extension_count != b->extension_count)
        return false;
    for (unsigned i = 0; i < a->extension_count; i++) {
        const x411_extension_attribute_t *other = x411_or_address_find(b, a->extensions[i].type);
        if (!other || !value_equal(a->extensions[i].value, other->value, 0))
            return false;
    }
    return true;
}

bool x411_or_address_equal(const x411_or_address_t *a, const x411_or_address_t *b)
{
    if (!string_equal(&a->country, &b->country) || !string_equal(&a->admd, &b->admd) ||
        !string_equal(&a->prmd, &b->prmd) || !string_equal(&a->x121, &b->x121) ||
        !string_equal(&a->terminal_id, &b->terminal_id) ||
        !string_equal(&a->organization, &b->organization) ||
        !string_equal(&a->numeric_user_id, &b->numeric_user_id) || !personal_equal(a, b) ||
        a->ou_count != b->ou_count)
        return false;
    for (unsigned i = 0; i < a->ou_count; i++)
        if (!string_equal(&a->ous[i], &b->ous[i]))
            return false;
    return ddas_equal(a, b) && extensions_equal(a, b);
}

/* FNV-1a over the text as x411_text_equal sees it. */
static uint32_t hash_text(uint32_t hash, const x411_string_t *string)
{
    bool space = false;
    bool any = false;
    for (size_t i = 0; i < string->octets.length; i++) {
        uint8_t c = string->octets.data[i];
        if (c == ' ') {
            space = any;
            continue;
        }
        if (space)
            hash = (hash ^ ' ') * 16777619U;
        space = false;
        any = true;
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32U : c)) * 16777619U;
    }
    return (hash ^ 0x1FU) * 16777619U; /* end of the attribute */
}

uint32_t x411_or_address_hash(const x411_or_address_t *a)
{
    const x411_string_t *const strings[] = {&a->country,
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
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        hash = hash_text(hash, strings[i]);
    for (unsigned i = 0; i < a->ou_count; i++)
        hash = hash_text(hash, &a->ous[i]);
    uint32_t sum = 0; /* the order of DDAs does not count */
    for (unsigned i = 0; i < a->dda_count; i++)
        sum += hash_text(hash_text(2166136261U, &a->ddas[i].type), &a->ddas[i].value);
    return (hash ^ sum) + a->extension_count;
}
