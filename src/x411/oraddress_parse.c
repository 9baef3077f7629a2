/* Parsing of the written forms of O/R addresses (x411/oraddress_text.h). */
#include "x411/oraddress_text.h"

#include <apr_strings.h>

#include "x411/oraddress_draft.h"
#include "x411/oraddress_keys.h"
#include "x411/text_value.h"

typedef struct parse_t {
    apr_pool_t *pool;
    text_parser_t parser;
    draft_t draft;
    bool ou_bare;     /* an OU without a number was there */
    bool ou_numbered; /* one with a number */
    bool reversed;    /* bare OUs are to be turned round */
    bytes_t directory_name;
    bool directory_name_allowed;
} parse_t;

/* Splits a number off the end of a key: "OU2" is 2 after "OU". -1 if the key is not prefix and a number. */
static int numbered(const text_pair_t *pair, const char *prefix)
{
    size_t length = strlen(prefix);
    if (pair->key.length <= length || pair->key.length > length + 3)
        return -1;
    text_pair_t front = {.key = bytes_slice(pair->key, 0, length)};
    if (!text_key_is(&front, prefix))
        return -1;
    int number = 0;
    for (size_t i = length; i < pair->key.length; i++) {
        if (pair->key.data[i] < '0' || pair->key.data[i] > '9')
            return -1;
        number = number * 10 + (pair->key.data[i] - '0');
    }
    return number;
}

static bool find_key(const text_pair_t *pair, key_kind_t *kind, int *index)
{
    for (unsigned i = 0; i < oraddress_key_count; i++) {
        const oraddress_key_t *row = &oraddress_keys[i];
        if (text_key_is(pair, row->semicolon) || text_key_is(pair, row->slash) ||
            (row->alias && text_key_is(pair, row->alias))) {
            *kind = row->kind;
            *index = row->index;
            return row->kind != KEY_OTHER;
        }
    }
    static const struct {
        const char *prefix;
        key_kind_t kind;
    } lists[] = {{"OU", KEY_OU}, {"PD-A", KEY_LINE}};
    for (unsigned i = 0; i < 2; i++) {
        *index = numbered(pair, lists[i].prefix);
        *kind = lists[i].kind;
        if (*index > 0)
            return true;
    }
    return false;
}

static bool set_string(x411_string_t *field, ber_tag_t type, bytes_t value)
{
    if (x411_present(field))
        return false;
    *field = x411_string(type, value.data ? value : bytes_make("", 0));
    return true;
}

/* A universal value from UTF-8 in the width that the mark says; type 0 if it does not fit. */
static x411_universal_t make_universal(const parse_t *parse, text_mark_t mark, bytes_t utf8, bytes_t language)
{
    x411_universal_t value = x411_universal_from_utf8(parse->pool, utf8);
    if (mark == TEXT_MARK_WIDE && value.type == BER_BMP_STRING) {
        uint8_t *wide = apr_pcalloc(parse->pool, value.octets.length * 2 + 1);
        for (size_t i = 0; i < value.octets.length; i += 2)
            memcpy(wide + 2 * i + 2, value.octets.data + i, 2);
        value.octets = bytes_make(wide, value.octets.length * 2);
        value.type = BER_UNIVERSAL_STRING;
    }
    value.language = language;
    return value;
}

static const char *const twice = "this attribute is there twice";
static const char *const no_variant = "this attribute has no such variant";

/* Puts a value with all its variants where it belongs; a NULL place means that the variant does not exist.
 * NULL, or what is wrong. */
static const char *put_variants(parse_t *parse, const text_pair_t *pair, x411_string_t *plain,
                                ber_tag_t plain_type, x411_string_t *t61, x411_universal_t *universal)
{
    switch (pair->mark) {
    case TEXT_MARK_TELETEX:
        if (!t61)
            return no_variant;
        return set_string(t61, BER_TELETEX_STRING, pair->value) ? NULL : twice;
    case TEXT_MARK_UNIVERSAL:
    case TEXT_MARK_WIDE:
        if (!universal)
            return no_variant;
        if (universal->type)
            return twice;
        *universal = make_universal(parse, pair->mark, pair->value, pair->language);
        return universal->type ? NULL : "not UTF-8";
    case TEXT_MARK_NONE: break;
    default: return no_variant;
    }
    if (pair->has_teletex && !t61)
        return no_variant;
    if (pair->has_plain && !plain)
        return no_variant;
    if ((pair->has_plain && !set_string(plain, plain_type, pair->value)) ||
        (pair->has_teletex && !set_string(t61, BER_TELETEX_STRING, pair->teletex)))
        return twice;
    return NULL;
}

static x411_string_t *name_part(x411_personal_name_t *name, int index)
{
    x411_string_t *const part[4] = {&name->surname, &name->given_name, &name->initials, &name->generation};
    return part[index];
}

/* The place of an OU in a list of X411_LIMIT_OUS zeroed entries; index 0 = the next one. */
static void *list_place(apr_pool_t *pool, void **list, size_t size, unsigned *count, int index)
{
    if (!*list)
        *list = apr_pcalloc(pool, X411_LIMIT_OUS * size);
    unsigned place = index ? (unsigned)index - 1 : *count;
    if (place >= X411_LIMIT_OUS)
        return NULL;
    if (place >= *count)
        *count = place + 1;
    return (char *)*list + place * size;
}

static const char *put_ou(parse_t *parse, const text_pair_t *pair, int index)
{
    draft_t *draft = &parse->draft;
    x411_string_t *plain = NULL;
    x411_string_t *t61 = NULL;
    x411_universal_t *universal = NULL;
    *(index ? &parse->ou_numbered : &parse->ou_bare) = true;
    if (parse->ou_bare && parse->ou_numbered)
        return "OU with and without a number";
    bool teletex = pair->mark == TEXT_MARK_TELETEX || pair->has_teletex;
    if (pair->mark == TEXT_MARK_NONE && pair->has_plain)
        plain =
            list_place(parse->pool, (void **)&draft->base.ous, sizeof(*plain), &draft->base.ou_count, index);
    if (teletex)
        t61 = list_place(parse->pool, (void **)&draft->t61_ous, sizeof(*t61), &draft->t61_ou_count, index);
    if (pair->mark == TEXT_MARK_UNIVERSAL || pair->mark == TEXT_MARK_WIDE)
        universal = list_place(parse->pool, (void **)&draft->universal_ous, sizeof(*universal),
                               &draft->universal_ou_count, index);
    if (!plain && !t61 && !universal)
        return "too many organizational units";
    return put_variants(parse, pair, plain, BER_PRINTABLE_STRING, t61, universal);
}

static const char *add_t61_dda(parse_t *parse, bytes_t type, bytes_t value)
{
    draft_t *draft = &parse->draft;
    if (draft->t61_dda_count == X411_LIMIT_DDAS)
        return "too many domain-defined attributes";
    if (!draft->t61_ddas)
        draft->t61_ddas = apr_palloc(parse->pool, X411_LIMIT_DDAS * sizeof(*draft->t61_ddas));
    draft->t61_ddas[draft->t61_dda_count++] =
        (x411_dda_t){x411_string(BER_TELETEX_STRING, type), x411_string(BER_TELETEX_STRING, value)};
    return NULL;
}

static const char *put_dda(parse_t *parse, const text_pair_t *pair)
{
    draft_t *draft = &parse->draft;
    if (!pair->has_subkey)
        return "a domain-defined attribute needs a type (DDA:type=value)";
    if (pair->mark == TEXT_MARK_TELETEX)
        return add_t61_dda(parse, pair->subkey, pair->value);
    if (pair->mark == TEXT_MARK_UNIVERSAL || pair->mark == TEXT_MARK_WIDE) {
        if (draft->universal_dda_count == X411_LIMIT_DDAS)
            return "too many domain-defined attributes";
        if (!draft->universal_ddas)
            draft->universal_ddas = apr_palloc(parse->pool, X411_LIMIT_DDAS * sizeof(*draft->universal_ddas));
        draft_universal_dda_t dda = {make_universal(parse, pair->mark, pair->subkey, BYTES_NONE),
                                     make_universal(parse, pair->mark, pair->value, pair->language)};
        /* Both in one width, the wider one. */
        if (dda.type.type == BER_BMP_STRING && dda.value.type == BER_UNIVERSAL_STRING)
            dda.type = make_universal(parse, TEXT_MARK_WIDE, pair->subkey, BYTES_NONE);
        if (dda.value.type == BER_BMP_STRING && dda.type.type == BER_UNIVERSAL_STRING)
            dda.value = make_universal(parse, TEXT_MARK_WIDE, pair->value, pair->language);
        draft->universal_ddas[draft->universal_dda_count++] = dda;
        return dda.type.type && dda.value.type ? NULL : "not UTF-8";
    }
    if (pair->mark != TEXT_MARK_NONE)
        return no_variant;
    if (pair->has_plain) {
        x411_or_address_t *base = &draft->base;
        if (base->dda_count == X411_LIMIT_DDAS)
            return "too many domain-defined attributes";
        if (!base->ddas)
            base->ddas = apr_palloc(parse->pool, X411_LIMIT_DDAS * sizeof(*base->ddas));
        base->ddas[base->dda_count++] = (x411_dda_t){x411_string(BER_PRINTABLE_STRING, pair->subkey),
                                                     x411_string(BER_PRINTABLE_STRING, pair->value)};
    }
    return pair->has_teletex ? add_t61_dda(parse, pair->subkey, pair->teletex) : NULL;
}

static const char *put_choice(const text_pair_t *pair, x411_string_t *field, bool country)
{
    if (pair->has_teletex || (pair->mark != TEXT_MARK_NONE && pair->mark != TEXT_MARK_NUMERIC &&
                              pair->mark != TEXT_MARK_PRINTABLE))
        return no_variant;
    if (x411_present(field))
        return twice;
    *field = text_choice_value(pair, country);
    return NULL;
}

static const char *put_line(parse_t *parse, const text_pair_t *pair, int index)
{
    draft_t *draft = &parse->draft;
    x411_string_t *plain = NULL;
    if (pair->mark == TEXT_MARK_NONE && pair->has_plain) {
        plain = list_place(parse->pool, (void **)&draft->lines, sizeof(*plain), &draft->line_count, index);
        if (!plain)
            return "too many lines of an address";
    }
    return put_variants(parse, pair, plain, BER_PRINTABLE_STRING, &draft->t61[X411_EA_UNFORMATTED_POSTAL],
                        &draft->universal[X411_EA_UNFORMATTED_POSTAL + 19]);
}

static const char *put_terminal_type(parse_t *parse, const text_pair_t *pair)
{
    static const char *const names[] = {"TLX", "TTX", "G3FAX", "G4FAX", "IA5", "VTX"};
    if (parse->draft.terminal_type_present)
        return twice;
    parse->draft.terminal_type_present = true;
    text_pair_t name = {.key = pair->value};
    for (int i = 0; i < 6; i++) {
        if (text_key_is(&name, names[i])) {
            parse->draft.terminal_type = i + 3;
            return NULL;
        }
    }
    char *end = NULL;
    const char *digits = bytes_to_string(parse->pool, pair->value);
    parse->draft.terminal_type = apr_strtoi64(digits, &end, 10);
    return *digits && !*end ? NULL : "unknown terminal type";
}

static const char *put_other(parse_t *parse, const text_pair_t *pair, int64_t type)
{
    draft_t *draft = &parse->draft;
    bytes_t value;
    bool malformed = false;
    if (draft->other_count == X411_LIMIT_EXTENSION_ATTRIBUTES)
        return "too many extension attributes";
    if (!bytes_from_hex(parse->pool, bytes_to_string(parse->pool, pair->value), &value) || !value.length ||
        ber_element_length(value, &malformed) != value.length)
        return "not the hexadecimal digits of an encoding";
    for (unsigned i = 0; i < draft->other_count; i++)
        if (draft->others[i].type == type)
            return "given twice";
    if (!draft->others)
        draft->others = apr_palloc(parse->pool, X411_LIMIT_EXTENSION_ATTRIBUTES * sizeof(*draft->others));
    draft->others[draft->other_count++] = (x411_extension_attribute_t){type, value};
    return NULL;
}

static const char *put_admd(parse_t *parse, const text_pair_t *pair)
{
    const char *what = put_choice(pair, &parse->draft.base.admd, false);
    if (!what && pair->value.length == 0 && pair->mark == TEXT_MARK_NONE)
        parse->draft.base.admd = x411_printable(" ");
    return what;
}

static const char *put_pair(parse_t *parse, const text_pair_t *pair, key_kind_t kind, int index)
{
    draft_t *draft = &parse->draft;
    x411_or_address_t *base = &draft->base;
    switch (kind) {
    case KEY_NAME:
        return put_variants(parse, pair, name_part(&base->personal_name, index), BER_PRINTABLE_STRING,
                            name_part(&draft->t61_name, index), &draft->universal_name[index]);
    case KEY_CN:
        return put_variants(parse, pair, &draft->cn, BER_PRINTABLE_STRING,
                            &draft->t61[X411_EA_TELETEX_COMMON_NAME],
                            &draft->universal[X411_EA_UNIVERSAL_COMMON_NAME]);
    case KEY_O:
        return put_variants(parse, pair, &base->organization, BER_PRINTABLE_STRING,
                            &draft->t61[X411_EA_TELETEX_ORGANIZATION],
                            &draft->universal[X411_EA_UNIVERSAL_ORGANIZATION]);
    case KEY_OU: return put_ou(parse, pair, index);
    case KEY_PRMD: return put_choice(pair, &base->prmd, false);
    case KEY_ADMD: return put_admd(parse, pair);
    case KEY_COUNTRY: return put_choice(pair, &base->country, true);
    case KEY_X121: return put_variants(parse, pair, &base->x121, BER_NUMERIC_STRING, NULL, NULL);
    case KEY_TERMINAL_ID:
        return put_variants(parse, pair, &base->terminal_id, BER_PRINTABLE_STRING, NULL, NULL);
    case KEY_USER_ID:
        return put_variants(parse, pair, &base->numeric_user_id, BER_NUMERIC_STRING, NULL, NULL);
    case KEY_TERMINAL_TYPE: return put_terminal_type(parse, pair);
    case KEY_NET_NUMBER: return put_variants(parse, pair, &draft->net_number, BER_NUMERIC_STRING, NULL, NULL);
    case KEY_NET_SUBADDRESS:
        return put_variants(parse, pair, &draft->net_subaddress, BER_NUMERIC_STRING, NULL, NULL);
    case KEY_DDA: return put_dda(parse, pair);
    case KEY_PDS:
        return put_variants(parse, pair, &draft->pds[index].printable, BER_PRINTABLE_STRING,
                            &draft->pds[index].teletex, &draft->universal[index + 19]);
    case KEY_PLAIN: return put_choice(pair, &draft->plain[index], index == X411_EA_PD_COUNTRY);
    case KEY_LINE: return put_line(parse, pair, index);
    default: return put_other(parse, pair, index);
    }
}

/* EA-n with a number that fits no key: any 64-bit number. */
static bool other_number(const parse_t *parse, const text_pair_t *pair, int64_t *type)
{
    char *end = NULL;
    text_pair_t front = {.key = bytes_slice(pair->key, 0, 3)};
    if (pair->key.length < 4 || pair->key.length > 24 || !text_key_is(&front, "EA-"))
        return false;
    const char *digits = bytes_to_string(parse->pool, bytes_slice(pair->key, 3, SIZE_MAX));
    *type = apr_strtoi64(digits, &end, 10);
    return *end == '\0';
}

static const char *handle_pair(parse_t *parse, const text_pair_t *pair)
{
    key_kind_t kind;
    int index;
    int64_t type;
    if (other_number(parse, pair, &type))
        return put_other(parse, pair, type);
    if (text_key_is(pair, "DN") && parse->directory_name_allowed) {
        bool malformed = false;
        if (parse->directory_name.length ||
            !bytes_from_hex(parse->pool, bytes_to_string(parse->pool, pair->value), &parse->directory_name) ||
            ber_element_length(parse->directory_name, &malformed) != parse->directory_name.length)
            return "not the hexadecimal digits of a directory name";
        return NULL;
    }
    return find_key(pair, &kind, &index) ? put_pair(parse, pair, kind, index) : "unknown key";
}

static void reverse(void *list, size_t size, unsigned count)
{
    char swap[sizeof(x411_universal_t)];
    for (unsigned i = 0; i < count / 2; i++) {
        char *a = (char *)list + i * size;
        char *b = (char *)list + (count - 1 - i) * size;
        memcpy(swap, a, size);
        memcpy(a, b, size);
        memcpy(b, swap, size);
    }
}

/* The lists are complete: turns bare OUs round, looks for gaps among numbered ones. */
static const char *finish(parse_t *parse)
{
    draft_t *draft = &parse->draft;
    x411_or_address_t *base = &draft->base;
    if (parse->ou_bare && parse->parser.form == TEXT_SLASH) {
        reverse(base->ous, sizeof(*base->ous), base->ou_count);
        reverse(draft->t61_ous, sizeof(*draft->t61_ous), draft->t61_ou_count);
        reverse(draft->universal_ous, sizeof(*draft->universal_ous), draft->universal_ou_count);
    }
    for (unsigned i = 0; i < base->ou_count; i++)
        if (!x411_present(&base->ous[i]))
            return "an organizational unit is missing in the numbers";
    for (unsigned i = 0; i < draft->t61_ou_count; i++)
        if (!x411_present(&draft->t61_ous[i]))
            return "a Teletex organizational unit is missing in the numbers";
    for (unsigned i = 0; i < draft->universal_ou_count; i++)
        if (!draft->universal_ous[i].type)
            return "a universal organizational unit is missing in the numbers";
    for (unsigned i = 0; i < draft->line_count; i++)
        if (!x411_present(&draft->lines[i]))
            return "a line of the postal address is missing in the numbers";
    if (x411_present(&draft->net_subaddress) && !x411_present(&draft->net_number))
        return "a subaddress without an E.164 number";
    base->ous_present = base->ou_count > 0;
    base->ddas_present = base->dda_count > 0;
    base->personal_name_present =
        x411_present(&base->personal_name.surname) || x411_present(&base->personal_name.given_name) ||
        x411_present(&base->personal_name.initials) || x411_present(&base->personal_name.generation);
    return NULL;
}

/* EA-n may give what a key has: once only, and in the place where the key would put it. */
static const char *make_address(parse_t *parse, x411_or_address_t *address)
{
    const draft_t *draft = &parse->draft;
    draft_t again;
    draft_to_address(parse->pool, draft, address);
    for (unsigned i = 0; i < draft->other_count; i++)
        if (x411_or_address_find(address, draft->others[i].type)->value.data != draft->others[i].value.data)
            return "an extension attribute is given by its key and by its number";
    if (draft->other_count) {
        draft_from_address(parse->pool, address, &again);
        draft_to_address(parse->pool, &again, address);
    }
    return NULL;
}

static err_t *parse_text(parse_t *parse, const char *text, x411_or_address_t *address)
{
    text_pair_t pair = {0};
    unsigned pairs = 0;
    err_t *err = text_parse_start(&parse->parser, parse->pool, text);
    while (!err && (err = text_parse_next(&parse->parser, &pair)) == NULL && !pair.end) {
        const char *what = handle_pair(parse, &pair);
        if (what)
            err = text_parse_error(&parse->parser, &pair, what);
        pairs++;
    }
    if (err)
        return err;
    const char *what = pairs ? finish(parse) : "no attribute";
    if (!what)
        what = make_address(parse, address);
    return what ? text_parse_error(&parse->parser, &pair, what) : NULL;
}

err_t *x411_or_address_parse(apr_pool_t *pool, const char *text, x411_or_address_t *address)
{
    parse_t parse = {.pool = pool};
    return parse_text(&parse, text, address);
}

err_t *x411_or_name_parse(apr_pool_t *pool, const char *text, x411_or_name_t *name)
{
    parse_t parse = {.pool = pool, .directory_name_allowed = true};
    x411_or_address_t address;
    err_t *err = parse_text(&parse, text, &address);
    if (err)
        return err;
    *name = (x411_or_name_t){.address = address};
    name->directory_name = parse.directory_name;
    return NULL;
}
