/* Fuzz target: the cluster information base of Pacemaker, XML that another program gives. What is found lies
 * in the pool, and the list ends. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

#include "cib.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_t *pool;
    apr_pool_create(&pool, root);
    for (int named = 0; named < 2; named++) {
        cib_answer_t answer = {NULL, NULL, NULL};
        err_t *err = cib_find_addresses((const char *)data, size, named ? "x400mta" : NULL, &answer, pool);
        if (err && !err->text)
            abort();
        size_t octets = 0;
        for (const char *const *address = err ? NULL : answer.addresses; address && *address; address++)
            octets += strlen(*address);
        if (octets > size * size + 1)
            abort();
    }
    apr_pool_destroy(pool);
    return 0;
}
