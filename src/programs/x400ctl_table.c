#include "x400ctl_table.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <string.h>

enum { COLUMN_LIMIT = 16, FACT_COLUMN = 24 };

struct table_t {
    apr_pool_t *pool;
    size_t columns;
    const char *headings[COLUMN_LIMIT];
    bool right[COLUMN_LIMIT];
    size_t widths[COLUMN_LIMIT];
    apr_array_header_t *cells; /* of const char *, row by row */
};

/* The characters of UTF-8 text. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (const char *at = text; *at; at++)
        if (((unsigned char)*at & 0xC0) != 0x80)
            width++;
    return width;
}

const char *text_harmless(apr_pool_t *pool, const char *text)
{
    if (!text)
        return "-";
    char *copy = apr_pstrdup(pool, text);
    for (unsigned char *at = (unsigned char *)copy; *at; at++) {
        if (*at < 0x20 || *at == 0x7F)
            *at = '?';
        else if (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
            at[0] = at[1] = '?'; /* the control characters U+0080 to U+009F */
    }
    return copy;
}

table_t *table_create(apr_pool_t *pool, const char *const *headings)
{
    table_t *table = apr_pcalloc(pool, sizeof(*table));
    table->pool = pool;
    table->cells = apr_array_make(pool, 64, sizeof(const char *));
    for (; headings[table->columns] && table->columns < COLUMN_LIMIT; table->columns++) {
        const char *heading = headings[table->columns];
        table->right[table->columns] = heading[0] == '>';
        heading += heading[0] == '>';
        table->headings[table->columns] = heading;
        table->widths[table->columns] = text_width(heading);
    }
    return table;
}

void table_row(table_t *table, const char *const *cells)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = text_harmless(table->pool, cells[i]);
        size_t width = text_width(cell);
        if (width > table->widths[i])
            table->widths[i] = width;
        *(const char **)apr_array_push(table->cells) = cell;
    }
}

static void table_print_row(const table_t *table, const char *const *cells, FILE *out)
{
    for (size_t i = 0; i < table->columns; i++) {
        size_t width = text_width(cells[i]);
        int padding = (int)(table->widths[i] > width ? table->widths[i] - width : 0);
        bool last = i + 1 == table->columns;
        if (table->right[i])
            fprintf(out, "%*s%s", padding, "", cells[i]);
        else
            fprintf(out, "%s%*s", cells[i], last ? 0 : padding, "");
        fputs(last ? "\n" : "  ", out);
    }
}

void table_print(const table_t *table, const char *empty, FILE *out)
{
    if (table->cells->nelts == 0) {
        fprintf(out, "%s\n", empty);
        return;
    }
    table_print_row(table, table->headings, out);
    const char *const *cells = (const char *const *)table->cells->elts;
    for (size_t i = 0; i < (size_t)table->cells->nelts; i += table->columns)
        table_print_row(table, cells + i, out);
}

void print_fact(FILE *out, const char *name, const char *value)
{
    int padding = FACT_COLUMN - 1 - (int)text_width(name);
    fprintf(out, "%s:%*s%s\n", name, padding > 1 ? padding : 1, "", value);
}

static const char *text_of_value(apr_pool_t *pool, const json_t *value)
{
    if (json_is_string(value))
        return text_harmless(pool, json_string_value(value));
    if (json_is_integer(value))
        return apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value));
    if (json_is_real(value))
        return apr_psprintf(pool, "%g", json_real_value(value));
    if (json_is_boolean(value))
        return json_is_true(value) ? "yes" : "no";
    return "-";
}

const char *text_of(apr_pool_t *pool, const json_t *object, const char *name)
{
    return text_of_value(pool, json_object_get(object, name));
}

const char *text_of_list(apr_pool_t *pool, const json_t *list)
{
    const char *text = "";
    size_t index;
    json_t *item;
    json_array_foreach(list, index, item)
    {
        const char *one = json_is_object(item)
                              ? apr_psprintf(pool, "%s (cost %s)", text_of(pool, item, "pattern"),
                                             text_of(pool, item, "cost"))
                              : text_harmless(pool, json_string_value(item));
        text = apr_pstrcat(pool, text, index ? ", " : "", one, NULL);
    }
    return *text ? text : "-";
}

const char *text_of_count(apr_pool_t *pool, const json_t *object, const char *name, const char *one,
                          const char *many)
{
    bool single = json_integer_value(json_object_get(object, name)) == 1;
    return apr_psprintf(pool, "%s %s", text_of(pool, object, name), single ? one : many);
}

const char *text_of_octets(apr_pool_t *pool, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_number(value))
        return "-";
    static const char *const units[] = {"KB", "MB", "GB", "TB"};
    double octets = json_number_value(value);
    if (octets < 1024)
        return apr_psprintf(pool, "%.0f", octets);
    size_t unit = 0;
    for (octets /= 1024; octets >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        octets /= 1024;
    return apr_psprintf(pool, "%.1f %s", octets, units[unit]);
}

const char *text_of_seconds(apr_pool_t *pool, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_number(value))
        return "-";
    apr_int64_t seconds = (apr_int64_t)json_number_value(value);
    if (seconds < 60)
        return apr_psprintf(pool, "%" APR_INT64_T_FMT " s", seconds);
    if (seconds < 3600)
        return apr_psprintf(pool, "%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
    if (seconds < 86400)
        return apr_psprintf(pool, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    return apr_psprintf(pool, "%" APR_INT64_T_FMT " d %d h", seconds / 86400, (int)(seconds / 3600 % 24));
}
