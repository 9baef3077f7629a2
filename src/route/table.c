#include "route/table.h"

#include <string.h>

static const subject_key_t mask_keys[4] = {SUBJECT_C, SUBJECT_A, SUBJECT_P, SUBJECT_O};

static unsigned mask_of(const pattern_t *pattern)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < 4; i++)
        if (pattern_is_exact(pattern, mask_keys[i]))
            mask |= 1U << i;
    return mask;
}

/* The values of the keys in mask, each with an octet behind it that texts do not hold. */
static bytes_t make_key(unsigned mask, const bytes_t values[SUBJECT_KEYS], apr_pool_t *pool)
{
    size_t size = 0;
    for (unsigned i = 0; i < 4; i++)
        size += mask & 1U << i ? values[mask_keys[i]].length + 1 : 0;
    uint8_t *key = apr_palloc(pool, size + 1);
    size_t length = 0;
    for (unsigned i = 0; i < 4; i++) {
        bytes_t value = values[mask_keys[i]];
        if (!(mask & 1U << i))
            continue;
        if (value.length)
            memcpy(key + length, value.data, value.length);
        length += value.length;
        key[length++] = 0;
    }
    key[length] = 0;
    return bytes_make(key, length);
}

static void file_entry(route_table_t *table, table_entry_t *entry, apr_pool_t *pool)
{
    if (entry->pattern->kind == PATTERN_REGEX) {
        entry->next = table->regexes;
        table->regexes = entry;
        return;
    }
    unsigned mask = mask_of(entry->pattern);
    bytes_t key = make_key(mask, entry->pattern->values, pool);
    if (!table->index[mask])
        table->index[mask] = apr_hash_make(pool);
    entry->next = apr_hash_get(table->index[mask], key.data, (apr_ssize_t)key.length);
    apr_hash_set(table->index[mask], key.data, (apr_ssize_t)key.length, entry);
}

static err_t *add_spaces(route_table_t *table, route_target_t target, const config_address_space_t *spaces,
                         size_t count, apr_pool_t *pool)
{
    for (size_t i = 0; i < count; i++) {
        table_entry_t *entry = &table->entries[table->count];
        err_t *err = pattern_create(&entry->pattern, spaces[i].pattern, pool);
        if (err)
            return err_wrap(pool, err, err->code, "route", "%s:%d: address space '%s' of \"%s\"",
                            spaces[i].place.file ? spaces[i].place.file : "", spaces[i].place.line,
                            spaces[i].pattern, target.name);
        entry->target = target;
        entry->cost = spaces[i].cost;
        entry->place = spaces[i].place;
        file_entry(table, entry, pool);
        table->count++;
    }
    return NULL;
}

err_t *route_table_create(route_table_t **made, const config_t *config, apr_pool_t *pool)
{
    route_table_t *table = apr_pcalloc(pool, sizeof(*table));
    size_t count = 1;
    for (size_t i = 0; i < config->connector_count; i++)
        count += config->connectors[i].address_space_count;
    for (size_t i = 0; i < config->mailbox_count; i++)
        count += config->mailboxes[i].address_space_count;
    table->config = config;
    table->entries = apr_pcalloc(pool, count * sizeof(*table->entries));
    *made = table;
    for (size_t i = 0; i < config->connector_count; i++) {
        const config_connector_t *connector = &config->connectors[i];
        err_t *err = add_spaces(table, (route_target_t){ROUTE_CONNECTOR, i, connector->name},
                                connector->address_spaces, connector->address_space_count, pool);
        if (err)
            return err;
    }
    for (size_t i = 0; i < config->mailbox_count; i++) {
        const config_mailbox_t *mailbox = &config->mailboxes[i];
        err_t *err = add_spaces(table, (route_target_t){ROUTE_MAILBOX, i, mailbox->name},
                                mailbox->address_spaces, mailbox->address_space_count, pool);
        if (err)
            return err;
    }
    return NULL;
}

void table_match(const route_table_t *table, const subject_t *subject, bytes_t text, apr_pool_t *pool,
                 void (*each)(void *context, const table_entry_t *entry), void *context)
{
    for (unsigned mask = 0; mask < TABLE_MASKS; mask++) {
        if (!table->index[mask])
            continue;
        bytes_t key = make_key(mask, subject->values, pool);
        const table_entry_t *entry = apr_hash_get(table->index[mask], key.data, (apr_ssize_t)key.length);
        for (; entry; entry = entry->next)
            if (pattern_matches(entry->pattern, subject, text))
                each(context, entry);
    }
    for (const table_entry_t *entry = table->regexes; entry; entry = entry->next)
        if (pattern_matches(entry->pattern, subject, text))
            each(context, entry);
}

void table_scan(const route_table_t *table, const subject_t *subject, bytes_t text,
                void (*each)(void *context, const table_entry_t *entry), void *context)
{
    for (size_t i = 0; i < table->count; i++)
        if (pattern_matches(table->entries[i].pattern, subject, text))
            each(context, &table->entries[i]);
}
