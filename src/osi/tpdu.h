/* The TPDUs of X.224 class 0 and the TPKT in front of each (RFC 1006 clause 6): octets to a struct and back.
 *
 *   TPKT  | 03 | 00 | length, 2 octets, of the whole TPKT |
 *   CR/CC | LI | E0/D0 | dst-ref | src-ref | class 00 | parameters
 *   DR    | LI | 80 | dst-ref | src-ref | reason | parameters
 *   DT    | 02 | F0 | EOT 80 or 00 | data
 *   ER    | LI | 70 | dst-ref | cause | parameters
 */
#ifndef OSI_TPDU_H
#define OSI_TPDU_H

#include "osi/primitives.h"

enum {
    TPKT_HEADER = 4,
    TPKT_SMALLEST = 7, /* the header and an empty DT */
    TPKT_LARGEST = 65535,
    TPDU_DT_HEADER = 3,
    TPDU_SIZE_SMALLEST = 128,
    TPDU_SIZE_CODED_LARGEST = 8192, /* the largest that parameter 0xC0 can say */
    TPDU_SIZE_LARGEST = 65531,      /* what a TPKT can hold, the default of RFC 1006 */
    TPDU_SIZE_UNIT = 128,           /* of parameter 0xF0, preferred maximum TPDU size */
    TPDU_CONTROL_LIMIT = 128        /* octets of the largest CR, CC, DR or ER that is sent, TPKT included */
};

typedef enum tpdu_type_t {
    TPDU_CR = 0xE0,
    TPDU_CC = 0xD0,
    TPDU_DR = 0x80,
    TPDU_DT = 0xF0,
    TPDU_ER = 0x70
} tpdu_type_t;

/* X.224 13.12: reject causes of an ER. */
typedef enum tpdu_cause_t {
    TPDU_CAUSE_NOT_SPECIFIED = 0,
    TPDU_CAUSE_PARAMETER_CODE = 1,
    TPDU_CAUSE_TYPE = 2,
    TPDU_CAUSE_PARAMETER_VALUE = 3
} tpdu_cause_t;

typedef struct tpdu_t {
    tpdu_type_t type;
    uint16_t destination_reference;
    uint16_t source_reference;
    bool class_zero;      /* CR: class 0 is preferred or an alternative; CC: class 0 was chosen */
    uint8_t reason;       /* DR: reason; ER: cause */
    bytes_t calling_tsel; /* CR, CC: absent = empty */
    bytes_t called_tsel;
    unsigned size;           /* 0xC0 in octets, 0 = absent */
    unsigned preferred_size; /* 0xF0 in octets, 0 = absent; at most TPDU_SIZE_LARGEST */
    bytes_t rejected;        /* ER: the rejected TPDU as far as the peer gave it back */
    bool end_of_tsdu;        /* DT */
    bytes_t data;            /* DT */
} tpdu_t;

/* Looks at the TPKT header at the front of input (RFC 1006 clause 6). Returns the octets of the whole TPKT;
 * 0 if fewer than four octets are there; -1 if it is none (version not 3, length below 7). The reserved octet
 * is not looked at. */
int tpkt_length(bytes_t input);

/* Reads one TPDU; its ranges lie in octets. Returns NULL, or in words what is wrong with it and the cause
 * for an ER. Unknown parameters are skipped (X.224 13.2.3). */
const char *tpdu_decode(bytes_t octets, tpdu_t *tpdu, tpdu_cause_t *cause);

/* Writes the TPKT with a CR, CC, DR or ER into out; returns its octets. Selectors longer than OSI_TSEL_LIMIT
 * and rejected octets past 32 are cut off. */
size_t tpdu_encode(const tpdu_t *tpdu, uint8_t out[TPDU_CONTROL_LIMIT]);

/* Writes the seven octets in front of the data of a DT. length is at most TPDU_SIZE_LARGEST - 3. */
void tpdu_encode_data_header(size_t length, bool end_of_tsdu, uint8_t out[TPKT_SMALLEST]);

/* The largest power of two from 128 to 8192 that is not above size; 128 if size is smaller. */
unsigned tpdu_coded_size(unsigned size);

#endif
