/* The network of a scenario: who is linked to whom, how, and each MTA's configuration as its operator would
 * have written it, with redirections and distribution lists. */
#ifndef SIM_TOPOLOGY_H
#define SIM_TOPOLOGY_H

#include "world.h"

typedef enum shape_t { SHAPE_CHAIN, SHAPE_STAR, SHAPE_RING, SHAPE_TREE, SHAPE_MESH, SHAPE_COUNT } shape_t;

enum { TOPOLOGY_MEMBERS = 6 };

typedef struct user_t {
    unsigned node;
    unsigned user;
} user_t;

/* What a node's operator has set up beside mailboxes. */
typedef struct aliases_t {
    bool redirects; /* JUDGE_REDIRECTED_USER to this user */
    user_t to;
    unsigned member_count; /* of the list JUDGE_LIST_USER; 0 = there is none */
    user_t members[TOPOLOGY_MEMBERS];
} aliases_t;

typedef struct topology_t {
    world_t *world;
    apr_pool_t *pool;
    shape_t shape;
    bool one_domain;     /* all MTAs belong to one management domain (internal trace) */
    bool alternates;     /* address spaces name second ways */
    bool short_timeouts; /* messages expire within minutes */
    unsigned checkpoint_size;
    unsigned window_size;
    unsigned open_interval;
    unsigned max_open_retries;
    unsigned threshold;
    unsigned maximum_associations;
    uint8_t *linked; /* node_count x node_count: 0, or 1 + how */
    uint16_t *next;  /* [from][to]: the next hop, by the fewest hops */
    uint16_t *distance;
    aliases_t *aliases; /* of each node */
} topology_t;

topology_t *topology_create(world_t *world, apr_pool_t *pool);
/* Reads the configuration of every MTA. */
void topology_configure(topology_t *topology);
/* The mode (osi_mode_t) with which a calls b. */
int topology_mode(const topology_t *topology, unsigned a, unsigned b);
bool topology_two_way(const topology_t *topology, unsigned a, unsigned b);
/* The address of a user, as text. */
const char *topology_address(const topology_t *topology, unsigned node, unsigned user, apr_pool_t *pool);
const char *shape_name(shape_t shape);

#endif
