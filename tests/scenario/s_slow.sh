#!/bin/sh
# TP-05: a peer that sends one octet a second, before or after its bind, is cut off and costs nobody else anything.
. "$(dirname "$0")/lib.sh"

mta A; mta B
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
cat >>"$WORK/B/x400mta.conf" <<EOT
connector "PPB" {
    general { remote-mta-name = "PPB" remote-mta-password = "b-secret" }
    stack { remote-host-name = "127.0.0.1" port = 9 }
    address-space = { "C=GB;A= ;P=ppb" }
    advanced { mta-conformance = "1984" two-way-alternate = off }
}
EOT
mailbox A ann
mailbox B jim
start A B
python3 "$HERE/slow.py" "$WORK" "$(get port_B)" "$ROOT/tests/wire/captures/pp-to-sink84-small.pcap" >"$WORK/slow.out" 2>&1 &
slow=$!
sleep 2
for n in 1 2 3; do
    check "TP_05 message $n passes beside slow callers" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s fast -t hello
done
check "TP_05 all of them arrive" wait_for has_delivered B jim 3
wait $slow
grep -v '^slow:' "$WORK/slow.out"
line=$(sed -n 's/^slow: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/slow.out")
[ -n "$line" ] || { cat "$WORK/slow.out"; line="0 1"; }
PASSED=$((PASSED + ${line% *}))
FAILED=$((FAILED + ${line#* }))
finish
