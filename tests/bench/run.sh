#!/bin/sh
# The benchmarks: measures x400mta, Postfix beside it, and the limits of this machine, and prints tables.
#
#   run.sh --quick            the main table (relay) in less than ten minutes
#   run.sh                    everything; an hour or more on a machine at rest
#   run.sh --tiny             everything with tiny counts: shows that the measures work, not what they measure
#   run.sh MEASURE...         only these: relay cost codec stores growth connectors idle isolation large
#                            OP_08_scale
#
#   -b BUILD     folder with bin/ and bench/ (build/release); they must be built:
#                cmake --build --preset linux-release --target all bench_x400mta_forgets
#   -w FOLDER    on the disk to be measured (TMPDIR or /var/tmp)
#   -r REPEATS   of each measure (5; with --quick 3)
#   -j FILE      the figures as JSON
#
# Needs python3; Postfix as root for the comparison; PostgreSQL; perf or strace for counts of system calls. What is not there is left out, and
# the table says so.
HERE=$(cd "$(dirname "$0")" && pwd)
ulimit -n "$(ulimit -Hn)" 2>/dev/null
PYTHONDONTWRITEBYTECODE=1 exec python3 "$HERE/run.py" "$@"
