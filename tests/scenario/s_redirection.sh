#!/bin/sh
# P1-11: redirection, alternate recipients, their prohibition and loops; RO-05: restrictions in test mode; P1-08:
# what a mailbox does not take, and the dead letter mailbox.
. "$(dirname "$0")/lib.sh"

mta A 'dead-letter-mailbox = "dead"' 'alternate-recipient = "C=GB;A= ;P=A;S=DESK"' 'maximum-returned-content = 1M'
mta B
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
for user in ann bob desk dead; do mailbox A $user; done
mailbox B jim
special() {
    mkdir -p "$WORK/A/$1"
    printf 'mailbox "%s" {\n    folder = "%s"\n    address-space = { "C=GB;A= ;P=A;S=%s" }\n    %s\n}\n' "$1" "$WORK/A/$1" \
        "$(printf %s "$1" | tr '[:lower:]' '[:upper:]')" "$2" >>"$WORK/A/x400mta.conf"
}
special moved 'redirect-to = "C=GB;A= ;P=A;S=BOB"'
special small 'maximum-message-size = 10k'
special helped 'accept-content-types = { 2 }
    alternate-recipient = "C=GB;A= ;P=A;S=BOB"'
special picky 'accept-encoded-information-types = { ia5-text }
    reject-from = { "C=GB;A= ;P=B" }
    accept-content-types = { 22, 2 }'
special lax 'accept-from = { "C=FR" }
    test-restrictions = on'
special strict 'accept-from = { "C=FR" }'
for pair in "GONE JIM B" "PING PONG A" "PONG PING A"; do
    set -- $pair
    printf 'redirect "%s" {\n    address = "C=GB;A= ;P=A;S=%s"\n    to = "C=GB;A= ;P=%s;S=%s"\n}\n' "$1" "$1" "$3" "$2" \
        >>"$WORK/A/x400mta.conf"
done
start A B

newest_has() { grep -q -E -- "$3" "$(newest "$1" "$2")"; }
empty() { rm -f "$WORK/A"/*/*.json "$WORK/A"/*/*.content "$WORK/B"/*/*.json "$WORK/B"/*/*.content; }
to() { to=$1; shift; ctl A send -f "$(user A ann)" -r "C=GB;A= ;P=A;S=$to" "$@"; }
refused() { # TO DIAGNOSTIC WORDS [OPTIONS]
    refused_to=$1; refused_code=$2; refused_words=$3; shift 3
    empty
    check "a message $refused_words is taken" to "$refused_to" "$@"
    check "its non-delivery report arrives" wait_for has_delivered A ann 1
    check "$refused_words: $refused_code" newest_has A ann "$refused_code"
}

check "P1_11 a message to a mailbox that is redirected is taken" to MOVED -t hello --report delivery
check "P1_11 the other one gets it" wait_for has_delivered A bob 1
check "P1_11 its redirection history says from whom" newest_has A bob 'recipient-assigned-alternate-recipient'
check "P1_11 the delivery report names who was meant" wait_for has_delivered A ann 1
check "P1_11 as originally intended" newest_has A ann '"originally_intended": *"[^"]*MOVED'
refused MOVED '"diagnostic": 26' "P1_11 whose redirection is prohibited" -t hello --no-redirection
refused PING '"diagnostic": 27' "P1_11 redirected in a circle" -t hello
empty
check "P1_11 a message to an address that moved to the next MTA" to GONE -t hello
check "P1_11 arrives there" wait_for has_delivered B jim 1
check "P1_11 with its history and trace" newest_has B jim '"redirected": true'
empty
check "P1_11 a message whose content type its mailbox does not take" to HELPED -t hello
check "P1_11 goes to the alternate that the mailbox names" wait_for has_delivered A bob 1
empty
check "P1_11 a message to nobody with an alternate recipient" ctl A send -f "$(user A ann)" -r 'C=FR;A= ;P=X;S=Y' -s x -t hello --alternate "$(user A bob)"
check "P1_11 goes to that one" wait_for has_delivered A bob 1
check "P1_11 as its originator asked" newest_has A bob 'originator-requested-alternate-recipient'
empty
check "P1_11 a message to an unknown user that may go to another" to UNKNOWN -t hello --alternate-allowed
check "P1_11 goes to the alternate of the domain" wait_for has_delivered A desk 1
refused UNKNOWN '"diagnostic": 0' "P1_11 to an unknown user that may not" -t hello
random_file "$WORK/big" 400000
refused SMALL '"diagnostic": 7' "P1_08 too long for the mailbox" --content "$WORK/big" --content-return
check "P1_08 the report returns the content of several chunks" cmp "$WORK/big" "$(ls "$WORK/A/ann"/*.content)"
empty
check "P1_08 a text to a mailbox that takes IA5 text only" to PICKY -t hello
check "P1_08 is delivered" wait_for has_delivered A picky 1
refused PICKY '"diagnostic": 6' "P1_08 with a file, of which the envelope speaks" -t hello -a "$0"
refused PICKY '"diagnostic": 15' "P1_08 of a content type that the mailbox does not take" --content "$WORK/big" --content-type 35
refused STRICT '"reason": 5' "P1_08 from somebody whom the mailbox does not take" -t hello
empty
check "RO_05 the same with restrictions in test mode" to LAX -t hello
check "RO_05 is delivered" wait_for has_delivered A lax 1
check "RO_05 and told" logged A 'Test of restrictions'
empty
check "P1_08 a probe of a mailbox that would refuse" to SMALL --content "$WORK/big" --probe --report delivery
check "P1_08 is answered" wait_for has_delivered A ann 1
check "P1_08 as the message would fare" newest_has A ann '"diagnostic": 7'
empty
check "P1_08 a message from nowhere to nowhere" ctl A send -f 'C=FR;A= ;P=NOWHERE;S=Y' -r 'C=FR;A= ;P=NOWHERE;S=X' -s lost -t hello
check "P1_08 ends in the dead letter mailbox, as a report" wait_for has_delivered A dead 1
check "P1_08 and is told" logged A 'dead letter mailbox'
check "nothing is left" wait_for queue_is_empty A
check "OP_05 12043 tells of redirections" wait_for logged A ' 12043 .*was redirected from'
check "OP_05 145 of an alternate that cannot be used" wait_for logged A ' 145 .*alternate recipient'
finish
