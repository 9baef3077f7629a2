/* Route choice: which connector or mailbox takes a recipient. Address spaces are matched by the longest match
 * (behaviour of the Exchange MTA), then the seven steps of elimination; the table is made from a configuration
 * and never changes; what changes (state of connectors) is asked through route_state_t. */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "config/config.h"
#include "x411/oraddress.h"

typedef struct route_table_t route_table_t;

typedef enum route_target_kind_t { ROUTE_CONNECTOR, ROUTE_MAILBOX } route_target_kind_t;

/* Ordered: smaller is sooner. */
typedef enum route_activation_t {
    ROUTE_ACTIVE_NOW,
    ROUTE_ACTIVE_LATER,
    ROUTE_REMOTE_INITIATED,
    ROUTE_NEVER_ACTIVE
} route_activation_t;

typedef struct route_target_t {
    route_target_kind_t kind;
    size_t index; /* in config->connectors or config->mailboxes */
    const char *name;
} route_target_t;

/* What the choice asks about a connector now. */
typedef struct route_facts_t {
    bool disabled;        /* by the operator */
    bool retries_used_up; /* its open retries are used up */
    route_activation_t activation;
    unsigned attempts; /* failed opens in a row */
    bool waiting;      /* for the next open retry */
    uint64_t maximum_size; /* octets, 0 = none */
} route_facts_t;

typedef struct route_state_t {
    void (*facts)(void *context, size_t connector_index, route_facts_t *facts);
    void *context;
    const char *came_in_by; /* connector name, NULL if submitted here */
    const char *const *tried; /* connectors already tried for this message, NULL-terminated, may be NULL */
    uint64_t content_length;
} route_state_t;

enum { ROUTE_CANDIDATE_LIMIT = 512 };

/* One address space of a target that was looked at, with the verdict in words. */
typedef struct route_candidate_t {
    route_target_t target;
    const char *pattern;
    int cost;
    bool matches;
    bool chosen;
    unsigned step;   /* 0: does not match, 1: shorter match, 2..: the elimination step that took it out */
    const char *why; /* "chosen", "does not match: P=...", "cost 5 is higher than 1" ... */
} route_candidate_t;

typedef struct route_choice_t {
    bool found;
    route_target_t target;
    const char *why_none; /* if not found: in words; distinguishes no address space from all eliminated */
    bool matched;         /* some address space matches, but every target was eliminated */
} route_choice_t;

err_t *route_table_create(route_table_t **table, const config_t *config, apr_pool_t *pool);

/* Chooses. pool is for scratch. No allocation grows with the table beyond the candidates. */
void route_choose(const route_table_t *table, const x411_or_address_t *address, const route_state_t *state,
                  apr_pool_t *pool, route_choice_t *choice);
/* The same, with every candidate and why it was chosen or not: for `x400ctl route explain`. */
void route_explain(const route_table_t *table, const x411_or_address_t *address, const route_state_t *state,
                   apr_pool_t *pool, route_choice_t *choice, const route_candidate_t **candidates,
                   size_t *count);

#endif
