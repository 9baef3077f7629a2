#!/bin/sh
# Which lines of src and which rows of the tables of ACSE, session and RTSE the tests run: unit tests, captures, scenarios,
# simulation. Ends with "N passed, N failed": the lines are at least LINES_PERCENT (85), and each row was used, in each
# state that it stands for. (That the unit tests alone use each row is coverage/rows.sh, in every run of run.sh; COTP has
# no table, and a test that goes through each happening in each state.)
#
#   coverage.sh               all of them
#   coverage.sh PART...       some of: unit wire scenario sim; then the figures are told and nothing is demanded
#
# X400_COVERAGE_BUILD is the build folder (build/coverage), SCENARIOS the scenarios (some that use most of the code).
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
build=${X400_COVERAGE_BUILD:-$root/build/coverage}
parts=${*:-unit wire scenario sim}
demand=yes
[ $# -eq 0 ] || demand=no
least=${LINES_PERCENT:-85}
scenarios=${SCENARIOS:-relay bind reload operator lists redirection recipients probe_report downgrade quirks priority
    deferral counters trace mtacheck connector_rules missing_report unroutable loop addresses link_cut refused_calls
    intake_rules mistakes events journald pgsql takeover}
wanted() { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

if [ "$build" = "$root/build/coverage" ]; then
    cmake --preset linux-coverage >/dev/null || exit 2
else
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DX400_COVERAGE=ON >/dev/null || exit 2
fi
cmake --build "$build" >"$build/build.log" 2>&1 || { tail -20 "$build/build.log"; exit 2; }
find "$build" -name '*.gcda' -delete
export X400_ROWS="$build/rows"
rm -f "$X400_ROWS"
if wanted unit; then
    for program in "$build"/unit/unit_*; do
        timeout 600 "$program" >"$build/unit.log" 2>&1 || echo "  $(basename "$program") failed"
    done
fi
if wanted wire; then
    "$build/wire/replay" tests/wire/captures/*.pcap >/dev/null 2>&1 || echo "  the captures failed"
    "$build/wire/facts" -q tests/wire/captures/corpus/*.p1 >/dev/null 2>&1 || echo "  the corpus failed"
fi
if wanted scenario; then
    # shellcheck disable=SC2086
    X400_BIN="$build/bin" X400_WORK="$build/scenario" sh tests/scenario/run.sh $scenarios 2>&1 | tail -1
fi
wanted sim && "$build/sim/sim" --seeds 1-60 --quiet

# gcov's own summary of each object of src, once for each source: the best of its objects (the simulation compiles
# the agent once more). What never ran counts too.
find "$build" -name '*.gcno' | grep '/src/' |
    xargs -P "$(nproc)" -n 1 sh -c 'gcov -n -o "$0" "$0" 2>/dev/null >"$0.lines"'
find "$build" -name '*.gcno.lines' -exec cat {} + | awk -v root="$root/src/" '
    /^File / { file = $2; gsub(/\047/, "", file); next }
    /^Lines executed:/ {
        if (index(file, root) != 1 || file !~ /\.c$/) next
        split($0, part, /[:% ]+/); share = part[3]; count = part[5]
        if (!(file in best) || share > best[file]) { best[file] = share; lines[file] = count }
    }
    END { for (file in best) printf "%6.2f %5d %s\n", best[file], lines[file], substr(file, length(root) + 1) }' |
    sort -n >"$build/lines"
percent=$(awk '{ run += $1 * $2 / 100; all += $2 } END { printf "%.1f", all ? 100 * run / all : 0 }' "$build/lines")
echo "lines of src: $percent % of $(awk '{ all += $2 } END { print all }' "$build/lines"); the least:"
head -8 "$build/lines" | sed 's/^/  /'

sort -u "$X400_ROWS" >"$build/rows.all"
sed -n 's/^used //p' "$build/rows.all" >"$build/used"
sed -n 's/^unused //p' "$build/rows.all" | grep -v -x -F -f "$build/used" >"$build/unused"
all=$(cat "$build/used" "$build/unused" | wc -l)
unused=$(wc -l <"$build/unused")
echo "rows of the protocol tables: $((all - unused)) of $all used; not used:"
sed 's/^/  /' "$build/unused"
passed=0
failed=0
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }
if [ $demand = yes ]; then
    count [ "${percent%.*}" -ge "$least" ]
    [ "$all" -gt 0 ] || unused=1
    count [ "$unused" -eq 0 ]
else
    passed=1
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
