#!/bin/sh
# Connection attempts that are refused, fail, stay half open or succeed close no live session and cost no memory; the
# session limit refuses with the reason of RTS and service goes on (Q124737). X400_ATTEMPTS: how many, 20000 by default.
. "$(dirname "$0")/lib.sh"

mta A 'maximum-associations = 6'
mta B
link B A "1988 normal"
LINK_SPACES='"C=GB;A= ;P=B"' link A B "1988 normal"
mailbox A jim
mailbox B ann
start A B
python3 "$HERE/attempts.py" "$WORK" "$BIN" "$(get port_A)" "${X400_ATTEMPTS:-20000}" >"$WORK/attempts.out" 2>&1
grep -v '^attempts:' "$WORK/attempts.out"
line=$(sed -n 's/^attempts: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/attempts.out")
[ -n "$line" ] || { cat "$WORK/attempts.out"; line="0 1"; }
PASSED=$((PASSED + ${line% *}))
FAILED=$((FAILED + ${line#* }))
finish
