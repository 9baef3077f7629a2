#include "notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "platform.h"

enum { STATUS_LIMIT = 512, MICROSECONDS = 1000000, NANOSECONDS_PER_MICROSECOND = 1000 };

bool notify_send(const char *assignments)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
        return false;
    memcpy(address.sun_path, path, length);
    if (address.sun_path[0] == '@') /* the abstract name space of Linux */
        address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    size_t octets = strlen(assignments);
    ssize_t sent = sendto(fd, assignments, octets, MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(fd);
    return sent == (ssize_t)octets;
}

static uint64_t monotonic_microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * MICROSECONDS + (uint64_t)now.tv_nsec / NANOSECONDS_PER_MICROSECOND;
}

void platform_service_reloading(void)
{
    char text[96];
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu\n",
             (unsigned long long)monotonic_microseconds());
    notify_send(text);
}

void platform_service_stopping(void)
{
    notify_send("STOPPING=1\n");
}

/* The interval that the manager expects a sign of life in, microseconds; 0 if it does not watch us. */
static uint64_t watchdog_interval(void)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (!interval || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    return strtoull(interval, NULL, 10);
}

void platform_service_alive(void)
{
    /* Called in every turn of one event loop: a datagram each third of the interval is enough. */
    static uint64_t next;
    uint64_t now = monotonic_microseconds();
    if (now < next)
        return;
    uint64_t interval = watchdog_interval();
    next = now + (interval ? interval / 3 : MICROSECONDS);
    if (interval)
        notify_send("WATCHDOG=1\n");
}
