#include "mta/policy.h"

#include "route/pattern.h"

typedef struct patterns_t {
    pattern_t **patterns;
    size_t count;
    bool regexes;
} patterns_t;

struct policy_t {
    patterns_t accepted;
    patterns_t rejected;
    patterns_t barred;
    bool accepts_some; /* accept-from is given: only those may */
    unsigned disallow; /* CONFIG_DISALLOW_* */
};

static void compile(patterns_t *list, const char *const *texts, apr_pool_t *pool)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    list->patterns = apr_pcalloc(pool, (count + 1) * sizeof(pattern_t *));
    for (size_t i = 0; i < count; i++) {
        if (pattern_create(&list->patterns[list->count], texts[i], pool))
            continue;
        list->regexes = list->regexes || list->patterns[list->count]->kind == PATTERN_REGEX;
        list->count++;
    }
}

policy_t *policy_create(const config_connector_t *config, apr_pool_t *pool)
{
    policy_t *policy = apr_pcalloc(pool, sizeof(*policy));
    compile(&policy->accepted, (const char *const *)config->accept_from, pool);
    compile(&policy->rejected, (const char *const *)config->reject_from, pool);
    compile(&policy->barred, (const char *const *)config->bar_p1_originator, pool);
    policy->accepts_some = config->accept_from && config->accept_from[0];
    policy->disallow = config->disallow;
    return policy;
}

/* The first pattern of list that fits the originator; NULL if none does. */
static const char *find(const patterns_t *list, const x411_apdu_t *apdu, apr_pool_t *pool)
{
    if (!list->count)
        return NULL;
    const subject_t *subject = subject_create(&apdu->originator.address, pool);
    bytes_t text = list->regexes ? subject_text(subject, pool) : BYTES_NONE;
    for (size_t i = 0; i < list->count; i++)
        if (pattern_matches(list->patterns[i], subject, text))
            return list->patterns[i]->text;
    return NULL;
}

static unsigned priority_bit(const x411_apdu_t *apdu)
{
    if (apdu->priority == X411_URGENT)
        return CONFIG_DISALLOW_URGENT;
    return apdu->priority == X411_NON_URGENT ? CONFIG_DISALLOW_NON_URGENT : CONFIG_DISALLOW_NORMAL;
}

const char *policy_forbids(const policy_t *policy, const x411_apdu_t *apdu, apr_pool_t *pool)
{
    if (!policy || apdu->kind == X411_REPORT)
        return NULL;
    if (policy->disallow & priority_bit(apdu))
        return "messages of this priority may not go over it (disallow)";
    if (find(&policy->rejected, apdu, pool))
        return "it is closed to this originator (reject-from)";
    if (policy->accepts_some && !find(&policy->accepted, apdu, pool))
        return "it is not open to this originator (accept-from)";
    return NULL;
}

const char *policy_bars(const policy_t *policy, const x411_apdu_t *apdu, apr_pool_t *pool)
{
    return policy && apdu->kind != X411_REPORT ? find(&policy->barred, apdu, pool) : NULL;
}
