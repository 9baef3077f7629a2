#include "osi/cotp.h"

#include "osi/tpdu.h"

enum {
    TSDU_MEMORY_KEPT = 65536 /* octets of reassembly memory that stay between TSDUs */
};

void cotp_init(cotp_t *cotp, const cotp_config_t *config, const cotp_ops_t *ops, void *context,
               apr_pool_t *pool, buffer_t *out)
{
    *cotp = (cotp_t){.config = *config, .ops = ops, .context = context, .pool = pool, .out = out};
    if (cotp->config.tpdu_size > TPDU_SIZE_LARGEST)
        cotp->config.tpdu_size = TPDU_SIZE_LARGEST;
    if (cotp->config.tpdu_size < TPDU_SIZE_SMALLEST)
        cotp->config.tpdu_size = TPDU_SIZE_SMALLEST;
    cotp->tpdu_size = TPDU_SIZE_SMALLEST;
    buffer_init(&cotp->in, pool, TPKT_LARGEST);
    buffer_init(&cotp->tsdu, pool, config->tsdu_limit);
}

static void send_control(cotp_t *cotp, const tpdu_t *tpdu)
{
    uint8_t octets[TPDU_CONTROL_LIMIT];
    buffer_append(cotp->out, bytes_make(octets, tpdu_encode(tpdu, octets)));
}

/* Nothing more is taken or sent; the reassembly memory is not needed any more. */
static void close_engine(cotp_t *cotp)
{
    cotp->state = COTP_CLOSED;
    cotp->tsdu.end = cotp->tsdu.start;
}

static void fail(cotp_t *cotp, const err_t *err)
{
    close_engine(cotp);
    cotp->ops->disconnect_indication(cotp->context, err);
}

/* A TPDU that is not allowed (X.224 6.22): an ER, and the end of the connection. */
static void reject(cotp_t *cotp, bytes_t octets, tpdu_cause_t cause, const char *what)
{
    tpdu_t error = {.type = TPDU_ER,
                    .destination_reference = cotp->peer_reference,
                    .reason = (uint8_t)cause,
                    .rejected = octets};
    send_control(cotp, &error);
    fail(cotp, err_create(cotp->pool, OSI_FAULT_TPDU, "transport",
                          "the peer broke the transport protocol: %s", what));
}

static bytes_t clip_selector(bytes_t selector)
{
    return bytes_slice(selector, 0, OSI_TSEL_LIMIT);
}

void cotp_connect_request(cotp_t *cotp, const cotp_connect_t *connect)
{
    if (cotp->state != COTP_IDLE)
        return;
    unsigned size = cotp->config.tpdu_size;
    tpdu_t request = {.type = TPDU_CR,
                      .source_reference = cotp->config.reference,
                      .calling_tsel = clip_selector(connect->calling_tsel),
                      .called_tsel = clip_selector(connect->called_tsel),
                      .size = tpdu_coded_size(size)};
    if (size > TPDU_SIZE_CODED_LARGEST)
        request.preferred_size = size;
    cotp->state = COTP_WAIT_CONFIRM;
    send_control(cotp, &request);
}

/* The size that a CR or CC settles: the peer's, as far as ours allows (X.224 6.5.4, RFC 1006 clause 5). */
static unsigned settle_size(const cotp_t *cotp, const tpdu_t *tpdu)
{
    unsigned ours = cotp->config.tpdu_size;
    unsigned size = TPDU_SIZE_LARGEST;
    if (tpdu->preferred_size > 0 && ours > TPDU_SIZE_CODED_LARGEST)
        size = tpdu->preferred_size;
    else if (tpdu->size > 0)
        size = tpdu->size;
    return size < ours ? size : ours;
}

static void handle_connect_request(cotp_t *cotp, const tpdu_t *tpdu)
{
    cotp->peer_reference = tpdu->source_reference;
    cotp->state = COTP_WAIT_RESPONSE;
    if (!tpdu->class_zero) {
        cotp_disconnect_request(cotp, COTP_REASON_NEGOTIATION_FAILED);
        fail(cotp, err_create(cotp->pool, COTP_REASON_NEGOTIATION_FAILED, "transport",
                              "the peer does not offer transport class 0"));
        return;
    }
    if (tpdu->called_tsel.length > OSI_TSEL_LIMIT || tpdu->calling_tsel.length > OSI_TSEL_LIMIT) {
        cotp_disconnect_request(cotp, COTP_REASON_ADDRESS_UNKNOWN);
        fail(cotp, err_create(cotp->pool, COTP_REASON_ADDRESS_UNKNOWN, "transport",
                              "the peer sent a transport selector of more than %d octets", OSI_TSEL_LIMIT));
        return;
    }
    cotp->tpdu_size = settle_size(cotp, tpdu);
    cotp->preferred_size_offered = tpdu->preferred_size > 0;
    cotp->size_offered = tpdu->size > 0;
    cotp_connect_t connect = {tpdu->calling_tsel, tpdu->called_tsel, cotp->tpdu_size};
    cotp->ops->connect_indication(cotp->context, &connect);
}

void cotp_connect_response(cotp_t *cotp)
{
    if (cotp->state != COTP_WAIT_RESPONSE)
        return;
    tpdu_t confirm = {.type = TPDU_CC,
                      .destination_reference = cotp->peer_reference,
                      .source_reference = cotp->config.reference};
    unsigned ours = cotp->config.tpdu_size;
    if (cotp->preferred_size_offered && ours > TPDU_SIZE_CODED_LARGEST) {
        confirm.preferred_size = cotp->tpdu_size;
        cotp->tpdu_size -= cotp->tpdu_size % TPDU_SIZE_UNIT; /* what the parameter can say */
    } else if (cotp->size_offered || ours <= TPDU_SIZE_CODED_LARGEST) {
        cotp->tpdu_size = tpdu_coded_size(cotp->tpdu_size);
        confirm.size = cotp->tpdu_size;
    }
    cotp->state = COTP_OPEN;
    send_control(cotp, &confirm);
}

static void handle_connect_confirm(cotp_t *cotp, bytes_t octets, const tpdu_t *tpdu)
{
    cotp->peer_reference = tpdu->source_reference;
    if (!tpdu->class_zero) {
        reject(cotp, octets, TPDU_CAUSE_PARAMETER_VALUE, "it chose another class than 0");
        return;
    }
    if (tpdu->destination_reference != cotp->config.reference) {
        reject(cotp, octets, TPDU_CAUSE_PARAMETER_VALUE, "its connect confirm answers another reference");
        return;
    }
    cotp->tpdu_size = settle_size(cotp, tpdu);
    cotp->state = COTP_OPEN;
    cotp_connect_t connect = {tpdu->calling_tsel, tpdu->called_tsel, cotp->tpdu_size};
    cotp->ops->connect_confirm(cotp->context, &connect);
}

void cotp_disconnect_request(cotp_t *cotp, cotp_reason_t reason)
{
    if (cotp->state == COTP_WAIT_RESPONSE) {
        tpdu_t refusal = {.type = TPDU_DR,
                          .destination_reference = cotp->peer_reference,
                          .source_reference = 0, /* X.224 13.5.3: none was chosen */
                          .reason = (uint8_t)reason};
        send_control(cotp, &refusal);
    }
    close_engine(cotp); /* class 0 ends with the network connection (X.224 6.7.1.5) */
}

static void handle_disconnect(cotp_t *cotp, const tpdu_t *tpdu)
{
    const char *what = cotp->state == COTP_WAIT_CONFIRM ? "refused" : "ended";
    fail(cotp, err_create(cotp->pool, tpdu->reason, "transport", "the peer %s the transport connection: %s",
                          what, cotp_reason_text(tpdu->reason)));
}

static void handle_error(cotp_t *cotp, const tpdu_t *tpdu)
{
    static const char *const causes[] = {"no reason given", "invalid parameter code", "invalid TPDU type",
                                         "invalid parameter value"};
    const char *cause =
        tpdu->reason < sizeof(causes) / sizeof(causes[0]) ? causes[tpdu->reason] : "unknown cause";
    fail(cotp,
         err_create(cotp->pool, OSI_FAULT_TPDU, "transport", "the peer rejected a TPDU of ours: %s", cause));
}

static void deliver(cotp_t *cotp, bytes_t tsdu)
{
    cotp->ops->data_indication(cotp->context, tsdu);
}

static void handle_data(cotp_t *cotp, const tpdu_t *tpdu)
{
    size_t held = buffer_length(&cotp->tsdu);
    if (tpdu->data.length > cotp->config.tsdu_limit - held) {
        fail(cotp, err_create(cotp->pool, OSI_FAULT_LENGTH, "transport",
                              "the peer sent a TSDU of more than %lu octets",
                              (unsigned long)cotp->config.tsdu_limit));
        return;
    }
    if (tpdu->end_of_tsdu && held == 0) {
        deliver(cotp, tpdu->data);
        return;
    }
    if (!buffer_append(&cotp->tsdu, tpdu->data)) {
        fail(cotp, err_create(cotp->pool, COTP_REASON_CONGESTION, "transport",
                              "there is no memory for a TSDU of the peer"));
        return;
    }
    if (!tpdu->end_of_tsdu)
        return;
    deliver(cotp, buffer_bytes(&cotp->tsdu));
    buffer_clear(&cotp->tsdu);
    if (cotp->tsdu.capacity > TSDU_MEMORY_KEPT)
        buffer_release(&cotp->tsdu);
}

/* X.224 Annex A, the columns of class 0. */
static void handle_tpdu(cotp_t *cotp, bytes_t octets)
{
    tpdu_t tpdu;
    tpdu_cause_t cause;
    const char *wrong = tpdu_decode(octets, &tpdu, &cause);
    if (wrong) {
        if (cotp->state == COTP_IDLE && tpdu.type == TPDU_CR)
            cotp->peer_reference = tpdu.source_reference;
        reject(cotp, octets, cause, wrong);
        return;
    }
    switch (tpdu.type) {
    case TPDU_CR:
        if (cotp->state == COTP_IDLE) {
            handle_connect_request(cotp, &tpdu);
            return;
        }
        break;
    case TPDU_CC:
        if (cotp->state == COTP_WAIT_CONFIRM) {
            handle_connect_confirm(cotp, octets, &tpdu);
            return;
        }
        break;
    case TPDU_DT:
        if (cotp->state == COTP_OPEN) {
            handle_data(cotp, &tpdu);
            return;
        }
        break;
    case TPDU_DR: handle_disconnect(cotp, &tpdu); return;
    case TPDU_ER: handle_error(cotp, &tpdu); return;
    }
    reject(cotp, octets, TPDU_CAUSE_TYPE, "a TPDU that does not belong in this state");
}

/* Takes octets until the TPKT that has begun in cotp->in is whole, and handles it; returns what is left. */
static bytes_t complete_held(cotp_t *cotp, bytes_t octets)
{
    while (octets.length > 0) {
        int whole = tpkt_length(buffer_bytes(&cotp->in));
        if (whole < 0)
            return octets;
        size_t wanted = (whole == 0 ? TPKT_HEADER : (size_t)whole) - buffer_length(&cotp->in);
        bytes_t piece = bytes_slice(octets, 0, wanted);
        if (!buffer_append(&cotp->in, piece)) {
            fail(cotp, err_create(cotp->pool, COTP_REASON_CONGESTION, "transport",
                                  "there is no memory for a TPDU of the peer"));
            return BYTES_NONE;
        }
        octets = bytes_slice(octets, piece.length, octets.length);
        if (piece.length < wanted || whole == 0)
            continue;
        handle_tpdu(cotp, bytes_slice(buffer_bytes(&cotp->in), TPKT_HEADER, TPKT_LARGEST));
        buffer_clear(&cotp->in);
        return octets;
    }
    return octets;
}

static void reject_tpkt(cotp_t *cotp)
{
    fail(cotp, err_create(cotp->pool, OSI_FAULT_TPKT, "transport",
                          "the peer sent something that is no TPKT (RFC 1006)"));
}

void cotp_input(cotp_t *cotp, bytes_t octets)
{
    while (cotp->state != COTP_CLOSED && octets.length > 0) {
        if (buffer_length(&cotp->in) > 0) {
            octets = complete_held(cotp, octets);
            if (cotp->state != COTP_CLOSED && tpkt_length(buffer_bytes(&cotp->in)) < 0)
                reject_tpkt(cotp);
            continue;
        }
        int whole = tpkt_length(octets);
        if (whole < 0) {
            reject_tpkt(cotp);
            return;
        }
        if (whole == 0 || (size_t)whole > octets.length) {
            if (!buffer_append(&cotp->in, octets))
                fail(cotp, err_create(cotp->pool, COTP_REASON_CONGESTION, "transport",
                                      "there is no memory for a TPDU of the peer"));
            return;
        }
        handle_tpdu(cotp, bytes_slice(octets, TPKT_HEADER, (size_t)whole - TPKT_HEADER));
        octets = bytes_slice(octets, (size_t)whole, octets.length);
    }
}

void cotp_network_closed(cotp_t *cotp, const err_t *err)
{
    if (cotp->state == COTP_CLOSED)
        return;
    fail(cotp, err_wrap(cotp->pool, err, COTP_REASON_NOT_SPECIFIED, "transport",
                        err ? "the network connection broke" : "the peer closed the network connection"));
}

/* The data octets that go into one DT. Peers of the ISODE family count the TPKT header as part of the TPDU
 * size; four octets less than X.224 allows suit both readings. */
static size_t data_room(const cotp_t *cotp)
{
    if (cotp->tpdu_size >= TPDU_SIZE_LARGEST)
        return TPDU_SIZE_LARGEST - TPDU_DT_HEADER;
    return cotp->tpdu_size - TPKT_HEADER - TPDU_DT_HEADER;
}

void cotp_data_request(cotp_t *cotp, const osi_parts_t *tsdu)
{
    if (cotp->state != COTP_OPEN)
        return;
    size_t left = osi_parts_length(tsdu);
    size_t room = data_room(cotp);
    unsigned part = 0;
    size_t offset = 0;
    do {
        size_t length = left < room ? left : room;
        uint8_t *p = buffer_reserve(cotp->out, TPKT_SMALLEST + length);
        if (!p)
            return; /* latched in out, which its owner looks at */
        left -= length;
        tpdu_encode_data_header(length, left == 0, p);
        p += TPKT_SMALLEST;
        buffer_commit(cotp->out, TPKT_SMALLEST + length);
        while (length > 0) {
            bytes_t piece = bytes_slice(tsdu->part[part], offset, length);
            if (piece.length > 0)
                memcpy(p, piece.data, piece.length);
            p += piece.length;
            length -= piece.length;
            offset += piece.length;
            if (offset >= tsdu->part[part].length) {
                part++;
                offset = 0;
            }
        }
    } while (left > 0);
}

const char *cotp_reason_text(int reason)
{
    switch (reason) {
    case COTP_REASON_NOT_SPECIFIED: return "no reason given";
    case COTP_REASON_CONGESTION: return "congestion at the transport address";
    case COTP_REASON_NOT_ATTACHED: return "no session entity is attached to the transport address";
    case COTP_REASON_ADDRESS_UNKNOWN: return "the transport address is unknown";
    case COTP_REASON_NORMAL: return "normal disconnect by the session entity";
    case COTP_REASON_REMOTE_CONGESTION: return "the transport entity is congested";
    case COTP_REASON_NEGOTIATION_FAILED: return "the negotiation of the connection failed";
    case COTP_REASON_DUPLICATE_REFERENCE: return "duplicate source reference";
    case COTP_REASON_MISMATCHED_REFERENCES: return "mismatched references";
    case COTP_REASON_PROTOCOL_ERROR: return "protocol error";
    case COTP_REASON_REFERENCE_OVERFLOW: return "reference overflow";
    case COTP_REASON_REFUSED_ON_NETWORK: return "connection request refused on this network connection";
    case COTP_REASON_INVALID_LENGTH: return "header or parameter length invalid";
    default: return "unknown reason";
    }
}
