#!/bin/bash
# OP-04: takeover for real. Three nodes with corosync and Pacemaker, fencing on; a group of virtual address and x400mta
# (its resource agent is installer/pacemaker/x400mta) over a shared spool; two peers outside, which send to each other
# through the cluster. While they do, in turn the daemon is killed, its node is put on standby, crashes, loses its link,
# loses the address, and its disk fails. For each: the time without service, what was lost (nothing), what reached a
# mailbox twice (nothing), and the addresses that the peers saw (the virtual one only).
#
#   run.sh [SCENE...]     kill standby crash link address disk health; all of them by default
#
# X400_BIN is the folder of the programs (build/release/bin), RATE messages per second each way (100), LOAD_SECONDS for
# how long in each scene (12). X400_TIMES=strict judges the times without service as they should be on a machine that
# has nothing else to do; otherwise they are printed, and 30 s are the limit. Needs root; installs what it needs. The
# last line is "N passed, N failed".
set -u
if [ "$(id -u)" -ne 0 ]; then exec sudo -E bash "$0" "$@"; fi
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BIN=${X400_BIN:-$ROOT/build/release/bin}
RATE=${RATE:-100}
LOAD_SECONDS=${LOAD_SECONDS:-12}
PATIENCE=${X400_PATIENCE:-90}
NODES="n1 n2 n3"
NET=x4k$$
LAB=$(mktemp -d /dev/shm/x400-cluster-XXXXXX)
export HERE NODES LAB_NET LC_ALL=C
passed=0
failed=0
children="" # processes of ours that end with us
peers=""
. "$HERE/lab.sh"
export LAB_NET

pass() { passed=$((passed + 1)); echo "  ok      $1"; }
fail() { failed=$((failed + 1)); echo "  FAILED  $1"; }
check() { # WORDS COMMAND...
    local words=$1
    shift
    if "$@" >"$LAB/check.out" 2>&1; then
        pass "$words"
    else
        fail "$words"
        tail -20 "$LAB/check.out" | sed 's/^/          /'
    fi
}
wait_for() {
    local turns=$((PATIENCE * 5))
    while [ $turns -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
        turns=$((turns - 1))
    done
    "$@"
}
finish() {
    trap - EXIT INT TERM
    if [ $failed -gt 0 ]; then
        local logs=$ROOT/build/test-logs/cluster node
        mkdir -p "$logs"
        for node in $NODES; do
            in_node "$node" crm_mon -1 -r >"$logs/$node.status" 2>&1
            in_node "$node" cat /var/log/pacemaker/pacemaker.log >"$logs/$node.pacemaker" 2>/dev/null
        done
        for node in P1 P2; do cp "$LAB/$node/events.log" "$logs/$node.log" 2>/dev/null; done
        cp "$LAB"/power.log "$LAB"/shared/*.log "$LAB"/*.boot "$LAB"/*.probe "$LAB"/*.out "$logs/" 2>/dev/null
        echo "logs are in $logs"
    fi
    local child
    for child in $children; do
        kill "$child" 2>/dev/null
        wait "$child" 2>/dev/null
    done
    lab_down
    wait 2>/dev/null
    rm -rf "$LAB"
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit $?
}
trap 'fail "it was broken off"; finish' EXIT INT TERM

install_packages() {
    local package missing=""
    for package in corosync pacemaker pacemaker-cli-utils resource-agents crmsh iputils-arping psmisc bc iproute2; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "Installing:$missing"
    # No cluster may start on this machine itself.
    local made=no
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; made=yes; }
    apt-get -o DPkg::Lock::Timeout=500 update -q >"$LAB/apt.out" 2>&1
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 install -q -y --no-install-recommends $missing >>"$LAB/apt.out" 2>&1
    local status=$?
    [ $made = no ] || rm -f /usr/sbin/policy-rc.d
    return $status
}

# The configuration of MTA NAME with data in FOLDER and events in LOG; sections follow from standard input.
configuration() { # NAME FOLDER LOG
    cat <<END
mta { name = "MTA-$1" password = "secret-$1" country = GB admd = " " prmd = "$1" data-folder = "$2" minimum-open-interval = 1s }
messaging-defaults { open-interval = 1s transfer-interval = 1s connect-timeout = 2s disconnect = 3s recovery-timeout = 30s max-open-retries = 1000 max-transfer-retries = 1000 }
log { text-event-log = "$3" system = off message-tracking = off diagnostics { x400-service = maximum interface = maximum } }
store { lease = 2s }
END
    cat
}
connector() { # NAME ADDRESS PORT [STACK]
    cat <<END
connector "$1" {
    general { remote-mta-name = "MTA-$1" remote-mta-password = "secret-$1" }
    stack { remote-host-name = "$2" port = $3 ${4:-} }
    address-space = { ${SPACES:-"\"C=GB;A= ;P=$1\""} }
    advanced { mta-conformance = "1988 normal" }
}
END
}

make_configurations() {
    mkdir -p "$LAB/shared/bin" "$LAB/shared/data"
    {
        # No address: the listener and the calls take those of the group, which the cluster says.
        printf 'listener "tcp" { port = %s }\nadmin { port = 10190 }\n' $PORT
        connector P1 "$OUTSIDE" 10111
        connector P2 "$OUTSIDE" 10112
    } | configuration C /shared/data /shared/events.log >"$LAB/shared/x400mta.conf"
    local peer other
    for peer in P1 P2; do
        [ $peer = P1 ] && other=P2 || other=P1
        mkdir -p "$LAB/$peer/data" "$LAB/$peer/in"
        {
            printf 'listener "tcp" { address = "%s" port = 1011%s }\nadmin { port = 1019%s }\n' "$OUTSIDE" "${peer#P}" "${peer#P}"
            SPACES="\"C=GB;A= ;P=$other\"" connector C "$VIRTUAL" $PORT "allowed-callers = { \"$VIRTUAL\" }"
            printf 'connector "SOURCE" { general { remote-mta-name = "SOURCE" } stack { remote-host-name = "127.0.0.1" port = 9 }\n'
            printf '  address-space = { "C=XX;A= ;P=SOURCE" } advanced { two-way-alternate = off } }\n'
            printf 'mailbox "in" { folder = "%s" address-space = { "C=GB;A= ;P=%s" } }\n' "$LAB/$peer/in" $peer
        } | configuration $peer "$LAB/$peer/data" "$LAB/$peer/events.log" >"$LAB/$peer/x400mta.conf"
    done
    cp "$BIN/x400mta" "$BIN/x400ctl" "$LAB/shared/bin/" &&
        gcc -O2 -shared -fPIC -o "$LAB/shared/bin/diskfail.so" "$HERE/diskfail.c" -ldl || return 1
    printf '#!/bin/sh\nexec env LD_PRELOAD=/shared/bin/diskfail.so /shared/bin/x400mta "$@"\n' >"$LAB/shared/bin/service"
    chmod 755 "$LAB/shared/bin/service"
}

configure_cluster() {
    in_node n1 crm configure load update - <<END
property stonith-enabled=true stonith-timeout=20s dc-deadtime=2s
rsc_defaults resource-stickiness=100 migration-threshold=3
primitive fence stonith:fence_x400 params pcmk_host_list="$NODES" pcmk_host_check=static-list op monitor interval=60s
primitive address ocf:heartbeat:IPaddr2 params ip=$VIRTUAL cidr_netmask=24 nic=eth0 op monitor interval=1s timeout=10s
primitive mta ocf:x400mta:x400mta params config=/shared/x400mta.conf binary=/shared/bin/service ctl=/shared/bin/x400ctl log=/shared/output.log health_attribute=x400-reach op start interval=0 timeout=40s op stop interval=0 timeout=12s op monitor interval=1s timeout=10s
group mail address mta
END
}

all_online() { local node; node=$(any_node) && [ "$(in_node "$node" crm_node -l 2>/dev/null | grep -c ' member')" = 3 ] && in_node "$node" crm_mon -1 2>/dev/null | grep -q 'Online: \[ n1 n2 n3 \]'; }
owner() { local node; node=$(any_node) && in_node "$node" crm_resource -r mta --locate 2>/dev/null | sed -n 's/.*running on: *\([^ ]*\).*/\1/p' | head -1; }
cluster_ctl() { local node; node=$(owner); [ -n "$node" ] && in_node "$node" /shared/bin/x400ctl -c /shared/x400mta.conf "$@"; }
serves() { cluster_ctl status; }
peer_ctl() { local peer=$1; shift; outside "$BIN/x400ctl" -c "$LAB/$peer/x400mta.conf" "$@"; }
queued() { "$@" --json status | sed -n 's/^  "queued": \([0-9]*\).*/\1/p'; }
in_box() { find "$LAB/$1/in" -name '*.json' ! -name '.*' | wc -l; }
has_all() { [ "$(in_box P1)" -ge "$1" ] && [ "$(in_box P2)" -ge "$1" ]; }
nothing_queued() { [ "$(queued cluster_ctl)" = 0 ] && [ "$(queued peer_ctl P1)" = 0 ] && [ "$(queued peer_ctl P2)" = 0 ]; }

# What happens to the node that has the group.
harm() { # SCENE NODE
    case $1 in
    kill) in_node "$2" sh -c 'kill -KILL "$(cat /run/resource-agents/x400mta-mta.pid)"' ;;
    standby) in_node "$2" crm_standby -v on ;;
    crash) lab_power_off "$2" ;;
    link) lab_link "$2" down ;;
    address) in_node "$2" ip addr del $VIRTUAL/24 dev eth0 ;;
    disk) in_node "$2" touch /run/disk-fails ;;
    esac
}
# And how it gets well again.
heal() {
    case $1 in
    standby) in_node "$(any_node)" crm_standby -N "$2" -D ;;
    crash | link) wait_for lab_boot_if_off "$2" ;;
    disk) in_node "$2" rm -f /run/disk-fails ;;
    esac
    wait_for all_online
    in_node "$(any_node)" crm_resource --cleanup -r mta
    in_node "$(any_node)" crm_resource --cleanup -r address
}
lab_boot_if_off() { ! is_alive "$1" && lab_boot "$1"; }

limit_of() {
    case ${X400_TIMES:-}$1 in
    strictkill) echo 3 ;;
    strictstandby) echo 2 ;;
    strictcrash) echo 10 ;;
    *) echo 30 ;;
    esac
}
within() { [ "$1" != none ] && [ "$(echo "$1 < $2" | bc)" = 1 ]; }

scene() {
    local name=$1 node sources="" peer count=$((RATE * LOAD_SECONDS)) begun outage goal
    echo "Scene: $name"
    check "$name: the group runs" wait_for serves
    node=$(owner)
    goal=$((total + count))
    for peer in P1 P2; do
        ip netns exec "$NET-out" "$BIN/p1source" -n SOURCE -c 2 -m $count --rate "$RATE" --retries 100 --report none --length 1000 \
            -r "C=GB;A= ;P=$([ $peer = P1 ] && echo P2 || echo P1);S=IN" "$OUTSIDE:1011${peer#P}" >"$LAB/$name.$peer.out" 2>&1 &
        sources="$sources $!"
    done
    rm -f "$LAB/$name.stop"
    mkfifo "$LAB/$name.stop"
    ip netns exec "$NET-out" python3 "$HERE/probe.py" $VIRTUAL $PORT <"$LAB/$name.stop" >"$LAB/$name.probe" &
    local probe=$!
    children="$children $probe"
    exec 8>"$LAB/$name.stop"
    sleep 3
    begun=$(date +%s.%N)
    check "$name: it happens to $node" harm "$name" "$node"
    for peer in $sources; do wait "$peer" || fail "$name: all messages were taken"; done
    check "$name: everything arrives" wait_for has_all $goal
    check "$name: nothing is left in a queue" wait_for nothing_queued
    exec 8>&-
    wait $probe
    outage=$(python3 "$HERE/outage.py" "$LAB/$name.probe" "$begun")
    total=$goal
    local lines
    lines=$(python3 "$HERE/count.py" "$LAB/P1/in" "$LAB/P2/in")
    echo "          without service: $outage s; now on $(owner), was on $node; mailboxes (messages, different ones, expected):" \
        "$(echo "$lines" | sed "s/\$/ $goal/" | tr '\n' ';')"
    check "$name: OP-04 nothing was lost" [ "$(echo "$lines" | awk -v want=$goal '$2 != want' | wc -l)" = 0 ]
    check "$name: OP-04 nothing reached a mailbox twice" [ "$(echo "$lines" | awk '$1 != $2' | wc -l)" = 0 ]
    check "$name: OP-04 the service was back within $(limit_of "$name") s" within "$outage" "$(limit_of "$name")"
    check "$name: the cluster is whole again" heal "$name" "$node"
}

start_peers() {
    local peer
    for peer in P1 P2; do
        ip netns exec "$NET-out" "$BIN/x400mta" -c "$LAB/$peer/x400mta.conf" >>"$LAB/$peer.out" 2>&1 &
        peers="$peers $!"
        children="$children $!"
    done
}
stop_peers() {
    local peer
    for peer in $peers; do
        kill "$peer" && wait "$peer"
    done
    peers=""
}

# The attribute that the resource agent keeps: no peer can be reached from this node, then they can again.
health_is() { in_node "$(any_node)" attrd_updater -n x400-reach -N "$(owner)" -Q | grep -q "value=\"$1\""; }
health() {
    local peer
    echo "Scene: health"
    check "health: the group runs" wait_for serves
    check "health: the attribute says that peers can be reached" wait_for health_is 1
    # Their network stays: associations over a cut link hang until their time limits.
    check "health: the peers stop" stop_peers
    for peer in P1 P2; do
        check "health: a message for $peer" cluster_ctl send -f "C=GB;A= ;P=C;S=OP" -r "C=GB;A= ;P=$peer;S=IN" -s health -t health
    done
    check "health: the attribute says that none can be reached" wait_for health_is 0
    check "health: they are back" start_peers
    total=$((total + 1))
    check "health: the messages arrive" wait_for has_all $total
    check "health: the attribute says so" wait_for health_is 1
}

# The addresses of the calls that the peers took for the cluster's, and whether any other was refused.
addresses_seen() { grep -h ' 12003 .*association with C at .*incoming' "$LAB"/P?/events.log | grep -o "$LAB_NET\.[0-9]*" | sort -u; }

check "packages" install_packages
check "configurations" make_configurations
check "ocf-tester passes the resource agent" env OCF_ROOT=/usr/lib/ocf ocf-tester -n t -o "config=$LAB/P1/x400mta.conf" \
    -o "binary=$BIN/x400mta" -o "ctl=$BIN/x400ctl" -o virtual_addresses=127.0.0.1 "$ROOT/installer/pacemaker/x400mta"
started=$(date +%s)
if ! lab_up; then
    fail "the nodes start"
    finish
fi
start_peers
check "three nodes form a cluster" wait_for all_online
check "it takes the group" configure_cluster
check "the group runs" wait_for serves
echo "          after $(($(date +%s) - started)) s, on $(owner)"
check "OP-04 the service found its virtual address in the cluster" grep -q " 12116 .*$VIRTUAL.*cluster information base, group mail" "$LAB/shared/events.log"
total=0
for name in ${*:-kill standby crash link address disk health}; do
    case $name in
    health) health ;;
    *) scene "$name" ;;
    esac
done
check "OP-04 the peers saw the virtual address only" [ "$(addresses_seen)" = "$VIRTUAL" ]
check "OP-04 and refused nobody" [ "$(cat "$LAB"/P?/events.log | grep -c ' 9301 ')" = 0 ]
echo "          all of it took $(($(date +%s) - started)) s"
finish
