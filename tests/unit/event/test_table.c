/* The whole catalogue against a table of its own (catalogue.tsv), so that nothing of an event changes without
 * notice; and every event raised with parameters that are too long. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include <apr_strings.h>

#include "event/event.h"

enum { LINE_LIMIT = 1024, LONG_TEXT = EVENT_VALUE_LIMIT * 2 };

/* "4284\tX.400 Service\tWarning\t14\tnone\tPOP4 POP4 DOWN\t179\terror_code:24 connector:128 ..." */
static const char *line_of(const event_definition_t *event, apr_pool_t *pool)
{
    const char *line =
        apr_psprintf(pool, "%u\t%s\t%s\t%d\t%s\t%s\t%u\t", event->id, event_category_name(event->category),
                     event_type_name(event->type), event->severity, event_level_name(event->level),
                     event->module, event->procedure);
    for (unsigned i = 0; i < event->parameter_count; i++)
        line = apr_psprintf(pool, "%s%s%s:%u", line, i ? " " : "", event->parameters[i], event->limits[i]);
    return line;
}

static void OP_05_every_event_is_as_the_table_says(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    FILE *file = fopen(TEST_DATA "/unit/event/catalogue.tsv", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    char line[LINE_LIMIT];
    size_t i = 0;
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#')
            continue;
        CU_ASSERT_FATAL(i < count);
        const char *expected = line_of(&all[i++], pool);
        if (strcmp(line, expected) != 0) {
            printf("\n is      %s\n should  %s\n", expected, line);
            CU_FAIL("an event differs from the table");
        }
    }
    CU_ASSERT_EQUAL(i, count);
    fclose(file);
    apr_pool_destroy(pool);
}

typedef struct seen_t {
    unsigned count;
    unsigned id;
    bool bounded;
    char text[EVENT_TEXT_LIMIT];
} seen_t;

static void note(void *context, const event_record_t *record)
{
    seen_t *seen = context;
    seen->count++;
    seen->id = record->definition->id;
    seen->bounded = true;
    for (unsigned i = 0; i < record->definition->parameter_count; i++)
        seen->bounded = seen->bounded && strlen(record->parameters[i]) > 0 &&
                        strlen(record->parameters[i]) <= record->definition->limits[i];
    apr_cpystrn(seen->text, record->text, sizeof(seen->text));
}

/* The text of the definition up to its first parameter, and the end that says who raised it. */
static bool is_framed(const event_definition_t *event, const char *text)
{
    const char *parameter = strchr(event->text, '%');
    size_t opening = parameter ? (size_t)(parameter - event->text) : strlen(event->text);
    char end[16];
    apr_snprintf(end, sizeof(end), "] (%d)", event->severity);
    size_t length = strlen(text);
    return strncmp(event->text, text, opening) == 0 && strstr(text, event->module) && length > strlen(end) &&
           strcmp(text + length - strlen(end), end) == 0;
}

static void OP_05_every_event_is_raised_with_bounded_parameters(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    event_log_t *log = event_log_create(pool, timebase_system());
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        event_log_set_level(log, (event_category_t)i, EVENT_LEVEL_MAXIMUM);
    seen_t *seen = apr_pcalloc(pool, sizeof(*seen));
    event_log_add_sink(log, note, seen);
    char *text = apr_palloc(pool, LONG_TEXT + 1);
    memset(text, 'x', LONG_TEXT);
    text[LONG_TEXT] = '\0';
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_TRUE_FATAL(all[i].parameter_count <= 5);
        event_raise(log, all[i].id, NULL, text, text, text, text, text);
        CU_ASSERT_EQUAL(seen->count, i + 1);
        CU_ASSERT_EQUAL(seen->id, all[i].id);
        CU_ASSERT_TRUE(seen->bounded);
        if (!is_framed(&all[i], seen->text)) {
            printf("\n%u: %s\n", all[i].id, seen->text);
            CU_FAIL("text");
        }
    }
    apr_pool_destroy(pool);
}

/* What has a level appears only from that level on; errors and important warnings always. */
static void OP_05_every_event_goes_by_the_level_of_its_category(void)
{
    static const event_level_t levels[] = {EVENT_LEVEL_NONE, EVENT_LEVEL_MINIMUM, EVENT_LEVEL_MEDIUM,
                                           EVENT_LEVEL_MAXIMUM};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    event_log_t *log = event_log_create(pool, timebase_system());
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t k = 0; k < sizeof(levels) / sizeof(levels[0]); k++) {
        for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
            event_log_set_level(log, (event_category_t)i, levels[k]);
        for (size_t i = 0; i < count; i++)
            CU_ASSERT_EQUAL(event_log_wants(log, all[i].id), all[i].level <= levels[k]);
    }
    apr_pool_destroy(pool);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(OP_05_every_event_is_as_the_table_says),
    UNIT_TEST(OP_05_every_event_is_raised_with_bounded_parameters),
    UNIT_TEST(OP_05_every_event_goes_by_the_level_of_its_category),
};
UNIT_MAIN("event table", TESTS)
