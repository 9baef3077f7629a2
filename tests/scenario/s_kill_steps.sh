#!/bin/sh
# OP-01: the MTA in the middle is ended at each step of its store in turn, at each write and each flush, before it and in
# the middle of it, while it relays, redirects, expands a list, makes a report and passes one on. Nothing is lost, nothing
# arrives twice, and mtacheck finds nothing. STRIDE (3) leaves steps out, other ones in each of the two ways; 1 tries all.
. "$(dirname "$0")/lib.sh"

mta C; mta A; mta B
LINK_SPACES='"C=GB"' LINK_OVERRIDE='max-transfer-retries = 10000' link C A "1988 normal"
LINK_SPACES='"C=GB;A= ;P=C"' LINK_OVERRIDE='max-transfer-retries = 10000' link A C "1988 normal"
LINK_OVERRIDE='max-transfer-retries = 10000' link A B "1988 normal"
LINK_SPACES='"C=GB"' LINK_OVERRIDE='max-transfer-retries = 10000' link B A "1988 normal"
mailbox C sam
mailbox B jim
cat >>"$WORK/A/x400mta.conf" <<END
redirect "moved" {
    address = "C=GB;A= ;P=A;S=MOVED"
    to = "C=GB;A= ;P=B;S=JIM"
}
distribution-list "all" {
    address = "C=GB;A= ;P=A;S=ALL"
    members = { "C=GB;A= ;P=B;S=JIM", "C=GB;A= ;P=C;S=SAM" }
}
END
${CC:-cc} -shared -fPIC -O1 -o "$WORK/faults.so" "$HERE/faults.c" -ldl || { fail "the disk that ends the program is built"; finish; }
trap - EXIT INT TERM
exec python3 "$HERE/kill_steps.py" "$WORK" "${STRIDE:-3}"
