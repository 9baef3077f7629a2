#!/bin/sh
# The MSI and the service under Wine: installed, started by the service manager, relays, is paused, goes on, reads its
# configuration again, is upgraded while it runs, refuses the older version, is repaired, stopped, removed; configuration
# and queue stay, unless told otherwise. State is looked at after each step.
. "$(dirname "$0")/../scenario/lib.sh"
HERE=$ROOT/tests/scenario
# A Windows of its own, in which nothing was installed yet.
X400_WINEPREFIX=$WORK/wine
mkdir -p "$X400_WINEPREFIX"
. "$ROOT/tests/windows/wine.sh"
WINEDEBUG=-all wineboot -i >"$WORK/wineboot" 2>&1
wineserver -w
MSI=${X400_MSI_FOLDER:-$ROOT/build/windows/msi}
OLD=$MSI/x400mta-1.0.0.msi
NEW=$MSI/x400mta-1.1.0.msi
PROGRAMS="$WINEPREFIX/drive_c/Program Files/x400mta"
DATA=$WINEPREFIX/drive_c/ProgramData/x400mta
KEY='HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\MSExchangeMTA'

# A program of a user lives as long as this test, and so do services; what it inherits, they inherit.
mkfifo "$WORK/hold"
wine "$WINDOWS_TEST" hold <"$WORK/hold" 2>"$WORK/events" &
exec 9>"$WORK/hold"

service() { # with its own status, which a pipe would hide
    wine "$PROGRAMS/x400mta.exe" service "$@" >"$WORK/service.out" 2>"$WORK/service.err"
    service_status=$?
    tr -d '\r' <"$WORK/service.out"
    tr -d '\r' <"$WORK/service.err" | grep '^x400mta' >&2
    return $service_status
}
state() { # running paused stopped
    service status | grep -q "is $1\$"
}
install() { # MSI [PROPERTY=VALUE...]
    wine msiexec /i "$@" /qn 2>/dev/null
}
registered() { wine reg query "$KEY" 2>/dev/null | tr -d '\r' | grep -q -- "$1"; }
entries() { # of x400mta in the list of programs
    wine reg query 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall' /s 2>/dev/null | tr -d '\r' |
        grep -c 'DisplayName.*x400mta$'
}
is_version() { wine "$PROGRAMS/x400mta.exe" --version >/dev/null 2>&1 && reg_value Version "$1"; }
reg_value() { wine reg query 'HKLM\SOFTWARE\x400mta' /v "$1" 2>/dev/null | tr -d '\r' | grep -q -- "$2"; }
in_event_log() { logged_events "$WORK/events" | grep -q -E -- "$1"; }
times_in_event_log() { logged_events "$WORK/events" | grep -c -E -- "$1"; }

port=$(free_ports 1)
admin=$(free_ports 1)
check "msiexec /i with a property succeeds" install "$OLD" "PORT=$port"
if [ ! -e "$PROGRAMS/x400mta.exe" ]; then
    exec 9>&-
    finish # nothing of what follows would say anything
    exit 1
fi
check "the programs are there" test -x "$PROGRAMS/x400mta.exe" -a -x "$PROGRAMS/x400ctl.exe" -a -x "$PROGRAMS/mtacheck.exe"
check "the manifest of the counters is there" test -s "$PROGRAMS/x400mta-counters.man"
check "the resource type of clusters is not there: nobody asked for it" test ! -e "$PROGRAMS/x400mta-cluster.dll"
check "the documentation is there" test -s "$PROGRAMS/docs/administrator.md"
check "the first configuration has the port" grep -q "port = $port" "$DATA/x400mta.conf"
check "the source of events is registered: message file" registered 'EventMessageFile *REG_EXPAND_SZ *C:.Program Files.x400mta.x400mta-events.dll'
check "the source of events is registered: categories" registered 'CategoryCount *REG_DWORD *0xc'
check "the source of events is registered: types" registered 'TypesSupported *REG_DWORD *0x7'
check "the service runs" wait_for state running
check "the service has put 9298 into the Event Log" wait_for in_event_log '^9298 Information 1\|'

# A configuration with a peer, as an administrator writes it. The peer is a Linux program.
mta L
port_V=$port
admin_V=$admin
mkdir -p "$WORK/V"
cp "$DATA/x400mta.conf" "$WORK/V/x400mta.conf"
sed -i -e 's/name = ".*" *# peers/name = "MTA-V" # peers/' -e 's/password = "" /password = "secret-V" /' -e 's/prmd = "EXAMPLE"/prmd = "V"\n    minimum-open-interval = 1s/' \
    -e "s/port = 8102/port = $admin/" "$WORK/V/x400mta.conf"
link V L "1988 normal"
LINK_SPACES='"C=GB;A= ;P=V"' link L V "1988 normal"
mailbox L jim
mkdir -p "$DATA/ann"
printf 'mailbox "ann" {\n    folder = "ann"\n    address-space = { "C=GB;A= ;P=V;S=ANN" }\n}\n' >>"$WORK/V/x400mta.conf"
start L
check "the service is stopped" service stop
check "it is" state stopped
check "it has put 9299 into the Event Log" in_event_log '^9299 Information 1\|'
cp "$WORK/V/x400mta.conf" "$DATA/x400mta.conf"
check "the service is started" service start
vctl() {
    "$BIN/x400ctl" -c "$WORK/V/x400mta.conf" --token-file "$DATA/admin.token" "$@"
}
random_file "$WORK/100K" 102400
to_linux() { vctl send -f "$(user V ann)" -r "$(user L jim)" --content "$WORK/100K" --content-type 2; }
to_windows() { ctl L send -f "$(user L jim)" -r "$(user V ann)" --content "$WORK/100K" --content-type 2; }
came_back() { [ "$(find "$DATA/ann" -name '*.content' | wc -l)" -ge "$1" ]; }
check "the service answers x400ctl" wait_for vctl status
check "a message to Linux is taken" to_linux
check "and arrives" wait_for has_delivered L jim 1
check "a message from Linux is taken" to_windows
check "and arrives" wait_for came_back 1

# Pause: mail is kept, calls are not taken.
check "the service is paused" service pause
check "it says so" state paused
check "a message to Linux is taken during the pause" to_linux
check "a message from Linux is taken during the pause" to_windows
check "no calls are taken" sh -c "! python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", $port), 5)' 2>/dev/null"
check "x400ctl shows the pause" sh -c "'$BIN/x400ctl' -c '$WORK/V/x400mta.conf' --token-file '$DATA/admin.token' status --json | grep -q '\"paused\"'"
check "nothing left" test "$(delivered L jim)" -eq 1 -a "$(find "$DATA/ann" -name '*.content' | wc -l)" -eq 1
check "the service goes on" service continue
check "it says so" state running
check "the message of the pause arrives at Linux" wait_for has_delivered L jim 2
check "the message of the pause arrives at Windows" wait_for came_back 2

# Parameter change.
printf 'mailbox "bob" {\n    folder = "bob"\n    address-space = { "C=GB;A= ;P=V;S=BOB" }\n}\n' >>"$DATA/x400mta.conf"
mkdir -p "$DATA/bob"
check "the parameters are changed" service reload
check "the configuration is read again" wait_for in_event_log '^12002 Information 7\|.*x400mta.conf\|all of it'
cp "$DATA/x400mta.conf" "$WORK/V/kept.conf"

# Upgrade while it runs, with a message in the queue.
stop L
check "a message is in the queue" to_linux
starts=$(times_in_event_log '^9298 ')
check "the upgrade succeeds while the service runs" install "$NEW"
check "the new version is entered" is_version 1.1.0
check "the old one is not listed any more" test "$(entries)" -eq 1
check "the service runs again" wait_for state running
check "it was started anew" test "$(times_in_event_log '^9298 ')" -gt "$starts"
check "the configuration is untouched" cmp "$WORK/V/kept.conf" "$DATA/x400mta.conf"
start L
check "the message of the old version arrives" wait_for has_delivered L jim 3
check_not "a downgrade is refused" install "$OLD"
check "the new version is still there" is_version 1.1.0
check "and runs" state running

# Repair.
rm -f "$PROGRAMS/mtacheck.exe"
check "a repair succeeds" install "$NEW" REINSTALL=ALL REINSTALLMODE=amus # what /fa is; Wine knows this form only
check "it brings back what was missing" test -s "$PROGRAMS/mtacheck.exe"
check "and leaves the configuration" cmp "$WORK/V/kept.conf" "$DATA/x400mta.conf"

check "it is removed while it runs" wine msiexec /x "$NEW" /qn
check "the programs are gone" test ! -e "$PROGRAMS/x400mta.exe"
check "the service is gone" sh -c "! wine sc query x400mta >/dev/null 2>&1"
check_not "the source of events is gone" registered EventMessageFile
check "configuration and queue are left" test -s "$DATA/x400mta.conf" -a -s "$DATA/queue.db"
check "installed again, it takes the old configuration" install "$NEW"
check "which is as it was" cmp "$WORK/V/kept.conf" "$DATA/x400mta.conf"
check "with PURGE=1 it is removed with all data" wine msiexec /x "$NEW" PURGE=1 /qn
check "the data is gone" test ! -e "$DATA/x400mta.conf" -a ! -e "$DATA/queue.db"

exec 9>&-
wineserver -k 2>/dev/null
[ $FAILED -gt 0 ] || rm -rf "$X400_WINEPREFIX"
finish
