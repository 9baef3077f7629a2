/* This machine's addresses, followed by rtnetlink: subscribed first, then asked for, so that no change is
 * missed in between, and asked for again when the system could not keep up. */
#include "platform.h"

#include <errno.h>

#include <apr_strings.h>

#ifdef __linux__
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address_table.h"

enum { RECEIVE_SIZE = 65536, RECEIVE_BUFFER = 1 << 20, DUMP_TIMEOUT_MS = 10000, DUMPS_AT_ONCE = 100 };

typedef struct follower_t {
    apr_pool_t *pool;
    void (*changed)(void *context, const platform_address_t *addresses, size_t count);
    void *context;
    address_table_t *table;
    int netlink;
    int wake[2]; /* the reading end becomes ready when the thread is to end */
    uint32_t sequence;
    bool dumping_links; /* the dump under way; that of addresses follows it */
    pthread_t thread;
    bool running;
    _Alignas(struct nlmsghdr) char buffer[RECEIVE_SIZE];
} follower_t;

static bool ask_for(follower_t *follower, uint16_t type)
{
    struct {
        struct nlmsghdr header;
        union {
            struct ifaddrmsg address;
            struct ifinfomsg link;
        } message;
    } request;
    memset(&request, 0, sizeof(request)); /* of any family */
    request.header.nlmsg_len =
        NLMSG_LENGTH(type == RTM_GETLINK ? sizeof(request.message.link) : sizeof(request.message.address));
    request.header.nlmsg_type = type;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.header.nlmsg_seq = ++follower->sequence;
    ssize_t length = (ssize_t)request.header.nlmsg_len;
    return send(follower->netlink, &request, (size_t)length, 0) == length;
}

/* Asks for all links, and then (go_on) for all addresses: a socket has one dump at a time. */
static bool ask(follower_t *follower)
{
    follower->dumping_links = true;
    return ask_for(follower, RTM_GETLINK);
}

static bool go_on(follower_t *follower)
{
    follower->dumping_links = false;
    address_table_begin_dump(follower->table);
    return ask_for(follower, RTM_GETADDR);
}

static void tell(follower_t *follower)
{
    apr_pool_t *pool;
    size_t count;
    apr_pool_create(&pool, NULL);
    const platform_address_t *list = address_table_list(follower->table, &count, pool);
    follower->changed(follower->context, list, count);
    apr_pool_destroy(pool);
}

/* Receives one datagram; negative with errno if there is none. */
static address_news_t receive(follower_t *follower, int *error)
{
    struct sockaddr_nl from = {.nl_pid = 0};
    socklen_t size = sizeof(from);
    *error = 0;
    ssize_t length = recvfrom(follower->netlink, follower->buffer, sizeof(follower->buffer),
                              MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &size);
    if (length < 0) {
        *error = errno;
        return errno == ENOBUFS ? ADDRESS_DUMP_AGAIN : ADDRESS_NO_NEWS;
    }
    if (from.nl_pid != 0)
        return ADDRESS_NO_NEWS; /* not the kernel */
    if ((size_t)length > sizeof(follower->buffer))
        return ADDRESS_DUMP_AGAIN;
    return address_table_take(follower->table, follower->buffer, (size_t)length);
}

/* Waits until the dump that was asked for is complete. */
static int finish_dump(follower_t *follower)
{
    unsigned dumps = 1;
    struct pollfd wait = {.fd = follower->netlink, .events = POLLIN};
    while (poll(&wait, 1, DUMP_TIMEOUT_MS) > 0) {
        int error;
        address_news_t news = receive(follower, &error);
        if (news == ADDRESS_DUMP_DONE && !follower->dumping_links)
            return 0;
        if (news == ADDRESS_DUMP_DONE && !go_on(follower))
            return EIO;
        if (news == ADDRESS_DUMP_AGAIN && (++dumps > DUMPS_AT_ONCE || !ask(follower)))
            return EIO;
    }
    return ETIMEDOUT;
}

static void *follow(void *data)
{
    follower_t *follower = data;
    struct pollfd waits[] = {{.fd = follower->netlink, .events = POLLIN},
                             {.fd = follower->wake[0], .events = POLLIN}};
    for (;;) {
        int ready = poll(waits, 2, -1);
        if (ready < 0 && errno != EINTR)
            return NULL;
        if (ready > 0 && waits[1].revents)
            return NULL;
        int error;
        switch (ready > 0 ? receive(follower, &error) : ADDRESS_NO_NEWS) {
        case ADDRESS_NO_NEWS: break;
        case ADDRESS_NEWS: tell(follower); break;
        case ADDRESS_DUMP_DONE:
            if (!follower->dumping_links)
                tell(follower);
            else if (!go_on(follower))
                ask(follower);
            break;
        case ADDRESS_DUMP_AGAIN: ask(follower); break;
        }
    }
}

static apr_status_t end(void *data)
{
    follower_t *follower = data;
    if (follower->running) {
        close(follower->wake[1]);
        pthread_join(follower->thread, NULL);
        close(follower->wake[0]);
    }
    close(follower->netlink);
    return APR_SUCCESS;
}

static int open_socket(follower_t *follower)
{
    follower->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (follower->netlink < 0)
        return errno;
    int size = RECEIVE_BUFFER;
    setsockopt(follower->netlink, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    struct sockaddr_nl local;
    memset(&local, 0, sizeof(local));
    local.nl_family = AF_NETLINK;
    local.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK;
    int error = 0;
    if (bind(follower->netlink, (struct sockaddr *)&local, sizeof(local)) != 0 || !ask(follower))
        error = errno;
    if (!error)
        error = finish_dump(follower);
    if (error)
        close(follower->netlink);
    return error;
}

err_t *platform_follow_addresses(void (*changed)(void *context, const platform_address_t *addresses,
                                                 size_t count),
                                 void *context, apr_pool_t *pool)
{
    follower_t *follower = apr_pcalloc(pool, sizeof(*follower));
    follower->pool = pool;
    follower->changed = changed;
    follower->context = context;
    follower->table = address_table_create(pool);
    int error = open_socket(follower);
    if (error)
        return err_from_status(pool, error, "the system does not tell of its addresses (rtnetlink)");
    tell(follower);
    apr_pool_cleanup_register(pool, follower, end, apr_pool_cleanup_null);
    if (pipe2(follower->wake, O_CLOEXEC) != 0)
        return err_from_status(pool, errno, "changes of addresses cannot be followed");
    error = pthread_create(&follower->thread, NULL, follow, follower);
    if (error) {
        close(follower->wake[0]);
        close(follower->wake[1]);
        return err_from_status(pool, error, "changes of addresses cannot be followed");
    }
    follower->running = true;
    return NULL;
}
#else
err_t *platform_follow_addresses(void (*changed)(void *context, const platform_address_t *addresses,
                                                 size_t count),
                                 void *context, apr_pool_t *pool)
{
    (void)changed;
    (void)context;
    return err_from_status(pool, ENOSYS, "changes of addresses cannot be followed on this system");
}
#endif
