/* x400ctl show: a P1, P2 or P22 object as text for people, or as JSON. */
#include <stdio.h>

#include "x400ctl_files.h"
#include "x400ctl_show.h"
#include "x420/describe.h"
#include "x420/object.h"
#include "x420/show.h"

enum { SHOW_FILE_LIMIT = 1024 * 1024 * 1024 };

static json_t *show_describe(apr_pool_t *pool, const x420_object_t *object)
{
    x420_describe_t how = {.pool = pool, .readable = true};
    if (object->kind == X420_OBJECT_APDU)
        return x420_describe_apdu(&how, object->apdu, object->content.data ? &object->content : NULL);
    return object->interpersonal.ipn ? x420_describe_ipn(&how, object->interpersonal.ipn)
                                     : x420_describe_ipm(&how, object->interpersonal.ipm);
}

static err_t *show_text(apr_pool_t *pool, const x420_object_t *object, FILE *out)
{
    buffer_t *text = apr_palloc(pool, sizeof(*text));
    buffer_init(text, pool, X420_SHOW_LIMIT);
    x420_show_object(pool, object, text);
    bytes_t octets = buffer_bytes(text);
    fwrite(octets.data, 1, octets.length, out);
    if (!text->failed)
        return NULL;
    return err_create(pool, APR_ENOSPC, "show", "the rest is not shown: its text is longer than %d octets",
                      (int)X420_SHOW_LIMIT);
}

err_t *show_file(const char *path, bool json, FILE *out, apr_pool_t *pool)
{
    bytes_t octets;
    x420_object_t object = {0};
    err_t *err = ctl_read_file(pool, path, SHOW_FILE_LIMIT, &octets);
    if (!err)
        err = x420_object_read(pool, octets, &object);
    if (err)
        return err;
    if (!json)
        return show_text(pool, &object, out);
    json_t *description = show_describe(pool, &object);
    json_dumpf(description, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(description);
    return NULL;
}
