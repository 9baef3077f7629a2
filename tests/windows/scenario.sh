# What differs when X400_BIN is a folder of programs for Windows: read by tests/scenario/lib.sh. Everything else of the
# scenarios is the same. Paths need no care: "/x" is the file /x for a program that was started on Wine's drive Z:.
. "$ROOT/tests/windows/wine.sh"
export WINEDEBUG=-all X400_WINDOWS="$BIN"
BIN=$WORK/bin
export X400_BIN="$BIN"
mkdir -p "$BIN"
for program in x400mta x400ctl mtacheck p1source p1sink; do ln -s "$ROOT/tests/windows/program.sh" "$BIN/$program"; done

# SIGTERM would end a program of Windows at once; SIGINT is its Ctrl+C, upon which it stops in order.
kill() {
    signal=-TERM
    case $1 in -*) signal=$1; shift ;; esac
    killed=0
    for pid; do
        meant=$signal
        [ "$signal" = -TERM ] && grep -q -a "^$X400_WINDOWS/" "/proc/$pid/cmdline" 2>/dev/null && meant=-INT
        command kill "$meant" "$pid" || killed=1
    done
    return $killed
}

posix_only() {
    say "  (left out: $1)"
    return 1
}
process_of() { printf '[0-9]+'; } # Windows counts its processes itself
