/* The token of the admin interface: made, read and compared. */
#ifndef ADMIN_TOKEN_H
#define ADMIN_TOKEN_H

#include <stdbool.h>

#include "base/error.h"

/* Reads the token of the file at path; makes the file (owner only, a new random token) if it is absent or
 * empty. Errors: it cannot be read or made, holds no token, or everybody may read it. */
err_t *admin_token_ensure(const char *path, const char **token, apr_pool_t *pool);

/* True if given is the token; takes the same time wherever they differ. */
bool admin_token_equal(const char *token, const char *given);

#endif
