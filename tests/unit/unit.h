/* The frame of a unit test: a table of CUnit tests and one call from main().
 *
 * Each test program prints what failed and ends with the line "N passed, N failed", counted in tests;
 * its exit status is 0 only if none failed and at least one ran. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef _WIN32
#include <process.h>
#else
#include <unistd.h>
#endif

typedef struct unit_test_t {
    const char *name;
    CU_TestFunc run;
} unit_test_t;

#define UNIT_TEST(function)                                                                                  \
    {                                                                                                        \
#function, function                                                                                  \
    }

/* Sets a variable of the environment as the C library sees it. */
static inline void unit_set_environment(const char *name, const char *value)
{
#ifdef _WIN32
    _putenv_s(name, value);
#else
    setenv(name, value, 1);
#endif
}

/* Makes an empty folder for a test among the temporary files; to be removed by the test. */
static inline const char *unit_folder(const char *subject, apr_pool_t *pool)
{
    const char *temporary = NULL;
    apr_temp_dir_get(&temporary, pool);
    for (unsigned i = 0; temporary; i++) {
        const char *folder = apr_psprintf(pool, "%s/x400-%s-%ld-%u", temporary, subject, (long)getpid(), i);
        apr_status_t status = apr_dir_make(folder, APR_FPROT_OS_DEFAULT, pool);
        if (status == APR_SUCCESS)
            return folder;
        if (!APR_STATUS_IS_EEXIST(status))
            break;
    }
    fputs("no folder for temporary files can be made\n", stderr);
    exit(2);
}

/* Runs the count tests of the suite; returns the exit status for main(). */
static inline int unit_run(const char *suite_name, const unit_test_t *tests, size_t count)
{
    apr_initialize();
    atexit(apr_terminate);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    if (!suite)
        return 2;
    for (size_t i = 0; i < count; i++)
        if (!CU_add_test(suite, tests[i].name, tests[i].run))
            return 2;
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned ran = CU_get_number_of_tests_run();
    unsigned failed = CU_get_number_of_tests_failed();
    printf("%s: %u passed, %u failed\n", suite_name, ran - failed, failed);
    CU_cleanup_registry();
    return failed == 0 && ran > 0 ? 0 : 1;
}

#define UNIT_MAIN(suite, tests)                                                                              \
    int main(void)                                                                                           \
    {                                                                                                        \
        return unit_run(suite, tests, sizeof(tests) / sizeof((tests)[0]));                                   \
    }

#endif
