#!/bin/sh
# Checks that run nothing of the programs: format, clang's warnings as errors, clang-tidy with the analyzer,
# cppcheck, the shape of the sources, and how the programs are hardened. Ends with "N passed, N failed", counted in files and
# programs.
#
#   static.sh              all of it
#   static.sh PART...      some of: shape format build tidy cppcheck hardening
#
# JOBS (2) is how many files clang-tidy and cppcheck look at at the same time; STATIC_BUILD is another build
# folder of clang than build/clang (for the list of compile commands).
set -u
cd "$(dirname "$0")/.." || exit 1
parts=${*:-shape format build tidy cppcheck hardening}
jobs=${JOBS:-2}
build=${STATIC_BUILD:-build/clang}
work=$(mktemp -d "${TMPDIR:-/tmp}/x400-static.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
FILE_LINES=800
FUNCTION_LINES=90

configure() {
    if [ "$build" = build/clang ]; then
        cmake --preset linux-clang
    else
        cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang
    fi
}
wanted() { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

# count LABEL FILES FINDINGS: FILES were looked at; the lines of the file FINDINGS begin with the bad ones' names.
count() {
    total=$(wc -l <"$2")
    bad=$(cut -d: -f1 "$3" | sort -u | grep -c .)
    if [ "$bad" -gt 0 ]; then
        sed 's/^/    /' "$3" | head -60
    fi
    [ "$total" -ge "$bad" ] || total=$bad
    passed=$((passed + total - bad))
    failed=$((failed + bad))
    printf '%-12s %5d passed, %d failed\n' "$1" $((total - bad)) "$bad"
}

git ls-files --cached --others --exclude-standard '*.c' '*.h' | sort >"$work/sources"
[ -s "$work/sources" ] || find src platform tests -name '*.[ch]' | sort >"$work/sources"

# Files and functions of a length that can be read, headers that say what they are for, no loose ends.
if wanted shape; then
    while read -r file; do
        awk -v file="$file" -v most="$FILE_LINES" -v function_most="$FUNCTION_LINES" '
            FNR == 1 && file ~ /\.h$/ && $0 !~ /^\/\*/ { print file ": a header opens with a comment that says what it is for" }
            /TO[D]O|FIX[M]E/ { print file ":" FNR ": a loose end: " $0 }
            /^{$/ { start = FNR }
            /^}/ && start { if (FNR - start > function_most) print file ":" start ": a function of " FNR - start " lines"; start = 0 }
            END { if (FNR > most) print file ": " FNR " lines" }' "$file"
    done <"$work/sources" >"$work/shape"
    count shape "$work/sources" "$work/shape"
fi

if wanted format; then
    xargs clang-format --dry-run -Werror <"$work/sources" 2>&1 | grep 'error:' >"$work/format"
    count format "$work/sources" "$work/format"
fi

# The warnings of clang, of which gcc has others: the whole tree, tests too.
if wanted build; then
    echo build >"$work/one"
    : >"$work/build"
    { configure && cmake --build "$build"; } >"$work/log" 2>&1 || { grep -E 'error|FAILED' "$work/log" || tail -20 "$work/log"; } | sed 's/^/build: /' >"$work/build"
    count build "$work/one" "$work/build"
fi

# One process for each file: with several files in one, the analyzer of clang 14 takes every va_list for
# uninitialised. What was clean is not looked at again until the file, a header of ours, the checks or the tool change.
if wanted tidy; then
    [ -f "$build/compile_commands.json" ] || configure >/dev/null 2>&1
    grep -E '^(src|platform/posix)/.*\.c$' "$work/sources" >"$work/compiled"
    clean=build/tidy-clean
    mkdir -p "$clean"
    common=$({ clang-tidy --version; cat .clang-tidy cmake/flags.cmake; grep '\.h$' "$work/sources" | xargs cat; } | sha256sum | cut -c1-24)
    # shellcheck disable=SC2016
    xargs -P "$jobs" -n 1 sh -c '
        mark=$1/$2-$(sha256sum <"$3" | cut -c1-24)
        [ -e "$mark" ] && exit 0
        clang-tidy --quiet -p "$0" "$3" && : >"$mark"' \
        "$build" "$clean" "$common" <"$work/compiled" >"$work/tidy.log" 2>"$work/tidy.err"
    status=$?
    sed -n "s|^$(pwd)/||; /error:\|warning:/p" "$work/tidy.log" | sort -u >"$work/tidy"
    if [ $status -ne 0 ] && [ ! -s "$work/tidy" ]; then
        sed 's/^/clang-tidy: /' "$work/tidy.err" | tail -5 >"$work/tidy"
    fi
    count tidy "$work/compiled" "$work/tidy"
fi

if wanted cppcheck; then
    grep '\.c$' "$work/sources" >"$work/compiled"
    cppcheck -j "$jobs" --project="$build/compile_commands.json" --enable=warning,performance,portability \
        --quiet --inline-suppr --library=gnu --library=tests/cppcheck.cfg \
        --suppressions-list=tests/cppcheck.suppressions --template='{file}:{line}: {severity}: {id}: {message}' \
        >"$work/cppcheck.log" 2>&1 || echo "cppcheck: it ended with status $?" >>"$work/cppcheck.log"
    sed "s|^$(pwd)/||" "$work/cppcheck.log" | sort -u >"$work/cppcheck"
    count cppcheck "$work/compiled" "$work/cppcheck"
fi

# What cmake/flags.cmake asks for is in the programs, those of clang and those of the release: position independent, all
# relocations done and read-only before main, no executable stack, stack protector, checked string functions, and on
# x86-64 landing pads for indirect jumps (CET). (Whether a program is marked for CET as a whole is the C library's matter:
# that of Debian 12 is not.) The level of _FORTIFY_SOURCE shows in the commands only.
if wanted hardening; then
    for program in x400mta x400ctl mtacheck p1source p1sink; do # those that are installed
        ls "$build/bin/$program" "build/release/bin/$program" 2>/dev/null
    done >"$work/programs"
    while read -r program; do
        readelf -hldW "$program" >"$work/elf"
        grep -q 'Type: *DYN' "$work/elf" || echo "$program: is not position independent"
        grep -q 'GNU_RELRO' "$work/elf" || echo "$program: relocations stay writable"
        grep -q 'BIND_NOW\|Flags:.* NOW' "$work/elf" || echo "$program: relocations are done late"
        grep -q 'GNU_STACK.* RW ' "$work/elf" || echo "$program: its stack is executable"
        readelf --dyn-syms -W "$program" >"$work/symbols"
        grep -q '__stack_chk_fail' "$work/symbols" || echo "$program: has no stack protector"
        grep -q '_chk@' "$work/symbols" || echo "$program: uses no checked functions (_FORTIFY_SOURCE)"
        if grep -q 'X86-64' "$work/elf"; then
            [ "$(objdump -d --no-show-raw-insn "$program" | grep -c endbr64)" -gt 4 ] || echo "$program: has no landing pads (CET)"
        fi
    done <"$work/programs" >"$work/hardening"
    grep -h '"command".*src/' "$build/compile_commands.json" build/release/compile_commands.json 2>/dev/null |
        grep -v -e '-D_FORTIFY_SOURCE=3' | sed 's/^.* -c \([^ ]*\).*/\1: is compiled without _FORTIFY_SOURCE=3/' >>"$work/hardening"
    count hardening "$work/programs" "$work/hardening"
fi

echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
