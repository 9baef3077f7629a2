/* Reads the cluster information base of Pacemaker (the XML that `cibadmin --query` prints) for the virtual
 * addresses of this service: the addresses of its group, and those that it is colocated with. */
#ifndef PLATFORM_CIB_H
#define PLATFORM_CIB_H

#include <apr_tables.h>

#include "base/error.h"

typedef struct cib_answer_t {
    const char *resource;         /* of this service; NULL: the cluster does not run it */
    const char *group;            /* that it is in; NULL: none */
    const char *const *addresses; /* NULL-terminated, may be empty */
} cib_answer_t;

/* resource: the identifier of this service's resource; NULL: the one of type x400mta, if there is exactly
 * one. Texts are in pool. */
err_t *cib_find_addresses(const char *xml, size_t length, const char *resource, cib_answer_t *answer,
                          apr_pool_t *pool);

#endif
