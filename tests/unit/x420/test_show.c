/* Objects as text and as JSON; what a file of octets is. */
#include "support.h"
#include "x420/describe.h"
#include "x420/ipm_build.h"
#include "x420/show.h"

#define CAPTURES TEST_DATA "/wire/captures"

static const char *shown(apr_pool_t *pool, bytes_t octets)
{
    x420_object_t object;
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_init(out, pool, 8 << 20);
    err_t *err = x420_object_read(pool, octets, &object);
    if (err)
        printf("%s\n", err_describe(pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    x420_show_object(pool, &object, out);
    CU_ASSERT_FALSE(out->failed);
    return bytes_to_string(pool, buffer_bytes(out));
}

static bool is_harmless(const char *text)
{
    for (const uint8_t *p = (const uint8_t *)text; *p; p++)
        if ((*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7F)
            return false;
    return true;
}

/* Every APDU of the corpus, in every mode, reads, shows, and names its parts. */
static void corpus_shows(void)
{
    apr_pool_t *pool = test_pool();
    apr_dir_t *dir;
    apr_finfo_t info;
    int files = 0;
    CU_ASSERT_EQUAL_FATAL(apr_dir_open(&dir, CAPTURES "/corpus", pool), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        size_t length = strlen(info.name);
        if (length < 3 || strcmp(info.name + length - 3, ".p1") != 0 || strstr(info.name, "1mb"))
            continue;
        files++;
        bytes_t octets = test_file(pool, apr_pstrcat(pool, CAPTURES "/corpus/", info.name, NULL));
        const char *text = shown(pool, octets);
        CU_ASSERT(strstr(text, "MTS identifier") != NULL);
        CU_ASSERT(strstr(text, "Malformed") == NULL);
        CU_ASSERT(is_harmless(text));
        if (strstr(info.name, "report"))
            continue;
        CU_ASSERT(strstr(text, strstr(info.name, "probe") ? "Content length" : "Interpersonal message") !=
                  NULL);
    }
    CU_ASSERT(files >= 100);
    apr_pool_destroy(pool);
}

static void objects_are_told_apart(void)
{
    apr_pool_t *pool = test_pool();
    x420_object_t object;
    bytes_t wrapped = test_file(pool, CAPTURES "/apdus/pp88-normal-mode-wrapped.apdu");
    CU_ASSERT_PTR_NULL_FATAL(x420_object_read(pool, wrapped, &object));
    CU_ASSERT(object.kind == X420_OBJECT_APDU && object.wrapped);
    CU_ASSERT_EQUAL(object.mode, X411_MODE_NORMAL);
    bytes_t content = object.content;
    CU_ASSERT_PTR_NULL_FATAL(x420_object_read(pool, content, &object));
    CU_ASSERT_EQUAL(object.kind, X420_OBJECT_CONTENT);
    CU_ASSERT_PTR_NOT_NULL(object.interpersonal.ipm);
    bytes_t older = test_file(pool, CAPTURES "/apdus/pp84.p1");
    CU_ASSERT_PTR_NULL_FATAL(x420_object_read(pool, older, &object));
    CU_ASSERT_EQUAL(object.kind, X420_OBJECT_APDU);
    CU_ASSERT_EQUAL(object.mode, X411_MODE_1984);
    CU_ASSERT_FALSE(object.wrapped);
    bytes_t receipt = test_hex(pool, "A10F" TEST_ID "A008 A106 8004 39393939");
    CU_ASSERT_PTR_NULL_FATAL(x420_object_read(pool, receipt, &object));
    CU_ASSERT_PTR_NOT_NULL(object.interpersonal.ipn);
    CU_ASSERT_PTR_NOT_NULL(x420_object_read(pool, BYTES_LITERAL("hello"), &object));
    CU_ASSERT_PTR_NOT_NULL(x420_object_read(pool, BYTES_NONE, &object));
    apr_pool_destroy(pool);
}

static void every_body_part_shows(void)
{
    apr_pool_t *pool = test_pool();
    const char *bodies = "A007 3100 1603 616263"        /* ia5 */
                         "A509 3100 3005 1403 C26520"   /* teletex: e acute */
                         "A608 3103 800101 1501 41"     /* videotex */
                         "8E03 00FF41"                  /* bilaterally defined */
                         "AD02 3000"                    /* unknown */
                         "A003 020101"                  /* malformed */
                         "A909 3100 3005 3100 3000 00"; /* malformed message */
    const char *text = shown(pool, test_ipm(pool, TEST_ID "A808 1406 61 1B5B32 4A 07", bodies));
    CU_ASSERT(is_harmless(text));
    CU_ASSERT(strstr(text, "a{x1B}[2J{x07}") != NULL);
    CU_ASSERT(strstr(text, "    abc\n") != NULL);
    CU_ASSERT(strstr(text, "\xC3\xA9") != NULL);
    CU_ASSERT(strstr(text, "videotex") != NULL);
    CU_ASSERT(strstr(text, "00 ff 41") != NULL);
    CU_ASSERT(strstr(text, "Malformed") != NULL);
    CU_ASSERT(strstr(text, "unknown") != NULL);
    apr_pool_destroy(pool);
}

static void hex_dump_is_bounded(void)
{
    apr_pool_t *pool = test_pool();
    buffer_t out;
    uint8_t octets[40];
    memset(octets, 'A', sizeof(octets));
    buffer_init(&out, pool, 4096);
    x420_show_hex(bytes_make(octets, sizeof(octets)), 0, 20, &out);
    const char *text = bytes_to_string(pool, buffer_bytes(&out));
    CU_ASSERT(strstr(text, "000010  41 41 41 41    ") != NULL);
    CU_ASSERT(strstr(text, "... 20 octets more\n") != NULL);
    apr_pool_destroy(pool);
}

static void json_is_readable(void)
{
    apr_pool_t *pool = test_pool();
    x420_describe_t how = {.pool = pool, .readable = true};
    const x420_ipm_t *ipm = test_decode(pool, TEST_ID "A804 1402 C865 8C0102", "A007 3100 1603 610062 8E00");
    json_t *json = x420_describe_ipm(&how, ipm);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "subject")), "\xC3\xAB");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "importance_name")), "high");
    json_t *body = json_array_get(json_object_get(json, "bodies"), 0);
    CU_ASSERT_EQUAL(json_string_length(json_object_get(body, "text")), 3);
    json_decref(json);
    how.readable = false;
    json = x420_describe_ipm(&how, ipm);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json, "subject")), "\xC3\x88"
                                                                                "e");
    CU_ASSERT_PTR_NULL(json_object_get(json, "importance_name"));
    json_decref(json);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(corpus_shows),        UNIT_TEST(objects_are_told_apart), UNIT_TEST(every_body_part_shows),
    UNIT_TEST(hex_dump_is_bounded), UNIT_TEST(json_is_readable),
};

UNIT_MAIN("x420 show", tests)
