/* Fuzz target: the octets of a connection on their way into a trace with contents blanked. Whatever comes,
 * and in whatever pieces, no more comes out than went in, and what is held back is bounded. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>

#include "mta/blank.h"

static void count(void *context, bytes_t octets)
{
    size_t *given = context;
    /* Read all of it, for the sanitizers. */
    unsigned sum = 0;
    for (size_t i = 0; i < octets.length; i++)
        sum += octets.data[i];
    *given += octets.length + (sum > 0 && octets.length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size < 2)
        return 0;
    apr_pool_t *pool;
    apr_pool_create(&pool, root);
    blank_t blank;
    blank_init(&blank, pool);
    static const x411_mode_t modes[] = {X411_MODE_1984, X411_MODE_X410_1988, X411_MODE_NORMAL};
    if (data[0] % 4 < 3)
        blank_set_mode(&blank, modes[data[0] % 4]);
    size_t piece = (size_t)data[1] + 1;
    size_t given = 0;
    for (size_t at = 2; at < size; at += piece)
        blank_octets(&blank, bytes_make(data + at, size - at < piece ? size - at : piece), count, &given);
    if (given > size - 2 || (blank.held && buffer_length(blank.held) > BLANK_HELD_LIMIT))
        abort();
    apr_pool_destroy(pool);
    return 0;
}
