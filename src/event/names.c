/* The names of categories and types, as administrators know them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

static const char *const CATEGORIES[EVENT_CATEGORY_LIMIT] = {
    [EVENT_X400_SERVICE] = "X.400 Service",
    [EVENT_RESOURCE] = "Resource",
    [EVENT_SECURITY] = "Security",
    [EVENT_INTERFACE] = "Interface",
    [EVENT_FIELD_ENGINEERING] = "Field Engineering",
    [EVENT_MTA_ADMINISTRATION] = "MTA Administration",
    [EVENT_CONFIGURATION] = "Configuration",
    [EVENT_DIRECTORY_ACCESS] = "Directory Access",
    [EVENT_OPERATING_SYSTEM] = "Operating System",
    [EVENT_INTERNAL_PROCESSING] = "Internal Processing",
    [EVENT_INTEROPERABILITY] = "Interoperability",
    [EVENT_APDU] = "APDU",
};

const char *event_category_name(event_category_t category)
{
    if ((int)category < 0 || category >= EVENT_CATEGORY_LIMIT || !CATEGORIES[category])
        return "None";
    return CATEGORIES[category];
}

const char *event_type_name(event_type_t type)
{
    switch (type) {
    case EVENT_ERROR: return "Error";
    case EVENT_WARNING: return "Warning";
    case EVENT_INFORMATION: return "Information";
    }
    return "Information";
}

/* True if both have the same letters and digits; everything else does not count. */
static bool same_word(const char *a, const char *b)
{
    for (;;) {
        while (*a && !isalnum((unsigned char)*a))
            a++;
        while (*b && !isalnum((unsigned char)*b))
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (!*a)
            return true;
        a++;
        b++;
    }
}

event_category_t event_category_find(const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*text && !*end && number > 0 && number < EVENT_CATEGORY_LIMIT)
        return (event_category_t)number;
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        if (same_word(text, CATEGORIES[i]))
            return (event_category_t)i;
    return (event_category_t)0;
}

static const struct {
    event_level_t level;
    const char *name;
    const char *number;
} LEVELS[] = {{EVENT_LEVEL_NONE, "none", "0"},
              {EVENT_LEVEL_MINIMUM, "minimum", "1"},
              {EVENT_LEVEL_MEDIUM, "medium", "3"},
              {EVENT_LEVEL_MAXIMUM, "maximum", "5"}};

const char *event_level_name(event_level_t level)
{
    for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++)
        if (LEVELS[i].level == level)
            return LEVELS[i].name;
    return "none";
}

bool event_level_find(const char *text, event_level_t *level)
{
    for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
        if (same_word(text, LEVELS[i].name) || strcmp(text, LEVELS[i].number) == 0) {
            *level = LEVELS[i].level;
            return true;
        }
    }
    return false;
}
