/* The bind plan: which local address each listener listens at, and which one calls of each connector come
 * from, with the reason for each choice. A pure function of the configuration and of what is known about this
 * machine: the addresses that are here, what names stand for, the cluster. It does not look anything up.
 *
 * The first of these that has an address decides: the own address of the listener or the connector (Stack IP
 * Address Override); the addresses of `mta`; the virtual addresses of the cluster's group; any address. What
 * was chosen and is not here is waited for; nothing else takes its place, for a peer that knows this MTA by
 * its address would see another one. */
#ifndef NET_BIND_PLAN_H
#define NET_BIND_PLAN_H

#include "config/config.h"

/* An address that this machine has now. */
typedef struct bind_present_t {
    const char *address; /* IPv4 or IPv6, a zone may follow */
    bool usable;         /* false while the system still checks that no other machine has it */
    bool link_down;      /* its interface has no link now; it can be bound all the same */
} bind_present_t;

/* What a name stands for. */
typedef struct bind_name_t {
    const char *name;
    const char *const *addresses; /* NULL-terminated, in order of preference; empty: it has none */
} bind_name_t;

typedef struct bind_facts_t {
    bool
        present_known; /* false: nothing is known of this machine's addresses, and all are taken to be here */
    const bind_present_t *present;
    size_t present_count;
    const bind_name_t *names; /* that were looked up; a name that is not among them waits */
    size_t name_count;
    bool on_cluster;      /* a cluster runs this service */
    bool cluster_pending; /* and has not said yet at which addresses */
    const char *const
        *virtual_addresses;     /* of its group: names and addresses; NULL-terminated, NULL = none */
    const char *virtual_source; /* who said so, in words */
} bind_facts_t;

typedef enum bind_rank_t { BIND_BY_OWN, BIND_BY_MTA, BIND_BY_CLUSTER, BIND_BY_ANY } bind_rank_t;

typedef enum bind_state_t {
    BIND_READY,     /* the address is here, or any address is to be bound */
    BIND_ABSENT,    /* it is not here */
    BIND_CHECKED,   /* it is here, and the system still checks that it is unique */
    BIND_LOOKUP,    /* the name has not been looked up yet */
    BIND_NAMELESS,  /* the name has no address */
    BIND_PENDING,   /* the cluster has not answered yet */
    BIND_OTHER_KIND /* there is no address of this kind (IPv4, IPv6) in the plan */
} bind_state_t;

typedef struct bind_point_t {
    bind_state_t state;
    bind_rank_t rank;
    const char *address; /* as the system writes it; NULL: any, or not known (see state) */
    const char *wanted;  /* the name or address as configured; NULL if any, or not known */
    const char *reason;  /* in words: why this one */
} bind_point_t;

typedef struct bind_listener_t {
    const config_listener_t *config;
    const bind_point_t *points; /* at least one */
    size_t count;
} bind_listener_t;

enum { BIND_IPV4, BIND_IPV6, BIND_KINDS };

typedef struct bind_source_t {
    const config_connector_t *config;
    bind_point_t kinds[BIND_KINDS]; /* where calls to IPv4 and to IPv6 addresses come from */
} bind_source_t;

typedef struct bind_plan_t {
    bind_listener_t *listeners; /* as config->listeners */
    size_t listener_count;
    bind_source_t *sources; /* as config->connectors */
    size_t source_count;
    bool on_cluster; /* addresses that are not here are no mistake */
} bind_plan_t;

/* Makes the plan. Its texts are in pool or belong to config and facts, which must live as long. */
void bind_plan_make(const config_t *config, const bind_facts_t *facts, apr_pool_t *pool, bind_plan_t *plan);

/* The names that a plan needs to know addresses of: NULL-terminated, each once. */
const char *const *bind_plan_names(const config_t *config, const bind_facts_t *facts, apr_pool_t *pool);

/* The point by which calls to host go: of the kind of a numeric address; for a name, the first of the two
 * that is ready, else the first that could become so. */
const bind_point_t *bind_plan_source(const bind_source_t *source, const char *host);

/* True if the addresses are the same, however they are written; zones do not count. False if one is none. */
bool bind_same_address(const char *a, const char *b);
/* True if text is an address and no name. */
bool bind_is_numeric(const char *text);
/* True if address has these octets (4 or 16). */
bool bind_is_octets(const char *address, bytes_t octets);
/* "ready", "absent", "being checked", "being looked up", "no such name", "asking the cluster", "none". */
const char *bind_state_name(bind_state_t state);
/* What a point waits for, in words: "it is not on this machine". */
const char *bind_state_words(bind_state_t state);
/* "own", "mta", "cluster", "any". */
const char *bind_rank_name(bind_rank_t rank);

#endif
