/* The event loop: posts of other threads, timers, the end of a turn. */
#include "scene.h"

#include <apr_portable.h>

enum { THREADS = 4, POSTS = 5000 };

typedef struct poster_t {
    apr_thread_t *thread;
    unsigned next; /* in the loop: the number expected next */
    bool ordered;
    bool own_thread;
    apr_os_thread_t loop_thread;
} poster_t;

typedef struct post_item_t {
    poster_t *poster;
    unsigned number;
} post_item_t;

static unsigned posts_left;

static void take_post(void *baton)
{
    post_item_t *item = baton;
    poster_t *poster = item->poster;
    if (item->number != poster->next++)
        poster->ordered = false;
    if (!apr_os_thread_equal(poster->loop_thread, apr_os_thread_current()))
        poster->own_thread = false;
    free(item);
    if (--posts_left == 0)
        net_loop_stop(scene->loop);
}

static void *APR_THREAD_FUNC post_all(apr_thread_t *thread, void *data)
{
    (void)thread;
    for (unsigned i = 0; i < POSTS; i++) {
        post_item_t *item = malloc(sizeof(*item));
        *item = (post_item_t){data, i};
        net_loop_post(scene->loop, take_post, item);
    }
    return NULL;
}

static void posts_of_many_threads_run_in_the_loops_thread_in_order(void)
{
    poster_t posters[THREADS];
    scene_begin(NULL);
    posts_left = THREADS * POSTS;
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (poster_t){.ordered = true, .own_thread = true, .loop_thread = apr_os_thread_current()};
        apr_thread_create(&posters[i].thread, NULL, post_all, &posters[i], scene->pool);
    }
    scene_run();
    for (int i = 0; i < THREADS; i++) {
        apr_status_t status;
        apr_thread_join(&status, posters[i].thread);
        CU_ASSERT_EQUAL(posters[i].next, POSTS);
        CU_ASSERT_TRUE(posters[i].ordered);
        CU_ASSERT_TRUE(posters[i].own_thread);
    }
    scene_finish();
}

static unsigned chain;

static void post_again(void *baton)
{
    if (++chain == 100)
        net_loop_stop(scene->loop);
    else
        net_loop_post(scene->loop, post_again, baton);
}

static void a_post_may_post(void)
{
    scene_begin(NULL);
    chain = 0;
    net_loop_post(scene->loop, post_again, NULL);
    scene_run();
    CU_ASSERT_EQUAL(chain, 100);
    scene_finish();
}

static char order[8];

static void note(void *baton)
{
    const char *letter = baton;
    strncat(order, letter, 1);
    if (*letter == 'c')
        net_loop_stop(scene->loop);
}

static void timers_run_when_due_and_in_order(void)
{
    timers_item_t items[3] = {{.run = note, .baton = (void *)"c"},
                              {.run = note, .baton = (void *)"a"},
                              {.run = note, .baton = (void *)"b"}};
    scene_begin(NULL);
    order[0] = 0;
    mono_time_t now = timebase_mono(timebase_system());
    timers_arm(net_loop_timers(scene->loop), &items[0], now + TIME_MILLISECONDS(30));
    timers_arm(net_loop_timers(scene->loop), &items[1], now);
    timers_arm(net_loop_timers(scene->loop), &items[2], now + TIME_MILLISECONDS(10));
    scene_run();
    CU_ASSERT_STRING_EQUAL(order, "abc");
    CU_ASSERT_TRUE(timebase_mono(timebase_system()) >= now + TIME_MILLISECONDS(30));
    CU_ASSERT_TRUE(net_loop_now(scene->loop) >= now + TIME_MILLISECONDS(30));
    scene_finish();
}

static void *APR_THREAD_FUNC stop_from_outside(apr_thread_t *thread, void *data)
{
    (void)thread;
    (void)data;
    apr_sleep(TIME_MILLISECONDS(20));
    net_loop_stop(scene->loop);
    return NULL;
}

static void another_thread_stops_a_loop_that_waits_and_it_can_run_again(void)
{
    apr_thread_t *thread = NULL;
    apr_status_t status;
    scene_begin(NULL);
    apr_thread_create(&thread, NULL, stop_from_outside, NULL, scene->pool);
    scene_run();
    apr_thread_join(&status, thread);
    chain = 0;
    net_loop_post(scene->loop, post_again, NULL);
    scene_run();
    CU_ASSERT_EQUAL(chain, 100);
    scene_finish();
}

static size_t received_at_turn_end;

static void on_turn_end(void *baton)
{
    (void)baton;
    if (scene->server.received == 0 || received_at_turn_end)
        return;
    received_at_turn_end = scene->server.received;
    net_loop_stop(scene->loop);
}

static void the_end_of_the_turn_comes_after_its_input(void)
{
    scene_begin("127.0.0.1");
    received_at_turn_end = 0;
    net_loop_set_turn_end(scene->loop, on_turn_end, NULL);
    side_append(&scene->client, 0, 100);
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(received_at_turn_end, 100);
    scene_finish();
}

static void a_loop_goes_with_what_it_holds(void)
{
    scene_begin("127.0.0.1");
    scene->server.on_input = stop_on_input;
    side_append(&scene->client, 0, 10);
    dial("127.0.0.1");
    scene_run();
    CU_ASSERT_EQUAL(net_loop_connections(scene->loop), 2);
    scene_finish(); /* the sanitizers watch */
}

static const unit_test_t tests[] = {
    UNIT_TEST(posts_of_many_threads_run_in_the_loops_thread_in_order),
    UNIT_TEST(a_post_may_post),
    UNIT_TEST(timers_run_when_due_and_in_order),
    UNIT_TEST(another_thread_stops_a_loop_that_waits_and_it_can_run_again),
    UNIT_TEST(the_end_of_the_turn_comes_after_its_input),
    UNIT_TEST(a_loop_goes_with_what_it_holds),
};

UNIT_MAIN("net/loop", tests)
