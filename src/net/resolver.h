/* Look-up of host names by a few threads, for one loop. A name is looked up once at a time, however many wait
 * for it; names that were slow the last time never hold all threads, so that a name server that does not
 * answer for one peer costs the others nothing. The answer is delivered in the loop's thread. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "net/net.h"

enum {
    RESOLVER_ADDRESS_LIMIT = 16, /* addresses of a name that are tried */
    RESOLVER_TEXT_SIZE = 64,     /* an address as text, with zone and terminator */
    RESOLVER_NAME_LIMIT = 255,   /* octets of a host name (RFC 1035) */
    RESOLVER_THREADS = 4,
    RESOLVER_SLOW_THREADS = 2, /* most threads that names known to be slow may hold at once */
    RESOLVER_QUEUE_LIMIT = 512 /* names waiting or being looked up */
};

/* The answer: numeric addresses as text, in the order to try them; status says why there are none. */
typedef struct resolver_addresses_t {
    apr_status_t status;
    unsigned count;
    char text[RESOLVER_ADDRESS_LIMIT][RESOLVER_TEXT_SIZE];
} resolver_addresses_t;

/* Looks up host and fills answer; called in a thread of the resolver, may take its time. */
typedef void (*resolver_lookup_t)(void *context, const char *host, resolver_addresses_t *answer);

typedef struct resolver_t resolver_t;
typedef struct resolver_request_t resolver_request_t;

/* One who waits; embedded in the object that waits. */
typedef struct resolver_waiter_t {
    void (*done)(void *baton, const resolver_addresses_t *answer);
    void *baton;
    resolver_request_t *request; /* NULL: does not wait */
    struct resolver_waiter_t *next;
} resolver_waiter_t;

/* Replaces the system's look-up for the loop (another directory, a test); before the first dial. */
void net_loop_set_lookup(net_loop_t *loop, resolver_lookup_t lookup, void *context);

/* The loop's resolver; NULL if the system has no memory for it. From the loop's thread. */
resolver_t *net_loop_resolver(net_loop_t *loop);

/* The functions below: from the loop's thread. NULL if the system has no memory for it. */
resolver_t *resolver_create(net_loop_t *loop, resolver_lookup_t lookup, void *context);
/* Forgets all who wait. A look-up that hangs in the system cannot be called back: its thread ends by itself
 * later, and what it needs is given back when another resolver is destroyed after that. */
void resolver_destroy(resolver_t *resolver);
/* Gives back what hung look-ups of destroyed resolvers needed, where they have ended; true if none is left.
 */
bool resolver_give_back_abandoned(void);
/* Asks for host; waiter->done is called later from the loop, unless cancelled. Fails with APR_ENAMETOOLONG,
 * APR_ENOMEM (no thread), or APR_ENOSPC (too many names wait). */
apr_status_t resolver_ask(resolver_t *resolver, resolver_waiter_t *waiter, const char *host);
/* The waiter does not want the answer any more; no effect if it does not wait. */
void resolver_cancel(resolver_t *resolver, resolver_waiter_t *waiter);

/* The system's look-up. */
void resolver_system_lookup(void *context, const char *host, resolver_addresses_t *answer);

#endif
