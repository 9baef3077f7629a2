/* "x400mta service ORDER": makes, removes, starts and stops the service. */
#include "service.h"
#include "platform.h"
#include "registry.h"
#include "setup.h"
#include "start.h"
#include "wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_getopt.h>
#include <apr_strings.h>
#include <apr_time.h>

enum {
    PATH_SIZE = 32768,
    RESTART_SOON = 5000,   /* milliseconds after a failure */
    RESTART_LATER = 60000, /* after the second and all others */
    FAILURES_FORGOTTEN = 86400,
    SHUTDOWN_PATIENCE = 60000,
    WAIT_LIMIT = 180, /* seconds for a service to reach a state */
    WAIT_STEP = 200000
};

typedef struct manage_t {
    apr_pool_t *pool;
    const char *order;
    const char *name;
    const char *configuration;
    const char *account;
    const char *port;
} manage_t;

static int complain(const manage_t *manage, const char *what, DWORD error)
{
    char words[512];
    err_status_words(APR_FROM_OS_ERROR(error), words, sizeof(words));
    fprintf(stderr, "x400mta: %s (service %s): %s\n", what, manage->name, words);
    return EXIT_FAILURE;
}

/* The command line by which the manager starts the service. */
static const char *command_line(const manage_t *manage)
{
    wchar_t path[PATH_SIZE];
    GetModuleFileNameW(NULL, path, PATH_SIZE);
    return apr_psprintf(manage->pool, "\"%s\" service run -c \"%s\"", wide_to_utf8(path, manage->pool),
                        manage->configuration);
}

static void set(SC_HANDLE handle, DWORD level, void *value, const char *what)
{
    if (!ChangeServiceConfig2W(handle, level, value))
        fprintf(stderr, "x400mta: the service is installed, but its %s could not be set (error %lu)\n", what,
                GetLastError());
}

static void describe_service(SC_HANDLE handle)
{
    wchar_t words[] = L"Transfers X.400 messages between message transfer agents.";
    SERVICE_DESCRIPTIONW description = {.lpDescription = words};
    SC_ACTION actions[] = {{SC_ACTION_RESTART, RESTART_SOON}, {SC_ACTION_RESTART, RESTART_LATER}};
    SERVICE_FAILURE_ACTIONSW failure = {.dwResetPeriod = FAILURES_FORGOTTEN,
                                        .cActions = sizeof(actions) / sizeof(*actions),
                                        .lpsaActions = actions};
    SERVICE_FAILURE_ACTIONS_FLAG also_after_errors = {TRUE};
    SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};
    SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SERVICE_PRESHUTDOWN_INFO patience = {SHUTDOWN_PATIENCE};
    wchar_t traverse[] = L"SeChangeNotifyPrivilege\0";
    SERVICE_REQUIRED_PRIVILEGES_INFOW privileges = {.pmszRequiredPrivileges = traverse};
    set(handle, SERVICE_CONFIG_DESCRIPTION, &description, "description");
    set(handle, SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "failure actions");
    set(handle, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also_after_errors, "failure actions after errors");
    set(handle, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed, "delayed start");
    set(handle, SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "security identifier");
    set(handle, SERVICE_CONFIG_PRESHUTDOWN_INFO, &patience, "time to end at shutdown");
    set(handle, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privileges, "list of privileges");
}

static int install(manage_t *manage, SC_HANDLE manager)
{
    SC_HANDLE handle =
        CreateServiceW(manager, wide_of_utf8(manage->name, manage->pool), L"" SERVICE_DISPLAY_NAME,
                       SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                       SERVICE_ERROR_NORMAL, wide_of_utf8(command_line(manage), manage->pool), NULL, NULL,
                       L"Tcpip\0", wide_of_utf8(manage->account, manage->pool), NULL);
    if (!handle)
        return complain(manage, "it cannot be installed", GetLastError());
    describe_service(handle);
    CloseServiceHandle(handle);
    DWORD error = registry_add_event_source(EVENT_SOURCE_DEFAULT, manage->pool);
    if (error)
        complain(manage, "it is installed, but the source of its events is not", error);
    error = registry_protect_data_folder(platform_default_data_folder(), manage->name, manage->pool);
    if (error)
        complain(manage, "it is installed, but the rights of its data folder are not set", error);
    printf("The service %s is installed; it reads %s\n", manage->name, manage->configuration);
    return EXIT_SUCCESS;
}

static const char *state_name(DWORD state)
{
    static const char *const names[] = {"in no state", "stopped",        "starting",          "stopping",
                                        "running",     "going on again", "coming to a pause", "paused"};
    return state < sizeof(names) / sizeof(*names) ? names[state] : names[0];
}

/* Waits until the service has reached state, or has stopped instead, or nothing moves. */
static DWORD wait_for_state(SC_HANDLE handle, DWORD wanted, SERVICE_STATUS *status)
{
    apr_time_t end = apr_time_now() + apr_time_from_sec(WAIT_LIMIT);
    for (;;) {
        if (!QueryServiceStatus(handle, status))
            return GetLastError();
        if (status->dwCurrentState == wanted || status->dwCurrentState == SERVICE_STOPPED)
            return ERROR_SUCCESS;
        if (apr_time_now() > end)
            return ERROR_SERVICE_REQUEST_TIMEOUT;
        apr_sleep(WAIT_STEP);
    }
}

static int report_state(const manage_t *manage, const SERVICE_STATUS *status, DWORD wanted)
{
    if (status->dwCurrentState == wanted) {
        printf("The service %s is %s\n", manage->name, state_name(status->dwCurrentState));
        return EXIT_SUCCESS;
    }
    fprintf(stderr, "x400mta: the service %s is %s", manage->name, state_name(status->dwCurrentState));
    if (status->dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR)
        fprintf(stderr,
                "; it ended with status %lu, see the Event Log and service.log beside its configuration",
                status->dwServiceSpecificExitCode);
    else if (status->dwWin32ExitCode)
        fprintf(stderr, "; error %lu", status->dwWin32ExitCode);
    fputs("\n", stderr);
    return EXIT_FAILURE;
}

static int wait_and_report(const manage_t *manage, SC_HANDLE handle, DWORD wanted)
{
    SERVICE_STATUS status;
    DWORD error = wait_for_state(handle, wanted, &status);
    if (error)
        return complain(manage, "its state is not known", error);
    return report_state(manage, &status, wanted);
}

static int start(const manage_t *manage, SC_HANDLE handle)
{
    DWORD error = start_service(handle);
    if (error)
        return complain(manage, "it cannot be started", error);
    return wait_and_report(manage, handle, SERVICE_RUNNING);
}

static int order(const manage_t *manage, SC_HANDLE handle, DWORD code, DWORD wanted)
{
    SERVICE_STATUS status;
    if (!ControlService(handle, code, &status) &&
        !(wanted == SERVICE_STOPPED && GetLastError() == ERROR_SERVICE_NOT_ACTIVE))
        return complain(manage, "it does not take the order", GetLastError());
    return wait_and_report(manage, handle, wanted);
}

static int remove_service(const manage_t *manage, SC_HANDLE handle)
{
    SERVICE_STATUS status;
    if (ControlService(handle, SERVICE_CONTROL_STOP, &status))
        wait_for_state(handle, SERVICE_STOPPED, &status);
    if (!DeleteService(handle))
        return complain(manage, "it cannot be removed", GetLastError());
    registry_remove_event_source(EVENT_SOURCE_DEFAULT, manage->pool);
    printf("The service %s is removed; configuration and queue are left\n", manage->name);
    return EXIT_SUCCESS;
}

static int show(const manage_t *manage, SC_HANDLE handle)
{
    SERVICE_STATUS status;
    if (!QueryServiceStatus(handle, &status))
        return complain(manage, "its state is not known", GetLastError());
    printf("The service %s is %s\n", manage->name, state_name(status.dwCurrentState));
    return status.dwCurrentState == SERVICE_RUNNING ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct {
    const char *name;
    DWORD rights;
    DWORD code; /* of the control, if it is one */
    DWORD wanted;
    int (*run)(const manage_t *manage, SC_HANDLE handle); /* NULL: the control alone */
} ORDERS[] = {
    {"remove", SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE, 0, 0, remove_service},
    {"start", SERVICE_START | SERVICE_QUERY_STATUS, 0, 0, start},
    {"stop", SERVICE_STOP | SERVICE_QUERY_STATUS, SERVICE_CONTROL_STOP, SERVICE_STOPPED, NULL},
    {"pause", SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS, SERVICE_CONTROL_PAUSE, SERVICE_PAUSED, NULL},
    {"continue", SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS, SERVICE_CONTROL_CONTINUE, SERVICE_RUNNING,
     NULL},
    {"reload", SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS, SERVICE_CONTROL_PARAMCHANGE, SERVICE_RUNNING,
     NULL},
    {"status", SERVICE_QUERY_STATUS, 0, 0, show},
};

static int run_order(manage_t *manage, SC_HANDLE manager)
{
    if (strcmp(manage->order, "install") == 0)
        return install(manage, manager);
    for (size_t i = 0; i < sizeof(ORDERS) / sizeof(*ORDERS); i++) {
        if (strcmp(manage->order, ORDERS[i].name) != 0)
            continue;
        SC_HANDLE handle = OpenServiceW(manager, wide_of_utf8(manage->name, manage->pool), ORDERS[i].rights);
        if (!handle)
            return complain(manage, "it cannot be opened", GetLastError());
        int status = ORDERS[i].run ? ORDERS[i].run(manage, handle)
                                   : order(manage, handle, ORDERS[i].code, ORDERS[i].wanted);
        CloseServiceHandle(handle);
        return status;
    }
    fprintf(stderr, "x400mta: there is no order \"%s\"; see x400mta service --help\n", manage->order);
    return EXIT_FAILURE;
}

static const apr_getopt_option_t options[] = {
    {"name", 'n', 1, "NAME  the service, " SERVICE_DEFAULT_NAME " by default"},
    {"config", 'c', 1, "FILE  install: the configuration file"},
    {"port", 'p', 1, "NUMBER  prepare: the TCP port, 102 by default"},
    {"account", 'a', 1, "NAME  install: the account, NT SERVICE\\NAME by default"},
    {"help", 'h', 0, "      print this text"},
    {NULL, 0, 0, NULL}};

static void usage(FILE *out)
{
    fputs("Usage: x400mta service ORDER [OPTION...]\n\n"
          "  install   makes the service; its configuration is not touched\n"
          "  remove    stops and removes it; configuration and queue are left\n"
          "  start, stop\n"
          "  pause     takes and sends nothing more once transfers at hand are over; mail is kept\n"
          "  continue  goes on after a pause\n"
          "  reload    reads the configuration again\n"
          "  status    says its state\n"
          "  prepare   makes folder and first configuration if there is none; installers do it\n"
          "  purge     removes the folder of the configuration with all in it, the queue too\n\n",
          out);
    for (const apr_getopt_option_t *option = options; option->name; option++)
        fprintf(out, "  -%c, --%-8s %s\n", option->optch, option->name, option->description);
}

/* False, with *status, if there is nothing to do. */
static bool read_options(manage_t *manage, int argc, const char *const *argv, int *status)
{
    apr_getopt_t *getopt;
    int option;
    const char *value;
    apr_status_t result;
    apr_getopt_init(&getopt, manage->pool, argc, argv);
    *status = EXIT_SUCCESS;
    while ((result = apr_getopt_long(getopt, options, &option, &value)) == APR_SUCCESS) {
        switch (option) {
        case 'n': manage->name = value; break;
        case 'c': manage->configuration = value; break;
        case 'a': manage->account = value; break;
        case 'p': manage->port = value; break;
        default: usage(stdout); return false;
        }
    }
    if (result == APR_EOF && getopt->ind == argc)
        return true;
    *status = EXIT_FAILURE;
    usage(stderr);
    return false;
}

static int manage_service(manage_t *manage)
{
    if (strcmp(manage->order, "prepare") == 0)
        return setup_prepare(manage->configuration, manage->port, manage->name, manage->pool);
    if (strcmp(manage->order, "purge") == 0)
        return setup_purge(manage->configuration, manage->pool);
    bool makes = strcmp(manage->order, "install") == 0;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, makes ? SC_MANAGER_CREATE_SERVICE : SC_MANAGER_CONNECT);
    if (!manager)
        return complain(manage, "the service manager does not answer", GetLastError());
    int status = run_order(manage, manager);
    CloseServiceHandle(manager);
    return status;
}

int service_manage(int argc, const char *const *argv)
{
    int status = EXIT_FAILURE;
    manage_t manage = {
        .name = SERVICE_DEFAULT_NAME, .configuration = platform_default_configuration(), .port = "102"};
    if (argc < 3 || argv[2][0] == '-') {
        usage(argc < 3 ? stderr : stdout);
        return argc < 3 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (apr_pool_create(&manage.pool, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    manage.order = argv[2];
    if (!read_options(&manage, argc - 2, argv + 2, &status)) {
        apr_pool_destroy(manage.pool);
        return status;
    }
    if (!manage.account)
        manage.account = apr_pstrcat(manage.pool, "NT SERVICE\\", manage.name, NULL);
    status = manage_service(&manage);
    apr_pool_destroy(manage.pool);
    return status;
}
