/* sim: runs scenarios by seed and says which promises were broken.
 *
 *   sim --seeds 1-200            a range, one line each; ends with "N passed, N failed"
 *   sim --seed 17 --trace        the whole history of one seed, to stdout
 *   --nodes N --messages N       instead of what the seed says
 *   --quiet                      only the seeds that failed
 *   --large                      small contents; faults and time in proportion to the messages
 *   --no-faults                  a world in which nothing goes wrong
 *   --until-failure              ends at the first seed that fails
 *   --outage [NAME]              the fixed outages of a link (outage.c), or one of them
 *   --procedures [NAME]          the fixed scenarios of procedures.c, or one of them
 *   --twice                      each seed is run twice: the histories must be the same */
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "outage.h"
#include "pair.h"
#include "scenario.h"

typedef struct arguments_t {
    scenario_options_t options;
    uint64_t first;
    uint64_t last;
    bool quiet;
    bool twice;
    bool until_failure;
    const char *outage;     /* NULL: not these; "": all */
    const char *procedures; /* likewise */
} arguments_t;

static bool read_arguments(int argc, const char *const argv[], arguments_t *arguments)
{
    *arguments = (arguments_t){.options = {.faults = 1}, .first = 1, .last = 20};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--seeds") == 0) {
            char *rest;
            arguments->first = arguments->last = strtoull(value, &rest, 10);
            if (*rest == '-')
                arguments->last = strtoull(rest + 1, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--seed") == 0) {
            arguments->first = arguments->last = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--nodes") == 0) {
            arguments->options.nodes = (unsigned)strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--messages") == 0) {
            arguments->options.messages = (unsigned)strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--large") == 0) {
            arguments->options.large = true;
        } else if (strcmp(argv[i], "--trace") == 0) {
            arguments->options.trace = stdout;
        } else if (strcmp(argv[i], "--no-faults") == 0) {
            arguments->options.faults = 0;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            arguments->quiet = true;
        } else if (strcmp(argv[i], "--until-failure") == 0) {
            arguments->until_failure = true;
        } else if (strcmp(argv[i], "--outage") == 0) {
            arguments->outage = *value == '-' ? "" : value;
            i += *arguments->outage != '\0';
        } else if (strcmp(argv[i], "--procedures") == 0) {
            arguments->procedures = *value == '-' ? "" : value;
            i += *arguments->procedures != '\0';
        } else if (strcmp(argv[i], "--twice") == 0) {
            arguments->twice = true;
        } else {
            fprintf(stderr, "sim: %s is not an option; see tests/sim/sim.c\n", argv[i]);
            return false;
        }
    }
    return true;
}

/* Of all seeds. */
typedef struct sum_t {
    unsigned passed;
    unsigned failed;
    uint64_t accepted;
    uint64_t events;
    fault_counts_t injected;
} sum_t;

static void add(sum_t *sum, const scenario_result_t *r, bool ok)
{
    const fault_counts_t *f = &r->injected;
    sum->passed += ok;
    sum->failed += !ok;
    sum->accepted += r->figures.accepted;
    sum->events += r->events;
    sum->injected.links += f->links;
    sum->injected.crashes += f->crashes;
    sum->injected.disks += f->disks;
    sum->injected.clocks += f->clocks;
    sum->injected.reloads += f->reloads;
    sum->injected.hostile += f->hostile;
}

static void print_sum(const sum_t *sum)
{
    const fault_counts_t *f = &sum->injected;
    uint64_t all = f->links + f->crashes + f->disks + f->clocks + f->reloads + f->hostile;
    printf(
        "in all: %llu messages accepted, %llu events, %llu faults: %llu cuts, %llu crashes, %llu of disks, "
        "%llu of clocks, %llu reloads, %llu hostile associations\n",
        (unsigned long long)sum->accepted, (unsigned long long)sum->events, (unsigned long long)all,
        (unsigned long long)f->links, (unsigned long long)f->crashes, (unsigned long long)f->disks,
        (unsigned long long)f->clocks, (unsigned long long)f->reloads, (unsigned long long)f->hostile);
}

static void print(uint64_t seed, const scenario_result_t *r, bool ok)
{
    printf("%s seed %llu: %u MTAs, %s; %llu accepted, %llu delivered, %llu failed, %llu+%llu reports, %llu "
           "repeats "
           "dropped, %llu delivered twice after a reroute, %llu with an unknown end, %llu events in %.0f s\n",
           ok ? "ok    " : "FAILED", (unsigned long long)seed, r->nodes, r->shape,
           (unsigned long long)r->figures.accepted, (unsigned long long)r->figures.delivered,
           (unsigned long long)r->figures.failed, (unsigned long long)r->figures.positive,
           (unsigned long long)r->figures.negative, (unsigned long long)r->figures.recognised,
           (unsigned long long)r->figures.repeats, (unsigned long long)r->figures.ambiguous,
           (unsigned long long)r->events, r->simulated);
    if (r->violations)
        printf("       %u violations, the first: %s\n", r->violations, r->first_violation);
    fflush(stdout);
}

int main(int argc, const char *const *argv)
{
    setenv("TZ", "UTC", 1);
    apr_initialize();
    atexit(apr_terminate);
    arguments_t arguments;
    if (!read_arguments(argc, argv, &arguments))
        return 2;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    sum_t sum = {0};
    if (arguments.outage)
        outage_run(arguments.outage, arguments.options.trace, pool, &sum.passed, &sum.failed);
    if (arguments.procedures)
        procedures_run(arguments.procedures, arguments.options.trace, pool, &sum.passed, &sum.failed);
    bool fixed = arguments.outage || arguments.procedures;
    for (uint64_t seed = arguments.first;
         !fixed && seed <= arguments.last && !(sum.failed && arguments.until_failure); seed++) {
        scenario_result_t result;
        arguments.options.seed = seed;
        scenario_run(&arguments.options, &result, pool);
        bool ok = !result.violations;
        if (arguments.twice) {
            scenario_result_t again;
            scenario_run(&arguments.options, &again, pool);
            if (again.hash != result.hash || again.events != result.events) {
                printf("       seed %llu does not replay\n", (unsigned long long)seed);
                ok = false;
            }
        }
        if (!arguments.quiet || !ok)
            print(seed, &result, ok);
        add(&sum, &result, ok);
    }
    apr_pool_destroy(pool);
    if (!fixed)
        print_sum(&sum);
    printf("%u passed, %u failed\n", sum.passed, sum.failed);
    return sum.failed ? 1 : 0;
}
