/* Watches what the bind plan depends on: this machine's addresses, the names that the configuration gives for
 * them, and the cluster; and tells the agent. */
#ifndef PROGRAMS_X400MTA_BIND_H
#define PROGRAMS_X400MTA_BIND_H

#include "mta/agent.h"

typedef struct bind_watch_t bind_watch_t;

/* Asks the cluster (this may take its time) and begins to follow addresses; the agent has its facts on
 * return. Before agent_start. */
bind_watch_t *bind_watch_begin(agent_t *agent, const config_t *config, net_loop_t *loop, event_log_t *events,
                               apr_pool_t *pool);
/* Another configuration is in force: names are looked up and the cluster is asked again. In the loop's
 * thread. */
void bind_watch_reload(bind_watch_t *watch, const config_t *config);
/* Ends it; the loop runs no more. NULL is allowed. */
void bind_watch_end(bind_watch_t *watch);

#endif
