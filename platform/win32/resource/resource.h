/* The resource type "x400mta" of Windows failover clusters: what the files of its DLL share. The resource
 * monitor of a cluster loads the DLL; it knows nothing of the rest of x400mta but the service and x400ctl,
 * which lies beside it. */
#ifndef WIN32_RESOURCE_H
#define WIN32_RESOURCE_H

/* The level of Windows at which mingw-w64 can read the headers of the cluster interface. */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0502

#include <windows.h>

#include <clusapi.h>
typedef void *PCLUSPROP_FILETIME; /* resapi.h needs it, and clusapi.h lacks it at this level */
#include <resapi.h>
#include <stdbool.h>

/* Private properties; see properties_read. */
typedef struct properties_t {
    LPWSTR service;       /* name of the Windows service */
    LPWSTR configuration; /* file that x400ctl is to read; empty: its own default */
    DWORD stop_timeout;   /* seconds for transfers to end before the process is ended */
    DWORD answer_timeout; /* seconds for an answer of the service */
} properties_t;

/* What the resource monitor gave the DLL for all resources. */
extern PLOG_EVENT_ROUTINE resource_log;
extern PSET_RESOURCE_STATUS_ROUTINE resource_set_status;

/* Reads the properties from their key, with defaults for those that are not set; to be freed, which sets all
 * of it to nothing. Returns an error of Windows. */
DWORD properties_read(HKEY key, properties_t *properties);
void properties_free(properties_t *properties);
/* Carries out a control that asks or sets properties, or what a resource of this type is like;
 * ERROR_INVALID_FUNCTION if it is another one, which leaves it to the cluster. code is one of a resource; key
 * is NULL if a type is asked. */
DWORD properties_control(HKEY key, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size,
                         DWORD *returned);

/* Asks the service manager for the state; false with *error if it does not say. */
bool daemon_state(const properties_t *properties, SERVICE_STATUS_PROCESS *status, DWORD *error);
/* The process of the service, to be waited for, ended and closed; NULL if it has none or cannot be opened. */
HANDLE daemon_process(const properties_t *properties);
/* Tells the service manager to leave the start to the cluster: neither with the system nor after a failure,
 * which would be on a node that the group has left. False if it does not take that; GetLastError says why. */
bool daemon_claim(const properties_t *properties);
/* Tells the service manager to start or to stop it; an error of Windows, none if it is so already, nor if it
 * was started and has ended by itself since. */
DWORD daemon_start(const properties_t *properties);
DWORD daemon_stop(const properties_t *properties);
/* Asks the service itself, over its admin interface: true if it answers in time and can write to its store.
 * cancel ends the waiting. */
bool daemon_answers(const properties_t *properties, HANDLE cancel);

#endif
