#!/bin/sh
# TP-06: on a node of a Windows failover cluster the bind plan has the addresses of the group that runs this service, as the
# cluster interface says them. Windows programs under Wine; DLLs that stand in for the interface take the place of Wine's
# empty ones for that time.
. "$(dirname "$0")/../scenario/lib.sh"
. "$ROOT/tests/windows/wine.sh"

SYSTEM32=$WINEPREFIX/drive_c/windows/system32
STAND_IN=$WINDOWS_TEST_CLUSTER
mkdir -p "$WORK/kept"
for dll in clusapi resutils; do
    cp "$SYSTEM32/$dll.dll" "$WORK/kept/" || exit 1
    cp "$STAND_IN/$dll.dll" "$SYSTEM32/" || exit 1
done
# A test that was killed leaves them there; without the file below they say that there is no cluster, as Wine's do.
put_back() { cp "$WORK/kept/clusapi.dll" "$WORK/kept/resutils.dll" "$SYSTEM32/"; }
export X400_TEST_CLUSTER="$WORK/cluster"

launch() {
    for who; do
        (cd "$ROOT" && exec wine "$WINDOWS_BIN/x400mta.exe" -c "$WORK/$who/x400mta.conf" >>"$WORK/$who/output" 2>&1) &
        put "pid_$who" $!
        case " $STARTED " in *" $who "*) ;; *) STARTED="$STARTED $who" ;; esac
    done
}
# SIGINT becomes Ctrl-C in Wine.
kill() {
    if [ "$1" = -TERM ]; then command kill -INT "$2"; else command kill "$@"; fi
}

# The cluster says what stands in standard input from now on, and the MTA asks it again.
cluster() {
    cat >"$X400_TEST_CLUSTER.new"
    mv "$X400_TEST_CLUSTER.new" "$X400_TEST_CLUSTER"
    [ -z "$(get pid_W)" ] || ctl W reload >/dev/null
}
plan() { # EXPRESSION over p, the plan: a line of Python that must be true
    ctl W bind --json >"$WORK/plan.json" &&
        python3 -c 'import json,sys; p=json.load(open(sys.argv[1])); c={x["kind"]: x for x in p["connectors"]}; sys.exit(not eval(sys.argv[2]))' \
            "$WORK/plan.json" "$1"
}
planned() { check "TP_06 $1" wait_for plan "$2"; }

group='resource X400 service|Generic Service|Mail|2|ServiceName=X400MTA|StartupParameters=
resource Mail name|Network Name|Mail|2|Name=MAIL|DnsName=mail
resource Other address|IP Address|Cluster Group|2|Address=192.0.2.1|SubnetMask=255.255.255.0'

mta W
put pid_W ""
LINK_PORT=1 link W B "1988 normal"
sed -i '/^listener/,/^}/s/address = "127.0.0.1"//' "$WORK/W/x400mta.conf"

# The first question is asked before the service listens.
cluster <<END
state 19
$group
resource Mail address|IP Address|Mail|2|Address=127.0.0.1|SubnetMask=255.0.0.0|Network=Public
END
start W
planned "a group with one address: calls come from it" \
    'p["cluster"] and p["virtual_addresses"] == ["127.0.0.1"] and c["IPv4"]["address"] == "127.0.0.1" and c["IPv4"]["by"] == "cluster" and c["IPv4"]["state"] == "ready"'
planned "the listener has that address only" \
    '[(x["address"], x["by"], x["open"]) for x in p["listeners"]] == [("127.0.0.1", "cluster", True)]'
planned "the plan says which group" 'p["source"] == "the cluster, group Mail"'
check "TP_06 x400ctl shows the group and its address" sh -c \
    "'$BIN/x400ctl' -c '$WORK/W/x400mta.conf' bind | grep -q 'Virtual addresses.*127.0.0.1 (by the cluster, group Mail)'"
check "TP_06 an event tells of the cluster" wait_for logged W '12116.*Windows failover cluster'

cluster <<END
state 19
$group
resource Mail address 2|IP Address|Mail|2|Address=192.0.2.100
resource Mail address|IP Address|Mail|2|Address=127.0.0.1
END
planned "two addresses: the listener has both" 'sorted(x["address"] for x in p["listeners"]) == ["127.0.0.1", "192.0.2.100"]'
planned "two addresses: calls come from the one that is here" 'c["IPv4"]["address"] == "127.0.0.1" and c["IPv4"]["state"] == "ready"'

cluster <<END
state 19
$group
resource Mail address|IP Address|Mail|3|Address=192.0.2.100
END
planned "an address that is offline is waited for" \
    'c["IPv4"]["address"] == "192.0.2.100" and c["IPv4"]["state"] == "absent" and [x["open"] for x in p["listeners"]] == [False]'

cluster <<END
state 19
$group
resource Mail address|IPv6 Address|Mail|2|Address=2001:db8::100|PrefixLength=64
END
planned "IPv6: calls to IPv6 come from it, none go to IPv4" \
    'c["IPv6"]["address"] == "2001:db8::100" and c["IPv6"]["by"] == "cluster" and c["IPv6"]["state"] == "absent" and c["IPv4"]["state"] == "none"'

cluster <<END
state 19
$group
resource Mail address|IP Address|Mail|2|Address=0.0.0.0|EnableDhcp=1|DhcpAddress=127.0.0.1
END
planned "an address by DHCP" 'p["virtual_addresses"] == ["127.0.0.1"]'

cluster <<END
state 19
$group
END
planned "a group without addresses has its name" 'p["virtual_addresses"] == ["mail"]'

cluster <<END
state 19
resource Mail|x400mta|Mail|2|Configuration=C:\x400mta.conf
resource Mail address|IP Address|Mail|2|Address=127.0.0.1
END
planned "a resource of the own type" 'p["virtual_addresses"] == ["127.0.0.1"]'

nothing='not p["cluster"] and p["virtual_addresses"] == [] and c["IPv4"]["by"] == "any" and c["IPv4"]["state"] == "ready"'
cluster <<END
state 19
resource Print|Generic Service|Mail|2|ServiceName=Spooler
resource Mail address|IP Address|Mail|2|Address=127.0.0.1
END
planned "a cluster that runs another service is none of ours" "$nothing"
cluster <<END
state 0
$group
END
planned "no cluster is installed" "$nothing"
cluster <<END
state 1
$group
END
planned "a cluster is installed and this machine belongs to none" "$nothing"

# What does not answer: an event says why, nothing changes its meaning.
silent() { # WORDS EVENT
    planned "$1" "$nothing"
    check "TP_06 $1: the event says so" wait_for logged W "12117.*$2"
}
cluster <<END
state 3
$group
END
silent "the cluster service does not run" "does not run on this node"
cluster <<END
fail GetNodeClusterState 5
END
silent "the state of the node is not told" "the state of this node is not known: "
for call in OpenCluster:opened:the.cluster.cannot ClusterOpenEnum:listed:the.resources.cannot ClusterEnum:listed:the.resources.cannot \
    OpenClusterResource:opened:a.resource.cannot GetClusterResourceState:told:which.group OpenClusterGroup:opened:the.group.cannot \
    ClusterGroupOpenEnum:listed:of.the.group.cannot ClusterGroupEnum:listed:of.the.group.cannot; do
    name=${call%%:*}
    cluster <<END
state 19
fail $name 5
$group
resource Mail address|IP Address|Mail|2|Address=127.0.0.1
END
    silent "$name fails" "${call##*:}"
done
cluster <<END
state 19
$group
resource Second|Generic Service|Second|3|ServiceName=x400mta
END
silent "two resources for one service" "several resources run this service"
cluster <<END
state 19
hang
END
silent "a cluster that hangs" "the cluster does not answer"

# The configuration names the resource, and may name one that there is not.
printf 'cluster {\n    resource = "Second"\n}\n' >>"$WORK/W/x400mta.conf"
cluster <<END
state 19
$group
resource Second|Generic Service|Second|2|ServiceName=x400mta
resource Second address|IP Address|Second|2|Address=127.0.0.2
END
planned "the resource that the configuration names" 'p["virtual_addresses"] == ["127.0.0.2"] and p["source"] == "the cluster, group Second"'
cluster <<END
state 19
$group
END
check "TP_06 a resource that there is not: the event says so" wait_for logged W "12117.*a resource cannot be opened"
stop W

# The order: what the cluster put into the environment, the cluster interface, the configuration, any; the connector's own
# address and those of the MTA before all of them.
sed -i '/^cluster {/,/^}/d' "$WORK/W/x400mta.conf"
printf 'cluster {\n    virtual-addresses = { "127.0.0.4" }\n}\n' >>"$WORK/W/x400mta.conf"
cluster <<END
state 19
$group
resource Mail address|IP Address|Mail|2|Address=127.0.0.3
END
export _CLUSTER_NETWORK_NAME_=localhost
start W
planned "the name in the environment comes first" 'p["virtual_addresses"] == ["localhost"] and p["source"].startswith("_CLUSTER_NETWORK_NAME_")'
stop W
unset _CLUSTER_NETWORK_NAME_
start W
planned "then what the cluster says" 'p["virtual_addresses"] == ["127.0.0.3"] and c["IPv4"]["address"] == "127.0.0.3"'
cluster <<END
state 0
END
planned "then what the configuration says" 'c["IPv4"]["address"] == "127.0.0.4" and c["IPv4"]["by"] == "cluster"'
cluster <<END
state 19
$group
resource Mail address|IP Address|Mail|2|Address=127.0.0.3
END
sed -i '1,/^}/s/^    country = GB/    addresses = { "127.0.0.5" }\n&/' "$WORK/W/x400mta.conf"
ctl W reload >/dev/null
planned "the addresses of the MTA come before the cluster's" 'c["IPv4"]["address"] == "127.0.0.5" and c["IPv4"]["by"] == "mta"'
sed -i 's/^        remote-host-name = .*/&\n        stack-ip-address-override = "127.0.0.6"/' "$WORK/W/x400mta.conf"
ctl W reload >/dev/null
planned "the connector's own address comes before all" 'c["IPv4"]["address"] == "127.0.0.6" and c["IPv4"]["by"] == "own"'
stop W
put_back
finish
