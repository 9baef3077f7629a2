#!/bin/sh
# A probe and a delivery report through two MTAs, in each context; and no report when none is wanted.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C; mta D
for pair in "B 1984" "C 1988 X.410" "D 1988 normal"; do
    peer=${pair%% *}
    link A "$peer" "${pair#* }"
    LINK_SPACES='"C=GB;A= ;P=A"' link "$peer" A "${pair#* }"
    mailbox "$peer" jim
done
mailbox A ann
start A B C D

newest_has() { grep -q -- "$3" "$(newest "$1" "$2")"; }
for peer in B C D; do
    rm -f "$WORK/A/ann"/*
    check "a probe to MTA-$peer is taken" ctl A send -f "$(user A ann)" -r "$(user $peer jim)" -s probe --probe --report delivery
    check "the probe is answered with a report" wait_for has_delivered A ann 1
    check "the report says that it could be delivered" newest_has A ann '"report": *"delivered"'
    check "the probe itself is not delivered" test "$(delivered $peer jim)" -eq 0
    rm -f "$WORK/A/ann"/*
    check "a message that wants a delivery report is taken" \
        ctl A send -f "$(user A ann)" -r "$(user $peer jim)" -s report -t hello --report delivery
    check "it is delivered" wait_for has_delivered $peer jim 1
    check "the delivery report arrives" wait_for has_delivered A ann 1
    rm -f "$WORK/A/ann"/*
    check "a message that wants no report is taken" \
        ctl A send -f "$(user A ann)" -r "$(user $peer jim)" -s silent -t hello --report none
    check "it is delivered" wait_for has_delivered $peer jim 2
    check "a message to an unknown user is taken" \
        ctl A send -f "$(user A ann)" -r "C=GB;A= ;P=$peer;S=NOBODY" -s unknown -t hello
    check "the non-delivery report arrives" wait_for has_delivered A ann 1
    check "it is the only report" test "$(delivered A ann)" -eq 1
done
check "OP_05 12019 says that the probe was answered" wait_for logged B ' 12019 .*was answered'
finish
