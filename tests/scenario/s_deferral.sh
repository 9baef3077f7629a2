#!/bin/sh
# P1-09: deferred delivery with a restart in the middle, latest delivery time, expiry by priority of what waits.
. "$(dirname "$0")/lib.sh"

mta A 'message-timeout-urgent = 1min' 'message-timeout-normal = 2min'
mta B
LINK_PORT=$(free_ports 1) link A B "1988 normal"
mailbox A ann
mailbox A bob
start A

newest_has() { grep -q -E -- "$3" "$(newest "$1" "$2")"; }
check "P1_09 a message that is deferred is taken" ctl A send -f "$(user A ann)" -r "$(user A bob)" -s later -t hello --deferred +12s
stop A
start A
check "P1_09 it waits after a restart" test "$(delivered A bob)" -eq 0
check "P1_09 it is delivered when its time has come" wait_for has_delivered A bob 1
check "P1_09 not before it was due" python3 - "$WORK/A/bob" <<'PY'
import glob, json, os, sys, calendar, time
path = glob.glob(sys.argv[1] + "/*.json")[0]
due = json.load(open(path))["deferred_delivery_time"]
# File times are those of the last tick of the kernel's coarse clock, which is up to 10 ms behind.
sys.exit(0 if os.stat(path).st_mtime + 0.02 >= calendar.timegm(time.strptime(due, "%y%m%d%H%M%SZ")) else 1)
PY
check "P1_09 its trace says until when it waited" newest_has A bob '"deferred"'
check "P1_09 the event says that it is due" logged A 'deferred delivery timer has expired'
check "P1_09 a message whose latest time has passed is taken" ctl A send -f "$(user A ann)" -r "$(user A bob)" -s late -t hello --latest 2020-01-01T00:00:00Z
check "P1_09 its non-delivery report arrives" wait_for has_delivered A ann 1
check "P1_09 it says maximum-time-expired" newest_has A ann '"diagnostic": 5'
rm -f "$WORK/A/ann"/*
check "P1_09 an urgent message for a peer that is not there" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s waits -t hello --priority urgent
check "P1_09 a normal one with a latest time" ctl A send -f "$(user A ann)" -r "$(user B jim)" -s waits -t hello --latest +20s
PATIENCE=200
check "P1_09 both are reported when their time is over" wait_for has_delivered A ann 2
check "P1_09 as expired" newest_has A ann '"diagnostic": 5'
check "P1_09 nothing is left" wait_for queue_is_empty A
check "OP_05 208 tells of what was too late" wait_for logged A ' 208 .*maximum-time-expired'
check "OP_05 12024 of what has expired here" wait_for logged A ' 12024 .*has expired after'
finish
