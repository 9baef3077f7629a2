/* Name look-up: addresses in turn, one look-up for many, slow names kept apart, late answers dropped. */
#include "scene.h"

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "net/resolver.h"

enum { DIALLERS = 20, SLOW = 4 };

/* The directory of these tests: names that begin with "hang" wait for the gate, those that begin with "slow"
 * take their time, or wait as well. */
static apr_thread_mutex_t *gate_lock;
static apr_thread_cond_t *gate_changed;
static bool gate_open; /* these three: under gate_lock */
static bool slow_hangs;
static unsigned looked_up;

static void answer_with(resolver_addresses_t *answer, const char *address)
{
    snprintf(answer->text[answer->count++], RESOLVER_TEXT_SIZE, "%s", address);
}

static void directory(void *context, const char *host, resolver_addresses_t *answer)
{
    (void)context;
    apr_thread_mutex_lock(gate_lock);
    looked_up++;
    bool slow = strncmp(host, "slow", 4) == 0;
    while ((strncmp(host, "hang", 4) == 0 || (slow && slow_hangs)) && !gate_open)
        apr_thread_cond_wait(gate_changed, gate_lock);
    bool takes_time = slow && !slow_hangs;
    apr_thread_mutex_unlock(gate_lock);
    if (takes_time)
        apr_sleep(TIME_MILLISECONDS(2100)); /* longer than what counts as slow */
    if (strcmp(host, "unknown") == 0) {
        answer->status = APR_EGENERAL;
        return;
    }
    if (strcmp(host, "several") == 0) {
        answer_with(answer, "127.0.0.2");
        answer_with(answer, "127.0.0.3");
    }
    answer_with(answer, "127.0.0.1");
}

static void set_gate(bool open)
{
    apr_thread_mutex_lock(gate_lock);
    gate_open = open;
    apr_thread_cond_broadcast(gate_changed);
    apr_thread_mutex_unlock(gate_lock);
}

static void begin(const char *address)
{
    static apr_pool_t *gate_pool;
    if (!gate_pool) {
        apr_pool_create(&gate_pool, NULL);
        apr_thread_mutex_create(&gate_lock, APR_THREAD_MUTEX_DEFAULT, gate_pool);
        apr_thread_cond_create(&gate_changed, gate_pool);
    }
    set_gate(false);
    apr_thread_mutex_lock(gate_lock);
    slow_hangs = false;
    looked_up = 0;
    apr_thread_mutex_unlock(gate_lock);
    scene_begin(address);
    net_loop_set_lookup(scene->loop, directory, NULL);
}

static void note_and_stop(net_conn_t *conn)
{
    net_conn_close(conn, false);
    net_loop_stop(scene->loop);
}

static void the_addresses_of_a_name_are_tried_in_turn(void)
{
    begin("127.0.0.1");
    scene->on_accepted = note_and_stop;
    dial("several");
    scene_run();
    CU_ASSERT_EQUAL(scene->accepted, 1);
    scene_run_empty();
    scene->port = silent_port();
    scene->client.on_closed = stop_scene;
    dial("several");
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "no connection to several port "));
    CU_ASSERT_TRUE(says(&scene->client, "127.0.0.2:"));
    CU_ASSERT_TRUE(says(&scene->client, "127.0.0.3:"));
    CU_ASSERT_TRUE(says(&scene->client, "127.0.0.1:"));
    scene_finish();
}

static void an_unknown_name_is_told_in_words(void)
{
    begin(NULL);
    scene->client.on_closed = stop_scene;
    dial_from("unknown", 102, NULL, LONG_TIMEOUT);
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "no connection to unknown port 102: its address was not found"));
    char name[400];
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = 0;
    dial_from(name, 102, NULL, LONG_TIMEOUT);
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "cannot be looked up"));
    scene_finish();
}

static void the_system_knows_localhost(void)
{
    resolver_addresses_t answer = {0};
    resolver_system_lookup(NULL, "localhost", &answer);
    CU_ASSERT_EQUAL(answer.status, APR_SUCCESS);
    CU_ASSERT_TRUE(answer.count >= 1);
    CU_ASSERT_TRUE(strcmp(answer.text[0], "127.0.0.1") == 0 || strcmp(answer.text[0], "::1") == 0);
}

static void open_gate(void *baton)
{
    (void)baton;
    set_gate(true);
}

static void quick_accepted(net_conn_t *conn)
{
    net_conn_close(conn, false);
}

static void many_dials_share_one_look_up(void)
{
    static side_t callers[DIALLERS];
    begin("127.0.0.1");
    for (int i = 0; i < DIALLERS; i++) {
        callers[i] = (side_t){.intact = true};
        side_prepare(&callers[i]);
        net_dial_t one = {.host = "hang", .port = scene->port, .timeout = LONG_TIMEOUT};
        callers[i].conn = net_dial(scene->loop, &one, &callers[i].output, &side_ops, &callers[i]);
    }
    scene->on_accepted = quick_accepted;
    scene_arm(TIME_MILLISECONDS(20), open_gate);
    callers[DIALLERS - 1].on_connected = stop_scene;
    scene_run();
    CU_ASSERT_EQUAL(looked_up, 1);
    scene_finish();
}

static void a_name_that_hangs_does_not_hold_up_others(void)
{
    side_t stuck = {.intact = true};
    begin("127.0.0.1");
    side_prepare(&stuck);
    net_dial_t one = {.host = "hang", .port = scene->port, .timeout = LONG_TIMEOUT};
    stuck.conn = net_dial(scene->loop, &one, &stuck.output, &side_ops, &stuck);
    scene->on_accepted = note_and_stop;
    dial("quick");
    scene_run();
    CU_ASSERT_EQUAL(scene->accepted, 1);
    CU_ASSERT_EQUAL(stuck.connected + stuck.closed, 0);
    set_gate(true);
    scene_finish();
}

static void the_timeout_covers_the_look_up_and_a_late_answer_is_dropped(void)
{
    begin("127.0.0.1");
    scene->client.on_closed = stop_scene;
    dial_from("hang", scene->port, NULL, TIME_MILLISECONDS(20));
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "its address was not found in time"));
    CU_ASSERT_EQUAL(net_loop_connections(scene->loop), 0);
    set_gate(true);
    scene->on_accepted = note_and_stop;
    dial("quick"); /* the loop goes on; the late answer comes somewhere here */
    scene_run();
    CU_ASSERT_EQUAL(scene->accepted, 1);
    scene_finish();
}

static void a_close_during_the_look_up_is_silent(void)
{
    begin("127.0.0.1");
    dial("hang");
    side_close(&scene->client, true);
    scene_run_empty();
    set_gate(true);
    scene->on_accepted = note_and_stop;
    dial("quick");
    scene_run();
    CU_ASSERT_EQUAL(scene->accepted, 1);
    CU_ASSERT_EQUAL(scene->client.closed, 0);
    scene_finish();
}

static void names_that_wait_are_bounded(void)
{
    static side_t waiting[RESOLVER_QUEUE_LIMIT];
    begin(NULL);
    for (int i = 0; i < RESOLVER_QUEUE_LIMIT; i++) {
        char name[32];
        snprintf(name, sizeof(name), "hang%d", i);
        net_dial_t one = {.host = name, .port = 102, .timeout = LONG_TIMEOUT};
        waiting[i] = (side_t){.intact = true};
        side_prepare(&waiting[i]);
        waiting[i].conn = net_dial(scene->loop, &one, &waiting[i].output, &side_ops, &waiting[i]);
    }
    scene->client.on_closed = stop_scene;
    dial_from("hang", 102, NULL, LONG_TIMEOUT);
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "too many look-ups wait"));
    for (int i = 0; i < RESOLVER_QUEUE_LIMIT; i++)
        side_close(&waiting[i], false);
    set_gate(true);
    scene_run_empty();
    dial_from("unknown", 102, NULL, LONG_TIMEOUT); /* there is room again */
    scene_run();
    CU_ASSERT_TRUE(says(&scene->client, "not found"));
    scene_finish();
}

static unsigned slow_done;

static void slow_connected(side_t *side)
{
    side_close(side, false);
    if (++slow_done == SLOW)
        net_loop_stop(scene->loop);
}

static void begin_slow(side_t *sides)
{
    for (int i = 0; i < SLOW; i++) {
        char name[16];
        snprintf(name, sizeof(name), "slow%d", i);
        net_dial_t one = {.host = name, .port = scene->port, .timeout = LONG_TIMEOUT};
        sides[i] = (side_t){.intact = true, .on_connected = slow_connected};
        side_prepare(&sides[i]);
        sides[i].conn = net_dial(scene->loop, &one, &sides[i].output, &side_ops, &sides[i]);
    }
}

static void names_known_to_be_slow_leave_threads_for_the_others(void)
{
    static side_t sides[SLOW];
    begin("127.0.0.1");
    scene->on_accepted = quick_accepted;
    slow_done = 0;
    begin_slow(sides);
    scene_run(); /* now they are known */
    CU_ASSERT_EQUAL(slow_done, SLOW);
    slow_done = 0;
    apr_thread_mutex_lock(gate_lock);
    slow_hangs = true;
    apr_thread_mutex_unlock(gate_lock);
    begin_slow(sides);
    scene->client.on_connected = stop_scene;
    dial("quick");
    scene_run();
    CU_ASSERT_EQUAL(scene->client.connected, 1);
    CU_ASSERT_EQUAL(slow_done, 0); /* the slow ones are still looked up: quick did not wait for them */
    set_gate(true);
    scene_run();
    CU_ASSERT_EQUAL(slow_done, SLOW);
    scene_finish();
}

static void a_loop_goes_while_a_look_up_hangs(void)
{
    begin("127.0.0.1");
    dial("hang-for-ever");
    scene_arm(TIME_MILLISECONDS(20), stop_on_timer);
    scene_run();
    scene_finish();
    CU_ASSERT_FALSE(resolver_give_back_abandoned());
    set_gate(true);
    for (int i = 0; i < 60000 && !resolver_give_back_abandoned(); i++)
        apr_sleep(TIME_MILLISECONDS(1));
    CU_ASSERT_TRUE(resolver_give_back_abandoned());
}

static const unit_test_t tests[] = {
    UNIT_TEST(the_addresses_of_a_name_are_tried_in_turn),
    UNIT_TEST(an_unknown_name_is_told_in_words),
    UNIT_TEST(the_system_knows_localhost),
    UNIT_TEST(many_dials_share_one_look_up),
    UNIT_TEST(a_name_that_hangs_does_not_hold_up_others),
    UNIT_TEST(the_timeout_covers_the_look_up_and_a_late_answer_is_dropped),
    UNIT_TEST(a_close_during_the_look_up_is_silent),
    UNIT_TEST(names_that_wait_are_bounded),
    UNIT_TEST(names_known_to_be_slow_leave_threads_for_the_others),
    UNIT_TEST(a_loop_goes_while_a_look_up_hangs),
};

UNIT_MAIN("net/resolver", tests)
