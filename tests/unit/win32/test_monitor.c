/* OP-06: what the Performance Monitor's library is called with, in place of which calls of this test stand;
 * and the same with the system's own. */
#include "unit.h"

#include "monitor.h"

#include <string.h>
#include <wchar.h>
#include <winperf.h>

static const char provider_text[] = "{12345678-9abc-def0-1234-56789abcdef0}";
static const GUID provider_guid = {
    0x12345678, 0x9abc, 0xdef0, {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0}};
static const platform_counter_t counters[] = {{1, false}, {7, true}, {3, false}};
static const platform_counter_set_t sets[] = {
    {"{00000001-0000-0000-0000-000000000001}", false, counters, 2},
    {"{00000002-0000-0000-0000-000000000002}", true, counters, 3},
};

enum { CALL_LIMIT = 32, LIST_SIZE = 256 };

static apr_pool_t *pool;
static platform_monitor_t *monitor;
static struct {
    GUID provider;
    DWORD context_size;
    unsigned starts;
    unsigned stops;
    ULONG start_error;
    struct {
        PERF_COUNTERSET_INFO info;
        PERF_COUNTER_INFO counters[4];
        ULONG size;
    } described[CALL_LIMIT];
    unsigned described_count;
    ULONG describe_error; /* of the second set */
    struct {
        PERF_COUNTERSET_INSTANCE block;
        wchar_t name[LIST_SIZE];
        bool removed;
    } instances[CALL_LIMIT];
    unsigned instance_count;
    bool no_instance;
    struct {
        const PERF_COUNTERSET_INSTANCE *block;
        ULONG counter;
        const uint64_t *address;
    } references[CALL_LIMIT];
    unsigned reference_count;
    ULONG refer_error;
} seen;

static ULONG WINAPI start(LPGUID provider, PPERF_PROVIDER_CONTEXT context, HANDLE *handle)
{
    seen.starts++;
    seen.provider = *provider;
    seen.context_size = context->ContextSize;
    *handle = &seen;
    return seen.start_error;
}

static ULONG WINAPI stop(HANDLE handle)
{
    CU_ASSERT_PTR_EQUAL(handle, &seen);
    seen.stops++;
    return ERROR_SUCCESS;
}

static ULONG WINAPI describe(HANDLE handle, PPERF_COUNTERSET_INFO info, DWORD size)
{
    CU_ASSERT_PTR_EQUAL(handle, &seen);
    CU_ASSERT_FATAL(size <= sizeof(seen.described[0]));
    memcpy(&seen.described[seen.described_count].info, info, size);
    seen.described[seen.described_count++].size = size;
    return seen.described_count == 2 ? seen.describe_error : ERROR_SUCCESS;
}

static PPERF_COUNTERSET_INSTANCE WINAPI create(HANDLE handle, LPCGUID set, LPCWSTR name, ULONG id)
{
    CU_ASSERT_PTR_EQUAL(handle, &seen);
    if (seen.no_instance)
        return NULL;
    PPERF_COUNTERSET_INSTANCE block = &seen.instances[seen.instance_count].block;
    block->CounterSetGuid = *set;
    block->InstanceId = id;
    wcsncpy(seen.instances[seen.instance_count++].name, name, LIST_SIZE - 1);
    return block;
}

static ULONG WINAPI delete_instance(HANDLE handle, PPERF_COUNTERSET_INSTANCE block)
{
    CU_ASSERT_PTR_EQUAL(handle, &seen);
    for (unsigned i = 0; i < seen.instance_count; i++)
        if (&seen.instances[i].block == block) {
            CU_ASSERT_FALSE(seen.instances[i].removed);
            seen.instances[i].removed = true;
        }
    return ERROR_SUCCESS;
}

static ULONG WINAPI refer(HANDLE handle, PPERF_COUNTERSET_INSTANCE block, ULONG counter, void *address)
{
    CU_ASSERT_PTR_EQUAL(handle, &seen);
    seen.references[seen.reference_count].block = block;
    seen.references[seen.reference_count].counter = counter;
    seen.references[seen.reference_count++].address = address;
    return seen.refer_error;
}

static const monitor_calls_t calls = {start, stop, describe, create, delete_instance, refer};

static void begin(void)
{
    memset(&seen, 0, sizeof(seen));
    apr_pool_create(&pool, NULL);
}

static void begin_open(void)
{
    begin();
    CU_ASSERT_PTR_NULL_FATAL(monitor_open(&calls, provider_text, sets, 2, &monitor, pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(monitor);
}

static void OP_06_the_sets_are_described_as_they_are(void)
{
    begin_open();
    CU_ASSERT_EQUAL(seen.starts, 1);
    CU_ASSERT_EQUAL(memcmp(&seen.provider, &provider_guid, sizeof(GUID)), 0);
    CU_ASSERT_EQUAL(seen.context_size, sizeof(PERF_PROVIDER_CONTEXT));
    CU_ASSERT_EQUAL_FATAL(seen.described_count, 2);
    CU_ASSERT_EQUAL(seen.described[0].info.InstanceType, 0);
    CU_ASSERT_EQUAL(seen.described[1].info.InstanceType, 2);
    CU_ASSERT_EQUAL(seen.described[1].info.NumCounters, 3);
    CU_ASSERT_EQUAL(seen.described[1].info.CounterSetGuid.Data1, 2);
    CU_ASSERT_EQUAL(memcmp(&seen.described[1].info.ProviderGuid, &provider_guid, sizeof(GUID)), 0);
    CU_ASSERT_EQUAL(seen.described[1].size, sizeof(PERF_COUNTERSET_INFO) + 3 * sizeof(PERF_COUNTER_INFO));
    const PERF_COUNTER_INFO *second = &seen.described[1].counters[1];
    CU_ASSERT_EQUAL(second->CounterId, 7);
    CU_ASSERT_EQUAL(second->Type, PERF_COUNTER_BULK_COUNT);
    CU_ASSERT_EQUAL(second->Attrib, 1);
    CU_ASSERT_EQUAL(second->Size, 8);
    CU_ASSERT_EQUAL(second->Offset, 8);
    CU_ASSERT_EQUAL(seen.described[1].counters[2].Type, PERF_COUNTER_LARGE_RAWCOUNT);
    apr_pool_destroy(pool);
    CU_ASSERT_EQUAL(seen.stops, 1);
}

static void OP_06_an_instance_shows_the_values_where_they_are(void)
{
    begin_open();
    uint64_t *values = platform_monitor_add(monitor, 1, "B\xc3\xbcro");
    CU_ASSERT_PTR_NOT_NULL_FATAL(values);
    CU_ASSERT_EQUAL(wcscmp(seen.instances[0].name, L"B\xfcro"), 0);
    CU_ASSERT_EQUAL(seen.instances[0].block.CounterSetGuid.Data1, 2);
    CU_ASSERT_EQUAL_FATAL(seen.reference_count, 3);
    values[1] = UINT64_C(0x123456789a);
    CU_ASSERT_EQUAL(seen.references[1].counter, 7);
    CU_ASSERT_PTR_EQUAL(seen.references[1].block, &seen.instances[0].block);
    CU_ASSERT_EQUAL(*seen.references[1].address, UINT64_C(0x123456789a));
    CU_ASSERT_EQUAL(*seen.references[0].address, 0);
    apr_pool_destroy(pool);
    CU_ASSERT_TRUE(seen.instances[0].removed);
}

static void OP_06_instances_go_one_by_one_and_at_the_end(void)
{
    begin_open();
    uint64_t *first = platform_monitor_add(monitor, 1, "A");
    uint64_t *second = platform_monitor_add(monitor, 1, "B");
    CU_ASSERT_PTR_NOT_NULL_FATAL(platform_monitor_add(monitor, 0, ""));
    CU_ASSERT_PTR_NOT_NULL(second);
    CU_ASSERT_NOT_EQUAL(seen.instances[0].block.InstanceId, seen.instances[1].block.InstanceId);
    platform_monitor_remove(monitor, first);
    CU_ASSERT_TRUE(seen.instances[0].removed);
    CU_ASSERT_FALSE(seen.instances[1].removed);
    apr_pool_destroy(pool);
    CU_ASSERT_TRUE(seen.instances[1].removed && seen.instances[2].removed);
    CU_ASSERT_EQUAL(seen.stops, 1);
}

static void what_the_library_refuses_is_told_and_left(void)
{
    begin();
    seen.start_error = ERROR_ACCESS_DENIED;
    CU_ASSERT_PTR_NOT_NULL(monitor_open(&calls, provider_text, sets, 2, &monitor, pool));
    CU_ASSERT_PTR_NULL(monitor);
    seen.start_error = ERROR_SUCCESS;
    seen.describe_error = ERROR_NOT_ENOUGH_MEMORY;
    CU_ASSERT_PTR_NOT_NULL(monitor_open(&calls, provider_text, sets, 2, &monitor, pool));
    CU_ASSERT_PTR_NULL(monitor);
    CU_ASSERT_EQUAL(seen.stops, 1);
    CU_ASSERT_PTR_NOT_NULL(monitor_open(&calls, "no GUID", sets, 2, &monitor, pool));
    CU_ASSERT_EQUAL(seen.starts, 2);
    apr_pool_destroy(pool);
    CU_ASSERT_EQUAL(seen.stops, 1);
}

static void an_instance_that_is_refused_is_none(void)
{
    begin_open();
    seen.no_instance = true;
    CU_ASSERT_PTR_NULL(platform_monitor_add(monitor, 0, ""));
    seen.no_instance = false;
    seen.refer_error = ERROR_NOT_FOUND;
    CU_ASSERT_PTR_NULL(platform_monitor_add(monitor, 0, ""));
    CU_ASSERT_TRUE(seen.instances[0].removed);
    apr_pool_destroy(pool);
}

static void OP_06_the_system_s_own_library_takes_the_calls(void)
{
    begin();
    CU_ASSERT_PTR_NULL_FATAL(platform_monitor_open(provider_text, sets, 2, &monitor, pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(monitor);
    uint64_t *one = platform_monitor_add(monitor, 0, "");
    uint64_t *other = platform_monitor_add(monitor, 1, "B");
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    one[1] = other[2] = 5;
    platform_monitor_remove(monitor, other);
    CU_ASSERT_EQUAL(one[1], 5);
    apr_pool_destroy(pool);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(OP_06_the_sets_are_described_as_they_are),
    UNIT_TEST(OP_06_an_instance_shows_the_values_where_they_are),
    UNIT_TEST(OP_06_instances_go_one_by_one_and_at_the_end),
    UNIT_TEST(what_the_library_refuses_is_told_and_left),
    UNIT_TEST(an_instance_that_is_refused_is_none),
    UNIT_TEST(OP_06_the_system_s_own_library_takes_the_calls),
};
UNIT_MAIN("monitor", TESTS)
