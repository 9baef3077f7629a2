#!/bin/sh
# Copies the sources of this tree, without what was built and fetched: copy-tree.sh FOLDER
# In a git checkout it takes what is not ignored, as it is in the folder, also what is not committed yet.
set -eu
[ $# -eq 1 ] || { echo "usage: sh installer/copy-tree.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
tree=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard |
        tar --null --ignore-failed-read -T - -cf - | tar -C "$tree" -xf -
else
    tar --exclude=./build --exclude=./.cache --exclude=./.git -cf - . | tar -C "$tree" -xf -
fi
