#include "admin/request.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char PATH_PREFIX[] = "/v1/";

bool admin_operation_reads(const char *operation)
{
    static const char *const reading[] = {"status",  "connectors", "associations",
                                          "queue",   "queue.show", "route.explain",
                                          "metrics", "events",     "diagnostics"};
    for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++)
        if (strcmp(operation, reading[i]) == 0)
            return true;
    return false;
}

static bool operation_is_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz._-");
    return length > 0 && length <= ADMIN_OPERATION_LIMIT && text[length] == '\0';
}

admin_target_t admin_target(admin_method_t method, const char *path, apr_pool_t *pool)
{
    admin_target_t target = {.status = 200};
    if (strcmp(path, "/metrics") == 0) {
        target.operation = "metrics";
        target.prometheus = true;
        if (method != ADMIN_GET) {
            target.status = 405;
            target.error = "/metrics is read with GET";
        }
        return target;
    }
    const char *name = path + sizeof(PATH_PREFIX) - 1;
    if (strncmp(path, PATH_PREFIX, sizeof(PATH_PREFIX) - 1) != 0 || !operation_is_name(name)) {
        target.status = 404;
        target.error = "there is nothing here; ask for /v1/OPERATION or /metrics";
        return target;
    }
    target.operation = apr_pstrdup(pool, name);
    if (method == ADMIN_OTHER) {
        target.status = 405;
        target.error = "the methods here are GET and POST";
    } else if (method == ADMIN_GET && !admin_operation_reads(name)) {
        target.status = 405;
        target.error = apr_psprintf(pool, "%s is not a reading operation; use POST with a JSON object", name);
    }
    return target;
}

void admin_argument_set(json_t *arguments, const char *name, const char *value)
{
    if (!value)
        value = "";
    bool number = strcmp(name, "id") == 0 || strcmp(name, "limit") == 0 || strcmp(name, "after") == 0;
    if (number && value[0] && strspn(value, "0123456789") == strlen(value)) {
        errno = 0;
        long long parsed = strtoll(value, NULL, 10);
        if (errno == 0) {
            json_object_set_new(arguments, name, json_integer(parsed));
            return;
        }
    }
    /* Octets that are not UTF-8 have no JSON string; the argument then counts as null, which no operation
     * takes. */
    json_t *text = json_string(value);
    json_object_set_new(arguments, name, text ? text : json_null());
}
