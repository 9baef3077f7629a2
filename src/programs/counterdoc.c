/* counterdoc: prints what Windows is told of the counters; the build uses it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mta/counters.h"

/* Which counter each one of the monitor shows: set, number, name, kind and series, with tabs between. */
static void write_list(FILE *out)
{
    for (int i = 0; i < COUNTER_SET_COUNT; i++)
        for (size_t j = 0; j < counter_sets[i].count; j++) {
            const counter_monitor_t *monitor = &counter_sets[i].monitors[j];
            fprintf(out, "%s\t%u\t%s\t%s\t%s\n", counter_sets[i].name, monitor->number, monitor->name,
                    monitor->rate ? "rate" : "value",
                    monitor->counter == COUNTER_NONE ? "-" : counter_definitions[monitor->counter].name);
        }
}

static const struct {
    const char *name;
    void (*write)(FILE *out);
    const char *words;
} DOCUMENTS[] = {
    {"manifest", counters_write_manifest, "the manifest for lodctr"},
    {"resource", counters_write_resource, "the texts that it refers to, as source of a resource"},
    {"list", write_list, "which series of the metrics each counter shows"}};

enum { DOCUMENT_COUNT = sizeof(DOCUMENTS) / sizeof(DOCUMENTS[0]) };

int main(int argc, char **argv)
{
    int chosen = 0;
    while (chosen < DOCUMENT_COUNT && argc > 1 && strcmp(argv[1], DOCUMENTS[chosen].name) != 0)
        chosen++;
    if (argc < 2 || argc > 3 || chosen == DOCUMENT_COUNT) {
        fputs("Usage: counterdoc DOCUMENT [FILE]\n\n", stderr);
        for (int i = 0; i < DOCUMENT_COUNT; i++)
            fprintf(stderr, "  %-10s %s\n", DOCUMENTS[i].name, DOCUMENTS[i].words);
        return EXIT_FAILURE;
    }
    FILE *out = argc == 3 ? fopen(argv[2], "wb") : stdout;
    if (!out) {
        fprintf(stderr, "counterdoc: the file %s cannot be written\n", argv[2]);
        return EXIT_FAILURE;
    }
    DOCUMENTS[chosen].write(out);
    int failed = fflush(out) != 0 || ferror(out);
    return (out == stdout || fclose(out) == 0) && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
