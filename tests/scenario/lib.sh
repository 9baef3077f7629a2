# What the scenarios share: MTAs over loopback, each in a work folder of its own, and checks that are counted.
#
#   mta A [LINE...]              the MTA "MTA-A" of the domain C=GB;A= ;P=A; LINEs go into its mta block
#   link A B CONFORMANCE         A's connector "B" to MTA-B (1984, "1988 X.410", "1988 normal"); see LINK_* below
#   mailbox A jim [PATTERN...]   a mailbox folder $WORK/A/jim, for S=JIM of A's domain by default
#   start A B; stop A; crash A   processes, ended by their own IDs only; start waits until they answer
#   ctl A COMMAND...             x400ctl for that MTA
#   check "words" COMMAND...     one counted check: passes if COMMAND succeeds
#   check_not "words" COMMAND... passes if COMMAND fails
#   wait_for COMMAND...          tries COMMAND until it succeeds, for at most $PATIENCE seconds
#   finish                       stops everything, prints "N passed, N failed"
#   if posix_only "why"; then    what the programs of Windows are not asked to do; docs/platforms.md lists it
#
# X400_BIN may be a folder of programs for Windows, which Wine runs: see tests/windows/scenario.sh. Which scenarios run on
# which platform, and why not, is in the file "list".
#
# Wall clocks bound how long a scenario waits for something that must come; nothing passes or fails by speed.
set -u

HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BIN=${X400_BIN:-$ROOT/build/release/bin}
NAME=$(basename "$0")
NAME=${NAME%.*}
WORK=${X400_WORK:-$ROOT/build/scenario}/$NAME
PATIENCE=${X400_PATIENCE:-60}
PASSED=0
FAILED=0
STARTED=""
export PYTHONDONTWRITEBYTECODE=1

rm -rf "$WORK"
mkdir -p "$WORK"
export X400_PORTS="${X400_PORTS:-$WORK/ports}" # a port is given once

say() { printf '%s\n' "$*"; }

pass() {
    PASSED=$((PASSED + 1))
    say "  ok      $1"
}

fail() {
    FAILED=$((FAILED + 1))
    say "  FAILED  $1"
}

check() {
    label=$1
    shift
    if "$@" >"$WORK/check.out" 2>&1; then
        pass "$label"
    else
        fail "$label"
        sed 's/^/          /' "$WORK/check.out" | tail -20
    fi
}

check_not() {
    label=$1
    shift
    if "$@" >"$WORK/check.out" 2>&1; then
        fail "$label"
    else
        pass "$label"
    fi
}

wait_for() {
    turns=$((PATIENCE * 10))
    while [ "$turns" -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
        turns=$((turns - 1))
    done
    "$@"
}

# get NAME / put NAME VALUE: a variable of an MTA, such as port_A.
get() { eval "printf '%s' \"\${$1}\""; }
put() { eval "$1=\$2"; }

# Ports below the range that systems take for outgoing connections, free at this moment.
free_ports() { python3 "$ROOT/tests/scenario/ports.py" "$1"; }

mta() {
    who=$1
    shift
    mkdir -p "$WORK/$who"
    set -- "$who" "$@"
    ports=$(free_ports 2)
    put "port_$who" "${ports% *}"
    put "admin_$who" "${ports#* }"
    conf=$WORK/$who/x400mta.conf
    {
        printf 'mta {\n    name = "MTA-%s"\n    password = "secret-%s"\n    country = GB\n    admd = " "\n' "$who" "$who"
        printf '    prmd = "%s"\n    data-folder = "%s"\n    minimum-open-interval = 1s\n' "$who" "$WORK/$who/data"
        shift
        for line; do printf '    %s\n' "$line"; done
        printf '}\nlistener "tcp" {\n    address = "127.0.0.1"\n    port = %s\n}\n' "$(get "port_$who")"
        printf 'log {\n    text-event-log = "%s"\n    system = off\n' "$WORK/$who/events.log"
        printf '    diagnostics {\n        x400-service = maximum\n        security = maximum\n        interface = maximum\n'
        printf '        interoperability = maximum\n        internal-processing = medium\n    }\n}\n'
        printf 'admin {\n    address = "127.0.0.1"\n    port = %s\n}\n' "$(get "admin_$who")"
    } >"$conf"
    mkdir -p "$WORK/$who/data"
}

# link A B CONFORMANCE. LINK_PORT, LINK_OVERRIDE, LINK_ADVANCED, LINK_SPACES, LINK_PASSWORD and LINK_INTERVAL (open and
# transfer interval) change what is written, for one call.
link() {
    conf=$WORK/$1/x400mta.conf
    {
        printf 'connector "%s" {\n    general {\n        remote-mta-name = "MTA-%s"\n' "$2" "$2"
        printf '        remote-mta-password = "%s"\n    }\n' "${LINK_PASSWORD-secret-$2}"
        printf '    stack {\n        remote-host-name = "127.0.0.1"\n        port = %s\n    }\n' "${LINK_PORT:-$(get "port_$2")}"
        printf '    override {\n        open-interval = %s\n        transfer-interval = %s\n' "${LINK_INTERVAL:-1s}" "${LINK_INTERVAL:-1s}"
        printf '        connect-timeout = 20s\n'
        printf '        %s\n    }\n' "${LINK_OVERRIDE:-}"
        printf '    address-space = { %s }\n' "${LINK_SPACES:-\"C=GB;A= ;P=$2\"}"
        printf '    advanced {\n        mta-conformance = "%s"\n        remote-country = GB\n        remote-admd = " "\n' "$3"
        printf '        remote-prmd = "%s"\n        %s\n    }\n}\n' "$2" "${LINK_ADVANCED:-}"
    } >>"$conf"
    unset LINK_PORT LINK_OVERRIDE LINK_ADVANCED LINK_SPACES LINK_PASSWORD LINK_INTERVAL
}

mailbox() {
    mailbox_of=$1
    box=$2
    shift 2
    spaces=""
    for pattern; do spaces="$spaces${spaces:+, }\"$pattern\""; done
    if [ -z "$spaces" ]; then
        spaces="\"C=GB;A= ;P=$mailbox_of;S=$(printf '%s' "$box" | tr '[:lower:]' '[:upper:]')\""
    fi
    mkdir -p "$WORK/$mailbox_of/$box"
    printf 'mailbox "%s" {\n    folder = "%s"\n    address-space = { %s }\n}\n' \
        "$box" "$WORK/$mailbox_of/$box" "$spaces" >>"$WORK/$mailbox_of/x400mta.conf"
}

# The user S=JIM of MTA A: user A jim
user() { printf 'C=GB;A= ;P=%s;S=%s' "$1" "$(printf '%s' "$2" | tr '[:lower:]' '[:upper:]')"; }

ctl() {
    ctl_who=$1
    shift
    "$BIN/x400ctl" -c "$WORK/$ctl_who/x400mta.conf" "$@"
}

# Starts without waiting for the answer.
launch() {
    for who; do
        "$BIN/x400mta" -c "$WORK/$who/x400mta.conf" >>"$WORK/$who/output" 2>&1 &
        put "pid_$who" $!
        case " $STARTED " in *" $who "*) ;; *) STARTED="$STARTED $who" ;; esac
    done
}

start() {
    launch "$@"
    for who; do
        if ! wait_for ctl "$who" status; then
            say "MTA-$who does not answer:"
            tail -20 "$WORK/$who/output" "$WORK/$who/events.log" 2>/dev/null
            fail "MTA-$who starts"
            finish
        fi
    done
}

running() { kill -0 "$(get "pid_$1")" 2>/dev/null; }

stop() {
    for who; do
        pid=$(get "pid_$who")
        [ -n "$pid" ] || continue
        kill -TERM "$pid" 2>/dev/null
        turns=300
        while kill -0 "$pid" 2>/dev/null && [ $turns -gt 0 ]; do
            sleep 0.1
            turns=$((turns - 1))
        done
        if [ $turns -eq 0 ]; then
            fail "MTA-$who stops when told so"
            kill -KILL "$pid" 2>/dev/null
        fi
        wait "$pid" 2>/dev/null
        status=$?
        if [ $status -ne 0 ] && [ $turns -gt 0 ]; then
            fail "MTA-$who ends with status 0 (it was $status)"
            tail -5 "$WORK/$who/output"
        fi
        put "pid_$who" ""
    done
}

crash() {
    for who; do
        kill -KILL "$(get "pid_$who")" 2>/dev/null
        wait "$(get "pid_$who")" 2>/dev/null
        put "pid_$who" ""
    done
}

# delivered A jim: how many messages and reports lie in the mailbox.
delivered() { find "$WORK/$1/$2" -maxdepth 1 -name '*.json' ! -name '.*' | wc -l; }
has_delivered() { [ "$(delivered "$1" "$2")" -ge "$3" ]; }
# The newest envelope of a mailbox.
newest() { ls -t "$WORK/$1/$2"/*.json 2>/dev/null | head -1; }

# logged A TEXT: the event log of A has a line with this extended regular expression.
logged() { grep -E -q -- "$2" "$WORK/$1/events.log"; }

queue_is_empty() { [ "$(ctl "$1" status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["queued"])')" = 0 ]; }

# number A KEY: a figure of the status.
number() { ctl "$1" status --json | python3 -c "import json,sys; print(json.load(sys.stdin)['$2'])"; }

posix_only() { :; }
# The process of MTA A as the programs name it, an extended regular expression.
process_of() { get "pid_$1"; }

# random_file PATH OCTETS
random_file() { head -c "$2" /dev/urandom >"$1"; }

finish() {
    for who in $STARTED; do
        [ -n "$(get "pid_$who")" ] && stop "$who"
    done
    trap - EXIT INT TERM
    say "${NAME:+$NAME: }$PASSED passed, $FAILED failed"
    [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
    exit $?
}

abandon() {
    for who in $STARTED; do
        pid=$(get "pid_$who")
        [ -n "$pid" ] && kill -KILL "$pid" 2>/dev/null
    done
    say "${NAME:+$NAME: }$PASSED passed, $((FAILED + 1)) failed"
    exit 1
}
trap abandon EXIT INT TERM
if [ -e "$BIN/x400mta.exe" ]; then . "$ROOT/tests/windows/scenario.sh"; fi
