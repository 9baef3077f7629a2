#include "p1source_source.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

enum { PER_MILLE = 1000 };

void source_note(source_totals_t *totals, const char *words)
{
    for (unsigned i = 0; i < totals->reason_count; i++) {
        if (strcmp(totals->reasons[i], words) == 0) {
            totals->reason_counts[i]++;
            return;
        }
    }
    if (totals->reason_count == SOURCE_REASON_LIMIT)
        return;
    totals->reasons[totals->reason_count] = apr_pstrdup(totals->pool, words);
    totals->reason_counts[totals->reason_count++] = 1;
}

static int compare(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a;
    int64_t second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* Milliseconds that so many of a thousand messages did not exceed (latencies sorted). */
static double percentile(const source_totals_t *totals, int per_mille)
{
    if (totals->accepted == 0)
        return 0;
    int64_t index = (totals->accepted * per_mille + PER_MILLE - 1) / PER_MILLE - 1;
    return (double)totals->latencies[index < 0 ? 0 : index] / (double)TIME_MILLISECONDS(1);
}

static void print_json(const source_options_t *options, const source_totals_t *totals, double seconds,
                       double rate)
{
    printf("{\"mode\": \"%s\", \"messages\": %lld, \"accepted\": %lld, \"failed\": %lld, \"repeated\": %lld, "
           "\"resumed\": %lld, \"received\": %lld, ",
           text_mode(options->mode), (long long)options->messages, (long long)totals->accepted,
           (long long)(options->messages - totals->accepted), (long long)totals->repeated,
           (long long)totals->resumed, (long long)totals->received);
    printf("\"associations\": {\"opened\": %lld, \"refused\": %lld, \"broken\": %lld}, ",
           (long long)totals->opened, (long long)totals->refused, (long long)totals->broken);
    printf("\"octets\": %llu, \"seconds\": %.6f, \"messages_per_second\": %.1f, ",
           (unsigned long long)totals->octets, seconds, rate);
    printf("\"latency_ms\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p99.9\": %.3f, \"max\": %.3f}, "
           "\"errors\": [",
           percentile(totals, 500), percentile(totals, 900), percentile(totals, 990), percentile(totals, 999),
           percentile(totals, PER_MILLE));
    for (unsigned i = 0; i < totals->reason_count; i++) {
        printf("%s{\"count\": %lld, \"text\": ", i ? ", " : "", (long long)totals->reason_counts[i]);
        text_write_json(stdout, totals->reasons[i]);
        printf("}");
    }
    printf("]}\n");
}

static void print_text(const source_options_t *options, const source_totals_t *totals, double seconds,
                       double rate)
{
    printf("%lld of %lld accepted in %.3f s: %.1f messages/s, %.1f kB/s\n", (long long)totals->accepted,
           (long long)options->messages, seconds, rate,
           seconds > 0 ? (double)totals->octets / seconds / 1000 : 0);
    printf("latency ms: p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  max %.3f\n", percentile(totals, 500),
           percentile(totals, 900), percentile(totals, 990), percentile(totals, 999),
           percentile(totals, PER_MILLE));
    printf("associations: %lld opened, %lld refused, %lld broken; transfers repeated %lld (resumed %lld)\n",
           (long long)totals->opened, (long long)totals->refused, (long long)totals->broken,
           (long long)totals->repeated, (long long)totals->resumed);
    if (totals->received)
        printf("received: %lld\n", (long long)totals->received);
    for (unsigned i = 0; i < totals->reason_count; i++)
        printf("error (%lld times): %s\n", (long long)totals->reason_counts[i], totals->reasons[i]);
}

bool source_report(const source_options_t *options, source_totals_t *totals)
{
    qsort(totals->latencies, (size_t)totals->accepted, sizeof(int64_t), compare);
    double seconds =
        totals->ended > totals->begun ? (double)(totals->ended - totals->begun) / (double)TIME_SECONDS(1) : 0;
    double rate = seconds > 0 ? (double)totals->accepted / seconds : 0;
    if (options->json)
        print_json(options, totals, seconds, rate);
    else
        print_text(options, totals, seconds, rate);
    return totals->accepted == options->messages;
}
