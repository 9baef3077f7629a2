#!/bin/bash
# OP-04: two and three services at the same time on one PostgreSQL queue. They are called by one address, as that of a
# cluster; on each side of them is another MTA, which knows repeats. Two load sources, one on each side, send through all
# of it to a sink on the other side, which counts. Nodes are killed and stopped under load, the database is restarted:
# nothing is lost, nothing arrives twice, and the others have a node's work within ten seconds.
#
# X400_BIN is the folder of the programs (build/release/bin, built if they are not there), RATE messages per second each
# way (200). The times of a takeover are printed; X400_TIMES=strict makes it a failure if one is longer than ten seconds.
# Needs root; installs what it needs; runs in namespaces of its own (alone.sh), so nothing stays behind. The last line is
# "N passed, N failed".
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
if [ "$(id -u)" -ne 0 ]; then exec sudo -E bash "$0" "$@"; fi
if [ "${1:-}" != --alone ]; then
    ROOT=$(cd "$(dirname "$0")/../.." && pwd)
    BIN=${X400_BIN:-$ROOT/build/release/bin}
    . "$ROOT/tests/cluster/need.sh"
    mkdir -p "$ROOT/build/test-logs"
    if ! { need_programs && need_packages postgresql libaprutil1-dbd-pgsql iproute2 bc python3; } >"$ROOT/build/test-logs/postgres-need.log" 2>&1; then
        tail -20 "$ROOT/build/test-logs/postgres-need.log"
        echo "0 passed, 1 failed"
        exit 1
    fi
    exec bash "$ROOT/tests/cluster/alone.sh" bash "$0" --alone
fi
. "$(dirname "$0")/../scenario/lib.sh"
HERE=$ROOT/tests/scenario
. "$HERE/postgres.sh"
NAME=""
RATE=${RATE:-200}
PATIENCE=${X400_PATIENCE:-180}

pg_begin || { fail "a PostgreSQL server starts"; finish; }

set -- $(free_ports 5)
balance=$1 sink_K=$2 sink_R=$3 nowhere=$4 narrow=$5
mta A; mta B; mta L; mta M
mailbox A ann
mailbox L jim
LINK_PORT=$narrow LINK_OVERRIDE='recovery-timeout = 600s' link A L "1988 normal"
LINK_PORT=$nowhere LINK_OVERRIDE='recovery-timeout = 600s' link L A "1988 normal"
LINK_SPACES='"C=GB;A= ;P=B"' link A B "1988 normal"
LINK_PORT=$nowhere LINK_SPACES='"C=GB;A= ;P=S"' link A S "1988 normal"
LINK_SPACES='"C=GB;A= ;P=R"' link A M "1988 normal"
LINK_PORT=$nowhere link M A "1988 normal"
LINK_PORT=$sink_R LINK_SPACES='"C=GB;A= ;P=R"' link M R "1988 normal"
LINK_PORT=$balance LINK_SPACES='"C=GB;A= ;P=A", "C=GB;A= ;P=R", "C=GB;A= ;P=S"' link B A "1988 normal"
LINK_PORT=$nowhere LINK_SPACES='"C=GB;A= ;P=Q"' link B Q "1988 normal"
LINK_PORT=$sink_K LINK_SPACES='"C=GB;A= ;P=B"' link B K "1988 normal"
printf 'store {\n    driver = "pgsql"\n    parameters = "%s"\n}\n' "$PG_PARAMETERS" >>"$WORK/A/x400mta.conf"
for node in N2 N3; do
    mkdir -p "$WORK/$node/data"
    set -- $(free_ports 2)
    put "port_$node" "$1"
    put "admin_$node" "$2"
    sed -e "s/port = $port_A\$/port = $1/" -e "s/port = $admin_A\$/port = $2/" -e "s#$WORK/A/#$WORK/$node/#" \
        "$WORK/A/x400mta.conf" >"$WORK/$node/x400mta.conf"
done

sink() { # NAME PORT
    "$BIN/p1sink" -n "MTA-$1" -p "secret-$1" --check-duplicates --json "127.0.0.1:$2" >"$WORK/sink-$1.json" 2>"$WORK/sink-$1.err" &
    put "pid_sink_$1" $!
}
sink K "$sink_K"
sink R "$sink_R"
mkdir -p "$WORK/narrow"
python3 "$HERE/narrow.py" "$narrow" "$port_L" 3000000 6000000 "$WORK/narrow" &
python3 "$ROOT/tests/cluster/balance.py" "$balance" "$port_A" "$port_N2" "$port_N3" &

SENT_S=0
SENT_Q=0
source_to() { # NAME COUNT RATE PORT DOMAIN
    put "SENT_$1" $(($(get "SENT_$1") + $2))
    "$BIN/p1source" -n "MTA-$1" -p "secret-$1" -c 6 -m "$2" --rate "$3" -l 2048 --retries 100000 --twa --json \
        -f "C=GB;A= ;P=$1;S=SOURCE" -r "C=GB;A= ;P=$5;S=%d" --timeout 10 "127.0.0.1:$4" >"$WORK/source-$1.json" 2>"$WORK/source-$1.err" &
    put "pid_source_$1" $!
}
# load COUNT RATE: to the nodes, in the background; load_both also the other way; loaded waits for it.
load() { source_to S "$1" "$2" "$balance" B; }
load_both() {
    load "$1" "$2"
    source_to Q "$1" "$2" "$port_B" R
}
accepted() { python3 -c "
import json, sys
total = json.load(open('$WORK/source-$1.json'))
print('          load of', total['accepted'], 'messages,', round(total['messages_per_second']), 'per second')
sys.exit(total['accepted'] != $2)"; }
loaded() { wait "$(get "pid_source_$1")" && accepted "$1" "$2"; }
tell_load() { accepted "$1" 0 2>/dev/null || true; }
waiting() { pg_sql 'SELECT COUNT(*) FROM x400_message'; }
all_relayed() { [ "$(waiting)" = 0 ] && queue_is_empty B && [ "$(waiting)" = 0 ] && queue_is_empty M; }
ended() { ! kill -0 "$1" 2>/dev/null; }
some_queued() { [ "$(number "$1" queued)" -ge "$2" ]; }
# Nodes that have a queue of their own; a dead one has an heir.
nodes() { pg_sql 'SELECT COUNT(*) FROM x400_node WHERE heir = 0'; }
nodes_are() { [ "$(nodes)" = "$1" ]; }
took_over() { # WORDS SINCE NODES-LEFT
    check "$1: another node takes over" wait_for nodes_are "$3"
    took=$(echo "$(date +%s.%N) - $2" | bc | sed 's/^\./0./; s/\(\.[0-9]\).*/\1/')
    say "          taken over after $took s"
    [ "${X400_TIMES:-}" != strict ] || check "$1: within ten seconds" [ "${took%.*}" -lt 10 ]
}

say "Two nodes: what a dead one had waiting"
start A N2 M
load 300 0
check "two nodes take 300 messages, whichever is called" loaded S 300
check "one has some of them" some_queued A 50
check "the other has the rest" some_queued N2 50
killed=$(date +%s.%N)
crash A
took_over "the killed node's queue" "$killed" 1
check "an event says so" wait_for logged N2 " 12135 "
check "the other has all 300" wait_for some_queued N2 300
start B
check "all are sent" wait_for all_relayed

say "Two nodes under load, $RATE a second each way"
start A
load_both $((RATE * 12)) "$RATE"
sleep 4
killed=$(date +%s.%N)
crash N2
took_over "of two nodes one is killed" "$killed" 1
for source in S Q; do
    check "of two nodes one is killed: source $source loses none of $((RATE * 12))" loaded $source $((RATE * 12))
    tell_load $source
done
check "of two nodes one is killed: all are sent" wait_for all_relayed

say "Three nodes under load, $RATE a second each way"
start N2 N3
load_both $((RATE * 25)) "$RATE"
sleep 4
killed=$(date +%s.%N)
crash N2
took_over "of three nodes one is killed" "$killed" 2
stopped=$(date +%s.%N)
kill -STOP "$pid_N3"
took_over "of the two left one is stopped" "$stopped" 1
kill -CONT "$pid_N3"
for source in S Q; do
    check "of three nodes one is killed, one stopped and continued: source $source loses none of $((RATE * 25))" loaded $source $((RATE * 25))
    tell_load $source
done
check "what they had is sent by the one that is left" wait_for all_relayed
check "the one that was stopped sees that it has no queue any more and ends" wait_for ended "$pid_N3"
wait "$pid_N3"
check "with a status that says so" [ $? -eq 1 ]
pid_N3=""
check "and an event" logged N3 12132

say "The database goes and comes back"
start N2
load 1500 "$RATE"
sleep 3
pg_stop fast
sleep 2
check_not "while the database is away nothing is accepted" ctl A send -f "$(user A ann)" -r "$(user A ann)" -s no
pg_start
check "a restart of the database: the source loses none" loaded S 1500
check "all are sent" wait_for all_relayed
check "the nodes ran all the time" ctl A status
load 500 "$RATE"
sleep 1
pg_stop immediate
pg_start
check "a crash of the database: the source loses none" loaded S 500
check "all are sent again" wait_for all_relayed

say "A node is killed in the midst of a large transfer"
start L
random_file "$WORK/large" 9000000
python3 -c "
import sys
sys.path.insert(0, '$HERE')
import x400test
x400test.send('$WORK/A/x400mta.conf', 'C=GB;A= ;P=A;S=ANN', ['$(user L jim)'], open('$WORK/large', 'rb').read(), content_type=2)"
check "two thirds of it are on the way" wait_for test -e "$WORK/narrow/held"
sleep 2 # its progress becomes durable
killed=$(date +%s.%N)
crash A
touch "$WORK/narrow/go"
took_over "in the midst of a large transfer" "$killed" 1
check "RT_02 it arrives once" wait_for has_delivered L jim 1
check "RT_02 and whole" cmp "$WORK/large" "$WORK"/L/jim/*.content
check "RT_02 the other node resumed the activity" logged N2 " 12008 .* with L was resumed after [1-9]"
check "RT_02 the peer saw it resumed, by a node that it does not know" logged L " 12008 .* with A was resumed after [1-9]"
check "RT_02 it was not sent anew: $(cat "$WORK/narrow/sent") octets in all" [ "$(cat "$WORK/narrow/sent")" -lt 12000000 ]
stop L
start A

say "An orderly end hands the queue over at once"
stop B
load 100 0
check "a hundred more wait" loaded S 100
stop N2
check "a node that stops in order hands its queue over" wait_for some_queued A 100
start B
check "which is sent" wait_for all_relayed
stop A B M
check "nothing is left in the database" [ "$(pg_sql 'SELECT (SELECT COUNT(*) FROM x400_entry) + (SELECT COUNT(*) FROM x400_message) + (SELECT COUNT(*) FROM x400_chunk)')" = 0 ]
check "mtacheck agrees" "$BIN/mtacheck" -c "$WORK/A/x400mta.conf"
counted() { python3 -c "
import json, sys
sink = json.load(open('$WORK/sink-$1.json'))
print(sink)
sys.exit(sink['$2'] != $3)"; }
for pair in "K $SENT_S" "R $SENT_Q"; do
    set -- $pair
    kill -TERM "$(get "pid_sink_$1")"
    wait "$(get "pid_sink_$1")"
    check "sink $1 has each of the $2 messages" counted "$1" accepted "$2"
    check "sink $1 has none twice" counted "$1" duplicates 0
done
finish
