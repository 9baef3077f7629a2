/* A resource monitor for tests: loads the DLL of a resource type as a cluster does, and calls its entry
 * points as the lines of its standard input say. After each line's work it prints "done NUMBER".
 *
 *   monitor DLL
 *   startup TYPE LEAST MOST; open; close; online; offline; terminate; looks; is; event
 *   get; enum; type-enum; set NAME VALUE; validate NAME VALUE (a value of digits is a number)
 */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0502

#include <windows.h>

#include <clusapi.h>
typedef void *PCLUSPROP_FILETIME;
#include <resapi.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { LINE_SIZE = 1024, TEXT_SIZE = 512, LIST_SIZE = 4096, PATIENCE = 600, TURN = 100 };

static const CLRES_V1_FUNCTIONS *functions;
static RESID resource;
static HKEY key;
static volatile LONG state;
static volatile LONG checkpoints;
static HANDLE event;
static PSTARTUP_ROUTINE entry;

static DWORD WINAPI set_status(RESOURCE_HANDLE handle, PRESOURCE_STATUS status)
{
    if (handle != (RESOURCE_HANDLE)&resource)
        printf("a wrong handle\n");
    if (status->ResourceState >= ClusterResourcePending)
        InterlockedIncrement(&checkpoints);
    event = status->EventHandle;
    InterlockedExchange(&state, status->ResourceState);
    return ERROR_SUCCESS;
}

static void WINAPI log_event(RESOURCE_HANDLE handle, LOG_LEVEL level, LPCWSTR format, ...)
{
    wchar_t text[TEXT_SIZE];
    char narrow[2 * TEXT_SIZE];
    va_list list;
    (void)handle;
    va_start(list, format);
    FormatMessageW(FORMAT_MESSAGE_FROM_STRING, format, 0, 0, text, TEXT_SIZE, &list);
    va_end(list);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, sizeof(narrow), NULL, NULL);
    printf("log %d %s", (int)level, narrow);
}

static void startup(const char *type, DWORD least, DWORD most)
{
    wchar_t wide[TEXT_SIZE];
    PCLRES_FUNCTION_TABLE table = NULL;
    MultiByteToWideChar(CP_UTF8, 0, type, -1, wide, TEXT_SIZE);
    DWORD error = entry(wide, least, most, set_status, log_event, &table);
    printf("startup %lu %s\n", error, table ? "table" : "no table");
    if (!table)
        return;
    functions = &table->V1Functions;
    printf("version %lx size %d\n", table->Version, table->TableSize == sizeof(CLRES_V1_FUNCTIONS));
}

/* Online or offline, until it is done. */
static void go(const char *name, DWORD error, CLUSTER_RESOURCE_STATE at_once)
{
    if (error != ERROR_IO_PENDING) {
        printf("%s at once, error %lu, state %d\n", name, error, error ? -1 : (int)at_once);
        return;
    }
    for (int i = 0;
         i < PATIENCE && (state == ClusterResourcePending || state >= ClusterResourceOnlinePending); i++)
        Sleep(TURN);
    printf("%s state %ld, checkpoints %s, event %s\n", name, state, checkpoints ? "yes" : "no",
           event ? "yes" : "no");
}

static void online(void)
{
    HANDLE unused;
    checkpoints = 0;
    state = ClusterResourceOnlinePending;
    go("online", functions->Online(resource, &unused), ClusterResourceOnline);
}

static void offline(void)
{
    checkpoints = 0;
    state = ClusterResourceOfflinePending;
    event = NULL;
    go("offline", functions->Offline(resource), ClusterResourceOffline);
}

static void put(unsigned char **place, DWORD syntax, const void *value, DWORD length)
{
    memcpy(*place, &syntax, sizeof(syntax));
    memcpy(*place + sizeof(syntax), &length, sizeof(length));
    memcpy(*place + 2 * sizeof(syntax), value, length);
    *place += 2 * sizeof(syntax) + ((length + 3) & ~(DWORD)3);
}

static void set(const char *command, DWORD code, const char *name, const char *value)
{
    unsigned char list[LIST_SIZE] = {1};
    unsigned char *place = list + sizeof(DWORD);
    wchar_t wide[TEXT_SIZE];
    DWORD number = (DWORD)strtoul(value, NULL, 10);
    DWORD returned = 0;
    int size = MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, TEXT_SIZE);
    put(&place, CLUSPROP_SYNTAX_NAME, wide, (DWORD)size * sizeof(*wide));
    if (*value && value[strspn(value, "0123456789")] == 0) {
        put(&place, CLUSPROP_SYNTAX_LIST_VALUE_DWORD, &number, sizeof(number));
    } else {
        size = MultiByteToWideChar(CP_UTF8, 0, value, -1, wide, TEXT_SIZE);
        put(&place, CLUSPROP_SYNTAX_LIST_VALUE_SZ, wide, (DWORD)size * sizeof(*wide));
    }
    place += sizeof(DWORD); /* the end of its values, nothing in it */
    printf("%s %lu\n", command,
           functions->ResourceControl(resource, code, list, (DWORD)(place - list), NULL, 0, &returned));
}

/* Prints a list of properties of one value each. */
static void get(void)
{
    unsigned char list[LIST_SIZE];
    DWORD returned = 0;
    DWORD error = functions->ResourceControl(resource, CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES, NULL, 0, list,
                                             8, &returned);
    printf("get in too little room %lu\n", error);
    error = functions->ResourceControl(resource, CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES, NULL, 0, list,
                                       sizeof(list), &returned);
    printf("get %lu\n", error);
    const unsigned char *place = list + sizeof(DWORD);
    while (error == ERROR_SUCCESS && place < list + returned) {
        DWORD header[2];
        memcpy(header, place, sizeof(header));
        printf("property %ls=", (const wchar_t *)(const void *)(place + sizeof(header)));
        place += sizeof(header) + ((header[1] + 3) & ~(DWORD)3);
        memcpy(header, place, sizeof(header));
        if (header[0] == CLUSPROP_SYNTAX_LIST_VALUE_DWORD) {
            DWORD number;
            memcpy(&number, place + sizeof(header), sizeof(number));
            printf("%lu\n", number);
        } else {
            printf("%ls\n", (const wchar_t *)(const void *)(place + sizeof(header)));
        }
        place += sizeof(header) + ((header[1] + 3) & ~(DWORD)3) + sizeof(DWORD);
    }
}

static void list_names(const char *command, DWORD error, const wchar_t *names)
{
    printf("%s %lu", command, error);
    for (; error == ERROR_SUCCESS && *names; names += wcslen(names) + 1)
        printf(" %ls", names);
    printf("\n");
}

static void enumerate(const char *command)
{
    wchar_t names[LIST_SIZE];
    DWORD returned;
    if (strcmp(command, "enum") == 0)
        list_names(command,
                   functions->ResourceControl(resource, CLUSCTL_RESOURCE_ENUM_PRIVATE_PROPERTIES, NULL, 0,
                                              names, sizeof(names), &returned),
                   names);
    else
        list_names(command,
                   functions->ResourceTypeControl(L"x400mta", CLUSCTL_RESOURCE_TYPE_ENUM_PRIVATE_PROPERTIES,
                                                  NULL, 0, names, sizeof(names), &returned),
                   names);
}

static void forget_properties(void)
{
    RegDeleteKeyW(HKEY_CURRENT_USER, L"Software\\x400mta-test-resource\\Parameters");
    RegDeleteKeyW(HKEY_CURRENT_USER, L"Software\\x400mta-test-resource");
}

static void open_resource(void)
{
    forget_properties(); /* of a run that broke off */
    RegCreateKeyExW(HKEY_CURRENT_USER, L"Software\\x400mta-test-resource", 0, NULL, 0, KEY_ALL_ACCESS, NULL,
                    &key, NULL);
    resource = functions->Open(L"Mail", key, (RESOURCE_HANDLE)&resource);
    printf("open %s\n", resource ? "good" : "bad");
}

static void close_resource(void)
{
    functions->Close(resource);
    RegCloseKey(key);
    forget_properties();
    printf("closed\n");
}

static void unknown_controls(void)
{
    DWORD returned = 0;
    printf(
        "control %lu, type %lu\n",
        functions->ResourceControl(resource, CLUSCTL_RESOURCE_GET_NETWORK_NAME, NULL, 0, NULL, 0, &returned),
        functions->ResourceTypeControl(L"x400mta", CLUSCTL_RESOURCE_GET_CHARACTERISTICS, NULL, 0, NULL, 0,
                                       &returned));
}

static void carry_out(char *line)
{
    char command[TEXT_SIZE] = "";
    char first[TEXT_SIZE] = "";
    char second[TEXT_SIZE] = "";
    sscanf(line, "%511s %511s %511[^\r\n]", command, first, second);
    if (strcmp(command, "startup") == 0) {
        unsigned least = 0;
        unsigned most = 0;
        sscanf(second, "%x %x", &least, &most);
        startup(first, least, most);
    } else if (strcmp(command, "open") == 0)
        open_resource();
    else if (strcmp(command, "close") == 0)
        close_resource();
    else if (strcmp(command, "online") == 0)
        online();
    else if (strcmp(command, "offline") == 0)
        offline();
    else if (strcmp(command, "terminate") == 0) {
        functions->Terminate(resource);
        printf("terminated\n");
    } else if (strcmp(command, "looks") == 0)
        printf("looks %d\n", functions->LooksAlive(resource));
    else if (strcmp(command, "is") == 0)
        printf("is %d\n", functions->IsAlive(resource));
    else if (strcmp(command, "event") == 0)
        printf("event %s\n", WaitForSingleObject(event, 0) == WAIT_OBJECT_0 ? "signalled" : "quiet");
    else if (strcmp(command, "get") == 0)
        get();
    else if (strcmp(command, "enum") == 0 || strcmp(command, "type-enum") == 0)
        enumerate(command);
    else if (strcmp(command, "unknown") == 0)
        unknown_controls();
    else if (strcmp(command, "set") == 0)
        set(command, CLUSCTL_RESOURCE_SET_PRIVATE_PROPERTIES, first, second);
    else if (strcmp(command, "validate") == 0)
        set(command, CLUSCTL_RESOURCE_VALIDATE_PRIVATE_PROPERTIES, first, second);
    else
        printf("no such command\n");
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    char line[LINE_SIZE];
    HMODULE module = argc == 2 ? LoadLibraryW(argv[1]) : NULL;
    FARPROC found = module ? GetProcAddress(module, "Startup") : NULL;
    memcpy(&entry, &found, sizeof(entry));
    setvbuf(stdout, NULL, _IONBF, 0);
    if (!found) {
        printf("the DLL cannot be loaded, error %lu\n", GetLastError());
        return 1;
    }
    for (unsigned number = 1; fgets(line, sizeof(line), stdin); number++) {
        carry_out(line);
        printf("done %u\n", number);
    }
    return 0;
}
