/* What ended an association, under the numbers by which operators know it: a layer's protocol that the peer
 * broke, octets that cannot be read, a connection that the network cut. */
#ifndef MTA_BREACH_H
#define MTA_BREACH_H

#include "mta/internal.h"

/* Which event says that a peer broke a protocol with this error of the stack, and (fault) the error of the
 * chain that it goes by; 0 if the error is no such breach. */
unsigned breach_event(const err_t *err, const err_t **fault);
/* Raises it, or event 12013 for a breach that has no event of its own; nothing if the error came from the
 * network, from a timer, or from the peer's transport in order. */
void breach_tell(const association_t *association, const err_t *err);

/* The number that sockets events give for a status of the system: that of Windows where it is a usual one,
 * for monitoring goes by it. */
int breach_socket_error(apr_status_t status);
/* The connection of an open association broke (err NULL: the peer closed it): events 9221, 9224, 9236 and
 * 1279. */
void breach_tell_closed(const association_t *association, const err_t *err);

#endif
