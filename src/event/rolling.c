#include "event/rolling.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

struct rolling_t {
    apr_pool_t *pool;
    apr_pool_t *file_pool; /* of the open file; cleared when it rolls */
    apr_thread_mutex_t *mutex;
    const char *folder;
    const char *name;
    size_t limit;
    size_t written;
    apr_file_t *file; /* NULL: not open */
    bool begun;       /* the files of the last run were moved away */
};

rolling_t *rolling_create(const char *folder, const char *name, size_t limit, apr_pool_t *pool)
{
    rolling_t *log = apr_pcalloc(pool, sizeof(*log));
    log->pool = pool;
    apr_pool_create(&log->file_pool, pool);
    apr_thread_mutex_create(&log->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    log->folder = apr_pstrdup(pool, folder);
    log->name = apr_pstrdup(pool, name);
    log->limit = limit;
    return log;
}

static const char *path_of(const rolling_t *log, unsigned number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s/%s%u.LOG", log->folder, log->name, number);
}

static void roll(rolling_t *log)
{
    if (log->file)
        apr_file_close(log->file);
    log->file = NULL;
    apr_pool_clear(log->file_pool);
    for (unsigned number = ROLLING_KEPT; number > 0; number--)
        apr_file_rename(path_of(log, number - 1, log->file_pool), path_of(log, number, log->file_pool),
                        log->file_pool);
    log->written = 0;
}

static bool open_file(rolling_t *log)
{
    if (log->file)
        return true;
    return apr_file_open(&log->file, path_of(log, 0, log->file_pool),
                         APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND | APR_FOPEN_BINARY,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, log->file_pool) == APR_SUCCESS;
}

bool rolling_write(rolling_t *log, const char *text, size_t length)
{
    apr_thread_mutex_lock(log->mutex);
    if (!log->begun || (log->limit && log->written && log->written + length > log->limit))
        roll(log);
    log->begun = true;
    bool done = open_file(log);
    if (done)
        done = apr_file_write_full(log->file, text, length, NULL) == APR_SUCCESS;
    log->written += length;
    if (!done && log->file) { /* opened anew with the next text, in case the folder came back */
        apr_file_close(log->file);
        log->file = NULL;
        apr_pool_clear(log->file_pool);
    }
    apr_thread_mutex_unlock(log->mutex);
    return done;
}
