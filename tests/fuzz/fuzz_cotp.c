/* The transport engine fed with any octets, whole and cut in pieces: it must come to the same end both ways,
 * hold no more than its limits, and be still once it is closed.
 *
 * The first octet: bit 0 we call, bit 1 answer connect indications, bits 2 to 7 the size of the pieces. */
#include "fuzz.h"

#include "osi/cotp.h"

#include <apr_general.h>
#include <stdlib.h>

enum { TSDU_LIMIT = 4096 };

typedef struct run_t {
    cotp_t cotp;
    buffer_t out;
    bool accept;
    unsigned indications, confirms, ends;
    uint64_t tsdus; /* a sum over all octets of all TSDUs */
} run_t;

static void on_indication(void *context, const cotp_connect_t *connect)
{
    run_t *run = context;
    run->indications++;
    if (connect->calling_tsel.length > OSI_TSEL_LIMIT || connect->called_tsel.length > OSI_TSEL_LIMIT ||
        connect->tpdu_size < 128)
        abort();
    if (run->accept)
        cotp_connect_response(&run->cotp);
    else
        cotp_disconnect_request(&run->cotp, COTP_REASON_ADDRESS_UNKNOWN);
}

static void on_confirm(void *context, const cotp_connect_t *connect)
{
    run_t *run = context;
    run->confirms++;
    if (connect->tpdu_size < 128 || connect->tpdu_size > 65531)
        abort();
    osi_parts_t parts = {.part = {BYTES_LITERAL("data")}, .count = 1};
    cotp_data_request(&run->cotp, &parts);
}

static void on_data(void *context, bytes_t tsdu)
{
    run_t *run = context;
    if (tsdu.length > TSDU_LIMIT || run->ends)
        abort();
    run->tsdus = run->tsdus * 31 + tsdu.length;
    for (size_t i = 0; i < tsdu.length; i++)
        run->tsdus = run->tsdus * 31 + tsdu.data[i];
}

static void on_end(void *context, const err_t *err)
{
    run_t *run = context;
    run->ends++;
    if (!err || run->ends > 1 || run->cotp.state != COTP_CLOSED)
        abort();
}

static const cotp_ops_t ops = {on_indication, on_confirm, on_data, on_end};

static void engine_run(apr_pool_t *pool, run_t *run, uint8_t choice, bytes_t octets, size_t piece)
{
    memset(run, 0, sizeof(*run));
    run->accept = choice & 2;
    buffer_init(&run->out, pool, 65536);
    cotp_config_t config = {
        .tpdu_size = choice & 4 ? 65531 : 2048, .tsdu_limit = TSDU_LIMIT, .reference = 0x1234};
    cotp_init(&run->cotp, &config, &ops, run, pool, &run->out);
    cotp_connect_t connect = {0};
    if (choice & 1)
        cotp_connect_request(&run->cotp, &connect);
    while (octets.length > 0) {
        bytes_t next = bytes_slice(octets, 0, piece);
        cotp_input(&run->cotp, next);
        octets = bytes_slice(octets, next.length, octets.length);
        if (buffer_length(&run->cotp.in) > 65535 || buffer_length(&run->cotp.tsdu) > TSDU_LIMIT)
            abort();
    }
    cotp_network_closed(&run->cotp, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    if (size == 0)
        return 0;
    bytes_t octets = bytes_make(data + 1, size - 1);
    run_t *whole = apr_palloc(pool, sizeof(*whole));
    run_t *pieces = apr_palloc(pool, sizeof(*pieces));
    engine_run(pool, whole, data[0], octets, SIZE_MAX);
    engine_run(pool, pieces, data[0], octets, 1U + (data[0] >> 2));
    if (whole->tsdus != pieces->tsdus || whole->indications != pieces->indications ||
        whole->confirms != pieces->confirms || whole->ends != pieces->ends ||
        buffer_length(&whole->out) != buffer_length(&pieces->out))
        abort();
    apr_pool_clear(pool);
    return 0;
}
