/* Route choice: which connector or mailbox takes a recipient. Address spaces are matched by the longest match
 * (behaviour of the Exchange MTA), then the seven steps of elimination; the table is made from a
 * configuration and never changes; what changes (state of connectors) is asked through route_state_t.
 *
 * The longest match is the pattern that names most attributes (a lone `*` as value does not count); then that
 * with most of them exact; then with most characters that are not wildcards; then a pattern of attributes
 * before a regular expression, that before `*`, that before the empty pattern. A regular expression counts as
 * an attribute each `=` of its text, and as characters the least that it can match. Only the longest match is
 * considered: if all its targets are eliminated there is no route, even if a shorter one matches. */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include "config/config.h"
#include "x411/oraddress.h"

typedef struct route_table_t route_table_t;

typedef enum route_target_kind_t {
    ROUTE_CONNECTOR,
    ROUTE_MAILBOX,
    ROUTE_LIST /* a distribution list: found by its address (route/names.h), not by address spaces */
} route_target_kind_t;

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
    bool disabled;        /* by the operator: chosen only if no other is left; the message waits there */
    bool retries_used_up; /* its open retries are used up */
    route_activation_t activation;
    unsigned attempts;              /* failed opens in a row */
    bool waiting;                   /* for the next open retry */
    uint64_t maximum_size;          /* octets, 0 = none */
    const char *barred;             /* in words why this message may not go there; NULL: it may */
    const struct link_told_t *told; /* what its MTA, a sibling, tells of its own links; NULL = nothing */
    mono_time_t now;                /* for told */
} route_facts_t;

typedef struct route_state_t {
    void (*facts)(void *context, size_t connector_index, route_facts_t *facts);
    void *context;
    const char *came_in_by;   /* connector name, NULL if submitted here */
    const char *const *tried; /* connectors already tried for this message, NULL-terminated, may be NULL */
    uint64_t content_length;
} route_state_t;

enum { ROUTE_CANDIDATE_LIMIT = 512 };

/* Why a candidate is out, in the order of elimination. Those of step 2 take no part at all: the connector by
 * which the message came or that was tried for it, one that the operator disabled, one for smaller messages
 * or for other originators or priorities.
 */
enum {
    ROUTE_STEP_NO_MATCH = 0,
    ROUTE_STEP_SHORTER = 1,
    ROUTE_STEP_EXCLUDED = 2,
    ROUTE_STEP_RETRIES = 3,    /* its open retries are used up */
    ROUTE_STEP_ACTIVATION = 4, /* another is active sooner, or as soon with a next link that is not down */
    ROUTE_STEP_ATTEMPTS = 5,   /* another has fewer failed attempts */
    ROUTE_STEP_WAITING = 6,    /* it waits for an open retry, another does not */
    ROUTE_STEP_COST = 7,       /* another costs less */
    ROUTE_STEP_LOCAL = 8,      /* another is a mailbox here */
    ROUTE_STEP_ORDER = 9       /* nothing tells: another comes first in the configuration */
};

/* One address space of a target that was looked at, with the verdict in words. */
typedef struct route_candidate_t {
    route_target_t target;
    const char *pattern;
    int cost;
    bool matches;
    bool chosen;
    unsigned step;   /* ROUTE_STEP_*; of the chosen one 0 */
    const char *why; /* "chosen", "does not match: P=...", "cost 5 is higher than 1" ... */
} route_candidate_t;

typedef struct route_choice_t {
    bool found;
    route_target_t target;
    const char *why_none; /* if not found: in words; distinguishes no address space from all eliminated */
    bool matched;         /* some address space matches, but every target was eliminated */
    bool barred;          /* not found: a target is out because this message may not go there */
    bool too_large;       /* not found: a target is out because the message is too large for it */
    bool came_back;       /* not found: a target is out because the message came in by it: it would loop */
} route_choice_t;

/* Makes the table in pool; config must live as long. An error names the address space that cannot be
 * understood (route_check has said so before). One table must not be used by two threads at once. */
err_t *route_table_create(route_table_t **table, const config_t *config, apr_pool_t *pool);

/* Chooses. pool is for scratch. No allocation grows with the table beyond the candidates. state->facts may be
 * NULL: connectors are then as the configuration has them, with nothing queued or failed. Mailboxes are
 * always active. With only-use-least-cost-routes a dearer target is chosen only if no cheaper one is as soon
 * active. */
void route_choose(const route_table_t *table, const x411_or_address_t *address, const route_state_t *state,
                  apr_pool_t *pool, route_choice_t *choice);
/* The same, with candidates and why each was chosen or not, for `x400ctl route explain`: the chosen one
 * first, then those that came farthest; at most ROUTE_CANDIDATE_LIMIT. */
void route_explain(const route_table_t *table, const x411_or_address_t *address, const route_state_t *state,
                   apr_pool_t *pool, route_choice_t *choice, const route_candidate_t **candidates,
                   size_t *count);

/* Adds to findings what only this floor can see in a configuration: address spaces that cannot be understood
 * (errors), that another hides, that are given twice; connectors to which therefore no address leads. */
void route_check(const config_t *config, apr_pool_t *pool, config_findings_t *findings);

/* The whole check of a file, as `--check` and every reload do it: config_read, route_check, and
 * config_check_addresses if is_local is not NULL. *config is NULL if there is an error. */
void route_read_configuration(const char *path, bool (*is_local)(const char *address), apr_pool_t *pool,
                              const config_t **config, config_findings_t *findings);

#endif
