#include "osi/tpdu.h"

enum {
    PARAMETER_SIZE = 0xC0,
    PARAMETER_CALLING = 0xC1, /* in an ER: the invalid TPDU */
    PARAMETER_CALLED = 0xC2,
    PARAMETER_ALTERNATIVES = 0xC7,
    PARAMETER_PREFERRED_SIZE = 0xF0,
    SIZE_CODE_SMALLEST = 7,
    SIZE_CODE_LARGEST = 13,
    REJECTED_LIMIT = 32,
    EOT = 0x80
};

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

int tpkt_length(bytes_t input)
{
    if (input.length > 0 && input.data[0] != 3)
        return -1;
    if (input.length < TPKT_HEADER)
        return 0;
    int length = get16(input.data + 2);
    return length < TPKT_SMALLEST ? -1 : length;
}

unsigned tpdu_coded_size(unsigned size)
{
    unsigned coded = TPDU_SIZE_SMALLEST;
    while (coded < TPDU_SIZE_CODED_LARGEST && coded * 2 <= size)
        coded *= 2;
    return coded;
}

/* Parameter 0xF0: a number of one to four octets, in units of 128. */
static const char *read_preferred_size(bytes_t value, unsigned *size)
{
    if (value.length < 1 || value.length > 4)
        return "the preferred maximum TPDU size has not one to four octets";
    uint32_t units = 0;
    for (size_t i = 0; i < value.length; i++)
        units = units << 8 | value.data[i];
    if (units == 0)
        return "the preferred maximum TPDU size is zero";
    *size = units > TPDU_SIZE_LARGEST / TPDU_SIZE_UNIT ? TPDU_SIZE_LARGEST : units * TPDU_SIZE_UNIT;
    return NULL;
}

static const char *read_parameter(tpdu_t *tpdu, unsigned code, bytes_t value)
{
    bool connect = tpdu->type == TPDU_CR || tpdu->type == TPDU_CC;
    if (tpdu->type == TPDU_ER && code == PARAMETER_CALLING)
        tpdu->rejected = value;
    if (!connect)
        return NULL;
    switch (code) {
    case PARAMETER_SIZE:
        if (value.length != 1)
            return "the TPDU size has not one octet";
        if (value.data[0] < SIZE_CODE_SMALLEST || value.data[0] > SIZE_CODE_LARGEST)
            return "the TPDU size is none of 128 to 8192";
        tpdu->size = 1U << value.data[0];
        return NULL;
    case PARAMETER_PREFERRED_SIZE: return read_preferred_size(value, &tpdu->preferred_size);
    case PARAMETER_CALLING: tpdu->calling_tsel = value; return NULL;
    case PARAMETER_CALLED: tpdu->called_tsel = value; return NULL;
    case PARAMETER_ALTERNATIVES:
        for (size_t i = 0; i < value.length; i++)
            if (value.data[i] >> 4 == 0)
                tpdu->class_zero = true;
        return NULL;
    default: return NULL;
    }
}

static const char *read_parameters(tpdu_t *tpdu, bytes_t octets, tpdu_cause_t *cause)
{
    while (octets.length > 0) {
        if (octets.length < 2) {
            *cause = TPDU_CAUSE_PARAMETER_CODE;
            return "a parameter has no length octet";
        }
        size_t length = octets.data[1];
        if (length > octets.length - 2) {
            *cause = TPDU_CAUSE_PARAMETER_VALUE;
            return "a parameter runs past the end of the TPDU header";
        }
        const char *wrong = read_parameter(tpdu, octets.data[0], bytes_slice(octets, 2, length));
        if (wrong) {
            *cause = TPDU_CAUSE_PARAMETER_VALUE;
            return wrong;
        }
        octets = bytes_slice(octets, 2 + length, octets.length);
    }
    return NULL;
}

/* The octets of the fixed part after LI; 0 for a type that class 0 does not have. */
static size_t fixed_length(unsigned type)
{
    switch (type) {
    case TPDU_CR:
    case TPDU_CC:
    case TPDU_DR: return 6;
    case TPDU_DT: return 2;
    case TPDU_ER: return 4;
    default: return 0;
    }
}

const char *tpdu_decode(bytes_t octets, tpdu_t *tpdu, tpdu_cause_t *cause)
{
    *tpdu = (tpdu_t){0};
    *cause = TPDU_CAUSE_PARAMETER_VALUE;
    if (octets.length < 2 || octets.data[0] == 255 || octets.data[0] > octets.length - 1)
        return "the length indicator is longer than the TPDU";
    size_t header = octets.data[0];
    const uint8_t *p = octets.data;
    /* The low four bits of CR and CC are a credit (not used in class 0), those of DT a request for an
     * acknowledgement. */
    unsigned type = p[1] == (TPDU_DT | 1) ? p[1] : p[1] & 0xF0;
    size_t fixed = fixed_length(type);
    if (fixed == 0) {
        *cause = TPDU_CAUSE_TYPE;
        return "the TPDU is none of class 0";
    }
    tpdu->type = (tpdu_type_t)type;
    /* The references come first, so that even a TPDU with a fault behind them can be answered. */
    if (type != TPDU_DT && header >= 3)
        tpdu->destination_reference = get16(p + 2);
    if (fixed == 6 && header >= 5)
        tpdu->source_reference = get16(p + 4);
    if (header < fixed || (type == TPDU_DT && header != fixed))
        return "the length indicator does not fit the type of the TPDU";
    if (type == TPDU_DT) {
        tpdu->end_of_tsdu = p[2] & EOT;
        tpdu->data = bytes_slice(octets, header + 1, octets.length);
        return NULL;
    }
    if (fixed == 6)
        tpdu->class_zero = p[6] >> 4 == 0;
    if (type == TPDU_DR)
        tpdu->reason = p[6];
    if (type == TPDU_ER)
        tpdu->reason = p[4];
    return read_parameters(tpdu, bytes_slice(octets, fixed + 1, header - fixed), cause);
}

static uint8_t *put_parameter(uint8_t *p, uint8_t code, bytes_t value)
{
    *p++ = code;
    *p++ = (uint8_t)value.length;
    if (value.length > 0)
        memcpy(p, value.data, value.length);
    return p + value.length;
}

static uint8_t *put_connect_parameters(uint8_t *p, const tpdu_t *tpdu)
{
    bytes_t calling = bytes_slice(tpdu->calling_tsel, 0, OSI_TSEL_LIMIT);
    bytes_t called = bytes_slice(tpdu->called_tsel, 0, OSI_TSEL_LIMIT);
    if (calling.length > 0)
        p = put_parameter(p, PARAMETER_CALLING, calling);
    if (called.length > 0)
        p = put_parameter(p, PARAMETER_CALLED, called);
    if (tpdu->size > 0) {
        uint8_t code = SIZE_CODE_SMALLEST;
        while (code < SIZE_CODE_LARGEST && 2U << code <= tpdu->size)
            code++;
        p = put_parameter(p, PARAMETER_SIZE, bytes_make(&code, 1));
    }
    if (tpdu->preferred_size > 0) {
        uint8_t units[2];
        put16(units, tpdu->preferred_size / TPDU_SIZE_UNIT);
        p = put_parameter(p, PARAMETER_PREFERRED_SIZE, bytes_make(units, 2));
    }
    return p;
}

size_t tpdu_encode(const tpdu_t *tpdu, uint8_t out[TPDU_CONTROL_LIMIT])
{
    uint8_t *header = out + TPKT_HEADER;
    uint8_t *p = header + 1;
    *p++ = (uint8_t)tpdu->type;
    put16(p, tpdu->destination_reference);
    p += 2;
    if (tpdu->type == TPDU_ER) {
        *p++ = tpdu->reason;
        if (tpdu->rejected.length > 0)
            p = put_parameter(p, PARAMETER_CALLING, bytes_slice(tpdu->rejected, 0, REJECTED_LIMIT));
    } else {
        put16(p, tpdu->source_reference);
        p += 2;
        *p++ = tpdu->type == TPDU_DR ? tpdu->reason : 0; /* class 0, no options */
        if (tpdu->type != TPDU_DR)
            p = put_connect_parameters(p, tpdu);
    }
    header[0] = (uint8_t)(p - header - 1);
    out[0] = 3;
    out[1] = 0;
    put16(out + 2, (size_t)(p - out));
    return (size_t)(p - out);
}

void tpdu_encode_data_header(size_t length, bool end_of_tsdu, uint8_t out[TPKT_SMALLEST])
{
    out[0] = 3;
    out[1] = 0;
    put16(out + 2, length + TPKT_SMALLEST);
    out[4] = 2;
    out[5] = TPDU_DT;
    out[6] = end_of_tsdu ? EOT : 0;
}
