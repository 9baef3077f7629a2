#!/bin/sh
# Runs the unit tests of the engines and looks whether they used every row of the tables of ACSE, session and RTSE, in
# each state that the row stands for. (COTP has no table: TP_04_every_happening_in_every_state goes through all of it.)
# Ends with "N passed, N failed", counted in rows.
#
#   rows.sh [BUILD]        the build folder, build/release if none is given
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build/release}
work=$(mktemp -d "${TMPDIR:-/tmp}/x400-rows.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
for program in "$build"/unit/unit_osi_*; do
    X400_ROWS="$work/rows" "$program" >"$work/log" 2>&1 || { echo "$program fails"; tail -20 "$work/log"; }
done
sort -u "$work/rows" >"$work/all"
sed -n 's/^used //p' "$work/all" >"$work/used"
sed -n 's/^unused //p' "$work/all" | grep -v -x -F -f "$work/used" >"$work/unused"
sed 's/^/  not used: /' "$work/unused"
for table in session RTSE ACSE; do
    grep -q "^$table" "$work/used" || { echo "  nothing of $table was counted"; echo "$table" >>"$work/unused"; }
done
failed=$(wc -l <"$work/unused")
echo "$(wc -l <"$work/used") passed, $failed failed"
[ "$failed" -eq 0 ]
