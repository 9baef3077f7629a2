#include "base/timers.h"

#include "unit.h"

enum { COUNT = 500 };

static timers_t timers;
static timers_item_t items[COUNT];
static int order[COUNT * 2];
static int ran;

static void note(void *baton)
{
    order[ran++] = (int)((timers_item_t *)baton - items);
}

static void prepare(void)
{
    timers_init(&timers);
    ran = 0;
    for (int i = 0; i < COUNT; i++)
        items[i] = (timers_item_t){.run = note, .baton = &items[i]};
}

static void they_run_in_order_of_time(void)
{
    prepare();
    for (int i = 0; i < COUNT; i++)
        timers_arm(&timers, &items[i], (i * 7919) % COUNT);
    CU_ASSERT_EQUAL(timers_next(&timers), 0);
    CU_ASSERT_EQUAL(timers_run(&timers, COUNT / 2), COUNT / 2 + 1);
    CU_ASSERT_EQUAL(timers_run(&timers, COUNT), COUNT - COUNT / 2 - 1);
    for (int i = 1; i < COUNT; i++)
        CU_ASSERT_TRUE_FATAL(order[i - 1] * 7919 % COUNT <= order[i] * 7919 % COUNT);
    CU_ASSERT_EQUAL(timers_next(&timers), MONO_NEVER);
    timers_destroy(&timers);
}

static void cancelled_ones_do_not_run(void)
{
    prepare();
    for (int i = 0; i < COUNT; i++)
        timers_arm(&timers, &items[i], (i * 31) % 97);
    for (int i = 0; i < COUNT; i += 3)
        timers_cancel(&timers, &items[i]);
    CU_ASSERT_FALSE(timers_armed(&items[0]));
    CU_ASSERT_TRUE(timers_armed(&items[1]));
    timers_cancel(&timers, &items[0]);
    timers_run(&timers, 1000);
    CU_ASSERT_EQUAL(ran, COUNT - (COUNT + 2) / 3);
    for (int i = 0; i < ran; i++)
        CU_ASSERT_NOT_EQUAL(order[i] % 3, 0);
    timers_destroy(&timers);
}

static void arming_again_moves_an_item(void)
{
    prepare();
    timers_arm(&timers, &items[0], 100);
    timers_arm(&timers, &items[1], 50);
    timers_arm(&timers, &items[0], 10);
    CU_ASSERT_EQUAL(timers_run(&timers, 20), 1);
    CU_ASSERT_EQUAL(order[0], 0);
    timers_arm(&timers, &items[1], 200);
    CU_ASSERT_EQUAL(timers_run(&timers, 100), 0);
    CU_ASSERT_EQUAL(timers_next(&timers), 200);
    timers_destroy(&timers);
    CU_ASSERT_FALSE(timers_armed(&items[1]));
}

static void arm_another(void *baton)
{
    (void)baton;
    ran++;
    timers_arm(&timers, &items[1], 5);
    timers_cancel(&timers, &items[2]);
}

static void an_item_may_change_others_while_it_runs(void)
{
    prepare();
    items[0].run = arm_another;
    timers_arm(&timers, &items[0], 1);
    timers_arm(&timers, &items[2], 2);
    CU_ASSERT_EQUAL(timers_run(&timers, 10), 2);
    CU_ASSERT_EQUAL(order[1], 1);
    timers_destroy(&timers);
}

static const unit_test_t tests[] = {
    UNIT_TEST(they_run_in_order_of_time), UNIT_TEST(cancelled_ones_do_not_run),
    UNIT_TEST(arming_again_moves_an_item), UNIT_TEST(an_item_may_change_others_while_it_runs)};
UNIT_MAIN("base/timers", tests)
