#include "config/config.h"

#include <string.h>

#include <apr_strings.h>

#include "config/build.h"
#include "config/check.h"
#include "config/raw.h"

void config_read_text(const char *path, bytes_t text, apr_pool_t *pool, const config_t **config,
                      config_findings_t *findings)
{
    *findings = (config_findings_t){.path = apr_pstrdup(pool, path)};
    *config = NULL;
    config_t *made = apr_pcalloc(pool, sizeof(*made));
    made->pool = pool;
    made->path = findings->path;
    raw_section_t *root = raw_read(made->path, text, pool, findings);
    build_config(root, made, findings);
    if (!root->broken)
        check_config(root, made, pool, findings);
    if (findings->errors == 0)
        *config = made;
}

void config_read(const char *path, apr_pool_t *pool, const config_t **config, config_findings_t *findings)
{
    size_t length = 0;
    *findings = (config_findings_t){.path = apr_pstrdup(pool, path)};
    *config = NULL;
    const char *text = raw_load(path, (config_place_t){path, 0}, pool, findings, &length);
    if (text)
        config_read_text(path, bytes_make(text, length), pool, config, findings);
}

const config_t *config_read_loosely(const char *path, apr_pool_t *pool, config_findings_t *findings)
{
    size_t length = 0;
    *findings = (config_findings_t){.path = apr_pstrdup(pool, path)};
    const char *text = raw_load(path, (config_place_t){path, 0}, pool, findings, &length);
    if (!text)
        return NULL;
    config_t *made = apr_pcalloc(pool, sizeof(*made));
    made->pool = pool;
    made->path = findings->path;
    raw_section_t *root = raw_read(path, bytes_make(text, length), pool, findings);
    build_config(root, made, findings);
    return root->broken ? NULL : made;
}

const config_connector_t *config_find_connector(const config_t *config, const char *name)
{
    for (size_t i = 0; name && i < config->connector_count; i++)
        if (!strcmp(config->connectors[i].name, name))
            return &config->connectors[i];
    return NULL;
}

const config_mailbox_t *config_find_mailbox(const config_t *config, const char *name)
{
    for (size_t i = 0; name && i < config->mailbox_count; i++)
        if (!strcmp(config->mailboxes[i].name, name))
            return &config->mailboxes[i];
    return NULL;
}

const config_list_t *config_find_list(const config_t *config, const char *name)
{
    for (size_t i = 0; name && i < config->list_count; i++)
        if (!strcmp(config->lists[i].name, name))
            return &config->lists[i];
    return NULL;
}

int config_minutes_until_active(const config_connector_t *connector, unsigned minute_of_week)
{
    enum { SLOT_MINUTES = 15 };
    if (connector->activation == CONFIG_ACTIVATION_ALWAYS)
        return 0;
    if (connector->activation != CONFIG_ACTIVATION_SELECTED)
        return -1;
    unsigned now = minute_of_week / SLOT_MINUTES % CONFIG_SLOTS;
    for (unsigned ahead = 0; ahead < CONFIG_SLOTS; ahead++) {
        unsigned slot = (now + ahead) % CONFIG_SLOTS;
        if (connector->selected_times[slot / 8] & 1U << slot % 8)
            return ahead == 0 ? 0 : (int)(ahead * SLOT_MINUTES - minute_of_week % SLOT_MINUTES);
    }
    return -1;
}

/* No name, and not the sign for any address. */
static bool is_numeric(const char *address)
{
    return strchr(address, ':') || strspn(address, "0123456789.") == strlen(address);
}

static void check_bound_addresses(const config_t *config, bool (*is_local)(const char *address),
                                  apr_pool_t *pool, config_findings_t *findings)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const config_listener_t *listener = &config->listeners[i];
        if (listener->address && is_numeric(listener->address) && !is_local(listener->address))
            config_findings_add(findings, pool, CONFIG_WARNING, listener->place,
                                "address '%s' of listener \"%s\" is not of this machine now",
                                listener->address, listener->name);
    }
    for (const char *const *each = config->mta.addresses; each && *each; each++)
        if (is_numeric(*each) && !is_local(*each))
            config_findings_add(findings, pool, CONFIG_WARNING, config->mta.place,
                                "address '%s' of mta is not of this machine now", *each);
    for (size_t i = 0; i < config->connector_count; i++) {
        const config_connector_t *connector = &config->connectors[i];
        if (connector->local_address && is_numeric(connector->local_address) &&
            !is_local(connector->local_address))
            config_findings_add(
                findings, pool, CONFIG_WARNING, connector->place,
                "stack-ip-address-override '%s' of connector \"%s\" is not an address of this "
                "machine now",
                connector->local_address, connector->name);
    }
}

void config_check_addresses(const config_t *config, bool (*is_local)(const char *address), apr_pool_t *pool,
                            config_findings_t *findings)
{
    if (!config_is_cluster_node(config))
        check_bound_addresses(config, is_local, pool, findings);
    if (config->admin.port && config->admin.address && !is_local(config->admin.address))
        config_findings_add(findings, pool, CONFIG_WARNING, (config_place_t){config->path, 0},
                            "address '%s' of the admin interface is not of this machine now",
                            config->admin.address);
}
