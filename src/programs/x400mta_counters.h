/* The counters in the system's performance monitor, where it has one. */
#ifndef X400MTA_COUNTERS_H
#define X400MTA_COUNTERS_H

#include "mta/agent.h"

typedef struct counters_show_t counters_show_t;

/* Begins to show the counters of the agent, renewed each second by the loop, until counters_end. NULL where
 * there is nothing to show them in, or it refuses, which standard error is told. */
counters_show_t *counters_begin(agent_t *agent, net_loop_t *loop, apr_pool_t *pool);
/* Ends it, before the agent ends. NULL is allowed. */
void counters_end(counters_show_t *show);

#endif
