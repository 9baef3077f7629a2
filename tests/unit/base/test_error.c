#include "base/error.h"

#include <string.h>

#include "unit.h"

static void a_chain_reads_as_one_sentence(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    err_t *cause = err_create(pool, 2, "bind", "the password is %s", "wrong");
    err_t *err = err_wrap(pool, cause, 5, "RTSE", "the peer refused the association");
    CU_ASSERT_STRING_EQUAL(err_describe(pool, err),
                           "the peer refused the association: the password is wrong");
    CU_ASSERT_EQUAL(err->code, 5);
    CU_ASSERT_STRING_EQUAL(err->layer, "RTSE");
    CU_ASSERT_PTR_EQUAL(err->cause, cause);
    CU_ASSERT_STRING_EQUAL(err_describe(pool, NULL), "no error");
    apr_pool_destroy(pool);
}

static void a_copy_outlives_its_original(void)
{
    apr_pool_t *pool;
    apr_pool_t *other;
    apr_pool_create(&pool, NULL);
    apr_pool_create(&other, NULL);
    err_t *err = err_wrap(pool, err_create(pool, 1, "store", "the disk is full"), 0, "store", "commit");
    err_t *copy = err_copy(other, err);
    apr_pool_destroy(pool);
    CU_ASSERT_STRING_EQUAL(err_describe(other, copy), "commit: the disk is full");
    CU_ASSERT_PTR_NULL(err_copy(other, NULL));
    apr_pool_destroy(other);
}

static void a_status_brings_the_words_of_the_system(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    err_t *err = err_from_status(pool, APR_ENOENT, "cannot open %s", "x.conf");
    CU_ASSERT_STRING_EQUAL(err_describe(pool, err), "cannot open x.conf: No such file or directory");
    CU_ASSERT_EQUAL(err->code, APR_ENOENT);
    apr_pool_destroy(pool);
}

/* Windows ends its words with a stop and an end of line. */
static void words_of_the_system_end_with_a_word(void)
{
    for (apr_status_t status = 1; status < 200; status++) {
        char words[256];
        err_status_words(APR_FROM_OS_ERROR(status), words, sizeof(words));
        size_t length = strlen(words);
        CU_ASSERT(length == 0 || !strchr(" .\r\n", words[length - 1]));
    }
    char few[8];
    CU_ASSERT_STRING_EQUAL(err_status_words(APR_ENOENT, few, sizeof(few)), "No such");
}

static const unit_test_t tests[] = {
    UNIT_TEST(a_chain_reads_as_one_sentence), UNIT_TEST(a_copy_outlives_its_original),
    UNIT_TEST(a_status_brings_the_words_of_the_system), UNIT_TEST(words_of_the_system_end_with_a_word)};
UNIT_MAIN("base/error", tests)
