#include "cib.h"

#include <stdbool.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_xml.h>

enum { DEPTH_LIMIT = 64, LINK_ROUNDS = 8 };

typedef struct search_t {
    apr_pool_t *pool;
    const char *resource; /* wanted, then found */
    bool several;         /* more than one could be meant */
    const char *group;
    apr_hash_t *near; /* identifiers of resources that run where ours does */
    bool grown;
    apr_array_header_t *addresses;
} search_t;

typedef void (*visit_t)(search_t *search, const apr_xml_elem *element, const apr_xml_elem *parent);

static void walk(search_t *search, const apr_xml_elem *element, const apr_xml_elem *parent, visit_t visit,
                 unsigned depth)
{
    if (depth == DEPTH_LIMIT)
        return;
    visit(search, element, parent);
    for (const apr_xml_elem *child = element->first_child; child; child = child->next)
        walk(search, child, element, visit, depth + 1);
}

static const char *attribute(const apr_xml_elem *element, const char *name)
{
    for (const apr_xml_attr *each = element->attr; each; each = each->next)
        if (strcmp(each->name, name) == 0)
            return each->value;
    return NULL;
}

static bool is(const apr_xml_elem *element, const char *name)
{
    return element && strcmp(element->name, name) == 0;
}

static bool equal(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Our own primitive: by its identifier, else by its type, ocf:x400mta:x400mta or systemd:x400mta. */
static void find_primitive(search_t *search, const apr_xml_elem *element, const apr_xml_elem *parent)
{
    const char *id = attribute(element, "id");
    (void)parent;
    if (!is(element, "primitive") || !id || !equal(attribute(element, "type"), "x400mta"))
        return;
    search->several = search->resource != NULL;
    search->resource = id;
}

static void add_near(search_t *search, const char *id)
{
    if (!id || apr_hash_get(search->near, id, APR_HASH_KEY_STRING))
        return;
    apr_hash_set(search->near, id, APR_HASH_KEY_STRING, id);
    search->grown = true;
}

static bool is_near(const search_t *search, const char *id)
{
    return id && apr_hash_get(search->near, id, APR_HASH_KEY_STRING);
}

/* A group runs as a whole in one place. */
static void join_group(search_t *search, const apr_xml_elem *element, const apr_xml_elem *parent)
{
    if (!is(element, "primitive") || !is(parent, "group"))
        return;
    const char *id = attribute(element, "id");
    const char *group = attribute(parent, "id");
    if (equal(id, search->resource))
        search->group = group;
    if (is_near(search, id))
        add_near(search, group);
    if (is_near(search, group))
        add_near(search, id);
}

/* A score that forces the two together. */
static bool is_mandatory(const apr_xml_elem *colocation)
{
    const char *score = attribute(colocation, "score");
    return !score || strcmp(score, "INFINITY") == 0 || strcmp(score, "+INFINITY") == 0;
}

static void join_set(search_t *search, const apr_xml_elem *colocation)
{
    bool near = false;
    for (int pass = 0; pass < 2; pass++)
        for (const apr_xml_elem *set = colocation->first_child; set; set = set->next)
            for (const apr_xml_elem *reference = set->first_child; reference; reference = reference->next) {
                const char *id = attribute(reference, "id");
                if (pass == 0)
                    near = near || is_near(search, id);
                else if (near)
                    add_near(search, id);
            }
}

static void join_colocation(search_t *search, const apr_xml_elem *element, const apr_xml_elem *parent)
{
    (void)parent;
    if (!is(element, "rsc_colocation") || !is_mandatory(element))
        return;
    const char *one = attribute(element, "rsc");
    const char *other = attribute(element, "with-rsc");
    if (is_near(search, one))
        add_near(search, other);
    if (is_near(search, other))
        add_near(search, one);
    join_set(search, element);
}

static bool is_address_agent(const apr_xml_elem *primitive)
{
    static const char *const types[] = {"IPaddr2", "IPaddr", "IPv6addr"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (equal(attribute(primitive, "type"), types[i]))
            return true;
    return false;
}

static void add_address(search_t *search, const apr_xml_elem *primitive)
{
    for (const apr_xml_elem *set = primitive->first_child; set; set = set->next) {
        if (!is(set, "instance_attributes"))
            continue;
        for (const apr_xml_elem *pair = set->first_child; pair; pair = pair->next) {
            const char *name = attribute(pair, "name");
            const char *value = attribute(pair, "value");
            if (value && (equal(name, "ip") || equal(name, "ipv6addr")))
                APR_ARRAY_PUSH(search->addresses, const char *) =
                    apr_pstrmemdup(search->pool, value, strcspn(value, "/"));
        }
    }
}

static void collect_address(search_t *search, const apr_xml_elem *element, const apr_xml_elem *parent)
{
    (void)parent;
    if (is(element, "primitive") && is_near(search, attribute(element, "id")) && is_address_agent(element))
        add_address(search, element);
}

static void note_wanted(search_t *search, const apr_xml_elem *element, const apr_xml_elem *parent)
{
    (void)parent;
    if (is(element, "primitive") && equal(attribute(element, "id"), search->resource))
        search->grown = true;
}

err_t *cib_find_addresses(const char *xml, size_t length, const char *resource, cib_answer_t *answer,
                          apr_pool_t *pool)
{
    *answer = (cib_answer_t){.addresses = apr_pcalloc(pool, sizeof(char *))};
    apr_xml_parser *parser = apr_xml_parser_create(pool);
    apr_xml_doc *document = NULL;
    apr_status_t status = apr_xml_parser_feed(parser, xml, length);
    if (status == APR_SUCCESS)
        status = apr_xml_parser_done(parser, &document);
    if (status != APR_SUCCESS) {
        char words[256];
        return err_create(pool, status, "cluster", "the cluster information base cannot be read: %s",
                          apr_xml_parser_geterror(parser, words, sizeof(words)));
    }
    search_t search = {.pool = pool, .resource = resource, .near = apr_hash_make(pool)};
    search.addresses = apr_array_make(pool, 4, sizeof(const char *));
    if (resource) {
        walk(&search, document->root, NULL, note_wanted, 0);
        if (!search.grown)
            return NULL;
    } else {
        walk(&search, document->root, NULL, find_primitive, 0);
        if (search.several)
            return err_create(
                pool, 0, "cluster",
                "the cluster has several resources of the type x400mta; name this one with resource in "
                "cluster");
        if (!search.resource)
            return NULL;
    }
    add_near(&search, search.resource);
    for (int round = 0; round < LINK_ROUNDS && search.grown; round++) {
        search.grown = false;
        walk(&search, document->root, NULL, join_group, 0);
        walk(&search, document->root, NULL, join_colocation, 0);
    }
    walk(&search, document->root, NULL, collect_address, 0);
    APR_ARRAY_PUSH(search.addresses, const char *) = NULL;
    answer->resource = search.resource;
    answer->group = search.group;
    answer->addresses = (const char *const *)search.addresses->elts;
    return NULL;
}
