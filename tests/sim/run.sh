#!/bin/sh
# Simulated networks of MTAs, by seed.
#
#   run.sh --quick            a fixed set of seeds, bounded by count; each must also replay exactly; and links that are
#                             cut for 5 s, 5 min and 10 h
#   run.sh --seeds FROM-TO    a longer run
#   run.sh --large [N]        a star of 1,000 MTAs and N (1000) messages, with faults and time in proportion
#
# Ends with "N passed, N failed". A seed that fails is replayed with: sim --seed N --trace
# X400_SIM names the program; without it, that of the preset linux-asan is built.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
SIM=${X400_SIM:-}
if [ -z "$SIM" ]; then
    (cd "$ROOT" && cmake --preset linux-asan && cmake --build --preset linux-asan --target sim) >/dev/null || exit 2
    SIM=$ROOT/build/asan/sim/sim
fi
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# Two halves at a time: there are two processors where this must be quick.
halves() { # FROM TO OPTION...
    from=$1
    to=$2
    shift 2
    middle=$(((from + to) / 2))
    "$SIM" --seeds "$from-$middle" "$@" >"$WORK/a" 2>&1 &
    first=$!
    "$SIM" --seeds "$((middle + 1))-$to" "$@" >"$WORK/b" 2>&1
    wait "$first"
    cat "$WORK/a" "$WORK/b" >>"$WORK/all"
}

case ${1:---quick} in
--quick)
    halves 1 480 --quiet
    halves 1001 1020 --quiet --twice
    for seed in 577 802 863 2798 7934 8765; do # each failed once
        "$SIM" --seed $seed --quiet >>"$WORK/all" 2>&1
    done
    "$SIM" --outage >>"$WORK/all" 2>&1
    "$SIM" --procedures >>"$WORK/all" 2>&1
    ;;
--seeds) halves "${2%-*}" "${2#*-}" --quiet ;;
--large) "$SIM" --seed 8003 --nodes 1000 --messages "${2:-1000}" --large >"$WORK/all" 2>&1 ;;
*)
    echo "run.sh: see its head for the options" >&2
    exit 2
    ;;
esac
grep -v ' passed, ' "$WORK/all"
# A program that died counts as one failure: it has no line of its own.
awk '/ passed, / { p += $1; f += $3; n++ } /^(==[0-9]+==ERROR|.*runtime error)/ { f++ }
     END { printf "%d passed, %d failed\n", p, f; exit !(p > 0 && f == 0) }' "$WORK/all"
