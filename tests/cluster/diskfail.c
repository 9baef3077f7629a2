/* Loaded before the C library into the service on the nodes of the test cluster: while the file
 * /run/disk-fails is there, every write to the spool fails as on a broken disk (EIO). Built by run.sh. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd)
{
    char link[64];
    char path[256];
    if (access("/run/disk-fails", F_OK) != 0)
        return 0;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strncmp(path, "/shared/data/", 13) == 0;
}

#define REPLACE(result, name, parameters, arguments)                                                         \
    result name parameters;                                                                                  \
    result name parameters                                                                                   \
    {                                                                                                        \
        static result(*real) parameters;                                                                     \
        if (!real)                                                                                           \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                                       \
        if (fails(fd)) {                                                                                     \
            errno = EIO;                                                                                     \
            return -1;                                                                                       \
        }                                                                                                    \
        return real arguments;                                                                               \
    }

REPLACE(ssize_t, write, (int fd, const void *octets, size_t count), (fd, octets, count))
REPLACE(ssize_t, pwrite, (int fd, const void *octets, size_t count, off_t at), (fd, octets, count, at))
REPLACE(ssize_t, pwrite64, (int fd, const void *octets, size_t count, off_t at), (fd, octets, count, at))
REPLACE(int, fsync, (int fd), (fd))
REPLACE(int, fdatasync, (int fd), (fd))
REPLACE(int, ftruncate, (int fd, off_t length), (fd, length))
REPLACE(int, ftruncate64, (int fd, off_t length), (fd, length))
