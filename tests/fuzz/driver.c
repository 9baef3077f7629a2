/* A main() for fuzz targets where libFuzzer is not: runs every seed of the folders, then RUNS mutations of
 * them from a fixed series of random numbers.
 *
 * usage: fuzz_SUBJECT RUNS FOLDER... */
#include "fuzz.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_LIMIT = 1 << 16 };

typedef struct seed_t {
    uint8_t *data;
    size_t length;
} seed_t;

static uint64_t series = 0x9E3779B97F4A7C15U;

/* xorshift64*: the same series on every machine. */
static uint32_t random_below(uint32_t limit)
{
    series ^= series >> 12;
    series ^= series << 25;
    series ^= series >> 27;
    return (uint32_t)((series * 0x2545F4914F6CDD1DU) >> 33) % limit;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void read_file(apr_pool_t *pool, const char *path, apr_array_header_t *seeds)
{
    apr_file_t *file;
    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool) != APR_SUCCESS)
        return;
    seed_t *seed = apr_array_push(seeds);
    seed->data = apr_palloc(pool, INPUT_LIMIT);
    apr_size_t length = 0;
    apr_file_read_full(file, seed->data, INPUT_LIMIT, &length);
    seed->length = length;
    apr_file_close(file);
}

static void read_folder(apr_pool_t *pool, const char *folder, apr_array_header_t *seeds)
{
    apr_dir_t *dir;
    if (apr_dir_open(&dir, folder, pool) != APR_SUCCESS)
        return;
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(char *));
    apr_finfo_t info;
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS)
        if (info.name[0] != '.')
            APR_ARRAY_PUSH(names, const char *) = apr_pstrcat(pool, folder, "/", info.name, NULL);
    apr_dir_close(dir);
    qsort(names->elts, (size_t)names->nelts, sizeof(char *), by_name);
    for (int i = 0; i < names->nelts; i++)
        read_file(pool, APR_ARRAY_IDX(names, i, const char *), seeds);
}

/* Changes length octets of input in place, by one of a few kinds of damage; returns the new length. */
static size_t mutate(uint8_t *input, size_t length, const apr_array_header_t *seeds)
{
    static const uint8_t special[] = {0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF, 0xFE, 0x30};
    const seed_t *other = &APR_ARRAY_IDX(seeds, (int)random_below((uint32_t)seeds->nelts), seed_t);
    uint32_t at = length ? random_below((uint32_t)length) : 0;
    size_t rest = length - at;
    switch (random_below(7)) {
    case 0:
        if (length)
            input[at] = (uint8_t)random_below(256);
        return length;
    case 1:
        if (length)
            input[at] ^= (uint8_t)(1U << random_below(8));
        return length;
    case 2:
        if (length)
            input[at] = special[random_below(sizeof(special))];
        return length;
    case 3: return at; /* cut off */
    case 4: {          /* take a piece out */
        size_t piece = rest ? random_below((uint32_t)(rest < 16 ? rest : 16)) : 0;
        memmove(input + at, input + at + piece, rest - piece);
        return length - piece;
    }
    case 5: { /* double a piece */
        size_t piece = rest < 32 ? rest : 32;
        if (length + piece > INPUT_LIMIT)
            return length;
        memmove(input + at + piece, input + at, rest);
        return length + piece;
    }
    default: { /* go on as another seed does */
        size_t from = other->length ? random_below((uint32_t)other->length) : 0;
        size_t piece = other->length - from;
        if (at + piece > INPUT_LIMIT)
            return length;
        memcpy(input + at, other->data + from, piece);
        return at + piece;
    }
    }
}

static void run(const uint8_t *data, size_t length)
{
    uint8_t *exact = malloc(length ? length : 1); /* its end is the end that a sanitizer sees */
    if (!exact)
        abort();
    memcpy(exact, data, length);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s RUNS FOLDER...\n", argv[0]);
        return 2;
    }
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    apr_array_header_t *seeds = apr_array_make(pool, 16, sizeof(seed_t));
    for (int i = 2; i < argc; i++)
        read_folder(pool, argv[i], seeds);
    if (seeds->nelts == 0) {
        fprintf(stderr, "%s: no seeds\n", argv[0]);
        return 1;
    }
    for (int i = 0; i < seeds->nelts; i++)
        run(APR_ARRAY_IDX(seeds, i, seed_t).data, APR_ARRAY_IDX(seeds, i, seed_t).length);
    long runs = atol(argv[1]);
    uint8_t *input = malloc(INPUT_LIMIT);
    if (!input)
        return 1;
    for (long i = 0; i < runs; i++) {
        const seed_t *seed = &APR_ARRAY_IDX(seeds, (int)random_below((uint32_t)seeds->nelts), seed_t);
        size_t length = seed->length;
        memcpy(input, seed->data, length);
        for (uint32_t changes = 1 + random_below(6); changes > 0; changes--)
            length = mutate(input, length, seeds);
        run(input, length);
    }
    free(input);
    printf("%d seeds, %ld mutations\n", seeds->nelts, runs);
    return 0;
}
