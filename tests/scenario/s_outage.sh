#!/bin/sh
# A peer that is away: 4284 and 4287 at the first failed open and then with a count, not for each attempt (Q175354);
# mail flows again when it is back. A connector that goes with a reload while messages wait for it (Q146509, Q152876,
# Q102749): they take the other way, or are reported.
. "$(dirname "$0")/lib.sh"

mta A; mta B
LINK_OVERRIDE='max-open-retries = 1000' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
LINK_SPACES='"C=GB;A= ;P=GONE"' LINK_PORT=9 LINK_OVERRIDE='max-open-retries = 1000' link A C "1988 normal"
LINK_SPACES='"C=GB;A= ;P=GONE;;50"' LINK_PORT=9 link A D "1984"
mailbox A ann
mailbox B jim
start A

events() { grep -c -E "^[^ ]+ [^ ]+ $1 .*onnector B[,:]" "$WORK/A/events.log"; }
attempts() { ctl A connectors B --json | python3 -c '
import json, sys
for connector in json.load(sys.stdin)["connectors"]:
    if connector["name"] == "B":
        print(connector["attempts"])'; }
has_tried() { [ "$(attempts)" -ge "$1" ]; }
check "a message for a peer that is away waits" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s wait -t hello
check "4284 says so" wait_for logged A ' 4284 .*8511.*Connector B'
check "4287 says so" logged A ' 4287 .*8640.*Connector B'
check "it is tried at the open interval" wait_for has_tried 5
check "4284 comes at most once for an attempt, with a count" test "$(events 4284)" -le "$(attempts)"
check "the count is in its words" logged A ' 4284 .*failed since the last event: [0-9]'
for id in 4284 4287 289 1290; do
    check "$id has as many events as the others" test $(($(events 4284) - $(grep -c -E " $id .* B[ ,:]" "$WORK/A/events.log"))) -le 1
done
start B
check "the peer is back: the message arrives with the next try" wait_for has_delivered B jim 1
check "nothing waits" wait_for queue_is_empty A
check "the count of attempts begins anew" wait_for has_tried 0

check "messages wait for a connector" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=GONE;S=X' -s gone -t hello
check "one more" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=GONE;S=Y' -s gone -t hello
at() { ctl A queue --json -C "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)["count"])'; }
waits_at() { [ "$(at "$1")" -eq "$2" ]; }
# The second may go to the other connector, once an attempt of the first has failed.
check "both wait" test $(($(at C) + $(at D))) -eq 2
check "the first is in its queue" test "$(at C)" -ge 1
without() { # NAME: the configuration of A without this connector
    python3 - "$WORK/A/x400mta.conf" "$1" <<'PY'
import re, sys
path, name = sys.argv[1:]
text = open(path).read()
open(path, "w").write(re.sub(r'connector "%s" \{\n.*?\n\}\n' % name, "", text, flags=re.S))
PY
}
without C
check "the connector goes with a reload" ctl A reload
check "its messages take the other way" wait_for waits_at D 2
check "287 says so" wait_for logged A ' 287 .*D'
without D
check "that connector goes too" ctl A reload
check "the messages are reported as not delivered" wait_for has_delivered A ann 2
check "nothing is left" wait_for queue_is_empty A
check "the MTA works on" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s after -t hello
check "and transfers" wait_for has_delivered B jim 2
finish
