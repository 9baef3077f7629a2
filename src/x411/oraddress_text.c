#include "x411/oraddress_text.h"

#include <apr_strings.h>

#include "x411/oraddress_draft.h"
#include "x411/oraddress_keys.h"
#include "x411/text_value.h"

const oraddress_key_t oraddress_keys[] = {
    {KEY_NAME, 1, "G", "G", NULL},
    {KEY_NAME, 2, "I", "I", NULL},
    {KEY_NAME, 0, "S", "S", NULL},
    {KEY_NAME, 3, "Q", "GQ", NULL},
    {KEY_CN, 0, "CN", "CN", NULL},
    {KEY_O, 0, "O", "O", NULL},
    {KEY_OU, 0, "OU", "OU", NULL},
    {KEY_PRMD, 0, "P", "PRMD", NULL},
    {KEY_ADMD, 0, "A", "ADMD", NULL},
    {KEY_COUNTRY, 0, "C", "C", NULL},
    {KEY_X121, 0, "X.121", "X121", NULL},
    {KEY_TERMINAL_ID, 0, "T-ID", "T-ID", NULL},
    {KEY_USER_ID, 0, "N-ID", "UA-ID", NULL},
    {KEY_TERMINAL_TYPE, 0, "T-TY", "T-TY", "NET-TTYPE"},
    {KEY_NET_NUMBER, 0, "E.164", "NET-NUM", "E164"},
    {KEY_NET_SUBADDRESS, 0, "E.164-SUB", "NET-SUB", NULL},
    {KEY_DDA, 0, "DDA", "DD", NULL},
    {KEY_PDS, X411_EA_PD_PERSONAL_NAME, "PD-PN", "PD-PN", "PD-PERSON"},
    {KEY_PDS, X411_EA_PD_ORGANIZATION, "PD-O", "PD-O", "PD-ORGANIZATION"},
    {KEY_PDS, X411_EA_STREET, "PD-S", "PD-STREET", NULL},
    {KEY_PDS, X411_EA_PO_BOX, "PD-B", "PD-BOX", NULL},
    {KEY_LINE, 0, "PD-A", "PD-A", "PD-ADDRESS"},
    {KEY_PDS, X411_EA_PD_OFFICE_NAME, "PD-OF", "PD-OFFICE", NULL},
    {KEY_PDS, X411_EA_PD_OFFICE_NUMBER, "PD-OFN", "PD-OFFICE-NUM", "PD-OFFICE NUMBER"},
    {KEY_PDS, X411_EA_EXTENSION_OR_COMPONENTS, "PD-EA", "PD-EXT-ADDRESS", "PD-EXT.ADDRESS"},
    {KEY_PDS, X411_EA_EXTENSION_PD_COMPONENTS, "PD-ED", "PD-EXT-DELIVERY", "PD-EXT.DELIVERY"},
    {KEY_PDS, X411_EA_POSTE_RESTANTE, "PD-R", "PD-RESTANTE", NULL},
    {KEY_PDS, X411_EA_UNIQUE_POSTAL_NAME, "PD-U", "PD-UNIQUE", NULL},
    {KEY_PDS, X411_EA_LOCAL_POSTAL, "PD-L", "PD-LOCAL", NULL},
    {KEY_PLAIN, X411_EA_POSTAL_CODE, "PD-PC", "PD-CODE", NULL},
    {KEY_PLAIN, X411_EA_PDS_NAME, "PD-SN", "PD-SERVICE", NULL},
    {KEY_PLAIN, X411_EA_PD_COUNTRY, "PD-C", "PD-C", NULL},
    {KEY_OTHER, 0, "EA-", "EA-", NULL},
};
const unsigned oraddress_key_count = sizeof(oraddress_keys) / sizeof(oraddress_keys[0]);

static const char *universal_mark(const x411_universal_t *value)
{
    return value->type == BER_UNIVERSAL_STRING ? "***" : "**";
}

static void put_universal(text_builder_t *text, const char *key, const x411_universal_t *value)
{
    if (!value->type)
        return;
    text_put_key(text, key, BYTES_NONE, universal_mark(value));
    text_put_universal(text, value);
}

/* An attribute that can be there in several variants; each may be absent. */
static void put_variants(text_builder_t *text, const char *key, const x411_string_t *plain,
                         const x411_string_t *t61, const x411_universal_t *universal)
{
    if (text->form == TEXT_SLASH && (x411_present(plain) || x411_present(t61))) {
        text_put_key(text, key, BYTES_NONE, "");
        text_put_value(text, plain->octets);
        /* RFC 2156: printable*teletex. An empty printable part cannot be told from none that way. */
        bool apart = x411_present(plain) && plain->octets.length == 0;
        if (x411_present(t61) && apart)
            text_put_key(text, key, BYTES_NONE, "*");
        else if (x411_present(t61))
            text_put_raw(text, "*");
        text_put_t61(text, t61->octets);
    } else {
        if (x411_present(plain))
            text_put_pair(text, key, "", plain->octets);
        if (x411_present(t61)) {
            text_put_key(text, key, BYTES_NONE, "*");
            text_put_t61(text, t61->octets);
        }
    }
    put_universal(text, key, universal);
}

static const x411_string_t *name_part(const x411_personal_name_t *name, int index)
{
    const x411_string_t *const part[4] = {&name->surname, &name->given_name, &name->initials,
                                          &name->generation};
    return part[index];
}

static void put_ou(text_builder_t *text, const x411_or_address_t *base, const draft_t *draft, const char *key,
                   unsigned index)
{
    static const x411_string_t absent = {{NULL, 0}, 0};
    static const x411_universal_t none = {{NULL, 0}, 0, {NULL, 0}};
    put_variants(text, key, index < base->ou_count ? &base->ous[index] : &absent,
                 index < draft->t61_ou_count ? &draft->t61_ous[index] : &absent,
                 index < draft->universal_ou_count ? &draft->universal_ous[index] : &none);
}

static void put_ous(text_builder_t *text, const x411_or_address_t *base, const draft_t *draft)
{
    unsigned count = base->ou_count;
    count = draft->t61_ou_count > count ? draft->t61_ou_count : count;
    count = draft->universal_ou_count > count ? draft->universal_ou_count : count;
    for (unsigned i = 0; i < count; i++) {
        char key[16];
        apr_snprintf(key, sizeof(key), "OU%u", i + 1);
        if (text->form == TEXT_SLASH)
            put_ou(text, base, draft, "OU", count - 1 - i);
        else
            put_ou(text, base, draft, key, i);
    }
}

static void put_ddas(text_builder_t *text, const x411_or_address_t *base, const draft_t *draft,
                     const char *key)
{
    for (unsigned i = 0; i < base->dda_count; i++) {
        bytes_t type = base->ddas[i].type.octets;
        text_put_key(text, key, type.data ? type : bytes_make("", 0), "");
        text_put_value(text, base->ddas[i].value.octets);
    }
    for (unsigned i = 0; i < draft->t61_dda_count; i++) {
        text_put_key(text, key, x411_utf8_from_t61(text->pool, draft->t61_ddas[i].type.octets), "*");
        text_put_t61(text, draft->t61_ddas[i].value.octets);
    }
    for (unsigned i = 0; i < draft->universal_dda_count; i++) {
        const draft_universal_dda_t *dda = &draft->universal_ddas[i];
        text_put_key(text, key, x411_utf8_from_universal(text->pool, &dda->type), universal_mark(&dda->type));
        text_put_universal(text, &dda->value);
    }
}

static void put_lines(text_builder_t *text, const draft_t *draft, const char *key)
{
    for (unsigned i = 0; i < draft->line_count; i++)
        text_put_pair(text, apr_psprintf(text->pool, "%s%u", key, i + 1), "", draft->lines[i].octets);
    if (x411_present(&draft->t61[X411_EA_UNFORMATTED_POSTAL])) {
        text_put_key(text, key, BYTES_NONE, "*");
        text_put_t61(text, draft->t61[X411_EA_UNFORMATTED_POSTAL].octets);
    }
    put_universal(text, key, &draft->universal[X411_EA_UNFORMATTED_POSTAL + 19]);
}

static void put_terminal_type(text_builder_t *text, const draft_t *draft, const char *key)
{
    static const char *const names[] = {"tlx", "ttx", "g3fax", "g4fax", "ia5", "vtx"};
    int64_t type = draft->terminal_type;
    if (!draft->terminal_type_present)
        return;
    text_put_key(text, key, BYTES_NONE, "");
    text_put_raw(text, type >= 3 && type <= 8
                           ? names[type - 3]
                           : apr_psprintf(text->pool, "%" APR_INT64_T_FMT, (apr_int64_t)type));
}

static void put_choice(text_builder_t *text, const char *key, const x411_string_t *value, bool country)
{
    if (x411_present(value))
        text_put_pair(text, key, text_choice_mark(value, country), value->octets);
}

static void put_string(text_builder_t *text, const char *key, const x411_string_t *value)
{
    if (x411_present(value))
        text_put_pair(text, key, "", value->octets);
}

static void put_others(text_builder_t *text, const draft_t *draft)
{
    for (unsigned i = 0; i < draft->other_count; i++) {
        text_put_key(text,
                     apr_psprintf(text->pool, "EA-%" APR_INT64_T_FMT, (apr_int64_t)draft->others[i].type),
                     BYTES_NONE, "");
        text_put_raw(text, bytes_to_hex(text->pool, draft->others[i].value));
    }
}

static void put_key(text_builder_t *text, const x411_or_address_t *base, const draft_t *draft,
                    const oraddress_key_t *row)
{
    const char *key = text->form == TEXT_SLASH ? row->slash : row->semicolon;
    switch (row->kind) {
    case KEY_NAME:
        put_variants(text, key, name_part(&base->personal_name, row->index),
                     name_part(&draft->t61_name, row->index), &draft->universal_name[row->index]);
        break;
    case KEY_CN:
        put_variants(text, key, &draft->cn, &draft->t61[X411_EA_TELETEX_COMMON_NAME],
                     &draft->universal[X411_EA_UNIVERSAL_COMMON_NAME]);
        break;
    case KEY_O:
        put_variants(text, key, &base->organization, &draft->t61[X411_EA_TELETEX_ORGANIZATION],
                     &draft->universal[X411_EA_UNIVERSAL_ORGANIZATION]);
        break;
    case KEY_OU: put_ous(text, base, draft); break;
    case KEY_PRMD: put_choice(text, key, &base->prmd, false); break;
    case KEY_ADMD: put_choice(text, key, &base->admd, false); break;
    case KEY_COUNTRY: put_choice(text, key, &base->country, true); break;
    case KEY_X121: put_string(text, key, &base->x121); break;
    case KEY_TERMINAL_ID: put_string(text, key, &base->terminal_id); break;
    case KEY_USER_ID: put_string(text, key, &base->numeric_user_id); break;
    case KEY_TERMINAL_TYPE: put_terminal_type(text, draft, key); break;
    case KEY_NET_NUMBER: put_string(text, key, &draft->net_number); break;
    case KEY_NET_SUBADDRESS: put_string(text, key, &draft->net_subaddress); break;
    case KEY_DDA: put_ddas(text, base, draft, key); break;
    case KEY_PDS:
        put_variants(text, key, &draft->pds[row->index].printable, &draft->pds[row->index].teletex,
                     &draft->universal[row->index + 19]);
        break;
    case KEY_PLAIN: put_choice(text, key, &draft->plain[row->index], row->index == X411_EA_PD_COUNTRY); break;
    case KEY_LINE: put_lines(text, draft, key); break;
    default: put_others(text, draft); break;
    }
}

/* Most addresses have standard attributes only: no draft is made for them. */
static const char *print_standard(apr_pool_t *pool, const x411_or_address_t *address, text_form_t form)
{
    static const draft_t no_extensions;
    text_builder_t text;
    text_start(&text, pool, form);
    for (unsigned i = 0; i < oraddress_key_count; i++)
        if (oraddress_keys[i].kind < KEY_PDS) /* those that follow are extensions */
            put_key(&text, address, &no_extensions, &oraddress_keys[i]);
    return text_finish(&text);
}

static const char *print(apr_pool_t *pool, const x411_or_address_t *address, text_form_t form)
{
    if (!address->extension_count)
        return print_standard(pool, address, form);
    draft_t draft;
    text_builder_t text;
    draft_from_address(pool, address, &draft);
    text_start(&text, pool, form);
    for (unsigned i = 0; i < oraddress_key_count; i++)
        put_key(&text, &draft.base, &draft, &oraddress_keys[i]);
    return text_finish(&text);
}

const char *x411_or_address_text(apr_pool_t *pool, const x411_or_address_t *address)
{
    return print(pool, address, TEXT_SEMICOLON);
}

const char *x411_or_address_text_2156(apr_pool_t *pool, const x411_or_address_t *address)
{
    return print(pool, address, TEXT_SLASH);
}

const char *x411_or_name_text(apr_pool_t *pool, const x411_or_name_t *name)
{
    const char *text = x411_or_address_text(pool, &name->address);
    if (!name->directory_name.length)
        return text;
    return apr_pstrcat(pool, text, *text ? ";DN=" : "DN=", bytes_to_hex(pool, name->directory_name), NULL);
}
