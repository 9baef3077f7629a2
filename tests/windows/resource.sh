#!/bin/sh
# OP-04: the resource DLL for Windows failover clusters: its entry points, called as a cluster calls them, with the real
# service of Windows programs under Wine. DLLs beside the monitor stand in for the cluster's.
. "$(dirname "$0")/../scenario/lib.sh"
. "$ROOT/tests/windows/wine.sh"
export WINEDEBUG=-all
SERVICE=x400mta-resource-test
DLL=$WINDOWS_BIN/x400mta-cluster.dll

mta W
mailbox W jim
conf=$WORK/W/service.conf
sed 's#"/#"Z:/#g' "$WORK/W/x400mta.conf" >"$conf"
windows_conf=Z:$(printf '%s' "$conf" | tr / '\\')
x400mta() { wine "$WINDOWS_BIN/x400mta.exe" "$@" 2>&1 | tr -d '\r'; }

# The process of the service on this side: the one that has this configuration.
service_pid() {
    for each in /proc/[0-9]*; do
        { tr '\0\\' ' /' <"$each/cmdline"; } 2>/dev/null | grep -q "service run .*$WORK/W/service.conf" || continue
        printf '%s' "${each#/proc/}"
        return
    done
    return 1
}

# The monitor lives to the end, and with it the services of this Wine.
mkfifo "$WORK/orders"
wine "$WINDOWS_TEST_CLUSTER/monitor.exe" "$DLL" <"$WORK/orders" >"$WORK/answers" 2>/dev/null &
monitor=$!
exec 9>"$WORK/orders"
orders=0
is_done() { grep -q "^done $orders" "$WORK/answers"; }
order() { # LINE: its answers are in $WORK/answer
    orders=$((orders + 1))
    before=$(wc -l <"$WORK/answers")
    printf '%s\n' "$*" >&9
    wait_for is_done
    tail -n +$((before + 1)) "$WORK/answers" | tr -d '\r' >"$WORK/answer"
}
ordered() { # WORDS PATTERN LINE
    words=$1
    pattern=$2
    shift 2
    order "$@"
    check "OP_04 $words" sh -c "cat '$WORK/answer'; grep -E -q -- '$pattern' '$WORK/answer'"
}
logged_words() { check "OP_04 $1" grep -q -- "$2" "$WORK/answers"; }

end() {
    exec 9>&-
    wait "$monitor" 2>/dev/null
    x400mta service remove -n $SERVICE >/dev/null
    ! pid=$(service_pid) || kill -KILL "$pid"
}
trap 'end; abandon' EXIT INT TERM

ordered "another type is none of this DLL's" '^startup [1-9][0-9]* no table' startup other 100 100
ordered "a cluster that is too new is refused" '^startup [1-9][0-9]* no table' startup x400mta 200 300
ordered "Startup gives the table of functions" '^version 100 size 1' startup x400mta 100 300
ordered "a resource opens" '^open good' open
ordered "private properties by name" '^enum 0 ServiceName Configuration StopTimeout AnswerTimeout$' enum
ordered "the type has the same ones" '^type-enum 0 ServiceName Configuration StopTimeout AnswerTimeout$' type-enum
order get
check "OP_04 too little room is told" grep -q '^get in too little room 234$' "$WORK/answer"
check "OP_04 properties have defaults" sh -c \
    "grep -x 'property ServiceName=x400mta' '$WORK/answer' && grep -x 'property Configuration=' '$WORK/answer' &&
     grep -x 'property StopTimeout=60' '$WORK/answer' && grep -x 'property AnswerTimeout=10' '$WORK/answer'"
ordered "a control for the cluster itself is left to it" '^control 1, type 1$' unknown
ordered "a number out of bounds is refused" '^validate [1-9]' validate StopTimeout 0
ordered "a property that there is not is refused" '^set [1-9]' set NoSuchThing 5
ordered "a good one passes" '^validate 0' validate StopTimeout 20

# Without the service there is nothing to bring online.
ordered "a service that there is not fails" '^online state 4' online
logged_words "and the log says so" 'The service x400mta cannot be started, error 1060'
ordered "what never was online does not look alive" '^looks 0' looks

ordered "the name of the service is set" '^set 0' set ServiceName $SERVICE
ordered "and the configuration" '^set 0' set Configuration "$windows_conf"
ordered "and the time for answers" '^set 0' set AnswerTimeout 30
order set StopTimeout 60
cp "$conf" "$WORK/good"
printf 'no-such-section {\n}\n' >>"$conf"
check "OP_04 the service is installed" sh -c "wine '$WINDOWS_BIN/x400mta.exe' service install -n $SERVICE -c '$windows_conf' -a LocalSystem 2>/dev/null | grep 'is installed'"
ordered "a service that cannot start fails" '^online state 4' online
logged_words "and the log has its status" "The service $SERVICE has ended, error 1066, status 1"
cp "$WORK/good" "$conf"

ordered "online: pending with checkpoints, then online with an event" '^online state 2, checkpoints yes, event yes' online
check "OP_04 the service answers" ctl W status
check "OP_04 only the cluster starts it from now on" \
    sh -c "wine reg query 'HKLM\\System\\CurrentControlSet\\Services\\$SERVICE' /v Start 2>/dev/null | grep -i '0x3'"
ordered "it looks alive" '^looks 1' looks
ordered "it is alive" '^is 1' is
ordered "the event is quiet" '^event quiet' event
ordered "what is set while it is online is stored for later" '^set 5024' set StopTimeout 5
order set StopTimeout 60
check "OP_04 a message is taken" ctl W send -f "$(user W jim)" -r "$(user W jim)" -t hello
check "OP_04 and delivered" wait_for has_delivered W jim 1
first=$(service_pid)
ordered "offline: pending with checkpoints, then offline" '^offline state 3, checkpoints yes' offline
process_is_gone() { ! kill -0 "$1" 2>/dev/null; }
check "OP_04 the process is gone" wait_for process_is_gone "$first"
check "OP_04 the service manager says stopped" sh -c "wine '$WINDOWS_BIN/x400mta.exe' service status -n $SERVICE 2>/dev/null | grep 'is stopped'"
ordered "it looks alive no more" '^looks 0' looks

# A service that hangs: the service manager knows nothing of it, and its process is there.
order set AnswerTimeout 3
order set StopTimeout 2
ordered "online again" '^online state 2' online
hanging=$(service_pid)
kill -STOP "$hanging"
ordered "a service that hangs looks alive" '^looks 1' looks
ordered "and is not, for it does not answer" '^is 0' is
logged_words "the log says so" "The service $SERVICE does not answer"
ordered "offline ends it after its time" '^offline state 3' offline
kill -CONT "$hanging" 2>/dev/null
check "OP_04 the process is gone" wait_for process_is_gone "$hanging"
logged_words "the log says that it was ended" "The service $SERVICE does not end, and is ended"

# A process that dies is told at once.
order set AnswerTimeout 30
ordered "online again after that" '^online state 2' online
dying=$(service_pid)
kill -KILL "$dying"
signalled() { order event; grep -q '^event signalled' "$WORK/answer"; }
check "OP_04 the end of the process is told by the event" wait_for signalled
ordered "it looks alive no more" '^looks 0' looks
ordered "nor is it" '^is 0' is
ordered "online once more" '^online state 2' online
check "OP_04 the service answers again" ctl W status
last=$(service_pid)
ordered "Terminate ends it" '^terminated' terminate
check "OP_04 its process is gone" wait_for process_is_gone "$last"
ordered "the resource closes" '^closed' close
end
finish
