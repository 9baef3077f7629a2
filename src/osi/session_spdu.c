#include "osi/session_spdu.h"

/* X.225 tables 11 to 36: codes of parameter groups and parameters. */
enum {
    PGI_CONNECTION_ID = 1,
    PGI_CONNECT_ITEM = 5,
    PI_CALLED_REFERENCE = 9,
    PI_CALLING_REFERENCE = 10,
    PI_COMMON_REFERENCE = 11,
    PI_ADDITIONAL_REFERENCE = 12,
    PI_SYNC_TYPE = 15,
    PI_TOKEN_ITEM = 16,
    PI_DISCONNECT = 17,
    PI_OPTIONS = 19,
    PI_REQUIREMENTS = 20,
    PI_TSDU_MAXIMUM = 21,
    PI_VERSION = 22,
    PI_INITIAL_SERIAL = 23,
    PI_ENCLOSURE = 25,
    PI_TOKEN_SETTING = 26,
    PGI_LINKING = 33,
    PI_ACTIVITY = 41,
    PI_SERIAL = 42,
    PI_REFLECT = 49,
    PI_REASON = 50,
    PI_CALLING_SSEL = 51,
    PI_CALLED_SSEL = 52,
    PI_OVERFLOW = 60,
    PGI_USER_DATA = 193,
    PGI_EXTENDED_USER_DATA = 194,
    SERIAL_DIGITS = 6
};

typedef struct spdu_info_t {
    const char *name;
    uint8_t identifier;
    uint8_t category;
    bool follows_please;
    unsigned mandatory; /* parameters that must be there */
} spdu_info_t;

static const spdu_info_t infos[SESSION_SPDU_TYPES] = {
    [SPDU_CN] = {"CN", 13, 1, false, 0},
    [SPDU_OA] = {"OA", 16, 1, false, SPDU_HAS_VERSION},
    [SPDU_CDO] = {"CDO", 15, 1, false, SPDU_HAS_ENCLOSURE},
    [SPDU_AC] = {"AC", 14, 1, false, 0},
    [SPDU_RF] = {"RF", 12, 1, false, 0},
    [SPDU_FN] = {"FN", 9, 1, false, 0},
    [SPDU_DN] = {"DN", 10, 1, false, 0},
    [SPDU_AB] = {"AB", 25, 1, false, SPDU_HAS_DISCONNECT},
    [SPDU_AA] = {"AA", 26, 1, false, 0},
    [SPDU_DT] = {"DT", 1, 2, false, 0},
    [SPDU_TD] = {"TD", 33, 1, false, 0},
    [SPDU_GT] = {"GT", 1, 0, false, 0},
    [SPDU_PT] = {"PT", 2, 0, false, 0},
    [SPDU_GTC] = {"GTC", 21, 1, false, 0},
    [SPDU_GTA] = {"GTA", 22, 1, false, 0},
    [SPDU_MIP] = {"MIP", 49, 2, false, SPDU_HAS_SERIAL},
    [SPDU_MIA] = {"MIA", 50, 2, true, SPDU_HAS_SERIAL},
    [SPDU_AS] = {"AS", 45, 2, false, SPDU_HAS_ACTIVITY},
    [SPDU_AR] = {"AR", 29, 2, false,
                 SPDU_HAS_ACTIVITY | SPDU_HAS_LINKING | SPDU_HAS_OLD_ACTIVITY | SPDU_HAS_SERIAL},
    [SPDU_AI] = {"AI", 25, 2, false, 0},
    [SPDU_AIA] = {"AIA", 26, 2, true, 0},
    [SPDU_AD] = {"AD", 57, 2, false, 0},
    [SPDU_ADA] = {"ADA", 58, 2, true, 0},
    [SPDU_AE] = {"AE", 41, 2, false, SPDU_HAS_SERIAL},
    [SPDU_AEA] = {"AEA", 42, 2, true, SPDU_HAS_SERIAL},
    [SPDU_ED] = {"ED", 48, 2, true, SPDU_HAS_REASON},
    [SPDU_ER] = {"ER", 0, 2, true, 0},
    [SPDU_OTHER] = {"an SPDU of another functional unit", 0, 1, false, 0},
};

int session_spdu_category(session_spdu_type_t type)
{
    return infos[type].category;
}

bool session_spdu_follows_please(session_spdu_type_t type)
{
    return infos[type].follows_please;
}

const char *session_spdu_name(session_spdu_type_t type)
{
    return infos[type].name;
}

/* The SPDU that an SI octet means in its place. */
static bool type_of_identifier(uint8_t identifier, bool leading, session_spdu_type_t *type)
{
    /* NF, EX, PR, RA, RS, CD, CDA: SPDUs of X.225 that none of our functional units has. */
    static const uint8_t others[] = {8, 5, 7, 34, 53, 61, 62};
    for (unsigned i = 0; i < SPDU_OTHER; i++) {
        if (infos[i].identifier != identifier)
            continue;
        bool shared = identifier == 1 || identifier == 25 || identifier == 26;
        if (shared && leading == (infos[i].category == 2))
            continue;
        *type = (session_spdu_type_t)i;
        return true;
    }
    *type = SPDU_OTHER;
    return memchr(others, identifier, sizeof(others)) != NULL;
}

/* Takes an identifier and a length indicator (X.225 8.2.5) off input; false if it is cut off. */
static bool read_unit(bytes_t *input, uint8_t *identifier, bytes_t *value)
{
    if (input->length < 2)
        return false;
    *identifier = input->data[0];
    size_t head = 2;
    size_t length = input->data[1];
    if (length == 255) {
        if (input->length < 4)
            return false;
        length = (size_t)input->data[2] << 8 | input->data[3];
        head = 4;
    }
    if (length > input->length - head)
        return false;
    *value = bytes_slice(*input, head, length);
    *input = bytes_slice(*input, head + length, input->length);
    return true;
}

static const char *read_octets(bytes_t value, uint8_t *octets, size_t limit, uint8_t *length)
{
    if (value.length > limit)
        return "a parameter is longer than X.225 allows";
    memcpy(octets, value.data, value.length);
    *length = (uint8_t)value.length;
    return NULL;
}

static const char *read_octet(bytes_t value, uint8_t *octet)
{
    if (value.length != 1)
        return "a parameter of one octet has another length";
    *octet = value.data[0];
    return NULL;
}

/* Serial numbers are one to six digits (X.225 8.3.1.14). */
static const char *read_serial(bytes_t value, unsigned *serial)
{
    if (value.length > SERIAL_DIGITS)
        return "a serial number has more than six digits";
    *serial = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return "a serial number has something other than digits";
        *serial = *serial * 10 + (unsigned)(value.data[i] - '0');
    }
    return NULL;
}

static const char *read_tsdu_maximum(session_spdu_t *spdu, bytes_t value)
{
    if (value.length != 4)
        return "the TSDU maximum size has not four octets";
    spdu->tsdu_maximum_to_acceptor = (uint16_t)(value.data[0] << 8 | value.data[1]);
    spdu->tsdu_maximum_to_initiator = (uint16_t)(value.data[2] << 8 | value.data[3]);
    return NULL;
}

static const char *read_requirements(session_spdu_t *spdu, bytes_t value)
{
    if (value.length != 2)
        return "the session user requirements have not two octets";
    spdu->requirements = (unsigned)(value.data[0] << 8 | value.data[1]);
    return NULL;
}

/* The reason code: in an RF, user data may follow the first octet (X.225 8.3.5.10). */
static const char *read_reason(session_spdu_t *spdu, bytes_t value)
{
    if (spdu->type != SPDU_RF)
        return read_octet(value, &spdu->reason);
    spdu->reason = value.data[0];
    spdu->user_data = bytes_slice(value, 1, value.length);
    return NULL;
}

static const char *read_activity(session_spdu_t *spdu, unsigned group, bytes_t value)
{
    osi_activity_id_t *id = group == PGI_LINKING ? &spdu->old_activity : &spdu->activity;
    return read_octets(value, id->octets, OSI_ACTIVITY_ID_LIMIT, &id->length);
}

/* The bit of session_spdu_t.present for a parameter; 0 for one that is not known here. */
static unsigned parameter_bit(unsigned group, unsigned identifier)
{
    switch (identifier) {
    case PI_CALLED_REFERENCE:
    case PI_CALLING_REFERENCE:
    case PI_COMMON_REFERENCE:
    case PI_ADDITIONAL_REFERENCE: return group == PGI_LINKING ? SPDU_HAS_LINKING : SPDU_HAS_CONNECTION_ID;
    case PI_SYNC_TYPE: return SPDU_HAS_SYNC_TYPE;
    case PI_TOKEN_ITEM: return SPDU_HAS_TOKEN_ITEM;
    case PI_DISCONNECT: return SPDU_HAS_DISCONNECT;
    case PI_OPTIONS: return SPDU_HAS_OPTIONS;
    case PI_REQUIREMENTS: return SPDU_HAS_REQUIREMENTS;
    case PI_TSDU_MAXIMUM: return SPDU_HAS_TSDU_MAXIMUM;
    case PI_VERSION: return SPDU_HAS_VERSION;
    case PI_INITIAL_SERIAL: return SPDU_HAS_INITIAL_SERIAL;
    case PI_ENCLOSURE: return SPDU_HAS_ENCLOSURE;
    case PI_TOKEN_SETTING: return SPDU_HAS_TOKEN_SETTING;
    case PI_ACTIVITY: return group == PGI_LINKING ? SPDU_HAS_OLD_ACTIVITY : SPDU_HAS_ACTIVITY;
    case PI_SERIAL: return SPDU_HAS_SERIAL;
    case PI_REFLECT: return SPDU_HAS_REFLECT;
    case PI_REASON: return SPDU_HAS_REASON;
    case PI_CALLING_SSEL: return SPDU_HAS_CALLING_SSEL;
    case PI_CALLED_SSEL: return SPDU_HAS_CALLED_SSEL;
    case PI_OVERFLOW: return SPDU_HAS_OVERFLOW;
    case PGI_USER_DATA:
    case PGI_EXTENDED_USER_DATA: return SPDU_HAS_USER_DATA;
    default: return 0;
    }
}

static const char *read_value(session_spdu_t *spdu, unsigned group, unsigned identifier, bytes_t value)
{
    uint8_t overflow;
    switch (identifier) {
    case PI_CALLED_REFERENCE:
        return read_octets(value, spdu->called_reference.octets, OSI_REFERENCE_LIMIT,
                           &spdu->called_reference.length);
    case PI_CALLING_REFERENCE:
        return read_octets(value, spdu->calling_reference.octets, OSI_REFERENCE_LIMIT,
                           &spdu->calling_reference.length);
    case PI_COMMON_REFERENCE:
        return read_octets(value, spdu->common_reference.octets, OSI_REFERENCE_LIMIT,
                           &spdu->common_reference.length);
    case PI_ADDITIONAL_REFERENCE:
        return read_octets(value, spdu->additional, OSI_ADDITIONAL_REFERENCE_LIMIT, &spdu->additional_length);
    case PI_SYNC_TYPE: return read_octet(value, &spdu->sync_type);
    case PI_TOKEN_ITEM: return read_octet(value, &spdu->token_item);
    case PI_DISCONNECT: return read_octet(value, &spdu->disconnect);
    case PI_OPTIONS: return read_octet(value, &spdu->options);
    case PI_REQUIREMENTS: return read_requirements(spdu, value);
    case PI_TSDU_MAXIMUM: return read_tsdu_maximum(spdu, value);
    case PI_VERSION: return read_octet(value, &spdu->versions);
    case PI_INITIAL_SERIAL: return read_serial(value, &spdu->initial_serial);
    case PI_ENCLOSURE: return read_octet(value, &spdu->enclosure);
    case PI_TOKEN_SETTING: return read_octet(value, &spdu->token_setting);
    case PI_ACTIVITY: return read_activity(spdu, group, value);
    case PI_SERIAL: return read_serial(value, &spdu->serial);
    case PI_REFLECT: return read_octets(value, spdu->reflect, SPDU_REFLECT_LIMIT, &spdu->reflect_length);
    case PI_REASON: return read_reason(spdu, value);
    case PI_CALLING_SSEL:
        return read_octets(value, spdu->calling_ssel.octets, OSI_SSEL_LIMIT, &spdu->calling_ssel.length);
    case PI_CALLED_SSEL:
        return read_octets(value, spdu->called_ssel.octets, OSI_SSEL_LIMIT, &spdu->called_ssel.length);
    case PI_OVERFLOW: return read_octet(value, &overflow);
    default: spdu->user_data = value; return NULL; /* PGI_USER_DATA, PGI_EXTENDED_USER_DATA */
    }
}

static const char *read_parameters(session_spdu_t *spdu, unsigned group, bytes_t octets)
{
    while (octets.length > 0) {
        uint8_t identifier;
        bytes_t value;
        if (!read_unit(&octets, &identifier, &value))
            return "a parameter runs past the end of its SPDU";
        if (value.length == 0)
            continue;
        bool is_group =
            identifier == PGI_CONNECTION_ID || identifier == PGI_CONNECT_ITEM || identifier == PGI_LINKING;
        if (is_group && group != 0)
            return "a parameter group lies in another";
        if (is_group) {
            if (identifier == PGI_LINKING)
                spdu->present |= SPDU_HAS_LINKING;
            const char *wrong = read_parameters(spdu, identifier, value);
            if (wrong)
                return wrong;
            continue;
        }
        unsigned bit = parameter_bit(group, identifier);
        if (bit == 0)
            continue;
        const char *wrong = read_value(spdu, group, identifier, value);
        if (wrong)
            return wrong;
        if (bit != SPDU_HAS_OVERFLOW || value.data[0] & 1)
            spdu->present |= bit;
    }
    return NULL;
}

const char *session_spdu_decode(session_spdu_t *spdu, bytes_t *input, bool leading)
{
    memset(spdu, 0, sizeof(*spdu));
    uint8_t identifier;
    bytes_t parameters;
    if (!read_unit(input, &identifier, &parameters))
        return "an SPDU is longer than its TSDU";
    if (!type_of_identifier(identifier, leading, &spdu->type))
        return "the SPDU identifier is unknown";
    const char *wrong = read_parameters(spdu, 0, parameters);
    if (wrong)
        return wrong;
    if ((spdu->type == SPDU_AE || spdu->type == SPDU_AEA) && spdu->sync_type & SPDU_SYNC_NOT_EXPLICIT)
        spdu->type = SPDU_OTHER; /* 8.3.23: the activity does not end, it is a major synchronization point */
    /* Of an SPDU in segments the first has the parameters (X.225 6.3.5). */
    bool continues = spdu->present & SPDU_HAS_ENCLOSURE && !(spdu->enclosure & SPDU_ENCLOSURE_BEGIN) &&
                     spdu->type != SPDU_CDO;
    if (!continues && (spdu->present & infos[spdu->type].mandatory) != infos[spdu->type].mandatory)
        return "a mandatory parameter is missing";
    if (spdu->type == SPDU_DT || spdu->type == SPDU_TD) {
        spdu->user_data = *input;
        spdu->present |= SPDU_HAS_USER_DATA;
        *input = BYTES_NONE;
    }
    return NULL;
}

static uint8_t *put_octets(uint8_t *p, uint8_t identifier, const uint8_t *octets, size_t length)
{
    *p++ = identifier;
    *p++ = (uint8_t)length;
    memcpy(p, octets, length);
    return p + length;
}

static uint8_t *put_octet(uint8_t *p, uint8_t identifier, uint8_t octet)
{
    return put_octets(p, identifier, &octet, 1);
}

static uint8_t *put_serial(uint8_t *p, uint8_t identifier, unsigned serial)
{
    uint8_t digits[SERIAL_DIGITS];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (uint8_t)('0' + serial % 10);
        serial /= 10;
    } while (serial > 0 && at > 0);
    return put_octets(p, identifier, digits + at, sizeof(digits) - at);
}

static uint8_t *put_reference(uint8_t *p, uint8_t identifier, const osi_octets64_t *reference)
{
    return reference->length > 0 ? put_octets(p, identifier, reference->octets, reference->length) : p;
}

/* Sets the length of the group whose head is the two octets at group; no group is longer than 254. */
static uint8_t *end_group(uint8_t *group, uint8_t *p)
{
    group[1] = (uint8_t)(p - group - 2);
    return p;
}

static uint8_t *put_references(uint8_t *p, const session_spdu_t *spdu)
{
    p = put_reference(p, PI_CALLED_REFERENCE, &spdu->called_reference);
    p = put_reference(p, PI_CALLING_REFERENCE, &spdu->calling_reference);
    p = put_reference(p, PI_COMMON_REFERENCE, &spdu->common_reference);
    if (spdu->additional_length > 0)
        p = put_octets(p, PI_ADDITIONAL_REFERENCE, spdu->additional, spdu->additional_length);
    return p;
}

static uint8_t *put_tsdu_maximum(uint8_t *p, const session_spdu_t *spdu)
{
    uint8_t octets[4] = {
        (uint8_t)(spdu->tsdu_maximum_to_acceptor >> 8), (uint8_t)spdu->tsdu_maximum_to_acceptor,
        (uint8_t)(spdu->tsdu_maximum_to_initiator >> 8), (uint8_t)spdu->tsdu_maximum_to_initiator};
    return put_octets(p, PI_TSDU_MAXIMUM, octets, sizeof(octets));
}

/* The connect/accept item of CN and AC (X.225 tables 11 and 14). */
static uint8_t *put_connect_item(uint8_t *p, const session_spdu_t *spdu)
{
    uint8_t *group = p;
    *p++ = PGI_CONNECT_ITEM;
    *p++ = 0;
    if (spdu->present & SPDU_HAS_OPTIONS)
        p = put_octet(p, PI_OPTIONS, spdu->options);
    if (spdu->present & SPDU_HAS_TSDU_MAXIMUM)
        p = put_tsdu_maximum(p, spdu);
    if (spdu->present & SPDU_HAS_VERSION)
        p = put_octet(p, PI_VERSION, spdu->versions);
    if (spdu->present & SPDU_HAS_INITIAL_SERIAL)
        p = put_serial(p, PI_INITIAL_SERIAL, spdu->initial_serial);
    if (spdu->present & SPDU_HAS_TOKEN_SETTING)
        p = put_octet(p, PI_TOKEN_SETTING, spdu->token_setting);
    return p - group == 2 ? group : end_group(group, p);
}

/* The groups, which come first. */
static uint8_t *put_groups(uint8_t *p, const session_spdu_t *spdu)
{
    uint8_t *group = p;
    switch (spdu->type) {
    case SPDU_CN:
    case SPDU_AC:
    case SPDU_RF:
        if (spdu->present & SPDU_HAS_CONNECTION_ID) {
            *p++ = PGI_CONNECTION_ID;
            p = end_group(group, put_references(p + 1, spdu));
        }
        return spdu->type == SPDU_RF ? p : put_connect_item(p, spdu);
    case SPDU_OA:
        if (spdu->present & SPDU_HAS_TSDU_MAXIMUM)
            p = put_tsdu_maximum(p, spdu);
        return put_octet(p, PI_VERSION, spdu->versions);
    case SPDU_AR:
        *p++ = PGI_LINKING;
        p = put_references(p + 1, spdu);
        p = put_octets(p, PI_ACTIVITY, spdu->old_activity.octets, spdu->old_activity.length);
        return end_group(group, put_serial(p, PI_SERIAL, spdu->serial));
    default: return p;
    }
}

/* The single parameters, in the order of their codes except as the tables of 8.3 have it. */
static uint8_t *put_singles(uint8_t *p, const session_spdu_t *spdu)
{
    unsigned present = spdu->present;
    if (present & SPDU_HAS_SYNC_TYPE)
        p = put_octet(p, PI_SYNC_TYPE, spdu->sync_type);
    if (present & SPDU_HAS_TOKEN_ITEM)
        p = put_octet(p, PI_TOKEN_ITEM, spdu->token_item);
    if (present & SPDU_HAS_DISCONNECT)
        p = put_octet(p, PI_DISCONNECT, spdu->disconnect);
    if (present & SPDU_HAS_REQUIREMENTS) {
        uint8_t octets[2] = {(uint8_t)(spdu->requirements >> 8), (uint8_t)spdu->requirements};
        p = put_octets(p, PI_REQUIREMENTS, octets, 2);
    }
    if (present & SPDU_HAS_VERSION && spdu->type == SPDU_RF)
        p = put_octet(p, PI_VERSION, spdu->versions);
    if (present & SPDU_HAS_ACTIVITY)
        p = put_octets(p, PI_ACTIVITY, spdu->activity.octets, spdu->activity.length);
    if (present & SPDU_HAS_SERIAL && spdu->type != SPDU_AR)
        p = put_serial(p, PI_SERIAL, spdu->serial);
    if (present & SPDU_HAS_REFLECT)
        p = put_octets(p, PI_REFLECT, spdu->reflect, spdu->reflect_length);
    if (present & SPDU_HAS_REASON && spdu->type != SPDU_RF)
        p = put_octet(p, PI_REASON, spdu->reason);
    if (present & SPDU_HAS_CALLING_SSEL)
        p = put_octets(p, PI_CALLING_SSEL, spdu->calling_ssel.octets, spdu->calling_ssel.length);
    if (present & SPDU_HAS_CALLED_SSEL)
        p = put_octets(p, PI_CALLED_SSEL, spdu->called_ssel.octets, spdu->called_ssel.length);
    if (present & SPDU_HAS_OVERFLOW)
        p = put_octet(p, PI_OVERFLOW, 1);
    if (present & SPDU_HAS_ENCLOSURE)
        p = put_octet(p, PI_ENCLOSURE, spdu->enclosure);
    return p;
}

static size_t length_size(size_t length)
{
    return length < 255 ? 1 : 3;
}

static uint8_t *put_length(uint8_t *p, size_t length)
{
    if (length >= 255) {
        *p++ = 255;
        *p++ = (uint8_t)(length >> 8);
    }
    *p++ = (uint8_t)length;
    return p;
}

size_t session_spdu_encode(const session_spdu_t *spdu, size_t user_data_length, uint8_t out[SPDU_HEAD_LIMIT])
{
    uint8_t parameters[SPDU_HEAD_LIMIT];
    uint8_t *end = put_singles(put_groups(parameters, spdu), spdu);
    bool information = spdu->type == SPDU_DT || spdu->type == SPDU_TD;
    size_t counted = information ? 0 : user_data_length;
    if (counted > SPDU_PARAMETERS_LIMIT)
        return 0;
    if (spdu->type == SPDU_RF && spdu->present & SPDU_HAS_REASON) {
        *end++ = PI_REASON;
        end = put_length(end, counted + 1);
        *end++ = spdu->reason;
    } else if (counted > 0) {
        *end++ =
            spdu->type == SPDU_CN && counted > SPDU_USER_DATA_LIMIT ? PGI_EXTENDED_USER_DATA : PGI_USER_DATA;
        end = put_length(end, counted);
    }
    size_t head = (size_t)(end - parameters);
    if (head + counted > SPDU_PARAMETERS_LIMIT)
        return 0;
    out[0] = infos[spdu->type].identifier;
    uint8_t *p = put_length(out + 1, head + counted);
    memcpy(p, parameters, head);
    return 1 + length_size(head + counted) + head;
}
