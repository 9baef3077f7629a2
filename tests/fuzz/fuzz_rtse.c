/* The APDUs of reliable transfer: what decodes must encode, decode again, and then encode to the same octets;
 * and whatever is proposed is negotiated to something within our limits. The first octet chooses the APDU. */
#include "fuzz.h"

#include "osi/rtse.h"

#include <apr_general.h>
#include <stdlib.h>

static void check_negotiation(const rtse_apdu_t *apdu)
{
    static const unsigned ours[] = {0, 1, 30, 1024, 100000};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        unsigned answer = rtse_negotiate_checkpoint(apdu->checkpoint_size, ours[i]);
        unsigned effective = rtse_effective_checkpoint(ours[i], apdu->checkpoint_size);
        unsigned window = rtse_negotiate_window(apdu->window_size, ours[i]);
        if (answer > RTSE_CHECKPOINT_LIMIT_K || answer > ours[i] || effective > RTSE_CHECKPOINT_LIMIT_K)
            abort();
        if (apdu->checkpoint_size > 0 && answer > apdu->checkpoint_size)
            abort();
        if (window < 1 || window > RTSE_WINDOW_LIMIT)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const rtse_kind_t kinds[] = {RTSE_RTORQ, RTSE_RTOAC, RTSE_RTORJ, RTSE_RTAB};
    static apr_pool_t *pool;
    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    if (size == 0)
        return 0;
    rtse_kind_t kind = kinds[data[0] & 3];
    bytes_t input = bytes_make(data + 1, size - 1);
    rtse_apdu_t apdu;
    rtse_apdu_t again;
    ber_fault_t fault;
    bool read = data[0] & 4 ? rtse_apdu_read(input, kind, pool, &apdu, &fault)
                            : rtse_apdu_read_contents(input, kind, pool, &apdu, &fault);
    if (read != (fault.what == NULL))
        abort();
    if (read) {
        buffer_t *out = apr_palloc(pool, 2 * sizeof(*out));
        ber_writer_t writer;
        check_negotiation(&apdu);
        for (int i = 0; i < 2; i++) {
            buffer_init(&out[i], pool, 1 << 20);
            ber_writer_init(&writer, &out[i]);
            rtse_apdu_write(&writer, i ? &again : &apdu);
            if (!ber_writer_ok(&writer))
                abort();
            if (i == 0 && !rtse_apdu_read(buffer_bytes(out), kind, pool, &again, &fault))
                abort();
        }
        if (!bytes_equal(buffer_bytes(&out[0]), buffer_bytes(&out[1])))
            abort();
        rtse_refuse_text(apdu.reason);
        rtse_abort_text(apdu.reason);
    }
    apr_pool_clear(pool);
    return 0;
}
