#include "base/timebase.h"

#include <apr_time.h>

#ifdef _WIN32
#include <windows.h>

static mono_time_t system_mono(void *context)
{
    (void)context;
    LARGE_INTEGER frequency;
    LARGE_INTEGER count;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&count);
    return count.QuadPart / frequency.QuadPart * 1000000 +
           count.QuadPart % frequency.QuadPart * 1000000 / frequency.QuadPart;
}
#else
#include <time.h>

static mono_time_t system_mono(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (mono_time_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
#endif

static utc_time_t system_utc(void *context)
{
    (void)context;
    return apr_time_now();
}

const timebase_t *timebase_system(void)
{
    static const timebase_t system_time = {system_mono, system_utc, NULL};
    return &system_time;
}
