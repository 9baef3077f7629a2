#!/bin/sh
# OP-02: the disk of the queue is full, has no inodes, is read-only, or fails at writes and flushes while the service
# runs. Nothing new is confirmed, what is there is still sent, nothing is lost or sent twice, and the service works
# again when the disk does, without a restart; mtacheck finds nothing.
. "$(dirname "$0")/lib.sh"

pid_B=""
mta A; mta B
mailbox A ann
mailbox B jim
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
${CC:-cc} -shared -fPIC -O1 -o "$WORK/faults.so" "$HERE/faults.c" -ldl || { fail "the disk that fails is built"; finish; }

: >"$WORK/accepted"
post() {
    random_file "$WORK/message" 2000
    digest=$(sha256sum <"$WORK/message")
    timeout 60 "$BIN/x400ctl" -c "$WORK/A/x400mta.conf" send -f "$(user A ann)" -r "$(user B jim)" \
        --content "$WORK/message" --content-type 2 >/dev/null 2>&1 && echo "${digest%% *}" >>"$WORK/accepted"
}
post_five() { for i in 1 2 3 4 5; do post; done; }
arrived() { for file in "$WORK"/B/jim/*.content; do sha256sum <"$file"; done | cut -d' ' -f1 | sort; }
each_once() {
    arrived >"$WORK/arrived"
    sort "$WORK/accepted" >"$WORK/wanted"
    diff "$WORK/wanted" "$WORK/arrived"
}
failures() { grep -c '12011' "$WORK/A/events.log"; }
recoveries() { grep -c '12012' "$WORK/A/events.log"; }
counted() { [ "$($1)" -ge "$2" ]; }
queued_in_A() { [ "$(number A queued)" = "$1" ]; }

# trial WORDS BREAK MEND: five messages wait, the disk fails, the peer comes back, the disk works again.
trial() {
    words=$1
    so_far=$(wc -l <"$WORK/accepted")
    failed=$(failures)
    mended=$(recoveries)
    [ -z "$(get pid_B)" ] || stop B
    post_five
    check "OP_02 $words: five messages wait" queued_in_A 5
    $2
    check_not "OP_02 $words: nothing more is accepted" post
    check "OP_02 $words: the event says so" wait_for counted failures $((failed + 1))
    start B
    check "OP_02 $words: what is there is sent" wait_for has_delivered B jim $((so_far + 5))
    check "OP_02 $words: the service runs" ctl A status
    check_not "OP_02 $words: still nothing is accepted" post
    $3
    check "OP_02 $words: messages are accepted again without a restart" wait_for post
    check "OP_02 $words: an event says so" wait_for counted recoveries $((mended + 1))
    check "OP_02 $words: the queue runs empty" wait_for queue_is_empty A
    check "OP_02 $words: each message arrived, once" wait_for each_once
    check "OP_02 $words: none was sent twice" [ "$(number B repeats)" = 0 ]
}

fill() { cat /dev/zero >"$WORK/A/data/filling" 2>/dev/null; }
empty() { rm -f "$WORK/A/data/filling"; }
break_disk() { echo "$fault" >"$WORK/fault.new" && mv "$WORK/fault.new" "$WORK/fault"; }
mend_disk() { rm -f "$WORK/fault"; }

export X400_FAULTS="$WORK/fault" X400_FAULTS_UNDER="$WORK/A/data"
start_faulty() {
    LD_PRELOAD="$WORK/faults.so" launch A
    wait_for ctl A status || { fail "MTA-A starts"; finish; }
}
start_faulty
for fault in enospc eio fsync erofs; do
    case $fault in
    enospc) words="no space" ;;
    eio) words="an error at each write" ;;
    fsync) words="an error at each flush" ;;
    erofs) words="a file system that went read-only" ;;
    esac
    trial "$words" break_disk mend_disk
done
stop A
check "OP_02 mtacheck agrees" "$BIN/mtacheck" -c "$WORK/A/x400mta.conf"

# A real file system, small.
if mount -t tmpfs -o size=6m,nr_inodes=200 x400-faults "$WORK/A/data" 2>/dev/null; then
    trap 'umount -l "$WORK/A/data"; abandon' EXIT INT TERM
    start A
    trial "a full file system" fill empty
    no_inodes() { i=0; while touch "$WORK/A/data/inode.$i" 2>/dev/null; do i=$((i + 1)); done; }
    inodes() { rm -f "$WORK"/A/data/inode.*; }
    stop B
    post_five
    no_inodes
    start B
    check "OP_02 no inodes: messages go on, for no new file is needed" wait_for queue_is_empty A
    post
    check "OP_02 no inodes: each message arrived, once" wait_for each_once
    stop A
    inodes
    launch A
    check "OP_02 no inodes: the service starts when there are some" wait_for ctl A status
    stop A
    check "OP_02 mtacheck agrees on that file system" "$BIN/mtacheck" -c "$WORK/A/x400mta.conf"
    umount "$WORK/A/data"
    trap abandon EXIT INT TERM
else
    say "  no right to mount a small file system here: the preloaded faults stand for it"
fi
finish
