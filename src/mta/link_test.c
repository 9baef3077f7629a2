#include "mta/link_test.h"

#include <stdlib.h>

#include "mta/association.h"

struct link_test_t {
    connector_t *connector;
    control_reply_t reply;
    void *context;
    json_t *steps;
    json_t *negotiated;
    bool connected;
    bool failed;
    bool opened;
};

static void step(link_test_t *test, const char *layer, bool ok, const char *text)
{
    json_array_append_new(test->steps,
                          json_pack("{s:s, s:b, s:s}", "layer", layer, "ok", ok ? 1 : 0, "text", text));
}

void link_test_begin(connector_t *connector, control_reply_t reply, void *context)
{
    link_test_t *test = calloc(1, sizeof(*test));
    if (!test)
        abort();
    test->connector = connector;
    test->reply = reply;
    test->context = context;
    test->steps = json_array();
    test->negotiated = json_null();
    association_open(connector, test);
}

void link_test_connected(link_test_t *test, const char *peer)
{
    test->connected = true;
    step(test, "TCP", true, peer);
}

/* The chain from the layer that was reached last down to the cause, one step each. */
void link_test_failed(link_test_t *test, const err_t *err)
{
    if (test->failed)
        return;
    test->failed = true;
    if (!err)
        step(test, "TCP", false, "the peer closed the connection");
    for (; err; err = err->cause)
        step(test, test->connected ? err->layer : "TCP", false, err->text);
}

void link_test_opened(link_test_t *test, const association_t *association)
{
    stack_facts_t facts;
    osi_stack_facts(association->stack, &facts);
    test->opened = true;
    step(test, "transport", true, "X.224 class 0 connection confirmed");
    step(test, "session", true, facts.session_version == 2 ? "version 2 accepted" : "version 1 accepted");
    if (facts.mode == OSI_MODE_NORMAL)
        step(test, "presentation", true, "contexts accepted, application context mts-transfer");
    step(test, "RTSE", true, facts.two_way_alternate ? "open, two-way alternate" : "open, monologue");
    step(test, "bind", true, "the MTA names and passwords of both sides are right");
    test->negotiated =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:b}", "mode", osi_mode_name(facts.mode), "tpdu_size",
                  (int)facts.tpdu_size, "session_version", (int)facts.session_version, "checkpoint_k",
                  (int)facts.checkpoint_size_k, "window", (int)facts.window_size, "two_way_alternate",
                  facts.two_way_alternate ? 1 : 0);
}

void link_test_ended(link_test_t *test)
{
    if (!test->opened && !test->failed)
        step(test, "TCP", false, "the association ended before it was open");
    if (test->opened)
        step(test, "release", true, "the association was released");
    json_t *result = json_pack("{s:s, s:b, s:o, s:o}", "connector", test->connector->destination.name, "ok",
                               test->opened && !test->failed ? 1 : 0, "steps", test->steps, "negotiated",
                               test->negotiated);
    test->reply(test->context, 200, result);
    free(test);
}
