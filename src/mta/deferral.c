#include "mta/deferral.h"

utc_time_t deferral_due(const x411_apdu_t *apdu, utc_time_t arrival, bool agreed)
{
    utc_time_t due;
    bool deferred = apdu->kind == X411_MESSAGE && agreed &&
                    x411_time_to_utc(&apdu->deferred_delivery, &due) && due > arrival;
    return deferred ? due : 0;
}

utc_time_t deferral_expiry(const config_mta_t *mta, const x411_apdu_t *apdu, utc_time_t arrival,
                           utc_time_t due, apr_pool_t *pool)
{
    unsigned minutes = apdu->priority == X411_URGENT       ? mta->message_timeout_urgent
                       : apdu->priority == X411_NON_URGENT ? mta->message_timeout_non_urgent
                                                           : mta->message_timeout_normal;
    utc_time_t base = arrival;
    utc_time_t time;
    if (apdu->trace.count && x411_time_to_utc(&apdu->trace.elements[0].arrival, &time) && time < base)
        base = time;
    /* The time that another MTA deferred it does not count either. */
    if (x411_time_to_utc(&apdu->deferred_delivery, &time) && time > base && time <= arrival)
        base = time;
    if (due > base)
        base = due;
    utc_time_t expiry = base + TIME_SECONDS((int64_t)minutes * 60);
    const x411_extension_t *latest = x411_extension_find(&apdu->extensions, X411_EXT_LATEST_DELIVERY_TIME);
    x411_time_t text;
    if (apdu->kind == X411_MESSAGE && latest && x411_extension_time(latest, pool, &text) &&
        x411_time_to_utc(&text, &time) && time < expiry)
        expiry = time;
    return expiry;
}
