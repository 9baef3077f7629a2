#include "config/scan.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

typedef enum token_t { TOKEN_END, TOKEN_WORD, TOKEN_SIGN, TOKEN_BAD } token_t;

typedef struct scanner_t {
    char *text;
    size_t length;
    size_t position;
    int line;
    const char *file;
    apr_pool_t *pool;
    config_findings_t *findings;
    apr_array_header_t *lines;
    scan_result_t *result;
    /* the token last read */
    size_t start;
    int start_line;
    char sign; /* of TOKEN_SIGN: { } ( ) , = and + for += */
} scanner_t;

static config_place_t place(const scanner_t *scanner, int line)
{
    return (config_place_t){scanner->file, line};
}

static void blank(scanner_t *scanner, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (scanner->text[i] != '\n')
            scanner->text[i] = ' ';
}

static token_t unusable(scanner_t *scanner, int line, const char *what)
{
    config_findings_add(scanner->findings, scanner->pool, CONFIG_ERROR, place(scanner, line), "%s", what);
    scanner->result->usable = false;
    scanner->position = scanner->length;
    return TOKEN_BAD;
}

/* Passes blanks, line ends and comments. False if a comment has no end. */
static bool skip_blank(scanner_t *scanner)
{
    char *text = scanner->text;
    for (;;) {
        size_t at = scanner->position;
        char c = text[at];
        if (at >= scanner->length)
            return true;
        if (c == '\n') {
            scanner->line++;
            scanner->position++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            scanner->position++;
        } else if (c == '#' || (c == '/' && text[at + 1] == '/')) {
            size_t end = at + strcspn(text + at, "\n");
            blank(scanner, at, end);
            scanner->position = end;
        } else if (c == '/' && text[at + 1] == '*') {
            const char *end = strstr(text + at + 2, "*/");
            if (!end) {
                unusable(scanner, scanner->line, "the comment that begins here has no end; close it with */");
                return false;
            }
            size_t after = (size_t)(end - text) + 2;
            for (size_t i = at; i < after; i++)
                scanner->line += text[i] == '\n';
            blank(scanner, at, after);
            scanner->position = after;
        } else {
            return true;
        }
    }
}

/* True if the digits behind a backslash are an octet in octal other than 0; its lexer has no way back from
 * anything else. */
static bool octal_fits(const char *digits)
{
    size_t length = strspn(digits, "0123456789");
    unsigned value = 0;
    for (size_t i = 0; i < length && i < 4; i++)
        value = value * 8 + (unsigned)(digits[i] - '0');
    return length == 0 || (length <= 3 && strspn(digits, "01234567") >= length && value > 0 && value <= 255);
}

/* "..." or '...' as libConfuse's lexer takes it. */
static token_t read_quoted(scanner_t *scanner)
{
    const char *text = scanner->text;
    size_t at = scanner->position;
    char quote = text[at++];
    while (at < scanner->length && text[at] != quote) {
        if (text[at] == '\n')
            return unusable(scanner, scanner->start_line,
                            "the text that begins here does not end on its line; close the quotes");
        if (quote == '"' && text[at] == '$' && text[at + 1] == '{') {
            at += strcspn(text + at, "}\"\n");
            if (text[at] != '}')
                return unusable(
                    scanner, scanner->start_line,
                    "'${' begins an environment variable here; close it with '}' or write '\\${'");
        }
        if (quote == '"' && text[at] == '\\' && !octal_fits(text + at + 1))
            return unusable(scanner, scanner->start_line,
                            "'\\' and digits that are no octet in octal; write '\\\\' for a backslash");
        if (text[at] == '\\' && at + 1 < scanner->length && text[at + 1] != '\n')
            at++;
        at++;
    }
    if (at >= scanner->length)
        return unusable(scanner, scanner->start_line,
                        "the text that begins here has no end; close the quotes");
    scanner->position = at + 1;
    return TOKEN_WORD;
}

static token_t read_word(scanner_t *scanner)
{
    const char *text = scanner->text;
    size_t at = scanner->position;
    if (text[at] == '$' && text[at + 1] == '{') {
        at += strcspn(text + at, "}\n");
        if (text[at] != '}')
            return unusable(scanner, scanner->line,
                            "'${' begins an environment variable here; close it with '}'");
        scanner->position = at + 1;
        return TOKEN_WORD;
    }
    size_t length = strcspn(text + at, " #\"'\t\n\r={}()+,");
    for (size_t i = at; i < at + length; i++) {
        bool comment = text[i] == '/' && (text[i + 1] == '/' || text[i + 1] == '*');
        if (comment || text[i] == '*' || text[i] == '$' || (unsigned char)text[i] < ' ')
            length = 0;
    }
    if (length == 0)
        return unusable(scanner, scanner->line,
                        "unexpected character; write values with signs in quotes: \"...\"");
    scanner->position = at + length;
    return TOKEN_WORD;
}

static token_t next(scanner_t *scanner)
{
    if (!skip_blank(scanner))
        return TOKEN_BAD;
    const char *text = scanner->text + scanner->position;
    scanner->start = scanner->position;
    scanner->start_line = scanner->line;
    if (scanner->position >= scanner->length)
        return TOKEN_END;
    if (*text == '"' || *text == '\'')
        return read_quoted(scanner);
    if (*text == '+' && text[1] == '=') {
        scanner->position += 2;
        scanner->sign = '+';
        return TOKEN_SIGN;
    }
    if (strchr("{}(),=", *text)) {
        scanner->position++;
        scanner->sign = *text;
        return TOKEN_SIGN;
    }
    return read_word(scanner);
}

static bool next_is(scanner_t *scanner, char sign)
{
    return next(scanner) == TOKEN_SIGN && scanner->sign == sign;
}

/* The structure is not understood; the rest is only looked at for text and comments without end. */
static bool confused(scanner_t *scanner)
{
    scanner->result->confused = true;
    scanner->result->line = scanner->start_line;
    for (token_t token = TOKEN_WORD; token == TOKEN_WORD || token == TOKEN_SIGN;)
        token = next(scanner);
    return false;
}

/* Passes everything up to the sign that closes `open`, which was just read. */
static bool skip_closed(scanner_t *scanner, char open)
{
    char close = open == '{' ? '}' : ')';
    size_t depth = 1;
    while (depth > 0) {
        token_t token = next(scanner);
        if (token == TOKEN_END || token == TOKEN_BAD)
            return false;
        if (token == TOKEN_SIGN)
            depth = depth + (scanner->sign == open) - (scanner->sign == close);
    }
    return true;
}

/* Passes what follows the name of an unknown option. If nothing that belongs to it follows, nothing is
 * passed. */
static bool skip_unknown(scanner_t *scanner)
{
    size_t position = scanner->position;
    int line = scanner->line;
    token_t token = next(scanner);
    if (token == TOKEN_SIGN && (scanner->sign == '=' || scanner->sign == '+')) {
        token = next(scanner);
        if (token == TOKEN_WORD)
            return true;
        return token == TOKEN_SIGN && scanner->sign == '{' && skip_closed(scanner, '{');
    }
    if (token == TOKEN_WORD && next_is(scanner, '{'))
        return skip_closed(scanner, '{');
    if (token == TOKEN_SIGN && (scanner->sign == '{' || scanner->sign == '('))
        return skip_closed(scanner, scanner->sign);
    scanner->position = position;
    scanner->line = line;
    return token != TOKEN_BAD;
}

static bool scan_option(scanner_t *scanner, const schema_option_t *option)
{
    if (next(scanner) != TOKEN_SIGN || (scanner->sign != '=' && scanner->sign != '+'))
        return confused(scanner);
    token_t token = next(scanner);
    if (token == TOKEN_WORD)
        return true;
    if (token != TOKEN_SIGN || scanner->sign != '{' || !schema_is_list(option))
        return confused(scanner);
    return skip_closed(scanner, '{') || confused(scanner);
}

/* include("FILE"). libConfuse forgets to free the arguments of a call that it cannot read, so it sees only
 * whole ones. */
static bool scan_include(scanner_t *scanner, int line)
{
    if (next_is(scanner, '(') && next(scanner) == TOKEN_WORD && next_is(scanner, ')'))
        return true;
    if (scanner->result->usable)
        unusable(scanner, line, "include takes the name of one file: include(\"FILE\")");
    return false;
}

static bool scan_section(scanner_t *scanner, const schema_section_t *section, int opened);

/* A statement whose name was just read. */
static bool scan_statement(scanner_t *scanner, const schema_section_t *section)
{
    size_t start = scanner->start;
    int line = scanner->start_line;
    char *name = apr_pstrmemdup(scanner->pool, scanner->text + start, scanner->position - start);
    const schema_option_t *option = schema_find_option(section, name);
    if (option)
        return scan_option(scanner, option);
    const schema_section_t *inner = schema_find_subsection(section, name);
    if (inner) {
        if (inner->titled && next(scanner) != TOKEN_WORD)
            return confused(scanner);
        if (!next_is(scanner, '{'))
            return confused(scanner);
        return scan_section(scanner, inner, line);
    }
    if (section == schema_root() && !strcmp(name, "include"))
        return scan_include(scanner, line);
    config_findings_add(scanner->findings, scanner->pool, CONFIG_ERROR, place(scanner, line), "%s",
                        schema_explain_unknown(section, name, scanner->pool));
    if (!skip_unknown(scanner))
        return confused(scanner);
    blank(scanner, start, scanner->position);
    return true;
}

/* The statements of a section up to its end; opened is its line, 0 for the file itself. */
static bool scan_section(scanner_t *scanner, const schema_section_t *section, int opened)
{
    for (;;) {
        token_t token = next(scanner);
        if (token == TOKEN_BAD)
            return false;
        if (token == TOKEN_END) {
            if (opened == 0)
                return true;
            unusable(scanner, opened,
                     apr_psprintf(scanner->pool,
                                  "section '%s' that begins here is not closed; '}' is missing",
                                  section->name));
            return false;
        }
        if (token == TOKEN_SIGN && scanner->sign == '}' && opened) {
            if (scanner->lines->nelts >= SCAN_SECTION_LIMIT) {
                unusable(scanner, opened, "too many sections in one file");
                return false;
            }
            APR_ARRAY_PUSH(scanner->lines, int) = opened;
            return true;
        }
        if (token != TOKEN_WORD)
            return confused(scanner);
        if (!scan_statement(scanner, section))
            return false;
    }
}

void scan_text(char *text, size_t length, const char *file, apr_pool_t *pool, config_findings_t *findings,
               scan_result_t *result)
{
    scanner_t scanner = {.text = text, .length = length, .line = 1, .file = file, .pool = pool};
    scanner.findings = findings;
    scanner.lines = apr_array_make(pool, 16, sizeof(int));
    scanner.result = result;
    *result = (scan_result_t){.usable = true};
    const char *nul = memchr(text, 0, length);
    if (nul) {
        for (const char *c = text; c < nul; c++)
            scanner.line += *c == '\n';
        unusable(&scanner, scanner.line, "the file has an octet 0 here; it must be text");
        return;
    }
    scan_section(&scanner, schema_root(), 0);
    result->section_lines = (const int *)scanner.lines->elts;
    result->section_count = (size_t)scanner.lines->nelts;
}
