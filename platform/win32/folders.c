/* Where configuration and data are. The system's headers come first here: APR reads them with parts left out.
 */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <windows.h>

#include <shlobj.h>
#include <stdio.h>
#include <string.h>

#include "platform.h"

enum { PATH_SIZE = 4 * MAX_PATH };

/* ProgramData\x400mta. Asked of the system and not of the environment, which services may see otherwise. */
const char *platform_default_data_folder(void)
{
    static char folder[PATH_SIZE];
    wchar_t wide[MAX_PATH];
    if (folder[0])
        return folder;
    if (SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, SHGFP_TYPE_CURRENT, wide) != S_OK)
        wcscpy(wide, L"C:\\ProgramData");
    char narrow[PATH_SIZE - 16];
    if (!WideCharToMultiByte(CP_UTF8, 0, wide, -1, narrow, sizeof(narrow), NULL, NULL))
        strcpy(narrow, "C:\\ProgramData");
    snprintf(folder, sizeof(folder), "%s\\x400mta", narrow);
    return folder;
}

const char *platform_default_configuration(void)
{
    static char path[PATH_SIZE + 16];
    if (!path[0])
        snprintf(path, sizeof(path), "%s\\x400mta.conf", platform_default_data_folder());
    return path;
}
