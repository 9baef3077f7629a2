/* The SPDUs of X.225 clause 8: octets to a struct and back.
 *
 *   SPDU  | SI | LI | parameters (PGI and PI units) | user information (DT and TD only) |
 *   unit  | PI | LI | value |        LI: one octet to 254, or FF and two octets
 *
 * The user data are always the last parameter (or the user information), so an encoder makes only the octets
 * in front of them. SPDUs of category 2 follow a GT or PT in their TSDU (basic concatenation, 6.3.7): there
 * SI 1, 25 and 26 mean DT, AI and AIA, while alone or in front they mean GT, AB and AA. */
#ifndef OSI_SESSION_SPDU_H
#define OSI_SESSION_SPDU_H

#include "osi/primitives.h"

typedef enum session_spdu_type_t {
    SPDU_CN,
    SPDU_OA,
    SPDU_CDO,
    SPDU_AC,
    SPDU_RF,
    SPDU_FN,
    SPDU_DN,
    SPDU_AB,
    SPDU_AA,
    SPDU_DT,
    SPDU_TD,
    SPDU_GT,
    SPDU_PT,
    SPDU_GTC,
    SPDU_GTA,
    SPDU_MIP,
    SPDU_MIA,
    SPDU_AS,
    SPDU_AR,
    SPDU_AI,
    SPDU_AIA,
    SPDU_AD,
    SPDU_ADA,
    SPDU_AE,
    SPDU_AEA,
    SPDU_ED,
    SPDU_ER,
    SPDU_OTHER /* an SPDU of a functional unit that is not here (NF, EX, CD, CDA, MAP, MAA, RS, RA, PR) */
} session_spdu_type_t;

enum { SESSION_SPDU_TYPES = SPDU_OTHER + 1 };

/* Parameters that may be absent: bits of session_spdu_t.present. */
enum {
    SPDU_HAS_CONNECTION_ID = 0x0001,
    SPDU_HAS_OPTIONS = 0x0002,
    SPDU_HAS_TSDU_MAXIMUM = 0x0004,
    SPDU_HAS_VERSION = 0x0008,
    SPDU_HAS_INITIAL_SERIAL = 0x0010,
    SPDU_HAS_TOKEN_SETTING = 0x0020,
    SPDU_HAS_TOKEN_ITEM = 0x0040,
    SPDU_HAS_REQUIREMENTS = 0x0080,
    SPDU_HAS_CALLING_SSEL = 0x0100,
    SPDU_HAS_CALLED_SSEL = 0x0200,
    SPDU_HAS_DISCONNECT = 0x0400,
    SPDU_HAS_REASON = 0x0800,
    SPDU_HAS_SYNC_TYPE = 0x1000,
    SPDU_HAS_SERIAL = 0x2000,
    SPDU_HAS_ENCLOSURE = 0x4000,
    SPDU_HAS_LINKING = 0x8000,
    SPDU_HAS_ACTIVITY = 0x10000,
    SPDU_HAS_REFLECT = 0x20000,
    SPDU_HAS_OVERFLOW = 0x40000,
    SPDU_HAS_USER_DATA = 0x80000,
    SPDU_HAS_OLD_ACTIVITY = 0x100000
};

/* Bits of the parameters. */
enum {
    SPDU_OPTION_EXTENDED_CONCATENATION = 1,
    SPDU_VERSION_1 = 1,
    SPDU_VERSION_2 = 2,
    SPDU_DISCONNECT_RELEASE = 1, /* the transport connection is released */
    SPDU_DISCONNECT_USER = 2,
    SPDU_DISCONNECT_PROTOCOL_ERROR = 4,
    SPDU_DISCONNECT_NO_REASON = 8,
    SPDU_DISCONNECT_RESTRICTION = 16,
    SPDU_SYNC_NOT_EXPLICIT = 1,
    SPDU_ENCLOSURE_BEGIN = 1,
    SPDU_ENCLOSURE_END = 2,
    /* Token items have two bits a token, token setting items a value of two bits a token. */
    SPDU_TOKEN_DATA = 0x01,
    SPDU_TOKEN_MINOR = 0x04,
    SPDU_TOKEN_MAJOR = 0x10,
    SPDU_TOKEN_RELEASE = 0x40,
    SPDU_SETTING_INITIATOR = 0,
    SPDU_SETTING_ACCEPTOR = 1,
    SPDU_SETTING_CHOICE = 2,
    SPDU_REFLECT_LIMIT = 9,
    SPDU_USER_DATA_LIMIT = 512,            /* of version 1 and of PGI 193 in a CN */
    SPDU_EXTENDED_USER_DATA_LIMIT = 10240, /* of PGI 194 in a CN */
    SPDU_REQUIREMENTS_DEFAULT = 0x0349,    /* X.225 8.3.1.16: where the parameter is absent */
    SPDU_PARAMETERS_LIMIT = 65535,
    SPDU_HEAD_LIMIT = 384 /* octets in front of the user data of the largest SPDU */
};

typedef struct spdu_selector_t {
    uint8_t octets[OSI_SSEL_LIMIT];
    uint8_t length;
} spdu_selector_t;

typedef struct session_spdu_t {
    session_spdu_type_t type;
    unsigned present;
    /* connection identifier of CN, AC, RF; linking information of AR */
    osi_octets64_t calling_reference;
    osi_octets64_t called_reference;
    osi_octets64_t common_reference;
    uint8_t additional[OSI_ADDITIONAL_REFERENCE_LIMIT];
    uint8_t additional_length;
    /* connect/accept item, OA */
    uint8_t options;
    uint16_t tsdu_maximum_to_acceptor; /* octets; 0 = any */
    uint16_t tsdu_maximum_to_initiator;
    uint8_t versions;
    unsigned initial_serial;
    uint8_t token_setting;
    /* single parameters */
    uint8_t token_item;
    unsigned requirements;
    spdu_selector_t calling_ssel;
    spdu_selector_t called_ssel;
    uint8_t disconnect;
    uint8_t reason; /* RF: its first octet, the rest are user data */
    uint8_t sync_type;
    unsigned serial; /* AR: in the linking information */
    uint8_t enclosure;
    osi_activity_id_t activity;
    osi_activity_id_t old_activity;
    uint8_t reflect[SPDU_REFLECT_LIMIT];
    uint8_t reflect_length;
    bytes_t user_data; /* a range of what was decoded */
} session_spdu_t;

/* Takes one SPDU off the front of *input. leading: it is the first of its TSDU. Returns NULL, or what is
 * wrong with it in words (a literal). Unknown parameters are skipped (X.225 8.2.8 leaves room for later
 * versions), a parameter of length 0 counts as absent. */
const char *session_spdu_decode(session_spdu_t *spdu, bytes_t *input, bool leading);

/* Writes the octets in front of user_data_length octets of user data, which the caller appends; returns
 * their number. The lengths count the user data; with user_data_length 0 there is no user data parameter.
 * 0 if the parameters would not fit into SPDU_PARAMETERS_LIMIT. SPDU_OTHER cannot be encoded. */
size_t session_spdu_encode(const session_spdu_t *spdu, size_t user_data_length, uint8_t out[SPDU_HEAD_LIMIT]);

/* 0, 1 or 2 (X.225 6.3.7, table 6). */
int session_spdu_category(session_spdu_type_t type);
/* True for category 2 SPDUs that follow a PT, false for those that follow a GT. */
bool session_spdu_follows_please(session_spdu_type_t type);
/* "CN", "GT" ... for events. */
const char *session_spdu_name(session_spdu_type_t type);

#endif
