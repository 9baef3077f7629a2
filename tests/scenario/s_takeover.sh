#!/bin/sh
# OP-04: two services on one spool. The second waits for the store and takes it over from one that hangs; the one
# that comes back neither confirms nor sends, says so and ends; nothing is lost and nothing arrives twice.
. "$(dirname "$0")/lib.sh"

mta A; mta B
mailbox A ann
mailbox B jim
printf 'store {\n    lease = 2s\n}\n' >>"$WORK/A/x400mta.conf"
link A B "1988 normal"
LINK_SPACES='"C=GB;A= ;P=A"' link B A "1988 normal"
# The other node: the same spool and name, other ports and logs.
mkdir -p "$WORK/N"
ports=$(free_ports 2)
port_N=${ports% *}
admin_N=${ports#* }
sed -e "s/port = $port_A\$/port = $port_N/" -e "s/port = $admin_A\$/port = $admin_N/" \
    -e "s#$WORK/A/events.log#$WORK/N/events.log#" "$WORK/A/x400mta.conf" >"$WORK/N/x400mta.conf"

: >"$WORK/accepted"
# post NODE: one message of its own; its digest is noted if it was accepted.
post() {
    message=$(mktemp "$WORK/message.XXXXXX")
    random_file "$message" 2000
    digest=$(sha256sum <"$message")
    timeout 60 "$BIN/x400ctl" -c "$WORK/$1/x400mta.conf" send -f "$(user A ann)" -r "$(user B jim)" --content "$message" \
        --content-type 2 >/dev/null 2>&1 && echo "${digest%% *}" >>"$WORK/accepted"
}
arrived() { for file in "$WORK"/B/jim/*.content; do sha256sum <"$file"; done | cut -d' ' -f1 | sort; }
all_arrived() { arrived >"$WORK/arrived"; sort -u "$WORK/accepted" | comm -23 - "$WORK/arrived" >"$WORK/missing"; [ ! -s "$WORK/missing" ]; }
ended() { ! kill -0 "$1" 2>/dev/null; }
taken_over() { [ "$(grep -c 'event 12131\|12131' "$WORK/$1/events.log")" -ge "$2" ]; }

# hang NODE OTHER COUNT: stops NODE until OTHER has taken over. A process that was stopped in the middle of a commit
# holds the database itself: it gets another moment.
hang() {
    for attempt in 1 2 3 4 5; do
        kill -STOP "$(get "pid_$1")"
        PATIENCE=15 wait_for taken_over "$2" "$3" && return 0
        kill -CONT "$(get "pid_$1")"
        sleep 0.3
    done
    return 1
}

start A
for i in 1 2 3 4 5 6 7 8 9 10; do post A; done
check "ten messages wait for a peer that is down" [ "$(number A queued)" = 10 ]
launch N
check "OP_04 the second service waits for the store" wait_for logged N "12130.*in use by process $(process_of A)"
check "OP_04 it does not end" running N
check_not "OP_04 and does not answer" ctl N status
check "OP_04 it takes the store of one that hangs" hang A N 1
check "OP_04 and answers then" wait_for ctl N status
post A &
asking=$!
sleep 0.2
start B
check "OP_04 what waited is sent by the second" wait_for has_delivered B jim 10
accepted=$(wc -l <"$WORK/accepted")
kill -CONT "$pid_A"
check "OP_04 the one that comes back says so" wait_for logged A "12132.*taken over by process $(process_of N)"
check "OP_04 and ends" wait_for ended "$pid_A"
wait "$pid_A"
check "OP_04 with a status that tells of it" [ $? -eq 1 ]
pid_A=""
wait "$asking"
check "OP_04 it confirmed nothing more" [ "$(wc -l <"$WORK/accepted")" = "$accepted" ]
check "OP_04 nothing arrived twice" [ "$(number B repeats)" = 0 ]

# The same in the middle of work, the other way round.
launch A
waits() { [ "$(grep -c 12130 "$WORK/A/events.log")" = 1 ]; }
check "the first waits now" wait_for waits
senders=""
for sender in 1 2 3; do
    (for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do post N; done) &
    senders="$senders $!"
done
enough() { [ "$(wc -l <"$WORK/accepted")" -ge 25 ]; }
check "there is load" wait_for enough
check "OP_04 under load the first takes over again" hang N A 1
kill -CONT "$pid_N"
check "OP_04 the second says that it has lost it" wait_for logged N "12132.*taken over by process $(process_of A)"
check "OP_04 the second ends" wait_for ended "$pid_N"
wait "$pid_N"
pid_N=""
for sender in $senders; do wait "$sender"; done
check "OP_04 the first answers" wait_for ctl A status
for i in 1 2 3 4 5; do post A; done
check "OP_04 no message is lost" wait_for all_arrived
check "OP_04 its queue is empty" wait_for queue_is_empty A
arrived >"$WORK/arrived"
check "OP_04 no message is there twice" [ "$(uniq -d "$WORK/arrived" | wc -l)" = 0 ]
stop A
check "mtacheck agrees" "$BIN/mtacheck" -c "$WORK/A/x400mta.conf"
finish
