/* Fixed scenarios of what connectors do by their schedules, thresholds and turns, and of rerouting. */
#include <string.h>

#include <apr_strings.h>

#include "pair.h"

enum { MINUTE = 60, HOUR = 3600, SMALL = 2000 };

#define TO_D1 "\"C=SM;A= ;P=D1\""
#define TO_D0 "\"C=SM;A= ;P=D0\""

static bool arrived(const sent_t *sent)
{
    return sent->recipients[0].delivered == 1;
}

/* A section `schedule` whose selected times begin in so many minutes and last for an hour. */
static const char *selected(pair_t *pair, int64_t minutes, const char *more)
{
    return apr_psprintf(pair->pool,
                        "schedule { activation = selected-times selected-times = { \"daily %s-%s\" } %s }",
                        pair_clock(pair, minutes), pair_clock(pair, minutes + 60), more);
}

static void selected_times(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, selected(pair, 120, ""));
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 100 * MINUTE);
    pair_expect(pair, !sent->recipients[0].delivered && !pair->opened[0], "mail waits for the selected time");
    pair_run(pair, 25 * MINUTE);
    pair_expect(pair, arrived(sent), "it goes when the time has come");
}

static void urgent_ignores_schedule(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, selected(pair, 120, "urgent-ignores-schedule = on"));
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    const sent_t *normal = pair_send(pair, 0, 1, "normal", SMALL);
    const sent_t *urgent = pair_send(pair, 0, 1, "urgent", SMALL);
    pair_run(pair, MINUTE);
    pair_expect(pair, arrived(urgent), "urgent mail goes outside the selected times");
    pair_expect(pair, !normal->recipients[0].delivered, "normal mail does not go with it");
    pair_run(pair, 10 * MINUTE);
    pair_expect(pair, !pair_associations(pair, 0), "urgent mail does not hold the link open");
    pair_expect(pair, !normal->recipients[0].delivered, "normal mail still waits");
    pair_run(pair, 120 * MINUTE);
    pair_expect(pair, arrived(normal), "normal mail goes when the time has come");
}

static void never(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "schedule { activation = never }");
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    const sent_t *sent = pair_send(pair, 0, 1, "urgent", SMALL);
    const sent_t *back = pair_send(pair, 1, 0, "normal", SMALL);
    pair_run(pair, 3 * HOUR);
    pair_expect(pair, !sent->recipients[0].delivered && !pair->opened[0], "mail waits");
    pair_expect(pair, !sent->recipients[0].negative, "nothing is reported");
    pair_expect(pair, !back->recipients[0].delivered, "the peer's calls are refused");
}

/* The turn goes to the peer's urgent mail while normal mail waits here: it is asked back at once, and nothing
 * else needs to happen for that. */
static void turn_is_asked_back(pair_t *pair)
{
    enum { LARGE = 3000000 };
    pair_link(pair, 0, 1, TO_D1, "override { maximum-associations = 1 }");
    pair_link(pair, 1, 0, TO_D0, "schedule { activation = remote-initiated }");
    pair_start(pair, 2);
    const sent_t *first = pair_send(pair, 0, 1, "normal", LARGE);
    pair_run(pair, 1);
    const sent_t *second = pair_send(pair, 0, 1, "normal", SMALL);
    const sent_t *urgent = pair_send(pair, 1, 0, "urgent", SMALL);
    pair_expect(pair, !first->recipients[0].delivered, "the first is under way when urgent mail comes");
    pair_run(pair, 20);
    pair_expect(pair, arrived(first) && arrived(urgent), "the urgent one gets the turn");
    pair_expect(pair, arrived(second), "what waited here goes after it");
    pair_expect(pair, pair->opened[0] == 1 && !pair->opened[1], "one association carries all");
}

static void remote_initiated(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "schedule { activation = remote-initiated }");
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    const sent_t *sent = pair_send(pair, 0, 1, "urgent", SMALL);
    pair_run(pair, 2 * HOUR);
    pair_expect(pair, !sent->recipients[0].delivered && !pair->opened[0], "mail waits for the peer's call");
    const sent_t *back = pair_send(pair, 1, 0, "normal", SMALL);
    pair_run(pair, MINUTE);
    pair_expect(pair, arrived(back) && arrived(sent), "the peer's call carries the mail of both");
    pair_expect(pair, !pair->opened[0], "this side never calls");
}

static void polls_at_the_schedule(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "schedule { activation = remote-initiated }");
    pair_link(pair, 1, 0, TO_D0, selected(pair, 120, ""));
    pair_start(pair, 2);
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 100 * MINUTE);
    pair_expect(pair, !sent->recipients[0].delivered, "mail waits for the call");
    pair_run(pair, 25 * MINUTE);
    pair_expect(pair, arrived(sent), "the peer calls at its schedule though it has no mail");
    pair_run(pair, 24 * HOUR);
    pair_expect(pair, pair->opened[1] == 2, "it calls once for each selected time");
}

static void polls_at_an_interval(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "schedule { activation = remote-initiated }");
    pair_link(pair, 1, 0, TO_D0, "schedule { poll-interval = 900s }");
    pair_start(pair, 2);
    pair_run(pair, 5 * MINUTE);
    unsigned before = pair->opened[1];
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 16 * MINUTE);
    pair_expect(pair, arrived(sent), "the peer calls for it within its interval");
    pair_run(pair, 2 * HOUR);
    pair_expect(pair, pair->opened[1] - before <= 10, "and not more often");
}

static void content_length_threshold(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "thresholds { content-length-threshold = 100k }");
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    const sent_t *sent[4];
    for (int i = 0; i < 3; i++)
        sent[i] = pair_send(pair, 0, 1, i ? "normal" : "urgent", 30000);
    pair_run(pair, HOUR);
    pair_expect(pair, !pair->opened[0], "the link is not opened below the threshold");
    sent[3] = pair_send(pair, 0, 1, "normal", 30000);
    pair_run(pair, MINUTE);
    for (int i = 0; i < 4; i++)
        pair_expect(pair, arrived(sent[i]), "all of it goes when the threshold is reached");
}

static void queue_length_threshold(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "thresholds { queue-length-threshold = 3 content-length-threshold = 1M }");
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    pair_send(pair, 0, 1, "urgent", SMALL);
    pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, HOUR);
    pair_expect(pair, !pair->opened[0], "the link is not opened below both thresholds");
    const sent_t *third = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, MINUTE);
    pair_expect(pair, arrived(third) && pair_queued(pair, 0, "N1") == 0, "one of the two is enough");
}

static void initial_turn(pair_t *pair, bool local)
{
    const char *parts = apr_psprintf(
        pair->pool, "advanced { two-way-alternate = on local-initial-turn = %s }", local ? "on" : "off");
    pair_link(pair, 0, 1, TO_D1, parts);
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, MINUTE);
    pair_expect(pair, pair->opened[0] == 1, "one association is opened");
    pair_expect(pair, pair->turn_at_open[0] == local, "the turn is first where the configuration says");
    pair_expect(pair, arrived(sent), "the mail goes");
}

static void initial_turn_here(pair_t *pair)
{
    initial_turn(pair, true);
}

static void initial_turn_there(pair_t *pair)
{
    initial_turn(pair, false);
}

/* N1 is reached directly, or by N2. */
static void make_triangle(pair_t *pair, const char *direct, const char *by_other)
{
    pair_link(pair, 0, 1, "\"C=SM;A= ;P=D1;;1\"", direct);
    pair_link(pair, 0, 2, "\"C=SM;A= ;P=D2\", \"C=SM;A= ;P=D1;;2\"", by_other);
    pair_link(pair, 1, 0, TO_D0, "");
    pair_link(pair, 1, 2, "\"C=SM;A= ;P=D2\"", "");
    pair_link(pair, 2, 1, "\"C=SM;A= ;P=D1;;1\"", direct);
    pair_link(pair, 2, 0, "\"C=SM;A= ;P=D0\", \"C=SM;A= ;P=D1;;2\"", "");
    pair_start(pair, 3);
}

#define THREE_RETRIES "override { open-interval = 60s max-open-retries = 3 connect-timeout = 20s }"

static void reroute(pair_t *pair)
{
    make_triangle(pair, THREE_RETRIES, "");
    const sent_t *first = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, MINUTE);
    pair_expect(pair, arrived(first) && !pair->opened[2], "the cheaper way is taken");
    pair_run(pair, 10 * MINUTE);
    pair_cut(pair, 0, 1, true);
    const sent_t *second = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 15 * MINUTE);
    pair_expect(pair, arrived(second), "what cannot go there goes the other way");
    pair_cut(pair, 0, 1, false);
    pair_run(pair, HOUR);
    const sent_t *third = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 15 * MINUTE);
    pair_expect(pair, arrived(third), "mail flows when the link is back");
}

static void no_bounce_back(pair_t *pair)
{
    make_triangle(pair, THREE_RETRIES, "");
    pair_cut(pair, 0, 1, true);
    pair_cut(pair, 2, 1, true);
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    unsigned turns = 0;
    for (int i = 0; i < 60; i++) {
        pair_run(pair, MINUTE);
        turns += pair_queued(pair, 2, "N0") > 0 && !sent->recipients[0].negative;
    }
    pair_expect(pair, turns == 0, "N2 never gives it back to N0, from which it came");
    pair_expect(pair, sent->recipients[0].negative == 1 && !sent->recipients[0].delivered,
                "it is reported once that no way is left");
}

static void no_report_while_a_way_is_scheduled(pair_t *pair)
{
    make_triangle(pair, THREE_RETRIES, selected(pair, 120, ""));
    pair_cut(pair, 0, 1, true);
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 100 * MINUTE);
    pair_expect(pair, !sent->recipients[0].negative && !sent->recipients[0].delivered,
                "it waits for the way that is only scheduled, and nothing is reported");
    pair_run(pair, 25 * MINUTE);
    pair_expect(pair, arrived(sent), "it goes that way at its time");
}

/* The peer's lifetime ends just when mail comes up here, again and again. */
static void release_while_mail_is_queued(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "override { lifetime = 3600s }");
    pair_link(pair, 1, 0, TO_D0, "override { lifetime = 20s }");
    pair_start(pair, 2);
    for (int i = 0; i < 120; i++) {
        const sent_t *there = pair_send(pair, 1, 0, "normal", SMALL);
        world_run(pair->world, pair->world->now + TIME_SECONDS(20) + TIME_MILLISECONDS(5 * i));
        const sent_t *here = pair_send(pair, 0, 1, "normal", SMALL);
        pair_run(pair, 30);
        pair_expect(pair, arrived(there) && arrived(here),
                    "mail that meets a release goes at once all the same");
        pair_run(pair, 40);
    }
    pair_expect(pair, pair->opened[1] > 20, "the peer did release, and called again");
}

/* An association is the caller's to release, however long it is idle; a peer that is gone is noticed by TCP.
 */
static void a_long_idle_time_is_no_fault(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "override { lifetime = 86400s }");
    pair_link(pair, 1, 0, TO_D0, "");
    pair_start(pair, 2);
    pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 20 * HOUR);
    pair_expect(pair, pair_associations(pair, 0) == 1 && pair_associations(pair, 1) == 1,
                "an association is open after twenty idle hours");
    const sent_t *sent = pair_send(pair, 1, 0, "normal", SMALL);
    pair_run(pair, MINUTE);
    pair_expect(pair, arrived(sent) && pair->opened[0] + pair->opened[1] == 1, "and carries mail");
    pair_cut(pair, 0, 1, true);
    pair_run(pair, 6 * MINUTE);
    pair_expect(pair, pair_associations(pair, 0) == 0 && pair_associations(pair, 1) == 0,
                "a peer that is gone is noticed within minutes");
}

static void an_incoming_association_may_be_limited(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "override { lifetime = 86400s }");
    pair_link(pair, 1, 0, TO_D0, "override { incoming-idle-limit = 600s }");
    pair_start(pair, 2);
    pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 9 * MINUTE);
    pair_expect(pair, pair_associations(pair, 1) == 1, "it is open before its limit");
    pair_run(pair, 4 * MINUTE);
    pair_expect(pair, pair_associations(pair, 1) == 0, "it is ended at its limit");
}

/* N1 was called and confirms the release; what it says does not come, so that N0 does not disconnect. */
static void disconnect_holds_where_the_peer_called(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1, "override { lifetime = 60s connect-timeout = 5s disconnect = 60s }");
    pair_link(pair, 1, 0, TO_D0, "override { connect-timeout = 5s disconnect = 10s }");
    pair_start(pair, 2);
    pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, 30);
    world_way(pair->world, 1, 0)->cut = true;
    sim_net_ways_changed(pair->world);
    pair_run(pair, 35);
    const agent_t *here = pair->world->nodes[0].agent;
    const agent_t *there = pair->world->nodes[1].agent;
    pair_expect(pair, there->associations && pair_associations(pair, 1) == 0, "it awaits the disconnect");
    pair_run(pair, 10);
    pair_expect(pair, !there->associations, "it is ended after the time of disconnect");
    pair_expect(pair, here->associations, "the peer has a longer time");
    pair_cut(pair, 0, 1, false);
    pair_run(pair, 15 * MINUTE);
}

/* A transfer is refused, so that the message waits for its next time when its connector goes. */
static const sent_t *wait_at_n1(pair_t *pair)
{
    make_triangle(pair, "override { transfer-interval = 600s max-transfer-retries = 9 }", "");
    pair->world->nodes[1].disk_full = true;
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, MINUTE);
    pair->world->nodes[1].disk_full = false;
    pair_expect(pair, pair_queued(pair, 0, "N1") == 1 && !sent->recipients[0].delivered,
                "the message waits for its next transfer");
    pair->blocks[0] = "";
    return sent;
}

static void a_connector_that_goes_is_drained(pair_t *pair)
{
    const sent_t *sent = wait_at_n1(pair);
    pair_link(pair, 0, 2, "\"C=SM;A= ;P=D1\"", "");
    pair_reload(pair, 0);
    pair_run(pair, 15 * MINUTE);
    pair_expect(pair, arrived(sent), "what waited at a connector that is gone goes another way");
}

static void a_name_that_becomes_a_mailbox_is_drained(pair_t *pair)
{
    const sent_t *sent = wait_at_n1(pair);
    pair_link(pair, 0, 2, "\"C=SM;A= ;P=D1\"", "");
    pair->blocks[0] =
        apr_pstrcat(pair->pool, pair->blocks[0],
                    "mailbox N1 { folder = \"/sim/N0/box1\" address-space = { \"C=XX\" } }\n", NULL);
    pair_reload(pair, 0);
    pair_run(pair, 15 * MINUTE);
    pair_expect(pair, arrived(sent) && pair->opened[2] == 1, "what waited at the connector goes another way");
    pair_reload(pair, 0);
    pair_expect(pair, pair_queued(pair, 0, "N1") == 0, "nothing of it is at the mailbox");
}

static void a_mailbox_that_goes_is_drained(pair_t *pair)
{
    const char *box =
        "mailbox old { folder = \"/sim/N0/box1\" address-space = { \"C=SM;A= ;P=D1;O=N1\" } }\n";
    make_triangle(pair, "", "");
    const char *without = pair->blocks[0];
    pair->blocks[0] = apr_pstrcat(pair->pool, without, box, NULL);
    pair_reload(pair, 0);
    pair->world->nodes[0].mailbox_broken = true;
    const sent_t *sent = pair_send(pair, 0, 1, "normal", SMALL);
    pair_run(pair, MINUTE);
    pair_expect(pair, pair_queued(pair, 0, "old") == 1, "the message waits at the mailbox");
    pair->blocks[0] = without;
    pair_reload(pair, 0);
    pair_run(pair, 5 * MINUTE);
    pair_expect(pair, arrived(sent), "it goes where its address leads now");
}

/* A transfer that breaks just after each resume is not resumed without end and without a pause. */
static void resumes_without_progress_are_few(pair_t *pair)
{
    pair_link(pair, 0, 1, TO_D1,
              "override { transfer-interval = 600s max-transfer-retries = 9 }\n"
              "advanced { two-way-alternate = off }");
    pair_link(pair, 1, 0, TO_D0, "advanced { two-way-alternate = off }");
    world_way(pair->world, 0, 1)->bandwidth = 100000;
    pair_start(pair, 2);
    const sent_t *sent = pair_send(pair, 0, 1, "normal", 1000000);
    pair_run(pair, 5);
    pair->breaks_resumes = true;
    sim_net_reset_callers(pair->world);
    pair_run(pair, 5 * MINUTE);
    pair_expect(pair, pair->opened[0] > 3 && pair->opened[0] < 60, "the peer is not called without end");
    pair->breaks_resumes = false;
    pair_run(pair, 30 * MINUTE);
    pair_expect(pair, arrived(sent), "the message arrives when the link holds");
}

static void crowd(pair_t *pair, const char *two_way)
{
    const char *parts = apr_psprintf(pair->pool,
                                     "override { threshold = 5 maximum-associations = 6 }\n"
                                     "advanced { two-way-alternate = %s }",
                                     two_way);
    pair_link(pair, 0, 1, TO_D1, parts);
    pair_link(pair, 1, 0, TO_D0, parts);
    pair_start(pair, 2);
    enum { MANY = 150 };
    const sent_t *sent[2][MANY];
    for (unsigned i = 0; i < MANY; i++)
        for (unsigned from = 0; from < 2; from++)
            sent[from][i] = pair_send(pair, from, 1 - from, i % 10 ? "normal" : "urgent", 20000);
    unsigned most = 0;
    for (int i = 0; i < 600; i++) {
        pair_run(pair, 1);
        unsigned open = pair_associations(pair, 0);
        most = open > most ? open : most;
    }
    pair_expect(pair, most > 2, "many associations are open at once");
    for (unsigned i = 0; i < MANY; i++)
        for (unsigned from = 0; from < 2; from++)
            pair_expect(pair, arrived(sent[from][i]), "everything arrives once");
}

static void crowd_two_way(pair_t *pair)
{
    crowd(pair, "on");
}

static void crowd_monologue(pair_t *pair)
{
    crowd(pair, "off");
}

static const struct {
    const char *name;
    void (*run)(pair_t *pair);
} procedures[] = {{"RO_02_selected_times", selected_times},
                  {"RO_02_urgent_ignores_schedule", urgent_ignores_schedule},
                  {"RO_02_never", never},
                  {"RO_02_remote_initiated", remote_initiated},
                  {"RO_02_polls_at_the_schedule", polls_at_the_schedule},
                  {"RO_02_polls_at_an_interval", polls_at_an_interval},
                  {"content_length_threshold", content_length_threshold},
                  {"queue_length_threshold", queue_length_threshold},
                  {"RT_04_initial_turn_here", initial_turn_here},
                  {"RT_04_initial_turn_there", initial_turn_there},
                  {"RT_04_turn_is_asked_back", turn_is_asked_back},
                  {"RO_03_reroute", reroute},
                  {"RO_03_no_bounce_back", no_bounce_back},
                  {"RO_03_no_report_while_a_way_is_scheduled", no_report_while_a_way_is_scheduled},
                  {"RT_05_release_while_mail_is_queued", release_while_mail_is_queued},
                  {"a_long_idle_time_is_no_fault", a_long_idle_time_is_no_fault},
                  {"an_incoming_association_may_be_limited", an_incoming_association_may_be_limited},
                  {"disconnect_holds_where_the_peer_called", disconnect_holds_where_the_peer_called},
                  {"a_connector_that_goes_is_drained", a_connector_that_goes_is_drained},
                  {"a_name_that_becomes_a_mailbox_is_drained", a_name_that_becomes_a_mailbox_is_drained},
                  {"a_mailbox_that_goes_is_drained", a_mailbox_that_goes_is_drained},
                  {"RT_02_resumes_without_progress_are_few", resumes_without_progress_are_few},
                  {"RT_04_many_associations_two_way", crowd_two_way},
                  {"RT_04_many_associations_monologue", crowd_monologue}};

void procedures_run(const char *name, FILE *trace, apr_pool_t *pool, unsigned *passed, unsigned *failed)
{
    for (size_t i = 0; i < sizeof(procedures) / sizeof(procedures[0]); i++) {
        if (*name && strcmp(name, procedures[i].name) != 0)
            continue;
        pair_t *pair = pair_create(procedures[i].name, trace, pool);
        procedures[i].run(pair);
        *(pair_end(pair) ? passed : failed) += 1;
    }
}
