/* What a peer does again and again is told a few times and then counted. */
#include "unit.h"

#include <string.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/peer_events.h"

enum { LIMIT = 5 };

static agent_t agent;
static config_t config;
static apr_pool_t *pool;
static unsigned told;
static char last[4096];

static void note(void *context, const event_record_t *record)
{
    (void)context;
    told++;
    apr_snprintf(last, sizeof(last), "%u %s %s %s %s", record->definition->id, record->parameters[0],
                 record->parameters[1], record->parameters[2], record->subject->connector);
}

static void begin(void)
{
    apr_pool_create(&pool, NULL);
    config = (config_t){.pool = pool};
    config.log.events_per_peer = LIMIT;
    agent = (agent_t){.pool = pool, .config = &config};
    CU_ASSERT_PTR_NULL_FATAL(net_loop_create(&agent.services.loop, pool));
    agent.services.events = event_log_create(pool, timebase_system());
    event_log_add_sink(agent.services.events, note, NULL);
    agent.peer_events = peer_events_create(&agent);
    told = 0;
    last[0] = '\0';
}

static void finish(void)
{
    peer_events_stop(agent.peer_events);
    apr_pool_destroy(pool);
}

static unsigned passes(unsigned id, const char *peer, unsigned times)
{
    unsigned count = 0;
    for (unsigned i = 0; i < times; i++)
        count += peer_events_count(agent.peer_events, id, peer);
    return count;
}

static void time_goes_on(int seconds)
{
    timers_run(agent_timers(&agent), agent_now(&agent) + TIME_SECONDS(seconds));
}

static void OP_05_the_first_are_told_the_others_counted(void)
{
    begin();
    CU_ASSERT_EQUAL(passes(EVENT_ID_APDU_REFUSED, "EVE", 500), LIMIT);
    time_goes_on(59);
    CU_ASSERT_EQUAL(told, 0);
    CU_ASSERT_EQUAL(passes(EVENT_ID_APDU_REFUSED, "EVE", 1), 0);
    time_goes_on(60);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_STRING_EQUAL(last, "12151 496 12104 EVE EVE");
    /* the next minute begins anew, and a quiet one says nothing */
    CU_ASSERT_EQUAL(passes(EVENT_ID_APDU_REFUSED, "EVE", LIMIT), LIMIT);
    time_goes_on(60);
    CU_ASSERT_EQUAL(told, 1);
    finish();
}

static void each_event_and_each_peer_has_its_count(void)
{
    begin();
    CU_ASSERT_EQUAL(passes(EVENT_ID_APDU_REFUSED, "EVE", 9), LIMIT);
    CU_ASSERT_EQUAL(passes(EVENT_ID_DECODE_ERROR, "EVE", 9), LIMIT);
    CU_ASSERT_EQUAL(passes(EVENT_ID_APDU_REFUSED, "ADAM", 9), LIMIT);
    time_goes_on(60);
    CU_ASSERT_EQUAL(told, 3);
    finish();
}

static void a_caller_is_known_by_its_address(void)
{
    begin();
    CU_ASSERT_EQUAL(passes(EVENT_ID_TPKT_ERROR, "192.0.2.1:1024", LIMIT), LIMIT);
    CU_ASSERT_EQUAL(passes(EVENT_ID_TPKT_ERROR, "192.0.2.1:1025", 2), 0);
    CU_ASSERT_EQUAL(passes(EVENT_ID_TPKT_ERROR, "[2001:db8::1]:1025", 2), 2);
    time_goes_on(60);
    CU_ASSERT_STRING_EQUAL(last, "12151 2 9225 192.0.2.1 192.0.2.1");
    finish();
}

/* Memory does not grow with the callers, and what finds no room is counted all the same. */
static void very_many_peers_share_a_count(void)
{
    begin();
    unsigned passed = 0;
    for (unsigned i = 0; i < 100000; i++) {
        char peer[32];
        apr_snprintf(peer, sizeof(peer), "10.%u.%u.%u:102", i >> 16, i >> 8 & 255, i & 255);
        passed += passes(EVENT_ID_TPKT_ERROR, peer, 1);
    }
    CU_ASSERT_TRUE(passed >= 256);
    CU_ASSERT_TRUE(passed <= 256 + LIMIT);
    time_goes_on(60);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_STRING_EQUAL(last,
                           apr_psprintf(pool, "12151 %u 9225 other peers other peers", 100000 - passed));
    finish();
}

static void a_limit_of_0_tells_all(void)
{
    begin();
    config.log.events_per_peer = 0;
    CU_ASSERT_EQUAL(passes(EVENT_ID_TPKT_ERROR, "192.0.2.1:1024", 1000), 1000);
    time_goes_on(60);
    CU_ASSERT_EQUAL(told, 0);
    finish();
}

static void the_end_tells_what_is_untold(void)
{
    begin();
    passes(EVENT_ID_TPKT_ERROR, "192.0.2.1:1024", LIMIT + 1);
    finish();
    CU_ASSERT_EQUAL(told, 1);
}

static const unit_test_t tests[] = {UNIT_TEST(OP_05_the_first_are_told_the_others_counted),
                                    UNIT_TEST(each_event_and_each_peer_has_its_count),
                                    UNIT_TEST(a_caller_is_known_by_its_address),
                                    UNIT_TEST(very_many_peers_share_a_count),
                                    UNIT_TEST(a_limit_of_0_tells_all),
                                    UNIT_TEST(the_end_tells_what_is_untold)};

UNIT_MAIN("peer_events", tests)
