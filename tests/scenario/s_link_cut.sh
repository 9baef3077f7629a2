#!/bin/sh
# RT-02: the link is cut after every checkpoint of a transfer in turn; the message arrives once, resumed and not
# restarted. RT-03: after the recovery timeout it is restarted and still arrives once.
. "$(dirname "$0")/lib.sh"

for pair in "A B 1984" "C D 1988 X.410" "E F 1988 normal"; do
    a=${pair%% *}; rest=${pair#* }; b=${rest%% *}; context=${rest#* }
    mta $a; mta $b
    put "proxy_$a" "$(free_ports 1)"
    LINK_PORT=$(get "proxy_$a") LINK_OVERRIDE='checkpoint-size = 4k
        window-size = 2
        recovery-timeout = 300s' link $a $b "$context"
    LINK_SPACES="\"C=GB;A= ;P=$a\"" LINK_OVERRIDE='checkpoint-size = 4k
        window-size = 2
        recovery-timeout = 300s' link $b $a "$context"
    mailbox $a ann
    mailbox $b jim
    start $a $b
    python3 "$HERE/link_cut.py" "$WORK" "$a" "$b" "$(get "proxy_$a")" "$(get "port_$b")" "$context" >"$WORK/cut.out" 2>&1
    cat "$WORK/cut.out" | grep -v '^link_cut:'
    line=$(sed -n 's/^link_cut: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/cut.out")
    [ -n "$line" ] || line="0 1"
    PASSED=$((PASSED + ${line% *}))
    FAILED=$((FAILED + ${line#* }))
    stop $a $b
done
finish
