/* Addresses of this machine, the process ID file, privileges. */
#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "platform.h"

static apr_pool_t *new_pool(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    return pool;
}

static void TP_06_local_addresses_are_told_from_others(void)
{
    CU_ASSERT_TRUE(platform_is_local_address("127.0.0.1"));
    CU_ASSERT_TRUE(platform_is_local_address("127.8.9.10"));
    CU_ASSERT_FALSE(platform_is_local_address("192.0.2.1"));
    CU_ASSERT_FALSE(platform_is_local_address("2001:db8::1"));
    CU_ASSERT_FALSE(platform_is_local_address("no.address.example"));
    CU_ASSERT_FALSE(platform_is_local_address(""));
    CU_ASSERT_FALSE(platform_is_local_address(NULL));
    if (access("/proc/net/if_inet6", R_OK) == 0) {
        char line[64] = "";
        FILE *file = fopen("/proc/net/if_inet6", "r");
        bool has_loopback = false;
        while (file && fgets(line, sizeof(line), file))
            has_loopback |= strncmp(line, "00000000000000000000000000000001", 32) == 0;
        if (file)
            fclose(file);
        CU_ASSERT_EQUAL(platform_is_local_address("::1"), has_loopback);
    }
}

static char *read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    text[length] = 0;
    if (file)
        fclose(file);
    return text;
}

static void pid_file_is_written_and_goes_with_its_pool(void)
{
    apr_pool_t *pool = new_pool();
    char folder[] = "/tmp/x400-unit-XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    const char *path = apr_pstrcat(pool, folder, "/pid", NULL);
    const char *victim = apr_pstrcat(pool, folder, "/victim", NULL);
    CU_ASSERT_EQUAL(symlink(victim, path), 0); /* a trap */
    apr_pool_t *inner;
    apr_pool_create(&inner, pool);
    CU_ASSERT_PTR_NULL(platform_write_pid_file(path, inner));
    char text[64], wanted[64];
    snprintf(wanted, sizeof(wanted), "%ld\n", (long)getpid());
    CU_ASSERT_STRING_EQUAL(read_file(path, text, sizeof(text)), wanted);
    CU_ASSERT_NOT_EQUAL(access(victim, F_OK), 0);
    apr_pool_destroy(inner);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    err_t *err = platform_write_pid_file(apr_pstrcat(pool, folder, "/none/pid", NULL), pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(pool, err), "/none/pid"));
    platform_sync_folder(folder);
    platform_sync_folder("/nowhere/at/all");
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    apr_pool_destroy(pool);
}

/* What a child that dropped its rights has to say: 0 = all as promised. */
static int drop_in_child(const char *user)
{
    apr_pool_t *pool = new_pool();
    if (platform_drop_privileges(user, pool))
        return 1;
    if (geteuid() == 0 || getuid() == 0)
        return 2;
    if (setuid(0) == 0)
        return 3;
    char text[4096];
    read_file("/proc/self/status", text, sizeof(text));
    const char *effective = strstr(text, "CapEff:\t");
    if (!effective)
        return 0; /* a system without capabilities */
    /* 0x400 is CAP_NET_BIND_SERVICE, the tenth. */
    if (strtoull(effective + strlen("CapEff:\t"), NULL, 16) & ~0x400ULL)
        return 4;
    const char *permitted = strstr(text, "CapPrm:\t");
    if (strtoull(permitted + strlen("CapPrm:\t"), NULL, 16) & ~0x400ULL)
        return 5;
    return 0;
}

static void privileges_are_dropped_for_good(void)
{
    if (geteuid() != 0) {
        apr_pool_t *pool = new_pool();
        CU_ASSERT_PTR_NULL(platform_drop_privileges("nobody", pool));
        apr_pool_destroy(pool);
        return;
    }
    pid_t child = fork();
    if (child == 0)
        _exit(drop_in_child("nobody"));
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void an_unknown_user_and_root_are_refused_by_name(void)
{
    apr_pool_t *pool = new_pool();
    if (geteuid() == 0) {
        err_t *err = platform_drop_privileges("no-such-user-x400", pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(err);
        CU_ASSERT_PTR_NOT_NULL(strstr(err_describe(pool, err), "no-such-user-x400"));
        CU_ASSERT_PTR_NOT_NULL(platform_drop_privileges("root", pool));
    }
    apr_pool_destroy(pool);
}

static void default_paths_are_absolute(void)
{
    CU_ASSERT_EQUAL(platform_default_configuration()[0], '/');
    CU_ASSERT_EQUAL(platform_default_data_folder()[0], '/');
}

static const unit_test_t tests[] = {
    UNIT_TEST(TP_06_local_addresses_are_told_from_others),
    UNIT_TEST(pid_file_is_written_and_goes_with_its_pool),
    UNIT_TEST(privileges_are_dropped_for_good),
    UNIT_TEST(an_unknown_user_and_root_are_refused_by_name),
    UNIT_TEST(default_paths_are_absolute),
};

UNIT_MAIN("platform/system", tests)
