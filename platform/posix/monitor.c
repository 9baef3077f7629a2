/* Systems of this kind have no performance monitor of their own; the metrics of the admin interface are for
 * theirs. */
#include "platform.h"

err_t *platform_monitor_open(const char *provider, const platform_counter_set_t *sets, size_t count,
                             platform_monitor_t **monitor, apr_pool_t *pool)
{
    (void)provider;
    (void)sets;
    (void)count;
    (void)pool;
    *monitor = NULL;
    return NULL;
}

uint64_t *platform_monitor_add(platform_monitor_t *monitor, size_t set, const char *name)
{
    (void)monitor;
    (void)set;
    (void)name;
    return NULL;
}

void platform_monitor_remove(platform_monitor_t *monitor, uint64_t *values)
{
    (void)monitor;
    (void)values;
}
