#!/bin/sh
# P1-14: bad PDUs of every kind at every layer, each made from a real conversation by spoiling one TPKT; each ends
# its own association, and then a good message on another association is delivered.
. "$(dirname "$0")/lib.sh"

mta A; mta B
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
cat >>"$WORK/B/x400mta.conf" <<CONF
connector "PPB" {
    general {
        remote-mta-name = "PPB"
        remote-mta-password = "b-secret"
    }
    stack {
        remote-host-name = "127.0.0.1"
        port = $(free_ports 1)
    }
    address-space = { "C=GB;A= ;P=ppb" }
    advanced {
        two-way-alternate = off
    }
}
CONF
mailbox A ann
mailbox B jim
mailbox B sink 'C=GB'
# each fault is to raise its event, however many there are in a minute
sed -i 's/^log {$/log {\n    events-per-peer = 0/' "$WORK/B/x400mta.conf"
start A B
pid=$(get pid_B)
captures=$ROOT/tests/wire/captures
python3 "$HERE/bad_apdu.py" "$WORK" "$(get port_B)" "$captures/pp-to-sink84-small.pcap" \
    "$captures/pp-to-sink410-small.pcap" "$captures/pp-to-sink88-small.pcap" >"$WORK/bad.out" 2>&1
grep -v '^bad_apdu:' "$WORK/bad.out"
line=$(sed -n 's/^bad_apdu: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/bad.out")
[ -n "$line" ] || line="0 1"
PASSED=$((PASSED + ${line% *}))
FAILED=$((FAILED + ${line#* }))
check "P1_14 it is still the same process" kill -0 "$pid"
for id in 200 1136 1192 1222 1294 4282 9225 12007 12014; do
    check "OP_05 event $id was raised" wait_for logged B " $id "
done
finish
