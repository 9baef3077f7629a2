#!/bin/sh
# OP-01: kill -9 of sender and receiver at random moments under load, 200 in all (KILLS changes it). Every message
# that was accepted arrives; a repeat is recognised, so that it arrives once.
. "$(dirname "$0")/lib.sh"

mta A; mta B
# A kill breaks the transfers that it meets, the same ones again and again: tries are not what is tested here.
LINK_OVERRIDE='checkpoint-size = 8k
        max-transfer-retries = 10000' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
mailbox A ann
mailbox B jim
trap - EXIT INT TERM
exec python3 "$HERE/kill.py" "$WORK" "${KILLS:-200}" "${SEED:-400}"
