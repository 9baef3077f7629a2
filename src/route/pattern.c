#include "route/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

/* A hostile address may cost this many steps of a match, not more. */
enum { REGEX_MATCH_LIMIT = 100000, REGEX_DEPTH_LIMIT = 1000, REGEX_HEAP_LIMIT = 1024 /* KiB */ };

struct pattern_regex_t {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

typedef struct synonym_t {
    const char *name;
    subject_key_t key;
} synonym_t;

static const synonym_t synonyms[] = {
    {"C", SUBJECT_C},      {"A", SUBJECT_A},        {"ADMD", SUBJECT_A},    {"P", SUBJECT_P},
    {"PRMD", SUBJECT_P},   {"X.121", SUBJECT_X121}, {"X121", SUBJECT_X121}, {"T-ID", SUBJECT_TID},
    {"N-ID", SUBJECT_NID}, {"UA-ID", SUBJECT_NID},  {"O", SUBJECT_O},       {"OU", SUBJECT_OU1},
    {"OU1", SUBJECT_OU1},  {"OU2", SUBJECT_OU2},    {"OU3", SUBJECT_OU3},   {"OU4", SUBJECT_OU4},
    {"CN", SUBJECT_CN},    {"G", SUBJECT_G},        {"I", SUBJECT_I},       {"S", SUBJECT_S},
    {"Q", SUBJECT_Q},      {"GQ", SUBJECT_Q},
};

static bool find_key(const char *name, subject_key_t *key)
{
    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
        if (!apr_cstr_casecmp(synonyms[i].name, name)) {
            *key = synonyms[i].key;
            return true;
        }
    }
    return false;
}

/* The value up to an unescaped `;`, which *text is moved behind: wildcards as PATTERN_WILD, folded. */
static bytes_t read_value(const char **text, apr_pool_t *pool)
{
    size_t limit = strlen(*text);
    char *value = apr_palloc(pool, limit + 1);
    size_t length = 0;
    const char *c = *text;
    for (; *c && *c != ';'; c++) {
        if (*c == '*') {
            if (length == 0 || value[length - 1] != PATTERN_WILD)
                value[length++] = PATTERN_WILD;
            continue;
        }
        if (*c == '\\' && c[1])
            c++;
        value[length++] = *c;
    }
    *text = *c ? c + 1 : c;
    return subject_fold(bytes_make(value, length), pool);
}

static bool is_wild(bytes_t value)
{
    return value.length > 0 && memchr(value.data, PATTERN_WILD, value.length) != NULL;
}

/* Adds an attribute's value to the rank. */
static void rank_value(pattern_t *pattern, bytes_t value)
{
    bool wild = is_wild(value);
    if (wild && value.length == 1)
        return; /* any value: as if not named */
    pattern->attributes++;
    pattern->exact += !wild;
    for (size_t i = 0; i < value.length; i++)
        pattern->characters += value.data[i] != PATTERN_WILD;
}

static err_t *add_dda(pattern_t *pattern, const char *type, bytes_t value, apr_pool_t *pool)
{
    if (pattern->dda_count >= PATTERN_DDAS)
        return err_create(pool, X411_ERROR_VALUE, "route", "more than %d domain-defined attributes",
                          PATTERN_DDAS);
    pattern->dda_types[pattern->dda_count] = subject_fold(bytes_of_string(type), pool);
    pattern->dda_values[pattern->dda_count++] = value;
    rank_value(pattern, value);
    return NULL;
}

static err_t *add_attribute(pattern_t *pattern, const char *name, bytes_t value, apr_pool_t *pool)
{
    subject_key_t key = SUBJECT_C;
    if (!apr_cstr_casecmpn(name, "DDA:", 4) || !apr_cstr_casecmpn(name, "DD.", 3))
        return add_dda(pattern, name + (name[2] == '.' ? 3 : 4), value, pool);
    if (!find_key(name, &key))
        return err_create(
            pool, X411_ERROR_VALUE, "route",
            "unknown attribute '%s'; known are C, A, P, X.121, T-ID, N-ID, O, OU1 to OU4, CN, G, I, S, Q "
            "and DDA:TYPE",
            name);
    if (pattern->named & 1U << key)
        return err_create(pool, X411_ERROR_VALUE, "route",
                          "attribute '%s' is given twice; one of them must go", name);
    if (key == SUBJECT_A)
        value = subject_fold_admd(value, pool);
    pattern->named |= 1U << key;
    pattern->values[key] = value;
    rank_value(pattern, value);
    return NULL;
}

/* "C=GB;A= ;P=PPA;O=ACME*" */
static err_t *compile_attributes(pattern_t *pattern, apr_pool_t *pool)
{
    const char *text = pattern->text;
    while (*text) {
        while (*text == ' ' || *text == ';')
            text++;
        size_t length = strcspn(text, "=;");
        if (length == 0 && !*text)
            break;
        char *name = apr_pstrmemdup(pool, text, length);
        while (length > 0 && name[length - 1] == ' ')
            name[--length] = 0;
        text += strcspn(text, "=;");
        if (*text != '=')
            return err_create(pool, X411_ERROR_VALUE, "route",
                              "'%s' has no value; written is ATTRIBUTE=VALUE, separated by ';', or '*' alone",
                              name);
        text++;
        bytes_t value = read_value(&text, pool);
        err_t *err = add_attribute(pattern, name, value, pool);
        if (err)
            return err;
    }
    pattern->kind = pattern->attributes > 0 ? PATTERN_ATTRIBUTES : PATTERN_ALL;
    return NULL;
}

static apr_status_t free_regex(void *data)
{
    struct pattern_regex_t *regex = data;
    pcre2_match_context_free(regex->context);
    pcre2_match_data_free(regex->data);
    pcre2_code_free(regex->code);
    return APR_SUCCESS;
}

/* "/.../" */
static err_t *compile_regex(pattern_t *pattern, apr_pool_t *pool)
{
    size_t length = strlen(pattern->text);
    if (length < 3 || pattern->text[length - 1] != '/')
        return err_create(
            pool, X411_ERROR_VALUE, "route",
            "a regular expression stands between two slashes: '/.../'; an address is written in the form "
            "C=..;A=..;P=..");
    int code = 0;
    PCRE2_SIZE offset = 0;
    struct pattern_regex_t *regex = apr_pcalloc(pool, sizeof(*regex));
    pattern->regex = regex;
    pattern->kind = PATTERN_REGEX;
    regex->code =
        pcre2_compile((PCRE2_SPTR)pattern->text + 1, length - 2,
                      PCRE2_CASELESS | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL);
    if (!regex->code) {
        char words[128] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof(words));
        return err_create(pool, X411_ERROR_VALUE, "route", "no regular expression: %s at character %u", words,
                          (unsigned)offset + 1);
    }
    regex->data = pcre2_match_data_create(1, NULL);
    regex->context = pcre2_match_context_create(NULL);
    apr_pool_cleanup_register(pool, regex, free_regex, apr_pool_cleanup_null);
    if (!regex->data || !regex->context)
        return err_create(pool, X411_ERROR_VALUE, "route", "no memory for the regular expression");
    pcre2_set_match_limit(regex->context, REGEX_MATCH_LIMIT);
    pcre2_set_depth_limit(regex->context, REGEX_DEPTH_LIMIT);
    pcre2_set_heap_limit(regex->context, REGEX_HEAP_LIMIT);
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* without it the interpreter does the same */
    uint32_t least = 0;
    pcre2_pattern_info(regex->code, PCRE2_INFO_MINLENGTH, &least);
    pattern->characters = least;
    for (const char *c = strchr(pattern->text, '='); c; c = strchr(c + 1, '='))
        pattern->attributes++;
    return NULL;
}

err_t *pattern_create(pattern_t **made, const char *text, apr_pool_t *pool)
{
    pattern_t *pattern = apr_pcalloc(pool, sizeof(*pattern));
    pattern->text = apr_pstrdup(pool, text);
    *made = pattern;
    if (strlen(text) > PATTERN_LIMIT)
        return err_create(pool, X411_ERROR_VALUE, "route", "a pattern has at most %d characters",
                          PATTERN_LIMIT);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            return err_create(pool, X411_ERROR_VALUE, "route", "a pattern has no control characters");
    while (*text == ' ')
        text++;
    if (!*text)
        pattern->kind = PATTERN_EMPTY;
    else if (!strcmp(text, "*"))
        pattern->kind = PATTERN_ALL;
    else if (*pattern->text == '/')
        return compile_regex(pattern, pool);
    else
        return compile_attributes(pattern, pool);
    return NULL;
}

/* True if value fits glob, in which PATTERN_WILD stands for any octets. */
static bool glob_matches(bytes_t glob, bytes_t value)
{
    size_t at = 0;
    size_t in_value = 0;
    size_t star = SIZE_MAX;
    size_t resume = 0;
    while (in_value < value.length) {
        if (at < glob.length && glob.data[at] == PATTERN_WILD) {
            star = at++;
            resume = in_value;
        } else if (at < glob.length && glob.data[at] == value.data[in_value]) {
            at++;
            in_value++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            in_value = ++resume;
        } else {
            return false;
        }
    }
    while (at < glob.length && glob.data[at] == PATTERN_WILD)
        at++;
    return at == glob.length;
}

static bool dda_matches(const pattern_t *pattern, unsigned index, const subject_t *subject)
{
    for (unsigned i = 0; i < subject->dda_count; i++)
        if (bytes_equal(subject->dda_types[i], pattern->dda_types[index]) &&
            glob_matches(pattern->dda_values[index], subject->dda_values[i]))
            return true;
    return false;
}

static bool regex_matches(const struct pattern_regex_t *regex, bytes_t text)
{
    return pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.length, 0, 0, regex->data, regex->context) >=
           0;
}

bool pattern_matches(const pattern_t *pattern, const subject_t *subject, bytes_t text)
{
    if (pattern->kind == PATTERN_REGEX)
        return regex_matches(pattern->regex, text);
    for (unsigned key = 0; key < SUBJECT_KEYS; key++)
        if (pattern->named & 1U << key && !glob_matches(pattern->values[key], subject->values[key]))
            return false;
    for (unsigned i = 0; i < pattern->dda_count; i++)
        if (!dda_matches(pattern, i, subject))
            return false;
    return true;
}

/* A value for people: wildcards as `*`, nothing as "empty". */
static const char *show(bytes_t value, apr_pool_t *pool)
{
    if (value.length == 0)
        return "empty";
    char *text = apr_pstrmemdup(pool, (const char *)value.data, value.length);
    for (char *c = text; c < text + value.length; c++)
        if (*c == PATTERN_WILD)
            *c = '*';
        else if ((unsigned char)*c < ' ')
            *c = '?';
    return text;
}

const char *pattern_explain(const pattern_t *pattern, const subject_t *subject, apr_pool_t *pool)
{
    for (unsigned key = 0; key < SUBJECT_KEYS; key++)
        if (pattern->named & 1U << key && !glob_matches(pattern->values[key], subject->values[key]))
            return apr_psprintf(pool, "%s is %s, not %s", subject_key_name((subject_key_t)key),
                                show(subject->values[key], pool), show(pattern->values[key], pool));
    for (unsigned i = 0; i < pattern->dda_count; i++)
        if (!dda_matches(pattern, i, subject))
            return apr_psprintf(pool, "there is no DDA:%s=%s", show(pattern->dda_types[i], pool),
                                show(pattern->dda_values[i], pool));
    return "the regular expression is not found in the address";
}

static int compare_numbers(unsigned a, unsigned b)
{
    return a > b ? 1 : -(a < b);
}

int pattern_compare(const pattern_t *a, const pattern_t *b)
{
    int order = compare_numbers(a->attributes, b->attributes);
    order = order ? order : compare_numbers(a->exact, b->exact);
    order = order ? order : compare_numbers(a->characters, b->characters);
    return order ? order : compare_numbers(a->kind, b->kind);
}

bool pattern_is_exact(const pattern_t *pattern, subject_key_t key)
{
    return (pattern->named & 1U << key) != 0 && !is_wild(pattern->values[key]);
}

/* The value that pattern demands; of an attribute that may be anything, the wildcard. */
static bytes_t demanded(const pattern_t *pattern, unsigned key)
{
    static const uint8_t wild = PATTERN_WILD;
    return pattern->named & 1U << key ? pattern->values[key] : bytes_make(&wild, 1);
}

bool pattern_equal(const pattern_t *a, const pattern_t *b)
{
    if (a->kind != b->kind || a->dda_count != b->dda_count)
        return false;
    if (a->kind == PATTERN_REGEX)
        return !strcmp(a->text, b->text);
    for (unsigned key = 0; key < SUBJECT_KEYS; key++)
        if (!bytes_equal(demanded(a, key), demanded(b, key)))
            return false;
    for (unsigned i = 0; i < a->dda_count; i++) {
        bool found = false;
        for (unsigned j = 0; j < b->dda_count; j++)
            found = found || (bytes_equal(a->dda_types[i], b->dda_types[j]) &&
                              bytes_equal(a->dda_values[i], b->dda_values[j]));
        if (!found)
            return false;
    }
    return true;
}
