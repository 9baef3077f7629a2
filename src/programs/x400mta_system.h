/* What x400mta asks of the system at its start and at a reload: open files, dumps, sockets that the service
 * manager opened. */
#ifndef X400MTA_SYSTEM_H
#define X400MTA_SYSTEM_H

#include "config/config.h"
#include "event/event.h"
#include "net/net.h"

/* Raises the number of open files to what maximum-associations needs, or raises an event that it cannot
 * (events may be NULL). */
void system_raise_limits(const config_mta_t *mta, event_log_t *events);
/* Sets what a dump may hold; after the change of user. */
void system_set_core_dumps(const config_mta_t *mta);
/* Gives the loop the sockets that the service manager opened; before there are listeners. */
void system_take_sockets(net_loop_t *loop);
/* Raises an event for each socket that no listener took. */
void system_report_sockets(net_loop_t *loop, event_log_t *events);

#endif
