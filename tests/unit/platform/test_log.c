/* The system's log: an event as the journal gets it. The journal's socket is ours, in a mount name space of
 * its own; where that is not allowed, only what needs no journal is tested. */
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#endif
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/ids.h"
#include "journal.h"
#include "platform.h"
#include "unit.h"

enum { NO_NAMESPACE = 77 };

static void message_ids_are_stable_and_different(void)
{
    char first[PLATFORM_MESSAGE_ID_SIZE], second[PLATFORM_MESSAGE_ID_SIZE];
    platform_message_id(first, 4284);
    platform_message_id(second, 9298);
    CU_ASSERT_STRING_EQUAL(first, "7c1d0d5a9b3e4f67a2d84c19000010bc");
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    CU_ASSERT_EQUAL(strlen(second), 32);
}

static event_log_t *open_log(apr_pool_t *pool)
{
    event_log_t *log = event_log_create(pool, timebase_system());
    CU_ASSERT_PTR_NULL(platform_log_open(log, "x400-unit", pool));
    return log;
}

static void raise_one(event_log_t *log)
{
    event_subject_t subject = {
        .connector = "PARTNER", .mts_id = "C=GB;A= ;L=1", .layer = "transport", .error_code = 111};
    event_raise(log, EVENT_ID_CONNECT_ERROR, &subject, "111", "PARTNER", "192.0.2.1:102",
                "Connection refused");
}

#if defined(__linux__) && defined(TEST_WITH_JOURNAL)
/* A /run of our own with the journal's socket; -1 if that is not allowed here. */
static int open_journal(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return -1;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0)
        return -1;
    mkdir("/run/systemd", 0755);
    mkdir("/run/systemd/journal", 0755);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? fd : -1;
}

/* The number of the first field that is not in the entry, 0 if all are. */
static int missing_field(const char *entry)
{
    static const char *const wanted[] = {
        "MESSAGE_ID=7c1d0d5a9b3e4f67a2d84c19000010bc\n",
        "PRIORITY=4\n",
        "SYSLOG_IDENTIFIER=x400-unit\n",
        "X400_EVENT_ID=4284\n",
        "X400_CATEGORY=X.400 Service\n",
        "X400_CONNECTOR=PARTNER\n",
        "X400_MTS_ID=C=GB;A= ;L=1\n",
        "X400_LAYER=transport\n",
        "X400_ERROR_CODE=111\n",
        "X400_ADDRESS=192.0.2.1:102\n",
        "X400_WORDS=Connection refused\n",
        "MESSAGE=An error has occurred during connection/disconnection. Error code=111. Connector PARTNER"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const char *place = strstr(entry, wanted[i]);
        if (!place || (place != entry && place[-1] != '\n'))
            return (int)i + 1;
    }
    return 0;
}

static int look_at_journal(void)
{
    static char entry[8192];
    apr_pool_t *pool;
    int fd = open_journal();
    if (fd < 0)
        return NO_NAMESPACE;
    apr_pool_create(&pool, NULL);
    event_log_t *log = open_log(pool);
    raise_one(log);
    ssize_t length = recv(fd, entry, sizeof(entry) - 1, MSG_DONTWAIT);
    if (length <= 0)
        return 100;
    const char *connector = strstr(entry, "X400_CONNECTOR=");
    if (connector && strstr(connector + 1, "X400_CONNECTOR="))
        return 101; /* twice */
    /* The journal dies: the event goes to syslog, and nothing else happens. */
    close(fd);
    raise_one(log);
    apr_pool_destroy(pool);
    return missing_field(entry);
}

static void OP_05_the_journal_gets_every_field(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(look_at_journal());
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_NAMESPACE) {
        printf(" (skipped: no mount name space here) ");
        return;
    }
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}
#endif

static void without_a_journal_events_go_to_syslog(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    raise_one(open_log(pool)); /* no daemon may listen; nothing must happen to us */
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(message_ids_are_stable_and_different),
#if defined(__linux__) && defined(TEST_WITH_JOURNAL)
    UNIT_TEST(OP_05_the_journal_gets_every_field),
#endif
    UNIT_TEST(without_a_journal_events_go_to_syslog),
};

UNIT_MAIN("platform/log", tests)
