/* The service has an account without privileges (NT SERVICE\x400mta). Started with another one, it gives away
 * for ever what the account has beyond that; the account itself cannot be changed from within. */
#include "platform.h"
#include "wide.h"

static bool keep(const LUID *privilege)
{
    LUID traverse; /* without it no path could be followed */
    return LookupPrivilegeValueW(NULL, L"SeChangeNotifyPrivilege", &traverse) &&
           traverse.LowPart == privilege->LowPart && traverse.HighPart == privilege->HighPart;
}

static DWORD remove_privileges(HANDLE token, apr_pool_t *pool)
{
    DWORD size = 0;
    GetTokenInformation(token, TokenPrivileges, NULL, 0, &size);
    if (GetLastError() != ERROR_INSUFFICIENT_BUFFER)
        return GetLastError();
    TOKEN_PRIVILEGES *all = apr_palloc(pool, size);
    if (!GetTokenInformation(token, TokenPrivileges, all, size, &size))
        return GetLastError();
    for (DWORD i = 0; i < all->PrivilegeCount; i++)
        if (!keep(&all->Privileges[i].Luid))
            all->Privileges[i].Attributes = SE_PRIVILEGE_REMOVED;
    SetLastError(ERROR_SUCCESS);
    AdjustTokenPrivileges(token, FALSE, all, size, NULL, NULL);
    return GetLastError();
}

err_t *platform_drop_privileges(const char *user, apr_pool_t *pool)
{
    HANDLE token;
    (void)user; /* mta.user is of systems with users that a process can become */
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token))
        return err_from_status(pool, apr_get_os_error(), "the privileges of the process cannot be seen");
    DWORD error = remove_privileges(token, pool);
    CloseHandle(token);
    if (error != ERROR_SUCCESS && error != ERROR_NOT_ALL_ASSIGNED)
        return err_from_status(pool, APR_FROM_OS_ERROR(error),
                               "the privileges of the process cannot be given away");
    return NULL;
}
