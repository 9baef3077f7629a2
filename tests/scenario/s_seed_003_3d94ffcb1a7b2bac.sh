#!/bin/sh
# A link is cut under load (X400_OUTAGE seconds of real time, 5; tests/sim cuts it for hours), also with a peer that keeps
# stale sessions: the events come in their order, mail flows again within one Open interval without a restart, nothing is
# lost and nothing comes twice (Q232602).
. "$(dirname "$0")/lib.sh"

mta A; mta B
put gate "$(free_ports 1)"
LINK_PORT=$(get gate) LINK_OVERRIDE='threshold = 5
        max-open-retries = 1000
        transfer-timeout-normal = 300s' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
mailbox A ann
mailbox B jim
start A B
python3 "$HERE/outage.py" "$WORK" "$(get gate)" "$(get port_B)" >"$WORK/outage.out" 2>&1
grep -v '^outage:' "$WORK/outage.out"
line=$(sed -n 's/^outage: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/outage.out")
[ -n "$line" ] || { cat "$WORK/outage.out"; line="0 1"; }
PASSED=$((PASSED + ${line% *}))
FAILED=$((FAILED + ${line#* }))
order() { grep -o -E ' (4284|4287|2035|1209) ' "$WORK/A/events.log" | head -4 | tr -d ' \n'; }
check "OP_03 4284, 4287, 2035 and 1209 in this order" test "$(order)" = "4284428720351209"
check "4284 says Error code=8511" logged A ' 4284 .*Error code=8511'
check "4287 says Error code=8640" logged A ' 4287 .*Error code=8640'
finish
