/* x400ctl show: a P1, P2 or P22 object, or a message of a mailbox, as text for people, or as JSON. */
#include "x400ctl_show.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "x400ctl_files.h"
#include "x420/describe.h"
#include "x420/show.h"

enum { SHOW_FILE_LIMIT = 1024 * 1024 * 1024, SHOW_DEPTH_LIMIT = 32 };

static err_t *print_text(apr_pool_t *pool, const buffer_t *text, FILE *out)
{
    bytes_t octets = buffer_bytes(text);
    fwrite(octets.data, 1, octets.length, out);
    if (!text->failed)
        return NULL;
    return err_create(pool, APR_ENOSPC, "show", "the rest is not shown: its text is longer than %d octets",
                      (int)X420_SHOW_LIMIT);
}

static void print_json(json_t *value, FILE *out)
{
    json_dumpf(value, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(value);
}

static json_t *describe_object(apr_pool_t *pool, const x420_object_t *object)
{
    x420_describe_t how = {.pool = pool, .readable = true};
    if (object->kind == X420_OBJECT_APDU)
        return x420_describe_apdu(&how, object->apdu, object->content.data ? &object->content : NULL);
    return object->interpersonal.ipn ? x420_describe_ipn(&how, object->interpersonal.ipn)
                                     : x420_describe_ipm(&how, object->interpersonal.ipm);
}

/* A value of a mailbox's envelope as a line "key words:  value", lists as one line for each element. */
static void show_value(buffer_t *out, const char *key, json_t *value, unsigned indent)
{
    const char *inner_key;
    json_t *inner;
    size_t index;
    char words[64];
    size_t length = 0;
    for (; key[length] && length + 1 < sizeof(words); length++)
        words[length] = (char)(key[length] == '_' ? ' ' : key[length]);
    words[length] = '\0';
    if (indent > SHOW_DEPTH_LIMIT)
        return;
    switch (json_typeof(value)) {
    case JSON_STRING: x420_show_line(out, indent, words, "%s", json_string_value(value)); break;
    case JSON_INTEGER:
        x420_show_line(out, indent, words, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_TRUE: x420_show_line(out, indent, words, "yes"); break;
    case JSON_FALSE: x420_show_line(out, indent, words, "no"); break;
    case JSON_ARRAY: json_array_foreach(value, index, inner) show_value(out, words, inner, indent); break;
    case JSON_OBJECT:
        x420_show_line(out, indent, words, "%s", "");
        json_object_foreach(value, inner_key, inner) show_value(out, inner_key, inner, indent + 1);
        break;
    default: break;
    }
}

/* The content type that a mailbox's envelope names: a number or an object identifier, as text. */
static x411_content_type_t content_type_of(apr_pool_t *pool, const json_t *envelope)
{
    const json_t *value = json_object_get(envelope, "content_type");
    const char *text = json_string_value(value);
    x411_content_type_t type = {0};
    if (json_is_integer(value))
        return x411_content_type_make(json_integer_value(value));
    if (!text)
        return type;
    if (!strchr(text, '.'))
        return x411_content_type_make(apr_atoi64(text));
    type.oid = ber_oid_from_text(pool, text);
    type.present = type.oid.length != 0;
    return type;
}

static err_t *show_message(apr_pool_t *pool, json_t *envelope, bytes_t content, bool json, FILE *out)
{
    x411_content_type_t type = content_type_of(pool, envelope);
    const char *key;
    json_t *value;
    if (json) {
        x420_describe_t how = {.pool = pool, .readable = true};
        json_t *root = json_object();
        json_t *inside = json_object();
        x420_describe_content(&how, inside, &type, content);
        json_object_set(root, "envelope", envelope);
        json_object_set_new(root, "content", inside);
        print_json(root, out);
        return NULL;
    }
    buffer_t *text = apr_palloc(pool, sizeof(*text)); /* in the pool, whose end gives its memory back */
    buffer_init(text, pool, X420_SHOW_LIMIT);
    json_object_foreach(envelope, key, value) show_value(text, key, value, 0);
    if (content.length)
        x420_show_content(pool, &type, content, text);
    return print_text(pool, text, out);
}

/* A message of a mailbox: stem.json and stem.content. */
static err_t *show_pair(const char *stem, bool json, FILE *out, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, stem, ".json", NULL);
    bytes_t text;
    bytes_t content;
    json_error_t error;
    err_t *err = ctl_read_file(pool, path, CTL_FILE_LIMIT, &text);
    if (!err)
        err = ctl_read_file(pool, apr_pstrcat(pool, stem, ".content", NULL), SHOW_FILE_LIMIT, &content);
    if (err)
        return err;
    json_t *envelope = json_loadb((const char *)text.data, text.length, JSON_ALLOW_NUL, &error);
    if (!json_is_object(envelope)) {
        json_decref(envelope);
        return err_create(pool, APR_EINVAL, "show", "%s is not an envelope in JSON", path);
    }
    err = show_message(pool, envelope, content, json, out);
    json_decref(envelope);
    return err;
}

static bool is_file(apr_pool_t *pool, const char *path)
{
    apr_finfo_t info;
    return apr_stat(&info, path, APR_FINFO_TYPE, pool) == APR_SUCCESS && info.filetype == APR_REG;
}

/* path without .json or .content if both files are there, else NULL. */
static const char *pair_stem(apr_pool_t *pool, const char *path)
{
    static const char *const suffixes[] = {".json", ".content"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(path);
        size_t end = strlen(suffixes[i]);
        if (length <= end || strcmp(path + length - end, suffixes[i]) != 0)
            continue;
        const char *stem = apr_pstrmemdup(pool, path, length - end);
        if (is_file(pool, apr_pstrcat(pool, stem, ".json", NULL)) &&
            is_file(pool, apr_pstrcat(pool, stem, ".content", NULL)))
            return stem;
    }
    return NULL;
}

err_t *show_file(const char *path, bool json, FILE *out, apr_pool_t *pool)
{
    bytes_t octets;
    x420_object_t object = {0};
    const char *stem = pair_stem(pool, path);
    if (stem)
        return show_pair(stem, json, out, pool);
    err_t *err = ctl_read_file(pool, path, SHOW_FILE_LIMIT, &octets);
    if (!err)
        err = x420_object_read(pool, octets, &object);
    if (err)
        return err;
    if (json) {
        print_json(describe_object(pool, &object), out);
        return NULL;
    }
    buffer_t *text = apr_palloc(pool, sizeof(*text)); /* in the pool, whose end gives its memory back */
    buffer_init(text, pool, X420_SHOW_LIMIT);
    x420_show_object(pool, &object, text);
    return print_text(pool, text, out);
}
