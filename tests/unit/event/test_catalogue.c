/* The catalogue: complete, consistent, and recognisable by its numbers and opening words. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "event/event.h"
#include "event/ids.h"

typedef struct reserved_t {
    unsigned id;
    const char *subject;
} reserved_t;

#define RESERVED(id, subject) {(id), (subject)},
static const reserved_t RESERVED_IDS[] = {
#include "event/reserved.def"
};
#undef RESERVED

enum { RESERVED_COUNT = sizeof(RESERVED_IDS) / sizeof(RESERVED_IDS[0]), TAG_ROOM = 128 };

static void ids_are_unique_and_sorted(void)
{
    size_t count = 0;
    const event_definition_t *all = event_catalogue(&count);
    CU_ASSERT_TRUE(count >= 100);
    for (size_t i = 1; i < count; i++)
        CU_ASSERT_TRUE(all[i - 1].id < all[i].id);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            CU_ASSERT_STRING_NOT_EQUAL(all[i].symbol, all[j].symbol);
}

static void reserved_ids_are_not_used(void)
{
    for (size_t i = 0; i < RESERVED_COUNT; i++) {
        CU_ASSERT_PTR_NULL(event_find(RESERVED_IDS[i].id));
        CU_ASSERT_TRUE(strlen(RESERVED_IDS[i].subject) > 0);
        CU_ASSERT_TRUE(i == 0 || RESERVED_IDS[i - 1].id < RESERVED_IDS[i].id);
    }
}

static void every_id_is_found(void)
{
    size_t count = 0;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_PTR_EQUAL(event_find(all[i].id), &all[i]);
    CU_ASSERT_PTR_NULL(event_find(0));
    CU_ASSERT_PTR_NULL(event_find(11999));
    CU_ASSERT_PTR_NULL(event_find(999999));
    CU_ASSERT_EQUAL(EVENT_ID_CONNECT_ERROR, 4284);
    CU_ASSERT_STRING_EQUAL(event_find(EVENT_ID_CONNECT_ERROR)->symbol, "EVENT_ID_CONNECT_ERROR");
}

/* Each parameter has its place in the text, and the text asks for no other. */
static void check_parameters(const event_definition_t *event)
{
    unsigned used = 0;
    for (const char *at = strchr(event->text, '%'); at; at = strchr(at + 1, '%')) {
        unsigned number = (unsigned)(at[1] - '0');
        CU_ASSERT_TRUE_FATAL(number >= 1 && number <= event->parameter_count);
        used |= 1U << number;
    }
    size_t length = strlen(event->text) + strlen(event->module) + TAG_ROOM;
    for (unsigned i = 0; i < event->parameter_count; i++) {
        CU_ASSERT_TRUE(used & 2U << i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(event->parameters[i]);
        CU_ASSERT_EQUAL(strspn(event->parameters[i], "abcdefghijklmnopqrstuvwxyz_"),
                        strlen(event->parameters[i]));
        CU_ASSERT_TRUE(event->limits[i] > 0 && event->limits[i] <= EVENT_VALUE_LIMIT);
        length += event->limits[i];
    }
    CU_ASSERT_TRUE(length < EVENT_TEXT_LIMIT);
}

static void definitions_are_whole(void)
{
    size_t count = 0;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        const event_definition_t *event = &all[i];
        check_parameters(event);
        CU_ASSERT_STRING_NOT_EQUAL(event_category_name(event->category), "None");
        CU_ASSERT_TRUE(event->severity >= 4 && event->severity <= 16);
        CU_ASSERT_TRUE(strlen(event->cause) > 10);
        CU_ASSERT_TRUE(strlen(event->action) > 3);
        CU_ASSERT_TRUE(strlen(event->module) > 3 && strchr(event->module, ' ') != NULL);
        CU_ASSERT_TRUE(event->type != EVENT_ERROR || event->level == EVENT_LEVEL_NONE);
    }
}

/* True if text begins with pattern, in which * stands for anything. */
static bool begins_with(const char *text, const char *pattern)
{
    for (; *pattern; pattern++, text++) {
        if (*pattern == '*') {
            for (;; text++) {
                if (begins_with(text, pattern + 1))
                    return true;
                if (!*text)
                    return false;
            }
        }
        if (*pattern != *text)
            return false;
    }
    return true;
}

static void OP_05_texts_open_with_the_words_that_administrators_know(void)
{
    FILE *file = fopen(TEST_DATA "/unit/event/keys.tsv", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char line[512];
    unsigned count = 0;
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = 0;
        char *tab = strchr(line, '\t');
        if (line[0] == '#' || !tab)
            continue;
        const event_definition_t *event = event_find((unsigned)strtoul(line, NULL, 10));
        CU_ASSERT_PTR_NOT_NULL_FATAL(event);
        if (!begins_with(event->text, tab + 1)) {
            printf("\n%u: \"%s\" does not begin with \"%s\"\n", event->id, event->text, tab + 1);
            CU_FAIL("opening words");
        }
        count++;
    }
    fclose(file);
    CU_ASSERT_TRUE(count >= 69);
}

/* Every number that administrators know is raised here or reserved, so that none is ever used anew. */
static void OP_05_every_known_number_is_in_the_catalogue_or_reserved(void)
{
    FILE *file = fopen(TEST_DATA "/unit/event/known_ids.txt", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char line[32];
    unsigned count = 0;
    size_t reserved_count;
    const event_reserved_t *reserved = event_reserved(&reserved_count);
    while (fgets(line, sizeof(line), file)) {
        unsigned id = (unsigned)strtoul(line, NULL, 10);
        bool kept = false;
        for (size_t i = 0; i < reserved_count; i++)
            kept = kept || reserved[i].id == id;
        if (!event_find(id) && !kept) {
            printf("\n%u is neither\n", id);
            CU_FAIL("known number");
        }
        CU_ASSERT_FALSE(event_find(id) && kept);
        count++;
    }
    fclose(file);
    CU_ASSERT_EQUAL(count, 173);
}

static void names_are_found_however_they_are_written(void)
{
    CU_ASSERT_EQUAL(event_category_find("X.400 Service"), EVENT_X400_SERVICE);
    CU_ASSERT_EQUAL(event_category_find("x400-service"), EVENT_X400_SERVICE);
    CU_ASSERT_EQUAL(event_category_find("12"), EVENT_APDU);
    CU_ASSERT_EQUAL(event_category_find("13"), 0);
    CU_ASSERT_EQUAL(event_category_find(""), 0);
    CU_ASSERT_EQUAL(event_category_find("x400"), 0);
    event_level_t level = EVENT_LEVEL_NONE;
    CU_ASSERT_TRUE(event_level_find("Medium", &level) && level == EVENT_LEVEL_MEDIUM);
    CU_ASSERT_TRUE(event_level_find("5", &level) && level == EVENT_LEVEL_MAXIMUM);
    CU_ASSERT_FALSE(event_level_find("4", &level));
    CU_ASSERT_STRING_EQUAL(event_level_name(EVENT_LEVEL_MINIMUM), "minimum");
}

static void categories_and_types_have_names(void)
{
    CU_ASSERT_STRING_EQUAL(event_category_name(EVENT_X400_SERVICE), "X.400 Service");
    CU_ASSERT_STRING_EQUAL(event_category_name(EVENT_APDU), "APDU");
    CU_ASSERT_STRING_EQUAL(event_category_name((event_category_t)0), "None");
    CU_ASSERT_STRING_EQUAL(event_category_name((event_category_t)99), "None");
    CU_ASSERT_STRING_EQUAL(event_type_name(EVENT_ERROR), "Error");
    CU_ASSERT_STRING_EQUAL(event_type_name(EVENT_WARNING), "Warning");
    CU_ASSERT_STRING_EQUAL(event_type_name(EVENT_INFORMATION), "Information");
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(ids_are_unique_and_sorted),
    UNIT_TEST(reserved_ids_are_not_used),
    UNIT_TEST(every_id_is_found),
    UNIT_TEST(definitions_are_whole),
    UNIT_TEST(OP_05_texts_open_with_the_words_that_administrators_know),
    UNIT_TEST(OP_05_every_known_number_is_in_the_catalogue_or_reserved),
    UNIT_TEST(names_are_found_however_they_are_written),
    UNIT_TEST(categories_and_types_have_names),
};
UNIT_MAIN("event catalogue", TESTS)
