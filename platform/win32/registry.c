#include "registry.h"
#include "rights.h"
#include "service.h"
#include "wide.h"

#include <string.h>

#include <apr_strings.h>
#include <sddl.h>

#include "event/event.h"

enum { PATH_SIZE = 32768, NAME_SIZE = 256, SID_SIZE = 256 };

static wchar_t *source_key(const char *source, apr_pool_t *pool)
{
    return wide_of_utf8(
        apr_pstrcat(pool, "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\", source, NULL),
        pool);
}

/* The message file, in the folder of the program. */
static wchar_t *message_file(apr_pool_t *pool)
{
    wchar_t *path = apr_pcalloc(pool, PATH_SIZE * sizeof(*path));
    GetModuleFileNameW(NULL, path, PATH_SIZE - NAME_SIZE);
    wchar_t *end = wcsrchr(path, L'\\');
    wcscpy(end ? end + 1 : path, L"" SERVICE_MESSAGE_FILE);
    return path;
}

static LSTATUS set_text(HKEY key, const wchar_t *name, const wchar_t *text)
{
    return RegSetValueExW(key, name, 0, REG_EXPAND_SZ, (const BYTE *)text,
                          (DWORD)((wcslen(text) + 1) * sizeof(*text)));
}

static LSTATUS set_number(HKEY key, const wchar_t *name, DWORD number)
{
    return RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&number, sizeof(number));
}

unsigned long registry_add_event_source(const char *source, apr_pool_t *pool)
{
    HKEY key;
    LSTATUS status = RegCreateKeyExW(HKEY_LOCAL_MACHINE, source_key(source, pool), 0, NULL, 0, KEY_SET_VALUE,
                                     NULL, &key, NULL);
    if (status != ERROR_SUCCESS)
        return (unsigned long)status;
    const wchar_t *file = message_file(pool);
    status = set_text(key, L"EventMessageFile", file);
    if (status == ERROR_SUCCESS)
        status = set_text(key, L"CategoryMessageFile", file);
    if (status == ERROR_SUCCESS)
        status = set_number(key, L"CategoryCount", EVENT_CATEGORY_LIMIT - 1);
    if (status == ERROR_SUCCESS)
        status = set_number(key, L"TypesSupported",
                            EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE);
    RegCloseKey(key);
    return (unsigned long)status;
}

void registry_remove_event_source(const char *source, apr_pool_t *pool)
{
    RegDeleteKeyW(HKEY_LOCAL_MACHINE, source_key(source, pool));
}

/* The SID of the service as text; NULL if the system does not know it. */
static const char *service_sid(const char *service, apr_pool_t *pool)
{
    BYTE sid[SID_SIZE];
    DWORD sid_size = sizeof(sid);
    wchar_t domain[NAME_SIZE];
    DWORD domain_size = NAME_SIZE;
    SID_NAME_USE use;
    wchar_t *text = NULL;
    const wchar_t *account = wide_of_utf8(apr_pstrcat(pool, "NT SERVICE\\", service, NULL), pool);
    if (!LookupAccountNameW(NULL, account, sid, &sid_size, domain, &domain_size, &use) ||
        !ConvertSidToStringSidW(sid, &text))
        return NULL;
    const char *copy = wide_to_utf8(text, pool);
    LocalFree(text);
    return copy;
}

unsigned long registry_protect_data_folder(const char *folder, const char *service, apr_pool_t *pool)
{
    const char *sid = service_sid(service, pool);
    const char *rights = apr_pstrcat(pool, "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
                                     sid ? "(A;OICI;0x1301bf;;;" : "", sid ? sid : "", sid ? ")" : "", NULL);
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(wide_of_utf8(rights, pool), SDDL_REVISION_1,
                                                              &descriptor, NULL))
        return GetLastError();
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof(attributes), .lpSecurityDescriptor = descriptor};
    const wchar_t *path = wide_path(folder, pool);
    DWORD error = ERROR_SUCCESS;
    if (!CreateDirectoryW(path, &attributes)) {
        error = GetLastError();
        if (error == ERROR_ALREADY_EXISTS)
            error = (DWORD)rights_set(wide_of_utf8(folder, pool), descriptor);
    }
    LocalFree(descriptor);
    return error;
}
