/* P1-09: deferred delivery, latest delivery time, expiry by priority. */
#include "mta/deferral.h"
#include "procedures.h"

static const config_mta_t mta = {
    .message_timeout_urgent = 10, .message_timeout_normal = 100, .message_timeout_non_urgent = 1000};

static utc_time_t minutes(int64_t count)
{
    return TIME_SECONDS(count * 60);
}

static void P1_09_deferral_is_local_or_agreed(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;S=X");
    CU_ASSERT_EQUAL(deferral_due(apdu, NOW, true), 0);
    apdu->deferred_delivery = x411_time_from_utc(pool, NOW + minutes(5));
    CU_ASSERT_EQUAL(deferral_due(apdu, NOW, true), NOW + minutes(5));
    CU_ASSERT_EQUAL(deferral_due(apdu, NOW, false), 0);
    CU_ASSERT_EQUAL(deferral_due(apdu, NOW + minutes(5), true), 0);
    apdu->deferred_delivery.text = BYTES_LITERAL("nonsense");
    CU_ASSERT_EQUAL(deferral_due(apdu, NOW, true), 0);
    apr_pool_destroy(pool);
}

static void P1_09_expiry_by_priority_from_the_first_trace(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;S=X");
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(100));
    apdu->priority = X411_URGENT;
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(10));
    apdu->priority = X411_NON_URGENT;
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(1000));
    x411_domain_t domain = x411_domain_make("GB", " ", "B");
    x411_trace_add(pool, &apdu->trace, &domain, NOW - minutes(50), X411_RELAYED);
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(950));
    /* A clock that is ahead elsewhere makes nothing live longer. */
    apdu->trace.count = 0;
    x411_trace_add(pool, &apdu->trace, &domain, NOW + minutes(50), X411_RELAYED);
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(1000));
    apr_pool_destroy(pool);
}

static void P1_09_time_of_deferral_does_not_count(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;S=X");
    apdu->deferred_delivery = x411_time_from_utc(pool, NOW + minutes(500));
    utc_time_t due = deferral_due(apdu, NOW, true);
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, due, pool), NOW + minutes(600));
    /* Not held here: it gets no longer life for it. */
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(100));
    /* It was deferred elsewhere, until an hour ago. */
    x411_domain_t domain = x411_domain_make("GB", " ", "B");
    x411_trace_add(pool, &apdu->trace, &domain, NOW - minutes(900), X411_RELAYED);
    apdu->deferred_delivery = x411_time_from_utc(pool, NOW - minutes(60));
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(40));
    apr_pool_destroy(pool);
}

static void P1_09_latest_delivery_time_ends_it_sooner_never_later(void)
{
    apr_pool_t *pool = procedures_pool();
    x411_apdu_t *apdu = procedures_message(pool, "C=GB;S=X");
    x411_extension_set(pool, &apdu->extensions, X411_EXT_LATEST_DELIVERY_TIME, 0,
                       x411_value_time(pool, NOW + minutes(5)));
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(5));
    x411_extension_set(pool, &apdu->extensions, X411_EXT_LATEST_DELIVERY_TIME, 0,
                       x411_value_time(pool, NOW + minutes(5000)));
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(100));
    x411_extension_set(pool, &apdu->extensions, X411_EXT_LATEST_DELIVERY_TIME, 0,
                       BYTES_LITERAL("\x17\x03"
                                     "bad"));
    CU_ASSERT_EQUAL(deferral_expiry(&mta, apdu, NOW, 0, pool), NOW + minutes(100));
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(P1_09_deferral_is_local_or_agreed),
    UNIT_TEST(P1_09_expiry_by_priority_from_the_first_trace),
    UNIT_TEST(P1_09_time_of_deferral_does_not_count),
    UNIT_TEST(P1_09_latest_delivery_time_ends_it_sooner_never_later),
};

UNIT_MAIN("deferral", tests)
