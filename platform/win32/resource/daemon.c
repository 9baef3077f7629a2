/* The service as the service manager sees it, and as it answers itself. */
#include "resource.h"

#include "../start.h"

#include <string.h>
#include <wchar.h>

enum {
    PATH_SIZE = 4096,
    COMMAND_SIZE = 2 * PATH_SIZE + 64,
    ANSWER_SIZE = 64 * 1024, /* octets of a status; the pipe holds them */
    MILLISECONDS = 1000
};

static SC_HANDLE open_service(const properties_t *properties, DWORD rights, DWORD *error)
{
    SC_HANDLE service = NULL;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (manager)
        service = OpenServiceW(manager, properties->service, rights);
    *error = service ? ERROR_SUCCESS : GetLastError();
    if (manager)
        CloseServiceHandle(manager);
    return service;
}

bool daemon_state(const properties_t *properties, SERVICE_STATUS_PROCESS *status, DWORD *error)
{
    DWORD needed;
    SC_HANDLE service = open_service(properties, SERVICE_QUERY_STATUS, error);
    if (!service)
        return false;
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (LPBYTE)status, sizeof(*status), &needed))
        *error = GetLastError();
    CloseServiceHandle(service);
    return *error == ERROR_SUCCESS;
}

HANDLE daemon_process(const properties_t *properties)
{
    SERVICE_STATUS_PROCESS status;
    DWORD error;
    if (!daemon_state(properties, &status, &error) || status.dwProcessId == 0)
        return NULL;
    return OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, status.dwProcessId);
}

bool daemon_claim(const properties_t *properties)
{
    DWORD error;
    SC_ACTION none = {SC_ACTION_NONE, 0};
    SERVICE_FAILURE_ACTIONSW actions = {.cActions = 1, .lpsaActions = &none};
    SC_HANDLE service = open_service(properties, SERVICE_CHANGE_CONFIG | SERVICE_START, &error);
    if (!service) {
        SetLastError(error);
        return false;
    }
    bool good = ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_DEMAND_START, SERVICE_NO_CHANGE,
                                     NULL, NULL, NULL, NULL, NULL, NULL, NULL) &&
                ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, &actions);
    error = GetLastError();
    CloseServiceHandle(service);
    SetLastError(error);
    return good;
}

DWORD daemon_start(const properties_t *properties)
{
    DWORD error;
    SC_HANDLE service = open_service(properties, SERVICE_START | SERVICE_QUERY_STATUS, &error);
    if (!service)
        return error;
    error = start_service(service);
    CloseServiceHandle(service);
    return error;
}

DWORD daemon_stop(const properties_t *properties)
{
    DWORD error;
    SERVICE_STATUS status;
    SC_HANDLE service = open_service(properties, SERVICE_STOP, &error);
    if (!service)
        return error;
    if (!ControlService(service, SERVICE_CONTROL_STOP, &status))
        error = GetLastError();
    CloseServiceHandle(service);
    return error == ERROR_SERVICE_NOT_ACTIVE ? ERROR_SUCCESS : error;
}

/* The folder of this DLL, with the backslash. */
static bool own_folder(wchar_t *path, DWORD size)
{
    HMODULE module;
    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                            (LPCWSTR)(const void *)&resource_log, &module))
        return false;
    DWORD length = GetModuleFileNameW(module, path, size);
    wchar_t *end = length > 0 && length < size ? wcsrchr(path, L'\\') : NULL;
    if (end)
        end[1] = 0;
    return end != NULL;
}

static bool make_command(const properties_t *properties, wchar_t *program, wchar_t *command)
{
    const wchar_t *file = properties->configuration ? properties->configuration : L"";
    if (!own_folder(program, PATH_SIZE - 16) || wcslen(file) >= PATH_SIZE || wcschr(file, L'"'))
        return false;
    wcscat(program, L"x400ctl.exe");
    wcscpy(command, L"x400ctl --json");
    if (*file) {
        wcscat(command, L" -c \"");
        wcscat(command, file);
        wcscat(command, L"\"");
    }
    wcscat(command, L" status");
    return true;
}

/* Starts x400ctl, which writes to a pipe. */
static HANDLE ask(const properties_t *properties, HANDLE output)
{
    static wchar_t no_file[] = L"";
    wchar_t program[PATH_SIZE];
    wchar_t command[COMMAND_SIZE];
    STARTUPINFOW how = {
        .cb = sizeof(how), .dwFlags = STARTF_USESTDHANDLES, .lpTitle = no_file, .hStdOutput = output};
    PROCESS_INFORMATION process;
    if (!make_command(properties, program, command) ||
        !CreateProcessW(program, command, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &how, &process))
        return NULL;
    CloseHandle(process.hThread);
    return process.hProcess;
}

/* What was written, as a text; it is all there, for the writer has ended. */
static void read_answer(HANDLE input, char *text, DWORD size)
{
    DWORD length = 0;
    DWORD there = 0;
    if (PeekNamedPipe(input, NULL, 0, NULL, &there, NULL) && there > 0)
        ReadFile(input, text, there < size - 1 ? there : size - 1, &length, NULL);
    text[length] = 0;
}

static bool wait_for_answer(HANDLE process, const properties_t *properties, HANDLE cancel)
{
    HANDLE handles[] = {process, cancel};
    DWORD code = 1;
    if (WaitForMultipleObjects(2, handles, FALSE, properties->answer_timeout * MILLISECONDS) == WAIT_OBJECT_0)
        return GetExitCodeProcess(process, &code) && code == 0;
    TerminateProcess(process, 1);
    return false;
}

bool daemon_answers(const properties_t *properties, HANDLE cancel)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    HANDLE input;
    HANDLE output;
    char *text = HeapAlloc(GetProcessHeap(), 0, ANSWER_SIZE);
    if (!text || !CreatePipe(&input, &output, &inherited, ANSWER_SIZE)) {
        HeapFree(GetProcessHeap(), 0, text);
        return false;
    }
    SetHandleInformation(input, HANDLE_FLAG_INHERIT, 0);
    HANDLE process = ask(properties, output);
    bool answered = process && wait_for_answer(process, properties, cancel);
    if (answered) {
        read_answer(input, text, ANSWER_SIZE);
        answered = strstr(text, "\"failing\": false") != NULL;
    }
    if (process)
        CloseHandle(process);
    CloseHandle(input);
    CloseHandle(output);
    HeapFree(GetProcessHeap(), 0, text);
    return answered;
}
