#!/bin/sh
# P1-13, RT-01: two MTAs in each of the three contexts, contents of 1 octet to 50 MB, unchanged on arrival.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C; mta D
for pair in "B 1984" "C 1988 X.410" "D 1988 normal"; do
    peer=${pair%% *}
    context=${pair#* }
    link A "$peer" "$context"
    LINK_SPACES='"C=GB;A= ;P=A"' link "$peer" A "$context"
    mailbox "$peer" jim
done
mailbox A ann
start A B C D

printf x >"$WORK/1"
random_file "$WORK/2K" 2048
random_file "$WORK/200K" 204800
random_file "$WORK/50M" 52428800

arrived() { # MTA FILE: some content in jim's mailbox is this file
    for content in "$WORK/$1/jim"/*.content; do
        cmp -s "$content" "$2" && return 0
    done
    return 1
}

for size in 1 2K 200K 50M; do
    for peer in B C D; do
        check "P1_13 $size to MTA-$peer is taken" \
            ctl A send -f "$(user A ann)" -r "$(user $peer jim)" --content "$WORK/$size" --content-type 2
        check "P1_13 $size to MTA-$peer arrives bit for bit" wait_for arrived $peer "$WORK/$size"
    done
done
for peer in B C D; do
    check "P1_13 MTA-$peer has each message once" test "$(delivered $peer jim)" -eq 4
done
check "the queue of MTA-A is empty" wait_for queue_is_empty A
check "associations are open and listed" sh -c "'$BIN/x400ctl' -c '$WORK/A/x400mta.conf' associations | grep -q MTA-\\\\\\|B"
for command in status associations connectors "connectors B"; do
    check_not "the tables of x400ctl $command show figures" sh -c "'$BIN/x400ctl' -c '$WORK/A/x400mta.conf' $command | grep '%'"
done
finish
