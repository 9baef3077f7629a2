/* X.226 presentation PDUs as an RTSE association uses them, in normal mode and in X.410-1984 mode: CP, CPA,
 * CPR, ARU, ARP and User-data, and the negotiation of presentation contexts. A pure codec: what is read are
 * ranges into the input (or joined in a pool), what is written goes to a BER writer. The kernel functional
 * unit has no states of its own: each PPDU rides on one session primitive, and the session machine orders
 * those. */
#ifndef OSI_PRESENTATION_H
#define OSI_PRESENTATION_H

#include "ber/reader.h"
#include "ber/writer.h"
#include "osi/primitives.h"

enum {
    PRESENTATION_CONTEXT_LIMIT = 16, /* contexts of a definition list that are looked at */
    PRESENTATION_SYNTAX_LIMIT = 4,   /* transfer syntaxes of one context that are kept */
    PRESENTATION_PDV_LIMIT = 4,      /* presentation data values in one User-data */
    PRESENTATION_ID_MAXIMUM = 0x7FFF /* largest context identifier taken (they are odd numbers from 1) */
};

typedef enum presentation_kind_t {
    PRESENTATION_CP,
    PRESENTATION_CPA,
    PRESENTATION_CPR,
    PRESENTATION_ARU,
    PRESENTATION_ARP
} presentation_kind_t;

/* X.226 8.2: Result and its provider reasons. */
enum { PRESENTATION_ACCEPTANCE = 0, PRESENTATION_USER_REJECTION = 1, PRESENTATION_PROVIDER_REJECTION = 2 };
enum {
    PRESENTATION_REASON_NOT_SPECIFIED = 0,
    PRESENTATION_ABSTRACT_SYNTAX_NOT_SUPPORTED = 1,
    PRESENTATION_TRANSFER_SYNTAXES_NOT_SUPPORTED = 2,
    PRESENTATION_LOCAL_LIMIT = 3
};
/* Provider-reason of a CPR. */
enum { PRESENTATION_USER_DATA_NOT_READABLE = 6 };
/* Abort-reason of an ARP. */
enum {
    PRESENTATION_ABORT_NOT_SPECIFIED = 0,
    PRESENTATION_ABORT_UNRECOGNIZED_PPDU = 1,
    PRESENTATION_ABORT_UNEXPECTED_PPDU = 2,
    PRESENTATION_ABORT_INVALID_VALUE = 6
};

/* One element of a context definition list (CP), a result list (CPA, CPR), or an ARU's identifier list. */
typedef struct presentation_context_t {
    int64_t id;                                         /* CP, ARU */
    bytes_t abstract_syntax;                            /* CP: contents octets of the object identifier */
    bytes_t transfer_syntax[PRESENTATION_SYNTAX_LIMIT]; /* CP: offered; results and ARU: the one */
    unsigned transfer_syntaxes;
    int64_t result; /* results */
    int64_t reason; /* results: provider reason, -1 = absent */
} presentation_context_t;

typedef struct presentation_pdv_t {
    int64_t id;
    bytes_t value; /* the encoding of the value, whichever of the two alternatives carried it */
} presentation_pdv_t;

typedef struct presentation_user_data_t {
    presentation_pdv_t pdv[PRESENTATION_PDV_LIMIT];
    unsigned count;
} presentation_user_data_t;

typedef struct presentation_ppdu_t {
    presentation_kind_t kind;
    bool x410;                /* X.410-1984 mode: parameters holds all that there is */
    bytes_t parameters;       /* X.410: contents of the SET of RTORQ, RTOAC, RTORJ or RTAB */
    bytes_t calling_selector; /* CP */
    bytes_t called_selector;  /* CP: called; CPA, CPR: responding */
    presentation_context_t context[PRESENTATION_CONTEXT_LIMIT];
    unsigned contexts;
    unsigned contexts_beyond; /* CP: contexts after the limit; each gets the result "local limit" */
    int64_t provider_reason;  /* CPR, ARP: -1 = absent */
    int64_t event;            /* ARP: -1 = absent */
    presentation_user_data_t user_data;
} presentation_ppdu_t;

/* The basic encoding {2 1 1}: contents octets of its object identifier. */
extern const bytes_t presentation_ber;

/* Prepares an empty PPDU of kind (absent parameters as such). */
void presentation_ppdu_init(presentation_ppdu_t *ppdu, presentation_kind_t kind, bool x410);

/* Reads the user data of S-CONNECT (request: CP; accept: CPA; refuse: CPR) or S-U-ABORT (ARU or ARP, told
 * apart here). The mode is recognised from the octets, bare X.410 parameters included. False: *fault says
 * what is wrong. Strings in several segments are joined in pool. */
bool presentation_read_connect(bytes_t input, presentation_kind_t kind, apr_pool_t *pool,
                               presentation_ppdu_t *ppdu, ber_fault_t *fault);
bool presentation_read_abort(bytes_t input, apr_pool_t *pool, presentation_ppdu_t *ppdu, ber_fault_t *fault);

/* Writes ppdu; in X.410 mode around or as the SET whose contents are in parameters. */
void presentation_write(ber_writer_t *writer, const presentation_ppdu_t *ppdu);

/* User-data (X.226 8.4.2, fully encoded only): all SSDUs of the data phase in normal mode. pool NULL: an
 * octet-aligned value in several segments is a fault. */
bool presentation_read_user_data(bytes_t input, apr_pool_t *pool, presentation_user_data_t *data,
                                 ber_fault_t *fault);
void presentation_write_user_data(ber_writer_t *writer, const presentation_user_data_t *data);

/* The octets that go in front of one value of length octets in context id, so that value need not be copied;
 * returns how many were put into header. */
enum { PRESENTATION_HEADER_SIZE = 40 };
size_t presentation_data_header(uint8_t header[PRESENTATION_HEADER_SIZE], int64_t id, size_t length);

/* The words for results and reasons. */
const char *presentation_result_text(int64_t result, int64_t reason);
const char *presentation_refuse_text(int64_t provider_reason);
const char *presentation_abort_text(int64_t reason);

#endif
