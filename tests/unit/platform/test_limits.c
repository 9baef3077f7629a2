/* Limits of open files, dumps, and sockets that the service manager opened. Each in a child: they are for
 * good. */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform.h"

/* What the child returns: 0 = all as promised. */
static int in_child(int (*run)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(run());
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int raise_to_hard_limit(void)
{
    struct rlimit limit = {.rlim_cur = 64, .rlim_max = 128};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1;
    if (platform_raise_open_files(32) != 64) /* never lowered */
        return 2;
    if (platform_raise_open_files(100) != 100)
        return 3;
    size_t allowed = platform_raise_open_files(1000);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur != allowed)
        return 4;
    return allowed == 128 || allowed == 1000 ? 0 : 5; /* by what the user may do */
}

static void the_limit_of_open_files_is_raised_as_far_as_it_goes(void)
{
    CU_ASSERT_EQUAL(in_child(raise_to_hard_limit), 0);
}

#ifdef __linux__
static long read_filter(void)
{
    char text[32] = "";
    FILE *file = fopen("/proc/self/coredump_filter", "r");
    if (!file || !fgets(text, sizeof(text), file))
        text[0] = 0;
    if (file)
        fclose(file);
    return text[0] ? strtol(text, NULL, 16) : -1;
}

static int dump_registers(void)
{
    struct rlimit limit;
    platform_set_core_dumps(PLATFORM_CORE_REGISTERS);
    getrlimit(RLIMIT_CORE, &limit);
    return read_filter() == 0x10 && limit.rlim_cur == limit.rlim_max ? 0 : 1;
}

static int dump_nothing(void)
{
    struct rlimit limit;
    platform_set_core_dumps(PLATFORM_CORE_OFF);
    getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur == 0 ? 0 : 1;
}

static int dump_all(void)
{
    long before = read_filter();
    platform_set_core_dumps(PLATFORM_CORE_FULL);
    return read_filter() == before ? 0 : 1;
}

static const char secret[] = "the words of a message";

/* Crashes with a secret in its memory, in the folder where dumps are put by the system's usual pattern. */
static int crash(platform_core_t policy)
{
    char *memory = malloc(100000);
    if (!memory)
        return 1;
    for (size_t i = 0; i + sizeof(secret) < 100000; i += sizeof(secret))
        memcpy(memory + i, secret, sizeof(secret));
    platform_set_core_dumps(policy);
    raise(SIGABRT);
    return memory[0];
}

static bool file_holds(const char *path, const char *words)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t matched = 0;
    int octet;
    while (matched < strlen(words) && (octet = fgetc(file)) != EOF)
        matched = octet == words[matched] ? matched + 1 : octet == words[0];
    fclose(file);
    return matched == strlen(words);
}

/* Whether a dump came (1) and held the secret (2); -1 if this system puts dumps elsewhere. */
static int dump_of(platform_core_t policy)
{
    char pattern[128] = "";
    FILE *file = fopen("/proc/sys/kernel/core_pattern", "r");
    if (file && !fgets(pattern, sizeof(pattern), file))
        pattern[0] = 0;
    if (file)
        fclose(file);
    struct rlimit limit;
    if (strcmp(pattern, "core\n") != 0 || getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max == 0)
        return -1;
    char folder[] = "/tmp/x400-core-XXXXXX";
    if (!mkdtemp(folder))
        return -1;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        _exit(chdir(folder) == 0 ? crash(policy) : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    char path[2][64];
    snprintf(path[0], sizeof(path[0]), "%s/core", folder);
    snprintf(path[1], sizeof(path[1]), "%s/core.%ld", folder, (long)child);
    int result = 0;
    for (int i = 0; i < 2; i++) {
        if (access(path[i], F_OK) == 0)
            result = file_holds(path[i], secret) ? 2 : 1;
        unlink(path[i]);
    }
    rmdir(folder);
    return result;
}

static void a_dump_holds_no_message_content(void)
{
    CU_ASSERT_EQUAL(in_child(dump_registers), 0);
    CU_ASSERT_EQUAL(in_child(dump_nothing), 0);
    CU_ASSERT_EQUAL(in_child(dump_all), 0);
#ifdef __SANITIZE_ADDRESS__
    bool sanitized = true; /* the sanitizer's own memory makes a dump of terabytes */
#else
    bool sanitized = false;
#endif
    int full = sanitized ? -1 : dump_of(PLATFORM_CORE_FULL);
    if (full < 0)
        return; /* dumps go to a program of this system */
    CU_ASSERT_EQUAL(full, 2);
    CU_ASSERT_EQUAL(dump_of(PLATFORM_CORE_REGISTERS), 1);
    CU_ASSERT_EQUAL(dump_of(PLATFORM_CORE_OFF), 0);
}
#endif

static int open_listener(int fd, bool listens)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int made = socket(AF_INET, SOCK_STREAM, 0);
    if (made < 0 || bind(made, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    if (listens && listen(made, 1) != 0)
        return -1;
    if (made != fd && (dup2(made, fd) != fd || close(made) != 0))
        return -1;
    return fd;
}

static void set_number(const char *name, long number)
{
    char text[24];
    snprintf(text, sizeof(text), "%ld", number);
    setenv(name, text, 1);
}

static int take_sockets(void)
{
    apr_os_sock_t sockets[8];
    if (open_listener(3, true) < 0 || open_listener(4, false) < 0 || open_listener(5, true) < 0)
        return 1;
    setenv("LISTEN_FDS", "3", 1);
    set_number("LISTEN_PID", (long)getppid()); /* for another process */
    if (platform_inherited_sockets(sockets, 8) != 0)
        return 2;
    setenv("LISTEN_FDS", "3", 1);
    set_number("LISTEN_PID", (long)getpid());
    if (platform_inherited_sockets(sockets, 8) != 2 || sockets[0] != 3 || sockets[1] != 5)
        return 3; /* 4 does not listen */
    if (!(fcntl(3, F_GETFD) & FD_CLOEXEC) || getenv("LISTEN_FDS") || getenv("LISTEN_PID"))
        return 4;
    if (platform_inherited_sockets(sockets, 8) != 0)
        return 5; /* asked again */
    setenv("LISTEN_FDS", "999999999999", 1);
    set_number("LISTEN_PID", (long)getpid());
    return platform_inherited_sockets(sockets, 1) == 1 ? 0 : 6; /* no more than there is room for */
}

static void listening_sockets_of_the_service_manager_are_taken(void)
{
    CU_ASSERT_EQUAL(in_child(take_sockets), 0);
}

static const unit_test_t tests[] = {
    UNIT_TEST(the_limit_of_open_files_is_raised_as_far_as_it_goes),
#ifdef __linux__
    UNIT_TEST(a_dump_holds_no_message_content),
#endif
    UNIT_TEST(listening_sockets_of_the_service_manager_are_taken),
};

UNIT_MAIN("platform/limits", tests)
