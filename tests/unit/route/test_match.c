/* Matching of address spaces: attributes, wildcards, regular expressions, the longest match. */
#include "routes.h"

#include "route/table.h"

typedef struct match_case_t {
    const char *pattern;
    const char *address;
    bool matches;
} match_case_t;

static const match_case_t match_cases[] = {
    {"C=GB;A= ;P=PPA", "C=GB;A= ;P=PPA;S=SMITH", true},
    {"C=GB;A= ;P=PPA", "C=GB;A= ;P=PPB;S=SMITH", false},
    {"c=gb;admd= ;prmd=ppa", "C=GB;A= ;P=PPA;S=SMITH", true},
    {"C=GB;A= ;P=PPA", "c=gb;a= ;p=ppa;s=smith", true},
    /* ADMD: blank, absent and 0 are none (X.402 18.3.1 a) */
    {"C=GB;A= ", "C=GB;P=PPA;S=SMITH", true},
    {"C=GB;A=0", "C=GB;A= ;P=PPA;S=SMITH", true},
    {"C=GB;A= ", "C=GB;A=0;P=PPA;S=SMITH", true},
    {"C=GB;A=", "C=GB;A=0;P=PPA;S=SMITH", true},
    {"C=GB;A= ", "C=GB;A=ATLAS;P=PPA;S=SMITH", false},
    {"C=GB;A=ATLAS", "C=GB;P=PPA;S=SMITH", false},
    {"C=GB;A=*", "C=GB;A=ATLAS;P=PPA;S=SMITH", true},
    {"C=GB;A=*", "C=GB;P=PPA;S=SMITH", true},
    /* an attribute that is not named may be anything; an empty value demands none */
    {"C=GB", "C=GB;A=ATLAS;P=PPA;O=X;S=SMITH", true},
    {"C=GB;O=", "C=GB;A= ;P=PPA;S=SMITH", true},
    {"C=GB;O=", "C=GB;A= ;P=PPA;O=X;S=SMITH", false},
    {"O=ACME", "C=GB;A= ;P=PPA;S=SMITH", false},
    /* blanks */
    {"O=ACME  LIMITED", "C=GB;A= ;P=PPA;O=Acme Limited;S=SMITH", true},
    {"O= ACME LIMITED ", "C=GB;A= ;P=PPA;O=Acme   Limited;S=SMITH", true},
    /* wildcards */
    {"O=ACME*", "C=GB;A= ;P=PPA;O=Acme Limited;S=SMITH", true},
    {"O=ACME*", "C=GB;A= ;P=PPA;O=Acm;S=SMITH", false},
    {"O=*LIMITED", "C=GB;A= ;P=PPA;O=Acme Limited;S=SMITH", true},
    {"O=*LIM*ED", "C=GB;A= ;P=PPA;O=Acme Limited;S=SMITH", true},
    {"O=*LIM*ED", "C=GB;A= ;P=PPA;O=Acme Limited x;S=SMITH", false},
    {"O=A*A*A*B", "C=GB;A= ;P=PPA;O=AAAAAAAAAAAAAAAAAAAAAAAAA;S=SMITH", false},
    {"C=*;S=SMITH", "C=GB;A= ;P=PPA;S=SMITH", true},
    {"O=A\\;B", "C=GB;A= ;P=PPA;O=A\\;B;S=SMITH", true},
    /* organizational units, by rank */
    {"OU1=SALES", "C=GB;A= ;P=PPA;O=X;OU1=SALES;OU2=NORTH;S=S", true},
    {"OU=SALES", "C=GB;A= ;P=PPA;O=X;OU1=SALES;OU2=NORTH;S=S", true},
    {"OU2=NORTH", "C=GB;A= ;P=PPA;O=X;OU1=SALES;OU2=NORTH;S=S", true},
    {"OU2=SALES", "C=GB;A= ;P=PPA;O=X;OU1=SALES;OU2=NORTH;S=S", false},
    {"OU1=A;OU2=B;OU3=C;OU4=D", "C=GB;A= ;P=PPA;O=X;OU1=A;OU2=B;OU3=C;OU4=D;S=S", true},
    {"OU1=A;OU2=B;OU3=C;OU4=E", "C=GB;A= ;P=PPA;O=X;OU1=A;OU2=B;OU3=C;OU4=D;S=S", false},
    /* the rest */
    {"G=JIM;I=J;S=SMITH;Q=JR", "C=GB;A= ;P=PPA;S=SMITH;G=JIM;I=J;Q=JR", true},
    {"G=JIM;S=SMITH;GQ=SR", "C=GB;A= ;P=PPA;S=SMITH;G=JIM;Q=JR", false},
    {"CN=POST*", "C=GB;A= ;P=PPA;CN=Postmaster", true},
    {"N-ID=123*", "C=GB;A=X;N-ID=12345", true},
    {"UA-ID=999", "C=GB;A=X;N-ID=12345", false},
    {"X.121=234*;T-ID=ABC", "X.121=23412345;T-ID=abc", true},
    {"DDA:RFC-822=*(a)example.com", "C=GB;A= ;P=PPA;DDA:RFC-822=jim(a)example.com", true},
    {"DDA:rfc-822=*(a)example.com", "C=GB;A= ;P=PPA;DDA:ID=1;DDA:RFC-822=jim(a)EXAMPLE.COM", true},
    {"DDA:RFC-822=*(a)example.org", "C=GB;A= ;P=PPA;DDA:RFC-822=jim(a)example.com", false},
    {"DD.ID=*", "C=GB;A= ;P=PPA;S=SMITH", false},
    /* everything */
    {"*", "C=GB;A= ;P=PPA;S=SMITH", true},
    {"", "C=GB;A= ;P=PPA;S=SMITH", true},
    /* regular expressions over C=GB;A= ;P=PPA;O=..;..;S=SMITH */
    {"/P=PP[AB];/", "C=GB;A= ;P=PPA;S=SMITH", true},
    {"/P=PP[AB];/", "C=GB;A= ;P=PPC;S=SMITH", false},
    {"/^c=gb;a= ;p=ppa;o=acme;ou1=sales;cn=x;dda:id=1$/", "C=GB;P=PPA;O=Acme;OU1=Sales;CN=X;DDA:ID=1", true},
    {"/S=SMITH$/", "C=GB;A= ;P=PPA;G=JIM;S=SMITH", true},
    {"/O=A;P=X/", "C=GB;A= ;P=PPA;O=A\\;P=X;S=SMITH", false},
    {"/O=A\\\\\\\\;P=X/", "C=GB;A= ;P=PPA;O=A\\;P=X;S=SMITH", true},
};

static void address_spaces_match(void)
{
    for (size_t i = 0; i < sizeof(match_cases) / sizeof(match_cases[0]); i++) {
        const match_case_t *each = &match_cases[i];
        routes_t routes;
        apr_pool_t *pool = NULL;
        apr_pool_create(&pool, NULL);
        routes_begin(&routes, "", apr_psprintf(pool, CONNECTOR("X", "'%s'"), each->pattern));
        const char *chosen = routes_choose(&routes, each->address);
        bool matches = !strcmp(chosen, "X");
        if (matches != each->matches)
            printf("'%s' and '%s': %s\n", each->pattern, each->address, chosen);
        CU_ASSERT_EQUAL(matches, each->matches);
        routes_end(&routes);
        apr_pool_destroy(pool);
    }
}

typedef struct longest_case_t {
    const char *longer;
    const char *shorter;
    const char *address;
} longest_case_t;

static const longest_case_t longest_cases[] = {
    {"C=GB;A= ;P=PPA", "C=GB;A= ", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB;A= ", "C=GB", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB", "*", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"*", "", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB;A= ;P=PPA;O=ACME", "C=GB;A= ;P=PPA;O=AC*", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB;A= ;P=PPA;O=ACM*", "C=GB;A= ;P=PPA;O=AC*", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB;A= ;P=PPA;O=A*", "C=GB;A= ;P=PPA", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB;A= ;P=PPA", "C=GB;O=*;OU1=*;P=*", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB;A= ;P=PPA;O=ACME;OU1=SALES;OU2=NORTH", "C=GB;A= ;P=PPA;O=ACME;OU1=SALES",
     "C=GB;A= ;P=PPA;O=ACME;OU1=SALES;OU2=NORTH;S=S"},
    {"/C=GB;A= ;P=PP.;O=ACME/", "C=GB;A= ;P=PPA", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB;A= ;P=PPA", "/C=GB;A= ;P=PP./", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"/C=G.;A= ;P=PPA/", "/C=G.;A= ;P=PP?/", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"C=GB", "/.*/", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"/.*/", "*", "C=GB;A= ;P=PPA;O=ACME;S=SMITH"},
    {"DDA:ID=1;C=GB", "C=GB", "C=GB;A= ;P=PPA;S=SMITH;DDA:ID=1"},
};

/* In both orders of the file, and whatever the cost. */
static void RO_01_the_longest_match_wins_whatever_the_cost(void)
{
    for (size_t i = 0; i < 2 * sizeof(longest_cases) / sizeof(longest_cases[0]); i++) {
        const longest_case_t *each = &longest_cases[i / 2];
        routes_t routes;
        apr_pool_t *pool = NULL;
        apr_pool_create(&pool, NULL);
        const char *longer = apr_psprintf(pool, CONNECTOR("LONGER", "'%s;;100'"), each->longer);
        const char *shorter = apr_psprintf(pool, CONNECTOR("SHORTER", "'%s;;1'"), each->shorter);
        routes_begin(&routes, "",
                     i % 2 ? apr_pstrcat(pool, longer, shorter, NULL)
                           : apr_pstrcat(pool, shorter, longer, NULL));
        const char *chosen = routes_choose(&routes, each->address);
        if (strcmp(chosen, "LONGER") != 0)
            printf("'%s' against '%s': %s\n", each->longer, each->shorter, chosen);
        CU_ASSERT_STRING_EQUAL(chosen, "LONGER");
        routes_end(&routes);
        apr_pool_destroy(pool);
    }
}

/* The Teletex and universal forms of attributes are compared as the printable one. */
static void other_string_types_match(void)
{
    static const char *const addresses[] = {"C=GB;A= ;P=PPA;O*=M{200}uller;S=SMITH",
                                            "C=GB;A= ;P=PPA;O**=M\xc3\xbcller;S=SMITH"};
    routes_t routes;
    routes_begin(&routes, "", CONNECTOR("X", "\"C=GB;O=M\xc3\xbcller\""));
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_STRING_EQUAL(routes_choose(&routes, addresses[i]), "X");
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, "C=GB;A= ;P=PPA;O=MULLER;S=SMITH"), "");
    routes_end(&routes);
}

/* A regular expression that would take for ever ends at its limits and then does not match. */
static void a_hostile_address_cannot_hang_a_regular_expression(void)
{
    routes_t routes;
    routes_begin(&routes, "", CONNECTOR("X", "'/(A+)+(B+)+(AA*)*$X/'") CONNECTOR("Y", "'*'"));
    CU_ASSERT_STRING_EQUAL(
        routes_choose(&routes, "C=GB;A= ;P=PPA;O=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;"
                               "CN=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        "Y");
    routes_end(&routes);
}

/* Pseudo-random numbers that are the same everywhere. */
static unsigned roll(uint64_t *seed, unsigned sides)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33) % sides;
}

static const char *random_text(uint64_t *seed, apr_pool_t *pool, bool pattern)
{
    static const char *const names[] = {"C", "A", "P", "O", "OU1", "S"};
    static const char *const values[] = {"AA", "AB", "BB", "B"};
    static const char *const wild[] = {"A*", "*", "*B", ""};
    const char *text = "";
    for (unsigned i = 0; i < 6; i++) {
        if (pattern ? roll(seed, 2) : i != 5 && roll(seed, 5) == 0)
            continue;
        const char *value = pattern && roll(seed, 4) == 0 ? wild[roll(seed, 4)] : values[roll(seed, 4)];
        text = apr_psprintf(pool, "%s%s%s=%s", text, *text ? ";" : "", names[i], value);
    }
    if (pattern && roll(seed, 20) == 0)
        return roll(seed, 2) ? "*" : "/C=A./";
    return text;
}

/* The entries found, as one bit each. */
typedef struct tally_t {
    const route_table_t *table;
    bool found[64];
    size_t count;
} tally_t;

static void count_entry(void *context, const table_entry_t *entry)
{
    tally_t *tally = context;
    size_t at = (size_t)(entry - tally->table->entries);
    CU_ASSERT_FALSE(tally->found[at]);
    tally->found[at] = true;
    tally->count++;
}

/* What the index finds must be what is found by looking at every entry, over random tables. */
static void the_index_finds_what_a_linear_scan_finds(void)
{
    uint64_t seed = 1;
    size_t found = 0;
    for (int round = 0; round < 100; round++) {
        routes_t routes;
        apr_pool_t *pool = NULL;
        apr_pool_create(&pool, NULL);
        const char *blocks = "";
        for (int i = 0; i < 20; i++)
            blocks = apr_psprintf(
                pool,
                "%sconnector C%d { general { remote-mta-name = R%d } stack { remote-host-name = h "
                "} address-space = { '%s;;%u', '%s;;%u', '%s' } }\n",
                blocks, i, i, random_text(&seed, pool, true), 1 + roll(&seed, 3),
                random_text(&seed, pool, true), 1 + roll(&seed, 3), random_text(&seed, pool, true));
        routes_begin(&routes, "", blocks);
        for (int i = 0; i < 50; i++) {
            const subject_t *subject =
                subject_create(routes_address(&routes, random_text(&seed, pool, false)), pool);
            bytes_t text = subject_text(subject, pool);
            tally_t indexed = {.table = routes.table};
            tally_t scanned = {.table = routes.table};
            table_match(routes.table, subject, text, pool, count_entry, &indexed);
            table_scan(routes.table, subject, text, count_entry, &scanned);
            CU_ASSERT_EQUAL(indexed.count, scanned.count);
            CU_ASSERT_EQUAL(memcmp(indexed.found, scanned.found, sizeof(indexed.found)), 0);
            found += scanned.count;
        }
        routes_end(&routes);
        apr_pool_destroy(pool);
    }
    CU_ASSERT_TRUE(found > 5000);
}

static void patterns_with_mistakes_are_refused(void)
{
    static const struct {
        const char *pattern;
        const char *words;
    } cases[] = {
        {"C=GB;X=1", "unknown attribute 'X'"},
        {"C=GB;C=FR", "attribute 'C' is given twice"},
        {"C=GB;ADMD= ;A=X", "attribute 'A' is given twice"},
        {"GB", "'GB' has no value"},
        {"C=GB;ACME", "'ACME' has no value"},
        {"/C=GB", "between two slashes"},
        {"/(/", "no regular expression: missing closing parenthesis"},
        {"//", "between two slashes"},
        {"DDA:A=1;DDA:B=1;DDA:C=1;DDA:D=1;DDA:E=1", "more than 4 domain-defined attributes"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_pool_t *pool = NULL;
        apr_pool_create(&pool, NULL);
        config_address_space_t space = {cases[i].pattern, 1, {"x.conf", 7}};
        config_connector_t connector = {.name = "X", .address_spaces = &space, .address_space_count = 1};
        config_t config = {.pool = pool, .connectors = &connector, .connector_count = 1};
        route_table_t *table = NULL;
        err_t *err = route_table_create(&table, &config, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(err);
        const char *said = err_describe(pool, err);
        if (!strstr(said, cases[i].words))
            printf("%s\n", said);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, cases[i].words));
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "x.conf:7: "));
        apr_pool_destroy(pool);
    }
}

static const unit_test_t tests[] = {
    UNIT_TEST(address_spaces_match),
    UNIT_TEST(RO_01_the_longest_match_wins_whatever_the_cost),
    UNIT_TEST(other_string_types_match),
    UNIT_TEST(a_hostile_address_cannot_hang_a_regular_expression),
    UNIT_TEST(the_index_finds_what_a_linear_scan_finds),
    UNIT_TEST(patterns_with_mistakes_are_refused),
};

UNIT_MAIN("route match", tests)
