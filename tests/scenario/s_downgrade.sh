#!/bin/sh
# P1-12: a 1984 link: the common name travels as a domain-defined attribute and comes back; a recipient who cannot
# be said in 1984 is non-delivered, and the others get the message.
. "$(dirname "$0")/lib.sh"

mta A; mta B
link A B 1984
LINK_SPACES='"C=GB;A= ;P=A"' LINK_ADVANCED='common-name-from-dda = on' link B A 1984
mailbox A ann
mailbox B jim
mailbox B tom 'C=GB;A= ;P=B;CN=TOM'
start A B

newest_has() { grep -q -E -- "$3" "$(newest "$1" "$2")"; }
check "P1_12 a message to a common name is taken" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=B;CN=TOM' -s cn -t hello --report delivery
check "P1_12 it is delivered to the common name" wait_for has_delivered B tom 1
check "P1_12 which is an attribute of its own again" newest_has B tom 'CN=TOM'
check "P1_12 the delivery report arrives" wait_for has_delivered A ann 1
rm -f "$WORK/A/ann"/*
check "P1_12 a message to one who can be said in 1984 and one who cannot" \
    ctl A send -f "$(user A ann)" -r "$(user B jim)" -r 'C=GB;A= ;P=B;PD-PC=12345;S=X' -s two -t hello
check "P1_12 the one gets it" wait_for has_delivered B jim 1
check "P1_12 the other is reported" wait_for has_delivered A ann 1
check "P1_12 as unable-to-downgrade" newest_has A ann '"diagnostic": 47'
check "P1_12 he alone" sh -c "test \$(grep -c '\"report\": \"non-delivered\"' $(newest A ann)) = 1"
check "P1_12 the event names the connector" logged A 'unable-to-downgrade'
check "P1_12 there was one copy" test "$(delivered B jim)" -eq 1
rm -f "$WORK/A/ann"/*
check "P1_12 one who cannot, but has an alternate" ctl A send -f "$(user A ann)" -r 'C=GB;A= ;P=B;PD-PC=12345;S=X' \
    --alternate "$(user B jim)" -s alternate -t hello
check "P1_12 goes to the alternate" wait_for has_delivered B jim 2
check "P1_12 without a report" test "$(delivered A ann)" -eq 0
check "nothing is left" wait_for queue_is_empty A
check "P1_12 the tracking log says that it was downgraded (31)" sh -c 'cut -f2 "$0"/tracking.log/*.log | grep -q -x 31' "$WORK/A/data"
finish
