#!/bin/sh
# Shows that the simulation finds bugs: each mutation of mutate.py is a bug put into a copy of one of the agent's
# files; it must be found within 200 seeds. Prints the seed that found it. Ends with "N passed, N failed".
#
# X400_SIM_BUILD is a build folder (by default build/sim, made with the sanitizers); nothing in it is changed.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BUILD=${X400_SIM_BUILD:-$ROOT/build/sim}
SEEDS=${X400_SIM_SEEDS:-1-200}
cmake -S "$ROOT" -B "$BUILD" -G Ninja ${X400_SIM_BUILD:+-Wno-dev} \
    -DX400_SANITIZE="${X400_SIM_SANITIZE:-ON}" >/dev/null || exit 2
ninja -C "$BUILD" sim >/dev/null || exit 2
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export PYTHONDONTWRITEBYTECODE=1
PASSED=0
FAILED=0

# Compiles the one file and links it with the objects that are there.
build() { # NAME FILE
    object=tests/sim/CMakeFiles/x400_world.dir/__/__/src/mta/$2.o
    compile=$(ninja -C "$BUILD" -t commands "$object" | tail -1)
    link=$(ninja -C "$BUILD" -t commands sim/sim | tail -1)
    cd "$BUILD" || return 1
    eval "$(printf '%s' "$compile" | sed "s|$object|$WORK/$1.o|g; s|-c [^ ]*|-c $WORK/$1.c|; s|-MF [^ ]*|-MF $WORK/$1.d|")" &&
        eval "$(printf '%s' "$link" | sed "s|$object|$WORK/$1.o|g; s|-o sim/sim|-o $WORK/$1|")"
}

for name in ${*:-$(python3 "$HERE/mutate.py" | cut -d' ' -f1)}; do
    what=$(python3 "$HERE/mutate.py" | sed -n "s/^$name //p")
    file=$(python3 "$HERE/mutate.py" "$name" "$ROOT/src/mta" "$WORK/$name.c") && (build "$name" "$file") || {
        FAILED=$((FAILED + 1))
        echo "FAILED  $name: cannot be built"
        continue
    }
    timeout 300 "$WORK/$name" --seeds "$SEEDS" --until-failure >"$WORK/out" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        FAILED=$((FAILED + 1))
        echo "FAILED  $name ($what): not found by the seeds $SEEDS"
        continue
    fi
    PASSED=$((PASSED + 1))
    seed=$(grep -c '^ok ' "$WORK/out")
    [ "$status" -eq 124 ] && echo "the program hangs" >>"$WORK/out"
    why=$(grep -m1 -o 'the first: .*\|AddressSanitizer: [^ ]* .*\|runtime error: .*\|the program hangs' "$WORK/out")
    echo "found   $name ($what): seed $((${SEEDS%-*} + seed)): $why"
done
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" -eq 0 ]
