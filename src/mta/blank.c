#include "mta/blank.h"

#include <stdlib.h>

enum {
    TPKT_HEADER = 4,
    TPDU_DT = 0xF0,
    TPDU_EOT = 0x80,
    SPDU_GIVE_TOKENS = 1,
    SPDU_DATA = 1,
    SPDU_ACTIVITY_RESUME = 29,
    SPDU_ACTIVITY_START = 45,
    ENVELOPE_LIMIT = 16 << 20,
    DEPTH = 8,
    MASK = 'X'
};

void blank_init(blank_t *blank, apr_pool_t *pool)
{
    *blank = (blank_t){.mode = X411_MODE_NORMAL, .lost = true};
    apr_pool_create(&blank->pool, pool);
    blank->held = buffer_create(pool, BLANK_HELD_LIMIT);
}

void blank_set_mode(blank_t *blank, x411_mode_t mode)
{
    blank->mode = mode;
}

static void mask(bytes_t range)
{
    /* The octets are this module's own copy. NOLINTNEXTLINE(performance-no-int-to-ptr) */
    uint8_t *octets = (uint8_t *)(uintptr_t)range.data;
    if (octets)
        memset(octets, MASK, range.length);
}

static void begin_transfer(blank_t *blank, bool resumed)
{
    apr_pool_clear(blank->pool);
    blank->lost = resumed;
    blank->stream = apr_palloc(blank->pool, sizeof(*blank->stream));
    x411_stream_init(blank->stream, blank->pool, blank->mode, ENVELOPE_LIMIT);
}

/* Octets of an APDU, in place: masks what is content. */
static void take_apdu(blank_t *blank, bytes_t octets)
{
    bytes_t range;
    while (!blank->lost) {
        bytes_t rest = octets;
        switch (x411_stream_next(blank->stream, &octets, &range)) {
        case X411_STREAM_CONTENT: mask(range); break;
        case X411_STREAM_ENVELOPE:
        case X411_STREAM_OWN:
        case X411_STREAM_APDU: break;
        case X411_STREAM_MORE:
        case X411_STREAM_END:
            if (!octets.length)
                return;
            break;
        case X411_STREAM_FAILED:
            blank->lost = true;
            octets = rest;
            break;
        }
        /* A report may have the content inside, and goes through here as one piece. */
        if (blank->stream->kind_known && blank->stream->kind == X411_REPORT) {
            blank->lost = true;
            octets = rest;
        }
    }
    mask(octets);
}

/* One TLV with a definite length at the front of *octets; false if it is not one. */
static bool take_element(bytes_t *octets, unsigned *tag, bytes_t *contents)
{
    if (octets->length < 2 || (octets->data[0] & 0x1F) == 0x1F)
        return false;
    *tag = octets->data[0];
    size_t length = octets->data[1];
    size_t header = 2;
    if (length > 0x84 || length == 0x80)
        return false;
    if (length > 0x80) {
        size_t count = length - 0x80;
        if (octets->length < 2 + count)
            return false;
        length = 0;
        for (size_t i = 0; i < count; i++)
            length = length << 8 | octets->data[2 + i];
        header += count;
    }
    if (length > octets->length - header)
        return false;
    *contents = bytes_slice(*octets, header, length);
    *octets = bytes_slice(*octets, header + length, SIZE_MAX);
    return true;
}

/* Normal mode: the RTTRs (OCTET STRINGs) inside the presentation's User-data. False if it is not that. */
static bool take_user_data(blank_t *blank, bytes_t octets, unsigned depth)
{
    while (octets.length) {
        unsigned tag;
        bytes_t contents;
        if (depth == DEPTH || !take_element(&octets, &tag, &contents))
            return false;
        if (tag & 0x20) {
            if (!take_user_data(blank, contents, depth + 1))
                return false;
        } else if (tag == 0x04) {
            take_apdu(blank, contents);
        } else if (tag != 0x02 && tag != 0x06) {
            return false;
        }
    }
    return true;
}

static void take_data(blank_t *blank, bytes_t octets)
{
    if (blank->lost) {
        mask(octets);
        return;
    }
    if (blank->mode != X411_MODE_NORMAL) {
        take_apdu(blank, octets);
        return;
    }
    if (!take_user_data(blank, octets, 0)) {
        blank->lost = true;
        mask(octets);
    }
}

/* The header of an SPDU at the front of *octets: SI and parameters are taken off. */
static bool take_spdu(bytes_t *octets, unsigned *si, size_t *parameters)
{
    if (octets->length < 2)
        return false;
    *si = octets->data[0];
    size_t length = octets->data[1];
    size_t header = 2;
    if (length == 0xFF) {
        if (octets->length < 4)
            return false;
        length = (size_t)octets->data[2] << 8 | octets->data[3];
        header = 4;
    }
    if (length > octets->length - header)
        return false;
    *parameters = length;
    *octets = bytes_slice(*octets, header + length, SIZE_MAX);
    return true;
}

/* A whole TSDU, in place: the tokens and the SPDU that follows them. */
static void take_tsdu(blank_t *blank, bytes_t octets)
{
    unsigned si;
    size_t parameters;
    if (!take_spdu(&octets, &si, &parameters) || si != SPDU_GIVE_TOKENS || !octets.length)
        return; /* connecting, releasing, aborting: no message in it */
    while (octets.length && take_spdu(&octets, &si, &parameters)) {
        if (si == SPDU_DATA) {
            take_data(blank, octets);
            return;
        }
        if (si == SPDU_ACTIVITY_START || si == SPDU_ACTIVITY_RESUME)
            begin_transfer(blank, si == SPDU_ACTIVITY_RESUME);
    }
}

/* The user data of a DT TPDU inside a TPKT; false for other TPDUs. */
static bool data_of(bytes_t tpkt, bytes_t *user, bool *last)
{
    if (tpkt.length < TPKT_HEADER + 3 || (tpkt.data[5] & 0xF0) != TPDU_DT)
        return false;
    size_t header = TPKT_HEADER + 1 + (size_t)tpkt.data[4];
    if (header > tpkt.length)
        return false;
    *last = (tpkt.data[6] & TPDU_EOT) != 0;
    *user = bytes_slice(tpkt, header, SIZE_MAX);
    return true;
}

/* Joins the user data of the TPKTs in held, blanks them, and puts them back. */
static void blank_held(blank_t *blank, size_t length)
{
    uint8_t *joined = malloc(length ? length : 1);
    bytes_t all = bytes_slice(buffer_bytes(blank->held), 0, length);
    for (int way = 0; way < 2; way++) {
        size_t used = 0;
        for (size_t at = 0; at < length;) {
            size_t tpkt = (size_t)all.data[at + 2] << 8 | all.data[at + 3];
            bytes_t user = BYTES_NONE;
            bool last;
            if (data_of(bytes_slice(all, at, tpkt), &user, &last) && user.length) {
                if (!joined)
                    mask(user);
                else if (way == 0)
                    memcpy(joined + used, user.data, user.length);
                else
                    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
                    memcpy((uint8_t *)(uintptr_t)user.data, joined + used, user.length);
                used += user.length;
            }
            at += tpkt;
        }
        if (way == 0 && joined)
            take_tsdu(blank, bytes_make(joined, used));
    }
    free(joined);
}

void blank_octets(blank_t *blank, bytes_t octets, void (*give)(void *context, bytes_t octets), void *context)
{
    buffer_t *held = blank->held;
    if (!buffer_append(held, octets)) { /* a TSDU beyond all measure: nothing of it is shown */
        buffer_clear(held);
        blank->seen = 0;
        blank->lost = true;
        return;
    }
    for (;;) {
        bytes_t all = buffer_bytes(held);
        bytes_t rest = bytes_slice(all, blank->seen, SIZE_MAX);
        if (!rest.data || rest.length < TPKT_HEADER)
            return;
        size_t length = (size_t)rest.data[2] << 8 | rest.data[3];
        if (length < TPKT_HEADER) { /* not TPKT at all */
            mask(all);
            give(context, all);
            buffer_clear(held);
            blank->seen = 0;
            return;
        }
        if (rest.length < length)
            return;
        bytes_t user;
        bool last = true;
        bool data = data_of(bytes_slice(rest, 0, length), &user, &last);
        blank->seen += length;
        if (data && !last)
            continue;
        if (data)
            blank_held(blank, blank->seen);
        give(context, bytes_slice(all, 0, blank->seen));
        buffer_consume(held, blank->seen);
        blank->seen = 0;
    }
}
