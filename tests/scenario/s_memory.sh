#!/bin/sh
# P1-13: a message of 100 MB passes two MTAs with bounded memory, and other mail is not held up by it.
. "$(dirname "$0")/lib.sh"

LIMIT_KB=65536 # 64 MB resident
mta A; mta B
for pair in "A B" "B A"; do
    from=${pair% *}; to=${pair#* }
    if [ $from = A ]; then link A B "1988 normal"; else LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"; fi
done
cat >>"$WORK/A/x400mta.conf" <<CONF
connector "SOURCE" {
    general {
        remote-mta-name = "SOURCE"
        remote-mta-password = "secret-source"
    }
    stack {
        remote-host-name = "127.0.0.1"
        port = $(free_ports 1)
    }
    advanced {
        two-way-alternate = off
    }
    address-space = { "C=XX;A= ;P=SOURCE" }
}
CONF
mailbox A ann
mailbox B jim 'C=GB;A= ;P=B'
start A B

peak() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(get "pid_$1")/status"; }
source_one() { # OCTETS
    "$BIN/p1source" -m 1 -l "$1" -n SOURCE -p secret-source -r 'C=GB;A= ;P=B;S=JIM' --report none "127.0.0.1:$(get port_A)"
}
big_arrived() { find "$WORK/B/jim" -name '*.content' -size +99M | grep -q .; }
source_one 100m >"$WORK/source.out" 2>&1 &
source=$!
for n in 1 2 3 4 5; do
    check "P1_13 message $n passes beside 100 MB" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s small -t hello --report none
done
check "P1_13 the small ones arrive" wait_for has_delivered B jim 5
wait $source
check "P1_13 the source had 100 MB accepted" test $? -eq 0
PATIENCE=180
check "P1_13 100 MB arrive" wait_for big_arrived
for who in A B; do
    say "  MTA-$who: at most $(peak $who) KB resident"
    check "P1_13 MTA-$who had less than 64 MB resident" test "$(peak $who)" -lt $LIMIT_KB
done
finish
