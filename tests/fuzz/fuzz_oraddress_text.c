/* Fuzz target: the written forms of O/R addresses and MTS identifiers. What parses prints in both forms, and
 * either gives the same address back. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>

#include "x411/mts_id.h"
#include "x411/oraddress_text.h"

static bytes_t encode(apr_pool_t *pool, const x411_or_name_t *name)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    ber_writer_t writer;
    buffer_init(out, pool, 16 << 20);
    ber_writer_init(&writer, out);
    x411_or_name_write(&writer, BER_APPLICATION(0), name);
    if (!ber_writer_ok(&writer))
        abort();
    return buffer_bytes(out);
}

static void expect_same(apr_pool_t *pool, const char *text, bytes_t encoding)
{
    x411_or_address_t address;
    if (x411_or_address_parse(pool, text, &address))
        abort();
    x411_or_name_t name = {.address = address};
    if (!bytes_equal(encode(pool, &name), encoding))
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
    const char *text = bytes_to_string(pool, bytes_make(data, size));
    x411_or_name_t name;
    if (!x411_or_address_parse(pool, text, &name.address)) {
        name.directory_name = name.raw = BYTES_NONE;
        bytes_t encoding = encode(pool, &name);
        expect_same(pool, x411_or_address_text(pool, &name.address), encoding);
        expect_same(pool, x411_or_address_text_2156(pool, &name.address), encoding);
        if (!x411_or_address_equal(&name.address, &name.address))
            abort();
        x411_or_address_form(&name.address);
    }
    x411_mts_id_t id;
    x411_mts_id_t again;
    if (!x411_mts_id_parse(pool, text, &id) &&
        (x411_mts_id_parse(pool, x411_mts_id_text(pool, &id), &again) || !x411_mts_id_equal(&id, &again)))
        abort();
    apr_pool_destroy(pool);
    return 0;
}
