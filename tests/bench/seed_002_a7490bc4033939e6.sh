#!/bin/sh
# Links that hang cost the others nothing (Q193760): 50 connectors, of which one leads to a black hole, one to a peer
# that answers at one octet a second, one to a name that never resolves. The rate of the others is compared with runs in
# which the three are disabled, in pairs. X400_MARGIN: percent that may be lost; 5 on a quiet machine.
. "$(dirname "$0")/../scenario/lib.sh"

mta A
put port_B "$(free_ports 1)"
LINK_PORT=$(free_ports 1) LINK_SPACES='"C=XX;A= ;P=SOURCE"' link A S "1988 normal"
put hole "$(free_ports 1)"
put slow "$(free_ports 1)"
n=1
while [ $n -le 47 ]; do
    cat >>"$WORK/A/x400mta.conf" <<EOF
connector "N$n" {
    general { remote-mta-name = "MTA-B" remote-mta-password = "secret-B" }
    stack { remote-host-name = "127.0.0.1" port = $(get port_B) }
    override { open-interval = 1s maximum-associations = 2 }
    address-space = { "C=GB;A= ;P=B;O=N$n" }
}
EOF
    n=$((n + 1))
done
for bad in "HOLE 127.0.0.1 $(get hole)" "SLOW 127.0.0.1 $(get slow)" "NAME no-such-host.invalid 102"; do
    set -- $bad
    cat >>"$WORK/A/x400mta.conf" <<EOF
connector "$1" {
    general { remote-mta-name = "MTA-$1" }
    stack { remote-host-name = "$2" port = $3 }
    override { open-interval = 1s connect-timeout = 20s }
    address-space = { "C=GB;A= ;P=$1" }
}
EOF
done
start A
"$BIN/p1sink" -n MTA-B -p secret-B "127.0.0.1:$port_B" >"$WORK/sink.out" 2>&1 &
sink=$!
PYTHONPATH="$ROOT/tests/scenario" python3 "$ROOT/tests/bench/isolation.py" "$WORK" "$(get hole)" "$(get slow)" "${X400_MARGIN:-25}" \
    "$BIN" "$port_A" >"$WORK/isolation.out" 2>&1
kill "$sink"
wait "$sink"
grep -v '^isolation:' "$WORK/isolation.out"
line=$(sed -n 's/^isolation: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/isolation.out")
[ -n "$line" ] || { cat "$WORK/isolation.out"; line="0 1"; }
PASSED=$((PASSED + ${line% *}))
FAILED=$((FAILED + ${line#* }))
finish
