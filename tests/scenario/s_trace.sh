#!/bin/sh
# x400ctl trace: a connector's traffic as pcapng that tshark dissects without a malformed PDU, in each context; with
# the contents blanked nothing of them is left. AP0.LOG and BF0.LOG when the diagnostics levels ask for them.
. "$(dirname "$0")/lib.sh"

mta A; mta B; mta C; mta D
for pair in "B 1984" "C 1988 X.410" "D 1988 normal"; do
    peer=${pair%% *}
    LINK_OVERRIDE='lifetime = 2s' link A "$peer" "${pair#* }"
    LINK_SPACES='"C=GB;A= ;P=A"' link "$peer" A "${pair#* }"
    mailbox "$peer" jim
done
start A B C D

i=0
while [ $i -lt 3000 ]; do
    printf 'NOBODY-MAY-READ-THIS '
    i=$((i + 1))
done >"$WORK/secret"

trace() { # WHO CONNECTOR FILE OPTION...
    who=$1
    connector=$2
    file=$3
    shift 3
    "$BIN/x400ctl" -c "$WORK/$who/x400mta.conf" trace "$connector" -o "$file" "$@" >"$file.out" 2>&1 &
    trace_pid=$!
    wait_for grep -q . "$file"
}
end_trace() {
    kill -TERM "$trace_pid"
    wait "$trace_pid"
}
dissected() { # FILE PORT FIELD: how many frames have it
    tshark -r "$1" -d "tcp.port==$2,tpkt" -Y "$3" 2>/dev/null | wc -l
}

for peer in B C D; do
    port=$(get "port_$peer")
    for blanked in no yes; do
        file=$WORK/$peer-$blanked.pcapng
        if [ $blanked = yes ]; then option=--content-blanked; else option=--json; fi
        trace A "$peer" "$file" $option
        before=$(delivered $peer jim)
        check "a message to MTA-$peer while its connector is traced" \
            ctl A send -f "$(user A ann)" -r "$(user $peer jim)" --content "$WORK/secret" --content-type 22
        check "it arrives" wait_for has_delivered $peer jim $((before + 1))
        sleep 3 # the association is idle for its lifetime and is released
        check "the trace ends in order" end_trace
        check "tshark opens it" tshark -r "$file" -c 1
        check "it begins with the connection" test "$(dissected "$file" "$port" tcp.flags.syn==1)" -eq 2
        check "every TPKT is dissected up to the session" test "$(dissected "$file" "$port" ses)" -ge 6
        check "nothing is malformed below the APDU" test "$(dissected "$file" "$port" \
            '_ws.malformed && (tpkt || cotp || ses) && !(p1 || x411 || x420 || ber)')" -eq 0
        check "no checksum is wrong" test "$(tshark -r "$file" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
            -Y 'tcp.checksum.status == 0 || ip.checksum.status == 0' 2>/dev/null | wc -l)" -eq 0
        if [ $blanked = yes ]; then
            check_not "no word of the content is in it" grep -q -a 'NOBODY\|MAY-READ' "$file"
            check "the name of the recipient is" grep -q -a JIM "$file"
        else
            check "the content is in it" grep -q -a NOBODY "$file"
        fi
    done
done

trace B A "$WORK/incoming.pcapng" --content-blanked
before=$(delivered B jim)
check "an incoming call while it is traced" \
    ctl A send -f "$(user A ann)" -r "$(user B jim)" --content "$WORK/secret" --content-type 22
check "is delivered" wait_for has_delivered B jim $((before + 1))
check "and its trace ends" end_trace
check "has the call from its beginning" test "$(dissected "$WORK/incoming.pcapng" "$port_B" cotp.type==0x0e)" -eq 1
check_not "and no word of the content" grep -q -a 'NOBODY\|MAY-READ' "$WORK/incoming.pcapng"

check_not "without the levels there is no BF0.LOG" test -e "$WORK/B/data/BF0.LOG"
check "the level of APDU is raised" ctl B diagnostics apdu medium
check "the levels are shown" sh -c "'$BIN/x400ctl' -c '$WORK/B/x400mta.conf' diagnostics | grep -q 'APDU *medium'"
before=$(delivered B jim)
check "a message then" ctl A send -f "$(user A ann)" -r "$(user B jim)" --content "$WORK/secret" --content-type 22
check "is delivered too" wait_for has_delivered B jim $((before + 1))
check "BF0.LOG has the APDU" grep -q 'Reference 1 : APDU from A' "$WORK/B/data/BF0.LOG"
check "and its octets" grep -q '4E 4F 42 4F 44 59' "$WORK/B/data/BF0.LOG"
check "AP0.LOG has what passed" grep -q 'N-DATA indication from' "$WORK/B/data/AP0.LOG"
check_not "an unknown category is refused" ctl B diagnostics nonsense medium
finish
