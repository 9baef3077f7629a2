/* The SPDU codec: every SPDU of the recorded traffic, the length forms, and what is malformed. */
#include "osi/session_spdu.h"
#include "osi/tpdu.h"
#include "pcap.h"
#include "unit.h"

#include <apr_file_info.h>
#include <apr_strings.h>

static apr_pool_t *pool;

static void fresh_pool(void)
{
    if (!pool)
        apr_pool_create(&pool, NULL);
    apr_pool_clear(pool);
}

static bytes_t hex(const char *text)
{
    bytes_t octets = BYTES_NONE;
    CU_ASSERT_FATAL(bytes_from_hex(pool, text, &octets));
    return octets;
}

static bytes_t encode(const session_spdu_t *spdu)
{
    uint8_t head[SPDU_HEAD_LIMIT];
    size_t length = session_spdu_encode(spdu, spdu->user_data.length, head);
    CU_ASSERT_FATAL(length > 0 && length <= sizeof(head));
    uint8_t *octets = apr_palloc(pool, length + spdu->user_data.length + 1);
    memcpy(octets, head, length);
    if (spdu->user_data.length)
        memcpy(octets + length, spdu->user_data.data, spdu->user_data.length);
    return bytes_make(octets, length + spdu->user_data.length);
}

static bool same_spdu(session_spdu_t a, session_spdu_t b)
{
    if (!bytes_equal(a.user_data, b.user_data))
        return false;
    a.user_data = b.user_data = BYTES_NONE;
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static const char *decode_all(session_spdu_t *spdu, bytes_t octets, bool leading)
{
    const char *wrong = session_spdu_decode(spdu, &octets, leading);
    if (!wrong)
        CU_ASSERT_EQUAL(octets.length, 0);
    return wrong;
}

static unsigned seen[SESSION_SPDU_TYPES];
static unsigned differing;

/* One TSDU of the recorded traffic: each SPDU decodes and re-encodes to the same octets. An empty called
 * S-selector (34 00), which real acceptors send, stands for an absent one and is not written again. */
static void check_tsdu(bytes_t tsdu)
{
    bool leading = true;
    while (tsdu.length > 0) {
        bytes_t rest = tsdu;
        session_spdu_t spdu, again;
        const char *wrong = session_spdu_decode(&spdu, &rest, leading);
        CU_ASSERT_PTR_NULL_FATAL(wrong);
        bytes_t is = bytes_slice(tsdu, 0, tsdu.length - rest.length);
        bytes_t written = encode(&spdu);
        if (!bytes_equal(is, written)) {
            differing++;
            CU_ASSERT_EQUAL(spdu.type, SPDU_AC);
            CU_ASSERT_EQUAL(written.length, is.length - 2);
        }
        CU_ASSERT_PTR_NULL(decode_all(&again, written, leading));
        CU_ASSERT_TRUE(same_spdu(spdu, again));
        CU_ASSERT_NOT_EQUAL(spdu.type, SPDU_OTHER);
        CU_ASSERT_TRUE(leading || session_spdu_category(spdu.type) == 2);
        seen[spdu.type]++;
        tsdu = rest;
        leading = false;
    }
}

static void check_direction(bytes_t octets)
{
    buffer_t *tsdu = apr_palloc(pool, sizeof(*tsdu));
    buffer_init(tsdu, pool, OSI_TSDU_LIMIT);
    while (octets.length > 0) {
        int length = tpkt_length(octets);
        CU_ASSERT_FATAL(length > 0 && (size_t)length <= octets.length);
        tpdu_t tpdu;
        tpdu_cause_t cause;
        CU_ASSERT_PTR_NULL_FATAL(
            tpdu_decode(bytes_slice(octets, TPKT_HEADER, (size_t)length - TPKT_HEADER), &tpdu, &cause));
        octets = bytes_slice(octets, (size_t)length, octets.length);
        if (tpdu.type != TPDU_DT)
            continue;
        CU_ASSERT_TRUE(buffer_append(tsdu, tpdu.data));
        if (!tpdu.end_of_tsdu)
            continue;
        check_tsdu(buffer_bytes(tsdu));
        buffer_clear(tsdu);
    }
}

static void every_recorded_spdu_decodes_and_reencodes(void)
{
    fresh_pool();
    apr_dir_t *dir;
    CU_ASSERT_EQUAL_FATAL(apr_dir_open(&dir, TEST_DATA "/wire/captures", pool), APR_SUCCESS);
    apr_finfo_t info;
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        size_t length = strlen(info.name);
        if (length < 5 || strcmp(info.name + length - 5, ".pcap") != 0)
            continue;
        const pcap_capture_t *capture;
        const char *path = apr_pstrcat(pool, TEST_DATA "/wire/captures/", info.name, NULL);
        CU_ASSERT_PTR_NULL_FATAL(pcap_load(pool, path, &capture));
        for (size_t i = 0; i < capture->count; i++)
            for (int side = 0; side < 2; side++)
                check_direction(pcap_direction(pool, &capture->conversations[i], side));
    }
    /* as many as the octets of these files have */
    CU_ASSERT_EQUAL(seen[SPDU_CN], 24);
    CU_ASSERT_EQUAL(seen[SPDU_AC], 20);
    CU_ASSERT_EQUAL(seen[SPDU_RF], 4);
    CU_ASSERT_EQUAL(seen[SPDU_FN], 19);
    CU_ASSERT_EQUAL(seen[SPDU_DN], 19);
    CU_ASSERT_EQUAL(seen[SPDU_AS], 22);
    CU_ASSERT_EQUAL(seen[SPDU_GTC], 4);
    CU_ASSERT_EQUAL(seen[SPDU_GTA], 4);
    CU_ASSERT_EQUAL(seen[SPDU_MIP], 568);
    CU_ASSERT_EQUAL(seen[SPDU_MIA], 566);
    CU_ASSERT_EQUAL(seen[SPDU_AE], 21);
    CU_ASSERT_EQUAL(seen[SPDU_AEA], 21);
    CU_ASSERT_EQUAL(seen[SPDU_DT], 589);
    CU_ASSERT_EQUAL(seen[SPDU_GT], 1200);
    CU_ASSERT_EQUAL(seen[SPDU_PT], 589);
    CU_ASSERT_TRUE(differing <= seen[SPDU_AC]);
}

/* The parameters of the types that come after the connection stands. */
static void fill_other(session_spdu_t *spdu)
{
    switch (spdu->type) {
    case SPDU_OA:
        spdu->versions = 2;
        spdu->present = SPDU_HAS_VERSION | SPDU_HAS_TSDU_MAXIMUM;
        spdu->user_data = BYTES_NONE;
        break;
    case SPDU_CDO:
        spdu->enclosure = 2;
        spdu->present |= SPDU_HAS_ENCLOSURE;
        break;
    case SPDU_FN:
    case SPDU_AB:
        spdu->disconnect = 5;
        spdu->present |= SPDU_HAS_DISCONNECT;
        if (spdu->type == SPDU_AB) {
            spdu->present |= SPDU_HAS_REFLECT;
            spdu->reflect_length = 9;
        }
        break;
    case SPDU_GT:
    case SPDU_PT:
        spdu->token_item = 0x15;
        spdu->present |= SPDU_HAS_TOKEN_ITEM;
        break;
    case SPDU_MIP:
    case SPDU_MIA:
    case SPDU_AE:
    case SPDU_AEA:
        spdu->serial = 100000;
        spdu->present |= SPDU_HAS_SERIAL;
        if (spdu->type == SPDU_MIP) {
            spdu->sync_type = 1;
            spdu->present |= SPDU_HAS_SYNC_TYPE;
        }
        break;
    case SPDU_AS:
        spdu->activity = (osi_activity_id_t){{2, 1, 5}, 3};
        spdu->present |= SPDU_HAS_ACTIVITY;
        break;
    case SPDU_AI:
    case SPDU_AD:
    case SPDU_ED:
        spdu->reason = 128;
        spdu->present |= SPDU_HAS_REASON;
        break;
    default: break;
    }
}

/* An SPDU of each type with every parameter that the type has. */
static session_spdu_t full(session_spdu_type_t type)
{
    session_spdu_t spdu = {.type = type,
                           .called_reference = {{1, 2}, 2},
                           .common_reference = {{3}, 1},
                           .additional = {9},
                           .additional_length = 1,
                           .user_data = BYTES_LITERAL("user data")};
    spdu.present = SPDU_HAS_USER_DATA;
    switch (type) {
    case SPDU_CN:
    case SPDU_AC:
        spdu.calling_reference = (osi_octets64_t){{7, 7, 7}, 3};
        spdu.options = 1;
        spdu.tsdu_maximum_to_acceptor = 2041;
        spdu.tsdu_maximum_to_initiator = 128;
        spdu.versions = 3;
        spdu.initial_serial = 999999;
        spdu.token_setting = 0x26;
        spdu.requirements = 0x249;
        spdu.calling_ssel = (spdu_selector_t){"0123456789abcde", 16};
        spdu.called_ssel = (spdu_selector_t){{0}, 1};
        spdu.present |= SPDU_HAS_CONNECTION_ID | SPDU_HAS_OPTIONS | SPDU_HAS_TSDU_MAXIMUM | SPDU_HAS_VERSION |
                        SPDU_HAS_INITIAL_SERIAL | SPDU_HAS_TOKEN_SETTING | SPDU_HAS_REQUIREMENTS |
                        SPDU_HAS_CALLING_SSEL | SPDU_HAS_CALLED_SSEL;
        break;
    case SPDU_RF:
        spdu.disconnect = 1;
        spdu.versions = 2;
        spdu.requirements = 0x249;
        spdu.reason = 2;
        spdu.present = SPDU_HAS_CONNECTION_ID | SPDU_HAS_DISCONNECT | SPDU_HAS_VERSION | SPDU_HAS_REASON |
                       SPDU_HAS_REQUIREMENTS;
        break;
    case SPDU_AR:
        spdu.calling_reference = (osi_octets64_t){{7, 7, 7}, 3};
        spdu.activity = (osi_activity_id_t){{2, 1, 5}, 3};
        spdu.old_activity = (osi_activity_id_t){{1, 2, 3, 4, 5, 6}, 6};
        spdu.serial = 12;
        spdu.present |= SPDU_HAS_LINKING | SPDU_HAS_ACTIVITY | SPDU_HAS_OLD_ACTIVITY | SPDU_HAS_SERIAL;
        return spdu;
    default: break;
    }
    if (type != SPDU_CN && type != SPDU_AC && type != SPDU_RF) {
        spdu.called_reference.length = 0;
        memset(&spdu.called_reference, 0, sizeof(spdu.called_reference));
        memset(&spdu.common_reference, 0, sizeof(spdu.common_reference));
        spdu.additional[0] = spdu.additional_length = 0;
    }
    fill_other(&spdu);
    return spdu;
}

static void every_type_survives_a_round_trip(void)
{
    fresh_pool();
    static const size_t lengths[] = {0, 1, 9, 200, 253, 254, 255, 256, 512, 513, 10240, 65000};
    for (unsigned type = 0; type < SPDU_OTHER; type++) {
        for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            session_spdu_t spdu = full((session_spdu_type_t)type), again;
            if (type == SPDU_OA && lengths[i] > 0)
                continue;
            spdu.user_data = bytes_make(apr_pcalloc(pool, lengths[i] + 1), lengths[i]);
            if (lengths[i] == 0 && type != SPDU_DT && type != SPDU_TD)
                spdu.present &= ~(unsigned)SPDU_HAS_USER_DATA;
            const char *wrong =
                decode_all(&again, encode(&spdu), session_spdu_category((session_spdu_type_t)type) != 2);
            CU_ASSERT_PTR_NULL(wrong);
            CU_ASSERT_TRUE(same_spdu(spdu, again));
            if (wrong || !same_spdu(spdu, again))
                printf("\n  %s with %lu octets\n", session_spdu_name(spdu.type), (unsigned long)lengths[i]);
        }
    }
}

static void lengths_have_one_or_three_octets(void)
{
    fresh_pool();
    session_spdu_t spdu = {.type = SPDU_DN, .user_data = bytes_make(apr_pcalloc(pool, 300), 252)};
    uint8_t head[SPDU_HEAD_LIMIT];
    CU_ASSERT_EQUAL(session_spdu_encode(&spdu, 252, head), 4);
    CU_ASSERT_EQUAL(head[1], 254);
    CU_ASSERT_EQUAL(session_spdu_encode(&spdu, 253, head), 6);
    CU_ASSERT_EQUAL(memcmp(head, "\x0a\xff\x00\xff\xc1\xfd", 6), 0);
    CU_ASSERT_EQUAL(session_spdu_encode(&spdu, 255, head), 8);
    CU_ASSERT_EQUAL(memcmp(head, "\x0a\xff\x01\x03\xc1\xff\x00\xff", 8), 0);
    CU_ASSERT_EQUAL(session_spdu_encode(&spdu, 65531, head), 8);
    CU_ASSERT_EQUAL(session_spdu_encode(&spdu, 65532, head), 0);
    CU_ASSERT_EQUAL(session_spdu_encode(&spdu, SIZE_MAX, head), 0);
    /* the long form of a short length is read too */
    session_spdu_t again;
    CU_ASSERT_PTR_NULL(decode_all(&again, hex("0aff0007c1ff0003414243"), true));
    CU_ASSERT_TRUE(bytes_equal(again.user_data, BYTES_LITERAL("ABC")));
}

static void identifiers_mean_what_their_place_says(void)
{
    fresh_pool();
    static const struct {
        const char *octets;
        bool leading;
        session_spdu_type_t type;
    } cases[] = {
        {"0100", true, SPDU_GT},
        {"0100", false, SPDU_DT},
        {"0200", true, SPDU_PT},
        {"0200", false, SPDU_PT},
        {"1903110103", true, SPDU_AB},
        {"1903320100", false, SPDU_AI},
        {"1a00", true, SPDU_AA},
        {"1a00", false, SPDU_AIA},
        {"29032a0131", false, SPDU_AE},
        {"29060f01012a0131", false, SPDU_OTHER}, /* a major synchronization point */
        {"0700", true, SPDU_OTHER},
        {"3500", false, SPDU_OTHER},
        {"0000", false, SPDU_ER},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        session_spdu_t spdu;
        CU_ASSERT_PTR_NULL(decode_all(&spdu, hex(cases[i].octets), cases[i].leading));
        CU_ASSERT_EQUAL(spdu.type, cases[i].type);
    }
}

static void unknown_parameters_are_skipped(void)
{
    fresh_pool();
    session_spdu_t spdu;
    /* a PI and a PGI of later versions, an empty parameter, a known PI that the SPDU does not have */
    CU_ASSERT_PTR_NULL(decode_all(&spdu,
                                  hex("310f2a0137"
                                      "fa0301ff02"
                                      "c400"
                                      "2900"
                                      "110101"),
                                  false));
    CU_ASSERT_EQUAL(spdu.serial, 7);
    CU_ASSERT_FALSE(spdu.present & SPDU_HAS_ACTIVITY);
}

static void malformed_spdus_are_named(void)
{
    fresh_pool();
    static const char *const malformed[] = {
        "",
        "0d",
        "0d01",
        "0dff",
        "0dff00",
        "0dff0001",
        "0d0105",       /* a parameter without a length */
        "0d020501",     /* a parameter past its SPDU */
        "0d03050113",   /* a parameter past its group */
        "0d0405020105", /* and a group in a group */
        "0d070505050313 0100",
        "0d041602 0303",
        "0d0314 0102",
        "0d0515030102 03",
        "310431 023132", /* no serial number */
        "31052a03613132",
        "31092a0731323334353637",
        "2d0929070102030405 0607",
        "2d00",
        "1d052903020101",
        "1900",
        "3000",
        "1000",
        "0f00",
        "ff00",
        "6300",
        "0d43010a41"
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000",
    };
    for (unsigned i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        char text[256];
        size_t length = 0;
        for (const char *p = malformed[i]; *p; p++)
            if (*p != ' ')
                text[length++] = *p;
        text[length] = 0;
        session_spdu_t spdu;
        bytes_t octets = hex(text);
        bool leading = length >= 2 && memcmp(text, "31", 2) != 0;
        const char *wrong = session_spdu_decode(&spdu, &octets, leading);
        CU_ASSERT_PTR_NOT_NULL(wrong);
        if (!wrong)
            printf("\n  %s is not refused\n", malformed[i]);
    }
}

/* Each prefix of a good SPDU is malformed or another good one; none is read past its end (ASan sees it). */
static void truncations_are_harmless(void)
{
    fresh_pool();
    for (unsigned type = 0; type < SPDU_OTHER; type++) {
        session_spdu_t spdu = full((session_spdu_type_t)type);
        bytes_t whole = encode(&spdu);
        for (size_t length = 0; length < whole.length; length++) {
            uint8_t *copy = malloc(length ? length : 1);
            memcpy(copy, whole.data, length);
            bytes_t input = bytes_make(copy, length);
            session_spdu_t again;
            bool leading = session_spdu_category((session_spdu_type_t)type) != 2;
            const char *wrong = session_spdu_decode(&again, &input, leading);
            CU_ASSERT_TRUE(wrong != NULL || type == SPDU_DT || type == SPDU_TD);
            free(copy);
        }
    }
}

static const unit_test_t tests[] = {
    UNIT_TEST(every_recorded_spdu_decodes_and_reencodes),
    UNIT_TEST(every_type_survives_a_round_trip),
    UNIT_TEST(lengths_have_one_or_three_octets),
    UNIT_TEST(identifiers_mean_what_their_place_says),
    UNIT_TEST(unknown_parameters_are_skipped),
    UNIT_TEST(malformed_spdus_are_named),
    UNIT_TEST(truncations_are_harmless),
};

UNIT_MAIN("osi/session_spdu", tests)
