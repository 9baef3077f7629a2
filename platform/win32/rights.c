/* Apart from the others: the headers of access control do not go with APR's. */
#include "rights.h"

#include <windows.h>

#include <aclapi.h>
#include <stdlib.h>
#include <wchar.h>

unsigned long rights_set(const wchar_t *path, void *descriptor)
{
    BOOL has_rights = FALSE;
    BOOL by_default;
    PACL rights = NULL;
    PSID owner = NULL;
    if (!GetSecurityDescriptorOwner(descriptor, &owner, &by_default) ||
        !GetSecurityDescriptorDacl(descriptor, &has_rights, &rights, &by_default))
        return GetLastError();
    wchar_t *name = _wcsdup(path); /* the call takes no constant */
    if (!name)
        return ERROR_NOT_ENOUGH_MEMORY;
    DWORD error = SetNamedSecurityInfoW(name, SE_FILE_OBJECT,
                                        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION |
                                            PROTECTED_DACL_SECURITY_INFORMATION,
                                        owner, NULL, rights, NULL);
    free(name);
    return error;
}
