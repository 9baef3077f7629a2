/* How fast P1 is read and written: each APDU given is decoded and encoded again and again, as the agent does
 * it (envelope and content), in one thread.
 *
 *   x411_codec SECONDS FILE...      JSON: decode and encode in messages/s and MB/s, allocations per message
 */
#include <stdio.h>
#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_time.h>

#include "x411/message.h"

/* What the C library gives out while we measure, by whoever asks: the pools too. */
void *__libc_malloc(size_t size);
static unsigned long long allocations;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define COUNTED 1
void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}
#else
#define COUNTED 0
#endif

enum { FILES = 256, FILE_LIMIT = 16 << 20 };

typedef struct result_t {
    double messages; /* per second */
    double octets;
    double allocations; /* per message */
} result_t;

typedef struct sample_t {
    bytes_t octets;
    x411_apdu_t *apdu;
    bytes_t content;
} sample_t;

static sample_t samples[FILES];
static int sample_count;
static apr_pool_t *scratch;
static buffer_t *out;

static bool decode_one(const sample_t *sample)
{
    x411_apdu_t *apdu;
    bytes_t content;
    err_t *err = x411_apdu_decode(scratch, sample->octets, &apdu, &content);
    return !err;
}

static bool encode_one(const sample_t *sample)
{
    static const x411_encode_options_t options = {.mode = X411_MODE_X410_1988, .bare = true};
    buffer_consume(out, buffer_length(out));
    return !x411_apdu_encode(scratch, sample->apdu, &options, sample->content, out);
}

static result_t measure(bool (*one)(const sample_t *sample), double seconds)
{
    unsigned long long before = allocations;
    unsigned long long messages = 0;
    unsigned long long octets = 0;
    apr_time_t begin = apr_time_now();
    apr_time_t end = begin + (apr_time_t)(seconds * APR_USEC_PER_SEC);
    do {
        for (int i = 0; i < sample_count; i++) {
            if (!one(&samples[i])) {
                fprintf(stderr, "x411_codec: sample %d failed\n", i);
                exit(1);
            }
            octets += samples[i].octets.length;
            messages++;
            apr_pool_clear(scratch);
        }
    } while (apr_time_now() < end);
    double took = (double)(apr_time_now() - begin) / APR_USEC_PER_SEC;
    return (result_t){(double)messages / took, (double)octets / took,
                      (double)(allocations - before) / (double)messages};
}

/* Reads a file; one that is no APDU in the codec's sense is left out. */
static void add(apr_pool_t *pool, const char *path)
{
    apr_file_t *file;
    apr_finfo_t info;
    if (sample_count == FILES || apr_file_open(&file, path, APR_FOPEN_READ, 0, pool))
        return;
    if (!apr_file_info_get(&info, APR_FINFO_SIZE, file) && info.size > 0 && info.size < FILE_LIMIT) {
        apr_size_t length = (apr_size_t)info.size;
        uint8_t *data = apr_palloc(pool, length);
        sample_t *sample = &samples[sample_count];
        if (!apr_file_read_full(file, data, length, &length)) {
            sample->octets = bytes_make(data, length);
            if (!x411_apdu_decode(pool, sample->octets, &sample->apdu, &sample->content) &&
                encode_one(sample))
                sample_count++;
        }
    }
    apr_file_close(file);
}

static void print(const char *name, result_t result)
{
    printf("\"%s\": {\"messages_per_second\": %.0f, \"mb_per_second\": %.1f, \"allocations\": ", name,
           result.messages, result.octets / 1e6);
    if (COUNTED)
        printf("%.3f}", result.allocations);
    else
        printf("null}");
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, pool);
    out = buffer_create(pool, FILE_LIMIT * 2);
    for (int i = 2; i < argc; i++)
        add(pool, argv[i]);
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0;
    if (seconds <= 0 || !sample_count) {
        fputs("usage: x411_codec SECONDS FILE...\n", stderr);
        return 2;
    }
    unsigned long long octets = 0;
    for (int i = 0; i < sample_count; i++)
        octets += samples[i].octets.length;
    result_t decode = measure(decode_one, seconds);
    result_t encode = measure(encode_one, seconds);
    printf("{\"samples\": %d, \"octets\": %llu, ", sample_count, octets);
    print("decode", decode);
    printf(", ");
    print("encode", encode);
    printf("}\n");
    return 0;
}
