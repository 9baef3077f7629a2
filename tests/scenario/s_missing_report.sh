#!/bin/sh
# The missing-report watch: a peer that takes a message and answers nothing is told of by event 12081, also when
# the MTA was restarted meanwhile; a report that comes, for all recipients or some, ends the watch for those.
. "$(dirname "$0")/lib.sh"

mta A 'missing-report-after = 1h'; mta B
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
mailbox A ann
mailbox B jim
SINK_PORT=$(free_ports 1)
LINK_PORT=$SINK_PORT LINK_PASSWORD=secret link A SINK "1988 normal"
"$BIN/p1sink" --name MTA-SINK --password secret "$SINK_PORT" >"$WORK/sink.out" 2>&1 &
SINK=$!
trap 'kill "$SINK" 2>/dev/null; abandon' EXIT INT TERM
start A B

awaits() { [ "$(number A reports_awaited)" -eq "$1" ]; }
report_missing() { logged A "12081 .*No report has come on message .*;A= ;P=A;L=MTA-A[^ ]* .*numbers $1\\."; }
check "a message that asks for no delivery report" \
    ctl A send -f "$(user A ann)" -r "$(user SINK joe)" -s silent -t hello
check "is transferred" wait_for logged A '12006 .*transferred to SINK'
check "and not watched" awaits 0
check "a message that asks for delivery reports, for a peer that answers" \
    ctl A send -f "$(user A ann)" -r "$(user B jim)" -s answered -t hello --report delivery
check "its report arrives" wait_for has_delivered A ann 1
check "nothing is awaited any more" wait_for awaits 0
check "one for a peer that takes and does not answer" \
    ctl A send -f "$(user A ann)" -r "$(user SINK joe)" -r "$(user SINK kim)" -s lost -t hello --report delivery
check "is watched" wait_for awaits 1
crash A
start A
check "also after a crash" awaits 1
check "it is not told of too early" test "$(grep -c ' 12081 ' "$WORK/A/events.log")" -eq 0
sed -i 's/missing-report-after = 1h/missing-report-after = 1s/' "$WORK/A/x400mta.conf"
check "a shorter time is set by a reload" ctl A reload
check "the missing report is told of when its time is over" wait_for report_missing '1, 2'
check "then it is watched no more" awaits 0
check "it is told of once" test "$(grep -c ' 12081 ' "$WORK/A/events.log")" -eq 1
check "the counter is there" sh -c '"$0" -c "$1" metrics | grep -q "^x400mta_reports_awaited 0$"' "$BIN/x400ctl" "$WORK/A/x400mta.conf"
trap abandon EXIT INT TERM
kill "$SINK"
wait "$SINK" 2>/dev/null
finish
