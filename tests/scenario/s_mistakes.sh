#!/bin/sh
# What somebody new gets wrong: each mistake is named, with what to do, and nothing is left running.
. "$(dirname "$0")/lib.sh"

# says STATUS TEXT COMMAND...: COMMAND ends with STATUS and says TEXT (an extended regular expression).
says() {
    expected=$1
    text=$2
    shift 2
    timeout 20 "$@" >"$WORK/said.raw" 2>&1
    status=$?
    tr -d '\r' <"$WORK/said.raw" >"$WORK/said"
    cat "$WORK/said"
    [ $status -eq "$expected" ] && grep -E -q -- "$text" "$WORK/said"
}
# mistake LABEL STATUS TEXT PROGRAM ARGUMENT...
mistake() {
    mistake_label=$1
    mistake_status=$2
    mistake_text=$3
    mistake_program=$4
    shift 4
    check "$mistake_label" says "$mistake_status" "$mistake_text" "$BIN/$mistake_program" "$@"
}

mta A
conf=$WORK/A/x400mta.conf
broken() { sed "$1" "$conf" >"$WORK/broken.conf"; }

# Words on the command line.
mistake "x400mta: an unknown option" 1 'invalid option.*nix' x400mta --nix
mistake "x400mta: a word too many" 1 'unexpected argument "foo"' x400mta foo
mistake "x400mta: no such configuration" 1 "cannot be used; correct it$" x400mta -c /nowhere/x.conf
mistake "x400ctl: an unknown command" 2 'did you mean "status"' x400ctl stat
mistake "x400ctl: an unknown option of a command" 2 '^x400ctl: invalid option' x400ctl status --nix
mistake "x400ctl: an argument is missing" 2 'usage: x400ctl queue show ID' x400ctl -c "$conf" queue show
mistake "x400ctl: no such configuration" 3 'Name another one with -c' x400ctl -c /nowhere/x.conf status
mistake "x400ctl: no address of the MTA" 2 'write it as 127.0.0.1:1405' x400ctl --admin foo --token-file x status
mistake "p1source: no peer" 2 'missing: host' p1source
mistake "p1source: a number out of range" 2 'tpdu cannot be "5".*128 to 65531' p1source --tpdu 5 localhost
mistake "p1source: a file that is not there" 2 'file "/nowhere" cannot be read' p1source --apdu /nowhere localhost
mistake "p1source: no address" 2 '"nonsense" is not an O/R address' p1source -f nonsense localhost
mistake "p1sink: a port that is none" 2 'is not \[address:\]port' p1sink 99999

# The configuration.
broken 's/password =/pasword =/'
mistake "a misspelt option" 1 "unknown option 'pasword' in mta; did you mean 'password'" x400mta -c "$WORK/broken.conf"
broken 's/data-folder.*//'
mistake "x400ctl: no data folder in the configuration" 3 'has no mta.data-folder' x400ctl -c "$WORK/broken.conf" status
mistake "x400ctl: the MTA has never run" 3 'it has not run with this configuration yet' x400ctl -c "$conf" status
broken "s#data-folder = .*#data-folder = \"$conf/data\"#"
mistake "a data folder that cannot be" 1 'mta.data-folder|is not a folder' x400mta -c "$WORK/broken.conf"
broken "s#text-event-log = .*#text-event-log = \"/nowhere/events.log\"#"
mistake "a log in a folder that is not there" 1 'Make the folder, or correct the path' x400mta -c "$WORK/broken.conf"

# A running MTA.
start A
{ cat "$conf"; printf 'store {\n    wait = off\n}\n'; } >"$WORK/impatient.conf"
check "a second MTA with the same store" says 1 "in use by another process \(process $(process_of A)\)" "$BIN/x400mta" -c "$WORK/impatient.conf"
check "the advice with it" says 1 'stop the other one' "$BIN/x400mta" -c "$WORK/impatient.conf"
broken "s#data-folder = .*#data-folder = \"$WORK/A/other\"#"
mistake "a port in use" 1 'Another program listens there' x400mta -c "$WORK/broken.conf"
sed "s/port = $port_A/port = $(free_ports 1)/" "$WORK/broken.conf" >"$WORK/broken2.conf"
mistake "the port of the admin interface in use" 1 'Another program listens there' x400mta -c "$WORK/broken2.conf"
broken 's/address = "127.0.0.1"/address = "203.0.113.77"/'
sed -i "s#data-folder = .*#data-folder = \"$WORK/A/other\"#" "$WORK/broken.conf"
mistake "an address of another machine" 1 'does not have that address' x400mta -c "$WORK/broken.conf"
printf 'wrong-token\n' >"$WORK/token"
mistake "a wrong token" 3 'does not accept this token' x400ctl --admin "127.0.0.1:$admin_A" --token-file "$WORK/token" status
: >"$WORK/token"
mistake "an empty token file" 3 'holds no token' x400ctl --admin "127.0.0.1:$admin_A" --token-file "$WORK/token" status
mistake "a port that is not the admin interface" 3 "no answer of an MTA from 127.0.0.1 port $port_A" \
    x400ctl --admin "127.0.0.1:$port_A" --token-file "$WORK/A/data/admin.token" status
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 "$WORK/token"
    mistake "a token file that may not be read" 3 'as the user that the MTA runs as' \
        x400ctl --admin "127.0.0.1:$admin_A" --token-file "$WORK/token" status
fi
mistake "a connector that is not there" 1 'no connector or mailbox "NIX"' x400ctl -c "$conf" queue retry -C NIX
mistake "an entry that is not there" 1 'no such entry' x400ctl -c "$conf" queue show 77
mistake "a file to send that is not there" 2 '/nowhere' x400ctl -c "$conf" send -f "$(user A ann)" -r "$(user A jim)" --content /nowhere
stop A
mistake "x400ctl: the MTA does not run" 3 'no MTA is running: nobody listens on' x400ctl -c "$conf" status

# Told to stop while it starts, the MTA stops in order, whenever that is.
early=0
for delay in 0.01 0.02 0.05 0.1 0.2; do
    "$BIN/x400mta" -c "$conf" >>"$WORK/A/output" 2>&1 &
    early_pid=$!
    sleep $delay
    kill -TERM $early_pid
    wait $early_pid
    status=$?
    # 143: before it had begun to listen for signals at all.
    [ $status -eq 0 ] || [ $status -eq 143 ] || early=$status
done
check "SIGTERM during the start ends it in order" test $early -eq 0

# Two runs of p1source that begin together name different messages.
sink_port=$(free_ports 1)
"$BIN/p1sink" --check-duplicates --stop-after 40 --json "127.0.0.1:$sink_port" >"$WORK/sink.json" 2>&1 &
sink=$!
sleep 0.5
for run in 1 2 3 4; do
    "$BIN/p1source" -m 10 --timeout 20 "127.0.0.1:$sink_port" >"$WORK/source$run" 2>&1 &
done
turns=600
while kill -0 $sink 2>/dev/null && [ $turns -gt 0 ]; do
    sleep 0.1
    turns=$((turns - 1))
done
kill $sink 2>/dev/null
wait $sink
check "four runs of p1source in one second: 40 accepted" grep -q '"accepted": 40,' "$WORK/sink.json"
check "they have no MTS identifier twice" grep -q '"duplicates": 0,' "$WORK/sink.json"
finish
