/* The reference and the manual page, from the option table. */
#include <string.h>

#include "config/schema.h"
#include "config/value.h"

#include <apr_strings.h>

/* clang-format off */
static const char preface[] =
    "# The configuration file\n\n"
    "x400mta reads one file (`x400mta -c FILE`). `x400mta -c FILE --check` names every mistake with its file and\n"
    "line and what would be right, and lists what is correct but cannot work. A changed file is taken over on SIGHUP\n"
    "without dropping associations; a bad one keeps the old one running.\n\n"
    "The file consists of sections and options:\n\n"
    "    mta {\n"
    "        name = \"MTA-A\"\n"
    "        country = GB\n"
    "    }\n"
    "    connector \"PARTNER\" {\n"
    "        address-space = { \"C=GB;A= ;P=PARTNER\", \"C=FR;;10\" }\n"
    "    }\n"
    "    include(\"more.conf\")\n\n"
    "- Comments: `# to the end of the line`, `// to the end of the line`, `/* ... */`.\n"
    "- Text with blanks or signs stands in quotes. In `\"...\"` a backslash takes the next character as it is (`\\\\`,\n"
    "  `\\\"`) and `${NAME}` is a variable of the environment; in `'...'` everything stands for itself but `\\'`\n"
    "  and `\\\\`, which suits regular expressions and paths of Windows.\n"
    "- Numbers may have a unit: `600s`, `10min`, `24h`, `7d`; `30k`, `2M`. Without one they are in the option's own\n"
    "  unit. Switches are `on` or `off`.\n"
    "- Selectors are text (`TSEL`) or octets in hexadecimal (`0x5453454c`, `hex:5453454c`).\n"
    "- `include(\"FILE\")` stands outside all sections. Relative paths are taken from the folder of the file that\n"
    "  names them.\n\n"
    "## Address spaces\n\n"
    "A pattern is an O/R address in text, of which an attribute may have `*` anywhere in its value:\n"
    "`C=GB;A= ;P=PPA`, `C=GB;O=ACME*`. Attributes that it does not name may have any value; an empty value demands\n"
    "that there is none. Attributes are C, A, P, X.121, T-ID, N-ID, O, OU1 (the highest) to OU4, CN, G, I, S, Q and\n"
    "DDA:TYPE. A backslash takes the next character as it is. `*` alone fits every address, and so does the empty\n"
    "pattern; `*` wins over an empty one whatever the cost. Values are compared without regard to case and to\n"
    "repeated blanks; an ADMD of a single space, of `0` or left out is the same.\n\n"
    "A pattern between slashes, `'/.../'`, is a regular expression (PCRE2) that is searched without regard to case in\n"
    "the address's canonical text, `C=GB;A= ;P=PPA;O=ACME;OU1=SALES;G=JIM;S=SMITH`: attributes in the order above, in\n"
    "upper case, `A= ` if there is no ADMD, `\\;` and `\\\\` for `;` and `\\` in a value.\n\n"
    "`;;COST` at the end of either gives the cost, 1 to 100. Of all patterns that fit, the longest match counts: that\n"
    "with most attributes (a lone `*` as value is as if not named); then with most of them without `*`; then with most\n"
    "characters other than `*`; then attributes before a regular expression, that before `*`, that before the empty\n"
    "pattern. A regular expression counts as an attribute each `=` of its text, and as characters the least that it\n"
    "can match. If several have the same pattern or as long a match, the choice is as `x400ctl route explain ADDRESS`\n"
    "shows: (1) not the connector by which the message came, nor one that was tried for it or that may not take it;\n"
    "(2) not one whose open retries are used up; (3) the one that is soonest active, of several as soon not one whose\n"
    "MTA, a sibling, tells that its own link for the address is down; (4) with the fewest failed attempts; (5) not\n"
    "waiting for an open retry; (6) of the lowest cost; (7) a mailbox here before a connector; then the first in the\n"
    "file.\n\n";
/* clang-format on */

static const char *type_name(const schema_option_t *option)
{
    switch (option->type) {
    case SCHEMA_STRING: return "text";
    case SCHEMA_PATH: return "path";
    case SCHEMA_NUMBER: return "number";
    case SCHEMA_BOOLEAN: return "switch";
    case SCHEMA_WORD: return "word";
    case SCHEMA_WORDS: return "list of words";
    case SCHEMA_SELECTOR: return "selector";
    case SCHEMA_STRINGS: return "list of texts";
    case SCHEMA_SPACES: return "list of address spaces";
    case SCHEMA_TIMES: return "list of times";
    }
    return "";
}

static const char *default_text(const schema_option_t *option)
{
    if (option->mandatory)
        return "must be given";
    if (!option->initial || !*option->initial)
        return "none";
    return !strcmp(option->initial, " ") ? "a single space" : option->initial;
}

/* "1 to 16 characters", "15s to 7d", the words; "" if there is nothing to say. */
static const char *range_text(const schema_option_t *option, apr_pool_t *pool)
{
    const char *text = "";
    switch (option->type) {
    case SCHEMA_NUMBER:
        return apr_psprintf(pool, "%s to %s", value_describe(option->unit, option->minimum, pool),
                            value_describe(option->unit, option->maximum, pool));
    case SCHEMA_STRING: return apr_psprintf(pool, "%u to %u characters", option->minimum, option->maximum);
    case SCHEMA_SELECTOR: return apr_psprintf(pool, "at most %u octets", option->maximum);
    case SCHEMA_WORD:
    case SCHEMA_WORDS:
        for (const schema_word_t *word = option->words; word->word; word++)
            text = apr_psprintf(pool, "%s%s`%s`", text, *text ? ", " : "", word->word);
        return text;
    default: return "";
    }
}

/* Words that need more than a place in the range. */
static void print_markdown_words(const schema_option_t *option, FILE *out)
{
    if (!option->words || !option->words->text)
        return;
    fprintf(out, "The words of `%s`:\n\n", option->name);
    for (const schema_word_t *word = option->words; word->word; word++)
        fprintf(out, "- `%s`: %s\n", word->word, word->text ? word->text : "");
    fputc('\n', out);
}

static void print_markdown_section(const schema_section_t *section, const char *outer, FILE *out,
                                   apr_pool_t *pool)
{
    fprintf(out, "%s `%s%s%s%s`\n\n%s\n\n", *outer ? "###" : "##", outer, *outer ? " > " : "", section->name,
            section->titled ? " \"NAME\"" : "", section->text);
    if (section->options->name)
        fprintf(out, "| option | type | default | range | meaning |\n|---|---|---|---|---|\n");
    for (const schema_option_t *option = section->options; option->name; option++) {
        const char *unit = schema_unit_name(option->unit);
        fprintf(out, "| `%s` | %s%s%s | %s | %s | %s%s%s%s |\n", option->name, type_name(option),
                *unit ? ", " : "", unit, default_text(option), range_text(option, pool), option->text,
                option->property ? " (*" : "", option->property ? option->property : "",
                option->property ? "*)" : "");
    }
    if (section->options->name)
        fputc('\n', out);
    for (const schema_option_t *option = section->options; option->name; option++)
        print_markdown_words(option, out);
    for (const schema_section_t *inner = section->sections; inner->name; inner++)
        print_markdown_section(inner, section->name, out, pool);
}

void config_print_reference(FILE *out)
{
    apr_pool_t *pool = NULL;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    fputs(preface, out);
    for (const schema_section_t *section = schema_root()->sections; section->name; section++)
        print_markdown_section(section, "", out, pool);
    apr_pool_destroy(pool);
}

/* Text for roff: the marks of Markdown go, what roff would read is escaped. */
static void print_roff(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else if (*text != '`')
            fputc(*text, out);
    }
}

static void print_manual_section(const schema_section_t *section, const char *outer, FILE *out,
                                 apr_pool_t *pool)
{
    fprintf(out, ".SS %s%s%s%s\n", outer, *outer ? " > " : "", section->name,
            section->titled ? " \\(dqNAME\\(dq" : "");
    print_roff(section->text, out);
    fputc('\n', out);
    for (const schema_option_t *option = section->options; option->name; option++) {
        fputs(".TP\n.B ", out);
        print_roff(option->name, out);
        fputc('\n', out);
        print_roff(option->text, out);
        if (option->property)
            print_roff(apr_psprintf(pool, " (%s)", option->property), out);
        const char *range = range_text(option, pool);
        print_roff(apr_psprintf(pool, " Type: %s. Default: %s.%s%s%s", type_name(option),
                                default_text(option), *range ? " Range: " : "", range, *range ? "." : ""),
                   out);
        fputc('\n', out);
        for (const schema_word_t *word = option->words; word && word->word && word->text; word++) {
            fputs(".IP\n", out);
            print_roff(apr_psprintf(pool, "%s: %s", word->word, word->text), out);
            fputc('\n', out);
        }
    }
    for (const schema_section_t *inner = section->sections; inner->name; inner++)
        print_manual_section(inner, section->name, out, pool);
}

/* The preface, whose Markdown is of one kind: headings, lists, text, and examples that are indented. */
static void print_manual_preface(FILE *out, apr_pool_t *pool)
{
    bool verbatim = false;
    bool paragraph = false; /* an empty line was seen: before a heading it says nothing */
    for (const char *line = strchr(preface, '\n') + 2; *line;) {
        size_t length = strcspn(line, "\n");
        const char *text = apr_pstrmemdup(pool, line, length);
        line += length + (line[length] == '\n');
        bool code = !strncmp(text, "    ", 4);
        if (!code && verbatim)
            fputs(".fi\n", out);
        if (!*text) {
            paragraph = true;
            verbatim = verbatim && code;
            continue;
        }
        bool heading = !strncmp(text, "## ", 3);
        bool item = !strncmp(text, "- ", 2);
        if (paragraph && !heading && !item)
            fputs(".PP\n", out);
        paragraph = false;
        if (code && !verbatim)
            fputs(".nf\n", out);
        verbatim = code;
        if (heading)
            fputs(".SH ", out), text += 3;
        else if (item)
            fputs(".IP \\(bu 2\n", out), text += 2;
        else if (!code)
            text += strspn(text, " ");
        print_roff(text, out);
        fputc('\n', out);
    }
    if (verbatim)
        fputs(".fi\n", out);
}

void config_print_manual(FILE *out)
{
    apr_pool_t *pool = NULL;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    fputs(".TH X400MTA.CONF 5 \"\" \"x400mta\" \"X.400 message transfer agent\"\n.SH NAME\n"
          "x400mta.conf \\- configuration of the X.400 message transfer agent\n.SH DESCRIPTION\n",
          out);
    print_manual_preface(out, pool);
    fputs(".SH OPTIONS\n", out);
    for (const schema_section_t *section = schema_root()->sections; section->name; section++)
        print_manual_section(section, "", out, pool);
    fputs(".SH SEE ALSO\n.BR x400mta (8),\n.BR x400ctl (1)\n", out);
    apr_pool_destroy(pool);
}
