/* The counters (OP-06): what operators of such MTAs look for is there, each once, with a series of the
 * metrics behind it or words why there is none; the manifest for Windows has them all. */
#include "unit.h"

#include <string.h>

#include "mta/counters.h"

static const char *const of_mta[] = {"Work Queue Length",
                                     "Work Queue Bytes",
                                     "Deferred Delivery Msgs",
                                     "Messages/Sec",
                                     "Message Bytes/Sec",
                                     "Inbound Messages Total",
                                     "Outbound Messages Total",
                                     "Inbound Bytes Total",
                                     "Outbound Bytes Total",
                                     "Total Recipients Inbound",
                                     "Total Recipients Outbound",
                                     "Total Recipients Queued",
                                     "Total Successful Conversions",
                                     "Total Failed Conversions",
                                     "Total Loops Detected",
                                     "Adjacent MTA Associations",
                                     "Admin Connections",
                                     "Free Elements",
                                     "Free Headers",
                                     "ECBs in use",
                                     "Threads In Use",
                                     "XAPI Clients",
                                     "XAPI Gateways",
                                     "RAS Receive Bytes/Sec",
                                     "RAS Transmit Bytes/Sec",
                                     "LAN Receive Bytes/Sec",
                                     "LAN Transmit Bytes/Sec",
                                     "TCP/IP Receive Bytes/Sec",
                                     "TCP/IP Transmit Bytes/Sec",
                                     "TP4 Receive Bytes/Sec",
                                     "TP4 Transmit Bytes/Sec",
                                     "X.25 Receive Bytes/Sec",
                                     "X.25 Transmit Bytes/Sec",
                                     "XAPI Receive Bytes/Sec",
                                     "XAPI Transmit Bytes/Sec",
                                     "Disk File Opens/Sec",
                                     "Disk File Reads/Sec",
                                     "Disk File Writes/Sec",
                                     "Disk File Deletes/Sec",
                                     "Disk File Syncs/Sec"};
static const char *const of_connections[] = {"Associations",
                                             "Queue Length",
                                             "Queued Bytes",
                                             "Connector Index",
                                             "Current Inbound Associations",
                                             "Current Outbound Associations",
                                             "Cumulative Inbound Associations",
                                             "Cumulative Outbound Associations",
                                             "Failed Outbound Associations",
                                             "Inbound Messages Total",
                                             "Outbound Messages Total",
                                             "Inbound Bytes Total",
                                             "Outbound Bytes Total",
                                             "Inbound Reject Reason",
                                             "Inbound Rejected Total",
                                             "Outbound Failure Reason",
                                             "Last Inbound Association",
                                             "Last Outbound Association",
                                             "Next Association Retry",
                                             "Oldest Message Queued",
                                             "Send Messages/Sec",
                                             "Send Bytes/Sec",
                                             "Receive Messages/Sec",
                                             "Receive Bytes/Sec",
                                             "Total Recipients Inbound",
                                             "Total Recipients Outbound",
                                             "Total Recipients Queued"};

enum { TEXT_LIMIT = 1023, DOCUMENT_SIZE = 65536, NAME_LIMIT = 64 };

static const counter_monitor_t *find(const counter_set_t *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->monitors[i].name, name) == 0)
            return &set->monitors[i];
    return NULL;
}

static void expect_all(const counter_set_t *set, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!find(set, names[i]))
            printf("%s has no %s\n", set->name, names[i]);
        CU_ASSERT_PTR_NOT_NULL(find(set, names[i]));
    }
    CU_ASSERT_EQUAL(set->count, count);
}

static void OP_06_every_counter_that_operators_know_is_there(void)
{
    CU_ASSERT_STRING_EQUAL(counter_sets[COUNTER_SET_MTA].name, "MSExchangeMTA");
    CU_ASSERT_STRING_EQUAL(counter_sets[COUNTER_SET_CONNECTIONS].name, "MSExchangeMTA Connections");
    expect_all(&counter_sets[COUNTER_SET_MTA], of_mta, sizeof(of_mta) / sizeof(of_mta[0]));
    expect_all(&counter_sets[COUNTER_SET_CONNECTIONS], of_connections,
               sizeof(of_connections) / sizeof(of_connections[0]));
}

static void OP_06_numbers_and_names_are_unique(void)
{
    for (int i = 0; i < COUNTER_SET_COUNT; i++)
        for (size_t j = 0; j < counter_sets[i].count; j++) {
            const counter_monitor_t *monitor = &counter_sets[i].monitors[j];
            CU_ASSERT_PTR_EQUAL(find(&counter_sets[i], monitor->name), monitor);
            CU_ASSERT_TRUE(monitor->number > 0);
            for (size_t k = 0; k < j; k++)
                CU_ASSERT_NOT_EQUAL(counter_sets[i].monitors[k].number, monitor->number);
        }
    for (int i = 0; i < COUNTER_COUNT; i++)
        for (int j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(counter_definitions[i].name, counter_definitions[j].name);
}

/* Nothing in a text that a manifest or a resource would have to say in another way. */
static void expect_plain(const char *text)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_TRUE(strlen(text) > 0 && strlen(text) <= TEXT_LIMIT);
    CU_ASSERT_PTR_NULL(strpbrk(text, "\"\\\n%"));
}

static void OP_06_each_shows_a_series_of_its_own_kind_or_says_why_not(void)
{
    for (int i = 0; i < COUNTER_SET_COUNT; i++)
        for (size_t j = 0; j < counter_sets[i].count; j++) {
            const counter_monitor_t *monitor = &counter_sets[i].monitors[j];
            expect_plain(monitor->name);
            if (monitor->counter == COUNTER_NONE) {
                expect_plain(monitor->words);
                continue;
            }
            const counter_definition_t *definition = &counter_definitions[monitor->counter];
            CU_ASSERT_PTR_NULL(monitor->words);
            CU_ASSERT_EQUAL(definition->scope == COUNTER_OF_MTA, i == COUNTER_SET_MTA);
            CU_ASSERT_NOT_EQUAL(definition->scope, COUNTER_OF_LOCAL);
            CU_ASSERT_FALSE(monitor->rate && definition->gauge);
        }
    for (int i = 0; i < COUNTER_COUNT; i++) {
        expect_plain(counter_definitions[i].help);
        CU_ASSERT_EQUAL(strncmp(counter_definitions[i].name, "x400mta_", 8), 0);
    }
}

/* What a writer writes. */
static const char *document(void (*write)(FILE *out))
{
    static char text[DOCUMENT_SIZE];
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    write(file);
    rewind(file);
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = 0;
    fclose(file);
    CU_ASSERT_TRUE(length < sizeof(text) - 1);
    return text;
}

static unsigned occurrences(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

static void OP_06_the_manifest_has_every_counter_once(void)
{
    const char *text = document(counters_write_manifest);
    char part[NAME_LIMIT + 64];
    size_t count = 0;
    for (int i = 0; i < COUNTER_SET_COUNT; i++) {
        CU_ASSERT_EQUAL(occurrences(text, counter_sets[i].guid), 1);
        count += counter_sets[i].count;
        for (size_t j = 0; j < counter_sets[i].count; j++) {
            snprintf(part, sizeof(part), "uri=\"%s.%u\" name=\"%s\"", counter_sets[i].uri,
                     counter_sets[i].monitors[j].number, counter_sets[i].monitors[j].name);
            CU_ASSERT_EQUAL(occurrences(text, part), 1);
        }
    }
    CU_ASSERT_EQUAL(occurrences(text, "<counter "), count);
    CU_ASSERT_EQUAL(occurrences(text, counter_provider_guid), 1);
    CU_ASSERT_EQUAL(occurrences(text, "<counterAttribute name=\"reference\"/>"), count);
}

static void OP_06_the_resource_has_a_name_and_words_for_each(void)
{
    const char *text = document(counters_write_resource);
    size_t count = 0;
    for (int i = 0; i < COUNTER_SET_COUNT; i++)
        count += counter_sets[i].count + 1;
    CU_ASSERT_EQUAL(occurrences(text, "\"\n"), 2 * count);
    CU_ASSERT_EQUAL(occurrences(text, "    1 \"MSExchangeMTA\"\n"), 1);
    CU_ASSERT_EQUAL(occurrences(text, "    5 \"Work Queue Length\"\n"), 1);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(OP_06_every_counter_that_operators_know_is_there),
    UNIT_TEST(OP_06_numbers_and_names_are_unique),
    UNIT_TEST(OP_06_each_shows_a_series_of_its_own_kind_or_says_why_not),
    UNIT_TEST(OP_06_the_manifest_has_every_counter_once),
    UNIT_TEST(OP_06_the_resource_has_a_name_and_words_for_each),
};
UNIT_MAIN("counters", TESTS)
