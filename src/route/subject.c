#include "route/subject.h"

#include <string.h>

static const char *const key_names[SUBJECT_KEYS] = {"C",   "A",   "P",   "X.121", "T-ID", "N-ID", "O", "OU1",
                                                    "OU2", "OU3", "OU4", "CN",    "G",    "I",    "S", "Q"};

const char *subject_key_name(subject_key_t key)
{
    return key_names[key];
}

bytes_t subject_fold(bytes_t text, apr_pool_t *pool)
{
    if (text.length == 0)
        return BYTES_NONE;
    uint8_t *folded = apr_palloc(pool, text.length);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i];
        if (c == ' ' && (length == 0 || folded[length - 1] == ' '))
            continue;
        folded[length++] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
    }
    if (length > 0 && folded[length - 1] == ' ')
        length--;
    return bytes_make(folded, length);
}

bytes_t subject_fold_admd(bytes_t text, apr_pool_t *pool)
{
    bytes_t folded = subject_fold(text, pool);
    return bytes_equal(folded, BYTES_LITERAL("0")) ? BYTES_NONE : folded;
}

/* The characters of a string type as UTF-8. */
static bytes_t utf8_of(const x411_string_t *string, apr_pool_t *pool)
{
    return string->type == BER_TELETEX_STRING ? x411_utf8_from_t61(pool, string->octets) : string->octets;
}

static void take(subject_t *subject, subject_key_t key, const x411_string_t *string, apr_pool_t *pool)
{
    if (subject->values[key].length == 0 && x411_present(string))
        subject->values[key] = subject_fold(utf8_of(string, pool), pool);
}

static void take_universal(subject_t *subject, subject_key_t key, const x411_universal_t *string,
                           apr_pool_t *pool)
{
    if (subject->values[key].length == 0 && string->type != 0)
        subject->values[key] = subject_fold(x411_utf8_from_universal(pool, string), pool);
}

static void take_personal_name(subject_t *subject, const x411_personal_name_t *name, apr_pool_t *pool)
{
    take(subject, SUBJECT_S, &name->surname, pool);
    take(subject, SUBJECT_G, &name->given_name, pool);
    take(subject, SUBJECT_I, &name->initials, pool);
    take(subject, SUBJECT_Q, &name->generation, pool);
}

static void take_dda(subject_t *subject, bytes_t type, bytes_t value, apr_pool_t *pool)
{
    if (subject->dda_count >= SUBJECT_DDAS)
        return;
    subject->dda_types[subject->dda_count] = subject_fold(type, pool);
    subject->dda_values[subject->dda_count++] = subject_fold(value, pool);
}

static void take_ous(subject_t *subject, const x411_string_t *ous, unsigned count, apr_pool_t *pool)
{
    for (unsigned i = 0; i < count && i < X411_UB_OUS; i++)
        take(subject, (subject_key_t)(SUBJECT_OU1 + i), &ous[i], pool);
}

static void take_teletex(subject_t *subject, const x411_or_address_t *address, apr_pool_t *pool)
{
    x411_string_t string;
    x411_personal_name_t name;
    x411_string_t *ous = NULL;
    x411_dda_t *ddas = NULL;
    unsigned count = 0;
    if (x411_attribute_string(address, X411_EA_COMMON_NAME, pool, &string))
        take(subject, SUBJECT_CN, &string, pool);
    if (x411_attribute_string(address, X411_EA_TELETEX_COMMON_NAME, pool, &string))
        take(subject, SUBJECT_CN, &string, pool);
    if (x411_attribute_string(address, X411_EA_TELETEX_ORGANIZATION, pool, &string))
        take(subject, SUBJECT_O, &string, pool);
    if (x411_attribute_personal_name(address, pool, &name))
        take_personal_name(subject, &name, pool);
    if (x411_attribute_strings(address, X411_EA_TELETEX_OUS, pool, &ous, &count))
        take_ous(subject, ous, count, pool);
    if (x411_attribute_ddas(address, pool, &ddas, &count))
        for (unsigned i = 0; i < count; i++)
            take_dda(subject, utf8_of(&ddas[i].type, pool), utf8_of(&ddas[i].value, pool), pool);
}

static void take_universals(subject_t *subject, const x411_or_address_t *address, apr_pool_t *pool)
{
    x411_universal_t string;
    x411_universal_t name[4];
    x411_universal_t *list = NULL;
    unsigned count = 0;
    if (x411_attribute_universal(address, X411_EA_UNIVERSAL_COMMON_NAME, pool, &string))
        take_universal(subject, SUBJECT_CN, &string, pool);
    if (x411_attribute_universal(address, X411_EA_UNIVERSAL_ORGANIZATION, pool, &string))
        take_universal(subject, SUBJECT_O, &string, pool);
    if (x411_attribute_universal_personal_name(address, pool, name)) {
        static const subject_key_t keys[4] = {SUBJECT_S, SUBJECT_G, SUBJECT_I, SUBJECT_Q};
        for (unsigned i = 0; i < 4; i++)
            take_universal(subject, keys[i], &name[i], pool);
    }
    if (x411_attribute_universal_ous(address, pool, &list, &count))
        for (unsigned i = 0; i < count && i < X411_UB_OUS; i++)
            take_universal(subject, (subject_key_t)(SUBJECT_OU1 + i), &list[i], pool);
    if (x411_attribute_universal_ddas(address, pool, &list, &count))
        for (unsigned i = 0; i < count; i++)
            take_dda(subject, x411_utf8_from_universal(pool, &list[2 * i]),
                     x411_utf8_from_universal(pool, &list[2 * i + 1]), pool);
}

const subject_t *subject_create(const x411_or_address_t *address, apr_pool_t *pool)
{
    subject_t *subject = apr_pcalloc(pool, sizeof(*subject));
    take(subject, SUBJECT_C, &address->country, pool);
    take(subject, SUBJECT_A, &address->admd, pool);
    subject->values[SUBJECT_A] = subject_fold_admd(subject->values[SUBJECT_A], pool);
    take(subject, SUBJECT_P, &address->prmd, pool);
    take(subject, SUBJECT_X121, &address->x121, pool);
    take(subject, SUBJECT_TID, &address->terminal_id, pool);
    take(subject, SUBJECT_NID, &address->numeric_user_id, pool);
    take(subject, SUBJECT_O, &address->organization, pool);
    take_personal_name(subject, &address->personal_name, pool);
    take_ous(subject, address->ous, address->ou_count, pool);
    for (unsigned i = 0; i < address->dda_count; i++)
        take_dda(subject, utf8_of(&address->ddas[i].type, pool), utf8_of(&address->ddas[i].value, pool),
                 pool);
    if (address->extension_count > 0) {
        take_teletex(subject, address, pool);
        take_universals(subject, address, pool);
    }
    return subject;
}

typedef struct text_t {
    uint8_t *data;
    size_t length;
} text_t;

static void put(text_t *text, bytes_t octets)
{
    for (size_t i = 0; i < octets.length && text->length < SUBJECT_TEXT_LIMIT; i++)
        text->data[text->length++] = octets.data[i];
}

static void put_value(text_t *text, bytes_t value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == ';' || value.data[i] == '\\')
            put(text, BYTES_LITERAL("\\"));
        put(text, bytes_slice(value, i, 1));
    }
}

bytes_t subject_text(const subject_t *subject, apr_pool_t *pool)
{
    text_t text = {apr_palloc(pool, SUBJECT_TEXT_LIMIT), 0};
    for (unsigned key = 0; key < SUBJECT_KEYS; key++) {
        bytes_t value = subject->values[key];
        if (value.length == 0 && key != SUBJECT_A)
            continue;
        if (text.length > 0)
            put(&text, BYTES_LITERAL(";"));
        put(&text, bytes_of_string(key_names[key]));
        put(&text, BYTES_LITERAL("="));
        put_value(&text, value.length ? value : BYTES_LITERAL(" "));
    }
    for (unsigned i = 0; i < subject->dda_count; i++) {
        put(&text, BYTES_LITERAL(";DDA:"));
        put_value(&text, subject->dda_types[i]);
        put(&text, BYTES_LITERAL("="));
        put_value(&text, subject->dda_values[i]);
    }
    return bytes_make(text.data, text.length);
}
