/* One HTTP request of the admin interface: what is asked for, in words of mta/control.h. No sockets here. */
#ifndef ADMIN_REQUEST_H
#define ADMIN_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include <apr_pools.h>

enum { ADMIN_OPERATION_LIMIT = 64 }; /* characters of an operation's name */

typedef enum admin_method_t { ADMIN_GET, ADMIN_POST, ADMIN_OTHER } admin_method_t;

typedef struct admin_target_t {
    int status;            /* 200, or why the request is refused: 404, 405 */
    const char *error;     /* words for a status other than 200 */
    const char *operation; /* in the pool */
    bool prometheus;       /* the answer is to be Prometheus text */
} admin_target_t;

/* What method and path ask for. */
admin_target_t admin_target(admin_method_t method, const char *path, apr_pool_t *pool);

/* True if the operation only reads, so that GET may ask for it. */
bool admin_operation_reads(const char *operation);

/* Sets the argument that a query has given: digits of "id" and "limit" become an integer, everything else a
 * string. value NULL counts as empty. */
void admin_argument_set(json_t *arguments, const char *name, const char *value);

#endif
