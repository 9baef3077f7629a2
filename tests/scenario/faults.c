/* A disk that fails: preloaded into a program, it makes writes to the files whose paths begin with
 * $X400_FAULTS_UNDER fail as the file $X400_FAULTS says while it is there: "enospc" and "eio" at each write,
 * "fsync" at each flush, "erofs" at each write and each file opened for writing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { WORD_SIZE = 16, PATH_SIZE = 4096 };

static int under(const char *path)
{
    const char *folder = getenv("X400_FAULTS_UNDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_under(int file)
{
    char link[64], path[PATH_SIZE];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return under(path);
}

/* True if the fault at work is this one. */
static int fault(const char *word)
{
    char text[WORD_SIZE] = "";
    const char *path = getenv("X400_FAULTS");
    int saved = errno;
    int (*real_open)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    int file = path ? real_open(path, O_RDONLY) : -1;
    if (file >= 0) {
        ssize_t length = read(file, text, sizeof(text) - 1);
        close(file);
        text[length > 0 ? strcspn(text, "\n") : 0] = 0;
    }
    errno = saved;
    return strcmp(text, word) == 0;
}

static int write_fails(int file)
{
    int code = fault("enospc") ? ENOSPC : fault("eio") ? EIO : fault("erofs") ? EROFS : 0;
    if (!code || !is_under(file))
        return 0;
    errno = code;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *octets, size_t length)
{
    return write_fails(file) ? -1 : REAL(write)(file, octets, length);
}

ssize_t pwrite(int file, const void *octets, size_t length, off_t offset)
{
    return write_fails(file) ? -1 : REAL(pwrite)(file, octets, length, offset);
}

ssize_t pwrite64(int file, const void *octets, size_t length, off64_t offset)
{
    return write_fails(file) ? -1 : REAL(pwrite64)(file, octets, length, offset);
}

static int flush_fails(int file)
{
    if (!fault("fsync") || !is_under(file))
        return 0;
    errno = EIO;
    return 1;
}

int fsync(int file)
{
    return flush_fails(file) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file)
{
    return flush_fails(file) ? -1 : REAL(fdatasync)(file);
}

static int open_fails(const char *path, int flags)
{
    if ((flags & O_ACCMODE) == O_RDONLY || !under(path) || !fault("erofs"))
        return 0;
    errno = EROFS;
    return 1;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_fails(path, flags) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_fails(path, flags) ? -1 : REAL(open64)(path, flags, mode);
}
