/* What the tests of src/x411 share: reading test data, a canonical form of BER, building encodings from hex.
 */
#ifndef TESTS_X411_SUPPORT_H
#define TESTS_X411_SUPPORT_H

#include <apr_strings.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ber/reader.h"
#include "ber/writer.h"
#include "x411/message.h"

#include "unit.h"

static inline apr_pool_t *support_pool(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    return pool;
}

/* The octets of a file below tests/; an empty range if it cannot be read. */
static inline bytes_t support_file(apr_pool_t *pool, const char *path)
{
    char full[1024];
    snprintf(full, sizeof(full), "%s/%s", TEST_DATA, path);
    FILE *file = fopen(full, "rb");
    if (!file)
        return BYTES_NONE;
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    fseek(file, 0, SEEK_SET);
    uint8_t *data = apr_palloc(pool, length + 1);
    length = fread(data, 1, length, file);
    fclose(file);
    return bytes_make(data, length);
}

static inline bytes_t support_hex(apr_pool_t *pool, const char *hex)
{
    char digits[4096];
    size_t count = 0;
    for (; *hex && count < sizeof(digits) - 1; hex++)
        if (*hex != ' ' && *hex != '\n')
            digits[count++] = *hex;
    digits[count] = '\0';
    bytes_t out = BYTES_NONE;
    CU_ASSERT_FATAL(bytes_from_hex(pool, digits, &out));
    return out;
}

/* Canonical form: lengths definite, constructed OCTET STRINGs joined, members of a universal SET in the order
 * of their tags (a SET OF keeps its order). */
static inline void support_canonical(ber_writer_t *writer, ber_reader_t *reader, apr_pool_t *pool, bool sets,
                                     bool sort)
{
    ber_tlv_t list[4096];
    unsigned count = 0;
    while (ber_more(reader) && count < 4096 && ber_read(reader, &list[count]))
        count++;
    for (unsigned i = 1; sort && i < count; i++)
        for (unsigned j = i; j > 0 && list[j - 1].tag > list[j].tag; j--) {
            ber_tlv_t swap = list[j];
            list[j] = list[j - 1];
            list[j - 1] = swap;
        }
    for (unsigned i = 0; i < count; i++) {
        ber_reader_t child;
        bytes_t joined;
        if (!list[i].constructed) {
            ber_put_octets(writer, list[i].tag, list[i].content);
        } else if (list[i].tag == BER_OCTET_STRING) {
            ber_value_octets(reader, &list[i], pool, &joined);
            ber_put_octets(writer, list[i].tag, joined);
        } else if (ber_children(reader, &list[i], &child)) {
            ber_open(writer, list[i].tag);
            bool probe = reader->depth == 0 && list[i].tag == BER_CONTEXT(X411_PROBE); /* an implicit SET */
            support_canonical(writer, &child, pool, sets, sets && (probe || list[i].tag == BER_SET));
            ber_close(writer);
        }
    }
}

static inline bytes_t support_canonical_form(apr_pool_t *pool, bytes_t octets, bool sets)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    ber_writer_t writer;
    ber_reader_t reader;
    ber_fault_t fault;
    buffer_init(out, pool, 1 << 24);
    ber_writer_init(&writer, out);
    ber_reader_init(&reader, octets, &fault);
    support_canonical(&writer, &reader, pool, sets, false);
    CU_ASSERT_PTR_NULL(fault.what);
    CU_ASSERT(ber_writer_ok(&writer));
    return buffer_bytes(out);
}

/* Encodes apdu bare in mode with extension types as they came; for a message with content. */
static inline bytes_t support_encode(apr_pool_t *pool, const x411_apdu_t *apdu, x411_mode_t mode,
                                     bytes_t content)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    x411_encode_options_t options = {
        .mode = mode, .bare = true, .extension_form = X411_EXTENSION_FORM_AS_RECEIVED};
    buffer_init(out, pool, 1 << 26);
    err_t *err = x411_apdu_encode(pool, apdu, &options, content, out);
    CU_ASSERT_PTR_NULL(err);
    return buffer_bytes(out);
}

/* Decodes a corpus file by name ("m88-recips2"). */
static inline x411_apdu_t *support_corpus(apr_pool_t *pool, const char *name, bytes_t *content)
{
    char path[256];
    snprintf(path, sizeof(path), "wire/captures/corpus/%s.p1", name);
    bytes_t octets = support_file(pool, path);
    CU_ASSERT_FATAL(octets.length > 0);
    x411_apdu_t *apdu = NULL;
    err_t *err = x411_apdu_decode(pool, octets, &apdu, content);
    CU_ASSERT_PTR_NULL_FATAL(err);
    return apdu;
}

#endif
