/* The Performance Monitor reads counters out of this process by itself: each instance tells it where they
 * are. The library for providers is found at run time; a system without it has no monitor. */
#include "monitor.h"
#include "wide.h"

#include <rpc.h>
#include <stdlib.h>
#include <string.h>
#include <winperf.h>

#include <apr_strings.h>

enum {
    GUID_TEXT = 36, /* without braces */
    SINGLE_INSTANCE = 0,
    MULTIPLE_INSTANCES = 2,
    BY_REFERENCE = 1 /* the value stands behind an address */
};

typedef struct instance_t {
    struct instance_t *next;
    PERF_COUNTERSET_INSTANCE *block; /* the library's */
    uint64_t *values;
} instance_t;

struct platform_monitor_t {
    const monitor_calls_t *calls;
    HANDLE provider;
    const platform_counter_set_t *sets;
    GUID *guids; /* of the sets */
    size_t count;
    unsigned last_id;
    instance_t *instances;
};

static bool read_guid(const char *text, GUID *guid, apr_pool_t *pool)
{
    if (strlen(text) != GUID_TEXT + 2)
        return false;
    return UuidFromStringA((RPC_CSTR)apr_pstrmemdup(pool, text + 1, GUID_TEXT), guid) == RPC_S_OK;
}

/* Tells the library which counters a set has; each is eight octets. */
static ULONG describe_set(const platform_monitor_t *monitor, size_t index, const GUID *provider,
                          apr_pool_t *pool)
{
    const platform_counter_set_t *set = &monitor->sets[index];
    size_t size = sizeof(PERF_COUNTERSET_INFO) + set->count * sizeof(PERF_COUNTER_INFO);
    PERF_COUNTERSET_INFO *info = apr_pcalloc(pool, size);
    PERF_COUNTER_INFO *counters = (PERF_COUNTER_INFO *)(info + 1);
    info->CounterSetGuid = monitor->guids[index];
    info->ProviderGuid = *provider;
    info->NumCounters = (ULONG)set->count;
    info->InstanceType = set->instances ? MULTIPLE_INSTANCES : SINGLE_INSTANCE;
    for (size_t i = 0; i < set->count; i++)
        counters[i] = (PERF_COUNTER_INFO){.CounterId = set->counters[i].number,
                                          .Type = set->counters[i].rate ? PERF_COUNTER_BULK_COUNT
                                                                        : PERF_COUNTER_LARGE_RAWCOUNT,
                                          .Attrib = BY_REFERENCE,
                                          .Size = sizeof(uint64_t),
                                          .DetailLevel = PERF_DETAIL_NOVICE,
                                          .Offset = (ULONG)(i * sizeof(uint64_t))};
    return monitor->calls->describe(monitor->provider, info, (ULONG)size);
}

static void remove_instance(platform_monitor_t *monitor, instance_t **place)
{
    instance_t *instance = *place;
    *place = instance->next;
    monitor->calls->remove(monitor->provider, instance->block);
    free(instance->values);
    free(instance);
}

static apr_status_t close_monitor(void *data)
{
    platform_monitor_t *monitor = data;
    while (monitor->instances)
        remove_instance(monitor, &monitor->instances);
    monitor->calls->stop(monitor->provider);
    return APR_SUCCESS;
}

static err_t *refused(ULONG error, apr_pool_t *pool)
{
    return err_from_status(pool, APR_FROM_OS_ERROR(error),
                           "the Performance Monitor does not take the counters");
}

err_t *monitor_open(const monitor_calls_t *calls, const char *provider, const platform_counter_set_t *sets,
                    size_t count, platform_monitor_t **monitor, apr_pool_t *pool)
{
    platform_monitor_t *made = apr_pcalloc(pool, sizeof(*made));
    PERF_PROVIDER_CONTEXT context = {.ContextSize = sizeof(context)};
    GUID guid;
    *monitor = NULL;
    *made = (platform_monitor_t){.calls = calls, .sets = sets, .count = count};
    made->guids = apr_pcalloc(pool, count * sizeof(*made->guids));
    bool good = read_guid(provider, &guid, pool);
    for (size_t i = 0; i < count && good; i++)
        good = read_guid(sets[i].guid, &made->guids[i], pool);
    if (!good)
        return refused(ERROR_INVALID_PARAMETER, pool);
    ULONG error = calls->start(&guid, &context, &made->provider);
    if (error != ERROR_SUCCESS)
        return refused(error, pool);
    apr_pool_cleanup_register(pool, made, close_monitor, apr_pool_cleanup_null);
    for (size_t i = 0; i < count && error == ERROR_SUCCESS; i++)
        error = describe_set(made, i, &guid, pool);
    if (error != ERROR_SUCCESS) {
        apr_pool_cleanup_run(pool, made, close_monitor);
        return refused(error, pool);
    }
    *monitor = made;
    return NULL;
}

static bool find(HMODULE module, const char *name, void *place)
{
    FARPROC found = GetProcAddress(module, name);
    memcpy(place, &found, sizeof(found));
    return found != NULL;
}

err_t *platform_monitor_open(const char *provider, const platform_counter_set_t *sets, size_t count,
                             platform_monitor_t **monitor, apr_pool_t *pool)
{
    monitor_calls_t *calls = apr_pcalloc(pool, sizeof(*calls));
    HMODULE module = GetModuleHandleW(L"advapi32.dll");
    *monitor = NULL;
    if (!module || !find(module, "PerfStartProviderEx", (void *)&calls->start) ||
        !find(module, "PerfStopProvider", (void *)&calls->stop) ||
        !find(module, "PerfSetCounterSetInfo", (void *)&calls->describe) ||
        !find(module, "PerfCreateInstance", (void *)&calls->create) ||
        !find(module, "PerfDeleteInstance", (void *)&calls->remove) ||
        !find(module, "PerfSetCounterRefValue", (void *)&calls->refer))
        return NULL;
    return monitor_open(calls, provider, sets, count, monitor, pool);
}

static bool refer_to_values(const platform_monitor_t *monitor, const platform_counter_set_t *set,
                            const instance_t *instance)
{
    for (size_t i = 0; i < set->count; i++)
        if (monitor->calls->refer(monitor->provider, instance->block, set->counters[i].number,
                                  &instance->values[i]) != ERROR_SUCCESS)
            return false;
    return true;
}

static wchar_t *wide_name(const char *name)
{
    size_t size = strlen(name) + 1;
    wchar_t *wide = calloc(size, sizeof(*wide));
    if (wide)
        wide_copy(wide, size, name);
    return wide;
}

uint64_t *platform_monitor_add(platform_monitor_t *monitor, size_t set, const char *name)
{
    instance_t *instance = calloc(1, sizeof(*instance));
    uint64_t *values = calloc(monitor->sets[set].count, sizeof(*values));
    wchar_t *wide = wide_name(name);
    if (instance && values && wide)
        instance->block =
            monitor->calls->create(monitor->provider, &monitor->guids[set], wide, ++monitor->last_id);
    free(wide);
    if (!instance || !instance->block) {
        free(instance);
        free(values);
        return NULL;
    }
    instance->values = values;
    instance->next = monitor->instances;
    monitor->instances = instance;
    if (refer_to_values(monitor, &monitor->sets[set], instance))
        return values;
    remove_instance(monitor, &monitor->instances);
    return NULL;
}

void platform_monitor_remove(platform_monitor_t *monitor, uint64_t *values)
{
    for (instance_t **place = &monitor->instances; *place; place = &(*place)->next)
        if ((*place)->values == values) {
            remove_instance(monitor, place);
            return;
        }
}
