/* The life of the service: signals, the service manager's socket, the daemon's start. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform.h"

static int told[2]; /* the service's callbacks write a letter here */

static void tell(const char *letter)
{
    ssize_t written = write(told[1], letter, 1);
    (void)written;
}

static void on_stop(void *context)
{
    tell(context == told ? "S" : "?");
}

static void on_reload(void *context)
{
    tell(context == told ? "R" : "?");
}

static char next_letter(void)
{
    char letter = 0;
    return read(told[0], &letter, 1) == 1 ? letter : 0;
}

static void signals_become_calls(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    CU_ASSERT_EQUAL_FATAL(pipe(told), 0);
    platform_service_t service = {.stop = on_stop, .reload = on_reload, .context = told};
    CU_ASSERT_PTR_NULL_FATAL(platform_service_begin(&service, pool));
    kill(getpid(), SIGHUP);
    CU_ASSERT_EQUAL(next_letter(), 'R');
    kill(getpid(), SIGTERM);
    CU_ASSERT_EQUAL(next_letter(), 'S');
    kill(getpid(), SIGINT);
    CU_ASSERT_EQUAL(next_letter(), 'S');
    apr_pool_destroy(pool);
    /* What would be called went with the pool: one who is impatient and signals again harms nothing. */
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGHUP);
    sigset_t pending;
    do {
        usleep(1000);
        sigpending(&pending);
    } while (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP));
    fcntl(told[0], F_SETFL, O_NONBLOCK);
    CU_ASSERT_EQUAL(next_letter(), 0);
}

static int open_manager(char *folder, char *path, size_t size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, size, "%s/notify", folder);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return fd;
}

static const char *next_message(int fd, char *text, size_t size)
{
    ssize_t length = recv(fd, text, size - 1, MSG_DONTWAIT);
    text[length > 0 ? length : 0] = 0;
    return text;
}

static void the_service_manager_is_told(void)
{
    char folder[] = "/tmp/x400-unit-XXXXXX";
    char path[64], text[256], pid[32];
    int fd = open_manager(folder, path, sizeof(path));
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    setenv("NOTIFY_SOCKET", path, 1);
    platform_service_ready("relays");
    CU_ASSERT_STRING_EQUAL(next_message(fd, text, sizeof(text)), "READY=1\nSTATUS=relays\n");
    platform_service_reloading();
    CU_ASSERT_EQUAL(strncmp(next_message(fd, text, sizeof(text)), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    platform_service_stopping();
    CU_ASSERT_STRING_EQUAL(next_message(fd, text, sizeof(text)), "STOPPING=1\n");
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_USEC", "60000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    platform_service_alive();
    CU_ASSERT_STRING_EQUAL(next_message(fd, text, sizeof(text)), "WATCHDOG=1\n");
    platform_service_alive(); /* a third of the interval has not passed */
    CU_ASSERT_STRING_EQUAL(next_message(fd, text, sizeof(text)), "");
    unsetenv("NOTIFY_SOCKET");
    platform_service_ready("nobody hears this");
    CU_ASSERT_STRING_EQUAL(next_message(fd, text, sizeof(text)), "");
    close(fd);
    unlink(path);
    rmdir(folder);
}

/* Starts a daemon in a child; returns the exit status that the starter sees. */
static int start_daemon(bool comes_up, pid_t *session)
{
    int report[2];
    if (pipe(report) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        apr_pool_t *pool;
        apr_pool_create(&pool, NULL);
        if (platform_daemonize(pool))
            _exit(9);
        pid_t mine = getsid(0) == getpid() ? 0 : getsid(0);
        ssize_t written = write(report[1], &mine, sizeof(mine));
        if (comes_up)
            platform_service_ready("up");
        _exit(written == sizeof(mine) ? 0 : 8);
    }
    int status = -1;
    waitpid(child, &status, 0);
    close(report[1]);
    if (read(report[0], session, sizeof(*session)) != sizeof(*session))
        *session = -1;
    close(report[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_starter_ends_with_the_daemons_outcome(void)
{
    pid_t session = 0;
    CU_ASSERT_EQUAL(start_daemon(true, &session), 0);
    CU_ASSERT_TRUE(session > 0); /* in a session that it does not lead */
    CU_ASSERT_NOT_EQUAL(session, getsid(0));
    CU_ASSERT_EQUAL(start_daemon(false, &session), 1);
}

static const unit_test_t tests[] = {
    UNIT_TEST(the_service_manager_is_told),
    UNIT_TEST(the_starter_ends_with_the_daemons_outcome),
    UNIT_TEST(signals_become_calls),
};

UNIT_MAIN("platform/service", tests)
