/* Texts of body parts as UTF-8. */
#include "x420/charset.h"
#include "x420/ipm.h"

static bool has_charset(const x420_body_t *body, int64_t first, int64_t last)
{
    for (unsigned i = 0; i < body->charset_count; i++)
        if (body->charsets[i] >= first && body->charsets[i] <= last)
            return true;
    return false;
}

/* The registrations of ISO 2375 that say how the octets of a general text are to be read. */
static bytes_t general_text(apr_pool_t *pool, const x420_body_t *body)
{
    x411_universal_t wide = {.octets = body->octets};
    if (has_charset(body, 190, 192) || has_charset(body, 196, 196))
        return x420_utf8_clean(pool, x420_strip_escapes(pool, body->octets));
    if (has_charset(body, 162, 162) || has_charset(body, 174, 174) || has_charset(body, 176, 176) ||
        has_charset(body, 193, 195))
        wide.type = BER_BMP_STRING;
    else if (has_charset(body, 163, 163) || has_charset(body, 175, 175) || has_charset(body, 177, 177))
        wide.type = BER_UNIVERSAL_STRING;
    if (wide.type)
        return x411_utf8_from_universal(pool, &wide);
    bytes_t plain = x420_strip_escapes(pool, body->octets);
    if (has_charset(body, 102, 103) || has_charset(body, 156, 156))
        return x411_utf8_from_t61(pool, plain);
    if (has_charset(body, 144, 144))
        return x420_utf8_from_8bit(pool, plain, X420_CYRILLIC);
    if (has_charset(body, 203, 203))
        return x420_utf8_from_8bit(pool, plain, X420_LATIN9);
    if (has_charset(body, 100, 100))
        return x420_utf8_from_8bit(pool, plain, X420_LATIN1);
    return x420_utf8_from_8bit(pool, plain, X420_ASCII);
}

bool x420_body_text(apr_pool_t *pool, const x420_body_t *body, bytes_t *utf8)
{
    *utf8 = BYTES_NONE;
    if (body->fault)
        return false;
    bool extended = body->type == X420_BODY_EXTERNAL;
    if (body->type == X420_BODY_IA5 || (extended && body->extended == X420_EXTENDED_IA5))
        *utf8 = x420_utf8_from_8bit(pool, body->octets, X420_LATIN1);
    else if (body->type == X420_BODY_TELETEX || (extended && body->extended == X420_EXTENDED_TELETEX))
        *utf8 = x411_utf8_from_t61(pool, body->octets);
    else if (extended && body->extended == X420_EXTENDED_GENERAL_TEXT)
        *utf8 = general_text(pool, body);
    else
        return false;
    return true;
}

bool x420_body_attachment(apr_pool_t *pool, const x420_body_t *body, bytes_t *name, bytes_t *octets)
{
    *name = *octets = BYTES_NONE;
    if (body->type == X420_BODY_BILATERAL) {
        *octets = body->octets;
        return !body->fault;
    }
    if (body->type != X420_BODY_EXTERNAL)
        return false;
    if (body->extended == X420_EXTENDED_BILATERAL) {
        *octets = body->octets;
        return !body->fault;
    }
    if (body->extended != X420_EXTENDED_FILE || body->data.encoding != X420_SINGLE_ASN1)
        return false;
    bytes_t raw = body->file.name.length ? body->file.name : body->file.description;
    *name = x420_utf8_is_valid(raw) ? raw : x420_utf8_from_8bit(pool, raw, X420_LATIN1);
    *octets = body->file.octets;
    return true;
}
