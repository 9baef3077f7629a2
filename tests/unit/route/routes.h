/* What the tests of routing share: a configuration from few words, addresses from text, states of connectors.
 */
#ifndef TESTS_ROUTE_ROUTES_H
#define TESTS_ROUTE_ROUTES_H

#include "unit.h"

#include <string.h>

#include <apr_strings.h>

#include "route/route.h"
#include "x411/oraddress_text.h"

typedef struct routes_t {
    apr_pool_t *pool;
    const config_t *config;
    route_table_t *table;
    route_facts_t facts[32]; /* of the connectors, by index */
    route_state_t state;
} routes_t;

static inline void routes_facts(void *context, size_t index, route_facts_t *facts)
{
    const routes_t *routes = context;
    *facts = index < 32 ? routes->facts[index] : (route_facts_t){0};
}

/* `blocks` are connectors and mailboxes, made with the macros below; mta gets `options`. */
static inline void routes_begin(routes_t *routes, const char *options, const char *blocks)
{
    memset(routes, 0, sizeof(*routes));
    apr_pool_create(&routes->pool, NULL);
    const char *text = apr_pstrcat(routes->pool, "mta { name = A country = GB data-folder = \"/tmp\" ",
                                   options, " }\nlistener L { }\n", blocks, NULL);
    config_findings_t findings;
    config_read_text("routes.conf", bytes_of_string(text), routes->pool, &routes->config, &findings);
    if (!routes->config)
        printf("%s", config_findings_text(&findings, routes->pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(routes->config);
    err_t *err = route_table_create(&routes->table, routes->config, routes->pool);
    if (err)
        printf("%s\n", err_describe(routes->pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    routes->state.facts = routes_facts;
    routes->state.context = routes;
}

static inline void routes_end(routes_t *routes)
{
    apr_pool_destroy(routes->pool);
}

#define CONNECTOR(name, spaces)                                                                              \
    "connector " name " { general { remote-mta-name = " name " } stack { remote-host-name = h } "            \
    "address-space = { " spaces " } }\n"
#define MAILBOX(name, spaces) "mailbox " name " { folder = \"/tmp\" address-space = { " spaces " } }\n"

static inline const x411_or_address_t *routes_address(routes_t *routes, const char *text)
{
    x411_or_address_t *address = apr_pcalloc(routes->pool, sizeof(*address));
    err_t *err = x411_or_address_parse(routes->pool, text, address);
    if (err)
        printf("%s: %s\n", text, err_describe(routes->pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    return address;
}

/* The name of the target; "-" if every target is eliminated, "" if no address space matches. */
static inline const char *routes_choose(routes_t *routes, const char *address)
{
    route_choice_t choice;
    route_choose(routes->table, routes_address(routes, address), &routes->state, routes->pool, &choice);
    if (choice.found)
        return choice.target.name;
    CU_ASSERT_PTR_NOT_NULL(choice.why_none);
    return choice.matched ? "-" : "";
}

#endif
