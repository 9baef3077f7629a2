/* Files that x400ctl reads whole. */
#ifndef PROGRAMS_X400CTL_FILES_H
#define PROGRAMS_X400CTL_FILES_H

#include "base/bytes.h"
#include "base/error.h"

enum { CTL_FILE_LIMIT = 64 * 1024 * 1024 }; /* octets of a content that the admin interface takes */

/* Reads a file, or standard input if path is "-", of at most limit octets; *octets is in pool. */
err_t *ctl_read_file(apr_pool_t *pool, const char *path, size_t limit, bytes_t *octets);

#endif
