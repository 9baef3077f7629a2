#!/bin/sh
# Installs what it needs, builds, and runs all tests: floors, static checks, documents, unit tests (optimised,
# under AddressSanitizer and UBSan, those of floors with threads under ThreadSanitizer, under valgrind), captures and corpus, fuzz targets, scenarios with real
# daemons, the quick start.
# The last line is the total, "N passed, N failed"; the exit status is 0 only if nothing failed.
#
#   run.sh                 everything
#   run.sh PART...         some of: floors static documents unit asan tsan valgrind wire fuzz scenario quickstart
#
# FUZZ_RUNS (20000) is how many inputs each fuzz target gets, KILLS (200) how often a daemon is killed, JOBS (the
# number of processors) how many suites run side by side.
set -u
cd "$(dirname "$0")/.." || exit 1
logs=build/test-logs
parts=${*:-floors static documents unit asan tsan valgrind wire fuzz scenario quickstart}
FUZZ_RUNS=${FUZZ_RUNS:-20000}
JOBS=${JOBS:-$(nproc)}
passed=0
failed=0
mkdir -p "$logs"

wanted() { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

tab=$(printf '\t')
counted() { printf '%s\n' "counted$tab$1$tab$2" >>"$list"; } # LABEL SHELL-COMMAND: its last "N passed, N failed" counts
single() { printf '%s\n' "single$tab$1$tab$2" >>"$list"; }   # LABEL SHELL-COMMAND: one test by its exit status

list=$logs/list
: >"$list"

# Runs what was listed, JOBS at a time, and adds it up.
run_listed() { # JOBS
    [ -s "$list" ] || return
    total=$logs/total
    python3 tests/suites.py -j "$1" "$logs" <"$list" | tee "$total"
    counts=$(tail -1 "$total" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
    [ -n "$counts" ] || counts="0 1"
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    : >"$list"
}

build() { # PRESET [TARGET...]
    echo "-- building $1"
    preset=$1
    shift
    if ! { cmake --preset "$preset" && cmake --build --preset "$preset" ${*:+--target} "$@"; } >"$logs/build-$preset.log" 2>&1; then
        grep -E 'error|FAILED' "$logs/build-$preset.log" | head -40
        echo "the build of $preset fails; see $logs/build-$preset.log"
        echo "$passed passed, $((failed + 1)) failed"
        exit 1
    fi
}

units() { # FOLDER LABEL [WRAPPER]
    for program in "$1"/unit/unit_*; do
        [ -x "$program" ] || continue
        name=$(basename "$program" | sed 's/^unit_\([a-z0-9]*\)_test_/\1 /')
        case "$2 $name" in
        # Processes that are killed and the corpus in bulk say nothing more under valgrind; measures of resident
        # memory and of free descriptors would measure valgrind.
        "valgrind store store_kill" | "valgrind platform "* | "valgrind x411 corpus") continue ;;
        "valgrind net conn" | "valgrind net listener") continue ;;
        esac
        counted "$2 $name" "${3:-} $program"
    done
}

# The floors that have threads. clang's ThreadSanitizer knows fewer layouts of memory than a kernel may choose from.
threads() {
    fixed=""
    setarch -R true 2>/dev/null && fixed="setarch -R"
    for program in build/tsan/unit/unit_*; do
        name=$(basename "$program" | sed 's/^unit_\([a-z0-9]*\)_test_/\1 /')
        case $name in
        "store store_kill") ;; # processes that are killed: no race would be told of
        event\ * | net\ * | store\ * | mta\ * | admin\ *) counted "tsan $name" "$fixed $program" ;;
        esac
    done
}

fuzz() {
    for program in build/fuzz/fuzz/fuzz_*; do
        [ -x "$program" ] || continue
        subject=$(basename "$program" | sed 's/^fuzz_//')
        found=build/fuzz/found/$subject
        mkdir -p "$found"
        words=tests/fuzz/dictionaries/$subject.dict
        [ -f "$words" ] && words="-dict=$words" || words=""
        single "fuzz $subject" "$program -runs=$FUZZ_RUNS -seed=1 -max_total_time=120 $words -artifact_prefix=$found/ \
            $found tests/fuzz/corpus/$subject"
    done
}

# Each scenario has a network of its own where the system allows it, so that they can run side by side.
scenarios() {
    if unshare -n ip link set lo up 2>/dev/null; then
        alone="unshare -n tests/scenario/alone.sh"
    else
        alone="env X400_PORTS=$PWD/build/ports" # one network: no port is for two
        rm -f build/ports
    fi
    for name in $(awk -F '\t' '!/^#/ { print $1 }' tests/scenario/list); do
        counted "scenario $name" "$alone sh tests/scenario/run.sh $name"
    done
}

sh tests/install-deps.sh || exit 1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1

build linux-release all bench_x400mta_forgets
# clang-tidy, with the analyzer, takes minutes: it takes what the others leave of the processors, and is waited for.
tidy=""
if wanted static; then
    cmake --preset linux-clang >"$logs/configure-linux-clang.log" 2>&1
    JOBS=$JOBS nice -n 19 sh tests/static.sh tidy >"$logs/clang-tidy.out" 2>&1 &
    tidy=$!
    trap 'kill $tidy 2>/dev/null; exit 1' INT TERM
    counted static "JOBS=1 sh tests/static.sh shape format build cppcheck hardening"
fi
wanted floors && counted floors "sh tests/floors.sh"
wanted documents && counted documents "sh tests/documents.sh"
wanted documents && counted events "sh tests/events.sh"
wanted documents && counted "fuzz corpus" "sh tests/fuzz/corpus.sh"
wanted unit && units build/release unit
wanted unit && counted "protocol tables" "sh tests/coverage/rows.sh build/release"
if wanted wire; then
    counted "wire replay" "build/release/wire/replay tests/wire/captures/*.pcap"
    counted "wire facts" "build/release/wire/facts -q tests/wire/captures/corpus/*.p1"
fi
wanted valgrind && units build/release valgrind "valgrind -q --suppressions=tests/valgrind.supp --error-exitcode=99 \
    --leak-check=full --errors-for-leak-kinds=definite --num-callers=20"
run_listed "$JOBS"
if wanted asan; then
    build linux-asan
    units build/asan asan
    counted "asan wire replay" "build/asan/wire/replay tests/wire/captures/*.pcap"
    counted "asan wire facts" "build/asan/wire/facts -q tests/wire/captures/corpus/*.p1"
fi
if wanted tsan; then
    build linux-tsan unit_threads
    threads
fi
if wanted fuzz; then
    build linux-fuzz
    fuzz
fi
run_listed "$JOBS"
# Scenarios wait more than they compute.
wanted scenario && scenarios && run_listed $((JOBS + 2))
wanted quickstart && single quickstart "sh installer/quickstart.sh" && run_listed 1
if [ -n "$tidy" ]; then
    wait "$tidy"
    counted tidy "cat $logs/clang-tidy.out"
    run_listed 1
fi

echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
