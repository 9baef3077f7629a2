#!/bin/sh
# P1-05: a loop of two and of three MTAs ends in a non-delivery report with loop-detected.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C; mta D
LINK_SPACES='"C=GB;A= ;P=B", "C=GB;A= ;P=LOOP2"' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A", "C=GB;A= ;P=LOOP2"' link B A "1988 normal"
LINK_SPACES='"C=GB;A= ;P=C", "C=GB;A= ;P=LOOP3"' link A C "1984"
LINK_SPACES='"C=GB;A= ;P=D", "C=GB;A= ;P=LOOP3"' link C D "1988 X.410"
LINK_SPACES='"C=GB;A= ;P=A", "C=GB;A= ;P=LOOP3"' link D A "1988 normal"
LINK_SPACES='"C=GB;A= ;P=D"' link A D "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link C A "1984"
link D C "1988 X.410"
mailbox A ann
start A B C D

newest_has() { grep -q -E -- "$3" "$(newest "$1" "$2")"; }
check "P1_05 a message into a loop of two is taken" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=LOOP2;S=X' -s loop -t hello
check "P1_05 it ends in a report" wait_for has_delivered A ann 1
check "P1_05 the report says loop-detected" newest_has A ann 'loop-detected'
rm -f "$WORK/A/ann"/*
check "P1_05 a message into a loop of three is taken" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=LOOP3;S=X' -s loop -t hello
check "P1_05 it ends in a report" wait_for has_delivered A ann 1
check "P1_05 the report says loop-detected" newest_has A ann 'loop-detected'
for who in A B C D; do
    check "P1_05 nothing is left at MTA-$who" wait_for queue_is_empty $who
done
finish
