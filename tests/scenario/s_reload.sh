#!/bin/sh
# OP-07: a reload keeps associations that are open; a bad file keeps the old configuration running; --check names
# each mistake with its line.
. "$(dirname "$0")/lib.sh"

mta A; mta B
LINK_OVERRIDE='lifetime = 3600s' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' LINK_OVERRIDE='lifetime = 3600s' link B A "1988 normal"
mailbox A ann
mailbox B jim
start A B

ids() { ctl A associations --json | python3 -c 'import json,sys; print(*[a["id"] for a in json.load(sys.stdin)["associations"]])'; }
check "OP_07 a message opens an association" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s one -t hello
check "OP_07 it is delivered" wait_for has_delivered B jim 1
before=$(ids)
check "OP_07 the association stays open" test -n "$before"
mailbox A ben
check "OP_07 a good change reloads" ctl A reload
check "OP_07 the association is still the same" test "$(ids)" = "$before"
check "OP_07 the new mailbox works" ctl A send -f "$(user A ann)" -r "$(user A ben)" -s two -t hello
check "OP_07 it is delivered there" wait_for has_delivered A ben 1
cp "$WORK/A/x400mta.conf" "$WORK/good.conf"
printf 'mailbox "bad" {\n    no-such-option = 1\n}\n' >>"$WORK/A/x400mta.conf"
bad_line=$(($(wc -l <"$WORK/good.conf") + 2))
check_not "OP_07 a bad change does not reload" ctl A reload
cp "$WORK/check.out" "$WORK/reload.out"
check "OP_07 the reason names file, line and option" grep -E -q "x400mta.conf:$bad_line:.*no-such-option" "$WORK/reload.out"
if posix_only "SIGHUP: Windows has no such signal; x400ctl reload and the service's own control are tested"; then
    check "OP_07 SIGHUP with the bad file" kill -HUP "$(get pid_A)"
    sleep 1
fi
check "OP_07 the old configuration runs on" ctl A send -f "$(user A ann)" -r "$(user A ben)" -s three -t hello
check "OP_07 it is delivered" wait_for has_delivered A ben 2
check "OP_07 the association is still the same" test "$(ids)" = "$before"
check_not "OP_07 --check refuses the bad file" "$BIN/x400mta" -c "$WORK/A/x400mta.conf" --check
check "OP_07 --check takes the good one" "$BIN/x400mta" -c "$WORK/good.conf" --check
cp "$WORK/good.conf" "$WORK/A/x400mta.conf"
mailbox A bob
if posix_only "SIGHUP: Windows has no such signal; x400ctl reload and the service's own control are tested"; then
    check "OP_07 SIGHUP with a good file" kill -HUP "$(get pid_A)"
else
    check "OP_07 a reload with a good file" ctl A reload
fi
bob_is_there() { ctl A connectors bob >/dev/null; }
check "OP_07 it is taken over" wait_for bob_is_there
check "OP_07 the association is still the same" test "$(ids)" = "$before"
finish
