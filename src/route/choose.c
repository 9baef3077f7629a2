/* The choice: longest match, then elimination. */
#include <string.h>

#include <apr_strings.h>

#include "route/link_state.h"
#include "route/table.h"

/* A target whose pattern is the longest match. */
typedef struct contender_t {
    const table_entry_t *entry;
    route_facts_t facts;
    const char *behind; /* in words that a link behind it is down, NULL = not that it is known */
    unsigned step;      /* that took it out, 0 = still in */
    const char *why;
} contender_t;

typedef struct race_t {
    const route_table_t *table;
    const route_state_t *state;
    apr_pool_t *pool;
    contender_t *contenders;
    size_t count;
    size_t capacity;
    size_t left;
    bool disabled_too; /* connectors that the operator has disabled run as well */
} race_t;

/* Where an entry stands in the configuration. */
static size_t position(const race_t *race, const table_entry_t *entry)
{
    return (size_t)(entry - race->table->entries);
}

static bool same_target(const table_entry_t *a, const table_entry_t *b)
{
    return a->target.kind == b->target.kind && a->target.index == b->target.index;
}

/* Of several patterns of one target that match as long, the cheapest stands for it. */
static bool replaces(const race_t *race, contender_t *contender, const table_entry_t *entry)
{
    if (!same_target(contender->entry, entry))
        return false;
    if (entry->cost < contender->entry->cost ||
        (entry->cost == contender->entry->cost && position(race, entry) < position(race, contender->entry)))
        contender->entry = entry;
    return true;
}

static void on_match(void *context, const table_entry_t *entry)
{
    race_t *race = context;
    if (race->count > 0) {
        int order = pattern_compare(entry->pattern, race->contenders[0].entry->pattern);
        if (order < 0)
            return;
        if (order > 0)
            race->count = 0;
    }
    for (size_t i = 0; i < race->count; i++)
        if (replaces(race, &race->contenders[i], entry))
            return;
    if (race->count == race->capacity) {
        if (race->capacity >= ROUTE_CANDIDATE_LIMIT)
            return;
        size_t capacity = race->capacity ? 2 * race->capacity : 8;
        contender_t *larger = apr_palloc(race->pool, capacity * sizeof(*larger));
        if (race->count)
            memcpy(larger, race->contenders, race->count * sizeof(*larger));
        race->contenders = larger;
        race->capacity = capacity;
    }
    race->contenders[race->count++] = (contender_t){.entry = entry};
}

/* Order of the configuration, whatever order the index gave. Lists are short. */
static void sort_contenders(race_t *race)
{
    for (size_t i = 1; i < race->count; i++) {
        contender_t moved = race->contenders[i];
        size_t at = i;
        for (; at > 0 && race->contenders[at - 1].entry > moved.entry; at--)
            race->contenders[at] = race->contenders[at - 1];
        race->contenders[at] = moved;
    }
}

/* A connector as the configuration has it. */
static void configured_facts(const config_connector_t *connector, route_facts_t *facts)
{
    switch (connector->activation) {
    case CONFIG_ACTIVATION_NEVER: facts->activation = ROUTE_NEVER_ACTIVE; break;
    case CONFIG_ACTIVATION_REMOTE_INITIATED: facts->activation = ROUTE_REMOTE_INITIATED; break;
    case CONFIG_ACTIVATION_SELECTED: facts->activation = ROUTE_ACTIVE_LATER; break;
    case CONFIG_ACTIVATION_ALWAYS: facts->activation = ROUTE_ACTIVE_NOW; break;
    }
    facts->maximum_size = (uint64_t)connector->maximum_message_size * 1024;
}

static void gather_facts(race_t *race, const subject_t *subject)
{
    for (size_t i = 0; i < race->count; i++) {
        contender_t *contender = &race->contenders[i];
        route_target_t target = contender->entry->target;
        memset(&contender->facts, 0, sizeof(contender->facts));
        if (target.kind == ROUTE_MAILBOX)
            continue;
        if (race->state->facts)
            race->state->facts(race->state->context, target.index, &contender->facts);
        else
            configured_facts(&race->table->config->connectors[target.index], &contender->facts);
        if (contender->facts.told)
            contender->behind =
                link_told_down(contender->facts.told, subject, contender->facts.now, race->pool);
    }
}

static void drop(race_t *race, contender_t *contender, unsigned step, const char *why)
{
    contender->step = step;
    contender->why = why;
    race->left--;
}

/* Takes out, for the reason that test gives in words. */
static void exclude(race_t *race, unsigned step, const char *(*test)(const race_t *, const contender_t *))
{
    for (size_t i = 0; i < race->count; i++) {
        contender_t *contender = &race->contenders[i];
        const char *why = contender->step ? NULL : test(race, contender);
        if (why)
            drop(race, contender, step, why);
    }
}

static bool is_way_back(const race_t *race, const contender_t *contender)
{
    const char *name = race->state->came_in_by;
    return contender->entry->target.kind == ROUTE_CONNECTOR && name &&
           !strcmp(name, contender->entry->target.name);
}

static const char *came_by(const race_t *race, const contender_t *contender)
{
    if (is_way_back(race, contender))
        return "the message came in by it";
    return contender->facts.disabled && !race->disabled_too ? "disabled by the operator" : NULL;
}

static const char *tried(const race_t *race, const contender_t *contender)
{
    const char *const *name = race->state->tried;
    for (; name && *name && contender->entry->target.kind == ROUTE_CONNECTOR; name++)
        if (!strcmp(*name, contender->entry->target.name))
            return "it was tried for this message before";
    if (contender->facts.barred)
        return contender->facts.barred;
    uint64_t maximum = contender->facts.maximum_size;
    if (maximum && race->state->content_length > maximum)
        return apr_psprintf(
            race->pool, "the message has %" APR_UINT64_T_FMT " octets, it takes at most %" APR_UINT64_T_FMT,
            (apr_uint64_t)race->state->content_length, (apr_uint64_t)maximum);
    return NULL;
}

static const char *retries_used_up(const race_t *race, const contender_t *contender)
{
    (void)race;
    return contender->facts.retries_used_up ? "its open retries are used up" : NULL;
}

/* What the steps that prefer compare: smaller wins. */
static unsigned by_activation(const contender_t *contender)
{
    return (unsigned)contender->facts.activation;
}

/* As soon active, but with a dead link behind it. */
static unsigned by_next_hop(const contender_t *contender)
{
    return contender->behind != NULL;
}

static unsigned by_attempts(const contender_t *contender)
{
    return contender->facts.attempts;
}

static unsigned by_waiting(const contender_t *contender)
{
    return contender->facts.waiting;
}

static unsigned by_cost(const contender_t *contender)
{
    return (unsigned)contender->entry->cost;
}

static unsigned by_place(const contender_t *contender)
{
    return contender->entry->target.kind == ROUTE_CONNECTOR;
}

static const char *activation_name(unsigned activation)
{
    static const char *const names[] = {"active now", "active later", "remote-initiated", "never active"};
    return activation < sizeof(names) / sizeof(names[0]) ? names[activation] : "never active";
}

static const char *explain_preference(const race_t *race, unsigned step, unsigned mine, unsigned best)
{
    switch (step) {
    case ROUTE_STEP_ACTIVATION:
        return apr_psprintf(race->pool, "it is %s, another is %s", activation_name(mine),
                            activation_name(best));
    case ROUTE_STEP_ATTEMPTS:
        return apr_psprintf(race->pool, "it has %u failed attempts, another has %u", mine, best);
    case ROUTE_STEP_WAITING: return "it waits for an open retry, another does not";
    case ROUTE_STEP_COST: return apr_psprintf(race->pool, "cost %u is higher than %u", mine, best);
    default: return "another is local";
    }
}

/* Keeps those with the smallest value. Never takes out all. */
static void prefer(race_t *race, unsigned step, unsigned (*value)(const contender_t *))
{
    unsigned best = UINT32_MAX;
    for (size_t i = 0; i < race->count; i++)
        if (!race->contenders[i].step && value(&race->contenders[i]) < best)
            best = value(&race->contenders[i]);
    for (size_t i = 0; i < race->count; i++) {
        contender_t *contender = &race->contenders[i];
        if (!contender->step && value(contender) > best)
            drop(race, contender, step,
                 value == by_next_hop ? contender->behind
                                      : explain_preference(race, step, value(contender), best));
    }
}

static void run_eliminations(race_t *race)
{
    race->left = race->count;
    for (size_t i = 0; i < race->count; i++)
        race->contenders[i].step = 0;
    exclude(race, ROUTE_STEP_EXCLUDED, came_by);
    if (race->table->config->mta.least_cost_only) {
        /* What fails below this is no reason for a dearer route. */
        prefer(race, ROUTE_STEP_ACTIVATION, by_activation);
        prefer(race, ROUTE_STEP_COST, by_cost);
    }
    exclude(race, ROUTE_STEP_EXCLUDED, tried);
    exclude(race, ROUTE_STEP_RETRIES, retries_used_up);
    prefer(race, ROUTE_STEP_ACTIVATION, by_activation);
    prefer(race, ROUTE_STEP_ACTIVATION, by_next_hop);
    prefer(race, ROUTE_STEP_ATTEMPTS, by_attempts);
    prefer(race, ROUTE_STEP_WAITING, by_waiting);
    prefer(race, ROUTE_STEP_COST, by_cost);
    prefer(race, ROUTE_STEP_LOCAL, by_place);
}

/* A connector that is disabled is out while there is another way. If there is none, its messages wait for it:
 * an operator who stops a link for an hour does not want them reported as not delivered. */
static void run_race(race_t *race)
{
    run_eliminations(race);
    if (race->left == 0 && race->count > 0) {
        race->disabled_too = true;
        run_eliminations(race);
    }
    bool first = true;
    for (size_t i = 0; i < race->count; i++) {
        contender_t *contender = &race->contenders[i];
        if (contender->step)
            continue;
        if (!first)
            drop(race, contender, ROUTE_STEP_ORDER, "another comes first in the configuration");
        else
            contender->why = contender->facts.disabled ? "chosen; the operator has disabled it: messages wait"
                             : contender->behind
                                 ? apr_pstrcat(race->pool, "chosen; but ", contender->behind, NULL)
                                 : "chosen";
        first = false;
    }
}

static void conclude(const race_t *race, route_choice_t *choice)
{
    *choice = (route_choice_t){.matched = race->count > 0};
    const contender_t *last = NULL;
    for (size_t i = 0; i < race->count; i++) {
        const contender_t *contender = &race->contenders[i];
        if (!contender->step) {
            choice->found = true;
            choice->target = contender->entry->target;
            choice->came_back = choice->barred = choice->too_large = false;
            return;
        }
        uint64_t maximum = contender->facts.maximum_size;
        choice->barred = choice->barred || contender->facts.barred;
        choice->too_large = choice->too_large || (maximum && race->state->content_length > maximum);
        if (is_way_back(race, contender))
            choice->came_back = true;
        if (!last || contender->step > last->step)
            last = contender;
    }
    if (!last)
        choice->why_none = "no address space matches the address";
    else
        choice->why_none = apr_psprintf(race->pool,
                                        "every connector whose address space matches is out; the last "
                                        "was \"%s\": %s",
                                        last->entry->target.name, last->why);
}

static void hold_race(race_t *race, const route_table_t *table, const subject_t *subject, bytes_t text,
                      const route_state_t *state, apr_pool_t *pool)
{
    *race = (race_t){.table = table, .state = state, .pool = pool};
    table_match(table, subject, text, pool, on_match, race);
    sort_contenders(race);
    gather_facts(race, subject);
    run_race(race);
}

void route_choose(const route_table_t *table, const x411_or_address_t *address, const route_state_t *state,
                  apr_pool_t *pool, route_choice_t *choice)
{
    race_t race;
    const subject_t *subject = subject_create(address, pool);
    bytes_t text = table->regexes ? subject_text(subject, pool) : BYTES_NONE;
    hold_race(&race, table, subject, text, state, pool);
    conclude(&race, choice);
}

/* What became of an entry: its contender's fate, a shorter match, or no match. */
static void judge(const race_t *race, const table_entry_t *entry, const subject_t *subject, bytes_t text,
                  route_candidate_t *candidate)
{
    *candidate =
        (route_candidate_t){.target = entry->target, .pattern = entry->pattern->text, .cost = entry->cost};
    candidate->matches = pattern_matches(entry->pattern, subject, text);
    if (!candidate->matches) {
        candidate->why = apr_psprintf(race->pool, "does not match: %s",
                                      pattern_explain(entry->pattern, subject, race->pool));
        return;
    }
    for (size_t i = 0; i < race->count; i++) {
        const contender_t *contender = &race->contenders[i];
        if (contender->entry == entry) {
            candidate->chosen = contender->step == 0;
            candidate->step = contender->step;
            candidate->why = contender->why;
            return;
        }
    }
    const table_entry_t *longest = race->contenders[0].entry;
    candidate->step = ROUTE_STEP_SHORTER;
    candidate->why = pattern_compare(entry->pattern, longest->pattern) < 0
                         ? apr_psprintf(race->pool, "shorter match than '%s'", longest->pattern->text)
                         : "another address space of the same target stands for it";
}

/* The chosen one first, then by how far they came. */
static unsigned standing(const route_candidate_t *candidate)
{
    if (candidate->chosen)
        return ROUTE_STEP_ORDER + 2;
    return candidate->matches ? candidate->step : 0;
}

/* Puts a candidate where it belongs; the least of them goes if there are too many. */
static void insert(route_candidate_t *candidates, size_t *count, const route_candidate_t *candidate)
{
    size_t at = *count;
    while (at > 0 && standing(&candidates[at - 1]) < standing(candidate))
        at--;
    if (at >= ROUTE_CANDIDATE_LIMIT)
        return;
    if (*count < ROUTE_CANDIDATE_LIMIT)
        (*count)++;
    memmove(&candidates[at + 1], &candidates[at], (*count - at - 1) * sizeof(*candidates));
    candidates[at] = *candidate;
}

void route_explain(const route_table_t *table, const x411_or_address_t *address, const route_state_t *state,
                   apr_pool_t *pool, route_choice_t *choice, const route_candidate_t **made, size_t *count)
{
    race_t race;
    const subject_t *subject = subject_create(address, pool);
    bytes_t text = subject_text(subject, pool);
    hold_race(&race, table, subject, text, state, pool);
    conclude(&race, choice);
    size_t limit = table->count < ROUTE_CANDIDATE_LIMIT ? table->count : ROUTE_CANDIDATE_LIMIT;
    route_candidate_t *candidates = apr_pcalloc(pool, (limit + 1) * sizeof(*candidates));
    *count = 0;
    for (size_t i = 0; i < table->count; i++) {
        route_candidate_t candidate;
        judge(&race, &table->entries[i], subject, text, &candidate);
        insert(candidates, count, &candidate);
    }
    *made = candidates;
}
