/* Starting a service by the service manager, for the program and for the resource DLL. */
#ifndef PLATFORM_WIN32_START_H
#define PLATFORM_WIN32_START_H

#include <windows.h>

/* Starts a service; ERROR_SUCCESS also if it runs already, or was started and has ended by itself since: its
 * status says with what. handle needs SERVICE_START and SERVICE_QUERY_STATUS. */
DWORD start_service(SC_HANDLE handle);

#endif
