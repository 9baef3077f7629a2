# A cluster on one machine, for tests/cluster/run.sh (bash): each node is a set of namespaces with a network of its own
# and a root of its own over this machine's, in which a real corosync and Pacemaker run; the nodes hang on one switch
# with a host outside, and on a power switch that fences them.
#
#   lab_up                     builds everything; it goes with the namespaces of the caller (alone.sh)
#   lab_boot NODE              powers a node on
#   lab_power_off NODE         as pulling its plug
#   lab_link NODE up|down      its cable
#   in_node NODE COMMAND...    runs a command on it
#   outside COMMAND...         runs a command on the host outside
#
# LAB is the work folder, NODES the names of the nodes, NET the prefix of the names of networks.

LAB_NET=10.99.0
OUTSIDE=$LAB_NET.50
VIRTUAL=$LAB_NET.100
PORT=10102

node_address() { echo "$LAB_NET.${1#n}"; }
node_pid() { cat "$LAB/$1.pid" 2>/dev/null; }
is_alive() { local pid; pid=$(node_pid "$1"); [ -n "$pid" ] && [ -d "/proc/$pid" ]; }
is_linked() { ip -n "$NET-sw" link show "$1" 2>/dev/null | grep -q 'state UP'; }

in_node() {
    local node=$1 pid
    shift
    pid=$(node_pid "$node") || return 1
    [ -n "$pid" ] || return 1
    nsenter -t "$pid" -m -u -i -n -p -r -w -- env -i HOME=/root LC_ALL=C OCF_ROOT=/usr/lib/ocf \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin timeout 60 "$@"
}
outside() { ip netns exec "$NET-out" "$@"; }
# A node that is on and linked: it answers for the cluster.
any_node() {
    local node
    for node in $NODES; do
        if is_alive "$node" && is_linked "$node"; then
            echo "$node"
            return 0
        fi
    done
    return 1
}

# A network with a cable to the switch.
plug() { # NAME ADDRESS
    ip netns add "$NET-$1" &&
        ip -n "$NET-sw" link add "$1" type veth peer name eth0 netns "$NET-$1" &&
        ip -n "$NET-sw" link set "$1" master br0 up &&
        ip -n "$NET-$1" link set lo up &&
        ip -n "$NET-$1" link set eth0 up &&
        ip -n "$NET-$1" addr add "$2/24" brd + dev eth0
}

lab_link() { ip -n "$NET-sw" link set "$1" "$2"; }

lab_boot() {
    local node=$1 child=""
    is_alive "$node" && return 0
    ip netns list | grep -q "^$NET-$node\b" || plug "$node" "$(node_address "$node")" || return 1
    nsenter --net="/run/netns/$NET-$node" unshare -m -u -i -p -f --kill-child \
        bash "$HERE/node.sh" "$node" "$LAB" </dev/null >>"$LAB/$node.boot" 2>&1 &
    local parent=$!
    for _ in $(seq 1500); do
        child=$(cat "/proc/$parent/task/$parent/children" 2>/dev/null)
        child=${child%% *}
        if [ -n "$child" ]; then
            echo "$child" >"$LAB/$node.pid"
            return 0
        fi
        sleep 0.02
    done
    return 1
}

# Its cable first: a network that outlives its processes would still answer for its addresses.
lab_power_off() {
    local node=$1 pid
    pid=$(node_pid "$node")
    ip -n "$NET-sw" link set "$node" down 2>/dev/null
    if [ -n "$pid" ]; then
        kill -KILL "$pid" 2>/dev/null
        for _ in $(seq 200); do
            [ -d "/proc/$pid" ] || break
            sleep 0.02
        done
    fi
    ip netns del "$NET-$node" 2>/dev/null
    ip -n "$NET-sw" link del "$node" 2>/dev/null
    rm -f "$LAB/$node.pid"
    return 0
}

# The power switch: requests are files of the fence agent. It hangs on the same network as the nodes, so a node whose
# cable is out cannot reach it and cannot shoot the others.
lab_power_switch() {
    local request node action origin
    while [ -d "$LAB/power" ]; do
        for request in "$LAB"/power/*.request; do
            [ -e "$request" ] || continue
            node=$(basename "$request" .request)
            read -r action origin <"$request"
            rm -f "$request"
            if ! is_linked "$origin"; then
                echo "$(date +%s.%N) $origin has no link and wants $action of $node: ignored"
                continue
            fi
            echo "$(date +%s.%N) $origin: $action $node"
            case $action in
            off | reboot)
                lab_power_off "$node"
                echo off >"$LAB/power/$node.state"
                ;;
            on) echo on >"$LAB/power/$node.state" ;;
            esac
        done
        sleep 0.05
    done
}

lab_up() {
    local node
    mkdir -p "$LAB/shared" "$LAB/power"
    ip netns add "$NET-sw" &&
        ip -n "$NET-sw" link add br0 type bridge stp_state 0 forward_delay 0 &&
        ip -n "$NET-sw" link set br0 up &&
        plug out "$OUTSIDE" || return 1
    lab_power_switch </dev/null >"$LAB/power.log" 2>&1 &
    for node in $NODES; do lab_boot "$node" || return 1; done
}
