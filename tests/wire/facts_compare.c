#include "facts_compare.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512 };

typedef struct compare_t {
    FILE *out;
    unsigned differences;
} compare_t;

static bool is_one_of(const char *key, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(key, *list) == 0)
            return true;
    return false;
}

/* Keys about the file, not in the octets. */
static bool is_about_file(const char *key)
{
    static const char *const keys[] = {"verified_with", "content_origin", "report_origin", NULL};
    return is_one_of(key, keys);
}

/* Elements that the decoder finds and the layout has no key for. */
static bool is_beyond_layout(const char *key)
{
    static const char *const keys[] = {
        "additional_information", "directory_name_ber",   "extended", "ipn", "other_actions",
        "per_domain_bilateral",   "recipient_extensions", NULL};
    return is_one_of(key, keys);
}

/* What an extension field is sorted by: its type as text. */
static const char *type_text(const json_t *extension, char *room, size_t size)
{
    const json_t *type = json_object_get(extension, "type");
    if (json_is_string(type))
        return json_string_value(type);
    snprintf(room, size, "%lld", (long long)json_integer_value(type));
    return room;
}

static void sort_by_type(json_t *array)
{
    for (size_t i = 1; i < json_array_size(array); i++) {
        json_t *moving = json_array_get(array, i);
        char room[2][32];
        const char *type = type_text(moving, room[0], sizeof(room[0]));
        size_t place = i;
        while (place > 0 &&
               strcmp(type_text(json_array_get(array, place - 1), room[1], sizeof(room[1])), type) > 0)
            place--;
        if (place == i)
            continue;
        json_incref(moving);
        json_array_remove(array, i);
        json_array_insert_new(array, place, moving);
    }
}

void facts_sort(json_t *facts)
{
    const char *key;
    json_t *value;
    for (size_t i = 0; i < json_array_size(facts); i++)
        facts_sort(json_array_get(facts, i));
    json_object_foreach(facts, key, value)
    {
        if (strcmp(key, "extensions") == 0 && json_is_array(value))
            sort_by_type(value);
        facts_sort(value);
    }
}

void facts_settle(const json_t *expected, json_t *found)
{
    const char *key;
    json_t *value;
    if (json_is_array(found))
        for (size_t i = 0; i < json_array_size(found); i++)
            facts_settle(json_array_get(expected, i), json_array_get(found, i));
    if (!json_is_object(found))
        return;
    if (json_object_get(found, "value") && json_object_get(found, "value_ber"))
        json_object_del(found, json_object_get(expected, "value_ber") ? "value" : "value_ber");
    json_object_foreach(found, key, value) facts_settle(json_object_get(expected, key), value);
}

static void differ(compare_t *compare, const char *path, const char *what, const json_t *expected,
                   const json_t *found)
{
    char *left = expected ? json_dumps(expected, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    char *right = found ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    fprintf(compare->out, "DIFFERENCE %s: %s", path, what);
    if (left)
        fprintf(compare->out, ", expected %.200s", left);
    if (right)
        fprintf(compare->out, ", found %.200s", right);
    fputc('\n', compare->out);
    free(left);
    free(right);
    compare->differences++;
}

static void compare_values(compare_t *compare, const char *path, const json_t *expected, const json_t *found);

static void compare_arrays(compare_t *compare, const char *path, const json_t *expected, const json_t *found)
{
    size_t count = json_array_size(expected);
    if (count != json_array_size(found)) {
        differ(compare, path, "another number of elements", expected, found);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char inner[PATH_SIZE];
        snprintf(inner, sizeof(inner), "%.*s[%lu]", PATH_SIZE - 32, path, (unsigned long)i);
        compare_values(compare, inner, json_array_get(expected, i), json_array_get(found, i));
    }
}

static void compare_objects(compare_t *compare, const char *path, const json_t *expected, const json_t *found)
{
    const char *key;
    json_t *value;
    char inner[PATH_SIZE];
    json_object_foreach((json_t *)expected, key, value)
    {
        if (is_about_file(key))
            continue;
        snprintf(inner, sizeof(inner), "%.*s.%.100s", PATH_SIZE - 128, path, key);
        const json_t *other = json_object_get(found, key);
        if (other)
            compare_values(compare, inner, value, other);
        else
            differ(compare, inner, "missing", value, NULL);
    }
    json_object_foreach((json_t *)found, key, value)
    {
        if (json_object_get(expected, key) || is_beyond_layout(key))
            continue;
        snprintf(inner, sizeof(inner), "%.*s.%.100s", PATH_SIZE - 128, path, key);
        differ(compare, inner, "not expected", NULL, value);
    }
}

static void compare_values(compare_t *compare, const char *path, const json_t *expected, const json_t *found)
{
    if (json_typeof(expected) != json_typeof(found) && !(json_is_boolean(expected) && json_is_boolean(found)))
        differ(compare, path, "another type", expected, found);
    else if (json_is_object(expected))
        compare_objects(compare, path, expected, found);
    else if (json_is_array(expected))
        compare_arrays(compare, path, expected, found);
    else if (!json_equal(expected, found))
        differ(compare, path, "another value", expected, found);
}

unsigned facts_compare(const char *name, const json_t *expected, const json_t *found, FILE *out)
{
    compare_t compare = {.out = out};
    compare_values(&compare, name, expected, found);
    return compare.differences;
}
