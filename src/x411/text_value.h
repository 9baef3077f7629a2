/* The written form of attribute lists, below x411/oraddress_text.h and x411/mts_id.h: pairs of key and value
 * with their separators, marks and escapes. Private to x411. */
#ifndef X411_TEXT_VALUE_H
#define X411_TEXT_VALUE_H

#include "x411/types.h"

typedef enum text_form_t { TEXT_SEMICOLON, TEXT_SLASH } text_form_t;

typedef struct text_builder_t {
    apr_pool_t *pool;
    text_form_t form;
    char *data;
    size_t length;
    size_t capacity;
} text_builder_t;

void text_start(text_builder_t *text, apr_pool_t *pool, text_form_t form);
/* Appends one pair with its separator: KEY MARK = VALUE; octets outside space to '~' become {NNN}. */
void text_put_pair(text_builder_t *text, const char *key, const char *mark, bytes_t value);
/* The same in parts: the key with its separator (its octets are escaped if raw is false), then values. */
void text_put_key(text_builder_t *text, const char *key, bytes_t subkey, const char *mark);
void text_put_value(text_builder_t *text, bytes_t value);
/* A T.61 value: characters that come back as the same octets are written in UTF-8, other octets as {NNN}. */
void text_put_t61(text_builder_t *text, bytes_t t61);
/* A universal value as UTF-8, {language} in front. */
void text_put_universal(text_builder_t *text, const x411_universal_t *value);
void text_put_raw(text_builder_t *text, const char *raw);
/* The text; the slash form ends with a slash. */
const char *text_finish(text_builder_t *text);

/* The mark that a value of a numeric-or-printable CHOICE needs: digits are taken as NumericString for a
 * country and as PrintableString elsewhere; an empty value is marked, as `A=` alone means the single space.
 */
const char *text_choice_mark(const x411_string_t *value, bool country);

typedef enum text_mark_t {
    TEXT_MARK_NONE,
    TEXT_MARK_TELETEX,   /* `*` */
    TEXT_MARK_UNIVERSAL, /* `**` BMPString */
    TEXT_MARK_WIDE,      /* `***` UniversalString */
    TEXT_MARK_NUMERIC,   /* `#` NumericString */
    TEXT_MARK_PRINTABLE  /* `@` PrintableString where digits would be numeric */
} text_mark_t;

typedef struct text_pair_t {
    bool end;       /* no more pairs; nothing else is set */
    bytes_t key;    /* without mark; up to the first ':' or '.' of DDA keys, see subkey */
    bytes_t subkey; /* type of a DDA, escapes resolved */
    bool has_subkey;
    text_mark_t mark;
    bytes_t value;    /* escapes resolved to octets; teletex: T.61; universal: UTF-8 */
    bool has_teletex; /* slash form: a teletex part after '*' */
    bool has_plain;   /* false if the value began with '*' */
    bytes_t teletex;  /* T.61 */
    bytes_t language; /* universal: iso-639 code, may be empty */
    size_t position;  /* of the key in the text, from 1 */
} text_pair_t;

typedef struct text_parser_t {
    apr_pool_t *pool;
    const char *text;
    const char *next;
    text_form_t form;
} text_parser_t;

/* The value of such a CHOICE as a pair says it. */
x411_string_t text_choice_value(const text_pair_t *pair, bool country);

err_t *text_parse_start(text_parser_t *parser, apr_pool_t *pool, const char *text);
err_t *text_parse_next(text_parser_t *parser, text_pair_t *pair);
bool text_key_is(const text_pair_t *pair, const char *key);
err_t *text_parse_error(const text_parser_t *parser, const text_pair_t *pair, const char *what);

#endif
