/* Fuzz target: octets of peers as packets of a pcapng file. Every block is whole: its length stands at both
 * ends and is a multiple of four; the octets of each direction are in the packets, in order and unchanged. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

#include "net/pcapng.h"

enum { FILE_LIMIT = 8 << 20, PACKET_BLOCK = 6, BLOCK_HEADER = 28, IP4_TCP = 40, IP6_TCP = 60 };

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value)); /* the writer uses the order of this machine */
    return value;
}

/* Octets of TCP payload in all packets. */
static size_t check_file(bytes_t file, size_t headers)
{
    size_t payload = 0;
    while (file.length) {
        if (file.length < 12)
            abort();
        uint32_t length = get32(file.data + 4);
        if (length < 12 || length % 4 || length > file.length || get32(file.data + length - 4) != length)
            abort();
        if (get32(file.data) == PACKET_BLOCK) {
            uint32_t captured = get32(file.data + 20);
            if (captured < headers || BLOCK_HEADER + captured + 4 > length)
                abort();
            payload += captured - headers;
        }
        file = bytes_slice(file, length, SIZE_MAX);
    }
    return payload;
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
    buffer_t *out = buffer_create(pool, FILE_LIMIT);
    bool six = data[0] & 1;
    pcapng_flow_t flow = {.caller = {.length = six ? 16 : 4, .port = 1024},
                          .called = {.length = six ? 16 : 4, .port = 102}};
    char comment[16] = "";
    memcpy(comment, data + 1, size - 1 < sizeof(comment) - 1 ? size - 1 : sizeof(comment) - 1);
    size_t sent = 0;
    bool whole = pcapng_begin(out, comment) && pcapng_open(out, &flow, 0);
    for (size_t at = 1; at < size && whole; at += (size_t)data[at] * 300 + 1) {
        size_t length = (size_t)data[at] * 300 + 1;
        bytes_t octets = bytes_slice(bytes_make(data, size), at, length);
        whole = pcapng_octets(out, &flow, data[at] & 1, octets, (utc_time_t)at);
        sent += whole ? octets.length : 0;
    }
    if (whole)
        pcapng_close(out, &flow, data[0] & 2, 1);
    if (check_file(buffer_bytes(out), six ? IP6_TCP : IP4_TCP) != sent)
        abort();
    apr_pool_destroy(pool);
    return 0;
}
