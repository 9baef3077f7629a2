#!/bin/sh
# P1-01: binds with a wrong name, a wrong password, a password in the wrong case: refused with events on both
# sides that say so, never as a decoding fault; a good one passes.
. "$(dirname "$0")/lib.sh"

for context in "1984" "1988 X.410" "1988 normal"; do
    case $context in 1984) a=A; b=B ;; *X.410) a=E; b=F ;; *) a=G; b=H ;; esac
    mta $a; mta $b
    link $a $b "$context"
    mailbox $b jim
    mailbox $a ann
    # What B expects of A differs from what A presents.
    LINK_PASSWORD="SECRET-$a" LINK_SPACES="\"C=GB;A= ;P=$a\"" link $b $a "$context"
    start $a $b
    check "P1_01 $context: link test fails with a password in the wrong case" sh -c "! '$BIN/x400ctl' -c '$WORK/$a/x400mta.conf' link test $b"
    check "P1_01 $context: a message waits" ctl $a send -f "$(user $a ann)" -r "$(user $b jim)" -s wait -t hello
    check "P1_01 $context: the caller's event says why" wait_for logged $a 'authenticat|credential|password'
    check "P1_01 $context: the called side's event says why" wait_for logged $b 'authenticat|credential|password'
    check_not "P1_01 $context: it is no decoding fault" logged $b 'decod|ASN|malformed'
    check "P1_01 $context: nothing was delivered" test "$(delivered $b jim)" -eq 0
    sed -i "s/SECRET-$a/secret-$a/" "$WORK/$b/x400mta.conf"
    check "P1_01 $context: the configuration put right, reload works" ctl $b reload
    check "P1_01 $context: the message arrives with the next try" wait_for has_delivered $b jim 1
    check "P1_01 $context: link test says that the link works" ctl $a link test $b
    sed -i "s/remote-mta-name = \"MTA-$a\"/remote-mta-name = \"MTA-X\"/" "$WORK/$b/x400mta.conf"
    check "P1_01 $context: now the name is unknown, reload works" ctl $b reload
    check "P1_01 $context: link test fails with an unknown name" sh -c "! '$BIN/x400ctl' -c '$WORK/$a/x400mta.conf' link test $b"
    check "P1_01 $context: the event names the caller" wait_for logged $b "MTA-$a"
    stop $a $b
done
finish
