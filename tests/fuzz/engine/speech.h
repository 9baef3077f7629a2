/* Octets of every layer from a fuzzer's input. What is sent at one layer has the right lengths of all layers
 * below it, so that a changed octet of the input is nonsense where it is meant to be and gets there. */
#ifndef FUZZ_SPEECH_H
#define FUZZ_SPEECH_H

#include "base/buffer.h"

enum { SPEECH_LIMIT = 1 << 17 };

/* The input, from front to back; beyond its end everything is zero. */
typedef struct speech_t {
    bytes_t rest;
} speech_t;

uint8_t speech_octet(speech_t *speech);
/* A count in front, in one octet (below 0x80) or two, then so many octets as there are. */
bytes_t speech_octets(speech_t *speech);

/* Appends a BER element whose lengths are right, at most 24 deep. In the input: the tag's octets; if it is
 * constructed, the number of elements in it (bit 8: of indefinite length); else its octets as above. */
void speech_element(speech_t *speech, buffer_t *out, unsigned depth);

/* Appends a TPKT with this TPDU in it. */
void speech_tpkt(buffer_t *out, bytes_t tpdu);
/* Appends a TPKT with a DT TPDU. */
void speech_dt(buffer_t *out, bytes_t octets, bool last);
/* Appends an SPDU: type, length, parameters. */
void speech_spdu(buffer_t *out, uint8_t type, bytes_t parameters);
/* Appends a session parameter. */
void speech_parameter(buffer_t *out, uint8_t type, bytes_t value);

#endif
