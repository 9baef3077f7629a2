#!/bin/sh
# OP-05: events in a real systemd-journald, in a mount namespace of its own: the fields of 4284, 4287 and 9301 by
# `journalctl -o json`, and what the message catalogue says about them by `journalctl -x`.
if [ -z "${X400_JOURNAL:-}" ]; then
    export X400_JOURNAL=1
    if [ "$(id -u)" -eq 0 ]; then
        exec unshare --mount --propagation private sh "$0" "$@"
    fi
    exec unshare -Urm --propagation private sh "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

journald=/lib/systemd/systemd-journald
[ -x $journald ] || journald=/usr/lib/systemd/systemd-journald
if [ ! -x "$journald" ]; then
    say "there is no systemd-journald here"
    finish
fi
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
if [ ! -s /etc/machine-id ]; then
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >/run/machine-id
    echo >>/run/machine-id
    [ -e /etc/machine-id ] || : >/etc/machine-id
    mount --bind /run/machine-id /etc/machine-id
fi
cat >/run/systemd/journald.conf.d/test.conf <<'C'
[Journal]
Storage=volatile
RateLimitIntervalSec=0
RuntimeMaxUse=64M
ReadKMsg=no
Audit=no
ForwardToSyslog=no
ForwardToWall=no
C
"$journald" </dev/null >"$WORK/journald.log" 2>&1 &
journal_pid=$!
journal_is_up() { [ -S /run/systemd/journal/socket ] && ls /run/log/journal/*/system.journal >/dev/null 2>&1; }
check "journald starts" wait_for journal_is_up
# The catalogue beside the system's own, seen in this namespace only.
catalogues=/usr/lib/systemd/catalog
mkdir "$WORK/catalog" && cp $catalogues/*.catalog "$WORK/catalog/"
"$BIN/eventdoc" journal >"$WORK/catalog/x400mta.catalog"
mount --bind "$WORK/catalog" $catalogues
mount -t tmpfs tmpfs /var/lib/systemd/catalog
check "the journal takes the message catalogue" journalctl --update-catalog
check "and lists it" sh -c 'journalctl --list-catalog | grep -q "x400mta: Event 4284"'

mta A; mta B; mta D
sed -i 's/system = off/system = on/' "$WORK/A/x400mta.conf" "$WORK/B/x400mta.conf"
LINK_PORT=$(free_ports 1) link A D "1988 normal"
link D B "1988 normal"
link B D "1988 normal"
# D calls from 127.0.0.1, and B's connector allows another address only.
sed -i 's/remote-host-name = "127.0.0.1"/remote-host-name = "127.0.0.1"\n        allowed-callers = { "192.0.2.1" }/' \
    "$WORK/B/x400mta.conf"
mailbox A ann; mailbox B bob; mailbox D don
start A B D

has_event() { [ -n "$(journalctl -o json "X400_EVENT_ID=$1" | head -1)" ]; }
field() { # EVENT NAME: of the newest such event
    journalctl -o json -n 1 "X400_EVENT_ID=$1" | python3 -c '
import json, sys
value = json.loads(sys.stdin.readline()).get(sys.argv[1], "")
print(value[0] if isinstance(value, list) else value)' "$2"
}
is() { [ "$(field "$1" "$2")" = "$3" ] || { say "$2 is $(field "$1" "$2"), not $3"; return 1; }; }
like() { field "$1" "$2" | grep -E -q -- "$3" || { say "$2 is $(field "$1" "$2")"; return 1; }; }
explained() { journalctl -x -n 1 "X400_EVENT_ID=$1" | tr '\n' ' ' | sed 's/ *-- */ /g' | grep -q -- "$2"; }

check "a message for a peer that nobody listens for" \
    ctl A send -f "$(user A ann)" -r "$(user D don)" -s test
check "a call from an address that is not allowed" \
    ctl D send -f "$(user D don)" -r "$(user B bob)" -s test
for id in 4284 4287 9301; do
    check "OP_05 the journal has $id" wait_for has_event $id
    check "OP_05 $id has its MESSAGE_ID" is $id MESSAGE_ID "$(printf '7c1d0d5a9b3e4f67a2d84c19%08x' $id)"
    check "OP_05 $id is a warning" is $id PRIORITY 4
    check "OP_05 $id comes from MSExchangeMTA" is $id SYSLOG_IDENTIFIER MSExchangeMTA
    check "OP_05 $id is explained by journalctl -x" explained $id "What to do: "
    check "OP_05 $id is named by journalctl -x" explained $id "Subject: Event $id,"
done
check "OP_05 4284 names its connector" is 4284 X400_CONNECTOR D
check "OP_05 4284 has its category" is 4284 X400_CATEGORY "X.400 Service"
check "OP_05 4284 has the error code as a field" like 4284 X400_ERROR_CODE '8511'
check "OP_05 4284 reads as administrators know it" like 4284 MESSAGE \
    '^An error has occurred during connection/disconnection\. Error code=8511.*\[POP4 POP4 DOWN [0-9]+ 179\] \(14\)$'
check "OP_05 4287 reads as administrators know it" like 4287 MESSAGE \
    '^An internal MTA error occurred\. The transport is not available\. Error code=8640.*\[POP4 POP4 DOWN [0-9]+ 18\] \(14\)$'
check "OP_05 9301 has the address in hexadecimal and readable" like 9301 MESSAGE '7[fF]000001.*127\.0\.0\.1'
check "OP_05 9301 has the category Configuration" is 9301 X400_CATEGORY Configuration
check "the fields of the catalogue are filled in" explained 4284 "Connector D, address"
stop A B D
kill "$journal_pid"
wait "$journal_pid" 2>/dev/null
finish
