#include "config/config.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

/* The main file comes first, then included files by name, then files that are not known (no place). */
static int compare_places(const char *path, config_place_t a, config_place_t b)
{
    if (a.file != b.file && strcmp(a.file, b.file) != 0) {
        if (!strcmp(a.file, path))
            return -1;
        if (!strcmp(b.file, path))
            return 1;
        return strcmp(a.file, b.file);
    }
    return a.line < b.line ? -1 : a.line > b.line;
}

/* Room grows when the number kept is a power of two, so that no capacity need be remembered. */
static config_finding_t *room_for_one(config_findings_t *findings, apr_pool_t *pool)
{
    size_t count = findings->count;
    config_finding_t *array = findings->findings;
    if ((count & (count - 1)) == 0) {
        size_t capacity = count ? 2 * count : 1;
        config_finding_t *larger = apr_palloc(pool, capacity * sizeof(*larger));
        if (count)
            memcpy(larger, array, count * sizeof(*larger));
        array = larger;
    }
    findings->findings = array;
    return array;
}

void config_findings_add(config_findings_t *findings, apr_pool_t *pool, config_severity_t severity,
                         config_place_t place, const char *format, ...)
{
    if (severity == CONFIG_ERROR)
        findings->errors++;
    if (findings->count >= CONFIG_FINDING_LIMIT)
        return;
    va_list arguments;
    va_start(arguments, format);
    const char *text = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    if (!place.file)
        place.file = findings->path ? findings->path : "";
    else
        place.file = apr_pstrdup(pool, place.file);
    config_finding_t *array = room_for_one(findings, pool);
    size_t at = findings->count++;
    const char *path = findings->path ? findings->path : "";
    for (; at > 0 && compare_places(path, array[at - 1].place, place) > 0; at--)
        array[at] = array[at - 1];
    array[at] = (config_finding_t){severity, place, text};
}

const char *config_findings_text(const config_findings_t *findings, apr_pool_t *pool)
{
    size_t length = 1;
    const char **lines = apr_palloc(pool, (findings->count + 1) * sizeof(*lines));
    for (size_t i = 0; i < findings->count; i++) {
        const config_finding_t *finding = &findings->findings[i];
        const char *severity = finding->severity == CONFIG_ERROR ? "error" : "warning";
        lines[i] = finding->place.line > 0
                       ? apr_psprintf(pool, "%s:%d: %s: %s\n", finding->place.file, finding->place.line,
                                      severity, finding->text)
                       : apr_psprintf(pool, "%s: %s: %s\n", finding->place.file, severity, finding->text);
        length += strlen(lines[i]);
    }
    char *text = apr_palloc(pool, length);
    char *end = text;
    for (size_t i = 0; i < findings->count; i++) {
        size_t size = strlen(lines[i]);
        memcpy(end, lines[i], size);
        end += size;
    }
    *end = 0;
    return text;
}
