/* Queue alarms: events when more messages wait than an operator wants to see, for a connector (659) or in all
 * (666), and when the backlog has subsided (660, 667). */
#ifndef MTA_ALARM_H
#define MTA_ALARM_H

#include "mta/internal.h"

/* The queue of destination has changed by one entry. */
void alarm_check(destination_t *destination);
/* The thresholds have changed: looks at every queue. */
void alarm_check_all(agent_t *agent);

#endif
