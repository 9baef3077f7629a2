/* facts FILE.p1...: decodes each P1 APDU, prints the facts in it as JSON in the layout of
 * captures/corpus/README.md, and compares them with the JSON file of the same stem beside it. Every
 * difference is named with its path; the last line is "N passed, N failed". A file without a JSON file beside
 * it passes if it decodes. -q leaves the facts out. */
#include "facts_compare.h"

#include "x420/describe.h"
#include "x420/object.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/sha.h>
#include <stdio.h>

enum { FILE_LIMIT = 1 << 30 };

static const char *sha256(apr_pool_t *pool, bytes_t octets)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(octets.length ? octets.data : (const uint8_t *)"", octets.length, digest);
    return bytes_to_hex(pool, bytes_make(digest, sizeof(digest)));
}

static err_t *read_file(apr_pool_t *pool, const char *path, bytes_t *octets)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_OS_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "cannot open %s", path);
    status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (status == APR_SUCCESS && info.size > FILE_LIMIT)
        status = APR_ENOSPC;
    apr_size_t length = 0;
    uint8_t *data = NULL;
    if (status == APR_SUCCESS) {
        length = (apr_size_t)info.size;
        data = apr_palloc(pool, length + 1);
        if (length)
            status = apr_file_read_full(file, data, length, &length);
    }
    apr_file_close(file);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "cannot read %s", path);
    *octets = bytes_make(data, length);
    return NULL;
}

/* The mode that the file's name says, or NULL. */
static const char *mode_of_name(const char *name)
{
    if (strncmp(name, "m84-", 4) == 0)
        return "84";
    if (strncmp(name, "m88-", 4) == 0)
        return "88";
    if (strncmp(name, "x410-", 5) == 0)
        return "x410";
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *name = path;
    for (const char *p = path; *p; p++)
        if (*p == '/' || *p == '\\')
            name = p + 1;
    return name;
}

static err_t *facts_of(apr_pool_t *pool, const char *path, json_t **facts)
{
    x420_describe_t how = {.pool = pool, .raw_values = true, .digest = sha256};
    x420_object_t object = {0};
    bytes_t octets = BYTES_NONE;
    err_t *err = read_file(pool, path, &octets);
    if (!err)
        err = x420_object_read(pool, octets, &object);
    if (err)
        return err;
    if (object.kind != X420_OBJECT_APDU)
        return err_create(pool, X420_ERROR_VALUE, "P2", "an interpersonal content, not a P1 APDU");
    const char *name = base_name(path);
    const char *mode = mode_of_name(name);
    if (!mode) {
        mode = object.mode == X411_MODE_1984 ? "84" : "88";
        fprintf(stderr, "%s: mode %s by what the octets show\n", path, mode);
    }
    json_t *all = json_object();
    json_object_set_new(all, "file", json_string(name));
    json_object_set_new(all, "mode", json_string(mode));
    json_object_set_new(all, "octets", json_integer((json_int_t)octets.length));
    json_object_set_new(all, "sha256", json_string(sha256(pool, octets)));
    json_t *described = x420_describe_apdu(&how, object.apdu, &object.content);
    json_object_update(all, described);
    json_decref(described);
    *facts = all;
    return NULL;
}

/* The JSON file beside path; NULL in *expected if there is none. */
static err_t *load_expected(apr_pool_t *pool, const char *path, json_t **expected)
{
    const char *dot = strrchr(base_name(path), '.');
    size_t stem = dot ? (size_t)(dot - path) : strlen(path);
    const char *beside = apr_pstrcat(pool, apr_pstrndup(pool, path, stem), ".json", NULL);
    bytes_t text = BYTES_NONE;
    json_error_t error;
    *expected = NULL;
    apr_finfo_t info;
    if (apr_stat(&info, beside, APR_FINFO_TYPE, pool) != APR_SUCCESS)
        return NULL;
    err_t *err = read_file(pool, beside, &text);
    if (err)
        return err;
    *expected = json_loadb((const char *)text.data, text.length, JSON_ALLOW_NUL, &error);
    if (!*expected)
        return err_create(pool, error.line, "P1", "%s, line %d: %s", beside, error.line, error.text);
    return NULL;
}

static bool check(apr_pool_t *pool, const char *path, bool print)
{
    json_t *facts = NULL;
    json_t *expected = NULL;
    err_t *err = facts_of(pool, path, &facts);
    if (!err)
        err = load_expected(pool, path, &expected);
    if (err) {
        fprintf(stderr, "%s: %s\n", path, err_describe(pool, err));
        json_decref(facts);
        return false;
    }
    facts_sort(facts);
    facts_sort(expected);
    facts_settle(expected, facts);
    if (print) {
        json_dumpf(facts, stdout, JSON_INDENT(1));
        putchar('\n');
    }
    unsigned differences = 1;
    if (expected)
        differences = facts_compare(base_name(path), expected, facts, stdout);
    else
        fprintf(stderr, "%s: no JSON file beside it to compare with\n", path);
    json_decref(facts);
    json_decref(expected);
    return differences == 0;
}

int main(int argc, char **argv)
{
    unsigned passed = 0;
    unsigned failed = 0;
    bool print = true;
    apr_pool_t *pool;
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-q") == 0) {
            print = false;
            continue;
        }
        if (check(pool, argv[i], print))
            passed++;
        else
            failed++;
        apr_pool_clear(pool);
    }
    printf("%u passed, %u failed\n", passed, failed);
    apr_terminate();
    return failed == 0 && passed > 0 ? 0 : 1;
}
