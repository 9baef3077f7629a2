/* Following this machine's addresses (TP-06): what messages of rtnetlink make of the table, and the real
 * thing in a network of its own. */
#include "unit.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "address_table.h"

typedef struct datagram_t {
    _Alignas(struct nlmsghdr) char octets[8192];
    size_t length;
} datagram_t;

static datagram_t datagram;
static apr_pool_t *pool;
static address_table_t *table;

static void begin(void)
{
    apr_pool_create(&pool, NULL);
    table = address_table_create(pool);
    datagram.length = 0;
}

static void end(void)
{
    apr_pool_destroy(pool);
}

static struct nlmsghdr *add_header(uint16_t type, uint16_t flags)
{
    struct nlmsghdr *header = (struct nlmsghdr *)(datagram.octets + datagram.length);
    memset(header, 0, sizeof(*header));
    header->nlmsg_len = NLMSG_LENGTH(0);
    header->nlmsg_type = type;
    header->nlmsg_flags = flags;
    datagram.length += NLMSG_ALIGN(header->nlmsg_len);
    return header;
}

static void add_attribute(struct nlmsghdr *header, uint16_t type, const void *octets, uint16_t length)
{
    struct rtattr *attribute = (struct rtattr *)(datagram.octets + datagram.length);
    attribute->rta_type = type;
    attribute->rta_len = (uint16_t)RTA_LENGTH(length);
    memcpy(RTA_DATA(attribute), octets, length);
    datagram.length += RTA_ALIGN(attribute->rta_len);
    header->nlmsg_len += RTA_ALIGN(attribute->rta_len);
}

static void add_address(uint16_t type, const char *address, unsigned interface, uint32_t flags,
                        const char *peer)
{
    uint8_t octets[16];
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    uint16_t size = family == AF_INET ? 4 : 16;
    struct nlmsghdr *header = add_header(type, 0);
    struct ifaddrmsg message = {
        .ifa_family = (uint8_t)family, .ifa_flags = (uint8_t)flags, .ifa_index = interface};
    memcpy(datagram.octets + datagram.length, &message, sizeof(message));
    datagram.length += NLMSG_ALIGN(sizeof(message));
    header->nlmsg_len += NLMSG_ALIGN(sizeof(message));
    if (peer) {
        inet_pton(family, peer, octets);
        add_attribute(header, IFA_ADDRESS, octets, size);
    }
    inet_pton(family, address, octets);
    add_attribute(header, peer || family == AF_INET ? IFA_LOCAL : IFA_ADDRESS, octets, size);
    add_attribute(header, IFA_FLAGS, &flags, sizeof(flags));
}

static address_news_t take(void)
{
    address_news_t news = address_table_take(table, datagram.octets, datagram.length);
    datagram.length = 0;
    return news;
}

/* The table as text: "10.0.0.1 2001:db8::1?" */
static const char *all(void)
{
    size_t count;
    const platform_address_t *list = address_table_list(table, &count, pool);
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = apr_pstrcat(pool, text, i ? " " : "", list[i].text, list[i].usable ? "" : "?", NULL);
    return text;
}

static void TP_06_addresses_come_and_go(void)
{
    begin();
    add_address(RTM_NEWADDR, "10.0.0.1", 2, 0, NULL);
    add_address(RTM_NEWADDR, "2001:db8::1", 2, 0, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "10.0.0.1 2001:db8::1");
    add_address(RTM_NEWADDR, "10.0.0.1", 2, 0, NULL); /* its life was prolonged */
    CU_ASSERT_EQUAL(take(), ADDRESS_NO_NEWS);
    add_address(RTM_NEWADDR, "10.0.0.1", 3, 0, NULL); /* on another interface too */
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    add_address(RTM_DELADDR, "10.0.0.1", 2, 0, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "2001:db8::1 10.0.0.1");
    add_address(RTM_DELADDR, "10.0.0.9", 2, 0, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NO_NEWS);
    end();
}

static void TP_06_an_address_under_check_is_not_usable(void)
{
    begin();
    add_address(RTM_NEWADDR, "2001:db8::1", 2, IFA_F_TENTATIVE | IFA_F_PERMANENT, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "2001:db8::1?");
    add_address(RTM_NEWADDR, "2001:db8::1", 2, IFA_F_PERMANENT, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "2001:db8::1");
    add_address(RTM_NEWADDR, "2001:db8::1", 2, IFA_F_DADFAILED | IFA_F_TENTATIVE, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "2001:db8::1?");
    add_address(RTM_NEWADDR, "2001:db8::1", 2, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "2001:db8::1");
    end();
}

static void a_dump_replaces_what_was_known(void)
{
    begin();
    add_address(RTM_NEWADDR, "10.0.0.1", 2, 0, NULL);
    add_address(RTM_NEWADDR, "10.0.0.2", 2, 0, NULL);
    take();
    address_table_begin_dump(table);
    add_address(RTM_NEWADDR, "10.0.0.2", 2, 0, NULL);
    add_address(RTM_NEWADDR, "10.0.0.3", 2, 0, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NO_NEWS); /* it is told when the dump is done */
    add_header(NLMSG_DONE, NLM_F_MULTI);
    CU_ASSERT_EQUAL(take(), ADDRESS_DUMP_DONE);
    CU_ASSERT_STRING_EQUAL(all(), "10.0.0.2 10.0.0.3");
    end();
}

static void a_dump_that_was_disturbed_is_asked_for_again(void)
{
    begin();
    address_table_begin_dump(table);
    add_header(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR);
    CU_ASSERT_EQUAL(take(), ADDRESS_DUMP_AGAIN);
    add_header(NLMSG_ERROR, 0);
    CU_ASSERT_EQUAL(take(), ADDRESS_DUMP_AGAIN);
    end();
}

static void add_link(uint16_t type, int interface, unsigned flags, uint8_t family)
{
    struct nlmsghdr *header = add_header(type, 0);
    struct ifinfomsg message = {.ifi_family = family, .ifi_index = interface, .ifi_flags = flags};
    memcpy(datagram.octets + datagram.length, &message, sizeof(message));
    datagram.length += NLMSG_ALIGN(sizeof(message));
    header->nlmsg_len += NLMSG_ALIGN(sizeof(message));
}

/* The addresses whose link is down. */
static const char *dead(void)
{
    size_t count;
    const platform_address_t *list = address_table_list(table, &count, pool);
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = apr_pstrcat(pool, text, list[i].link_down ? list[i].text : "", list[i].link_down ? " " : "",
                           NULL);
    return text;
}

static void TP_06_links_go_down_and_up(void)
{
    begin();
    add_address(RTM_NEWADDR, "10.0.0.1", 2, 0, NULL);
    add_address(RTM_NEWADDR, "10.0.0.2", 3, 0, NULL);
    take();
    CU_ASSERT_STRING_EQUAL(dead(), "");
    add_link(RTM_NEWLINK, 3, IFF_UP, AF_UNSPEC); /* its cable is out */
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(dead(), "10.0.0.2 ");
    add_link(RTM_NEWLINK, 3, 0, AF_UNSPEC); /* and somebody set it down */
    CU_ASSERT_EQUAL(take(), ADDRESS_NO_NEWS);
    add_link(RTM_NEWLINK, 3, IFF_UP | IFF_RUNNING, AF_BRIDGE); /* of another matter */
    CU_ASSERT_EQUAL(take(), ADDRESS_NO_NEWS);
    add_link(RTM_NEWLINK, 3, IFF_UP | IFF_RUNNING, AF_UNSPEC);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(dead(), "");
    add_link(RTM_NEWLINK, 2, 0, AF_UNSPEC);
    add_link(RTM_DELLINK, 2, 0, AF_UNSPEC);
    add_address(RTM_DELADDR, "10.0.0.1", 2, 0, NULL);
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "10.0.0.2");
    for (int i = 0; i < 2000; i++) { /* more than are remembered */
        add_link(RTM_NEWLINK, 10 + i, 0, AF_UNSPEC);
        take();
    }
    CU_ASSERT_STRING_EQUAL(dead(), "");
    end();
}

static void of_a_point_to_point_link_our_end_counts(void)
{
    begin();
    add_address(RTM_NEWADDR, "10.0.0.1", 2, 0, "10.0.0.2");
    CU_ASSERT_EQUAL(take(), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "10.0.0.1");
    end();
}

static void broken_messages_are_left_out(void)
{
    begin();
    for (size_t cut = 0; cut < 200; cut++) {
        add_address(RTM_NEWADDR, "2001:db8::1", 2, 0, "2001:db8::2");
        if (datagram.length > cut)
            datagram.length = cut;
        take();
    }
    struct nlmsghdr *header = add_header(RTM_NEWADDR, 0); /* shorter than its structure */
    CU_ASSERT_EQUAL(header->nlmsg_len, NLMSG_LENGTH(0));
    CU_ASSERT_EQUAL(take(), ADDRESS_NO_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "2001:db8::1"); /* only the whole one */
    end();
}

/* What platform_follow_addresses told last. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char told[16384];

static void note(void *context, const platform_address_t *addresses, size_t count)
{
    (void)context;
    pthread_mutex_lock(&lock);
    size_t used = 0;
    told[0] = 0;
    for (size_t i = 0; i < count && used + 64 < sizeof(told); i++)
        used += (size_t)snprintf(told + used, sizeof(told) - used, " %s%s ", addresses[i].text,
                                 addresses[i].usable ? "" : "?");
    pthread_mutex_unlock(&lock);
}

static bool is_told(const char *address)
{
    char wanted[80];
    snprintf(wanted, sizeof(wanted), " %s ", address);
    pthread_mutex_lock(&lock);
    bool found = strstr(told, wanted) != NULL;
    pthread_mutex_unlock(&lock);
    return found;
}

static bool comes_true(const char *address, bool wanted)
{
    for (int i = 0; i < 6000; i++) {
        if (is_told(address) == wanted)
            return true;
        apr_sleep(10000);
    }
    return false;
}

static int run(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* In a network of its own: nothing of this reaches the machine. */
static int follow_for_real(void)
{
    if (unshare(CLONE_NEWNET) != 0)
        return 77;
    apr_pool_t *own;
    apr_pool_create(&own, NULL);
    int failed = 0;
    if (platform_follow_addresses(note, NULL, own))
        return 1;
    failed |= is_told("10.9.0.1") ? 2 : 0;
    if (run("ip link set lo up") || run("ip addr add 10.9.0.1/24 dev lo"))
        return 77;
    failed |= comes_true("127.0.0.1", true) && comes_true("10.9.0.1", true) ? 0 : 4;
    /* More changes at once than one datagram holds. */
    if (run("for i in $(seq 1 200); do echo addr add 10.9.1.$i/32 dev lo; done | ip -batch -") ||
        run("for i in $(seq 1 199); do echo addr del 10.9.1.$i/32 dev lo; done | ip -batch -"))
        return 77;
    failed |= comes_true("10.9.1.200", true) && comes_true("10.9.1.7", false) ? 0 : 8;
    run("ip addr del 10.9.0.1/24 dev lo");
    failed |= comes_true("10.9.0.1", false) ? 0 : 16;
    apr_pool_destroy(own);
    return failed;
}

static void TP_06_the_system_is_followed(void)
{
    if (geteuid() != 0)
        return; /* a network of one's own needs root */
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(follow_for_real());
    int status = 0;
    waitpid(child, &status, 0);
    CU_ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        printf("(no network of its own) ");
    else
        CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

/* Behind a last message whose length is not a multiple of four nothing is read. */
static void the_end_need_not_be_aligned(void)
{
    begin();
    add_address(RTM_NEWADDR, "10.0.0.1", 2, 0, NULL);
    struct nlmsghdr *odd = add_header(NLMSG_NOOP, 0);
    odd->nlmsg_len = NLMSG_HDRLEN + 1;
    size_t length = datagram.length + 1;
    char *exact = malloc(length); /* its end is the end that a sanitizer sees */
    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    memcpy(exact, datagram.octets, length);
    CU_ASSERT_EQUAL(address_table_take(table, exact, length), ADDRESS_NEWS);
    CU_ASSERT_STRING_EQUAL(all(), "10.0.0.1");
    free(exact);
    end();
}

static const unit_test_t tests[] = {UNIT_TEST(TP_06_addresses_come_and_go),
                                    UNIT_TEST(TP_06_an_address_under_check_is_not_usable),
                                    UNIT_TEST(TP_06_links_go_down_and_up),
                                    UNIT_TEST(a_dump_replaces_what_was_known),
                                    UNIT_TEST(a_dump_that_was_disturbed_is_asked_for_again),
                                    UNIT_TEST(of_a_point_to_point_link_our_end_counts),
                                    UNIT_TEST(broken_messages_are_left_out),
                                    UNIT_TEST(the_end_need_not_be_aligned),
                                    UNIT_TEST(TP_06_the_system_is_followed)};

UNIT_MAIN("addresses", tests)
