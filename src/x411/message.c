/* Building and copying the model of a P1 APDU. */
#include "x411/message.h"

#include <apr_strings.h>

void x411_indicator_set(x411_indicators_t *indicators, unsigned bit, bool value)
{
    if (bit >= 16)
        return;
    uint16_t mask = (uint16_t)(1U << (15 - bit));
    indicators->bits = (uint16_t)(value ? indicators->bits | mask : indicators->bits & ~mask);
    if (bit >= indicators->count)
        indicators->count = (uint8_t)(bit + 1);
    indicators->present = true;
}

x411_mta_report_t x411_mta_report(const x411_recipient_t *recipient)
{
    return (x411_mta_report_t)((x411_indicator(&recipient->indicators, 1) ? 2 : 0) +
                               (x411_indicator(&recipient->indicators, 2) ? 1 : 0));
}

x411_user_report_t x411_user_report(const x411_recipient_t *recipient)
{
    if (x411_indicator(&recipient->indicators, 3))
        return X411_USER_REPORT_ALL;
    return x411_indicator(&recipient->indicators, 4) ? X411_USER_REPORT_NON_DELIVERY : X411_USER_REPORT_NONE;
}

x411_indicators_t x411_recipient_indicators(bool responsible, x411_mta_report_t mta, x411_user_report_t user)
{
    x411_indicators_t indicators = {.count = 8, .present = true};
    x411_indicator_set(&indicators, 0, responsible);
    x411_indicator_set(&indicators, 1, mta & 2);
    x411_indicator_set(&indicators, 2, mta & 1);
    x411_indicator_set(&indicators, 3, user == X411_USER_REPORT_ALL);
    x411_indicator_set(&indicators, 4, user == X411_USER_REPORT_NON_DELIVERY);
    return indicators;
}

x411_apdu_t *x411_apdu_create(apr_pool_t *pool, x411_kind_t kind)
{
    x411_apdu_t *apdu = apr_pcalloc(pool, sizeof(*apdu));
    apdu->kind = kind;
    return apdu;
}

x411_recipient_t *x411_apdu_add_recipient(apr_pool_t *pool, x411_apdu_t *apdu)
{
    unsigned count = apdu->recipient_count;
    if (count == X411_LIMIT_RECIPIENTS)
        return NULL;
    if ((count & (count - 1)) == 0) { /* full: the array has the size of a power of two */
        x411_recipient_t *longer = apr_pcalloc(pool, (size_t)(count ? count * 2 : 1) * sizeof(*longer));
        if (count)
            memcpy(longer, apdu->recipients, count * sizeof(*longer));
        apdu->recipients = longer;
    }
    return &apdu->recipients[apdu->recipient_count++];
}

static void clone_trace(apr_pool_t *pool, x411_trace_t *trace)
{
    trace->capacity = trace->count + 2;
    x411_trace_element_t *elements = apr_pcalloc(pool, trace->capacity * sizeof(*elements));
    if (trace->count)
        memcpy(elements, trace->elements, trace->count * sizeof(*elements));
    trace->elements = elements;
}

static void clone_extensions(apr_pool_t *pool, x411_extensions_t *extensions)
{
    if (extensions->count)
        extensions->items =
            apr_pmemdup(pool, extensions->items, extensions->count * sizeof(*extensions->items));
    extensions->capacity = extensions->count;
}

x411_apdu_t *x411_apdu_clone(apr_pool_t *pool, const x411_apdu_t *apdu)
{
    x411_apdu_t *clone = apr_pmemdup(pool, apdu, sizeof(*apdu));
    clone_trace(pool, &clone->trace);
    clone_extensions(pool, &clone->extensions);
    /* The size of a power of two, as x411_apdu_add_recipient expects it. */
    size_t size = 1;
    while (size < apdu->recipient_count)
        size *= 2;
    clone->recipients = apr_pcalloc(pool, size * sizeof(*clone->recipients));
    if (apdu->recipient_count)
        memcpy(clone->recipients, apdu->recipients, apdu->recipient_count * sizeof(*clone->recipients));
    for (unsigned i = 0; i < clone->recipient_count; i++) {
        clone_extensions(pool, &clone->recipients[i].extensions);
        if (clone->recipients[i].outcome)
            clone->recipients[i].outcome =
                apr_pmemdup(pool, clone->recipients[i].outcome, sizeof(x411_outcome_t));
    }
    if (clone->report) {
        clone->report = apr_pmemdup(pool, clone->report, sizeof(*clone->report));
        clone_trace(pool, &clone->report->subject_trace);
        clone_extensions(pool, &clone->report->extensions);
    }
    return clone;
}

const char *x411_kind_name(x411_kind_t kind)
{
    return kind == X411_MESSAGE ? "message" : kind == X411_REPORT ? "report" : "probe";
}

const char *x411_priority_name(int64_t priority)
{
    static const char *const names[] = {"normal", "non-urgent", "urgent"};
    return priority >= 0 && priority <= 2 ? names[priority] : "priority";
}
