/* Reading a configuration: values, units, defaults, includes, places, memory. */
#include "unit.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "config/config.h"

#define MTA "mta { name = A country = GB data-folder = \"/tmp\" }\nlistener L { }\n"

static apr_pool_t *pool;

static void begin(void)
{
    apr_pool_create(&pool, NULL);
}

static void end(void)
{
    apr_pool_destroy(pool);
}

static const config_t *read_text(const char *text, const char **said)
{
    const config_t *config = NULL;
    config_findings_t findings;
    config_read_text("test.conf", bytes_of_string(text), pool, &config, &findings);
    *said = config_findings_text(&findings, pool);
    CU_ASSERT_EQUAL(config == NULL, findings.errors > 0);
    return config;
}

/* The text must pass without any finding. */
static const config_t *read_good(const char *text)
{
    const char *said = NULL;
    const config_t *config = read_text(text, &said);
    CU_ASSERT_STRING_EQUAL(said, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

static const config_connector_t *read_connector(const char *sections)
{
    const config_t *config = read_good(
        apr_pstrcat(pool, MTA "connector C { general { remote-mta-name = B } address-space = { \"C=FR\" }\n",
                    sections, "\n}\n", NULL));
    CU_ASSERT_EQUAL_FATAL(config->connector_count, 1);
    return &config->connectors[0];
}

static void defaults_are_those_of_the_administrator_program(void)
{
    begin();
    const config_connector_t *c = read_connector("stack { remote-host-name = b.example }");
    CU_ASSERT_EQUAL(c->activation, CONFIG_ACTIVATION_ALWAYS);
    CU_ASSERT_EQUAL(c->port, 102);
    CU_ASSERT_EQUAL(c->checkpoint_size, 30);
    CU_ASSERT_EQUAL(c->recovery_timeout, 60);
    CU_ASSERT_EQUAL(c->window_size, 5);
    CU_ASSERT_EQUAL(c->lifetime, 300);
    CU_ASSERT_EQUAL(c->disconnect, 120);
    CU_ASSERT_EQUAL(c->threshold, 50);
    CU_ASSERT_EQUAL(c->max_open_retries, 144);
    CU_ASSERT_EQUAL(c->max_transfer_retries, 2);
    CU_ASSERT_EQUAL(c->open_interval, 600);
    CU_ASSERT_EQUAL(c->transfer_interval, 120);
    CU_ASSERT_EQUAL(c->transfer_timeout_urgent, 1000);
    CU_ASSERT_EQUAL(c->transfer_timeout_normal, 2000);
    CU_ASSERT_EQUAL(c->transfer_timeout_non_urgent, 3000);
    CU_ASSERT_EQUAL(c->maximum_associations, 10);
    CU_ASSERT_EQUAL(c->conformance, CONFIG_CONFORMANCE_1988_NORMAL);
    CU_ASSERT_TRUE(c->two_way_alternate);
    CU_ASSERT_EQUAL(c->maximum_message_size, 0);
    CU_ASSERT_STRING_EQUAL(c->remote_mta_password, "");
    CU_ASSERT_STRING_EQUAL(c->local_mta_name, "A");
    CU_ASSERT_STRING_EQUAL(c->local_mta_password, "");
    CU_ASSERT_PTR_NULL(c->local_address);
    CU_ASSERT_PTR_NULL(c->remote_country);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->allowed_callers);
    CU_ASSERT_PTR_NULL(c->allowed_callers[0]);
    CU_ASSERT_EQUAL(c->outgoing_t_selector.length, 0);
    CU_ASSERT_EQUAL(c->quirks, 0);
    CU_ASSERT_EQUAL(c->address_space_count, 1);
    CU_ASSERT_EQUAL(c->address_spaces[0].cost, 1);
    CU_ASSERT_EQUAL(c->place.line, 3);
    end();
}

static void mta_has_its_defaults_and_derived_paths(void)
{
    begin();
    const config_t *c = read_good(MTA);
    CU_ASSERT_STRING_EQUAL(c->mta.admd, " ");
    CU_ASSERT_PTR_NULL(c->mta.prmd);
    CU_ASSERT_EQUAL(c->mta.message_timeout_urgent, 2880);
    CU_ASSERT_EQUAL(c->mta.message_timeout_normal, 10080);
    CU_ASSERT_EQUAL(c->mta.message_timeout_non_urgent, 14400);
    CU_ASSERT_EQUAL(c->mta.repeat_memory, 7 * 86400);
    CU_ASSERT_EQUAL(c->mta.minimum_open_interval, 15);
    CU_ASSERT_FALSE(c->mta.least_cost_only);
    CU_ASSERT_STRING_EQUAL(c->store.driver, "sqlite3");
    CU_ASSERT_STRING_EQUAL(c->store.parameters, "/tmp/queue.db");
    CU_ASSERT_STRING_EQUAL(c->admin.address, "127.0.0.1");
    CU_ASSERT_EQUAL(c->admin.port, 8102);
    CU_ASSERT_STRING_EQUAL(c->admin.token_file, "/tmp/admin.token");
    CU_ASSERT_STRING_EQUAL(c->log.event_source, "MSExchangeMTA");
    CU_ASSERT_TRUE(c->log.system);
    CU_ASSERT_FALSE(c->log.standard_error);
    CU_ASSERT_PTR_NULL(c->log.file);
    CU_ASSERT_EQUAL(c->listeners[0].port, 102);
    CU_ASSERT_PTR_NULL(c->listeners[0].address);
    end();
}

static void numbers_take_units(void)
{
    static const struct {
        const char *text;
        unsigned lifetime;
    } times[] = {{"600", 600}, {"600s", 600}, {"'10 min'", 600}, {"10m", 600},
                 {"1h", 3600}, {"1d", 86400}, {"30sec", 30},     {"1H", 3600}};
    begin();
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const config_connector_t *c = read_connector(apr_psprintf(
            pool, "stack { remote-host-name = b } override { lifetime = %s checkpoint-size = 16k }",
            times[i].text));
        CU_ASSERT_EQUAL(c->lifetime, times[i].lifetime);
        CU_ASSERT_EQUAL(c->checkpoint_size, 16);
    }
    const config_connector_t *c =
        read_connector("stack { remote-host-name = b } advanced { maximum-message-size = 2M }");
    CU_ASSERT_EQUAL(c->maximum_message_size, 2048);
    const config_t *config =
        read_good("mta { name = A country = GB data-folder = '/tmp' message-timeout-urgent = 45min "
                  "message-timeout-normal = 24h message-timeout-non-urgent = 2d }listener L{}");
    CU_ASSERT_EQUAL(config->mta.message_timeout_urgent, 45);
    CU_ASSERT_EQUAL(config->mta.message_timeout_normal, 1440);
    CU_ASSERT_EQUAL(config->mta.message_timeout_non_urgent, 2880);
    end();
}

static void selectors_are_text_or_hexadecimal(void)
{
    begin();
    const config_connector_t *c =
        read_connector("stack { remote-host-name = b outgoing-t-selector = \"TSEL\" "
                       "outgoing-s-selector = 0x00ff outgoing-p-selector = hex:5453 }");
    CU_ASSERT_TRUE(bytes_equal(c->outgoing_t_selector, BYTES_LITERAL("TSEL")));
    CU_ASSERT_TRUE(bytes_equal(c->outgoing_s_selector, bytes_make("\0\377", 2)));
    CU_ASSERT_TRUE(bytes_equal(c->outgoing_p_selector, BYTES_LITERAL("TS")));
    end();
}

static void words_and_lists_are_read(void)
{
    begin();
    const config_connector_t *c = read_connector(
        "stack { remote-host-name = b allowed-callers = { \"192.0.2.0/24\", \"2001:db8::1\" } }\n"
        "advanced { mta-conformance = \"1988 x.410\" two-way-alternate = off quirks = { \"2k-tpdu\" }\n"
        "quirks += { \"no-content-return\" } }");
    CU_ASSERT_EQUAL(c->conformance, CONFIG_CONFORMANCE_1988_X410);
    CU_ASSERT_FALSE(c->two_way_alternate);
    CU_ASSERT_EQUAL(c->quirks, CONFIG_QUIRK_2K_TPDU | CONFIG_QUIRK_NO_CONTENT_RETURN);
    CU_ASSERT_STRING_EQUAL(c->allowed_callers[0], "192.0.2.0/24");
    CU_ASSERT_STRING_EQUAL(c->allowed_callers[1], "2001:db8::1");
    CU_ASSERT_PTR_NULL(c->allowed_callers[2]);
    end();
}

static void address_spaces_have_costs_and_places(void)
{
    begin();
    const config_t *config =
        read_good(MTA "mailbox M { folder = /tmp address-space = {\n\"X400:C=GB;A= ;P=X;;7\",\n"
                      "'/O=\\d;;3/',\n\"*\",\n\"C=GB;DDA:X=5\" } }");
    const config_address_space_t *spaces = config->mailboxes[0].address_spaces;
    CU_ASSERT_EQUAL_FATAL(config->mailboxes[0].address_space_count, 4);
    CU_ASSERT_STRING_EQUAL(spaces[0].pattern, "C=GB;A= ;P=X");
    CU_ASSERT_EQUAL(spaces[0].cost, 7);
    CU_ASSERT_EQUAL(spaces[0].place.line, 4);
    CU_ASSERT_STRING_EQUAL(spaces[1].pattern, "/O=\\d;;3/");
    CU_ASSERT_EQUAL(spaces[1].cost, 1);
    CU_ASSERT_EQUAL(spaces[2].place.line, 6);
    CU_ASSERT_STRING_EQUAL(spaces[3].pattern, "C=GB;DDA:X=5");
    CU_ASSERT_EQUAL(spaces[3].cost, 1);
    end();
}

static void messaging_defaults_are_inherited_and_overridden(void)
{
    begin();
    const config_t *config =
        read_good(MTA "messaging-defaults { lifetime = 5min window-size = 2 }\n"
                      "connector X { general { remote-mta-name = X } stack { remote-host-name = x } "
                      "address-space = { \"O=X\" } }\n"
                      "connector Y { general { remote-mta-name = Y } stack { remote-host-name = y } "
                      "address-space = { \"O=Y\" }\n"
                      "override { window-size = 3 local-mta-name = ME local-mta-password = pw } }");
    const config_connector_t *x = config_find_connector(config, "X");
    const config_connector_t *y = config_find_connector(config, "Y");
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    CU_ASSERT_PTR_NOT_NULL_FATAL(y);
    CU_ASSERT_EQUAL(x->window_size, 2);
    CU_ASSERT_EQUAL(x->lifetime, 300);
    CU_ASSERT_EQUAL(y->window_size, 3);
    CU_ASSERT_STRING_EQUAL(y->local_mta_name, "ME");
    CU_ASSERT_STRING_EQUAL(y->local_mta_password, "pw");
    CU_ASSERT_PTR_NULL(config_find_connector(config, "Z"));
    CU_ASSERT_PTR_NULL(config_find_mailbox(config, "X"));
    end();
}

static void levels_of_diagnostics_are_read(void)
{
    begin();
    const config_t *config = read_good(MTA "log { standard-error = on system = off text-event-log = '/tmp/e' "
                                           "diagnostics { x400-service = medium "
                                           "apdu = maximum security = minimum } }");
    CU_ASSERT_EQUAL(config->log.levels[EVENT_X400_SERVICE], EVENT_LEVEL_MEDIUM);
    CU_ASSERT_EQUAL(config->log.levels[EVENT_APDU], EVENT_LEVEL_MAXIMUM);
    CU_ASSERT_EQUAL(config->log.levels[EVENT_SECURITY], EVENT_LEVEL_MINIMUM);
    CU_ASSERT_EQUAL(config->log.levels[EVENT_RESOURCE], EVENT_LEVEL_NONE);
    CU_ASSERT_TRUE(config->log.standard_error);
    CU_ASSERT_FALSE(config->log.system);
    CU_ASSERT_STRING_EQUAL(config->log.file, "/tmp/e");
    end();
}

static void selected_times_say_when(void)
{
    enum { MONDAY = 1440, SATURDAY = 6 * 1440 };
    begin();
    const config_connector_t *c =
        read_connector("stack { remote-host-name = b } schedule { activation = "
                       "selected-times selected-times = { \"mon-fri 08:00-18:00\" } }");
    CU_ASSERT_EQUAL(config_minutes_until_active(c, MONDAY + 8 * 60), 0);
    CU_ASSERT_EQUAL(config_minutes_until_active(c, MONDAY + 18 * 60 - 1), 0);
    CU_ASSERT_EQUAL(config_minutes_until_active(c, MONDAY + 18 * 60), 14 * 60);
    CU_ASSERT_EQUAL(config_minutes_until_active(c, MONDAY + 7 * 60 + 59), 1);
    CU_ASSERT_EQUAL(config_minutes_until_active(c, SATURDAY), 2 * 1440 + 8 * 60);
    CU_ASSERT_EQUAL(config_minutes_until_active(c, 7 * 1440 + MONDAY + 8 * 60), 0);
    c = read_connector(
        "stack { remote-host-name = b } schedule { activation = selected-times selected-times = { \"fri-"
        "sun 00:00-24:00\" } }");
    CU_ASSERT_EQUAL(config_minutes_until_active(c, 0), 0);
    CU_ASSERT_EQUAL(config_minutes_until_active(c, MONDAY), 4 * 1440);
    end();
}

static void comments_strings_and_environment(void)
{
    begin();
    unit_set_environment("X400_TEST_NAME", "FROM-ENV");
    const config_t *config =
        read_good("#\n// one # two\n/* many\n lines */ mta { # name\nname = \"${X400_TEST_NAME}\"\r\n"
                  "country = GB // more\npassword = 'a\"b#c' data-folder = \"/tmp\" }\n"
                  "listener \"#1\" { }\n");
    CU_ASSERT_STRING_EQUAL(config->mta.name, "FROM-ENV");
    CU_ASSERT_STRING_EQUAL(config->mta.password, "a\"b#c");
    CU_ASSERT_STRING_EQUAL(config->listeners[0].name, "#1");
    CU_ASSERT_EQUAL(config->listeners[0].place.line, 8);
    end();
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void includes_keep_their_places(void)
{
    begin();
    const char *folder = unit_folder("config", pool);
    const char *main_file = apr_pstrcat(pool, folder, "/main.conf", NULL);
    const char *inner = apr_pstrcat(pool, folder, "/inner.conf", NULL);
    write_file(main_file,
               "mta { name = A country = GB data-folder = data }\ninclude(\"inner.conf\")\nbad-one = 1\n"
               "listener L { prt = 2 }\n");
    write_file(inner,
               "\nbad-two = 2\nmailbox M {\n folder = box\n address-space = {} }\ninclude(\"main.conf\")\n");
    const config_t *config = NULL;
    config_findings_t findings;
    config_read(main_file, pool, &config, &findings);
    CU_ASSERT_PTR_NULL(config);
    const char *said = config_findings_text(&findings, pool);
    const char *expected[] = {
        "main.conf:3: error: unknown option 'bad-one' in the file\n",
        "main.conf:4: error: unknown option 'prt' in listener; did you mean 'port'?\n",
        "inner.conf:2: error: unknown option 'bad-two' in the file\n",
        "inner.conf:3: error: 'address-space' is missing in mailbox \"M\"; it must be given\n",
        "inner.conf:6: error: '"};
    const char *at = said;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        at = strstr(at, expected[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    }
    write_file(inner, "mailbox M {\n folder = box\n address-space = \"C=GB\" }\n");
    write_file(main_file,
               "mta { name = A country = GB data-folder = data }\nlistener L { }include(inner.conf)\n");
    config_read(main_file, pool, &config, &findings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->mta.data_folder, apr_pstrcat(pool, folder, "/data", NULL));
    CU_ASSERT_STRING_EQUAL(config->mailboxes[0].folder, apr_pstrcat(pool, folder, "/box", NULL));
    CU_ASSERT_STRING_EQUAL(config->mailboxes[0].place.file, inner);
    remove(main_file);
    remove(inner);
    apr_dir_remove(folder, pool);
    end();
}

/* After each kind of mistake, in quotes, comments and includes, the next file is read as ever. */
static void a_bad_file_does_not_spoil_the_next(void)
{
    static const char *const bad[] = {"mta { name = \"A",
                                      "mta { name = 'A",
                                      "/* never closed",
                                      "mta { name = \"\\9\" }",
                                      "mta { name = ",
                                      "mta {",
                                      "}",
                                      "mta { name }",
                                      "a = = b",
                                      "listener { }",
                                      "include(\"/nowhere/at-all.conf\")",
                                      "include(",
                                      "mta { name = { a } }",
                                      "mta { name = \"${A\" }",
                                      "mta { name = * }",
                                      "include(\"/tmp\")"};
    begin();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *said = NULL;
        CU_ASSERT_PTR_NULL(read_text(bad[i], &said));
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "test.conf:1: error: "));
        read_good(MTA);
    }
    end();
}

static void an_octet_0_is_refused(void)
{
    begin();
    const config_t *config = NULL;
    config_findings_t findings;
    config_read_text("test.conf", BYTES_LITERAL("mta {\n\0}"), pool, &config, &findings);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_STRING_EQUAL(config_findings_text(&findings, pool),
                           "test.conf:2: error: the file has an octet 0 here; it must be text\n");
    end();
}

static void a_missing_file_is_an_error(void)
{
    begin();
    const config_t *config = NULL;
    config_findings_t findings;
    config_read("/nowhere/at-all.conf", pool, &config, &findings);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_EQUAL(findings.errors, 1);
    end();
}

static bool is_loopback(const char *address)
{
    return !strcmp(address, "127.0.0.1");
}

static void addresses_that_are_not_here_are_found(void)
{
    begin();
    const config_t *config = NULL;
    config_findings_t findings;
    config_read_text(
        "test.conf",
        bytes_of_string("mta { name = A country = GB data-folder = \"/tmp\" }\nlistener L { address = "
                        "\"192.0.2.1\" }\nlistener M { address = \"127.0.0.1\" }\nconnector C { general { "
                        "remote-mta-name = B } stack { remote-host-name = b stack-ip-address-override = "
                        "\"192.0.2.2\" } address-space = \"*\" }"),
        pool, &config, &findings);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    config_check_addresses(config, is_loopback, pool, &findings);
    CU_ASSERT_STRING_EQUAL(
        config_findings_text(&findings, pool),
        "test.conf:2: warning: address '192.0.2.1' of listener \"L\" is not of this machine now\n"
        "test.conf:4: warning: stack-ip-address-override '192.0.2.2' of connector \"C\" is not an "
        "address of this machine now\n");
    end();
}

/* The sum of memory of a thousand reads, good and bad, goes with their pools; what libConfuse holds is seen
 * by the leak checkers that these tests run under. */
static void a_thousand_reads_leave_nothing(void)
{
    for (int i = 0; i < 1000; i++) {
        const char *said = NULL;
        begin();
        read_good(MTA "mailbox M { folder = \"/tmp\" address-space = { \"O=A\", \"O=B\" } }");
        read_text("mta { name = A nme = B } connector { } mailbox M { folder = \"x\" address-space = { \"O=",
                  &said);
        end();
    }
}

static void many_findings_are_bounded(void)
{
    begin();
    char *text = apr_pcalloc(pool, 1 << 17);
    size_t length = 0;
    for (int i = 0; i < 3000; i++)
        length += (size_t)apr_snprintf(text + length, 32, "bad%d = %d\n", i, i);
    const config_t *config = NULL;
    config_findings_t findings;
    config_read_text("test.conf", bytes_make(text, length), pool, &config, &findings);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_EQUAL(findings.count, CONFIG_FINDING_LIMIT);
    CU_ASSERT(findings.errors >= 3000);
    end();
}

static void many_connectors_are_read(void)
{
    begin();
    const char *text = MTA;
    char *all = apr_pcalloc(pool, 1 << 20);
    size_t length = strlen(text);
    memcpy(all, text, length);
    for (int i = 0; i < 500; i++)
        length += (size_t)apr_snprintf(
            all + length, 300,
            "connector C%d { general { remote-mta-name = R%d }\nstack { remote-host-name = h }\n"
            "address-space = { \"C=GB;P=P%d\", \"C=FR;P=P%d\" } }\n",
            i, i, i, i);
    const config_t *config = read_good(all);
    CU_ASSERT_EQUAL_FATAL(config->connector_count, 500);
    CU_ASSERT_STRING_EQUAL(config->connectors[499].name, "C499");
    CU_ASSERT_EQUAL(config->connectors[499].place.line, 3 + 499 * 3);
    CU_ASSERT_EQUAL(config->connectors[499].address_spaces[1].place.line, 3 + 499 * 3 + 2);
    end();
}

static const unit_test_t tests[] = {
    UNIT_TEST(defaults_are_those_of_the_administrator_program),
    UNIT_TEST(mta_has_its_defaults_and_derived_paths),
    UNIT_TEST(numbers_take_units),
    UNIT_TEST(selectors_are_text_or_hexadecimal),
    UNIT_TEST(words_and_lists_are_read),
    UNIT_TEST(address_spaces_have_costs_and_places),
    UNIT_TEST(messaging_defaults_are_inherited_and_overridden),
    UNIT_TEST(levels_of_diagnostics_are_read),
    UNIT_TEST(selected_times_say_when),
    UNIT_TEST(comments_strings_and_environment),
    UNIT_TEST(includes_keep_their_places),
    UNIT_TEST(a_bad_file_does_not_spoil_the_next),
    UNIT_TEST(an_octet_0_is_refused),
    UNIT_TEST(a_missing_file_is_an_error),
    UNIT_TEST(addresses_that_are_not_here_are_found),
    UNIT_TEST(a_thousand_reads_leave_nothing),
    UNIT_TEST(many_findings_are_bounded),
    UNIT_TEST(many_connectors_are_read),
};

UNIT_MAIN("config", tests)
