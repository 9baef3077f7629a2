/* The frame of a unit test: a table of CUnit tests and one call from main().
 *
 * Each test program prints what failed and ends with the line "N passed, N failed", counted in tests;
 * its exit status is 0 only if none failed and at least one ran. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct unit_test_t {
    const char *name;
    CU_TestFunc run;
} unit_test_t;

#define UNIT_TEST(function)                                                                                  \
    {                                                                                                        \
#function, function                                                                                  \
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
