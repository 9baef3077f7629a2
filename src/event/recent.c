#include "event/recent.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>

struct event_recent_t {
    apr_thread_mutex_t *mutex;
    uint64_t last;
    event_kept_t kept[EVENT_RECENT_COUNT]; /* number n is at n % EVENT_RECENT_COUNT */
};

static void keep(void *context, const event_record_t *record)
{
    event_recent_t *recent = context;
    const event_subject_t *subject = record->subject;
    apr_thread_mutex_lock(recent->mutex);
    event_kept_t *kept = &recent->kept[++recent->last % EVENT_RECENT_COUNT];
    kept->number = recent->last;
    kept->definition = record->definition;
    kept->time = record->time;
    kept->error_code = subject->error_code;
    apr_cpystrn(kept->connector, subject->connector ? subject->connector : "", sizeof(kept->connector));
    apr_cpystrn(kept->layer, subject->layer ? subject->layer : "", sizeof(kept->layer));
    apr_cpystrn(kept->mts_id, subject->mts_id ? subject->mts_id : "", sizeof(kept->mts_id));
    apr_cpystrn(kept->text, record->text, sizeof(kept->text));
    apr_thread_mutex_unlock(recent->mutex);
}

event_recent_t *event_log_add_recent(event_log_t *log, apr_pool_t *pool)
{
    event_recent_t *recent = apr_pcalloc(pool, sizeof(*recent));
    apr_thread_mutex_create(&recent->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    event_log_add_sink(log, keep, recent);
    return recent;
}

uint64_t event_recent_read(event_recent_t *recent, uint64_t after, size_t limit,
                           void (*each)(void *context, const event_kept_t *kept), void *context)
{
    apr_thread_mutex_lock(recent->mutex);
    uint64_t last = recent->last;
    apr_thread_mutex_unlock(recent->mutex);
    uint64_t first = last >= EVENT_RECENT_COUNT ? last - EVENT_RECENT_COUNT + 1 : 1;
    if (after >= first)
        first = after + 1;
    else if (after == 0 && last >= limit && first < last - limit + 1)
        first = last - limit + 1;
    for (uint64_t number = first; number <= last && limit > 0; number++, limit--) {
        event_kept_t copy;
        apr_thread_mutex_lock(recent->mutex);
        copy = recent->kept[number % EVENT_RECENT_COUNT];
        apr_thread_mutex_unlock(recent->mutex);
        if (copy.number == number) /* otherwise a newer one took its place meanwhile */
            each(context, &copy);
    }
    return last;
}
