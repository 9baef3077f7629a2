/* A distribution list at run time: a destination whose queue holds what is to be expanded. An entry goes in
 * the same transaction that brings the message to the members, so a crash expands it once. */
#ifndef MTA_LIST_H
#define MTA_LIST_H

#include "mta/internal.h"

list_t *list_create(agent_t *agent, const config_list_t *config);
/* Expands what is queued, one message at a time. */
void list_kick(list_t *list);
/* Takes on a configuration (reload), or none: then the queue is routed anew. */
void list_configure(list_t *list, const config_list_t *config);

#endif
