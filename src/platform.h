/* What differs between systems: service life cycle, system log, addresses of this machine, paths, privileges.
 * platform/posix and platform/win32 each implement all of it. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "base/error.h"
#include "event/event.h"

/* The default configuration file and data folder of this system. */
const char *platform_default_configuration(void);
const char *platform_default_data_folder(void);

/* Adds the sink of the system log (journald, else syslog; the Windows Event Log). */
err_t *platform_log_open(event_log_t *log, const char *source, apr_pool_t *pool);

/* Calls from the system to the running service, made in any thread. */
typedef struct platform_service_t {
    void (*stop)(void *context);   /* orderly: SIGTERM, SIGINT, service stop */
    void (*reload)(void *context); /* SIGHUP, parameter change */
    void *context;
} platform_service_t;

/* Makes the process a daemon (detached, own session), if asked for. To be called before any thread. */
err_t *platform_daemonize(apr_pool_t *pool);
/* Catches the system's calls from now on, in a thread of its own. */
err_t *platform_service_begin(const platform_service_t *service, apr_pool_t *pool);
/* Tells the service manager: ready, reloading and ready again, stopping; status is for people. */
void platform_service_ready(const char *status);
void platform_service_reloading(void);
void platform_service_stopping(void);
/* Feeds the watchdog, if the service manager has one; called from the event loop. */
void platform_service_alive(void);

/* Gives up root: the user's rights with only the capability to bind ports below 1024. No effect without root. */
err_t *platform_drop_privileges(const char *user, apr_pool_t *pool);
/* Writes the process ID to a file. */
err_t *platform_write_pid_file(const char *path, apr_pool_t *pool);
/* True if address (text, without port) is one of this machine's now. */
bool platform_is_local_address(const char *address);
/* Flushes a file's folder entry to disk, so that a rename survives power loss. No effect where not needed. */
void platform_sync_folder(const char *folder);

#endif
