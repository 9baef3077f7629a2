#!/bin/sh
# program.sh, called by the name of a program (a link): that program for Windows, of the folder X400_WINDOWS, under Wine.
# One that runs until it is told to end is this process itself, so that its process ID is known. What others print has the
# ends of lines of Linux.
program=$(basename "$0")
case "$program $*" in
x400mta* | p1sink* | "x400ctl "*" trace "*) exec wine "$X400_WINDOWS/$program.exe" "$@" ;;
esac
said=$(mktemp "${TMPDIR:-/tmp}/x400-said.XXXXXX") || exit 99
trap 'rm -f "$said" "$said.err"' EXIT
wine "$X400_WINDOWS/$program.exe" "$@" >"$said" 2>"$said.err"
status=$?
tr -d '\r' <"$said"
tr -d '\r' <"$said.err" >&2
exit $status
