/* The names of categories and types, as administrators know them. */
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
