#include "platform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

enum { LOOPBACK_NET = 127, PID_FILE_MODE = 0644 };

const char *platform_default_configuration(void)
{
    return "/etc/x400mta/x400mta.conf";
}

const char *platform_default_data_folder(void)
{
    return "/var/lib/x400mta";
}

void platform_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static bool same_ipv4(const struct sockaddr *a, const struct sockaddr *b)
{
    struct sockaddr_in first, second;
    memcpy(&first, a, sizeof(first));
    memcpy(&second, b, sizeof(second));
    return first.sin_addr.s_addr == second.sin_addr.s_addr;
}

/* A zone counts only if the address names one. */
static bool same_ipv6(const struct sockaddr *wanted, const struct sockaddr *here)
{
    struct sockaddr_in6 first, second;
    memcpy(&first, wanted, sizeof(first));
    memcpy(&second, here, sizeof(second));
    return memcmp(&first.sin6_addr, &second.sin6_addr, sizeof(first.sin6_addr)) == 0 &&
           (first.sin6_scope_id == 0 || first.sin6_scope_id == second.sin6_scope_id);
}

static bool is_on_interface(const struct sockaddr *address)
{
    struct ifaddrs *list = NULL;
    bool found = false;
    if (getifaddrs(&list) != 0)
        return false;
    for (const struct ifaddrs *here = list; here && !found; here = here->ifa_next) {
        if (!here->ifa_addr || here->ifa_addr->sa_family != address->sa_family)
            continue;
        found = address->sa_family == AF_INET ? same_ipv4(address, here->ifa_addr)
                                              : same_ipv6(address, here->ifa_addr);
    }
    freeifaddrs(list);
    return found;
}

bool platform_is_local_address(const char *address)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *read = NULL;
    if (!address || getaddrinfo(address, NULL, &hints, &read) != 0)
        return false;
    bool local = false;
    if (read->ai_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, read->ai_addr, sizeof(ipv4));
        local = ntohl(ipv4.sin_addr.s_addr) >> 24 == LOOPBACK_NET; /* the whole net is this machine */
    }
    if (!local && (read->ai_family == AF_INET || read->ai_family == AF_INET6))
        local = is_on_interface(read->ai_addr);
    freeaddrinfo(read);
    return local;
}

typedef struct pid_file_t {
    const char *path;
    pid_t pid;
} pid_file_t;

static apr_status_t remove_pid_file(void *data)
{
    const pid_file_t *file = data;
    if (file->pid == getpid())
        unlink(file->path);
    return APR_SUCCESS;
}

err_t *platform_write_pid_file(const char *path, apr_pool_t *pool)
{
    /* A new file under another name takes the place of the old one: no reader sees half a number, and a link
     * that somebody put at the path is not followed. */
    const char *other = apr_pstrcat(pool, path, ".new", NULL);
    unlink(other);
    int fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PID_FILE_MODE);
    if (fd < 0)
        return err_from_status(pool, errno, "cannot write the process ID to %s", path);
    char text[32];
    int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    bool written = write(fd, text, (size_t)length) == length;
    int error = errno;
    close(fd);
    if (written && rename(other, path) != 0) {
        error = errno;
        written = false;
    }
    if (!written) {
        unlink(other);
        return err_from_status(pool, error, "cannot write the process ID to %s", path);
    }
    pid_file_t *file = apr_palloc(pool, sizeof(*file));
    *file = (pid_file_t){apr_pstrdup(pool, path), getpid()};
    apr_pool_cleanup_register(pool, file, remove_pid_file, apr_pool_cleanup_null);
    return NULL;
}
