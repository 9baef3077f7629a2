/* A disk that fails: preloaded into a program, it makes writes to the files whose paths begin with
 * $X400_FAULTS_UNDER fail as the file $X400_FAULTS says while it is there: "enospc" and "eio" at each write,
 * "fsync" at each flush, "erofs" at each write and each file opened for writing. "kill N" and "tear N" end
 * the program (SIGKILL) at the Nth write or flush since the word came, before it or in the middle of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
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

/* The fault at work. */
static void read_fault(char text[WORD_SIZE])
{
    const char *path = getenv("X400_FAULTS");
    int saved = errno;
    int (*real_open)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    int file = path ? real_open(path, O_RDONLY) : -1;
    text[0] = 0;
    if (file >= 0) {
        ssize_t length = read(file, text, WORD_SIZE - 1);
        close(file);
        text[length > 0 ? strcspn(text, "\n") : 0] = 0;
    }
    errno = saved;
}

/* True if the fault at work is this one. */
static int fault(const char *word)
{
    char text[WORD_SIZE];
    read_fault(text);
    return strcmp(text, word) == 0;
}

/* A write of octets (NULL: a flush) to file is due: the program may end at it. */
static void step(int file, const void *octets, size_t length, off64_t offset)
{
    static char last[WORD_SIZE];
    static int steps;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    char text[WORD_SIZE];
    read_fault(text);
    int kills = strncmp(text, "kill ", 5) == 0;
    if ((!kills && strncmp(text, "tear ", 5) != 0) || !is_under(file))
        return;
    pthread_mutex_lock(&lock);
    if (strcmp(text, last) != 0) {
        strcpy(last, text);
        steps = 0;
    }
    if (++steps == atoi(text + 5)) {
        ssize_t (*real_write)(int, const void *, size_t, off64_t) =
            (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
        if (!kills && octets && offset >= 0 && real_write(file, octets, length / 2, offset) < 0)
            _exit(99);
        kill(getpid(), SIGKILL);
    }
    pthread_mutex_unlock(&lock);
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
    step(file, octets, length, -1);
    return write_fails(file) ? -1 : REAL(write)(file, octets, length);
}

ssize_t pwrite(int file, const void *octets, size_t length, off_t offset)
{
    step(file, octets, length, offset);
    return write_fails(file) ? -1 : REAL(pwrite)(file, octets, length, offset);
}

ssize_t pwrite64(int file, const void *octets, size_t length, off64_t offset)
{
    step(file, octets, length, offset);
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
    step(file, NULL, 0, -1);
    return flush_fails(file) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file)
{
    step(file, NULL, 0, -1);
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
