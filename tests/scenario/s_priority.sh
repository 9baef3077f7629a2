#!/bin/sh
# P1-10: what waits goes out urgent first, then normal, then non-urgent.
. "$(dirname "$0")/lib.sh"

mta A; mta B
LINK_OVERRIDE='maximum-associations = 1' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
mailbox A ann
mailbox B jim
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
finish
