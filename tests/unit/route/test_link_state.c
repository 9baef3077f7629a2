/* What siblings tell each other of their links: what is collected, its octets, and what the other makes of
 * it. */
#include "routes.h"

#include "route/link_state.h"
#include "route/subject.h"

/* What the teller knows of its connectors, by index. */
typedef struct links_t {
    unsigned seconds[8];
} links_t;

static unsigned ask(void *context, size_t index, const char **name)
{
    const links_t *links = context;
    (void)name; /* the connector's own */
    return links->seconds[index];
}

static link_state_t *collect(routes_t *routes, links_t *links)
{
    link_state_t *state = link_state_collect(routes->table, ask, links, routes->pool);
    state->epoch = 7;
    state->sequence = 9;
    return state;
}

static const char *down(routes_t *routes, const link_state_t *state, const char *address, mono_time_t now)
{
    link_told_t *told = link_told_create(state, "TELLER", TIME_SECONDS(100), routes->pool);
    const subject_t *subject = subject_create(routes_address(routes, address), routes->pool);
    const char *words = link_told_down(told, subject, now, routes->pool);
    return words ? words : "";
}

static void test_nothing_is_told_while_all_works(void)
{
    routes_t routes;
    links_t links = {{0}};
    routes_begin(&routes, "", CONNECTOR("Y", "\"C=GB;A= ;P=Y\"") MAILBOX("M", "\"C=GB;A= ;P=M\""));
    CU_ASSERT_EQUAL(collect(&routes, &links)->count, 0);
    routes_end(&routes);
}

static void test_the_other_chooses_as_the_teller_would(void)
{
    routes_t routes;
    links_t links = {{600, 0, 0, LINK_STATE_SKIP}};
    routes_begin(&routes, "",
                 CONNECTOR("Y", "\"C=GB;A= ;P=Y\"") CONNECTOR("Z", "\"C=GB;A= ;P=Y;O=OTHER\", \"C=GB\"")
                     CONNECTOR("W", "\"C=GB;A= ;P=W\"") CONNECTOR("ASKER", "\"C=GB;A= ;P=Y\"")
                         MAILBOX("M", "\"C=GB;A= ;P=Y;O=HERE\""));
    link_state_t *state = collect(&routes, &links);
    /* Not W, which takes other addresses; not the shorter C=GB; not the way back. */
    CU_ASSERT_EQUAL(state->count, 3);
    CU_ASSERT_STRING_EQUAL(down(&routes, state, "C=GB;A= ;P=Y;S=X", TIME_SECONDS(101)),
                           "TELLER tells that its link to Y is down");
    CU_ASSERT_STRING_EQUAL(down(&routes, state, "C=GB;A= ;P=Y;O=OTHER;S=X", TIME_SECONDS(101)), "");
    CU_ASSERT_STRING_EQUAL(down(&routes, state, "C=GB;A= ;P=Y;O=HERE;S=X", TIME_SECONDS(101)), "");
    CU_ASSERT_STRING_EQUAL(down(&routes, state, "C=GB;A= ;P=W;S=X", TIME_SECONDS(101)), "");
    CU_ASSERT_STRING_EQUAL(down(&routes, state, "C=DE;A= ;P=Y;S=X", TIME_SECONDS(101)), "");
    routes_end(&routes);
}

static void test_it_is_believed_for_its_time_only(void)
{
    routes_t routes;
    links_t links = {{600}};
    routes_begin(&routes, "", CONNECTOR("Y", "\"C=GB;A= ;P=Y\""));
    link_state_t *state = collect(&routes, &links);
    CU_ASSERT_STRING_NOT_EQUAL(down(&routes, state, "C=GB;A= ;P=Y;S=X", TIME_SECONDS(699)), "");
    CU_ASSERT_STRING_EQUAL(down(&routes, state, "C=GB;A= ;P=Y;S=X", TIME_SECONDS(700)), "");
    link_told_t *told = link_told_create(state, "TELLER", TIME_SECONDS(100), routes.pool);
    CU_ASSERT(link_told_has(told, "Y", TIME_SECONDS(699)));
    CU_ASSERT_FALSE(link_told_has(told, "Y", TIME_SECONDS(700)));
    CU_ASSERT_FALSE(link_told_has(told, "Z", TIME_SECONDS(100)));
    routes_end(&routes);
}

static void test_one_of_two_equal_links_is_enough(void)
{
    routes_t routes;
    links_t links = {{600, 0}};
    routes_begin(&routes, "", CONNECTOR("Y", "\"C=GB;A= ;P=Y\"") CONNECTOR("Z", "\"C=GB;A= ;P=Y;;50\""));
    CU_ASSERT_STRING_EQUAL(down(&routes, collect(&routes, &links), "C=GB;A= ;P=Y;S=X", TIME_SECONDS(101)),
                           "");
    links.seconds[1] = 600;
    CU_ASSERT_STRING_NOT_EQUAL(down(&routes, collect(&routes, &links), "C=GB;A= ;P=Y;S=X", TIME_SECONDS(101)),
                               "");
    routes_end(&routes);
}

/* A regular expression is neither told nor, where it has a say, is what it may override. */
static void test_regular_expressions_are_not_told(void)
{
    routes_t routes;
    links_t links = {{600, 0, 600}};
    routes_begin(&routes, "",
                 CONNECTOR("Y", "\"C=GB;A= ;P=Y\"") CONNECTOR("R", "'/C=GB;A= ;P=Y;O=.*X/'")
                     CONNECTOR("S", "'/C=SE/'"));
    CU_ASSERT_EQUAL(collect(&routes, &links)->count, 0);
    routes_end(&routes);
    link_state_space_t space = {"Y", 600, "/C=GB/"};
    link_state_t state = {.spaces = &space, .count = 1};
    routes_begin(&routes, "", CONNECTOR("Y", "\"C=GB\""));
    CU_ASSERT_STRING_EQUAL(down(&routes, &state, "C=GB;A= ;P=Y;S=X", TIME_SECONDS(101)), "");
    routes_end(&routes);
}

static void test_more_than_the_limit_is_not_told(void)
{
    routes_t routes;
    links_t links = {{600}};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *spaces = "\"C=GB;A= ;P=P0\"";
    for (int i = 1; i <= LINK_STATE_SPACES; i++) {
        spaces = apr_psprintf(pool, "%s, \"C=GB;A= ;P=P%d\"", spaces, i);
    }
    const char *text =
        apr_pstrcat(pool,
                    "connector Y { general { remote-mta-name = Y } stack { remote-host-name = h } "
                    "address-space = { ",
                    spaces, " } }\n", NULL);
    routes_begin(&routes, "", text);
    CU_ASSERT_EQUAL(collect(&routes, &links)->count, 0);
    routes_end(&routes);
    apr_pool_destroy(pool);
}

static void test_octets_there_and_back(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    link_state_space_t spaces[] = {{"MTA-Y", 600, "C=GB;A= ;P=Y"}, {"jim", 0, "C=GB;A= ;P=Y;S=JIM"}};
    link_state_t state = {.epoch = 1, .sequence = 2, .spaces = spaces, .count = 2};
    buffer_t *out = buffer_create(pool, 2 * LINK_STATE_LIMIT);
    CU_ASSERT(link_state_encode(&state, X411_MODE_1984, 0, out));
    link_state_t *again = NULL;
    CU_ASSERT_PTR_NULL_FATAL(link_state_decode(pool, buffer_bytes(out), &again));
    CU_ASSERT_EQUAL(again->epoch, 1);
    CU_ASSERT_EQUAL(again->sequence, 2);
    CU_ASSERT_EQUAL_FATAL(again->count, 2);
    CU_ASSERT_STRING_EQUAL(again->spaces[0].link, "MTA-Y");
    CU_ASSERT_EQUAL(again->spaces[0].seconds, 600);
    CU_ASSERT_STRING_EQUAL(again->spaces[1].pattern, "C=GB;A= ;P=Y;S=JIM");
    /* In normal mode the same inside an EXTERNAL. */
    size_t bare = buffer_length(out);
    bytes_t first = bytes_copy(pool, buffer_bytes(out));
    buffer_clear(out);
    CU_ASSERT(link_state_encode(&state, X411_MODE_NORMAL, 5, out));
    CU_ASSERT_EQUAL(buffer_bytes(out).data[0], 0x28);
    CU_ASSERT(bytes_equal(bytes_slice(buffer_bytes(out), buffer_length(out) - bare, bare), first));
    apr_pool_destroy(pool);
}

static void test_bad_octets(void)
{
    static const struct {
        const char *hex;
        const char *fault;
    } cases[] = {{"", "malformed"},
                 {"FF8310 00", "malformed"},
                 {"FF8310 0B 020102 020101 020101 3000", "out of range"},
                 {"FF8310 0B 020100 020101 020101 3000", "version"},
                 {"FF8310 0B 020101 0201FF 020101 3000", "out of range"},
                 {"FF8310 0F 020101 020101 020101 3004 30020C00", "empty"},
                 {"FF8310 13 020101 020101 020101 3008 3006 0C0107 020100", "control"},
                 {"FF8310 17 020101 020101 020101 300C 300A 0C0159 020100 0C02410A", "control"},
                 {"FF8310 0B 020101 020101 020101 3000 00", "malformed"}};
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char digits[128];
        size_t length = 0;
        for (const char *c = cases[i].hex; *c; c++)
            if (*c != ' ')
                digits[length++] = *c;
        digits[length] = 0;
        bytes_t octets = BYTES_NONE;
        link_state_t *state = NULL;
        CU_ASSERT(bytes_from_hex(pool, digits, &octets));
        err_t *err = link_state_decode(pool, octets, &state);
        CU_ASSERT_PTR_NOT_NULL_FATAL(err);
        if (!strstr(err->text, cases[i].fault))
            printf("\n%s: %s\n", cases[i].hex, err->text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err->text, cases[i].fault));
    }
    apr_pool_destroy(pool);
}

/* The state of the next hop is an improvement of the third step: it never takes out the last way. */
static void test_RO_01_the_next_hops_state(void)
{
    routes_t routes;
    link_state_space_t space = {"MTA-Y", 600, "C=GB;A= ;P=Y"};
    link_state_t state = {.spaces = &space, .count = 1};
    routes_begin(&routes, "", CONNECTOR("P", "\"C=GB;A= ;P=Y;;1\"") CONNECTOR("Q", "\"C=GB;A= ;P=Y;;2\""));
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, "C=GB;A= ;P=Y;S=X"), "P");
    routes.facts[0].told = link_told_create(&state, "MTA-P", 0, routes.pool);
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, "C=GB;A= ;P=Y;S=X"), "Q");
    route_choice_t choice;
    const route_candidate_t *candidates;
    size_t count;
    route_explain(routes.table, routes_address(&routes, "C=GB;A= ;P=Y;S=X"), &routes.state, routes.pool,
                  &choice, &candidates, &count);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_EQUAL(candidates[1].step, ROUTE_STEP_ACTIVATION);
    CU_ASSERT_STRING_EQUAL(candidates[1].why, "MTA-P tells that its link to MTA-Y is down");
    routes.facts[1].activation = ROUTE_ACTIVE_LATER;
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, "C=GB;A= ;P=Y;S=X"), "P");
    routes.facts[1].activation = ROUTE_ACTIVE_NOW;
    routes.facts[1].told = link_told_create(&state, "MTA-Q", 0, routes.pool);
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, "C=GB;A= ;P=Y;S=X"), "P");
    routes.facts[0].now = TIME_SECONDS(600);
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, "C=GB;A= ;P=Y;S=X"), "P");
    routes_end(&routes);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_nothing_is_told_while_all_works),
    UNIT_TEST(test_the_other_chooses_as_the_teller_would),
    UNIT_TEST(test_it_is_believed_for_its_time_only),
    UNIT_TEST(test_one_of_two_equal_links_is_enough),
    UNIT_TEST(test_regular_expressions_are_not_told),
    UNIT_TEST(test_more_than_the_limit_is_not_told),
    UNIT_TEST(test_octets_there_and_back),
    UNIT_TEST(test_bad_octets),
    UNIT_TEST(test_RO_01_the_next_hops_state),
};

UNIT_MAIN("route/link_state", tests)
