# What the tests under Wine share, to be read by sh: a Wine without windows and debugger, in a folder of its own; UTF-8
# names; what programs and services of Windows call of the Event Log goes to the standard error of the first one.
export WINEPREFIX="${X400_WINEPREFIX:-$ROOT/build/windows-wine}" WINEARCH=win64
export WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe=;winedbg.exe=d" LC_ALL=C.UTF-8
export WINEDEBUG=-all,fixme+advapi,+eventlog
unset DISPLAY
WINDOWS_BIN=${X400_WINDOWS_BIN:-$ROOT/build/windows/bin}
WINDOWS_TEST=$WINDOWS_BIN/../windows/wintest.exe
WINDOWS_TEST_CLUSTER=$WINDOWS_BIN/../windows/cluster

# The calls that reached the Event Log, from such a standard error: "ID TYPE CATEGORY|string|string ..." a line.
logged_events() { # FILE
    python3 "$ROOT/tests/windows/events.py" "$1"
}
