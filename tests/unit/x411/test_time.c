/* UTCTime in all the forms that peers send (P1-04). */
#include "x411/time.h"

#include "support.h"

static void expect(const char *text, x411_time_quality_t quality, int64_t seconds)
{
    utc_time_t utc = -1;
    x411_time_quality_t got = x411_time_read(bytes_of_string(text), &utc);
    if (got != quality || utc != TIME_SECONDS(seconds))
        printf("\n%s: quality %d, %lld\n", text, (int)got, (long long)(utc / 1000000));
    CU_ASSERT_EQUAL(got, quality);
    CU_ASSERT_EQUAL(utc, TIME_SECONDS(seconds));
}

static void test_P1_04_good_forms(void)
{
    expect("261122031425Z", X411_TIME_GOOD, 1795317265);
    expect("2611220314Z", X411_TIME_GOOD, 1795317240);
    expect("261122031425-0500", X411_TIME_GOOD, 1795317265 + 5 * 3600);
    expect("2611220314+0130", X411_TIME_GOOD, 1795317240 - 5400);
    expect("700101000000Z", X411_TIME_GOOD, 0);
    expect("500101000000Z", X411_TIME_GOOD, -631152000);
    expect("491231235959Z", X411_TIME_GOOD, 2524607999);
    expect("000229000000Z", X411_TIME_GOOD, 951782400);
    expect("261122031425", X411_TIME_NO_ZONE, 1795317265);
}

static void test_P1_04_long_years(void)
{
    expect("1261122031425Z", X411_TIME_LONG_YEAR, 1795317265); /* 1900 + 126 */
    expect("20261122031425Z", X411_TIME_LONG_YEAR, 1795317265);
    expect("202611220314Z", X411_TIME_LONG_YEAR, 1795317240); /* month 26 makes it no UTCTime */
    expect("10001010000Z", X411_TIME_LONG_YEAR, 946684800);   /* 100 = 2000, without seconds */
}

static void test_P1_04_bad_times(void)
{
    static const char *const bad[] = {"261322031425Z",
                                      "260229000000Z",
                                      "2611220314",
                                      "261122031460",
                                      "261122256161Z",
                                      "26112203142Z",
                                      "x",
                                      "Z",
                                      "261122031425X",
                                      "261122031425+05",
                                      "261122031425+2500",
                                      "26112203142512345Z",
                                      "261100031425Z"};
    expect("", X411_TIME_EMPTY, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        utc_time_t utc;
        x411_time_quality_t quality = x411_time_read(bytes_of_string(bad[i]), &utc);
        if (i == 2 || i == 3) {
            CU_ASSERT(quality == X411_TIME_NO_ZONE); /* a leap second is let pass too */
            continue;
        }
        if (quality != X411_TIME_BAD)
            printf("\n%s: %d\n", bad[i], (int)quality);
        CU_ASSERT_EQUAL(quality, X411_TIME_BAD);
    }
}

static void test_P1_04_writing(void)
{
    apr_pool_t *pool = support_pool();
    static const int64_t seconds[] = {0, 1, 951782400, 1795317265, 2524607999, -631152000, -1};
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        x411_time_t time = x411_time_from_utc(pool, TIME_SECONDS(seconds[i]));
        utc_time_t utc;
        CU_ASSERT(x411_time_to_utc(&time, &utc));
        CU_ASSERT_EQUAL(utc, TIME_SECONDS(seconds[i]));
    }
    CU_ASSERT(
        bytes_equal(x411_time_from_utc(pool, TIME_SECONDS(1795317265)).text, BYTES_LITERAL("261122031425Z")));
    CU_ASSERT(bytes_equal(x411_time_from_utc(pool, INT64_MAX).text, BYTES_LITERAL("491231235959Z")));
    CU_ASSERT(bytes_equal(x411_time_from_utc(pool, INT64_MIN).text, BYTES_LITERAL("500101000000Z")));
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_P1_04_good_forms),
    UNIT_TEST(test_P1_04_long_years),
    UNIT_TEST(test_P1_04_bad_times),
    UNIT_TEST(test_P1_04_writing),
};

UNIT_MAIN("x411/time", tests)
