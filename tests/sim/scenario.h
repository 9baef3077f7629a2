/* A scenario by seed: a network, its configurations, what is sent, what goes wrong, and the checks. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "judge.h"

typedef struct scenario_options_t {
    uint64_t seed;
    unsigned nodes;    /* 0: by seed */
    unsigned messages; /* 0: by seed */
    int faults;        /* 0 none, 1 by seed */
    bool large;        /* small contents, and faults and time in proportion to the messages */
    FILE *trace;
} scenario_options_t;

typedef struct scenario_result_t {
    unsigned violations;
    char first_violation[512];
    judge_figures_t figures;
    fault_counts_t injected;
    unsigned nodes;
    unsigned messages;
    uint64_t events;
    uint64_t hash;    /* of the whole history: equal if and only if the run was the same */
    double simulated; /* seconds */
    char shape[160];
} scenario_result_t;

void scenario_run(const scenario_options_t *options, scenario_result_t *result, apr_pool_t *pool);

#endif
