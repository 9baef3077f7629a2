#!/bin/sh
# x400mta in one go: installs what it needs, builds, starts two MTAs on loopback with embedded stores, sends a
# message from a user of one to a user of the other with a delivery report requested, and shows the message, the
# report, the trace and the log. Everything it makes is under build/; both MTAs are stopped at the end.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
work=$root/build/quickstart
bin=${X400_BIN:-$root/build/release/bin}
london=""
paris=""

step() { printf '\n== %s\n' "$*"; }

stop_all() {
    for pid in $london $paris; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in $london $paris; do wait "$pid" 2>/dev/null || true; done
    london=""
    paris=""
}

give_up() {
    status=$?
    trap - EXIT
    stop_all
    if [ $status -ne 0 ]; then
        echo
        echo "The quick start has failed. What the MTAs said last:"
        tail -n 15 "$work"/*/output "$work"/*/events.log 2>/dev/null || true
    fi
    exit $status
}
trap give_up EXIT
trap 'exit 130' INT TERM

if [ -z "${X400_BIN:-}" ]; then
    step "Installing what a build needs"
    sh tests/install-deps.sh build
    step "Building"
    mkdir -p build
    if ! { cmake --preset linux-release && cmake --build --preset linux-release --target x400mta x400ctl; } >build/quickstart-build.log 2>&1; then
        tail -n 30 build/quickstart-build.log
        exit 1
    fi
    echo "The programs are in build/release/bin."
fi

step "Two MTAs: MTA-LONDON (C=GB; A= ; P=LONDON) and MTA-PARIS (C=FR; A= ; P=PARIS)"
rm -rf "$work"
mkdir -p "$work/london/ann" "$work/paris/bob"
set -- $(python3 tests/scenario/ports.py 4)
london_port=$1 paris_port=$2 london_admin=$3 paris_admin=$4

configure() { # FOLDER NAME COUNTRY PORT ADMIN USER, then PEER NAME COUNTRY PORT
    cat >"$work/$1/x400mta.conf" <<CONF
mta {
    name = "MTA-$2"
    password = "secret of $2"
    country = $3
    admd = " "
    prmd = "$2"
    data-folder = "$work/$1/data"
}
listener "tcp" {
    address = "127.0.0.1"
    port = $4
}
connector "$7" {
    general {
        remote-mta-name = "MTA-$7"
        remote-mta-password = "secret of $7"
    }
    stack {
        remote-host-name = "127.0.0.1"
        port = $9
    }
    address-space = { "C=$8;A= ;P=$7" }
    advanced {
        mta-conformance = "1988 normal"
        remote-country = $8
        remote-admd = " "
        remote-prmd = "$7"
    }
}
mailbox "$6" {
    folder = "$work/$1/$6"
    address-space = { "C=$3;A= ;P=$2;S=$6" }
}
log {
    text-event-log = "$work/$1/events.log"
    system = off
    diagnostics {
        x400-service = maximum
    }
}
admin {
    address = "127.0.0.1"
    port = $5
}
CONF
    mkdir -p "$work/$1/data"
    "$bin/x400mta" -c "$work/$1/x400mta.conf" --check
}
configure london LONDON GB "$london_port" "$london_admin" ann PARIS FR "$paris_port"
configure paris PARIS FR "$paris_port" "$paris_admin" bob LONDON GB "$london_port"
"$bin/x400mta" -c "$work/london/x400mta.conf" >"$work/london/output" 2>&1 &
london=$!
"$bin/x400mta" -c "$work/paris/x400mta.conf" >"$work/paris/output" 2>&1 &
paris=$!

ctl() {
    where=$1
    shift
    "$bin/x400ctl" -c "$work/$where/x400mta.conf" "$@"
}
await() { # WORDS COMMAND...
    words=$1
    shift
    turns=300
    while ! "$@" >/dev/null 2>&1; do
        turns=$((turns - 1))
        if [ $turns -eq 0 ]; then
            echo "Waited in vain: $words" >&2
            return 1
        fi
        sleep 0.1
    done
}
await "MTA-LONDON is to answer" ctl london status
await "MTA-PARIS is to answer" ctl paris status
ctl london status

step "Does the link work?"
ctl london link test PARIS

step "Which way does a message to Bob take?"
ctl london route explain "S=bob;P=PARIS;A= ;C=FR"

step "Ann in London writes to Bob in Paris and wants a delivery report"
ctl london send -f "S=ann;P=LONDON;A= ;C=GB" -r "S=bob;P=PARIS;A= ;C=FR" -s "Greetings from London" \
    -t "Dear Bob,

this came to you over X.400: Transport, Session, Presentation, RTSE and P1.

Ann" --report delivery

in_mailbox() { ls "$work/$1"/*.json; }
await "the message is to arrive" in_mailbox paris/bob
await "the delivery report is to arrive" in_mailbox london/ann
message=$(ls "$work/paris/bob"/*.json)
report=$(ls "$work/london/ann"/*.json)

step "The message in Bob's mailbox ($message)"
"$bin/x400ctl" show "$message"
step "The delivery report in Ann's mailbox ($report)"
"$bin/x400ctl" show "$report"
step "The trace that the message brought along"
python3 - "$message" <<'PY'
import json, sys
for number, element in enumerate(json.load(open(sys.argv[1]))["trace"], 1):
    at = element["arrival"]
    print("%d. %s at 20%s-%s-%s %s:%s:%sZ, %s" % (number, element["domain"], *(at[i:i + 2] for i in range(0, 12, 2)), element["action"]))
PY
step "The log of MTA-LONDON"
cat "$work/london/events.log"
step "The log of MTA-PARIS"
cat "$work/paris/events.log"

grep -q '"delivered"' "$report" || { echo "The report does not say that the message was delivered." >&2; exit 1; }
stop_all
step "Done: the message was delivered and reported. Everything is in $work."
