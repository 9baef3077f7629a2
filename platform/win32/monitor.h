/* The calls of the Performance Monitor's library for providers (PerfLib version 2), so that tests can look
 * on. */
#ifndef PLATFORM_WIN32_MONITOR_H
#define PLATFORM_WIN32_MONITOR_H

#include "platform.h" /* APR before Windows */

#include <windows.h>

#include <perflib.h>

typedef struct monitor_calls_t {
    __typeof__(&PerfStartProviderEx) start;
    __typeof__(&PerfStopProvider) stop;
    __typeof__(&PerfSetCounterSetInfo) describe;
    __typeof__(&PerfCreateInstance) create;
    __typeof__(&PerfDeleteInstance) remove;
    __typeof__(&PerfSetCounterRefValue) refer;
} monitor_calls_t;

/* platform_monitor_open with these calls, which must live as long as the monitor. */
err_t *monitor_open(const monitor_calls_t *calls, const char *provider, const platform_counter_set_t *sets,
                    size_t count, platform_monitor_t **monitor, apr_pool_t *pool);

#endif
