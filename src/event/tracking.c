#include "event/tracking.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <apr_time.h>

#include "base/bytes.h"
#include "event/ids.h"
#include "event/printable.h"

enum {
    DAY_SIZE = 9,
    RETRY_MICROSECONDS = 200000,
    GATHER_MICROSECONDS = 10000, /* lines that come in this time after the first are written with it */
    BLOCK_SIZE = 65536,          /* of one write */
    HEAD_VALUES = 13
};

/* One record as lines, for the file of one day. */
typedef struct line_t {
    struct line_t *next;
    char day[DAY_SIZE]; /* "20261122" */
    size_t length;
    char text[];
} line_t;

struct tracking_t {
    apr_pool_t *pool;
    apr_pool_t *file_pool;
    event_log_t *log;
    const char *folder;
    unsigned keep_days;
    apr_thread_t *thread;
    apr_thread_mutex_t *mutex; /* guards the list, waiting, asleep and closing */
    apr_thread_cond_t *wake;
    bool asleep; /* the thread: the next line wakes it */
    line_t *first;
    line_t **last;
    size_t waiting; /* octets */
    bool closing;
    _Atomic uint64_t dropped;
    /* of the thread alone */
    apr_file_t *file;
    char day[DAY_SIZE];
    bool failing;
    uint64_t dropped_told;
    char block[BLOCK_SIZE];
};

static const struct {
    int number;
    const char *name;
} NAMES[] = {
    {TRACKING_MESSAGE_IN, "message in"},
    {TRACKING_PROBE_IN, "probe in"},
    {TRACKING_REPORT_IN, "report in"},
    {TRACKING_SUBMISSION, "submitted"},
    {TRACKING_PROBE_SUBMISSION, "probe submitted"},
    {TRACKING_PROBE_OUT, "probe out"},
    {TRACKING_MESSAGE_OUT, "message out"},
    {TRACKING_REPORT_OUT, "report out"},
    {TRACKING_DELIVERED, "delivered"},
    {TRACKING_REPORT_DELIVERED, "report delivered"},
    {TRACKING_LIST_EXPANSION, "list expanded"},
    {TRACKING_REDIRECTED, "redirected"},
    {TRACKING_REROUTED, "rerouted"},
    {TRACKING_DOWNGRADE, "downgraded"},
    {TRACKING_REPORT_ABSORBED, "report absorbed"},
    {TRACKING_REPORT_MADE, "report made"},
    {TRACKING_REPORT_DISCARDED, "unroutable report discarded"},
    {TRACKING_MESSAGE_DELETED, "message deleted by the operator"},
    {TRACKING_PROBE_DELETED, "probe deleted by the operator"},
    {TRACKING_REPORT_DELETED, "report deleted by the operator"},
};

const char *tracking_event_name(int number)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (NAMES[i].number == number)
            return NAMES[i].name;
    return "event";
}

static void day_of(const apr_time_exp_t *t, char day[DAY_SIZE])
{
    unsigned number = (unsigned)(t->tm_year + 1900) % 10000 * 10000 + (unsigned)(t->tm_mon + 1) * 100 +
                      (unsigned)t->tm_mday;
    day[DAY_SIZE - 1] = 0;
    for (int i = DAY_SIZE - 1; i-- > 0; number /= 10)
        day[i] = (char)('0' + number % 10);
}

/* The thread. */

static void delete_old(tracking_t *tracking)
{
    if (!tracking->keep_days)
        return;
    char oldest[DAY_SIZE];
    apr_time_exp_t t;
    apr_time_exp_gmt(&t, apr_time_now() - apr_time_from_sec((apr_time_t)tracking->keep_days * 86400));
    day_of(&t, oldest);
    apr_pool_t *pool;
    apr_pool_create(&pool, tracking->file_pool);
    apr_dir_t *folder;
    if (apr_dir_open(&folder, tracking->folder, pool) == APR_SUCCESS) {
        apr_finfo_t file;
        while (apr_dir_read(&file, APR_FINFO_NAME, folder) == APR_SUCCESS) {
            bool ours = file.name && strlen(file.name) == 12 && strspn(file.name, "0123456789") == 8 &&
                        strcmp(file.name + 8, ".log") == 0;
            if (ours && strncmp(file.name, oldest, 8) < 0)
                apr_file_remove(apr_pstrcat(pool, tracking->folder, "/", file.name, NULL), pool);
        }
        apr_dir_close(folder);
    }
    apr_pool_destroy(pool);
}

static void close_file(tracking_t *tracking)
{
    if (tracking->file)
        apr_file_close(tracking->file);
    tracking->file = NULL;
    apr_pool_clear(tracking->file_pool);
}

static apr_status_t open_day(tracking_t *tracking, const char *day)
{
    if (tracking->file && strcmp(tracking->day, day) == 0)
        return APR_SUCCESS;
    close_file(tracking);
    delete_old(tracking);
    memcpy(tracking->day, day, DAY_SIZE);
    apr_dir_make_recursive(tracking->folder, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE,
                           tracking->file_pool);
    return apr_file_open(&tracking->file,
                         apr_psprintf(tracking->file_pool, "%s/%s.log", tracking->folder, day),
                         APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND | APR_FOPEN_BINARY,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD, tracking->file_pool);
}

static void tell_failing(tracking_t *tracking, apr_status_t status)
{
    if (tracking->failing)
        return;
    tracking->failing = true;
    char words[160];
    err_status_words(status, words, sizeof(words));
    event_subject_t subject = {.error_code = status};
    event_raise(tracking->log, EVENT_ID_TRACKING_ERROR, &subject, tracking->folder, words);
}

static void tell_recovered(tracking_t *tracking)
{
    uint64_t dropped = atomic_load(&tracking->dropped);
    if (!tracking->failing && dropped == tracking->dropped_told)
        return;
    char count[32];
    apr_snprintf(count, sizeof(count), "%" APR_UINT64_T_FMT,
                 (apr_uint64_t)(dropped - tracking->dropped_told));
    tracking->failing = false;
    tracking->dropped_told = dropped;
    event_raise(tracking->log, EVENT_ID_TRACKING_RECOVERED, NULL, tracking->folder, count);
}

/* The lines of one day that one write takes, joined in the block; a longer one is a write of its own. *end is
 * the first that is not among them. */
static bytes_t join_lines(tracking_t *tracking, line_t *lines, line_t **end)
{
    *end = lines->next;
    if (lines->length > BLOCK_SIZE)
        return bytes_make(lines->text, lines->length);
    size_t length = 0;
    line_t *line = lines;
    for (; line && length + line->length <= BLOCK_SIZE && strcmp(line->day, lines->day) == 0;
         line = line->next) {
        memcpy(tracking->block + length, line->text, line->length);
        length += line->length;
    }
    *end = line;
    return bytes_make(tracking->block, length);
}

/* Frees the lines before end of which all is written; returns the first that is left. */
static line_t *free_written(tracking_t *tracking, line_t *lines, const line_t *end, size_t written)
{
    size_t freed = 0;
    while (lines != end && freed + lines->length <= written) {
        line_t *next = lines->next;
        freed += lines->length;
        free(lines);
        lines = next;
    }
    apr_thread_mutex_lock(tracking->mutex);
    tracking->waiting -= freed;
    apr_thread_mutex_unlock(tracking->mutex);
    return lines;
}

/* Writes lines as they stand, many at once; returns those that could not be written. */
static line_t *write_lines(tracking_t *tracking, line_t *lines)
{
    while (lines) {
        line_t *end = NULL;
        apr_status_t status = open_day(tracking, lines->day);
        bytes_t block = join_lines(tracking, lines, &end);
        apr_size_t written = 0;
        if (status == APR_SUCCESS)
            status = apr_file_write_full(tracking->file, block.data, block.length, &written);
        lines = free_written(tracking, lines, end, written);
        if (status != APR_SUCCESS) {
            close_file(tracking);
            tell_failing(tracking, status);
            return lines;
        }
    }
    tell_recovered(tracking);
    return NULL;
}

static void free_lines(tracking_t *tracking, line_t *lines)
{
    while (lines) {
        line_t *next = lines->next;
        atomic_fetch_add(&tracking->dropped, 1);
        free(lines);
        lines = next;
    }
}

/* Waits for lines, or, if some are left that could not be written, for a while. Lines come in flocks: the
 * first wakes the thread, which waits a moment for the others, so that they cost neither a wake-up nor a
 * write each. */
static void wait_for_lines(tracking_t *tracking, bool left)
{
    if (left)
        apr_thread_cond_timedwait(tracking->wake, tracking->mutex, RETRY_MICROSECONDS);
    while (!left && !tracking->first && !tracking->closing) {
        tracking->asleep = true;
        apr_thread_cond_wait(tracking->wake, tracking->mutex);
    }
    tracking->asleep = false;
    if (!left && !tracking->closing)
        apr_thread_cond_timedwait(tracking->wake, tracking->mutex, GATHER_MICROSECONDS);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    tracking_t *tracking = data;
    line_t *left = NULL;
    for (;;) {
        apr_thread_mutex_lock(tracking->mutex);
        wait_for_lines(tracking, left != NULL);
        bool closing = tracking->closing;
        line_t **end = &left;
        while (*end)
            end = &(*end)->next;
        *end = tracking->first;
        tracking->first = NULL;
        tracking->last = &tracking->first;
        apr_thread_mutex_unlock(tracking->mutex);
        left = write_lines(tracking, left);
        if (closing) {
            free_lines(tracking, left);
            close_file(tracking);
            apr_thread_exit(thread, APR_SUCCESS);
            return NULL;
        }
    }
}

/* Any thread. */

err_t *tracking_open(tracking_t **out, const char *folder, unsigned keep_days, event_log_t *log,
                     apr_pool_t *pool)
{
    tracking_t *tracking = apr_pcalloc(pool, sizeof(*tracking));
    tracking->pool = pool;
    tracking->log = log;
    tracking->folder = apr_pstrdup(pool, folder);
    tracking->keep_days = keep_days;
    tracking->last = &tracking->first;
    /* The thread's own: pools are not shared between threads. */
    apr_allocator_t *allocator;
    apr_status_t status = apr_allocator_create(&allocator);
    if (status == APR_SUCCESS)
        status = apr_pool_create_ex(&tracking->file_pool, NULL, NULL, allocator);
    if (status == APR_SUCCESS) {
        apr_allocator_owner_set(allocator, tracking->file_pool);
        status = apr_thread_mutex_create(&tracking->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    }
    if (status == APR_SUCCESS)
        status = apr_thread_cond_create(&tracking->wake, pool);
    if (status == APR_SUCCESS)
        status = apr_thread_create(&tracking->thread, NULL, run, tracking, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "message tracking cannot be started");
    *out = tracking;
    return NULL;
}

void tracking_close(tracking_t *tracking)
{
    if (!tracking || !tracking->thread)
        return;
    apr_thread_mutex_lock(tracking->mutex);
    tracking->closing = true;
    apr_thread_cond_signal(tracking->wake);
    apr_thread_mutex_unlock(tracking->mutex);
    apr_status_t result;
    apr_thread_join(&result, tracking->thread);
    tracking->thread = NULL;
    apr_pool_destroy(tracking->file_pool);
}

static char *put_text(char *at, const char *text)
{
    size_t length = strlen(text);
    memcpy(at, text, length); /* NOLINT(bugprone-not-null-terminated-result): more follows */
    return at + length;
}

static char *put_value(char *at, const char *value, char end)
{
    at += printable_copy(at, TRACKING_VALUE_LIMIT + 1, value ? value : "");
    *at++ = end;
    return at;
}

/* Two records are written for each message that passes: quicker than a general formatter. */
static char *put_number(char *at, int64_t value, char end)
{
    char digits[24];
    int count = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0)
        *at++ = '-';
    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    while (count > 0)
        *at++ = digits[--count];
    *at++ = end;
    return at;
}

static char *put_time(char *at, const apr_time_exp_t *t)
{
    at = put_number(at, t->tm_year + 1900, '.');
    at = put_number(at, t->tm_mon + 1, '.');
    at = put_number(at, t->tm_mday, ' ');
    at = put_number(at, t->tm_hour, ':');
    at = put_number(at, t->tm_min, ':');
    return put_number(at, t->tm_sec, '\t');
}

static line_t *make_line(const tracking_record_t *record)
{
    size_t room = (HEAD_VALUES + (size_t)record->recipient_count) * (TRACKING_VALUE_LIMIT + 8);
    line_t *line = malloc(sizeof(*line) + room);
    if (!line)
        return NULL;
    line->next = NULL;
    apr_time_exp_t t;
    apr_time_exp_gmt(&t, record->time);
    day_of(&t, line->day);
    char *at = put_value(line->text, record->mts_id, '\t');
    at = put_number(at, record->event, '\t');
    at = put_time(at, &t);
    at = put_value(at, record->connector, '\t');
    at = put_value(at, record->partner, '\t');
    at = put_value(at, record->remote_id, '\t');
    at = put_value(at, record->originator, '\t');
    at = put_number(at, record->priority, '\t');
    at = put_number(at, (int64_t)record->octets, '\t');
    at = put_text(at, "0\t1\t");
    at = put_value(at, record->subject_id, '\t');
    at = put_number(at, record->recipient_count, '\n');
    for (unsigned i = 0; i < record->recipient_count; i++) {
        at = put_value(at, record->recipients[i].address, '\t');
        at = put_text(at, record->recipients[i].failed ? "1\n" : "0\n");
    }
    line->length = (size_t)(at - line->text);
    line_t *fitting = realloc(line, sizeof(*line) + line->length);
    return fitting ? fitting : line;
}

void tracking_write(tracking_t *tracking, const tracking_record_t *record)
{
    if (!tracking)
        return;
    line_t *line = make_line(record);
    apr_thread_mutex_lock(tracking->mutex);
    bool fits = line && tracking->waiting + line->length <= TRACKING_BACKLOG;
    if (fits) {
        *tracking->last = line;
        tracking->last = &line->next;
        tracking->waiting += line->length;
        if (tracking->asleep)
            apr_thread_cond_signal(tracking->wake);
        tracking->asleep = false;
    }
    apr_thread_mutex_unlock(tracking->mutex);
    if (!fits) {
        atomic_fetch_add(&tracking->dropped, 1);
        free(line);
    }
}

uint64_t tracking_dropped(const tracking_t *tracking)
{
    return tracking ? atomic_load(&tracking->dropped) : 0;
}
