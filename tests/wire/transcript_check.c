#include "transcript_check.h"

#include "x411/bind.h"
#include "x411/message.h"

#include <stdio.h>

void transcript_note(transcript_t *transcript, transcript_layer_t layer, bool passed, const char *pdu,
                     const char *why)
{
    if (passed) {
        transcript->passed[layer]++;
        return;
    }
    transcript->failed[layer]++;
    if (!transcript->quiet)
        printf("  %s: %s: %s\n", transcript_layer_name(layer), pdu, why ? why : "is not the same again");
}

static buffer_t *scratch(const transcript_t *transcript)
{
    buffer_t *out = apr_palloc(transcript->pool, sizeof(*out));
    buffer_init(out, transcript->pool, TRANSCRIPT_APDU_LIMIT);
    return out;
}

/* --- Transport, session --------------------------------------------------------------------------------- */

static bool same_tpdu(const tpdu_t *a, const tpdu_t *b)
{
    return a->type == b->type && a->destination_reference == b->destination_reference &&
           a->source_reference == b->source_reference && a->reason == b->reason && a->size == b->size &&
           a->preferred_size == b->preferred_size && bytes_equal(a->calling_tsel, b->calling_tsel) &&
           bytes_equal(a->called_tsel, b->called_tsel) && a->end_of_tsdu == b->end_of_tsdu &&
           bytes_equal(a->data, b->data);
}

bool transcript_check_tpdu(transcript_t *transcript, bytes_t tpkt, tpdu_t *tpdu)
{
    tpdu_cause_t cause;
    const char *wrong = tpdu_decode(bytes_slice(tpkt, TPKT_HEADER, SIZE_MAX), tpdu, &cause);
    if (wrong) {
        transcript_note(transcript, LAYER_TRANSPORT, false, "TPDU", wrong);
        return false;
    }
    tpdu_t again;
    buffer_t *out = scratch(transcript);
    uint8_t octets[TPDU_CONTROL_LIMIT];
    if (tpdu->type == TPDU_DT) {
        tpdu_encode_data_header(tpdu->data.length, tpdu->end_of_tsdu, octets);
        buffer_append(out, bytes_make(octets, TPKT_SMALLEST));
        buffer_append(out, tpdu->data);
    } else {
        buffer_append(out, bytes_make(octets, tpdu_encode(tpdu, octets)));
    }
    wrong = tpdu_decode(bytes_slice(buffer_bytes(out), TPKT_HEADER, SIZE_MAX), &again, &cause);
    transcript_note(transcript, LAYER_TRANSPORT, !wrong && same_tpdu(tpdu, &again), "TPDU", wrong);
    buffer_release(out);
    return true;
}

static bool same_spdu(const session_spdu_t *a, const session_spdu_t *b)
{
    uint8_t one[SPDU_HEAD_LIMIT];
    uint8_t two[SPDU_HEAD_LIMIT];
    size_t first = session_spdu_encode(a, a->user_data.length, one);
    size_t second = session_spdu_encode(b, b->user_data.length, two);
    return a->type == b->type && a->present == b->present && a->serial == b->serial && first == second &&
           memcmp(one, two, first) == 0 && bytes_equal(a->user_data, b->user_data);
}

bool transcript_check_spdu(transcript_t *transcript, bytes_t *tsdu, bool leading, session_spdu_t *spdu)
{
    const char *wrong = session_spdu_decode(spdu, tsdu, leading);
    if (wrong) {
        transcript_note(transcript, LAYER_SESSION, false, "SPDU", wrong);
        return false;
    }
    uint8_t head[SPDU_HEAD_LIMIT];
    buffer_t *out = scratch(transcript);
    session_spdu_t again;
    buffer_append(out, bytes_make(head, session_spdu_encode(spdu, spdu->user_data.length, head)));
    buffer_append(out, spdu->user_data);
    bytes_t octets = buffer_bytes(out);
    wrong = session_spdu_decode(&again, &octets, leading);
    transcript_note(transcript, LAYER_SESSION, !wrong && octets.length == 0 && same_spdu(spdu, &again),
                    session_spdu_name(spdu->type), wrong);
    buffer_release(out);
    return true;
}

/* --- Presentation --------------------------------------------------------------------------------------- */

static bool same_context(const presentation_context_t *a, const presentation_context_t *b)
{
    if (a->id != b->id || a->result != b->result || a->reason != b->reason ||
        a->transfer_syntaxes != b->transfer_syntaxes || !bytes_equal(a->abstract_syntax, b->abstract_syntax))
        return false;
    for (unsigned i = 0; i < a->transfer_syntaxes; i++)
        if (!bytes_equal(a->transfer_syntax[i], b->transfer_syntax[i]))
            return false;
    return true;
}

static bool same_user_data(const presentation_user_data_t *a, const presentation_user_data_t *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->pdv[i].id != b->pdv[i].id || !bytes_equal(a->pdv[i].value, b->pdv[i].value))
            return false;
    return true;
}

static bool same_ppdu(const presentation_ppdu_t *a, const presentation_ppdu_t *b)
{
    if (a->kind != b->kind || a->x410 != b->x410 || a->contexts != b->contexts ||
        a->contexts_beyond != b->contexts_beyond || a->provider_reason != b->provider_reason ||
        a->event != b->event)
        return false;
    for (unsigned i = 0; i < a->contexts; i++)
        if (!same_context(&a->context[i], &b->context[i]))
            return false;
    return bytes_equal(a->parameters, b->parameters) &&
           bytes_equal(a->calling_selector, b->calling_selector) &&
           bytes_equal(a->called_selector, b->called_selector) &&
           same_user_data(&a->user_data, &b->user_data);
}

static const char *ppdu_name(const presentation_ppdu_t *ppdu)
{
    static const char *const name[] = {"CP", "CPA", "CPR", "ARU", "ARP"};
    return name[ppdu->kind];
}

static bool check_ppdu(transcript_t *transcript, bytes_t octets, const presentation_kind_t *kind,
                       presentation_ppdu_t *ppdu)
{
    ber_fault_t fault;
    bool read = kind ? presentation_read_connect(octets, *kind, transcript->pool, ppdu, &fault)
                     : presentation_read_abort(octets, transcript->pool, ppdu, &fault);
    if (!read) {
        transcript_note(transcript, LAYER_PRESENTATION, false, "PPDU", fault.what);
        return false;
    }
    presentation_ppdu_t *again = apr_palloc(transcript->pool, sizeof(*again));
    buffer_t *out = scratch(transcript);
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    presentation_write(&writer, ppdu);
    read = ber_writer_ok(&writer) &&
           (kind ? presentation_read_connect(buffer_bytes(out), *kind, transcript->pool, again, &fault)
                 : presentation_read_abort(buffer_bytes(out), transcript->pool, again, &fault));
    transcript_note(transcript, LAYER_PRESENTATION, read && same_ppdu(ppdu, again), ppdu_name(ppdu),
                    read ? NULL : fault.what);
    return true;
}

bool transcript_check_connect(transcript_t *transcript, bytes_t octets, presentation_kind_t kind,
                              presentation_ppdu_t *ppdu)
{
    return check_ppdu(transcript, octets, &kind, ppdu);
}

bool transcript_check_abort(transcript_t *transcript, bytes_t octets, presentation_ppdu_t *ppdu)
{
    return check_ppdu(transcript, octets, NULL, ppdu);
}

bool transcript_check_user_data(transcript_t *transcript, bytes_t octets, presentation_user_data_t *data)
{
    ber_fault_t fault;
    if (!presentation_read_user_data(octets, transcript->pool, data, &fault)) {
        transcript_note(transcript, LAYER_PRESENTATION, false, "User-data", fault.what);
        return false;
    }
    presentation_user_data_t again;
    buffer_t *out = scratch(transcript);
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    presentation_write_user_data(&writer, data);
    bool read = presentation_read_user_data(buffer_bytes(out), transcript->pool, &again, &fault);
    transcript_note(transcript, LAYER_PRESENTATION, read && same_user_data(data, &again), "User-data",
                    read ? NULL : fault.what);
    return true;
}

/* --- ACSE, RTSE ----------------------------------------------------------------------------------------- */

bool transcript_check_acse(transcript_t *transcript, bytes_t octets, acse_apdu_t *apdu)
{
    static const char *const name[] = {"AARQ", "AARE", "RLRQ", "RLRE", "ABRT"};
    ber_fault_t fault;
    if (!acse_read(octets, transcript->pool, apdu, &fault)) {
        transcript_note(transcript, LAYER_ACSE, false, "APDU", fault.what);
        return false;
    }
    acse_apdu_t again;
    buffer_t *out = scratch(transcript);
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    acse_write(&writer, apdu);
    bool read = acse_read(buffer_bytes(out), transcript->pool, &again, &fault);
    bool same = read && apdu->kind == again.kind && apdu->result == again.result &&
                apdu->source == again.source && apdu->diagnostic == again.diagnostic &&
                apdu->reason == again.reason && apdu->has_information == again.has_information &&
                apdu->context == again.context && bytes_equal(apdu->syntax, again.syntax) &&
                bytes_equal(apdu->application_context, again.application_context) &&
                bytes_equal(apdu->information, again.information);
    transcript_note(transcript, LAYER_ACSE, same, name[apdu->kind], read ? NULL : fault.what);
    return true;
}

bool transcript_check_rtse(transcript_t *transcript, bytes_t octets, rtse_kind_t kind, bool contents,
                           rtse_apdu_t *apdu)
{
    const char *name = kind == RTSE_RTORQ   ? "RTORQ"
                       : kind == RTSE_RTOAC ? "RTOAC"
                       : kind == RTSE_RTORJ ? "RTORJ"
                                            : "RTAB";
    ber_fault_t fault;
    bool read = contents ? rtse_apdu_read_contents(octets, kind, transcript->pool, apdu, &fault)
                         : rtse_apdu_read(octets, kind, transcript->pool, apdu, &fault);
    if (!read) {
        transcript_note(transcript, LAYER_RTSE, false, name, fault.what);
        return false;
    }
    rtse_apdu_t again;
    buffer_t *out = scratch(transcript);
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    rtse_apdu_write(&writer, apdu);
    read = rtse_apdu_read(buffer_bytes(out), kind, transcript->pool, &again, &fault);
    bool same = read && apdu->checkpoint_size == again.checkpoint_size &&
                apdu->window_size == again.window_size && apdu->dialogue_mode == again.dialogue_mode &&
                apdu->application_protocol == again.application_protocol && apdu->recover == again.recover &&
                apdu->reason == again.reason && apdu->reflected == again.reflected &&
                apdu->has_user_data == again.has_user_data && bytes_equal(apdu->user_data, again.user_data);
    transcript_note(transcript, LAYER_RTSE, same, name, read ? NULL : fault.what);
    return true;
}

/* --- Bind, P1 ------------------------------------------------------------------------------------------- */

static x411_mode_t p1_mode(const transcript_t *transcript)
{
    switch (transcript->mode) {
    case OSI_MODE_X410_1984: return X411_MODE_1984;
    case OSI_MODE_X410_1988: return X411_MODE_X410_1988;
    default: return X411_MODE_NORMAL;
    }
}

static bool same_string(const x411_string_t *a, const x411_string_t *b)
{
    return a->type == b->type && bytes_equal(a->octets, b->octets);
}

void transcript_check_bind(transcript_t *transcript, bool argument, const rtse_apdu_t *apdu)
{
    x411_bind_kind_t kind = argument ? X411_BIND_ARGUMENT : X411_BIND_RESULT;
    x411_mode_t mode = p1_mode(transcript);
    x411_bind_t bind;
    x411_bind_t again = {0};
    buffer_t *out = scratch(transcript);
    err_t *err = x411_bind_decode(transcript->pool, mode, kind, apdu->user_data, &bind);
    if (!err) {
        x411_bind_encode(mode, kind, &bind, out);
        err = x411_bind_decode(transcript->pool, mode, kind, buffer_bytes(out), &again);
    }
    bool same = !err && bind.authenticated == again.authenticated && same_string(&bind.name, &again.name) &&
                bind.credentials == again.credentials && same_string(&bind.password, &again.password);
    transcript_note(transcript, LAYER_BIND, same, argument ? "bind argument" : "bind result",
                    err ? err->text : NULL);
}

void transcript_check_bind_error(transcript_t *transcript, const rtse_apdu_t *apdu)
{
    int64_t code;
    if (!apdu->has_user_data)
        return;
    err_t *err = x411_bind_error_decode(transcript->pool, apdu->user_data, &code);
    transcript_note(transcript, LAYER_BIND, !err, "bind error", err ? err->text : NULL);
}

/* The APDU inside the EXTERNAL of normal mode. */
static bytes_t undress(const transcript_t *transcript, bytes_t octets)
{
    ber_reader_t reader;
    ber_reader_t external;
    ber_fault_t fault;
    ber_tlv_t tlv = {.content = octets};
    if (transcript->mode != OSI_MODE_NORMAL)
        return octets;
    ber_reader_init(&reader, octets, &fault);
    if (!ber_enter(&reader, BER_EXTERNAL, &external))
        return octets;
    while (ber_more(&external))
        ber_read(&external, &tlv);
    return tlv.content;
}

void transcript_check_p1(transcript_t *transcript, bytes_t apdu)
{
    apr_pool_t *pool = transcript->pool;
    bytes_t bare = undress(transcript, apdu);
    if (bare.length == 0 || bare.data[0] < 0xA0 || bare.data[0] > 0xA2) {
        transcript->opaque++;
        return;
    }
    x411_apdu_t *model = NULL;
    x411_apdu_t *again = NULL;
    bytes_t content = BYTES_NONE;
    bytes_t content_again = BYTES_NONE;
    buffer_t *out = scratch(transcript);
    buffer_t *twice = scratch(transcript);
    x411_encode_options_t options = {
        .mode = p1_mode(transcript), .bare = true, .extension_form = X411_EXTENSION_FORM_AS_RECEIVED};
    err_t *err = x411_apdu_decode(pool, bare, &model, &content);
    if (!err)
        err = x411_apdu_encode(pool, model, &options, content, out);
    if (!err)
        err = x411_apdu_decode(pool, buffer_bytes(out), &again, &content_again);
    if (!err)
        err = x411_apdu_encode(pool, again, &options, content_again, twice);
    bool same = !err && model->kind == again->kind && model->recipient_count == again->recipient_count &&
                bytes_equal(content, content_again) && bytes_equal(buffer_bytes(out), buffer_bytes(twice));
    transcript_note(transcript, LAYER_P1, same, model ? x411_kind_name(model->kind) : "APDU",
                    err ? err->text : NULL);
}
