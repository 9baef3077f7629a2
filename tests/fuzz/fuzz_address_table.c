/* Fuzz target: datagrams of rtnetlink. The first octet: bit 0 a dump is under way; each datagram is preceded
 * by its length in two octets. The table stays bounded, and can be listed after each. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>

#include "address_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size == 0)
        return 0;
    apr_pool_t *pool;
    apr_pool_create(&pool, root);
    address_table_t *table = address_table_create(pool);
    if (data[0] & 1)
        address_table_begin_dump(table);
    for (size_t at = 1; at + 2 <= size;) {
        size_t length = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        if (length > size - at)
            length = size - at;
        /* As the socket gives them: aligned, and no octet more. */
        uint8_t *datagram = malloc(length ? length : 1);
        if (!datagram)
            abort();
        memcpy(datagram, data + at, length);
        if (address_table_take(table, datagram, length) == ADDRESS_DUMP_AGAIN)
            address_table_begin_dump(table);
        free(datagram);
        at += length;
        size_t count;
        const platform_address_t *list = address_table_list(table, &count, pool);
        if (count > ADDRESS_TABLE_LIMIT || (count && !list))
            abort();
    }
    apr_pool_destroy(pool);
    return 0;
}
