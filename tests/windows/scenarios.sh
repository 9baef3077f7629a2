#!/bin/sh
# scenarios.sh LOGFOLDER [NAME...]: the scenarios of tests/scenario/list that are for all platforms (or those named), with the
# programs for Windows under Wine, several at a time. All share one Wine, whose server makes the sockets: so all are in one
# network, where the system allows it another one than the machine's. Fewer calls than on Linux: what they do to the
# service is the same. Ends with the line "N passed, N failed".
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
cd "$ROOT" || exit 1
. tests/windows/wine.sh
export WINEDEBUG=-all
logs=$1
shift
wineserver -k 2>/dev/null # the one that is there has the sockets of another network
wineserver -w
if [ -z "${X400_ALONE:-}" ] && unshare -n ip link set lo up 2>/dev/null; then
    exec env X400_ALONE=1 unshare -n tests/scenario/alone.sh sh "$0" "$logs" "$@"
fi
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046
    set -- $(awk -F '\t' '!/^#/ && $2 == "all" { print $1 }' tests/scenario/list)
fi
export X400_BIN="$WINDOWS_BIN" X400_WORK="${X400_WORK:-$ROOT/build/windows-scenario}"
export X400_ATTEMPTS="${X400_ATTEMPTS:-2000}" X400_PATIENCE="${X400_PATIENCE:-180}"
mkdir -p "$logs" "$X400_WORK"
export X400_PORTS="$X400_WORK/ports"
rm -f "$X400_PORTS"
wineserver -p # stays, that not each program starts another one
wine cmd /c exit
for name; do
    printf 'counted\tscenario %s\tsh tests/scenario/run.sh %s\n' "$name" "$name"
done | python3 tests/suites.py -j "${JOBS:-6}" "$logs"
status=$?
wineserver -k
exit $status
