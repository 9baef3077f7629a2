/* The entry points that the resource monitor calls. Online and offline take their time in a thread of the
 * resource, and tell how it goes; the others answer at once, but IsAlive, which asks the service. */
#include "resource.h"

#include <wchar.h>

enum {
    STEP = 250, /* milliseconds between two looks at the service */
    MILLISECONDS = 1000,
    FUNCTION_MASK = (1 << CLUSCTL_OBJECT_SHIFT) - 1 /* of a control: all but what it is about */
};

typedef struct resource_t {
    RESOURCE_HANDLE handle; /* the monitor's name for it */
    HKEY parameters;
    HANDLE cancel;           /* set: the thread is to end */
    HANDLE worker;           /* going online or offline, NULL = not */
    HANDLE process;          /* of the service while it is online */
    properties_t properties; /* as at the last online */
    bool online;
} resource_t;

PLOG_EVENT_ROUTINE resource_log;
PSET_RESOURCE_STATUS_ROUTINE resource_set_status;

DWORD WINAPI Startup(LPCWSTR type, DWORD least, DWORD most, PSET_RESOURCE_STATUS_ROUTINE set_status,
                     PLOG_EVENT_ROUTINE log, PCLRES_FUNCTION_TABLE *functions);

static void tell(const resource_t *resource, CLUSTER_RESOURCE_STATE state, DWORD checkpoint, HANDLE event)
{
    RESOURCE_STATUS status;
    ResUtilInitializeResourceStatus(&status);
    status.ResourceState = state;
    status.CheckPoint = checkpoint;
    status.EventHandle = event;
    resource_set_status(resource->handle, &status);
}

static bool is_cancelled(const resource_t *resource, DWORD milliseconds)
{
    return WaitForSingleObject(resource->cancel, milliseconds) == WAIT_OBJECT_0;
}

static void forget_process(resource_t *resource)
{
    if (resource->process)
        CloseHandle(resource->process);
    resource->process = NULL;
}

/* Ends what the thread of the resource does, and the thread. */
static void end_worker(resource_t *resource)
{
    if (!resource->worker)
        return;
    SetEvent(resource->cancel);
    WaitForSingleObject(resource->worker, INFINITE);
    CloseHandle(resource->worker);
    resource->worker = NULL;
    ResetEvent(resource->cancel);
}

static DWORD begin_worker(resource_t *resource, LPTHREAD_START_ROUTINE work)
{
    end_worker(resource);
    resource->worker = CreateThread(NULL, 0, work, resource, 0, NULL);
    return resource->worker ? ERROR_IO_PENDING : GetLastError();
}

static DWORD read_properties(resource_t *resource)
{
    properties_free(&resource->properties);
    DWORD error = properties_read(resource->parameters, &resource->properties);
    if (error != ERROR_SUCCESS)
        resource_log(resource->handle, LOG_ERROR, L"The private properties cannot be read, error %1!u!.\n",
                     error);
    return error;
}

/* Online. */

/* True while the service is on its way or runs. */
static bool is_coming(const resource_t *resource, bool *running)
{
    SERVICE_STATUS_PROCESS status;
    DWORD error;
    if (!daemon_state(&resource->properties, &status, &error)) {
        resource_log(resource->handle, LOG_ERROR, L"The state of the service %1 is not known, error %2!u!.\n",
                     resource->properties.service, error);
        return false;
    }
    *running = status.dwCurrentState == SERVICE_RUNNING;
    if (status.dwCurrentState != SERVICE_STOPPED)
        return true;
    resource_log(resource->handle, LOG_ERROR,
                 L"The service %1 has ended, error %2!u!, status %3!u!; its events say why.\n",
                 resource->properties.service, status.dwWin32ExitCode, status.dwServiceSpecificExitCode);
    return false;
}

/* Until the service answers; the cluster's time for it (PendingTimeout) bounds it. */
static bool wait_until_it_answers(const resource_t *resource)
{
    bool running = false;
    for (DWORD checkpoint = 1; !is_cancelled(resource, STEP); checkpoint++) {
        tell(resource, ClusterResourceOnlinePending, checkpoint, NULL);
        if (!is_coming(resource, &running))
            return false;
        if (running && daemon_answers(&resource->properties, resource->cancel))
            return true;
    }
    return false;
}

static DWORD WINAPI go_online(LPVOID data)
{
    resource_t *resource = data;
    DWORD error = daemon_start(&resource->properties);
    /* The manager is starting other services, as at the start of the system. */
    for (DWORD checkpoint = 1; error == ERROR_SERVICE_DATABASE_LOCKED && !is_cancelled(resource, STEP);
         checkpoint++) {
        tell(resource, ClusterResourceOnlinePending, checkpoint, NULL);
        error = daemon_start(&resource->properties);
    }
    if (error != ERROR_SUCCESS)
        resource_log(resource->handle, LOG_ERROR, L"The service %1 cannot be started, error %2!u!.\n",
                     resource->properties.service, error);
    if (error != ERROR_SUCCESS || !wait_until_it_answers(resource)) {
        if (!is_cancelled(resource, 0))
            tell(resource, ClusterResourceFailed, 0, NULL);
        return 0;
    }
    if (!daemon_claim(&resource->properties))
        resource_log(resource->handle, LOG_WARNING,
                     L"The service manager may start the service %1 by itself, error %2!u!.\n",
                     resource->properties.service, GetLastError());
    forget_process(resource);
    resource->process = daemon_process(&resource->properties);
    resource->online = true;
    resource_log(resource->handle, LOG_INFORMATION, L"The service %1 runs and answers.\n",
                 resource->properties.service);
    tell(resource, ClusterResourceOnline, 0, resource->process); /* its end is a failure, told at once */
    return 0;
}

static DWORD WINAPI resource_online(RESID id, LPHANDLE event)
{
    resource_t *resource = id;
    *event = NULL;
    end_worker(resource);
    DWORD error = read_properties(resource);
    return error == ERROR_SUCCESS ? begin_worker(resource, go_online) : error;
}

/* Offline. */

static bool has_ended(const resource_t *resource, HANDLE process)
{
    SERVICE_STATUS_PROCESS status;
    DWORD error;
    if (process)
        return WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
    return daemon_state(&resource->properties, &status, &error) && status.dwCurrentState == SERVICE_STOPPED;
}

/* Ends the process at once. That loses nothing: what is not confirmed is the peer's still. */
static void insist(const resource_t *resource, HANDLE process)
{
    if (!process || has_ended(resource, process))
        return;
    resource_log(resource->handle, LOG_WARNING, L"The service %1 does not end, and is ended.\n",
                 resource->properties.service);
    TerminateProcess(process, ERROR_SERVICE_REQUEST_TIMEOUT);
}

/* Lets the service stop in order, for as long as StopTimeout says. */
static void stop_service(const resource_t *resource)
{
    DWORD patience = resource->properties.stop_timeout * MILLISECONDS;
    HANDLE process = daemon_process(&resource->properties);
    DWORD begun = GetTickCount();
    DWORD error = daemon_stop(&resource->properties);
    if (error != ERROR_SUCCESS)
        resource_log(resource->handle, LOG_WARNING, L"The service %1 does not take the stop, error %2!u!.\n",
                     resource->properties.service, error);
    for (DWORD checkpoint = 1; !has_ended(resource, process) && GetTickCount() - begun < patience;
         checkpoint++) {
        tell(resource, ClusterResourceOfflinePending, checkpoint, NULL);
        if (is_cancelled(resource, STEP))
            break;
    }
    insist(resource, process);
    if (process)
        CloseHandle(process);
}

static DWORD WINAPI go_offline(LPVOID data)
{
    resource_t *resource = data;
    stop_service(resource);
    if (!is_cancelled(resource, 0))
        tell(resource, ClusterResourceOffline, 0, NULL);
    return 0;
}

static DWORD WINAPI resource_offline(RESID id)
{
    resource_t *resource = id;
    end_worker(resource);
    resource->online = false;
    forget_process(resource);
    if (!resource->properties.service) /* it never was online here */
        return ERROR_SUCCESS;
    return begin_worker(resource, go_offline);
}

/* The cluster has no more time for it. */
static void WINAPI resource_terminate(RESID id)
{
    resource_t *resource = id;
    end_worker(resource);
    resource->online = false;
    forget_process(resource);
    if (!resource->properties.service)
        return;
    HANDLE process = daemon_process(&resource->properties);
    insist(resource, process);
    if (process)
        CloseHandle(process);
}

/* Is it alive? */

static BOOL WINAPI resource_looks_alive(RESID id)
{
    const resource_t *resource = id;
    SERVICE_STATUS_PROCESS status;
    DWORD error;
    if (!resource->online ||
        (resource->process && WaitForSingleObject(resource->process, 0) == WAIT_OBJECT_0))
        return FALSE;
    return daemon_state(&resource->properties, &status, &error) && status.dwCurrentState != SERVICE_STOPPED &&
           status.dwCurrentState != SERVICE_STOP_PENDING;
}

static BOOL WINAPI resource_is_alive(RESID id)
{
    const resource_t *resource = id;
    if (!resource_looks_alive(id))
        return FALSE;
    if (daemon_answers(&resource->properties, resource->cancel))
        return TRUE;
    resource_log(resource->handle, LOG_ERROR,
                 L"The service %1 does not answer, or cannot write to its store.\n",
                 resource->properties.service);
    return FALSE;
}

/* The rest. */

static RESID WINAPI resource_open(LPCWSTR name, HKEY key, RESOURCE_HANDLE handle)
{
    resource_t *resource = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*resource));
    (void)name;
    if (!resource) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    resource->handle = handle;
    resource->cancel = CreateEventW(NULL, TRUE, FALSE, NULL);
    LONG error = resource->cancel ? ClusterRegCreateKey(key, L"Parameters", 0, KEY_ALL_ACCESS, NULL,
                                                        &resource->parameters, NULL)
                                  : ERROR_NOT_ENOUGH_MEMORY;
    if (error == ERROR_SUCCESS)
        return resource;
    resource_log(handle, LOG_ERROR, L"The private properties cannot be opened, error %1!u!.\n", error);
    if (resource->cancel)
        CloseHandle(resource->cancel);
    HeapFree(GetProcessHeap(), 0, resource);
    SetLastError((DWORD)error);
    return NULL;
}

static void WINAPI resource_close(RESID id)
{
    resource_t *resource = id;
    end_worker(resource);
    forget_process(resource);
    properties_free(&resource->properties);
    ClusterRegCloseKey(resource->parameters);
    CloseHandle(resource->cancel);
    HeapFree(GetProcessHeap(), 0, resource);
}

static DWORD WINAPI resource_control(RESID id, DWORD code, PVOID in, DWORD in_size, PVOID out, DWORD out_size,
                                     LPDWORD returned)
{
    const resource_t *resource = id;
    DWORD error = properties_control(resource->parameters, code, in, in_size, out, out_size, returned);
    /* What was set is taken over when the resource comes online the next time. */
    if (error == ERROR_SUCCESS && code == CLUSCTL_RESOURCE_SET_PRIVATE_PROPERTIES && resource->online)
        return ERROR_RESOURCE_PROPERTIES_STORED;
    return error;
}

/* Questions about the type have the same codes as those about a resource, but for what they are about. */
static DWORD WINAPI type_control(LPCWSTR type, DWORD code, PVOID in, DWORD in_size, PVOID out, DWORD out_size,
                                 LPDWORD returned)
{
    (void)type;
    *returned = 0;
    if (CLUSCTL_GET_CONTROL_OBJECT(code) != CLUS_OBJECT_RESOURCE_TYPE)
        return ERROR_INVALID_FUNCTION;
    return properties_control(NULL, CLUSCTL_RESOURCE_CODE((code & FUNCTION_MASK)), in, in_size, out, out_size,
                              returned);
}

static CLRES_FUNCTION_TABLE table = {.TableSize = CLRES_V1_FUNCTION_SIZE,
                                     .Version = CLRES_VERSION_V1_00,
                                     .V1Functions = {.Open = resource_open,
                                                     .Close = resource_close,
                                                     .Online = resource_online,
                                                     .Offline = resource_offline,
                                                     .Terminate = resource_terminate,
                                                     .LooksAlive = resource_looks_alive,
                                                     .IsAlive = resource_is_alive,
                                                     .ResourceControl = resource_control,
                                                     .ResourceTypeControl = type_control}};

DWORD WINAPI Startup(LPCWSTR type, DWORD least, DWORD most, PSET_RESOURCE_STATUS_ROUTINE set_status,
                     PLOG_EVENT_ROUTINE log, PCLRES_FUNCTION_TABLE *functions)
{
    *functions = NULL;
    if (_wcsicmp(type, L"x400mta") != 0)
        return ERROR_CLUSTER_RESNAME_NOT_FOUND;
    if (least > CLRES_VERSION_V1_00 || most < CLRES_VERSION_V1_00)
        return ERROR_REVISION_MISMATCH;
    resource_log = log;
    resource_set_status = set_status;
    *functions = &table;
    return ERROR_SUCCESS;
}
