/* The choice among targets of one match: the seven steps of elimination, alone and combined. */
#include "routes.h"

#define ADDRESS "C=GB;A= ;P=PPA;S=SMITH"
#define SPACE "\"C=GB;A= ;P=PPA;;"

/* Three connectors P, Q, R, of costs that the case gives, and a mailbox M. */
typedef struct contender_case_t {
    int cost; /* 0: the target is not there */
    route_facts_t facts;
} contender_case_t;

typedef struct choose_case_t {
    const char *name;
    contender_case_t connectors[3];
    int mailbox_cost;
    const char *came_in_by;
    const char *tried[3];
    uint64_t length;
    bool least_cost_only;
    const char *expected; /* "-": all eliminated, "": nothing matches */
    unsigned steps[3];    /* of P, Q, R: which took it out */
} choose_case_t;

#define NOW .activation = ROUTE_ACTIVE_NOW
#define LATER .activation = ROUTE_ACTIVE_LATER
#define REMOTE .activation = ROUTE_REMOTE_INITIATED
#define NEVER .activation = ROUTE_NEVER_ACTIVE

static const choose_case_t cases[] = {
    {.name = "no target", .expected = ""},
    {.name = "one connector", .connectors = {{1, {0}}}, .expected = "P"},
    {.name = "(1) not the one it came in by",
     .connectors = {{1, {0}}, {2, {0}}},
     .came_in_by = "P",
     .expected = "Q",
     .steps = {2, 0}},
    {.name = "(1) alone: no route back",
     .connectors = {{1, {0}}},
     .came_in_by = "P",
     .expected = "-",
     .steps = {2}},
    {.name = "(1) another connector's name changes nothing",
     .connectors = {{1, {0}}},
     .came_in_by = "X",
     .expected = "P"},
    {.name = "tried before",
     .connectors = {{1, {0}}, {2, {0}}},
     .tried = {"P"},
     .expected = "Q",
     .steps = {2, 0}},
    {.name = "all tried before",
     .connectors = {{1, {0}}, {2, {0}}},
     .tried = {"Q", "P"},
     .expected = "-",
     .steps = {2, 2}},
    {.name = "tried and came in by",
     .connectors = {{1, {0}}, {2, {0}}, {3, {0}}},
     .tried = {"P"},
     .came_in_by = "Q",
     .expected = "R",
     .steps = {2, 2, 0}},
    {.name = "disabled", .connectors = {{1, {.disabled = true}}, {2, {0}}}, .expected = "Q", .steps = {2, 0}},
    {.name = "disabled, and no other: it waits there",
     .connectors = {{1, {.disabled = true}}},
     .expected = "P"},
    {.name = "disabled is better than the way back",
     .connectors = {{1, {.disabled = true}}, {2, {0}}},
     .came_in_by = "Q",
     .expected = "P",
     .steps = {0, 2}},
    {.name = "the way back is not better than nothing, disabled or not",
     .connectors = {{1, {.disabled = true}}},
     .came_in_by = "P",
     .expected = "-",
     .steps = {2}},
    {.name = "too large",
     .connectors = {{1, {.maximum_size = 1000}}, {2, {0}}},
     .length = 1001,
     .expected = "Q",
     .steps = {2, 0}},
    {.name = "just not too large",
     .connectors = {{1, {.maximum_size = 1000}}, {2, {0}}},
     .length = 1000,
     .expected = "P",
     .steps = {0, 7}},
    {.name = "too large for all",
     .connectors = {{1, {.maximum_size = 1000}}},
     .length = 1001,
     .expected = "-",
     .steps = {2}},
    {.name = "(2) not at max retries",
     .connectors = {{1, {.retries_used_up = true}}, {2, {0}}},
     .expected = "Q",
     .steps = {3, 0}},
    {.name = "(2) all at max retries",
     .connectors = {{1, {.retries_used_up = true}}},
     .expected = "-",
     .steps = {3}},
    {.name = "(3) now before later",
     .connectors = {{1, {LATER}}, {2, {NOW}}},
     .expected = "Q",
     .steps = {4, 0}},
    {.name = "(3) later before remote-initiated",
     .connectors = {{1, {REMOTE}}, {2, {LATER}}},
     .expected = "Q",
     .steps = {4, 0}},
    {.name = "(3) remote-initiated before never",
     .connectors = {{1, {NEVER}}, {2, {REMOTE}}},
     .expected = "Q",
     .steps = {4, 0}},
    {.name = "(3) later is better than nothing", .connectors = {{1, {LATER}}}, .expected = "P"},
    {.name = "(3) never is better than nothing", .connectors = {{1, {NEVER}}}, .expected = "P"},
    {.name = "(4) fewest attempts",
     .connectors = {{1, {.attempts = 2}}, {2, {.attempts = 1}}, {3, {.attempts = 5}}},
     .expected = "Q",
     .steps = {5, 0, 5}},
    {.name = "(5) not waiting",
     .connectors = {{1, {.waiting = true}}, {2, {0}}},
     .expected = "Q",
     .steps = {6, 0}},
    {.name = "(5) all waiting",
     .connectors = {{2, {.waiting = true}}, {1, {.waiting = true}}},
     .expected = "Q",
     .steps = {7, 0}},
    {.name = "(6) lowest cost",
     .connectors = {{3, {0}}, {2, {0}}, {1, {0}}},
     .expected = "R",
     .steps = {7, 7, 0}},
    {.name = "(7) local before remote",
     .connectors = {{1, {0}}},
     .mailbox_cost = 1,
     .expected = "M",
     .steps = {8}},
    {.name = "(6) before (7)", .connectors = {{1, {0}}}, .mailbox_cost = 2, .expected = "P"},
    {.name = "mailbox alone", .mailbox_cost = 1, .expected = "M"},
    {.name = "the mailbox is not where it came in by",
     .mailbox_cost = 1,
     .came_in_by = "M",
     .tried = {"M"},
     .expected = "M"},
    {.name = "nothing tells: order of the file",
     .connectors = {{1, {0}}, {1, {0}}, {1, {0}}},
     .expected = "P",
     .steps = {0, 9, 9}},
    /* combined: an earlier step decides, whatever the later ones say */
    {.name = "(1) over all",
     .connectors = {{1, {0}}, {100, {.attempts = 9, .waiting = true, LATER}}},
     .came_in_by = "P",
     .expected = "Q",
     .steps = {2, 0}},
    {.name = "(2) over (3) to (6)",
     .connectors = {{1, {.retries_used_up = true}}, {100, {.attempts = 9, NEVER}}},
     .expected = "Q",
     .steps = {3, 0}},
    {.name = "(3) over (4)",
     .connectors = {{1, {LATER}}, {1, {.attempts = 9}}},
     .expected = "Q",
     .steps = {4, 0}},
    {.name = "(4) over (5)",
     .connectors = {{1, {.attempts = 1}}, {1, {.waiting = true}}},
     .expected = "Q",
     .steps = {5, 0}},
    {.name = "(5) over (6)",
     .connectors = {{1, {.waiting = true}}, {100, {0}}},
     .expected = "Q",
     .steps = {6, 0}},
    {.name = "(4) over (7)",
     .connectors = {{1, {.attempts = 1}}},
     .mailbox_cost = 100,
     .expected = "M",
     .steps = {5}},
    {.name = "one step for each",
     .connectors = {{1, {.retries_used_up = true}}, {1, {LATER}}, {100, {0}}},
     .expected = "R",
     .steps = {3, 4, 0}},
    {.name = "later steps see only who is left",
     .connectors = {{1, {.attempts = 0, LATER}}, {2, {.attempts = 5}}, {3, {.attempts = 6}}},
     .expected = "Q",
     .steps = {4, 0, 5}},
    /* only least-cost routes */
    {.name = "least cost only: no dearer route for attempts",
     .least_cost_only = true,
     .connectors = {{1, {.attempts = 5, .waiting = true}}, {2, {0}}},
     .expected = "P",
     .steps = {0, 7}},
    {.name = "least cost only: no dearer route for used up retries",
     .least_cost_only = true,
     .connectors = {{1, {.retries_used_up = true}}, {2, {0}}},
     .expected = "-",
     .steps = {3, 7}},
    {.name = "least cost only: no dearer route for one tried before",
     .least_cost_only = true,
     .connectors = {{1, {0}}, {2, {0}}},
     .tried = {"P"},
     .expected = "-",
     .steps = {2, 7}},
    {.name = "least cost only: a dearer route because of the schedule",
     .least_cost_only = true,
     .connectors = {{1, {LATER}}, {2, {0}}},
     .expected = "Q",
     .steps = {4, 0}},
    {.name = "least cost only: among equal ones the steps go on",
     .least_cost_only = true,
     .connectors = {{1, {.attempts = 1}}, {1, {0}}, {2, {0}}},
     .expected = "Q",
     .steps = {5, 0, 7}},
    {.name = "least cost only: not back where it came from",
     .least_cost_only = true,
     .connectors = {{1, {0}}, {2, {0}}},
     .came_in_by = "P",
     .expected = "Q",
     .steps = {2, 0}},
};

static const char *const names[] = {"P", "Q", "R"};

/* Makes the table of a case; index[i] is the connector of names[i] in the configuration. */
static void begin_case(routes_t *routes, const choose_case_t *each)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const char *blocks = "";
    for (size_t i = 0; i < 3; i++)
        if (each->connectors[i].cost)
            blocks = apr_psprintf(
                pool,
                "%sconnector %s { general { remote-mta-name = %s } stack { remote-host-name = h } "
                "address-space = { " SPACE "%d\" } }\n",
                blocks, names[i], names[i], each->connectors[i].cost);
    if (each->mailbox_cost)
        blocks = apr_psprintf(pool, "%smailbox M { folder = \"/tmp\" address-space = { " SPACE "%d\" } }\n",
                              blocks, each->mailbox_cost);
    routes_begin(routes, each->least_cost_only ? "only-use-least-cost-routes = on" : "", blocks);
    apr_pool_destroy(pool);
    size_t index = 0;
    for (size_t i = 0; i < 3; i++)
        if (each->connectors[i].cost)
            routes->facts[index++] = each->connectors[i].facts;
    routes->state.came_in_by = each->came_in_by;
    routes->state.tried = each->tried[0] ? (const char *const *)each->tried : NULL;
    routes->state.content_length = each->length;
}

static const route_candidate_t *candidate_of(const route_candidate_t *candidates, size_t count,
                                             const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(candidates[i].target.name, name))
            return &candidates[i];
    return NULL;
}

static void RO_01_each_step_of_elimination_alone_and_combined(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const choose_case_t *each = &cases[i];
        routes_t routes;
        begin_case(&routes, each);
        const char *chosen = routes_choose(&routes, ADDRESS);
        if (strcmp(chosen, each->expected) != 0)
            printf("%s: '%s'\n", each->name, chosen);
        CU_ASSERT_STRING_EQUAL(chosen, each->expected);
        route_choice_t choice;
        const route_candidate_t *candidates = NULL;
        size_t count = 0;
        route_explain(routes.table, routes_address(&routes, ADDRESS), &routes.state, routes.pool, &choice,
                      &candidates, &count);
        for (size_t j = 0; j < 3; j++) {
            const route_candidate_t *candidate = candidate_of(candidates, count, names[j]);
            CU_ASSERT_EQUAL(candidate != NULL, each->connectors[j].cost > 0);
            if (!candidate)
                continue;
            if (candidate->step != each->steps[j])
                printf("%s: %s step %u, %s\n", each->name, names[j], candidate->step, candidate->why);
            CU_ASSERT_EQUAL(candidate->step, each->steps[j]);
            CU_ASSERT_EQUAL(candidate->chosen, !strcmp(names[j], each->expected));
            CU_ASSERT_PTR_NOT_NULL(candidate->why);
        }
        routes_end(&routes);
    }
}

static void RO_01_every_pair_of_states_is_decided_by_the_first_step_that_tells(void)
{
    /* All 2^10 combinations of two connectors' states against the order of the steps, written out once more.
     */
    for (unsigned bits = 0; bits < 1024; bits++) {
        choose_case_t each = {.connectors = {{1, {0}}, {1, {0}}}};
        unsigned rank[2] = {0, 0};
        for (unsigned i = 0; i < 2; i++) {
            unsigned mine = bits >> (5 * i) & 31;
            contender_case_t *connector = &each.connectors[i];
            connector->facts.retries_used_up = mine & 16;
            connector->facts.activation = mine & 8 ? ROUTE_ACTIVE_LATER : ROUTE_ACTIVE_NOW;
            connector->facts.attempts = mine & 4 ? 3 : 0;
            connector->facts.waiting = mine & 2;
            connector->cost = mine & 1 ? 2 : 1;
            rank[i] = mine; /* the bits stand in the order of the steps */
        }
        const char *expected = rank[0] <= rank[1] ? "P" : "Q";
        if (rank[0] >= 16 && rank[1] >= 16)
            expected = "-";
        routes_t routes;
        begin_case(&routes, &each);
        CU_ASSERT_STRING_EQUAL(routes_choose(&routes, ADDRESS), expected);
        routes_end(&routes);
    }
}

static void RO_04_no_route_says_which_kind(void)
{
    routes_t routes;
    route_choice_t choice;
    routes_begin(&routes, "", CONNECTOR("P", SPACE "1\""));
    route_choose(routes.table, routes_address(&routes, "C=FR;A=ATLAS;S=DUPONT"), &routes.state, routes.pool,
                 &choice);
    CU_ASSERT_FALSE(choice.found);
    CU_ASSERT_FALSE(choice.matched);
    CU_ASSERT_STRING_EQUAL(choice.why_none, "no address space matches the address");
    routes.state.came_in_by = "P";
    route_choose(routes.table, routes_address(&routes, ADDRESS), &routes.state, routes.pool, &choice);
    CU_ASSERT_FALSE(choice.found);
    CU_ASSERT_TRUE(choice.matched);
    CU_ASSERT_STRING_EQUAL(choice.why_none,
                           "every connector whose address space matches is out; the last was \"P\": "
                           "the message came in by it");
    routes_end(&routes);
}

/* A message that every longest match has failed does not take a shorter one: it would come back. */
static void a_shorter_match_is_no_alternative(void)
{
    routes_t routes;
    static const char *const tried[] = {"P", NULL};
    routes_begin(&routes, "", CONNECTOR("P", SPACE "1\"") CONNECTOR("Q", "'*'"));
    routes.state.tried = tried;
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, ADDRESS), "-");
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, "C=FR;A=ATLAS;S=DUPONT"), "Q");
    routes_end(&routes);
}

static void explanations_are_in_words(void)
{
    routes_t routes;
    routes_begin(&routes, "",
                 CONNECTOR("P", SPACE "1\"") CONNECTOR("Q", SPACE "5\"") CONNECTOR("R", "\"C=GB\"")
                     CONNECTOR("S", "\"C=GB;A= ;P=PPB\", '/O=X/'") MAILBOX("M", "\"C=GB;A= ;P=PPA;O=ACME\""));
    route_choice_t choice;
    const route_candidate_t *c = NULL;
    size_t count = 0;
    route_explain(routes.table, routes_address(&routes, ADDRESS), &routes.state, routes.pool, &choice, &c,
                  &count);
    CU_ASSERT_EQUAL_FATAL(count, 6);
    CU_ASSERT_STRING_EQUAL(c[0].target.name, "P");
    CU_ASSERT_STRING_EQUAL(c[0].why, "chosen");
    CU_ASSERT_TRUE(c[0].chosen);
    CU_ASSERT_STRING_EQUAL(c[1].target.name, "Q");
    CU_ASSERT_STRING_EQUAL(c[1].why, "cost 5 is higher than 1");
    CU_ASSERT_EQUAL(c[1].step, ROUTE_STEP_COST);
    CU_ASSERT_STRING_EQUAL(c[2].target.name, "R");
    CU_ASSERT_STRING_EQUAL(c[2].why, "shorter match than 'C=GB;A= ;P=PPA'");
    CU_ASSERT_EQUAL(c[2].step, ROUTE_STEP_SHORTER);
    CU_ASSERT_STRING_EQUAL(c[3].why, "does not match: P is PPA, not PPB");
    CU_ASSERT_STRING_EQUAL(c[4].why, "does not match: the regular expression is not found in the address");
    CU_ASSERT_STRING_EQUAL(c[5].why, "does not match: O is empty, not ACME");
    CU_ASSERT_EQUAL(c[5].target.kind, ROUTE_MAILBOX);
    routes_end(&routes);
}

/* Without facts the configuration speaks. */
static void without_facts_the_configuration_speaks(void)
{
    routes_t routes;
    routes_begin(&routes, "",
                 "connector P { general { remote-mta-name = P } schedule { activation = remote-initiated } "
                 "address-space = "
                 "{ " SPACE "1\" } }\n"
                 "connector Q { general { remote-mta-name = Q } stack { remote-host-name = h } address-space "
                 "= { " SPACE "9\" } advanced { maximum-message-size = 1 } }\n");
    routes.state.facts = NULL;
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, ADDRESS), "Q");
    routes.state.content_length = 1025;
    CU_ASSERT_STRING_EQUAL(routes_choose(&routes, ADDRESS), "P");
    routes_end(&routes);
}

/* 500 connectors with four address spaces each, one organization apart: every one is found. */
static void five_hundred_connectors_are_told_apart(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    char *blocks = apr_pcalloc(pool, 1 << 20);
    size_t length = 0;
    for (int i = 0; i < 500; i++)
        length += (size_t)apr_snprintf(blocks + length, 1000,
                                       "connector C%d { general { remote-mta-name = C%d } stack { "
                                       "remote-host-name = h } address-space = { "
                                       "\"C=GB;A= ;P=P%d\", \"C=FR;A=ATLAS;P=X;O=O%d\", "
                                       "\"C=DE;A=DBP;P=P%d*\", \"C=IT;A=OMEGA;P=X;O=O%d;OU1=U\" } }\n",
                                       i, i, i, i, i, i);
    routes_t routes;
    routes_begin(&routes, "", blocks);
    for (int i = 0; i < 500; i++) {
        const char *name = apr_psprintf(pool, "C%d", i);
        CU_ASSERT_STRING_EQUAL(routes_choose(&routes, apr_psprintf(pool, "C=GB;P=P%d;S=S", i)), name);
        CU_ASSERT_STRING_EQUAL(routes_choose(&routes, apr_psprintf(pool, "C=FR;A=ATLAS;P=X;O=O%d;S=S", i)),
                               name);
        CU_ASSERT_STRING_EQUAL(routes_choose(&routes, apr_psprintf(pool, "C=DE;A=DBP;P=P%dZ;S=S", i)), name);
        CU_ASSERT_STRING_EQUAL(
            routes_choose(&routes, apr_psprintf(pool, "C=IT;A=OMEGA;P=X;O=O%d;OU1=U;S=S", i)), name);
    }
    routes_end(&routes);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(RO_01_each_step_of_elimination_alone_and_combined),
    UNIT_TEST(RO_01_every_pair_of_states_is_decided_by_the_first_step_that_tells),
    UNIT_TEST(RO_04_no_route_says_which_kind),
    UNIT_TEST(a_shorter_match_is_no_alternative),
    UNIT_TEST(explanations_are_in_words),
    UNIT_TEST(without_facts_the_configuration_speaks),
    UNIT_TEST(five_hundred_connectors_are_told_apart),
};

UNIT_MAIN("route choose", tests)
