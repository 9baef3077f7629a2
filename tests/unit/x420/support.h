/* What the tests of this floor share: contents made of hexadecimal text, files of the corpus. */
#ifndef TESTS_X420_SUPPORT_H
#define TESTS_X420_SUPPORT_H

#include "unit.h"

#include <apr_file_io.h>
#include <apr_file_info.h>
#include <apr_strings.h>

#include "x411/oraddress_text.h"
#include "x420/ipm.h"

static inline apr_pool_t *test_pool(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    return pool;
}

/* Octets of hexadecimal digits; spaces between them do not count. */
static inline bytes_t test_hex(apr_pool_t *pool, const char *text)
{
    char *digits = apr_pstrdup(pool, text);
    char *out = digits;
    for (const char *p = text; *p; p++)
        if (*p != ' ')
            *out++ = *p;
    *out = '\0';
    bytes_t octets = BYTES_NONE;
    CU_ASSERT_FATAL(bytes_from_hex(pool, digits, &octets));
    return octets;
}

/* One element around parts (a list that ends with an empty range), definite length. */
static inline bytes_t test_wrap(apr_pool_t *pool, ber_tag_t tag, bytes_t contents)
{
    buffer_t *buffer = apr_palloc(pool, sizeof(*buffer));
    ber_writer_t writer;
    buffer_init(buffer, pool, contents.length + 64);
    ber_writer_init(&writer, buffer);
    ber_open(&writer, tag);
    ber_put_raw(&writer, contents);
    ber_close(&writer);
    CU_ASSERT_FATAL(ber_writer_ok(&writer));
    return buffer_bytes(buffer);
}

static inline bytes_t test_join(apr_pool_t *pool, bytes_t a, bytes_t b)
{
    uint8_t *octets = apr_palloc(pool, a.length + b.length + 1);
    if (a.length)
        memcpy(octets, a.data, a.length);
    if (b.length)
        memcpy(octets + a.length, b.data, b.length);
    return bytes_make(octets, a.length + b.length);
}

/* A content: [0] { SET heading, SEQUENCE bodies }, both given as hexadecimal contents. */
static inline bytes_t test_ipm(apr_pool_t *pool, const char *heading, const char *bodies)
{
    bytes_t set = test_wrap(pool, BER_SET, test_hex(pool, heading));
    bytes_t sequence = test_wrap(pool, BER_SEQUENCE, test_hex(pool, bodies));
    return test_wrap(pool, BER_CONTEXT(0), test_join(pool, set, sequence));
}

/* this-IPM with the identifier "x" and nothing else. */
#define TEST_ID "6B03130178"

static inline const x420_ipm_t *test_decode(apr_pool_t *pool, const char *heading, const char *bodies)
{
    x420_content_t content;
    err_t *err = x420_content_decode(pool, test_ipm(pool, heading, bodies), &content);
    if (err)
        printf("%s\n", err_describe(pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(content.ipm);
    return content.ipm;
}

static inline bytes_t test_file(apr_pool_t *pool, const char *path)
{
    apr_file_t *file;
    apr_finfo_t info;
    CU_ASSERT_EQUAL_FATAL(apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(apr_file_info_get(&info, APR_FINFO_SIZE, file), APR_SUCCESS);
    apr_size_t length = (apr_size_t)info.size;
    uint8_t *data = apr_palloc(pool, length + 1);
    CU_ASSERT_EQUAL_FATAL(apr_file_read_full(file, data, length, &length), APR_SUCCESS);
    apr_file_close(file);
    return bytes_make(data, length);
}

static inline const x411_or_name_t *test_name(apr_pool_t *pool, const char *text)
{
    x411_or_name_t *name = apr_pcalloc(pool, sizeof(*name));
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, text, name));
    return name;
}

static inline bool test_text_is(bytes_t octets, const char *text)
{
    return bytes_equal(octets, bytes_of_string(text));
}

#endif
