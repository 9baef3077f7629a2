#!/bin/sh
# Checks that the documents say what is: configurations in them pass `x400mta --check`, files and tests that they
# name are there, links lead somewhere, events and commands exist, generated pages are those of the programs, manual
# pages have no mistakes. X400_BIN is the folder of the programs (build/release/bin).
# Ends with the line "N passed, N failed"; the exit status is 0 only if nothing failed.
root=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$root/tests/documents.py" "$root" "${X400_BIN:-$root/build/release/bin}"
