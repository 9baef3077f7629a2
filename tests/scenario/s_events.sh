#!/bin/sh
# OP-05: events that other scenarios do not provoke, each by its cause: alarms of queues, refused messages, peers that
# take nothing or are slow, limits, a damaged store, ports that are taken, no file descriptors left.
. "$(dirname "$0")/lib.sh"

OTHERS=""
trap 'kill $OTHERS 2>/dev/null; abandon' EXIT INT TERM
sink() { # NAME PORT [OPTION...]
    sink_name=$1
    sink_port=$2
    shift 2
    "$BIN/p1sink" -n "MTA-$sink_name" -p "secret-$sink_name" "$@" "127.0.0.1:$sink_port" >"$WORK/$sink_name.out" 2>&1 &
    put "sink_$sink_name" $!
    OTHERS="$OTHERS $!"
}
told() { check "OP_05 $2" wait_for logged "$1" " $3 .*$4"; }

mta A 'work-queue-alarm-on = 4' 'outbound-queue-alarm-on = 3' 'maximum-recipients = 2' 'maximum-message-size = 300'
mta C
mta F 'maximum-associations = 2'
LINK_OVERRIDE='lifetime = 2s' link A C "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link C A "1988 normal"
for name in NO SLOW DUMP; do put "port_$name" "$(free_ports 1)"; done
random_file "$WORK/20k" 20000
LINK_PORT=$(free_ports 1) LINK_OVERRIDE='max-open-retries = 1' link A GONE "1988 normal"
LINK_PORT=9 LINK_ADVANCED='maximum-message-size = 10' link A TINY "1988 normal"
LINK_OVERRIDE='max-transfer-retries = 1' link A NO "1988 normal"
LINK_OVERRIDE='max-transfer-retries = 1000
        maximum-associations = 1
        threshold = 1
        transfer-timeout-normal = 1' link A SLOW "1988 normal"
link A DUMP "1988 normal"
for name in DUMP SLOW; do
    LINK_OVERRIDE='lifetime = 3600s' link F "$name" "1988 normal"
done
mailbox A ann
mailbox A bob
mailbox C jim
mailbox F ann
{
    printf 'connector "SOURCE" {\n    general { remote-mta-name = "SOURCE" }\n'
    printf '    stack { remote-host-name = "127.0.0.1" port = 9 }\n    address-space = { "C=XX;A= ;P=SOURCE" }\n'
    printf '    advanced { two-way-alternate = off }\n}\n'
    printf 'distribution-list "quiet" {\n    address = "C=GB;A= ;P=A;S=QUIET"\n    members = { "C=GB;A= ;P=A;S=NOBODY" }\n'
    printf '    report-propagation = none\n}\n'
} >>"$WORK/A/x400mta.conf"
start A
check "levels are raised" ctl A diagnostics operating-system maximum
check "levels are raised" ctl A diagnostics resource maximum
check "levels are raised" ctl A diagnostics mta-administration maximum

send() { ctl A send -f "$(user A ann)" -r "$(user "$1" jim)" -s events -t hello "$@"; }
say "queues that grow"
for _ in 1 2 3; do ctl A send -f "$(user A ann)" -r "$(user C jim)" -s queued -t hello >/dev/null; done
told A "three messages for one connector" 659 'queue for C is backlogged with 3 messages'
told A "nobody listens there" 9215 '10061.*connector C'
told A "the next attempt" 301 'connector C'
check "a fourth that waits" ctl A send -f "$(user A ann)" -r "$(user C jim)" -s queued -t hello --deferred +1h
told A "four in all" 666 'work queue is backlogged with 4'
check "the connector is disabled" ctl A connectors disable C
told A "12022 says so" 12022 'Connector C was disabled'
check "and enabled" ctl A connectors enable C
told A "12022 says that too" 12022 'Connector C was enabled'
start C
told A "the queue has gone" 660 'backlog for C has subsided, leaving 1'
told A "that of all queues too" 667 'subsided leaving 2'
told A "what was sent" 271 'message with MTS-ID .* was sent to entity C'
told C "what was received" 272 'message with MTS-ID .* was received from entity A'
told A "the association is given back" 316 'Free ASB at index'
told C "the call" 4258 'Connect Indication'

say "messages that are refused"
call() { "$BIN/p1source" -n SOURCE --timeout 20 --report none "$@" "127.0.0.1:$(get port_A)"; }
call -r "$(user A bob)" -r "$(user A ann)" -r "$(user A joe)" >/dev/null 2>&1
told A "too many recipients" 211 'too-many-recipients'
call -r "$(user A bob)" -l 400k >/dev/null 2>&1
told A "too large" 12026 'the limit is 300'
sink DUMP "$(get port_DUMP)" --dump "$WORK/dump"
mkdir -p "$WORK/dump"
ctl A send -f "$(user A ann)" -r "$(user DUMP joe)" -s template -t hello >/dev/null
dumped() { ls "$WORK/dump"/* >/dev/null 2>&1; }
check "a message to begin with" wait_for dumped
for what in critical trace domain; do
    python3 "$HERE/ber_edit.py" "$(ls "$WORK/dump"/* | head -1)" "$WORK/$what.p1" $what
    call --apdu "$WORK/$what.p1" >/dev/null 2>&1
done
told A "an unknown extension that is critical" 202 'type 123'
told A "too much trace" 171 'size-constraint-violation'
told A "an identifier of another domain" 209 'OTHER'
ctl A send -f "$(user A ann)" -r "C=GB;A= ;P=A;S=QUIET" -s list -t hello >/dev/null
told A "a report that the list keeps" 12018 'the distribution list sends reports nowhere'
told A "an address of the own domain that nobody has" 254 'has no such recipient'

"$BIN/p1source" -n STRANGER --timeout 20 "127.0.0.1:$(get port_A)" >/dev/null 2>&1
told A "a caller that nobody knows" 51 'STRANGER'
"$BIN/p1source" -n SOURCE -p wrong --timeout 20 "127.0.0.1:$(get port_A)" >/dev/null 2>&1
told A "a wrong password" 48 'SOURCE.*wrong password'
printf 'GET / HTTP/1.0\r\n\r\n' | python3 -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(sys.stdin.buffer.read())
s.settimeout(60)
s.recv(1)' "$(get port_A)"
told A "something that is no TPKT" 9225 'no TPKT'

say "peers that do not take, or not in time"
sink NO "$(get port_NO)" --refuse-transfers 1000
ctl A send -f "$(user A ann)" -r "$(user NO joe)" -s refused -t hello >/dev/null
told A "a peer that refuses for good" 270 'Entity NO'
told A "the message has failed" 62 'transfer-failure'
told A "and is reported" 290 'transfer-failure'
ctl A send -f "$(user A ann)" -r "$(user GONE joe)" -s gone -t hello >/dev/null
report_says() { grep -l -e "$1" "$WORK/A/ann"/*.json; }
check "a peer that is never there: the report says which link failed and why" \
    wait_for report_says 'no association with GONE could be opened'
check "beside the code for congestion" report_says '"diagnostic": 2,'
ctl A send -f "$(user A ann)" -r "$(user TINY joe)" --content "$WORK/20k" >/dev/null
check "a message above the limit of the next hop is reported, not lost" wait_for report_says 'size-constraint-violation'
sink SLOW "$(get port_SLOW)" --delay 600
for _ in 1 2 3; do ctl A send -f "$(user A ann)" -r "$(user SLOW joe)" -s slow -t hello >/dev/null; done
told A "a peer that does not confirm" 12025 'with SLOW has timed out'
told A "as many associations as are allowed" 57 'with SLOW has been reached. The limit is 1'
start F
ctl F send -f "$(user F ann)" -r "$(user DUMP joe)" -s one -t hello >/dev/null
told F "the first association" 12003 'DUMP'
ctl F send -f "$(user F ann)" -r "$(user SLOW joe)" -s two -t hello >/dev/null
told F "the second" 12003 'SLOW'
LINK_OVERRIDE='lifetime = 3600s' link F C "1988 normal"
ctl F reload >/dev/null
ctl F send -f "$(user F ann)" -r "$(user C jim)" -s three -t hello >/dev/null
told F "no place for a third" 9156 'The configured count is 2'

say "a mailbox that cannot be written"
mv "$WORK/A/bob" "$WORK/A/bob.away"
: >"$WORK/A/bob"
ctl A send -f "$(user A ann)" -r "$(user A bob)" -s mailbox -t hello >/dev/null
told A "it is told" 12010 'Mailbox bob'
rm "$WORK/A/bob"
mv "$WORK/A/bob.away" "$WORK/A/bob"

say "what goes on all the time"
# id and the words by which the event is known
while read -r id words; do
    told A "event $id" "$id" "$words"
done <<'LIST'
142 The MTA was unable to route to recipient
289 A connection to C could not be opened
1290 A locally initiated association to C
1293 A remotely-initiated association from SOURCE
4284 An error has occurred during connection
4287 An internal MTA error occurred
9236 Receive socket closed on CB
1279 Remote initiation of Transport Disconnection
275 A deferred delivery timer started
12000 is loaded
12003 An association with C
12004 was closed
12005 was accepted from local submission. Octets: [0-9]*; recipients: 1\.
12006 was transferred to C. Recipients: 1\.
12009 was delivered to mailbox ann
12017 Report .* on message
12020 Listener tcp accepts connections
12027 The admin interface is open
12029 connector disable
12040 was expanded by the distribution list quiet. Members: 1\.
LIST
cp "$WORK/A/x400mta.conf" "$WORK/A/good.conf"
echo 'mta {' >>"$WORK/A/x400mta.conf"
if posix_only "SIGHUP: Windows has no such signal; x400ctl reload and the service's own control are tested"; then
    kill -HUP "$(get pid_A)"
    told A "a bad configuration" 12001 'is refused'
fi
cp "$WORK/A/good.conf" "$WORK/A/x400mta.conf"
ctl A reload >/dev/null 2>&1
told A "a good one" 12002 'was reloaded'

say "a damaged store"
random_file "$WORK/large" 280000
ctl A send -f "$(user A ann)" -r "$(user SLOW joe)" --content "$WORK/large" >/dev/null
stop A
python3 - "$WORK/A/data" <<'PY'
import glob, sqlite3, sys
path = [p for p in glob.glob(sys.argv[1] + "/*.db")][0]
c = sqlite3.connect(path)
c.execute("DELETE FROM x400_chunk WHERE number = 1")
first = c.execute("SELECT message FROM x400_entry e JOIN x400_name n ON n.id = e.destination WHERE n.name = 'SLOW'"
                  " ORDER BY e.id LIMIT 1").fetchone()[0]
c.execute("UPDATE x400_message SET envelope = x'FFFF' WHERE id = ?", (first,))
c.commit()
PY
kill "$sink_SLOW"
wait "$sink_SLOW" 2>/dev/null # its port is free now
sink SLOW "$(get port_SLOW)"
start A
told A "a message that cannot be read" 12016 'was set aside'
told A "a piece of content that is gone" 2124 'no chunk 1'
behind() { [ "$(ctl A metrics | sed -n 's/^x400mta_connector_outbound_messages_total{connector="SLOW"} //p')" -ge 2 ]; }
check "what stood behind it in the queue goes" wait_for behind

say "what is not free"
mta P
port_P=$(get port_A)
sed -i "/^listener/,/^}/s/port = .*/port = $port_P/" "$WORK/P/x400mta.conf"
launch P
told P "a port that is taken" 12021 "cannot be bound"
told P "no start then" 4300 'bad configuration'
told P "the last word" 9405 'may cause the MTA to terminate'
wait "$(get pid_P)" 2>/dev/null
put pid_P ""
mta Q
admin_A=$(get admin_A)
sed -i "/^admin/,/^}/s/port = .*/port = $admin_A/" "$WORK/Q/x400mta.conf"
launch Q
told Q "the admin port is taken" 12028 'cannot be opened'
wait "$(get pid_Q)" 2>/dev/null
put pid_Q ""
told A "the service has started" 9298 'startup complete'
stop A
told A "and stopped" 9299 'closedown complete'
if posix_only "few file descriptors: sockets of Windows are not counted by a limit of the process"; then
    mta E 'maximum-associations = 1000'
    (
        ulimit -n 64
        exec "$BIN/x400mta" -c "$WORK/E/x400mta.conf" >>"$WORK/E/output" 2>&1
    ) &
    put pid_E $!
    STARTED="$STARTED E"
    check "an MTA with few descriptors" wait_for ctl E status
    told E "too few are allowed" 12160 '64 files'
    python3 - "$(get port_E)" "$WORK/E/events.log" <<'PY'
import re, socket, sys, time
calls = []
end = time.monotonic() + 60
while time.monotonic() < end and not re.search(r" 9202 ", open(sys.argv[2]).read()):
    s = socket.socket()
    s.settimeout(1)
    try:
        s.connect(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        pass
    calls.append(s)
    time.sleep(0.02)
PY
    told E "calls cannot be accepted" 9202 'accept'
    stop E
fi
trap abandon EXIT INT TERM
kill $OTHERS 2>/dev/null
finish
