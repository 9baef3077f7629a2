/* x400ctl show: a P1, P2 or P22 object as an indented list, or as JSON. */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "x400ctl_ctl.h"
#include "x400ctl_files.h"
#include "x400ctl_table.h"
#include "x420/describe.h"
#include "x420/object.h"

enum { SHOW_FILE_LIMIT = 1024 * 1024 * 1024, SHOW_INDENT = 2, SHOW_DEPTH_LIMIT = 64 };

static void show_value(apr_pool_t *pool, const char *name, const json_t *value, int depth);

/* "per_recipient_indicators" as "Per recipient indicators". */
static const char *show_name(apr_pool_t *pool, const char *name)
{
    char *words = apr_pstrdup(pool, name);
    for (char *at = words; *at; at++)
        if (*at == '_')
            *at = ' ';
    return words;
}

/* Text of more than one line stands below its name. */
static void show_text(apr_pool_t *pool, const char *text, int depth)
{
    if (!strpbrk(text, "\r\n")) {
        printf(" %s\n", text_harmless(pool, text));
        return;
    }
    putchar('\n');
    while (*text) {
        size_t length = strcspn(text, "\r\n");
        printf("%*s| %s\n", (depth + 1) * SHOW_INDENT, "",
               text_harmless(pool, apr_pstrmemdup(pool, text, length)));
        text += length;
        if (text[0] == '\r' && text[1] == '\n')
            text++;
        if (*text)
            text++;
    }
}

static void show_members(apr_pool_t *pool, const json_t *value, int depth)
{
    const char *name;
    json_t *member;
    size_t index;
    if (depth > SHOW_DEPTH_LIMIT)
        return;
    json_object_foreach((json_t *)(uintptr_t)value, name, member)
        show_value(pool, show_name(pool, name), member, depth);
    json_array_foreach(value, index, member)
        show_value(pool, apr_psprintf(pool, "%" APR_SIZE_T_FMT, index + 1), member, depth);
}

static void show_value(apr_pool_t *pool, const char *name, const json_t *value, int depth)
{
    printf("%*s%s:", depth * SHOW_INDENT, "", text_harmless(pool, name));
    if (json_is_string(value)) {
        show_text(pool, json_string_value(value), depth);
    } else if (json_is_integer(value)) {
        printf(" %" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    } else if (json_is_boolean(value)) {
        puts(json_is_true(value) ? " yes" : " no");
    } else if (json_is_object(value) || json_is_array(value)) {
        bool empty = json_is_object(value) ? json_object_size(value) == 0 : json_array_size(value) == 0;
        puts(empty ? " none" : "");
        show_members(pool, value, depth + 1);
    } else {
        puts(" -");
    }
}

static json_t *show_describe(apr_pool_t *pool, const x420_object_t *object)
{
    x420_describe_t how = {.pool = pool, .readable = true};
    if (object->kind == X420_OBJECT_APDU)
        return x420_describe_apdu(&how, object->apdu, object->content.data ? &object->content : NULL);
    return object->interpersonal.ipn ? x420_describe_ipn(&how, object->interpersonal.ipn)
                                     : x420_describe_ipm(&how, object->interpersonal.ipm);
}

ctl_exit_t command_show(ctl_t *ctl)
{
    bytes_t octets;
    x420_object_t object = {0};
    err_t *err = ctl_read_file(ctl->pool, ctl->arguments[0], SHOW_FILE_LIMIT, &octets);
    if (!err)
        err = x420_object_read(ctl->pool, octets, &object);
    if (err) {
        ctl_complain("%s", err_describe(ctl->pool, err));
        return CTL_FAILED;
    }
    json_t *json = show_describe(ctl->pool, &object);
    if (ctl->json)
        ctl_print_json(json);
    else
        show_members(ctl->pool, json, 0);
    json_decref(json);
    return CTL_OK;
}
