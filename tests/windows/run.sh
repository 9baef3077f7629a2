#!/bin/sh
# The Windows build and its tests under Wine, on Linux: installs what it needs, cross-builds libraries (cached below .cache)
# and programs, runs every unit test, the captures, the relay between Windows and Linux, the scenarios that are not
# of POSIX only (tests/scenario/list), checks the message file, counters, what is for failover clusters, the programs, the
# MSI and the service. The last line is the total, "N passed, N failed";
# the exit status is 0 only if nothing failed.
#
#   run.sh             everything
#   run.sh PART...     some of: unit wire messages relay scenario counters mscs resource programs tables service
#
# X400_BIN is the folder of the Linux programs that the Windows ones talk to; without it they are built.
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 1
parts=${*:-unit wire messages relay scenario counters mscs resource programs tables service}
build=$ROOT/build/windows
logs=$ROOT/build/windows-logs
passed=0
failed=0
mkdir -p "$logs"

wanted() { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

give_up() {
    echo "$1"
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
}

# The last "N passed, N failed" of a log counts; without it the command has failed.
count() { # LABEL STATUS LOG
    counts=$(tr -d '\r' <"$3" | sed -n 's/^.*\(^\|[^0-9]\)\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed.*$/\2 \3/p' | tail -1)
    [ -n "$counts" ] || counts="0 1"
    good=${counts% *}
    bad=${counts#* }
    { [ "$2" -ne 0 ] || [ "$good" -eq 0 ]; } && [ "$bad" -eq 0 ] && bad=1
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$bad" -eq 0 ]; then
        printf '%-44s %5d passed\n' "$1" "$good"
    else
        printf '%-44s %5d passed, %d FAILED (status %d):\n' "$1" "$good" "$bad" "$2"
        tr -d '\r' <"$3" | grep -i -E -A3 'fail|error' | tail -40 | sed 's/^/    /'
    fi
}
suite() {
    label=$1
    shift
    log=$logs/$(printf '%s' "$label" | tr ' /' '--').log
    "$@" >"$log" 2>&1
    count "$label" $? "$log"
}

sh tests/windows/install-deps.sh || give_up "the packages cannot be installed"
. "$ROOT/tests/windows/wine.sh"
prefix=$(bash tests/windows/deps.sh) || give_up "the libraries cannot be built"
export X400_WINDOWS_PREFIX="$prefix"

rm -rf "$WINEPREFIX"
mkdir -p "$WINEPREFIX"
WINEDEBUG=-all wineboot -i >"$logs/wineboot.log" 2>&1 || give_up "Wine does not start"
echo "-- building"
if ! { cmake --preset windows-cross && cmake --build --preset windows-cross; } >"$logs/build.log" 2>&1; then
    grep -E 'error|FAILED|undefined' "$logs/build.log" | head -40
    give_up "the Windows build fails; see $logs/build.log"
fi
if [ -z "${X400_BIN:-}" ]; then
    { cmake --preset linux-release && cmake --build --preset linux-release --target x400mta x400ctl counterdoc; } >"$logs/linux.log" 2>&1 ||
        give_up "the Linux build fails; see $logs/linux.log"
    X400_BIN=$ROOT/build/release/bin
fi
export X400_BIN X400_WORK="${X400_WORK:-$ROOT/build/windows-scenario}"

if wanted unit; then
    # Two at a time; a process that crashed has a status of its own, and no line of counts.
    find "$build/unit" -name 'unit_*.exe' | sort | WINEDEBUG=-all xargs -P 2 -I{} sh -c \
        'log=$0/$(basename {} .exe).log; timeout 300 wine {} >"$log" 2>&1; echo $? >"$log.status"' "$logs"
    for program in "$build"/unit/unit_*.exe; do
        name=$(basename "$program" .exe)
        count "unit $(echo "$name" | sed 's/^unit_\([a-z0-9]*\)_test_/\1 /')" "$(cat "$logs/$name.log.status")" "$logs/$name.log"
    done
fi
wanted wire && WINEDEBUG=-all suite "wire replay" wine "$build/wire/replay.exe" tests/wire/captures/*.pcap
wanted messages && WINEDEBUG=-all suite "message file, every event" wine "$WINDOWS_TEST" messages "$WINDOWS_BIN/x400mta-events.dll" \
    "$build/generated/x400mta-events.expected"
wanted relay && suite "relay between Windows and Linux" sh tests/windows/relay.sh
# A Wine of its own network, as all the scenarios share one.
wanted scenario && suite "scenarios" sh tests/windows/scenarios.sh "$logs/scenario"
wanted counters && suite "counters of the Performance Monitor" sh tests/windows/counters.sh
wanted mscs && suite "virtual address of a failover cluster" sh tests/windows/mscs.sh
wanted resource && suite "resource of a failover cluster" sh tests/windows/resource.sh
if wanted programs || wanted tables || wanted service; then
    mkdir -p "$build/msi"
    for version in 1.0.0 1.1.0; do
        sh installer/windows/build.sh "$build" $version "$build/msi/x400mta-$version.msi" || give_up "the MSI is not made"
    done
fi
version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")
wanted programs && suite "programs and libraries" /usr/bin/python3 tests/windows/programs.py "$version" "$WINDOWS_BIN" \
    "$build/msi/x400mta-1.0.0.msi"
wanted tables && suite "tables of the MSI" sh tests/windows/tables.sh
wanted service && suite "MSI and service" sh tests/windows/service.sh
wineserver -k 2>/dev/null

echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
