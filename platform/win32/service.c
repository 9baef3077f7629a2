/* The life of the service: its states with their checkpoints, and the controls. "x400mta service run" is how
 * the service manager starts it; anything else runs in a console. */
#include "service.h"
#include "platform.h"
#include "wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

enum {
    START_HINT = 120000, /* milliseconds: a large queue takes its time */
    STOP_HINT = 60000,
    ARGUMENT_LIMIT = 64,
    PATH_SIZE = 32768,
    NAME_SIZE = 1024 /* octets; the manager allows 256 characters */
};

static struct {
    SRWLOCK lock;                 /* of the status */
    SERVICE_STATUS_HANDLE handle; /* NULL in a console */
    SERVICE_STATUS status;
    SRWLOCK calls_lock; /* of the two that follow */
    platform_service_t calls;
    bool has_calls;
    platform_run_t run;
    int argc;
    const char *argv[ARGUMENT_LIMIT];
    char name[NAME_SIZE]; /* set before the program runs */
} service = {.lock = SRWLOCK_INIT, .calls_lock = SRWLOCK_INIT, .name = SERVICE_DEFAULT_NAME};

const char *service_name(void)
{
    return service.name;
}

static bool is_pending(DWORD state)
{
    return state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING ||
           state == SERVICE_PAUSE_PENDING || state == SERVICE_CONTINUE_PENDING;
}

/* Tells the manager the state; a pending one again is a sign of life. With the lock held. */
static void tell_manager(DWORD state, DWORD exit_status)
{
    SERVICE_STATUS *status = &service.status;
    status->dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status->dwCurrentState = state;
    status->dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN |
                                 SERVICE_ACCEPT_PAUSE_CONTINUE | SERVICE_ACCEPT_PARAMCHANGE;
    if (state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING || state == SERVICE_STOPPED)
        status->dwControlsAccepted = 0;
    status->dwWin32ExitCode = exit_status ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR;
    status->dwServiceSpecificExitCode = exit_status;
    status->dwCheckPoint = is_pending(state) ? status->dwCheckPoint + 1 : 0;
    status->dwWaitHint = state == SERVICE_START_PENDING ? START_HINT : is_pending(state) ? STOP_HINT : 0;
    if (service.handle)
        SetServiceStatus(service.handle, status);
}

/* A change of state; none leads back from the end. */
static void change(DWORD state)
{
    AcquireSRWLockExclusive(&service.lock);
    if (service.status.dwCurrentState != SERVICE_STOP_PENDING)
        tell_manager(state, 0);
    ReleaseSRWLockExclusive(&service.lock);
}

void platform_service_ready(const char *status)
{
    (void)status; /* the manager of services has no place for it */
    AcquireSRWLockExclusive(&service.lock);
    if (service.status.dwCurrentState == SERVICE_START_PENDING)
        tell_manager(SERVICE_RUNNING, 0);
    ReleaseSRWLockExclusive(&service.lock);
}

void platform_service_reloading(void)
{
}

void platform_service_stopping(void)
{
    change(SERVICE_STOP_PENDING);
}

void platform_service_paused(bool paused)
{
    change(paused ? SERVICE_PAUSED : SERVICE_RUNNING);
}

void platform_service_alive(void)
{
    AcquireSRWLockExclusive(&service.lock);
    if (is_pending(service.status.dwCurrentState))
        tell_manager(service.status.dwCurrentState, 0);
    ReleaseSRWLockExclusive(&service.lock);
}

static void pause_or_continue(bool pause)
{
    change(pause ? SERVICE_PAUSE_PENDING : SERVICE_CONTINUE_PENDING);
    service.calls.pause(service.calls.context, pause);
}

static DWORD pass_on(DWORD code)
{
    if (!service.has_calls)
        return ERROR_SERVICE_CANNOT_ACCEPT_CTRL;
    switch (code) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        change(SERVICE_STOP_PENDING);
        service.calls.stop(service.calls.context);
        return NO_ERROR;
    case SERVICE_CONTROL_PAUSE:
    case SERVICE_CONTROL_CONTINUE:
        if (!service.calls.pause)
            return ERROR_CALL_NOT_IMPLEMENTED;
        pause_or_continue(code == SERVICE_CONTROL_PAUSE);
        return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE: service.calls.reload(service.calls.context); return NO_ERROR;
    }
    return ERROR_CALL_NOT_IMPLEMENTED;
}

static DWORD WINAPI control(DWORD code, DWORD type, LPVOID data, LPVOID context)
{
    (void)type;
    (void)data;
    (void)context;
    if (code == SERVICE_CONTROL_INTERROGATE)
        return NO_ERROR;
    AcquireSRWLockShared(&service.calls_lock);
    DWORD answer = pass_on(code);
    ReleaseSRWLockShared(&service.calls_lock);
    return answer;
}

/* The folder of the configuration that the command line names, or of data by default. */
static const char *own_folder(apr_pool_t *pool)
{
    for (int i = 1; i + 1 < service.argc; i++) {
        const char *path = service.argv[i + 1];
        size_t length = strlen(path);
        while (length > 0 && path[length - 1] != '\\' && path[length - 1] != '/')
            length--;
        if (strcmp(service.argv[i], "-c") == 0 && length > 1)
            return apr_pstrmemdup(pool, path, length - 1);
    }
    return platform_default_data_folder();
}

/* What goes to standard error before there is a log, and nobody would see, goes to a file. */
static void redirect_streams(void)
{
    apr_pool_t *pool;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    const char *folder = own_folder(pool);
    CreateDirectoryW(wide_path(folder, pool), NULL);
    const wchar_t *wide = wide_path(apr_pstrcat(pool, folder, "\\service.log", NULL), pool);
    if (_wfreopen(wide, L"w", stderr))
        setvbuf(stderr, NULL, _IONBF, 0);
    apr_pool_destroy(pool);
}

static void WINAPI service_main(DWORD argc, LPWSTR *argv)
{
    service.handle =
        RegisterServiceCtrlHandlerExW(argc > 0 ? argv[0] : L"" SERVICE_DEFAULT_NAME, control, NULL);
    if (!service.handle)
        return;
    if (argc > 0 && WideCharToMultiByte(CP_UTF8, 0, argv[0], -1, service.name, NAME_SIZE, NULL, NULL) == 0)
        strcpy(service.name, SERVICE_DEFAULT_NAME);
    change(SERVICE_START_PENDING);
    redirect_streams();
    int status = service.run(service.argc, service.argv);
    AcquireSRWLockExclusive(&service.lock);
    tell_manager(SERVICE_STOPPED, (DWORD)status);
    ReleaseSRWLockExclusive(&service.lock);
}

static int run_as_service(int argc, const char *const *argv, platform_run_t run)
{
    service.run = run;
    service.argv[service.argc++] = argv[0];
    for (int i = 3; i < argc && service.argc < ARGUMENT_LIMIT - 1; i++)
        service.argv[service.argc++] = argv[i];
    wchar_t name[] = L"" SERVICE_DEFAULT_NAME; /* does not matter: the process has one service */
    SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    if (StartServiceCtrlDispatcherW(table))
        return (int)service.status.dwServiceSpecificExitCode;
    fprintf(
        stderr,
        "x400mta: \"service run\" is for the service manager (error %lu); use \"x400mta service start\", or "
        "x400mta without \"service\" in a console\n",
        GetLastError());
    return EXIT_FAILURE;
}

bool platform_service_command(int argc, const char *const *argv, platform_run_t run, int *status)
{
    if (argc < 2 || strcmp(argv[1], "service") != 0)
        return false;
    if (argc > 2 && strcmp(argv[2], "run") == 0)
        *status = run_as_service(argc, argv, run);
    else
        *status = service_manage(argc, argv);
    return true;
}

const char *platform_service_help(void)
{
    return "Ctrl-Break reads it again; Ctrl-C ends x400mta in order.\n"
           "It runs in this console; as a service: see x400mta service --help\n";
}

/* In a console: Ctrl-C and its closing end the MTA in order, Ctrl-Break reads the configuration again. */
static BOOL WINAPI console_control(DWORD type)
{
    if (type == CTRL_LOGOFF_EVENT && service.handle)
        return TRUE;
    AcquireSRWLockShared(&service.calls_lock);
    if (service.has_calls && type == CTRL_BREAK_EVENT)
        service.calls.reload(service.calls.context);
    else if (service.has_calls)
        service.calls.stop(service.calls.context);
    ReleaseSRWLockShared(&service.calls_lock);
    if (type != CTRL_C_EVENT && type != CTRL_BREAK_EVENT)
        Sleep(INFINITE); /* the process would be ended on return; it ends itself, or the system's patience
                            does */
    return TRUE;
}

/* What would be called is about to go. */
static apr_status_t serve_nobody(void *data)
{
    (void)data;
    AcquireSRWLockExclusive(&service.calls_lock);
    service.has_calls = false;
    ReleaseSRWLockExclusive(&service.calls_lock);
    return APR_SUCCESS;
}

err_t *platform_service_begin(const platform_service_t *calls, apr_pool_t *pool)
{
    AcquireSRWLockExclusive(&service.calls_lock);
    service.calls = *calls;
    service.has_calls = true;
    ReleaseSRWLockExclusive(&service.calls_lock);
    apr_pool_pre_cleanup_register(pool, &service,
                                  serve_nobody); /* before the pools below it, as of the loop */
    if (!SetConsoleCtrlHandler(console_control, TRUE))
        return err_from_status(pool, apr_get_os_error(), "the calls of the console cannot be caught");
    return NULL;
}

err_t *platform_daemonize(apr_pool_t *pool)
{
    return err_create(pool, APR_ENOTIMPL, "system",
                      "x400mta runs in the background as a service here: see \"x400mta service install\"");
}
