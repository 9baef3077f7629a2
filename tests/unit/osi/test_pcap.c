/* The capture reader of tests/wire: every recorded capture, and packets made here that come late, twice or
 * overlapping. */
#include "pcap.h"
#include "unit.h"

#include <apr_file_info.h>
#include <apr_strings.h>

static void every_capture_reads(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    apr_dir_t *dir;
    CU_ASSERT_EQUAL_FATAL(apr_dir_open(&dir, TEST_DATA "/wire/captures", pool), APR_SUCCESS);
    apr_finfo_t info;
    int files = 0;
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        size_t length = strlen(info.name);
        if (length < 5 || strcmp(info.name + length - 5, ".pcap") != 0)
            continue;
        files++;
        const char *path = apr_pstrcat(pool, TEST_DATA "/wire/captures/", info.name, NULL);
        const pcap_capture_t *capture;
        CU_ASSERT_PTR_NULL_FATAL(pcap_load(pool, path, &capture));
        CU_ASSERT(capture->count >= 1);
        for (size_t i = 0; i < capture->count; i++) {
            const pcap_conversation_t *conversation = &capture->conversations[i];
            CU_ASSERT_FALSE(conversation->gap);
            for (int side = 0; side < 2; side++) {
                bytes_t octets = pcap_direction(pool, conversation, side);
                while (octets.length >= 4) {
                    CU_ASSERT_EQUAL_FATAL(octets.data[0], 3);
                    size_t tpkt = (size_t)octets.data[2] << 8 | octets.data[3];
                    CU_ASSERT_FATAL(tpkt >= 7 && tpkt <= octets.length);
                    octets = bytes_slice(octets, tpkt, octets.length);
                }
                CU_ASSERT_EQUAL(octets.length, 0);
            }
        }
    }
    CU_ASSERT_EQUAL(files, 22);
    apr_pool_destroy(pool);
}

static uint8_t file[4096];
static size_t file_length;

static void put(const void *octets, size_t length)
{
    memcpy(file + file_length, octets, length);
    file_length += length;
}

/* Appends a raw IPv4 packet with a TCP segment. */
static void put_segment(bool reply, uint32_t sequence, uint8_t flags, const char *text)
{
    uint32_t length = 40 + (uint32_t)strlen(text);
    uint32_t record[4] = {1, 2, length, length};
    put(record, sizeof(record));
    uint8_t ip[40] = {0x45, 0, (uint8_t)(length >> 8), (uint8_t)length, [9] = 6};
    ip[12 + 4 * reply] = 10;
    ip[16 - 4 * reply] = 11;
    ip[21 + 2 * reply] = 5;
    ip[23 - 2 * reply] = 102;
    for (unsigned i = 0; i < 4; i++)
        ip[24 + i] = (uint8_t)(sequence >> (24 - 8 * i));
    ip[32] = 0x50;
    ip[33] = flags;
    put(ip, sizeof(ip));
    put(text, strlen(text));
}

static void put_header(void)
{
    static const uint32_t header[6] = {0xA1B2C3D4, 0x00040002, 0, 0, 65535, 101};
    file_length = 0;
    put(header, sizeof(header));
}

static void segments_are_ordered_once(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    put_header();
    put_segment(false, 0xFFFFFFFE, 2, "");
    put_segment(true, 99, 0x12, "");
    put_segment(false, 1, 0x10, "cd"); /* early: the sequence wraps */
    put_segment(true, 100, 0x10, "xy");
    put_segment(false, 0xFFFFFFFF, 0x10, "ab");
    put_segment(false, 0, 0x10, "bcde");        /* overlaps */
    put_segment(false, 0xFFFFFFFF, 0x10, "ab"); /* again */
    put_segment(true, 200, 0x10, "lost");
    const pcap_capture_t *capture;
    CU_ASSERT_PTR_NULL_FATAL(pcap_parse(pool, bytes_make(file, file_length), &capture));
    CU_ASSERT_EQUAL_FATAL(capture->count, 1);
    const pcap_conversation_t *conversation = capture->conversations;
    CU_ASSERT_EQUAL(conversation->caller_port, 5);
    CU_ASSERT_EQUAL(conversation->called_port, 102);
    CU_ASSERT_TRUE(conversation->gap);
    CU_ASSERT_TRUE(bytes_equal(pcap_direction(pool, conversation, true), BYTES_LITERAL("abcde")));
    CU_ASSERT_TRUE(bytes_equal(pcap_direction(pool, conversation, false), BYTES_LITERAL("xy")));
    CU_ASSERT_EQUAL(conversation->chunks[0].time, 1000002);
    CU_ASSERT_FALSE(conversation->chunks[0].from_caller);
    apr_pool_destroy(pool);
}

static void what_is_no_capture_is_refused(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const pcap_capture_t *capture;
    CU_ASSERT_PTR_NOT_NULL(
        pcap_parse(pool, BYTES_LITERAL("no capture, but long enough for a header"), &capture));
    CU_ASSERT_PTR_NOT_NULL(pcap_parse(pool, BYTES_NONE, &capture));
    CU_ASSERT_PTR_NOT_NULL(pcap_load(pool, TEST_DATA "/wire/captures/absent.pcap", &capture));
    put_header();
    put_segment(false, 1, 0x10, "abc");
    for (size_t length = 24; length < file_length; length++) {
        CU_ASSERT_PTR_NULL_FATAL(pcap_parse(pool, bytes_make(file, length), &capture));
        CU_ASSERT_EQUAL(capture->count, 0);
    }
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(every_capture_reads),
    UNIT_TEST(segments_are_ordered_once),
    UNIT_TEST(what_is_no_capture_is_refused),
};

UNIT_MAIN("osi/pcap", tests)
