/* Fuzz target: MTA bind arguments, results and errors. What decodes as simple or unauthenticated encodes and
 * decodes to the same. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>

#include "x411/bind.h"

static void encode_again(apr_pool_t *pool, x411_mode_t mode, const x411_bind_t *bind)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    x411_bind_t again;
    buffer_init(out, pool, 16 << 20);
    if (!x411_bind_encode(mode, X411_BIND_ARGUMENT, bind, out))
        abort();
    if (buffer_length(out) > X411_LIMIT_BIND ||
        (bind->credentials != X411_CREDENTIALS_SIMPLE && bind->credentials != X411_CREDENTIALS_NONE))
        return;
    if (x411_bind_decode(pool, mode, X411_BIND_ARGUMENT, buffer_bytes(out), &again) ||
        again.authenticated != bind->authenticated || again.credentials != bind->credentials ||
        !bytes_equal(again.password.octets, bind->password.octets) ||
        !bytes_equal(again.name.octets, bind->name.octets))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_t *pool;
    apr_pool_create(&pool, root);
    bytes_t octets = bytes_make(data, size);
    for (int mode = X411_MODE_1984; mode <= X411_MODE_NORMAL; mode++) {
        x411_bind_t bind;
        int64_t code;
        if (!x411_bind_decode(pool, (x411_mode_t)mode, X411_BIND_ARGUMENT, octets, &bind))
            encode_again(pool, (x411_mode_t)mode, &bind);
        if (!x411_bind_error_decode(pool, octets, &code))
            x411_bind_error_text(code);
    }
    apr_pool_destroy(pool);
    return 0;
}
