/* The session engine fed with TSDUs of any octets while its user makes requests: no request or SPDU may break
 * an invariant, and what it transmits must decode.
 *
 * The input is a series of steps: an octet below 0x40 is a request of the user, any other the length (less
 * 0x40, or if 0xFF a length of two octets follows) of a TSDU that follows. */
#include "fuzz.h"

#include "osi/session_machine.h"

#include <apr_general.h>
#include <stdlib.h>

typedef struct user_t {
    session_t *session;
    bool over; /* a last indication was made */
    bool awaits_peer;
    bool disconnected;
} user_t;

static void on_indicate(void *context, const session_indication_t *indication)
{
    user_t *user = context;
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < indication->user_data.length; i++)
        sum = (uint8_t)(sum + indication->user_data.data[i]);
    if (user->over)
        abort();
    if (indication->primitive == S_P_ABORT && !indication->err)
        abort();
    user->over = indication->primitive == S_P_ABORT || indication->primitive == S_U_ABORT ||
                 indication->primitive == S_CONNECT_REFUSE ||
                 (indication->primitive == S_RELEASE && indication->confirm);
}

static void on_transmit(void *context, const osi_parts_t *tsdu)
{
    (void)context;
    static uint8_t octets[70000];
    size_t length = 0;
    for (unsigned i = 0; i < tsdu->count; i++) {
        if (tsdu->part[i].length)
            memcpy(octets + length, tsdu->part[i].data, tsdu->part[i].length);
        length += tsdu->part[i].length;
    }
    bytes_t rest = bytes_make(octets, length);
    for (bool leading = true; rest.length > 0; leading = false) {
        session_spdu_t spdu;
        if (session_spdu_decode(&spdu, &rest, leading) || spdu.type == SPDU_OTHER)
            abort();
    }
}

static void on_disconnect(void *context, bool await_peer)
{
    user_t *user = context;
    if (user->disconnected || (user->awaits_peer && await_peer))
        abort();
    user->awaits_peer = await_peer;
    user->disconnected = !await_peer;
}

static const session_ops_t ops = {on_indicate, on_transmit, on_disconnect};

static void request(session_t *session, unsigned number)
{
    static const osi_activity_id_t activity = {{2, 1, 1}, 3};
    static const uint8_t octets[600];
    session_connect_t connect = {.requirements = SESSION_FU_RTSE | (number & 32 ? SESSION_FU_TYPED_DATA : 0),
                                 .our_tokens = SESSION_TOKEN_ALL,
                                 .user_data = bytes_make(octets, number & 32 ? sizeof(octets) : 5)};
    osi_parts_t parts = {.part = {BYTES_LITERAL("some"), BYTES_LITERAL("data")}, .count = 2};
    bytes_t data = bytes_make(octets, number & 32 ? 300 : 0);
    unsigned serial = number & 3;
    unsigned tokens = number & 32 ? SESSION_TOKEN_ALL : SESSION_TOKEN_DATA;
    switch (number & 31) {
    case 0: session_connect_request(session, &connect); break;
    case 1: session_connect_accept(session, &connect); break;
    case 2: session_connect_refuse(session, SESSION_REFUSE_USER_DATA, data); break;
    case 3: session_data_request(session, &parts); break;
    case 4: session_typed_data_request(session, &parts); break;
    case 5: session_token_please_request(session, tokens, data); break;
    case 6: session_token_give_request(session, tokens); break;
    case 7: session_control_give_request(session); break;
    case 8: session_sync_minor_request(session, number & 32, &serial); break;
    case 9: session_sync_minor_response(session, serial); break;
    case 10: session_activity_start_request(session, &activity); break;
    case 11: session_activity_resume_request(session, &activity, &activity, NULL, serial); break;
    case 12: session_activity_interrupt_request(session, 0); break;
    case 13: session_activity_interrupt_response(session); break;
    case 14: session_activity_discard_request(session, 5); break;
    case 15: session_activity_discard_response(session); break;
    case 16: session_activity_end_request(session, &serial); break;
    case 17: session_activity_end_response(session); break;
    case 18: session_u_exception_request(session, 1, data); break;
    case 19: session_release_request(session, data); break;
    case 20: session_release_response(session, data); break;
    case 21: session_u_abort_request(session, data); break;
    case 22: session_transport_closed(session, NULL); break;
    case 23: session->v_m = OSI_SYNC_NUMBER_LIMIT; break;
    default: break;
    }
}

static void check(const session_t *session)
{
    if (session->tokens & ~session_tokens_available(session->requirements))
        abort();
    if (session->state >= STA_SAME || session->v_a > session->v_m || session->v_m > OSI_SYNC_NUMBER_LIMIT + 1)
        abort();
    if (buffer_length(&session->assembly) > session->config.ssdu_limit)
        abort();
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
    session_config_t config = {.versions = 3, .ssdu_limit = 20000};
    config.extended_concatenation = data[0] & 1;
    config.tsdu_maximum = data[0] & 2 ? 128 : 0;
    user_t user = {0};
    user.session = session_create(pool, &config, &ops, &user);
    for (size_t at = 1; at < size;) {
        unsigned step = data[at++];
        if (step < 0x40) {
            request(user.session, step);
        } else {
            size_t length = step - 0x40;
            if (step == 0xFF && size - at >= 2) {
                length = (size_t)data[at] << 8 | data[at + 1];
                at += 2;
            }
            bytes_t tsdu = bytes_slice(bytes_make(data, size), at, length);
            session_input(user.session, tsdu);
            at += tsdu.length;
        }
        check(user.session);
    }
    session_transport_closed(user.session, NULL);
    if (user.session->state != STA01)
        abort();
    apr_pool_clear(pool);
    return 0;
}
