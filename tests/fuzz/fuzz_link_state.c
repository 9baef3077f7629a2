/* Fuzz target: link-state of siblings. What decodes encodes and decodes to the same, and can be asked. */
#include "fuzz.h"

#include "route/link_state.h"
#include "route/subject.h"
#include "x411/oraddress_text.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

static void count_link(void *context, const char *link, unsigned seconds)
{
    if (!*link || seconds > LINK_STATE_SECONDS)
        abort();
    ++*(size_t *)context;
}

static void use(const link_state_t *state, apr_pool_t *pool)
{
    x411_or_address_t address;
    size_t links = 0;
    link_told_t *told = link_told_create(state, "B", 0, pool);
    link_told_each(told, 0, count_link, &links);
    if (x411_or_address_parse(pool, "C=GB;A= ;P=Y;O=O;S=JIM", &address))
        abort();
    const char *words = link_told_down(told, subject_create(&address, pool), 0, pool);
    if (words && links == 0)
        abort();
}

static void encode_again(const link_state_t *state, apr_pool_t *pool)
{
    link_state_t *again;
    buffer_t *out = buffer_create(pool, 4 * LINK_STATE_LIMIT);
    if (!link_state_encode(state, X411_MODE_1984, 0, out))
        return; /* minimal as it is, it may be longer than what was skipped made it */
    if (link_state_decode(pool, buffer_bytes(out), &again) || again->count != state->count ||
        again->epoch != state->epoch || again->sequence != state->sequence)
        abort();
    for (size_t i = 0; i < state->count; i++)
        if (strcmp(again->spaces[i].link, state->spaces[i].link) != 0 ||
            strcmp(again->spaces[i].pattern, state->spaces[i].pattern) != 0 ||
            again->spaces[i].seconds != state->spaces[i].seconds)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *pool;
    link_state_t *state;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    if (!link_state_decode(pool, bytes_make(data, size), &state)) {
        encode_again(state, pool);
        use(state, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
