#!/bin/sh
# Two and three services at the same time on one PostgreSQL queue. A load source calls them by one address, they send to
# another MTA, and that to a sink that counts. Nodes are killed and stopped under load, the database is restarted:
# nothing is lost, nothing arrives twice, and the others have a node's work within ten seconds.
# Needs Debian's postgresql and libaprutil1-dbd-pgsql. Ends with the line "N passed, N failed".
. "$(dirname "$0")/../scenario/lib.sh"
HERE=$ROOT/tests/scenario
. "$HERE/postgres.sh"

pg_begin || { fail "a PostgreSQL server starts"; finish; }
OTHERS=""
close_all() {
    for pid in $OTHERS; do kill -TERM "$pid" 2>/dev/null; done
    pg_end
}
trap 'close_all; abandon' EXIT INT TERM

set -- $(free_ports 3)
balance=$1 sink=$2 nowhere=$3
mta A; mta B
mailbox A ann
LINK_SPACES='"C=GB;A= ;P=B"' link A B "1988 normal"
LINK_PORT=$nowhere LINK_SPACES='"C=GB;A= ;P=S"' link A S "1988 normal"
LINK_PORT=$nowhere LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
LINK_PORT=$sink LINK_SPACES='"C=GB;A= ;P=B"' link B K "1988 normal"
printf 'store {\n    driver = "pgsql"\n    parameters = "%s"\n}\n' "$PG_PARAMETERS" >>"$WORK/A/x400mta.conf"
for node in N2 N3; do
    mkdir -p "$WORK/$node/data"
    set -- $(free_ports 2)
    put "port_$node" "$1"
    put "admin_$node" "$2"
    sed -e "s/port = $port_A\$/port = $1/" -e "s/port = $admin_A\$/port = $2/" -e "s#$WORK/A/#$WORK/$node/#" \
        "$WORK/A/x400mta.conf" >"$WORK/$node/x400mta.conf"
done

"$BIN/p1sink" -n MTA-K -p secret-K --check-duplicates --json "127.0.0.1:$sink" >"$WORK/sink.json" 2>"$WORK/sink.err" &
sink_pid=$!
OTHERS="$OTHERS $sink_pid"
python3 "$ROOT/tests/cluster/balance.py" "$balance" "$port_A" "$port_N2" "$port_N3" &
OTHERS="$OTHERS $!"

SENT=0
# load COUNT RATE: in the background; loaded waits for it.
load() {
    SENT=$((SENT + $1))
    "$BIN/p1source" -n MTA-S -p secret-S -c 6 -m "$1" --rate "$2" -l 2048 --retries 100000 --twa --json \
        -f "C=GB;A= ;P=S;S=SOURCE" -r "C=GB;A= ;P=B;S=%d" --timeout 10 "127.0.0.1:$balance" >"$WORK/source.json" \
        2>"$WORK/source.err" &
    source_pid=$!
    OTHERS="$OTHERS $source_pid"
}
loaded() {
    wait "$source_pid" && python3 -c "
import json, sys
sys.exit(json.load(open('$WORK/source.json'))['accepted'] != $1)"
}
relayed() { number B outbound_messages 2>/dev/null; }
all_relayed() { [ "$(relayed)" = "$SENT" ]; }
seconds_since() { echo $(($(date +%s) - $1)); }
ended() { ! kill -0 "$1" 2>/dev/null; }
inherited() { [ "$(grep -c ' 12135 \|12135' "$WORK/$1/events.log")" -ge 1 ]; }
some_queued() { [ "$(number "$1" queued)" -ge "$2" ]; }

# Two nodes: what a dead one had waiting.
start A N2
load 300 0
check "two nodes take 300 messages, whichever is called" loaded 300
check "one has some of them" some_queued A 50
check "the other has the rest" some_queued N2 50
killed=$(date +%s)
crash A
check "the other takes over what a killed one had" wait_for some_queued N2 300
took=$(seconds_since "$killed")
check "within ten seconds ($took)" [ "$took" -le 10 ]
check "an event says so" inherited N2
start B
check "all are sent" wait_for all_relayed

# Three nodes under load.
start A N3
load 3000 250
sleep 4
crash N2
sleep 5
kill -STOP "$pid_N3"
sleep 12
kill -CONT "$pid_N3"
check "under load a node is killed, another stopped and continued: the source loses none" loaded 3000
check "what they had is sent by the one that is left" wait_for all_relayed
check "the one that was stopped sees that it has no queue any more and ends" wait_for ended "$pid_N3"
wait "$pid_N3"
check "with a status that says so" [ $? -eq 1 ]
pid_N3=""
check "and an event" logged N3 12132

# The database goes and comes back.
start N2
load 1500 150
sleep 3
pg_stop fast
sleep 2
check_not "while the database is away nothing is accepted" ctl A send -f "$(user A ann)" -r "$(user A ann)" -s no
pg_start
check "a restart of the database: the source loses none" loaded 1500
check "all are sent" wait_for all_relayed
check "the nodes ran all the time" ctl A status
load 500 150
sleep 1
pg_stop immediate
pg_start
check "a crash of the database: the source loses none" loaded 500
check "all are sent again" wait_for all_relayed

# An orderly end hands the queue over at once.
stop B
load 100 0
check "a hundred more wait" loaded 100
stop N2
hundred() { some_queued A 100; }
check "a node that stops in order hands its queue over" wait_for hundred
start B
last_hundred() { [ "$(relayed)" = 100 ]; }
check "which is sent" wait_for last_hundred
stop A B
check "nothing is left in the database" [ "$(pg_sql 'SELECT (SELECT COUNT(*) FROM x400_entry) + (SELECT COUNT(*) FROM x400_message) + (SELECT COUNT(*) FROM x400_chunk)')" = 0 ]
check "mtacheck agrees" "$BIN/mtacheck" -c "$WORK/A/x400mta.conf"
kill -TERM "$sink_pid"
wait "$sink_pid"
cat "$WORK/sink.json"
counted() { python3 -c "
import json, sys
sink = json.load(open('$WORK/sink.json'))
sys.exit(sink['$1'] != $2)"; }
check "the sink has every message" counted accepted "$SENT"
check "and none twice" counted duplicates 0
close_all
trap - EXIT INT TERM
finish
