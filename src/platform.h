/* What differs between systems: service life cycle, system log, addresses of this machine, paths, privileges.
 * platform/posix and platform/win32 each implement all of it. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <apr_portable.h>

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
    /* Service pause and continue: takes and sends no more, or does so again; platform_service_paused says
     * when that is so. */
    void (*pause)(void *context, bool pause);
    void *context;
} platform_service_t;

/* The work of the program with the arguments that are left; returns the exit status, which the service
 * manager is told as well. */
typedef int (*platform_run_t)(int argc, const char *const *argv);
/* Carries out what the arguments ask of the system's service manager, or runs as its service; false if they
 * ask nothing of it. Where a service manager needs no help from the program ("service ..." on Windows only)
 * it is always false. */
bool platform_service_command(int argc, const char *const *argv, platform_run_t run, int *status);
/* How the program is controlled on this system, in lines for --help. */
const char *platform_service_help(void);
/* Makes the process a daemon (detached, own session), if asked for. To be called before any thread. */
err_t *platform_daemonize(apr_pool_t *pool);
/* Catches the system's calls from now on, in a thread of its own, until pool goes: none comes when the pools
 * below it, and what they hold, are being destroyed. */
err_t *platform_service_begin(const platform_service_t *service, apr_pool_t *pool);
/* Tells the service manager: ready, reloading and ready again, stopping; status is for people. */
void platform_service_ready(const char *status);
void platform_service_reloading(void);
void platform_service_stopping(void);
/* Tells that all is at rest after a pause, or goes on. */
void platform_service_paused(bool paused);
/* Feeds the watchdog, if the service manager has one; called from the event loop. */
void platform_service_alive(void);

/* What a dump of the memory of a process that crashed may hold. */
typedef enum platform_core_t {
    PLATFORM_CORE_OFF,       /* no dump, and no other process of this user may look inside */
    PLATFORM_CORE_REGISTERS, /* registers and loaded files only: no message content, no password */
    PLATFORM_CORE_FULL       /* all memory */
} platform_core_t;

/* The listening sockets that the service manager opened for this process, at most limit of them; returns how
 * many. To be asked once, early: no program that this one starts gets them. */
size_t platform_inherited_sockets(apr_os_sock_t *sockets, size_t limit);
/* Raises the number of files and connections that the process may have open to wanted, or as far as the
 * system lets it; returns what it is then. It is never lowered. Before platform_drop_privileges root can
 * raise more. */
size_t platform_raise_open_files(size_t wanted);
/* Sets what a dump may hold, after platform_drop_privileges. Where a system cannot leave memory out, there is
 * no dump with PLATFORM_CORE_REGISTERS. */
void platform_set_core_dumps(platform_core_t policy);

/* Gives up root: the user's rights with only the capability to bind ports below 1024. No effect without root.
 */
err_t *platform_drop_privileges(const char *user, apr_pool_t *pool);
/* Writes the process ID to a file. */
err_t *platform_write_pid_file(const char *path, apr_pool_t *pool);
/* True if address (text, without port) is one of this machine's now. */
bool platform_is_local_address(const char *address);
/* An address that this machine has. */
typedef struct platform_address_t {
    const char *text; /* IPv4 or IPv6, a link-local one with its zone */
    bool usable;      /* false while the system still checks that no other machine has it */
    bool link_down;   /* its interface is down, or has no carrier; false where the system does not tell */
} platform_address_t;

/* Follows this machine's addresses: calls changed with all of them, once before it returns, and then, in a
 * thread of its own, after each change, until pool is cleared. */
err_t *platform_follow_addresses(void (*changed)(void *context, const platform_address_t *addresses,
                                                 size_t count),
                                 void *context, apr_pool_t *pool);

typedef enum platform_cluster_state_t {
    PLATFORM_CLUSTER_NONE,  /* no cluster runs this service */
    PLATFORM_CLUSTER_FOUND, /* one does, and has said at which addresses (perhaps none) */
    PLATFORM_CLUSTER_SILENT /* there is one, and it cannot be asked or gives no answer */
} platform_cluster_state_t;

typedef struct platform_cluster_t {
    platform_cluster_state_t state;
    bool runs_us;                 /* it is certain that the cluster runs this service */
    const char *kind;             /* "Pacemaker" */
    const char *const *addresses; /* virtual ones of the service's group, names too; NULL-terminated */
    const char *source;           /* who said so, in words */
    const char *failure;          /* SILENT: why, in words */
} platform_cluster_t;

/* Asks for the virtual addresses of this service: the environment in which the cluster started it, then the
 * cluster itself. resource is the service's name in the cluster, NULL = to be found out. Waits for the
 * cluster, at most 10 seconds: not to be called in the event loop. Texts are in pool. */
void platform_find_cluster(const char *resource, platform_cluster_t *cluster, apr_pool_t *pool);

/* Counters for the system's performance monitor. A set has one instance, or several with names. */
typedef struct platform_counter_t {
    unsigned number; /* in its set */
    bool rate;       /* shown as growth per second */
} platform_counter_t;

typedef struct platform_counter_set_t {
    const char *guid; /* "{...}", as installed */
    bool instances;
    const platform_counter_t *counters;
    size_t count;
} platform_counter_set_t;

typedef struct platform_monitor_t platform_monitor_t;

/* Offers the sets as the provider (a GUID), until pool is cleared; sets must live as long. *monitor is NULL
 * where the system has no such monitor. */
err_t *platform_monitor_open(const char *provider, const platform_counter_set_t *sets, size_t count,
                             platform_monitor_t **monitor, apr_pool_t *pool);
/* Adds an instance of a set (an index); names are unique in a set. Returns its values in the order of the
 * set's counters, which the monitor reads when it likes and the caller writes, one thread at a time; NULL if
 * the system refuses. */
uint64_t *platform_monitor_add(platform_monitor_t *monitor, size_t set, const char *name);
/* Takes an instance away, with its values. */
void platform_monitor_remove(platform_monitor_t *monitor, uint64_t *values);

/* Flushes a file's folder entry to disk, so that a rename survives power loss. No effect where not needed. */
void platform_sync_folder(const char *folder);

#endif
