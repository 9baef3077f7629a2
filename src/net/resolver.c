#include "net/resolver.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

enum {
    SLOW_NAMES = 32,
    SLOW_MICROSECONDS = 2000000, /* a look-up that takes longer counts as slow */
    STACK_SIZE = 1 << 20         /* octets; modules of the name service want some */
};

typedef enum request_state_t { REQUEST_QUEUED, REQUEST_RUNNING, REQUEST_DONE } request_state_t;

/* One name; waiters belong to the loop's thread, the rest to who holds the lock. */
struct resolver_request_t {
    resolver_request_t *next; /* in the queue or the list of those done */
    resolver_request_t *all_next;
    request_state_t state;
    bool slow;
    resolver_waiter_t *waiters;
    resolver_addresses_t answer;
    char name[RESOLVER_NAME_LIMIT + 1];
};

struct resolver_t {
    net_loop_t *loop;
    apr_pool_t *pool; /* not below the loop's: threads may outlive the loop */
    resolver_lookup_t lookup;
    void *context;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *work;
    bool closed;
    unsigned thread_count;
    apr_thread_t *threads[RESOLVER_THREADS];
    unsigned idle;
    unsigned running;
    unsigned running_slow;
    resolver_request_t *queue;
    resolver_request_t *done;
    resolver_request_t *all; /* the loop's thread only */
    size_t count;
    char slow[SLOW_NAMES][RESOLVER_NAME_LIMIT + 1]; /* names that were slow the last time */
    unsigned slow_next;
    resolver_t *next_abandoned;
};

/* Resolvers whose loop went while a look-up hung in the system: given back when their threads have ended. */
static _Atomic(resolver_t *) abandoned;

void resolver_system_lookup(void *context, const char *host, resolver_addresses_t *answer)
{
    (void)context;
    apr_pool_t *pool = NULL;
    answer->count = 0;
    answer->status = apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    if (answer->status != APR_SUCCESS)
        return;
    apr_sockaddr_t *address = NULL;
    answer->status = apr_sockaddr_info_get(&address, host, APR_UNSPEC, 0, 0, pool);
    for (; answer->status == APR_SUCCESS && address && answer->count < RESOLVER_ADDRESS_LIMIT;
         address = address->next)
        if (apr_sockaddr_ip_getbuf(answer->text[answer->count], RESOLVER_TEXT_SIZE, address) == APR_SUCCESS)
            answer->count++;
    apr_pool_destroy(pool);
}

static int slow_index(const resolver_t *resolver, const char *name)
{
    for (int i = 0; i < SLOW_NAMES; i++)
        if (strcmp(resolver->slow[i], name) == 0)
            return i;
    return -1;
}

/* Remembers whether the name was slow. */
static void note_speed(resolver_t *resolver, const char *name, bool slow)
{
    int index = slow_index(resolver, name);
    if (index >= 0 && !slow)
        resolver->slow[index][0] = 0;
    if (index < 0 && slow) {
        apr_cpystrn(resolver->slow[resolver->slow_next], name, RESOLVER_NAME_LIMIT + 1);
        resolver->slow_next = (resolver->slow_next + 1) % SLOW_NAMES;
    }
}

/* The next request that may run: slow names get their share of the threads only. */
static resolver_request_t *take_request(resolver_t *resolver)
{
    resolver_request_t **link = &resolver->queue;
    while (*link && (*link)->slow && resolver->running_slow >= RESOLVER_SLOW_THREADS)
        link = &(*link)->next;
    resolver_request_t *request = *link;
    if (request)
        *link = request->next;
    return request;
}

/* In the loop's thread: hands the answers to those who wait. */
static void deliver(void *baton);

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    resolver_t *resolver = data;
    (void)thread;
    apr_thread_mutex_lock(resolver->lock);
    while (!resolver->closed) {
        resolver_request_t *request = take_request(resolver);
        if (!request) {
            resolver->idle++;
            apr_thread_cond_wait(resolver->work, resolver->lock);
            resolver->idle--;
            continue;
        }
        request->state = REQUEST_RUNNING;
        resolver->running++;
        resolver->running_slow += request->slow;
        apr_thread_mutex_unlock(resolver->lock);
        mono_time_t begun = timebase_mono(timebase_system());
        resolver->lookup(resolver->context, request->name, &request->answer);
        int64_t taken = timebase_mono(timebase_system()) - begun;
        apr_thread_mutex_lock(resolver->lock);
        resolver->running--;
        resolver->running_slow -= request->slow;
        if (request->slow && resolver->idle)
            apr_thread_cond_signal(resolver->work); /* another slow name may have waited for this one */
        if (resolver->closed)
            break;
        note_speed(resolver, request->name, taken > SLOW_MICROSECONDS);
        request->state = REQUEST_DONE;
        request->next = resolver->done;
        resolver->done = request;
        if (!request->next)
            net_loop_post(resolver->loop, deliver, resolver);
    }
    apr_thread_mutex_unlock(resolver->lock);
    return NULL;
}

resolver_t *resolver_create(net_loop_t *loop, resolver_lookup_t lookup, void *context)
{
    apr_pool_t *pool = NULL;
    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS)
        return NULL;
    resolver_t *resolver = apr_pcalloc(pool, sizeof(*resolver));
    resolver->loop = loop;
    resolver->pool = pool;
    resolver->lookup = lookup;
    resolver->context = context;
    if (apr_thread_mutex_create(&resolver->lock, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&resolver->work, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    return resolver;
}

/* All threads are on their way out: waits for them and gives everything back. */
static void give_back(resolver_t *resolver)
{
    for (unsigned i = 0; i < resolver->thread_count; i++) {
        apr_status_t status;
        apr_thread_join(&status, resolver->threads[i]);
    }
    while (resolver->all) {
        resolver_request_t *request = resolver->all;
        resolver->all = request->all_next;
        free(request);
    }
    apr_pool_destroy(resolver->pool);
}

/* Gives resolver back, or keeps it while one of its look-ups hangs. */
static void give_back_or_keep(resolver_t *resolver)
{
    apr_thread_mutex_lock(resolver->lock);
    bool hangs = resolver->running > 0;
    apr_thread_mutex_unlock(resolver->lock);
    if (!hangs) {
        give_back(resolver);
        return;
    }
    resolver->next_abandoned = atomic_load(&abandoned);
    while (!atomic_compare_exchange_weak(&abandoned, &resolver->next_abandoned, resolver))
        ;
}

bool resolver_give_back_abandoned(void)
{
    resolver_t *resolver = atomic_exchange(&abandoned, NULL);
    while (resolver) {
        resolver_t *next = resolver->next_abandoned;
        give_back_or_keep(resolver);
        resolver = next;
    }
    return atomic_load(&abandoned) == NULL;
}

void resolver_destroy(resolver_t *resolver)
{
    apr_thread_mutex_lock(resolver->lock);
    resolver->closed = true;
    apr_thread_cond_broadcast(resolver->work);
    apr_thread_mutex_unlock(resolver->lock);
    for (resolver_request_t *request = resolver->all; request; request = request->all_next)
        for (resolver_waiter_t *waiter = request->waiters; waiter; waiter = waiter->next)
            waiter->request = NULL;
    resolver_give_back_abandoned();
    give_back_or_keep(resolver);
}

/* One more thread, if all are busy and more are allowed. */
static apr_status_t add_thread(resolver_t *resolver)
{
    if (resolver->thread_count == RESOLVER_THREADS)
        return APR_SUCCESS;
    apr_threadattr_t *attributes = NULL;
    apr_status_t status = apr_threadattr_create(&attributes, resolver->pool);
    if (status == APR_SUCCESS)
        apr_threadattr_stacksize_set(attributes, STACK_SIZE);
    if (status == APR_SUCCESS)
        status = apr_thread_create(&resolver->threads[resolver->thread_count], attributes, work, resolver,
                                   resolver->pool);
    if (status == APR_SUCCESS)
        resolver->thread_count++;
    return resolver->thread_count > 0 ? APR_SUCCESS : status;
}

static resolver_request_t *find(resolver_t *resolver, const char *host)
{
    for (resolver_request_t *request = resolver->all; request; request = request->all_next)
        if (strcmp(request->name, host) == 0)
            return request;
    return NULL;
}

static void forget(resolver_t *resolver, resolver_request_t *request)
{
    for (resolver_request_t **link = &resolver->all; *link; link = &(*link)->all_next) {
        if (*link == request) {
            *link = request->all_next;
            resolver->count--;
            free(request);
            return;
        }
    }
}

static void enqueue(resolver_t *resolver, resolver_request_t *request)
{
    apr_thread_mutex_lock(resolver->lock);
    request->slow = slow_index(resolver, request->name) >= 0;
    resolver_request_t **link = &resolver->queue;
    while (*link)
        link = &(*link)->next;
    *link = request;
    apr_thread_cond_signal(resolver->work);
    apr_thread_mutex_unlock(resolver->lock);
}

apr_status_t resolver_ask(resolver_t *resolver, resolver_waiter_t *waiter, const char *host)
{
    if (strlen(host) > RESOLVER_NAME_LIMIT)
        return APR_ENAMETOOLONG;
    resolver_request_t *request = find(resolver, host);
    if (!request) {
        if (resolver->count >= RESOLVER_QUEUE_LIMIT)
            return APR_ENOSPC;
        apr_status_t status = resolver->count >= resolver->thread_count ? add_thread(resolver) : APR_SUCCESS;
        if (status != APR_SUCCESS)
            return status;
        request = calloc(1, sizeof(*request));
        if (!request)
            return APR_ENOMEM;
        apr_cpystrn(request->name, host, sizeof(request->name));
        request->all_next = resolver->all;
        resolver->all = request;
        resolver->count++;
        enqueue(resolver, request);
    }
    waiter->request = request;
    waiter->next = request->waiters;
    request->waiters = waiter;
    return APR_SUCCESS;
}

void resolver_cancel(resolver_t *resolver, resolver_waiter_t *waiter)
{
    resolver_request_t *request = waiter->request;
    if (!request)
        return;
    waiter->request = NULL;
    for (resolver_waiter_t **link = &request->waiters; *link; link = &(*link)->next) {
        if (*link == waiter) {
            *link = waiter->next;
            break;
        }
    }
    if (request->waiters)
        return;
    /* Nobody wants it any more: if it has not begun, it need not. */
    apr_thread_mutex_lock(resolver->lock);
    bool queued = request->state == REQUEST_QUEUED;
    for (resolver_request_t **link = &resolver->queue; queued && *link; link = &(*link)->next) {
        if (*link == request) {
            *link = request->next;
            break;
        }
    }
    apr_thread_mutex_unlock(resolver->lock);
    if (queued)
        forget(resolver, request);
}

static void deliver(void *baton)
{
    resolver_t *resolver = baton;
    apr_thread_mutex_lock(resolver->lock);
    resolver_request_t *done = resolver->done;
    resolver->done = NULL;
    apr_thread_mutex_unlock(resolver->lock);
    while (done) {
        resolver_request_t *request = done;
        done = request->next;
        /* A waiter may be cancelled by another's callback: take them off one by one. */
        while (request->waiters) {
            resolver_waiter_t *waiter = request->waiters;
            request->waiters = waiter->next;
            waiter->request = NULL;
            waiter->done(waiter->baton, &request->answer);
        }
        forget(resolver, request);
    }
}
