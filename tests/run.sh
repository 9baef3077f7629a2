#!/bin/sh
# Installs what it needs, builds, and runs all tests: floors, static checks, documents, unit tests (optimised,
# under AddressSanitizer and UBSan, under valgrind), captures and corpus, fuzz targets, scenarios with real
# daemons, the quick start.
# The last line is the total, "N passed, N failed"; the exit status is 0 only if nothing failed.
#
#   run.sh                 everything
#   run.sh PART...         some of: floors static documents unit asan valgrind wire fuzz scenario quickstart
#
# FUZZ_RUNS (20000) is how many inputs each fuzz target gets, KILLS (200) how often a daemon is killed.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
logs=$root/build/test-logs
parts=${*:-floors static documents unit asan valgrind wire fuzz scenario quickstart}
FUZZ_RUNS=${FUZZ_RUNS:-20000}
passed=0
failed=0
mkdir -p "$logs"

wanted() { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

# suite LABEL COMMAND...: runs a command whose last "N passed, N failed" counts, and adds that up.
suite() {
    label=$1
    shift
    log=$logs/$(printf '%s' "$label" | tr ' /' '--').log
    "$@" >"$log" 2>&1
    status=$?
    counts=$(sed -n 's/^.*\(^\|[^0-9]\)\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed.*$/\2 \3/p' "$log" | tail -1)
    if [ -z "$counts" ]; then
        counts="0 0"
    fi
    ok=${counts% *}
    bad=${counts#* }
    if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    elif [ "$ok" -eq 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    if [ "$bad" -eq 0 ]; then
        printf '%-44s %5d passed\n' "$label" "$ok"
    else
        printf '%-44s %5d passed, %d FAILED (status %d):\n' "$label" "$ok" "$bad" "$status"
        grep -E -i 'fail|error|assert|runtime error|lost' "$log" | tail -40 | sed 's/^/    /'
        tail -15 "$log" | sed 's/^/    | /'
    fi
}

# one LABEL COMMAND...: a command that is one test by its exit status.
one() {
    label=$1
    shift
    log=$logs/$(printf '%s' "$label" | tr ' /' '--').log
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        printf '%-44s %5d passed\n' "$label" 1
    else
        failed=$((failed + 1))
        printf '%-44s %5d passed, 1 FAILED:\n' "$label" 0
        tail -40 "$log" | sed 's/^/    | /'
    fi
}

build() { # PRESET
    echo "-- building $1"
    if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"$logs/build-$1.log" 2>&1; then
        grep -E 'error|FAILED' "$logs/build-$1.log" | head -40
        echo "the build of $1 fails; see $logs/build-$1.log"
        echo "$passed passed, $((failed + 1)) failed"
        exit 1
    fi
}

units() { # FOLDER LABEL [WRAPPER...]
    folder=$1
    kind=$2
    shift 2
    for program in "$folder"/unit/unit_*; do
        [ -x "$program" ] || continue
        name=$(basename "$program" | sed 's/^unit_\([a-z0-9]*\)_test_/\1 /')
        case "$kind $name" in
        # Processes that are killed and the corpus in bulk say nothing more under valgrind; measures of resident
        # memory and of free descriptors would measure valgrind.
        "valgrind store store_kill" | "valgrind platform "* | "valgrind x411 corpus") continue ;;
        "valgrind net conn" | "valgrind net listener") continue ;;
        esac
        suite "$kind $name" "$@" "$program"
    done
}

sh tests/install-deps.sh || exit 1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1

build linux-release
wanted floors && suite floors sh tests/floors.sh
# clang-tidy is a part of tests/static.sh that takes minutes: sh tests/static.sh build tidy.
wanted static && suite static sh tests/static.sh shape format build cppcheck hardening
wanted documents && suite documents sh tests/documents.sh
wanted unit && units build/release unit
if wanted wire; then
    suite "wire replay" build/release/wire/replay tests/wire/captures/*.pcap
    suite "wire facts" build/release/wire/facts -q tests/wire/captures/corpus/*.p1
fi
wanted valgrind && units build/release valgrind \
    valgrind -q --suppressions=tests/valgrind.supp --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --num-callers=20
if wanted asan; then
    build linux-asan
    units build/asan asan
    suite "asan wire replay" build/asan/wire/replay tests/wire/captures/*.pcap
    suite "asan wire facts" build/asan/wire/facts -q tests/wire/captures/corpus/*.p1
fi
if wanted fuzz; then
    build linux-fuzz
    for program in build/fuzz/fuzz/fuzz_*; do
        [ -x "$program" ] || continue
        subject=$(basename "$program" | sed 's/^fuzz_//')
        found=$root/build/fuzz/found/$subject
        mkdir -p "$found"
        one "fuzz $subject" "$program" "-runs=$FUZZ_RUNS" -seed=1 -max_total_time=120 -artifact_prefix="$found/" \
            "$found" "tests/fuzz/corpus/$subject"
    done
fi
if wanted scenario; then
    for script in tests/scenario/s_*; do
        suite "scenario $(basename "$script" | sed 's/^s_//; s/\..*//')" sh tests/scenario/run.sh "$(basename "$script")"
    done
fi
wanted quickstart && one quickstart sh installer/quickstart.sh

echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
