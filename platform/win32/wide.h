/* Between UTF-8, which this program speaks, and UTF-16, which Windows speaks. windows.h is included here,
 * after the headers of sockets that APR needs first. */
#ifndef PLATFORM_WIN32_WIDE_H
#define PLATFORM_WIN32_WIDE_H

#include <apr_network_io.h>
#include <apr_pools.h>

#include <windows.h>

/* A copy in pool; octets that are no UTF-8 become U+FFFD. NULL stays NULL. */
wchar_t *wide_of_utf8(const char *text, apr_pool_t *pool);
char *wide_to_utf8(const wchar_t *text, apr_pool_t *pool);
/* Copies into room of size characters, cut at a whole character where it does not fit; for when there is no
 * pool. */
void wide_copy(wchar_t *room, size_t size, const char *text);
/* A path for the calls of Windows: absolute, and with the prefix \\?\ that lifts the limit of 260 characters.
 */
wchar_t *wide_path(const char *path, apr_pool_t *pool);

#endif
