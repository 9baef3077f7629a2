#!/bin/sh
# What a connector's agreement and the standard's bounds say of messages that come in: deferred delivery with and
# without an agreement, and more trace than X.411 allows (P1-05, P1-09); accept-from of a connector.
. "$(dirname "$0")/lib.sh"

mta A; mta B
LINK_OVERRIDE='lifetime = 3600s
    }
    delivery-restrictions {
        accept-from = { "S=ANN" }' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
for peer in P Q; do
    put "port_$peer" "$(free_ports 1)"
done
LINK_ADVANCED='two-way-alternate = off
        deferred-delivery = on' link A P "1988 normal"
LINK_ADVANCED='two-way-alternate = off' link A Q "1988 normal"
mailbox A ann
mailbox A eve
mailbox B jim
start A B

source() {
    who=$1
    shift
    "$BIN/p1source" -n "MTA-$who" -p "secret-$who" -f "C=GB;A= ;P=$who;S=X" -r "$(user A ann)" "$@" "127.0.0.1:$(get port_A)"
}
# By an agreement the message waits here; it is not in the mailbox before its time, whatever the machine's speed.
check "a message with deferred delivery comes in by an agreement" source P --deferred 8
check "it is queued" test "$(number A queued)" = 1
check "and not delivered" test "$(delivered A ann)" = 0
check "one that comes without an agreement" source Q --deferred 3000
check "is delivered at once" wait_for has_delivered A ann 1
check "the other when it is due" wait_for has_delivered A ann 2
# File times come from a coarse clock: a second less.
in_time() {
    python3 - "$WORK/A/ann" <<'PY'
import datetime, glob, json, os, sys
late = []
for path in glob.glob(sys.argv[1] + "/*.json"):
    envelope = json.load(open(path))
    if "P=P;" in envelope["originator"]:
        due = datetime.datetime.strptime(envelope["deferred_delivery_time"] + "+0000", "%y%m%d%H%M%SZ%z").timestamp()
        late.append(os.stat(path).st_mtime >= due - 1)
sys.exit(late != [True])
PY
}
check "and not before" in_time
check "more trace than there may be" source Q --trace 512
check "event 171 says so" wait_for logged A ' 171 '
check "the message goes no further" test "$(delivered A ann)" = 2
check "the largest trace that there may be" source Q --trace 511
check "is delivered" wait_for has_delivered A ann 3
check "an originator of accept-from" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s one -t hello
check "may send over it" wait_for has_delivered B jim 1
check "another" ctl A send -f "$(user A eve)" -r "$(user B jim)" -s two -t hello
check "gets a report" wait_for has_delivered A eve 1
check "that says so" grep -q 'no-bilateral-agreement' "$(newest A eve)"
check "the peer has one message" test "$(delivered B jim)" = 1
finish
