#include "x411/text_value.h"

#include <apr_strings.h>

#include "x411/oraddress_text.h"

/* Building. */

void text_start(text_builder_t *text, apr_pool_t *pool, text_form_t form)
{
    *text = (text_builder_t){.pool = pool, .form = form, .capacity = 120};
    text->data = apr_palloc(pool, text->capacity);
}

/* Makes room for length octets, and for a sign and a terminator behind them. */
static inline void reserve(text_builder_t *text, size_t length)
{
    if (text->length + length + 2 <= text->capacity)
        return;
    size_t capacity = text->capacity * 2 + length;
    char *longer = apr_palloc(text->pool, capacity);
    memcpy(longer, text->data, text->length);
    text->data = longer;
    text->capacity = capacity;
}

static inline void put(text_builder_t *text, const char *data, size_t length)
{
    reserve(text, length);
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

static inline void put_sign(text_builder_t *text, char sign)
{
    reserve(text, 1);
    text->data[text->length++] = sign;
}

void text_put_raw(text_builder_t *text, const char *raw)
{
    put(text, raw, strlen(raw));
}

static void put_coded(text_builder_t *text, uint8_t octet)
{
    char coded[6] = {
        '{', (char)('0' + octet / 100), (char)('0' + octet / 10 % 10), (char)('0' + octet % 10), '}', 0};
    put(text, coded, 5);
}

/* One character of a value; special lists what must be escaped besides the form's own signs. */
static void put_char(text_builder_t *text, uint8_t c, const char *special)
{
    char pair[2] = {text->form == TEXT_SLASH ? '$' : '\\', (char)c};
    if (c < 0x20 || c > 0x7E) {
        put_coded(text, c);
    } else if (text->form == TEXT_SEMICOLON && c == ';') {
        put(text, ";;", 2);
    } else if (c == (uint8_t)pair[0] || c == '{' || strchr(special, c) ||
               (text->form == TEXT_SLASH && strchr("/=*", c))) {
        put(text, pair, 2);
    } else {
        put(text, pair + 1, 1);
    }
}

/* Characters that neither form escapes anywhere. */
static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '-';
}

void text_put_value(text_builder_t *text, bytes_t value)
{
    for (size_t i = 0; i < value.length;) {
        size_t run = i;
        while (run < value.length && is_plain(value.data[run]))
            run++;
        if (run > i)
            put(text, (const char *)value.data + i, run - i);
        if (run < value.length)
            put_char(text, value.data[run++], "");
        i = run;
    }
}

void text_put_t61(text_builder_t *text, bytes_t t61)
{
    for (size_t i = 0; i < t61.length;) {
        size_t size = t61.data[i] >= 0xC1 && t61.data[i] <= 0xCF && i + 1 < t61.length ? 2 : 1;
        bytes_t part = bytes_slice(t61, i, size);
        if (size == 1 && part.data[0] < 0x80) {
            put_char(text, part.data[0], "");
        } else if (bytes_equal(x411_t61_from_utf8(text->pool, x411_utf8_from_t61(text->pool, part)), part)) {
            bytes_t utf8 = x411_utf8_from_t61(text->pool, part);
            put(text, (const char *)utf8.data, utf8.length);
        } else {
            size = 1;
            put_coded(text, part.data[0]);
        }
        i += size;
    }
}

/* UTF-8 with control characters and the form's signs escaped. */
static void put_utf8(text_builder_t *text, bytes_t utf8, const char *special)
{
    for (size_t i = 0; i < utf8.length; i++) {
        if (utf8.data[i] >= 0x80)
            put(text, (const char *)utf8.data + i, 1);
        else
            put_char(text, utf8.data[i], special);
    }
}

void text_put_universal(text_builder_t *text, const x411_universal_t *value)
{
    if (value->language.length) {
        put(text, "{", 1);
        put(text, (const char *)value->language.data, value->language.length);
        put(text, "}", 1);
    }
    put_utf8(text, x411_utf8_from_universal(text->pool, value), "");
}

void text_put_key(text_builder_t *text, const char *key, bytes_t subkey, const char *mark)
{
    if (text->form == TEXT_SLASH || text->length)
        put_sign(text, text->form == TEXT_SLASH ? '/' : ';');
    text_put_raw(text, key);
    if (subkey.data) {
        put_sign(text, text->form == TEXT_SLASH ? '.' : ':');
        /* A type in T.61 or universal characters comes as UTF-8. */
        if (*mark)
            put_utf8(text, subkey, "=:*#@.");
        else
            for (size_t i = 0; i < subkey.length; i++)
                put_char(text, subkey.data[i], "=:*#@.");
    }
    text_put_raw(text, mark);
    put_sign(text, '=');
}

void text_put_pair(text_builder_t *text, const char *key, const char *mark, bytes_t value)
{
    text_put_key(text, key, BYTES_NONE, mark);
    text_put_value(text, value);
}

const char *text_finish(text_builder_t *text)
{
    if (text->form == TEXT_SLASH && text->length)
        put_sign(text, '/');
    text->data[text->length] = '\0';
    return text->data;
}

const char *text_choice_mark(const x411_string_t *value, bool country)
{
    bool digits = country && value->octets.length && x411_is_numeric(value->octets);
    if (value->type == BER_NUMERIC_STRING)
        return digits ? "" : "#";
    return digits || value->octets.length == 0 ? "@" : "";
}

/* Parsing. */

x411_string_t text_choice_value(const text_pair_t *pair, bool country)
{
    bool digits = pair->value.length && x411_is_numeric(pair->value);
    bool numeric = pair->mark == TEXT_MARK_NUMERIC || (pair->mark == TEXT_MARK_NONE && country && digits);
    return x411_string(numeric ? BER_NUMERIC_STRING : BER_PRINTABLE_STRING, pair->value);
}

err_t *text_parse_start(text_parser_t *parser, apr_pool_t *pool, const char *text)
{
    if (strlen(text) > X411_TEXT_LIMIT)
        return err_create(pool, X411_ERROR_LIMIT, "P1", "the address is longer than %d characters",
                          (int)X411_TEXT_LIMIT);
    *parser = (text_parser_t){.pool = pool, .text = text, .next = text};
    while (*parser->next == ' ')
        parser->next++;
    parser->form = *parser->next == '/' ? TEXT_SLASH : TEXT_SEMICOLON;
    return NULL;
}

static err_t *error_at(const text_parser_t *parser, const char *place, const char *what)
{
    return err_create(parser->pool, X411_ERROR_VALUE, "P1", "%s at character %d of \"%s\"", what,
                      (int)(place - parser->text) + 1, parser->text);
}

err_t *text_parse_error(const text_parser_t *parser, const text_pair_t *pair, const char *what)
{
    return error_at(parser, parser->text + pair->position - 1, what);
}

bool text_key_is(const text_pair_t *pair, const char *key)
{
    size_t length = strlen(key);
    if (pair->key.length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        uint8_t c = pair->key.data[i];
        if ((c >= 'a' && c <= 'z' ? c - 32 : c) != (uint8_t)key[i])
            return false;
    }
    return true;
}

static bool is_dda_key(const char *key, size_t length)
{
    text_pair_t pair = {.key = bytes_make(key, length)};
    return text_key_is(&pair, "DDA") || text_key_is(&pair, "DD");
}

/* One unit of a value: a literal octet of the text, or an octet given as a code. */
typedef enum unit_t { UNIT_END, UNIT_LITERAL, UNIT_CODE, UNIT_STAR, UNIT_LANGUAGE, UNIT_BAD } unit_t;

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* {NNN}, {xHH}, or {aa} and {aa-AA} for a language. */
static unit_t read_braces(text_parser_t *parser, uint8_t *octet, bytes_t *language)
{
    const char *start = parser->next + 1;
    const char *stop = strchr(start, '}');
    size_t length = stop ? (size_t)(stop - start) : 0;
    if (length == 3 && (start[0] == 'x' || start[0] == 'X') && hex_digit(start[1]) >= 0 &&
        hex_digit(start[2]) >= 0) {
        *octet = (uint8_t)(hex_digit(start[1]) * 16 + hex_digit(start[2]));
    } else if (length == 3 && start[0] >= '0' && start[0] <= '2' && start[1] >= '0' && start[1] <= '9' &&
               start[2] >= '0' && start[2] <= '9') {
        int value = (start[0] - '0') * 100 + (start[1] - '0') * 10 + (start[2] - '0');
        if (value > 255)
            return UNIT_BAD;
        *octet = (uint8_t)value;
    } else if ((length == 2 || length == 5) && language) {
        *language = bytes_make(start, length);
        parser->next = stop + 1;
        return UNIT_LANGUAGE;
    } else {
        return UNIT_BAD;
    }
    parser->next = stop + 1;
    return UNIT_CODE;
}

static unit_t read_unit(text_parser_t *parser, const char *stops, uint8_t *octet, bytes_t *language)
{
    char c = *parser->next;
    char escape = parser->form == TEXT_SLASH ? '$' : '\\';
    char separator = parser->form == TEXT_SLASH ? '/' : ';';
    if (c == '\0')
        return UNIT_END;
    if (c == '{')
        return read_braces(parser, octet, language);
    if (c == escape) {
        if (parser->next[1] == '\0')
            return UNIT_BAD;
        parser->next++;
    } else if (c == separator) {
        if (parser->form == TEXT_SLASH || parser->next[1] != ';')
            return UNIT_END;
        parser->next++;
    } else if (strchr(stops, c)) {
        return UNIT_STAR;
    }
    *octet = (uint8_t)*parser->next++;
    return UNIT_LITERAL;
}

/* Octets that are being gathered: literal ones are UTF-8 to be converted in T.61, codes are taken as they
 * are. */
typedef struct gather_t {
    uint8_t *octets;
    size_t length;
    size_t literal; /* start of the literal run at the end */
} gather_t;

static bool gather_flush_t61(apr_pool_t *pool, gather_t *gather)
{
    bytes_t run = bytes_make(gather->octets + gather->literal, gather->length - gather->literal);
    bytes_t t61 = x411_t61_from_utf8(pool, run);
    if (run.length && !t61.data)
        return false;
    if (run.length)
        memcpy(gather->octets + gather->literal, t61.data, t61.length);
    gather->length = gather->literal + (run.length ? t61.length : 0);
    gather->literal = gather->length;
    return true;
}

typedef enum charset_t { CHARSET_PLAIN, CHARSET_T61, CHARSET_UTF8 } charset_t;

/* Reads units up to a stop or the end into *value. */
static err_t *read_value(text_parser_t *parser, const char *stops, charset_t charset, bytes_t *language,
                         bytes_t *value)
{
    gather_t gather = {.octets = apr_palloc(parser->pool, strlen(parser->next) + 1)};
    for (;;) {
        const char *place = parser->next;
        uint8_t octet = 0;
        unit_t unit = read_unit(parser, stops, &octet, gather.length ? NULL : language);
        if (unit == UNIT_BAD)
            return error_at(parser, place, "bad escape");
        if (unit == UNIT_END || unit == UNIT_STAR)
            break;
        if (unit == UNIT_LANGUAGE)
            continue;
        if (unit == UNIT_LITERAL && octet >= 0x80 && charset == CHARSET_PLAIN)
            return error_at(parser, place,
                            "character that PrintableString lacks (KEY*= takes T.61, KEY**= any)");
        if (unit == UNIT_CODE && charset == CHARSET_T61 && !gather_flush_t61(parser->pool, &gather))
            return error_at(parser, place, "character that T.61 lacks");
        if (unit == UNIT_CODE && charset == CHARSET_UTF8 && octet >= 0x80) {
            gather.octets[gather.length++] = (uint8_t)(0xC0 | octet >> 6);
            octet = (uint8_t)(0x80 | (octet & 0x3F));
        }
        gather.octets[gather.length++] = octet;
        if (unit == UNIT_CODE)
            gather.literal = gather.length;
    }
    if (charset == CHARSET_T61 && !gather_flush_t61(parser->pool, &gather))
        return error_at(parser, parser->next, "character that T.61 lacks");
    *value = bytes_make(gather.octets, gather.length);
    return NULL;
}

static text_mark_t read_mark(text_parser_t *parser)
{
    unsigned stars = 0;
    if (*parser->next == '#' || *parser->next == '@')
        return *parser->next++ == '#' ? TEXT_MARK_NUMERIC : TEXT_MARK_PRINTABLE;
    for (; *parser->next == '*' && stars < 3; stars++)
        parser->next++;
    return stars == 0   ? TEXT_MARK_NONE
           : stars == 1 ? TEXT_MARK_TELETEX
           : stars == 2 ? TEXT_MARK_UNIVERSAL
                        : TEXT_MARK_WIDE;
}

/* The key, the subkey of a DDA, and the mark, up to and with the '='. */
static err_t *read_key(text_parser_t *parser, text_pair_t *pair)
{
    const char *start = parser->next;
    while (*parser->next && !strchr("=*#@:;/", *parser->next)) {
        if (*parser->next == '.' && is_dda_key(start, (size_t)(parser->next - start)))
            break;
        parser->next++;
    }
    pair->key = bytes_make(start, (size_t)(parser->next - start));
    while (pair->key.length && pair->key.data[pair->key.length - 1] == ' ')
        pair->key.length--;
    if ((*parser->next == ':' || *parser->next == '.') &&
        is_dda_key((const char *)pair->key.data, pair->key.length)) {
        parser->next++;
        const char *type = parser->next;
        err_t *err = read_value(parser, "=*#@", CHARSET_UTF8, NULL, &pair->subkey);
        if (err)
            return err;
        pair->has_subkey = true;
        pair->mark = read_mark(parser);
        /* The type is read again in the character set that the mark says. */
        const char *after = parser->next;
        if (pair->mark == TEXT_MARK_NONE || pair->mark == TEXT_MARK_TELETEX) {
            parser->next = type;
            err = read_value(parser, "=*#@", pair->mark == TEXT_MARK_NONE ? CHARSET_PLAIN : CHARSET_T61, NULL,
                             &pair->subkey);
            parser->next = after;
            if (err)
                return err;
        }
    } else {
        pair->mark = read_mark(parser);
    }
    if (*parser->next != '=')
        return error_at(parser, parser->next, "'=' expected");
    parser->next++;
    return NULL;
}

err_t *text_parse_next(text_parser_t *parser, text_pair_t *pair)
{
    const char *separators = parser->form == TEXT_SLASH ? "/ " : "; ";
    *pair = (text_pair_t){.has_plain = true};
    while (*parser->next && strchr(separators, *parser->next))
        parser->next++;
    pair->end = *parser->next == '\0';
    pair->position = (size_t)(parser->next - parser->text) + 1;
    if (pair->end)
        return NULL;
    err_t *err = read_key(parser, pair);
    if (err)
        return err;
    bool split =
        parser->form == TEXT_SLASH && (pair->mark == TEXT_MARK_NONE || pair->mark == TEXT_MARK_NUMERIC ||
                                       pair->mark == TEXT_MARK_PRINTABLE);
    charset_t charset = pair->mark == TEXT_MARK_TELETEX                                     ? CHARSET_T61
                        : pair->mark == TEXT_MARK_UNIVERSAL || pair->mark == TEXT_MARK_WIDE ? CHARSET_UTF8
                                                                                            : CHARSET_PLAIN;
    const char *start = parser->next;
    err = read_value(parser, split ? "*" : "", charset, charset == CHARSET_UTF8 ? &pair->language : NULL,
                     &pair->value);
    if (!err && split && *parser->next == '*') {
        pair->has_plain = parser->next != start;
        parser->next++;
        pair->has_teletex = true;
        err = read_value(parser, "", CHARSET_T61, NULL, &pair->teletex);
    }
    return err;
}
