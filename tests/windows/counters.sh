#!/bin/sh
# OP-06: the counters for the Performance Monitor. The manifest is well formed and what Linux makes of the same table; its
# texts are in the program; each counter has a series of the metrics of a Windows MTA behind it; the library for providers
# is called as it is meant. What Windows makes of the manifest (lodctr, Performance Monitor) Wine cannot show.
. "$(dirname "$0")/../scenario/lib.sh"
. "$ROOT/tests/windows/wine.sh"
BUILD=$WINDOWS_BIN/..
counterdoc() { "$BIN/counterdoc" "$@"; }

launch() {
    for who; do
        (cd "$ROOT" && exec wine "$WINDOWS_BIN/x400mta.exe" -c "$WORK/$who/x400mta.conf" >>"$WORK/$who/output" 2>&1) &
        put "pid_$who" $!
        case " $STARTED " in *" $who "*) ;; *) STARTED="$STARTED $who" ;; esac
    done
}
kill() {
    if [ "$1" = -TERM ]; then command kill -INT "$2"; else command kill "$@"; fi
}

manifest=$WINDOWS_BIN/x400mta-counters.man
check "OP_06 the manifest is well-formed XML" xmllint --noout "$manifest"
counterdoc manifest >"$WORK/manifest"
tr -d '\r' <"$manifest" >"$WORK/manifest.windows"
check "OP_06 it is what the table says" cmp "$WORK/manifest" "$WORK/manifest.windows"
ids() { xmllint --xpath "//*[local-name()='counterSet'][@name='$1']/*/@id" "$manifest" | sort; }
check "OP_06 MSExchangeMTA: 40 counters, no number twice" sh -c "[ \$(echo '$(ids MSExchangeMTA)' | uniq | wc -l) -eq 40 ]"
check "OP_06 MSExchangeMTA Connections: 27 counters, no number twice" \
    sh -c "[ \$(echo '$(ids "MSExchangeMTA Connections")' | uniq | wc -l) -eq 27 ]"
WINEDEBUG=-all wine "$WINDOWS_TEST" texts "$WINDOWS_BIN/x400mta.exe" "$BUILD/generated/x400mta-counters.rc" >"$WORK/texts" 2>&1
check "OP_06 the program has all texts, by the numbers of the manifest" grep -q '^texts: [0-9][0-9]* passed, 0 failed' "$WORK/texts"
WINEDEBUG=-all wine "$BUILD/unit/unit_win32_test_monitor.exe" >"$WORK/monitor" 2>&1
check "OP_06 the library for providers is called as it is meant" grep -q '^.*[1-9][0-9]* passed, 0 failed' "$WORK/monitor"

mta W
LINK_PORT=$(free_ports 1) link W X "1988 normal"
mailbox W jim
start W
ctl W metrics | sed -n 's/^\(x400mta_[a-z_0-9]*\)[ {].*/\1/p' | sort -u >"$WORK/series"
counterdoc list | cut -f5 | grep -v '^-$' | sort -u >"$WORK/wanted"
check "OP_06 each counter has a series of the metrics behind it" sh -c "[ -s '$WORK/wanted' ] && ! comm -13 '$WORK/series' '$WORK/wanted' | grep ."
check "OP_06 the Windows MTA took the monitor" sh -c "! grep -q 'Performance Monitor' '$WORK/W/output'"
ctl W send -f "$(user W jim)" -r "$(user X jim)" -t waits >/dev/null
x_queued() { ctl W metrics | grep -q '^x400mta_connector_queue_length{connector="X"} 1$'; }
check "OP_06 the queue of a connector is counted" wait_for x_queued
check "OP_06 a connector has its place" sh -c "'$BIN/x400ctl' -c '$WORK/W/x400mta.conf' metrics | grep -q '^x400mta_connector_index{connector=\"X\"} 1\$'"
# Connectors come and go while their counters are shown.
cp "$WORK/W/x400mta.conf" "$WORK/with"
LINK_PORT=$(free_ports 1) link W Y "1988 normal"
check "OP_06 a connector more" ctl W reload
y_shown() { ctl W metrics | grep -q 'connector="Y"'; }
check "OP_06 it has counters" wait_for y_shown
cp "$WORK/with" "$WORK/W/x400mta.conf"
check "OP_06 and goes again" ctl W reload
sleep 2 # the monitor is renewed each second
check "OP_06 the MTA goes on" ctl W status
stop W
finish
