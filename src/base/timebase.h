/* The two kinds of time: monotonic for timers, UTC for stamps. Code above src/base does not read a clock:
 * it is given a timebase_t, so that a test or the simulation can run a day of retries in a millisecond. */
#ifndef BASE_TIMEBASE_H
#define BASE_TIMEBASE_H

#include <stdint.h>

/* Microseconds on a clock that never steps; only differences mean anything. */
typedef int64_t mono_time_t;
/* Microseconds since 1970-01-01 00:00:00 UTC (as apr_time_t). */
typedef int64_t utc_time_t;

#define MONO_NEVER INT64_MAX
#define TIME_SECONDS(n) ((int64_t)(n)*1000000)
#define TIME_MILLISECONDS(n) ((int64_t)(n)*1000)

typedef struct timebase_t {
    mono_time_t (*mono)(void *context);
    utc_time_t (*utc)(void *context);
    void *context;
} timebase_t;

static inline mono_time_t timebase_mono(const timebase_t *time)
{
    return time->mono(time->context);
}

static inline utc_time_t timebase_utc(const timebase_t *time)
{
    return time->utc(time->context);
}

/* The clocks of this machine. */
const timebase_t *timebase_system(void);

#endif
