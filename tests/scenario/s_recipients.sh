#!/bin/sh
# P1-07: many recipients of one message over two next hops, some of them local, one nowhere.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C
link A B "1988 normal"
link A C "1984"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link C A "1984"
mailbox A ann
mailbox A local 'C=GB;A= ;P=A;O=LOCAL'
mailbox B all 'C=GB;A= ;P=B'
mailbox C all 'C=GB;A= ;P=C'
start A B C

many() { # FIRST LAST: the options -r of so many recipients, in turn at B, C and A
    n=$1
    while [ "$n" -le "$2" ]; do
        case $((n % 3)) in
        0) printf '%s\n' "C=GB;A= ;P=A;O=LOCAL;S=U$n" ;;
        1) printf '%s\n' "C=GB;A= ;P=B;S=U$n" ;;
        2) printf '%s\n' "C=GB;A= ;P=C;S=U$n" ;;
        esac
        n=$((n + 1))
    done
}
send_many() { # COUNT: one message to COUNT recipients
    set -- "$1"
    many 1 "$1" >"$WORK/recipients"
    if [ "$1" -gt 1000 ]; then # more than a command line may have in some systems
        python3 - "$WORK/A/x400mta.conf" "$(user A ann)" "$WORK/recipients" <<PY
import sys
sys.path.insert(0, "$HERE")
import x400test
x400test.send(sys.argv[1], sys.argv[2], open(sys.argv[3]).read().split("\\n")[:-1], b"hello", content_type=2)
PY
        return
    fi
    set -- -s "to $1"
    while IFS= read -r address; do set -- "$@" -r "$address"; done <"$WORK/recipients"
    ctl A send -f "$(user A ann)" -t hello "$@"
}
# recipients_of MTA BOX: in all envelopes there, how many recipients are marked as delivered, and distinct numbers
recipients_of() {
    python3 - "$WORK/$1/$2" <<'PY'
import glob, json, sys
numbers = []
for path in glob.glob(sys.argv[1] + "/*.json"):
    for recipient in json.load(open(path))["recipients"]:
        if recipient.get("delivered"):
            numbers.append(recipient.get("number"))
print(len(numbers), len(set(numbers)))
PY
}
has_recipients() { [ "$(recipients_of "$1" "$2")" = "$3 $3" ]; }

for count in 3 100 5000; do
    rm -f "$WORK/A/local"/* "$WORK/B/all"/* "$WORK/C/all"/*
    third=$((count / 3))
    check "P1_07 $count recipients are taken" send_many $count
    check "P1_07 of $count recipients, B has its own" wait_for has_recipients B all $((third + (count % 3 > 0)))
    check "P1_07 of $count recipients, C has its own" wait_for has_recipients C all $((third + (count % 3 > 1)))
    check "P1_07 of $count recipients, A has its own" wait_for has_recipients A local $third
    check "P1_07 one copy for B, one for C" test "$(delivered B all) $(delivered C all)" = "1 1"
done

check "P1_07 one bad recipient does not fail the others: taken" ctl A send -f "$(user A ann)" -s bad -t hello \
    -r "C=GB;A= ;P=B;S=GOOD" -r "C=FR;A= ;P=NOWHERE;S=BAD" -r "C=GB;A= ;P=C;S=GOOD"
check "P1_07 the good one at B gets it" wait_for has_delivered B all 2
check "P1_07 the good one at C gets it" wait_for has_delivered C all 2
check "P1_07 the originator hears of the bad one" wait_for has_delivered A ann 1
check "P1_07 the report names the bad one only" sh -c \
    "grep -q 'S=BAD' '$(newest A ann)' && ! grep -q 'S=GOOD' '$(newest A ann)'"
finish
