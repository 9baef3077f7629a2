/* The catalogue as a table, sorted by number. */
#include "event/event.h"
#include "event/ids.h"

#define P1(a, la) .parameter_count = 1, .parameters = {a}, .limits = {la}
#define P2(a, la, b, lb) .parameter_count = 2, .parameters = {a, b}, .limits = {la, lb}
#define P3(a, la, b, lb, c, lc) .parameter_count = 3, .parameters = {a, b, c}, .limits = {la, lb, lc}
#define P4(a, la, b, lb, c, lc, d, ld)                                                                       \
    .parameter_count = 4, .parameters = {a, b, c, d}, .limits = {la, lb, lc, ld}
#define P5(a, la, b, lb, c, lc, d, ld, e, le)                                                                \
    .parameter_count = 5, .parameters = {a, b, c, d, e}, .limits = {la, lb, lc, ld, le}

#define EVENT(number, name, kind, is, weight, from, tag, step, list, words, means, todo)                     \
    {.id = (number),                                                                                         \
     .symbol = "EVENT_ID_" #name,                                                                            \
     .category = EVENT_##kind,                                                                               \
     .type = EVENT_##is,                                                                                     \
     .severity = (weight),                                                                                   \
     .level = EVENT_LEVEL_##from,                                                                            \
     .module = (tag),                                                                                        \
     .procedure = (step),                                                                                    \
     .text = (words),                                                                                        \
     list,                                                                                                   \
     .cause = (means),                                                                                       \
     .action = (todo)},

static const event_definition_t CATALOGUE[] = {
#include "event/catalogue.def"
};

enum { CATALOGUE_COUNT = sizeof(CATALOGUE) / sizeof(CATALOGUE[0]) };

const event_definition_t *event_catalogue(size_t *count)
{
    *count = CATALOGUE_COUNT;
    return CATALOGUE;
}

const event_definition_t *event_find(unsigned id)
{
    size_t low = 0;
    size_t high = CATALOGUE_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (CATALOGUE[middle].id == id)
            return &CATALOGUE[middle];
        if (CATALOGUE[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

#define RESERVED(number, about) {(number), (about)},
static const event_reserved_t RESERVED_NUMBERS[] = {
#include "event/reserved.def"
};

const event_reserved_t *event_reserved(size_t *count)
{
    *count = sizeof(RESERVED_NUMBERS) / sizeof(RESERVED_NUMBERS[0]);
    return RESERVED_NUMBERS;
}
