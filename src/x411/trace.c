#include "x411/trace.h"

#include <apr_strings.h>

#include "x411/mts_id.h"

x411_trace_element_t *x411_trace_add(apr_pool_t *pool, x411_trace_t *trace, const x411_domain_t *domain,
                                     utc_time_t arrival, x411_action_t action)
{
    if (trace->count >= X411_LIMIT_TRACE)
        return NULL;
    if (trace->count == trace->capacity) {
        unsigned capacity = trace->capacity ? trace->capacity * 2 : 4;
        x411_trace_element_t *elements = apr_palloc(pool, capacity * sizeof(*elements));
        if (trace->count)
            memcpy(elements, trace->elements, trace->count * sizeof(*elements));
        trace->elements = elements;
        trace->capacity = capacity;
    }
    x411_trace_element_t *element = &trace->elements[trace->count++];
    *element = (x411_trace_element_t){
        .domain = x411_domain_copy(pool, domain), /* it may be of a configuration that goes with a reload */
        .arrival = x411_time_from_utc(pool, arrival),
        .action = action};
    return element;
}

bool x411_trace_stamp(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain, utc_time_t arrival,
                      x411_action_t action)
{
    const x411_trace_t *trace = &apdu->trace;
    bool inside = trace->count && x411_domain_equal(&trace->elements[trace->count - 1].domain, domain);
    if (inside && action != X411_REROUTED)
        return true;
    return x411_trace_add(pool, &apdu->trace, domain, arrival, action) != NULL;
}

bool x411_internal_trace_stamp(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain,
                               const char *mta, utc_time_t arrival, x411_action_t action)
{
    x411_trace_t trace = {0};
    const x411_extension_t *extension = x411_extension_find(&apdu->extensions, X411_EXT_INTERNAL_TRACE);
    if (extension && !x411_extension_trace(extension, pool, &trace))
        return false;
    x411_trace_element_t *element = x411_trace_add(pool, &trace, domain, arrival, action);
    if (!element)
        return false;
    element->mta = x411_string(BER_IA5_STRING, bytes_of_string(mta));
    bytes_t value = x411_value_trace(pool, &trace, true);
    return value.length && x411_extension_set(pool, &apdu->extensions, X411_EXT_INTERNAL_TRACE, 0, value);
}

void x411_trace_rerouted(x411_trace_t *trace, const x411_domain_t *attempted)
{
    if (!trace->count)
        return;
    x411_trace_element_t *element = &trace->elements[trace->count - 1];
    element->raw = BYTES_NONE;
    element->action = X411_REROUTED;
    if (attempted) {
        element->attempted_present = true;
        element->attempted = *attempted;
    }
}

static bool is_own(const x411_trace_element_t *element, const x411_domain_t *domain, const char *mta)
{
    return x411_domain_equal(&element->domain, domain) &&
           (!mta || x411_text_equal(element->mta.octets, bytes_of_string(mta)));
}

static void add_other_action(apr_pool_t *pool, x411_trace_element_t *element, unsigned bit)
{
    uint8_t *octet = apr_pcalloc(pool, 1);
    size_t count = bit + 1;
    if (element->other_actions_present && element->other_actions.octets.length) {
        *octet = element->other_actions.octets.data[0];
        if (element->other_actions.count > count)
            count = element->other_actions.count > 8 ? 8 : element->other_actions.count;
    }
    *octet |= (uint8_t)(0x80 >> bit);
    element->other_actions = (ber_bits_t){bytes_make(octet, 1), count};
    element->other_actions_present = true;
    element->raw = BYTES_NONE;
}

void x411_trace_other_action(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain,
                             const char *mta, unsigned bit)
{
    x411_trace_t *trace = &apdu->trace;
    if (trace->count && is_own(&trace->elements[trace->count - 1], domain, NULL))
        add_other_action(pool, &trace->elements[trace->count - 1], bit);
    x411_trace_t internal;
    const x411_extension_t *extension = x411_extension_find(&apdu->extensions, X411_EXT_INTERNAL_TRACE);
    if (!extension || !x411_extension_trace(extension, pool, &internal) || !internal.count ||
        !is_own(&internal.elements[internal.count - 1], domain, mta))
        return;
    add_other_action(pool, &internal.elements[internal.count - 1], bit);
    bytes_t value = x411_value_trace(pool, &internal, true);
    if (value.length)
        x411_extension_set(pool, &apdu->extensions, X411_EXT_INTERNAL_TRACE, 0, value);
}

void x411_trace_deferred(apr_pool_t *pool, x411_apdu_t *apdu, const x411_domain_t *domain,
                         utc_time_t deferred)
{
    x411_trace_t *trace = &apdu->trace;
    if (!trace->count || !is_own(&trace->elements[trace->count - 1], domain, NULL))
        return;
    x411_trace_element_t *element = &trace->elements[trace->count - 1];
    element->deferred = x411_time_from_utc(pool, deferred);
    element->raw = BYTES_NONE;
}

/* True if the element says that the APDU's recipients changed: what came before it excuses no loop. */
static bool changed_recipients(const x411_trace_element_t *element)
{
    return element->other_actions_present && (ber_bit(&element->other_actions, X411_OTHER_REDIRECTED) ||
                                              ber_bit(&element->other_actions, X411_OTHER_DL_OPERATION));
}

/* Looks from the newest element back for an own one that others follow. */
static bool loops(const x411_trace_t *trace, const x411_domain_t *domain, const char *mta)
{
    bool others = false;
    for (unsigned i = trace->count; i-- > 0;) {
        const x411_trace_element_t *element = &trace->elements[i];
        if (changed_recipients(element))
            return false;
        if (!is_own(element, domain, mta))
            others = true;
        else if (others && element->action == X411_RELAYED)
            return true;
        else if (others)
            others = false; /* rerouted by us: its way back to us is excused */
    }
    return false;
}

x411_loop_t x411_loop_check(apr_pool_t *pool, const x411_apdu_t *apdu, const x411_domain_t *domain,
                            const char *mta)
{
    if (loops(&apdu->trace, domain, NULL))
        return X411_LOOP_EXTERNAL;
    x411_trace_t internal;
    const x411_extension_t *extension = x411_extension_find(&apdu->extensions, X411_EXT_INTERNAL_TRACE);
    if (mta && extension && x411_extension_trace(extension, pool, &internal) && loops(&internal, domain, mta))
        return X411_LOOP_INTERNAL;
    return X411_LOOP_NONE;
}

unsigned x411_trace_visits(const x411_trace_t *trace, const x411_domain_t *domain)
{
    unsigned visits = 0;
    bool inside = false;
    for (unsigned i = 0; i < trace->count; i++) {
        bool own = x411_domain_equal(&trace->elements[i].domain, domain);
        if (own && !inside)
            visits++;
        inside = own;
    }
    return visits;
}
