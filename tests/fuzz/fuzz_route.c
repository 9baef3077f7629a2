/* Patterns and addresses of any kind: up to the first line feed a pattern, then an address in text. A pattern
 * that is taken must be matched by index and by scan alike, and the choice must say what it did. */
#include "fuzz.h"

#include "route/table.h"
#include "x411/oraddress_text.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static void count_entry(void *context, const table_entry_t *entry)
{
    (void)entry;
    ++*(size_t *)context;
}

static void route_once(const char *pattern, const char *text, apr_pool_t *pool)
{
    config_address_space_t spaces[] = {{pattern, 1, {"f", 1}}, {"C=GB;A= ", 2, {"f", 2}}, {"*", 3, {"f", 3}}};
    config_connector_t connectors[] = {{.name = "A", .address_spaces = spaces, .address_space_count = 1},
                                       {.name = "B", .address_spaces = spaces + 1, .address_space_count = 2}};
    config_t config = {.pool = pool, .path = "f", .connectors = connectors, .connector_count = 2};
    route_table_t *table = NULL;
    x411_or_address_t address;
    if (route_table_create(&table, &config, pool) || x411_or_address_parse(pool, text, &address))
        return;
    const subject_t *subject = subject_create(&address, pool);
    bytes_t canonical = subject_text(subject, pool);
    size_t indexed = 0;
    size_t scanned = 0;
    table_match(table, subject, canonical, pool, count_entry, &indexed);
    table_scan(table, subject, canonical, count_entry, &scanned);
    route_state_t state = {.facts = NULL};
    route_choice_t choice;
    const route_candidate_t *candidates = NULL;
    size_t count = 0;
    route_explain(table, &address, &state, pool, &choice, &candidates, &count);
    if (indexed != scanned || indexed == 0 || !choice.found || count != 3 || !candidates[0].chosen)
        abort();
    config_findings_t findings = {.path = "f"};
    route_check(&config, pool, &findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *pool = NULL;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size > X411_TEXT_LIMIT || apr_pool_create(&pool, root) != APR_SUCCESS)
        return 0;
    char *text = apr_pstrmemdup(pool, size ? (const char *)data : "", size);
    char *address = strchr(text, '\n');
    if (address) {
        *address++ = 0;
        route_once(text, address, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
