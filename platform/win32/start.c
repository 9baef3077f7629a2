#include "start.h"

#include <stdbool.h>

static bool has_ended_by_itself(SC_HANDLE handle)
{
    SERVICE_STATUS status;
    return QueryServiceStatus(handle, &status) && status.dwCurrentState == SERVICE_STOPPED &&
           status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR;
}

DWORD start_service(SC_HANDLE handle)
{
    DWORD error = StartServiceW(handle, 0, NULL) ? ERROR_SUCCESS : GetLastError();
    if (error == ERROR_SERVICE_ALREADY_RUNNING)
        return ERROR_SUCCESS;
    /* The manager says "no answer in time" also of a service that has ended by the time it looks. */
    return error == ERROR_SERVICE_REQUEST_TIMEOUT && has_ended_by_itself(handle) ? ERROR_SUCCESS : error;
}
