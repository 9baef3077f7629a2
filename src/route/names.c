#include "route/names.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "route/pattern.h"
#include "x411/oraddress_text.h"

struct names_t {
    apr_hash_t *lists;     /* canonical text -> names_list_t */
    apr_hash_t *redirects; /* canonical text -> names_redirect_t */
    names_list_t *by_index;
    names_abilities_t *abilities;
    const names_redirect_t *domain_alternate;
};

/* What reads a configuration: the first error is kept, and all are told if there are findings. */
typedef struct builder_t {
    apr_pool_t *pool;
    const config_t *config;
    config_findings_t *findings; /* NULL: not wanted */
    err_t *err;
} builder_t;

static void complain(builder_t *builder, config_place_t place, const char *what, const char *value,
                     const char *words)
{
    if (builder->findings)
        config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, place, "%s '%s': %s", what, value,
                            words);
    if (!builder->err)
        builder->err = err_create(builder->pool, 0, "route", "%s:%d: %s '%s': %s",
                                  place.file ? place.file : "", place.line, what, value, words);
}

static bool read_name(builder_t *builder, config_place_t place, const char *what, const char *text,
                      x411_or_name_t *name)
{
    memset(name, 0, sizeof(*name));
    err_t *err = text ? x411_or_name_parse(builder->pool, text, name) : NULL;
    if (err)
        complain(builder, place, what, text, err_describe(builder->pool, err));
    return text && !err;
}

static void read_patterns(builder_t *builder, config_place_t place, const char *what,
                          const char *const *texts, names_patterns_t *patterns)
{
    unsigned count = 0;
    while (texts && texts[count])
        count++;
    patterns->patterns = apr_pcalloc(builder->pool, (count + 1) * sizeof(pattern_t *));
    for (unsigned i = 0; i < count; i++) {
        err_t *err = pattern_create(&patterns->patterns[patterns->count], texts[i], builder->pool);
        if (err)
            complain(builder, place, what, texts[i], err_describe(builder->pool, err));
        else
            patterns->count++;
    }
}

static void read_content_types(builder_t *builder, const config_mailbox_t *mailbox,
                               names_abilities_t *abilities)
{
    unsigned count = 0;
    while (mailbox->content_types && mailbox->content_types[count])
        count++;
    abilities->content_types = apr_pcalloc(builder->pool, (count + 1) * sizeof(x411_content_type_t));
    for (unsigned i = 0; i < count; i++) {
        const char *text = mailbox->content_types[i];
        x411_content_type_t *type = &abilities->content_types[abilities->content_type_count];
        bool number = *text && strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text);
        bytes_t oid = number ? BYTES_NONE : ber_oid_from_text(builder->pool, text);
        if (!number && !oid.length) {
            complain(
                builder, mailbox->place, "accept-content-types", text,
                "it is no content type; a number (2, 22) or an object identifier (2.6.1.10.1) is wanted");
            continue;
        }
        *type = number ? x411_content_type_make(apr_atoi64(text))
                       : (x411_content_type_t){.present = true, .oid = oid};
        abilities->content_type_count++;
    }
}

/* Bit of a built-in type by its name; -1 if there is none. */
static int encoded_type(const char *text)
{
    static const char *const names[] = {"unknown", "telex",    "ia5-text", "g3-facsimile", "g4-class-1",
                                        "teletex", "videotex", "voice",    "sfd",          "mixed-mode"};
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        if (!apr_cstr_casecmp(names[i], text))
            return i;
    return -1;
}

static void read_encoded_types(builder_t *builder, const config_mailbox_t *mailbox,
                               names_abilities_t *abilities)
{
    unsigned count = 0;
    while (mailbox->encoded_types && mailbox->encoded_types[count])
        count++;
    abilities->encoded_types_limited = count > 0;
    abilities->encoded_oids = apr_pcalloc(builder->pool, (count + 1) * sizeof(bytes_t));
    for (unsigned i = 0; i < count; i++) {
        const char *text = mailbox->encoded_types[i];
        int bit = encoded_type(text);
        bytes_t oid = bit < 0 ? ber_oid_from_text(builder->pool, text) : BYTES_NONE;
        if (bit >= 0)
            abilities->encoded_types |= UINT32_C(1) << bit;
        else if (oid.length)
            abilities->encoded_oids[abilities->encoded_oid_count++] = oid;
        else
            complain(builder, mailbox->place, "accept-encoded-information-types", text,
                     "it is no encoded information type; a name such as ia5-text or an object identifier is "
                     "wanted");
    }
}

static const names_redirect_t *read_redirect(builder_t *builder, config_place_t place, const char *what,
                                             const char *name, const char *to, int64_t reason)
{
    if (!to)
        return NULL;
    names_redirect_t *redirect = apr_pcalloc(builder->pool, sizeof(*redirect));
    redirect->name = name;
    redirect->reason = reason;
    return read_name(builder, place, what, to, &redirect->to) ? redirect : NULL;
}

static void read_mailbox(builder_t *builder, const config_mailbox_t *mailbox, names_abilities_t *abilities)
{
    enum { RECIPIENT_ASSIGNED = 0 };
    read_content_types(builder, mailbox, abilities);
    read_encoded_types(builder, mailbox, abilities);
    read_patterns(builder, mailbox->place, "accept-from", mailbox->accept_from, &abilities->accept);
    read_patterns(builder, mailbox->place, "reject-from", mailbox->reject_from, &abilities->reject);
    abilities->maximum_size = (uint64_t)mailbox->maximum_message_size * 1024;
    abilities->test = mailbox->test_restrictions;
    abilities->redirect = read_redirect(builder, mailbox->place, "redirect-to", mailbox->name,
                                        mailbox->redirect_to, RECIPIENT_ASSIGNED);
    abilities->alternate = read_redirect(builder, mailbox->place, "alternate-recipient", mailbox->name,
                                         mailbox->alternate_recipient, RECIPIENT_ASSIGNED);
}

static bytes_t key_of(const x411_or_address_t *address, apr_pool_t *pool)
{
    return subject_text(subject_create(address, pool), pool);
}

/* Files a thing under its address; the first one of an address counts. */
static void file_name(builder_t *builder, apr_hash_t *table, const x411_or_name_t *name, const char *text,
                      config_place_t place, void *thing)
{
    bytes_t key = key_of(&name->address, builder->pool);
    if (!apr_hash_get(table, key.data, (apr_ssize_t)key.length)) {
        apr_hash_set(table, key.data, (apr_ssize_t)key.length, thing);
        return;
    }
    if (builder->findings)
        config_findings_add(builder->findings, builder->pool, CONFIG_WARNING, place,
                            "the address '%s' is given twice; the first one counts", text);
}

static void read_list(builder_t *builder, names_t *names, const config_list_t *config, names_list_t *list)
{
    list->config = config;
    unsigned count = 0;
    while (config->members && config->members[count])
        count++;
    list->members = apr_pcalloc(builder->pool, (count + 1) * sizeof(*list->members));
    for (unsigned i = 0; i < count; i++)
        if (read_name(builder, config->place, "member", config->members[i],
                      &list->members[list->member_count]))
            list->member_count++;
    x411_or_name_t *owner = apr_pcalloc(builder->pool, sizeof(*owner));
    if (read_name(builder, config->place, "owner", config->owner, owner))
        list->owner = owner;
    read_patterns(builder, config->place, "submit-permission", config->submitters, &list->submitters);
    if (read_name(builder, config->place, "address", config->address, &list->name))
        file_name(builder, names->lists, &list->name, config->address, config->place, list);
    bool wants_owner =
        config->propagation == CONFIG_PROPAGATE_OWNER || config->propagation == CONFIG_PROPAGATE_BOTH;
    if (wants_owner && !config->owner && builder->findings)
        config_findings_add(builder->findings, builder->pool, CONFIG_ERROR, config->place,
                            "distribution list \"%s\" sends reports to its owner, but has no owner",
                            config->name);
}

static names_t *build(builder_t *builder)
{
    enum { DOMAIN_ASSIGNED = 2 };
    const config_t *config = builder->config;
    apr_pool_t *pool = builder->pool;
    names_t *names = apr_pcalloc(pool, sizeof(*names));
    names->lists = apr_hash_make(pool);
    names->redirects = apr_hash_make(pool);
    names->by_index = apr_pcalloc(pool, (config->list_count + 1) * sizeof(*names->by_index));
    names->abilities = apr_pcalloc(pool, (config->mailbox_count + 1) * sizeof(*names->abilities));
    for (size_t i = 0; i < config->list_count; i++) {
        names->by_index[i].index = i;
        read_list(builder, names, &config->lists[i], &names->by_index[i]);
    }
    for (size_t i = 0; i < config->mailbox_count; i++)
        read_mailbox(builder, &config->mailboxes[i], &names->abilities[i]);
    for (size_t i = 0; i < config->redirect_count; i++) {
        const config_redirect_t *each = &config->redirects[i];
        x411_or_name_t address;
        names_redirect_t *redirect = apr_pcalloc(pool, sizeof(*redirect));
        redirect->name = each->name;
        redirect->reason = each->reason;
        if (read_name(builder, each->place, "to", each->to, &redirect->to) &&
            read_name(builder, each->place, "address", each->address, &address))
            file_name(builder, names->redirects, &address, each->address, each->place, redirect);
    }
    names->domain_alternate = read_redirect(builder, config->mta.place, "alternate-recipient", "mta",
                                            config->mta.alternate_recipient, DOMAIN_ASSIGNED);
    return names;
}

err_t *names_create(names_t **names, const config_t *config, apr_pool_t *pool)
{
    builder_t builder = {pool, config, NULL, NULL};
    *names = build(&builder);
    return builder.err;
}

void names_check(const config_t *config, apr_pool_t *pool, config_findings_t *findings)
{
    builder_t builder = {pool, config, findings, NULL};
    build(&builder);
}

const names_list_t *names_find_list(const names_t *names, const x411_or_address_t *address, apr_pool_t *pool)
{
    if (!apr_hash_count(names->lists))
        return NULL;
    bytes_t key = key_of(address, pool);
    return apr_hash_get(names->lists, key.data, (apr_ssize_t)key.length);
}

const names_redirect_t *names_find_redirect(const names_t *names, const x411_or_address_t *address,
                                            apr_pool_t *pool)
{
    if (!apr_hash_count(names->redirects))
        return NULL;
    bytes_t key = key_of(address, pool);
    return apr_hash_get(names->redirects, key.data, (apr_ssize_t)key.length);
}

const names_list_t *names_list(const names_t *names, size_t index)
{
    return &names->by_index[index];
}

const names_abilities_t *names_abilities(const names_t *names, size_t mailbox)
{
    return &names->abilities[mailbox];
}

const names_redirect_t *names_domain_alternate(const names_t *names)
{
    return names->domain_alternate;
}

bool names_match(const names_patterns_t *patterns, const x411_or_address_t *address, apr_pool_t *pool)
{
    if (!patterns->count)
        return false;
    const subject_t *subject = subject_create(address, pool);
    bytes_t text = subject_text(subject, pool);
    for (unsigned i = 0; i < patterns->count; i++)
        if (pattern_matches(patterns->patterns[i], subject, text))
            return true;
    return false;
}

bool names_same_address(const x411_or_address_t *a, const x411_or_address_t *b, apr_pool_t *pool)
{
    bytes_t first = key_of(a, pool);
    bytes_t second = key_of(b, pool);
    return first.length == second.length && memcmp(first.data, second.data, first.length) == 0;
}
