#!/bin/sh
# OP-02: the file of the queue is put back to what it was before messages were sent, and is replaced by a copy. The
# service says so, goes on with what is there, sends nothing that a peer takes twice, and gives no identifier twice.
. "$(dirname "$0")/lib.sh"

mta A; mta B
mailbox A ann
mailbox B jim
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
: >"$WORK/accepted"
: >"$WORK/ids"
post() {
    random_file "$WORK/message" 2000
    digest=$(sha256sum <"$WORK/message")
    timeout 60 "$BIN/x400ctl" -c "$WORK/A/x400mta.conf" send -f "$(user A ann)" -r "$(user B jim)" \
        --content "$WORK/message" --content-type 2 >"$WORK/told" 2>&1 || return 1
    echo "${digest%% *}" >>"$WORK/accepted"
    cat "$WORK/told" >>"$WORK/ids"
}
each_once() {
    for file in "$WORK"/B/jim/*.content; do sha256sum <"$file"; done | cut -d' ' -f1 | sort >"$WORK/arrived"
    sort "$WORK/accepted" | cmp -s - "$WORK/arrived"
}
test_number() { [ "$(number "$1" "$2")" = "$3" ]; }
told_twice() { [ "$(grep -c ' 12133 ' "$WORK/A/events.log")" -gt 1 ]; }
no_identifier_twice() { [ -s "$WORK/ids" ] && [ -z "$(sort "$WORK/ids" | uniq -d)" ]; }
# The file as it is on disk while the service is down.
keep() { rm -rf "$WORK/kept" && mkdir "$WORK/kept" && cp -p "$WORK"/A/data/queue.db* "$WORK/kept/"; }
put_back() { rm -f "$WORK"/A/data/queue.db && rm -f "$WORK"/A/data/queue.db-* && cp -p "$WORK"/kept/queue.db "$WORK/A/data/"; }
replace_by_copy() { cp -p "$WORK/A/data/queue.db" "$WORK/A/data/copy" && mv "$WORK/A/data/copy" "$WORK/A/data/queue.db"; }

start A
for n in 1 2 3; do check "message $n is taken while the peer is down" post; done
stop A
keep
start B
start A
check "they are sent" wait_for has_delivered B jim 3
for n in 4 5; do check "message $n is taken" post; done
check "and these" wait_for has_delivered B jim 5
check "the queue is empty" wait_for queue_is_empty A
check_not "nothing was said about the store" logged A " 1213[34] "
stop A

put_back
start A
check "OP_02 put back: event 12133 says so" wait_for logged A " 12133 .*queue.db"
check "OP_02 put back: what it has is sent again and its queue runs empty" wait_for queue_is_empty A
check "OP_02 put back: the peer knows the three" wait_for test_number B repeats 3
check "OP_02 put back: each message is there once" each_once
for n in 6 7; do check "OP_02 put back: message $n is taken" post; done
check "OP_02 put back: and arrives, under an identifier of its own" wait_for each_once
stop A
check "OP_02 put back: mtacheck agrees" "$BIN/mtacheck" -c "$WORK/A/x400mta.conf"

start A
check_not "OP_02 put back: it is told once" told_twice
stop B
for n in 8 9; do check "message $n waits" post; done
stop A
check "OP_02 a copy takes the place of the file" replace_by_copy
start A
check "OP_02 a copy: event 12134 says so" wait_for logged A " 12134 .*queue.db"
start B
check "OP_02 a copy: what waits in it arrives" wait_for each_once
check "OP_02 no identifier was given twice" no_identifier_twice
stop A
check "OP_02 a copy: mtacheck agrees" "$BIN/mtacheck" -c "$WORK/A/x400mta.conf"
finish
