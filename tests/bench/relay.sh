#!/bin/sh
# Messages per second through an MTA that owns each message on disk before it confirms it:
#     p1source -> x400mta -> p1sink
#     smtp-source -> Postfix -> smtp-sink
# both on this machine, on one disk, one after the other, and their ratio. The Postfix is a private instance in
# the work folder on loopback ports of its own; the system's Postfix, if there is one, is not touched.
# A run counts from the start of the source until the sink has taken the last message.
#
# usage: relay.sh [-b BUILD] [-w FOLDER] [-m MESSAGES] [-l OCTETS] [-c CONNECTIONS] [-r RUNS]
#                 [-M MODE] [-o x400mta|postfix] [-k]
#   -b  folder with bin/x400mta, bin/p1source, bin/p1sink (build/release)
#   -w  where the queues are: on the disk to be measured (a new folder below TMPDIR or /var/tmp)
#   -m  messages per run (5000)      -l  octets of a message's content (2048)
#   -c  connections (10)             -r  runs of each; the median counts (3)
#   -M  1984, x410 or normal (normal)
#   -o  only this one                -k  keep the work folder
# Exit status: 0 measured; 1 something failed; 2 usage; 77 a program is not installed.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build/release
folder=
messages=5000
length=2048
connections=10
runs=3
mode=normal
only=
keep=
while getopts b:w:m:l:c:r:M:o:k option; do
    case $option in
    b) build=$OPTARG ;;
    w) folder=$OPTARG ;;
    m) messages=$OPTARG ;;
    l) length=$OPTARG ;;
    c) connections=$OPTARG ;;
    r) runs=$OPTARG ;;
    M) mode=$OPTARG ;;
    o) only=$OPTARG ;;
    k) keep=yes ;;
    *) sed -n '/^# usage/,/^# Exit/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
bin=$build/bin
case $mode in
1984) conformance="1984" ;;
x410) conformance="1988 X.410" ;;
normal) conformance="1988 normal" ;;
*) echo "relay.sh: the mode is 1984, x410 or normal" >&2; exit 2 ;;
esac
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

fail() {
    echo "relay.sh: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || { echo "relay.sh: $1 is not here${2:+ ($2)}" >&2; exit 77; }
}

need "$bin/p1sink" "build it first, or give -b"
work=$(mktemp -d "${folder:-${TMPDIR:-/var/tmp}}/relay.XXXXXX") || exit 1
chmod 755 "$work"
pids=
postfix_runs=

# Ends what this script started, by its process IDs.
stop_all() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    pids=
    if [ -n "$postfix_runs" ]; then
        postfix -c "$work/postfix" stop >/dev/null 2>&1
        postfix_runs=
    fi
}

cleanup() {
    stop_all
    [ -n "$keep" ] || rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

now_ns() {
    date +%s%N
}

# Waits until a file is there and not empty.
await_file() {
    tries=0
    while [ ! -s "$1" ]; do
        tries=$((tries + 1))
        [ $tries -le 200 ] || return 1
        sleep 0.05
    done
}

# Waits until something listens on a loopback port.
await_port() {
    tries=0
    while ! python3 -c "import socket; socket.create_connection(('127.0.0.1', $1), 1)" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -le 100 ] || return 1
        sleep 0.1
    done
}

free_port() {
    python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
}

# Messages per second of a run from its nanoseconds.
rate() {
    awk -v m="$messages" -v ns="$1" 'BEGIN { printf "%.1f\n", m * 1e9 / ns }'
}

median() {
    sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

wait_for_sink() {
    wait "$1" || return 1
}

# ---------------------------------------------------------------------------------------------- x400mta

start_x400mta() {
    mta_port=$(free_port)
    sink_port=$(free_port)
    mkdir -p "$work/x400"
    cat > "$work/x400/x400mta.conf" <<END
mta {
    name = "BENCH"
    country = "GB"
    admd = " "
    prmd = "BENCH"
    data-folder = "$work/x400/data"
}
listener "loopback" {
    address = "127.0.0.1"
    port = $mta_port
}
connector "SOURCE" {
    general { remote-mta-name = "SOURCE" }
    stack { remote-host-name = "127.0.0.1"  port = 9 } # never called: nothing is sent to it
    address-space = { "C=GB;A= ;P=SOURCE" }
    advanced { remote-country = "GB"  remote-prmd = "SOURCE"  two-way-alternate = off }
}
connector "SINK" {
    general { remote-mta-name = "SINK" }
    stack { remote-host-name = "127.0.0.1"  port = $sink_port }
    address-space = { "C=GB;A= ;P=SINK" }
    override { maximum-associations = $((connections + 1))  threshold = 1 }
    advanced { mta-conformance = "$conformance"  remote-country = "GB"  remote-prmd = "SINK"  two-way-alternate = off }
}
log {
    text-event-log = "$work/x400/events.log"
    system = off
}
admin { port = 0 }
END
    mkdir -p "$work/x400/data"
    "$bin/x400mta" -c "$work/x400/x400mta.conf" >"$work/x400/output" 2>&1 &
    mta_pid=$!
    pids="$pids $mta_pid"
    await_port "$mta_port" || { cat "$work/x400/output" >&2; fail "x400mta does not listen"; }
    start_sink
}

# The sink stays for all runs: the link of a peer that goes and comes back is not what is measured.
start_sink() {
    "$bin/p1sink" --json -n SINK --marks "$work/marks" --mark-every "$messages" --port-file "$work/port" \
        "127.0.0.1:$sink_port" >"$work/x400/sink.json" 2>"$work/x400/sink.err" &
    pids="$pids $!"
    await_file "$work/port" || { cat "$work/x400/sink.err" >&2; fail "p1sink does not listen"; }
}

# Waits for the mark of the run (one line each); gives up when nothing came for a minute.
await_mark() {
    tries=0
    while [ "$(wc -l <"$work/marks")" -lt "$1" ]; do
        tries=$((tries + 1))
        [ $tries -le 1200 ] || return 1
        sleep 0.05
    done
}

run_x400mta() {
    begin=$(now_ns)
    "$bin/p1source" --json -M "$mode" -n SOURCE -c "$connections" -m "$messages" -l "$length" \
        -f "C=GB;A= ;P=SOURCE;S=source" -r "C=GB;A= ;P=SINK;S=sink%d" "127.0.0.1:$mta_port" \
        >"$work/x400/source.json" || { cat "$work/x400/source.json" "$work/x400/events.log" >&2; fail "p1source failed"; }
    await_mark "$run" || { tail -n 20 "$work/x400/events.log" >&2; fail "messages did not arrive within a minute"; }
    end=$(awk -v n="$run" 'NR == n { print $2 }' "$work/marks")
    rate $((end * 1000 - begin))
}

# ---------------------------------------------------------------------------------------------- Postfix

start_postfix() {
    [ "$(id -u)" = 0 ] || { echo "relay.sh: Postfix starts for root only" >&2; exit 77; }
    smtp_port=$(free_port)
    smtp_sink_port=$(free_port)
    mkdir -p "$work/postfix" "$work/spool" "$work/data"
    chown postfix "$work/data"
    cat > "$work/postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $work/spool
data_directory = $work/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.invalid
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.1]:$smtp_sink_port
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
default_destination_concurrency_limit = $connections
initial_destination_concurrency = $connections
in_flow_delay = 0s
default_process_limit = $((connections * 4 + 20))
multi_instance_enable = no
END
    cat > "$work/postfix/master.cf" <<END
127.0.0.1:$smtp_port inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
local     unix - n n - - local
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
END
    postfix -c "$work/postfix" start >"$work/postfix/output" 2>&1 ||
        { cat "$work/postfix/output" >&2; fail "Postfix does not start"; }
    postfix_runs=yes
    await_port "$smtp_port" || fail "Postfix does not listen"
}

run_postfix() {
    smtp-sink -u postfix -M "$messages" "127.0.0.1:$smtp_sink_port" 1000 2>"$work/postfix/sink.err" &
    sink=$!
    pids="$pids $sink"
    # No probe by a connection: the sink would count the session. It listens in a moment.
    sleep 0.5
    begin=$(now_ns)
    smtp-source -s "$connections" -m "$messages" -l "$length" -f source@bench.invalid -t sink@sink.invalid \
        "127.0.0.1:$smtp_port" || fail "smtp-source failed"
    wait_for_sink $sink || { cat "$work/postfix/sink.err" >&2; fail "smtp-sink failed"; }
    end=$(now_ns)
    rate $((end - begin))
}

# ---------------------------------------------------------------------------------------------- the whole

# What a durable write costs here: 4 KB written and flushed, one after the other.
disk_facts() {
    begin=$(now_ns)
    dd if=/dev/zero of="$work/sync" bs=4096 count=500 oflag=dsync 2>/dev/null || return
    end=$(now_ns)
    rm -f "$work/sync"
    echo "disk: $(df -T "$work" | awk 'NR == 2 { print $1 " (" $2 ")" }')," \
        "$(awk -v ns=$((end - begin)) 'BEGIN { printf "%.0f", 500 * 1e9 / ns }') flushed 4 KB writes/s;" \
        "$(nproc) processors, $(uname -sr)"
}

measure() {
    name=$1
    : >"$work/$name.rates"
    "start_$name"
    run=1
    while [ $run -le "$runs" ]; do
        "run_$name" >"$work/rate" || exit 1
        cat "$work/rate" >>"$work/$name.rates"
        echo "  $name run $run: $(cat "$work/rate") messages/s"
        run=$((run + 1))
    done
    stop_all
}

need python3
[ "$only" = postfix ] || need "$bin/x400mta" "build it first, or give -b"
[ "$only" = x400mta ] || { need postfix; need smtp-source; need smtp-sink; }
disk_facts
echo "$messages messages of $length octets, $connections connections, $runs runs, P1 mode $mode"
[ "$only" = postfix ] || measure x400mta
[ "$only" = x400mta ] || measure postfix
[ "$only" = postfix ] || echo "x400mta: $(median "$work/x400mta.rates") messages/s"
[ "$only" = x400mta ] || echo "postfix: $(median "$work/postfix.rates") messages/s"
if [ -z "$only" ]; then
    awk -v a="$(median "$work/x400mta.rates")" -v b="$(median "$work/postfix.rates")" \
        'BEGIN { printf "ratio: %.1f\n", a / b }'
fi
