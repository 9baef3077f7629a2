#include "x411/mts_id.h"

#include <apr_strings.h>

#include "x411/fields.h"
#include "x411/text_value.h"

x411_domain_t x411_domain_make(const char *country, const char *admd, const char *prmd)
{
    x411_domain_t domain = {.country = x411_printable(country),
                            .admd = x411_printable(admd && *admd ? admd : " "),
                            .prmd = X411_ABSENT};
    if (domain.country.octets.length && x411_is_numeric(domain.country.octets))
        domain.country.type = BER_NUMERIC_STRING;
    if (prmd && *prmd)
        domain.prmd = x411_printable(prmd);
    return domain;
}

static bool part_equal(const x411_string_t *a, const x411_string_t *b)
{
    return x411_present(a) == x411_present(b) && x411_text_equal(a->octets, b->octets);
}

bool x411_domain_equal(const x411_domain_t *a, const x411_domain_t *b)
{
    return part_equal(&a->country, &b->country) && part_equal(&a->admd, &b->admd) &&
           part_equal(&a->prmd, &b->prmd);
}

bool x411_mts_id_equal(const x411_mts_id_t *a, const x411_mts_id_t *b)
{
    return bytes_equal(a->local.octets, b->local.octets) && x411_domain_equal(&a->domain, &b->domain);
}

static bool read_choice(ber_reader_t *reader, ber_tag_t tag, apr_pool_t *pool, x411_string_t *value)
{
    ber_reader_t child;
    ber_tlv_t item;
    return ber_enter(reader, tag, &child) && ber_read(&child, &item) &&
           x411_string_read_choice(&child, &item, pool, value) && ber_done(&child);
}

bool x411_domain_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                      x411_domain_t *domain)
{
    ber_reader_t sequence;
    *domain = (x411_domain_t){X411_ABSENT, X411_ABSENT, X411_ABSENT};
    if (!ber_children(reader, tlv, &sequence) ||
        !read_choice(&sequence, BER_APPLICATION(1), pool, &domain->country) ||
        !read_choice(&sequence, BER_APPLICATION(2), pool, &domain->admd))
        return false;
    ber_tlv_t item;
    if (ber_more(&sequence) &&
        (!ber_read(&sequence, &item) || !x411_string_read_choice(&sequence, &item, pool, &domain->prmd)))
        return false;
    return ber_done(&sequence);
}

bool x411_mts_id_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x411_mts_id_t *id)
{
    ber_reader_t sequence;
    ber_tlv_t item;
    *id = (x411_mts_id_t){0};
    return ber_children(reader, tlv, &sequence) && ber_expect(&sequence, BER_APPLICATION(3), &item) &&
           x411_domain_read(&sequence, &item, pool, &id->domain) && ber_read(&sequence, &item) &&
           x411_string_read_choice(&sequence, &item, pool, &id->local) && ber_done(&sequence);
}

static void write_choice(ber_writer_t *writer, ber_tag_t tag, const x411_string_t *value)
{
    if (!x411_present(value))
        return;
    ber_open(writer, tag);
    ber_put_octets(writer, value->type, value->octets);
    ber_close(writer);
}

void x411_domain_write(ber_writer_t *writer, const x411_domain_t *domain)
{
    ber_open(writer, BER_APPLICATION(3));
    write_choice(writer, BER_APPLICATION(1), &domain->country);
    write_choice(writer, BER_APPLICATION(2), &domain->admd);
    x411_string_write(writer, domain->prmd.type, &domain->prmd);
    ber_close(writer);
}

void x411_mts_id_write(ber_writer_t *writer, ber_tag_t tag, const x411_mts_id_t *id)
{
    ber_open(writer, tag);
    x411_domain_write(writer, &id->domain);
    ber_put_octets(writer, x411_present(&id->local) ? id->local.type : BER_IA5_STRING, id->local.octets);
    ber_close(writer);
}

/* Text. */

static void put_domain(text_builder_t *text, const x411_domain_t *domain)
{
    if (x411_present(&domain->country))
        text_put_pair(text, "C", text_choice_mark(&domain->country, true), domain->country.octets);
    if (x411_present(&domain->admd))
        text_put_pair(text, "A", text_choice_mark(&domain->admd, false), domain->admd.octets);
    if (x411_present(&domain->prmd))
        text_put_pair(text, "P", text_choice_mark(&domain->prmd, false), domain->prmd.octets);
}

const char *x411_domain_text(apr_pool_t *pool, const x411_domain_t *domain)
{
    text_builder_t text;
    text_start(&text, pool, TEXT_SEMICOLON);
    put_domain(&text, domain);
    return text_finish(&text);
}

const char *x411_mts_id_text(apr_pool_t *pool, const x411_mts_id_t *id)
{
    text_builder_t text;
    text_start(&text, pool, TEXT_SEMICOLON);
    put_domain(&text, &id->domain);
    text_put_pair(&text, "L", "", id->local.octets);
    return text_finish(&text);
}

static err_t *parse(apr_pool_t *pool, const char *text, x411_domain_t *domain, x411_string_t *local)
{
    text_parser_t parser;
    text_pair_t pair;
    err_t *err = text_parse_start(&parser, pool, text);
    *domain = (x411_domain_t){X411_ABSENT, X411_ABSENT, X411_ABSENT};
    while (!err && (err = text_parse_next(&parser, &pair)) == NULL && !pair.end) {
        x411_string_t *part = text_key_is(&pair, "C")                                 ? &domain->country
                              : text_key_is(&pair, "A") || text_key_is(&pair, "ADMD") ? &domain->admd
                              : text_key_is(&pair, "P") || text_key_is(&pair, "PRMD") ? &domain->prmd
                              : text_key_is(&pair, "L") && local                      ? local
                                                                                      : NULL;
        if (!part)
            err = text_parse_error(&parser, &pair, "unknown key");
        else if (x411_present(part))
            err = text_parse_error(&parser, &pair, "this key is there twice");
        else
            *part = part == local ? x411_string(BER_IA5_STRING, pair.value)
                                  : text_choice_value(&pair, part == &domain->country);
        if (part == &domain->admd && pair.value.length == 0 && pair.mark == TEXT_MARK_NONE)
            domain->admd = x411_printable(" ");
    }
    if (!err && !x411_present(&domain->country))
        err = err_create(pool, X411_ERROR_VALUE, "P1", "no country (C=) in \"%s\"", text);
    return err;
}

err_t *x411_domain_parse(apr_pool_t *pool, const char *text, x411_domain_t *domain)
{
    return parse(pool, text, domain, NULL);
}

err_t *x411_mts_id_parse(apr_pool_t *pool, const char *text, x411_mts_id_t *id)
{
    id->local = X411_ABSENT;
    err_t *err = parse(pool, text, &id->domain, &id->local);
    if (!err && !x411_present(&id->local))
        err = err_create(pool, X411_ERROR_VALUE, "P1", "no local identifier (L=) in \"%s\"", text);
    return err;
}

enum { BASE = 36 };
#define DECIMAL_LIMIT UINT64_C(10000000000)

/* A number that would leave little room for the name of the host: "-" and digits and capital letters, 13 at
 * most. It begins with a letter that no decimal number has. */
static void write_base36(uint64_t number, char *text)
{
    char digits[16];
    int count = 0;
    for (; number; number /= BASE)
        digits[count++] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % BASE];
    *text++ = '-';
    *text++ = 'N';
    while (count)
        *text++ = digits[--count];
    *text = 0;
}

x411_mts_id_t x411_mts_id_make(apr_pool_t *pool, const x411_domain_t *domain, const char *host,
                               utc_time_t utc, uint64_t counter)
{
    char tail[X411_TIME_SIZE + 24];
    char number[24];
    if (counter < DECIMAL_LIMIT)
        apr_snprintf(number, sizeof(number), "-%" APR_UINT64_T_FMT, (apr_uint64_t)counter);
    else
        write_base36(counter, number);
    tail[0] = '-';
    x411_time_write(utc, tail + 1);
    memcpy(tail + 1 + X411_TIME_SIZE, number, strlen(number) + 1);
    size_t room = strlen(tail) < X411_UB_LOCAL_ID ? X411_UB_LOCAL_ID - strlen(tail) : 0;
    size_t length = strlen(host) < room ? strlen(host) : room;
    char *local = apr_pstrcat(pool, apr_pstrndup(pool, host, length), tail, NULL);
    x411_domain_t copy = x411_domain_copy(pool, domain);
    return (x411_mts_id_t){copy, x411_string(BER_IA5_STRING, bytes_of_string(local))};
}

static x411_string_t copy_part(apr_pool_t *pool, const x411_string_t *part)
{
    return x411_present(part) ? x411_string(part->type, bytes_copy(pool, part->octets)) : X411_ABSENT;
}

x411_domain_t x411_domain_copy(apr_pool_t *pool, const x411_domain_t *domain)
{
    return (x411_domain_t){copy_part(pool, &domain->country), copy_part(pool, &domain->admd),
                           copy_part(pool, &domain->prmd)};
}

x411_mts_id_t x411_mts_id_copy(apr_pool_t *pool, const x411_mts_id_t *id)
{
    return (x411_mts_id_t){x411_domain_copy(pool, &id->domain), copy_part(pool, &id->local)};
}
