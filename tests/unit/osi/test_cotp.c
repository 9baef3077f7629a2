/* TPKT and X.224 class 0: two engines back to back, and one against octets written here. */
#include "osi/cotp.h"
#include "osi/tpdu.h"
#include "unit.h"

typedef struct end_t {
    cotp_t cotp;
    buffer_t out;
    cotp_connect_t connect; /* of the last indication or confirm; the selectors copied */
    unsigned indications, confirms, tsdus, ends;
    bytes_t tsdu; /* the last one, copied */
    const uint8_t *tsdu_at;
    const err_t *err;
    bool accept; /* answer a connect indication at once */
} end_t;

static apr_pool_t *pool;
static end_t a, b; /* a calls b */

static void keep_connect(end_t *end, const cotp_connect_t *connect)
{
    end->connect.calling_tsel = bytes_copy(pool, connect->calling_tsel);
    end->connect.called_tsel = bytes_copy(pool, connect->called_tsel);
    end->connect.tpdu_size = connect->tpdu_size;
}

static void on_connect_indication(void *context, const cotp_connect_t *connect)
{
    end_t *end = context;
    end->indications++;
    keep_connect(end, connect);
    if (end->accept)
        cotp_connect_response(&end->cotp);
}

static void on_connect_confirm(void *context, const cotp_connect_t *connect)
{
    end_t *end = context;
    end->confirms++;
    keep_connect(end, connect);
}

static void on_data(void *context, bytes_t tsdu)
{
    end_t *end = context;
    end->tsdus++;
    end->tsdu_at = tsdu.data;
    end->tsdu = bytes_copy(pool, tsdu);
}

static void on_disconnect(void *context, const err_t *err)
{
    end_t *end = context;
    end->ends++;
    end->err = err;
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_STRING_EQUAL(err->layer, "transport");
}

static const cotp_ops_t ops = {on_connect_indication, on_connect_confirm, on_data, on_disconnect};

static void end_open(end_t *end, unsigned size, uint16_t reference, size_t tsdu_limit)
{
    memset(end, 0, sizeof(*end));
    end->accept = true;
    buffer_init(&end->out, pool, 8 << 20);
    cotp_config_t config = {.tpdu_size = size, .tsdu_limit = tsdu_limit, .reference = reference};
    cotp_init(&end->cotp, &config, &ops, end, pool, &end->out);
}

static void open_pair(unsigned size_a, unsigned size_b)
{
    if (!pool)
        apr_pool_create(&pool, NULL);
    apr_pool_clear(pool);
    end_open(&a, size_a, 0x1234, OSI_TSDU_LIMIT);
    end_open(&b, size_b, 0x5678, OSI_TSDU_LIMIT);
}

/* Carries octets both ways in pieces of at most `piece` octets. */
static void pump(size_t piece)
{
    while (buffer_length(&a.out) + buffer_length(&b.out) > 0) {
        bytes_t octets = bytes_slice(buffer_bytes(&a.out), 0, piece);
        cotp_input(&b.cotp, octets);
        buffer_consume(&a.out, octets.length);
        octets = bytes_slice(buffer_bytes(&b.out), 0, piece);
        cotp_input(&a.cotp, octets);
        buffer_consume(&b.out, octets.length);
    }
}

static bytes_t hex(const char *text)
{
    bytes_t octets = BYTES_NONE;
    CU_ASSERT_FATAL(bytes_from_hex(pool, text, &octets));
    return octets;
}

static void expect_out(end_t *end, const char *text)
{
    const char *is = bytes_to_hex(pool, buffer_bytes(&end->out));
    CU_ASSERT_STRING_EQUAL(is, text);
    if (strcmp(is, text) != 0)
        printf("\n  is  %s\n  not %s\n", is, text);
    buffer_clear(&end->out);
}

static void open_connection(unsigned size_a, unsigned size_b)
{
    open_pair(size_a, size_b);
    cotp_connect_t connect = {0};
    cotp_connect_request(&a.cotp, &connect);
    pump(SIZE_MAX);
    CU_ASSERT_EQUAL_FATAL(a.confirms, 1);
    CU_ASSERT_EQUAL_FATAL(b.cotp.state, COTP_OPEN);
}

static bytes_t filled(size_t length)
{
    uint8_t *octets = apr_palloc(pool, length + 1);
    for (size_t i = 0; i < length; i++)
        octets[i] = (uint8_t)(i * 31 + i / 255);
    return bytes_make(octets, length);
}

static void send_tsdu(end_t *end, bytes_t tsdu)
{
    osi_parts_t parts = {.part = {tsdu}, .count = 1};
    cotp_data_request(&end->cotp, &parts);
}

/* ---- TP-01 ---- */

static void TP_01_octets_of_real_peers(void)
{
    open_pair(2048, 2048);
    cotp_connect_t connect = {.calling_tsel = BYTES_LITERAL("PPA"), .called_tsel = BYTES_LITERAL("591")};
    cotp_connect_request(&a.cotp, &connect);
    expect_out(&a, "03000018"
                   "13e00000123400"
                   "c103505041"
                   "c203353931"
                   "c0010b");
    cotp_input(&b.cotp, hex("0300001813e00000674a00c103505041c203353931c0010b"));
    CU_ASSERT_EQUAL(b.indications, 1);
    CU_ASSERT_TRUE(bytes_equal(b.connect.calling_tsel, BYTES_LITERAL("PPA")));
    CU_ASSERT_TRUE(bytes_equal(b.connect.called_tsel, BYTES_LITERAL("591")));
    expect_out(&b, "0300000e"
                   "09d0674a567800"
                   "c0010b");
    cotp_input(&a.cotp, hex("0300000e09d01234674b00c0010b"));
    CU_ASSERT_EQUAL(a.confirms, 1);
    CU_ASSERT_EQUAL(a.connect.tpdu_size, 2048);
}

static void TP_01_size_negotiation(void)
{
    static const struct {
        unsigned a, b, result;
    } cases[] = {{128, 128, 128},     {128, 65531, 128},   {65531, 128, 128},   {2048, 8192, 2048},
                 {8192, 2048, 2048},  {8192, 65531, 8192}, {65531, 8192, 8192}, {65531, 65531, 65408},
                 {65531, 9000, 8960}, {1000, 65531, 512},  {10, 65531, 128},    {100000, 100000, 65408},
                 {256, 512, 256},     {4096, 1024, 1024}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_connection(cases[i].a, cases[i].b);
        CU_ASSERT_EQUAL(a.cotp.tpdu_size, cases[i].result);
        CU_ASSERT_EQUAL(b.cotp.tpdu_size, cases[i].result);
    }
}

static void TP_01_offer_above_8192(void)
{
    open_pair(65531, 65531);
    cotp_connect_t connect = {0};
    cotp_connect_request(&a.cotp, &connect);
    expect_out(&a, "03000012"
                   "0de00000123400"
                   "c0010d"
                   "f00201ff");
    /* a peer that knows the older parameter only */
    cotp_input(&a.cotp, hex("0300000e09d01234000100c0010b"));
    CU_ASSERT_EQUAL(a.connect.tpdu_size, 2048);
    /* one that answers with neither: RFC 1006's default */
    open_pair(65531, 65531);
    cotp_connect_request(&a.cotp, &connect);
    cotp_input(&a.cotp, hex("0300000b06d01234000100"));
    CU_ASSERT_EQUAL(a.connect.tpdu_size, 65531);
    /* one that answers with the newer */
    open_pair(65531, 65531);
    cotp_connect_request(&a.cotp, &connect);
    cotp_input(&a.cotp, hex("0300000e09d01234000100f00180"));
    CU_ASSERT_EQUAL(a.connect.tpdu_size, 128 * 128);
}

static void TP_01_without_a_size(void)
{
    open_pair(65531, 65531);
    cotp_input(&b.cotp, hex("0300000b06e00000000100"));
    CU_ASSERT_EQUAL(b.connect.tpdu_size, 65531);
    expect_out(&b, "0300000b"
                   "06d00001567800");
    open_pair(65531, 2048);
    cotp_input(&b.cotp, hex("0300000b06e00000000100"));
    CU_ASSERT_EQUAL(b.connect.tpdu_size, 2048);
    expect_out(&b, "0300000e"
                   "09d00001567800"
                   "c0010b");
    /* 0xF0 is skipped by one that takes 8192 at most */
    open_pair(65531, 8192);
    cotp_input(&b.cotp, hex("0300001209e00000000100c0010bf00201ff")); /* LI leaves it outside */
    CU_ASSERT_EQUAL(b.connect.tpdu_size, 2048);
}

static void TP_01_selectors_of_any_octets(void)
{
    for (size_t length = 0; length <= OSI_TSEL_LIMIT; length++) {
        open_pair(65531, 65531);
        cotp_connect_t connect = {.calling_tsel = filled(length), .called_tsel = filled(32 - length)};
        cotp_connect_request(&a.cotp, &connect);
        pump(1);
        CU_ASSERT_EQUAL(a.confirms, 1);
        CU_ASSERT_TRUE(bytes_equal(b.connect.calling_tsel, connect.calling_tsel));
        CU_ASSERT_TRUE(bytes_equal(b.connect.called_tsel, connect.called_tsel));
        CU_ASSERT_EQUAL(a.connect.called_tsel.length, 0); /* a CC carries none */
    }
    open_pair(65531, 65531);
    bytes_t long_selector = hex("0300002e29e00000000100c221000102030405060708090a0b0c0d0e0f"
                                "101112131415161718191a1b1c1d1e1f20");
    CU_ASSERT_EQUAL(long_selector.length, 0x2e);
    cotp_input(&b.cotp, long_selector);
    CU_ASSERT_EQUAL(b.indications, 0);
    CU_ASSERT_EQUAL(b.ends, 1);
    expect_out(&b, "0300000b"
                   "06800001000003");
}

static void TP_01_other_classes(void)
{
    open_pair(65531, 65531);
    cotp_input(&b.cotp, hex("0300000b06e00000000140")); /* class 4, no alternative */
    CU_ASSERT_EQUAL(b.indications, 0);
    expect_out(&b, "0300000b"
                   "06800001000082");
    open_pair(65531, 2048);
    cotp_input(&b.cotp, hex("0300000e09e00000000140c70100")); /* class 4, or 0 */
    CU_ASSERT_EQUAL(b.indications, 1);
    expect_out(&b, "0300000e"
                   "09d00001567800"
                   "c0010b");
    open_pair(65531, 2048);
    cotp_connect_t connect = {0};
    cotp_connect_request(&a.cotp, &connect);
    cotp_input(&a.cotp, hex("0300000b06d01234000120"));
    CU_ASSERT_EQUAL(a.confirms, 0);
    CU_ASSERT_EQUAL(a.ends, 1);
}

/* ---- TP-02 ---- */

static void TP_02_tsdu_over_many_tpdus(void)
{
    static const unsigned sizes[] = {128, 2048, 8192, 65531};
    static const size_t lengths[] = {0, 1, 120, 121, 122, 125, 126, 2041, 2042, 65405, 65528, 65529, 300000};
    for (unsigned s = 0; s < 4; s++) {
        for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            open_connection(sizes[s], sizes[s]);
            bytes_t tsdu = filled(lengths[i]);
            send_tsdu(&a, tsdu);
            pump(i % 2 ? 777 : SIZE_MAX);
            CU_ASSERT_EQUAL(b.tsdus, 1);
            CU_ASSERT_TRUE(bytes_equal(b.tsdu, tsdu));
        }
    }
}

static void TP_02_parts_are_one_tsdu(void)
{
    open_connection(128, 128);
    bytes_t whole = filled(1000);
    osi_parts_t parts = {.count = 0};
    osi_parts_add(&parts, bytes_slice(whole, 0, 1));
    osi_parts_add(&parts, BYTES_NONE);
    osi_parts_add(&parts, bytes_slice(whole, 1, 500));
    osi_parts_add(&parts, bytes_slice(whole, 501, 499));
    osi_parts_add(&parts, BYTES_NONE);
    cotp_data_request(&a.cotp, &parts);
    pump(SIZE_MAX);
    CU_ASSERT_EQUAL(b.tsdus, 1);
    CU_ASSERT_TRUE(bytes_equal(b.tsdu, whole));
}

/* No TPKT is longer than the TPDU size that was agreed, also as peers count that have the TPKT header in it.
 */
static void TP_02_tpdus_keep_the_size(void)
{
    open_connection(2048, 2048);
    send_tsdu(&a, filled(10000));
    bytes_t octets = buffer_bytes(&a.out);
    unsigned count = 0;
    while (octets.length > 0) {
        int length = tpkt_length(octets);
        CU_ASSERT_FATAL(length > 0);
        CU_ASSERT_TRUE(length <= 2048);
        octets = bytes_slice(octets, (size_t)length, octets.length);
        CU_ASSERT_EQUAL(octets.length == 0, count == 4);
        count++;
    }
    CU_ASSERT_EQUAL(count, 5);
}

static void TP_02_empty_last_tpdu(void)
{
    open_connection(2048, 2048);
    cotp_input(&b.cotp, hex("0300000902f000"
                            "4142"));
    CU_ASSERT_EQUAL(b.tsdus, 0);
    cotp_input(&b.cotp, hex("0300000702f000")); /* an empty one in the middle */
    cotp_input(&b.cotp, hex("0300000702f080"));
    CU_ASSERT_EQUAL(b.tsdus, 1);
    CU_ASSERT_TRUE(bytes_equal(b.tsdu, BYTES_LITERAL("AB")));
    cotp_input(&b.cotp, hex("0300000702f080"));
    CU_ASSERT_EQUAL(b.tsdus, 2);
    CU_ASSERT_EQUAL(b.tsdu.length, 0);
    CU_ASSERT_EQUAL(b.ends, 0);
}

static void TP_02_tpkt_lengths(void)
{
    for (unsigned length = 0; length <= 6; length++) {
        open_connection(2048, 2048);
        uint8_t tpkt[16] = {3, 0, 0, (uint8_t)length, 2, 0xF0, 0x80};
        cotp_input(&b.cotp, bytes_make(tpkt, sizeof(tpkt)));
        CU_ASSERT_EQUAL(b.ends, 1);
        CU_ASSERT_EQUAL(b.tsdus, 0);
        CU_ASSERT_EQUAL(b.cotp.state, COTP_CLOSED);
        CU_ASSERT_EQUAL(buffer_length(&b.out), 0);
    }
    open_connection(2048, 2048);
    cotp_input(&b.cotp, hex("030000")); /* the same, cut in two */
    CU_ASSERT_EQUAL(b.ends, 0);
    cotp_input(&b.cotp, hex("06"));
    CU_ASSERT_EQUAL(b.ends, 1);
    open_connection(2048, 2048);
    cotp_input(&b.cotp, hex("04"));
    CU_ASSERT_EQUAL(b.ends, 1);
    open_pair(2048, 2048);
    cotp_input(&b.cotp, BYTES_LITERAL("GET / HTTP/1.0\r\n\r\n"));
    CU_ASSERT_EQUAL(b.ends, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.err->text, "no TPKT"));
}

static void TP_02_reserved_octet_is_ignored(void)
{
    open_connection(2048, 2048);
    cotp_input(&b.cotp, hex("03ff000802f08041"));
    CU_ASSERT_EQUAL(b.tsdus, 1);
    CU_ASSERT_TRUE(bytes_equal(b.tsdu, BYTES_LITERAL("A")));
}

static void a_whole_tsdu_is_not_copied(void)
{
    open_connection(2048, 2048);
    bytes_t octets = hex("0300000902f0804142"
                         "0300000802f08043"
                         "0300");
    cotp_input(&b.cotp, octets);
    CU_ASSERT_EQUAL(b.tsdus, 2);
    CU_ASSERT_PTR_EQUAL(b.tsdu_at, octets.data + 16);
    CU_ASSERT_EQUAL(b.cotp.tsdu.capacity, 0);
}

/* ---- TP-03 ---- */

static void bad_tpdu(const char *octets, bool connect, const char *answer)
{
    if (connect)
        open_pair(2048, 2048);
    else
        open_connection(2048, 2048);
    cotp_input(&b.cotp, hex(octets));
    CU_ASSERT_EQUAL(b.ends, 1);
    CU_ASSERT_EQUAL(b.indications, connect ? 0 : 1);
    CU_ASSERT_EQUAL(b.tsdus, 0);
    CU_ASSERT_EQUAL(b.cotp.state, COTP_CLOSED);
    expect_out(&b, answer);
}

static void TP_03_malformed_tpdus(void)
{
    /* LI longer than the TPDU */
    bad_tpdu("0300000b07e00000000100", true,
             "03000012"
             "0d70000003"
             "c107"
             "07e00000000100");
    bad_tpdu("0300000bffe00000000100", true,
             "03000012"
             "0d70000003"
             "c107"
             "ffe00000000100");
    bad_tpdu("0300000703f080", false,
             "0300000e"
             "0970123403"
             "c103"
             "03f080");
    /* LI shorter than the fixed part */
    bad_tpdu("0300000b05e00000000100", true,
             "03000012"
             "0d70000103"
             "c107"
             "05e00000000100");
    bad_tpdu("0300000700f080", false,
             "0300000e"
             "0970123403"
             "c103"
             "00f080");
    bad_tpdu("0300000701f080", false,
             "0300000e"
             "0970123403"
             "c103"
             "01f080");
    /* a parameter past the end, without its length octet, of a wrong length, of a wrong value */
    bad_tpdu("0300000d08e00000000100c001", true,
             "03000014"
             "0f70000103"
             "c109"
             "08e00000000100c001");
    bad_tpdu("0300000c07e00000000100c0", true,
             "03000013"
             "0e70000101"
             "c108"
             "07e00000000100c0");
    bad_tpdu("0300000f0ae00000000100c0020b0b", true,
             "03000016"
             "1170000103"
             "c10b"
             "0ae00000000100c0020b0b");
    bad_tpdu("0300000e09e00000000100c00106", true,
             "03000015"
             "1070000103"
             "c10a"
             "09e00000000100c00106");
    bad_tpdu("0300000e09e00000000100c0010e", true,
             "03000015"
             "1070000103"
             "c10a"
             "09e00000000100c0010e");
    bad_tpdu("0300000e09e00000000100f00100", true,
             "03000015"
             "1070000103"
             "c10a"
             "09e00000000100f00100");
    bad_tpdu("0300000d08e00000000100f000", true,
             "03000014"
             "0f70000103"
             "c109"
             "08e00000000100f000");
}

static void TP_03_unknown_parameters_are_skipped(void)
{
    open_pair(2048, 2048);
    cotp_input(&b.cotp, hex("0300001914e00000000100"
                            "8500"
                            "c60101"
                            "8902ffff"
                            "e000"
                            "c20141"));
    CU_ASSERT_EQUAL(b.ends, 0);
    CU_ASSERT_EQUAL(b.indications, 1);
    CU_ASSERT_TRUE(bytes_equal(b.connect.called_tsel, BYTES_LITERAL("A")));
}

/* ---- TP-04 ---- */

static void TP_04_refusal_by_address(void)
{
    open_pair(2048, 2048);
    b.accept = false;
    cotp_connect_t connect = {.called_tsel = BYTES_LITERAL("nobody")};
    cotp_connect_request(&a.cotp, &connect);
    pump(SIZE_MAX);
    CU_ASSERT_EQUAL(b.cotp.state, COTP_WAIT_RESPONSE);
    cotp_disconnect_request(&b.cotp, COTP_REASON_ADDRESS_UNKNOWN);
    CU_ASSERT_EQUAL(b.cotp.state, COTP_CLOSED);
    CU_ASSERT_EQUAL(b.ends, 0);
    CU_ASSERT_STRING_EQUAL(bytes_to_hex(pool, buffer_bytes(&b.out)), "0300000b"
                                                                     "06801234000003");
    pump(SIZE_MAX);
    CU_ASSERT_EQUAL(a.ends, 1);
    CU_ASSERT_EQUAL(a.confirms, 0);
    CU_ASSERT_EQUAL(a.err->code, COTP_REASON_ADDRESS_UNKNOWN);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.err->text, "refused"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a.err->text, "address is unknown"));
    cotp_network_closed(&a.cotp, NULL);
    CU_ASSERT_EQUAL(a.ends, 1);
}

static void TP_04_error_on_a_bad_tpdu(void)
{
    bad_tpdu("0300000902b0000000", false,
             "03000010"
             "0b70123402"
             "c105"
             "02b0000000"); /* unknown type */
    bad_tpdu("0300000b06e00000000100", false,
             "03000012"
             "0d70123402"
             "c107"
             "06e00000000100"); /* CR again */
    bad_tpdu("0300000b06d05678000100", false,
             "03000012"
             "0d70123402"
             "c107"
             "06d05678000100"); /* CC */
    bad_tpdu("0300000702f080", true,
             "0300000e"
             "0970000002"
             "c103"
             "02f080"); /* DT before CR */

    open_connection(2048, 2048);
    cotp_input(&a.cotp, hex("0300000e0970123402c10302f080"));
    CU_ASSERT_EQUAL(a.ends, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(a.err->text, "invalid TPDU type"));
    CU_ASSERT_EQUAL(buffer_length(&a.out), 0);

    open_pair(2048, 2048); /* data before the response */
    b.accept = false;
    cotp_input(&b.cotp, hex("0300000b06e00000000100"
                            "0300000702f080"));
    CU_ASSERT_EQUAL(b.indications, 1);
    CU_ASSERT_EQUAL(b.ends, 1);

    open_pair(2048, 2048); /* a CC for another reference */
    cotp_connect_t connect = {0};
    cotp_connect_request(&a.cotp, &connect);
    cotp_input(&a.cotp, hex("0300000b06d09999000100"));
    CU_ASSERT_EQUAL(a.confirms, 0);
    CU_ASSERT_EQUAL(a.ends, 1);
}

static void TP_04_disconnect_in_class_zero_is_tolerated(void)
{
    open_connection(2048, 2048);
    cotp_input(&b.cotp, hex("0300000b06805678123480"));
    CU_ASSERT_EQUAL(b.ends, 1);
    CU_ASSERT_EQUAL(b.err->code, COTP_REASON_NORMAL);
    CU_ASSERT_EQUAL(buffer_length(&b.out), 0);
    /* after our own end all is ignored */
    open_connection(2048, 2048);
    cotp_disconnect_request(&b.cotp, COTP_REASON_NORMAL);
    cotp_input(&b.cotp, hex("0300000b06805678123480"));
    cotp_input(&b.cotp, hex("ffffff"));
    cotp_network_closed(&b.cotp, NULL);
    send_tsdu(&b, BYTES_LITERAL("late"));
    CU_ASSERT_EQUAL(b.ends, 0);
    CU_ASSERT_EQUAL(buffer_length(&b.out), 0);
}

/* Everything that can happen to an engine, in each of its states: X.224 Annex A, the columns of class 0. */
typedef enum happening_t {
    COMES_CR,
    COMES_CC,
    COMES_DT,
    COMES_DR,
    COMES_ER,
    COMES_NONSENSE, /* a TPDU of another class */
    COMES_NO_TPKT,
    NETWORK_GOES,
    WE_CONNECT,
    WE_ACCEPT,
    WE_END,
    WE_SEND,
    HAPPENINGS
} happening_t;

enum { STATES = COTP_CLOSED + 1 };

static void bring_to(cotp_state_t state)
{
    cotp_connect_t connect = {0};
    open_pair(2048, 2048);
    a.accept = false;
    if (state == COTP_WAIT_CONFIRM || state == COTP_OPEN)
        cotp_connect_request(&a.cotp, &connect);
    if (state == COTP_OPEN)
        cotp_input(&a.cotp, hex("0300000b06d01234567800"));
    if (state == COTP_WAIT_RESPONSE)
        cotp_input(&a.cotp, hex("0300000b06e00000567800"));
    if (state == COTP_CLOSED)
        cotp_disconnect_request(&a.cotp, COTP_REASON_NORMAL);
    CU_ASSERT_EQUAL_FATAL(a.cotp.state, state);
    buffer_clear(&a.out);
    a.indications = a.confirms = a.tsdus = a.ends = 0;
}

static void happens(happening_t what)
{
    static const char *const comes[] = {"0300000b06e00000567800",
                                        "0300000b06d01234567800",
                                        "0300000802f08041",
                                        "0300000b06805678123480",
                                        "030000090470123400",
                                        "030000090410123400",
                                        "474554"};
    cotp_connect_t connect = {0};
    switch (what) {
    case NETWORK_GOES: cotp_network_closed(&a.cotp, NULL); break;
    case WE_CONNECT: cotp_connect_request(&a.cotp, &connect); break;
    case WE_ACCEPT: cotp_connect_response(&a.cotp); break;
    case WE_END: cotp_disconnect_request(&a.cotp, COTP_REASON_NORMAL); break;
    case WE_SEND: send_tsdu(&a, BYTES_LITERAL("x")); break;
    default: cotp_input(&a.cotp, hex(comes[what]));
    }
}

/* The TPDU that goes out, by its first digit: CR e, CC d, DR 8, ER 7, DT f; "-": none; what is told: i a
 * connect indication, c a confirm, d data, e the end, "-": nothing; and the state: I, C, R, O, X (closed). */
static void TP_04_every_happening_in_every_state(void)
{
    static const char *const expected[STATES][HAPPENINGS] = {
        /*                     CR     CC     DT     DR     ER     other  no     gone   conn.  accept end send
         */
        [COTP_IDLE] = {"-iR", "7eX", "7eX", "-eX", "-eX", "7eX", "-eX", "-eX", "e-C", "--I", "--X", "--I"},
        [COTP_WAIT_CONFIRM] = {"7eX", "-cO", "7eX", "-eX", "-eX", "7eX", "-eX", "-eX", "--C", "--C", "--X",
                               "--C"},
        [COTP_WAIT_RESPONSE] = {"7eX", "7eX", "7eX", "-eX", "-eX", "7eX", "-eX", "-eX", "--R", "d-O", "8-X",
                                "--R"},
        [COTP_OPEN] = {"7eX", "7eX", "-dO", "-eX", "-eX", "7eX", "-eX", "-eX", "--O", "--O", "--X", "f-O"},
        [COTP_CLOSED] = {"--X", "--X", "--X", "--X", "--X", "--X", "--X", "--X", "--X", "--X", "--X", "--X"},
    };
    static const char states[] = {[COTP_IDLE] = 'I',
                                  [COTP_WAIT_CONFIRM] = 'C',
                                  [COTP_WAIT_RESPONSE] = 'R',
                                  [COTP_OPEN] = 'O',
                                  [COTP_CLOSED] = 'X'};
    for (int state = 0; state < STATES; state++)
        for (int what = 0; what < HAPPENINGS; what++) {
            bring_to((cotp_state_t)state);
            happens((happening_t)what);
            bytes_t out = buffer_bytes(&a.out);
            char is[4] = {out.length > 5 ? bytes_to_hex(pool, bytes_slice(out, 5, 1))[0] : '-',
                          a.indications ? 'i'
                          : a.confirms  ? 'c'
                          : a.tsdus     ? 'd'
                          : a.ends      ? 'e'
                                        : '-',
                          states[a.cotp.state], 0};
            CU_ASSERT_STRING_EQUAL(is, expected[state][what]);
            CU_ASSERT_TRUE(a.indications + a.confirms + a.tsdus + a.ends <= 1);
            if (strcmp(is, expected[state][what]) != 0)
                printf("\n  state %d, happening %d: is %s, not %s\n", state, what, is, expected[state][what]);
        }
}

static void network_loss_ends_the_connection(void)
{
    open_connection(2048, 2048);
    cotp_network_closed(&a.cotp, err_create(pool, 104, "system", "connection reset by peer"));
    CU_ASSERT_EQUAL(a.ends, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(pool, a.err), "reset"));
    cotp_network_closed(&a.cotp, NULL);
    CU_ASSERT_EQUAL(a.ends, 1);
    open_pair(2048, 2048);
    cotp_network_closed(&b.cotp, NULL);
    CU_ASSERT_EQUAL(b.ends, 1);
}

/* ---- TP-05 ---- */

static void TP_05_reassembly_limit(void)
{
    open_pair(2048, 2048);
    end_open(&b, 2048, 0x5678, 4000);
    cotp_connect_t connect = {0};
    cotp_connect_request(&a.cotp, &connect);
    pump(SIZE_MAX);
    send_tsdu(&a, filled(4000));
    pump(SIZE_MAX);
    CU_ASSERT_EQUAL(b.tsdus, 1);
    send_tsdu(&a, filled(4001));
    pump(SIZE_MAX);
    CU_ASSERT_EQUAL(b.tsdus, 1);
    CU_ASSERT_EQUAL(b.ends, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.err->text, "4000"));
    /* in one TPDU */
    open_pair(65531, 65531);
    end_open(&b, 65531, 0x5678, 4000);
    cotp_connect_request(&a.cotp, &connect);
    pump(SIZE_MAX);
    send_tsdu(&a, filled(4001));
    pump(SIZE_MAX);
    CU_ASSERT_EQUAL(b.tsdus, 0);
    CU_ASSERT_EQUAL(b.ends, 1);
}

static void TP_05_octet_by_octet_without_growth(void)
{
    open_connection(2048, 2048);
    for (unsigned round = 0; round < 50; round++) {
        send_tsdu(&a, filled(5000));
        pump(1);
        CU_ASSERT_TRUE(bytes_equal(b.tsdu, filled(5000)));
        CU_ASSERT_TRUE(b.cotp.in.capacity <= 4096);
        CU_ASSERT_TRUE(b.cotp.tsdu.capacity <= 8192);
    }
    CU_ASSERT_EQUAL(b.tsdus, 50);
    send_tsdu(&a, filled(500000));
    pump(10000);
    CU_ASSERT_TRUE(bytes_equal(b.tsdu, filled(500000)));
    CU_ASSERT_EQUAL(b.cotp.tsdu.capacity, 0);
    /* a stream of empty TPDUs holds nothing */
    for (unsigned i = 0; i < 100000; i++)
        cotp_input(&b.cotp, bytes_make("\x03\x00\x00\x07\x02\xf0\x00", 7));
    CU_ASSERT_EQUAL(buffer_length(&b.cotp.tsdu), 0);
    CU_ASSERT_EQUAL(b.ends, 0);
}

static void reasons_have_words(void)
{
    for (int reason = 0; reason <= 255; reason++)
        CU_ASSERT_TRUE(strlen(cotp_reason_text(reason)) > 5);
}

static const unit_test_t tests[] = {
    UNIT_TEST(TP_01_octets_of_real_peers),
    UNIT_TEST(TP_01_size_negotiation),
    UNIT_TEST(TP_01_offer_above_8192),
    UNIT_TEST(TP_01_without_a_size),
    UNIT_TEST(TP_01_selectors_of_any_octets),
    UNIT_TEST(TP_01_other_classes),
    UNIT_TEST(TP_02_tsdu_over_many_tpdus),
    UNIT_TEST(TP_02_parts_are_one_tsdu),
    UNIT_TEST(TP_02_tpdus_keep_the_size),
    UNIT_TEST(TP_02_empty_last_tpdu),
    UNIT_TEST(TP_02_tpkt_lengths),
    UNIT_TEST(TP_02_reserved_octet_is_ignored),
    UNIT_TEST(TP_03_malformed_tpdus),
    UNIT_TEST(TP_03_unknown_parameters_are_skipped),
    UNIT_TEST(TP_04_refusal_by_address),
    UNIT_TEST(TP_04_error_on_a_bad_tpdu),
    UNIT_TEST(TP_04_disconnect_in_class_zero_is_tolerated),
    UNIT_TEST(TP_05_reassembly_limit),
    UNIT_TEST(TP_05_octet_by_octet_without_growth),
    UNIT_TEST(a_whole_tsdu_is_not_copied),
    UNIT_TEST(TP_04_every_happening_in_every_state),
    UNIT_TEST(network_loss_ends_the_connection),
    UNIT_TEST(reasons_have_words),
};

UNIT_MAIN("osi/cotp", tests)
