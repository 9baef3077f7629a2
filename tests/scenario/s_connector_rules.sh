#!/bin/sh
# Delivery restrictions, barred originators, priorities and thresholds of a connector; a link that is lost is told
# in the known order, an orderly release not at all (OP-05).
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C
LINK_OVERRIDE='lifetime = 2s
        threshold = 1
    }
    delivery-restrictions {
        reject-from = { "S=EVE" }
        disallow = { "non-urgent" }
    }
    thresholds {
        queue-length-threshold = 2
        urgent-overrides-thresholds = on' link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' LINK_OVERRIDE='lifetime = 2s
    }
    barred-originators {
        bar-p1-originator = { "S=MALLORY" }
        ndr-to-barred-originator = on' link B A "1988 normal"
link A C "1984"
LINK_SPACES='"C=GB;A= ;P=A"' link C A "1984"
for box in ann eve mallory; do mailbox A $box; done
mailbox B jim
mailbox C jim
start A B C

newest_has() { grep -q -E -- "$3" "$(newest "$1" "$2")"; }
send() { ctl A send -f "$(user A "$1")" -r "$(user "$2" jim)" -s rules -t hello --priority "$3"; }

check "an urgent message does not wait for the threshold" send ann B urgent
check "it arrives" wait_for has_delivered B jim 1
closed() { [ "$(ctl A associations --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["associations"]))')" = 0 ]; }
check "RT_05 the idle link is released at its lifetime" wait_for closed
check_not "OP_05 an orderly release logs no warning at the caller" logged A ' (1294|12013|9221|9224) '
check_not "OP_05 nor at the called side" logged B ' (1294|12013|9221|9224) '
check "one message waits for a second" send ann B normal
sleep 1
check "it has not been sent" test "$(delivered B jim)" -eq 1
check "the second comes" send ann B normal
check "both arrive" wait_for has_delivered B jim 3
check "a rejected originator gets a report" sh -c ":"; send eve B urgent
check "that says so" wait_for has_delivered A eve 1
check "no bilateral agreement" newest_has A eve 'no-bilateral-agreement'
check "a priority that is disallowed" send ann B non-urgent
check "is reported" wait_for has_delivered A ann 1
check "a barred originator's message is taken" send mallory B urgent
check "and reported by the peer" wait_for has_delivered A mallory 1
check "event 152 at the peer" logged B ' 152 '
check "nothing of these was delivered" test "$(delivered B jim)" -eq 3

check "mail to C opens a link" send ann C normal
check "it arrives there" wait_for has_delivered C jim 1
crash C
check "mail while C is gone" send ann C normal
check "4284 and 4287 are told" wait_for logged A ' 4287 '
order() { grep -o -E ' (4284|4287|2035|1209) ' "$WORK/A/events.log" | head -4 | tr -d ' \n'; }
say "  order of events: $(order)"
check "OP_03 the events of a lost link come in the known order" test "$(order)" = "4284428720351209"
start C
check "OP_03 mail flows again without a restart" wait_for has_delivered C jim 2
finish
