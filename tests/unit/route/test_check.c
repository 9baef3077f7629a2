/* What route_check adds to the check of a configuration. */
#include "routes.h"

/* The findings of blocks, with an mta that has options. */
static const char *said_of(const char *options, const char *blocks, size_t *errors, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, "mta { name = A country = GB data-folder = \"/tmp\" ", options,
                                   " }\nlistener L { }\n", blocks, NULL);
    const config_t *config = NULL;
    config_findings_t findings;
    config_read_text("x", bytes_of_string(text), pool, &config, &findings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    route_check(config, pool, &findings);
    *errors = findings.errors;
    return config_findings_text(&findings, pool);
}

typedef struct check_case_t {
    const char *options;
    const char *blocks;
    const char *said;
    size_t errors;
} check_case_t;

static const check_case_t cases[] = {
    {"", CONNECTOR("P", "\"C=GB\"") CONNECTOR("Q", "\"C=GB;;2\"") CONNECTOR("R", "\"C=GB;A= \""), "", 0},
    {"", CONNECTOR("P", "\"C=GB\", \"X=1\"") MAILBOX("M", "'/(/'"),
     "x:3: error: address space 'X=1' of \"P\": unknown attribute 'X'; known are C, A, P, X.121, T-ID, N-ID, "
     "O, OU1 to "
     "OU4, CN, G, I, S, Q and DDA:TYPE\n"
     "x:4: error: address space '/(/' of \"M\": no regular expression: missing closing parenthesis at "
     "character 2\n",
     2},
    {"", CONNECTOR("P", "\"C=GB\", \"c=gb\", \"C=FR\""),
     "x:3: warning: no address leads by address space 'c=gb' to \"P\": 'C=GB' of \"P\" is in line 3, and it "
     "is given "
     "twice for it\n",
     0},
    {"", CONNECTOR("P", "\"\"") CONNECTOR("Q", "\"*;;100\""),
     "x:3: warning: no address leads by address space '' to \"P\": '*' of \"Q\" is in line 4, and it is "
     "hidden by that "
     "one, which wins whatever the cost\n"
     "x:3: warning: no address leads to connector \"P\": all its address spaces are hidden\n",
     0},
    {"", CONNECTOR("P", "\"C=GB;ADMD=0;O=*\"") MAILBOX("M", "\"C=GB;A= \""),
     "x:3: warning: no address leads by address space 'C=GB;ADMD=0;O=*' to \"P\": 'C=GB;A= ' of \"M\" is in "
     "line 4, and "
     "it is hidden by that mailbox, which is always chosen\n"
     "x:3: warning: no address leads to connector \"P\": all its address spaces are hidden\n",
     0},
    {"", CONNECTOR("P", "\"C=GB;A= \"") MAILBOX("M", "\"C=GB;A= ;;2\""), "", 0},
    {"", MAILBOX("M", "\"O=X\"") MAILBOX("N", "\"O=X\""),
     "x:4: warning: no address leads by address space 'O=X' to \"N\": 'O=X' of \"M\" is in line 3, and it is "
     "hidden by "
     "that mailbox, which is always chosen\n",
     0},
    {"only-use-least-cost-routes = on", CONNECTOR("P", "\"C=GB;;1\"") CONNECTOR("Q", "\"C=GB;;2\""),
     "x:4: warning: no address leads by address space 'C=GB' to \"Q\": 'C=GB' of \"P\" is in line 3, and it "
     "is hidden by "
     "that cheaper one, because of only-use-least-cost-routes\n"
     "x:4: warning: no address leads to connector \"Q\": all its address spaces are hidden\n",
     0},
};

static void what_cannot_work_is_listed(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_pool_t *pool = NULL;
        apr_pool_create(&pool, NULL);
        size_t errors = 0;
        const char *said = said_of(cases[i].options, cases[i].blocks, &errors, pool);
        if (strcmp(said, cases[i].said) != 0)
            printf("case %u:\n%s", (unsigned)i, said);
        CU_ASSERT_STRING_EQUAL(said, cases[i].said);
        CU_ASSERT_EQUAL(errors, cases[i].errors);
        apr_pool_destroy(pool);
    }
}

static bool nothing_is_local(const char *address)
{
    (void)address;
    return false;
}

static void OP_07_the_whole_check_of_a_file(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const config_t *config = NULL;
    config_findings_t findings;
    const char *path = TEST_DATA "/../installer/x400mta.conf.example";
    route_read_configuration(path, NULL, pool, &config, &findings);
    CU_ASSERT_PTR_NOT_NULL(config);
    CU_ASSERT_EQUAL(findings.errors, 0);
    size_t before = findings.count;
    route_read_configuration(path, nothing_is_local, pool, &config, &findings);
    CU_ASSERT_PTR_NOT_NULL(config);
    CU_ASSERT_EQUAL(findings.count, before + 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(config_findings_text(&findings, pool), "of the admin interface is not of this machine"));
    route_read_configuration(TEST_DATA "/unit/route/bad-pattern.conf", NULL, pool, &config, &findings);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_EQUAL(findings.errors, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(config_findings_text(&findings, pool),
                                  "bad-pattern.conf:11: error: address space 'C=GB;PRND=X' of "
                                  "\"C\": unknown attribute 'PRND'; known are "));
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(what_cannot_work_is_listed),
    UNIT_TEST(OP_07_the_whole_check_of_a_file),
};

UNIT_MAIN("route check", tests)
