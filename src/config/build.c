#include "config/build.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "config/value.h"

typedef struct builder_t {
    apr_pool_t *pool;
    config_findings_t *findings;
    bool broken; /* the file was not read to its end: nothing can be said to be missing */
} builder_t;

static size_t count_values(const raw_option_t *option)
{
    size_t count = 0;
    for (const raw_value_t *value = option->values; value; value = value->next)
        count++;
    return count;
}

static const char *check_length(const schema_option_t *option, const char *text, apr_pool_t *pool)
{
    size_t length = strlen(text);
    if (length < option->minimum && !*text)
        return apr_psprintf(pool, "%s must not be empty", option->name);
    if (length < option->minimum)
        return apr_psprintf(pool, "'%s' is too short for %s; it has at least %u characters", text,
                            option->name, option->minimum);
    if (length > option->maximum)
        return apr_psprintf(pool, "the value of %s has %u characters; it may have at most %u", option->name,
                            (unsigned)length, option->maximum);
    return NULL;
}

/* One value of an option that is no list, into its member. file is where relative paths begin. */
static const char *store_value(builder_t *builder, const schema_option_t *option, const char *text,
                               const char *file, char *member)
{
    unsigned number = 0;
    const char *wrong = NULL;
    switch (option->type) {
    case SCHEMA_NUMBER:
    case SCHEMA_WORD:
        wrong = option->type == SCHEMA_NUMBER ? value_number(option, text, builder->pool, &number)
                                              : value_word(option, text, builder->pool, &number);
        if (!wrong)
            memcpy(member, &number, sizeof(number)); /* enums have the size of unsigned */
        return wrong;
    case SCHEMA_BOOLEAN: return value_boolean(option, text, builder->pool, (bool *)member);
    case SCHEMA_SELECTOR: {
        bytes_t octets = BYTES_NONE;
        wrong = value_selector(option, text, builder->pool, &octets);
        memcpy(member, &octets, sizeof(octets));
        return wrong;
    }
    case SCHEMA_STRING:
    case SCHEMA_PATH:
        wrong = check_length(option, text, builder->pool);
        if (wrong)
            return wrong;
        if (option->type == SCHEMA_PATH && *text)
            text = raw_path(file, text, builder->pool);
        if (option->type == SCHEMA_PATH && !*text)
            text = NULL;
        memcpy(member, &text, sizeof(text));
        return NULL;
    default: return NULL; /* lists */
    }
}

/* A list into its member. */
static void store_list(builder_t *builder, const raw_option_t *option, config_connector_t *connector,
                       char *member)
{
    const schema_option_t *schema = option->schema;
    size_t count = count_values(option);
    const char **strings = apr_pcalloc(builder->pool, (count + 1) * sizeof(const char *));
    config_address_space_t *spaces = apr_pcalloc(builder->pool, count * sizeof(*spaces));
    size_t at = 0;
    unsigned flags = 0;
    for (const raw_value_t *value = option->values; value; value = value->next, at++) {
        const char *wrong = NULL;
        unsigned flag = 0;
        strings[at] = value->text;
        if (schema->type == SCHEMA_WORDS)
            wrong = value_word(schema, value->text, builder->pool, &flag);
        if (schema->type == SCHEMA_TIMES)
            wrong = value_times(value->text, builder->pool, connector->selected_times);
        if (schema->type == SCHEMA_SPACES) {
            wrong = value_address_space(value->text, builder->pool, &spaces[at]);
            spaces[at].place = value->place;
        }
        flags |= flag;
        if (wrong)
            config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, value->place, "%s", wrong);
    }
    if (count > schema->maximum && schema->type != SCHEMA_WORDS)
        config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, option->place,
                            "%s has %u values; it may have at most %u", schema->name, (unsigned)count,
                            schema->maximum);
    if (schema->type == SCHEMA_WORDS)
        memcpy(member, &flags, sizeof(flags));
    else if (schema->type == SCHEMA_STRINGS)
        memcpy(member, &strings, sizeof(strings));
    else if (schema->type == SCHEMA_SPACES)
        *(const config_address_space_t **)member = spaces;
}

/* Lists whose number of entries has a member of its own. */
static void store_counts(const raw_option_t *option, schema_target_t target, char *base)
{
    if (option->schema->type != SCHEMA_SPACES)
        return;
    if (target == SCHEMA_CONNECTOR)
        ((config_connector_t *)base)->address_space_count = count_values(option);
    else
        ((config_mailbox_t *)base)->address_space_count = count_values(option);
}

/* The options of one section into the structure at base. */
static void store_section(builder_t *builder, const raw_section_t *section, char *base)
{
    for (const raw_option_t *option = section->options; option; option = option->next) {
        const schema_option_t *schema = option->schema;
        char *member = base + schema->offset;
        if (schema_is_list(schema)) {
            store_list(builder, option, (config_connector_t *)base, member);
            store_counts(option, section->schema->target, base);
            continue;
        }
        const raw_value_t *value = option->last;
        const char *wrong = store_value(builder, schema, value->text, value->place.file, member);
        if (wrong)
            config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, value->place, "%s", wrong);
    }
    for (const schema_option_t *schema = section->schema->options; schema->name; schema++) {
        bool given = false;
        for (const raw_option_t *option = section->options; option; option = option->next)
            given = given || option->schema == schema;
        if (schema->mandatory && !given && !builder->broken)
            config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, section->place,
                                "'%s' is missing in %s%s%s%s; it must be given", schema->name,
                                section->schema->name, section->title ? " \"" : "",
                                section->title ? section->title : "", section->title ? "\"" : "");
    }
}

/* The defaults of a section and those below it into the structure at base. */
static void store_defaults(builder_t *builder, const schema_section_t *section, char *base)
{
    for (const schema_option_t *option = section->options; option->name; option++)
        if (option->initial)
            store_value(builder, option, option->initial, "", base + option->offset);
    for (const schema_section_t *inner = section->sections; inner->name; inner++)
        store_defaults(builder, inner, base);
}

/* A section that may be there once, with those below it. */
static void store_once(builder_t *builder, const raw_section_t *parent, const schema_section_t *schema,
                       char *base)
{
    const raw_section_t *first = NULL;
    for (const raw_section_t *each = parent->sections; each; each = each->next) {
        if (each->schema != schema)
            continue;
        if (first)
            config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, each->place,
                                "section '%s' is there twice, first in line %d; join them", schema->name,
                                first->place.line);
        store_section(builder, each, base);
        for (const schema_section_t *inner = schema->sections; inner->name; inner++)
            store_once(builder, each, inner, base);
        first = first ? first : each;
    }
    if (!first && schema->mandatory && !builder->broken)
        config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, parent->place,
                            "section '%s' is missing%s%s%s; it must be there", schema->name,
                            parent->title ? " in connector \"" : "", parent->title ? parent->title : "",
                            parent->title ? "\"" : "");
}

static size_t count_sections(const raw_section_t *root, const char *name)
{
    size_t count = 0;
    for (const raw_section_t *each = root->sections; each; each = each->next)
        count += !strcmp(each->schema->name, name);
    return count;
}

static config_connector_t *build_connectors(builder_t *builder, const raw_section_t *root, config_t *config)
{
    const schema_section_t *schema = schema_find_section("connector");
    config_connector_t initial;
    memset(&initial, 0, sizeof(initial));
    static const char *none[] = {NULL};
    initial.allowed_callers = initial.accept_from = initial.reject_from = initial.bar_p1_originator = none;
    store_defaults(builder, schema, (char *)&initial);
    store_once(builder, root, schema_find_section("messaging-defaults"), (char *)&initial);
    config->connector_count = count_sections(root, schema->name);
    config_connector_t *connectors =
        apr_pcalloc(builder->pool, config->connector_count * sizeof(*connectors));
    config_connector_t *connector = connectors;
    for (const raw_section_t *each = root->sections; each; each = each->next) {
        if (each->schema != schema)
            continue;
        *connector = initial;
        connector->name = each->title;
        connector->place = each->place;
        store_section(builder, each, (char *)connector);
        for (const schema_section_t *inner = schema->sections; inner->name; inner++)
            store_once(builder, each, inner, (char *)connector);
        connector++;
    }
    config->connectors = connectors;
    return connectors;
}

static void build_listeners(builder_t *builder, const raw_section_t *root, config_t *config)
{
    const schema_section_t *schema = schema_find_section("listener");
    config->listener_count = count_sections(root, schema->name);
    config_listener_t *listener = apr_pcalloc(builder->pool, config->listener_count * sizeof(*listener));
    config->listeners = listener;
    for (const raw_section_t *each = root->sections; each; each = each->next) {
        if (each->schema != schema)
            continue;
        listener->name = each->title;
        listener->place = each->place;
        store_defaults(builder, schema, (char *)listener);
        store_section(builder, each, (char *)listener);
        if (listener->address && !*listener->address)
            listener->address = NULL;
        if (!listener->port)
            listener->port = config->mta.rfc1006_port;
        listener++;
    }
}

static void build_redirects(builder_t *builder, const raw_section_t *root, config_t *config)
{
    const schema_section_t *schema = schema_find_section("redirect");
    config->redirect_count = count_sections(root, schema->name);
    config_redirect_t *redirect = apr_pcalloc(builder->pool, config->redirect_count * sizeof(*redirect));
    config->redirects = redirect;
    for (const raw_section_t *each = root->sections; each; each = each->next) {
        if (each->schema != schema)
            continue;
        redirect->name = each->title;
        redirect->place = each->place;
        store_defaults(builder, schema, (char *)redirect);
        store_section(builder, each, (char *)redirect);
        redirect++;
    }
}

static void build_lists(builder_t *builder, const raw_section_t *root, config_t *config)
{
    const schema_section_t *schema = schema_find_section("distribution-list");
    config->list_count = count_sections(root, schema->name);
    config_list_t *list = apr_pcalloc(builder->pool, config->list_count * sizeof(*list));
    config->lists = list;
    for (const raw_section_t *each = root->sections; each; each = each->next) {
        if (each->schema != schema)
            continue;
        list->name = each->title;
        list->place = each->place;
        store_defaults(builder, schema, (char *)list);
        store_section(builder, each, (char *)list);
        list++;
    }
}

static void build_mailboxes(builder_t *builder, const raw_section_t *root, config_t *config)
{
    const schema_section_t *schema = schema_find_section("mailbox");
    config->mailbox_count = count_sections(root, schema->name);
    config_mailbox_t *mailbox = apr_pcalloc(builder->pool, config->mailbox_count * sizeof(*mailbox));
    config->mailboxes = mailbox;
    for (const raw_section_t *each = root->sections; each; each = each->next) {
        if (each->schema != schema)
            continue;
        mailbox->name = each->title;
        mailbox->place = each->place;
        store_defaults(builder, schema, (char *)mailbox);
        store_section(builder, each, (char *)mailbox);
        mailbox++;
    }
}

/* Values that by default are those of another option. */
static void inherit(const builder_t *builder, const raw_section_t *root, config_t *config,
                    config_connector_t *connectors)
{
    for (size_t i = 0; i < config->connector_count; i++) {
        config_connector_t *connector = &connectors[i];
        if (!connector->port)
            connector->port = config->mta.rfc1006_port;
        if (!connector->local_mta_name || !*connector->local_mta_name)
            connector->local_mta_name = config->mta.name;
        if (!connector->local_mta_password || !*connector->local_mta_password)
            connector->local_mta_password = config->mta.password;
        if (config->mta.supports_2k_tpdu)
            connector->quirks |= CONFIG_QUIRK_2K_TPDU;
        if (config->mta.no_bilateral_information)
            connector->quirks |= CONFIG_QUIRK_NO_BILATERAL_INFORMATION;
    }
    const char *folder = config->mta.data_folder;
    bool sqlite = config->store.driver && !strcmp(config->store.driver, "sqlite3");
    const char *parameters = config->store.parameters;
    if (sqlite && folder && (!parameters || !*parameters))
        config->store.parameters = apr_pstrcat(builder->pool, folder, "/queue.db", NULL);
    else if (sqlite && parameters)
        config->store.parameters = raw_path(build_place(build_find(root, "store", NULL), "parameters").file,
                                            parameters, builder->pool);
    else if (!parameters)
        config->store.parameters = "";
    if (!config->log.text_folder && folder)
        config->log.text_folder = folder;
    if (!config->log.tracking_folder && folder)
        config->log.tracking_folder = apr_pstrcat(builder->pool, folder, "/tracking.log", NULL);
    if (!config->admin.token_file && folder)
        config->admin.token_file = apr_pstrcat(builder->pool, folder, "/admin.token", NULL);
}

void build_config(const raw_section_t *root, config_t *config, config_findings_t *findings)
{
    builder_t builder = {config->pool, findings, root->broken};
    const schema_section_t *sections = schema_root()->sections;
    for (const schema_section_t *schema = sections; schema->name; schema++) {
        char *base = schema->target == SCHEMA_MTA ? (char *)&config->mta : (char *)config;
        if (schema->target != SCHEMA_MTA && schema->target != SCHEMA_CONFIG)
            continue;
        store_defaults(&builder, schema, base);
        store_once(&builder, root, schema, base);
    }
    const raw_section_t *mta = build_find(root, "mta", NULL);
    config->mta.place = mta ? mta->place : root->place;
    config_connector_t *connectors = build_connectors(&builder, root, config);
    build_listeners(&builder, root, config);
    build_mailboxes(&builder, root, config);
    build_redirects(&builder, root, config);
    build_lists(&builder, root, config);
    inherit(&builder, root, config, connectors);
}

const raw_section_t *build_find(const raw_section_t *root, const char *name, const char *title)
{
    for (const raw_section_t *each = root->sections; each; each = each->next)
        if (!strcmp(each->schema->name, name) && (!title || (each->title && !strcmp(each->title, title))))
            return each;
    return NULL;
}

static const raw_option_t *find_option(const raw_section_t *section, const char *name)
{
    for (const raw_option_t *option = section->options; option; option = option->next)
        if (!strcmp(option->schema->name, name))
            return option;
    for (const raw_section_t *inner = section->sections; inner; inner = inner->next) {
        const raw_option_t *option = find_option(inner, name);
        if (option)
            return option;
    }
    return NULL;
}

config_place_t build_place(const raw_section_t *section, const char *name)
{
    if (!section)
        return (config_place_t){NULL, 0};
    const raw_option_t *option = find_option(section, name);
    return option ? option->last->place : section->place;
}
