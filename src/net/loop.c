#include "net/internal.h"

#include <assert.h>
#include <stdlib.h>

#include <apr_allocator.h>
#include <apr_atomic.h>
#include <apr_portable.h>
#include <apr_signal.h>
#include <apr_thread_mutex.h>

enum {
    FIRST_POSTS = 16,
    MICROSECONDS_PER_MILLISECOND = 1000,
    GATE_PAUSE = 10000,         /* microseconds */
    LONGEST_WAIT_SECONDS = 3600 /* systems count milliseconds in an int: a far timer must not overflow it */
};

typedef struct post_t {
    void (*run)(void *baton);
    void *baton;
} post_t;

typedef struct posts_t {
    post_t *list;
    size_t count;
    size_t capacity;
} posts_t;

struct net_loop_t {
    apr_pool_t *pool;
    apr_pollset_t *pollset;
    timers_t timers;
    mono_time_t now;
    apr_uint32_t stopping; /* atomic */
    bool running;
    apr_os_thread_t thread;
    apr_thread_mutex_t *lock; /* of `posts` */
    posts_t posts;            /* for the next turn */
    posts_t current;          /* of this turn */
    net_source_t *sources;
    net_source_t *dead;
    net_conn_t *closing, **closing_end;
    void (*turn_end)(void *baton);
    void *turn_end_baton;
    bool (*gate)(void *baton);
    void *gate_baton;
    bool held_back; /* output, in this turn */
    net_inherited_t *inherited;
    resolver_t *resolver;
    resolver_lookup_t lookup;
    void *lookup_context;
    uint8_t *read_buffer;
};

/* Before the pools of the sources go: lets go of what they hold outside. */
static apr_status_t abandon_sources(void *data)
{
    net_loop_t *loop = data;
    if (loop->resolver)
        resolver_destroy(loop->resolver);
    loop->resolver = NULL;
    for (net_source_t *source = loop->sources; source; source = source->next)
        if (source->abandoned)
            source->abandoned(source);
    return APR_SUCCESS;
}

static apr_status_t free_memory(void *data)
{
    net_loop_t *loop = data;
    loop->timers.count = 0; /* the owners of armed items may be gone already */
    timers_destroy(&loop->timers);
    free(loop->posts.list);
    free(loop->current.list);
    return APR_SUCCESS;
}

/* The loop's pool has an allocator of its own: no lock between loops, and a bound on what is kept. */
static apr_status_t create_pool(apr_pool_t **created, apr_pool_t *parent)
{
    apr_allocator_t *allocator = NULL;
    apr_status_t status = apr_allocator_create(&allocator);
    if (status != APR_SUCCESS)
        return status;
    apr_allocator_max_free_set(allocator, NET_POOL_MAX_FREE);
    status = apr_pool_create_ex(created, parent, NULL, allocator);
    if (status != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return status;
    }
    apr_allocator_owner_set(allocator, *created);
    return APR_SUCCESS;
}

/* Some systems wait on few sockets at once (select); they get as many as they take. */
static apr_status_t create_pollset(apr_pollset_t **pollset, apr_pool_t *pool)
{
    static const apr_uint32_t sizes[] = {NET_POLLSET_SIZE, 1000, 60};
    apr_status_t status = APR_EGENERAL;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        status = apr_pollset_create(pollset, sizes[i], pool, APR_POLLSET_WAKEABLE | APR_POLLSET_NOCOPY);
        if (status == APR_SUCCESS)
            break;
    }
    return status;
}

err_t *net_loop_create(net_loop_t **created, apr_pool_t *pool)
{
    apr_pool_t *own = NULL;
    apr_status_t status = create_pool(&own, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "no memory for an event loop");
    net_loop_t *loop = apr_pcalloc(own, sizeof(*loop));
    loop->pool = own;
    timers_init(&loop->timers);
    loop->closing_end = &loop->closing;
    loop->lookup = resolver_system_lookup;
    loop->read_buffer = apr_palloc(own, NET_READ_SIZE);
    loop->now = timebase_mono(timebase_system());
    status = apr_thread_mutex_create(&loop->lock, APR_THREAD_MUTEX_DEFAULT, own);
    if (status == APR_SUCCESS)
        status = create_pollset(&loop->pollset, own);
    if (status != APR_SUCCESS) {
        err_t *err = err_from_status(pool, status, "cannot create an event loop");
        apr_pool_destroy(own);
        return err;
    }
    apr_pool_pre_cleanup_register(own, loop, abandon_sources);
    apr_pool_cleanup_register(own, loop, free_memory, apr_pool_cleanup_null);
#ifdef SIGPIPE
    /* A peer that is gone is an error of the write, not the end of the process. */
    apr_signal(SIGPIPE, SIG_IGN);
#endif
    *created = loop;
    return NULL;
}

void net_loop_check_thread(const net_loop_t *loop)
{
    assert(!loop->running || apr_os_thread_equal(loop->thread, apr_os_thread_current()));
    (void)loop;
}

/* Waits for events, at most until the next timer; false if the pollset does not work any more. */
static apr_status_t wait_for_events(net_loop_t *loop, apr_int32_t *count, const apr_pollfd_t **ready)
{
    apr_interval_time_t timeout = -1;
    mono_time_t next = timers_next(&loop->timers);
    apr_thread_mutex_lock(loop->lock);
    bool work = loop->posts.count > 0 || loop->closing || loop->dead;
    apr_thread_mutex_unlock(loop->lock);
    if (work)
        timeout = 0;
    else if (next != MONO_NEVER) {
        int64_t rest = next - timebase_mono(timebase_system());
        /* The system waits in milliseconds: up, or the loop would spin until the timer is due. */
        timeout = rest <= 0                                    ? 0
                  : rest >= TIME_SECONDS(LONGEST_WAIT_SECONDS) ? TIME_SECONDS(LONGEST_WAIT_SECONDS)
                                                               : rest + MICROSECONDS_PER_MILLISECOND - 1;
    }
    *count = 0;
    apr_status_t status = apr_pollset_poll(loop->pollset, timeout, count, ready);
    if (APR_STATUS_IS_TIMEUP(status) || APR_STATUS_IS_EINTR(status))
        return APR_SUCCESS;
    return status;
}

static void run_posts(net_loop_t *loop)
{
    apr_thread_mutex_lock(loop->lock);
    posts_t taken = loop->posts;
    loop->posts = loop->current;
    loop->posts.count = 0;
    loop->current = taken;
    apr_thread_mutex_unlock(loop->lock);
    for (size_t i = 0; i < loop->current.count; i++)
        loop->current.list[i].run(loop->current.list[i].baton);
    loop->current.count = 0;
}

static void deliver_closed(net_loop_t *loop)
{
    while (loop->closing) {
        net_conn_t *conn = loop->closing;
        loop->closing = conn->next_closing;
        if (!loop->closing)
            loop->closing_end = &loop->closing;
        conn->next_closing = NULL;
        net_conn_deliver_closed(conn);
    }
}

static void free_dead(net_loop_t *loop)
{
    while (loop->dead) {
        net_source_t *source = loop->dead;
        loop->dead = source->next_dead;
        apr_pool_destroy(source->pool);
    }
}

err_t *net_loop_run(net_loop_t *loop)
{
    loop->thread = apr_os_thread_current();
    loop->running = true;
    err_t *err = NULL;
    while (!apr_atomic_read32(&loop->stopping)) {
        apr_int32_t count = 0;
        const apr_pollfd_t *ready = NULL;
        apr_status_t status = wait_for_events(loop, &count, &ready);
        if (status != APR_SUCCESS) {
            err = err_from_status(loop->pool, status, "the event loop cannot wait for its sockets");
            break;
        }
        loop->now = timebase_mono(timebase_system());
        for (apr_int32_t i = 0; i < count; i++) {
            net_source_t *source = ready[i].client_data;
            if (!source->dead)
                source->ready(source, ready[i].rtnevents);
        }
        run_posts(loop);
        timers_run(&loop->timers, loop->now);
        deliver_closed(loop);
        if (loop->turn_end)
            loop->turn_end(loop->turn_end_baton);
        free_dead(loop);
        if (loop->held_back) /* sockets that take output are ready all the time */
            apr_sleep(GATE_PAUSE);
        loop->held_back = false;
    }
    apr_atomic_set32(&loop->stopping, 0);
    loop->running = false;
    return err;
}

void net_loop_stop(net_loop_t *loop)
{
    apr_atomic_set32(&loop->stopping, 1);
    apr_pollset_wakeup(loop->pollset);
}

void net_loop_post(net_loop_t *loop, void (*run)(void *baton), void *baton)
{
    apr_thread_mutex_lock(loop->lock);
    posts_t *posts = &loop->posts;
    if (posts->count == posts->capacity) {
        size_t capacity = posts->capacity ? posts->capacity * 2 : FIRST_POSTS;
        post_t *list = realloc(posts->list, capacity * sizeof(*list));
        if (!list)
            abort(); /* work that is lost here would be waited for for ever */
        posts->list = list;
        posts->capacity = capacity;
    }
    posts->list[posts->count++] = (post_t){run, baton};
    bool first = posts->count == 1;
    apr_thread_mutex_unlock(loop->lock);
    if (first)
        apr_pollset_wakeup(loop->pollset);
}

mono_time_t net_loop_now(const net_loop_t *loop)
{
    return loop->now;
}

const timebase_t *net_loop_time(const net_loop_t *loop)
{
    (void)loop;
    return timebase_system();
}

timers_t *net_loop_timers(net_loop_t *loop)
{
    net_loop_check_thread(loop);
    return &loop->timers;
}

void net_loop_set_gate(net_loop_t *loop, bool (*open)(void *baton), void *baton)
{
    loop->gate = open;
    loop->gate_baton = baton;
}

bool net_loop_lets_out(net_loop_t *loop)
{
    bool open = !loop->gate || loop->gate(loop->gate_baton);
    loop->held_back |= !open;
    return open;
}

void net_loop_set_turn_end(net_loop_t *loop, void (*run)(void *baton), void *baton)
{
    loop->turn_end = run;
    loop->turn_end_baton = baton;
}

size_t net_loop_connections(const net_loop_t *loop)
{
    size_t count = 0;
    for (const net_source_t *source = loop->sources; source; source = source->next)
        count += source->connection;
    return count;
}

uint8_t *net_loop_read_buffer(net_loop_t *loop)
{
    return loop->read_buffer;
}

void net_loop_set_lookup(net_loop_t *loop, resolver_lookup_t lookup, void *context)
{
    loop->lookup = lookup;
    loop->lookup_context = context;
}

net_inherited_t **net_loop_inherited(net_loop_t *loop)
{
    return &loop->inherited;
}

apr_pool_t *net_loop_pool(net_loop_t *loop)
{
    return loop->pool;
}

resolver_t *net_loop_resolver(net_loop_t *loop)
{
    if (!loop->resolver)
        loop->resolver = resolver_create(loop, loop->lookup, loop->lookup_context);
    return loop->resolver;
}

void net_loop_queue_closed(net_loop_t *loop, net_conn_t *conn)
{
    conn->next_closing = NULL;
    *loop->closing_end = conn;
    loop->closing_end = &conn->next_closing;
}

void *net_source_create(net_loop_t *loop, size_t size)
{
    net_loop_check_thread(loop);
    apr_pool_t *pool = NULL;
    if (apr_pool_create(&pool, loop->pool) != APR_SUCCESS)
        abort(); /* as every pool of the process does without memory */
    net_source_t *source = apr_pcalloc(pool, size);
    source->loop = loop;
    source->pool = pool;
    source->next = loop->sources;
    source->link = &loop->sources;
    if (source->next)
        source->next->link = &source->next;
    loop->sources = source;
    return source;
}

apr_status_t net_source_watch(net_source_t *source, apr_socket_t *socket, apr_int16_t events)
{
    apr_pollset_t *pollset = source->loop->pollset;
    if (source->pollfd.reqevents == (events ? events | APR_POLLERR : 0) &&
        (!events || source->pollfd.desc.s == socket))
        return APR_SUCCESS;
    if (source->pollfd.reqevents)
        apr_pollset_remove(pollset, &source->pollfd);
    source->pollfd = (apr_pollfd_t){.p = source->pool, .client_data = source};
    if (!events)
        return APR_SUCCESS;
    source->pollfd.desc_type = APR_POLL_SOCKET;
    source->pollfd.desc.s = socket;
    source->pollfd.reqevents = (apr_int16_t)(events | APR_POLLERR);
    apr_status_t status = apr_pollset_add(pollset, &source->pollfd);
    if (status != APR_SUCCESS)
        source->pollfd.reqevents = 0;
    return status;
}

void net_source_end(net_source_t *source)
{
    if (source->dead)
        return;
    net_source_watch(source, NULL, 0);
    source->dead = true;
    *source->link = source->next;
    if (source->next)
        source->next->link = source->link;
    source->next_dead = source->loop->dead;
    source->loop->dead = source;
}
