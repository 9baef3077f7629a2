/* The APDUs of X.228 that open, refuse and abort an association, in normal mode and as the parameters of the
 * X.410-1984 mode (where RTORQ is PConnect, RTOAC is PAccept, RTORJ is PRefuse, RTAB is AbortInformation). */
#ifndef OSI_RTSE_APDU_H
#define OSI_RTSE_APDU_H

#include "ber/reader.h"
#include "ber/writer.h"
#include "osi/primitives.h"

typedef enum rtse_kind_t {
    RTSE_RTORQ = 16, /* the numbers are those of the normal mode's tags */
    RTSE_RTOAC = 17,
    RTSE_RTORJ = 18,
    RTSE_RTAB = 22
} rtse_kind_t;

/* X.228 clause 9: defaults of absent parameters. */
enum { RTSE_DEFAULT_CHECKPOINT = 0, RTSE_DEFAULT_WINDOW = 3, RTSE_MONOLOGUE = 0, RTSE_TWO_WAY_ALTERNATE = 1 };
enum {
    RTSE_PROTOCOL_1984 = 1,
    RTSE_PROTOCOL_1988 = 12,
    RTSE_PROTOCOL_1988_SWAPPED = 3072 /* 12 with its octets swapped, as PP sends it */
};

typedef struct rtse_apdu_t {
    rtse_kind_t kind;
    int64_t checkpoint_size; /* RTORQ, RTOAC */
    int64_t window_size;
    int64_t dialogue_mode;        /* RTORQ */
    int64_t application_protocol; /* RTORQ, -1 = absent */
    bool recover;                 /* RTORQ, RTOAC: connection data is `recover`, else `open` */
    osi_connection_id_t connection_id;
    bool has_user_data; /* open, userDataRJ, userdataAB: a value; false = [0] NULL or absent */
    bytes_t user_data;
    int64_t reason; /* RTORJ, RTAB: -1 = absent */
    int reflected;  /* RTAB: reflected parameter, first 8 bits; -1 = absent */
} rtse_apdu_t;

void rtse_apdu_init(rtse_apdu_t *apdu, rtse_kind_t kind);
/* The contents of the SET (X.410 mode), or the whole tagged APDU (normal mode; must be of kind). */
bool rtse_apdu_read_contents(bytes_t contents, rtse_kind_t kind, apr_pool_t *pool, rtse_apdu_t *apdu,
                             ber_fault_t *fault);
bool rtse_apdu_read(bytes_t input, rtse_kind_t kind, apr_pool_t *pool, rtse_apdu_t *apdu, ber_fault_t *fault);
void rtse_apdu_write_contents(ber_writer_t *writer, const rtse_apdu_t *apdu);
void rtse_apdu_write(ber_writer_t *writer, const rtse_apdu_t *apdu);

/* The words for reasons. */
const char *rtse_refuse_text(int64_t reason);
const char *rtse_abort_text(int64_t reason);

#endif
