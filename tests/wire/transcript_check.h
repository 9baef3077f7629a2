/* The checks of a transcript: one PDU is decoded, encoded, decoded again, and must be the same. Each check
 * counts in its layer and prints what is wrong. True: the PDU is there for further use. */
#ifndef TESTS_WIRE_TRANSCRIPT_CHECK_H
#define TESTS_WIRE_TRANSCRIPT_CHECK_H

#include "osi/acse.h"
#include "osi/presentation.h"
#include "osi/rtse_apdu.h"
#include "osi/session_spdu.h"
#include "osi/tpdu.h"
#include "transcript.h"

void transcript_note(transcript_t *transcript, transcript_layer_t layer, bool passed, const char *pdu,
                     const char *why);
bool transcript_check_tpdu(transcript_t *transcript, bytes_t tpkt, tpdu_t *tpdu);
bool transcript_check_spdu(transcript_t *transcript, bytes_t *tsdu, bool leading, session_spdu_t *spdu);
bool transcript_check_connect(transcript_t *transcript, bytes_t octets, presentation_kind_t kind,
                              presentation_ppdu_t *ppdu);
bool transcript_check_abort(transcript_t *transcript, bytes_t octets, presentation_ppdu_t *ppdu);
bool transcript_check_user_data(transcript_t *transcript, bytes_t octets, presentation_user_data_t *data);
bool transcript_check_acse(transcript_t *transcript, bytes_t octets, acse_apdu_t *apdu);
bool transcript_check_rtse(transcript_t *transcript, bytes_t octets, rtse_kind_t kind, bool contents,
                           rtse_apdu_t *apdu);
void transcript_check_bind(transcript_t *transcript, bool argument, const rtse_apdu_t *apdu);
void transcript_check_bind_error(transcript_t *transcript, const rtse_apdu_t *apdu);
/* A whole APDU as it was transferred: in normal mode in its EXTERNAL. */
void transcript_check_p1(transcript_t *transcript, bytes_t apdu);

#endif
