#include "config/value.h"

#include <ctype.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

typedef struct suffix_t {
    schema_unit_t unit;
    const char *text;
    uint64_t factor;
} suffix_t;

/* Larger ones first, for value_describe; of equal ones the first is written. */
static const suffix_t suffixes[] = {
    {SCHEMA_SECONDS, "d", 86400}, {SCHEMA_SECONDS, "h", 3600},       {SCHEMA_SECONDS, "min", 60},
    {SCHEMA_SECONDS, "m", 60},    {SCHEMA_SECONDS, "s", 1},          {SCHEMA_SECONDS, "sec", 1},
    {SCHEMA_MINUTES, "d", 1440},  {SCHEMA_MINUTES, "h", 60},         {SCHEMA_MINUTES, "min", 1},
    {SCHEMA_MINUTES, "m", 1},     {SCHEMA_KILOBYTES, "G", 1048576},  {SCHEMA_KILOBYTES, "M", 1024},
    {SCHEMA_KILOBYTES, "k", 1},   {SCHEMA_KILOBYTES, "GB", 1048576}, {SCHEMA_KILOBYTES, "MB", 1024},
    {SCHEMA_KILOBYTES, "KB", 1},
};
enum { SUFFIX_COUNT = sizeof(suffixes) / sizeof(suffixes[0]) };

const char *value_describe(schema_unit_t unit, unsigned value, apr_pool_t *pool)
{
    for (size_t i = 0; i < SUFFIX_COUNT; i++)
        if (suffixes[i].unit == unit && value != 0 && value % suffixes[i].factor == 0)
            return apr_psprintf(pool, "%u%s", (unsigned)(value / suffixes[i].factor), suffixes[i].text);
    return apr_psprintf(pool, "%u", value);
}

static const char *expected_number(schema_unit_t unit)
{
    switch (unit) {
    case SCHEMA_SECONDS: return "seconds, or a number with s, min, h or d ('600s', '10min', '24h', '7d')";
    case SCHEMA_MINUTES: return "minutes, or a number with min, h or d ('90min', '24h', '7d')";
    case SCHEMA_KILOBYTES: return "KB, or a number with k, M or G ('30k', '2M')";
    case SCHEMA_COUNT: break;
    }
    return "a whole number";
}

/* The factor of a suffix in this unit; 0 if it has no such suffix. "" is the unit itself. */
static uint64_t suffix_factor(schema_unit_t unit, const char *text)
{
    if (!*text)
        return 1;
    for (size_t i = 0; i < SUFFIX_COUNT; i++)
        if (suffixes[i].unit == unit && !apr_cstr_casecmp(suffixes[i].text, text))
            return suffixes[i].factor;
    return 0;
}

const char *value_number(const schema_option_t *option, const char *text, apr_pool_t *pool, unsigned *value)
{
    uint64_t number = 0;
    const char *c = text;
    for (; *c >= '0' && *c <= '9' && number <= UINT32_MAX; c++)
        number = number * 10 + (uint64_t)(*c - '0');
    const char *suffix = c;
    while (*suffix == ' ')
        suffix++;
    uint64_t factor = number <= UINT32_MAX ? suffix_factor(option->unit, suffix) : 1;
    if (c == text || factor == 0)
        return apr_psprintf(pool, "'%s' is no value of %s; it takes %s", text, option->name,
                            expected_number(option->unit));
    number *= factor;
    if (number < option->minimum || number > option->maximum)
        return apr_psprintf(pool, "'%s' is out of the range of %s: %s to %s", text, option->name,
                            value_describe(option->unit, option->minimum, pool),
                            value_describe(option->unit, option->maximum, pool));
    *value = (unsigned)number;
    return NULL;
}

const char *value_boolean(const schema_option_t *option, const char *text, apr_pool_t *pool, bool *value)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!apr_cstr_casecmp(text, words[i])) {
            *value = i % 2 != 0;
            return NULL;
        }
    }
    return apr_psprintf(pool, "'%s' is no value of %s; it takes on or off", text, option->name);
}

const char *value_word(const schema_option_t *option, const char *text, apr_pool_t *pool, unsigned *value)
{
    const char *list = "";
    for (const schema_word_t *word = option->words; word->word; word++) {
        if (!apr_cstr_casecmp(text, word->word)) {
            *value = word->value;
            return NULL;
        }
        list = apr_psprintf(pool, "%s%s'%s'", list, *list ? ", " : "", word->word);
    }
    return apr_psprintf(pool, "'%s' is no value of %s; it takes one of %s", text, option->name, list);
}

const char *value_selector(const schema_option_t *option, const char *text, apr_pool_t *pool, bytes_t *value)
{
    bytes_t octets = bytes_of_string(text);
    const char *digits = NULL;
    if (!strncmp(text, "0x", 2) || !strncmp(text, "0X", 2))
        digits = text + 2;
    else if (!apr_cstr_casecmpn(text, "hex:", 4))
        digits = text + 4;
    if (digits && !bytes_from_hex(pool, digits, &octets))
        return apr_psprintf(pool,
                            "'%s' is no selector; after '%.*s' it takes an even number of hexadecimal digits",
                            text, (int)(digits - text), text);
    if (octets.length > option->maximum)
        return apr_psprintf(pool, "'%s' has %u octets; %s takes at most %u", text, (unsigned)octets.length,
                            option->name, option->maximum);
    *value = digits ? octets : bytes_copy(pool, octets);
    return NULL;
}

const char *value_address_space(const char *text, apr_pool_t *pool, config_address_space_t *space)
{
    enum { COST_DIGITS = 6, COST_MAXIMUM = 100 };
    if (!apr_cstr_casecmpn(text, "X400:", 5))
        text += 5;
    size_t length = strlen(text);
    size_t end = length;
    while (end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9')
        end--;
    space->cost = 1;
    if (end >= 2 && !strncmp(text + end - 2, ";;", 2) && (end < 3 || text[end - 3] != '\\')) {
        unsigned cost = 0;
        for (size_t i = end; i < length && i < end + COST_DIGITS; i++)
            cost = cost * 10 + (unsigned)(text[i] - '0');
        if (end == length || cost < 1 || cost > COST_MAXIMUM || length - end >= COST_DIGITS)
            return apr_psprintf(pool, "the cost of address space '%s' is out of its range: 1 to 100", text);
        space->cost = (int)cost;
        length = end - 2;
    }
    space->pattern = apr_pstrmemdup(pool, text, length);
    return NULL;
}

static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* Reads the name of a day; -1 if it is none. */
static int read_day(const char **text)
{
    for (int day = 0; day < 7; day++) {
        if (!apr_cstr_casecmpn(*text, day_names[day], 3)) {
            *text += 3;
            return day;
        }
    }
    return -1;
}

/* "mon-fri", "sat,sun", "daily": the days as bits; 0 if it is no such text. */
static unsigned read_days(const char **text)
{
    unsigned days = 0;
    if (!apr_cstr_casecmpn(*text, "daily", 5)) {
        *text += 5;
        return 0x7f;
    }
    for (;;) {
        int first = read_day(text);
        int last = first;
        if (**text == '-') {
            (*text)++;
            last = read_day(text);
        }
        if (first < 0 || last < 0)
            return 0;
        for (int day = first;; day = (day + 1) % 7) {
            days |= 1U << day;
            if (day == last)
                break;
        }
        if (**text != ',')
            return days;
        (*text)++;
    }
}

/* "08:15" as quarters of an hour; -1 if it is no such text. */
static int read_time(const char **text)
{
    const char *c = *text;
    if (!isdigit((unsigned char)c[0]) || !isdigit((unsigned char)c[1]) || c[2] != ':' ||
        !isdigit((unsigned char)c[3]) || !isdigit((unsigned char)c[4]))
        return -1;
    int hour = (c[0] - '0') * 10 + c[1] - '0';
    int minute = (c[3] - '0') * 10 + c[4] - '0';
    *text += 5;
    if (hour > 24 || minute > 59 || minute % 15 != 0 || (hour == 24 && minute != 0))
        return -1;
    return hour * 4 + minute / 15;
}

const char *value_times(const char *text, apr_pool_t *pool, uint8_t slots[CONFIG_SLOTS / 8])
{
    const char *c = text;
    unsigned days = read_days(&c);
    while (*c == ' ')
        c++;
    int from = days ? read_time(&c) : -1;
    int to = -1;
    if (from >= 0 && *c == '-') {
        c++;
        to = read_time(&c);
    }
    if (to < 0 || *c || from >= to)
        return apr_psprintf(
            pool,
            "'%s' is no time of the week; it takes days and a time in quarters of an hour, as in "
            "'mon-fri 08:00-18:00', 'sat,sun 00:00-24:00' or 'daily 12:00-12:15'",
            text);
    for (int day = 0; day < 7; day++) {
        if (!(days & 1U << day))
            continue;
        for (int slot = day * 96 + from; slot < day * 96 + to; slot++)
            slots[slot / 8] = (uint8_t)(slots[slot / 8] | 1U << slot % 8);
    }
    return NULL;
}
