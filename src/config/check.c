#include "config/check.h"

#include <ctype.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_network_io.h>
#include <apr_strings.h>

#include "config/build.h"
#include "config/value.h"

typedef struct checker_t {
    apr_pool_t *pool;
    config_findings_t *findings;
    const raw_section_t *root;
    const config_t *config;
} checker_t;

#undef ERROR /* the headers of Windows have one */
#define ERROR(place, ...)                                                                                    \
    config_findings_add(checker->findings, checker->pool, CONFIG_ERROR, place, __VA_ARGS__)
#define WARNING(place, ...)                                                                                  \
    config_findings_add(checker->findings, checker->pool, CONFIG_WARNING, place, __VA_ARGS__)

/* The codes of ISO 3166-1 and WW, which X.400 service providers use for "the world". */
static const char countries[] = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCA"
                                "CCCDCFCGCHCICKCLCMCNCOCRCUCVCWCX"
                                "CYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGU"
                                "GWGYHKHMHNHRHTHUIDIEILIMINIOIQIR"
                                "ISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMM"
                                "MNMOMPMQMRMSMTMUMVMWMXMYMZNANCNE"
                                "NFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI"
                                "SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTF"
                                "TGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSWWYEYTZAZMZW";

static bool is_country_code(const char *country)
{
    for (const char *code = countries; *code; code += 2)
        if (toupper((unsigned char)country[0]) == code[0] && toupper((unsigned char)country[1]) == code[1])
            return true;
    return false;
}

static void check_country(const checker_t *checker, const char *country, config_place_t place)
{
    size_t length = country ? strlen(country) : 0;
    if (length == 0)
        return;
    if (length == 3 && strspn(country, "0123456789") == 3)
        return;
    if (length != 2 || !isalpha((unsigned char)country[0]) || !isalpha((unsigned char)country[1]))
        ERROR(place,
              "'%s' is no country; it takes two letters of ISO 3166 (GB) or three digits of X.121 (234)",
              country);
    else if (!apr_cstr_casecmp(country, "UK"))
        ERROR(place, "'%s' is no country code of ISO 3166; that of the United Kingdom is GB", country);
    else if (!is_country_code(country))
        WARNING(place, "'%s' is no country code of ISO 3166 that is known here", country);
}

/* PrintableString, as names of domains are (X.411 8.5.5). */
static void check_printable(const checker_t *checker, const char *what, const char *text,
                            config_place_t place)
{
    for (const char *c = text ? text : ""; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr(" '()+,-./:=?", *c)) {
            ERROR(
                place,
                "%s has the character '%c', which PrintableString does not have; letters, digits, blank and "
                "'()+,-./:=? are allowed",
                what, *c >= ' ' && *c <= '~' ? *c : '?');
            return;
        }
    }
}

/* IA5String without control characters, as names of MTAs are (X.411 8.2.1.1.1.1). */
static void check_ia5(const checker_t *checker, const char *what, const char *text, config_place_t place)
{
    for (const char *c = text ? text : ""; *c; c++) {
        if (*c < ' ' || *c > '~') {
            ERROR(place, "%s has a character that is not of ASCII; names of MTAs are IA5 text", what);
            return;
        }
    }
}

/* An alarm goes off below where it goes on. */
static void check_alarm(const checker_t *checker, const raw_section_t *section, const char *what, unsigned on,
                        unsigned off)
{
    if (off && off >= on)
        ERROR(build_place(section, apr_pstrcat(checker->pool, what, "-off", NULL)),
              "%s-off %u must be less than %s-on %u", what, off, what, on);
}

static void check_mta(const checker_t *checker)
{
    const config_mta_t *mta = &checker->config->mta;
    const raw_section_t *section = build_find(checker->root, "mta", NULL);
    if (!section)
        return;
    check_ia5(checker, "name", mta->name, build_place(section, "name"));
    check_country(checker, mta->country, build_place(section, "country"));
    check_printable(checker, "admd", mta->admd, build_place(section, "admd"));
    check_printable(checker, "prmd", mta->prmd, build_place(section, "prmd"));
    if (mta->message_timeout_urgent > mta->message_timeout_normal ||
        mta->message_timeout_normal > mta->message_timeout_non_urgent)
        WARNING(build_place(section, "message-timeout-urgent"),
                "messages of higher priority are kept longer than those of lower priority");
    check_alarm(checker, section, "outbound-queue-alarm", mta->outbound_queue_alarm_on,
                mta->outbound_queue_alarm_off);
    check_alarm(checker, section, "work-queue-alarm", mta->work_queue_alarm_on, mta->work_queue_alarm_off);
}

/* The folder of a file must be there for the file to be made. */
static void check_folder(const checker_t *checker, const char *what, const char *path, bool parent,
                         config_place_t place)
{
    apr_finfo_t info;
    if (!path)
        return;
    const char *end = raw_last_separator(path);
    if (parent && end)
        path = end == path ? "/" : apr_pstrmemdup(checker->pool, path, (apr_size_t)(end - path));
    apr_status_t status = apr_stat(&info, path, APR_FINFO_TYPE, checker->pool);
    if (status != APR_SUCCESS && status != APR_INCOMPLETE)
        WARNING(place, "the folder '%s' of %s is not there; make it, or correct the path", path, what);
    else if (info.filetype != APR_DIR)
        ERROR(place, "'%s' of %s is not a folder", path, what);
}

static void check_files(const checker_t *checker)
{
    const config_t *config = checker->config;
    check_folder(checker, "data-folder", config->mta.data_folder, false,
                 build_place(build_find(checker->root, "mta", NULL), "data-folder"));
    check_folder(checker, "text-event-log", config->log.file, true,
                 build_place(build_find(checker->root, "log", NULL), "text-event-log"));
    for (size_t i = 0; i < config->mailbox_count; i++) {
        const config_mailbox_t *mailbox = &config->mailboxes[i];
        check_folder(checker, apr_psprintf(checker->pool, "mailbox \"%s\"", mailbox->name), mailbox->folder,
                     false, mailbox->place);
    }
}

static void check_dead_letters(const checker_t *checker)
{
    const config_mta_t *mta = &checker->config->mta;
    if (mta->dead_letter_mailbox && !config_find_mailbox(checker->config, mta->dead_letter_mailbox))
        ERROR(build_place(build_find(checker->root, "mta", NULL), "dead-letter-mailbox"),
              "there is no mailbox \"%s\", which dead-letter-mailbox names", mta->dead_letter_mailbox);
}

/* Titles of one kind, and of connectors, mailboxes and lists together (a queue has one name), must differ. */
static void check_titles(const checker_t *checker)
{
    apr_hash_t *seen = apr_hash_make(checker->pool);
    for (const raw_section_t *each = checker->root->sections; each; each = each->next) {
        if (!each->title)
            continue;
        const char *kind = each->schema->name;
        bool queue = strcmp(kind, "listener") != 0 && strcmp(kind, "redirect") != 0;
        const char *key = apr_pstrcat(checker->pool, queue ? "queue" : kind, " ", each->title, NULL);
        const raw_section_t *first = apr_hash_get(seen, key, APR_HASH_KEY_STRING);
        if (first)
            ERROR(each->place,
                  "the name \"%s\" of this %s is taken by the %s in line %d of %s; names must differ",
                  each->title, each->schema->name, first->schema->name, first->place.line, first->place.file);
        else
            apr_hash_set(seen, key, APR_HASH_KEY_STRING, each);
        if (!*each->title || strlen(each->title) > 64)
            ERROR(each->place, "the name of this %s has %u characters; it has 1 to 64", each->schema->name,
                  (unsigned)strlen(each->title));
    }
}

/* The raw section of a connector by its place: titles may be the same by mistake. */
static const raw_section_t *section_of(const checker_t *checker, config_place_t place)
{
    for (const raw_section_t *each = checker->root->sections; each; each = each->next)
        if (each->place.line == place.line && each->place.file == place.file && each->title)
            return each;
    return NULL;
}

/* The place of a value that may come from messaging-defaults. */
static config_place_t place_of_value(const checker_t *checker, const raw_section_t *section,
                                     const char *option)
{
    config_place_t place = build_place(section, option);
    const raw_section_t *defaults = build_find(checker->root, "messaging-defaults", NULL);
    bool own = section && place.line != section->place.line;
    config_place_t inherited = build_place(defaults, option);
    return !own && defaults && inherited.line != defaults->place.line ? inherited : place;
}

static void check_intervals(const checker_t *checker, const config_connector_t *connector,
                            const raw_section_t *section)
{
    enum { ADVISED_INTERVAL = 30, DEFAULT_MINIMUM = 15, RISKY_CHECKPOINT = 64 };
    const config_mta_t *mta = &checker->config->mta;
    apr_pool_t *pool = checker->pool;
    config_place_t open = place_of_value(checker, section, "open-interval");
    if (connector->open_interval < mta->minimum_open_interval)
        ERROR(open, "open-interval %s of connector \"%s\" is less than minimum-open-interval %s",
              value_describe(SCHEMA_SECONDS, connector->open_interval, pool), connector->name,
              value_describe(SCHEMA_SECONDS, mta->minimum_open_interval, pool));
    else if (connector->open_interval < ADVISED_INTERVAL && mta->minimum_open_interval >= DEFAULT_MINIMUM)
        WARNING(open, "open-interval %s of connector \"%s\" is less than the 30s that are advised",
                value_describe(SCHEMA_SECONDS, connector->open_interval, pool), connector->name);
    if (connector->disconnect < connector->connect_timeout)
        WARNING(place_of_value(checker, section, "disconnect"),
                "disconnect %s of connector \"%s\" is less than its connect-timeout %s; it should exceed it",
                value_describe(SCHEMA_SECONDS, connector->disconnect, pool), connector->name,
                value_describe(SCHEMA_SECONDS, connector->connect_timeout, pool));
    if (connector->checkpoint_size >= RISKY_CHECKPOINT)
        WARNING(place_of_value(checker, section, "checkpoint-size"),
                "checkpoint-size %u of connector \"%s\" is too much for some peers; less than 64 is advised",
                connector->checkpoint_size, connector->name);
}

static void check_activation(const checker_t *checker, const config_connector_t *connector,
                             const raw_section_t *section)
{
    config_place_t place = build_place(section, "activation");
    bool calls = connector->activation == CONFIG_ACTIVATION_ALWAYS ||
                 connector->activation == CONFIG_ACTIVATION_SELECTED;
    if (connector->activation == CONFIG_ACTIVATION_NEVER)
        WARNING(place, "connector \"%s\" is never open: it calls never and refuses all calls",
                connector->name);
    if (connector->activation == CONFIG_ACTIVATION_SELECTED && config_minutes_until_active(connector, 0) < 0)
        ERROR(place, "connector \"%s\" has activation selected-times, but no selected-times",
              connector->name);
    if (connector->poll_interval && !(calls && connector->two_way_alternate))
        WARNING(build_place(section, "poll-interval"),
                "poll-interval of connector \"%s\" does nothing: the peer cannot send over a call that is "
                "not made, "
                "or without two-way-alternate",
                connector->name);
    if (connector->poll_interval && connector->poll_interval < connector->open_interval)
        WARNING(build_place(section, "poll-interval"),
                "poll-interval %s of connector \"%s\" is less than its open-interval",
                value_describe(SCHEMA_SECONDS, connector->poll_interval, checker->pool), connector->name);
    if (connector->activation == CONFIG_ACTIVATION_REMOTE_INITIATED && !connector->two_way_alternate)
        ERROR(place, "connector \"%s\" has activation remote-initiated, which needs two-way-alternate",
              connector->name);
    if (!connector->local_initial_turn && !connector->two_way_alternate)
        ERROR(build_place(section, "local-initial-turn"),
              "local-initial-turn off of connector \"%s\" needs two-way-alternate: with monologue only the "
              "caller "
              "sends",
              connector->name);
    if (calls && (!connector->remote_host || !*connector->remote_host))
        ERROR(build_place(section, "remote-host-name"),
              "'remote-host-name' is missing in stack of connector \"%s\"; without it set activation to "
              "remote-initiated or never",
              connector->name);
}

static void check_selectors(const checker_t *checker, const config_connector_t *connector,
                            const raw_section_t *section)
{
    if (connector->conformance == CONFIG_CONFORMANCE_1988_NORMAL)
        return;
    if (connector->outgoing_s_selector.length)
        WARNING(build_place(section, "outgoing-s-selector"),
                "the session selector of connector \"%s\" is not sent; mta-conformance is not 1988 normal",
                connector->name);
    if (connector->outgoing_p_selector.length)
        WARNING(
            build_place(section, "outgoing-p-selector"),
            "the presentation selector of connector \"%s\" is not sent; mta-conformance is not 1988 normal",
            connector->name);
}

/* "192.0.2.1" or "192.0.2.0/24", IPv6 likewise. */
static void check_callers(const checker_t *checker, const config_connector_t *connector,
                          const raw_section_t *section)
{
    for (const char *const *each = connector->allowed_callers; *each; each++) {
        char *address = apr_pstrdup(checker->pool, *each);
        char *mask = strchr(address, '/');
        apr_ipsubnet_t *subnet = NULL;
        if (mask)
            *mask++ = 0;
        bool digits =
            strspn(address, "0123456789abcdefABCDEF.:") == strlen(address) && strpbrk(address, ".:");
        if (!digits || apr_ipsubnet_create(&subnet, address, mask, checker->pool) != APR_SUCCESS)
            ERROR(build_place(section, "allowed-callers"),
                  "'%s' is no address; allowed-callers takes addresses and prefixes (\"192.0.2.1\", "
                  "\"192.0.2.0/24\", \"2001:db8::/32\")",
                  *each);
    }
}

static void check_remote_domain(const checker_t *checker, const config_connector_t *connector,
                                const raw_section_t *section)
{
    check_country(checker, connector->remote_country, build_place(section, "remote-country"));
    check_printable(checker, "remote-admd", connector->remote_admd, build_place(section, "remote-admd"));
    check_printable(checker, "remote-prmd", connector->remote_prmd, build_place(section, "remote-prmd"));
    if ((connector->remote_admd || connector->remote_prmd) && !connector->remote_country)
        WARNING(build_place(section, connector->remote_admd ? "remote-admd" : "remote-prmd"),
                "the management domain of connector \"%s\" has no remote-country; that of mta is taken",
                connector->name);
}

static void check_connectors(const checker_t *checker)
{
    const config_t *config = checker->config;
    apr_hash_t *names = apr_hash_make(checker->pool);
    for (size_t i = 0; i < config->connector_count; i++) {
        const config_connector_t *connector = &config->connectors[i];
        const raw_section_t *section = section_of(checker, connector->place);
        check_ia5(checker, "remote-mta-name", connector->remote_mta_name,
                  build_place(section, "remote-mta-name"));
        check_ia5(checker, "local-mta-name", connector->local_mta_name,
                  build_place(section, "local-mta-name"));
        check_intervals(checker, connector, section);
        check_activation(checker, connector, section);
        check_selectors(checker, connector, section);
        check_callers(checker, connector, section);
        check_remote_domain(checker, connector, section);
        if (connector->disallow ==
            (CONFIG_DISALLOW_URGENT | CONFIG_DISALLOW_NORMAL | CONFIG_DISALLOW_NON_URGENT))
            WARNING(build_place(section, "disallow"), "connector \"%s\" disallows messages of every priority",
                    connector->name);
        if (connector->address_space_count == 0)
            WARNING(connector->place, "no address leads to connector \"%s\"; give it an address-space",
                    connector->name);
        if (connector->maximum_associations > config->mta.maximum_associations)
            WARNING(build_place(section, "maximum-associations"),
                    "connector \"%s\" may have more associations than the MTA in all (%u)", connector->name,
                    config->mta.maximum_associations);
        if (!connector->remote_mta_name)
            continue;
        const config_connector_t *first =
            apr_hash_get(names, connector->remote_mta_name, APR_HASH_KEY_STRING);
        if (first)
            WARNING(build_place(section, "remote-mta-name"),
                    "connectors \"%s\" and \"%s\" have the same remote-mta-name '%s'; calls of that MTA are "
                    "taken for "
                    "\"%s\"",
                    first->name, connector->name, connector->remote_mta_name, first->name);
        else
            apr_hash_set(names, connector->remote_mta_name, APR_HASH_KEY_STRING, connector);
    }
}

static bool is_any(const char *address)
{
    return !address || !strcmp(address, "*") || !strcmp(address, "0.0.0.0") || !strcmp(address, "::");
}

static bool same_address(const char *a, const char *b)
{
    return is_any(a) || is_any(b) || !strcmp(a, b);
}

static bool is_loopback(const char *address)
{
    return !strncmp(address, "127.", 4) || !strcmp(address, "::1") || !apr_cstr_casecmp(address, "localhost");
}

static void check_ports(const checker_t *checker)
{
    const config_t *config = checker->config;
    config_place_t admin = build_place(build_find(checker->root, "admin", NULL), "port");
    for (size_t i = 0; i < config->listener_count; i++) {
        const config_listener_t *listener = &config->listeners[i];
        for (size_t j = 0; j < i; j++)
            if (config->listeners[j].port == listener->port &&
                same_address(config->listeners[j].address, listener->address))
                ERROR(listener->place, "listeners \"%s\" and \"%s\" have the same address and port %u",
                      config->listeners[j].name, listener->name, listener->port);
        if (config->admin.port && config->admin.port == listener->port &&
            same_address(config->admin.address, listener->address))
            ERROR(admin.file ? admin : listener->place,
                  "the admin interface and listener \"%s\" have the same address and port %u", listener->name,
                  listener->port);
    }
    if (config->listener_count == 0)
        WARNING(checker->root->place, "there is no listener: this MTA takes no calls");
    if (config->admin.port && config->admin.address && !is_loopback(config->admin.address))
        WARNING(build_place(build_find(checker->root, "admin", NULL), "address"),
                "the admin interface answers at '%s', which is not loopback; what it sends is not encrypted",
                config->admin.address);
}

void check_config(const raw_section_t *root, const config_t *config, apr_pool_t *pool,
                  config_findings_t *findings)
{
    checker_t self = {pool, findings, root, config};
    const checker_t *checker = &self;
    check_titles(checker);
    check_mta(checker);
    check_dead_letters(checker);
    check_connectors(checker);
    check_ports(checker);
    check_files(checker);
}
