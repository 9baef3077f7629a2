#!/bin/sh
# Known peer faults that a connector accommodates (quirks): what leaves for such a peer is seen in the octets that a
# sink takes. P1-06 beside them: bilateral information is the business of the unit tests, no sender here makes it.
. "$(dirname "$0")/lib.sh"

set -- $(free_ports 6)
plain_port=$1 tpdu_port=$2 pieces_port=$3 trace_port=$4 form_port=$5 return_port=$6
mta A
quirk() { # NAME PORT [QUIRK]
    LINK_PORT=$2 LINK_ADVANCED="two-way-alternate = off quirks = { ${3:+\"$3\"} }" link A "$1" "1988 normal"
    mkdir -p "$WORK/$1"
    "$BIN/p1sink" -n "MTA-$1" -p "secret-$1" --dump "$WORK/$1" "127.0.0.1:$2" >"$WORK/$1.out" 2>&1 &
    sinks="${sinks:-} $!"
}
quirk PLAIN "$plain_port"
quirk TPDU "$tpdu_port" 2k-tpdu
quirk PIECES "$pieces_port" content-in-small-pieces
quirk TRACE "$trace_port" strip-internal-trace
quirk FORM "$form_port" extension-type-1988
quirk RETURN "$return_port" no-content-return
mailbox A ann
start A

dd if=/dev/zero bs=1000 count=9 2>/dev/null | tr '\0' x >"$WORK/text"
for peer in PLAIN TPDU PIECES TRACE FORM RETURN; do
    check "$peer: a message is taken" ctl A send -f "$(user A ann)" -r "$(user $peer jim)" -s quirk --text-file "$WORK/text" --content-return
done
apdu() { find "$WORK/$1" -type f ! -name '.*' | head -1; }
arrived() { [ -s "$(apdu "$1")" ]; }
# octets PEER HEX: the APDU has these octets somewhere.
octets() { od -An -v -tx1 "$(apdu "$1")" | tr -d ' \n' | grep -q "$2"; }
tpdu_of() { ctl A associations --json | tr -d ' \n' | sed 's/{"id"/\n&/g' | grep "\"connector\":\"$1\"" | sed 's/.*"tpdu":\([0-9]*\).*/\1/'; }
for peer in PLAIN TPDU PIECES TRACE FORM RETURN; do
    check "$peer: it arrives" wait_for arrived $peer
done
check "without a quirk the content is one piece" octets PLAIN '0482[0-9a-f]\{4\}a0'
check_not "without a quirk it is not in segments" octets PLAIN '048207d0'
check "without a quirk the type of an extension is as in the later text" octets PLAIN '800126'
check "without a quirk the internal trace goes along" octets PLAIN 4d54412d41
check "2k-tpdu: TPDUs of 2048 octets at most" test "$(tpdu_of TPDU)" -le 2048
check "without it larger ones" test "$(tpdu_of PLAIN)" -gt 2048
check "content-in-small-pieces: segments of at most 2 KB" octets PIECES '2482[0-9a-f]\{4\}048207d0'
check "content-in-small-pieces: the content is the same" sh -c \
    "'$BIN/x400ctl' show '$(apdu PIECES)' | grep -A3 'Body part' >'$WORK/pieces.txt'; '$BIN/x400ctl' show '$(apdu PLAIN)' | grep -A3 'Body part' | cmp - '$WORK/pieces.txt'"
check_not "strip-internal-trace: no extension 38" octets TRACE '\(800126\|a003020126\)'
check "extension-type-1988: the type of an extension as in 1988" octets FORM 'a003020126'
check_not "extension-type-1988: and not as later" octets FORM '800126'
flags() { "$BIN/x400ctl" show --json "$(apdu "$1")" | grep -q content-return-request; }
check "without a quirk the request to return the content goes along" flags PLAIN
check_not "no-content-return: it does not" flags RETURN
# shellcheck disable=SC2086
kill $sinks
finish
