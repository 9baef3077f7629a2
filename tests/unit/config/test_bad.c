/* Every bad/NAME.conf is refused or warned of with exactly the findings of bad/NAME.ref (paths left out); and
 * the reference in docs/ is what the option table says. */
#include "unit.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "config/config.h"

#define FOLDER TEST_DATA "/unit/config/bad/"

static const char *read_whole(const char *path, apr_pool_t *pool)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    static char text[1 << 20];
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    return apr_pstrmemdup(pool, text, length);
}

/* text without every occurrence of the folder's path. */
static const char *without_folder(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);
    for (char *at = strstr(copy, FOLDER); at; at = strstr(at, FOLDER))
        memmove(at, at + strlen(FOLDER), strlen(at + strlen(FOLDER)) + 1);
    return copy;
}

static void check_pair(const char *name, apr_pool_t *pool)
{
    const config_t *config = NULL;
    config_findings_t findings;
    config_read(apr_pstrcat(pool, FOLDER, name, ".conf", NULL), pool, &config, &findings);
    const char *said = without_folder(config_findings_text(&findings, pool), pool);
    const char *expected = read_whole(apr_pstrcat(pool, FOLDER, name, ".ref", NULL), pool);
    bool same = expected && !strcmp(said, expected);
    if (!same)
        printf("\n%s.conf says:\n%s", name, said);
    CU_ASSERT_TRUE(same);
    CU_ASSERT_TRUE(findings.count > 0);
    CU_ASSERT_EQUAL(config == NULL, findings.errors > 0);
}

/* Pairs whose text has words of the system: those of POSIX. */
static bool is_of_this_system(const char *file)
{
#ifdef _WIN32
    return strcmp(file, "folders.conf") != 0 && strcmp(file, "include-missing.conf") != 0;
#else
    (void)file;
    return true;
#endif
}

static void OP_07_each_bad_file_is_refused_with_its_lines(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    apr_dir_t *folder = NULL;
    CU_ASSERT_EQUAL_FATAL(apr_dir_open(&folder, FOLDER, pool), APR_SUCCESS);
    size_t pairs = 0;
    apr_finfo_t info;
    while (apr_dir_read(&info, APR_FINFO_NAME, folder) == APR_SUCCESS) {
        size_t length = strlen(info.name);
        if (length < 5 || strcmp(info.name + length - 5, ".conf") != 0 || !is_of_this_system(info.name))
            continue;
        check_pair(apr_pstrmemdup(pool, info.name, length - 5), pool);
        pairs++;
    }
    apr_dir_close(folder);
    CU_ASSERT_TRUE(pairs >= 20);
    apr_pool_destroy(pool);
}

static const char *printed(void (*print)(FILE *out), apr_pool_t *pool)
{
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    print(file);
    long length = ftell(file);
    char *text = apr_pcalloc(pool, (apr_size_t)length + 1);
    rewind(file);
    CU_ASSERT_EQUAL(fread(text, 1, (size_t)length, file), (size_t)length);
    fclose(file);
    return text;
}

static void the_reference_in_docs_is_of_this_option_table(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const char *made = printed(config_print_reference, pool);
    const char *committed = read_whole(TEST_DATA "/../docs/configuration.md", pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(committed);
    CU_ASSERT_STRING_EQUAL(made, committed);
    apr_pool_destroy(pool);
}

static void the_manual_page_names_every_section(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const char *made = printed(config_print_manual, pool);
    static const char *const needed[] = {".TH X400MTA.CONF 5", ".SS mta\n", ".SS connector > override\n",
                                         ".B minimum\\-open\\-interval\n", ".SS admin\n"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(made, needed[i]));
    apr_pool_destroy(pool);
}

static void the_manual_page_in_docs_is_of_this_option_table(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const char *made = printed(config_print_manual, pool);
    const char *committed = read_whole(TEST_DATA "/../docs/man/x400mta.conf.5", pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(committed);
    CU_ASSERT_STRING_EQUAL(made, committed); /* x400mta --manual > docs/man/x400mta.conf.5 */
    apr_pool_destroy(pool);
}

static void the_example_passes_the_check(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const config_t *config = NULL;
    config_findings_t findings;
    config_read(TEST_DATA "/../installer/x400mta.conf.example", pool, &config, &findings);
    CU_ASSERT_EQUAL(findings.errors, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    /* Folders may be missing where the test runs; nothing else is found. */
    for (size_t i = 0; i < findings.count; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(findings.findings[i].text, "is not there"));
    CU_ASSERT_EQUAL(config->connector_count, 2);
    CU_ASSERT_EQUAL(config->mailbox_count, 1);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(OP_07_each_bad_file_is_refused_with_its_lines),
    UNIT_TEST(the_reference_in_docs_is_of_this_option_table),
    UNIT_TEST(the_manual_page_names_every_section),
    UNIT_TEST(the_manual_page_in_docs_is_of_this_option_table),
    UNIT_TEST(the_example_passes_the_check),
};

UNIT_MAIN("config bad files", tests)
