/* The addresses of this machine. The system's headers come first here: APR reads them with parts left out. */
#include <winsock2.h>
#include <ws2tcpip.h>

#include <windows.h>

#include <iphlpapi.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"

#include <apr_strings.h>

enum {
    LOOPBACK_NET = 127,
    ADAPTER_SPACE = 64 * 1024,
    ADAPTER_TRIES = 4,
    ADDRESS_LIMIT = 1024,
    ADDRESS_TEXT = 80,
    LOOK_INTERVAL = 5000 /* milliseconds: where the system does not tell of changes */
};

static bool same_address(const struct sockaddr *wanted, const struct sockaddr *here)
{
    if (wanted->sa_family != here->sa_family)
        return false;
    if (wanted->sa_family == AF_INET) {
        struct sockaddr_in first, second;
        memcpy(&first, wanted, sizeof(first));
        memcpy(&second, here, sizeof(second));
        return first.sin_addr.s_addr == second.sin_addr.s_addr;
    }
    struct sockaddr_in6 first, second;
    memcpy(&first, wanted, sizeof(first));
    memcpy(&second, here, sizeof(second));
    /* A zone counts only if the address names one. */
    return memcmp(&first.sin6_addr, &second.sin6_addr, sizeof(first.sin6_addr)) == 0 &&
           (first.sin6_scope_id == 0 || first.sin6_scope_id == second.sin6_scope_id);
}

/* The adapters of this machine, to be freed; NULL if they cannot be had. */
static IP_ADAPTER_ADDRESSES *list_adapters(void)
{
    ULONG size = ADAPTER_SPACE;
    for (int i = 0; i < ADAPTER_TRIES; i++) {
        IP_ADAPTER_ADDRESSES *list = malloc(size);
        if (!list)
            return NULL;
        ULONG result = GetAdaptersAddresses(
            AF_UNSPEC, GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER, NULL, list,
            &size);
        if (result == ERROR_SUCCESS)
            return list;
        free(list);
        if (result != ERROR_BUFFER_OVERFLOW)
            return NULL;
    }
    return NULL;
}

static bool is_on_adapter(const struct sockaddr *address)
{
    IP_ADAPTER_ADDRESSES *list = list_adapters();
    bool found = false;
    for (const IP_ADAPTER_ADDRESSES *adapter = list; adapter && !found; adapter = adapter->Next)
        for (const IP_ADAPTER_UNICAST_ADDRESS *one = adapter->FirstUnicastAddress; one && !found;
             one = one->Next)
            found = same_address(address, one->Address.lpSockaddr);
    free(list);
    return found;
}

bool platform_is_local_address(const char *address)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *read = NULL;
    if (!address || getaddrinfo(address, NULL, &hints, &read) != 0)
        return false;
    bool local = false;
    if (read->ai_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, read->ai_addr, sizeof(ipv4));
        local = ntohl(ipv4.sin_addr.s_addr) >> 24 == LOOPBACK_NET; /* the whole net is this machine */
    }
    if (!local && (read->ai_family == AF_INET || read->ai_family == AF_INET6))
        local = is_on_adapter(read->ai_addr);
    freeaddrinfo(read);
    return local;
}

/* Following the addresses: asked for again when the system says that some changed, and once in a while. */

typedef struct follower_t {
    apr_pool_t *pool;
    void (*changed)(void *context, const platform_address_t *addresses, size_t count);
    void *context;
    HANDLE stop;
    HANDLE change; /* the system has told of one */
    HANDLE address_notice;
    HANDLE interface_notice;
    HANDLE thread;
    apr_pool_t *known_pool;
    platform_address_t *known;
    size_t known_count;
} follower_t;

static const char *text_of(const SOCKET_ADDRESS *address, apr_pool_t *pool)
{
    char text[ADDRESS_TEXT];
    if (getnameinfo(address->lpSockaddr, address->iSockaddrLength, text, sizeof(text), NULL, 0,
                    NI_NUMERICHOST) != 0)
        return NULL;
    return apr_pstrdup(pool, text);
}

static bool is_usable(const IP_ADAPTER_UNICAST_ADDRESS *address)
{
    return address->DadState == IpDadStatePreferred || address->DadState == IpDadStateDeprecated;
}

/* The addresses now, at most ADDRESS_LIMIT; NULL if the system does not say. */
static platform_address_t *list_addresses(size_t *count, apr_pool_t *pool)
{
    IP_ADAPTER_ADDRESSES *list = list_adapters();
    if (!list)
        return NULL;
    platform_address_t *addresses = apr_pcalloc(pool, ADDRESS_LIMIT * sizeof(*addresses));
    *count = 0;
    for (const IP_ADAPTER_ADDRESSES *adapter = list; adapter; adapter = adapter->Next)
        for (const IP_ADAPTER_UNICAST_ADDRESS *one = adapter->FirstUnicastAddress; one; one = one->Next) {
            const char *text = text_of(&one->Address, pool);
            if (text && *count < ADDRESS_LIMIT)
                addresses[(*count)++] = (platform_address_t){.text = text, .usable = is_usable(one)};
        }
    free(list);
    return addresses;
}

static bool same_list(const follower_t *follower, const platform_address_t *addresses, size_t count)
{
    if (!follower->known || follower->known_count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (follower->known[i].usable != addresses[i].usable ||
            strcmp(follower->known[i].text, addresses[i].text) != 0)
            return false;
    return true;
}

static void look(follower_t *follower)
{
    apr_pool_t *pool;
    size_t count;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    platform_address_t *addresses = list_addresses(&count, pool);
    if (!addresses || same_list(follower, addresses, count)) {
        apr_pool_destroy(pool);
        return;
    }
    if (follower->known_pool)
        apr_pool_destroy(follower->known_pool);
    follower->known_pool = pool;
    follower->known = addresses;
    follower->known_count = count;
    follower->changed(follower->context, addresses, count);
}

static DWORD WINAPI follow(LPVOID data)
{
    follower_t *follower = data;
    HANDLE handles[] = {follower->stop, follower->change};
    for (;;) {
        DWORD woken = WaitForMultipleObjects(2, handles, FALSE, LOOK_INTERVAL);
        if (woken == WAIT_OBJECT_0 || woken == WAIT_FAILED)
            break;
        look(follower);
    }
    return 0;
}

/* In threads of the system: an address has come, has gone or has another state; an interface likewise. */
static VOID NETIOAPI_API_ address_changed(PVOID context, PMIB_UNICASTIPADDRESS_ROW row,
                                          MIB_NOTIFICATION_TYPE type)
{
    const follower_t *follower = context;
    (void)row;
    (void)type;
    SetEvent(follower->change);
}

static VOID NETIOAPI_API_ interface_changed(PVOID context, PMIB_IPINTERFACE_ROW row,
                                            MIB_NOTIFICATION_TYPE type)
{
    const follower_t *follower = context;
    (void)row;
    (void)type;
    SetEvent(follower->change);
}

/* Asks to be told, before the first look: what changes in between is told. A system that does not tell is
 * looked at once in a while. */
static void subscribe(follower_t *follower)
{
    if (NotifyUnicastIpAddressChange(AF_UNSPEC, address_changed, follower, FALSE,
                                     &follower->address_notice) != NO_ERROR)
        follower->address_notice = NULL;
    if (NotifyIpInterfaceChange(AF_UNSPEC, interface_changed, follower, FALSE, &follower->interface_notice) !=
        NO_ERROR)
        follower->interface_notice = NULL;
}

static apr_status_t end_following(void *data)
{
    follower_t *follower = data;
    SetEvent(follower->stop);
    /* Each returns when its last call has; none comes after it. */
    if (follower->address_notice)
        CancelMibChangeNotify2(follower->address_notice);
    if (follower->interface_notice)
        CancelMibChangeNotify2(follower->interface_notice);
    if (follower->thread) {
        WaitForSingleObject(follower->thread, INFINITE);
        CloseHandle(follower->thread);
    }
    CloseHandle(follower->stop);
    CloseHandle(follower->change);
    return APR_SUCCESS; /* known_pool goes with APR itself: at the end of the program it may be gone already
                         */
}

err_t *platform_follow_addresses(void (*changed)(void *context, const platform_address_t *addresses,
                                                 size_t count),
                                 void *context, apr_pool_t *pool)
{
    follower_t *follower = apr_pcalloc(pool, sizeof(*follower));
    follower->pool = pool;
    follower->changed = changed;
    follower->context = context;
    follower->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    follower->change = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!follower->stop || !follower->change)
        return err_from_status(pool, apr_get_os_error(), "the addresses of this machine cannot be followed");
    subscribe(follower);
    look(follower);
    apr_pool_cleanup_register(pool, follower, end_following, apr_pool_cleanup_null);
    if (!follower->known)
        return err_create(pool, APR_EGENERAL, "system",
                          "the system does not say which addresses this machine has");
    follower->thread = CreateThread(NULL, 0, follow, follower, 0, NULL);
    if (!follower->thread)
        return err_from_status(pool, apr_get_os_error(), "the addresses of this machine cannot be followed");
    return NULL;
}
