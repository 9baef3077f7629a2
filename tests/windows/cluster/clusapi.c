/* A clusapi.dll for tests, in place of the one of a cluster. What it answers stands in the file that
 * X400_TEST_CLUSTER names, read anew by each GetNodeClusterState:
 *
 *   state NUMBER                     of this node: 0 not installed, 1 not configured, 3 not running, 19
 * running hang                             OpenCluster takes longer than anybody waits fail CALL ERROR this
 * function fails with that error of Windows resource NAME|TYPE|GROUP|STATE|PROPERTY=VALUE|...
 */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0502

#include <windows.h>

#include <clusapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    RESOURCE_LIMIT = 16,
    PROPERTY_LIMIT = 8,
    FAILURE_LIMIT = 4,
    TEXT_SIZE = 128,
    LINE_SIZE = 1024,
    HANG = 15000,
    SYNTAX_NAME = 0x00040003,
    SYNTAX_TEXT = 0x00010003
};

typedef struct property_t {
    wchar_t name[TEXT_SIZE];
    wchar_t value[TEXT_SIZE];
} property_t;

typedef struct resource_t {
    wchar_t name[TEXT_SIZE];
    wchar_t type[TEXT_SIZE];
    wchar_t group[TEXT_SIZE];
    int state;
    property_t properties[PROPERTY_LIMIT];
    DWORD property_count;
} resource_t;

static resource_t resources[RESOURCE_LIMIT];
static DWORD resource_count;
static DWORD node_state;
static bool hangs;
static struct {
    char call[TEXT_SIZE];
    DWORD error;
} failures[FAILURE_LIMIT];
static unsigned failure_count;
static wchar_t open_group[TEXT_SIZE];

static void widen(const char *text, wchar_t room[TEXT_SIZE])
{
    MultiByteToWideChar(CP_UTF8, 0, text, -1, room, TEXT_SIZE);
}

static void read_property(resource_t *resource, char *text)
{
    char *value = strchr(text, '=');
    if (!value || resource->property_count == PROPERTY_LIMIT)
        return;
    *value++ = 0;
    property_t *property = &resource->properties[resource->property_count++];
    widen(text, property->name);
    widen(value, property->value);
}

static void read_resource(char *line)
{
    resource_t *resource = &resources[resource_count++];
    memset(resource, 0, sizeof(*resource));
    int field = 0;
    for (char *next = line; next; field++) {
        char *text = next;
        next = strchr(text, '|');
        if (next)
            *next++ = 0;
        switch (field) {
        case 0: widen(text, resource->name); break;
        case 1: widen(text, resource->type); break;
        case 2: widen(text, resource->group); break;
        case 3: resource->state = atoi(text); break;
        default: read_property(resource, text);
        }
    }
}

static void read_line(char *line)
{
    line[strcspn(line, "\r\n")] = 0;
    if (strncmp(line, "state ", 6) == 0)
        node_state = (DWORD)atoi(line + 6);
    else if (strcmp(line, "hang") == 0)
        hangs = true;
    else if (strncmp(line, "fail ", 5) == 0 && failure_count < FAILURE_LIMIT &&
             sscanf(line + 5, "%127s %lu", failures[failure_count].call, &failures[failure_count].error) == 2)
        failure_count++;
    else if (strncmp(line, "resource ", 9) == 0 && resource_count < RESOURCE_LIMIT)
        read_resource(line + 9);
}

static void read_file(void)
{
    char line[LINE_SIZE];
    const char *path = getenv("X400_TEST_CLUSTER");
    FILE *file = path ? fopen(path, "rb") : NULL;
    node_state = resource_count = failure_count = 0;
    hangs = false;
    if (!file)
        return;
    while (fgets(line, sizeof(line), file))
        read_line(line);
    fclose(file);
}

static bool fails(const char *call, DWORD *error)
{
    for (unsigned i = 0; i < failure_count; i++)
        if (strcmp(failures[i].call, call) == 0) {
            *error = failures[i].error;
            SetLastError(*error);
            return true;
        }
    return false;
}

DWORD WINAPI GetNodeClusterState(LPCWSTR node, DWORD *state)
{
    DWORD error = ERROR_SUCCESS;
    (void)node;
    read_file();
    if (fails("GetNodeClusterState", &error))
        return error;
    *state = node_state;
    return ERROR_SUCCESS;
}

/* As in a cluster that is not there under Wine: it never fails by itself. */
HCLUSTER WINAPI OpenCluster(LPCWSTR name)
{
    DWORD error;
    (void)name;
    if (hangs)
        Sleep(HANG);
    return fails("OpenCluster", &error) ? NULL : (HCLUSTER)resources;
}

WINBOOL WINAPI CloseCluster(HCLUSTER cluster)
{
    (void)cluster;
    return TRUE;
}

static DWORD copy_name(const wchar_t *text, LPWSTR name, LPDWORD size)
{
    size_t length = wcslen(text);
    if (length >= *size) {
        *size = (DWORD)length;
        return ERROR_MORE_DATA;
    }
    wcscpy(name, text);
    *size = (DWORD)length;
    return ERROR_SUCCESS;
}

HCLUSENUM WINAPI ClusterOpenEnum(HCLUSTER cluster, DWORD type)
{
    DWORD error;
    (void)type;
    return fails("ClusterOpenEnum", &error) ? NULL : (HCLUSENUM)cluster;
}

DWORD WINAPI ClusterEnum(HCLUSENUM list, DWORD index, LPDWORD type, LPWSTR name, LPDWORD size)
{
    DWORD error;
    (void)list;
    if (fails("ClusterEnum", &error))
        return error;
    if (index >= resource_count)
        return ERROR_NO_MORE_ITEMS;
    *type = CLUSTER_ENUM_RESOURCE;
    return copy_name(resources[index].name, name, size);
}

DWORD WINAPI ClusterCloseEnum(HCLUSENUM list)
{
    (void)list;
    return ERROR_SUCCESS;
}

HRESOURCE WINAPI OpenClusterResource(HCLUSTER cluster, LPCWSTR name)
{
    DWORD error;
    (void)cluster;
    if (fails("OpenClusterResource", &error))
        return NULL;
    for (DWORD i = 0; i < resource_count; i++)
        if (_wcsicmp(resources[i].name, name) == 0)
            return (HRESOURCE)&resources[i];
    SetLastError(ERROR_RESOURCE_NOT_FOUND);
    return NULL;
}

WINBOOL WINAPI CloseClusterResource(HRESOURCE resource)
{
    (void)resource;
    return TRUE;
}

CLUSTER_RESOURCE_STATE WINAPI GetClusterResourceState(HRESOURCE handle, LPWSTR node, LPDWORD node_size,
                                                      LPWSTR group, LPDWORD group_size)
{
    const resource_t *resource = (const resource_t *)handle;
    DWORD error;
    if (fails("GetClusterResourceState", &error))
        return ClusterResourceStateUnknown;
    copy_name(L"NODE1", node, node_size);
    copy_name(resource->group, group, group_size);
    return (CLUSTER_RESOURCE_STATE)resource->state;
}

/* Lists of properties: numbers and texts, each text with kind and length, filled up to four octets. */
static unsigned char *put_number(unsigned char *place, DWORD number)
{
    memcpy(place, &number, sizeof(number));
    return place + sizeof(number);
}

static unsigned char *put_text(unsigned char *place, DWORD syntax, const wchar_t *text)
{
    DWORD length = (DWORD)((wcslen(text) + 1) * sizeof(*text));
    place = put_number(put_number(place, syntax), length);
    memcpy(place, text, length);
    return place + ((length + 3) & ~(DWORD)3);
}

static DWORD list_properties(const resource_t *resource, unsigned char *list)
{
    unsigned char *place = put_number(list, resource->property_count);
    for (DWORD i = 0; i < resource->property_count; i++) {
        place = put_text(place, SYNTAX_NAME, resource->properties[i].name);
        place = put_text(place, SYNTAX_TEXT, resource->properties[i].value);
        place = put_number(place, 0);
    }
    return (DWORD)(put_number(place, 0) - list);
}

DWORD WINAPI ClusterResourceControl(HRESOURCE handle, HNODE node, DWORD code, LPVOID in, DWORD in_size,
                                    LPVOID out, DWORD out_size, LPDWORD returned)
{
    static unsigned char list[64 * 1024];
    const resource_t *resource = (const resource_t *)handle;
    const void *answer = list;
    DWORD error;
    (void)node;
    (void)in;
    (void)in_size;
    if (fails("ClusterResourceControl", &error))
        return error;
    if (code == CLUSCTL_RESOURCE_GET_RESOURCE_TYPE) {
        answer = resource->type;
        *returned = (DWORD)((wcslen(resource->type) + 1) * sizeof(wchar_t));
    } else if (code == CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES) {
        memset(list, 0, sizeof(list));
        *returned = list_properties(resource, list);
    } else {
        return ERROR_INVALID_FUNCTION;
    }
    if (*returned > out_size)
        return ERROR_MORE_DATA;
    memcpy(out, answer, *returned);
    return ERROR_SUCCESS;
}

HGROUP WINAPI OpenClusterGroup(HCLUSTER cluster, LPCWSTR name)
{
    DWORD error;
    (void)cluster;
    if (fails("OpenClusterGroup", &error))
        return NULL;
    wcsncpy(open_group, name, TEXT_SIZE - 1);
    return (HGROUP)open_group;
}

WINBOOL WINAPI CloseClusterGroup(HGROUP group)
{
    (void)group;
    return TRUE;
}

HGROUPENUM WINAPI ClusterGroupOpenEnum(HGROUP group, DWORD type)
{
    DWORD error;
    (void)type;
    return fails("ClusterGroupOpenEnum", &error) ? NULL : (HGROUPENUM)group;
}

DWORD WINAPI ClusterGroupEnum(HGROUPENUM list, DWORD index, LPDWORD type, LPWSTR name, LPDWORD size)
{
    const wchar_t *group = (const wchar_t *)list;
    DWORD error;
    if (fails("ClusterGroupEnum", &error))
        return error;
    for (DWORD i = 0; i < resource_count; i++)
        if (wcscmp(resources[i].group, group) == 0 && index-- == 0) {
            *type = CLUSTER_GROUP_ENUM_CONTAINS;
            return copy_name(resources[i].name, name, size);
        }
    return ERROR_NO_MORE_ITEMS;
}

DWORD WINAPI ClusterGroupCloseEnum(HGROUPENUM list)
{
    (void)list;
    return ERROR_SUCCESS;
}

/* Keys of the cluster are keys of the registry here. */

LONG WINAPI ClusterRegCreateKey(HKEY key, LPCWSTR name, DWORD options, REGSAM rights,
                                LPSECURITY_ATTRIBUTES security, PHKEY made, LPDWORD disposition)
{
    (void)security;
    return RegCreateKeyExW(key, name, 0, NULL, options, rights, NULL, made, disposition);
}

LONG WINAPI ClusterRegCloseKey(HKEY key)
{
    return RegCloseKey(key);
}
