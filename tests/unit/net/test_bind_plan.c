/* The bind plan (TP-06), case by case. A case gives the configuration and what is known of the machine, and
 * the points that are planned for a listener and for the calls of a connector, each as ADDRESS/state/by. */
#include "net/bind_plan.h"

#include <string.h>

#include <apr_strings.h>

#include "unit.h"

typedef struct case_t {
    const char *name;
    const char *listener;   /* its address */
    const char *override;   /* Stack IP Address Override */
    const char *mta;        /* addresses of mta */
    const char *virtuals;   /* as the cluster says */
    const char *configured; /* virtual-addresses of cluster */
    const char
        *flags; /* c: on a cluster, p: pending, n: node, a: use-any-address, u: nothing known of addresses */
    const char *here;  /* addresses of this machine; a "?" behind one that is being checked */
    const char *names; /* NAME=ADDRESS,ADDRESS */
    const char *host;  /* of the peer */
    const char *listens;
    const char *calls;
} case_t;

#define NODE "10.0.0.1 fe80::1%eth0 2001:db8::1"
#define BOTH NODE " 10.0.0.100 2001:db8::100"

static const case_t articles[] = {
    {.name = "Q169113: on a cluster node calls come from the virtual address",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = BOTH,
     .host = "192.0.2.9",
     .listens = "10.0.0.100/ready/cluster",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "Q169113: though the peer is given by its address and not by its name",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = BOTH,
     .host = "peer.example",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "Q169113: a node without the virtual address does not call from its own",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = NODE,
     .host = "192.0.2.9",
     .listens = "10.0.0.100/absent/cluster",
     .calls = "10.0.0.100/absent/cluster"},
    {.name = "Q169113: the old behaviour, forced",
     .virtuals = "10.0.0.100",
     .flags = "ca",
     .here = BOTH,
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "*/ready/any"},
    {.name = "Q187225: an address that the cluster moves is waited for, not tried",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = "",
     .host = "192.0.2.9",
     .listens = "10.0.0.100/absent/cluster",
     .calls = "10.0.0.100/absent/cluster"},
    {.name = "Q187225: and used when the system has finished with it",
     .virtuals = "2001:db8::100",
     .flags = "c",
     .here = "2001:db8::100?",
     .host = "2001:db8:9::9",
     .listens = "2001:db8::100/being checked/cluster",
     .calls = "2001:db8::100/being checked/cluster"},
    {.name = "Q197378: a machine with several addresses calls from the override",
     .override = "10.0.0.7",
     .here = "10.0.0.5 10.0.0.6 10.0.0.7",
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "10.0.0.7/ready/own"},
    {.name = "Q197378: the override of one connector is none of another listener",
     .override = "10.0.0.7",
     .mta = "10.0.0.5",
     .here = "10.0.0.5 10.0.0.7",
     .host = "192.0.2.9",
     .listens = "10.0.0.5/ready/mta",
     .calls = "10.0.0.7/ready/own"},
    {.name = "Q251318: a firewall that is open for the cluster's address sees no other",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = "10.0.0.1 10.0.0.2 10.0.0.100",
     .host = "198.51.100.4",
     .listens = "10.0.0.100/ready/cluster",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "Q251318: configured where no cluster can be asked",
     .configured = "10.0.0.100",
     .here = BOTH,
     .host = "198.51.100.4",
     .listens = "10.0.0.100/ready/cluster",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "Q254909: an adapter for remote access that adds an address changes nothing",
     .mta = "10.0.0.5",
     .here = "192.168.1.1 10.0.0.5",
     .host = "192.0.2.9",
     .listens = "10.0.0.5/ready/mta",
     .calls = "10.0.0.5/ready/mta"},
    {.name = "Q254909: not even when it stands first and the own one is down",
     .mta = "10.0.0.5",
     .here = "192.168.1.1",
     .host = "192.0.2.9",
     .listens = "10.0.0.5/absent/mta",
     .calls = "10.0.0.5/absent/mta"},
    {.name = "Q255991: over a routed link the override is the address of the network card",
     .override = "192.168.100.15",
     .here = "192.168.1.2 192.168.100.15",
     .host = "192.168.200.15",
     .calls = "192.168.100.15/ready/own"},
    {.name = "Q256844: an address from the peer's pool is not the one that calls come from",
     .override = "123.123.123.123",
     .here = "192.168.1.3 123.123.123.123",
     .host = "192.0.2.9",
     .calls = "123.123.123.123/ready/own"},
    {.name = "Q256844: the link is down and so is the address",
     .override = "123.123.123.123",
     .here = "192.168.1.3",
     .host = "192.0.2.9",
     .calls = "123.123.123.123/absent/own"},
};

static const case_t order[] = {
    {.name = "nothing given: any",
     .here = NODE,
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "*/ready/any"},
    {.name = "the override before everything",
     .override = "10.0.0.9",
     .mta = "10.0.0.8",
     .virtuals = "10.0.0.100",
     .configured = "10.0.0.101",
     .flags = "c",
     .here = "10.0.0.9 10.0.0.8 10.0.0.100",
     .host = "192.0.2.9",
     .listens = "10.0.0.8/ready/mta",
     .calls = "10.0.0.9/ready/own"},
    {.name = "the addresses of mta before the cluster's",
     .mta = "10.0.0.8",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = "10.0.0.8 10.0.0.100",
     .host = "192.0.2.9",
     .listens = "10.0.0.8/ready/mta",
     .calls = "10.0.0.8/ready/mta"},
    {.name = "what the cluster says before what is configured",
     .virtuals = "10.0.0.100",
     .configured = "10.0.0.101",
     .flags = "c",
     .here = "10.0.0.100 10.0.0.101",
     .host = "192.0.2.9",
     .listens = "10.0.0.100/ready/cluster",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "configured virtual addresses before any",
     .configured = "10.0.0.101",
     .here = "10.0.0.1 10.0.0.101",
     .host = "192.0.2.9",
     .listens = "10.0.0.101/ready/cluster",
     .calls = "10.0.0.101/ready/cluster"},
    {.name = "a cluster that says nothing about this service",
     .flags = "c",
     .here = NODE,
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "*/ready/any"},
    {.name = "a cluster that has not answered",
     .flags = "cp",
     .here = NODE,
     .host = "192.0.2.9",
     .listens = "-/asking the cluster/cluster",
     .calls = "-/asking the cluster/cluster"},
    {.name = "a cluster that has not answered, and configured addresses",
     .configured = "10.0.0.101",
     .flags = "cp",
     .here = "10.0.0.101",
     .host = "192.0.2.9",
     .listens = "10.0.0.101/ready/cluster",
     .calls = "10.0.0.101/ready/cluster"},
    {.name = "a cluster that has not answered is nothing to an override",
     .override = "10.0.0.9",
     .flags = "cp",
     .here = "10.0.0.9",
     .host = "192.0.2.9",
     .listens = "-/asking the cluster/cluster",
     .calls = "10.0.0.9/ready/own"},
    {.name = "nor to the addresses of mta",
     .mta = "10.0.0.8",
     .flags = "cp",
     .here = "10.0.0.8",
     .host = "192.0.2.9",
     .listens = "10.0.0.8/ready/mta",
     .calls = "10.0.0.8/ready/mta"},
    {.name = "nor to a listener with an address",
     .listener = "10.0.0.8",
     .flags = "cp",
     .here = "10.0.0.8",
     .listens = "10.0.0.8/ready/own"},
    {.name = "an override that is absent gives way to nothing",
     .override = "10.0.0.9",
     .mta = "10.0.0.8",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = "10.0.0.8 10.0.0.100",
     .host = "192.0.2.9",
     .calls = "10.0.0.9/absent/own"},
    {.name = "an absent address of mta does not give way to the cluster's",
     .mta = "10.0.0.8",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = "10.0.0.100",
     .host = "192.0.2.9",
     .listens = "10.0.0.8/absent/mta",
     .calls = "10.0.0.8/absent/mta"},
    {.name = "use-any-address leaves the override",
     .override = "10.0.0.9",
     .virtuals = "10.0.0.100",
     .flags = "ca",
     .here = "10.0.0.9",
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "10.0.0.9/ready/own"},
    {.name = "and the listener's address",
     .listener = "10.0.0.8",
     .virtuals = "10.0.0.100",
     .flags = "ca",
     .here = "10.0.0.8",
     .listens = "10.0.0.8/ready/own"},
    {.name = "and passes over the addresses of mta",
     .mta = "10.0.0.8",
     .flags = "a",
     .here = "10.0.0.8",
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "*/ready/any"},
    {.name = "use-any-address waits for no cluster",
     .flags = "cpa",
     .here = NODE,
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "*/ready/any"},
};

static const case_t listeners[] = {
    {.name = "an address of its own",
     .listener = "10.0.0.5",
     .here = "10.0.0.5",
     .listens = "10.0.0.5/ready/own"},
    {.name = "its own before those of mta and the cluster",
     .listener = "10.0.0.5",
     .mta = "10.0.0.8",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = "10.0.0.5 10.0.0.8 10.0.0.100",
     .listens = "10.0.0.5/ready/own"},
    {.name = "any, though there is a cluster",
     .listener = "*",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = BOTH,
     .listens = "*/ready/any"},
    {.name = "any, though mta has addresses",
     .listener = "*",
     .mta = "10.0.0.8",
     .here = "10.0.0.8",
     .listens = "*/ready/any"},
    {.name = "all addresses of mta",
     .mta = "10.0.0.5 10.0.0.6 2001:db8::5",
     .here = "10.0.0.5 10.0.0.6 2001:db8::5",
     .listens = "10.0.0.5/ready/mta 10.0.0.6/ready/mta 2001:db8::5/ready/mta"},
    {.name = "each by itself, the absent one waits",
     .mta = "10.0.0.5 10.0.0.6",
     .here = "10.0.0.6",
     .listens = "10.0.0.5/absent/mta 10.0.0.6/ready/mta"},
    {.name = "all virtual addresses",
     .virtuals = "10.0.0.100 2001:db8::100",
     .flags = "c",
     .here = BOTH,
     .listens = "10.0.0.100/ready/cluster 2001:db8::100/ready/cluster"},
    {.name = "one address twice is one listener",
     .mta = "10.0.0.5 10.0.0.5",
     .here = "10.0.0.5",
     .listens = "10.0.0.5/ready/mta"},
    {.name = "however it is written",
     .mta = "2001:db8::5 2001:DB8:0:0:0:0:0:5",
     .here = "2001:db8::5",
     .listens = "2001:db8::5/ready/mta"},
    {.name = "a name",
     .listener = "mta.example",
     .here = "10.0.0.5",
     .names = "mta.example=10.0.0.5",
     .listens = "10.0.0.5/ready/own"},
    {.name = "a name with several addresses",
     .listener = "mta.example",
     .here = "10.0.0.5",
     .names = "mta.example=10.0.0.5,2001:db8::5",
     .listens = "10.0.0.5/ready/own 2001:db8::5/absent/own"},
    {.name = "a name that was not looked up yet",
     .listener = "mta.example",
     .here = "10.0.0.5",
     .listens = "mta.example/being looked up/own"},
    {.name = "a name without an address",
     .listener = "mta.example",
     .here = "10.0.0.5",
     .names = "mta.example=",
     .listens = "mta.example/no such name/own"},
    {.name = "names and addresses mixed",
     .mta = "10.0.0.5 mta.example",
     .here = "10.0.0.5 10.0.0.6",
     .names = "mta.example=10.0.0.6",
     .listens = "10.0.0.5/ready/mta 10.0.0.6/ready/mta"},
    {.name = "a name beside an address that is known",
     .mta = "mta.example 10.0.0.5",
     .here = "10.0.0.5",
     .listens = "mta.example/being looked up/mta 10.0.0.5/ready/mta"},
    {.name = "a name and its address are one listener",
     .mta = "10.0.0.5 mta.example",
     .here = "10.0.0.5",
     .names = "mta.example=10.0.0.5",
     .listens = "10.0.0.5/ready/mta"},
    {.name = "the cluster gives a name",
     .virtuals = "EXCLUSTER",
     .flags = "c",
     .here = "10.0.0.100",
     .names = "EXCLUSTER=10.0.0.100",
     .listens = "10.0.0.100/ready/cluster"},
    {.name = "loopback is always here",
     .listener = "127.0.0.5",
     .here = "10.0.0.1",
     .listens = "127.0.0.5/ready/own"},
    {.name = "loopback of IPv6 too", .listener = "::1", .here = "", .listens = "::1/ready/own"},
    {.name = "the other loopback is not", .listener = "::2", .here = "", .listens = "::2/absent/own"},
    {.name = "a link-local address with its zone",
     .listener = "fe80::1%eth0",
     .here = NODE,
     .listens = "fe80::1%eth0/ready/own"},
    {.name = "an address that is being checked",
     .listener = "2001:db8::5",
     .here = "2001:db8::5?",
     .listens = "2001:db8::5/being checked/own"},
    {.name = "checked on one interface, ready on another",
     .listener = "2001:db8::5",
     .here = "2001:db8::5? 2001:db8::5",
     .listens = "2001:db8::5/ready/own"},
    {.name = "nothing is known of the addresses: all are tried",
     .listener = "10.0.0.5",
     .flags = "u",
     .here = "",
     .listens = "10.0.0.5/ready/own"},
};

static const case_t sources[] = {
    {.name = "IPv6 from the IPv6 address of mta",
     .mta = "10.0.0.5 2001:db8::5",
     .here = "10.0.0.5 2001:db8::5",
     .host = "2001:db8:9::9",
     .calls = "2001:db8::5/ready/mta"},
    {.name = "IPv4 from the IPv4 address of mta",
     .mta = "2001:db8::5 10.0.0.5",
     .here = "10.0.0.5 2001:db8::5",
     .host = "192.0.2.9",
     .calls = "10.0.0.5/ready/mta"},
    {.name = "the first that is here",
     .mta = "10.0.0.5 10.0.0.6",
     .here = "10.0.0.6 10.0.0.7",
     .host = "192.0.2.9",
     .calls = "10.0.0.6/ready/mta"},
    {.name = "the first of those that are here",
     .mta = "10.0.0.6 10.0.0.5",
     .here = "10.0.0.5 10.0.0.6",
     .host = "192.0.2.9",
     .calls = "10.0.0.6/ready/mta"},
    {.name = "the first if none is here",
     .mta = "10.0.0.5 10.0.0.6",
     .here = "10.0.0.7",
     .host = "192.0.2.9",
     .calls = "10.0.0.5/absent/mta"},
    {.name = "one that is being checked before one that is absent",
     .mta = "2001:db8::5 2001:db8::6",
     .here = "2001:db8::6?",
     .host = "2001:db8:9::9",
     .calls = "2001:db8::6/being checked/mta"},
    {.name = "no IPv6 address in the plan: none, and not any",
     .mta = "10.0.0.5",
     .here = NODE " 10.0.0.5",
     .host = "2001:db8:9::9",
     .calls = "-/none/mta"},
    {.name = "no IPv4 address in the plan",
     .virtuals = "2001:db8::100",
     .flags = "c",
     .here = BOTH,
     .host = "192.0.2.9",
     .calls = "-/none/cluster"},
    {.name = "an override of the other kind",
     .override = "10.0.0.9",
     .mta = "2001:db8::5",
     .here = "10.0.0.9 2001:db8::5",
     .host = "2001:db8:9::9",
     .calls = "-/none/own"},
    {.name = "an override by name",
     .override = "mta.example",
     .here = "10.0.0.9",
     .names = "mta.example=10.0.0.9",
     .host = "192.0.2.9",
     .calls = "10.0.0.9/ready/own"},
    {.name = "an override by a name of both kinds",
     .override = "mta.example",
     .here = "10.0.0.9 2001:db8::9",
     .names = "mta.example=10.0.0.9,2001:db8::9",
     .host = "2001:db8:9::9",
     .calls = "2001:db8::9/ready/own"},
    {.name = "an override by a name that is not known yet",
     .override = "mta.example",
     .here = "10.0.0.9",
     .host = "192.0.2.9",
     .calls = "mta.example/being looked up/own"},
    {.name = "an override by a name that is none",
     .override = "mta.example",
     .here = "10.0.0.9",
     .names = "mta.example=",
     .host = "192.0.2.9",
     .calls = "mta.example/no such name/own"},
    {.name = "a peer by name gets the kind that is ready",
     .virtuals = "10.0.0.100 2001:db8::100",
     .flags = "c",
     .here = "2001:db8::100",
     .host = "peer.example",
     .calls = "2001:db8::100/ready/cluster"},
    {.name = "a peer by name, both kinds ready: IPv4 is shown",
     .virtuals = "10.0.0.100 2001:db8::100",
     .flags = "c",
     .here = BOTH,
     .host = "peer.example",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "a peer by name and one kind in the plan",
     .virtuals = "2001:db8::100",
     .flags = "c",
     .here = BOTH,
     .host = "peer.example",
     .calls = "2001:db8::100/ready/cluster"},
    {.name = "no peer address: remote-initiated",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = BOTH,
     .host = NULL,
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "an IPv4 address inside IPv6 is IPv4",
     .override = "::ffff:10.0.0.9",
     .here = "10.0.0.9",
     .host = "192.0.2.9",
     .calls = "::ffff:10.0.0.9/ready/own"},
    {.name = "a virtual address as an alias beside the node's",
     .virtuals = "10.0.0.100",
     .flags = "c",
     .here = "10.0.0.1 10.0.0.100 10.0.0.2",
     .host = "10.0.0.50",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "several overrides are impossible, several virtual addresses are not",
     .virtuals = "10.0.0.99 10.0.0.100",
     .flags = "c",
     .here = BOTH,
     .host = "192.0.2.9",
     .listens = "10.0.0.99/absent/cluster 10.0.0.100/ready/cluster",
     .calls = "10.0.0.100/ready/cluster"},
    {.name = "a node by configuration alone: any",
     .flags = "n",
     .here = NODE,
     .host = "192.0.2.9",
     .listens = "*/ready/any",
     .calls = "*/ready/any"},
    {.name = "nothing is known of the addresses",
     .override = "10.0.0.9",
     .flags = "u",
     .here = "",
     .host = "192.0.2.9",
     .calls = "10.0.0.9/ready/own"},
};

static const char *const *split(apr_pool_t *pool, const char *text, const char *separators)
{
    const char **list = apr_pcalloc(pool, 16 * sizeof(*list));
    size_t count = 0;
    char *state;
    for (char *each = apr_strtok(apr_pstrdup(pool, text ? text : ""), separators, &state); each;
         each = apr_strtok(NULL, separators, &state))
        list[count++] = each;
    return list;
}

static bool has_flag(const case_t *test, char flag)
{
    return test->flags && strchr(test->flags, flag);
}

static void make_facts(const case_t *test, bind_facts_t *facts, apr_pool_t *pool)
{
    bind_present_t *present = apr_pcalloc(pool, 16 * sizeof(*present));
    bind_name_t *names = apr_pcalloc(pool, 16 * sizeof(*names));
    *facts = (bind_facts_t){.present_known = !has_flag(test, 'u'),
                            .present = present,
                            .names = names,
                            .on_cluster = has_flag(test, 'c'),
                            .cluster_pending = has_flag(test, 'p'),
                            .virtual_addresses = split(pool, test->virtuals, " "),
                            .virtual_source = "the test"};
    for (const char *const *each = split(pool, test->here, " "); *each; each++) {
        size_t length = strlen(*each);
        bool checked = (*each)[length - 1] == '?';
        present[facts->present_count++] =
            (bind_present_t){apr_pstrmemdup(pool, *each, length - checked), !checked, false};
    }
    for (const char *const *each = split(pool, test->names, " "); *each; each++) {
        const char *equals = strchr(*each, '=');
        names[facts->name_count++] = (bind_name_t){apr_pstrmemdup(pool, *each, (size_t)(equals - *each)),
                                                   split(pool, equals + 1, ",")};
    }
}

static const char *point_text(apr_pool_t *pool, const bind_point_t *point)
{
    const char *address = point->address ? point->address : point->wanted ? point->wanted : NULL;
    if (!address)
        address = point->state == BIND_READY ? "*" : "-";
    if (point->state == BIND_OTHER_KIND)
        address = "-";
    return apr_pstrcat(pool, address, "/", bind_state_name(point->state), "/", bind_rank_name(point->rank),
                       NULL);
}

static void expect(const case_t *test, const char *what, const char *wanted, const char *got)
{
    if (wanted && strcmp(wanted, got) != 0) {
        printf("\n  %s: %s %s, expected %s", test->name, what, got, wanted);
        CU_FAIL("the plan is another one");
    }
}

static void try_case(const case_t *test)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    config_listener_t listener = {.name = "tcp", .address = test->listener, .port = 102};
    config_connector_t connector = {
        .name = "PEER", .remote_host = test->host, .local_address = test->override};
    config_t config = {
        .listeners = &listener, .listener_count = 1, .connectors = &connector, .connector_count = 1};
    config.mta.addresses = split(pool, test->mta, " ");
    config.cluster.virtual_addresses = split(pool, test->configured, " ");
    config.cluster.node = has_flag(test, 'n');
    config.cluster.use_any_address = has_flag(test, 'a');
    bind_facts_t facts;
    make_facts(test, &facts, pool);
    bind_plan_t plan;
    bind_plan_make(&config, &facts, pool, &plan);
    CU_ASSERT_EQUAL_FATAL(plan.listener_count, 1);
    CU_ASSERT_EQUAL_FATAL(plan.source_count, 1);
    const char *listens = "";
    for (size_t i = 0; i < plan.listeners[0].count; i++) {
        const bind_point_t *point = &plan.listeners[0].points[i];
        listens = apr_pstrcat(pool, listens, *listens ? " " : "", point_text(pool, point), NULL);
        CU_ASSERT_TRUE(strlen(point->reason) > 0);
    }
    expect(test, "listens at", test->listens, listens);
    expect(test, "calls from", test->calls, point_text(pool, bind_plan_source(&plan.sources[0], test->host)));
    CU_ASSERT_EQUAL(plan.on_cluster, has_flag(test, 'c') || has_flag(test, 'n') || test->configured != NULL);
    apr_pool_destroy(pool);
}

#define TABLE(name, cases)                                                                                   \
    static void name(void)                                                                                   \
    {                                                                                                        \
        for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++)                                      \
            try_case(&(cases)[i]);                                                                           \
    }

TABLE(TP_06_the_articles_on_clusters_and_several_addresses, articles)
TABLE(TP_06_the_order_of_choice, order)
TABLE(TP_06_listeners, listeners)
TABLE(TP_06_sources, sources)

static void reasons_say_who_decided(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *virtuals[] = {"10.0.0.100", NULL};
    config_listener_t listener = {.name = "tcp", .port = 102};
    config_connector_t connectors[] = {{.name = "A"}, {.name = "B", .local_address = "mta.example"}};
    config_t config = {
        .listeners = &listener, .listener_count = 1, .connectors = connectors, .connector_count = 2};
    const char *addresses[] = {"10.0.0.9", NULL};
    bind_name_t name = {"mta.example", addresses};
    bind_facts_t facts = {.on_cluster = true,
                          .virtual_addresses = virtuals,
                          .virtual_source = "the cluster information base",
                          .names = &name,
                          .name_count = 1};
    bind_plan_t plan;
    bind_plan_make(&config, &facts, pool, &plan);
    CU_ASSERT_STRING_EQUAL(plan.listeners[0].points[0].reason,
                           "virtual address of the cluster group, by the cluster information base");
    CU_ASSERT_STRING_EQUAL(
        plan.sources[0].kinds[BIND_IPV6].reason,
        "virtual address of the cluster group, by the cluster information base: none is of IPv6");
    CU_ASSERT_STRING_EQUAL(plan.sources[1].kinds[BIND_IPV4].reason,
                           "stack-ip-address-override of the connector (\"mta.example\")");
    apr_pool_destroy(pool);
}

static void names_are_those_that_the_plan_needs(void)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    const char *addresses[] = {"10.0.0.1", "one", "2001:db8::1", "two", NULL};
    const char *virtuals[] = {"two", "three", NULL};
    config_listener_t listeners_of[] = {{.name = "a", .address = "*"}, {.name = "b", .address = "four"}};
    config_connector_t connector = {.name = "A", .local_address = "five"};
    config_t config = {
        .listeners = listeners_of, .listener_count = 2, .connectors = &connector, .connector_count = 1};
    config.mta.addresses = addresses;
    bind_facts_t facts = {.virtual_addresses = virtuals};
    const char *all = "";
    for (const char *const *each = bind_plan_names(&config, &facts, pool); *each; each++)
        all = apr_pstrcat(pool, all, *each, " ", NULL);
    CU_ASSERT_STRING_EQUAL(all, "one two three four five ");
    apr_pool_destroy(pool);
}

static void addresses_are_compared_by_value(void)
{
    CU_ASSERT_TRUE(bind_same_address("2001:db8::1", "2001:0DB8:0::0001"));
    CU_ASSERT_TRUE(bind_same_address("fe80::1%eth0", "fe80::1"));
    CU_ASSERT_TRUE(bind_same_address("::ffff:10.0.0.1", "10.0.0.1"));
    CU_ASSERT_FALSE(bind_same_address("10.0.0.1", "10.0.0.2"));
    CU_ASSERT_FALSE(bind_same_address("name", "name"));
    CU_ASSERT_FALSE(bind_same_address(NULL, NULL));
    static const uint8_t octets[] = {10, 0, 0, 1};
    CU_ASSERT_TRUE(bind_is_octets("10.0.0.1", bytes_make(octets, sizeof(octets))));
    CU_ASSERT_FALSE(bind_is_octets("10.0.0.2", bytes_make(octets, sizeof(octets))));
    CU_ASSERT_FALSE(bind_is_octets("name", BYTES_NONE));
}

static void the_table_has_its_cases(void)
{
    size_t count = sizeof(articles) / sizeof(articles[0]) + sizeof(order) / sizeof(order[0]) +
                   sizeof(listeners) / sizeof(listeners[0]) + sizeof(sources) / sizeof(sources[0]);
    CU_ASSERT_TRUE(count >= 60);
    printf("%u cases ", (unsigned)count);
}

static const unit_test_t tests[] = {UNIT_TEST(TP_06_the_articles_on_clusters_and_several_addresses),
                                    UNIT_TEST(TP_06_the_order_of_choice),
                                    UNIT_TEST(TP_06_listeners),
                                    UNIT_TEST(TP_06_sources),
                                    UNIT_TEST(reasons_say_who_decided),
                                    UNIT_TEST(names_are_those_that_the_plan_needs),
                                    UNIT_TEST(addresses_are_compared_by_value),
                                    UNIT_TEST(the_table_has_its_cases)};

UNIT_MAIN("bind plan", tests)
