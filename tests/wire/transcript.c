#include "transcript.h"

#include "transcript_check.h"

#include <apr_strings.h>

/* One direction while it is taken apart. */
typedef struct walk_t {
    transcript_t *transcript;
    transcript_side_t *side;
    bool caller;
    transcript_step_t *transfer; /* the activity in progress */
    buffer_t *apdu;
} walk_t;

static transcript_step_t *add_step(walk_t *walk, transcript_step_kind_t kind)
{
    static transcript_step_t none;
    if (walk->side->step_count == TRANSCRIPT_STEPS)
        return &none;
    transcript_step_t *step = &walk->side->steps[walk->side->step_count++];
    *step = (transcript_step_t){.kind = kind};
    return step;
}

/* --- Transfers ------------------------------------------------------------------------------------------ */

static void begin_transfer(walk_t *walk)
{
    walk->transfer = add_step(walk, STEP_TRANSFER);
    buffer_clear(walk->apdu);
}

static void end_transfer(walk_t *walk, bool complete)
{
    if (!walk->transfer)
        return;
    walk->transfer->apdu = bytes_copy(walk->transcript->pool, buffer_bytes(walk->apdu));
    walk->transfer->complete = complete;
    if (complete)
        transcript_check_p1(walk->transcript, walk->transfer->apdu);
    walk->transfer = NULL;
}

static void take_octets(walk_t *walk, bytes_t octets)
{
    buffer_append(walk->apdu, octets);
    if (octets.length > walk->side->rttr_size)
        walk->side->rttr_size = octets.length;
}

static void take_rttr(walk_t *walk, bytes_t value)
{
    ber_reader_t reader;
    ber_fault_t fault;
    ber_tlv_t tlv;
    bytes_t octets = BYTES_NONE;
    ber_reader_init(&reader, value, &fault);
    bool read = ber_expect(&reader, BER_OCTET_STRING, &tlv) &&
                ber_value_octets(&reader, &tlv, walk->transcript->pool, &octets) && ber_done(&reader);
    transcript_note(walk->transcript, LAYER_RTSE, read, "RTTR", fault.what);
    take_octets(walk, octets);
}

static void take_data(walk_t *walk, bytes_t ssdu)
{
    presentation_user_data_t data;
    if (walk->transcript->mode != OSI_MODE_NORMAL) {
        take_octets(walk, ssdu);
        transcript_note(walk->transcript, LAYER_RTSE, walk->transfer != NULL, "APDU segment", "no activity");
        return;
    }
    if (!transcript_check_user_data(walk->transcript, ssdu, &data))
        return;
    for (unsigned i = 0; i < data.count; i++)
        take_rttr(walk, data.pdv[i].value);
}

/* --- Opening, closing, the turn ------------------------------------------------------------------------- */

static void take_rtse_open(walk_t *walk, const rtse_apdu_t *apdu, transcript_step_kind_t kind)
{
    transcript_step_t *step = add_step(walk, kind);
    step->user_data = apdu->user_data;
    step->reason = apdu->reason;
    if (kind == STEP_REFUSE) {
        transcript_check_bind_error(walk->transcript, apdu);
        return;
    }
    walk->side->checkpoint = apdu->checkpoint_size;
    walk->side->window = apdu->window_size;
    walk->side->two_way_alternate = apdu->dialogue_mode != RTSE_MONOLOGUE;
    if (apdu->application_protocol == RTSE_PROTOCOL_1988 ||
        apdu->application_protocol == RTSE_PROTOCOL_1988_SWAPPED)
        walk->transcript->mode = OSI_MODE_X410_1988;
    transcript_check_bind(walk->transcript, kind == STEP_OPEN, apdu);
}

static void find_contexts(transcript_t *transcript, const presentation_ppdu_t *cp)
{
    static const bytes_t names[3] = {{(const uint8_t *)"\x52\x01\x00\x01", 4},
                                     {(const uint8_t *)"\x56\x00\x02\x0C", 4},
                                     {(const uint8_t *)"\x56\x00\x02\x07", 4}};
    for (unsigned n = 0; n < cp->contexts; n++)
        for (unsigned i = 0; i < 3; i++)
            if (bytes_equal(cp->context[n].abstract_syntax, names[i]))
                transcript->context_id[i] = cp->context[n].id;
}

/* The user data of CN, AC or RF. */
static void take_connect(walk_t *walk, const session_spdu_t *spdu)
{
    transcript_t *transcript = walk->transcript;
    presentation_kind_t kind = spdu->type == SPDU_CN   ? PRESENTATION_CP
                               : spdu->type == SPDU_AC ? PRESENTATION_CPA
                                                       : PRESENTATION_CPR;
    rtse_kind_t rtse = kind == PRESENTATION_CP    ? RTSE_RTORQ
                       : kind == PRESENTATION_CPA ? RTSE_RTOAC
                                                  : RTSE_RTORJ;
    transcript_step_kind_t step = kind == PRESENTATION_CP    ? STEP_OPEN
                                  : kind == PRESENTATION_CPA ? STEP_ACCEPT
                                                             : STEP_REFUSE;
    presentation_ppdu_t *ppdu = apr_palloc(transcript->pool, sizeof(*ppdu));
    rtse_apdu_t apdu;
    acse_apdu_t acse;
    walk->side->calling.session =
        bytes_copy(transcript->pool, bytes_make(spdu->calling_ssel.octets, spdu->calling_ssel.length));
    walk->side->called.session =
        bytes_copy(transcript->pool, bytes_make(spdu->called_ssel.octets, spdu->called_ssel.length));
    if (!transcript_check_connect(transcript, spdu->user_data, kind, ppdu)) {
        add_step(walk, step);
        return;
    }
    if (walk->caller) {
        transcript->mode = ppdu->x410 ? OSI_MODE_X410_1984 : OSI_MODE_NORMAL;
        find_contexts(transcript, ppdu);
    }
    if (ppdu->x410) {
        if (transcript_check_rtse(transcript, ppdu->parameters, rtse, true, &apdu))
            take_rtse_open(walk, &apdu, step);
        return;
    }
    for (unsigned i = 0; i < ppdu->user_data.count; i++)
        if (transcript_check_acse(transcript, ppdu->user_data.pdv[i].value, &acse) && acse.has_information &&
            transcript_check_rtse(transcript, acse.information, rtse, false, &apdu))
            take_rtse_open(walk, &apdu, step);
}

/* A release in normal mode carries RLRQ or RLRE; an abort ABRT with RTAB; X.410: nothing, AbortInformation.
 */
static void take_ending(walk_t *walk, const session_spdu_t *spdu)
{
    transcript_t *transcript = walk->transcript;
    presentation_user_data_t data;
    acse_apdu_t acse;
    if (spdu->user_data.length == 0 || transcript->mode != OSI_MODE_NORMAL)
        return;
    if (transcript_check_user_data(transcript, spdu->user_data, &data))
        for (unsigned i = 0; i < data.count; i++)
            transcript_check_acse(transcript, data.pdv[i].value, &acse);
}

static void take_abort(walk_t *walk, const session_spdu_t *spdu)
{
    transcript_t *transcript = walk->transcript;
    presentation_ppdu_t *ppdu = apr_palloc(transcript->pool, sizeof(*ppdu));
    rtse_apdu_t apdu;
    acse_apdu_t acse;
    add_step(walk, STEP_ABORT);
    end_transfer(walk, false);
    if (spdu->user_data.length == 0 || !transcript_check_abort(transcript, spdu->user_data, ppdu))
        return;
    if (ppdu->x410)
        transcript_check_rtse(transcript, ppdu->parameters, RTSE_RTAB, true, &apdu);
    for (unsigned i = 0; i < ppdu->user_data.count; i++)
        if (transcript_check_acse(transcript, ppdu->user_data.pdv[i].value, &acse) && acse.has_information)
            transcript_check_rtse(transcript, acse.information, RTSE_RTAB, false, &apdu);
}

static void take_please(walk_t *walk, bytes_t user_data)
{
    transcript_t *transcript = walk->transcript;
    presentation_user_data_t data = {.count = 1};
    ber_reader_t reader;
    ber_fault_t fault;
    ber_tlv_t tlv;
    transcript_step_t *step = add_step(walk, STEP_PLEASE);
    data.pdv[0].value = user_data;
    if (transcript->mode == OSI_MODE_NORMAL && !transcript_check_user_data(transcript, user_data, &data))
        return;
    ber_reader_init(&reader, data.pdv[0].value, &fault);
    bool read = ber_expect(&reader, BER_INTEGER, &tlv) && ber_value_integer(&reader, &tlv, &step->reason);
    transcript_note(transcript, LAYER_RTSE, read, "RTTP", fault.what);
}

/* --- SPDUs, TSDUs, TPDUs -------------------------------------------------------------------------------- */

static void take_spdu(walk_t *walk, const session_spdu_t *spdu)
{
    switch (spdu->type) {
    case SPDU_CN:
    case SPDU_AC:
    case SPDU_RF: take_connect(walk, spdu); break;
    case SPDU_AS:
    case SPDU_AR: begin_transfer(walk); break;
    case SPDU_DT: take_data(walk, spdu->user_data); break;
    case SPDU_AE: end_transfer(walk, true); break;
    case SPDU_AEA: add_step(walk, STEP_CONFIRM); break;
    case SPDU_AI:
    case SPDU_AD:
        end_transfer(walk, false);
        add_step(walk, STEP_OTHER);
        break;
    case SPDU_ED:
    case SPDU_ER: add_step(walk, STEP_OTHER); break;
    case SPDU_PT:
        if (spdu->user_data.length)
            take_please(walk, spdu->user_data);
        break;
    case SPDU_GTC: add_step(walk, STEP_GIVE); break;
    case SPDU_FN:
        take_ending(walk, spdu);
        add_step(walk, STEP_CLOSE);
        break;
    case SPDU_DN: take_ending(walk, spdu); break;
    case SPDU_AB: take_abort(walk, spdu); break;
    default: break;
    }
}

static void take_tsdu(walk_t *walk, bytes_t tsdu)
{
    for (bool leading = true; tsdu.length > 0; leading = false) {
        session_spdu_t spdu;
        if (!transcript_check_spdu(walk->transcript, &tsdu, leading, &spdu))
            return;
        take_spdu(walk, &spdu);
    }
}

static void take_connection(walk_t *walk, const tpdu_t *tpdu)
{
    walk->side->reference = tpdu->source_reference;
    walk->side->tpdu_size = tpdu->size ? tpdu->size : tpdu->preferred_size;
    walk->side->calling.transport = tpdu->calling_tsel;
    walk->side->called.transport = tpdu->called_tsel;
}

static void walk_side(transcript_t *transcript, bool caller, bytes_t octets)
{
    walk_t walk = {.transcript = transcript, .side = &transcript->side[caller ? 0 : 1], .caller = caller};
    bytes_t *tpkts = apr_palloc(transcript->pool, (octets.length / TPKT_SMALLEST + 1) * sizeof(*tpkts));
    buffer_t *tsdu = apr_palloc(transcript->pool, sizeof(*tsdu));
    buffer_init(tsdu, transcript->pool, TRANSCRIPT_APDU_LIMIT);
    walk.apdu = apr_palloc(transcript->pool, sizeof(*walk.apdu));
    buffer_init(walk.apdu, transcript->pool, TRANSCRIPT_APDU_LIMIT);
    walk.side->octets = octets;
    walk.side->tpkts = tpkts;
    walk.side->steps = apr_palloc(transcript->pool, TRANSCRIPT_STEPS * sizeof(*walk.side->steps));
    while (octets.length) {
        int length = tpkt_length(octets);
        if (length < 0)
            transcript_note(transcript, LAYER_TRANSPORT, false, "TPKT", "not a TPKT");
        if (length <= 0 || (size_t)length > octets.length)
            break; /* the capture ends in the middle of one */
        bytes_t whole = bytes_slice(octets, 0, (size_t)length);
        octets = bytes_slice(octets, (size_t)length, SIZE_MAX);
        tpkts[walk.side->tpkt_count++] = whole;
        tpdu_t tpdu;
        if (!transcript_check_tpdu(transcript, whole, &tpdu))
            continue;
        if (tpdu.type == TPDU_CR || tpdu.type == TPDU_CC)
            take_connection(&walk, &tpdu);
        if (tpdu.type != TPDU_DT)
            continue;
        buffer_append(tsdu, tpdu.data);
        if (tpdu.end_of_tsdu) {
            take_tsdu(&walk, bytes_copy(transcript->pool, buffer_bytes(tsdu)));
            buffer_clear(tsdu);
        }
    }
    end_transfer(&walk, false);
}

transcript_t *transcript_make(apr_pool_t *pool, bytes_t caller, bytes_t called, bool quiet)
{
    transcript_t *transcript = apr_pcalloc(pool, sizeof(*transcript));
    transcript->pool = pool;
    transcript->quiet = quiet;
    walk_side(transcript, true, caller);
    walk_side(transcript, false, called);
    return transcript;
}

const transcript_step_t *transcript_find(const transcript_side_t *side, transcript_step_kind_t kind,
                                         size_t *from)
{
    while (*from < side->step_count) {
        const transcript_step_t *step = &side->steps[(*from)++];
        if (step->kind == kind)
            return step;
    }
    return NULL;
}

size_t transcript_count(const transcript_side_t *side, transcript_step_kind_t kind)
{
    size_t from = 0;
    size_t count = 0;
    while (transcript_find(side, kind, &from))
        count++;
    return count;
}

const char *transcript_layer_name(transcript_layer_t layer)
{
    static const char *const name[LAYERS] = {"transport", "session", "presentation", "ACSE", "RTSE",
                                             "bind",      "P1"};
    return name[layer];
}

const char *transcript_step_name(transcript_step_kind_t kind)
{
    static const char *const name[] = {"open",   "accept", "refuse", "transfer", "confirm",
                                       "please", "give",   "close",  "abort",    "exception"};
    return name[kind];
}
