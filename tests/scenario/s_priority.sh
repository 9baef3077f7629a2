#!/bin/sh
# P1-10: what waits goes out urgent first, then normal, then non-urgent; and of several associations one is kept for
# urgent mail, so that it does not wait behind a normal message that takes long.
. "$(dirname "$0")/lib.sh"

mta A; mta B
LINK_OVERRIDE='maximum-associations = 1' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
port_SLOW=$(free_ports 1)
LINK_OVERRIDE='maximum-associations = 2
        threshold = 1' link A SLOW "1988 normal"
mailbox A ann
mailbox B jim
"$BIN/p1sink" -n MTA-SLOW -p secret-SLOW --delay 600 "127.0.0.1:$port_SLOW" >"$WORK/slow.out" 2>&1 &
sink=$!
port_MANY=$(free_ports 1)
LINK_OVERRIDE='maximum-associations = 4
        threshold = 2' link A MANY "1988 normal"
"$BIN/p1sink" -n MTA-MANY -p secret-MANY --delay 600 "127.0.0.1:$port_MANY" >"$WORK/many.out" 2>&1 &
many=$!
trap 'kill "$sink" "$many" 2>/dev/null; abandon' EXIT INT TERM
start A B

check "the connector is disabled" ctl A connectors disable B
for priority in non-urgent normal urgent; do
    for n in 1 2 3; do
        check "$priority message $n waits" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s "$priority $n" -t hello --priority $priority
    done
done
check "nine entries wait" sh -c "'$BIN/x400ctl' -c '$WORK/A/x400mta.conf' queue --json | python3 -c 'import json,sys; sys.exit(json.load(sys.stdin)[\"count\"] != 9)'"
check "the connector is enabled again" ctl A connectors enable B
check "all nine arrive" wait_for has_delivered B jim 9
order() {
    python3 - "$WORK/B/jim" <<'PY'
import glob, json, sys
entries = []
for path in glob.glob(sys.argv[1] + "/*.json"):
    envelope = json.load(open(path))
    entries.append((int(path.split("/")[-1].split(".")[0].split("-")[-1], 16), envelope["priority"]))
entries.sort()
print(*[priority for _, priority in entries])
PY
}
say "  order of arrival: $(order)"
check "urgent first, non-urgent last" test "$(order)" = "urgent urgent urgent normal normal normal non-urgent non-urgent non-urgent"

transfers() {
    test "$(ctl A associations --json | python3 -c '
import json, sys
print(sum(a["connector"] == "SLOW" and bool(a["transfer"]) for a in json.load(sys.stdin)["associations"]))')" = "$1"
}
to_slow() { ctl A send -f "$(user A ann)" -r "$(user SLOW joe)" -s kept -t hello --priority "$1"; }
check "P1_10 normal messages for a peer that takes long" to_slow normal
check "P1_10 more of them" to_slow normal
check "P1_10 and more" to_slow normal
check "P1_10 the first is on its way" wait_for transfers 1
sleep 2
check "P1_10 the others wait, though two associations are allowed" transfers 1
check "P1_10 an urgent message" to_slow urgent
check "P1_10 has the association that is kept" wait_for transfers 2
failed_opens() { ctl A metrics | sed -n 's/^x400mta_connector_failed_outbound_associations_total{connector="SLOW"} //p'; }
check "the limit is no failed open" test "$(failed_opens)" = 0
check "six messages for a peer that takes long, one more association for each two" \
    sh -c 'for n in 1 2 3 4 5 6; do "$0" -c "$1" send -f "$2" -r "$3" -s many -t hello >/dev/null || exit 1; done' \
    "$BIN/x400ctl" "$WORK/A/x400mta.conf" "$(user A ann)" "$(user MANY joe)"
many() { test "$(ctl A associations --json | python3 -c '
import json, sys
print(sum(a["connector"] == "MANY" for a in json.load(sys.stdin)["associations"]))')" = "$1"; }
check "three of four associations are open, one is kept" wait_for many 3
sleep 1
check "no more" many 3
trap abandon EXIT INT TERM
kill "$many"
wait "$many" 2>/dev/null
kill "$sink"
wait "$sink" 2>/dev/null
finish
