/* What only routing can see in a configuration. */
#include <string.h>

#include <apr_strings.h>

#include "route/names.h"
#include "route/table.h"

typedef struct checker_t {
    apr_pool_t *pool;
    config_findings_t *findings;
    const config_t *config;
} checker_t;

/* Errors of the patterns of one target. Returns how many. */
static size_t check_patterns(const checker_t *checker, const char *name, const config_address_space_t *spaces,
                             size_t count)
{
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        pattern_t *pattern = NULL;
        err_t *err = pattern_create(&pattern, spaces[i].pattern, checker->pool);
        if (!err)
            continue;
        bad++;
        config_findings_add(checker->findings, checker->pool, CONFIG_ERROR, spaces[i].place,
                            "address space '%s' of \"%s\": %s", spaces[i].pattern, name,
                            err_describe(checker->pool, err));
    }
    return bad;
}

/* Errors of the patterns of originators of one option. */
static void check_originators(const checker_t *checker, const config_connector_t *connector,
                              const char *option, const char **patterns)
{
    for (size_t i = 0; patterns && patterns[i]; i++) {
        pattern_t *pattern = NULL;
        err_t *err = pattern_create(&pattern, patterns[i], checker->pool);
        if (err)
            config_findings_add(checker->findings, checker->pool, CONFIG_ERROR, connector->place,
                                "'%s' in %s of \"%s\": %s", patterns[i], option, connector->name,
                                err_describe(checker->pool, err));
    }
}

/* Calls for its target are always open: nothing but the operator takes it out. */
static bool is_always_active(const checker_t *checker, const table_entry_t *entry)
{
    return entry->target.kind == ROUTE_MAILBOX ||
           checker->config->connectors[entry->target.index].activation == CONFIG_ACTIVATION_ALWAYS;
}

/* Why nothing ever gets to `entry` because of `other`, which has the same pattern; NULL if something may. */
static const char *hidden_by(const checker_t *checker, const table_entry_t *entry, const table_entry_t *other)
{
    bool same = entry->target.kind == other->target.kind && entry->target.index == other->target.index;
    bool later = entry > other;
    bool dearer = entry->cost > other->cost;
    if (same && (dearer || (later && entry->cost == other->cost)))
        return "is given twice for it";
    if (same)
        return NULL;
    /* A mailbox never fails: as cheap or cheaper, it is always chosen. */
    bool local = other->target.kind == ROUTE_MAILBOX;
    bool tie = entry->cost == other->cost && (entry->target.kind == ROUTE_CONNECTOR || later);
    if (local && (dearer || tie))
        return "is hidden by that mailbox, which is always chosen";
    if (checker->config->mta.least_cost_only && dearer && is_always_active(checker, other))
        return "is hidden by that cheaper one, because of only-use-least-cost-routes";
    return NULL;
}

static bool is_hidden(const checker_t *checker, const table_entry_t *entry, const table_entry_t *other)
{
    if (entry == other)
        return false;
    const char *why = NULL;
    if (entry->pattern->kind == PATTERN_EMPTY && other->pattern->kind == PATTERN_ALL)
        why = "is hidden by that one, which wins whatever the cost";
    else if (pattern_equal(entry->pattern, other->pattern))
        why = hidden_by(checker, entry, other);
    if (!why)
        return false;
    config_findings_add(
        checker->findings, checker->pool, CONFIG_WARNING, entry->place,
        "no address leads by address space '%s' to \"%s\": '%s' of \"%s\" is in line %d, and it %s",
        entry->pattern->text, entry->target.name, other->pattern->text, other->target.name, other->place.line,
        why);
    return true;
}

/* Patterns that can hide each other have the same key in the index, or are the two kinds without attributes,
 * which share the key of the empty mask. */
static bool find_hidden(const checker_t *checker, const route_table_t *table, const table_entry_t *entry,
                        const table_entry_t *const *heads)
{
    for (const table_entry_t *other = heads[entry - table->entries]; other; other = other->next)
        if (is_hidden(checker, entry, other))
            return true;
    return false;
}

/* For every entry the head of the list in which the index has it. */
static const table_entry_t **list_heads(const route_table_t *table, apr_pool_t *pool)
{
    const table_entry_t **heads = apr_pcalloc(pool, (table->count + 1) * sizeof(const table_entry_t *));
    for (const table_entry_t *entry = table->regexes; entry; entry = entry->next)
        heads[entry - table->entries] = table->regexes;
    for (unsigned mask = 0; mask < TABLE_MASKS; mask++) {
        if (!table->index[mask])
            continue;
        for (apr_hash_index_t *at = apr_hash_first(pool, table->index[mask]); at; at = apr_hash_next(at)) {
            const table_entry_t *head = apr_hash_this_val(at);
            for (const table_entry_t *entry = head; entry; entry = entry->next)
                heads[entry - table->entries] = head;
        }
    }
    return heads;
}

static void check_reach(const checker_t *checker, const route_table_t *table)
{
    const table_entry_t **heads = list_heads(table, checker->pool);
    size_t *open = apr_pcalloc(checker->pool, (checker->config->connector_count + 1) * sizeof(*open));
    for (size_t i = 0; i < table->count; i++) {
        const table_entry_t *entry = &table->entries[i];
        bool hidden = find_hidden(checker, table, entry, heads);
        if (entry->target.kind == ROUTE_CONNECTOR)
            open[entry->target.index] += !hidden;
    }
    for (size_t i = 0; i < checker->config->connector_count; i++) {
        const config_connector_t *connector = &checker->config->connectors[i];
        if (connector->address_space_count > 0 && open[i] == 0)
            config_findings_add(checker->findings, checker->pool, CONFIG_WARNING, connector->place,
                                "no address leads to connector \"%s\": all its address spaces are hidden",
                                connector->name);
    }
}

void route_check(const config_t *config, apr_pool_t *pool, config_findings_t *findings)
{
    checker_t checker = {pool, findings, config};
    size_t bad = 0;
    for (size_t i = 0; i < config->connector_count; i++) {
        const config_connector_t *connector = &config->connectors[i];
        bad += check_patterns(&checker, connector->name, connector->address_spaces,
                              connector->address_space_count);
        check_originators(&checker, connector, "accept-from", connector->accept_from);
        check_originators(&checker, connector, "reject-from", connector->reject_from);
        check_originators(&checker, connector, "bar-p1-originator", connector->bar_p1_originator);
    }
    for (size_t i = 0; i < config->mailbox_count; i++)
        bad += check_patterns(&checker, config->mailboxes[i].name, config->mailboxes[i].address_spaces,
                              config->mailboxes[i].address_space_count);
    names_check(config, pool, findings);
    route_table_t *table = NULL;
    if (bad == 0 && !route_table_create(&table, config, pool))
        check_reach(&checker, table);
}

void route_read_configuration(const char *path, bool (*is_local)(const char *address), apr_pool_t *pool,
                              const config_t **config, config_findings_t *findings)
{
    config_read(path, pool, config, findings);
    if (!*config)
        return;
    route_check(*config, pool, findings);
    if (is_local)
        config_check_addresses(*config, is_local, pool, findings);
    if (findings->errors > 0)
        *config = NULL;
}
