/* Fuzz target: interpersonal contents, and whatever x400ctl show is given: read, shown, and described as
 * JSON. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>

#include "x420/describe.h"
#include "x420/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    x420_object_t object;
    buffer_t out;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_t *pool;
    apr_pool_create(&pool, root);
    buffer_init(&out, pool, 16 << 20);
    bytes_t octets = bytes_make(data, size);
    if (!x420_object_read(pool, octets, &object)) {
        x420_describe_t how = {.pool = pool, .readable = size % 2 == 0};
        json_t *json = NULL;
        x420_show_object(pool, &object, &out);
        if (object.kind == X420_OBJECT_APDU)
            json = x420_describe_apdu(&how, object.apdu, &object.content);
        else if (object.interpersonal.ipm)
            json = x420_describe_ipm(&how, object.interpersonal.ipm);
        else
            json = x420_describe_ipn(&how, object.interpersonal.ipn);
        if (!json)
            abort();
        json_decref(json);
    }
    apr_pool_destroy(pool);
    return 0;
}
