/* What an installation leaves in the system beside the service: the source of its events, the rights of its
 * folder. The MSI writes the same by its tables (installer/windows). */
#ifndef PLATFORM_WIN32_REGISTRY_H
#define PLATFORM_WIN32_REGISTRY_H

#include <apr_pools.h>

#define EVENT_SOURCE_DEFAULT "MSExchangeMTA"

/* Enters the event source with the message file beside the program; returns an error of Windows, or 0. */
unsigned long registry_add_event_source(const char *source, apr_pool_t *pool);
void registry_remove_event_source(const char *source, apr_pool_t *pool);
/* Makes the folder, with rights for the system, administrators and the service NT SERVICE\service alone;
 * returns an error of Windows, or 0. A service that the system cannot name is left out. */
unsigned long registry_protect_data_folder(const char *folder, const char *service, apr_pool_t *pool);

#endif
