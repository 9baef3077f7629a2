/* What an installer asks of the program, because tables of an MSI cannot say it: the first configuration,
 * which is never written over, and the removal of all data where that was asked for. */
#ifndef PLATFORM_WIN32_SETUP_H
#define PLATFORM_WIN32_SETUP_H

#include <apr_pools.h>

/* Makes the folder of the configuration with rights for the system, administrators and the service, and in it
 * the configuration with this port, from x400mta.conf.default beside the program, unless it is there already.
 * Returns the exit status; what is wrong goes to standard error. */
int setup_prepare(const char *configuration, const char *port, const char *service, apr_pool_t *pool);
/* Removes the folder of the configuration with all that is in it: queue, logs, configuration. Only a folder
 * that has such a configuration; returns the exit status. */
int setup_purge(const char *configuration, apr_pool_t *pool);

#endif
