/* Scans of a store that is an SQLite file, by SQLite's own interface (scan_sqlite.c says why). With
 * X400_SQLITE only; path is that of the file. */
#ifndef STORE_SCAN_SQLITE_H
#define STORE_SCAN_SQLITE_H

#include "store/internal.h"

/* Every entry in order of identifier; entry is valid during the call. */
err_t *scan_sqlite_entries(const char *path, void (*each)(void *context, const store_entry_t *entry),
                           void *context, apr_pool_t *pool);
/* Every mark from the identifier `from` on, in order. */
err_t *scan_sqlite_marks(const char *path, int64_t from,
                         void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE],
                                      utc_time_t time),
                         void *context, apr_pool_t *pool);

#endif
