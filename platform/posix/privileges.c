#include "platform.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#ifdef __linux__
/* Before the change of user: lets the permitted set survive it, and takes all else out of reach for ever. */
static int keep_capabilities(void)
{
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        if (capability != CAP_NET_BIND_SERVICE && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 &&
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM)
            return errno;
    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

/* After the change of user: only the capability to bind ports below 1024, if it was there. */
static int reduce_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    memset(data, 0, sizeof(data));
    if (syscall(SYS_capget, &header, data) != 0)
        return errno;
    unsigned bind = CAP_TO_MASK(CAP_NET_BIND_SERVICE) & data[CAP_TO_INDEX(CAP_NET_BIND_SERVICE)].permitted;
    memset(data, 0, sizeof(data));
    data[CAP_TO_INDEX(CAP_NET_BIND_SERVICE)].permitted = bind;
    data[CAP_TO_INDEX(CAP_NET_BIND_SERVICE)].effective = bind;
    if (syscall(SYS_capset, &header, data) != 0)
        return errno;
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}
#else
static int keep_capabilities(void)
{
    return 0;
}

static int reduce_capabilities(void)
{
    return 0;
}
#endif

err_t *platform_drop_privileges(const char *user, apr_pool_t *pool)
{
    if (geteuid() != 0)
        return NULL;
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry) {
        if (errno)
            return err_from_status(pool, errno, "cannot look up the user \"%s\"", user);
        return err_create(pool, APR_ENOENT, "system", "there is no user \"%s\"", user);
    }
    uid_t uid = entry->pw_uid;
    gid_t gid = entry->pw_gid;
    if (uid == 0)
        return err_create(pool, APR_EINVAL, "system", "the user \"%s\" is root: name another one", user);
    int error = keep_capabilities();
    if (error == 0 && (initgroups(user, gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0))
        error = errno;
    if (error == 0)
        error = reduce_capabilities();
    /* The proof that there is no way back. */
    if (error == 0 && (setuid(0) == 0 || geteuid() != uid || getegid() != gid))
        error = EPERM;
    if (error != 0)
        return err_from_status(pool, error, "cannot become the user \"%s\"", user);
    return NULL;
}
