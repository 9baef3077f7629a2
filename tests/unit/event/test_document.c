/* The documents that are made from the catalogue. */
#include "unit.h"

#include <string.h>

#include "event/document.h"

static char *whole(FILE *file)
{
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *text = malloc((size_t)length + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(fread(text, 1, (size_t)length, file), (size_t)length);
    text[length] = 0;
    fclose(file);
    return text;
}

static void docs_events_md_is_what_the_catalogue_says(void)
{
    FILE *made = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    event_document_markdown(made);
    FILE *kept = fopen(TEST_DATA "/../docs/events.md", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
    char *a = whole(made);
    char *b = whole(kept);
    if (strcmp(a, b) != 0)
        printf("\nmake it anew: eventdoc markdown > docs/events.md\n");
    CU_ASSERT_EQUAL(strcmp(a, b), 0);
    free(a);
    free(b);
}

static void make_id(char *text, unsigned event_id)
{
    snprintf(text, 33, "%032x", event_id);
}

static void the_journal_catalogue_explains_every_event(void)
{
    FILE *made = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    event_document_journal(made, make_id);
    char *text = whole(made);
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        char head[64];
        snprintf(head, sizeof(head), "\n-- %032x\nSubject: Event %u,", all[i].id, all[i].id);
        const char *at = strstr(text, head);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        CU_ASSERT_PTR_NOT_NULL(strstr(at, all[i].action));
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Error code=@X400_ERROR_CODE@. Connector @X400_CONNECTOR@"));
    free(text);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(docs_events_md_is_what_the_catalogue_says),
    UNIT_TEST(the_journal_catalogue_explains_every_event),
};
UNIT_MAIN("event documents", TESTS)
