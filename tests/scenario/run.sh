#!/bin/sh
# Runs the scenarios (all of the file "list", or those named: run.sh relay loop) against the programs in build/release/bin
# (or X400_BIN) and ends with the line "N passed, N failed". X400_WORK is where they work.
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export X400_WORK="${X400_WORK:-$root/build/scenario}"
mkdir -p "$X400_WORK"
if [ $# -eq 0 ]; then
    where='posix|all'
    [ -e "${X400_BIN:-}/x400mta.exe" ] && where=all # programs for Windows
    # shellcheck disable=SC2046
    set -- $(awk -F '\t' -v where="^($where)\$" '!/^#/ && $2 ~ where { print $1 }' "$here/list")
fi
passed=0
failed=0
for name; do
    script=$here/$name
    for candidate in "$here/$name" "$here/s_$name" "$here/s_$name.sh" "$here/s_$name.py"; do
        [ -f "$candidate" ] && script=$candidate
    done
    echo "== $(basename "$script")"
    output=$X400_WORK/$(basename "$script").out
    case $script in
    *.py) python3 "$script" >"$output" 2>&1 ;;
    *) sh "$script" >"$output" 2>&1 ;;
    esac
    status=$?
    cat "$output"
    line=$(tail -1 "$output" | sed -n 's/^.*: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
    if [ -z "$line" ] || { [ $status -ne 0 ] && [ "${line#* }" = 0 ]; }; then
        echo "  FAILED  $name ended with status $status"
        failed=$((failed + 1))
    fi
    if [ -n "$line" ]; then
        passed=$((passed + ${line% *}))
        failed=$((failed + ${line#* }))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
