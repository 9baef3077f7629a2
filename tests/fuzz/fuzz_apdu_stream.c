/* Fuzz target: the streaming reader of APDUs. The first octet says the mode and the size of the pieces. What
 * comes out in pieces is what the decoder of whole APDUs finds. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>

#include "x411/apdu_stream.h"

typedef struct outcome_t {
    bytes_t collected;
    buffer_t content;
    bool ended;
    x411_stream_t stream;
} outcome_t;

static void feed(outcome_t *outcome, bytes_t octets, size_t piece)
{
    for (size_t offset = 0; offset < octets.length; offset += piece) {
        bytes_t input = bytes_slice(octets, offset, piece);
        bytes_t range;
        for (;;) {
            x411_stream_event_t event = x411_stream_next(&outcome->stream, &input, &range);
            if (event == X411_STREAM_MORE)
                break;
            if (event == X411_STREAM_FAILED)
                return;
            if (event == X411_STREAM_CONTENT && (!range.length || !buffer_append(&outcome->content, range)))
                abort();
            if (event == X411_STREAM_ENVELOPE || event == X411_STREAM_APDU)
                outcome->collected = range;
            if (event == X411_STREAM_END)
                outcome->ended = true;
        }
        if (input.length)
            abort();
    }
}

static void compare(apr_pool_t *pool, const outcome_t *outcome, bytes_t octets)
{
    x411_apdu_t *whole = NULL;
    x411_apdu_t *apdu = NULL;
    bytes_t content = BYTES_NONE;
    bool fine = !x411_apdu_decode(pool, octets, &whole, &content);
    const char *fault = outcome->stream.fault;
    if (fine && !outcome->ended && fault &&
        (strcmp(fault, "length too large") == 0 || strcmp(fault, "nested too deeply") == 0 ||
         outcome->stream.fault_code == X411_ERROR_LIMIT || strstr(fault, "wrong tag")))
        return; /* limits of the stream alone */
    if (fine && !outcome->ended)
        abort();
    if (!outcome->ended)
        return;
    bool parts = !x411_envelope_decode(pool, outcome->stream.kind, outcome->collected, &apdu);
    if (fine && (!parts || apdu->recipient_count != whole->recipient_count ||
                 !bytes_equal(buffer_bytes(&outcome->content), content)))
        abort();
}

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
    x411_mode_t mode = (x411_mode_t)(data[0] % 3);
    size_t piece = data[0] / 3U + 1;
    bytes_t octets = bytes_make(data + 1, size - 1);
    outcome_t *outcome = apr_pcalloc(pool, sizeof(*outcome));
    buffer_init(&outcome->content, pool, size + 1);
    x411_stream_init(&outcome->stream, pool, mode, size + 1);
    feed(outcome, octets, piece);
    if ((x411_stream_finish(pool, &outcome->stream) == NULL) != (outcome->ended && !outcome->stream.fault))
        abort();
    if (mode != X411_MODE_NORMAL && !(outcome->ended && outcome->stream.fault))
        compare(pool, outcome, octets);
    apr_pool_destroy(pool);
    return 0;
}
