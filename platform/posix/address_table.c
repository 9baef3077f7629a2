#ifdef __linux__
#include "address_table.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

enum { ADDRESS_SIZE = 16 };

typedef struct row_t {
    uint8_t family;
    uint8_t octets[ADDRESS_SIZE];
    unsigned interface;
    bool usable;
    bool seen; /* by the dump under way */
} row_t;

struct address_table_t {
    row_t rows[ADDRESS_TABLE_LIMIT];
    size_t count;
    unsigned dead[LINK_TABLE_LIMIT]; /* interfaces whose link is down */
    size_t dead_count;
    bool dumping;
};

address_table_t *address_table_create(apr_pool_t *pool)
{
    return apr_pcalloc(pool, sizeof(address_table_t));
}

void address_table_begin_dump(address_table_t *table)
{
    table->dumping = true;
    for (size_t i = 0; i < table->count; i++)
        table->rows[i].seen = false;
}

static size_t find(const address_table_t *table, const row_t *row)
{
    size_t i = 0;
    while (i < table->count &&
           (table->rows[i].family != row->family || table->rows[i].interface != row->interface ||
            memcmp(table->rows[i].octets, row->octets, ADDRESS_SIZE) != 0))
        i++;
    return i;
}

static void remove_at(address_table_t *table, size_t index)
{
    memmove(&table->rows[index], &table->rows[index + 1], (table->count - index - 1) * sizeof(row_t));
    table->count--;
}

/* Takes one address over; true if that changed anything. */
static bool put(address_table_t *table, row_t *row)
{
    size_t index = find(table, row);
    row->seen = true;
    if (index < table->count) {
        bool changed = table->rows[index].usable != row->usable;
        table->rows[index] = *row;
        return changed;
    }
    if (table->count == ADDRESS_TABLE_LIMIT)
        return false;
    table->rows[table->count++] = *row;
    return true;
}

static bool drop(address_table_t *table, const row_t *row)
{
    size_t index = find(table, row);
    if (index == table->count)
        return false;
    remove_at(table, index);
    return true;
}

/* Reads the address of a message; false if it is of another family or broken. A tentative address cannot be
 * bound, unless it is optimistic (RFC 4429); one whose check failed is somebody else's. */
static bool read_row(const struct nlmsghdr *header, row_t *row)
{
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
        return false;
    struct ifaddrmsg message;
    memcpy(&message, NLMSG_DATA(header), sizeof(message));
    size_t size = message.ifa_family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    if (message.ifa_family != AF_INET && message.ifa_family != AF_INET6)
        return false;
    *row = (row_t){.family = message.ifa_family, .interface = message.ifa_index};
    unsigned flags = message.ifa_flags;
    bool found = false;
    bool local = false;
    const struct rtattr *attribute =
        (const struct rtattr *)((const char *)NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(message)));
    int left = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof(message)));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == IFA_FLAGS && RTA_PAYLOAD(attribute) >= sizeof(flags))
            memcpy(&flags, RTA_DATA(attribute), sizeof(flags));
        bool is_local = attribute->rta_type == IFA_LOCAL;
        if ((!is_local && attribute->rta_type != IFA_ADDRESS) || RTA_PAYLOAD(attribute) < size ||
            (found && local))
            continue;
        memcpy(row->octets, RTA_DATA(attribute), size);
        found = true;
        local = is_local; /* of a point-to-point link the other is the peer's */
    }
    row->usable = !(flags & IFA_F_DADFAILED) && (!(flags & IFA_F_TENTATIVE) || flags & IFA_F_OPTIMISTIC);
    return found;
}

static size_t find_dead(const address_table_t *table, unsigned interface)
{
    size_t i = 0;
    while (i < table->dead_count && table->dead[i] != interface)
        i++;
    return i;
}

/* A link is up if its interface is and, as far as the system can tell, something is at its other end. True if
 * that changed. */
static bool take_link(address_table_t *table, const struct nlmsghdr *header)
{
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
        return false;
    struct ifinfomsg message;
    memcpy(&message, NLMSG_DATA(header), sizeof(message));
    if (message.ifi_family != AF_UNSPEC)
        return false; /* a bridge tells of its ports */
    unsigned interface = (unsigned)message.ifi_index;
    const unsigned both = IFF_UP | IFF_RUNNING;
    bool dead = header->nlmsg_type == RTM_NEWLINK && (message.ifi_flags & both) != both;
    size_t index = find_dead(table, interface);
    bool was_dead = index < table->dead_count;
    if (dead == was_dead || (dead && table->dead_count == LINK_TABLE_LIMIT))
        return false;
    if (dead)
        table->dead[table->dead_count++] = interface;
    else
        table->dead[index] = table->dead[--table->dead_count];
    return true;
}

static bool end_dump(address_table_t *table)
{
    bool changed = false;
    for (size_t i = table->count; i-- > 0;) {
        if (table->rows[i].seen)
            continue;
        remove_at(table, i);
        changed = true;
    }
    table->dumping = false;
    return changed;
}

address_news_t address_table_take(address_table_t *table, const void *octets, size_t length)
{
    bool changed = false;
    bool again = false;
    bool done = false;
    row_t row;
    /* Not NLMSG_NEXT: behind a last message whose length is not aligned it leaves less than nothing. */
    for (size_t at = 0; length - at >= sizeof(struct nlmsghdr);) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)((const char *)octets + at);
        if (header->nlmsg_len < sizeof(*header) || header->nlmsg_len > length - at)
            break;
        size_t step = NLMSG_ALIGN((size_t)header->nlmsg_len);
        at = step < length - at ? at + step : length;
        again = again || header->nlmsg_flags & NLM_F_DUMP_INTR || header->nlmsg_type == NLMSG_ERROR;
        if (header->nlmsg_type == NLMSG_DONE) {
            if (table->dumping)
                end_dump(table);
            done = true;
        } else if (header->nlmsg_type == RTM_NEWADDR && read_row(header, &row)) {
            changed = put(table, &row) || changed;
        } else if (header->nlmsg_type == RTM_DELADDR && read_row(header, &row)) {
            changed = drop(table, &row) || changed;
        } else if (header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_DELLINK) {
            changed = take_link(table, header) || changed;
        }
    }
    if (again)
        return ADDRESS_DUMP_AGAIN;
    if (done)
        return ADDRESS_DUMP_DONE;
    return changed && !table->dumping ? ADDRESS_NEWS : ADDRESS_NO_NEWS;
}

static const char *text_of(const row_t *row, apr_pool_t *pool)
{
    char text[INET6_ADDRSTRLEN];
    if (!inet_ntop(row->family, row->octets, text, sizeof(text)))
        return "?";
    bool link_local = row->family == AF_INET6 && row->octets[0] == 0xfe && (row->octets[1] & 0xc0) == 0x80;
    char name[IF_NAMESIZE];
    if (link_local && if_indextoname(row->interface, name))
        return apr_pstrcat(pool, text, "%", name, NULL);
    return apr_pstrdup(pool, text);
}

const platform_address_t *address_table_list(const address_table_t *table, size_t *count, apr_pool_t *pool)
{
    platform_address_t *list = apr_palloc(pool, (table->count + 1) * sizeof(*list));
    for (size_t i = 0; i < table->count; i++)
        list[i] = (platform_address_t){text_of(&table->rows[i], pool), table->rows[i].usable,
                                       find_dead(table, table->rows[i].interface) < table->dead_count};
    *count = table->count;
    return list;
}
#endif
