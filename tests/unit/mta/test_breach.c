/* Which event says that a peer broke a protocol; and that a loss of the network is none. */
#include "unit.h"

#include <string.h>

#include <apr_strings.h>

#include "event/ids.h"
#include "mta/breach.h"
#include "osi/rtse.h"

static apr_pool_t *pool;
static char told[4096];

static void note(void *context, const event_record_t *record)
{
    (void)context;
    size_t length = strlen(told);
    apr_snprintf(told + length, sizeof(told) - length, "%u", record->definition->id);
    for (unsigned i = 0; i < record->definition->parameter_count; i++) {
        length = strlen(told);
        apr_snprintf(told + length, sizeof(told) - length, "|%s", record->parameters[i]);
    }
}

static agent_t agent;
static connector_t connector;
static association_t association;

static void begin(void)
{
    apr_pool_create(&pool, NULL);
    agent = (agent_t){.pool = pool};
    agent.services.events = event_log_create(pool, timebase_system());
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        event_log_set_level(agent.services.events, (event_category_t)i, EVENT_LEVEL_MAXIMUM);
    event_log_add_sink(agent.services.events, note, NULL);
    connector = (connector_t){.destination = {.agent = &agent, .kind = ROUTE_CONNECTOR, .name = "C"}};
    association = (association_t){.agent = &agent, .connector = &connector, .id = 7, .peer = "192.0.2.1:102"};
}

static const char *words_told(const err_t *err)
{
    told[0] = '\0';
    breach_tell(&association, err);
    return told;
}

static err_t *state_error(const char *layer, int event, const char *what)
{
    return err_wrap(pool, err_create(pool, event, layer, "%s", what), OSI_FAULT_STATE, layer,
                    "the peer broke the protocol in state S1");
}

static void OP_05_each_layer_has_its_event(void)
{
    begin();
    CU_ASSERT_STRING_EQUAL(words_told(err_create(pool, OSI_FAULT_TPKT, "transport", "no TPKT")),
                           "9225|that is no TPKT|7|192.0.2.1:102");
    CU_ASSERT_STRING_EQUAL(words_told(err_create(pool, OSI_FAULT_TPDU, "transport", "a bad TPDU")),
                           "4282|8453|192.0.2.1:102|a bad TPDU");
    CU_ASSERT_STRING_EQUAL(
        words_told(err_create(pool, OSI_FAULT_LENGTH, "transport", "a TSDU of more than 4711 octets")),
        "9404|1|4711|192.0.2.1:102");
    CU_ASSERT_STRING_EQUAL(words_told(state_error("session", 0, "ACTIVITY END is not allowed here")),
                           "1222|C|S1|ACTIVITY END is not allowed here|192.0.2.1:102");
    CU_ASSERT_STRING_EQUAL(words_told(state_error("presentation", 0, "CP")), "1198|C|S1|CP|192.0.2.1:102");
    CU_ASSERT_STRING_EQUAL(words_told(state_error("RTSE", RTSE_SYNC, "checkpoint")),
                           "1133|C|S1|checkpoint|192.0.2.1:102");
    CU_ASSERT_STRING_EQUAL(words_told(state_error("RTSE", RTSE_START, "start")),
                           "25|C|the peer broke the protocol in state S1: start");
    CU_ASSERT_STRING_EQUAL(
        words_told(err_create(pool, OSI_FAULT_DECODE, "RTSE", "RTTP could not be read: short at octet 12")),
        "1136|C|RTTP could not be read: short at octet 12|12|192.0.2.1:102");
    CU_ASSERT_STRING_EQUAL(
        words_told(err_create(pool, OSI_FAULT_DECODE, "ACSE", "AARQ could not be read: short at octet 3")),
        "1192|C|AARQ could not be read: short at octet 3|3|192.0.2.1:102");
    CU_ASSERT_STRING_EQUAL(words_told(err_create(pool, OSI_FAULT_HANDLE, "RTSE", "checkpoint 9")),
                           "1131|C|checkpoint 9");
    CU_ASSERT_STRING_EQUAL(words_told(err_create(pool, OSI_FAULT_PRIMITIVE, "RTSE", "session primitive 5")),
                           "1153|session primitive 5|session primitive 5|C");
    apr_pool_destroy(pool);
}

static void OP_05_what_has_no_event_of_its_own_is_12013(void)
{
    begin();
    CU_ASSERT_STRING_EQUAL(words_told(err_create(pool, 3, "ACSE", "the context is unknown")),
                           "12013|C|192.0.2.1:102|ACSE|the context is unknown");
    association.connector = NULL;
    CU_ASSERT_STRING_EQUAL(words_told(err_create(pool, 3, "ACSE", "the context is unknown")),
                           "12013|192.0.2.1:102|192.0.2.1:102|ACSE|the context is unknown");
    apr_pool_destroy(pool);
}

static void a_fault_is_found_behind_other_errors(void)
{
    begin();
    err_t *fault = state_error("session", 0, "DT");
    CU_ASSERT_STRING_EQUAL(words_told(err_wrap(pool, fault, 0, "session", "the association ended")),
                           "1222|C|S1|DT|192.0.2.1:102");
    apr_pool_destroy(pool);
}

static void a_loss_of_the_network_is_no_violation(void)
{
    begin();
    err_t *network = err_from_status(pool, APR_ECONNRESET, "the connection with 192.0.2.1 broke");
    network->layer = "network";
    err_t *transport = err_wrap(pool, network, 0, "transport", "the network connection broke");
    CU_ASSERT_STRING_EQUAL(
        words_told(err_wrap(pool, transport, 0, "session", "the transport connection of the session ended")),
        "");
    CU_ASSERT_STRING_EQUAL(
        words_told(err_create(pool, 0, "transport", "the peer closed the network connection")), "");
    CU_ASSERT_STRING_EQUAL(words_told(err_create(pool, APR_TIMEUP, "RTSE", "no progress within 60 seconds")),
                           "");
    CU_ASSERT_STRING_EQUAL(words_told(NULL), "");
    apr_pool_destroy(pool);
}

static void OP_05_sockets_have_the_numbers_that_monitoring_knows(void)
{
    CU_ASSERT_EQUAL(breach_socket_error(APR_ECONNREFUSED), 10061);
    CU_ASSERT_EQUAL(breach_socket_error(APR_ETIMEDOUT), 10060);
    CU_ASSERT_EQUAL(breach_socket_error(APR_TIMEUP), 10060);
    CU_ASSERT_EQUAL(breach_socket_error(APR_ECONNRESET), 10054);
    CU_ASSERT_EQUAL(breach_socket_error(APR_ECONNABORTED), 10053);
    CU_ASSERT_EQUAL(breach_socket_error(APR_ENETUNREACH), 10051);
    CU_ASSERT_EQUAL(breach_socket_error(APR_EHOSTUNREACH), 10065);
    CU_ASSERT_EQUAL(breach_socket_error(APR_EINVAL), 10022);
    CU_ASSERT_EQUAL(breach_socket_error(APR_ENOSPC), APR_TO_OS_ERROR(APR_ENOSPC));
}

static void OP_05_a_connection_that_ends_says_how(void)
{
    begin();
    told[0] = '\0';
    breach_tell_closed(&association, NULL);
    CU_ASSERT_STRING_EQUAL(told, "9236|7|0|192.0.2.1:1021279|7|C|192.0.2.1:102");
    told[0] = '\0';
    err_t *err = err_create(pool, APR_ECONNRESET, "network", "it broke");
    breach_tell_closed(&association, err);
    CU_ASSERT_STRING_EQUAL(told, "9221|10054|7|192.0.2.1:102|it broke");
    apr_pool_destroy(pool);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(OP_05_each_layer_has_its_event),
    UNIT_TEST(OP_05_what_has_no_event_of_its_own_is_12013),
    UNIT_TEST(a_fault_is_found_behind_other_errors),
    UNIT_TEST(a_loss_of_the_network_is_no_violation),
    UNIT_TEST(OP_05_sockets_have_the_numbers_that_monitoring_knows),
    UNIT_TEST(OP_05_a_connection_that_ends_says_how),
};
UNIT_MAIN("breach", TESTS)
