#!/bin/bash
# OP-04: takeover for real. Three nodes with corosync and Pacemaker, fencing on; a group of virtual address and x400mta
# (its resource agent is installer/pacemaker/x400mta) over a shared spool; two peers outside, which send to each other
# through the cluster. While they do, in turn the daemon is killed, its node is put on standby, crashes, loses its link,
# loses the address, and its disk fails. For each: the time without service, what was lost (nothing), what reached a
# mailbox twice (nothing), and the addresses that the peers saw (the virtual one only).
#
#   run.sh [SCENE...]     kill standby crash link address disk health; all of them by default
#
# X400_BIN is the folder of the programs (build/release/bin, built if they are not there), RATE messages per second each
# way (200), LOAD_SECONDS for how long in each scene (12). The times without service are printed; X400_TIMES=strict makes
# it a failure if they are not as they should be on a machine that has nothing else to do. Needs root; installs what it
# needs; runs in namespaces of its own (alone.sh), so nothing stays behind. The last line is "N passed, N failed".
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -u
if [ "$(id -u)" -ne 0 ]; then exec sudo -E bash "$0" "$@"; fi
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BIN=${X400_BIN:-$ROOT/build/release/bin}
export LC_ALL=C
LOGS=$ROOT/build/test-logs/cluster
if [ "${1:-}" != --alone ]; then
    . "$HERE/need.sh"
    mkdir -p "$LOGS"
    if ! { need_programs && need_packages gcc libc6-dev corosync pacemaker pacemaker-cli-utils resource-agents crmsh iputils-arping \
        psmisc bc iproute2 python3; } >"$LOGS/need.log" 2>&1; then
        tail -20 "$LOGS/need.log"
        echo "0 passed, 1 failed"
        exit 1
    fi
    exec bash "$HERE/alone.sh" bash "$0" --alone "$@"
fi
shift
RATE=${RATE:-200}
LOAD_SECONDS=${LOAD_SECONDS:-12}
PATIENCE=${X400_PATIENCE:-120}
NODES="n1 n2 n3"
NET=x4k
LAB=/run/lab
mkdir -p "$LAB" /run/resource-agents
chmod 1755 /run/resource-agents
export HERE NODES
passed=0
failed=0
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
    local end=$((SECONDS + PATIENCE))
    while [ $SECONDS -lt $end ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    "$@"
}
finish() {
    trap - EXIT INT TERM
    if [ $failed -gt 0 ]; then
        local node
        for node in $NODES; do
            is_alive "$node" || continue
            in_node "$node" crm_mon -1 -r >"$LOGS/$node.status" 2>&1
            in_node "$node" cat /var/log/pacemaker/pacemaker.log >"$LOGS/$node.pacemaker" 2>/dev/null
            in_node "$node" cat /var/log/corosync/corosync.log >"$LOGS/$node.corosync" 2>/dev/null
        done
        for node in P1 P2; do cp "$LAB/$node/events.log" "$LOGS/$node.log" 2>/dev/null; done
        cp "$LAB"/power.log "$LAB"/shared/*.log "$LAB"/*.boot "$LAB"/*.probe "$LAB"/*.out "$LOGS/" 2>/dev/null
        echo "logs are in $LOGS"
    fi
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit $?
}
trap 'fail "it was broken off"; finish' EXIT INT TERM

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
    local node
    case $1 in
    standby) in_node "$(any_node)" crm_standby -N "$2" -D ;;
    crash | link) wait_for lab_boot_if_off "$2" ;;
    disk) in_node "$2" rm -f /run/disk-fails ;;
    esac
    # A machine that is too busy for corosync's token may have fenced another node meanwhile.
    for node in $NODES; do
        lab_boot_if_off "$node" && echo "          $node was off too"
    done
    wait_for all_online || return 1
    in_node "$(any_node)" crm_resource --cleanup -r mta
    in_node "$(any_node)" crm_resource --cleanup -r address
}
lab_boot_if_off() { ! is_alive "$1" && lab_boot "$1"; }

limit_of() {
    case $1 in
    kill) echo 3 ;;
    standby) echo 2 ;;
    *) echo 10 ;;
    esac
}
within() { [ "$1" != none ] && [ "$(echo "$1 < $2" | bc)" = 1 ]; }
judge_time() { # SCENE SECONDS
    if [ "${X400_TIMES:-}" = strict ]; then
        check "$1: OP-04 the service was back within $(limit_of "$1") s" within "$2" "$(limit_of "$1")"
    else
        check "$1: OP-04 the service was back" [ "$2" != none ]
    fi
}
owner_is_known() { [ -n "$(owner)" ]; }
# Of p1source's totals: what was accepted, at what rate.
taken() { python3 -c 'import json, sys; t = json.load(open(sys.argv[1])); print(t["accepted"], round(t["accepted"] / t["seconds"]))' "$LAB/$1.out"; }
took_all() { [ "$(taken "$1" | cut -d' ' -f1)" = "$2" ]; }
answers_now() { tail -1 "$LAB/$1.probe" | grep -q ' 1$'; }

scene() {
    local name=$1 node sources="" peer count=$((RATE * LOAD_SECONDS)) begun outage goal lines
    echo "Scene: $name"
    check "$name: the group runs" wait_for serves
    check "$name: on one node" wait_for owner_is_known
    node=$(owner)
    goal=$((total + count))
    for peer in P1 P2; do
        outside "$BIN/p1source" -n SOURCE -c 2 -m $count --rate "$RATE" --retries 1000 --report none --length 1000 --json \
            -r "C=GB;A= ;P=$([ $peer = P1 ] && echo P2 || echo P1);S=IN" "$OUTSIDE:1011${peer#P}" >"$LAB/$name.$peer.out" 2>"$LAB/$name.$peer.err" &
        sources="$sources $!"
    done
    rm -f "$LAB/$name.stop"
    mkfifo "$LAB/$name.stop"
    outside python3 "$HERE/probe.py" $VIRTUAL $PORT <"$LAB/$name.stop" >"$LAB/$name.probe" &
    local probe=$!
    exec 8>"$LAB/$name.stop"
    sleep 3
    begun=$(date +%s.%N)
    check "$name: it happens to $node" harm "$name" "$node"
    for peer in $sources; do wait "$peer"; done
    for peer in P1 P2; do check "$name: $peer took all $count messages" took_all "$name.$peer" $count; done
    check "$name: everything arrives" wait_for has_all $goal
    check "$name: nothing is left in a queue" wait_for nothing_queued
    check "$name: the service answers" wait_for answers_now "$name"
    exec 8>&-
    wait $probe
    outage=$(python3 "$HERE/outage.py" "$LAB/$name.probe" "$begun")
    total=$goal
    lines=$(python3 "$HERE/count.py" "$LAB/P1/in" "$LAB/P2/in")
    echo "          without service: $outage s; now on $(owner), was on $node; mailboxes (messages, different ones, expected):" \
        "$(echo "$lines" | sed "s/\$/ $goal/" | tr '\n' ';') load per second: $(taken "$name.P1" | cut -d' ' -f2), $(taken "$name.P2" | cut -d' ' -f2)"
    check "$name: OP-04 nothing was lost" [ "$(echo "$lines" | awk -v want=$goal '$2 != want' | wc -l)" = 0 ]
    check "$name: OP-04 nothing reached a mailbox twice" [ "$(echo "$lines" | awk '$1 != $2' | wc -l)" = 0 ]
    judge_time "$name" "$outage"
    check "$name: the cluster is whole again" heal "$name" "$node"
}

start_peers() {
    local peer
    for peer in P1 P2; do
        ip netns exec "$NET-out" "$BIN/x400mta" -c "$LAB/$peer/x400mta.conf" >>"$LAB/$peer.out" 2>&1 &
        peers="$peers $!"
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
echo "          all of it took $(($(date +%s) - started)) s; fenced: $(grep -c ': \(off\|reboot\) ' "$LAB/power.log")"
finish
