/* The level of Windows at which mingw-w64 can read the header of the cluster interface. */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0502

#include "cluster_group.h"

#include <windows.h>

#include <clusapi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { NAME_SIZE = 1024, PROPERTIES_SIZE = 64 * 1024 };

static const wchar_t own_type[] = L"x400mta";
static const wchar_t own_service[] = L"x400mta"; /* of a resource of that type that names none */

/* The functions of the interface, by their names. */
#define CLUSAPI_CALLS(CALL)                                                                                  \
    CALL(GetNodeClusterState)                                                                                \
    CALL(OpenCluster)                                                                                        \
    CALL(CloseCluster)                                                                                       \
    CALL(ClusterOpenEnum)                                                                                    \
    CALL(ClusterEnum)                                                                                        \
    CALL(ClusterCloseEnum)                                                                                   \
    CALL(OpenClusterResource)                                                                                \
    CALL(CloseClusterResource)                                                                               \
    CALL(GetClusterResourceState)                                                                            \
    CALL(ClusterResourceControl)                                                                             \
    CALL(OpenClusterGroup)                                                                                   \
    CALL(CloseClusterGroup)                                                                                  \
    CALL(ClusterGroupOpenEnum)                                                                               \
    CALL(ClusterGroupEnum)                                                                                   \
    CALL(ClusterGroupCloseEnum)

typedef DWORD(WINAPI *find_text_t)(const PVOID list, DWORD size, LPCWSTR name, LPWSTR *value);

typedef struct lookup_t {
#define MEMBER(name) __typeof__(&(name)) name;
    CLUSAPI_CALLS(MEMBER)
    find_text_t ResUtilFindSzProperty;
    HMODULE clusapi;
    HMODULE resutils;
    HCLUSTER cluster;
    const wchar_t *service;
    const wchar_t *resource;
    cluster_group_t *group;
    unsigned char *properties; /* PROPERTIES_SIZE */
} lookup_t;

static void fail(lookup_t *lookup, const char *failure, unsigned long error)
{
    lookup->group->state = CLUSTER_GROUP_FAILED;
    lookup->group->failure = failure;
    lookup->group->error = error;
}

/* A DLL of the system's own folder, and of no other. */
static HMODULE load(const wchar_t *file)
{
    wchar_t path[MAX_PATH];
    UINT length = GetSystemDirectoryW(path, MAX_PATH);
    if (length == 0 || length + wcslen(file) + 2 > MAX_PATH)
        return NULL;
    path[length] = L'\\';
    wcscpy(path + length + 1, file);
    return LoadLibraryW(path);
}

static bool bind_call(HMODULE module, const char *name, void *place)
{
    FARPROC found = GetProcAddress(module, name);
    memcpy(place, &found, sizeof(found));
    return found != NULL;
}

static bool bind_calls(lookup_t *lookup)
{
    bool good = true;
#define BIND(name) good = bind_call(lookup->clusapi, #name, &lookup->name) && good;
    CLUSAPI_CALLS(BIND)
    return good &&
           bind_call(lookup->resutils, "ResUtilFindSzProperty", (void *)&lookup->ResUtilFindSzProperty);
}

static void copy_text(wchar_t *room, const wchar_t *text)
{
    wcsncpy(room, text, CLUSTER_GROUP_TEXT - 1);
    room[CLUSTER_GROUP_TEXT - 1] = 0;
}

/* One resource. */

static bool has_type(const lookup_t *lookup, HRESOURCE resource, const wchar_t *const *types)
{
    wchar_t type[NAME_SIZE];
    DWORD size = 0;
    if (lookup->ClusterResourceControl(resource, NULL, CLUSCTL_RESOURCE_GET_RESOURCE_TYPE, NULL, 0, type,
                                       sizeof(type) - sizeof(*type), &size) != ERROR_SUCCESS ||
        size >= sizeof(type))
        return false;
    type[size / sizeof(*type)] = 0;
    for (; *types; types++)
        if (_wcsicmp(type, *types) == 0)
            return true;
    return false;
}

/* A private property that is a text; false if there is none, or an empty one. */
static bool read_property(const lookup_t *lookup, HRESOURCE resource, const wchar_t *name,
                          wchar_t value[CLUSTER_GROUP_TEXT])
{
    DWORD size = 0;
    wchar_t *found = NULL;
    value[0] = 0;
    if (lookup->ClusterResourceControl(resource, NULL, CLUSCTL_RESOURCE_GET_PRIVATE_PROPERTIES, NULL, 0,
                                       lookup->properties, PROPERTIES_SIZE, &size) != ERROR_SUCCESS ||
        lookup->ResUtilFindSzProperty(lookup->properties, size, name, &found) != ERROR_SUCCESS)
        return false;
    if (found)
        copy_text(value, found);
    LocalFree(found);
    return value[0] != 0;
}

static bool runs_service(const lookup_t *lookup, HRESOURCE resource)
{
    static const wchar_t *const generic[] = {L"Generic Service", NULL};
    static const wchar_t *const own[] = {own_type, NULL};
    wchar_t service[CLUSTER_GROUP_TEXT];
    bool named = false;
    if (has_type(lookup, resource, own)) {
        named = read_property(lookup, resource, L"ServiceName", service);
        return _wcsicmp(named ? service : own_service, lookup->service) == 0;
    }
    return has_type(lookup, resource, generic) && read_property(lookup, resource, L"ServiceName", service) &&
           _wcsicmp(service, lookup->service) == 0;
}

static bool open_resource(lookup_t *lookup, const wchar_t *name, HRESOURCE *resource)
{
    *resource = lookup->OpenClusterResource(lookup->cluster, name);
    if (!*resource)
        fail(lookup, "a resource cannot be opened", GetLastError());
    return *resource != NULL;
}

/* The resource of this service: its name goes to the answer, empty if there is none. False after a failure.
 */
static bool take_if_ours(lookup_t *lookup, const wchar_t *name)
{
    HRESOURCE resource;
    cluster_group_t *group = lookup->group;
    if (!open_resource(lookup, name, &resource))
        return false;
    bool ours = runs_service(lookup, resource);
    lookup->CloseClusterResource(resource);
    if (ours && group->resource[0]) {
        fail(lookup, "several resources run this service; name one of them (\"resource\" in \"cluster\")", 0);
        return false;
    }
    if (ours)
        copy_text(group->resource, name);
    return true;
}

static bool find_resource(lookup_t *lookup)
{
    if (lookup->resource) {
        copy_text(lookup->group->resource, lookup->resource);
        return true;
    }
    HCLUSENUM list = lookup->ClusterOpenEnum(lookup->cluster, CLUSTER_ENUM_RESOURCE);
    if (!list) {
        fail(lookup, "the resources cannot be listed", GetLastError());
        return false;
    }
    DWORD error = ERROR_SUCCESS;
    bool good = true;
    for (DWORD i = 0; good && error == ERROR_SUCCESS; i++) {
        wchar_t name[NAME_SIZE];
        DWORD size = NAME_SIZE;
        DWORD type;
        error = lookup->ClusterEnum(list, i, &type, name, &size);
        if (error == ERROR_SUCCESS)
            good = take_if_ours(lookup, name);
    }
    lookup->ClusterCloseEnum(list);
    if (good && error != ERROR_NO_MORE_ITEMS)
        fail(lookup, "the resources cannot be listed", error);
    return good && error == ERROR_NO_MORE_ITEMS;
}

/* Its group. */

static bool find_group(lookup_t *lookup)
{
    HRESOURCE resource;
    wchar_t node[NAME_SIZE];
    wchar_t name[NAME_SIZE];
    DWORD node_size = NAME_SIZE;
    DWORD name_size = NAME_SIZE;
    if (!open_resource(lookup, lookup->group->resource, &resource))
        return false;
    CLUSTER_RESOURCE_STATE state =
        lookup->GetClusterResourceState(resource, node, &node_size, name, &name_size);
    DWORD error = GetLastError();
    lookup->CloseClusterResource(resource);
    if (state == ClusterResourceStateUnknown) {
        fail(lookup, "the cluster does not say which group this service belongs to", error);
        return false;
    }
    copy_text(lookup->group->name, name);
    return true;
}

static void add_address(cluster_group_t *group, const wchar_t *address)
{
    if (group->count < CLUSTER_GROUP_ADDRESSES)
        copy_text(group->addresses[group->count++], address);
}

/* What a resource of the group adds. An address by DHCP stands in another property, and is 0.0.0.0 here. */
static void add_resource(lookup_t *lookup, HRESOURCE resource, wchar_t network_name[CLUSTER_GROUP_TEXT])
{
    static const wchar_t *const address_types[] = {L"IP Address", L"IPv6 Address", L"IPv6 Tunnel Address",
                                                   NULL};
    static const wchar_t *const name_types[] = {L"Network Name", NULL};
    wchar_t text[CLUSTER_GROUP_TEXT];
    if (has_type(lookup, resource, address_types)) {
        bool found = read_property(lookup, resource, L"Address", text) && wcscmp(text, L"0.0.0.0") != 0;
        if (found || read_property(lookup, resource, L"DhcpAddress", text))
            add_address(lookup->group, text);
        return;
    }
    if (has_type(lookup, resource, name_types) &&
        (read_property(lookup, resource, L"DnsName", text) || read_property(lookup, resource, L"Name", text)))
        copy_text(network_name, text);
}

static bool list_group(lookup_t *lookup, HGROUP group)
{
    wchar_t network_name[CLUSTER_GROUP_TEXT] = L"";
    HGROUPENUM list = lookup->ClusterGroupOpenEnum(group, CLUSTER_GROUP_ENUM_CONTAINS);
    if (!list) {
        fail(lookup, "the resources of the group cannot be listed", GetLastError());
        return false;
    }
    DWORD error = ERROR_SUCCESS;
    for (DWORD i = 0; error == ERROR_SUCCESS; i++) {
        wchar_t name[NAME_SIZE];
        DWORD size = NAME_SIZE;
        DWORD type;
        HRESOURCE resource;
        error = lookup->ClusterGroupEnum(list, i, &type, name, &size);
        if (error != ERROR_SUCCESS || !open_resource(lookup, name, &resource))
            break;
        add_resource(lookup, resource, network_name);
        lookup->CloseClusterResource(resource);
    }
    lookup->ClusterGroupCloseEnum(list);
    if (lookup->group->state == CLUSTER_GROUP_FAILED)
        return false;
    if (error != ERROR_NO_MORE_ITEMS) {
        fail(lookup, "the resources of the group cannot be listed", error);
        return false;
    }
    if (lookup->group->count == 0 && network_name[0])
        add_address(lookup->group, network_name);
    return true;
}

static void ask_cluster(lookup_t *lookup)
{
    if (!find_resource(lookup) || !lookup->group->resource[0] || !find_group(lookup))
        return;
    HGROUP group = lookup->OpenClusterGroup(lookup->cluster, lookup->group->name);
    if (!group) {
        fail(lookup, "the group cannot be opened", GetLastError());
        return;
    }
    if (list_group(lookup, group))
        lookup->group->state = CLUSTER_GROUP_FOUND;
    lookup->CloseClusterGroup(group);
}

/* Only this tells whether there is a cluster: OpenCluster need not fail where there is none. */
static bool is_node(lookup_t *lookup)
{
    DWORD state = ClusterStateNotInstalled;
    DWORD error = lookup->GetNodeClusterState(NULL, &state);
    if (error != ERROR_SUCCESS) {
        fail(lookup, "the state of this node is not known", error);
        return false;
    }
    if (state == ClusterStateNotRunning)
        fail(lookup, "the cluster service does not run on this node", 0);
    return state == ClusterStateRunning;
}

static void ask(lookup_t *lookup)
{
    if (!bind_calls(lookup) || !is_node(lookup))
        return;
    lookup->cluster = lookup->OpenCluster(NULL);
    if (!lookup->cluster) {
        fail(lookup, "the cluster cannot be opened", GetLastError());
        return;
    }
    ask_cluster(lookup);
    lookup->CloseCluster(lookup->cluster);
}

void cluster_group_find(const wchar_t *service, const wchar_t *resource, cluster_group_t *group)
{
    lookup_t lookup = {.service = service, .resource = resource, .group = group};
    *group = (cluster_group_t){.state = CLUSTER_GROUP_NONE};
    lookup.properties = malloc(PROPERTIES_SIZE);
    lookup.clusapi = load(L"clusapi.dll");
    lookup.resutils = load(L"resutils.dll");
    if (lookup.clusapi && lookup.resutils && lookup.properties)
        ask(&lookup);
    if (lookup.resutils)
        FreeLibrary(lookup.resutils);
    if (lookup.clusapi)
        FreeLibrary(lookup.clusapi);
    free(lookup.properties);
}
