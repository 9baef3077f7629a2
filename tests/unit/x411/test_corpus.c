/* Every APDU of the corpus: decode, encode, compare with the canonical form of the same octets; the streaming
 * reader in pieces of several sizes; parts changed one by one are written from their fields. */
#include "x411/apdu_stream.h"
#include "x411/extensions.h"

#include "support.h"

typedef void (*corpus_fn)(apr_pool_t *pool, const char *name, bytes_t octets, x411_mode_t mode);

static void each_file(corpus_fn run)
{
    DIR *dir = opendir(TEST_DATA "/wire/captures/corpus");
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    unsigned count = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 3, ".p1") != 0)
            continue;
        apr_pool_t *pool = support_pool();
        char path[512];
        snprintf(path, sizeof(path), "wire/captures/corpus/%s", entry->d_name);
        bytes_t octets = support_file(pool, path);
        x411_mode_t mode = strncmp(entry->d_name, "m84", 3) == 0    ? X411_MODE_1984
                           : strncmp(entry->d_name, "x410", 4) == 0 ? X411_MODE_X410_1988
                                                                    : X411_MODE_NORMAL;
        run(pool, entry->d_name, octets, mode);
        apr_pool_destroy(pool);
        count++;
    }
    closedir(dir);
    CU_ASSERT(count >= 110);
}

static void expect_equal(const char *name, const char *what, bytes_t a, bytes_t b)
{
    if (!bytes_equal(a, b)) {
        size_t i = 0;
        while (i < a.length && i < b.length && a.data[i] == b.data[i])
            i++;
        printf("\n%s: %s differs at %zu (%zu and %zu octets)\n", name, what, i, a.length, b.length);
    }
    CU_ASSERT(bytes_equal(a, b));
}

static void check_encoding(apr_pool_t *pool, const char *name, bytes_t octets, x411_mode_t mode)
{
    x411_apdu_t *apdu = NULL;
    bytes_t content = BYTES_NONE;
    err_t *err = x411_apdu_decode(pool, octets, &apdu, &content);
    if (err)
        printf("\n%s: %s\n", name, err_describe(pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    bytes_t ours = support_encode(pool, apdu, mode, content);
    bytes_t canonical = support_canonical_form(pool, octets, false);
    expect_equal(name, "encoding", support_canonical_form(pool, ours, true),
                 support_canonical_form(pool, octets, true));
    /* A second time round nothing changes at all. */
    x411_apdu_t *again = NULL;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, ours, &again, &content));
    expect_equal(name, "second encoding", support_encode(pool, again, mode, content), ours);
    /* What is canonical stays so, but for the order of SET members. */
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, canonical, &again, &content));
    ours = support_encode(pool, again, mode, content);
    expect_equal(name, "canonical form of ours", support_canonical_form(pool, ours, false), ours);
    CU_ASSERT_EQUAL(ours.length, canonical.length);
    expect_equal(name, "canonical encoding", support_canonical_form(pool, ours, true),
                 support_canonical_form(pool, octets, true));
}

static void test_decode_and_encode(void)
{
    each_file(check_encoding);
}

static void forget_trace(x411_trace_t *trace)
{
    for (unsigned i = 0; i < trace->count; i++) {
        trace->elements[i].raw = BYTES_NONE;
        trace->elements[i].converted.raw = BYTES_NONE;
    }
}

static void check_fields(apr_pool_t *pool, const char *name, bytes_t octets, x411_mode_t mode)
{
    x411_apdu_t *apdu = NULL;
    bytes_t content = BYTES_NONE;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, octets, &apdu, &content));
    x411_or_name_changed(&apdu->originator);
    apdu->original_eits.raw = BYTES_NONE;
    forget_trace(&apdu->trace);
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        x411_outcome_t *outcome = apdu->recipients[i].outcome;
        x411_or_name_changed(&apdu->recipients[i].name);
        if (outcome)
            outcome->converted.raw = BYTES_NONE;
        if (outcome && outcome->originally_intended)
            x411_or_name_changed(outcome->originally_intended);
    }
    if (apdu->report) {
        forget_trace(&apdu->report->subject_trace);
        apdu->report->original_eits.raw = BYTES_NONE;
    }
    bytes_t ours = support_encode(pool, apdu, mode, content);
    expect_equal(name, "encoding from fields", support_canonical_form(pool, ours, true),
                 support_canonical_form(pool, octets, true));
}

static void test_encode_from_fields(void)
{
    each_file(check_fields);
}

/* Feeds octets in pieces and gives back what came out. */
static void stream_all(apr_pool_t *pool, x411_mode_t mode, bytes_t octets, size_t piece, bytes_t *collected,
                       buffer_t *content, x411_kind_t *kind)
{
    x411_stream_t *stream = apr_palloc(pool, sizeof(*stream));
    bool ended = false;
    x411_stream_init(stream, pool, mode, 1 << 20);
    for (size_t offset = 0; offset < octets.length; offset += piece) {
        bytes_t input = bytes_slice(octets, offset, piece);
        bytes_t range;
        x411_stream_event_t event;
        while ((event = x411_stream_next(stream, &input, &range)) != X411_STREAM_MORE) {
            if (event == X411_STREAM_ENVELOPE || event == X411_STREAM_APDU)
                *collected = range;
            else if (event == X411_STREAM_CONTENT)
                buffer_append(content, range);
            else if (event == X411_STREAM_END)
                ended = true;
            else
                CU_FAIL_FATAL("stream failed");
        }
        CU_ASSERT_EQUAL(input.length, 0);
    }
    CU_ASSERT(ended);
    CU_ASSERT_PTR_NULL(x411_stream_finish(pool, stream));
    CU_ASSERT_EQUAL(stream->content_length, buffer_length(content));
    *kind = stream->kind;
}

static void check_stream(apr_pool_t *pool, const char *name, bytes_t octets, x411_mode_t mode)
{
    static const size_t pieces[] = {1, 2, 7, 1000, SIZE_MAX / 2};
    x411_apdu_t *whole = NULL;
    bytes_t expected = BYTES_NONE;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, octets, &whole, &expected));
    bytes_t encoding = support_encode(pool, whole, mode, expected);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        if (pieces[i] < 7 && octets.length > 100000)
            continue;
        bytes_t collected = BYTES_NONE;
        buffer_t *content = apr_palloc(pool, sizeof(*content));
        x411_kind_t kind;
        buffer_init(content, pool, 1 << 24);
        stream_all(pool, mode, octets, pieces[i], &collected, content, &kind);
        CU_ASSERT_EQUAL(kind, whole->kind);
        expect_equal(name, "content", buffer_bytes(content), expected);
        x411_apdu_t *apdu = NULL;
        CU_ASSERT_PTR_NULL_FATAL(x411_envelope_decode(pool, kind, collected, &apdu));
        expect_equal(name, "envelope", support_encode(pool, apdu, mode, expected), encoding);
    }
}

static void test_stream(void)
{
    each_file(check_stream);
}

/* Wrapped for normal mode and segmented, the same comes out of the reader. */
static void check_wrapped(apr_pool_t *pool, const char *name, bytes_t octets, x411_mode_t mode)
{
    if (mode == X411_MODE_1984)
        return;
    x411_apdu_t *apdu = NULL;
    bytes_t expected = BYTES_NONE;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, octets, &apdu, &expected));
    x411_encode_options_t options = {.mode = X411_MODE_NORMAL, .content_segment = 100};
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_t *content = apr_palloc(pool, sizeof(*content));
    buffer_init(out, pool, 1 << 24);
    buffer_init(content, pool, 1 << 24);
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_encode(pool, apdu, &options, expected, out));
    bytes_t collected = BYTES_NONE;
    x411_kind_t kind;
    stream_all(pool, X411_MODE_NORMAL, buffer_bytes(out), 997, &collected, content, &kind);
    expect_equal(name, "content in segments", buffer_bytes(content), expected);
    if (apdu->kind == X411_MESSAGE) {
        buffer_t *prefix = apr_palloc(pool, sizeof(*prefix));
        x411_framing_t framing;
        buffer_init(prefix, pool, 1 << 24);
        CU_ASSERT_PTR_NULL(x411_message_encode(pool, apdu, &options, expected.length, prefix, &framing));
        CU_ASSERT_EQUAL(framing.total_length, buffer_length(out));
        CU_ASSERT(bytes_equal(framing.prefix, bytes_slice(buffer_bytes(out), 0, framing.prefix.length)));
    }
}

static void test_wrapped_and_segmented(void)
{
    each_file(check_wrapped);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_decode_and_encode),
    UNIT_TEST(test_encode_from_fields),
    UNIT_TEST(test_stream),
    UNIT_TEST(test_wrapped_and_segmented),
};

UNIT_MAIN("x411/corpus", tests)
