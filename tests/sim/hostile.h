/* A node that misbehaves: it speaks the real stack, and then it does not. It takes calls and makes them, with
 * the right name and password, and by seed sends garbage, says nothing, never confirms, aborts in the middle,
 * repeats, drops, cuts and alters what its own stack wrote. */
#ifndef SIM_HOSTILE_H
#define SIM_HOSTILE_H

#include "world.h"

hostile_t *hostile_create(node_t *node, apr_pool_t *pool);
void hostile_start(hostile_t *hostile);
void hostile_end(hostile_t *hostile);
/* It calls this node with this mode from time to time. */
void hostile_add_victim(hostile_t *hostile, unsigned node, int mode, bool two_way_alternate);

#endif
