/* Names and texts between UTF-8 and UTF-16: bounds, whole characters, long paths; rights of a folder. */
#include "unit.h"

#include "registry.h"
#include "wide.h"

#include <string.h>
#include <wchar.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

enum { ROOM = 8, LEVELS = 20, OLD_LIMIT = 260 };

/* A folder of this process below that of temporary files. */
static const char *own_folder(apr_pool_t *pool)
{
    const char *folder = NULL;
    CU_ASSERT_EQUAL_FATAL(apr_temp_dir_get(&folder, pool), APR_SUCCESS);
    return apr_psprintf(pool, "%s/x400-unit-%lu", folder, GetCurrentProcessId());
}

static void a_text_is_cut_at_a_whole_character(void)
{
    static const struct {
        const char *text;
        const wchar_t *cut;
    } cases[] = {
        {"", L""},
        {"abcdefg", L"abcdefg"},
        {"abcdefgh", L"abcdefg"},
        {"abcdef\xC3\xA9", L"abcdef"}, /* the second octet would not fit */
        {"abcde\xC3\xA9z", L"abcde\x00E9"},
        {"abc\xF0\x9F\x93\xA7yz", L"abc\xD83D\xDCE7"}, /* a pair stays whole */
        {"abcdef\xF0\x9F\x93\xA7", L"abcdef"},
        {"\xE6\x96\x87\xE6\x96\x87\xE6\x96\x87", L"\x6587\x6587"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wchar_t room[ROOM + 1];
        wmemset(room, L'#', ROOM + 1);
        wide_copy(room, ROOM, cases[i].text);
        CU_ASSERT_EQUAL(wcscmp(room, cases[i].cut), 0);
        CU_ASSERT_EQUAL(room[ROOM], L'#'); /* nothing was written behind the room */
    }
}

static void a_name_comes_back_as_it_was(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    static const char *const names[] = {"", "plain",
                                        "Gr\xC3\xB6\xC3\x9F"
                                        "e",
                                        "\xE6\x96\x87.txt", "\xF0\x9F\x93\xA7"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT_STRING_EQUAL(wide_to_utf8(wide_of_utf8(names[i], pool), pool), names[i]);
    CU_ASSERT_PTR_NULL(wide_of_utf8(NULL, pool));
    CU_ASSERT_PTR_NULL(wide_to_utf8(NULL, pool));
    apr_pool_destroy(pool);
}

static void a_path_has_the_prefix_that_lifts_the_limit(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL(wcscmp(wide_path("C:\\mail\\queue", pool), L"\\\\?\\C:\\mail\\queue"), 0);
    CU_ASSERT_EQUAL(wcscmp(wide_path("C:/mail/./x/../queue", pool), L"\\\\?\\C:\\mail\\queue"), 0);
    CU_ASSERT_EQUAL(wcscmp(wide_path("\\\\server\\share\\mail", pool), L"\\\\?\\UNC\\server\\share\\mail"),
                    0);
    CU_ASSERT_EQUAL(wcscmp(wide_path("\\\\?\\C:\\mail", pool), L"\\\\?\\C:\\mail"), 0);
    CU_ASSERT_EQUAL(wcsncmp(wide_path("mail", pool), L"\\\\?\\", 4), 0);
    apr_pool_destroy(pool);
}

static void a_long_path_of_other_letters_takes_a_file(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *top = own_folder(pool);
    const char *folder = top;
    for (int i = 0; i < LEVELS; i++)
        folder = apr_pstrcat(pool, folder,
                             "/Gr\xC3\xB6\xC3\x9F"
                             "e-\xE6\x96\x87-0123456789-0123456789",
                             NULL);
    CU_ASSERT_TRUE(wcslen(wide_of_utf8(folder, pool)) > 2 * OLD_LIMIT);
    CU_ASSERT_EQUAL(apr_dir_make_recursive(folder, APR_FPROT_OS_DEFAULT, pool), APR_SUCCESS);
    const char *path = apr_pstrcat(pool, folder, "/\xC3\xA9.log", NULL);
    FILE *file = _wfopen(wide_path(path, pool), L"w");
    CU_ASSERT_PTR_NOT_NULL(file);
    if (file) {
        fputs("here", file);
        fclose(file);
    }
    apr_finfo_t info;
    CU_ASSERT_EQUAL(apr_stat(&info, path, APR_FINFO_SIZE, pool), APR_SUCCESS);
    CU_ASSERT_EQUAL(info.size, 4);
    CU_ASSERT_EQUAL(apr_file_remove(path, pool), APR_SUCCESS);
    for (int i = 0; i <= LEVELS; i++) {
        CU_ASSERT_EQUAL(apr_dir_remove(folder, pool), APR_SUCCESS);
        folder = apr_pstrmemdup(pool, folder, (apr_size_t)(strrchr(folder, '/') - folder));
    }
    apr_pool_destroy(pool);
}

static void a_data_folder_gets_its_rights_new_or_old(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *folder = own_folder(pool);
    CU_ASSERT_EQUAL(registry_protect_data_folder(folder, "x400mta-unit", pool), ERROR_SUCCESS);
    CU_ASSERT_EQUAL(registry_protect_data_folder(folder, "x400mta-unit", pool), ERROR_SUCCESS);
    CU_ASSERT_EQUAL(apr_dir_remove(folder, pool), APR_SUCCESS);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(a_text_is_cut_at_a_whole_character),
    UNIT_TEST(a_name_comes_back_as_it_was),
    UNIT_TEST(a_path_has_the_prefix_that_lifts_the_limit),
    UNIT_TEST(a_long_path_of_other_letters_takes_a_file),
    UNIT_TEST(a_data_folder_gets_its_rights_new_or_old),
};

UNIT_MAIN("win32/wide", tests)
