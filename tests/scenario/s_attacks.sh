#!/bin/sh
# TP-05, P1-14: attacks on the resources of a running MTA: slow senders, half-open floods, many short connections, huge
# lengths, deep nesting, endless constructed strings, refused transfers and activities without end, very many recipients.
# Memory stays bounded, mail of others passes meanwhile, an event names the peer. X400_ATTACKS=full: 100,000 connections,
# 32,767 recipients and so on; otherwise as much as takes less than a minute.
. "$(dirname "$0")/lib.sh"

mta A; mta B
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
cat >>"$WORK/B/x400mta.conf" <<EOT
connector "EVE" {
    general { remote-mta-name = "EVE" }
    stack { remote-host-name = "127.0.0.1" port = 9 }
    override { maximum-associations = 5 }
    address-space = { "C=GB;A= ;P=EVE" }
    advanced { mta-conformance = "1984" remote-country = GB remote-prmd = "EVE" two-way-alternate = off }
}
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
ulimit -n 4096 2>/dev/null
PYTHONPATH="$HERE" python3 "$HERE/attacks.py" "$WORK" "$BIN" "$(get port_B)" "${X400_ATTACKS:-quick}" "$(get pid_B)" \
    "$ROOT/tests/wire/captures/pp-to-sink84-small.pcap" "$ROOT/tests/wire/captures/corpus/m84-body-1byte.p1" >"$WORK/attacks.out" 2>&1
grep -v '^attacks:' "$WORK/attacks.out"
line=$(sed -n 's/^attacks: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/attacks.out")
[ -n "$line" ] || line="0 1"
PASSED=$((PASSED + ${line% *}))
FAILED=$((FAILED + ${line#* }))
finish
