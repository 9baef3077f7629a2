/* What the system lets the process have: open files, and what a dump of it holds. */
#include "platform.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

size_t platform_raise_open_files(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur >= wanted)
        return limit.rlim_cur;
    struct rlimit higher = {.rlim_cur = wanted,
                            .rlim_max = limit.rlim_max < wanted ? wanted : limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &higher) != 0) {
        /* The hard limit is not ours to raise: as far as it lets us. */
        higher = (struct rlimit){limit.rlim_max, limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &higher);
    }
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

static void limit_core(bool to_zero)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    limit.rlim_cur = to_zero ? 0 : limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
}

#ifdef __linux__
/* Of all that is mapped only the headers of the loaded files, by which a debugger finds the program
 * (core(5)). */
static const char lean_filter[] = "0x10";

static bool leave_memory_out(void)
{
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, lean_filter, strlen(lean_filter)) == (ssize_t)strlen(lean_filter);
    close(fd);
    return done;
}

void platform_set_core_dumps(platform_core_t policy)
{
    /* A process that changed its user makes no dump and has no say over its own /proc until it says
     * otherwise.
     */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    bool dump = policy == PLATFORM_CORE_FULL || (policy == PLATFORM_CORE_REGISTERS && leave_memory_out());
    limit_core(!dump);
    /* A limit of zero does not keep a program that collects dumps from getting them; this does. */
    if (!dump)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
#else
void platform_set_core_dumps(platform_core_t policy)
{
    limit_core(policy != PLATFORM_CORE_FULL);
}
#endif
