/* Socket activation by the protocol of sd_listen_fds(3), in our own hands: LISTEN_FDS sockets from descriptor
 * 3 on, for the process LISTEN_PID. */
#include "platform.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_DESCRIPTOR = 3, DESCRIPTOR_LIMIT = 1024 };

/* A socket of streams that listens; anything else cannot take calls. */
static bool is_listener(int fd)
{
    int type = 0;
    int listens = 0;
    socklen_t length = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM)
        return false;
    length = sizeof(listens);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens;
}

size_t platform_inherited_sockets(apr_os_sock_t *sockets, size_t limit)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    long long count = 0;
    if (pid && fds && strtoll(pid, NULL, 10) == (long long)getpid())
        count = strtoll(fds, NULL, 10);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (count > DESCRIPTOR_LIMIT)
        count = DESCRIPTOR_LIMIT;
    size_t found = 0;
    for (int fd = FIRST_DESCRIPTOR; fd < FIRST_DESCRIPTOR + count; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0)
            continue;
        if (found < limit && is_listener(fd))
            sockets[found++] = fd;
    }
    return found;
}
