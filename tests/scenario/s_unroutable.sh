#!/bin/sh
# RO-04: no route for a recipient ends in a non-delivery report and an event, here and at the next MTA.
. "$(dirname "$0")/lib.sh"

mta A; mta B
LINK_SPACES='"C=GB;A= ;P=B", "C=DE"' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
mailbox A ann
start A B

newest_has() { grep -q -E -- "$3" "$(newest "$1" "$2")"; }
check "RO_04 a message to nowhere is taken" ctl A send -f "$(user A ann)" -r 'C=FR;A= ;P=NOWHERE;S=X' -s lost -t hello
check "RO_04 its non-delivery report arrives" wait_for has_delivered A ann 1
check "RO_04 it says unable to transfer, unrecognised O/R name" newest_has A ann 'unrecogni[sz]ed-OR-name|unrecogni[sz]ed'
check "RO_04 the event names the recipient" logged A 'NOWHERE'
check "RO_04 route explain says that there is none" sh -c "! '$BIN/x400ctl' -c '$WORK/A/x400mta.conf' route explain 'C=FR;A= ;P=NOWHERE;S=X'"
rm -f "$WORK/A/ann"/*
check "RO_04 a message that the next MTA cannot route is taken" ctl A send -f "$(user A ann)" -r 'C=DE;A= ;P=NOWHERE;S=X' -s lost -t hello
check "RO_04 its non-delivery report arrives from there" wait_for has_delivered A ann 1
check "RO_04 the event there names the recipient" logged B 'NOWHERE'
rm -f "$WORK/A/ann"/*
check "RO_04 a message from and to nowhere is taken" ctl A send -f 'C=FR;A= ;P=NOWHERE;S=Y' -r 'C=FR;A= ;P=NOWHERE;S=X' -s lost -t hello
check "RO_04 it makes no report about a report" wait_for queue_is_empty A
check "RO_04 nobody gets anything" test "$(delivered A ann)" -eq 0
check "OP_05 141 tells of the report without a route" wait_for logged A ' 141 .*unable to route a report'
finish
