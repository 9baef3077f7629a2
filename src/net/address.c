#include "net/internal.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

enum { IPV4_PARTS = 4, IPV4_PART_MAXIMUM = 255, MAPPED_PREFIX = 12, IPV4_OCTETS = 4, IPV6_OCTETS = 16 };

static bool is_ipv4(const char *text)
{
    for (int part = 0; part < IPV4_PARTS; part++) {
        int value = 0;
        int digits = 0;
        while (isdigit((unsigned char)*text) && digits < 3) {
            value = value * 10 + (*text++ - '0');
            digits++;
        }
        if (digits == 0 || value > IPV4_PART_MAXIMUM)
            return false;
        if (part < IPV4_PARTS - 1 && *text++ != '.')
            return false;
    }
    return *text == 0;
}

bool net_address_is_numeric(const char *text)
{
    if (is_ipv4(text))
        return true;
    /* A host name has no colon; what has one is an IPv6 address or an error that needs no look-up to find. */
    if (!strchr(text, ':'))
        return false;
    size_t address = strcspn(text, "%");
    return strspn(text, "0123456789abcdefABCDEF:.") == address;
}

apr_status_t net_address_parse(apr_sockaddr_t **address, const char *text, uint16_t port, apr_pool_t *pool)
{
    if (!net_address_is_numeric(text))
        return APR_EINVAL;
    return apr_sockaddr_info_get(address, text, APR_UNSPEC, port, 0, pool);
}

static const uint8_t mapped_prefix[MAPPED_PREFIX] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const apr_sockaddr_t *address)
{
    return address->ipaddr_len == IPV6_OCTETS &&
           memcmp(address->ipaddr_ptr, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

void net_address_format(char *text, size_t size, apr_sockaddr_t *address)
{
    char ip[RESOLVER_TEXT_SIZE];
    if (apr_sockaddr_ip_getbuf(ip, sizeof(ip), address) != APR_SUCCESS)
        apr_cpystrn(ip, "?", sizeof(ip));
    bool bracket = address->ipaddr_len == IPV6_OCTETS && !is_mapped(address);
    apr_snprintf(text, size, bracket ? "[%s]:%u" : "%s:%u", ip, (unsigned)address->port);
}

uint8_t net_address_octets(const apr_sockaddr_t *address, uint8_t *octets)
{
    const uint8_t *from = address->ipaddr_ptr;
    size_t length = (size_t)address->ipaddr_len;
    if (length != IPV4_OCTETS && length != IPV6_OCTETS)
        return 0;
    if (is_mapped(address)) {
        from += MAPPED_PREFIX;
        length = IPV4_OCTETS;
    }
    memcpy(octets, from, length);
    return (uint8_t)length;
}
