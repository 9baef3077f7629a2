/* OP-09. replay FILE...: takes every OSI conversation of packet captures apart, layer by layer; every PDU is
 * decoded, encoded and decoded again; then each side is played into our own stack, which must take the
 * conversation to the same end with the same APDUs. Ports are found from the connections themselves. The last
 * line is "N passed, N failed"; the exit status is 0 only if none failed and something passed. */
#include "pcap.h"
#include "replay_engine.h"

#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>

static void print_steps(const transcript_side_t *side, const char *name)
{
    printf("  %s:", name);
    for (size_t i = 0; i < side->step_count; i++) {
        const transcript_step_t *step = &side->steps[i];
        printf(" %s", transcript_step_name(step->kind));
        if (step->kind == STEP_TRANSFER)
            printf("(%lu octets%s)", (unsigned long)step->apdu.length, step->complete ? "" : ", not all");
        else if (step->kind == STEP_REFUSE || step->kind == STEP_PLEASE)
            printf("(%ld)", (long)step->reason);
    }
    printf("\n");
}

/* A TPKT with a connection request at the front: what tells OSI from anything else. */
static bool is_osi(bytes_t octets)
{
    return octets.length >= 7 && octets.data[0] == 3 && octets.data[5] == 0xE0;
}

static void replay_conversation(apr_pool_t *pool, const pcap_conversation_t *conversation,
                                replay_result_t *result)
{
    bytes_t caller = pcap_direction(pool, conversation, true);
    bytes_t called = pcap_direction(pool, conversation, false);
    if (!is_osi(caller)) {
        printf(" port %u to %u: no transport connection request, left out\n", conversation->caller_port,
               conversation->called_port);
        return;
    }
    transcript_t *transcript = transcript_make(pool, caller, called, false);
    printf(" port %u to %u: %s%s\n", conversation->caller_port, conversation->called_port,
           osi_mode_name(transcript->mode), conversation->gap ? ", octets are missing" : "");
    print_steps(&transcript->side[0], "caller");
    print_steps(&transcript->side[1], "called");
    printf("  PDUs:");
    for (int layer = 0; layer < LAYERS; layer++) {
        printf(" %s %u", transcript_layer_name((transcript_layer_t)layer), transcript->passed[layer]);
        if (transcript->failed[layer])
            printf(" (%u failed)", transcript->failed[layer]);
        result->passed += transcript->passed[layer];
        result->failed += transcript->failed[layer];
    }
    if (transcript->opaque)
        printf(", %u transferred that are not P1", transcript->opaque);
    printf("\n");
    unsigned before = result->failed;
    replay_engine(transcript, false, result);
    printf("  played into our responder: %s\n", result->failed == before ? "ok" : "FAILED");
    before = result->failed;
    replay_engine(transcript, true, result);
    printf("  played into our initiator: %s\n", result->failed == before ? "ok" : "FAILED");
}

static void replay_file(apr_pool_t *parent, const char *path, replay_result_t *result)
{
    apr_pool_t *pool;
    const pcap_capture_t *capture;
    apr_pool_create(&pool, parent);
    printf("%s\n", path);
    err_t *err = pcap_load(pool, path, &capture);
    if (err) {
        printf(" %s\n", err_describe(pool, err));
        result->failed++;
    } else {
        for (size_t i = 0; i < capture->count; i++)
            replay_conversation(pool, &capture->conversations[i], result);
        if (capture->count == 0) {
            printf(" no conversation\n");
            result->failed++;
        }
    }
    apr_pool_destroy(pool);
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    replay_result_t result = {0, 0};
    if (argc < 2) {
        fprintf(stderr, "usage: replay FILE...\n");
        return 2;
    }
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    for (int i = 1; i < argc; i++)
        replay_file(pool, argv[i], &result);
    printf("%u passed, %u failed\n", result.passed, result.failed);
    apr_pool_destroy(pool);
    return result.failed == 0 && result.passed > 0 ? 0 : 1;
}
