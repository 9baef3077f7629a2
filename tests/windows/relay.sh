#!/bin/sh
# P1-13, RT-01, RT-02: an MTA on Windows (Wine) and MTAs on Linux relay to each other in each of the three contexts, both
# ways: contents of 1 octet to 50 MB, and links that are cut after each checkpoint. The events of the Windows MTA reach the
# Event Log with number, type, category and every string.
. "$(dirname "$0")/../scenario/lib.sh"
HERE=$ROOT/tests/scenario
. "$ROOT/tests/windows/wine.sh"

# MTAs whose names begin with W are Windows programs. They are ended by Ctrl-C, which is what SIGINT becomes in Wine.
launch() {
    for who; do
        case $who in
        W*) (cd "$ROOT" && exec wine "$WINDOWS_BIN/x400mta.exe" -c "$WORK/$who/x400mta.conf" >>"$WORK/$who/output" 2>&1) & ;;
        *) "$BIN/x400mta" -c "$WORK/$who/x400mta.conf" >>"$WORK/$who/output" 2>&1 & ;;
        esac
        put "pid_$who" $!
        case " $STARTED " in *" $who "*) ;; *) STARTED="$STARTED $who" ;; esac
    done
}
kill() {
    if [ "$1" = -TERM ] && [ "$2" = "$(get pid_W)" ]; then
        command kill -INT "$2"
    else
        command kill "$@"
    fi
}

arrived() { # MTA FILE: some content in jim's mailbox is this file
    for content in "$WORK/$1/jim"/*.content; do
        cmp -s "$content" "$2" && return 0
    done
    return 1
}

mta W
sed -i 's/^    system = off/    system = on/' "$WORK/W/x400mta.conf"
mta B; mta C; mta D; mta S; mta X
# S calls from 127.0.0.1, and this connector allows another address only.
link W S "1988 normal"
sed -i 's/remote-host-name = "127.0.0.1"/remote-host-name = "127.0.0.1"\n        allowed-callers = { "192.0.2.1" }/' \
    "$WORK/W/x400mta.conf"
LINK_SPACES='"C=GB;A= ;P=W"' link S W "1988 normal"
mailbox S jim
# A peer that is not there.
port_of_X=$(free_ports 1)
LINK_PORT=$port_of_X link W X "1988 normal"
for pair in "B 1984" "C 1988 X.410" "D 1988 normal"; do
    peer=${pair%% *}
    link W "$peer" "${pair#* }"
    LINK_SPACES='"C=GB;A= ;P=W"' link "$peer" W "${pair#* }"
    mailbox "$peer" jim
done
mailbox W jim
start W B C D S

printf x >"$WORK/1"
random_file "$WORK/200K" 204800
random_file "$WORK/50M" 52428800
there_and_back() { # PEER SIZE
    check "P1_13 $2 from Windows to MTA-$1 is taken" \
        ctl W send -f "$(user W jim)" -r "$(user "$1" jim)" --content "$WORK/$2" --content-type 2
    check "P1_13 $2 from Windows to MTA-$1 arrives bit for bit" wait_for arrived "$1" "$WORK/$2"
    cp "$WORK/$2" "$WORK/back-$1" && printf '%s' "$1" >>"$WORK/back-$1" # another one than those of the other peers
    check "P1_13 $2 from MTA-$1 to Windows is taken" \
        ctl "$1" send -f "$(user "$1" jim)" -r "$(user W jim)" --content "$WORK/back-$1" --content-type 2
    check "P1_13 $2 from MTA-$1 to Windows arrives bit for bit" wait_for arrived W "$WORK/back-$1"
}
PATIENCE=300 # fifty megabytes on a machine with other work
for peer in B C D; do
    there_and_back $peer 1
    there_and_back $peer 200K
done
there_and_back D 50M
check "P1_13 the Windows MTA has each message once" test "$(delivered W jim)" -eq 7
check "P1_13 MTA-B has each message once" test "$(delivered B jim)" -eq 2
check "P1_13 MTA-D has each message once" test "$(delivered D jim)" -eq 3
check "the queue of the Windows MTA is empty" wait_for queue_is_empty W
check "the Windows x400ctl says what the Linux one says" sh -c \
    "cd '$ROOT' && wine '$WINDOWS_BIN/x400ctl.exe' -c '$WORK/W/x400mta.conf' connectors 2>/dev/null | tr -d '\\r' | grep -q '^B '"

# Events: number, type, category, and all strings with the tag's.
ctl W send -f "$(user W jim)" -r "$(user X jim)" --content "$WORK/1" --content-type 2 >/dev/null
in_event_log() { logged_events "$WORK/W/output" | grep -q -E -- "$1"; }
PATIENCE=120
check "OP_02 9298 is in the Event Log" in_event_log \
    '^9298 Information 1\|[0-9]+\.[0-9]+\.[0-9]+\|Windows-x86_64\|BASE IL MAIN BASE\|[0-9]+\|490\|14$'
refused="no connection to 127\.0\.0\.1 port $port_of_X: 127\.0\.0\.1:$port_of_X: Connection refused( \(attempts that failed since the last event: [0-9]+\))?"
check "OP_02 4284 is in the Event Log" wait_for in_event_log \
    "^4284 Warning 1\|8511\|X\|127\.0\.0\.1:$port_of_X\|$refused\|POP4 POP4 DOWN\|[0-9]+\|179\|14\$"
check "OP_02 4287 is in the Event Log" wait_for in_event_log \
    "^4287 Warning 1\|8640\|X\|$refused\|POP4 POP4 DOWN\|[0-9]+\|18\|14\$"
ctl S send -f "$(user S jim)" -r "$(user W jim)" --content "$WORK/1" --content-type 2 >/dev/null
caller="127\.0\.0\.1:[0-9]+ as \"MTA-S\", at 127\.0\.0\.1:$(get port_W)"
advice='add "127\.0\.0\.1" to allowed-callers of connector S'
check "OP_02 9301 is in the Event Log" wait_for in_event_log \
    "^9301 Warning 7\|7F000001\|/cn=MTA-W/cn=TCP \(MTA-W\)\|$caller\|$advice\|BASE IL TCP/IP DRVR\|[0-9]+\|218\|10\$"
stop W B C D S
check "OP_02 9299 is in the Event Log" wait_for in_event_log \
    '^9299 Information 1\|[0-9]+\.[0-9]+\.[0-9]+\|Windows-x86_64\|BASE IL MAIN BASE\|[0-9]+\|490\|16$'
check "every call has the type that its number says" sh -c "! python3 '$ROOT/tests/windows/events.py' '$WORK/W/output' | grep 'another type'"

# Cut links: from Windows to Linux, from Linux to Windows.
cut() { # FROM TO CONTEXT
    python3 "$HERE/link_cut.py" "$WORK" "$1" "$2" "$(get "proxy_$1")" "$(get "port_$2")" "$3" >"$WORK/cut.out" 2>&1
    grep -v '^link_cut:' "$WORK/cut.out"
    line=$(sed -n 's/^link_cut: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$WORK/cut.out")
    [ -n "$line" ] || line="0 1"
    PASSED=$((PASSED + ${line% *}))
    FAILED=$((FAILED + ${line#* }))
}
cut_pair() { # A B CONTEXT
    mta "$1"; mta "$2"
    put "proxy_$1" "$(free_ports 1)"
    for side in "$1 $2" "$2 $1"; do
        other=${side#* }
        LINK_PORT=$([ "${side% *}" = "$1" ] && get "proxy_$1" || get "port_$1") LINK_OVERRIDE='checkpoint-size = 4k
        window-size = 2
        recovery-timeout = 300s' LINK_SPACES="\"C=GB;A= ;P=$other\"" link "${side% *}" "$other" "$3"
    done
    mailbox "$1" ann
    mailbox "$2" jim
    start "$1" "$2"
    cut "$1" "$2" "$3"
    stop "$1" "$2"
}
cut_pair W E "1988 normal"
cut_pair F W "1984"
finish
