/* Messages to the service manager by the protocol of sd_notify(3), in our own hands: a datagram to the socket
 * that NOTIFY_SOCKET names. Without one nothing happens. */
#ifndef PLATFORM_POSIX_NOTIFY_H
#define PLATFORM_POSIX_NOTIFY_H

#include <stdbool.h>

/* Sends the assignments ("READY=1\nSTATUS=..."); false if there is no manager or it did not take them. */
bool notify_send(const char *assignments);

#endif
