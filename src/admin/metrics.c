#include "admin/metrics.h"

#include <stdio.h>

static void metrics_append(buffer_t *out, const char *text)
{
    buffer_append(out, bytes_of_string(text));
}

/* Appends text with the escapes of the format; quotes are escaped in label values only. */
static void metrics_append_escaped(buffer_t *out, const char *text, bool in_label)
{
    for (const char *at = text; *at; at++) {
        if (*at == '\n')
            metrics_append(out, "\\n");
        else if (*at == '\\')
            metrics_append(out, "\\\\");
        else if (*at == '"' && in_label)
            metrics_append(out, "\\\"");
        else
            buffer_append_octet(out, (uint8_t)*at);
    }
}

static void metrics_append_value(buffer_t *out, const json_t *value)
{
    char room[64];
    if (json_is_integer(value))
        snprintf(room, sizeof(room), "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(room, sizeof(room), "%d", json_is_true(value) ? 1 : 0);
    else
        snprintf(room, sizeof(room), "%.17g", json_number_value(value));
    metrics_append(out, room);
}

static void metrics_append_sample(buffer_t *out, const char *name, const json_t *metric)
{
    metrics_append(out, name);
    const char *label;
    json_t *value;
    const char *separator = "{";
    json_t *labels = json_object_get(metric, "labels");
    json_object_foreach(labels, label, value)
    {
        if (!json_is_string(value))
            continue;
        metrics_append(out, separator);
        metrics_append(out, label);
        metrics_append(out, "=\"");
        metrics_append_escaped(out, json_string_value(value), true);
        metrics_append(out, "\"");
        separator = ",";
    }
    metrics_append(out, *separator == ',' ? "} " : " ");
    metrics_append_value(out, json_object_get(metric, "value"));
    metrics_append(out, "\n");
}

static void metrics_append_family(buffer_t *out, const char *name, const json_t *family)
{
    const json_t *first = json_array_get(family, 0);
    const char *help = json_string_value(json_object_get(first, "help"));
    const char *type = json_string_value(json_object_get(first, "type"));
    if (help) {
        metrics_append(out, "# HELP ");
        metrics_append(out, name);
        metrics_append(out, " ");
        metrics_append_escaped(out, help, false);
        metrics_append(out, "\n");
    }
    metrics_append(out, "# TYPE ");
    metrics_append(out, name);
    metrics_append(out, " ");
    metrics_append(out, type ? type : "untyped");
    metrics_append(out, "\n");
    size_t index;
    json_t *metric;
    json_array_foreach(family, index, metric) metrics_append_sample(out, name, metric);
}

bool admin_metrics_text(const json_t *result, buffer_t *out)
{
    json_t *families = json_object();
    size_t index;
    json_t *metric;
    json_t *metrics = json_object_get(result, "metrics");
    json_array_foreach(metrics, index, metric)
    {
        const char *name = json_string_value(json_object_get(metric, "name"));
        json_t *value = json_object_get(metric, "value");
        if (!name || !(json_is_number(value) || json_is_boolean(value)))
            continue;
        json_t *family = json_object_get(families, name);
        if (!family) {
            family = json_array();
            json_object_set_new(families, name, family);
        }
        json_array_append(family, metric);
    }
    const char *name;
    json_t *family;
    json_object_foreach(families, name, family) metrics_append_family(out, name, family);
    json_decref(families);
    return !out->failed;
}
